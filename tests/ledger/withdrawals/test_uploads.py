"""What guardians send in is sealed, handed to an officer alone, and gone once it was looked at (R33)."""

from __future__ import annotations

import pytest
from sqlmodel import select

from tests.ledger.access_lines import said
from tests.ledger.withdrawals.clinic import Clinic
from tests.ledger.world import MEMBER, OFFICER, actor_of, unchanged
from yinzheng.ledger.rules.extent import Way
from yinzheng.ledger.store.models_consents import GuardianUpload
from yinzheng.ledger.withdrawals.progress import progress
from yinzheng.ledger.withdrawals.uploads import MAX_FILE, Upload, hand_out, keep
from yinzheng.ledger.withdrawals.work import work_on
from yinzheng.verifier.errors import YinzhengError

CHILD = "2015-06-01"
BOTH = (Upload("identity", b"%PDF-1.7 a card"), Upload("guardianship", b"\xff\xd8\xff a certificate"))


def send(clinic: Clinic, id_: bytes, *uploads: Upload) -> None:
    with work_on(clinic.registry, id_) as work:
        keep(work, uploads)


def rows(clinic: Clinic) -> list[GuardianUpload]:
    with clinic.registry.store.reading() as session:
        return list(session.exec(select(GuardianUpload)))


def test_it_is_sealed_handed_out_once_asked_and_gone_when_verified(clinic: Clinic) -> None:
    id_ = clinic.file(clinic.grant(born=CHILD), channel=Way.GUARDIAN)
    send(clinic, id_, Upload("identity", b"%PDF-0"))
    send(clinic, id_, *BOTH)  # what came before is replaced
    assert progress(clinic.registry, id_).uploaded_at == clinic.registry.clock()
    (row,) = rows(clinic)
    assert b"PDF" not in row.sealed
    assert hand_out(clinic.registry, id_, actor_of(clinic.registry, OFFICER)) == BOTH
    assert [one.suffix for one in BOTH] == [".pdf", ".jpg"]
    assert (OFFICER, "export", "withdrawal", id_.hex()) in said(clinic.registry)
    clinic.prove_guardian(id_, OFFICER)
    assert rows(clinic) == []
    assert progress(clinic.registry, id_).uploaded_at is None


@pytest.mark.parametrize(
    ("upload", "code"),
    [
        (Upload("identity", b"GIF89a"), "guardian-upload"),
        (Upload("identity", b"%PDF-" + bytes(MAX_FILE)), "guardian-upload"),
    ],
)
def test_what_is_no_document_is_refused(clinic: Clinic, upload: Upload, code: str) -> None:
    id_ = clinic.file(clinic.grant(born=CHILD), channel=Way.GUARDIAN)
    with unchanged(clinic.registry), pytest.raises(YinzhengError) as caught:
        send(clinic, id_, upload)
    assert caught.value.code == code


def test_who_asks_for_nothing_gets_nothing(clinic: Clinic) -> None:
    adult = clinic.file(clinic.grant())
    officer = actor_of(clinic.registry, OFFICER)
    with pytest.raises(YinzhengError) as caught:
        send(clinic, adult, *BOTH)
    assert caught.value.code == "guardian-not-awaited"
    with pytest.raises(YinzhengError) as none:
        hand_out(clinic.registry, adult, officer)
    assert none.value.code == "guardian-nothing"
    with pytest.raises(YinzhengError) as refused:
        hand_out(clinic.registry, adult, actor_of(clinic.registry, MEMBER))
    assert refused.value.code == "officer-needed"

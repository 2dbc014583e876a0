"""Destruction receipts (S10.6a): the right ones, and each wrong one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.ledger import consent_world as cw
from tests.ledger.withdrawals.clinic import HOSPITAL, HOUR, INSURER, LAB, Clinic
from tests.ledger.world import OFFICER, actor_of, unchanged
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.organisations import enrolment
from yinzheng.ledger.withdrawals import course
from yinzheng.ledger.withdrawals.work import work_on
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey
from yinzheng.verifier.errors import YinzhengError
from yinzheng.verifier.formats.certificate import key_id
from yinzheng.verifier.formats.destruction import SignedReceipt
from yinzheng.verifier.formats.organisation import Revocation


@pytest.fixture
def id_(clinic: Clinic) -> bytes:
    """A withdrawal whose recipients were told."""
    made = clinic.file(clinic.grant())
    clinic.freeze(made)
    return made


def refused(clinic: Clinic, id_: bytes, signed: SignedReceipt, by: str | None = None) -> str:
    with (
        unchanged(clinic.registry),
        pytest.raises(YinzhengError) as caught,
        work_on(clinic.registry, id_) as work,
    ):
        course.receipt(work, signed, by)
    return caught.value.code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"request": b"\1" * 32}, "receipt-bytes"),
        ({"withdrawal": b"\2" * 32}, "receipt-withdrawal"),
        ({"destroyed_at": 2**33}, "receipt-time"),
    ],
)
def test_for_something_else(clinic: Clinic, id_: bytes, changes: dict[str, Any], code: str) -> None:
    assert refused(clinic, id_, clinic.receipt(id_, LAB, **changes)) == code


def test_from_who_owes_none(clinic: Clinic, id_: bytes) -> None:
    assert refused(clinic, id_, clinic.receipt(id_, INSURER)) == "withdrawal-actor"  # it is exempt
    assert refused(clinic, id_, clinic.receipt(id_, LAB), by=HOSPITAL) == "withdrawal-actor"
    unknown = clinic.receipt(id_, LAB, key=Sm2PrivateKey(7), recipient="91110000600007156J")
    assert refused(clinic, id_, unknown) == "withdrawal-actor"
    assert refused(clinic, b"\3" * 32, clinic.receipt(id_, LAB)) == "withdrawal-unknown"


def test_with_a_strangers_key_or_a_wrong_signature(clinic: Clinic, id_: bytes) -> None:
    assert refused(clinic, id_, clinic.receipt(id_, LAB, key=Sm2PrivateKey(7))) == "receipt-key-unknown"
    assert refused(clinic, id_, clinic.receipt(id_, LAB, key=cw.KEYS[HOSPITAL])) == "receipt-key-unknown"
    signed = clinic.receipt(id_, LAB)
    forged = replace(signed, receipt=replace(signed.receipt, copies=0))
    assert refused(clinic, id_, forged) == "receipt-signature"


def test_with_a_key_that_was_lost(clinic: Clinic, id_: bytes) -> None:
    before = clinic.receipt(id_, LAB)
    kid, now = key_id(cw.KEYS[LAB].public_key.point), clinic.registry.clock()
    enrolment.revoke(
        clinic.registry, Revocation(LAB, kid, "lost", now, now), actor_of(clinic.registry, OFFICER)
    )
    assert refused(clinic, id_, before) == "receipt-key-unknown"  # it came when the key no longer held


def test_twice_by_the_same_organisation(clinic: Clinic, id_: bytes) -> None:
    clinic.confirm(id_, LAB)
    assert refused(clinic, id_, clinic.receipt(id_, LAB, copies=5)) == "withdrawal-actor"


def test_after_the_end(clinic: Clinic, id_: bytes) -> None:
    clinic.confirm(id_, LAB, HOSPITAL)
    assert refused(clinic, id_, clinic.receipt(id_, LAB, copies=5)) == "move-not-allowed"


def test_a_late_one_is_recorded_as_late(clinic: Clinic, id_: bytes) -> None:
    settle(clinic.registry)
    clinic.world.clock.now = clinic.row(id_).received_at + 72 * HOUR
    clinic.confirm(id_, LAB)
    clinic.world.clock.advance(1)
    clinic.confirm(id_, HOSPITAL)
    settle(clinic.registry)
    rows = clinic.recipients(id_)
    assert (rows[LAB].late, rows[HOSPITAL].late) == (False, True)
    given = clinic.registry.client.receipt_of(id_, rows[HOSPITAL].name)
    chain = clinic.registry.client.withdrawal(id_)
    assert given is not None
    assert chain is not None
    assert given.late
    assert chain.late


def test_an_early_one_counts(clinic: Clinic) -> None:
    made = clinic.file(clinic.grant())
    clinic.confirm(made, LAB)
    settle(clinic.registry)
    clinic.complete(made, HOSPITAL)
    settle(clinic.registry)
    assert clinic.row(made).state == "completed"

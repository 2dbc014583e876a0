"""Evidence the registry takes from its own ledger, and who looked at what for it (R37, R47)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.ledger import world as w
from tests.ledger.access_lines import lines_of, opened_dossier, said
from tests.ledger.disputes.court import OPENER, Court
from tests.ledger.world import actor_of
from yinzheng.ledger.disputes import opening
from yinzheng.ledger.disputes.preserving import Wanted, preserve
from yinzheng.ledger.disputes.work import work_on
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.sealed import open_file
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.errors import YinzhengError
from yinzheng.verifier.log.statement import Statement


def content(court: Court, id_: str, number: int) -> bytes:
    """The bytes of an item, by its number from 1."""
    with work_on(court.registry, id_) as work:
        row = next(
            row
            for row in repository.files_of(work.session, work.dispute.dossier_id)
            if row.number == number - 1
        )
        return b"".join(open_file(court.registry.blobs, work.key, row.dossier_id, row.number, row.blob))


def types(data: bytes) -> list[str]:
    value: Any = canonical.loads(data, max_bytes=1 << 24)
    return [Statement.from_json(one["statement"]).type for one in value["statements"]]


def test_what_the_ledger_says(court: Court, tmp_path: Path) -> None:
    id_, made = court.open("forum"), court.made
    before = court.now
    court.world.clock.advance(7200)
    withdrawal = court.clinic.file(made.consent)
    settle(court.registry)
    handed = tmp_path / "照片.png"
    handed.write_bytes(b"\x89PNG")
    wanted = Wanted(
        certificates=(made.number,),
        consents=(made.consent,),
        notices=(made.notice.leaf,),
        as_of=((made.consent, before), (made.consent, court.now)),
        files=(handed,),
    )
    leaves = preserve(court.registry, id_, wanted, actor_of(court.registry, w.OFFICER))
    settle(court.registry)
    assert len(leaves) == 6
    assert withdrawal
    assert types(content(court, id_, 1))[-1] == "certificate.deposited"
    granted = "consent.granted"
    later = ["withdrawal.requested", "withdrawal.verified", "withdrawal.notified"]
    assert types(content(court, id_, 2)) == [granted, *later]
    assert types(content(court, id_, 3)) == ["notice.published"]
    assert types(content(court, id_, 4)) == [granted]
    assert types(content(court, id_, 5)) == [granted, *later]
    assert content(court, id_, 6) == b"\x89PNG"
    items = court.show(id_).items
    assert items[5].item.about == {"name": "照片.png", "media_type": "image/png"}
    assert {item.item.collector.code for item in items} == {court.registry.instance.registry_code}


def test_looking_is_written_down_before_it_is_done(court: Court) -> None:
    id_ = court.open("forum")
    preserve(court.registry, id_, Wanted(consents=(court.made.consent,)), actor_of(court.registry, w.OFFICER))
    (line,) = [line for line in lines_of(court.registry) if line.kind == "evidence"]
    consent = court.made.consent
    assert (w.OFFICER, "process", "evidence", f"{id_}:consent:{consent.hex()}") in said(court.registry)
    assert line.consent == consent, "its person sees it"


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (Wanted(), "dispute-evidence"),
        (Wanted(certificates=("SJ44120269999999",)), "certificate-unknown"),
        (Wanted(consents=(bytes(32),)), "subject-unknown"),
        (Wanted(notices=(bytes(32),)), "notice-unknown"),
        (Wanted(accesses=((5, 4),)), "access-range"),
        (Wanted(as_of=((bytes(32), 4),)), "subject-unknown"),
        (Wanted(as_of=((bytes(32), 1 << 40),)), "as-of-future"),
        (Wanted(files=(Path("nowhere"),)), "file-missing"),
    ],
)
def test_what_is_not_there(court: Court, wanted: Wanted, code: str) -> None:
    id_ = court.open("forum")
    with pytest.raises(YinzhengError) as caught:
        preserve(court.registry, id_, wanted, actor_of(court.registry, w.OFFICER))
    assert caught.value.code == code
    assert court.show(id_).items == ()


def test_before_its_time_the_ledger_said_nothing(court: Court) -> None:
    id_ = court.open("forum")
    with pytest.raises(YinzhengError) as caught:
        preserve(
            court.registry, id_, Wanted(as_of=((court.made.consent, 1),)), actor_of(court.registry, w.OFFICER)
        )
    assert caught.value.code == "item-empty"


def test_who_may(court: Court) -> None:
    wanted = Wanted(notices=(court.made.notice.leaf,))
    with pytest.raises(YinzhengError) as caught:
        preserve(court.registry, court.open("forum"), wanted, actor_of(court.registry, "nobody"))
    assert caught.value.code == "person-unknown"
    draft = opening.draft(court.registry, OPENER, court.plan())
    with pytest.raises(YinzhengError) as caught:
        preserve(court.registry, draft, wanted, actor_of(court.registry, w.OFFICER))
    assert caught.value.code == "dispute-draft"


def test_the_access_range_is_whole_and_says_who_looked(court: Court) -> None:
    id_ = court.open("forum")
    for _ in range(2):
        opened_dossier(court.registry, court.made.case)
    wanted = Wanted(accesses=((court.now, court.now),))
    court.world.clock.advance(1)  # nothing shows yet that there is no more of this second
    preserve(court.registry, id_, wanted, actor_of(court.registry, w.OFFICER))
    value: Any = canonical.loads(content(court, id_, 1), max_bytes=1 << 20)
    lines = [one for batch in value["batches"] for one in batch["lines"]]
    kinds = [one["line"]["kind"] for one in lines]
    assert kinds[-3:] == ["dossier", "dossier", "evidence"], "the line of this very command is after it"
    assert [one["who"] and one["who"]["who"]["person"] for one in lines[-3:]] == [w.OFFICER, w.OFFICER, None]
    numbers = [one["line"]["number"] for one in lines]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))

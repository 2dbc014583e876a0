"""Several processes find what one finds, in the same order; what becomes of one of them is told."""

from __future__ import annotations

import os
from functools import partial
from multiprocessing import active_children, parent_process

import pytest
from sqlmodel import select

from tests.ledger.audit.settled import Settled
from tests.ledger.audit.test_tampering import flip
from tests.ledger.world import open_keys
from yinzheng.ledger import audit
from yinzheng.ledger.audit.finding import Part, parts_of
from yinzheng.ledger.keys.keystore import Keystore
from yinzheng.ledger.registry import silent
from yinzheng.ledger.state.instance import Paths
from yinzheng.ledger.store.database import open_store_read_only
from yinzheng.ledger.store.models import Case
from yinzheng.verifier.errors import EnvironmentFault


def test_two_find_what_one_finds(settled: Settled, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one row in each part, as with all in one."""
    world = settled.world
    assert world.audit(jobs=2) == []
    settled.sql("UPDATE event SET at = at + 1 WHERE id IN (1, 7, 12)", count=3)
    settled.sql("UPDATE event SET sealed = zeroblob(length(sealed)) WHERE id = 2")
    settled.sql("UPDATE certificate SET valid_until = valid_until + 1 WHERE number = ?", settled.other_number)
    settled.sql("UPDATE approval SET address = zeroblob(20) WHERE id IN (1, 3)", count=2)
    settled.sql('UPDATE "case" SET publicity_end = publicity_end + 1 WHERE id = ?', settled.case)
    flip(settled.blob(settled.case))
    flip(settled.blob(settled.other_case, 1))
    flip(world.paths.log / "checkpoint")
    whole = world.audit()
    assert {
        *("event-altered", "seal-broken", "certificate-altered", "certificate-differs"),
        *("approval-altered", "case-altered", "blob-altered"),
    } <= {finding.code for finding in whole}
    assert world.audit(jobs=2) == whole
    monkeypatch.setattr(audit, "parts_of", partial(parts_of, size=1))
    assert world.audit() == whole
    assert world.audit(jobs=2) == whole


def test_rows_that_nobody_could_read_end_it(settled: Settled) -> None:
    settled.sql("UPDATE event SET at = 'now' WHERE id = 1")
    found = settled.world.audit(jobs=2)
    assert [finding.code for finding in found] == ["column-altered"]
    assert found == settled.world.audit()


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_each_row_is_in_one_part(settled: Settled, size: int) -> None:
    paths = settled.world.paths
    store = open_store_read_only(f"sqlite:///{paths.database}")
    try:
        with store.reading() as session:
            all_ = list(session.exec(select(Case.id).order_by(Case.id)))
            parts = parts_of(session, Case.id, size)
            found = [list(session.exec(select(Case.id).where(*part.of(Case.id)))) for part in parts]
            assert parts_of(session, Case.id, len(all_)) == [Part()]
    finally:
        store.close()
    assert [sorted(some) for some in found] == [
        all_[first : first + size] for first in range(0, len(all_), size)
    ]


def dying(paths: Paths) -> Keystore:
    """The keys, which a process of the audit does not live to see."""
    if parent_process() is not None:
        os._exit(0)
    return open_keys(paths)


def refusing(paths: Paths) -> Keystore:
    """The keys, which a process of the audit may not read."""
    if parent_process() is not None:
        raise EnvironmentFault("others may read the passphrase", code="passphrase-exposed")
    return open_keys(paths)


def test_a_process_that_ends_is_no_clean_audit(settled: Settled) -> None:
    with pytest.raises(EnvironmentFault) as caught:
        settled.world.audit(dying, jobs=2)
    assert caught.value.code == "audit-worker"
    with pytest.raises(EnvironmentFault) as caught:
        settled.world.audit(refusing, jobs=2)
    assert caught.value.code == "passphrase-exposed"


@pytest.mark.parametrize("jobs", [1, 2])
def test_each_step_is_told_once_in_order(settled: Settled, jobs: int) -> None:
    told: list[str] = []
    world = settled.world
    audit.audit_registry(world.root, open_keys, clock=world.clock, progress=told.append, jobs=jobs)
    assert told == [f"checking {step.name}" for step in audit._STEPS]


def test_an_interrupt_ends_them(settled: Settled) -> None:
    def interrupted(said: str) -> None:
        if said == "checking dossiers":
            raise KeyboardInterrupt

    world = settled.world
    with pytest.raises(KeyboardInterrupt):
        audit.audit_registry(world.root, open_keys, clock=world.clock, progress=interrupted, jobs=2)
    assert active_children() == []
    assert audit.audit_registry(world.root, open_keys, clock=world.clock, progress=silent) == []

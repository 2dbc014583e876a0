"""A destruction receipt that its signer told the chain itself: found, opened, counted as of then (S24.5)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from tests.ledger.inlets.test_finding import STRANGER, tell
from tests.ledger.withdrawals.clinic import DAY, HOSPITAL, INSURER, LAB, Clinic, Template
from yinzheng.ledger.chain.records import ReceiptState
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.inlets.finding import find
from yinzheng.ledger.inlets.papers import parse_paper, take_in
from yinzheng.ledger.store.models_inlets import Inlet
from yinzheng.ledger.withdrawals import course
from yinzheng.ledger.withdrawals.work import work_on
from yinzheng.verifier.errors import DataFault, UsageFault, YinzhengError
from yinzheng.verifier.formats.receipt_paper import ReceiptPaper


@pytest.fixture
def id_(clinic: Clinic) -> bytes:
    """A withdrawal on the chain, whose recipients were told."""
    made = clinic.file(clinic.grant())
    clinic.freeze(made)
    settle(clinic.registry)
    return made


def paper_of(clinic: Clinic, id_: bytes, code: str = LAB, **changes: Any) -> ReceiptPaper:
    return ReceiptPaper(clinic.receipt(id_, code, **changes), b"\x0a" * 32, STRANGER.address)


def announce(clinic: Clinic, paper: ReceiptPaper, about: bytes | None = None) -> None:
    client = clinic.registry.client
    about = about or paper.body.receipt.withdrawal
    tell(clinic.registry, STRANGER, client.announce_receipt(about, paper.digest))


def test_one_that_the_registry_holds_back_is_not_late(clinic: Clinic, id_: bytes) -> None:
    registry, paper = clinic.registry, paper_of(clinic, id_)
    with pytest.raises(UsageFault) as fault:
        take_in(registry, paper)
    assert fault.value.code == "receipt-unannounced"
    announce(clinic, paper)
    told_at = registry.w3.eth.get_block("latest")["timestamp"]
    find(registry)
    with registry.store.reading() as session:
        (row,) = session.exec(select(Inlet))
    assert (row.inlet, row.about, row.name) == ("receipt", id_, paper.name)
    clinic.world.clock.now += 4 * DAY
    leaf = take_in(registry, paper)
    assert leaf == take_in(registry, paper), "handed in again it is the same"
    given = clinic.recipients(id_)[LAB]
    assert (given.late, given.given_at) == (False, told_at)
    clinic.confirm(id_, HOSPITAL)
    settle(registry)
    names = {code: one.name for code, one in clinic.recipients(id_).items()}
    found = registry.client.receipt_of(id_, names[LAB])
    assert found is not None
    assert (found.state, found.late, found.given_at) == (ReceiptState.GIVEN, False, told_at)
    late = registry.client.receipt_of(id_, names[HOSPITAL])
    assert late is not None
    assert (late.late, clinic.recipients(id_)[HOSPITAL].late) == (True, True)
    assert clinic.row(id_).state == "completed"


def test_an_audit_names_one_that_the_log_is_silent_on(clinic_template: Template, tmp_path: Path) -> None:
    world = clinic_template.world.copy(tmp_path / "state")
    with world.open() as registry:
        clinic = Clinic(world, registry, clinic_template.notice, clinic_template.digest)
        id_ = clinic.file(clinic.grant())
        clinic.freeze(id_)
        settle(registry)
        paper = paper_of(clinic, id_)
        announce(clinic, paper)
    assert world.codes() == {"inlet-unrecorded"}
    with world.open() as registry:
        take_in(registry, paper)
        settle(registry)
    assert world.codes() == set()


def test_one_that_came_by_the_desk_too_is_one(clinic: Clinic, id_: bytes) -> None:
    paper = paper_of(clinic, id_)
    announce(clinic, paper)
    with work_on(clinic.registry, id_) as work:
        leaf = course.receipt(work, paper.body, LAB)
    find(clinic.registry)
    assert take_in(clinic.registry, paper) == (id_.hex(), leaf)
    settle(clinic.registry)
    withdrawal = clinic.registry.client.withdrawal(id_)
    assert withdrawal is not None
    assert withdrawal.receipts == 1


@pytest.mark.parametrize(
    ("code", "changes", "refusal"),
    [
        (INSURER, {}, "withdrawal-actor"),  # it owes none
        (LAB, {"request": b"\1" * 32}, "receipt-bytes"),
        (LAB, {"destroyed_at": 2**33}, "receipt-time"),
    ],
)
def test_what_no_desk_would_take_is_not_taken_for_being_announced(
    clinic: Clinic, id_: bytes, code: str, changes: dict[str, Any], refusal: str
) -> None:
    paper = paper_of(clinic, id_, code, **changes)
    announce(clinic, paper)
    find(clinic.registry)
    with pytest.raises(YinzhengError) as fault:
        take_in(clinic.registry, paper)
    assert fault.value.code == refusal
    with clinic.registry.store.reading() as session:
        assert session.exec(select(Inlet)).one(), "that it was told is recorded all the same"


def test_destroyed_after_it_was_announced_is_refused(clinic: Clinic, id_: bytes) -> None:
    """A commitment made ahead buys no time: by then nothing was destroyed."""
    paper = paper_of(clinic, id_, destroyed_at=clinic.registry.clock() + DAY)
    announce(clinic, paper)
    find(clinic.registry)
    clinic.world.clock.now += 2 * DAY
    with pytest.raises(DataFault) as fault:
        take_in(clinic.registry, paper)
    assert fault.value.code == "receipt-time"


def test_one_announced_to_another_withdrawal_opens_none(clinic: Clinic, id_: bytes) -> None:
    other = clinic.file(clinic.grant())
    settle(clinic.registry)
    paper = paper_of(clinic, id_)
    announce(clinic, paper, other)
    find(clinic.registry)
    with pytest.raises(UsageFault) as fault:
        take_in(clinic.registry, paper)
    assert fault.value.code == "receipt-unannounced"


@pytest.mark.parametrize("name", ["body", "secret", "account", "receipt"])
def test_a_paper_is_whole_or_none(clinic: Clinic, id_: bytes, name: str) -> None:
    paper = paper_of(clinic, id_)
    value: dict[str, Any] = dict(paper.to_json())
    assert parse_paper(value) == paper
    other = replace(paper, body=clinic.receipt(id_, HOSPITAL)).to_json()
    value[name] = other["body"] if name == "body" else "00" * (len(value[name]) // 2)
    with pytest.raises(DataFault) as fault:
        parse_paper(value)
    assert fault.value.code == "commitment"

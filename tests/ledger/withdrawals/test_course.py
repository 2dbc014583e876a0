"""Withdrawals from request to end, through log and chain (R31 to R36)."""

from __future__ import annotations

import pytest

from ledger.chain.records import ReceiptState, Withdrawal, WithdrawalState
from ledger.rules.consent import Scope
from ledger.rules.extent import Extent, Way
from tests.ledger.withdrawals.clinic import DAY, HOSPITAL, HOUR, INSURER, LAB, Clinic

CHILD = "2015-06-01"


def on_chain(clinic: Clinic, id_: bytes) -> Withdrawal:
    found = clinic.registry.client.withdrawal(id_)
    assert found is not None
    return found


def test_an_adult_withdraws_everything(clinic: Clinic) -> None:
    subject = clinic.grant()
    clinic.world.clock.advance(DAY + 1234)
    id_ = clinic.file(subject)
    assert id_ == subject
    hour = clinic.registry.clock() // HOUR * HOUR
    clinic.registry.settle()
    opened = on_chain(clinic, id_)
    assert (opened.state, opened.received_at, opened.minor) == (WithdrawalState.REQUESTED, hour, False)
    assert opened.request == clinic.request_leaf(id_)
    assert opened.recipients == 2  # the insurer has anonymised data alone
    assert clinic.told(id_) == {("freeze", HOSPITAL): 1}

    clinic.world.clock.advance(5 * HOUR)
    clinic.freeze(id_)
    clinic.registry.settle()
    assert on_chain(clinic, id_).state is WithdrawalState.FROZEN
    assert clinic.told(id_) == {
        ("freeze", HOSPITAL): 1,
        ("destroy", HOSPITAL): 1,
        ("destroy", LAB): 1,
        ("destroy", INSURER): 1,
    }

    clinic.confirm(id_, LAB)
    clinic.registry.settle()
    assert (on_chain(clinic, id_).receipts, clinic.row(id_).state) == (1, "notified")
    clinic.world.clock.advance(HOUR)
    clinic.confirm(id_, HOSPITAL)
    clinic.registry.settle()
    done = on_chain(clinic, id_)
    assert (done.state, done.late, done.receipts) == (WithdrawalState.COMPLETED, False, 2)
    assert done.outcome == clinic.thread(subject)[-1].leaf_hash
    for row in clinic.recipients(id_).values():
        given = clinic.registry.client.receipt_of(id_, row.name) if row.name else None
        if row.code == INSURER:
            assert (row.duty, row.receipt, given) == ("exempt", None, None)
        else:
            assert given is not None
            assert (given.state, given.statement, given.late) == (ReceiptState.GIVEN, row.receipt, False)
    assert clinic.types(subject) == [
        "requested", "verified", "frozen", "notified", "receipt", "receipt", "completed",
    ]  # fmt: skip
    assert clinic.row(id_).ended_at == clinic.registry.clock()
    assert clinic.told(id_)["concluded", LAB] == 1

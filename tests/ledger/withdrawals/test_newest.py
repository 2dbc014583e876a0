"""The newest word on a consent (D15): the chain counts its withdrawals, for receipts and for the audit."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.ledger.withdrawals.clinic import LAB, Clinic, Template
from yinzheng.ledger.consents.receipts import make_receipt
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.reading import Reader
from yinzheng.ledger.rules.extent import Extent
from yinzheng.ledger.state.policy import trust_policy
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.containers.target import read_target
from yinzheng.verifier.errors import EnvironmentFault
from yinzheng.verifier.judge.receipt.report import ReceiptReport
from yinzheng.verifier.judge.receipt.verify import verify_receipt
from yinzheng.verifier.judge.trust import parse_trust

PART = Extent(recipients=frozenset({LAB}))


def checked(clinic: Clinic, data: bytes | str, *, live: bool = False) -> ReceiptReport:
    registry = clinic.registry
    trust = parse_trust(canonical.dumps(trust_policy(registry.instance)))
    reader = Reader(registry.paths, registry.instance, registry.store, registry.w3) if live else None
    return verify_receipt(read_target(data), trust, now=registry.clock(), live=reader)


def test_each_receipt_is_the_newest_until_the_next_withdrawal(clinic: Clinic) -> None:
    """A consent withdrawn in part, then wholly: each older receipt says that it is not the newest (D15)."""
    subject, registry = clinic.grant(), clinic.registry
    first = make_receipt(registry, subject)
    clinic.file(subject, PART)
    settle(registry)
    clinic.complete(subject)
    settle(registry)
    second = make_receipt(registry, subject)
    report = checked(clinic, second.file, live=True)
    assert (report.in_force, report.untold, len(report.withdrawals)) == (True, 0, 1)
    clinic.file(subject)
    settle(registry)
    third = make_receipt(registry, subject)
    for data in (third.file, third.pdf()):
        for live in (False, True):
            report = checked(clinic, data, live=live)
            assert (report.authentic, report.status, report.untold) == ("genuine", "withdrawal_pending", 0)
            assert report.remaining is not None
            assert report.remaining.is_empty
    for old, untold in ((first, 2), (second, 1)):
        for data in (old.file, old.pdf()):
            report = checked(clinic, data, live=True)
            assert (report.authentic, report.exit_code, report.untold) == ("genuine", 3, untold)
            assert report.status_code == "withdrawals-untold"
    code = checked(clinic, first.qr, live=True)
    assert (code.authentic, code.status_code, code.untold) == ("genuine", "extent-private", 2)


def test_there_is_no_receipt_while_a_withdrawal_is_on_its_way(clinic: Clinic) -> None:
    subject = clinic.grant()
    clinic.file(subject, PART)
    with pytest.raises(EnvironmentFault) as caught:
        make_receipt(clinic.registry, subject)
    assert caught.value.code == "receipt-not-anchored"
    settle(clinic.registry)
    assert checked(clinic, make_receipt(clinic.registry, subject).file).untold == 0


def test_the_audit_compares_the_count(clinic_template: Template, tmp_path: Path) -> None:
    world = clinic_template.world.copy(tmp_path / "counted")
    with world.open() as registry:
        clinic = Clinic(world, registry, clinic_template.notice, clinic_template.digest)
        subject = clinic.grant()
        later = [clinic.file(subject, PART), clinic.file(subject)][1]
        settle(registry)
        assert registry.client.withdrawals_opened(subject) == 2
        assert registry.client.withdrawals_opened(later) == 0
    assert world.audit() == []
    with closing(sqlite3.connect(world.paths.database)) as connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute("UPDATE withdrawal SET consent = ? WHERE id = ?", (bytes(32), later))
        connection.commit()
    assert "withdrawal-count" in world.codes()

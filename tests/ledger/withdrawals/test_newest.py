"""The newest word on a consent (D15): the chain counts its withdrawals, for receipts and for the audit."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.ledger.withdrawals.clinic import LAB, Clinic, Template
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.rules.extent import Extent

PART = Extent(recipients=frozenset({LAB}))


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

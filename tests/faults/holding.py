"""What must hold after each round of the campaign, whatever struck."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlmodel import func, select

from yinzheng.ledger.consents.uncovered import WIDENED
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Case, Event, Objection
from yinzheng.ledger.store.models_accesses import AccessRow
from yinzheng.ledger.store.models_consents import (
    Consent,
    Delivery,
    Notice,
    Pooled,
    Withdrawal,
    WithdrawalRecipient,
)
from yinzheng.ledger.store.models_disputes import Dispute, Erasure
from yinzheng.verifier.formats.webhook import parse_webhook


def require_acknowledged(registry: Registry, told: list[tuple[str, str]]) -> None:
    """What was acknowledged is there, once."""
    with registry.store.reading() as session:
        for kind, name in told:
            there: Any = True
            if kind == "case":
                there = session.get(Case, name)
            elif kind == "state":
                case, state = name.split()
                there = session.get_one(Case, case).state != state
            elif kind == "objection":
                there = session.exec(select(Objection).where(Objection.leaf == bytes.fromhex(name))).first()
            elif kind == "consent":
                subject = bytes.fromhex(name)
                there = session.get(Consent, subject)
                events = select(func.count()).where(Event.subject == subject, Event.type == "consent.granted")
                waits = select(func.count()).where(Pooled.subject == subject)
                assert session.exec(events).one() + session.exec(waits).one() == 1, (kind, name)
            elif kind == "notice":
                there = session.exec(select(Notice).where(Notice.leaf == bytes.fromhex(name))).first()
            elif kind == "line":
                there = session.get(AccessRow, int(name))
            elif kind == "withdrawal":
                there = session.get(Withdrawal, bytes.fromhex(name))
            elif kind == "receipt":
                id_, code = name.split()
                there = session.get_one(WithdrawalRecipient, (bytes.fromhex(id_), code)).receipt
            elif kind in ("dispute", "released"):
                row = session.get_one(Dispute, name)
                there = row.released_at if kind == "released" else row.opened_at
            elif kind == "erasure":
                there = session.get(Erasure, name)
            elif kind == "erased":
                there = session.get_one(Erasure, name).erased_at
            assert there, f"acknowledged and not there: {kind} {name}"


def require_agreement(registry: Registry) -> None:
    """Log, database and chain have come equally far."""
    head = registry.client.latest_anchor()
    assert head is not None
    with registry.store.reading() as session:
        assert head.size == registry.log.size == repository.sequenced(session)
        imported = session.exec(select(Event.leaf_hash)).all()
        # Each version that goes beyond the one before has told its controller, once (R28).
        wider = {row.leaf.hex() for row in session.exec(select(Notice).where(Notice.version > 1))}
        told = session.exec(select(Delivery.body).where(Delivery.kind == WIDENED)).all()
        assert sorted(str(parse_webhook(body).data["notice"]) for body in told) == sorted(wider)
    assert len(set(imported)) == len(imported)
    assert head.root == registry.log.root()


def require_no_record_keys(registry: Registry, folder: Path) -> None:
    """No wrapped key of a record lies anywhere on the disk of the backups (R44)."""
    disk = folder / "backups"
    if not disk.exists():
        return
    with registry.store.reading() as session:
        keys = [key for key in session.exec(select(Consent.wrapped_key)) if key]
    held = b"".join(path.read_bytes() for path in sorted(disk.rglob("*")) if path.is_file())
    found = [key.hex() for key in keys if key in held]
    assert not found, f"{len(found)} record keys on the backups' disk"

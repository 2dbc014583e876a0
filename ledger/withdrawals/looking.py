"""A withdrawal shown to an officer, or its end document handed out: each written down first (R47)."""

from __future__ import annotations

from yinzheng.ledger.accesses.noting import Access, note
from yinzheng.ledger.accesses.reader import Reader
from yinzheng.ledger.flow.threads import find_withdrawal
from yinzheng.ledger.people.acting import Actor, admit
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.withdrawals.concluding import conclusion
from yinzheng.ledger.withdrawals.progress import Progress, progress


def look_at(registry: Registry, id_: bytes, by: Actor) -> Progress:
    """How a withdrawal stands, for an officer. Raises as `admit` and `progress`."""
    _open(registry, id_, by, "see", "withdrawal")
    return progress(registry, id_)


def conclude_to(registry: Registry, id_: bytes, by: Actor) -> bytes:
    """The end document of a withdrawal, for an officer to hand out. Raises as `admit` and `conclusion`."""
    _open(registry, id_, by, "export", "conclusion")
    return conclusion(registry, id_)


def _open(registry: Registry, id_: bytes, by: Actor, action: str, kind: str) -> None:
    with registry.store.transaction() as session:
        admit(session, by, Capacity.REGISTRY)
        consent = find_withdrawal(session, id_).consent
        access = Access(action, kind, id_.hex(), "withdrawal", consent=consent)
        note(registry, session, Reader.of_actor(registry, by), access)

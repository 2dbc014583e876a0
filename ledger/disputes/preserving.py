"""The registry preserves evidence itself (R37): an officer names it, it is taken from the ledger or a file.

Who looked at what for it is written into the access log in the transaction before (R47).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from yinzheng.ledger.disputes import collecting
from yinzheng.ledger.disputes.evidence import Offered, add_items
from yinzheng.ledger.disputes.work import DRAFT
from yinzheng.ledger.flow.threads import find_dispute
from yinzheng.ledger.people.acting import Actor, admit
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.state import access_log
from yinzheng.verifier.errors import UsageFault


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be preserved. Subjects and leaf hashes are 32 bytes; times UTC seconds."""

    certificates: tuple[str, ...] = ()
    consents: tuple[bytes, ...] = ()
    notices: tuple[bytes, ...] = ()
    accesses: tuple[tuple[int, int], ...] = ()
    as_of: tuple[tuple[bytes, int], ...] = ()
    files: tuple[Path, ...] = ()


def preserve(registry: Registry, dispute_id: str, wanted: Wanted, by: Actor) -> list[bytes]:
    """Take what is wanted, and add it to an open dispute as items; returns their leaf hashes.

    Raises `UsageFault`: `dispute-unknown`, `dispute-draft`, `dispute-evidence` (nothing wanted), `person-…`,
    what `collecting` finds missing, `move-…`; `DataFault` as `evidence.add_items`.
    """
    named = _named(wanted)
    with registry.store.transaction() as session:
        admit(session, by, Capacity.REGISTRY)
        if find_dispute(session, dispute_id).state == DRAFT:
            raise UsageFault("a draft holds its opener's evidence alone", code="dispute-draft")
        for target in named:
            access_log.note(session, registry.clock(), by.person, "evidence", f"{dispute_id} {target}")
    return add_items(registry, dispute_id, _offers(registry, wanted), Capacity.REGISTRY)


def _named(wanted: Wanted) -> list[str]:
    return [
        *(f"certificate {number}" for number in wanted.certificates),
        *(f"consent {subject.hex()}" for subject in wanted.consents),
        *(f"notice {leaf.hex()}" for leaf in wanted.notices),
        *(f"access {since}..{until}" for since, until in wanted.accesses),
        *(f"as-of {subject.hex()}@{at}" for subject, at in wanted.as_of),
        *("file" for _ in wanted.files),
    ]


def _offers(registry: Registry, wanted: Wanted) -> Sequence[Offered]:
    return [
        *(collecting.certificate_item(registry, number) for number in wanted.certificates),
        *(collecting.consent_item(registry, subject) for subject in wanted.consents),
        *(collecting.notice_item(registry, leaf) for leaf in wanted.notices),
        *(collecting.access_item(registry, since, until) for since, until in wanted.accesses),
        *(collecting.as_of_item(registry, subject, at) for subject, at in wanted.as_of),
        *(collecting.file_item(registry, path) for path in wanted.files),
    ]

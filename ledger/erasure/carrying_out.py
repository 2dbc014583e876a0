"""Carrying out an approved erasure: keys out of the backups, then the rows, then the files (R43, R44, D9).

Which step is durable decides what a crash leaves: before the rows are gone, nothing is destroyed but copies
of a key in key files, and carrying out begins again; after that only clearing is left, which
`clearing.resume` does when the registry is next opened.
"""

from __future__ import annotations

from dataclasses import replace

from sqlmodel import Session

from yinzheng.ledger.accesses.noting import acted
from yinzheng.ledger.consents.notices import hour_of
from yinzheng.ledger.erasure.burial import bury, needles, split
from yinzheng.ledger.erasure.clearing import clear
from yinzheng.ledger.erasure.order import Order
from yinzheng.ledger.erasure.proposing import (
    DESTROYED,
    OPERATOR,
    Signed,
    add_signature,
    allow,
    find_erasure,
    read_signed,
    require_lawful,
)
from yinzheng.ledger.erasure.targets import Target, target_of
from yinzheng.ledger.people.acting import Actor, admit
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules import destruction
from yinzheng.ledger.rules.destruction import DestructionRecord, Method, TargetKind, check_destruction
from yinzheng.ledger.rules.erasure import Move
from yinzheng.ledger.state.backup import places_of, rewrite_places
from yinzheng.ledger.state.record_keys import Destroyed
from yinzheng.ledger.store.models_disputes import Erasure
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.algorithms import digest_pair
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.tombstone import Tombstone

CONTENT = ("content", "key", "secret")
"""Words of S10.5: what goes."""


def erase(registry: Registry, id_: str, operator: Actor) -> bytes:
    """Destroy what was approved; gives the leaf hash of the tombstone. Repeated, it finishes or does nothing.

    Args:
        registry: open for writing.
        id_: the erasure, approved and witnessed.
        operator: who carries it out, who neither proposed, approved nor witnessed it.

    Raises:
        UsageFault: `erasure-unknown`, `erasure-state` (signatures are missing), `erasure-moved` (its record
            has new statements), `approval-left` (someone who proposed or signed it acts no more),
            `destruction-person`, and as `require_lawful`: nothing was destroyed.
        EnvironmentFault: `backup-unreachable` (nothing was destroyed); `erasure-waits`, `disk-…`.
    """
    with registry.store.reading() as session:
        admit(session, operator)
        row = find_erasure(session, id_)
        stones = None if row.tombstone is not None else _prepare(registry, session, row, operator)[1]
        owner = target_of(session, Order.parse(row.wording).target, row.subject).owner
    if row.tombstone is not None:
        if row.state != DESTROYED:
            clear(registry, id_)
        return row.tombstone
    assert stones is not None  # there is no tombstone yet
    rewrite_places(registry, {owner}, [_destroyed(row.subject, stone) for stone in stones])
    with registry.store.transaction() as session:
        row = find_erasure(session, id_)
        target, stones = _prepare(registry, session, row, operator)
        remembered = needles(session, target)
        now = registry.clock()
        add_signature(registry, session, row, operator, OPERATOR, now)
        leaf = bury(session, target, stones, registry.instance.profile, now)
        row.tombstone, row.erased_at = leaf, now
        session.add(row)
        acted(registry, session, operator, "erasure", id_, "erasure", consent=_consent_of(target))
    clear(registry, id_, remembered)
    return leaf


def _consent_of(target: Target) -> bytes | None:
    return target.subject if target.kind is TargetKind.CONSENT else None


def _prepare(
    registry: Registry, session: Session, row: Erasure, operator: Actor
) -> tuple[Target, list[Tombstone]]:
    """Check that it may be carried out now; gives the target and what its tombstones will say."""
    signed = read_signed(session, row)
    order, now = signed.order, registry.clock()
    admit(session, operator)
    allow(row, signed, Move.CARRY_OUT, operator, now)
    target = target_of(session, order.target, order.subject)
    require_lawful(registry, session, target, order.ground, now)
    if (target.private, len(target.files)) != (order.statements, order.files):
        raise UsageFault(
            "something was added to this record since the order was signed",
            code="erasure-moved",
            hint="Propose its erasure anew.",
        )
    record = _record(signed, target, operator.person, now)
    check_destruction(record, frozenset())
    return target, _tombstones(registry, session, record, order, target)


def _record(signed: Signed, target: Target, operator: str, now: int) -> DestructionRecord:
    order = signed.order
    done = canonical.dumps(
        {
            "order": signed.wording.decode(),
            "operator": operator,
            "blobs": list(target.files),
            "destroyed_at": now,
        }
    )
    return DestructionRecord(
        proposer=order.proposed_by,
        content=f"{order.target}: {len(order.statements)} statements, {order.files} files",
        method=Method(order.method),
        medical=order.medical,
        approvals=signed.approvals,
        operator=operator,
        witnesses=signed.witnesses,
        evidence=(digest_pair(done),),
        destroyed_at=now,
    )


def _tombstones(
    registry: Registry, session: Session, record: DestructionRecord, order: Order, target: Target
) -> list[Tombstone]:
    """Its time is rounded down to the hour, as every time of a consent's thread (R49)."""
    places = ["database"]
    if registry.store.dialect == "sqlite":
        places.append("write_ahead_log")
    if target.files:
        places.append("blobs")
    if places_of(session):
        places.append("backups")
    return [
        replace(
            destruction.tombstone(
                record, statements=some, ground=order.ground, destroyed=CONTENT, places=places
            ),
            erased_at=hour_of(record.destroyed_at),
        )
        for some in split(order.statements)
    ]


def _destroyed(subject: bytes, stone: Tombstone) -> Destroyed:
    return Destroyed(subject, canonical.dumps(stone.to_json()))

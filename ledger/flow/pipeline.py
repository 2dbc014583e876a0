"""From an acknowledged decision to a confirmed deposit (D9): database → log → chain → database.

The database decides: what is committed there will happen. Every step below only carries further what an
earlier one made durable, looks before it acts, and may be repeated: after a crash the same code runs again
and rolls forward.

0. *pool*: consents given one by one join the events together, shuffled; access lines are committed in
   batches (database).
1. *sequence*: events get their position in the log (database).
2. *publish*: the log grows to that size and its checkpoint is signed (files).
   The head is fed to the witnesses, who cosign it (database, then files).
3. *call*: contract calls that decisions asked for are sent in order; the signed transaction is stored
   before it is sent, so that a crash repeats the same transaction and never makes a second one (chain).
4. *anchor*: the new head goes to the chain, which refuses one that is not an extension (chain).
5. *confirm*: what the chain answered is written beside the decision (database).
6. *watch*: of what is anchored, events of certificates are told apart for who watches them (database).
"""

from __future__ import annotations

from itertools import chain
from typing import Final

from sqlmodel import Session, col, select

from yinzheng.ledger.accesses import batching
from yinzheng.ledger.chain.client import ContractsClient
from yinzheng.ledger.chain.records import Head
from yinzheng.ledger.flow import pool, watched
from yinzheng.ledger.flow.aside import look_again
from yinzheng.ledger.flow.calls import CallKind
from yinzheng.ledger.flow.carrying import carry_out
from yinzheng.ledger.flow.early import NotYet
from yinzheng.ledger.flow.histories import require_anchored
from yinzheng.ledger.flow.outbox import outbox, send_anew, signed, waiting
from yinzheng.ledger.registry import Progress, Registry, silent
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import ChainCall
from yinzheng.ledger.store.models import Checkpoint as CheckpointRow
from yinzheng.ledger.witnesses.feeding import feed
from yinzheng.verifier.bytes.counting import counted
from yinzheng.verifier.errors import DataFault, EnvironmentFault, YinzhengError
from yinzheng.verifier.log.note import Checkpoint
from yinzheng.verifier.log.tiles import WIDTH


def _anchored(_client: ContractsClient, session: Session, call: ChainCall) -> None:
    session.get_one(CheckpointRow, int(call.about)).anchored_block = call.block_number


ANCHOR: Final = CallKind("anchor", effect=_anchored, together=True, along=True)
"""About a head of the log, by its size. It goes untried: its proof would run twice."""


_NONE: Final = repository.Placed(0, [])


def settle(registry: Registry, progress: Progress = silent) -> None:
    """Carry everything acknowledged through to the chain's confirmation; safe to repeat at any time.

    Raises what stands in the way: `EnvironmentFault` (a node unreachable: run again later), `DataFault` (the
    log and the database contradict each other, the chain refuses a head: stop and audit). What was
    acknowledged stays so. `WitnessesMissing` comes last, once everything but what is to be issued is done,
    and so does `NotYet`, of calls that the contracts do not take yet.
    """
    _check_log_is_ours(registry)
    pool.flush(registry)
    batching.commit(registry)
    sequence_and_publish(registry, progress)
    standing = feed(registry, progress)
    _ask_along(registry)
    early = _send_calls(registry, progress, issuing=standing.enough)
    _anchor(registry, progress)
    watched.derive(registry)
    if not standing.enough and waits_for_witnesses(registry):
        raise standing.fault()
    if early is not None:
        raise early


def _check_log_is_ours(registry: Registry) -> None:
    """The database must hold every statement the log has published; otherwise it was rolled back."""
    with registry.store.reading() as session:
        known = repository.sequenced(session)
    if registry.log.size > known:
        raise DataFault(
            f"the log holds {counted(registry.log.size, 'statement')}, the database only {known} of them",
            code="database-behind-log",
            hint="the database is older than the log: restore its newest copy; nothing was changed.",
        )


def sequence_and_publish(registry: Registry, progress: Progress) -> None:
    """Steps 1 and 2: give waiting events their positions and grow the published log to hold them."""
    while True:
        with registry.store.transaction() as session:
            placed = repository.sequence(session, repository.BATCH)
        if not placed:
            break
        progress(f"sequenced {counted(placed, 'statement')}")
    if grow_log(registry, progress):
        _publish_checkpoint(registry)


def grow_log(
    registry: Registry,
    progress: Progress = silent,
    *,
    tiles_only: bool = False,
    at_hand: repository.Placed = _NONE,
) -> int:
    """Have the log hold every statement that has its place; gives how many have. Nothing is published.

    With `tiles_only` those that fill no bundle yet are left for the next time. `at_hand`: what has the
    last places, where the caller has made it durable; the others are read.
    """
    with registry.store.reading() as session:
        placed = repository.sequenced(session)
    wanted = placed - placed % WIDTH if tiles_only else placed
    made, read = at_hand.statements, placed - len(at_hand.statements)
    if made and at_hand.first != read:  # another server's database, which has not all of them
        made, read = [], placed
    if registry.log.size < wanted:
        _require_same_edge(registry)
    while (first := registry.log.size) < wanted:
        end = min(first + repository.BATCH, wanted)
        with registry.store.reading() as session:
            stored = repository.statements(session, first, max(min(end, read), first))
            registry.log.append(chain(stored, made[max(first - read, 0) : max(end - read, 0)]))
        progress(f"log holds {counted(end, 'statement')}")
    return placed


def _require_same_edge(registry: Registry) -> None:
    """What the log ends in is what the database has there.

    It need not be while the registry is open: a server that takes over a moment late knows less than the one
    before, and would give the same places once more. Opening compares more (`histories`). Raises `DataFault`.
    """
    size = registry.log.size
    if not size:
        return
    with registry.store.reading() as session:
        (last,) = repository.statements(session, size - 1, size)
    if last != registry.log.entry(size - 1):
        raise DataFault(
            f"the log's statement {size - 1} is another than the database's",
            code="database-forked",
            hint="The database is of another history than when the registry was opened: did a server take"
            " over that lacked the last statements? Nothing was signed. Put its newest copy back.",
        )


def _publish_checkpoint(registry: Registry) -> None:
    """Sign the head, unless it is signed; it must extend the one the database knows (S4.2)."""
    size = registry.log.size
    with registry.store.reading() as session:
        latest = repository.latest_checkpoint(session)
    known = None if latest is None else Checkpoint(registry.instance.origin, latest.size, latest.root)
    note = registry.log.publish(registry.keys.log_signers(registry.instance.origin), known=known)
    if latest is not None and latest.size == size:
        return
    with registry.store.transaction() as session:
        root = registry.log.root(size)
        session.add(CheckpointRow(size=size, root=root, note=note, created_at=registry.clock()))


def waits_for_witnesses(registry: Registry) -> set[int]:
    """The calls that issue something and are not sent: they wait where witnesses are missing."""
    names = [kind.name for kind in registry.kinds.values() if kind.issues]
    query = select(ChainCall.id).where(ChainCall.state == "pending", col(ChainCall.kind).in_(names))
    with registry.store.reading() as session:
        return {id_ for id_ in session.exec(query) if id_ is not None}


def pending(registry: Registry) -> set[int]:
    """The calls that are decided and not sent."""
    with registry.store.reading() as session:
        found = session.exec(select(ChainCall.id).where(ChainCall.state == "pending"))
        return {id_ for id_ in found if id_ is not None}


def _send_calls(registry: Registry, progress: Progress, *, issuing: bool) -> NotYet | None:
    """Send what waits; gives what is told of those whose time has not come, which hold up nothing else."""
    look_again(registry)
    early: dict[str, ChainCall] = {}
    told: NotYet | None = None
    while True:
        with registry.store.reading() as session:
            calls = waiting(session, registry.kinds, issuing=issuing, besides=early)
        if not calls:
            return told and NotYet.of(told, early.values())
        try:
            done = carry_out(registry, calls)
        except NotYet as fault:
            told = told or fault
            early |= {call.about: call for call in fault.calls}
            continue
        except EnvironmentFault:
            raise
        except YinzhengError:
            _send_signed(registry)  # a role is taken, whatever was decided before and has to wait
            raise
        kinds = sorted({call.kind for call in done})
        progress(f"chain: {len(done)} confirmed ({', '.join(kinds)})")


def _send_signed(registry: Registry) -> None:
    while True:
        with registry.store.reading() as session:
            calls = signed(session)
        if not calls:
            return
        carry_out(registry, calls)


def _ask_along(registry: Registry) -> None:
    """Put the anchoring of the newest head beside calls that wait: it goes along with the last of them.

    One block is then waited for, and not two. One that is under way goes first.
    """
    open_ = col(ChainCall.state).in_(("pending", "sent"))
    with registry.store.reading() as session:
        kinds = set(session.exec(select(ChainCall.kind).where(open_).distinct()))
    if not kinds or ANCHOR.name in kinds:
        return
    held, size = _heads(registry)
    if held != size:
        _anchoring(registry, held, size)


def _anchor(registry: Registry, progress: Progress) -> None:
    held, size = _heads(registry)
    if held == size:
        _confirm_anchor(registry, size)
        return
    if not carry_out(registry, [_anchoring(registry, held, size)]):
        carry_out(registry, [_anchoring(registry, held, size)])  # the reason of its refusal, or once more
    progress(f"anchored {counted(size, 'statement')}")


def _heads(registry: Registry) -> tuple[int, int]:
    """Sizes of the head that the chain holds (0: none) and of the log's. Raises `DataFault`."""
    head = registry.client.latest_anchor()
    held = 0 if head is None else head.size
    with registry.store.reading() as session:
        require_anchored(session, held, foreign=registry.instance.foreign)
    size = registry.log.size
    if held > size or (head is not None and registry.log.root(held) != head.root):
        raise DataFault(
            f"the chain holds a head of size {held} that this log does not have",
            code="log-behind-chain",
            hint="the log was replaced or is older than the chain: run `yinzheng audit`.",
        )
    return held, size


def _anchoring(registry: Registry, held: int, size: int) -> ChainCall:
    """The call in the outbox that anchors the head of `size`, which extends that of `held`.

    One that was refused is made anew, by what the chain holds now: a log that does not grow has no other.
    """
    proof = registry.log.consistency(held, size) if held else []
    with registry.store.transaction() as session:
        call = repository.find_call(session, ANCHOR.name, str(size))
        if call is None or call.state == "failed":
            made = registry.client.anchor(Head(size, registry.log.root(size)), proof)
            if call is None:
                call = outbox(session, ANCHOR, str(size), made, registry.clock())
            else:
                refusal = call.error
                send_anew(session, call, made)
                call.error = refusal  # so that it is tried before it is sent
            session.flush()
    return call


def _confirm_anchor(registry: Registry, size: int) -> None:
    """Note an anchoring that was mined but not yet written down."""
    with registry.store.reading() as session:
        checkpoint = session.get(CheckpointRow, size)
    if checkpoint is None or checkpoint.anchored_block is not None:
        return
    with registry.store.transaction() as session:
        row = session.get_one(CheckpointRow, size)
        row.anchored_block = registry.w3.eth.block_number

"""From an acknowledged decision to a confirmed deposit (D9): database → log → chain → database.

The database decides: what is committed there will happen. Every step below only carries further what an
earlier one made durable, looks before it acts, and may be repeated: after a crash the same code runs again
and rolls forward.

0. *pool*: consents given one by one join the events together, shuffled (database).
1. *sequence*: events get their position in the log (database).
2. *publish*: the log grows to that size and its checkpoint is signed (files).
3. *call*: contract calls that decisions asked for are sent in order; the signed transaction is stored
   before it is sent, so that a crash repeats the same transaction and never makes a second one (chain).
4. *anchor*: the new head goes to the chain, which refuses one that is not an extension (chain).
5. *confirm*: what the chain answered is written beside the decision (database).
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session, col, select

from yinzheng.ledger.chain.records import Head
from yinzheng.ledger.flow import pool
from yinzheng.ledger.flow.outbox import carry_out, waiting
from yinzheng.ledger.flow.outbox import (
    outbox as outbox,  # use cases put their calls there through the pipeline
)
from yinzheng.ledger.registry import Progress, Registry, silent
from yinzheng.ledger.rules.states import State
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Case, Certificate, ChainCall
from yinzheng.ledger.store.models import Checkpoint as CheckpointRow
from yinzheng.verifier.errors import DataFault, UsageFault, YinzhengError
from yinzheng.verifier.log.note import Checkpoint


def settle(registry: Registry, progress: Progress = silent) -> None:
    """Carry everything acknowledged through to the chain's confirmation; safe to repeat at any time.

    Raises what stands in the way: `EnvironmentFault` (a node unreachable: run again later), `DataFault` (the
    log and the database contradict each other, the chain refuses a head: stop and audit). What was
    acknowledged stays so.
    """
    _check_log_is_ours(registry)
    pool.flush(registry)
    sequence_and_publish(registry, progress)
    _send_calls(registry, progress)
    _anchor(registry, progress)


def _check_log_is_ours(registry: Registry) -> None:
    """The database must hold every statement the log has published; otherwise it was rolled back."""
    with registry.store.reading() as session:
        known = repository.sequenced(session)
    if registry.log.size > known:
        raise DataFault(
            f"the log holds {registry.log.size} statements, the database only {known} of them",
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
        progress(f"sequenced {placed} statements")
    with registry.store.reading() as session:
        wanted = repository.sequenced(session)
    while registry.log.size < wanted:
        first = registry.log.size
        end = min(first + repository.BATCH, wanted)
        with registry.store.reading() as session:
            registry.log.append(list(repository.statements(session, first, end)))
        progress(f"log holds {end} statements")
    if wanted:
        _publish_checkpoint(registry)


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


def _send_calls(registry: Registry, progress: Progress) -> None:
    while True:
        with registry.store.reading() as session:
            calls = waiting(session)
        if not calls:
            return
        done = carry_out(registry, calls, _note_effect, _note_refusal)
        kinds = sorted({call.key.partition(":")[0] for call in done})
        progress(f"chain: {len(done)} confirmed ({', '.join(kinds)})")


def _anchor(registry: Registry, progress: Progress) -> None:
    head = registry.client.latest_anchor()
    held = 0 if head is None else head.size
    size = registry.log.size
    if held > size or (head is not None and registry.log.root(held) != head.root):
        raise DataFault(
            f"the chain holds a head of size {held} that this log does not have",
            code="log-behind-chain",
            hint="the log was replaced or is older than the chain: run `yinzheng audit`.",
        )
    if held == size:
        _confirm_anchor(registry, size)
        return
    key = f"anchor:{size}"
    proof = registry.log.consistency(held, size) if held else []
    with registry.store.transaction() as session:
        call = session.exec(select(ChainCall).where(ChainCall.key == key)).first()
        if call is None:
            made = registry.client.anchor(Head(size, registry.log.root(size)), proof)
            call = outbox(session, key, made, registry.clock())
            session.flush()
            checkpoint = session.get(CheckpointRow, size)
            if checkpoint is not None:
                checkpoint.call_id = call.id
    carry_out(registry, [call], _note_effect, _note_refusal)
    progress(f"anchored {size} statements")


def _confirm_anchor(registry: Registry, size: int) -> None:
    """Note an anchoring that was mined but not yet written down."""
    with registry.store.reading() as session:
        checkpoint = session.get(CheckpointRow, size)
    if checkpoint is None or checkpoint.anchored_block is not None:
        return
    with registry.store.transaction() as session:
        row = session.get_one(CheckpointRow, size)
        row.anchored_block = registry.w3.eth.block_number


def _note_refusal(session: Session, row: ChainCall, refusal: YinzhengError) -> YinzhengError:
    """Write down that the contracts refused a call for good; gives what to tell the caller.

    A refused deposit is taken back: its date is more than a day old because the chain was out of reach
    (S5.8), or an approver lost the role. The case returns to where it is issued anew, under the same number;
    the statement stays in the log, and the chain tells everyone that it was not deposited (R9).
    """
    row.state, row.error = "failed", refusal.code
    kind, _, name = row.key.partition(":")
    if kind != "deposit":
        return refusal
    certificate = session.get_one(Certificate, name)
    certificate.event_id, certificate.qr = None, None
    session.get_one(Case, certificate.case_id).state = State.PUBLICITY.value
    row.key, row.state = f"{row.key}:{row.id}", "withdrawn"
    return UsageFault(
        f"the contracts refused the deposit of {name}: {refusal.message}",
        code="deposit-refused",
        hint="It is not registered. Have its certificate approved and issued again; it keeps its number.",
        reason=refusal.code,
    )


def withdrawn_deposits(session: Session, number: str) -> int:
    """How many deposits of a certificate the contracts refused, each with a statement in the log."""
    taken_back = select(ChainCall.id).where(
        col(ChainCall.key).startswith(f"deposit:{number}:"), ChainCall.state == "withdrawn"
    )
    return len(session.exec(taken_back).all())


def _note_effect(registry: Registry, session: Session, row: ChainCall) -> None:
    kind, _, name = row.key.partition(":")
    if kind == "anchor":
        session.get_one(CheckpointRow, int(name)).anchored_block = row.block_number
    elif kind == "publicity":
        case = session.get_one(Case, name)
        on_chain = registry.client.case(case.subject)
        if on_chain is not None:
            case.publicity_end = on_chain.publicity_end
    elif kind == "deposit":
        session.get_one(Certificate, name).state = "deposited"


def failed_calls(session: Session) -> Sequence[ChainCall]:
    """Calls the contracts refused for good; an audit names them."""
    return session.exec(select(ChainCall).where(ChainCall.state == "failed")).all()

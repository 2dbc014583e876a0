"""Whether database, log and chain are of one history, and none older than the others (D9).

Each of the three knows something of the other two: the database every statement of the log, every head that
was signed and every transaction that was sent; the log what was published; the chain the heads that were
anchored and how many transactions it took. A copy from another day, put beside the others, is told by that,
before anything is written over a history that others hold.

How many transactions the relay signed, and how many were found in blocks, is counted beside the outbox,
heartbeats included: one that the chain has and nobody here signed was signed by a newer database. Of the last
one the block is kept: the same transaction in another block is another history, with other times.

Who only reads may ask beside a writer, whose database comes first, then its log, then the chain. So what the
database knew before the others were asked must be in them, and what they hold it must know afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlmodel import Session, col, select

from yinzheng.ledger.chain.client import ContractsClient
from yinzheng.ledger.chain.outcomes import Mined, Unknown
from yinzheng.ledger.chain.sender import Carrier, account_of
from yinzheng.ledger.keys.provider import RELAY
from yinzheng.ledger.log.tilelog import TileLog
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.database import Store
from yinzheng.ledger.store.models import ChainCall, Checkpoint, Counter, Meta
from yinzheng.verifier.bytes.counting import counted
from yinzheng.verifier.errors import DataFault, EnvironmentFault, YinzhengError

_TOGETHER: Final = (
    "Nothing was written. Put its newest copy back; if there is none, restore all three from one backup:"
    " `yinzheng restore`."
)


def count_signed(session: Session, sender: str, nonces: int) -> None:
    """Note, before any is sent, that `sender` signed so many transactions in all."""
    _raise_to(session, f"signed:{sender}", nonces)


def count_mined(session: Session, sender: str, nonces: int, transaction: bytes, block: bytes) -> None:
    """Note that so many transactions of `sender` are in blocks, and in which block the last one is."""
    _raise_to(session, f"mined:{sender}", nonces)
    repository.write_meta(session, {f"mined:{sender}": f"{transaction.hex()} {block.hex()}"})


def _raise_to(session: Session, scope: str, number: int) -> None:
    row = session.get(Counter, scope) or Counter(scope=scope, last=0)
    row.last = max(row.last, number)
    session.add(row)


def require_counted(session: Session, sender: str, counted: int, *, foreign: bool) -> None:
    """Refuse a node that counts fewer of a sender's transactions than were found in final blocks.

    Raises `EnvironmentFault` or `DataFault` `chain-behind-database`.
    """
    mined = session.get(Counter, f"mined:{sender}")
    if mined is not None and counted < mined.last:
        raise _chain_behind(foreign)


def require_anchored(session: Session, size: int, *, foreign: bool) -> None:
    """Refuse a node whose newest head, of `size` statements, is older than one that was found anchored.

    Raises as `require_counted`.
    """
    anchored = repository.latest_checkpoint(session, anchored=True)
    if anchored is not None and size < anchored.size:
        raise _chain_behind(foreign)


@dataclass(frozen=True, slots=True)
class Known:
    """What the database knows of the other two, as of one moment."""

    size: int
    """Statements that have a place in the log."""
    head: Checkpoint | None
    """The latest that was signed …"""
    anchored: Checkpoint | None
    """… and the latest that the chain holds."""
    signed: int
    mined: int
    """Transactions of the relay."""
    confirmed: ChainCall | None
    """The newest call that was found in a block."""
    last: tuple[bytes, bytes] | None = None
    """The hash of the last transaction that was, and its block's."""


def known_of(session: Session) -> Known:
    """Read what the database knows."""
    calls = select(ChainCall).where(ChainCall.state == "confirmed", ChainCall.sender == RELAY)
    signed, mined = (session.get(Counter, f"{word}:{RELAY}") for word in ("signed", "mined"))
    last = session.get(Meta, f"mined:{RELAY}")
    return Known(
        size=repository.sequenced(session),
        head=repository.latest_checkpoint(session),
        anchored=repository.latest_checkpoint(session, anchored=True),
        signed=0 if signed is None else signed.last,
        mined=0 if mined is None else mined.last,
        confirmed=session.exec(calls.order_by(col(ChainCall.id).desc()).limit(1)).first(),
        last=None if last is None else _pair(last.value),
    )


def relay_in(session: Session) -> bytes | None:
    """The relay's account, 20 bytes, by the newest call it signed; None: it signed none yet."""
    signed = select(ChainCall.raw_tx).where(ChainCall.sender == RELAY, col(ChainCall.raw_tx).is_not(None))
    raw = session.exec(signed.order_by(col(ChainCall.id).desc()).limit(1)).first()
    return None if raw is None else account_of(raw)


def _pair(words: str) -> tuple[bytes, bytes]:
    transaction, block = map(bytes.fromhex, words.split())
    return transaction, block


def require_head(log: TileLog) -> None:
    """Refuse a log whose published head cannot be read. Raises as `TileLog.checkpoint`."""
    try:
        log.checkpoint()
    except DataFault as fault:
        if fault.code == "checkpoint-origin":
            raise
        raise DataFault(
            f"the log's published checkpoint is damaged: {fault.message}",
            code=fault.code,
            hint="Nothing was written. Put its newest copy back, or have the log written anew from the"
            " database: `yinzheng settle --log-anew`.",
        ) from None


def require_one_history(
    known: Known,
    store: Store,
    log: TileLog,
    client: ContractsClient,
    relay: Carrier,
    *,
    sent: int,
    foreign: bool,
    log_anew: bool = False,
) -> None:
    """Refuse to go on where one of the three is older than the others, or of another history.

    `known` was read before `log` and `sent`, the number of the relay's transactions in blocks. `log_anew`: a
    log that is older is written anew from the database. `foreign`: the chain is a node's, which may lag.

    Raises `DataFault`: `database-behind-log`, `database-behind-chain`, `log-behind-database`,
    `chain-behind-database`, `database-forked`, `log-forked`, `chain-forked`; `EnvironmentFault`
    `chain-behind-database` where a node's chain is behind, and what cannot be read.
    """
    _check_log(known, store, log, client, log_anew=log_anew)
    _check_chain(known, store, log, client, relay, sent=sent, foreign=foreign)


def _check_log(known: Known, store: Store, log: TileLog, client: ContractsClient, *, log_anew: bool) -> None:
    if log.size > known.size and log.size > _now(store).size:
        raise DataFault(
            f"the log holds {counted(log.size, 'statement')}, the database only {known.size} of them",
            code="database-behind-log",
            hint=f"The database is older than the log. {_TOGETHER}",
        )
    head = known.head
    if head is None or (log_anew and log.size < head.size):
        return
    if log.size < head.size:
        raise DataFault(
            f"the database knows a head of the log of {counted(head.size, 'statement')}, "
            f"the log holds only {log.size}",
            code="log-behind-database",
            hint="The log is older than the database. Nothing was written. Put its newest copy back, or have"
            " it written anew from the database: `yinzheng settle --log-anew`.",
        )
    if log.root(head.size) != head.root or not _same_statements(store, log, head.size):
        anchor = client.latest_anchor()
        by_chain = anchor is not None and anchor.size <= log.size and log.root(anchor.size) == anchor.root
        which, other = ("database", "log") if by_chain else ("log", "database")
        raise DataFault(
            f"the {which} is of another history than the {other}",
            code=f"{which}-forked",
            hint=f"It was written on from an older copy. {_TOGETHER}",
        )


def _now(store: Store) -> Known:
    """What the database knows by now, if a writer is at work."""
    with store.reading() as session:
        return known_of(session)


def _same_statements(store: Store, log: TileLog, first: int) -> bool:
    """Whether what the log holds beyond the last head the database knows is what the database has there."""
    with store.reading() as session:
        ours = repository.statements(session, first, log.size)
        return all(one == other for one, other in zip(ours, log.entries(first), strict=True))


def _check_chain(
    known: Known,
    store: Store,
    log: TileLog,
    client: ContractsClient,
    relay: Carrier,
    *,
    sent: int,
    foreign: bool,
) -> None:
    anchor = client.latest_anchor()
    held = 0 if anchor is None else anchor.size
    if _beyond(known, sent, held) and _beyond(_now(store), sent, held):
        raise DataFault(
            "the chain holds transactions of this registry that its database never sent",
            code="database-behind-chain",
            hint=f"The database is older than the chain. {_TOGETHER}",
        )
    require_not_behind(known, sent, held, foreign=foreign)
    confirmed = known.confirmed
    if confirmed is not None and confirmed.tx_hash is not None:
        lost = isinstance(relay.outcome(confirmed.tx_hash), Unknown)
        if lost and foreign:  # its block was orphaned, perhaps, and the node forgot the transaction
            raise _chain_behind(foreign)
    else:
        lost = False
    if known.last is not None and not foreign:  # a node's blocks may be put in another order before they stay
        found = relay.outcome(known.last[0])
        lost = lost or not isinstance(found, Mined) or found.block_hash != known.last[1]
    if lost or (anchor is not None and held <= log.size and log.root(held) != anchor.root):
        raise DataFault(
            "the chain is of another history than database and log",
            code="chain-forked",
            hint=f"It was written on from an older copy. {_TOGETHER}",
        )


def require_not_behind(known: Known, sent: int, held: int, *, foreign: bool) -> None:
    """Refuse a chain that counts fewer of the relay's transactions than were found in final blocks, or holds
    an older head (of `held` statements). Raises as `require_counted`.
    """
    if sent < known.mined or (known.anchored is not None and held < known.anchored.size):
        raise _chain_behind(foreign)


def _beyond(known: Known, sent: int, held: int) -> bool:
    """Whether the chain has more than the database knows of."""
    return sent > known.signed or held > known.size


def _chain_behind(foreign: bool) -> YinzhengError:
    message = "the chain lacks transactions that the database has found in its blocks"
    if foreign:
        return EnvironmentFault(
            message,
            code="chain-behind-database",
            hint="The node lags or was put back: wait until it has caught up, or ask another. Nothing was"
            " written.",
        )
    return DataFault(
        message, code="chain-behind-database", hint=f"The chain is older than the database. {_TOGETHER}"
    )

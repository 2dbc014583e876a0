"""Contracts about data (R56): both parties' signatures, recorded; then what happens under them, as a thread.

Everything is private, sealed under the key of its month, and shown to seller, buyer, the exchange that handed
it in and the one that settled it. The digest of what was signed is what a trade check names (S20.1).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from sqlmodel import Session, select

from yinzheng.ledger.accesses.keys import key_for, month_of, open_key
from yinzheng.ledger.certificates.reserving import settled_by
from yinzheng.ledger.flow.recording import open_event
from yinzheng.ledger.flow.threads import Thread, find_organisation, thread
from yinzheng.ledger.organisations.keys import find_key
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.contracts import COURSE, Move, Situation, State
from yinzheng.ledger.rules.organisations import Role
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.rules.trade_contract import DAY, Problem, check_contract
from yinzheng.ledger.store.models_trades import TradeContract as Row
from yinzheng.ledger.trades.checking import KEYS, Work
from yinzheng.verifier.bytes.algorithms import Sm2PublicKey
from yinzheng.verifier.bytes.canonical import JSON, read_object
from yinzheng.verifier.bytes.shape import read_shape
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats import trade_events as events
from yinzheng.verifier.formats.trade_contract import SignedContract, TradeContract, is_signed_by

MOST_TOLD: Final = 1000
"""Statements of one contract after which nothing is told that may be told again and again."""

CLOCKS: Final = 300
"""Seconds by which a party's clock may differ from the ledger's."""

KINDS: Final[dict[Move, type[events.Event]]] = {
    Move.DELIVER: events.Delivered,
    Move.ACCEPT: events.Accepted,
    Move.OBJECT: events.Objected,
    Move.TRACK: events.Tracked,
    Move.END: events.Ended,
    Move.DESTROY: events.Destroyed,
}
"""What a party tells after the contract, by the move."""


@dataclass(kw_only=True)
class ContractThread(Thread[State, Move]):
    """One contract, opened for one step by one party."""

    row: Row
    side: str

    course = COURSE

    @property
    def situation(self) -> Situation:
        """All that the table of moves looks at."""
        return Situation(State(self.row.state), self.row.kind, self.side)

    @property
    def head(self) -> bytes | None:
        """Leaf hash of the latest statement."""
        return self.row.head or None

    def move_on(self, leaf: bytes) -> None:
        """Keep `leaf` as the head."""
        self.row.head = leaf
        self.session.add(self.row)

    def move_to(self, state: State) -> None:
        """Set the state the table leads to, and since when it is accepted or over."""
        self.row.state = state.value
        if state is State.ACCEPTED and self.row.accepted_at is None:
            self.row.accepted_at = self.now
        if state is State.ENDED:
            self.row.ended_at = self.now
        self.session.add(self.row)


def conclude(registry: Registry, signed: SignedContract, by: str) -> Row:
    """Record a contract that both signed, handed in by a party or an exchange.

    Raises `UsageFault`: `contract-unsigned`, `contract-refused` (with every problem that refuses it),
    `contract-known`, `contract-stranger`, `organisation-unknown`, `organisation-role`; `DataFault`:
    `contract-signature`; `EnvironmentFault` where the chain's node does not answer.
    """
    contract, now = signed.contract, registry.clock()
    with registry.store.transaction() as session:
        exchange = _handed_in(session, contract, by)
        _require_signed(session, signed, now)
        digest = contract.digest
        if session.exec(select(Row).where(Row.digest == digest.sha256)).first() is not None:
            raise UsageFault(
                "this contract is recorded already", code="contract-known", hint="Nothing is left to do."
            )
        account = None if exchange is None else find_organisation(session, exchange).account
        open_ = _require_lawful(registry, session, contract, now, account)
        row = Row(
            subject=registry.random(32),
            digest=digest.sha256,
            number=contract.certificate.number,
            seller=contract.seller.code,
            buyer=contract.buyer.code,
            exchange=exchange,
            kind=contract.kind,
            state=State.NONE.value,
            head=b"",
            concluded_at=now,
        )
        opened = _opened(registry, session, row, contract.side_of(by) or "exchange", now)
        rule = opened.allow(Move.CONCLUDE, Capacity.PARTY)
        body = events.Concluded(contract, signed.signatures, digest, open_, by, now)
        opened.write(rule, opened.compose(rule, body.to_json()))
    return row


def tell(registry: Registry, subject: bytes, move: Move, told: JSON, by: str) -> Row:
    """Record what a party tells of a contract of its own.

    Raises `UsageFault`: `contract-unknown` (also to who has no part in it), `move-not-allowed`,
    `contract-side`, `contract-kind`, `contract-long`; `DataFault`: `field-…`, `contract-signature` (a
    destruction's), `destruction-other`, `destruction-early`.
    """
    kind = KINDS[move]
    given = read_object(told, events.told_by_party(kind))
    with _open(registry, subject, by) as opened:
        rule = opened.allow(move, Capacity.PARTY)
        if move in (Move.TRACK, Move.OBJECT):
            _require_room(opened)
        if kind is events.Destroyed:
            given["late"] = _checked(opened, given["signed"], by)
        body = kind(contract=subject, by=by, at=opened.now, **given)
        opened.write(rule, opened.compose(rule, body.to_json()))
        return opened.row


def write_settled(
    registry: Registry, session: Session, row: Row, reservation: bytes, move: bytes, by: str
) -> None:
    """State in the contract's thread by which move exchange `by` settled it, in the caller's transaction."""
    opened = _opened(registry, session, row, "exchange", registry.clock())
    rule = opened.allow(Move.SETTLE, Capacity.EXCHANGE)
    body = events.Settled(row.subject, by, opened.now, reservation, move)
    opened.write(rule, opened.compose(rule, body.to_json()))


def shown(registry: Registry, subject: bytes, by: str) -> dict[str, JSON]:
    """The contract and all that was told of it, for its parties and the exchanges that have a part in it.

    Raises `UsageFault` `contract-unknown`.
    """
    with registry.store.reading() as session:
        row, side = _found(session, subject, by)
        told: list[JSON] = []
        for event in thread(session, row.head):
            key = open_key(session, registry.keys, month_of(event.at, KEYS))
            body, _ = open_event(key.seal, event.sealed, event.leaf_hash)
            told.append({"type": event.type, "at": event.at, "leaf": event.leaf_hash.hex(), "body": body})
        return {
            "contract": row.subject.hex(),
            "state": row.state,
            "side": side,
            "concluded_at": row.concluded_at,
            "events": told,
        }


def require_part(session: Session, subject: bytes, by: str) -> Row:
    """The contract's row, for who has a part in it. Raises `UsageFault` `contract-unknown`."""
    return _found(session, subject, by)[0]


def said_of(registry: Registry, session: Session, row: Row) -> TradeContract:
    """What a recorded contract says."""
    first = thread(session, row.head)[0]
    key = open_key(session, registry.keys, month_of(first.at, KEYS))
    body: Any = open_event(key.seal, first.sealed, first.leaf_hash)[0]
    return read_shape(events.Concluded, body).contract


def _handed_in(session: Session, contract: TradeContract, by: str) -> str | None:
    """The exchange's code where it is handed in by one; a party needs no more than to be one."""
    if contract.side_of(by) is not None:
        return None
    if Role.EXCHANGE not in find_organisation(session, by).roles.split():
        raise UsageFault(
            "seller, buyer or an exchange hands a contract in",
            code="contract-stranger",
            hint="Have a party to it hand it in.",
        )
    return by


def _require_signed(session: Session, signed: SignedContract, now: int) -> None:
    if not signed.complete:
        raise UsageFault(
            "not both parties have signed",
            code="contract-unsigned",
            hint="Each signs offline: `yinzheng holder contract sign`.",
        )
    for one in signed.signatures:
        find_organisation(session, one.code)
        key = find_key(session, one.code, one.kid, now)
        if key is None or not is_signed_by(signed, one, Sm2PublicKey(key.grant.key)):
            raise DataFault(
                "a party's signature is not by a key of it that holds now",
                code="contract-signature",
                hint="Sign anew with the key that is enrolled.",
                party=one.code,
            )


def _require_lawful(
    registry: Registry, session: Session, contract: TradeContract, now: int, exchange: bytes | None
) -> tuple[str, ...]:
    """The reasons that leave it to a person, where nothing refuses it."""
    known, found, told = Work(registry, session).look(contract.certificate.number, contract.seller.code)
    leaf = None if told is None else told.content
    problems = check_contract(contract, known, found, leaf, now, exchange)
    if refusing := [one for one in problems if one.refuses]:
        raise UsageFault(
            "the contract is not lawful: " + "; ".join(map(_said, refusing)),
            code="contract-refused",
            hint="Change these clauses, and have both sign anew.",
            codes=sorted({one.code for one in refusing}),
        )
    return tuple(sorted({one.code for one in problems}))


def _said(problem: Problem) -> str:
    about = f" ({problem.about})" if problem.about else ""
    return f"{problem.code}{about} [{problem.rule}]"


def _require_room(opened: ContractThread) -> None:
    """What is told again and again, by whichever party, leaves room for what ends it."""
    if len(thread(opened.session, opened.row.head)) >= MOST_TOLD:
        raise UsageFault(
            f"of one contract {MOST_TOLD} statements are recorded",
            code="contract-long",
            hint="What leads to its end is recorded still; report the rest among yourselves.",
        )


@contextmanager
def _open(registry: Registry, subject: bytes, by: str) -> Iterator[ContractThread]:
    with registry.store.transaction() as session:
        row, side = _found(session, subject, by)
        yield _opened(registry, session, row, side, registry.clock())


def _opened(registry: Registry, session: Session, row: Row, side: str, now: int) -> ContractThread:
    return ContractThread(
        registry=registry,
        session=session,
        now=now,
        subject=row.subject,
        profile=registry.instance.profile,
        seal=key_for(session, registry.keys, now, KEYS).seal,
        row=row,
        side=side,
    )


def _found(session: Session, subject: bytes, by: str) -> tuple[Row, str]:
    row = session.get(Row, subject)
    sides = {} if row is None else {row.exchange: "exchange", row.buyer: "buyer", row.seller: "seller"}
    if row is not None and by not in sides and _settled_it(session, row, by):
        return row, "exchange"
    if row is None or by not in sides:
        raise UsageFault(
            "you have no such contract",
            code="contract-unknown",
            hint="It is named as the answer to its recording told.",
        )
    return row, sides[by]


def _settled_it(session: Session, row: Row, by: str) -> bool:
    """Whether `by` is the exchange whose reservation it settled: what both signed names it (ADR 68)."""
    return by in (one.exchange for one in settled_by(session, row.number, row.digest))


def _checked(opened: ContractThread, signed: events.SignedDestruction, by: str) -> bool:
    """Whether a destruction came late.

    Raises `DataFault`: `destruction-other`, `destruction-early`, `contract-signature`.
    """
    receipt = signed.receipt
    if (
        receipt.contract != opened.row.subject
        or receipt.by != by
        or receipt.destroyed_at > opened.now + CLOCKS
    ):
        raise DataFault("this receipt is of another contract, party or time", code="destruction-other")
    if receipt.destroyed_at < _delivered(opened) - CLOCKS:
        raise DataFault(
            "the receipt's time lies before what it destroys was delivered",
            code="destruction-early",
            hint="Destroy what was delivered, and sign when that was.",
        )
    key = find_key(opened.session, by, receipt.kid, opened.now)
    if key is None or not signed.is_signed_by(Sm2PublicKey(key.grant.key)):
        raise DataFault("the destruction is not signed by a key that holds now", code="contract-signature")
    return opened.now > _due(opened)


def _delivered(opened: ContractThread) -> int:
    """When the latest delivery was told, or the contract itself, where nothing was delivered."""
    counted = (events.Concluded.TYPE, events.Delivered.TYPE)
    return [one.at for one in thread(opened.session, opened.row.head) if one.type in counted][-1]


def _due(opened: ContractThread) -> int:
    """Until when who destroys has time, by the contract's clause."""
    clauses = said_of(opened.registry, opened.session, opened.row).clauses
    row, deposit = opened.row, clauses.quality_deposit
    clause = clauses.seller_destroys if opened.side == "seller" else clauses.buyer_destroys
    since = row.ended_at if opened.side == "buyer" else row.accepted_at
    assert clause is not None  # the rule asks for it, and no contract without one is recorded
    assert since is not None  # the course leads here through acceptance or the end
    warranty = deposit.warranty_days if deposit and clause.since == "warranty_end" else 0
    return since + (clause.within_days + warranty) * DAY

"""Answering exchanges before a trade (R45): what was asked and answered is recorded, then signed and told.

Many are answered in one transaction and about one block. An answer is given once it is durable; its statement
enters the log and the log's head the chain as everything does, and the receipt's proofs follow from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import insert
from sqlmodel import Session

from yinzheng.ledger.accesses.keys import key_for
from yinzheng.ledger.consents.basis import overdue_under, shown
from yinzheng.ledger.flow.recording import Occurrence, Recorded, compose, record
from yinzheng.ledger.keys.provider import ISSUER
from yinzheng.ledger.organisations.keys import Named, named
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.moves import Circumstances
from yinzheng.ledger.rules.organisations import Role
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.rules.trade import Awaited, Found, Known, check_trade, is_guess
from yinzheng.ledger.store.models import table_of
from yinzheng.ledger.store.models_trades import TradeCheck
from yinzheng.ledger.store.prepared import Prepared
from yinzheng.ledger.trades.awaited import awaited
from yinzheng.ledger.trades.certificates import Registered, recognise
from yinzheng.ledger.trades.records import Standing, View
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.chain.layout import REMARK_BITS
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.body import MAX_BODY, Body, Party, parse_body
from yinzheng.verifier.formats.trade import Trade
from yinzheng.verifier.formats.trade_check import MAX_BODY as MOST
from yinzheng.verifier.formats.trade_check import TYPE, Record, TradeChecked, fresh_receipt, sign_check
from yinzheng.verifier.log.statement import Statement

_WRITE: Final = Prepared(insert(table_of(TradeCheck)))

KEYS = "trade"
"""What the names of the month's keys begin with, under which answers lie sealed."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: what about, and whose signed request it came in."""

    org: str
    """Credit code of the exchange."""
    key: bytes
    """8 bytes: `kid` of the key that signed."""
    trade: Trade


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer that was recorded."""

    statement: Statement
    body: TradeChecked
    receipt: bytes
    """S20.3 in canonical bytes, without proofs yet."""
    guessed: bool = False
    """Whether a number was named that is none here, or none of that seller's; or a code made up (R50)."""


def check_trades(registry: Registry, asked: Sequence[Asked]) -> list[Answered]:
    """Answer each, in order, in one transaction: all are recorded or none.

    Raises `UsageFault`: `organisation-unknown`, `organisation-role`; `DataFault` `certificate-malformed` or
    as `decode_qr`; `EnvironmentFault` where the chain's node does not answer.
    """
    with registry.store.transaction() as session:
        work = Work(registry, session)
        answered = [work.answer(one) for one in asked]
        work.write()
        return answered


class Work:
    """One transaction: what is looked up for one question serves the next."""

    def __init__(self, registry: Registry, session: Session) -> None:
        self._registry = registry
        self._session = session
        self._now = registry.clock()
        self._view = View.newest(registry)
        self._seal = key_for(session, registry.keys, self._now, KEYS).seal
        self._issuer = registry.keys.sm2(ISSUER)
        self._exchanges: dict[str, Named] = {}
        self._awaited: dict[bytes, tuple[Awaited, ...]] = {}
        self._overdue: dict[tuple[bytes, ...], int] = {}
        self._recognised: dict[str, tuple[Known, Registered | None]] = {}
        self._recorded: list[Recorded] = []
        self._rows: list[dict[str, Any]] = []

    def write(self) -> None:
        """Write everything that was answered, at once."""
        record(self._session, self._recorded)
        if self._rows:
            _WRITE.run(self._session, self._rows)

    def answer(self, asked: Asked) -> Answered:
        """Answer one question and record it. Raises as `check_trades`."""
        exchange = self._exchange(asked.org)
        known, found, told = self.look(asked.trade.certificate, asked.trade.seller.code)
        # The ledger's time never goes back; a block may be a second ahead of it.
        now = max(self._now, self._view.block.time)
        answer = check_trade(asked.trade, known, found, exchange.account, now)
        body = TradeChecked(
            exchange=Party(exchange.name, exchange.code),
            key=asked.key,
            asked=asked.trade,
            answer=answer.answer,
            reasons=answer.reasons,
            obligations=answer.obligations,
            block=self._view.block,
            record=told,
            checked_at=self._now,
        )
        guessed = is_guess(asked.trade, known, found)
        return self._record(exchange.code, None if told is None else told.number, body, guessed=guessed)

    def look(self, shown: str, seller: str) -> tuple[Known, Found | None, Record | None]:
        """What is known of a certificate, by its QR text or number, and of that seller's rights under it."""
        known, row = self._certificate(shown)
        if row is None:
            return known, None, None
        standing = self._view.standing(row.number, seller)
        if standing.record is None:
            return Known.UNKNOWN, None, None  # the block does not know it yet
        return known, self._found(row, standing), _record(row.number, standing)

    def _record(self, exchange: str, number: str | None, body: TradeChecked, *, guessed: bool) -> Answered:
        written = _bounded(body.canonical())
        happened = Occurrence(
            type=TYPE,
            profile=self._registry.instance.profile,
            subject=self._registry.random(32),
            at=self._now,
            by=Capacity.REGISTRY.value,
            body=written,
            prev=None,
        )
        secret = self._registry.random(32)
        recorded = compose(happened, self._seal, now=self._now, random=lambda _: secret)
        self._recorded.append(recorded)
        kid, signature = sign_check(recorded.statement, self._issuer)
        self._rows.append(
            {
                "leaf": recorded.leaf_hash,
                "exchange": exchange,
                "number": number,
                "checked_at": self._now,
                "kid": kid,
                "signature": signature,
            }
        )
        receipt = fresh_receipt(recorded.statement, written, secret, (kid, signature))
        return Answered(recorded.statement, body, receipt, guessed)

    def _certificate(self, shown: str) -> tuple[Known, Registered | None]:
        if shown not in self._recognised:
            self._recognised[shown] = recognise(self._registry, self._session, shown)
        return self._recognised[shown]

    def _exchange(self, code: str) -> Named:
        found = self._exchanges.get(code)
        if found is None:
            found = self._exchanges[code] = named(self._session, code, Role.EXCHANGE)
        return found

    def _found(self, row: Registered, standing: Standing) -> Found:
        record = standing.record
        assert record is not None
        body = _body(row.body)
        return Found(
            body=body,
            status=record.status.name.lower(),
            circumstances=Circumstances(
                in_force=record.status.name == "IN_FORCE",
                valid_until=record.valid_until,
                holds=record.holds,
                objections=record.objections,
                seized=bool(record.remarks & REMARK_BITS["seizure"]),
                reserved_until=record.reserved_until,
                reserved_by=record.reserved_by,
            ),
            controlled=bool(record.remarks & REMARK_BITS["control"]),
            pledged=bool(record.remarks & REMARK_BITS["pledge"]),
            remarked=bool(record.remarks & (REMARK_BITS["agreed"] | REMARK_BITS["other"])),
            exclusives=tuple(one for one in standing.exclusives if one.ends >= self._now),
            overdue=shown(self._overdue_under(body.notices)),
            awaited=self._awaited_of(row.subject),
        )

    def _awaited_of(self, subject: bytes) -> tuple[Awaited, ...]:
        if subject not in self._awaited:
            self._awaited[subject] = awaited(self._session, subject)
        return self._awaited[subject]

    def _overdue_under(self, notices: tuple[bytes, ...]) -> int:
        if not notices:
            return 0
        if notices not in self._overdue:
            self._overdue[notices] = overdue_under(self._session, notices, self._now)
        return self._overdue[notices]


@lru_cache(maxsize=1024)
def _body(written: bytes) -> Body:
    """What a certificate says, by the bytes in which it says it."""
    return parse_body(canonical.loads(written, max_bytes=MAX_BODY))


def _bounded(body: bytes) -> bytes:
    """A body's canonical bytes. Raises `DataFault` `trade-too-large` (S20.2)."""
    if len(body) > MOST:
        raise DataFault(
            f"what is asked and answered has {len(body)} bytes, more than {MOST}",
            code="trade-too-large",
            hint="Give fewer fields, or shorter names.",
        )
    return body


def _record(number: str, standing: Standing) -> Record:
    record = standing.record
    assert record is not None
    return Record(
        number=number,
        content=record.content,
        status=record.status.name.lower(),
        remarks=record.remarks,
        holds=record.holds,
        objections=record.objections,
        reserved_until=record.reserved_until,
        reserved_by=record.reserved_by,
        valid_until=record.valid_until,
        changed_at=record.changed_at,
    )

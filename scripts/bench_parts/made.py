"""Many certificates, made without the steps that are measured one by one elsewhere.

The first goes through every step. All others are made by what its statements say, each with a subject, a
dossier, an organisation, a number and times of its own: statements and rows as the use cases write them,
approvals and transactions signed by those concerned and taken by the contracts, which check all they ever do.
What they say is composed by a worker process (`composing.py`), while this one has the chain carry out the
round before.

Left out are what stands before a statement (forms, checks, simulations), what makes it durable before it is
sent, and forcing dossiers onto the disk. A month's numbers end at 9,999 (R14), so the clock begins as many
months ago as are needed, and is put on from round to round.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Final

from sqlalchemy import func, insert
from sqlmodel import Session, SQLModel, select

from scripts.bench_parts.composing import PUBLICITY, Composed, Pattern, Round, Row, composing, content
from scripts.bench_parts.measure import Say
from scripts.bench_parts.site import EXAMPLE, MEMBER, OFFICER
from yinzheng.ledger.cases import calls, intake
from yinzheng.ledger.demonstration.steps import Officers
from yinzheng.ledger.flow.bulk import in_order, mill
from yinzheng.ledger.flow.calls import CallKind
from yinzheng.ledger.flow.heartbeat import beat
from yinzheng.ledger.flow.histories import count_mined, count_signed
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.keys.provider import RELAY
from yinzheng.ledger.registry import Registry, silent
from yinzheng.ledger.rules.numbers import LAST_SERIAL, month_of
from yinzheng.ledger.rules.profiles import DEMO
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import (
    Approval,
    Case,
    Certificate,
    ChainCall,
    Counter,
    Dossier,
    DossierFile,
    Event,
    table_of,
)
from yinzheng.ledger.store.prepared import Prepared
from yinzheng.verifier.bytes.china_time import CHINA

_TOGETHER: Final = 500
"""Certificates of one round: their rows are written together, their transactions share blocks."""
_AHEAD: Final = 2
"""Rounds that are composed, or wait, while one is carried out."""
_SENT: Final = 64
"""Transactions given to the chain at once, as the outbox gives them."""
_MONTH: Final = LAST_SERIAL - 1
"""Made in a month; one number is left for what is registered by hand."""


class Calendar:
    """The clock of a registry that began some months ago: it runs, or stands where it was put."""

    def __init__(self, months: int) -> None:
        first = datetime.now(CHINA).replace(day=1, hour=0, minute=1, second=0, microsecond=0)
        for _ in range(months):
            first = (first - timedelta(days=1)).replace(day=1)
        self._ahead = min(0, int(first.timestamp() - time.time()))
        self._stands: int | None = None

    def __call__(self) -> int:
        """UTC seconds."""
        return int(time.time()) + self._ahead if self._stands is None else self._stands

    def put(self, at: int) -> None:
        """Stand there, once that has come."""
        time.sleep(max(0, at - time.time()))
        self._stands = at

    def run(self) -> None:
        """Run on, with everybody's."""
        self._stands, self._ahead = None, 0


def _next_month(at: int) -> int:
    """The first minute of the month after."""
    here = datetime.fromtimestamp(at, CHINA)
    after = (here.replace(day=1) + timedelta(days=32)).replace(day=1, hour=0, minute=1, second=0)
    return int(after.timestamp())


def _year(at: int) -> int:
    return datetime.fromtimestamp(at, CHINA).year


def months_for(count: int) -> int:
    """How many months ago a registry of so many certificates begins."""
    return (count - 1) // _MONTH


def small_dossier(folder: Path) -> Path:
    """The example's dossier with files of a kilobyte."""
    for path in EXAMPLE.rglob("*"):
        if path.is_file():
            to = folder / path.relative_to(EXAMPLE)
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_bytes(path.read_bytes() if path.name == "application.json" else content())
    return folder


class Maker:
    """Makes certificates in an open registry whose clock it moves; the first by every step."""

    def __init__(self, registry: Registry, clock: Calendar, folder: Path) -> None:
        self._registry, self._clock = registry, clock
        case = intake.apply(registry, small_dossier(folder), DEMO.tag, silent)
        Officers(registry, case, OFFICER, MEMBER).carry(lambda _: None)
        self._pattern = Pattern.of(registry, case)
        self._done = Round(0, 1, 0, 0, _year(clock()), clock() - PUBLICITY)
        self._time = (-1, 0)
        self._last = (0, b"", b"")
        self.gas: dict[str, int] = {}
        """Of the last transaction of each kind."""

    def make(self, upto: int, say: Say, most: float = math.inf) -> int:
        """Make until there are `upto`, or `most` seconds are over; gives how many there are then."""
        rounds = self._rounds(upto, time.monotonic() + most)
        with mill(partial(composing, self._registry.paths.root, self._pattern), 1) as making:
            for some, made in in_order(making, rounds, 1 + _AHEAD):
                say(f"{some.first:,} of {upto:,} certificates made")
                self._carry_out(some, made)
                settle(self._registry)
        self._clock.run()
        beat(self._registry)
        return self._done.first + self._done.count

    def _rounds(self, upto: int, until: float) -> Iterator[Round]:
        """What to make next, and after it."""
        last = self._done
        while (first := last.first + last.count) < upto and time.monotonic() < until:
            serial, opened = last.serial + last.count, last.decided + 1
            if serial >= _MONTH:
                serial, opened = 0, _next_month(opened)
            cases = last.cases + last.count if _year(opened) == last.year else 0
            count = min(_TOGETHER, upto - first, _MONTH - serial)
            last = Round(first, count, cases, serial, _year(opened), opened)
            yield last

    def _carry_out(self, some: Round, made: Sequence[Composed]) -> None:
        self._clock.put(some.opened)
        self._send(calls.PUBLICITY, made)
        self._clock.put(some.decided)
        self._send(calls.DEPOSIT, made)
        self._write(some, made)
        self._done = some

    def _send(self, kind: CallKind, made: Sequence[Composed]) -> None:
        """Have the chain carry out what is asked for each, by the relay's transactions, many to a block."""
        registry, sender = self._registry, self._registry.sender
        for first in range(0, len(made), _SENT):
            some = made[first : first + _SENT]
            nonce, fees, head = sender.next_nonce(), sender.fees(), registry.w3.eth.block_number
            asked = [one.asked[kind is calls.DEPOSIT] for one in some]
            signed = [sender.prepare(call, place, fees) for place, (_, call) in enumerate(asked, nonce)]
            sender.broadcast_all(signed)
            for one, (about, call), transaction in zip(some, asked, signed, strict=True):
                mined = sender.wait(transaction.hash, 60)
                if mined.refusal is not None:
                    raise SystemExit(f"bench: the contracts refuse a certificate: {mined.refusal.code}")
                row = ChainCall(
                    kind=kind.name,
                    about=about,
                    target=call.to or b"",
                    data=call.data,
                    gas=call.gas,
                    state="confirmed",
                    raw_tx=transaction.raw,
                    tx_hash=transaction.hash,
                    nonce=transaction.nonce,
                    block_number=mined.block_number,
                    created_at=registry.clock(),
                    since_block=head,
                )
                one.calls.append(row.model_dump())
                self.gas[kind.name] = mined.gas_used
                if kind is calls.PUBLICITY:
                    one.case["publicity_end"] = self._time_of(mined.block_number) + PUBLICITY
            self._last = signed[-1].nonce, signed[-1].hash, mined.block_hash

    def _time_of(self, block: int) -> int:
        if self._time[0] != block:
            self._time = block, int(self._registry.w3.eth.get_block(block)["timestamp"])
        return self._time[1]

    def _write(self, some: Round, made: Sequence[Composed]) -> None:
        """The rows of all, in one transaction."""
        with self._registry.store.transaction() as session:
            _insert(session, Dossier, [one.dossier for one in made])
            _insert(session, DossierFile, [row for one in made for row in one.files])
            _insert(session, Case, [one.case for one in made])
            before = session.exec(select(func.max(Event.id))).one() or 0
            repository.add_events(session, [event for one in made for event in one.events])
            for place, one in enumerate(made, 1):
                one.certificate["event_id"] = before + place * len(one.events)
            _insert(session, Certificate, [one.certificate for one in made])
            _insert(session, Approval, [row for one in made for row in one.approvals])
            _insert(session, ChainCall, [row for one in made for row in one.calls])
            nonce, transaction, block = self._last
            count_signed(session, RELAY, nonce + 1)
            count_mined(session, RELAY, nonce + 1, transaction, block)
            month = f"certificate:{month_of(some.decided)}"
            session.merge(Counter(scope=month, last=some.serial + some.count))
            session.merge(Counter(scope=f"case:{some.year}", last=some.cases + some.count))


def _insert(session: Session, model: type[SQLModel], rows: Sequence[Row]) -> None:
    """Rows and no objects, whose keeping costs more than the rows."""
    _statement(model).run(session, rows)


@cache
def _statement(model: type[SQLModel]) -> Prepared:
    counted = model in (Approval, ChainCall)
    names = [name for name in model.model_fields if not (counted and name == "id")]
    return Prepared(insert(table_of(model)).inline(), names)

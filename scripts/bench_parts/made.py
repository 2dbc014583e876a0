"""Many certificates, made without the steps that are measured one by one elsewhere.

The first goes through every step. All others are made by what its statements say, each with a subject, a
dossier, an organisation, a number and times of its own: statements and rows as the use cases write them,
approvals and transactions signed by those concerned and taken by the contracts, which check all they ever do.

Left out are what stands before a statement (forms, checks, simulations), what makes it durable before it is
sent, and forcing dossiers onto the disk. A month's numbers end at 9,999 (R14), so the clock begins as many
months ago as are needed, and is moved on.
"""

from __future__ import annotations

import math
import os
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final
from unittest import mock

from sqlalchemy import func, insert
from sqlmodel import Session, SQLModel, select

from scripts.bench_parts.measure import Say
from scripts.bench_parts.moves import lawful_code
from scripts.bench_parts.site import EXAMPLE, MEMBER, OFFICER
from yinzheng.ledger.cases import calls, files, intake
from yinzheng.ledger.cases.preparing import deposit_of
from yinzheng.ledger.cases.work import dossier_key
from yinzheng.ledger.chain.approvals import Publication, digest, sign
from yinzheng.ledger.chain.messages import Message
from yinzheng.ledger.chain.records import Procedure
from yinzheng.ledger.chain.sender import Call
from yinzheng.ledger.demonstration.people import acting_as
from yinzheng.ledger.demonstration.steps import Officers
from yinzheng.ledger.flow.calls import CallKind
from yinzheng.ledger.flow.heartbeat import beat
from yinzheng.ledger.flow.histories import count_mined, count_signed
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.flow.recording import Occurrence, Recorded, compose, open_event, record
from yinzheng.ledger.keys.provider import ISSUER, RELAY
from yinzheng.ledger.registry import Registry, silent
from yinzheng.ledger.rules.certificates import valid_until
from yinzheng.ledger.rules.numbers import LAST_SERIAL, month_of, next_number
from yinzheng.ledger.rules.profiles import DEMO
from yinzheng.ledger.rules.states import State
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
from yinzheng.ledger.store.sealed import SealedValue
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.china_time import CHINA
from yinzheng.verifier.formats.body import parse_body
from yinzheng.verifier.formats.certificate import encode_qr, statement_of
from yinzheng.verifier.formats.dossier import SEED_BYTES
from yinzheng.verifier.log.statement import Statement

_TOGETHER: Final = 500
"""Certificates of one round: their rows are written together, their transactions share blocks."""
_SENT: Final = 64
"""Transactions given to the chain at once, as the outbox gives them."""
_MONTH: Final = LAST_SERIAL - 1
"""Made in a month; one number is left for what is registered by hand."""
_PUBLICITY: Final = 3
_FILE: Final = 1024
"""Bytes of each file of a dossier."""
LARGE: Final = lawful_code(99_999)
"""The organisation that has every second certificate; the others have about a hundred each."""
_OTHERS: Final = 100


class Calendar:
    """The clock of a registry that began some months ago: real seconds, with days put in between."""

    def __init__(self, months: int) -> None:
        first = datetime.now(CHINA).replace(day=1, hour=0, minute=1, second=0, microsecond=0)
        for _ in range(months):
            first = (first - timedelta(days=1)).replace(day=1)
        self._ahead = min(0, int(first.timestamp() - time.time()))

    def __call__(self) -> int:
        """UTC seconds."""
        return int(time.time()) + self._ahead

    def move_on(self, seconds: int) -> None:
        """Put that many in between, up to now."""
        self._ahead = min(0, self._ahead + seconds)

    def next_month(self) -> None:
        """Go on with the first of the next month, or now."""
        here = datetime.fromtimestamp(self(), CHINA)
        after = (here.replace(day=1) + timedelta(days=32)).replace(day=1, hour=0, minute=1, second=0)
        self.move_on(int(after.timestamp()) - self())


def months_for(count: int) -> int:
    """How many months ago a registry of so many certificates begins."""
    return (count - 1) // _MONTH


def small_dossier(folder: Path) -> Path:
    """The example's dossier with files of a kilobyte."""
    for path in EXAMPLE.rglob("*"):
        if path.is_file():
            to = folder / path.relative_to(EXAMPLE)
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_bytes(path.read_bytes() if path.name == "application.json" else _content())
    return folder


def _content() -> bytes:
    return secrets.token_hex(_FILE // 2).encode()


@dataclass(frozen=True, slots=True)
class _Pattern:
    """What the first certificate's statements say, each by its type."""

    bodies: Mapping[str, tuple[Any, str]]
    """Body, and in what capacity it was stated."""
    files: Sequence[tuple[str, str, str]]
    """Path, role and title of each file that a dossier must have."""

    @classmethod
    def of(cls, registry: Registry, case_id: str) -> _Pattern:
        """As a case's events tell it."""
        with registry.store.reading() as session:
            case = repository.find_case(session, case_id)
            seal = SealedValue(dossier_key(registry, session, case.dossier_id))
            bodies = {
                event.type: (
                    open_event(seal, event.sealed, event.leaf_hash)[0],
                    Statement.from_bytes(event.statement).by,
                )
                for event in repository.events_of_case(session, case_id)
            }
        body: Any = bodies["application.received"][0]
        return cls(bodies, [(one["path"], one["role"], one["title"]) for one in body["files"][:4]])


_Row = dict[str, Any]


@dataclass
class _Made:
    """One certificate in the making: its rows, and what is asked of the chain."""

    seal: SealedValue
    case: _Row
    dossier: _Row
    holder: Mapping[str, Any]
    asset: str
    files: list[_Row] = field(default_factory=list)
    events: list[Recorded] = field(default_factory=list)
    approvals: list[_Row] = field(default_factory=list)
    calls: list[_Row] = field(default_factory=list)
    certificate: _Row = field(default_factory=dict)
    asked: tuple[CallKind, str, Call] | None = None


class Maker:
    """Makes certificates in an open registry whose clock it moves; the first by every step."""

    def __init__(self, registry: Registry, clock: Calendar, folder: Path) -> None:
        self._registry, self._clock = registry, clock
        case = intake.apply(registry, small_dossier(folder), DEMO.tag, silent)
        Officers(registry, case, OFFICER, MEMBER).carry(lambda _: None)
        self._pattern = _Pattern.of(registry, case)
        self._officer = acting_as(registry, OFFICER).key
        self._made = self._serial = 1
        self._cases = {datetime.fromtimestamp(clock(), CHINA).year: 1}
        self._time = (-1, 0)
        self._last = (0, b"", b"")
        self.gas: dict[str, int] = {}
        """Of the last transaction of each kind."""

    def make(self, upto: int, say: Say, most: float = math.inf) -> int:
        """Make until there are `upto`, or `most` seconds are over; gives how many there are then."""
        until = time.monotonic() + most
        while self._made < upto and time.monotonic() < until:
            say(f"{self._made:,} of {upto:,} certificates made")
            if self._serial >= _MONTH:
                self._clock.next_month()
                self._serial = 0
            count = min(_TOGETHER, upto - self._made, _MONTH - self._serial)
            with mock.patch.object(os, "fsync", return_value=None):
                self._round(count)
            settle(self._registry)
        self._clock.move_on(10 * 366 * 86_400)
        beat(self._registry)
        return self._made

    def _round(self, count: int) -> None:
        made = [self._published(self._made + n) for n in range(count)]
        self._send(made)
        self._clock.move_on(_PUBLICITY + 1)
        while self._clock() <= made[-1].case["publicity_end"]:
            time.sleep(0.2)
        for one in made:
            self._decided(one)
        self._send(made)
        self._write(made)
        self._made += count

    def _published(self, number: int) -> _Made:
        """Received, accepted and reviewed; its publicity signed."""
        now, key, dossier = self._clock(), secrets.token_bytes(16), secrets.token_bytes(16)
        year = datetime.fromtimestamp(now, CHINA).year
        self._cases[year] = self._cases.get(year, 0) + 1
        case = Case(
            id=f"A-{year}-{self._cases[year]:06d}",
            subject=secrets.token_bytes(32),
            profile=DEMO.tag,
            procedure="simplified",
            state=State.DEPOSITED.value,
            dossier_id=dossier,
            created_at=now,
            changed_at=now,
        ).model_dump()
        wrapped = self._registry.keys.wrapper().wrap(key, dossier)
        one = _Made(
            SealedValue(key),
            case,
            {"id": dossier, "wrapped_key": wrapped, "created_at": now},
            {**self._body("certificate.deposited")["holders"][0], **_holder(number)},
            f"第{number:07d}号慢病随访脱敏数据集",
        )
        self._state(one, "application.received", **self._dossier(one, key))
        self._state(one, "application.accepted")
        self._state(one, "review.recorded")
        told = {"applicant": one.holder["name"], "asset": one.asset}
        notice = self._state(one, "publicity.opened", **told, opened_at=now, ends_at=now + _PUBLICITY)
        decision = Publication(
            case["subject"], DEMO.tag, Procedure.SIMPLIFIED, notice.leaf_hash, waived=False
        )
        signature = self._approved(one, "publication", decision)
        one.asked = (calls.PUBLICITY, case["id"], self._registry.client.open_publicity(decision, [signature]))
        return one

    def _dossier(self, one: _Made, key: bytes) -> dict[str, Any]:
        """Seal its files; gives what its application says otherwise than the pattern's."""
        place: bytes = one.dossier["id"]
        parts = [files.FilePart(*named, lambda: [_content()]) for named in self._pattern.files]
        sealed = files.seal_parts(self._registry, parts, key, place, 0, silent)
        for number, (manifest, file) in enumerate(sealed):
            told = one.seal.seal(canonical.dumps(manifest), place + number.to_bytes(4, "big"))
            row: _Row = {"dossier_id": place, "number": number, "blob": file.blob, "manifest": told}
            one.files.append({**row, "sealed_size": file.sealed_size})
        like = self._body("application.received")["application"]
        named = {"name": one.holder["name"], "code": one.holder["code"]}
        changed = {
            "applicant": {**like["applicant"], **named},
            "holders": [{**like["holders"][0], **named}],
            "asset": {**like["asset"], "name": one.asset},
        }
        return {
            "application": {**like, **changed},
            "files": [manifest for manifest, _ in sealed],
            "seed": secrets.token_hex(SEED_BYTES),
        }

    def _decided(self, one: _Made) -> None:
        """Its certificate, signed by the registry and approved."""
        registry, now = self._registry, self._clock()
        self._serial += 1
        number = str(next_number(registry.instance.prefix, month_of(now), self._serial - 1).number)
        body = parse_body(
            {
                **self._body("certificate.deposited"),
                "number": number,
                "holders": [one.holder],
                "asset": one.asset,
                "registered_at": now,
                "valid_until": valid_until(now, 3, DEMO),
                "prev": one.events[-1].leaf_hash.hex(),
            }
        )
        subject = statement_of(body).subject
        said: dict[str, Any] = body.to_json()
        self._state(one, "certificate.deposited", at=now, subject=subject, **said)
        decision = deposit_of(one.case["subject"], body)
        signature = self._approved(one, "deposit", decision)
        one.asked = (calls.DEPOSIT, number, registry.client.deposit(decision, [signature]))
        one.certificate = Certificate(
            number=number,
            subject=subject,
            case_id=one.case["id"],
            body=one.events[-1].row["public"],
            qr=encode_qr(body, registry.keys.sm2(ISSUER), registry.instance.host),
            state="deposited",
            registered_at=now,
            valid_until=body.valid_until,
        ).model_dump()
        one.case |= {"prepared_at": now, "changed_at": now}

    def _body(self, type_: str) -> Any:
        return self._pattern.bodies[type_][0]

    def _state(
        self,
        one: _Made,
        type_: str,
        *,
        at: int | None = None,
        subject: bytes | None = None,
        **said: canonical.JSON,
    ) -> Recorded:
        like, by = self._pattern.bodies[type_]
        now = self._clock() if at is None else at
        happened = Occurrence(
            type=type_,
            profile=DEMO.tag,
            subject=subject or one.case["subject"],
            at=now,
            by=by,
            body={**like, **said},
            prev=one.events[-1].leaf_hash if one.events else None,
            case_id=one.case["id"],
        )
        one.events.append(compose(happened, one.seal, now=now))
        return one.events[-1]

    def _approved(self, one: _Made, kind: str, decision: Message) -> bytes:
        domain = self._registry.client.domain
        signature = sign(decision, domain, self._officer)
        row = {"case_id": one.case["id"], "kind": kind, "digest": digest(decision, domain)}
        row |= {"person": OFFICER, "organisation": None, "address": self._officer.address}
        one.approvals.append({**row, "signature": signature, "at": one.events[-1].row["at"]})
        return signature

    def _send(self, made: Sequence[_Made]) -> None:
        """Have the chain carry out what is asked for each, by the relay's transactions, many to a block."""
        registry, sender = self._registry, self._registry.sender
        for first in range(0, len(made), _SENT):
            some = made[first : first + _SENT]
            nonce, fees, head = sender.next_nonce(), sender.fees(), registry.w3.eth.block_number
            asked = [one.asked for one in some if one.asked is not None]
            signed = [sender.prepare(call, place, fees) for place, (_, _, call) in enumerate(asked, nonce)]
            sender.broadcast_all(signed)
            for one, (kind, about, call), transaction in zip(some, asked, signed, strict=True):
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
                    created_at=one.events[-1].row["at"],
                    since_block=head,
                )
                one.calls.append(row.model_dump())
                self.gas[kind.name] = mined.gas_used
                if kind is calls.PUBLICITY:
                    one.case["publicity_end"] = self._time_of(mined.block_number) + _PUBLICITY
            self._last = signed[-1].nonce, signed[-1].hash, mined.block_hash

    def _time_of(self, block: int) -> int:
        if self._time[0] != block:
            self._time = block, int(self._registry.w3.eth.get_block(block)["timestamp"])
        return self._time[1]

    def _write(self, made: Sequence[_Made]) -> None:
        """The rows of all, in one transaction."""
        with self._registry.store.transaction() as session:
            _insert(session, Dossier, [one.dossier for one in made])
            _insert(session, DossierFile, [row for one in made for row in one.files])
            _insert(session, Case, [one.case for one in made])
            before = session.exec(select(func.max(Event.id))).one() or 0
            record(session, [event for one in made for event in one.events])
            for place, one in enumerate(made, 1):
                one.certificate["event_id"] = before + place * len(one.events)
            _insert(session, Certificate, [one.certificate for one in made])
            _insert(session, Approval, [row for one in made for row in one.approvals])
            _insert(session, ChainCall, [row for one in made for row in one.calls])
            nonce, transaction, block = self._last
            count_signed(session, RELAY, nonce + 1)
            count_mined(session, RELAY, nonce + 1, transaction, block)
            month = month_of(made[-1].certificate["registered_at"])
            session.merge(Counter(scope=f"certificate:{month}", last=self._serial))
            for year, last in self._cases.items():
                session.merge(Counter(scope=f"case:{year}", last=last))


def _insert(session: Session, model: type[SQLModel], rows: Sequence[_Row]) -> None:
    """Rows and no objects, whose keeping costs more than the rows."""
    _statement(model).run(session, rows)


@cache
def _statement(model: type[SQLModel]) -> Prepared:
    counted = model in (Approval, ChainCall)
    names = [name for name in model.model_fields if not (counted and name == "id")]
    return Prepared(insert(table_of(model)).inline(), names)


def _holder(number: int) -> dict[str, str]:
    """Whose the certificate of that number is: every second one the large organisation's."""
    if number % 2 == 0:
        return {"name": "第一大医院（虚构）", "code": LARGE}
    place = 10 + number // (2 * _OTHERS)
    return {"name": f"第{place}医院（虚构）", "code": lawful_code(place)}

"""What certificates say, by the round of some hundred: all that needs neither chain nor database.

Worker processes do it (`ledger/flow/bulk.py`) while the process that makes them (`made.py`) has the chain
carry out those of the round before.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from unittest import mock

from web3 import Web3

from scripts.bench_parts.moves import lawful_code
from scripts.bench_parts.site import OFFICER
from yinzheng.ledger.cases import files
from yinzheng.ledger.cases.preparing import deposit_of
from yinzheng.ledger.cases.work import dossier_key
from yinzheng.ledger.chain.approvals import Publication, digest, sign
from yinzheng.ledger.chain.client import ContractsClient
from yinzheng.ledger.chain.messages import Message
from yinzheng.ledger.chain.records import Procedure
from yinzheng.ledger.chain.sender import Call
from yinzheng.ledger.demonstration.certificates import demonstration_keys
from yinzheng.ledger.flow.recording import Occurrence, Recorded, compose, open_event
from yinzheng.ledger.keys.personal import open_key
from yinzheng.ledger.keys.provider import ISSUER
from yinzheng.ledger.people import keyring
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.certificates import valid_until
from yinzheng.ledger.rules.numbers import month_of, next_number
from yinzheng.ledger.rules.profiles import DEMO
from yinzheng.ledger.rules.states import State
from yinzheng.ledger.state.instance import read_instance
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Case, Certificate
from yinzheng.ledger.store.objects import open_blobs
from yinzheng.ledger.store.sealed import SealedValue
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.formats.body import parse_body
from yinzheng.verifier.formats.certificate import encode_qr, statement_of
from yinzheng.verifier.formats.dossier import SEED_BYTES
from yinzheng.verifier.log.statement import Statement

PUBLICITY: Final = 3
"""Seconds that publicity lasts."""
_FILE: Final = 1024
"""Bytes of each file of a dossier."""
LARGE: Final = lawful_code(99_999)
"""The organisation that has every second certificate; the others have about a hundred each."""
_OTHERS: Final = 100

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pattern:
    """What the first certificate's statements say, each by its type."""

    bodies: Mapping[str, tuple[Any, str]]
    """Body, and in what capacity it was stated."""
    files: Sequence[tuple[str, str, str]]
    """Path, role and title of each file that a dossier must have."""

    @classmethod
    def of(cls, registry: Registry, case_id: str) -> Pattern:
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


@dataclass(frozen=True, slots=True)
class Round:
    """Some certificates that are made together."""

    first: int
    """How many there were before them in all."""
    count: int
    cases: int
    """Numbers of cases that its year had before it."""
    serial: int
    """Numbers of certificates that its month had before it."""
    year: int
    opened: int
    """When publicity is opened for all of them, UTC seconds."""

    @property
    def decided(self) -> int:
        """When all are deposited."""
        return self.opened + PUBLICITY + 1


@dataclass
class Composed:
    """One certificate: its rows, and what is asked of the chain."""

    case: Row
    dossier: Row
    files: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    approvals: list[Row] = field(default_factory=list)
    certificate: Row = field(default_factory=dict)
    asked: list[tuple[str, Call]] = field(default_factory=list)
    """About what, and the call: first its publicity, then its deposit."""
    calls: list[Row] = field(default_factory=list)


@contextmanager
def composing(state: Path, pattern: Pattern) -> Iterator[Callable[[Round], tuple[Round, list[Composed]]]]:
    """Give what composes rounds for the demonstration's registry in `state`; dossiers are not forced onto
    the disk.
    """
    paths, instance = read_instance(state)
    secret = keyring.make_demonstration_passphrase(paths, OFFICER)
    composer = _Composer(
        pattern,
        demonstration_keys(paths),
        instance.prefix,
        instance.host,
        open_blobs(paths, instance),
        ContractsClient(Web3(), instance.deployment, instance.modules),
        open_key(keyring.key_file(paths, OFFICER), lambda: secret),
    )
    with mock.patch.object(os, "fsync", _unforced):
        yield composer.round


@dataclass(frozen=True, slots=True)
class _Composer:
    pattern: Pattern
    keys: Any
    prefix: str
    host: str
    blobs: Any
    client: ContractsClient
    officer: Any

    def round(self, some: Round) -> tuple[Round, list[Composed]]:
        return some, [_One(self, some, n).composed() for n in range(some.count)]


class _One:
    """One certificate in the making."""

    def __init__(self, by: _Composer, some: Round, n: int) -> None:
        self._by, self._round, self._n = by, some, n
        self._key, self._place = secrets.token_bytes(16), secrets.token_bytes(16)
        self._seal = SealedValue(self._key)
        self._holder = {**self._said("certificate.deposited")["holders"][0], **_holder(some.first + n)}
        self._asset = f"第{some.first + n:07d}号慢病随访脱敏数据集"
        self._last: Recorded | None = None
        case = Case(
            id=f"A-{some.year}-{some.cases + n + 1:06d}",
            subject=secrets.token_bytes(32),
            profile=DEMO.tag,
            procedure="simplified",
            state=State.DEPOSITED.value,
            dossier_id=self._place,
            created_at=some.opened,
            changed_at=some.decided,
            prepared_at=some.decided,
        )
        wrapped = by.keys.wrapper().wrap(self._key, self._place)
        dossier = {"id": self._place, "wrapped_key": wrapped, "created_at": some.opened}
        self._made = Composed(case.model_dump(), dossier)

    def composed(self) -> Composed:
        self._published()
        self._decided()
        return self._made

    def _published(self) -> None:
        """Received, accepted and reviewed; its publicity signed."""
        begin, case = self._round.opened, self._made.case
        self._state("application.received", begin, **self._dossier())
        self._state("application.accepted", begin)
        self._state("review.recorded", begin)
        told = {"applicant": self._holder["name"], "asset": self._asset}
        notice = self._state("publicity.opened", begin, **told, opened_at=begin, ends_at=begin + PUBLICITY)
        decision = Publication(
            case["subject"], DEMO.tag, Procedure.SIMPLIFIED, notice.leaf_hash, waived=False
        )
        signature = self._approved("publication", decision, begin)
        self._made.asked.append((case["id"], self._by.client.open_publicity(decision, [signature])))

    def _dossier(self) -> dict[str, Any]:
        """Seal its files; gives what its application says otherwise than the pattern's."""
        manifests = []
        for number, named in enumerate(self._by.pattern.files):
            part = files.FilePart(*named, lambda: [content()])
            manifest, file = files.seal_part(self._by.blobs, part, self._key, self._place, number)
            told = self._seal.seal(canonical.dumps(manifest), self._place + number.to_bytes(4, "big"))
            row: Row = {"dossier_id": self._place, "number": number, "blob": file.blob, "manifest": told}
            self._made.files.append({**row, "sealed_size": file.sealed_size})
            manifests.append(manifest)
        like = self._said("application.received")["application"]
        whose = {"name": self._holder["name"], "code": self._holder["code"]}
        changed = {
            "applicant": {**like["applicant"], **whose},
            "holders": [{**like["holders"][0], **whose}],
            "asset": {**like["asset"], "name": self._asset},
        }
        return {
            "application": {**like, **changed},
            "files": manifests,
            "seed": secrets.token_hex(SEED_BYTES),
        }

    def _decided(self) -> None:
        """Its certificate, signed by the registry and approved."""
        by, now, serial = self._by, self._round.decided, self._round.serial + self._n
        assert self._last is not None  # its publicity
        number = str(next_number(by.prefix, month_of(now), serial).number)
        body = parse_body(
            {
                **self._said("certificate.deposited"),
                "number": number,
                "holders": [self._holder],
                "asset": self._asset,
                "registered_at": now,
                "valid_until": valid_until(now, 3, DEMO),
                "prev": self._last.leaf_hash.hex(),
            }
        )
        subject = statement_of(body).subject
        said: dict[str, Any] = body.to_json()
        stated = self._state("certificate.deposited", now, subject=subject, **said)
        decision = deposit_of(self._made.case["subject"], body)
        signature = self._approved("deposit", decision, now)
        self._made.asked.append((number, by.client.deposit(decision, [signature])))
        self._made.certificate = Certificate(
            number=number,
            subject=subject,
            case_id=self._made.case["id"],
            body=stated.row["public"],
            qr=encode_qr(body, by.keys.sm2(ISSUER), by.host),
            state="deposited",
            registered_at=now,
            valid_until=body.valid_until,
        ).model_dump()

    def _said(self, type_: str) -> Any:
        return self._by.pattern.bodies[type_][0]

    def _state(
        self, type_: str, at: int, *, subject: bytes | None = None, **said: canonical.JSON
    ) -> Recorded:
        like, by = self._by.pattern.bodies[type_]
        happened = Occurrence(
            type=type_,
            profile=DEMO.tag,
            subject=subject or self._made.case["subject"],
            at=at,
            by=by,
            body={**like, **said},
            prev=None if self._last is None else self._last.leaf_hash,
            case_id=self._made.case["id"],
        )
        self._last = compose(happened, self._seal, now=at)
        self._made.events.append(self._last.row)
        return self._last

    def _approved(self, kind: str, decision: Message, at: int) -> bytes:
        domain, officer = self._by.client.domain, self._by.officer
        signature = sign(decision, domain, officer)
        row = {"case_id": self._made.case["id"], "kind": kind, "digest": digest(decision, domain)}
        row |= {"person": OFFICER, "organisation": None, "address": officer.address}
        self._made.approvals.append({**row, "signature": signature, "at": at})
        return signature


def _unforced(_: int) -> None:
    """A `Mock` would keep each call, some kilobytes a certificate."""


def content() -> bytes:
    """A file's."""
    return secrets.token_hex(_FILE // 2).encode()


def _holder(number: int) -> dict[str, str]:
    """Whose the certificate of that number is: every second one the large organisation's."""
    if number % 2 == 0:
        return {"name": "第一大医院（虚构）", "code": LARGE}
    place = 10 + number // (2 * _OTHERS)
    return {"name": f"第{place}医院（虚构）", "code": lawful_code(place)}

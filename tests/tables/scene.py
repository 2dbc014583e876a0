"""One registry with everybody who may ask it something, and its desk and pages, asked in this process.

Nobody here is real. Everything has happened once that a route may be about; each route is tried on something
of its own, so that whoever may do it does it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from sqlalchemy import event
from sqlmodel import col, select

from tests.ledger import consent_world as cw
from tests.ledger import world as w
from tests.ledger.disputes.court import FORUM, address
from tests.ledger.organisations.enrolling import Member
from tests.ledger.withdrawals.clinic import NOTICE, Clinic
from tests.ledger.world import KEEPER, OFFICER, World, actor_of
from tests.tables.asking import JSON_MEDIA, Asking, Got
from yinzheng.api.http.fault_words import FAULTS
from yinzheng.api.web.words import say
from yinzheng.ledger.consents.granting import grant
from yinzheng.ledger.consents.notices import publish_notice
from yinzheng.ledger.consents.versions import notice_at
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.keys.provider import EthereumKey
from yinzheng.ledger.organisations import enrolment
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.extent import Way
from yinzheng.ledger.store.models import Certificate, Event
from yinzheng.ledger.store.models_consents import Consent, Notice
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey
from yinzheng.verifier.formats.certificate import key_id
from yinzheng.verifier.formats.request import HEADER, sign_request

_WRITES: Final = re.compile(r'(?:INSERT(?: OR \w+)? INTO|UPDATE|DELETE FROM) "?(\w+)')
LOT: Final = 24
MARKET: Final = EthereumKey(bytes([205]) * 32)
"""Key of the exchange's account."""

MEMBERS: Final = {
    "hospital": Member(cw.HOSPITAL, ("controller", "recipient"), cw.NAMES[cw.HOSPITAL]),
    "other": Member(w.APPLICANT["code"] or "", ("controller",), w.APPLICANT["name"] or ""),
    "lab": Member(cw.LAB, ("recipient",), cw.NAMES[cw.LAB]),
    "insurer": Member(cw.INSURER, ("recipient",), cw.NAMES[cw.INSURER]),
    "outsider": Member("91440101DEM00071XP", ("recipient",)),
    "opener": Member(cw.CLINIC, ("party",), cw.NAMES[cw.CLINIC]),
    "party": Member("91440101DEM0007212", ("party",)),
    "passer": Member("12440000MB2DEM1WXP", ("party",)),
    "court": Member("11440100MB2DEMC01T", ("forum",), "某市中级人民法院", address(FORUM)),
    "bench": Member("11440100MB2DEMC02X", ("forum",), account=bytes.fromhex("b2" * 20)),
    "holder": Member("91440101DEM0007515", ("holder",)),
    "market": Member("91440101DEM00077EF", ("exchange",), "某数据交易所（虚构）", MARKET.address),
    "revoked": Member(
        "11440100MB2DEMC031",
        ("controller", "forum", "party", "recipient"),
        account=bytes.fromhex("b3" * 20),
    ),
}
"""Organisations by what they are to the consent and the disputes of the scene."""

_KEYS: Final = {name: cw.KEYS[MEMBERS[name].code] for name in ("hospital", "lab", "insurer", "opener")}


def honest(who: str) -> str:
    """In whose name somebody asks."""
    return who if who in MEMBERS else "hospital"


def in_words(got: Got) -> Got:
    """A page that refuses says so in words; its code is that of the words."""
    if got.status < 400:
        return got
    page = html.unescape(got.body.decode())
    said = {code for code, fault in FAULTS.items() if say(fault.message, "en") in page}
    return Got(got.status, got.body, " or ".join(sorted(said)))


@dataclass
class Trace:
    """What a request left: the tables of which rows were written and committed, and the files of records."""

    tables: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)

    def __sub__(self, meant: set[str]) -> set[str]:
        """What is left besides what was meant."""
        return (self.tables | self.files) - meant


@contextmanager
def traced(registry: Registry) -> Iterator[Trace]:
    """Watch everything that is written in the block."""
    engine, found, began = registry.store._engine, Trace(), _files(registry)

    def executed(conn: Any, cursor: Any, statement: str, *_: Any) -> None:
        written = _WRITES.match(statement)
        if written and cursor.rowcount != 0:
            conn.info.setdefault("written", set()).add(written[1])

    def committed(conn: Any) -> None:
        found.tables.update(conn.info.pop("written", ()))

    def undone(conn: Any) -> None:
        conn.info.pop("written", None)

    hooks: dict[str, Callable[..., Any]] = {
        "after_cursor_execute": executed,
        "commit": committed,
        "rollback": undone,
    }
    for name, hook in hooks.items():
        event.listen(engine, name, hook)
    try:
        yield found
    finally:
        for name, hook in hooks.items():
            event.remove(engine, name, hook)
        found.files.update(_files(registry) ^ began)


def _files(registry: Registry) -> set[str]:
    return {path.name for path in registry.paths.blobs.rglob("*")}


@dataclass
class Scene(Asking):
    """The open registry, and shorthand for who asks what."""

    world: World
    registry: Registry
    clinic: Clinic
    dossiers: Path
    members: dict[str, Member]
    """`MEMBERS` with their keys of now."""
    kept: dict[str, Any] = field(default_factory=dict)
    """What the rows hand on to each other."""
    stock: list[bytes] = field(default_factory=list)
    """Consents that nothing was done with yet."""

    @classmethod
    def found(cls, world: World, registry: Registry, dossiers: Path) -> Scene:
        """Enrol everyone, publish the hospital's notice, and end the keys of `revoked`."""
        keyed = {name: replace(one, key=_KEYS.get(name, one.key)) for name, one in MEMBERS.items()}
        keyed["holder"].wallet = EthereumKey.generate()
        for member in keyed.values():
            made = member.holding(registry) if member.wallet else member.enrolment(registry.clock())
            officer, keeper = actor_of(registry, OFFICER), actor_of(registry, KEEPER)
            enrolment.enrol(registry, made, officer, administrator=keeper)
        body = cw.notice_body(registry, **NOTICE)
        notice = publish_notice(registry, body, cw.HOSPITAL)
        world.clock.advance(60)
        lost = keyed["revoked"].revocation("compromised", registry.clock() - 30)
        enrolment.revoke(registry, lost, actor_of(registry, OFFICER))
        settle(registry)
        clinic = Clinic(world, registry, notice, cw.digest_of(body))
        return cls(world, registry, clinic, dossiers, keyed)

    # ---------------------------------------------------------------- what is asked about

    def number(self) -> int:
        """Of a patient nobody had before."""
        self.clinic.granted += 1
        return self.clinic.granted

    def fresh(self, name: str) -> bytes:
        """The consent of somebody of their own, once by the name; anchored with all others of its lot."""
        if not self.stock:
            bodies = [self.clinic.body(self.number()) for _ in range(LOT)]
            self.stock = [one.subject for one in grant(self.registry, bodies, cw.HOSPITAL)]
            settle(self.registry)
        if name not in self.kept:
            self.kept[name] = self.stock.pop()
        return bytes(self.kept[name])

    def consent_to(self, member: Member) -> dict[str, Any]:
        """A consent to the newest notice of another controller."""
        with self.registry.store.reading() as session:
            query = select(Notice).where(Notice.controller == member.code)
            row = session.exec(query.order_by(col(Notice.id).desc())).first()
            assert row is not None
            digest = notice_at(session, row.leaf).digest()
        body = cw.consent_body(row, digest, self.registry.clock(), self.number(), recipients=[])
        body["scopes"]["third_party_research"] = None
        return body | {"controller": {"name": member.name, "code": member.code}}

    @property
    def subject(self) -> bytes:
        """A consent that stands."""
        return self.fresh("standing")

    @cached_property
    def certificate(self) -> Certificate:
        """A deposited one."""
        _, number = w.to_deposited(self.registry, self.world.clock, self.dossiers / "deposited")
        with self.registry.store.reading() as session:
            return session.get_one(Certificate, number)

    @cached_property
    def notice(self) -> str:
        """Of a case in open publicity: the leaf hash by which its page is called."""
        assert self.certificate is not None  # which takes its days first
        case = w.to_publicity(self.registry, self.dossiers / "published")
        with self.registry.store.reading() as session:
            query = select(Event.leaf_hash).where(Event.case_id == case, Event.type == "publicity.opened")
            return session.exec(query).one().hex()

    @cached_property
    def erased(self) -> bytes:
        """A consent whose key is destroyed; how that came about is no matter here."""
        subject = self.fresh("erased")
        with self.registry.store.transaction() as session:
            session.get_one(Consent, subject).wrapped_key = None
        return subject

    @cached_property
    def withdrawal(self) -> bytes:
        """A withdrawal of which everyone was told, and to which nobody has answered."""
        return self.clinic.file(self.fresh("withdrawn"))

    @cached_property
    def childs(self) -> bytes:
        """A withdrawal that waits for what a guardian proves."""
        return self.clinic.file(self.clinic.grant(born="2019-05-01"), channel=Way.GUARDIAN)

    def took(self, name: str, who: str) -> None:
        """Somebody did what a row is about: whoever rotated a key signs with the new one."""
        if name == "POST /org/v1/key/rotate":
            self.members[who].key = self.kept["new key"]

    # ---------------------------------------------------------------- asking

    def signed(self, who: str, method: str, path: str, body: bytes = b"", media: str = JSON_MEDIA) -> Got:
        """What an organisation sends; or who is none (`nobody`), or no honest one."""
        headers = {"Content-Type": media}
        if who != "nobody":
            headers[HEADER] = self._token(who, method, path, body)
        return self.ask(self.desk, method, path, body, headers)

    def _token(self, who: str, method: str, path: str, body: bytes) -> str:
        member = self.members[honest(who)]
        made = self.request(member, method, "/org/v1/elsewhere" if who == "astray" else path, body)
        if who == "unknown":  # of no organisation that is enrolled
            key = Sm2PrivateKey.generate()
            posed = replace(made, org=self.registry.instance.registry_code, key=key_id(key.public_key.point))
            return sign_request(posed, key)
        token = sign_request(made, member.key)
        if who == "forged":  # the hospital's signature under something else
            other = sign_request(replace(made, nonce=bytes(16)), member.key)
            return f"{token.partition('.')[0]}.{other.partition('.')[2]}"
        return token

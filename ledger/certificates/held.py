"""What is registered to an organisation, and the licences it gave or took, for itself alone (S15.11)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sqlmodel import Session, col, select

from yinzheng.ledger.certificates.listing import Standing, standing_of
from yinzheng.ledger.chain.records import Status as OnChain
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models_moves import Licence, MoveParty
from yinzheng.ledger.store.models_register import RegisterHolder
from yinzheng.ledger.store.paging import page_of
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.formats.body import MAX_BODY, Body, parse_body
from yinzheng.verifier.formats.licence import Licence as LicenceBody
from yinzheng.verifier.formats.licence import parse_licence
from yinzheng.verifier.judge.certificate.status import status_at
from yinzheng.verifier.judge.licence.status import LicenceStatus, licence_status_at
from yinzheng.verifier.judge.line import MOST as MOST_FOLLOWED
from yinzheng.verifier.judge.report import Status

GENERATIONS: Final = 20
"""Certificates behind one in which licences on it are looked for."""

MOST_NAMED: Final = 20
"""Licences named beside a right, the newest: each is asked of the chain, and one right may bear thousands."""

LOOKED_AT: Final = 100
"""Licences of a right that are looked at for those; older ones may all have run out."""

_RUNS: Final = (
    LicenceStatus.IN_FORCE,
    LicenceStatus.NOT_BEGUN,
    LicenceStatus.CERTIFICATE_CANCELLED,
    LicenceStatus.UNDETERMINED,
)
"""As a licence's own chain words leave it: given, not ended, not run out."""


@dataclass(frozen=True, slots=True)
class Held:
    """A certificate with its holder's rights under it, and how it stands on chain."""

    body: Body
    rights: tuple[str, ...]
    """Of whoever asks."""
    status: Status
    objections: int
    reserved_until: int | None
    """UTC seconds, while an exchange keeps it."""
    standing: Standing
    licences: tuple[LicenceBody, ...]
    """In force or yet to begin, on rights of whoever asks; also such as a predecessor gave (R4)."""
    more_licences: bool
    """Whether there may be older ones, which `licences_of` lists."""

    def to_json(self) -> dict[str, JSON]:
        """The object of S15.11."""
        return {
            "body": self.body.to_json(),
            "rights": [*self.rights],
            "status": str(self.status),
            "objections": self.objections,
            "reserved_until": self.reserved_until,
            "remarks": self.standing.to_json()["remarks"],
            "licences": [one.number for one in self.licences],
            "more_licences": self.more_licences,
        }


@dataclass(frozen=True, slots=True)
class Licensed:
    """A licence, and how it stands on chain: by itself, and by the registration its right rests on (S9.7)."""

    body: LicenceBody
    status: LicenceStatus
    ended_at: int | None

    def to_json(self) -> dict[str, JSON]:
        """The object of S15.11."""
        return {"body": self.body.to_json(), "status": str(self.status), "ended_at": self.ended_at}


def rights_of(registry: Registry, code: str, after: str | None) -> tuple[list[Held], str | None]:
    """The certificates under which an organisation has rights, the newest number first; those below `after`.

    With the number to go on after, or None at the end.
    """
    with registry.store.reading() as session:
        query = select(RegisterHolder.number).where(RegisterHolder.code == code)
        behind = None if after is None else (after,)
        numbers, more = page_of(session, query, (col(RegisterHolder.number),), behind)
        found = [_held(registry, session, number, code) for number in numbers]
    return found, more


def licences_of(registry: Registry, code: str, after: str | None) -> tuple[list[Licensed], str | None]:
    """The licences an organisation gave or took itself, as `rights_of` its certificates."""
    with registry.store.reading() as session:
        query = select(Licence).join(MoveParty, col(MoveParty.case_id) == Licence.case_id)
        query = query.where(MoveParty.organisation == code, Licence.state != "draft")
        behind = None if after is None else (after,)
        rows, more = page_of(session, query, (col(Licence.number),), behind)
        found = [_licensed(registry, row) for row in rows]
    return found, None if more is None else more.number


def _held(registry: Registry, session: Session, number: str, code: str) -> Held:
    row = repository.find_certificate(session, number)
    body = parse_body(canonical.loads(row.body, max_bytes=MAX_BODY))
    rights = next(one.rights for one in body.holders if one.code == code)
    record, now = registry.client.record(row.subject), registry.clock()
    status = Status.UNDETERMINED if record is None else status_at(record, now)
    reserved = record is not None and record.reserved_until > now
    lives = status not in (Status.SUPERSEDED, Status.CANCELLED, Status.LAPSED, Status.EXPIRED)
    licences, more = _on(registry, session, body, rights) if lives else ([], False)
    return Held(
        body=body,
        rights=rights,
        status=status,
        objections=0 if record is None else record.objections,
        reserved_until=record.reserved_until if record is not None and reserved else None,
        standing=standing_of(session, number),
        licences=tuple(licences),
        more_licences=more,
    )


def _on(
    registry: Registry, session: Session, body: Body, rights: Iterable[str]
) -> tuple[list[LicenceBody], bool]:
    """The newest licences on these rights, given under this certificate or under one it came from, and
    whether there may be more.
    """
    numbers, ahead = {body.number}, [body]
    for _ in range(GENERATIONS):
        before = {one.number for body in ahead for one in body.follows} - numbers
        if not before:
            break
        numbers |= before
        rows = [repository.find_certificate(session, number) for number in sorted(before)]
        ahead = [parse_body(canonical.loads(row.body, max_bytes=MAX_BODY)) for row in rows]
    query = select(Licence).where(col(Licence.certificate).in_(numbers), Licence.state == "given")
    on: list[LicenceBody] = []
    newest = query.order_by(col(Licence.number).desc()).limit(LOOKED_AT + 1)
    for number, given in enumerate(session.exec(newest).all()):
        if number == LOOKED_AT or len(on) == MOST_NAMED:
            return on, True
        found = _licensed(registry, given)
        if found.status in _RUNS and not set(rights).isdisjoint(found.body.rights):
            on.append(found.body)
    return on, False


def _licensed(registry: Registry, row: Licence) -> Licensed:
    body = parse_licence(canonical.loads(row.body, max_bytes=MAX_BODY))
    on_chain = registry.client.licence(row.subject)
    if on_chain is None:
        return Licensed(body, LicenceStatus.UNDETERMINED, None)
    status = licence_status_at(on_chain, registry.clock())
    if status in _RUNS:
        status = _by_its_registration(registry, on_chain.certificate) or status
    return Licensed(body, status, on_chain.ended_at or None)


def _by_its_registration(registry: Registry, certificate: bytes) -> LicenceStatus | None:
    """What the certificate of that subject, and all that came from it, make of a licence; None if nothing.

    Undetermined where more came from it than a reader of the voucher follows.
    """
    line = [certificate]
    for subject in line:
        record = registry.client.record(subject)
        if record is None or len(line) > MOST_FOLLOWED:
            return LicenceStatus.UNDETERMINED
        if record.status is OnChain.CANCELLED:
            return LicenceStatus.CERTIFICATE_CANCELLED
        if record.status is OnChain.SUPERSEDED:
            line += [one for one in (record.successor, record.remainder) if any(one)]
    return None

"""Remarks on a registered certificate (R16, R55): entered and lifted, each on a statement, on the chain too.

An officer enters them; a seizure also a forum, on its own signature alone, and what a forum seized only a
forum lifts (`orders`). The bits of the record follow from what stands (S5.24).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from yinzheng.ledger.certificates import messages
from yinzheng.ledger.certificates.calls import LIFTING, REMARK
from yinzheng.ledger.certificates.telling import body_of, tell_holders
from yinzheng.ledger.certificates.work import CertificateThread, statements_of, work_on
from yinzheng.ledger.people.acting import Actor
from yinzheng.ledger.people.decisions import Content
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.events import StandingStatement
from yinzheng.ledger.rules.standing import Move
from yinzheng.ledger.rules.terms import RemarkKind
from yinzheng.ledger.store.models import Certificate, Event
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.algorithms import DigestPair
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.standing import (
    MAX_STANDING,
    Lifting,
    Remark,
    parse_lifting,
    parse_remark,
)
from yinzheng.verifier.log.statement import Statement

NAME_DIGITS = 12
"""Hex digits of a remark's leaf by which people name it."""


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a remark or its lifting says and rests on: words, a document's digests, how that is cited."""

    text: str = ""
    document: DigestPair | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Entered:
    """A remark that is or was on a certificate. Times are UTC seconds."""

    kind: RemarkKind
    text: str
    leaf: bytes | None
    """Of the statement that entered it; None: it came with the certificate."""
    entered_at: int
    by_forum: bool = False
    reference: str | None = None
    lifted_at: int | None = None
    """None while it stands."""
    lifting: bytes | None = None
    lifted_by_forum: bool = False


def enter(registry: Registry, number: str, kind: RemarkKind, grounds: Grounds, by: Actor) -> bytes:
    """Enter a remark, on an officer's signature; gives the leaf hash of its statement.

    Raises `UsageFault`: `certificate-…`, `move-wrong-capacity`, `person-…`; `DataFault`: `remark-document`,
    `field-…`, `encoded-bytes`; and what `Standing` says.
    """
    with work_on(registry, number) as work:
        rule = work.allow(Move.REMARK, by)
        said = Remark(
            certificate=number,
            kind=kind.value,
            text=grounds.text,
            document=grounds.document,
            reference=grounds.reference,
            by=work.party,
            at=work.now,
        )
        body = parse_remark(said.to_json())
        recorded = work.compose(rule, body.to_json())
        decision = messages.entry(body, recorded.leaf_hash)
        content = Content(recorded.statement, body.to_json(), None)
        signature = work.approve(decision, REMARK, by, content)
        call = registry.client.enter_remark(decision, signature)
        work.call(REMARK, recorded.leaf_hash.hex(), call, binds=work.subject)
        tell_holders(work, recorded)
        return work.write(rule, recorded)


def lift(registry: Registry, number: str, remark: str, grounds: Grounds, by: Actor) -> bytes:
    """Lift a remark, on an officer's signature; gives the leaf hash of the statement.

    `remark` is the first characters of its leaf hash when they are unmistakable; or its kind, where one of
    that kind stands.

    Raises as `enter`, and `UsageFault` `remark-unknown`; what a forum seized: `seized-by-forum`.
    """
    with work_on(registry, number) as work:
        rule = work.allow(Move.LIFT, by)
        found = named(work, remark)
        said = Lifting(
            certificate=number,
            kind=found.kind.value,
            remark=found.leaf,
            text=grounds.text,
            document=grounds.document,
            reference=grounds.reference,
            by=work.party,
            at=work.now,
        )
        body = parse_lifting(said.to_json())
        recorded = work.compose(rule, body.to_json())
        decision = messages.lifting(body, recorded.leaf_hash)
        content = Content(recorded.statement, body.to_json(), None)
        signature = work.approve(decision, LIFTING, by, content)
        call = registry.client.lift_remark(decision, signature)
        work.call(
            LIFTING, recorded.leaf_hash.hex(), call, part="" if found.leaf is None else found.leaf.hex()
        )
        return work.write(rule, recorded)


def named(work: CertificateThread, given: str) -> Entered:
    """The one standing remark that people mean. Raises `UsageFault` `remark-unknown`."""
    standing = [one for one in remarks_of(work.certificate, statements_of(work.session, work.certificate))
                if one.lifted_at is None]  # fmt: skip
    fitting = [one for one in standing if given and name_of(one).startswith(given.lower())]
    fitting = fitting or [one for one in standing if one.kind.value == given]
    if len(fitting) != 1:
        raise UsageFault(
            "no remark that stands on this certificate has that name, or several have",
            code="remark-unknown",
            hint=f"Standing: {', '.join(map(name_of, standing)) or 'none'}.",
        )
    return fitting[0]


def name_of(remark: Entered) -> str:
    """By what people name a remark: the beginning of its leaf hash; its kind, where it came with the
    certificate.
    """
    return remark.kind.value if remark.leaf is None else remark.leaf.hex()[:NAME_DIGITS]


def remarks_of(certificate: Certificate, events: Sequence[Event]) -> list[Entered]:
    """All remarks a certificate has or had, those it came with first; `events` are `statements_of` it."""
    body = body_of(certificate)
    found = [Entered(RemarkKind(one.kind), one.text, None, body.registered_at) for one in body.remarks]
    for event in events:
        if event.type == StandingStatement.REMARKED:
            found.append(_entered(event))
        elif event.type == StandingStatement.LIFTED:
            lifted = parse_lifting(canonical.loads(event.public or b"", max_bytes=MAX_STANDING))
            # One bit stands for all of a kind that came with the certificate: they are lifted together.
            found = [
                replace(one, lifted_at=event.at, lifting=event.leaf_hash, lifted_by_forum=_by_forum(event))
                if (one.leaf, one.kind.value, one.lifted_at) == (lifted.remark, lifted.kind, None)
                else one
                for one in found
            ]
    return found


def _entered(event: Event) -> Entered:
    body = parse_remark(canonical.loads(event.public or b"", max_bytes=MAX_STANDING))
    return Entered(
        kind=RemarkKind(body.kind),
        text=body.text,
        leaf=event.leaf_hash,
        entered_at=event.at,
        by_forum=_by_forum(event),
        reference=body.reference,
    )


def _by_forum(event: Event) -> bool:
    return Statement.from_bytes(event.statement).by == "forum"

"""Whether a request may be granted, by the rules and by what the chain says of the certificate now.

Asked when the request comes in, so that nobody examines what cannot be, and again when it is decided. The
contracts ask all of it a third time; here the answers are sentences (R4–R7, R10, R16, R38, R46).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sqlmodel import Session, select

from yinzheng.ledger.cases.asked import body_of
from yinzheng.ledger.chain.client import ContractsClient
from yinzheng.ledger.chain.records import Record, Status
from yinzheng.ledger.chain.records_moves import LicenceState
from yinzheng.ledger.rules.case_types import CaseType
from yinzheng.ledger.rules.certificates import REMARK_BITS
from yinzheng.ledger.rules.changes import check_changes
from yinzheng.ledger.rules.licences import Act, Terms, check_licence
from yinzheng.ledger.rules.moves import Bar, Circumstances, bars, require_free, require_window
from yinzheng.ledger.rules.profiles import profile_for
from yinzheng.ledger.rules.terms import RemarkKind, Right
from yinzheng.ledger.rules.trade_words import forbidden
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models_moves import Licence
from yinzheng.ledger.store.models_trades import Reservation
from yinzheng.verifier.chain.terms import ACTS, RIGHTS, TERRITORY, names_of_bits
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.body import Body
from yinzheng.verifier.formats.move_request import MoveRequest
from yinzheng.verifier.formats.trade import SHARE, TRANSFER
from yinzheng.verifier.log.statement import certificate_subject, organisation_subject


def require_grantable(session: Session, client: ContractsClient, request: MoveRequest, now: int) -> None:
    """Refuse what no officer could grant now.

    Raises `UsageFault`: `certificate-unknown`, `request-certificate`, `move-barred`,
    `request-holders`, `rights-not-held`, `same-organisation`, `licence-…`, `exclusive-overlaps`, `change-…`,
    `limits-forbid`, `renewal-outside`, `licence-unknown`, `licence-over`.
    """
    kind = CaseType(request.type)
    record = client.record(certificate_subject(request.certificate.number))
    body = body_of(session, request.certificate.number)
    if record is None or record.content != request.certificate.leaf:
        raise UsageFault(
            f"{request.certificate.number} was not deposited with that content",
            code="request-certificate",
            hint="Take number and leaf hash from the certificate itself.",
        )
    if kind is CaseType.LICENCE_END:
        _require_ending(session, client, request, now)
        return
    barred = bars(circumstances(record), now, exchange_of(record, kind, now))
    if repository.find_certificate(session, body.number).ended is not None:
        barred |= {Bar.OVER}  # decided already, and on its way to the chain
    require_free(barred)
    match kind:
        case CaseType.LICENCE:
            _require_licence(client, request, body, now)
            _require_within(body, SHARE, request.terms.acts, request.terms.purposes)
        case CaseType.TRANSFER:
            held = _held(body, request.party("transferor").code)
            _require_held(held, request.terms.rights)
            _require_within(body, TRANSFER, (), None)
        case _:
            if request.initiator == "holders":
                _require_every_holder(body, request)
            if kind is CaseType.CHANGE:
                check_changes(profile_for(body.profile), body, request.terms.changes)
            if kind is CaseType.RENEWAL:
                require_window(body.valid_until, now)


def circumstances(record: Record) -> Circumstances:
    """How a certificate stands, as the rules take it."""
    return Circumstances(
        in_force=record.status is Status.IN_FORCE,
        valid_until=record.valid_until,
        holds=record.holds,
        objections=record.objections,
        seized=bool(record.remarks & REMARK_BITS[RemarkKind.SEIZURE]),
        reserved_until=record.reserved_until,
        reserved_by=record.reserved_by,
    )


def exchange_of(record: Record, kind: CaseType, now: int) -> bytes | None:
    """Account of the exchange whose reservation a move settles (R46); only a licence or transfer does."""
    settles = kind in (CaseType.LICENCE, CaseType.TRANSFER) and record.reserved_until > now
    return record.reserved_by if settles else None


def use_up(session: Session, certificate: str, record: Record, settled: bytes) -> None:
    """Write down by what the reservation that the chain's record has is settled (R46).

    `settled` is the leaf hash that the move's call is known by: of a licence, or of the certificate that the
    rights passed to.
    """
    rows = session.exec(
        select(Reservation).where(
            Reservation.certificate == certificate,
            Reservation.account == record.reserved_by,
            Reservation.until == record.reserved_until,
        )
    )
    for row in rows:
        row.settled = settled
        session.add(row)


def _held(body: Body, code: str) -> frozenset[str]:
    return frozenset(right for holder in body.holders if holder.code == code for right in holder.rights)


def _require_held(held: frozenset[str], rights: tuple[str, ...]) -> None:
    if lacking := sorted(set(rights) - held):
        raise UsageFault(
            f"These rights are not held under the certificate: {', '.join(lacking)}.",
            code="rights-not-held",
            hint="Nobody licenses or transfers what it does not hold (R4).",
        )


def _require_within(body: Body, kind: str, acts: Collection[str], purpose: str | None) -> None:
    """What the certificate's own words plainly forbid is not granted, as no trade check allows it (R45)."""
    words = [body.limits, *(remark.text for remark in body.remarks)]
    if barred := sorted({one for text in words for one in forbidden(text, kind, acts, purpose)}):
        raise UsageFault(
            f"the certificate's limits forbid: {', '.join(barred)} (R45)",
            code="limits-forbid",
            hint="Ask for what they leave, or have the certificate changed first (R6).",
        )


def _require_every_holder(body: Body, request: MoveRequest) -> None:
    """What concerns the certificate, all joint holders ask for together (D16)."""
    if sorted(holder.code for holder in body.holders) != [one.code for one in request.parties]:
        raise UsageFault(
            "every holder of the certificate asks for this, and nobody else (R5)",
            code="request-holders",
            hint="List all of them, ascending by credit code, and have each sign.",
        )


def _require_licence(client: ContractsClient, request: MoveRequest, body: Body, now: int) -> None:
    asked, licensor = request.terms, request.party("licensor").code
    terms = Terms(
        rights=frozenset(map(Right, asked.rights)),
        acts=frozenset(map(Act, asked.acts)),
        territory=frozenset(asked.territory),
        begins=now if asked.begins is None else asked.begins,
        ends=asked.ends,
    )
    check_licence(
        terms,
        licensor=licensor,
        licensee=request.party("licensee").code,
        held=[Right(right) for right in _held(body, licensor)],
        valid_until=body.valid_until,
        now=now,
        exclusives=_exclusives(client, body.number, licensor, terms.rights, now),
    )


def _exclusives(
    client: ContractsClient, number: str, licensor: str, rights: frozenset[Right], now: int
) -> Iterator[Terms]:
    """The exclusive licences on these rights that are neither over nor ended, whoever gave them (S5.22)."""
    line = client.line_of(certificate_subject(number), organisation_subject(licensor))
    for right in rights:
        for id_ in client.exclusives_of(line, 1 << RIGHTS.index(right.value)):
            given = client.licence(id_)
            if given is not None and given.state is LicenceState.GIVEN and given.valid_until >= now:
                yield Terms(
                    rights=frozenset(map(Right, names_of_bits(given.rights, RIGHTS))),
                    acts=frozenset(map(Act, names_of_bits(given.acts, ACTS))),
                    territory=frozenset(names_of_bits(given.territory, TERRITORY)),
                    begins=given.valid_from,
                    ends=given.valid_until,
                )


def _require_ending(session: Session, client: ContractsClient, request: MoveRequest, now: int) -> None:
    """The licence is one of this certificate, in force, and the parties are its own, or it is a forum."""
    row = session.get(Licence, request.terms.licence)
    given = None if row is None else client.licence(row.subject)
    if row is None or given is None or row.certificate != request.certificate.number:
        raise UsageFault(
            f"{request.terms.licence} was not given under this certificate",
            code="licence-unknown",
            hint="Take the licence's number and the certificate's from its voucher.",
        )
    if given.state is not LicenceState.GIVEN or given.valid_until < now:
        raise UsageFault(
            "the licence has ended, or has run out", code="licence-over", hint="There is nothing to end."
        )
    if request.parties[0].role == "forum":
        return
    asking = [organisation_subject(one.code) for one in request.parties]
    if asking != [given.licensor, given.licensee]:
        raise UsageFault(
            "licensor and licensee are others",
            code="request-holders",
            hint="The two that gave and took the licence end it together, or a forum does.",
        )

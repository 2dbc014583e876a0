"""A prepared decision, and the message that follows from its statements alone (S5.20–S5.25, S16.9).

Whoever signs makes the message again from the bodies that it fixes, and compares them with the request it
signed: nobody signs what a server sends unread (D16). Needs neither chain nor database.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from yinzheng.ledger.cases.as_asked import differences
from yinzheng.ledger.chain import approvals_moves as messages
from yinzheng.ledger.chain.approvals import Domain, plain, typed_data
from yinzheng.ledger.chain.messages import Message
from yinzheng.ledger.chain.records_moves import CancellationGround, Initiator
from yinzheng.ledger.rules.certificates import remark_bits
from yinzheng.ledger.rules.terms import RemarkKind
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.canonical import JSON, constant, list_of, nullable, read_object
from yinzheng.verifier.chain.layout import GROUNDS, INITIATORS
from yinzheng.verifier.chain.terms import ACTS, RIGHTS, TERRITORY, bits_of
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.body import Body, parse_body
from yinzheng.verifier.formats.certificate import statement_of
from yinzheng.verifier.formats.licence import (
    Licence,
    LicenceEnd,
    ended_statement,
    given_statement,
    parse_licence,
    parse_licence_end,
)
from yinzheng.verifier.formats.move_request import MoveRequest
from yinzheng.verifier.formats.moves import (
    Deposited,
    Succession,
    Transfer,
    parse_succession,
    succession_statement,
)
from yinzheng.verifier.formats.standing import Cancellation, parse_cancellation
from yinzheng.verifier.log.statement import (
    CERTIFICATE_DEPOSITED,
    Statement,
    certificate_subject,
    organisation_subject,
    verify_body,
)

CANCELLED: Final = "certificate.cancelled"
FORMAT: Final = "yinzheng/prepared/1"
MAX_BYTES: Final = 256 * 1024
NOBODY: Final = "0x" + messages.NOBODY.hex()


@dataclass(frozen=True, slots=True)
class Stated:
    """A statement that is to be written, with its public body as parsed."""

    statement: Statement
    body: Any

    def to_json(self) -> dict[str, JSON]:
        """`{"statement": S3.1, "body"}`."""
        return {"statement": self.statement.to_json(), "body": self.body.to_json()}


@dataclass(frozen=True, slots=True)
class PreparedFile:
    """What the registry hands to whoever is to sign (S16.9): the statements, and the message about them."""

    case: str
    """The case's reference."""
    stated: tuple[Stated, ...]
    """What follows first, the decision last."""
    message: dict[str, Any]
    """EIP-712, as any wallet takes it; bytes are `0x` and hex."""
    before: Stated | None = None
    """The deposit of the certificate that others are to follow."""

    def to_json(self) -> dict[str, JSON]:
        """The object of S16.9."""
        stated: list[JSON] = [one.to_json() for one in self.stated]
        before = None if self.before is None else self.before.to_json()
        said: dict[str, JSON] = {"case": self.case, "before": before, "stated": stated}
        return {"format": FORMAT, **said, "message": self.message}


def parse_prepared(data: bytes) -> PreparedFile:
    """Read a prepared decision; each statement must follow from its body.

    Raises `DataFault`: `json-…`, `field-…`, `approval-content`.
    """
    return read_prepared(canonical.loads(data, max_bytes=MAX_BYTES))


def read_prepared(value: object) -> PreparedFile:
    """As `parse_prepared`, of the JSON value."""
    found = read_object(value, _PREPARED, "prepared")
    return PreparedFile(found["case"], tuple(found["stated"]), found["message"], found["before"])


def read_stated(value: object, path: str) -> Stated:
    """Read a statement with its body, from which it must follow. Raises `DataFault`."""
    found = read_object(value, {"statement": Statement.from_json, "body": _anything}, path)
    statement: Statement = found["statement"]
    if statement.type == CANCELLED:
        return _cancelled(statement, found["body"])
    try:
        made = stated(statement.type, found["body"])
    except KeyError:
        raise not_shown() from None
    if made.statement != statement:
        raise not_shown()
    return made


def _cancelled(statement: Statement, value: object) -> Stated:
    """A cancellation, whose body names neither rules nor what was said before."""
    body = parse_cancellation(value)
    verify_body(statement, body.canonical())
    said = (certificate_subject(body.certificate), body.at, "registry")
    if (statement.subject, statement.at, statement.by) != said:
        raise not_shown()
    return Stated(statement, body)


def stated(statement_type: str, body: object) -> Stated:
    """The statement of that type that follows from a body. Raises `KeyError` for another type."""
    parse, follow = _STATED[statement_type]
    parsed = parse(body)
    return Stated(follow(parsed), parsed)


def message_of(found: Sequence[Stated], case: bytes, exchange: bytes = messages.NOBODY) -> Message:
    """The message that all sign: the last of `found` decides, those before it follow.

    `case` is the case's identifier on chain, `exchange` the account that reserved the certificate, 20 bytes.
    """
    decision = found[-1]
    leaf = decision.statement.leaf_hash
    match decision.body:
        case Licence() as body:
            return _licence(body, leaf, exchange)
        case LicenceEnd() as body:
            return messages.LicenceEnd(body.subject, leaf)
        case Cancellation() as body:
            return messages.Cancellation(
                id=decision.statement.subject,
                ground=CancellationGround(GROUNDS.index(body.ground) + 1),
                initiator=Initiator(INITIATORS.index(body.initiator) + 1),
                statement=leaf,
                case_id=case,
            )
        case Transfer() as body:
            return _transfer(body, found[:-1], leaf, case, exchange)
        case Succession() as body:
            kind = messages.Change if decision.statement.type == "certificate.changed" else messages.Renewal
            (following,) = found[:-1]
            certificate: Body = following.body
            return kind(
                predecessor=decision.statement.subject,
                case_id=case,
                successor=following.statement.subject,
                content=following.statement.leaf_hash,
                registered_at=certificate.registered_at,
                valid_until=certificate.valid_until,
                remarks=_remarks(certificate),
                statement=leaf,
            )
    raise not_shown()


def require_shown(prepared: PreparedFile, domain: Domain, request: MoveRequest) -> Message:
    """The message to sign: made from the statements, for the pinned contract, of the request that was signed.

    `domain` is of `RightsMoves`, or of `Standing` where `is_cancellation`.

    Raises `DataFault`: `approval-message` (another contract's, or none), `approval-content` (the statements
    are not what would be signed), `approval-request` (they are not what was asked for; `differs` says where).
    """
    asked: Mapping[str, Any] = prepared.message
    try:
        said = asked["message"]
        case = _bytes(said.get("caseId", "0x" + bytes(32).hex()))
        exchange = _bytes(said.get("exchange", NOBODY))
        made = message_of(prepared.stated, case, exchange)
        expected = plain(typed_data(made, domain))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _another() from None
    assert isinstance(expected, dict)
    if {**expected, "message": None} != {**asked, "message": None}:
        raise _another()
    if expected["message"] != said:
        raise not_shown()
    decides, bodies = prepared.stated[-1].statement.type, [one.body for one in prepared.stated]
    if differs := differences(decides, bodies, request, _before(prepared.before, request)):
        raise DataFault(
            f"this is not what was asked for: {', '.join(differs)}",
            code="approval-request",
            hint="Sign nothing. Ask the registry, and compare with the request.",
            differs=list(differs),
        )
    return made


def _before(shown: Stated | None, request: MoveRequest) -> Body | None:
    """The certificate that is asked about, if it is the one shown."""
    named = shown is not None and shown.statement.leaf_hash == request.certificate.leaf
    return shown.body if shown is not None and named and isinstance(shown.body, Body) else None


def is_cancellation(prepared: PreparedFile) -> bool:
    """Whether it is signed for `Standing`, as cancellations are."""
    return prepared.stated[-1].statement.type == CANCELLED


def _licence(body: Licence, leaf: bytes, exchange: bytes) -> messages.Licence:
    return messages.Licence(
        id=body.subject,
        certificate=certificate_subject(body.certificate.number),
        licensor=organisation_subject(body.licensor.code),
        licensee=organisation_subject(body.licensee.code),
        rights=bits_of(body.rights, RIGHTS),
        acts=bits_of(body.acts, ACTS),
        territory=bits_of(body.territory, TERRITORY),
        valid_from=body.begins,
        valid_until=body.ends,
        exclusive=body.exclusive,
        statement=leaf,
        exchange=exchange,
    )


def _transfer(
    body: Transfer, following: Sequence[Stated], leaf: bytes, case: bytes, exchange: bytes
) -> messages.Transfer:
    passed, *rest = following
    if [_named_as(one) for one in following] != [
        body.successor,
        *([body.remainder] if body.remainder else []),
    ]:
        raise not_shown()
    if rest and _remarks(rest[0].body) != _remarks(passed.body):
        raise not_shown()
    return messages.Transfer(
        predecessor=certificate_subject(body.certificate.number),
        case_id=case,
        transferor=organisation_subject(body.transferor.code),
        transferee=organisation_subject(body.transferee.code),
        rights=bits_of(body.rights, RIGHTS),
        successor=passed.statement.subject,
        content=passed.statement.leaf_hash,
        registered_at=passed.body.registered_at,
        valid_until=passed.body.valid_until,
        statement=leaf,
        remainder=rest[0].statement.subject if rest else messages.NOTHING,
        remainder_content=rest[0].statement.leaf_hash if rest else messages.NOTHING,
        remarks=_remarks(passed.body),
        exchange=exchange,
    )


def _named_as(one: Stated) -> Deposited:
    return Deposited(one.body.number, one.statement.leaf_hash)


def _remarks(body: Body) -> int:
    return remark_bits(RemarkKind(remark.kind) for remark in body.remarks)


def _bytes(written: str) -> bytes:
    if not written.startswith("0x"):
        raise ValueError(written)
    return bytes.fromhex(written[2:])


def _anything(value: object, _path: str) -> object:
    """Leave it to its own reader."""
    return value


def _message(value: object, path: str) -> dict[str, Any]:
    if type(value) is not dict:
        raise DataFault(f"{path} is not an object", code="field-type", path=path)
    return value


def _another() -> DataFault:
    return DataFault(
        "this is no decision about a right, or another registry's",
        code="approval-message",
        hint="Sign nothing; ask the registry.",
    )


def not_shown() -> DataFault:
    """What is shown is not what would be signed."""
    return DataFault(
        "what is shown is not what would be approved",
        code="approval-content",
        hint="Sign nothing; ask the registry, and keep this file: it shows that it lied.",
    )


def _succession(statement_type: str) -> tuple[Callable[[object], Any], Callable[[Any], Statement]]:
    return lambda value: parse_succession(statement_type, value), succession_statement


_STATED: Final[Mapping[str, tuple[Callable[[object], Any], Callable[[Any], Statement]]]] = {
    CERTIFICATE_DEPOSITED: (parse_body, statement_of),
    "licence.given": (parse_licence, given_statement),
    "licence.ended": (parse_licence_end, ended_statement),
    "right.transferred": _succession("right.transferred"),
    "certificate.changed": _succession("certificate.changed"),
    "certificate.renewed": _succession("certificate.renewed"),
}

_PREPARED: Final[dict[str, Any]] = {
    "format": constant(FORMAT),
    "case": canonical.text(1, 40),
    "before": nullable(read_stated),
    "stated": list_of(read_stated, 1, 3),
    "message": _message,
}

"""Body of `withdrawal.requested` (S10.6): what is taken back, what remains, who owes what until when (R31).

What was in force before is `taken` and `remains` together, and they share nothing: so anyone to whom consent
and requests are disclosed can add them up, and see that a partial withdrawal left the rest alone. The later
bodies of a withdrawal are in `withdrawal_steps`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Annotated, Final

from yinzheng.verifier.bytes.algorithms import sha256
from yinzheng.verifier.bytes.canonical import (
    JSON,
    boolean,
    constant,
    hex_bytes,
    integer,
    nullable,
    one_of,
    read_object,
    tuple_of,
)
from yinzheng.verifier.bytes.shape import Shaped, Versioned, names_of, read_shape, shape
from yinzheng.verifier.bytes.wording import check_name, set_of
from yinzheng.verifier.chain.layout_consents import DESTRUCTION, FREEZE
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.body import check_credit_code
from yinzheng.verifier.formats.consent import Consent
from yinzheng.verifier.formats.notice import MAX_RECIPIENTS, ROUTES, SCOPES

CHANNELS: Final = ("receipt", "guardian", "counter", "controller")
"""Which way a withdrawal came (R31)."""

DUTIES: Final = ("clear_links", "destroy", "exempt")
"""What an organisation owes: the controller clears its links, recipients destroy; who got only anonymised
data is exempt (R32)."""

ANONYMISED: Final = "anonymised"
"""The one reason of an exemption, and the form of data it is about (R32)."""

MAX_REQUEST: Final = 32_768
"""Canonical bytes of a request; bounded by its fields."""

MAX_SERIAL: Final = 9999

HOUR: Final = 3600


@dataclass(frozen=True, slots=True, order=True)
class Grant(Shaped):
    """One recipient's part in one scope, and in what form it gets the data."""

    code: Annotated[str, check_credit_code]
    scope: Annotated[str, one_of(*SCOPES)]
    route: Annotated[str, one_of(*ROUTES)]


def _grants(value: object, path: str) -> tuple[Grant, ...]:
    found: tuple[Grant, ...] = _GRANTS(value, path)
    pairs = [(grant.code, grant.scope) for grant in found]
    if pairs != sorted(set(pairs)):
        raise DataFault(f"{path} is not in ascending order, each once", code="field-value", path=path)
    return found


_GRANTS: Final = tuple_of(shape(Grant), 0, MAX_RECIPIENTS)
_SCOPES: Final = set_of(one_of(*SCOPES), 0, len(SCOPES))


@dataclass(frozen=True, slots=True)
class Portion(Shaped):
    """Part of a consent: scopes, and recipients in them; both ascend, each once."""

    scopes: Annotated[tuple[str, ...], _SCOPES]
    grants: Annotated[tuple[Grant, ...], _grants]

    @property
    def is_empty(self) -> bool:
        """Whether nothing is in it."""
        return not self.scopes and not self.grants


@dataclass(frozen=True, slots=True)
class Extent(Shaped):
    """What is taken back: everything, or these scopes and these recipients (credit codes), as filed."""

    everything: Annotated[bool, boolean]
    scopes: Annotated[tuple[str, ...], _SCOPES]
    recipients: Annotated[tuple[str, ...], set_of(check_credit_code, 0, MAX_RECIPIENTS)]


@dataclass(frozen=True, slots=True)
class Duty(Shaped):
    """What one organisation owes, under which hash it stands on chain."""

    code: Annotated[str, check_credit_code]
    name: Annotated[str, check_name(1, 100)]
    duty: Annotated[str, one_of(*DUTIES)]
    salt: Annotated[bytes | None, nullable(hex_bytes(32))] = field(repr=False)
    """32 random bytes; None for who is exempt, and so not on chain."""

    @property
    def reason(self) -> str | None:
        """Why it is exempt, else None."""
        return ANONYMISED if self.duty == "exempt" else None

    @property
    def on_chain(self) -> bytes | None:
        """The salted hash of S5.10, `SHA-256(code || salt)`; None for who owes no receipt."""
        return None if self.salt is None else sha256(self.code.encode() + self.salt)

    def to_json(self) -> dict[str, JSON]:
        """As in S10.6: with the reason, which follows."""
        return {**Shaped.to_json(self), "reason": self.reason}


def _duty(value: object, path: str) -> Duty:
    fields = read_object(value, {**names_of(Duty), "reason": nullable(constant(ANONYMISED))}, path)
    reason = fields.pop("reason")
    duty = Duty(**fields)
    exempt = duty.duty == "exempt"
    if reason != duty.reason or (duty.salt is None) != exempt:
        raise DataFault(
            f"{path} has a reason, and no salt, exactly if it is exempt", code="field-value", path=path
        )
    return duty


@dataclass(frozen=True, slots=True)
class Requested(Versioned):
    """Body of `withdrawal.requested` (S10.6). `parse_requested` makes one whose parts agree."""

    consent: Annotated[bytes, hex_bytes(32)]
    """Leaf hash of `consent.granted`."""
    withdrawal: Annotated[bytes, hex_bytes(32)]
    """32 bytes: identifier on chain. A consent's first has the consent's subject, later ones are random."""
    serial: Annotated[int, integer(1, MAX_SERIAL)]
    """From 1, of the withdrawals of this consent."""
    channel: Annotated[str, one_of(*CHANNELS)]
    extent: Extent
    taken: Portion
    remains: Portion
    minor: Annotated[bool, boolean]
    genetic: Annotated[bool, boolean]
    received_at: Annotated[int, integer()]
    """Exactly; the chain's `receivedAt` is the hour it lies in: no clock ends later than is lawful."""
    destroy_by: Annotated[int, integer()]
    freeze_by: Annotated[int | None, nullable(integer())]
    recipients: Annotated[tuple[Duty, ...], tuple_of(_duty, 1, MAX_RECIPIENTS + 1)]
    """By ascending credit code, each once, the controller among them."""

    @property
    def chain_received_at(self) -> int:
        """The full hour that the chain is told (R49)."""
        return self.received_at - self.received_at % HOUR

    @property
    def controller(self) -> str:
        """Credit code of the one that clears its links."""
        return next(duty.code for duty in self.recipients if duty.duty == "clear_links")

    @property
    def owing(self) -> dict[str, bytes]:
        """Who owes a receipt: salted hash on chain by credit code."""
        return {duty.code: duty.on_chain for duty in self.recipients if duty.on_chain is not None}

    @property
    def before(self) -> Portion:
        """What was in force until then."""
        return _unite(self.taken, self.remains)


def portion(scopes: Iterable[str], grants: Iterable[Grant]) -> Portion:
    """Put scopes and grants in their order, each once."""
    return Portion(tuple(sorted(set(scopes))), tuple(sorted(set(grants))))


def granted(consent: Consent) -> Portion:
    """What a consent granted before any withdrawal: each yes, and nothing that was left unset (R26)."""
    answers = (Grant(r.code, r.scope, r.route) for r in consent.recipients if r.answer is True)
    return portion(consent.granted, answers)


def remaining(consent: Consent, requests: Iterable[Requested]) -> Portion:
    """What of a consent is in force after these withdrawals, all there were, in order.

    Raises `DataFault` `withdrawal-course` if one is missing or does not begin with what the one before left,
    or is of another controller's consent.
    """
    left = granted(consent)
    for number, request in enumerate(requests, 1):
        same = request.serial == number and request.controller == consent.controller.code
        if not same or request.before != left:
            raise DataFault(
                f"withdrawal {number} does not follow from what was in force before it",
                code="withdrawal-course",
                serial=request.serial,
            )
        left = request.remains
    return left


def deadlines(received_at: int, *, minor: bool) -> tuple[int, int | None]:
    """Last seconds for destruction and, for minors, for freezing, counted from the full hour (S5.12)."""
    start = received_at - received_at % HOUR
    return start + DESTRUCTION, start + FREEZE if minor else None


def parse_requested(value: object) -> Requested:
    """Read a request from its JSON value.

    Raises `DataFault`: a code of `canonical.read_object`, `credit-code`, `encoded-bytes`,
    `withdrawal-extent` (taken and remains are not what the extent makes of them together),
    `withdrawal-clock`, or `withdrawal-duties` (not exactly those who owe, each once, in order).
    """
    request = read_shape(Requested, value)
    if not _is_cut(request):
        raise DataFault(
            "what is taken and what remains do not follow from the extent", code="withdrawal-extent"
        )
    if (request.destroy_by, request.freeze_by) != deadlines(request.received_at, minor=request.minor):
        raise DataFault("the deadlines do not follow from the time of receipt", code="withdrawal-clock")
    if not _are_all(request.recipients, request.taken):
        raise DataFault("the duties do not follow from what is taken", code="withdrawal-duties")
    return request


def _unite(one: Portion, other: Portion) -> Portion:
    return portion(one.scopes + other.scopes, one.grants + other.grants)


def _is_cut(request: Requested) -> bool:
    """Whether the extent, applied to what was in force, takes and leaves just what the request says (R31)."""
    extent, taken, before = request.extent, request.taken, request.before
    part = bool(extent.scopes or extent.recipients)
    total = len(taken.scopes) + len(request.remains.scopes), len(taken.grants) + len(request.remains.grants)
    if extent.everything == part or taken.is_empty or total != (len(before.scopes), len(before.grants)):
        return False
    if extent.everything:
        return request.remains.is_empty
    # A recipient named twice for a scope, in two forms, would be half taken.
    codes = {grant.code for grant in before.grants}
    grants = [g for g in before.grants if g.scope in extent.scopes or g.code in extent.recipients]
    return codes.issuperset(extent.recipients) and taken == portion(extent.scopes, grants)


def _are_all(duties: tuple[Duty, ...], taken: Portion) -> bool:
    """Whether every recipient of what is taken, and the controller, has just the duty it must have."""
    codes = [duty.code for duty in duties]
    controllers = [duty.code for duty in duties if duty.duty == "clear_links"]
    expected = {grant.code: "exempt" for grant in taken.grants if grant.route == ANONYMISED} | {
        grant.code: "destroy" for grant in taken.grants if grant.route != ANONYMISED
    }
    expected |= dict.fromkeys(controllers, "clear_links")
    return (
        codes == sorted(set(codes))
        and len(controllers) == 1
        and {duty.code: duty.duty for duty in duties} == expected
    )

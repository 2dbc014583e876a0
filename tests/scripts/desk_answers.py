"""What the desk answers, as schemas: the parts of its OpenAPI document."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from tests.scripts.form_schemas import Forms, Json, hex_of
from yinzheng.api.desk.bodies import JSON_MEDIA
from yinzheng.ledger.certificates.reserving import State
from yinzheng.verifier.bytes.digests import DigestPair
from yinzheng.verifier.bytes.shape import Shaped
from yinzheng.verifier.formats import notice, trade, trade_check
from yinzheng.verifier.formats.body import RIGHTS
from yinzheng.verifier.formats.reservation import Reserved
from yinzheng.verifier.judge.licence.status import LicenceStatus
from yinzheng.verifier.judge.report import Status
from yinzheng.verifier.log.statement import Statement

Make = Callable[[Forms], Json]
Content = Mapping[str, Make]
"""Schemas by media type."""

PDF: Final = "application/pdf"


def _object(name: str, checks: Mapping[str, Any]) -> Make:
    return lambda forms: forms.named(name, lambda: forms.fields(checks))


def _part(kind: type[Shaped]) -> Make:
    return lambda forms: forms.part(kind)


def _answer(name: str, /, **members: Json | Make) -> Make:
    """An object with at least these members: later versions may say more."""

    def make(forms: Forms) -> Json:
        properties = {name: one(forms) if callable(one) else one for name, one in members.items()}
        return {"type": "object", "properties": properties, "required": [*members]}

    return lambda forms: forms.named(name, lambda: make(forms))


def _binary(description: str = "") -> Make:
    said = {"description": description} if description else {}
    return lambda _: {"type": "string", "format": "binary", **said}


def _json(*makes: Make) -> Content:
    """One of these, as JSON."""
    return {JSON_MEDIA: makes[0] if len(makes) == 1 else lambda forms: {"oneOf": [m(forms) for m in makes]}}


def _list(item: Make) -> Make:
    return lambda forms: {"type": "array", "items": item(forms)}


def _or_null(schema: Json) -> Json:
    return {"anyOf": [schema, {"type": "null"}]}


_LEAF: Final = hex_of(32, 32)
_FLAG: Final[Json] = {"type": "boolean"}
_COUNT: Final[Json] = {"type": "integer"}
_TIME: Final[Json] = {"type": "integer", "description": "UTC seconds."}
_TEXT: Final[Json] = {"type": "string"}

_ELSEWHERE: Final = _json(
    lambda _: {"type": "object", "description": "See the section of docs/spec.md that is named."}
)
_RECORDED: Final = _json(_answer("Recorded", leaf=_LEAF))
_GRANTED: Final = _answer(
    "GrantedConsent",
    subject=_LEAF,
    leaf=_LEAF,
    already={**_FLAG, "description": "Whether it was recorded before."},
)
_PENDING: Final = _answer("SignedNotice", body={**_TEXT, "description": "S11.4, as text."}, header=_TEXT)
_ITEM: Final = _json(
    _answer(
        "PlacedItem",
        number=_COUNT,
        leaf=_or_null(_LEAF),
        digest=lambda forms: forms.of(DigestPair.from_json),
        size=_COUNT,
    )
)
_CHANGE: Final[Json] = {**_TEXT, "enum": [*notice.CHANGES]}
_EARLIER: Final = _answer(
    "EarlierVersion",
    notice=_LEAF,
    version=_COUNT,
    wider=_list(
        _answer("WiderPart", change=_CHANGE, scope=_or_null(_TEXT), words=_TEXT, code=_or_null(_TEXT))
    ),
    consents=_list(lambda _: _LEAF),
)
_SHORT: Final = hex_of(16, 16)
_SUBSCRIPTION: Final = _answer(
    "Subscription",
    subscription=_SHORT,
    certificates=_list(lambda _: _TEXT),
    webhook=_or_null(_TEXT),
    begin={**_COUNT, "description": "Events from this number on are yet to be told."},
    created_at=_TIME,
)
_LETTER: Final = _answer(
    "DeadLetter",
    letter=_SHORT,
    subscription=_SHORT,
    made_at=_TIME,
    attempts=_COUNT,
    error=_or_null(_TEXT),
    body={**_TEXT, "description": "S11.4, as text."},
    header=_TEXT,
)
_OBJECTED: Final = _answer(
    "OpenObjection",
    objection=_LEAF,
    raised_at=_TIME,
    answered_at=_or_null(_TIME),
    reasons=_TEXT,
)
_NUMBER: Final = {"after": {"type": "integer", "minimum": 0}}
_SAID: Final[Mapping[str, Json]] = {"zh": _TEXT, "en": _TEXT}
_REASON: Final = _answer(
    "TradeReason",
    code={**_TEXT, "enum": [*trade.REASONS]},
    obligation=_TEXT,
    rule=_TEXT,
    about=_or_null(_TEXT),
    **_SAID,
)
_SETTLED: Final = _answer(
    "TradeObligation",
    name={**_TEXT, "enum": [*trade.OBLIGATIONS]},
    rule=_TEXT,
    outcome={**_TEXT, "enum": [*trade.OUTCOMES]},
    **_SAID,
)
_KEPT: Final[dict[str, Json | Make]] = {
    "reservation": _LEAF,
    "certificate": _TEXT,
    "until": _TIME,
    "made_at": _TIME,
    "state": {**_TEXT, "enum": [*State]},
    "settled": _or_null(_LEAF),
    "contract": _or_null(_LEAF),
}
_RESERVED: Final = _answer("Reservation", **_KEPT)
_SEEN: Final = _answer(
    "ReservationMade",
    **_KEPT,
    made=_answer("Made", statement=lambda forms: forms.of(Statement.from_json), body=_part(Reserved)),
)
_SETTLEMENT: Final = _answer(
    "Settlement",
    **_KEPT,
    case=_TEXT,
    numbers=_list(lambda _: _TEXT),
)
_LISTED: Final = _answer(
    "ListedCheck",
    check=_LEAF,
    certificate=_or_null(_TEXT),
    answer={**_TEXT, "enum": [*trade.ANSWERS]},
    kind={**_TEXT, "enum": [*trade.KINDS]},
    seller=_part(trade.NamedParty),
    buyer=_part(trade.NamedParty),
    checked_at=_TIME,
    anchored={**_FLAG, "description": "Whether the receipt can be had with its proofs."},
)
_RIGHT: Final = _answer(
    "HeldRight",
    body={"type": "object", "description": "S6.1."},
    rights=_list(lambda _: {**_TEXT, "enum": [*RIGHTS]}),
    status={**_TEXT, "enum": [*Status]},
    objections=_COUNT,
    reserved_until=_or_null(_TIME),
    remarks=_list(lambda _: {"type": "object", "description": "S15.8."}),
    licences=_list(lambda _: _TEXT),
    more_licences={**_FLAG, "description": "Whether there may be older ones, in `/org/v1/licences`."},
)
_LICENCE: Final = _answer(
    "OwnLicence",
    body={"type": "object", "description": "S6.6."},
    status={**_TEXT, "enum": [*LicenceStatus]},
    ended_at=_or_null(_TIME),
)
_CHECKED: Final = _answer(
    "CheckedTrade",
    check=_LEAF,
    answer={**_TEXT, "enum": [*trade.ANSWERS]},
    words=_answer("Words", **_SAID),
    reasons=_list(_REASON),
    obligations=_list(_SETTLED),
    block=_part(trade_check.Block),
    checked_at=_TIME,
    receipt={"type": "object", "description": "S20.3, its proofs still null."},
)
_MOVE: Final = _answer(
    "Move",
    case=_TEXT,
    type=_TEXT,
    certificate=_TEXT,
    state=_TEXT,
    changed_at=_TIME,
    missing=_list(lambda _: _TEXT),
    prepared=_or_null({"type": "object", "description": "S16.9."}),
    asked=_or_null({"type": "object", "description": "S10.12, for its parties."}),
)

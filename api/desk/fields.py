"""What bodies and addresses sent to the desk hold, read strictly: unknown names are refused (S15)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from yinzheng.ledger.consents.uncovered import Place
from yinzheng.ledger.organisations.addresses import MAX_ADDRESS
from yinzheng.ledger.rules.consent import Scope
from yinzheng.ledger.rules.extent import Extent
from yinzheng.ledger.rules.terms import LawfulBasis
from yinzheng.ledger.watch.subscriptions import MOST_CERTIFICATES
from yinzheng.verifier.bytes.canonical import (
    JSON,
    Check,
    boolean,
    hex_bytes,
    integer,
    list_of,
    nullable,
    object_of,
    one_of,
    read_object,
    text,
)
from yinzheng.verifier.bytes.cose import MAX_QR
from yinzheng.verifier.bytes.wording import check_date, check_words, set_of
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.body import check_credit_code, check_number
from yinzheng.verifier.formats.consent import IDENTITY_PROOFS
from yinzheng.verifier.formats.notice import MAX_RECIPIENTS, SCOPES
from yinzheng.verifier.formats.organisation import REASONS
from yinzheng.verifier.formats.receipt import AnyReceiptCode, decode_receipt

_ID: Final = re.compile("[0-9a-f]{64}")
_ONCE: Final = re.compile("[0-9a-f]{32}")
_SECONDS: Final = re.compile("0|[1-9][0-9]{0,15}")

_EXTENT: Final[Check[Any]] = object_of(
    {
        "everything": boolean,
        "scopes": set_of(one_of(*SCOPES), 0, len(SCOPES)),
        "recipients": set_of(check_credit_code, 0, MAX_RECIPIENTS),
    }
)
_BEARER: Final[dict[str, Check[Any]]] = {"receipt": text(1, MAX_QR), "born": check_date}
SEE: Final = _BEARER
"""Body of what a patient looks at: the QR text of the receipt, and the date of birth."""
RECEIPT: Final[dict[str, Check[Any]]] = {**_BEARER, "form": one_of("json", "pdf")}
"""Body of a patient who asks for the receipt anew."""
CONCLUSION: Final[dict[str, Check[Any]]] = {**_BEARER, "withdrawal": hex_bytes(32)}
"""Body of a patient who asks for the end document of a withdrawal."""
HAND_OUT: Final[dict[str, Check[Any]]] = {
    "document": nullable(one_of(*IDENTITY_PROOFS)),
    "guardian": boolean,
}
"""Body of a controller that hands out a receipt; `document` is what it saw before replacing a lost one."""
WITHDRAW: Final[dict[str, Check[Any]]] = {**_BEARER, "guardian": boolean, "extent": _EXTENT}
"""Body of a patient's withdrawal, or of one that any enrolled organisation passes on."""
MAX_UPLOAD: Final = 6 * 1024 * 1024
"""Bytes of the body below: two documents of 2 MiB in base64."""
_DOCUMENT: Final[Check[Any]] = object_of(
    {"which": one_of("identity", "guardianship"), "content": text(1, MAX_UPLOAD)}
)
GUARDIAN: Final[dict[str, Check[Any]]] = {
    **_BEARER,
    "withdrawal": hex_bytes(32),
    "documents": list_of(_DOCUMENT, 1, 2),
}
"""Body of the documents that a guardian sends in (R33)."""
AT_COUNTER: Final[dict[str, Check[Any]]] = {
    "subject": hex_bytes(32),
    "document": one_of(*IDENTITY_PROOFS),
    "guardian": boolean,
    "received_at": nullable(integer()),
    "extent": _EXTENT,
}
"""Body of a withdrawal that the controller took in, having seen a document."""

USE: Final[dict[str, Check[Any]]] = {
    "subject": hex_bytes(32),
    "at": integer(),
    "purpose": check_words(1, 200),
    "operator": check_words(1, 100),
    "scope": nullable(one_of(*SCOPES)),
    "basis": one_of(*LawfulBasis),
    "ground": nullable(check_words(1, 200)),
    "notice": nullable(hex_bytes(32)),
}
"""Body of one use of a consent's data (R30), which rests on a scope of it, under a version of its notice
(R28; null: the one consented to), or on another basis (R27)."""
REVOKE: Final[dict[str, Check[Any]]] = {"kid": hex_bytes(8), "reason": one_of(*REASONS), "since": integer()}
"""Body of an organisation's report that a key of its own is lost or worse."""

SUBSCRIBE: Final[dict[str, Check[Any]]] = {
    "certificates": list_of(object_of({"number": check_number, "leaf": hex_bytes(32)}), 1, MOST_CERTIFICATES),
    "webhook": nullable(text(1, MAX_ADDRESS)),
}
"""Body of a subscription: certificates, each with its deposit's leaf hash, and where events are told."""


def read(value: dict[str, JSON], fields: dict[str, Check[Any]]) -> dict[str, Any]:
    """Read a body. Raises `DataFault` (`field-…`)."""
    return read_object(value, fields)


def extent_of(value: dict[str, Any]) -> Extent:
    """What is taken back, as the rules have it."""
    return Extent(
        everything=value["everything"],
        scopes=frozenset(map(Scope, value["scopes"])),
        recipients=frozenset(value["recipients"]),
    )


def receipt_of(value: dict[str, Any]) -> AnyReceiptCode:
    """The receipt whose QR text was sent, large or short. Raises `DataFault` (`qr-…`, `core-…`)."""
    return decode_receipt(value["receipt"])


def is_identifier(written: str) -> bool:
    """Whether this is the hex of 32 bytes."""
    return _ID.fullmatch(written) is not None


def identifier(written: str) -> bytes:
    """32 bytes of an address's hex. Raises `DataFault` `field-value`."""
    if not is_identifier(written):
        raise DataFault("an identifier is 64 lower-case hex characters", code="field-value")
    return bytes.fromhex(written)


def is_short(written: str) -> bool:
    """Whether this is the hex of 16 bytes."""
    return _ONCE.fullmatch(written) is not None


def short_identifier(written: str) -> bytes:
    """16 bytes of an address's hex. Raises `DataFault` `field-value`."""
    if not is_short(written):
        raise DataFault("an identifier is 32 lower-case hex characters", code="field-value")
    return bytes.fromhex(written)


def first_of(query: dict[str, str], last_id: str | None) -> int | None:
    """The number of the first event that is wanted: after the one of the header `Last-Event-ID`, or else of
    `after` in the query; None where neither is given. Raises `UsageFault` `query`."""
    if set(query) - {"after"}:
        raise UsageFault("the query is not after= and an event's number", code="query")
    written = query.get("after") if last_id is None else last_id
    if written is None:
        return None
    if not (written.isascii() and written.isdigit() and len(written) <= 15):
        raise UsageFault("an event's number is a decimal", code="query")
    return int(written) + 1


def period_of(query: dict[str, str]) -> tuple[int, int]:
    """From when to before when, UTC seconds; what is not said has no bound. Raises `UsageFault` `query`."""
    given = {"since": "0", "until": str(2**53 - 1)} | query
    if set(given) != {"since", "until"} or not all(_SECONDS.fullmatch(one) for one in given.values()):
        raise UsageFault("the query is not since= and until= with UTC seconds", code="query")
    return int(given["since"]), int(given["until"])


def once_of(query: dict[str, str]) -> bytes | None:
    """The random number of a request to be carried out once (S15.3). Raises `UsageFault` `query`."""
    if not query:
        return None
    written = query.get("once", "")
    if set(query) != {"once"} or _ONCE.fullmatch(written) is None:
        raise UsageFault("the query is not once= and 32 lower-case hex characters", code="query")
    return bytes.fromhex(written)


def since_of(query: dict[str, str]) -> tuple[int | None, bytes | None]:
    """The instant `since` of a query, UTC seconds, and the `after` that such a list goes on after.

    Raises `UsageFault` `query`.
    """
    if not query:
        return None, None
    written, after = query.get("since", ""), query.get("after")
    sound = written.isascii() and written.isdigit() and len(written) <= 12
    if set(query) - {"since", "after"} or not sound or not (after is None or is_short(after)):
        raise UsageFault("the query is not since= and UTC seconds, and a place in that list", code="query")
    return int(written), None if after is None else bytes.fromhex(after)


def after_of(query: dict[str, str]) -> Place | None:
    """The place `after` of a query, from which a list goes on. Raises `UsageFault` `query`."""
    if not query:
        return None
    if set(query) != {"after"}:
        raise UsageFault("the query is not after= and a place in the list", code="query")
    return Place.read(query["after"])


def place_of(query: dict[str, str], known: Callable[[str], bool]) -> str | None:
    """The `after` of a query: what a list goes on after. Raises `UsageFault` `query`."""
    if not query:
        return None
    written = query.get("after", "")
    if set(query) != {"after"} or not known(written):
        raise UsageFault("the query is not after= and a place in the list", code="query")
    return written


def form_of(query: dict[str, str]) -> str:
    """In which form a receipt is wanted, `json` unless it says `pdf`. Raises `UsageFault` `query`."""
    form = query.get("form", "json")
    if set(query) - {"form"} or form not in ("json", "pdf"):
        raise UsageFault("the query is not form=json or form=pdf", code="query")
    return form

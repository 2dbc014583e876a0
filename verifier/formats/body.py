"""The certificate's body (S6.1): what is registered, as a value and as JSON.

One schema serves both directions and both encodings: whatever the CBOR of a QR code says passes through the
same checks as the JSON of a record.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

from yinzheng.verifier.bytes.algorithms import DigestPair
from yinzheng.verifier.bytes.canonical import (
    JSON,
    Check,
    constant,
    dumps,
    hex_bytes,
    integer,
    list_of,
    one_of,
    read_object,
    text,
    tuple_of,
)
from yinzheng.verifier.bytes.lists import some_of
from yinzheng.verifier.bytes.naming import check_spelled
from yinzheng.verifier.bytes.shape import made_of
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.creditcode import is_credit_code
from yinzheng.verifier.log.statement import PROFILE_TAG, commit_public

MAX_BODY: Final = 8192
"""Canonical bytes of a body."""

RIGHTS: Final = ("hold", "use", "operate")
FIRST: Final = "first"
TYPES: Final = (FIRST, "licence", "transfer", "change", "renewal")
"""Registration types that a certificate can be of (R1). A cancellation (R7) ends one and makes none."""

PROCEDURES: Final = ("ordinary", "simplified")
CLASSES: Final = ("personal", "health", "medical", "payment", "resource", "public")
SOURCES: Final = ("collected", "agreement", "open", "derived")
"""`open` is 公开数据, gathered where anyone may; whether 公共数据 is involved is another thing (R8, R18)."""

IMPORTANCES: Final = ("important", "core")
"""What a person decided the data to be (R23); a certificate of other data says nothing."""

REMARKS: Final = ("agreed", "seizure", "control", "other", "pledge")
MAX_NOTICES: Final = 4
"""Notice versions a certificate names, at most: more would not leave its QR code readable."""

MAX_PREDECESSORS: Final = 4
"""Certificates that one follows, at most, for the same reason."""

LONGEST_TERM: Final = 5 * 366 * 86_400
"""Seconds between registration and the end of validity, at most (R9; as the contract counts, S5.8)."""

NUMBER_LENGTH: Final = 15
"""Characters of a certificate number."""

_NUMBER = re.compile(r"SJ[0-9]{3}20[0-9]{2}(?:0[1-9]|1[0-2])(?!0000)[0-9]{4}")

# What could make a certificate read otherwise than it is written: control characters, line and paragraph
# separators, and characters that reverse the direction of their neighbours. None of them counts as printable.
_PLAIN = r"[^\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]*"


def is_number(value: str) -> bool:
    """Whether this is the form of a certificate number (R14): `SJ`, region, registry, year, month, serial."""
    return _NUMBER.fullmatch(value) is not None


@dataclass(frozen=True, slots=True)
class Party:
    """A legal person: its name and its unified social credit code."""

    name: str
    code: str

    def to_json(self) -> dict[str, JSON]:
        """As in S6.1."""
        return {"name": self.name, "code": self.code}


@dataclass(frozen=True, slots=True)
class Holder:
    """A right holder and its rights, in the order of `RIGHTS` (R3)."""

    name: str
    code: str
    rights: tuple[str, ...]

    def to_json(self) -> dict[str, JSON]:
        """As in S6.1."""
        return {"name": self.name, "code": self.code, "rights": list(self.rights)}


@dataclass(frozen=True, slots=True)
class Level:
    """A data level, 1–5, and the scheme that numbers it so (R22)."""

    scheme: str
    value: int

    def to_json(self) -> dict[str, JSON]:
        """As in S6.1."""
        return {"scheme": self.scheme, "value": self.value}


@dataclass(frozen=True, slots=True)
class Remark:
    """A remark on the certificate (R16), its kind one of `REMARKS`."""

    kind: str
    text: str

    def to_json(self) -> dict[str, JSON]:
        """As in S6.1."""
        return {"kind": self.kind, "text": self.text}


@dataclass(frozen=True, slots=True)
class Predecessor:
    """A certificate that this one follows (R4, R6): its number, and its deposit's leaf hash, 32 bytes."""

    number: str
    leaf: bytes

    def to_json(self) -> dict[str, JSON]:
        """As in S6.1."""
        return {"number": self.number, "leaf": self.leaf.hex()}


@dataclass(frozen=True, slots=True)
class Body:
    """A certificate's body (S6.1). `parse_body` makes one that is known to be well formed."""

    number: str
    type: str
    profile: str
    procedure: str
    holders: tuple[Holder, ...]
    limits: str
    asset: str
    data_class: str
    """`class` in JSON."""
    level: Level
    source: str
    scale: str
    registry: Party
    registered_at: int
    valid_until: int
    remarks: tuple[Remark, ...]
    prev: bytes
    """Leaf hash, 32 bytes, of the last statement of the case: of several certificates of one case the deposit
    before this one."""
    notices: tuple[bytes, ...] = ()
    """Leaf hashes, ascending, of the notice versions whose consents are the asset's basis (R27)."""
    follows: tuple[Predecessor, ...] = ()
    """What it comes from, ascending by number: none for a first registration (R2), else one at least."""
    importance: str = ""
    """One of `IMPORTANCES` where it was decided that the data is such (R23), else empty."""
    authority: str = ""
    """Name of the data authority under whose supervision it is made (R13), empty where there is none."""
    _canonical: bytes | None = field(default=None, init=False, repr=False, compare=False)

    def to_json(self) -> dict[str, JSON]:
        """The object of S6.1."""
        optional: dict[str, JSON] = {}
        if self.notices:
            optional["notices"] = [leaf.hex() for leaf in self.notices]
        if self.follows:
            optional["follows"] = [one.to_json() for one in self.follows]
        if self.importance:
            optional["importance"] = self.importance
        if self.authority:
            optional["authority"] = self.authority
        return {
            "v": 1,
            "number": self.number,
            "type": self.type,
            "profile": self.profile,
            "procedure": self.procedure,
            "holders": [holder.to_json() for holder in self.holders],
            "limits": self.limits,
            "asset": self.asset,
            "class": self.data_class,
            "level": self.level.to_json(),
            "source": self.source,
            "scale": self.scale,
            "registry": self.registry.to_json(),
            "registered_at": self.registered_at,
            "valid_until": self.valid_until,
            "remarks": [remark.to_json() for remark in self.remarks],
            "prev": self.prev.hex(),
            **optional,
        }

    def canonical(self) -> bytes:
        """The canonical bytes (S1.1) that are committed to; written once."""
        if self._canonical is None:
            object.__setattr__(self, "_canonical", dumps(self.to_json()))
        assert self._canonical is not None
        return self._canonical

    def commitment(self) -> DigestPair:
        """The digest pair of the canonical body (S2.2)."""
        return commit_public(self.canonical())


def parse_body(value: object) -> Body:
    """Read a body from its JSON value.

    Raises `DataFault`: a code of `canonical.read_object`, `number-malformed`, `credit-code`, `term`,
    `predecessor` or `body-too-large`, with `path`.
    """
    body = check_body(value)
    size = len(body.canonical())
    if size > MAX_BODY:
        raise DataFault(f"a certificate body has {size} bytes, more than {MAX_BODY}", code="body-too-large")
    return body


def check_body(value: object, path: str = "$") -> Body:
    """As `parse_body`, for a value whose size its container has already bounded."""
    fields = read_object(value, _FIELDS, path, optional=_OPTIONAL)
    _, *told, notices, follows, importance, authority = fields.values()  # in the order of a body's own
    told += notices or (), follows or (), importance or "", authority or ""
    body = Body(*told)
    if not body.registered_at < body.valid_until <= body.registered_at + LONGEST_TERM:
        raise DataFault(
            f"{path}.valid_until is not within five years after registration",
            code="term",
            path=f"{path}.valid_until",
        )
    _check_predecessors(body, f"{path}.follows")
    return body


def _check_predecessors(body: Body, path: str) -> None:
    """Nothing precedes a first registration (R2); every other follows some, each once, never itself."""
    if body.type == FIRST and not body.follows:
        return
    numbers = [one.number for one in body.follows]
    if body.type == FIRST or not numbers:
        raise DataFault(
            f"{path}: a first registration follows none, every other type one at least",
            code="predecessor",
            path=path,
        )
    if numbers != sorted(set(numbers)) or body.number in numbers:
        raise DataFault(
            f"{path} is not in ascending order, each once, or names the certificate itself",
            code="predecessor",
            path=path,
        )


def check_plain(low: int, high: int) -> Check[str]:
    """Check for a text of one line that reads as it is written (S6.1), of `low`…`high` characters."""
    return text(low, high, _PLAIN, surely=str.isprintable)


def check_number(value: object, path: str) -> str:
    """Check for a certificate's number (R14)."""
    if type(value) is not str or not is_number(value):
        raise DataFault(f"{path} is not a certificate number", code="number-malformed", path=path)
    return value


def check_credit_code(value: object, path: str) -> str:
    """Check for a unified social credit code (R17)."""
    if type(value) is not str or len(value) != 18 or not is_credit_code(value):
        raise DataFault(
            f"{path} is not a unified social credit code",
            code="credit-code",
            hint="Compare all 18 characters with the licence; the last one is a check character.",
            path=path,
        )
    return value


def check_notices(value: object, path: str) -> tuple[bytes, ...]:
    """Check for 1 to `MAX_NOTICES` leaf hashes in ascending order, each once."""
    leaves = list_of(hex_bytes(32), 1, MAX_NOTICES)(value, path)
    if leaves != sorted(set(leaves)):
        raise DataFault(f"{path} is not in ascending order, each once", code="field-value", path=path)
    return tuple(leaves)


_NAME = check_spelled(check_plain(1, 100))
_PARTY: Final[dict[str, Check[Any]]] = {"name": _NAME, "code": check_credit_code}
_HOLDER = made_of(Holder, {**_PARTY, "rights": some_of(*RIGHTS)})
_REMARK = made_of(Remark, {"kind": one_of(*REMARKS), "text": check_plain(0, 200)})

_FIELDS: Final[dict[str, Check[Any]]] = {
    "v": constant(1),
    "number": check_number,
    "type": one_of(*TYPES),
    "profile": PROFILE_TAG,
    "procedure": one_of(*PROCEDURES),
    "holders": tuple_of(_HOLDER, 1, 20),
    "limits": check_plain(0, 400),
    "asset": check_plain(1, 40),
    "class": one_of(*CLASSES),
    "level": made_of(Level, {"scheme": check_plain(1, 40), "value": integer(1, 5)}),
    "source": one_of(*SOURCES),
    "scale": check_plain(1, 60),
    "registry": made_of(Party, _PARTY),
    "registered_at": integer(),
    "valid_until": integer(),
    "remarks": tuple_of(_REMARK, 0, 4),
    "prev": hex_bytes(32),
}
_PREDECESSOR = made_of(Predecessor, {"number": check_number, "leaf": hex_bytes(32)})
_OPTIONAL: Final[dict[str, Check[Any]]] = {
    "notices": check_notices,
    "follows": tuple_of(_PREDECESSOR, 1, MAX_PREDECESSORS),
    "importance": one_of(*IMPORTANCES),
    "authority": _NAME,
}

"""Canonical JSON (S1): one way to write it, one strict way to read it, and checks for its fields.

Writing is RFC 8785 (JCS) without floating-point numbers. Reading refuses whatever two readers might
understand differently: duplicate names, floats, lone surrogates, integers a double cannot hold.
"""

import json
import re
from codecs import BOM_UTF8
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeAlias, TypeVar

import rfc8785

from yinzheng.verifier.bytes.nesting import FEW, escapes, marks_of, nests_too_deep
from yinzheng.verifier.errors import DataFault

T = TypeVar("T")

JSON: TypeAlias = "dict[str, JSON] | list[JSON] | str | int | bool | None"
"""What canonical bytes can carry."""

MAX_INT = 2**53 - 1
"""Largest integer a double, and so any JSON reader, holds exactly (RFC 8785 section 3.2.2.3)."""

MAX_DEPTH = 32
"""Deepest nesting of lists and objects written or read; our formats need fewer than 10."""


def dumps(value: object) -> bytes:
    """Canonical bytes of `value` (RFC 8785, S1.1).

    Raises `DataFault` (`json-value`) for floats, integers beyond 2^53 - 1, lone surrogates, names that are
    not strings, nesting beyond `MAX_DEPTH`, and types JSON does not have.
    """
    ascii_names = _check(value, MAX_DEPTH)
    try:
        encoded = _encode(value).encode()
    except UnicodeEncodeError:
        raise DataFault("a string holds a lone surrogate", code="json-value") from None
    if ascii_names:
        return encoded
    return rfc8785.dumps(value)  # type: ignore[arg-type]  # _check has established the type


# For checked values whose names are all ASCII the standard library's encoder, which is compiled, writes the
# same bytes as RFC 8785 at four times the speed (ADR 0007): its escapes are those of section 3.2.2.2, and
# only names beyond U+D7FF sort otherwise than by UTF-16 code units.
_encode = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=False
).encode


def loads(data: bytes, *, max_bytes: int, canonical: bool = False, max_values: int | None = None) -> JSON:
    """The JSON value in `data`, which is UTF-8 of at most `max_bytes` bytes (S1.2).

    `max_values` bounds what is parsed at all, for large files: a list of eleven million empty lists is 33 MB
    of text and a gigabyte of values. Commas and opening brackets are counted, those in texts too.

    Duplicate names, floats (also `1e3`, `NaN`, `-0`), integers beyond 2^53 - 1, lone surrogates, nesting
    beyond `MAX_DEPTH` and anything after the value are refused; with `canonical`, so is every input that
    differs from its own re-encoding. Raises `DataFault`: `json-too-large`, `json-malformed`, `json-value`
    or `json-not-canonical`.
    """
    if len(data) > max_bytes:
        raise DataFault(
            f"JSON of {len(data)} bytes exceeds the {max_bytes} its format allows", code="json-too-large"
        )
    marks = marks_of(data)
    brackets = marks.count(b"[") + marks.count(b"{")
    if max_values is not None and brackets + data.count(b",") > max_values:
        raise DataFault(f"JSON of more than {max_values} values", code="json-too-large")
    if brackets > MAX_DEPTH and nests_too_deep(data, MAX_DEPTH, marks):
        raise _too_deep()
    try:
        value: JSON = _decode(data.decode("utf-8"))
    except UnicodeDecodeError:
        hint = "Save it as UTF-8, as with `iconv -f GB18030 -t UTF-8 FILE`."
        raise DataFault("JSON is not UTF-8", code="json-malformed", hint=hint) from None
    except json.JSONDecodeError as error:
        raise DataFault(f"malformed JSON at character {error.pos}", code="json-malformed") from None
    # What is left to refuse of a value that was read, its numbers and depth being as they must: surrogates,
    # which UTF-8 does not have, and an escape may.
    if (canonical or escapes(data, b"u")) and dumps(value) != data and canonical:
        raise DataFault("JSON is not in its canonical form (RFC 8785)", code="json-not-canonical")
    return value


def saved(data: bytes) -> bytes:
    """What an editor saved, without the byte-order mark that some put before UTF-8 and nobody sees (S1.2)."""
    return data.removeprefix(BOM_UTF8)


def _too_deep() -> DataFault:
    return DataFault(f"JSON is nested deeper than {MAX_DEPTH}", code="json-value")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise DataFault("a JSON object has the same name twice", code="json-malformed")
    return members


def _integer(digits: str) -> int:
    # 16 digits and a sign hold 2^53; the test on length keeps a megabyte of digits from being converted.
    if digits == "-0" or len(digits) > 17:
        _refuse_number(digits)
    value = int(digits)
    if not -MAX_INT <= value <= MAX_INT:
        _refuse_number(digits)
    return value


def _refuse_number(_text: str) -> NoReturn:
    raise DataFault("a number is not an integer between -(2^53 - 1) and 2^53 - 1", code="json-value")


_decode = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_int=_integer,
    parse_float=_refuse_number,
    parse_constant=_refuse_number,
).decode


def _check(value: object, depth: int) -> bool:
    """Refuse what `value` may not hold; say whether all names in it are ASCII.

    Exact types only: an `IntEnum` or a subclass of `str` is a slip. Lone surrogates are left to the encoder.
    """
    kind = type(value)
    if kind is str:
        return True
    if kind is int:
        if not -MAX_INT <= value <= MAX_INT:  # type: ignore[operator]
            _refuse_number("")
    elif kind is dict or kind is list:
        if depth == 0:
            raise _too_deep()
        return _check_members(value, depth - 1)
    elif value is not None and kind is not bool:
        raise DataFault(f"{kind.__name__} has no place in canonical JSON", code="json-value")
    return True


def _check_members(value: Any, depth: int) -> bool:
    ascii_names = True
    members = value
    if type(value) is dict:
        members = value.values()
        for name in value:
            if type(name) is not str:
                raise DataFault("a name in a JSON object is not a string", code="json-value")
            if not name.isascii():
                ascii_names = False
    for member in members:
        if type(member) is not str and not _check(member, depth):  # most are texts
            ascii_names = False
    return ascii_names


def names_format(data: bytes, form: str, max_bytes: int) -> bool:
    """Whether bytes are JSON that calls itself a file of this format; its form is not read here."""
    # Letters and strokes have no other spelling than these escapes give: without them the name stands there.
    if form.encode() not in data and not escapes(data, b"u/"):
        return False
    try:
        value = loads(data, max_bytes=max_bytes)
    except DataFault:
        return False
    return isinstance(value, dict) and value.get("format") == form


def formats_named(data: bytes) -> frozenset[str] | None:
    """Formats of ours that a JSON file can call itself: those whose names stand in it, wherever; None where
    that is not told without reading it.
    """
    pieces = data.split(b'"yinzheng/', FEW)
    if len(pieces) > FEW or escapes(data, b"u/"):
        return None
    names = (piece.partition(b'"')[0] for piece in pieces[1:])
    return frozenset("yinzheng/" + name.decode("ascii", "replace") for name in names)


# Checks for fields. A check takes a value as read by `loads` and the path that leads to it (`$.holders[0]`),
# and gives the value as the program wants it, or raises `DataFault` naming the path.

Check: TypeAlias = Callable[[object, str], T]


def read_object(
    value: object,
    fields: Mapping[str, Check[Any]],
    path: str = "$",
    *,
    optional: Mapping[str, Check[Any]] | None = None,
) -> dict[str, Any]:
    """The members of `value`, which must be an object with exactly the names of `fields`, each checked.

    Names of `optional` may be absent, and are then None in the answer.

    Raises `DataFault`: `field-type`, `field-missing`, `field-unknown` or `field-value`, with `path`.
    """
    if not path:
        return _members(value, fields, optional)
    if path == "$":
        try:
            return _members(value, fields, optional)
        except DataFault:
            pass  # whose path nobody has written: it is found again
    members = _named(value, fields, path, optional)
    found = {name: check(members[name], f"{path}.{name}") for name, check in fields.items()}
    for name, check in (optional or {}).items():
        found[name] = check(members[name], f"{path}.{name}") if name in members else None
    return found


def _members(
    value: object, fields: Mapping[str, Check[Any]], optional: Mapping[str, Check[Any]] | None = None
) -> dict[str, Any]:
    """As `read_object`, without a path: it is left out of what is raised, and takes no time to be written."""
    if type(value) is not dict:
        raise _fault("is not an object", "", "field-type")
    try:
        found = {name: check(value[name], "") for name, check in fields.items()}
    except KeyError:
        raise _fault("is missing", "", "field-missing") from None
    required = len(found)
    for name, check in optional.items() if optional else ():
        found[name] = check(value[name], "") if name in value else None
    if len(value) != required and not value.keys() <= found.keys():
        raise _fault("has a name its format does not know", "", "field-unknown")
    return found


def _named(
    value: object, fields: Mapping[str, Check[Any]], path: str, optional: Mapping[str, Check[Any]] | None
) -> dict[str, Any]:
    """The object that has the names of `fields`, and no other but of `optional`."""
    if type(value) is not dict:
        raise _fault("is not an object", path, "field-type")
    for name in fields:
        if name not in value:
            raise _fault("is missing", f"{path}.{name}", "field-missing")
    if any(name not in fields and name not in (optional or ()) for name in value):
        # The name may hold anything, and is not repeated; whoever wrote it finds it among these.
        raise DataFault(
            f"{path} has a name its format does not know",
            code="field-unknown",
            hint=f"Its names are {', '.join(dict.fromkeys((*fields, *(optional or ()))))}.",
            path=path,
        )
    return value


def object_of(
    fields: Mapping[str, Check[Any]], optional: Mapping[str, Check[Any]] | None = None
) -> Check[dict[str, Any]]:
    """Check for a nested object with exactly these fields; `optional` ones may be absent (None)."""
    return lambda value, path: read_object(value, fields, path, optional=optional)


def constant(expected: str | int) -> Check[Any]:
    """Check for one value alone, of exactly its type (so `true` is not 1)."""

    def check(value: object, path: str) -> str | int:
        if type(value) is not type(expected) or value != expected:
            raise _fault(f"is not {expected!r}", path, "field-value")
        return expected

    return check


def integer(low: int = 0, high: int = MAX_INT) -> Check[int]:
    """Check for an integer in `low`…`high`, both included. A boolean is not an integer."""

    def check(value: object, path: str) -> int:
        if type(value) is not int:
            raise _fault("is not an integer", path, "field-type")
        if not low <= value <= high:
            raise _fault(f"is not between {low} and {high}", path, "field-value")
        return value

    return check


def boolean(value: object, path: str) -> bool:
    """Check for `true` or `false`."""
    if type(value) is not bool:
        raise _fault("is not a boolean", path, "field-type")
    return value


def text(
    low: int, high: int, pattern: str | None = None, *, surely: Callable[[str], bool] | None = None
) -> Check[str]:
    """Check for a string of `low`…`high` characters (code points) that `pattern`, if given, matches whole;
    ``surely`` tells of most texts that it does, sooner.
    """
    compiled = None if pattern is None else re.compile(pattern)

    def check(value: object, path: str) -> str:
        if type(value) is not str:
            raise _fault("is not a string", path, "field-type")
        if not low <= len(value) <= high:
            size = f"{low}" if low == high else f"between {low} and {high}"
            raise _fault(f"has not {size} characters", path, "field-value")
        if surely is not None and surely(value):
            return value
        if compiled is not None and compiled.fullmatch(value) is None:
            raise _fault("does not have the form its format asks for", path, "field-value")
        return value

    return check


def hex_bytes(low: int, high: int | None = None) -> Check[bytes]:
    """Check for `low` bytes (or `low`…`high` bytes) in lower-case hex; gives the bytes."""
    most = low if high is None else high

    def check(value: object, path: str) -> bytes:
        if type(value) is not str:
            raise _fault("is not a string", path, "field-type")
        try:
            found = bytes.fromhex(value) if 2 * low <= len(value) <= 2 * most else None
        except ValueError:
            found = None
        # Python reads upper case and blanks too: there is one spelling.
        if found is None or found.hex() != value:
            size = f"{low}" if low == most else f"{low} to {most}"
            raise _fault(f"is not lower-case hex of {size} bytes", path, "field-value")
        return found

    return check


def one_of(*values: str) -> Check[str]:
    """Check for one of these strings."""
    allowed = frozenset(values)

    def check(value: object, path: str) -> str:
        if type(value) is not str:
            raise _fault("is not a string", path, "field-type")
        if value not in allowed:
            raise _fault(f"is not one of {', '.join(values)}", path, "field-value")
        return value

    return check


def list_of(item: Check[T], low: int, high: int) -> Check[list[T]]:
    """Check for a list of `low`…`high` items, each checked by `item`."""

    def check(value: object, path: str) -> list[T]:
        if type(value) is not list:
            raise _fault("is not a list", path, "field-type")
        if not low <= len(value) <= high:
            raise _fault(f"has not between {low} and {high} items", path, "field-value")
        if path:
            return [item(member, f"{path}[{index}]") for index, member in enumerate(value)]
        found = []
        for member in value:
            found.append(item(member, ""))  # noqa: PERF401 - sooner where there are few
        return found

    return check


def tuple_of(item: Check[Any], low: int, high: int) -> Check[tuple[Any, ...]]:
    """Check for a list of `low`…`high` items, as a tuple."""
    check = list_of(item, low, high)
    return lambda value, path: tuple(check(value, path))


def nullable(inner: Check[T]) -> Check[T | None]:
    """Check for null, or what `inner` accepts."""
    return lambda value, path: None if value is None else inner(value, path)


def _fault(problem: str, path: str, code: str) -> DataFault:
    return DataFault(f"{path} {problem}", code=code, path=path)

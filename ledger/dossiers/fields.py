"""Reading a JSON document against a schema so that every fault in it is reported at once (R11).

`verifier.canonical` stops at the first fault, which suits data that a program made. What people write
deserves one complete list.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.counting import counted
from yinzheng.verifier.errors import DataFault

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of `low` to `high` items of one schema."""

    item: "Schema"
    low: int
    high: int


Schema: TypeAlias = "canonical.Check[Any] | Mapping[str, Schema] | ListOf"
"""A field's check, an object with exactly these names, or a list."""


class Missing:
    """What stands where nothing usable was read."""


MISSING: Final = Missing()


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault: the field's path (`$.holders[0].code`), what is wrong with it, and the fault's code."""

    path: str
    what: str
    code: str = "field-value"

    def __str__(self) -> str:
        return f"{self.path} {self.what}"


def read(value: object, schema: Schema, problems: list[Problem], path: str = "$") -> Any:
    """Read `value`; add every fault to `problems`. What could not be read is `MISSING`, at any depth."""
    if isinstance(schema, ListOf):
        return _read_list(value, schema, problems, path)
    if isinstance(schema, Mapping):
        return _read_object(value, schema, problems, path)
    try:
        return schema(value, path)
    except DataFault as fault:
        problems.append(Problem(path, fault.message.removeprefix(path).strip(), fault.code))
        return MISSING


def _read_list(value: object, schema: ListOf, problems: list[Problem], path: str) -> Any:
    if type(value) is not list:
        problems.append(Problem(path, "is not a list", "field-type"))
        return MISSING
    if not schema.low <= len(value) <= schema.high:
        problems.append(Problem(path, f"has not between {schema.low} and {schema.high} items"))
        return MISSING
    return [read(item, schema.item, problems, f"{path}[{i}]") for i, item in enumerate(value)]


def _read_object(value: object, schema: Mapping[str, Schema], problems: list[Problem], path: str) -> Any:
    if type(value) is not dict:
        problems.append(Problem(path, "is not an object", "field-type"))
        return MISSING
    problems.extend(_unknown(name, path) for name in value if name not in schema)
    members = {}
    for name, inner in schema.items():
        if name in value:
            members[name] = read(value[name], inner, problems, f"{path}.{name}")
        else:
            problems.append(Problem(f"{path}.{name}", "is missing", "field-missing"))
            members[name] = MISSING
    return members


def _unknown(name: str, path: str) -> Problem:
    # A name that does not look like one may hold anything; it is not repeated.
    if _NAME.fullmatch(name):
        return Problem(f"{path}.{name}", "is not a known field", "field-unknown")
    return Problem(path, "has a name the format does not know", "field-unknown")


def is_whole(*values: object) -> bool:
    """Tell whether nothing in `values` is `MISSING`, at any depth."""
    for value in values:
        if value is MISSING:
            return False
        parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        if not is_whole(*parts):
            return False
    return True


def prose(low: int, high: int) -> canonical.Check[str]:
    """Check for one paragraph of `low` to `high` characters (code points) that reads as it is shown.

    Refused are control, format and private-use characters (a bidirectional override can make a name read
    as another), space at either end, and text that is not in Unicode NFC.
    """
    sized = canonical.text(low, high)

    def check(value: object, path: str) -> str:
        text = sized(value, path)
        if not text.isprintable() and any(map(_is_unseen, text)):
            raise DataFault(f"{path} has a control or invisible character", code="field-value")
        if text != text.strip():
            raise DataFault(f"{path} begins or ends with a space", code="field-value")
        if unicodedata.normalize("NFC", text) != text:
            raise DataFault(f"{path} is not in Unicode form NFC", code="field-value")
        return text

    return check


def _is_unseen(character: str) -> bool:
    # What `isprintable` refuses besides are spaces other than the one of ASCII.
    category = unicodedata.category(character)
    return category[0] == "C" or category in ("Zl", "Zp")


def all_faults(what: str, problems: Sequence[Problem], code: str) -> DataFault:
    """Make the one fault that names every problem; `problems` and `codes` are in its data."""
    shown = "; ".join(str(problem) for problem in problems)
    return DataFault(
        f"{what} has {counted(len(problems), 'fault')}: {shown}.",
        code=code,
        hint="Correct everything named and apply again; nothing was recorded.",
        problems=[str(problem) for problem in problems],
        codes=[problem.code for problem in problems],
    )

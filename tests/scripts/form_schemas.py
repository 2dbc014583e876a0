"""JSON Schemas (draft 2020-12) made from the checks that read our formats, so that neither can say otherwise.

What a check of `verifier.bytes.canonical` bounds, its schema bounds. A check that is a function of its own
has a row in `OWN`, with what JSON Schema can say of it; one without a row is refused, so that none
is forgotten. What a schema cannot say (check characters, order, what two fields must be to each other) the
spec says.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Final

from yinzheng.ledger.dossiers.fields import ListOf
from yinzheng.verifier.bytes.shape import Shaped, names_of

Json = dict[str, Any]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
HEX: Final = "^(?:[0-9a-f]{2})*$"


class Forms:
    """The parts (`$defs`) met while schemas are made; each part once, under its class's name."""

    def __init__(self, own: Mapping[str, Callable[[Forms], Json]]) -> None:
        self.parts: dict[str, Json] = {}
        self._own = own

    def fields(self, fields: Mapping[str, Any], optional: Mapping[str, Any] | None = None) -> Json:
        """An object with exactly these names; those of `optional` may be absent."""
        every = {**fields, **(optional or {})}
        return {
            "type": "object",
            "properties": {name: self.of(check) for name, check in every.items()},
            "required": list(fields),
            "additionalProperties": False,
        }

    def part(self, kind: type[Shaped], fields: Mapping[str, Any] | None = None) -> Json:
        """A reference to the part that a class is."""
        return self.named(kind.__name__, lambda: self.shaped(kind, fields))

    def shaped(self, kind: type[Shaped], fields: Mapping[str, Any] | None = None) -> Json:
        """The object a class reads and writes."""
        said = (kind.__doc__ or "").partition("\n")[0]
        return {"description": said, **self.fields(names_of(kind) if fields is None else fields)}

    def named(self, name: str, make: Callable[[], Json]) -> Json:
        """A reference to a part of that name, made at its first use."""
        if name not in self.parts:
            self.parts[name] = {}
            self.parts[name] = make()
        return {"$ref": f"#/$defs/{name}"}

    def of(self, check: Any) -> Json:
        """The schema of one check."""
        if isinstance(check, ListOf):
            return _list(self.of(check.item), check.low, check.high)
        if isinstance(check, Mapping):
            return self.fields(check)
        module = check.__module__.removeprefix("yinzheng.")
        name = f"{module}.{check.__qualname__}"
        if name in self._own:
            return self._own[name](self)
        held = inspect.getclosurevars(check).nonlocals
        maker = _MAKERS.get(name)
        if maker is None:
            raise KeyError(f"{name} is a check without a row in OWN")
        return maker(self, held)


def _list(item: Json, low: int, high: int) -> Json:
    return {"type": "array", "items": item, "minItems": low, "maxItems": high}


def hex_of(low: int, most: int) -> Json:
    """Bytes in lower-case hex."""
    return {"type": "string", "pattern": HEX, "minLength": 2 * low, "maxLength": 2 * most}


def _constant(_: Forms, held: Mapping[str, Any]) -> Json:
    value = held["expected"]
    return {"type": "integer" if type(value) is int else "string", "const": value}


def _text(_: Forms, held: Mapping[str, Any]) -> Json:
    found: Json = {"type": "string", "minLength": held["low"], "maxLength": held["high"]}
    if held["compiled"] is not None:
        # ECMA-262 with its `u` flag, which validators set, knows no escaped quote.
        pattern = held["compiled"].pattern.replace('\\"', '"')
        found["pattern"] = f"^(?:{pattern})$"
    return found


def _nullable(forms: Forms, held: Mapping[str, Any]) -> Json:
    return {"anyOf": [forms.of(held["inner"]), {"type": "null"}]}


def _clause(forms: Forms, held: Mapping[str, Any]) -> Json:
    off: Json = {"applies": {"type": "boolean", "const": False}}
    on: Json = {"applies": {"type": "boolean", "const": True}, "terms": forms.part(held["kind"])}
    either = [
        {"type": "object", "properties": one, "required": list(one), "additionalProperties": False}
        for one in (off, on)
    ]
    return {"oneOf": either}


_BYTES: Final = "verifier.bytes."
_MAKERS: Final[Mapping[str, Callable[[Forms, Mapping[str, Any]], Json]]] = {
    f"{_BYTES}canonical.constant.<locals>.check": _constant,
    f"{_BYTES}canonical.integer.<locals>.check": lambda _, held: {
        "type": "integer",
        "minimum": held["low"],
        "maximum": held["high"],
    },
    f"{_BYTES}canonical.boolean": lambda _forms, _held: {"type": "boolean"},
    f"{_BYTES}canonical.text.<locals>.check": _text,
    f"{_BYTES}canonical.hex_bytes.<locals>.check": lambda _, held: hex_of(held["low"], held["most"]),
    f"{_BYTES}canonical.one_of.<locals>.check": lambda _, held: {
        "type": "string",
        "enum": [*dict.fromkeys(one.value if isinstance(one, Enum) else one for one in held["values"])],
    },
    f"{_BYTES}lists.list_of_hex.<locals>.check": lambda forms, held: forms.of(held["item_by_item"]),
    f"{_BYTES}canonical.list_of.<locals>.check": lambda forms, held: _list(
        forms.of(held["item"]), held["low"], held["high"]
    ),
    f"{_BYTES}canonical.tuple_of.<locals>.<lambda>": lambda forms, held: forms.of(held["check"]),
    f"{_BYTES}lists.some_of.<locals>.check": lambda forms, held: {
        **forms.of(held["members"]),
        "uniqueItems": True,
        "description": "In the order of the names listed.",
    },
    f"{_BYTES}canonical.nullable.<locals>.<lambda>": _nullable,
    f"{_BYTES}canonical.object_of.<locals>.<lambda>": lambda forms, held: forms.fields(
        held["fields"], held["optional"]
    ),
    f"{_BYTES}shape.made_of.<locals>.check": lambda forms, held: forms.fields(held["checks"]),
    f"{_BYTES}shape.shape.<locals>.<lambda>": lambda forms, held: forms.part(held["kind"]),
    "verifier.formats.trade_clauses.clause.<locals>.check": _clause,
    f"{_BYTES}naming.check_spelled.<locals>.check": lambda forms, held: forms.of(held["inner"]),
    f"{_BYTES}wording.check_words.<locals>.check": lambda forms, held: forms.of(held["plain"]),
    f"{_BYTES}wording.set_of.<locals>.sorted_once": lambda forms, held: {
        **forms.of(held["check"]),
        "uniqueItems": True,
        "description": "In ascending order.",
    },
    "ledger.dossiers.fields.prose.<locals>.check": lambda forms, held: forms.of(held["sized"]),
}

"""A JSON object as a class: each name stands once, with its check, and gives both reader and writer.

    @dataclass(frozen=True, slots=True)
    class Kept(Shaped):
        what: Annotated[str, check_words(1, 200)]
        why: Annotated[str, check_words(1, 200)]

`read_shape(Kept, value)` reads such an object strictly, and `Kept(…).to_json()` writes it: bytes as hex,
tuples as lists, whatever has a `to_json` of its own by that. A field whose form is another has a `Codec`.
What two fields must be to each other is said by the class that has them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Final, TypeVar, get_args, get_origin, get_type_hints

from yinzheng.verifier.bytes.canonical import JSON, Check, constant, dumps, read_object

S = TypeVar("S", bound="Shaped")


@dataclass(frozen=True, slots=True)
class Codec:
    """How a field is read and written whose JSON is not the usual one of its type."""

    read: Check[Any]
    write: Callable[[Any], JSON]


def made_of(kind: type[Any], checks: Mapping[str, Check[Any]]) -> Check[Any]:
    """Check for an object with exactly these members, which becomes a value of class `kind`.

    Its members stand in the order of the fields that `kind` is made of.
    """
    if list(checks) != [field.name for field in fields(kind) if field.init][: len(checks)]:
        raise TypeError(f"the members of {kind.__name__} are not in the order of its fields")
    in_order = tuple(checks.items())

    def check(value: object, path: str) -> Any:
        if not path and type(value) is dict and value.keys() == checks.keys():
            return kind(*[read(value[name], "") for name, read in in_order])  # most, and sooner
        return kind(**read_object(value, checks, path))

    return check


class Shaped:
    """Base of a frozen dataclass whose fields are `Annotated` with their checks, or `Shaped` themselves."""

    __slots__ = ()

    CONSTANTS: ClassVar[Mapping[str, str | int]] = MappingProxyType({})
    """Names that have one value, in every object of the kind; they are no fields."""

    def to_json(self) -> dict[str, JSON]:
        """The JSON object, for `canonical.dumps`."""
        found: dict[str, JSON] = {**self.CONSTANTS}
        for name, write in _plan(type(self)).writers:
            value = getattr(self, name)
            if write is not None:
                value = write(value)
            elif type(value) is not str:  # most are texts
                value = written(value)
            found[name] = value
        return found

    def canonical(self) -> bytes:
        """The canonical bytes (S1.1) that are hashed, signed or committed to."""
        return dumps(self.to_json())


class Versioned(Shaped):
    """A body: its first name is `v`, and 1."""

    __slots__ = ()

    CONSTANTS: ClassVar[Mapping[str, str | int]] = MappingProxyType({"v": 1})


def read_shape(kind: type[S], value: object, path: str = "$") -> S:
    """Read an object of that kind. Raises `DataFault`: a code of `read_object`, or of its fields' checks."""
    found = read_object(value, names_of(kind), path)
    for name in kind.CONSTANTS:
        del found[name]
    return kind(**found)


def shape(kind: type[S]) -> Check[S]:
    """Check for an object of that kind, as part of another."""
    return lambda value, path: read_shape(kind, value, path)


def names_of(kind: type[Shaped]) -> Mapping[str, Check[Any]]:
    """The names of a kind with their checks, for `read_object`."""
    return _plan(kind).checks


@dataclass(frozen=True, slots=True)
class _Plan:
    """What the annotations of a kind say, looked up once."""

    checks: Mapping[str, Check[Any]]
    writers: tuple[tuple[str, Callable[[Any], JSON] | None], ...]
    """By field, in order; None: the usual one."""


_PLANS: Final[dict[type[Shaped], _Plan]] = {}


def _plan(kind: type[Shaped]) -> _Plan:
    plan = _PLANS.get(kind)
    if plan is None:
        plan = _PLANS[kind] = _planned(kind)
    return plan


def _planned(kind: type[Shaped]) -> _Plan:
    hints = get_type_hints(kind, include_extras=True)
    own = fields(kind)  # type: ignore[arg-type]  # every kind is a dataclass
    said = [(field.name, _of_hint(hints[field.name])) for field in own]
    constants = {name: constant(value) for name, value in kind.CONSTANTS.items()}
    checks = {name: one.read if isinstance(one, Codec) else one for name, one in said}
    writers = tuple((name, one.write if isinstance(one, Codec) else None) for name, one in said)
    return _Plan(MappingProxyType({**constants, **checks}), writers)


def _of_hint(hint: Any) -> Any:
    if get_origin(hint) is Annotated:
        return get_args(hint)[1]
    return shape(hint)


def written(value: Any) -> JSON:
    """The usual JSON of a value."""
    kind = type(value)
    if kind is str or kind is int or kind is bool or value is None:
        return value  # type: ignore[no-any-return]  # one of these three
    if kind is bytes:
        return value.hex()  # type: ignore[no-any-return]
    if kind is tuple:
        return [written(member) for member in value]
    return {**value.to_json()}

"""A kind's annotations give its reader and its writer, and the two agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yinzheng.verifier.bytes.algorithms import DigestPair
from yinzheng.verifier.bytes.canonical import boolean, hex_bytes, integer, nullable, text, tuple_of
from yinzheng.verifier.bytes.shape import (
    Codec,
    Shaped,
    Versioned,
    made_of,
    names_of,
    read_shape,
    shape,
)
from yinzheng.verifier.errors import DataFault


def _read(value: object, path: str) -> int:
    return integer()(value, path) // 60


def _write(hours: int) -> int:
    return hours * 60


@dataclass(frozen=True, slots=True)
class Part(Shaped):
    CONSTANTS: ClassVar = {"why": "because"}

    name: Annotated[str, text(0, 9)]


@dataclass(frozen=True, slots=True)
class Whole(Versioned):
    number: Annotated[int, integer()]
    yes: Annotated[bool | None, nullable(boolean)]
    leaf: Annotated[bytes, hex_bytes(2)]
    digest: Annotated[DigestPair, DigestPair.from_json]
    part: Part
    parts: Annotated[tuple[Part, ...], tuple_of(shape(Part), 0, 3)]
    hours: Annotated[int, Codec(_read, _write)]


PARTS = st.builds(Part, st.text(max_size=9))
WHOLES = st.builds(
    Whole,
    number=st.integers(0, 2**53 - 1),
    yes=st.none() | st.booleans(),
    leaf=st.binary(min_size=2, max_size=2),
    digest=st.builds(DigestPair, *[st.binary(min_size=32, max_size=32)] * 2),
    part=PARTS,
    parts=st.lists(PARTS, max_size=3).map(tuple),
    hours=st.integers(0, 99),
)
VALUE: dict[str, Any] = {
    "v": 1, "number": 3, "yes": None, "leaf": "00ff", "digest": DigestPair(bytes(32), bytes(32)).to_json(),
    "part": {"why": "because", "name": "a"}, "parts": [], "hours": 120,
}  # fmt: skip


@given(WHOLES)
def test_what_is_written_is_read(made: Whole) -> None:
    assert read_shape(Whole, made.to_json()) == made


def test_each_type_has_its_form() -> None:
    found = read_shape(Whole, VALUE)
    assert (found.leaf, found.part, found.hours) == (b"\0\xff", Part("a"), 2)
    assert found.to_json() == VALUE
    assert found.canonical().startswith(b'{"digest":{"sha256":"0000')
    assert list(names_of(Whole)) == ["v", "number", "yes", "leaf", "digest", "part", "parts", "hours"]


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        ({"v": 2}, "field-value", "$.v"),
        ({"number": "3"}, "field-type", "$.number"),
        ({"part": {"name": "a"}}, "field-missing", "$.part.why"),
        ({"part": {"name": "a", "why": "so"}}, "field-value", "$.part.why"),
        ({"parts": [{"name": 1, "why": "because"}]}, "field-type", "$.parts[0].name"),
        ({"more": 1}, "field-unknown", "$"),
    ],
)
def test_it_is_read_strictly(change: dict[str, Any], code: str, path: str) -> None:
    with pytest.raises(DataFault) as caught:
        read_shape(Whole, VALUE | change)
    assert (caught.value.code, caught.value.data["path"]) == (code, path)


@dataclass(frozen=True, slots=True)
class Pair:
    low: int
    high: int


_PAIR = made_of(Pair, {"low": integer(0, 9), "high": integer(10, 99)})


@pytest.mark.parametrize("path", ["", "$.pair"])
def test_members_become_a_value_in_whatever_order_they_stand(path: str) -> None:
    assert _PAIR({"high": 10, "low": 9}, path) == Pair(9, 10)


@pytest.mark.parametrize("path", ["", "$.pair"])
@pytest.mark.parametrize(
    ("value", "code"),
    [
        ([9, 10], "field-type"),
        ({"low": 9}, "field-missing"),
        ({"low": 9, "high": 10, "more": 1}, "field-unknown"),
        ({"low": 9, "hihg": 10}, "field-missing"),
        ({"low": 10, "high": 9}, "field-value"),
    ],
)
def test_what_is_made_of_other_members_is_refused(value: object, code: str, path: str) -> None:
    with pytest.raises(DataFault) as refused:
        _PAIR(value, path)
    assert refused.value.code == code


def test_members_in_another_order_than_the_fields_are_a_mistake() -> None:
    with pytest.raises(TypeError):
        made_of(Pair, {"high": integer(), "low": integer()})

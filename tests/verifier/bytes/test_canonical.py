"""Canonical JSON against vectors by others and a second implementation; strict reading; field checks."""

import enum
import json
import sys
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.lists import list_of_hex, some_of
from yinzheng.verifier.bytes.nesting import nests_too_deep
from yinzheng.verifier.errors import DataFault

JCS = Path(__file__).parents[2] / "vectors" / "jcs"

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-canonical.MAX_INT, canonical.MAX_INT) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


# Names as our formats have them, which take the faster of the two ways to write.
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-canonical.MAX_INT, canonical.MAX_INT) | TEXT,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(codec="ascii")), inner, max_size=4)
    ),
    max_leaves=20,
)


def second_opinion(value: Any) -> bytes:
    """RFC 8785 by the standard library: names sorted by UTF-16 code units, nothing else changed."""

    def ordered(part: Any) -> Any:
        if isinstance(part, dict):
            return {name: ordered(part[name]) for name in sorted(part, key=lambda n: n.encode("utf-16-be"))}
        return [ordered(item) for item in part] if isinstance(part, list) else part

    return json.dumps(ordered(value), ensure_ascii=False, separators=(",", ":")).encode()


def fault_of(data: bytes, **options: Any) -> str:
    with pytest.raises(DataFault) as caught:
        canonical.loads(data, **({"max_bytes": 1 << 20} | options))
    return caught.value.code


class TestVectors:
    @pytest.mark.parametrize("name", ["arrays", "french", "unicode", "weird"])
    def test_agrees(self, name: str) -> None:
        value = canonical.loads((JCS / "input" / f"{name}.json").read_bytes(), max_bytes=4096)

        assert canonical.dumps(value) == (JCS / "output" / f"{name}.json").read_bytes()

    @pytest.mark.parametrize("name", ["structures", "values"])
    def test_refuses_floats(self, name: str) -> None:
        assert fault_of((JCS / "input" / f"{name}.json").read_bytes()) == "json-value"

    def test_agrees_once_the_float_is_an_integer(self) -> None:
        data = (JCS / "input" / "structures.json").read_bytes().replace(b"56.0", b"56")

        assert (
            canonical.dumps(canonical.loads(data, max_bytes=4096))
            == (JCS / "output" / "structures.json").read_bytes()
        )


class TestWriting:
    @given(PLAIN)
    def test_both_ways_to_write_agree(self, value: Any) -> None:
        assert canonical.dumps(value) == rfc8785.dumps(value)

    def test_every_character_is_escaped_alike(self) -> None:
        every = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
        value = {"text": "".join(every), "list": every[:0x300]} | dict.fromkeys(every[:0x80], 1)

        assert canonical.dumps(value) == rfc8785.dumps(value)

    def test_names_sort_by_utf_16(self) -> None:
        assert canonical.dumps({"\ue000": {"b": 1, "a": 2}, "\U00010000": 2}).decode() == (
            '{"\U00010000":2,"\ue000":{"a":2,"b":1}}'
        )

    @given(VALUES)
    def test_agrees_with_a_second_implementation(self, value: Any) -> None:
        assert canonical.dumps(value) == second_opinion(value)

    @given(VALUES)
    def test_is_read_back(self, value: Any) -> None:
        data = canonical.dumps(value)

        assert canonical.loads(data, max_bytes=len(data), canonical=True) == value

    @pytest.mark.parametrize(
        "value",
        [
            1.0,
            float("nan"),
            2**53,
            -(2**53),
            "\ud800",
            {"\udfff": 1},
            {1: 2},
            (1, 2),
            b"bytes",
            {"set": {1}},
            [object()],
            enum.IntEnum("Number", "ONE").ONE,  # type: ignore[attr-defined]
            enum.StrEnum("Word", "A").A,  # type: ignore[attr-defined]
        ],
    )
    def test_refuses(self, value: object) -> None:
        with pytest.raises(DataFault) as caught:
            canonical.dumps(value)
        assert caught.value.code == "json-value"

    def test_bounds_depth(self) -> None:
        value: Any = 1
        for _ in range(canonical.MAX_DEPTH):
            value = [value]
        canonical.dumps(value)

        with pytest.raises(DataFault, match="nested"):
            canonical.dumps({"deeper": value})

    def test_a_ring_is_refused(self) -> None:
        ring: list[Any] = []
        ring.append(ring)
        with pytest.raises(DataFault, match="nested"):
            canonical.dumps(ring)


class TestReading:
    @pytest.mark.parametrize(
        ("data", "code"),
        [
            (b'{"a":1,"a":2}', "json-malformed"),
            (b'[{"x":{"a":1,"\\u0061":1}}]', "json-malformed"),
            (b"\xff", "json-malformed"),
            (b"\xef\xbb\xbf1", "json-malformed"),
            ("1".encode("utf-16"), "json-malformed"),
            (b"", "json-malformed"),
            (b"1 2", "json-malformed"),
            (b"[1,]", "json-malformed"),
            (b"{'a':1}", "json-malformed"),
            (b"01", "json-malformed"),
            (b'"\n"', "json-malformed"),
            (b"1.0", "json-value"),
            (b"1e3", "json-value"),
            (b"-0", "json-value"),
            (b"NaN", "json-value"),
            (b"-Infinity", "json-value"),
            (b"9007199254740992", "json-value"),
            (b"-9007199254740992", "json-value"),
            (b"9" * 5000, "json-value"),
            (b'"\\ud800"', "json-value"),
            (b'{"\\udc00":1}', "json-value"),
            (b"[" * 100_000, "json-value"),
            (b'{"a":' * 100_000, "json-value"),
            (b"[" * 33 + b"]" * 33, "json-value"),
        ],
        ids=lambda part: repr(part[:20]),
    )
    def test_refuses(self, data: bytes, code: str) -> None:
        assert fault_of(data) == code
        assert fault_of(data, canonical=True) == code

    def test_depth_is_bounded_before_parsing(self) -> None:
        # py-evm raises the recursion limit so far that the parser would overflow the stack and die.
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(100_000)
        try:
            for data in (b"[" * 1_000_000, b'{"a":' * 200_000, b'["]"' + b",[" * 99_999):
                assert fault_of(data) == "json-value"
        finally:
            sys.setrecursionlimit(limit)

    def test_brackets_in_strings_and_side_by_side_do_not_nest(self) -> None:
        assert canonical.loads(b'["[[[[{{{{\\\\","\\"[[[["' + b",[]" * 99 + b"]", max_bytes=1000)
        assert fault_of(b'["' + b"[" * 99) == "json-malformed"

    def test_bounds_size(self) -> None:
        assert canonical.loads(b"[1]", max_bytes=3) == [1]
        assert fault_of(b"[1]", max_bytes=2) == "json-too-large"

    @pytest.mark.parametrize("data", [b" 1", b"1\n", b'{"b":1,"a":2}', b'"\\u0041"', b'"\\/"', b'["a", 1]'])
    def test_refuses_other_spellings_where_one_is_promised(self, data: bytes) -> None:
        canonical.loads(data, max_bytes=100)

        assert fault_of(data, canonical=True) == "json-not-canonical"

    @given(st.binary(max_size=200) | TEXT.map(str.encode))
    def test_only_faults_escape(self, data: bytes) -> None:
        try:
            value = canonical.loads(data, max_bytes=150)
        except DataFault:
            return
        assert canonical.loads(canonical.dumps(value), max_bytes=1000, canonical=True) == value


def refusal(check: canonical.Check[Any], value: object) -> tuple[str, str]:
    with pytest.raises(DataFault) as caught:
        check(value, "$.here")
    return caught.value.code, caught.value.data["path"]


class TestFields:
    @pytest.mark.parametrize(
        ("check", "value", "result"),
        [
            (canonical.constant(1), 1, 1),
            (canonical.constant("first"), "first", "first"),
            (canonical.integer(), 0, 0),
            (canonical.integer(1, 5), 5, 5),
            (canonical.boolean, False, False),
            (canonical.text(1, 2), "印证", "印证"),
            (canonical.text(0, 9, "[a-z]+/[0-9]"), "ab/1", "ab/1"),
            (canonical.hex_bytes(2), "00ff", b"\x00\xff"),
            (canonical.hex_bytes(0, 2), "", b""),
            (canonical.one_of("a", "b"), "b", "b"),
            (canonical.list_of(canonical.integer(), 0, 2), [1, 2], [1, 2]),
            (canonical.nullable(canonical.integer()), None, None),
            (canonical.nullable(canonical.integer()), 7, 7),
            (canonical.object_of({"a": canonical.integer()}), {"a": 1}, {"a": 1}),
        ],
    )
    def test_accepts(self, check: canonical.Check[Any], value: object, result: object) -> None:
        assert check(value, "$") == result

    @pytest.mark.parametrize(
        ("check", "value", "code"),
        [
            (canonical.constant(1), True, "field-value"),
            (canonical.constant(1), 2, "field-value"),
            (canonical.integer(), True, "field-type"),
            (canonical.integer(), "1", "field-type"),
            (canonical.integer(), -1, "field-value"),
            (canonical.integer(1, 5), 6, "field-value"),
            (canonical.boolean, 1, "field-type"),
            (canonical.text(1, 2), 1, "field-type"),
            (canonical.text(1, 2), "", "field-value"),
            (canonical.text(1, 2), "abc", "field-value"),
            (canonical.text(0, 9, "[a-z]"), "a\n", "field-value"),
            (canonical.hex_bytes(2), b"00ff", "field-type"),
            (canonical.hex_bytes(2), "00FF", "field-value"),
            (canonical.hex_bytes(2), "00f", "field-value"),
            (canonical.hex_bytes(2), "0x0f", "field-value"),
            (canonical.hex_bytes(2), "00ff00", "field-value"),
            (canonical.hex_bytes(0, 2), "0", "field-value"),
            (canonical.hex_bytes(0, 2), "00ff00", "field-value"),
            (canonical.one_of("a", "b"), "c", "field-value"),
            (canonical.one_of("a", "b"), ["a"], "field-type"),
            (canonical.list_of(canonical.integer(), 1, 2), 1, "field-type"),
            (canonical.list_of(canonical.integer(), 1, 2), [], "field-value"),
            (canonical.list_of(canonical.integer(), 1, 2), [1, 2, 3], "field-value"),
            (canonical.nullable(canonical.integer()), "x", "field-type"),
            (canonical.object_of({"a": canonical.integer()}), [], "field-type"),
        ],
    )
    def test_refuses(self, check: canonical.Check[Any], value: object, code: str) -> None:
        assert refusal(check, value) == (code, "$.here")

    def test_refuses_unknown_and_missing_names(self) -> None:
        check = canonical.object_of({"a": canonical.integer(), "b": canonical.integer()})

        assert refusal(check, {"a": 1}) == ("field-missing", "$.here.b")
        assert refusal(check, {"a": 1, "b": 2, "c": 3}) == ("field-unknown", "$.here")

    def test_names_the_path(self) -> None:
        check = canonical.list_of(canonical.object_of({"name": canonical.text(1, 4)}), 1, 5)

        assert refusal(check, [{"name": "ok"}, {"name": ""}]) == ("field-value", "$.here[1].name")

    def test_an_unknown_name_is_not_repeated(self) -> None:
        # A misplaced field may hold personal data, in its name too.
        with pytest.raises(DataFault) as caught:
            canonical.read_object({"secret": 1}, {})
        assert "secret" not in caught.value.message + caught.value.hint

    def test_the_names_that_are_known_are_told(self) -> None:
        check = canonical.object_of({"name": canonical.text(1, 4)}, {"code": canonical.integer()})
        for value in ({"name": "a", "cod": 1}, {"name": "a", "code": 1, "x": 1}):
            with pytest.raises(DataFault) as caught:
                check(value, "$")
            assert caught.value.hint == "Its names are name, code."


def test_values_are_counted_before_they_are_parsed() -> None:
    assert canonical.loads(b'["a,b",[1,2],{}]', max_bytes=100, max_values=7) == ["a,b", [1, 2], {}]
    with pytest.raises(DataFault) as caught:
        canonical.loads(b'["a,b",[1,2],{}]', max_bytes=100, max_values=6)
    assert caught.value.code == "json-too-large"
    assert canonical.loads(b"1", max_bytes=1, max_values=0) == 1


@pytest.mark.parametrize("brackets", ["[", '{"a":'])
@pytest.mark.parametrize("before", ['""', '"\\\\"', '"\\"]"', '"]]}}"'])
def test_strings_hide_no_depth(before: str, brackets: str) -> None:
    closing = "]" if brackets == "[" else "}"
    for depth, good in ((canonical.MAX_DEPTH - 1, True), (canonical.MAX_DEPTH, False)):
        text = f"[{before}, {brackets * depth}1{closing * depth}]"
        if good:
            assert canonical.loads(text.encode(), max_bytes=500) == json.loads(text)
            continue
        with pytest.raises(DataFault) as caught:
            canonical.loads(text.encode(), max_bytes=500)
        assert caught.value.code == "json-value"


@given(st.text(alphabet='[]{}"\\,:1 ', max_size=200))
def test_depth_is_that_of_brackets_outside_strings(text: str) -> None:
    depth, deepest, inside, escaped = 0, 0, False, False
    for char in text:
        if inside:
            inside, escaped = char != '"' or escaped, char == "\\" and not escaped
        elif char == '"':
            inside = True
        else:
            depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(char, 0)
            deepest = max(deepest, depth)
    assert nests_too_deep(text.encode(), canonical.MAX_DEPTH) == (deepest > canonical.MAX_DEPTH)


@pytest.mark.parametrize("text", ["AA", "a", "0x", "aa ", " aa", "a a a", "aé", "\u0660\u0661"])
def test_hex_has_one_spelling(text: str) -> None:
    assert refusal(canonical.hex_bytes(0, 8), text) == ("field-value", "$.here")


@pytest.mark.parametrize("written", ["yin/1", "\\u0079in/1", "yin\\/1"])
def test_a_format_is_recognised_however_it_is_spelled(written: str) -> None:
    data = f'{{"format":"{written}","note":"\\n"}}'.encode()
    assert canonical.names_format(data, "yin/1", 100)
    assert not canonical.names_format(data, "yin/2", 100)


HEX = ["", "00", "0a", "0A", "a", "0 0a", "00" * 4, "00" * 5, 0, None, b"00", "é0"]


@given(st.lists(st.sampled_from(HEX), max_size=5))
def test_a_list_of_hex_is_checked_as_its_items_are(value: list[Any]) -> None:
    def found(check: canonical.Check[Any]) -> object:
        try:
            return check(value, "$.a")
        except DataFault as fault:
            return fault.code, fault.message, fault.data

    plain = canonical.list_of(canonical.hex_bytes(1, 4), 1, 4)
    assert found(list_of_hex((1, 4), 1, 4)) == found(plain)


def test_a_nested_fault_names_its_whole_path_wherever_it_begins() -> None:
    inner = canonical.object_of({"b": canonical.list_of(canonical.integer(), 0, 3)})

    def own(value: object, _path: str) -> dict[str, Any]:
        return canonical.read_object(value, {"c": inner})

    with pytest.raises(DataFault) as caught:
        canonical.read_object({"a": {"b": [1, 2, "3"]}}, {"a": inner})
    assert caught.value.data["path"] == "$.a.b[2]"
    assert caught.value.message.startswith("$.a.b[2] ")
    with pytest.raises(DataFault) as caught:
        canonical.read_object({"a": {"c": {"b": [-1]}}}, {"a": own})
    assert caught.value.data["path"] == "$.c.b[0]"


@pytest.mark.parametrize("path", ["", "$.some"])
@pytest.mark.parametrize(
    "value", [[], ["b", "a"], ["a", "a"], ["d"], [["a"]], [{}], [1], "a", None, {"a": 1}, ["a", "b", "b"]]
)
def test_some_of_takes_each_once_and_in_order(value: object, path: str) -> None:
    for check in (some_of(*"abc"), some_of(*"abcefghijklmnopqrstuvwxyz0123456789")):
        assert check(["a", "c"], path) == ("a", "c")
        with pytest.raises(DataFault) as refused:
            check(value, path)
        assert refused.value.code in ("field-type", "field-value")

"""What is a line, and which files are none, piece by piece as from the beginning to the end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yinzheng.ledger.consents.ndjson import EncodingCheck, content, is_blank
from yinzheng.verifier.errors import DataFault


def refused_at(data: bytes, size: int) -> int | None:
    """The line that is no UTF-8, reading `size` bytes at a time; None if all is."""
    check = EncodingCheck()
    try:
        for first in range(0, len(data), size):
            check.take(data[first : first + size])
        check.take(b"", final=True)
    except DataFault as fault:
        line = fault.data["line"]
        return line if isinstance(line, int) else -1
    return None


@given(st.text(), st.integers(1, 9))
def test_utf_8_passes_however_it_is_cut(text: str, size: int) -> None:
    assert refused_at(text.encode(), size) is None or text.encode().startswith((b"\xff\xfe",))


@given(st.lists(st.text(alphabet="ab云汐é\n", max_size=8), min_size=1, max_size=6), st.integers(1, 9))
def test_the_line_that_is_none_is_named(lines: list[str], size: int) -> None:
    good = "\n".join(lines).encode()
    # Some words are lawful in both: "医院" in GBK reads as "ҽԺ". A consent has others besides.
    data = good + b"\n" + "云汐市".encode("gbk") + b"\n" + good
    assert refused_at(data, size) == good.count(b"\n") + 2


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
@pytest.mark.parametrize("size", [4, 1000])
def test_marks_of_other_encodings(encoding: str, size: int) -> None:
    assert refused_at("{}".encode(encoding), size) == 1


def test_a_character_cut_off_at_the_end_is_none() -> None:
    assert refused_at("a\n云".encode()[:-1], 3) == 2


@pytest.mark.parametrize(
    ("line", "first", "left"),
    [
        (b"\xef\xbb\xbf{}\r\n", True, b"{}"),
        (b"\xef\xbb\xbf{}\n", False, b"\xef\xbb\xbf{}"),
        (b"{}", True, b"{}"),
        (b"{}\r\r\n", False, b"{}\r"),
        (b"\r\n", False, b""),
        (b"\xef\xbb\xbf", True, b""),
    ],
)
def test_what_is_on_a_line(line: bytes, first: bool, left: bytes) -> None:
    assert content(line, first=first) == left
    assert is_blank(left) == (left == b"")

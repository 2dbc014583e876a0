"""The key file: what is written is read, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yinzheng.ledger.state.faults import RaiseAt
from yinzheng.ledger.state.record_keys import (
    NAME,
    Destroyed,
    Header,
    Line,
    LivingKey,
    read_header,
    read_keys,
    write_keys,
)
from yinzheng.verifier.errors import DataFault

HEADER = Header("registry.example/log", bytes(range(32)), 1_790_000_000)
LINES: list[Line] = [
    LivingKey("consent", bytes(32), b"\x01" * 44),
    LivingKey("dossier", bytes(16), b"\x02" * 60),
    Destroyed(b"\x03" * 32, b'{"v":1}'),
]

_lines = st.lists(
    st.one_of(
        st.builds(
            LivingKey,
            st.sampled_from(["consent", "dossier"]),
            st.binary(min_size=1, max_size=64),
            st.binary(min_size=32, max_size=100),
        ),
        st.builds(Destroyed, st.binary(min_size=32, max_size=32), st.binary(min_size=1, max_size=200)),
    ),
    max_size=20,
)


@settings(max_examples=40, deadline=None)
@given(_lines)
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, lines: list[Line]) -> None:
    folder = tmp_path_factory.mktemp("keys")
    path = write_keys(folder, HEADER, lines)
    assert read_header(path) == HEADER
    assert list(read_keys(path)) == lines


def test_no_byte_of_it_can_be_changed(tmp_path: Path) -> None:
    path = write_keys(tmp_path, HEADER, LINES)
    content = path.read_bytes()
    for place in range(len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(DataFault):
            list(read_keys(path))
    for end in range(len(content)):
        path.write_bytes(content[:end])
        with pytest.raises(DataFault):
            list(read_keys(path))
    path.write_bytes(content + b"k consent 00 00\n")
    with pytest.raises(DataFault):
        list(read_keys(path))


def test_the_file_before_is_overwritten_also_where_another_name_still_leads_to_it(tmp_path: Path) -> None:
    path = write_keys(tmp_path, HEADER, LINES)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.hardlink_to(path)
    size = elsewhere.stat().st_size
    write_keys(tmp_path, HEADER, LINES[1:])
    assert elsewhere.read_bytes() == bytes(size)
    assert list(read_keys(path)) == LINES[1:]


def test_a_failed_writing_leaves_the_file_before(tmp_path: Path) -> None:
    path = write_keys(tmp_path, HEADER, LINES)

    def broken() -> object:
        yield LINES[0]
        raise OSError(28, "no space")

    with pytest.raises(Exception, match="full"):
        write_keys(tmp_path, HEADER, broken())  # type: ignore[arg-type]
    with pytest.raises(Exception, match="keyfile"):
        write_keys(tmp_path, HEADER, [], RaiseAt("keyfile.write.before"))
    assert list(read_keys(path)) == LINES
    assert [one.name for one in tmp_path.iterdir()] == [NAME]

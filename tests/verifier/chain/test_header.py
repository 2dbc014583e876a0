"""Headers: against py-evm's own London header, the lists of other forks, and written-out malformations."""

from __future__ import annotations

from typing import Any

import pytest
import rlp
from eth.vm.forks.london.blocks import LondonBlockHeader

from tests.verifier.world import BLOCK_TIME, VALIDATORS, header_fields, seal
from yinzheng.verifier.bytes.algorithms import keccak256
from yinzheng.verifier.chain.header import MAX_HEADER, parse_header
from yinzheng.verifier.errors import DataFault

FIELDS = header_fields(bytes([1]) * 32, bytes([2]) * 32, 1000, BLOCK_TIME)
LATER = [bytes([3]) * 32, 131_072, 0, bytes([4]) * 32, bytes([5]) * 32]
"""What Shanghai, Cancun (three) and Prague put behind London's base fee."""

WHOLE = [*FIELDS, *LATER]
FORKS = (15, 16, 17, 20, 21)


def test_a_header_is_read_as_py_evm_does() -> None:
    raw = seal(FIELDS, VALIDATORS[0])
    header, theirs = parse_header(raw), rlp.decode(raw, LondonBlockHeader)
    assert header.digest() == theirs.hash == keccak256(raw)
    assert header.parent == theirs.parent_hash
    assert header.state_root == theirs.state_root
    assert header.extra == theirs.extra_data
    assert (header.number, header.time) == (theirs.block_number, theirs.timestamp)


@pytest.mark.parametrize("count", FORKS)
def test_each_fork_has_its_fields(count: int) -> None:
    raw = rlp.encode(WHOLE[:count])
    header = parse_header(raw)
    assert (header.digest(), header.number, len(header.fields)) == (keccak256(raw), 1000, count)
    other = rlp.encode([*WHOLE[:12], b"other", *WHOLE[13:count]])
    assert header.digest(extra=b"other") == keccak256(other)


SIZES = [32, 32, 20, 32, 32, 32, 256, *[None] * 6, 32, 8, None, 32, None, None, 32, 32]


@pytest.mark.parametrize("count", FORKS)
def test_every_field_has_its_form(count: int) -> None:
    for at in range(count):
        size = SIZES[at]
        bad: list[Any] = [[]] if at == 12 else [[], b"\0" * 2, b"\1" * 33]
        if size is not None:
            bad = [[], b"", bytes(size - 1), bytes(size + 1)]
        for value in bad:
            with pytest.raises(DataFault) as caught:
                parse_header(rlp.encode([*WHOLE[:at], value, *WHOLE[at + 1 : count]]))
            assert caught.value.code == "header-malformed"


def test_no_fork_and_other_things() -> None:
    lengths = [WHOLE[:count] for count in range(21) if count not in FORKS]
    for value in (*lengths, [*WHOLE, bytes(32)], b"text"):
        with pytest.raises(DataFault) as caught:
            parse_header(rlp.encode(value))
        assert caught.value.code == "header-malformed"
    with pytest.raises(DataFault) as caught:
        parse_header(rlp.encode([*FIELDS[:12], bytes(MAX_HEADER), *FIELDS[13:]]))
    assert caught.value.code == "rlp-too-large"
    with pytest.raises(DataFault) as caught:
        parse_header(seal(FIELDS, VALIDATORS[0]) + b"\0")
    assert caught.value.code == "rlp-malformed"

"""Headers and seals: against py-evm's own London header and Clique, and written-out malformations."""

from __future__ import annotations

from typing import Any

import pytest
import rlp
from eth.consensus.clique._utils import get_block_signer, get_signature_hash
from eth.vm.forks.london.blocks import LondonBlockHeader

from tests.verifier.world import BLOCK_TIME, VALIDATORS, address_of, header_fields, seal
from yinzheng.verifier.bytes.algorithms import keccak256
from yinzheng.verifier.chain.header import MAX_HEADER, parse_header, sealer
from yinzheng.verifier.errors import DataFault

FIELDS = header_fields(bytes([1]) * 32, bytes([2]) * 32, 1000, BLOCK_TIME)


def test_a_header_is_read_as_py_evm_does() -> None:
    raw = seal(FIELDS, VALIDATORS[0])
    header, theirs = parse_header(raw), rlp.decode(raw, LondonBlockHeader)
    assert header.hash == theirs.hash == keccak256(raw)
    assert header.parent == theirs.parent_hash
    assert header.state_root == theirs.state_root
    assert (header.number, header.time) == (theirs.block_number, theirs.timestamp)
    assert header.seal_hash == get_signature_hash(theirs)
    assert sealer(header) == get_block_signer(theirs) == address_of(VALIDATORS[0])


def test_validators_in_the_extra_data_are_sealed_too() -> None:
    epoch = [*FIELDS[:12], bytes(32) + b"".join(address_of(key) for key in VALIDATORS), *FIELDS[13:]]
    assert sealer(parse_header(seal(epoch, VALIDATORS[2]))) == address_of(VALIDATORS[2])


@pytest.mark.parametrize("extra", [b"", bytes(32), bytes(96), bytes(97)])
def test_without_a_seal(extra: bytes) -> None:
    with pytest.raises(DataFault) as caught:
        sealer(parse_header(rlp.encode([*FIELDS[:12], extra, *FIELDS[13:]])))
    assert caught.value.code == "unsealed"


def test_a_seal_that_no_key_made() -> None:
    with pytest.raises(DataFault) as caught:
        sealer(parse_header(rlp.encode([*FIELDS[:12], bytes(32) + b"\xff" * 65, *FIELDS[13:]])))
    assert caught.value.code == "seal-malformed"


SIZES = [32, 32, 20, 32, 32, 32, 256, None, None, None, None, None, None, 32, 8, None]


@pytest.mark.parametrize("at", range(16))
def test_every_field_has_its_form(at: int) -> None:
    size = SIZES[at]
    bad: list[Any] = [[]] if at == 12 else [[], b"\0" * 2, b"\1" * 33]
    if size is not None:
        bad = [[], b"", bytes(size - 1), bytes(size + 1)]
    for value in bad:
        with pytest.raises(DataFault) as caught:
            parse_header(rlp.encode([*FIELDS[:at], value, *FIELDS[at + 1 :]]))
        assert caught.value.code == "header-malformed"


def test_other_forks_and_other_things() -> None:
    for value in (FIELDS[:15], [*FIELDS, bytes(32)], b"text", []):
        with pytest.raises(DataFault) as caught:
            parse_header(rlp.encode(value))
        assert caught.value.code == "header-malformed"
    with pytest.raises(DataFault) as caught:
        parse_header(rlp.encode([*FIELDS[:12], bytes(MAX_HEADER), *FIELDS[13:]]))
    assert caught.value.code == "rlp-too-large"
    with pytest.raises(DataFault) as caught:
        parse_header(seal(FIELDS, VALIDATORS[0]) + b"\0")
    assert caught.value.code == "rlp-malformed"

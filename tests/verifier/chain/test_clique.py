"""Seals of Clique: against py-evm's own."""

from __future__ import annotations

import pytest
import rlp
from eth.consensus.clique._utils import get_block_signer, get_signature_hash
from eth.vm.forks.london.blocks import LondonBlockHeader

from tests.verifier.chain.test_header import FIELDS, FORKS, WHOLE
from tests.verifier.world import OUTSIDER, VALIDATORS, address_of, seal
from yinzheng.verifier.bytes.algorithms import keccak256
from yinzheng.verifier.chain.consensus import CLIQUE, UNPROVEN, recognise
from yinzheng.verifier.chain.evidence import NotGiven
from yinzheng.verifier.chain.header import parse_header
from yinzheng.verifier.errors import DataFault

PINNED = frozenset(address_of(key) for key in VALIDATORS)


def test_a_seal_is_read_as_py_evm_does() -> None:
    raw = seal(FIELDS, VALIDATORS[0])
    header, theirs = parse_header(raw), rlp.decode(raw, LondonBlockHeader)
    assert CLIQUE.block_hash(header) == theirs.hash
    assert header.digest(extra=header.extra[:-65]) == get_signature_hash(theirs)
    assert CLIQUE.sealers(header, PINNED) == {get_block_signer(theirs)} == {address_of(VALIDATORS[0])}
    assert recognise(header) is CLIQUE


def test_validators_in_the_extra_data_are_sealed_too() -> None:
    epoch = [*FIELDS[:12], bytes(32) + b"".join(address_of(key) for key in VALIDATORS), *FIELDS[13:]]
    header = parse_header(seal(epoch, VALIDATORS[2]))
    assert CLIQUE.sealers(header, PINNED) == {address_of(VALIDATORS[2])}


@pytest.mark.parametrize("count", FORKS)
def test_later_forks_are_sealed_alike(count: int) -> None:
    header = parse_header(seal(WHOLE[:count], VALIDATORS[1]))
    assert CLIQUE.sealers(header, PINNED) == {address_of(VALIDATORS[1])}


@pytest.mark.parametrize("extra", [b"", bytes(32), bytes(96), bytes(97)])
def test_without_a_seal(extra: bytes) -> None:
    header = parse_header(rlp.encode([*FIELDS[:12], extra, *FIELDS[13:]]))
    with pytest.raises(NotGiven) as caught:
        CLIQUE.sealers(header, PINNED)
    assert caught.value.code == "unsealed"
    assert recognise(header) is (CLIQUE if len(extra) == 97 else UNPROVEN)


def test_a_seal_that_no_key_made() -> None:
    with pytest.raises(DataFault) as caught:
        CLIQUE.sealers(
            parse_header(rlp.encode([*FIELDS[:12], bytes(32) + b"\xff" * 65, *FIELDS[13:]])), PINNED
        )
    assert caught.value.code == "seal-malformed"


def test_a_seal_of_someone_unknown_is_not_covered() -> None:
    with pytest.raises(NotGiven) as caught:
        CLIQUE.sealers(parse_header(seal(FIELDS, OUTSIDER)), PINNED)
    assert caught.value.code == "sealer-not-pinned"
    assert caught.value.data["sealer"] == address_of(OUTSIDER).hex()


def test_a_mixed_digest_is_no_mark_of_clique() -> None:
    assert (
        recognise(parse_header(seal([*FIELDS[:13], keccak256(b""), *FIELDS[14:]], VALIDATORS[0]))) is UNPROVEN
    )


def test_more_than_half_make_a_block_final() -> None:
    assert [CLIQUE.quorum(count) for count in range(1, 8)] == [1, 2, 2, 3, 3, 4, 4]
    assert [CLIQUE.headers_until_final(count) for count in (1, 4, 5)] == [1, 3, 3]


def test_an_epoch_lists_its_validators() -> None:
    addresses = tuple(address_of(key) for key in VALIDATORS)
    epoch = [*FIELDS[:12], bytes(32) + b"".join(addresses), *FIELDS[13:]]
    assert CLIQUE.listed(parse_header(seal(epoch, VALIDATORS[2]))) == addresses
    assert CLIQUE.listed(parse_header(seal(FIELDS, VALIDATORS[2]))) == ()

"""QBFT: real blocks of a GoQuorum network, and headers made wrong from them (`tests/vectors/qbft`)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import rlp

from tests.verifier.chain.test_header import LATER
from yinzheng.verifier.chain.consensus import CLIQUE, QBFT, UNPROVEN, recognise
from yinzheng.verifier.chain.evidence import NotGiven, parse_evidence
from yinzheng.verifier.chain.header import Header, parse_header
from yinzheng.verifier.chain.mpt import EMPTY_ROOT, prove_secure
from yinzheng.verifier.chain.qbft import read_extra
from yinzheng.verifier.errors import DataFault, YinzhengError

VECTORS = Path(__file__).parents[2] / "vectors" / "qbft"


def load(name: str) -> Any:
    return json.loads((VECTORS / name).read_text(encoding="utf-8"))


def raw(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


BLOCKS = {block["id"]: block for block in load("blocks.json")["blocks"]}
NEGATIVE = load("negative.json")["headers"]
PROOFS = load("proofs.json")["proofs"]


def header_of(vector: dict[str, Any]) -> Header:
    return parse_header(raw(vector["header_rlp"]))


def addresses(listed: list[str]) -> frozenset[bytes]:
    return frozenset(map(raw, listed))


@pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS)
def test_a_block_as_the_network_made_it(block: dict[str, Any]) -> None:
    header = header_of(block)
    assert (recognise(header), header.number) == (QBFT, block["number"])
    assert QBFT.block_hash(header) == raw(block["hash"])
    pinned, extra = addresses(block["validators"]), read_extra(header)
    assert extra.validators == QBFT.listed(header) == tuple(map(raw, block["validators"]))
    assert header.encoded == raw(block["header_rlp"])
    if block["verdict"] == "genesis":
        with pytest.raises(NotGiven) as caught:
            QBFT.sealers(header, pinned)
        assert caught.value.code == "unsealed"
        return
    assert header.digest(extra=extra.unsealed) == raw(block["sealed_hash"])
    found = QBFT.sealers(header, pinned)
    assert found == addresses(block["signers"])
    assert len(found) == len(extra.seals) == QBFT.quorum(len(pinned))


def test_blocks_follow_each_other_by_the_hash_without_round_and_seals() -> None:
    by_number = {block["number"]: block for block in BLOCKS.values()}
    followed = [number for number in by_number if number - 1 in by_number]
    assert len(followed) == 7
    for number in followed:
        parent, child = header_of(by_number[number - 1]), header_of(by_number[number])
        assert child.parent == QBFT.block_hash(parent)
        if number - 1:
            assert child.parent != parent.digest()


REASONS = {
    "too-few-seals": {"not-final", "unsealed"},
    "seal-twice": {"seal-twice", "seal-malformed"},  # in its other form a seal is none
    "seal-of-stranger": {"seal-of-stranger"},
    "seal-v": {"seal-malformed"},
    "seal-no-key": {"seal-malformed"},
    "not-bft": {"consensus-differs", "header-malformed"},
    "validators-not-pinned": {"validators-not-pinned"},
    "hash-differs": {"hash-differs"},
    "not-rlp": {"header-malformed", "rlp-malformed"},
}
"""How the vectors' reasons are called here; all others are `header-malformed`."""

NOT_COVERED = {"not-final", "unsealed", "validators-not-pinned", "sealer-not-pinned", "consensus-differs"}
"""Where nothing failed (D14): seals are missing (any node may have lost them, the hash does not cover them),
the policy may be old, or the block is of another consensus.
"""


def judge(vector: dict[str, Any]) -> None:
    """As obligation 8, and whoever knows the block's hash, would judge it."""
    header, pinned = header_of(vector), addresses(vector["pinned"])
    if vector["hash"] is not None and QBFT.block_hash(header) != raw(vector["hash"]):
        raise DataFault("another block than the one known", code="hash-differs")
    found = QBFT.sealers(header, pinned)
    if len(found) < QBFT.quorum(len(pinned)):
        raise NotGiven("too few", code="not-final")


@pytest.mark.parametrize("vector", NEGATIVE, ids=[vector["id"] for vector in NEGATIVE])
def test_a_wrong_header_is_refused(vector: dict[str, Any]) -> None:
    with pytest.raises(YinzhengError) as caught:
        judge(vector)
    expected = REASONS.get(vector["reason"], {"header-malformed"})
    if vector["id"] == "validators-none":
        # It names nobody, so that those who sealed may be new to the reader: no failure (D14).
        expected = {"sealer-not-pinned"}
    elif vector["hash"] is not None and vector["hash_unchanged"] is None:
        expected = expected | {"hash-differs"}
    assert caught.value.code in expected
    assert isinstance(caught.value, NotGiven) is (caught.value.code in NOT_COVERED)
    if vector["verdict"] == "uncovered":
        assert isinstance(caught.value, NotGiven)


@pytest.mark.parametrize(
    "vector", [one for one in NEGATIVE if one["hash_unchanged"] is not None], ids=lambda one: one["id"]
)
def test_the_hash_covers_neither_round_nor_seals(vector: dict[str, Any]) -> None:
    same = QBFT.block_hash(header_of(vector)) == raw(vector["hash"])
    assert same is vector["hash_unchanged"]


def test_a_header_without_the_form_names_no_block_of_the_network() -> None:
    vector = next(one for one in NEGATIVE if one["id"] == "extra-clique")
    header = header_of(vector)
    assert QBFT.block_hash(header) == header.digest() != raw(BLOCKS[vector["base"]]["hash"])


def test_validators_kept_by_a_contract_are_those_of_the_policy() -> None:
    """Besu lists none in the header then; the seals are the policy's to judge."""
    block = BLOCKS["quiet"]
    fields = rlp.decode(raw(block["header_rlp"]))
    extra = rlp.decode(fields[12])
    bare = parse_header(rlp.encode([*fields[:12], rlp.encode([extra[0], [], *extra[2:]]), *fields[13:]]))
    with pytest.raises(NotGiven) as caught:
        QBFT.sealers(bare, addresses(block["validators"]))
    assert caught.value.code == "sealer-not-pinned"


def test_more_seals_than_validators_are_not_even_read() -> None:
    block = BLOCKS["quiet"]
    fields = rlp.decode(raw(block["header_rlp"]))
    extra = rlp.decode(fields[12])
    extra[4] = [b"\1" * 65] * 5
    many = parse_header(rlp.encode([*fields[:12], rlp.encode(extra), *fields[13:]]))
    with pytest.raises(DataFault) as caught:
        QBFT.sealers(many, addresses(block["validators"]))
    assert caught.value.code == "seal-twice"


@pytest.mark.parametrize("count", [1, 2, 5, 6])
def test_later_forks_are_told_by_their_marks(count: int) -> None:
    fields = rlp.decode(raw(BLOCKS["quiet"]["header_rlp"]))
    header = parse_header(rlp.encode([*fields, 7, *LATER][: 15 + count]))
    assert recognise(header) is QBFT
    with pytest.raises(DataFault) as caught:  # the fields are part of what is signed
        QBFT.sealers(header, addresses(BLOCKS["quiet"]["validators"]))
    assert caught.value.code == "seal-of-stranger"


def test_marks_of_a_consensus() -> None:
    fields = rlp.decode(raw(BLOCKS["quiet"]["header_rlp"]))
    fields[13] = bytes(32)
    assert recognise(parse_header(rlp.encode(fields))) is CLIQUE  # it has room for a seal
    fields[13] = b"\1" * 32
    assert recognise(parse_header(rlp.encode(fields))) is UNPROVEN


def test_two_thirds_make_a_block_final_by_itself() -> None:
    assert [QBFT.quorum(count) for count in range(1, 11)] == [1, 2, 2, 3, 4, 4, 5, 6, 6, 7]
    assert {QBFT.headers_until_final(count) for count in range(1, 11)} == {1}


@pytest.mark.parametrize("vector", PROOFS, ids=[vector["id"] for vector in PROOFS])
def test_state_proofs_hold(vector: dict[str, Any]) -> None:
    proof = vector["proof"]
    evidence = parse_evidence(
        {
            "headers": [
                next(b for b in BLOCKS.values() if b["number"] == vector["number"])["header_rlp"][2:]
            ],
            "accounts": [],
        }
    )
    root = evidence.block.state_root
    assert root == raw(vector["stateRoot"])
    nodes = [raw(node) for node in proof["accountProof"]]
    value = prove_secure(root, raw(proof["address"]), nodes)
    assert (value is not None) is vector["exists"]
    storage = EMPTY_ROOT if value is None else rlp.decode(value)[2]
    for slot in proof["storageProof"]:
        found = prove_secure(storage, int(slot["key"], 16).to_bytes(32, "big"), list(map(raw, slot["proof"])))
        shown = 0 if found is None else int.from_bytes(rlp.decode(found), "big")
        assert shown == int(slot["value"], 16)

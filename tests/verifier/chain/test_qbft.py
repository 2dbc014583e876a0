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
from yinzheng.verifier.judge.seals import sealed
from yinzheng.verifier.judge.trust import TrustPolicy, parse_trust

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
    "too-few-seals": ("not-final", "too few validators have sealed"),
    "seal-twice": ("seal-twice", "a validator seals block"),
    "seal-of-stranger": ("seal-of-stranger", "by someone whom it does not list"),
    "seal-form": ("header-malformed", "a seal is not 65 bytes long"),
    "seal-v": ("seal-malformed", "is not a signature"),
    "seal-no-key": ("seal-malformed", "is not a signature"),
    "round-form": ("header-malformed", "the round is not an integer of at most 4 bytes"),
    "validators-order": ("header-malformed", "the validators do not ascend"),
    "validators-form": ("header-malformed", "a validator is not 20 bytes long"),
    "validators-not-pinned": ("validators-not-pinned", "lists other validators"),
    "vote-form": ("header-malformed", "a vote"),
    "vanity-size": ("header-malformed", "the vanity is not 32 bytes long"),
    "extra-elements": ("header-malformed", "extraData is not a list of that length"),
    "header-fields": ("header-malformed", "the fields of no fork"),
    "not-bft": ("header-malformed", "difficulty is always 1 and the nonce 0"),
    "hash-differs": ("hash-differs", "another block"),
}
"""What is called by a vector's reason, and said of it."""

OTHERWISE = {
    "seals-none": ("unsealed", "carries no seal"),  # any node may have lost them
    "seal-twice-other-form": ("seal-malformed", "is not a signature"),  # that form is none here
    "validators-none": ("sealer-not-pinned", "someone the policy does not pin"),  # a contract may keep them
    "mix-digest-changed": ("consensus-differs", "another consensus"),  # it has Clique's form, or none
    "extra-clique": ("header-malformed", "extraData has bytes after its end"),
    "extra-byte-behind": ("header-malformed", "extraData has bytes after its end"),
    "header-long-length": ("rlp-malformed", "a block header is not canonical RLP"),
    "header-byte-behind": ("rlp-malformed", "a block header has bytes after its end"),
}
"""Where it is another of several reasons, or one reason is told in two ways."""

NOT_RLP = ("header-malformed", "extraData is not canonical RLP")

NOT_COVERED = {"not-final", "unsealed", "validators-not-pinned", "sealer-not-pinned", "consensus-differs"}
"""Where nothing failed (D14): seals are missing (any node may have lost them, the hash does not cover them),
the policy may be old, or the block is of another consensus.
"""


def pinning(validators: list[str]) -> TrustPolicy:
    """The policy of the sample's network, whose validators are these."""
    policy = load("sample/trust-qbft.json")
    addresses_ = [one.removeprefix("0x") for one in validators]
    policy["chain"]["validators"] = [{"from": 0, "to": None, "addresses": addresses_}]
    return parse_trust(json.dumps(policy).encode())


def judge(vector: dict[str, Any]) -> None:
    """As obligation 8 does, and whoever knows the block's hash; of what has none that is not asked."""
    encoded = raw(vector["header_rlp"])
    if vector["hash_unchanged"] is False and QBFT.block_hash(parse_header(encoded)) != raw(vector["hash"]):
        raise DataFault("another block than the one known", code="hash-differs")
    sealed(parse_evidence({"headers": [encoded.hex()], "accounts": []}), pinning(vector["pinned"]))


@pytest.mark.parametrize(
    "block", [one for one in BLOCKS.values() if one["number"]], ids=lambda one: one["id"]
)
def test_a_block_is_final_by_itself(block: dict[str, Any]) -> None:
    judge({**block, "pinned": block["validators"], "hash_unchanged": True})


@pytest.mark.parametrize("vector", NEGATIVE, ids=[vector["id"] for vector in NEGATIVE])
def test_a_wrong_header_is_refused_for_its_reason(vector: dict[str, Any]) -> None:
    with pytest.raises(YinzhengError) as caught:
        judge(vector)
    code, said = OTHERWISE.get(vector["id"]) or REASONS.get(vector["reason"], NOT_RLP)
    assert caught.value.code == code
    assert said in caught.value.message
    assert isinstance(caught.value, NotGiven) is (code in NOT_COVERED)
    if vector["verdict"] == "uncovered":
        assert isinstance(caught.value, NotGiven)
    if (
        vector["hash_unchanged"] is None
        and code == "header-malformed"
        and vector["reason"] != "header-fields"
    ):
        assert QBFT.block_hash(header_of(vector)) != raw(BLOCKS[vector["base"]]["hash"])


def test_every_reason_of_the_vectors_is_known() -> None:
    assert {one["reason"] for one in NEGATIVE} == {*REASONS, "not-rlp"}
    assert OTHERWISE.keys() <= {one["id"] for one in NEGATIVE}


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

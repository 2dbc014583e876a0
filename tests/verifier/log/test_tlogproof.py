"""Log proofs: layout, strict reading, and every hash that can be changed."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verifier.log.growth import as_reader
from yinzheng.verifier.bytes.algorithms import Ed25519PrivateKey
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.log.merkle import hash_leaf, inclusion_path, root_from_leaves
from yinzheng.verifier.log.note import Checkpoint, NoteSigner, sign_checkpoint
from yinzheng.verifier.log.tlogproof import HEADER, MAX_PROOF_BYTES, TlogProof

LEAVES = [hash_leaf(bytes((n,))) for n in range(11)]
SIGNER = NoteSigner("log.example", Ed25519PrivateKey(b"e" * 32))
HEAD = Checkpoint("log.example", 11, root_from_leaves(LEAVES))
NOTE = sign_checkpoint(HEAD, [SIGNER])
PROOF = TlogProof(6, tuple(inclusion_path(6, 11, as_reader(LEAVES))), NOTE)


def fault_of(text: str | bytes) -> str:
    with pytest.raises(DataFault) as caught:
        TlogProof.from_text(text)
    return caught.value.code


def test_layout() -> None:
    hashes = [base64.b64encode(value).decode() for value in PROOF.hashes]

    assert PROOF.text == "\n".join([HEADER, "index 6", *hashes, "", NOTE])


def test_a_proof_without_hashes() -> None:
    note = sign_checkpoint(Checkpoint("log.example", 1, LEAVES[0]), [SIGNER])
    proof = TlogProof.from_text(f"{HEADER}\nindex 0\n\n{note}")

    assert proof == TlogProof(0, (), note)
    assert proof.verify_inclusion(LEAVES[0]).size == 1


@given(st.integers(0, 2**63 - 2), st.lists(st.binary(min_size=32, max_size=32), max_size=63))
def test_round_trip(index: int, hashes: list[bytes]) -> None:
    proof = TlogProof(index, tuple(hashes), NOTE)

    assert TlogProof.from_text(proof.text) == proof
    assert TlogProof.from_text(proof.text.encode()) == proof


@pytest.mark.parametrize("index", range(11))
def test_verifies(index: int) -> None:
    proof = TlogProof(index, tuple(inclusion_path(index, 11, as_reader(LEAVES))), NOTE)

    assert proof.verify_inclusion(LEAVES[index]) == HEAD
    with pytest.raises(DataFault) as caught:
        proof.verify_inclusion(LEAVES[index - 1])
    assert caught.value.code == "inclusion-proof"


@pytest.mark.parametrize("position", range(len(PROOF.hashes)))
def test_every_hash_matters(position: int) -> None:
    hashes = list(PROOF.hashes)
    hashes[position] = bytes(32)
    with pytest.raises(DataFault):
        TlogProof(6, tuple(hashes), NOTE).verify_inclusion(LEAVES[6])


@pytest.mark.parametrize(
    "text",
    [
        "",
        HEADER,
        f"{HEADER}\n\n{NOTE}",
        PROOF.text.replace("@v1", "@v2"),
        PROOF.text.replace(HEADER + "\n", ""),
        PROOF.text.replace("index 6\n", ""),
        PROOF.text.replace("index 6", "index 06"),
        PROOF.text.replace("index 6", "index -6"),
        PROOF.text.replace("index 6", "index  6"),
        PROOF.text.replace("index 6", "index ６"),
        PROOF.text.replace("index 6", "index 9223372036854775807"),
        PROOF.text.replace("index 6", "extra AAAA\nindex 6"),
        PROOF.text.replace("index 6", "index 6\nAAAA"),
        PROOF.text.replace("index 6", "index 6\n!"),
        PROOF.text.replace("\n", "\r\n"),
        " " + PROOF.text,
        TlogProof(6, (bytes(32),) * 63, NOTE).text.replace("index 6", "index 6\n" + "A" * 43 + "="),
        "x" * (MAX_PROOF_BYTES + 1),
        b"\xff",
    ],
    ids=lambda text: repr(text[:40]),
)
def test_malformed(text: str | bytes) -> None:
    assert fault_of(text) == "proof-malformed"


def test_a_malformed_checkpoint_is_found_at_once() -> None:
    assert fault_of(PROOF.text.replace("\n11\n", "\n011\n")) == "checkpoint-malformed"
    assert fault_of(PROOF.text + "more\n") == "note-malformed"


@pytest.mark.parametrize(
    ("index", "hashes"), [(-1, ()), (2**63 - 1, ()), (0, (b"short",)), (0, (bytes(32),) * 64)]
)
def test_impossible_proofs_are_not_made(index: int, hashes: tuple[bytes, ...]) -> None:
    with pytest.raises(DataFault):
        TlogProof(index, hashes, NOTE)

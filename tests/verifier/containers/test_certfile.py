"""The certificate file: what is written is read, and nothing else is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.verifier.world import World, genuine_file
from yinzheng.verifier import DataFault, format_file, parse_file
from yinzheng.verifier.chain.evidence import Contract, NotGiven, parse_evidence
from yinzheng.verifier.containers.certfile import MAX_FILE


def test_what_is_written_is_read() -> None:
    world = World()
    chain, proof = world.chain(), world.proof
    data = format_file(world.qr, world.body, world.statement, proof, chain)
    file = parse_file(data)
    assert (file.record, file.statement, file.proof) == (world.body, world.statement, proof)
    assert file.chain == parse_evidence(chain)
    assert parse_file(format_file(world.qr, world.body, world.statement, world.proof, None)).chain is None


def test_what_could_not_be_read_is_not_written() -> None:
    world = World()
    with pytest.raises(DataFault):
        format_file(world.qr, world.body, world.statement, world.proof, {"headers": [], "accounts": []})


@pytest.mark.parametrize("name", ["format", "qr", "record", "statement", "proof", "chain"])
@pytest.mark.parametrize("value", [1, "", [], {}, "x" * 5000])
def test_every_part_is_read_strictly(name: str, value: Any) -> None:
    file = genuine_file()
    file[name] = value
    if name == "qr" and isinstance(value, str) and 0 < len(value) < 4097:
        return
    with pytest.raises(DataFault):
        parse_file(json.dumps(file).encode())
    del file[name]
    with pytest.raises(DataFault) as caught:
        parse_file(json.dumps(file).encode())
    assert caught.value.code == "field-missing"


def test_a_file_has_a_size() -> None:
    with pytest.raises(DataFault) as caught:
        parse_file(b" " * (MAX_FILE + 1))
    assert caught.value.code == "json-too-large"


def test_evidence_is_read_strictly() -> None:
    chain = World().chain()
    edits: list[tuple[str, Any]] = [
        ("headers", []),
        ("headers", ["00" * 20_000]),
        ("headers", ["0x" + chain["headers"][0]]),
        ("headers", [chain["headers"][0].upper()]),
        ("headers", [chain["headers"][0]] * 257),
        ("accounts", chain["accounts"] * 5),
        ("accounts", [{**chain["accounts"][0], "proof": ["00"] * 66}]),
        ("accounts", [{**chain["accounts"][0], "proof": ["00" * 1025]}]),
        ("accounts", [{**chain["accounts"][0], "proof": [""]}]),
        ("accounts", [{**chain["accounts"][0], "storage": [{"slot": "00", "proof": []}]}]),
        ("accounts", [{**chain["accounts"][0], "storage": chain["accounts"][0]["storage"] * 2}]),
        ("extra", 1),
    ]
    for name, value in edits:
        with pytest.raises(DataFault):
            parse_evidence({**chain, name: value})


def test_an_account_that_is_none() -> None:
    # A contract's address whose value in the state trie has not the four fields of an account.
    import rlp
    from trie.hexary import HexaryTrie

    from tests.verifier.world import header_fields
    from yinzheng.verifier.bytes.algorithms import keccak256

    address, slot = bytes([4]) * 20, bytes(32)
    for value in (rlp.encode([b"\1", b"", bytes(32)]), rlp.encode(b"text"), rlp.encode([b""] * 4)):
        state: Any = HexaryTrie(db={})
        state[keccak256(address)] = value
        proof = [rlp.encode(node).hex() for node in state.get_proof(keccak256(address))]
        header = rlp.encode(header_fields(bytes(32), bytes(state.root_hash), 1, 1))
        evidence = parse_evidence(
            {
                "headers": [header.hex()],
                "accounts": [
                    {"address": address.hex(), "proof": proof, "storage": [{"slot": slot.hex(), "proof": []}]}
                ],
            }
        )
        with pytest.raises(DataFault) as caught:
            evidence.words(Contract(address, bytes(32)), [slot])
        assert caught.value.code in {"state-proof-malformed", "rlp-malformed"}
        with pytest.raises(NotGiven):
            evidence.words(Contract(bytes(20), bytes(32)), [slot])

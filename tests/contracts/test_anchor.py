"""CheckpointAnchor and the RFC 9162 verifier (S5.1)."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.ground import Moment
from tests.contracts.merkle import consistency, root
from tests.contracts.world import STRANGER, World, address, b32
from yinzheng.contracts import artifact
from yinzheng.ledger.chain.records import Head
from yinzheng.ledger.chain.reverts import (
    AlreadyAnchored,
    ContractRefused,
    HeadRefused,
    NotEntitled,
    ValueRefused,
)
from yinzheng.ledger.chain.sender import Call
from yinzheng.verifier.errors import YinzhengError

VECTORS = sorted((Path(__file__).parents[1] / "vectors/rfc6962/consistency").rglob("*.json"))
LEAVES = [bytes([n]) for n in range(40)]


def head(size: int) -> Head:
    return Head(size, root(LEAVES[:size]))


@pytest.fixture(scope="module")
def _harness(_world: tuple[World, Moment]) -> tuple[Any, Moment]:
    world, moment = _world
    world.ground.back_to(moment)
    compiled = artifact("Rfc9162Harness")
    mined = world.admin.send(Call(None, compiled.bytecode, 2_000_000), 1)
    block = world.w3.eth.get_block(mined.block_number)
    receipt = world.w3.eth.get_transaction_receipt(block["transactions"][0])  # type: ignore[arg-type]
    made = world.w3.eth.contract(address=receipt["contractAddress"], abi=compiled.abi).functions
    return made, world.ground.moment()


@pytest.fixture
def harness(world: World, _harness: tuple[Any, Moment]) -> Any:
    """The verifier library alone, so that heads of any size can be put to it."""
    functions, moment = _harness
    world.ground.back_to(moment)
    return functions


def test_the_vectors_are_there() -> None:
    assert len(VECTORS) == 98


@pytest.mark.parametrize("path", VECTORS, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_vectors_by_transparency_dev(harness: Any, path: Path) -> None:
    vector = json.loads(path.read_text("utf-8"))
    proof = [base64.b64decode(item) for item in vector["proof"] or []]
    # Roots of other lengths than 32 ("don't care 1") cannot reach a bytes32; padding keeps equal ones equal.
    roots = [base64.b64decode(vector[name]).ljust(32, b"\0") for name in ("root1", "root2")]
    if any(len(item) != 32 for item in [*proof, *roots]):
        assert vector["wantErr"]  # refused by the type bytes32 before the contract runs
        return
    accepted = harness.isConsistent(vector["size1"], roots[0], vector["size2"], roots[1], proof).call()
    assert accepted is not vector["wantErr"]


def test_every_pair_of_small_trees(harness: Any) -> None:
    for m in range(1, 18):
        for n in (m + 1, 33):
            proof = consistency(m, LEAVES[:n])
            arguments = [m, root(LEAVES[:m]), n, root(LEAVES[:n])]
            assert harness.isConsistent(*arguments, proof).call()
            assert not harness.isConsistent(*arguments, [*proof, proof[-1]]).call()
            assert not harness.isConsistent(*arguments, proof[:-1]).call()


def test_heads_follow_each_other(world: World) -> None:
    client = world.client
    assert client.latest_anchor() is None
    world.send(client.anchor(head(3), []))
    world.send(client.anchor(head(8), consistency(3, LEAVES[:8])))
    assert client.latest_anchor() == head(8)
    assert client.anchored_root(3) == head(3).root
    assert client.anchored_root(5) is None


def refused(world: World, given: Head, proof: list[bytes]) -> YinzhengError:
    with pytest.raises(YinzhengError) as caught:
        world.send(world.client.anchor(given, proof))
    return caught.value


def test_heads_that_are_refused(world: World) -> None:
    assert refused(world, Head(0, b32(1)), []).code == "head-empty"
    assert refused(world, Head(3, b32(0)), []).code == "head-empty"
    assert isinstance(refused(world, head(3), [b32(1)]), ValueRefused)
    world.send(world.client.anchor(head(5), []))

    again = refused(world, head(5), [])
    assert isinstance(again, AlreadyAnchored)
    conflict = refused(world, Head(5, b32(1)), [])
    assert isinstance(conflict, HeadRefused)
    assert conflict.code == "head-conflict"
    assert conflict.data["anchored"] == head(5).root
    assert refused(world, head(4), []).code == "head-not-after"

    proof = consistency(5, LEAVES[:9])
    for bad in (proof[:-1], [*proof, proof[0]], [b32(1), *proof[1:]], []):
        assert refused(world, head(9), bad).code == "head-inconsistent"
    assert refused(world, Head(9, b32(1)), proof).code == "head-inconsistent"
    rewritten = [b"x", *LEAVES[1:9]]
    assert refused(world, Head(9, root(rewritten)), consistency(5, rewritten)).code == "head-inconsistent"
    assert world.client.latest_anchor() == head(5)


def test_only_the_relay_anchors(world: World) -> None:
    with pytest.raises(NotEntitled):
        world.send(world.client.anchor(head(1), []), world.admin)
    with pytest.raises(ContractRefused) as caught:
        world.client.simulate(world.client.anchor(head(1), []), address(STRANGER))
    assert caught.value.code == "sender-not-entitled"

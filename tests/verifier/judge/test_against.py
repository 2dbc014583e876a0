"""Two documents and the log between them: one history, a fork, or nobody knows (S9.8)."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.verifier.pack.pack_files import zipped as pack_zip
from tests.verifier.world import LOG_ED, LOG_SM2, ORIGIN, trust
from yinzheng.verifier.errors import DataFault, EnvironmentFault
from yinzheng.verifier.judge.against import Comparison, Head, Relation, compare, heads_in, is_head
from yinzheng.verifier.judge.trust import TrustPolicy, parse_trust
from yinzheng.verifier.log.merkle import hash_leaf, root_from_leaves
from yinzheng.verifier.log.note import Checkpoint, sign_checkpoint
from yinzheng.verifier.log.tiles import Tile, grow
from yinzheng.verifier.log.tlogproof import TlogProof
from yinzheng.verifier.words.against import CODES, line

VECTORS = Path(__file__).parents[2] / "vectors" / "spec"
TRUST = trust()
KEYS = (LOG_ED, LOG_SM2)


def leaves(count: int, seed: str = "") -> list[bytes]:
    return [hash_leaf(f"{seed}{n}".encode()) for n in range(count)]


def note(hashes: Sequence[bytes], signers: Any = KEYS, origin: str = ORIGIN) -> str:
    return sign_checkpoint(Checkpoint(origin, len(hashes), root_from_leaves(hashes)), signers)


class Log:
    """A log as it is served. `spoil` changes a tile's bytes."""

    def __init__(self, hashes: list[bytes], spoil: Callable[[Tile, bytes], bytes] | None = None) -> None:
        self.head: bytes = note(hashes).encode()
        self.tiles = dict(grow(0, hashes, lambda _tile: b""))
        self.spoil = spoil or (lambda _tile, data: data)

    def checkpoint(self) -> bytes:
        return self.head

    def tile(self, tile: Tile) -> bytes:
        if tile not in self.tiles:
            raise EnvironmentFault("gone", code="log-unreachable")
        return self.spoil(tile, self.tiles[tile])


def reading(data: bytes | str, policy: TrustPolicy = TRUST) -> Callable[[], list[Head]]:
    document = io.BytesIO(data.encode() if isinstance(data, str) else data)
    return partial(heads_in, document, policy)


def compared(kept: bytes | str, shown: bytes | str, log: Any = None) -> tuple[str, str]:
    found = compare(reading(kept), reading(shown), log, TRUST)
    for language in ("zh", "en"):
        assert line(found, language)
    assert found.to_json()["code"] == found.code
    assert found.code in CODES
    return found.relation.value, found.code


# ---------------------------------------------------------------- the relation


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 700), st.integers(1, 700), st.integers(0, 300))
def test_heads_of_one_log(first: int, second: int, more: int) -> None:
    whole = leaves(max(first, second) + more)
    found = compared(note(whole[:first]), note(whole[:second]), Log(whole))
    assert found == ("consistent", "against-same-head" if first == second else "against-extended")


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 700), st.integers(1, 700), st.integers(0, 300), st.data())
def test_a_log_rewritten_shows(first: int, second: int, more: int, data: st.DataObject) -> None:
    """Some leaf that a head covered is another one in the log that is served now."""
    served = leaves(max(first, second) + more)
    old = list(served)
    old[data.draw(st.integers(0, first - 1))] = hash_leaf(b"another")
    found = compared(note(old[:first]), note(served[:second]), Log(served))
    assert found == ("forked", "against-same-size" if first == second else "against-not-extended")
    found = compared(note(served[:second]), note(old[:first]), Log(served))
    assert found[0] == "forked"


def test_one_size_needs_no_log() -> None:
    assert compared(note(leaves(5)), note(leaves(5))) == ("consistent", "against-same-head")
    assert compared(note(leaves(5)), note(leaves(5, "x"))) == ("forked", "against-same-size")
    assert compared(note([]), note([])) == ("consistent", "against-empty")
    assert compared(note([]), note(leaves(3))) == ("consistent", "against-same-head")


@pytest.mark.parametrize(("size", "code"), [(5, "against-same-head"), (0, "against-empty")])
def test_a_log_that_is_named_is_asked_though_the_heads_are_one(size: int, code: str) -> None:
    """The two agree; whether the log still has what they rest on, only the log can show."""
    same = note(leaves(size))
    for served in (size, size + 4):
        assert compared(same, same, Log(leaves(served))) == ("consistent", code)
    gone = Log(leaves(9))
    gone.tiles.clear()
    assert compared(same, same, gone) == ("undetermined", "against-log-unreachable")
    stranger = Log(leaves(9))
    stranger.head = note(leaves(9), (LOG_ED,)).encode()
    assert compared(same, same, stranger) == ("undetermined", "against-log-tiles")


def test_a_rewritten_log_shows_though_the_heads_are_one() -> None:
    same = note(leaves(5))
    for served in (5, 9):
        assert compared(same, same, Log(leaves(served, "x"))) == ("forked", "against-not-extended")
    bare = Log(leaves(5, "x"))
    bare.tiles.clear()
    assert compared(same, same, bare) == ("forked", "against-not-extended"), "two heads of one size, signed"
    assert compared(same, same, Log(leaves(4))) == ("undetermined", "against-log-smaller")


def test_what_stays_open() -> None:
    kept, shown = note(leaves(5)), note(leaves(9))
    assert compared(kept, shown) == ("undetermined", "against-no-log")
    assert compared(kept, shown, Log(leaves(8))) == ("undetermined", "against-log-smaller")

    def flipped(_tile: Tile, data: bytes) -> bytes:
        return bytes([data[0] ^ 1]) + data[1:]

    assert compared(kept, shown, Log(leaves(9), flipped)) == ("undetermined", "against-log-tiles")
    assert compared(kept, shown, Log(leaves(9), lambda _, data: data[:5])) == (
        "undetermined",
        "against-log-tiles",
    )
    stranger = Log(leaves(9))
    stranger.head = note(leaves(9), (LOG_ED,)).encode()
    assert compared(kept, shown, stranger) == ("undetermined", "against-log-tiles")
    gone = Log(leaves(9))
    gone.tiles.clear()
    assert compared(kept, shown, gone) == ("undetermined", "against-log-unreachable")


def test_a_tile_that_lies_below_is_no_fork() -> None:
    """The server changes what only the older head needs: its tiles no longer fit, so nothing is proved."""
    whole = leaves(600)

    def lying(tile: Tile, data: bytes) -> bytes:
        return bytes(32) + data[32:] if (tile.level, tile.index) == (0, 1) else data

    found = compared(note(whole[:300]), note(whole[:590]), Log(whole, lying))
    assert found == ("undetermined", "against-log-tiles")


def test_heads_that_nobody_we_pin_signed() -> None:
    good, half = note(leaves(5)), note(leaves(5), (LOG_ED,))
    assert compared(half, good) == ("undetermined", "against-kept-unsigned")
    assert compared(good, half) == ("undetermined", "against-shown-unsigned")
    other = compare(reading(good), reading("nothing"), None, TRUST)
    assert (other.shown, other.code) == (None, "against-shown-none")
    assert compare(reading("nothing"), reading(good), None, TRUST) == Comparison(
        Relation.UNDETERMINED, "against-kept-none"
    )


# ---------------------------------------------------------------- where heads are


def sizes(data: bytes | str, policy: TrustPolicy = TRUST) -> list[int]:
    return [head.checkpoint.size for head in reading(data, policy)()]


def test_a_checkpoint_and_a_log_proof() -> None:
    head = note(leaves(7))
    assert sizes(head) == [7]
    proof = TlogProof(0, (bytes(32),) * 3, head).text
    assert sizes(proof) == [7]
    for data, alone in ((head, True), (proof, True), (json.dumps({"a": head}), False), ("", False)):
        assert is_head(io.BytesIO(data.encode())) is alone


@pytest.mark.parametrize("text", [note(leaves(7)), TlogProof(0, (bytes(32),) * 3, note(leaves(7))).text])
def test_as_editors_and_mail_leave_it(text: str) -> None:
    for data in ("\ufeff" + text, text.replace("\n", "\r\n"), "\ufeff" + text.replace("\n", "\r\n")):
        assert sizes(data) == [7]
        assert is_head(io.BytesIO(data.encode()))
    with pytest.raises(DataFault):
        sizes(text.replace("\n", "\r\n ", 1))


def test_a_history_and_a_proof_for_one_reader(whole: tuple[bytes, TrustPolicy]) -> None:
    chains: tuple[Any, ...] = (None, 7, {})
    for chain in chains:
        (head,) = reading(json.dumps({"checkpoint": note(leaves(7)), "chain": chain}))()
        assert (head.checkpoint.size, head.at) == (7, None)
    certificate = json.loads(whole[0])
    (within,) = reading(json.dumps({"proof": {}, "certificate": certificate, "holder": {}}), whole[1])()
    assert [within] == reading(whole[0], whole[1])()


@pytest.fixture(scope="module")
def whole() -> tuple[bytes, TrustPolicy]:
    value = json.loads((VECTORS / "whole.json").read_text())
    return json.dumps(value["file"]).encode(), parse_trust(json.dumps(value["trust"]).encode())


def test_a_certificate(whole: tuple[bytes, TrustPolicy]) -> None:
    data, policy = whole
    (head,) = reading(data, policy)()
    assert head.checkpoint.origin == policy.origin
    assert head.at is not None
    bare = json.loads(data)
    for chain in (None, 7):
        (head,) = reading(json.dumps({**bare, "chain": chain}), policy)()
        assert head.at is None
    assert "None" not in line(compare(lambda: [head], lambda: [head], None, policy), "en")


def test_a_pack() -> None:
    value = json.loads((VECTORS / "packs.json").read_text())
    policy = parse_trust(json.dumps(value["trust"]).encode())
    pack = base64.b64decode(value["pack"])
    (head,) = reading(pack, policy)()
    assert head.at is not None
    found = compare(reading(pack, policy), reading(pack, policy), None, policy)
    assert (found.relation, found.code) == (Relation.CONSISTENT, "against-same-head")
    assert "entries, " in line(found, "en").partition("(")[2]


def zipped(**parts: bytes) -> bytes:
    """A pack in form, that holds these parts and nothing true."""
    files = {
        "manifest.json": b"{}",
        "manifest.sig": b"",
        **{f"{name}.json": parts[name] for name in sorted(parts)},
    }
    return pack_zip([*files.items()])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"\n\n\xe2\x80\x94 \xff",
        b"{}",
        b"[]",
        b'{"proof": 1}',
        b'{"checkpoint": 1}',
        b'{"certificate": {}}',
        b"PK\x03\x04 and nothing",
        bytes(17 * 1024 * 1024),
        zipped(statements=b"[]"),
        zipped(statements=b"{}", chain=b"{}"),
        zipped(statements=b"[", chain=b"{}"),
        zipped(statements=b"[]", chain=b"{}"),
        zipped(statements=b"[1]", chain=b"{}"),
        zipped(statements=b'[{"proof":1}]', chain=b"{}"),
        zipped(statements=json.dumps([{"proof": f"a\n\n{n}"} for n in range(65)]).encode(), chain=b"{}"),
        zipped(statements=b"[" * 1000, chain=b"{}"),
        "SJ4412026110001",
    ],
)
def test_what_holds_no_head(data: bytes | str) -> None:
    with pytest.raises(DataFault) as fault:
        sizes(data)
    assert fault.value.code == "against-none"

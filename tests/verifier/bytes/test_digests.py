"""SM3 and SHA-256 pairs: vectors, both sources of SM3, streams."""

import hashlib
import hmac
import json
from pathlib import Path

import pytest
from gmssl import sm3 as slow_sm3
from hypothesis import given
from hypothesis import strategies as st

from yinzheng.verifier.bytes import digests
from yinzheng.verifier.bytes.algorithms import (
    DigestPair,
    KeyedSha256,
    PairHasher,
    digest_pair,
    hmac_pair,
    sha256,
    sm3,
)
from yinzheng.verifier.errors import DataFault

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "sm.json").read_text())


@pytest.fixture(params=["hashlib", "cryptography"])
def source(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each source of SM3 in turn."""
    if request.param == "hashlib" and not digests.hashlib_has_sm3():
        pytest.skip("this Python's OpenSSL has no SM3")
    monkeypatch.setattr(digests, "hashlib_has_sm3", lambda: request.param == "hashlib")
    return str(request.param)


def gmssl_sm3(data: bytes) -> bytes:
    """SM3 by a third implementation."""
    return bytes.fromhex(slow_sm3.sm3_hash(list(data)))


def test_standard_vectors(source: str) -> None:
    vector = VECTORS["sm3"]

    assert sm3(vector["message_utf8"].encode()).hex() == vector["digest"]
    assert sm3(b"abcd" * 16).hex() == "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"
    assert sha256(b"abc").hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_hmac_sha256_vector() -> None:
    # RFC 4231, test case 2.
    pair = hmac_pair(b"Jefe", b"what do ya want for nothing?")

    assert pair.sha256.hex() == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"


@pytest.mark.parametrize("size", [0, 1, 55, 56, 64, 65, 300])
def test_agrees_with_a_third_implementation(source: str, size: int) -> None:
    data, key = bytes(range(256)) * 2, b"k" * 32
    data = data[:size]
    inner = gmssl_sm3(bytes(b ^ 0x36 for b in key.ljust(64, b"\0")) + data)

    assert sm3(data) == gmssl_sm3(data)
    assert hmac_pair(key, data).sm3 == gmssl_sm3(bytes(b ^ 0x5C for b in key.ljust(64, b"\0")) + inner)


def test_stream_equals_whole(source: str) -> None:
    hasher = PairHasher()
    for piece in (b"", b"a" * 100, bytearray(b"b" * 70), memoryview(b"c" * 5000)):
        hasher.update(piece)

    assert hasher.digest() == digest_pair(b"a" * 100 + b"b" * 70 + b"c" * 5000)


@given(st.lists(st.binary(max_size=200), max_size=8))
def test_any_split_gives_the_same(pieces: list[bytes]) -> None:
    hasher = PairHasher()
    for piece in pieces:
        hasher.update(piece)

    assert hasher.digest() == digest_pair(b"".join(pieces))


@given(st.binary(max_size=140), st.binary(max_size=200))
def test_keyed_pairs_are_hmac(key: bytes, data: bytes) -> None:
    assert hmac_pair(key, data).sha256 == hmac.digest(key, data, hashlib.sha256)
    assert hmac_pair(key, data) != digest_pair(data)


@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 128, 200])
def test_keys_of_any_length(source: str, size: int) -> None:
    """RFC 2104: a key of more than a block is hashed first."""
    key, data = bytes(range(size)), b"what do ya want for nothing?"
    block = (key if size <= 64 else gmssl_sm3(key)).ljust(64, b"\0")
    inner = gmssl_sm3(bytes(b ^ 0x36 for b in block) + data)

    assert hmac_pair(key, data).sm3 == gmssl_sm3(bytes(b ^ 0x5C for b in block) + inner)
    assert hmac_pair(key, data).sha256 == hmac.digest(key, data, hashlib.sha256)


@given(st.binary(max_size=140), st.lists(st.binary(max_size=200), max_size=3))
def test_a_key_made_ready_serves_for_many(key: bytes, texts: list[bytes]) -> None:
    keyed = KeyedSha256(key)
    assert [keyed(text) for text in texts] == [hmac.digest(key, text, "sha256") for text in texts]
    assert repr(keyed) == "KeyedSha256()"


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_json_round_trip(first: bytes, second: bytes) -> None:
    pair = DigestPair(sm3=first, sha256=second)

    assert DigestPair.from_json(pair.to_json()) == pair


def test_json_is_read_strictly() -> None:
    good = digest_pair(b"").to_json()
    for bad in (None, {}, good | {"md5": "00"}, good | {"sm3": good["sm3"][:-2]}, good | {"sha256": 1}):
        with pytest.raises(DataFault):
            DigestPair.from_json(bad)


def test_matches_needs_both() -> None:
    pair = digest_pair(b"m")
    other = bytes(32)

    assert pair.matches(digest_pair(b"m"))
    assert not pair.matches(DigestPair(pair.sm3, other))
    assert not pair.matches(DigestPair(other, pair.sha256))


def test_notices_a_python_without_sm3(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str) -> None:
        raise ValueError(name)

    monkeypatch.setattr(hashlib, "new", refuse)
    assert digests.hashlib_has_sm3.__wrapped__() is False

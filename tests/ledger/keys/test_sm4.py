"""SM4-GCM against the vector of RFC 8998, appendix A.1."""

import pytest

from yinzheng.ledger.keys import sm4
from yinzheng.verifier.errors import DataFault

KEY = bytes.fromhex("0123456789abcdeffedcba9876543210")
NONCE = bytes.fromhex("00001234567800000000abcd")
ASSOCIATED = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
PLAINTEXT = b"".join(bytes((byte,)) * 8 for byte in (0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF, 0xEE, 0xAA))
CIPHERTEXT = bytes.fromhex(
    "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
    "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
)
TAG = bytes.fromhex("83de3541e4c2b58177e065a9bf7b62ec")


def test_the_published_vector() -> None:
    assert sm4.encrypt(KEY, NONCE, PLAINTEXT, ASSOCIATED) == CIPHERTEXT + TAG
    assert sm4.decrypt(KEY, NONCE, CIPHERTEXT + TAG, ASSOCIATED) == PLAINTEXT


@pytest.mark.parametrize("at", [0, 63, 64, 79])
def test_a_flipped_bit(at: int) -> None:
    sealed = bytearray(CIPHERTEXT + TAG)
    sealed[at] ^= 1
    with pytest.raises(DataFault) as caught:
        sm4.decrypt(KEY, NONCE, bytes(sealed), ASSOCIATED)
    assert caught.value.code == "seal-broken"


def test_too_short_for_a_tag() -> None:
    with pytest.raises(DataFault):
        sm4.decrypt(KEY, NONCE, TAG[:-1], ASSOCIATED)

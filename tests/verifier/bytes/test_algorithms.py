"""Ed25519, Keccak and secp256k1 recovery, with published vectors."""

import sys

import pytest
from coincurve import PrivateKey, PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from yinzheng.verifier.bytes import algorithms
from yinzheng.verifier.bytes.algorithms import Ed25519PrivateKey, Ed25519PublicKey, keccak256, recover_address
from yinzheng.verifier.errors import DataFault, UsageFault

# RFC 8032 section 7.1, test 2.
SEED = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
PUBLIC = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
SIGNATURE = bytes.fromhex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


class TestEd25519:
    def test_vector(self) -> None:
        key = Ed25519PrivateKey(SEED)

        assert key.public_key.raw == PUBLIC
        assert key.sign(b"\x72") == SIGNATURE
        assert key.public_key.verify(b"\x72", SIGNATURE)

    @pytest.mark.parametrize("signature", [b"", SIGNATURE[:-1], SIGNATURE + b"\0", bytes(64), b"\xff" * 64])
    def test_refuses_malformed_signatures(self, signature: bytes) -> None:
        assert not Ed25519PublicKey(PUBLIC).verify(b"\x72", signature)

    def test_refuses_a_signature_with_s_out_of_range(self) -> None:
        order = 2**252 + 27742317777372353535851937790883648493
        s = int.from_bytes(SIGNATURE[32:], "little") + order

        assert not Ed25519PublicKey(PUBLIC).verify(b"\x72", SIGNATURE[:32] + s.to_bytes(32, "little"))

    def test_refuses_another_message(self) -> None:
        assert not Ed25519PublicKey(PUBLIC).verify(b"\x73", SIGNATURE)

    def test_refuses_other_lengths(self) -> None:
        with pytest.raises(DataFault):
            Ed25519PublicKey(PUBLIC[:-1])
        with pytest.raises(UsageFault):
            Ed25519PrivateKey(SEED + b"\0")

    def test_what_is_no_point_verifies_nothing(self) -> None:
        assert not Ed25519PublicKey(b"\xff" * 32).verify(b"\x72", SIGNATURE)

    def test_is_stored_and_restored(self) -> None:
        key = Ed25519PrivateKey.generate()

        assert Ed25519PrivateKey(key.secret_bytes()).public_key == key.public_key

    def test_compares_by_bytes_and_hides_the_seed(self) -> None:
        key = Ed25519PrivateKey(SEED)

        assert key.public_key == Ed25519PublicKey(PUBLIC)
        assert key.public_key != PUBLIC
        assert len({key.public_key, Ed25519PublicKey(PUBLIC)}) == 1
        assert SEED.hex() not in repr(key)
        assert PUBLIC.hex() in repr(key)
        assert PUBLIC.hex() in repr(key.public_key)


class TestEthereum:
    ADDRESS_OF_1 = bytes.fromhex("7e5f4552091a69125d5dfcb7b8c2659029395bdf")
    DIGEST = keccak256(b"m")
    SIGNATURE = PrivateKey.from_int(1).sign_recoverable(DIGEST, hasher=None)

    def test_keccak_vector(self) -> None:
        empty = "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"

        assert keccak256(b"").hex() == empty

    def test_both_libraries_hash_alike(self, monkeypatch: pytest.MonkeyPatch) -> None:
        data = [bytes(range(size)) for size in (0, 1, 135, 136, 137, 200)]
        one = list(map(keccak256, data))
        monkeypatch.setitem(sys.modules, "sha3", None)
        algorithms._keccak.cache_clear()
        try:
            assert list(map(keccak256, data)) == one
        finally:
            algorithms._keccak.cache_clear()

    def test_recovers(self) -> None:
        assert recover_address(self.DIGEST, self.SIGNATURE) == self.ADDRESS_OF_1

    def test_another_digest_is_another_address(self) -> None:
        assert recover_address(keccak256(b"n"), self.SIGNATURE) != self.ADDRESS_OF_1

    @settings(max_examples=25)
    @given(st.integers(1, N - 1), st.binary(min_size=32, max_size=32))
    def test_recovers_any_key(self, secret: int, digest: bytes) -> None:
        key = PrivateKey.from_int(secret)
        address = keccak256(key.public_key.format(compressed=False)[1:])[12:]

        assert recover_address(digest, key.sign_recoverable(digest, hasher=None)) == address

    @pytest.mark.parametrize(
        "signature",
        [
            b"",
            SIGNATURE[:-1],
            SIGNATURE + b"\0",
            SIGNATURE[:64] + b"\x1b",
            SIGNATURE[:64] + b"\x02",
            bytes(32) + SIGNATURE[32:],
            SIGNATURE[:32] + bytes(32) + SIGNATURE[64:],
            N.to_bytes(32, "big") + SIGNATURE[32:],
            SIGNATURE[:32] + N.to_bytes(32, "big") + SIGNATURE[64:],
            # No point of the curve has x = 5.
            (5).to_bytes(32, "big") + SIGNATURE[32:],
        ],
        ids=lambda s: f"{s[:4].hex()}-{s[60:].hex()}",
    )
    def test_refuses(self, signature: bytes) -> None:
        with pytest.raises(DataFault) as caught:
            recover_address(self.DIGEST, signature)
        assert caught.value.code == "secp256k1-signature"

    def test_refuses_the_third_recovery_id(self) -> None:
        # A curve point whose x lies beyond the group order has it; Ethereum signatures do not (S7.1).
        def third(r: int) -> bytes:
            return r.to_bytes(32, "big") + self.SIGNATURE[32:64] + b"\x02"

        def recovers(signature: bytes) -> bool:
            try:
                PublicKey.from_signature_and_message(signature, self.DIGEST, hasher=None)
            except ValueError:
                return False
            return True

        signature = next(third(r) for r in range(1, 60) if recovers(third(r)))
        with pytest.raises(DataFault):
            recover_address(self.DIGEST, signature)

    def test_refuses_a_digest_of_another_length(self) -> None:
        with pytest.raises(DataFault):
            recover_address(self.DIGEST[:-1], self.SIGNATURE)


def test_constant_time_equal() -> None:
    assert algorithms.constant_time_equal(b"same", b"same")
    assert not algorithms.constant_time_equal(b"same", b"sane")
    assert not algorithms.constant_time_equal(b"same", b"sam")

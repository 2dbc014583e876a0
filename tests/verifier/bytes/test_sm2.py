"""SM2: the standard's vector, both backends against each other and OpenSSL, and what must be refused."""

import json
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from gmssl import sm2 as gmssl_sm2
from hypothesis import given, settings
from hypothesis import strategies as st

from yinzheng.verifier.bytes import sm2
from yinzheng.verifier.bytes.algorithms import (
    GmsslBackend,
    Sm2Backend,
    Sm2PrivateKey,
    Sm2PublicKey,
    TongsuoBackend,
)
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault

VECTOR = json.loads((Path(__file__).parents[2] / "vectors" / "sm.json").read_text())["sm2"]
SECRET = int(VECTOR["d"], 16)
POINT = bytes.fromhex("04" + VECTOR["x"] + VECTOR["y"])
MESSAGE = VECTOR["message_utf8"].encode()
SIGNATURE = bytes.fromhex(VECTOR["r"] + VECTOR["s"])

BACKENDS: list[Sm2Backend] = [TongsuoBackend(), GmsslBackend()]
SPKI_PREFIX = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200")

by_each_backend = pytest.mark.parametrize("backend", BACKENDS, ids=lambda backend: backend.name)


def raw(r: int, s: int) -> bytes:
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


class TestStandardVector:
    @by_each_backend
    def test_verifies(self, backend: Sm2Backend) -> None:
        assert Sm2PublicKey(POINT, backend).verify(MESSAGE, SIGNATURE)

    @by_each_backend
    def test_public_key(self, backend: Sm2Backend) -> None:
        assert Sm2PrivateKey(SECRET, backend).public_key.point == POINT

    def test_signature_with_its_nonce(self) -> None:
        backend = GmsslBackend(nonce=lambda: int(VECTOR["k"], 16))

        assert Sm2PrivateKey(SECRET, backend).sign(MESSAGE) == SIGNATURE

    def test_identity_digest(self) -> None:
        assert sm2.identity_digest(POINT).hex() == VECTOR["z"].lower()
        assert VECTOR["id"].encode() == sm2.ID


class TestBackendsAgree:
    @pytest.mark.parametrize("signer", BACKENDS, ids=lambda b: f"{b.name} signs")
    @pytest.mark.parametrize("verifier", BACKENDS, ids=lambda b: f"{b.name} verifies")
    @pytest.mark.parametrize("message", [b"", b"m", bytes(range(256)) * 5], ids=len)
    def test_each_verifies_the_other(self, signer: Sm2Backend, verifier: Sm2Backend, message: bytes) -> None:
        key = Sm2PrivateKey(SECRET, signer)
        public = Sm2PublicKey(key.public_key.point, verifier)
        signature = key.sign(message)

        assert public.verify(message, signature)
        assert public.verify_der(message, key.sign_der(message))
        assert not public.verify(message + b"x", signature)
        assert not Sm2PublicKey(Sm2PrivateKey(1, verifier).public_key.point, verifier).verify(
            message, signature
        )

    def test_keys_whose_hex_begins_with_0_or_4(self) -> None:
        # gmssl strips such digits off a key handed to its constructor.
        native, portable = BACKENDS
        keys = [Sm2PrivateKey(secret, native) for secret in range(1, 120)]
        afflicted = [key for key in keys if key.public_key.point[1] >> 4 in (0, 4)]
        assert any(key.public_key.point[1] == 4 or key.public_key.point[1] >> 4 == 0 for key in afflicted)

        for key in afflicted[:4]:
            assert Sm2PublicKey(key.public_key.point, portable).verify(b"m", key.sign(b"m"))
            same = Sm2PrivateKey.from_bytes(key.secret_bytes(), portable)
            assert same.public_key == key.public_key
            assert key.public_key.verify(b"m", same.sign(b"m"))

    def test_gmssl_by_itself_agrees_on_the_identity(self) -> None:
        engine = gmssl_sm2.CryptSM2(private_key="", public_key="")
        engine.public_key = POINT[1:].hex()

        assert engine.verify_with_sm3(Sm2PrivateKey(SECRET).sign(MESSAGE).hex(), MESSAGE)

    @settings(max_examples=15, deadline=None)
    @given(st.integers(1, sm2.N - 2), st.binary(max_size=300))
    def test_any_key_any_message(self, secret: int, message: bytes) -> None:
        native, portable = BACKENDS
        key = Sm2PrivateKey(secret, native)

        assert Sm2PublicKey(key.public_key.point, portable).verify(message, key.sign(message))


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the openssl command")
class TestOpenSsl:
    ARGUMENTS = ("-rawin", "-digest", "sm3", "-pkeyopt", f"distid:{sm2.ID.decode()}")

    def test_verifies_ours(self, tmp_path: Path) -> None:
        key = Sm2PrivateKey.generate()
        (tmp_path / "key.der").write_bytes(SPKI_PREFIX + key.public_key.point)
        (tmp_path / "signature").write_bytes(key.sign_der(MESSAGE))
        (tmp_path / "message").write_bytes(MESSAGE)
        command = "openssl pkeyutl -verify -pubin -keyform DER -inkey key.der -sigfile signature -in message"
        subprocess.run([*command.split(), *self.ARGUMENTS], cwd=tmp_path, check=True, timeout=20)

    @by_each_backend
    def test_we_verify_its(self, backend: Sm2Backend, tmp_path: Path) -> None:
        (tmp_path / "message").write_bytes(MESSAGE)
        for command in (
            "openssl genpkey -algorithm SM2 -out key.pem",
            "openssl pkey -in key.pem -pubout -outform DER -out public.der",
        ):
            subprocess.run(command.split(), cwd=tmp_path, check=True, timeout=20, capture_output=True)
        command = "openssl pkeyutl -sign -inkey key.pem -in message -out signature"
        subprocess.run([*command.split(), *self.ARGUMENTS], cwd=tmp_path, check=True, timeout=20)
        public = (tmp_path / "public.der").read_bytes()
        assert public.startswith(SPKI_PREFIX)

        assert Sm2PublicKey(public[-65:], backend).verify_der(MESSAGE, (tmp_path / "signature").read_bytes())


class TestRefusedSignatures:
    R, S = int(VECTOR["r"], 16), int(VECTOR["s"], 16)

    @by_each_backend
    @pytest.mark.parametrize(
        "signature",
        [
            raw(0, S),
            raw(R, 0),
            raw(0, 0),
            raw(sm2.N, S),
            raw(R, sm2.N),
            raw(R, 2**256 - 1),
            raw(R, sm2.N - R),
            raw(1, sm2.N - 1),
            raw(S, R),
            raw(R, sm2.N - S),
            raw(R ^ 1, S),
            raw(R, S ^ 1),
            SIGNATURE[:-1],
            SIGNATURE + b"\0",
            b"\0" + SIGNATURE,
            b"",
        ],
        ids=lambda signature: f"{signature[:32].hex()[-8:]}-{signature[32:].hex()[-8:]}-{len(signature)}",
    )
    def test_raw(self, backend: Sm2Backend, signature: bytes) -> None:
        assert not Sm2PublicKey(POINT, backend).verify(MESSAGE, signature)

    def test_range_is_decided_before_any_backend(self) -> None:
        assert sm2.is_in_range(SIGNATURE)
        assert sm2.is_in_range(raw(1, 1))
        assert sm2.is_in_range(raw(sm2.N - 1, sm2.N - 1))
        for r, s in ((0, 1), (1, 0), (sm2.N, 1), (1, sm2.N), (1, sm2.N - 1), (self.R, sm2.N - self.R)):
            assert not sm2.is_in_range(raw(r, s))

    @by_each_backend
    def test_one_that_leads_to_infinity(self, backend: Sm2Backend) -> None:
        # Who holds the key can choose s so that sG + (r + s)P vanishes.
        s = -self.R * SECRET * pow(1 + SECRET, -1, sm2.N) % sm2.N

        assert not Sm2PublicKey(POINT, backend).verify(MESSAGE, raw(self.R, s))

    @pytest.mark.parametrize(
        "change",
        [
            lambda der: der + b"\0",
            lambda der: der[:-1],
            lambda der: b"",
            lambda der: der[:3],
            lambda der: b"\x31" + der[1:],
            lambda der: der[:2] + b"\x03" + der[3:],
            lambda der: b"\x30\x81" + der[1:],
            lambda der: b"\x30\x80" + der[2:] + b"\0\0",
            lambda der: bytes((0x30, der[1] + 1, 2, der[3] + 1, 0)) + der[4:],
            lambda der: der.replace(b"\x02\x21\x00", b"\x02\x20", 1),
            lambda der: SIGNATURE,
        ],
    )
    def test_der(self, change: object) -> None:
        der = sm2.encode_der(SIGNATURE)
        assert Sm2PublicKey(POINT).verify_der(MESSAGE, der)
        changed = change(der)  # type: ignore[operator]
        assert changed != der

        assert not Sm2PublicKey(POINT).verify_der(MESSAGE, changed)
        with pytest.raises(DataFault) as caught:
            sm2.decode_der(changed)
        assert caught.value.code == "sm2-der"

    def test_der_of_too_large_a_number(self) -> None:
        number = b"\x02\x21" + b"\x01" * 33
        with pytest.raises(DataFault):
            sm2.decode_der(b"\x30\x46" + number + number)

    @given(st.binary(min_size=64, max_size=64))
    def test_der_round_trip(self, signature: bytes) -> None:
        assert sm2.decode_der(sm2.encode_der(signature)) == signature

    @given(st.binary(max_size=80))
    def test_der_has_one_spelling(self, der: bytes) -> None:
        try:
            signature = sm2.decode_der(der)
        except DataFault:
            return
        assert sm2.encode_der(signature) == der

    def test_a_broken_library_is_no_verdict(self, monkeypatch: pytest.MonkeyPatch) -> None:
        backend = TongsuoBackend()

        class Broken:
            def verify(self, *_: object) -> None:
                raise backend._broken("out of memory", [])

        monkeypatch.setattr(backend, "_load", lambda _point: Broken())
        with pytest.raises(EnvironmentFault) as caught:
            Sm2PublicKey(POINT, backend).verify(MESSAGE, SIGNATURE)
        assert caught.value.code == "sm2-backend"


class TestKeys:
    @pytest.mark.parametrize(
        "point",
        [
            b"",
            b"\0",
            POINT[1:],
            POINT[:-1],
            POINT + b"\0",
            b"\x02" + POINT[1:33],
            b"\x06" + POINT[1:],
            POINT[:-1] + bytes((POINT[-1] ^ 1,)),
            b"\x04" + bytes(64),
            b"\x04" + (sm2.P + 1).to_bytes(32, "big") + POINT[33:],
            POINT[:33] + b"\xff" * 32,
        ],
        ids=lambda point: f"{point[:2].hex()}-{len(point)}",
    )
    def test_refuses_what_is_no_point(self, point: bytes) -> None:
        with pytest.raises(DataFault) as caught:
            Sm2PublicKey(point)
        assert caught.value.code == "sm2-key"

    def test_refuses_a_coordinate_written_with_p_added(self) -> None:
        # P leaves the remainder 3 by 4, so this power is a square root where there is one.
        squares = ((x, (x**3 + sm2.A * x + sm2.B) % sm2.P) for x in range(1, 20))
        roots = ((x, square, pow(square, (sm2.P + 1) // 4, sm2.P)) for x, square in squares)
        x, y = next((x, y) for x, square, y in roots if y * y % sm2.P == square)

        assert sm2.is_on_curve(b"\x04" + raw(x, y))
        assert not sm2.is_on_curve(b"\x04" + raw(x + sm2.P, y))
        x = 0x9C17043EFFE1A805A74A9A5E70B9D659705D3242094A566DC016F49311178D1F
        assert sm2.is_on_curve(b"\x04" + raw(x, 1))
        assert not sm2.is_on_curve(b"\x04" + raw(x, 1 + sm2.P)), "one key has one form, and one key ID"

    @pytest.mark.parametrize("secret", [-1, 0, sm2.N - 1, sm2.N])
    def test_refuses_scalars_out_of_range(self, secret: int) -> None:
        with pytest.raises(UsageFault):
            Sm2PrivateKey(secret)

    @by_each_backend
    def test_accepts_the_extremes(self, backend: Sm2Backend) -> None:
        for secret in (1, sm2.N - 2):
            key = Sm2PrivateKey(secret, backend)
            assert key.public_key.verify(b"m", key.sign(b"m"))

    @by_each_backend
    def test_is_stored_and_restored(self, backend: Sm2Backend) -> None:
        key = Sm2PrivateKey.generate(backend)

        assert Sm2PrivateKey.from_bytes(key.secret_bytes(), backend).public_key == key.public_key
        with pytest.raises(UsageFault):
            Sm2PrivateKey.from_bytes(key.secret_bytes() + b"\0", backend)

    def test_never_shows_the_scalar(self) -> None:
        key = Sm2PrivateKey(SECRET)

        assert VECTOR["d"].lower() not in repr(key)
        assert POINT.hex() in repr(key)
        assert POINT.hex() in repr(key.public_key)

    def test_compares_by_point(self) -> None:
        assert Sm2PublicKey(POINT, BACKENDS[0]) == Sm2PublicKey(POINT, BACKENDS[1])
        assert len({Sm2PublicKey(POINT), Sm2PublicKey(POINT)}) == 1
        assert Sm2PublicKey(POINT) != POINT
        assert Sm2PublicKey(POINT) != Sm2PrivateKey(1).public_key

    def test_one_key_in_many_threads(self) -> None:
        key = Sm2PublicKey(POINT, TongsuoBackend())
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda n: key.verify(MESSAGE if n % 2 else b"", SIGNATURE), range(200)))

        assert answers == [bool(n % 2) for n in range(200)]


class TestNonces:
    def test_come_from_the_operating_system(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*_: object) -> None:
            pytest.fail("gmssl drew a nonce from a predictable source")

        monkeypatch.setattr("gmssl.func.choice", refuse)
        monkeypatch.setattr("gmssl.func.random_hex", refuse)
        key = Sm2PrivateKey(SECRET, GmsslBackend())

        assert key.sign(MESSAGE) != key.sign(MESSAGE)

    def test_lie_in_range(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for draw, nonce in ((lambda limit: 0, 1), (lambda limit: limit - 1, sm2.N - 1)):
            monkeypatch.setattr("secrets.randbelow", draw)
            assert sm2.random_nonce() == nonce

    def test_an_unlucky_one_is_drawn_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        drawn = iter([5, int(VECTOR["k"], 16)])
        signer = GmsslBackend(nonce=lambda: next(drawn)).signer(SECRET)
        engine = signer._engine  # type: ignore[attr-defined]
        sign = engine.sign
        monkeypatch.setattr(engine, "sign", lambda e, k: None if int(k, 16) == 5 else sign(e, k))

        assert signer.sign(MESSAGE) == SIGNATURE


class TestChoiceOfBackend:
    def test_prefers_the_native_one(self) -> None:
        assert sm2.default_backend().name == "tongsuopy"

    def test_falls_back(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def missing() -> None:
            raise ImportError("no wheel for this machine")

        monkeypatch.setattr(sm2, "TongsuoBackend", missing)
        backend = sm2.default_backend.__wrapped__()

        assert backend.name == "gmssl"
        monkeypatch.setattr(sm2, "default_backend", lambda: backend)
        key = Sm2PrivateKey(SECRET)
        assert key.public_key.verify(MESSAGE, key.sign(MESSAGE))

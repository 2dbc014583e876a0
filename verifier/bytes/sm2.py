"""SM2 signatures with SM3 (GB/T 32918.2, GB/T 32918.5), ID `1234567812345678`.

Two backends with the same behaviour: `tongsuopy` (native, thousands of signatures a second) and `gmssl`
(pure Python, a hundred; where `tongsuopy` has no wheel, and as independent cross-check). Everything a
signature must be before mathematics begins (length, range, DER) is decided here, once, for both.

Other modules import these names from `verifier.algorithms`.
"""

import secrets
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any, Protocol

from yinzheng.verifier.bytes.digests import sm3
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault

P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
A = P - 3
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
GX = 0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7
GY = 0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0

ID = b"1234567812345678"
"""The distinguishing identifier every signature of the project is made under."""

_ZERO32 = bytes(32)
_N32 = N.to_bytes(32, "big")
_Z_PREFIX = (len(ID) * 8).to_bytes(2, "big") + ID + b"".join(v.to_bytes(32, "big") for v in (A, B, GX, GY))


class Signer(Protocol):
    """A private key as a backend holds it."""

    point: bytes

    def sign(self, message: bytes) -> bytes:
        """Raw `r || s`."""


class Sm2Backend(Protocol):
    """What does the arithmetic. Points and scalars given to it are valid; signatures are in range."""

    name: str

    def verify(self, point: bytes, message: bytes, raw: bytes) -> bool:
        """Whether `raw` (`r || s`, each in 1…n-1, r + s ≠ n) signs `message` under `point`."""

    def signer(self, secret: int) -> Signer:
        """The private key `secret`, in 1…n-2, ready to sign."""


class Sm2PublicKey:
    """A point of the curve other than infinity, given as `04 || x || y`. Immutable, hashable."""

    __slots__ = ("_backend", "point")

    point: bytes
    """65 bytes, `04 || x || y`."""

    def __init__(self, point: bytes, backend: Sm2Backend | None = None) -> None:
        """Raises `DataFault` (`sm2-key`) unless `point` is an uncompressed point on the curve."""
        if not is_on_curve(point):
            raise DataFault("not an uncompressed point of the SM2 curve", code="sm2-key")
        self.point = bytes(point)
        self._backend = backend or default_backend()

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Whether `signature`, exactly 64 bytes `r || s`, signs `message`. Malformed ones do not."""
        return is_in_range(signature) and self._backend.verify(self.point, message, signature)

    def verify_der(self, message: bytes, signature: bytes) -> bool:
        """As `verify`, for a strict DER signature."""
        try:
            raw = decode_der(signature)
        except DataFault:
            return False
        return self.verify(message, raw)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sm2PublicKey) and self.point == other.point

    def __hash__(self) -> int:
        return hash(self.point)

    def __reduce__(self) -> "tuple[type[Sm2PublicKey], tuple[bytes]]":
        return Sm2PublicKey, (self.point,)  # another process has a backend of its own

    def __repr__(self) -> str:
        return f"Sm2PublicKey({self.point.hex()})"


class Sm2PrivateKey:
    """A private scalar in 1…n-2 (GB/T 32918.1 section 6.1). Its representation never shows the scalar."""

    __slots__ = ("_secret", "_signer", "public_key")

    public_key: Sm2PublicKey

    def __init__(self, secret: int, backend: Sm2Backend | None = None) -> None:
        """Raises `UsageFault` (`sm2-secret`) if `secret` is out of range."""
        if not 1 <= secret <= N - 2:
            raise UsageFault("an SM2 private key lies between 1 and n - 2", code="sm2-secret")
        backend = backend or default_backend()
        self._secret = secret
        self._signer = backend.signer(secret)
        self.public_key = Sm2PublicKey(self._signer.point, backend)

    @classmethod
    def generate(cls, backend: Sm2Backend | None = None) -> "Sm2PrivateKey":
        """A fresh key from the operating system's randomness."""
        return cls(secrets.randbelow(N - 2) + 1, backend)

    @classmethod
    def from_bytes(cls, secret: bytes, backend: Sm2Backend | None = None) -> "Sm2PrivateKey":
        """The key whose scalar is these 32 bytes, big-endian. Raises `UsageFault` (`sm2-secret`)."""
        if len(secret) != 32:
            raise UsageFault("an SM2 private key has 32 bytes", code="sm2-secret")
        return cls(int.from_bytes(secret, "big"), backend)

    def secret_bytes(self) -> bytes:
        """The scalar, 32 bytes big-endian. For a keystore that seals it at once, for nothing else."""
        return self._secret.to_bytes(32, "big")

    def sign(self, message: bytes) -> bytes:
        """A signature of `message`, raw `r || s`, 64 bytes."""
        return self._signer.sign(message)

    def sign_der(self, message: bytes) -> bytes:
        """A signature of `message`, strict DER."""
        return encode_der(self.sign(message))

    def __repr__(self) -> str:
        return f"Sm2PrivateKey(public_key={self.public_key.point.hex()})"


def is_on_curve(point: bytes) -> bool:
    """Whether `point` is `04 || x || y` with x, y < p on the curve. Infinity has no such form."""
    if len(point) != 65 or point[0] != 4:
        return False
    x, y = int.from_bytes(point[1:33], "big"), int.from_bytes(point[33:], "big")
    return x < P and y < P and (y * y - (x * x + A) * x - B) % P == 0


def is_in_range(raw: bytes) -> bool:
    """Whether `raw` is 64 bytes `r || s` with r and s in 1…n-1 and r + s ≠ n (GB/T 32918.2 section 7.1)."""
    if len(raw) != 64:
        return False
    r, s = raw[:32], raw[32:]
    # Big-endian strings of one length compare as the numbers they stand for.
    if not (_ZERO32 < r < _N32 and _ZERO32 < s < _N32):
        return False
    return int.from_bytes(r, "big") + int.from_bytes(s, "big") != N


def identity_digest(point: bytes) -> bytes:
    """Z of GB/T 32918.2 section 5.5: SM3 over ID, curve and public key, with which every message begins."""
    return sm3(_Z_PREFIX + point[1:])


_DER_HEADS = (b"\x30\x44", b"\x30\x45", b"\x30\x46")
"""How a signature begins: with none, one or both of its numbers a zero longer."""

_DER_INTEGERS = (b"\x02\x20", b"\x02\x21\0")
"""How a number of 32 bytes begins: one whose highest bit is set follows a zero."""


def encode_der(raw: bytes) -> bytes:
    """Strict DER `SEQUENCE { INTEGER r, INTEGER s }` of 64 bytes `r || s`."""
    r, s = raw[:32], raw[32:]
    if r[0] and s[0]:  # as nearly always: nothing to strip, and each 32 bytes long or 33
        r_high, s_high = r[0] >> 7, s[0] >> 7
        return _DER_HEADS[r_high + s_high] + _DER_INTEGERS[r_high] + r + _DER_INTEGERS[s_high] + s
    body = _der_integer(r) + _der_integer(s)
    return b"\x30" + bytes((len(body),)) + body


def decode_der(der: bytes) -> bytes:
    """The 64 bytes `r || s` of a strict DER signature.

    Raises `DataFault` (`sm2-der`) for anything but the one encoding `encode_der` gives: other lengths,
    trailing bytes, needless zeros, negative or oversized numbers.
    """
    # Two numbers of at most 33 bytes keep every length in its short form; any other reading fails the
    # comparison with the re-encoding, which is what makes this strict.
    r_size = der[3] if len(der) > 3 else 0
    s_at = 4 + r_size
    r, s = der[4:s_at].lstrip(b"\0"), der[s_at + 2 :].lstrip(b"\0")
    raw = r.rjust(32, b"\0") + s.rjust(32, b"\0")
    if len(raw) != 64 or encode_der(raw) != der:
        raise DataFault("not a strict DER signature of two 256-bit numbers", code="sm2-der")
    return raw


def _der_integer(number: bytes) -> bytes:
    digits = number.lstrip(b"\0") or b"\0"
    if digits[0] & 0x80:
        digits = b"\0" + digits
    return b"\x02" + bytes((len(digits),)) + digits


@cache
def default_backend() -> Sm2Backend:
    """`tongsuopy` where it can be imported, else `gmssl`. `.name` tells which."""
    try:
        return TongsuoBackend()
    except ImportError:
        return GmsslBackend()


class TongsuoBackend:
    """SM2 by Tongsuo's OpenSSL. It uses the default ID, which is ours, and draws nonces itself."""

    name = "tongsuopy"

    def __init__(self) -> None:
        """Raises `ImportError` where the wheel is missing."""
        from tongsuopy.crypto import exceptions, hashes, serialization
        from tongsuopy.crypto.asymciphers import ec

        self._scheme = ec.ECDSA(hashes.SM3())
        self._curve = ec.SM2()
        self._ec = ec
        self._invalid = exceptions.InvalidSignature
        self._broken = exceptions.InternalError
        self._point_format = (serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
        # Loading a key costs a fifth of a verification. The same few issuers and logs come again and again;
        # the bound keeps a flood of foreign keys from growing memory.
        self._load = lru_cache(maxsize=256)(self._load_point)

    def _load_point(self, point: bytes) -> Any:
        return self._ec.EllipticCurvePublicKey.from_encoded_point(self._curve, point)

    def verify(self, point: bytes, message: bytes, raw: bytes) -> bool:
        """See `Sm2Backend.verify`."""
        try:
            self._load(point).verify(encode_der(raw), message, self._scheme)
        except self._invalid:
            return False
        except self._broken:
            # With range and curve checked above, only OpenSSL itself can have failed; that is no verdict.
            raise EnvironmentFault("the SM2 library failed", code="sm2-backend", hint="try again") from None
        return True

    def signer(self, secret: int) -> Signer:
        """See `Sm2Backend.signer`."""
        return _TongsuoSigner(
            self._ec.derive_private_key(secret, self._curve), self._scheme, self._point_format
        )


class _TongsuoSigner:
    def __init__(self, key: Any, scheme: Any, point_format: tuple[Any, Any]) -> None:
        self._key = key
        self._scheme = scheme
        self.point: bytes = key.public_key().public_bytes(*point_format)

    def sign(self, message: bytes) -> bytes:
        return decode_der(self._key.sign(message, self._scheme))


def random_nonce() -> int:
    """A nonce in 1…n-1 from the operating system's randomness."""
    return secrets.randbelow(N - 1) + 1


class GmsslBackend:
    """SM2 by `gmssl` in pure Python.

    `gmssl` 3.2.2 has two traps, which is why it is fed by hand. It draws the nonce from `random.choice`,
    which is predictable and gives the private key away: `nonce` supplies one from `secrets`. And it strips
    leading zeros and fours off the public key (`lstrip("04")`), so that one key in eight is mutilated: the
    attribute is set after construction.
    """

    name = "gmssl"

    def __init__(self, nonce: Callable[[], int] = random_nonce) -> None:
        """`nonce` gives numbers in 1…n-1; only a test with a published vector replaces it."""
        from gmssl.sm2 import CryptSM2

        self._crypt = CryptSM2
        self._nonce = nonce

    def _engine(self, secret: int, point: bytes) -> Any:
        engine = self._crypt(private_key=f"{secret:064x}", public_key="")
        engine.public_key = point[1:].hex()
        return engine

    def verify(self, point: bytes, message: bytes, raw: bytes) -> bool:
        """See `Sm2Backend.verify`."""
        try:
            return bool(self._engine(0, point).verify(raw.hex(), _message_digest(point, message)))
        except TypeError:
            # sG + tP is infinity, which gmssl represents as None and then indexes.
            return False

    def signer(self, secret: int) -> Signer:
        """See `Sm2Backend.signer`."""
        engine = self._engine(secret, b"\x04" + bytes(64))
        point = b"\x04" + bytes.fromhex(engine._kg(secret, engine.ecc_table["g"]))
        engine.public_key = point[1:].hex()
        return _GmsslSigner(engine, point, self._nonce)


class _GmsslSigner:
    def __init__(self, engine: Any, point: bytes, nonce: Callable[[], int]) -> None:
        self._engine = engine
        self._nonce = nonce
        self.point = point

    def sign(self, message: bytes) -> bytes:
        digest = _message_digest(self.point, message)
        while True:
            # None: this nonce gives r = 0, s = 0 or r + k = n, and the standard says to draw another.
            signature = self._engine.sign(digest, f"{self._nonce():064x}")
            if signature is not None:
                return bytes.fromhex(signature)


def _message_digest(point: bytes, message: bytes) -> bytes:
    return sm3(identity_digest(point) + message)

"""Keys whose secret stays in a token: what they sign and wrap is done inside it.

They are kinds of the keys in memory, so that whoever signs need not know where a key lives; only
`secret_bytes` refuses (`key-not-extractable`). Every signature is checked against the public half before it
leaves: a token that signs under another key, identifier or hash must not reach the log or the chain.

Wrapped form of a token: `TOKEN_WRAPPED` || nonce (12) || AES-256-GCM of the key || tag, the header being
authenticated too. Keys wrapped with SM4 before there was a token still open (R48: SM4 or AES-256).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, NoReturn

from coincurve import PublicKey
from eth_account.signers.base import BaseAccount

from yinzheng.ledger.keys.accounts import KeyAccount
from yinzheng.ledger.keys.provider import TOKEN_WRAPPED, EthereumKey, KeyWrapper, is_token_wrapped
from yinzheng.ledger.keys.token import Token
from yinzheng.ledger.keys.token_config import TokenSm2
from yinzheng.verifier.bytes.algorithms import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
    Sm2PrivateKey,
    Sm2PublicKey,
    keccak256,
    recover_address,
    sm3,
)
from yinzheng.verifier.bytes.sm2 import identity_digest
from yinzheng.verifier.errors import DataFault, EnvironmentFault

SECP256K1_N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_NONCE_BYTES, _TAG_BITS = 12, 128
_ALTERED = ("EncryptedDataInvalid", "EncryptedDataLenRange", "GeneralError", "FunctionFailed", "DataInvalid")
"""What tokens say when the tag of GCM does not fit; some of them say it of a defect, too."""


class TokenKeyWrapper(KeyWrapper):
    """The key-encryption key, AES-256, in a token. `earlier` gives the SM4 key from before, if any."""

    __slots__ = ("_earlier", "_handle", "_token")

    def __init__(self, token: Token, handle: Any, earlier: Callable[[], KeyWrapper | None]) -> None:
        self._token = token
        self._handle = handle
        self._earlier = earlier

    def wrap(self, key: bytes, associated: bytes) -> bytes:
        """Seal `key` under a fresh random nonce, inside the token."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return TOKEN_WRAPPED + nonce + self._gcm("encrypt", nonce, key, associated)

    def unwrap(self, wrapped: bytes, associated: bytes) -> bytes:
        """See `KeyWrapper`; keys wrapped with SM4 need the earlier key in the keystore (`key-missing`)."""
        if not is_token_wrapped(wrapped):
            return self._unwrap_earlier(wrapped, associated)
        at = len(TOKEN_WRAPPED) + _NONCE_BYTES
        nonce, sealed = wrapped[len(TOKEN_WRAPPED) : at], wrapped[at:]
        try:
            return self._gcm("decrypt", nonce, sealed, associated)
        except EnvironmentFault as fault:
            if fault.data.get("reason") not in _ALTERED:
                raise
            self._require_sound()
        raise DataFault(
            "a wrapped key does not open: the token's key is another, or it was altered or moved",
            code="seal-broken",
            hint="restore it from a backup",
        )

    def secret_bytes(self) -> NoReturn:
        """Refuse."""
        raise _not_extractable()

    def _unwrap_earlier(self, wrapped: bytes, associated: bytes) -> bytes:
        earlier = self._earlier()
        if earlier is None:
            raise EnvironmentFault(
                "this key was wrapped with SM4 before the token came, and that key is gone",
                code="key-missing",
                hint="restore kek.json to the key folder, then run `yinzheng keys rewrap`",
            )
        return earlier.unwrap(wrapped, associated)

    def _require_sound(self) -> None:
        """Tell an altered text from a token out of order, for both may say the same."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        self._gcm("decrypt", nonce, self._gcm("encrypt", nonce, b"sound", b""), b"")

    def _gcm(self, operation: str, nonce: bytes, data: bytes, associated: bytes) -> bytes:
        from pkcs11 import GCMParams, Mechanism

        params = GCMParams(nonce, TOKEN_WRAPPED + associated, _TAG_BITS)
        done = self._token.run(
            lambda _session: getattr(self._handle, operation)(
                data, mechanism=Mechanism.AES_GCM, mechanism_param=params
            )
        )
        return bytes(done)

    def __repr__(self) -> str:
        return "TokenKeyWrapper()"


class TokenEthereumKey(EthereumKey):
    """A secp256k1 key in a token (CKM_ECDSA). Its nonces are the token's, not those of RFC 6979."""

    __slots__ = ("_handle", "_token")

    def __init__(self, token: Token, handle: Any, public: bytes) -> None:
        """`public` is `04 || x || y`; `DataFault` (`secp256k1-key`) if it is no point."""
        try:
            PublicKey(public)
        except ValueError:
            raise DataFault("not a point of secp256k1", code="secp256k1-key") from None
        self._token = token
        self._handle = handle
        self.address = keccak256(public[1:])[12:]

    def sign_digest(self, digest: bytes) -> bytes:
        """Sign 32 bytes: `r || s || v`, 65 bytes, v 0 or 1, low s (EIP-2)."""
        from pkcs11 import Mechanism

        raw = _signed(self._token, self._handle, digest, Mechanism.ECDSA)
        s = int.from_bytes(raw[32:], "big")
        low = raw[:32] + min(s, SECP256K1_N - s).to_bytes(32, "big")
        for v in (b"\0", b"\1"):
            try:
                if recover_address(digest, low + v) == self.address:
                    return low + v
            except DataFault:
                continue
        raise _foreign()

    def account(self) -> BaseAccount:
        """The same key as eth_account knows one, for transactions and EIP-712 messages."""
        return KeyAccount(self)

    def secret_bytes(self) -> NoReturn:
        """Refuse."""
        raise _not_extractable()

    def __repr__(self) -> str:
        return f"TokenEthereumKey(address={self.address.hex()})"


class TokenEd25519Key(Ed25519PrivateKey):
    """An Ed25519 key in a token (CKM_EDDSA without parameters: pure Ed25519, RFC 8032)."""

    __slots__ = ("_handle", "_token")

    def __init__(self, token: Token, handle: Any, public: bytes) -> None:
        self._token = token
        self._handle = handle
        self.public_key = Ed25519PublicKey(public)

    def sign(self, message: bytes) -> bytes:
        """A signature of `message`, 64 bytes."""
        from pkcs11 import Mechanism

        signature = _signed(self._token, self._handle, message, Mechanism.EDDSA)
        if not self.public_key.verify(message, signature):
            raise _foreign()
        return signature

    def secret_bytes(self) -> NoReturn:
        """Refuse."""
        raise _not_extractable()

    def __repr__(self) -> str:
        return f"TokenEd25519Key(public_key={self.public_key.raw.hex()})"


class TokenSm2Key(Sm2PrivateKey):
    """An SM2 key in a token, by a mechanism of its vendor's (`TokenSm2`)."""

    __slots__ = ("_handle", "_how", "_token")

    def __init__(self, token: Token, handle: Any, public: bytes, how: TokenSm2) -> None:
        self._token = token
        self._handle = handle
        self._how = how
        self.public_key = Sm2PublicKey(public)

    def sign(self, message: bytes) -> bytes:
        """A signature of `message`, raw `r || s`, 64 bytes, under the default ID."""
        data = message
        if self._how.input == "digest":
            data = sm3(identity_digest(self.public_key.point) + message)
        signature = _signed(self._token, self._handle, data, vendor_mechanism(self._how.sign))
        if not self.public_key.verify(message, signature):
            raise _foreign()
        return signature

    def secret_bytes(self) -> NoReturn:
        """Refuse."""
        raise _not_extractable()

    def __repr__(self) -> str:
        return f"TokenSm2Key(public_key={self.public_key.point.hex()})"


def vendor_mechanism(number: int) -> Any:
    """A mechanism python-pkcs11 has no name for; it takes members of its enumeration alone."""
    from pkcs11 import Mechanism

    return _member(Mechanism, number)


def vendor_key_type(number: int) -> Any:
    """As `vendor_mechanism`, for CKA_KEY_TYPE."""
    from pkcs11 import KeyType

    return _member(KeyType, number)


def _member(kind: Any, number: int) -> Any:
    try:
        return kind(number)
    except ValueError:
        member = int.__new__(kind, number)
        member._name_, member._value_ = f"VENDOR_{number:08X}", number
        return member


def _signed(token: Token, handle: Any, data: bytes, mechanism: Any) -> bytes:
    """64 bytes `r || s` (or Ed25519's `R || S`) made by the token."""
    signature = bytes(token.run(lambda _session: handle.sign(data, mechanism=mechanism)))
    if len(signature) != 64:
        raise _foreign()
    return signature


def _foreign() -> EnvironmentFault:
    return EnvironmentFault(
        "the token's signature is not one by the key this registry is known by",
        code="key-differs",
        hint="it may be another token, or it signs in another way: nothing was published",
    )


def _not_extractable() -> EnvironmentFault:
    return EnvironmentFault(
        "this key lies in a token and never leaves it",
        code="key-not-extractable",
        hint="what needs the secret itself, the embedded chain's sealer, keeps its key in the keystore",
    )

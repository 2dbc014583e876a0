"""Keys as encrypted files: one JSON per key in a folder only its owner may enter.

SM2, Ed25519 and SM4 keys, `yinzheng/key/1`:

    {"format", "name", "kind", "public": hex or null, "scrypt": {"n", "r", "p", "salt"}, "nonce", "sealed"}

`sealed` is AES-256-GCM under scrypt(passphrase) (RFC 7914), and authenticates every other field, so that a
renamed or mixed-up file does not open. secp256k1 keys are Ethereum keystore files, version 3, which every
wallet reads; those authenticate the key alone, so their address is compared after opening.

Python cannot promise to wipe secrets from memory, and this module does not pretend to.
"""

from __future__ import annotations

import re
import secrets
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from yinzheng.ledger.keys import keyfile_v3, sm4
from yinzheng.ledger.keys.derivation import Derivation
from yinzheng.ledger.keys.provider import KEK, LOG_ED25519, LOG_SM2, EthereumKey, KeyWrapper, Kind
from yinzheng.ledger.state.faults import NO_FAULTS, Faults
from yinzheng.ledger.state.files import create_durably, disk_faults, make_folder
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.algorithms import Ed25519PrivateKey, Sm2PrivateKey
from yinzheng.verifier.bytes.canonical import (
    constant,
    hex_bytes,
    integer,
    nullable,
    object_of,
    one_of,
    read_object,
    text,
)
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault
from yinzheng.verifier.log.note import NoteSigner

if TYPE_CHECKING:
    from eth_account.signers.base import BaseAccount

FORMAT = "yinzheng/key/1"
MAX_FILE_BYTES = 16 * 1024
SCRYPT_N = 2**15
"""With r = 8: 32 MiB and some 100 ms a guess. It slows a guesser down; a good passphrase stops one."""
_MAX_N = 2**20
_SALT_BYTES = 32
_NAME = re.compile(r"(?!pkcs11\Z)[a-z0-9][a-z0-9-]{0,63}")
"""`pkcs11.json` in the same folder says what lies in a token instead (`token_config.py`)."""

_FIELDS = {
    "format": constant(FORMAT),
    "name": text(1, 64),
    "kind": one_of(Kind.SM2.value, Kind.ED25519.value, Kind.SM4.value),
    "public": nullable(hex_bytes(32, 65)),
    "scrypt": object_of(
        {"n": integer(2, _MAX_N), "r": integer(1, 16), "p": integer(1, 4), "salt": hex_bytes(_SALT_BYTES)}
    ),
    "nonce": hex_bytes(12),
    "sealed": hex_bytes(16, 256),
}

Key = TypeVar("Key", Sm2PrivateKey, Ed25519PrivateKey, EthereumKey, KeyWrapper)


def is_key_name(name: str) -> bool:
    """Whether a key may have this name: a slug of a-z, 0-9 and hyphens, at most 64 characters."""
    return _NAME.fullmatch(name) is not None


class Keystore:
    """A `KeyProvider` over a folder of encrypted files. Opened keys are kept for the life of the object.

    `scrypt_n` is the cost of keys it creates; every file names its own.
    """

    def __init__(
        self, folder: Path, passphrase: bytes, *, scrypt_n: int = SCRYPT_N, faults: Faults = NO_FAULTS
    ) -> None:
        self._folder = folder
        self._derivation = Derivation(passphrase)
        self._scrypt_n = scrypt_n
        self._faults = faults
        self._lock = threading.Lock()
        self._open: dict[str, Any] = {}

    @classmethod
    def create(cls, folder: Path, passphrase: bytes, *, scrypt_n: int = SCRYPT_N) -> Keystore:
        """Make the folder, mode 0700, where it is missing."""
        make_folder(folder, mode=0o700)
        store = cls(folder, passphrase, scrypt_n=scrypt_n)
        store._check_folder()
        return store

    def names(self) -> list[str]:
        """The names of all keys, sorted."""
        return sorted(path.stem for path in self._folder.glob("*.json") if _NAME.fullmatch(path.stem))

    def generate(self, name: str, kind: Kind) -> None:
        """Make a fresh key and store it durably. Fault points: `key.write.before`, `key.write.after`.

        Raises:
            UsageFault: `key-exists`, `key-name`.
            EnvironmentFault: `wrong-passphrase` when the keys already there have another one.
        """
        makers: dict[Kind, Callable[[], Any]] = {
            Kind.SM2: Sm2PrivateKey.generate,
            Kind.ED25519: Ed25519PrivateKey.generate,
            Kind.SECP256K1: EthereumKey.generate,
            Kind.SM4: lambda: KeyWrapper(secrets.token_bytes(sm4.KEY_BYTES)),
        }
        self.add(name, makers[kind]())

    def add(self, name: str, key: Sm2PrivateKey | Ed25519PrivateKey | EthereumKey | KeyWrapper) -> None:
        """Store a key that came from elsewhere; as `generate`."""
        path = self._path(name)
        self._check_folder()
        if path.exists():
            raise _exists(name)
        if name != KEK and self._path(KEK).exists():
            self.wrapper()  # one folder, one passphrase: a typing error must not lock a new key away
        encoded = (
            keyfile_v3.encode(key, self._derivation, scrypt_n=self._scrypt_n)
            if isinstance(key, EthereumKey)
            else self._encode(name, key)
        )
        self._faults.hit("key.write.before")
        try:
            create_durably(path, encoded, mode=0o600)
        except FileExistsError:
            raise _exists(name) from None
        self._faults.hit("key.write.after")
        self._open[name] = key

    def sm2(self, name: str) -> Sm2PrivateKey:
        """See `KeyProvider`."""
        return self._get(name, Sm2PrivateKey)

    def ed25519(self, name: str) -> Ed25519PrivateKey:
        """See `KeyProvider`."""
        return self._get(name, Ed25519PrivateKey)

    def wrapper(self, name: str = KEK) -> KeyWrapper:
        """See `KeyProvider`."""
        return self._get(name, KeyWrapper)

    def ethereum(self, name: str) -> EthereumKey:
        """See `KeyProvider`."""
        return self._get(name, EthereumKey)

    def account(self, name: str) -> BaseAccount:
        """See `KeyProvider`."""
        return self.ethereum(name).account()

    def log_signers(self, origin: str) -> list[NoteSigner]:
        """See `KeyProvider`."""
        return [NoteSigner(origin, self.ed25519(LOG_ED25519)), NoteSigner(origin, self.sm2(LOG_SM2))]

    def _get(self, name: str, kind: type[Key]) -> Key:
        with self._lock:  # so that two threads do not both spend the scrypt
            key = self._open.get(name)
            if key is None:
                key = self._open[name] = self._load(name)
        if not isinstance(key, kind):
            raise DataFault(f"the key {name} is of another kind", code="key-kind")
        return key

    def _path(self, name: str) -> Path:
        if _NAME.fullmatch(name) is None:
            raise UsageFault("a key's name is a slug of a-z, 0-9 and hyphens", code="key-name")
        return self._folder / f"{name}.json"

    def _check_folder(self) -> None:
        if stat.S_IMODE(self._folder.stat().st_mode) & 0o077:
            raise EnvironmentFault(
                f"others may enter the key folder {self._folder}",
                code="keys-exposed",
                hint=f"chmod 700 {self._folder}",
            )

    def _load(self, name: str) -> Any:
        path = self._path(name)
        try:
            with disk_faults(path), path.open("rb") as file:
                data = file.read(MAX_FILE_BYTES + 1)
        except FileNotFoundError:
            raise EnvironmentFault(
                f"there is no key {name} in the keystore",
                code="key-missing",
                hint="restore the key folder from its backup, or run init on a new state folder",
                name=name,
            ) from None
        self._check_folder()
        value = canonical.loads(data, max_bytes=MAX_FILE_BYTES)
        if isinstance(value, dict) and value.get("version") == 3:
            return keyfile_v3.decode(name, value, self._derivation)
        return self._decode(name, value)

    def _encode(self, name: str, key: Sm2PrivateKey | Ed25519PrivateKey | KeyWrapper) -> bytes:
        kind, public = _describe(key)
        salt, nonce = self._derivation.salt(_SALT_BYTES), secrets.token_bytes(12)
        cost = {"n": self._scrypt_n, "r": 8, "p": 1}
        document: dict[str, Any] = {
            "format": FORMAT,
            "name": name,
            "kind": kind.value,
            "public": None if public is None else public.hex(),
            "scrypt": {**cost, "salt": salt.hex()},
            "nonce": nonce.hex(),
        }
        cipher = AESGCM(self._derive(salt, **cost))
        sealed = cipher.encrypt(nonce, key.secret_bytes(), canonical.dumps(document))
        return canonical.dumps({**document, "sealed": sealed.hex()}) + b"\n"

    def _decode(self, name: str, value: Any) -> Sm2PrivateKey | Ed25519PrivateKey | KeyWrapper:
        document = read_object(value, _FIELDS)
        if document["name"] != name:
            raise DataFault(f"the file of the key {name} holds the key of another name", code="key-swapped")
        clear = {field: member for field, member in value.items() if field != "sealed"}
        cipher = AESGCM(self._derive(**document["scrypt"]))
        try:
            secret = cipher.decrypt(document["nonce"], document["sealed"], canonical.dumps(clear))
        except InvalidTag:
            raise keyfile_v3.wrong_passphrase(name) from None
        if document["kind"] == Kind.SM2:
            return Sm2PrivateKey.from_bytes(secret)
        return Ed25519PrivateKey(secret) if document["kind"] == Kind.ED25519 else KeyWrapper(secret)

    def _derive(self, salt: bytes, n: int, r: int, p: int) -> bytes:
        """The AES-256 key."""
        try:
            return self._derivation.scrypt(salt, n=n, r=r, p=p)
        except ValueError:
            raise DataFault("scrypt refuses these costs", code="key-malformed") from None


def _describe(key: Sm2PrivateKey | Ed25519PrivateKey | KeyWrapper) -> tuple[Kind, bytes | None]:
    if isinstance(key, Sm2PrivateKey):
        return Kind.SM2, key.public_key.point
    if isinstance(key, Ed25519PrivateKey):
        return Kind.ED25519, key.public_key.raw
    return Kind.SM4, None


def _exists(name: str) -> UsageFault:
    return UsageFault(f"there is a key {name} already", code="key-exists", hint="choose another name")

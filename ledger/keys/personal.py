"""A person's own key: a file under their own passphrase, or a key in their own token (R47).

It lies apart from the registry's keystore, which opens none of them: in `STATE/people/NAME.json`, or wherever
its owner carries it. The file is an Ethereum keystore file, version 3, which every wallet reads; or a
`yinzheng/pkcs11/1` file that names one key in a token (`token_config.py`), whose PIN is then the secret.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from yinzheng.ledger.keys import keyfile_v3, token_config
from yinzheng.ledger.keys.derivation import Derivation
from yinzheng.ledger.keys.keystore import MAX_FILE_BYTES, SCRYPT_N, is_key_name
from yinzheng.ledger.keys.passphrase import checked
from yinzheng.ledger.keys.pkcs11 import lone_key, make_in_token, require_possible
from yinzheng.ledger.keys.provider import KINDS, EthereumKey
from yinzheng.ledger.keys.token import open_token
from yinzheng.ledger.keys.token_config import TokenConfig
from yinzheng.ledger.state.files import create_durably, disk_faults, write_durably
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault
from yinzheng.verifier.formats.access import BEARER, ITSELF

Secret = Callable[[], bytes]
"""Gives the passphrase, or the PIN, when it is needed."""

RESERVED: Final = frozenset({*KINDS, BEARER, ITSELF, "administrator", "root"})
"""Names of things, not of people: a key that several share would be nobody's.

So are those that access lines give to who is no person: whoever bore one would not be counted (R47).
"""


def check_name(name: str) -> str:
    """A person's short name. Raises `UsageFault` (`key-name`)."""
    if not is_key_name(name) or name in RESERVED:
        raise UsageFault(
            "a person's short name is of a-z, 0-9 and hyphens, and no office's",
            code="key-name",
            hint="Such as `zhang-min`.",
        )
    return name


def make_key_file(path: Path, passphrase: bytes, *, scrypt_n: int = SCRYPT_N) -> EthereumKey:
    """Make a fresh key and its file, mode 0600, durably.

    Raises `UsageFault` (`key-exists`, `passphrase-weak`), `EnvironmentFault` (`disk-…`).
    """
    key = EthereumKey.generate()
    encoded = keyfile_v3.encode(key, Derivation(checked(passphrase)), scrypt_n=scrypt_n)
    try:
        create_durably(path, encoded, mode=0o600)
    except FileExistsError:
        raise UsageFault(
            f"there is a key at {path} already", code="key-exists", hint="Name another file."
        ) from None
    return key


def make_key_in_token(path: Path, name: str, config: TokenConfig, secret: Secret) -> EthereumKey:
    """Make a key inside a token, and at `path` the file that names it.

    Raises as `make_in_token` and `open_key`; `UsageFault` (`key-exists`).
    """
    if path.exists():
        raise UsageFault(f"there is a key at {path} already", code="key-exists", hint="Name another file.")
    token = open_token(config, lambda: _pin(secret))
    require_possible(config, token, name)
    made = make_in_token(replace(config, serial=token.serial), token, name)
    create_durably(path, made.encode(), mode=0o600)
    return open_key(path, secret)


def open_key(path: Path, secret: Secret) -> EthereumKey:
    """The key in a person's file, or in the token it names.

    Raises:
        UsageFault: `person-key-missing`, there is no such file.
        EnvironmentFault: `key-exposed` (others may read it), `wrong-passphrase`, `token-…`, `disk-…`.
        DataFault: `key-malformed`, `key-swapped`, `field-…`.
    """
    document = _document(path)
    if document.get("format") == token_config.FORMAT:
        config = token_config.decode(document)
        if len(config.keys) != 1:
            raise DataFault("a person's file names one key in a token", code="key-malformed")
        return lone_key(config, lambda: _pin(secret))
    return keyfile_v3.decode(path.stem, document, Derivation(secret()))


def change_passphrase(path: Path, old: Secret, new: bytes, *, scrypt_n: int = SCRYPT_N) -> EthereumKey:
    """Seal a person's key anew under another passphrase; the key stays the one it is.

    Raises as `open_key`; `UsageFault` (`passphrase-weak`, `passphrase-token`: a token has a PIN instead).
    """
    if _document(path).get("format") == token_config.FORMAT:
        raise UsageFault(
            "this key lies in a token, which has a PIN",
            code="passphrase-token",
            hint="Change it with the vendor's tool.",
        )
    key = open_key(path, old)
    write_durably(path, keyfile_v3.encode(key, Derivation(checked(new)), scrypt_n=scrypt_n), mode=0o600)
    return key


def opens(path: Path, passphrase: bytes) -> bool:
    """Whether a passphrase opens the key file at `path`; never that of a token, whose tries are counted."""
    document = _document(path)
    if document.get("format") == token_config.FORMAT:
        return False
    try:
        keyfile_v3.decode(path.stem, document, Derivation(passphrase))
    except EnvironmentFault:
        return False
    return True


def _document(path: Path) -> Mapping[str, Any]:
    try:
        with disk_faults(path), path.open("rb") as file:
            mode = path.stat().st_mode
            data = file.read(MAX_FILE_BYTES + 1)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise UsageFault(
            f"there is no key file {path}",
            code="person-key-missing",
            hint="Whoever acts brings it: --key FILE.",
        ) from None
    if stat.S_IMODE(mode) & 0o077:
        raise EnvironmentFault(
            f"others may read the key file {path}", code="key-exposed", hint=f"chmod 600 {path}"
        )
    value = canonical.loads(data, max_bytes=MAX_FILE_BYTES)
    if not isinstance(value, dict):
        raise keyfile_v3.malformed(path.stem)
    return value


def _pin(secret: Secret) -> str:
    return token_config.checked_pin(secret())

"""Which keys lie in a token: `pkcs11.json` in the key folder, and the PIN, which never lies there.

    {"format": "yinzheng/pkcs11/1", "module": "/usr/lib/softhsm/libsofthsm2.so",
     "token": {"label", "serial"}, "sm2": null or {…}, "keys": [{"name", "label", "id", "public"}, …]}

`module` is the PKCS#11 library of the token's vendor: it runs in our process, so the file is as sensitive as
our own code and lies in a folder only its owner may enter. `id` is CKA_ID, 16 random bytes; `public` the
public half (`04 || x || y`, or 32 bytes of Ed25519; null for the key-encryption key), against which every
signature is checked before it leaves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from yinzheng.ledger.keys.passphrase import read_secret
from yinzheng.ledger.state.files import disk_faults, write_durably
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.canonical import (
    Check,
    constant,
    hex_bytes,
    integer,
    list_of,
    nullable,
    object_of,
    one_of,
    read_object,
    text,
)
from yinzheng.verifier.errors import UsageFault

FORMAT = "yinzheng/pkcs11/1"
FILE = "pkcs11.json"
PIN = "YINZHENG_PKCS11_PIN"
PIN_FILE = "YINZHENG_PKCS11_PIN_FILE"
MAX_FILE_BYTES = 64 * 1024
MAX_PIN_BYTES = 255
SM2_CURVE = bytes.fromhex("06082a811ccf5501822d")
"""CKA_EC_PARAMS of SM2: the object identifier 1.2.156.10197.1.301."""
_VENDOR = 0x80000000
_MECHANISM = integer(_VENDOR, 2**32 - 1)

_FIELDS: Final[dict[str, Check[Any]]] = {
    "format": constant(FORMAT),
    "module": text(1, 4096),
    "token": object_of({"label": text(1, 32), "serial": text(0, 16)}),
    "sm2": nullable(
        object_of(
            {
                "generate": _MECHANISM,
                "sign": _MECHANISM,
                "key_type": integer(0, 2**32 - 1),
                "input": one_of("message", "digest"),
            }
        )
    ),
    "keys": list_of(
        object_of(
            {
                "name": text(1, 64),
                "label": text(1, 100),
                "id": hex_bytes(16),
                "public": nullable(hex_bytes(32, 65)),
            }
        ),
        0,
        1000,
    ),
}


@dataclass(frozen=True, slots=True)
class TokenSm2:
    """How this vendor does SM2, for PKCS#11 itself does not know it.

    `generate` and `sign` are mechanisms of the vendor's, from 0x80000000; `key_type` is CKA_KEY_TYPE of such
    keys. `input`: `message` when the token computes Z (with the default ID) and SM3 itself, `digest` when it
    takes the 32 bytes `SM3(Z || message)`.
    """

    generate: int
    sign: int
    key_type: int
    input: str


@dataclass(frozen=True, slots=True)
class TokenEntry:
    """One key in the token. `public` None: it wraps, and signs nothing."""

    name: str
    label: str
    id: bytes
    public: bytes | None


@dataclass(frozen=True, slots=True)
class TokenConfig:
    """A token and our keys in it. `serial` empty: any token of this label, as long as there is one only."""

    module: str
    label: str
    serial: str
    sm2: TokenSm2 | None = None
    keys: tuple[TokenEntry, ...] = ()

    def entry(self, name: str) -> TokenEntry | None:
        """The key called `name`; None when it does not lie in the token."""
        return next((entry for entry in self.keys if entry.name == name), None)

    def with_key(self, entry: TokenEntry) -> TokenConfig:
        """The same with one more key."""
        return replace(self, keys=(*self.keys, entry))

    def without_key(self, name: str) -> TokenConfig:
        """The same without the key `name`, which itself stays in the token."""
        return replace(self, keys=tuple(entry for entry in self.keys if entry.name != name))

    def write(self, folder: Path) -> None:
        """Keep it in the key folder, durably, in place of an older one."""
        write_durably(folder / FILE, self.encode(), mode=0o600)

    def encode(self) -> bytes:
        """The file."""
        value = {
            "format": FORMAT,
            "module": self.module,
            "token": {"label": self.label, "serial": self.serial},
            "sm2": None if self.sm2 is None else asdict(self.sm2),
            "keys": [
                {
                    "name": entry.name,
                    "label": entry.label,
                    "id": entry.id.hex(),
                    "public": None if entry.public is None else entry.public.hex(),
                }
                for entry in self.keys
            ],
        }
        return canonical.dumps(value) + b"\n"


def read_config(folder: Path) -> TokenConfig | None:
    """The configuration in the key folder; None where there is none. `DataFault` if it is malformed."""
    path = folder / FILE
    try:
        with disk_faults(path), path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        return None
    return decode(canonical.loads(data, max_bytes=MAX_FILE_BYTES))


def decode(document: object) -> TokenConfig:
    """The configuration of a file that was read; `DataFault` if it is malformed."""
    value = read_object(document, _FIELDS, FILE)
    return TokenConfig(
        module=value["module"],
        label=value["token"]["label"],
        serial=value["token"]["serial"],
        sm2=None if value["sm2"] is None else TokenSm2(**value["sm2"]),
        keys=tuple(TokenEntry(**entry) for entry in value["keys"]),
    )


def find_pin(environment: Mapping[str, str]) -> str:
    """The token's PIN from the file named by `YINZHENG_PKCS11_PIN_FILE`, else `YINZHENG_PKCS11_PIN`.

    Raises `UsageFault` (`pin-missing`, `pin-malformed`), `EnvironmentFault` (`pin-exposed`).
    """
    if PIN_FILE in environment:
        given = read_secret(Path(environment[PIN_FILE]), "pin", MAX_PIN_BYTES)
    elif PIN in environment:
        given = environment[PIN].encode("utf-8", errors="surrogateescape")
    else:
        raise UsageFault(
            "the token needs its PIN",
            code="pin-missing",
            hint=f"set {PIN_FILE} to a file only you can read, or {PIN}",
        )
    return checked_pin(given)


def checked_pin(given: bytes) -> str:
    """A PIN as tokens take one; `UsageFault` (`pin-malformed`)."""
    try:
        pin = given.decode()
    except UnicodeDecodeError:
        pin = ""
    if not 1 <= len(given) <= MAX_PIN_BYTES or not pin or "\0" in pin:
        raise UsageFault(f"a PIN is UTF-8 text of 1 to {MAX_PIN_BYTES} bytes", code="pin-malformed")
    return pin

"""Where the passphrase of the keystore comes from: a file or the environment. There is no default."""

import base64
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path

from yinzheng.ledger.state.files import create_durably, disk_faults
from yinzheng.verifier.errors import EnvironmentFault, UsageFault

VARIABLE = "YINZHENG_PASSPHRASE"
FILE_VARIABLE = "YINZHENG_PASSPHRASE_FILE"
PERSON_FILE_VARIABLE = "YINZHENG_PERSON_PASSPHRASE_FILE"
PASSPHRASE = "passphrase"  # noqa: S105 - the name of a file
"""Where a demonstration's passphrase lies, beside its keys; nothing else has it there."""

MIN_BYTES = 12
MAX_BYTES = 1024


def find_passphrase(environment: Mapping[str, str], file: Path | None = None) -> bytes:
    """The passphrase from `file`, else the file named by `YINZHENG_PASSPHRASE_FILE`, else `YINZHENG_PASSPHRASE`.

    Raises:
        UsageFault: `passphrase-missing` when none is given, `passphrase-weak` under 12 bytes.
        EnvironmentFault: `passphrase-exposed` when others may read the file.
    """  # noqa: E501
    if file is None and FILE_VARIABLE in environment:
        file = Path(environment[FILE_VARIABLE])
    if file is not None:
        return checked(read_secret(file, "passphrase", MAX_BYTES))
    if VARIABLE in environment:
        return checked(environment[VARIABLE].encode())
    raise UsageFault(
        "the keystore needs its passphrase",
        code="passphrase-missing",
        hint=f"set {FILE_VARIABLE} to a file only you can read, or {VARIABLE}",
    )


def find_person_passphrase(file: Path) -> bytes:
    """A person's passphrase, or PIN, in a file of their own.

    Raises `UsageFault` `passphrase-missing`, `EnvironmentFault` `passphrase-exposed` when others may read it.
    """
    return read_secret(file, "passphrase", MAX_BYTES)


def create_passphrase_file(path: Path) -> bytes:
    """Write a fresh random passphrase to `path`, mode 0600, and return it; an existing file is kept and read.

    For demonstrations: in production the passphrase does not lie beside the keys.
    """
    text = base64.urlsafe_b64encode(secrets.token_bytes(32))
    try:
        create_durably(path, text + b"\n", mode=0o600)
    except FileExistsError:
        return checked(read_secret(path, "passphrase", MAX_BYTES))
    return text


def read_secret(path: Path, kind: str, most: int) -> bytes:
    """The secret in a file, without its newline; of a longer file `most` + 2 bytes, newlines included.

    Raises `UsageFault` `<kind>-missing`, `EnvironmentFault` `<kind>-exposed` when others may read the file.
    """
    try:
        with disk_faults(path), path.open("rb") as file:
            mode = path.stat().st_mode
            text = file.read(most + 2)
    except FileNotFoundError:
        raise UsageFault(
            f"there is no {kind} file at {path}",
            code=f"{kind}-missing",
            hint=f"Write it there, for you alone to read: chmod 600 {path}",
        ) from None
    if stat.S_IMODE(mode) & 0o077:
        raise EnvironmentFault(
            f"others may read the {kind} file {path}", code=f"{kind}-exposed", hint=f"chmod 600 {path}"
        )
    return text.rstrip(b"\r\n")


def checked(passphrase: bytes, least: int = MIN_BYTES) -> bytes:
    """A passphrase of a length that holds; `UsageFault` (`passphrase-weak`)."""
    if not least <= len(passphrase) <= MAX_BYTES:
        raise UsageFault(f"a passphrase has between {least} and {MAX_BYTES} bytes", code="passphrase-weak")
    return passphrase

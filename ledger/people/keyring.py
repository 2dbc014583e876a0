"""People's key files in the state folder: made, found, and put under another passphrase (R47).

Nobody has to leave theirs here: `--key FILE` names one that its owner carries. No two of those that lie here
open with one passphrase, or one person could be two.
"""

from __future__ import annotations

from pathlib import Path

from yinzheng.ledger.keys import personal
from yinzheng.ledger.keys.keystore import SCRYPT_N
from yinzheng.ledger.keys.passphrase import create_passphrase_file
from yinzheng.ledger.keys.personal import Secret, check_name
from yinzheng.ledger.keys.provider import EthereumKey
from yinzheng.ledger.state.files import make_folder
from yinzheng.ledger.state.instance import Paths
from yinzheng.verifier.errors import UsageFault


def key_file(paths: Paths, name: str) -> Path:
    """Where the key of someone lies who does not carry it. Raises `UsageFault` (`key-name`)."""
    return paths.people / f"{check_name(name)}.json"


def demonstration_passphrase(paths: Paths, name: str) -> Path:
    """Where a demonstration, and nothing else, keeps a person's passphrase beside the key."""
    return paths.people / f"{check_name(name)}.demonstration-passphrase"


def make_demonstration_passphrase(paths: Paths, name: str) -> bytes:
    """A passphrase made up at random for someone of a demonstration, kept in a file of its own, mode 0600."""
    make_folder(paths.people, mode=0o700)
    return create_passphrase_file(demonstration_passphrase(paths, name))


def make_key(paths: Paths, name: str, passphrase: bytes, *, scrypt_n: int = SCRYPT_N) -> EthereumKey:
    """Make a person's key in the state folder.

    Raises `UsageFault`: `key-name`, `key-exists`, `passphrase-weak`, `passphrase-shared` (with another).
    """
    make_folder(paths.people, mode=0o700)
    path = key_file(paths, name)
    require_fresh(paths, name, passphrase)
    return personal.make_key_file(path, passphrase, scrypt_n=scrypt_n)


def change_passphrase(path: Path, paths: Paths | None, old: Secret, new: bytes) -> None:
    """Put a person's key under another passphrase; `paths` None: of a state folder nothing is known here.

    Raises as `personal.change_passphrase`; `UsageFault` (`passphrase-shared`).
    """
    if paths is not None:
        require_fresh(paths, path.stem, new)
    personal.change_passphrase(path, old, new)


def require_fresh(paths: Paths, name: str, passphrase: bytes) -> None:
    """Refuse a passphrase that opens the key of somebody else. Raises `UsageFault` (`passphrase-shared`)."""
    for path in sorted(paths.people.glob("*.json")):
        if path.stem != name and personal.opens(path, passphrase):
            raise shared()


def shared() -> UsageFault:
    """What is raised where one passphrase opens two persons' keys."""
    return UsageFault(
        "this passphrase opens another person's key too",
        code="passphrase-shared",
        hint="One person, one key, one secret (R47): choose another.",
    )

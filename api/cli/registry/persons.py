"""Who acts in a command, and what proves it: `--as NAME`, their key, and its passphrase (R47).

A command that takes a person (`As`, or another option of `PERSONS`) also takes `--key` and
`--passphrase-file`: for the one who acts, or `NAME=FILE` where several act together. Keys are opened before
the registry is, so that nobody's typing holds up another; passphrases are asked for at the terminal where no
file has them, and never taken from an argument.
"""

from __future__ import annotations

import functools
import inspect
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from yinzheng.api.cli.output import standing_still
from yinzheng.ledger.keys.passphrase import MIN_BYTES
from yinzheng.verifier.errors import UsageFault

if TYPE_CHECKING:
    from yinzheng.ledger.keys.provider import EthereumKey
    from yinzheng.ledger.people.acting import Actor
    from yinzheng.ledger.state.instance import Paths
    from yinzheng.ledger.store.database import Store

As = Annotated[str, typer.Option("--as", metavar="NAME", help="Who acts; their own key proves it. 经办人。")]
MaybeAs = Annotated[
    str | None, typer.Option("--as", metavar="NAME", help="Who acts; their own key proves it. 经办人。")
]
Administrator = Annotated[
    str | None,
    typer.Option("--administrator", metavar="NAME", help="The administrator who acts too. 系统管理员。"),
]

PERSONS: Final = ("as_", "administrator", "waived_by")
"""Parameters that name a person who acts."""

_KEY = Annotated[
    list[str] | None,
    typer.Option(
        "--key", metavar="[NAME=]FILE", help="The key of who acts, if carried; repeat. 本人密钥文件。"
    ),
]
_FILE = Annotated[
    list[str] | None,
    typer.Option(
        "--passphrase-file",
        metavar="[NAME=]FILE",
        help="The key's passphrase; default: YINZHENG_PERSON_PASSPHRASE_FILE, or it is asked. 口令文件。",
    ),
]


@dataclass
class _Given:
    """What one command was given to prove who acts."""

    names: tuple[str, ...]
    keys: dict[str, Path]
    files: dict[str, Path]
    opened: dict[str, EthereumKey] = field(default_factory=dict)
    secrets: dict[str, bytes] = field(default_factory=dict)


_given: ContextVar[_Given] = ContextVar("given")


def proved(command: Callable[..., Any]) -> Callable[..., Any]:
    """A command that takes persons, with the options that prove them; any other as it is."""
    signature = inspect.signature(command, eval_str=True)
    named = [name for name in PERSONS if name in signature.parameters]
    if not named:
        return command

    @functools.wraps(command)
    def run(*args: Any, person_key: list[str] | None, passphrase_file: list[str] | None, **rest: Any) -> Any:
        names = tuple(rest[name] for name in named if rest.get(name))
        given = _Given(names, by_name(names, person_key), by_name(names, passphrase_file))
        before = _given.set(given)
        try:
            return command(*args, **rest)
        finally:
            _given.reset(before)

    added = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
        for name, annotation in (("person_key", _KEY), ("passphrase_file", _FILE))
    ]
    wanted = [*signature.parameters.values(), *added]
    run.__signature__ = signature.replace(parameters=wanted)  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in wanted}
    return run


def open_keys(paths: Paths) -> None:
    """Open the keys of everyone who acts in this command, and refuse one secret for two of them.

    Raises `UsageFault` (`passphrase-missing`, `passphrase-shared`, `person-twice`), and as `open_key`. Who
    has no key here is left to `acting`, which says first whether they are known at all.
    """
    from yinzheng.ledger.keys.personal import open_key
    from yinzheng.ledger.people.keyring import shared
    from yinzheng.verifier.bytes.algorithms import constant_time_equal

    given = _given.get(None)
    if given is None:
        return
    if len(set(given.names)) < len(given.names):
        raise UsageFault("two persons do this together, and one was named twice", code="person-twice")
    for name in given.names:
        file = _key_file(paths, given, name)
        if name not in given.opened and file.is_file():
            given.opened[name] = open_key(file, functools.partial(_secret, paths, given, name))
            mine = given.secrets.get(name, b"")
            if any(constant_time_equal(mine, one) for who, one in given.secrets.items() if who != name):
                raise shared()


def acting(store: Store, paths: Paths, name: str) -> Actor:
    """Who acts, once their key has proved it.

    Raises `UsageFault` (`person-unknown`, `person-removed`, `person-key-missing`), `DataFault`
    (`key-differs`), and as `open_keys`.
    """
    from yinzheng.ledger.people.acting import authenticate, enrolled

    with store.reading() as session:
        enrolled(session, name)
    open_keys(paths)
    given = _given.get()
    if name not in given.opened:
        raise UsageFault(
            f"there is no key file {_key_file(paths, given, name)}",
            code="person-key-missing",
            hint="Whoever acts brings it: --key FILE.",
        )
    return authenticate(store, name, given.opened[name])


def opened_key_file(paths: Paths, name: str) -> tuple[Path, bytes]:
    """Where the key of who acts lies, and the secret that opens it. Raises as `open_keys`, `open_key`."""
    from yinzheng.ledger.keys.personal import open_key

    given = _given.get()
    file = _key_file(paths, given, name)
    open_key(file, functools.partial(_secret, paths, given, name))
    return file, given.secrets.get(name, b"")


def own_key(name: str) -> EthereumKey:
    """The key that its owner carries, on a machine that has no registry. Raises as `open_key`."""
    from yinzheng.ledger.keys.personal import open_key
    from yinzheng.ledger.state.instance import Paths

    paths, given = Paths(Path("state").absolute()), _given.get()
    if name not in given.keys:
        raise UsageFault(
            f"say where the key of {name} is", code="person-key-missing", hint="Bring it: --key FILE."
        )
    return open_key(given.keys[name], functools.partial(_secret, paths, given, name))


def by_name(names: Sequence[str], given: Sequence[str] | None) -> dict[str, Path]:
    """The files of several persons, each given as `NAME=FILE`; one without a name is the first one's."""
    found: dict[str, Path] = {}
    for written in given or ():
        name, equals, file = written.partition("=")
        if not (equals and name in names):
            name, file = names[0] if names else "", written
        found[name] = Path(file)
    return found


def new_passphrase(name: str, file: Path | None, *, least: int = MIN_BYTES) -> bytes:
    """A passphrase for a key that is to be made or sealed anew: from a file, or typed twice.

    A token's PIN may be as short as `least` bytes. Raises `UsageFault` (`passphrase-missing`,
    `passphrase-weak`), `EnvironmentFault` (`passphrase-exposed`).
    """
    from yinzheng.ledger.keys.passphrase import checked, find_person_passphrase

    if file is not None:
        return checked(find_person_passphrase(file), least)
    if not sys.stdin.isatty():
        raise _missing(name)
    with standing_still():
        typed = typer.prompt(
            f"new passphrase of {name} 新口令",
            hide_input=True,
            confirmation_prompt="once more 再输入一次",
            err=True,
        )
    return checked(str(typed).encode(), least)


def _key_file(paths: Paths, given: _Given, name: str) -> Path:
    from yinzheng.ledger.keys.keystore import is_key_name

    if name in given.keys:
        return given.keys[name]
    return paths.people / f"{name if is_key_name(name) else '-'}.json"


def _secret(paths: Paths, given: _Given, name: str) -> bytes:
    from yinzheng.ledger.keys.passphrase import PERSON_FILE_VARIABLE, find_person_passphrase

    if name not in given.secrets:
        file = given.files.get(name)
        if file is None and name == given.names[0] and PERSON_FILE_VARIABLE in os.environ:
            file = Path(os.environ[PERSON_FILE_VARIABLE])
        if file is None:
            file = _of_demonstration(paths, name)
        given.secrets[name] = asked(name) if file is None else find_person_passphrase(file)
    return given.secrets[name]


def _of_demonstration(paths: Paths, name: str) -> Path | None:
    """A demonstration's passphrases lie beside the keys; anywhere else such a file is nobody's."""
    from yinzheng.ledger.people.keyring import demonstration_passphrase
    from yinzheng.ledger.state.instance import read_instance

    beside = demonstration_passphrase(paths, name)
    return beside if beside.is_file() and read_instance(paths.root)[1].demonstration else None


def asked(name: str) -> bytes:
    """Someone's passphrase, typed at the terminal. Raises `UsageFault` `passphrase-missing` without one."""
    if not sys.stdin.isatty():
        raise _missing(name)
    with standing_still():
        return str(typer.prompt(f"passphrase of {name} 口令", hide_input=True, err=True)).encode()


def _missing(name: str) -> UsageFault:
    return UsageFault(
        f"the key of {name} needs its passphrase",
        code="passphrase-missing",
        hint="Give --passphrase-file, a file only you can read, or of a key to be made "
        "--new-passphrase-file; at a terminal it is asked for.",
    )


@contextmanager
def reading_store(state: Path) -> Iterator[tuple[Store, Paths]]:
    """The database of a state folder for reading, to authenticate who reads on."""
    from contextlib import closing

    from yinzheng.ledger.state.instance import read_instance
    from yinzheng.ledger.store.database import open_store_read_only

    paths, instance = read_instance(state)
    with closing(open_store_read_only(instance.store_url(paths))) as store:
        yield store, paths

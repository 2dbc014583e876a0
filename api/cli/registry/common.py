"""What the registry's commands share: where the state lies, whose passphrase, and progress."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yinzheng.api.cli.files import read_json
from yinzheng.api.cli.output import err, spinning
from yinzheng.api.cli.registry import persons
from yinzheng.verifier.errors import found_in

if TYPE_CHECKING:
    from yinzheng.ledger.accesses.noting import Access
    from yinzheng.ledger.keys.keystore import Keystore
    from yinzheng.ledger.keys.provider import KeyProvider
    from yinzheng.ledger.people.acting import Actor
    from yinzheng.ledger.registry import Progress, Registry
    from yinzheng.ledger.rules.offices import Role
    from yinzheng.ledger.state.instance import Paths
    from yinzheng.verifier.judge.trust import Operator

State = Annotated[
    Path,
    typer.Option("--state", help="The registry's state folder. 登记机构状态目录。", envvar="YINZHENG_STATE"),
]
Proxy = Annotated[
    list[str] | None,
    typer.Option(
        help="IP address of a reverse proxy whose X-Forwarded-For is believed; repeatable. 反向代理地址。",
        metavar="ADDRESS",
    ),
]
ChainUrls = Annotated[
    list[str] | None,
    typer.Option(
        "--chain",
        help="JSON-RPC URL of an existing network; repeat for more, in order; default: embedded chain."
        " 链节点地址。",
    ),
]
Operators = Annotated[
    Path | None,
    typer.Option(
        "--operators",
        help="Who runs the chain's nodes: JSON, a list of name, code and validators. 节点运营者名单。",
    ),
]
CaseId = Annotated[str, typer.Argument(metavar="CASE", help="The case, such as A-2026-000001. 案件编号。")]

DEFAULT_STATE = Path("state")


def read_operators_file(path: Path | None) -> tuple[Operator, ...]:
    """Those that a file lists; none without one. Raises `DataFault` (`trust-inconsistent`, `field-…`)."""
    from yinzheng.verifier.bytes.canonical import list_of
    from yinzheng.verifier.judge.trust import MAX_TRUST, OPERATOR, read_operators

    if path is None:
        return ()
    with found_in(path):
        return read_operators(list_of(OPERATOR, 1, 64)(read_json(path, MAX_TRUST), "operators"))


def keystore_of(paths: Paths, folder: Path | None = None) -> Keystore:
    """The keystore, its passphrase from the environment; a demonstration's lies beside its keys.

    `folder` is where those lie, if not in `paths`.

    Raises `UsageFault` (`passphrase-missing`, …).
    """

    from yinzheng.ledger.keys.keystore import Keystore
    from yinzheng.ledger.keys.passphrase import PASSPHRASE, find_passphrase

    beside = (folder or paths.keys) / PASSPHRASE
    given = {"YINZHENG_PASSPHRASE", "YINZHENG_PASSPHRASE_FILE"} & os.environ.keys()
    return Keystore(
        paths.keys, find_passphrase(os.environ, beside if beside.is_file() and not given else None)
    )


def keys_of(paths: Paths, folder: Path | None = None) -> KeyProvider:
    """The keystore and, where some keys lie in a token, that; as `keystore_of`."""
    from yinzheng.ledger.keys.pkcs11 import with_token

    return with_token(keystore_of(paths, folder), paths.keys, os.environ)


def acting(registry: Registry, name: str) -> Actor:
    """Who acts: the enrolled person of that name, whose own key has proved it. Raises as `persons.acting`."""
    return persons.acting(registry.store, registry.paths, name)


def allowed(registry: Registry, name: str, access: Access, *capacities: Role) -> Actor:
    """Who reads, in one of these capacities; that they do is written down first. Raises as `opening`."""
    from yinzheng.ledger.accesses.noting import opening

    return opening(registry, acting(registry, name), access, *capacities)


@contextmanager
def progress_line(quiet: bool) -> Iterator[Progress]:
    """Show what long work is doing on one line of stderr; nothing when quiet or not at a terminal."""
    if quiet or not err.is_terminal:
        yield lambda step: None
        return
    with err.status("…") as status:
        shown = spinning.set(status)
        try:
            yield lambda step: status.update(step)
        finally:
            spinning.reset(shown)


def told(line: str) -> None:
    """Say on stderr what the operator should know, whatever else a command prints."""
    err.print(line, markup=False)


@contextmanager
def writing(
    state: Path,
    quiet: bool,
    *,
    clock_is_right: bool = False,
    log_anew: bool = False,
    finish: bool = False,
) -> Iterator[tuple[Registry, Progress]]:
    """Open the registry to write; when the block ends well, carry its decision through log and chain.

    `clock_is_right` and `log_anew` as in `open_registry`. `finish`: the command is about all that waits.
    """
    from yinzheng.ledger.accesses.batching import commit
    from yinzheng.ledger.flow.early import NotYet
    from yinzheng.ledger.flow.pipeline import pending, settle, waits_for_witnesses
    from yinzheng.ledger.opening import open_registry
    from yinzheng.ledger.registry import wall_clock
    from yinzheng.ledger.state.instance import read_instance
    from yinzheng.ledger.witnesses.feeding import WitnessesMissing

    persons.open_keys(read_instance(state)[0])  # typed before anybody else has to wait
    with (
        progress_line(quiet) as progress,
        open_registry(
            state,
            keys_of,
            clock=wall_clock,
            progress=progress,
            tell=told,
            clock_is_right=clock_is_right,
            log_anew=log_anew,
        ) as registry,
    ):
        before, decided = waits_for_witnesses(registry), pending(registry)
        yield registry, progress
        commit(registry, everything=True)  # nobody may come after this command to do it
        try:
            settle(registry, progress)
        except WitnessesMissing:
            # What this command asked for waits; of what waited before, opening has told.
            if finish or waits_for_witnesses(registry) - before:
                raise
        except NotYet as fault:
            if finish or fault.ids - decided:  # likewise
                raise

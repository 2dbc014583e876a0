"""`yinzheng people ceremony`: several people at one table compare fingerprints, and sign a record.

Each key was made on its owner's own medium (`yinzheng people key`), or by `init` under a passphrase of its
own. What the registry enrolled is read aloud, and each person compares it with what their own machine shows
(`yinzheng people fingerprint`); then the record is printed, and signed by hand.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yinzheng.api.cli.files import write_new
from yinzheng.api.cli.org.tables import ready_for
from yinzheng.api.cli.output import Json, err, tell
from yinzheng.api.cli.registry.asking import require_agreed
from yinzheng.api.cli.registry.common import DEFAULT_STATE, State
from yinzheng.api.cli.registry.persons import asked
from yinzheng.verifier.errors import DataFault, UsageFault

if TYPE_CHECKING:
    from yinzheng.ledger.document.ceremony import Seated
    from yinzheng.ledger.state.instance import Instance


def fingerprint(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="One's own key file. 本人密钥文件。")],
    json_: Json = False,
) -> None:
    """Show the fingerprint of one's own key, to read aloud; its passphrase proves it. 本人密钥指纹。"""
    from yinzheng.ledger.keys.passphrase import PERSON_FILE_VARIABLE, find_person_passphrase

    given = os.environ.get(PERSON_FILE_VARIABLE)
    address = _address_in(file, lambda: find_person_passphrase(Path(given)) if given else asked(file.name))
    tell(json_, {"file": str(file), "address": "0x" + address.hex()}, f"{file}: {_spaced(address)}")


def ceremony(
    out_file: Annotated[
        Path,
        typer.Option("--out", help="The record to print and sign: a new .pdf, or a text file. 仪式记录。"),
    ],
    place: Annotated[str, typer.Option(help="Where you sit. 地点。")] = "",
    witness: Annotated[
        list[str] | None, typer.Option(help="Who looks on and signs too; repeat. 见证人。")
    ] = None,
    medium: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=FILE",
            help="A person's key file on their own medium, which they open here; repeat. "
            "本人介质上的密钥文件。",
        ),
    ] = None,
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Compare everyone's key aloud, and write a record for all to sign. 密钥仪式。

    Needs a terminal: each fingerprint is shown, read aloud and confirmed. Nothing in the registry changes.
    """
    from yinzheng.api.cli.registry.persons import reading_store
    from yinzheng.ledger.document.ceremony import Record, Seated
    from yinzheng.ledger.people.enrolling import everyone
    from yinzheng.ledger.state.instance import read_instance

    ready_for(out_file)
    _, instance = read_instance(state)
    with reading_store(state) as (store, _), store.reading() as session:
        people = [
            Seated(one.name, one.role, one.address) for one in everyone(session) if one.removed_at is None
        ]
    media = dict(_medium(one, people) for one in medium or ())
    if not sys.stdin.isatty():
        raise UsageFault(
            "nobody has compared the fingerprints",
            code="ceremony-unconfirmed",
            hint="Run it at a terminal, with everyone at the table.",
        )
    for one in people:
        _require_same(one, media.get(one.name))
    _compare(instance, people, media)
    now = int(time.time())
    made = Record(instance, people, place, witness or (), now)
    write_new(out_file, made.pdf() if out_file.suffix.lower() == ".pdf" else made.text().encode())
    value = {"file": str(out_file), "people": [one.name for one in people], "at": now}
    tell(json_, value, f"{out_file}: print it, and have everyone sign 请打印并由各人签名")


def _compare(instance: Instance, people: Sequence[Seated], media: dict[str, Path]) -> None:
    """Have each fingerprint read aloud; the first that differs ends it (`typer.Abort`)."""
    from yinzheng.ledger.state.policy import fingerprint_of

    err.print(f"{instance.registry_name}  {instance.registry_code}", style="bold", markup=False)
    err.print(f"  {fingerprint_of(instance)}", markup=False)
    require_agreed("Everyone wrote this down 各人已抄下策略指纹?")
    for one in people:
        err.print(f"\n{one.name} ({one.role})\n  {_spaced(one.address)}", markup=False)
        if one.name in media:
            err.print(f"  ✓ {media[one.name]}", markup=False)
        question = f"{one.name} reads it aloud from their own medium: the same 本人读出，一致?"
        require_agreed(question)


def _spaced(address: bytes) -> str:
    from yinzheng.ledger.document.ceremony import spaced

    return spaced(address)


def _medium(given: str, people: Sequence[Seated]) -> tuple[str, Path]:
    name, parted, file = given.partition("=")
    if not (name and parted and file):
        raise UsageFault("--medium takes NAME=FILE", code="ceremony-medium")
    if name not in [one.name for one in people]:
        raise UsageFault(
            f"nobody is called {name} here",
            code="person-unknown",
            hint=f"Enrolled: {', '.join(one.name for one in people)}.",
        )
    return name, Path(file)


def _require_same(one: Seated, file: Path | None) -> None:
    """Check that a person's own key file is of the key enrolled. Raises `DataFault` `ceremony-key`."""
    if file is not None and (found := _address_in(file, lambda: asked(one.name))) != one.address:
        raise DataFault(
            f"{file} is another key than the one enrolled for {one.name}: {_spaced(found)}",
            code="ceremony-key",
            hint="Stop here: enrol the key that they carry with `yinzheng people replace`, or find theirs.",
        )


def _address_in(file: Path, secret: Callable[[], bytes]) -> bytes:
    """The address of a key file that its owner opens; what a file says of itself nothing authenticates."""
    from yinzheng.ledger.keys.personal import open_key

    return open_key(file, secret).address

"""Commands for backups: made without the records' keys, which lie in one current file elsewhere (R44)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yinzheng.api.cli.output import Json, tell
from yinzheng.api.cli.registry import persons
from yinzheng.api.cli.registry.common import (
    DEFAULT_STATE,
    State,
    acting,
    allowed,
    keys_of,
    progress_line,
    writing,
)
from yinzheng.api.cli.registry.persons import As, MaybeAs
from yinzheng.verifier.bytes.counting import counted

if TYPE_CHECKING:
    from yinzheng.ledger.registry import Registry
from yinzheng.verifier.errors import UsageFault


def backup(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", help="New folder for the copy, or with --dated the one of all copies. 备份目录。"
        ),
    ],
    as_: As,
    keys: Annotated[
        Path | None,
        typer.Option("--keys", help="Where the current key file lies, on another disk. 密钥文件目录。"),
    ] = None,
    with_keystore: Annotated[
        bool,
        typer.Option("--with-keystore", help="Copy the encrypted keys, people's too. 同时备份密钥库。"),
    ] = False,
    by_date: Annotated[
        bool, typer.Option("--dated", help="Make it in DIR, under its date and time. 以日期命名。")
    ] = False,
    keep: Annotated[
        int | None,
        typer.Option(min=1, help="With --dated: how many of the newest to keep; others go. 保留份数。"),
    ] = None,
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Copy the state without the records' keys, and those into one file elsewhere. 备份。"""
    from yinzheng.ledger.accesses.noting import Access
    from yinzheng.ledger.rules.destruction import StaffRole
    from yinzheng.ledger.rules.states import Capacity
    from yinzheng.ledger.state.backup import dated, drop_older, make_backup

    if keep is not None and not by_date:
        raise UsageFault(
            "--keep is about dated backups",
            code="backup-keep",
            hint="Give --dated too: DIR then holds them all.",
        )
    with writing(state, json_) as (registry, progress):
        access = Access("export", "backup", "state", "keeping")
        allowed(registry, as_, access, Capacity.REGISTRY, StaffRole.SECURITY)
        place = dated(folder, registry.clock()) if by_date else folder
        made = make_backup(registry, place, keys or _only_place(registry), progress, keystore=with_keystore)
        dropped = () if keep is None else drop_older(made.folder, registry.instance, keep)

    def text() -> Iterator[str]:
        yield from _swept(made.swept)
        yield f"backup in {made.folder} 已备份; the records' keys are in {made.key_file}"
        yield from (f"  removed an older one 已删除旧备份: {path}" for path in dropped)
        if not with_keystore:
            yield "  → neither the keystore nor people's keys are in it: keep a copy of both elsewhere"
            yield "    密钥库和各人的密钥不在其中，请另存一份在别处"

    tell(
        json_,
        {
            "backup": str(made.folder),
            "keys": str(made.key_file),
            "bytes": made.size,
            "dropped": [str(path) for path in dropped],
            "swept": [str(path) for path in made.swept],
        },
        text(),
    )


def _swept(paths: Iterable[Path]) -> Iterator[str]:
    """What an earlier one that was killed had left, and is gone."""
    for path in paths:
        yield f"removed what a killed one left 已清除中断残留: {path}"


def _only_place(registry: Registry) -> Path:
    from yinzheng.ledger.state.backup import places_of

    with registry.store.reading() as session:
        known = places_of(session)
    if len(known) != 1:
        raise UsageFault(
            "say where the key file lies",
            code="backup-place",
            hint="--keys DIR, on another disk; a single place is remembered.",
        )
    return known[0]


def places(
    forget: Annotated[
        Path | None, typer.Option(help="Give up a place whose key file exists no more. 注销密钥文件位置。")
    ] = None,
    as_: MaybeAs = None,
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """List where key files lie; erasure rewrites each of them. 密钥文件位置。"""
    from yinzheng.ledger.state.backup import forget_place, places_of
    from yinzheng.ledger.state.record_keys import NAME

    with writing(state, json_) as (registry, _):
        if forget is not None:
            if as_ is None:
                raise UsageFault("say who gives the place up: --as", code="person-unknown")
            forget_place(registry, forget, acting(registry, as_))
        with registry.store.reading() as session:
            known = places_of(session)

    def text() -> Iterator[str]:
        for place in known:
            yield f"{place}  {'there' if (place / NAME).is_file() else 'out of reach'}"
        if not known:
            yield "no backup was made yet 尚无备份"

    tell(json_, [{"place": str(place), "there": (place / NAME).is_file()} for place in known], text())


def restore_state(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The backup. 备份目录。")],
    keys: Annotated[Path, typer.Option("--keys", help="The current key file, or its folder. 密钥文件。")],
    state: Annotated[Path, typer.Option("--state", help="New state folder. 新的状态目录。")],
    as_: As,
    keystore: Annotated[
        Path | None, typer.Option("--keystore", help="Folder of the encrypted keys, if not in the backup.")
    ] = None,
    database: Annotated[
        str | None, typer.Option(help="A new PostgreSQL database, without its password; default: SQLite.")
    ] = None,
    objects: Annotated[
        str | None,
        typer.Option(help="A bucket for sealed files, s3://BUCKET/PREFIX?endpoint=URL; default: a folder."),
    ] = None,
    take_over: Annotated[
        bool,
        typer.Option("--take-over", help="The bucket is this registry's, which is gone. 接管原存储桶。"),
    ] = False,
    json_: Json = False,
) -> None:
    """Make a state folder from a backup; what was destroyed since stays destroyed. 恢复。"""
    from yinzheng.api.cli.findings import china_time
    from yinzheng.ledger.registry import wall_clock
    from yinzheng.ledger.state.instance import Paths
    from yinzheng.ledger.state.restore import restore

    beside = Paths(folder if keystore is None else keystore.resolve().parent)
    persons.open_keys(beside)  # typed before the long work
    with progress_line(json_) as progress:
        progress("restoring")
        done = restore(
            folder,
            keys,
            state,
            wall_clock,
            keys=lambda paths: keys_of(paths, keystore),
            by=lambda store, _draft: persons.acting(store, beside, as_),
            keystore=keystore,
            database_url=database,
            objects_url=objects,
            take_over=take_over,
        )

    def text() -> Iterator[str]:
        yield from _swept(done.swept)
        tried = f"{done.opened} of {counted(done.living, 'record')}"
        yield f"restored in {state} 已恢复: {counted(done.keys, 'key')} put back, {tried} opened 已开启核对"
        if done.destroyed:
            yield f"  {done.destroyed} destroyed since then stay destroyed 已销毁者不恢复"
        if not done.people:
            yield "  no key file of a person is here 无人员密钥: copy people/, or use --key"
        names = ", ".join(done.acting)
        yield f"  as of {china_time(done.made_at):%Y-%m-%d %H:%M} these act 可操作人员: {names}"
        yield "  → remove who left since 请移除此后离任者: yinzheng people remove NAME --state " + str(state)
        yield "  → yinzheng audit --state " + str(state)

    tell(
        json_,
        {
            "state": str(state),
            "keys": done.keys,
            "opened": done.opened,
            "living": done.living,
            "destroyed": done.destroyed,
            "unknown": done.unknown,
            "people": done.people,
            "made_at": done.made_at,
            "acting": list(done.acting),
            "swept": [str(path) for path in done.swept],
        },
        text(),
    )

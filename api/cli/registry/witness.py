"""Commands for the witnesses of the log: name them, ask for so many, see how each stands (D18)."""

from __future__ import annotations

from typing import Annotated

import typer

from yinzheng.api.cli.output import Json, tell
from yinzheng.api.cli.registry.common import DEFAULT_STATE, State, acting, writing
from yinzheng.api.cli.registry.persons import As
from yinzheng.verifier.bytes.counting import counted

WitnessName = Annotated[
    str, typer.Argument(metavar="NAME", help="The organisation, as reports name it. 见证方名称。")
]


def add(
    name: WitnessName,
    url: Annotated[str, typer.Argument(metavar="URL", help="Prefix before /add-checkpoint. 提交地址。")],
    key: Annotated[
        list[str],
        typer.Option("--key", help="Its vkey; several while one replaces another. 公钥。"),
    ],
    as_: As,
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Have a witness cosign the log's heads from now on. 增加日志见证方。"""
    from yinzheng.ledger.witnesses.known import add_witness

    with writing(state, json_) as (registry, _):
        fed = add_witness(registry, name, url, key, acting(registry, as_))
    told = f"{name} is a witness 已列为见证方 ({fed.trusted.quorum} of {len(fed.urls)} asked for)"
    tell(json_, fed.to_json(), told)


def remove(name: WitnessName, as_: As, state: State = DEFAULT_STATE, json_: Json = False) -> None:
    """Ask a witness no more; what it cosigned stays on the heads. 移除日志见证方。"""
    from yinzheng.ledger.witnesses.known import remove_witness

    with writing(state, json_) as (registry, _):
        fed = remove_witness(registry, name, acting(registry, as_))
    tell(json_, fed.to_json(), f"{name} is no witness any more 已移除")


def quorum(
    number: Annotated[
        int, typer.Argument(metavar="COUNT", help="How many must have cosigned; 0: none. 联署数目。", min=0)
    ],
    as_: As,
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Issue nothing before so many witnesses have cosigned the head. 签发所需联署数。"""
    from yinzheng.ledger.witnesses.known import set_quorum

    with writing(state, json_) as (registry, _):
        fed = set_quorum(registry, number, acting(registry, as_))
    tell(
        json_, fed.to_json(), f"{number} of {counted(len(fed.urls), 'witness', 'witnesses')} asked for 已设定"
    )


def list_(state: State = DEFAULT_STATE, json_: Json = False) -> None:
    """List the witnesses, what each cosigned last, and why not since. 列出见证方。"""
    from yinzheng.api.cli.findings import china_time
    from yinzheng.ledger.state.instance import read_instance
    from yinzheng.ledger.store.database import open_store_read_only
    from yinzheng.ledger.witnesses.listing import stands_of

    paths, instance = read_instance(state)
    store = open_store_read_only(instance.store_url(paths))
    try:
        with store.reading() as session:
            asked, stands = stands_of(session)
    finally:
        store.close()
    lines = [
        f"the log 日志: {instance.origin}",
        *(f"   {vkey}" for vkey in instance.log_keys),
        f"asked for 要求联署: {asked} of {len(stands)}",
    ]
    for one in stands:
        last = (
            "nothing yet 尚无"
            if one.size is None
            else f"{counted(one.size, 'statement')} at {china_time(one.at or 0)}"
        )
        lines.append(f"{'✓' if one.newest else '✗'} {one.witness.name}  {one.url}  cosigned 联署: {last}")
        lines += [f"   {key.vkey}" for key in one.witness.keys]
        if one.code is not None:
            lines.append(f"   {one.code}: {one.message}, since 自 {china_time(one.since or 0)}")
    value = {
        "origin": instance.origin,
        "log_keys": list(instance.log_keys),
        "quorum": asked,
        "witnesses": [one.to_json() for one in stands],
    }
    tell(json_, value, lines)

"""`yinzheng follow`: a policy of one's own follows a network whose validators changed (S8.2)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yinzheng.api.cli.files import read_file, readable
from yinzheng.api.cli.output import Json, print_json, tell
from yinzheng.verifier.errors import found_in

if TYPE_CHECKING:
    from yinzheng.verifier.judge.following import Followed


def follow_command(
    trust: Annotated[Path, typer.Argument(metavar="TRUST", help="Your policy. 信任策略。")],
    changes: Annotated[
        list[Path], typer.Argument(metavar="STATEMENT...", help="Statements, oldest first. 变更声明。")
    ],
    out_file: Annotated[Path | None, typer.Option("--out", help="File to write; default: print.")] = None,
    json_: Json = False,
) -> None:
    """Let a policy follow a network whose validators changed. 更新策略中的验证节点。"""
    from yinzheng.ledger.state.files import write_durably
    from yinzheng.verifier.judge.following import MAX_CHANGE, follow
    from yinzheng.verifier.judge.trust import MAX_TRUST

    policy, found = read_file(trust, MAX_TRUST), list["Followed"]()
    for path in changes:
        with found_in(path):
            found.append(follow(policy, read_file(path, MAX_CHANGE)))
        policy = json.dumps(found[-1].policy, ensure_ascii=False).encode()
    new = found[-1].policy
    if out_file is not None:
        write_durably(out_file, readable(new))  # which may be the policy itself

    def text() -> Iterator[str]:
        for one in found:
            yield f"from block {one.first} 自该区块起:"
            for word, addresses in (("came 新增", one.came), ("went 退出", one.went)):
                for address in addresses:
                    yield f"  {word}  0x{address.hex()}  {one.owners.get(address, '?')}"
        yield (
            "The registry says so. Compare each address with what its organisation publishes.\n"
            "以上为登记机构声明, 请与各机构自行公布的地址核对。"
        )

    if json_ or out_file is None:
        print_json(new)
    if not json_:
        tell(False, None, text())

"""`yinzheng mirror`: keep a copy of the log, follow the chain, and cry where they differ (ADR 64)."""

from __future__ import annotations

import os
import shlex
import subprocess
import time
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from yinzheng.api.cli.output import EXIT_NOT, EXIT_UNDETERMINED, Json, err, tell
from yinzheng.verifier.bytes.counting import counted
from yinzheng.verifier.errors import UsageFault

HOOK_SECONDS: Final = 30
_STDERR: Final = 2
"""Where what a hook prints goes: standard output is for `--json`."""
LOG_SECONDS: Final = 3600.0


def mirror(
    log: Annotated[str, typer.Argument(metavar="URL", help="https://…/log, or a folder. 日志地址。")],
    trust: Annotated[Path, typer.Option(help="Your own pinned policy. 您信任的策略文件。")],
    folder: Annotated[Path, typer.Option(help="Where the copy is kept. 副本目录。")],
    rpc: Annotated[str | None, typer.Option(help="A chain node, best your own. 链节点地址。")] = None,
    once: Annotated[bool, typer.Option("--once", help="One round, for a timer. 只核对一次。")] = False,
    every: Annotated[int, typer.Option(help="Seconds between rounds.", min=1)] = 60,
    grace: Annotated[
        int, typer.Option(help="Seconds in which anchoring and cosignatures may come. 宽限。", min=0)
    ] = 300,
    hook: Annotated[
        str | None, typer.Option(help="A command that gets each alarm as JSON. 告警命令。")
    ] = None,
    json_: Json = False,
) -> None:
    """Keep a copy of the log, follow the chain, and cry if they differ. 独立存副本并监督。

    Needs no key of anyone. Exit code 0 nothing wrong, 1 something is (a line each on stderr, and in
    `alarms.jsonl`), 3 the log or the node could not be asked.
    """
    from yinzheng.api.cli.language import spoken
    from yinzheng.api.cli.policy import read_policy
    from yinzheng.api.http.chinese import in_chinese
    from yinzheng.api.log_source import open_log
    from yinzheng.api.mirror.following import Round
    from yinzheng.api.mirror.keeping import opened
    from yinzheng.api.rpc import RpcReader

    policy, command = read_policy(trust), [] if hook is None else _command(hook)

    def cry(alarm: dict[str, Any]) -> None:
        err.print(f"✗ {alarm['code']} {alarm['about']}: {alarm['message']}", style="bold red", markup=False)
        _call(command, alarm)

    with opened(folder, policy.origin) as kept:
        while True:
            source = open_log(log, os.environ, seconds=LOG_SECONDS)
            node = None if rpc is None else RpcReader(rpc, policy)
            done = Round(kept, source, node, policy, int(time.time()), grace, cry)
            done.run()
            for fault in done.unknown:
                said = in_chinese(fault)[0] if spoken() == "zh" else ""
                line = f"? {fault.code}: {said and f'{said} '}{fault.message}"
                err.print(line, style="yellow", markup=False)
            if once:
                break
            time.sleep(every)
    value = {
        "size": kept.log.size,
        "block": kept.state.block,
        "alarms": done.alarms,
        "unknown": [fault.code for fault in done.unknown],
    }
    copied = counted(kept.log.size, "statement")
    whole = "not all could be asked 未能全部核对" if done.unknown else "compared 已核对"
    chain = f", chain followed to block {kept.state.block}" if kept.state.block > 0 else ""
    text = f"{copied} copied{chain}; {whole}"
    tell(json_, value, text)
    if done.alarms or done.unknown:
        raise typer.Exit(EXIT_NOT if done.alarms else EXIT_UNDETERMINED)


def _command(hook: str) -> list[str]:
    try:
        words = shlex.split(hook)
    except ValueError:
        words = []
    if not words:
        raise UsageFault("the hook is no command", code="mirror-hook", hint="Quote it as for a shell.")
    return words


def _call(command: list[str], alarm: dict[str, Any]) -> None:
    """Hand an alarm to the hook. It may fail: the alarm is on stderr and in the folder all the same."""
    import json

    if not command:
        return
    said = json.dumps(alarm, ensure_ascii=False).encode()
    try:
        # The command is its own user's, from this very command line.
        done = subprocess.run(command, input=said, stdout=_STDERR, timeout=HOOK_SECONDS, check=False)  # noqa: S603
        failed = done.returncode != 0
    except (OSError, subprocess.TimeoutExpired):
        failed = True
    if failed:
        err.print("? the hook failed 告警命令失败", style="yellow", markup=False)

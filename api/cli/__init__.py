"""The command `yinzheng`.

`verify` needs the verifier alone; other commands are there when the extra they need is installed.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from typing import Any

import typer

from yinzheng.api.cli.commands import PANELS
from yinzheng.api.cli.console import make_ready, stop_printing
from yinzheng.api.cli.language import asked_in, speaking, without_language
from yinzheng.api.cli.lazy import Extra, LazyGroup
from yinzheng.api.cli.modes import close_files
from yinzheng.api.cli.output import (
    EXIT_NOT,
    EXIT_OK,
    EXIT_UNHEARD,
    EXIT_USAGE,
    fail,
    fail_with,
)
from yinzheng.api.cli.usage_words import in_chinese
from yinzheng.verifier.errors import UsageFault

_MODULES: dict[Extra, tuple[str, ...]] = {
    "": (),
    "org": ("yinzheng.api.cli.org", "httpcore", "httpx"),
    "registry": ("yinzheng.api.cli.registry", "fastapi", "lmdb", "sqlmodel", "web3"),
}
"""By what an extra is known to be installed: modules of ours, in a wheel of their own, and of others."""


class _Root(LazyGroup):
    """All commands that are installed; of one that is not, it says what has it."""

    def __init__(self, **attributes: Any) -> None:
        panels = [(panel.title, one) for panel in PANELS if installed(panel.extra) for one in panel.entries]
        super().__init__(panels, **attributes)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[Any, Any, list[str]]:
        """As `LazyGroup`. Raises `UsageFault` (`command-not-installed`, `versions-differ`)."""
        for panel in PANELS:
            if args[0] not in self.commands and args[0] in (entry.name for entry in panel.entries):
                raise _not_installed(args[0], panel.extra)
            if panel.extra and args[0] in (entry.name for entry in panel.entries):
                _require_one_version(Path(__file__).parents[3])
        return super().resolve_command(ctx, args)


def _not_installed(command: str, extra: Extra) -> UsageFault:
    install = f"pip install 'yinzheng[{extra}]'"
    return UsageFault(
        f"the command `{command}` is not installed here",
        code="command-not-installed",
        hint=f"Install it with: {install}; in a checkout, with scripts/setup {extra}.",
        zh=(f"本机没有安装命令 {command}。", f"请安装：{install}；在源码目录中为 scripts/setup {extra}。"),
    )


def _require_one_version(site: Path) -> None:
    """Refuse to run two wheels together that are of two versions: pip lets one alone be changed, and says so
    in passing. ``site``: where the package lies, with what describes each wheel beside it (ADR 110).
    """
    wheels = dict(one.stem.split("-", 1) for one in site.glob("yinzheng*-*.dist-info"))
    own, registry = wheels.get("yinzheng"), wheels.get("yinzheng_registry")
    if own is not None and registry not in (None, own):
        install = f"pip install 'yinzheng=={own}' 'yinzheng-registry=={own}'"
        raise UsageFault(
            f"yinzheng is of version {own} here, and yinzheng-registry of {registry}",
            code="versions-differ",
            hint=f"Install both of one version: {install}.",
            zh=(
                f"本机的 yinzheng 是 {own} 版，yinzheng-registry 却是 {registry} 版。",
                f"请装同一版本：{install}。",
            ),
        )


def build() -> typer.Typer:
    """Return the command tree; commands whose packages are not installed are left out."""
    app = typer.Typer(
        name="yinzheng",
        cls=_Root,
        help="印证 Yinzheng: register health-data property rights; check certificates against the ledger.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(lambda: None)  # or a single command would not be called by its name
    return app


def installed(extra: Extra) -> bool:
    """Whether the packages of an extra are there."""
    return all(importlib.util.find_spec(name) for name in _MODULES[extra])


def main() -> None:
    """Run the command line; no error shows a stack trace, and with `--json` every error is JSON (D8)."""
    make_ready()
    try:
        code = _run(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:
        stop_printing()
        code = EXIT_UNHEARD
    except OSError as error:  # a full disk, of which the last of what was said tells first
        stop_printing(sys.stdout)
        code = fail_with(error, as_json="--json" in sys.argv)
    sys.exit(code)


def _run(given: list[str]) -> int:
    """One command; returns the exit code."""
    with speaking(asked_in(given)):
        return _carried_out(without_language(given), as_json="--json" in given)


def _carried_out(given: list[str], *, as_json: bool) -> int:
    try:
        close_files(os.environ)
    except UsageFault as fault:
        fail(fault, EXIT_USAGE, as_json=as_json)
        return EXIT_USAGE
    try:
        code = build()(given, standalone_mode=False, prog_name="yinzheng")
    except BrokenPipeError:
        raise
    except typer.Abort:
        hint = "Nothing was recorded. Run the same command again when you want to."
        fail(UsageFault("stopped at a question", code="declined", hint=hint), EXIT_NOT, as_json=as_json)
        return EXIT_NOT
    except Exception as error:
        # A usage error of typer's, which keeps the class of these private.
        explain = getattr(error, "format_message", None)
        if explain is None:
            return fail_with(error, as_json=as_json)
        if not (said := " ".join(explain().split())):  # choices stand a line each
            return EXIT_USAGE  # a group alone: its help was shown
        said = said.replace(": Value error, ", ": ")  # as a library words what none of its choices is
        command = getattr(getattr(error, "ctx", None), "command_path", "yinzheng")
        hint = f"See `{command} --help`."
        zh = (in_chinese(said), f"用 {command} --help 查看用法。")
        fail(UsageFault(said, code="usage", hint=hint, zh=zh), EXIT_USAGE, as_json=as_json)
        return EXIT_USAGE
    return code if isinstance(code, int) else EXIT_OK

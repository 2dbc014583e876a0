"""What a command prints: results on stdout, trouble on stderr with a hint; and its exit code (S9.4)."""

from __future__ import annotations

import functools
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec, TypeVar

import typer

from yinzheng.api.cli.console import UnheardConsole, json_text, shows, stop_printing
from yinzheng.api.cli.instead import commands_of
from yinzheng.api.cli.language import spoken
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault, YinzhengError

if TYPE_CHECKING:
    from rich.status import Status

beside: ContextVar[Mapping[str, Any]] = ContextVar("beside", default={})  # noqa: B039 - never changed
"""What another part of the same command has to say in the one JSON object that is printed."""

EXIT_OK = 0
EXIT_NOT = 1
EXIT_USAGE = 2
EXIT_UNDETERMINED = 3
EXIT_UNHEARD = 141
"""Whoever read our output left early: 128 + SIGPIPE, as a shell has it, and none of the verdicts."""
EXIT_INTERRUPTED = 130

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text. 输出 JSON。")]


out = UnheardConsole(highlight=False, soft_wrap=True)
err = UnheardConsole(stderr=True, highlight=False, soft_wrap=True)

P = ParamSpec("P")
R = TypeVar("R")


spinning: ContextVar[Status | None] = ContextVar("spinning", default=None)
"""What shows that long work goes on, while it does (`progress_line`)."""


@contextmanager
def standing_still() -> Iterator[None]:
    """While a person types: what a spinner paints wipes away what they are asked."""
    if (status := spinning.get()) is not None:
        status.stop()
    try:
        yield
    finally:
        if status is not None:
            status.start()


def fail(error: YinzhengError, exit_code: int, *, as_json: bool = False) -> None:
    """Print one trouble on stderr, in the reader's language; the caller exits.

    In Chinese what was said in English follows it: that names the file, the row, the value. Where it cannot
    be written (a full disk), the exit code says it alone.
    """
    try:
        _tell_trouble(error, exit_code, as_json=as_json)
    except BrokenPipeError:
        raise
    except OSError:
        stop_printing(sys.stderr)


def _tell_trouble(error: YinzhengError, exit_code: int, *, as_json: bool) -> None:
    message, hint = error.message, hint_of(error)
    more: dict[str, Any] = {}
    if spoken() == "zh" and shows("证书", sys.stderr):
        from yinzheng.api.http.chinese import in_chinese

        more = {"original": {"message": message, "hint": hint}}
        message, hint = in_chinese(error)
    if instead := ", ".join(commands_of(error, chinese=bool(more))):
        hint = f"现在可以：{instead}" if more else f"Possible now: {instead}."
    if as_json:
        body = {"code": error.code, "message": message, "hint": hint, "exit_code": exit_code, **more}
        sys.stderr.write(json_text({"error": body}, sys.stderr) + "\n")
        return
    err.print(f"yinzheng: {_one_line(message)}", style="bold red", markup=False)
    if hint:
        err.print(f"  → {_one_line(hint)}", markup=False)
    if more and message != error.message:
        said = " → ".join(one for one in (error.message, error.hint) if one)
        err.print(f"  原文：{_one_line(said)}", markup=False, style="dim")


def _one_line(text: str) -> str:
    """What another program said may be in it: it begins no line of its own, which would read as ours."""
    return " ".join(text.splitlines())


def fail_unexpectedly(*, as_json: bool) -> None:
    """Say that the fault is the program's own; the caller exits with `EXIT_UNDETERMINED`."""
    if os.environ.get("YINZHENG_DEBUG"):
        traceback.print_exc()
    fault = EnvironmentFault(
        "an unexpected fault in the program; nothing acknowledged is lost",
        code="internal",
        hint="Run `yinzheng audit`; set YINZHENG_DEBUG=1 and repeat for a report to send us.",
    )
    fail(fault, EXIT_UNDETERMINED, as_json=as_json)


def print_json(value: Any) -> None:
    """Print one JSON value, readable; an object together with what stands `beside` it."""
    if isinstance(value, dict):
        value = {**value, **beside.get()}
    sys.stdout.write(json_text(value, sys.stdout, indent=2) + "\n")
    sys.stdout.flush()  # `node` and `serve` say where they are, then run on


def tell(json_: bool, value: Any, text: str | Iterable[str] | Callable[[], None]) -> None:
    """Print a result: JSON for programs, or `text` for people.

    `text` is a line; or lines, which a generator makes only if they are printed; or what prints it itself.
    """
    if json_:
        print_json(value)
    elif callable(text):
        text()
    else:
        for line in [text] if isinstance(text, str) else text:
            out.print(line, markup=False)


def exit_code_of(error: YinzhengError) -> int:
    """Map whose fault it was to an exit code: data refused 1, usage 2, environment 3."""
    if isinstance(error, UsageFault):
        return EXIT_USAGE
    if isinstance(error, DataFault):
        return EXIT_NOT
    if isinstance(error, EnvironmentFault):
        return EXIT_UNDETERMINED
    return EXIT_NOT


def hint_of(error: YinzhengError) -> str:
    """What to do about it: the error's own hint, or what goes for every error of its kind."""
    if error.hint:
        return error.hint
    if isinstance(error, UsageFault):
        return "The same command with --help shows what it takes."
    if isinstance(error, DataFault):
        return "What was given is at fault, not the program: correct it, or fetch it again."
    return "Nothing acknowledged is lost: put it right and run the same command again."


def guarded(command: Callable[P, R]) -> Callable[P, R]:
    """Wrap a command so that errors become a message, a hint and an exit code."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except (typer.Exit, typer.Abort, typer.BadParameter):
            raise
        except BrokenPipeError:
            stop_printing()
            raise typer.Exit(EXIT_UNHEARD) from None
        except (Exception, KeyboardInterrupt) as raised:
            raise typer.Exit(fail_with(raised, as_json=bool(kwargs.get("json_", False)))) from None

    return run


def fail_with(raised: BaseException, *, as_json: bool) -> int:
    """Print what was raised, ours or not, as a trouble; returns the exit code."""
    error = _fault_in(raised)
    if error is None:
        fail_unexpectedly(as_json=as_json)
        return EXIT_UNDETERMINED
    exit_code = EXIT_INTERRUPTED if isinstance(raised, KeyboardInterrupt) else exit_code_of(error)
    fail(error, exit_code, as_json=as_json)
    return exit_code


def _fault_in(raised: BaseException) -> YinzhengError | None:
    """What was raised as an error of ours; None for a defect."""
    match raised:
        case YinzhengError():
            return raised
        case KeyboardInterrupt():
            hint = "Nothing half done: run the same command again to continue."
            return EnvironmentFault("interrupted", code="interrupted", hint=hint)
        case UnicodeEncodeError():
            hint = "Check the terminal's encoding."
            return UsageFault("an argument is not UTF-8 text", code="argument-encoding", hint=hint)
        case ModuleNotFoundError():
            return UsageFault(
                f"the package {raised.name} is not installed here",
                code="package-missing",
                hint="Install yinzheng[registry]; in a checkout, with scripts/setup registry.",
            )
        case OSError():
            what = f"{raised.strerror or raised}" + (f": {raised.filename}" if raised.filename else "")
            hint = "Check the path, its permissions and the free space."
            return EnvironmentFault(what, code="system", hint=hint)
    return None

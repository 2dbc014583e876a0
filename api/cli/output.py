"""What a command prints: results on stdout, trouble on stderr with a hint; and its exit code (S9.4)."""

from __future__ import annotations

import functools
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from typing import Annotated, Any, ParamSpec, TypeVar

import typer

from yinzheng.api.cli.console import UnheardConsole, json_text, stop_printing
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault, YinzhengError

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


def fail(message: str, hint: str, exit_code: int, *, code: str = "", as_json: bool = False) -> None:
    """Print one trouble on stderr; the caller exits."""
    if as_json:
        body = {"error": {"code": code, "message": message, "hint": hint, "exit_code": exit_code}}
        sys.stderr.write(json_text(body, sys.stderr) + "\n")
        return
    err.print(f"yinzheng: {_one_line(message)}", style="bold red", markup=False)
    if hint:
        err.print(f"  → {_one_line(hint)}", markup=False)


def _one_line(text: str) -> str:
    """What another program said may be in it: it begins no line of its own, which would read as ours."""
    return " ".join(text.splitlines())


def fail_unexpectedly(*, as_json: bool) -> None:
    """Say that the fault is the program's own; the caller exits with `EXIT_UNDETERMINED`."""
    if os.environ.get("YINZHENG_DEBUG"):
        traceback.print_exc()
    fail("an unexpected fault in the program; nothing acknowledged is lost",
         "Run `yinzheng audit`; set YINZHENG_DEBUG=1 and repeat for a report to send us.",
         EXIT_UNDETERMINED, code="internal", as_json=as_json)  # fmt: skip


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
        as_json = bool(kwargs.get("json_", False))
        try:
            return command(*args, **kwargs)
        except (typer.Exit, typer.Abort, typer.BadParameter):
            raise
        except KeyboardInterrupt:
            fail("interrupted", "Nothing half done: run the same command again to continue.",
                 EXIT_INTERRUPTED, code="interrupted", as_json=as_json)  # fmt: skip
            raise typer.Exit(EXIT_INTERRUPTED) from None
        except BrokenPipeError:
            stop_printing()
            raise typer.Exit(EXIT_UNHEARD) from None
        except YinzhengError as error:
            exit_code = exit_code_of(error)
            fail(str(error), hint_of(error), exit_code, code=error.code, as_json=as_json)
            raise typer.Exit(exit_code) from None
        except UnicodeEncodeError:
            fail("an argument is not UTF-8 text", "Check the terminal's encoding.", EXIT_USAGE,
                 code="argument-encoding", as_json=as_json)  # fmt: skip
            raise typer.Exit(EXIT_USAGE) from None
        except OSError as error:
            what = f"{error.strerror or error}" + (f": {error.filename}" if error.filename else "")
            fail(what, "Check the path, its permissions and the free space.", EXIT_UNDETERMINED,
                 code="system", as_json=as_json)  # fmt: skip
            raise typer.Exit(EXIT_UNDETERMINED) from None
        except Exception:
            fail_unexpectedly(as_json=as_json)
            raise typer.Exit(EXIT_UNDETERMINED) from None

    return run

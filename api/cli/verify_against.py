"""`yinzheng verify … --against KEPT`: whether both rest on one history of the log (S9.8)."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, ParamSpec

import typer

from yinzheng.api.cli.output import EXIT_NOT, EXIT_OK, EXIT_UNDETERMINED, beside, out, print_json
from yinzheng.api.extraction import extract
from yinzheng.api.log_source import open_log
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.judge.against import Comparison, Head, Relation, compare, heads_in, is_head
from yinzheng.verifier.judge.trust import TrustPolicy
from yinzheng.verifier.words.against import line
from yinzheng.verifier.words.phrases import Language

P = ParamSpec("P")

_EXIT: Final = {
    Relation.CONSISTENT: EXIT_OK,
    Relation.FORKED: EXIT_NOT,
    Relation.UNDETERMINED: EXIT_UNDETERMINED,
}
_STYLE: Final = {
    Relation.CONSISTENT: "bold green",
    Relation.FORKED: "bold red",
    Relation.UNDETERMINED: "bold yellow",
}


def comparing(
    policy_of: Callable[[Path], TrustPolicy], language_of: Callable[[str], Language]
) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Let a command that verifies also compare, where it is given `against` (and `log`, `state` or `ledger`).

    The line comes before the report, and `against` into its JSON. A fork is exit code 1, whatever else; what
    could not be compared is 3 where all else would be 0. A head alone is compared and not verified.
    """

    def decorate(command: Callable[P, None]) -> Callable[P, None]:
        @functools.wraps(command)
        def run(*args: P.args, **given: P.kwargs) -> None:
            named: dict[str, Any] = given
            if named.get("against") is None:
                if named.get("log") is not None:
                    raise UsageFault("--log goes with --against", code="usage-source")
                command(*args, **given)
                return
            found, alone = _compared(named, policy_of(named["trust"]))
            as_json = bool(named.get("json_"))
            if as_json and alone:
                print_json({"against": found.to_json()})
            elif not as_json:
                style = _STYLE[found.relation]
                out.print(line(found, language_of(named.get("lang") or "")), style=style, markup=False)
            code = EXIT_OK if alone else _run(functools.partial(command, *args, **given), found)
            raise typer.Exit(EXIT_NOT if found.relation is Relation.FORKED else code or _EXIT[found.relation])

        return run

    return decorate


def _run(command: Callable[[], None], found: Comparison) -> int:
    """The exit code of the verification, whose JSON tells of the comparison too."""
    before = beside.set({"against": found.to_json()})
    try:
        command()
    except typer.Exit as end:
        return end.exit_code
    finally:
        beside.reset(before)
    return EXIT_OK


def _compared(given: dict[str, Any], policy: TrustPolicy) -> tuple[Comparison, bool]:
    """What came of it, and whether the target is a head alone."""
    target, kept, state, ledger = given["target"], given["against"], given.get("state"), given.get("ledger")
    where = given.get("log") or (None if state is None else str(state / "log"))
    if where is None and ledger is not None:
        where = ledger.rstrip("/") + "/log"
    source = None if where is None else open_log(where, os.environ)
    if target == "-":
        raise UsageFault("what is compared is a file", code="against-stdin", hint="Save it, and name it.")
    with ExitStack() as stack:
        try:
            mine = stack.enter_context(Path(kept).open("rb"))
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise UsageFault(
                f"there is no file {kept}", code="file-missing", hint="Check the path."
            ) from None
        try:
            theirs = stack.enter_context(Path(target).open("rb"))
        except (OSError, ValueError):
            return compare(lambda: heads_in(mine, policy, extract), _nothing, source, policy), False
        found = compare(
            lambda: heads_in(mine, policy, extract),
            lambda: heads_in(theirs, policy, extract),
            source,
            policy,
        )
        theirs.seek(0)
        return found, is_head(theirs)


def _nothing() -> list[Head]:
    """A text or number has no head; verifying it says what it is."""
    raise DataFault("no head", code="against-none")

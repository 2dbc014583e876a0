"""The command `yinzheng`.

`verify` needs the verifier alone; every other command is there when the `registry` extra is installed.
"""

from __future__ import annotations

import importlib.util
import sys

import typer

from yinzheng.api.cli import verify
from yinzheng.api.cli.output import EXIT_OK, EXIT_USAGE, fail

_REGISTRY_MODULES = ("fastapi", "lmdb", "sqlmodel", "web3")


def build(command: str = "") -> typer.Typer:
    """Return the command tree; registry commands only where their packages are installed.

    Where `command` is known to be `verify`, the rest is left out: it takes seconds to load.
    """
    app = typer.Typer(
        name="yinzheng",
        help="印证 Yinzheng: register health-data property rights; check certificates against the ledger.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    verify.add_to(app)
    app.callback()(lambda: None)  # or a single command would not be called by its name
    if command != "verify" and registry_installed():
        from yinzheng.api.cli import (
            backup,
            cases,
            consents,
            disputes,
            erasure,
            keys,
            operate,
            org,
            organisations,
            stamps,
            withdrawals,
        )

        operate.add_to(app)
        cases.add_to(app)
        stamps.add_to(app)
        keys.add_to(app)
        organisations.add_to(app)
        org.add_to(app)
        consents.add_to(app)
        disputes.add_to(app)
        withdrawals.add_to(app)
        erasure.add_to(app)
        backup.add_to(app)
    return app


def registry_installed() -> bool:
    """Whether the packages of the `registry` extra are there."""
    return all(importlib.util.find_spec(name) for name in _REGISTRY_MODULES)


def main() -> None:
    """Run the command line; no error shows a stack trace, and with `--json` every error is JSON (D8)."""
    given = sys.argv[1:]
    if not given:
        build()()  # shows the help
    try:
        code = build(given[0])(given, standalone_mode=False, prog_name="yinzheng")
    except Exception as error:
        # A usage error of typer's, which keeps the class of these private.
        explain = getattr(error, "format_message", None)
        if explain is None:
            raise
        command = getattr(getattr(error, "ctx", None), "command_path", "yinzheng")
        hint = f"See `{command} --help`."
        if not registry_installed():
            hint += " Only `verify` is installed; yinzheng[registry] has the other commands."
        fail(explain(), hint, EXIT_USAGE, code="usage", as_json="--json" in given)
        code = EXIT_USAGE
    sys.exit(code if isinstance(code, int) else EXIT_OK)

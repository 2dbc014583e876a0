"""A yes or no at the terminal, asked again in the reader's language until it is one."""

from __future__ import annotations

from typing import Final

import typer

from yinzheng.api.cli.language import spoken
from yinzheng.api.cli.output import err

_SAID: Final = {**dict.fromkeys(("y", "yes", "是"), True), **dict.fromkeys(("n", "no", "否"), False)}


def agreed(question: str, *, default: bool = False) -> bool:
    """What was answered; `default`, if nothing. Raises `typer.Abort` where nobody is there any more."""
    shown = f"{question} [{'Y/n' if default else 'y/N'}]"
    while True:
        said = str(typer.prompt(shown, default="", show_default=False, err=True)).strip().lower()
        if not said:
            return default
        if said in _SAID:
            return _SAID[said]
        err.print("请答 y（是）或 n（否）。" if spoken() == "zh" else "Answer y or n.", markup=False)


def require_agreed(question: str, *, default: bool = False) -> None:
    """Raises `typer.Abort` unless the answer is yes."""
    if not agreed(question, default=default):
        raise typer.Abort

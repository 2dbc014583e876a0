"""In which language the command line speaks: what `--lang` says, else what the surroundings prefer."""

from __future__ import annotations

import locale
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from yinzheng.verifier.words.phrase import Language

OPTION: Final = "--lang"
HELP: Final = "zh or en; else as LC_ALL, LC_MESSAGES or LANG has it. 语言。"

_asked: ContextVar[Language | None] = ContextVar("asked", default=None)


def asked_in(given: Sequence[str]) -> Language | None:
    """What the words of a command ask for, wherever the option stands among them."""
    for at, word in enumerate(given):
        name, _, value = word.partition("=")
        if name == OPTION:
            said = value or "".join(given[at + 1 : at + 2])
            return "zh" if said == "zh" else "en" if said == "en" else None
    return None


def without_language(given: Sequence[str]) -> list[str]:
    """The words without the option at their head: behind the name of a command, that command reads it."""
    if given and given[0].startswith(f"{OPTION}="):
        return [*given[1:]]
    return [*given[2:]] if given and given[0] == OPTION else [*given]


@contextmanager
def speaking(language: Language | None) -> Iterator[None]:
    """Speak this one for a while; None: that of the surroundings."""
    before = _asked.set(language)
    try:
        yield
    finally:
        _asked.reset(before)


def spoken() -> Language:
    """The language to speak in."""
    return _asked.get() or surrounding(os.environ)


def surrounding(environ: Mapping[str, str]) -> Language:
    """The language of messages, by POSIX's precedence; on Windows, which sets none of these, the user's."""
    named = next((environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environ.get(name)), "")
    if not named and sys.platform == "win32":
        named = locale.getlocale()[0] or ""
    return "zh" if named.lower().startswith(("zh", "chinese")) else "en"

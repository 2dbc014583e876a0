"""Any console: whatever its encoding, a report prints, and nothing but the report.

A console of GBK, of `cp936` or of the C locale cannot show every character. What it cannot is written in a
simpler way, or as `?`; the exit code stays the verdict's. JSON loses nothing there: it escapes instead.

Much of what is printed others wrote: a file that is shown, a desk, a registry that lies. What a terminal
would obey instead of showing, or show in another order, is written out, so that nobody erases a verdict or
has a person approve what they did not see.
"""

from __future__ import annotations

import codecs
import io
import json
import logging
import os
import re
import sys
import warnings
from typing import Any, Final, TextIO

from rich.console import Console
from rich.text import Text

SIMPLER: Final = "yinzheng.simpler"
"""Name of the error handler for characters that a stream cannot show."""

_FORMS: Final = {
    "✓": "√+",
    "✗": "×x",
    "·": "-",
    "→": ">",
    "←": "<",
    "≠": "!",
    "…": ".",
    "–": "-",
    "—": "-",
    "“": '"',
    "”": '"',
    "’": "'",
    "，": ",",
    "。": ".",
    "：": ":",
    "；": ";",
    "、": ",",
    "（": "(",
    "）": ")",
}
"""What stands for a character, the first that can be shown. A mark of an obligation never becomes `?`, which
is the mark of what cannot be determined."""


_OBEYED: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)
"""Controls, C1 among them; what turns the direction of writing; what is not seen. Not tab and line feed."""

_BEYOND_ASCII: Final = re.compile("[^\x00-\x7f]")


def visible(text: str) -> str:
    """The text with what a terminal would not simply show written out as `\\uXXXX`, as JSON has it."""
    return _OBEYED.sub(_written_out, text)


def _written_out(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


class UnheardConsole(Console):
    """A console for what others wrote, `visible`; it leaves a broken pipe to its caller: rich would exit with
    1, which is a verdict.
    """

    def __init__(self, **options: Any) -> None:
        # So a terminal says that it does not know its width. In no columns at all rich prints nothing.
        if os.environ.get("COLUMNS", "").strip("0 ") == "":
            os.environ.pop("COLUMNS", None)
        super().__init__(**options)

    def render_str(self, text: str, **options: Any) -> Text:
        """As rich does, of the text made visible."""
        return super().render_str(visible(text), **options)

    def on_broken_pipe(self) -> None:
        """Nobody reads on."""
        raise BrokenPipeError


def make_ready() -> None:
    """Prepare this process's streams, once, before anything is printed."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # Closed before we began: what is said goes nowhere, and not into the next file that is opened,
            # which would be given its number; nor into one of a process that we begin.
            nowhere = open(os.devnull, mode, encoding="utf-8")  # noqa: SIM115
            os.set_inheritable(nowhere.fileno(), True)
            setattr(sys, name, nowhere)
    codecs.register_error(SIMPLER, _simpler)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=SIMPLER)
    # Help is printed through typer's own consoles.
    Console.on_broken_pipe = UnheardConsole.on_broken_pipe  # type: ignore[assignment, method-assign]
    if not os.environ.get("YINZHENG_DEBUG"):
        _quiet_libraries()


def _quiet_libraries() -> None:
    """Nothing that a library warns of or logs reaches the reader: what matters of it stands in the report."""
    warnings.simplefilter("ignore")
    logging.getLogger().addHandler(logging.NullHandler())
    for name in ("yinzheng", "asyncio"):  # what the servers' operator is told
        if logging.lastResort is not None:
            logging.getLogger(name).addHandler(logging.lastResort)


def shows(text: str, stream: TextIO | None = None) -> bool:
    """Whether a stream, standard output if none is named, can show a text as it is."""
    return _holds(stream or sys.stdout, text)


def json_text(value: Any, stream: TextIO, *, indent: int | None = None) -> str:
    """JSON that the stream can carry: readable, or with `\\uXXXX` where it could not show a character."""
    return carried(json.dumps(value, ensure_ascii=False, indent=indent), stream)


def carried(text: str, stream: TextIO) -> str:
    """The text of a JSON value as the stream can carry it; see `json_text`."""
    text = visible(text)
    return text if _holds(stream, text) else _BEYOND_ASCII.sub(_written_out, text)


def stop_printing(*streams: TextIO) -> None:
    """Nobody hears these streams, or if none is named our output, any more: what is still in their buffers
    goes nowhere, without a complaint.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in streams or (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())


def _holds(stream: TextIO, text: str) -> bool:
    try:
        text.encode(stream.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _simpler(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    hidden = error.object[error.start : error.end]
    return "".join(_form(character, error.encoding) for character in hidden), error.end


def _form(character: str, encoding: str) -> str:
    """What stands for one character; a byte that was no text (of a file's name) shows as `\\xNN`."""
    if "\udc80" <= character <= "\udcff":
        return f"\\x{ord(character) - 0xDC00:02x}"
    for form in _FORMS.get(character, ""):
        try:
            form.encode(encoding)
        except UnicodeEncodeError:
            continue
        return form
    return "?"

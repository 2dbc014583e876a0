"""What the shipped fonts can draw, so that a missing character is reported and never printed as a box."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from fontTools.ttLib import TTFont

from yinzheng.verifier.errors import DataFault, EnvironmentFault

DIRECTORY: Final = Path(__file__).parent / "fonts"
"""The fonts that documents are set in, and their licence (OFL 1.1)."""

GETA: Final = "〓"
"""What printers set for a character they do not have."""


@cache
def covered() -> frozenset[int]:
    """Code points that the text face draws. Reads the font once, about 0.1 s.

    Raises `EnvironmentFault` `fonts-missing`: they come in a wheel of their own.
    """
    face = DIRECTORY / "YinzhengSerif-Regular.otf"
    if not face.is_file():
        raise EnvironmentFault(
            "the fonts that documents are set in are not installed",
            code="fonts-missing",
            hint="In a checkout run scripts/setup registry, or pip install ./fonts.",
        )
    with TTFont(face, lazy=True) as font:
        return frozenset(font.getBestCmap())


def missing_characters(text: str) -> list[str]:
    """Code points of `text` that cannot be printed, as `U+20BB7`, each once, in order of appearance.

    Control (line breaks too), bidirectional and other invisible characters count as missing: what a person
    cannot see on paper must not be in what the paper says.
    """
    drawn = covered()
    if drawn.issuperset(map(ord, text)):  # nearly always, and tens of thousands of texts make one report
        return []
    absent = [char for char in text if ord(char) not in drawn]
    return [f"U+{ord(char):04X}" for char in dict.fromkeys(absent)]


def require_printable(texts: Iterable[tuple[str, str]]) -> None:
    """Refuse (field name, text) pairs of which any holds a character the font lacks.

    Raises DataFault `font-missing-character`; its data names the first such field and the code points.
    """
    for field, text in texts:
        missing = missing_characters(text)
        if missing:
            raise DataFault(
                f"{field} holds characters that the certificate font cannot print: {', '.join(missing[:20])}",
                code="font-missing-character",
                hint="use characters that the font draws; control and invisible characters are not printed",
                field=field,
                characters=missing,
            )


def printable(data: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The same JSON values with 〓 for every character that cannot be printed, and which those are.

    For documents about what others wrote, where refusing would keep a reader from what is theirs.
    """
    press = _Press({})
    return {name: press.set(value) for name, value in data.items()}, list(press.replaced)


@dataclass(frozen=True, slots=True)
class _Press:
    """Puts 〓 for what the font lacks, and remembers what it stands for."""

    replaced: dict[str, None]

    def set(self, value: Any) -> Any:
        """The same value with every text in it printable."""
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, dict):
            return {name: self.set(member) for name, member in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.set(member) for member in value]
        return value

    def _text(self, text: str) -> str:
        lacking = dict.fromkeys(missing_characters(text))
        if not lacking:
            return text
        self.replaced.update(lacking)
        return "".join(GETA if f"U+{ord(char):04X}" in lacking else char for char in text)

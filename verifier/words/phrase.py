"""A text in both languages of the interface."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

Language: TypeAlias = Literal["zh", "en"]


class Phrase(NamedTuple):
    """A text in both languages."""

    zh: str
    en: str

    def said(self, language: Language) -> str:
        """The text in that language."""
        return self.zh if language == "zh" else self.en

"""A fault in words."""

from __future__ import annotations

from dataclasses import dataclass

from yinzheng.verifier.words.phrase import Phrase as Label


@dataclass(frozen=True, slots=True)
class Fault:
    """A message and what to do, for people."""

    message: Label
    hint: Label

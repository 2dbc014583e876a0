"""What somebody who objected on the chain itself meant, as a paper that is handed in afterwards (S24.2).

The contracts have the digest of a commitment alone. The paper opens it, and names the account that raised it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final

from yinzheng.verifier.bytes.canonical import Check, hex_bytes
from yinzheng.verifier.bytes.shape import Versioned, shape
from yinzheng.verifier.bytes.wording import check_name, check_words
from yinzheng.verifier.formats.opening_paper import OpeningPaper

FORMAT: Final = "yinzheng/objection-paper/1"
MAX_PAPER: Final = 64 * 1024
"""Bytes of a paper, however it is written."""
MAX_REASONS: Final = 5_000
"""Characters."""


@dataclass(frozen=True, slots=True)
class Objected(Versioned):
    """What the commitment is to."""

    about: Annotated[bytes, hex_bytes(32)]
    """The identifier on chain of the case or certificate."""
    objector: Annotated[str, check_name(1, 400)]
    reasons: Annotated[str, check_words(1, MAX_REASONS)]


@dataclass(frozen=True, slots=True)
class ObjectionPaper(OpeningPaper[Objected]):
    """A paper of an objection raised with the contracts."""

    FORMAT: ClassVar[str] = FORMAT
    NAMED: ClassVar[str] = "objection"
    BODY: ClassVar[Check[Any]] = staticmethod(shape(Objected))

    @property
    def about(self) -> bytes:
        """The case or certificate."""
        return self.body.about


parse_objection_paper: Final = ObjectionPaper.parse
_FIELDS: Final = ObjectionPaper.fields()

"""What somebody who objected on the chain itself meant, as a paper that is handed in afterwards (S24.2).

The contracts have the digest of a commitment alone. The paper opens it, and names the account that raised it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final

from yinzheng.verifier.bytes.algorithms import keccak256
from yinzheng.verifier.bytes.canonical import JSON, Check, constant, hex_bytes, read_object
from yinzheng.verifier.bytes.shape import Versioned, shape
from yinzheng.verifier.bytes.wording import check_name, check_words
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.log.statement import commit_private

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
class ObjectionPaper:
    """A paper; `parse_objection_paper` makes one that names the objection it is of."""

    body: Objected
    secret: bytes
    """32 bytes; it opens the commitment."""
    account: bytes
    """20 bytes: whose transaction it was."""

    @property
    def digest(self) -> bytes:
        """What the contracts were told, 32 bytes."""
        return commit_private(self.secret, self.body.canonical()).sha256

    @property
    def name(self) -> bytes:
        """What the contracts call the objection, 32 bytes."""
        return name_of(self.body.about, self.digest, self.account)

    def to_json(self) -> dict[str, JSON]:
        """The object of S24.2."""
        return {
            "format": FORMAT,
            "body": self.body.to_json(),
            "secret": self.secret.hex(),
            "account": self.account.hex(),
            "objection": self.name.hex(),
        }


def name_of(about: bytes, digest: bytes, account: bytes) -> bytes:
    """What the contracts call something that an account other than the registry's told them (S24.2)."""
    return keccak256(about + digest + account.rjust(32, b"\0"))


def parse_objection_paper(value: object) -> ObjectionPaper:
    """Read a paper.

    Raises `DataFault`: a code of `read_object`, or `commitment` (body, secret or account is another's than
    the objection that it names).
    """
    found = read_object(value, _FIELDS)
    paper = ObjectionPaper(found["body"], found["secret"], found["account"])
    if paper.name != found["objection"]:
        raise DataFault("this paper does not open the objection that it names", code="commitment")
    return paper


_FIELDS: Final[dict[str, Check[Any]]] = {
    "format": constant(FORMAT),
    "body": shape(Objected),
    "secret": hex_bytes(32),
    "account": hex_bytes(20),
    "objection": hex_bytes(32),
}

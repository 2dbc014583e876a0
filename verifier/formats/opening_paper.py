"""A paper that opens what an account told the contracts past the registry: a digest alone (S24.2, S24.5).

Contracts keep the digest of a commitment, under a name made of what it is about, digest and account. The
paper says what the commitment is to, and names the account, which may have been made for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final, Generic, Protocol, Self, TypeVar

from yinzheng.verifier.bytes.algorithms import keccak256
from yinzheng.verifier.bytes.canonical import JSON, Check, constant, hex_bytes, read_object
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.log.statement import commit_private


class Said(Protocol):
    """What a commitment is to."""

    def canonical(self) -> bytes:
        """The bytes committed to."""

    def to_json(self) -> dict[str, JSON]:
        """The same for reading."""


_B = TypeVar("_B", bound=Said)

PARTS: Final[dict[str, Check[Any]]] = {"secret": hex_bytes(32), "account": hex_bytes(20)}


@dataclass(frozen=True, slots=True)
class OpeningPaper(Generic[_B]):
    """A paper; `parse` makes one that opens what it names."""

    FORMAT: ClassVar[str]
    NAMED: ClassVar[str]
    """The field that has what the contracts call it."""
    BODY: ClassVar[Check[Any]]

    body: _B
    secret: bytes
    """32 bytes; it opens the commitment."""
    account: bytes
    """20 bytes: whose transaction it was."""

    @property
    def about(self) -> bytes:
        """What it is about, 32 bytes."""
        raise NotImplementedError

    @property
    def digest(self) -> bytes:
        """What the contracts were told, 32 bytes."""
        return commit_private(self.secret, self.body.canonical()).sha256

    @property
    def name(self) -> bytes:
        """What the contracts call it, 32 bytes."""
        return name_of(self.about, self.digest, self.account)

    def to_json(self) -> dict[str, JSON]:
        """The paper's object."""
        return {
            "format": self.FORMAT,
            "body": self.body.to_json(),
            "secret": self.secret.hex(),
            "account": self.account.hex(),
            self.NAMED: self.name.hex(),
        }

    @classmethod
    def fields(cls) -> dict[str, Check[Any]]:
        """What its object has."""
        return {"format": constant(cls.FORMAT), "body": cls.BODY, **PARTS, cls.NAMED: hex_bytes(32)}

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read a paper.

        Raises `DataFault`: a code of `read_object` or of its body's checks, or `commitment` (body, secret or
        account is another's than what it names).
        """
        found = read_object(value, cls.fields())
        paper = cls(found["body"], found["secret"], found["account"])
        if paper.name != found[cls.NAMED]:
            raise DataFault(f"this paper does not open the {cls.NAMED} that it names", code="commitment")
        return paper


def name_of(about: bytes, digest: bytes, account: bytes) -> bytes:
    """What the contracts call something that an account other than the registry's told them (S24.2)."""
    return keccak256(about + digest + account.rjust(32, b"\0"))

"""A destruction receipt announced on the chain itself, as a paper that is handed in afterwards (S24.5).

The contracts have the digest of a commitment alone: neither who destroyed nor what is to be read there. The
paper opens it, and names the account that announced it, which may have been made for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from yinzheng.verifier.bytes.canonical import JSON, Check, constant, hex_bytes, read_object
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.destruction import SignedReceipt, check_receipt
from yinzheng.verifier.formats.objection_paper import name_of
from yinzheng.verifier.log.statement import commit_private

FORMAT: Final = "yinzheng/receipt-paper/1"


@dataclass(frozen=True, slots=True)
class ReceiptPaper:
    """A paper; `parse_receipt_paper` makes one that names the announcement it is of."""

    body: SignedReceipt
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
        """What the contracts call it, 32 bytes."""
        return name_of(self.body.receipt.withdrawal, self.digest, self.account)

    def to_json(self) -> dict[str, JSON]:
        """The object of S24.5."""
        return {
            "format": FORMAT,
            "body": self.body.to_json(),
            "secret": self.secret.hex(),
            "account": self.account.hex(),
            "receipt": self.name.hex(),
        }


def parse_receipt_paper(value: object) -> ReceiptPaper:
    """Read a paper; the receipt's signature is not checked against anything.

    Raises `DataFault`: a code of `read_object`, `credit-code`, `encoded-bytes`, or `commitment` (body, secret
    or account is another's than the announcement that it names).
    """
    found = read_object(value, _FIELDS)
    paper = ReceiptPaper(found["body"], found["secret"], found["account"])
    if paper.name != found["receipt"]:
        raise DataFault("this paper does not open the receipt that it names", code="commitment")
    return paper


_FIELDS: Final[dict[str, Check[Any]]] = {
    "format": constant(FORMAT),
    "body": check_receipt,
    "secret": hex_bytes(32),
    "account": hex_bytes(20),
    "receipt": hex_bytes(32),
}

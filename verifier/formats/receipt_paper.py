"""A destruction receipt announced on the chain itself, as a paper that is handed in afterwards (S24.5).

Neither who destroyed nor what is to be read on chain. The receipt's signature is not checked here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from yinzheng.verifier.bytes.canonical import Check
from yinzheng.verifier.formats.destruction import SignedReceipt, check_receipt
from yinzheng.verifier.formats.opening_paper import OpeningPaper

FORMAT: Final = "yinzheng/receipt-paper/1"


@dataclass(frozen=True, slots=True)
class ReceiptPaper(OpeningPaper[SignedReceipt]):
    """A paper of a receipt that was announced for a withdrawal."""

    FORMAT: ClassVar[str] = FORMAT
    NAMED: ClassVar[str] = "receipt"
    BODY: ClassVar[Check[Any]] = staticmethod(check_receipt)

    @property
    def about(self) -> bytes:
        """The withdrawal."""
        return self.body.receipt.withdrawal


parse_receipt_paper: Final = ReceiptPaper.parse
_FIELDS: Final = ReceiptPaper.fields()

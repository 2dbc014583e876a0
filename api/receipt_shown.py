"""The code of a patient's own receipt, out of the file that they show: PDF, picture, or the code's text.

The file attached to a PDF proves and bears no credential; the page shows the code that does (ADR 35).
"""

from __future__ import annotations

from yinzheng.verifier.containers.receiptfile import parse_receipt_file
from yinzheng.verifier.containers.target import Presented
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.receipt import (
    ReceiptCore,
    ShortReceipt,
    decode_receipt,
    decode_receipt_qr,
)
from yinzheng.verifier.formats.shortcode import without_bound


def own_code(presented: Presented) -> str:
    """The QR text of the receipt shown; whether it opens anything, the registry says.

    Raises `UsageFault` `receipt-unreadable`, `receipt-proof` (a receipt file, a proof copy's PDF).
    """
    if not presented.is_receipt:
        raise unreadable()
    if presented.file is None:
        return presented.qr or ""
    try:
        attached = decode_receipt_qr(parse_receipt_file(presented.file).qr).core
    except DataFault as fault:
        raise unreadable() from fault
    owned = {text for text in without_bound(presented.shown or ()) if _is_own(text, attached)}
    if len(owned) != 1:
        raise proof_copy()
    return owned.pop()


def _is_own(text: str, attached: ReceiptCore) -> bool:
    """Whether a page's code is the patient's own of the receipt attached, and not another or a proof copy."""
    try:
        shown = decode_receipt(text)
    except DataFault:
        return False
    if isinstance(shown, ShortReceipt):
        return shown.credential is not None and shown.subject == attached.subject
    return shown.credential is not None and shown.core == attached


def proof_copy() -> UsageFault:
    """What is shown proves alone."""
    return UsageFault(
        "this proves the consent, and nobody acts with it",
        code="receipt-proof",
        hint="Use the receipt itself: its PDF, or a photo of the code on it.",
    )


def unreadable() -> UsageFault:
    """What is shown cannot be read."""
    return UsageFault(
        "this is no consent receipt, or not the whole of one",
        code="receipt-unreadable",
        hint="Scan the code on the receipt, or send its PDF or a photo.",
    )

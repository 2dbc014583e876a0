"""What a patient shows who was just handed a receipt."""

from __future__ import annotations

from yinzheng.ledger.consents import credentials
from yinzheng.ledger.consents.reading import open_consent
from yinzheng.ledger.consents.receipts import sign_code
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.withdrawals.claims import ReceiptClaim
from yinzheng.verifier.formats.receipt import decode_receipt_qr, with_credential


def handed_out(registry: Registry, subject: bytes) -> ReceiptClaim:
    """The first receipt of a consent, whether it is anchored or not, with the right date of birth."""
    with registry.store.transaction() as session:
        opened = open_consent(registry, session, subject)
        credential = credentials.issue(session, opened.seal, subject, registry.clock())
    code = decode_receipt_qr(with_credential(sign_code(registry, opened), credential))
    return ReceiptClaim(code, opened.consent.person.born)

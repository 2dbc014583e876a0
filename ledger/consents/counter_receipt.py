"""A receipt that somebody shows at a counter: of which consent it is, if this registry signed it (S13.1)."""

from __future__ import annotations

from functools import lru_cache

from yinzheng.ledger.state.instance import Instance
from yinzheng.ledger.state.policy import trust_policy
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.containers.receiptfile import parse_receipt_file
from yinzheng.verifier.containers.target import read_target
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.receipt import ReceiptCore, ShortReceipt, decode_receipt
from yinzheng.verifier.judge.obligations import issuer_entitled, issuer_signature
from yinzheng.verifier.judge.receipt.verify import receipt_signed
from yinzheng.verifier.judge.trust import TrustPolicy, parse_trust


def subject_of_receipt(instance: Instance, shown: bytes) -> bytes:
    """The subject of the consent, 32 bytes, by a receipt as PDF, picture, file or QR text.

    Believed for its signed core alone, as `require_signed_here`; of a short code (S13.9) the subject is taken
    as if it were typed in. Nobody is let in by either. Raises `DataFault` (`receipt-foreign`, or what reading
    it raises), `UsageFault` as `read_target`.
    """
    presented = read_target(shown)
    qr = presented.qr if presented.file is None else parse_receipt_file(presented.file).qr
    code = decode_receipt(qr or "")
    if not isinstance(code, ShortReceipt):
        require_signed_here(instance, code.core)
    return code.subject


@lru_cache(maxsize=4)
def _read(policy: bytes) -> TrustPolicy:
    return parse_trust(policy)


def require_signed_here(instance: Instance, core: ReceiptCore) -> None:
    """(2) (3) The core is signed by a key of this registry that was entitled to when it signed (R41).

    Asks no store, so that the answer is the same whatever consents there are. Raises `DataFault`
    (`receipt-foreign`).
    """
    try:
        signed, trust = receipt_signed(core), _read(canonical.dumps(trust_policy(instance)))
        issuer_entitled(signed, issuer_signature(signed, trust))
    except DataFault as fault:
        raise DataFault(
            "this receipt was not signed by this registry",
            code="receipt-foreign",
            hint="Show the receipt that this registry gave. One that is damaged, or signed with a key no "
            "longer to be trusted, is replaced at a counter, where an identity document is seen.",
            reason=fault.code,
        ) from fault

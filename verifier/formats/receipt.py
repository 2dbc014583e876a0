"""The patient's receipt of a consent: its signed core and its QR text (S13.1, S13.2).

The text carries in its fragment the 32 bytes that open the consent's commitment: whoever holds the receipt
can show what was consented to, and withdraw it. No browser sends a fragment, so no server's log keeps it.
The core itself names nobody; it is the registry's word that this statement was received.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import cbor2

from yinzheng.verifier.bytes.algorithms import COMMITMENT_KEY_BYTES, DigestPair
from yinzheng.verifier.bytes.canonical import integer
from yinzheng.verifier.bytes.cose import (
    IssuerSigner,
    from_base32,
    is_form,
    load_fields,
    match_qr,
    open_core,
    payload_fault,
    qr_form,
    qr_prefix,
    sign_core,
    to_base32,
)
from yinzheng.verifier.bytes.wording import PARTY
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.body import Party
from yinzheng.verifier.log.statement import Statement

CONSENT_GRANTED: Final = "consent.granted"

_VERSION: Final = 1
_FIELDS: Final = 9
_AAD: Final = b"yinzheng/consent-receipt/1"
_FORM: Final = qr_form(r"/c#(?P<core>[^/?#\s.]*)\.(?P<secret>[^/?#\s.]*)")


@dataclass(frozen=True, slots=True)
class ReceiptCore:
    """What a receipt's core says and who is said to have signed it. Well formed; nothing is verified yet."""

    subject: bytes
    """Of the consent (S2.4)."""
    profile: str
    at: int
    """Of the statement: the hour in which consent was given."""
    commitment: DigestPair
    registry: Party
    notice: bytes
    """Leaf hash of the notice's statement."""
    issued_at: int
    """When this receipt was signed, be it long after the consent: a receipt is made anew when asked for."""
    head: bytes | None
    """Leaf hash of the last statement about the consent by then; None if none followed its own."""
    kid: bytes
    signed: bytes
    signature: bytes

    def statement(self) -> Statement:
        """The statement that follows from the core (S13.1), without any server."""
        return granted_statement(
            subject=self.subject, profile=self.profile, at=self.at, commitment=self.commitment
        )


@dataclass(frozen=True, slots=True)
class ReceiptCode:
    """What a receipt's QR code holds: the core, and the secret that opens the statement's commitment."""

    core: ReceiptCore
    secret: bytes = field(repr=False)


def granted_statement(*, subject: bytes, profile: str, at: int, commitment: DigestPair) -> Statement:
    """The statement of a consent; it begins a thread, so nothing comes before it."""
    return Statement(CONSENT_GRANTED, profile, subject, at, commitment, None, "controller")


def encode_receipt(
    statement: Statement,
    secret: bytes,
    *,
    registry: Party,
    notice: bytes,
    issued_at: int,
    head: bytes | None = None,
    signer: IssuerSigner,
    host: str,
) -> str:
    """The QR text of a receipt for a `consent.granted` statement, signed (S13.1, S13.2).

    ``secret`` is the commitment's key, ``notice`` the leaf hash of the notice's statement,
    ``issued_at`` the time of signing, ``head`` the leaf hash of the last statement since, if there is one.
    Raises `UsageFault`: `receipt-statement` (not the statement of a consent, or one of later than
    ``issued_at``), `commitment-key`, `qr-host`.
    """
    granted = granted_statement(
        subject=statement.subject,
        profile=statement.profile,
        at=statement.at,
        commitment=statement.commitment,
    )
    if statement != granted or issued_at < statement.at:
        raise UsageFault("a receipt is for the statement of a consent", code="receipt-statement")
    if len(secret) != COMMITMENT_KEY_BYTES:
        raise UsageFault("a commitment key has 32 bytes", code="commitment-key")
    fields = {
        0: _VERSION,
        1: statement.subject,
        2: statement.profile,
        3: statement.at,
        4: statement.commitment.sm3 + statement.commitment.sha256,
        5: [registry.name, registry.code],
        6: notice,
        7: issued_at,
        8: head,
    }
    core = sign_core(cbor2.dumps(fields, canonical=True), signer, _AAD)
    # The longest name of a registry makes some 1,100 characters: far below MAX_QR, and easily read.
    return f"{qr_prefix(host, '/C#')}{to_base32(core)}.{to_base32(secret)}"


def is_receipt_text(text: str) -> bool:
    """Whether a text has the form of a receipt's, so that among several codes the right one is read."""
    return is_form(text, _FORM)


def decode_receipt_qr(qr: str) -> ReceiptCode:
    """Read a receipt's QR text strictly (S13.2). The host means nothing.

    Raises `DataFault`: `qr-too-long`, `qr-foreign`, `qr-scheme`, `qr-alphabet`, `qr-bits`, `receipt-secret`
    (not of 32 bytes), or what `decode_receipt_core` raises.
    """
    hint = "Scan the code on the receipt itself; its text has the form HTTPS://…/C#…."
    match = match_qr(qr, _FORM, "receipt", hint)
    core, secret = decode_receipt_core(from_base32(match["core"])), from_base32(match["secret"])
    if len(secret) != COMMITMENT_KEY_BYTES:
        raise DataFault("a receipt's QR text ends in 32 bytes", code="receipt-secret")
    return ReceiptCode(core, secret)


def decode_receipt_core(core: bytes) -> ReceiptCore:
    """Read a core (S13.1) strictly: one encoding alone is accepted.

    Raises `DataFault`: `core-malformed`, `core-payload` (with the reason in its message).
    """
    found = open_core(core, _AAD)
    fields = load_fields(found.payload)
    if list(fields) != list(range(_FIELDS)) or type(fields[0]) is not int or fields[0] != _VERSION:
        raise payload_fault("has not exactly the fields of a receipt")
    _, subject, profile, at, commitment, registry, notice, issued_at, head = fields.values()
    lengths = [(subject, 32), (commitment, 64), (notice, 32)] + ([] if head is None else [(head, 32)])
    if any(type(value) is not bytes or len(value) != length for value, length in lengths):
        raise payload_fault("has a hash of another length")
    try:
        made = ReceiptCore(
            subject,
            profile,
            at,
            DigestPair(commitment[:32], commitment[32:]),
            _registry(registry),
            notice,
            integer()(issued_at, "$.issued_at"),
            head,
            found.kid,
            found.signed,
            found.signature,
        )
        granted = made.statement()
    except DataFault as fault:
        raise DataFault(
            f"the receipt's content is malformed: {fault.message}", code="core-payload", reason=fault.code
        ) from fault
    if made.issued_at < made.at:
        raise payload_fault("was signed before its consent was given")
    if head == granted.leaf_hash:
        raise payload_fault("names its own consent as what followed it")
    return made


def _registry(value: Any) -> Party:
    if type(value) is not list or len(value) != 2:
        raise payload_fault("does not name the registry")
    return PARTY({"name": value[0], "code": value[1]}, "$.registry")

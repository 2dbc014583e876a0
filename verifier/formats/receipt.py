"""The patient's receipt of a consent: its signed core and its QR text (S13.1, S13.2).

The core names nobody; it is the registry's word that this statement was received. The text that the patient
holds carries besides, in its fragment, the receipt's credential: 32 bytes by which the registry knows who
asks. No browser sends a fragment, so no server's log keeps it. What opens the consent's commitment is another
secret and stands in the receipt file (S13.3), which proves and gives no power: packs and courts see it.

Beside that code stands a short one (S13.9): the consent's subject in place of the core. It lets in whom the
large one lets in, and proves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import cbor2

from yinzheng.verifier.bytes.algorithms import DigestPair
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

CREDENTIAL_BYTES: Final = 32

PROOF: Final = "PROOF"
"""Stands in a proof copy's text where the credential would: never base 32 of 32 bytes."""

_VERSION: Final = 1
_FIELDS: Final = 10
_AAD: Final = b"yinzheng/consent-receipt/1"
_FORM: Final = qr_form(r"/[cC]#(?P<core>[A-Za-z2-7]*+[^/?#\s.]*)\.(?P<credential>[^/?#\s.]*)")
_SHORT: Final = qr_form(r"/[cC]#(?P<subject>[A-Za-z2-7]{52})\.(?P<credential>[^/?#\s.]*)")
"""A subject has 52 digits, and a core several hundred."""
_HINT: Final = "Scan the code on the receipt itself; its text has the form HTTPS://…/C#…."


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
    lines: bytes | None
    """Keyed digest of what the file tells of access lines (S13.8); None for a code signed for no file."""
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
    """What a receipt's QR code holds: the core, and the credential of who asks; None for a proof copy."""

    core: ReceiptCore
    credential: bytes | None = field(repr=False)

    @property
    def subject(self) -> bytes:
        """Of the consent."""
        return self.core.subject


@dataclass(frozen=True, slots=True)
class ShortReceipt:
    """What a receipt's short code holds (S13.9): whose consent it is of, and the credential; None on a proof
    copy. Nobody signed it.
    """

    subject: bytes
    credential: bytes | None = field(repr=False)


AnyReceiptCode: TypeAlias = ReceiptCode | ShortReceipt
"""What is read of a receipt's code, whichever was shown."""


def granted_statement(*, subject: bytes, profile: str, at: int, commitment: DigestPair) -> Statement:
    """The statement of a consent; it begins a thread, so nothing comes before it."""
    return Statement(CONSENT_GRANTED, profile, subject, at, commitment, None, "controller")


def encode_receipt(
    statement: Statement,
    *,
    registry: Party,
    notice: bytes,
    issued_at: int,
    head: bytes | None = None,
    lines: bytes | None = None,
    signer: IssuerSigner,
    host: str,
) -> str:
    """The QR text of a receipt's proof copy for a `consent.granted` statement, signed (S13.1, S13.2).

    ``notice`` is the leaf hash of the notice's statement, ``issued_at`` the time of signing, ``head`` the
    leaf hash of the last statement since, if there is one, ``lines`` the digest of what is told of accesses.
    `with_credential` makes the patient's own of it.
    Raises `UsageFault`: `receipt-statement` (not the statement of a consent, or one of later than
    ``issued_at``), `qr-host`.
    """
    granted = granted_statement(
        subject=statement.subject,
        profile=statement.profile,
        at=statement.at,
        commitment=statement.commitment,
    )
    if statement != granted or issued_at < statement.at:
        raise UsageFault("a receipt is for the statement of a consent", code="receipt-statement")
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
        9: lines,
    }
    core = sign_core(cbor2.dumps(fields, canonical=True), signer, _AAD)
    # The longest name of a registry makes some 1,100 characters: far below MAX_QR, and easily read.
    return f"{qr_prefix(host, '/C#')}{to_base32(core)}.{PROOF}"


def with_credential(qr: str, credential: bytes) -> str:
    """The text with this credential: what the patient's own receipt shows.

    Raises as `decode_receipt_qr`, and `UsageFault` `receipt-credential` for other than 32 bytes.
    """
    if len(credential) != CREDENTIAL_BYTES:
        raise UsageFault("a receipt's credential has 32 bytes", code="receipt-credential")
    return f"{_up_to_credential(qr)}{to_base32(credential)}"


def without_credential(qr: str) -> str:
    """The text of the proof copy: the same core, and nothing that lets anyone act.

    Raises as `decode_receipt_qr`.
    """
    return f"{_up_to_credential(qr)}{PROOF}"


def _up_to_credential(qr: str) -> str:
    decode_receipt_qr(qr)
    return qr.strip().rpartition(".")[0] + "."


def is_receipt_text(text: str) -> bool:
    """Whether a text has the form of a receipt's, large or short, so that among several codes the right one
    is read.
    """
    return "#" in text and is_form(text, _FORM)


def is_short_receipt(text: str) -> bool:
    """Whether a text has the form of a receipt's short code."""
    return "#" in text and is_form(text, _SHORT)


def short_receipt(qr: str) -> str:
    """The text of the short code beside that one. Raises as `decode_receipt_qr`."""
    address, _, ends = qr.strip().upper().partition("#")
    return f"{address}#{to_base32(decode_receipt_qr(qr).subject)}.{ends.rpartition('.')[2]}"


def decode_receipt(qr: str) -> AnyReceiptCode:
    """Read the text of a receipt's code strictly, large or short (S13.2, S13.9).

    Raises as `decode_receipt_qr` and `decode_short_receipt`.
    """
    return decode_short_receipt(qr) if is_short_receipt(qr) else decode_receipt_qr(qr)


def decode_short_receipt(qr: str) -> ShortReceipt:
    """Read a receipt's short code strictly (S13.9). The host means nothing.

    Raises `DataFault`: `qr-…`, `receipt-credential` as `decode_receipt_qr`.
    """
    match = match_qr(qr, _SHORT, "receipt", _HINT)
    return ShortReceipt(from_base32(match["subject"]), _credential(match["credential"]))


def decode_receipt_qr(qr: str) -> ReceiptCode:
    """Read a receipt's QR text strictly (S13.2), the large one. The host means nothing.

    Raises `DataFault`: `qr-too-long`, `qr-foreign`, `qr-scheme`, `qr-alphabet`, `qr-bits`,
    `receipt-credential` (not of 32 bytes), or what `decode_receipt_core` raises.
    """
    match = match_qr(qr, _FORM, "receipt", _HINT)
    core = decode_receipt_core(from_base32(match["core"]))
    return ReceiptCode(core, _credential(match["credential"]))


def _credential(written: str) -> bytes | None:
    """The credential at a text's end; None of a proof copy's."""
    if written.upper() == PROOF:
        return None
    credential = from_base32(written)
    if len(credential) != CREDENTIAL_BYTES:
        raise DataFault("a receipt's QR text ends in 32 bytes", code="receipt-credential")
    return credential


def decode_receipt_core(core: bytes) -> ReceiptCore:
    """Read a core (S13.1) strictly: one encoding alone is accepted.

    Raises `DataFault`: `core-malformed`, `core-payload` (with the reason in its message).
    """
    found = open_core(core, _AAD)
    fields = load_fields(found.payload)
    if list(fields) != list(range(_FIELDS)) or type(fields[0]) is not int or fields[0] != _VERSION:
        raise payload_fault("has not exactly the fields of a receipt")
    _, subject, profile, at, commitment, registry, notice, issued_at, head, lines = fields.values()
    lengths = [(subject, 32), (commitment, 64), (notice, 32)]
    lengths += [(value, 32) for value in (head, lines) if value is not None]
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
            lines,
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

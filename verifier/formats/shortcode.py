"""Short codes: of a certificate or voucher (S6.11) its number, and sixteen bytes that name one core.

The large code proves what it says, and is too dense for many a reader. The short one is read by every reader
and proves nothing: it binds a sheet of paper to the one document that is registered under its number. Whoever
reads it asks a ledger for the large code's text, compares, and goes on with that. A receipt has one of
another form (S13.9, `receipt`); which code stands beside which is told here for all.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from yinzheng.verifier.bytes.algorithms import sha256
from yinzheng.verifier.bytes.cose import from_base32, is_form, match_qr, qr_form, to_base32
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.body import is_number
from yinzheng.verifier.formats.certificate import decode_qr
from yinzheng.verifier.formats.licence import is_licence_number
from yinzheng.verifier.formats.receipt import (
    AnyReceiptCode,
    decode_receipt_qr,
    decode_short_receipt,
    is_receipt_text,
    is_short_receipt,
    short_receipt,
)
from yinzheng.verifier.formats.voucher import decode_voucher, is_voucher_text

CHECK_BYTES: Final = 16
"""Of SHA-256 of the core: nobody finds another core with the same ones."""

_FORM: Final = qr_form(
    r"/(?:[vV]/(?P<certificate>[sS][jJ][0-9]{13})|[lL]/(?P<licence>[lL]-[0-9]{4}-[0-9]{6}))"
    r"\.(?P<check>[^/?#\s]*)"
)


@dataclass(frozen=True, slots=True)
class ShortCode:
    """What a short code says. Well formed; whether there is such a document, a ledger knows."""

    number: str
    """A certificate's (R14) or a licence's (S6.6)."""
    check: bytes
    """The first 16 bytes of SHA-256 of the core."""

    @property
    def path(self) -> str:
        """The path of its address, in the one way of writing it."""
        room = "L" if is_licence_number(self.number) else "V"
        return f"/{room}/{self.number}.{to_base32(self.check)}"

    def names(self, qr: str) -> bool:
        """Whether the code named is this one, of a certificate or voucher (S6.3, S6.8)."""
        return (name := name_of(qr)) is not None and hmac.compare_digest(self.check, name)


def check_of(qr: str) -> bytes:
    """The sixteen bytes that name the core in a certificate's or voucher's QR text.

    Raises `DataFault`: `qr-alphabet`, `qr-bits`.
    """
    return sha256(from_base32(qr.strip().rpartition("/")[2]))[:CHECK_BYTES]


def short_code(qr: str) -> str:
    """The text of the short code beside the one of that text.

    Raises as `decode_qr`, `decode_voucher`, `decode_receipt_qr`.
    """
    if is_receipt_text(qr):
        return short_receipt(qr)
    read = decode_voucher if is_voucher_text(qr) else decode_qr
    return short_text(read(qr).body.number, qr)


def short_text(number: str, qr: str) -> str:
    """The same of a document whose number is known. Raises as `check_of`."""
    address = qr.strip().upper().rpartition("/")[0].rpartition("/")[0]
    return address + ShortCode(number, check_of(qr)).path


def is_short_text(text: str) -> bool:
    """Whether a text has the form of a certificate's or voucher's short code."""
    return text.rfind(".") > text.rfind("/") and is_form(text, _FORM)


def is_any_short(text: str) -> bool:
    """Whether a text has the form of a short code, a receipt's too."""
    return is_short_text(text) or is_short_receipt(text)


def decode_short(text: str) -> ShortCode:
    """Read a short code's text, or the path of its address, strictly. The host means nothing.

    Raises `DataFault`: `qr-…` as `decode_qr`, `short-number`, `short-check` (not of 16 bytes).
    """
    hint = "Scan the code on the document itself; a short one's text has the form HTTPS://…/V/NUMBER.…."
    match = match_qr(text, _FORM, "certificate", hint)
    number = (match["certificate"] or match["licence"]).upper()
    if not is_number(number) and not is_licence_number(number):
        raise DataFault("a short code names no number there can be", code="short-number")
    check = from_base32(match["check"])
    if len(check) != CHECK_BYTES:
        raise DataFault(
            "a short code ends in 16 bytes", code="short-check", hint="Scan the whole code again."
        )
    return ShortCode(number, check)


def name_in(short: str, *, whole: bool = True) -> bytes | None:
    """What a short code's text names its large code by, to be compared with `name_of`; None if it is none.

    Without ``whole`` a receipt's names its consent alone, as what is attached to one has no credential.
    """
    try:
        if not is_short_receipt(short):
            return decode_short(short).check
        return _of_receipt(decode_short_receipt(short), whole=whole)
    except DataFault:
        return None


def name_of(qr: str, *, whole: bool = True) -> bytes | None:
    """What a short code names the code of that text by; None if it is no large one."""
    try:
        if not is_receipt_text(qr):
            return check_of(qr)
        return _of_receipt(decode_receipt_qr(qr), whole=whole)
    except DataFault:
        return None


def _of_receipt(code: AnyReceiptCode, *, whole: bool) -> bytes:
    return code.subject + (code.credential or b"" if whole else b"")


def without_bound(texts: Iterable[str]) -> set[str]:
    """Texts of codes, less each short one that names a large one among them: both are on every paper."""
    short = set(filter(is_any_short, texts := set(texts)))
    large = texts - short
    named = {name_of(qr) for qr in large} - {None}
    return large | {one for one in short if name_in(one) not in named}


def require_agreeing(texts: Iterable[str]) -> None:
    """Refuse codes of which two are of one number and of different cores: no paper has both.

    Raises `DataFault` `codes-contradict`.
    """
    named = {one for one in map(_named, texts) if one is not None}
    if len({one.number for one in named}) < len(named):
        raise DataFault(
            "two of the codes have one number and are of different documents",
            code="codes-contradict",
            hint="No paper of the registry has both: rely on neither before it has told which it is.",
        )


def _named(text: str) -> ShortCode | None:
    """Which certificate or voucher a code is of; None where it is of neither."""
    try:
        return decode_short(text if is_short_text(text) else short_code(text))
    except DataFault:
        return None

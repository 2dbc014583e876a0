"""Telling what is handed over to be checked: a PDF, a picture, a file, a QR text, a number."""

from __future__ import annotations

from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from yinzheng.verifier.containers.page import code_shown, codes_shown
from yinzheng.verifier.containers.pasted import MAX_PASTED, find_code
from yinzheng.verifier.containers.pdf import extract_file
from yinzheng.verifier.containers.receiptfile import is_receipt_file
from yinzheng.verifier.containers.scan import find_qr, is_ours
from yinzheng.verifier.containers.voucherfile import is_voucher_file
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.body import NUMBER_LENGTH, is_number
from yinzheng.verifier.formats.licence import is_licence_number
from yinzheng.verifier.formats.receipt import is_receipt_text
from yinzheng.verifier.formats.shortcode import ShortCode, decode_short, is_short_text
from yinzheng.verifier.formats.voucher import is_voucher_text

Kind: TypeAlias = Literal["pdf", "image", "json", "qr", "number"]

_SEARCHED: Final = 1024
"""Bytes in which a PDF may begin, as its common readers allow."""


@dataclass(frozen=True, slots=True)
class Presented:
    """What is to be verified, got out of its container and not yet read: exactly one of the three is there.

    Reading a certificate file or a QR text is obligation 1, and so `verify`'s.
    """

    kind: Kind
    file: bytes | None = None
    """A certificate file (S6.5), a voucher's (S6.9) or a receipt file (S13.3)."""
    qr: str | None = None
    """A QR text (S6.3, S6.8, S13.2)."""
    number: str | None = None
    """A certificate's number alone: it proves nothing (R14) and needs a live ledger. With `check`, what a
    short code (S6.11) says, a licence's number then as well.
    """
    shown: tuple[str, ...] | None = None
    """QR texts of ours that a PDF's pages show, ascending; None if no page was looked at."""
    whole: bool = True
    """Whether all its pages were looked at, if any was."""
    name: str = ""
    """The name of the file that was handed over, if it had one."""
    check: bytes | None = None
    """Of a short code: which core the number is to have, 16 bytes."""

    @property
    def is_receipt(self) -> bool:
        """Whether it calls itself a patient's receipt, for `verify_receipt`; else it is for `verify`."""
        if self.file is not None:
            return is_receipt_file(self.file)
        return self.qr is not None and is_receipt_text(self.qr)

    @property
    def is_voucher(self) -> bool:
        """Whether it calls itself the voucher of a licence, for `verify_voucher`."""
        if self.file is not None:
            return is_voucher_file(self.file)
        if self.number is not None:
            return is_licence_number(self.number)
        return self.qr is not None and is_voucher_text(self.qr)

    @property
    def short(self) -> ShortCode | None:
        """What was presented, if it is a short code."""
        if self.number is None or self.check is None:
            return None
        return ShortCode(self.number, self.check)

    @property
    def code(self) -> str | None:
        """The text of the code that was presented, of a short one its path; None for all else."""
        return self.qr if self.short is None else self.short.path


def read_target(data: bytes | str, *, name: str = "", pages: bool = True) -> Presented:
    """Tell what ``data`` is by its content and take the certificate out of it.

    ``name`` is the file's, for whoever compares it with the content. Pages of a PDF are looked at for codes
    where the extra ``image`` is installed, unless ``pages`` is false or nothing is attached.

    Raises `DataFault` when no certificate can be got out (`image-…`, `pdf-…`, `target-unknown`,
    `target-empty`, `qr-fragment-missing`; for a short code as `decode_short`), and `UsageFault`
    `image-support`. None of that says anything about a certificate.
    """
    found = _read(data, pages=pages)
    return replace(found, name=name) if name else found


def _read(data: bytes | str, *, pages: bool) -> Presented:
    if isinstance(data, str):
        return _read_text(data)
    if not data:
        raise DataFault("the file is empty", code="target-empty")
    if _is_pdf(data):
        return _read_pdf(data, pages=pages)
    if _is_image(data):
        return _of_code("image", find_qr(data))
    if data.lstrip()[:1] == b"{":
        return Presented("json", file=data)
    encoding = "utf-16" if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "utf-8-sig"
    try:
        return _read_text(data.decode(encoding))
    except UnicodeDecodeError as error:
        # As editors in China save a text. A code is read in it, and whole; what it says beside it is not.
        if len(data) <= 2 * MAX_PASTED and is_ours(found := find_code(data.decode("gb18030", "replace"))):
            return _of_code("qr", found)
        raise DataFault(
            "this is no file a certificate comes as",
            code="target-unknown",
            hint="Give a PDF, a PNG or JPEG picture, the JSON file, or the text of the QR code.",
        ) from error


def _read_pdf(data: bytes, *, pages: bool) -> Presented:
    """What is attached, beside what the pages show; of a scan or a print, what they show."""
    file = extract_file(data)
    if file is not None:
        shown = codes_shown(data) if pages else None
        if shown is None:
            return Presented("pdf", file=file)
        return Presented("pdf", file=file, shown=shown.codes, whole=shown.whole)
    qr = code_shown(data)
    if qr is None:
        raise DataFault(
            "the PDF has no certificate file attached, and no code can be read on its pages",
            code="pdf-no-attachment",
            hint="Printing to PDF drops attachments: give the file as issued, or a picture of its code.",
        )
    return replace(_of_code("pdf", qr), shown=(qr,))


def _of_code(kind: Kind, text: str) -> Presented:
    """What a code's text stands for; of a short one, whose form is read here, a number and its core."""
    if not is_short_text(text):
        return Presented(kind, qr=text)
    short = decode_short(text)
    return Presented(kind, number=short.number, check=short.check)


def needs_taking_apart(data: bytes) -> bool:
    """Whether reading it takes large libraries that were not written for enemies."""
    return _is_pdf(data) or _is_image(data)


def _is_pdf(data: bytes) -> bool:
    return b"%PDF-" in data[:_SEARCHED]


def _is_image(data: bytes) -> bool:
    webp = data[:4] == b"RIFF" and data[8:12] == b"WEBP"
    return webp or data.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"))


def _read_text(text: str) -> Presented:
    text = text.strip()
    if not text:
        raise DataFault("nothing was given to check", code="target-empty")
    if text.startswith("{"):
        # Lone surrogates have no UTF-8; what replaces them is refused as JSON.
        return Presented("json", file=text.encode("utf-8", "surrogatepass"))
    if len(text) == NUMBER_LENGTH and is_number(text.upper()):
        return Presented("number", number=text.upper())
    return _of_code("qr", find_code(text))

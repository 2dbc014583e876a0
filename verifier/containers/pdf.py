"""The file attached to the PDF of a certificate (S6.5) or of a receipt (S13.3)."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Final

from yinzheng.verifier.containers.receiptfile import RECEIPT_FILE
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.body import is_number

MAX_PDF: Final = 64 * 1024 * 1024
"""Bytes of a PDF."""

MAX_ATTACHMENTS: Final = 256
"""Embedded files looked at; ours has one."""


def extract_file(data: bytes) -> bytes:
    """The bytes of the embedded ``NUMBER.json`` or ``receipt.json``; that file itself is not read here.

    Raises `DataFault`: `pdf-too-large`, `pdf-encrypted`, `pdf-no-attachment`, `pdf-several`, `pdf-malformed`.
    """
    if len(data) > MAX_PDF:
        raise DataFault(
            f"the PDF has {len(data) >> 20} MiB, more than {MAX_PDF >> 20}",
            code="pdf-too-large",
            hint="Give the certificate's own PDF, not a collection it was bound into.",
        )
    try:
        found = list(_candidates(data))
    except DataFault:
        raise
    except Exception as error:
        # pypdf documents its own errors, but damaged files make it raise others of every kind.
        raise DataFault(
            "the PDF is damaged", code="pdf-malformed", hint="Fetch it again from where it was issued."
        ) from error
    if not found:
        raise DataFault(
            "the PDF has no certificate file attached",
            code="pdf-no-attachment",
            hint="Printing to PDF drops attachments: give the file as issued, or a picture of its code.",
        )
    if len(found) > 1:
        raise DataFault(
            "the PDF has several certificate files attached", code="pdf-several", hint="Give one certificate."
        )
    return found[0]


def _candidates(data: bytes) -> Iterator[bytes]:
    """The content of embedded files that are named like ours; others are never decompressed."""
    from pypdf import PdfReader  # slow to import, and not needed for a QR code

    reader = PdfReader(io.BytesIO(data), strict=False)
    if reader.is_encrypted:
        raise DataFault(
            "the PDF is encrypted",
            code="pdf-encrypted",
            hint="Open it with its password and save it without one, or give a picture of its code.",
        )
    for count, embedded in enumerate(reader.attachment_list):
        if count >= MAX_ATTACHMENTS:
            raise DataFault(f"the PDF has more than {MAX_ATTACHMENTS} attachments", code="pdf-malformed")
        name, dot, extension = (embedded.alternative_name or embedded.name).rpartition(".")
        if dot and extension == "json" and (is_number(name) or f"{name}.json" == RECEIPT_FILE):
            yield bytes(embedded.content)

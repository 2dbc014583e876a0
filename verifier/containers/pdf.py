"""The file attached to the PDF of a certificate (S6.5) or of a receipt (S13.3).

PDF 2.0 (ISO 32000-2, 14.13) has many lawful places for an attachment, and offices move ours from one to the
other: what counts is what is attached, not where or under which name.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from typing import Any, Final

from yinzheng.verifier.containers.receiptfile import RECEIPT_FILE
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.body import is_number
from yinzheng.verifier.formats.licence import is_licence_number

MAX_PDF: Final = 64 * 1024 * 1024
"""Bytes of a PDF."""

MAX_ATTACHMENTS: Final = 256
"""Embedded files looked at; ours has one."""

MAX_ATTACHED: Final = 4 * 1024 * 1024
"""Bytes of one embedded file once decompressed; the largest of ours is a receipt's."""

MAX_OBJECTS: Final = 20_000
"""Objects walked through to find attachments in unusual places; our own PDF has some hundreds."""

_MARK: Final = b'"yinzheng/'
"""What every file of ours contains: the name of its format."""


def extract_file(data: bytes) -> bytes | None:
    """The bytes of the one embedded file of ours, which is not read here; None if none is attached.

    Raises `DataFault`: `pdf-too-large`, `pdf-encrypted`, `pdf-several`, `pdf-malformed`.
    """
    if len(data) > MAX_PDF:
        raise DataFault(
            f"the PDF has {len(data) >> 20} MiB, more than {MAX_PDF >> 20}",
            code="pdf-too-large",
            hint="Give the certificate's own PDF, not a collection it was bound into.",
        )
    try:
        found = _found_as_written(data) or _find(data, strict=False)
    except DataFault:
        raise
    except Exception as error:
        # pypdf documents its own errors, but damaged files make it raise others of every kind.
        raise DataFault(
            "the PDF is damaged", code="pdf-malformed", hint="Fetch it again from where it was issued."
        ) from error
    if len(found) > 1:
        raise DataFault(
            "the PDF has several certificate files attached", code="pdf-several", hint="Give one certificate."
        )
    return found.pop() if found else None


def _found_as_written(data: bytes) -> set[bytes]:
    """What `_find` finds in a file whose tables are right; nothing where anything is wrong with it, so that
    it is looked at again and mended.

    To mend tables, pypdf looks at every object of a file first, which takes twice as long as all else.
    """
    try:
        return _find(data, strict=True)
    except DataFault:
        raise
    except Exception:
        return set()


def _find(data: bytes, *, strict: bool) -> set[bytes]:
    """Files of ours where writers commonly put attachments, else wherever one can be reached."""
    from pypdf import PdfReader  # slow to import, and not needed for a QR code

    reader = PdfReader(io.BytesIO(data), strict=strict)
    if reader.is_encrypted and not reader.decrypt(""):  # without an owner's password anyone may read
        raise DataFault(
            "the PDF is encrypted",
            code="pdf-encrypted",
            hint="Open it with its password and save it without one, or give a picture of its code.",
        )
    root = reader.trailer["/Root"].get_object()
    listed = _ours(_walk(_at(root, "/Names", "/EmbeddedFiles")))
    return listed or _ours(_walk(root))


def _at(value: Any, *names: str) -> Any:
    """What lies below some names; None where there is nothing."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
        value = value.get_object() if value is not None else None
    return value


def _ours(specifications: Iterator[Any]) -> set[bytes]:
    """The contents of attachments that are named like ours, or say that they are in a format of ours."""
    found = set()
    for count, specification in enumerate(specifications):
        if count >= MAX_ATTACHMENTS:
            raise DataFault(f"the PDF has more than {MAX_ATTACHMENTS} attachments", code="pdf-malformed")
        embedded = _at(specification, "/EF")
        content = _content(_at(embedded, "/UF") or _at(embedded, "/F")).removeprefix(b"\xef\xbb\xbf")
        name = str(_at(specification, "/UF") or _at(specification, "/F"))
        number = name.removesuffix(".json") if name.endswith(".json") else ""
        named = name == RECEIPT_FILE or is_number(number) or is_licence_number(number)
        if named or (content.lstrip()[:1] == b"{" and _MARK in content):
            found.add(content)
    return found


def _walk(start: Any) -> Iterator[Any]:
    """Every file specification that can be reached, each object once (ISO 32000-2, 7.11.3)."""
    from pypdf.generic import IndirectObject

    waiting, seen, steps = [start], set(), 0
    while waiting:
        value = waiting.pop()
        if isinstance(value, IndirectObject):
            if value.idnum in seen:
                continue
            seen.add(value.idnum)
            value = value.get_object()
        if not isinstance(value, dict | list):
            continue
        steps += 1
        if steps > MAX_OBJECTS:
            raise DataFault(
                "the PDF has more objects than can be searched for attachments",
                code="pdf-too-large",
                hint="Give the certificate's own PDF, or a picture of its code.",
            )
        if isinstance(value, dict) and isinstance(_at(value, "/EF"), dict):
            yield value
        # The latest first, so that what stands first in the file is looked at first.
        waiting.extend(reversed(list(value.values() if isinstance(value, dict) else value)))


def _content(stream: Any) -> bytes:
    """What an embedded file's stream holds, decompressed one byte further than any file of ours is long."""
    from pypdf.generic import StreamObject

    if not isinstance(stream, StreamObject):
        return b""
    filters = _at(stream, "/Filter")
    names = filters if isinstance(filters, list) else [filters]
    if names == ["/FlateDecode"] and _at(stream, "/DecodeParms") is None:
        raw: bytes = stream._data  # `get_data` decompresses without a limit of ours
        return zlib.decompressobj().decompress(raw, MAX_ATTACHED + 1)
    content: bytes = stream.get_data()  # within the library's own limits
    return content[: MAX_ATTACHED + 1]

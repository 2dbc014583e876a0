"""What the eye sees beside what is proved (D14): a PDF's page, a file's name. Compared, or said not to be."""

from __future__ import annotations

import re
from typing import Final

from yinzheng.verifier.chain.evidence import NotGiven
from yinzheng.verifier.containers.target import Presented
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.receipt import is_receipt_text
from yinzheng.verifier.formats.shortcode import decode_short, name_in, name_of, short_code
from yinzheng.verifier.judge.report import Note

_NUMBER: Final = re.compile(r"SJ[0-9]{13}", re.I | re.A)


def page_agrees(presented: Presented, qr: str) -> None:
    """(4) No page of the PDF shows the code of another document than the one presented, whose text is ``qr``
    (empty for a document that has none).

    Raises `DataFault` `page-differs`; `NotGiven` `page-several` where its own is there too, as in a binder,
    unless a short code names another document under the same number (S6.11).
    """
    if presented.shown is None:
        return
    others = _others(presented, qr)
    own_too = len(others) < len(presented.shown)
    if others and own_too and not any(_same_number(text, qr) for text in others):
        raise NotGiven("the pages show codes of several documents, its own among them", code="page-several")
    if others:
        raise DataFault(
            f"the pages show {len(others)} other code(s) than that of the file attached",
            code="page-differs",
            others=[text[:48] for text in others],
        )


def presentation_notes(presented: Presented, qr: str, number: str | None) -> list[Note]:
    """What the reader should compare by eye; ``number`` is the certificate's, None for what has none."""
    notes = []
    if presented.kind == "pdf" and not _others(presented, qr):
        agrees = presented.shown and presented.whole
        notes.append(Note("page-code-agrees" if agrees else "page-not-compared"))
    if number is not None and presented.name:
        named = {found.upper() for found in _NUMBER.findall(presented.name)}
        if named - {number}:
            notes.append(Note("file-name-differs", {"named": sorted(named), "number": number}))
    return notes


def _others(presented: Presented, qr: str) -> list[str]:
    """Codes of ours on the pages that are neither the one presented nor its short one.

    Where a receipt's large code was read there, a short one ends as that does, with its credential or none.
    """
    if not (shown := presented.shown):
        return []
    content = _content(qr)
    own = {text for text in shown if _content(text) == content}
    named = {name_of(one, whole=bool(own)) for one in own or {qr}} - {None}
    return [text for text in shown if text not in own and name_in(text, whole=bool(own)) not in named]


def _same_number(text: str, qr: str) -> bool:
    """Whether a text is a short code with the number of the document whose code is ``qr``."""
    try:
        return decode_short(text).number == decode_short(short_code(qr)).number
    except DataFault:
        return False


def _content(text: str) -> str:
    """A code without scheme and host, which mean nothing (S6.3), in the case it is printed in.

    A receipt's page shows its credential too, and the file never does (S13.3): the cores are compared.
    """
    content = re.sub(r"^[a-z][a-z0-9+.-]*://[^/]*", "", text, count=1, flags=re.I).upper()
    return content.rpartition(".")[0] if is_receipt_text(text) else content

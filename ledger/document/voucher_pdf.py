"""The voucher of a licence as a PDF: a page for people, how to check it, its file attached (S6.9)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from yinzheng.ledger.document import labels
from yinzheng.ledger.document.fonts import require_printable
from yinzheng.ledger.document.render import facts_texts, proved_by
from yinzheng.ledger.document.typesetting import typeset
from yinzheng.verifier.containers.voucherfile import VoucherFile, parse_voucher_file
from yinzheng.verifier.formats.licence import Licence
from yinzheng.verifier.words import licence as words

TEMPLATE: Final = Path(__file__).parent / "voucher.typ"


MODULE_MILLIMETRES: Final = 0.37
"""Least module of the code, where the code is dense: the longest voucher fits its page."""


def render_voucher(file: bytes, *, facts: Mapping[str, Any]) -> bytes:
    """Print a voucher's file (S6.9) and attach it as `NUMBER.json`; `facts` as for `render_certificate`.

    The file is read, and nothing in it is verified. Returns the bytes of the PDF. Raises `DataFault`: what
    `parse_voucher_file` raises, `font-missing-character`, `qr-…`, `document-failed`.
    """
    pages = _set(file, facts)
    assert isinstance(pages, bytes)
    return pages


def _set(file: bytes, facts: Mapping[str, Any], **output: Any) -> Any:
    read = parse_voucher_file(file)
    require_printable(_texts(read.record))
    require_printable(facts_texts(facts))
    data = _data(read, file, facts)
    dated = read.record.registered_at
    return typeset(TEMPLATE, data, what="voucher", dated=dated, attachment=file, **output)


def _texts(body: Licence) -> Iterator[tuple[str, str]]:
    """Every text of the body that people wrote, with the name of its field."""
    for name in ("licensor", "licensee", "registry"):
        yield f"{name}.name", getattr(body, name).name
    yield "purposes", body.purposes


def _data(read: VoucherFile, file: bytes, facts: Mapping[str, Any]) -> dict[str, Any]:
    """What the template reads, words already looked up."""
    body = read.record
    return {
        "number": body.number,
        "title": words.TITLE,
        "demo": body.profile.startswith("DEMO/"),  # S2.5
        "profile": body.profile,
        "registration": body.registration,
        "recorded": words.RECORDED,
        "nature": words.NATURES[body.registration],
        "licensor": body.licensor.to_json(),
        "licensee": body.licensee.to_json(),
        "registry": body.registry.to_json(),
        "certificate": body.certificate.to_json(),
        **words.terms(body),
        "purposes": body.purposes,
        "begins": _day(body.begins),
        "ends": _day(body.ends),
        "registered": _day(body.registered_at),
        **proved_by(body.number, body.canonical(), read.qr, file, facts, MODULE_MILLIMETRES),
    }


def _day(seconds: int) -> tuple[str, str]:
    return labels.date_zh(seconds), labels.date_en(seconds)

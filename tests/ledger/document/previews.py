"""The pages of documents as PNG pictures at `ppi` pixels an inch: what an eye, or a scanner, sees of them."""

from collections.abc import Mapping
from typing import Any

from yinzheng.ledger.document import court_pdf, receipt_pdf, render, voucher_pdf
from yinzheng.verifier.judge.pack.report import PackReport


def preview_court(report: PackReport, *, ppi: int) -> list[bytes]:
    return _pages(court_pdf._set(report, format="png", ppi=float(ppi)))


def preview_receipt(file: bytes, *, ppi: int) -> list[bytes]:
    return _pages(receipt_pdf._set(file, format="png", ppi=float(ppi)))


def preview_certificate(
    body: Mapping[str, Any], qr_text: str, attachment: bytes, *, facts: Mapping[str, Any], ppi: int
) -> list[bytes]:
    return _pages(render._set(body, qr_text, attachment, facts, format="png", ppi=float(ppi)))


def preview_voucher(file: bytes, *, facts: Mapping[str, Any], ppi: int) -> list[bytes]:
    return _pages(voucher_pdf._set(file, facts, format="png", ppi=float(ppi)))


def _pages(pages: Any) -> list[bytes]:
    return [pages] if isinstance(pages, bytes) else list(pages)

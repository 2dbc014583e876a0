"""The forms a certificate, or a voucher, leaves the registry in: PDF, QR image, file with evidence (D6)."""

from __future__ import annotations

from pathlib import Path

from yinzheng.ledger.document.qr import qr_png
from yinzheng.ledger.document.render import render_certificate
from yinzheng.ledger.document.voucher_pdf import render_voucher
from yinzheng.ledger.reading import Reader
from yinzheng.ledger.state.files import write_durably
from yinzheng.verifier.containers.certfile import parse_file
from yinzheng.verifier.containers.voucherfile import parse_voucher_file
from yinzheng.verifier.errors import EnvironmentFault
from yinzheng.verifier.formats.licence import is_licence_number


def write_documents(reader: Reader, number: str, folder: Path) -> list[Path]:
    """Write `NUMBER.json`, `NUMBER.pdf` and `NUMBER.png` of a certificate, or of a licence's voucher, with
    fresh evidence; returns their paths.

    Raises `EnvironmentFault` (`certificate-not-anchored`), and what printing finds wrong.
    """
    made = _voucher(reader, number) if is_licence_number(number) else _certificate(reader, number)
    if made is None:
        raise EnvironmentFault(
            f"{number} is no certificate or licence that is deposited and anchored",
            code="certificate-not-anchored",
            hint="Finish issuing it; if the chain was unreachable, run any command again to carry on.",
        )
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for suffix, content in made.items():
        path = folder / f"{number}.{suffix}"
        write_durably(path, content)
        written.append(path)
    return written


def _certificate(reader: Reader, number: str) -> dict[str, bytes] | None:
    data = reader.certificate_file(number)
    if data is None:
        return None
    parsed = parse_file(data)
    pdf = render_certificate(parsed.record.to_json(), parsed.qr, data, facts=reader.facts(number))
    return {"json": data, "pdf": pdf, "png": qr_png(parsed.qr)}


def _voucher(reader: Reader, number: str) -> dict[str, bytes] | None:
    data = reader.voucher_file(number)
    if data is None:
        return None
    pdf = render_voucher(data, facts=reader.voucher_facts(number))
    return {"json": data, "pdf": pdf, "png": qr_png(parse_voucher_file(data).qr)}

"""The three forms a certificate leaves the registry in: PDF, QR image, and file with its evidence (D6)."""

from __future__ import annotations

from pathlib import Path

from yinzheng.ledger.document.qr import qr_png
from yinzheng.ledger.document.render import render_certificate
from yinzheng.ledger.reading import Reader
from yinzheng.ledger.state.files import write_durably
from yinzheng.verifier.containers.certfile import parse_file
from yinzheng.verifier.errors import EnvironmentFault


def write_documents(reader: Reader, number: str, folder: Path) -> list[Path]:
    """Write `NUMBER.json`, `NUMBER.pdf` and `NUMBER.png` with fresh evidence; returns their paths.

    Raises `EnvironmentFault` (`certificate-not-anchored`), and what printing finds wrong.
    """
    data = reader.certificate_file(number)
    if data is None:
        raise EnvironmentFault(
            f"{number} is not a deposited and anchored certificate",
            code="certificate-not-anchored",
            hint="Finish issuing it; if the chain was unreachable, run any command again to carry on.",
        )
    parsed = parse_file(data)
    pdf = render_certificate(parsed.record.to_json(), parsed.qr, data, facts=reader.facts(number))
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for suffix, content in (("json", data), ("pdf", pdf), ("png", qr_png(parsed.qr))):
        path = folder / f"{number}.{suffix}"
        write_durably(path, content)
        written.append(path)
    return written

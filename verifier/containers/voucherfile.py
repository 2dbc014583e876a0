"""The voucher's file (S6.9): a licence with everything that proves it, as ``NUMBER.json``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from yinzheng.verifier.bytes.canonical import JSON, Check, dumps, loads, names_format, nullable, read_object
from yinzheng.verifier.chain.evidence import Evidence
from yinzheng.verifier.containers.certfile import MAX_FILE, file_fields, file_object
from yinzheng.verifier.formats.licence import Licence, LicenceEnd, parse_licence, parse_licence_end
from yinzheng.verifier.log.statement import Statement
from yinzheng.verifier.log.tlogproof import TlogProof

FORMAT: Final = "yinzheng/licence/1"


@dataclass(frozen=True, slots=True)
class VoucherFile:
    """A voucher's file, well formed; nothing is verified yet."""

    qr: str
    """The QR text, not yet read."""
    record: Licence
    """What was recorded; it prevails over the QR (R9)."""
    statement: Statement
    proof: TlogProof
    chain: Evidence | None
    end: LicenceEnd | None
    """What ended it, where it had ended when the file was made."""


def parse_voucher_file(data: bytes) -> VoucherFile:
    """Read a voucher's file. Raises `DataFault` as `certfile.parse_file`, and those of `parse_licence`."""
    fields = read_object(loads(data, max_bytes=MAX_FILE), _FILE)
    del fields["format"]
    return VoucherFile(**fields)


def is_voucher_file(data: bytes) -> bool:
    """Whether bytes are JSON that calls itself a voucher's file; its form is not read here."""
    return names_format(data, FORMAT, MAX_FILE)


def format_voucher_file(
    qr: str,
    record: Licence,
    statement: Statement,
    proof: TlogProof,
    chain: JSON,
    end: LicenceEnd | None = None,
) -> bytes:
    """Write a voucher's file; ``chain`` is the JSON of S7.3, or None.

    Raises `DataFault` as `parse_voucher_file` does: what cannot be read is not written.
    """
    made = file_object(FORMAT, qr, record.to_json(), statement, proof, chain)
    data = dumps({**made, "end": None if end is None else end.to_json()})
    parse_voucher_file(data)
    return data


def _record(value: object, _path: str) -> Licence:
    return parse_licence(value)


def _end(value: object, _path: str) -> LicenceEnd:
    return parse_licence_end(value)


_FILE: Final[dict[str, Check[Any]]] = {**file_fields(FORMAT, _record), "end": nullable(_end)}

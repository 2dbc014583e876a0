"""The certificate file (S6.5): the certificate with everything that proves it, as ``NUMBER.json``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from yinzheng.verifier.bytes.canonical import JSON, Check, constant, dumps, loads, nullable, read_object, text
from yinzheng.verifier.chain.evidence import Evidence, parse_evidence
from yinzheng.verifier.formats.body import Body, parse_body
from yinzheng.verifier.formats.certificate import MAX_QR
from yinzheng.verifier.log.statement import Statement
from yinzheng.verifier.log.tlogproof import TlogProof, check_proof

FORMAT: Final = "yinzheng/certificate/1"

MAX_FILE: Final = 1024 * 1024
"""Bytes of a certificate file."""


@dataclass(frozen=True, slots=True)
class CertificateFile:
    """A certificate file, well formed; nothing is verified yet."""

    qr: str
    """The QR text, not yet read."""
    record: Body
    """What was deposited; it prevails over the QR (R9)."""
    statement: Statement
    proof: TlogProof
    chain: Evidence | None


def parse_file(data: bytes) -> CertificateFile:
    """Read a certificate file.

    Raises `DataFault` with a code of the part that is malformed (`json-…`, `field-…`, `body-too-large`,
    `proof-malformed`, `header-malformed`, …) and, where it is known, its `path`.
    """
    fields = read_object(loads(data, max_bytes=MAX_FILE), _FILE)
    del fields["format"]
    return CertificateFile(**fields)


def format_file(qr: str, record: Body, statement: Statement, proof: TlogProof, chain: JSON) -> bytes:
    """Write a certificate file; ``chain`` is the JSON of S7.3, or None.

    Raises `DataFault` as `parse_file` does: what cannot be read is not written.
    """
    data = dumps(file_object(FORMAT, qr, record.to_json(), statement, proof, chain))
    parse_file(data)
    return data


def file_object(
    form: str, qr: str, record: JSON, statement: Statement, proof: TlogProof, chain: JSON
) -> dict[str, JSON]:
    """What every file of a record has: the code, what was recorded, and what proves that."""
    return {
        "format": form,
        "qr": qr,
        "record": record,
        "statement": statement.to_json(),
        "proof": proof.text,
        "chain": chain,
    }


def file_fields(form: str, record: Check[Any]) -> dict[str, Check[Any]]:
    """The names of such a file with their checks, for `read_object`."""
    return {
        "format": constant(form),
        "qr": text(1, MAX_QR),
        "record": record,
        "statement": Statement.from_json,
        "proof": check_proof,
        "chain": nullable(parse_evidence),
    }


def _record(value: object, _path: str) -> Body:
    return parse_body(value)


_FILE: Final = file_fields(FORMAT, _record)

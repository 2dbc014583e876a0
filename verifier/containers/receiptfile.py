"""The receipt file (S13.3): a consent with everything that proves it, for the patient alone.

It discloses the private body. Whoever is shown the file reads the person's name and answers; whoever is
shown the QR code without it learns nothing but that the registry received some consent. The file proves and
gives no power: the receipt's credential is never in it, so that it can be handed to a court.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

from yinzheng.verifier.bytes.algorithms import COMMITMENT_KEY_BYTES
from yinzheng.verifier.bytes.canonical import (
    JSON,
    Check,
    constant,
    dumps,
    hex_bytes,
    integer,
    loads,
    names_format,
    nullable,
    read_object,
    text,
    tuple_of,
)
from yinzheng.verifier.bytes.cose import MAX_QR
from yinzheng.verifier.bytes.shape import Shaped, shape
from yinzheng.verifier.chain.evidence import Evidence, parse_evidence
from yinzheng.verifier.containers.receipt_lines import NO_LINES, ToldLines
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.consent import Consent, parse_consent
from yinzheng.verifier.formats.notice import Notice, parse_notice
from yinzheng.verifier.formats.receipt import PROOF, is_receipt_text, without_credential
from yinzheng.verifier.log.merkle import HASH_BYTES
from yinzheng.verifier.log.statement import Statement, verify_body
from yinzheng.verifier.log.tlogproof import MAX_HASHES, TlogProof, check_proof

MAX_RECEIPT: Final = 1024 * 1024
"""Bytes of a receipt file."""

MAX_EVENTS: Final = 512
"""What happened to one consent after it was given."""

RECEIPT_FILE: Final = "receipt.json"
"""Its name, also as attachment of the receipt's PDF."""

FORMAT: Final = "yinzheng/consent-receipt/1"

_WITHDRAWAL: Final = "withdrawal."


@dataclass(frozen=True, slots=True)
class ReceiptEvent:
    """A later statement of the consent's thread, opened."""

    statement: Statement
    body: Mapping[str, Any] = field(repr=False)
    secret: bytes = field(repr=False)

    def to_json(self) -> dict[str, JSON]:
        """As in S13.3."""
        return {
            "statement": self.statement.to_json(),
            "body": dict(self.body),
            "secret": self.secret.hex(),
        }

    def check(self) -> None:
        """Raise `DataFault` (`commitment`) unless body and secret open the statement."""
        verify_body(self.statement, dumps(dict(self.body)), self.secret)


@dataclass(frozen=True, slots=True)
class Place(Shaped):
    """Where a statement is in the log: its index, and the hashes up to the root of the file's checkpoint."""

    index: Annotated[int, integer()]
    hashes: Annotated[tuple[bytes, ...], tuple_of(hex_bytes(HASH_BYTES), 0, MAX_HASHES)]


@dataclass(frozen=True, slots=True)
class ReceiptFile:
    """A receipt file, well formed; nothing is verified yet."""

    qr: str = field(repr=False)
    """The QR text of the proof copy, without a credential; its core is not yet verified."""
    secret: bytes = field(repr=False)
    """Opens the commitment of the consent's statement (S2.3)."""
    body: Consent
    notice: Notice
    events: tuple[ReceiptEvent, ...]
    """Oldest first."""
    last: Place | None
    """Of the last event, under the checkpoint of ``proof``; None exactly without events."""
    accesses: ToldLines
    """Who used or opened what of it (S13.8)."""
    statement: Statement
    proof: TlogProof
    chain: Evidence | None


def is_receipt_file(data: bytes) -> bool:
    """Whether bytes are JSON that calls itself a receipt file; its form is not read here."""
    return names_format(data, FORMAT, MAX_RECEIPT)


def parse_receipt_file(data: bytes) -> ReceiptFile:
    """Read a receipt file.

    Raises `DataFault` with a code of the part that is malformed (`json-…`, `field-…`, `body-too-large`,
    `proof-malformed`, `header-malformed`, `event-type`, …) and, where it is known, its `path`.
    """
    fields = read_object(loads(data, max_bytes=MAX_RECEIPT), _FILE)
    del fields["format"]
    if bool(fields["events"]) == (fields["last"] is None):
        raise DataFault(
            "a file has the place of its last event exactly if it has events",
            code="field-value",
            path="$.last",
        )
    return ReceiptFile(**fields)


def format_receipt_file(
    qr: str,
    secret: bytes,
    body: Consent,
    notice: Notice,
    statement: Statement,
    proof: TlogProof,
    *,
    events: Iterable[ReceiptEvent] = (),
    last: Place | None = None,
    accesses: ToldLines = NO_LINES,
    chain: JSON = None,
) -> bytes:
    """Write a receipt file; ``secret`` opens the statement's commitment, ``last`` is the place of the last
    event, ``chain`` the JSON of S7.3 or None. A credential in ``qr`` is left out.

    Raises `DataFault` as `parse_receipt_file` does: what cannot be read is not written.
    """
    data = dumps(
        {
            "format": FORMAT,
            "qr": without_credential(qr),
            "secret": secret.hex(),
            "body": body.to_json(),
            "notice": notice.to_json(),
            "events": [event.to_json() for event in events],
            "last": last.to_json() if last else None,
            "accesses": accesses.to_json(),
            "statement": statement.to_json(),
            "proof": proof.text,
            "chain": chain,
        }
    )
    parse_receipt_file(data)
    return data


def _proof_copy(value: object, path: str) -> str:
    """The text is read where obligation 1 is; here only that nobody is made to hand over a credential."""
    qr = text(1, MAX_QR)(value, path)
    if is_receipt_text(qr) and not qr.strip().upper().endswith(f".{PROOF}"):
        raise DataFault(
            f"{path} carries a receipt's credential, which belongs on the patient's own receipt alone",
            code="receipt-credential",
            path=path,
        )
    return qr


def _consent(value: object, _path: str) -> Consent:
    return parse_consent(value)


def _notice(value: object, _path: str) -> Notice:
    return parse_notice(value)


def _body(value: object, path: str) -> Mapping[str, Any]:
    if type(value) is not dict:
        raise DataFault(f"{path} is not an object", code="field-type", path=path)
    return value


def _event(value: object, path: str) -> ReceiptEvent:
    event = ReceiptEvent(**read_object(value, _EVENT, path))
    if not event.statement.type.startswith(_WITHDRAWAL):
        raise DataFault(f"{path} is not of a withdrawal", code="event-type", path=path)
    return event


_EVENT: Final[dict[str, Check[Any]]] = {
    "statement": Statement.from_json,
    "body": _body,
    "secret": hex_bytes(COMMITMENT_KEY_BYTES),
}
_FILE: Final[dict[str, Check[Any]]] = {
    "format": constant(FORMAT),
    "qr": _proof_copy,
    "secret": hex_bytes(COMMITMENT_KEY_BYTES),
    "body": _consent,
    "notice": _notice,
    "events": tuple_of(_event, 0, MAX_EVENTS),
    "last": nullable(shape(Place)),
    "accesses": shape(ToldLines),
    "statement": Statement.from_json,
    "proof": check_proof,
    "chain": nullable(parse_evidence),
}

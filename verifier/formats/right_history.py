"""The history of a right across its certificates, as one file (S23): what was registered, licensed, marked,
moved and ended, each statement with its place in the log, and what the contracts hold of it all in one block.

Nobody signs it: the certificate asked about is in it with its issuer's signature, and the rest is held
against log and chain. `judge.history` judges it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from yinzheng.verifier.bytes.canonical import (
    JSON,
    Check,
    constant,
    dumps,
    hex_bytes,
    integer,
    list_of,
    loads,
    names_format,
    nullable,
    object_of,
    read_object,
    text,
)
from yinzheng.verifier.chain.evidence import Evidence, parse_evidence
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.body import Body, check_number, parse_body
from yinzheng.verifier.formats.certificate import MAX_QR, statement_of
from yinzheng.verifier.log.note import MAX_NOTE_BYTES, peek_checkpoint
from yinzheng.verifier.log.statement import CERTIFICATE_DEPOSITED, Statement
from yinzheng.verifier.log.tlogproof import MAX_HASHES, TlogProof

FORMAT: Final = "yinzheng/right-history/1"

MAX_FILE: Final = 32 * 1024 * 1024
"""Bytes of a history."""

MAX_CERTIFICATES: Final = 32
MAX_STATEMENTS: Final = 1000
MAX_SLOTS: Final = 4096
"""Of one contract."""


@dataclass(frozen=True, slots=True)
class Registered:
    """One certificate: its QR text, not yet read, and what was deposited."""

    qr: str
    record: Body


@dataclass(frozen=True, slots=True)
class Told:
    """One statement and its place in the log. A deposit's body is its certificate's record."""

    statement: Statement
    body: Mapping[str, JSON] | None
    """The public body; None of a deposit, and where it is private."""
    index: int
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class RightHistory:
    """A history, well formed; nothing is verified yet."""

    number: str
    """Of the certificate asked about."""
    certificates: tuple[Registered, ...]
    """Each after those it follows."""
    statements: tuple[Told, ...]
    """In the order of the log."""
    checkpoint: str
    chain: Evidence

    def proof_of(self, told: Told) -> TlogProof:
        """That a statement is in the log of the checkpoint."""
        return TlogProof(told.index, told.path, self.checkpoint)

    @property
    def asked(self) -> Registered:
        """The certificate asked about."""
        return next(one for one in self.certificates if one.record.number == self.number)

    def deposit_of(self, record: Body) -> Told:
        """The statement of a certificate's deposit."""
        leaf = statement_of(record).leaf_hash
        return next(told for told in self.statements if told.statement.leaf_hash == leaf)


def is_history_file(data: bytes) -> bool:
    """Whether bytes are JSON that calls itself a history; its form is not read here."""
    return names_format(data, FORMAT, MAX_FILE)


def format_history(
    number: str,
    certificates: Sequence[Registered],
    statements: Sequence[Told],
    checkpoint: str,
    chain: JSON,
) -> bytes:
    """Write a history; ``chain`` is the JSON of S7.3.

    Raises `DataFault` as `parse_history` does: what cannot be read is not written.
    """
    told_: list[JSON] = [
        {
            "statement": told.statement.to_json(),
            "body": None if told.body is None else dict(told.body),
            "index": told.index,
            "path": [value.hex() for value in told.path],
        }
        for told in statements
    ]
    shown: list[JSON] = [{"qr": one.qr, "record": one.record.to_json()} for one in certificates]
    data = dumps(
        {
            "format": FORMAT,
            "number": number,
            "certificates": shown,
            "statements": told_,
            "checkpoint": checkpoint,
            "chain": chain,
        }
    )
    parse_history(data)
    return data


def parse_history(data: bytes) -> RightHistory:
    """Read a history.

    Raises `DataFault` with a code of the part that is malformed (`json-…`, `field-…`, `note-…`), or
    `history-form`: the certificate asked about is not in it, something is in it twice, a certificate has no
    deposit, or the statements are out of order.
    """
    fields = read_object(loads(data, max_bytes=MAX_FILE), _FILE)
    peek_checkpoint(fields["checkpoint"])
    history = RightHistory(
        number=fields["number"],
        certificates=tuple(Registered(**one) for one in fields["certificates"]),
        statements=tuple(Told(**{**one, "path": tuple(one["path"])}) for one in fields["statements"]),
        checkpoint=fields["checkpoint"],
        chain=fields["chain"],
    )
    numbers = [one.record.number for one in history.certificates]
    leaves = {told.statement.leaf_hash for told in history.statements}
    deposits = {
        told.statement.leaf_hash
        for told in history.statements
        if told.statement.type == CERTIFICATE_DEPOSITED
    }
    shown = {statement_of(one.record).leaf_hash for one in history.certificates}
    well = (
        history.number in numbers
        and len(set(numbers)) == len(numbers)
        and len(leaves) == len(history.statements)
        and all(one.index < two.index for one, two in pairwise(history.statements))
        and deposits == shown
    )
    if not well:
        raise DataFault("a history's certificates and statements do not fit together", code="history-form")
    return history


def _record(value: object, _path: str) -> Body:
    return parse_body(value)


def _body(value: object, path: str) -> dict[str, JSON]:
    if not isinstance(value, dict):
        raise DataFault(f"{path} is not an object", code="field-type", path=path)
    return value


_CERTIFICATE: Final = object_of({"qr": text(1, MAX_QR), "record": _record})
_TOLD: Final = object_of(
    {
        "statement": Statement.from_json,
        "body": nullable(_body),
        "index": integer(),
        "path": list_of(hex_bytes(32), 0, MAX_HASHES),
    }
)
_FILE: Final[dict[str, Check[Any]]] = {
    "format": constant(FORMAT),
    "number": check_number,
    "certificates": list_of(_CERTIFICATE, 1, MAX_CERTIFICATES),
    "statements": list_of(_TOLD, 1, MAX_STATEMENTS),
    "checkpoint": text(1, MAX_NOTE_BYTES),
    "chain": lambda value, path: parse_evidence(value, path, slots=MAX_SLOTS),
}

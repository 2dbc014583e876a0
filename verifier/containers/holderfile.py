"""The holder file (S21.2): what the ledger says of an organisation's keys, with what proves it.

All statements of an organisation, oldest first, each with its public body; the last one's place in the log,
which binds the others by `prev`; and what the chain holds of its account and key. It proves that a signature
is that organisation's without anyone being asked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Final

from yinzheng.verifier.bytes.canonical import (
    JSON,
    Check,
    constant,
    dumps,
    loads,
    nullable,
    read_object,
    tuple_of,
)
from yinzheng.verifier.bytes.shape import Shaped, shape
from yinzheng.verifier.chain.evidence import Evidence, parse_evidence
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.log.statement import Statement
from yinzheng.verifier.log.tlogproof import TlogProof, check_proof

FORMAT: Final = "yinzheng/holder/1"

MAX_FILE: Final = 1024 * 1024
"""Bytes of a holder file."""

MAX_EVENTS: Final = 256
"""Statements about one organisation: it may change its key once a month for twenty years."""


def _object(value: object, path: str) -> dict[str, Any]:
    """A body, as it was read: which format it has, the type of its statement says."""
    if type(value) is not dict:
        raise DataFault(f"{path} is not an object", code="field-type", path=path)
    return value


@dataclass(frozen=True, slots=True)
class Told(Shaped):
    """One statement about an organisation, and its public body (S10.4)."""

    statement: Annotated[Statement, Statement.from_json]
    body: Annotated[dict[str, Any], _object]


@dataclass(frozen=True, slots=True)
class HolderFile:
    """A holder file, well formed; nothing is verified yet."""

    events: tuple[Told, ...]
    proof: TlogProof
    """Of the last statement."""
    chain: Evidence | None


def parse_holder_file(data: bytes) -> HolderFile:
    """Read a holder file. Raises `DataFault` with a code of the part that is malformed."""
    fields = read_object(loads(data, max_bytes=MAX_FILE), _FILE)
    del fields["format"]
    return HolderFile(**fields)


def format_holder_file(events: Iterable[Told], proof: TlogProof, chain: JSON) -> bytes:
    """Write a holder file; ``chain`` is the JSON of S7.3, or None. Raises as `parse_holder_file`."""
    listed = [{"statement": one.statement.to_json(), "body": one.body} for one in events]
    data = dumps({"format": FORMAT, "events": listed, "proof": proof.text, "chain": chain})
    parse_holder_file(data)
    return data


_FILE: Final[dict[str, Check[Any]]] = {
    "format": constant(FORMAT),
    "events": tuple_of(shape(Told), 1, MAX_EVENTS),
    "proof": check_proof,
    "chain": nullable(parse_evidence),
}

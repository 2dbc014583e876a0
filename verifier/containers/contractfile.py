"""What proves a contract about data (S21.11): both signatures, whose keys made them, when it was recorded.

The body of `contract.concluded` with its secret; what the ledger says of each party's keys; the places of all
of it in the log; one block. A contract that nobody recorded comes as its own file (S21.7) instead.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from yinzheng.verifier.bytes.canonical import (
    JSON,
    Check,
    constant,
    dumps,
    hex_bytes,
    loads,
    names_format,
    nullable,
    read_object,
    tuple_of,
)
from yinzheng.verifier.bytes.shape import made_of, read_shape, shape
from yinzheng.verifier.chain.evidence import Evidence, parse_evidence
from yinzheng.verifier.containers.holderfile import MAX_EVENTS, Told
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats import trade_contract
from yinzheng.verifier.formats.trade_contract import SignedContract, parse_signed
from yinzheng.verifier.formats.trade_events import Concluded
from yinzheng.verifier.log.statement import Statement
from yinzheng.verifier.log.tlogproof import TlogProof, check_proof

FORMAT: Final = "yinzheng/contract-proof/1"

MAX_FILE: Final = 2 * 1024 * 1024
"""Bytes of such a file."""


@dataclass(frozen=True, slots=True)
class PartyKeys:
    """All statements about a party, oldest first, and the last one's place in the log."""

    events: tuple[Told, ...]
    proof: TlogProof

    def to_json(self) -> dict[str, JSON]:
        """As the file has it."""
        told: list[JSON] = [{"statement": one.statement.to_json(), "body": one.body} for one in self.events]
        return {"events": told, "proof": self.proof.text}


@dataclass(frozen=True, slots=True)
class ContractProof:
    """Such a file, well formed; nothing is verified yet."""

    statement: Statement
    body: Concluded
    secret: bytes
    """32 bytes: the key of the statement's commitment (S2.3)."""
    parties: tuple[PartyKeys, ...]
    """In the order of the signatures."""
    proof: TlogProof
    chain: Evidence | None

    @property
    def signed(self) -> SignedContract:
        """The contract with both signatures."""
        return SignedContract(self.body.contract, self.body.signatures)


def is_contract_file(data: bytes) -> bool:
    """Whether bytes are JSON that calls itself a contract, proved or not; its form is not read here."""
    return is_contract_proof(data) or names_format(data, trade_contract.FORMAT, trade_contract.MAX_CONTRACT)


def is_contract_proof(data: bytes) -> bool:
    """Whether it calls itself one with its proofs."""
    return names_format(data, FORMAT, MAX_FILE)


def parse_contract_proof(data: bytes) -> ContractProof:
    """Read such a file.

    Raises `DataFault` with a code of the part that is malformed (`json-…`, `field-…`, `clause-…`,
    `contract-signatures`, `proof-malformed`, …), or `contract-statement` for a statement of something else.
    """
    fields = read_object(loads(data, max_bytes=MAX_FILE), _FILE)
    del fields["format"]
    statement: Statement = fields["statement"]
    if (statement.type, statement.by, statement.prev) != (Concluded.TYPE, "party", None):
        raise DataFault(
            "this statement concludes no contract", code="contract-statement", type=statement.type
        )
    found = ContractProof(**{**fields, "body": read_shape(Concluded, fields["body"])})
    parse_signed(dumps(found.signed.to_json()))  # one signature of each party, ascending
    return found


def format_contract_proof(
    statement: Statement,
    body: JSON,
    secret: bytes,
    parties: Iterable[PartyKeys],
    proof: TlogProof,
    chain: JSON,
) -> bytes:
    """Write such a file; ``chain`` is the JSON of S7.3, or None. Raises as `parse_contract_proof`."""
    data = dumps(
        {
            "format": FORMAT,
            "statement": statement.to_json(),
            "body": body,
            "secret": secret.hex(),
            "parties": [one.to_json() for one in parties],
            "proof": proof.text,
            "chain": chain,
        }
    )
    parse_contract_proof(data)  # what cannot be read is not handed out
    return data


_PARTY: Final = made_of(PartyKeys, {"events": tuple_of(shape(Told), 1, MAX_EVENTS), "proof": check_proof})

_FILE: Final[dict[str, Check[Any]]] = {
    "format": constant(FORMAT),
    "statement": Statement.from_json,
    # Read by `parse_contract_proof`, once the statement's type is known.
    "body": lambda value, _path: value,
    "secret": hex_bytes(32),
    "parties": tuple_of(_PARTY, 2, 2),
    "proof": check_proof,
    "chain": nullable(parse_evidence),
}

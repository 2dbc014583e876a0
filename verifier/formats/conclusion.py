"""The end document of a withdrawal (S10.9): one signed file that names legal ground and end date (R35).

It discloses the private body of `withdrawal.completed` or `withdrawal.restricted` with its secret, beside
what proves that the ledger says so. The issuer signs prefix, leaf hash and the time of signing: the statement
commits to the body, so the signature covers all that is said, and when it was said. `judge.conclusion` judges
it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

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
)
from yinzheng.verifier.bytes.cose import IssuerSigner
from yinzheng.verifier.chain.evidence import Evidence, parse_evidence
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.certificate import key_id
from yinzheng.verifier.formats.withdrawal_steps import Completed, Restricted, parse_step, step_bytes
from yinzheng.verifier.log.statement import Statement, verify_body
from yinzheng.verifier.log.tlogproof import TlogProof, check_proof

FORMAT: Final = "yinzheng/withdrawal-conclusion/2"

MAX_FILE: Final = 1024 * 1024
"""Bytes of a conclusion."""

_PREFIX: Final = b"yinzheng/withdrawal-conclusion/2\n"

End: TypeAlias = Completed | Restricted


@dataclass(frozen=True, slots=True)
class Conclusion:
    """A conclusion, well formed; nothing is verified yet."""

    statement: Statement
    body: End
    secret: bytes
    """32 bytes: the key of the statement's commitment (S2.3)."""
    signed_at: int
    """When it was signed: an end is told anew, long after, under a later key."""
    kid: bytes
    signature: bytes
    """Of the issuer over `message`, raw `r || s`."""
    proof: TlogProof | None
    chain: Evidence | None

    @property
    def message(self) -> bytes:
        """What is signed."""
        return _message(self.statement, self.signed_at)


def _message(statement: Statement, signed_at: int) -> bytes:
    return _PREFIX + statement.leaf_hash + signed_at.to_bytes(8, "big")


def is_conclusion_file(data: bytes) -> bool:
    """Whether bytes are JSON that calls itself a conclusion; its form is not read here."""
    return names_format(data, FORMAT, MAX_FILE)


def format_conclusion(
    statement: Statement,
    body: End,
    secret: bytes,
    issuer: IssuerSigner,
    *,
    signed_at: int,
    proof: TlogProof | None,
    chain: JSON,
) -> bytes:
    """Sign and write a conclusion at ``signed_at`` (UTC seconds); ``chain`` is the JSON of S7.3, or None.

    Raises `DataFault` as `parse_conclusion` does: what cannot be read is not written. Raises `DataFault`
    `commitment` if the statement does not commit to the body under the secret.
    """
    verify_body(statement, step_bytes(body), secret)
    data = dumps(
        {
            "format": FORMAT,
            "statement": statement.to_json(),
            "body": body.to_json(),
            "secret": secret.hex(),
            "signed_at": signed_at,
            "kid": key_id(issuer.public_key.point).hex(),
            "signature": issuer.sign(_message(statement, signed_at)).hex(),
            "proof": None if proof is None else proof.text,
            "chain": chain,
        }
    )
    parse_conclusion(data)
    return data


def parse_conclusion(data: bytes) -> Conclusion:
    """Read a conclusion.

    Raises `DataFault` with a code of the part that is malformed (`json-…`, `field-…`, `withdrawal-end`,
    `proof-malformed`, …), `conclusion-type` for a statement that ends no
    withdrawal, or `conclusion-time` for one signed before its end.
    """
    fields = read_object(loads(data, max_bytes=MAX_FILE), _FILE)
    del fields["format"]
    statement: Statement = fields["statement"]
    if statement.type not in (Completed.TYPE, Restricted.TYPE):
        raise DataFault("this statement ends no withdrawal", code="conclusion-type", type=statement.type)
    if fields["signed_at"] < statement.at:  # the full hour in which it ended
        raise DataFault("it was signed before the withdrawal ended", code="conclusion-time")
    return Conclusion(**{**fields, "body": parse_step(statement.type, fields["body"])})


_FILE: Final[dict[str, Check[Any]]] = {
    "format": constant(FORMAT),
    "statement": Statement.from_json,
    # Read by `parse_step`, once the statement's type is known.
    "body": lambda value, _path: value,
    "secret": hex_bytes(32),
    "signed_at": integer(),
    "kid": hex_bytes(8),
    "signature": hex_bytes(64),
    "proof": nullable(check_proof),
    "chain": nullable(parse_evidence),
}

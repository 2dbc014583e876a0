"""What the small files of a pack hold (S14.3): statements with their bodies and proofs, chain evidence, and
files of dossiers that are disclosed alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from yinzheng.verifier.bytes.canonical import (
    JSON,
    Check,
    constant,
    dumps,
    hex_bytes,
    list_of,
    loads,
    nullable,
    read_object,
    text,
    tuple_of,
)
from yinzheng.verifier.bytes.shape import made_of
from yinzheng.verifier.chain.evidence import Evidence, parse_evidence
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.dossier import FileDisclosure, parse_disclosure
from yinzheng.verifier.log.merkle import verify_consistency
from yinzheng.verifier.log.note import Checkpoint, peek_checkpoint
from yinzheng.verifier.log.statement import Body, Statement
from yinzheng.verifier.log.tlogproof import MAX_HASHES, TlogProof, check_proof

MAX_STATEMENTS: Final = 16_384
MAX_STATEMENTS_BYTES: Final = 32 * 1024 * 1024
MAX_STATEMENTS_VALUES: Final = 1_000_000
MAX_CHAIN_BYTES: Final = 32 * 1024 * 1024
MAX_CHAIN_VALUES: Final = 500_000
MAX_HEADS: Final = 64
"""Checkpoints that the proofs of a pack lead to; each takes two signatures and a proof on chain to check."""

MAX_DOSSIER_PROOF: Final = 8192
MAX_STAMP_LINK: Final = 64 * 1024

MAX_SLOTS: Final = 4096
"""Slots of one contract: six of the dispute, two of each root, five at most of each subject, and lists."""

EVIDENCE: Final = "dispute.evidence"


@dataclass(frozen=True, slots=True)
class PackedStatement:
    """A statement of the log with the proof that it is there and, unless withheld, its body."""

    statement: Statement
    body: JSON
    """In committed form; None if withheld, and for evidence, whose bodies lie in `items/`."""
    secret: bytes | None
    """32 bytes that open the commitment to a private body; None if public or withheld."""
    proof: TlogProof

    def to_json(self) -> dict[str, JSON]:
        """As in S14.3."""
        return {
            "statement": self.statement.to_json(),
            "body": self.body,
            "secret": None if self.secret is None else self.secret.hex(),
            "proof": self.proof.text,
        }


@dataclass(frozen=True, slots=True)
class DossierFile:
    """Proof that a file belongs to the dossier of a statement, whose committed body and secret are there."""

    leaf: bytes
    disclosure: FileDisclosure

    def to_json(self) -> dict[str, JSON]:
        """As in S14.3."""
        return {"v": 1, "statement": self.leaf.hex(), "disclosure": self.disclosure.to_json()}


@dataclass(frozen=True, slots=True)
class StampLink:
    """What links a time stamp over another head of the log than the pack's with the pack's."""

    checkpoint: str
    """The stamped head, a whole signed note."""
    consistency: tuple[bytes, ...]
    """RFC 9162 consistency proof between that head and the pack's, from the smaller to the larger."""

    def to_json(self) -> dict[str, JSON]:
        """As in S14.3."""
        return {
            "v": 1,
            "checkpoint": self.checkpoint,
            "consistency": [value.hex() for value in self.consistency],
        }

    def require(self, head: Checkpoint) -> Checkpoint:
        """The stamped head, if it and `head` are of one log. Raises `DataFault` (`timestamp-link`)."""
        stamped = peek_checkpoint(self.checkpoint)
        if stamped.origin != head.origin:
            raise DataFault("the stamped head is of another log", code="timestamp-link")
        first, second = sorted((stamped, head), key=lambda one: one.size)
        try:
            verify_consistency(first.size, first.root, second.size, second.root, self.consistency)
        except DataFault as fault:
            message = f"the stamped head is not of this log: {fault.message}"
            raise DataFault(message, code="timestamp-link") from None
        return stamped


def parse_statements(data: bytes) -> tuple[PackedStatement, ...]:
    """Read `statements.json`, in the order of the log.

    Raises `DataFault`: `json-…`, a code of `canonical.read_object`, `proof-malformed`, `statement-secret`
    (a public body with a secret, or a private one without), `statements-order` or `statements-heads`.
    """
    value = loads(data, max_bytes=MAX_STATEMENTS_BYTES, canonical=True, max_values=MAX_STATEMENTS_VALUES)
    found = tuple(_STATEMENTS(value, "$"))
    check_statements(found)
    return found


def check_statements(found: Iterable[PackedStatement]) -> None:
    """Check secrets, order and number of heads.

    Raises `DataFault` (`statement-secret`, `statements-order`, `statements-heads`).
    """
    found = tuple(found)
    if len({packed.proof.checkpoint for packed in found}) > MAX_HEADS:
        raise DataFault(f"the proofs lead to more than {MAX_HEADS} heads", code="statements-heads")
    for at, packed in enumerate(found):
        if not _is_coherent(packed):
            raise DataFault(
                f"statement {at} has a secret too many or too few", code="statement-secret", path=f"$[{at}]"
            )
    if any(one.proof.index >= two.proof.index for one, two in pairwise(found)):
        raise DataFault("the statements are not in the order of the log", code="statements-order")


def _is_coherent(packed: PackedStatement) -> bool:
    if packed.statement.type == EVIDENCE:
        return packed.body is None
    private = packed.statement.body_kind is Body.PRIVATE
    return (packed.secret is not None) == (private and packed.body is not None)


def format_statements(found: Iterable[PackedStatement]) -> bytes:
    """The bytes of `statements.json`, in the order of the log, whatever the order given."""
    return dumps([packed.to_json() for packed in sorted(found, key=lambda packed: packed.proof.index)])


def parse_chain(data: bytes) -> Evidence:
    """Read `chain.json` (S7.3). Raises `DataFault` as `parse_evidence`, and `json-…`."""
    value = loads(data, max_bytes=MAX_CHAIN_BYTES, canonical=True, max_values=MAX_CHAIN_VALUES)
    return parse_evidence(value, slots=MAX_SLOTS)


def parse_dossier_file(data: bytes) -> DossierFile:
    """Read a `proof.json` of `dossier/`. Raises `DataFault`: `json-…`, a code of `read_object`."""
    fields = read_object(loads(data, max_bytes=MAX_DOSSIER_PROOF, canonical=True), _DOSSIER)
    return DossierFile(fields["statement"], fields["disclosure"])


def parse_stamp_link(data: bytes) -> StampLink:
    """Read a `NAME.json` of `timestamps/`.

    Raises `DataFault`: `json-…`, a code of `read_object`, or as `note.peek_checkpoint`.
    """
    fields = read_object(loads(data, max_bytes=MAX_STAMP_LINK, canonical=True), _STAMP_LINK)
    peek_checkpoint(fields["checkpoint"])
    return StampLink(fields["checkpoint"], fields["consistency"])


def _object(value: object, path: str) -> Any:
    """Check for an object; what is in it is what the statement commits to."""
    if type(value) is not dict:
        raise DataFault(f"{path} is not an object", code="field-type", path=path)
    return value


_STATEMENTS: Final = list_of(
    made_of(
        PackedStatement,
        {
            "statement": Statement.from_json,
            "body": nullable(_object),
            "secret": nullable(hex_bytes(32)),
            "proof": check_proof,
        },
    ),
    0,
    MAX_STATEMENTS,
)
_STAMP_LINK: Final[dict[str, Check[Any]]] = {
    "v": constant(1),
    "checkpoint": text(1, MAX_STAMP_LINK),
    "consistency": tuple_of(hex_bytes(32), 0, 2 * MAX_HASHES),
}
_DOSSIER: Final[dict[str, Check[Any]]] = {
    "v": constant(1),
    "statement": hex_bytes(32),
    "disclosure": lambda value, path: parse_disclosure(value),
}

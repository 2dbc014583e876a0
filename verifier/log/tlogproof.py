"""C2SP `tlog-proof`: that an entry is in a log, as one text that can be checked offline (S4.4).

    c2sp.org/tlog-proof@v1
    index 5
    base64 of one hash per line, from the leaf's sibling up

    the checkpoint, verbatim

The optional line `extra` is not authenticated and we do not use it; a proof that has it is refused.
"""

import base64
import re
from dataclasses import dataclass

from yinzheng.verifier.bytes.canonical import text
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.log.merkle import HASH_BYTES, MAX_SIZE, verify_inclusion
from yinzheng.verifier.log.note import MAX_NOTE_BYTES, Checkpoint, decode_text, peek_checkpoint, strict_base64

HEADER = "c2sp.org/tlog-proof@v1"
MAX_HASHES = 63
"""Height of a tree of `MAX_SIZE` leaves."""

MAX_PROOF_BYTES = MAX_NOTE_BYTES + 64 * 45
"""A checkpoint, 63 hashes of 45 characters with their newlines, and the first two lines."""

_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})")


@dataclass(frozen=True, slots=True)
class TlogProof:
    """An inclusion proof and the checkpoint it leads to. Raises `DataFault` (`proof-malformed`)."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: str
    """The signed note, verbatim; its signatures are checked by `note.open_checkpoint`."""

    def __post_init__(self) -> None:
        shape = 0 <= self.index < MAX_SIZE and len(self.hashes) <= MAX_HASHES
        if not shape or any(len(value) != HASH_BYTES for value in self.hashes):
            raise DataFault("a log proof has an impossible index or hashes", code="proof-malformed")

    @property
    def text(self) -> str:
        """The proof as it is stored and sent."""
        hashes = "".join(f"{base64.b64encode(value).decode()}\n" for value in self.hashes)
        return f"{HEADER}\nindex {self.index}\n{hashes}\n{self.checkpoint}"

    @staticmethod
    def from_text(data: str | bytes) -> "TlogProof":
        """Read a proof. Raises `DataFault` (`proof-malformed`, or as `note.peek_checkpoint`)."""
        text = decode_text(data, MAX_PROOF_BYTES, "proof-malformed")
        head, separator, checkpoint = text.partition("\n\n")
        header, *lines = head.split("\n")
        index = _INDEX.fullmatch(lines[0]) if lines else None
        if not separator or header != HEADER or index is None:
            raise DataFault("a log proof is header, index, hashes and a checkpoint", code="proof-malformed")
        peek_checkpoint(checkpoint)
        hashes = tuple(strict_base64(line, "proof-malformed") for line in lines[1:])
        return TlogProof(int(index[1]), hashes, checkpoint)

    def verify_inclusion(self, leaf_hash: bytes) -> Checkpoint:
        """Check that the leaf is in the tree of the checkpoint, and say which that is.

        Nothing is said about who signed the checkpoint. Raises `DataFault` (`inclusion-proof`, or as
        `note.peek_checkpoint`).
        """
        checkpoint = peek_checkpoint(self.checkpoint)
        verify_inclusion(leaf_hash, self.index, checkpoint.size, self.hashes, checkpoint.root)
        return checkpoint


def check_proof(value: object, path: str) -> TlogProof:
    """Check a field that holds a proof as text. Raises `DataFault`: `field-…`, or as `from_text`."""
    return TlogProof.from_text(text(1, MAX_PROOF_BYTES)(value, path))

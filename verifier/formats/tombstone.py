"""Body of `erasure.tombstone` (S10.5): that a record was destroyed, how, and by whose approval, about nobody.

It names only statements of its own subject, which are in the log anyway and now open to nobody: erasing two
records of one person leaves two tombstones that nothing joins (R49).
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Final

from yinzheng.verifier.bytes.canonical import hex_bytes, integer, one_of
from yinzheng.verifier.bytes.shape import Shaped, read_shape
from yinzheng.verifier.bytes.wording import set_of

TOMBSTONE: Final = "erasure.tombstone"
"""Its statement's type."""
MAX_TOMBSTONE: Final = 65_536
"""Canonical bytes; bounded by its fields."""
METHODS: Final = ("physical", "overwrite", "key_destruction", "logical")
"""How content is destroyed (R43). Key destruction counts as destruction (R44)."""
GROUNDS: Final = ("withdrawal", "retention_ended", "court", "subject_right")
DESTROYED: Final = ("content", "key", "secret")
PLACES: Final = ("backups", "blobs", "database", "replicas", "write_ahead_log")
APPROVERS: Final = ("data_manager", "department_head", "ethics", "legal", "security")
WITNESSES: Final = 2


@dataclass(frozen=True, slots=True)
class Tombstone(Shaped):
    """What remains of an erased record (S10.5). `parse_tombstone` makes one that is well formed."""

    CONSTANTS: ClassVar = {"v": 1, "witnesses": WITNESSES}

    statements: Annotated[tuple[bytes, ...], set_of(hex_bytes(32), 1, 256)]
    """Leaf hashes of the statements whose bodies are gone, ascending."""
    ground: Annotated[str, one_of(*GROUNDS)]
    method: Annotated[str, one_of(*METHODS)]
    destroyed: Annotated[tuple[str, ...], set_of(one_of(*DESTROYED), 1, len(DESTROYED))]
    places: Annotated[tuple[str, ...], set_of(one_of(*PLACES), 1, len(PLACES))]
    approved_by: Annotated[tuple[str, ...], set_of(one_of(*APPROVERS), 3, len(APPROVERS))]
    """The functions that approved, never who."""
    erased_at: Annotated[int, integer()]


def parse_tombstone(value: object) -> Tombstone:
    """Read a tombstone. Raises `DataFault`: a code of `canonical.read_object`."""
    return read_shape(Tombstone, value)

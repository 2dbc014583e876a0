"""Body of `erasure.tombstone` (S10.5): that a record was destroyed, how, and by whose approval, about nobody.

It names only statements of its own subject, which are in the log anyway and now open to nobody: erasing two
records of one person leaves two tombstones that nothing joins (R49).
"""

from dataclasses import dataclass
from typing import Any, Final

from yinzheng.verifier.bytes.canonical import (
    JSON,
    Check,
    constant,
    dumps,
    hex_bytes,
    integer,
    list_of,
    one_of,
    read_object,
)
from yinzheng.verifier.bytes.wording import set_of
from yinzheng.verifier.errors import DataFault

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
class Tombstone:
    """What remains of an erased record. `parse_tombstone` makes one that is known to be well formed."""

    statements: tuple[bytes, ...]
    """Leaf hashes of the statements whose bodies are gone, ascending."""
    ground: str
    method: str
    destroyed: tuple[str, ...]
    places: tuple[str, ...]
    approved_by: tuple[str, ...]
    """The functions that approved, never who."""
    erased_at: int

    def to_json(self) -> dict[str, JSON]:
        """The object of S10.5."""
        return {
            "v": 1,
            "statements": [leaf.hex() for leaf in self.statements],
            "ground": self.ground,
            "method": self.method,
            "destroyed": list(self.destroyed),
            "places": list(self.places),
            "approved_by": list(self.approved_by),
            "witnesses": WITNESSES,
            "erased_at": self.erased_at,
        }

    def canonical(self) -> bytes:
        """The bytes its statement commits to."""
        return dumps(self.to_json())


def parse_tombstone(value: object) -> Tombstone:
    """Read a tombstone. Raises `DataFault`: a code of `canonical.read_object`."""
    fields = read_object(value, _FIELDS)
    return Tombstone(**{name: fields[name] for name in Tombstone.__slots__})


_HASHES: Final = list_of(hex_bytes(32), 1, 256)


def _leaves(value: object, path: str) -> tuple[bytes, ...]:
    leaves = _HASHES(value, path)
    if leaves != sorted(set(leaves)):
        raise DataFault(f"{path} is not in ascending order, each once", code="field-value", path=path)
    return tuple(leaves)


_FIELDS: Final[dict[str, Check[Any]]] = {
    "v": constant(1),
    "statements": _leaves,
    "ground": one_of(*GROUNDS),
    "method": one_of(*METHODS),
    "destroyed": set_of(one_of(*DESTROYED), 1, len(DESTROYED)),
    "places": set_of(one_of(*PLACES), 1, len(PLACES)),
    "approved_by": set_of(one_of(*APPROVERS), 3, len(APPROVERS)),
    "witnesses": constant(WITNESSES),
    "erased_at": integer(),
}

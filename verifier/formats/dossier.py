"""What a dossier is committed as, and how one file is shown to belong to it, alone (S10.8).

An application is committed to as a whole and in parts: its form under a key of its own, its files as a Merkle
tree of salted leaves. Whoever is given one file's entry, its salt and its path up the tree can check it
against the log, and learns nothing of the other files but how many there are. Keys and salts come from a seed
that lies in the sealed body alone: not from the key of the commitment, which a disclosure hands out.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Final

from yinzheng.verifier.bytes.algorithms import DigestPair, PairHasher, hmac_pair
from yinzheng.verifier.bytes.canonical import (
    JSON,
    Check,
    constant,
    dumps,
    hex_bytes,
    integer,
    object_of,
    one_of,
    read_object,
    tuple_of,
)
from yinzheng.verifier.bytes.shape import Shaped, Versioned, read_shape, shape
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.body import check_plain
from yinzheng.verifier.log.merkle import hash_leaf, inclusion_path, root_from_leaves, verify_inclusion
from yinzheng.verifier.log.statement import Statement, verify_body

DOSSIER_TYPES: Final = frozenset({"application.received", "supplement.given"})
"""The statements whose bodies hold a dossier; every other body is committed to as it stands."""

SEED_BYTES: Final = 32
MAX_FILES: Final = 1000

FILE_ROLES: Final = ("identity", "source", "assessment", "sample", "risk", "consideration", "other")
"""`consideration`: the document about what is given for a licence or transfer, in joint requests (R5)."""

_APPLICATION_KEY: Final = b"yinzheng/dossier-application/1"
_FILE_SALT: Final = b"yinzheng/dossier-file/1\n"


@dataclass(frozen=True, slots=True)
class FileEntry(Shaped):
    """What the application says of one file, and the digests of its bytes (S10.8)."""

    path: Annotated[str, check_plain(1, 200)]
    role: Annotated[str, one_of(*FILE_ROLES)]
    title: Annotated[str, check_plain(1, 100)]
    size: Annotated[int, integer()]
    digest: Annotated[DigestPair, DigestPair.from_json]

    def leaf(self, salt: bytes) -> bytes:
        """Hash of the tree's leaf: `SHA-256(0x00 || JCS(entry with its salt))`."""
        return hash_leaf(dumps({**self.to_json(), "salt": salt.hex()}))

    def check_content(self, pieces: Iterable[bytes]) -> None:
        """Check that these bytes are the file. Raises `DataFault` (`file-differs`)."""
        hasher, size = PairHasher(), 0
        for piece in pieces:
            size += len(piece)
            hasher.update(piece)
        if size != self.size or not hasher.digest().matches(self.digest):
            raise DataFault("these bytes are not the file that was committed to", code="file-differs")


@dataclass(frozen=True, slots=True)
class FileDisclosure(Versioned):
    """One file of a dossier, disclosed alone: entry, place (from 0), salt, and path to the root (S10.8)."""

    index: Annotated[int, integer(0, MAX_FILES - 1)]
    entry: FileEntry
    salt: Annotated[bytes, hex_bytes(32)]
    path: Annotated[tuple[bytes, ...], tuple_of(hex_bytes(32), 0, 10)]


def parse_disclosure(value: object) -> FileDisclosure:
    """Read a disclosure strictly. Raises `DataFault`: a code of `canonical.read_object`."""
    return read_shape(FileDisclosure, value)


def committed_form(statement_type: str, body: JSON) -> JSON:
    """What a statement of this type commits to, given its body as it lies sealed.

    The type alone decides: a dossier's body becomes `committed(body)`, every other is committed as it is.
    """
    return committed(body) if statement_type in DOSSIER_TYPES else body


def committed(body: object) -> dict[str, JSON]:
    """Derive the committed form of a dossier's sealed body: `{"v": 2, "application", "files"}`.

    Raises `DataFault`: a code of `canonical.read_object`.
    """
    sealed = _read_sealed(body)
    return {
        "v": 2,
        "application": {**hmac_pair(_application_key(sealed.seed), dumps(sealed.application)).to_json()},
        "files": {"count": len(sealed.entries), "root": root_from_leaves(sealed.leaves()).hex()},
    }


def disclose(body: object, index: int) -> FileDisclosure:
    """Disclose file `index` (from 0) of a dossier's sealed body.

    Raises `UsageFault` (`file-unknown`), `DataFault`: a code of `canonical.read_object`.
    """
    sealed = _read_sealed(body)
    if not 0 <= index < len(sealed.entries):
        raise UsageFault(
            f"the dossier has no file {index}",
            code="file-unknown",
            hint=f"Its files are 0 to {len(sealed.entries) - 1}.",
        )
    leaves = sealed.leaves()

    def subtree(height: int, at: int) -> bytes:
        return root_from_leaves(leaves[at << height : (at + 1) << height])

    path = inclusion_path(index, len(leaves), subtree)
    return FileDisclosure(index, sealed.entries[index], _salt(sealed.seed, index), tuple(path))


def check_disclosure(
    statement: Statement, secret: bytes, committed: object, disclosure: FileDisclosure
) -> FileEntry:
    """Check that the disclosed file belongs to what `statement` commits to; give its entry.

    `secret` is the key of the statement's commitment and `committed` the committed form, as read. Says
    nothing about the statement itself, which the caller has checked, nor about the file's bytes
    (`FileEntry.check_content`).

    Raises `DataFault`: `dossier-statement` (another type of statement), a code of `canonical.read_object`,
    `commitment`, `inclusion-proof`; `UsageFault` (`commitment-key`) for a secret of another length.
    """
    if statement.type not in DOSSIER_TYPES:
        raise DataFault("a statement of this type holds no dossier", code="dossier-statement")
    files = read_object(committed, _COMMITTED)["files"]
    verify_body(statement, dumps(committed), secret)
    leaf = disclosure.entry.leaf(disclosure.salt)
    verify_inclusion(leaf, disclosure.index, files["count"], disclosure.path, files["root"])
    return disclosure.entry


@dataclass(frozen=True, slots=True)
class _Sealed:
    application: dict[str, JSON]
    entries: tuple[FileEntry, ...]
    seed: bytes

    def leaves(self) -> list[bytes]:
        return [entry.leaf(_salt(self.seed, index)) for index, entry in enumerate(self.entries)]


def _read_sealed(body: object) -> _Sealed:
    fields = read_object(body, _SEALED)
    return _Sealed(fields["application"], fields["files"], fields["seed"])


def _application_key(seed: bytes) -> bytes:
    return hmac.digest(seed, _APPLICATION_KEY, "sha256")


def _salt(seed: bytes, index: int) -> bytes:
    return hmac.digest(seed, _FILE_SALT + index.to_bytes(4, "big"), "sha256")


def _any_object(value: object, path: str) -> Any:
    """Check that it is an object: the form of an application is a matter of its profile."""
    if type(value) is not dict:
        raise DataFault(f"{path} is not an object", code="field-type", path=path)
    return value


_SEALED: Final[dict[str, Check[Any]]] = {
    "v": constant(2),
    "application": _any_object,
    "files": tuple_of(shape(FileEntry), 1, MAX_FILES),
    "seed": hex_bytes(SEED_BYTES),
}
_COMMITTED: Final[dict[str, Check[Any]]] = {
    "v": constant(2),
    "application": DigestPair.from_json,
    "files": object_of({"count": integer(1, MAX_FILES), "root": hex_bytes(32)}),
}

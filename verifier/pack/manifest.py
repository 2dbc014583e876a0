"""The manifest of a pack (S14.2): its files with their digests, its items in order, and who signed for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from yinzheng.verifier.bytes.algorithms import DigestPair
from yinzheng.verifier.bytes.canonical import (
    JSON,
    Check,
    boolean,
    constant,
    dumps,
    hex_bytes,
    integer,
    loads,
    one_of,
    read_object,
    text,
    tuple_of,
)
from yinzheng.verifier.bytes.shape import made_of
from yinzheng.verifier.bytes.wording import PARTY
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.body import Party
from yinzheng.verifier.formats.dispute import evidence_roots

FORMAT: Final = "yinzheng/pack/1"
MAX_MANIFEST: Final = 8 * 1024 * 1024
MAX_VALUES: Final = 200_000
"""Values in a manifest: five of each file, four of each item."""

MAX_SIGNATURE: Final = 72
"""Bytes of a DER signature by SM2, at most."""

MAX_ITEMS: Final = 9_999
MAX_ROOTS: Final = 1_024
MAX_FILES: Final = 9_998
MAX_STAMPS: Final = 64

PATHS: Final[Mapping[str, str]] = {
    "content": r"items/[0-9]{4}/content",
    "item": r"items/[0-9]{4}/item\.json",
    "dossier-file": r"dossier/[0-9]{4}/content",
    "dossier-proof": r"dossier/[0-9]{4}/proof\.json",
    "timestamp": r"timestamps/[a-z0-9-]{1,64}\.tsr",
    "timestamp-link": r"timestamps/[a-z0-9-]{1,64}\.json",
    "statements": r"statements\.json",
    "chain": r"chain\.json",
    "trust": r"trust\.json",
    "report": r"report\.(?:html|pdf)",
    "howto": r"HOWTO\.txt|recheck\.py",
}
"""What a pack may hold: roles, and the paths of each."""

REFERENCE: Final = r"D-[0-9]{4}-[0-9]{6}"
"""Form of a registry's reference of a dispute, by which packs are named too."""

REQUIRED: Final = ("HOWTO.txt", "chain.json", "statements.json", "trust.json")

_SIGNED: Final = b"yinzheng/pack/1\n"


@dataclass(frozen=True, slots=True)
class PackFile:
    """A file of the pack as its manifest names it."""

    path: str
    size: int
    digest: DigestPair
    role: str

    def to_json(self) -> dict[str, JSON]:
        """As in S14.2."""
        return {
            "path": self.path,
            "size": self.size,
            "digest": {**self.digest.to_json()},
            "role": self.role,
        }


@dataclass(frozen=True, slots=True)
class ListedItem:
    """An evidence item in its place: the leaf hash of its statement, and whether the pack shows the rest."""

    number: int
    """From 1, in the order of the dispute's evidence."""
    leaf: bytes
    disclosed: bool

    def to_json(self) -> dict[str, JSON]:
        """As in S14.2."""
        return {"number": self.number, "leaf": self.leaf.hex(), "disclosed": self.disclosed}

    @property
    def content_path(self) -> str:
        """Where the item's bytes lie."""
        return f"items/{self.number:04}/content"

    @property
    def body_path(self) -> str:
        """Where its body lies, in canonical bytes (S10.7)."""
        return f"items/{self.number:04}/item.json"


@dataclass(frozen=True, slots=True)
class ListedRoot:
    """A root of evidence that was put on chain, over the first `size` items."""

    size: int
    root: bytes

    def to_json(self) -> dict[str, JSON]:
        """As in S14.2."""
        return {"size": self.size, "root": self.root.hex()}


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a pack says it is. `parse_manifest` makes one whose parts fit each other."""

    dispute: bytes
    reference: str
    """How the registry calls the dispute: `D-2026-000001`."""
    registry: Party
    signer: bytes
    """8 bytes: key ID of the issuer's key that signs."""
    made_at: int
    items: tuple[ListedItem, ...]
    roots: tuple[ListedRoot, ...]
    """In the order of the chain, from its index 0."""
    files: tuple[PackFile, ...]
    """By ascending path; all but the manifest and its signature."""

    def to_json(self) -> dict[str, JSON]:
        """The object of S14.2."""
        return {
            "format": FORMAT,
            "dispute": self.dispute.hex(),
            "reference": self.reference,
            "registry": self.registry.to_json(),
            "signer": self.signer.hex(),
            "made_at": self.made_at,
            "items": [item.to_json() for item in self.items],
            "roots": [root.to_json() for root in self.roots],
            "files": [file.to_json() for file in self.files],
        }

    @property
    def canonical(self) -> bytes:
        """The bytes of `manifest.json`."""
        return dumps(self.to_json())

    def by_path(self) -> dict[str, PackFile]:
        """The files by their paths."""
        return {file.path: file for file in self.files}

    def of_role(self, role: str) -> list[PackFile]:
        """The files of a role, by path."""
        return [file for file in self.files if file.role == role]


def signed_message(manifest: bytes) -> bytes:
    """What the issuer signs, given the bytes of `manifest.json`."""
    return _SIGNED + manifest


def number_of(path: str) -> int:
    """The number in a path `items/NNNN/…` or `dossier/NNNN/…`."""
    return int(path.split("/")[1])


def parse_manifest(data: bytes) -> Manifest:
    """Read a manifest, which must be canonical.

    Raises `DataFault`: `json-…`, a code of `canonical.read_object`, `credit-code`, or `manifest-items`,
    `manifest-roots`, `manifest-files` where its parts do not fit each other.
    """
    fields = read_object(
        loads(data, max_bytes=MAX_MANIFEST, canonical=True, max_values=MAX_VALUES), _MANIFEST
    )
    del fields["format"]
    manifest = Manifest(**fields)
    check_manifest(manifest)
    return manifest


def check_manifest(manifest: Manifest) -> None:
    """Check that items, roots and files fit each other. Raises `DataFault` (`manifest-…`)."""
    _check_items(manifest)
    _check_roots(manifest)
    _check_files(manifest)


def _check_items(manifest: Manifest) -> None:
    if [item.number for item in manifest.items] != list(range(1, len(manifest.items) + 1)):
        raise _fault("the items are not numbered from 1 without gaps", "manifest-items")
    if len({item.leaf for item in manifest.items}) != len(manifest.items):
        raise _fault("an item is there twice", "manifest-items")


def _check_roots(manifest: Manifest) -> None:
    sizes = [root.size for root in manifest.roots]
    if sizes != sorted(set(sizes)) or (sizes[-1] if sizes else 0) != len(manifest.items):
        raise _fault("the roots do not grow up to all items", "manifest-roots")
    grown = list(evidence_roots(item.leaf for item in manifest.items))
    for listed in manifest.roots:
        if grown[listed.size - 1] != listed.root:
            raise _fault(f"the root of the first {listed.size} items is another", "manifest-roots")


def _check_files(manifest: Manifest) -> None:
    paths = [file.path for file in manifest.files]
    if paths != sorted(set(paths)):
        raise _fault("the files are not in ascending order, each once", "manifest-files")
    for file in manifest.files:
        if re.fullmatch(PATHS[file.role], file.path) is None:
            raise _fault(f"{file.path} is no path of a file of role {file.role}", "manifest-files")
    missing = sorted(set(REQUIRED) - set(paths))
    if missing:
        raise _fault(f"{missing[0]} is missing", "manifest-files")
    disclosed = [item for item in manifest.items if item.disclosed]
    shown = {path for item in disclosed for path in (item.content_path, item.body_path)}
    if shown != {file.path for file in manifest.files if file.role in ("content", "item")}:
        raise _fault("the items' files are not those of the disclosed items", "manifest-files")
    proofs = [number_of(file.path) for file in manifest.of_role("dossier-proof")]
    if proofs != [number_of(file.path) for file in manifest.of_role("dossier-file")]:
        raise _fault("a file of a dossier has no proof, or a proof no file", "manifest-files")
    _check_stamps(manifest)


def _check_stamps(manifest: Manifest) -> None:
    tokens = {file.path.removesuffix(".tsr") for file in manifest.of_role("timestamp")}
    if len(tokens) > MAX_STAMPS:
        raise _fault(f"there are more than {MAX_STAMPS} time stamps", "manifest-files")
    if not {file.path.removesuffix(".json") for file in manifest.of_role("timestamp-link")} <= tokens:
        raise _fault("a link is there without its time stamp", "manifest-files")


def _fault(message: str, code: str) -> DataFault:
    return DataFault(message, code=code)


_FILE: Final[dict[str, Check[Any]]] = {
    "path": text(1, 100),
    "size": integer(),
    "digest": DigestPair.from_json,
    "role": one_of(*PATHS),
}
_MANIFEST: Final[dict[str, Check[Any]]] = {
    "format": constant(FORMAT),
    "dispute": hex_bytes(32),
    "reference": text(1, 20, REFERENCE),
    "registry": PARTY,
    "signer": hex_bytes(8),
    "made_at": integer(),
    "items": tuple_of(
        made_of(
            ListedItem,
            {"number": integer(1, MAX_ITEMS), "leaf": hex_bytes(32), "disclosed": boolean},
        ),
        0,
        MAX_ITEMS,
    ),
    "roots": tuple_of(
        made_of(ListedRoot, {"size": integer(1, MAX_ITEMS), "root": hex_bytes(32)}), 0, MAX_ROOTS
    ),
    "files": tuple_of(made_of(PackFile, _FILE), 0, MAX_FILES),
}

"""Reading all of a pack once, in the order of the file: digests of everything, and the small files whole."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from yinzheng.verifier.bytes.algorithms import PairHasher
from yinzheng.verifier.bytes.canonical import loads
from yinzheng.verifier.chain.evidence import Evidence
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.access_range import MAX_BYTES as MAX_RANGE
from yinzheng.verifier.formats.access_range import AccessRange, check_range
from yinzheng.verifier.formats.evidence_items import ACCESS_LOG, MAX_ITEM, Item, parse_item
from yinzheng.verifier.judge.findings import Findings
from yinzheng.verifier.judge.pack.report import FileReport
from yinzheng.verifier.judge.report import Outcome
from yinzheng.verifier.judge.trust import MAX_TRUST
from yinzheng.verifier.pack.archive import Archive
from yinzheng.verifier.pack.contents import (
    EVIDENCE,
    MAX_CHAIN_BYTES,
    MAX_DOSSIER_PROOF,
    MAX_STAMP_LINK,
    MAX_STATEMENTS_BYTES,
    DossierFile,
    PackedStatement,
    StampLink,
    parse_chain,
    parse_dossier_file,
    parse_stamp_link,
    parse_statements,
)
from yinzheng.verifier.pack.manifest import Manifest, PackFile
from yinzheng.verifier.pack.writer import Source

MAX_TOKEN: Final = 64 * 1024

_HEAD: Final = 4096
"""Bytes of a report that tell its edition."""

Progress: TypeAlias = Callable[[int], None]
"""Told of bytes read, piece by piece."""


@dataclass(slots=True)
class Contents:
    """What was found in a pack's files. A file that differs from the manifest is read all the same, so that
    the report can say which statement or item it was.
    """

    files: list[FileReport] = field(default_factory=list)
    parsed: dict[str, Any] = field(default_factory=dict)
    """By path: what a small file says, if it has its form."""
    raw: dict[str, bytes] = field(default_factory=dict)
    """By path: the bytes of small files."""
    heads: dict[str, bytes] = field(default_factory=dict)
    """By path: how a report inside begins."""
    ranges: dict[str, AccessRange | DataFault] = field(default_factory=dict)
    """By path of an item's body: what its range of access lines shows, or why it is not whole."""
    _witnessed: dict[str, tuple[bool, ...]] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    """Paths of files that are not what the manifest names."""

    @property
    def statements(self) -> tuple[PackedStatement, ...]:
        """In the order of the log; none if they could not be read."""
        found: tuple[PackedStatement, ...] = self.parsed.get("statements.json", ())
        return found

    @property
    def evidence(self) -> Evidence | None:
        """Chain evidence, if it could be read."""
        return self.parsed.get("chain.json")

    def item(self, path: str) -> Item | None:
        """The body of an item, if it could be read."""
        return self.parsed.get(path)

    def witnesses(self, path: str) -> tuple[bool, ...]:
        """Whether the signature of each witness of an item that could be read holds; each is checked once."""
        if path not in self._witnessed:
            self._witnessed[path] = self.parsed[path].witnesses_hold()
        return self._witnessed[path]

    def dossier_proof(self, path: str) -> DossierFile | None:
        """The proof of a dossier's file, if it could be read."""
        return self.parsed.get(path)

    def stamp_link(self, path: str) -> StampLink | None:
        """What links a time stamp over another head, if it could be read."""
        return self.parsed.get(path)


def read_contents(archive: Archive, manifest: Manifest, progress: Progress) -> Contents:
    """Read every file the manifest names; (1) and (4) of each are settled here."""
    contents = Contents()
    leaves = {item.leaf for item in manifest.items}
    for file in manifest.files:
        contents.files.append(_read_file(archive, file, contents, progress, leaves))
    _settle_ranges(contents, lambda path: archive.read(path, MAX_RANGE))
    return contents


def take_as_named(sources: Iterable[Source], leaves: Collection[bytes]) -> Contents:
    """What the files of a plan hold, before there is a pack: the small ones as a reader will find them.

    Contents are taken to be what the manifest names, and are not read: a writer compares them while it
    writes, and finishes no pack in which one differs. Ranges of access lines alone are, for what they say.
    """
    contents, sources = Contents(), list(sources)
    for source in sources:
        findings = Findings()
        findings.settle(4, lambda: None)
        if source.file.role in _PARSERS:
            _settle_form(source.file, b"".join(source.chunks()), contents, findings, leaves)
        contents.files.append(FileReport(source.file, findings.in_order()))
    by_path = {source.file.path: source for source in sources}
    _settle_ranges(contents, lambda path: b"".join(by_path[path].chunks()))
    return contents


def _settle_ranges(contents: Contents, read: Callable[[str], bytes]) -> None:
    """Look into the items that are ranges of access lines, one after the other, and keep what each shows."""
    for path, parsed in contents.parsed.items():
        if isinstance(parsed, Item) and parsed.kind == ACCESS_LOG:
            try:
                found: AccessRange | DataFault = check_range(
                    read(path.removesuffix("item.json") + "content"), parsed.about
                )
            except DataFault as fault:
                fault.__traceback__ = None
                found = fault
            contents.ranges[path] = found


def _read_file(
    archive: Archive, file: PackFile, contents: Contents, progress: Progress, leaves: Collection[bytes]
) -> FileReport:
    findings = Findings()
    size_limit = _WHOLE.get(file.role, 0)
    kept: list[bytes] = []

    def unchanged() -> None:
        hasher, fault = PairHasher(), None
        try:
            for piece in archive.chunks(file.path):
                hasher.update(piece)
                progress(len(piece))
                if file.role == "report":
                    contents.heads.setdefault(file.path, piece[:_HEAD])
                if file.size <= size_limit:
                    kept.append(piece)
        except DataFault as found:  # the zip's own checksum: a digest that differs says more
            fault = found
        if not hasher.digest().matches(file.digest):
            raise DataFault(f"{file.path} is not what the manifest names", code="file-differs")
        if fault is not None:
            raise fault

    findings.settle(4, unchanged)
    if findings.outcome(4) is not Outcome.VALID:
        contents.changed.add(file.path)
    if file.role in _PARSERS:
        _settle_form(file, b"".join(kept), contents, findings, leaves)
    return FileReport(file, findings.in_order())


def _settle_form(
    file: PackFile, data: bytes, contents: Contents, findings: Findings, leaves: Collection[bytes]
) -> None:
    def well_formed() -> Any:
        if file.size > _WHOLE[file.role]:
            raise DataFault(f"{file.path} is larger than its format allows", code="pack-file-too-large")
        value = _PARSERS[file.role](data)
        if file.role == "statements":
            _no_strange_evidence(value, leaves)
        return value

    value = findings.settle(1, well_formed)
    contents.raw[file.path] = data
    if value is not None:
        contents.parsed[file.path] = value


def _no_strange_evidence(statements: tuple[PackedStatement, ...], leaves: Collection[bytes]) -> None:
    for packed in statements:
        if packed.statement.type == EVIDENCE and packed.statement.leaf_hash not in leaves:
            raise DataFault(
                "a statement of evidence is none of the items the manifest lists", code="statement-no-item"
            )


def _item(data: bytes) -> Item:
    return parse_item(loads(data, max_bytes=MAX_ITEM, canonical=True))


_PARSERS: Final[Mapping[str, Callable[[bytes], Any]]] = MappingProxyType(
    {
        "item": _item,
        "statements": parse_statements,
        "chain": parse_chain,
        "dossier-proof": parse_dossier_file,
        "timestamp": bytes,
        "trust": bytes,
        "timestamp-link": parse_stamp_link,
    }
)
_WHOLE: Final[Mapping[str, int]] = MappingProxyType(
    {
        "item": MAX_ITEM,
        "statements": MAX_STATEMENTS_BYTES,
        "chain": MAX_CHAIN_BYTES,
        "dossier-proof": MAX_DOSSIER_PROOF,
        "timestamp": MAX_TOKEN,
        "trust": MAX_TRUST,
        "timestamp-link": MAX_STAMP_LINK,
    }
)
"""Bytes up to which a file of that role is kept whole; the others are only hashed."""

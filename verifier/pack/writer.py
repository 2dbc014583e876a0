"""Writing a pack (S14), byte for byte determined by what goes into it and by the issuer's signature.

Contents are streamed, once: their digests are known beforehand, from the items that name them, and each is
compared while it is written. A pack that its own reader would refuse is not finished.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, TypeAlias

from yinzheng.verifier.bytes.algorithms import DigestPair, PairHasher, digest_pair, encode_der
from yinzheng.verifier.bytes.canonical import JSON, dumps, loads
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.body import Party
from yinzheng.verifier.formats.evidence_items import MAX_ITEM, Item, parse_item
from yinzheng.verifier.pack import layout
from yinzheng.verifier.pack.archive import MANIFEST, SIGNATURE
from yinzheng.verifier.pack.contents import (
    DossierFile,
    PackedStatement,
    StampLink,
    check_statements,
    format_statements,
    parse_chain,
    parse_dossier_file,
    parse_stamp_link,
)
from yinzheng.verifier.pack.howto import HOWTO, recheck
from yinzheng.verifier.pack.layout import Entry
from yinzheng.verifier.pack.manifest import (
    ListedItem,
    ListedRoot,
    Manifest,
    PackFile,
    check_manifest,
    parse_manifest,
    signed_message,
)

Chunks: TypeAlias = Callable[[], Iterable[bytes]]
"""Opens a content anew and gives it piece by piece (1 MiB each is a good size)."""


@dataclass(frozen=True, slots=True)
class PackItem:
    """An evidence item to pack: its leaf and, unless it is withheld, its canonical body and its content."""

    leaf: bytes
    body: bytes | None = None
    """Canonical bytes of the item (S10.7), as its statement commits to them."""
    content: Chunks | None = None


@dataclass(frozen=True, slots=True)
class PackDossierFile:
    """One file of a dossier to disclose alone; its entry names size and digests."""

    proof: DossierFile
    content: Chunks


@dataclass(frozen=True, slots=True)
class PackStamp:
    """An RFC 3161 token over a head of the log and, where that is not the pack's own, what links the two."""

    token: bytes
    link: StampLink | None = None


@dataclass(frozen=True, slots=True)
class PackPlan:
    """Everything that goes into a pack. The same plan gives the same bytes but for the signature."""

    dispute: bytes
    reference: str
    """`D-2026-000001`."""
    registry: Party
    signer: bytes
    """Key ID (8 bytes) of the issuer's key."""
    made_at: int
    items: Sequence[PackItem]
    """In the order of the dispute's evidence, withheld ones included."""
    roots: Sequence[ListedRoot]
    """All roots of the dispute on chain, in their order."""
    statements: Sequence[PackedStatement]
    chain: JSON
    """Evidence (S7.3)."""
    trust: bytes
    """The policy it was made under."""
    dossier_files: Sequence[PackDossierFile] = ()
    timestamps: Mapping[str, PackStamp] = field(default_factory=dict)
    """By name (`[a-z0-9-]`, without ending)."""
    report_html: bytes | None = None
    report_pdf: bytes | None = None


@dataclass(frozen=True, slots=True)
class WrittenPack:
    """A finished pack."""

    manifest: Manifest
    size: int


@dataclass(frozen=True, slots=True)
class Source:
    """A file of the pack, and how its bytes are had."""

    file: PackFile
    chunks: Chunks


def write_pack(out: BinaryIO, plan: PackPlan, sign: Callable[[bytes], bytes]) -> WrittenPack:
    """Write a pack to an empty file that can seek.

    `sign` makes the issuer's SM2 signature, raw `r || s`, of the bytes given; a signature of SM2 is random,
    so who wants the same pack twice keeps the first. Raises `DataFault`: `content-differs` where a content
    is not what its item names, a code of `items.parse_item`, `manifest-…`, `statement…`, `json-…`,
    `header-malformed`, `evidence-duplicate`; `UsageFault` (`pack-item`) for an item with a body and no
    content. The file then holds no pack.
    """
    manifest, sources = lay_out(plan)
    data = manifest.canonical
    parse_manifest(data)
    signature = encode_der(sign(signed_message(data)))
    entries = [_write_entry(out, Entry(MANIFEST, len(data), 0, 0), [data])]
    entries.append(_write_entry(out, _after(entries[-1], SIGNATURE, len(signature)), [signature]))
    for source in sources:
        entries.append(_write_source(out, _after(entries[-1], source.file.path, source.file.size), source))
    for piece in layout.directory(entries):
        out.write(piece)
    return WrittenPack(manifest, out.tell())


def lay_out(plan: PackPlan) -> tuple[Manifest, list[Source]]:
    """The manifest of a plan, and its files in the order of the pack. No content is read.

    Raises as `write_pack`, but for what reading the contents would show.
    """
    sources = sorted(_sources(plan), key=lambda source: source.file.path)
    manifest = Manifest(
        dispute=plan.dispute,
        reference=plan.reference,
        registry=plan.registry,
        signer=plan.signer,
        made_at=plan.made_at,
        items=tuple(
            ListedItem(number, item.leaf, item.body is not None)
            for number, item in enumerate(plan.items, start=1)
        ),
        roots=tuple(plan.roots),
        files=tuple(source.file for source in sources),
    )
    check_manifest(manifest)
    return manifest, sources


def _sources(plan: PackPlan) -> Iterable[Source]:
    check_statements(sorted(plan.statements, key=lambda packed: packed.proof.index))
    chain = dumps(plan.chain)
    parse_chain(chain)
    yield _small("HOWTO.txt", HOWTO.encode(), "howto")
    yield _small("recheck.py", recheck().encode(), "howto")
    yield _small("chain.json", chain, "chain")
    yield _small("statements.json", format_statements(plan.statements), "statements")
    yield _small("trust.json", plan.trust, "trust")
    for name, report in (("report.html", plan.report_html), ("report.pdf", plan.report_pdf)):
        if report is not None:
            yield _small(name, report, "report")
    for name, stamp in plan.timestamps.items():
        yield _small(f"timestamps/{name}.tsr", stamp.token, "timestamp")
        if stamp.link is not None:
            link = dumps(stamp.link.to_json())
            parse_stamp_link(link)
            yield _small(f"timestamps/{name}.json", link, "timestamp-link")
    for number, packed in enumerate(plan.items, start=1):
        yield from _item_sources(number, packed)
    for number, disclosed in enumerate(plan.dossier_files, start=1):
        yield from _dossier_sources(number, disclosed)


def _item_sources(number: int, packed: PackItem) -> Iterable[Source]:
    if packed.body is None:
        return
    if packed.content is None:
        raise UsageFault(f"item {number} has a body and no content", code="pack-item")
    item: Item = parse_item(loads(packed.body, max_bytes=MAX_ITEM, canonical=True))
    listed = ListedItem(number, packed.leaf, disclosed=True)
    yield _small(listed.body_path, packed.body, "item")
    yield Source(PackFile(listed.content_path, item.size, item.digest, "content"), packed.content)


def _dossier_sources(number: int, disclosed: PackDossierFile) -> Iterable[Source]:
    proof = dumps(disclosed.proof.to_json())
    entry = parse_dossier_file(proof).disclosure.entry
    yield _small(f"dossier/{number:04}/proof.json", proof, "dossier-proof")
    content = PackFile(f"dossier/{number:04}/content", entry.size, entry.digest, "dossier-file")
    yield Source(content, disclosed.content)


def _small(path: str, data: bytes, role: str) -> Source:
    return Source(PackFile(path, len(data), digest_pair(data), role), lambda: [data])


def _after(last: Entry, name: str, size: int) -> Entry:
    return Entry(name, size, 0, last.end)


def _write_source(out: BinaryIO, entry: Entry, source: Source) -> Entry:
    hasher = PairHasher()
    written = _write_entry(out, entry, _hashed(source.chunks(), hasher))
    _require(written.size, hasher.digest(), source.file)
    return written


def _hashed(chunks: Iterable[bytes], hasher: PairHasher) -> Iterable[bytes]:
    for piece in chunks:
        hasher.update(piece)
        yield piece


def _require(size: int, digest: DigestPair, file: PackFile) -> None:
    if size != file.size or not digest.matches(file.digest):
        raise DataFault(
            f"the content for {file.path} is not what its item names",
            code="content-differs",
            hint="The stored evidence has changed since it was deposited: look at its copies.",
            path=file.path,
        )


def _write_entry(out: BinaryIO, place: Entry, chunks: Iterable[bytes]) -> Entry:
    """Write one entry; its checksum is known only afterwards, so that the header is written twice."""
    out.seek(place.offset)
    size = crc = 0
    out.write(layout.local_header(place))
    for piece in chunks:
        out.write(piece)
        size += len(piece)
        crc = zlib.crc32(piece, crc)
    entry = Entry(place.name, size, crc, place.offset)
    out.seek(place.offset)
    out.write(layout.local_header(entry))
    out.seek(entry.end)
    return entry

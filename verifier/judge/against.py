"""Whether heads of a log that somebody kept are of one history (S9.8, D18): `verify --against`.

Keys sign what they are told to. An operator who has all of them invents a block, a log and a certificate that
hold together; but whoever kept a head of the log as it was can ask for the log that has both. The log's own
signed head and tiles come from wherever they are served: the tiles are believed only as far as they lead to
that head, and what they lead to is compared with what was kept: also where both documents rest on one head,
for the log may have been rewritten since. Without a log, heads of one size are compared by themselves, and
anything else stays open.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import BinaryIO, Final, Protocol, TypeAlias

from yinzheng.verifier.bytes.canonical import JSON, loads, saved
from yinzheng.verifier.chain.evidence import parse_evidence
from yinzheng.verifier.containers.target import Presented, read_target
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault
from yinzheng.verifier.judge.trust import TrustPolicy
from yinzheng.verifier.log.merkle import EMPTY_ROOT
from yinzheng.verifier.log.note import Checkpoint, open_checkpoint
from yinzheng.verifier.log.tiles import Tile, TiledTree
from yinzheng.verifier.log.tlogproof import HEADER, MAX_PROOF_BYTES, TlogProof
from yinzheng.verifier.pack.archive import Archive, open_archive
from yinzheng.verifier.pack.contents import (
    MAX_CHAIN_BYTES,
    MAX_CHAIN_VALUES,
    MAX_HEADS,
    MAX_SLOTS,
    MAX_STATEMENTS_BYTES,
    MAX_STATEMENTS_VALUES,
)

MAX_FILE: Final = 16 * 1024 * 1024

Reading: TypeAlias = Callable[[bytes], Presented]
"""Takes a file out of its container, as `read_target`. For files of anyone's, one that is bounded."""

_UNBOUNDED: Final[Reading] = partial(read_target, pages=False)


class Relation(StrEnum):
    """What two documents say of one log."""

    CONSISTENT = "consistent"
    FORKED = "forked"
    """Two histories, both signed: one of them was invented or rewritten."""
    UNDETERMINED = "undetermined"


@dataclass(frozen=True, slots=True)
class Head:
    """A signed head, and when: the time of the block that it came with (UTC seconds), as the block says."""

    checkpoint: Checkpoint
    at: int | None = None

    def to_json(self) -> dict[str, JSON]:
        """Size, root and time."""
        return {"size": self.checkpoint.size, "root": self.checkpoint.root.hex(), "time": self.at}


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of comparing. `code` says why; heads are the largest of each document, None without any."""

    relation: Relation
    code: str
    kept: Head | None = None
    shown: Head | None = None
    log: int | None = None
    """Size of the log that was asked."""

    def to_json(self) -> dict[str, JSON]:
        """For programs."""
        return {
            "relation": self.relation.value,
            "code": self.code,
            "kept": None if self.kept is None else self.kept.to_json(),
            "shown": None if self.shown is None else self.shown.to_json(),
            "log": self.log,
        }


class LogSource(Protocol):
    """Where a log is served. Both raise `EnvironmentFault` where it is not to be had."""

    def checkpoint(self) -> bytes:
        """Its signed head."""

    def tile(self, tile: Tile) -> bytes:
        """The bytes of a tile, or of the full one in its place."""


def heads_in(document: BinaryIO, trust: TrustPolicy, read: Reading = _UNBOUNDED) -> list[Head]:
    """The heads that a checkpoint, log proof, certificate, receipt, history (file or PDF) or pack rests on.

    Each is signed by every log key of the policy. Raises `DataFault`: `against-none` where there is none to
    be read, or as `note.open_checkpoint`.
    """
    start = document.read(4)
    document.seek(0)
    notes, at = _of_pack(document) if start[:2] == b"PK" else _of_file(document.read(MAX_FILE + 1), read)
    found = [Head(open_checkpoint(note, trust.origin, trust.log_keys), at) for note in dict.fromkeys(notes)]
    if not found:
        raise _none()
    return found


def is_head(document: BinaryIO) -> bool:
    """Whether it is a checkpoint or log proof, and nothing that could be verified by itself."""
    data = _as_signed(document.read(MAX_PROOF_BYTES))
    return data.startswith(HEADER.encode()) or _is_note(data)


def compare(
    kept: Callable[[], Sequence[Head]],
    shown: Callable[[], Sequence[Head]],
    source: LogSource | None,
    trust: TrustPolicy,
) -> Comparison:
    """Whether all heads of two documents (each read by a call) are heads of one log."""
    try:
        mine = kept()
    except DataFault as fault:
        return Comparison(Relation.UNDETERMINED, _prefixed("kept", fault))
    largest = max(mine, key=_size)
    try:
        theirs = shown()
    except DataFault as fault:
        return Comparison(Relation.UNDETERMINED, _prefixed("shown", fault), largest)
    relation, code, log = _related([*mine, *theirs], source, trust)
    return Comparison(relation, code, largest, max(theirs, key=_size), log)


def _related(
    heads: Sequence[Head], source: LogSource | None, trust: TrustPolicy
) -> tuple[Relation, str, int | None]:
    roots: dict[int, bytes] = {0: EMPTY_ROOT}
    for head in heads:
        if roots.setdefault(head.checkpoint.size, head.checkpoint.root) != head.checkpoint.root:
            return Relation.FORKED, "against-same-size", None
    del roots[0]  # every log begins empty
    alike = {0: "against-empty", 1: "against-same-head"}.get(len(roots))
    if source is None:
        return (
            (Relation.UNDETERMINED, "against-no-log", None)
            if alike is None
            else (Relation.CONSISTENT, alike, None)
        )
    try:
        log = open_checkpoint(source.checkpoint(), trust.origin, trust.log_keys)
        if log.size < max(roots, default=0):
            return Relation.UNDETERMINED, "against-log-smaller", log.size
        if roots.get(log.size, log.root) != log.root:  # signed: no tile is needed to see it
            return Relation.FORKED, "against-not-extended", log.size
        tree = TiledTree(log.size, source.tile)
        if tree.root() != log.root:
            return Relation.UNDETERMINED, "against-log-tiles", log.size
        forked = any(tree.root_at(size) != root for size, root in roots.items())
    except EnvironmentFault:
        return Relation.UNDETERMINED, "against-log-unreachable", None
    except DataFault:
        return Relation.UNDETERMINED, "against-log-tiles", None
    if forked:
        return Relation.FORKED, "against-not-extended", log.size
    return Relation.CONSISTENT, alike or "against-extended", log.size


def _of_file(data: bytes, read: Reading) -> tuple[list[str], int | None]:
    if len(data) > MAX_FILE:
        raise _none()
    text = _as_signed(data)
    if text.startswith(HEADER.encode()):
        return [TlogProof.from_text(text).checkpoint], None
    if _is_note(text):
        try:
            return [text.decode()], None
        except UnicodeDecodeError:
            raise _none() from None
    try:
        file = read(data).file
        value = None if file is None else loads(file, max_bytes=MAX_FILE)
    except (DataFault, UsageFault):
        raise _none() from None
    if isinstance(value, dict) and isinstance(value.get("certificate"), dict):
        value = value["certificate"]  # of a proof for one reader (S21.5)
    match value:
        case {"proof": str(proof), **more}:
            return [TlogProof.from_text(proof).checkpoint], _time_of(more.get("chain"))
        case {"checkpoint": str(note), **more}:  # of a right's history
            return [note], _time_of(more.get("chain"))
    raise _none()


def _as_signed(data: bytes) -> bytes:
    """A text as it was, should an editor or mail have put a mark before it, or other ends to its lines."""
    return saved(data).replace(b"\r\n", b"\n")


def _is_note(data: bytes) -> bool:
    return b"\n\n\xe2\x80\x94 " in data and not data.lstrip().startswith((b"{", b"%PDF", b"PK"))


def _of_pack(document: BinaryIO) -> tuple[list[str], int | None]:
    try:
        archive = open_archive(document)
        statements = _part(archive, "statements.json", MAX_STATEMENTS_BYTES, MAX_STATEMENTS_VALUES)
        chain = _part(archive, "chain.json", MAX_CHAIN_BYTES, MAX_CHAIN_VALUES)
    except DataFault:
        raise _none() from None
    if not isinstance(statements, list):
        raise _none()
    proofs = [one.get("proof") if isinstance(one, dict) else None for one in statements]
    notes = {proof.partition("\n\n")[2] for proof in proofs if isinstance(proof, str)}
    if len(notes) > MAX_HEADS or not all(isinstance(proof, str) for proof in proofs):
        raise _none()
    return sorted(notes), _time_of(chain)


def _part(archive: Archive, name: str, most: int, values: int) -> JSON:
    if name not in archive.entries:
        raise _none()
    return loads(archive.read(name, most), max_bytes=most, max_values=values)


def _time_of(chain: object) -> int | None:
    try:
        return None if chain is None else parse_evidence(chain, slots=MAX_SLOTS).block.time
    except DataFault:
        return None


def _size(head: Head) -> int:
    return head.checkpoint.size


def _prefixed(which: str, fault: DataFault) -> str:
    return f"against-{which}-{'none' if fault.code == 'against-none' else 'unsigned'}"


def _none() -> DataFault:
    return DataFault(
        "there is no head of a log in this",
        code="against-none",
        hint="Compare a checkpoint, or the file, PDF or pack itself; a code alone carries no head.",
    )

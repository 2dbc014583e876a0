"""Evidence items (R37): their bytes are sealed in the dispute's dossier, each has a statement of its own.

The root over all items so far goes to the chain with every addition, in a transaction of its own at once;
what is there already is not touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from yinzheng.ledger.disputes.calls import EVIDENCE
from yinzheng.ledger.disputes.work import DisputeThread, work_on
from yinzheng.ledger.flow.recording import Recorded
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.course import Rule
from yinzheng.ledger.rules.disputes import Move, State
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.store.models import DossierFile
from yinzheng.ledger.store.models_disputes import EvidenceItem
from yinzheng.ledger.store.sealed import SealedFile, seal_file
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.dispute import evidence_root
from yinzheng.verifier.formats.evidence_items import Item, parse_item

MAX_ITEMS = 1000
"""Items of one dispute."""

MAX_BYTES = 16 * 1024**3
"""Bytes of one item."""


@dataclass(frozen=True, slots=True)
class Offered:
    """An item as somebody offers it: S10.7 without `digest` and `size`, which are measured, and its bytes.

    Where the offer names digest and size all the same, they must be what arrives.
    """

    claim: dict[str, Any]
    chunks: Iterable[bytes]


@dataclass(frozen=True, slots=True)
class Kept:
    """An item whose bytes are sealed and durable, but which no statement names yet."""

    item: Item
    file: SealedFile


def add_items(
    registry: Registry,
    dispute_id: str,
    offered: Sequence[Offered],
    by: Capacity,
    *,
    batch_at: int | None = None,
) -> list[bytes]:
    """Add items to an open dispute: by a party, or by the registry; returns their leaf hashes.

    Raises `DataFault` (a code of `parse_item`, `item-digest`, `item-time`, `item-witness`, `item-too-large`),
    `UsageFault` (`move-…`, `dispute-…`, `items-too-many`). Nothing is kept then.
    """
    move = Move.PRESERVE if by is Capacity.REGISTRY else Move.ADD_EVIDENCE
    with work_on(registry, dispute_id) as work:
        rule = work.allow(move, by)
        first = require_room(len(work.items()), len(offered))
        key, dossier = work.key, work.dispute.dossier_id
    kept = keep(registry, key, dossier, first, offered, batch_at or registry.clock())
    try:
        with work_on(registry, dispute_id) as work:
            work.allow(move, by)
            before = work.items()
            require_same(len(before), first)
            recorded = compose_items(work, rule, [one.item.to_json() for one in kept])
            leaves = [one.leaf_hash for one in recorded]
            add_files(work, first, kept)
            list_items(work, first, leaves, before[-1].batch + 1 if before else 0)
            work.write(rule, *recorded)
            root = evidence_root([*(item.leaf for item in before), *leaves])
            call = registry.client.add_evidence(work.dispute.subject, root, leaves[-1])
            work.call(EVIDENCE, work.dispute.id, call, part=str(first + len(kept)), tried=False)
            return leaves
    except BaseException:
        drop(registry, kept)
        raise


def compose_items(work: DisputeThread, rule: Rule[State, Move], items: Iterable[JSON]) -> list[Recorded]:
    """Compose the statements of items in order, each after the one before."""
    recorded: list[Recorded] = []
    for item in items:
        recorded.append(work.compose(rule, item, after=recorded[-1] if recorded else None))
    return recorded


def require_room(there: int, more: int) -> int:
    """The number of the next item; `UsageFault` `items-too-many`, `dispute-evidence` (none offered)."""
    if not more:
        raise UsageFault("no item is offered", code="dispute-evidence", hint="Name an item and its file.")
    if there + more > MAX_ITEMS:
        raise UsageFault(
            f"a dispute has at most {MAX_ITEMS} items",
            code="items-too-many",
            hint="Put many small files into one archive, which is one item.",
        )
    return there


def require_same(there: int, expected: int) -> None:
    """Refuse (`UsageFault` `dispute-moved`) where another item came while these were sealed."""
    if there != expected:
        raise UsageFault("another item came in between", code="dispute-moved", hint="Add these items again.")


def keep(
    registry: Registry, key: bytes, dossier: bytes, first: int, offered: Sequence[Offered], now: int
) -> list[Kept]:
    """Seal the bytes of what is offered and check each item; or keep nothing."""
    kept: list[Kept] = []
    try:
        for number, offer in enumerate(offered, first):
            file = seal_file(registry.blobs, key, dossier, number, _bounded(offer.chunks))
            try:
                kept.append(Kept(_item(offer.claim, file, now), file))
            except BaseException:
                registry.blobs.delete(file.blob)
                raise
    except BaseException:
        drop(registry, kept)
        raise
    return kept


def drop(registry: Registry, kept: Iterable[Kept]) -> None:
    """Delete what no statement names."""
    for one in kept:
        registry.blobs.delete(one.file.blob)


def add_files(work: DisputeThread, first: int, kept: Sequence[Kept]) -> None:
    """Enter the sealed files into the dispute's dossier, numbered as the items."""
    dossier = work.dispute.dossier_id
    for number, one in enumerate(kept, first):
        manifest = canonical.dumps({"size": one.file.size, "digest": {**one.file.digest.to_json()}})
        work.session.add(
            DossierFile(
                dossier_id=dossier,
                number=number,
                blob=one.file.blob,
                sealed_size=one.file.sealed_size,
                manifest=work.seal.seal(manifest, dossier + number.to_bytes(4, "big")),
            )
        )
    work.session.flush()


def list_items(work: DisputeThread, first: int, leaves: Sequence[bytes], batch: int) -> None:
    """List items under their numbers."""
    for number, leaf in enumerate(leaves, first):
        work.session.add(EvidenceItem(dispute_id=work.dispute.id, number=number, leaf=leaf, batch=batch))


def _item(claim: dict[str, Any], file: SealedFile, now: int) -> Item:
    measured = {"digest": {**file.digest.to_json()}, "size": file.size}
    if any(claim.get(name, value) != value for name, value in measured.items()):
        raise DataFault(
            "the bytes of an item are not those its digests name",
            code="item-digest",
            hint="Send the file that was captured, unchanged; nothing was kept.",
        )
    item = parse_item({**claim, **measured})
    item.check_times(now)
    if item.false_witnesses():
        raise DataFault(
            "the signature of a witness does not hold",
            code="item-witness",
            hint="Witnesses sign the item as it is deposited, digests included.",
        )
    return item


def _bounded(chunks: Iterable[bytes]) -> Iterator[bytes]:
    total = 0
    for chunk in chunks:
        total += len(chunk)
        if total > MAX_BYTES:
            raise DataFault(
                f"an item has more than {MAX_BYTES} bytes",
                code="item-too-large",
                hint="Split it; each part is an item.",
            )
        yield chunk

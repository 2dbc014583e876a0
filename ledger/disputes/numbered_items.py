"""Adding one item under its number, so that whoever got no answer may send it again (S16.3)."""

from __future__ import annotations

from dataclasses import dataclass

from yinzheng.ledger.disputes import evidence, opening
from yinzheng.ledger.disputes.evidence import Offered
from yinzheng.ledger.disputes.showing import Shown, look
from yinzheng.ledger.disputes.work import work_on
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.states import Capacity
from yinzheng.verifier.bytes.algorithms import DigestPair
from yinzheng.verifier.bytes.counting import counted
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.evidence_items import Item, parse_item


@dataclass(frozen=True, slots=True)
class Placed:
    """An item in its place; `leaf` is None in a draft, `new` False if it was there before."""

    number: int
    leaf: bytes | None
    item: Item
    new: bool


def place_item(
    registry: Registry, dispute_id: str, number: int, offered: Offered, digest: DigestPair, size: int
) -> Placed:
    """Add an item as number `number` (from 1) to a draft, or as a party to an open dispute.

    `digest` and `size` are those of its bytes. The same item once more changes nothing.

    Raises `UsageFault`: `dispute-moved` (that number is taken by another, or not the next), and as
    `evidence.add_items`.
    """
    shown = _look(registry, dispute_id)
    if number <= len(shown.items):
        there = shown.items[number - 1]
        same = parse_item({**offered.claim, "digest": {**digest.to_json()}, "size": size}) == there.item
        if number < 1 or not same:
            raise _moved(len(shown.items))
        return Placed(number, there.leaf, there.item, new=False)
    if number != len(shown.items) + 1:
        raise _moved(len(shown.items))
    if shown.state == "draft":
        opening.add_to_draft(registry, dispute_id, [offered])
    else:
        evidence.add_items(registry, dispute_id, [offered], Capacity.PARTY)
    added = _look(registry, dispute_id).items[number - 1]
    return Placed(number, added.leaf, added.item, new=True)


def _look(registry: Registry, dispute_id: str) -> Shown:
    with work_on(registry, dispute_id) as work:
        return look(work)


def _moved(there: int) -> UsageFault:
    return UsageFault(
        f"this dispute has {counted(there, 'item')}, and this is not the next one",
        code="dispute-moved",
        hint="Ask for the dispute, then add the item under the next number.",
    )

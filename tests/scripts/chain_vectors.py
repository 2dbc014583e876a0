"""The worked vectors of what the chain keeps of a certificate: records (S5.3) and holdings (S5.17)."""

from __future__ import annotations

from typing import Any

from tests.verifier.world import HOSPITAL, REGISTRY, RecordState
from yinzheng.verifier.chain.holdings import holdings_digest, holdings_of


def records() -> list[dict[str, Any]]:
    """S5.3: eight words of a record and what they say."""
    content, other = bytes(range(32)), bytes(range(64, 96))
    kinds = {
        "in force": RecordState(content),
        "held, with all remarks": RecordState(content, holds=2, objections=1, remarks=31),
        "reserved": RecordState(content, reserved_until=1_762_100_000, reserved_by=bytes(range(20))),
        "superseded, ordinary procedure": RecordState(content, status=2, procedure=1, successor=other),
        "what passed and what stayed": RecordState(
            content, status=2, successor=other, remainder=content[::-1], predecessor=other[::-1]
        ),
        "cancelled by a forum, on its document": RecordState(content, status=3, ending=0x33),
        "cancelled by its holders, who asked": RecordState(content, status=3, ending=0x11),
    }
    fields = (
        "status", "procedure", "remarks", "holds", "objections", "deposited_at", "valid_until", "changed_at",
        "reserved_until",
    )  # fmt: skip
    return [
        {
            "desc": desc,
            "slots": [f"{word:064x}" for word in record.words()],
            "content": record.content.hex(),
            "successor": record.successor.hex(),
            "reserved_by": record.reserved_by.hex(),
            "case_id": record.case_id.hex(),
            "holdings": record.holdings.hex(),
            "predecessor": record.predecessor.hex(),
            "remainder": record.remainder.hex(),
            "ending": record.ending or 0,
            **{name: getattr(record, name) for name in fields},
        }
        for desc, record in kinds.items()
    ]


def held() -> list[dict[str, Any]]:
    """S5.17: who holds what, and the digest a record keeps of it."""
    one, two = HOSPITAL["code"], REGISTRY["code"]
    lists = {
        "one holder of everything": [(one, ["hold", "use", "operate"])],
        "two holders, one right in common": [(two, ["use"]), (one, ["hold", "use"])],
    }
    return [
        {
            "desc": desc,
            "holders": [{"code": code, "rights": rights} for code, rights in listed],
            "digest": holdings_digest(holdings_of(listed)).hex(),
        }
        for desc, listed in lists.items()
    ]

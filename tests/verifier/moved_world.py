"""The verifier's small world with what moved in it: licences counted, remarks marked, records linked."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from tests.verifier.licences import packed
from tests.verifier.voucher_world import MOVES, MOVES_CODE
from tests.verifier.world import (
    ANCHOR,
    RIGHTS,
    RecordState,
    State,
    World,
    headers,
    record_slots,
    root_slot,
    slot_of,
    trust_json,
)
from yinzheng.verifier.bytes.algorithms import keccak256
from yinzheng.verifier.judge.trust import TrustPolicy, parse_trust
from yinzheng.verifier.log.statement import certificate_subject

STANDING = bytes.fromhex("d4" * 20)
STANDING_CODE = keccak256(b"standing")
BEFORE, AFTER, STAYED = "SJ4412026100001", "SJ4412026110007", "SJ4412026110008"


def trust() -> TrustPolicy:
    policy = trust_json()
    contracts = policy["chain"]["contracts"]
    contracts["moves"] = {"address": MOVES.hex(), "code_hash": MOVES_CODE.hex()}
    contracts["standing"] = {"address": STANDING.hex(), "code_hash": STANDING_CODE.hex()}
    return parse_trust(json.dumps(policy).encode())


def marks(entered: int, deposited: bool, known: int = 1) -> int:
    return packed((entered, 2), (int(deposited), 1), (known, 1))


@dataclass
class MovedWorld(World):
    """A certificate, and the words beside its record. `shown`: which of them its evidence has."""

    licences: int = 0
    marked: dict[int, int] = field(default_factory=dict)
    """By bit of a kind, the word of its marks."""
    others: dict[str, RecordState] = field(default_factory=dict)
    """Other certificates' records, by number."""
    parts: tuple[str, ...] = ("moves", "standing", "links")

    def _words(self) -> dict[bytes, dict[bytes, int]]:
        subject = certificate_subject(self.body.number)
        rights = dict(zip(record_slots(self.body.number), self.state_record.words(), strict=True))
        for number, other in self.others.items():
            slots = record_slots(number)
            wanted = (2, 7) if number == BEFORE else (6,)
            rights |= {slots[at]: other.words()[at] for at in wanted} if "links" in self.parts else {}
        kinds = int.from_bytes(slot_of(subject, 4), "big")
        return {
            ANCHOR: {root_slot(6): int.from_bytes(self.checkpoint.root, "big")},
            RIGHTS: rights,
            MOVES: {slot_of(subject, 4): self.licences},
            STANDING: {
                slot_of(kind.to_bytes(32, "big"), kinds): self.marked.get(kind, 0)
                for kind in (1, 2, 4, 8, 16)
            },
        }

    def chain(self, size: int | None = 6, record: RecordState | None = None, **block: Any) -> dict[str, Any]:
        del record
        words = self._words()
        codes = {
            ANCHOR: self.anchor_code,
            RIGHTS: self.rights_code,
            MOVES: MOVES_CODE,
            STANDING: STANDING_CODE,
        }
        state = State(codes, words)
        own = {"sealers": self.sealers, "number": self.block_number, "time": self.block_time, "gap": self.gap}
        left_out = {MOVES: "moves", STANDING: "standing"}
        accounts = [
            state.account(address, slots)
            for address, slots in words.items()
            if left_out.get(address, "links") in (*self.parts, "links")
            and not (address == ANCHOR and size is None)
        ]
        return {"headers": headers(state.root, **{**own, **block}), "accounts": accounts}

"""The verifier's small world with a licence in it: its statement on the log, its words on the chain."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.verifier.licences import GIVEN, LicenceState, licence_json
from tests.verifier.world import (
    ANCHOR,
    DAY,
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
from yinzheng.verifier.chain.layout import record_slots as slots_of_record
from yinzheng.verifier.errors import EnvironmentFault
from yinzheng.verifier.formats.licence import Licence, given_statement, parse_licence
from yinzheng.verifier.formats.voucher import encode_voucher
from yinzheng.verifier.judge.asof.situation import LiveStatement
from yinzheng.verifier.judge.trust import TrustPolicy, parse_trust
from yinzheng.verifier.log.merkle import hash_leaf
from yinzheng.verifier.log.statement import certificate_subject

MOVES = bytes.fromhex("c3" * 20)
MOVES_CODE = keccak256(b"moves")
BLOCK = GIVEN + 3600
"""Time of the block the world shows."""

ASKED = BLOCK + 120
"""When its documents are looked at."""


def policy() -> dict[str, Any]:
    made = trust_json()
    made["chain"]["contracts"]["moves"] = {"address": MOVES.hex(), "code_hash": MOVES_CODE.hex()}
    made["issuers"][0]["not_after"] = GIVEN + DAY
    return made


def trust(edit: Callable[[dict[str, Any]], None] | None = None) -> TrustPolicy:
    made = policy()
    if edit is not None:
        edit(made)
    return parse_trust(json.dumps(made).encode())


@dataclass
class VoucherWorld(World):
    """One licence under the world's certificate. Change attributes before asking for its file."""

    licence: Licence = field(default_factory=lambda: parse_licence(licence_json()))
    shown_licence: Licence | None = None
    """What the QR says, if not the body."""
    given: LicenceState | None = None
    """The chain's words, if not those of the body."""
    no_licence: bool = False
    end: dict[str, Any] | None = None
    followed: dict[bytes, RecordState] = field(default_factory=dict)
    """Records of certificates that followed, by their identifiers."""
    shown_after: tuple[bytes, ...] | None = None
    """Which of them the file shows, if not all."""
    moves_code: bytes = MOVES_CODE
    block_time: int = BLOCK

    def __post_init__(self) -> None:
        super().__post_init__()
        self.statement = given_statement(self.licence)
        self.leaves = [hash_leaf(b"entry %d" % at) for at in range(5)]
        self.leaves.insert(3, self.statement.leaf_hash)

    @property
    def qr(self) -> str:
        return encode_voucher(self.shown_licence or self.licence, self.signer, "yz.example.org")

    def _words(self) -> dict[bytes, dict[bytes, int]]:
        """By contract, what it holds that anyone asks for."""
        root = self.checkpoint.root if self.anchored_root is None else self.anchored_root
        given = self.given or LicenceState.of(self.licence)
        record = [0] * 8 if self.absent else self.state_record.words()
        words = [0] * 7 if self.no_licence else given.words()
        return {
            ANCHOR: {root_slot(6): int.from_bytes(root, "big")},
            RIGHTS: {
                **dict(zip(record_slots(self.body.number), record, strict=True)),
                **{slot: word for one in self.followed for slot, word in self._following(one).items()},
            },
            MOVES: {slot_of(self.licence.subject, 3, at): word for at, word in enumerate(words)},
        }

    def _following(self, subject: bytes) -> dict[bytes, int]:
        return dict(zip(slots_of_record(subject), self.followed[subject].words(), strict=True))

    def state(self, record: RecordState | None = None) -> State:
        del record
        filler = {slot_of(bytes([at]) * 32, 3): at + 1 for at in range(30)}
        codes = {ANCHOR: self.anchor_code, RIGHTS: self.rights_code, MOVES: self.moves_code}
        return State(codes, {address: {**filler, **words} for address, words in self._words().items()})

    def chain(self, size: int | None = 6, record: RecordState | None = None, **block: Any) -> dict[str, Any]:
        wanted = {address: list(slots) for address, slots in self._words().items()}
        for one in set(self.followed) - set(self.followed if self.shown_after is None else self.shown_after):
            wanted[RIGHTS] = [slot for slot in wanted[RIGHTS] if slot not in self._following(one)]
        if size is None:
            del wanted[ANCHOR]
        return self.prove(wanted, **block)

    def prove(self, wanted: dict[bytes, list[bytes]], **block: Any) -> dict[str, Any]:
        state = self.state()
        own = {"sealers": self.sealers, "number": self.block_number, "time": self.block_time, "gap": self.gap}
        accounts = [state.account(address, slots) for address, slots in wanted.items()]
        return {"headers": headers(state.root, **{**own, **block}), "accounts": accounts}

    def file(self) -> dict[str, Any]:
        return {
            "format": "yinzheng/licence/1",
            "qr": self.qr,
            "record": self.licence.to_json(),
            "statement": self.statement.to_json(),
            "proof": self.proof.text,
            "chain": self.chain(),
            "end": self.end,
        }

    def certificate_leaf(self) -> bytes:
        """Of the deposit, as the chain's record has it."""
        return self.state_record.content

    def certificate_subject(self) -> bytes:
        return certificate_subject(self.body.number)


class VoucherLedger:
    """A live ledger over such a world. `past`: the world as it was, for questions as of a time."""

    def __init__(
        self,
        world: VoucherWorld,
        *,
        past: VoucherWorld | None = None,
        bodies: dict[bytes, Any] | None = None,
        logged: bool = True,
        unreachable: tuple[str, ...] = (),
    ) -> None:
        self._world, self._past, self._logged, self._unreachable = world, past, logged, unreachable
        self.vouchers = {world.licence.number: world.qr}
        self._bodies = {world.statement.leaf_hash: world.licence.to_json(), **(bodies or {})}

    def _up(self, what: str) -> None:
        if what in self._unreachable:
            raise EnvironmentFault("the ledger does not answer", code="node-unreachable")

    def storage(self, wanted: Any, *, at: int | None, block: int | None) -> object:
        self._up("storage")
        world = self._world if at is None else self._past
        if block is not None:
            world = next(one for one in (self._world, self._past) if one and one.block_number == block)
        if world is None:
            raise EnvironmentFault("this ledger keeps no archive", code="node-refused")
        return world.prove({address: list(slots) for address, slots in wanted.items()})

    def statement_proof(self, leaf: bytes) -> str | None:
        self._up("log")
        return self._world.proof.text if self._logged and leaf == self._world.statement.leaf_hash else None

    def said(self, leaf: bytes) -> LiveStatement | None:
        self._up("said")
        if leaf not in self._bodies:
            return None
        return LiveStatement(self._world.statement.to_json(), self._bodies[leaf])

    def voucher(self, number: str) -> str | None:
        self._up("voucher")
        return self.vouchers.get(number)

    def number_of(self, subject: bytes) -> None:
        del subject

"""A world with a holder in it: the organisation's statements in the log, its account in `Holders`."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

from tests.verifier.world import (
    ANCHOR,
    BLOCK_TIME,
    DAY,
    HOSPITAL,
    NOW,
    RIGHTS,
    State,
    World,
    headers,
    inclusion,
    record_slots,
    slot_of,
    trust_json,
)
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey, digest_pair, keccak256, sha256
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.formats.body import Party
from yinzheng.verifier.formats.challenge import Answer, Challenge, answer
from yinzheng.verifier.formats.organisation import (
    Binding,
    Enrolment,
    KeyGrant,
    parse_enrolment,
    prove_possession,
    prove_succession,
)
from yinzheng.verifier.judge.holder import LiveOrganisation
from yinzheng.verifier.judge.live import LiveRecord
from yinzheng.verifier.judge.trust import TrustPolicy, parse_trust
from yinzheng.verifier.log.merkle import root_from_leaves
from yinzheng.verifier.log.note import sign_checkpoint
from yinzheng.verifier.log.statement import Statement, organisation_subject
from yinzheng.verifier.log.tlogproof import TlogProof

HOLDERS = bytes.fromhex("c3" * 20)
HOLDERS_CODE = keccak256(b"holders")
KEY = Sm2PrivateKey.from_bytes(bytes(range(5, 37)))
NEXT = Sm2PrivateKey.from_bytes(bytes(range(6, 38)))
OTHER = Sm2PrivateKey.from_bytes(bytes(range(7, 39)))
ENROLLED = NOW - 30 * DAY
ACCOUNT = bytes([8]) * 20
SECOND = {"name": "岭南数据公司（虚构）", "code": "91310000132200821H"}


def trust(**changes: Any) -> TrustPolicy:
    """The policy of `World`, with the contract of holders pinned."""
    policy = trust_json(**changes)
    policy["chain"]["contracts"]["holders"] = {"address": HOLDERS.hex(), "code_hash": HOLDERS_CODE.hex()}
    return parse_trust(json.dumps(policy).encode())


def enrolment_body(
    key: Sm2PrivateKey = KEY, party: dict[str, str] = HOSPITAL, roles: tuple[str, ...] = ("holder",)
) -> dict[str, Any]:
    """S10.4, bound: the account's signature is not the verifier's to check."""
    grant = KeyGrant(party["code"], key.public_key.point, ENROLLED, ENROLLED + 365 * DAY)
    held = "holder" in roles
    account = ACCOUNT if held else None
    made = Enrolment(Party(**party), roles, account, grant, prove_possession(grant, key, account), ENROLLED)
    binding = Binding(key.sign(made.declaration()), bytes(65)) if held else None
    return parse_enrolment(replace(made, binding=binding).to_json()).to_json()


def rotation_body(begins: int, new: Sm2PrivateKey = NEXT, old: Sm2PrivateKey = KEY) -> dict[str, Any]:
    """A rotation without what becomes of the account, which is the ledger's to ask for."""
    grant = KeyGrant(HOSPITAL["code"], new.public_key.point, begins, begins + 365 * DAY)
    return {
        "v": 1,
        "code": grant.code,
        "replaces": sha256(old.public_key.point)[:8].hex(),
        "key": grant.key.hex(),
        "not_before": grant.not_before,
        "not_after": grant.not_after,
        "possession": prove_possession(grant, new).hex(),
        "succession": prove_succession(grant, old).hex(),
        "rotated_at": begins,
    }


def revocation_body(since: int, reason: str = "compromised", key: Sm2PrivateKey = KEY) -> dict[str, Any]:
    return {
        "v": 1,
        "code": HOSPITAL["code"],
        "kid": sha256(key.public_key.point)[:8].hex(),
        "reason": reason,
        "since": since,
        "told_at": since + 60,
    }


@dataclass
class HolderState:
    """An organisation as the contract keeps it (S5.18)."""

    key: bytes = sha256(KEY.public_key.point)
    account: bytes = ACCOUNT
    state: int = 1
    contested: int = 0
    serial: int = 1
    next: bytes = bytes(20)
    next_from: int = 0
    next_key: bytes = bytes(32)
    since: int = ENROLLED
    ended_at: int = 0
    lost_at: int = 0
    changed_at: int = ENROLLED + 5
    statement: bytes = bytes([9]) * 32

    def words(self) -> list[int]:
        def packed(*parts: tuple[int, int]) -> int:
            return sum(
                value << (8 * sum(size for _, size in parts[:at])) for at, (value, _) in enumerate(parts)
            )

        number = int.from_bytes
        return [
            packed((number(self.account, "big"), 20), (self.state, 1), (self.contested, 1), (self.serial, 4)),
            packed((number(self.next, "big"), 20), (self.next_from, 8)),
            number(self.key, "big"),
            number(self.next_key, "big"),
            packed((self.since, 8), (self.ended_at, 8), (self.lost_at, 8), (self.changed_at, 8)),
            number(self.statement, "big"),
        ]


@dataclass
class HolderWorld(World):
    """A certificate and its holder on log and chain. Change attributes before asking for files."""

    told: list[tuple[str, dict[str, Any]]] = field(
        default_factory=lambda: [("organisation.enrolled", enrolment_body())]
    )
    holder: HolderState | None = field(default_factory=HolderState)
    """None: never entered."""
    party: dict[str, str] = field(default_factory=lambda: HOSPITAL)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.events: list[tuple[Statement, dict[str, Any]]] = []
        for kind, body in self.told:
            self.tell(kind, body)

    def tell(self, kind: str, body: dict[str, Any]) -> None:
        """One more statement about the holder."""
        prev = self.events[-1][0].leaf_hash if self.events else None
        at = body.get("told_at") or body.get("rotated_at") or body["enrolled_at"]
        made = Statement(kind, "GD-HEALTH/1", self.subject, at, digest_pair(dumps(body)), prev, "registry")
        self.events.append((made, body))
        self.leaves.append(made.leaf_hash)

    @property
    def subject(self) -> bytes:
        return organisation_subject(self.party["code"])

    def state(self, record: Any = None) -> State:
        size, root = len(self.leaves), root_from_leaves(self.leaves)
        words = [0] * 8 if self.absent else (record or self.state_record).words()
        filler = {slot_of(bytes([at]) * 32, 3): at + 1 for at in range(30)}
        held = [0] * 6 if self.holder is None else self.holder.words()
        anchored = root if self.anchored_root is None else self.anchored_root
        return State(
            {ANCHOR: self.anchor_code, RIGHTS: self.rights_code, HOLDERS: HOLDERS_CODE},
            {
                ANCHOR: {slot_of(size.to_bytes(32, "big"), 1): int.from_bytes(anchored, "big")},
                RIGHTS: {**filler, **dict(zip(record_slots(self.body.number), words, strict=True))},
                HOLDERS: {**filler, **dict(zip(self.holder_slots, held, strict=True))},
            },
        )

    @property
    def holder_slots(self) -> list[bytes]:
        return [slot_of(self.subject, 3, at) for at in range(6)]

    def chain(self, size: int | None = -1, record: Any = None, **block: Any) -> dict[str, Any]:
        return super().chain(len(self.leaves) if size == -1 else size, record, **block)

    def _anchor(self, size: int | None) -> list[dict[str, Any]]:
        if size is None:
            return []
        return [self.state().account(ANCHOR, [slot_of(size.to_bytes(32, "big"), 1)])]

    def account_evidence(self, size: int | None = -1) -> dict[str, Any]:
        state = self.state()
        wanted = len(self.leaves) if size == -1 else size
        shown = [state.account(HOLDERS, self.holder_slots), *self._anchor(wanted)]
        made = headers(state.root, sealers=self.sealers, number=self.block_number, time=self.block_time)
        return {"headers": made, "accounts": shown}

    @property
    def holder_proof(self) -> TlogProof:
        last = len(self.leaves) - 1
        signers = [replace(signer, name=self.origin) for signer in self.log_signers]
        note = sign_checkpoint(self.checkpoint, signers)
        return TlogProof(last, tuple(inclusion(self.leaves, last)), note)

    def holder_file(self, events: int | None = None) -> dict[str, Any]:
        shown = self.events[:events]
        return {
            "format": "yinzheng/holder/1",
            "events": [{"statement": one.to_json(), "body": body} for one, body in shown],
            "proof": self.holder_proof.text,
            "chain": self.account_evidence(),
        }


@dataclass
class HolderLedger:
    """A live ledger over such a world."""

    world: HolderWorld
    knows: bool = True
    lies: bool = False

    def record(self, number: str) -> LiveRecord | None:
        world = self.world
        return LiveRecord(world.body.to_json(), world.statement.to_json(), world.proof.text, world.qr)

    def chain(self, subject: bytes, size: int | None, at: int | None) -> object:
        return self.world.chain(size)

    def organisation(self, code: str) -> LiveOrganisation | None:
        if not self.knows or code != self.world.party["code"]:
            return None
        told = tuple((one.to_json(), body) for one, body in self.world.events)
        return LiveOrganisation(told[1:] if self.lies else told, self.world.holder_proof.text)

    def account(self, organisation: bytes, size: int | None, at: int | None) -> object:
        return self.world.account_evidence(size)


def challenge(**changes: Any) -> Challenge:
    made = Challenge("SJ4412026110001", "某银行广州分行", bytes(range(16)), NOW - 60, NOW + 540)
    return replace(made, **changes)


def answered(asked: Challenge, key: Sm2PrivateKey = KEY, code: str = HOSPITAL["code"]) -> Answer:
    return answer(asked, code, key)


__all__ = ["BLOCK_TIME", "HolderLedger", "HolderState", "HolderWorld"]

"""A consent on log and chain, with its receipt: in force, withdrawn in part, whatever a test makes of it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from coincurve import PrivateKey as Secp256k1Key

from tests.verifier import bodies
from tests.verifier.access_world import Noted
from tests.verifier.bodies import HOSPITAL
from tests.verifier.world import (
    ANCHOR,
    ANCHOR_CODE,
    BLOCK_TIME,
    DAY,
    DEPOSITED,
    ISSUER,
    LOG_ED,
    LOG_SM2,
    NOW,
    ORIGIN,
    REGISTRY,
    VALIDATORS,
    State,
    headers,
    inclusion,
    root_slot,
    slot_of,
    trust_json,
)
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey, digest_pair, keccak256
from yinzheng.verifier.containers.receipt_lines import ToldLines
from yinzheng.verifier.containers.receiptfile import Place, ReceiptEvent
from yinzheng.verifier.containers.target import Presented, read_target
from yinzheng.verifier.formats.body import Party
from yinzheng.verifier.formats.consent import Consent, parse_consent
from yinzheng.verifier.formats.notice import parse_notice
from yinzheng.verifier.formats.receipt import encode_receipt, granted_statement, with_credential
from yinzheng.verifier.formats.withdrawal import HOUR, Portion, deadlines, granted, parse_requested
from yinzheng.verifier.judge.receipt.erasure import LiveTombstone
from yinzheng.verifier.judge.trust import TrustPolicy, parse_trust
from yinzheng.verifier.log.merkle import hash_leaf, root_from_leaves
from yinzheng.verifier.log.note import Checkpoint, NoteSigner, sign_checkpoint
from yinzheng.verifier.log.statement import Statement, commit_private, commit_public
from yinzheng.verifier.log.tlogproof import TlogProof

CONSENTS = bytes.fromhex("c3" * 20)
CONSENTS_CODE = keccak256(b"consents")
SUBJECT = bytes(range(100, 132))
SECRET = bytes(range(200, 232))
CREDENTIAL = bytes(range(63, 31, -1))
NOTICE_LEAF = bytes([0x11]) * 32
GIVEN = DEPOSITED - 30 * DAY
ERASED = BLOCK_TIME - BLOCK_TIME % HOUR
HOST = "yz.example.org"
PLACES = (2, 0)
"""Of the statements of batches of access lines in the log."""

LAST = 4
"""Place of the last event in the log."""


def receipt_trust_json(**contracts: Any) -> dict[str, Any]:
    policy = trust_json()
    policy["chain"]["contracts"]["consents"] = {
        "address": CONSENTS.hex(),
        "code_hash": CONSENTS_CODE.hex(),
    }
    return policy


def receipt_trust(edit: Callable[[dict[str, Any]], None] | None = None) -> TrustPolicy:
    policy = receipt_trust_json()
    if edit is not None:
        edit(policy)
    return parse_trust(json.dumps(policy).encode())


def notice_json() -> dict[str, Any]:
    return {**bodies.notice(), "published_at": GIVEN - DAY}


def consent_json(**changes: Any) -> dict[str, Any]:
    digest = parse_notice(notice_json()).digest().to_json()
    body = bodies.consent(base=True, third_party_research=True, insurance=False)
    body |= {
        "notice": {"leaf": NOTICE_LEAF.hex(), "digest": digest},
        "given_at": GIVEN,
        "until": GIVEN + 365 * DAY,
    }
    return {**body, **changes}


@dataclass
class WithdrawalState:
    """A withdrawal as the contract would keep it (S5.10)."""

    state: int = 1
    minor: int = 0
    recipients: int = 2
    receipts: int = 0
    holds: int = 0
    late: int = 0
    spare: int = 0
    received_at: int = DEPOSITED - DEPOSITED % HOUR
    frozen_at: int = 0
    restricted_at: int = 0
    opened_at: int = DEPOSITED
    restricted_until: int = 0
    completed_at: int = 0
    changed_at: int = DEPOSITED
    request: bytes = bytes(32)
    outcome: bytes = bytes(32)

    def words(self) -> list[int]:
        def pack(*fields: tuple[int, int]) -> int:
            return int.from_bytes(b"".join(value.to_bytes(size, "big") for value, size in fields), "big")

        return [
            pack(
                (self.restricted_at, 8),
                (self.frozen_at, 8),
                (self.received_at, 8),
                (self.spare, 1),
                (self.late, 1),
                (self.holds, 2),
                (self.receipts, 1),
                (self.recipients, 1),
                (self.minor, 1),
                (self.state, 1),
            ),
            pack(
                (self.changed_at, 8), (self.completed_at, 8), (self.restricted_until, 8), (self.opened_at, 8)
            ),
            int.from_bytes(self.request, "big"),
            int.from_bytes(self.outcome, "big"),
        ]


def frozen(**changes: Any) -> dict[str, Any]:
    return {"state": 2, "frozen_at": DEPOSITED + 60, "changed_at": DEPOSITED + 60, **changes}


def completed(**changes: Any) -> dict[str, Any]:
    return frozen(
        state=3,
        receipts=2,
        completed_at=DEPOSITED + 600,
        changed_at=DEPOSITED + 600,
        outcome=bytes([3]) * 32,
        **changes,
    )


def restricted(**changes: Any) -> dict[str, Any]:
    times = {"restricted_at": DEPOSITED + 600, "changed_at": DEPOSITED + 600}
    return frozen(state=4, outcome=bytes([4]) * 32, restricted_until=NOW + 30 * DAY, **times, **changes)


def held() -> WithdrawalState:
    return WithdrawalState(state=0, recipients=0, holds=1, received_at=0, opened_at=0, changed_at=DEPOSITED)


def withdrawal_slots(id_: bytes) -> list[bytes]:
    return [slot_of(id_, 1, offset) for offset in range(4)]


@dataclass
class ReceiptWorld:
    """One consent. Change attributes before asking for its file."""

    body: Consent = field(default_factory=lambda: parse_consent(consent_json()))
    notice: dict[str, Any] = field(default_factory=notice_json)
    profile: str = "GD-HEALTH/1"
    issued_at: int = DEPOSITED
    signer: Sm2PrivateKey = ISSUER
    registry: Party = field(default_factory=lambda: Party(**REGISTRY))
    log_signers: Sequence[NoteSigner] = (LOG_ED, LOG_SM2)
    sealers: Sequence[Secp256k1Key | None] = tuple(VALIDATORS[:2])
    block_time: int = BLOCK_TIME
    gap: int = 5
    anchored_root: bytes | None = None
    consents_code: bytes = CONSENTS_CODE
    events: list[ReceiptEvent] = field(default_factory=list)
    chain_state: dict[bytes, WithdrawalState] = field(default_factory=dict)
    opened: int | None = None
    """What the chain counts; None: the withdrawals it holds."""
    noted: list[Noted] = field(default_factory=list)
    """Batches of access lines, at most two: in the log they have the third and the first place."""
    listed: Sequence[int] | None = None
    """Numbers of the lines that the file tells; None: all of this consent."""

    def __post_init__(self) -> None:
        self.statement = granted_statement(
            subject=SUBJECT,
            profile=self.profile,
            at=self.body.given_at - self.body.given_at % HOUR,
            commitment=commit_private(SECRET, self.body.canonical()),
        )
        self.leaves = [hash_leaf(b"entry %d" % at) for at in range(5)]
        self.leaves.insert(3, self.statement.leaf_hash)

    # What happens to it

    def event(self, type_: str, body: dict[str, Any], at: int = DEPOSITED) -> Statement:
        """Add an event to the thread, opened."""
        secret = digest_pair(b"secret %d" % len(self.events)).sha256
        last = self.events[-1].statement if self.events else self.statement
        value = ReceiptEvent(
            Statement(
                type_,
                self.profile,
                SUBJECT,
                at - at % HOUR,
                commit_private(secret, json_bytes(body)),
                last.leaf_hash,
                "registry",
            ),
            body,
            secret,
        )
        self.events.append(value)
        return value.statement

    def request(self, *, at: int = DEPOSITED, **extent: Any) -> dict[str, Any]:
        """The body of a further withdrawal: of everything, or of `scopes` and `recipients`."""
        told = [e for e in self.events if e.statement.type == "withdrawal.requested"]
        before = granted(self.body) if not told else parse_requested(dict(told[-1].body)).remains
        scopes, recipients = extent.get("scopes", []), extent.get("recipients", [])
        everything = not (scopes or recipients)
        taken = [g for g in before.grants if everything or g.scope in scopes or g.code in recipients]
        portion = Portion(tuple(before.scopes if everything else sorted(scopes)), tuple(taken))
        remains = Portion(
            tuple(s for s in before.scopes if s not in portion.scopes),
            tuple(g for g in before.grants if g not in taken),
        )
        destroy_by, freeze_by = deadlines(at, minor=False)
        duties = [{"code": HOSPITAL, "name": "某市人民医院", "duty": "clear_links", "reason": None,
                   "salt": "77" * 32}]  # fmt: skip
        duties += [
            {"code": code, "name": "某研究院", "duty": "destroy", "reason": None, "salt": "88" * 32}
            for code in sorted({grant.code for grant in taken})
        ]
        return {
            "v": 1,
            "consent": self.statement.leaf_hash.hex(),
            "withdrawal": (SUBJECT if not told else bytes([len(told)]) * 32).hex(),
            "serial": len(told) + 1,
            "channel": "receipt",
            "extent": {"everything": everything, "scopes": sorted(scopes), "recipients": sorted(recipients)},
            "taken": portion.to_json(),
            "remains": remains.to_json(),
            "minor": False,
            "genetic": False,
            "received_at": at,
            "destroy_by": destroy_by,
            "freeze_by": freeze_by,
            "recipients": sorted(duties, key=lambda duty: str(duty["code"])),
        }

    def withdraw(self, chain: dict[str, Any] | None = None, **extent: Any) -> None:
        """Withdraw, and let the chain hold it with these changes; None: the chain does not know it yet."""
        body = self.request(**extent)
        statement = self.event("withdrawal.requested", body, body["received_at"])
        if chain is not None:
            id_ = bytes.fromhex(body["withdrawal"])
            self.chain_state[id_] = WithdrawalState(**{"request": statement.leaf_hash, **chain})

    def erase(self, at: int = ERASED, **changes: Any) -> LiveTombstone:
        """Destroy the record: the tombstone takes a place in the log. `changes` are its statement's."""
        last = self.events[-1].statement if self.events else self.statement
        named = sorted(one.leaf_hash.hex() for one in (self.statement, last))
        body = {**bodies.tombstone(), "statements": sorted(set(named)), "erased_at": at}
        fields: dict[str, Any] = {"type": "erasure.tombstone", "subject": SUBJECT, "at": at} | changes
        statement = Statement(
            profile=self.profile,
            commitment=commit_public(json_bytes(body)),
            prev=last.leaf_hash,
            by="registry",
            **fields,
        )
        self.leaves[1] = statement.leaf_hash
        return LiveTombstone(statement.to_json(), body, self.proof_of(1).text)

    # What is handed out

    @property
    def told(self) -> ToldLines:
        """The access lines that the file tells, with their proofs."""
        own = [
            (place, one)
            for place, batch in enumerate(self.noted)
            for one in batch.lines
            if one.consent == SUBJECT
        ]
        shown = [(place, one) for place, one in own if self.listed is None or one.number in self.listed]
        batches = tuple(
            batch.placed(PLACES[place], inclusion(self.tree, PLACES[place]))
            for place, batch in enumerate(self.noted)
        )
        lines = tuple(self.noted[place].proved(one.number, place) for place, one in shown)
        last = self.noted[-1].lines[-1].number if self.noted else 0
        return ToldLines(len(own), last, batches, lines)

    @property
    def qr(self) -> str:
        """The patient's own code."""
        return with_credential(self.proof_copy, CREDENTIAL)

    @property
    def proof_copy(self) -> str:
        """The code that proves and lets nobody act."""
        return encode_receipt(
            self.statement,
            registry=self.registry,
            notice=NOTICE_LEAF,
            issued_at=self.issued_at,
            head=self.events[-1].statement.leaf_hash if self.events else None,
            lines=self.told.digest(SECRET),
            signer=self.signer,
            host=HOST,
        )

    @property
    def proof(self) -> TlogProof:
        return self.proof_of(3)

    @property
    def tree(self) -> list[bytes]:
        """The log's leaf hashes; the last event has the place of the fifth."""
        found = list(self.leaves)
        for place, batch in zip(PLACES, self.noted, strict=False):
            found[place] = batch.statement.leaf_hash
        if self.events:
            found[LAST] = self.events[-1].statement.leaf_hash
        return found

    @property
    def last(self) -> Place | None:
        return Place(LAST, tuple(inclusion(self.tree, LAST))) if self.events else None

    def proof_of(self, index: int) -> TlogProof:
        leaves = self.tree
        checkpoint = Checkpoint(ORIGIN, len(leaves), root_from_leaves(leaves))
        note = sign_checkpoint(checkpoint, self.log_signers)
        return TlogProof(index, tuple(inclusion(leaves, index)), note)

    def chain(self, ids: Sequence[bytes] | None = None, size: int | None = 6, **block: Any) -> dict[str, Any]:
        told = [bytes.fromhex(e.body["withdrawal"]) for e in self.events if "withdrawal" in e.body]
        asked = list(dict.fromkeys([SUBJECT, *told])) if ids is None else ids
        root = root_from_leaves(self.tree) if self.anchored_root is None else self.anchored_root
        filler = {slot_of(bytes([at]) * 32, 1): at + 1 for at in range(200, 230)}
        stored = dict(filler)
        for id_, withdrawal in self.chain_state.items():
            stored |= dict(zip(withdrawal_slots(id_), withdrawal.words(), strict=True))
        counted = sum(one.state > 0 for one in self.chain_state.values())
        stored[slot_of(SUBJECT, 3)] = counted if self.opened is None else self.opened
        state = State(
            {ANCHOR: ANCHOR_CODE, CONSENTS: self.consents_code},
            {ANCHOR: {**filler, root_slot(6): int.from_bytes(root, "big")}, CONSENTS: stored},
        )
        slots = [slot_of(asked[0], 3), *(slot for id_ in asked for slot in withdrawal_slots(id_))]
        accounts = [state.account(CONSENTS, slots)]
        if size is not None:
            accounts.insert(0, state.account(ANCHOR, [root_slot(size)]))
        given = {"sealers": self.sealers, "time": self.block_time, "gap": self.gap, **block}
        return {"headers": headers(state.root, **given), "accounts": accounts}

    def file(self) -> dict[str, Any]:
        return {
            "format": "yinzheng/consent-receipt/1",
            "qr": self.proof_copy,
            "secret": SECRET.hex(),
            "body": self.body.to_json(),
            "notice": self.notice,
            "events": [event.to_json() for event in self.events],
            "last": self.last.to_json() if self.last else None,
            "accesses": self.told.to_json(),
            "statement": self.statement.to_json(),
            "proof": self.proof.text,
            "chain": self.chain(),
        }


def json_bytes(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


_GENUINE: list[dict[str, Any]] = []


def genuine_receipt() -> dict[str, Any]:
    """A fresh copy of the file of an untouched world."""
    if not _GENUINE:
        _GENUINE.append(ReceiptWorld().file())
    return copy.deepcopy(_GENUINE[0])


def presented(file: dict[str, Any]) -> Presented:
    return read_target(json.dumps(file, ensure_ascii=False).encode())

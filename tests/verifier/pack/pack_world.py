"""A whole dispute on fixed keys: its statements in a log, its state on a chain, and the pack of it."""

from __future__ import annotations

import copy
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

from tests.verifier.pack.pack_files import pieces, resigned, unpacked
from tests.verifier.world import (
    ANCHOR,
    ANCHOR_CODE,
    BLOCK_TIME,
    HOSPITAL,
    ISSUER,
    LOG_ED,
    LOG_SM2,
    NUMBER,
    ORIGIN,
    REGISTRY,
    RIGHTS,
    RIGHTS_CODE,
    VALIDATORS,
    RecordState,
    State,
    body_json,
    headers,
    inclusion,
    record_slots,
    root_slot,
    slot_of,
    trust_json,
)
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey, digest_pair, keccak256
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.formats.body import Party, parse_body
from yinzheng.verifier.formats.certificate import key_id, statement_of
from yinzheng.verifier.formats.dispute import evidence_root
from yinzheng.verifier.formats.evidence_items import parse_item
from yinzheng.verifier.judge.pack.report import PackReport
from yinzheng.verifier.judge.pack.verify import verify_pack
from yinzheng.verifier.judge.trust import TrustPolicy, parse_trust
from yinzheng.verifier.log.merkle import hash_leaf, root_from_leaves
from yinzheng.verifier.log.note import Checkpoint, sign_checkpoint
from yinzheng.verifier.log.statement import Statement, certificate_subject, commit_private
from yinzheng.verifier.log.tlogproof import TlogProof
from yinzheng.verifier.pack.contents import PackedStatement
from yinzheng.verifier.pack.manifest import ListedRoot
from yinzheng.verifier.pack.writer import PackDossierFile, PackItem, PackPlan, write_pack

PRESERVATION, CONSENTS = bytes.fromhex("c3" * 20), bytes.fromhex("d4" * 20)
MOVES, MOVES_CODE = bytes.fromhex("e5" * 20), keccak256(b"moves")
PRESERVATION_CODE, CONSENTS_CODE = keccak256(b"preservation"), keccak256(b"consents")
DISPUTE = bytes([0xD1]) * 32
CASE = bytes([0xCA]) * 32
CONSENT = bytes([0xC0]) * 32
SUBJECT = certificate_subject(NUMBER)
FORUM = bytes([0xF0]) * 20
PARTIES = (bytes([0x0A]) * 20, bytes([0x0B]) * 20)
COURT = {"name": "广州互联网法院", "code": "91110000600007156J"}
LAB = {"name": "某研究院", "code": "91310000132200821H"}
WITNESS = Sm2PrivateKey.from_bytes(bytes(range(7, 39)))
CAPTURED = BLOCK_TIME - 3000
OPENED = BLOCK_TIME - 2000
ADDED = BLOCK_TIME - 1000
MADE = BLOCK_TIME + 60
NOW = MADE + 60

CONTENTS = (b"a record of access\n" * 50, b"", bytes(range(256)) * 5000)


def item_json(content: bytes, *, witnessed: bool = True, **changes: Any) -> dict[str, Any]:
    """One item; a witness signs what it says in the end."""
    item = {
        "v": 1,
        "kind": "file",
        "title": "访问日志导出",
        "digest": digest_pair(content).to_json(),
        "size": len(content),
        "about": {"name": "access.log", "media_type": "text/plain"},
        "collector": {"name": "李取证", "code": None},
        "tool": "导出工具 2.1",
        "environment": "Debian 12，断网",
        "captured_at": CAPTURED,
        "provenance": "由医院信息科导出",
        "custody": [{"giver": "李取证", "taker": "登记机构", "at": CAPTURED + 60, "reason": "交存"}],
        "witnesses": [],
        **changes,
    }
    if witnessed:
        item["witnesses"] = [_witness(item)]
    return item


def _witness(item: Mapping[str, Any]) -> dict[str, Any]:
    message = parse_item(item).witness_message()
    return {
        "name": "王公证",
        "key": WITNESS.public_key.point.hex(),
        "signature": _signed(message).hex(),
    }


@cache
def _signed(message: bytes) -> bytes:
    # Signatures are random: the same one each time, so that an item equals itself.
    return WITNESS.sign(message)


def opening_json(**changes: Any) -> dict[str, Any]:
    parties = [
        {**HOSPITAL, "account": PARTIES[0].hex(), "key": None},
        {**LAB, "account": PARTIES[1].hex(), "key": WITNESS.public_key.point.hex()},
    ]
    return {
        "v": 1,
        "dispute": DISPUTE.hex(),
        "forum": dict(COURT),
        "number": "(2026)粤0192民初1号",
        "kind": "forum",
        "opened_by": FORUM.hex(),
        "parties": parties,
        "subjects": {"records": [SUBJECT.hex()], "cases": [CASE.hex()], "consents": [CONSENT.hex()]},
        "opened_at": OPENED,
        "evidence_root": None,
        **changes,
    }


def release_json(**changes: Any) -> dict[str, Any]:
    return {
        "v": 1,
        "dispute": DISPUTE.hex(),
        "kind": "settlement",
        "document": digest_pair(b"a settlement").to_json(),
        "reference": "和解协议 2026-11",
        "signers": [party.hex() for party in PARTIES],
        "released_at": ADDED,
        "resumed": [{"subject": CONSENT.hex(), "what": "destruction"}],
        **changes,
    }


def secret_of(at: int) -> bytes:
    return bytes([0x50 + at]) * 32


def pack_trust(edit: Callable[[dict[str, Any]], None] | None = None) -> TrustPolicy:
    policy = copy.deepcopy(trust_json())
    policy["issuers"][0]["not_after"] = None
    policy["operators"] = [dict(REGISTRY), dict(COURT)]
    policy["chain"]["contracts"] |= {
        "preservation": {"address": PRESERVATION.hex(), "code_hash": PRESERVATION_CODE.hex()},
        "consents": {"address": CONSENTS.hex(), "code_hash": CONSENTS_CODE.hex()},
        "moves": {"address": MOVES.hex(), "code_hash": MOVES_CODE.hex()},
    }
    if edit is not None:
        edit(policy)
    return parse_trust(json.dumps(policy).encode())


def words(*parts: tuple[int, int]) -> int:
    """A packed slot from (value, bytes) pairs, the least significant first."""
    word = shift = 0
    for value, size in parts:
        word |= value << shift
        shift += 8 * size
    return word


@dataclass
class Dispute:
    """The dispute, its log and its chain. Change attributes before asking for its pack."""

    contents: Sequence[bytes] = CONTENTS
    withheld: frozenset[int] = frozenset()
    """Numbers of withheld items."""
    first: int = 1
    """Items that came with the opening."""
    released: bool = False
    release: Mapping[str, Any] = field(default_factory=dict)
    """What its end says otherwise."""
    withhold_opening: bool = False
    item_changes: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    witnessed: bool = True
    holds: tuple[int, int, int] = (1, 1, 1)
    """On record, case and consent."""
    case_state: int = 1
    opening: Mapping[str, Any] = field(default_factory=dict)
    chain_dispute: Mapping[int, int] = field(default_factory=dict)
    """Words of the dispute that differ from what was recorded."""
    no_record: bool = False
    record: Mapping[str, Any] = field(default_factory=dict)
    """What the certificate's record has otherwise."""
    chain_roots: Mapping[int, Sequence[int]] = field(default_factory=dict)
    """Words of root entries that differ, by index."""
    parties: Sequence[bytes] = PARTIES
    sealers: Sequence[Any] = tuple(VALIDATORS[:2])
    signer: Sm2PrivateKey = ISSUER
    made_at: int = MADE
    dossier: Sequence[PackDossierFile] = ()
    more: Sequence[tuple[Statement, Any, bytes | None]] = ()
    """Further statements of the log, with body and secret."""
    licences: Mapping[bytes, Sequence[int]] = field(default_factory=dict)
    """Words of licences that the evidence shows, by identifier."""

    def items(self) -> list[dict[str, Any]]:
        return [
            item_json(content, witnessed=self.witnessed, **self.item_changes.get(number, {}))
            for number, content in enumerate(self.contents, start=1)
        ]

    def private(
        self,
        kind: str,
        body: Mapping[str, Any],
        at: int,
        secret: bytes,
        prev: bytes | None,
        by: str = "forum",
    ) -> Statement:
        return Statement(
            type=kind,
            profile="GD-HEALTH/1",
            subject=DISPUTE,
            at=at,
            commitment=commit_private(secret, dumps(body)),
            prev=prev,
            by=by,
        )

    def build(self) -> None:
        """Put all statements into the log, in the order of the dispute's thread."""
        self.log: list[tuple[Statement, Any, bytes | None]] = [(*one,) for one in self.more]
        deposit = parse_body(body_json())
        self.log.append((statement_of(deposit), deposit.to_json(), None))
        self.item_statements: list[Statement] = []
        prev: bytes | None = None
        items = self.items()
        for at, item in enumerate(items):
            if at == self.first:
                prev = self._open(prev)
            statement = self.private(
                "dispute.evidence", item, OPENED if at < self.first else ADDED, secret_of(at), prev
            )
            self.item_statements.append(statement)
            self.log.append((statement, item, secret_of(at)))
            prev = statement.leaf_hash
        if len(items) <= self.first:
            prev = self._open(prev)
        self.outcome: Statement | None = None
        if self.released:
            body = release_json(**self.release)
            self.outcome = self.private("dispute.released", body, ADDED, secret_of(40), prev, "party")
            self.log.append((self.outcome, body, secret_of(40)))
        self.leaves = [hash_leaf(b"entry"), *(entry[0].leaf_hash for entry in self.log), hash_leaf(b"last")]

    def _open(self, prev: bytes | None) -> bytes:
        leaves = [statement.leaf_hash for statement in self.item_statements]
        body = opening_json(evidence_root=evidence_root(leaves).hex() if leaves else None, **self.opening)
        self.opened = self.private("dispute.opened", body, OPENED, secret_of(41), prev)
        self.log.append((self.opened, body, secret_of(41)))
        return self.opened.leaf_hash

    def roots(self) -> list[ListedRoot]:
        leaves = [statement.leaf_hash for statement in self.item_statements]
        sizes = sorted({size for size in (min(self.first, len(leaves)), len(leaves)) if size})
        return [ListedRoot(size, evidence_root(leaves[:size])) for size in sizes]

    @property
    def checkpoint(self) -> Checkpoint:
        return Checkpoint(ORIGIN, len(self.leaves), root_from_leaves(self.leaves))

    @property
    def signed_head(self) -> str:
        if not hasattr(self, "_head"):
            self._head = sign_checkpoint(self.checkpoint, (LOG_ED, LOG_SM2))
        return self._head

    def statements(self) -> list[PackedStatement]:
        hidden = {self.item_statements[number - 1] for number in self.withheld}
        found = []
        for at, (statement, body, secret) in enumerate(self.log, start=1):
            if statement in hidden:
                continue
            proof = TlogProof(at, tuple(inclusion(self.leaves, at)), self.signed_head)
            if statement.type == "dispute.evidence":
                body = None
            if statement is self.opened and self.withhold_opening:
                body = secret = None
            found.append(PackedStatement(statement, body, secret, proof))
        return found

    # The chain

    def storage(self) -> dict[bytes, dict[bytes, int]]:
        """What the contracts hold, by address and slot, worked out from S5 alone."""
        content = self.log[len(self.more)][0].leaf_hash
        record = RecordState(content=content, holds=self.holds[0], **self.record).words()
        rights = {} if self.no_record else dict(zip(record_slots(NUMBER), record, strict=True))
        rights |= dict.fromkeys(record_slots(NUMBER), 0) if self.no_record else {}
        rights[slot_of(CASE, 4)] = words((self.case_state, 1), (2, 1), (0, 1), (self.holds[1], 1))
        consent = words((0, 4), (self.holds[2], 2))
        since = words((0, 24), (OPENED, 8)) if self.holds[2] else 0
        consents = {slot_of(CONSENT, 1): consent, slot_of(CONSENT, 1, 1): since}
        consents |= {slot_of(CONSENT, 1, 2): 0, slot_of(CONSENT, 1, 3): 0}
        head = int.from_bytes(self.checkpoint.root, "big")
        anchors = {root_slot(len(self.leaves)): head}
        found = {ANCHOR: anchors, RIGHTS: rights, CONSENTS: consents, PRESERVATION: self._preservation()}
        moves = {
            slot_of(one, 3, at): word for one, held in self.licences.items() for at, word in enumerate(held)
        }
        return found | ({MOVES: moves} if moves else {})

    def _preservation(self) -> dict[bytes, int]:
        roots = self.roots()
        number = int.from_bytes
        state = words(
            (2 if self.released else 1, 1),
            (1, 1),
            (2, 1),
            (3, 1),
            (len(roots), 4),
            (OPENED, 8),
            (ADDED if self.released else 0, 8),
            (ADDED, 8),
        )
        held = [
            state,
            number(self.opened.leaf_hash, "big"),
            number(roots[-1].root, "big") if roots else 0,
            number(self.outcome.leaf_hash, "big") if self.outcome else 0,
            number(FORUM, "big"),
            0,
        ]
        for at, word in self.chain_dispute.items():
            held[at] = word
        slots = {slot_of(DISPUTE, 3, at): word for at, word in enumerate(held)}
        self._put_list(slots, slot_of(DISPUTE, 5), self.parties)
        for at, subjects in enumerate(([SUBJECT], [CASE], [CONSENT])):
            self._put_list(slots, slot_of(DISPUTE, 6, at), subjects)
        for index, root in enumerate(roots):
            statement = self.opened if root.size <= self.first else self.item_statements[root.size - 1]
            entry = [words((OPENED + index, 8), (index, 4)), number(statement.leaf_hash, "big")]
            entry = list(self.chain_roots.get(index, entry))
            inner = slot_of(DISPUTE, 4)
            first = number(keccak256(root.root + inner), "big")
            slots |= {(first + at).to_bytes(32, "big"): word for at, word in enumerate(entry)}
        return slots

    @staticmethod
    def _put_list(slots: dict[bytes, int], at: bytes, members: Sequence[bytes]) -> None:
        slots[at] = len(members)
        first = int.from_bytes(keccak256(at), "big")
        for offset, member in enumerate(members):
            slots[((first + offset) % 2**256).to_bytes(32, "big")] = int.from_bytes(member, "big")

    def chain(self) -> dict[str, Any]:
        storage = self.storage()
        codes = {
            ANCHOR: ANCHOR_CODE,
            RIGHTS: RIGHTS_CODE,
            CONSENTS: CONSENTS_CODE,
            PRESERVATION: PRESERVATION_CODE,
            MOVES: MOVES_CODE,
        }
        state = State(codes, storage)
        return {
            "headers": headers(state.root, sealers=self.sealers),
            "accounts": [state.account(address, slots) for address, slots in storage.items()],
        }

    # The pack

    def plan(self) -> PackPlan:
        self.build()
        items = [
            PackItem(statement.leaf_hash)
            if number in self.withheld
            else PackItem(statement.leaf_hash, dumps(item), partial(pieces, content))
            for number, (statement, item, content) in enumerate(
                zip(self.item_statements, self.items(), self.contents, strict=True), start=1
            )
        ]
        return PackPlan(
            dispute=DISPUTE,
            reference="D-2026-000001",
            registry=Party(**REGISTRY),
            signer=key_id(self.signer.public_key.point),
            made_at=self.made_at,
            items=items,
            roots=self.roots(),
            statements=self.statements(),
            chain=self.chain(),
            trust=dumps(trust_json()),
            dossier_files=self.dossier,
            report_html=b"<!doctype html><title>report</title>",
            report_pdf=b"%PDF-1.7 report",
        )

    def pack(self, plan: PackPlan | None = None) -> bytes:
        out = io.BytesIO()
        write_pack(out, plan or self.plan(), self.signer.sign)
        return out.getvalue()


_PACKS: list[bytes] = []


def genuine_pack() -> bytes:
    """The pack of an untouched dispute."""
    if not _PACKS:
        _PACKS.append(Dispute().pack())
    return _PACKS[0]


def verified(pack: bytes, trust: TrustPolicy | None = None, now: int = NOW) -> PackReport:
    return verify_pack(io.BytesIO(pack), trust or pack_trust(), now=now)


def changed(edit: Callable[[Any], None], path: str, pack: bytes | None = None) -> bytes:
    """The pack with one JSON file edited, and signed anew."""
    files = unpacked(pack or genuine_pack())
    value = json.loads(files[path])
    edit(value)
    return resigned({**files, path: dumps(value)})

"""A whole small world: keys, a log, a chain with both contracts' storage, and genuine certificates in it.

Built from parts by others where there are any (`trie`, `coincurve`), so that the verifier is not checked
against itself.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import rlp
from coincurve import PrivateKey as Secp256k1Key
from coincurve import PublicKey as Secp256k1PublicKey
from eth_abi.abi import encode as abi_encode
from trie.hexary import HexaryTrie

from yinzheng.verifier.bytes.algorithms import Ed25519PrivateKey, Sm2PrivateKey, keccak256
from yinzheng.verifier.containers.target import Presented, read_target
from yinzheng.verifier.formats.body import RIGHTS as RIGHT_NAMES
from yinzheng.verifier.formats.body import Body, parse_body
from yinzheng.verifier.formats.certificate import encode_qr, key_id, statement_of
from yinzheng.verifier.judge.trust import TrustPolicy, parse_trust
from yinzheng.verifier.log.merkle import hash_leaf, root_from_leaves
from yinzheng.verifier.log.note import Checkpoint, NoteSigner, sign_checkpoint
from yinzheng.verifier.log.statement import certificate_subject
from yinzheng.verifier.log.tlogproof import TlogProof

NUMBER = "SJ4412026110001"
REGISTERED = 1_762_000_000
DEPOSITED = REGISTERED + 60
DAY = 86_400
VALID_UNTIL = REGISTERED + 1000 * DAY
BLOCK_TIME = DEPOSITED + 3600
NOW = BLOCK_TIME + 120
MAX_AGE = 600
ORIGIN = "log.example.org"
ANCHOR = bytes.fromhex("a1" * 20)
RIGHTS = bytes.fromhex("b2" * 20)
ANCHOR_CODE, RIGHTS_CODE = keccak256(b"anchor"), keccak256(b"rights")
REGISTRY = {"name": "广东省数据登记中心", "code": "91350100M000100Y43"}
HOSPITAL = {"name": "广州市示范医院", "code": "91110000600037341L"}

ISSUER = Sm2PrivateKey.from_bytes(bytes(range(1, 33)))
STRANGER = Sm2PrivateKey.from_bytes(bytes(range(2, 34)))
LOG_ED = NoteSigner(ORIGIN, Ed25519PrivateKey(bytes(range(32))))
LOG_SM2 = NoteSigner(ORIGIN, Sm2PrivateKey.from_bytes(bytes(range(3, 35))))
VALIDATORS = [Secp256k1Key(bytes([at]) * 32) for at in (1, 2, 3)]
OUTSIDER = Secp256k1Key(bytes([9]) * 32)


def address_of(key: Secp256k1Key) -> bytes:
    public = Secp256k1PublicKey.from_secret(key.secret).format(compressed=False)
    return keccak256(public[1:])[12:]


def body_json(**changes: Any) -> dict[str, Any]:
    body = {
        "v": 1,
        "number": NUMBER,
        "type": "first",
        "profile": "GD-HEALTH/1",
        "procedure": "simplified",
        "holders": [{**HOSPITAL, "rights": ["hold", "use", "operate"]}],
        "limits": "仅限科研与临床参考，不得用于识别个人",
        "asset": "2021至2025年糖尿病门诊随访数据集",
        "class": "medical",
        "level": {"scheme": "WS/T 787", "value": 3},
        "source": "collected",
        "scale": "12万条",
        "registry": dict(REGISTRY),
        "registered_at": REGISTERED,
        "valid_until": VALID_UNTIL,
        "remarks": [{"kind": "agreed", "text": "约定期限两年"}],
        "prev": "ab" * 32,
    }
    return {**body, **changes}


def trust_json(**changes: Any) -> dict[str, Any]:
    policy = {
        "format": "yinzheng/trust/1",
        "issuers": [
            {
                "kid": key_id(ISSUER.public_key.point).hex(),
                "alg": "SM2-SM3",
                "key": ISSUER.public_key.point.hex(),
                "registry": dict(REGISTRY),
                "prefix": NUMBER[:5],
                "not_before": REGISTERED - DAY,
                "not_after": REGISTERED + DAY,
                "compromised_at": None,
            }
        ],
        "log": {"origin": ORIGIN, "keys": [LOG_ED.key.vkey, LOG_SM2.key.vkey]},
        "chain": {
            "id": 4401,
            "genesis": "00" * 32,
            "consensus": "clique",
            "validators": [
                {"from": 0, "to": 99, "addresses": [address_of(OUTSIDER).hex()]},
                {"from": 100, "to": None, "addresses": [address_of(key).hex() for key in VALIDATORS]},
            ],
            "contracts": {
                "anchor": {"address": ANCHOR.hex(), "code_hash": ANCHOR_CODE.hex()},
                "rights": {"address": RIGHTS.hex(), "code_hash": RIGHTS_CODE.hex()},
            },
        },
        "max_age": MAX_AGE,
        "operators": [dict(REGISTRY), {"name": "某公证处", "code": "91350100M000100Y43"}],
    }
    return {**policy, **changes}


def trust(edit: Callable[[dict[str, Any]], None] | None = None) -> TrustPolicy:
    policy = trust_json()
    if edit is not None:
        edit(policy)
    return parse_trust(json.dumps(policy).encode())


# The log


def inclusion(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """RFC 6962 section 2.1.1, literally."""
    if len(leaves) == 1:
        return []
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    if index < split:
        return [*inclusion(leaves[:split], index), root_from_leaves(leaves[split:])]
    return [*inclusion(leaves[split:], index - split), root_from_leaves(leaves[:split])]


# The chain


def holdings(*held: tuple[str, int]) -> bytes:
    """S5.17 by another ABI coder: credit codes and bits of rights."""
    listed = sorted((hashlib.sha256(b"yinzheng/organisation/1:" + c.encode()).digest(), r) for c, r in held)
    return keccak256(abi_encode(["(bytes32,uint8)[]"], [listed]))


@dataclass
class RecordState:
    """A record as the contract would keep it (S5.3)."""

    content: bytes
    status: int = 1
    procedure: int = 2
    remarks: int = 1
    ending: int | None = None
    """None: as of a cancellation by the registry for the law, exactly where it is cancelled."""
    holds: int = 0
    objections: int = 0
    deposited_at: int = DEPOSITED
    valid_until: int = VALID_UNTIL
    changed_at: int = DEPOSITED
    successor: bytes = bytes(32)
    reserved_until: int = 0
    reserved_by: bytes = bytes(20)
    case_id: bytes = bytes([7]) * 32
    holdings: bytes = holdings((HOSPITAL["code"], 7))
    predecessor: bytes = bytes(32)
    remainder: bytes = bytes(32)
    rest: int = 0

    def words(self) -> list[int]:
        ending = (0x26 if self.status == 3 else 0) if self.ending is None else self.ending
        packed = b"".join(
            value.to_bytes(size, "big")
            for value, size in (
                (self.changed_at, 8),
                (self.valid_until, 8),
                (self.deposited_at, 8),
                (self.objections, 2),
                (self.holds, 2),
                (ending, 1),
                (self.remarks, 1),
                (self.procedure, 1),
                (self.status, 1),
            )
        )
        reservation = self.rest.to_bytes(4, "big") + self.reserved_by + self.reserved_until.to_bytes(8, "big")
        words = [self.content, packed, self.successor, reservation, self.case_id]
        words += [self.holdings, self.predecessor, self.remainder]
        return [int.from_bytes(word, "big") for word in words]


def slot_of(key: bytes, slot: int, offset: int = 0) -> bytes:
    first = int.from_bytes(keccak256(key + slot.to_bytes(32, "big")), "big")
    return (first + offset).to_bytes(32, "big")


def root_slot(size: int) -> bytes:
    return slot_of(size.to_bytes(32, "big"), 1)


def record_slots(number: str) -> list[bytes]:
    return [slot_of(certificate_subject(number), 3, offset) for offset in range(8)]


def _proof(trie: Any, key: bytes) -> list[str]:
    """As `eth_getProof` gives it: nodes that are embedded in their parent are not repeated."""
    encoded = [rlp.encode(node) for node in trie.get_proof(keccak256(key))]
    return [node.hex() for at, node in enumerate(encoded) if at == 0 or len(node) >= 32]


@lru_cache(maxsize=512)
def _trie(entries: tuple[tuple[bytes, bytes], ...]) -> HexaryTrie:
    """Of these, to be read only. Worlds begin alike: what was made of the first tens of them serves again."""
    known = max(len(entries) - 1, 0) // 10 * 10
    begun = _trie(entries[:known]) if known else HexaryTrie(db={})
    made = HexaryTrie(dict(begun.db), begun.root_hash)
    for key, value in entries[known:]:
        made[keccak256(key)] = value
    return made


class State:
    """Account and storage tries, by `trie`."""

    def __init__(self, code: Mapping[bytes, bytes], storage: Mapping[bytes, Mapping[bytes, int]]) -> None:
        self._storage = {
            address: _trie(tuple((k, rlp.encode(v)) for k, v in storage.get(address, {}).items() if v))
            for address in code
        }
        fillers = ((bytes([one]) * 20, rlp.encode([one, 0, bytes(32), bytes(32)])) for one in range(20))
        ours = ((one, rlp.encode([1, 0, self._storage[one].root_hash, hash_])) for one, hash_ in code.items())
        self._accounts = _trie((*fillers, *ours))

    @property
    def root(self) -> bytes:
        return bytes(self._accounts.root_hash)

    def account(self, address: bytes, slots: Iterable[bytes]) -> dict[str, Any]:
        return {
            "address": address.hex(),
            "proof": _proof(self._accounts, address),
            "storage": [
                {"slot": slot.hex(), "proof": _proof(self._storage[address], slot)} for slot in slots
            ],
        }


def header_fields(parent: bytes, state_root: bytes, number: int, time: int) -> list[Any]:
    return [
        parent,
        keccak256(rlp.encode([])),
        bytes(20),
        state_root,
        keccak256(rlp.encode(b"")),
        keccak256(rlp.encode(b"")),
        bytes(256),
        2,
        number,
        30_000_000,
        21_000,
        time,
        bytes(32),
        bytes(32),
        bytes(8),
        7,
    ]


def seal(fields: list[Any], key: Secp256k1Key | None) -> bytes:
    """The header with its Clique seal (EIP-225); without a key, with nothing in its extra data."""
    if key is None:
        return bytes(rlp.encode([*fields[:12], b"", *fields[13:]]))
    signed = keccak256(rlp.encode(fields))
    signature = key.sign_recoverable(signed, hasher=None)
    return bytes(rlp.encode([*fields[:12], fields[12] + signature, *fields[13:]]))


def headers(
    state_root: bytes,
    *,
    sealers: Sequence[Secp256k1Key | None] = tuple(VALIDATORS[:2]),
    number: int = 1000,
    time: int = BLOCK_TIME,
    gap: int = 5,
) -> list[str]:
    parent, sealed = bytes(32), []
    for at, key in enumerate(sealers):
        raw = seal(
            header_fields(parent, state_root if at == 0 else bytes(32), number + at, time + gap * at), key
        )
        sealed.append(raw.hex())
        parent = keccak256(raw)
    return sealed


# All together


@dataclass
class World:
    """One certificate on log and chain. Change attributes before asking for its file."""

    body: Body = field(default_factory=lambda: parse_body(body_json()))
    shown: Body | None = None
    """What the QR says, if not the body."""
    signer: Sm2PrivateKey = ISSUER
    log_signers: Sequence[NoteSigner] = (LOG_ED, LOG_SM2)
    origin: str = ORIGIN
    sealers: Sequence[Secp256k1Key | None] = tuple(VALIDATORS[:2])
    block_number: int = 1000
    block_time: int = BLOCK_TIME
    gap: int = 5
    record: RecordState | None = None
    absent: bool = False
    anchored_root: bytes | None = None
    anchor_code: bytes = ANCHOR_CODE
    rights_code: bytes = RIGHTS_CODE

    def __post_init__(self) -> None:
        self.statement = statement_of(self.body)
        self.leaves = [hash_leaf(b"entry %d" % at) for at in range(5)]
        self.leaves.insert(3, self.statement.leaf_hash)
        before = certificate_subject(self.body.follows[0].number) if self.body.follows else bytes(32)
        self.state_record = self.record or RecordState(
            content=self.statement.leaf_hash,
            predecessor=before,
            holdings=holdings(
                *((h.code, sum(1 << RIGHT_NAMES.index(r) for r in h.rights)) for h in self.body.holders)
            ),
        )

    @property
    def qr(self) -> str:
        return encode_qr(self.shown or self.body, self.signer, "yz.example.org")

    @property
    def checkpoint(self) -> Checkpoint:
        return Checkpoint(self.origin, len(self.leaves), root_from_leaves(self.leaves))

    @property
    def proof(self) -> TlogProof:
        signers = [replace(signer, name=self.origin) for signer in self.log_signers]
        return TlogProof(3, tuple(inclusion(self.leaves, 3)), sign_checkpoint(self.checkpoint, signers))

    def state(self, record: RecordState | None = None) -> State:
        root = self.checkpoint.root if self.anchored_root is None else self.anchored_root
        words = [0] * 8 if self.absent else (record or self.state_record).words()
        filler = {slot_of(bytes([at]) * 32, 3): at + 1 for at in range(30)}
        return State(
            {ANCHOR: self.anchor_code, RIGHTS: self.rights_code},
            {
                ANCHOR: {**filler, root_slot(6): int.from_bytes(root, "big")},
                RIGHTS: {**filler, **dict(zip(record_slots(self.body.number), words, strict=True))},
            },
        )

    def chain(self, size: int | None = 6, record: RecordState | None = None, **block: Any) -> dict[str, Any]:
        state = self.state(record)
        accounts = [state.account(RIGHTS, record_slots(self.body.number))]
        if size is not None:
            accounts.insert(0, state.account(ANCHOR, [root_slot(size)]))
        block = {
            "sealers": self.sealers,
            "number": self.block_number,
            "time": self.block_time,
            "gap": self.gap,
            **block,
        }
        return {"headers": headers(state.root, **block), "accounts": accounts}

    def file(self) -> dict[str, Any]:
        return {
            "format": "yinzheng/certificate/1",
            "qr": self.qr,
            "record": self.body.to_json(),
            "statement": self.statement.to_json(),
            "proof": self.proof.text,
            "chain": self.chain(),
        }


_GENUINE: list[dict[str, Any]] = []


def genuine_file() -> dict[str, Any]:
    """A fresh copy of the file of an untouched world."""
    if not _GENUINE:
        _GENUINE.append(World().file())
    return copy.deepcopy(_GENUINE[0])


def presented(file: Mapping[str, Any]) -> Presented:
    return read_target(json.dumps(file, ensure_ascii=False).encode())

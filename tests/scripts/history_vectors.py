"""Vectors of the history of a right (S23): licensed, transferred as a whole, pledged."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from tests.scripts.move_vectors import BEFORE, DECIDED, request_of, stated_of
from tests.verifier.bodies import PAIR
from tests.verifier.licences import LicenceState, licence_json, packed
from tests.verifier.moved_world import STANDING, STANDING_CODE, marks
from tests.verifier.voucher_world import MOVES, MOVES_CODE
from tests.verifier.world import (
    ANCHOR,
    ANCHOR_CODE,
    DAY,
    RIGHTS,
    RIGHTS_CODE,
    RecordState,
    State,
    headers,
    holdings,
    inclusion,
    root_slot,
    trust_json,
)
from yinzheng.ledger.cases.prepared import Stated, stated
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey
from yinzheng.verifier.chain.layout import REMARK_BITS, record_slots
from yinzheng.verifier.chain.layout_moves import (
    given_slot,
    given_slots,
    licence_slots,
    marks_slot,
    remark_slots,
)
from yinzheng.verifier.formats.certificate import encode_qr
from yinzheng.verifier.formats.move_request import read_request
from yinzheng.verifier.formats.right_history import Registered, Told, format_history
from yinzheng.verifier.formats.standing import parse_remark
from yinzheng.verifier.judge.history.chain import Listed, slots_of
from yinzheng.verifier.judge.trust import parse_trust
from yinzheng.verifier.log.merkle import hash_leaf, root_from_leaves
from yinzheng.verifier.log.note import Checkpoint, NoteSigner, sign_checkpoint
from yinzheng.verifier.log.statement import Statement, commit_public

PLEDGED: Final = DECIDED + DAY
BLOCK: Final = PLEDGED + DAY
NOW: Final = BLOCK + 120


def policy() -> dict[str, Any]:
    """Under which it is genuine, and all there is."""
    made = trust_json()
    made["issuers"][0]["not_after"] = DECIDED + DAY
    made["chain"]["contracts"] |= {
        "moves": {"address": MOVES.hex(), "code_hash": MOVES_CODE.hex()},
        "standing": {"address": STANDING.hex(), "code_hash": STANDING_CODE.hex()},
    }
    return made


def _life() -> tuple[tuple[Stated, ...], tuple[Statement, dict[str, Any]]]:
    """First registration, licence, the two statements of a transfer; and the pledge that came last."""
    request = read_request(request_of("transfer", terms={"rights": ["hold", "use", "operate"]}))
    passed, moved = stated_of(request)
    first = stated("certificate.deposited", BEFORE.to_json())
    given = stated("licence.given", licence_json(request=PAIR))
    body = parse_remark(
        {
            "v": 1,
            "certificate": passed.body.number,
            "kind": "pledge",
            "text": "质押给某银行",
            "document": None,
            "reference": "动产融资统一登记 01234567",
            "by": BEFORE.registry.to_json(),
            "at": PLEDGED,
        }
    )
    pledge = Statement(
        type="remark.entered",
        profile=BEFORE.profile,
        subject=passed.statement.subject,
        at=PLEDGED,
        commitment=commit_public(body.canonical()),
        prev=moved.statement.leaf_hash,
        by="registry",
    )
    return (first, given, passed, moved), (pledge, body.to_json())


def _words(
    first: Stated, given: Stated, passed: Stated, pledge: Statement, said: dict[str, Any], root: bytes
) -> dict[bytes, dict[bytes, int]]:
    """What the contracts hold of it, by contract and slot."""
    before, after = first.statement.subject, passed.statement.subject
    old = RecordState(first.statement.leaf_hash, status=2, changed_at=DECIDED + 60, successor=after)
    new = RecordState(
        passed.statement.leaf_hash,
        remarks=REMARK_BITS["agreed"] | REMARK_BITS["pledge"],
        deposited_at=DECIDED + 60,
        changed_at=PLEDGED + 60,
        holdings=holdings((passed.body.holders[0].code, 7)),
        predecessor=before,
    )
    records = {
        **dict(zip(record_slots(before), old.words(), strict=True)),
        **dict(zip(record_slots(after), new.words(), strict=True)),
    }
    licence = given.body.subject
    (listed,) = given_slots(before, 0, 1)
    words = LicenceState.of(given.body).words()
    entered = packed((REMARK_BITS["pledge"], 1), (0, 1), (PLEDGED + 60, 8))
    document = int.from_bytes(parse_remark(said).digest, "big")
    remark = [int.from_bytes(after, "big"), document, entered, 0]
    return {
        ANCHOR: {root_slot(6): int.from_bytes(root, "big")},
        RIGHTS: records,
        MOVES: {
            given_slot(before): 1,
            given_slot(after): 0,
            listed: int.from_bytes(licence, "big"),
            **dict(zip(licence_slots(licence), words, strict=True)),
        },
        STANDING: {
            marks_slot(after, "pledge"): marks(1, False),
            **dict(zip(remark_slots(pledge.leaf_hash), remark, strict=True)),
        },
    }


def file(issuer: Sm2PrivateKey, signers: tuple[NoteSigner, ...]) -> dict[str, Any]:
    """The history of the certificate that came of the transfer."""
    (first, given, passed, moved), (pledge, said) = _life()
    statements = [one.statement for one in (first, given, passed, moved)] + [pledge]
    leaves = [hash_leaf(b"entry 0"), *(one.leaf_hash for one in statements)]
    checkpoint = Checkpoint(signers[0].name, len(leaves), root_from_leaves(leaves))
    words = _words(first, given, passed, pledge, said, checkpoint.root)
    trust = parse_trust(json.dumps(policy()).encode())
    before, after = first.statement.subject, passed.statement.subject
    listed = {before: Listed(1, (given.body.subject,)), after: Listed(0, ())}
    wanted = slots_of(trust, listed, [pledge.leaf_hash], {})
    bodies: list[Mapping[str, Any] | None] = [None, given.body.to_json(), None, moved.body.to_json(), said]
    data = format_history(
        passed.body.number,
        [Registered(encode_qr(one, issuer, "yz.example.org"), one) for one in (first.body, passed.body)],
        [
            Told(one, body, at, tuple(inclusion(leaves, at)))
            for at, (one, body) in enumerate(zip(statements, bodies, strict=True), 1)
        ],
        sign_checkpoint(checkpoint, list(signers)),
        _chain(words, {ANCHOR: [root_slot(6)], **wanted}),
    )
    found: dict[str, Any] = json.loads(data)
    return found


def _chain(words: dict[bytes, dict[bytes, int]], wanted: Mapping[bytes, list[bytes]]) -> dict[str, Any]:
    codes = {ANCHOR: ANCHOR_CODE, RIGHTS: RIGHTS_CODE, MOVES: MOVES_CODE, STANDING: STANDING_CODE}
    state = State(codes, words)
    accounts = [state.account(address, slots) for address, slots in wanted.items()]
    return {"headers": headers(state.root, time=BLOCK), "accounts": accounts}


def histories(issuer: Sm2PrivateKey, signers: tuple[NoteSigner, ...]) -> dict[str, Any]:
    """The file, the policy, and the timeline that follows: type and certificate of each line."""
    made = file(issuer, signers)
    number = made["number"]
    return {
        "now": NOW,
        "trust": policy(),
        "file": made,
        "lines": [
            ["certificate.deposited", BEFORE.number],
            ["licence.given", BEFORE.number],
            ["certificate.deposited", number],
            ["right.transferred", BEFORE.number],
            ["remark.entered", number],
        ],
    }

"""The worked vectors of withdrawals: slots and words, bodies, what is signed, and the document at the end."""

from __future__ import annotations

import json
from typing import Any

from tests.verifier import withdrawals
from tests.verifier.bodies import NEXT, NOW
from tests.verifier.chain.test_layout_modules import (
    completed,
    frozen,
    requested,
    restricted,
    withdrawal_words,
)
from tests.verifier.formats.test_webhook import DATA, webhook
from tests.verifier.judge import test_conclusion as ended
from tests.verifier.world import ISSUER as ISSUER_KEY
from tests.verifier.world import LOG_ED, ORIGIN, trust_json
from tests.verifier.world import NOW as ASKED
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey
from yinzheng.verifier.bytes.sm2 import Sm2Backend
from yinzheng.verifier.chain.layout_consents import (
    ChainWithdrawal,
    opened_slot,
    overdue_since,
    receipt_slots,
    withdrawal_slots,
)
from yinzheng.verifier.chain.layout_disputes import (
    dispute_slots,
    evidence_slots,
    party_slots,
    subject_slots,
)
from yinzheng.verifier.formats.conclusion import format_conclusion
from yinzheng.verifier.formats.destruction import sign_receipt
from yinzheng.verifier.formats.webhook import sign_webhook
from yinzheng.verifier.formats.withdrawal import parse_requested
from yinzheng.verifier.formats.withdrawal_steps import Completed, parse_step
from yinzheng.verifier.log.note import NoteSigner
from yinzheng.verifier.log.statement import commit_private

LOG_KEY = bytes(range(3, 35))
ENTRY, INNER = bytes(range(32)), bytes(range(32, 64))


def slots() -> dict[str, list[str]]:
    """S5.2: slots of entries, nested entries and lists."""
    found = {
        "withdrawal": withdrawal_slots(ENTRY),
        "opened": [opened_slot(ENTRY)],
        "receipt": receipt_slots(ENTRY, INNER),
        "dispute": dispute_slots(ENTRY),
        "evidence": evidence_slots(ENTRY, INNER),
        "two_parties": party_slots(ENTRY, 2),
        "two_consents": subject_slots(ENTRY, "consents", 2),
    }
    return {name: [slot.hex() for slot in listed] for name, listed in found.items()}


def _words(desc: str, state: ChainWithdrawal) -> dict[str, Any]:
    late = state.destroy_by + 1
    return {
        "desc": desc,
        "words": [f"{word:064x}" for word in withdrawal_words(state)],
        "destroy_by": state.destroy_by,
        "freeze_by": state.freeze_by,
        "asked": late,
        "overdue_since": overdue_since(state, late),
    }


def make(backend: Sm2Backend) -> dict[str, Any]:
    """S5.10–S5.15, S10.6, S10.6a, S10.9, S11.4; the backend signs without chance."""
    recipient = Sm2PrivateKey.from_bytes(NEXT.secret_bytes(), backend)
    issuer = Sm2PrivateKey.from_bytes(ISSUER_KEY.secret_bytes(), backend)
    request = parse_requested(withdrawals.requested())
    receipt = sign_receipt(withdrawals.receipt(), recipient)
    body, header = sign_webhook(webhook(), issuer)
    events, events_header = sign_webhook(webhook("certificate.events"), issuer)
    widened, widened_header = sign_webhook(webhook("notice.widened"), issuer)
    return {
        "entry": ENTRY.hex(),
        "inner": INNER.hex(),
        "slots": slots(),
        "withdrawals": [
            _words("requested, of a minor", requested(minor=True)),
            _words("frozen", frozen()),
            _words("completed", completed()),
            _words("restricted", restricted()),
        ],
        "requested": {
            "canonical": request.canonical().decode(),
            "key": ENTRY.hex(),
            "commitment": commit_private(ENTRY, request.canonical()).to_json(),
            "recipients": {code: salted.hex() for code, salted in request.owing.items()},
        },
        "receipt": {
            "public": recipient.public_key.point.hex(),
            "message": receipt.receipt.message().hex(),
            "canonical": receipt.canonical().decode(),
            "received_at": NOW,
        },
        "notice": {"data": DATA["withdrawal.destroy"], "body": body.decode(), "header": header},
        "widened": {
            "data": DATA["notice.widened"],
            "body": widened.decode(),
            "header": widened_header,
        },
        "events": {
            "data": DATA["certificate.events"],
            "body": events.decode(),
            "header": events_header,
        },
        "conclusion": _conclusion(issuer, NoteSigner(ORIGIN, Sm2PrivateKey.from_bytes(LOG_KEY, backend))),
    }


def _conclusion(issuer: Sm2PrivateKey, log: NoteSigner) -> dict[str, Any]:
    """S10.9: a file, and the policy under which it is genuine at `now`."""
    statement = ended.statement_of(Completed.TYPE, ended.completed())
    step = parse_step(Completed.TYPE, ended.completed())
    assert isinstance(step, Completed)
    policy = trust_json()
    pin = {"address": ended.CONSENTS.hex(), "code_hash": ended.CODE.hex()}
    policy["chain"]["contracts"]["consents"] = pin
    proof, root = ended.proof_of(statement.leaf_hash, (LOG_ED, log))
    chain = ended.chain_of(root, ended.on_chain(statement.leaf_hash))
    data = format_conclusion(
        statement, step, ended.SECRET, issuer, signed_at=ended.SIGNED, proof=proof, chain=chain
    )
    return {"now": ASKED, "trust": policy, "leaf_hash": statement.leaf_hash.hex(), "file": json.loads(data)}

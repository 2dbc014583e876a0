"""The worked vectors of consent receipts (S13) and of evidence packs (S14)."""

from __future__ import annotations

import base64
from typing import Any

import cbor2

from tests.verifier.access_world import chained, line, use
from tests.verifier.bodies import LAB
from tests.verifier.pack.pack_world import CONTENTS, Dispute, item_json, pack_trust
from tests.verifier.pack.pack_world import NOW as PACKED
from tests.verifier.pack.pack_world import WITNESS as WITNESS_KEY
from tests.verifier.receipt_world import (
    CREDENTIAL,
    SECRET,
    SUBJECT,
    ReceiptWorld,
    completed,
    receipt_trust_json,
)
from tests.verifier.world import ISSUER as ISSUER_KEY
from tests.verifier.world import LOG_ED, NOW, ORIGIN
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey
from yinzheng.verifier.bytes.cose import from_base32
from yinzheng.verifier.bytes.sm2 import Sm2Backend
from yinzheng.verifier.formats.evidence_items import parse_item
from yinzheng.verifier.formats.receipt import decode_receipt_qr, short_receipt
from yinzheng.verifier.log.note import NoteSigner, sign_checkpoint

LOG_KEY = bytes(range(3, 35))
SCOPE = "third_party_research"
GRANT = {"code": LAB, "scope": SCOPE, "route": "deidentified"}


def _signers(backend: Sm2Backend) -> tuple[Sm2PrivateKey, tuple[NoteSigner, NoteSigner]]:
    issuer = Sm2PrivateKey.from_bytes(ISSUER_KEY.secret_bytes(), backend)
    return issuer, (LOG_ED, NoteSigner(ORIGIN, Sm2PrivateKey.from_bytes(LOG_KEY, backend)))


def receipts(backend: Sm2Backend) -> dict[str, Any]:
    """S13: a receipt of a consent in force, each step from core to QR text, and one withdrawn in part."""
    issuer, log = _signers(backend)
    whole = ReceiptWorld(signer=issuer, log_signers=log)
    part = ReceiptWorld(signer=issuer, log_signers=log)
    part.withdraw(completed(), recipients=[LAB])
    read = ReceiptWorld(signer=issuer, log_signers=log)
    read.noted = chained(
        [
            [line(1, None), use(2, SUBJECT), use(3, SUBJECT, LAB, scope="insurance")],
            [line(4, SUBJECT), line(5, None)],
        ]
    )
    return {
        "now": NOW,
        "trust": receipt_trust_json(),
        "k": SECRET.hex(),
        "credential": CREDENTIAL.hex(),
        "receipts": [
            _receipt("in force", whole, [{**GRANT}]),
            _receipt("withdrawn from its recipient", part, []),
            _receipt("used twice, once outside consent", read, [{**GRANT}]),
        ],
    }


def uncounted(backend: Sm2Backend) -> dict[str, Any]:
    """The file of a receipt that tells of a withdrawal, with evidence of a chain that counts none."""
    issuer, log = _signers(backend)
    made = ReceiptWorld(signer=issuer, log_signers=log)
    made.withdraw(None)
    return made.file()


def _receipt(desc: str, made: ReceiptWorld, grants: list[dict[str, str]]) -> dict[str, Any]:
    core = from_base32(made.qr.split("#")[1].split(".")[0])
    protected, _, payload, signature = cbor2.loads(core)
    return {
        "desc": desc,
        "qr": made.qr,
        "proof_copy": made.proof_copy,
        "short": short_receipt(made.qr),
        "short_proof_copy": short_receipt(made.proof_copy),
        "core": core.hex(),
        "protected": protected.hex(),
        "payload": payload.hex(),
        "sig_structure": decode_receipt_qr(made.qr).core.signed.hex(),
        "signature": signature.hex(),
        "leaf_hash": made.statement.leaf_hash.hex(),
        "file": made.file(),
        "authentic": "genuine",
        "status": "in_force",
        "remaining": {"scopes": ["base", SCOPE], "grants": grants},
        "exit_code": 0,
    }


def _change(desc: str, offset: int, where: str, obligation: int, word: str) -> dict[str, Any]:
    return {"desc": desc, "offset": offset, "where": where, "obligation": obligation, "word": word}


def packs(backend: Sm2Backend) -> dict[str, Any]:
    """S14: a pack of two items, one withheld, and what must be found when one byte of it is another."""
    issuer, log = _signers(backend)
    policy: list[dict[str, Any]] = []
    pack_trust(policy.append)
    contents = (CONTENTS[0][:19], b"withheld\n")
    witness = Sm2PrivateKey.from_bytes(WITNESS_KEY.secret_bytes(), backend)
    unsigned = item_json(contents[0], witnessed=False)
    signed = {
        "name": "王公证",
        "key": witness.public_key.point.hex(),
        "signature": witness.sign(parse_item(unsigned).witness_message()).hex(),
    }
    made = Dispute(
        contents=contents,
        withheld=frozenset({2}),
        witnessed=False,
        item_changes={1: {"witnesses": [signed]}},
        signer=issuer,
    )
    made.build()
    made._head = sign_checkpoint(made.checkpoint, log)
    pack = made.pack()
    at = pack.index(contents[0])
    return {
        "now": PACKED,
        "trust": policy[0],
        "pack": base64.b64encode(pack).decode(),
        "verdict": "consistent",
        "questions": {"C16": "consistent", "C17": "consistent", "C18": "consistent", "C19": "undetermined"},
        "changes": [
            _change("the item's content", at, "items/0001", 4, "forged"),
            _change(
                "a digest in the manifest", pack.index(b'"sha256":"') + 10, "manifest.json", 1, "not_ours"
            ),
            _change("the end of the zip", len(pack) - 1, "pack", 1, "not_ours"),
        ],
    }

"""The worked vectors of trade checks (S20): a body, its statement, what is signed, and the receipt."""

from __future__ import annotations

from typing import Any

from tests.verifier.judge import test_trade_check as checks
from tests.verifier.world import ISSUER, LOG_ED, NOW, ORIGIN, World, trust_json
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey
from yinzheng.verifier.bytes.sm2 import Sm2Backend
from yinzheng.verifier.formats.trade_check import sign_check, signed_message, trade_receipt
from yinzheng.verifier.log.note import NoteSigner

LOG_KEY = bytes(range(3, 35))


def trades(backend: Sm2Backend) -> dict[str, Any]:
    """S20.3: receipts, genuine at `now` under `trust`, with what was answered and the exit code."""
    issuer = Sm2PrivateKey.from_bytes(ISSUER.secret_bytes(), backend)
    signers = (LOG_ED, NoteSigner(ORIGIN, Sm2PrivateKey.from_bytes(LOG_KEY, backend)))
    found = []
    for body, exit_code in (
        (checks.checked(), 0),
        (checks.checked("contract-missing"), 3),
        (checks.checked("held", "withdrawals-overdue"), 1),
    ):
        statement = checks.statement_of(body)
        world = World(signer=issuer, log_signers=signers)
        world.leaves[3] = statement.leaf_hash
        signed = sign_check(statement, issuer)
        file = trade_receipt(
            statement, body.to_json(), checks.SECRET, signed, proof=world.proof, chain=world.chain()
        )
        message = signed_message(statement).hex()
        found.append({"file": file, "signed": message, "answer": body.answer, "exit_code": exit_code})
    return {"now": NOW, "trust": trust_json(), "receipts": found}

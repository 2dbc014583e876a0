"""What a withdrawal asks of the chain, each about a withdrawal by the hex of its identifier (R35, S5.10).

An opening names a time of receipt within a day, a restriction an end yet to come. Where the chain could not
be told in time, because it was out of reach too long, the call is made anew with the nearest time it takes.
The statement in the log keeps the true one, by which the ledger counts; on chain the clock then runs a little
longer, and `openedAt` shows why.
"""

from __future__ import annotations

from typing import Final

from eth_abi.abi import decode, encode
from sqlmodel import Session

from yinzheng.ledger.flow.calls import CallKind
from yinzheng.ledger.store.models import ChainCall
from yinzheng.ledger.store.models_consents import Withdrawal
from yinzheng.verifier.errors import YinzhengError

HOUR = 3600
_DAY = 24 * HOUR

_OPEN = ("bytes32", "bytes32", "uint64", "bool", "bytes32", "bytes32[]")
_RESTRICT = ("bytes32", "bytes32", "uint64")


def _received_later(_session: Session, call: ChainCall, refusal: YinzhengError, now: int) -> bool:
    if refusal.code != "withdrawal-received":
        return False
    id_, consent, _, *rest = decode(_OPEN, call.data[4:])
    # The earliest full hour the chain takes, with an hour to spare until its block.
    received = -((_DAY - HOUR - now) // HOUR) * HOUR
    call.data = call.data[:4] + encode(_OPEN, [id_, consent, received, *rest])
    return True


def _restricted_longer(session: Session, call: ChainCall, refusal: YinzhengError, now: int) -> bool:
    if refusal.code != "restriction-end":
        return False
    id_, statement, _ = decode(_RESTRICT, call.data[4:])
    until = now - now % HOUR + 2 * HOUR
    call.data = call.data[:4] + encode(_RESTRICT, [id_, statement, until])
    # Nothing may be completed before the end that the chain knows.
    session.get_one(Withdrawal, id_).restricted_until = until
    return True


OPENING: Final = CallKind("withdrawal", together=True, redate=_received_later)
FROZEN: Final = CallKind("withdrawal-frozen", together=True)
RECEIPT: Final = CallKind("withdrawal-receipt", together=True)
"""Its part: the hex of the recipient's name on chain."""
RESTRICTED: Final = CallKind("withdrawal-restricted", together=True, redate=_restricted_longer)
"""Its part: how many restrictions went before."""
COMPLETED: Final = CallKind("withdrawal-completed", together=True)

KINDS: Final = (OPENING, FROZEN, RECEIPT, RESTRICTED, COMPLETED)

FACTS: Final = {
    OPENING.name: "withdrawal",
    FROZEN.name: "frozen",
    RECEIPT.name: "receipt",
    RESTRICTED.name: "restricted",
    COMPLETED.name: "completed",
}
"""What each is for, in the word that those concerned are shown (S15.6)."""

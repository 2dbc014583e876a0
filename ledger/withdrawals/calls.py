"""Calls of a withdrawal that the chain no longer takes because it was out of reach too long (S5.10).

An opening names a time of receipt within a day, a restriction an end yet to come. Where the chain could not
be told in time the call is made anew with the nearest time it takes. The statement in the log keeps the true
one, by which the ledger counts; on chain the clock then runs a little longer, and `openedAt` shows why.
"""

from __future__ import annotations

from eth_abi.abi import decode, encode
from sqlmodel import Session

from yinzheng.ledger.store.models import ChainCall
from yinzheng.ledger.store.models_consents import Withdrawal
from yinzheng.verifier.errors import YinzhengError

HOUR = 3600
_DAY = 24 * HOUR

_OPEN = ("bytes32", "bytes32", "uint64", "bool", "bytes32", "bytes32[]")
_RESTRICT = ("bytes32", "bytes32", "uint64")


def redate(session: Session, call: ChainCall, refusal: YinzhengError, now: int) -> bool:
    """Give a refused call a time that the chain takes at `now`; False if its time is not at fault."""
    kind, selector = call.key.partition(":")[0], call.data[:4]
    if (kind, refusal.code) == ("withdrawal", "withdrawal-received"):
        id_, consent, _, *rest = decode(_OPEN, call.data[4:])
        # The earliest full hour the chain takes, with an hour to spare until its block.
        received = -((_DAY - HOUR - now) // HOUR) * HOUR
        call.data = selector + encode(_OPEN, [id_, consent, received, *rest])
        return True
    if (kind, refusal.code) == ("withdrawal-restricted", "restriction-end"):
        id_, statement, _ = decode(_RESTRICT, call.data[4:])
        until = now - now % HOUR + 2 * HOUR
        call.data = selector + encode(_RESTRICT, [id_, statement, until])
        # Nothing may be completed before the end that the chain knows.
        session.get_one(Withdrawal, id_).restricted_until = until
        return True
    return False

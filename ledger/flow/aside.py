"""What a person signed and nothing can mine until their account has sent what comes before (ADR 55)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import and_, or_
from sqlmodel import col, select

from yinzheng.ledger.chain.sender import Carrier, SignedTransaction, account_of
from yinzheng.ledger.keys.provider import RELAY
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store.models import ChainCall

NONCE_MISSING: Final = "nonce-missing"
"""Of what a person signed and nothing can mine until their account has sent what comes before."""
_ASIDE: Final = and_(col(ChainCall.state) == "sent", col(ChainCall.error) == NONCE_MISSING)
NOT_ASIDE: Final = or_(col(ChainCall.error).is_(None), col(ChainCall.error) != NONCE_MISSING)


def put_aside(
    registry: Registry, sender: Carrier, sent: Sequence[tuple[ChainCall, SignedTransaction]]
) -> bool:
    """Put aside what a person signed whose account lacks an earlier transaction: nobody here can send that.

    What it sent elsewhere vanished with an orphaned block. Until the nonce is used everything else goes on;
    `look_again` takes it up then.
    """
    call, first = sent[0]
    if call.sender == RELAY or sender.counted(account_of(first.raw)) >= first.nonce:
        return False
    with registry.store.transaction() as session:
        for one, _ in sent:
            session.get_one(ChainCall, one.id).error = NONCE_MISSING
    return True


def look_again(registry: Registry) -> None:
    """Take up what was put aside because an earlier nonce of its signer was missing, once it is not."""
    with registry.store.reading() as session:
        aside = list(session.exec(select(ChainCall).where(_ASIDE).order_by(col(ChainCall.nonce))))
    for call in aside:
        assert call.raw_tx is not None
        assert call.nonce is not None
        if registry.carrier_of(call.sender).counted(account_of(call.raw_tx)) >= call.nonce:
            with registry.store.transaction() as session:
                session.get_one(ChainCall, call.id).error = None

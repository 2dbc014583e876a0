"""Is every time-stamp token over what its row says, and is that ours?"""

from __future__ import annotations

from sqlmodel import col, select

from yinzheng.ledger.audit.finding import Audit
from yinzheng.ledger.store.models_disputes import TimeStamp
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.judge.timestamp import parse_token


def check_time_stamps(audit: Audit) -> None:
    """Read each token again, and compare it with its row (`timestamp-…`).

    Who vouches for its signature is a matter of each reader's policy (S10.10), and not looked at here.
    """
    with audit.store.reading() as session:
        for row in session.exec(select(TimeStamp).order_by(col(TimeStamp.id))):
            with audit.finding(timestamp=row.id):
                token = parse_token(row.token)
                token.require(row.digest)
                if token.at != row.stamped_at:
                    raise DataFault("a time stamp's row has another time", code="timestamp-altered")

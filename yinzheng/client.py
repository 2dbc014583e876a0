"""What an exchange calls before and while it trades: checks, their receipts, reservations (S20).

    from yinzheng.client import Exchange

    with Exchange.open("org", "https://desk.example.org") as exchange:
        answer = exchange.check(trade)             # S20.1, as `docs/schemas/trade.json` has it
        if answer.allowed:
            kept = exchange.reserve(trade["certificate"], hours=24)
        ...
        exchange.settle(kept, case, request, contract)  # both parties signed; or exchange.release(kept)

Every request is signed by the organisation's SM2 key (S11), every reservation by its account as well. What
the desk answers is typed; a refusal is raised under the desk's own code. It needs no chain and no database:
`pip install yinzheng[org]`.
"""

from __future__ import annotations

from yinzheng.api.org.exchange import (
    Answer,
    Exchange,
    Listed,
    Lost,
    Obligation,
    Reason,
    Reservation,
    Settlement,
)

__all__ = ["Answer", "Exchange", "Listed", "Lost", "Obligation", "Reason", "Reservation", "Settlement"]

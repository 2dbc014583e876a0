"""The course of a contract about data (R56): delivery, acceptance, tracking, its end, destruction."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from yinzheng.ledger.rules import course
from yinzheng.ledger.rules.course import Course
from yinzheng.ledger.rules.events import ContractStatement
from yinzheng.ledger.rules.states import Capacity
from yinzheng.verifier.formats.trade import SHARE


class State(StrEnum):
    """Where a contract stands."""

    NONE = "none"
    CONCLUDED = "concluded"
    DELIVERED = "delivered"
    OBJECTED = "objected"
    ACCEPTED = "accepted"
    CLEARED = "cleared"
    """Of a transfer: the seller destroyed what it transferred."""
    ENDED = "ended"
    CLOSED = "closed"
    """Of a share: the buyer destroyed what it had."""


class Move(StrEnum):
    """What a party tells."""

    CONCLUDE = "conclude"
    DELIVER = "deliver"
    ACCEPT = "accept"
    OBJECT = "object"
    SETTLE = "settle"
    """Told by no party: the exchange's report on the trade writes it (R46, S20.6)."""
    TRACK = "track"
    DESTROY = "destroy"
    END = "end"


class Guard(StrEnum):
    """Who tells it, and of which kind of contract."""

    BY_SELLER = "by_seller"
    BY_BUYER = "by_buyer"
    BY_PARTY = "by_party"
    OF_SHARE = "of_share"
    OF_TRANSFER = "of_transfer"


Rule: TypeAlias = course.Rule[State, Move]


@dataclass(frozen=True, slots=True)
class Situation:
    """All that the table looks at."""

    state: State
    kind: str
    side: str
    """`seller`, `buyer`, or `exchange` for one that handed it in or settled it."""

    def meets(self, guard: Guard, _now: int) -> bool:
        """Tell whether a guard's condition is met."""
        met = {
            Guard.BY_SELLER: self.side == "seller",
            Guard.BY_BUYER: self.side == "buyer",
            Guard.BY_PARTY: self.side in ("seller", "buyer"),
            Guard.OF_SHARE: self.kind == SHARE,
            Guard.OF_TRANSFER: self.kind != SHARE,
        }
        return met[guard]


_S, _M, _T, _G = State, Move, ContractStatement, Guard


def _rule(state: State, move: Move, to: State, told: ContractStatement, *guards: Guard) -> Rule:
    return course.Rule(state, move, to, Capacity.PARTY, told, frozenset(guards))


def _settled(state: State) -> Rule:
    return course.Rule(state, Move.SETTLE, state, Capacity.EXCHANGE, ContractStatement.SETTLED)


OPEN: Final = (State.CONCLUDED, State.DELIVERED, State.OBJECTED, State.ACCEPTED, State.CLEARED)
"""Where a contract is not over, and may be settled."""


COURSE: Final = Course(
    name="contract",
    rules=(
        _rule(_S.NONE, _M.CONCLUDE, _S.CONCLUDED, _T.CONCLUDED),
        _rule(_S.CONCLUDED, _M.DELIVER, _S.DELIVERED, _T.DELIVERED, _G.BY_SELLER),
        _rule(_S.OBJECTED, _M.DELIVER, _S.DELIVERED, _T.DELIVERED, _G.BY_SELLER),
        _rule(_S.DELIVERED, _M.ACCEPT, _S.ACCEPTED, _T.ACCEPTED, _G.BY_BUYER),
        _rule(_S.DELIVERED, _M.OBJECT, _S.OBJECTED, _T.OBJECTED, _G.BY_BUYER),
        _rule(_S.ACCEPTED, _M.TRACK, _S.ACCEPTED, _T.TRACKED),
        _rule(_S.CLEARED, _M.TRACK, _S.CLEARED, _T.TRACKED),
        _rule(_S.ACCEPTED, _M.DESTROY, _S.CLEARED, _T.DESTROYED, _G.BY_SELLER, _G.OF_TRANSFER),
        _rule(_S.CONCLUDED, _M.END, _S.ENDED, _T.ENDED, _G.BY_PARTY),
        _rule(_S.DELIVERED, _M.END, _S.ENDED, _T.ENDED, _G.BY_PARTY),
        _rule(_S.OBJECTED, _M.END, _S.ENDED, _T.ENDED, _G.BY_PARTY),
        _rule(_S.ACCEPTED, _M.END, _S.ENDED, _T.ENDED, _G.BY_PARTY, _G.OF_SHARE),
        _rule(_S.CLEARED, _M.END, _S.ENDED, _T.ENDED, _G.BY_PARTY),
        _rule(_S.ENDED, _M.DESTROY, _S.CLOSED, _T.DESTROYED, _G.BY_BUYER, _G.OF_SHARE),
        *map(_settled, OPEN),
    ),
    unmet={
        Guard.BY_SELLER: ("contract-side", "that is for the seller"),
        Guard.BY_BUYER: ("contract-side", "that is for the buyer"),
        Guard.BY_PARTY: ("contract-side", "that is for seller or buyer"),
        Guard.OF_SHARE: ("contract-kind", "that is of a contract to share"),
        Guard.OF_TRANSFER: ("contract-kind", "that is of a contract to transfer"),
    },
)
"""Told by the parties, each in requests that it signs; an exchange that handed it in or settled it reads
and tracks. The one that reserved the certificate settles it, once, while it is not over (R46)."""

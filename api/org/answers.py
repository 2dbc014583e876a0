"""What a desk answers, read strictly and held against what was asked (D16).

A desk is only an address: whoever answers there may answer something else, of another time, or out of all
form. What would be believed, signed or made an address of a page is checked before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from yinzheng.ledger.rules.case_types import CaseType
from yinzheng.verifier.bytes.canonical import (
    Check,
    dumps,
    integer,
    list_of,
    nullable,
    one_of,
    read_object,
    text,
)
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.body import check_number, check_plain
from yinzheng.verifier.formats.order import statement_of
from yinzheng.verifier.formats.organisation import EXCHANGE
from yinzheng.verifier.formats.request import WINDOW
from yinzheng.verifier.formats.reservation import Reserved, parse_reserved
from yinzheng.verifier.formats.trade import ANSWERS, KINDS, parse_trade
from yinzheng.verifier.formats.trade_check import TradeReceipt, parse_trade_receipt, verify_checked
from yinzheng.verifier.log.statement import Statement

LAST_INSTANT: Final = 253_402_300_799
"""The last second of the year 9999, beyond which no calendar here goes."""

INSTANT: Final = integer(0, LAST_INSTANT)
LEAF: Final = text(64, 64, r"[0-9a-f]{64}")
CASE: Final = text(13, 13, r"A-[0-9]{4}-[0-9]{6}")


def _anything(value: object, _path: str) -> object:
    return value


RESERVATION: Final[Mapping[str, Check[Any]]] = {
    "reservation": LEAF,
    "certificate": check_number,
    "until": INSTANT,
    "made_at": INSTANT,
    "state": one_of("requested", "reserved", "released", "lapsed", "consumed", "refused"),
    "settled": nullable(LEAF),
    "contract": nullable(LEAF),
}

_NAMED: Final = check_plain(1, 100)

LISTED: Final[Mapping[str, Check[Any]]] = {
    "check": LEAF,
    "certificate": nullable(check_number),
    "answer": one_of(*ANSWERS),
    "kind": one_of(*KINDS),
    "seller": _NAMED,
    "buyer": _NAMED,
    "checked_at": INSTANT,
    "anchored": _anything,
}

OBJECTED: Final[Mapping[str, Check[Any]]] = {
    "objection": LEAF,
    "raised_at": INSTANT,
    "answered_at": nullable(INSTANT),
    "reasons": text(1, 8000),
}

REQUESTED: Final[Mapping[str, Check[Any]]] = {
    "case": CASE,
    "type": one_of(*(kind.value for kind in CaseType)),
    "certificate": check_number,
    "state": check_plain(1, 60),
    "changed_at": INSTANT,
    "missing": list_of(check_plain(1, 60), 0, 100),
    "prepared": _anything,
}


def read(value: Mapping[str, Any], fields: Mapping[str, Check[Any]]) -> dict[str, Any]:
    """Those members of an object; others are for later versions. Raises `DataFault` `answer-malformed`."""
    with readable():
        return read_object({name: value[name] for name in fields}, fields, "answer")


@contextmanager
def readable() -> Iterator[None]:
    """Say of an answer that is out of form that it is. Raises `DataFault` `answer-malformed`."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        raise _malformed() from None
    except DataFault as fault:
        raise _malformed(fault.code) from None


def require_now(told: object, now: int) -> int:
    """The desk's clock, by which an order is dated, if it goes with ours.

    An order dated ahead could be kept, and carried out when its time has come. Raises `DataFault`
    `desk-clock`.
    """
    if type(told) is not int or abs(told - now) > WINDOW:
        raise DataFault(
            f"the desk's clock is more than {WINDOW} seconds from ours",
            code="desk-clock",
            hint="Nothing was signed. Set this machine's clock; if it is right, call the registry.",
        )
    return told


def require_answered(
    answer: Mapping[str, Any], trade: Mapping[str, Any], code: str, since: int, now: int
) -> TradeReceipt:
    """The receipt of an answer, if it is the answer to this trade, asked by us between `since` and `now`.

    Its signature is for a policy to judge (S20.3). Raises `DataFault`: `trade-answer-other`, and
    `answer-malformed`.
    """
    with readable():
        receipt = parse_trade_receipt(dumps(dict(answer["receipt"])))
        verify_checked(receipt)
        said, told = receipt.body, (answer["check"], answer["answer"])
        same = (
            told == (receipt.statement.leaf_hash.hex(), said.answer)
            and said.exchange.code == code
            and said.asked == parse_trade({**trade})
            and since - WINDOW <= said.checked_at <= now + WINDOW
        )
    if not same:
        raise another_answer()
    return receipt


@dataclass(frozen=True, slots=True)
class Made:
    """The statement of a reservation, and what it says."""

    statement: Statement
    body: Reserved


def require_made(answer: Mapping[str, Any]) -> Made:
    """The statement by which a reservation was made, with the body it commits to (S20.5).

    Raises `DataFault` `answer-malformed`.
    """
    with readable():
        made = read_object(answer["made"], {"statement": Statement.from_json, "body": _anything}, "made")
        body = parse_reserved(made["body"])
        said = made["statement"]
        if said.prev is None or said != statement_of(body, profile=said.profile, prev=said.prev, by=EXCHANGE):
            raise DataFault("the statement is another's", code="commitment")
    return Made(said, body)


def require_receipt(data: bytes, check: str) -> bytes:
    """A receipt, if it is of this check. Raises `DataFault`: `trade-answer-other`, `answer-malformed`."""
    with readable():
        found = parse_trade_receipt(data).statement.leaf_hash.hex()
    if found != check:
        raise another_answer()
    return data


def another_answer() -> DataFault:
    """What is said of an answer to something else."""
    return DataFault(
        "the desk's answer is none to what was asked",
        code="trade-answer-other",
        hint="Do not trade on it. Ask again; if it stays so, call the registry.",
    )


def _malformed(found: str = "") -> DataFault:
    return DataFault(
        "what the desk answered is out of form" + (f" ({found})" if found else ""),
        code="answer-malformed",
        hint="Nothing of it was believed. Is that the registry's desk? Call the registry.",
    )

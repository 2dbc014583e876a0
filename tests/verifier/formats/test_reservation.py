"""Reservations as exchanges write them (R46)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.body import Party
from yinzheng.verifier.formats.order import Order, parse_order, statement_of
from yinzheng.verifier.formats.reservation import (
    LONGEST,
    Released,
    Reserved,
    parse_released,
    parse_reserved,
    seconds_of,
)

PARTY = Party("某数据交易所（虚构）", "91350100M000100Y43")
AT = 1_795_000_000
MADE = Reserved("SJ4412026110001", AT + LONGEST, PARTY, AT)
LET_GO = Released("SJ4412026110001", bytes(32), PARTY, AT)


def test_both_are_read_back() -> None:
    assert parse_reserved(MADE.to_json()) == MADE
    assert parse_released(LET_GO.to_json()) == LET_GO


@pytest.mark.parametrize("until", [AT, AT - 1, AT + LONGEST + 1])
def test_a_reservation_is_of_72_hours_at_most(until: int) -> None:
    with pytest.raises(DataFault) as raised:
        parse_reserved(replace(MADE, until=until).to_json())
    assert raised.value.code == "reservation-long"


@pytest.mark.parametrize(
    ("body", "by", "taken"),
    [
        (MADE, "exchange", True),
        (MADE, "forum", False),
        (LET_GO, "exchange", True),
        (LET_GO, "forum", True),
        (LET_GO, "registry", False),
    ],
)
def test_who_orders_what(body: Any, by: str, taken: bool) -> None:
    statement = statement_of(body, profile="GD-HEALTH/1", prev=bytes(32), by=by)
    order = Order(statement, body, bytes(65))
    if taken:
        assert parse_order(order.to_json()) == order
        return
    with pytest.raises(DataFault) as raised:
        parse_order(order.to_json())
    assert raised.value.code == "order-malformed"


@pytest.mark.parametrize("hours", [0, -1, 72.001, float("nan"), float("inf"), 1e300])
def test_no_certificate_is_kept_so_long(hours: float) -> None:
    assert (seconds_of(72), seconds_of(0.5)) == (72 * 3600, 1800)
    with pytest.raises(DataFault) as caught:
        seconds_of(hours)
    assert caught.value.code == "reservation-long"

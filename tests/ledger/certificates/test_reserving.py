"""A release names the reservation that stands, and no other (R46)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from yinzheng.ledger.certificates.reserving import keep
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.store.models_trades import Reservation
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.body import Party
from yinzheng.verifier.formats.reservation import Released

NUMBER, NOW = "SJ4412026090001", 1_790_000_000
OURS, THEIRS = b"\1" * 20, b"\2" * 20


def row(account: bytes, until: int) -> Reservation:
    return Reservation(
        leaf=b"\7" * 32, certificate=NUMBER, exchange="", account=account, until=until, made_at=NOW - 9
    )


def work(kept: Reservation, until: int, by: bytes) -> tuple[Any, list[object]]:
    calls: list[object] = []
    client = SimpleNamespace(
        record=lambda _subject: SimpleNamespace(reserved_until=until, reserved_by=by),
        release_reservation=lambda *asked: asked,
    )
    session = SimpleNamespace(get=lambda *_asked: kept, add=lambda _row: None)
    made = SimpleNamespace(
        registry=SimpleNamespace(client=client),
        session=session,
        now=NOW,
        subject=bytes(32),
        call=lambda *asked, **_part: calls.append(asked),
    )
    return made, calls


@pytest.mark.parametrize("kept", [row(THEIRS, NOW + 60), row(THEIRS, NOW - 60), row(OURS, NOW - 60)])
def test_what_is_over_or_anothers_is_not_marked_released_by_letting_go_of_another(kept: Reservation) -> None:
    made, calls = work(kept, NOW + 99, OURS)
    with pytest.raises(UsageFault) as caught:
        keep(made, Released(NUMBER, kept.leaf, Party("", ""), NOW), b"", OURS, b"", Capacity.EXCHANGE)
    assert caught.value.code == "reservation-unknown"
    assert (kept.released, calls) == (None, [])


def test_what_stands_is_let_go() -> None:
    kept = row(OURS, NOW + 99)
    made, calls = work(kept, NOW + 99, OURS)
    keep(made, Released(NUMBER, kept.leaf, Party("", ""), NOW), b"\3" * 32, OURS, b"", Capacity.EXCHANGE)
    assert (kept.released, len(calls)) == (b"\3" * 32, 1)

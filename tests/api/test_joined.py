"""What is written in one turn of the event loop goes out at once, whole and in order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from yinzheng.api.http.joined import MOST, Joined


class Wire(asyncio.Transport):
    """Keeps what it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []
        self.ended = ""
        self.halves = True

    def write(self, data: Any) -> None:
        assert not self.ended
        self.sent.append(bytes(data))

    def close(self) -> None:
        self.ended = "closed"

    def abort(self) -> None:
        self.ended = "aborted"

    def can_write_eof(self) -> bool:
        return self.halves

    def write_eof(self) -> None:
        self.ended = "half"


def in_a_turn(act: Callable[[Joined, Wire], None]) -> Wire:
    """What the wire has after the turn in which `act` writes."""

    async def turn() -> Wire:
        wire = Wire()
        act(Joined(wire, asyncio.get_running_loop()), wire)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return wire

    return asyncio.run(turn())


def test_head_and_body_are_one_piece() -> None:
    def act(line: Joined, wire: Wire) -> None:
        line.write(b"head ")
        line.write(b"")
        line.write(b"body")
        assert wire.sent == []

    assert in_a_turn(act).sent == [b"head body"]


def test_what_is_flushed_is_not_sent_again() -> None:
    def act(line: Joined, wire: Wire) -> None:
        line.write(b"one")
        line.flush()
        line.flush()
        assert wire.sent == [b"one"]
        line.write(b"two")

    assert in_a_turn(act).sent == [b"one", b"two"]


def test_much_is_sent_as_it_comes() -> None:
    """Or flow control would learn of it too late, and the memory of a slow reader have no bound."""

    def act(line: Joined, wire: Wire) -> None:
        for _ in range(4):
            line.write(b"x" * (MOST // 2))
        assert list(map(len, wire.sent)) == [MOST, MOST]

    assert sum(map(len, in_a_turn(act).sent)) == 2 * MOST


@pytest.mark.parametrize(("end", "sent"), [(Joined.close, [b"last"]), (Joined.abort, [])])
def test_closing_sends_what_was_kept_and_aborting_does_not(
    end: Callable[[Joined], None], sent: list[bytes]
) -> None:
    def act(line: Joined, _wire: Wire) -> None:
        line.write(b"last")
        end(line)

    wire = in_a_turn(act)
    assert (wire.sent, wire.ended) == (sent, "closed" if sent else "aborted")


@pytest.mark.parametrize(
    ("sending", "halves", "closed", "then"),
    [(True, True, "half", "closed"), (False, True, "closed", "closed"), (True, False, "closed", "closed")],
    ids=["still sends", "has said all", "knows no halves"],
)
def test_the_first_close_waits_for_who_still_sends(
    sending: bool, halves: bool, closed: str, then: str
) -> None:
    async def turn() -> None:
        wire = Wire()
        wire.halves = halves
        line = Joined(wire, asyncio.get_running_loop(), lambda: sending)
        line.write(b"kept")
        line.close()
        assert (wire.sent, wire.ended) == ([b"kept"], closed)
        line.close()
        assert wire.ended == then

    asyncio.run(turn())

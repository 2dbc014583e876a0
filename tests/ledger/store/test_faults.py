"""The table of fault points is the program's: every point named in the code, and no other."""

import re
from pathlib import Path

import pytest

from yinzheng import ledger
from yinzheng.api import mirror
from yinzheng.ledger.state.faults import POINTS, Faults, InjectedFault, KillAt, RaiseAt, Recorder

_HIT = re.compile(r"\.hit\(\s*\"([a-z.]+)\"")


def test_every_point_is_passed_somewhere_and_every_passed_point_is_named() -> None:
    rooms = [Path(str(ledger.__file__)).parent, Path(str(mirror.__file__)).parent]
    used = {name for room in rooms for path in room.rglob("*.py") for name in _HIT.findall(path.read_text())}
    assert used == set(POINTS)


@pytest.mark.parametrize(
    "make", [Recorder, lambda: RaiseAt("no.such.point"), lambda: KillAt("no.such.point")]
)
def test_an_unknown_point_is_a_mistake(make: type[Faults]) -> None:
    with pytest.raises(KeyError):
        make().hit("no.such.point")


def test_raising_at_the_turn_asked_for() -> None:
    faults = RaiseAt("blob.put.after", 2, error=OSError(28, "full"))
    faults.hit("blob.put.after")
    faults.hit("store.commit.after")
    with pytest.raises(OSError, match="full"):
        faults.hit("blob.put.after")
    faults.hit("blob.put.after")
    with pytest.raises(InjectedFault):
        RaiseAt("blob.put.after").hit("blob.put.after")

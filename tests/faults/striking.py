"""What strikes a round of the campaign: a kill, a write that fails, or a timer, in a child process."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.faults.office import OPERATIONS, Bench
from tests.ledger.disputes.court import Court, Template
from tests.ledger.world import World
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.state.faults import Faults, InjectedFault
from yinzheng.verifier.errors import YinzhengError

MOST_POINTS: Final = 30
"""A round strikes within so many passed fault points; one that ends earlier is unharmed and counts apart."""


class Strike(Faults):
    """Kills the process, or fails the write, at the so-manieth fault point passed, whichever it is."""

    def __init__(self, after: int, *, kill: bool) -> None:
        self._left, self._kill = after, kill
        self.point = ""

    def hit(self, point: str) -> None:
        """Strike when its turn has come."""
        super().hit(point)
        self._left -= 1
        if self._left == 0:
            self.point = point
            if self._kill:
                os.kill(os.getpid(), signal.SIGKILL)
            raise InjectedFault(point)


def _in_child(state: World, folder: Path, made: Template, seed: int, way: str, acks: int) -> None:
    """Do one thing; never returns to the caller's code."""
    chance = random.Random(seed)
    names, weights = zip(*((name, weight) for name, (weight, _) in OPERATIONS.items()), strict=True)
    (operation,) = chance.choices(names, weights)
    strike = Strike(chance.randint(1, MOST_POINTS), kill=way == "kill") if way != "timer" else Faults()

    def tell(kind: str, name: str) -> None:
        os.write(acks, json.dumps([kind, name]).encode() + b"\n")

    tell("began", operation)
    try:
        with state.open(strike) as registry:
            court = Court(state, registry, made)
            OPERATIONS[operation][1](Bench(court, chance, folder, tell))
            settle(registry)
    except InjectedFault:
        tell("failed", operation)
    except YinzhengError as refused:
        tell("refused", f"{operation} {refused.code}")
    tell("ended", operation)


@dataclass
class Tally:
    """What happened in a campaign."""

    rounds: Counter[str] = field(default_factory=Counter)
    """`kill`, `raise`, `timer`, and `unharmed` for those that ended before they were struck."""
    operations: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    acknowledged: Counter[str] = field(default_factory=Counter)
    audits: int = 0

    def to_json(self) -> dict[str, Any]:
        """For the report."""
        struck = self.rounds["kill"] + self.rounds["raise"] + self.rounds["timer"]
        return {
            "struck": struck,
            "rounds": dict(self.rounds),
            "operations": dict(self.operations),
            "refused": dict(self.refused),
            "acknowledged": dict(self.acknowledged),
            "audits": self.audits,
        }


def one_round(state: World, folder: Path, made: Template, seed: int, tally: Tally) -> list[tuple[str, str]]:
    """A child does something and is struck; gives what it had acknowledged."""
    chance = random.Random(seed ^ 0x5EED)
    way = chance.choices(("kill", "raise", "timer"), (6, 3, 1))[0]
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        try:
            _in_child(state, folder, made, seed, way, writing)
        except BaseException as error:
            os.write(writing, json.dumps(["broke", repr(error)[:400]]).encode() + b"\n")
        finally:
            os._exit(0)
    os.close(writing)
    if way == "timer":
        time.sleep(chance.uniform(0.05, 1.0))
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    with open(reading, "rb") as pipe:
        told = [tuple(json.loads(line)) for line in pipe.read().split(b"\n") if line.endswith(b"]")]
    _, status = os.waitpid(pid, 0)
    broke = [said for kind, said in told if kind == "broke"]
    assert not broke, broke
    killed = os.WIFSIGNALED(status)
    tally.rounds[way if killed or any(kind == "failed" for kind, _ in told) else "unharmed"] += 1
    for kind, name in told:
        if kind == "began":
            tally.operations[name] += 1
        elif kind == "refused":
            tally.refused[name] += 1
    return [(kind, name) for kind, name in told if kind not in ("began", "ended", "failed", "refused")]

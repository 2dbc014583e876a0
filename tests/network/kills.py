"""The registry killed again and again on a network of real nodes, with transactions under way (D9, D17).

One round: a child opens the registry, which carries on what the one before left, decides something, tells it
once it is durable, and sends; it is killed at a moment of chance, or at a point of the fault tables.
Every so often, and at the end, everything acknowledged is there once, log, database and chain agree, each of
the relay's transactions is one call's, and the audit is silent. `scripts/campaign --network N`.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Final

from sqlmodel import col, func, select

from scripts.network_parts.binaries import find_geth
from tests.faults.holding import require_acknowledged, require_agreement
from tests.faults.striking import Strike
from tests.network.net import Net, Office, create
from yinzheng.ledger.chain.sender import count_of
from yinzheng.ledger.flow.heartbeat import beat
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.keys.provider import RELAY
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.state.faults import Faults
from yinzheng.ledger.store.models import ChainCall

LOOKED: Final = 20
"""Kills after which everything is looked at."""
LONGEST: Final = 4.0
"""Seconds after which a child is killed, at most."""


def campaign(office: Office, kills: int, seed: int) -> Counter[str]:
    """Kill the registry so many times; gives how. Raises `AssertionError`, with the round."""
    chance, tally, told = random.Random(seed), Counter[str](), list[tuple[str, str]]()
    before = look(office, told)
    while tally.total() - tally["unharmed"] < kills:
        point = chance.randint(1, 40) if chance.random() < 0.4 else 0
        told += one_round(office, chance, point, tally)
        done = tally.total() - tally["unharmed"]
        if done % LOOKED == 0 or done >= kills:
            after = look(office, told)
            assert after[0] - before[0] == after[1] - before[1], f"transactions and calls: {before} {after}"
            sys.stderr.write(
                f"{done} of {kills}: {dict(tally)}, {len(told)} decided, {after[0]} transactions\n"
            )
    tally["decided"] = len(told)
    tally["healed"] = len(office.net.healed)
    return tally


def look(office: Office, told: list[tuple[str, str]]) -> tuple[int, int]:
    """Whether nothing is lost and nothing there twice; its transactions, and calls carried out."""
    with office.world.open() as registry:
        settle(registry)
        require_acknowledged(registry, told)
        require_agreement(registry)
        found = counted(registry)
    assert office.codes() == set()
    return found


def counted(registry: Registry) -> tuple[int, int]:
    """The relay's transactions in blocks, and its calls that were carried out."""
    mine = select(func.count()).where(ChainCall.sender == RELAY, col(ChainCall.tx_hash).is_not(None))
    with registry.store.reading() as session:
        assert session.exec(mine.where(ChainCall.state != "confirmed")).one() == 0
        calls = session.exec(mine).one()
    return count_of(registry.w3, registry.sender.address), calls


def one_round(
    office: Office, chance: random.Random, point: int, tally: Counter[str]
) -> list[tuple[str, str]]:
    """A child decides and is killed: at a fault point, or by the clock where `point` is 0."""
    reading, writing = os.pipe()
    office.cases += 1
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        try:
            _decide(office, Strike(point, kill=True) if point else Faults(), writing)
        except BaseException as error:
            os.write(writing, json.dumps(["broke", repr(error)[:600]]).encode() + b"\n")
        finally:
            os._exit(0)
    os.close(writing)
    if not point:
        time.sleep(chance.uniform(0.2, LONGEST))
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    with open(reading, "rb") as pipe:
        told = [tuple(json.loads(line)) for line in pipe.read().split(b"\n") if line.endswith(b"]")]
    _, status = os.waitpid(pid, 0)
    broke = [said for kind, said in told if kind == "broke"]
    assert not broke, broke
    way = "at a point" if point else "by the clock"
    tally[way if os.WIFSIGNALED(status) else "unharmed"] += 1
    return [(kind, name) for kind, name in told if kind == "consent"]


def _decide(office: Office, faults: Faults, writing: int) -> None:
    """What the child does."""
    with office.world.open(faults) as registry:
        subject = office.consent(registry)
        os.write(writing, json.dumps(["consent", subject.hex()]).encode() + b"\n")
        settle(registry)
        beat(registry, older_than=0)


def main() -> None:
    """`scripts/campaign --network N`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kills", type=int)
    parser.add_argument("--seed", type=int, default=20_261_129)
    asked = parser.parse_args()
    began, processor = time.monotonic(), os.times()
    with tempfile.TemporaryDirectory(prefix="kills-") as place:
        folder = Path(place)
        net = Net.start(folder / "net", find_geth())
        try:
            (folder / "office").mkdir()
            world = create(net, folder / "state", net.url("registry", "court"))
            office = Office.found(net, world, folder / "office")
            tally = campaign(office, asked.kills, asked.seed)
        finally:
            net.close()
    spent = os.times()
    report = {
        "seed": asked.seed,
        "seconds": round(time.monotonic() - began),
        "processor_seconds": round(sum(spent[:4]) - sum(processor[:4])),
        **tally,
    }
    sys.stdout.write(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()

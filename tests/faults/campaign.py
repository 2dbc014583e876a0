"""A campaign of kills over every write: `scripts/campaign` runs thousands, the suite a short one (D9).

One round: a child process opens the registry and does one thing an office does; somewhere on the way it is
killed as by `kill -9`, or a write of it fails, or a timer ends it. Before it dies it has told what was
acknowledged. Then the registry is opened again, which rolls it forward, and looked at: what was acknowledged
is there once, log, database and chain agree, no backup holds a record's key, and every so often the whole
audit is silent. The same seed takes the same rounds.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from sqlalchemy import create_engine, text

from tests.faults.holding import require_acknowledged, require_agreement, require_no_record_keys
from tests.faults.striking import Tally, one_round
from tests.ledger import world as w
from tests.ledger.disputes.court import Template
from tests.ledger.erasure import ward
from tests.ledger.world import Clock, World, secret_of
from yinzheng.ledger.registry import silent
from yinzheng.ledger.state.creation import create_registry
from yinzheng.ledger.state.instance import read_instance

FRESH: Final = 60
"""Rounds on one state folder, before the next begins from the template."""

AUDITED: Final = 15
"""Every so many rounds the whole audit runs."""


def campaign(
    template: Template, folder: Path, rounds: int, seed: int, progress: Callable[[str], None], tally: Tally
) -> None:
    """So many rounds, on copies of the template (or on the template itself, where it lies on a server)."""
    with template.world.open() as registry:
        on_server = registry.store.dialect != "sqlite"
    fresh = rounds if on_server else FRESH
    for first in range(0, rounds, fresh):
        work = folder / f"work{first}"
        work.mkdir(parents=True)
        state = template.world if on_server else template.world.copy(work / "state")
        told: list[tuple[str, str]] = []
        for number in range(first, min(first + fresh, rounds)):
            try:
                told += _round_and_look(state, work, template, seed + number, tally, told)
            except BaseException as error:
                error.add_note(f"round {number} of seed {seed}, in {work}")
                raise
            if (number + 1) % AUDITED == 0 or number + 1 == rounds:
                found = state.audit()
                assert found == [], found
                tally.audits += 1
                progress(f"{number + 1} of {rounds}: {dict(tally.rounds)}")
        shutil.rmtree(work)


def _catch_up(state: World) -> None:
    """The clock of a new process is where the one before it had come."""
    address = read_instance(state.root)[1].database_url
    if address is None:
        state.resume()
    else:
        engine = create_engine(address)
        with engine.connect() as connection:
            latest = connection.execute(
                text('SELECT greatest((SELECT max(at) FROM event), (SELECT max(publicity_end) FROM "case"))')
            ).scalar_one()
        engine.dispose()
        state.clock.now = max(state.clock.now, latest)
    state.clock.advance(2)


def _round_and_look(
    state: World, work: Path, made: Template, seed: int, tally: Tally, before: list[tuple[str, str]]
) -> list[tuple[str, str]]:
    told = one_round(state, work, made, seed, tally)
    _catch_up(state)
    with state.open() as registry:
        require_acknowledged(registry, told + random.Random(seed).sample(before, min(20, len(before))))
        require_agreement(registry)
        require_no_record_keys(registry, work)
    tally.acknowledged.update(kind for kind, _ in told)
    # A state is acknowledged until the next one follows it.
    return [(kind, name) for kind, name in told if kind != "state"]


@contextlib.contextmanager
def made_world(folder: Path, database: str | None = None) -> Iterator[Template]:
    """A registry with a deposited and a published case, a consent, a dispute's parties, and staff.

    `database` is the address of an empty one on a server.
    """
    clock, root = Clock(), folder / "template"
    planned = replace(w.plan(), database_url=database)
    create_registry(root, planned, lambda _folder: w.PASSPHRASE, secret_of, clock, silent)
    world = World(root, clock)
    template = Template.create(world, folder / "dossiers")
    with world.open() as registry:
        ward.enrol_staff(registry)
    yield template


def _tell(line: str) -> None:
    sys.stderr.write(line + "\n")


def main() -> None:
    """`scripts/campaign`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2400, help="rounds; some end before they are struck")
    parser.add_argument("--seed", type=int, default=20_261_128)
    parser.add_argument("--database", help="address of an empty database on a server; else files")
    parser.add_argument("--json", type=Path, help="write what happened there")
    asked = parser.parse_args()
    tally, began = Tally(), time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="campaign-") as place,
        made_world(Path(place), asked.database) as template,
    ):
        campaign(template, Path(place), asked.rounds, asked.seed, _tell, tally)
    report = {"seed": asked.seed, "seconds": round(time.monotonic() - began), **tally.to_json()}
    if asked.json:
        asked.json.write_text(json.dumps(report, indent=1) + "\n")
    json.dump(report, sys.stdout, indent=1)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()

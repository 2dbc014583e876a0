"""A registry of this hour with a deposited certificate, and officers at work beside its desk."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.ledger.disputes.court import Court, Template
from tests.ledger.world import Clock, World, create, open_keys
from yinzheng.ledger.opening import open_registry
from yinzheng.ledger.store.models import Certificate, Event


def make(folder: Path) -> Template:
    clock = Clock(int(time.time()) - 120)
    return Template.create(World(create(folder / "state", clock), clock), folder / "dossiers")


@contextmanager
def office(made: Template, state: Path) -> Iterator[Court]:
    """The registry opened for one thing, as a command does."""
    clock = Clock(int(time.time()))
    with open_registry(state, open_keys, clock=clock, lock_seconds=20) as registry:
        yield Court(World(state, clock), registry, made)


def shown(made: Template) -> dict[str, str]:
    """The certificate as whoever watches it shows it."""
    with made.world.open() as registry, registry.store.reading() as session:
        certificate = session.get_one(Certificate, made.number)
        return {"number": made.number, "leaf": session.get_one(Event, certificate.event_id).leaf_hash.hex()}

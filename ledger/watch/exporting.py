"""Events of a period with their proofs, as lines, a page at a time (S22.5).

Events under one head stand together behind it: the first head that was anchored with them in it, with what
the chain holds at the block of its anchoring. Where the chain's node keeps no state of that block any more,
the newest final block shows the same root, which never changes: later, and as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sqlmodel import Session, select

from yinzheng.ledger.chain.connect import prover
from yinzheng.ledger.chain.evidence import Prover
from yinzheng.ledger.log.tilelog import TileLog
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store.database import Store
from yinzheng.ledger.store.models import Event
from yinzheng.ledger.watch.events import Period, events_of_certificates, events_of_organisation
from yinzheng.ledger.witnesses.heads import ShownHead, head_to_show
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.chain.layout import root_slot
from yinzheng.verifier.containers.eventsfile import FORMAT, MAX_LINE
from yinzheng.verifier.errors import EnvironmentFault
from yinzheng.verifier.formats.watched import WatchedEvent

Find = Callable[[Session, int, int, Period], list[WatchedEvent]]
"""Gives the first events from a number on, at most so many, of a period."""

PAGE: Final = 64
"""Events of one page: as many as are proved without keeping the registry's writer from others."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: the number of its first event, and the head that was last written."""

    first: int = 0
    size: int = 0
    events: int = 0
    """Written so far."""


@dataclass(frozen=True, slots=True)
class Source:
    """What an export reads: the database, the log, the chain."""

    store: Store
    log: TileLog
    prover: Prover
    anchor: bytes
    """Address of the contract that holds the log's heads."""

    @classmethod
    def of(cls, registry: Registry) -> Source:
        """An open registry's."""
        anchor = registry.instance.deployment.anchor
        return cls(registry.store, registry.log, prover(registry.w3, registry.instance), anchor)


def watched_by(code: str) -> Find:
    """What an organisation watches."""
    return lambda session, first, most, period: events_of_organisation(session, code, first, most, period)


def about(subjects: Sequence[bytes] | None) -> Find:
    """What is about these certificates; None: about any."""
    return lambda session, first, most, period: events_of_certificates(session, subjects, first, most, period)


def header(origin: str, period: Period) -> bytes:
    """The first line."""
    return _line({"format": FORMAT, "origin": origin, "since": period.since, "until": period.until})


def page(source: Source, find: Find, period: Period, place: Place) -> tuple[list[bytes], Place | None]:
    """The lines from a place on, and where the next page begins; the last has the last line, and None."""
    with source.store.reading() as session:
        found = find(session, place.first, PAGE, period)
        lines: list[bytes] = []
        for event in found:
            head = _head(session, event.number)
            if head.size != place.size:
                lines.append(_line({"head": _anchored(source, head)}))
            lines.append(_told(source, session, head, event))
            place = Place(event.number + 1, head.size, place.events + 1)
    if len(found) == PAGE:
        return lines, place
    return [*lines, _line({"end": place.events})], None


def export(source: Source, find: Find, period: Period) -> Iterator[bytes]:
    """Every line, for whoever reads beside the writer."""
    yield header(source.log.origin, period)
    place: Place | None = Place()
    while place is not None:
        lines, place = page(source, find, period, place)
        yield from lines


def _head(session: Session, number: int) -> ShownHead:
    """The first anchored head that covers an event, if it can be one that is cosigned."""
    head = head_to_show(session, number, first=True)
    assert head is not None  # or it were no event
    return head


def _anchored(source: Source, head: ShownHead) -> dict[str, canonical.JSON]:
    wanted = [(source.anchor, [root_slot(head.size)])]
    try:
        chain = source.prover.collect(head.anchored_block, wanted)
    except EnvironmentFault as fault:
        if fault.code != "node-refused":
            raise
        chain = source.prover.newest(wanted)
    return {"checkpoint": head.note, "chain": chain}


def _told(source: Source, session: Session, head: ShownHead, event: WatchedEvent) -> bytes:
    public = session.exec(select(Event.public).where(Event.log_index == event.number)).one()
    path = source.log.inclusion(event.number, head.size)
    return _line(
        {
            "event": event.to_json(),
            "body": None if public is None else canonical.loads(public, max_bytes=MAX_LINE),
            "path": [one.hex() for one in path],
        }
    )


def _line(value: dict[str, canonical.JSON]) -> bytes:
    return canonical.dumps(value) + b"\n"

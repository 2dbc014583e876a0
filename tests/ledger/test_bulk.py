"""Many events at once: the same rows as one by one, in order, resumable, and an audit finds nothing."""

from collections.abc import Iterable, Iterator
from itertools import islice

import pytest
from sqlmodel import select

from ledger.bulk import record_many
from ledger.faults import InjectedFault, RaiseAt
from ledger.recording import Occurrence, open_event
from ledger.registry import Registry, silent
from ledger.store import repository
from ledger.store.models import Event
from ledger.store.sealed import SealedValue
from tests.ledger.world import START, World, apply
from verifier import canonical
from verifier.errors import DataFault, UsageFault
from verifier.merkle import hash_leaf
from verifier.statement import Statement, verify_body
from verifier.tlogproof import TlogProof

KEY = b"0123456789abcdef"
SEAL = SealedValue(KEY)


def occurrence(number: int, at: int = START) -> Occurrence:
    return Occurrence(
        type="review.recorded",
        profile="GD-HEALTH/1",
        subject=number.to_bytes(32, "big"),
        at=at,
        by="registry",
        body={"v": 1, "number": number, "note": "知情同意"},
        prev=None,
    )


def occurrences(count: int) -> Iterator[Occurrence]:
    return (occurrence(number) for number in range(count))


def events(registry: Registry) -> list[Event]:
    with registry.store.reading() as session:
        return list(session.exec(select(Event).order_by(Event.id)))  # type: ignore[arg-type]


def numbers(rows: Iterable[Event]) -> list[object]:
    bodies = [open_event(SEAL, row.sealed, row.leaf_hash)[0] for row in rows]
    return [body["number"] for body in bodies if isinstance(body, dict)]


def test_every_event_is_sealed_committed_in_the_log_and_anchored(world: World) -> None:
    told: list[str] = []
    with world.open() as registry:
        assert record_many(registry, "consents", occurrences(600), SEAL, told.append, batch=250) == 600
        rows = events(registry)
        head = registry.client.latest_anchor()
        note = registry.log.note()
        assert head is not None
        assert note is not None
        assert head.size == registry.log.size == len(rows) == 600
        for index, row in enumerate(rows):
            statement = Statement.from_bytes(row.statement)
            body, secret = open_event(SEAL, row.sealed, row.leaf_hash)
            verify_body(statement, canonical.dumps(body), secret)
            assert (row.log_index, row.leaf_hash) == (index, hash_leaf(row.statement))
        proof = TlogProof.from_text(registry.log.tlog_proof(417, note).text)
        proof.verify_inclusion(rows[417].leaf_hash)
        assert numbers(rows) == list(range(600))
    assert told[:3] == [f"recorded {done} statements" for done in (250, 500, 600)]
    assert world.codes() == set()


def test_events_that_wait_come_first(world: World) -> None:
    with world.open() as registry:
        case = apply(registry, world.root.parent / "dossier")
        record_many(registry, "consents", occurrences(3), SEAL, silent)
        with registry.store.reading() as session:
            (received,) = repository.events_of_case(session, case)
        assert received.log_index == 0
        assert registry.log.size == 4
    assert world.codes() == set()


def test_a_finished_job_records_nothing_more(registry: Registry) -> None:
    record_many(registry, "consents", occurrences(5), SEAL, silent)

    assert record_many(registry, "consents", occurrences(5), SEAL, silent) == 0
    assert record_many(registry, "others", occurrences(2), SEAL, silent) == 2
    assert numbers(events(registry)) == [0, 1, 2, 3, 4, 0, 1]


@pytest.mark.parametrize("point", ["store.commit.before", "store.commit.after"])
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_crash_leaves_whole_batches_and_the_rest_follows(world: World, point: str, nth: int) -> None:
    faults = RaiseAt(point, nth)
    with pytest.raises(InjectedFault), world.open(faults, settle=False) as registry:
        record_many(registry, "consents", occurrences(10), SEAL, silent, batch=4)

    with world.open() as registry:
        kept = len(events(registry))
        assert kept == min(10, 4 * (nth - (point == "store.commit.before")))
        assert registry.log.size == kept  # opening carried them on
        assert record_many(registry, "consents", occurrences(10), SEAL, silent, batch=4) == 10 - kept
        assert numbers(events(registry)) == list(range(10))
    assert world.codes() == set()


def test_a_job_is_not_resumed_with_fewer_events(registry: Registry) -> None:
    record_many(registry, "consents", occurrences(5), SEAL, silent)
    with pytest.raises(UsageFault) as caught:
        record_many(registry, "consents", occurrences(4), SEAL, silent)
    assert caught.value.code == "bulk-shrunk"


def test_a_bad_event_undoes_its_batch_alone(registry: Registry) -> None:
    bad = [*occurrences(4), occurrence(4, at=-1), occurrence(5)]
    with pytest.raises(DataFault):
        record_many(registry, "consents", bad, SEAL, silent, batch=3)
    assert numbers(events(registry)) == [0, 1, 2]

    assert record_many(registry, "consents", occurrences(6), SEAL, silent, batch=3) == 3
    assert registry.log.size == 6


def test_takes_no_more_from_the_source_than_a_batch_at_a_time(registry: Registry) -> None:
    taken = 0

    def counted() -> Iterator[Occurrence]:
        nonlocal taken
        for one in islice(occurrences(100), 12):
            taken += 1
            yield one

    seen: list[int] = []
    record_many(registry, "consents", counted(), SEAL, lambda _: seen.append(taken), batch=5)
    assert seen[:3] == [5, 10, 12]

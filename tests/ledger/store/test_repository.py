"""Numbers without gaps or doubles, events in order, the outbox of the log."""

import multiprocessing
import re
import secrets
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from yinzheng.ledger.store import repository
from yinzheng.ledger.store.database import Store, open_store
from yinzheng.ledger.store.models import Case, Certificate, Checkpoint, Dossier, Event
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.log.merkle import hash_leaf


def row(statement: bytes, case_id: str | None = None) -> dict[str, Any]:
    return {
        "case_id": case_id, "subject": b"s" * 32, "type": "review.recorded", "at": 1, "statement": statement,
        "leaf_hash": hash_leaf(statement), "sealed": b"", "public": None, "log_index": None, "created_at": 1,
    }  # fmt: skip


def add(store: Store, *statements: bytes, case_id: str | None = None) -> None:
    with store.transaction() as session:
        repository.add_events(session, [row(statement, case_id) for statement in statements])


def add_case(store: Store) -> str:
    with store.transaction() as session:
        session.add(Dossier(id=b"d" * 16, wrapped_key=b"k", created_at=1))
        session.flush()
        case_id = repository.next_case_id(session, 2026)
        session.add(
            Case(
                id=case_id, subject=secrets.token_bytes(32), profile="GD-HEALTH/1", procedure="simplified",
                state="received", dossier_id=b"d" * 16, created_at=1, changed_at=1,
            )
        )  # fmt: skip
    return case_id


class TestSerials:
    def test_they_count_from_one_in_each_month(self, store: Store) -> None:
        with store.transaction() as session:
            months = ("202611", "202611", "202612", "202611")
            assert [repository.next_certificate_serial(session, month) for month in months] == [1, 2, 1, 3]
            assert repository.serials_used(session, "202611") == 3
            assert repository.serials_used(session, "202701") == 0
            assert repository.next_case_id(session, 2026) == "A-2026-000001"

    def test_a_rollback_gives_the_serial_back(self, store: Store) -> None:
        with pytest.raises(ZeroDivisionError), store.transaction() as session:
            assert repository.next_certificate_serial(session, "202611") == 1
            raise ZeroDivisionError
        with store.transaction() as session:
            assert repository.next_certificate_serial(session, "202611") == 1

    def test_they_run_out(self, store: Store) -> None:
        with store.transaction() as session:
            assert [repository.next_serial(session, "s", most=2) for _ in range(2)] == [1, 2]
            with pytest.raises(UsageFault) as caught:
                repository.next_serial(session, "s", most=2)
            assert caught.value.code == "serials-exhausted"
        with store.transaction() as session, pytest.raises(UsageFault):
            repository.next_serial(session, "s", most=2)

    def test_threads_get_each_serial_once(self, store: Store) -> None:
        def take(turn: int) -> int | None:
            with store.transaction() as session:
                serial = repository.next_certificate_serial(session, "202611")
                if turn % 5 == 0:
                    session.rollback()
                    return None
                return serial

        with ThreadPoolExecutor(8) as pool:
            taken = [serial for serial in pool.map(take, range(100)) if serial is not None]
        assert sorted(taken) == list(range(1, 81))

    def test_processes_get_each_serial_once(self, url: str) -> None:
        open_store(url).close()
        with multiprocessing.get_context("fork").Pool(3) as pool:
            taken = chain.from_iterable(pool.map(_take_serials, [url] * 3))
            assert sorted(taken) == list(range(1, 61))


def _take_serials(url: str) -> list[int]:
    store, taken = open_store(url), []
    for _ in range(20):
        with store.transaction() as session:
            taken.append(repository.next_certificate_serial(session, "202611"))
    store.close()
    return taken


class TestEvents:
    def test_they_get_positions_in_order_of_insertion(self, store: Store) -> None:
        add(store, b"a", b"b")
        add(store, b"c")
        with store.transaction() as session:
            assert (repository.sequenced(session), repository.sequence(session, 2)) == (0, 2)
            assert repository.sequenced(session) == 2
        add(store, b"d")
        with store.transaction() as session:
            assert [repository.sequence(session) for _ in range(2)] == [2, 0]
            assert list(repository.statements(session, 0, 4)) == [b"a", b"b", b"c", b"d"]
            assert list(repository.statements(session, 1, 3)) == [b"b", b"c"]
            assert list(repository.statements(session, 2, 2)) == []

    def test_the_size_is_read_off_the_index(self, store: Store) -> None:
        """Asked before every batch: reading the whole table for it halves the speed at a million events."""
        asked: list[str] = []
        with store.reading() as session:
            engine = session.get_bind().engine
            event.listen(engine, "before_cursor_execute", lambda *call: asked.append(call[2]))
            assert repository.sequenced(session) == 0
            query = next(text for text in asked if "log_index" in text)
            connection = session.connection()
            if store.dialect == "sqlite":
                parameters: Any = (1, 0)[: query.count("?")]
                explained = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", parameters)
                plan = [str(step) for step in explained]
            else:
                for way in ("seqscan", "bitmapscan", "sort"):  # of an empty table they are the cheapest
                    connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")
                asking = re.sub(r"%\(\w+\)s(::\w+)?", "1", query)
                found = [str(step[0]) for step in connection.exec_driver_sql(f"EXPLAIN (COSTS OFF) {asking}")]
                plan = [step for step in found if "Scan" in step]
                assert not any("Sort" in step for step in found), found
        assert plan
        assert all("uq_event_log_index" in step for step in plan), plan

    def test_a_missing_event_is_named(self, store: Store) -> None:
        add(store, b"a", b"b", b"c")
        with store.transaction() as session:
            repository.sequence(session)
            for end in (4, 9):
                with pytest.raises(DataFault) as caught:
                    list(repository.statements(session, 0, end))
                assert (caught.value.code, caught.value.data["position"]) == ("event-missing", 3)
            session.delete(session.exec(select(Event).where(Event.log_index == 1)).one())
            session.flush()
            with pytest.raises(DataFault) as caught:
                list(repository.statements(session, 0, 3))
            assert caught.value.data["position"] == 1

    def test_the_same_statement_is_not_recorded_twice(self, store: Store) -> None:
        add(store, b"a")
        with pytest.raises(IntegrityError):
            add(store, b"b", b"a")
        with store.reading() as session:
            assert repository.event_by_leaf(session, hash_leaf(b"b")) is None

    def test_the_chain_of_a_case(self, store: Store) -> None:
        case_id = add_case(store)
        with store.reading() as session:
            assert repository.last_leaf(session, case_id) is None
        add(store, b"a", b"b", case_id=case_id)
        add(store, b"elsewhere")
        with store.reading() as session:
            assert repository.last_leaf(session, case_id) == hash_leaf(b"b")
            assert [event.statement for event in repository.events_of_case(session, case_id)] == [b"a", b"b"]
            found = repository.event_by_leaf(session, hash_leaf(b"a"))
            assert found is not None
            assert (found.public, found.case_id) == (None, case_id)

    def test_an_event_of_no_case_is_refused(self, store: Store) -> None:
        with pytest.raises(IntegrityError):
            add(store, b"a", case_id="A-2026-999999")

    def test_nothing_to_add(self, store: Store) -> None:
        add(store)
        with store.reading() as session:
            assert repository.sequenced(session) == 0


def test_finding_what_is_not_there(store: Store) -> None:
    case_id = add_case(store)
    with store.reading() as session:
        assert repository.find_case(session, case_id).id == case_id
        assert repository.files_of(session, b"d" * 16) == []
        for find, code in (
            (repository.find_case, "case-unknown"),
            (repository.find_certificate, "certificate-unknown"),
        ):
            with pytest.raises(UsageFault) as caught:
                find(session, "none")
            assert caught.value.code == code


def test_the_latest_checkpoint(store: Store) -> None:
    with store.transaction() as session:
        assert repository.latest_checkpoint(session) is None
        for size, block in ((5, 1), (7, None)):
            session.add(Checkpoint(size=size, root=b"r" * 32, note="", anchored_block=block, created_at=1))
        session.flush()
        found = [repository.latest_checkpoint(session, anchored=anchored) for anchored in (False, True)]
        assert [checkpoint.size for checkpoint in found if checkpoint] == [7, 5]


def test_one_case_may_make_several_certificates(store: Store) -> None:
    """A transfer of a part makes one for each side (R4)."""
    case_id = add_case(store)
    for number in ("SJ4412026110002", "SJ4412026110001"):
        with store.transaction() as session:
            session.add(
                Certificate(
                    number=number,
                    subject=number.encode(),
                    case_id=case_id,
                    body=b"{}",
                    state="draft",
                    registered_at=1,
                    valid_until=2,
                )
            )
    with store.reading() as session:
        found = [one.number for one in repository.certificates_of_case(session, case_id)]
        assert found == ["SJ4412026110001", "SJ4412026110002"]
        assert repository.certificates_of_case(session, "2026-999999") == []

"""A database of before says of its calls which certificate they bind, whatever there is (migration 0040)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import pytest
from alembic import command
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, event, insert, update
from sqlmodel import Session

from tests.ledger.trades.full_scan import NAMED, STATED, compared_in
from yinzheng.ledger.store import schema
from yinzheng.ledger.store.database import Store
from yinzheng.ledger.store.models import Case, Certificate, ChainCall, Dossier, Event, table_of
from yinzheng.ledger.store.models_consents import Organisation
from yinzheng.ledger.store.models_disputes import Dispute, DisputeSubject
from yinzheng.ledger.store.models_moves import Licence
from yinzheng.ledger.trades.awaited import BINDING, awaited
from yinzheng.verifier.bytes.algorithms import sha256

_CALLS: Final = table_of(ChainCall)
_LATER: Final = {"pending": "sent", "sent": "confirmed", "failed": "pending"}
"""What becomes of some; of what is confirmed or withdrawn nothing does."""
_STATES: Final = ("pending", "sent", "confirmed", "failed", "withdrawn")

few = st.integers(0, 3)
kinds = st.sampled_from((*BINDING, "lifting", "reservation-release", "licence-end", "release", "deposit"))


def name(what: str, number: int) -> bytes:
    return sha256(f"{what} {number}".encode())


def call(kind: str, number: int, state: str) -> dict[str, Any]:
    """About the how manieth thing of its kind, which may be none that is known."""
    named = name("certificate" if kind in NAMED else kind, number).hex()
    part = f"{name('certificate', 0).hex()} 7 {number:040x}" if kind == "reservation" else ""
    about = f"D-{number}" if kind == "dispute" else named
    row: dict[str, Any] = {"kind": kind, "about": about, "part": part, "state": state}
    return row | {"target": b"", "data": b"", "created_at": 0}


def fill(
    session: Session, stated: Sequence[int], held: set[tuple[int, str, int]], under: Sequence[int]
) -> None:
    """Three certificates; statements, what disputes hold, and licences, by whose they are: 3 is none's."""
    for n in range(3):
        session.add(Dossier(id=name("dossier", n), wrapped_key=None, created_at=0))
        session.add(Dossier(id=name("thread", n), wrapped_key=None, created_at=0))
    session.add(Organisation(code="X", name="", roles="", subject=name("organisation", 0), head=b"",
                             account=None, webhook=None, enrolled_at=0))  # fmt: skip
    session.flush()
    for n in range(3):
        session.add(Case(id=f"A-{n}", subject=name("case", n), profile="", procedure="", state="",
                         dossier_id=name("dossier", n), created_at=0, changed_at=0))  # fmt: skip
        session.add(Dispute(id=f"D-{n}", subject=name("dispute", n), state="", kind="party", opener="X",
                            dossier_id=name("thread", n), created_at=0))  # fmt: skip
    session.flush()
    for n in range(3):
        session.add(Certificate(number=f"SJ{n}", subject=name("certificate", n), case_id=f"A-{n}", body=b"",
                                state="deposited", registered_at=0, valid_until=9))  # fmt: skip
    session.flush()
    for n, of in enumerate(stated):
        for kind in STATED:
            session.add(Event(subject=name("certificate", of), type="", at=0, statement=b"", sealed=b"",
                              leaf_hash=name(kind, n), created_at=0))  # fmt: skip
    for dispute, kind, of in held:
        session.add(DisputeSubject(dispute_id=f"D-{dispute}", kind=kind, subject=name("certificate", of)))
    for n, of in enumerate(under):
        session.add(Licence(number=f"L-{n}", subject=name("licence", n), case_id="A-0",
                            certificate=f"SJ{of}", body=b"", state="draft", registered_at=0))  # fmt: skip
    session.flush()


@pytest.fixture
def before(url: str) -> Iterator[Connection]:
    """A database as the program before made it."""
    engine = create_engine(url)
    with engine.begin() as connection:
        command.upgrade(schema.configuration(connection), "0039")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def migrate(connection: Connection) -> None:
    script = ScriptDirectory.from_config(schema.configuration(connection)).get_revision("0040")
    with Operations.context(MigrationContext.configure(connection)):
        script.module.upgrade()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    stated=st.lists(few, min_size=1, max_size=3),
    held=st.sets(st.tuples(st.integers(0, 2), st.sampled_from(["record", "case", "consent"]), few)),
    under=st.lists(st.integers(0, 2), min_size=1, max_size=3),
    calls=st.dictionaries(st.tuples(kinds, few), st.sampled_from(_STATES), min_size=10, max_size=40),
    goes_on=st.sets(few),
)
def test_what_waits_is_found_as_by_looking_at_all(
    before: Connection,
    stated: list[int],
    held: set[tuple[int, str, int]],
    under: list[int],
    calls: Mapping[tuple[str, int], str],
    goes_on: set[int],
) -> None:
    with before.begin() as whole, Session(before) as session:
        fill(session, stated, held, under)
        if rows := [call(kind, number, state) for (kind, number), state in calls.items()]:
            before.execute(insert(_CALLS), rows)
        migrate(before)
        compared_in(session)
        for number in goes_on:
            for state, later in _LATER.items():
                moved = (_CALLS.c.state == state, _CALLS.c.id % 4 == number)
                before.execute(update(_CALLS).where(*moved).values(state=later))
                compared_in(session)
        whole.rollback()


def test_it_does_something_and_bears_what_was_altered(before: Connection) -> None:
    with before.begin() as whole, Session(before) as session:
        fill(session, [0, 1], {(0, "record", 2)}, [1])
        rows = [call(kind, 0, "pending") for kind in BINDING]
        before.execute(insert(_CALLS), [*rows, call("succession", 1, "confirmed") | {"about": "no hex"}])
        before.execute(insert(_CALLS), [call("lapse", 1, "failed") | {"about": "no hex"}])
        migrate(before)
        found = [sorted(one.what for one in compared_in(session)[name("certificate", n)]) for n in range(3)]
        assert found == [["end", "objection", "remark", "reservation"], ["licence"], ["hold"]]
        whole.rollback()


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_it_is_found_along_indices(store: Store) -> None:
    asked: list[tuple[str, Any]] = []
    with store.reading() as session:
        connection = session.connection()
        event.listen(connection, "before_cursor_execute", lambda *told: asked.append((told[2], told[3])))
        awaited(session, name("certificate", 0))
        ((statement, given_),) = asked
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given_).all()
    steps = [str(row[3]) for row in plan]
    assert not any(step.startswith("SCAN") for step in steps), steps
    assert any("ix_call_binding" in step for step in steps), steps

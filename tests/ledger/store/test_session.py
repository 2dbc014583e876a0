"""Objects that come and go by prepared statements: the same as SQLAlchemy's, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import bindparam, event, update
from sqlalchemy.exc import IntegrityError, NoResultFound
from sqlalchemy.orm.exc import StaleDataError
from sqlmodel import Session, col, select

from yinzheng.ledger.state.address import sqlite_url
from yinzheng.ledger.store.database import Store, open_store
from yinzheng.ledger.store.models import (
    Approval,
    Base,
    Case,
    ChainCall,
    Counter,
    Dossier,
    Meta,
    Objection,
    Person,
    table_of,
)
from yinzheng.ledger.store.models_consents import Nonce
from yinzheng.ledger.store.session import Objects, QuickSession, Shape, shape_of

PEOPLE = table_of(Person)
OF_ROLE = Objects(Person, PEOPLE.c.role == bindparam("of"), order_by=[PEOPLE.c.name])


def person(name: str, role: str = "registry", removed_at: int | None = None) -> Person:
    return Person(name=name, role=role, address=name.encode().ljust(20), added_at=1, removed_at=removed_at)


def call(part: str) -> ChainCall:
    return ChainCall(
        kind="deposit", about="SJ1", part=part, target=bytes(20), data=b"d", gas=7, created_at=2**40
    )


def case(id_: str) -> Case:
    return Case(
        id=id_,
        subject=id_.encode(),
        profile="DEMO/1",
        procedure="simplified",
        state="received",
        dossier_id=id_.encode(),
        created_at=1,
        changed_at=1,
    )


def objection(id_: int, *, upheld: bool | None) -> Objection:
    return Objection(id=id_, case_id="A", leaf=b"l", raised_at=1, upheld=upheld, sealed=b"")


@contextmanager
def listening(store: Store) -> Iterator[list[str]]:
    """The statements that the database is given."""
    heard: list[str] = []

    def hear(*of: object) -> None:
        heard.append(" ".join(str(of[2]).split()))

    event.listen(store._engine, "before_cursor_execute", hear)
    yield heard
    event.remove(store._engine, "before_cursor_execute", hear)


def test_every_table_has_its_shape(store: Store) -> None:
    with store.reading() as session:
        for mapper in Base._sa_registry.mappers:
            model: Any = mapper.class_
            shape: Shape[Any] = shape_of(model)
            assert shape.names == [attribute.key for attribute in mapper.column_attrs]
            nobody = [
                b"?" if "BLOB" in str(c.type) or "BYTEA" in str(c.type) else None for c in mapper.primary_key
            ]
            if None not in nobody:
                assert session.get(model, tuple(nobody)) is None


def test_an_object_comes_once_and_is_the_sessions_own(store: Store) -> None:
    with store.transaction() as session:
        session.add(person("li-wei"))
        session.add(person("wu-bo", "administrator", 7))
    with listening(store) as heard, store.transaction() as session:
        found = session.get_one(Person, "li-wei")
        assert session.get(Person, "li-wei") is found
        assert OF_ROLE.first(session, of="registry") is found
        assert session.exec(select(Person).where(Person.name == "li-wei")).one() is found
        assert len([one for one in heard if "person.name = " in one]) == 2  # the object itself only once
        assert found in session
        assert found.model_dump() == person("li-wei").model_dump()
        assert OF_ROLE.all(session, of="administrator")[0].removed_at == 7
        assert OF_ROLE.first(session, of="nobody") is None
        with pytest.raises(NoResultFound):
            session.get_one(Person, "nobody")


def test_what_changes_and_what_is_new_is_written(store: Store) -> None:
    with store.transaction() as session:
        session.add(person("li-wei"))
        session.add(Counter(scope="a", last=1))
    with listening(store) as heard, store.transaction() as session:
        one = session.get_one(Person, "li-wei")
        one.removed_at, one.role = 9, "registry"
        session.add(person("wu-bo", "administrator"))
        session.add(call("x"))
        numbered = call("y")
        session.add(numbered)
        session.flush()
        assert session.get(ChainCall, numbered.id) is numbered
        assert not session.dirty
        assert not session.new
        assert [o.part for o in session.exec(select(ChainCall).order_by(col(ChainCall.id))).all()] == [
            "x",
            "y",
        ]
    updates = [statement for statement in heard if statement.startswith("UPDATE")]
    assert len(updates) == 1
    assert "removed_at" in updates[0]
    assert "role" not in updates[0]  # what changed alone
    with store.reading() as session:
        assert session.get_one(Person, "li-wei").removed_at == 9
        assert session.get_one(Person, "wu-bo").role == "administrator"
        kept = session.exec(select(ChainCall).where(ChainCall.part == "y")).one()
        assert (kept.id, kept.state, kept.sender, kept.created_at) == (numbered.id, "pending", "relay", 2**40)


def test_a_query_sees_what_the_objects_say(store: Store) -> None:
    with store.transaction() as session:
        session.add(person("li-wei"))
        assert [one.name for one in OF_ROLE.all(session, of="registry")] == ["li-wei"]
        session.get_one(Person, "li-wei").role = "committee"
        assert OF_ROLE.all(session, of="registry") == []
        assert session.get(Person, "li-wei") is OF_ROLE.first(session, of="committee")


@pytest.mark.parametrize("value", [True, False])
def test_truths_are_truths(store: Store, value: bool) -> None:
    with store.transaction() as session:
        session.add(case("A"))
        session.add(Dossier(id=b"A", wrapped_key=None, created_at=1))
        session.add(objection(7, upheld=value))
        session.flush()
        session.expunge_all()
        assert session.get_one(Objection, 7).upheld is value
        session.get_one(Objection, 7).upheld = None
        session.flush()
        session.expunge_all()
        assert session.get_one(Objection, 7).upheld is None


def test_a_broken_constraint_is_told_as_ever(store: Store) -> None:
    with store.transaction() as session:
        session.add(person("li-wei"))
    for wrong in (
        person("li-wei"),
        Approval(case_id="none", kind="k", digest=b"", address=b"", signature=b"", at=1),
    ):
        with pytest.raises(IntegrityError), store.transaction() as session:
            session.add(Counter(scope="before", last=1))
            session.flush()
            session.add(wrong)
    with store.reading() as session:
        assert session.get(Counter, "before") is None  # all or nothing


def test_a_row_that_is_gone_is_not_updated(store: Store) -> None:
    with store.transaction() as session:
        session.add(person("li-wei"))
    with pytest.raises(StaleDataError), store.transaction() as session:
        session.get_one(Person, "li-wei").removed_at = 3
        session.connection().exec_driver_sql("DELETE FROM person")


def test_what_is_not_plain_goes_the_long_way(store: Store) -> None:
    with store.transaction() as session:
        session.add(Meta(key="a", value="1"))
        session.add(Meta(key="b", value="1"))
    with store.transaction() as session:
        session.get_one(Meta, "a").key = "c"
        session.delete(session.get_one(Meta, "b"))
        session.flush()
        assert session.get(Meta, "b") is None
    with store.reading() as session:
        assert [one.key for one in session.exec(select(Meta)).all()] == ["c"]


def test_what_a_block_undoes_itself_is_undone(store: Store) -> None:
    with store.transaction() as session:
        session.add(Counter(scope="a", last=1))
    with store.transaction() as session:
        session.get_one(Counter, "a").last = 2
        session.flush()
        session.rollback()
    with store.reading() as session:
        assert session.get_one(Counter, "a").last == 1


def test_what_sqlalchemy_forgot_is_read_again_before_it_is_written(store: Store) -> None:
    with store.transaction() as session:
        session.add(Counter(scope="a", last=1))
        session.add(Counter(scope="b", last=1))
    with store.transaction() as session:
        first, second = session.get_one(Counter, "a"), session.get_one(Counter, "b")
        session.expire(first)
        first.last = 5
        session.expire(second, ["scope"])
        second.last = 6
        session.add(Counter(scope="c", last=1))
        session.flush()
        assert (first.scope, second.scope) == ("a", "b")
    with store.reading() as session:
        assert [session.get_one(Counter, scope).last for scope in "abc"] == [5, 6, 1]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["put", "set", "drop", "flush", "ask", "forget", "expire", "all"]),
        st.sampled_from("abc"),
        st.integers(0, 3),
    ),
    max_size=14,
)


@pytest.mark.filterwarnings("ignore:New instance")  # SQLAlchemy's own, of two objects of one key
@pytest.mark.filterwarnings("ignore:transaction already deassociated")
@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
def test_it_does_what_sqlalchemys_session_does(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str, int]]
) -> None:
    url = sqlite_url(tmp_path_factory.mktemp("two") / "ledger.sqlite")
    store = open_store(url)
    try:
        ended = [_carried_out(store, kind, steps) for kind in (QuickSession, Session)]
    finally:
        store.close()
    assert ended[0] == ended[1]


def _carried_out(store: Store, kind: type[Session], steps: list[tuple[str, str, int]]) -> object:
    """What is seen on the way and lies there in the end; everything is undone."""
    seen: list[object] = []
    with store._engine.connect() as connection, connection.begin() as begun:
        with kind(connection, expire_on_commit=False) as session:
            try:
                seen.extend(_step(session, *step) for step in steps)
                session.flush()
            except IntegrityError:
                seen.append("refused")
            else:
                rows = connection.exec_driver_sql("SELECT code, nonce, until FROM nonce ORDER BY code, nonce")
                seen.append([tuple(row) for row in rows])
        if begun.is_active:
            begun.rollback()
    return seen


def _step(session: Session, what: str, name: str, number: int) -> object:
    key = (name, b"n")
    if what == "put":
        session.add(Nonce(code=name, nonce=b"n", until=number))
    elif what == "flush":
        session.flush()
    elif what == "forget":
        session.flush()
        session.expunge_all()
    else:
        found = session.get(Nonce, key)
        if found is None:
            return None
        if what == "set":
            found.until = number
        elif what == "expire":
            session.expire(found)
        elif what == "all":
            session.execute(update(Nonce).where(col(Nonce.code) != "a").values(until=number + 10))
        elif what == "drop":
            session.delete(found)
            session.flush()
        return found.until if what == "ask" else what
    return what

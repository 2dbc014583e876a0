"""Which statements become events of which certificates, whatever is killed in between."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.event import listen
from sqlmodel import col, select

from tests.ledger.disputes.court import Court
from tests.verifier.world import body_json
from yinzheng.ledger.flow import watched
from yinzheng.ledger.flow.unsettled import needs_settling
from yinzheng.ledger.state.address import sqlite_url
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.database import Store, open_store
from yinzheng.ledger.store.models import Case, Certificate, ChainCall, Checkpoint, Dossier, Event
from yinzheng.ledger.store.models_watch import CertificateEvent
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.formats.watched import named_by
from yinzheng.verifier.log.statement import certificate_subject

FIRST, SECOND = (f"SJ441202609000{n}" for n in (1, 2))


def told(store: Store, number: str) -> list[tuple[int, str]]:
    """Events of a certificate: their numbers and types."""
    query = (
        select(CertificateEvent.number, Event.type)
        .join(Event, col(Event.log_index) == col(CertificateEvent.number))
        .where(CertificateEvent.certificate == certificate_subject(number))
        .order_by(col(CertificateEvent.number))
    )
    with store.reading() as session:
        return list(session.exec(query).all())


def types(store: Store, number: str) -> list[str]:
    return [kind for _, kind in told(store, number)]


def test_a_certificate_is_born_held_and_released(court: Court) -> None:
    store, number = court.registry.store, court.made.number
    assert types(store, number) == ["certificate.deposited"]
    id_ = court.open()
    court.add(id_, court.offer(b"more"))
    court.settle_dispute(id_)
    assert types(store, number) == ["certificate.deposited", "dispute.opened", "dispute.released"]
    with store.reading() as session:
        assert watched.derived(session) == repository.sequenced(session) == court.registry.log.size


def test_what_the_chain_has_not_anchored_is_no_event_yet(court: Court) -> None:
    court.open(settle=False)
    watched.derive(court.registry)
    assert types(court.registry.store, court.made.number) == ["certificate.deposited"]


@pytest.mark.parametrize("persisted", [False, True])
def test_killed_before_or_after_it_was_written(
    court: Court, monkeypatch: pytest.MonkeyPatch, persisted: bool
) -> None:
    derive = watched.derive

    def killed(registry: object) -> None:
        if persisted:
            derive(court.registry)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(watched, "derive", killed)
        with pytest.raises(KeyboardInterrupt):
            court.open()
    assert needs_settling(court.registry) is not persisted
    court.opened.close()
    with court.world.open() as registry:
        assert types(registry.store, court.made.number) == ["certificate.deposited", "dispute.opened"]
        assert not needs_settling(registry)


# ---------------------------------------------------------------- moves that are yet to come


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Two certificates, and room for statements of any type."""
    made = open_store(sqlite_url(tmp_path / "ledger.sqlite"))
    with made.transaction() as session:
        session.add(Dossier(id=b"d", wrapped_key=None, created_at=0))
        session.flush()
        case = Case(id="A", subject=b"c" * 32, profile="DEMO/1", procedure="simplified", state="deposited",
                    dossier_id=b"d", created_at=0, changed_at=0)  # fmt: skip
        session.add(case)
        session.flush()
        for number in (FIRST, SECOND):
            session.add(certificate(number))
    yield made
    made.close()


def certificate(number: str) -> Certificate:
    body = canonical.dumps(body_json(number=number))
    return Certificate(number=number, subject=certificate_subject(number), case_id="A", body=body,
                       state="deposited", registered_at=0, valid_until=0)  # fmt: skip


def log(store: Store, *statements: tuple[str, bytes, JSON]) -> None:
    """Put statements into the log and have them anchored: type, subject, public body."""
    with store.transaction() as session:
        size = repository.sequenced(session)
        for index, (kind, subject, body) in enumerate(statements, size):
            public = None if body is None else canonical.dumps(body)
            event = Event(subject=subject, type=kind, at=0, statement=b"%d" % index, leaf_hash=b"%d" % index,
                          sealed=b"", public=public, log_index=index, created_at=0)  # fmt: skip
            session.add(event)
            session.flush()
            found = session.exec(select(Certificate).where(Certificate.subject == subject)).first()
            if kind == "certificate.deposited" and found is not None:
                found.event_id = event.id
                session.add(found)
        end = size + len(statements)
        session.add(Checkpoint(size=end, root=b"", note="", anchored_block=end, created_at=0))
        session.flush()
        while watched._step(session):
            pass


def test_a_life_with_moves_of_later_versions(store: Store) -> None:
    first, second = map(certificate_subject, (FIRST, SECOND))
    licence, case = b"l" * 32, b"c" * 32
    log(
        store,
        ("application.received", case, None),
        ("certificate.deposited", first, {}),
        ("remark.entered", first, {}),
        ("licence.given", licence, {"certificate": {"number": FIRST}}),
        ("consent.granted", first, None),
        ("trade.checked", first, None),
        ("a.move-nobody-knows-yet", first, None),
        ("right.transferred", first, {}),
        ("certificate.deposited", second, {"follows": [{"number": FIRST, "leaf": "00"}]}),
        ("licence.ended", licence, {}),
        ("application.received", b"x" * 32, None),
    )
    assert told(store, FIRST) == [
        (1, "certificate.deposited"),
        (2, "remark.entered"),
        (3, "licence.given"),
        (6, "a.move-nobody-knows-yet"),
        (7, "right.transferred"),
        (8, "certificate.deposited"),
        (9, "licence.ended"),
    ]
    assert told(store, SECOND) == [(8, "certificate.deposited")]
    log(store, ("remark.lifted", second, {}))
    assert types(store, SECOND) == ["certificate.deposited", "remark.lifted"]


def test_a_deposit_that_was_refused_is_no_event(store: Store) -> None:
    subject = certificate_subject(FIRST)
    with store.transaction() as session:
        refused = Event(subject=subject, type="certificate.deposited", at=0, statement=b"r", leaf_hash=b"r",
                        sealed=b"", public=b"{}", log_index=0, created_at=0)  # fmt: skip
        session.add(refused)
    log(store, ("certificate.deposited", subject, {}))
    assert told(store, FIRST) == [(1, "certificate.deposited")]


def test_a_move_that_was_refused_is_no_event(store: Store) -> None:
    """What the contracts refused is told by the call, whose name or part is the statement's leaf hash."""
    subject = certificate_subject(FIRST)
    with store.transaction() as session:
        for about, part, state in (
            (b"0", b"", "failed"),
            (b"x", b"1", "withdrawn"),
            (b"2", b"", "confirmed"),
        ):
            call = ChainCall(kind="remark", about=about.hex(), part=part.hex(), target=b"", data=b"",
                             state=state, gas=0, created_at=0)  # fmt: skip
            session.add(call)
    log(store, *(("remark.entered", subject, {}) for _ in range(3)))
    assert told(store, FIRST) == [(2, "remark.entered")]


@pytest.mark.parametrize("many", [1, 400])
def test_many_statements_are_looked_at_with_few_questions(store: Store, many: int) -> None:
    asked: list[str] = []
    with store.transaction() as session:
        engine = session.get_bind().engine

    def count(*told: object) -> None:
        asked.append(str(told[2]))

    statements = [("review.recorded", b"%032d" % number, None) for number in range(many)]
    with store.transaction() as session:
        session.add_all(
            Event(subject=subject, type=kind, at=0, statement=subject, leaf_hash=subject, sealed=b"",
                  log_index=index, created_at=0)
            for index, (kind, subject, _) in enumerate(statements)
        )  # fmt: skip
        session.add(Checkpoint(size=many, root=b"", note="", anchored_block=1, created_at=0))
    listen(engine, "before_cursor_execute", count)
    with store.transaction() as session:
        assert not watched._step(session)
    assert len(asked) <= 8


@pytest.mark.parametrize("body", [None, 3, [], {"certificate": 1}, {"follows": [1]}, {"follows": None}])
def test_a_body_that_names_nothing(body: JSON) -> None:
    assert list(named_by("licence.given", body)) == list(named_by("certificate.deposited", body)) == []


def test_only_what_may_be_about_a_certificate_is_brought_from_the_database(store: Store) -> None:
    licence = b"l" * 32
    given: JSON = {"certificate": {"number": FIRST}}
    log(
        store,
        ("review.recorded", b"x" * 32, None),
        ("licence.given", licence, given),
        ("review.recorded", b"y" * 32, None),
        ("licence.ended", licence, {}),
    )
    log(store, ("review.recorded", b"z" * 32, None), ("licence.ended", licence, {}))
    with store.reading() as session:
        assert [stated.number for stated in watched._looked_at(session, 0, 4)] == [1, 3]
        assert [stated.number for stated in watched._looked_at(session, 4, 6)] == [5]
    assert [number for number, _ in told(store, FIRST)] == [1, 3, 5]


def test_subjects_that_are_told_of_more_than_one_question_can_name(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watched, "_ASKED", 2)
    given: JSON = {"certificate": {"number": FIRST}}
    licences = [bytes([number]) * 32 for number in range(5)]
    log(
        store,
        *(("licence.given", one, given) for one in licences),
        *(("licence.ended", one, {}) for one in reversed(licences)),
    )
    assert [number for number, _ in told(store, FIRST)] == list(range(10))

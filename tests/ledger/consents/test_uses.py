"""Uses: told by those the consent names, with scope or basis, as access lines, shown to its subject (R30)."""

import sqlite3
from contextlib import closing
from typing import Any

import pytest
from sqlmodel import select

from tests.ledger.consent_world import HOSPITAL, INSURER, KEYS, LAB, ConsentWorld
from tests.ledger.withdrawals.clinic import Clinic
from tests.ledger.world import World, unchanged
from tests.verifier import bodies
from yinzheng.ledger.accesses.reader import Reader
from yinzheng.ledger.consents import uses
from yinzheng.ledger.consents.reading import open_consent
from yinzheng.ledger.consents.uses import Noted, Told, record_use, uses_of
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.consent import Scope, Use
from yinzheng.ledger.rules.extent import EVERYTHING, Extent
from yinzheng.ledger.store.models_accesses import AccessRow
from yinzheng.ledger.store.models_consents import Consent
from yinzheng.verifier.bytes.cose import key_id
from yinzheng.verifier.errors import YinzhengError

DAY = 86_400


def told(subject: bytes, at: int, **changes: Any) -> Told:
    given = {
        "subject": subject,
        "at": at,
        "purpose": "本院临床研究",
        "operator": "王医生",
        "scope": "base",
        "basis": "consent",
        "ground": None,
    }
    return Told(**{**given, **changes})


def by(code: str) -> Reader:
    return Reader.of_organisation(code, key_id(KEYS[code].public_key.point))


def listed(registry: Registry, subject: bytes) -> list[Use]:
    with registry.store.reading() as session:
        opened = open_consent(registry, session, subject)
        return uses_of(registry, session, opened.seal, subject)


def test_uses_are_listed_in_order_and_lie_sealed(clinic: ConsentWorld) -> None:
    registry = clinic.registry
    first, other = clinic.grant(1), clinic.grant(2)
    now = registry.clock()
    shared = {"purpose": "合作研究", "operator": "分析员甲", "scope": "third_party_research"}
    assert record_use(registry, told(first.subject, now), by(HOSPITAL)) == Noted(1, True)
    assert record_use(registry, told(first.subject, now, **shared), by(LAB)) == Noted(2, True)
    assert listed(registry, first.subject) == [
        Use(now, "本院临床研究", "王医生", HOSPITAL, "base", "consent", True),
        Use(now, "合作研究", "分析员甲", LAB, "third_party_research", "consent", True),
    ]
    assert listed(registry, other.subject) == []
    with registry.store.reading() as session:
        rows = session.exec(select(AccessRow)).all()
    assert all("王医生".encode() not in row.sealed + (row.words or b"") for row in rows)


@pytest.mark.parametrize(
    ("code", "scope", "covered"),
    [
        (HOSPITAL, "base", True),
        (HOSPITAL, "diagnostic_ai", False),
        (HOSPITAL, "third_party_research", False),
        (HOSPITAL, "insurance", False),
        (LAB, "third_party_research", True),
        (LAB, "base", False),
    ],
)
def test_whether_an_answer_covers_it_is_worked_out(
    clinic: ConsentWorld, code: str, scope: str, covered: bool
) -> None:
    """Unset means no; a recipient has what it was named for, the controller what goes to nobody else."""
    registry, subject = clinic.registry, clinic.grant().subject
    noted = record_use(registry, told(subject, registry.clock(), scope=scope, purpose="随访"), by(code))
    assert noted.covered is covered
    assert [use.covered for use in listed(registry, subject)] == [covered]


def test_what_a_recipient_answered_no_uses_is_written_down_as_uncovered(clinic: ConsentWorld) -> None:
    """A third-party app that was refused, and honest about what it did all the same."""
    answers = {**clinic.body()["scopes"], "third_party_research": None}
    granted = clinic.grant(scopes=answers, recipients=[{**bodies.recipient(), "answer": False}])
    use = told(granted.subject, clinic.registry.clock(), scope="third_party_research")
    assert record_use(clinic.registry, use, by(LAB)).covered is False


def test_a_use_on_another_basis_names_its_ground(clinic: ConsentWorld) -> None:
    registry, subject = clinic.registry, clinic.grant().subject
    use = told(
        subject,
        registry.clock(),
        scope=None,
        basis="public_health_emergency",
        ground="《突发公共卫生事件应急条例》第二十一条",
    )
    assert record_use(registry, use, by(HOSPITAL)).covered is None
    (found,) = listed(registry, subject)
    assert (found.scope, found.basis, found.covered) == (None, "public_health_emergency", None)


def test_after_the_withdrawal_nothing_covers_it(clinic: ConsentWorld, world: World) -> None:
    """What was used before stays covered, also when it is told only afterwards."""
    registry = clinic.registry
    subject = clinic.grant().subject
    before = registry.clock()
    world.clock.advance(DAY)
    patient = Clinic(world, registry, clinic.notice, clinic.digest)
    patient.file(subject, Extent(scopes=frozenset({Scope.BASE})))
    now = registry.clock()
    lab = {"scope": "third_party_research", "purpose": "合作研究"}
    assert record_use(registry, told(subject, before), by(HOSPITAL)).covered is True
    assert record_use(registry, told(subject, now), by(HOSPITAL)).covered is False
    assert record_use(registry, told(subject, now, **lab), by(LAB)).covered is True
    world.clock.advance(60)
    patient.file(subject, EVERYTHING)
    assert record_use(registry, told(subject, registry.clock(), **lab), by(LAB)).covered is False
    assert record_use(registry, told(subject, now, **lab), by(LAB)).covered is True


def test_a_consent_that_ended_by_itself_covers_nothing(clinic: ConsentWorld, world: World) -> None:
    registry, subject = clinic.registry, clinic.grant().subject
    world.clock.advance(365 * DAY)
    with registry.store.transaction() as session:  # keys of organisations end before
        opened = open_consent(registry, session, subject)
        assert uses._covered(opened, "base", HOSPITAL, registry.clock()) is False
        assert uses._covered(opened, "base", HOSPITAL, registry.clock() - 1) is True


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"by": INSURER}, "consent-unknown"),
        ({"at": 2**40}, "use-future"),
        ({"at": 5}, "use-early"),
        ({"purpose": ""}, "field-value"),
        ({"operator": "data:image/png;base64,AAAA"}, "encoded-bytes"),
        ({"subject": bytes(32)}, "consent-unknown"),
        ({"scope": None}, "use-basis"),
        ({"basis": "statutory_duty"}, "use-basis"),
        ({"basis": "statutory_duty", "scope": None}, "use-basis"),
        ({"ground": "某法"}, "use-basis"),
        ({"scope": "everything"}, "field-value"),
    ],
)
def test_what_is_refused(clinic: ConsentWorld, change: dict[str, Any], code: str) -> None:
    registry = clinic.registry
    who = change.get("by", HOSPITAL)
    changes = {name: value for name, value in change.items() if name != "by"}
    subject = clinic.grant().subject
    with unchanged(registry), pytest.raises(YinzhengError) as caught:
        record_use(registry, told(**{"subject": subject, "at": registry.clock(), **changes}), by(who))
    assert caught.value.code == code


def test_with_the_key_its_words_are_gone(clinic: ConsentWorld) -> None:
    registry = clinic.registry
    granted = clinic.grant()
    with registry.store.transaction() as session:
        session.get_one(Consent, granted.subject).wrapped_key = None
    with pytest.raises(YinzhengError) as caught:
        record_use(registry, told(granted.subject, registry.clock()), by(HOSPITAL))
    assert caught.value.code == "consent-erased"


TAMPERINGS = {
    "DELETE FROM access_line WHERE number = 2": "access-missing",
    "UPDATE access_line SET consent = (SELECT consent FROM access_line WHERE number = 3) WHERE number = 2": (
        "access-altered"
    ),
    "UPDATE access_line SET words = (SELECT words FROM access_line WHERE number = 1) WHERE number = 2": (
        "access-altered"
    ),
    "UPDATE access_line SET words = x'' WHERE number = 2": "access-altered",
    "UPDATE access_line SET words = NULL WHERE number = 2": "access-altered",
}


def test_a_use_that_is_deleted_or_altered_is_named(world: World) -> None:
    """S1: a use was one row; deleted, the audit said that everything agreed."""
    with world.open() as registry:
        made = ConsentWorld(registry)
        subject, other = made.grant(1).subject, made.grant(2).subject
        for _ in range(2):
            record_use(registry, told(subject, registry.clock()), by(HOSPITAL))
        record_use(registry, told(other, registry.clock()), by(HOSPITAL))
    assert world.codes() == set()
    kept = world.paths.database.read_bytes()
    for tampering, code in TAMPERINGS.items():
        with closing(sqlite3.connect(world.paths.database)) as connection:
            connection.execute(tampering)
            connection.commit()
        found = world.audit()
        assert {one.code for one in found} == {code}, tampering
        assert 2 in (found[0].data.get("line"), found[0].data.get("first")), tampering
        world.paths.database.write_bytes(kept)

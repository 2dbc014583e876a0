"""The use log: told by those the consent names, sealed under its key, shown to its subject (R30)."""

from typing import Any

import pytest
from sqlmodel import select

from tests.ledger.consent_world import HOSPITAL, INSURER, LAB, ConsentWorld
from tests.ledger.world import World, unchanged
from tests.verifier import bodies
from yinzheng.ledger.consents.reading import open_consent
from yinzheng.ledger.consents.uses import record_use, uses_of
from yinzheng.ledger.rules.consent import Use
from yinzheng.ledger.store.models_consents import Consent
from yinzheng.ledger.store.models_consents import Use as UseRow
from yinzheng.verifier.errors import YinzhengError


def test_uses_are_listed_in_order_and_lie_sealed(clinic: ConsentWorld) -> None:
    registry = clinic.registry
    first, other = clinic.grant(1), clinic.grant(2)
    now = registry.clock()
    record_use(registry, first.subject, now, "本院临床研究", "王医生", HOSPITAL)
    record_use(registry, first.subject, now, "合作研究", "分析员甲", LAB)
    with registry.store.reading() as session:
        opened = open_consent(registry, session, first.subject)
        assert uses_of(session, opened.seal, first.subject) == [
            Use(now, "本院临床研究", "王医生"),
            Use(now, "合作研究", "分析员甲"),
        ]
        assert uses_of(session, opened.seal, other.subject) == []
        rows = session.exec(select(UseRow)).all()
    assert all("王医生".encode() not in row.sealed for row in rows)


def test_a_line_belongs_to_its_consent(clinic: ConsentWorld) -> None:
    registry = clinic.registry
    first, other = clinic.grant(1), clinic.grant(2)
    record_use(registry, first.subject, registry.clock(), "研究", "甲", HOSPITAL)
    with registry.store.transaction() as session:
        session.exec(select(UseRow)).one().consent = other.subject
    with registry.store.reading() as session:
        opened = open_consent(registry, session, first.subject)
        with pytest.raises(YinzhengError) as caught:
            uses_of(session, opened.seal, other.subject)
    assert caught.value.code == "seal-broken"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"by_code": INSURER}, "use-stranger"),
        ({"by_code": "x"}, "credit-code"),
        ({"at": 2**40}, "use-future"),
        ({"at": 5}, "use-early"),
        ({"purpose": ""}, "field-value"),
        ({"operator": "data:image/png;base64,AAAA"}, "encoded-bytes"),
        ({"subject": bytes(32)}, "consent-unknown"),
    ],
)
def test_what_is_refused(clinic: ConsentWorld, change: dict[str, Any], code: str) -> None:
    registry = clinic.registry
    told = {"subject": clinic.grant().subject, "at": registry.clock(), "purpose": "研究", "operator": "甲"}
    with unchanged(registry), pytest.raises(YinzhengError) as caught:
        record_use(registry, **{**told, "by_code": HOSPITAL, **change})
    assert caught.value.code == code


def test_a_recipient_that_was_answered_no_uses_nothing(clinic: ConsentWorld) -> None:
    answers = {**clinic.body()["scopes"], "third_party_research": None}
    granted = clinic.grant(scopes=answers, recipients=[{**bodies.recipient(), "answer": False}])
    with pytest.raises(YinzhengError) as caught:
        record_use(clinic.registry, granted.subject, clinic.registry.clock(), "研究", "甲", LAB)
    assert caught.value.code == "use-stranger"


def test_with_the_key_the_log_is_gone(clinic: ConsentWorld) -> None:
    registry = clinic.registry
    granted = clinic.grant()
    with registry.store.transaction() as session:
        session.get_one(Consent, granted.subject).wrapped_key = None
    with pytest.raises(YinzhengError) as caught:
        record_use(registry, granted.subject, registry.clock(), "研究", "甲", HOSPITAL)
    assert caught.value.code == "consent-erased"


def test_the_audit_opens_every_use(world: World) -> None:
    with world.open() as registry:
        made = ConsentWorld(registry)
        record_use(registry, made.grant().subject, registry.clock(), "研究", "甲", HOSPITAL)
    assert world.codes() == set()
    with world.open() as registry, registry.store.transaction() as session:
        row = session.exec(select(UseRow)).one()
        row.sealed = row.sealed[:-1] + bytes([row.sealed[-1] ^ 1])
    assert world.codes() == {"seal-broken"}

"""Consents given one by one: recorded, sealed each under its own key, opened again; what is refused."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import select

from tests.ledger.consent_world import (
    CLINIC,
    HOSPITAL,
    INSURER,
    LAB,
    NAMES,
    ConsentWorld,
    consent_body,
    digest_of,
    enrol_one,
    guardian,
    notice_body,
)
from tests.ledger.world import World, unchanged
from tests.verifier import bodies
from yinzheng.ledger.consents.granting import MOST, grant
from yinzheng.ledger.consents.notices import HOUR, publish_notice
from yinzheng.ledger.consents.reading import open_consent
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models_consents import Consent, Pooled
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.notice import SCOPES
from yinzheng.verifier.log.statement import verify_body

Json = dict[str, Any]


def refused(clinic: ConsentWorld, body: Json, code: str) -> DataFault:
    with unchanged(clinic.registry), pytest.raises(DataFault) as caught:
        grant(clinic.registry, [body], HOSPITAL)
    assert caught.value.code == code
    return caught.value


def test_a_consent_is_sealed_committed_in_the_log_and_opens_again(clinic: ConsentWorld, world: World) -> None:
    registry = clinic.registry
    world.clock.advance(1234)
    granted = clinic.grant(7)
    with registry.store.reading() as session:
        opened = open_consent(registry, session, granted.subject)
        (event,) = opened.events
        assert opened.granted is event
        assert event.event.log_index is not None
        assert event.statement.leaf_hash == granted.leaf == opened.row.head
        assert event.statement.at % HOUR == 0
        assert 0 <= registry.clock() - event.statement.at < HOUR
        assert (event.statement.subject, event.statement.by) == (granted.subject, "controller")
        verify_body(event.statement, opened.consent.canonical(), opened.secret)
        assert opened.consent.to_json() == clinic.body(7)
        assert opened.notice.to_json() == clinic.notice_body
        assert opened.notice_leaf == clinic.notice.leaf
        assert session.exec(select(Pooled)).all() == []


def test_one_that_waits_in_the_pool_opens_too(clinic: ConsentWorld) -> None:
    registry = clinic.registry
    (granted,) = grant(registry, [clinic.body()], HOSPITAL)
    with registry.store.reading() as session:
        opened = open_consent(registry, session, granted.subject)
        assert repository.event_by_leaf(session, granted.leaf) is None
    assert opened.granted.event.id is None
    verify_body(opened.granted.statement, opened.consent.canonical(), opened.secret)


def test_each_has_a_subject_a_key_and_a_secret_of_its_own(clinic: ConsentWorld) -> None:
    registry = clinic.registry
    granted = grant(registry, [clinic.body(1), clinic.body(2)], HOSPITAL)
    with registry.store.reading() as session:
        opened = [open_consent(registry, session, one.subject) for one in granted]
        wrapped = [session.get_one(Consent, one.subject).wrapped_key for one in granted]
    keys = [
        registry.keys.wrapper().unwrap(key or b"", one.subject)
        for key, one in zip(wrapped, granted, strict=True)
    ]
    assert len({one.subject for one in granted}) == len({one.secret for one in opened}) == len(set(keys)) == 2


def test_a_wrapped_key_opens_for_its_own_subject_alone(clinic: ConsentWorld) -> None:
    registry = clinic.registry
    first, second = grant(registry, [clinic.body(1), clinic.body(2)], HOSPITAL)
    with registry.store.reading() as session:
        key = session.get_one(Consent, first.subject).wrapped_key
    assert key is not None
    with pytest.raises(DataFault):
        registry.keys.wrapper().unwrap(key, second.subject)


def test_all_or_none_and_which_is_wrong_is_told(clinic: ConsentWorld) -> None:
    wrong = clinic.body(2, scopes=dict.fromkeys(SCOPES))
    with unchanged(clinic.registry), pytest.raises(DataFault) as caught:
        grant(clinic.registry, [clinic.body(1), wrong, clinic.body(3)], HOSPITAL)
    assert caught.value.code == "consent-empty"
    assert caught.value.data["index"] == 1


def without(name: str) -> Callable[[Json], None]:
    return lambda body: body.pop(name)


def setting(**changes: Any) -> Callable[[Json], None]:
    return lambda body: body.update(changes)


def in_person(**changes: Any) -> Callable[[Json], None]:
    return lambda body: body["person"].update(changes)


PHOTOGRAPH = "data:image/jpeg;base64,/9j/4AAQSkZJRgABAQ"
TEMPLATE = "Rk1SACAyMAAAAAEIAAABPAFiAMUAxQEAAAAoKEBEANgoZQ"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (without("notice"), "field-missing"),
        (setting(notice=None), "field-type"),
        (setting(notice={"leaf": "00" * 32, "digest": bodies.PAIR}), "consent-notice-unknown"),
        (setting(scopes=True), "field-type"),
        (setting(scopes="all"), "field-type"),
        (setting(scopes={"all": True}), "field-missing"),
        (setting(scopes={**dict.fromkeys(SCOPES), "everything": True}), "field-unknown"),
        (setting(scopes=dict.fromkeys(SCOPES)), "consent-empty"),
        (setting(scopes=dict.fromkeys(SCOPES, True), recipients=[]), "consent-blanket"),
        (in_person(born="2016-01-01"), "consent-guardian"),
        (in_person(born="2010-01-01"), "consent-guardian"),
        (in_person(born="2980-01-01"), "field-value"),
        (in_person(born="2026-12-01"), "born-in-future"),
        (in_person(name=PHOTOGRAPH), "encoded-bytes"),
        (in_person(reference=TEMPLATE), "encoded-bytes"),
        (in_person(face=TEMPLATE), "field-unknown"),
        (setting(fingerprint=TEMPLATE), "field-unknown"),
        (setting(method=TEMPLATE), "field-value"),
        (setting(controller={"name": TEMPLATE, "code": HOSPITAL}), "encoded-bytes"),
        (setting(controller={"name": NAMES[LAB], "code": LAB}), "consent-foreign"),
        (
            setting(recipients=[{**bodies.recipient(code=INSURER), "answer": True}]),
            "consent-recipient-unlisted",
        ),
        (
            setting(recipients=[{**bodies.recipient(), "use": TEMPLATE, "answer": True}]),
            "encoded-bytes",
        ),
        (setting(recipients=[{**bodies.recipient(), "answer": False}]), "consent-recipient-unnamed"),
        (setting(genetic=True), "consent-genetic"),
        (setting(method="conduct"), "field-value"),
        (setting(until=2**40), "consent-term"),
        (setting(v=2), "field-value"),
    ],
)
def test_bad_input_is_refused_and_nothing_is_recorded(
    clinic: ConsentWorld, change: Callable[[Json], None], code: str
) -> None:
    body = clinic.body()
    change(body)
    refused(clinic, body, code)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"guardianship": None}, "consent-guardianship"),
        ({"live_face": None}, "consent-live-face"),
        ({"live_face": {"passed": False, "checked_by": HOSPITAL, "checked_at": 1}}, "field-value"),
        ({"live_face": {"passed": TEMPLATE, "checked_by": HOSPITAL, "checked_at": 1}}, "field-type"),
        (
            {"live_face": {"passed": True, "checked_by": HOSPITAL, "checked_at": 1, "face": TEMPLATE}},
            "field-unknown",
        ),
        ({"photo": PHOTOGRAPH}, "field-unknown"),
        ({"name": TEMPLATE}, "encoded-bytes"),
    ],
)
def test_a_child_needs_a_guardian_with_every_proof_and_no_face(
    clinic: ConsentWorld, change: Json, code: str
) -> None:
    registry = clinic.registry
    child = {"name": "测试童", "reference": "M-1", "born": "2019-05-01"}
    refused(clinic, clinic.body(person=child, guardian=guardian(registry.clock()) | change), code)
    granted = clinic.grant_minor()
    with registry.store.reading() as session:
        assert open_consent(registry, session, granted.subject).consent.guardian is not None


def test_a_consent_names_the_version_that_stood_when_it_was_given(clinic: ConsentWorld, world: World) -> None:
    registry = clinic.registry
    before = clinic.body()
    world.clock.advance(100)
    newer = notice_body(registry, version=2, replaces=clinic.notice.leaf.hex(), kinds=["检验结果"])
    second = publish_notice(registry, newer, HOSPITAL)
    refused(clinic, clinic.body(), "consent-notice-replaced")
    mixed = consent_body(second, clinic.digest, registry.clock())
    refused(clinic, mixed, "consent-notice")
    early = consent_body(second, digest_of(newer), registry.clock() - 1)
    refused(clinic, early, "consent-early")
    late = consent_body(second, digest_of(newer), registry.clock() + 1)
    refused(clinic, late, "consent-future")
    assert (
        len(grant(registry, [before, consent_body(second, digest_of(newer), registry.clock())], HOSPITAL))
        == 2
    )


def test_another_controllers_notice_is_refused(clinic: ConsentWorld, registry: Registry) -> None:
    other = CLINIC
    enrol_one(registry, other, "controller")
    theirs = notice_body(registry, controller={"name": NAMES[other], "code": other})
    published = publish_notice(registry, theirs, other)
    refused(clinic, consent_body(published, digest_of(theirs), registry.clock()), "consent-controller")


@pytest.mark.parametrize(("code", "expected"), [(LAB, "organisation-role"), ("x", "organisation-unknown")])
def test_only_a_controller_registers(clinic: ConsentWorld, code: str, expected: str) -> None:
    with unchanged(clinic.registry), pytest.raises(UsageFault) as caught:
        grant(clinic.registry, [clinic.body()], code)
    assert caught.value.code == expected


def test_many_come_as_a_file(clinic: ConsentWorld) -> None:
    with pytest.raises(UsageFault, match="at most"):
        grant(clinic.registry, [None] * (MOST + 1), HOSPITAL)


def test_what_was_never_given_or_is_erased_does_not_open(clinic: ConsentWorld) -> None:
    registry = clinic.registry
    with registry.store.reading() as session, pytest.raises(UsageFault) as caught:
        open_consent(registry, session, bytes(32))
    assert caught.value.code == "consent-unknown"
    granted = clinic.grant()
    with registry.store.transaction() as session:
        session.get_one(Consent, granted.subject).wrapped_key = None
    with registry.store.reading() as session, pytest.raises(UsageFault) as caught:
        open_consent(registry, session, granted.subject)
    assert caught.value.code == "consent-erased"


def test_no_message_names_the_person(clinic: ConsentWorld) -> None:
    fault = refused(
        clinic,
        clinic.body(person={"name": "李四光", "reference": "R-99", "born": "2016-01-01"}),
        "consent-guardian",
    )
    said = canonical.dumps([fault.message, fault.hint, str(fault.data)]).decode()
    assert "李四光" not in said
    assert "R-99" not in said

"""A widened notice tells its controller whom it no longer covers, and nothing rests on them for it (R28)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, select

from tests.ledger.access_lines import said
from tests.ledger.consent_world import (
    CLINIC,
    HOSPITAL,
    LAB,
    ConsentWorld,
    consent_body,
    digest_of,
    enrol_one,
    notice_body,
)
from tests.ledger.consents.test_basis import APPLICANT, HOLDERS
from tests.ledger.consents.test_uses import by, listed, told
from tests.ledger.withdrawals.clinic import Clinic
from tests.ledger.world import OFFICER, World, actor_of, apply, unchanged
from tests.verifier import bodies
from yinzheng.ledger.cases.dossier_opening import open_dossier_to
from yinzheng.ledger.consents import uncovered, versions
from yinzheng.ledger.consents.basis import basis_of
from yinzheng.ledger.consents.granting import grant
from yinzheng.ledger.consents.listing import list_notices
from yinzheng.ledger.consents.notices import publish_notice
from yinzheng.ledger.consents.uncovered import Place, uncovered_of
from yinzheng.ledger.consents.uses import record_use
from yinzheng.ledger.consents.versions import notice_at
from yinzheng.ledger.notify.deliveries import fetch
from yinzheng.ledger.registry import Registry, silent
from yinzheng.ledger.rules.consent import Scope
from yinzheng.ledger.rules.extent import EVERYTHING, Extent
from yinzheng.ledger.state.faults import Faults, InjectedFault, RaiseAt
from yinzheng.ledger.store.models_consents import Consent, Delivery, Notice
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.webhook import parse_webhook

DAY = 86_400
KIND = {"change": "kinds", "scope": None}
PURPOSES = bodies.notice()["purposes"]
NEW = {**PURPOSES[0], "purpose": "药物警戒研究"}


def next_version(registry: Registry, before: Notice, **changes: Any) -> tuple[Notice, dict[str, Any]]:
    body = notice_body(registry, version=before.version + 1, replaces=before.leaf.hex(), **changes)
    return publish_notice(registry, body, HOSPITAL), body


def widened(registry: Registry, before: Notice) -> tuple[Notice, dict[str, Any]]:
    """The next version, with a kind of data and a purpose more."""
    kinds = [*bodies.notice()["kinds"], "病程记录"]
    return next_version(registry, before, kinds=kinds, purposes=[*PURPOSES, NEW])


def deliveries(registry: Registry) -> list[Mapping[str, Any]]:
    with registry.store.reading() as session:
        rows = session.exec(select(Delivery).where(Delivery.kind == uncovered.WIDENED)).all()
    assert all(row.code == HOSPITAL and row.withdrawal_id is None for row in rows)
    return [parse_webhook(row.body).data for row in rows]


def granted_to(
    clinic: ConsentWorld, notice: Notice, body: dict[str, Any], *numbers: int, at: int | None = None
) -> list[bytes]:
    """Consents to that version, recorded and not yet in the log; given now, or at `at`."""
    given = clinic.registry.clock() if at is None else at
    made = [consent_body(notice, digest_of(body), given, number) for number in numbers]
    return sorted(one.subject for one in grant(clinic.registry, made, HOSPITAL))


def all_pages(registry: Registry, notice: Notice) -> list[tuple[int, str]]:
    """Version and subject of each consent listed, in order."""
    found: list[tuple[int, str]] = []
    place: Place | None = None
    while True:
        page = uncovered_of(registry, notice.leaf, by(HOSPITAL), place)
        found += [(one.version.row.version, s.hex()) for one in page.groups for s in one.subjects]
        if page.next is None:
            return found
        place = Place.read(str(page.next))


def test_the_controller_is_told_by_identifier_whose_consent_does_not_cover_it(clinic: ConsentWorld) -> None:
    registry = clinic.registry
    old = granted_to(clinic, clinic.notice, clinic.notice_body, 1, 2, 3)
    second, _ = widened(registry, clinic.notice)
    wider = [KIND, {"change": "purpose", "scope": "base"}]
    (data,) = deliveries(registry)
    assert data == {
        "notice": second.leaf.hex(),
        "version": 2,
        "wider": wider,
        "at_most": 3,
        "uncovered": [{"version": 1, "wider": wider, "consents": [one.hex() for one in old]}],
        "next": None,
    }
    (signed,) = fetch(registry, HOSPITAL)
    assert parse_webhook(signed.body).data == data
    assert not any(word.encode() in signed.body for word in ("P-000000", "测试"))
    assert all_pages(registry, second) == [(1, one.hex()) for one in old]
    assert all_pages(registry, clinic.notice) == []
    line = said(registry)[-2][1:]
    assert line == ("list", "notices", "3")
    _, listed_ = list_notices(registry.paths.root, registry.clock())
    assert (listed_.uncovered, listed_.changes) == (3, ("kinds", "purpose"))


WITHIN: list[dict[str, Any]] = [
    {},
    {"withdraw": "来电即可", "safeguards": [*bodies.notice()["safeguards"], "双人复核"]},
    {"retention_months": 12, "term_months": 12, "kinds": ["检验结果"], "recipients": []},
]


def test_a_version_that_lies_within_tells_nobody_and_keeps_the_consents(clinic: ConsentWorld) -> None:
    registry = clinic.registry
    (old,) = granted_to(clinic, clinic.notice, clinic.notice_body, 1)
    latest = clinic.notice
    for change in WITHIN[:2]:
        latest, _ = next_version(registry, latest, **change)
    latest, _ = next_version(registry, latest, **WITHIN[1] | WITHIN[2])
    assert latest.version == 4
    assert deliveries(registry) == []
    assert all_pages(registry, latest) == []
    use = told(old, registry.clock(), notice=latest.leaf)
    assert record_use(registry, use, by(HOSPITAL)).covered is True
    with registry.store.reading() as session:
        (basis,) = basis_of(session, (latest.leaf,), registry.clock())
    assert basis.not_counted_for == ()
    # To take the safeguard away again is wider than the version before, and not than what was agreed to.
    widest, _ = next_version(registry, latest, **WITHIN[2])
    (data,) = deliveries(registry)
    assert data["wider"] == [{"change": "protection", "scope": None}]
    assert (data["at_most"], data["uncovered"]) == (0, [])
    assert all_pages(registry, widest) == []


def test_what_ended_was_withdrawn_or_erased_is_not_listed(clinic: ConsentWorld, world: World) -> None:
    registry = clinic.registry
    now = registry.clock()
    ends = [one.subject for one in grant(registry, [clinic.body(1, until=now + DAY)], HOSPITAL)]
    whole, part, erased, stays = (clinic.grant(number).subject for number in (2, 3, 4, 5))
    patient = Clinic(world, registry, clinic.notice, clinic.digest)
    patient.file(whole, EVERYTHING)
    patient.file(part, Extent(scopes=frozenset({Scope.BASE})))
    with registry.store.transaction() as session:
        session.get_one(Consent, erased).wrapped_key = None
    world.clock.advance(DAY)
    widened(registry, clinic.notice)
    (data,) = deliveries(registry)
    assert data["at_most"] == len([*ends, whole, part, stays])
    ((group),) = data["uncovered"]
    assert group["consents"] == sorted(one.hex() for one in (part, stays))


def test_versions_nobody_agreed_to_cost_nobody_anything(
    clinic: ConsentWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A controller may publish thousands; whoever reads them all holds up everyone else."""
    registry, latest = clinic.registry, clinic.notice
    granted_to(clinic, clinic.notice, clinic.notice_body, 1)
    for number in range(20):
        latest, _ = next_version(registry, latest, kinds=[f"第{number}类"])
    read: set[bytes] = set()

    def counted(session: Session, leaf: bytes) -> Any:
        read.add(leaf)
        return notice_at(session, leaf)

    monkeypatch.setattr(versions, "notice_at", counted)
    latest, _ = widened(registry, latest)
    all_pages(registry, latest)
    assert len(read) <= 4
    assert deliveries(registry)[-1]["at_most"] == 1
    read.clear()
    monkeypatch.setattr(versions, "NEWEST", 3)
    with registry.store.reading() as session:
        own, agreed = versions.row_at(session, clinic.notice.leaf), notice_at(session, clinic.notice.leaf)
        used = session.exec(select(Notice.leaf).where(Notice.version == 2)).all()
        later = versions.wider_than(session, own, agreed, used)
        assert [one.row.version for one in later] == [22, 21, 20, 2]
    assert len(read) == 4


def test_a_record_that_does_not_open_keeps_nobody_from_publishing(clinic: ConsentWorld) -> None:
    """It is listed: nobody can tell that it ended, and the audit names it."""
    registry = clinic.registry
    (subject,) = granted_to(clinic, clinic.notice, clinic.notice_body, 1)
    with registry.store.transaction() as session:
        session.get_one(Consent, subject).wrapped_key = bytes(44)
    widened(registry, clinic.notice)
    (data,) = deliveries(registry)
    assert data["uncovered"][0]["consents"] == [subject.hex()]


def test_many_come_in_pages_each_once(
    clinic: ConsentWorld, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Consents to every earlier version, held against the new one; those that cover it are not among them."""
    registry = clinic.registry
    begun = registry.clock()
    world.clock.advance(60)
    first = granted_to(clinic, clinic.notice, clinic.notice_body, *range(7))
    second, second_body = next_version(registry, clinic.notice, kinds=["检验结果"])
    narrow = granted_to(clinic, second, second_body, *range(10, 15))
    monkeypatch.setattr(uncovered, "PAGE", 3)
    third, third_body = next_version(registry, second)
    (data,) = deliveries(registry)  # as the first was: its consents cover the third
    assert (data["version"], data["at_most"]) == (3, 5)
    assert [one["version"] for one in data["uncovered"]] == [2]
    assert data["next"] == str(Place(2, registry.clock(), narrow[2]))
    assert all_pages(registry, third) == [(2, one.hex()) for one in narrow]
    newest = granted_to(clinic, third, third_body, 20)
    fourth, _ = widened(registry, third)
    expected = [(3, newest), (2, narrow), (1, first)]
    assert all_pages(registry, fourth) == [(n, one.hex()) for n, kept in expected for one in kept]
    # One that was given before and recorded only now is found as well.
    late = granted_to(clinic, clinic.notice, clinic.notice_body, 30, at=begun)
    assert (1, late[0].hex()) in all_pages(registry, fourth)


@pytest.mark.parametrize(
    "place", ["", "0-0-" + "0" * 64, "1-5-00", "1-5-" + "G" * 64, "9-05-" + "0" * 64, "1-" + "0" * 64]
)
def test_a_place_that_is_none_is_refused(place: str) -> None:
    with pytest.raises(UsageFault) as caught:
        Place.read(place)
    assert caught.value.code == "query"


def test_a_list_is_for_its_controller_alone(clinic: ConsentWorld) -> None:
    registry = clinic.registry
    enrol_one(registry, CLINIC, "controller")
    second, _ = widened(registry, clinic.notice)
    for leaf, code in ((second.leaf, CLINIC), (second.leaf, LAB), (bytes(32), HOSPITAL)):
        with unchanged(registry), pytest.raises(UsageFault) as caught:
            uncovered_of(registry, leaf, by(code), None)
        assert (caught.value.code, caught.value.message) == ("notice-unknown", "there is no such notice")


# ------------------------------------------------------------------ nothing rests on it


def test_a_use_under_the_wider_version_is_outside_the_consent(clinic: ConsentWorld) -> None:
    registry = clinic.registry
    (old,) = granted_to(clinic, clinic.notice, clinic.notice_body, 1)
    second, body = next_version(registry, clinic.notice, purposes=[*PURPOSES, NEW])
    (new,) = granted_to(clinic, second, body, 2)
    now = registry.clock()

    def covered(subject: bytes, code: str = HOSPITAL, **changes: Any) -> bool | None:
        return record_use(registry, told(subject, now, **changes), by(code)).covered

    lab = {"scope": "third_party_research", "purpose": "合作研究", "code": LAB}
    assert covered(old) is True
    assert covered(old, notice=second.leaf) is True, "that purpose stands in both"
    assert covered(old, notice=second.leaf, purpose="随便什么") is False
    assert covered(old, notice=second.leaf, purpose=NEW["purpose"]) is False
    assert covered(old, purpose=NEW["purpose"]) is False, "told without the version, it is known by its words"
    assert covered(old, notice=clinic.notice.leaf, purpose=NEW["purpose"]) is False
    assert covered(old, notice=second.leaf, **lab) is True
    assert covered(new, purpose=NEW["purpose"]) is True
    assert covered(new, notice=clinic.notice.leaf) is True
    under = [(use.under, use.covered) for use in listed(registry, old)]
    later = second.leaf.hex()
    assert under == [
        (None, True), (later, True), (later, False), (later, False), (later, False), (later, False),
        (later, True),
    ]  # fmt: skip
    # More kinds, longer or less safe: that is every use, whatever it is for.
    third, _ = next_version(registry, second, purposes=[*PURPOSES, NEW], retention_months=360)
    assert covered(old, notice=third.leaf) is False
    assert covered(new, notice=third.leaf, purpose=NEW["purpose"]) is False
    assert covered(new, purpose=NEW["purpose"]) is True


def test_what_is_refused_of_a_use_under_a_version(clinic: ConsentWorld, world: World) -> None:
    registry = clinic.registry
    (old,) = granted_to(clinic, clinic.notice, clinic.notice_body, 1)
    before = registry.clock()
    other = publish_notice(registry, notice_body(registry), HOSPITAL)
    world.clock.advance(60)
    second, _ = widened(registry, clinic.notice)
    law: dict[str, Any] = {"scope": None, "basis": "statutory_duty", "ground": "某法"}
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"notice": other.leaf}, "use-notice"),
        ({"notice": bytes(32)}, "use-notice"),
        ({"notice": second.leaf, "at": before}, "use-notice"),
        ({"notice": second.leaf, **law}, "use-basis"),
    ]
    for changes, code in wrong:
        with unchanged(registry), pytest.raises(DataFault) as caught:
            record_use(registry, told(old, **{"at": registry.clock(), **changes}), by(HOSPITAL))
        assert caught.value.code == code


def test_an_application_that_names_it_does_not_count_them_and_says_so(
    clinic: ConsentWorld, tmp_path: Path
) -> None:
    registry = clinic.registry
    granted_to(clinic, clinic.notice, clinic.notice_body, 1, 2)
    second, body = widened(registry, clinic.notice)
    granted_to(clinic, second, body, 3)
    named = sorted((clinic.notice.leaf.hex(), second.leaf.hex()))
    case = apply(registry, tmp_path / "d", applicant=APPLICANT, holders=HOLDERS, notices=named)
    written = open_dossier_to(registry, case, tmp_path / "out", silent, actor_of(registry, OFFICER))
    assert tmp_path / "out" / "basis.json" in written
    found = {one["version"]: one for one in json.loads((tmp_path / "out" / "basis.json").read_text("utf-8"))}
    assert (found[1]["at_most"], found[1]["not_counted"]) == (2, [])
    assert found[2]["at_most"] == 1
    (earlier,) = found[2]["not_counted"]
    assert (earlier["version"], earlier["at_most"]) == (1, 2)
    assert [one["words"] for one in earlier["wider"]] == ["病程记录", NEW["purpose"]]
    with registry.store.reading() as session:
        first, newer = basis_of(session, (clinic.notice.leaf, second.leaf), registry.clock())
    assert (first.not_counted_for, newer.not_counted_for) == ((), ("kinds", "purpose"))


# ------------------------------------------------------------------ the write fails


@pytest.mark.parametrize(("point", "kept"), [("store.commit.before", 0), ("store.commit.after", 1)])
def test_version_and_notice_are_written_together_or_not_at_all(world: World, point: str, kept: int) -> None:
    faults = Armed()
    with world.open(faults) as registry:
        clinic = ConsentWorld(registry)
        old = granted_to(clinic, clinic.notice, clinic.notice_body, 1)
        faults.inner = RaiseAt(point)
        with pytest.raises(InjectedFault):
            widened(registry, clinic.notice)
    with world.open() as registry:
        with registry.store.reading() as session:
            versions = session.exec(select(Notice)).all()
        told_ = deliveries(registry)
        assert (len(versions) - 1, len(told_)) == (kept, kept)
        if not kept:
            widened(registry, clinic.notice)
            told_ = deliveries(registry)
        assert [one["uncovered"][0]["consents"] for one in told_] == [[one.hex() for one in old]]
    assert world.audit() == []


class Armed(Faults):
    """Passes everything until armed."""

    def __init__(self) -> None:
        self.inner: Faults = Faults()

    def hit(self, point: str) -> None:
        self.inner.hit(point)

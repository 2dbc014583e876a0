"""A certificate names its notices; everyone sees how many withdrawals there are, nobody sees whose."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import pytest

from tests.ledger.consent_world import CLINIC, HOSPITAL, NAMES, ConsentWorld, enrol_one, notice_body
from tests.ledger.document import samples
from tests.ledger.document.pages import text_of
from tests.ledger.world import World, apply, to_deposited, unchanged
from yinzheng.ledger.consents.basis import basis_of, counts, shown
from yinzheng.ledger.consents.listing import list_notices
from yinzheng.ledger.consents.notices import publish_notice
from yinzheng.ledger.document.render import render_certificate
from yinzheng.ledger.reading import open_reader
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.notices import Change
from yinzheng.ledger.rules.withdrawal import State
from yinzheng.ledger.store.models_consents import Notice, Withdrawal
from yinzheng.verifier.errors import DataFault, UsageFault

HOUR = 3600
APPLICANT = {"name": NAMES[HOSPITAL], "code": HOSPITAL, "contact": None}
HOLDERS = [{"name": NAMES[HOSPITAL], "code": HOSPITAL, "rights": ["hold", "use", "operate"]}]


def withdraw(registry: Registry, clinic: ConsentWorld, state: State, received: int, until: int = 0) -> None:
    """A row as `ledger.withdrawals` leaves it."""
    granted = clinic.grant()
    with registry.store.transaction() as session:
        session.add(
            Withdrawal(
                id=secrets.token_bytes(32),
                consent=granted.subject,
                serial=1,
                notice_id=clinic.notice.id or 0,
                controller=HOSPITAL,
                state=state.value,
                minor=False,
                genetic=False,
                received_at=received,
                restricted_until=until,
            )
        )


@pytest.mark.parametrize(("count", "said"), [(0, "0"), (1, "<5"), (4, "<5"), (5, "5"), (1200, "1200")])
def test_small_numbers_are_hidden(count: int, said: str) -> None:
    assert shown(count) == said


def test_counts_follow_states_and_clocks(clinic: ConsentWorld) -> None:
    registry = clinic.registry
    now = registry.clock()
    leaf = clinic.notice.leaf

    def told(at: int = now) -> tuple[str, str]:
        with registry.store.reading() as session:
            found = counts(session, leaf, at)
        assert found.any_overdue == (found.overdue != "0")
        return found.pending, found.overdue

    assert told() == ("0", "0")
    for _ in range(3):
        withdraw(registry, clinic, State.REQUESTED, now)
    withdraw(registry, clinic, State.COMPLETED, now - 900 * HOUR)
    assert told() == ("<5", "0")
    withdraw(registry, clinic, State.FROZEN, now)
    withdraw(registry, clinic, State.RESTRICTED, now - 100 * HOUR, now + 100 * HOUR)
    assert told() == ("5", "0")
    assert told(now + 72 * HOUR) == ("5", "0")
    assert told(now + 72 * HOUR + 1) == ("5", "<5")
    assert told(now + 172 * HOUR + 1) == ("5", "5")


def test_another_notice_has_counts_of_its_own(clinic: ConsentWorld) -> None:
    registry = clinic.registry
    withdraw(registry, clinic, State.REQUESTED, registry.clock())
    other = publish_notice(registry, notice_body(registry), HOSPITAL)
    with registry.store.reading() as session:
        assert counts(session, other.leaf, registry.clock()).pending == "0"
        with pytest.raises(UsageFault):
            basis_of(session, (bytes(32),), registry.clock())


def test_a_certificate_names_its_notice_and_proves_it(world: World, tmp_path: Path) -> None:
    with world.open() as registry:
        clinic = ConsentWorld(registry)
        named = [clinic.notice.leaf.hex()]
        _, number = to_deposited(
            registry, world.clock, tmp_path / "d", applicant=APPLICANT, holders=HOLDERS, notices=named
        )
        _, plain = to_deposited(registry, world.clock, tmp_path / "e")
        withdraw(registry, clinic, State.REQUESTED, registry.clock())
    report = world.verify(number)
    assert report.in_force
    assert report.body is not None
    assert report.body.notices == (clinic.notice.leaf,)
    with open_reader(world.root, world.clock) as reader:
        (basis,) = reader.consent_basis(number, world.clock())
        assert (basis.leaf, basis.controller, basis.version) == (named[0], NAMES[HOSPITAL], 1)
        assert (basis.counts.pending, basis.counts.overdue) == ("<5", "0")
        assert reader.consent_basis(plain, world.clock()) == ()
        assert reader.consent_basis("SJ441", world.clock()) == ()


def test_only_notices_of_applicant_or_holders_are_named(clinic: ConsentWorld, tmp_path: Path) -> None:
    registry = clinic.registry
    enrol_one(registry, CLINIC, "controller")
    theirs = publish_notice(
        registry, notice_body(registry, controller={"name": NAMES[CLINIC], "code": CLINIC}), CLINIC
    )
    for number, leaf in enumerate((theirs.leaf, bytes(32))):
        with unchanged(registry), pytest.raises(DataFault) as caught:
            apply(
                registry, tmp_path / f"d{number}", applicant=APPLICANT, holders=HOLDERS, notices=[leaf.hex()]
            )
        assert caught.value.code == "basis-notice"


def test_a_malformed_list_is_told_with_its_place(clinic: ConsentWorld, tmp_path: Path) -> None:
    with pytest.raises(DataFault) as caught:
        apply(clinic.registry, tmp_path / "d", notices=["00"])
    assert "$.notices[0]" in str(caught.value.data["problems"])


def test_a_widened_notice_tells_what_consents_do_not_cover(clinic: ConsentWorld) -> None:
    """R28: who publishes it is told, and `yinzheng notices` shows it to officers."""
    registry = clinic.registry
    before = notice_body(registry)
    wider = {"kinds": [*before["kinds"], "影像"], "retention_months": before["retention_months"] + 1}
    body = notice_body(registry, version=2, replaces=clinic.notice.leaf.hex(), **wider)
    publish_notice(registry, body, HOSPITAL)
    first, second = list_notices(registry.paths.root, registry.clock())
    assert (first.changes, second.changes) == ((), (Change.KINDS, Change.PERIOD))


def test_versions_have_no_gap(clinic: ConsentWorld) -> None:
    registry = clinic.registry
    first = clinic.notice.leaf.hex()
    second = publish_notice(registry, notice_body(registry, version=2, replaces=first), HOSPITAL)
    assert (second.version, second.subject) == (2, clinic.notice.subject)
    assert [one.changes for one in list_notices(registry.paths.root, registry.clock())] == [(), ()]
    enrol_one(registry, CLINIC, "controller")
    theirs = {"name": NAMES[CLINIC], "code": CLINIC}
    wrong: list[tuple[dict[str, object], str, str]] = [
        ({"version": 2, "replaces": first}, HOSPITAL, "notice-version"),  # not the latest
        ({"version": 4, "replaces": second.leaf.hex()}, HOSPITAL, "notice-version"),
        ({"version": 2, "replaces": "00" * 32}, HOSPITAL, "notice-version"),
        ({"version": 3, "replaces": second.leaf.hex(), "controller": theirs}, CLINIC, "notice-version"),
        ({"version": 3, "replaces": second.leaf.hex(), "published_at": 5}, HOSPITAL, "notice-version"),
        ({"version": 2}, HOSPITAL, "notice-version"),
        ({"published_at": registry.clock() + 1}, HOSPITAL, "notice-future"),
        ({}, CLINIC, "notice-controller"),
    ]
    for changes, code, expected in wrong:
        with unchanged(registry), pytest.raises(DataFault) as caught:
            publish_notice(registry, notice_body(registry, **changes), code)
        assert caught.value.code == expected
    with registry.store.reading() as session:
        assert session.get(Notice, second.id) is not None


@pytest.mark.parametrize("body", [samples.USUAL, samples.longest()], ids=["usual", "longest"])
def test_the_printed_certificate_shows_which_notices(body: dict[str, Any]) -> None:
    leaves = [f"{number:02x}" * 32 for number in range(4)]
    qr = samples.qr_text(samples.USUAL)

    def printed(value: dict[str, Any]) -> str:
        return text_of(render_certificate(value, qr, samples.ATTACHMENT, facts=samples.FACTS))

    shown = printed({**body, "notices": leaves})
    assert all(leaf[:16] in shown for leaf in leaves)
    assert "同意依据" in shown
    assert "同意依据" not in printed(body)

"""What a person signed who is removed before it completed a decision (R41, R47, ADR 42)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ledger import world as w
from tests.ledger.erasure import ward as wards
from tests.ledger.erasure.ward import Ward
from tests.ledger.world import KEEPER, MEMBER, OFFICER, SECOND_OFFICER, actor_of
from yinzheng.ledger.accesses.approving import approve_bulk
from yinzheng.ledger.accesses.noting import Access, note_many
from yinzheng.ledger.accesses.reader import Reader
from yinzheng.ledger.cases import issuing
from yinzheng.ledger.chain import contracts
from yinzheng.ledger.chain.client import ContractsClient
from yinzheng.ledger.chain.refusals import TooEarly
from yinzheng.ledger.erasure import proposing
from yinzheng.ledger.erasure.carrying_out import erase
from yinzheng.ledger.erasure.overview import erasures
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.people.enrolling import remove_person
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.destruction import StaffRole
from yinzheng.ledger.rules.openings import FREE
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.store.models import Base
from yinzheng.verifier.errors import UsageFault

COMPARED = {"approval", "bulk_approval", "erasure_signature"}
"""Tables with persons' signatures; the tests below have them compared when they are used."""
OTHERS = {"signature", "trade_check"}
"""Tables with signatures of the registry."""


def remove(registry: Registry, name: str) -> None:
    remove_person(registry, name, actor_of(registry, KEEPER))


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(UsageFault) as caught:
        act()
    return caught.value.code


def test_every_kind_of_approval_is_known_here() -> None:
    tables = {name for name, table in Base.metadata.tables.items() if "signature" in table.columns}
    assert tables == COMPARED | OTHERS


def test_a_certificate_is_approved_by_who_acts_when_it_is_deposited(ward: Ward, tmp_path: Path) -> None:
    with ward.open() as registry:
        case = w.to_publicity(registry, tmp_path / "dossier", public_data=True)
        w.past_publicity(registry, ward.world.clock, case)
        first = issuing.issue(registry, case, actor_of(registry, OFFICER))
        assert first.missing == (Capacity.COMMITTEE,)
        remove(registry, OFFICER)
        settle(registry)
        with_member = issuing.issue(registry, case, actor_of(registry, MEMBER))
        assert with_member.missing == (Capacity.REGISTRY,)
        settle(registry)
        assert w.state_of(registry, case) == "issuing"
        assert issuing.issue(registry, case, actor_of(registry, SECOND_OFFICER)).missing == ()
        settle(registry)
        assert w.state_of(registry, case) == "deposited"
        number = with_member.number
    assert ward.world.codes() == set()
    assert ward.world.verify(number).in_force


def test_what_was_complete_stands(ward: Ward, tmp_path: Path) -> None:
    """Both have approved; then both leave, and the block comes after."""
    with ward.open() as registry:
        case = w.to_publicity(registry, tmp_path / "dossier", public_data=True)
        w.past_publicity(registry, ward.world.clock, case)
        for name in (OFFICER, MEMBER):
            issuing.issue(registry, case, actor_of(registry, name))
        for name in (OFFICER, MEMBER):
            remove(registry, name)
        settle(registry)
        assert w.state_of(registry, case) == "deposited"
    assert ward.world.codes() == set()


def test_roles_are_taken_though_what_was_decided_before_has_to_wait(
    ward: Ward, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a deposit does whose case is held: the leaver's role goes, and the deposit is approved anew."""
    with ward.open() as registry:
        case = w.to_publicity(registry, tmp_path / "dossier", public_data=True)
        w.past_publicity(registry, ward.world.clock, case)
        for name in (OFFICER, MEMBER):
            issuing.issue(registry, case, actor_of(registry, name))
        leaver = actor_of(registry, OFFICER).address
        remove(registry, OFFICER)
        with monkeypatch.context() as held:
            held.setattr(ContractsClient, "simulate", _held)
            assert refused(lambda: settle(registry)) == "case-held"
        assert not registry.client.has_role(contracts.REGISTRY, leaver)
        assert refused(lambda: settle(registry)) == "deposit-refused"
        for name in (SECOND_OFFICER, MEMBER):
            issuing.issue(registry, case, actor_of(registry, name))
        settle(registry)
        assert w.state_of(registry, case) == "deposited"
    assert ward.world.codes() == set()


def _held(*_: object) -> None:
    raise TooEarly("The case is held for a dispute.", code="case-held")


@pytest.mark.parametrize("name", [OFFICER, "ethics-er", "witness-wu"])
def test_nobody_destroys_on_the_word_of_who_left(ward: Ward, name: str) -> None:
    """Who proposed it, an approver, a witness: carried out by nobody, and dropped."""
    with ward.open() as registry:
        id_ = wards.propose(registry, ward.withdrawn)
        wards.sign_all(registry, id_)
        remove(registry, name)
        operator = actor_of(registry, wards.OPERATOR)
        assert refused(lambda: erase(registry, id_, operator)) == "approval-left"
        with registry.store.reading() as session:
            assert [one["left"] for one in erasures(session)] == [[name]]
        proposing.drop(registry, id_, actor_of(registry, SECOND_OFFICER))
        with registry.store.reading() as session:
            assert [one["left"] for one in erasures(session)] == [[]]


def test_nobody_signs_below_who_left_and_it_begins_anew(ward: Ward) -> None:
    with ward.open() as registry:
        w.enrol_staff(registry, "manager-mi", StaffRole.DATA_MANAGER)
        old = wards.propose(registry, ward.withdrawn)
        proposing.approve(registry, old, actor_of(registry, "manager-ma"))
        remove(registry, "manager-ma")
        for name in ("head-he", "manager-mi"):
            by = actor_of(registry, name)
            assert refused(lambda by=by: proposing.approve(registry, old, by)) == "approval-left"  # type: ignore[misc]
        proposing.drop(registry, old, actor_of(registry, OFFICER))
        new = wards.propose(registry, ward.withdrawn)
        for name in ("manager-mi", *wards.APPROVERS[1:]):
            proposing.approve(registry, new, actor_of(registry, name))
        for name in wards.WITNESSES:
            proposing.witness(registry, new, actor_of(registry, name))
        leaf = erase(registry, new, actor_of(registry, wards.OPERATOR))
        remove(registry, "head-he")
        assert erase(registry, new, actor_of(registry, wards.OPERATOR)) == leaf  # what is done is done
    assert ward.world.codes() == set()


def test_an_approval_of_bulk_openings_ends_with_who_gave_it(ward: Ward) -> None:
    with ward.open() as registry:
        reader = Reader.of_actor(registry, actor_of(registry, OFFICER))

        def open_(first: int, count: int) -> None:
            accesses = [
                Access("export", "receipt", f"{n}", "handover", consent=n.to_bytes(32, "big"))
                for n in range(first, first + count)
            ]
            with registry.store.transaction() as session:
                note_many(registry, session, reader, accesses)

        def approve(by: str) -> None:
            until = registry.clock() + 86_400
            approve_bulk(registry, OFFICER, "handover", 100, until, actor_of(registry, by))

        approve(SECOND_OFFICER)
        open_(0, FREE + 1)
        remove(registry, SECOND_OFFICER)
        assert refused(lambda: open_(100, FREE + 1)) == "bulk-approval"
        approve(w.AUDITOR)
        open_(100, FREE + 1)
        settle(registry)
    assert ward.world.codes() == set()

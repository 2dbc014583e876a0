"""Who may do what: every use case tried by everyone whose it is not, then by whose it is (H7)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.ledger import world as w
from tests.ledger.erasure import ward as wards
from tests.ledger.erasure.ward import Ward
from tests.ledger.world import KEEPER, MEMBER, OFFICER, actor_of
from yinzheng.ledger.cases import deciding, issuing, objections, publicity
from yinzheng.ledger.disputes.preserving import Wanted, preserve
from yinzheng.ledger.erasure import proposing
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.organisations import enrolment
from yinzheng.ledger.people.acting import Actor, admit
from yinzheng.ledger.people.enrolling import remove_person
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.destruction import Method, StaffRole, TargetKind
from yinzheng.ledger.rules.extent import Extent, Way
from yinzheng.ledger.rules.refusals import Ground
from yinzheng.ledger.rules.review import ItemAnswer
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.rules.terms import Procedure
from yinzheng.ledger.state.backup import forget_place
from yinzheng.ledger.withdrawals.claims import DocumentClaim
from yinzheng.ledger.withdrawals.filing import file
from yinzheng.verifier.errors import YinzhengError

LEFT = "lawyer-liu"
"""Who was of staff, and is no more."""

Act = Callable[[Actor], object]


@pytest.fixture
def registry(ward: Ward) -> Iterator[Registry]:
    with ward.open() as registry:
        remove_person(registry, LEFT, actor_of(registry, KEEPER))
        yield registry


def strangers(registry: Registry) -> dict[str, Actor]:
    """Who is refused whatever they do as officers, by the code they are told."""
    return {
        "person-unknown": replace(actor_of(registry, OFFICER), person="nobody"),
        "person-removed": replace(actor_of(registry, OFFICER), person=LEFT),
        "person-capacity": replace(actor_of(registry, MEMBER), capacity=Capacity.REGISTRY),
        "key-differs": replace(actor_of(registry, MEMBER), person=OFFICER, capacity=Capacity.REGISTRY),
    }


def outcome(act: Act, by: Actor) -> str:
    try:
        act(by)
    except YinzhengError as fault:
        return fault.code
    return "done"


def test_what_officers_do_nobody_else_does(registry: Registry, ward: Ward, tmp_path: Path) -> None:
    """Each of these is refused later for what it is about, so that nothing changes though it is tried."""
    counter = {"channel": Way.COUNTER, "claim": DocumentClaim("identity_card")}
    acts: dict[str, tuple[Act, str]] = {
        "forget a backup": (lambda by: forget_place(registry, tmp_path, by), "backup-unknown"),
        "webhook": (lambda by: enrolment.change_webhook(registry, "X", None, by), "organisation-unknown"),
        "preserve": (lambda by: preserve(registry, "D-2026-000099", Wanted(), by), "dispute-unknown"),
        "counter": (
            lambda by: file(registry, ward.standing, Extent(), officer=by, **counter),  # type: ignore[arg-type]
            "withdrawal-empty",
        ),
        "propose": (
            lambda by: proposing.propose(
                registry, TargetKind.CASE, "A-2026-999999", "court", Method.OVERWRITE, by
            ),
            "case-unknown",
        ),
        "drop": (lambda by: proposing.drop(registry, "E-2026-999999", by), "erasure-unknown"),
    }
    officer = actor_of(registry, OFFICER)
    others = {
        **strangers(registry),
        "officer-needed": actor_of(registry, MEMBER),
        "person-no-officer": actor_of(registry, "manager-ma"),
    }
    found = {
        name: {code: outcome(act, by) for code, by in others.items()} | {"done": outcome(act, officer)}
        for name, (act, _) in acts.items()
    }
    assert found == {
        name: {code: code for code in others} | {"done": late} for name, (_, late) in acts.items()
    }


def test_each_step_of_a_case_is_its_own_capacitys(registry: Registry, ward: Ward, tmp_path: Path) -> None:
    officer, member = actor_of(registry, OFFICER), actor_of(registry, MEMBER)
    staff = actor_of(registry, "manager-ma")
    case = w.apply(registry, tmp_path / "dossier", public_data=True)

    def tried(act: Act, by: Actor, other: Actor, later: str = "done") -> None:
        codes = {**strangers(registry)}
        assert {code: outcome(act, one) for code, one in codes.items()} == {code: code for code in codes}
        assert outcome(act, staff) == outcome(act, other) == "move-wrong-capacity"
        assert outcome(act, by) == later

    nothing: tuple[ItemAnswer, ...] = ()
    tried(lambda by: deciding.request_supplement(registry, case, by, []), officer, member, "text-missing")
    tried(lambda by: deciding.refuse(registry, case, by, Ground.LAW, ""), officer, member, "text-missing")
    tried(lambda by: deciding.accept(registry, case, by, Procedure.ORDINARY, "涉及公共数据"), officer, member)
    tried(lambda by: deciding.review(registry, case, by, nothing), officer, member, "review-incomplete")
    w.favourable(registry, case)
    tried(lambda by: deciding.decide(registry, case, by), member, officer)
    tried(lambda by: publicity.publish(registry, case, by), officer, member)
    settle(registry)
    object_ = w.object_to(registry, case, "异议人", "存疑", [registry.paths.instance])
    settle(registry)
    tried(
        lambda by: objections.resolve(registry, case, object_, by, upheld=False, reasons="不成立"),
        officer,
        member,
    )
    settle(registry)
    w.past_publicity(registry, ward.world.clock, case)
    tried(lambda by: issuing.issue(registry, case, by), officer, member)


def test_nobody_signs_with_anothers_key(registry: Registry, tmp_path: Path) -> None:
    case = w.to_reviewed(registry, tmp_path / "dossier")
    member = actor_of(registry, MEMBER)
    borrowed = replace(actor_of(registry, OFFICER), key=member.key)
    assert outcome(lambda by: publicity.publish(registry, case, by), borrowed) == "key-differs"


def test_an_order_is_signed_with_the_key_of_who_signs(registry: Registry, ward: Ward) -> None:
    id_ = wards.propose(registry, ward.withdrawn)
    borrowed = replace(actor_of(registry, "manager-ma"), key=actor_of(registry, "head-he").key)
    assert outcome(lambda by: proposing.approve(registry, id_, by), borrowed) == "key-differs"
    posing = replace(actor_of(registry, "manager-ma"), capacity=StaffRole.WITNESS)
    assert outcome(lambda by: proposing.approve(registry, id_, by), posing) == "person-capacity"


def test_committee_and_staff_are_asked_for_by_name(registry: Registry) -> None:
    officer = actor_of(registry, OFFICER)
    with registry.store.reading() as session:
        for needed, code in ((Capacity.COMMITTEE, "committee-needed"), (StaffRole.ETHICS, "staff-needed")):
            with pytest.raises(YinzhengError) as caught:
                admit(session, officer, needed)
            assert caught.value.code == code

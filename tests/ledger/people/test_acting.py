"""Who acts signs with their own key, in their own office; who may do what, `tests/tables` tries (H7)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.ledger import world as w
from tests.ledger.erasure import ward as wards
from tests.ledger.erasure.ward import Ward
from tests.ledger.world import MEMBER, OFFICER, actor_of
from yinzheng.ledger.cases import publicity
from yinzheng.ledger.erasure import proposing
from yinzheng.ledger.people.acting import Actor, admit
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.destruction import StaffRole
from yinzheng.ledger.rules.states import Capacity
from yinzheng.verifier.errors import YinzhengError

Act = Callable[[Actor], object]


@pytest.fixture
def registry(ward: Ward) -> Iterator[Registry]:
    with ward.open() as registry:
        yield registry


def outcome(act: Act, by: Actor) -> str:
    try:
        act(by)
    except YinzhengError as fault:
        return fault.code
    return "done"


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

"""RightsRegistry: each lawful move and each refused one (S5.2 to S5.9). The state machine mixes them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from eth_account.signers.local import LocalAccount

from tests.contracts.moves import (
    CASE,
    CONTENT,
    ID,
    OBJECTION,
    code_of,
    deposited,
    module,
    order,
    published,
)
from tests.contracts.world import BOTH, MEMBERS, OFFICERS, STRANGER, World, address, b32
from tests.wallet import sign
from yinzheng.ledger.chain.approvals import Closure, Conclusion, Publication
from yinzheng.ledger.chain.contracts import COMMITTEE, MOVES, REGISTRY
from yinzheng.ledger.chain.records import CaseState, ObjectionState, Procedure, Record, Status
from yinzheng.ledger.chain.reverts import ApprovalRefused, NotEntitled, TooEarly, WrongState
from yinzheng.verifier.errors import YinzhengError

MAX_VALIDITY = 5 * 366 * 86_400


def test_sending_and_simulating_say_the_same(world: World) -> None:
    world.send(world.publish(CASE, profile="GD-HEALTH/1"))
    for call in (world.publish(CASE), world.deposit(order(world)), world.deposit(order(world), ())):
        with pytest.raises(YinzhengError) as caught:
            world.send(call)
        assert caught.value.code == code_of(world, call)


def test_a_certificate_from_publication_to_deposit(world: World) -> None:
    world.send(world.publish(CASE, Procedure.ORDINARY))
    case = world.client.case(CASE)
    assert case is not None
    assert (case.state, case.procedure, case.waived) == (CaseState.PUBLICITY, Procedure.ORDINARY, False)
    assert case.publicity_end == case.published_at + 3 == world.now + 3
    world.next_block_at(case.publicity_end + 10)
    decision = order(world, registered_at=case.publicity_end)
    assert world.client.record(ID) is None
    world.send(world.deposit(decision, (OFFICERS[0], MEMBERS[0])))
    record = world.client.record(ID)
    assert record == Record(
        id=ID,
        content=CONTENT,
        status=Status.IN_FORCE,
        procedure=Procedure.ORDINARY,
        remarks=5,
        holds=0,
        objections=0,
        deposited_at=world.now,
        valid_until=decision.valid_until,
        changed_at=world.now,
        successor=bytes(32),
        reserved_until=0,
        reserved_by=bytes(20),
        case_id=CASE,
        holdings=b32(5),
        predecessor=bytes(32),
        remainder=bytes(32),
    )
    done = world.client.case(CASE)
    assert done is not None
    assert (done.state, done.outcome, done.changed_at) == (CaseState.DEPOSITED, ID, world.now)


def test_no_deposit_before_publicity_ends(world: World) -> None:
    world.send(world.publish(CASE))
    case = world.client.case(CASE)
    assert case is not None
    world.next_block_at(case.publicity_end - 1)
    with pytest.raises(TooEarly):
        world.send(world.deposit(order(world)))
    world.next_block_at(case.publicity_end)
    world.send(world.deposit(order(world, registered_at=case.publicity_end)))


def test_real_profiles_hold_publicity_to_working_days(world: World) -> None:
    world.send(world.publish(CASE, profile="GD-HEALTH/1"))
    world.next_block_at(world.now + 4 * 86_400)
    assert code_of(world, world.deposit(order(world))) == "publicity-not-ended"


def test_waived_publicity_takes_both_signatures(world: World) -> None:
    assert code_of(world, world.publish(CASE, waived=True, people=OFFICERS[:1])) == "approval-count"
    assert code_of(world, world.publish(CASE, waived=True, people=OFFICERS)) == "approver-not-entitled"
    world.send(world.publish(CASE, waived=True, profile="GD-HEALTH/1"))
    case = world.client.case(CASE)
    assert case is not None
    assert case.waived
    assert case.publicity_end == case.published_at
    world.send(world.deposit(order(world)))


@pytest.mark.parametrize(
    ("procedure", "people", "code"),
    [
        (Procedure.SIMPLIFIED, [], "approval-count"),
        (Procedure.SIMPLIFIED, [OFFICERS[0], MEMBERS[0]], "approval-count"),
        (Procedure.SIMPLIFIED, [MEMBERS[0]], "approver-not-entitled"),
        (Procedure.SIMPLIFIED, [STRANGER], "approver-not-entitled"),
        (Procedure.ORDINARY, [OFFICERS[0]], "approval-count"),
        (Procedure.ORDINARY, [MEMBERS[0], OFFICERS[0]], "approver-not-entitled"),
        (Procedure.ORDINARY, [OFFICERS[0], OFFICERS[1]], "approver-not-entitled"),
        (Procedure.ORDINARY, [OFFICERS[0], OFFICERS[0]], "approver-not-entitled"),
        (Procedure.ORDINARY, [OFFICERS[0], MEMBERS[0], MEMBERS[1]], "approval-count"),
        (Procedure.ORDINARY, [BOTH, BOTH], "approver-repeated"),
    ],
)
def test_approvals_of_a_deposit(
    world: World, procedure: Procedure, people: Sequence[LocalAccount], code: str
) -> None:
    published(world, procedure)
    assert code_of(world, world.deposit(order(world), people)) == code
    assert world.client.record(ID) is None


def test_one_person_with_two_roles_counts_once(world: World) -> None:
    published(world, Procedure.ORDINARY)
    world.send(world.deposit(order(world), (BOTH, MEMBERS[0])))


@pytest.mark.parametrize(
    "field", ["id", "case_id", "content", "registered_at", "valid_until", "remarks", "holdings"]
)
def test_an_approval_is_for_these_fields_alone(world: World, field: str) -> None:
    world.send(world.publish(b32(77)))
    published(world)
    signed = order(world)
    changed: dict[str, Any] = {
        "registered_at": signed.registered_at - 1,
        "valid_until": signed.valid_until - 1,
        "remarks": 1,
    }
    other = replace(signed, **{field: changed.get(field, b32(77))})
    call = world.client.deposit(other, world.sign(signed, OFFICERS[0]))
    assert code_of(world, call) == "approver-not-entitled"


def test_an_approval_is_for_one_contract_on_one_chain(world: World) -> None:
    published(world)
    for domain in (
        replace(world.client.domain, chain_id=1),
        replace(world.client.domain, registry=world.client.deployment.anchor),
    ):
        approval = sign(order(world), domain, OFFICERS[0])
        assert code_of(world, world.client.deposit(order(world), [approval])) == "approver-not-entitled"


def test_malformed_signatures(world: World) -> None:
    published(world)
    (good,) = world.sign(order(world), OFFICERS[0])
    n = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    high_s = good[:32] + b32(n - int.from_bytes(good[32:64], "big")) + bytes([55 - good[64]])
    for bad in (b"", good[:64], good + b"\0", bytes(65), high_s):
        assert code_of(world, world.client.deposit(order(world), [bad])) == "approval-malformed"


def test_a_leaver_no_longer_approves(world: World) -> None:
    published(world)
    call = world.deposit(order(world))
    world.send(world.client.revoke_role(REGISTRY, address(OFFICERS[0])), world.admin)
    assert not world.client.has_role(REGISTRY, address(OFFICERS[0]))
    assert code_of(world, call) == "approver-not-entitled"
    world.send(world.client.grant_role(REGISTRY, address(OFFICERS[0])), world.admin)
    world.send(call)


def test_only_the_administrator_grants(world: World) -> None:
    call = world.client.grant_role(COMMITTEE, address(STRANGER))
    assert code_of(world, call) == "sender-not-entitled"


def test_objections_stop_a_deposit(world: World) -> None:
    published(world)
    client = world.client
    world.send(client.raise_objection(CASE, OBJECTION))
    world.send(client.raise_objection(CASE, b32(5)))
    assert code_of(world, client.raise_objection(CASE, OBJECTION)) == "objection-state"
    world.send(world.conclude(CASE, OBJECTION, upheld=False))
    assert code_of(world, world.deposit(order(world))) == "objections-open"
    world.send(world.conclude(CASE, b32(5), upheld=False))
    assert client.objection(CASE, OBJECTION) is ObjectionState.DISMISSED
    assert code_of(world, client.raise_objection(CASE, OBJECTION)) == "objection-state"
    assert code_of(world, world.conclude(CASE, OBJECTION, upheld=True)) == "objection-state"
    world.send(world.deposit(order(world)))


def test_an_upheld_objection_closes_the_case(world: World) -> None:
    published(world)
    world.send(world.client.raise_objection(CASE, OBJECTION))
    assert code_of(world, world.conclude(CASE, OBJECTION, True, [MEMBERS[0]])) == "approver-not-entitled"
    world.send(world.conclude(CASE, OBJECTION, upheld=True))
    case = world.client.case(CASE)
    assert case is not None
    assert (case.state, case.outcome) == (CaseState.CLOSED, b32(9))
    assert code_of(world, world.deposit(order(world))) == "case-state"
    assert code_of(world, world.client.raise_objection(CASE, b32(5))) == "case-state"
    assert code_of(world, world.publish(CASE)) == "case-state"
    assert code_of(world, world.close(CASE)) == "case-state"


def test_a_refused_case_is_closed(world: World) -> None:
    assert code_of(world, world.close(CASE)) == "case-state"
    published(world)
    assert code_of(world, world.close(CASE, MEMBERS[:1])) == "approver-not-entitled"
    world.send(world.close(CASE))
    case = world.client.case(CASE)
    assert case is not None
    assert (case.state, case.outcome) == (CaseState.CLOSED, b32(10))


def test_nothing_overwrites_a_deposit(world: World) -> None:
    before = deposited(world)
    world.send(world.publish(b32(7), waived=True))
    assert code_of(world, world.deposit(order(world, case_id=b32(7), content=b32(8)))) == "record-state"
    assert code_of(world, world.deposit(order(world, id=b32(9)))) == "case-state"
    assert code_of(world, world.deposit(order(world))) == "record-state"
    assert world.client.record(ID) == before


def test_times_of_a_deposit(world: World) -> None:
    published(world)
    now = world.now + 1  # both simulation and block come one second later
    world.next_block_at(now)
    late, early = order(world, registered_at=now + 5), order(world, registered_at=now - 86_401 - 5)
    assert code_of(world, world.deposit(late)) == "registration-time"
    assert code_of(world, world.deposit(early)) == "registration-time"
    for validity in (0, MAX_VALIDITY + 1, 2**63):
        decision = order(world, registered_at=world.now, valid_until=world.now + validity)
        assert code_of(world, world.deposit(decision)) == "validity-outside"
    decision = order(world, registered_at=world.now, valid_until=world.now + MAX_VALIDITY)
    world.send(world.deposit(decision))


def test_registration_is_not_dated_before_publicity_ended(world: World) -> None:
    world.send(world.publish(CASE))
    case = world.client.case(CASE)
    assert case is not None
    world.next_block_at(case.publicity_end + 10)
    early = order(world, registered_at=case.publicity_end - 1)
    assert code_of(world, world.deposit(early)) == "registration-time"


def test_values_that_mean_nothing(world: World) -> None:
    zero, client = bytes(32), world.client
    assert code_of(world, world.publish(zero)) == "identifier-zero"
    assert code_of(world, world.publish(CASE, Procedure.NONE)) == "procedure-missing"
    published(world)
    assert code_of(world, client.raise_objection(CASE, zero)) == "identifier-zero"
    assert code_of(world, client.close_case(Closure(CASE, zero), [])) == "identifier-zero"
    assert (
        code_of(world, client.conclude_objection(Conclusion(CASE, CASE, zero, False), []))
        == "identifier-zero"
    )
    assert code_of(world, world.deposit(order(world, id=zero))) == "identifier-zero"
    assert code_of(world, world.deposit(order(world, content=zero))) == "identifier-zero"
    assert code_of(world, world.deposit(order(world, holdings=zero))) == "identifier-zero"
    assert code_of(world, world.deposit(order(world, remarks=32))) == "remarks-unknown"


def test_only_the_relay_submits(world: World) -> None:
    published(world)
    for call in (
        world.publish(b32(9)),
        world.conclude(CASE, OBJECTION, upheld=False),
        world.close(CASE),
        world.deposit(order(world)),
    ):
        with pytest.raises(NotEntitled) as caught:
            world.send(call, world.admin)
        assert caught.value.code == "sender-not-entitled"


def test_publication_names_its_procedure_for_good(world: World) -> None:
    signed = Publication(CASE, "DEMO/1", Procedure.ORDINARY, b32(7), False)
    asked = Publication(CASE, "DEMO/1", Procedure.SIMPLIFIED, b32(7), False)
    call = world.client.open_publicity(asked, world.sign(signed, OFFICERS[0]))
    with pytest.raises(NotEntitled):
        world.send(call)
    world.send(world.client.open_publicity(asked, world.sign(asked, OFFICERS[0])))
    with pytest.raises(WrongState):
        world.send(world.client.open_publicity(signed, world.sign(signed, OFFICERS[0])))
    with pytest.raises(ApprovalRefused):
        world.send(world.publish(b32(5), people=()))


def test_a_held_case_waits(world: World) -> None:
    published(world)
    client, ground = world.client, b32(50)
    assert code_of(world, client.hold_case(CASE, 1, ground)) == "sender-not-entitled"
    world.send(client.grant_role(MOVES, address(STRANGER)), world.admin)
    who = module(world)
    world.send(client.hold_case(CASE, 1, ground), who)
    assert code_of(world, world.deposit(order(world))) == "case-held"
    assert code_of(world, client.hold_case(CASE, 3, ground), who) == "count-outside"
    assert code_of(world, client.hold_case(CASE, 2, bytes(32)), who) == "identifier-zero"
    assert code_of(world, client.hold_case(b32(404), 1, ground), who) == "case-state"
    case = client.case(CASE)
    assert case is not None
    assert (case.holds, case.changed_at) == (1, world.now)
    world.send(client.hold_case(CASE, 0, ground), who)
    world.send(world.deposit(order(world)))

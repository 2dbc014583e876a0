"""What waits while a dispute holds it, what goes on, and what resumes after the release (S5.15, S5.16)."""

from dataclasses import replace

import pytest

from tests.contracts.disputes import (
    CASE,
    CONSENT,
    DISPUTE,
    FORUM,
    GROUND,
    ONE,
    PARTIES,
    RECIPIENTS,
    TWO,
    Court,
    case_holds,
    consent_holds,
    like,
    record,
)
from tests.contracts.moves import successors
from tests.contracts.world import STRANGER, address, b32
from yinzheng.ledger.chain.contracts import MOVES
from yinzheng.ledger.chain.records import (
    Amendment,
    CaseState,
    Status,
    WithdrawalState,
)
from yinzheng.ledger.chain.reverts import NotEntitled, WrongState
from yinzheng.ledger.chain.sender import Call, Sender
from yinzheng.verifier.errors import YinzhengError


def waiting_moves(court: Court) -> dict[str, Amendment]:
    """What cancellation, lapse and trade ask of a record."""
    current, soon = record(court), court.now + 600
    return {
        "cancelled": like(current, status=Status.CANCELLED),
        "lapsed": like(current, status=Status.LAPSED),
        "reserved": like(current, reserved_until=soon, reserved_by=b"\1" * 20),
    }


def test_no_module_moves_a_held_record(held: Court, module: Sender) -> None:
    before = record(held)
    held.world.next_block_at(before.valid_until + 1)  # so that a lapse is not refused for being early
    for name, wanted in waiting_moves(held).items():
        assert held.refused(held.client.amend_unheld(ONE, wanted, GROUND), module) == "record-held", name
        unheld = replace(wanted, holds=0)
        assert held.refused(held.client.amend_unheld(ONE, unheld, GROUND), module) == "holds-reserved", name
    assert record(held) == before


def test_no_module_replaces_what_is_held_or_concludes_a_held_case(held: Court, module: Sender) -> None:
    following = held.client.succeed(ONE, successors(held.now, 1), GROUND, published=False)
    held.pass_to(held.now + 10)
    assert held.refused(held.client.unheld(following), module) == "record-held"
    concluded = held.client.unheld(held.client.conclude_case(CASE, GROUND))
    assert held.refused(concluded, module) == "case-held"
    held.send(held.release(FORUM))
    held.send(held.client.unheld(following), module)
    held.send(concluded, module)
    assert record(held).status is Status.SUPERSEDED


def test_no_module_touches_the_holds(held: Court, module: Sender) -> None:
    for id_, holds in ((ONE, 0), (ONE, 2), (TWO, 1)):
        call = held.client.amend_unheld(id_, like(record(held, id_), holds=holds), GROUND)
        assert held.refused(call, module) == "holds-reserved"


def test_modules_do_not_go_round_preservation(held: Court, module: Sender) -> None:
    """MODULE opens one door only: neither the registries' own functions nor preservation's others."""
    client = held.client
    for call in (
        client.amend(ONE, like(record(held), holds=0), GROUND),
        client.succeed(TWO, successors(held.now, 1), GROUND, published=False),
        client.conclude_case(CASE, GROUND),
        client.amend(ONE, like(record(held), status=Status.CANCELLED), GROUND),
        client.hold_case(CASE, 0, GROUND),
        client._call("consents", "release", [CONSENT, GROUND]),
    ):
        with pytest.raises(NotEntitled):
            held.send(call, module)
    with pytest.raises(NotEntitled):
        held.send(client.amend_unheld(ONE, like(record(held)), GROUND))


def test_objections_and_remarks_go_on_during_a_hold(held: Court, module: Sender) -> None:
    held.send(held.client.amend_unheld(ONE, like(record(held), objections=1, remarks=2), GROUND), module)
    found = record(held)
    assert (found.objections, found.remarks, found.holds) == (1, 2, 1)
    held.send(held.release(FORUM))
    assert (record(held).objections, record(held).remarks, record(held).holds) == (1, 2, 0)


@pytest.mark.parametrize("name", ["cancelled", "lapsed", "reserved"])
def test_what_waited_resumes(held: Court, module: Sender, name: str) -> None:
    if name == "lapsed":
        held.pass_to(record(held).valid_until + 1)
    held.send(held.release(FORUM))
    held.send(held.client.amend_unheld(ONE, waiting_moves(held)[name], GROUND), module)
    assert (record(held).status is not Status.IN_FORCE) == (name != "reserved")


def test_a_reservation_made_before_does_not_hinder_hold_or_release(court: Court, module: Sender) -> None:
    court.deposited(ONE)
    until = court.now + 600
    reserved = like(record(court), reserved_until=until, reserved_by=b"\1" * 20)
    court.send(court.client.amend_unheld(ONE, reserved, GROUND), module)
    court.send(court.open(court.opening(records=(ONE,))))
    dropped = like(record(court), reserved_until=0, reserved_by=bytes(20))
    assert court.refused(court.client.amend_unheld(ONE, dropped, GROUND), module) == "record-held"
    court.send(court.release(FORUM))
    assert (record(court).holds, record(court).reserved_until) == (0, until)


def test_what_the_registry_alone_refuses_and_what_not(held: Court) -> None:
    """Why MOVES is preservation's alone: with it a module could cancel what is held, or take holds away."""
    held.send(held.client.grant_role(MOVES, address(STRANGER)), held.world.admin)
    rogue = Sender(held.world.w3, STRANGER, lambda _: None)
    moves = waiting_moves(held)
    client = held.client
    following = successors(held.now, 1)
    assert held.refused(client.succeed(ONE, following, GROUND, published=False), rogue) == "record-blocked"
    client.simulate(client.amend(ONE, moves["cancelled"], GROUND), rogue.address)
    held.send(client.amend(ONE, like(record(held), holds=0), GROUND), rogue)
    held.send(client.hold_case(CASE, 0, GROUND), rogue)
    held.send(client._call("consents", "release", [CONSENT, GROUND]), rogue)
    held.send(held.release(FORUM))  # what was taken away does not keep the forum from ending the dispute
    assert (record(held).holds, case_holds(held), consent_holds(held)) == (0, 0, 0)


def test_a_held_case_is_not_deposited_and_may_be_closed(held: Court) -> None:
    case = held.client.case(CASE)
    assert case is not None
    held.pass_to(case.publicity_end)
    with pytest.raises(YinzhengError) as caught:
        held.deposited_from(CASE, b32(13))
    assert caught.value.code == "case-held"
    held.send(held.world.close(CASE))
    held.send(held.release(FORUM))
    closed = held.client.case(CASE)
    assert closed is not None
    assert (closed.state, closed.holds, record(held).holds) == (CaseState.CLOSED, 1, 0)


def test_after_release_a_held_case_is_deposited(held: Court) -> None:
    case = held.client.case(CASE)
    assert case is not None
    held.pass_to(case.publicity_end)
    held.send(held.release(FORUM))
    held.deposited_from(CASE, b32(13))


def test_a_withdrawal_during_a_dispute_waits_for_destruction_alone(court: Court) -> None:
    """R36, R39: accepted, frozen, receipted; completed after the release."""
    client = court.client
    court.send(court.open(court.opening()))
    court.send(court.withdraw())
    court.send(client.frozen(CONSENT, GROUND))
    for recipient in RECIPIENTS:
        court.send(client.receipt(CONSENT, recipient, GROUND))
    assert court.refused(client.complete(CONSENT, GROUND)) == "consent-held"
    court.send(court.release(*PARTIES))
    court.send(client.complete(CONSENT, GROUND))
    assert court.withdrawal().state is WithdrawalState.COMPLETED


def test_only_the_relay_adds_evidence(held: Court) -> None:
    """Who else may open and release, and what: test_inlets."""
    for sender in (held.world.admin, Sender(held.world.w3, STRANGER, lambda _: None)):
        with pytest.raises(NotEntitled):
            held.send(held.client.add_evidence(DISPUTE, b32(301), GROUND), sender)


def test_states_are_named(held: Court) -> None:
    with pytest.raises(WrongState) as caught:
        held.send(held.open(held.opening()))
    assert caught.value.message == "The dispute is in state open; none was expected."


def test_the_limits_leave_room(held: Court) -> None:
    call: Call = held.release(FORUM)
    assert held.send(call).gas_used * 2 <= call.gas

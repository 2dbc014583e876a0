"""Preservation: opening with its holds, evidence, release, and what waits meanwhile (S5.13 to S5.16)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from eth_account.signers.local import LocalAccount

from ledger.chain.approvals import Release, sign
from ledger.chain.deployment import MOVES
from ledger.chain.modules import FORUM as FORUM_ROLE
from ledger.chain.modules import MODULE
from ledger.chain.records import (
    Amendment,
    CaseState,
    Dispute,
    DisputeState,
    Evidence,
    OpeningKind,
    Record,
    Status,
    Subjects,
    WithdrawalState,
)
from ledger.chain.reverts import NotEntitled, WrongState
from ledger.chain.sender import Call, Sender
from tests.contracts.disputes import (
    CONSENT,
    DISPUTE,
    FORUM,
    OTHER_FORUM,
    OUTCOME,
    PARTIES,
    RECIPIENTS,
    ROOT,
    STATEMENT,
    Court,
)
from tests.contracts.world import OFFICERS, STRANGER, address, b32
from verifier.errors import YinzhengError

ONE, TWO, CASE = b32(11), b32(12), b32(21)
GROUND = b32(50)


def like(record: Record, **changes: Any) -> Amendment:
    names = ("status", "remarks", "holds", "objections", "successor", "reserved_until", "reserved_by")
    return Amendment(**{name: getattr(record, name) for name in names} | changes)


def record(court: Court, id_: bytes = ONE) -> Record:
    found = court.client.record(id_)
    assert found is not None
    return found


def case_holds(court: Court, case_id: bytes = CASE) -> int:
    found = court.client.case(case_id)
    assert found is not None
    return found.holds


def consent_holds(court: Court, id_: bytes = CONSENT) -> int:
    found = court.client.withdrawal(id_)
    return found.holds if found else 0


@pytest.fixture
def module(court: Court) -> Sender:
    """An account that stands in for a module contract."""
    court.send(court.client.grant_role(MODULE, address(STRANGER)), court.world.admin)
    return Sender(court.world.w3, STRANGER, lambda _: None)


@pytest.fixture
def held(court: Court) -> Court:
    """A dispute that holds ONE, CASE and CONSENT."""
    court.deposited(ONE)
    court.deposited(TWO)
    court.published(CASE)
    court.send(court.open(court.opening(records=(ONE,), cases=(CASE,))))
    return court


# ---------------------------------------------------------------- opening


def test_opening_holds_at_once_and_says_everything(held: Court) -> None:
    assert held.client.dispute(DISPUTE) == Dispute(
        case_id=DISPUTE,
        state=DisputeState.OPEN,
        kind=OpeningKind.FORUM,
        parties=2,
        subjects=3,
        roots=1,
        opened_at=held.now,
        released_at=0,
        changed_at=held.now,
        statement=STATEMENT,
        root=ROOT,
        outcome=bytes(32),
        opened_by=address(FORUM),
        released_by=bytes(20),
    )
    assert (record(held).holds, case_holds(held), consent_holds(held)) == (1, 1, 1)
    assert record(held, TWO).holds == 0
    assert held.client.parties(DISPUTE) == tuple(address(party) for party in PARTIES)
    assert held.client.subjects(DISPUTE) == Subjects((ONE,), (CASE,), (CONSENT,))
    assert held.client.evidence(DISPUTE, ROOT) == Evidence(held.now, 0, STATEMENT)
    assert held.refused(held.open(held.opening())) == "dispute-state"


def test_a_party_opens_with_evidence_only(court: Court) -> None:
    decision = court.opening(kind=OpeningKind.PARTY)
    assert court.refused(court.open(replace(decision, root=bytes(32)), PARTIES[1])) == "identifier-zero"
    for nobody in (FORUM, STRANGER, OFFICERS[0]):
        assert court.refused(court.open(decision, nobody)) == "signer-not-party"
    court.send(court.open(decision, PARTIES[1]))
    found = court.client.dispute(DISPUTE)
    assert found is not None
    assert (found.kind, found.opened_by) == (OpeningKind.PARTY, address(PARTIES[1]))


def test_a_forum_may_open_without_evidence_but_not_in_its_own_case(court: Court) -> None:
    for nobody in (PARTIES[0], STRANGER, OFFICERS[0]):
        assert court.refused(court.open(court.opening(), nobody)) == "approver-not-entitled"
    own = tuple(sorted((address(FORUM), address(PARTIES[0]))))
    assert court.refused(court.open(court.opening(parties=own))) == "forum-is-party"
    court.send(court.open(court.opening(root=bytes(32))))
    found = court.client.dispute(DISPUTE)
    assert found is not None
    assert (found.roots, found.root) == (0, bytes(32))


def many(count: int, first: int = 1) -> tuple[bytes, ...]:
    return tuple(b32(n) for n in range(first, first + count))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"case_id": bytes(32)}, "identifier-zero"),
        ({"statement": bytes(32)}, "identifier-zero"),
        ({"kind": OpeningKind.NONE}, "dispute-kind"),
        ({"parties": ()}, "party-count"),
        ({"parties": (address(PARTIES[0]),)}, "party-count"),
        ({"parties": tuple(n.to_bytes(20, "big") for n in range(1, 18))}, "party-count"),
        ({"parties": tuple(address(p) for p in reversed(PARTIES))}, "list-order"),
        ({"parties": (address(PARTIES[0]),) * 2}, "list-order"),
        ({"parties": (bytes(20), address(PARTIES[0]))}, "list-order"),
        ({"consents": ()}, "subject-count"),
        ({"consents": many(65)}, "subject-count"),
        ({"consents": many(33), "records": many(16), "cases": many(16)}, "subject-count"),
        ({"consents": (CONSENT, CONSENT)}, "list-order"),
        ({"consents": (bytes(32),)}, "list-order"),
        ({"records": (TWO, ONE)}, "list-order"),
        ({"cases": (CASE, CASE)}, "list-order"),
        ({"records": (b32(404),)}, "record-state"),
        ({"cases": (b32(404),)}, "case-state"),
    ],
)
def test_what_a_dispute_cannot_be(court: Court, changes: dict[str, Any], code: str) -> None:
    """Nothing is held when one subject cannot be: all or nothing."""
    assert court.refused(court.open(court.opening(**changes))) == code
    assert court.client.dispute(DISPUTE) is None
    assert consent_holds(court) == 0


def test_a_record_that_is_over_and_a_case_that_is_deposited_take_no_hold(
    court: Court, module: Sender
) -> None:
    court.deposited(ONE)
    assert court.refused(court.open(court.opening(cases=(record(court).case_id,)))) == "case-state"
    cancelled = like(record(court), status=Status.CANCELLED)
    court.send(court.client.amend_unheld(ONE, cancelled, GROUND), module)
    assert court.refused(court.open(court.opening(records=(ONE,)))) == "record-state"


def test_sixty_four_subjects_are_held_and_released(court: Court) -> None:
    records = tuple(court.deposited(id_) for id_ in many(6, 1000))
    cases = tuple(court.published(id_) for id_ in many(4, 2000))
    consents = many(54, 3000)
    court.send(court.open(court.opening(records=records, cases=cases, consents=consents)))
    assert all(record(court, id_).holds == 1 for id_ in records)
    assert all(case_holds(court, id_) == 1 for id_ in cases)
    assert all(consent_holds(court, id_) == 1 for id_ in consents)
    court.send(court.release(*PARTIES))
    assert not any(record(court, id_).holds for id_ in records)
    assert not any(case_holds(court, id_) for id_ in cases)
    assert not any(consent_holds(court, id_) for id_ in consents)


@pytest.mark.parametrize(
    "name", ["root", "statement", "case_id", "parties", "records", "cases", "consents", "kind"]
)
def test_a_signature_binds_every_field_of_the_opening(held: Court, name: str) -> None:
    third = tuple(sorted(address(p) for p in (*PARTIES, STRANGER)))
    signed = held.opening(case_id=b32(300), kind=OpeningKind.PARTY)
    other: dict[str, Any] = {
        "root": b32(301),
        "statement": b32(301),
        "case_id": b32(301),
        "parties": third,
        "records": (TWO,),
        "cases": (CASE,),
        "consents": (b32(301),),
        "kind": OpeningKind.FORUM,
    }
    approval = sign(signed, held.client.preservation_domain, PARTIES[0])
    sent = replace(signed, **{name: other[name]})
    assert held.refused(held.client.open_dispute(sent, approval)) in (
        "signer-not-party",
        "approver-not-entitled",
    )
    held.send(held.client.open_dispute(signed, approval))


def test_a_signature_holds_for_this_contract_alone(court: Court) -> None:
    decision = court.opening()
    for domain in (
        court.client.domain,
        replace(court.client.preservation_domain, chain_id=1),
        replace(court.client.preservation_domain, registry=bytes(20)),
    ):
        approval = sign(decision, domain, FORUM)
        assert court.refused(court.client.open_dispute(decision, approval)) == "approver-not-entitled"
    for bad in (b"", bytes(64), bytes(65), b"\xff" * 65):
        assert court.refused(court.client.open_dispute(decision, bad)) == "approval-malformed"


# ---------------------------------------------------------------- evidence


def test_evidence_is_added_and_never_altered(held: Court) -> None:
    first = held.client.evidence(DISPUTE, ROOT)
    held.send(held.client.add_evidence(DISPUTE, b32(301), b32(302)))
    added = held.now
    held.send(held.client.add_evidence(DISPUTE, b32(303), b32(304)))
    assert held.client.evidence(DISPUTE, ROOT) == first
    assert held.client.evidence(DISPUTE, b32(301)) == Evidence(added, 1, b32(302))
    found = held.client.dispute(DISPUTE)
    assert found is not None
    assert (found.roots, found.root, found.changed_at) == (3, b32(303), held.now)
    for root in (ROOT, b32(301)):
        assert held.refused(held.client.add_evidence(DISPUTE, root, b32(305))) == "evidence-known"
    for root, statement in ((bytes(32), b32(1)), (b32(306), bytes(32))):
        assert held.refused(held.client.add_evidence(DISPUTE, root, statement)) == "identifier-zero"
    assert held.refused(held.client.add_evidence(b32(404), b32(306), b32(1))) == "dispute-state"
    held.send(held.release(FORUM))
    assert held.refused(held.client.add_evidence(DISPUTE, b32(306), b32(1))) == "dispute-state"
    assert held.client.evidence(DISPUTE, b32(306)) is None


# ---------------------------------------------------------------- release


@pytest.mark.parametrize("people", [(FORUM,), (OTHER_FORUM,), PARTIES])
def test_release_by_a_forum_or_by_all_parties(held: Court, people: Sequence[LocalAccount]) -> None:
    held.send(held.release(*people))
    assert (record(held).holds, case_holds(held), consent_holds(held)) == (0, 0, 0)
    found = held.client.dispute(DISPUTE)
    assert found is not None
    assert (found.state, found.outcome, found.released_at) == (DisputeState.RELEASED, OUTCOME, held.now)
    assert found.released_by == (address(people[0]) if len(people) == 1 else bytes(20))
    assert held.refused(held.release(*people)) == "dispute-state"


@pytest.mark.parametrize(
    ("people", "code"),
    [
        ((), "approval-count"),
        ((PARTIES[0],), "approver-not-entitled"),
        ((PARTIES[1],), "approver-not-entitled"),
        ((OFFICERS[0],), "approver-not-entitled"),
        ((STRANGER,), "approver-not-entitled"),
        ((PARTIES[0], PARTIES[0]), "signer-not-party"),
        ((PARTIES[1], PARTIES[0]), "signer-not-party"),
        ((PARTIES[0], STRANGER), "signer-not-party"),
        ((PARTIES[0], FORUM), "signer-not-party"),
        ((FORUM, OTHER_FORUM), "signer-not-party"),
        ((*PARTIES, FORUM), "approval-count"),
    ],
)
def test_nobody_else_releases(held: Court, people: Sequence[LocalAccount], code: str) -> None:
    assert held.refused(held.release(*people)) == code
    assert (record(held).holds, case_holds(held), consent_holds(held)) == (1, 1, 1)


def test_a_release_is_of_one_dispute_with_one_outcome(held: Court) -> None:
    assert held.refused(held.release(FORUM, case_id=b32(404))) == "dispute-state"
    assert held.refused(held.release(FORUM, outcome=bytes(32))) == "identifier-zero"
    approval = sign(Release(DISPUTE, b32(301)), held.client.preservation_domain, FORUM)
    assert (
        held.refused(held.client.release(Release(DISPUTE, OUTCOME), [approval], 3)) == "approver-not-entitled"
    )


def test_a_forum_that_lost_its_role_or_is_a_party_does_not_release(court: Court) -> None:
    decision = court.opening(parties=tuple(sorted((address(OTHER_FORUM), address(PARTIES[0])))))
    court.send(court.open(decision))
    assert court.refused(court.release(OTHER_FORUM)) == "forum-is-party"
    court.send(court.client.revoke_role(FORUM_ROLE, address(FORUM)), court.world.admin)
    assert court.refused(court.release(FORUM)) == "approver-not-entitled"


def test_each_dispute_releases_its_own_holds_alone(held: Court) -> None:
    second = held.opening(case_id=b32(300), records=(ONE, TWO), cases=(CASE,))
    held.send(held.open(second))
    assert (record(held).holds, record(held, TWO).holds, case_holds(held), consent_holds(held)) == (
        2,
        1,
        2,
        2,
    )
    held.send(held.release(*PARTIES))
    assert (record(held).holds, record(held, TWO).holds, case_holds(held), consent_holds(held)) == (
        1,
        1,
        1,
        1,
    )
    held.send(held.release(*PARTIES, case_id=b32(300)))
    assert (record(held).holds, record(held, TWO).holds, case_holds(held), consent_holds(held)) == (
        0,
        0,
        0,
        0,
    )


# ---------------------------------------------------------------- what waits


def waiting_moves(court: Court) -> dict[str, Amendment]:
    """What change, transfer, cancellation, lapse and trade ask of a record."""
    current, soon = record(court), court.now + 600
    return {
        "superseded": like(current, status=Status.SUPERSEDED, successor=TWO),
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


def test_no_module_touches_the_holds(held: Court, module: Sender) -> None:
    for id_, holds in ((ONE, 0), (ONE, 2), (TWO, 1)):
        call = held.client.amend_unheld(id_, like(record(held, id_), holds=holds), GROUND)
        assert held.refused(call, module) == "holds-reserved"


def test_modules_do_not_go_round_preservation(held: Court, module: Sender) -> None:
    """MODULE opens one door only: neither the registries' own functions nor preservation's others."""
    client = held.client
    for call in (
        client.amend(ONE, like(record(held), holds=0), GROUND),
        client.amend(ONE, like(record(held), status=Status.CANCELLED), GROUND),
        client.hold_case(CASE, 0, GROUND),
        client._call(client.modules.consents, "release", [CONSENT, GROUND]),
        held.release(FORUM),
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


@pytest.mark.parametrize("name", ["superseded", "cancelled", "lapsed", "reserved"])
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
    assert held.refused(client.amend(ONE, moves["superseded"], GROUND), rogue) == "record-blocked"
    client.simulate(client.amend(ONE, moves["cancelled"], GROUND), rogue.address)
    held.send(client.amend(ONE, like(record(held), holds=0), GROUND), rogue)
    held.send(client.hold_case(CASE, 0, GROUND), rogue)
    held.send(client._call(client.modules.consents, "release", [CONSENT, GROUND]), rogue)
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


def test_only_the_relay_submits(held: Court) -> None:
    for sender in (held.world.admin, Sender(held.world.w3, STRANGER, lambda _: None)):
        for call in (
            held.open(held.opening(case_id=b32(300))),
            held.client.add_evidence(DISPUTE, b32(301), GROUND),
            held.release(FORUM),
        ):
            with pytest.raises(NotEntitled):
                held.send(call, sender)


def test_states_are_named(held: Court) -> None:
    with pytest.raises(WrongState) as caught:
        held.send(held.open(held.opening()))
    assert caught.value.message == "The dispute is in state open; none was expected."


def test_the_limits_leave_room(held: Court) -> None:
    call: Call = held.release(FORUM)
    assert held.send(call).gas_used * 2 <= call.gas

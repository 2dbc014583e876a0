"""Remarks, later objections, reservations, lapse and cancellation (S5.24, S5.25, R7, R10, R16, R25, R46)."""

from typing import Any

import pytest

from tests.contracts import storage
from tests.contracts.disputes import FORUM, OTHER_FORUM
from tests.contracts.estate import (
    ALL,
    ALONE,
    CONTROL,
    EXCHANGES,
    HOUR,
    JOINT,
    MEMBER,
    OTHER,
    PLEDGE,
    SEIZURE,
    Estate,
)
from tests.contracts.holders import FIRM, HOSPITAL, KEYS, OFFICER
from tests.contracts.world import RELAY, STRANGER, address, b32
from yinzheng.contracts import artifact
from yinzheng.ledger.chain.approvals_moves import (
    NOTHING,
    Cancellation,
    LaterConclusion,
    RemarkEntry,
    RemarkLifting,
    Reservation,
    ReservationRelease,
)
from yinzheng.ledger.chain.contracts import EXCHANGE
from yinzheng.ledger.chain.records import CaseState, ObjectionState, Procedure, Status
from yinzheng.ledger.chain.records_moves import CancellationGround, Initiator, MarksOnChain, RemarkOnChain
from yinzheng.ledger.chain.reverts import NotEntitled
from yinzheng.ledger.chain.sender import Sender
from yinzheng.verifier.bytes.algorithms import keccak256

HOSPITAL_KEY, FIRM_KEY = KEYS[HOSPITAL], KEYS[FIRM]
G, BY = CancellationGround, Initiator
ONE, TWO = EXCHANGES
DOCUMENT = b32(7)


def entered(estate: Estate, kind: int, by: Any = OFFICER, **changes: Any) -> bytes:
    statement = estate.fresh()
    estate.send(estate.remark(kind, by, statement=statement, **changes))
    return statement


# ---------------------------------------------------------------- remarks


def test_a_remark_is_entered_and_lifted(estate: Estate) -> None:
    statement = entered(estate, PLEDGE, document=DOCUMENT)
    set_at = estate.now
    assert estate.record(ALONE).remarks == PLEDGE
    estate.send(estate.lift(PLEDGE, statement, statement=b32(8), document=b32(9)))
    assert estate.record(ALONE).remarks == 0
    assert estate.court.client.remark(statement) == RemarkOnChain(
        statement=statement,
        certificate=ALONE,
        document=DOCUMENT,
        kind=PLEDGE,
        by_forum=False,
        set_at=set_at,
        lifted_at=estate.now,
        lifted_by_forum=False,
        lifting=b32(8),
    )
    assert estate.court.client.remark(b32(404)) is None
    assert estate.code(estate.lift(PLEDGE, statement, document=b32(9))) == "remark-not-standing"


def test_several_of_a_kind_stand_until_the_last_is_lifted(estate: Estate) -> None:
    one, two = entered(estate, SEIZURE, FORUM), entered(estate, SEIZURE, OFFICER, document=DOCUMENT)
    assert estate.court.client.marks(ALONE, SEIZURE) == MarksOnChain(2, deposited=False, known=True)
    estate.send(estate.lift(SEIZURE, one, FORUM))
    assert estate.record(ALONE).remarks == SEIZURE
    estate.send(estate.lift(SEIZURE, two, OFFICER, document=DOCUMENT))
    assert estate.record(ALONE).remarks == 0


def test_what_came_with_the_certificate_is_lifted_by_itself(estate: Estate) -> None:
    id_ = b32(804)
    estate.held[id_] = ((HOSPITAL, ALL),)
    estate.deposit(id_, Procedure.SIMPLIFIED, remarks=CONTROL | 1)
    statement = entered(estate, CONTROL, id=id_)
    estate.send(estate.lift(CONTROL, statement, id=id_))
    assert estate.record(id_).remarks == CONTROL | 1
    estate.send(estate.lift(CONTROL, NOTHING, id=id_))
    assert estate.record(id_).remarks == 1
    assert estate.code(estate.lift(CONTROL, NOTHING, id=id_)) == "remark-not-standing"
    assert estate.code(estate.lift(OTHER, NOTHING, id=id_)) == "remark-not-standing"


def test_a_pledge_that_passed_on_is_lifted_on_the_successor(estate: Estate) -> None:
    statement = entered(estate, PLEDGE, document=DOCUMENT)
    successor, _ = estate.transferred(remarks=PLEDGE)
    assert estate.code(estate.lift(PLEDGE, statement, document=DOCUMENT)) == "record-state"
    assert (
        estate.code(estate.lift(PLEDGE, statement, id=successor, document=DOCUMENT)) == "remark-not-standing"
    )
    estate.send(estate.lift(PLEDGE, NOTHING, id=successor, document=DOCUMENT))
    assert estate.record(successor).remarks == 0


def test_a_seizure_is_a_forums_or_has_its_document(estate: Estate) -> None:
    assert estate.code(estate.remark(SEIZURE, OFFICER)) == "remark-document"
    assert estate.code(estate.remark(SEIZURE, STRANGER, document=DOCUMENT)) == "approver-not-entitled"
    court_s, registry_s = entered(estate, SEIZURE, FORUM), entered(estate, SEIZURE, document=DOCUMENT)
    assert estate.code(estate.lift(SEIZURE, court_s, OFFICER, document=DOCUMENT)) == "seized-by-forum"
    assert estate.code(estate.lift(SEIZURE, court_s, OFFICER)) == "remark-document"
    assert estate.code(estate.lift(SEIZURE, court_s, OTHER_FORUM)) is None
    assert estate.code(estate.lift(SEIZURE, registry_s, OFFICER)) == "remark-document"
    assert estate.code(estate.lift(SEIZURE, registry_s, FORUM)) is None


def test_other_remarks_are_the_registrys_and_a_pledge_has_its_register(estate: Estate) -> None:
    assert estate.code(estate.remark(PLEDGE)) == "remark-document"
    for kind in (1, CONTROL, OTHER):
        assert estate.code(estate.remark(kind)) is None
        for who in (FORUM, MEMBER, HOSPITAL_KEY):
            assert estate.code(estate.remark(kind, who)) == "approver-not-entitled"
    for kind in (0, 3, 32, 255):
        assert estate.code(estate.remark(kind)) == "remark-kind"
        assert estate.code(estate.lift(kind, NOTHING)) == "remark-kind"


def test_a_remark_is_lifted_where_and_as_what_it_stands(estate: Estate) -> None:
    statement = entered(estate, CONTROL)
    assert estate.code(estate.lift(OTHER, statement)) == "remark-not-standing"
    assert estate.code(estate.lift(CONTROL, statement, id=JOINT)) == "remark-not-standing"
    assert estate.code(estate.lift(CONTROL, b32(404))) == "remark-not-standing"


def test_a_statement_decides_one_thing(estate: Estate) -> None:
    enter = estate.remark(CONTROL, statement=b32(5))
    estate.send(enter)
    estate.send(estate.lift(CONTROL, b32(5), statement=b32(6)))
    assert estate.code(enter) == "statement-spent", "lifted, it does not come back by the same signature"
    for call in (estate.lift(CONTROL, NOTHING, statement=b32(6)), estate.reserve(statement=b32(5))):
        assert estate.code(call) == "statement-spent"
    assert estate.code(estate.remark(CONTROL, statement=NOTHING)) == "identifier-zero"


def test_remarks_go_on_during_a_hold_and_end_with_the_certificate(estate: Estate) -> None:
    court = estate.court
    court.send(court.open(court.opening(records=(ALONE,))))
    statement = entered(estate, CONTROL)
    estate.send(estate.lift(CONTROL, statement))
    court.send(court.release(FORUM))
    estate.send(estate.cancel(BY.FORUM, FORUM))
    assert estate.code(estate.remark(CONTROL)) == "record-state"
    assert estate.code(estate.lift(CONTROL, NOTHING)) == "record-state"


# ---------------------------------------------------------------- objections after registration


def test_later_objections_are_counted(estate: Estate) -> None:
    client = estate.court.client
    for number, objection in enumerate((b32(5), b32(6)), 1):
        estate.send(client.raise_later_objection(ALONE, objection))
        assert estate.record(ALONE).objections == number
    assert estate.code(client.raise_later_objection(ALONE, b32(5))) == "objection-state"
    assert estate.code(client.raise_later_objection(ALONE, NOTHING)) == "identifier-zero"
    assert estate.code(client.raise_later_objection(b32(404), b32(5))) == "record-state"
    stranger = Sender(estate.court.world.w3, STRANGER, lambda _: None)
    with pytest.raises(NotEntitled):
        estate.court.send(client.raise_later_objection(ALONE, b32(9)), stranger)
    assert estate.code(estate.conclude(b32(5), MEMBER)) == "approver-not-entitled"
    assert estate.code(estate.conclude(b32(5), conclusion=NOTHING)) == "identifier-zero"
    assert estate.code(estate.conclude(b32(404))) == "objection-state"
    estate.send(estate.conclude(b32(5), upheld=True))
    estate.send(estate.conclude(b32(6)))
    assert estate.record(ALONE).objections == 0
    states = [client.later_objection(ALONE, b32(one)) for one in (5, 6, 7)]
    assert states == [ObjectionState.UPHELD, ObjectionState.DISMISSED, ObjectionState.NONE]
    assert estate.code(estate.conclude(b32(5))) == "objection-state"


def test_an_objection_is_concluded_also_once_the_certificate_is_over(estate: Estate) -> None:
    estate.send(estate.court.client.raise_later_objection(ALONE, b32(5)))
    estate.send(estate.cancel(BY.FORUM, FORUM))
    estate.send(estate.conclude(b32(5), upheld=True))
    assert estate.record(ALONE).objections == 0
    assert estate.code(estate.court.client.raise_later_objection(ALONE, b32(6))) == "record-state"


# ---------------------------------------------------------------- reservations


def test_an_exchange_reserves_for_at_most_72_hours(estate: Estate) -> None:
    for until in (estate.now, estate.now + 72 * HOUR + 60):
        assert estate.code(estate.reserve(until=until)) == "reservation-outside"
    for who in (STRANGER, OFFICER, MEMBER, RELAY, FORUM, HOSPITAL_KEY):
        assert estate.code(estate.reserve(who)) == "approver-not-entitled"
    client, world = estate.court.client, estate.court.world
    world.send(client.revoke_role(EXCHANGE, address(ONE)), world.admin)
    assert estate.code(estate.reserve(ONE)) == "approver-not-entitled", "one that was dismissed"
    world.send(client.grant_role(EXCHANGE, address(ONE)), world.admin)
    estate.send(estate.reserve())
    record = estate.record(ALONE)
    assert (record.reserved_until, record.reserved_by) == (estate.now - 1 + 72 * HOUR, address(ONE))
    for who in EXCHANGES:
        assert estate.code(estate.reserve(who)) == "reservation-differs", "one at a time"


def test_a_reservation_ends_with_validity_at_the_latest(estate: Estate) -> None:
    end = estate.record(ALONE).valid_until
    estate.court.pass_to(end - 10 * HOUR)
    assert estate.code(estate.reserve(hours=11)) == "reservation-outside"
    assert estate.code(estate.reserve(until=end)) is None
    estate.court.pass_to(end + 1)
    assert estate.code(estate.reserve(hours=1)) == "record-expired"


def test_reservations_do_not_follow_each_other_without_end(estate: Estate) -> None:
    estate.send(estate.reserve(hours=2))
    estate.court.pass_to(estate.now + 2 * HOUR)
    assert estate.code(estate.reserve()) == "reservation-too-soon"
    assert estate.code(estate.reserve(TWO)) is None, "another exchange's turn"
    estate.court.pass_to(estate.now + 24 * HOUR)
    estate.send(estate.reserve())
    estate.send(estate.release())
    assert estate.court.client.released_at(ALONE, address(ONE)) == estate.now
    assert estate.code(estate.reserve()) == "reservation-too-soon"
    estate.court.pass_to(estate.now + 24 * HOUR)
    assert estate.code(estate.reserve()) is None


def test_who_releases_a_reservation(estate: Estate) -> None:
    assert estate.code(estate.release()) == "not-reserved"
    estate.send(estate.reserve())
    for who in (TWO, OFFICER, HOSPITAL_KEY, STRANGER):
        assert estate.code(estate.release(who)) == "signer-not-exchange"
    assert estate.code(estate.release(FORUM)) is None
    call = estate.release()
    estate.send(call)
    assert estate.record(ALONE).reserved_by == bytes(20)
    assert estate.code(call) == "statement-spent"
    estate.send(estate.reserve(TWO, hours=1))
    estate.court.pass_to(estate.now + HOUR)
    assert estate.code(estate.release(TWO)) == "not-reserved", "it ran out"


def test_what_is_held_objected_to_or_seized_is_not_reserved(estate: Estate) -> None:
    court = estate.court
    court.send(court.open(court.opening(records=(ALONE,))))
    assert estate.code(estate.reserve()) == "record-blocked"
    court.send(court.release(FORUM))
    statement = entered(estate, SEIZURE, FORUM)
    assert estate.code(estate.reserve()) == "record-seized"
    estate.send(estate.lift(SEIZURE, statement, FORUM))
    estate.send(estate.reserve())
    court.send(court.open(court.opening(records=(ALONE,), case_id=b32(83))))
    assert estate.code(estate.release()) == "record-held", "it runs out by itself"


def test_an_exchange_that_left_reserves_no_more(estate: Estate) -> None:
    estate.send(estate.reserve())
    estate.court.send(estate.court.client.revoke_role(EXCHANGE, address(ONE)), estate.court.world.admin)
    assert estate.code(estate.license(exchange=ONE)) == "approver-not-entitled"
    estate.send(estate.release())
    estate.court.pass_to(estate.now + 25 * HOUR)
    assert estate.code(estate.reserve()) == "approver-not-entitled"


# ---------------------------------------------------------------- ends


def test_a_lapse_is_recorded_once_it_is_there(estate: Estate) -> None:
    client, call = estate.court.client, estate.court.client.record_lapse(ALONE, b32(5))
    assert estate.code(call) == "status-move"
    estate.court.pass_to(estate.record(ALONE).valid_until + 1)
    assert estate.code(client.record_lapse(ALONE, NOTHING)) == "identifier-zero"
    with pytest.raises(NotEntitled):
        estate.court.send(call, Sender(estate.court.world.w3, STRANGER, lambda _: None))
    estate.send(call)
    assert estate.record(ALONE).status is Status.LAPSED
    assert estate.code(client.record_lapse(ALONE, b32(6))) == "record-state"


def test_each_ground_has_its_initiators(estate: Estate) -> None:
    lawful = {
        BY.HOLDERS: {G.ASKED, G.DATA_GONE},
        BY.REGISTRY: set(G) - {G.NONE, G.DOCUMENT},
        BY.FORUM: {G.DOCUMENT},
    }
    case_id = estate.published(waived=False)
    for initiator, grounds in lawful.items():
        people = (FORUM,) if initiator is BY.FORUM else ()
        where = NOTHING if initiator is BY.FORUM else case_id
        for ground in G:
            call = estate.cancel(initiator, *people, ground=ground, case_id=where)
            assert estate.code(call) == (None if ground in grounds else "cancellation-ground")
    nobody = estate.cancel(BY.NONE, FORUM, case_id=case_id)
    assert estate.code(nobody) == "cancellation-ground"


@pytest.mark.parametrize("initiator", [BY.HOLDERS, BY.REGISTRY, BY.FORUM])
def test_cancelled_for_good(estate: Estate, initiator: Initiator) -> None:
    case_id = NOTHING if initiator is BY.FORUM else estate.published(waived=False)
    people = (FORUM,) if initiator is BY.FORUM else ()
    call = estate.cancel(initiator, *people, case_id=case_id, statement=b32(5))
    estate.send(call)
    ground = CancellationGround.DOCUMENT if initiator is BY.FORUM else CancellationGround.ASKED
    record = estate.record(ALONE)
    assert (record.status, record.ending) == (Status.CANCELLED, 16 * initiator + ground)
    assert estate.code(call) == "record-state"
    if initiator is not BY.FORUM:
        case = estate.court.client.case(case_id)
        assert case is not None
        assert (case.state, case.outcome) == (CaseState.CLOSED, b32(5))


def test_holders_cancel_together(estate: Estate) -> None:
    for people, code in (
        ((OFFICER, MEMBER, HOSPITAL_KEY), "approval-count"),
        ((OFFICER, MEMBER, FIRM_KEY, HOSPITAL_KEY), "signer-not-holder"),
        ((OFFICER, OFFICER, HOSPITAL_KEY, FIRM_KEY), "approver-not-entitled"),
    ):
        assert estate.code(estate.cancel(BY.HOLDERS, *people, id=JOINT)) == code
    assert estate.code(estate.cancel(BY.HOLDERS, id=JOINT, listed=((HOSPITAL, ALL),))) == "holdings-differ"
    assert estate.code(estate.cancel(BY.HOLDERS, id=JOINT)) is None


def test_the_registry_does_not_cancel_alone(estate: Estate) -> None:
    for people, code in (
        ((OFFICER,), "approval-count"),
        ((OFFICER, OFFICER), "approver-not-entitled"),
        ((MEMBER, OFFICER), "approver-not-entitled"),
    ):
        assert estate.code(estate.cancel(BY.REGISTRY, *people)) == code
    for people in ((OFFICER,), (MEMBER,), (STRANGER,)):
        assert estate.code(estate.cancel(BY.FORUM, *people)) == "approver-not-entitled"
    assert estate.code(estate.cancel(BY.FORUM, FORUM, OFFICER)) == "approval-count"


@pytest.mark.parametrize("initiator", [BY.HOLDERS, BY.REGISTRY])
def test_a_cancellation_follows_its_publicity(estate: Estate, initiator: Initiator) -> None:
    assert estate.code(estate.cancel(initiator, case_id=b32(404))) == "case-state"
    case_id = estate.fresh()
    estate.send(estate.court.world.publish(case_id))
    assert estate.code(estate.cancel(initiator, case_id=case_id)) == "publicity-not-ended"
    estate.court.pass_to(estate.now + 10)
    assert estate.code(estate.cancel(initiator, case_id=case_id)) is None
    estate.send(estate.court.client.raise_objection(case_id, b32(5)))
    assert estate.code(estate.cancel(initiator, case_id=case_id)) == "objections-open"
    assert estate.code(estate.cancel(initiator, statement=NOTHING)) == "identifier-zero"


def test_nobody_waives_the_publicity_of_the_registrys_own_motion(estate: Estate) -> None:
    """Whatever is asked of the contract, and signed by registry and committee (R24, N37)."""
    case_id = estate.fresh()
    estate.send(estate.court.world.publish(case_id, waived=True))
    estate.court.pass_to(estate.now + 10)
    for ground in (CancellationGround.ASKED, CancellationGround.PUBLIC_INTEREST, CancellationGround.LAW):
        call = estate.cancel(BY.REGISTRY, case_id=case_id, ground=ground)
        assert estate.code(call) == "cancellation-waived"
    assert estate.record(ALONE).status is Status.IN_FORCE
    assert estate.code(estate.cancel(BY.REGISTRY)) is None  # one that was published
    assert estate.code(estate.cancel(BY.HOLDERS, case_id=case_id)) is None  # holders may ask for it (R24)


@pytest.mark.parametrize("initiator", [BY.HOLDERS, BY.REGISTRY])
def test_what_bars_a_cancellation_but_a_forums(estate: Estate, initiator: Initiator) -> None:
    court, case_id = estate.court, estate.published(waived=False)
    call, forum = estate.cancel(initiator, case_id=case_id), estate.cancel(BY.FORUM, FORUM)
    court.send(court.open(court.opening(records=(ALONE,))))
    assert (estate.code(call), estate.code(forum)) == ("record-blocked", "record-held")
    court.send(court.release(FORUM))
    estate.send(court.client.raise_later_objection(ALONE, b32(6)))
    assert (estate.code(call), estate.code(forum)) == ("record-blocked", None)
    estate.send(estate.conclude(b32(6)))
    statement = entered(estate, SEIZURE, FORUM)
    assert (estate.code(call), estate.code(forum)) == ("record-seized", None)
    estate.send(estate.lift(SEIZURE, statement, FORUM))
    estate.send(estate.reserve())
    assert (estate.code(call), estate.code(forum)) == ("reservation-differs", None)
    estate.send(forum)
    assert estate.record(ALONE).reserved_until == 0


def test_a_forum_names_no_case(estate: Estate) -> None:
    assert estate.code(estate.cancel(BY.FORUM, FORUM, case_id=b32(1))) == "cancellation-case"


def test_type_strings_are_those_of_the_specification() -> None:
    code = artifact("Standing").deployed_bytecode
    kinds = (RemarkEntry, RemarkLifting, LaterConclusion, Reservation, ReservationRelease, Cancellation)
    for kind in kinds:
        assert keccak256(f"{kind.__name__}({kind.FIELDS})".encode()) in code


def test_storage_says_what_the_views_say(estate: Estate) -> None:
    w3, client = estate.court.world.w3, estate.court.client
    statement = entered(estate, SEIZURE, FORUM, document=DOCUMENT)
    storage.remark(w3, client, statement)
    estate.send(estate.lift(SEIZURE, statement, FORUM))
    storage.remark(w3, client, statement)
    given = estate.licensed(exclusive=True)
    storage.licence(w3, client, given)
    estate.send(estate.end_licence(given))
    storage.licence(w3, client, given)
    passed, stayed = estate.transferred(rights=ALL - 4)
    assert storage.line(w3, client, passed) == [int.from_bytes(ALONE, "big"), int.from_bytes(HOSPITAL, "big")]
    assert storage.line(w3, client, stayed) == [int.from_bytes(ALONE, "big"), 0]
    assert storage.line(w3, client, ALONE) == [0, 0]

"""Transfer, change and renewal: what follows begins where the predecessor ends (S5.22, R4, R6, R10)."""

from dataclasses import replace
from typing import Any

import pytest

from tests.contracts.disputes import DAY, FORUM
from tests.contracts.estate import (
    ALL,
    ALONE,
    CONTROL,
    EXCHANGES,
    HOLD,
    JOINT,
    MEMBER,
    OPERATE,
    PLEDGE,
    SEIZURE,
    USE,
    YEAR,
    Estate,
)
from tests.contracts.holders import FIRM, HOSPITAL, INSTITUTE, KEYS, OFFICER
from tests.contracts.world import STRANGER, b32
from yinzheng.ledger.chain.approvals_moves import NOTHING, Change, Renewal, SuccessionMessage
from yinzheng.ledger.chain.records import CaseState, Procedure, Status
from yinzheng.verifier.bytes.algorithms import keccak256
from yinzheng.verifier.chain.holdings import holdings_digest

HOSPITAL_KEY, FIRM_KEY, INSTITUTE_KEY = (KEYS[one] for one in (HOSPITAL, FIRM, INSTITUTE))


def line(estate: Estate, certificate: bytes, organisation: bytes) -> bytes:
    return estate.court.client.line_of(certificate, organisation)


# ---------------------------------------------------------------- transfer


def test_everything_passes_and_nothing_stays(estate: Estate) -> None:
    before = estate.record(ALONE)
    case_id = estate.fresh()
    successor, remainder = estate.transferred(case_id=case_id, content=b32(3))
    assert remainder == NOTHING
    old, new = estate.record(ALONE), estate.record(successor)
    assert (old.status, old.successor, old.remainder) == (Status.SUPERSEDED, successor, NOTHING)
    assert (new.status, new.predecessor, new.content, new.case_id) == (
        Status.IN_FORCE,
        ALONE,
        b32(3),
        case_id,
    )
    assert new.holdings == holdings_digest([(INSTITUTE, ALL)])
    assert (new.valid_until, new.procedure, new.deposited_at) == (
        before.valid_until,
        before.procedure,
        estate.now,
    )
    case = estate.court.client.case(case_id)
    assert case is not None
    assert (case.state, case.outcome, case.published_at) == (CaseState.DEPOSITED, successor, 0)


def test_what_stays_keeps_a_certificate_of_its_own(estate: Estate) -> None:
    passed, stayed = estate.transferred(predecessor=JOINT, rights=HOLD)
    old = estate.record(JOINT)
    assert (old.successor, old.remainder) == (passed, stayed)
    assert estate.record(passed).predecessor == estate.record(stayed).predecessor == JOINT
    assert estate.record(passed).holdings == holdings_digest([(INSTITUTE, HOLD)])
    assert estate.record(stayed).holdings == holdings_digest([(HOSPITAL, USE), (FIRM, USE | OPERATE)])
    # Of a joint certificate something stays even where the transferor keeps nothing.
    passed, stayed = estate.transferred(predecessor=stayed, rights=USE)
    assert estate.record(stayed).holdings == holdings_digest([(FIRM, USE | OPERATE)])
    passed, stayed = estate.transferred(
        predecessor=stayed, transferor=FIRM, transferee=HOSPITAL, rights=USE | OPERATE
    )
    assert stayed == NOTHING


def test_the_second_certificate_is_there_exactly_if_something_stays(estate: Estate) -> None:
    assert estate.code(estate.transfer(remainder=b32(9))) == "remainder-refused"
    assert estate.code(estate.transfer(rights=USE)) == "remainder-refused"
    assert estate.code(estate.transfer(rights=USE, remainder=b32(9))) is None
    same = {"rights": USE, "successor": b32(9), "remainder": b32(9)}
    assert estate.code(estate.transfer(**same)) == "record-state"  # type: ignore[arg-type]
    empty = estate.transfer(rights=USE, remainder=b32(9), remainder_content=NOTHING)
    assert estate.code(empty) == "identifier-zero"


def test_it_takes_both_keys_and_the_registrys(estate: Estate) -> None:
    for people, code in (
        ((OFFICER, HOSPITAL_KEY), "approval-count"),
        ((MEMBER, HOSPITAL_KEY, INSTITUTE_KEY), "approver-not-entitled"),
        ((OFFICER, INSTITUTE_KEY, HOSPITAL_KEY), "signer-not-holder"),
        ((OFFICER, HOSPITAL_KEY, FIRM_KEY), "signer-not-holder"),
        ((OFFICER, OFFICER, INSTITUTE_KEY), "signer-not-holder"),
        ((OFFICER, STRANGER, INSTITUTE_KEY), "signer-not-holder"),
    ):
        assert estate.code(estate.transfer(*people)) == code
    assert estate.code(estate.transfer(OFFICER, FORUM, INSTITUTE_KEY)) is None, "a court takes it away"


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("predecessor", JOINT),
        ("case_id", b32(1)),
        ("transferor", FIRM),
        ("transferee", FIRM),
        ("rights", USE),
        ("successor", b32(1)),
        ("content", b32(1)),
        ("remainder", b32(1)),
        ("remainder_content", b32(1)),
        ("registered_at", 1),
        ("valid_until", 1),
        ("remarks", 1),
        ("statement", b32(1)),
    ],
)
def test_a_signature_is_for_these_fields_alone(estate: Estate, name: str, other: Any) -> None:
    assert estate.code(estate.transfer(signed={name: other})) == "approver-not-entitled"


def test_nobody_transfers_to_itself_or_what_it_has_not(estate: Estate) -> None:
    assert estate.code(estate.transfer(transferee=HOSPITAL)) == "same-organisation"
    assert estate.code(estate.transfer(transferor=FIRM)) == "rights-not-held"
    assert estate.code(estate.transfer(predecessor=JOINT, rights=OPERATE)) == "rights-not-held"
    assert estate.code(estate.transfer(rights=0)) == "rights-unknown"
    assert estate.code(estate.transfer(transferee=NOTHING)) == "identifier-zero"
    assert estate.code(estate.transfer(statement=NOTHING)) == "identifier-zero"
    assert estate.code(estate.transfer(listed=((FIRM, ALL),))) == "holdings-differ"


def test_it_happens_once(estate: Estate) -> None:
    call = estate.transfer()
    estate.send(call)
    assert estate.code(call) == "record-state"
    assert estate.code(estate.license()) == "record-state", "the predecessor is over"


def test_validity_ends_when_it_did(estate: Estate) -> None:
    end = estate.record(ALONE).valid_until
    for until in (end - 1, end + 1):
        assert estate.code(estate.transfer(valid_until=until)) == "validity-refused"
    assert estate.code(estate.transfer(registered_at=estate.now - 2 * DAY)) == "registration-time"


def test_what_bars_it(estate: Estate) -> None:
    court, call = estate.court, estate.transfer()
    court.send(court.open(court.opening(records=(ALONE,))))
    assert estate.code(call) == "record-blocked"
    court.send(court.release(FORUM))
    estate.send(court.client.raise_later_objection(ALONE, b32(6)))
    assert estate.code(call) == "record-blocked"
    estate.send(estate.conclude(b32(6), upheld=True))
    seized = estate.fresh()
    estate.send(estate.remark(SEIZURE, OFFICER, statement=seized, document=b32(7)))
    assert estate.code(call) == "record-seized"
    estate.send(estate.lift(SEIZURE, seized, OFFICER, document=b32(8)))
    estate.send(estate.reserve())
    assert estate.code(call) == "reservation-differs"
    settled = estate.transfer(exchange=EXCHANGES[0])
    assert estate.code(settled) is None
    court.pass_to(estate.record(ALONE).valid_until + 1)
    late = estate.transfer(registered_at=estate.now)
    assert estate.code(late) == "record-expired"


def test_the_exchange_that_reserved_it_settles_it(estate: Estate) -> None:
    estate.send(estate.reserve())
    successor, _ = estate.transferred(exchange=EXCHANGES[0])
    assert estate.record(ALONE).reserved_until == 0
    assert estate.record(successor).reserved_until == 0


def test_control_and_pledge_stand_on_what_follows(estate: Estate) -> None:
    for kind in (CONTROL, PLEDGE):
        estate.send(estate.remark(kind, document=b32(7)))
    for remarks in (0, CONTROL, PLEDGE):
        assert estate.code(estate.transfer(remarks=remarks)) == "remarks-dropped"
    successor, _ = estate.transferred(remarks=CONTROL | PLEDGE | 1)
    assert estate.record(successor).remarks == CONTROL | PLEDGE | 1


def test_a_transfer_that_was_published_waits_for_its_publicity(estate: Estate) -> None:
    case_id = estate.fresh()
    estate.send(estate.court.world.publish(case_id, Procedure.ORDINARY))
    assert estate.code(estate.transfer(case_id=case_id)) == "approval-count", "its own procedure"
    everyone = (OFFICER, MEMBER, HOSPITAL_KEY, INSTITUTE_KEY)
    early = estate.transfer(*everyone, case_id=case_id)
    assert estate.code(early) == "publicity-not-ended"
    estate.court.pass_to(estate.now + 10)
    estate.send(estate.transfer(*everyone, case_id=case_id, successor=b32(9)))
    assert estate.record(b32(9)).procedure is Procedure.ORDINARY
    assert estate.code(estate.transfer(case_id=estate.record(JOINT).case_id, predecessor=JOINT,
                                       rights=USE, remainder=b32(10))) == "case-state"  # fmt: skip


# ---------------------------------------------------------------- sale does not break licence


def test_earlier_licences_bind_the_transferee(estate: Estate) -> None:
    given = estate.licensed(exclusive=True)
    ordinary = estate.licensed(rights=HOLD)
    passed, stayed = estate.transferred(rights=USE)
    assert estate.licence(given).ended_at == estate.licence(ordinary).ended_at == 0
    assert line(estate, passed, INSTITUTE) == line(estate, stayed, HOSPITAL) == keccak256(ALONE + HOSPITAL)
    call = estate.license(certificate=passed, licensor=INSTITUTE, licensee=FIRM)
    assert estate.code(call) == "exclusive-overlaps"
    assert estate.code(estate.license(certificate=stayed, rights=OPERATE)) is None
    twice, _ = estate.transferred(predecessor=passed, transferor=INSTITUTE, transferee=FIRM, rights=USE)
    call = estate.license(certificate=twice, licensor=FIRM, licensee=INSTITUTE, exclusive=True)
    assert estate.code(call) == "exclusive-overlaps", "also the one after"
    estate.send(estate.end_licence(given))
    assert estate.code(call) is None


def test_an_exclusive_one_of_the_transferee_binds_whoever_follows(estate: Estate) -> None:
    passed, _ = estate.transferred(rights=OPERATE)
    estate.licensed(certificate=passed, licensor=INSTITUTE, licensee=FIRM, rights=OPERATE, exclusive=True)
    back, _ = estate.transferred(
        predecessor=passed, transferor=INSTITUTE, transferee=HOSPITAL, rights=OPERATE
    )
    call = estate.license(certificate=back, rights=OPERATE)
    assert estate.code(call) == "exclusive-overlaps"


def test_other_holders_lines_stay_their_own(estate: Estate) -> None:
    estate.licensed(certificate=JOINT, exclusive=True, licensee=INSTITUTE)
    passed, stayed = estate.transferred(predecessor=JOINT, rights=USE)
    assert line(estate, stayed, FIRM) == keccak256(JOINT + FIRM)
    assert line(estate, passed, INSTITUTE) == keccak256(JOINT + HOSPITAL)
    assert estate.code(estate.license(certificate=stayed, licensor=FIRM, licensee=INSTITUTE)) is None
    call = estate.license(certificate=passed, licensor=INSTITUTE, licensee=FIRM)
    assert estate.code(call) == "exclusive-overlaps"


# ---------------------------------------------------------------- change


def test_a_change_keeps_holdings_and_validity(estate: Estate) -> None:
    before = estate.record(JOINT)
    call = estate.succession(Change, predecessor=JOINT, successor=b32(9), remarks=8)
    estate.send(call)
    old, new = estate.record(JOINT), estate.record(b32(9))
    assert (old.status, old.successor, old.remainder) == (Status.SUPERSEDED, b32(9), NOTHING)
    kept = (new.predecessor, new.holdings, new.valid_until, new.remarks)
    assert kept == (JOINT, before.holdings, before.valid_until, 8)
    assert line(estate, b32(9), FIRM) == line(estate, JOINT, FIRM)
    assert estate.code(call) == "record-state"


def test_every_holder_signs_a_change(estate: Estate) -> None:
    for people, code in (
        ((OFFICER, MEMBER, HOSPITAL_KEY), "approval-count"),
        ((OFFICER, MEMBER, HOSPITAL_KEY, HOSPITAL_KEY), "signer-not-holder"),
        ((OFFICER, MEMBER, FIRM_KEY, HOSPITAL_KEY), "signer-not-holder"),
        ((OFFICER, OFFICER, HOSPITAL_KEY, FIRM_KEY), "approver-not-entitled"),
    ):
        assert estate.code(estate.succession(Change, *people, predecessor=JOINT)) == code
    forum = estate.succession(Change, OFFICER, MEMBER, HOSPITAL_KEY, FORUM, predecessor=JOINT)
    assert estate.code(forum) is None


@pytest.mark.parametrize("kind", [Change, Renewal])
def test_a_succession_is_signed_as_what_it_is(estate: Estate, kind: type[SuccessionMessage]) -> None:
    estate.court.pass_to(estate.record(ALONE).valid_until - 100 * DAY)
    for name, other in (
        ("predecessor", JOINT),
        ("case_id", b32(1)),
        ("successor", b32(1)),
        ("content", b32(1)),
        ("registered_at", 1),
        ("valid_until", 1),
        ("remarks", 1),
        ("statement", b32(1)),
    ):
        assert estate.code(estate.succession(kind, signed={name: other})) == "approver-not-entitled"
    meant = estate.succession(Change)
    crossed = replace(meant, data=estate.succession(Renewal).data[:4] + meant.data[4:])
    assert estate.code(crossed) in ("approver-not-entitled", "validity-refused")


@pytest.mark.parametrize("kind", [Change, Renewal])
def test_a_succession_follows_the_publicity_of_its_own_case(
    estate: Estate, kind: type[SuccessionMessage]
) -> None:
    estate.court.pass_to(estate.record(ALONE).valid_until - 100 * DAY)
    assert estate.code(estate.succession(kind, case_id=estate.fresh())) == "case-state"
    case_id = estate.fresh()
    estate.send(estate.court.world.publish(case_id))
    assert estate.code(estate.succession(kind, case_id=case_id)) == "publicity-not-ended"
    estate.court.pass_to(estate.now + 10)
    estate.send(estate.court.client.raise_objection(case_id, b32(6)))
    assert estate.code(estate.succession(kind, case_id=case_id)) == "objections-open"
    estate.send(estate.court.world.conclude(case_id, b32(6), upheld=False))
    assert estate.code(estate.succession(kind, case_id=case_id)) is None
    ordinary = estate.published(Procedure.ORDINARY)
    assert estate.code(estate.succession(kind, case_id=ordinary)) == "approval-count", "the case's procedure"


@pytest.mark.parametrize("kind", [Change, Renewal])
def test_what_bars_a_succession(estate: Estate, kind: type[SuccessionMessage]) -> None:
    estate.court.pass_to(estate.record(ALONE).valid_until - 100 * DAY)
    case_id = estate.published()
    assert estate.code(estate.succession(kind, case_id=case_id, listed=((FIRM, ALL),))) == "holdings-differ"
    assert estate.code(estate.succession(kind, case_id=case_id, content=NOTHING)) == "identifier-zero"
    estate.send(estate.remark(PLEDGE, document=b32(7)))
    assert estate.code(estate.succession(kind, case_id=case_id)) == "remarks-dropped"
    estate.send(estate.reserve())
    assert estate.code(estate.succession(kind, case_id=case_id, remarks=PLEDGE)) == "reservation-differs"
    estate.send(estate.release())
    estate.send(estate.remark(SEIZURE, FORUM))
    assert estate.code(estate.succession(kind, case_id=case_id, remarks=PLEDGE)) == "record-seized"


def test_a_change_moves_no_validity(estate: Estate) -> None:
    end = estate.record(ALONE).valid_until
    for until in (end - 1, end + YEAR):
        assert estate.code(estate.succession(Change, valid_until=until)) == "validity-refused"


# ---------------------------------------------------------------- renewal


def test_a_renewal_in_its_window(estate: Estate) -> None:
    end = estate.record(ALONE).valid_until
    last_day = (end + 8 * 3600) // DAY * DAY - 8 * 3600
    estate.court.pass_to(end - 184 * DAY - 10)
    assert estate.code(estate.succession(Renewal)) == "renewal-outside"
    estate.court.pass_to(end - 184 * DAY)
    assert estate.code(estate.succession(Renewal)) is None
    case_id = estate.published()
    estate.court.pass_to(last_day - 2)
    assert estate.code(estate.succession(Renewal, case_id=case_id)) is None
    estate.court.pass_to(last_day - 1)
    assert estate.code(estate.succession(Renewal, case_id=case_id)) == "renewal-outside", "its last day"
    estate.court.pass_to(end + 1)
    assert estate.code(estate.succession(Renewal, case_id=case_id)) == "record-expired"


def test_a_renewal_prolongs_and_keeps_who_holds_what(estate: Estate) -> None:
    before = estate.record(JOINT)
    given = estate.licensed(
        certificate=JOINT, licensee=INSTITUTE, exclusive=True, valid_until=before.valid_until
    )
    estate.court.pass_to(before.valid_until - 100 * DAY)
    for until in (before.valid_until, before.valid_until - 1):
        call = estate.succession(Renewal, predecessor=JOINT, valid_until=until)
        assert estate.code(call) == "validity-refused"
    call = estate.succession(Renewal, predecessor=JOINT, valid_until=estate.now + 5 * 366 * DAY + 60)
    assert estate.code(call) == "validity-outside"
    estate.send(estate.succession(Renewal, predecessor=JOINT, successor=b32(9)))
    new = estate.record(b32(9))
    assert (new.holdings, new.valid_until) == (before.holdings, before.valid_until + YEAR)
    estate.held[b32(9)] = estate.held[JOINT]
    call = estate.license(certificate=b32(9), licensee=FIRM)
    assert estate.code(call) == "exclusive-overlaps", given.hex()
    later = estate.license(
        certificate=b32(9),
        licensee=FIRM,
        valid_from=before.valid_until + 1,
        valid_until=before.valid_until + DAY,
    )
    assert estate.code(later) is None

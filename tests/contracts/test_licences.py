"""Licences: by whoever holds the right, with both keys, never past an exclusive one (S5.21, R4, R5)."""

from typing import Any

import pytest

from tests.contracts.disputes import DAY, FORUM
from tests.contracts.estate import (
    ALL,
    ALONE,
    EVERYWHERE,
    EXCHANGES,
    HOLD,
    HOUR,
    JOINT,
    MEMBER,
    OPERATE,
    PLEDGE,
    SEIZURE,
    USE,
    Estate,
)
from tests.contracts.holders import FIRM, HOSPITAL, INSTITUTE, KEYS, OFFICER
from tests.contracts.world import STRANGER, address, b32, person
from yinzheng.contracts import artifact
from yinzheng.ledger.chain.approvals_moves import Change, Licence, LicenceEnd, Renewal, Transfer
from yinzheng.ledger.chain.records_holders import AccountState
from yinzheng.ledger.chain.records_moves import LicenceEnding, LicenceOnChain, LicenceState
from yinzheng.ledger.chain.sender import Sender
from yinzheng.verifier.bytes.algorithms import keccak256

HOSPITAL_KEY, FIRM_KEY, INSTITUTE_KEY = (KEYS[one] for one in (HOSPITAL, FIRM, INSTITUTE))
BEIJING, GUANGDONG = 1 << 0, 1 << 18
"""Bits of the codes 11 and 44, the first and the nineteenth."""


def test_a_licence_leaves_the_licensors_right_whole(estate: Estate) -> None:
    before = estate.record(ALONE)
    id_ = estate.licensed(statement=b32(5), exclusive=True)
    assert estate.licence(id_) == LicenceOnChain(
        id=id_,
        certificate=ALONE,
        licensor=HOSPITAL,
        licensee=FIRM,
        state=LicenceState.GIVEN,
        exclusive=True,
        rights=USE,
        acts=7,
        territory=EVERYWHERE,
        valid_from=estate.now - 1,
        valid_until=estate.now - 1 + 30 * DAY,
        ending=LicenceEnding.NONE,
        statement=b32(5),
        outcome=bytes(32),
        given_at=estate.now,
        ended_at=0,
    )
    assert estate.record(ALONE) == before
    client = estate.court.client
    assert client.licences_of(ALONE) == (id_,)
    line = client.line_of(ALONE, HOSPITAL)
    assert line == keccak256(ALONE + HOSPITAL)
    assert client.exclusives_of(line, USE) == (id_,)
    assert client.licence(b32(404)) is None


def test_licences_are_listed_in_their_order(estate: Estate) -> None:
    given = [estate.licensed() for _ in range(3)]
    assert estate.court.client.licences_of(ALONE) == tuple(given)
    assert estate.court.client.licences_of(ALONE, 2) == (given[2],)
    assert estate.court.client.licences_of(JOINT) == ()


# ---------------------------------------------------------------- signatures


def test_it_takes_both_keys_and_the_registrys(estate: Estate) -> None:
    for people, code in (
        ((OFFICER, HOSPITAL_KEY), "approval-count"),
        ((OFFICER, HOSPITAL_KEY, FIRM_KEY, FIRM_KEY), "approval-count"),
        ((HOSPITAL_KEY, FIRM_KEY, OFFICER), "approver-not-entitled"),
        ((MEMBER, HOSPITAL_KEY, FIRM_KEY), "approver-not-entitled"),
        ((OFFICER, FIRM_KEY, HOSPITAL_KEY), "signer-not-holder"),
        ((OFFICER, HOSPITAL_KEY, STRANGER), "signer-not-holder"),
        ((OFFICER, OFFICER, OFFICER), "signer-not-holder"),
        ((OFFICER, INSTITUTE_KEY, FIRM_KEY), "signer-not-holder"),
    ):
        assert estate.code(estate.license(*people)) == code


def test_in_the_ordinary_procedure_the_committee_signs_second(estate: Estate) -> None:
    call = estate.license(OFFICER, HOSPITAL_KEY, FIRM_KEY, certificate=JOINT)
    assert estate.code(call) == "approval-count"
    call = estate.license(OFFICER, OFFICER, HOSPITAL_KEY, FIRM_KEY, certificate=JOINT)
    assert estate.code(call) == "approver-not-entitled"
    estate.licensed(certificate=JOINT, licensee=INSTITUTE)


def test_a_forums_signature_replaces_a_holders_and_no_other(estate: Estate) -> None:
    assert estate.code(estate.license(OFFICER, FORUM, FIRM_KEY)) is None
    assert estate.code(estate.license(OFFICER, FORUM, FORUM)) is None
    assert estate.code(estate.license(FORUM, HOSPITAL_KEY, FIRM_KEY)) == "approver-not-entitled"


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("id", b32(1)),
        ("certificate", JOINT),
        ("licensor", FIRM),
        ("licensee", INSTITUTE),
        ("rights", HOLD),
        ("acts", 1),
        ("territory", 1),
        ("valid_from", 1),
        ("valid_until", 1),
        ("exclusive", True),
        ("exchange", address(EXCHANGES[0])),
        ("statement", b32(1)),
    ],
)
def test_a_signature_is_for_these_fields_alone(estate: Estate, name: str, other: Any) -> None:
    assert estate.code(estate.license(signed={name: other})) == "approver-not-entitled"


def test_an_account_of_before_signs_no_more(estate: Estate) -> None:
    new = person(7201)
    estate.send(estate.accounts.rotate(HOSPITAL, new))
    assert estate.code(estate.license()) == "signer-not-holder"
    estate.keys[HOSPITAL] = new
    assert estate.code(estate.license()) is None
    gone = estate.accounts.revoke(HOSPITAL, new, account=address(new), reason=AccountState.COMPROMISED)
    estate.send(gone)
    assert estate.code(estate.license()) == "signer-not-holder"
    assert estate.code(estate.license(OFFICER, FORUM, FIRM_KEY)) is None


def test_whoever_never_entered_signs_nothing(estate: Estate) -> None:
    nobody = b32(799)
    call = estate.license(OFFICER, HOSPITAL_KEY, STRANGER, licensee=nobody)
    assert estate.code(call) == "signer-not-holder"


def test_a_licence_is_given_once_and_by_whoever_likes(estate: Estate) -> None:
    call = estate.license()
    stranger = Sender(estate.court.world.w3, STRANGER, lambda _: None)
    estate.court.send(call, stranger)
    assert estate.code(call) == "licence-state"


# ---------------------------------------------------------------- what may be licensed


def test_nobody_licenses_to_itself_or_what_it_has_not(estate: Estate) -> None:
    assert estate.code(estate.license(licensee=HOSPITAL)) == "same-organisation"
    assert estate.code(estate.license(licensor=FIRM, licensee=HOSPITAL)) == "rights-not-held"
    for rights in (OPERATE, ALL):
        call = estate.license(certificate=JOINT, rights=rights, licensee=INSTITUTE)
        assert estate.code(call) == "rights-not-held"
    for rights in (0, 8, 15):
        assert estate.code(estate.license(rights=rights)) == "rights-unknown"


def test_the_list_of_holders_is_the_one_deposited(estate: Estate) -> None:
    for listed in ((), ((FIRM, ALL),), ((HOSPITAL, USE),), ((HOSPITAL, ALL), (FIRM, USE))):
        assert estate.code(estate.license(listed=listed)) == "holdings-differ"


@pytest.mark.parametrize(
    "listed",
    [
        ((FIRM, USE), (HOSPITAL, USE)),
        ((HOSPITAL, USE), (HOSPITAL, HOLD)),
        ((HOSPITAL, USE), (FIRM, 0)),
        ((HOSPITAL, 15),),
        tuple((b32(n), USE) for n in range(1, 22)),
        (),
    ],
    ids=["order", "twice", "nothing", "unknown", "many", "none"],
)
def test_what_was_deposited_wrong_moves_nothing(estate: Estate, listed: Any) -> None:
    id_ = b32(803)
    estate.held[id_] = listed
    estate.deposit(id_, estate.record(ALONE).procedure)
    assert estate.code(estate.license(certificate=id_)) == "holdings-malformed"


def test_acts_territory_and_zeros(estate: Estate) -> None:
    for acts in (0, 64, 255):
        assert estate.code(estate.license(acts=acts)) == "acts-unknown"
    for territory in (0, 1 << 34, (1 << 40) - 1):
        assert estate.code(estate.license(territory=territory)) == "territory-unknown"
    for name in ("id", "statement", "licensee"):
        zero: dict[str, Any] = {name: bytes(32)}
        assert estate.code(estate.license(**zero)) == "identifier-zero"
    assert estate.code(estate.license(acts=63, territory=1, rights=ALL)) is None


def test_a_term_within_the_certificates(estate: Estate) -> None:
    now, end = estate.now, estate.record(ALONE).valid_until
    for begin, until in (
        (now, end + 1),
        (now - DAY, now + DAY),
        (now - HOUR, now),
        (now + 2 * DAY, now + DAY),
    ):
        call = estate.license(valid_from=begin, valid_until=until)
        assert estate.code(call) == "licence-term", (begin - now, until - now)
    for begin, until in ((now - DAY + 1, end), (end, end), (now + 1, now + 1)):
        assert estate.code(estate.license(valid_from=begin, valid_until=until)) is None


def test_of_a_certificate_that_is_over_nothing_is_licensed(estate: Estate) -> None:
    end = estate.record(ALONE).valid_until
    estate.court.pass_to(end + 1)
    call = estate.license(valid_from=end, valid_until=end)
    assert estate.code(call) == "record-expired"
    estate.send(estate.court.client.record_lapse(ALONE, b32(9)))
    assert estate.code(call) == "record-state"
    listed = estate.held[ALONE]
    unknown = Licence(
        b32(1), b32(404), HOSPITAL, FIRM, USE, 1, 1, estate.now, estate.now, exclusive=False, statement=b32(2)
    )
    assert estate.code(estate.court.client.license(unknown, listed, [])) == "record-state"


# ---------------------------------------------------------------- what bars


def test_holds_objections_and_a_seizure_bar_it(estate: Estate) -> None:
    court, call = estate.court, estate.license()
    court.send(court.open(court.opening(records=(ALONE,))))
    assert estate.code(call) == "record-blocked"
    court.send(court.release(FORUM))
    estate.send(court.client.raise_later_objection(ALONE, b32(6)))
    assert estate.code(call) == "record-blocked"
    estate.send(estate.conclude(b32(6)))
    seized = estate.fresh()
    estate.send(estate.remark(SEIZURE, FORUM, statement=seized))
    assert estate.code(call) == "record-seized"
    estate.send(estate.lift(SEIZURE, seized, FORUM))
    estate.send(estate.remark(PLEDGE, document=b32(7)))
    assert estate.code(call) is None, "a pledge is the registry's to look at"


def test_a_reservation_bars_all_but_the_move_its_exchange_signs(estate: Estate) -> None:
    one, two = EXCHANGES
    assert estate.code(estate.license(exchange=one)) == "reservation-differs", "nothing is reserved"
    estate.send(estate.reserve(one))
    assert estate.code(estate.license()) == "reservation-differs"
    assert estate.code(estate.license(exchange=two)) == "reservation-differs"
    people = (OFFICER, HOSPITAL_KEY, FIRM_KEY)
    for last, code in ((two, "signer-not-exchange"), (STRANGER, "approver-not-entitled")):
        assert estate.code(estate.license(*people, last, exchange=one)) == code
    assert estate.code(estate.license(*people, exchange=one)) == "approval-count"
    estate.licensed(exchange=one)
    record = estate.record(ALONE)
    assert (record.reserved_until, record.reserved_by) == (0, bytes(20)), "consumed"
    assert estate.code(estate.license()) is None
    assert estate.code(estate.reserve(one)) is None, "what was settled needs no pause"


def test_a_reservation_that_ran_out_bars_nothing_and_settles_nothing(estate: Estate) -> None:
    estate.send(estate.reserve(hours=1))
    estate.court.pass_to(estate.now + HOUR)
    assert estate.code(estate.license(exchange=EXCHANGES[0])) == "reservation-differs"
    assert estate.code(estate.license()) is None


# ---------------------------------------------------------------- exclusive ones


def exclusive(estate: Estate, **changes: Any) -> bytes:
    """An exclusive licence: use, for acts 7, in Beijing and Guangdong, for days 10 to 20."""
    terms: dict[str, Any] = {
        "exclusive": True,
        "territory": BEIJING | GUANGDONG,
        "valid_from": estate.now + 10 * DAY,
        "valid_until": estate.now + 20 * DAY,
    }
    return estate.licensed(**terms | changes)


@pytest.mark.parametrize("later", [True, False], ids=["exclusive", "ordinary"])
def test_nothing_overlaps_an_exclusive_one(estate: Estate, later: bool) -> None:
    begin, end = estate.now + 10 * DAY, estate.now + 20 * DAY
    terms: dict[str, Any] = {"territory": GUANGDONG, "exclusive": later, "licensee": INSTITUTE}
    changes: dict[str, Any]
    standing = exclusive(estate, valid_from=begin, valid_until=end)
    for changes in (
        {"valid_from": begin, "valid_until": end},
        {"valid_from": estate.now, "valid_until": begin},
        {"valid_from": end, "valid_until": end + DAY},
        {"valid_from": begin, "valid_until": end, "acts": 0b100001},
        {"valid_from": begin, "valid_until": end, "rights": ALL},
        {"valid_from": begin, "valid_until": end, "territory": EVERYWHERE},
    ):
        assert estate.code(estate.license(**terms | changes)) == "exclusive-overlaps", changes
    for changes in (
        {"valid_from": estate.now, "valid_until": begin - 1},
        {"valid_from": end + 1, "valid_until": end + DAY},
        {"valid_from": begin, "valid_until": end, "acts": 0b111000},
        {"valid_from": begin, "valid_until": end, "rights": HOLD | OPERATE},
        {"valid_from": begin, "valid_until": end, "territory": 1 << 5},
    ):
        assert estate.code(estate.license(**terms | changes)) is None, changes
    estate.send(estate.end_licence(standing))
    assert estate.code(estate.license(**terms, valid_from=begin, valid_until=end)) is None


def test_an_exclusive_one_stands_beside_those_given_before(estate: Estate) -> None:
    before = estate.licensed()
    estate.licensed(exclusive=True, licensee=INSTITUTE)
    assert estate.licence(before).state is LicenceState.GIVEN
    assert estate.code(estate.license()) == "exclusive-overlaps"


def test_holders_of_the_same_right_do_not_exclude_each_other(estate: Estate) -> None:
    estate.licensed(certificate=JOINT, exclusive=True, licensee=INSTITUTE)
    call = estate.license(certificate=JOINT, licensor=FIRM, licensee=INSTITUTE, exclusive=True)
    assert estate.code(call) is None
    assert estate.code(estate.license(licensee=INSTITUTE, exclusive=True)) is None, "another certificate"


def test_exclusive_ones_are_few_and_those_over_make_room(estate: Estate) -> None:
    client, now = estate.court.client, estate.now
    line = client.line_of(ALONE, HOSPITAL)
    terms: dict[str, Any] = {"exclusive": True, "valid_until": now + DAY}
    for at in range(16):
        estate.licensed(territory=1 << at, rights=USE | OPERATE, **terms)
    assert estate.code(estate.license(territory=1 << 20, **terms)) == "exclusives-exhausted"
    assert estate.code(estate.license(territory=1 << 20, rights=HOLD, **terms)) is None
    assert estate.code(estate.license(territory=1 << 20)) is None, "one that is not exclusive needs no place"
    estate.send(estate.end_licence(client.exclusives_of(line, USE)[3]))
    id_ = estate.licensed(territory=1 << 20, **terms)
    assert len(client.exclusives_of(line, USE)) == 16
    assert id_ in client.exclusives_of(line, USE)
    assert len(client.exclusives_of(line, OPERATE)) == 16, "tidied when it is looked through for the next"
    estate.court.pass_to(now + DAY + 1)
    fresh: dict[str, Any] = {"exclusive": True, "valid_from": estate.now, "valid_until": estate.now + DAY}
    later = estate.licensed(territory=EVERYWHERE, rights=USE | OPERATE, **fresh)
    assert client.exclusives_of(line, USE) == client.exclusives_of(line, OPERATE) == (later,)


# ---------------------------------------------------------------- the end


def test_both_end_it_or_a_forum(estate: Estate) -> None:
    for people, by in (((), bytes(20)), ((FORUM,), address(FORUM))):
        id_ = estate.licensed()
        for wrong, code in (
            ((OFFICER,), "approver-not-entitled"),
            ((HOSPITAL_KEY, FIRM_KEY), "approval-count"),
            ((OFFICER, HOSPITAL_KEY, HOSPITAL_KEY), "signer-not-holder"),
            ((OFFICER, FIRM_KEY, HOSPITAL_KEY), "signer-not-holder"),
        ):
            assert estate.code(estate.end_licence(id_, *wrong)) == code
        assert estate.code(estate.end_licence(id_, statement=bytes(32))) == "identifier-zero"
        estate.send(estate.end_licence(id_, *people, statement=b32(8)))
        ended = estate.licence(id_)
        assert (ended.state, ended.outcome, ended.ended_at) == (LicenceState.ENDED, b32(8), estate.now), by
        assert ended.ending is (LicenceEnding.FORUM if people else LicenceEnding.PARTIES)
        assert estate.code(estate.end_licence(id_)) == "licence-state"


def test_it_ends_whatever_became_of_the_certificate(estate: Estate) -> None:
    id_ = estate.licensed()
    court = estate.court
    court.send(court.open(court.opening(records=(ALONE,))))
    assert estate.code(estate.end_licence(id_)) is None
    court.send(court.release(FORUM))
    estate.transferred()
    assert estate.code(estate.end_licence(id_)) is None


def test_what_ran_out_is_not_ended(estate: Estate) -> None:
    id_ = estate.licensed(valid_until=estate.now + HOUR)
    estate.court.pass_to(estate.now + HOUR)
    assert estate.code(estate.end_licence(id_)) == "licence-over"
    unknown = estate.court.client.end_licence(LicenceEnd(b32(404), b32(1)), [])
    assert estate.code(unknown) == "licence-state"


def test_in_the_ordinary_procedure_the_committee_signs_the_end(estate: Estate) -> None:
    id_ = estate.licensed(certificate=JOINT, licensee=INSTITUTE)
    assert estate.code(estate.end_licence(id_, OFFICER, HOSPITAL_KEY, INSTITUTE_KEY)) == "approval-count"
    assert estate.code(estate.end_licence(id_)) is None


def test_type_strings_are_those_of_the_specification() -> None:
    code = artifact("RightsMoves").deployed_bytecode
    for kind in (Licence, LicenceEnd, Transfer, Change, Renewal):
        assert keccak256(f"{kind.__name__}({kind.FIELDS})".encode()) in code

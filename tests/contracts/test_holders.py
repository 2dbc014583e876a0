"""Whose account signs: entering, rotation, replacement with its veto, loss (S5.18, S5.19, R41)."""

from dataclasses import replace

import pytest

from tests.contracts import storage
from tests.contracts.disputes import FORUM, Court
from tests.contracts.holders import DELAY, FIRM, HOSPITAL, KEYS, OFFICER, SAID, SM2, Accounts, enrolled
from tests.contracts.world import ADMIN, MEMBERS, OFFICERS, RELAY, STRANGER, address, b32, person
from yinzheng.contracts import artifact
from yinzheng.ledger.chain.approvals_holders import Enrolment, Replacement, Revocation, Rotation, Veto
from yinzheng.ledger.chain.contracts import EXCHANGE
from yinzheng.ledger.chain.records_holders import AccountState, HolderOnChain
from yinzheng.ledger.chain.sender import Sender
from yinzheng.verifier.bytes.algorithms import keccak256

OLD = KEYS[HOSPITAL]
NEW, OTHER, THIEF = person(7101), person(7102), person(7103)


@pytest.fixture
def accounts(court: Court) -> Accounts:
    """The hospital is entered."""
    return enrolled(court, HOSPITAL)


def refused(accounts: Accounts, call: object) -> str | None:
    return accounts.court.code(call)  # type: ignore[arg-type]


def pass_delay(accounts: Accounts) -> None:
    accounts.court.pass_to(accounts.of(HOSPITAL).next_from)


# ---------------------------------------------------------------- entering


def test_an_organisation_enters_with_its_account(accounts: Accounts) -> None:
    client, now = accounts.court.client, accounts.court.now
    assert accounts.of(HOSPITAL) == HolderOnChain(
        organisation=HOSPITAL,
        account=address(OLD),
        state=AccountState.CURRENT,
        contested=False,
        serial=1,
        next=bytes(20),
        next_from=0,
        key=SM2,
        next_key=bytes(32),
        since=now,
        ended_at=0,
        lost_at=0,
        changed_at=now,
        statement=SAID,
    )
    assert (accounts.current(HOSPITAL), client.owner_of(address(OLD))) == (address(OLD), HOSPITAL)
    assert (client.holder(FIRM), accounts.current(FIRM), client.owner_of(address(NEW))) == (None, None, None)


def test_entering_needs_account_and_registry(accounts: Accounts) -> None:
    for people, code in (
        ((NEW,), "approval-count"),
        ((NEW, OFFICER, OFFICER), "approval-count"),
        ((OFFICER, NEW), "signer-not-account"),
        ((THIEF, OFFICER), "signer-not-account"),
        ((NEW, STRANGER), "approver-not-entitled"),
        ((NEW, MEMBERS[0]), "approver-not-entitled"),
    ):
        assert refused(accounts, accounts.enrol(FIRM, NEW, *people)) == code


def test_entering_twice_zeros_and_another_beginning(accounts: Accounts) -> None:
    assert refused(accounts, accounts.enrol(HOSPITAL, NEW, serial=2)) == "holder-known"
    assert refused(accounts, accounts.enrol(FIRM, NEW, serial=2)) == "serial-not-next"
    for changes in ({"key": bytes(32)}, {"statement": bytes(32)}):
        assert refused(accounts, accounts.enrol(FIRM, NEW, **changes)) == "identifier-zero"
    assert refused(accounts, accounts.enrol(bytes(32), NEW)) == "identifier-zero"


def test_an_account_is_one_organisations_for_ever(accounts: Accounts) -> None:
    assert refused(accounts, accounts.enrol(FIRM, OLD)) == "account-taken"
    accounts.court.send(accounts.rotate(HOSPITAL, NEW))
    assert refused(accounts, accounts.enrol(FIRM, OLD)) == "account-taken"
    assert refused(accounts, accounts.rotate(HOSPITAL, OLD, OLD, NEW, OFFICER)) == "account-taken"


@pytest.mark.parametrize("who", [ADMIN, RELAY, OFFICERS[1], MEMBERS[0], FORUM])
def test_whoever_approves_sends_or_decides_holds_nothing_with_it(accounts: Accounts, who: object) -> None:
    assert refused(accounts, accounts.enrol(FIRM, who)) == "account-has-role"  # type: ignore[arg-type]


def test_an_exchange_is_no_holder_with_its_account(accounts: Accounts) -> None:
    court = accounts.court
    court.send(court.client.grant_role(EXCHANGE, address(NEW)), court.world.admin)
    assert refused(accounts, accounts.rotate(HOSPITAL, NEW)) == "account-has-role"


def test_anyone_may_send(accounts: Accounts) -> None:
    stranger = Sender(accounts.court.world.w3, STRANGER, lambda _: None)
    accounts.court.send(accounts.enrol(FIRM), stranger)
    assert accounts.current(FIRM) == address(KEYS[FIRM])


# ---------------------------------------------------------------- rotation


def test_the_old_key_hands_over_at_once(accounts: Accounts) -> None:
    accounts.court.send(accounts.rotate(HOSPITAL, NEW))
    found = accounts.of(HOSPITAL)
    assert (found.account, found.serial, found.key) == (address(NEW), 2, b32(720))
    assert (found.since, found.changed_at) == (accounts.court.now, accounts.court.now)
    assert accounts.current(HOSPITAL) == address(NEW)


def test_an_sm2_key_is_exchanged_alone(accounts: Accounts) -> None:
    since = accounts.of(HOSPITAL).since
    accounts.court.send(accounts.rotate(HOSPITAL, OLD))
    found = accounts.of(HOSPITAL)
    assert (found.account, found.key, found.since) == (address(OLD), b32(720), since)
    assert refused(accounts, accounts.rotate(HOSPITAL, OLD, key=bytes(32))) == "identifier-zero"


def test_rotation_needs_both_accounts_and_the_registry(accounts: Accounts) -> None:
    for people, code in (
        ((NEW, OLD), "approval-count"),
        ((NEW, NEW, OFFICER), "signer-not-account"),
        ((OLD, OLD, OFFICER), "signer-not-account"),
        ((NEW, OFFICER, OFFICER), "signer-not-account"),
        ((NEW, OLD, MEMBERS[0]), "approver-not-entitled"),
        ((NEW, OLD, NEW), "approver-not-entitled"),
    ):
        assert refused(accounts, accounts.rotate(HOSPITAL, NEW, *people)) == code
    accounts.court.send(accounts.rotate(HOSPITAL, NEW))
    assert refused(accounts, accounts.rotate(HOSPITAL, OTHER)) == "signer-not-account", "the old key is old"


def test_a_signature_is_good_once_and_for_one_purpose(accounts: Accounts) -> None:
    first = accounts.rotate(HOSPITAL, OLD)
    accounts.court.send(first)
    assert refused(accounts, first) == "serial-not-next"
    client, fields = accounts.court.client, accounts._next(HOSPITAL, NEW)
    meant = Replacement(**fields)
    signed = accounts.signed(meant, NEW, OLD, OFFICER)
    assert refused(accounts, client.rotate(Rotation(**fields), signed)) == "signer-not-account"
    for changes in ({"serial": 9}, {"key": b32(1)}, {"statement": b32(1)}, {"account": address(OTHER)}):
        other = replace(Rotation(**fields), **changes)
        signed = accounts.signed(Rotation(**fields), NEW, OLD, OFFICER)
        assert refused(accounts, client.rotate(other, signed)) in ("signer-not-account", "serial-not-next")


# ---------------------------------------------------------------- replacement


def test_the_registry_alone_replaces_only_after_the_delay(accounts: Accounts) -> None:
    accounts.court.send(accounts.replace(HOSPITAL, NEW))
    found, now = accounts.of(HOSPITAL), accounts.court.now
    assert (found.account, found.next, found.next_from) == (address(OLD), address(NEW), now + DELAY)
    assert found.account_at(now + DELAY - 1) == address(OLD)
    assert found.account_at(now + DELAY) == address(NEW)
    accounts.court.pass_to(now + DELAY - 2)  # what is simulated comes a second later
    assert accounts.current(HOSPITAL) == address(OLD)
    assert refused(accounts, accounts.replace(HOSPITAL, OTHER)) == "replacement-announced"
    accounts.court.pass_to(now + DELAY)
    assert accounts.current(HOSPITAL) == address(NEW)
    assert refused(accounts, accounts.veto(HOSPITAL)) == "nothing-announced", "too late"
    accounts.court.send(accounts.rotate(HOSPITAL, OTHER, OTHER, NEW, OFFICER))
    assert accounts.of(HOSPITAL).account == address(OTHER)


def test_what_came_into_force_by_itself_is_written_down_by_the_next_change(accounts: Accounts) -> None:
    accounts.court.send(accounts.replace(HOSPITAL, NEW))
    due = accounts.of(HOSPITAL).next_from
    accounts.court.pass_to(due + 60)
    accounts.court.send(accounts.replace(HOSPITAL, OTHER))
    found = accounts.of(HOSPITAL)
    assert (found.account, found.since, found.key) == (address(NEW), due, b32(720))
    assert found.next == address(OTHER)


def test_the_account_vetoes_its_replacement(accounts: Accounts) -> None:
    court = accounts.court
    court.send(accounts.replace(HOSPITAL, THIEF))
    assert refused(accounts, accounts.veto(HOSPITAL, THIEF)) == "signer-not-account"
    assert refused(accounts, accounts.veto(HOSPITAL, OFFICER)) == "signer-not-account"
    court.send(accounts.veto(HOSPITAL), Sender(court.world.w3, STRANGER, lambda _: None))
    found = accounts.of(HOSPITAL)
    assert (found.contested, found.next, found.next_from, found.next_key) == (True, bytes(20), 0, bytes(32))
    court.pass_to(court.now + DELAY)
    assert accounts.current(HOSPITAL) == address(OLD)
    assert refused(accounts, accounts.replace(HOSPITAL, OTHER)) == "replacement-contested"
    assert refused(accounts, accounts.veto(HOSPITAL)) == "nothing-announced"
    court.send(accounts.rotate(HOSPITAL, NEW))
    assert not accounts.of(HOSPITAL).contested


def test_a_forum_replaces_at_once(accounts: Accounts) -> None:
    court = accounts.court
    court.send(accounts.replace(HOSPITAL, OTHER))
    court.send(accounts.veto(HOSPITAL))
    for people, code in (
        ((NEW, OFFICER, STRANGER), "approver-not-entitled"),
        ((NEW, FORUM, OFFICER), "approver-not-entitled"),
        ((THIEF, OFFICER, FORUM), "signer-not-account"),
        ((NEW, OFFICER, FORUM, FORUM), "approval-count"),
    ):
        assert refused(accounts, accounts.replace(HOSPITAL, NEW, *people)) == code
    court.send(accounts.replace(HOSPITAL, NEW, NEW, OFFICER, FORUM))
    found = accounts.of(HOSPITAL)
    assert (found.account, found.contested, found.next) == (address(NEW), False, bytes(20))
    assert accounts.current(HOSPITAL) == address(NEW)


def test_rotation_voids_what_was_announced(accounts: Accounts) -> None:
    accounts.court.send(accounts.replace(HOSPITAL, THIEF))
    accounts.court.send(accounts.rotate(HOSPITAL, NEW))
    accounts.court.pass_to(accounts.court.now + DELAY)
    assert accounts.current(HOSPITAL) == address(NEW)
    assert accounts.of(HOSPITAL).next == bytes(20)


# ---------------------------------------------------------------- loss and compromise


@pytest.mark.parametrize("by", [OLD, OFFICER])
@pytest.mark.parametrize("reason", [AccountState.LOST, AccountState.COMPROMISED])
def test_a_lost_account_signs_nothing_more(accounts: Accounts, by: object, reason: AccountState) -> None:
    since = accounts.of(HOSPITAL).since
    accounts.court.pass_to(accounts.court.now + 60)
    accounts.court.send(accounts.revoke(HOSPITAL, by, reason=reason, since=since))  # type: ignore[arg-type]
    found = accounts.of(HOSPITAL)
    assert (found.state, found.lost_at, found.ended_at) == (reason, since, accounts.court.now)
    assert accounts.current(HOSPITAL) is None
    assert refused(accounts, accounts.rotate(HOSPITAL, NEW)) == "account-state"
    assert refused(accounts, accounts.revoke(HOSPITAL)) == "account-state"


def test_a_registry_that_revokes_first_cannot_replace_past_a_veto(accounts: Accounts) -> None:
    court = accounts.court
    court.send(accounts.revoke(HOSPITAL, OFFICER, reason=AccountState.COMPROMISED))
    court.send(accounts.replace(HOSPITAL, THIEF))
    court.send(accounts.veto(HOSPITAL))
    court.pass_to(court.now + DELAY)
    assert accounts.current(HOSPITAL) is None
    assert refused(accounts, accounts.replace(HOSPITAL, THIEF)) == "replacement-contested"
    court.send(accounts.replace(HOSPITAL, NEW, NEW, OFFICER, FORUM))
    assert accounts.current(HOSPITAL) == address(NEW)
    assert accounts.of(HOSPITAL).lost_at == 0


def test_after_a_loss_the_replacement_takes_over(accounts: Accounts) -> None:
    accounts.court.send(accounts.revoke(HOSPITAL, OFFICER))
    accounts.court.send(accounts.replace(HOSPITAL, NEW))
    assert accounts.current(HOSPITAL) is None
    pass_delay(accounts)
    assert accounts.current(HOSPITAL) == address(NEW)
    assert accounts.of(HOSPITAL).account_at(accounts.court.now) == address(NEW)


def test_a_loss_is_told_by_those_concerned_of_an_instant_that_can_be(accounts: Accounts) -> None:
    since, now = accounts.of(HOSPITAL).since, accounts.court.now
    assert refused(accounts, accounts.revoke(HOSPITAL, THIEF)) == "signer-not-account"
    assert refused(accounts, accounts.revoke(HOSPITAL, MEMBERS[0])) == "signer-not-account"
    assert refused(accounts, accounts.revoke(HOSPITAL, account=address(NEW))) == "signer-not-account"
    for reason in (AccountState.NONE, AccountState.CURRENT):
        assert refused(accounts, accounts.revoke(HOSPITAL, reason=reason)) == "revocation-reason"
    for instant in (since - 1, now + 60):
        assert refused(accounts, accounts.revoke(HOSPITAL, since=instant)) == "loss-outside"
    assert refused(accounts, accounts.revoke(HOSPITAL, serial=3)) == "serial-not-next"
    assert refused(accounts, accounts.revoke(HOSPITAL, statement=bytes(32))) == "identifier-zero"


def test_nobody_else_is_touched(accounts: Accounts) -> None:
    client, signed = accounts.court.client, [bytes(64) + b"\x1b"] * 3
    fields = {"organisation": FIRM, "serial": 1, "account": address(NEW), "key": SM2, "statement": SAID}
    for call in (
        client.rotate(Rotation(**fields), signed),  # type: ignore[arg-type]
        client.replace_account(Replacement(**fields), signed),  # type: ignore[arg-type]
        client.veto(Veto(FIRM, 1, SAID), signed[0]),
        client.revoke_account(Revocation(FIRM, 1, address(NEW), AccountState.LOST, 0, SAID), signed[0]),
    ):
        assert refused(accounts, call) == "holder-unknown"
    malformed = client.enrol(Enrolment(**fields), signed[:2])  # type: ignore[arg-type]
    assert refused(accounts, malformed) == "approval-malformed"


# ---------------------------------------------------------------- reading


def test_type_strings_are_those_of_the_specification() -> None:
    code = artifact("Holders").deployed_bytecode
    for kind in (Enrolment, Rotation, Replacement, Veto, Revocation):
        assert keccak256(f"{kind.__name__}({kind.FIELDS})".encode()) in code


def test_storage_says_what_the_view_says(accounts: Accounts) -> None:
    accounts.court.send(accounts.replace(HOSPITAL, NEW))
    storage.holder(accounts.court.world.w3, accounts.court.client, HOSPITAL)
    accounts.court.send(accounts.veto(HOSPITAL))
    accounts.court.send(accounts.revoke(HOSPITAL))
    storage.holder(accounts.court.world.w3, accounts.court.client, HOSPITAL)
    assert storage.holder(accounts.court.world.w3, accounts.court.client, FIRM) is None

"""What nobody can close: objections from any account, a forum's own opening and release (D17, S24)."""

from __future__ import annotations

import pytest
from eth_account.signers.local import LocalAccount

from tests.contracts.disputes import CONSENT, DAY, FORUM, PARTIES, RECIPIENTS
from tests.contracts.estate import ALONE, EXCHANGES, Estate
from tests.contracts.holders import HOSPITAL, KEYS
from tests.contracts.world import STRANGER, World, address, b32, person
from yinzheng.ledger.chain.records import ObjectionState, OpeningKind, Receipt, ReceiptState
from yinzheng.ledger.chain.sender import Call, Sender
from yinzheng.verifier.bytes.algorithms import keccak256
from yinzheng.verifier.errors import YinzhengError

CASE, SAID = b32(900), b32(901)


def sender(world: World, key: LocalAccount) -> Sender:
    world.send(Call(address(key), b"", 21_000, 10**17), world.admin)
    return Sender(world.w3, key, lambda _: None)


def refused(world: World, call: Call, by: Sender) -> str:
    with pytest.raises(YinzhengError) as raised:
        world.client.simulate(call, by.address)
    return raised.value.code


def named(about: bytes, account: bytes) -> bytes:
    return keccak256(about + SAID + account.rjust(32, b"\0"))


def test_anyone_objects_while_publicity_lasts(estate: Estate) -> None:
    world, client = estate.court.world, estate.court.client
    estate.send(world.publish(CASE, profile="GD-HEALTH/1"))
    call, who = client.raise_objection(CASE, SAID), sender(world, STRANGER)
    world.send(call, who)
    assert client.objection(CASE, SAID) is ObjectionState.NONE
    assert client.objection(CASE, named(CASE, address(STRANGER))) is ObjectionState.OPEN
    assert refused(world, call, who) == "objection-state", "once each"
    estate.send(call)  # the registry's own of that name is another
    assert client.objection(CASE, SAID) is ObjectionState.OPEN
    case = client.case(CASE)
    assert case is not None
    assert case.objections == 2
    estate.court.pass_to(case.publicity_end)
    assert refused(world, client.raise_objection(CASE, b32(902)), who) == "publicity-over"
    estate.send(client.raise_objection(CASE, b32(902)))
    assert refused(world, client.raise_objection(CASE, bytes(32)), who) == "identifier-zero"
    assert refused(world, client.raise_objection(b32(999), SAID), who) == "case-state"


def test_a_waived_publicity_has_no_window(estate: Estate) -> None:
    world, client = estate.court.world, estate.court.client
    estate.send(world.publish(CASE, waived=True))
    assert refused(world, client.raise_objection(CASE, SAID), sender(world, STRANGER)) == "publicity-over"


def test_who_answers_by_name_objects_to_what_is_registered(estate: Estate) -> None:
    world, client = estate.court.world, estate.court.client
    call = client.raise_later_objection(ALONE, SAID)
    assert refused(world, call, sender(world, STRANGER)) == "objector-unknown"
    for key in (FORUM, EXCHANGES[0], KEYS[HOSPITAL]):
        world.send(call, sender(world, key))
        assert client.later_objection(ALONE, named(ALONE, address(key))) is ObjectionState.OPEN
        assert refused(world, call, sender(world, key)) == "objection-state"
    assert estate.record(ALONE).objections == 3
    estate.send(estate.accounts.revoke(HOSPITAL))
    again = client.raise_later_objection(ALONE, b32(902))
    assert refused(world, again, sender(world, KEYS[HOSPITAL])) == "objector-unknown", "lost"


def test_a_forum_opens_and_releases_past_the_registry(estate: Estate) -> None:
    court = estate.court
    who = sender(court.world, STRANGER)
    order = court.opening(records=(ALONE,))
    court.world.send(court.open(order), who)
    assert estate.record(ALONE).holds == 1
    court.world.send(court.release(FORUM), who)
    assert estate.record(ALONE).holds == 0


def test_a_partys_opening_is_the_registrys_to_send(estate: Estate) -> None:
    """Its keys are made for the dispute by anyone: whoever could send it could hold any certificate."""
    court = estate.court
    call = court.open(court.opening(kind=OpeningKind.PARTY, records=(ALONE,), root=b32(72)), PARTIES[0])
    assert refused(court.world, call, sender(court.world, STRANGER)) == "opening-by-relay"
    court.send(call)
    assert estate.record(ALONE).holds == 1
    court.world.send(court.release(*PARTIES), sender(court.world, person(7777)))
    assert estate.record(ALONE).holds == 0


def test_a_receipt_is_announced_by_any_account_and_counts_as_of_then(estate: Estate) -> None:
    court, world, client = estate.court, estate.court.world, estate.court.client
    court.send(court.withdraw())
    call, who = client.announce_receipt(CONSENT, SAID), sender(world, STRANGER)
    name = named(CONSENT, address(STRANGER))
    counts = client.announced_receipt(CONSENT, RECIPIENTS[0], SAID, name)
    assert court.refused(counts) == "receipt-announced"
    world.send(call, who)
    told_at = court.now
    assert refused(world, call, who) == "receipt-announced", "once each"
    assert refused(world, client.announce_receipt(CONSENT, bytes(32)), who) == "identifier-zero"
    assert refused(world, client.announce_receipt(b32(999), SAID), who) == "withdrawal-state"
    withdrawal = client.withdrawal(CONSENT)
    assert withdrawal is not None
    assert withdrawal.receipts == 0, "nothing is given by it"
    court.pass_to(client.deadline(CONSENT) + DAY)
    # The registry held it back beyond the deadline: that is not the recipient's lateness.
    assert refused(world, counts, who) == "sender-not-entitled"
    other = client.announced_receipt(CONSENT, b32(903), SAID, name)
    assert court.refused(other) == "receipt-state"
    court.send(counts)
    assert client.receipt_of(CONSENT, RECIPIENTS[0]) == Receipt(ReceiptState.GIVEN, False, told_at, SAID)
    again = client.announced_receipt(CONSENT, RECIPIENTS[1], SAID, name)
    assert court.refused(again) == "receipt-announced", "one announcement, one receipt"
    court.send(client.receipt(CONSENT, RECIPIENTS[1], SAID))
    late = client.receipt_of(CONSENT, RECIPIENTS[1])
    assert late is not None
    assert late.late


def test_an_announcement_is_of_one_withdrawal(estate: Estate) -> None:
    court, world, client = estate.court, estate.court.world, estate.court.client
    later = b32(83)
    court.send(court.withdraw())
    court.send(court.withdraw(later))
    world.send(client.announce_receipt(CONSENT, SAID), sender(world, STRANGER))
    name = named(CONSENT, address(STRANGER))
    assert court.refused(client.announced_receipt(later, RECIPIENTS[0], SAID, name)) == "receipt-announced"

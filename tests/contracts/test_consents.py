"""ConsentRegistry: each lawful move and each refused one, and the two clocks (S5.10 to S5.12)."""

from typing import Any

import pytest

from tests.contracts.disputes import CONSENT, DAY, HOUR, RECIPIENTS, REQUEST, Court
from tests.contracts.world import STRANGER, address, b32
from yinzheng.ledger.chain.contracts import MOVES
from yinzheng.ledger.chain.records import Receipt, ReceiptState, Withdrawal, WithdrawalState
from yinzheng.ledger.chain.reverts import NotEntitled, ValueRefused, WrongState
from yinzheng.ledger.chain.sender import Call, Sender
from yinzheng.verifier.errors import YinzhengError

SAID = b32(60)
UNTIL = 30 * DAY


def frozen(court: Court, **options: Any) -> Withdrawal:
    court.send(court.withdraw(**options))
    court.send(court.client.frozen(CONSENT, SAID))
    return court.withdrawal()


def receipts(court: Court) -> None:
    for recipient in RECIPIENTS:
        court.send(court.client.receipt(CONSENT, recipient, SAID))


def every_move(court: Court) -> dict[str, Call]:
    client = court.client
    return {
        "open": court.withdraw(),
        "frozen": client.frozen(CONSENT, SAID),
        "receipt": client.receipt(CONSENT, RECIPIENTS[0], SAID),
        "announceReceipt": client.announce_receipt(CONSENT, SAID),
        "complete": client.complete(CONSENT, SAID),
        "restrict": client.restrict(CONSENT, SAID, court.now + UNTIL),
    }


def test_a_withdrawal_from_request_to_completion(court: Court) -> None:
    assert court.client.withdrawal(CONSENT) is None
    court.send(court.withdraw(ago=HOUR))
    received, opened = court.now - 1 - HOUR, court.now
    court.send(court.client.frozen(CONSENT, SAID))
    frozen_at = court.now
    assert court.refused(court.client.complete(CONSENT, SAID)) == "receipts-missing"
    for number, recipient in enumerate(RECIPIENTS, 1):
        expected = court.client.receipt_of(CONSENT, recipient)
        assert expected == Receipt(ReceiptState.EXPECTED, False, 0, bytes(32))
        court.send(court.client.receipt(CONSENT, recipient, b32(60 + number)))
        given = court.client.receipt_of(CONSENT, recipient)
        assert given == Receipt(ReceiptState.GIVEN, False, court.now, b32(60 + number))
    court.send(court.client.complete(CONSENT, b32(69)))
    assert court.withdrawal() == Withdrawal(
        id=CONSENT,
        state=WithdrawalState.COMPLETED,
        minor=False,
        recipients=2,
        receipts=2,
        holds=0,
        late=False,
        received_at=received,
        frozen_at=frozen_at,
        restricted_at=0,
        opened_at=opened,
        restricted_until=0,
        completed_at=court.now,
        changed_at=court.now,
        request=REQUEST,
        outcome=b32(69),
    )
    assert not court.client.is_overdue(CONSENT, court.now + 10**9)
    assert court.client.overdue_since(CONSENT) is None


@pytest.mark.parametrize(
    ("state", "allowed"),
    [
        (WithdrawalState.NONE, {"open"}),
        (WithdrawalState.REQUESTED, {"frozen", "receipt", "announceReceipt"}),
        (WithdrawalState.FROZEN, {"receipt", "announceReceipt", "complete", "restrict"}),
        (WithdrawalState.RESTRICTED, {"receipt", "announceReceipt", "complete", "restrict"}),
        (WithdrawalState.COMPLETED, set()),
    ],
)
def test_the_table_of_moves(court: Court, state: WithdrawalState, allowed: set[str]) -> None:
    """What the table does not list is refused as a wrong state; what it lists may lack something else."""
    if state is WithdrawalState.REQUESTED:
        court.send(court.withdraw())
    elif state is not WithdrawalState.NONE:
        frozen(court)
    if state is WithdrawalState.RESTRICTED:
        court.send(court.client.restrict(CONSENT, SAID, court.now + UNTIL))
    if state is WithdrawalState.COMPLETED:
        receipts(court)
        court.send(court.client.complete(CONSENT, SAID))
    found = court.client.withdrawal(CONSENT)
    assert (found.state if found else WithdrawalState.NONE) is state
    codes = {name: court.code(call) for name, call in every_move(court).items()}
    expected = {name: None if name in allowed else "withdrawal-state" for name in codes}
    if "complete" in allowed:
        expected["complete"] = "receipts-missing"
    assert codes == expected


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"ago": -2}, "withdrawal-received"),
        ({"ago": DAY}, "withdrawal-received"),
        ({"recipients": ()}, "recipient-count"),
        ({"recipients": [b32(n) for n in range(1, 34)]}, "recipient-count"),
        ({"recipients": [b32(1), b32(1)]}, "recipients-order"),
        ({"recipients": [bytes(32), b32(1)]}, "recipients-order"),
        ({"request": bytes(32)}, "identifier-zero"),
        ({"id_": bytes(32)}, "identifier-zero"),
        ({"consent": bytes(32)}, "identifier-zero"),
        ({"consent": b32(83)}, "withdrawal-turn"),
    ],
)
def test_what_a_withdrawal_cannot_be(court: Court, changes: dict[str, Any], code: str) -> None:
    assert court.refused(court.withdraw(**changes)) == code
    assert court.client.withdrawal(CONSENT) is None


def test_withdrawals_of_one_consent_are_counted(court: Court) -> None:
    """D15: the first stands under the consent itself, each later one elsewhere; each counts."""
    later, other = b32(83), b32(84)
    assert court.client.withdrawals_opened(CONSENT) == 0
    assert court.refused(court.withdraw(later, consent=CONSENT)) == "withdrawal-turn"
    court.send(court.withdraw())
    assert court.refused(court.withdraw()) == "withdrawal-state"
    court.send(court.withdraw(later, consent=CONSENT))
    court.send(court.withdraw(other))
    assert court.refused(court.withdraw(later, consent=other)) == "withdrawal-state"
    court.send(court.client.frozen(later, SAID))
    counts = {id_: court.client.withdrawals_opened(id_) for id_ in (CONSENT, later, other)}
    assert counts == {CONSENT: 2, later: 0, other: 1}


@pytest.mark.parametrize("ago", [-1, DAY - 1])
def test_receipt_within_the_last_day(court: Court, ago: int) -> None:
    """`ago` counts from the latest block, and the next is a second later."""
    court.send(court.withdraw(ago=ago))


def test_thirty_two_recipients_and_none_twice(court: Court) -> None:
    many = [b32(n) for n in range(1, 33)]
    court.send(court.withdraw(recipients=many))
    assert court.withdrawal().recipients == 32
    for recipient in many:
        court.send(court.client.receipt(CONSENT, recipient, SAID))
        assert court.refused(court.client.receipt(CONSENT, recipient, SAID)) == "receipt-state"
    assert court.withdrawal().receipts == 32


def test_receipts_of_strangers_and_of_other_withdrawals(court: Court) -> None:
    frozen(court)
    court.send(court.withdraw(b32(500), recipients=[b32(501)]))
    for stranger in (b32(501), b32(404), bytes(32)):
        assert court.refused(court.client.receipt(CONSENT, stranger, SAID)) == "receipt-state"
        assert court.client.receipt_of(CONSENT, stranger) is None


def test_the_clock_of_72_hours(court: Court) -> None:
    court.send(court.withdraw(ago=5 * HOUR))
    deadline = court.withdrawal().received_at + 72 * HOUR
    assert court.client.deadline(CONSENT) == deadline
    assert court.client.freeze_deadline(CONSENT) is None
    assert not court.client.is_overdue(CONSENT, deadline)
    assert court.client.is_overdue(CONSENT, deadline + 1)
    court.send(court.client.frozen(CONSENT, SAID))
    for instant, since in ((deadline, None), (deadline + 1, deadline)):
        court.pass_to(instant)
        # By its number: of the newest block one asks what holds in the block to come, a second later here.
        assert court.client.overdue_since(CONSENT, court.world.w3.eth.block_number) == since
    receipts(court)
    given = court.client.receipt_of(CONSENT, RECIPIENTS[0])
    assert given is not None
    assert (given.late, given.given_at > deadline) == (True, True)
    court.send(court.client.complete(CONSENT, SAID))
    assert court.withdrawal().late
    assert court.client.overdue_since(CONSENT) is None


def test_the_clock_of_48_hours_for_minors(court: Court) -> None:
    court.send(court.withdraw(ago=HOUR, minor=True))
    received = court.withdrawal().received_at
    freeze, deadline = received + 48 * HOUR, received + 72 * HOUR
    assert (court.client.freeze_deadline(CONSENT), court.client.deadline(CONSENT)) == (freeze, deadline)
    assert not court.client.is_overdue(CONSENT, freeze)
    assert court.client.is_overdue(CONSENT, freeze + 1)
    court.pass_to(freeze + 1)
    assert court.client.overdue_since(CONSENT) == freeze
    receipts(court)
    given = court.client.receipt_of(CONSENT, RECIPIENTS[0])
    assert given is not None
    assert not given.late, "the recipient is in time though the controller is not"
    court.send(court.client.frozen(CONSENT, SAID))
    assert court.withdrawal().late
    assert court.client.overdue_since(CONSENT) is None
    assert court.client.is_overdue(CONSENT, deadline + 1)


def test_a_minors_freeze_in_time_leaves_the_other_clock(court: Court) -> None:
    withdrawal = frozen(court, minor=True)
    deadline = withdrawal.received_at + 72 * HOUR
    assert not court.client.is_overdue(CONSENT, deadline)
    assert court.client.is_overdue(CONSENT, deadline + 1)
    assert not withdrawal.late


def test_overdue_is_told_of_the_state_since_the_last_change(court: Court) -> None:
    frozen(court)
    changed = court.withdrawal().changed_at
    with pytest.raises(ValueRefused) as caught:
        court.client.is_overdue(CONSENT, changed - 1)
    assert caught.value.code == "instant-past"
    block = court.world.w3.eth.block_number - 1
    assert court.client.is_overdue(CONSENT, changed - 1, block) is False


def test_unknown_withdrawals_have_no_clock(court: Court) -> None:
    client = court.client
    for ask in (client.deadline, client.freeze_deadline, client.overdue_since):
        with pytest.raises(WrongState) as caught:
            ask(CONSENT)
        assert caught.value.code == "withdrawal-unknown"


def test_restriction(court: Court) -> None:
    frozen(court)
    client = court.client
    for until in (court.now + 1, court.now, 0, court.now + 50 * 366 * DAY + 20):
        assert court.refused(client.restrict(CONSENT, SAID, until)) == "restriction-end"
    until = court.now + UNTIL
    court.send(client.restrict(CONSENT, b32(61), until))
    shown = court.withdrawal()
    assert (shown.state, shown.restricted_until, shown.outcome) == (
        WithdrawalState.RESTRICTED,
        until,
        b32(61),
    )
    assert shown.restricted_at == court.now
    assert client.deadline(CONSENT) == until + 72 * HOUR
    assert not client.is_overdue(CONSENT, until + 72 * HOUR)
    assert client.is_overdue(CONSENT, until + 72 * HOUR + 1)
    receipts(court)
    assert court.refused(client.complete(CONSENT, SAID)) == "restriction-not-ended"
    court.world.next_block_at(until)
    court.send(client.complete(CONSENT, SAID))
    assert court.withdrawal().completed_at == until
    assert not court.withdrawal().late


def test_a_restriction_may_end_earlier_and_does_not_whitewash(court: Court) -> None:
    frozen(court)
    court.pass_to(court.client.deadline(CONSENT) + 1)
    court.send(court.client.restrict(CONSENT, SAID, court.now + UNTIL))
    assert court.withdrawal().late
    receipts(court)
    end = court.now + 2
    court.send(court.client.restrict(CONSENT, SAID, end))
    court.world.next_block_at(end)
    court.send(court.client.complete(CONSENT, SAID))
    assert court.withdrawal().late


def test_only_completion_waits_for_a_hold(court: Court) -> None:
    """R36: the withdrawal is accepted and everything that narrows passes."""
    client, module = court.client, Sender(court.world.w3, STRANGER, lambda _: None)
    court.send(client.grant_role(MOVES, address(STRANGER)), court.world.admin)
    hold = Call(client.modules.consents, _data(court, "hold"), 200_000)
    release = Call(client.modules.consents, _data(court, "release"), 200_000)
    assert court.refused(release, module) == "holds-outside"
    court.send(hold, module)
    assert court.withdrawal().state is WithdrawalState.NONE
    assert court.withdrawal().holds == 1
    with pytest.raises(WrongState):
        client.deadline(CONSENT)
    frozen(court)
    receipts(court)
    assert court.refused(client.complete(CONSENT, SAID)) == "consent-held"
    court.send(client.restrict(CONSENT, SAID, court.now + 3))
    court.pass_to(court.now + 5)
    assert court.refused(client.complete(CONSENT, SAID)) == "consent-held"
    court.send(release, module)
    court.send(client.complete(CONSENT, SAID))
    court.send(hold, module)
    assert court.withdrawal().state is WithdrawalState.COMPLETED


def _data(court: Court, name: str) -> bytes:
    return court.client._call("consents", name, [CONSENT, SAID]).data


def test_zero_is_no_statement(court: Court) -> None:
    frozen(court)
    client, zero = court.client, bytes(32)
    for call in (
        client.frozen(CONSENT, zero),
        client.receipt(CONSENT, RECIPIENTS[0], zero),
        client.complete(CONSENT, zero),
        client.restrict(CONSENT, zero, court.now + 60),
    ):
        assert court.refused(call) == "identifier-zero"


def test_a_hold_is_of_a_consent_and_has_a_ground(court: Court) -> None:
    world, zero = court.world, bytes(32)
    world.send(court.client.grant_role(MOVES, address(STRANGER)), world.admin)
    module = Sender(world.w3, STRANGER, lambda _: None)
    for name, given, code in (
        ("hold", [zero, SAID], "identifier-zero"),
        ("hold", [CONSENT, zero], "identifier-zero"),
        ("release", [CONSENT, zero], "identifier-zero"),
        ("release", [CONSENT, SAID], "holds-outside"),
    ):
        call = Call(court.client.modules.consents, court.client._call("consents", name, given).data, 200_000)
        with pytest.raises(YinzhengError) as caught:
            court.client.simulate(call, module.address)
        assert caught.value.code == code


def test_only_the_relay_submits_and_only_modules_hold(court: Court) -> None:
    stranger = Sender(court.world.w3, STRANGER, lambda _: None)
    moves = every_move(court) | {
        "announced": court.client.announced_receipt(CONSENT, RECIPIENTS[0], SAID, SAID)
    }
    del moves["announceReceipt"]  # which anyone may (S24.5)
    for call in moves.values():
        for sender in (stranger, court.world.admin):
            with pytest.raises(NotEntitled):
                court.client.simulate(call, sender.address)
    for name in ("hold", "release"):
        call = Call(court.client.modules.consents, _data(court, name), 200_000)
        for sender in (court.world.relay, stranger, court.world.admin):
            with pytest.raises(NotEntitled):
                court.send(call, sender)


def test_sending_says_what_simulating_says(court: Court) -> None:
    for call in (court.client.complete(CONSENT, SAID), court.withdraw(recipients=())):
        with pytest.raises(YinzhengError) as caught:
            court.client.simulate(call, court.world.relay.address)
        assert caught.value.code == court.refused(call)

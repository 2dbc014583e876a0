"""Withdrawals and disputes read from their words: packing, clocks, and words no contract writes."""

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verifier.world import slot_of
from yinzheng.verifier.bytes.algorithms import keccak256
from yinzheng.verifier.chain import layout_consents as consents
from yinzheng.verifier.chain import layout_disputes as disputes
from yinzheng.verifier.chain.layout_consents import ChainReceipt, ChainWithdrawal, overdue_since
from yinzheng.verifier.errors import DataFault, UsageFault

ID, OTHER, REQUEST, OUTCOME = (bytes([n]) * 32 for n in (1, 2, 3, 4))
AT = 1_795_000_000
HOUR = 3600


def packed(*fields: tuple[int, int]) -> int:
    """Fields of (value, bytes), the first in the least significant bytes."""
    return int.from_bytes(b"".join(value.to_bytes(size, "little") for value, size in fields), "little")


def requested(**changes: Any) -> ChainWithdrawal:
    return dataclasses.replace(
        ChainWithdrawal(
            consents.REQUESTED, False, 3, 0, 0, False, AT, 0, 0, AT + 60, 0, 0, AT + 60, REQUEST, None
        ),
        **changes,
    )


def frozen(**changes: Any) -> ChainWithdrawal:
    return requested(state=consents.FROZEN, frozen_at=AT + 99, changed_at=AT + 99, **changes)


def completed(**changes: Any) -> ChainWithdrawal:
    done = {"state": consents.COMPLETED, "receipts": 3, "completed_at": AT + 199, "outcome": OUTCOME}
    return dataclasses.replace(frozen(), **{**done, **changes})


def restricted(**changes: Any) -> ChainWithdrawal:
    until = {"restricted_at": AT + 199, "restricted_until": AT + 900 * HOUR, "outcome": OUTCOME}
    return dataclasses.replace(frozen(), **{"state": consents.RESTRICTED, **until, **changes})


def withdrawal_words(w: ChainWithdrawal, spare: int = 0) -> list[int]:
    counts = ((w.recipients, 1), (w.receipts, 1), (w.holds, 2), (w.late, 1), (spare, 1))
    return [
        packed(
            (w.state, 1), (w.minor, 1), *counts, (w.received_at, 8), (w.frozen_at, 8), (w.restricted_at, 8)
        ),
        packed((w.opened_at, 8), (w.restricted_until, 8), (w.completed_at, 8), (w.changed_at, 8)),
        int.from_bytes(w.request, "big"),
        int.from_bytes(w.outcome or b"", "big"),
    ]


def refused(call: Any, *arguments: Any) -> str:
    with pytest.raises(DataFault) as caught:
        call(*arguments)
    return caught.value.code


def consecutive(first: int, count: int) -> list[bytes]:
    return [(first + at).to_bytes(32, "big") for at in range(count)]


def entry(key: bytes, slot: int) -> int:
    return int.from_bytes(slot_of(key, slot), "big")


def test_slots() -> None:
    assert consents.withdrawal_slots(ID) == consecutive(entry(ID, 1), 4)
    assert consents.receipt_slots(ID, OTHER) == consecutive(entry(OTHER, entry(ID, 2)), 2)
    assert consents.opened_slot(ID) == slot_of(ID, 3)
    first, later = consents.withdrawal_slots(ID), consents.withdrawal_slots(OTHER)
    assert consents.consent_slots([ID]) == [slot_of(ID, 3), *first]
    assert consents.consent_slots([ID, OTHER]) == [slot_of(ID, 3), *first, *later]
    assert disputes.dispute_slots(ID) == consecutive(entry(ID, 3), 6)
    assert disputes.evidence_slots(ID, OTHER) == consecutive(entry(OTHER, entry(ID, 4)), 2)
    for at, kind in ((0, "records"), (1, "cases"), (2, "consents")):
        length = (entry(ID, 6) + at).to_bytes(32, "big")
        entries = consecutive(int.from_bytes(keccak256(length), "big"), 3)
        assert disputes.subject_slots(ID, kind, 3) == [length, *entries]  # type: ignore[arg-type]  # of a table
    length = slot_of(ID, 5)
    assert disputes.party_slots(ID, 0) == [length]
    assert disputes.party_slots(ID, 1)[1] == keccak256(length)


class TestWithdrawal:
    @pytest.mark.parametrize(
        "state",
        [
            requested(),
            requested(minor=True, holds=2**16 - 1, late=True, receipts=3),
            frozen(recipients=32),
            completed(),
            completed(restricted_at=AT + 150, restricted_until=AT + 160, holds=1),
            restricted(),
        ],
    )
    def test_read_from_its_words(self, state: ChainWithdrawal) -> None:
        assert consents.decode_withdrawal(withdrawal_words(state)) == state

    def test_none_and_only_held(self) -> None:
        assert consents.decode_withdrawal([0] * 4) is None
        for holds in (0, 7):  # released again, or held
            words = [packed((0, 4), (holds, 2)), packed((0, 24), (AT, 8)), 0, 0]
            found = consents.decode_withdrawal(words)
            assert found is not None
            assert (found.state, found.holds, found.changed_at) == (consents.NONE, holds, AT)
            assert overdue_since(found, AT + 1000 * HOUR) is None
            assert refused(consents.decode_withdrawal, [words[0] | 1 << 8, *words[1:]]) == "withdrawal-layout"
            assert refused(consents.decode_withdrawal, [*words[:2], 0, 1]) == "withdrawal-layout"
        assert refused(consents.decode_withdrawal, [packed((0, 4), (7, 2)), 0, 0, 0]) == "withdrawal-layout"

    @pytest.mark.parametrize(
        "state",
        [
            requested(state=5),
            requested(recipients=0),
            requested(recipients=33),
            requested(receipts=4),
            requested(received_at=0),
            requested(received_at=AT + 61),
            requested(changed_at=AT + 59),
            requested(frozen_at=AT),
            requested(completed_at=AT),
            requested(restricted_at=AT),
            requested(restricted_at=AT, restricted_until=AT),
            requested(outcome=OUTCOME),
            requested(request=bytes(32)),
            dataclasses.replace(frozen(), frozen_at=0),
            completed(receipts=2),
            completed(outcome=None),
            completed(completed_at=0),
            restricted(restricted_at=0, restricted_until=0),
            restricted(outcome=None),
        ],
    )
    def test_words_the_contract_cannot_have_written(self, state: ChainWithdrawal) -> None:
        assert refused(consents.decode_withdrawal, withdrawal_words(state)) == "withdrawal-layout"

    @pytest.mark.parametrize(("byte", "value"), [(1, 2), (6, 2), (7, 1)])
    def test_values_out_of_range(self, byte: int, value: int) -> None:
        words = withdrawal_words(requested())
        words[0] |= value << 8 * byte
        assert refused(consents.decode_withdrawal, words) == "withdrawal-layout"

    @given(st.integers(0, 10**7), st.booleans(), st.sampled_from([requested, frozen, completed, restricted]))
    def test_overdue_follows_from_the_words_alone(self, after: int, minor: bool, make: Any) -> None:
        state = make(minor=minor)
        due = AT + 72 * HOUR
        if state.state == consents.REQUESTED and minor:
            due = AT + 48 * HOUR
        elif state.state == consents.RESTRICTED:
            due = AT + 972 * HOUR
        at = state.changed_at + after
        expected = due if at > due and state.state != consents.COMPLETED else None
        assert overdue_since(state, at) == expected

    def test_the_last_second_is_in_time(self) -> None:
        child = requested(minor=True)
        assert child.freeze_by == AT + 48 * HOUR
        assert requested().freeze_by is None
        assert overdue_since(child, child.freeze_by) is None
        assert overdue_since(child, child.freeze_by + 1) == child.freeze_by
        assert overdue_since(frozen(), frozen().destroy_by) is None
        assert overdue_since(frozen(), frozen().destroy_by + 1) == AT + 72 * HOUR

    def test_no_answer_about_a_time_before_the_last_change(self) -> None:
        with pytest.raises(UsageFault) as caught:
            overdue_since(frozen(), frozen().changed_at - 1)
        assert caught.value.code == "instant-before-change"


class TestReceipt:
    def test_read_from_its_words(self) -> None:
        assert consents.decode_receipt([0, 0]) is None
        assert consents.decode_receipt([1, 0]) == ChainReceipt(False, False, 0, None)
        words = [packed((2, 1), (1, 1), (AT, 8)), int.from_bytes(REQUEST, "big")]
        assert consents.decode_receipt(words) == ChainReceipt(True, True, AT, REQUEST)

    @pytest.mark.parametrize(
        "words",
        [
            [0, 1],
            [256, 0],
            [1, 1],
            [packed((1, 2), (AT, 8)), 0],
            [packed((3, 2), (AT, 8)), 1],
            [packed((2, 1), (2, 1), (AT, 8)), 1],
            [packed((2, 2), (AT, 8), (1, 1)), 1],
            [packed((2, 2), (AT, 8)), 0],
            [2, 1],
        ],
    )
    def test_words_the_contract_cannot_have_written(self, words: list[int]) -> None:
        assert refused(consents.decode_receipt, words) == "withdrawal-layout"


DISPUTE = disputes.ChainDispute(
    disputes.OPEN, disputes.BY_PARTY, 2, 64, 1, AT, 0, AT + 5, REQUEST, OTHER, None, b"\x07" * 20, None
)


def dispute(**changes: Any) -> disputes.ChainDispute:
    return dataclasses.replace(DISPUTE, **changes)


def released(**changes: Any) -> disputes.ChainDispute:
    end = {"state": disputes.RELEASED, "released_at": AT + 9, "changed_at": AT + 9, "outcome": OUTCOME}
    return dispute(**{**end, **changes})


def dispute_words(d: disputes.ChainDispute) -> list[int]:
    counts = ((d.kind, 1), (d.parties, 1), (d.subjects, 1), (d.roots, 4))
    first = packed((d.state, 1), *counts, (d.opened_at, 8), (d.released_at, 8), (d.changed_at, 8))
    rest = (d.statement, d.root, d.outcome, d.opened_by, d.released_by)
    return [first, *(int.from_bytes(value or b"", "big") for value in rest)]


class TestDispute:
    @pytest.mark.parametrize(
        "state",
        [
            dispute(),
            dispute(kind=disputes.BY_FORUM, roots=0, root=None, changed_at=AT),
            released(),
            released(released_by=b"\x08" * 20),
        ],
    )
    def test_read_from_its_words(self, state: disputes.ChainDispute) -> None:
        assert disputes.decode_dispute(dispute_words(state)) == state

    @pytest.mark.parametrize(
        "state",
        [
            dispute(state=0),
            dispute(state=3),
            dispute(kind=0),
            dispute(parties=1),
            dispute(parties=17),
            dispute(subjects=0),
            dispute(subjects=65),
            dispute(root=None),
            dispute(roots=0),
            dispute(roots=0, root=None),
            dispute(opened_at=0),
            dispute(changed_at=AT - 1),
            dispute(released_at=AT + 5),
            dispute(outcome=OUTCOME),
            dispute(released_by=b"\x08" * 20),
            dispute(opened_by=bytes(20)),
            dispute(opened_by=b"\x01" * 21),
            dispute(statement=bytes(32)),
            released(released_at=AT + 8),
            released(outcome=None),
            released(released_by=b"\x01" * 21),
        ],
    )
    def test_words_the_contract_cannot_have_written(self, state: disputes.ChainDispute) -> None:
        assert refused(disputes.decode_dispute, dispute_words(state)) == "dispute-layout"

    def test_none(self) -> None:
        assert disputes.decode_dispute([0] * 6) is None
        assert disputes.decode_evidence([0, 0]) is None
        assert disputes.decode_parties([0]) == ()

    def test_evidence(self) -> None:
        words = [packed((AT, 8), (7, 4)), int.from_bytes(REQUEST, "big")]
        assert disputes.decode_evidence(words) == disputes.ChainEvidence(7, AT, REQUEST)
        for wrong in ([words[0], 0], [packed((0, 8), (7, 4)), 1], [words[0] | 1 << 96, 1]):
            assert refused(disputes.decode_evidence, wrong) == "dispute-layout"

    def test_lists(self) -> None:
        assert disputes.decode_parties([2, 1, 2**160 - 1]) == (b"\0" * 19 + b"\1", b"\xff" * 20)
        assert disputes.decode_subjects([1, 2**160]) == ((2**160).to_bytes(32, "big"),)
        for wrong in ([1], [1, 1, 2], [2, 2, 1], [2, 1, 1], [1, 0]):
            assert refused(disputes.decode_subjects, wrong) == "dispute-layout"
        assert refused(disputes.decode_parties, [1, 2**160]) == "dispute-layout"

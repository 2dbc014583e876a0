"""Slots and records: against the contracts' own layout, and the packing of S5.3 written out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verifier.world import NUMBER, RecordState, record_slots, root_slot
from yinzheng.verifier.chain import layout
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.log.statement import certificate_subject

LAYOUT = Path(__file__).parents[3] / "contracts" / "artifacts" / "layout.json"


def test_the_slots_are_those_of_the_compiled_contracts() -> None:
    assert json.loads(LAYOUT.read_text()) == {
        "anchor.roots": layout.ANCHOR_ROOTS,
        "rights.records": layout.RIGHTS_RECORDS,
        "rights.cases": layout.RIGHTS_CASES,
        "consent.withdrawals": layout.CONSENT_WITHDRAWALS,
        "consent.receipts": layout.CONSENT_RECEIPTS,
        "consent.opened": layout.CONSENT_OPENED,
        "preservation.cases": layout.PRESERVATION_CASES,
        "preservation.evidence": layout.PRESERVATION_EVIDENCE,
        "preservation.parties": layout.PRESERVATION_PARTIES,
        "preservation.subjects": layout.PRESERVATION_SUBJECTS,
        "holders.organisations": layout.HOLDERS_ORGANISATIONS,
        "moves.licences": layout.MOVES_LICENCES,
        "moves.given": layout.MOVES_GIVEN,
        "moves.lines": layout.MOVES_LINES,
        "standing.remarks": layout.STANDING_REMARKS,
        "standing.marks": layout.STANDING_MARKS,
    }


def test_entries_of_mappings() -> None:
    assert layout.root_slot(6) == root_slot(6)
    assert layout.record_slots(certificate_subject(NUMBER)) == record_slots(NUMBER)


@given(
    st.builds(
        RecordState,
        content=st.binary(min_size=32, max_size=32),
        status=st.sampled_from([1, 2, 4]),
        procedure=st.integers(1, 2),
        remarks=st.integers(0, 31),
        holds=st.integers(0, 2**16 - 1),
        objections=st.integers(0, 2**16 - 1),
        deposited_at=st.integers(0, 2**64 - 1),
        valid_until=st.integers(0, 2**64 - 1),
        changed_at=st.integers(0, 2**64 - 1),
        successor=st.binary(min_size=32, max_size=32),
        reserved_until=st.integers(0, 2**64 - 1),
        reserved_by=st.binary(min_size=20, max_size=20),
        case_id=st.binary(min_size=32, max_size=32),
        holdings=st.binary(min_size=32, max_size=32),
        predecessor=st.binary(min_size=32, max_size=32),
        remainder=st.sampled_from([bytes(32), b"\1" * 32]),
    )
)
def test_a_record_is_read_from_its_words(state: RecordState) -> None:
    record = layout.decode_record(state.words())
    assert record is not None
    assert sum(layout.REMARK_BITS[kind] for kind in record.remarks) == state.remarks
    for name in ("successor", "predecessor", "remainder"):
        assert getattr(record, name) == (getattr(state, name) if any(getattr(state, name)) else None)
    for name in (
        "content",
        "status",
        "procedure",
        "holds",
        "objections",
        "deposited_at",
        "valid_until",
        "changed_at",
        "reserved_until",
        "reserved_by",
        "case_id",
        "holdings",
    ):
        assert getattr(record, name) == getattr(state, name)


@given(by=st.integers(0, 15), ground=st.integers(0, 15), status=st.integers(1, 4))
def test_who_had_it_cancelled_and_why(by: int, ground: int, status: int) -> None:
    words = RecordState(content=b"\1" * 32, status=status, ending=16 * by + ground).words()
    if status == layout.CANCELLED and 1 <= by <= 3 and 1 <= ground <= 6:
        record = layout.decode_record(words)
        assert record is not None
        assert record.ending == (layout.INITIATORS[by - 1], layout.GROUNDS[ground - 1])
    elif status != layout.CANCELLED and not by and not ground:
        assert layout.decode_record(words) is not None
    else:
        with pytest.raises(DataFault) as caught:
            layout.decode_record(words)
        earlier = status == layout.CANCELLED and not by and not ground
        assert caught.value.code == ("record-earlier" if earlier else "record-layout")


def test_no_record() -> None:
    assert layout.decode_record([0] * 8) is None
    for at in range(8):
        words = [0] * 8
        words[at] = 1 << 100
        with pytest.raises(DataFault) as caught:
            layout.decode_record(words)
        assert caught.value.code == "record-layout"

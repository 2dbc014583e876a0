"""Retention, approvals in order, witnesses, tombstones (R39, R42 to R44)."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ledger.rules.times import at, local
from yinzheng.ledger.rules.destruction import (
    Approval,
    DestructionRecord,
    Function,
    Method,
    check_destruction,
    may_restore,
    next_step,
    steps,
    tombstone,
)
from yinzheng.ledger.rules.retention import (
    Blocker,
    RecordKind,
    blockers,
    kept_until,
    months_after,
)
from yinzheng.verifier.bytes.algorithms import digest_pair
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats import tombstone as stones

F = Function
ORDER = [
    Approval("a", F.DATA_MANAGER, 1),
    Approval("b", F.DEPARTMENT_HEAD, 2),
    Approval("c", F.LEGAL, 2),
    Approval("d", F.ETHICS, 4),
]
RECORD = DestructionRecord(
    content="一份同意记录及其密钥",
    proposer="p",
    method=Method.KEY_DESTRUCTION,
    medical=True,
    approvals=tuple(ORDER),
    operator="o",
    witnesses=("w", "x"),
    evidence=(digest_pair(b"log"),),
    destroyed_at=5,
)


@pytest.mark.parametrize(
    ("kind", "since", "until"),
    [
        (RecordKind.REGISTRATION_FILE, "2026-11-21 12:00", "2056-11-21 00:00:00"),
        (RecordKind.ACCESS_LOG, "2026-08-31 23:59", "2027-03-01 00:00:00"),
        (RecordKind.ACCESS_LOG, "2027-08-31 00:00", "2028-03-01 00:00:00"),
        (RecordKind.ACCESS_LOG, "2026-06-30 00:00", "2026-12-30 00:00:00"),
        (RecordKind.OUTPATIENT_RECORD, "2024-02-29 08:00", "2039-03-01 00:00:00"),
        (RecordKind.INPATIENT_RECORD, "2026-01-01 00:00", "2056-01-01 00:00:00"),
    ],
)
def test_periods(kind: RecordKind, since: str, until: str) -> None:
    assert local(kept_until(kind, at(since))) == until


@given(st.integers(0, 4 * 10**9), st.integers(1, 1200))
def test_months_move_forward(instant: int, months: int) -> None:
    assert instant < months_after(instant, months) <= months_after(instant, months + 1)
    assert months_after(months_after(instant, 12), 12) <= months_after(instant, 24) + 86_400


def test_a_hold_outranks_the_end_of_retention() -> None:
    assert blockers(holds=0, kept_until=None, now=5) == frozenset()
    assert blockers(holds=0, kept_until=5, now=5) == frozenset()
    assert blockers(holds=0, kept_until=6, now=5) == {Blocker.RETENTION}
    assert blockers(holds=2, kept_until=5, now=5) == {Blocker.HOLD}
    assert blockers(holds=1, kept_until=6, now=5) == {Blocker.HOLD, Blocker.RETENTION}


def test_words_are_those_of_the_format() -> None:
    assert tuple(Method) == stones.METHODS
    assert sorted(Function) == list(stones.APPROVERS)


@pytest.mark.parametrize("medical", [True, False])
def test_approvals_come_one_after_the_other(medical: bool) -> None:
    for count, step in enumerate(steps(medical=medical)):
        assert next_step(ORDER[:count], medical=medical) == step
    assert next_step(ORDER[: len(steps(medical=medical))], medical=medical) == frozenset()
    by_security = [*ORDER[:2], Approval("c", F.SECURITY, 3)]
    assert next_step(by_security, medical=False) == frozenset()


@pytest.mark.parametrize("functions", list(itertools.product(F, repeat=3)))
def test_no_other_order(functions: tuple[Function, ...]) -> None:
    given_ = [Approval(str(i), function, i) for i, function in enumerate(functions)]
    lawful = functions[:2] == (F.DATA_MANAGER, F.DEPARTMENT_HEAD) and functions[2] in (F.LEGAL, F.SECURITY)
    if lawful:
        assert next_step(given_, medical=False) == frozenset()
        return
    with pytest.raises(UsageFault) as refused:
        next_step(given_, medical=False)
    assert refused.value.code == "destruction-order"


def test_approvals_by_distinct_people_in_time() -> None:
    for approvals, code in (
        (ORDER, "destruction-order"),  # one too many where nothing is medical
        ([ORDER[0], replace(ORDER[1], person="a")], "destruction-person"),
        ([ORDER[0], replace(ORDER[1], at=0)], "destruction-time"),
    ):
        with pytest.raises(UsageFault) as refused:
            next_step(approvals, medical=False)
        assert refused.value.code == code


PARTS = ("proposer", "operator", 0, 1, 2, 3, "first witness", "second witness")
"""Everyone named in a destruction; the numbers are approvers in their order."""


def named(part: str | int, person: str, record: DestructionRecord) -> DestructionRecord:
    """The record with that person in that part."""
    if isinstance(part, int):
        approvals = list(record.approvals)
        approvals[part] = replace(approvals[part], person=person)
        return replace(record, approvals=tuple(approvals))
    if part == "proposer":
        return replace(record, proposer=person)
    if part == "operator":
        return replace(record, operator=person)
    first, second = record.witnesses
    return replace(record, witnesses=(person, second) if part == "first witness" else (first, person))


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(PARTS, 2)))
def test_no_two_parts_are_one_persons(one: str | int, other: str | int) -> None:
    """R43: whoever proposes does not approve, witness or carry out; nor do any other two of them meet."""
    with pytest.raises(UsageFault) as caught:
        check_destruction(named(other, "zhao", named(one, "zhao", RECORD)), frozenset())
    assert caught.value.code == "destruction-person"
    check_destruction(named(one, "zhao", RECORD), frozenset())


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"approvals": tuple(ORDER[:3])}, "destruction-approval"),
        ({"approvals": ()}, "destruction-approval"),
        ({"witnesses": ("w",)}, "destruction-witnesses"),
        ({"witnesses": ("w", "x", "y")}, "destruction-witnesses"),
        ({"witnesses": ("w", "w")}, "destruction-person"),
        ({"witnesses": ("w", "a")}, "destruction-person"),
        ({"operator": "b"}, "destruction-person"),
        ({"operator": "x"}, "destruction-person"),
        ({"destroyed_at": 3}, "destruction-early"),
        ({"content": " "}, "destruction-record"),
        ({"evidence": ()}, "destruction-record"),
    ],
)
def test_refused(change: dict[str, object], code: str) -> None:
    with pytest.raises(UsageFault) as refused:
        check_destruction(replace(RECORD, **change), frozenset())  # type: ignore[arg-type]
    assert refused.value.code == code


def test_destruction() -> None:
    check_destruction(RECORD, frozenset())
    check_destruction(replace(RECORD, medical=False, approvals=tuple(ORDER[:3])), frozenset())
    with pytest.raises(UsageFault) as refused:
        check_destruction(RECORD, frozenset(Blocker))
    assert refused.value.data["blockers"] == ["hold", "retention"]


def test_the_tombstone_names_nobody() -> None:
    stone = tombstone(
        RECORD,
        statements=[b"2" * 32, b"1" * 32],
        ground="withdrawal",
        destroyed=["secret", "content", "key"],
        places=["database", "backups"],
    )
    assert stones.parse_tombstone(stone.to_json()) == stone
    assert stone.approved_by == ("data_manager", "department_head", "ethics", "legal")
    assert RECORD.content not in str(stone.to_json())


def test_a_backup_brings_no_destroyed_key_back() -> None:
    assert may_restore(frozenset({b"a", b"b"}), frozenset({b"b", b"c"})) == {b"a"}

"""The status of a certificate at a time, from the chain's record (S9.2, S9.3)."""

from __future__ import annotations

from typing import Final, NamedTuple, Protocol

from yinzheng.verifier.chain.evidence import Evidence, NotGiven
from yinzheng.verifier.chain.layout import CANCELLED, LAPSED, SUPERSEDED, ChainRecord, decode_record
from yinzheng.verifier.errors import DataFault, EnvironmentFault
from yinzheng.verifier.judge.live import Ledger
from yinzheng.verifier.judge.obligations import answer_age, not_from_future, record_words
from yinzheng.verifier.judge.report import Status
from yinzheng.verifier.judge.seals import sealed
from yinzheng.verifier.judge.trust import TrustPolicy

_FINAL: Final = {
    CANCELLED: Status.CANCELLED,
    SUPERSEDED: Status.SUPERSEDED,
    LAPSED: Status.LAPSED,
}


_OVER: Final = (*_FINAL.values(), Status.EXPIRED)
"""What a certificate never comes back from."""


class Question(NamedTuple):
    """What is asked: under which policy, when, about when, and of whom."""

    trust: TrustPolicy
    now: int
    at: int | None
    ledger: Ledger | None


class Recorded(Protocol):
    """What of a record its status follows from, whoever read it."""

    @property
    def status(self) -> int:
        """As the chain has it (S5.3)."""

    @property
    def deposited_at(self) -> int:
        """UTC seconds, as the others."""

    @property
    def valid_until(self) -> int:
        """The last second."""

    @property
    def holds(self) -> int:
        """Disputes that hold it."""

    @property
    def reserved_until(self) -> int:
        """Zero without a reservation."""


def status_at(record: Recorded, time: int) -> Status:
    """What a record says about ``time``, provided that nothing in it changed in between."""
    if time < record.deposited_at:
        return Status.NOT_YET
    if record.status in _FINAL:
        return _FINAL[record.status]
    if time > record.valid_until:
        return Status.EXPIRED
    if record.holds:
        return Status.HELD
    return Status.RESERVED if record.reserved_until > time else Status.IN_FORCE


def answer_status(
    record: ChainRecord | None, evidence: Evidence | None, question: Question, *, number: str, vouched: bool
) -> tuple[Status, str]:
    """The status now or at the time asked about, and `ok` or the reason why it cannot be told.

    ``record`` is obligation 9's, read in ``evidence``; ``vouched`` tells whether obligation 8 holds for it,
    so that no block from the past is taken with less.
    """
    if record is None or evidence is None:
        return Status.UNDETERMINED, "no-record"
    try:
        not_from_future(evidence, question.now)
    except DataFault as fault:
        return Status.UNDETERMINED, fault.code
    if question.at is None:
        return _status_now(record, evidence, question)
    # Before the deposit nothing later matters; after it, the record must not have changed since.
    same = record.changed_at <= question.at <= evidence.block.time
    if question.at < record.deposited_at or same or is_over(record, question.at):
        return status_at(record, question.at), "ok"
    if question.ledger is None:
        return Status.UNDETERMINED, "as-of-needs-archive"
    try:
        return _status_past(
            record, question.ledger, number, question.at, question.trust, vouched=vouched
        ), "ok"
    except (DataFault, EnvironmentFault, NotGiven) as fault:
        return Status.UNDETERMINED, fault.code


def is_over(record: ChainRecord, at: int) -> bool:
    """Whether it was over by then, of which no other block could tell otherwise: an end that has not changed
    since, or the end of its term.
    """
    return record.changed_at <= at if record.status in _FINAL else at > record.valid_until


def _status_now(record: ChainRecord, evidence: Evidence, question: Question) -> tuple[Status, str]:
    # A clock behind the chain's, by no more than (10) allows, is put right by the block.
    status = status_at(record, max(question.now, evidence.block.time))
    try:
        answer_age(evidence, question.trust, question.now, None)
    except DataFault as fault:
        # What is over stays over, whatever the age of the answer.
        return (status, "ok") if status in _OVER else (Status.UNDETERMINED, fault.code)
    return status, "ok"


def _status_past(
    record: ChainRecord, ledger: Ledger, number: str, at: int, trust: TrustPolicy, *, vouched: bool
) -> Status:
    """Ask for the record at the last block not after ``at``."""
    evidence = ledger.evidence(number, None, at)
    if vouched:
        sealed(evidence, trust)
    if evidence.block.time > at or not is_last(evidence, at, trust):
        raise DataFault(
            "the ledger gave another block than the last before the time asked", code="archive-gap"
        )
    past = decode_record(record_words(number, evidence, trust))
    if past is None or past.content != record.content:
        raise DataFault("the ledger's past contradicts its present", code="archive-gap")
    return status_at(past, at)


def is_last(evidence: Evidence, at: int, trust: TrustPolicy) -> bool:
    """Whether no block between the first header and ``at`` can have been left out: the next one is later, or
    the gap is no longer than an answer may be old.
    """
    if len(evidence.headers) > 1:
        return evidence.headers[1].time > at
    return at - evidence.block.time <= trust.max_age

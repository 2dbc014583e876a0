"""How a licence stands at a time, from the chain's words (S9.7): its own, and its certificate's."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from yinzheng.verifier.chain.evidence import Evidence, NotGiven
from yinzheng.verifier.chain.layout import ChainRecord
from yinzheng.verifier.chain.layout_moves import ENDED
from yinzheng.verifier.errors import DataFault, EnvironmentFault
from yinzheng.verifier.judge.certificate.status import is_last, is_over, status_at
from yinzheng.verifier.judge.licence.exhibits import VoucherExhibits, read_certificate, read_line
from yinzheng.verifier.judge.line import Followed, ends_of
from yinzheng.verifier.judge.obligations import answer_age, not_from_future
from yinzheng.verifier.judge.report import Status
from yinzheng.verifier.judge.seals import sealed


class LicenceStatus(StrEnum):
    """In what state a licence is, by the chain."""

    IN_FORCE = "in_force"
    NOT_BEGUN = "not_begun"
    ENDED = "ended"
    """By both parties, or by a forum, before its term."""
    RUN_OUT = "run_out"
    CERTIFICATE_CANCELLED = "certificate_cancelled"
    """The chain keeps it as given, but the certificate under which it was given, or one that followed it, is
    cancelled.
    """
    NOT_YET = "not_yet"
    """A time was asked about at which it had not been given."""
    UNDETERMINED = "undetermined"


_OVER: Final = (LicenceStatus.ENDED, LicenceStatus.RUN_OUT)
"""What a licence never comes back from."""


class Recorded(Protocol):
    """What of a licence its status follows from, whoever read it. Times are UTC seconds."""

    @property
    def state(self) -> int:
        """As the chain has it (S5.21)."""

    @property
    def valid_from(self) -> int:
        """The first second of its term."""

    @property
    def valid_until(self) -> int:
        """The last."""

    @property
    def given_at(self) -> int:
        """When it was given."""

    @property
    def ended_at(self) -> int:
        """Zero while it is not ended."""


def licence_status_at(licence: Recorded, time: int) -> LicenceStatus:
    """What the chain's words say about ``time``, provided that it had not ended meanwhile."""
    if time < licence.given_at:
        return LicenceStatus.NOT_YET
    if licence.state == ENDED and licence.ended_at <= time:
        return LicenceStatus.ENDED
    if time > licence.valid_until:
        return LicenceStatus.RUN_OUT
    return LicenceStatus.NOT_BEGUN if time < licence.valid_from else LicenceStatus.IN_FORCE


@dataclass(frozen=True, slots=True)
class Beneath:
    """How the right stands that a licence was given from: its certificate, and where it rests by now."""

    certificate: Status
    ends: tuple[tuple[Followed, Status], ...]
    """The certificate itself, unless it was superseded; else all that followed it and were not."""

    @property
    def cancelled(self) -> bool:
        """Whether the registration has ended, or part of it (R7)."""
        return any(status is Status.CANCELLED for _, status in self.ends)


def answer_licence(
    found: VoucherExhibits, now: int, at: int | None, *, vouched: bool
) -> tuple[LicenceStatus, str, Beneath | None]:
    """The licence's status now or at ``at``, `ok` or why it cannot be told, and how its right stands.

    ``vouched``: obligation 8 holds, so that no block from the past is taken with less.
    """
    licence, record, evidence = found.licence, found.certificate, found.evidence
    if licence is None or record is None or evidence is None:
        return LicenceStatus.UNDETERMINED, "no-record", None
    time = max(now, evidence.block.time) if at is None else at
    status = licence_status_at(licence, time)
    over = status in _OVER or status is LicenceStatus.NOT_YET
    beneath: Beneath | None = None
    try:
        not_from_future(evidence, now)
        with suppress(*((DataFault, NotGiven) if over else ())):
            beneath = _beneath(found, record, evidence, at, time, vouched=vouched)
        if over:
            return status, "ok", beneath
        _known_at(found, evidence, now, at)
    except (DataFault, NotGiven) as fault:
        return LicenceStatus.UNDETERMINED, fault.code, None
    if beneath is None:
        return LicenceStatus.UNDETERMINED, "as-of-needs-archive", None
    return LicenceStatus.CERTIFICATE_CANCELLED if beneath.cancelled else status, "ok", beneath


def _known_at(found: VoucherExhibits, evidence: Evidence, now: int, at: int | None) -> None:
    """That the block tells of that time: it is young enough, or not before it but for a moment."""
    if at is None:
        answer_age(evidence, found.trust, now, None)
    elif evidence.block.time < at and not is_last(evidence, at, found.trust):
        raise NotGiven("the block ends before the time asked about", code="as-of-needs-archive")


def _beneath(
    found: VoucherExhibits,
    record: ChainRecord,
    evidence: Evidence,
    at: int | None,
    time: int,
    *,
    vouched: bool,
) -> Beneath | None:
    """How its right stood then; None where a record has changed since and no ledger tells.

    Raises as `read_line`.
    """
    body = found.body
    assert body is not None  # a licence was found by it
    if at is None or _tells(record, at):
        line = read_line(body, record, evidence, found.trust)
        if at is None or all(_tells(one.record, at) for one in line):
            return _resting(line, time)
    if found.ledger is None:
        return None
    try:
        past = found.ledger.evidence(body, None, at)
        if vouched:
            sealed(past, found.trust)
        if past.block.time > at or not is_last(past, at, found.trust):
            return None
        before = read_certificate(body, past, found.trust)
        if before is None or before.content != record.content:
            return None
        return _resting(read_line(body, before, past, found.trust), at)
    except (DataFault, EnvironmentFault, NotGiven):
        return None


def _tells(record: ChainRecord, at: int) -> bool:
    """Whether a record as it is now tells of that time."""
    return record.changed_at <= at or is_over(record, at)


def _resting(line: tuple[Followed, ...], time: int) -> Beneath:
    ends = tuple((one, status_at(one.record, time)) for one in ends_of(line))
    return Beneath(status_at(line[0].record, time), ends)

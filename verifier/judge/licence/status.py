"""How a licence stands at a time, from the chain's words (S9.7): its own, and its certificate's."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from yinzheng.verifier.chain.evidence import Evidence, NotGiven
from yinzheng.verifier.chain.layout import ChainRecord
from yinzheng.verifier.chain.layout_moves import ENDED, ChainLicence
from yinzheng.verifier.errors import DataFault, EnvironmentFault
from yinzheng.verifier.judge.certificate.status import is_last, is_over, status_at
from yinzheng.verifier.judge.licence.exhibits import VoucherExhibits, read_certificate
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
    """The chain keeps it as given, but the certificate under which it was given is cancelled."""
    NOT_YET = "not_yet"
    """A time was asked about at which it had not been given."""
    UNDETERMINED = "undetermined"


_OVER: Final = (LicenceStatus.ENDED, LicenceStatus.RUN_OUT)
"""What a licence never comes back from."""


def licence_status_at(licence: ChainLicence, time: int) -> LicenceStatus:
    """What the chain's words say about ``time``, provided that it had not ended meanwhile."""
    if time < licence.given_at:
        return LicenceStatus.NOT_YET
    if licence.state == ENDED and licence.ended_at <= time:
        return LicenceStatus.ENDED
    if time > licence.valid_until:
        return LicenceStatus.RUN_OUT
    return LicenceStatus.NOT_BEGUN if time < licence.valid_from else LicenceStatus.IN_FORCE


def answer_licence(
    found: VoucherExhibits, now: int, at: int | None, *, vouched: bool
) -> tuple[LicenceStatus, str, Status | None]:
    """The licence's status now or at ``at``, `ok` or why it cannot be told, and its certificate's status.

    ``vouched``: obligation 8 holds, so that no block from the past is taken with less.
    """
    licence, record, evidence = found.licence, found.certificate, found.evidence
    if licence is None or record is None or evidence is None:
        return LicenceStatus.UNDETERMINED, "no-record", None
    time = max(now, evidence.block.time) if at is None else at
    status = licence_status_at(licence, time)
    try:
        not_from_future(evidence, now)
        certificate = _certificate_at(found, record, evidence, at, time, vouched=vouched)
        if status in _OVER or status is LicenceStatus.NOT_YET:
            return status, "ok", certificate
        _known_at(found, evidence, now, at)
    except (DataFault, NotGiven) as fault:
        return LicenceStatus.UNDETERMINED, fault.code, None
    if certificate is None:
        return LicenceStatus.UNDETERMINED, "as-of-needs-archive", None
    if certificate is Status.CANCELLED:
        return LicenceStatus.CERTIFICATE_CANCELLED, "ok", certificate
    return status, "ok", certificate


def _known_at(found: VoucherExhibits, evidence: Evidence, now: int, at: int | None) -> None:
    """That the block tells of that time: it is young enough, or not before it but for a moment."""
    if at is None:
        answer_age(evidence, found.trust, now, None)
    elif evidence.block.time < at and not is_last(evidence, at, found.trust):
        raise NotGiven("the block ends before the time asked about", code="as-of-needs-archive")


def _certificate_at(
    found: VoucherExhibits,
    record: ChainRecord,
    evidence: Evidence,
    at: int | None,
    time: int,
    *,
    vouched: bool,
) -> Status | None:
    """The status of its certificate then; None where the record has changed since and no ledger tells."""
    if at is None or record.changed_at <= at or is_over(record, at):
        return status_at(record, time)
    body = found.body
    if found.ledger is None or body is None:
        return None
    try:
        past = found.ledger.evidence(body, None, at)
        if vouched:
            sealed(past, found.trust)
        if past.block.time > at or not is_last(past, at, found.trust):
            return None
        before = read_certificate(body, past, found.trust)
    except (DataFault, EnvironmentFault, NotGiven):
        return None
    return status_at(before, at) if before is not None and before.content == record.content else None

"""Whether whoever shows a certificate is its holder: the answer to a challenge, judged (R15, S21.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from yinzheng.verifier.chain.evidence import NotGiven
from yinzheng.verifier.containers.holderfile import HolderFile
from yinzheng.verifier.containers.target import Presented
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.body import Holder
from yinzheng.verifier.formats.challenge import Answer, Challenge, parse_answer
from yinzheng.verifier.judge.certificate.verify import verify
from yinzheng.verifier.judge.findings import Findings
from yinzheng.verifier.judge.holder import (
    OPEN,
    Claimed,
    HolderExhibits,
    HolderLedger,
    how_it_stands,
    settle_holder,
    word_for,
)
from yinzheng.verifier.judge.obligations import CLOCK_SKEW
from yinzheng.verifier.judge.report import (
    Authentic,
    DocumentReport,
    Finding,
    Outcome,
    Report,
    finding_json,
)
from yinzheng.verifier.judge.seals import block_of
from yinzheng.verifier.judge.trust import TrustPolicy

ASKED: Final = 15
"""It answers what was asked, in time, and for the first time."""
IS_HOLDER: Final = 16
"""Who answered is a holder by the certificate's record."""


@dataclass(frozen=True, slots=True)
class AnswerReport(DocumentReport):
    """What was found about an answer: findings of obligations 11–16, and the block that tells of the holder.
    Those of the certificate are in its own report.
    """

    document = "holder-answer"

    challenge: Challenge
    answer: Answer | None
    """None if it is malformed."""
    certificate: Report
    standing: str
    """How it stands: a key of `verifier.words.challenge.HEADLINES`."""
    holder: Holder | None
    """Who answered, if it is one of the certificate's holders."""
    others: tuple[Holder, ...]
    """Its other holders, who did not."""

    @property
    def holds(self) -> bool | None:
        """Whether the holder of a right in force answered; None where that cannot be told."""
        if self.standing in ANSWERED:
            return True
        return None if self.authentic is not Authentic.GENUINE or self.standing in _OPEN else False

    @property
    def speaks_of(self) -> int | None:
        """The instant it speaks of: that of the certificate's block."""
        return self.certificate.speaks_of

    @property
    def profile(self) -> str | None:
        """The certificate's."""
        return self.certificate.profile

    def to_json(self) -> dict[str, Any]:
        """The report as JSON values."""
        return {
            "document": self.document,
            "authentic": str(self.authentic),
            "standing": self.standing,
            "checked_at": self.checked_at,
            "demonstration": self.demonstration,
            "challenge": self.challenge.to_json(),
            "answered_by": None if self.holder is None else self.holder.to_json(),
            "claimed_by": None if self.answer is None else self.answer.holder,
            "others": [one.to_json() for one in self.others],
            "obligations": [finding_json(one) for one in (*self.certificate.findings, *self.findings)],
            "certificate": self.certificate.to_json(),
            **self._beside(),
        }


ANSWERED: Final = ("answered", "answered_attention")
_OPEN: Final = (*OPEN, "clock")


def check_answer(
    given: str | bytes,
    challenge: Challenge,
    presented: Presented,
    trust: TrustPolicy,
    *,
    now: int,
    holder: HolderFile | None = None,
    live: HolderLedger | None = None,
    used: bool = False,
    allow_attached: bool = False,
) -> AnswerReport:
    """Check an answer to a challenge about the certificate that was presented, under the reader's own policy.

    ``used`` says whether an answer to this challenge
    was accepted before. ``now`` is the time of asking. Bad data and a silent ledger end up in the report.
    Raises `UsageFault`: `challenge-certificate` for another certificate than the challenge is about, and as
    `verify`.
    """
    certificate = verify(presented, trust, now=now, live=live, allow_attached=allow_attached)
    if certificate.number is not None and certificate.number != challenge.certificate:
        raise UsageFault(
            "the certificate given is not the one that was asked about",
            code="challenge-certificate",
            hint=f"Give the certificate {challenge.certificate}, or ask anew about this one.",
        )
    findings = Findings()
    try:
        answer = parse_answer(given)
    except DataFault as fault:
        return _unread(fault, challenge, certificate, now)
    found = HolderExhibits(answer.holder, trust, holder, live, allow_attached=allow_attached)
    claimed = Claimed(answer.kid, answer.message, answer.signature, answer.challenge.made_at)
    settle_holder(found, claimed, findings, now)
    findings.settle(ASKED, lambda: _asked(answer.challenge, challenge, now, used=used))
    holders = certificate.body.holders if certificate.body else ()
    own = next((one for one in holders if one.code == answer.holder), None)
    findings.settle(IS_HOLDER, lambda: _is_holder(own, certificate))
    standing = _standing(findings, certificate)
    return AnswerReport(
        challenge=challenge,
        answer=answer,
        certificate=certificate,
        findings=findings.in_order(),
        authentic=word_for(findings, certificate, standing),
        standing=standing,
        holder=own,
        others=tuple(one for one in holders if one is not own),
        block=block_of(found.evidence, trust, now),
        checked_at=now,
        asked_at=None,
        notes=(*certificate.notes, *found.notes),
    )


def _asked(answered: Challenge, challenge: Challenge, now: int, *, used: bool) -> None:
    """(15) Raises `DataFault`: `answer-certificate`, `answer-challenge`, `answer-replayed`, `answer-late`;
    `NotGiven` `challenge-clock` for one made in this clock's future.
    """
    if answered.certificate != challenge.certificate:
        raise DataFault("it answers for another certificate", code="answer-certificate")
    if answered != challenge:
        raise DataFault("it answers another challenge", code="answer-challenge")
    if used:
        raise DataFault("this challenge was answered before", code="answer-replayed")
    if now >= challenge.expires_at:
        raise DataFault("the time to answer is over", code="answer-late", late=now - challenge.expires_at)
    if now < challenge.made_at - CLOCK_SKEW:
        raise NotGiven("the challenge was made in the future of this clock", code="challenge-clock")


def _is_holder(own: Holder | None, certificate: Report) -> None:
    if certificate.body is None:
        raise NotGiven("the certificate could not be read", code="form")
    if own is None:
        raise DataFault("who answered is no holder under this certificate", code="answer-not-holder")


_ASKED_STANDINGS: Final = {
    "answer-certificate": "other_certificate",
    "answer-challenge": "other_challenge",
    "answer-replayed": "replayed",
    "answer-late": "late",
    "challenge-clock": "clock",
}


def _standing(findings: Findings, certificate: Report) -> str:
    """How it stands, the first that applies: what was asked, who signed, what for."""
    if findings.outcome(ASKED) is not Outcome.VALID:
        return _ASKED_STANDINGS[findings.found(ASKED).code]
    found = how_it_stands(findings, certificate, IS_HOLDER)
    return {"in_force": "answered", "attention": "answered_attention"}.get(found, found)


def _unread(fault: DataFault, challenge: Challenge, certificate: Report, now: int) -> AnswerReport:
    return AnswerReport(
        challenge=challenge,
        answer=None,
        certificate=certificate,
        findings=(Finding(ASKED, Outcome.INVALID, fault.code, fault.message, fault.data),),
        authentic=Authentic.NOT_OURS,
        standing="malformed",
        holder=None,
        others=(),
        block=None,
        checked_at=now,
        asked_at=None,
        notes=certificate.notes,
    )

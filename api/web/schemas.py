"""Shapes of the JSON interface, for OpenAPI and for whoever reads it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from yinzheng.api.web.words import Tone
from yinzheng.verifier.judge.trust import TrustPolicy
from yinzheng.verifier.words.fingerprint import fingerprint

Word = Literal["genuine", "forged", "not_ours", "undetermined"]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Said(_Model):
    """The verdict: as the command line gives it."""

    word: Word = Field(description="One of four words (S9.2).")
    code: str = Field(description="How it stands with what is genuine, such as `in_force`; else the word.")
    tone: Tone
    zh: str = Field(description="The headline, with the instant it speaks of.")
    en: str
    exit_code: int = Field(description="That of `yinzheng verify` (S9.4).")


class FingerprintOut(_Model):
    """A policy's fingerprint (S8.3), as it is read out on the telephone."""

    zh: str = Field(description="Two words in Chinese, and the digits in groups of four.")
    en: str = Field(description="The same in English.")
    digits: str = Field(description="24 digits.")


class PolicyOut(_Model):
    """The trust policy the answer was found under (S8)."""

    own: bool = Field(
        description="True when it is the operator's own export: the registry vouches for itself."
    )
    log_origin: str
    chain_id: int
    genesis: str
    issuers: list[str] = Field(description="Key IDs of the pinned issuers, 16 hex characters each.")
    max_age: int = Field(description="Seconds a block may be old for an answer about now.")
    fingerprint: FingerprintOut


def policy_out(trust: TrustPolicy, *, own: bool) -> PolicyOut:
    """A policy, as an answer names it."""
    return PolicyOut(
        own=own,
        log_origin=trust.origin,
        chain_id=trust.chain_id,
        genesis=trust.genesis.hex(),
        issuers=[kid.hex() for kid in trust.issuers],
        max_age=trust.max_age,
        fingerprint=FingerprintOut(**fingerprint(trust).to_json()),
    )


class ObligationOut(_Model):
    """One of the ten obligations (S9.1)."""

    number: int = Field(ge=1, le=10)
    outcome: Literal["VALID", "INVALID", "SKIPPED", "ERROR"]
    code: str = Field(description="Reason; `ok` when VALID.")
    message: str
    data: dict[str, Any]


class DifferenceOut(_Model):
    """A field in which certificate and record differ. The record prevails (R9)."""

    path: str
    certificate: str | int | None
    record: str | int | None


class BlockOut(_Model):
    """The block the chain's answer is about."""

    number: int
    hash: str
    time: int = Field(description="UTC seconds.")
    age: int = Field(description="Seconds before the time of asking.")
    sealed_by: list[str] = Field(description="Operators whose validators sealed it, by the policy.")


class ChainOut(_Model):
    """The chain's record of the certificate (S5.3). Times are UTC seconds of block time."""

    status: int
    holds: int
    objections: int
    remarks: list[str]
    deposited_at: int
    valid_until: int
    changed_at: int
    successor: str | None
    remainder: str | None = Field(description="The second successor, of what stayed after a part went (R4).")
    predecessor: str | None
    cancelled_by: Literal["holders", "registry", "forum"] | None = Field(
        description="Who had it cancelled; null unless it is (R7)."
    )
    ground: str | None = Field(description="On which ground, as S10.11 names it; null unless it is.")
    reserved_until: int
    reserved_by: str
    case: str


class LinkedOut(_Model):
    """Another certificate that the chain's record names."""

    subject: str
    number: str | None
    mutual: bool | None = Field(description="Whether its own record names this one; null: not shown.")


class MarksOut(_Model):
    """Why remarks of a kind stand (S5.24)."""

    entered: int = Field(description="Entered since registration, and standing.")
    deposited: bool = Field(description="One came with the certificate, and stands.")


class MovedOut(_Model):
    """What became of the certificate (S9.2a); null: not shown."""

    predecessor: LinkedOut | None
    successor: LinkedOut | None
    remainder: LinkedOut | None
    licences: int | None = Field(description="How many were given under it; there are no others.")
    remarks: dict[str, MarksOut] | None = Field(description="Kinds entered or lifted since registration.")


class NoteOut(_Model):
    """Something to know that no obligation says."""

    code: str
    data: dict[str, Any]


class ReportOut(_Model):
    """What a verification found (S9). `authentic` and `status` are two answers; neither implies the other."""

    kind: Literal["pdf", "image", "json", "qr", "number", "unknown"]
    number: str | None
    authentic: Word
    status: Literal[
        "in_force",
        "held",
        "reserved",
        "superseded",
        "cancelled",
        "lapsed",
        "expired",
        "not_yet",
        "undetermined",
    ]
    status_code: str
    in_force: bool = Field(description="Genuine, and in force now.")
    demonstration: bool = Field(description="Made under a demonstration profile: of no legal effect.")
    checked_at: int = Field(description="UTC seconds.")
    asked_at: int | None
    obligations: list[ObligationOut]
    certificate: dict[str, Any] | None = Field(description="The body (S6.1) as the certificate shows it.")
    elided: list[str] = Field(description="Fields of which the QR code holds only the digest (S6.4).")
    record: dict[str, Any] | None = Field(description="The body as deposited; it prevails.")
    differences: list[DifferenceOut]
    remarks: list[str]
    chain: ChainOut | None
    moved: MovedOut | None
    block: BlockOut | None
    notes: list[NoteOut]


class _Answered(_Model):
    verdict: Said
    policy: PolicyOut


class AnswerOut(_Answered):
    """The answer of a verification."""

    report: ReportOut


class ReceiptAnswerOut(_Answered):
    """The answer of a verification of a patient's consent receipt (S13.4)."""

    receipt: dict[str, Any] = Field(description="The report; the secret of the code is never in it.")


class ConclusionAnswerOut(_Answered):
    """The answer of a verification of the end document of a withdrawal (S10.9)."""

    conclusion: dict[str, Any] = Field(description="The report; the document's secret is never in it.")


class PurposeAnswerOut(_Answered):
    """The answer of a verification of a proof for one reader (S21.6)."""

    proof: dict[str, Any] = Field(description="The report; of the certificate what the holder disclosed.")


class ChallengeOut(_Model):
    """A fresh question about a certificate (S21.1)."""

    challenge: dict[str, Any] = Field(description="What is asked, as it is signed.")
    text: str = Field(description="The same as a QR code holds it; `YINZHENG:Q/…`.")


class ChallengeAnswerOut(_Answered):
    """Whether the holder answered (S21.4)."""

    answer: dict[str, Any] = Field(description="The report: who answered, obligations 1–16, the certificate.")


class TradeAnswerOut(_Answered):
    """The answer of a verification of the receipt of a trade check (S20.3)."""

    trade_check: dict[str, Any] = Field(description="The report; the receipt's secret is never in it.")


class ContractAnswerOut(_Answered):
    """The answer of a verification of a contract about data (S21.12)."""

    contract: dict[str, Any] = Field(description="The report; the secret of its statement is never in it.")


class VoucherAnswerOut(_Answered):
    """The answer of a verification of the voucher of a licence (S9.7)."""

    voucher: dict[str, Any] = Field(description="The report: the licence, how it stands, its certificate.")


class HistoryAnswerOut(_Answered):
    """The answer of a verification of the history of a right (S23)."""

    history: dict[str, Any] = Field(description="The report, with the timeline.")


class RegistrationOut(_Model):
    """A registration that was searched for."""

    number: str
    asset: str
    holders: list[dict[str, Any]] = Field(description="Name, code, rights: organisations alone (R17).")
    registered_at: int
    valid_until: int
    status: str = Field(description="As in a report, now (S9.2).")
    profile: str


class RegisterOut(_Model):
    """What a search of the register found, the latest first."""

    registrations: list[RegistrationOut] = Field(max_length=10)
    more: bool = Field(description="There are more: be more precise. There is no next page (R50).")


class SupervisionYearOut(_Model):
    """Supervision of right holders in one calendar year at +08:00 (R52, S10.13)."""

    year: int
    suspected: int = Field(description="Suspicions recorded.")
    measured: int = Field(description="Supervisions with their first measure.")
    reported: int = Field(description="With their first report to the supervising body.")
    closed: int


class SupervisionOut(_Model):
    """The yearly figure; each number can be counted from the public log."""

    years: list[SupervisionYearOut] = Field(description="The latest first; none before the first suspicion.")


class AsOfOut(_Model):
    """How a certificate stood at some instants, the earliest first, and now (S9.3a)."""

    verdicts: list[Said] = Field(description="Of each instant asked about.")
    policy: PolicyOut
    reports: list[ReportOut] = Field(description="The same, in full.")
    as_of: dict[str, Any] = Field(description="The instants beside each other, each cell with its block.")
    exit_code: int = Field(description="That of `yinzheng verify` (S9.4): of the worst instant.")


class NoticeOut(_Model):
    """One line of the public notice board (R24). Times are UTC seconds."""

    case: str
    type: str = Field(description="`first`, `change`, `renewal` or `cancellation` (R1).")
    certificate: str | None = Field(description="The certificate that a move is about (R6, R7).")
    applicant: str
    asset: str
    overview: str
    limits: str
    importance: str = Field(description="`important` or `core` data by a person's decision; else empty.")
    profile: str
    procedure: str
    opened_at: int
    ends_at: int | None
    waived: bool
    reason: str = Field(description="Why publicity was waived; else empty.")
    statement: str = Field(description="Hex leaf hash of the statement that opened it (S3.3).")
    open_objections: int
    demonstration: bool


class BoardOut(_Model):
    """A page of the notice board, the newest first."""

    notices: list[NoticeOut] = Field(max_length=50)
    next: str | None = Field(description="What `after` takes for the next page; null at the end.")


class HealthOut(_Model):
    """How far log and chain are."""

    status: Literal["ok"]
    log_size: int
    anchored_size: int = Field(description="Size of the latest head of the log that the chain holds.")
    block: int
    block_time: int = Field(description="UTC seconds.")


class ProblemOut(_Model):
    """An error (RFC 9457), with a stable code and what to do."""

    type: Literal["about:blank"]
    title: str
    status: int
    detail: str
    code: str
    hint: str

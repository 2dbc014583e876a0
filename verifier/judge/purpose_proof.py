"""A proof for one reader, judged: genuine for whom it is made, for what, until its end (R55, S21.6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.chain.evidence import NotGiven
from yinzheng.verifier.containers.prooffile import ProofFile, parse_purpose_proof
from yinzheng.verifier.containers.target import Presented
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.body import Body, Holder
from yinzheng.verifier.formats.certificate import statement_of
from yinzheng.verifier.formats.purpose_proof import PurposeProof
from yinzheng.verifier.judge.certificate.verify import certificate_issued, verify
from yinzheng.verifier.judge.findings import OBLIGATIONS, Findings
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

MADE_FOR: Final = 15
"""It is for who reads it, for what they read it, and now."""
OF_THIS: Final = 16
"""It is about the certificate beside it, and by one of its holders."""

GOOD: Final = ("valid", "valid_attention")


@dataclass(frozen=True, slots=True)
class Asked:
    """Who reads a proof, and for what: nobody's proof is shown as valid to whoever does not say so."""

    reader: str | None = None
    """Credit code (R17)."""
    purpose: str | None = None
    """One of `PURPOSES`."""


UNTOLD: Final = Asked()
"""Neither was said."""


@dataclass(frozen=True, slots=True)
class PurposeReport(DocumentReport):
    """What was found about a proof: findings 1–10 are of the certificate, then come 11–16."""

    document = "purpose-proof"

    kind: str
    """What was presented: `json`."""
    asked: Asked
    proof: PurposeProof | None
    """None if it is malformed."""
    certificate: Report | None
    """What is found about the whole certificate; `to_json` shows what the holder disclosed."""
    standing: str
    """How it stands: a key of `verifier.words.purpose_proof.HEADLINES`."""
    holder: Holder | None

    @property
    def holds(self) -> bool | None:
        """Whether this reader may rely on it for this purpose now; None where that cannot be told."""
        if self.standing in GOOD:
            return True
        return None if self.standing in (*OPEN, "untold", "early") else False

    @property
    def speaks_of(self) -> int | None:
        """The instant it speaks of: that of the certificate's block."""
        return None if self.certificate is None else self.certificate.speaks_of

    @property
    def profile(self) -> str | None:
        """The certificate's."""
        return None if self.certificate is None else self.certificate.profile

    def disclosed(self) -> dict[str, JSON]:
        """What of the certificate this reader is shown; nothing where the proof is not good for it."""
        body = None if self.certificate is None else self.certificate.body
        if body is None or self.proof is None or not self.holds:
            return {}
        return _disclosed(body, self.proof)

    def to_json(self) -> dict[str, Any]:
        """The report as JSON values: of the certificate what was disclosed."""
        return {
            "document": self.document,
            "kind": self.kind,
            **self._judged(standing=self.standing),
            "reader": self.asked.reader,
            "purpose": self.asked.purpose,
            "proof": None if self.proof is None else self.proof.to_json(),
            "disclosed": self.disclosed(),
            "obligations": [_shown(one) for one in self.findings],
            **self._beside(),
        }


def verify_purpose_proof(
    presented: Presented,
    trust: TrustPolicy,
    *,
    now: int,
    at: int | None = None,
    live: HolderLedger | None = None,
    allow_attached: bool = False,
    asked: Asked = UNTOLD,
) -> PurposeReport:
    """Verify a proof for one reader, under that reader's own policy, for what it is asked.

    A proof speaks of now: raises `UsageFault` `proof-now` where ``at`` is given. Bad data and a silent ledger
    end up in the report.
    """
    if at is not None:
        raise UsageFault(
            "a proof for one reader speaks of now",
            code="proof-now",
            hint="Check the certificate itself as of that time.",
        )
    try:
        file = parse_purpose_proof(presented.file or b"")
    except DataFault as fault:
        return _unread(fault, presented, asked, now)
    return _judged(file, presented, trust, now, live, asked, allow_attached=allow_attached)


def proof_issued(presented: Presented, trust: TrustPolicy) -> bool:
    """Whether an issuer whom the policy pins signed the certificate in a proof, as `certificate_issued`."""
    try:
        file = parse_purpose_proof(presented.file or b"")
    except DataFault:
        return False
    return certificate_issued(Presented("json", file=file.certificate), trust)


def _judged(
    file: ProofFile,
    presented: Presented,
    trust: TrustPolicy,
    now: int,
    live: HolderLedger | None,
    asked: Asked,
    *,
    allow_attached: bool,
) -> PurposeReport:
    proof = file.proof
    inner = Presented("json", file=file.certificate)
    certificate = verify(inner, trust, now=now, live=live, allow_attached=allow_attached)
    found = HolderExhibits(proof.holder.code, trust, file.holder, live, allow_attached=allow_attached)
    findings = Findings()
    settle_holder(found, Claimed(file.kid, proof.message, file.signature, proof.made_at), findings, now)
    # (15): for this reader, this purpose, and now.
    findings.settle(MADE_FOR, lambda: _made_for(proof, asked, now))
    own = next((one for one in _holders(certificate) if one.code == proof.holder.code), None)
    # (16): about that certificate, by one of its holders.
    findings.settle(OF_THIS, lambda: _of_this(proof, certificate, own))
    standing = _standing(findings, certificate)
    return PurposeReport(
        kind=presented.kind,
        asked=asked,
        proof=proof,
        certificate=certificate,
        findings=(*certificate.findings, *findings.in_order()),
        authentic=word_for(findings, certificate, standing),
        standing=standing,
        holder=own,
        block=block_of(found.evidence, trust, now),
        checked_at=now,
        asked_at=None,
        notes=(*(note for note in certificate.notes if note.code != "page-not-compared"), *found.notes),
    )


def _made_for(proof: PurposeProof, asked: Asked, now: int) -> None:
    """(15) Raises `DataFault`: `proof-reader`, `proof-purpose`, `proof-over`; `NotGiven`: `proof-untold`,
    `proof-early`.
    """
    if asked.reader is not None and asked.reader != proof.reader.code:
        raise DataFault("it is made for another reader", code="proof-reader")
    if asked.purpose is not None and asked.purpose != proof.purpose:
        raise DataFault("it is made for another purpose", code="proof-purpose", purpose=proof.purpose)
    if now >= proof.not_after:
        raise DataFault("its time is over", code="proof-over", not_after=proof.not_after)
    if asked.reader is None or asked.purpose is None:
        raise NotGiven("who reads it, and for what, was not said", code="proof-untold")
    if now < proof.made_at - CLOCK_SKEW:
        raise NotGiven("it was made in the future of this clock", code="proof-early")


def _of_this(proof: PurposeProof, certificate: Report, own: Holder | None) -> None:
    body = certificate.body
    if body is None:
        raise NotGiven("the certificate could not be read", code="form")
    core = certificate.core
    leaves = {statement_of(body).leaf_hash, *([core.statement().leaf_hash] if core else ())}
    if body.number != proof.certificate.number or proof.certificate.leaf not in leaves:
        raise DataFault("it is about another certificate than the one beside it", code="proof-certificate")
    if own is None:
        raise DataFault("who signed is no holder under this certificate", code="answer-not-holder")


_MADE_FOR: Final = {
    "proof-reader": "other_reader",
    "proof-purpose": "other_purpose",
    "proof-over": "over",
    "proof-untold": "untold",
    "proof-early": "early",
}


def _standing(findings: Findings, certificate: Report) -> str:
    """How it stands, the first that applies: whom it is for, what it is about, who signed."""
    if findings.outcome(MADE_FOR) is not Outcome.VALID:
        return _MADE_FOR[findings.found(MADE_FOR).code]
    if findings.found(OF_THIS).code == "proof-certificate":
        return "other_certificate"
    found = how_it_stands(findings, certificate, OF_THIS)
    return {"in_force": "valid", "attention": "valid_attention"}.get(found, found)


def _holders(certificate: Report) -> tuple[Holder, ...]:
    return certificate.body.holders if certificate.body else ()


def _disclosed(body: Body, proof: PurposeProof) -> dict[str, JSON]:
    """Number, own rights, registry, term and remarks always; the rest as the holder said."""
    whole = body.to_json()
    always = ("number", "profile", "registry", "registered_at", "valid_until", "remarks")
    shown = {name: whole[name] for name in whole if name in always or name in proof.fields}
    own = [one.to_json() for one in body.holders if one.code == proof.holder.code]
    return {**shown, "holders": whole["holders"] if "holders" in proof.fields else [*own]}


def _shown(finding: Finding) -> dict[str, Any]:
    """A finding without data: what differs in a certificate may be what was not disclosed."""
    return {**finding_json(finding), "data": {}}


def _unread(fault: DataFault, presented: Presented, asked: Asked, now: int) -> PurposeReport:
    first = Finding(1, Outcome.INVALID, fault.code, fault.message, fault.data)
    rest = (
        Finding(number, Outcome.SKIPPED, "form", "what came before is wrong already")
        for number in (*OBLIGATIONS[1:], *range(11, 17))
    )
    return PurposeReport(
        kind=presented.kind,
        asked=asked,
        proof=None,
        certificate=None,
        findings=(first, *rest),
        authentic=Authentic.NOT_OURS,
        standing="malformed",
        holder=None,
        block=None,
        checked_at=now,
        asked_at=None,
    )

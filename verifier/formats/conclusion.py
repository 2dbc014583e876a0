"""The end document of a withdrawal (S10.9): one signed file that names legal ground and end date (R35).

It discloses the private body of `withdrawal.completed` or `withdrawal.restricted` with its secret, and proves
with obligations 1–10 of S9.1 that the ledger says so. The issuer signs prefix and leaf hash: the statement
commits to the body, so the signature covers all that is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeAlias

from yinzheng.verifier.bytes.canonical import (
    JSON,
    Check,
    constant,
    dumps,
    hex_bytes,
    loads,
    nullable,
    read_object,
    text,
)
from yinzheng.verifier.bytes.cose import IssuerSigner
from yinzheng.verifier.chain import layout_consents as layout
from yinzheng.verifier.chain.evidence import Evidence, NotGiven, parse_evidence
from yinzheng.verifier.chain.layout_consents import ChainWithdrawal, decode_withdrawal, withdrawal_slots
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.certificate import key_id
from yinzheng.verifier.formats.withdrawal_steps import Completed, Restricted, parse_step, step_bytes
from yinzheng.verifier.judge import obligations
from yinzheng.verifier.judge.findings import Findings
from yinzheng.verifier.judge.report import Authentic, Finding, Outcome
from yinzheng.verifier.judge.seals import sealed
from yinzheng.verifier.judge.trust import Issuer, TrustPolicy
from yinzheng.verifier.judge.verdict import word_of
from yinzheng.verifier.log.statement import Statement, verify_body
from yinzheng.verifier.log.tlogproof import MAX_PROOF_BYTES, TlogProof

FORMAT: Final = "yinzheng/withdrawal-conclusion/1"

MAX_FILE: Final = 1024 * 1024
"""Bytes of a conclusion."""

_PREFIX: Final = b"yinzheng/withdrawal-conclusion/1\n"

End: TypeAlias = Completed | Restricted


class Standing(StrEnum):
    """Where the withdrawal stands, according to the chain."""

    COMPLETED = "completed"
    RESTRICTED = "restricted"
    REPLACED = "replaced"
    """A later restriction, or the completion, has taken this one's place."""
    UNDETERMINED = "undetermined"


@dataclass(frozen=True, slots=True)
class Conclusion:
    """A conclusion, well formed; nothing is verified yet."""

    statement: Statement
    body: End
    secret: bytes
    """32 bytes: the key of the statement's commitment (S2.3)."""
    kid: bytes
    signature: bytes
    """Of the issuer over prefix and leaf hash, raw `r || s`."""
    proof: TlogProof | None
    chain: Evidence | None


@dataclass(frozen=True, slots=True)
class ConclusionReport:
    """What a verification of a conclusion found."""

    findings: tuple[Finding, ...]
    """Of obligations 1–10, in order."""
    authentic: Authentic
    standing: Standing
    conclusion: Conclusion | None
    """None if it is malformed."""
    chain: ChainWithdrawal | None
    """The withdrawal on chain, if obligation 9 holds or a later outcome stands there."""
    checked_at: int

    def finding(self, number: int) -> Finding:
        """The finding of obligation ``number``, 1–10."""
        return self.findings[number - 1]


def sign_conclusion(statement: Statement, issuer: IssuerSigner) -> bytes:
    """Sign the end of a withdrawal, raw `r || s`."""
    return issuer.sign(_PREFIX + statement.leaf_hash)


def format_conclusion(
    statement: Statement,
    body: End,
    secret: bytes,
    issuer: IssuerSigner,
    *,
    proof: TlogProof | None,
    chain: JSON,
) -> bytes:
    """Sign and write a conclusion; ``chain`` is the JSON of S7.3, or None.

    Raises `DataFault` as `parse_conclusion` does: what cannot be read is not written. Raises `DataFault`
    `commitment` if the statement does not commit to the body under the secret.
    """
    verify_body(statement, step_bytes(body), secret)
    data = dumps(
        {
            "format": FORMAT,
            "statement": statement.to_json(),
            "body": body.to_json(),
            "secret": secret.hex(),
            "kid": key_id(issuer.public_key.point).hex(),
            "signature": sign_conclusion(statement, issuer).hex(),
            "proof": None if proof is None else proof.text,
            "chain": chain,
        }
    )
    parse_conclusion(data)
    return data


def parse_conclusion(data: bytes) -> Conclusion:
    """Read a conclusion.

    Raises `DataFault` with a code of the part that is malformed (`json-…`, `field-…`, `withdrawal-end`,
    `proof-malformed`, …), or `conclusion-type` for a statement that ends no withdrawal.
    """
    fields = read_object(loads(data, max_bytes=MAX_FILE), _FILE)
    del fields["format"]
    statement: Statement = fields["statement"]
    if statement.type not in (Completed.TYPE, Restricted.TYPE):
        raise DataFault("this statement ends no withdrawal", code="conclusion-type", type=statement.type)
    return Conclusion(**{**fields, "body": parse_step(statement.type, fields["body"])})


def verify_conclusion(
    data: bytes, trust: TrustPolicy, *, now: int, evidence: Evidence | None = None
) -> ConclusionReport:
    """Verify a conclusion under the reader's policy at ``now`` (UTC seconds).

    ``evidence`` is a live ledger's, asked for `anchor` and for the four slots of the withdrawal; without it
    the file's own is used. Bad data ends up in the report; nothing is raised.
    """
    findings = Findings()
    # (1): it has the form of a conclusion.
    conclusion = findings.settle(1, lambda: parse_conclusion(data))
    if conclusion is None:
        findings.skip_rest("form")
        return _report(findings, None, None, now)
    chain = _judge(findings, conclusion, evidence or conclusion.chain, trust, now)
    return _report(findings, conclusion, chain, now)


def _judge(
    findings: Findings, conclusion: Conclusion, evidence: Evidence | None, trust: TrustPolicy, now: int
) -> ChainWithdrawal | None:
    """Obligations 2–10, in order; gives the withdrawal on chain."""
    statement, body = conclusion.statement, conclusion.body
    # (2): the issuer's signature verifies under a pinned key.
    issuer = findings.settle(2, lambda: _issuer_signature(conclusion, trust))
    # (3): that key was entitled to sign at that time.
    findings.settle(3, lambda: _issuer_entitled(statement, issuer))
    # (4): the body is what the statement commits to.
    findings.settle(4, lambda: verify_body(statement, step_bytes(body), conclusion.secret))
    # (5): the statement is in the log.
    findings.settle(5, lambda: obligations.in_log(statement, _given(conclusion.proof)))
    # (6): every pinned key of the log has signed its head.
    findings.settle(6, lambda: obligations.checkpoint_signed(_given(conclusion.proof), trust))
    # (7): that head is anchored on the chain.
    findings.settle(7, lambda: obligations.anchored(_given(conclusion.proof), _given(evidence), trust))
    # (8): the block is sealed by pinned validators, and final.
    findings.settle(8, lambda: sealed(_given(evidence), trust))
    # (9): the chain holds this withdrawal, ended by this statement.
    found: list[ChainWithdrawal] = []
    findings.settle(9, lambda: _on_chain(conclusion, _given(evidence), trust, found))
    # (10): the answer is young enough; what is completed stays so.
    findings.settle(10, lambda: _age(body, _given(evidence), trust, now))
    return found[0] if found else None


def _given(exhibit: Any) -> Any:
    if exhibit is None:
        raise NotGiven("this was not given, and no ledger was asked", code="offline")
    return exhibit


def _issuer_signature(conclusion: Conclusion, trust: TrustPolicy) -> Issuer:
    kid = conclusion.kid
    issuer = trust.issuers.get(kid)
    if issuer is None:
        raise DataFault("the policy pins no issuer of that key", code="issuer-unknown", kid=kid.hex())
    if not issuer.key.verify(_PREFIX + conclusion.statement.leaf_hash, conclusion.signature):
        raise DataFault("the issuer's signature is wrong", code="signature-wrong", kid=kid.hex())
    return issuer


def _issuer_entitled(statement: Statement, issuer: Issuer | None) -> None:
    if issuer is None:
        raise NotGiven("no pinned issuer is known to have signed", code="issuer-not-established")
    # A conclusion names no registry: which one signed is what the policy says of the key.
    reason = issuer.entitled_at(statement.at, issuer.registry)
    if reason is not None:
        raise DataFault(
            "the issuer's key was not entitled to sign this conclusion", code=reason, at=statement.at
        )


def _on_chain(
    conclusion: Conclusion, evidence: Evidence, trust: TrustPolicy, found: list[ChainWithdrawal]
) -> None:
    """(9) The withdrawal of the body is on the pinned contract, with its request, state, end and receipts.

    Raises `NotGiven` `conclusion-replaced` for a restriction after which the chain holds a later outcome.
    """
    if trust.consents is None:
        raise NotGiven("the policy pins no contract of consents", code="consents-not-pinned")
    body, leaf = conclusion.body, conclusion.statement.leaf_hash
    on_chain = decode_withdrawal(evidence.words(trust.consents, withdrawal_slots(body.withdrawal)))
    if on_chain is None or on_chain.state == layout.NONE:
        raise DataFault("the chain knows no such withdrawal", code="withdrawal-absent")
    if on_chain.request != body.request:
        raise DataFault("the chain's withdrawal is of another request", code="withdrawal-request-differs")
    if on_chain.outcome != leaf:
        if isinstance(body, Restricted) and on_chain.outcome is not None and on_chain.restricted_at:
            found.append(on_chain)
            raise NotGiven("a later end has taken this one's place", code="conclusion-replaced")
        raise DataFault("the chain's withdrawal has not ended so", code="withdrawal-outcome-differs")
    if not _agrees(body, on_chain):
        raise DataFault("the chain states other terms than the conclusion", code="withdrawal-terms-differ")
    found.append(on_chain)


def _agrees(body: End, on_chain: ChainWithdrawal) -> bool:
    if isinstance(body, Restricted):
        return (on_chain.state, on_chain.restricted_until) == (layout.RESTRICTED, body.until)
    # `late` is not compared: the block that completes may come later than the statement it is told of.
    return (on_chain.state, on_chain.receipts) == (layout.COMPLETED, len(body.receipts))


def _age(body: End, evidence: Evidence, trust: TrustPolicy, now: int) -> None:
    if isinstance(body, Completed):
        raise NotGiven("what is completed stays so, whatever the age of the answer", code="final")
    obligations.answer_age(evidence, trust, now, None)


def _report(
    findings: Findings, conclusion: Conclusion | None, chain: ChainWithdrawal | None, now: int
) -> ConclusionReport:
    replaced = chain is not None and findings.outcome(9) is Outcome.SKIPPED
    needed = range(1, 9) if replaced else range(1, 10)
    return ConclusionReport(
        findings=findings.in_order(),
        authentic=word_of(findings, needed),
        standing=_standing(findings, conclusion, replaced=replaced),
        conclusion=conclusion,
        chain=chain,
        checked_at=now,
    )


def _standing(findings: Findings, conclusion: Conclusion | None, *, replaced: bool) -> Standing:
    """What the chain says, if pinned validators vouch for the block and, where it may change, it is young."""
    if conclusion is None or findings.outcome(8) is not Outcome.VALID:
        return Standing.UNDETERMINED
    if replaced:
        return Standing.REPLACED
    if findings.outcome(9) is not Outcome.VALID:
        return Standing.UNDETERMINED
    if isinstance(conclusion.body, Completed):
        return Standing.COMPLETED
    return Standing.RESTRICTED if findings.outcome(10) is Outcome.VALID else Standing.UNDETERMINED


def _proof(value: object, path: str) -> TlogProof:
    return TlogProof.from_text(text(1, MAX_PROOF_BYTES)(value, path))


_FILE: Final[dict[str, Check[Any]]] = {
    "format": constant(FORMAT),
    "statement": Statement.from_json,
    # Read by `parse_step`, once the statement's type is known.
    "body": lambda value, _path: value,
    "secret": hex_bytes(32),
    "kid": hex_bytes(8),
    "signature": hex_bytes(64),
    "proof": nullable(_proof),
    "chain": nullable(parse_evidence),
}

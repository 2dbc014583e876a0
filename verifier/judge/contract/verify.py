"""Verification of a contract about data (S21.12): who signed it, with which keys, and that it was recorded.

What a draft shows is that it is one: it is neither genuine nor forged.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from yinzheng.verifier.bytes.algorithms import Sm2PublicKey
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.chain.evidence import NotGiven
from yinzheng.verifier.chain.layout import decode_record
from yinzheng.verifier.containers.contractfile import (
    ContractProof,
    PartyKeys,
    is_contract_proof,
    parse_contract_proof,
)
from yinzheng.verifier.containers.target import Presented
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.key_history import HeldKey, fold
from yinzheng.verifier.formats.trade_contract import (
    PartySignature,
    SignedContract,
    is_signed_by,
    parse_signed,
)
from yinzheng.verifier.judge import obligations
from yinzheng.verifier.judge.certificate.verify import operator_notes
from yinzheng.verifier.judge.contract.report import Concluding, ContractReport
from yinzheng.verifier.judge.exhibits import Exhibits
from yinzheng.verifier.judge.findings import Findings
from yinzheng.verifier.judge.holder import thread_of
from yinzheng.verifier.judge.judge import require_past
from yinzheng.verifier.judge.presentation import page_agrees, presentation_notes
from yinzheng.verifier.judge.report import Note, Outcome
from yinzheng.verifier.judge.seals import block_of, sealed
from yinzheng.verifier.judge.trust import TrustPolicy
from yinzheng.verifier.judge.verdict import word_of
from yinzheng.verifier.log.statement import Statement, organisation_subject, verify_body

_UNPROVED: Final = (
    (Concluding.DRAFT, "contract-draft", "nobody has signed this contract"),
    (Concluding.HALF_SIGNED, "contract-half-signed", "one party alone has signed this contract"),
    (
        Concluding.UNRECORDED,
        "contract-unrecorded",
        "nothing shows whose keys signed, or when",
    ),
)
"""Of a contract without proofs, by the number of its signatures: how it stands, and why nothing holds."""


@dataclass
class ContractExhibits(Exhibits):
    """Everything at hand; `read` fills it in."""

    presented: Presented
    signed: SignedContract | None = None
    told: ContractProof | None = None

    def read(self) -> None:
        """(1) Read the file."""
        data = self.presented.file or b""
        if not is_contract_proof(data):
            self.signed = parse_signed(data)
            return
        self.told = parse_contract_proof(data)
        self.signed, self.proof, self.evidence = self.told.signed, self.told.proof, self.told.chain

    def need_told(self) -> ContractProof:
        """What was recorded; raises `NotGiven` where that is not shown."""
        if self.told is None:
            _, code, message = _UNPROVED[_signatures(self)]
            raise NotGiven(message, code=code)
        return self.told


def verify_contract(
    presented: Presented,
    trust: TrustPolicy,
    *,
    now: int,
    at: int | None = None,
    live: object = None,
    allow_attached: bool = False,
) -> ContractReport:
    """Verify a contract that `read_target` found, under the reader's own policy.

    ``now`` and ``at`` as in `certificate.verify`. No ledger is asked: a contract has its evidence with it,
    and none of it changes. Bad data ends up in the report. Raises `UsageFault` `time-future`.
    """
    del live, allow_attached
    require_past(at, now)
    found = ContractExhibits(presented)
    findings = _judged(found, trust, now)
    standing = _standing(found, at)
    return ContractReport(
        kind=presented.kind,
        findings=findings.in_order(),
        authentic=word_of(findings, range(1, 10)),
        standing=standing,
        signed=found.signed,
        told=found.told,
        block=block_of(found.evidence, trust, now),
        checked_at=now,
        asked_at=at if standing is Concluding.NOT_YET else None,
        notes=(*presentation_notes(presented, "", None), *found.notes, *operator_notes(trust, set())),
    )


def _judged(found: ContractExhibits, trust: TrustPolicy, now: int) -> Findings:
    findings = Findings()
    # (1): it has the form of a contract, or of one with its proofs.
    findings.settle(1, found.read)
    if findings.outcome(1) is Outcome.INVALID:
        findings.skip_rest("form")
        return findings
    # (2): each party's signature verifies under a key that the ledger says was that party's.
    findings.settle(2, lambda: _signed(found.need_told()))
    # (3): both keys held when it was recorded.
    findings.settle(3, lambda: _held(found))
    # (4): the body is the one its statement commits to; no page shows another document's code.
    findings.settle(4, lambda: _opens(found))
    # (5): the statement, and the last one about each party, are in one log.
    findings.settle(5, lambda: _in_log(found.need_told()))
    # (6): every pinned key of the log has signed its head.
    findings.settle(6, lambda: obligations.checkpoint_signed(found.need_told().proof, trust))
    # (7): that head is anchored on the chain.
    findings.settle(7, lambda: obligations.anchored(found.need_told().proof, found.need_evidence(), trust))
    # (8): the block is sealed by pinned validators, and final.
    findings.settle(8, lambda: sealed(found.need_evidence(), trust))
    # (9): the certificate that it is about is the one on record.
    findings.settle(9, lambda: _on_record(found, trust))
    # (10): what was concluded stays so, whatever the age of the evidence; but no block is from the future.
    findings.settle(10, lambda: _age(found, now))
    return findings


def _key_of(signature: PartySignature, keys: PartyKeys) -> HeldKey:
    """The key that is said to have signed, as the party's statements tell of it.

    Raises `DataFault`: as `thread_of` and `fold`, `holder-key-unknown`.
    """
    thread_of(keys.events, organisation_subject(signature.code))
    held = fold((one.statement.type, one.body) for one in keys.events)
    key = next((one for one in held if one.kid == signature.kid), None)
    if key is None:
        raise DataFault("this organisation never had such a key", code="holder-key-unknown")
    return key


def _signed(told: ContractProof) -> None:
    """(2) Raises `DataFault` `contract-signature`, and as `_key_of`."""
    for signature, keys in zip(told.body.signatures, told.parties, strict=True):
        key = _key_of(signature, keys)
        if not is_signed_by(told.signed, signature, Sm2PublicKey(key.grant.key)):
            raise DataFault(
                "a party's key did not sign this contract", code="contract-signature", party=signature.code
            )


def _held(found: ContractExhibits) -> None:
    """(3) Raises `DataFault` `contract-key-over`, and as `_key_of`.

    As the ledger knew it then: what was signed and recorded before a loss or compromise was told stands
    (R41), or a party could undo its contract by dating one back. That it was told is noted.
    """
    told = found.need_told()
    at = told.body.concluded_at
    for signature, keys in zip(told.body.signatures, told.parties, strict=True):
        known = tuple(one for one in keys.events if one.statement.at <= at)
        if not known or not _key_of(signature, replace(keys, events=known)).holds_at(at):
            raise DataFault(
                "a party's key did not hold when the contract was recorded",
                code="contract-key-over",
                party=signature.code,
            )
        if not _key_of(signature, keys).holds_at(at):
            found.notes.append(Note("contract-key-reported", {"party": signature.code}))


def _opens(found: ContractExhibits) -> None:
    """(4) Raises `DataFault`: `commitment`, `contract-digest`, `contract-time`, `page-differs`."""
    page_agrees(found.presented, "")  # it has no code: whatever a page shows is another document's
    told = found.need_told()
    verify_body(told.statement, dumps(told.body.to_json()), told.secret)
    if told.body.digest != told.body.contract.digest:
        raise DataFault("the digest recorded is another contract's", code="contract-digest")
    if told.body.concluded_at != told.statement.at:
        raise DataFault("the contract is of another time than its statement", code="contract-time")


def _in_log(told: ContractProof) -> None:
    """(5) Raises `DataFault`: as `in_log`, `contract-heads` where a proof is to another head."""
    obligations.in_log(told.statement, told.proof)
    for signature, keys in zip(told.body.signatures, told.parties, strict=True):
        last: Statement = thread_of(keys.events, organisation_subject(signature.code))
        if keys.proof.checkpoint != told.proof.checkpoint:
            raise DataFault("the proofs are to different heads of the log", code="contract-heads")
        obligations.in_log(last, keys.proof)


def _on_record(found: ContractExhibits, trust: TrustPolicy) -> None:
    """(9) Raises `DataFault`: `record-absent`, `content-differs`."""
    about, evidence = found.need_told().body.contract.certificate, found.need_evidence()
    on_chain = decode_record(obligations.record_words(about.number, evidence, trust))
    if on_chain is None:
        raise DataFault("the chain has no record of that number", code="record-absent", number=about.number)
    if on_chain.content != about.leaf:
        raise DataFault("the chain's record is of another certificate", code="content-differs")


def _age(found: ContractExhibits, now: int) -> None:
    obligations.not_from_future(found.need_evidence(), now)
    raise NotGiven("what was concluded stays so, whatever the age of the evidence", code="concluded")


def _signatures(found: ContractExhibits) -> int:
    assert found.signed is not None  # asked once the form is read
    return len(found.signed.signatures)


def _standing(found: ContractExhibits, at: int | None) -> Concluding:
    if found.signed is None:
        return Concluding.UNDETERMINED
    if found.told is None:
        return _UNPROVED[_signatures(found)][0]
    early = at is not None and at < found.told.body.concluded_at
    return Concluding.NOT_YET if early else Concluding.RECORDED

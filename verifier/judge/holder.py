"""Whose SM2 key signed, and whether it was that holder's to sign with (S21.3, D16, R41).

Obligations 11–14, for whatever a holder signs: an answer to a challenge, a proof for one reader. They stand
beside those of the certificate (S9.1), which another judge settles. What an organisation's statements tell is
proved as a certificate's is; that none followed the chain tells, which counts each change of an account.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Protocol, runtime_checkable

from yinzheng.verifier.bytes.algorithms import Sm2PublicKey, sha256
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.bytes.shape import read_shape
from yinzheng.verifier.chain.evidence import Evidence, NotGiven, parse_evidence
from yinzheng.verifier.chain.layout import root_slot
from yinzheng.verifier.chain.layout_moves import LOST, ChainAccount, account_slots, decode_account
from yinzheng.verifier.containers.holderfile import HolderFile, Told
from yinzheng.verifier.errors import DataFault, EnvironmentFault
from yinzheng.verifier.formats.key_history import End, HeldKey, Keys, fold
from yinzheng.verifier.formats.organisation import HOLDER, Enrolment, parse_enrolment
from yinzheng.verifier.judge import obligations
from yinzheng.verifier.judge.exhibits import Exhibits
from yinzheng.verifier.judge.findings import Findings
from yinzheng.verifier.judge.live import LiveReader, refused, sealed_evidence
from yinzheng.verifier.judge.report import Authentic, Outcome, Report, Status
from yinzheng.verifier.judge.seals import sealed
from yinzheng.verifier.judge.trust import TrustPolicy
from yinzheng.verifier.judge.verdict import NOT_COVERED
from yinzheng.verifier.log.statement import Statement, organisation_subject, verify_body
from yinzheng.verifier.log.tlogproof import TlogProof

ENROLMENT: Final = 11
"""The organisation's statements are whole, in the log, and that log's head is under a sealed block."""
ON_CHAIN: Final = 12
"""The chain has that key beside the organisation's account, young enough to speak of now."""
KEY_HELD: Final = 13
"""The key that signed was the holder's, and in force."""
SIGNATURE: Final = 14
"""The signature verifies under it."""

OF_HOLDER: Final = (ENROLMENT, ON_CHAIN, KEY_HELD, SIGNATURE)


@dataclass(frozen=True, slots=True)
class LiveOrganisation:
    """What a ledger keeps of an organisation, as it hands it out: JSON values and a text, nothing checked."""

    events: tuple[tuple[object, object], ...]
    """Statements with their bodies, oldest first."""
    proof: str
    """`tlog-proof` of the last statement, to a checkpoint that is anchored."""


@runtime_checkable
class HolderReader(Protocol):
    """A ledger that can be asked about an organisation; both raise as those of `LiveReader`."""

    def organisation(self, code: str) -> LiveOrganisation | None:
        """What is kept of it; None if the ledger keeps no records, or not of this one."""

    def account(self, organisation: bytes, size: int | None, at: int | None) -> object:
        """Evidence (JSON of S7.3) for `account_slots` of this subject, 32 bytes, and if ``size`` is given
        for the anchored root of that size. Headers and ``at`` as `LiveReader.chain`.
        """


class HolderLedger(LiveReader, HolderReader, Protocol):
    """A ledger that can be asked about certificate and holder."""


@dataclass
class HolderExhibits(Exhibits):
    """What there is to say whose key it was; `read` fills it in."""

    code: str
    """Of the organisation that says it signed."""
    trust: TrustPolicy
    file: HolderFile | None = None
    reader: HolderReader | None = None
    events: tuple[Told, ...] = ()
    keys: Keys = ()
    enrolment: Enrolment | None = None
    """Once obligation 11 is settled with the form at least."""
    chain: ChainAccount | None = None
    why_no_events: NotGiven | EnvironmentFault = field(
        default_factory=lambda: NotGiven(
            "nothing shows which key is this organisation's, and no ledger was asked", code="holder-not-shown"
        )
    )

    @property
    def subject(self) -> bytes:
        """Of the organisation's statements, and its identifier on chain."""
        return organisation_subject(self.code)

    def read(self) -> None:
        """Take the file, then ask the ledger, if there is one; what a ledger keeps may be newer."""
        if self.file is not None:
            self.events, self.proof, self.evidence = self.file.events, self.file.proof, self.file.chain
        if self.reader is not None:
            self._ask(self.reader)

    def _ask(self, reader: HolderReader) -> None:
        try:
            told = refused(lambda: self._told(reader))
        except EnvironmentFault as fault:
            if not (self.allow_attached and self.events):
                self.events, self.why_no_events = (), fault
        else:
            if told is not None:
                self.events, self.proof = told
            elif not self.events:
                self.why_no_events = NotGiven(
                    "the ledger asked keeps nothing of that organisation", code="holder-unknown"
                )
        self.ask_chain(lambda size: refused(lambda: self._account(reader, size)), self.trust)

    def _told(self, reader: HolderReader) -> tuple[tuple[Told, ...], TlogProof] | None:
        answer = reader.organisation(self.code)
        if answer is None:
            return None
        events = tuple(read_shape(Told, {"statement": one, "body": body}) for one, body in answer.events)
        proof = TlogProof.from_text(answer.proof)
        obligations.in_log(thread_of(events, self.subject), proof)
        obligations.log_signed(proof, self.trust)
        return events, proof

    def _account(self, reader: HolderReader, size: int | None) -> Evidence:
        def read(at: int | None) -> Evidence:
            return parse_evidence(reader.account(self.subject, size, at))

        evidence = sealed_evidence(read, self.trust, size, None)
        if self.trust.holders is not None:
            decode_account(evidence.words(self.trust.holders, account_slots(self.subject)))
        if size is not None:
            evidence.words(self.trust.anchor, [root_slot(size)])
        return evidence


@dataclass(frozen=True, slots=True)
class Claimed:
    """What is said to be a holder's signature."""

    kid: bytes
    message: bytes
    signature: bytes
    at: int
    """When it is said to have been made: the key held then, and holds at the time of asking."""


def settle_holder(found: HolderExhibits, claimed: Claimed, findings: Findings, now: int) -> HeldKey | None:
    """Settle obligations 11–14; gives the key that signed, if the statements tell of it."""
    found.read()
    # (11): the organisation's own statements, whole, logged, anchored, in a sealed block.
    findings.settle(ENROLMENT, lambda: _enrolled(found))
    key = next((one for one in found.keys if one.kid == claimed.kid), None)
    # (12): the chain names that key, and no later change.
    findings.settle(ON_CHAIN, lambda: _on_chain(found, key, now))
    # (13): it held.
    findings.settle(KEY_HELD, lambda: _held(found, key, claimed, now))
    # (14): it signed.
    findings.settle(SIGNATURE, lambda: _signed(found, key, claimed))
    return key


def thread_of(events: tuple[Told, ...], subject: bytes) -> Statement:
    """The last of an organisation's statements, which the log must contain; it binds all before it.

    Raises `DataFault`: `holder-other` (another organisation's), `holder-thread` (not each after the last),
    `commitment`.
    """
    before: bytes | None = None
    for one in events:
        if one.statement.subject != subject:
            raise DataFault("these statements are of another organisation", code="holder-other")
        if one.statement.prev != before or one.statement.by != "registry":
            raise DataFault("the organisation's statements do not follow each other", code="holder-thread")
        verify_body(one.statement, dumps(one.body))
        before = one.statement.leaf_hash
    return events[-1].statement


def _enrolled(found: HolderExhibits) -> None:
    if not found.events:
        raise found.why_no_events
    last = thread_of(found.events, found.subject)
    found.keys = fold((one.statement.type, one.body) for one in found.events)
    found.enrolment = parse_enrolment(found.events[0].body)
    if found.enrolment.organisation.code != found.code:
        raise DataFault("these statements are of another organisation", code="holder-other")
    if HOLDER not in found.enrolment.roles:
        raise DataFault("this organisation is not enrolled as a holder", code="holder-role")
    proof = found.need_proof()
    obligations.in_log(last, proof)
    obligations.checkpoint_signed(proof, found.trust)
    evidence = found.need_evidence()
    sealed(evidence, found.trust)
    obligations.anchored(proof, evidence, found.trust)


def _on_chain(found: HolderExhibits, key: HeldKey | None, now: int) -> None:
    """Raises `DataFault`: `holder-absent`, `holder-account-over` (lost or compromised), `holder-key-differs`,
    `answer-too-old`, `block-from-future`.
    """
    if found.trust.holders is None:
        raise NotGiven("the policy pins no contract of holders", code="holders-not-pinned")
    evidence = found.need_evidence()
    sealed(evidence, found.trust)
    found.chain = decode_account(evidence.words(found.trust.holders, account_slots(found.subject)))
    if found.chain is None:
        raise DataFault("the chain knows no such holder", code="holder-absent")
    time = max(now, evidence.block.time)
    if found.chain.key_at(time) is None:
        raise DataFault(
            "the holder's account was reported lost or compromised",
            code="holder-account-over",
            state="lost" if found.chain.state == LOST else "compromised",
        )
    if key is None:
        raise NotGiven("it is not known which key signed", code="holder-key-unknown")
    # A key announced for an account that takes over later is bound in the log at once (S10.4b).
    if sha256(key.grant.key) not in (found.chain.key_at(time), found.chain.next_key):
        raise DataFault("the chain names another key of this holder", code="holder-key-differs")
    obligations.answer_age(evidence, found.trust, now, None)


def _held(found: HolderExhibits, key: HeldKey | None, claimed: Claimed, now: int) -> None:
    """Raises `DataFault`: `holder-key-unknown`, `holder-key-lost`, `holder-key-over`, `holder-key-early`."""
    if not found.keys:
        raise found.why_no_events
    if key is None:
        raise DataFault("this organisation never had such a key", code="holder-key-unknown")
    # By our clock too: a thief would claim a time before the key was reported (S11.3).
    for instant in (claimed.at, now):
        if instant < key.begins_at:
            raise DataFault("the key was not in force yet", code="holder-key-early")
        if instant >= key.ends_at:
            lost = key.end in (End.LOST, End.COMPROMISED, End.LEFT)
            raise DataFault(
                "the key was reported lost or compromised" if lost else "the key is no longer in force",
                code="holder-key-lost" if lost else "holder-key-over",
                ended_at=key.ends_at,
                end=key.end.value,
            )


def _signed(found: HolderExhibits, key: HeldKey | None, claimed: Claimed) -> None:
    if not found.keys:
        raise found.why_no_events
    if key is None:
        raise NotGiven("it is not known which key signed", code="holder-key-unknown")
    if not Sm2PublicKey(key.grant.key).verify(claimed.message, claimed.signature):
        raise DataFault("the holder's key did not sign this", code="holder-signature")


KEY_STANDINGS: Final = {
    "holder-signature": "signature_wrong",
    "holder-key-unknown": "key_unknown",
    "holder-key-lost": "key_lost",
    "holder-account-over": "key_lost",
    "holder-key-over": "key_over",
    "holder-key-differs": "key_over",
    "holder-key-early": "key_early",
    "holder-role": "not_enrolled",
    "holder-absent": "not_enrolled",
}
"""By the code of what does not hold about the key: how it stands. Whichever key signed, and however it ended,
the signature is that key's (`genuine`), but for `signature_wrong`."""

OPEN: Final = ("certificate_open", "holder_open")
"""Standings that leave it open whether the holder of a right in force signed."""

_NO_FORGERY: Final = {*KEY_STANDINGS, "answer-too-old", "block-from-future"} - {"holder-signature"}
"""Codes of 11–14 that say what became of a key, or how old the answer is: nothing failed."""


def how_it_stands(findings: Findings, certificate: Report, named: int) -> str:
    """How it stands with what a holder signed about a certificate: who signed, then what for.

    ``named``: the obligation that whoever signed is a holder by the certificate's record. `in_force` and
    `attention` are good; everything else says why not (S21.4).
    """
    why = _trouble(findings)
    if why in KEY_STANDINGS:
        return KEY_STANDINGS[why]
    if _is_forged(findings):
        return "holder_forged"
    if certificate.authentic is Authentic.FORGED:
        return "certificate_forged"
    if certificate.authentic is not Authentic.GENUINE:
        return "certificate_open"
    if findings.outcome(named) is not Outcome.VALID:
        return "not_a_holder"
    if why is not None:
        return "holder_open"
    if certificate.status is Status.UNDETERMINED:
        return "certificate_open"
    if certificate.status is not Status.IN_FORCE:
        return "not_in_force"
    return "attention" if certificate.attention else "in_force"


def word_for(findings: Findings, certificate: Report, standing: str) -> Authentic:
    """Forged only where a proof, signature or comparison failed; genuine once the signature is a holder's."""
    if standing in ("certificate_forged", "certificate_open"):
        return certificate.authentic
    if _is_forged(findings):
        return Authentic.FORGED
    # Who signed is known once the statements are proved and the signature verifies, or is of no such key.
    known = findings.outcome(ENROLMENT) is Outcome.VALID
    signed = findings.outcome(SIGNATURE) is Outcome.VALID or standing == "key_unknown"
    return Authentic.GENUINE if (known and signed) or standing == "not_enrolled" else Authentic.UNDETERMINED


def _trouble(findings: Findings) -> str | None:
    """Why the signature is not to be taken as the holder's, as a code; None if it is."""
    order = (SIGNATURE, KEY_HELD, ON_CHAIN, ENROLMENT)
    for outcomes in ((Outcome.INVALID,), (Outcome.ERROR, Outcome.SKIPPED)):
        for number in order:
            if findings.outcome(number) in outcomes:
                return findings.found(number).code
    return None


def _is_forged(findings: Findings) -> bool:
    """Whether a proof about the holder, or its signature, failed."""
    failed = (findings.found(one) for one in OF_HOLDER if findings.outcome(one) is Outcome.INVALID)
    return any(one.code not in NOT_COVERED and one.code not in _NO_FORGERY for one in failed)

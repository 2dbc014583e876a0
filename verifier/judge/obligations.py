"""The ten obligations (S9.1, D8), each its own function.

A check that holds returns what it established. One that does not raises: `DataFault`, the obligation is
INVALID; `NotGiven`, it is SKIPPED; `EnvironmentFault`, it is an ERROR. Nothing here collects or concludes:
that is `judge`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple, Protocol

from yinzheng.verifier.bytes.algorithms import DigestPair, digest_pair
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.chain.evidence import Evidence, NotGiven
from yinzheng.verifier.chain.holdings import holdings_digest, holdings_of
from yinzheng.verifier.chain.layout import ChainRecord, decode_record, record_slots, root_slot
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.body import PROCEDURES, Body, Party
from yinzheng.verifier.formats.elision import ELIDED
from yinzheng.verifier.judge.findings import Established
from yinzheng.verifier.judge.report import Difference
from yinzheng.verifier.judge.trust import Issuer, TrustPolicy
from yinzheng.verifier.judge.witnesses import Cosigned
from yinzheng.verifier.log.note import Checkpoint, open_checkpoint, peek_checkpoint
from yinzheng.verifier.log.statement import Statement, certificate_subject
from yinzheng.verifier.log.tlogproof import TlogProof

DEPOSIT_WINDOW: Final = 86_400
"""Seconds between registration and its deposit, at most (S5.8)."""

CLOCK_SKEW: Final = 300
"""Seconds by which a block may be ahead of the reader's clock."""


class Recorded(Protocol):
    """What was deposited or given: the body that a statement commits to."""

    def to_json(self) -> dict[str, JSON]:
        """Its JSON object."""

    def commitment(self) -> DigestPair:
        """The digest pair of its canonical bytes (S2.2)."""


class Shown(Protocol):
    """What a code shows of it; texts may have given way to their digests (S6.4)."""

    @property
    def body(self) -> Recorded:
        """As shown, `ELIDED` where a text gave way."""

    @property
    def elided(self) -> Mapping[str, bytes]:
        """Path → `SM3 || SHA-256` of the text's UTF-8."""

    @property
    def declared(self) -> bytes | None:
        """`SM3 || SHA-256` of the whole canonical body, present when something is elided."""

    def commitment(self) -> DigestPair:
        """The digest pair of the whole body."""


class Signed(NamedTuple):
    """What an issuer signed, and when."""

    kid: bytes
    message: bytes
    signature: bytes
    """Raw `r || s`."""
    at: int
    """When it was signed, as what was signed says itself."""
    registry: Party | None
    """Who says it signed; None: whichever the policy says of the key."""
    number: str | None = None
    """Of a certificate: it begins with the key's prefix."""


def issuer_signature(signed: Signed, trust: TrustPolicy) -> Issuer:
    """(2) The issuer's signature verifies under the key that `kid` names and the policy pins."""
    issuer = trust.issuers.get(signed.kid)
    if issuer is None:
        kid = signed.kid.hex()
        if signed.registry is not None and trust.names(signed.registry):
            raise DataFault("the policy has no such key of that registry", code="issuer-key-unknown", kid=kid)
        raise DataFault("the policy pins no issuer of that key", code="issuer-unknown", kid=kid)
    if not trust.verified(issuer.key, signed.message, signed.signature):
        raise DataFault("the issuer's signature is wrong", code="signature-wrong", kid=signed.kid.hex())
    return issuer


def issuer_entitled(signed: Signed, issuer: Issuer) -> None:
    """(3) The issuer's key was entitled to sign this when it was signed (R41)."""
    reason = issuer.entitled_at(signed.at, signed.registry or issuer.registry)
    if reason is None and signed.number is not None and not signed.number.startswith(issuer.prefix):
        reason = "prefix-differs"
    if reason is not None:
        raise DataFault(
            "the issuer's key was not entitled to sign this",
            code=reason,
            at=signed.at,
            not_before=issuer.not_before,
            not_after=issuer.not_after,
            compromised_at=issuer.compromised_at,
        )


def record_equals(core: Shown | None, record: Recorded, follows: Statement, statement: Statement) -> None:
    """(4) The record is the one the statement commits to, and the code shown says the same (R9).

    ``follows``: the statement that follows from the record.
    """
    found = differences(core, record) if core else ()
    data: dict[str, Any] = {
        "differences": [{"path": d.path, "certificate": d.certificate, "record": d.record} for d in found]
    }
    if follows != statement:
        raise DataFault(
            "the record is not the one its statement commits to", code="record-not-committed", **data
        )
    if core is None:
        raise NotGiven("there is no certificate to compare the record with", code="number-only")
    if found:
        raise DataFault("certificate and record differ", code="record-differs", **data)


def in_log(statement: Statement, proof: TlogProof) -> Checkpoint:
    """(5) The statement is in the log that the checkpoint is the head of."""
    return proof.verify_inclusion(statement.leaf_hash)


def checkpoint_signed(proof: TlogProof, trust: TrustPolicy) -> Established:
    """(6) Every pinned key of the log has signed the checkpoint, and as many witnesses as are asked for.

    Returns who did of the witnesses, and when.
    """
    found = log_signed(proof, trust)
    found.require()
    return Established(found.data)


def log_signed(proof: TlogProof, trust: TrustPolicy) -> Cosigned:
    """Every pinned key of the log has signed the checkpoint, however many witnesses did; returns who.

    Raises also `cosignature-wrong`: a line that claims to be a pinned witness's and is not.
    """
    open_checkpoint(proof.checkpoint, trust.origin, trust.log_keys, trust.verified)
    return trust.witnesses.cosigned(proof.checkpoint, trust.verified)


def anchored(proof: TlogProof, evidence: Evidence, trust: TrustPolicy) -> None:
    """(7) The pinned anchor contract holds the checkpoint's root for its size."""
    checkpoint = peek_checkpoint(proof.checkpoint)
    (root,) = evidence.words(trust.anchor, [root_slot(checkpoint.size)])
    if root == 0:
        raise DataFault(
            "the chain holds no root for the checkpoint's size", code="not-anchored", size=checkpoint.size
        )
    if root.to_bytes(32, "big") != checkpoint.root:
        raise DataFault(
            "the chain holds another root for the checkpoint's size",
            code="root-differs",
            size=checkpoint.size,
        )


def not_before(evidence: Evidence, known_by: int) -> None:
    """That the block is late enough to lack only what the chain never knew (S9.2).

    ``known_by``: when it was on the chain at the latest. Before that, a node that lags lacks it too. Raises
    `NotGiven` `block-too-early`.
    """
    if evidence.block.time < known_by:
        raise NotGiven("the block is too early to know of it", code="block-too-early", known_by=known_by)


def chain_record(
    evidence: Evidence, trust: TrustPolicy, number: str, body: Body | None, statement: Statement | None
) -> ChainRecord:
    """(9) The pinned registry contract has a record for the number, of this content and these terms.

    Its status is told by `status`.
    """
    record = decode_record(record_words(number, evidence, trust))
    if record is None:
        if body is not None:
            not_before(evidence, body.registered_at + DEPOSIT_WINDOW)
        raise DataFault("the chain has no record of that number", code="record-absent", number=number)
    if body is None or statement is None:
        raise NotGiven("there is no certificate to compare the chain's record with", code="number-only")
    if record.content != statement.leaf_hash:
        raise DataFault("the chain's record is of another certificate", code="content-differs")
    terms = {
        "valid_until": record.valid_until == body.valid_until,
        "procedure": PROCEDURES[record.procedure - 1] == body.procedure,
        # Whoever steals the issuer's key may date a certificate back, but not the chain's clock.
        "registered_at": 0 <= record.deposited_at - body.registered_at <= DEPOSIT_WINDOW,
        "holders": record.holdings == holdings_digest(holdings_of((h.code, h.rights) for h in body.holders)),
        "follows": record.predecessor in _predecessors(body),
    }
    if not all(terms.values()):
        raise DataFault(
            "the chain's record states other terms than the certificate",
            code="terms-differ",
            terms=[name for name, same in terms.items() if not same],
        )
    return record


def _predecessors(body: Body) -> set[bytes | None]:
    """What its record may name as predecessor: nothing exactly for a first registration (R2)."""
    return {certificate_subject(one.number) for one in body.follows} or {None}


def record_words(number: str, evidence: Evidence, trust: TrustPolicy) -> list[int]:
    """The eight words of the record of a number in the pinned registry contract (S5.3)."""
    return evidence.words(trust.rights, record_slots(certificate_subject(number)))


def answer_age(evidence: Evidence, trust: TrustPolicy, now: int, at: int | None) -> int:
    """(10) The block is young enough for an answer about now. Returns its age in seconds."""
    age = not_from_future(evidence, now)
    if at is not None:
        raise NotGiven("a time was asked about, so the age of the answer does not matter", code="as-of")
    if age > trust.max_age:
        raise DataFault(
            "the block is too old to say what holds now",
            code="answer-too-old",
            age=age,
            max_age=trust.max_age,
        )
    return age


def not_from_future(evidence: Evidence, now: int) -> int:
    """(10) The block is not ahead of the reader's clock, whatever is asked. Returns its age in seconds."""
    age = now - evidence.block.time
    if age < -CLOCK_SKEW:
        raise DataFault("the block claims a time yet to come", code="block-from-future", age=age)
    return age


def differences(core: Shown, record: Recorded) -> tuple[Difference, ...]:
    """Every field in which what is shown and the record differ, in the order of the record's fields."""
    if core.body == record and core.declared is None and not core.elided:
        return ()
    shown, deposited = _leaves(core.body.to_json()), _leaves(record.to_json())
    for path, digest in core.elided.items():
        text = deposited.get(path)
        pair = digest_pair(text.encode()) if isinstance(text, str) else None
        # A text the QR has only the digest of counts as shown when the record's has that digest.
        shown[path] = text if pair and pair.sm3 + pair.sha256 == digest else ELIDED
    found = [
        Difference(path, shown.get(path), deposited.get(path))
        for path in {**deposited, **shown}
        if shown.get(path) != deposited.get(path) or (path in shown) != (path in deposited)
    ]
    if core.declared is not None and not found and not core.commitment().matches(record.commitment()):
        found.append(Difference("$", core.commitment().sha256.hex(), record.commitment().sha256.hex()))
    return tuple(found)


def _leaves(value: JSON, path: str = "") -> dict[str, str | int | None]:
    """The plain values in a JSON value, by path (`holders[0].name`)."""
    if isinstance(value, dict):
        members = [(f"{path}.{name}" if path else name, member) for name, member in value.items()]
    elif isinstance(value, list):
        members = [(f"{path}[{at}]", member) for at, member in enumerate(value)]
    else:
        return {path: value}
    return {leaf: plain for name, member in members for leaf, plain in _leaves(member, name).items()}

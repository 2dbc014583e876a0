"""One judge for every kind of document: the ten obligations of S9.1 in order, each once (D8).

A kind of document is a value, its `Rules`: how its form is read, what was signed and when, how its body opens
its commitment, which words on chain it rests on, and which obligations its verdict needs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeAlias, TypeVar

from yinzheng.verifier.chain.evidence import NotGiven
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.judge import obligations
from yinzheng.verifier.judge.exhibits import Exhibits
from yinzheng.verifier.judge.findings import Findings, Placed, all_hold
from yinzheng.verifier.judge.obligations import Signed
from yinzheng.verifier.judge.report import Authentic, Outcome
from yinzheng.verifier.judge.seals import sealed
from yinzheng.verifier.judge.trust import Issuer, TrustPolicy
from yinzheng.verifier.judge.verdict import word_of
from yinzheng.verifier.log.statement import Statement
from yinzheng.verifier.log.tlogproof import TlogProof

E = TypeVar("E", bound=Exhibits)

IN_PLACES: Final = (4, 5, 6, 7)
"""Obligations that a document of many parts settles place by place."""

Age: TypeAlias = Callable[[E, TrustPolicy, int, int | None], object]


def _nothing_more(exhibits: Exhibits, of: object) -> None:
    del exhibits, of


def _age(exhibits: Exhibits, trust: TrustPolicy, now: int, at: int | None) -> int:
    return obligations.answer_age(exhibits.need_evidence(), trust, now, at)


@dataclass(frozen=True, slots=True)
class Rules(Generic[E]):
    """What is particular to one kind of document. Each raises as the functions of `obligations` do."""

    form: Callable[[E], object]
    """(1) Read what was presented into the exhibits, and ask a ledger for what it may add."""
    signed: Callable[[E], Signed]
    """(2) (3) What the issuer signed, and when."""
    opens: Callable[[E], object]
    """(4) The body is the one its statement commits to, and agrees with all that is shown beside it."""
    statement: Callable[[E], Statement]
    """(5) What the log contains."""
    rests_on: Callable[[E, TrustPolicy], object]
    """(9) The pinned contract holds the words that the document rests on."""
    needs: Callable[[E, Findings], Collection[int]]
    """Which obligations must be VALID for `genuine`, once all are settled (S9.2)."""
    age: Age[E] = _age
    """(10) The answer is young enough; asked where there is one."""
    entitled: Callable[[E, Issuer], object] = _nothing_more
    """(3) What else must hold for an issuer whose key was entitled at the time of signing."""
    also_logged: Callable[[E, TlogProof], object] = _nothing_more
    """(5) What else is told must be in the log that the statement's proof is to."""
    read: Callable[[E], object] | None = None
    """(1) Read what was signed, of a kind that reads nothing before it is known that a pinned issuer did."""
    places: Callable[[E], Sequence[Placed]] | None = None
    """(4–7) Findings of a document of many parts, place by place, in stead of `opens` and `statement`."""


def judge(rules: Rules[E], exhibits: E, trust: TrustPolicy, now: int, at: int | None = None) -> Findings:
    """Settle obligations 1–10 under the reader's policy.

    ``now`` is the time of asking and ``at`` the time asked about (UTC seconds; None: now). Bad data and a
    silent ledger end up in the findings. Raises `UsageFault` `time-future` for an ``at`` yet to come.
    """
    require_past(at, now)
    found = Findings()
    # (1): what is presented has the form of its kind.
    found.settle(1, rules.form, exhibits)
    if found.outcome(1) is Outcome.INVALID:
        found.skip_rest("form")
        return found
    # (2): the issuer's signature verifies under a pinned key.
    issuer = found.settle(2, _issuer, rules, exhibits, trust)
    if rules.read is None or _is_read(rules.read, exhibits, found):
        settle_rest(rules, exhibits, issuer, trust, found, now, at)
    return found


def is_issued(rules: Rules[E], exhibits: E, trust: TrustPolicy) -> bool:
    """Whether obligations 1–3 hold: somebody whom the policy pins signed what is shown, and was entitled to.

    For a kind whose form shows what was signed (`Rules.read` is None).
    """
    found = Findings()
    # (1): what is presented has the form of its kind.
    found.settle(1, rules.form, exhibits)
    if found.outcome(1) is Outcome.INVALID:
        return False
    # (2): the issuer's signature verifies under a pinned key.
    issuer = found.settle(2, _issuer, rules, exhibits, trust)
    # (3): that key was entitled to sign this, when it was signed.
    found.settle(3, _entitled, rules, exhibits, issuer)
    return found.outcome(2) is found.outcome(3) is Outcome.VALID


def require_past(at: int | None, now: int) -> None:
    """Raise `UsageFault` `time-future` for a time asked about that is yet to come (D14)."""
    if at is not None and at > now:
        raise UsageFault(
            "the time asked about is yet to come",
            code="time-future",
            hint="Ask about a time that has passed; a date means its end. Without one, it is about now.",
        )


def _is_read(read: Callable[[E], object], exhibits: E, found: Findings) -> bool:
    """(1) Whether what a pinned issuer signed has its form; else nothing more is looked at."""
    code = "issuer-not-established"
    if found.outcome(2) is Outcome.VALID:
        code = "form"
        # (1): what was signed has the form of its kind.
        found.settle(1, read, exhibits)
        if found.outcome(1) is Outcome.VALID:
            return True
    found.skip_rest(code, after=2)
    return False


def settle_rest(
    rules: Rules[E],
    exhibits: E,
    issuer: Issuer | None,
    trust: TrustPolicy,
    found: Findings,
    now: int,
    at: int | None = None,
) -> None:
    """Settle obligations 3–10, once 1 and 2 are."""
    if exhibits.evidence is not None:
        trust.recall(exhibits.evidence)
    # (3): that key was entitled to sign this, when it was signed.
    found.settle(3, _entitled, rules, exhibits, issuer)
    if rules.places is not None:
        places = rules.places(exhibits)
        for number in IN_PLACES:
            # (4)–(7): wherever something is shown, as each place says in detail.
            found.settle(number, all_hold, number, places)
    else:
        # (4): the body is the one its statement commits to.
        found.settle(4, rules.opens, exhibits)
        _settle_log(rules, exhibits, trust, found)
    evidence = exhibits.evidence
    if evidence is None:
        # (8) (10): there is no block to judge.
        found.lack((8, 10), exhibits.why_no_evidence)
    else:
        # (8): the block is sealed by pinned validators, and final.
        found.settle(8, sealed, evidence, trust)
    # (9): the chain holds what the document rests on.
    found.settle(9, rules.rests_on, exhibits, trust)
    if evidence is not None:
        # (10): the answer is young enough.
        found.settle(10, rules.age, exhibits, trust, now, at)


def _settle_log(rules: Rules[E], exhibits: E, trust: TrustPolicy, found: Findings) -> None:
    proof, evidence = exhibits.proof, exhibits.evidence
    if proof is None:
        # (5)–(7): there is no proof to look into.
        found.lack((5, 6, 7), exhibits.why_no_proof)
        return
    # (5): the statement is in the log.
    found.settle(5, _in_log, rules, exhibits, proof)
    # (6): every pinned key of the log has signed its head.
    found.settle(6, obligations.checkpoint_signed, proof, trust)
    if evidence is None:
        # (7): there is no block to look into.
        found.lack((7,), exhibits.why_no_evidence)
    else:
        # (7): that head is anchored on the chain.
        found.settle(7, obligations.anchored, proof, evidence, trust)


def authentic(rules: Rules[E], exhibits: E, findings: Findings) -> Authentic:
    """The word for what was found (S9.2)."""
    return word_of(findings, rules.needs(exhibits, findings))


def _issuer(rules: Rules[E], exhibits: E, trust: TrustPolicy) -> Issuer:
    return obligations.issuer_signature(rules.signed(exhibits), trust)


def _in_log(rules: Rules[E], exhibits: E, proof: TlogProof) -> None:
    obligations.in_log(rules.statement(exhibits), proof)
    rules.also_logged(exhibits, proof)


def _entitled(rules: Rules[E], exhibits: E, issuer: Issuer | None) -> None:
    if issuer is None:
        raise NotGiven("no pinned issuer is known to have signed", code="issuer-not-established")
    obligations.issuer_entitled(rules.signed(exhibits), issuer)
    rules.entitled(exhibits, issuer)

"""The word a verification ends in (D14, S9.2).

Forged is said only where a proof, a signature or a comparison failed. What no reader recognises, what a
registry signed that the reader does not pin, and a number that was never registered are none of ours;
whatever was merely not shown, not covered by the policy, or not to be had leaves the question open.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from yinzheng.verifier.judge.findings import Findings
from yinzheng.verifier.judge.report import Authentic, Finding, Outcome

ISSUER_UNKNOWN: Final = "issuer-unknown"
"""Another registry's, or nobody's: what it says of itself is not for this policy to judge."""

KEY_UNKNOWN: Final = "issuer-key-unknown"
"""It names a registry that the reader pins, and is judged as that registry's; whose key it is stays open."""

NOT_COVERED: Final = frozenset(
    {
        # (2): a key that came after the policy, or a forger's. What else is shown tells them apart.
        KEY_UNKNOWN,
        # (6): whoever pins one key more than signed, or another log, has been shown no failed signature.
        "note-unsigned",
        "checkpoint-origin",
        "checkpoint-signature-missing",
        # (7), (9): the chain shown lacks what the policy names; or a proof ends before it proves anything.
        "contract-absent",
        "code-differs",
        "state-proof-short",
        # (7): a block from before the anchoring holds no root either. Another one is a contradiction.
        "not-anchored",
        # (9): what an earlier version of a contract wrote, which kept less, is whole and says less.
        "record-earlier",
        "licence-earlier",
    }
)
"""Codes of INVALID findings in which nothing shown has failed: the policy does not cover it, a proof is
missing, or the block may be too early to know. Every other code of 2–9 means that a proof, a signature or a
comparison failed.
"""

SHORT_DIFFERS: Final = "short-differs"
"""A short code names another document than is registered under its number: it claims that one's place."""

NUMBER_ONLY: Final = "number-only"
"""Nothing was shown, and so nothing that anybody could have forged."""

ABSENT: Final = "record-absent"
"""The chain has no record of that number."""

_BY_ITSELF: Final = (4, 5)
"""Obligations in which what is shown is held against itself alone, whatever the policy pins."""

_ABSENT: Final = frozenset({"licence-absent", ABSENT, "withdrawal-absent", "withdrawals-uncounted"})
"""What the pinned chain does not know it does not contradict either."""


def said_by(finding: Finding) -> Authentic:
    """What one INVALID finding says by itself, once an issuer the policy pins has signed."""
    if finding.number == 1:
        return Authentic.NOT_OURS
    if finding.code == ISSUER_UNKNOWN:
        return Authentic.NOT_OURS
    return Authentic.UNDETERMINED if finding.code in NOT_COVERED else Authentic.FORGED


def never_registered(found: Collection[Finding]) -> bool:
    """Whether a number alone was asked about, and the chain is proved to have none such (ADR 101).

    A block that nobody vouches for proves nothing, and one that is too old only what was; of a time asked
    about (10 is SKIPPED) a node could show a block from long before it.
    """
    held = {one.number for one in found if one.outcome is Outcome.VALID}
    return {8, 10} <= held and _absent_alone(found)


def _absent_alone(found: Collection[Finding]) -> bool:
    return {NUMBER_ONLY, ABSENT} <= {one.code for one in found}


def word_of(findings: Findings, needed: Collection[int]) -> Authentic:
    """The word for obligations 1–10; ``needed``: those that must be VALID for `GENUINE`."""
    if findings.outcome(1) is Outcome.INVALID:
        return Authentic.NOT_OURS
    failed = findings.failed()
    refuted = _refuted(findings, failed) if failed else None
    if refuted is not None:
        return refuted
    return Authentic.GENUINE if findings.all_are(Outcome.VALID, needed) else Authentic.UNDETERMINED


def _refuted(findings: Findings, failed: Collection[Finding]) -> Authentic | None:
    """The word that what failed comes to; None where it leaves the question open."""
    found = findings.in_order()
    if never_registered(found):
        return Authentic.NOT_OURS
    if _absent_alone(found):  # nothing was shown that a record could contradict
        failed = tuple(one for one in failed if one.code != ABSENT)
    if findings.found(2).code == ISSUER_UNKNOWN:
        ours = findings.outcome(6) is Outcome.VALID
        return Authentic.FORGED if any(_contradicts(one, ours=ours) for one in failed) else Authentic.NOT_OURS
    return Authentic.FORGED if any(said_by(finding) is Authentic.FORGED for finding in failed) else None


def _contradicts(finding: Finding, *, ours: bool) -> bool:
    """Whether a finding about what an unknown issuer signed shows a forgery all the same.

    It claims a place in the pinned log (`ours`) and contradicts itself, or one on the pinned chain that is
    another's. What only its own registry could judge is not called forged by a reader who does not pin that.
    """
    if finding.number in _BY_ITSELF:
        return ours
    return finding.number == 9 and finding.code not in (NOT_COVERED | _ABSENT)

"""The verdict in one line: word, headline and exit code of whatever was verified (D14, S9.4).

The command line, the pages and the JSON of both say what this one function says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Protocol

from yinzheng.verifier.judge.licence.report import VOUCHER
from yinzheng.verifier.judge.report import Authentic, Finding, Note, exit_code_of
from yinzheng.verifier.judge.verdict import (
    ISSUER_UNKNOWN,
    KEY_UNKNOWN,
    SHORT_DIFFERS,
    never_registered,
)
from yinzheng.verifier.words import phrases
from yinzheng.verifier.words.phrase import Phrase
from yinzheng.verifier.words.times import ago, lately, moment

Headlines = Mapping[str, Phrase]


class Judged(Protocol):
    """What every report says of itself, whatever kind of document it is about."""

    @property
    def document(self) -> str:
        """Kind of the document: a key of `GENUINE`."""

    @property
    def authentic(self) -> Authentic:
        """One of the four words."""

    @property
    def standing(self) -> str:
        """How it stands with what is genuine: a key of what `GENUINE[document]` gives."""

    @property
    def holds(self) -> bool | None:
        """Whether it is in force, or otherwise as it claims; None where that cannot be told."""

    @property
    def speaks_of(self) -> int | None:
        """The instant of which `standing` speaks, if not `asked_at`: that of the block, or of asking."""

    @property
    def asked_at(self) -> int | None:
        """The time asked about, if not now."""

    @property
    def checked_at(self) -> int:
        """The time of asking."""

    @property
    def findings(self) -> Sequence[Finding]:
        """By obligation."""

    @property
    def notes(self) -> Sequence[Note]:
        """What to know besides."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One answer for all faces."""

    word: Authentic
    code: str
    """`standing` of what is genuine, and of what says why in every case (`_SAYS_WHY`); else the word."""
    headline: Phrase
    exit_code: int

    def to_json(self) -> dict[str, Any]:
        """JSON values."""
        said = self.headline
        return {
            "word": str(self.word),
            "code": self.code,
            "zh": said.zh,
            "en": said.en,
            "exit_code": self.exit_code,
        }


_OTHERS: Final[Mapping[Authentic, Phrase]] = {
    Authentic.FORGED: Phrase(
        "伪造或被篡改：有证明、签名或比对不成立", "Forged or altered: a proof, signature or comparison failed"
    ),
    Authentic.NOT_OURS: Phrase("不是本登记体系的文件，或已损坏", "Not one of ours, or damaged"),
    Authentic.UNDETERMINED: Phrase("无法判定", "Cannot be determined"),
}

NOT_PINNED: Final = Phrase("不是您的信任策略所指定的登记机构签发的", "Not of a registry you pinned")
"""Of what another registry signed, or nobody: never said to be forged by a reader who does not know it."""

KEY_NOT_PINNED: Final = Phrase(
    "无法判定：所载登记机构是您的信任策略指定的，但签名密钥不在策略中",
    "Cannot be determined: names a registry you pinned, signed with a key that your policy does not have",
)
"""Of what names a pinned registry: its new key, or a forger's."""

NOT_REGISTERED: Final = Phrase(
    "没有登记：所问的链上没有这个编号", "Not registered: the chain asked has no certificate of that number"
)
"""Of a number alone: nothing was shown that anybody could have forged."""

NOT_THE_REGISTERED: Final = Phrase(
    "伪造或被篡改：不是登记在该编号下的那一份",
    "Forged or altered: not the document that is registered under this number",
)
"""Of a short code that names another."""


_AND: Final = ("真实，", "Genuine: ")


def _said(before: tuple[str, str], standings: Mapping[Any, Phrase]) -> Headlines:
    zh, en = before
    return {standing: Phrase(zh + said.zh, en + said.en) for standing, said in standings.items()}


def _certificate() -> Headlines:
    return {
        **_said(("真实，但", "Genuine, but "), phrases.STATUSES),
        "in_force": Phrase("真实，且有效", "Genuine and in force"),
        "attention": Phrase("真实，且有效，但有事项须注意", "Genuine and in force, but mind what follows,"),
    }


def _receipt() -> Headlines:
    from yinzheng.verifier.words import receipt

    return {
        **_said(("真实，", "Genuine, "), {**receipt.STATUSES, **receipt.PARTS}),
        "in_force": Phrase("真实，且有效", "Genuine and in force"),
    }


def _voucher() -> Headlines:
    from yinzheng.verifier.words import licence

    return _said(_AND, {**licence.STATUSES, "attention": licence.ATTENTION})


def _conclusion() -> Headlines:
    from yinzheng.verifier.words import conclusion

    return _said(_AND, conclusion.STANDINGS)


def _trade_check() -> Headlines:
    from yinzheng.verifier.words import trade

    return _said(_AND, trade.STANDINGS)


def _history() -> Headlines:
    from yinzheng.verifier.words import history

    return _said(("真实，", "Genuine, "), history.STANDINGS)


def _contract() -> Headlines:
    from yinzheng.verifier.words import contract

    return _said(_AND, contract.STANDINGS)


GENUINE: Final[Mapping[str, Callable[[], Headlines]]] = {
    "certificate": _certificate,
    "consent-receipt": _receipt,
    VOUCHER: _voucher,
    "withdrawal-conclusion": _conclusion,
    "trade-check": _trade_check,
    "right-history": _history,
    "trade-contract": _contract,
}
"""Headlines of what is genuine, by kind of document and how it stands with it. A kind's words are loaded once
there is such a document: to load all takes longer than to verify one.
"""


@cache
def _genuine(document: str) -> Headlines:
    return GENUINE[document]()


def _unproved(document: str) -> Headlines:
    """Headlines of what is left open by what it is, and says so."""
    if document != "trade-contract":
        return {}
    from yinzheng.verifier.words import contract

    return contract.UNPROVED


_ATTACHED: Final = Phrase(
    "；所问账本没有给出可采信的答复，依据的是所附证明",
    "; the ledger asked gave no answer that counts, and this rests on what is attached",
)


def verdict(report: Judged) -> Verdict:
    """Word, headline and exit code of a report."""
    word = report.authentic
    says = word is Authentic.GENUINE or report.document in _SAYS_WHY
    code = str(report.standing) if says else str(word)
    return Verdict(word, code, _headline(report), exit_code_of(word, report.holds))


def _of_pack(report: Any) -> Phrase:
    from yinzheng.verifier.words import pack

    return pack.headline(report)


def _of_answer(report: Any) -> Phrase:
    from yinzheng.verifier.words import challenge

    return challenge.headline(report)


def _of_proof(report: Any) -> Phrase:
    from yinzheng.verifier.words import purpose_proof

    return purpose_proof.headline(report)


_OWN: Final[Mapping[str, Callable[[Any], Phrase]]] = {
    "pack": _of_pack,
    "holder-answer": _of_answer,
    "purpose-proof": _of_proof,
}
"""Kinds of document that answer other questions than whether they are genuine, and say so."""

_SAYS_WHY: Final = ("holder-answer", "purpose-proof")
"""Kinds whose standing says of each case what it is, also of what is forged or left open."""


def _headline(report: Judged) -> Phrase:
    if report.document in _OWN:
        return _OWN[report.document](report)
    if report.authentic is Authentic.UNDETERMINED:
        if _found(report, KEY_UNKNOWN):
            return KEY_NOT_PINNED
        return _unproved(report.document).get(report.standing, _OTHERS[report.authentic])
    if report.authentic is Authentic.NOT_OURS and _found(report, ISSUER_UNKNOWN):
        return NOT_PINNED
    if never_registered(report.findings):
        return NOT_REGISTERED
    if report.authentic is Authentic.FORGED and _found(report, SHORT_DIFFERS):
        return NOT_THE_REGISTERED
    if report.authentic is not Authentic.GENUINE:
        return _OTHERS[report.authentic]
    said, when = _genuine(report.document)[report.standing], _when(report)
    rests = _ATTACHED if any(note.code == "attached-used" for note in report.notes) else Phrase("", "")
    return Phrase(said.zh + when.zh + rests.zh, said.en + when.en + rests.en)


def _found(report: Judged, code: str) -> bool:
    return any(finding.code == code for finding in report.findings)


def _when(report: Judged) -> Phrase:
    """Of which instant it speaks, and how old that is."""
    if report.asked_at is not None:
        at = moment(report.asked_at)
        return Phrase(f"（截至 {at.zh}）", f" as of {at.en}")
    if report.speaks_of is None:
        return Phrase("", "")
    at, age = lately(report.speaks_of, report.checked_at), ago(report.checked_at - report.speaks_of)
    if report.document == "trade-check":  # told once; it says nothing of how it stands since
        return Phrase(f"（{at.zh} 答复，{age.zh}）", f" (answered {at.en}, {age.en})")
    return Phrase(f"（截至{at.zh}，{age.zh}）", f" as of {at.en}, {age.en}")

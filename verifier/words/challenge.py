"""What a report on the answer to a challenge says in words, Chinese and English (R15, S21.4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from yinzheng.verifier.judge.challenge import AnswerReport
from yinzheng.verifier.words import holder, phrases
from yinzheng.verifier.words.phrase import Phrase
from yinzheng.verifier.words.times import ago, lately

OBLIGATIONS: Final[Mapping[int, Phrase]] = {
    **phrases.OBLIGATIONS,
    **holder.OF_HOLDER,
    15: Phrase("应答的正是所问，及时且首次", "It answers what was asked, in time and once"),
    16: Phrase("应答者是证书所载权利人", "Who answered is a holder by the certificate"),
}

HEADLINES: Final[Mapping[str, Phrase]] = {
    **holder.STANDINGS,
    "answered": Phrase("权利人本人已应答，证书真实且有效", "The holder answered; genuine and in force"),
    "answered_attention": Phrase(
        "权利人本人已应答，证书真实且有效，但有事项须注意",
        "The holder answered; genuine and in force, but mind the remarks",
    ),
    "not_in_force": Phrase(
        "权利人本人已应答，但证书不在有效状态", "The holder answered, but the certificate is not in force"
    ),
    "other_certificate": Phrase("应答针对另一份证书", "It answers for another certificate"),
    "other_challenge": Phrase(
        "应答针对另一次询问，不能用于本次", "It answers another challenge, and not this one"
    ),
    "replayed": Phrase("本次询问已被应答过，重复提交无效", "This challenge was answered before: a replay"),
    "late": Phrase("应答已过时限", "It came too late: the challenge had expired"),
    "clock": Phrase("询问的时间晚于本机时钟", "The challenge lies in the future of this clock"),
    "malformed": Phrase("不是应答，或已损坏", "This is no answer, or damaged"),
}
"""By how an answer stands."""

_ADVICE: Final[Mapping[str, Phrase]] = {
    **holder.ADVICE,
    "answered": Phrase(
        "出示者掌握权利人的密钥。请确认是对方当面应答，而非转交他人代答。",
        "Whoever shows it has the holder's key. See that they answered themselves, and did not pass your "
        "question on to the holder.",
    ),
    "clock": Phrase("请校准时钟后再问一次。", "Set the clock, and ask again."),
}

_REFUSED: Final = Phrase(
    "不能据此认定出示者就是权利人。请当面重新询问。",
    "It does not show that whoever presents the certificate is its holder. Ask anew, with the person there.",
)


def headline(report: AnswerReport) -> Phrase:
    """The verdict in one line, with who answered and the instant it speaks of."""
    said = HEADLINES[report.standing]
    who = _who(report)
    if report.speaks_of is None or not report.holds:
        return Phrase(said.zh + who.zh, said.en + who.en)
    at, age = lately(report.speaks_of, report.checked_at), ago(report.checked_at - report.speaks_of)
    return Phrase(f"{said.zh}{who.zh}（截至{at.zh}，{age.zh}）", f"{said.en}{who.en} as of {at.en}, {age.en}")


def advice(report: AnswerReport) -> Phrase:
    """What to do now."""
    return _ADVICE.get(report.standing.removesuffix("_attention"), _REFUSED)


def _who(report: AnswerReport) -> Phrase:
    """Which of the holders answered, where it is one."""
    if report.holder is None or report.standing not in ("answered", "answered_attention", "not_in_force"):
        return Phrase("", "")
    name, more = report.holder.name, len(report.others)
    if not more:
        return Phrase(f"：{name}", f": {name}")
    return Phrase(
        f"：{name}（共 {more + 1} 个权利人，其余未应答）",
        f": {name} (one of {more + 1} holders; the others did not answer)",
    )

"""What a report on the answer to a challenge says in words, Chinese and English (R15, S21.4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from yinzheng.verifier.judge.challenge import AnswerReport
from yinzheng.verifier.words import phrases
from yinzheng.verifier.words.phrase import Phrase
from yinzheng.verifier.words.times import ago, lately

OF_HOLDER: Final[Mapping[int, Phrase]] = {
    11: Phrase("机构的登记记录完整且在日志中", "Organisation's statements are whole and in the log"),
    12: Phrase("链上为同一密钥，且其后无变动", "The chain names this key, and no later change"),
    13: Phrase("该密钥当时有效", "The key was in force"),
    14: Phrase("权利人的签名", "Holder's signature"),
}
"""Titles of the obligations about a holder's key (S21.3)."""

OBLIGATIONS: Final[Mapping[int, Phrase]] = {
    **phrases.OBLIGATIONS,
    **OF_HOLDER,
    15: Phrase("应答的正是所问，及时且首次", "It answers what was asked, in time and once"),
    16: Phrase("应答者是证书所载权利人", "Who answered is a holder by the certificate"),
}

HEADLINES: Final[Mapping[str, Phrase]] = {
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
    "signature_wrong": Phrase("签名不成立：不是该权利人的密钥所签", "The holder's key did not sign this"),
    "key_unknown": Phrase(
        "签名的密钥不是该机构的密钥", "It was signed with a key that organisation never had"
    ),
    "key_lost": Phrase(
        "签名的密钥已报失或泄露", "It was signed with a key that was reported lost or compromised"
    ),
    "key_over": Phrase("签名的密钥已更换或到期", "It was signed with a key that was replaced or has expired"),
    "key_early": Phrase("签名的密钥尚未生效", "It was signed with a key that is not in force yet"),
    "not_enrolled": Phrase(
        "应答的机构未登记为权利人", "The organisation that answered is not enrolled as a holder"
    ),
    "not_a_holder": Phrase("应答者不是该证书的权利人", "Who answered is not a holder of this certificate"),
    "holder_forged": Phrase(
        "关于应答机构的证明不成立", "Forged: a proof about the organisation that answered failed"
    ),
    "holder_open": Phrase(
        "无法判定应答者的密钥现在是否有效",
        "Cannot be determined whether that key is the holder's now",
    ),
    "certificate_forged": Phrase("证书是伪造的或被篡改", "The certificate is forged or altered"),
    "certificate_open": Phrase(
        "证书本身或其现状无法判定", "The certificate, or how it stands now, cannot be determined"
    ),
}
"""By how an answer stands."""

_ADVICE: Final[Mapping[str, Phrase]] = {
    "answered": Phrase(
        "出示者掌握权利人的密钥。请确认是对方当面应答，而非转交他人代答。",
        "Whoever shows it has the holder's key. See that they answered themselves, and did not pass your "
        "question on to the holder.",
    ),
    "not_in_force": Phrase("不得依据该证书行事。", "Do not rely on the certificate."),
    "certificate_forged": Phrase(
        "不要依据它行事，请保留原件。", "Do not rely on it; keep what you were shown."
    ),
    "certificate_open": Phrase(
        "请提供证书原件，或联网核验后再问一次。",
        "Give the certificate's own file, or ask a ledger, then ask again.",
    ),
    "holder_open": Phrase(
        "请向登记机构索取该机构最新的密钥证明（holder.json），或联网核验。",
        "Get the organisation's newest holder.json from the registry, or ask a ledger.",
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

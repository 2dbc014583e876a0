"""What a report on a proof for one reader says in words, Chinese and English (R55, S21.6)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from yinzheng.verifier.judge.purpose_proof import PurposeReport
from yinzheng.verifier.words import holder, phrases
from yinzheng.verifier.words.levels import level_words
from yinzheng.verifier.words.phrase import Phrase
from yinzheng.verifier.words.times import ago, lately, moment

OBLIGATIONS: Final[Mapping[int, Phrase]] = {
    **phrases.OBLIGATIONS,
    **holder.OF_HOLDER,
    15: Phrase("为这一读者、这一用途，且在期限内", "For this reader, this purpose, and in time"),
    16: Phrase("针对所附证书，且由其权利人出具", "About the certificate beside it, by one of its holders"),
}

PURPOSES: Final[Mapping[str, Phrase]] = {
    "asset_booking": Phrase("入表", "booking as an asset"),
    "audit": Phrase("审计", "audit"),
    "financing": Phrase("融资", "financing"),
    "other": Phrase("其他", "other"),
    "pledge": Phrase("质押", "pledge"),
    "recognition": Phrase("企业认定", "recognition of a firm"),
}

HEADLINES: Final[Mapping[str, Phrase]] = {
    **holder.STANDINGS,
    "valid": Phrase("真实，且有效，仅供", "Genuine and in force, for"),
    "valid_attention": Phrase(
        "真实，且有效，但有事项须注意，仅供", "Genuine and in force, but mind the remarks, for"
    ),
    "other_reader": Phrase(
        "这份证明是出具给他人的，不能作为依据", "This proof is made for another reader, not for you"
    ),
    "other_purpose": Phrase("这份证明用于另一用途，不能作为依据", "This proof is made for another purpose"),
    "over": Phrase("这份证明已过期限", "The time of this proof is over"),
    "early": Phrase("这份证明的时间晚于本机时钟", "This proof was made in the future of this clock"),
    "untold": Phrase(
        "请说明由谁、为何用途阅读，才能判定", "Say who reads it, and for what: it is for one reader"
    ),
    "other_certificate": Phrase(
        "证明与所附证书不是同一份", "The proof is about another certificate than the one beside it"
    ),
    "not_in_force": Phrase("证明真实，但证书不在有效状态", "Genuine, but the certificate is not in force"),
    "malformed": Phrase("不是这类证明，或已损坏", "This is no such proof, or damaged"),
}
"""By how a proof stands."""

_ADVICE: Final[Mapping[str, Phrase]] = {
    **holder.ADVICE,
    "valid": Phrase(
        "仅限所列读者、用途与期限；不得转交他人作为依据。登记是初步证明。",
        "For this reader, purpose and time alone; passed on, it is worth nothing. Registration is "
        "presumptive evidence.",
    ),
    "untold": Phrase(
        "命令行使用 --reader 与 --purpose；网页请在下方填写。",
        "Give --reader and --purpose; on the page, fill in both.",
    ),
    "over": Phrase("请权利人重新出具。", "Have the holder make a new one."),
    "early": Phrase("请校准时钟。", "Set the clock."),
}

_REFUSED: Final = Phrase(
    "不能以此为依据。请权利人另行出具。", "Do not rely on it; have the holder make one for you."
)


def headline(report: PurposeReport) -> Phrase:
    """The verdict in one line: for whom, for what, until when, and the instant it speaks of."""
    said, proof = HEADLINES[report.standing], report.proof
    if proof is None or not report.holds or report.speaks_of is None:
        return said
    purpose, until = PURPOSES[proof.purpose], moment(proof.not_after)
    at, age = lately(report.speaks_of, report.checked_at), ago(report.checked_at - report.speaks_of)
    return Phrase(
        f"{said.zh}{proof.reader.name}用于{purpose.zh}（{proof.words}），至 {until.zh} 止"
        f"（截至{at.zh}，{age.zh}）",
        f"{said.en} {proof.reader.name} alone, for {purpose.en} ({proof.words}), until {until.en}, as of "
        f"{at.en}, {age.en}",
    )


def advice(report: PurposeReport) -> Phrase:
    """What to do now."""
    return _ADVICE.get(report.standing.removesuffix("_attention"), _REFUSED)


def value(name: str, disclosed: Any) -> Phrase:
    """What a field of a certificate says (S6.1), as people read it; what has no words of its own as it is."""
    match name, disclosed:
        case (("registered_at" | "valid_until"), int()):
            return moment(disclosed)
        case "registry", {"name": who, "code": code}:
            return _same(f"{who} ({code})")
        case "level", {"scheme": scheme, "value": level}:
            said = level_words(scheme, level)
            return Phrase(f"{level}（{scheme}）：{said.zh}", f"{level} ({scheme}): {said.en}")
        case "holders", list():
            return _joined([_holder(one) for one in disclosed])
        case "remarks", list():
            return _joined([_remark(one) for one in disclosed])
    return _same(disclosed if isinstance(disclosed, str) else json.dumps(disclosed, ensure_ascii=False))


def _holder(one: Mapping[str, Any]) -> Phrase:
    rights = [phrases.RIGHTS[right] for right in one["rights"]]
    who = f"{one['name']} ({one['code']})"
    zh, en = "、".join(each.zh for each in rights), ", ".join(each.en for each in rights)
    return Phrase(f"{who}：{zh}", f"{who}: {en}")


def _remark(one: Mapping[str, Any]) -> Phrase:
    kind = phrases.REMARKS[one["kind"]]
    return Phrase(f"{kind.zh}：{one['text']}", f"{kind.en}: {one['text']}")


def _joined(parts: list[Phrase]) -> Phrase:
    if not parts:
        return Phrase("无", "none")
    return Phrase("；".join(one.zh for one in parts), "; ".join(one.en for one in parts))


def _same(text: str) -> Phrase:
    return Phrase(text, text)

"""What a pack's report says in words, Chinese and English: "unchanged since", never "true" (R40)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from yinzheng.verifier.judge.pack.report import Answer, PackReport, Reason
from yinzheng.verifier.judge.report import Finding, Outcome
from yinzheng.verifier.words.pack_reasons import PACK_REASONS
from yinzheng.verifier.words.phrases import Phrase
from yinzheng.verifier.words.reasons import REASONS
from yinzheng.verifier.words.times import moment

ANSWERS: Final[Mapping[Answer, Phrase]] = {
    Answer.CONSISTENT: Phrase("一致", "consistent"),
    Answer.INCONSISTENT: Phrase("不一致", "inconsistent"),
    Answer.UNDETERMINED: Phrase("无法判定", "cannot be determined"),
}

QUESTIONS: Final[Mapping[str, Phrase]] = {
    "C16": Phrase("自存证之时起是否未经改动", "Unchanged since the deposit?"),
    "C17": Phrase(
        "平台：账本与链是否合乎规则，运营者与当事人有无利害关系",
        "The platform: were log and chain kept by their rules, and has an operator an interest?",
    ),
    "C18": Phrase(
        "存证之前：采集人的陈述与见证签名是否相符（仅为陈述）",
        "Before the deposit: do claims and witnesses agree? (claims only)",
    ),
    "C19": Phrase("鉴定人能否仅凭本包重算每一步", "Can an expert repeat every step with this pack alone?"),
}
"""Titles of the court's questions (R40)."""

OBLIGATIONS: Final[Mapping[int, Phrase]] = {
    1: Phrase("证据包格式完整", "Form of the pack"),
    2: Phrase("登记机构对清单的签名", "Issuer's signature of the manifest"),
    3: Phrase("签名密钥当时有权签署", "Issuer entitled at that time"),
    4: Phrase("文件与陈述所承诺的内容一致", "Files and bodies are those committed to"),
    5: Phrase("陈述在公开日志中", "Statements are in the log"),
    6: Phrase("日志检查点已签名", "Checkpoint signed"),
    7: Phrase("检查点已锚定上链", "Checkpoint is anchored"),
    8: Phrase("区块由指定验证节点签封且已最终确认", "Block sealed by pinned validators and final"),
    9: Phrase(
        "链上的争议、证据根、当事人、标的与冻结", "Dispute, roots of evidence, parties and holds on chain"
    ),
    10: Phrase("区块的时间", "Age of the block"),
}
"""Titles of the obligations of S14.4."""

KINDS: Final[Mapping[str, Phrase]] = {
    "record": Phrase("登记证书", "certificate"),
    "case": Phrase("登记申请", "application"),
    "consent": Phrase("个人同意", "consent"),
}
"""Kinds of what a dispute holds."""

_VERDICTS: Final[Mapping[Answer, Phrase]] = {
    Answer.CONSISTENT: Phrase(
        "一致：所披露的证据自存证之时起未经改动（截至 {at} 的区块）。",
        "Consistent: the evidence shown is unchanged since its deposit, as of the block of {at}.",
    ),
    Answer.INCONSISTENT: Phrase(
        "不一致：至少一处与存证、签名或链上记录不符，见下列各处。",
        "Inconsistent: something disagrees with deposit, signature or chain; see the places below.",
    ),
    Answer.UNDETERMINED: Phrase(
        "无法判定：核验所需的内容不全，见下列各处。",
        "Cannot be determined: something needed is missing; see below.",
    ),
}

CLAIM: Final = Phrase(
    "以下为采集人的陈述，本核验不说明其真实。",
    "What follows is the collector's claim; nothing here says that it is true.",
)
"""Said beside whatever an item claims of the time before its deposit (C18)."""


_DAMAGED: Final = Phrase(
    "不是本登记体系的证据包，或被重新打包、已损坏：请索取原始证据包。",
    "Not one of ours, or repacked or damaged: ask for the original.",
)
_OTHER_FORM: Final = Phrase(
    "无法判定：登记机构签署的清单不是本核验程序所知的形式。",
    "Cannot be determined: the registry signed a manifest of a form that is not known here.",
)
_TOO_LARGE: Final = Phrase(
    "无法判定：文件超过核验程序接受的大小。",
    "Cannot be determined: the file is larger than is taken in.",
)
_NO_PACK: Final[Mapping[str, Phrase]] = {
    "issuer-unknown": Phrase(
        "不是您的信任策略所指定的登记机构制作的证据包。",
        "Not of a registry you pinned.",
    ),
    "zip-too-large": _TOO_LARGE,
    "zip-entry-too-large": _TOO_LARGE,
    "pack-file-too-large": _TOO_LARGE,
}
"""Headlines for what is no pack of a pinned issuer, by the code, where another says more than `_DAMAGED`."""

_NOTHING_SHOWN: Final = Phrase(
    "无法判定：没有披露任何证据，没有可以核对的内容。",
    "Cannot be determined: no evidence was shown, so there is nothing to compare.",
)


def headline(report: PackReport) -> Phrase:
    """The conclusion in one sentence; `verdict.verdict` says it, with its word and its exit code."""
    if report.manifest is None and report.verdict is Answer.UNDETERMINED:
        if report.finding(2).outcome is Outcome.VALID:
            return _OTHER_FORM
        return _NO_PACK.get(report.question("C16").reasons[0].code, _DAMAGED)
    codes = {reason.code for reason in report.question("C16").reasons}
    if report.verdict is Answer.UNDETERMINED and codes & {"nothing-shown", "no-evidence"}:
        return _NOTHING_SHOWN
    said = _VERDICTS[report.verdict]
    if report.speaks_of is None:
        return said
    at = moment(report.speaks_of)
    return Phrase(said.zh.format(at=at.zh), said.en.format(at=at.en))


def _naming(said: Phrase, lines: object) -> Phrase:
    """With the access lines that it is about, where it is about some."""
    if not isinstance(lines, list) or not lines:
        return said
    first, last = lines[0], lines[-1]
    if first == last:
        return Phrase(f"{said.zh}（第 {first} 条）", f"{said.en} It is access line {first}.")
    return Phrase(
        f"{said.zh}（第 {first} 至 {last} 条）", f"{said.en} They are access lines {first} to {last}."
    )


def reason(said: Reason | Finding) -> Phrase:
    """A reason or a finding in both languages; English where there is no Chinese for its code."""
    if isinstance(said, Finding) and said.outcome is Outcome.VALID:
        return Phrase("通过", "valid")
    known = PACK_REASONS.get(said.code) or REASONS.get(said.code)
    if known is not None:
        return _naming(Phrase(*known), said.data.get("lines"))
    message = f"{said.message[:1].upper()}{said.message[1:]}."
    return Phrase(f"{message}（{said.code}）", message)

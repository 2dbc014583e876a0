"""What the report on the end of a withdrawal says in words, Chinese and English (S10.9)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from yinzheng.verifier.judge.conclusion.report import ConclusionReport, Standing
from yinzheng.verifier.judge.report import Authentic, Outcome
from yinzheng.verifier.words import phrases
from yinzheng.verifier.words.phrase import Phrase

OBLIGATIONS: Final[Mapping[int, Phrase]] = {
    **phrases.OBLIGATIONS,
    2: Phrase("登记机构的签名", "Registry's signature"),
    3: Phrase("登记机构签署时有权签署", "Registry entitled when it signed"),
    4: Phrase("结论内容与登记一致", "Content equals what was recorded"),
    5: Phrase("结论在公开日志中", "Statement is in the log"),
    9: Phrase("链上的撤回以此告终", "The chain's withdrawal ended so"),
}
"""Titles of the obligations (S9.1, S10.9)."""

STANDINGS: Final[Mapping[Standing, Phrase]] = {
    Standing.COMPLETED: Phrase("撤回已办结", "the withdrawal was carried out"),
    Standing.RESTRICTED: Phrase(
        "撤回已办理，部分数据依法仅作保存", "withdrawn, with data kept in storage by law"
    ),
    Standing.ENDED: Phrase("所载的保存期限已过", "the term of storage it tells of is over"),
    Standing.REPLACED: Phrase("此后另有结论取代", "a later end has taken its place"),
    Standing.NOT_YET: Phrase("当时撤回尚未如此告终", "the withdrawal had not ended so at that time"),
    Standing.UNDETERMINED: Phrase("现在的状况无法判定", "how it stands now cannot be determined"),
}

_ADVICE: Final[Mapping[Standing, Phrase]] = {
    Standing.COMPLETED: Phrase(
        "各方均已签字确认销毁；签字是承诺，不能证明没有留存副本。",
        "Everyone has signed that it destroyed what it held; a signature is a promise, no proof that no copy "
        "is left.",
    ),
    Standing.RESTRICTED: Phrase(
        "所列数据只作存储和保护，不得再使用，到期后销毁。",
        "What it lists is stored and protected, not used, and destroyed when the term ends.",
    ),
    Standing.ENDED: Phrase(
        "保存期限已过，应已销毁。请索取办结证明。",
        "What was kept is to be destroyed by now. Ask for the document of completion.",
    ),
    Standing.REPLACED: Phrase("请索取最新的结论文件。", "Ask for the newest end document."),
    Standing.NOT_YET: Phrase(
        "所问时间早于所载结论。", "The time asked about lies before the end it tells of."
    ),
    Standing.UNDETERMINED: Phrase(
        "文件本身真实；现在的状况需要联网查询，或索取新的文件。",
        "The document itself is genuine; how it stands now needs a live ledger or a newer document.",
    ),
}

NOTES: Final[Mapping[str, Phrase]] = phrases.NOTES
"""What no obligation says."""

DEMONSTRATION: Final = Phrase("演示文件，无任何效力", "Demonstration document, without any effect")


def advice(report: ConclusionReport) -> Phrase:
    """What to do now."""
    if report.authentic is Authentic.GENUINE:
        return _ADVICE[report.standing]
    if others := phrases.others_advice(report.authentic, report.findings):
        return others
    if any(finding.outcome is Outcome.ERROR for finding in report.findings):
        return Phrase(
            "账本暂时无法访问或应答不可信，这不说明文件有问题。请稍后再试，或换一个节点。",
            "The ledger could not be reached or believed; that says nothing against the document. Try again "
            "later, or another node.",
        )
    return Phrase(
        "所给内容不足以判定。请提供签发的原件，或联网核验。",
        "What was given is not enough. Give the file as issued, or check it online.",
    )

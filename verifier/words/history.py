"""The history of a right in words (S23): what each line says happened, and to whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from yinzheng.verifier.chain.layout import Ending
from yinzheng.verifier.formats.body import is_number
from yinzheng.verifier.judge.history.report import HistoryReport, Holding, Line
from yinzheng.verifier.judge.report import Authentic, Finding, Note
from yinzheng.verifier.log.statement import CERTIFICATE_DEPOSITED
from yinzheng.verifier.words import endings, phrases
from yinzheng.verifier.words.phrase import Phrase
from yinzheng.verifier.words.times import moment

STANDINGS: Final[Mapping[str, Phrase]] = {
    "whole": Phrase("且完整", "and complete"),
    "goes_on": Phrase("但链上所载不止这些", "but the chain has more than is shown"),
    "undetermined": Phrase("但是否完整无法判定", "but whether it is complete cannot be determined"),
}
"""How a genuine history stands."""

DEMONSTRATION: Final = Phrase("演示登记的历史，无任何效力", "History of a demonstration, without any effect")

TITLES: Final[Mapping[str, Phrase]] = {
    "licence.given": Phrase("许可", "Licence given"),
    "licence.ended": Phrase("许可终止", "Licence ended"),
    "right.transferred": Phrase("转让", "Transferred"),
    "certificate.changed": Phrase("变更", "Changed"),
    "certificate.renewed": Phrase("续期", "Renewed"),
    "certificate.cancelled": Phrase("注销", "Cancelled"),
    "certificate.lapsed": Phrase("失效", "Lapsed"),
    "certificate.objected": Phrase("登记后异议", "Objected to after registration"),
    "certificate.objection-concluded": Phrase("登记后异议办结", "Later objection concluded"),
    "remark.entered": Phrase("记入备注", "Remark entered"),
    "remark.lifted": Phrase("涂销备注", "Remark lifted"),
    "reservation.made": Phrase("交易预留", "Reserved for a trade"),
    "reservation.released": Phrase("解除预留", "Reservation released"),
    "dispute.opened": Phrase("争议保全", "Held by a dispute"),
    "dispute.released": Phrase("解除保全", "Released by a dispute"),
}
"""What happened, by type of statement."""

OBLIGATIONS: Final[Mapping[int, Phrase]] = {
    **phrases.OBLIGATIONS,
    2: Phrase("所问证书的签发机构签名", "Issuer's signature on the certificate asked about"),
    4: Phrase("各证书、各记载与其摘要一致", "Certificates and bodies equal their statements"),
    5: Phrase("全部记载在公开日志中", "All statements are in the log"),
    9: Phrase("链上记录、许可、备注与所载一致且无遗漏", "The chain agrees, and lists nothing else"),
    10: Phrase("所述时间", "The time it speaks of"),
}
"""Titles of the obligations of a history."""

REASONS: Final[Mapping[str, Phrase]] = {
    "history-of-block": Phrase("所述为其区块当时的情况。", "It is as of its block."),
    "history-form": Phrase(
        "所含证书与记载不相匹配。", "The certificates and statements in it do not fit together."
    ),
    "history-stray": Phrase(
        "含有与所问证书无关的证书或记载。",
        "It shows something that is about another right.",
    ),
    "history-short": Phrase(
        "链上所列的许可或备注有遗漏。", "The chain lists licences or remarks that it leaves out."
    ),
    "history-differs": Phrase("链上所载与某项记载不同。", "The chain has it otherwise than it says."),
    "moves-not-pinned": Phrase(
        "您的信任策略没有列出许可与备注的合约。",
        "Your policy does not pin the contracts of licences and remarks.",
    ),
}


def reason(finding: Finding) -> Phrase:
    """Why an obligation came out as it did."""
    return REASONS.get(finding.code) or phrases.reason(finding)


def advice(report: HistoryReport) -> Phrase:
    """What to do now."""
    if others := phrases.others_advice(report.authentic, report.findings):
        return others
    if report.authentic is Authentic.UNDETERMINED:
        return Phrase("请换一个账本再查。", "Ask another ledger.")
    return Phrase(
        "各行为已登记的事项，登记是初步证明，所示时间为作出决定的时间；其后的变化请另行核验所持证书。",
        "Each line is what was registered, with the time of the decision; this is presumptive evidence. For "
        "what came later verify the certificate itself.",
    )


def title(line: Line) -> Phrase:
    """What happened."""
    if line.type == CERTIFICATE_DEPOSITED:
        kind = (line.body or {}).get("type")
        return phrases.TYPES[str(kind)] if kind in phrases.TYPES else Phrase("登记", "Registered")
    return TITLES.get(line.type) or Phrase(line.type, line.type)


def told(line: Line) -> Phrase:
    """To whom, and on which terms: as the public body says; empty where it is private."""
    body: Mapping[str, Any] = line.body or {}
    match line.type:
        case "certificate.deposited":
            return _parties([holder["name"] for holder in body["holders"]])
        case "licence.given":
            until = moment(body["ends"])
            sole = Phrase("，独占", ", exclusive") if body["exclusive"] else Phrase("", "")
            between = f"{body['licensor']['name']} → {body['licensee']['name']}"
            return Phrase(
                f"{body['number']} · {between} · 至 {until.zh}{sole.zh}",
                f"{body['number']} · {between} · until {until.en}{sole.en}",
            )
        case "licence.ended":
            said, number = endings.LICENCES[body["ground"]], body["number"]
            return Phrase(f"{number} · {said.zh}", f"{number} · {said.en}")
        case "certificate.cancelled":
            return endings.cancelled(Ending(body["initiator"], body["ground"]))
        case "remark.entered" | "remark.lifted":
            kind = phrases.REMARKS[body["kind"]]
            text = f" · {body['text']}" if body["text"] else ""
            return Phrase(kind.zh + text, kind.en + text)
    return Phrase("", "")


def state(holding: Holding) -> Phrase:
    """How a certificate stood in the block, and what followed it."""
    said = phrases.STATUSES[holding.standing]
    if not holding.successors:
        return said
    shown = [one for one in holding.successors if is_number(one)]
    beside = len(holding.successors) - len(shown)  # of another branch: the chain names it by its subject
    zh = [*shown, *([f"另有 {beside} 份不在此历史中"] if beside else [])]
    en = [*shown, *([f"{beside} more, not in this history"] if beside else [])]
    return Phrase(f"{said.zh} → {'、'.join(zh)}", f"{said.en} → {', '.join(en)}")


def _parties(names: Sequence[str]) -> Phrase:
    return Phrase("、".join(names), ", ".join(names))


def note(found: Note) -> Phrase:
    """What to know besides."""
    return phrases.NOTES[found.code]

"""What a receipt's report says in words, Chinese and English: for patients and guardians first (R15, R40)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from yinzheng.verifier.judge.receipt.report import ReceiptReport, ReceiptStatus
from yinzheng.verifier.judge.report import Authentic, Finding, Outcome
from yinzheng.verifier.words import phrases
from yinzheng.verifier.words.phrases import Phrase
from yinzheng.verifier.words.reasons import REASONS

OBLIGATIONS: Final[Mapping[int, Phrase]] = {
    **phrases.OBLIGATIONS,
    2: Phrase("登记机构的签名", "Registry's signature"),
    3: Phrase("登记机构当时有权签发", "Registry entitled at that time"),
    4: Phrase("同意内容与登记一致", "Consent equals what was recorded"),
    5: Phrase("同意记录在公开日志中", "Statement is in the log"),
    9: Phrase("链上的撤回状态", "Withdrawals on the chain"),
}
"""Titles of the obligations (S9.1, S13.4)."""

STATUSES: Final[Mapping[ReceiptStatus, Phrase]] = {
    ReceiptStatus.IN_FORCE: Phrase("有效", "in force"),
    ReceiptStatus.EXPIRED: Phrase("已到期", "ended by its term"),
    ReceiptStatus.WITHDRAWAL_PENDING: Phrase("已撤回，正在处理", "withdrawn, being carried out"),
    ReceiptStatus.OVERDUE: Phrase("已撤回，但处理逾期", "withdrawn, and overdue"),
    ReceiptStatus.WITHDRAWN: Phrase("已撤回，处理完毕", "withdrawn, and carried out"),
    ReceiptStatus.RESTRICTED: Phrase("已撤回，数据依法仅作保存", "withdrawn, data kept in storage by law"),
    ReceiptStatus.ERASED: Phrase("登记记录已销毁", "its record destroyed"),
    ReceiptStatus.HELD: Phrase("因争议保全中", "held for a dispute"),
    ReceiptStatus.NOT_YET: Phrase("当时尚未同意", "not yet given at that time"),
    ReceiptStatus.UNDETERMINED: Phrase("状态无法判定", "status cannot be determined"),
}

PARTS: Final[Mapping[str, Phrase]] = {
    "in_force_in_part": Phrase("部分有效", "in force in part"),
    "withdrawal_pending_in_part": Phrase("有撤回正在处理", "a withdrawal is being carried out"),
    "overdue_in_part": Phrase("有撤回处理逾期", "a withdrawal is overdue"),
    "restricted_in_part": Phrase("撤回的数据依法仅作保存", "what was withdrawn is kept in storage by law"),
    "not_newest": Phrase(
        "但不是最新的回执：无法据此判定状态",
        "but not the newest: its status cannot be determined from this copy",
    ),
    "extent_unknown": Phrase(
        "曾被撤回：撤回了全部还是一部分，仅凭二维码无法判定",
        "withdrawn in whole or in part (the code alone cannot tell)",
    ),
}
"""Where something remains in force, or nobody can tell how much: what `ReceiptReport.standing` adds."""

_STATUS_ADVICE: Final[Mapping[ReceiptStatus, Phrase]] = {
    ReceiptStatus.IN_FORCE: Phrase(
        "您可以随时凭此回执全部或部分撤回，撤回和同意一样方便。请妥善保管：持有者可以代为撤回。",
        "It can be withdrawn with this receipt at any time, in whole or in part. Keep it safe: whoever holds "
        "it can withdraw.",
    ),
    ReceiptStatus.EXPIRED: Phrase(
        "约定期限已到，不会自动续期；再使用需要重新同意。",
        "Its term is over and nothing renews itself: any further use needs a new consent.",
    ),
    ReceiptStatus.WITHDRAWAL_PENDING: Phrase(
        "撤回已生效，各方应在收到撤回后 72 小时内清除；期限不因核验而顺延。",
        "The withdrawal has taken effect. Everyone has 72 hours from its receipt to destroy what they hold.",
    ),
    ReceiptStatus.OVERDUE: Phrase(
        "有一方未在法定期限内完成处理。请向登记机构或主管部门反映。",
        "Someone has not done its duty in time. Tell the registry or the authority in charge.",
    ),
    ReceiptStatus.WITHDRAWN: Phrase(
        "各方均已确认处理完毕。撤回前已进行的使用仍然有效。",
        "Everyone has confirmed. What was done before the withdrawal stays lawful.",
    ),
    ReceiptStatus.RESTRICTED: Phrase(
        "依法须保存的数据只作存储和保护，不得再使用，到期后销毁。",
        "What the law requires to be kept is stored and protected, not used, and destroyed when that ends.",
    ),
    ReceiptStatus.ERASED: Phrase(
        "登记机构已依法销毁这份同意的记录，日志中留有销毁证明。回执仍能证明曾经同意，但不能再作为使用数据的依据。",
        "The registry destroyed its record of this consent, and the log proves that it did. The receipt "
        "still shows that consent was once given; it is no ground for using the data any more.",
    ),
    ReceiptStatus.HELD: Phrase(
        "数据因争议被保全。您仍可撤回；销毁将等到保全解除之后。",
        "A dispute holds the data. It can still be withdrawn; destruction waits until the hold is released.",
    ),
    ReceiptStatus.NOT_YET: Phrase("在所问时间尚未给出同意。", "It was not given at the time asked about."),
    ReceiptStatus.UNDETERMINED: Phrase(
        "回执本身真实，但现在的状态还需要回执文件或联网查询。",
        "The receipt itself is genuine; its present status needs the receipt file or a live ledger.",
    ),
}

NOTES: Final[Mapping[str, Phrase]] = {
    **phrases.PRESENTED,
    "attached-used": Phrase(
        "未能取得可信的实时应答，改用回执所附的链上证明；其后的变化未反映在内。",
        "No live answer could be had or believed; the evidence attached to the receipt was used, and what "
        "happened since is not in it.",
    ),
    "erasure-unknown": Phrase(
        "未能查明该同意的登记记录是否已被销毁。",
        "Whether the registry has destroyed its record of this consent could not be found out.",
    ),
    "single-operator": phrases.NOTES["single-operator"],
    "operator-is-party": Phrase(
        "链的运营者之一同时是该数据的处理者。", "One of the chain's operators is itself the controller."
    ),
}

DEMONSTRATION: Final = Phrase("演示回执，无任何效力", "Demonstration receipt, without any effect")

SCOPES: Final[Mapping[str, Phrase]] = {
    "base": Phrase("医学研究与临床诊断参考", "Medical research and clinical reference"),
    "third_party_research": Phrase("第三方合作研究", "Research with third parties"),
    "commercial_use": Phrase("商业用途（仅限匿名化）", "Commercial use, anonymised only"),
    "public_health_statistics": Phrase(
        "公共卫生统计与政策制定（仅限脱敏）", "Public-health statistics and policy, desensitised only"
    ),
    "diagnostic_ai": Phrase("AI 辅助诊断系统训练", "Training of diagnostic AI"),
    "professional_training": Phrase("专业人员培训", "Training of professionals"),
    "insurance": Phrase("商业保险定价及理赔", "Insurance pricing and claims"),
}
"""The scopes of S10.2, in the words of the consent agreement (R26), which every face shows."""

ROUTES: Final[Mapping[str, Phrase]] = {
    "anonymised": Phrase("匿名化", "anonymised"),
    "deidentified": Phrase("去标识化", "de-identified"),
    "identifiable": Phrase("可识别", "identifiable"),
}
"""The forms of data of S10.2."""

CHANGES: Final[Mapping[str, Phrase]] = {
    "controller": Phrase("数据处理者", "the controller"),
    "kinds": Phrase("数据种类", "kinds of data"),
    "method": Phrase("处理方式", "how data is processed"),
    "period": Phrase("保存或同意的期限", "how long data is kept or consent lasts"),
    "protection": Phrase("保管地点或保护措施", "where and how data is protected"),
    "purpose": Phrase("使用目的", "purposes"),
    "recipients": Phrase("数据接收方", "recipients"),
}
"""Fields in which a version of a notice may go beyond another (R28)."""

PERIODS: Final[Mapping[str, Phrase]] = {
    "retention_months": Phrase("数据保存", "data kept"),
    "term_months": Phrase("同意有效", "consent lasts"),
}
"""The periods of a notice."""


def months(count: int) -> Phrase:
    """A period of a notice: in years where it is whole years, else in months."""
    years, rest = divmod(count, 12)
    if rest:
        return Phrase(f"{count} 个月", f"{count} month{'' if count == 1 else 's'}")
    return Phrase(f"{years} 年", f"{years} year{'' if years == 1 else 's'}")


ANSWERS: Final[Mapping[bool | None, Phrase]] = {
    True: Phrase("同意", "Yes"),
    False: Phrase("不同意", "No"),
    None: Phrase("未选，视为不同意", "Unset, so no"),
}


def advice(report: ReceiptReport) -> Phrase:
    """What to do now."""
    if report.authentic is Authentic.GENUINE:
        said = _STATUS_ADVICE[report.status]
        if not report.untold:
            return said
        newest = _ask_for_newest(report)
        undetermined = report.status is ReceiptStatus.UNDETERMINED
        return newest if undetermined else Phrase(said.zh + newest.zh, f"{said.en} {newest.en}")
    if others := phrases.others_advice(report.authentic, report.findings):
        return others
    if any(finding.outcome is Outcome.ERROR for finding in report.findings):
        return Phrase(
            "账本暂时无法访问或应答不可信，这不说明回执有问题。请稍后再试，或换一个节点。",
            "The ledger could not be reached or believed; that says nothing against the receipt. Try again "
            "later, or another node.",
        )
    return Phrase(
        "所给内容不足以判定。请提供回执 PDF 或 receipt.json 原件，或联网核验。",
        "What was given is not enough. Give the receipt's own PDF or receipt.json, or check it online.",
    )


def _ask_for_newest(report: ReceiptReport) -> Phrase:
    """What the chain counts beyond what was shown."""
    count = report.untold
    one = count == 1
    if report.consent is None:
        exist = "One withdrawal exists" if one else f"{count} withdrawals exist"
        return Phrase(
            f"链上登记有 {count} 次撤回；撤回了什么、还剩什么，只写在回执文件中。请索取最新的回执。",
            f"{exist}. What was taken back, and what remains, stands in the receipt's file alone: ask for "
            "the newest receipt.",
        )
    exist = "One later withdrawal exists" if one else f"{count} later withdrawals exist"
    return Phrase(
        f"此后另有 {count} 次撤回，这份回执未载明。请索取最新的回执，不要依据这一份行事。",
        f"{exist} that this copy does not tell of. Ask for the newest receipt, and do not rely on this one.",
    )


def reason(finding: Finding) -> Phrase:
    """Why an obligation came out as it did."""
    if finding.outcome is Outcome.VALID:
        return phrases.reason(finding)
    known = _REASONS.get(finding.code)
    if known is not None and finding.code in _NAMED:
        return _naming(known, finding)
    return known or phrases.reason(finding)


def _naming(said: Phrase, finding: Finding) -> Phrase:
    """The reason, and which lines it is about."""
    told = finding.data.get("lines") or finding.data.get("told") or ()
    numbers = ", ".join(str(one["number"] if isinstance(one, Mapping) else one) for one in told)
    return Phrase(f"{said.zh}（第 {numbers} 条）", f"{said.en} Lines: {numbers}.") if numbers else said


def why(code: str) -> Phrase:
    """Why the status is undetermined, by the report's `status_code`."""
    return _REASONS.get(code) or Phrase(*REASONS.get(code, (f"原因：{code}。", f"{code}.")))


_NAMED: Final = frozenset({"access-line", "access-not-in-log", "accesses-cut"})

_REASONS: Final[Mapping[str, Phrase]] = {
    "access-line": Phrase(
        "回执所载的访问记录中，有的被改动、属于他人，或不在所称的批次中。",
        "Some access lines in the receipt were changed, are somebody else's, or are not in their batch.",
    ),
    "access-not-in-log": Phrase(
        "回执所载访问记录的批次不在公开日志中。",
        "The batches of access lines in the receipt are not in the public log.",
    ),
    "accesses-cut": Phrase(
        "回执所载的访问记录不是签名时的那些：有删减或增添。",
        "The receipt was signed for other access lines than it tells: some were left out or added.",
    ),
    "qr-foreign": Phrase("这不是同意回执的二维码。", "This is not the QR code of a receipt."),
    "core-malformed": Phrase(
        "二维码内容不是规范编码的回执。", "The QR code does not hold a receipt in its one encoding."
    ),
    "core-payload": Phrase(
        "二维码中的回执内容不符合格式。", "The content of the receipt in the QR code is malformed."
    ),
    "issuer-unknown": Phrase(
        "签名密钥不在您的信任策略中。若回执来自您信任的登记机构，请确认信任策略是否为最新。",
        "Your policy does not pin the key that signed it. If the receipt is from a registry you trust, see "
        "whether your policy is current.",
    ),
    "registry-differs": Phrase(
        "回执所载登记机构不是该密钥所属机构。", "The key belongs to another registry than it names."
    ),
    "withdrawals-untold": Phrase(
        "链上登记的撤回多于这份回执所载。", "The chain counts more withdrawals than this copy tells of."
    ),
    "extent-private": Phrase(
        "撤回的是全部还是一部分，只写在回执文件中，二维码中没有。",
        "Whether all or a part was withdrawn stands in the receipt's file, and not in its code.",
    ),
    "withdrawals-uncounted": Phrase(
        "回执载有链上没有登记的撤回。", "The receipt tells of a withdrawal that the chain does not count."
    ),
    "events-cut": Phrase(
        "回执所载的后续事件不是签名时的那些：有删减或增添。",
        "The receipt was signed for other events than it tells: some were left out or added.",
    ),
    "event-not-in-log": Phrase(
        "回执所载的后续事件不在公开日志中。",
        "The events that the receipt tells of are not in the public log.",
    ),
    "term": Phrase("同意的期限有误。", "The term of the consent is wrong."),
    "body-too-large": Phrase("回执内容过大。", "The receipt's content is too large."),
}
"""Where the words for certificates would not fit."""

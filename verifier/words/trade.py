"""What is said of a check before a trade, Chinese and English (R45, S20): every reason, every obligation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from yinzheng.verifier.formats.trade import DECLARED, MET, OPEN, UNMET, Reason
from yinzheng.verifier.judge.report import Authentic, Outcome
from yinzheng.verifier.judge.trade_check.report import Told, TradeCheckReport
from yinzheng.verifier.words import phrases
from yinzheng.verifier.words.licence import ACTS
from yinzheng.verifier.words.phrase import Phrase
from yinzheng.verifier.words.receipt import ROUTES

ANSWERS: Final[Mapping[str, Phrase]] = {
    Told.ALLOW: Phrase("可以交易", "the trade may go ahead"),
    Told.NEEDS_PERSON: Phrase("须由人工判断", "a person must decide"),
    Told.REFUSE: Phrase("不得交易", "the trade is refused"),
}

STANDINGS: Final[Mapping[str, Phrase]] = {
    Told.ALLOW: Phrase("当时的答复是：可以交易", "the answer then was that the trade may go ahead"),
    Told.NEEDS_PERSON: Phrase("当时的答复是：须由人工判断", "the answer then was that a person must decide"),
    Told.REFUSE: Phrase("当时的答复是：不得交易", "the answer then was that the trade is refused"),
    Told.NOT_YET: Phrase("当时尚未答复", "nothing had been answered at that time"),
    Told.UNDETERMINED: Phrase("无法读出答复", "the answer cannot be read"),
}

OUTCOMES: Final[Mapping[str, Phrase]] = {
    MET: Phrase("符合", "met"),
    DECLARED: Phrase("依交易所声明", "by the exchange's declaration"),
    UNMET: Phrase("不符合", "not met"),
    OPEN: Phrase("未能核实", "open"),
}

CHECKED: Final[Mapping[str, Phrase]] = {
    "certificate": Phrase("证书属于本登记机构", "Certificate is this registry's"),
    "in_force": Phrase("证书有效", "In force"),
    "held": Phrase("未被保全", "Not held"),
    "seized": Phrase("无查封、管制、质押", "Not seized, controlled or pledged"),
    "reserved": Phrase("未被他人预留", "Not reserved by another"),
    "objections": Phrase("无未决异议", "No open objection"),
    "parties": Phrase("双方统一社会信用代码", "Both parties' credit codes"),
    "seller": Phrase("卖方为所售权利的登记权利人且有经营权", "Seller holds what it sells, and operates"),
    "may_sell": Phrase("卖方可以出售", "Seller may sell"),
    "kind": Phrase("交易方式与登记类型一致", "Kind of trade and of registration match"),
    "purpose": Phrase("用途", "Purpose"),
    "manner": Phrase("使用方式", "Manner"),
    "term": Phrase("期限", "Term"),
    "limits": Phrase("权利限制", "Limits on the rights"),
    "exclusive": Phrase("无重叠的独占许可", "No exclusive licence overlaps"),
    "level": Phrase("分类分级", "Class and level"),
    "importance": Phrase("重要数据评估", "Assessment of important data"),
    "prescribers": Phrase("不含统方信息", "No prescriber statistics"),
    "security": Phrase("不涉国家秘密和安全", "No state secrets, no security"),
    "personal": Phrase("不含个人信息", "No personal information"),
    "withdrawals": Phrase("无逾期未办的撤回同意", "No withdrawal overdue"),
    "documents": Phrase("价格与合同", "Price and contract"),
}
"""Titles of what a check looks at (R45)."""

AWAITED: Final[Mapping[str, Phrase]] = {
    "end": Phrase("注销、失效或被取代", "its end"),
    "hold": Phrase("争议保全", "a dispute's hold"),
    "licence": Phrase("许可", "a licence"),
    "objection": Phrase("异议", "an objection"),
    "remark": Phrase("备注", "a remark"),
    "reservation": Phrase("预留", "a reservation"),
}
"""What was recorded and is on its way to the chain (R45)."""

REASONS: Final[Mapping[str, Phrase]] = {
    "certificate-foreign": Phrase(
        "这是另一登记机构的证书，请向该机构核验。", "It is another registry's certificate: ask that one."
    ),
    "certificate-unknown": Phrase("本登记机构没有该证书。", "This registry has no such certificate."),
    "certificate-altered": Phrase(
        "二维码的签名不成立，或内容与登记不同。",
        "The code's signature does not hold, or it says other than the record.",
    ),
    "not-in-force": Phrase("证书不再有效：{}。", "The certificate is over: {}."),
    "expired": Phrase("证书有效期已过。", "The certificate's validity is past."),
    "recorded-since": Phrase(
        "登记机构已作记录、尚未上链：{}。请待其上链后再核验。",
        "Recorded by the registry, and not on the chain yet: {}. Ask again once it is.",
    ),
    "held": Phrase("证书因争议被保全。", "A dispute holds the certificate."),
    "seized": Phrase("证书被司法查封。", "The certificate is under judicial seizure."),
    "controlled": Phrase(
        "证书上有行政管制备注。", "The certificate bears a remark of administrative control."
    ),
    "pledged": Phrase("权利已质押，须质权人同意。", "The right is pledged: its pledgee must agree."),
    "reserved": Phrase("证书已由另一交易所预留。", "Another exchange has reserved the certificate."),
    "objection-open": Phrase("有未决异议。", "An objection is open."),
    "seller-code": Phrase("卖方统一社会信用代码有误。", "The seller's credit code is none."),
    "buyer-code": Phrase("买方统一社会信用代码有误。", "The buyer's credit code is none."),
    "same-organisation": Phrase("买卖双方是同一机构。", "Seller and buyer are one organisation."),
    "rights-missing": Phrase("未说明所售权利。", "Which rights are sold is not said."),
    "seller-not-holder": Phrase("卖方不是以下权利的登记权利人：{}。", "The seller does not hold: {}."),
    "seller-not-operator": Phrase("卖方没有经营权。", "The seller has no right to operate."),
    "seller-name": Phrase(
        "卖方名称与证书所载不一致：证书为{}。", "The certificate has the seller under another name: {}."
    ),
    "seller-may-not-sell": Phrase("依声明，卖方不得出售。", "By declaration, the seller may not sell."),
    "may-sell-undeclared": Phrase("未说明卖方可否出售。", "Whether the seller may sell is not said."),
    "kind-mismatch": Phrase("交易方式与登记类型（{}）不符。", "The kind of trade does not lead to: {}."),
    "registration-missing": Phrase("未说明将办理何种登记。", "Which registration will follow is not said."),
    "transfer-limited": Phrase(
        "转让不能限定期限、方式或地域，也不独占：那是许可。",
        "A transfer has no term, manner, territory or exclusiveness of its own: that is a licence.",
    ),
    "purpose-missing": Phrase("未说明用途。", "The purpose is not said."),
    "acts-missing": Phrase("未说明使用方式。", "The manner of use is not said."),
    "acts-beyond-rights": Phrase(
        "所售权利未必包含以下方式：{}。", "The rights sold may not carry these acts: {}."
    ),
    "term-missing": Phrase("未说明期限。", "The term is not said."),
    "term-outside": Phrase("期限超出证书有效期，或已过。", "The term is past, or beyond the certificate's."),
    "limits-forbid": Phrase("证书所载限制禁止：{}。", "The certificate's limits forbid: {}."),
    "limits-broken": Phrase("依声明，交易超出证书限制。", "By declaration, the trade exceeds the limits."),
    "limits-unread": Phrase(
        "证书载有限制，尚无人对照核对。",
        "The certificate has limits, and nobody has compared the trade with them.",
    ),
    "exclusive-overlaps": Phrase("与现有独占许可重叠。", "An exclusive licence overlaps."),
    "level-unknown": Phrase("分级未知：{}。", "The level is not known: {}."),
    "core-data": Phrase("核心数据不得交易。", "Core data is not traded."),
    "assessment-missing": Phrase(
        "重要数据缺少评估及其报告。", "Important data lacks an assessment with its report."
    ),
    "assessment-failed": Phrase(
        "重要数据评估未通过（{}）。", "The assessment of important data failed ({})."
    ),
    "prescriber-statistics": Phrase("含统方信息：{}。", "It holds prescriber statistics: {}."),
    "fields-missing": Phrase("未列出数据字段。", "The fields of the data are not listed."),
    "secrets-touched": Phrase("涉及国家秘密或安全。", "It touches state secrets or security."),
    "secrets-undeclared": Phrase(
        "未说明是否涉及国家秘密或安全。", "Whether it touches state secrets or security is not said."
    ),
    "personal-information": Phrase("含个人信息（{}）。", "It is personal information ({})."),
    "personal-fields": Phrase("字段可识别个人：{}。", "Fields tell who somebody is: {}."),
    "route-missing": Phrase("未说明个人信息如何处理。", "How personal information was treated is not said."),
    "withdrawals-overdue": Phrase(
        "所依据的同意有 {} 件撤回逾期未办。", "Withdrawals overdue under the consents it rests on: {}."
    ),
    "price-missing": Phrase("缺少价格文件的摘要。", "The digest of the price is missing."),
    "contract-missing": Phrase("缺少合同的摘要。", "The digest of the contract is missing."),
}
"""What each reason says; `{}` is what it is about."""

TITLES: Final[Mapping[int, Phrase]] = {
    **phrases.OBLIGATIONS,
    2: Phrase("登记机构的签名", "Registry's signature"),
    3: Phrase("登记机构答复时有权签署", "Registry entitled when it answered"),
    4: Phrase("答复与登记一致", "Answer equals what was recorded"),
    5: Phrase("答复在公开日志中", "Statement is in the log"),
    9: Phrase("登记当时如答复所述", "Record stood as the answer says"),
    10: Phrase("区块不在未来", "Block is not from the future"),
}
"""Titles of the obligations of a receipt (S9.1, S20.3)."""

DEMONSTRATION: Final = Phrase("演示回执，无任何效力", "Demonstration receipt, without any effect")

ADVICE: Final[Mapping[Told, Phrase]] = {
    Told.ALLOW: Phrase(
        "这是当时的答复，不说明现在；交割前请再次核验或预留。标明“依交易所声明”的各项以交易所的声明为准。",
        "It says nothing of now: check again, or reserve, before settlement. What is marked as declared "
        "rests on the exchange's word.",
    ),
    Told.NEEDS_PERSON: Phrase(
        "请补齐所列事项或由人工判断后再次核验。",
        "Complete what is listed, or have a person decide, and ask again.",
    ),
    Told.REFUSE: Phrase("所列理由消除前不得交易。", "There is no trade while the reasons listed stand."),
    Told.NOT_YET: Phrase("所问时间早于答复。", "The time asked about lies before the answer."),
    Told.UNDETERMINED: Phrase("请提供完整的回执。", "Give the receipt as it was handed out."),
}
"""What to do now, by what was told."""


_ABOUT: Final[Mapping[str, Mapping[str, Phrase]]] = {
    "recorded-since": AWAITED,
    "limits-forbid": {
        **ACTS,
        "share": Phrase("共享", "share"),
        "transfer": Phrase("转让", "transfer"),
        "purpose": Phrase("用途", "purpose"),
    },
    "not-in-force": {status.value: said for status, said in phrases.STATUSES.items()},
    "seller-not-holder": phrases.RIGHTS,
    "kind-mismatch": phrases.TYPES,
    "acts-beyond-rights": ACTS,
    "personal-information": ROUTES,
}
"""What a reason is about, in words, where those are the ledger's own: of statuses, rights and so on."""


def said_of(reason: Reason) -> Phrase:
    """Put a reason in words, with its rule."""
    words, rule, zh = REASONS[reason.code], reason.meaning.rule, reason.about or ""
    en = zh
    if (named := _ABOUT.get(reason.code)) is not None:
        about = [named.get(one, Phrase(one, one)) for one in zh.split(", ")]
        zh, en = "、".join(one.zh for one in about), ", ".join(one.en for one in about)
    return Phrase(f"{words.zh.format(zh)}（{rule}）", f"{words.en.format(en)} ({rule})")


def advice(report: TradeCheckReport) -> Phrase:
    """What to do now."""
    if report.authentic is Authentic.GENUINE:
        return ADVICE[report.standing]
    if others := phrases.others_advice(report.authentic, report.findings):
        return others
    if any(finding.outcome is Outcome.ERROR for finding in report.findings):
        return Phrase(
            "账本暂时无法访问或应答不可信，这不说明回执有问题。请稍后再试，或换一个节点。",
            "The ledger could not be reached or believed; that says nothing against the receipt. Try again "
            "later, or another node.",
        )
    return Phrase(
        "所给内容不足以判定。答复上链后请向登记机构索取带证明的回执，或联网核验。",
        "What was given is not enough. Fetch the receipt with its proofs once it is anchored, or check it "
        "online.",
    )

"""A contract about data in both languages (R56, S21.7): its clauses, and what is wrong with one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from yinzheng.verifier.bytes.algorithms import DigestPair
from yinzheng.verifier.formats.trade_clauses import CLAUSES
from yinzheng.verifier.formats.trade_contract import TradeContract
from yinzheng.verifier.words import phrases
from yinzheng.verifier.words.licence import listed, territory
from yinzheng.verifier.words.phrase import Phrase
from yinzheng.verifier.words.receipt import ROUTES
from yinzheng.verifier.words.times import moment

TITLES: Final[Mapping[str, Phrase]] = {
    "term": Phrase("使用期限", "Term of use"),
    "exclusive": Phrase("独占使用", "Exclusive manners"),
    "price": Phrase("价款与支付", "Price and payment"),
    "quality_deposit": Phrase("质量保证金", "Quality deposit"),
    "risk_assessment": Phrase("风险评估与审批", "Risk assessment and approval"),
    "protection_grade": Phrase("网络安全等级保护", "Grade of protection"),
    "delivery": Phrase("数据交付", "Delivery"),
    "acceptance": Phrase("验收与异议", "Acceptance and objections"),
    "security_after_delivery": Phrase("交付后的安全责任", "Security after delivery"),
    "similar_data": Phrase("类似数据", "Similar data the seller may go on with"),
    "seller_destroys": Phrase("卖方销毁", "Destruction by the seller"),
    "buyer_destroys": Phrase("买方到期销毁", "Destruction by the buyer at the end"),
    "derivatives": Phrase("衍生数据", "Derivatives"),
    "confidentiality": Phrase("保密", "Confidentiality"),
    "tracking": Phrase("使用跟踪", "Tracking of use"),
    "emergency_plan": Phrase("应急预案", "Emergency plan"),
    "negative_data": Phrase("负面数据事件", "Negative-data event"),
    "change": Phrase("合同变更", "Change"),
    "ending": Phrase("合同终止", "Ending"),
    "forum": Phrase("争议解决", "Forum"),
}
"""Titles of the clauses, in their order."""

APPLIES: Final = {True: Phrase("适用", "Applies"), False: Phrase("不适用", "Does not apply")}

SIDES: Final[Mapping[str, Phrase]] = {
    "seller": Phrase("卖方（提供方）", "Seller"),
    "buyer": Phrase("买方（接收方）", "Buyer"),
}

KINDS: Final[Mapping[str, Phrase]] = {
    "share": Phrase("共享", "Sharing"),
    "transfer": Phrase("转让", "Transfer"),
}

ACTS: Final[Mapping[str, Phrase]] = {
    "store": Phrase("存储", "store"),
    "process": Phrase("加工", "process"),
    "use": Phrase("使用", "use"),
    "transmit": Phrase("传输", "transmit"),
    "provide": Phrase("提供", "provide"),
    "publish": Phrase("公开", "publish"),
}

SUBJECTS: Final[Mapping[str, Phrase]] = {
    "raw": Phrase("原始数据", "raw data"),
    "processed": Phrase("加工数据", "processed data"),
    "derived": Phrase("衍生数据", "derived data"),
}

FACTS: Final[Mapping[str, Phrase]] = {
    "kind": Phrase("交易方式", "Kind"),
    "certificate": Phrase("标的证书", "Certificate"),
    "subject": Phrase("标的数据", "Data"),
    "fields": Phrase("数据字段", "Fields"),
    "rights": Phrase("所涉权利", "Rights"),
    "manner": Phrase("使用方式", "Manner of use"),
    "purpose": Phrase("用途", "Purpose"),
    "standing": Phrase("卖方资格", "The seller may sell"),
    "declared": Phrase("双方声明", "Both declare"),
}
"""Titles of what stands before the clauses."""

_NAMES: Final[Mapping[str, Phrase]] = {
    "kind": Phrase("方式", "Kind"),
    "days": Phrase("天数", "Days"),
    "acts": Phrase("方式", "Manners"),
    "territory": Phrase("地域", "Territory"),
    "fen": Phrase("金额（元）", "Amount (CNY)"),
    "payment": Phrase("支付", "Payment"),
    "warranty_days": Phrase("质保期（天）", "Warranty (days)"),
    "by": Phrase("评估机构", "Assessed by"),
    "report": Phrase("报告摘要 SM3", "Report, SM3"),
    "passed": Phrase("通过", "Passed"),
    "approved_by": Phrase("审批", "Approved by"),
    "at": Phrase("时间", "At"),
    "seller_grade": Phrase("卖方等级", "Seller's grade"),
    "seller_report": Phrase("卖方报告摘要 SM3", "Seller's report, SM3"),
    "buyer_grade": Phrase("买方等级", "Buyer's grade"),
    "buyer_report": Phrase("买方报告摘要 SM3", "Buyer's report, SM3"),
    "way": Phrase("方式", "Way"),
    "within_days": Phrase("期限（天内）", "Within days"),
    "detail": Phrase("说明", "Detail"),
    "objection_days": Phrase("异议期（天）", "Objections within days"),
    "standard": Phrase("验收标准", "Standard"),
    "bearer": Phrase("承担方", "Borne by"),
    "words": Phrase("内容", "Content"),
    "since": Phrase("自", "Since"),
    "method": Phrase("销毁方式", "Method"),
    "owner": Phrase("归属", "Owner"),
    "years": Phrase("年限", "Years"),
    "ways": Phrase("方式", "Ways"),
    "every_days": Phrase("周期（天）", "Every days"),
    "plan": Phrase("预案摘要 SM3", "Plan, SM3"),
    "contact": Phrase("联系人", "Contact"),
    "told_within_hours": Phrase("告知时限（小时）", "Told within hours"),
    "ask_persons": Phrase("征求个人意见", "The persons are asked"),
    "else_destroy": Phrase("否则销毁", "Else destroyed"),
    "notice_days": Phrase("提前通知（天）", "Notice (days)"),
    "name": Phrase("名称", "Name"),
}
"""Names of what clauses say."""

_VALUES: Final[Mapping[str, Phrase]] = {
    **ACTS,
    "from_delivery": Phrase("自交付起", "from delivery"),
    "from_acceptance": Phrase("自验收起", "from acceptance"),
    "until_purpose": Phrase("至目的实现", "until the purpose is met"),
    "package": Phrase("数据包", "package"),
    "api": Phrase("接口", "API"),
    "seller": Phrase("卖方", "seller"),
    "buyer": Phrase("买方", "buyer"),
    "each": Phrase("各自", "each"),
    "both": Phrase("双方", "both"),
    "acceptance": Phrase("验收", "acceptance"),
    "warranty_end": Phrase("质保期满", "end of warranty"),
    "ending": Phrase("合同终止", "ending"),
    "physical": Phrase("物理销毁", "physical"),
    "overwrite": Phrase("覆写", "overwrite"),
    "key_destruction": Phrase("销毁密钥", "key destruction"),
    "logical": Phrase("逻辑删除", "logical"),
    "audit": Phrase("审计", "audit"),
    "spot_check": Phrase("抽查", "spot check"),
    "sampling": Phrase("抽样", "sampling"),
    "court": Phrase("法院", "court"),
    "arbitration": Phrase("仲裁", "arbitration"),
}
"""Words that clauses choose from."""

PROBLEMS: Final[Mapping[str, Phrase]] = {
    "party-off-mainland": Phrase("双方均须在境内", "Both parties are on the mainland"),
    "clause-needed": Phrase("该条款必须适用", "This clause has to apply"),
    "clause-barred": Phrase("该条款在此类合同中不得适用", "This clause applies in no contract of this kind"),
    "exclusive-beyond-manner": Phrase("独占方式超出约定方式", "Exclusive manners lie beyond those agreed"),
    "seller-destroys-late": Phrase("卖方须在三日内销毁", "The seller destroys within three days"),
    "seller-destroys-since": Phrase(
        "卖方销毁自验收或质保期满起算", "The seller's destruction counts from acceptance or warranty's end"
    ),
    "buyer-destroys-since": Phrase("买方销毁自合同终止起算", "The buyer's destruction counts from the end"),
    "negative-data-kept": Phrase(
        "发现个人信息须征求个人意见，否则销毁",
        "Of personal data found the persons are asked, else it goes",
    ),
    "certificate-leaf": Phrase("所指证书与登记记录不符", "The certificate named is not the one on record"),
    "importance-differs": Phrase("重要性与证书不一致", "Importance is not that of the certificate"),
    "subject-derived": Phrase("证书登记的是衍生数据", "The certificate is of derived data"),
}
"""What is wrong with a contract, besides the reasons of a trade check."""


@dataclass(frozen=True, slots=True)
class Described:
    """A clause as it is printed."""

    number: int
    title: Phrase
    applies: bool
    said: tuple[tuple[Phrase, Phrase], ...]


def facts(contract: TradeContract) -> Mapping[str, Phrase]:
    """What stands before the clauses, by the names of `FACTS`."""
    about, subject, standing = contract.certificate, contract.subject, contract.standing
    hospital = _yes_no(standing.public_hospital)
    profit, kept = _yes_no(standing.for_profit), _yes_no(subject.limits_kept)
    secrets = _yes_no(subject.touches_secrets)
    named = "、".join(subject.fields)
    certificate = f"{about.number} · {about.leaf.hex()}"
    return {
        "kind": KINDS[contract.kind],
        "certificate": Phrase(certificate, certificate),
        "subject": _joined(SUBJECTS[subject.kind], ROUTES[subject.route], _importance(subject.importance)),
        "fields": Phrase(named, named),
        "rights": listed(contract.rights, phrases.RIGHTS),
        "manner": listed(contract.manner, ACTS),
        "purpose": Phrase(contract.purpose, contract.purpose),
        "standing": Phrase(
            f"经营范围：{standing.business_scope}；公立医院：{hospital.zh}；营利：{profit.zh}",
            f"public hospital: {hospital.en}; for profit: {profit.en}",
        ),
        "declared": Phrase(
            f"已核对证书限制与备注，交易未超出：{kept.zh}；涉及国家秘密或安全：{secrets.zh}",
            f"within the certificate's limits and remarks: {kept.en}; secrets or security: {secrets.en}",
        ),
    }


def _joined(*said: Phrase) -> Phrase:
    return Phrase("、".join(one.zh for one in said), ", ".join(one.en for one in said))


def _yes_no(value: bool) -> Phrase:
    return Phrase("是", "yes") if value else Phrase("否", "no")


def _importance(name: str | None) -> Phrase:
    return Phrase("非重要数据", "not important data") if name is None else phrases.IMPORTANCES[name]


def described(contract: TradeContract) -> tuple[Described, ...]:
    """Every clause, in order, each with whether it applies and what it says."""
    return tuple(_described(number, name, contract) for number, name in enumerate(CLAUSES, 1))


def _described(number: int, name: str, contract: TradeContract) -> Described:
    terms = getattr(contract.clauses, name)
    return Described(number, TITLES[name], terms is not None, tuple(() if terms is None else _lines(terms)))


def _lines(terms: Any) -> Iterator[tuple[Phrase, Phrase]]:
    for field in fields(terms):
        value = getattr(terms, field.name)
        if value is not None:
            yield _NAMES[field.name], _value(field.name, value)


def _value(name: str, value: Any) -> Phrase:
    if isinstance(value, bool):
        return _yes_no(value)
    if name == "fen":
        amount = f"{value // 100}.{value % 100:02d}"
        return Phrase(amount, amount)
    if name == "at":
        return moment(value)
    if name == "territory":
        return territory(value)
    if isinstance(value, DigestPair):
        return Phrase(value.sm3.hex(), value.sm3.hex())
    if isinstance(value, tuple):
        return _joined(*(_value(name, one) for one in value))
    return _VALUES.get(str(value), Phrase(str(value), str(value)))

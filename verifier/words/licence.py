"""What the report on a licence's voucher says in words, Chinese and English (S9.7), and a licence's terms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from yinzheng.verifier.chain.terms import TERRITORY
from yinzheng.verifier.formats.licence import Licence, LicenceEnd
from yinzheng.verifier.formats.move_terms import LicenceTerms
from yinzheng.verifier.judge.licence.report import VoucherReport
from yinzheng.verifier.judge.licence.status import LicenceStatus
from yinzheng.verifier.judge.report import Authentic, Outcome
from yinzheng.verifier.words import phrases
from yinzheng.verifier.words.endings import LICENCES
from yinzheng.verifier.words.phrase import Phrase

OBLIGATIONS: Final[Mapping[int, Phrase]] = {
    **phrases.OBLIGATIONS,
    2: Phrase("登记机构的签名", "Registry's signature"),
    3: Phrase("登记机构当时有权签发", "Registry entitled at that time"),
    4: Phrase("凭证与许可记录一致", "Record equals voucher"),
    5: Phrase("许可记录在公开日志中", "Statement is in the log"),
    9: Phrase("链上的许可及其证书", "Licence on the chain, and its certificate"),
}
"""Titles of the obligations (S9.1, S9.7)."""

STATUSES: Final[Mapping[LicenceStatus, Phrase]] = {
    LicenceStatus.IN_FORCE: Phrase("许可有效", "the licence is in force"),
    LicenceStatus.NOT_BEGUN: Phrase("许可尚未开始", "the licence has not begun yet"),
    LicenceStatus.ENDED: Phrase("许可已提前终止", "the licence was ended before its term"),
    LicenceStatus.RUN_OUT: Phrase("许可期限已满", "the licence has run out"),
    LicenceStatus.CERTIFICATE_CANCELLED: Phrase(
        "但所依据的登记证书或承接它的证书已注销，许可是否仍有效无法判定",
        "but its certificate, or one that followed it, is cancelled, and whether the licence outlives that "
        "cannot be told",
    ),
    LicenceStatus.NOT_YET: Phrase("当时尚未许可", "the licence had not been given at that time"),
    LicenceStatus.UNDETERMINED: Phrase("现在是否有效无法判定", "whether it is in force cannot be determined"),
}

ATTENTION: Final = Phrase(
    "许可有效，但所依据的证书上有须注意的事项",
    "the licence is in force, but mind what stands on its certificate",
)
"""What stands in for `IN_FORCE` where the certificate's rights are restrained."""

RESTRAINTS: Final[Mapping[str, Phrase]] = {
    "seizure": Phrase("证书已被司法查封。", "The certificate is under judicial seizure."),
    "control": Phrase("证书受行政管制。", "The certificate is under administrative control."),
    "pledge": Phrase("证书已设质押。", "The certificate is pledged."),
    "held": Phrase(
        "证书因争议冻结：冻结期间不作新的许可或转让，已有许可不受影响。",
        "The certificate is held by a dispute: nothing new is licensed or transferred meanwhile; what was "
        "licensed stands.",
    ),
    "objection": Phrase("对证书有未结的异议。", "An objection to the certificate is open."),
}
"""What `attention` means."""

_STATUS_ADVICE: Final[Mapping[LicenceStatus, Phrase]] = {
    LicenceStatus.IN_FORCE: Phrase(
        "请核对出示人就是被许可人：凭证可以被复制。许可只及于所列权利、行为、地域、目的和期限。",
        "Check that whoever shows it is the licensee: a voucher can be copied. The licence covers the "
        "rights, acts, places, purposes and term listed, and no more.",
    ),
    LicenceStatus.NOT_BEGUN: Phrase(
        "许可自所列开始时间起有效。", "It is in force from the time given as its beginning."
    ),
    LicenceStatus.ENDED: Phrase(
        "许可已终止，不得再据以使用。", "The licence was ended; nothing may be used on it any more."
    ),
    LicenceStatus.RUN_OUT: Phrase(
        "期限已满，不得再据以使用。", "Its term is over; nothing may be used on it any more."
    ),
    LicenceStatus.CERTIFICATE_CANCELLED: Phrase(
        "链上未记载许可终止，但登记证书或承接它的证书已注销。请向登记机构了解注销事由。",
        "The chain has not recorded its end, but the certificate under it, or one that followed, is "
        "cancelled. Ask the registry on which ground.",
    ),
    LicenceStatus.NOT_YET: Phrase("在所问时间尚未许可。", "It had not been given at the time asked about."),
    LicenceStatus.UNDETERMINED: Phrase(
        "凭证本身真实，但现在的状态需要联网查询。请联网后再次核验。",
        "The voucher itself is genuine, but how it stands now needs a live ledger. Check again online.",
    ),
}

NOTES: Final[Mapping[str, Phrase]] = {
    **phrases.NOTES,
    "certificate-superseded": Phrase(
        "所依据的证书已被新证书取代；买卖不破许可：许可不受影响，对权利的受让人继续有效。",
        "Its certificate was superseded by a new one. A sale does not break a licence: it goes on against "
        "whoever holds the right now.",
    ),
    "certificate-cancelled": Phrase("所依据的证书已注销。", "Its certificate is cancelled."),
    "certificate-held": Phrase("所依据的证书因争议冻结。", "Its certificate is held by a dispute."),
    "successor-cancelled": Phrase(
        "承接所依据证书的证书已注销。", "A certificate that followed its own is cancelled."
    ),
    "successor-held": Phrase(
        "承接所依据证书的证书因争议冻结。", "A certificate that followed its own is held by a dispute."
    ),
    "operator-is-party": Phrase(
        "链的运营者之一同时是许可的一方。", "One of the chain's operators is itself a party to this licence."
    ),
}
"""What no obligation says."""

DEMONSTRATION: Final = Phrase("演示凭证，无任何效力", "Demonstration voucher, without any effect")

RECORDED: Final = Phrase(
    "所适用的规则没有许可这一登记类型：本许可仅作记载，不是一项登记。",
    "Licence is none of the registration types of the rules it is under: it is recorded here, and is no "
    "registration.",
)
"""Said plainly of a licence under a profile without the type (R1)."""

TITLE: Final = Phrase("数据产权许可凭证", "Voucher of a Data-Rights Licence")

FIELDS: Final[Mapping[str, Phrase]] = {
    "number": Phrase("许可编号", "Number"),
    "profile": Phrase("适用规则", "Rule profile"),
    "registration": Phrase("性质", "Nature"),
    "certificate": Phrase("所依据的证书", "Under certificate"),
    "licensor": Phrase("许可人", "Licensor"),
    "licensee": Phrase("被许可人", "Licensee"),
    "rights": Phrase("许可的权利", "Rights"),
    "acts": Phrase("许可的行为", "Acts"),
    "territory": Phrase("地域", "Territory"),
    "purposes": Phrase("目的", "Purposes"),
    "exclusive": Phrase("排他性", "Exclusiveness"),
    "begins": Phrase("自", "From"),
    "ends": Phrase("至", "Until"),
    "registry": Phrase("登记机构", "Registry"),
    "registered_at": Phrase("登记时间", "Registered"),
    "request": Phrase("双方共同申请的摘要", "Digest of the joint request"),
    "prev": Phrase("前序记录", "Previous statement"),
}
"""Names of the body's fields (S6.6)."""

NATURES: Final[Mapping[bool, Phrase]] = {
    True: Phrase("许可登记", "registration of a licence"),
    False: Phrase("仅作记载，不属登记类型", "recorded, none of the registration types"),
}

EXCLUSIVE: Final[Mapping[bool, Phrase]] = {
    True: Phrase("排他许可", "exclusive"),
    False: Phrase("普通许可", "not exclusive"),
}

ACTS: Final[Mapping[str, Phrase]] = {
    "store": Phrase("存储", "store"),
    "process": Phrase("加工", "process"),
    "use": Phrase("使用", "use"),
    "transmit": Phrase("传输", "transmit"),
    "provide": Phrase("提供", "provide"),
    "publish": Phrase("公开", "publish"),
}
"""What a licensee may do with the data (R45, R56)."""

PROVINCES: Final[Mapping[str, Phrase]] = {
    "11": Phrase("北京", "Beijing"),
    "12": Phrase("天津", "Tianjin"),
    "13": Phrase("河北", "Hebei"),
    "14": Phrase("山西", "Shanxi"),
    "15": Phrase("内蒙古", "Inner Mongolia"),
    "21": Phrase("辽宁", "Liaoning"),
    "22": Phrase("吉林", "Jilin"),
    "23": Phrase("黑龙江", "Heilongjiang"),
    "31": Phrase("上海", "Shanghai"),
    "32": Phrase("江苏", "Jiangsu"),
    "33": Phrase("浙江", "Zhejiang"),
    "34": Phrase("安徽", "Anhui"),
    "35": Phrase("福建", "Fujian"),
    "36": Phrase("江西", "Jiangxi"),
    "37": Phrase("山东", "Shandong"),
    "41": Phrase("河南", "Henan"),
    "42": Phrase("湖北", "Hubei"),
    "43": Phrase("湖南", "Hunan"),
    "44": Phrase("广东", "Guangdong"),
    "45": Phrase("广西", "Guangxi"),
    "46": Phrase("海南", "Hainan"),
    "50": Phrase("重庆", "Chongqing"),
    "51": Phrase("四川", "Sichuan"),
    "52": Phrase("贵州", "Guizhou"),
    "53": Phrase("云南", "Yunnan"),
    "54": Phrase("西藏", "Xizang"),
    "61": Phrase("陕西", "Shaanxi"),
    "62": Phrase("甘肃", "Gansu"),
    "63": Phrase("青海", "Qinghai"),
    "64": Phrase("宁夏", "Ningxia"),
    "65": Phrase("新疆", "Xinjiang"),
    "71": Phrase("台湾", "Taiwan"),
    "81": Phrase("香港", "Hong Kong"),
    "82": Phrase("澳门", "Macao"),
}
"""Province-level codes of GB/T 2260, ascending."""

EVERYWHERE: Final = Phrase("不限地域", "everywhere")

ENDED_AT: Final = Phrase("终止时间", "Ended")


def listed(names: Iterable[str], words: Mapping[str, Phrase]) -> Phrase:
    """Names in a row, in words."""
    said = [words[name] for name in names]
    return Phrase("、".join(one.zh for one in said), ", ".join(one.en for one in said))


def territory(codes: tuple[str, ...]) -> Phrase:
    """Where a licence holds; of a long list what is left out, which reads better."""
    if codes == TERRITORY:
        return EVERYWHERE
    without = [code for code in TERRITORY if code not in codes]
    if len(without) > 5:
        return listed(codes, PROVINCES)
    said = listed(without, PROVINCES)
    return Phrase(f"{said.zh}以外各地", f"everywhere but {said.en}")


def terms(body: Licence | LicenceTerms) -> dict[str, Phrase]:
    """What a licence covers, by field, in words."""
    return {
        "rights": listed(body.rights, phrases.RIGHTS),
        "acts": listed(body.acts, ACTS),
        "territory": territory(body.territory),
        "purposes": Phrase(body.purposes, body.purposes),
        "exclusive": EXCLUSIVE[body.exclusive],
    }


def ended(ending: str, end: LicenceEnd | None) -> Phrase:
    """Who ended a licence, as the chain has it; which forum, as the statement says."""
    said = LICENCES[ending]
    if end is None or end.forum is None:
        return said
    return Phrase(f"{said.zh}（{end.forum.name}）", f"{said.en}: {end.forum.name}")


def advice(report: VoucherReport) -> Phrase:
    """What to do now."""
    if report.authentic is Authentic.GENUINE:
        return _STATUS_ADVICE[report.status]
    if others := phrases.others_advice(report.authentic, report.findings):
        return others
    if any(finding.outcome is Outcome.ERROR for finding in report.findings):
        return Phrase(
            "账本暂时无法访问或应答不可信，这不说明凭证有问题。请稍后再试，或换一个节点。",
            "The ledger could not be reached or believed; that says nothing against the voucher. Try again "
            "later, or another node.",
        )
    return Phrase(
        "所给内容不足以判定。请提供凭证 PDF 或 JSON 原件，或联网核验。",
        "What was given is not enough. Give the voucher's own PDF or JSON file, or check it online.",
    )

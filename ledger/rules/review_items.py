"""What a reviewer is asked (R19), by the type of the case (R5–R7, R10).

Every item is worded so that "yes" speaks for registration and "no" against it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from yinzheng.ledger.rules.case_types import CaseType
from yinzheng.ledger.rules.refusals import Ground
from yinzheng.ledger.rules.terms import Label


class Item(StrEnum):
    """Items of the checklist, in the order they are asked."""

    CLASSIFICATION = "classification"
    IDENTITY = "identity"
    HONESTY = "honesty"
    NO_PENALTY = "no_penalty"
    CAPABILITY = "capability"
    INFORMATION_ROUTE = "information_route"
    LAWFUL_BASIS = "lawful_basis"
    IMPACT_ASSESSMENT = "impact_assessment"
    ETHICS = "ethics"
    EXPORT_ROUTE = "export_route"
    IMPORTANT_DATA = "important_data"
    NO_STATE_SECRETS = "no_state_secrets"
    NO_SECURITY_DATA = "no_security_data"
    NO_PRESCRIBER_STATISTICS = "no_prescriber_statistics"
    NO_HARM = "no_harm"
    SOURCE_LAWFUL = "source_lawful"
    NO_DISPUTE = "no_dispute"
    TRUTHFUL = "truthful"
    # Of moves (R5–R7, R10), where what stays of the certificate was examined before.
    AUTHORITY = "authority"
    WITHIN_RIGHT = "within_right"
    CONSIDERATION = "consideration"
    CAPABLE = "capable"
    INTERESTED = "interested"
    PROOF = "proof"
    STILL_TRUE = "still_true"
    NO_DUTIES = "no_duties"


@dataclass(frozen=True, slots=True)
class ItemText:
    """What an item asks, and the ground of refusal (R20, R21) that a "no" stands for."""

    label: Label
    ground: Ground


CHECKLIST: Mapping[Item, ItemText] = MappingProxyType(
    {
        Item.CLASSIFICATION: ItemText(
            Label(
                "数据类别、级别与所依据的分级标准相符（已逐级对照）",
                "Class and level were checked against the scheme named, and agree with it",
            ),
            Ground.LAW,
        ),
        Item.IDENTITY: ItemText(
            Label("主体身份真实有效", "The identity of the applicant is genuine"), Ground.CONCEALMENT
        ),
        Item.HONESTY: ItemText(
            Label("近三年无严重失信记录", "No serious dishonesty in the last 3 years"), Ground.LAW
        ),
        Item.NO_PENALTY: ItemText(
            Label(
                "近三年无数据相关行政处罚或刑事责任",
                "No data-related penalty or criminal liability in the last 3 years",
            ),
            Ground.LAW,
        ),
        Item.CAPABILITY: ItemText(
            Label("具备相应的数据管理和安全保障能力", "Able to manage and protect the data"), Ground.LAW
        ),
        Item.INFORMATION_ROUTE: ItemText(
            Label(
                "个人信息处理方式与申报一致（匿名化、去标识化或可识别）",
                "Personal information was treated as declared (anonymised, de-identified, identifiable)",
            ),
            Ground.CONCEALMENT,
        ),
        Item.LAWFUL_BASIS: ItemText(
            Label(
                "已取得个人同意或具备其他合法性基础",
                "Consent was given or another lawful basis named applies",
            ),
            Ground.UNLAWFUL_SOURCE,
        ),
        Item.IMPACT_ASSESSMENT: ItemText(
            Label("已开展个人信息保护影响评估", "A personal-information impact assessment was made"),
            Ground.LAW,
        ),
        Item.ETHICS: ItemText(
            Label(
                "已通过伦理审查并办理人类遗传资源备案或审批",
                "Ethics approval and filing for human genetic resources are in place",
            ),
            Ground.LAW,
        ),
        Item.EXPORT_ROUTE: ItemText(
            Label("数据出境路径合法", "The route for export is lawful"), Ground.UNLAWFUL_SOURCE
        ),
        Item.IMPORTANT_DATA: ItemText(
            Label(
                "已明确重要数据安全负责人并提交风险评估报告",
                "An officer for important data is named and a risk report is in",
            ),
            Ground.LAW,
        ),
        Item.NO_STATE_SECRETS: ItemText(
            Label("不涉及国家秘密", "Touches no state secrets"), Ground.STATE_SECRETS
        ),
        Item.NO_SECURITY_DATA: ItemText(
            Label("不涉及国家安全、公共安全", "Touches no national or public security"),
            Ground.PUBLIC_SECURITY,
        ),
        Item.NO_PRESCRIBER_STATISTICS: ItemText(
            Label(
                "不涉及统方（按医生统计药品或耗材的用量、金额）",
                "Touches no prescriber statistics (drugs or consumables by doctor)",
            ),
            Ground.PRESCRIBER_STATISTICS,
        ),
        Item.NO_HARM: ItemText(
            Label(
                "不损害国家安全、公共利益或他人合法权益", "No harm to security, public or private interests"
            ),
            Ground.HARM,
        ),
        Item.SOURCE_LAWFUL: ItemText(
            Label("数据来源合法且有材料证明", "The source is lawful and proved"), Ground.UNLAWFUL_SOURCE
        ),
        Item.NO_DISPUTE: ItemText(
            Label("无尚未解决的权属争议", "No unresolved ownership dispute"), Ground.DISPUTE
        ),
        Item.TRUTHFUL: ItemText(
            Label("材料真实完整，无隐瞒或虚假", "The material is true and complete"), Ground.CONCEALMENT
        ),
        Item.AUTHORITY: ItemText(
            Label(
                "各方签名或授权真实，签署人有权代表该机构",
                "Each signature or authorisation is genuine, and who signed may speak for the organisation",
            ),
            Ground.CONCEALMENT,
        ),
        Item.WITHIN_RIGHT: ItemText(
            Label(
                "所涉权利、行为、地域、用途和期限均在登记的权利及其限制之内",
                "Rights, acts, territory, purposes and term lie within the right and its limits",
            ),
            Ground.LAW,
        ),
        Item.CONSIDERATION: ItemText(
            Label(
                "对价文件已核查，与请求一致",
                "The consideration document was examined and agrees with the request",
            ),
            Ground.CONCEALMENT,
        ),
        Item.CAPABLE: ItemText(
            Label("受让方或被许可方具备合法处理能力", "Who receives is able to process the data lawfully"),
            Ground.LAW,
        ),
        Item.INTERESTED: ItemText(
            Label(
                "利害关系人（如质权人、独占被许可方）已征询或无须征询",
                "Interested parties, such as a pledgee or an exclusive licensee, were asked or need not be",
            ),
            Ground.DISPUTE,
        ),
        Item.PROOF: ItemText(
            Label(
                "变更、注销的证明或真实性承诺已核查",
                "The proof, or the undertaking of truth, was examined and supports what is asked",
            ),
            Ground.CONCEALMENT,
        ),
        Item.STILL_TRUE: ItemText(
            Label("登记内容续期时仍然属实", "What is registered is still true"), Ground.CONCEALMENT
        ),
        Item.NO_DUTIES: ItemText(
            Label(
                "无以该证书为条件的未履行义务（如有效许可）被规避",
                "No duty that rests on the certificate, such as towards licensees, is evaded",
            ),
            Ground.DISPUTE,
        ),
    }
)

_COMMON: Final = (Item.IDENTITY, Item.AUTHORITY)
_LAST: Final = (Item.NO_HARM, Item.NO_DISPUTE, Item.TRUTHFUL)
ITEMS: Final[Mapping[CaseType, tuple[Item, ...]]] = MappingProxyType(
    {
        CaseType.FIRST: tuple(Item)[: tuple(Item).index(Item.AUTHORITY)],
        CaseType.LICENCE: (
            *_COMMON,
            Item.CAPABLE,
            Item.WITHIN_RIGHT,
            Item.CONSIDERATION,
            Item.INTERESTED,
            *_LAST,
        ),
        CaseType.LICENCE_END: (*_COMMON, Item.INTERESTED, Item.TRUTHFUL),
        CaseType.TRANSFER: (
            *_COMMON,
            Item.HONESTY,
            Item.CAPABLE,
            Item.WITHIN_RIGHT,
            Item.CONSIDERATION,
            Item.INTERESTED,
            *_LAST,
        ),
        CaseType.CHANGE: (
            *_COMMON,
            Item.CLASSIFICATION,
            Item.SOURCE_LAWFUL,
            Item.PROOF,
            Item.INTERESTED,
            Item.NO_PRESCRIBER_STATISTICS,
            *_LAST,
        ),
        CaseType.RENEWAL: (*_COMMON, Item.HONESTY, Item.NO_PENALTY, Item.STILL_TRUE, *_LAST),
        CaseType.CANCELLATION: (*_COMMON, Item.PROOF, Item.NO_DUTIES, Item.INTERESTED, *_LAST),
    }
)
"""What is asked in a case of each type, in this order."""

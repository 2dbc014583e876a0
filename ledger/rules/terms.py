"""The field's words as enumerations, each value exactly as it stands in statements and certificates (S6.1).

Chinese and English labels live beside them so that every surface says the same word.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from yinzheng.verifier.words.phrase import Phrase

Label: TypeAlias = Phrase
"""One text in the two interface languages."""


class Problem(NamedTuple):
    """What is wrong with an item of a list, named by its words; `item` is its slug."""

    item: str
    about: Label
    what: Label

    def __str__(self) -> str:
        """As an English sentence without its end."""
        return f"{self.about.en} ({self.item}): {self.what.en}"

    @property
    def zh(self) -> str:
        """The same in Chinese."""
        return f"{self.about.zh}（{self.item}）：{self.what.zh}"


class RegistrationType(StrEnum):
    """Kinds of registration (R1); which are lawful depends on the profile."""

    FIRST = "first"
    LICENCE = "licence"
    TRANSFER = "transfer"
    CHANGE = "change"
    CANCELLATION = "cancellation"
    RENEWAL = "renewal"


class Procedure(StrEnum):
    """How a first registration is reviewed (R8)."""

    ORDINARY = "ordinary"
    SIMPLIFIED = "simplified"


class Right(StrEnum):
    """The three independent rights (R3), in the order certificates list them (S6.1)."""

    HOLD = "hold"
    USE = "use"
    OPERATE = "operate"


class SourceKind(StrEnum):
    """Where the data came from (R18)."""

    COLLECTED = "collected"
    AGREEMENT = "agreement"
    OPEN = "open"
    """公开数据: openly accessible, gathered automatically. Public data 公共数据 is another thing (R8)."""
    DERIVED = "derived"


class DataClass(StrEnum):
    """Classes of health data (R22)."""

    PERSONAL = "personal"
    HEALTH = "health"
    MEDICAL = "medical"
    PAYMENT = "payment"
    RESOURCE = "resource"
    PUBLIC = "public"


class RemarkKind(StrEnum):
    """Kinds of remarks on a certificate (R16)."""

    AGREED = "agreed"
    SEIZURE = "seizure"
    CONTROL = "control"
    OTHER = "other"
    PLEDGE = "pledge"
    """Entered with its register's reference (R55)."""


class FileRole(StrEnum):
    """What a file of a dossier proves (R18)."""

    IDENTITY = "identity"
    SOURCE = "source"
    ASSESSMENT = "assessment"
    SAMPLE = "sample"
    RISK = "risk"
    OTHER = "other"


class Importance(StrEnum):
    """What data was decided to be that is more than general (R23)."""

    IMPORTANT = "important"
    CORE = "core"


class InformationRoute(StrEnum):
    """How personal information was treated before registration (R19)."""

    ANONYMISED = "anonymised"
    DEIDENTIFIED = "deidentified"
    IDENTIFIABLE = "identifiable"


class LawfulBasis(StrEnum):
    """Consent, or the basis that stands in its place (R27)."""

    CONSENT = "consent"
    PUBLIC_HEALTH_EMERGENCY = "public_health_emergency"
    LIFE_OR_PROPERTY_EMERGENCY = "life_or_property_emergency"
    STATUTORY_DUTY = "statutory_duty"
    ETHICS_WAIVER = "ethics_waiver"


class Processing(StrEnum):
    """Kinds of processing that call for further proof (R19)."""

    SENSITIVE = "sensitive"
    AUTOMATED_DECISIONS = "automated_decisions"
    ENTRUSTMENT = "entrustment"
    PROVISION = "provision"
    DISCLOSURE = "disclosure"
    EXPORT = "export"
    HUMAN_GENETIC = "human_genetic"


_PAIRS: tuple[tuple[StrEnum, Label], ...] = (
    (RegistrationType.FIRST, Label("首次登记", "first registration")),
    (RegistrationType.LICENCE, Label("许可登记", "licence")),
    (RegistrationType.TRANSFER, Label("转让登记", "transfer")),
    (RegistrationType.CHANGE, Label("变更登记", "change")),
    (RegistrationType.CANCELLATION, Label("注销登记", "cancellation")),
    (RegistrationType.RENEWAL, Label("续期登记", "renewal")),
    (Procedure.ORDINARY, Label("普通程序", "ordinary procedure")),
    (Procedure.SIMPLIFIED, Label("简易程序", "simplified procedure")),
    (Right.HOLD, Label("持有权", "right to hold")),
    (Right.USE, Label("使用权", "right to use")),
    (Right.OPERATE, Label("经营权", "right to operate")),
    (SourceKind.COLLECTED, Label("自行采集", "collected")),
    (SourceKind.AGREEMENT, Label("协议取得", "by agreement")),
    (SourceKind.OPEN, Label("公开数据自动采集", "openly accessible data, gathered automatically")),
    (SourceKind.DERIVED, Label("加工衍生", "derived")),
    (DataClass.PERSONAL, Label("个人属性数据", "personal attribute data")),
    (DataClass.HEALTH, Label("健康状况数据", "health status data")),
    (DataClass.MEDICAL, Label("医疗应用数据", "medical application data")),
    (DataClass.PAYMENT, Label("医疗支付数据", "payment data")),
    (DataClass.RESOURCE, Label("卫生资源数据", "health resource data")),
    (DataClass.PUBLIC, Label("公共卫生数据", "public health data")),
    (RemarkKind.AGREED, Label("约定期限或条件", "agreed term or conditions")),
    (RemarkKind.SEIZURE, Label("司法查封", "judicial seizure")),
    (RemarkKind.CONTROL, Label("行政管制", "administrative control")),
    (RemarkKind.OTHER, Label("其他", "other")),
    (RemarkKind.PLEDGE, Label("质押", "pledge")),
    (FileRole.IDENTITY, Label("主体身份证明", "proof of identity")),
    (FileRole.SOURCE, Label("数据来源证明", "proof of source")),
    (FileRole.ASSESSMENT, Label("第三方评估", "third-party assessment")),
    (FileRole.SAMPLE, Label("数据样例", "sample")),
    (FileRole.RISK, Label("重要数据风险评估", "risk assessment of important data")),
    (FileRole.OTHER, Label("其他材料", "other material")),
    (Importance.IMPORTANT, Label("重要数据", "important data")),
    (Importance.CORE, Label("核心数据", "core data")),
    (InformationRoute.ANONYMISED, Label("匿名化", "anonymised")),
    (InformationRoute.DEIDENTIFIED, Label("去标识化", "de-identified")),
    (InformationRoute.IDENTIFIABLE, Label("可识别", "identifiable")),
    (LawfulBasis.CONSENT, Label("个人同意", "consent")),
    (LawfulBasis.PUBLIC_HEALTH_EMERGENCY, Label("突发公共卫生事件", "public-health emergency")),
    (LawfulBasis.LIFE_OR_PROPERTY_EMERGENCY, Label("保护生命财产的紧急情况", "life or property emergency")),
    (LawfulBasis.STATUTORY_DUTY, Label("法定职责或义务", "statutory duty")),
    (LawfulBasis.ETHICS_WAIVER, Label("伦理豁免（去标识化回顾性研究）", "ethics waiver (retrospective)")),
    (Processing.SENSITIVE, Label("敏感个人信息", "sensitive personal information")),
    (Processing.AUTOMATED_DECISIONS, Label("自动化决策", "automated decisions")),
    (Processing.ENTRUSTMENT, Label("委托处理", "entrustment")),
    (Processing.PROVISION, Label("向他人提供", "provision to others")),
    (Processing.DISCLOSURE, Label("公开", "disclosure")),
    (Processing.EXPORT, Label("出境", "export")),
    (Processing.HUMAN_GENETIC, Label("人类遗传资源", "human genetic resources")),
)
# Members of two enumerations compare equal when their values do (`FileRole.OTHER == RemarkKind.OTHER`),
# so a term alone is not a key.
_LABELS: Mapping[tuple[type[StrEnum], str], Label] = MappingProxyType(
    {(type(term), term.value): label for term, label in _PAIRS}
)


def label(term: StrEnum) -> Label:
    """Give the word of the interface for a term of this module, in both languages."""
    return _LABELS[type(term), term.value]

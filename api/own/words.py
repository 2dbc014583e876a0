"""What an organisation's own pages say of moves, licences and reservations, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from yinzheng.api.web.words import Tone
from yinzheng.ledger.rules.terms import Label
from yinzheng.verifier.formats.trade import ALLOW, NEEDS_PERSON, REFUSE
from yinzheng.verifier.judge.licence.status import LicenceStatus
from yinzheng.verifier.judge.report import Status

STATES: Final[Mapping[str, Label]] = MappingProxyType(
    {
        "applied": Label("已收到，等待受理", "received, to be accepted"),
        "supplement_requested": Label("须补正材料", "material is missing"),
        "accepted": Label("已受理，审查中", "accepted, under review"),
        "review_supplement_requested": Label("审查中，须补正材料", "under review, material is missing"),
        "reviewed": Label("审查完毕", "reviewed"),
        "committee_decided": Label("合规委员会已审议", "decided by the committee"),
        "refusal_due": Label("拟不予登记", "about to be refused"),
        "publicity": Label("公示中", "published for objections"),
        "issuing": Label("已备妥，等待签署", "prepared, being signed"),
        "deposited": Label("已登记", "on the ledger"),
        "recorded": Label("已登记", "on the ledger"),
        "refused": Label("不予登记", "refused"),
        "closed": Label("已终止", "closed"),
    }
)
"""Where a request stands (`ledger.rules.states`)."""

STATE_TONES: Final[Mapping[str, Tone]] = MappingProxyType(
    {
        "supplement_requested": "warn",
        "review_supplement_requested": "warn",
        "refusal_due": "warn",
        "issuing": "warn",
        "deposited": "good",
        "recorded": "good",
        "refused": "bad",
        "closed": "bad",
    }
)
"""Colours of those; what waits for the registry has none."""

STEPS: Final = (
    (Label("收到", "Received"), frozenset({"applied", "supplement_requested"})),
    (Label("受理与审查", "Accepted and reviewed"), frozenset({"accepted", "review_supplement_requested"})),
    (
        Label("审查结论", "Decided"),
        frozenset({"reviewed", "committee_decided", "refusal_due"}),
    ),
    (Label("公示", "Published for objections"), frozenset({"publicity"})),
    (Label("各方签署", "Signed by all"), frozenset({"issuing"})),
    (Label("登记完成", "On the ledger"), frozenset({"deposited", "recorded"})),
)
"""The course of a request, and the states in which each step is under way."""

PUBLICITY: Final = 3
"""Place of the step that not every type has (R24)."""

LICENCE_STATES: Final[Mapping[str, Label]] = MappingProxyType(
    {
        LicenceStatus.IN_FORCE: Label("有效", "in force"),
        LicenceStatus.NOT_BEGUN: Label("尚未开始", "not begun yet"),
        LicenceStatus.ENDED: Label("已提前终止", "ended early"),
        LicenceStatus.RUN_OUT: Label("期限已满", "run out"),
        LicenceStatus.UNDETERMINED: Label("尚未上链", "not on the chain yet"),
    }
)

RIGHT_TONES: Final[Mapping[str, Tone]] = MappingProxyType(
    {Status.IN_FORCE: "good", Status.HELD: "warn", Status.RESERVED: "warn"}
)

RESERVATIONS: Final[Mapping[str, Label]] = MappingProxyType(
    {
        "requested": Label("正在上链", "on its way to the chain"),
        "reserved": Label("预留中", "reserved"),
        "released": Label("已解除", "released"),
        "lapsed": Label("期满失效", "lapsed"),
        "consumed": Label("已成交", "consumed by a settlement"),
        "refused": Label("未成立", "void: it never held"),
    }
)
"""How a reservation stands (S20.5)."""

RESERVATION_TONES: Final[Mapping[str, Tone]] = MappingProxyType(
    {"reserved": "good", "consumed": "good", "refused": "bad"}
)

ANSWERS: Final[Mapping[str, Label]] = MappingProxyType(
    {
        ALLOW: Label("可以交易", "The trade may go ahead"),
        NEEDS_PERSON: Label("须由人工判断", "A person must decide"),
        REFUSE: Label("不得交易", "The trade is refused"),
    }
)
"""What an exchange is told (R45)."""

ANSWER_TONES: Final[Mapping[str, Tone]] = MappingProxyType(
    {ALLOW: "good", NEEDS_PERSON: "warn", REFUSE: "bad"}
)

KINDS: Final[Mapping[str, Label]] = MappingProxyType(
    {"share": Label("共享", "sharing"), "transfer": Label("转让", "transfer")}
)
"""Kinds of trades (R45)."""

ROUTES: Final[Mapping[str, Label]] = MappingProxyType(
    {
        "anonymised": Label("已匿名化", "anonymised"),
        "deidentified": Label("已去标识化", "de-identified"),
        "identifiable": Label("可识别个人", "identifiable"),
    }
)

ROLES: Final[Mapping[str, Label]] = MappingProxyType(
    {
        "registry": Label("登记机构", "the registry"),
        "committee": Label("合规委员会", "its committee"),
        "holder": Label("权利人", "holder"),
        "licensor": Label("许可人", "licensor"),
        "licensee": Label("被许可人", "licensee"),
        "transferor": Label("转让人", "transferor"),
        "transferee": Label("受让人", "transferee"),
        "forum": Label("裁判机构", "court or tribunal"),
        "exchange": Label("数据交易所", "exchange"),
    }
)
"""Who signs what, by capacity or by role in a request."""

PLACES: Final[Mapping[str, Label]] = MappingProxyType(
    {
        "$.certificate": Label("证书", "Certificate"),
        "$.seller.name": Label("卖方名称", "Seller’s name"),
        "$.seller.code": Label("卖方统一社会信用代码", "Seller’s credit code"),
        "$.buyer.name": Label("买方名称", "Buyer’s name"),
        "$.buyer.code": Label("买方统一社会信用代码", "Buyer’s credit code"),
        "$.purpose": Label("用途", "Purpose"),
        "$.territory": Label("地域", "Territory"),
        "$.term": Label("期限", "Term"),
        "$.declarations.fields": Label("数据字段", "Names of the data’s fields"),
        "$.declarations.assessment.by": Label("评估机构", "Assessed by"),
    }
)
"""Fields of the form of a check, by their place in the trade (S20.1)."""

GROUNDS: Final[Mapping[str, Label]] = MappingProxyType(
    {
        "source": Label("来源合法性变化", "the source’s lawfulness changed"),
        "description": Label("数据描述变化", "the description changed"),
        "rights": Label("权属状况变化", "the rights’ status changed"),
        "entry": Label("登记有误", "an entry was wrong"),
        "asked": Label("权利人申请", "the holder asks"),
        "data_gone": Label("数据灭失或失去价值", "the data is gone or worthless"),
    }
)
"""Why a certificate is changed (R6) or cancelled (R7)."""

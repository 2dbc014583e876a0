"""What cells of work lists say of states, kinds and grounds: people read them in a spreadsheet program."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

ERASURE_STATES: Final[Mapping[str, str]] = MappingProxyType(
    {"proposed": "待审批", "approved": "已批准，待执行", "destroyed": "已销毁", "dropped": "已放弃"}
)
TARGETS: Final[Mapping[str, str]] = MappingProxyType(
    {"consent": "同意书", "case": "登记材料", "dispute": "争议证据", "supervision": "监管记录"}
)
DESTRUCTION_GROUNDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "withdrawal": "同意已全部撤回",
        "retention_ended": "保存期限届满",
        "court": "生效法律文书",
        "subject_right": "个人请求删除",
    }
)
METHODS: Final[Mapping[str, str]] = MappingProxyType(
    {"physical": "物理销毁", "overwrite": "覆写", "key_destruction": "销毁密钥", "logical": "逻辑删除"}
)
SIGNERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "data_manager": "数据管理员",
        "department_head": "部门负责人",
        "legal": "法务人员",
        "security": "安全人员",
        "ethics": "伦理委员会",
        "witness": "见证人",
        "operator": "执行人",
    }
)
GIVERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        **SIGNERS,
        "registry": "登记机构",
        "committee": "合规委员会",
        "applicant": "登记主体",
        "public": "社会公众",
        "controller": "数据处理者",
        "recipient": "数据接收方",
        "subject": "患者或监护人",
        "forum": "裁判机构",
        "party": "当事人",
        "holder": "权利人",
        "exchange": "数据交易所",
    }
)
"""Who may give a command, of everyone who may."""
OFFICES: Final[Mapping[str, str]] = MappingProxyType(
    {
        **GIVERS,
        "registry": "登记审查员",
        "committee": "合规委员",
        "administrator": "管理员",
        "auditor": "审计员",
    }
)
"""In what capacity a person is enrolled."""
DISPUTE_STATES: Final[Mapping[str, str]] = MappingProxyType(
    {"draft": "草稿", "open": "保全中", "released": "已解除"}
)
OPENED_BY: Final[Mapping[str, str]] = MappingProxyType({"forum": "受理机构", "party": "当事人"})
WITHDRAWAL_STATES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "requested": "已收到，待核实",
        "verified": "已核实",
        "notified": "已通知各方",
        "frozen": "已冻结，待销毁",
        "restricted": "限制处理（仅保存）",
        "completed": "已办结",
    }
)
NOTICE_KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "withdrawal.freeze": "撤回：请停用数据接口",
        "withdrawal.destroy": "撤回：请销毁并签署回执",
        "withdrawal.held": "撤回：争议保全中，暂不销毁",
        "withdrawal.ethics": "撤回：涉及遗传信息，请报伦理委员会备案",
        "withdrawal.concluded": "撤回：已有结果",
        "dispute.hold": "争议：请保全数据",
        "dispute.released": "争议：保全已解除",
        "certificate.objection": "证书：有人提出异议",
        "certificate.recorded": "证书：有新的登记事项",
        "certificate.events": "证书：所订阅的事件",
        "notice.widened": "告知书：新版本扩大的部分，先前的同意不及于此",
    }
)
"""What the registry tells an organisation of, by the kind of its notices (S15.3)."""

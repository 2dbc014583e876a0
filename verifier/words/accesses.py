"""What an access line says in words (R30, R47): for the person it is about, for auditors, for a court."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from yinzheng.verifier.formats.access import AccessLine
from yinzheng.verifier.words.phrase import Phrase

ACTIONS: Final[Mapping[str, Phrase]] = {
    "act": Phrase("办理", "acted on"),
    "export": Phrase("导出", "exported"),
    "list": Phrase("列出", "listed"),
    "process": Phrase("办理中查阅", "consulted in handling"),
    "see": Phrase("查看", "saw"),
    "use": Phrase("使用", "used"),
}

KINDS: Final[Mapping[str, Phrase]] = {
    "approval": Phrase("批量查阅的批准", "an approval of bulk openings"),
    "audit": Phrase("账本核对", "the audit"),
    "backup": Phrase("备份", "a backup"),
    "certificate": Phrase("证书", "a certificate"),
    "conclusion": Phrase("撤回结论", "the end document of a withdrawal"),
    "consent": Phrase("同意书", "the consent"),
    "contact": Phrase("登记机构联系方式", "how the registry is reached"),
    "data": Phrase("数据", "the data"),
    "dispute": Phrase("争议", "a dispute"),
    "dossier": Phrase("登记材料", "a dossier"),
    "erasure": Phrase("销毁", "an erasure"),
    "evidence": Phrase("证据项", "evidence"),
    "import": Phrase("批量登记", "an import"),
    "keys": Phrase("登记机构密钥", "the registry's keys"),
    "lines": Phrase("访问记录", "access lines"),
    "notices": Phrase("通知", "notices"),
    "objection": Phrase("异议", "an objection"),
    "organisation": Phrase("机构登记信息", "an organisation's entry"),
    "pack": Phrase("证据包", "an evidence pack"),
    "person": Phrase("人员", "a person's enrolment"),
    "receipt": Phrase("回执", "the receipt"),
    "retention": Phrase("保存期限", "the periods of retention"),
    "supervision": Phrase("对登记主体的监督", "the supervision of a right holder"),
    "withdrawal": Phrase("撤回", "a withdrawal"),
    "witnesses": Phrase("日志见证方", "the witnesses of the log"),
    "work_list": Phrase("待办清单", "a work list"),
}

PURPOSES: Final[Mapping[str, Phrase]] = {
    "audit": Phrase("审计", "audit"),
    "dispute": Phrase("争议保全", "a dispute"),
    "erasure": Phrase("依法销毁", "erasure"),
    "handover": Phrase("交付本人", "handing over to whom it belongs"),
    "import": Phrase("批量登记", "registration in bulk"),
    "keeping": Phrase("保管", "keeping"),
    "own": Phrase("本人查看", "the person's own information"),
    "registration": Phrase("登记", "registration"),
    "stated": Phrase("如所述", "as stated"),
    "supervision": Phrase("对登记主体的监督", "the supervision of a right holder"),
    "withdrawal": Phrase("处理撤回", "a withdrawal"),
    "work": Phrase("待办事项", "work that is due"),
}

BASES: Final[Mapping[str, Phrase]] = {
    "consent": Phrase("本人同意", "consent"),
    "ethics_waiver": Phrase("伦理审查豁免同意", "waiver of an ethics committee"),
    "life_or_property_emergency": Phrase("保护生命财产的紧急情况", "emergency for life or property"),
    "own": Phrase("本人的权利", "the person's own right"),
    "public_health_emergency": Phrase("突发公共卫生事件", "public-health emergency"),
    "registration": Phrase("登记机构的法定职责", "the registry's duty to register and keep"),
    "statutory_duty": Phrase("法定职责", "statutory duty"),
}

FUNCTIONS: Final[Mapping[str, Phrase]] = {
    "administrator": Phrase("系统管理员", "administrator"),
    "auditor": Phrase("审计人员", "auditor"),
    "committee": Phrase("合规委员会委员", "member of the committee"),
    "controller": Phrase("数据处理者", "controller"),
    "data_manager": Phrase("数据管理员", "data manager"),
    "department_head": Phrase("部门负责人", "head of department"),
    "ethics": Phrase("伦理委员会", "ethics committee"),
    "forum": Phrase("受理机构", "forum"),
    "holder": Phrase("回执持有人", "holder of the receipt"),
    "legal": Phrase("法务人员", "legal officer"),
    "organisation": Phrase("机构", "organisation"),
    "party": Phrase("当事人", "party"),
    "recipient": Phrase("数据接收方", "recipient"),
    "registry": Phrase("登记机构经办人", "officer of the registry"),
    "security": Phrase("安全人员", "security officer"),
}

NONE_TOLD: Final = Phrase(
    "访问与使用记录：回执签发时没有", "accesses and uses: none was known when it was signed"
)
LISTED: Final = Phrase(
    "访问与使用记录：登记机构所知 {known} 条，以下 {listed} 条逐条核验通过",
    "accesses and uses: the registry knew {known}; each of these {listed} is proved",
)
OUTSIDE: Final = Phrase("没有同意作为依据", "no consent covers it")
UNDER_ANOTHER: Final = Phrase("依告知书的另一版本", "under another version of the notice")
COVERED: Final = Phrase("有同意作为依据", "covered by consent")


def function_of(line: AccessLine) -> Phrase:
    """In what function someone acted; as the line has it where there is no word for it."""
    return FUNCTIONS.get(line.function) or Phrase(line.function, line.function)


def deed_of(line: AccessLine) -> Phrase:
    """What was done to what."""
    action, kind = ACTIONS[line.action], KINDS[line.kind]
    return Phrase(f"{action.zh}{kind.zh}", f"{action.en} {kind.en}")

"""The words of a report on paper, Chinese and English; those of findings are in `phrases`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from yinzheng.verifier.words.phrases import Phrase

TITLE: Final = Phrase("电子证据核验报告", "Report on preserved electronic evidence")
DEMONSTRATION: Final = Phrase("演示材料，无任何效力", "Of a demonstration, without any effect")

WITH_PACK: Final = Phrase(
    "本报告由登记机构在制作证据包时生成，说明制作时的状态，是登记机构自己的陈述。请用您自己取得的信任策略"
    "重新核验整个证据包，以您自己的核验结果为准。",
    "The registry made this report together with the pack: it is the registry's own reading, as of then. "
    "Check "
    "the whole pack under a policy you obtained yourself; your own result is what counts.",
)
CHECKED: Final = Phrase(
    "本报告由核验程序在读者的机器上、按读者自己的信任策略生成，不需联网，也不依赖登记机构。",
    "The verifier made this report on its reader's machine under the reader's own policy, without a network "
    "and without the registry.",
)
NEVER_TRUE: Final = Phrase(
    "本报告只说明“自存证之时起未经改动”，从不说明内容真实。",
    "This report says “unchanged since the deposit” and never that anything is true.",
)

C16_SAYS: Final = Phrase(
    "逐项核对：内容的摘要与清单、说明、承诺一致，陈述在公开日志中，日志检查点已签名并锚定上链。",
    "Item by item: the content has the digests of manifest, body and commitment; the statement is in the "
    "public "
    "log, whose signed checkpoint is anchored on the chain.",
)
C17_SAYS: Final = Phrase(
    "以下为读者的信任策略所指定的日志与链。运营者与当事人的利害关系由法庭评价。",
    "Log and chain as the reader's policy pins them. What an operator's interest means is for the court.",
)
C19_SAYS: Final = Phrase(
    "每一步都可以用常见工具重做，不需要登记机构的软件。",
    "Every step can be repeated with common tools and without the registry's software.",
)
RULES_SAYS: Final = Phrase(
    "C16 至 C19 指《人民法院在线诉讼规则》第十六条至第十九条：第十六条，区块链存储的数据上链后是否未经篡改；"
    "第十七条，对区块链平台的审查；第十八条，上链之前的真实性；第十九条，专门问题的鉴定意见。",
    "C16 to C19 are articles 16 to 19 of the Supreme People's Court's Online Litigation Rules: data on a "
    "chain unaltered since its deposit; review of the platform; truth before the deposit; expert opinion.",
)
WHOLE_HOURS: Final = Phrase(
    "个人同意的陈述时间只记到整点：日志是公开的，时间更细便可能据以认出个人。确切时间见披露的同意内容。",
    "The statement of a consent tells its time by the full hour: the log is public, and a finer time could "
    "tell who it was. The exact time stands in the consent, where that is disclosed.",
)
ALL_DETERMINED: Final = Phrase("没有无法判定的事项。", "Nothing remained undetermined.")
NO_OPERATORS: Final = Phrase(
    "信任策略没有写明节点由谁运营。", "The policy does not say who operates the nodes."
)
NO_ITEMS: Final = Phrase("没有证据项。", "There are no evidence items.")
MORE: Final = "还有 {0} 条，见 statements.json"
MORE_EN: Final = "{0} more: see statements.json"

SECTIONS: Final[Mapping[str, Phrase]] = {
    "summary": Phrase("结论", "Summary"),
    "limits": Phrase("未能判定或未披露的事项", "What could not be determined, or was withheld"),
    "howto": Phrase("附录：逐步复核", "Appendix: repeating every step"),
}

LABELS: Final[Mapping[str, Phrase]] = {
    "number": Phrase("案号", "Case number"),
    "forum": Phrase("受理机构", "Forum"),
    "parties": Phrase("当事人", "Parties"),
    "registry": Phrase("登记机构", "Registry"),
    "dispute": Phrase("争议标识", "Dispute"),
    "opened": Phrase("立案", "Opened"),
    "state": Phrase("链上状态", "State on chain"),
    "released": Phrase("解除", "Released"),
    "document": Phrase("解除文书摘要", "Digest of the document"),
    "resumed": Phrase("恢复进行", "Resumed"),
    "block": Phrase("依据区块", "As of block"),
    "made": Phrase("证据包制作", "Pack made"),
    "checked": Phrase("核验时间", "Checked"),
    "pack_file": Phrase("证据包文件", "The pack"),
    "fingerprint": Phrase("信任策略指纹", "Fingerprint of the policy"),
    "policy": Phrase("信任策略文件", "The policy"),
    "program": Phrase("核验程序", "Program"),
    "items": Phrase("证据项", "Items"),
    "answer": Phrase("结论", "Answer"),
    "question": Phrase("问题", "Question"),
    "obligation": Phrase("核验项", "Check"),
    "outcome": Phrase("结果", "Outcome"),
    "no": Phrase("编号", "No."),
    "item": Phrase("证据项", "Item"),
    "deposit": Phrase("存证", "Deposit"),
    "where": Phrase("何处", "Where"),
    "reason": Phrase("说明", "Reason"),
    "statement": Phrase("日志陈述", "Statement in the log"),
    "time": Phrase("时间", "Time"),
    "file": Phrase("登记材料文件", "File of a dossier"),
    "stamp": Phrase("时间戳", "Time stamp"),
    "operator": Phrase("节点运营者", "Node operator"),
    "interest": Phrase("是否为当事人", "Is it a party?"),
    "log": Phrase("日志", "Log"),
    "chain": Phrase("链", "Chain"),
    "validators": Phrase("验证节点", "Validators"),
    "contracts": Phrase("合约", "Contracts"),
    "held": Phrase("标的", "What the dispute holds"),
    "holds": Phrase("冻结数", "Holds"),
    "collector": Phrase("采集人", "Collector"),
    "tool": Phrase("工具", "Tool"),
    "environment": Phrase("环境", "Environment"),
    "captured": Phrase("采集时间", "Captured"),
    "deposited": Phrase("存证时间", "Deposited"),
    "provenance": Phrase("来源陈述", "Provenance"),
    "about": Phrase("涉及", "About"),
    "custody": Phrase("保管链", "Custody"),
    "witnesses": Phrase("见证", "Witnesses"),
}

ABOUT: Final[Mapping[str, Phrase]] = {
    "name": Phrase("文件名", "file name"),
    "media_type": Phrase("格式", "media type"),
    "number": Phrase("证书编号", "certificate number"),
    "subject": Phrase("标的标识", "subject"),
    "since": Phrase("自", "since"),
    "until": Phrase("至", "until"),
    "first": Phrase("首条", "first line"),
    "last": Phrase("末条", "last line"),
    "at": Phrase("截至", "as of"),
    "tree_size": Phrase("日志条数", "entries of the log"),
    "url": Phrase("网址", "address"),
    "requested_at": Phrase("请求时间", "requested at"),
    "status": Phrase("HTTP 状态码", "HTTP status"),
}
"""What an item's kind adds about its bytes (S10)."""

PLACES: Final[Mapping[str, Phrase]] = {
    "pack": Phrase("整个证据包", "the pack as a whole"),
    "items": Phrase("证据项 {0}", "item {0}"),
    "statements": Phrase("日志陈述", "statement"),
    "subjects": Phrase("标的", "what the dispute holds"),
    "dossier": Phrase("登记材料文件 {0}", "file of a dossier {0}"),
    "timestamps": Phrase("时间戳", "time stamp"),
    "report.html": Phrase("包内报告（网页）", "the report inside, as a page"),
    "report.pdf": Phrase("包内报告（PDF）", "the report inside, as a PDF"),
}
"""Places within a pack, by how their names begin."""

IS_PARTY: Final = Phrase("是当事人", "a party")
NO_PARTY: Final = Phrase("不是当事人", "not a party")
NOT_KNOWN: Final = Phrase("当事人未披露，无法判断", "not known: the parties are withheld")
OPERATES: Final = Phrase("该当事人运营链上节点", "this party operates a node of the chain")
NATURAL: Final = Phrase("自然人", "a natural person")
WITHHELD: Final = Phrase("未披露", "withheld")
UNKNOWN: Final = Phrase("未能查明", "could not be established")
HOLDS: Final = Phrase("签名成立", "signature holds")
FAILS: Final = Phrase("签名不成立", "signature does not hold")
NONE: Final = Phrase("无", "none")
ON_LEDGER: Final = Phrase("账本时间", "time on the ledger")
STATED: Final = Phrase("陈述时间", "time of the statement")
LOG_INDEX: Final = Phrase("日志序号", "index in the log")
AS_CLAIMED: Final = Phrase("（陈述）", "(claimed)")

OPENINGS: Final[Mapping[str, Phrase]] = {
    "forum": Phrase("由受理机构立案", "by the forum"),
    "party": Phrase("由当事人附证据立案", "by a party, with evidence"),
}
STATES: Final[Mapping[int, Phrase]] = {1: Phrase("保全中", "open"), 2: Phrase("已解除", "released")}
RELEASES: Final[Mapping[str, Phrase]] = {
    "document": Phrase("依生效文书", "by an effective document"),
    "settlement": Phrase("依各方和解", "by settlement of all parties"),
}
RESUMED: Final[Mapping[str, Phrase]] = {
    "amendment": Phrase("变更、转让、许可或注销", "change, transfer, licence or cancellation"),
    "deposit": Phrase("登记存证", "deposit of a registration"),
    "destruction": Phrase("撤回后的销毁", "destruction after withdrawal"),
    "retention": Phrase("到期销毁", "destruction at the end of retention"),
}
ITEM_KINDS: Final[Mapping[str, Phrase]] = {
    "file": Phrase("文件", "file"),
    "certificate": Phrase("证书及其历史", "certificate and its history"),
    "consent": Phrase("个人同意及其撤回", "consent and its withdrawals"),
    "notice": Phrase("告知书版本", "versions of a notice"),
    "access_log": Phrase("访问日志区间", "range of the access log"),
    "as_of": Phrase("截至某时的账本陈述", "statements as of a time"),
    "web_capture": Phrase("网页采集", "capture of a web page"),
}
CAPACITIES: Final[Mapping[str, Phrase]] = {
    "registry": Phrase("登记机构", "registry"),
    "committee": Phrase("合规委员会", "committee"),
    "applicant": Phrase("登记主体", "applicant"),
    "public": Phrase("公众", "public"),
    "controller": Phrase("数据处理者", "controller"),
    "recipient": Phrase("数据接收方", "recipient"),
    "subject": Phrase("个人或监护人", "data subject or guardian"),
    "forum": Phrase("受理机构", "forum"),
    "party": Phrase("当事人", "party"),
    "holder": Phrase("权利人", "holder"),
    "exchange": Phrase("数据交易所", "exchange"),
}
STATEMENTS: Final[Mapping[str, Phrase]] = {
    "application.received": Phrase("收到登记申请", "application received"),
    "application.accepted": Phrase("受理登记申请", "application accepted"),
    "supplement.requested": Phrase("要求补正", "supplement requested"),
    "supplement.given": Phrase("补正", "supplement given"),
    "procedure.changed": Phrase("转为普通程序", "moved to the ordinary procedure"),
    "inspection.recorded": Phrase("现场核验或询问", "inspection or enquiry"),
    "review.recorded": Phrase("登记机构审核", "review recorded"),
    "committee.decided": Phrase("合规委员会审核", "committee decided"),
    "publicity.opened": Phrase("公示", "publicity opened"),
    "objection.raised": Phrase("提出异议", "objection raised"),
    "objection.concluded": Phrase("异议处理", "objection concluded"),
    "application.refused": Phrase("不予登记", "application refused"),
    "certificate.deposited": Phrase("证书存证", "certificate deposited"),
    "licence.given": Phrase("许可", "licence given"),
    "licence.ended": Phrase("许可终止", "licence ended"),
    "right.transferred": Phrase("转让", "right transferred"),
    "certificate.changed": Phrase("变更", "certificate changed"),
    "certificate.renewed": Phrase("续期", "certificate renewed"),
    "organisation.enrolled": Phrase("机构登记公钥", "organisation enrolled"),
    "organisation.key-rotated": Phrase("机构更换公钥", "key rotated"),
    "organisation.key-revoked": Phrase("机构注销公钥", "key revoked"),
    "notice.published": Phrase("发布告知书", "notice published"),
    "consent.granted": Phrase("个人同意", "consent granted"),
    "withdrawal.requested": Phrase("撤回申请", "withdrawal requested"),
    "withdrawal.verified": Phrase("撤回已核实", "withdrawal verified"),
    "withdrawal.frozen": Phrase("数据接口已冻结", "interfaces frozen"),
    "withdrawal.notified": Phrase("已通知接收方", "recipients notified"),
    "withdrawal.receipt": Phrase("销毁回执", "destruction receipt"),
    "withdrawal.completed": Phrase("撤回完成", "withdrawal completed"),
    "withdrawal.restricted": Phrase("撤回受限", "withdrawal restricted"),
    "erasure.tombstone": Phrase("删除证明", "tombstone of an erasure"),
    "dispute.opened": Phrase("争议立案", "dispute opened"),
    "dispute.evidence": Phrase("证据项", "evidence item"),
    "dispute.released": Phrase("保全解除", "dispute released"),
    "remark.entered": Phrase("登记备注", "remark entered"),
    "remark.lifted": Phrase("解除备注", "remark lifted"),
    "certificate.lapsed": Phrase("证书到期失效", "certificate lapsed"),
    "certificate.cancelled": Phrase("证书注销", "certificate cancelled"),
    "supervision.opened": Phrase("登记监管线索", "suspected breach of law recorded"),
    "supervision.measure": Phrase("采取监管措施", "measure taken"),
    "supervision.reported": Phrase("报告主管部门", "reported to the supervising body"),
    "supervision.closed": Phrase("监管结案", "supervision ended"),
    "trade.checked": Phrase("交易前核验", "checked before a trade"),
    "reservation.made": Phrase("预留证书", "reserved for a trade"),
    "reservation.released": Phrase("解除预留", "reservation released"),
    "contract.concluded": Phrase("订立数据合同", "contract about data concluded"),
    "contract.delivered": Phrase("交付数据", "data delivered"),
    "contract.accepted": Phrase("验收", "delivery accepted"),
    "contract.objected": Phrase("对交付提出异议", "delivery objected to"),
    "contract.settled": Phrase("交易结算", "trade settled"),
    "contract.tracked": Phrase("跟踪检查", "tracking report"),
    "contract.destroyed": Phrase("销毁", "destruction"),
    "contract.ended": Phrase("合同终止", "contract ended"),
    "certificate.objected": Phrase("登记后异议", "objection to what is registered"),
    "certificate.objection-told": Phrase("告知登记主体", "registrant told of an objection"),
    "certificate.objection-answered": Phrase("登记主体答复", "registrant answered an objection"),
    "certificate.objection-concluded": Phrase("登记后异议处理", "objection concluded"),
    "chain.found": Phrase("链上直接登记的事项入账", "found on the chain"),
    "accesses.noted": Phrase("访问与使用记录入账", "accesses noted"),
}
CONTRACTS: Final[Mapping[str, Phrase]] = {
    "anchor": Phrase("日志锚定", "anchor of the log"),
    "rights": Phrase("权利登记", "registry of rights"),
    "consents": Phrase("同意与撤回", "registry of withdrawals"),
    "preservation": Phrase("争议保全", "preservation"),
    "moves": Phrase("许可与移转", "licences and moves"),
}

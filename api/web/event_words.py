"""Types of statements, and in what capacity someone makes one, as pages say them."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from yinzheng.ledger.rules.terms import Label

# Statements of a case (S3.2), as lines of its history.
EVENTS: Final = MappingProxyType(
    {
        "application.received": Label("收到登记申请", "Application received"),
        "application.accepted": Label("受理申请", "Application accepted"),
        "supplement.requested": Label("要求补正材料", "Supplement requested"),
        "supplement.given": Label("收到补正材料", "Supplement received"),
        "procedure.changed": Label("转为普通程序", "Moved to the ordinary procedure"),
        "inspection.recorded": Label("现场核验或询问", "Inspection or enquiry"),
        "review.recorded": Label("登记机构审查", "Reviewed by the registry"),
        "committee.decided": Label("合规委员会审议", "Decided by the committee"),
        "publicity.opened": Label("公示", "Publicity opened"),
        "objection.raised": Label("收到异议", "Objection raised"),
        "objection.concluded": Label("异议处理完毕", "Objection concluded"),
        "application.refused": Label("不予登记", "Application refused"),
        "certificate.deposited": Label("登记完成，证书存证", "Certificate deposited: registered"),
        "licence.given": Label("许可已登记", "Licence given"),
        "licence.ended": Label("许可已终止", "Licence ended"),
        "right.transferred": Label("权利已转让", "Right transferred"),
        "certificate.changed": Label("证书已变更", "Certificate changed"),
        "certificate.renewed": Label("证书已续期", "Certificate renewed"),
        "organisation.enrolled": Label("机构登记", "Organisation enrolled"),
        "organisation.key-rotated": Label("机构密钥更换", "An organisation’s key replaced"),
        "organisation.key-revoked": Label("机构密钥吊销", "An organisation’s key revoked"),
        "notice.published": Label("告知书发布", "Notice published"),
        "consent.granted": Label("患者同意", "Consent given"),
        "withdrawal.requested": Label("收到撤回", "Withdrawal received"),
        "withdrawal.verified": Label("撤回人身份核实", "Who withdraws was checked"),
        "withdrawal.frozen": Label("数据接口冻结", "Interfaces frozen"),
        "withdrawal.notified": Label("通知各方销毁", "Everyone told to destroy"),
        "withdrawal.receipt": Label("收到销毁回执", "Destruction confirmed"),
        "withdrawal.completed": Label("撤回办结", "Withdrawal completed"),
        "withdrawal.restricted": Label("依法仅作保存", "Kept in storage by law"),
        "dispute.opened": Label("争议保全开始", "Dispute opened"),
        "dispute.evidence": Label("证据存证", "Evidence preserved"),
        "dispute.released": Label("争议保全解除", "Dispute released"),
        "remark.entered": Label("登记备注", "Remark entered"),
        "remark.lifted": Label("解除备注", "Remark lifted"),
        "certificate.lapsed": Label("证书到期失效", "Certificate lapsed"),
        "certificate.cancelled": Label("证书注销", "Certificate cancelled"),
        "supervision.opened": Label("登记监管线索", "Suspected breach of law recorded"),
        "supervision.measure": Label("采取监管措施", "Measure taken"),
        "supervision.reported": Label("报告主管部门", "Reported to the supervising body"),
        "supervision.closed": Label("监管结案", "Supervision ended"),
        "trade.checked": Label("交易前核验", "Checked before a trade"),
        "reservation.made": Label("预留证书", "Reserved for a trade"),
        "reservation.released": Label("解除预留", "Reservation released"),
        "certificate.objected": Label("收到登记后异议", "Objection to what is registered"),
        "certificate.objection-told": Label("告知登记主体", "Registrant told of an objection"),
        "certificate.objection-answered": Label("登记主体答复异议", "Registrant answered an objection"),
        "certificate.objection-concluded": Label("登记后异议处理完毕", "Objection concluded"),
        "chain.found": Label("链上直接登记的事项入账", "Found on the chain"),
        "accesses.noted": Label("访问与使用记录入账", "Accesses noted"),
        "erasure.tombstone": Label("数据销毁留痕", "Erased; a tombstone remains"),
    }
)

CAPACITIES: Final = MappingProxyType(
    {
        "registry": Label("登记机构", "registry"),
        "committee": Label("合规委员会", "committee"),
        "applicant": Label("登记主体", "applicant"),
        "public": Label("社会公众", "public"),
        "controller": Label("数据处理者", "controller"),
        "recipient": Label("数据接收方", "recipient"),
        "subject": Label("患者或监护人", "data subject or guardian"),
        "forum": Label("法院或仲裁机构", "court or tribunal"),
        "party": Label("当事人", "party"),
        "holder": Label("权利人", "holder"),
        "exchange": Label("数据交易所", "exchange"),
    }
)

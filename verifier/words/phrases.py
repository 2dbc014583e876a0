"""What a report says in words, Chinese and English: the same on the command line and on the page.

Words are careful: "registered to", never "owned by" (R15); "unchanged since", never "true" (R40); a failure
to find out is never called a forgery.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from yinzheng.verifier.bytes.china_time import CHINA, LAST_INSTANT
from yinzheng.verifier.errors import YinzhengError
from yinzheng.verifier.judge.report import Authentic, Finding, Outcome, Report, Status
from yinzheng.verifier.judge.verdict import ISSUER_UNKNOWN, KEY_UNKNOWN, never_registered
from yinzheng.verifier.words.licence_reasons import REASONS as LICENCES
from yinzheng.verifier.words.phrase import Language as Language
from yinzheng.verifier.words.phrase import Phrase as Phrase
from yinzheng.verifier.words.reasons import REASONS
from yinzheng.verifier.words.reasons_events import EVENT_REASONS

OBLIGATIONS: Final[Mapping[int, Phrase]] = {
    1: Phrase("格式完整", "Form"),
    2: Phrase("签发机构的签名", "Issuer's signature"),
    3: Phrase("签发机构当时有权签发", "Issuer entitled at that time"),
    4: Phrase("证书与登记记录一致", "Record equals certificate"),
    5: Phrase("登记记录在公开日志中", "Statement is in the log"),
    6: Phrase("日志检查点已签名", "Checkpoint signed"),
    7: Phrase("检查点已锚定上链", "Checkpoint is anchored"),
    8: Phrase("区块由指定验证节点签封且已最终确认", "Block sealed by pinned validators and final"),
    9: Phrase("链上记录与状态", "Record and status on the chain"),
    10: Phrase("查询结果的时效", "Age of the answer"),
}
"""Titles of the obligations of S9.1."""


def sealed_by(names: Sequence[str]) -> Phrase:
    """Whose validators sealed the block."""
    return Phrase(f"由{'、'.join(names)}的节点签封", f"sealed by {', '.join(names)}")


def cosigned(finding: Finding) -> Phrase | None:
    """Which witnesses cosigned the log's head, and when; None where the reader names none (S9.9)."""
    if "cosigned" not in finding.data:
        return None
    found = [
        f"{one['name']} {datetime.fromtimestamp(min(one['at'], LAST_INSTANT), CHINA):%Y-%m-%d %H:%M:%S+08:00}"
        for one in finding.data["cosigned"]
    ]
    quorum, of = finding.data["quorum"], len(found) + len(finding.data["missing"])
    return Phrase(
        f"见证联署：{'、'.join(found) or '无'}（要求 {of} 家中的 {quorum} 家）",
        f"Cosigned by {', '.join(found) or 'nobody'} ({quorum} of {of} asked for)",
    )


OUTCOMES: Final[Mapping[Outcome, Phrase]] = {
    Outcome.VALID: Phrase("通过", "valid"),
    Outcome.INVALID: Phrase("不通过", "invalid"),
    Outcome.SKIPPED: Phrase("未核验", "not checked"),
    Outcome.ERROR: Phrase("无法核验", "could not be checked"),
}

AUTHENTIC: Final[Mapping[Authentic, Phrase]] = {
    Authentic.GENUINE: Phrase("真实", "genuine"),
    Authentic.FORGED: Phrase("伪造或被篡改", "forged"),
    Authentic.NOT_OURS: Phrase("不是本登记体系的文件，或已损坏", "not one of ours, or damaged"),
    Authentic.UNDETERMINED: Phrase("无法判定", "cannot be determined"),
}

STATUSES: Final[Mapping[Status, Phrase]] = {
    Status.IN_FORCE: Phrase("有效", "in force"),
    Status.HELD: Phrase("已冻结", "held"),
    Status.RESERVED: Phrase("交易预留中", "reserved for a trade"),
    Status.SUPERSEDED: Phrase("已被新证书取代", "superseded"),
    Status.CANCELLED: Phrase("已注销", "cancelled"),
    Status.LAPSED: Phrase("已失效", "lapsed"),
    Status.EXPIRED: Phrase("已过期", "expired"),
    Status.NOT_YET: Phrase("当时尚未登记", "not yet registered at that time"),
    Status.UNDETERMINED: Phrase("状态无法判定", "status cannot be determined"),
}

_STATUS_ADVICE: Final[Mapping[Status, Phrase]] = {
    Status.IN_FORCE: Phrase(
        "请核对持证人身份：证书可以被复制，持有副本不等于权利人。登记是初步证明，有相反证据的除外。",
        "Check that whoever shows it is the holder: a certificate can be copied. Registration is presumptive "
        "evidence.",
    ),
    Status.HELD: Phrase(
        "因争议或司法程序冻结，期间不得转让、许可、变更或注销。请向登记机构了解情况。",
        "It is frozen by a dispute or a court: no transfer, licence, change or cancellation meanwhile. Ask "
        "the registry.",
    ),
    Status.RESERVED: Phrase(
        "某交易所已为一笔交易预留，至多 72 小时。请稍后再查。",
        "An exchange has reserved it for a trade, for at most 72 hours. Check again later.",
    ),
    Status.SUPERSEDED: Phrase("请索取取代它的新证书。", "Ask for the certificate that replaced it."),
    Status.CANCELLED: Phrase(
        "该登记已注销，不得再作为依据。", "The registration is cancelled; do not rely on it."
    ),
    Status.LAPSED: Phrase(
        "该登记已失效，不得再作为依据。", "The registration has lapsed; do not rely on it."
    ),
    Status.EXPIRED: Phrase(
        "有效期已过，不得再作为依据；请询问是否已续期。",
        "Its validity has ended; do not rely on it. Ask whether it was renewed.",
    ),
    Status.NOT_YET: Phrase("在所问时间尚未登记。", "It was not registered at the time asked about."),
    Status.UNDETERMINED: Phrase(
        "证书本身真实，但现在的状态需要联网查询。请联网后再次核验。",
        "The certificate itself is genuine, but its present status needs a live ledger. Check again online.",
    ),
}

PRESENTED: Final[Mapping[str, Phrase]] = {
    "page-not-compared": Phrase(
        "未比对 PDF 页面上印的内容：请自行核对权利人（或本人）、编号、期限与上列内容是否一致。",
        "The printed page was not compared: compare holder (or person), number and term with what stands "
        "here.",
    ),
    "page-code-agrees": Phrase(
        "PDF 页面上的二维码与所附文件一致；页面上的文字未比对：请自行核对权利人（或本人）、编号、期限。",
        "The code on the page is that of the file attached; what the page says in letters was not compared: "
        "compare holder (or person), number and term.",
    ),
    "file-name-differs": Phrase(
        "文件名中的编号与内容不符；以内容为准。",
        "The file's name has another number than its content; the content counts.",
    ),
}
"""What the eye sees and no proof covers (D14)."""

NOTES: Final[Mapping[str, Phrase]] = {
    **PRESENTED,
    "attached-used": Phrase(
        "未能取得可信的实时应答，改用证书所附的链上证明；其后的变化未反映在内。",
        "No live answer could be had or believed; the evidence attached to the certificate was used instead, "
        "and what happened since is not in it.",
    ),
    "contract-key-reported": Phrase(
        "合同登记之后，一方才报告其密钥在登记之前即已遗失或泄露；报告之前已登记的签名不因此失效，"
        "是否可靠由法院判断。",
        "After the contract was recorded, a party reported that its key had been lost or compromised before "
        "that. What was signed and recorded before it was told stands; how far it may be relied on, a court "
        "decides.",
    ),
    "single-operator": Phrase(
        "该链由单一机构运营：它能证明记录自上链以来未变，但不能防止运营者本身另立一链。",
        "The chain is run by one operator: it shows that records are unchanged, but not that the operator "
        "keeps no other chain.",
    ),
    "operator-is-party": Phrase(
        "链的运营者之一同时是该证书的权利人。",
        "One of the chain's operators is itself a holder of this certificate.",
    ),
}

DEMONSTRATION: Final = Phrase("演示证书，无任何效力", "Demonstration certificate, without any effect")

TYPES: Final[Mapping[str, Phrase]] = {
    "first": Phrase("首次登记", "First registration"),
    "licence": Phrase("许可登记", "Licence"),
    "transfer": Phrase("转让登记", "Transfer"),
    "change": Phrase("变更登记", "Change"),
    "renewal": Phrase("续期登记", "Renewal"),
}
"""Registration types (R1)."""

RIGHTS: Final[Mapping[str, Phrase]] = {
    "hold": Phrase("持有权", "hold"),
    "use": Phrase("使用权", "use"),
    "operate": Phrase("经营权", "operate"),
}
"""Rights (R3)."""

REMARKS: Final[Mapping[str, Phrase]] = {
    "agreed": Phrase("约定期限或条件", "agreed term or conditions"),
    "seizure": Phrase("司法查封", "judicial seizure"),
    "control": Phrase("行政管制", "administrative control"),
    "other": Phrase("其他", "other"),
    "pledge": Phrase("质押", "pledge"),
}
"""Kinds of remarks (R16)."""

FIELDS: Final[Mapping[str, Phrase]] = {
    "number": Phrase("证书编号", "Number"),
    "type": Phrase("登记类型", "Registration type"),
    "profile": Phrase("适用规则", "Rule profile"),
    "procedure": Phrase("登记程序", "Procedure"),
    "holders": Phrase("权利人", "Registered to"),
    "limits": Phrase("权利限制", "Limits on the rights"),
    "asset": Phrase("数据名称", "Asset"),
    "class": Phrase("数据类别", "Class"),
    "level": Phrase("数据级别", "Level"),
    "source": Phrase("数据来源", "Source"),
    "scale": Phrase("数据规模", "Scale"),
    "registry": Phrase("登记机构", "Registry"),
    "registered_at": Phrase("登记时间", "Registered"),
    "valid_until": Phrase("有效期至", "Valid until"),
    "remarks": Phrase("备注", "Remarks"),
    "prev": Phrase("前序记录", "Previous statement"),
    "follows": Phrase("前序证书", "Follows certificate"),
    "notices": Phrase("同意依据（告知书版本）", "Consent basis (notice versions)"),
    "importance": Phrase("重要性认定", "Importance"),
    "authority": Phrase("监制", "Under the supervision of"),
}
"""Names of the body's fields (S6.1)."""


IMPORTANCES: Final[Mapping[str, Phrase]] = {
    "important": Phrase("重要数据", "important data"),
    "core": Phrase("核心数据", "core data"),
}
"""What data was decided to be (R23)."""


def supervised(authority: str) -> Phrase:
    """The line of a certificate that names the data authority (R13)."""
    return Phrase(f"由数据主管部门（{authority}）统一监制", f"Supervised by the data authority, {authority}")


_OTHERS_ADVICE: Final[Mapping[Authentic, Phrase]] = {
    Authentic.FORGED: Phrase(
        "不要依据它行事。请保留原件，并向登记机构核实。",
        "Do not rely on it. Keep what you were shown, and ask the registry.",
    ),
    Authentic.NOT_OURS: Phrase(
        "它不完整、不是这类文件，或由您的信任策略以外的机构签发；这不说明有人伪造。请索取签发时的原件。",
        "It is cut off, something else, or of a registry that your policy does not pin; none of that says "
        "that anybody forged it. Ask for the file as it was issued.",
    ),
}
_ABOUT_THE_KEY: Final = Phrase(*REASONS[KEY_UNKNOWN])
_ABOUT_THE_NUMBER: Final = Phrase(
    "请核对编号；另一登记机构的证书须向该机构核验。有人把此编号的证书当作这家登记机构的出示，不要依据它行事。",
    "Check the number; another registry's certificate is for that registry to tell. Do not rely on a paper "
    "that shows this number as one of the registry asked.",
)
_ABOUT_ANOTHERS: Final = Phrase(
    "签发它的登记机构不在您的信任策略中，这不说明有人伪造。请向其所载的登记机构核实，或取得该机构公布的"
    "信任策略后再核验。",
    "Your policy does not pin the registry that signed it; that does not say that anybody forged it. Ask the "
    "registry that it names, or verify it with the policy that that registry publishes.",
)


def others_advice(authentic: Authentic, findings: Sequence[Finding]) -> Phrase | None:
    """What to do about what is forged, none of ours, or of a key that the policy lacks, of whatever kind."""
    if never_registered(findings):
        return _ABOUT_THE_NUMBER
    if authentic is Authentic.NOT_OURS and any(one.code == ISSUER_UNKNOWN for one in findings):
        return _ABOUT_ANOTHERS
    if authentic is Authentic.UNDETERMINED and any(one.code == KEY_UNKNOWN for one in findings):
        return _ABOUT_THE_KEY
    return _OTHERS_ADVICE.get(authentic)


def advice(report: Report) -> Phrase:
    """What to do now."""
    if report.authentic is Authentic.GENUINE:
        return _STATUS_ADVICE[report.status]
    if others := others_advice(report.authentic, report.findings):
        return others
    if any(finding.outcome is Outcome.ERROR for finding in report.findings):
        return Phrase(
            "账本暂时无法访问或应答不可信，这不说明证书有问题。请稍后再试，或换一个节点。",
            "The ledger could not be reached or believed; that says nothing against the certificate. Try "
            "again later, or another node.",
        )
    return Phrase(
        "所给内容不足以判定。请提供证书 PDF 或 JSON 原件，或联网核验。",
        "What was given is not enough. Give the certificate's own PDF or JSON file, or check it online.",
    )


def reason(finding: Finding) -> Phrase:
    """Why an obligation came out as it did."""
    if finding.outcome is Outcome.VALID:
        return OUTCOMES[Outcome.VALID]
    return _explained(finding.code, finding.message)


def reason_of(code: str) -> Phrase:
    """A reason by its code alone."""
    return _explained(code, code)


def explain(fault: YinzhengError) -> Phrase:
    """A fault in both languages, with what to do; English where there is no Chinese for its code."""
    said = _explained(fault.code, fault.message)
    return Phrase(said.zh, f"{said.en} {fault.hint}" if fault.hint else said.en)


def _explained(code: str, message: str) -> Phrase:
    known = _known(code)
    if known is not None:
        return Phrase(*known)
    family = _family(code)
    return Phrase(f"{family}（{message}）" if family else f"原因：{message}", _sentence(message))


def in_chinese(code: str) -> str | None:
    """What a code means, alone or as one of its family; None where there is no Chinese for it."""
    known = _known(code)
    return known[0] if known is not None else _family(code)


def _known(code: str) -> tuple[str, str] | None:
    return REASONS.get(code) or LICENCES.get(code) or EVENT_REASONS.get(code)


def _family(code: str) -> str | None:
    return next((general for prefix, general in _FAMILIES.items() if code.startswith(prefix)), None)


def _sentence(message: str) -> str:
    return message[:1].upper() + message[1:] + "."


_FAMILIES: Final[Mapping[str, str]] = {
    "json-": "文件不是规范的 JSON",
    "field-": "文件字段不符合格式",
    "sm2-": "公钥或签名不符合格式",
    "core-": "二维码内容不符合证书格式",
    "note-": "日志检查点不符合格式",
    "checkpoint-": "日志检查点不符合要求",
    "proof-": "日志证明不符合格式",
    "state-proof-": "链上状态证明不成立",
    "rlp-": "链上数据编码有误",
    "header-": "区块头格式有误",
    "evidence-": "链上证明不完整",
}
"""What codes that begin alike have in common."""

"""The patient's receipt as a PDF: who, what, until when, how to take it back; its file attached (S13.3).

Set as the certificate is (`render`): text travels as JSON and is only used as strings, the same input gives
the same bytes, output is PDF/A-3a. Unlike a certificate's, nobody can choose another name for a patient, so a
character the font lacks is printed as 〓 and explained beneath; the attached file has it as it is.
The date of birth is not printed: at a withdrawal it is asked for beside the code.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Final

from yinzheng.ledger.document.fonts import printable
from yinzheng.ledger.document.labels import date_en, date_zh
from yinzheng.ledger.document.qr import SHORT_VERSION, qr_svg, qr_symbol
from yinzheng.ledger.document.render import short_millimetres
from yinzheng.ledger.document.typesetting import typeset
from yinzheng.verifier.containers.receiptfile import RECEIPT_FILE, ReceiptFile, parse_receipt_file
from yinzheng.verifier.formats.consent import Consent
from yinzheng.verifier.formats.notice import SCOPES, Notice
from yinzheng.verifier.formats.receipt import ReceiptCore, decode_receipt_qr, short_receipt
from yinzheng.verifier.formats.withdrawal import Portion, remaining
from yinzheng.verifier.judge.receipt.events import requests_of
from yinzheng.verifier.log.note import peek_checkpoint
from yinzheng.verifier.words import receipt as phrases_receipt
from yinzheng.verifier.words.phrases import Phrase
from yinzheng.verifier.words.speaker import CONTACT

TEMPLATE: Final = Path(__file__).parent / "receipt.typ"

MODULE_MILLIMETRES: Final = 0.44
"""Printed module of the code: over five dots at 300 dpi."""

MAX_QR_MILLIMETRES: Final = 56.0

COUNTER: Final = Phrase(
    "不用命令行：把这份 PDF 上传到登记机构网站的“核验证书”，或到登记机构、医院的柜台当面核验。"
    "请核对网站域名确属登记机构。",
    "Without a command line: upload this PDF where the site of the registry verifies certificates, or ask "
    "at a counter of the registry or the hospital. Make sure that the site is that of the registry itself.",
)
COMPLAINTS: Final = Phrase("咨询与投诉", "Questions and complaints")
WHERE_TO: Final = Phrase(
    "先找{0}或登记机构{1}，都可以当场办理，不收费；不满意的，可以向当地卫生健康主管部门或网信部门投诉、举报。",
    "Turn to the hospital or the registry named here: both serve you on the spot and free of charge. The "
    "health authority and the cyberspace administration of your place take complaints.",
)
"""With the names of controller and registry."""

WITHDRAWN: Final = Phrase("已撤回", "Withdrawn")


def render_receipt(file: bytes, qr: str = "", policy: str = "", contact: str = "") -> bytes:
    """Print a receipt file (S13.3) and attach it as `receipt.json`. Returns the bytes of the PDF.

    `qr` is the text of the large code on the page of the patient's own; without it a proof copy is printed.
    The short one (S13.9) stands where it is said how to withdraw.
    `policy`: fingerprint of the registry's trust policy (S8.3), for comparing. `contact`: how the registry is
    reached, in one line; empty where it does not say.
    The file is read, and its requests are held against its consent; who signed it is not asked. Raises
    `DataFault`: what `parse_receipt_file`, `decode_receipt_qr` or `requests_of` raises, `document-failed` if
    setting the page failed.
    """
    pages = _set(file, qr, policy, contact)
    assert isinstance(pages, bytes)
    return pages


def _set(file: bytes, code: str = "", policy: str = "", contact: str = "", **output: Any) -> Any:
    read = parse_receipt_file(file)
    data = _data(read, file, code or read.qr, policy, contact)
    codes = {name: data.pop(name) for name in ("qr", "short")}
    data, lacking = printable(data)
    data |= {**codes, "lacking": lacking}
    return typeset(TEMPLATE, data, what="receipt", dated=read.body.given_at, attachment=file, **output)


def _data(file: ReceiptFile, raw: bytes, qr: str, policy: str, contact: str) -> dict[str, Any]:
    """What the template reads, words already looked up."""
    core = decode_receipt_qr(file.qr).core
    requests = requests_of(file, core)
    short = short_receipt(qr)
    left = remaining(file.body, (request.body for request in requests))
    body, notice = file.body, file.notice
    return {
        "demo": core.profile.startswith("DEMO/"),
        "controller": body.controller.to_json(),
        "registry": core.registry.to_json(),
        "person": body.person.name,
        "guardian": body.guardian.name if body.guardian else None,
        "given": (date_zh(body.given_at), date_en(body.given_at)),
        "until": (date_zh(body.until), date_en(body.until)),
        "genetic": body.genetic,
        "scopes": _scopes(body, left),
        "withdrawn": [
            (date_zh(request.body.received_at), date_en(request.body.received_at)) for request in requests
        ],
        "withdraw": notice.withdraw,
        "notice": _notice(notice),
        "counter": COUNTER,
        "complaints": {
            "title": COMPLAINTS,
            "text": (WHERE_TO.zh.format(body.controller.name, core.registry.name), WHERE_TO.en),
            "contact": f"{CONTACT.zh} {CONTACT.en}: {contact}" if contact else "",
        },
        "proof": decode_receipt_qr(qr).credential is None,
        "qr": qr_svg(qr),
        "qr_mm": min(MAX_QR_MILLIMETRES, qr_symbol(qr).size * MODULE_MILLIMETRES),
        "short": qr_svg(short, SHORT_VERSION),
        "short_mm": short_millimetres(short),
        "facts": _facts(file, core, policy),
        "attachment": {"name": RECEIPT_FILE, "sha256": hashlib.sha256(raw).hexdigest()},
    }


def _scopes(body: Consent, left: Portion) -> list[dict[str, Any]]:
    in_force = {(grant.code, grant.scope) for grant in left.grants}
    return [
        {
            "name": phrases_receipt.SCOPES[scope],
            **_answer(answer, in_force=scope in left.scopes),
            "recipients": [
                {
                    "name": recipient.name,
                    "use": recipient.use,
                    "route": phrases_receipt.ROUTES[recipient.route],
                    **_answer(recipient.answer, in_force=(recipient.code, scope) in in_force),
                }
                for recipient in body.recipients
                if recipient.scope == scope
            ],
        }
        for scope, answer in zip(SCOPES, body.scopes, strict=True)
    ]


def _answer(answer: bool | None, *, in_force: bool) -> dict[str, Any]:
    """How an answer is printed: `yes`, `no` or, where a yes was taken back, `withdrawn`."""
    if answer is True and not in_force:
        return {"state": "withdrawn", "answer": WITHDRAWN}
    return {"state": "yes" if answer is True else "no", "answer": phrases_receipt.ANSWERS[answer]}


def _notice(notice: Notice) -> list[tuple[Phrase, list[str]]]:
    """What the person was told, in the notice's own words."""
    purposes = [
        f"{phrases_receipt.SCOPES[purpose.scope].zh}：{purpose.purpose}；{purpose.method}"
        f"（{phrases_receipt.ROUTES[purpose.route].zh}）"
        for purpose in notice.purposes
    ]
    return [
        (Phrase("目的与方式", "Purposes and methods"), purposes),
        (Phrase("数据种类", "Kinds of data"), ["、".join(notice.kinds)]),
        (Phrase("保存地点", "Where it is held"), [notice.held_at]),
        (Phrase("保存期限", "Kept for"), [" ".join(phrases_receipt.months(notice.retention_months))]),
        (Phrase("保护措施", "Safeguards"), ["、".join(notice.safeguards)]),
        (Phrase("不同意的后果", "If you refuse"), [notice.refusal]),
    ]


def _facts(file: ReceiptFile, core: ReceiptCore, policy: str) -> list[tuple[str, str, str, bool]]:
    """Where the consent is recorded; the last says whether the typewriter face can set it."""
    checkpoint = peek_checkpoint(file.proof.checkpoint)
    facts = [
        ("日志条目哈希", "leaf hash", file.statement.leaf_hash.hex()),
        ("日志", "log", checkpoint.origin),
        ("日志序号", "index in the log", f"{file.proof.index} / {checkpoint.size}"),
        ("告知书", "notice", core.notice.hex()),
        ("告知书版本", "its version", str(file.notice.version)),
        ("适用规则", "rule profile", core.profile),
    ]
    if file.chain is not None:
        facts.append(("区块", "block", str(file.chain.block.number)))
    if policy:
        facts.append(("信任策略指纹", "fingerprint of the policy", policy))
    return [(zh, en, value, value.isascii()) for zh, en, value in facts]

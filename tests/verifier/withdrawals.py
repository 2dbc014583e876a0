"""Well-formed bodies of a withdrawal, as JSON, for the tests of the verifier and of the ledger."""

from functools import cache
from typing import Any

from tests.verifier.bodies import HOSPITAL, INSURER, LAB, NEXT, NOW, PAIR
from yinzheng.verifier.bytes.algorithms import DigestPair
from yinzheng.verifier.formats.certificate import key_id
from yinzheng.verifier.formats.destruction import DestructionReceipt, SignedReceipt, sign_receipt

HOUR = 3600
ID, CONSENT, REQUEST = "c1" * 32, "c2" * 32, "c3" * 32
RECEIVED = NOW // HOUR * HOUR + 1234
START = RECEIVED - 1234


def part(scopes: list[str], *grants: tuple[str, str, str]) -> dict[str, Any]:
    return {"scopes": scopes, "grants": [{"code": c, "scope": s, "route": r} for c, s, r in grants]}


def duty(code: str, kind: str = "destroy") -> dict[str, Any]:
    exempt = kind == "exempt"
    return {
        "code": code,
        "name": "某研究院",
        "duty": kind,
        "reason": "anonymised" if exempt else None,
        "salt": None if exempt else code.encode().ljust(32, b"\0").hex(),
    }


LAB_RESEARCH = (LAB, "third_party_research", "deidentified")
INSURER_GRANT = (INSURER, "insurance", "identifiable")
INSURER_STATISTICS = (INSURER, "commercial_use", "anonymised")


def requested() -> dict[str, Any]:
    """Of a minor: third-party research is taken back; the insurer keeps its part."""
    return {
        "v": 1,
        "consent": CONSENT,
        "withdrawal": ID,
        "serial": 1,
        "channel": "guardian",
        "extent": {"everything": False, "scopes": ["third_party_research"], "recipients": []},
        "taken": part(["third_party_research"], LAB_RESEARCH),
        "remains": part(["base", "insurance"], INSURER_GRANT),
        "minor": True,
        "genetic": False,
        "received_at": RECEIVED,
        "destroy_by": START + 72 * HOUR,
        "freeze_by": START + 48 * HOUR,
        "recipients": [duty(LAB), duty(HOSPITAL, "clear_links")],
    }


def receipt(**changes: Any) -> DestructionReceipt:
    fields: dict[str, Any] = {
        "withdrawal": bytes.fromhex(ID),
        "request": bytes.fromhex(REQUEST),
        "recipient": LAB,
        "kid": key_id(NEXT.public_key.point),
        "method": "overwrite",
        "copies": 3,
        "operator": "数据管理员 07",
        "evidence": DigestPair.from_json(PAIR),
        "destroyed_at": NOW,
    }
    return DestructionReceipt(**{**fields, **changes})


@cache
def signed() -> SignedReceipt:
    return sign_receipt(receipt(), NEXT)


def guardian() -> dict[str, Any]:
    """What a parent showed at the hospital."""
    at = {"checked_by": HOSPITAL, "checked_at": NOW}
    return {
        "relation": "parent",
        "identity": {"kind": "identity_card", "digest": PAIR, **at},
        "live_face": {"passed": True, **at},
        "guardianship": {"kind": "birth_certificate", "digest": PAIR, **at},
    }


def verified() -> dict[str, Any]:
    return {
        "v": 1,
        "withdrawal": ID,
        "way": "document",
        "document": "identity_card",
        "acting": "guardian",
        "guardian": guardian(),
        "checked_by": HOSPITAL,
        "checked_at": NOW,
    }


def frozen() -> dict[str, Any]:
    return {"v": 1, "withdrawal": ID, "controller": HOSPITAL, "frozen_at": NOW}


def notified() -> dict[str, Any]:
    return {
        "v": 1,
        "withdrawal": ID,
        "recipients": [LAB, HOSPITAL],
        "ethics_told": True,
        "ethics_at": NOW,
        "notified_at": NOW,
    }


def received() -> dict[str, Any]:
    return {"v": 1, "signed": signed().to_json(), "received_at": NOW, "late": False}


def completed() -> dict[str, Any]:
    return {
        "v": 1,
        "withdrawal": ID,
        "request": REQUEST,
        "law": "个人信息保护法第四十七条",
        "receipts": ["d1" * 32, "d2" * 32],
        "exempt": [{"code": INSURER, "reason": "anonymised"}],
        "late": False,
        "completed_at": NOW,
    }


def restricted() -> dict[str, Any]:
    return {
        "v": 1,
        "withdrawal": ID,
        "request": REQUEST,
        "ground": "retention",
        "law": "医疗机构病历管理规定第二十九条",
        "reference": "门诊病历保存十五年",
        "kept": [{"what": "门诊病历", "why": "法定保存期未满"}],
        "exempt": [],
        "restricted_at": NOW,
        "until": NOW + 365 * 86_400,
    }

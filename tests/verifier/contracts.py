"""A contract about data that nothing is wrong with, and changes of it (R56)."""

from __future__ import annotations

import copy
from typing import Any

from yinzheng.verifier.chain.terms import ACTS, TERRITORY

SELLER, BUYER = "91350100M000100Y43", "91310000132200821H"
NUMBER = "SJ4412026090001"
PAIR = {"sm3": "11" * 32, "sha256": "22" * 32}
MADE = 1_795_000_000

_ON: dict[str, Any] = {
    "term": {"kind": "from_acceptance", "days": 180},
    "exclusive": {"acts": ["use"], "territory": ["44"]},
    "price": {"fen": 123_456_789, "payment": "验收后三十日内一次付清"},
    "quality_deposit": {"fen": 5_000_000, "warranty_days": 90},
    "risk_assessment": {
        "by": "某评估机构", "report": PAIR, "passed": True, "approved_by": "数据安全委员会", "at": MADE - 100,
    },
    "protection_grade": {
        "seller_grade": 3, "seller_report": PAIR, "buyer_grade": 3, "buyer_report": PAIR,
    },
    "delivery": {"way": "package", "within_days": 5, "detail": "SM4 加密数据包"},
    "acceptance": {"within_days": 10, "objection_days": 5, "standard": "字段完整，抽样差错率低于千分之一"},
    "security_after_delivery": {"bearer": "buyer"},
    "similar_data": {"words": "卖方可继续经营其他年度的随访数据"},
    "seller_destroys": {"within_days": 3, "since": "acceptance", "method": "key_destruction"},
    "buyer_destroys": {"within_days": 10, "since": "ending", "method": "overwrite"},
    "derivatives": {"owner": "buyer", "words": "不得还原个人"},
    "confidentiality": {"years": 5, "words": "价款与数据内容"},
    "tracking": {"ways": ["audit", "sampling"], "every_days": 90},
    "emergency_plan": {"plan": PAIR, "contact": "安全值班室"},
    "negative_data": {"told_within_hours": 24, "ask_persons": True, "else_destroy": True},
    "change": {"words": "书面并重新签署"},
    "ending": {"notice_days": 30, "words": "一方严重违约"},
    "forum": {"kind": "arbitration", "name": "广州仲裁委员会"},
}  # fmt: skip
"""Terms of every clause."""


def applies(name: str, **changes: Any) -> dict[str, Any]:
    return {"applies": True, "terms": {**copy.deepcopy(_ON[name]), **changes}}


OFF: dict[str, Any] = {"applies": False}


def clauses(kind: str = "share", **changes: Any) -> dict[str, Any]:
    off = {
        "share": {"seller_destroys", "quality_deposit", "risk_assessment", "exclusive"},
        "transfer": {"term", "exclusive", "buyer_destroys", "risk_assessment"},
    }[kind]
    return {**{name: dict(OFF) if name in off else applies(name) for name in _ON}, **changes}


def contract(kind: str = "share", **changes: Any) -> dict[str, Any]:
    own = changes.pop("clauses", {})
    value: dict[str, Any] = {
        "v": 1,
        "number": "YX-2026-合-017",
        "certificate": {"number": NUMBER, "leaf": "ab" * 32},
        "kind": kind,
        "seller": {"name": "卖方（虚构）", "code": SELLER, "region": "44"},
        "buyer": {"name": "买方（虚构）", "code": BUYER, "region": "31"},
        "standing": {"business_scope": "数据处理与技术服务", "public_hospital": False, "for_profit": True},
        "subject": {
            "kind": "processed",
            "fields": ["年龄段", "性别", "随访次数"],
            "route": "anonymised",
            "importance": None,
            "limits_kept": True,
            "touches_secrets": False,
        },
        "rights": ["use"] if kind == "share" else ["hold", "use", "operate"],
        "purpose": "慢病随访研究",
        "manner": ["store", "process", "use"] if kind == "share" else list(ACTS),
        "clauses": clauses(kind, **own),
        "made_at": MADE,
    }
    return {**value, **changes}


EVERYWHERE = list(TERRITORY)

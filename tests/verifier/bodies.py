"""Well-formed bodies of S10, as JSON, for the tests of the verifier and of the rules."""

from functools import cache
from typing import Any

from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey, digest_pair
from yinzheng.verifier.formats.body import Party
from yinzheng.verifier.formats.notice import SCOPES
from yinzheng.verifier.formats.order import Order, statement_of
from yinzheng.verifier.formats.organisation import (
    Enrolment,
    Handover,
    KeyGrant,
    Rotation,
    prove_possession,
    prove_succession,
)
from yinzheng.verifier.formats.standing import parse_remark

HOSPITAL = "91350100M000100Y43"
INSURER = "91110000600007156J"
LAB = "91310000132200821H"
DAY = 86_400
NOW = 1_795_000_000
KEY = Sm2PrivateKey(0x5EED)
NEXT = Sm2PrivateKey(0x5EED2)
PAIR = digest_pair(b"a document").to_json()


def recipient(
    code: str = LAB, scope: str = "third_party_research", route: str = "deidentified"
) -> dict[str, Any]:
    return {"name": "某研究院", "code": code, "scope": scope, "use": "肺结节模型研究", "route": route}


def notice() -> dict[str, Any]:
    return {
        "v": 1,
        "version": 1,
        "replaces": None,
        "controller": {"name": "某市人民医院", "code": HOSPITAL},
        "purposes": [
            {
                "scope": "base",
                "purpose": "本院临床研究",
                "method": "去标识化后统计分析",
                "route": "deidentified",
            },
            {
                "scope": "third_party_research",
                "purpose": "合作研究",
                "method": "安全屋内分析",
                "route": "deidentified",
            },
        ],
        "kinds": ["检验结果", "影像报告"],
        "genetic": False,
        "held_at": "本院数据中心",
        "retention_months": 180,
        "recipients": [recipient()],
        "safeguards": ["SM4 加密存储", "访问留痕"],
        "term_months": 60,
        "withdraw": "凭回执二维码在 https://hospital.example/withdraw 或门诊服务台撤回",
        "refusal": "拒绝不影响就诊",
        "published_at": NOW,
    }


def proof(kind: str) -> dict[str, Any]:
    return {"kind": kind, "digest": PAIR, "checked_by": HOSPITAL, "checked_at": NOW - 60}


def guardian() -> dict[str, Any]:
    return {
        "name": "张母",
        "relation": "parent",
        "identity": proof("identity_card"),
        "live_face": {"passed": True, "checked_by": HOSPITAL, "checked_at": NOW - 30},
        "guardianship": proof("birth_certificate"),
    }


def consent(**scopes: bool | None) -> dict[str, Any]:
    answers: dict[str, bool | None] = dict.fromkeys(SCOPES)
    answers |= scopes or {"base": True, "third_party_research": True}
    return {
        "v": 1,
        "controller": {"name": "某市人民医院", "code": HOSPITAL},
        "notice": {"leaf": "11" * 32, "digest": PAIR},
        "person": {"name": "张三", "reference": "P-2026-0001", "born": "1980-02-29"},
        "guardian": None,
        "method": "electronic",
        "scopes": answers,
        "recipients": [{**recipient(), "answer": True}],
        "genetic": False,
        "given_at": NOW,
        "until": NOW + 365 * DAY,
    }


GRANT = KeyGrant(HOSPITAL, KEY.public_key.point, NOW, NOW + 365 * DAY)
NEXT_GRANT = KeyGrant(HOSPITAL, NEXT.public_key.point, NOW + 100 * DAY, NOW + 465 * DAY)


@cache
def possession(grant: KeyGrant, key: Sm2PrivateKey, account: bytes | None = None) -> str:
    # Signatures are random: the same one each time, so that a body equals itself.
    return prove_possession(grant, key, account).hex()


_SUCCESSION = prove_succession(NEXT_GRANT, KEY).hex()


def _key(grant: KeyGrant, key: Sm2PrivateKey, account: bytes | None = None) -> dict[str, Any]:
    return {
        "key": grant.key.hex(),
        "not_before": grant.not_before,
        "not_after": grant.not_after,
        "possession": possession(grant, key, account),
    }


def enrolment() -> dict[str, Any]:
    return {
        "v": 1,
        "organisation": {"name": "某市人民医院", "code": HOSPITAL},
        "roles": ["controller", "party"],
        "account": "22" * 20,
        **_key(GRANT, KEY, b"\x22" * 20),
        "enrolled_at": NOW,
    }


def holder_enrolment() -> dict[str, Any]:
    """Of a holder; what its account signed is checked by whoever knows the chain."""
    body = enrolment() | {"roles": ["holder"]}
    grant, party = GRANT, Party(body["organisation"]["name"], HOSPITAL)
    made = Enrolment(party, ("holder",), b"\x22" * 20, grant, bytes.fromhex(body["possession"]), NOW)
    return body | {"binding": {"key": _declared(made), "account": "33" * 65}}


@cache
def _declared(made: Enrolment) -> str:
    return KEY.sign(made.declaration()).hex()


def rotation() -> dict[str, Any]:
    return {
        "v": 1,
        "code": HOSPITAL,
        "replaces": GRANT.kid.hex(),
        **_key(NEXT_GRANT, NEXT),
        "succession": _SUCCESSION,
        "rotated_at": NOW + 99 * DAY,
    }


def holder_rotation() -> dict[str, Any]:
    """Of a holder, to the account it has, with that one's consent."""
    body = rotation()
    possession, succession = (bytes.fromhex(body[name]) for name in ("possession", "succession"))
    plan = Handover(2, b"\x22" * 20, b"", b"", b"")
    made = Rotation(GRANT.kid, NEXT_GRANT, possession, succession, body["rotated_at"], plan)
    signed = {"key": _handed(made), "new": "33" * 65, "current": "44" * 65}
    return body | {"binding": {"serial": 2, "account": "22" * 20, **signed}}


@cache
def _handed(made: Rotation) -> str:
    return NEXT.sign(made.declaration()).hex()


def account_revocation() -> dict[str, Any]:
    return revocation("lost") | {"account": "22" * 20}


def revocation(reason: str = "compromised", since: int = NOW + 10 * DAY) -> dict[str, Any]:
    return {
        "v": 1,
        "code": HOSPITAL,
        "kid": GRANT.kid.hex(),
        "reason": reason,
        "since": since,
        "told_at": NOW + 11 * DAY,
    }


def tombstone() -> dict[str, Any]:
    return {
        "v": 1,
        "statements": ["11" * 32, "22" * 32],
        "ground": "withdrawal",
        "method": "key_destruction",
        "destroyed": ["content", "key", "secret"],
        "places": ["backups", "blobs", "database", "write_ahead_log"],
        "approved_by": ["data_manager", "department_head", "legal"],
        "witnesses": 2,
        "erased_at": NOW,
    }


def remark(kind: str = "seizure") -> dict[str, Any]:
    return {
        "v": 1,
        "certificate": "SJ4412026110001",
        "kind": kind,
        "text": "查封至2027年11月",
        "document": PAIR,
        "reference": "(2026)粤01执12号裁定",
        "by": {"name": "某市中级人民法院", "code": INSURER},
        "at": NOW,
    }


def pledge() -> dict[str, Any]:
    return remark("pledge") | {"document": None, "reference": "动产融资统一登记 01234567"}


def lifting() -> dict[str, Any]:
    return remark() | {"remark": "11" * 32}


def lapse() -> dict[str, Any]:
    return {"v": 1, "certificate": "SJ4412026110001", "valid_until": NOW - 1, "at": NOW}


def cancellation() -> dict[str, Any]:
    return {
        "v": 1,
        "certificate": "SJ4412026110001",
        "ground": "document",
        "initiator": "forum",
        "document": PAIR,
        "reference": "(2026)粤01民初1号判决书",
        "by": {"name": "某市中级人民法院", "code": INSURER},
        "at": NOW,
    }


def found() -> dict[str, Any]:
    return {
        "v": 1,
        "inlet": "objection",
        "about": "11" * 32,
        "name": "22" * 32,
        "account": "33" * 20,
        "transaction": "44" * 32,
        "log": 0,
        "block": {"number": 9, "hash": "55" * 32, "time": NOW - 9},
        "at": NOW,
    }


def order() -> dict[str, Any]:
    body = parse_remark(remark())
    statement = statement_of(body, profile="GD-HEALTH/1", prev=b"\x11" * 32)
    return Order(statement, body, bytes(65)).to_json()


def decided_rotation() -> dict[str, Any]:
    """Of a holder whose account is lost, with a forum's decision."""
    body = holder_rotation()
    decision = {
        "forum": {"name": "某市中级人民法院", "code": INSURER},
        "document": PAIR,
        "reference": "(2026)粤01民初1号",
        "signature": "55" * 65,
    }
    return body | {"binding": body["binding"] | {"current": None}, "decision": decision}


def veto() -> dict[str, Any]:
    said = {"code": HOSPITAL, "serial": 3, "at": NOW, "signature": "55" * 65}
    return {"format": "yinzheng/holder-veto/1", **said}

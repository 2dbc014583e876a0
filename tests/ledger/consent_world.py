"""An enrolled controller, its notice, and consents to it: what tests of consents and withdrawals begin with.

Nobody here is real. Credit codes are made up, with a right check character (R17).
"""

from __future__ import annotations

from typing import Any

from tests.ledger.world import OFFICER, actor_of
from tests.verifier import bodies
from yinzheng.ledger.consents.granting import Granted, grant
from yinzheng.ledger.consents.notices import publish_notice
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.organisations.enrolment import enrol
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store.models_consents import Notice
from yinzheng.verifier.bytes.algorithms import DigestPair, Sm2PrivateKey
from yinzheng.verifier.formats.notice import SCOPES, parse_notice
from yinzheng.verifier.formats.organisation import KeyGrant, parse_enrolment, prove_possession

Json = dict[str, Any]

HOSPITAL = bodies.HOSPITAL
LAB = bodies.LAB
INSURER = bodies.INSURER
CLINIC = "91110108551385082Q"
"""Another controller; `enrol_all` leaves it out."""
KEYS = {
    HOSPITAL: Sm2PrivateKey(0xA11CE),
    LAB: Sm2PrivateKey(0xB0B),
    INSURER: Sm2PrivateKey(0xCAB1E),
    CLINIC: Sm2PrivateKey(0xC11C),
}
"""Each organisation's SM2 key."""

NAMES = {HOSPITAL: "某市人民医院", LAB: "某研究院", INSURER: "某保险公司", CLINIC: "某诊所"}
DAY = 86_400


def enrolment_body(registry: Registry, code: str, *roles: str, account: bytes | None = None) -> Json:
    """A proved enrolment; the key holds for a year from now."""
    now = registry.clock()
    key = KEYS[code]
    grant_ = KeyGrant(code, key.public_key.point, now, now + 365 * DAY)
    return {
        "v": 1,
        "organisation": {"name": NAMES[code], "code": code},
        "roles": sorted(roles),
        "account": None if account is None else account.hex(),
        "key": grant_.key.hex(),
        "not_before": grant_.not_before,
        "not_after": grant_.not_after,
        "possession": prove_possession(grant_, key, account).hex(),
        "enrolled_at": now,
    }


def enrol_one(registry: Registry, code: str, *roles: str, account: bytes | None = None) -> bytes:
    """Enrol an organisation, by an officer; gives the leaf hash."""
    body = parse_enrolment(enrolment_body(registry, code, *roles, account=account))
    return enrol(registry, body, actor_of(registry, OFFICER))


def enrol_all(registry: Registry) -> None:
    """The hospital as controller and recipient, the research institute and the insurer as recipients."""
    enrol_one(registry, HOSPITAL, "controller", "recipient")
    enrol_one(registry, LAB, "recipient")
    enrol_one(registry, INSURER, "recipient")


def notice_body(registry: Registry, **changes: Any) -> Json:
    """A notice published now: research at the hospital, research by the institute."""
    return bodies.notice() | {"published_at": registry.clock()} | changes


def publish(registry: Registry, **changes: Any) -> Notice:
    """Publish the hospital's notice."""
    body = notice_body(registry, **changes)
    return publish_notice(registry, body, body["controller"]["code"])


def digest_of(body: Json) -> DigestPair:
    """The digest pair that consents to a notice name."""
    return parse_notice(body).digest()


def consent_body(notice: Notice, digest: DigestPair, at: int, number: int = 1, **changes: Any) -> Json:
    """A lawful consent of an adult, given at `at` to the notice of `publish`; `changes` replace fields."""
    answers: dict[str, bool | None] = dict.fromkeys(SCOPES)
    answers |= {"base": True, "third_party_research": True}
    return {
        "v": 1,
        "controller": {"name": NAMES[HOSPITAL], "code": HOSPITAL},
        "notice": {"leaf": notice.leaf.hex(), "digest": digest.to_json()},
        "person": {"name": f"测试甲{number}", "reference": f"P-{number:07d}", "born": "1980-02-29"},
        "guardian": None,
        "method": "electronic",
        "scopes": answers,
        "recipients": [{**bodies.recipient(), "answer": True}],
        "genetic": False,
        "given_at": at,
        "until": at + 365 * DAY,
        **changes,
    }


def guardian(at: int) -> Json:
    """A parent with every proof, checked a minute before `at`."""
    proof = {"digest": bodies.PAIR, "checked_by": HOSPITAL, "checked_at": at - 60}
    return {
        "name": "测试母",
        "relation": "parent",
        "identity": {"kind": "identity_card", **proof},
        "live_face": {"passed": True, "checked_by": HOSPITAL, "checked_at": at - 60},
        "guardianship": {"kind": "birth_certificate", **proof},
    }


class ConsentWorld:
    """A registry with enrolled organisations and one notice, settled."""

    def __init__(self, registry: Registry, **notice_changes: Any) -> None:
        enrol_all(registry)
        self.registry = registry
        self.granted = 0
        self.notice_body = notice_body(registry, **notice_changes)
        self.notice = publish_notice(registry, self.notice_body, HOSPITAL)
        self.digest = digest_of(self.notice_body)
        settle(registry)

    def body(self, number: int = 1, **changes: Any) -> Json:
        """A lawful consent given now, not recorded."""
        return consent_body(self.notice, self.digest, self.registry.clock(), number, **changes)

    def grant(self, number: int | None = None, **changes: Any) -> Granted:
        """A consent recorded and in the log; without a number, of someone who gave none yet."""
        if number is None:
            self.granted += 1
            number = self.granted
        (granted,) = grant(self.registry, [self.body(number, **changes)], HOSPITAL)
        settle(self.registry)
        return granted

    def grant_minor(self, number: int = 1, born: str = "2019-05-01", **changes: Any) -> Granted:
        """A consent for a child, given by a parent."""
        person = {"name": f"测试童{number}", "reference": f"M-{number:07d}", "born": born}
        return self.grant(number, person=person, guardian=guardian(self.registry.clock()), **changes)

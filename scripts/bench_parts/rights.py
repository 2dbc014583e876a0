"""Organisations, a notice and consents to it, made up, for the parts that measure the rights of patients."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount

from scripts.bench_parts.site import OFFICER
from yinzheng.ledger.consents import credentials
from yinzheng.ledger.consents.granting import Granted, grant
from yinzheng.ledger.consents.notices import publish_notice
from yinzheng.ledger.consents.reading import open_consent
from yinzheng.ledger.consents.receipts import sign_code
from yinzheng.ledger.demonstration.certificates import ADMINISTRATOR
from yinzheng.ledger.demonstration.people import acting_as
from yinzheng.ledger.demonstration.rights import EXAMPLE
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.organisations.enrolment import enrol
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.withdrawals.claims import ReceiptClaim
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.formats.body import Party
from yinzheng.verifier.formats.notice import SCOPES, parse_notice
from yinzheng.verifier.formats.organisation import KeyGrant, parse_enrolment, prove_possession
from yinzheng.verifier.formats.receipt import decode_receipt_qr, with_credential

FOLDER = Path("examples/consents")
TERM = 365 * 86_400
_TOGETHER = 500
"""Consents granted in one transaction."""


@dataclass(frozen=True, slots=True)
class Member:
    """An organisation with the keys it holds itself."""

    party: Party
    key: Sm2PrivateKey
    account: LocalAccount


@dataclass(frozen=True, slots=True)
class Rights:
    """Who takes part: `controller`, `recipient` and `forum`, and the notice that consents name."""

    members: Mapping[str, Member]
    notice: bytes
    """Leaf hash."""
    common: Mapping[str, JSON]
    """What all consents have in common."""

    @property
    def controller(self) -> str:
        """Credit code of the controller."""
        return self.members["controller"].party.code

    def consent(self, number: int, at: int) -> dict[str, JSON]:
        """The lawful consent of person `number`, given at `at` to everything in the notice."""
        person: dict[str, JSON] = {
            "name": f"测试{number:07d}",
            "reference": f"MR-{number:07d}",
            "born": f"{1930 + number % 70}-{1 + number % 12:02d}-{1 + number % 28:02d}",
        }
        return {**self.common, "person": person, "given_at": at, "until": at + TERM}


def found_rights(registry: Registry) -> Rights:
    """Enrol a hospital, a company and a court, and publish the hospital's notice; settled."""
    example: dict[str, Any] = json.loads((FOLDER / EXAMPLE).read_text(encoding="utf-8"))
    members = {role: _enrol(registry, example[role]) for role in ("controller", "recipient", "forum")}
    controller = members["controller"].party
    body = {
        "v": 1,
        "version": 1,
        "replaces": None,
        "controller": controller.to_json(),
        **example["notice"],
        "published_at": registry.clock(),
    }
    notice = publish_notice(registry, body, controller.code)
    settle(registry)
    agreed = {purpose["scope"] for purpose in body["purposes"]}
    common = {
        "v": 1,
        "controller": body["controller"],
        "notice": {"leaf": notice.leaf.hex(), "digest": {**parse_notice(body).digest().to_json()}},
        "guardian": None,
        "method": "electronic",
        "scopes": {scope: True if scope in agreed else None for scope in SCOPES},
        "recipients": [{**recipient, "answer": True} for recipient in body["recipients"]],
        "genetic": False,
    }
    return Rights(members, notice.leaf, common)


def _enrol(registry: Registry, about: dict[str, Any]) -> Member:
    key, now = Sm2PrivateKey.generate(), registry.clock()
    member = Member(Party(about["name"], about["code"]), key, Account.create())
    granted = KeyGrant(about["code"], key.public_key.point, now, now + TERM)
    account = account_of(member) if "forum" in about["roles"] else None
    body = {
        "v": 1,
        "organisation": member.party.to_json(),
        "roles": about["roles"],
        "account": None if account is None else account.hex(),
        "key": granted.key.hex(),
        "not_before": granted.not_before,
        "not_after": granted.not_after,
        "possession": prove_possession(granted, key, account).hex(),
        "enrolled_at": now,
    }
    administrator = acting_as(registry, ADMINISTRATOR)
    enrol(registry, parse_enrolment(body), acting_as(registry, OFFICER), administrator=administrator)
    return member


def account_of(member: Member) -> bytes:
    """Address of its account, 20 bytes."""
    return bytes.fromhex(member.account.address[2:])


def grant_many(registry: Registry, rights: Rights, count: int) -> Sequence[Granted]:
    """Consents of persons 0 to `count`, given now, settled."""
    granted: list[Granted] = []
    for first in range(0, count, _TOGETHER):
        numbers = range(first, min(first + _TOGETHER, count))
        granted += grant(
            registry, [rights.consent(number, registry.clock()) for number in numbers], rights.controller
        )
    settle(registry)
    return granted


def claim_of(registry: Registry, subject: bytes) -> ReceiptClaim:
    """What the person shows who gave this consent, with a receipt just handed out."""
    with registry.store.transaction() as session:
        opened = open_consent(registry, session, subject)
        credential = credentials.issue(session, opened.seal, subject, registry.clock())
    code = decode_receipt_qr(with_credential(sign_code(registry, opened), credential))
    return ReceiptClaim(code, opened.consent.person.born)

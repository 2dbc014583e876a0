"""Enrolments, rotations, revocations and signed requests as an organisation makes them."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from tests.ledger.world import KEEPER, OFFICER, actor_of
from yinzheng.api.org.member import handed_over
from yinzheng.ledger.chain.approvals import sign
from yinzheng.ledger.keys.provider import EthereumKey
from yinzheng.ledger.organisations import enrolment as enrolling
from yinzheng.ledger.organisations.accounts import entering
from yinzheng.ledger.organisations.requests import Admissions
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store.database import Store
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey, digest_pair
from yinzheng.verifier.formats.body import Party
from yinzheng.verifier.formats.certificate import key_id
from yinzheng.verifier.formats.organisation import (
    Binding,
    Enrolment,
    KeyGrant,
    Revocation,
    Rotation,
    parse_enrolment,
    parse_rotation,
    prove_possession,
    prove_succession,
)
from yinzheng.verifier.formats.request import Received, Request, registry_id, sign_request

REGISTRY = registry_id(bytes(32), bytes(20))
"""What requests are signed for unless another is said."""

HOSPITAL = "91350100M000100Y43"
LAB = "91310000132200821H"
COURT = "91110000600007156J"
YEAR = 365 * 86_400


@dataclass
class Member:
    """An organisation with its key, as it knows itself."""

    code: str
    roles: tuple[str, ...] = ("controller",)
    name: str = "某机构（虚构）"
    account: bytes | None = None
    key: Sm2PrivateKey = field(default_factory=Sm2PrivateKey.generate)
    wallet: EthereumKey | None = None
    """Of a holder's account."""

    @property
    def kid(self) -> bytes:
        return key_id(self.key.public_key.point)

    def grant(self, begins: int, ends: int | None = None, key: Sm2PrivateKey | None = None) -> KeyGrant:
        point = (key or self.key).public_key.point
        return KeyGrant(self.code, point, begins, begins + YEAR if ends is None else ends)

    def enrolment(self, now: int, ends: int | None = None) -> Enrolment:
        grant = self.grant(now, ends)
        body = {
            "v": 1,
            "organisation": {"name": self.name, "code": self.code},
            "roles": sorted(self.roles),
            "account": None if self.account is None else self.account.hex(),
            "key": grant.key.hex(),
            "not_before": grant.not_before,
            "not_after": grant.not_after,
            "possession": prove_possession(grant, self.key, self.account).hex(),
            "enrolled_at": now,
        }
        return parse_enrolment(body)

    def unbound(self, now: int) -> Enrolment:
        """A holder's enrolment before its keys bind themselves to it."""
        assert self.wallet is not None
        grant = self.grant(now)
        party = Party(self.name, self.code)
        possession = prove_possession(grant, self.key, self.wallet.address)
        return Enrolment(party, tuple(sorted(self.roles)), self.wallet.address, grant, possession, now)

    def holding(self, registry: Registry, *, wallet: EthereumKey | None = None) -> Enrolment:
        """A holder's enrolment; `wallet` signs it in the account's stead."""
        made = self.unbound(registry.clock())
        signer = wallet or self.wallet
        assert signer is not None
        approval = sign(entering(made), registry.client.holders_domain, signer)
        return replace(made, binding=Binding(self.key.sign(made.declaration()), approval))

    def rotation(
        self, new: Sm2PrivateKey, begins: int, *, signed: bool = True, account: bytes | None = None
    ) -> Rotation:
        grant = self.grant(begins, key=new)
        body = {
            "v": 1,
            "code": self.code,
            "replaces": self.kid.hex(),
            "key": grant.key.hex(),
            "not_before": grant.not_before,
            "not_after": grant.not_after,
            "possession": prove_possession(grant, new, account).hex(),
            "succession": prove_succession(grant, self.key, account).hex() if signed else None,
            "rotated_at": begins,
            **({} if account is None else {"account": account.hex()}),
        }
        return parse_rotation(body)

    def handing_over(
        self,
        registry: Registry,
        new: Sm2PrivateKey,
        begins: int,
        *,
        serial: int = 2,
        to: EthereumKey | None = None,
        signed: bool = True,
        lost: bool = False,
    ) -> Rotation:
        """A holder's rotation, `to` another account if given; `lost`: without the account of before."""
        current, plain = self.wallet, self.rotation(new, begins, signed=signed)
        assert current is not None
        return handed_over(
            plain,
            new,
            registry.client.holders_domain,
            serial=serial,
            new=to or current,
            current=None if lost else current,
        )

    def revocation(self, reason: str, since: int, told_at: int | None = None) -> Revocation:
        return Revocation(self.code, self.kid, reason, since, since if told_at is None else told_at)

    def request(
        self,
        now: int,
        *,
        method: str = "POST",
        path: str = "/org/v1/consents",
        body: bytes = b"{}",
        nonce: bytes | None = None,
        key: Sm2PrivateKey | None = None,
        registry: bytes = REGISTRY,
    ) -> str:
        signing = key or self.key
        return sign_request(
            Request(
                registry=registry,
                org=self.code,
                key=key_id(signing.public_key.point),
                method=method,
                path=path,
                body=digest_pair(body),
                at=now,
                nonce=nonce or secrets.token_bytes(16),
            ),
            signing,
        )


def check_request(
    store: Store, token: str, received: Received, admit: Callable[[str], None] = lambda _code: None
) -> Request:
    """Let a request in and use its nonce up at once, as where nothing is done for it."""
    admissions = Admissions(store, admit)
    admitted = admissions.let_in(token, lambda _request: received)
    admissions.use_up([admitted])
    return admitted.request


def enrol(registry: Registry, member: Member, webhook: str | None = None) -> bytes:
    return enrolling.enrol(
        registry,
        member.enrolment(registry.clock()),
        actor_of(registry, OFFICER),
        webhook,
        administrator=actor_of(registry, KEEPER),
    )

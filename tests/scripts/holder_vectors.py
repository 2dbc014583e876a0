"""Vectors of holders (S10.4a, S10.4b): enrolment and rotation, each declaration with all that sign it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from tests.verifier.world import HOSPITAL, NOW
from yinzheng.api.org.member import handed_over
from yinzheng.ledger.chain.approvals import Domain, digest, sign
from yinzheng.ledger.chain.approvals_holders import HOLDERS_NAME
from yinzheng.ledger.keys.provider import EthereumKey
from yinzheng.ledger.organisations.accounts import entering, handing_over
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey
from yinzheng.verifier.bytes.sm2 import Sm2Backend
from yinzheng.verifier.formats.body import Party
from yinzheng.verifier.formats.organisation import (
    Binding,
    Enrolment,
    KeyGrant,
    Rotation,
    prove_possession,
    prove_succession,
)

DOMAIN: Final = Domain(20_261_122, bytes(range(20)), HOLDERS_NAME)
ACCOUNT: Final = EthereumKey(bytes(range(7, 39)))
NEXT_ACCOUNT: Final = EthereumKey(bytes(range(8, 40)))


def make(fixed: Sm2Backend) -> dict[str, Any]:
    """Each step from the declaration to the body in the log, and the message that the account signs."""
    key = Sm2PrivateKey.from_bytes(bytes(range(9, 41)), fixed)
    grant = KeyGrant(HOSPITAL["code"], key.public_key.point, NOW, NOW + 365 * 86_400)
    party = Party(HOSPITAL["name"], HOSPITAL["code"])
    roles = ("controller", "holder")
    unbound = Enrolment(
        party, roles, ACCOUNT.address, grant, prove_possession(grant, key, ACCOUNT.address), NOW + 60
    )
    message = entering(unbound)
    binding = Binding(key.sign(unbound.declaration()), sign(message, DOMAIN, ACCOUNT))
    new = Sm2PrivateKey.from_bytes(bytes(range(11, 43)), fixed)
    next_grant = KeyGrant(grant.code, new.public_key.point, NOW + 100 * 86_400, NOW + 465 * 86_400)
    plain = Rotation(
        grant.kid,
        next_grant,
        prove_possession(next_grant, new),
        prove_succession(next_grant, key),
        NOW + 100 * 86_400,
    )
    rotation = handed_over(plain, new, DOMAIN, serial=2, new=NEXT_ACCOUNT, current=ACCOUNT)
    return {
        "domain": {
            "name": DOMAIN.name,
            "version": "1",
            "chainId": DOMAIN.chain_id,
            "verifyingContract": DOMAIN.registry.hex(),
        },
        "declaration": unbound.declaration().decode(),
        "statement": unbound.declared.hex(),
        "organisation": message.organisation.hex(),
        "key": message.key.hex(),
        "signed_digest": digest(message, DOMAIN).hex(),
        "body": replace(unbound, binding=binding).to_json(),
        "rotation": {
            "declaration": rotation.declaration().decode(),
            "statement": rotation.declared.hex(),
            "signed_digest": digest(handing_over(rotation), DOMAIN).hex(),
            "body": rotation.to_json(),
        },
    }

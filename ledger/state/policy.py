"""The trust policy this registry hands out (S8): a starting point for readers, who pin it and keep it."""

from __future__ import annotations

from typing import Any

from yinzheng.ledger.rules.ages import MAX_AGE
from yinzheng.ledger.state.instance import Instance
from yinzheng.verifier.formats.certificate import key_id


def trust_policy(instance: Instance, *, max_age: int = MAX_AGE) -> dict[str, Any]:
    """The policy as JSON. Whoever takes it from us trusts us for it: hand it over in person."""
    registry = {"name": instance.registry_name, "code": instance.registry_code}
    deployment, modules = instance.deployment, instance.modules
    return {
        "format": "yinzheng/trust/1",
        "issuers": [
            {
                "kid": key_id(issuer.key).hex(),
                "alg": "SM2-SM3",
                "key": issuer.key.hex(),
                "registry": registry,
                "prefix": instance.prefix,
                "not_before": issuer.not_before,
                "not_after": issuer.not_after,
                "compromised_at": issuer.compromised_at,
            }
            for issuer in instance.issuers
        ],
        "log": {"origin": instance.origin, "keys": list(instance.log_keys)},
        "chain": {
            "id": instance.chain_id,
            "genesis": instance.genesis.hex(),
            "consensus": instance.consensus.name,
            "validators": (
                [{"from": 0, "to": None, "addresses": [address.hex() for address in instance.validators]}]
                if instance.validators
                else []
            ),
            "contracts": {
                "anchor": _place(deployment.anchor, deployment.anchor_code_hash),
                "rights": _place(deployment.rights, deployment.rights_code_hash),
                "consents": _place(modules.consents, modules.consents_code_hash),
                "preservation": _place(modules.preservation, modules.preservation_code_hash),
            },
        },
        "max_age": max_age,
        "operators": [registry],
    }


def _place(address: bytes, code_hash: bytes) -> dict[str, str]:
    return {"address": address.hex(), "code_hash": code_hash.hex()}

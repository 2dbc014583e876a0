"""The trust policy this registry hands out (S8): a starting point for readers, who pin it and keep it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from yinzheng.ledger.chain.contracts import CONTRACTS
from yinzheng.ledger.rules.ages import MAX_AGE
from yinzheng.ledger.state.instance import Instance
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.formats.certificate import key_id
from yinzheng.verifier.judge.trust import parse_trust
from yinzheng.verifier.judge.witnesses import NO_WITNESSES, Witnesses
from yinzheng.verifier.words.fingerprint import Fingerprint, fingerprint


def trust_policy(
    instance: Instance,
    witnesses: Witnesses = NO_WITNESSES,
    *,
    max_age: int = MAX_AGE,
    insisted: Sequence[str] = (),
) -> dict[str, Any]:
    """The policy as JSON. Whoever takes it from us trusts us for it: hand it over in person.

    `witnesses`: who cosigns the log, and of how many a reader is to ask cosignatures. `insisted`: credit
    codes of operators, of one of whom a seal must be among those that make a block final.
    """
    registry = {"name": instance.registry_name, "code": instance.registry_code}
    policy: dict[str, Any] = {
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
            "validators": [one.to_json() for one in instance.sets],
            "contracts": {
                name: place
                for places in (instance.deployment, instance.modules)
                for name, place in places.to_json()["contracts"].items()
                if CONTRACTS[name].layout
            },
        },
        "max_age": max_age,
        "operators": [one.to_json() for one in instance.operators],
    }
    if witnesses.known:
        policy["witnesses"] = [one.to_json() for one in witnesses.known]
        policy["quorum"] = witnesses.quorum
    if instance.contact is not None:
        policy["contact"] = instance.contact.to_json()
    return policy | ({"insisted": list(insisted)} if insisted else {})


def fingerprint_of(instance: Instance) -> Fingerprint:
    """The fingerprint (S8.3) of the policy this registry hands out; its witnesses are not in it."""
    return fingerprint(parse_trust(canonical.dumps(trust_policy(instance))))

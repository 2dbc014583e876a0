"""A network's validators changed: the registry takes up the new set and states it, signed (S8.2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from yinzheng.ledger.chain.connect import chain_of, connect_all
from yinzheng.ledger.chain.embedded.evidence import asking
from yinzheng.ledger.chain.network import first_of, read_network
from yinzheng.ledger.keys.provider import ISSUER, KeyProvider
from yinzheng.ledger.state.files import write_durably
from yinzheng.ledger.state.instance import Instance, Paths, read_instance, writer_lock
from yinzheng.ledger.state.policy import trust_policy
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.certificate import key_id
from yinzheng.verifier.judge.following import FORMAT, follow, signed_bytes
from yinzheng.verifier.judge.trust import Operator, ValidatorRange


def take_up(
    root: Path,
    operators: Sequence[Operator],
    keys: Callable[[Paths], KeyProvider],
    clock: Callable[[], int],
) -> Instance:
    """Read the network's validators, and state them from the block on from which they seal.

    `operators` say whose each is. Gives the registry as it is now. Raises `UsageFault` (`node-embedded`,
    `validators-same`, `validators-differ`: not each of the network's is exactly one operator's), and as
    `read_network`.
    """
    paths, instance = read_instance(root)
    if not instance.foreign:
        raise UsageFault("this registry has an embedded chain, which it seals itself", code="node-embedded")
    with writer_lock(paths, instance.lock_seconds):
        _, instance = read_instance(root)
        ask = asking(connect_all(instance.chain_urls, chain_of(instance)))
        found = frozenset(read_network(ask, ()).validators)
        _require_news(instance, found, operators)
        before = instance.sets[-1] if instance.sets else None
        first = first_of(
            ask, instance.consensus, found, after=max(0, before.first if before is not None else 0)
        )
        statement = _statement(instance, found, operators, first, keys(paths), clock())
        kept = () if before is None else (*instance.sets[:-1], replace(before, last=first - 1))
        changed = replace(
            instance,
            sets=(*kept, ValidatorRange(first, None, found)),
            operators=tuple(operators),
            changes=(*instance.changes, statement),
        )
        followed = follow(canonical.dumps(trust_policy(instance)), canonical.dumps(statement))
        assert followed.policy == trust_policy(changed)  # who follows gets what is handed out
        Instance.from_json(changed.to_json())  # what could not be read back must not be written
        write_durably(paths.instance, changed.to_json())
    return changed


def _require_news(instance: Instance, found: frozenset[bytes], operators: Sequence[Operator]) -> None:
    if found == frozenset(instance.validators) and tuple(operators) == instance.operators:
        raise UsageFault("the network's validators are those that the registry knows", code="validators-same")
    named = [address for one in operators for address in one.validators]
    if set(named) != found or len(named) != len(found):
        raise UsageFault(
            "the operators named do not have exactly the validators of the network: "
            + ", ".join("0x" + one.hex() for one in sorted(found)),
            code="validators-differ",
            hint="Name each operator with its validators, as its owner publishes them. Nothing was changed.",
        )


def _statement(
    instance: Instance,
    found: frozenset[bytes],
    operators: Sequence[Operator],
    first: int,
    keys: KeyProvider,
    now: int,
) -> dict[str, Any]:
    issuer = keys.sm2(ISSUER)
    statement = {
        "format": FORMAT,
        "genesis": instance.genesis.hex(),
        "consensus": instance.consensus.name,
        "from": first,
        "addresses": sorted(address.hex() for address in found),
        "operators": [one.to_json() for one in operators],
        "stated_at": now,
        "kid": key_id(issuer.public_key.point).hex(),
    }
    return {**statement, "signature": issuer.sign(signed_bytes(statement)).hex()}

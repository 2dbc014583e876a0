"""A network's validators changed: the registry takes up the new set and states it, signed (S8.2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from yinzheng.ledger.chain.connect import chain_of, connect_all
from yinzheng.ledger.chain.embedded.evidence import asking
from yinzheng.ledger.chain.network import read_network, sets_since
from yinzheng.ledger.keys.provider import ISSUER, KeyProvider
from yinzheng.ledger.state.files import write_durably
from yinzheng.ledger.state.instance import Instance, Paths, read_instance
from yinzheng.ledger.state.lock import writer_lock
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

    A set that came and went since the last statement is stated too: its blocks would be nobody's.
    `operators` say whose each is, those among them who seal no more. Gives the registry as it is now.
    Raises `UsageFault` (`node-embedded`, `validators-same`, `validators-differ`: not each of the network's
    is exactly one operator's), and as `read_network`.
    """
    paths, instance = read_instance(root)
    if not instance.foreign:
        raise UsageFault("this registry has an embedded chain, which it seals itself", code="node-embedded")
    with writer_lock(paths, instance.lock_seconds):
        _, instance = read_instance(root)
        ask = asking(connect_all(instance.chain_urls, chain_of(instance)))
        found = frozenset(read_network(ask, ()).validators)
        known = instance.sets[-1] if instance.sets else ValidatorRange(0, None, frozenset())
        sets = sets_since(ask, instance.consensus, found, known.addresses, after=max(0, known.first))
        sets = sets if instance.sets else sets[-1:]
        if [one for _, one in sets] == [known.addresses] and _of(operators, found) == instance.operators:
            raise UsageFault(
                "the network's validators are those that the registry knows", code="validators-same"
            )
        _require_named(found, operators, [one for _, one in sets])
        changed, provider, now = instance, keys(paths), clock()
        for first, addresses in sets:
            changed = _stated(changed, first, addresses, operators, provider, now)
        Instance.from_json(changed.to_json())  # what could not be read back must not be written
        write_durably(paths.instance, changed.to_json())
    return changed


def _stated(
    instance: Instance,
    first: int,
    addresses: frozenset[bytes],
    operators: Sequence[Operator],
    keys: KeyProvider,
    now: int,
) -> Instance:
    """The registry with one set more, and the statement of it."""
    whose = _of(operators, addresses)
    statement = _statement(instance, addresses, whose, first, keys, now)
    kept = (*instance.sets[:-1], replace(instance.sets[-1], last=first - 1)) if instance.sets else ()
    changed = replace(
        instance,
        sets=(*kept, ValidatorRange(first, None, addresses)),
        operators=whose,
        changes=(*instance.changes, statement),
    )
    followed = follow(canonical.dumps(trust_policy(instance)), canonical.dumps(statement))
    assert followed.policy == trust_policy(changed)  # who follows gets what is handed out
    return changed


def _of(operators: Sequence[Operator], addresses: frozenset[bytes]) -> tuple[Operator, ...]:
    """Those who have validators in a set, with these alone."""
    sealing = (replace(one, validators=one.validators & addresses) for one in operators)
    return tuple(one for one in sealing if one.validators)


def _require_named(
    found: frozenset[bytes], operators: Sequence[Operator], sets: Sequence[frozenset[bytes]]
) -> None:
    """Each that might seal is exactly one operator's, and there is nobody else; `found` may seal now."""
    named = [address for one in operators for address in one.validators]
    every = frozenset().union(*sets)
    if set(named) != every or len(named) != len(every):
        gone = sorted(every - found)
        also = "; and these, who sealed since the last statement: " if gone else ""
        raise UsageFault(
            "the operators named do not have exactly the validators of the network: "
            + ", ".join("0x" + one.hex() for one in sorted(found))
            + also
            + ", ".join("0x" + one.hex() for one in gone),
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

"""Following a network whose validators change: a policy, and the registry's signed statement of a new set
(S8.2).

The statement is the registry's word, and no proof: who follows it compares each address with what its
organisation publishes, as with the first policy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from yinzheng.verifier.bytes.canonical import (
    Check,
    constant,
    dumps,
    hex_bytes,
    integer,
    list_of,
    loads,
    object_of,
    one_of,
    saved,
)
from yinzheng.verifier.chain.consensus import CONSENSUS
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.judge.trust import MAX_TRUST, OPERATOR, TrustPolicy, parse_trust, read_operators

FORMAT: Final = "yinzheng/validators/1"
MAX_CHANGE: Final = 64 * 1024
"""Bytes of a statement."""

CHANGE: Final[dict[str, Check[Any]]] = {
    "format": constant(FORMAT),
    "genesis": hex_bytes(32),
    "consensus": one_of(*CONSENSUS),
    "from": integer(1),
    "addresses": list_of(hex_bytes(20), 1, 256),
    "operators": list_of(OPERATOR, 1, 64),
    "stated_at": integer(0),
    "kid": hex_bytes(8),
    "signature": hex_bytes(64),
}
"""Checks for the members of a statement."""


@dataclass(frozen=True, slots=True)
class Followed:
    """A policy that knows the new set, and what is new in it."""

    policy: dict[str, Any]
    """As JSON."""
    first: int
    """The first block of the new set."""
    came: tuple[bytes, ...]
    """Validators that were not there before, 20 bytes each …"""
    went: tuple[bytes, ...]
    """… and those that are there no more."""
    owners: Mapping[bytes, str]
    """Whose each validator that came or went is, by name."""


def signed_bytes(statement: Mapping[str, Any]) -> bytes:
    """What the issuer signs of a statement: its format's name, and all but the signature, canonical."""
    return f"{FORMAT}\n".encode() + dumps({k: v for k, v in statement.items() if k != "signature"})


def follow(policy: bytes, change: bytes) -> Followed:
    """The policy with the set that a statement names, in force from its block on.

    The set before ends with the block before; the operators are the statement's. Raises `DataFault`:
    `trust-malformed`; `change-malformed`; `change-chain` (of another chain), `change-signature`,
    `change-unentitled`, `change-order` (the policy knows a set from that block on, or a later one),
    `change-insisted` (the reader insists on somebody who has no validator any more).
    """
    trust = parse_trust(policy)
    statement, fields = _read(change)
    _require_signed(trust, statement, fields)
    if fields["genesis"] != trust.genesis or fields["consensus"] != trust.consensus.name:
        raise _fault("is of another chain", "change-chain")
    before = trust.validators[-1] if trust.validators else None
    first, addresses = fields["from"], frozenset(fields["addresses"])
    if before is not None and first <= max(before.first, before.last or 0):
        raise _fault("is older than what the policy knows, or out of order", "change-order")
    if len(addresses) != len(fields["addresses"]):
        raise _fault("names a validator twice", "change-malformed")
    operators = read_operators(fields["operators"])
    if not trust.insisted <= {one.code for one in operators if one.validators}:
        raise _fault("takes the validators of somebody on whose seal the policy insists", "change-insisted")
    new = loads(saved(policy), max_bytes=MAX_TRUST)
    assert isinstance(new, dict)
    new["operators"] = statement["operators"]
    chain = new["chain"]
    assert isinstance(chain, dict)
    known = chain["validators"]
    assert isinstance(known, list)
    if known and isinstance(known[-1], dict) and known[-1]["to"] is None:
        known[-1]["to"] = first - 1
    known.append({"from": first, "to": None, "addresses": sorted(one.hex() for one in addresses)})
    parse_trust(dumps(new))  # what nobody could read is not given
    earlier = frozenset() if before is None else before.addresses
    owners = {address: one.name for one in (*trust.operators, *operators) for address in one.validators}
    return Followed(new, first, _sorted(addresses - earlier), _sorted(earlier - addresses), owners)


def _read(change: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        statement = loads(change, max_bytes=MAX_CHANGE)
        fields = object_of(CHANGE)(statement, "change")
    except DataFault as fault:
        raise DataFault(
            f"this is no statement of validators: {fault.message}", code="change-malformed"
        ) from fault
    assert isinstance(statement, dict)
    return statement, fields


def _require_signed(trust: TrustPolicy, statement: Mapping[str, Any], fields: Mapping[str, Any]) -> None:
    issuer = trust.issuers.get(fields["kid"])
    if issuer is None or not issuer.key.verify(signed_bytes(statement), fields["signature"]):
        raise _fault("bears no signature of an issuer that the policy pins", "change-signature")
    if issuer.entitled_at(fields["stated_at"], issuer.registry) is not None:
        raise _fault("was signed when its key was not entitled to", "change-unentitled")


def _sorted(addresses: frozenset[bytes]) -> tuple[bytes, ...]:
    return tuple(sorted(addresses))


def _fault(what: str, code: str) -> DataFault:
    return DataFault(
        f"the statement of validators {what}",
        code=code,
        hint="Nothing was changed. Ask the registry for all statements since your policy, oldest first.",
    )

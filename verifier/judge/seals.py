"""Obligation 8 (S7.2, D8): the block is sealed by pinned validators, and final."""

from __future__ import annotations

from yinzheng.verifier.chain.evidence import Evidence, NotGiven
from yinzheng.verifier.chain.header import Header, sealer
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.judge.trust import TrustPolicy


def sealed(evidence: Evidence, trust: TrustPolicy) -> None:
    """(8) The block is sealed by pinned validators, and final (S7.2): it and what is built on it carry seals
    of more than half of the validators pinned for its number.
    """
    if trust.consensus != "clique":
        raise NotGiven("seals of this consensus cannot be read", code="consensus-unsupported")
    previous: Header | None = None
    sealers: set[bytes] = set()
    for header in evidence.headers:
        _linked(previous, header)
        sealers.add(_pinned_sealer(header, trust, first=previous is None))
        previous = header
    pinned = trust.validators_at(evidence.block.number)
    if 2 * len(sealers & pinned) <= len(pinned):
        raise DataFault(
            "too few validators have built on the block for it to be final",
            code="not-final",
            seals=len(sealers & pinned),
            validators=len(pinned),
        )


def _linked(previous: Header | None, header: Header) -> None:
    if previous is not None and (header.parent != previous.hash or header.number != previous.number + 1):
        raise DataFault(
            f"block {header.number} does not follow the one given before it", code="headers-unlinked"
        )


def _pinned_sealer(header: Header, trust: TrustPolicy, *, first: bool) -> bytes:
    try:
        address = sealer(header)
    except DataFault as fault:
        if first and fault.code == "unsealed":
            raise NotGiven(fault.message, code="unsealed") from fault
        raise
    if address not in trust.validators_at(header.number):
        raise DataFault(
            f"block {header.number} is sealed by someone the policy does not pin",
            code="sealer-not-pinned",
            block=header.number,
            sealer=address.hex(),
        )
    return address

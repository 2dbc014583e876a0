"""Obligation 8 (S7.2, D8): the block is sealed by pinned validators, and final.

What the policy does not cover, or not yet, is no failure (D14): an unknown sealer, a block before or after
the ranges pinned, a missing seal. A seal that is no signature or headers that do not link are.
"""

from __future__ import annotations

from itertools import pairwise

from yinzheng.verifier.chain.consensus import UNPROVEN, recognise
from yinzheng.verifier.chain.evidence import Evidence, NotGiven
from yinzheng.verifier.chain.header import Header
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.judge.report import Block
from yinzheng.verifier.judge.trust import TrustPolicy


def sealed(evidence: Evidence, trust: TrustPolicy) -> None:
    """(8) The block is sealed by pinned validators, and final (S7.2), by those the reader insists on (D17).

    Raises `NotGiven`: `consensus-unsupported`, `consensus-differs`, `chain-differs`, `validators-unknown`,
    `not-final`, `insisted-missing`, or one of the consensus's `sealers`; `DataFault`: `headers-unlinked`, or
    one of the same.
    """
    seals = _seals(evidence, trust)
    if trust.consensus.later_seals_count:
        _require_final(evidence.block, frozenset().union(*seals), trust)
    else:
        for header, found in zip(evidence.headers, seals, strict=True):
            _require_final(header, found, trust)
    trust.remember(evidence)


def sealed_or_seal_less(evidence: Evidence, trust: TrustPolicy) -> None:
    """As `sealed`, but a chain that nobody seals passes: obligation 8 will say so.

    For what a live ledger answers: it may not be able to prove anything, but not claim it wrongly.
    """
    try:
        sealed(evidence, trust)
    except NotGiven as fault:
        if fault.code not in ("consensus-unsupported", "unsealed"):
            raise


def block_of(evidence: Evidence | None, trust: TrustPolicy, now: int) -> Block | None:
    """The block proved against, as a report names it; None without evidence."""
    if evidence is None:
        return None
    header = evidence.block
    hash_ = trust.consensus.block_hash(header)
    return Block(header.number, hash_, header.time, now - header.time, _sealed_by(evidence, trust))


def _sealed_by(evidence: Evidence, trust: TrustPolicy) -> tuple[str, ...]:
    """Names of those whose seals the headers bear, in the policy's order; none where it names no validators,
    or the headers do not link, or the seals are not such as it covers.
    """
    if not any(one.validators for one in trust.operators):
        return ()
    try:
        seals = frozenset().union(*_seals(evidence, trust))
    except (NotGiven, DataFault):
        return ()
    return tuple(one.name for one in trust.operators if one.validators & seals)


def _seals(evidence: Evidence, trust: TrustPolicy) -> list[frozenset[bytes]]:
    """Who sealed each header, which must follow one another.

    Where later seals count, one that the policy does not cover takes nothing from those before it: where they
    suffice, the list ends before it. Raises as `sealed`.
    """
    for header in evidence.headers:
        _of_this_chain(header, trust)
    for parent, header in pairwise(evidence.headers):
        _linked(parent, header, trust)
    found: list[frozenset[bytes]] = []
    for header in evidence.headers:
        try:
            found.append(_sealers(evidence, header, trust))
        except NotGiven as uncovered:
            if not trust.consensus.later_seals_count:
                raise
            try:
                _require_final(evidence.block, frozenset().union(*found), trust)
            except NotGiven:
                raise uncovered from None
            break
    return found


def _linked(parent: Header, header: Header, trust: TrustPolicy) -> None:
    if header.parent != trust.consensus.block_hash(parent) or header.number != parent.number + 1:
        raise DataFault(
            f"block {header.number} does not follow the one given before it", code="headers-unlinked"
        )


def _of_this_chain(header: Header, trust: TrustPolicy) -> None:
    """The policy's consensus made the block, and it is of the policy's chain, as far as a header tells.

    The first two blocks tell a chain's genesis; nothing else in a header names its chain.
    """
    if trust.consensus is UNPROVEN:
        raise NotGiven("seals of this consensus cannot be read", code="consensus-unsupported")
    if recognise(header) not in (trust.consensus, UNPROVEN):
        raise NotGiven(
            f"block {header.number} is of another consensus than the policy names",
            code="consensus-differs",
            consensus=recognise(header).name,
        )
    if header.number > 1:
        return
    genesis = header.parent if header.number else trust.consensus.block_hash(header)
    if genesis != trust.genesis:
        raise NotGiven(
            "the headers are of another chain than the policy pins",
            code="chain-differs",
            genesis=genesis.hex(),
        )


def _sealers(evidence: Evidence, header: Header, trust: TrustPolicy) -> frozenset[bytes]:
    pinned = trust.validators_at(header.number)
    if not pinned:
        raise NotGiven(
            f"the policy pins no validators for block {header.number}",
            code="validators-unknown",
            block=header.number,
        )

    def proved() -> frozenset[bytes]:
        rests_on = (b"sealers", trust.consensus.name.encode(), header.encoded, *sorted(pinned))
        found = trust.once(rests_on, lambda: trust.consensus.sealers(header, pinned))
        assert found is not None
        return found

    return evidence.once(("sealers", trust.consensus.name, header.encoded, pinned), proved)


def _require_final(block: Header, seals: frozenset[bytes], trust: TrustPolicy) -> None:
    pinned = trust.validators_at(block.number)
    if len(seals & pinned) < trust.consensus.quorum(len(pinned)):
        raise NotGiven(
            f"too few validators have sealed block {block.number} for it to be final",
            code="not-final",
            block=block.number,
            seals=len(seals & pinned),
            validators=len(pinned),
        )
    _require_insisted(block, seals, trust)


def _require_insisted(block: Header, seals: frozenset[bytes], trust: TrustPolicy) -> None:
    insisted = [one for one in trust.operators if one.code in trust.insisted]
    if insisted and not any(one.validators & seals for one in insisted):
        names = [one.name for one in insisted]
        raise NotGiven(
            f"nobody on whose seal the reader insists has sealed block {block.number}: {', '.join(names)}",
            code="insisted-missing",
            block=block.number,
            insisted=names,
        )

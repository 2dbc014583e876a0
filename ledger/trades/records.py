"""How a certificate stands on chain, for many questions about it between two writes (R45).

What was read is kept by the roots of the contracts' storage: as long as they are the same, so is everything
in it, and a block that anchored a head alone changes neither.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final
from weakref import WeakKeyDictionary

from web3 import Web3

from yinzheng.ledger.chain.client import ContractsClient
from yinzheng.ledger.chain.connect import prover
from yinzheng.ledger.chain.evidence import Ask
from yinzheng.ledger.chain.records import Record
from yinzheng.ledger.chain.records_moves import LicenceOnChain, LicenceState
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.licences import Act, Terms
from yinzheng.ledger.rules.terms import Right
from yinzheng.verifier.chain import terms
from yinzheng.verifier.errors import EnvironmentFault
from yinzheng.verifier.formats.trade_check import Block
from yinzheng.verifier.log.statement import certificate_subject, organisation_subject

KEPT: Final = 20_000
"""Certificates with one seller each, kept in memory: some kilobytes apiece."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the chain says of a certificate, and of what one holder licensed exclusively."""

    record: Record | None
    exclusives: tuple[Terms, ...]
    """Given and not ended; some may have run out."""


Roots = tuple[bytes, ...]


class _Kept:
    """Standings by the state they were read in: nothing here can be stale."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._seen: tuple[bytes, Roots, Roots] = (b"", (), ())
        self._roots: Roots = ()
        self._known: OrderedDict[tuple[str, str], Standing] = OrderedDict()

    def roots_of(self, block: bytes, about: Roots) -> Roots | None:
        """The roots last read, where they are those of this block, chain and contracts."""
        seen, of, roots = self._seen
        return roots if (seen, of) == (block, about) else None

    def see(self, block: bytes, about: Roots, roots: Roots) -> None:
        """Keep the roots of a block, by its hash."""
        self._seen = (block, about, roots)

    def get(self, roots: Roots, key: tuple[str, str]) -> Standing | None:
        with self._lock:
            return self._known.get(key) if roots == self._roots else None

    def put(self, roots: Roots, key: tuple[str, str], standing: Standing) -> None:
        with self._lock:
            if roots != self._roots:
                self._known.clear()
                self._roots = roots
            self._known[key] = standing
            if len(self._known) > self._most:
                self._known.popitem(last=False)


_kept: Final = _Kept(KEPT)

_seen: Final[WeakKeyDictionary[Web3, Block]] = WeakKeyDictionary()
"""The last final block, by the line on which a node told it: while that is open no other has its number."""


@dataclass(frozen=True, slots=True)
class View:
    """The chain in its last final block."""

    client: ContractsClient
    block: Block
    roots: Roots
    """Which chain and contracts, and the roots of their storage in that block."""

    @classmethod
    def newest(cls, registry: Registry) -> View:
        """Look at the last final block. Raises `EnvironmentFault` where the node does not answer."""
        proving = prover(registry.w3, registry.instance)
        number = proving.last_final()
        block = _seen.get(registry.w3)
        if block is None or block.number != number:
            block = _seen[registry.w3] = _block(proving.ask, number)
        deployment, modules = registry.instance.deployment, registry.instance.modules
        addresses = (deployment.rights, modules.moves)
        about = (registry.instance.genesis, *addresses)
        roots = _kept.roots_of(block.hash, about)
        if roots is None:
            roots = (*about, *(_root(proving.ask, address, number) for address in addresses))
            _kept.see(block.hash, about, roots)
        return cls(registry.client, block, roots)

    def standing(self, number: str, seller: str) -> Standing:
        """Read how a certificate stands, and what `seller` (a credit code) licensed exclusively under it."""
        known = _kept.get(self.roots, (number, seller))
        if known is None:
            known = self._read(certificate_subject(number), organisation_subject(seller))
            _kept.put(self.roots, (number, seller), known)
        return known

    def _read(self, subject: bytes, seller: bytes) -> Standing:
        client, at = self.client, self.block.number
        record = client.record(subject, at)
        if record is None:
            return Standing(None, ())
        line = client.line_of(subject, seller, at)
        ids = {id_ for place in range(len(Right)) for id_ in client.exclusives_of(line, 1 << place, at)}
        found = [client.licence(id_, at) for id_ in sorted(ids)]
        given = [one for one in found if one is not None and one.state is LicenceState.GIVEN]
        return Standing(record, tuple(map(_terms, given)))


def _terms(licence: LicenceOnChain) -> Terms:
    return Terms(
        rights=frozenset(map(Right, terms.names_of_bits(licence.rights, terms.RIGHTS))),
        acts=frozenset(map(Act, terms.names_of_bits(licence.acts, terms.ACTS))),
        territory=frozenset(terms.names_of_bits(licence.territory, terms.TERRITORY)),
        begins=licence.valid_from,
        ends=licence.valid_until,
    )


def _block(ask: Ask, number: int) -> Block:
    found = ask("eth_getBlockByNumber", [hex(number), False])
    try:
        return Block(number, bytes.fromhex(found["hash"][2:]), int(found["timestamp"], 16))
    except (KeyError, TypeError, ValueError):
        raise EnvironmentFault(
            f"The node does not show its block {number}.",
            code="node-no-block",
            hint="It may still be synchronising, or belong to another network.",
        ) from None


def _root(ask: Ask, address: bytes, block: int) -> bytes:
    answer = ask("eth_getProof", ["0x" + address.hex(), [], hex(block)])
    return bytes.fromhex(answer["storageHash"][2:])

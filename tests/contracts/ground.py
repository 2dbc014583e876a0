"""The embedded chain in memory, with moments to come back to: what contracts are tested on."""

from collections.abc import Mapping

from eth.db.atomic import AtomicDB
from eth_keys.datatypes import PrivateKey

from yinzheng.ledger.chain.embedded.chain import EmbeddedChain
from yinzheng.ledger.chain.embedded.db import Staging, Store, found
from yinzheng.ledger.chain.embedded.genesis import FUNDS, Genesis
from yinzheng.ledger.chain.embedded.tries import Read
from yinzheng.ledger.state.faults import NO_FAULTS

CHAIN_ID = 131_277_322_940_537
VALIDATOR = PrivateKey(bytes(31) + b"\1")


Moment = Mapping[bytes, bytes | None]
"""Everything that the chain held then."""


class Memory(Staging, Store):
    """A `Store` that keeps nothing: the same reads and commits, in a dictionary."""

    def __init__(self) -> None:
        super().__init__(AtomicDB())
        self.nodes = Read()

    def __getitem__(self, key: bytes) -> bytes:
        if (value := found(self.changes.get, key)) is None:
            raise KeyError(key)
        return value

    def keys_between(self, first: bytes, last: bytes) -> list[bytes]:
        return sorted(key for key in self.changes if first <= key <= last and self.exists(key))

    def commit(self, changes: Mapping[bytes, bytes | None]) -> None:
        self.changes.update(changes)

    def close(self) -> None:
        self.changes.clear()


class Ground(EmbeddedChain):
    """A chain whose blocks are a second apart, whatever the time, unless the next one's is set."""

    def __init__(self, start: int, accounts: tuple[bytes, ...]) -> None:
        self.memory, self.instant = Memory(), 0
        super().__init__(self.memory, self._next, VALIDATOR, None, NO_FAULTS)
        validator = VALIDATOR.public_key.to_canonical_address()
        self.begin(Genesis(CHAIN_ID, validator, dict.fromkeys(accounts, FUNDS), start))

    def _next(self) -> int:
        return max(self.instant, self.head().timestamp + 1)

    def moment(self) -> Moment:
        """What `back_to` comes back to, as often as one likes."""
        return dict(self.memory.changes)

    def back_to(self, moment: Moment) -> None:
        self.memory.changes, self.instant = dict(moment), 0
        self.memory.nodes = Read()  # those of blocks that are no more have places that are others'

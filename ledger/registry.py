"""The open registry: one handle that every use case works through. `opening.py` opens it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from web3 import Web3

from yinzheng.ledger.chain.client import ContractsClient
from yinzheng.ledger.chain.connect import prover
from yinzheng.ledger.chain.sender import Carrier, Sender
from yinzheng.ledger.flow.calls import Kinds
from yinzheng.ledger.keys.provider import RELAY, KeyProvider
from yinzheng.ledger.log.tilelog import TileLog
from yinzheng.ledger.rules.calendar import WorkingCalendar
from yinzheng.ledger.state.faults import Faults
from yinzheng.ledger.state.instance import Instance, Paths
from yinzheng.ledger.store.blobs import BlobStore
from yinzheng.ledger.store.database import Store

Clock = Callable[[], int]
Progress = Callable[[str], None]


def wall_clock() -> int:
    """UTC seconds now."""
    return int(time.time())


def silent(_step: str) -> None:
    """Report progress to nobody."""


class Keeping(Protocol):
    """What it takes to write an access line: an open registry has it, and a `KeptFolder`."""

    @property
    def instance(self) -> Instance:
        """Whose registry it is."""

    @property
    def keys(self) -> KeyProvider:
        """With the key-encryption key."""

    @property
    def clock(self) -> Clock:
        """UTC seconds."""


@dataclass(frozen=True, slots=True)
class KeptFolder:
    """A state folder whose keys and database are open and nothing else: in restoring, in wrapping anew."""

    instance: Instance
    keys: KeyProvider
    clock: Clock


@dataclass(frozen=True)
class Registry:
    """Everything a use case needs, opened for writing by the one writer."""

    paths: Paths
    instance: Instance
    store: Store
    log: TileLog
    blobs: BlobStore
    w3: Web3
    client: ContractsClient
    kinds: Kinds
    sender: Sender
    keys: KeyProvider
    calendar: WorkingCalendar
    clock: Clock
    faults: Faults
    random: Callable[[int], bytes] = secrets.token_bytes
    """Fresh bytes for commitments; prepared ones where someone signs elsewhere (`people.decisions`)."""

    def last_final(self) -> int:
        """Number of the chain's last final block. Raises `EnvironmentFault` where no node answers."""
        return prover(self.w3, self.instance).last_final()

    def carrier_of(self, sender: str) -> Carrier:
        """Carries what that sender signed: the relay's key is here, a person's never is."""
        return self.sender if sender == RELAY else Carrier(self.w3, time.sleep)

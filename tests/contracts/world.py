"""A London chain in memory with the contracts on it, its people, and shorthand for moves."""

from collections.abc import Sequence
from dataclasses import dataclass

from eth_account import Account
from eth_account.signers.local import LocalAccount
from web3 import Web3

from tests.contracts.ground import Ground
from tests.wallet import sign
from yinzheng.ledger.chain.approvals import Closure, Conclusion, Deposit, Publication
from yinzheng.ledger.chain.client import RegistryClient
from yinzheng.ledger.chain.configuration import configure
from yinzheng.ledger.chain.connect import speaking
from yinzheng.ledger.chain.deployment import RoleHolders, deploy
from yinzheng.ledger.chain.embedded.provider import EmbeddedProvider
from yinzheng.ledger.chain.messages import Message
from yinzheng.ledger.chain.outcomes import Mined
from yinzheng.ledger.chain.records import Procedure
from yinzheng.ledger.chain.sender import Call, Sender, SignedTransaction
from yinzheng.ledger.rules.calendar import day_of, official_calendar
from yinzheng.ledger.rules.profiles import PROFILES

START = 1_789_952_400
"""Monday 2026-09-21, 09:00 at +08:00: a make-up Sunday behind, National Day ahead, whenever the tests run."""


def person(number: int) -> LocalAccount:
    """Give a fixed key for a test person."""
    account: LocalAccount = Account.from_key(number.to_bytes(32, "big"))
    return account


def address(account: LocalAccount) -> bytes:
    return bytes.fromhex(account.address[2:])


BY_LAW = 0x26
"""The ending of a record that the registry cancelled on the ground of law or rules (S5.3)."""

ADMIN, RELAY, STRANGER = person(1001), person(1002), person(1003)
OFFICERS = (person(2001), person(2002))
MEMBERS = (person(3001), person(3002))
BOTH = person(4001)
"""Holds both roles, as a clerk might who was put on the committee."""

HOLDERS = RoleHolders(
    relay=address(RELAY),
    registry=tuple(address(p) for p in (*OFFICERS, BOTH)),
    committee=tuple(address(p) for p in (*MEMBERS, BOTH)),
)


def b32(number: int) -> bytes:
    return number.to_bytes(32, "big")


class Crash(Exception):
    """What stands for a process that was killed."""


class Frail(Sender):
    """One that is killed when the node has taken `done` of its transactions."""

    def __init__(self, w3: Web3, account: LocalAccount, done: int) -> None:
        super().__init__(w3, account, _no_wait)
        self._done = done

    def broadcast_all(self, transactions: Sequence[SignedTransaction]) -> None:
        super().broadcast_all(transactions[: self._done])
        if len(transactions) > self._done:
            raise Crash


@dataclass
class World:
    """One chain with one deployment."""

    ground: Ground
    w3: Web3
    client: RegistryClient
    relay: Sender
    admin: Sender

    @classmethod
    def create(cls) -> "World":
        ground = Ground(START, tuple(map(address, (ADMIN, RELAY, STRANGER))))
        w3 = speaking(EmbeddedProvider(ground))
        admin, relay = Sender(w3, ADMIN, _no_wait), Sender(w3, RELAY, _no_wait)
        client = RegistryClient(w3, deploy(w3, admin, HOLDERS))
        world = cls(ground, w3, client, relay, admin)
        first = day_of(world.now) - 3
        configure(client, admin, PROFILES.values(), official_calendar(), first)
        return world

    @property
    def now(self) -> int:
        """Time of the latest block."""
        return self.ground.head().timestamp

    def next_block_at(self, instant: int) -> None:
        """Let the next block, in which calls are simulated as well, have this time."""
        self.ground.instant = instant

    def send(self, call: Call, sender: Sender | None = None) -> Mined:
        return (sender or self.relay).send(call, 1)

    def gas_since(self, first: int) -> list[int]:
        """Gas of each transaction in block `first` and those after it, in their order."""
        blocks = range(first, self.w3.eth.block_number + 1)
        return [one["gasUsed"] for number in blocks for one in self.w3.eth.get_block_receipts(number)]

    def sign(self, decision: Message, *people: LocalAccount) -> list[bytes]:
        return [sign(decision, self.client.domain, p) for p in people]

    def publish(
        self,
        case_id: bytes,
        procedure: Procedure = Procedure.SIMPLIFIED,
        profile: str = "DEMO/1",
        waived: bool = False,
        people: Sequence[LocalAccount] | None = None,
    ) -> Call:
        decision = Publication(case_id, profile, procedure, b32(7), waived)
        if people is None:
            people = (OFFICERS[0], MEMBERS[0]) if waived else OFFICERS[:1]
        return self.client.open_publicity(decision, self.sign(decision, *people))

    def conclude(
        self, case_id: bytes, objection: bytes, upheld: bool, people: Sequence[LocalAccount] = OFFICERS[:1]
    ) -> Call:
        decision = Conclusion(case_id, objection, b32(9), upheld)
        return self.client.conclude_objection(decision, self.sign(decision, *people))

    def close(self, case_id: bytes, people: Sequence[LocalAccount] = OFFICERS[:1]) -> Call:
        decision = Closure(case_id, b32(10))
        return self.client.close_case(decision, self.sign(decision, *people))

    def deposit(self, decision: Deposit, people: Sequence[LocalAccount] = OFFICERS[:1]) -> Call:
        return self.client.deposit(decision, self.sign(decision, *people))


def _no_wait(_: float) -> None:
    return None

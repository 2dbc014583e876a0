"""A chain with the modules on it, and shorthand for withdrawals and disputes."""

from dataclasses import dataclass, replace
from typing import Any

import pytest
from eth_account.signers.local import LocalAccount

from tests.contracts.world import BY_LAW, World, address, b32, person
from tests.wallet import sign
from yinzheng.ledger.chain.approvals import Deposit, Opening, Release
from yinzheng.ledger.chain.client import ContractsClient
from yinzheng.ledger.chain.modules import deploy_modules
from yinzheng.ledger.chain.outcomes import Mined
from yinzheng.ledger.chain.records import Amendment, OpeningKind, Record, Status, Withdrawal
from yinzheng.ledger.chain.sender import Call, Sender
from yinzheng.verifier.errors import YinzhengError

FORUM, OTHER_FORUM = person(5001), person(5002)
PARTIES = tuple(sorted((person(6001), person(6002)), key=address))
STATEMENT, OUTCOME, ROOT = b32(70), b32(71), b32(72)
CONSENT, DISPUTE, REQUEST = b32(80), b32(81), b32(82)
RECIPIENTS = (b32(91), b32(92))
HOUR, DAY = 3600, 86_400
ONE, TWO, CASE = b32(11), b32(12), b32(21)
GROUND = b32(50)


@dataclass
class Court:
    """One chain with deployment and modules; time as in its `world`."""

    world: World
    client: ContractsClient

    @classmethod
    def create(cls, world: World) -> "Court":
        """Put the modules beside the deployment of `world`."""
        forums = (address(FORUM), address(OTHER_FORUM))
        modules = deploy_modules(world.w3, world.admin, world.client.deployment, forums=forums)
        return cls(world, ContractsClient(world.w3, world.client.deployment, modules))

    @property
    def now(self) -> int:
        return self.world.now

    def send(self, call: Call, sender: Sender | None = None) -> Mined:
        return self.world.send(call, sender)

    def refused(self, call: Call, sender: Sender | None = None) -> str:
        """Send what must be refused; give the error's code."""
        with pytest.raises(YinzhengError) as caught:
            self.send(call, sender)
        return caught.value.code

    def code(self, call: Call) -> str | None:
        """Simulate as the relay; give the error's code, None if it would pass."""
        try:
            self.client.simulate(call, self.world.relay.address)
        except YinzhengError as error:
            return error.code
        return None

    def pass_to(self, instant: int) -> None:
        """Let a block have this time."""
        self.world.next_block_at(instant)
        self.world.admin.send(Call(self.world.admin.address, b"", 21_000), 1)

    # ---------------------------------------------------------------- consents

    def withdraw(self, id_: bytes = CONSENT, *, ago: int = 0, minor: bool = False, **changes: Any) -> Call:
        """Withdraw as received `ago` seconds before the latest block."""
        fields: dict[str, Any] = {"consent": id_, "request": REQUEST, "recipients": RECIPIENTS} | changes
        return self.client.open_withdrawal(id_, received_at=self.now - ago, minor=minor, **fields)

    def withdrawal(self, id_: bytes = CONSENT) -> Withdrawal:
        found = self.client.withdrawal(id_)
        assert found is not None
        return found

    # ---------------------------------------------------------------- disputes

    def opening(self, **changes: Any) -> Opening:
        """Describe a dispute that the forum opens on CONSENT."""
        decision = Opening(
            DISPUTE,
            ROOT,
            OpeningKind.FORUM,
            tuple(address(party) for party in PARTIES),
            STATEMENT,
            consents=(CONSENT,),
        )
        return replace(decision, **changes)

    def open(self, decision: Opening, signer: LocalAccount = FORUM) -> Call:
        return self.client.open_dispute(decision, sign(decision, self.client.preservation_domain, signer))

    def release(self, *people: LocalAccount, case_id: bytes = DISPUTE, outcome: bytes = OUTCOME) -> Call:
        decision = Release(case_id, outcome)
        approvals = [sign(decision, self.client.preservation_domain, who) for who in people]
        return self.client.release(decision, approvals, 64)

    # ---------------------------------------------------------------- certificates

    def deposited(self, id_: bytes) -> bytes:
        """Deposit a certificate under this identifier."""
        return self.deposited_from(self.published(b32(int.from_bytes(id_, "big") + 10**6), waived=True), id_)

    def deposited_from(self, case_id: bytes, id_: bytes) -> bytes:
        """Deposit from a case whose publicity has ended."""
        self.send(self.world.deposit(Deposit(id_, case_id, b32(3), self.now, self.now + 365 * DAY, b32(4))))
        return id_

    def published(self, case_id: bytes, *, waived: bool = False) -> bytes:
        self.send(self.world.publish(case_id, waived=waived))
        return case_id


def like(record: Record, **changes: Any) -> Amendment:
    """Amend nothing of `record` but what `changes` say."""
    names = ("status", "remarks", "holds", "objections", "reserved_until", "reserved_by", "ending")
    if changes.get("status") is Status.CANCELLED and record.status is not Status.CANCELLED:
        changes = {"ending": BY_LAW} | changes
    return Amendment(**{name: getattr(record, name) for name in names} | changes)


def record(court: Court, id_: bytes = ONE) -> Record:
    found = court.client.record(id_)
    assert found is not None
    return found


def case_holds(court: Court, case_id: bytes = CASE) -> int:
    found = court.client.case(case_id)
    assert found is not None
    return found.holds


def consent_holds(court: Court, id_: bytes = CONSENT) -> int:
    found = court.client.withdrawal(id_)
    return found.holds if found else 0

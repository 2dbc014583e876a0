"""An organisation's own account tells the contracts itself, through a node of its own (D17, S24).

Nothing here needs the registry, its desk or its node: the policy names chain and contracts, the node takes
the transaction. The registry finds it in final blocks, and cannot ignore it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from yinzheng.api.org.member import Member
from yinzheng.ledger.chain.clients.rights import RightsCalls
from yinzheng.ledger.chain.clients.standing import StandingCalls
from yinzheng.ledger.chain.connect import connect
from yinzheng.ledger.chain.reverts import translated
from yinzheng.ledger.chain.sender import Call, Sender
from yinzheng.verifier.bytes.algorithms import keccak256
from yinzheng.verifier.errors import EnvironmentFault, UsageFault
from yinzheng.verifier.judge.trust import TrustPolicy

PATIENCE = 90
"""Seconds until a block has what was sent."""


class Inlets(RightsCalls, StandingCalls):
    """The contracts that take in what is told directly, by a policy's addresses."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a block has."""

    transaction: bytes
    block: int


class Own:
    """An organisation's account at a node of its own."""

    def __init__(self, member: Member, policy: TrustPolicy, url: str) -> None:
        """Ask the node which chain it is of. Raises `EnvironmentFault` `other-chain`, or as the node does."""
        self._sender, self.calls = _opened(member, policy, url)

    @property
    def account(self) -> bytes:
        """The account, 20 bytes."""
        return self._sender.address

    def try_(self, call: Call) -> None:
        """Ask what would come of it; nothing is sent. Raises what the contracts say of it."""
        self.calls.simulate(call, self.account)

    def tell(self, call: Call) -> Told:
        """Send it and wait until a block has it, which need not be final yet.

        Raises what the contracts say of it before anything is sent; `EnvironmentFault` as the node does,
        `OutcomeOpen` (it is sent, and in no block yet).
        """
        sender = self._sender
        self.try_(call)
        made = sender.prepare(call, sender.next_nonce(), sender.fees())
        sender.broadcast(made)
        mined = sender.wait(made.hash, PATIENCE)
        if mined.refusal is not None:
            raise mined.refusal
        return Told(made.hash, mined.block_number)


def objection_name(about: bytes, objection: bytes, account: bytes) -> bytes:
    """What the contracts call an objection that an account other than the registry's raised (S24.2)."""
    return keccak256(about + objection + account.rjust(32, b"\0"))


def _opened(member: Member, policy: TrustPolicy, url: str) -> tuple[Sender, Inlets]:
    if policy.standing is None:
        raise UsageFault(
            "this policy does not pin the contracts that are told directly",
            code="moves-not-pinned",
            hint="Get the registry's present trust.json from its officer.",
        )
    w3 = connect(url)
    with translated():
        found = (w3.eth.chain_id, bytes(w3.eth.get_block(0)["hash"]))
    if found != (policy.chain_id, policy.genesis):
        raise EnvironmentFault(
            "this node is of another chain than the policy names",
            code="other-chain",
            hint="Nothing was sent. Give the address of a node of that chain.",
        )
    addresses: Mapping[str, bytes] = {
        "rights": policy.rights.address,
        "standing": policy.standing.address,
    }
    return Sender(w3, member.account_key().account(), time.sleep), Inlets(w3, addresses)

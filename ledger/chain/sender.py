"""From a call to a mined transaction, in steps that a crash may fall between (D9).

`prepare` sends nothing, so that the caller can keep the bytes before anything is sent; `broadcast` may be
repeated with them; `outcome` looks up what became of them. A transaction whose answer
was lost is looked up by its hash and never sent again under another nonce.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from statistics import median_low
from typing import Any, Final, Protocol, runtime_checkable

from eth_account import Account
from eth_account.signers.base import BaseAccount
from eth_typing import BlockNumber, ChecksumAddress
from web3 import Web3
from web3.providers.base import JSONBaseProvider
from web3.types import BlockIdentifier, RPCEndpoint

from yinzheng.ledger.chain.fees import Fees, Payable, payable
from yinzheng.ledger.chain.outcomes import Mined, Outcome, Unknown, outcome
from yinzheng.ledger.chain.reverts import NodeRefused, RevertUnknown, translated
from yinzheng.ledger.chain.transactions import sign
from yinzheng.verifier.bytes.algorithms import keccak256
from yinzheng.verifier.errors import EnvironmentFault, YinzhengError

POLL_SECONDS = 0.05
"""Until the second look at what became of a transaction; each pause after it is longer, up to a second."""
_LONGEST_PAUSE = 1.0
LOOKS_UNTIL_REPLACED = 6
"""In a row, that find a nonce taken and no transaction, until it is believed that another has it."""
MOST_FOR_SEALERS: Final = 100 * 10**9
"""Wei for one unit of gas that sealers get at most, where nobody set another limit: what a node suggests
beyond it is a mistake or a trap."""


@dataclass(frozen=True, slots=True)
class Call:
    """What a transaction does. `to` is 20 bytes, or None to create a contract; `gas` is its limit."""

    to: bytes | None
    data: bytes
    gas: int
    value: int = 0


@dataclass(frozen=True, slots=True)
class SignedTransaction:
    """A transaction ready to send: `raw` as it goes to the node, `hash` its 32-byte name."""

    raw: bytes
    hash: bytes
    nonce: int
    earlier: tuple["SignedTransaction", ...] = ()
    """Those that it replaces, the dearest first: each has the same nonce, and may be the one mined."""


@dataclass(frozen=True, slots=True)
class Replaced:
    """Another transaction of the account has the nonce, in a final block: this one can never be mined."""

    @property
    def refusal(self) -> YinzhengError:
        """What is told where nobody here can sign it anew."""
        return NodeRefused(
            "The account sent another transaction with the same nonce.",
            code="nonce-taken",
            hint="Do again what was asked; nothing of it is on the chain.",
        )


@runtime_checkable
class Several(Protocol):
    """A provider that speaks to several nodes."""

    def each(self, method: str, params: list[Any]) -> list[Any]:
        """What each of them that is well answers, those that refuse left out."""


class OutcomeOpen(EnvironmentFault):
    """The transaction was not mined in the time given. It may still be: ask for its `outcome` later."""


def pauses(patience: float, monotonic: Callable[[], float] = time.monotonic) -> Iterator[float]:
    """Give pauses between looks, short ones first, until they and the looks took `patience` seconds."""
    begin, paused, pause = monotonic(), 0.0, POLL_SECONDS
    while max(paused, monotonic() - begin) < patience:
        yield pause
        paused, pause = paused + pause, min(1.5 * pause, _LONGEST_PAUSE)


class Carrier:
    """Carries transactions that are signed already, and looks up what became of them; holds no key."""

    def __init__(self, w3: Web3, sleep: Callable[[float], None]) -> None:
        """Use `sleep` (seconds) between two looks at a pending transaction."""
        self._w3 = w3
        self._sleep = sleep

    def broadcast(self, transaction: SignedTransaction) -> None:
        """Hand the transaction to the node; one that the node knows already counts as handed over.

        Raises:
            ChainUnreachable: no answer; whether it arrived is unknown, so ask for its `outcome`.
            NodeRefused: the node does not take it.
        """
        try:
            with translated():
                self._w3.eth.send_raw_transaction(transaction.raw)
        except (NodeRefused, RevertUnknown):
            if isinstance(self.outcome(transaction.hash), Unknown):
                raise

    def broadcast_all(self, transactions: Sequence[SignedTransaction]) -> None:
        """Hand several to the node at once, in the order of their nonces; raises as `broadcast`."""
        refused = list(transactions)
        if len(transactions) > 1 and isinstance(self._w3.provider, JSONBaseProvider):
            # Below web3, which sends no transactions in batches.
            method = RPCEndpoint("eth_sendRawTransaction")
            requests = [(method, ["0x" + transaction.raw.hex()]) for transaction in transactions]
            with translated():
                answers = self._w3.provider.make_batch_request(requests)
            if isinstance(answers, list) and len(answers) == len(transactions):
                refused = [one for one, it in zip(transactions, answers, strict=True) if "error" in it]
        for transaction in refused:
            self.broadcast(transaction)

    def outcome(self, transaction_hash: bytes) -> Outcome:
        """Look up what became of a transaction.

        Raises:
            ChainUnreachable: the node does not answer.
        """
        return outcome(self._w3, transaction_hash)

    def found(self, sent: SignedTransaction) -> tuple[Outcome, SignedTransaction]:
        """Look up what became of a transaction or of those it replaces: the one that is mined, else it."""
        found = self.outcome(sent.hash)
        for one in () if isinstance(found, Mined) else sent.earlier:
            if isinstance(other := self.outcome(one.hash), Mined):
                return other, one
            if isinstance(found, Unknown):
                found = other
        return found, sent

    def wait(self, transaction_hash: bytes, patience: float) -> Mined:
        """Wait at most `patience` seconds until the transaction is in a block, which need not be final.

        Raises:
            OutcomeOpen: it is not mined yet, or the node does not know it.
        """
        return self._wait(transaction_hash, pauses(patience), lambda: None)

    def _wait(self, transaction_hash: bytes, waits: Iterator[float], again: Callable[[], None]) -> Mined:
        """The same; `again` is called where the node does not know it."""
        while not isinstance(found := self.outcome(transaction_hash), Mined):
            if isinstance(found, Unknown):
                again()
            pause = next(waits, None)
            if pause is None:
                raise _open(transaction_hash)
            self._sleep(pause)
        return found

    def _again(self, sent: SignedTransaction) -> None:
        """Hand it over once more, or else what it replaces: its block was orphaned, or the node forgot it."""
        for one in (sent, *sent.earlier):
            with suppress(NodeRefused, RevertUnknown):
                self.broadcast(one)
                return

    def wait_final(
        self, sent: SignedTransaction, last_final: Callable[[], int], waits: Iterator[float]
    ) -> tuple[Mined | Replaced, SignedTransaction]:
        """Wait until the transaction is in a final block, or can never be; several may share `waits`.

        Gives which one it is: it, or one of those it replaces.
        `last_final` gives the number of the last final block. A block that is orphaned before it is final is
        none: the transaction is looked for again.

        Raises:
            OutcomeOpen: neither, when `waits` are over.
        """
        taken = 0
        while True:
            final = last_final()  # first: what is found afterwards in a block so old stays there
            found, which = self.found(sent)
            if isinstance(found, Mined):
                taken = 0
                if found.block_number <= final:
                    return found, which
            elif count_of(self._w3, account_of(sent.raw), final) > sent.nonce:
                taken += 1  # by this one, perhaps: of several nodes behind one address some lag
                if taken == LOOKS_UNTIL_REPLACED:
                    return Replaced(), sent
            else:
                taken = 0
                if isinstance(found, Unknown):
                    self._again(sent)
            pause = next(waits, None)
            if pause is None:
                raise _open(sent.hash)
            self._sleep(pause)

    def counted(self, account: bytes) -> int:
        """Count an account's transactions, those that the node holds for the next blocks included."""
        with translated():
            found = self._w3.eth.get_transaction_count(checksummed(account), "pending")
        return max(found, count_of(self._w3, account))


class Sender(Carrier):
    """Sends one account's transactions. The caller sees to it that an account has one sender at a time."""

    def __init__(
        self,
        w3: Web3,
        account: BaseAccount,
        sleep: Callable[[float], None],
        most: int = MOST_FOR_SEALERS,
    ) -> None:
        """As `Carrier`, with the account that signs, and `most` wei a unit of gas for the sealers."""
        super().__init__(w3, sleep)
        self._account = account
        self.most = most
        with translated():
            self._chain_id = w3.eth.chain_id

    @property
    def address(self) -> bytes:
        """Address of the account, 20 bytes."""
        return bytes.fromhex(self._account.address[2:])

    def next_nonce(self) -> int:
        """Count the account's mined transactions: the nonce of its next one if none is pending."""
        return count_of(self._w3, self.address)

    def fees(self) -> Fees:
        """Give fees that survive several full blocks, with what the nodes suggest for the sealers.

        Of several nodes the middle one is believed, of two the one that says less: what is too little is
        raised later (ADR 69), and what one alone says beyond all reason is not signed (ADR 85).
        Zero where nothing can be paid: on a network without fees accounts hold nothing, and need nothing.
        """
        said = self._said("eth_getBlockByNumber", ["latest", False])
        bases = [int(block["baseFeePerGas"], 16) for block in said if block.get("baseFeePerGas")]
        base = median_low(bases) if 2 * len(bases) > len(said) else None
        if not base and not self.balance():
            return Fees(0, None if base is None else 0)
        if base is None:
            with translated():
                return Fees(min(self._middle("eth_gasPrice"), self.most), None)
        priority = min(self._middle("eth_maxPriorityFeePerGas"), self.most)
        return Fees(2 * base + priority, priority)

    def fees_for(self, gas: Sequence[int]) -> Payable:
        """The same as far as the account can pay them, for transactions with these limits, in their order.

        Raises `EnvironmentFault` `chain-unfunded` where not even the first can be paid.
        """
        return payable(self.address, self.balance(), self.fees(), gas)

    def balance(self) -> int:
        """What the account holds, in wei."""
        with translated():
            return int(self._w3.eth.get_balance(checksummed(self.address)))

    def _middle(self, method: str) -> int:
        """What the nodes suggest; zero where they suggest nothing."""
        said = [int(one, 16) for one in self._said(method, []) if isinstance(one, str)]
        return median_low(said) if said else 0

    def _said(self, method: str, params: Sequence[Any]) -> list[Any]:
        """What each node that is well answers, if it does not refuse."""
        nodes = self._w3.provider
        with translated():
            if isinstance(nodes, Several):
                return nodes.each(method, list(params))
            answer = nodes.make_request(RPCEndpoint(method), list(params))
        return [answer["result"]] if answer.get("result") is not None else []

    def prepare(self, call: Call, nonce: int, fees: Fees) -> SignedTransaction:
        """Sign `call`. No node is asked.

        A key in memory gives the same bytes for the same arguments (RFC 6979); one in a token need not.
        """
        raw = sign(self._account, self._chain_id, nonce, fees, call.gas, call.to, call.value, call.data)
        return SignedTransaction(raw, keccak256(raw), nonce)

    def send(self, call: Call, patience: float) -> Mined:
        """`send_all` of one."""
        return self.send_all([call], patience)[0]

    def send_all(self, calls: Sequence[Call], patience: float) -> list[Mined]:
        """Prepare, broadcast and wait, for those who keep nothing in between (deployment, administration).

        All go at once, in their order, once nothing of the account is under way any more.

        Raises:
            YinzhengError: the contract refused one, as the typed error of its reason.
            OutcomeOpen: not all are in blocks after `patience` seconds.
        """
        waits = pauses(patience)
        while self.counted(self.address) > self.next_nonce():
            pause = next(waits, None)
            if pause is None:
                raise OutcomeOpen(
                    "What the account sent before is not in a block yet.",
                    code="chain-timeout",
                    hint="Nothing is lost: do it again later.",
                )
            self._sleep(pause)
        nonce, fees = self.next_nonce(), self.fees_for([call.gas for call in calls]).fees
        made = [self.prepare(call, number, fees) for number, call in enumerate(calls, start=nonce)]
        self.broadcast_all(made)
        mined = [self._wait(one.hash, waits, partial(self._again, one)) for one in made]
        for one in mined:
            if one.refusal is not None:
                raise one.refusal
        return mined


def count_of(w3: Web3, address: bytes, block: int | None = None) -> int:
    """How many transactions of an account (20 bytes) are in blocks, up to a numbered one or the newest."""
    with translated():
        which: BlockIdentifier = "latest" if block is None else BlockNumber(block)
        return w3.eth.get_transaction_count(checksummed(address), which)


def _open(transaction_hash: bytes) -> OutcomeOpen:
    return OutcomeOpen(
        "The transaction is not in a final block yet.",
        code="chain-timeout",
        hint="Nothing is lost: look it up again by its hash; do not send it under another nonce.",
        transaction=transaction_hash.hex(),
    )


def account_of(raw: bytes) -> bytes:
    """The account, 20 bytes, that signed a transaction."""
    return bytes.fromhex(Account.recover_transaction(raw)[2:])


def checksummed(address: bytes) -> ChecksumAddress:
    """Give 20 bytes as web3 wants an address."""
    return Web3.to_checksum_address("0x" + address.hex())

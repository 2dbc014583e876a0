"""Asking a chain node over JSON-RPC, with the standard library alone: what `yinzheng verify --rpc` uses.

A node keeps no records: record, statement and log proof come with the certificate's own file. What the node
says of the chain is proved by Merkle-Patricia proofs against sealed headers, so it need not be trusted.
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from yinzheng.ledger.chain.evidence import Prover, collect_certificate
from yinzheng.ledger.chain.wire import Nonsense, Refusal, question, read_answer
from yinzheng.ledger.net import plain
from yinzheng.ledger.net.exchange import Answer, Bounds, NoAnswer, Sent, TooLong, Untrusted
from yinzheng.ledger.net.routes import address_of
from yinzheng.verifier.chain.layout import root_slot
from yinzheng.verifier.chain.layout_consents import consent_slots
from yinzheng.verifier.chain.layout_moves import account_slots
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault
from yinzheng.verifier.judge.asof.situation import LiveStatement, Wanted
from yinzheng.verifier.judge.holder import LiveOrganisation
from yinzheng.verifier.judge.live import LiveRecord
from yinzheng.verifier.judge.receipt.erasure import LiveTombstone
from yinzheng.verifier.judge.trust import TrustPolicy

MAX_ANSWER: Final = 2 * 1024 * 1024
SECONDS: Final = 20.0
"""For one answer."""
ALL_SECONDS: Final = 90.0
"""For all answers together: a block of some day is found in two dozen steps."""


class RpcReader:
    """An `AnyReader` over one node."""

    def __init__(
        self,
        url: str,
        trust: TrustPolicy,
        *,
        environment: Mapping[str, str] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises `UsageFault` (`rpc-url`) unless it is an http or https URL; nothing is asked yet."""
        try:
            address_of(url)
        except ValueError:
            raise UsageFault(
                "a node's address is an http or https URL",
                code="rpc-url",
                hint="Write it like http://127.0.0.1:8545.",
            ) from None
        self._url = url
        self._trust = trust
        self._environment = os.environ if environment is None else environment
        self._monotonic = monotonic
        self._until: float | None = None
        self._numbers = itertools.count(1)
        self._is_ours = False

    def record(self, number: str) -> LiveRecord | None:
        """A node keeps no records."""
        del number
        return None

    def chain(self, subject: bytes, size: int | None, at: int | None) -> object:
        """Evidence for the record, and the anchored root of `size`; see `LiveReader.chain`."""
        return self._asked(
            lambda prover: collect_certificate(prover, prover.last_final(at), subject, size, self._trust)
        )

    def storage(self, wanted: Wanted, *, at: int | None, block: int | None) -> object:
        """Evidence for slots of any contract; see `StorageReader.storage`."""
        asked = list(wanted.items())
        return self._asked(
            lambda prover: prover.newest(asked, at) if block is None else prover.collect(block, asked)
        )

    def final(self) -> int:
        """Number of the last final block."""
        return int(str(self._asked(lambda prover: prover.last_final())))

    def logs(self, addresses: Sequence[bytes], first: int, last: int) -> list[Mapping[str, Any]]:
        """The events of these contracts in blocks `first` to `last`, as the node says; nothing proves it."""
        self._require_chain()
        asked = {
            "address": ["0x" + one.hex() for one in addresses],
            "fromBlock": hex(first),
            "toBlock": hex(last),
        }
        return list(self._ask("eth_getLogs", [asked]))

    def sender_of(self, transaction: bytes) -> bytes | None:
        """Whose transaction it was, 20 bytes, as the node says; None if it does not know it."""
        found = self._ask("eth_getTransactionByHash", ["0x" + transaction.hex()])
        return None if found is None else bytes.fromhex(found["from"][2:])

    def time_of(self, block: int) -> int | None:
        """When a block was sealed, UTC seconds, as the node says; None if it does not know it."""
        found = self._ask("eth_getBlockByNumber", [hex(block), False])
        return None if found is None else int(found["timestamp"], 16)

    def said(self, leaf: bytes) -> LiveStatement | None:
        """A node keeps no log."""
        del leaf
        return None

    def voucher(self, number: str) -> str | None:
        """A node keeps no records."""
        del number
        return None

    def right_history(self, number: str) -> bytes | None:
        """A node keeps no log."""
        del number
        return None

    def number_of(self, subject: bytes) -> str | None:
        """A node knows no numbers."""
        del subject
        return None

    def statement_proof(self, leaf: bytes) -> str | None:
        """A node keeps no log."""
        del leaf
        return None

    def tombstone(self, leaf: bytes) -> LiveTombstone | None:
        """A node keeps no log."""
        del leaf
        return None

    def withdrawals(self, ids: Sequence[bytes], size: int | None, at: int | None) -> object:
        """Evidence for withdrawals, and the anchored root of `size`; see `ReceiptReader.withdrawals`.

        Raises `UsageFault` (`consents-not-pinned`) where the policy does not say which contract to ask.
        """
        if self._trust.consents is None:
            raise UsageFault(
                "your policy pins no contract of consents",
                code="consents-not-pinned",
                hint="Get a policy that does, or check the receipt without --rpc.",
            )
        return self._collect(self._trust.consents.address, consent_slots(ids), size, at)

    def organisation(self, code: str) -> LiveOrganisation | None:
        """A node keeps no log."""
        del code
        return None

    def account(self, organisation: bytes, size: int | None, at: int | None) -> object:
        """Evidence for an organisation's account, and the anchored root of `size` (`HolderReader`).

        Raises `UsageFault` (`holders-not-pinned`) where the policy does not say which contract to ask.
        """
        if self._trust.holders is None:
            raise UsageFault(
                "your policy pins no contract of holders",
                code="holders-not-pinned",
                hint="Get a policy that does from the registry's officer.",
            )
        return self._collect(self._trust.holders.address, account_slots(organisation), size, at)

    def _collect(self, address: bytes, slots: Sequence[bytes], size: int | None, at: int | None) -> object:
        trust = self._trust
        wanted: list[tuple[bytes, Sequence[bytes]]] = [(address, slots)]
        if size is not None:
            wanted.append((trust.anchor.address, [root_slot(size)]))
        return self._asked(lambda prover: prover.newest(wanted, at))

    def _asked(self, collect: Callable[[Prover], object]) -> object:
        trust = self._trust
        self._require_chain()
        validators = len(trust.validators_at(int(self._ask("eth_blockNumber", []), 16)))
        try:
            return collect(Prover(self._ask, trust.consensus, validators))
        except DataFault as fault:
            raise silent(f"what the node answers does not hold: {fault.message}", "node-nonsense") from fault

    def _require_chain(self) -> None:
        """Another chain's node has nothing to say about ours: identifier and first block tell them apart."""
        if self._is_ours:
            return
        same = int(self._ask("eth_chainId", []), 16) == self._trust.chain_id
        first = self._ask("eth_getBlockByNumber", ["0x0", False]) if same else {"hash": ""}
        if first is None:
            raise silent("the node has no first block", "node-nonsense")
        if bytes.fromhex(first["hash"][2:]) != self._trust.genesis:
            raise EnvironmentFault(
                "this node is of another chain than the policy pins",
                code="other-chain",
                hint="Ask a node of the registry's own network.",
            )
        self._is_ours = True

    def send(self, sent: Sent, code: str, who: str) -> Answer:
        """The answer of whoever is asked, whatever its status, in the time that is left for all of them.

        Raises `EnvironmentFault` (`node-unreachable`, `node-too-long`, or with another ``code`` before it).
        """
        now = self._monotonic()
        self._until = now + ALL_SECONDS if self._until is None else self._until
        left = min(SECONDS, self._until - now)
        if left <= 0:
            raise silent(f"{who} takes too long", f"{code}-unreachable")
        try:
            return plain.send(sent, Bounds(MAX_ANSWER, total=left, each=left), self._environment)
        except TooLong as error:
            raise silent(f"{who} answers more than is taken", f"{code}-too-long") from error
        except Untrusted as error:
            raise silent(f"{who}'s server is not who it says (TLS)", f"{code}-unreachable") from error
        except NoAnswer as error:
            raise silent(f"{who} does not answer", f"{code}-unreachable") from error

    def _ask(self, method: str, arguments: list[Any]) -> Any:
        """The result of a method, in that method's shape."""
        number = next(self._numbers)
        sent = Sent(
            "POST", self._url, question(number, method, arguments), {"Content-Type": "application/json"}
        )
        answer = self.send(sent, "node", "the node")
        if not 200 <= answer.status < 300:
            raise silent(f"the node answers {answer.status}", "node-unreachable")
        try:
            result = read_answer(answer.body, number, method)
        except Nonsense as error:
            raise silent(f"the node answers nonsense to {method}", "node-nonsense") from error
        if isinstance(result, Refusal):
            raise EnvironmentFault(
                f"the node refuses {method}",
                code="node-refused",
                hint="An archive node is needed for old blocks, and one that allows this method.",
            )
        return result


def silent(message: str, code: str) -> EnvironmentFault:
    """What is raised where nothing was told, or nothing that can be read."""
    return EnvironmentFault(
        message,
        code=code,
        hint="Check its address and that it runs; nothing is known about the certificate.",
    )

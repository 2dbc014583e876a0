"""Asking a chain node over JSON-RPC, with the standard library alone: what `yinzheng verify --rpc` uses.

A node keeps no records: record, statement and log proof come with the certificate's own file. What the node
says of the chain is proved by Merkle-Patricia proofs against sealed headers, so it need not be trusted.
"""

from __future__ import annotations

import http.client
import json
import re
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from yinzheng.ledger.chain.evidence import collect, last_final_block
from yinzheng.verifier.chain.layout import record_slots, root_slot
from yinzheng.verifier.chain.layout_consents import withdrawal_slots
from yinzheng.verifier.errors import EnvironmentFault, UsageFault
from yinzheng.verifier.judge.live import LiveRecord
from yinzheng.verifier.judge.receipt.erasure import LiveTombstone
from yinzheng.verifier.judge.trust import TrustPolicy

MAX_ANSWER = 8 * 1024 * 1024
SECONDS = 20


class RpcReader:
    """A `LiveReader` and `ReceiptReader` over one node."""

    def __init__(self, url: str, trust: TrustPolicy) -> None:
        """Raises `UsageFault` (`rpc-url`) unless it is an http or https URL; nothing is asked yet."""
        try:
            parts = urlsplit(url)
            usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:  # a port or an IPv6 address that is none
            usable = False
        if not usable:
            raise UsageFault(
                "a node's address is an http or https URL",
                code="rpc-url",
                hint="Write it like http://127.0.0.1:8545.",
            )
        self._url = url
        self._trust = trust

    def record(self, number: str) -> LiveRecord | None:
        """A node keeps no records."""
        del number
        return None

    def chain(self, subject: bytes, size: int | None, at: int | None) -> object:
        """Evidence for the record, and the anchored root of `size`; see `LiveReader.chain`."""
        return self._collect(self._trust.rights.address, record_slots(subject), size, at)

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
        slots = [slot for id_ in ids for slot in withdrawal_slots(id_)]
        return self._collect(self._trust.consents.address, slots, size, at)

    def _collect(self, address: bytes, slots: Sequence[bytes], size: int | None, at: int | None) -> object:
        trust = self._trust
        wanted: list[tuple[bytes, Sequence[bytes]]] = [(address, slots)]
        if size is not None:
            wanted.append((trust.anchor.address, [root_slot(size)]))
        self._require_chain()
        head = self._ask("eth_blockNumber", [])
        if not isinstance(head, str) or re.fullmatch(r"0x[0-9a-fA-F]{1,16}", head) is None:
            raise _refuses("eth_blockNumber")
        head = int(head, 16)
        validators = len(trust.validators_at(head))
        block = last_final_block(self._ask, validators, at)
        return collect(self._ask, block, wanted, validators=validators)

    def _require_chain(self) -> None:
        """Another chain's node has nothing to say about ours (the genesis hash tells them apart)."""
        answer = self._ask("eth_getBlockByNumber", ["0x0", False])
        if not isinstance(answer, dict):
            raise _refuses("eth_getBlockByNumber")
        if answer.get("hash") != "0x" + self._trust.genesis.hex():
            raise EnvironmentFault(
                "this node is of another chain than the policy pins",
                code="node-other-chain",
                hint="Ask a node of the registry's own network.",
            )

    def _ask(self, method: str, arguments: list[Any]) -> Any:
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": arguments}).encode()
        request = urllib.request.Request(  # noqa: S310 - the scheme was checked
            self._url, body, {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as response:  # noqa: S310
                data = response.read(MAX_ANSWER + 1)
            answer = json.loads(data) if len(data) <= MAX_ANSWER else None
        except (OSError, ValueError, RecursionError, http.client.HTTPException) as error:
            raise EnvironmentFault(
                "the node does not answer",
                code="node-unreachable",
                hint="Check its address and that it runs; nothing is known about the certificate.",
            ) from error
        if not isinstance(answer, dict) or answer.get("error") is not None or "result" not in answer:
            raise _refuses(method)
        return answer["result"]


def _refuses(method: str) -> EnvironmentFault:
    return EnvironmentFault(
        f"the node refuses {method}",
        code="node-refused",
        hint="An archive node is needed for old blocks, and one that allows this method.",
    )

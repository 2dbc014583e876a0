"""Asking a registry's web server: what `yinzheng verify --ledger` uses, with the standard library alone.

It hands out records with their proofs, and evidence of how a certificate stands (S9.10). Nothing of it is
believed: records are proved by the log, evidence by sealed headers, as all that is live (`judge/live.py`). A
node that is named besides is asked about the chain in the server's stead, and tells of any time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from yinzheng.api.rpc import MAX_ANSWER, RpcReader, silent
from yinzheng.ledger.net.exchange import Answer, Sent
from yinzheng.ledger.net.routes import is_base
from yinzheng.verifier.bytes.canonical import JSON, loads
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault
from yinzheng.verifier.judge.live import LiveRecord
from yinzheng.verifier.judge.trust import TrustPolicy
from yinzheng.verifier.log.note import peek_checkpoint
from yinzheng.verifier.log.statement import certificate_subject
from yinzheng.verifier.log.tlogproof import TlogProof

PATIENCE: Final = 10
"""Seconds that are waited for a server that grants a few look-ups at a time (R50)."""


class ServedLedger(RpcReader):
    """An `AnyReader` over the pages of a registry, and over a node where one is named."""

    def __init__(
        self,
        url: str,
        trust: TrustPolicy,
        *,
        node: str | None = None,
        environment: Mapping[str, str] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Raises `UsageFault` (`ledger-url`, `rpc-url`) for an address that is none; nothing is asked yet."""
        if not is_base(url):
            raise UsageFault(
                "a registry's web server is an http or https URL",
                code="ledger-url",
                hint="Write it like https://verify.example.org, without what a code has behind that.",
            )
        super().__init__(url if node is None else node, trust, environment=environment, monotonic=monotonic)
        self._base = url.rstrip("/")
        self._has_node = node is not None
        self._sleep = sleep
        self._along: dict[bytes, tuple[int, JSON]] = {}
        """Evidence that came with a record, by subject, and the size whose root it covers."""

    def record(self, number: str) -> LiveRecord | None:
        """What the certificate file has that the server hands out under that number."""
        file = self._get(f"/v1/certificates/{number}")
        if file is None:
            return None
        if not isinstance(file, dict):
            raise _nonsense()
        qr, proof = file.get("qr"), file.get("proof")
        if not isinstance(proof, str) or not isinstance(qr, str):
            raise _nonsense()
        try:
            size = peek_checkpoint(TlogProof.from_text(proof).checkpoint).size
        except DataFault as error:
            raise _nonsense() from error
        self._along[certificate_subject(number)] = size, file.get("chain")
        return LiveRecord(file.get("record"), file.get("statement"), proof, qr)

    def chain(self, subject: bytes, size: int | None, at: int | None) -> object:
        """Evidence of now; see `LiveReader.chain`. Of another time only a node tells."""
        if self._has_node:
            return super().chain(subject, size, at)
        if at is not None:
            raise _now_alone()
        covered, along = self._along.get(subject, (None, None))
        if along is not None and size in (None, covered):
            return along
        found = self._get(f"/v1/evidence/{subject.hex()}" + ("" if size is None else f"?size={size}"))
        if found is None:
            raise silent("the registry's server has no evidence to give", "ledger-nonsense")
        return found

    def _ask(self, method: str, arguments: list[Any]) -> Any:
        """As a node is asked, where there is one."""
        if not self._has_node:
            raise _now_alone()
        return super()._ask(method, arguments)

    def _get(self, path: str) -> JSON:
        """What the server has there; None where it has nothing. It is waited for if that is not long."""
        answer = self._answer(path)
        if answer.status == 429 and (wait := _wait(answer)) <= PATIENCE:
            self._sleep(wait)
            answer = self._answer(path)
        if answer.status == 404:
            return None
        if answer.status == 429:
            raise EnvironmentFault(
                "the registry's server grants no more look-ups for now",
                code="ledger-busy",
                hint="Wait a minute, then ask again.",
            )
        if answer.status != 200:
            raise silent(f"the registry's server answers {answer.status}", "ledger-unreachable")
        try:
            return loads(answer.body, max_bytes=MAX_ANSWER)
        except DataFault as error:
            raise _nonsense() from error

    def _answer(self, path: str) -> Answer:
        return self.send(Sent("GET", self._base + path), "ledger", "the registry's server")


def _wait(answer: Answer) -> int:
    """Seconds after which more look-ups are granted; more than is waited where that is not told."""
    told = answer.headers.get("retry-after", "")
    return int(told) if told.isascii() and told.isdigit() and len(told) < 6 else PATIENCE + 1


def _nonsense() -> EnvironmentFault:
    return silent("what the registry's server answers is nothing of ours", "ledger-nonsense")


def _now_alone() -> EnvironmentFault:
    return EnvironmentFault(
        "a registry's web server tells how certificates stand now, and nothing else of the chain",
        code="ledger-now-alone",
        hint="Name a node of the chain besides: --rpc.",
    )

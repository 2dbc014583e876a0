"""Asking the verifier about a receipt, with and without a ledger that answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.verifier.receipt_world import ReceiptWorld, presented, receipt_trust
from tests.verifier.world import NOW
from yinzheng.verifier import EnvironmentFault, Outcome
from yinzheng.verifier.containers.target import read_target
from yinzheng.verifier.judge.receipt.erasure import LiveTombstone
from yinzheng.verifier.judge.receipt.report import ReceiptReport
from yinzheng.verifier.judge.receipt.verify import verify_receipt


def check(
    world: ReceiptWorld | dict[str, Any], *, now: int = NOW, trust: Any = None, **more: Any
) -> ReceiptReport:
    file = world if isinstance(world, dict) else world.file()
    report = verify_receipt(presented(file), trust or receipt_trust(), now=now, **more)
    assert report.in_force is (report.exit_code == 0)
    return report


def codes(report: ReceiptReport) -> dict[int, str]:
    """Code by obligation, of those that are not VALID."""
    return {f.number: f.code for f in report.findings if f.outcome is not Outcome.VALID}


def invalid(report: ReceiptReport) -> set[int]:
    return {f.number for f in report.findings if f.outcome is Outcome.INVALID}


def withdrawn(chain: dict[str, Any] | None, **extent: Any) -> ReceiptWorld:
    world = ReceiptWorld()
    world.withdraw(chain, **extent)
    return world


class Ledger:
    """Answers from a world, as told."""

    def __init__(self, world: ReceiptWorld, **told: Any) -> None:
        self.world, self.told = world, told

    def statement_proof(self, leaf: bytes) -> str | None:
        if self.told.get("silent"):
            raise EnvironmentFault("the node does not answer", code="node-unreachable")
        if leaf != self.world.statement.leaf_hash:
            return None
        return str(self.told.get("proof", self.world.proof.text))

    def withdrawals(self, ids: Sequence[bytes], size: int | None, at: int | None) -> object:
        if self.told.get("silent"):
            raise EnvironmentFault("the node does not answer", code="node-unreachable")
        if at is not None:
            past: ReceiptWorld = self.told["past"]
            return past.chain(ids, size, **self.told.get("block", {}))
        return self.told.get("chain") or self.world.chain(ids, size)

    def tombstone(self, leaf: bytes) -> LiveTombstone | None:
        if self.told.get("silent"):
            raise EnvironmentFault("the node does not answer", code="node-unreachable")
        return self.told.get("tombstone") if leaf == self.world.statement.leaf_hash else None


def ask(world: ReceiptWorld, **more: Any) -> ReceiptReport:
    live = more.pop("live", None) or Ledger(world)
    return verify_receipt(read_target(world.qr), receipt_trust(), now=NOW, live=live, **more)

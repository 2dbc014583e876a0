"""A live ledger over a `World`: honest, silent or lying, as told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.verifier.world import World
from yinzheng.verifier import EnvironmentFault, LiveRecord


class FakeLedger:
    """Answers from a world. `past` overrides the block that is asked for as of a time."""

    def __init__(
        self,
        world: World,
        *,
        past: dict[str, Any] | None = None,
        records: bool = True,
        edit_record: Callable[[LiveRecord], LiveRecord] = lambda record: record,
        edit_chain: Callable[[dict[str, Any]], object] = lambda chain: chain,
        unreachable: tuple[str, ...] = (),
    ) -> None:
        self._world = world
        self._past = past or {}
        self._records = records
        self._edit_record = edit_record
        self._edit_chain = edit_chain
        self._unreachable = unreachable
        self.asked: list[tuple[Any, ...]] = []

    def record(self, number: str) -> LiveRecord | None:
        self.asked.append(("record", number))
        if "record" in self._unreachable:
            raise EnvironmentFault("the folder is locked", code="ledger-locked")
        if not self._records or number != self._world.body.number:
            return None
        return self._edit_record(
            LiveRecord(
                self._world.body.to_json(),
                self._world.statement.to_json(),
                self._world.proof.text,
                self._world.qr,
            )
        )

    def storage(self, wanted: Any, *, at: int | None, block: int | None) -> object:
        del wanted, at, block
        raise EnvironmentFault("this ledger keeps no archive", code="node-refused")

    def said(self, leaf: bytes) -> None:
        del leaf

    def number_of(self, subject: bytes) -> None:
        del subject

    def chain(self, subject: bytes, size: int | None, at: int | None) -> object:
        self.asked.append(("chain", subject, size, at))
        past = dict(self._past) if at is not None else {}
        if "chain" in self._unreachable or past.pop("fail", False):
            raise EnvironmentFault("the node does not answer", code="node-unreachable")
        absent, before = self._world.absent, self._world.absent
        self._world.absent = past.pop("absent", absent)
        try:
            return self._edit_chain(self._world.chain(size, **past))
        finally:
            self._world.absent = before

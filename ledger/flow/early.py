"""Calls that the contracts do not take yet: their time has not come, or another's word is missing (D9).

They wait in the outbox, and hold up what is about the same thing alone. Whoever settles is told once
everything else is done.
"""

from __future__ import annotations

from collections.abc import Iterable

from yinzheng.ledger.chain.refusals import TooEarly
from yinzheng.ledger.store.models import ChainCall


class NotYet(TooEarly):
    """What the contracts say of the first of the calls that wait."""

    calls: tuple[ChainCall, ...] = ()

    @classmethod
    def of(cls, refusal: TooEarly, calls: Iterable[ChainCall]) -> NotYet:
        """Of a refusal of the first of `calls`."""
        told = cls(refusal.message, code=refusal.code, hint=refusal.hint, **refusal.data)
        told.calls = tuple(calls)
        return told

    @property
    def ids(self) -> frozenset[int]:
        """Of the calls."""
        return frozenset(call.id for call in self.calls if call.id is not None)

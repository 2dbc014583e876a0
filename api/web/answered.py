"""Which challenges were answered here (S21.4): all that the pages remember, and for as long as they last."""

from __future__ import annotations

from yinzheng.verifier.formats.challenge import Challenge


class Answered:
    """Questions that were answered and are not over yet, so that none is answered twice here."""

    def __init__(self) -> None:
        self._until: dict[bytes, int] = {}

    def has(self, asked: Challenge, now: int) -> bool:
        """Whether an answer to it was taken. Forgets those whose time is over: they are late by then."""
        self._until = {nonce: until for nonce, until in self._until.items() if until > now}
        return asked.nonce in self._until

    def add(self, asked: Challenge) -> None:
        """An answer to it was taken."""
        self._until[asked.nonce] = asked.expires_at

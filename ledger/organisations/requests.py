"""Signed requests of organisations against what is enrolled (S11.3): their keys, their nonces.

Works on the database alone, without the writer's lock: who may ask is known before anything is written. The
nonce is used up in the transaction of what is done for the request, or in one of its own before anything is
answered; meanwhile it is in hand, and the same request is refused.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from yinzheng.ledger.organisations.keys import find_key
from yinzheng.ledger.store.database import Store
from yinzheng.ledger.store.models import table_of
from yinzheng.ledger.store.models_consents import Nonce
from yinzheng.ledger.store.prepared import Prepared
from yinzheng.verifier.bytes.algorithms import Sm2PublicKey
from yinzheng.verifier.formats.key_history import HeldKey
from yinzheng.verifier.formats.request import Received, Request, check_signed, parse_request, replayed

_TABLE: Final = table_of(Nonce)
_FIND: Final = Prepared(
    select(_TABLE.c.until).where(_TABLE.c.code == bindparam("org"), _TABLE.c.nonce == bindparam("used"))
)
_FORGET: Final = Prepared(delete(_TABLE).where(_TABLE.c.until <= bindparam("now")))
_USE: Final = Prepared(
    {
        "sqlite": sqlite.insert(_TABLE).on_conflict_do_nothing(),
        "postgresql": postgresql.insert(_TABLE).on_conflict_do_nothing(),
    }
)


class Admitted:
    """A sound request that is in hand; its nonce is used up once, by whoever has claimed that."""

    def __init__(self, request: Request, of: Admissions, at: int) -> None:
        self.request = request
        self.of = of
        self.at = at
        """When it arrived, UTC seconds, by the clock that its own time was held against."""
        self.used = False
        """Whether its nonce is durable."""
        self._claimed = threading.Lock()

    def claim(self) -> bool:
        """Take it upon oneself to use the nonce up; False where another has."""
        return self._claimed.acquire(blocking=False)


class Admissions:
    """Lets sound requests in, each once. Safe to share between threads.

    `admit` may refuse an organisation whose request is sound and new, by raising; one at a time is asked.
    """

    def __init__(self, store: Store, admit: Callable[[str], None]) -> None:
        self._store = store
        self._admit = admit
        self._turn = threading.Lock()
        self._in_hand: set[tuple[str, bytes]] = set()
        self._forgot = 0

    def let_in(self, token: str, received: Callable[[Request], Received]) -> Admitted:
        """Take a request in hand that an enrolled organisation signed over exactly what arrived, now.

        Keys are those in force by `received`'s clock (R41). What was let in has to be used up.

        Raises `DataFault` as `parse_request` and `check_signed`, and `request-replayed`; and what `admit`
        raises. No nonce is used up then.
        """
        request, signature = parse_request(token)
        arrived = received(request)
        with self._store.glance() as session:
            held = find_key(session, request.org, request.key, arrived.now)
            known = _FIND.first(session, org=request.org, used=request.nonce) is not None
        check_signed(request, signature, arrived, _Found(held))
        if known:  # a replay costs a look-up alone: it does not count against the organisation
            raise replayed()
        with self._turn:
            name = (request.org, request.nonce)
            if name in self._in_hand:
                raise replayed()
            self._admit(request.org)
            self._in_hand.add(name)
        return Admitted(request, self, arrived.now)

    def use_up(self, admitted: Sequence[Admitted]) -> None:
        """Use their nonces up, durably, in one transaction. Raises `DataFault` `request-replayed`."""
        with self._store.transaction() as session:
            self.write(session, admitted)
        self.done(admitted)

    def write(self, session: Session, admitted: Sequence[Admitted]) -> None:
        """Use their nonces up in the caller's transaction, which `done` ends. Raises as `use_up`.

        Those are forgotten whose requests their time alone refuses: by the clock that looks at it, and not by
        the ledger's, which may be ahead of it (`LedgerClock`).
        """
        now = min(one.at for one in admitted)
        if now != self._forgot:
            _FORGET.run(session, [{"now": now}])
            self._forgot = now
        rows = [
            {"code": one.request.org, "nonce": one.request.nonce, "until": one.request.until}
            for one in admitted
        ]
        if _USE.run(session, rows) != len(rows):
            raise replayed()

    def done(self, admitted: Sequence[Admitted]) -> None:
        """Their nonces are durable: they are in hand no longer."""
        for one in admitted:
            one.used = True
        self.let_go(admitted)

    def let_go(self, admitted: Sequence[Admitted]) -> None:
        """Nothing was or will be done for them."""
        with self._turn:
            self._in_hand.difference_update((one.request.org, one.request.nonce) for one in admitted)


class Together:
    """The nonces of requests for which something is done in one go, written with the first that is kept."""

    def __init__(self, admitted: Sequence[Admitted]) -> None:
        self._left = [one for one in admitted if not one.used]
        self.kept = False
        """Whether what was done first is durable, and they with it."""

    def begin(self, store: Store) -> Store:
        """The database in which it is done."""
        return store.beginning_with(self) if self._left else store

    def write(self, session: Session) -> None:
        """Use them up in that transaction. Raises `DataFault` `request-replayed`."""
        self._left[0].of.write(session, self._left)

    def done(self) -> None:
        """They are durable."""
        self._left[0].of.done(self._left)
        self._left = []
        self.kept = True

    def end(self) -> None:
        """Use up, durably, what no transaction did, before anything is told. Raises as `use_up`."""
        if not self._left:
            return
        left, self._left = self._left, []
        try:
            left[0].of.use_up(left)
        except BaseException:
            left[0].of.let_go(left)
            raise


@dataclass(frozen=True, slots=True)
class _Found:
    """The key that was looked up for one request; None where there is none in force."""

    held: HeldKey | None

    def find(self, _org: str, _key: bytes, _at: int) -> Sm2PublicKey | None:
        return None if self.held is None else Sm2PublicKey(self.held.grant.key)

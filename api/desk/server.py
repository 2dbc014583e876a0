"""What the desk's handlers share: the writer, who may ask, how much at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Hashable, Sequence
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from anyio import CapacityLimiter, to_thread
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from yinzheng.api.desk.bodies import MAX_JSON
from yinzheng.api.desk.homecoming import Homecoming
from yinzheng.api.desk.quotas import Quota, Quotas
from yinzheng.api.desk.streams import StreamLimits, Streams
from yinzheng.api.desk.worker import Worker
from yinzheng.api.http.bodies import BodyPace
from yinzheng.api.http.limits import MIB, Buckets, Rate, Refusals
from yinzheng.api.http.memory import Memory
from yinzheng.api.http.pages import Pages
from yinzheng.api.http.reading import check_length, read_body
from yinzheng.api.http.shared import OwnLevels
from yinzheng.ledger.accesses.reader import Reader
from yinzheng.ledger.notify.sending import Courier
from yinzheng.ledger.organisations.requests import Admissions, Admitted
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store.database import Store
from yinzheng.verifier.bytes.algorithms import digest_pair
from yinzheng.verifier.errors import DataFault, YinzhengError
from yinzheng.verifier.formats.request import HEADER, Received
from yinzheng.verifier.formats.request import Request as Signed

T = TypeVar("T")

_SLOWER: Final = "Wait a little, sign again, and send larger batches."

RESOLVING: Final = 4
"""Addresses looked at at once, in threads of their own: whoever gives a name may let its answer take long."""


@dataclass(frozen=True, slots=True)
class DeskLimits:
    """What the desk grants (R50)."""

    organisation: Rate = field(default_factory=lambda: Rate(50, 100))
    """Signed requests of each organisation."""
    address: Rate = field(default_factory=lambda: Rate(200, 400))
    """Requests of each address, signed or not; several organisations may share one."""
    quota: Quota = field(default_factory=Quota)
    """What each organisation may look up by number, and check before a trade."""
    bytes_in_flight: int = 96 * MIB
    """Large bodies held in memory at once; one organisation has a quarter of it at most."""
    small_in_flight: int = 32 * MIB
    """The reserve for small ones."""
    pace: BodyPace = field(default_factory=BodyPace)
    """The slowest a body may come."""
    body_seconds: float = 60
    """How long a client may take to send a body."""
    clients: int = 10_000
    """Addresses and organisations remembered."""


_AT_ONCE: Final = 64 * 1024
"""Bytes of a body that are hashed at once: a thread would take longer to begin."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request whose signature holds: by whom, and the body that was signed.

    What the writer does for it uses its nonce up in the same transaction.
    """

    admitted: Admitted = field(repr=False)
    body: bytes = field(repr=False)
    desk: Desk = field(repr=False)

    @property
    def signed(self) -> Signed:
        """What was signed."""
        return self.admitted.request

    @property
    def org(self) -> str:
        """Credit code of the organisation."""
        return self.signed.org

    async def do(self, act: Callable[[Registry], T]) -> T:
        """Have something done by the writer for this request."""
        return await self.desk.coming.of(self.desk.worker.do(act, admitted=self.admitted))

    async def do_together(
        self,
        alike: Hashable,
        item: Any,
        run: Callable[[Registry, Sequence[Any]], Sequence[T]],
        *,
        patient: bool = False,
        count: Callable[[T], None] = lambda _answer: None,
    ) -> T:
        """Have it done together with what is alike, as `Desk.do_together`."""
        return await self.desk.do_together(
            alike, item, run, patient=patient, count=count, admitted=self.admitted
        )


class Desk:
    """One desk. `store` is the database, open beside the writer, to know who asks. `clock`: UTC seconds.

    `registry` is the `registry_id` that requests are signed for; `courier` says where notices may go.
    """

    def __init__(
        self,
        worker: Worker,
        store: Store,
        clock: Callable[[], int],
        limits: DeskLimits | None = None,
        *,
        registry: bytes,
        pages: Pages,
        courier: Courier | None = None,
        streams: StreamLimits | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.worker = worker
        self.store = store
        self.clock = clock
        self.limits = limits or DeskLimits()
        self._registry = registry
        self.pages = pages
        self.courier = courier or Courier()
        self.coming = Homecoming()
        self._resolving = CapacityLimiter(RESOLVING)
        self.streams = Streams(store, streams, monotonic=monotonic)
        self.memory = Memory(self.limits.bytes_in_flight, self.limits.small_in_flight)
        self.quotas = Quotas(self.limits.quota, self.limits.clients, monotonic)
        self._buckets = Buckets(self.limits.organisation, OwnLevels(self.limits.clients), monotonic)
        self._refusals = Refusals(self.limits.clients, monotonic)
        self._admissions = Admissions(store, self.admit)

    def admit(self, code: str) -> None:
        """Count a request of an organisation. Raises `UsageFault` `rate-limited`."""
        wait = self._buckets.take(code)  # one at a time: `Admissions` sees to it
        self._refusals.check(wait, "requests of this organisation", code, _SLOWER)

    @asynccontextmanager
    async def signed(
        self, request: Request, ceiling: int = MAX_JSON, *, by_number: bool = False
    ) -> AsyncIterator[Asked]:
        """Read a signed request (S11.3); its body is held as long as the block lasts.

        `by_number`: it names a certificate by its number, and is counted as a look-up (`Quotas.by_number`).

        The order: is there a signature, is the body bounded, does the signature hold over the digest that it
        names and may the organisation ask, and only then is the body read and compared with that digest. So
        nobody without a key has a body read, and each organisation has its own share of the memory.

        Its nonce is used up with what is done for it, or at the end of the block; meanwhile it is in hand,
        and the same request is refused.

        Raises `DataFault` (`request-…`), `UsageFault` (`too-large`, `rate-limited`, …).
        """
        check_length(request, ceiling)
        admitted = await self._taken_in_hand(*_signed_head(request))
        signed = admitted.request
        counted = self.quotas.by_number(signed.org) if by_number else nullcontext()
        try:
            with counted, self.memory.lease(request, signed.org) as lease:
                body = await read_body(request, ceiling, lease, self.limits.body_seconds)
                if len(body) > _AT_ONCE:
                    digest = await run_in_threadpool(digest_pair, body)
                else:
                    digest = digest_pair(body)
                if not signed.body.matches(digest):
                    raise other_body()
                yield Asked(admitted, body, self)
        finally:
            if admitted.claim():  # nothing was done for it by the writer
                await asyncio.shield(run_in_threadpool(self._use_up, admitted))

    async def _taken_in_hand(self, token: str, method: str, target: str) -> Admitted:
        """As `_let_in`; where the database is elsewhere in a thread, which goes on where the client goes.

        What it lets in then is used up all the same: nothing stays in hand for ever. In a file of ours two
        rows are looked up by their keys and a signature is checked in less time than a thread takes to begin.
        """
        if self.store.dialect == "sqlite":
            return self._let_in(token, method, target)
        letting = asyncio.ensure_future(run_in_threadpool(self._let_in, token, method, target))
        try:
            return await asyncio.shield(letting)
        except asyncio.CancelledError:
            letting.add_done_callback(self._given_up)
            raise

    def _given_up(self, letting: asyncio.Future[Admitted]) -> None:
        if not letting.cancelled() and letting.exception() is None and letting.result().claim():
            asyncio.get_running_loop().run_in_executor(None, self._drop, letting.result())

    def _drop(self, admitted: Admitted) -> None:
        with suppress(YinzhengError):  # nothing was done for it, and nobody is left to be told
            self._use_up(admitted)

    async def asked(self, request: Request) -> Signed:
        """Who asks, by the signature over the digest of a body that is still to come.

        Raises `DataFault` (`request-…`), `UsageFault` `rate-limited`.
        """
        return await run_in_threadpool(self._asked, *_signed_head(request))

    def _asked(self, token: str, method: str, target: str) -> Signed:
        admitted = self._let_in(token, method, target)
        admitted.claim()
        self._use_up(admitted)
        return admitted.request

    def _let_in(self, token: str, method: str, target: str) -> Admitted:
        def received(named: Signed) -> Received:
            return Received(self._registry, method, target, named.body, self.clock())

        return self._admissions.let_in(token, received)

    def _use_up(self, admitted: Admitted) -> None:
        try:
            self._admissions.use_up([admitted])
        except BaseException:
            self._admissions.let_go([admitted])
            raise

    async def check_address(self, url: str) -> None:
        """Refuse an address that no notice would be sent to. Raises as `Courier.check`."""
        await to_thread.run_sync(self.courier.check, url, limiter=self._resolving)

    async def do(self, act: Callable[[Registry], T]) -> T:
        """Have something done by the writer."""
        return await self.coming.of(self.worker.do(act))

    async def do_together(
        self,
        alike: Hashable,
        item: Any,
        run: Callable[[Registry, Sequence[Any]], Sequence[T]],
        *,
        patient: bool = False,
        count: Callable[[T], None] = lambda _answer: None,
        admitted: Admitted | None = None,
    ) -> T:
        """Have something done by the writer, together with what is alike (`Worker.do_together`).

        `count` hears the answer in the event loop's thread, also where who asked has hung up: what was done
        for them is recorded, and may be read later.
        """
        doing = self.worker.do_together(alike, item, run, patient=patient, admitted=admitted)
        return await self.coming.of(doing, count)


def _signed_head(request: Request) -> tuple[str, str, str]:
    """The signature that a request bears, its method and address. Raises `DataFault` `request-missing`."""
    token = request.headers.get(HEADER)
    if token is None:
        raise DataFault("the request is not signed", code="request-missing", hint=f"Send {HEADER} (S11.2).")
    return token, request.method, target_of(request)


def reader_of(asked: Asked | Signed) -> Reader:
    """The organisation that asks, for the access log, by the key that signed (R47)."""
    signed = asked.signed if isinstance(asked, Asked) else asked
    return Reader.of_organisation(signed.org, signed.key)


def other_body() -> DataFault:
    """What is told where a body is not the one whose digest was signed."""
    return DataFault(
        "the body is not the one that was signed", code="request-mismatch", hint="Sign again and send both."
    )


def target_of(request: Request) -> str:
    """Path and query exactly as they stood in the request line (S11.1)."""
    path: bytes = request.scope["raw_path"]
    query: bytes = request.scope["query_string"]
    return (path + b"?" + query if query else path).decode("latin-1")

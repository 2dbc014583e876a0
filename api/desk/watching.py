"""What organisations ask for to hear of certificates' events, in requests they sign (S22)."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from yinzheng.api.desk import fields
from yinzheng.api.desk.bodies import NDJSON, one_object
from yinzheng.api.desk.server import Desk
from yinzheng.api.desk.streams import LAST_ID, EventStream
from yinzheng.api.http.lists import listed
from yinzheng.api.http.routes import Routes
from yinzheng.ledger.notify import deliveries
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.watch import subscriptions
from yinzheng.ledger.watch.events import Period
from yinzheng.ledger.watch.exporting import Place, Source, header, page, watched_by
from yinzheng.ledger.watch.subscriptions import Shown, Subscribed
from yinzheng.verifier.bytes.canonical import JSON


def watching(desk: Desk) -> Routes:
    """The routes about subscriptions, letters and the stream of events."""
    router = Routes("/org/v1")

    @router.post("/subscriptions")
    async def subscribed(request: Request) -> Response:
        async with desk.signed(request, by_number=True) as asked:
            found = fields.read(one_object(asked.body), fields.SUBSCRIBE)
            if found["webhook"] is not None:
                await desk.check_address(found["webhook"])
            shown = [Shown(**one) for one in found["certificates"]]
            made = await asked.do(
                lambda registry: subscriptions.subscribe(registry, asked.org, shown, found["webhook"])
            )
        return JSONResponse(_subscription(made), HTTPStatus.CREATED)

    @router.get("/subscriptions")
    async def watched(request: Request) -> Response:
        async with desk.signed(request) as asked:

            def look() -> list[Subscribed]:
                with desk.store.reading() as session:
                    return subscriptions.subscriptions_of(session, asked.org)

            found = await run_in_threadpool(look)
        return listed(request, "subscriptions", [_subscription(one) for one in found], None)

    @router.delete("/subscriptions/{written}")
    async def ended(request: Request, written: str) -> Response:
        async with desk.signed(request) as asked:
            id_ = fields.short_identifier(written)
            await asked.do(lambda registry: subscriptions.unsubscribe(registry, asked.org, id_))
        return Response(status_code=HTTPStatus.NO_CONTENT)

    @router.get("/dead-letters")
    async def dead(request: Request) -> Response:
        after = fields.place_of(dict(request.query_params), fields.is_short)
        async with desk.signed(request) as asked:
            place = None if after is None else bytes.fromhex(after)
            found, more = await asked.do(lambda registry: deliveries.dead_letters(registry, asked.org, place))
        letters: list[JSON] = [_letter(one) for one in found]
        return listed(request, "letters", letters, None if more is None else more.hex(), made_now=("header",))

    @router.post("/dead-letters/{written}/resend")
    async def resent(request: Request, written: str) -> Response:
        async with desk.signed(request) as asked:
            id_ = fields.short_identifier(written)
            fields.read(one_object(asked.body), {})
            await asked.do(lambda registry: deliveries.resend(registry, asked.org, id_))
        return JSONResponse({"letter": id_.hex(), "state": "pending"})

    @router.get("/events/live")
    async def live(request: Request) -> Response:
        first = fields.first_of(dict(request.query_params), request.headers.get(LAST_ID))
        async with desk.signed(request) as asked:
            await desk.streams.require_reached(first)
            return EventStream(desk.streams, asked.org, first)

    @router.get("/events")
    async def exported(request: Request) -> Response:
        """Events of a period with their proofs, a page of them at a time by the writer."""
        period = Period(*fields.period_of(dict(request.query_params)))
        async with desk.signed(request) as asked:
            return _Export(desk, asked.org, period)

    return router


class _Export(Response):
    """Lines as they are proved. Whoever exports holds a place as whoever listens."""

    media_type = NDJSON

    def __init__(self, desk: Desk, code: str, period: Period) -> None:
        super().__init__()
        del self.headers["content-length"]
        self._desk, self._code, self._period = desk, code, period

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send page by page. Raises as `Streams.place`, and what the first page finds wrong."""
        with self._desk.streams.place(self._code):
            lines, place = await self._desk.do(self._begin)
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            while True:
                more = place is not None
                await send({"type": "http.response.body", "body": b"".join(lines), "more_body": more})
                if place is None:
                    return
                lines, place = await self._desk.do(partial(self._page, place=place))

    def _begin(self, registry: Registry) -> tuple[list[bytes], Place | None]:
        lines, place = self._page(registry, Place())
        return [header(registry.instance.origin, self._period), *lines], place

    def _page(self, registry: Registry, place: Place) -> tuple[list[bytes], Place | None]:
        return page(Source.of(registry), watched_by(self._code), self._period, place)


def _subscription(one: Subscribed) -> dict[str, Any]:
    return {
        "subscription": one.id.hex(),
        "certificates": [*one.certificates],
        "webhook": one.webhook,
        "begin": one.begin,
        "created_at": one.created_at,
    }


def _letter(one: deliveries.DeadLetter) -> dict[str, JSON]:
    return {
        "letter": one.id.hex(),
        "subscription": one.subscription.hex(),
        "made_at": one.made_at,
        "attempts": one.attempts,
        "error": one.error,
        "body": one.signed.body.decode(),
        "header": one.signed.header,
    }

"""What exchanges ask before a trade, in requests they sign (S20.4)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from yinzheng.api.desk import fields
from yinzheng.api.desk.bodies import JSON_MEDIA, NDJSON, media_of, one_object
from yinzheng.api.desk.server import Asked as SignedBody
from yinzheng.api.desk.server import Desk
from yinzheng.api.desk.trade_batches import Batches
from yinzheng.api.http.lists import listed
from yinzheng.api.http.routes import Routes
from yinzheng.ledger.certificates.orders import execute
from yinzheng.ledger.certificates.reserving import made_by, reservation_of, reservations_of
from yinzheng.ledger.organisations.keys import require
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.organisations import Role
from yinzheng.ledger.trades.checking import Answered, Asked, check_trades
from yinzheng.ledger.trades.listing import checks_of
from yinzheng.ledger.trades.receipts import receipt_of
from yinzheng.ledger.trades.settling import Report, settle_trade
from yinzheng.verifier.bytes.algorithms import DigestPair
from yinzheng.verifier.bytes.canonical import JSON, Check, dumps, hex_bytes
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.body import check_plain
from yinzheng.verifier.formats.order import MAX_ORDER, Order, parse_order
from yinzheng.verifier.formats.reservation import Released, Reserved
from yinzheng.verifier.formats.trade import OBLIGATIONS, Reason, Settled, parse_trade
from yinzheng.verifier.words import trade as words

TOGETHER: Final = "trade-checks"
"""What checks are to the writer: alike, and done together."""


SETTLEMENT: Final[dict[str, Check[Any]]] = {
    "case": check_plain(1, 40),
    "contract": DigestPair.from_json,
    "signature": hex_bytes(65),
}
"""What an exchange reports (S20.6)."""


def trades(desk: Desk) -> Routes:
    """The routes of exchanges."""
    router = Routes("/v1")
    batches = Batches(desk, answer_json)

    @router.post("/trade-checks")
    async def checked(request: Request) -> Response:
        """One trade (S20.1), or up to 10,000, one a line; each answer with every reason, and its receipt."""
        if media_of(request) == NDJSON:
            return await batches.answer(request)
        async with desk.signed(request) as asked:
            desk.quotas.check(asked.org)
            item = Asked(asked.org, asked.signed.key, parse_trade(one_object(asked.body)))
            _, answered = await asked.do_together(
                TOGETHER,
                item,
                _answered,
                patient=True,
                count=lambda made: desk.quotas.missed(asked.org, made[0]),
            )
        return Response(answered, HTTPStatus.CREATED, media_type=JSON_MEDIA)

    @router.get("/trade-checks")
    async def asked_before(request: Request) -> Response:
        """What the exchange asked, the newest first, a page at a time."""
        after = fields.place_of(dict(request.query_params), fields.is_identifier)
        async with desk.signed(request) as asked:
            place = None if after is None else bytes.fromhex(after)
            found, more = await asked.do(lambda registry: checks_of(registry, asked.org, place))
        checks = [one.to_json() for one in found]
        return listed(request, "checks", checks, None if more is None else more.hex())

    @router.get("/trade-checks/{written}")
    async def receipt(request: Request, written: str) -> Response:
        """The receipt of a check with its proofs, to the exchange that asked."""
        async with desk.signed(request) as asked:
            leaf = fields.identifier(written)
            data = await asked.do(lambda registry: receipt_of(registry, leaf, asked.org))
        return Response(data, media_type=JSON_MEDIA)

    @router.post("/reservations")
    async def reserved(request: Request) -> Response:
        """A certificate kept for a trade, by the exchange's own order (R46)."""
        async with desk.signed(request, by_number=True) as asked:
            order = _order(asked, Reserved)
            shown = await asked.do(lambda registry: _carried_out(registry, order, asked.org, None))
        return JSONResponse(shown, HTTPStatus.CREATED)

    @router.get("/reservations")
    async def kept(request: Request) -> Response:
        """The exchange's own, the newest first, a page at a time."""
        after = fields.place_of(dict(request.query_params), fields.is_identifier)
        async with desk.signed(request) as asked:
            place = None if after is None else bytes.fromhex(after)
            found, more = await asked.do(lambda registry: _kept(registry, asked.org, place))
        return listed(request, "reservations", found, None if more is None else more.hex())

    @router.get("/reservations/{written}")
    async def one(request: Request, written: str) -> Response:
        """How one of the exchange's stands, and by what statement it was made."""
        async with desk.signed(request) as asked:
            leaf = fields.identifier(written)

            def act(registry: Registry) -> JSON:
                made: JSON = {**made_by(registry, leaf, asked.org)}
                return {**reservation_of(registry, leaf, asked.org).to_json(), "made": made}

            shown = await asked.do(act)
        return JSONResponse(shown)

    @router.post("/reservations/{written}/release")
    async def released(request: Request, written: str) -> Response:
        """Let it go before its time, by the exchange's own order."""
        async with desk.signed(request, by_number=True) as asked:
            leaf = fields.identifier(written)
            order = _order(asked, Released)
            shown = await asked.do(lambda registry: _carried_out(registry, order, asked.org, leaf))
        return JSONResponse(shown)

    @router.post("/reservations/{written}/settle")
    async def settled(request: Request, written: str) -> Response:
        """The exchange's report: with both parties' signatures it is the licence or transfer (S20.6)."""
        async with desk.signed(request) as asked:
            leaf = fields.identifier(written)
            report = Report(**fields.read(one_object(asked.body), SETTLEMENT))
            told = await asked.do(lambda registry: _settled(registry, leaf, report, asked.org))
        return JSONResponse(told)

    return router


def _settled(registry: Registry, leaf: bytes, report: Report, org: str) -> JSON:
    issued = settle_trade(registry, leaf, report, org)
    return {
        **reservation_of(registry, leaf, org).to_json(),
        "case": report.case,
        "numbers": [*issued.numbers],
    }


def _order(asked: SignedBody, kind: type[Reserved] | type[Released]) -> Order:
    order = parse_order(one_object(asked.body, MAX_ORDER))
    if not isinstance(order.body, kind) or order.statement.by != "exchange":
        raise DataFault(
            "this is another order than belongs here",
            code="order-malformed",
            hint="Make it with `yinzheng org trade`, or hand it in at /org/v1/orders.",
        )
    if order.body.by.code != asked.org:
        raise DataFault(
            "this is another organisation's",
            code="organisation-other",
            hint="Each organisation speaks for itself alone.",
        )
    return order


def _carried_out(registry: Registry, order: Order, org: str, reservation: bytes | None) -> JSON:
    """Carry an order out, of `reservation` if one is named in the address; how that stands then."""
    with registry.store.reading() as session:
        require(session, org, Role.EXCHANGE)
    if reservation is not None:
        reservation_of(registry, reservation, org)
        if not isinstance(order.body, Released) or order.body.reservation != reservation:
            raise DataFault("the order is about another reservation", code="order-malformed")
    leaf = execute(registry, order)
    return reservation_of(registry, reservation or leaf, org).to_json()


def _kept(registry: Registry, org: str, after: bytes | None) -> tuple[list[JSON], bytes | None]:
    with registry.store.reading() as session:
        require(session, org, Role.EXCHANGE)
    found, more = reservations_of(registry, org, after)
    return [{**one.to_json()} for one in found], more


def _answered(registry: Registry, items: Sequence[Asked]) -> list[tuple[int, bytes]]:
    return [(one.guessed, answer_json(one)) for one in check_trades(registry, items)]


def answer_json(answered: Answered) -> bytes:
    """What an exchange is told, as JSON, with words in both languages (S20.4)."""
    body = answered.body
    return (
        b'{"check":"%b","answer":"%b","words":%b,"reasons":%b,"obligations":%b,"block":%b,"checked_at":%d,'
        b'"receipt":%b}'
    ) % (
        answered.statement.leaf_hash.hex().encode(),
        body.answer.encode(),
        _words(body.answer),
        _reasons(body.reasons),
        _obligations(body.obligations),
        body.block.canonical(),
        body.checked_at,
        answered.receipt,
    )


@lru_cache
def _words(answer: str) -> bytes:
    said = words.ANSWERS[answer]
    return dumps({"zh": said.zh, "en": said.en})


@lru_cache(maxsize=1024)
def _reasons(reasons: tuple[Reason, ...]) -> bytes:
    found: list[JSON] = []
    for reason in reasons:
        told, meaning = words.said_of(reason), reason.meaning
        about = {"code": reason.code, "obligation": meaning.obligation, "rule": meaning.rule}
        found.append({**about, "about": reason.about, "zh": told.zh, "en": told.en})
    return dumps(found)


@lru_cache(maxsize=1024)
def _obligations(obligations: tuple[Settled, ...]) -> bytes:
    found: list[JSON] = []
    for one in obligations:
        title = words.CHECKED[one.name]
        settled = {"name": one.name, "rule": OBLIGATIONS[one.name], "outcome": one.outcome}
        found.append({**settled, "zh": title.zh, "en": title.en})
    return dumps(found)

"""What exchanges ask before a trade, in requests they sign (S20.4)."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from yinzheng.api.desk import fields
from yinzheng.api.desk.bodies import JSON_MEDIA, one_object
from yinzheng.api.desk.server import Desk
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.trades.checking import Answered, Asked, check_trades
from yinzheng.ledger.trades.receipts import receipt_of
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.formats.trade import OBLIGATIONS, parse_trade
from yinzheng.verifier.words import trade as words

TOGETHER: Final = "trade-checks"
"""What checks are to the writer: alike, and done together."""


def trades(desk: Desk) -> APIRouter:
    """The routes of exchanges."""
    router = APIRouter(prefix="/v1")

    @router.post("/trade-checks")
    async def checked(request: Request) -> Response:
        """One trade (S20.1); the answer with every reason, and its receipt."""
        async with desk.signed(request) as asked:
            item = Asked(asked.org, asked.signed.key, parse_trade(one_object(asked.body)))
            answered = await desk.do_together(TOGETHER, item, _answered, patient=True)
        return JSONResponse(answered, HTTPStatus.CREATED)

    @router.get("/trade-checks/{written}")
    async def receipt(request: Request, written: str) -> Response:
        """The receipt of a check with its proofs, to the exchange that asked."""
        async with desk.signed(request) as asked:
            leaf = fields.identifier(written)
            data = await desk.do(lambda registry: receipt_of(registry, leaf, asked.org))
        return Response(data, media_type=JSON_MEDIA)

    return router


def _answered(registry: Registry, items: Sequence[Asked]) -> list[dict[str, JSON]]:
    return [answer_view(one) for one in check_trades(registry, items)]


def answer_view(answered: Answered) -> dict[str, JSON]:
    """What an exchange is told, as JSON, with words in both languages (S20.4)."""
    body = answered.body
    said = words.ANSWERS[body.answer]
    reasons: list[JSON] = []
    for reason in body.reasons:
        told, meaning = words.said_of(reason), reason.meaning
        about = {"code": reason.code, "obligation": meaning.obligation, "rule": meaning.rule}
        reasons.append({**about, "about": reason.about, "zh": told.zh, "en": told.en})
    obligations: list[JSON] = []
    for one in body.obligations:
        title = words.CHECKED[one.name]
        settled = {"name": one.name, "rule": OBLIGATIONS[one.name], "outcome": one.outcome}
        obligations.append({**settled, "zh": title.zh, "en": title.en})
    return {
        "check": answered.statement.leaf_hash.hex(),
        "answer": body.answer,
        "words": {"zh": said.zh, "en": said.en},
        "reasons": reasons,
        "obligations": obligations,
        "block": body.block.to_json(),
        "checked_at": body.checked_at,
        "receipt": answered.receipt,
    }

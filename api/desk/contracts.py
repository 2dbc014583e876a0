"""Contracts about data, in requests that parties and exchanges sign (R56, S21.10)."""

from __future__ import annotations

from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from yinzheng.api.desk import fields
from yinzheng.api.desk.bodies import JSON_MEDIA, one_object
from yinzheng.api.desk.server import Desk
from yinzheng.api.http.routes import Routes
from yinzheng.ledger.rules.contracts import Move
from yinzheng.ledger.trades.contracts import KINDS, conclude, shown, tell
from yinzheng.ledger.trades.proving import proof_of
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.trade_contract import parse_signed


def contracts(desk: Desk) -> Routes:
    """The routes."""
    router = Routes("/v1")

    @router.post("/trade-contracts")
    async def handed_in(request: Request) -> Response:
        """A contract that both parties signed (S21.7)."""
        async with desk.signed(request, by_number=True) as asked:
            signed = parse_signed(asked.body)
            row = await asked.do(lambda registry: conclude(registry, signed, asked.org))
        told = {"contract": row.subject.hex(), "state": row.state, "digest": signed.contract.digest.to_json()}
        return JSONResponse(told, HTTPStatus.CREATED)

    @router.get("/trade-contracts/{written}")
    async def seen(request: Request, written: str) -> Response:
        """A contract and all that was told of it, to who has a part in it."""
        async with desk.signed(request) as asked:
            subject = fields.identifier(written)
            told = await asked.do(lambda registry: shown(registry, subject, asked.org))
        return JSONResponse(told)

    @router.get("/trade-contracts/{written}/proof")
    async def proved(request: Request, written: str) -> Response:
        """A contract with its proofs (S21.11), to who has a part in it."""
        async with desk.signed(request) as asked:
            subject = fields.identifier(written)
            data = await asked.do(lambda registry: proof_of(registry, subject, asked.org))
        return Response(data, media_type=JSON_MEDIA)

    @router.post("/trade-contracts/{written}/{what}")
    async def happened(request: Request, written: str, what: str) -> Response:
        """What a party tells of it: `deliver`, `accept`, `object`, `track`, `end`, `destroy`."""
        if what == "proof":  # an address of its own, which is only read
            raise HTTPException(HTTPStatus.METHOD_NOT_ALLOWED)
        async with desk.signed(request) as asked:
            subject, move, body = fields.identifier(written), _move(what), one_object(asked.body)
            row = await asked.do(lambda registry: tell(registry, subject, move, body, asked.org))
        return JSONResponse({"contract": row.subject.hex(), "state": row.state})

    return router


def _move(what: str) -> Move:
    if what not in set(KINDS):
        raise UsageFault(
            "nothing of that name happens under a contract",
            code="contract-unknown",
            hint="deliver, accept, object, track, end, destroy.",
        )
    return Move(what)

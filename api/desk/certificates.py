"""How a registered certificate stands (S15.8), and what counts by its own signature, whoever hands it in: a
forum's order (S16.8), a holder's veto (S10.4c).
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from yinzheng.api.desk import fields
from yinzheng.api.desk.bodies import one_object
from yinzheng.api.desk.server import Desk, reader_of
from yinzheng.api.http.lists import listed
from yinzheng.api.http.routes import Routes
from yinzheng.ledger.certificates.following import objections_for
from yinzheng.ledger.certificates.held import licences_of, rights_of
from yinzheng.ledger.certificates.listing import standing_of
from yinzheng.ledger.certificates.objecting import answer
from yinzheng.ledger.inlets.papers import MAX_PAPER, parse_paper, take_in
from yinzheng.ledger.organisations.holding import veto
from yinzheng.ledger.registry import Registry
from yinzheng.verifier.bytes.canonical import JSON, Check, boolean, text
from yinzheng.verifier.formats.body import is_number
from yinzheng.verifier.formats.licence import is_licence_number
from yinzheng.verifier.formats.veto import MAX_VETO, parse_veto

ANSWER: Final[dict[str, Check[Any]]] = {"agrees": boolean, "explanation": text(1, 4000)}


def certificates(desk: Desk) -> Routes:
    """The routes about certificates. How one stands is public; an order counts by its own signature."""
    router = Routes("/org/v1")

    @router.get("/certificates/{certificate}")
    async def standing(request: Request, certificate: str) -> Response:
        async with desk.signed(request, by_number=True):
            return JSONResponse(await desk.do(lambda registry: _standing(registry, certificate)))

    @router.get("/rights")
    async def held(request: Request) -> Response:
        """The certificates under which whoever asks has rights, a page at a time (S15.11)."""
        after = fields.place_of(dict(request.query_params), is_number)
        async with desk.signed(request) as asked:
            found, more = await asked.do(lambda registry: rights_of(registry, asked.org, after))
        return listed(request, "rights", [one.to_json() for one in found], more)

    @router.get("/licences")
    async def licensed(request: Request) -> Response:
        """The licences that whoever asks gave or took, likewise."""
        after = fields.place_of(dict(request.query_params), is_licence_number)
        async with desk.signed(request) as asked:
            found, more = await asked.do(lambda registry: licences_of(registry, asked.org, after))
        return listed(request, "licences", [one.to_json() for one in found], more)

    @router.get("/certificates/{certificate}/objections")
    async def objected(request: Request, certificate: str) -> Response:
        """What is objected to, for a holder, a page at a time."""
        after = fields.place_of(dict(request.query_params), fields.is_identifier)
        place = None if after is None else bytes.fromhex(after)
        async with desk.signed(request, by_number=True) as asked:
            reader, org = reader_of(asked), asked.org
            found, more = await asked.do(
                lambda registry: objections_for(registry, certificate, org, reader, place)
            )
        return listed(request, "objections", [{**one} for one in found], None if more is None else more.hex())

    @router.post("/certificates/{certificate}/objections/{objection}")
    async def answered(request: Request, certificate: str, objection: str) -> Response:
        """A holder agrees, or explains."""
        async with desk.signed(request, by_number=True) as asked:
            said, org = fields.read(one_object(asked.body), ANSWER), asked.org

            def act(registry: Registry) -> None:
                answer(registry, certificate, objection, org, **said)

            await asked.do(act)
        return JSONResponse({"objection": objection, "agrees": said["agrees"]}, HTTPStatus.CREATED)

    @router.post("/orders")
    async def ordered(request: Request) -> Response:
        async with desk.signed(request, by_number=True) as asked:
            paper = parse_paper(one_object(asked.body, MAX_PAPER))
            _, leaf = await asked.do(lambda registry: take_in(registry, paper))
        return JSONResponse({"leaf": leaf.hex()}, HTTPStatus.CREATED)

    @router.post("/vetoes")
    async def vetoed(request: Request) -> Response:
        async with desk.signed(request) as asked:
            said = parse_veto(one_object(asked.body, MAX_VETO))
            await asked.do(lambda registry: veto(registry, said))
        return JSONResponse({"code": said.code, "serial": said.serial}, HTTPStatus.CREATED)

    return router


def _standing(registry: Registry, number: str) -> JSON:
    """How it stands, and the ledger's time, which an order may bear."""
    with registry.store.reading() as session:
        return {**standing_of(session, number).to_json(), "now": registry.clock()}

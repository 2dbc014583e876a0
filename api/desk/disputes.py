"""What forums and parties do about disputes, in requests they sign (S16)."""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import IO, Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from yinzheng.api.desk import fields
from yinzheng.api.desk.bodies import one_object
from yinzheng.api.desk.server import Asked, Desk, reader_of
from yinzheng.api.desk.uploads import Uploads
from yinzheng.api.http.routes import Routes
from yinzheng.ledger.accesses.reader import Reader
from yinzheng.ledger.disputes import opening, release
from yinzheng.ledger.disputes.disclosing import note_pack
from yinzheng.ledger.disputes.evidence import MAX_ITEMS, Offered
from yinzheng.ledger.disputes.numbered_items import Placed, place_item
from yinzheng.ledger.disputes.packing import Selection, plan_pack, sign_once, with_report, write_out
from yinzheng.ledger.disputes.plans import parse_plan
from yinzheng.ledger.disputes.showing import Standing, is_draft, show, standing
from yinzheng.ledger.disputes.signing import typed_json
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.states import Capacity
from yinzheng.verifier.bytes.algorithms import DigestPair
from yinzheng.verifier.bytes.canonical import JSON, Check, hex_bytes, list_of, one_of
from yinzheng.verifier.bytes.wording import check_words
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault
from yinzheng.verifier.formats.dispute import MAX_PARTIES, RELEASES
from yinzheng.verifier.formats.request import Request as Signed

ZIP: Final = "application/zip"
PACKS_AT_ONCE: Final = 2
"""Packs being written; each may take as much disk as its evidence."""

_PIECE: Final = 1024 * 1024
_REFERENCE: Final = re.compile(r"D-\d{4}-\d{6}")
_CAPACITY: Final = {"settlement": Capacity.PARTY, "document": Capacity.FORUM}

_PREPARE: Final[dict[str, Check[Any]]] = {"account": hex_bytes(20)}
_OPEN: Final[dict[str, Check[Any]]] = {"signature": hex_bytes(65)}
_PREPARE_RELEASE: Final[dict[str, Check[Any]]] = {
    "kind": one_of(*RELEASES),
    "document": DigestPair.from_json,
    "reference": check_words(1, 200),
    "signers": list_of(hex_bytes(20), 1, MAX_PARTIES),
}
_RELEASE: Final[dict[str, Check[Any]]] = {
    "kind": one_of(*RELEASES),
    "signatures": list_of(hex_bytes(65), 1, MAX_PARTIES),
}


def disputes(desk: Desk) -> Routes:
    """The routes about disputes. Whoever has no part in one is told that there is none."""
    router = Routes("/org/v1/disputes")
    uploads = Uploads(desk)
    packing = asyncio.Semaphore(PACKS_AT_ONCE)

    @router.post("")
    async def drafted(request: Request) -> Response:
        async with desk.signed(request, by_number=True) as asked:
            plan = parse_plan(one_object(asked.body))
            id_ = await asked.do(lambda registry: opening.draft(registry, asked.org, plan))
        return JSONResponse({"dispute": id_}, HTTPStatus.CREATED)

    @router.get("/{written}")
    async def shown(request: Request, written: str) -> Response:
        async with desk.signed(request) as asked:
            act = _for(
                asked.signed, written, lambda registry, has: _shown(registry, written, _reader(asked, has))
            )
            return JSONResponse(await asked.do(act))

    @router.delete("/{written}")
    async def discarded(request: Request, written: str) -> Response:
        async with desk.signed(request) as asked:
            await asked.do(
                _for(asked.signed, written, lambda registry, _: opening.discard(registry, written))
            )
        return Response(status_code=HTTPStatus.NO_CONTENT)

    @router.put("/{written}/items/{number}")
    async def item(request: Request, written: str, number: str) -> Response:
        place = _number(number)
        signed = await uploads.asked(request)
        # Before gigabytes are sent: has it a part in this dispute?
        await desk.do(_for(signed, written, lambda _, has: has.require(Capacity.PARTY, opener=True)))
        async with uploads.item(request, signed) as sent:
            offered, file = Offered(sent.claim, sent.content.chunks()), sent.content.file

            def act(registry: Registry, has: Standing) -> Placed:
                if not is_draft(registry, written):
                    has.require(Capacity.PARTY)
                return place_item(registry, written, place, offered, file.digest, file.size)

            placed = await desk.do(_for(signed, written, act))
        status = HTTPStatus.CREATED if placed.new else HTTPStatus.OK
        return JSONResponse(_placed(placed), status)

    @router.post("/{written}/prepare")
    async def prepared(request: Request, written: str) -> Response:
        async with desk.signed(request) as asked:
            account = fields.read(one_object(asked.body), _PREPARE)["account"]

            def act(registry: Registry, _: Standing) -> JSON:
                decision = opening.prepare(registry, written, account)
                return typed_json(decision, registry.client.preservation_domain)

            return JSONResponse(await asked.do(_for(asked.signed, written, act)))

    @router.post("/{written}/open")
    async def opened(request: Request, written: str) -> Response:
        async with desk.signed(request) as asked:
            signature = fields.read(one_object(asked.body), _OPEN)["signature"]

            def act(registry: Registry, has: Standing) -> JSON:
                opening.open_dispute(registry, written, signature)
                return _shown(registry, written, _reader(asked, has))

            return JSONResponse(await asked.do(_for(asked.signed, written, act)))

    @router.post("/{written}/release/prepare")
    async def release_prepared(request: Request, written: str) -> Response:
        async with desk.signed(request) as asked:
            found = fields.read(one_object(asked.body), _PREPARE_RELEASE)

            def act(registry: Registry, has: Standing) -> JSON:
                has.require(_CAPACITY[found["kind"]])
                decision = release.prepare_release(registry, written, **found)
                return typed_json(decision, registry.client.preservation_domain)

            return JSONResponse(await asked.do(_for(asked.signed, written, act)))

    @router.post("/{written}/release")
    async def released(request: Request, written: str) -> Response:
        async with desk.signed(request) as asked:
            found = fields.read(one_object(asked.body), _RELEASE)

            def act(registry: Registry, has: Standing) -> JSON:
                has.require(_CAPACITY[found["kind"]])
                release.release(registry, written, found["kind"], found["signatures"])
                return _shown(registry, written, _reader(asked, has))

            return JSONResponse(await asked.do(_for(asked.signed, written, act)))

    @router.get("/{written}/pack")
    async def packed(request: Request, written: str) -> Response:
        """The pack as a stream. Only planning it needs the writer: long ones hold up nobody."""
        selection = Selection(_only(dict(request.query_params)))
        async with desk.signed(request) as asked:

            def act(registry: Registry, has: Standing) -> Any:
                plan = plan_pack(registry, written, selection)
                note_pack(registry, plan, _reader(asked, has))
                return plan, registry.paths.root

            if packing.locked():
                raise EnvironmentFault("too many packs at once", code="server-busy", retry_after=30)
            plan, folder = await asked.do(_for(asked.signed, written, act))

        def sign(message: bytes) -> bytes:
            return desk.worker.do(lambda registry: sign_once(registry, message)).result(60)

        def write() -> IO[bytes]:
            # Without a name: what it discloses is gone with this process, however that ends. On the disk of
            # the state, for it may be larger than memory.
            out = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed when it is sent
            try:
                write_out(out, with_report(plan), sign)
                out.seek(0)
            except BaseException:
                out.close()
                raise
            return out

        async with packing:
            out = await run_in_threadpool(write)
        size = str(out.seek(0, 2))
        out.seek(0)
        named = f'attachment; filename="{written}.zip"'
        headers = {"Content-Disposition": named, "Content-Length": size}
        return StreamingResponse(_pieces(out), media_type=ZIP, headers=headers)

    return router


def _for(signed: Signed, written: str, act: Callable[[Registry, Standing], Any]) -> Callable[[Registry], Any]:
    """`act` for whoever has a part in the dispute; `UsageFault` `dispute-unknown` for everyone else."""

    def checked(registry: Registry) -> Any:
        if _REFERENCE.fullmatch(written) is None:
            raise UsageFault(
                "there is no such dispute",
                code="dispute-unknown",
                hint="A dispute's reference has the form D-2026-000001.",
            )
        return act(registry, standing(registry, written, signed.org, signed.key))

    return checked


def _reader(asked: Asked, has: Standing) -> Reader:
    """Who asks, for the access lines, in what it is here."""
    function = "forum" if has.forum else "party" if has.party else "opener"
    return reader_of(asked).acting_as(function)


def _shown(registry: Registry, written: str, by: Reader) -> JSON:
    return show(registry, written, by).to_json()


def _placed(placed: Placed) -> dict[str, JSON]:
    return {
        "number": placed.number,
        "leaf": None if placed.leaf is None else placed.leaf.hex(),
        "digest": {**placed.item.digest.to_json()},
        "size": placed.item.size,
    }


def _number(written: str) -> int:
    if not (written.isascii() and written.isdigit() and 1 <= len(written) <= 4):
        raise DataFault(f"an item's number is from 1 to {MAX_ITEMS}", code="field-value")
    return int(written)


def _only(query: dict[str, str]) -> frozenset[int] | None:
    """The items a pack is to disclose. Raises `UsageFault` `query`."""
    if not query:
        return None
    if set(query) != {"only"} or not re.fullmatch(r"[0-9]{1,4}(,[0-9]{1,4}){0,999}", query["only"]):
        raise UsageFault("the query is not only= and numbers of items with commas", code="query")
    return frozenset(map(int, query["only"].split(",")))


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(_PIECE):
            yield piece

"""What organisations may ask for, in requests they sign (S15): their keys, notices, consents."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from yinzheng.api.desk import fields
from yinzheng.api.desk.bodies import JSON_MEDIA, MAX_BATCH, NDJSON, lines_of, media_of, one_object
from yinzheng.api.desk.server import Asked, Desk, reader_of
from yinzheng.api.http.lists import listed
from yinzheng.api.http.routes import Routes
from yinzheng.ledger.accesses.reader import Reader
from yinzheng.ledger.consents.batches import Batch, grant_batches
from yinzheng.ledger.consents.handover import Seen, copy_receipt, issue_receipt, replace_receipt
from yinzheng.ledger.consents.notices import publish_notice
from yinzheng.ledger.consents.receipts import Receipt
from yinzheng.ledger.consents.uncovered import Page, parts_of, uncovered_of
from yinzheng.ledger.consents.uses import Told, record_use
from yinzheng.ledger.consents.versions import against_the_one_before, notice_at
from yinzheng.ledger.organisations import enrolment
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.notices import changes
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.containers.receiptfile import MAX_RECEIPT
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.organisation import Revocation, parse_rotation
from yinzheng.verifier.formats.request import WINDOW


def organisations(desk: Desk) -> Routes:
    """The routes about keys, notices and consents."""
    router = Routes("/org/v1")

    @router.post("/key/rotate")
    async def rotate(request: Request) -> Response:
        async with desk.signed(request) as asked:
            rotation = parse_rotation(one_object(asked.body))
            _require_own(asked, rotation.grant.code)
            leaf = await asked.do(lambda registry: enrolment.rotate(registry, rotation, None))
        return _created({"leaf": leaf.hex(), "begins": max(rotation.grant.not_before, desk.clock())})

    @router.post("/key/revoke")
    async def revoke(request: Request) -> Response:
        async with desk.signed(request) as asked:
            said, now = fields.read(one_object(asked.body), fields.REVOKE), desk.clock()
            if said["since"] <= now + WINDOW:  # as of a request: clocks differ, and it is urgent
                said["since"] = min(said["since"], now)
            told = Revocation(code=asked.org, told_at=now, **said)
            leaf = await asked.do(lambda registry: enrolment.revoke(registry, told, None))
        return _created({"leaf": leaf.hex()})

    @router.post("/notices")
    async def notices(request: Request) -> Response:
        async with desk.signed(request) as asked:
            body = one_object(asked.body)
            return _created(await asked.do(lambda registry: _published(registry, body, asked.org)))

    @router.get("/notices/{written}/uncovered")
    async def uncovered(request: Request, written: str) -> Response:
        """Which consents in force a version is not covered by (R28), a page at a time; its controller's."""
        after = fields.after_of(dict(request.query_params))
        async with desk.signed(request) as asked:
            leaf = fields.identifier(written)
            page = await asked.do(lambda registry: uncovered_of(registry, leaf, reader_of(asked), after))
        beside: dict[str, JSON] = {"notice": page.row.leaf.hex(), "version": page.row.version}
        place = None if page.next is None else str(page.next)
        return listed(request, "uncovered", _uncovered(page), place, beside=beside)

    @router.post("/consents")
    async def consents(request: Request) -> Response:
        """One consent as JSON, or up to 1,000 as NDJSON: all of a batch or none."""
        once = fields.once_of(dict(request.query_params))
        media = media_of(request)
        if media not in (JSON_MEDIA, NDJSON):
            raise UsageFault(
                "this address does not accept that kind of content",
                code="content-type",
                hint=f"{JSON_MEDIA} for one consent, {NDJSON} for a batch.",
            )
        async with desk.signed(request, MAX_BATCH) as asked:
            batch = media == NDJSON
            values: list[JSON] = lines_of(asked.body) if batch else [one_object(asked.body)]
            item = Batch(asked.org, once, asked.body, values)
            if batch:
                answer = (await asked.do(lambda registry: grant_batches(registry, [item])))[0]
            else:
                answer = await asked.do_together(("consents", asked.org), item, grant_batches)
        return _created(answer)

    @router.get("/consents/{written}/receipt")
    async def proof_copy(request: Request, written: str) -> Response:
        """A copy that proves, and with which nobody acts: a file, or with `form=pdf` a PDF."""
        form = fields.form_of(dict(request.query_params))
        async with desk.signed(request) as asked:
            subject = fields.identifier(written)
            made = await asked.do(lambda registry: copy_receipt(registry, subject, reader_of(asked)))
        if form == "pdf":
            return Response(await run_in_threadpool(made.pdf), media_type="application/pdf")
        return Response(made.file, media_type=JSON_MEDIA)

    @router.post("/consents/{written}/receipt")
    async def receipt(request: Request, written: str) -> Response:
        """The patient's own, for the controller that hands it over: once, or in place of a lost one."""
        form = fields.form_of(dict(request.query_params))
        async with desk.signed(request) as asked:
            subject = fields.identifier(written)
            found = fields.read(one_object(asked.body), fields.HAND_OUT)
            made = await asked.do(lambda registry: _handed_out(registry, subject, reader_of(asked), found))
        if form == "pdf":
            data = await run_in_threadpool(made.pdf)
            return Response(data, HTTPStatus.CREATED, media_type="application/pdf")
        value = {"code": made.qr, "receipt": canonical.loads(made.file, max_bytes=MAX_RECEIPT)}
        return _created(value)

    @router.post("/uses")
    async def uses(request: Request) -> Response:
        """One use of a consent's data, by the controller or a recipient (R30)."""
        async with desk.signed(request) as asked:
            told = Told(**fields.read(one_object(asked.body), fields.USE))
            noted = await asked.do(lambda registry: record_use(registry, told, reader_of(asked)))
        return _created({"recorded": True, "line": noted.number, "covered": noted.covered})

    return router


def _published(registry: Registry, body: JSON, org: str) -> JSON:
    """What was published; `changes`: in what consents to the version before do not cover it (R28)."""
    row = publish_notice(registry, body, org)
    with registry.store.reading() as session:
        wider = against_the_one_before(session, notice_at(session, row.leaf))
    return {
        "leaf": row.leaf.hex(),
        "subject": row.subject.hex(),
        "version": row.version,
        "changes": [change.value for change in changes(wider)],
    }


def _uncovered(page: Page) -> list[JSON]:
    return [
        {
            "notice": group.version.row.leaf.hex(),
            "version": group.version.row.version,
            "wider": parts_of(group.version.wider),
            "consents": [subject.hex() for subject in group.subjects],
        }
        for group in page.groups
    ]


def _handed_out(registry: Registry, subject: bytes, by: Reader, found: dict[str, Any]) -> Receipt:
    if found["document"] is None:
        return issue_receipt(registry, subject, by)
    return replace_receipt(registry, subject, by, Seen(found["document"], found["guardian"]))


def _require_own(asked: Asked, code: str) -> None:
    if asked.org != code:
        raise DataFault(
            "this is another organisation's",
            code="organisation-other",
            hint="Each organisation speaks for itself alone.",
        )


def _created(value: Any) -> JSONResponse:
    return JSONResponse(value, HTTPStatus.CREATED)

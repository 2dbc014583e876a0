"""What a patient may ask with a receipt (R30, R31), passed on by the public web server on this machine.

The web server has no keys and reads nothing private; it hands the browser's form on and shows the answer.
Who asks is known by the receipt and the date of birth alone. Only this machine is answered.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from yinzheng.api.desk import fields
from yinzheng.api.desk.bodies import MAX_JSON, one_object, read_body
from yinzheng.api.desk.organisations import PLACE
from yinzheng.api.desk.server import Desk, is_local
from yinzheng.api.desk.views import progress_view
from yinzheng.api.desk.withdrawals import file_by_receipt
from yinzheng.ledger.consents.receipts import Receipt, make_receipt
from yinzheng.ledger.consents.uses import uses_of
from yinzheng.ledger.flow.threads import unknown_withdrawal
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.extent import InForce
from yinzheng.ledger.state import access_log
from yinzheng.ledger.withdrawals.claims import ReceiptClaim, admit
from yinzheng.ledger.withdrawals.concluding import conclusion
from yinzheng.ledger.withdrawals.filing import in_force
from yinzheng.ledger.withdrawals.progress import progress, withdrawals_of
from yinzheng.ledger.withdrawals.work import open_thread
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.errors import UsageFault

HOLDER = "receipt"
"""Who looked, in the access log: whoever holds the receipt. The log names no data subject (R47, R49)."""


def patients(desk: Desk) -> APIRouter:
    """The routes for receipts' holders."""
    router = APIRouter(prefix="/patient/v1")

    async def form(request: Request, wanted: dict[str, Any]) -> dict[str, Any]:
        if not is_local(request):
            raise UsageFault("there is nothing at this address", code="not-found")
        with desk.memory.lease() as lease:
            body = await read_body(request, MAX_JSON, lease, desk.limits.body_seconds)
            return fields.read(one_object(body), wanted)

    @router.post("/see")
    async def see(request: Request) -> Response:
        found = await form(request, fields.SEE)
        return JSONResponse(await desk.do(lambda registry: _seen(registry, found)))

    @router.post("/progress")
    async def going(request: Request) -> Response:
        found = await form(request, fields.SEE)

        def act(registry: Registry) -> JSON:
            return {"withdrawals": _withdrawals(registry, _admitted(registry, found, "progress"))}

        return JSONResponse(await desk.do(act))

    @router.post("/withdraw")
    async def withdraw(request: Request) -> Response:
        found = await form(request, fields.WITHDRAW)

        def act(registry: Registry) -> JSON:
            return progress_view(progress(registry, file_by_receipt(registry, found)))

        return JSONResponse(await desk.do(act), HTTPStatus.CREATED)

    @router.post("/receipt")
    async def receipt(request: Request) -> Response:
        """The receipt as of now, with every withdrawal so far: what a patient keeps."""
        found = await form(request, fields.RECEIPT)

        def act(registry: Registry) -> Receipt:
            return make_receipt(registry, _admitted(registry, found, "receipt"))

        made = await desk.do(act)
        if found["form"] == "json":
            return Response(made.file, media_type="application/json")
        # Setting a page takes a second, which the writer shall not spend.
        return Response(await run_in_threadpool(made.pdf), media_type="application/pdf")

    @router.post("/conclusion")
    async def concluded(request: Request) -> Response:
        """The signed end document of one withdrawal of the receipt's consent (S10.9)."""
        found = await form(request, fields.CONCLUSION)

        def act(registry: Registry) -> bytes:
            subject = _admitted(registry, found, "conclusion")
            if progress(registry, found["withdrawal"]).consent != subject:
                # Nobody else learns that it exists.
                raise unknown_withdrawal()
            return conclusion(registry, found["withdrawal"])

        return Response(await desk.do(act), media_type="application/json")

    return router


def _admitted(registry: Registry, found: dict[str, Any], action: str) -> bytes:
    """The consent's subject, once receipt and date of birth are right."""
    code = fields.receipt_of(found)
    subject = code.core.subject
    admit(registry, subject, ReceiptClaim(code.secret, found["born"]))
    with registry.store.transaction() as session:
        access_log.note(session, registry.clock(), HOLDER, action, subject.hex(), PLACE)
    return subject


def _withdrawals(registry: Registry, subject: bytes) -> list[JSON]:
    return [progress_view(one) for one in withdrawals_of(registry, subject)]


def _seen(registry: Registry, found: dict[str, Any]) -> JSON:
    """All that R30 lets the data subject see: what was consented to, what holds, and what became of it."""
    subject = _admitted(registry, found, "see")
    with registry.store.reading() as session:
        thread = open_thread(registry, session, subject)
        opened, force = thread.opened, in_force(thread)
        uses = uses_of(session, opened.seal, subject)
    return {
        "subject": subject.hex(),
        "consent": opened.consent.to_json(),
        "notice": opened.notice.to_json(),
        "notice_leaf": opened.notice_leaf.hex(),
        "in_force": _portion(force),
        "uses": [{"at": use.at, "purpose": use.purpose, "operator": use.operator} for use in uses],
        "withdrawals": _withdrawals(registry, subject),
    }


def _portion(force: InForce) -> JSON:
    scopes = sorted(scope.value for scope in force.scopes)
    grants = sorted((grant.code, grant.scope.value, grant.route.value) for grant in force.grants)
    return {
        "scopes": [*scopes],
        "grants": [{"code": code, "scope": scope, "route": route} for code, scope, route in grants],
    }

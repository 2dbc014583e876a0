"""What a patient may ask with a receipt (R30, R31), passed on by the public web server on this machine.

The web server has no keys and reads nothing private; it hands the browser's form on and shows the answer.
Who asks is known by the receipt and the date of birth alone. The pages alone are
answered (`api.http.pages`).

Whoever is not let in gets one answer, whatever the reason, at one of a few moments after asking: neither what
is said nor how long it took tells a stranger whether there is such a consent (R50).
"""

from __future__ import annotations

import asyncio
import base64
import math
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from http import HTTPStatus
from typing import Any, Final, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from yinzheng.api.desk import fields
from yinzheng.api.desk.bodies import MAX_JSON, one_object
from yinzheng.api.desk.server import Desk
from yinzheng.api.desk.views import progress_view
from yinzheng.api.desk.withdrawals import filed_by_receipt
from yinzheng.api.http.reading import read_body
from yinzheng.api.http.routes import Routes
from yinzheng.ledger.accesses.noting import Access, note
from yinzheng.ledger.accesses.reader import Reader
from yinzheng.ledger.accesses.showing import openings_of
from yinzheng.ledger.consents.receipts import Receipt, make_receipt
from yinzheng.ledger.consents.uncovered import parts_of
from yinzheng.ledger.consents.uses import uses_of
from yinzheng.ledger.consents.versions import row_at, wider_than
from yinzheng.ledger.flow.threads import find_withdrawal, unknown_withdrawal
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.extent import InForce
from yinzheng.ledger.withdrawals.claims import ReceiptClaim, admitted
from yinzheng.ledger.withdrawals.concluding import conclusion
from yinzheng.ledger.withdrawals.filing import in_force
from yinzheng.ledger.withdrawals.progress import progress_of, withdrawals_in
from yinzheng.ledger.withdrawals.uploads import Upload, keep
from yinzheng.ledger.withdrawals.work import ConsentThread
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.errors import DataFault, YinzhengError

T = TypeVar("T")

REFUSED_AFTER: Final = 0.25
"""Seconds: a refusal leaves when a multiple of these has passed since the request was read. Opening a consent
and counting a wrong answer take a tenth of it."""


MOST_VERSIONS: Final = 16
"""Later versions of a notice that are shown, the newest."""


def patients(desk: Desk) -> Routes:
    """The routes for receipts' holders."""
    router = Routes("/patient/v1")

    async def form(request: Request, wanted: dict[str, Any], most: int = MAX_JSON) -> dict[str, Any]:
        desk.pages.require(request)
        with desk.memory.lease(request) as lease:
            body = await read_body(request, most, lease, desk.limits.body_seconds)
            return fields.read(one_object(body, most), wanted)

    async def do(act: Callable[[Registry], T]) -> T:
        began = time.monotonic()
        try:
            return await desk.do(act)
        except YinzhengError:
            await asyncio.sleep(until_next(time.monotonic() - began))
            raise

    @router.post("/see")
    async def see(request: Request) -> Response:
        found = await form(request, fields.SEE)
        return JSONResponse(await do(lambda registry: _seen(registry, found)))

    @router.post("/progress")
    async def going(request: Request) -> Response:
        found = await form(request, fields.SEE)

        def act(registry: Registry) -> JSON:
            with _admitted(registry, found, "see", "withdrawal") as thread:
                return {"withdrawals": _withdrawals(thread)}

        return JSONResponse(await do(act))

    @router.post("/withdraw")
    async def withdraw(request: Request) -> Response:
        found = await form(request, fields.WITHDRAW)

        def act(registry: Registry) -> JSON:
            with filed_by_receipt(registry, found) as work:
                return progress_view(progress_of(work))

        return JSONResponse(await do(act), HTTPStatus.CREATED)

    @router.post("/guardian")
    async def guardian(request: Request) -> Response:
        """Documents that a guardian sends in, to be looked at by an officer (R33)."""
        found = await form(request, fields.GUARDIAN, fields.MAX_UPLOAD)
        sent = [Upload(one["which"], _bytes(one["content"])) for one in found["documents"]]

        def act(registry: Registry) -> JSON:
            with _admitted(registry, found, "act", "withdrawal") as thread:
                row = find_withdrawal(thread.session, found["withdrawal"])
                if row.consent != thread.subject:
                    raise unknown_withdrawal()
                work = thread.about(row)
                keep(work, sent)
                return progress_view(progress_of(work))

        return JSONResponse(await do(act), HTTPStatus.CREATED)

    @router.post("/receipt")
    async def receipt(request: Request) -> Response:
        """The receipt as of now, with every withdrawal so far: what a patient keeps.

        The PDF bears the credential that was shown, for the ledger has none to give; the file has none.
        """
        found = await form(request, fields.RECEIPT)

        def act(registry: Registry) -> Receipt:
            code = fields.receipt_of(found)
            with _admitted(registry, found, "export", "receipt") as thread:
                subject = thread.subject
            assert code.credential is not None  # nobody is admitted without
            return make_receipt(registry, subject).owned(code.credential)

        made = await do(act)
        if found["form"] == "json":
            return Response(made.file, media_type="application/json")
        # Setting a page takes a second, which the writer shall not spend.
        return Response(await run_in_threadpool(made.pdf), media_type="application/pdf")

    @router.post("/conclusion")
    async def concluded(request: Request) -> Response:
        """The signed end document of one withdrawal of the receipt's consent (S10.9)."""
        found = await form(request, fields.CONCLUSION)

        def act(registry: Registry) -> bytes:
            with _admitted(registry, found, "export", "conclusion") as thread:
                if find_withdrawal(thread.session, found["withdrawal"]).consent != thread.subject:
                    # Nobody else learns that it exists.
                    raise unknown_withdrawal()
            return conclusion(registry, found["withdrawal"])

        return Response(await do(act), media_type="application/json")

    return router


def until_next(passed: float) -> float:
    """Seconds until a refusal may leave, so many after the request was read."""
    return math.ceil(passed / REFUSED_AFTER + 1e-9) * REFUSED_AFTER - passed


@contextmanager
def _admitted(registry: Registry, found: dict[str, Any], action: str, kind: str) -> Iterator[ConsentThread]:
    """The consent's thread, once receipt and date of birth are right; opened once, and noted."""
    code = fields.receipt_of(found)
    with admitted(registry, code.subject, ReceiptClaim(code, found["born"])) as thread:
        subject = thread.subject
        access = Access(action, kind, subject.hex(), "own", consent=subject, basis="own")
        note(registry, thread.session, Reader.of_bearer(), access)
        yield thread


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise DataFault("a document is not base64", code="field-value") from None


def _withdrawals(thread: ConsentThread) -> list[JSON]:
    return [progress_view(one) for one in withdrawals_in(thread)]


def _seen(registry: Registry, found: dict[str, Any]) -> JSON:
    """All that R30 lets the data subject see: what was consented to, what holds, and what became of it."""
    with _admitted(registry, found, "see", "consent") as thread:
        opened = thread.opened
        uses = uses_of(registry, thread.session, opened.seal, thread.subject)
        return {
            "subject": thread.subject.hex(),
            "profile": opened.granted.statement.profile,
            "consent": opened.consent.to_json(),
            "notice": opened.notice.to_json(),
            "notice_leaf": opened.notice_leaf.hex(),
            "beyond": _beyond(thread, {one.under for one in uses}),
            "in_force": _portion(in_force(thread)),
            "uses": [{**asdict(use)} for use in uses],
            "openings": [{**asdict(one)} for one in openings_of(registry, thread.session, thread.subject)],
            "withdrawals": _withdrawals(thread),
        }


def _beyond(thread: ConsentThread, under: Collection[str | None]) -> list[JSON]:
    """The later versions that take more than was agreed to, the newest first (R28).

    The newest, and those ``under`` which uses were told: no number of versions pushes one of these out.
    """
    own = row_at(thread.session, thread.opened.notice_leaf)
    used = {bytes.fromhex(leaf) for leaf in under if leaf is not None}
    later = wider_than(thread.session, own, thread.opened.notice, used)
    return [
        {
            "notice": one.row.leaf.hex(),
            "version": one.row.version,
            "published_at": one.row.published_at,
            "wider": parts_of(one.wider),
        }
        for at, one in enumerate(later)
        if at < MOST_VERSIONS or one.row.leaf in used
    ]


def _portion(force: InForce) -> JSON:
    scopes = sorted(scope.value for scope in force.scopes)
    grants = sorted((grant.code, grant.scope.value, grant.route.value) for grant in force.grants)
    return {
        "scopes": [*scopes],
        "grants": [{"code": code, "scope": scope, "route": route} for code, scope, route in grants],
    }

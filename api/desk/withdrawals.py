"""What organisations do about withdrawals, in requests they sign (S15): file, freeze, confirm, be told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from yinzheng.api.desk import fields
from yinzheng.api.desk.bodies import one_object
from yinzheng.api.desk.server import Desk, reader_of
from yinzheng.api.desk.views import progress_view
from yinzheng.api.http.lists import listed
from yinzheng.api.http.routes import Routes
from yinzheng.ledger.accesses.noting import Access, note
from yinzheng.ledger.accesses.reader import Reader
from yinzheng.ledger.flow.threads import unknown_withdrawal
from yinzheng.ledger.notify import deliveries
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.extent import Way
from yinzheng.ledger.store.models_consents import WithdrawalRecipient
from yinzheng.ledger.withdrawals import course
from yinzheng.ledger.withdrawals.claims import DocumentClaim, ReceiptClaim
from yinzheng.ledger.withdrawals.filing import filed
from yinzheng.ledger.withdrawals.progress import Progress, progress_of
from yinzheng.ledger.withdrawals.verifying import verify_guardian
from yinzheng.ledger.withdrawals.work import ConsentThread, open_work
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.formats.destruction import MAX_RECEIPT, parse_receipt
from yinzheng.verifier.formats.withdrawal_steps import check_proof


def withdrawals(desk: Desk) -> Routes:
    """The routes about withdrawals."""
    router = Routes("/org/v1")

    @router.post("/withdrawals")
    async def received(request: Request) -> Response:
        async with desk.signed(request) as asked:
            body = one_object(asked.body)
            by_receipt = "receipt" in body
            found = fields.read(body, fields.WITHDRAW if by_receipt else fields.AT_COUNTER)

            def act(registry: Registry) -> JSON:
                filing = (
                    filed_by_receipt(registry, found, reader_of(asked))
                    if by_receipt
                    else _forwarded(registry, found, reader_of(asked))
                )
                with filing as work:
                    return {"withdrawal": work.row.id.hex(), **_deadlines(progress_of(work))}

            answer = await asked.do(act)
        return JSONResponse(answer, HTTPStatus.CREATED)

    @router.get("/withdrawals/{written}")
    async def shown(request: Request, written: str) -> Response:
        async with desk.signed(request) as asked:
            id_ = fields.identifier(written)

            def look(registry: Registry) -> JSON:
                with _part(registry, id_, asked.org) as work:
                    found = _shown(work, reader_of(asked), "see")
                told = deliveries.about(registry, asked.org, id_)
                return {**found, "notices": _signed(told)}

            return JSONResponse(await asked.do(look))

    @router.post("/withdrawals/{written}/guardian")
    async def proved(request: Request, written: str) -> Response:
        async with desk.signed(request) as asked:
            id_, proof = fields.identifier(written), check_proof(one_object(asked.body), "$")

            def act(registry: Registry) -> JSON:
                with _part(registry, id_, asked.org) as work:
                    verify_guardian(work, proof, org=asked.org)
                    return _shown(work, reader_of(asked), "process")

            return JSONResponse(await asked.do(act))

    @router.post("/withdrawals/{written}/freeze")
    async def frozen(request: Request, written: str) -> Response:
        async with desk.signed(request) as asked:
            id_ = fields.identifier(written)
            fields.read(one_object(asked.body), {})

            def act(registry: Registry) -> JSON:
                with _part(registry, id_, asked.org) as work:
                    course.freeze(work, asked.org)
                    return _shown(work, reader_of(asked), "process")

            return JSONResponse(await asked.do(act))

    @router.post("/withdrawals/{written}/receipt")
    async def confirmed(request: Request, written: str) -> Response:
        async with desk.signed(request, MAX_RECEIPT) as asked:
            id_, receipt = fields.identifier(written), parse_receipt(asked.body)

            def act(registry: Registry) -> JSON:
                with _part(registry, id_, asked.org) as work:
                    leaf = course.receipt(work, receipt, asked.org)
                    return {"leaf": leaf.hex(), **_shown(work, reader_of(asked), "process")}

            return JSONResponse(await asked.do(act), HTTPStatus.CREATED)

    @router.get("/notices-pending")
    async def pending(request: Request) -> Response:
        """Notices not delivered yet, once; with `since`, those delivered since then once more, in pages."""
        since, after = fields.since_of(dict(request.query_params))
        async with desk.signed(request) as asked:

            def act(registry: Registry) -> tuple[list[deliveries.Signed], bytes | None]:
                more = None
                if since is None:  # taken away by being asked for: there is no page to come back to
                    found = deliveries.fetch(registry, asked.org)
                else:
                    found, more = deliveries.refetch(registry, asked.org, since, after)
                if found:  # who asks in vain, as organisations do all day, was shown nothing
                    with registry.store.transaction() as session:
                        access = Access("list", "notices", str(len(found)), "work")
                        note(registry, session, reader_of(asked), access)
                return found, more

            found, more = await asked.do(act)
        if since is None:
            return JSONResponse({"notices": _signed(found), "next": None})
        place = None if more is None else more.hex()
        return listed(request, "notices", _signed(found), place, made_now=("header",))

    return router


def _signed(found: Iterable[deliveries.Signed]) -> list[JSON]:
    return [{"body": one.body.decode(), "header": one.header} for one in found]


def filed_by_receipt(
    registry: Registry, found: dict[str, Any], by: Reader | None = None
) -> AbstractContextManager[ConsentThread]:
    """File what the holder of a receipt withdraws (`fields.WITHDRAW`); hands on its thread.

    `by` is the organisation that passes it on, if one does.
    """
    code = fields.receipt_of(found)
    return filed(
        registry,
        code.subject,
        fields.extent_of(found["extent"]),
        channel=Way.GUARDIAN if found["guardian"] else Way.RECEIPT,
        claim=ReceiptClaim(code, found["born"]),
        by=by,
    )


def _forwarded(
    registry: Registry, found: dict[str, Any], by: Reader
) -> AbstractContextManager[ConsentThread]:
    return filed(
        registry,
        found["subject"],
        fields.extent_of(found["extent"]),
        channel=Way.CONTROLLER,
        claim=DocumentClaim(found["document"], found["guardian"]),
        controller=by.organisation,
        received_at=found["received_at"],
        by=by.acting_as("controller"),
    )


def _deadlines(found: Progress) -> dict[str, JSON]:
    return {"state": found.state.value, "destroy_by": found.destroy_by, "freeze_by": found.freeze_by}


@contextmanager
def _part(registry: Registry, id_: bytes, org: str) -> Iterator[ConsentThread]:
    """A withdrawal, opened for one who has a part in it; whoever has none does not learn that it exists."""
    with registry.store.transaction() as session:
        if session.get(WithdrawalRecipient, (id_, org)) is None:
            raise unknown_withdrawal()
        yield open_work(registry, session, id_)


def _shown(work: ConsentThread, by: Reader, action: str) -> dict[str, JSON]:
    """The whole of it for the controller; for a recipient its own duty. It is written down (R47)."""
    org = by.organisation or ""
    mine = work.recipients[org]
    function = "controller" if org == work.row.controller else "recipient"
    access = Access(action, "withdrawal", work.row.id.hex(), "withdrawal", consent=work.subject)
    note(work.registry, work.session, by.acting_as(function), access)
    leaf, body = work.request
    found = progress_of(work)
    if org == work.row.controller:
        return {**progress_view(found), "request": leaf.hex(), "duty": mine.duty}
    grants: list[JSON] = [
        {"scope": grant.scope, "route": grant.route} for grant in body.taken.grants if grant.code == org
    ]
    return {
        "withdrawal": found.id.hex(),
        "consent": found.consent.hex(),
        "request": leaf.hex(),
        "state": found.state.value,
        "duty": mine.duty,
        "parts": grants,
        "destroy_by": found.destroy_by,
        "held": found.held,
        "given_at": mine.given_at,
        "late": mine.late,
    }

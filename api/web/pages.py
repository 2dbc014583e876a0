"""The pages for people: the certificate's own address, the form, the notice board, and a first page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Final
from urllib.parse import quote, urlencode

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from yinzheng.api.http.guard import client
from yinzheng.api.http.headers import WITH_SCRIPT
from yinzheng.api.http.language import Language, negotiate, other
from yinzheng.api.http.problems import not_found, problem_of
from yinzheng.api.web.checking import (
    AnyChecked,
    CheckedConclusion,
    CheckedContract,
    CheckedHistory,
    CheckedPurpose,
    CheckedReceipt,
    CheckedTrade,
    CheckedVoucher,
)
from yinzheng.api.web.conclusion_view import ConclusionView, conclusion_view
from yinzheng.api.web.contract_view import ContractView, contract_view
from yinzheng.api.web.intake import Submission, read_submission
from yinzheng.api.web.notice_view import found_in, notice_view
from yinzheng.api.web.ports import Notice
from yinzheng.api.web.purpose_view import PurposeView, purpose_view
from yinzheng.api.web.receipt_view import ReceiptView, receipt_view
from yinzheng.api.web.report_view import ReportView, report_view
from yinzheng.api.web.rights import history_page
from yinzheng.api.web.server import Server, language_of
from yinzheng.api.web.trade_view import TradeView, trade_view
from yinzheng.api.web.voucher_view import VoucherView, voucher_view
from yinzheng.verifier.errors import YinzhengError

READ: Final = ["GET", "HEAD"]
SHOWN: Final = 50
"""Notices found on the board that are listed."""

_FOREVER: Final = "public, max-age=31536000, immutable"


def pages(server: Server) -> APIRouter:
    """The routes of all pages."""
    router = APIRouter(include_in_schema=False)

    async def landing(request: Request) -> Response:
        return server.page(request, "landing.html")

    async def form(request: Request) -> Response:
        return server.page(
            request, "verify.html", here="verify", headers=WITH_SCRIPT, scan_field="text", scan_kinds="VLC"
        )

    async def submitted(request: Request) -> Response:
        language = language_of(request)
        try:
            with server.memory.lease(request) as lease:
                submission = await read_submission(request, server.limits, lease, json=False)
                language = negotiate(submission.lang, request.headers.get("accept-language"))
                return await _told(server, request, submission, language, history=True)
        except YinzhengError as error:
            return server.problem(request, problem_of(error), language)

    async def scanned(request: Request, core: str) -> Response:
        # Whatever the host and the case: the address of the page is the text of the code (S6.3).
        shown = Submission(f"/V/{core}", None)
        return await _told(server, request, shown, language_of(request), history=True)

    async def scanned_voucher(request: Request, core: str) -> Response:
        shown = Submission(f"/L/{core}", None)
        return await _told(server, request, shown, language_of(request), history=False)

    async def board(request: Request) -> Response:
        language, query = language_of(request), request.query_params
        asked, after = query.get("q", "").strip()[:100], query.get("after")
        found: Sequence[Notice]
        if asked:
            whole = await run_in_threadpool(server.reader.notices)
            found, following = found_in(whole, asked), None
        else:
            found, following = await run_in_threadpool(server.reader.board, after)
        now, calendar = server.clock(), cache(server.reader.calendar)
        kept = {"q": asked} if asked else {"after": after} if after else {}
        return server.page(
            request,
            "publicity.html",
            here="publicity",
            switch=f"/publicity?{urlencode({**kept, 'lang': other(language)})}" if kept else None,
            demonstration=any(notice.demonstration for notice in found),
            asked=asked,
            after=after,
            following=following,
            more=len(found) > SHOWN,
            notices=[notice_view(notice, now, language, calendar) for notice in found[:SHOWN]],
        )

    async def asset(request: Request, name: str) -> Response:
        found = server.assets.get(name)
        if found is None:
            return server.problem(request, not_found())
        return Response(found.content, media_type=found.media, headers={"Cache-Control": _FOREVER})

    async def favicon() -> Response:
        return RedirectResponse("/static/icon.svg", 301)

    router.add_api_route("/", landing, methods=READ)
    router.add_api_route("/verify", form, methods=READ)
    router.add_api_route("/verify", submitted, methods=["POST"])
    router.add_api_route("/V/{core:path}", scanned, methods=READ)
    router.add_api_route("/v/{core:path}", scanned, methods=READ)
    router.add_api_route("/L/{core:path}", scanned_voucher, methods=READ)
    router.add_api_route("/l/{core:path}", scanned_voucher, methods=READ)
    router.add_api_route("/publicity", board, methods=READ)
    router.add_api_route("/static/{name}", asset, methods=READ)
    router.add_api_route("/favicon.ico", favicon, methods=READ)
    return router


async def _told(
    server: Server, request: Request, submission: Submission, language: Language, *, history: bool
) -> Response:
    """The page about what was submitted."""
    page = await server.checker.tell(
        submission,
        client(request),
        lambda checked: _result(server, request, checked, language),
        form=("page", request.method, language),
        history=history,
    )
    # A response of its own: what is sent along is added to its headers, and the page may be others' too.
    return Response(page.body, page.status_code, headers=dict(page.headers))


def _result(server: Server, request: Request, checked: AnyChecked, language: Language) -> Response:
    own = server.checker.own_policy
    if isinstance(checked, CheckedReceipt):
        receipt = receipt_view(checked, language, own_policy=own)
        return _private(server, request, "receipt.html", receipt, language, qr=checked.qr)
    if isinstance(checked, CheckedConclusion):
        conclusion = conclusion_view(checked, language, own_policy=own)
        return _private(server, request, "conclusion.html", conclusion, language)
    if isinstance(checked, CheckedPurpose):
        purpose = purpose_view(checked, language, own_policy=own)
        return _private(server, request, "purpose.html", purpose, language)
    if isinstance(checked, CheckedHistory):
        return history_page(server, request, checked, language)
    if isinstance(checked, CheckedContract):
        contract = contract_view(checked, language, own_policy=own)
        return _private(server, request, "contract.html", contract, language)
    if isinstance(checked, CheckedTrade):
        trade = trade_view(checked, language, own_policy=own)
        return _private(server, request, "trade_check.html", trade, language)
    if isinstance(checked, CheckedVoucher):
        voucher = voucher_view(checked, language, own_policy=own)
        return _shown(server, request, "voucher.html", voucher, checked.qr, language)
    view = report_view(checked, language, own_policy=own)
    return _shown(server, request, "result.html", view, checked.qr, language)


def _shown(
    server: Server,
    request: Request,
    template: str,
    view: ReportView | VoucherView,
    qr: str | None,
    language: Language,
) -> Response:
    return server.page(
        request,
        template,
        language=language,
        switch=_switch(request, qr, language),
        here="verify",
        demonstration=view.demonstration,
        view=view,
    )


def _private(
    server: Server,
    request: Request,
    template: str,
    view: ReceiptView | ConclusionView | VoucherView | TradeView | PurposeView | ContractView,
    language: Language,
    *,
    qr: str | None = None,
) -> Response:
    return server.page(
        request,
        template,
        language=language,
        # The code of a receipt is a key: it stands in no address, and goes on in a form.
        switch=f"/verify?lang={other(language)}",
        here="verify",
        demonstration=view.demonstration,
        view=view,
        qr=qr,
    )


def _switch(request: Request, qr: str | None, language: Language) -> str | None:
    """The same answer in the other language: a submitted code has an address of its own, a file has not."""
    if request.method != "POST":
        return None
    found = re.search(r"(/[VL]/)(.*)", (qr or "").upper())
    path = found[1] + quote(found[2], safe="") if found else "/verify"
    return f"{path}?lang={other(language)}"

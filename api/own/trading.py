"""An exchange's own pages: asking before a trade, receipts of the answers, certificates kept for a trade."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from yinzheng.api.http.language import other
from yinzheng.api.org.contracts import digest_of
from yinzheng.api.own.check_form import MOST_FIELDS, CheckForm, read_check_form
from yinzheng.api.own.house import CASE, House, Visit, no_case, nothing
from yinzheng.api.own.receipts_view import check_line, form_words, judged, receipt_view, reservation_line
from yinzheng.api.web.intake import read_fields
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.errors import UsageFault, YinzhengError
from yinzheng.verifier.formats.body import is_number
from yinzheng.verifier.formats.move_request import parse_joint_request
from yinzheng.verifier.formats.trade import parse_trade

_LEAF: Final = re.compile("[0-9a-f]{64}")
_HOURS: Final = re.compile("[0-9]{1,2}")
UNANCHORED: Final = "trade-check-unanchored"


class Trading:
    """The handlers."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def form(self, request: Request) -> Response:
        """The form of a check."""
        return self._form(self._house.visit(request), CheckForm())

    async def check(self, request: Request) -> Response:
        """Ask; the answer has an address of its own."""
        visit, house, form = self._house.visit(request), self._house, CheckForm()
        try:
            with house.memory.lease(request) as lease:
                fields = await read_fields(request, house.limits, lease, MOST_FIELDS)
                house.door.require_form(visit.session, fields)
                form = await run_in_threadpool(read_check_form, fields)
            trade = form.trade()
            parse_trade(trade)
            answer = await house.ask(lambda: house.exchange.check(trade))
        except YinzhengError as error:
            return self._form(visit, form, error)
        house.keep(answer.check, dumps(dict(answer.receipt)))
        return self._see(visit, f"receipts/{answer.check}")

    async def receipts(self, request: Request) -> Response:
        """What was answered, the newest first."""
        visit, house = self._house.visit(request), self._house
        after = request.query_params.get("after")
        if after is not None and _LEAF.fullmatch(after) is None:
            raise nothing()
        found, more = await house.ask(lambda: house.exchange.checks(after))
        return house.page(
            visit,
            "own_receipts.html",
            here="receipts",
            checks=[check_line(one, visit.language) for one in found],
            first=after is None,
            more=more,
        )

    async def receipt(self, request: Request) -> Response:
        """One answer, checked here under the policy that this organisation pins."""
        visit, house, check = self._house.visit(request), self._house, _leaf(request, "check")
        data, proved = await self._receipt(check)
        report = await run_in_threadpool(judged, data, house.policy, house.clock())
        view = receipt_view(report, house.policy, visit.language, proved=proved)
        return house.page(
            visit, "own_receipt.html", here="receipts", view=view, demonstration=view.report.demonstration
        )

    async def receipt_file(self, request: Request) -> Response:
        """The receipt as a file, with its proofs as soon as there are any."""
        self._house.visit(request)
        check = _leaf(request, "check")
        data, _ = await self._receipt(check)
        named = {"Content-Disposition": f'attachment; filename="trade-check-{check[:12]}.json"'}
        return Response(data, media_type="application/json", headers=named)

    async def reservations(self, request: Request) -> Response:
        """Certificates kept for a trade, and how each of them stands."""
        return await self._reservations(self._house.visit(request))

    async def reserve(self, request: Request) -> Response:
        """Keep one, by this exchange's own account."""
        visit, house = self._house.visit(request), self._house
        try:
            with house.memory.lease(request) as lease:
                fields = await read_fields(request, house.limits, lease)
            house.door.require_form(visit.session, fields)
            number = fields.get("number", b"").decode("utf-8", "replace").strip().upper()
            hours = fields.get("hours", b"").decode("utf-8", "replace").strip()
            if not is_number(number) or _HOURS.fullmatch(hours) is None:
                raise UsageFault(
                    "a number and whole hours are wanted", code="reserve-form", hint="At most 72 hours."
                )
            await house.ask(lambda: house.exchange.reserve(number, hours=int(hours)))
        except YinzhengError as error:
            return await self._reservations(visit, error)
        return self._see(visit, "reservations")

    async def release(self, request: Request) -> Response:
        """Let one go before its time."""
        visit, house, leaf = self._house.visit(request), self._house, _leaf(request, "reservation")
        try:
            with house.memory.lease(request) as lease:
                fields = await read_fields(request, house.limits, lease)
            house.door.require_form(visit.session, fields)
            shown = fields.get("certificate", b"").decode("utf-8", "replace")
            await house.ask(lambda: house.exchange.release(leaf, shown))
        except YinzhengError as error:
            return await self._reservations(visit, error)
        return self._see(visit, "reservations")

    async def settling(self, request: Request) -> Response:
        """The form by which a trade is reported."""
        return self._settling(self._house.visit(request), _leaf(request, "reservation"))

    async def settle(self, request: Request) -> Response:
        """Report the trade that one was kept for: that registers what the parties signed already (S20.6)."""
        visit, house, leaf = self._house.visit(request), self._house, _leaf(request, "reservation")
        case = ""
        try:
            with house.memory.lease(request) as lease:
                fields = await read_fields(request, house.limits, lease)
                house.door.require_form(visit.session, fields)
                case = fields.get("case", b"").decode("utf-8", "replace").strip().upper()
                joint = parse_joint_request(fields.get("request", b""))
                digest = await run_in_threadpool(digest_of, fields.get("contract", b""))
            if CASE.fullmatch(case) is None:
                raise no_case()
            await house.ask(lambda: house.exchange.settle(leaf, case, joint, digest))
        except YinzhengError as error:
            return self._settling(visit, leaf, case, error)
        return self._see(visit, "reservations")

    # ---------------------------------------------------------------- what they share

    def _see(self, visit: Visit, path: str) -> Response:
        address = f"{self._house.door.place}/{path}?lang={visit.language}"
        return RedirectResponse(address, HTTPStatus.SEE_OTHER)

    def _form(self, visit: Visit, form: CheckForm, error: YinzhengError | None = None) -> Response:
        house = self._house
        return house.page(
            visit,
            "own_check.html",
            error=error,
            switch=f"{house.door.place}/check?lang={other(visit.language)}",
            here="check",
            form=form,
            words=form_words(visit.language),
        )

    def _settling(
        self, visit: Visit, leaf: str, case: str = "", error: YinzhengError | None = None
    ) -> Response:
        house = self._house
        address = f"{house.door.place}/reservations/{leaf}/settle"
        return house.page(
            visit,
            "own_settle.html",
            error=error,
            switch=f"{address}?lang={other(visit.language)}",
            here="reservations",
            address=address,
            case=case[:40],
        )

    async def _receipt(self, check: str) -> tuple[bytes, bool]:
        """The receipt, and whether it has its proofs: they come a moment after the answer."""
        house = self._house
        try:
            return await house.ask(lambda: house.exchange.receipt(check)), True
        except YinzhengError as error:
            kept = house.unproved.get(check)
            if error.code != UNANCHORED or kept is None:
                raise
            return kept, False

    async def _reservations(self, visit: Visit, error: YinzhengError | None = None) -> Response:
        house = self._house
        after = visit.request.query_params.get("after")
        if after is not None and _LEAF.fullmatch(after) is None:
            raise nothing()
        found, more = await house.listed(lambda: house.exchange.reservations_page(after), error)
        return house.page(
            visit,
            "own_reservations.html",
            error=error,
            switch=f"{house.door.place}/reservations?lang={other(visit.language)}",
            here="reservations",
            number=visit.request.query_params.get("number", ""),
            reservations=[reservation_line(one, visit.language) for one in found],
            first=after is None,
            more=more,
        )


def routes(house: House) -> list[Route]:
    """The addresses of these pages."""
    pages, base = Trading(house), house.door.place
    return [
        Route(f"{base}/check", pages.form),
        Route(f"{base}/check", pages.check, methods=["POST"]),
        Route(f"{base}/receipts", pages.receipts),
        Route(f"{base}/receipts/{{check}}", pages.receipt),
        Route(f"{base}/receipts/{{check}}/file", pages.receipt_file),
        Route(f"{base}/reservations", pages.reservations),
        Route(f"{base}/reservations", pages.reserve, methods=["POST"]),
        Route(f"{base}/reservations/{{reservation}}/release", pages.release, methods=["POST"]),
        Route(f"{base}/reservations/{{reservation}}/settle", pages.settling),
        Route(f"{base}/reservations/{{reservation}}/settle", pages.settle, methods=["POST"]),
    ]


def _leaf(request: Request, name: str) -> str:
    found = str(request.path_params[name])
    if _LEAF.fullmatch(found) is None:
        raise nothing()
    return found

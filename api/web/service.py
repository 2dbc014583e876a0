"""The interface for programs: verification, look-up by number, notices, health, and the log's files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Final, TypeAlias, cast

from fastapi import APIRouter, FastAPI, Header, Path, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from yinzheng.api.http.examples import examples_of, put_examples
from yinzheng.api.http.guard import client
from yinzheng.api.http.lists import DESCRIBED, PUBLIC, TAGS, UNCHANGED, listed
from yinzheng.api.http.pages import is_local, is_named_local
from yinzheng.api.http.problems import not_found
from yinzheng.api.http.schemas import schema_file
from yinzheng.api.web.challenges import for_programs as challenges_for_programs
from yinzheng.api.web.checking import (
    AnyChecked,
    Checked,
    CheckedConclusion,
    CheckedContract,
    CheckedHistory,
    CheckedPurpose,
    CheckedReceipt,
    CheckedTrade,
    CheckedVoucher,
)
from yinzheng.api.web.conclusion_view import conclusion_tone
from yinzheng.api.web.contract_view import contract_tone
from yinzheng.api.web.history_view import history_tone
from yinzheng.api.web.intake import read_submission
from yinzheng.api.web.log_files import read_log_file, reads_gzip
from yinzheng.api.web.metrics import MEDIA, exposition
from yinzheng.api.web.pages import READ
from yinzheng.api.web.ports import Notice
from yinzheng.api.web.purpose_view import purpose_tone
from yinzheng.api.web.receipt_view import receipt_tone
from yinzheng.api.web.report_view import verdict_name
from yinzheng.api.web.rights import for_programs as rights_for_programs
from yinzheng.api.web.schemas import (
    AnswerOut,
    BoardOut,
    ConclusionAnswerOut,
    ContractAnswerOut,
    HealthOut,
    HistoryAnswerOut,
    NoticeOut,
    ProblemOut,
    PurposeAnswerOut,
    ReceiptAnswerOut,
    Said,
    TradeAnswerOut,
    VoucherAnswerOut,
    policy_out,
)
from yinzheng.api.web.server import Server
from yinzheng.api.web.trade_view import trade_tone
from yinzheng.api.web.voucher_view import voucher_tone
from yinzheng.api.web.words import VERDICTS, Tone
from yinzheng.verifier.bytes.canonical import JSON, dumps
from yinzheng.verifier.formats.body import is_number
from yinzheng.verifier.words.verdict import verdict

_PROBLEM: dict[str, Any] = {
    "application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemOut"}}
}


AnyAnswer: TypeAlias = (
    AnswerOut
    | ReceiptAnswerOut
    | ConclusionAnswerOut
    | VoucherAnswerOut
    | TradeAnswerOut
    | PurposeAnswerOut
    | HistoryAnswerOut
    | ContractAnswerOut
)


def _problems(**descriptions: str) -> dict[int | str, dict[str, Any]]:
    """What a refusal is, by its status; every other one has the same form."""
    told = {"default": "Refused otherwise, or a fault of this server.", **descriptions}
    return {
        status.removeprefix("s"): {"description": description, "content": _PROBLEM}
        for status, description in told.items()
    }


_LIMITED: Final = {
    "s429": "Too many requests; see Retry-After.",
    "s503": "Server busy, or the ledger cannot be read. Says nothing about the certificate.",
}

_UPLOAD: Final = {
    "type": "object",
    "title": "Upload",
    "description": "What is to be verified: exactly one of text and file.",
    "properties": {
        "text": {
            "type": "string",
            "description": "The text of a QR code (S6.3) or short code (S6.11), or a certificate file (S6.5) "
            "as text.",
        },
        "file": {
            "type": "string",
            "format": "binary",
            "description": "A PNG, JPEG or WebP of the QR code, or the document's PDF or JSON file; at most "
            "64 MiB. Held in memory alone, and not kept.",
        },
        "reader": {"type": "string", "description": "Of a proof for one reader (S21): who reads it, R17."},
        "purpose": {"type": "string", "description": "Of such a proof: for what it is read."},
    },
    "minProperties": 1,
}

_VERIFY_BODY: Final = {
    "requestBody": {
        "required": True,
        # One kind of body, though JSON is read too: generators know what to do with several in part only.
        "content": {"multipart/form-data": {"schema": {"$ref": "#/components/schemas/Upload"}}},
    }
}


def service(server: Server) -> APIRouter:
    """The routes for programs."""
    router = APIRouter()

    @router.post(
        "/v1/verify",
        operation_id="verify",
        summary="Verify a certificate",
        tags=["verification"],
        response_model=AnyAnswer,
        openapi_extra=_VERIFY_BODY,
        responses=_problems(
            s400="Empty, contradictory or unreadable form; a number alone (`number-alone`).",
            s413="Too large (`too-large`).",
            s415="Neither multipart nor JSON (`content-type`), or an evidence pack (`pack-elsewhere`).",
            **_LIMITED,
        ),
    )
    async def verify_certificate(
        request: Request,
    ) -> Response:
        """Check a certificate, a licence's voucher, a right's history, a patient's receipt, the end of a
        withdrawal, the receipt of a trade check, a contract about data or a proof for one reader, by S9's
        obligations.

        The answer is 200 whatever the verdict, that it is not one of ours included. It is given by the
        registry about itself, under the policy named in `policy`: to believe no server, run `yinzheng
        verify` on the file with a policy of your own. A text may also be sent as `application/json`,
        `{"text": ...}`.
        """
        with server.memory.lease(request) as lease:
            submission = await read_submission(request, server.limits, lease, json=True)
            own = server.checker.own_policy
            content = await server.checker.tell(
                submission, client(request), partial(_written, own=own), form="json", history=False
            )
        return Response(content, media_type="application/json")

    @router.get(
        "/v1/certificates/{number}",
        operation_id="certificate_file",
        summary="Fetch a certificate file by its number",
        tags=["verification"],
        response_class=Response,
        responses={
            200: {
                "description": "The certificate file (S6.5), with evidence made now.",
                "content": {"application/json": {"schema": {"type": "object"}}},
            },
            **_problems(
                s404="No such certificate (`not-found`).",
                s429="Too many look-ups by number (`rate-limited`); see Retry-After.",
                s503="The ledger cannot be read.",
            ),
        },
    )
    async def certificate_file(
        request: Request,
        number: Annotated[str, Path(description="15 characters, such as `SJ4412026110001` (R14).")],
    ) -> Response:
        """The file proves itself: verify it with a policy of your own.

        A number alone proves nothing, because it can be guessed or copied (R14). Look-ups by number are
        therefore limited more tightly than other requests, and there is no list of numbers (R50).
        """
        who, name = client(request), number.upper()
        server.gate.lookup(who)
        content = None
        if is_number(name):
            content = await server.checker.in_turn(who, lambda: server.reader.certificate_file(name))
        if content is None:
            server.gate.missed(who)
            return server.problem(request, not_found())
        return Response(
            content,
            media_type="application/json",
            headers={"Content-Disposition": f'attachment; filename="{name}.json"'},
        )

    @router.get(
        "/v1/evidence/{subject}",
        operation_id="evidence",
        summary="Fetch evidence of how a certificate stands now",
        tags=["verification"],
        response_class=Response,
        responses={
            200: {
                "description": "Evidence (S7.3) of now for the certificate's slots, or that they are "
                "empty, and for the anchored root of the size asked about.",
                "content": {"application/json": {"schema": {"type": "object"}}},
            },
            **_problems(
                s400="No such subject or size (`query`).",
                s429="Too many look-ups by number (`rate-limited`); see Retry-After.",
                s503="The ledger cannot be read.",
            ),
        },
    )
    async def evidence(
        request: Request,
        subject: Annotated[str, Path(description="64 hex, by the number (S2.4).", pattern="^[0-9a-f]{64}$")],
        size: Annotated[
            int | None, Query(description="Of the log's head that a proof at hand is to.", ge=1, lt=2**53)
        ] = None,
    ) -> Response:
        """What `yinzheng verify --ledger` asks for whoever has a code or file, and does not believe.

        A subject follows from the number, so this counts as a look-up by number.
        """
        who, of = client(request), bytes.fromhex(subject)
        server.gate.lookup(who)

        def read() -> tuple[bytes, bool]:
            ledger = server.reader.live()
            return dumps(cast(JSON, ledger.chain(of, size, None))), ledger.number_of(of) is not None

        content, known = await server.checker.in_turn(who, read)
        if not known:
            server.gate.missed(who)
        return Response(content, media_type="application/json")

    @router.get(
        "/v1/publicity",
        operation_id="publicity",
        summary="The public notice board",
        tags=["publicity"],
        response_model=BoardOut,
        responses={
            200: {"headers": DESCRIBED},
            304: {"description": UNCHANGED},
            **_problems(s400="No such place on the board (`query`).", **_LIMITED),
        },
    )
    async def publicity(
        request: Request,
        after: Annotated[
            str | None, Query(description="The `next` of the page before.", pattern="^[0-9a-f]{64}$")
        ] = None,
        _known: Annotated[str | None, Header(alias="If-None-Match", description=TAGS)] = None,
    ) -> Response:
        """What the public sees of applications under publicity, and when it ends (R24); the last 500 notices,
        50 a page.

        Anyone may object to the registry while a notice lasts. Demonstrations are marked and have no effect.
        """
        found, more = await run_in_threadpool(server.reader.board, after)
        rows: list[JSON] = [_notice(notice).model_dump() for notice in found]
        return listed(request, "notices", rows, more, kept=PUBLIC)

    @router.get(
        "/healthz",
        operation_id="health",
        summary="Whether the ledger can be read",
        tags=["operation"],
        responses=_problems(s503="Database, log or chain cannot be read."),
    )
    async def healthz() -> HealthOut:
        """How far log and chain are."""
        health = await run_in_threadpool(server.reader.health)
        return HealthOut(
            status="ok",
            log_size=health["log_size"],
            anchored_size=health["anchored_size"],
            block=health["block"],
            block_time=health["block_time"],
        )

    async def metrics(request: Request) -> Response:
        # How much waits, and for how long, is the operator's own.
        if not (is_local(request) and is_named_local(request)):
            return server.problem(request, not_found())
        found = await run_in_threadpool(server.reader.measures, server.clock())
        return Response(exposition(found), media_type=MEDIA)

    router.add_api_route("/metrics", metrics, methods=READ, include_in_schema=False, response_class=Response)

    async def log_file(request: Request, path: str) -> Response:
        packed = reads_gzip(request.headers.get("accept-encoding", ""))
        answer = await run_in_threadpool(read_log_file, server.reader.log_root, path, packed=packed)
        return answer or server.problem(request, not_found())

    router.add_api_route(
        "/log/{path:path}", log_file, methods=READ, include_in_schema=False, response_class=Response
    )

    async def schema(request: Request, name: str) -> Response:
        return schema_file(name) or server.problem(request, not_found())

    router.add_api_route(
        "/schemas/{name}", schema, methods=READ, include_in_schema=False, response_class=Response
    )
    for routes in (challenges_for_programs, rights_for_programs):
        router.include_router(routes(server, _problems))
    return router


def describe(app: FastAPI) -> None:
    """Put into the OpenAPI document what it refers to beyond the answers of its routes."""
    generated = app.openapi

    def described() -> dict[str, Any]:
        found = generated()
        found["components"]["schemas"] |= {"ProblemOut": ProblemOut.model_json_schema(), "Upload": _UPLOAD}
        return put_examples(found, examples_of("pages"))

    app.openapi = described  # type: ignore[method-assign]  # as FastAPI has it done


@dataclass(frozen=True, slots=True)
class _Told:
    """How the answer about one kind of document is put: under which name, and in which tone."""

    answer: Callable[..., AnyAnswer]
    name: str
    tone: Callable[[Any], Tone]


_TOLD: Final[Mapping[type[Any], _Told]] = {
    CheckedPurpose: _Told(PurposeAnswerOut, "proof", purpose_tone),
    CheckedConclusion: _Told(ConclusionAnswerOut, "conclusion", conclusion_tone),
    CheckedReceipt: _Told(ReceiptAnswerOut, "receipt", receipt_tone),
    CheckedHistory: _Told(HistoryAnswerOut, "history", history_tone),
    CheckedTrade: _Told(TradeAnswerOut, "trade_check", trade_tone),
    CheckedContract: _Told(ContractAnswerOut, "contract", contract_tone),
    CheckedVoucher: _Told(VoucherAnswerOut, "voucher", voucher_tone),
    Checked: _Told(AnswerOut, "report", lambda report: VERDICTS[verdict_name(report)].tone),
}


def _answer(checked: AnyChecked, *, own: bool) -> AnyAnswer:
    told, report = _TOLD[type(checked)], checked.report
    return told.answer(
        verdict=Said(tone=told.tone(report), **verdict(report).to_json()),
        policy=policy_out(checked.trust, own=own),
        **{told.name: report.to_json()},
    )


def _written(checked: AnyChecked, *, own: bool) -> bytes:
    return _answer(checked, own=own).model_dump_json(by_alias=True).encode()


def _notice(notice: Notice) -> NoticeOut:
    return NoticeOut(
        case=notice.case,
        type=notice.type,
        certificate=notice.certificate,
        applicant=notice.applicant,
        asset=notice.asset,
        overview=notice.overview,
        limits=notice.limits,
        importance=notice.importance,
        profile=notice.profile,
        procedure=notice.procedure,
        opened_at=notice.opened_at,
        ends_at=notice.ends_at,
        waived=notice.waived,
        reason=notice.reason,
        statement=notice.leaf,
        open_objections=notice.open_objections,
        demonstration=notice.demonstration,
    )

"""The desk's OpenAPI 3.1 document: its addresses for others, with bodies as docs/schemas has them.

It says nothing that the well-kept generators of clients cannot use (docs/clients.md): a test generates one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tests.scripts.desk_answers import (
    _CHANGE,
    _CHECKED,
    _COUNT,
    _EARLIER,
    _ELSEWHERE,
    _FLAG,
    _GRANTED,
    _ITEM,
    _LEAF,
    _LETTER,
    _LICENCE,
    _LISTED,
    _MOVE,
    _NUMBER,
    _OBJECTED,
    _PENDING,
    _RECORDED,
    _RESERVED,
    _RIGHT,
    _SEEN,
    _SETTLEMENT,
    _SHORT,
    _SUBSCRIPTION,
    _TEXT,
    _TIME,
    PDF,
    Content,
    Make,
    _answer,
    _binary,
    _json,
    _list,
    _object,
    _or_null,
    _part,
)
from tests.scripts.form_schemas import Forms, Json
from yinzheng.api.desk import certificates, disputes, fields, moves, streams, trades, uploads
from yinzheng.api.desk.bodies import JSON_MEDIA, MAX_BATCH, NDJSON
from yinzheng.api.http.examples import examples_of, put_examples
from yinzheng.api.http.lists import DESCRIBED, TAGS, UNCHANGED
from yinzheng.ledger.disputes import plans
from yinzheng.ledger.people import decisions
from yinzheng.verifier.formats import (
    consent,
    destruction,
    dispute_paper,
    notice,
    objection_paper,
    order,
    organisation,
    receipt_paper,
    trade,
    trade_contract,
    veto,
)
from yinzheng.verifier.formats.request import HEADER, MAX_TOKEN
from yinzheng.verifier.formats.withdrawal_steps import GuardianProof

_ON: Final = {"after": {**_TEXT, "description": "The `next` of the page before."}}
_FORM: Final = {"form": {"type": "string", "enum": ["json", "pdf"], "default": "json"}}
_ONLY: Final = {"only": {"type": "string", "pattern": "^[0-9]{1,4}(,[0-9]{1,4}){0,999}$"}}
_ONCE: Final = {"once": {"type": "string", "pattern": "^[0-9a-f]{32}$"}}
_SINCE: Final = {"since": {"type": "integer", "minimum": 0}}


@dataclass(frozen=True)
class Operation:
    """What is done at one address. `answers` by status."""

    id: str
    asked: str
    """Method and address."""
    summary: str
    description: str
    body: Content = field(default_factory=dict)
    query: Mapping[str, Json] = field(default_factory=dict)
    answers: Mapping[str, Content] = field(default_factory=lambda: {"200": _ELSEWHERE})
    signed: bool = True
    pages: bool = False
    """Whether it answers a list, a page at a time (S15.12)."""

    @property
    def method(self) -> str:
        """In lower case."""
        return self.asked.partition(" ")[0].lower()

    @property
    def path(self) -> str:
        """With names of parameters in braces."""
        return self.asked.partition(" ")[2]

    @property
    def tag(self) -> str:
        """What the address is about: the first name in it."""
        about = next(name for name in self.path.split("/") if name not in ("", "org", "people", "v1"))
        return "operation" if about == "healthz" else about.partition("-")[0]


# fmt: off
OPERATIONS: Final = (
    Operation("rotate_key", "POST /org/v1/key/rotate", "Replace the organisation's key", "S10.1.",
              _json(_object("Rotation", organisation._ROTATION)),
              answers={"201": _json(_answer("Rotated", leaf=_LEAF, begins=_TIME))}),
    Operation("revoke_key", "POST /org/v1/key/revoke", "Report a key as lost, left or compromised", "S10.1.",
              _json(_object("Revoke", fields.REVOKE)), answers={"201": _RECORDED}),
    Operation("publish_notice", "POST /org/v1/notices", "Publish a notice that consents refer to",
              "S10.2; the answer says in what consents to the version before do not cover it (R28).",
              _json(_part(notice.Notice)),
              answers={"201": _json(_answer(
                  "Published", leaf=_LEAF, subject=_LEAF, version=_COUNT,
                  changes=_list(lambda _: _CHANGE)))}),
    Operation("list_uncovered", "GET /org/v1/notices/{notice}/uncovered",
              "Consents in force that do not cover a version of a notice",
              "By identifier, a page at a time, for its controller (R28).", query=_ON, pages=True,
              answers={"200": _json(_answer(
                  "Uncovered", notice=_LEAF, version=_COUNT, uncovered=_list(_EARLIER),
                  next=_or_null(_TEXT)))}),
    Operation("upload_consents", "POST /org/v1/consents", "Record one consent, or a batch",
              "One as JSON, or up to 1,000 as NDJSON, one a line: all of a batch or none (S15.3).",
              {JSON_MEDIA: _part(consent.Consent),
               NDJSON: _binary(f"Consents (schema `Consent`), one a line; at most {MAX_BATCH} bytes.")},
              _ONCE, {"201": _json(_answer("Granted", granted=_list(_GRANTED)))}),
    Operation("copy_receipt", "GET /org/v1/consents/{subject}/receipt",
              "A copy of a consent's receipt, which proves and with which nobody acts", "A file, or a PDF.",
              query=_FORM, answers={"200": {**_ELSEWHERE, PDF: _binary()}}),
    Operation("hand_out_receipt", "POST /org/v1/consents/{subject}/receipt",
              "The patient's own receipt, for the controller that hands it over",
              "Once, or in place of a lost one.",
              _json(_object("HandOut", fields.HAND_OUT)), _FORM,
              {"201": {**_json(_answer("HandedOut", code=_TEXT, receipt={"type": "object"})),
                       PDF: _binary()}}),
    Operation("record_use", "POST /org/v1/uses", "Report one use of a consent's data",
              "By the controller or a recipient (R30).", _json(_object("Use", fields.USE)),
              answers={"201": _json(_answer(
                  "RecordedUse", recorded=_FLAG, line=_COUNT, covered=_or_null(_FLAG)))}),
    Operation("file_withdrawal", "POST /org/v1/withdrawals", "Hand on a withdrawal",
              "By a receipt, or as taken in at the controller's counter.",
              _json(_object("WithdrawByReceipt", fields.WITHDRAW), _object("AtCounter", fields.AT_COUNTER)),
              answers={"201": _json(_answer(
                  "Filed", withdrawal=_LEAF, state=_TEXT, destroy_by=_TIME, freeze_by=_or_null(_TIME)))}),
    Operation("see_withdrawal", "GET /org/v1/withdrawals/{withdrawal}", "How a withdrawal stands",
              "The whole of it for the controller; for a recipient its own duty (S15.5)."),
    Operation("prove_guardian", "POST /org/v1/withdrawals/{withdrawal}/guardian",
              "What a guardian proved at the counter", "R33, S15.5.", _json(_part(GuardianProof))),
    Operation("confirm_freeze", "POST /org/v1/withdrawals/{withdrawal}/freeze",
              "Confirm that processing has stopped", "S10.6, S15.5."),
    Operation("confirm_destruction", "POST /org/v1/withdrawals/{withdrawal}/receipt",
              "Hand in the signed receipt of a destruction", "S11.4, S15.5.",
              _json(_part(destruction.SignedReceipt)), answers={"201": _ELSEWHERE}),
    Operation("fetch_notices", "GET /org/v1/notices-pending", "Notices that were not delivered yet",
              "Each once, until there are none; with `since`, those delivered since then anew, in pages.",
              query={**_SINCE, **_ON}, pages=True,
              answers={"200": _json(_answer("PendingNotices", notices=_list(_PENDING),
                                            next=_or_null(_TEXT)))}),
    Operation("subscribe", "POST /org/v1/subscriptions", "Watch certificates",
              "S22.1: each shown by its number and its deposit's leaf hash.",
              _json(_object("Subscribe", fields.SUBSCRIBE)), answers={"201": _json(_SUBSCRIPTION)}),
    Operation("list_subscriptions", "GET /org/v1/subscriptions", "What the organisation watches",
              "S22.1: all, at most 32.", pages=True,
              answers={"200": _json(_answer("Subscriptions", subscriptions=_list(_SUBSCRIPTION),
                                            next=_or_null(_TEXT)))}),
    Operation("unsubscribe", "DELETE /org/v1/subscriptions/{subscription}", "End a subscription", "S22.1.",
              answers={"204": {}}),
    Operation("dead_letters", "GET /org/v1/dead-letters", "Letters that a webhook never took",
              "S22.3, the oldest first, a page at a time.", query=_ON, pages=True,
              answers={"200": _json(_answer("DeadLetters", letters=_list(_LETTER), next=_or_null(_TEXT)))}),
    Operation("resend_letter", "POST /org/v1/dead-letters/{letter}/resend", "Try a dead letter anew",
              "S22.3.", answers={"200": _json(_answer("Resent", letter=_SHORT, state=_TEXT))}),
    Operation("listen", "GET /org/v1/events/live", "Events of what is watched, as they come",
              "Server-sent events (S22.4), resumed by `after` or the header Last-Event-ID.", query=_NUMBER,
              answers={"200": {streams.MEDIA: _binary()}}),
    Operation("export_events", "GET /org/v1/events", "Events of a period, with their proofs",
              "Lines (S22.5) of all that is watched, decided from `since` to before `until`.",
              query={**_SINCE, "until": {"type": "integer", "minimum": 0}},
              answers={"200": {NDJSON: _binary()}}),
    Operation("draft_dispute", "POST /org/v1/disputes", "Draft a dispute", "S16.2.",
              _json(_object("Plan", plans._PLAN)),
              answers={"201": _json(_answer("Drafted", dispute=_TEXT))}),
    Operation("see_dispute", "GET /org/v1/disputes/{dispute}", "How a dispute stands", "S16.5."),
    Operation("discard_dispute", "DELETE /org/v1/disputes/{dispute}", "Discard a draft", "S16.1.",
              answers={"204": {}}),
    Operation("upload_item", "PUT /org/v1/disputes/{dispute}/items/{number}", "Hand in an item of evidence",
              "S16.3.",
              {uploads.MEDIA: _binary(
                  "A line of JSON (S10.7 without `digest` and `size`), a line feed, and the item's bytes; "
                  f"at most {uploads.MAX_UPLOAD} bytes, with Content-Length.")},
              answers={"200": _ITEM, "201": _ITEM}),
    Operation("prepare_opening", "POST /org/v1/disputes/{dispute}/prepare",
              "What the forum's account is to sign", "EIP-712 (S16.4).",
              _json(_object("Prepare", disputes._PREPARE))),
    Operation("open_dispute", "POST /org/v1/disputes/{dispute}/open", "Open a dispute", "S16.5.",
              _json(_object("Open", disputes._OPEN))),
    Operation("prepare_release", "POST /org/v1/disputes/{dispute}/release/prepare",
              "What is to be signed for a release", "EIP-712 (S16.4).",
              _json(_object("PrepareRelease", disputes._PREPARE_RELEASE))),
    Operation("release_dispute", "POST /org/v1/disputes/{dispute}/release", "Release what a dispute holds",
              "S16.5.", _json(_object("Release", disputes._RELEASE))),
    Operation("fetch_pack", "GET /org/v1/disputes/{dispute}/pack", "The evidence pack",
              "With `only`, numbers of items with commas, it discloses those alone.", query=_ONLY,
              answers={"200": {disputes.ZIP: _binary()}}),
    Operation("certificate_standing", "GET /org/v1/certificates/{certificate}",
              "How a registered certificate stands", "S15.8: remarks, and what the next statement follows."),
    Operation("list_rights", "GET /org/v1/rights", "The certificates under which we have rights",
              "S15.11, the newest first, a page at a time.", query=_ON, pages=True,
              answers={"200": _json(_answer("Rights", rights=_list(_RIGHT), next=_or_null(_TEXT)))}),
    Operation("list_licences", "GET /org/v1/licences", "The licences that we gave or took",
              "S15.11, the newest first, a page at a time.", query=_ON, pages=True,
              answers={"200": _json(_answer("Licences", licences=_list(_LICENCE), next=_or_null(_TEXT)))}),
    Operation("certificate_objections", "GET /org/v1/certificates/{certificate}/objections",
              "What is objected to", "S15.8, for a holder of it, in pages.", query=_ON, pages=True,
              answers={"200": _json(_answer("Objections", objections=_list(_OBJECTED),
                                            next=_or_null(_TEXT)))}),
    Operation("answer_objection", "POST /org/v1/certificates/{certificate}/objections/{objection}",
              "Agree with an objection, or explain", "S15.8.",
              _json(_object("ObjectionAnswer", certificates.ANSWER)), answers={"201": _ELSEWHERE}),
    Operation("hand_in_order", "POST /org/v1/orders",
              "An order that a forum signed, or what somebody told the contracts directly", "S16.8, S24.4.",
              _json(_object("Order", order._FIELDS), _object("DisputePaper", dispute_paper._FIELDS),
                    _object("ObjectionPaper", objection_paper._FIELDS),
                    _object("ReceiptPaper", receipt_paper._FIELDS)),
              answers={"201": _RECORDED}),
    Operation("request_move", "POST /org/v1/requests", "A joint request for a move of a right",
              "S15.9: signed by all its parties, handed in by one, with its documents.",
              _json(_object("RequestedMove", moves.REQUEST)),
              answers={"201": _json(_answer("Case", case=_TEXT))}),
    Operation("list_moves", "GET /org/v1/requests", "The moves that concern us",
              "S15.9, the newest first, a page at a time.", query=_ON, pages=True,
              answers={"200": _json(_answer("Moves", requests=_list(_MOVE), next=_or_null(_TEXT)))}),
    Operation("show_move", "GET /org/v1/requests/{case}", "One move, and what waits to be signed of it",
              "S15.9, S16.9.", answers={"200": _json(_MOVE)}),
    Operation("approve_move", "POST /org/v1/requests/{case}/approval",
              "The account's signature under what is prepared", "S15.9; the last one puts it on the ledger.",
              _json(_object("MoveApproval", moves.APPROVAL)),
              answers={"200": _json(_answer("ApprovedMove", numbers=_list(lambda _: _TEXT),
                                            missing=_list(lambda _: _TEXT)))}),
    Operation("check_trade", "POST /v1/trade-checks", "Check a trade before it is made",
              "One trade, or up to 10,000: every reason with its rule, and a signed receipt (S20).",
              {JSON_MEDIA: _part(trade.Trade),
               NDJSON: _binary("Up to 10,000 trades (schema `Trade`), one a line (S20.4).")},
              answers={"201": {**_json(_CHECKED),
                               NDJSON: _binary("Answers (schema `CheckedTrade`) with `line`, in order.")}}),
    Operation("list_trade_checks", "GET /v1/trade-checks", "What the exchange asked before",
              "S20.4, the newest first, a page at a time.", query=_ON, pages=True,
              answers={"200": _json(_answer("Checks", checks=_list(_LISTED), next=_or_null(_TEXT)))}),
    Operation("fetch_trade_check", "GET /v1/trade-checks/{check}", "The receipt of a check with its proofs",
              "For the exchange that asked, once the answer is anchored (S20.3)."),
    Operation("hand_in_contract", "POST /v1/trade-contracts", "A contract about data that both signed",
              "By seller, buyer or an exchange (S21.10).",
              _json(lambda forms: forms.named("SignedContract", lambda: forms.fields(trade_contract._FILE))),
              answers={"201": _ELSEWHERE}),
    Operation("fetch_contract", "GET /v1/trade-contracts/{contract}",
              "A contract and what was told of it", "For who has a part in it (S21.10)."),
    Operation("fetch_contract_proof", "GET /v1/trade-contracts/{contract}/proof",
              "A contract with its proofs",
              "For who has a part in it, once it is anchored (S21.11); it is verified offline."),
    Operation("tell_of_contract", "POST /v1/trade-contracts/{contract}/{what}",
              "What happened under a contract", "`deliver`, `accept`, `object`, `track`, `end`, `destroy`: "
              "what a party tells (S21.9).", _json(lambda _: {"type": "object"})),
    Operation("veto_replacement", "POST /org/v1/vetoes", "A holder's veto of an announced replacement",
              "S10.4c.", _json(_part(veto.VetoFile)), answers={"201": _ELSEWHERE}),
    Operation("reserve", "POST /v1/reservations", "Keep a certificate for a trade, at most 72 hours",
              "By the exchange's own order (S20.5).", _json(_object("Order", order._FIELDS)),
              answers={"201": _json(_RESERVED)}),
    Operation("list_reservations", "GET /v1/reservations", "The exchange's reservations, the newest first",
              "S20.5, a page at a time.", query=_ON, pages=True,
              answers={"200": _json(_answer("Reservations", reservations=_list(_RESERVED),
                                            next=_or_null(_TEXT)))}),
    Operation("see_reservation", "GET /v1/reservations/{reservation}",
              "How a reservation stands", "And by what statement it was made (S20.5).",
              answers={"200": _json(_SEEN)}),
    Operation("release", "POST /v1/reservations/{reservation}/release",
              "Let a certificate go before its time",
              "By the exchange's own order (S20.5).", _json(_object("Order", order._FIELDS)),
              answers={"200": _json(_RESERVED)}),
    Operation("settle", "POST /v1/reservations/{reservation}/settle",
              "Report a trade, which registers it",
              "By the exchange that reserved it, once both parties signed what is prepared (S20.6).",
              _json(_object("SettlementReport", trades.SETTLEMENT)), answers={"200": _json(_SETTLEMENT)}),
    Operation("decide", "POST /people/v1/decisions",
              "A decision that a person of the registry signed elsewhere",
              "S18; 202 gives what is still to be signed.",
              _json(_object("Decision", decisions._FIELDS)),
              answers={"200": _ELSEWHERE, "202": _ELSEWHERE}, signed=False),
    Operation("health", "GET /healthz", "Whether the desk is open", "Counted by nobody.",
              answers={"200": _json(_answer("Health", desk={"type": "string", "const": "open"}))},
              signed=False),
)
# fmt: on

_PLACES: Final[Mapping[str, Json]] = {
    "notice": {"description": "Leaf hash of a version of a notice.", "schema": _LEAF},
    "subject": {"description": "Identifier of the consent.", "schema": _LEAF},
    "withdrawal": {"description": "Identifier of the withdrawal.", "schema": _LEAF},
    "subscription": {"description": "Identifier of the subscription.", "schema": _SHORT},
    "letter": {"description": "Identifier of the letter.", "schema": _SHORT},
    "reservation": {"description": "Leaf hash of its statement.", "schema": _LEAF},
    "check": {"description": "Leaf hash of its statement.", "schema": _LEAF},
    "dispute": {"description": "Its reference.", "schema": {"type": "string", "examples": ["D-2026-000001"]}},
    "certificate": {
        "description": "Its number.",
        "schema": {"type": "string", "examples": ["SJ4412026110001"]},
    },
    "case": {"description": "Its reference.", "schema": {"type": "string", "examples": ["A-2026-000005"]}},
    "objection": {"description": "Leaf hash of its statement.", "schema": _LEAF},
    "contract": {"description": "Its identifier.", "schema": _LEAF},
    "what": {
        "description": "What is told of it.",
        "schema": {"type": "string", "enum": ["deliver", "accept", "object", "track", "end", "destroy"]},
    },
    "number": {
        "description": "Of the item, from 1.",
        "schema": {"type": "integer", "minimum": 1, "maximum": 9999},
    },
}
"""What stands in addresses."""

_SIGNATURE: Final[Json] = {
    "type": "apiKey",
    "in": "header",
    "name": HEADER,
    "description": "No fixed key: the request as its organisation signs it, with path, query and the digest "
    f"of exactly the bytes of the body (S11.2), good once; at most {MAX_TOKEN} characters (docs/clients.md).",
}

_PROBLEM: Final[Json] = {
    "type": "object",
    "description": "RFC 9457, with a stable `code` and what to do (S15.2).",
    "properties": {
        **dict.fromkeys(("type", "title", "detail", "code", "hint", "message"), _TEXT),
        "status": _COUNT,
        "index": {**_COUNT, "description": "Which consent of a batch, from 0."},
        "line": {**_COUNT, "description": "Which line of a batch, from 1."},
        "path": {**_TEXT, "description": "Which field."},
        "replaced_at": _TIME,
    },
    "required": ["type", "title", "status", "detail", "code", "hint"],
}
_FAULTS: Final = {
    "400": "The body, the address or the query is malformed.",
    "401": "The signature does not hold, or is stale.",
    "403": "Not this organisation's to ask.",
    "404": "Nothing is there for whoever asks.",
    "409": "It was done already, or stands otherwise.",
    "410": "It was erased.",
    "413": "Too large.",
    "415": "Another kind of content is expected.",
    "422": "What was sent is malformed or not lawful.",
    "429": "Too many requests; see Retry-After.",
    "503": "The registry cannot record anything at the moment; see Retry-After.",
    "default": "Refused otherwise, or a fault of the desk.",
}


def document(own: Mapping[str, Make]) -> Json:
    """The document; `own` as for `Forms`."""
    forms = Forms(own)
    paths: Json = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation, forms)
    problem = {"application/problem+json": {"schema": {"$ref": "#/$defs/Problem"}}}
    found = {
        "openapi": "3.1.0",
        "info": {
            "title": "Yinzheng desk 印证柜台",
            "version": "1",
            "description": "What organisations ask in requests that they sign (docs/spec.md S11, S15, "
            "S16, S20), and what people of the registry decide elsewhere (S18). What the public pages "
            "hand on from the same machine (S15.6, S15.7) is no interface for others.",
        },
        "security": [{"Signature": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"Signature": _SIGNATURE},
            "parameters": {
                name: {"name": name, "in": "path", "required": True, **said} for name, said in _PLACES.items()
            },
            "responses": {
                status: {"description": said, "content": problem} for status, said in _FAULTS.items()
            },
            "schemas": {"Problem": _PROBLEM, **dict(sorted(forms.parts.items()))},
        },
    }
    document: dict[str, Any] = _components(found)
    return put_examples(document, examples_of("desk"))


def _operation(operation: Operation, forms: Forms) -> Json:
    found: Json = {
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": operation.description,
    }
    if not operation.signed:
        found["security"] = []
    places = [name for name in _PLACES if f"{{{name}}}" in operation.path]
    parameters: list[Json] = [{"$ref": f"#/components/parameters/{name}"} for name in places]
    parameters += [
        {"name": name, "in": "query", "schema": schema} for name, schema in operation.query.items()
    ]
    if operation.pages:
        known = {"name": "If-None-Match", "in": "header", "description": TAGS, "schema": _TEXT}
        parameters.append(known)
    if parameters:
        found["parameters"] = parameters
    if operation.body:
        found["requestBody"] = {"required": True, "content": _content(operation.body, forms)}
    faults = [*_FAULTS] if operation.signed or operation.body else ["default"]
    if not operation.body:  # what is sent is no kind of content, and malformed only where an address may be
        faults = [one for one in faults if one != "415" and (one != "422" or places)]
    found["responses"] = {
        status: {"description": "Done."} | ({"content": _content(content, forms)} if content else {})
        for status, content in operation.answers.items()
    } | {status: {"$ref": f"#/components/responses/{status}"} for status in faults}
    if operation.pages:
        found["responses"]["200"]["headers"] = {**DESCRIBED}
        found["responses"]["304"] = {"description": UNCHANGED}
    return found


def _content(content: Content, forms: Forms) -> Json:
    return {media: {"schema": make(forms)} for media, make in content.items()}


def _components(value: Any) -> Any:
    """The same with parts where OpenAPI has them."""
    if isinstance(value, dict):
        return {name: _components(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_components(inner) for inner in value]
    if isinstance(value, str) and value.startswith("#/$defs/"):
        return value.replace("#/$defs/", "#/components/schemas/", 1)
    return value

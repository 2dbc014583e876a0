"""The desk's OpenAPI 3.1 document: its addresses for others, with bodies as docs/schemas has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tests.scripts.form_schemas import Forms, Json
from yinzheng.api.desk import disputes, fields, uploads
from yinzheng.api.desk.bodies import JSON_MEDIA, MAX_BATCH, NDJSON
from yinzheng.ledger.disputes import plans
from yinzheng.ledger.people import decisions
from yinzheng.verifier.formats import consent, destruction, notice, organisation
from yinzheng.verifier.formats.request import HEADER, MAX_TOKEN
from yinzheng.verifier.formats.withdrawal_steps import GuardianProof

Make = Callable[[Forms], Json]

BINARY: Final[Json] = {"type": "string", "format": "binary"}
ANSWER: Final[Json] = {"type": "object", "description": "See the section of docs/spec.md that is named."}
PDF: Final = "application/pdf"


@dataclass(frozen=True)
class Operation:
    """One address and method. `body` by media type; `answers` by status, then by media type."""

    method: str
    path: str
    id: str
    summary: str
    description: str
    body: Mapping[str, Make] = field(default_factory=dict)
    query: Mapping[str, Json] = field(default_factory=dict)
    answers: Mapping[str, Mapping[str, Json]] = field(default_factory=lambda: {"200": {JSON_MEDIA: ANSWER}})
    signed: bool = True


def _component(name: str, fields_: Mapping[str, Any]) -> Make:
    return lambda forms: forms.named(name, lambda: forms.fields(fields_))


def _either(*makes: Make) -> Make:
    return lambda forms: {"oneOf": [make(forms) for make in makes]}


def _json(make: Make) -> Mapping[str, Make]:
    return {JSON_MEDIA: make}


def _binary(description: str) -> Make:
    return lambda _: {**BINARY, "description": description}


_MADE: Final = {"201": {JSON_MEDIA: ANSWER}}
_EMPTY: Final = _json(lambda forms: forms.named("Nothing", lambda: forms.fields({})))
_FORM: Final = {"form": {"type": "string", "enum": ["json", "pdf"], "default": "json"}}
_GRANTED: Final[Json] = {
    "type": "object",
    "title": "Granted",
    "required": ["granted"],
    "properties": {
        "granted": {
            "type": "array",
            "items": {
                "type": "object",
                "title": "GrantedConsent",
                "required": ["subject", "leaf", "already"],
                "properties": {
                    "subject": {"type": "string", "description": "64 hex."},
                    "leaf": {"type": "string", "description": "64 hex."},
                    "already": {"type": "boolean", "description": "Whether it was recorded before."},
                },
            },
        }
    },
}

_D: Final = "/org/v1/disputes"
OPERATIONS: Final = (
    Operation(
        "post",
        "/org/v1/key/rotate",
        "rotate_key",
        "Replace the organisation's key",
        "S10.1.",
        _json(_component("Rotation", organisation._ROTATION)),
        answers=_MADE,
    ),
    Operation(
        "post",
        "/org/v1/key/revoke",
        "revoke_key",
        "Report a key as lost, left or compromised",
        "S10.1.",
        _json(_component("Revoke", fields.REVOKE)),
        answers=_MADE,
    ),
    Operation(
        "post",
        "/org/v1/notices",
        "publish_notice",
        "Publish a notice that consents refer to",
        "S10.2; the answer says why consents to the version before do not cover it (R28).",
        _json(lambda forms: forms.part(notice.Notice)),
        answers=_MADE,
    ),
    Operation(
        "post",
        "/org/v1/consents",
        "upload_consents",
        "Record one consent, or a batch",
        "One as JSON, or up to 1,000 as NDJSON, one a line: all of a batch or none (S15.3).",
        {
            JSON_MEDIA: lambda forms: forms.part(consent.Consent),
            NDJSON: _binary(f"Consents (schema `Consent`), one a line; at most {MAX_BATCH} bytes."),
        },
        {"once": {"type": "string", "pattern": "^[0-9a-f]{32}$"}},
        {"201": {JSON_MEDIA: _GRANTED}},
    ),
    Operation(
        "get",
        "/org/v1/consents/{written}/receipt",
        "copy_receipt",
        "A copy of a consent's receipt, which proves and with which nobody acts",
        "A file, or a PDF.",
        query=_FORM,
        answers={"200": {JSON_MEDIA: ANSWER, PDF: BINARY}},
    ),
    Operation(
        "post",
        "/org/v1/consents/{written}/receipt",
        "hand_out_receipt",
        "The patient's own receipt, for the controller that hands it over",
        "Once, or in place of a lost one.",
        _json(_component("HandOut", fields.HAND_OUT)),
        _FORM,
        {"201": {JSON_MEDIA: ANSWER, PDF: BINARY}},
    ),
    Operation(
        "post",
        "/org/v1/uses",
        "record_use",
        "Report one use of a consent's data",
        "By the controller or a recipient (R30).",
        _json(_component("Use", fields.USE)),
        answers=_MADE,
    ),
    Operation(
        "post",
        "/org/v1/withdrawals",
        "file_withdrawal",
        "Hand on a withdrawal",
        "By a receipt, or as taken in at the controller's counter.",
        _json(
            _either(
                _component("WithdrawByReceipt", fields.WITHDRAW), _component("AtCounter", fields.AT_COUNTER)
            )
        ),
        answers=_MADE,
    ),
    Operation(
        "get",
        "/org/v1/withdrawals/{written}",
        "see_withdrawal",
        "How a withdrawal stands",
        "The whole of it for the controller; for a recipient its own duty.",
    ),
    Operation(
        "post",
        "/org/v1/withdrawals/{written}/guardian",
        "prove_guardian",
        "What a guardian proved at the counter",
        "R33.",
        _json(lambda forms: forms.part(GuardianProof)),
    ),
    Operation(
        "post",
        "/org/v1/withdrawals/{written}/freeze",
        "confirm_freeze",
        "Confirm that processing has stopped",
        "S10.6.",
        _EMPTY,
    ),
    Operation(
        "post",
        "/org/v1/withdrawals/{written}/receipt",
        "confirm_destruction",
        "Hand in the signed receipt of a destruction",
        "S11.4.",
        _json(lambda forms: forms.part(destruction.SignedReceipt)),
        answers=_MADE,
    ),
    Operation(
        "get",
        "/org/v1/notices-pending",
        "fetch_notices",
        "Notices that were not delivered yet",
        "Each once; with `since`, those delivered since then once more.",
        query={"since": {"type": "integer", "minimum": 0}},
    ),
    Operation(
        "post",
        _D,
        "draft_dispute",
        "Draft a dispute",
        "S16.",
        _json(_component("Plan", plans._PLAN)),
        answers=_MADE,
    ),
    Operation("get", f"{_D}/{{written}}", "see_dispute", "How a dispute stands", "S16."),
    Operation(
        "delete",
        f"{_D}/{{written}}",
        "discard_dispute",
        "Discard a draft",
        "S16.",
        answers={"204": {}},
    ),
    Operation(
        "put",
        f"{_D}/{{written}}/items/{{number}}",
        "upload_item",
        "Hand in an item of evidence",
        "S16.3.",
        {
            uploads.MEDIA: _binary(
                "A line of JSON (S10.7 without `digest` and `size`), a line feed, and the item's bytes; "
                f"at most {uploads.MAX_UPLOAD} bytes, with Content-Length."
            )
        },
        answers={"200": {JSON_MEDIA: ANSWER}, "201": {JSON_MEDIA: ANSWER}},
    ),
    Operation(
        "post",
        f"{_D}/{{written}}/prepare",
        "prepare_opening",
        "What the forum's account is to sign",
        "EIP-712.",
        _json(_component("Prepare", disputes._PREPARE)),
    ),
    Operation(
        "post",
        f"{_D}/{{written}}/open",
        "open_dispute",
        "Open a dispute",
        "S16.",
        _json(_component("Open", disputes._OPEN)),
    ),
    Operation(
        "post",
        f"{_D}/{{written}}/release/prepare",
        "prepare_release",
        "What is to be signed for a release",
        "EIP-712.",
        _json(_component("PrepareRelease", disputes._PREPARE_RELEASE)),
    ),
    Operation(
        "post",
        f"{_D}/{{written}}/release",
        "release_dispute",
        "Release what a dispute holds",
        "S16.",
        _json(_component("Release", disputes._RELEASE)),
    ),
    Operation(
        "get",
        f"{_D}/{{written}}/pack",
        "fetch_pack",
        "The evidence pack",
        "With `only`, numbers of items with commas, it discloses those alone.",
        query={"only": {"type": "string", "pattern": "^[0-9]{1,4}(,[0-9]{1,4}){0,999}$"}},
        answers={"200": {disputes.ZIP: BINARY}},
    ),
    Operation(
        "post",
        "/people/v1/decisions",
        "decide",
        "A decision that a person of the registry signed elsewhere",
        "S18; 202 gives what is still to be signed.",
        _json(_component("Decision", decisions._FIELDS)),
        answers={"200": {JSON_MEDIA: ANSWER}, "202": {JSON_MEDIA: ANSWER}},
        signed=False,
    ),
    Operation("get", "/healthz", "health", "Whether the desk is open", "Counted by nobody.", signed=False),
)

_PARAMETERS: Final[Json] = {
    "Signature": {
        "name": HEADER,
        "in": "header",
        "required": True,
        "description": "The request as its organisation signs it, with path, query and the digest of "
        "exactly the bytes of the body (S11.2); good once.",
        "schema": {"type": "string", "maxLength": MAX_TOKEN},
    },
    "written": {
        "name": "written",
        "in": "path",
        "required": True,
        "description": "64 hex, or a dispute's reference.",
        "schema": {"type": "string"},
    },
    "number": {
        "name": "number",
        "in": "path",
        "required": True,
        "schema": {"type": "integer", "minimum": 1, "maximum": 9999},
    },
}


_PROBLEM: Final[Json] = {
    "type": "object",
    "description": "RFC 9457, with a stable `code` and what to do (S15.2).",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "hint": {"type": "string"},
        "message": {"type": "string"},
    },
    "required": ["type", "title", "status", "detail", "code", "hint", "message"],
}
_FAULTS: Final = {
    "400": "The body, the address or the query is malformed.",
    "401": "The signature does not hold, or is stale.",
    "403": "Not this organisation's to ask.",
    "404": "Nothing is there for whoever asks.",
    "409": "It was done already, or stands otherwise.",
    "413": "Too large.",
    "429": "Too many requests; see Retry-After.",
    "503": "The registry cannot record anything at the moment; see Retry-After.",
}


def document(own: Mapping[str, Make]) -> Json:
    """The document; `own` as for `Forms`."""
    forms = Forms(own)
    paths: Json = {}
    for operation in OPERATIONS:
        made = _operation(operation, forms)
        paths.setdefault(operation.path, {})[operation.method] = made
    found = {
        "openapi": "3.1.0",
        "info": {
            "title": "Yinzheng desk 印证柜台",
            "version": "1",
            "description": "What organisations ask in requests that they sign (docs/spec.md S11, S15, "
            "S16), and what people of the registry decide elsewhere (S18). What the public pages "
            "hand on from the same machine (S15.6, S15.7) is no interface for others.",
        },
        "paths": paths,
        "components": {
            "parameters": _PARAMETERS,
            "schemas": {"Problem": _PROBLEM, **dict(sorted(forms.parts.items()))},
        },
    }
    document: dict[str, Any] = _components(found)
    return document


def _operation(operation: Operation, forms: Forms) -> Json:
    refs = [name for name in ("written", "number") if f"{{{name}}}" in operation.path]
    parameters: list[Json] = [
        {"$ref": f"#/components/parameters/{name}"}
        for name in (["Signature"] if operation.signed else []) + refs
    ]
    parameters += [
        {"name": name, "in": "query", "schema": schema} for name, schema in operation.query.items()
    ]
    faults = _FAULTS if operation.path != "/healthz" else {}
    problem = {"application/problem+json": {"schema": {"$ref": "#/$defs/Problem"}}}
    found: Json = {
        "operationId": operation.id,
        "summary": operation.summary,
        "description": operation.description,
        "parameters": parameters,
        "responses": {
            **{
                status: {
                    "description": "Done.",
                    **(
                        {"content": {media: {"schema": one} for media, one in content.items()}}
                        if content
                        else {}
                    ),
                }
                for status, content in operation.answers.items()
            },
            **{status: {"description": what, "content": problem} for status, what in faults.items()},
        },
    }
    if operation.body:
        content = {media: {"schema": make(forms)} for media, make in operation.body.items()}
        found["requestBody"] = {"required": True, "content": content}
    return found


def _components(value: Any) -> Any:
    """The same with parts where OpenAPI has them."""
    if isinstance(value, dict):
        return {name: _components(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_components(inner) for inner in value]
    if isinstance(value, str) and value.startswith("#/$defs/"):
        return value.replace("#/$defs/", "#/components/schemas/", 1)
    return value

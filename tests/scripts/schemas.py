"""Write docs/schemas: a JSON Schema of every file format (S1.3), from the tables that read it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from tests.scripts.desk_openapi import document
from tests.scripts.form_schemas import DIALECT, Forms, Json, hex_of
from yinzheng.ledger.cases import prepared
from yinzheng.ledger.dossiers import application
from yinzheng.ledger.people import decisions
from yinzheng.verifier.bytes import digests, wording
from yinzheng.verifier.bytes.canonical import constant, integer, list_of, nullable, object_of, text
from yinzheng.verifier.bytes.shape import Shaped, names_of
from yinzheng.verifier.chain import evidence, terms
from yinzheng.verifier.containers import (
    certfile,
    contractfile,
    holderfile,
    prooffile,
    receiptfile,
    voucherfile,
)
from yinzheng.verifier.formats import (
    access,
    access_range,
    body,
    challenge,
    conclusion,
    consent,
    contact,
    creditcode,
    destruction,
    dispute,
    dispute_paper,
    dossier,
    evidence_items,
    inlet,
    licence,
    move_request,
    move_terms,
    notice,
    objection_paper,
    order,
    organisation,
    purpose_proof,
    receipt_paper,
    request,
    reservation,
    right_history,
    standing,
    tombstone,
    trade,
    trade_check,
    trade_contract,
    trade_events,
    veto,
    webhook,
    withdrawal,
    withdrawal_steps,
)
from yinzheng.verifier.formats.certificate import MAX_QR
from yinzheng.verifier.judge import trust
from yinzheng.verifier.log import statement
from yinzheng.verifier.log.statement import Statement
from yinzheng.verifier.log.tlogproof import MAX_PROOF_BYTES
from yinzheng.verifier.pack import manifest

FOLDER: Final = Path(__file__).resolve().parents[2] / "docs" / "schemas"

NUMBER: Final = {"type": "string", "pattern": f"^{body._NUMBER.pattern}$"}
CODE: Final = {
    "type": "string",
    "pattern": f"^{creditcode._FORM.pattern}$",
    "description": "A unified social credit code, its check character right, and no resident's number (R17).",
}
DATE: Final = {"type": "string", "format": "date", "pattern": f"^{wording._DATE.pattern}$"}
PROVINCES: Final = {
    "type": "array",
    "items": {"type": "string", "enum": [*terms.TERRITORY]},
    "minItems": 1,
    "maxItems": 34,
    "uniqueItems": True,
}
ANY: Final[Json] = {"type": "object"}
PROOF: Final = {"type": "string", "minLength": 1, "maxLength": MAX_PROOF_BYTES, "description": "S4.3."}


def _body(forms: Forms) -> Json:
    return forms.named("Body", lambda: forms.fields(body._FIELDS, body._OPTIONAL))


def _chain(forms: Forms) -> Json:
    return forms.named("Evidence", lambda: forms.fields(evidence._fields(evidence.MAX_STORAGE)))


def _duty(forms: Forms) -> Json:
    fields = {**names_of(withdrawal.Duty), "reason": nullable(constant(withdrawal.ANONYMISED))}
    return forms.part(withdrawal.Duty, fields)


def _request(forms: Forms) -> Json:
    """What parties ask for; the terms by the type."""

    def make() -> Json:
        branches = [
            {
                "if": {"properties": {"type": {"const": kind}}},
                "then": {"properties": {"terms": forms.part(said)}},
            }
            for kind, said in move_terms.TERMS.items()
        ]
        return {**forms.shaped(move_request.MoveRequest), "allOf": branches}

    return forms.named("MoveRequest", make)


def _changes(forms: Forms) -> Json:
    """Fields that a change gives another value, one at least."""
    level = object_of({"scheme": text(1, 40), "value": integer(1, 5)})
    named = {"code": body.check_credit_code, "name": text(1, 100)}
    names = list_of(object_of(named), 1, move_terms.MAX_HOLDERS)
    changes = {**move_terms._CHANGES, "level": level, "names": names}
    return {**forms.fields({}, changes), "minProperties": 1}


def _stated(forms: Forms) -> Json:
    return forms.named(
        "Stated", lambda: forms.fields({"statement": Statement.from_json, "body": prepared._anything})
    )


def _leaves(forms: Forms) -> Json:
    return {"type": "array", "items": hex_of(32, 32), "minItems": 1, "maxItems": body.MAX_NOTICES}


def _part(kind: type[Shaped]) -> Callable[[Forms], Json]:
    return lambda forms: forms.part(kind)


def _listed(words: tuple[str, ...]) -> Callable[[Forms], Json]:
    """A list of some of these words, each once; perhaps none."""
    items = {"type": "string", "enum": list(words)}
    return _said({"type": "array", "items": items, "uniqueItems": True})


def _said(schema: Json) -> Callable[[Forms], Json]:
    return lambda _: schema


_FORMATS: Final = "verifier.formats."
_FILES: Final = "verifier.containers."
OWN: Final[Mapping[str, Callable[[Forms], Json]]] = {
    "verifier.bytes.digests.DigestPair.from_json": lambda forms: forms.named(
        "DigestPair", lambda: forms.fields(digests._PAIR)
    ),
    "verifier.bytes.wording.check_date": _said(DATE),
    "verifier.chain.evidence.parse_evidence": _chain,
    "verifier.log.tlogproof.check_proof": _said(PROOF),
    f"{_FILES}certfile._record": _body,
    f"{_FILES}contractfile.<lambda>": _part(trade_events.Concluded),
    f"{_FILES}holderfile._object": _said(ANY),
    f"{_FILES}prooffile._object": _said(ANY),
    f"{_FORMATS}trade_contract.parse_contract": _part(trade_contract.TradeContract),
    f"{_FORMATS}purpose_proof.parse_proof": _part(purpose_proof.PurposeProof),
    f"{_FILES}receipt_lines._batch": _part(access.Batch),
    f"{_FILES}receipt_lines._line": _part(access.AccessLine),
    f"{_FILES}receiptfile._body": _said(ANY),
    f"{_FILES}receiptfile._consent": _part(consent.Consent),
    f"{_FILES}receiptfile._event": lambda forms: forms.fields(receiptfile._EVENT),
    f"{_FILES}receiptfile._notice": _part(notice.Notice),
    f"{_FILES}voucherfile._end": _part(licence.LicenceEnd),
    f"{_FILES}voucherfile._record": _part(licence.Licence),
    f"{_FILES}receiptfile._proof_copy": lambda forms: forms.of(text(1, MAX_QR)),
    f"{_FORMATS}right_history._record": _body,
    f"{_FORMATS}right_history._body": _said(ANY),
    f"{_FORMATS}right_history.<lambda>": _chain,
    f"{_FORMATS}access_range._batch": _part(access.Batch),
    f"{_FORMATS}access_range._line": _part(access.AccessLine),
    f"{_FORMATS}body.check_number": _said(NUMBER),
    f"{_FORMATS}order._as_given": _said(ANY),
    f"{_FORMATS}dispute_paper._as_given": _said(ANY),
    f"{_FORMATS}body.check_credit_code": _said(CODE),
    f"{_FORMATS}body.check_notices": _leaves,
    f"{_FORMATS}challenge._challenge": _part(challenge.Challenge),
    f"{_FORMATS}conclusion.<lambda>": lambda forms: {
        "anyOf": [forms.part(withdrawal_steps.Completed), forms.part(withdrawal_steps.Restricted)]
    },
    f"{_FORMATS}consent._passed": _said({"type": "boolean", "const": True}),
    f"{_FORMATS}consent._proof.<locals>.check": _part(consent.Proof),
    f"{_FORMATS}consent._scopes": lambda forms: forms.named("Scopes", lambda: forms.fields(consent._SCOPES)),
    f"{_FORMATS}dispute._point": _said(hex_of(65, 65)),
    f"{_FORMATS}dossier._any_object": _said(ANY),
    f"{_FORMATS}evidence_items._as_read": _said(ANY),
    f"{_FORMATS}evidence_items._number": _said(NUMBER),
    f"{_FORMATS}licence.check_licence_number": _said(
        {"type": "string", "pattern": f"^{licence._NUMBER.pattern}$"}
    ),
    f"{_FORMATS}trade._acts": _listed(terms.ACTS),
    f"{_FORMATS}trade._party_code": lambda forms: forms.of(text(1, 40)),
    f"{_FORMATS}trade._provinces": _said(PROVINCES),
    f"{_FORMATS}trade._rights": _listed(body.RIGHTS),
    f"{_FORMATS}trade_check.<lambda>": _part(trade_check.TradeChecked),
    f"{_FORMATS}trade_check._number": _said(NUMBER),
    f"{_FORMATS}move_request._request": _request,
    f"{_FORMATS}move_request._terms": _said(ANY),
    f"{_FORMATS}move_terms._changes": _changes,
    "ledger.cases.prepared._anything": _said(ANY),
    "ledger.cases.prepared.read_stated": _stated,
    "ledger.cases.prepared._message": _said(ANY),
    f"{_FORMATS}webhook._mapping": _said(ANY),
    f"{_FORMATS}withdrawal._duty": _duty,
    f"{_FORMATS}withdrawal._grants": lambda forms: forms.of(withdrawal._GRANTS),
    f"{_FORMATS}withdrawal_steps._exempt": lambda forms: forms.of(withdrawal_steps._EXEMPT),
    "verifier.formats.contact.check_contact": lambda forms: forms.of(contact._MEMBERS),
    "verifier.judge.trust._vkey": lambda forms: forms.of(text(1, 512)),
    "verifier.judge.witnesses._cosigner": lambda forms: forms.of(text(1, 512)),
    "verifier.log.statement.Statement.from_json": lambda forms: forms.named(
        "Statement", lambda: forms.fields(statement._FIELDS)
    ),
    "ledger.people.decisions._anything": _said(ANY),
    "api.desk.moves._as_sent": _said(ANY),
    "ledger.dossiers.application._credit_code": _said(CODE),
    "ledger.dossiers.application._date": _said(
        {"type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
    ),
    "ledger.dossiers.application._path": lambda _: {
        "type": "string",
        "minLength": 1,
        "maxLength": application.MAX_PATH,
    },
}


def _by_kind(fields: Mapping[str, Any], name: str, kinds: Mapping[str, Any]) -> Callable[[Forms], Json]:
    """An object whose member `name` depends on its `kind`."""

    def make(forms: Forms) -> Json:
        branches = [
            {
                "if": {"properties": {"kind": {"const": kind}}},
                "then": {"properties": {name: forms.fields(inner)}},
            }
            for kind, inner in kinds.items()
        ]
        return {**forms.fields(fields), "allOf": branches}

    return make


def _table(fields: Mapping[str, Any], optional: Mapping[str, Any] | None = None) -> Callable[[Forms], Json]:
    return lambda forms: forms.fields(fields, optional)


def _whole(kind: type[Shaped]) -> Callable[[Forms], Json]:
    return lambda forms: forms.shaped(kind)


def _revocation(forms: Forms) -> Json:
    whole = forms.shaped(organisation.AccountRevocation)
    return {**whole, "required": [name for name in whole["required"] if name != "account"]}


_STEPS: Final = {
    "requested": withdrawal.Requested,
    "verified": withdrawal_steps.Verified,
    "frozen": withdrawal_steps.Frozen,
    "notified": withdrawal_steps.Notified,
    "receipt": withdrawal_steps.Received,
    "completed": withdrawal_steps.Completed,
    "restricted": withdrawal_steps.Restricted,
}

FORMATS: Final[Mapping[str, tuple[str, Callable[[Forms], Json]]]] = {
    "access-batch": ("Body of accesses.noted", _whole(access.Batch)),
    "access-line": ("Line of the access log", _whole(access.AccessLine)),
    "access-range": ("Lines of a time, with their batches", _table(access_range._RANGE)),
    "answer": ("Answer to a holder's challenge (S21.1)", _whole(challenge.Answer)),
    "application": (
        "application.json of a dossier",
        _table(application._SCHEMA, {"notices": body.check_notices}),
    ),
    "body": ("Body of a certificate (S6.1)", _table(body._FIELDS, body._OPTIONAL)),
    "certificate": ("Certificate file (S6.5)", _table(certfile._FILE)),
    "certificate-cancelled": ("Body of certificate.cancelled", _whole(standing.Cancellation)),
    "certificate-lapsed": ("Body of certificate.lapsed", _whole(standing.Lapse)),
    "challenge": ("Challenge to a holder (S21.1)", _whole(challenge.Challenge)),
    "conclusion": ("End document of a withdrawal (S10.9)", _table(conclusion._FILE)),
    "consent": ("Consent (S10.3)", _whole(consent.Consent)),
    "decision": ("Decision signed elsewhere (S18)", _table(decisions._FIELDS)),
    "destruction-receipt": ("Receipt of a destruction, signed", _whole(destruction.SignedReceipt)),
    "dispute-opening": ("Body of dispute.opened", _whole(dispute.Opening)),
    "dispute-release": ("Body of dispute.released", _whole(dispute.Release)),
    "enrolment": ("Body of organisation.enrolled", _table(organisation._ENROLMENT, organisation._OPTIONAL)),
    "evidence-item": (
        "Evidence item (S10.7)",
        _by_kind(names_of(evidence_items.Item), "about", evidence_items.ABOUT),
    ),
    "file-disclosure": ("One file of a dossier, disclosed", _whole(dossier.FileDisclosure)),
    "holder": ("What proves whose a holder's key is (S21.2)", _table(holderfile._FILE)),
    "joint-request": ("Joint request for a move (S10.12)", _whole(move_request.JointRequest)),
    "key-revocation": ("Body of organisation.key_revoked", _revocation),
    "key-rotation": (
        "Body of organisation.key_rotated",
        _table(organisation._ROTATION, organisation._ROTATION_OPTIONAL),
    ),
    "licence": ("Body of licence.given (S6.6)", _whole(licence.Licence)),
    "licence-file": ("Voucher's file (S6.9)", _table(voucherfile._FILE)),
    "licence-end": ("Body of licence.ended (S6.7)", _whole(licence.LicenceEnd)),
    "notice": ("Notice that consents refer to (S10.2)", _whole(notice.Notice)),
    "order": ("Order of a forum (S16.8)", _table(order._FIELDS)),
    "dispute-paper": ("What a forum told the contracts of a dispute (S24.4)", _table(dispute_paper._FIELDS)),
    "objection-paper": ("What an objector told the contracts (S24.2)", _table(objection_paper._FIELDS)),
    "receipt-paper": ("A receipt announced to the contracts (S24.5)", _table(receipt_paper._FIELDS)),
    "pack-manifest": ("manifest.json of an evidence pack", _table(manifest._MANIFEST)),
    "prepared": ("What organisations sign of a move (S16.9)", _table(prepared._PREPARED)),
    "purpose-proof": ("Proof for one reader (S21.5)", _table(prooffile._FILE)),
    "receipt": ("Receipt file of a consent", _table(receiptfile._FILE)),
    "chain-found": ("Body of chain.found", _whole(inlet.Found)),
    "remark-entered": ("Body of remark.entered", _whole(standing.Remark)),
    "remark-lifted": ("Body of remark.lifted", _whole(standing.Lifting)),
    "reservation-made": ("Body of reservation.made", _whole(reservation.Reserved)),
    "reservation-released": ("Body of reservation.released", _whole(reservation.Released)),
    "right-history": ("History of a right (S23.1)", _table(right_history._FILE)),
    "request": ("What a signed request's header carries (S15)", _table(request._FIELDS)),
    "statement": ("Statement, a leaf of the log (S3.1)", _table(statement._FIELDS)),
    "tombstone": ("Tombstone of what was erased", _whole(tombstone.Tombstone)),
    "trade": ("Trade as an exchange asks about it (S20.1)", _whole(trade.Trade)),
    "trade-check": ("Receipt of a trade check (S20.3)", _table(trade_check._FILE)),
    "trade-checked": ("Body of trade.checked (S20.2)", _whole(trade_check.TradeChecked)),
    "contract-proof": ("Contract about data with its proofs (S21.11)", _table(contractfile._FILE)),
    "trade-contract": ("Contract about data (S21.7)", _table(trade_contract._FILE)),
    "trust": ("Trust policy (S8.1)", _table(trust._TRUST, trust._OPTIONAL)),
    "veto": ("Veto of a holder's replacement (S10.4c)", _whole(veto.VetoFile)),
    "webhook": ("Notice to an organisation", _by_kind(webhook._FIELDS, "data", webhook._DATA)),
    **{f"withdrawal-{name}": (f"Body of withdrawal.{name}", _whole(kind)) for name, kind in _STEPS.items()},
}


def schema_of(name: str) -> Json:
    """The schema of one format, whole by itself."""
    title, make = FORMATS[name]
    forms = Forms(OWN)
    made = make(forms)
    found = {"$schema": DIALECT, "title": title, **made}
    if forms.parts:
        found["$defs"] = dict(sorted(forms.parts.items()))
    return found


def text_of(value: Json) -> str:
    """As it is written to a file."""
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def files() -> dict[str, str]:
    """Every file of the folder, by name."""
    made = {f"{name}.json": text_of(schema_of(name)) for name in FORMATS}
    return {**made, "desk.openapi.json": text_of(document(OWN))}


def main() -> None:
    """Write the folder anew."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    made = files()
    for old in FOLDER.glob("*.json"):
        if old.name not in made:
            old.unlink()
    for name, content in made.items():
        (FOLDER / name).write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main()

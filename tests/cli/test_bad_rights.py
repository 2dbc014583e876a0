"""Bad input about consents, withdrawals, destruction and disputes, as users would send it.

Each is refused with a status or exit code and words that say what is wrong and what to do; nothing is
recorded, nothing private shows.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from tests.cli.commands import run
from tests.cli.rights_world import (
    BORN,
    DISPUTES,
    FACES,
    PHOTO,
    SECRETS,
    TEMPLATE,
    Scene,
    item_path,
    officer,
    org,
    require_quiet,
    said_well,
    texts_of,
    with_text,
)
from tests.desk.calls import KEYS_OF_STATE
from tests.ledger.consent_world import CLINIC, HOSPITAL, KEYS, LAB, Json, guardian
from tests.ledger.disputes.court import COURT, claim
from tests.ledger.world import OFFICER
from yinzheng.api.http.fault_words import FAULTS
from yinzheng.verifier.bytes.algorithms import digest_pair
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.formats.certificate import key_id
from yinzheng.verifier.formats.destruction import DestructionReceipt, SignedReceipt, sign_receipt
from yinzheng.verifier.formats.notice import SCOPES

CONSENTS, WITHDRAWALS = "/org/v1/consents", "/org/v1/withdrawals"
MEDIA = "application/vnd.yinzheng.item"
EVERYTHING = {"everything": True, "scopes": [], "recipients": []}
NOBODY = "00" * 32
BOMB_SIZE = 64 * 1024 * 1024


# ---------------------------------------------------------------- consent


def child(rights: Scene, **guardian_changes: Any) -> Json:
    made = guardian(int(time.time()) - 5) | guardian_changes
    person = {"name": "测试童1", "reference": "M-0000001", "born": "2019-05-01"}
    return rights.consent(person=person, guardian=made)


def bad_consents(rights: Scene) -> dict[str, tuple[Json, str]]:
    good = rights.consent()
    (recipient,) = good["recipients"]
    notice = good["notice"]
    digest = digest_pair(b"another version").to_json()
    return {
        "no notice version": ({k: v for k, v in good.items() if k != "notice"}, "field-missing"),
        "null for a notice": ({**good, "notice": None}, "field-type"),
        "a notice nobody published": (
            {**good, "notice": {**notice, "leaf": NOBODY}},
            "consent-notice-unknown",
        ),
        "another version's digest": ({**good, "notice": {**notice, "digest": digest}}, "consent-notice"),
        "everything to anyone": (
            {**good, "scopes": dict.fromkeys(SCOPES, True), "recipients": []},
            "consent-blanket",
        ),
        "one yes for all": ({**good, "scopes": True}, "field-type"),
        "a scope of all": ({**good, "scopes": {**good["scopes"], "*": True}}, "field-unknown"),
        "a child alone": ({**child(rights), "guardian": None}, "consent-guardian"),
        "no live-face result": (child(rights, live_face=None), "consent-live-face"),
        "no proof of guardianship": (child(rights, guardianship=None), "consent-guardianship"),
        "a comparison not passed": (
            child(rights, live_face={**guardian(1)["live_face"], "passed": False}),
            "field-value",
        ),
        "a face beside the result": (
            child(rights, live_face={**guardian(1)["live_face"], "image": PHOTO}),
            "field-unknown",
        ),
        "a field for the face": ({**good, "face": PHOTO}, "field-unknown"),
        "a recipient not listed": (
            {**good, "recipients": [{**recipient, "code": CLINIC}]},
            "consent-recipient-unlisted",
        ),
        "another use": ({**good, "recipients": [{**recipient, "use": "营销"}]}, "consent-recipient-unlisted"),
        "nobody named": ({**good, "recipients": []}, "consent-recipient-unnamed"),
    }


def test_consents_that_are_none(rights: Scene) -> None:
    with rights.nothing_recorded():
        for name, (body, code) in bad_consents(rights).items():
            got = rights.desk.call("POST", CONSENTS, body)
            assert got.status == 422, (name, got.body)
            rights.refuses(got, 422, code)


def test_one_bad_line_refuses_its_batch(rights: Scene) -> None:
    lawful, (bad, code) = dumps(rights.consent(2)), bad_consents(rights)["everything to anyone"]
    with rights.nothing_recorded():
        got = rights.desk.call("POST", CONSENTS, lawful + b"\n" + dumps(bad), media="application/x-ndjson")
        assert rights.refuses(got, 422, code)["index"] == 1


def test_bad_consents_by_command_line(rights: Scene, tmp_path: Path) -> None:
    cases = bad_consents(rights)
    with rights.nothing_recorded():
        for name in ("no notice version", "everything to anyone", "a child alone", "a field for the face"):
            body, code = cases[name]
            file = tmp_path / "consent.json"
            file.write_bytes(dumps(body))
            at_desk = run(
                *("org", "consent", "add", file, "--org", rights.folder / "front", "--desk", rights.desk.url),
                "--json",
                env=SECRETS,
            )
            # It is not the hospital, whose notice it names; the form is looked at first.
            form = code.startswith("field-")
            assert at_desk.error["code"] == (code if form else "consent-foreign")
            said_well(at_desk.error["message"], at_desk.error["hint"])
            require_quiet(at_desk.err)
    lines = tmp_path / "import.ndjson"
    lines.write_bytes(b"\n".join(dumps(body) for body, _ in cases.values()))
    before = rights.kept()
    done = run(
        *("consents", "import", lines, "--controller", HOSPITAL, "--as", OFFICER),
        *("--state", rights.desk.state, "--json"),
        env=KEYS_OF_STATE,
    )
    assert (done.json["recorded"], done.json["rejected"]) == (0, len(cases)), done
    answers = [json.loads(line) for line in (tmp_path / "import.ndjson.results").read_text().splitlines()]
    assert [one["error"] for one in answers] == [code for _, code in cases.values()]
    require_quiet((tmp_path / "import.ndjson.results").read_text() + done.out)
    after = rights.kept()
    # That somebody imported is a line, and its batch a statement.
    assert {name for name in after if after[name] != before[name]} == {"Event", "Job", "log"}


def test_no_field_takes_a_face(rights: Scene) -> None:
    """Every text of every body, and every face in it."""
    parties = [{"name": "某诊所", "code": CLINIC, "account": "11" * 20, "key": None}] * 2
    dispute = {
        "kind": "party", "forum": {"name": "某法院", "code": COURT}, "number": "1", "parties": parties,
        "certificates": [], "cases": [], "consents": [NOBODY],
    }  # fmt: skip
    use = {"subject": rights.subjects["kept"], "at": 1, "purpose": "研究", "operator": "信息科"}
    withdrawal = {
        "subject": rights.subjects["kept"], "document": "identity_card", "guardian": False,
        "received_at": None, "extent": {**EVERYTHING, "everything": False, "recipients": [LAB]},
    }  # fmt: skip
    shown = {"receipt": "x", "born": BORN, "guardian": False, "extent": EVERYTHING}
    answer = receipt_of(rights, LAB).to_json()
    bodies: list[tuple[str, Json, str]] = [
        (CONSENTS, child(rights), HOSPITAL),
        ("/org/v1/notices", rights_notice(rights), HOSPITAL),
        ("/org/v1/uses", use, LAB),
        (WITHDRAWALS, withdrawal, HOSPITAL),
        (WITHDRAWALS, shown, HOSPITAL),
        (f"{WITHDRAWALS}/{rights.subjects['late']}/receipt", answer, LAB),
        (DISPUTES, dispute, CLINIC),
    ]
    with rights.nothing_recorded():
        for path, body, who in bodies:
            for place in texts_of(body):
                for face in FACES[:3] if place[-1] in ("name", "operator") else FACES[:1]:
                    got = rights.desk.call("POST", path, with_text(body, place, face), org=who)
                    assert got.status in (413, 422), (path, place, got.body)
                    rights.refuses(got, got.status, got.code)
        described = claim(
            int(time.time()) - 5, custody=[{"giver": "某诊所", "taker": "乙", "at": 1, "reason": "丙"}]
        )
        for place in texts_of(described):
            if place in (("tool",), ("environment",), ("about", "name")):
                continue  # where checksums are written (S10.7)
            sent = dumps(with_text(described, place, TEMPLATE)) + b"\nx"
            got = rights.desk.call("PUT", item_path(rights), sent, org=CLINIC, media=MEDIA)
            rights.refuses(got, 422, got.code)


def rights_notice(rights: Scene) -> Json:
    from tests.verifier import bodies

    return {**bodies.notice(), "published_at": int(time.time()) - 5}


# ---------------------------------------------------------------- withdrawal


def at_counter(subject: str, **changes: object) -> Json:
    return {
        "subject": subject,
        "document": "identity_card",
        "guardian": False,
        "received_at": None,
        "extent": EVERYTHING,
        **changes,
    }


def test_withdrawals_of_what_was_never_given(rights: Scene) -> None:
    kept = rights.subjects["kept"]
    part = {"everything": False, "scopes": [], "recipients": []}
    with rights.nothing_recorded():
        for body, who, status, code in (
            (at_counter(NOBODY), HOSPITAL, 404, "consent-unknown"),
            (
                at_counter(kept, extent={**part, "scopes": ["insurance"]}),
                HOSPITAL,
                400,
                "withdrawal-not-in-force",
            ),
            (
                at_counter(kept, extent={**part, "recipients": [CLINIC]}),
                HOSPITAL,
                400,
                "withdrawal-not-in-force",
            ),
            (at_counter(kept, extent=part), HOSPITAL, 400, "withdrawal-empty"),
            (at_counter(rights.subjects["late"]), HOSPITAL, 400, "withdrawal-not-in-force"),
            (at_counter(kept), LAB, 404, "consent-unknown"),
            (at_counter(kept, received_at=1), HOSPITAL, 400, "withdrawal-received"),
            (at_counter(kept, document="a friend"), HOSPITAL, 422, "field-value"),
        ):
            rights.refuses(rights.desk.call("POST", WITHDRAWALS, body, org=who), status, code)
        org(rights, "withdraw", NOBODY, code="consent-unknown", exit_code=2)
        org(rights, "withdraw", kept, code="consent-unknown", exit_code=2)
        by = ("--as", OFFICER)
        officer(rights, "withdraw", NOBODY, *by, code="consent-unknown", exit_code=2)
        officer(rights, "withdraw", rights.subjects["late"], *by, code="withdrawal-not-in-force", exit_code=2)


def test_receipts_of_others(rights: Scene) -> None:
    kept, other = rights.receipts["kept"], rights.receipts["other"]
    mixed = kept.rsplit(".", 1)[0] + "." + other.rsplit(".", 1)[1]

    def body(receipt: str, born: str = BORN, *, guardian: bool = False) -> Json:
        return {"receipt": receipt, "born": born, "guardian": guardian, "extent": EVERYTHING}

    cases = (
        (body(mixed), 403, "receipt-refused"),
        (body(kept, "1980-03-01"), 403, "receipt-refused"),
        (body(kept.rsplit(".", 1)[0] + ".PROOF"), 403, "receipt-proof"),
        (body(kept, "29/2/1980"), 422, "field-value"),
        (body(kept, guardian=True), 400, "withdrawal-guardian"),
        (body(kept[:-9] + "7"), 422, "qr-bits"),  # whose bits left over are never all zero
        (body("HTTPS://REGISTRY.EXAMPLE/"), 422, "qr-foreign"),
        (body(rights.receipts["late"]), 400, "withdrawal-not-in-force"),
    )
    with rights.nothing_recorded():
        for asked, status, code in cases:
            rights.refuses(rights.desk.patient("withdraw", asked), status, code)
            rights.refuses(rights.desk.call("POST", WITHDRAWALS, asked, org=LAB), status, code)
        seen = {key: value for key, value in body(mixed).items() if key in ("receipt", "born")}
        for what in ("see", "progress"):
            rights.refuses(rights.desk.patient(what, seen), 403, "receipt-refused")
    for code in ("receipt-proof", "receipt-refused", "withdrawal-guardian", "withdrawal-not-in-force"):
        fault = FAULTS[code]
        assert all((fault.message.zh, fault.message.en, fault.hint.zh, fault.hint.en)), code


# ---------------------------------------------------------------- destruction


def receipt_of(rights: Scene, who: str, key: str | None = None, **changes: Any) -> SignedReceipt:
    signer = KEYS[key or who]
    fields: dict[str, Any] = {
        "withdrawal": bytes.fromhex(rights.subjects["late"]),
        "request": bytes.fromhex(rights.request),
        "recipient": who,
        "kid": key_id(signer.public_key.point),
        "method": "overwrite",
        "copies": 1,
        "operator": "信息科",
        "evidence": None,
        "destroyed_at": int(time.time()) - 5,
    }
    return sign_receipt(DestructionReceipt(**fields | changes), signer)


def test_receipts_of_destruction(rights: Scene) -> None:
    path = f"{WITHDRAWALS}/{rights.subjects['late']}/receipt"
    good = receipt_of(rights, LAB)
    with rights.nothing_recorded():
        for receipt, who, status, code in (
            (receipt_of(rights, CLINIC), CLINIC, 404, "withdrawal-unknown"),
            (good, CLINIC, 404, "withdrawal-unknown"),
            (good, HOSPITAL, 403, "withdrawal-actor"),
            (receipt_of(rights, HOSPITAL, LAB), LAB, 403, "withdrawal-actor"),
            (receipt_of(rights, LAB, HOSPITAL), LAB, 422, "receipt-key-unknown"),
            (SignedReceipt(good.receipt, bytes(64)), LAB, 422, "receipt-signature"),
            (receipt_of(rights, LAB, request=bytes(32)), LAB, 422, "receipt-bytes"),
            (receipt_of(rights, LAB, withdrawal=bytes(32)), LAB, 422, "receipt-withdrawal"),
            (receipt_of(rights, LAB, destroyed_at=int(time.time()) + 3600), LAB, 422, "receipt-time"),
        ):
            got = rights.desk.call("POST", path, receipt.canonical(), org=who)
            rights.refuses(got, status, code)
        nowhere = f"{WITHDRAWALS}/{NOBODY}/receipt"
        got = rights.desk.call("POST", nowhere, good.canonical(), org=LAB)
        rights.refuses(got, 404, "withdrawal-unknown")
        pretty = json.dumps(good.to_json(), indent=1).encode()
        rights.refuses(rights.desk.call("POST", path, pretty, org=LAB), 422, "json-not-canonical")
        mine = ("destroyed", rights.subjects["late"], "--method", "overwrite", "--operator", "某")
        org(rights, *mine, code="withdrawal-unknown", exit_code=2)


def test_a_late_receipt_is_recorded_as_late(rights: Scene) -> None:
    path = f"{WITHDRAWALS}/{rights.subjects['late']}"
    got = rights.desk.call("POST", f"{path}/receipt", receipt_of(rights, LAB).canonical(), org=LAB)
    assert (got.status, got.json["late"]) == (201, True)
    assert got.json["given_at"] > got.json["destroy_by"]
    seen = rights.desk.call("GET", path).json
    assert [one["late"] for one in seen["answers"] if one["code"] == LAB] == [True]

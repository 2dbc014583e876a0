"""The desk as a process: what organisations sign is done once; what is wrong is refused in words."""

from __future__ import annotations

import json
import secrets
import signal
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from tests.cli.processes import environment, start
from tests.desk.calls import KEYS_OF_STATE, DeskProcess, Got, running_desk, signed
from tests.desk.conftest import Founded
from tests.ledger.access_lines import opened_in
from tests.ledger.consent_world import CLINIC, HOSPITAL, INSURER, KEYS, LAB, guardian
from tests.ledger.world import PASSPHRASE
from tests.verifier import bodies
from yinzheng.api.http.pages import HEADER as PAGES_HEADER
from yinzheng.api.http.pages import word_file
from yinzheng.ledger.keys.keystore import Keystore
from yinzheng.ledger.state.address import sqlite_url
from yinzheng.ledger.state.instance import Paths
from yinzheng.ledger.store.database import open_store_read_only
from yinzheng.ledger.store.models_consents import Notice
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.formats.certificate import key_id
from yinzheng.verifier.formats.destruction import DestructionReceipt, sign_receipt
from yinzheng.verifier.formats.notice import parse_notice
from yinzheng.verifier.formats.request import HEADER, WINDOW

CONSENTS = "/org/v1/consents"
JSON = {"Content-Type": "application/json"}


def granted(desk: DeskProcess, founded: Founded, number: int = 1) -> str:
    got = desk.call("POST", CONSENTS, founded.consent(number))
    assert got.status == 201, got.body
    (one,) = got.json["granted"]
    return str(one["subject"])


def anchored(desk: DeskProcess, method: str, subject: str, body: object = None) -> Got:
    """Ask for a receipt until one can be made: the desk settles what it recorded every few seconds."""
    until = time.monotonic() + 60
    while (got := desk.call(method, f"{CONSENTS}/{subject}/receipt", body)).status == 503:
        assert got.code == "receipt-not-anchored"
        assert time.monotonic() < until
        time.sleep(0.5)
    return got


# ---------------------------------------------------------------- who may ask


def test_a_signed_consent_is_recorded(desk: DeskProcess, founded: Founded) -> None:
    got = desk.call("POST", CONSENTS, founded.consent(1))
    assert got.status == 201
    (one,) = got.json["granted"]
    assert {len(one["subject"]), len(one["leaf"])} == {64}
    assert got.headers["cache-control"] == "no-store"


def test_what_is_not_signed_by_an_enrolled_key_now_is_refused(desk: DeskProcess, founded: Founded) -> None:
    body = dumps(founded.consent(2))
    good = signed(desk, "POST", CONSENTS, body)
    head = good.partition(".")[0]
    other = signed(desk, "POST", CONSENTS, b"other").partition(".")[2]
    stranger = Sm2PrivateKey.generate()
    for token, status, code in (
        (signed(desk, "POST", CONSENTS, body, at=int(time.time()) - WINDOW - 30), 401, "request-stale"),
        (signed(desk, "POST", CONSENTS, body, at=int(time.time()) + WINDOW + 30), 401, "request-stale"),
        (signed(desk, "POST", CONSENTS, body + b" "), 401, "request-mismatch"),
        (signed(desk, "POST", CONSENTS + "?once=" + "0" * 32, body), 401, "request-mismatch"),
        (signed(desk, "PUT", CONSENTS, body), 401, "request-mismatch"),
        (signed(desk, "POST", CONSENTS, body, key=stranger), 401, "request-key-unknown"),
        (signed(desk, "POST", CONSENTS, body, org=CLINIC), 401, "request-key-unknown"),
        (signed(desk, "POST", CONSENTS, body, org=LAB, key=KEYS[HOSPITAL]), 401, "request-key-unknown"),
        (f"{head}.{other}", 401, "request-signature"),
        ("nonsense", 400, "request-malformed"),
        ("a" * 5000, 400, "request-malformed"),
    ):
        got = desk.send("POST", CONSENTS, body, {HEADER: token, **JSON})
        assert (got.status, got.code) == (status, code), got.body
    assert desk.send("POST", CONSENTS, body, JSON).code == "request-missing"
    assert desk.send("POST", CONSENTS, body, {HEADER: good, **JSON}).status == 201
    again = desk.send("POST", CONSENTS, body, {HEADER: good, **JSON})
    assert (again.status, again.code) == (409, "request-replayed")


def test_a_recipient_is_no_controller(desk: DeskProcess, founded: Founded) -> None:
    got = desk.call("POST", CONSENTS, founded.consent(3), org=LAB)
    assert (got.status, got.code) == (403, "organisation-role")


def test_sizes_and_kinds_are_bounded(desk: DeskProcess, founded: Founded) -> None:
    large = b" " * (300 * 1024)
    got = desk.call("POST", "/org/v1/notices", large)
    assert (got.status, got.code) == (413, "too-large")
    got = desk.call("POST", CONSENTS, b"{}", media="text/plain")
    assert (got.status, got.code) == (415, "content-type")
    got = desk.call("POST", CONSENTS, b"[]")
    assert (got.status, got.code) == (422, "json-malformed")
    got = desk.call("POST", CONSENTS, b"{}\n" * 1001, media="application/x-ndjson")
    assert (got.status, got.code) == (400, "batch-lines")
    got = desk.call("POST", CONSENTS + "?twice=1", founded.consent())
    assert (got.status, got.code) == (400, "query")
    got = desk.call("GET", "/org/v1/withdrawals/xyz")
    assert (got.status, got.code) == (422, "field-value")
    assert desk.send("GET", "/nothing").code == "not-found"
    assert desk.send("DELETE", CONSENTS).code == "method"
    assert desk.send("GET", "/healthz").status == 200


# ---------------------------------------------------------------- batches


def test_a_batch_is_recorded_whole_once_or_not_at_all(desk: DeskProcess, founded: Founded) -> None:
    path = f"{CONSENTS}?once={secrets.token_hex(16)}"
    lines = b"\n".join(dumps(founded.consent(n)) for n in range(10, 13)) + b"\n"
    first = desk.call("POST", path, lines, media="application/x-ndjson")
    assert first.status == 201
    assert len({one["subject"] for one in first.json["granted"]}) == 3
    again = desk.call("POST", path, lines, media="application/x-ndjson")
    assert (again.status, again.json) == (201, first.json)
    other = desk.call("POST", path, lines + b"\n", media="application/x-ndjson")
    assert (other.status, other.code) == (409, "once-other-body")

    unlawful = {**founded.consent(14), "until": 5}
    bad = b"\n".join(map(dumps, (founded.consent(13), unlawful)))
    got = desk.call("POST", CONSENTS, bad, media="application/x-ndjson")
    assert (got.status, got.json["index"]) == (422, 1)
    got = desk.call("POST", CONSENTS, dumps(founded.consent(13)) + b"\n{", media="application/x-ndjson")
    assert (got.status, got.json["line"]) == (422, 2)


# ---------------------------------------------------------------- receipts and withdrawals


def test_the_controller_alone_gets_the_receipt(desk: DeskProcess, founded: Founded) -> None:
    subject = granted(desk, founded, 20)
    anchored(desk, "GET", subject)
    path = f"{CONSENTS}/{subject}/receipt"
    first = {"document": None, "guardian": False}
    for form in ("", "?form=pdf"):  # copies, as many as one likes
        got = desk.call("GET", path + form)
        assert got.status == 200
    assert got.body.startswith(b"%PDF-")
    copy = desk.call("GET", path).json["qr"]
    assert copy.startswith("HTTPS://REGISTRY.EXAMPLE/C#")
    assert copy.endswith(".PROOF")
    assert desk.patient("see", {"receipt": copy, "born": "1980-02-29"}).code == "receipt-proof"

    nobody = f"{CONSENTS}/{'0' * 64}/receipt"
    unknown = desk.call("GET", nobody)
    assert unknown.code == "consent-unknown"
    for method, body in (("GET", None), ("POST", first), ("POST", {**first, "document": "passport"})):
        for org, asked in ((LAB, path), (HOSPITAL, nobody)):
            stranger = desk.call(method, asked, body, org=org)
            assert (stranger.status, stranger.body) == (unknown.status, unknown.body)

    assert desk.call("POST", path, {**first, "document": "passport"}).code == "receipt-none"
    got = desk.call("POST", path, first)
    assert (got.status, got.json["receipt"]["qr"].endswith(".PROOF")) == (201, True)
    assert desk.patient("see", {"receipt": got.json["code"], "born": "1980-02-29"}).status == 200
    again = desk.call("POST", path, first)
    assert (again.status, again.code) == (409, "receipt-issued")
    assert desk.call("POST", path, {**first, "document": "selfie"}).status == 422
    instead = desk.call("POST", path + "?form=pdf", {**first, "document": "passport"})
    assert (instead.status, instead.body[:5]) == (201, b"%PDF-")
    old = desk.patient("see", {"receipt": got.json["code"], "born": "1980-02-29"})
    assert (old.status, old.code, type(old.json["replaced_at"])) == (403, "receipt-replaced", int)


def receipt(desk: DeskProcess, founded: Founded, number: int) -> tuple[str, dict[str, object]]:
    """A fresh consent's subject, and what its holder shows."""
    subject = granted(desk, founded, number)
    qr = anchored(desk, "POST", subject, {"document": None, "guardian": False}).json["code"]
    return subject, {"receipt": qr, "born": "1980-02-29"}


EVERYTHING = {"everything": True, "scopes": [], "recipients": []}


def test_a_withdrawal_from_the_page_to_the_last_receipt(desk: DeskProcess, founded: Founded) -> None:
    subject, shown = receipt(desk, founded, 30)
    seen = desk.patient("see", shown)
    assert seen.status == 200
    assert seen.json["consent"]["person"]["born"] == "1980-02-29"
    assert seen.json["in_force"]["scopes"] == ["base", "third_party_research"]
    assert seen.json["withdrawals"] == []

    filed = desk.patient("withdraw", {**shown, "guardian": False, "extent": EVERYTHING})
    assert filed.status == 201, filed.body
    id_ = filed.json["withdrawal"]
    assert id_ == subject

    told = [json.loads(one["body"]) for one in desk.call("GET", "/org/v1/notices-pending").json["notices"]]
    kinds = sorted((one["kind"], one["data"]["withdrawal"]) for one in told)
    assert kinds == [("withdrawal.destroy", id_), ("withdrawal.freeze", id_)]
    assert desk.call("GET", "/org/v1/notices-pending").json["notices"] == []
    since = int(time.time()) - 60
    assert len(desk.call("GET", f"/org/v1/notices-pending?since={since}").json["notices"]) == 2

    path = f"/org/v1/withdrawals/{id_}"
    assert desk.call("GET", path, org=INSURER).code == "withdrawal-unknown"
    assert desk.call("POST", path + "/freeze", org=LAB).code == "withdrawal-actor"
    assert desk.call("POST", path + "/freeze").json["frozen_at"] is not None
    lab = desk.call("GET", path, org=LAB).json
    assert (lab["duty"], lab["given_at"]) == ("destroy", None)
    assert "answers" not in lab
    for org in (LAB, HOSPITAL):
        confirm(desk, id_, lab["request"], org)
    done = desk.patient("progress", shown).json["withdrawals"]
    assert [one["state"] for one in done] == ["completed"]
    assert all(one["given_at"] for one in done[0]["answers"])


def test_what_a_guardian_proved_at_the_hospitals_counter(desk: DeskProcess, founded: Founded) -> None:
    child = {"name": "测试童", "reference": "M-0000034", "born": "2019-05-01"}
    minor = founded.consent(34, person=child, guardian=guardian(int(time.time()) - 5))
    subject = str(desk.call("POST", CONSENTS, minor).json["granted"][0]["subject"])
    body = {
        "subject": subject, "document": "identity_card", "guardian": True, "received_at": None,
        "extent": EVERYTHING,
    }  # fmt: skip
    filed = desk.call("POST", "/org/v1/withdrawals", body)
    assert (filed.status, filed.json["state"]) == (201, "requested"), filed.body
    path = f"/org/v1/withdrawals/{subject}"
    assert desk.call("POST", path + "/freeze").code == "move-not-allowed"
    proof = guardian(int(time.time()))
    del proof["name"]
    assert desk.call("POST", path + "/guardian", proof, org=LAB).code == "withdrawal-actor"
    assert desk.call("POST", path + "/guardian", {**proof, "live_face": None}).status == 422
    shown = desk.call("POST", path + "/guardian", proof)
    assert (shown.status, shown.json["state"], shown.json["awaits_guardian"]) == (200, "notified", False)
    assert desk.call("POST", path + "/guardian", proof).status == 200


def confirm(desk: DeskProcess, id_: str, request: str, org: str) -> None:
    made = DestructionReceipt(
        withdrawal=bytes.fromhex(id_),
        request=bytes.fromhex(request),
        recipient=org,
        kid=key_id(KEYS[org].public_key.point),
        method="overwrite",
        copies=2,
        operator="信息科",
        evidence=None,
        destroyed_at=int(time.time()),
    )
    got = desk.call(
        "POST", f"/org/v1/withdrawals/{id_}/receipt", sign_receipt(made, KEYS[org]).canonical(), org=org
    )
    assert got.status == 201, got.body


def test_the_patient_sees_which_version_was_agreed_to_and_what_a_later_one_takes(
    desk: DeskProcess, founded: Founded
) -> None:
    now = int(time.time())
    first = {**bodies.notice(), "published_at": now - 30}
    leaf = desk.call("POST", "/org/v1/notices", first).json["leaf"]
    row = row_of(founded.notice, bytes.fromhex(leaf))
    subject, shown = receipt(desk, Founded(founded.root, row, parse_notice(first).digest()), 34)
    assert desk.patient("see", shown).json["beyond"] == []
    second = {**first, "version": 2, "replaces": leaf, "published_at": now - 1, "retention_months": 240}
    published = desk.call("POST", "/org/v1/notices", second)
    assert (published.status, published.json["changes"]) == (201, ["period"])
    seen = desk.patient("see", shown).json
    assert (seen["notice"]["version"], seen["notice_leaf"]) == (1, leaf)
    wider = {"change": "period", "scope": None, "words": "retention_months 180 → 240", "code": None}
    assert seen["beyond"] == [
        {"notice": published.json["leaf"], "version": 2, "published_at": now - 1, "wider": [wider]}
    ]
    path = f"/org/v1/notices/{published.json['leaf']}/uncovered"
    page = desk.call("GET", path).json
    assert (page["uncovered"][0]["consents"], page["next"]) == ([subject], None)
    assert desk.call("GET", f"{path}?after=1-{now + 3600}-" + "0" * 64).json["uncovered"] == []
    assert (desk.call("GET", path + "?after=x").code, desk.call("GET", path + "?page=2").code) == (
        "query",
        "query",
    )
    got = desk.call("GET", path, org=LAB)
    assert (got.status, got.code) == (404, "notice-unknown")


def row_of(row: Notice, leaf: bytes) -> Notice:
    """The row of another notice of the same controller, as far as consents need it."""
    return Notice(leaf=leaf, subject=bytes(32), controller=row.controller, version=1, published_at=0)


def test_the_patient_sees_who_used_the_data(desk: DeskProcess, founded: Founded) -> None:
    subject, shown = receipt(desk, founded, 33)
    use = {
        "subject": subject,
        "at": int(time.time()),
        "purpose": "肺结节模型研究",
        "operator": "信息科",
        "scope": "third_party_research",
        "basis": "consent",
        "ground": None,
        "notice": None,
    }
    noted = desk.call("POST", "/org/v1/uses", use, org=LAB)
    assert (noted.status, noted.json["covered"]) == (201, True)
    assert desk.call("POST", "/org/v1/uses", use, org=INSURER).code == "consent-unknown"
    future = {**use, "at": int(time.time()) + 3600}
    assert desk.call("POST", "/org/v1/uses", future).code == "use-future"
    (one,) = desk.patient("see", shown).json["uses"]
    told = {name: use[name] for name in ("at", "purpose", "operator", "scope", "basis")}
    assert one == {**told, "organisation": LAB, "covered": True, "under": None}
    paths = Paths(desk.state)
    with closing(open_store_read_only(sqlite_url(paths.database))) as store:
        opened = opened_in(store, Keystore(paths.keys, PASSPHRASE))
        lines = [one.line for one in opened if one.line.consent == bytes.fromhex(subject)]
    noted_ = [(line.organisation, line.function, line.action, line.kind) for line in lines]
    assert noted_ == [
        (HOSPITAL, "controller", "export", "receipt"),
        (LAB, "recipient", "use", "data"),
        (None, "holder", "see", "consent"),
    ]


def test_a_counter_forwards_a_withdrawal(desk: DeskProcess, founded: Founded) -> None:
    subject = granted(desk, founded, 31)
    body = {
        "subject": subject,
        "document": "identity_card",
        "guardian": False,
        "received_at": None,
        "extent": {"everything": False, "scopes": ["third_party_research"], "recipients": []},
    }
    assert desk.call("POST", "/org/v1/withdrawals", body, org=LAB).code == "consent-unknown"
    got = desk.call("POST", "/org/v1/withdrawals", body)
    assert got.status == 201, got.body
    assert desk.call("POST", "/org/v1/withdrawals", body).code == "withdrawal-not-in-force"


def test_who_guesses_the_date_of_birth_is_stopped(desk: DeskProcess, founded: Founded) -> None:
    _, shown = receipt(desk, founded, 32)
    wrong = {**shown, "born": "1980-03-01"}
    answers = {desk.patient("see", wrong).body for _ in range(5)}
    got = desk.patient("see", shown)
    assert (got.status, got.code, answers) == (403, "receipt-refused", {got.body})
    assert "测试甲" not in got.body.decode()


def test_patients_are_heard_from_the_pages_alone(desk: DeskProcess) -> None:
    """A reverse proxy on this machine that names nobody passes on whatever strangers send it."""
    asked = {"receipt": "x", "born": "1980-02-29"}
    bad = ("", "0" * 64, "é" * 32)
    strangers = [{"X-Forwarded-For": "203.0.113.9"}, *({PAGES_HEADER: one} for one in bad)]
    for headers in strangers:
        got = desk.patient("see", asked, headers)
        assert (got.status, got.code) == (404, "not-found"), headers
    assert desk.send("POST", "/patient/v1/see", json.dumps(asked).encode()).code == "not-found"
    assert desk.send("POST", "/public/v1/follow", b"{}").code == "not-found"
    assert word_file(Paths(desk.state)).stat().st_mode & 0o777 == 0o600
    got = desk.patient("see", asked)
    assert (got.status, got.code) == (422, "qr-foreign")


# ---------------------------------------------------------------- beside the desk


def test_commands_get_their_turn(desk: DeskProcess, founded: Founded) -> None:
    granted(desk, founded, 40)
    env = environment(**KEYS_OF_STATE)
    done = start("settle", "--state", desk.state, "--json", env=env)
    assert done.returncode == 0, done.stderr
    granted(desk, founded, 41)
    listed = start("organisations", "--state", desk.state, "--json", env=environment())
    assert {one["code"] for one in json.loads(listed.stdout)} == {HOSPITAL, LAB, INSURER}


def test_a_second_desk_is_refused(desk: DeskProcess) -> None:
    done = start("desk", "--state", desk.state, "--port", "0", "--json", env=environment(**KEYS_OF_STATE))
    assert done.returncode == 3
    error = json.loads(done.stderr)["error"]
    assert error["code"] == "desk-running"
    assert str(desk.process.pid) in error["message"]


def test_the_log_tells_nothing(desk: DeskProcess, founded: Founded) -> None:
    subject = granted(desk, founded, 50)
    path, shown = f"{CONSENTS}/{subject}/receipt", {"document": None, "guardian": False}
    code = desk.call("POST", path, shown).json["code"]
    for born in ("1980-02-29", "1999-01-01"):
        desk.patient("see", {"receipt": code, "born": born})
    log = desk.log.read_text()
    assert code.rpartition(".")[2].lower() not in log.lower()
    assert "测试" not in log
    assert subject not in log
    assert "Traceback" not in log


def test_an_organisation_that_asks_too_often_waits(tmp_path: Path, copy_of: Callable[[Path], Path]) -> None:
    with running_desk(copy_of(tmp_path / "state"), "--rate", "1", end=signal.SIGTERM) as desk:
        pending = "/org/v1/notices-pending"
        codes = [desk.call("GET", pending).status for _ in range(4)]
        assert codes[:2] == [200, 200]
        got = desk.call("GET", pending)
        while got.status == 200:
            got = desk.call("GET", pending)
        assert (got.status, got.code) == (429, "rate-limited")
        assert int(got.headers["retry-after"]) >= 1
        assert desk.call("GET", pending, org=LAB).status == 200
        time.sleep(int(got.headers["retry-after"]))
        assert desk.call("GET", pending).status == 200
    assert desk.process.returncode == 0
    log = desk.log.read_text()
    assert f"rate limit on requests of this organisation exceeded by {HOSPITAL}" in log
    assert "Traceback" not in log

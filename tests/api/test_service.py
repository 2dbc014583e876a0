"""The interface for programs."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from typing import Any

import pytest

from tests.api import samples
from tests.api.conftest import Client, Serve
from tests.api.fake import FakeReader, absent
from tests.verifier import world as synthetic
from tests.verifier.world import NOW, NUMBER
from yinzheng.api.http.limits import Limits, Rate
from yinzheng.verifier.containers.certfile import parse_file
from yinzheng.verifier.formats.certificate import encode_qr
from yinzheng.verifier.log.statement import certificate_subject


def problem(client: Client, method: str, url: str, **options: Any) -> tuple[int, str]:
    answer = client.request(method, url, **options)
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert set(body) == {"type", "title", "status", "detail", "code", "hint"}
    assert body["status"] == answer.status_code
    return answer.status_code, body["code"]


# POST /v1/verify


def test_verify_a_text(client: Client, reader: FakeReader) -> None:
    answer = client.post("/v1/verify", json={"text": reader.world.qr})
    assert answer.status_code == 200
    body = answer.json()
    verdict = body["verdict"]
    assert (verdict["word"], verdict["code"], verdict["exit_code"]) == ("genuine", "in_force", 0)
    assert verdict["tone"] == "good"
    assert verdict["zh"].startswith("真实，且有效（截至")
    assert verdict["en"].startswith("Genuine and in force as of ")
    assert body["report"]["in_force"] is True
    assert body["report"]["record"] == reader.world.body.to_json()
    assert [one["outcome"] for one in body["report"]["obligations"]] == ["VALID"] * 10
    assert body["policy"]["own"] is True
    assert body["policy"]["chain_id"] == 4401


def test_verify_a_file(client: Client, reader: FakeReader) -> None:
    file = json.dumps(reader.world.file(), ensure_ascii=False).encode()
    kinds = [
        client.post("/v1/verify", files={"file": ("x", content)}).json()["report"]["kind"]
        for content in (file, samples.pdf(file), samples.picture(reader.world.qr))
    ]
    assert kinds == ["json", "pdf", "image"]
    assert client.post("/v1/verify", json={"text": file.decode()}).json()["report"]["kind"] == "json"


def test_what_cannot_be_told_is_an_answer_not_an_error(client: Client, reader: FakeReader) -> None:
    forged = encode_qr(reader.world.body, synthetic.STRANGER, "yz.example.org")
    answer = client.post("/v1/verify", json={"text": forged})
    assert answer.status_code == 200
    assert answer.json()["verdict"]["code"] == "undetermined"
    assert answer.json()["report"]["authentic"] == "undetermined"


def test_a_silent_ledger_says_nothing_of_its_whereabouts(serve: Serve, reader: FakeReader) -> None:
    reader.down = True
    answer = serve(reader).post("/v1/verify", json={"text": reader.world.qr})
    assert answer.json()["verdict"]["code"] == "undetermined"
    assert "/secret/" not in answer.text


@pytest.mark.parametrize(
    ("options", "status", "code"),
    [
        ({"json": {}}, 400, "json-malformed"),
        ({"json": {"text": ""}}, 400, "form-empty"),
        ({"json": {"text": 1}}, 400, "json-malformed"),
        ({"json": {"text": "x", "more": 1}}, 400, "json-malformed"),
        ({"json": ["x"]}, 400, "json-malformed"),
        ({"json": {"text": "x" * 200_000}}, 413, "too-large"),
        ({"json": {"text": NUMBER}}, 400, "number-alone"),
        ({"content": b"{", "headers": {"content-type": "application/json"}}, 400, "json-malformed"),
        ({"content": b'{"text":"a","text":"b"}', "headers": {"content-type": "application/json"}}, 400,
         "json-malformed"),
        ({"content": b"x", "headers": {"content-type": "text/plain"}}, 415, "content-type"),
        ({"content": b"x"}, 415, "content-type"),
        ({"data": {"text": "x"}}, 415, "content-type"),
        ({"files": {"other": ("x", b"x")}}, 400, "form-empty"),
        ({"files": {"file": ("x", b"x")}, "data": {"text": "y"}}, 400, "form-both"),
    ],
)  # fmt: skip
def test_what_cannot_be_read(client: Client, options: dict[str, object], status: int, code: str) -> None:
    assert problem(client, "POST", "/v1/verify", **options) == (status, code)


def test_verifications_side_by_side(serve: Serve, reader: FakeReader) -> None:
    """Native SM2 contexts are not shared: threads do not disturb each other's verdicts."""
    unlimited = Rate(1000, 1000)
    client = serve(reader, limits=Limits(requests=unlimited, lookups=unlimited, verifications=4))
    genuine = reader.world.qr
    forged = encode_qr(reader.world.body, synthetic.STRANGER, "yz.example.org")
    texts = [genuine if at % 3 else forged for at in range(48)]
    answers = client.together("POST", "/v1/verify", [{"json": {"text": text}} for text in texts])
    found = [answer.json()["report"]["authentic"] for answer in answers]
    assert found == ["genuine" if at % 3 else "undetermined" for at in range(48)]


# GET /v1/certificates/{number}


def test_fetch_a_certificate_file(client: Client, reader: FakeReader) -> None:
    for spelling in (NUMBER, NUMBER.lower()):
        answer = client.get(f"/v1/certificates/{spelling}")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["content-disposition"] == f'attachment; filename="{NUMBER}.json"'
        assert parse_file(answer.content).record == reader.world.body


@pytest.mark.parametrize("number", ["SJ4412026110002", "SJ44120261100010", "A-2026-000001", "x%0d%0ay"])
def test_unknown_numbers_are_all_alike(client: Client, number: str) -> None:
    assert problem(client, "GET", f"/v1/certificates/{number}") == (404, "not-found")


def test_there_is_no_list_of_certificates(client: Client) -> None:
    assert problem(client, "GET", "/v1/certificates")[0] == 404
    assert problem(client, "GET", "/v1/certificates/")[0] == 404


SUBJECT = certificate_subject(NUMBER).hex()


def test_fetch_evidence(client: Client, reader: FakeReader) -> None:
    """By the subject that follows from a number; also that there is no record."""
    size = len(reader.world.leaves)
    for asked, told in (("", None), (f"?size={size}", size)):
        answer = client.get(f"/v1/evidence/{SUBJECT}{asked}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
        assert answer.json() == reader.chain(certificate_subject(NUMBER), told, None)
    assert client.get(f"/v1/evidence/{'5a' * 32}").json() == absent(bytes([0x5A]) * 32)
    for wrong in (NUMBER, SUBJECT.upper(), SUBJECT[:-2], f"{SUBJECT}?size=0", f"{SUBJECT}?size=x"):
        assert problem(client, "GET", f"/v1/evidence/{wrong}") == (400, "query"), wrong


def test_evidence_counts_as_a_lookup_by_number(client: Client) -> None:
    codes = [client.get(f"/v1/evidence/{at:064x}").status_code for at in range(12)]
    assert codes == [200] * 2 + [429] * 10, "a miss costs more than a hit"
    assert client.get(f"/v1/evidence/{SUBJECT}", host="203.0.113.8").status_code == 200


def test_lookups_by_number_are_few(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        codes = [client.get(f"/v1/certificates/SJ441202611{at:04d}").status_code for at in range(1, 13)]
    assert codes == [200] + [404] * 2 + [429] * 9, "a miss costs more than a hit"
    assert "look-ups by number" in caplog.text
    assert len(caplog.records) == 2, "one alarm is enough"
    assert problem(client, "GET", f"/v1/certificates/{NUMBER}") == (429, "rate-limited")
    assert int(client.get(f"/v1/certificates/{NUMBER}").headers["retry-after"]) >= 1
    assert client.get(f"/v1/certificates/{NUMBER}", host="203.0.113.8").status_code == 200


def test_hits_alone_are_granted_longer(client: Client) -> None:
    codes = [client.get(f"/v1/certificates/{NUMBER}").status_code for _ in range(12)]
    assert codes == [200] * 10 + [429] * 2


def test_a_client_of_ipv6_has_one_limit_whatever_it_calls_itself(client: Client) -> None:
    hosts = [f"2001:db8:1:2:{at:x}::1" for at in range(4)]
    codes = [client.get("/v1/certificates/SJ4412026110009", host=host).status_code for host in hosts]
    assert codes == [404, 404, 429, 429]


def test_many_clients_together_cannot_enumerate(client: Client) -> None:
    address = "/v1/certificates/SJ4412026110009"
    codes = [client.get(address, host=f"198.51.100.{at}").status_code for at in range(110)]
    assert codes == [404] * 100 + [429] * 10


# Others


def test_the_notice_board(client: Client, reader: FakeReader) -> None:
    notices = client.get("/v1/publicity").json()["notices"]
    assert [notice["case"] for notice in notices] == [notice.case for notice in reader.published]
    assert notices[0]["statement"] == reader.published[0].leaf
    assert notices[2]["open_objections"] == 2


def test_health(serve: Serve, reader: FakeReader) -> None:
    client = serve(reader)
    assert client.get("/healthz").json() == {
        "status": "ok",
        "log_size": 6,
        "anchored_size": 6,
        "block": 1000,
        "block_time": synthetic.BLOCK_TIME,
    }
    reader.down = True
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["code"] == "chain-unreachable"
    assert "/secret/" not in answer.text


def test_an_operators_numbers_are_for_this_machine(serve: Serve, reader: FakeReader) -> None:
    client = serve(reader)
    here = {"host": "127.0.0.1:8000"}
    answer = client.get("/metrics", host="127.0.0.1", headers=here)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = [line.rsplit(" ", 1) for line in answer.text.splitlines() if not line.startswith("#")]
    assert {name: float(value) for name, value in lines} == {
        "yinzheng_log_size": 6,
        'yinzheng_chain_calls{state="pending"}': 0,
        'yinzheng_chain_calls{state="sent"}': NOW,
    }
    assert client.get("/metrics", headers=here).status_code == 404
    for added in (
        {"x-forwarded-for": "203.0.113.7"},
        {"forwarded": "for=203.0.113.7"},
        {"via": "1.1 proxy"},
        {"x-real-ip": "203.0.113.7"},
        {"host": "registry.test"},
        {"host": "[::1"},
    ):
        assert client.get("/metrics", host="127.0.0.1", headers=here | added).status_code == 404
    reader.down = True
    assert client.get("/metrics", host="127.0.0.1", headers=here).status_code == 503


def test_openapi_describes_every_address_for_programs(client: Client) -> None:
    described = client.get("/v1/openapi.json").json()
    assert set(described["paths"]) == {
        "/v1/verify",
        "/v1/certificates/{number}",
        "/v1/certificates/{number}/as-of",
        "/v1/certificates/{number}/history",
        "/v1/challenges",
        "/v1/challenges/answers",
        "/v1/evidence/{subject}",
        "/v1/holders/{code}",
        "/v1/publicity",
        "/v1/register",
        "/v1/supervision",
        "/healthz",
    }
    for operations in described["paths"].values():
        for operation in operations.values():
            assert operation["summary"]
            assert operation["description"]
    assert client.get("/docs").status_code == 404
    assert client.get("/redoc").status_code == 404


def test_the_figure_of_supervision(serve: Serve, reader: FakeReader) -> None:
    """Numbers by year, for programs and on the page in both languages; and that there are none (R52)."""
    client = serve(reader)
    (year,) = client.get("/v1/supervision").json()["years"]
    assert year == {"year": 2026, "suspected": 3, "measured": 2, "reported": 2, "closed": 1}
    for lang, word in (("zh", "采取措施"), ("en", "Measures")):
        page = client.get(f"/supervision?lang={lang}")
        assert page.status_code == 200
        assert word in page.text
        assert ">2026</th><td>3</td><td>2</td><td>2</td><td>1</td>" in page.text
    none = serve(replace(reader, years=()))
    assert none.get("/v1/supervision").json() == {"years": []}
    assert "Nothing has been recorded" in none.get("/supervision?lang=en").text
    assert client.request("POST", "/supervision").status_code == 405


def test_methods_that_are_not_there(client: Client) -> None:
    assert problem(client, "GET", "/v1/verify") == (405, "method")
    assert problem(client, "DELETE", "/v1/publicity") == (405, "method")
    assert client.request("PUT", "/v1/publicity").headers["allow"] == "GET, HEAD, OPTIONS"


def test_a_defect_of_ours_shows_no_trace(
    serve: Serve, reader: FakeReader, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("password hunter2")

    monkeypatch.setattr(FakeReader, "board", fail)
    monkeypatch.setattr(FakeReader, "notices", fail)
    client = serve(reader)
    assert problem(client, "GET", "/v1/publicity") == (500, "internal")
    page = client.get("/publicity")
    assert page.status_code == 500
    assert "says nothing about the certificate" in page.text
    assert "hunter2" not in page.text
    assert "Traceback" not in page.text
    assert "hunter2" in caplog.text
    assert "frame-ancestors" in page.headers["content-security-policy"]


def test_every_client_has_its_own_rate(serve: Serve, reader: FakeReader) -> None:
    client = serve(reader, limits=Limits(requests=Rate(1, 3)))
    assert [client.get("/").status_code for _ in range(5)] == [200, 200, 200, 429, 429]
    assert problem(client, "GET", "/v1/publicity") == (429, "rate-limited")
    assert client.get("/", host="203.0.113.9").status_code == 200
    # What a monitor asks, and what a page is drawn with, is never refused.
    assert client.get("/healthz").status_code == 200
    assert client.get("/static/style.css").status_code == 200


def test_too_many_waiting(serve: Serve, reader: FakeReader) -> None:
    client = serve(reader, limits=Limits(verifications=0, waiting=0))
    answer = client.post("/v1/verify", json={"text": reader.world.qr})
    assert answer.status_code == 503
    assert answer.json()["code"] == "server-busy"
    assert answer.headers["retry-after"] == "30"


# Turns


@pytest.mark.parametrize(
    "url",
    [
        f"/v1/certificates/{NUMBER}",
        f"/v1/certificates/{NUMBER}/history",
        f"/v1/certificates/{NUMBER}/as-of?at=2026-01-01",
        "/v1/holders/91350100M000100Y43",
        "/v1/register?q=91350100M000100Y43",
        f"/rights/{NUMBER}",
        f"/rights/{NUMBER}/at?at=2026-01-01",
        "/supervision",
        "/v1/supervision",
        "/register?q=91350100M000100Y43",
    ],
)
def test_what_reads_chain_and_log_waits_its_turn(serve: Serve, reader: FakeReader, url: str) -> None:
    nobody = serve(reader, limits=Limits(verifications=0, waiting=0))
    answer = nobody.get(url)
    assert answer.status_code == 503
    assert "retry-after" in answer.headers

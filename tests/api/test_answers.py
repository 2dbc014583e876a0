"""What goes with an answer: methods, when to come again, who may read it, how it is packed."""

from __future__ import annotations

import asyncio
import gzip
import re
from pathlib import Path

import httpx
import pytest

from tests.api.conftest import Client, Serve
from tests.api.fake import FakeReader
from tests.desk.calls import PAGES
from yinzheng.api.desk.app import create_app as create_desk
from yinzheng.api.desk.server import Desk
from yinzheng.api.http.limits import Limits, Rate
from yinzheng.api.http.problems import of_status, problem_of
from yinzheng.api.web.log_files import MAX_PACKED, MIN_PACKED, reads_gzip
from yinzheng.verifier.errors import EnvironmentFault, UsageFault


@pytest.mark.parametrize(
    ("path", "allow"),
    [
        ("/", "GET, HEAD, OPTIONS"),
        ("/verify", "GET, HEAD, POST, OPTIONS"),
        ("/court", "GET, HEAD, POST, OPTIONS"),
        ("/v1/verify", "POST, OPTIONS"),
        ("/v1/publicity", "GET, HEAD, OPTIONS"),
        ("/v1/certificates/SJ4412026110001", "GET, HEAD, OPTIONS"),
        ("/v1/openapi.json", "GET, HEAD, OPTIONS"),
        ("/healthz", "GET, HEAD, OPTIONS"),
        ("/log/checkpoint", "GET, HEAD, OPTIONS"),
    ],
)
def test_each_address_says_what_it_takes(client: Client, path: str, allow: str) -> None:
    asked = client.request("OPTIONS", path)
    assert (asked.status_code, asked.headers["allow"], asked.content) == (204, allow, b"")
    for method in ("DELETE", "PATCH", "TRACE"):
        refused = client.request(method, path)
        assert (refused.status_code, refused.headers["allow"]) == (405, allow)
    got = client.head(path)
    if "HEAD" not in allow:
        assert (got.status_code, got.headers["allow"]) == (405, allow)
        return
    whole = client.get(path)
    assert (got.status_code, got.content) == (whole.status_code, b"")
    assert got.headers == whole.headers


def test_nothing_takes_no_method(client: Client) -> None:
    for method in ("OPTIONS", "HEAD", "GET", "POST"):
        assert client.request(method, "/nowhere").status_code == 404


def test_signed_requests_have_no_head(tmp_path: Path) -> None:
    """What is fetched once would be gone, and the signature names another method."""
    app = create_desk(Desk(None, None, lambda: 0, registry=bytes(32), pages=PAGES))  # type: ignore[arg-type]

    async def ask(method: str, path: str) -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://desk.test") as client:
            return await client.request(method, path)

    pending = "/org/v1/notices-pending"
    got = asyncio.run(ask("HEAD", pending))
    assert (got.status_code, got.headers["allow"]) == (405, "GET, OPTIONS")
    assert asyncio.run(ask("OPTIONS", "/healthz")).headers["allow"] == "GET, HEAD, OPTIONS"
    unsigned = asyncio.run(ask("GET", pending))
    assert unsigned.status_code == 401
    assert unsigned.headers["www-authenticate"].startswith("Yinzheng-Request ")
    read = {re.sub(r"{.*?}", "00", one.path) for one in app.routes if "GET" in (one.methods or ())}  # type: ignore[attr-defined]
    signed = {path for path in read if asyncio.run(ask("GET", path)).status_code == 401}
    assert {"/v1/trade-checks", "/v1/reservations", "/v1/trade-contracts/00"} <= signed
    assert not [path for path in signed if asyncio.run(ask("HEAD", path)).status_code != 405]


def test_whoever_is_sent_away_is_told_for_how_long(serve: Serve, reader: FakeReader) -> None:
    client = serve(reader, limits=Limits(requests=Rate(1, 1)))
    assert client.get("/").status_code == 200
    assert client.get("/").headers["retry-after"] == "1"
    reader.down = True
    down = serve(reader).get("/healthz")
    assert (down.status_code, down.headers["retry-after"]) == (503, "30")
    for problem in (
        problem_of(EnvironmentFault("m", code="c")),
        problem_of(UsageFault("m", code="rate-limited")),
        of_status(503),
    ):
        assert int(problem.headers()["Retry-After"]) >= 1
    assert of_status(404).headers() == {}


def test_errors_of_the_log_are_readable_in_a_browser(serve: Serve, reader: FakeReader) -> None:
    client = serve(reader, limits=Limits(requests=Rate(1, 4)))
    answers = [
        client.get("/log/tile/9/000"),
        client.request("DELETE", "/log/checkpoint"),
        client.request("OPTIONS", "/log/checkpoint"),
        client.get("/log/nothing"),
        client.get("/log/checkpoint"),
    ]
    assert [answer.status_code for answer in answers] == [404, 405, 204, 404, 429]
    for answer in answers:
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["access-control-expose-headers"] == "Retry-After"
    assert "access-control-allow-methods" in answers[2].headers
    assert "access-control-allow-origin" not in client.get("/healthz").headers


def test_entry_bundles_come_packed_to_who_can_unpack_them(client: Client, reader: FakeReader) -> None:
    files = {
        "tile/entries/000": b"\x00\x20" + b"statement" * 3000,
        "tile/entries/001.p/1": b"x" * (MIN_PACKED - 1),
        "tile/entries/002": bytes(MAX_PACKED + 1),
        "tile/0/000": bytes(8192),
    }
    for path, content in files.items():
        file = reader.log_root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    for path, content in files.items():
        packed = client.get(f"/log/{path}", headers={"accept-encoding": "br, gzip"})
        plain = client.get(f"/log/{path}", headers={"accept-encoding": "identity"})
        assert packed.content == plain.content == content
        is_packed = path == "tile/entries/000"
        assert ("content-encoding" in packed.headers) is is_packed, path
        assert "content-encoding" not in plain.headers
        assert packed.headers.get("vary") == ("Accept-Encoding" if "entries" in path else None)
        if is_packed:
            assert int(packed.headers["content-length"]) < len(content) / 10
            assert int(packed.headers["content-length"]) == len(gzip.compress(content, 6, mtime=0))


@pytest.mark.parametrize(
    ("accepted", "reads"),
    [
        ("gzip", True),
        ("br;q=1.0, GZIP;q=0.8, *;q=0.1", True),
        ("*", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("identity", False),
        ("", False),
        ("gzipped", False),
    ],
)
def test_who_reads_gzip(accepted: str, reads: bool) -> None:
    assert reads_gzip(accepted) is reads

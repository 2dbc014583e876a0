"""The log under `/log/`: C2SP tlog-tiles as static files, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.api.conftest import Client
from tests.api.fake import FakeReader

FILES = {
    "checkpoint": b"log.example.org\n6\nAAAA\n",
    "tile/0/000.p/6": bytes(192),
    "tile/0/x001/x234/067": bytes(8192),
    "tile/entries/000.p/6": b"\x00\x01x",
}


@pytest.fixture
def log(reader: FakeReader) -> Path:
    for path, content in FILES.items():
        file = reader.log_root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    (reader.log_root / "state.json").write_text("internal")
    (reader.log_root.parent / "secret").write_text("secret")
    return reader.log_root


@pytest.mark.usefixtures("log")
def test_what_is_there(client: Client) -> None:
    for path, content in FILES.items():
        answer = client.get(f"/log/{path}")
        assert answer.status_code == 200, path
        assert answer.content == content
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["content-length"] == str(len(content))
        assert client.head(f"/log/{path}").content == b""


@pytest.mark.usefixtures("log")
def test_types_and_caching(client: Client) -> None:
    checkpoint = client.get("/log/checkpoint").headers
    assert checkpoint["content-type"] == "text/plain; charset=utf-8"
    assert checkpoint["cache-control"] == "public, max-age=2"
    tile = client.get("/log/tile/0/000.p/6").headers
    assert tile["content-type"] == "application/octet-stream"
    assert "immutable" in tile["cache-control"]


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile",
        "tile/",
        "tile/0/",
        "tile/0/000",
        "tile/00/000.p/6",
        "tile/0/000.p/06",
        "tile/0/000.p/256",
        "tile/0/x000/000.p/6",
        "tile/0/../../state.json",
        "tile/0/000.p/6/",
        "state.json",
        "%2e%2e/secret",
        "..%2fsecret",
        "%2fetc%2fpasswd",
        "checkpoint%00",
        "checkpoint/",
        "Checkpoint",
        "tile/data/000.p/6",
    ],
)
def test_what_is_not(client: Client, path: str) -> None:
    answer = client.get(f"/log/{path}")
    assert answer.status_code == 404
    assert answer.json()["code"] == "not-found"
    assert answer.headers["cache-control"] == "no-store"


def test_links_and_folders_are_not_followed(client: Client, log: Path) -> None:
    (log / "tile/0/001.p").mkdir()
    os.symlink(log.parent / "secret", log / "tile/0/001.p/1")
    (log / "tile/0/001.p/2").mkdir()
    assert client.get("/log/tile/0/001.p/1").status_code == 503
    assert client.get("/log/tile/0/001.p/2").status_code == 404


def test_a_pipe_does_not_hang_the_server(client: Client, log: Path) -> None:
    (log / "tile/0/001.p").mkdir()
    os.mkfifo(log / "tile/0/001.p/3")
    assert client.get("/log/tile/0/001.p/3").status_code == 404


def test_a_monstrous_file_is_refused(client: Client, log: Path) -> None:
    (log / "tile/0/001.p").mkdir()
    with (log / "tile/0/001.p/4").open("wb") as file:
        file.truncate(1 << 30)
    answer = client.get("/log/tile/0/001.p/4")
    assert answer.status_code == 503
    assert answer.json()["code"] == "log-unreadable"

"""Starting the web server: what is refused before it listens, and what it says when it cannot."""

from __future__ import annotations

import errno
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import uvicorn

from tests.api.fake import FakeReader
from tests.verifier.world import trust_json
from yinzheng.api.http.serving import cannot_listen
from yinzheng.api.web import running
from yinzheng.verifier.errors import DataFault, EnvironmentFault


@pytest.fixture
def state(reader: FakeReader, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder whose registry is the fake."""

    @contextmanager
    def opened(root: Path, clock: Callable[[], int]) -> Iterator[FakeReader]:
        assert abs(clock() - time.time()) < 5
        vars(reader)["instance"] = SimpleNamespace(demonstration=True)
        yield reader

    monkeypatch.setattr(running, "open_reader", opened)
    return reader.log_root.parent


def test_a_port_that_is_taken(state: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(EnvironmentFault) as caught:
        running.serve(state, port=taken.getsockname()[1])
    assert caught.value.code == "port-taken"


def test_where_nothing_can_listen_it_says_why(state: Path) -> None:
    with pytest.raises(EnvironmentFault) as caught:
        running.serve(state, host="192.0.2.1", port=0)
    assert caught.value.code == "host-foreign"
    forbidden = cannot_listen("::1", 80, PermissionError(errno.EACCES, "not you"))
    assert (forbidden.code, forbidden.message) == ("port-forbidden", "cannot listen on [::1]:80")


def test_a_policy_that_is_none(state: Path, tmp_path: Path) -> None:
    policy = tmp_path / "trust.json"
    for content in ("{}", " " * 300_000, json.dumps(trust_json(max_age=0))):
        policy.write_text(content)
        with pytest.raises(DataFault) as caught:
            running.serve(state, policy)
        assert caught.value.code == "trust-malformed"


def test_it_serves_under_the_policy_given(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = tmp_path / "trust.json"
    policy.write_text(json.dumps(trust_json(max_age=777)))
    servers: list[uvicorn.Server] = []
    make = uvicorn.Server.__init__

    def noted(self: uvicorn.Server, config: uvicorn.Config) -> None:
        make(self, config)
        servers.append(self)

    monkeypatch.setattr(uvicorn.Server, "__init__", noted)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    thread = threading.Thread(target=running.serve, args=(state, policy, "127.0.0.1", port))
    thread.start()
    try:
        page, answer = _when_up(f"http://127.0.0.1:{port}")
    finally:
        servers[0].should_exit = True
        thread.join(10)
    assert "DEMONSTRATION" in page
    assert answer["policy"]["own"] is False
    assert answer["policy"]["max_age"] == 777
    assert not thread.is_alive()


def _when_up(base: str) -> tuple[str, dict[str, Any]]:
    for _ in range(200):
        try:
            page = httpx.get(base, headers={"accept-language": "en"}, timeout=5)
        except httpx.ConnectError:
            time.sleep(0.02)
            continue
        answer = httpx.post(f"{base}/v1/verify", json={"text": "HTTPS://A/V/AA"}, timeout=5)
        return page.text, answer.json()
    raise AssertionError("the server did not come up")

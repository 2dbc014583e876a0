"""A proxy that listens, named by every variable, sees nothing of what is ours to keep (docs/adr/0028)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.ledger.net.servers import Listening, answered, listening, replies
from tests.verifier.world import trust_json
from yinzheng.api.org.calling import Client as OrgClient
from yinzheng.api.org.member import create_member
from yinzheng.api.org.registry import pin
from yinzheng.api.rpc import RpcReader
from yinzheng.api.web.desk import Bearer, HttpDesk
from yinzheng.ledger.chain.connect import connect
from yinzheng.ledger.flow.timestamps import post_request
from yinzheng.ledger.notify import sending
from yinzheng.ledger.notify.sending import Courier
from yinzheng.verifier.errors import YinzhengError
from yinzheng.verifier.judge.trust import TrustPolicy

BORN = "1980-02-29"
JSON = "Content-Type: application/json"
NOW = 1_795_000_000

Ask = Callable[[str], object]


@pytest.fixture(params=["none", "elsewhere", "empty"])
def proxy(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Listening]:
    with listening(replies(answered(502, b"seen"))) as found:
        for name in ("http_proxy", "https_proxy", "all_proxy", "ftp_proxy"):
            monkeypatch.setenv(name, found.url)
            monkeypatch.setenv(name.upper(), found.url)
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
            if request.param != "none":
                monkeypatch.setenv(name, {"elsewhere": "example.org,10.0.0.0/8", "empty": ""}[request.param])
        yield found


def pages(url: str) -> object:
    return HttpDesk(url, str, seconds=5).see(Bearer("HTTPS://A/R/X", BORN))


def organisation(folder: Path) -> Ask:
    environment = {"YINZHENG_ORG_PASSPHRASE": "correct horse battery staple"}
    member, _ = create_member(
        folder / "org",
        environment,
        code="12440000MB2DEM001E",
        name="医院",
        roles=["controller"],
        account=False,
        now=NOW,
        term=86_400,
    )
    pin(member.folder, json.dumps(trust_json()).encode())
    return lambda url: OrgClient(member, url, lambda: NOW).call("POST", "/org/v1/withdrawals", b'{"born":1}')


def policy(**fields: Any) -> TrustPolicy:
    return cast("TrustPolicy", SimpleNamespace(**fields))


def node(url: str) -> object:
    trust = policy(chain_id=7, genesis=bytes(32), rights=SimpleNamespace(address=bytes(20)))
    return RpcReader(url, trust).chain(bytes(32), None, None)


def clients(folder: Path) -> dict[str, Ask]:
    return {
        "pages to desk": pages,
        "organisation to desk": organisation(folder),
        "verify --rpc": node,
        "the ledger's node": lambda url: connect(url).eth.chain_id,
        "webhooks": lambda url: Courier(loopback=True, seconds=5)(url, b"{}", "h"),
        "time stamps": lambda url: post_request(url, b"query"),
    }


def test_plain_http_goes_straight(proxy: Listening, tmp_path: Path) -> None:
    for name, ask in clients(tmp_path).items():
        with listening(replies(answered(200, b"{}", JSON))) as server:
            for url in (server.url, f"http://localhost:{server.port}"):
                with suppress(YinzhengError):  # `{}` does not satisfy all
                    ask(url)
        assert len(server.seen) >= 1, name
        assert proxy.seen == [], name


def test_https_to_this_machine_goes_straight(proxy: Listening, tmp_path: Path) -> None:
    for name, ask in clients(tmp_path).items():
        if name in ("pages to desk", "webhooks"):
            continue  # they speak http here, or not at all
        with listening(replies(b"")) as server, pytest.raises(YinzhengError):
            ask(f"https://127.0.0.1:{server.port}")
        assert server.seen[0][0] == 0x16, name  # TLS, begun with the server itself
        assert proxy.seen == [], name


def test_https_to_the_open_internet_shows_a_proxy_the_name_alone(
    proxy: Listening, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name, ask in clients(tmp_path).items():
        if name in ("pages to desk", "webhooks"):
            continue
        proxy.seen.clear()
        with pytest.raises(YinzhengError):
            ask("https://desk.example.org")
        assert {b" ".join(seen.split()[:2]) for seen in proxy.seen} == {b"CONNECT desk.example.org:443"}, name
        assert not any(b"born" in seen or b"query" in seen for seen in proxy.seen)
        monkeypatch.setenv("no_proxy", "example.com,desk.example.org.invalid")
        with pytest.raises(YinzhengError):
            ask("https://desk.example.org")
        monkeypatch.delenv("no_proxy")


def test_a_notice_never_meets_a_proxy(proxy: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    """The address was judged; a proxy would resolve the name once more, on its own."""
    monkeypatch.setattr(sending, "is_public", lambda _address: True)
    with listening(replies(b"")) as server:
        courier = Courier(seconds=5, resolve=lambda _host, _port: ["127.0.0.1"])
        with pytest.raises(YinzhengError) as fault:
            courier(f"https://hospital.example:{server.port}/", b"{}", "h")
    assert fault.value.code in ("webhook-tls", "webhook-unreachable")
    assert server.seen[0][0] == 0x16
    assert proxy.seen == []


def test_a_proxy_of_another_kind_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("all_proxy", "socks5://127.0.0.1:9")
    for name, ask in clients(tmp_path).items():
        if name not in ("pages to desk", "webhooks"):
            with pytest.raises(YinzhengError) as fault:
                ask("https://desk.example.org")
            assert fault.value.code == "proxy-unusable", name


def test_the_desk_is_told_json(proxy: Listening) -> None:
    with listening(replies(answered(200, b'{"consent": 1}', JSON))) as server:
        assert pages(server.url) == {"consent": 1}
    assert json.loads(server.seen[0].partition(b"\r\n\r\n")[2])["born"] == BORN
    assert proxy.seen == []

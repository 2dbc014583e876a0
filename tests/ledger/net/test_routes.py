"""Which requests meet a proxy: none in clear text, none for this machine or house (docs/adr/0028)."""

from __future__ import annotations

import pytest

from yinzheng.ledger.net.routes import Proxy, is_loopback, is_outside, proxy_for
from yinzheng.verifier.errors import EnvironmentFault

PROXY = "http://proxy.example:3128"
ALL = {name: PROXY for lower in ("http_proxy", "https_proxy", "all_proxy") for name in (lower, lower.upper())}
OUTSIDE = "https://desk.example.org/x"


@pytest.mark.parametrize(
    "url",
    [
        "http://desk.example.org/", "http://93.184.216.34:8545/", "HTTP://DESK.EXAMPLE.ORG/",
        "http://127.0.0.1:8001/", "http://localhost/", "http://[::1]:1/",
        "https://127.0.0.1/", "https://localhost:8443/", "https://LOCALHOST./", "https://[::1]/",
        "https://127.9.9.9/", "https://[::ffff:127.0.0.1]/", "https://10.1.2.3/", "https://192.168.0.9/",
        "https://172.16.0.1/", "https://169.254.1.1/", "https://[fe80::1]/", "https://[fc00::1]/",
        "https://desk/", "https://desk.local/", "https://node.internal/", "https://a.home.arpa/",
        "https://x.localhost/", "https://his.lan/",
    ],
)  # fmt: skip
def test_what_never_meets_a_proxy(url: str) -> None:
    assert proxy_for(url, ALL) is None


@pytest.mark.parametrize("name", ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
@pytest.mark.parametrize("url", [OUTSIDE, "https://93.184.216.34/", "https://[2606:2800:220:1::1]:444/"])
def test_https_to_the_open_internet_may(name: str, url: str) -> None:
    assert proxy_for(url, {name: PROXY}) == Proxy("proxy.example", 3128)
    assert proxy_for(url, {}) is None
    assert proxy_for(url, {"http_proxy": PROXY, "HTTP_PROXY": PROXY}) is None


@pytest.mark.parametrize("name", ["no_proxy", "NO_PROXY"])
@pytest.mark.parametrize(
    ("entry", "url", "excepted"),
    [
        ("*", OUTSIDE, True),
        ("desk.example.org", OUTSIDE, True),
        ("DESK.example.ORG", OUTSIDE, True),
        ("example.org", OUTSIDE, True),
        (".example.org", OUTSIDE, True),
        ("*.example.org", OUTSIDE, True),
        ("localhost, 127.0.0.1 ,example.org", OUTSIDE, True),
        ("example.org:443", OUTSIDE, True),
        ("example.org:8443", OUTSIDE, False),
        ("ample.org", OUTSIDE, False),
        ("desk.example", OUTSIDE, False),
        ("desk.example.org.evil.org", OUTSIDE, False),
        ("", OUTSIDE, False),
        (",", OUTSIDE, False),
        (".", OUTSIDE, False),
        ("93.184.216.0/24", "https://93.184.216.34/", True),
        ("93.184.216.34", "https://93.184.216.34/", True),
        ("93.184.216.34:443", "https://93.184.216.34/", True),
        ("10.0.0.0/8", "https://93.184.216.34/", False),
        ("2606:2800::/32", "https://[2606:2800:220:1::1]/", True),
        ("[2606:2800:220:1::1]:443", "https://[2606:2800:220:1::1]/", True),
    ],
)
def test_exceptions(name: str, entry: str, url: str, excepted: bool) -> None:
    assert (proxy_for(url, {**ALL, name: entry}) is None) is excepted


def test_the_lower_case_counts_first_and_nothing_means_none() -> None:
    assert proxy_for(OUTSIDE, {"https_proxy": "", "HTTPS_PROXY": PROXY, "all_proxy": PROXY}) is None
    assert proxy_for(OUTSIDE, {"https_proxy": "http://a:1", "HTTPS_PROXY": PROXY}) == Proxy("a", 1)
    assert proxy_for(OUTSIDE, {**ALL, "no_proxy": "", "NO_PROXY": "*"}) is not None


def test_forms_of_a_proxys_address() -> None:
    assert proxy_for(OUTSIDE, {"https_proxy": "proxy.example:8080"}) == Proxy("proxy.example", 8080)
    assert proxy_for(OUTSIDE, {"https_proxy": "http://proxy.example"}) == Proxy("proxy.example", 80)
    found = proxy_for(OUTSIDE, {"https_proxy": "http://us%40er:p%3Aw@proxy.example:8"})
    assert found == Proxy("proxy.example", 8, "Basic dXNAZXI6cDp3")
    assert "dXN" not in repr(found)


@pytest.mark.parametrize(
    "named", ["socks5://h:1", "https://h:1", "http://", "http://h:port", "http://[bad", "ftp://h"]
)
def test_a_proxy_we_do_not_speak_to_stops_us(named: str) -> None:
    """Whoever set it meant not to be seen going straight."""
    with pytest.raises(EnvironmentFault) as fault:
        proxy_for(OUTSIDE, {"all_proxy": named})
    assert fault.value.code == "proxy-unusable"
    assert proxy_for("http://127.0.0.1/", {"all_proxy": named}) is None


def test_hosts() -> None:
    assert is_loopback("127.0.0.1")
    assert not is_loopback("127.0.0.1.evil.org")
    assert not is_loopback("localhost.evil.org")
    assert is_outside("localhost.evil.org")

"""Small parts: rates, languages, times, forms."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yinzheng.api.http.language import negotiate
from yinzheng.api.http.limits import Buckets, Rate, client_of
from yinzheng.api.http.problems import of_status, problem_of
from yinzheng.api.http.shared import OwnLevels
from yinzheng.api.web.intake import _read_multipart
from yinzheng.api.web.times import age, instant
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault, YinzhengError


@given(
    steps=st.lists(st.floats(0, 3, allow_nan=False), max_size=60),
    per_second=st.floats(0.1, 10),
    burst=st.integers(1, 10),
)
def test_a_bucket_never_grants_more_than_its_rate(steps: list[float], per_second: float, burst: int) -> None:
    now = 0.0
    buckets = Buckets(Rate(per_second, burst), OwnLevels(10), lambda: now)
    granted = 0
    for step in steps:
        now += step
        wait = buckets.take("a")
        if wait == 0:
            granted += 1
        assert granted <= burst + now * per_second + 1e-6
        assert 0 <= wait <= 1 / per_second + 1e-9


def test_a_bucket_fills_again() -> None:
    now = 0.0
    buckets = Buckets(Rate(2, 1), OwnLevels(10), lambda: now)
    assert buckets.take("a") == 0
    assert buckets.take("a") == 0.5
    assert buckets.take("b") == 0
    now = 0.5
    assert buckets.take("a") == 0


def test_clients_are_forgotten_the_oldest_first() -> None:
    buckets = Buckets(Rate(1, 1), OwnLevels(2), lambda: 0.0)
    for name in ("a", "b", "c"):
        assert buckets.take(name) == 0
    assert buckets.take("c") > 0
    assert buckets.take("b") > 0
    assert buckets.take("a") == 0


@pytest.mark.parametrize(
    ("host", "client"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        (None, "unknown"),
        ("testclient", "unknown"),
    ],
)
def test_who_asks(host: str | None, client: str) -> None:
    assert client_of(host) == client


@pytest.mark.parametrize(
    ("asked", "accept", "language"),
    [
        (None, None, "zh"),
        (None, "en", "en"),
        (None, "en-GB,en;q=0.9,zh;q=0.8", "en"),
        (None, "fr, zh-TW;q=0.4, en;q=0.3", "zh"),
        (None, "fr", "zh"),
        (None, "en;q=0, *;q=0.1", "zh"),
        (None, "en;q=nan", "zh"),
        (None, "en;q=7", "zh"),
        (None, ";;;,,,q=", "zh"),
        ("en", "zh", "en"),
        ("zh", "en", "zh"),
        ("de", "en", "en"),
    ],
)
def test_languages(asked: str | None, accept: str | None, language: str) -> None:
    assert negotiate(asked, accept) == language


@given(st.text(max_size=200))
def test_any_accept_language_gives_a_language(accept: str) -> None:
    assert negotiate(None, accept) in ("zh", "en")


def test_instants_are_at_beijing() -> None:
    assert instant(1_763_740_800, "zh").text == "2025年11月22日 00:00:00"
    assert instant(1_763_740_800, "en").text == "22 November 2025 00:00:00"
    assert instant(1_763_740_800, "en").iso == "2025-11-22T00:00:00+08:00"
    assert instant(2**53 - 1, "zh").text == str(2**53 - 1)
    assert instant(-1, "zh").text == "-1"


@pytest.mark.parametrize(
    ("seconds", "zh", "en"),
    [
        (-301, "时间在未来", "in the future"),
        (-300, "刚刚", "just now"),
        (0, "刚刚", "just now"),
        (1, "1 秒前", "1 second ago"),
        (119, "1 分钟前", "1 minute ago"),
        (7200, "2 小时前", "2 hours ago"),
        (86_400 * 3, "3 天前", "3 days ago"),
    ],
)
def test_ages(seconds: int, zh: str, en: str) -> None:
    assert (age(seconds, "zh"), age(seconds, "en")) == (zh, en)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UsageFault("m", code="c"), 400),
        (DataFault("m", code="c"), 422),
        (EnvironmentFault("m", code="c"), 503),
        (YinzhengError("m", code="c"), 500),
        (UsageFault("m", code="too-large"), 413),
    ],
)
def test_whose_fault_decides_the_status(error: YinzhengError, status: int) -> None:
    assert problem_of(error).status == status


def test_problems_of_bare_statuses() -> None:
    assert of_status(404).code == "not-found"
    assert of_status(418).code == "http"
    assert of_status(999).code == "internal"
    unheard_of = problem_of(DataFault("only English", code="unheard-of", hint="h"))
    assert unheard_of.said("zh") == ("only English", "h")
    assert problem_of(EnvironmentFault("path", code="store-locked")).said("zh")[0] == "暂时无法读取账本。"


def split(body: bytes, size: int) -> AsyncIterator[bytes]:
    async def chunks() -> AsyncIterator[bytes]:
        for at in range(0, len(body), size):
            yield body[at : at + size]

    return chunks()


@settings(max_examples=60)
@given(
    fields=st.dictionaries(st.text("abcdef", min_size=1, max_size=8), st.binary(max_size=400), min_size=1),
    size=st.integers(1, 97),
)
def test_multipart_survives_any_chunking(fields: dict[str, bytes], size: int) -> None:
    fields = dict(list(fields.items())[:8])
    boundary = b"----7MA4YWxkTrZu0gW"
    body = b"".join(
        b'--%b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n' % (boundary, name.encode(), value)
        for name, value in fields.items()
    )
    body += b"--%b--\r\n" % boundary
    assert asyncio.run(_read_multipart(split(body, size), boundary)) == fields


def test_one_field_may_come_several_times_where_it_is_named() -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="files"; filename="%b"\r\n\r\n%b\r\n'
    body = part % (b"a.json", b"1") + part % (b"b.pdf", b"2") + part % (b"", b"") + b"--x--\r\n"
    found = asyncio.run(_read_multipart(split(body, 7), b"x", several="files"))
    assert (found, found.several) == ({}, [("a.json", b"1"), ("b.pdf", b"2")])
    with pytest.raises(UsageFault) as twice:
        asyncio.run(_read_multipart(split(body, 7), b"x"))
    assert twice.value.code == "form-malformed"
    with pytest.raises(UsageFault) as many:
        asyncio.run(_read_multipart(split(body, 7), b"x", 2, "files"))
    assert many.value.code == "form-malformed"


@settings(max_examples=60)
@given(cut=st.integers(1, 120), value=st.binary(max_size=60), size=st.integers(1, 97))
def test_multipart_that_is_cut_off_is_refused(cut: int, value: bytes, size: int) -> None:
    head = b'--xyzzyxyzzy\r\nContent-Disposition: form-data; name="a"\r\n\r\n'
    body = head + value + b"\r\n--xyzzyxyzzy--"  # its last line break may be missing
    with pytest.raises(UsageFault) as caught:
        asyncio.run(_read_multipart(split(body[: max(0, len(body) - cut)], size), b"xyzzyxyzzy"))
    assert caught.value.code == "form-malformed"

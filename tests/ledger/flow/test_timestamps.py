"""Checkpoints and roots stamped by an authority that runs beside the test; what is kept, and what is not."""

from __future__ import annotations

import shutil
import socket
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.authority import Answer, Authority, issue, serving
from tests.ledger import world as w
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.flow.timestamps import (
    Stamped,
    post_request,
    require_url,
    stamp,
    stamp_checkpoint,
    stamps_of,
)
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store import repository
from yinzheng.verifier.bytes.algorithms import sha256
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault, YinzhengError
from yinzheng.verifier.judge.timestamp import check_timestamp
from yinzheng.verifier.judge.trust import TimeAuthority

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the command openssl")

ROOT = sha256(b"a root of evidence")
DIGEST = sha256(ROOT)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "authority")


def kept(registry: Registry, digest: bytes = DIGEST) -> list[Stamped]:
    with registry.store.reading() as session:
        return stamps_of(session, digest)


def test_a_root_is_stamped_once(registry: Registry, authority: Authority) -> None:
    with serving(authority) as (url, seen):
        stamped = stamp(registry, DIGEST, url, authority.pinned())
        assert stamp(registry, DIGEST, url) == stamped
        assert len(seen) == 1
    assert kept(registry) == [stamped]
    assert (stamped.digest, stamped.authority) == (DIGEST, url)
    assert check_timestamp(stamped.token, DIGEST, authority.pinned()).at == stamped.stamped_at
    assert authority.openssl_accepts(stamped.token, DIGEST, bare=True)


def test_several_authorities(registry: Registry, authority: Authority, tmp_path: Path) -> None:
    other = Authority(tmp_path / "other")
    with serving(authority) as (first, _), serving(other) as (second, _):
        assert [stamp(registry, DIGEST, url).authority for url in (first, second)] == [first, second]
    assert [one.authority for one in kept(registry)] == [first, second]


def test_the_latest_checkpoint(registry: Registry, authority: Authority, tmp_path: Path) -> None:
    with serving(authority) as (url, seen):
        with pytest.raises(UsageFault) as caught:
            stamp_checkpoint(registry, url)
        assert (caught.value.code, seen) == ("checkpoint-missing", [])
        w.apply(registry, tmp_path / "dossier")
        settle(registry)
        size, stamped = stamp_checkpoint(registry, url)
        with registry.store.reading() as session:
            head = repository.latest_checkpoint(session, anchored=True)
        assert head is not None
        assert (head.size, sha256(head.note.encode())) == (size, stamped.digest)
        assert stamp_checkpoint(registry, url) == (size, stamped)
        w.apply(registry, tmp_path / "another")
        settle(registry)
        assert stamp_checkpoint(registry, url)[0] > size
        assert len(seen) == 2


def test_every_request_has_a_nonce_of_its_own(registry: Registry, authority: Authority) -> None:
    with serving(authority) as (url, seen):
        stamp(registry, DIGEST, url)
        stamp(registry, ROOT, url)
    assert len({query[-12:-3] for query in seen}) == 2


def refusal(registry: Registry, authority: Authority, answer: Answer, *pinned: TimeAuthority) -> str:
    """Code with which an answer is refused; nothing may be kept of it."""
    with serving(authority, answer) as (url, _), pytest.raises(YinzhengError) as caught:
        stamp(registry, DIGEST, url, pinned)
    assert kept(registry) == []
    return caught.value.code


def test_answers_that_are_not_kept(registry: Registry, authority: Authority) -> None:
    earlier = authority.stamp(DIGEST)  # to a request with another nonce
    other = authority.stamp(ROOT)
    refused = authority.reply(authority.query(bytes(48), algorithm="sha384"))
    assert refusal(registry, authority, Answer(earlier)) == "timestamp-nonce"
    assert refusal(registry, authority, Answer(other)) == "timestamp-imprint"
    assert refusal(registry, authority, Answer(refused)) == "timestamp-refused"
    assert refusal(registry, authority, Answer(b"")) == "timestamp-malformed"
    stranger = TimeAuthority("stranger", issue("Root").der)
    assert refusal(registry, authority, Answer(), stranger) == "timestamp-authority"


@pytest.mark.parametrize(
    "answer",
    [
        Answer(b"no", status=500),
        Answer(b"", status=404),
        Answer(b"<html>", kind="text/html"),
        Answer(bytes(65_537)),
        Answer(b"", status=302, location="http://127.0.0.1:1/elsewhere"),
        Answer(b"", status=307, location="https://tsa.example/"),
    ],
)
def test_answers_that_are_none(registry: Registry, authority: Authority, answer: Answer) -> None:
    assert refusal(registry, authority, answer) == "authority-unreachable"


def test_nobody_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(EnvironmentFault) as caught:
        post_request(f"http://127.0.0.1:{port}/", b"")
    assert caught.value.code == "authority-unreachable"


@pytest.mark.parametrize(
    "url", ["https://tsa.example/tsr", "http://localhost:8080/", "http://127.0.0.1/x", "http://[::1]:3/"]
)
def test_addresses(url: str) -> None:
    require_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "tsa.example",
        "https://",
        "http://tsa.example/",
        "http://127.0.0.1.example/",
        "ftp://tsa.example/",
        "file:///etc/passwd",
        "https://name:word@tsa.example/",
        "https://tsa.example:0/",
        "https://tsa.example:99999/",
        "https://[::1/",
        "https://tsa.example/印",
        "https://tsa.example/" + "a" * 255,
    ],
)
def test_addresses_that_are_refused(registry: Registry, url: str) -> None:
    with pytest.raises(UsageFault) as caught:
        stamp(registry, DIGEST, url, post=lambda *_: b"")
    assert caught.value.code == "authority-url"


def test_a_fault_keeps_nothing(registry: Registry) -> None:
    with pytest.raises(DataFault):
        stamp(registry, DIGEST, "https://tsa.example/", post=lambda *_: b"\x30\x00")
    assert kept(registry) == []


def test_the_audit_reads_every_token_again(world: w.World, authority: Authority) -> None:
    with world.open() as registry, serving(authority) as (url, _):
        stamp(registry, DIGEST, url)
        stamp(registry, sha256(DIGEST), url)
    assert world.codes() == set()
    changes = {
        "digest = zeroblob(32)": "timestamp-imprint",
        "stamped_at = stamped_at - 1": "timestamp-altered",
        "token = substr(token, 2)": "timestamp-malformed",
        "token = CAST(token AS TEXT)": "column-altered",
    }
    for change, code in changes.items():
        with closing(sqlite3.connect(world.paths.database)) as connection, connection:
            connection.execute("CREATE TABLE before AS SELECT * FROM time_stamp")
            connection.execute(f"UPDATE time_stamp SET {change} WHERE id = 1")
        assert world.codes() == {code}
        with closing(sqlite3.connect(world.paths.database)) as connection, connection:
            connection.execute("DELETE FROM time_stamp")
            connection.execute("INSERT INTO time_stamp SELECT * FROM before")
            connection.execute("DROP TABLE before")
    assert world.codes() == set()

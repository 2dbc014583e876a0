"""`yinzheng verify --ledger URL`: a registry's own web server is asked, and need not be believed."""

from __future__ import annotations

import json
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.cli.commands import Said, refused, run
from tests.cli.conftest import Demonstration
from tests.cli.processes import node, serving
from tests.listening import Quiet, listening
from yinzheng.verifier.containers.certfile import parse_file
from yinzheng.verifier.formats.shortcode import short_code

ROOT = Path(__file__).parents[2]
Answer = tuple[int, bytes]


def outcomes(said: Said) -> dict[int, str]:
    return {item["number"]: item["outcome"] for item in said.json["obligations"]}


@pytest.fixture(scope="module")
def served(demonstration: Demonstration) -> Iterator[str]:
    with serving("serve", "--state", str(demonstration.state), "--port", "0") as found:
        yield found


@pytest.fixture(scope="module")
def url(served: str) -> Iterator[str]:
    """The same server, to which each request comes from an address of its own."""
    with lying(served, lambda _path, answer: answer) as found:
        yield found


def asked(demonstration: Demonstration, target: object, url: str, *options: object) -> Said:
    return run("verify", target, "--trust", demonstration.trust, "--ledger", url, "--json", *options)


def short_of(demonstration: Demonstration, at: int = 0) -> str:
    return short_code(parse_file(demonstration.file("json", at).read_bytes()).qr)


@pytest.mark.parametrize("form", ["pdf", "png", "json", "number", "short"])
def test_a_registrys_pages_settle_every_form(demonstration: Demonstration, url: str, form: str) -> None:
    told: dict[str, object] = {"number": demonstration.numbers[1], "short": short_of(demonstration, 1)}
    said = asked(demonstration, told.get(form) or demonstration.file(form, 1), url)
    assert (said.code, set(outcomes(said).values())) == (0, {"VALID"}), said.out


def test_the_chain_proves_that_a_number_was_never_registered(demonstration: Demonstration, url: str) -> None:
    said = asked(demonstration, "SJ4412026119999", url + "/")
    assert (said.code, said.json["authentic"]) == (3, "not_ours")
    assert said.json["obligations"][8]["code"] == "record-absent"


def test_few_look_ups_are_granted_at_once_and_waited_for(demonstration: Demonstration, served: str) -> None:
    missed = asked(demonstration, "SJ4412026119999", served)
    found = asked(demonstration, demonstration.numbers[0], served)
    assert (missed.json["authentic"], found.code) == ("not_ours", 0), found.out


def test_a_short_code_of_another_document(demonstration: Demonstration, url: str) -> None:
    head, _, tail = short_of(demonstration, 1).rpartition(".")
    said = asked(demonstration, f"{head}.{tail[:-2]}{'AA' if tail[-2:] != 'AA' else 'BA'}", url)
    assert (said.code, said.json["authentic"]) == (1, "forged"), said.out
    assert outcomes(said)[4] == "INVALID"


def test_of_another_time_a_node_tells(demonstration: Demonstration, url: str, tmp_path: Path) -> None:
    when = int(time.time()) - 1
    trust = ("--trust", demonstration.trust, "--ledger", url)
    refused("verify", demonstration.file("png"), *trust, "--at", when, code="ledger-now-alone", exit_code=2)
    receipt = json.loads((ROOT / "tests/vectors/spec/receipts.json").read_bytes())["receipts"][0]["qr"]
    refused("verify", receipt, *trust, code="ledger-now-alone", exit_code=2)
    shutil.copytree(demonstration.state, tmp_path / "state")
    with node(tmp_path / "state") as rpc:
        both = asked(demonstration, demonstration.numbers[0], url, "--rpc", rpc, "--at", when)
    assert (both.code, both.json["status"]) == (0, "in_force"), both.out


def test_what_is_asked_otherwise(demonstration: Demonstration, url: str) -> None:
    png, trust = demonstration.file("png"), ("--trust", demonstration.trust)
    refused("verify", png, *trust, "--ledger", url, "--offline", code="usage-source", exit_code=2)
    state = ("--state", demonstration.state)
    refused("verify", png, *trust, "--ledger", url, *state, code="usage-source", exit_code=2)
    refused("verify", png, png, *trust, "--ledger", url, code="usage-several", exit_code=2)
    for wrong in ("localhost:8080", "file:///etc/passwd", "https://", "https://h/?a", "https://h/#V", ""):
        refused("verify", png, *trust, f"--ledger={wrong}", code="ledger-url", exit_code=2)
    kept = run("verify", png, *trust, "--ledger", url, "--against", demonstration.file("json"), "--json")
    assert kept.code == 3  # a picture has no head to compare
    kept = run(
        "verify", demonstration.file("json", 1), *trust, "--ledger", url,
        "--against", demonstration.file("json"), "--json",
    )  # fmt: skip
    assert (kept.code, kept.json["against"]["relation"]) == (0, "consistent"), kept.out


# ---------------------------------------------------------------- servers that lie, or are none


def fetched(url: str) -> Answer:
    """What is there for somebody who asks for the first time: look-ups by number are few for each address."""
    parts = urlsplit(url)
    asking = f"127.{secrets.randbelow(250) + 1}.{secrets.randbelow(256)}.{secrets.randbelow(250) + 2}"
    with closing(HTTPConnection(parts.netloc, timeout=20, source_address=(asking, 0))) as connection:
        connection.request("GET", url.removeprefix(f"http://{parts.netloc}"))
        answer = connection.getresponse()
        return answer.status, answer.read()


@contextmanager
def lying(honest: str, lie: Callable[[str, Answer], Answer]) -> Iterator[str]:
    """A server that hands on what an honest one says of each path, as `lie` changes it."""

    class Handler(Quiet):
        def do_GET(self) -> None:
            self.answer(*lie(self.path, fetched(honest + self.path)))

    with listening(Handler) as url:
        yield url


def changed(part: str, change: Callable[[Any], Any]) -> Callable[[str, Answer], Answer]:
    """The JSON of paths that have this part, changed."""

    def lie(path: str, answer: Answer) -> Answer:
        if part not in path or answer[0] != 200:
            return answer
        return 200, json.dumps(change(json.loads(answer[1]))).encode()

    return lie


def without(name: str) -> Callable[[Any], Any]:
    return lambda value: {key: one for key, one in value.items() if key != name}


def told(status: int, data: bytes) -> Callable[[str, Answer], Answer]:
    return lambda _path, _answer: (status, data)


RECORD, EVIDENCE = "/v1/certificates/", "/v1/evidence/"


def holder_changed(file: Any) -> Any:
    file["record"]["holders"][0]["name"] = "某某有限公司"
    return file


def later(evidence: Any) -> Any:
    header = bytearray.fromhex(evidence["headers"][0])
    header[-1] ^= 1
    return evidence | {"headers": [header.hex(), *evidence["headers"][1:]]}


def evidence(change: Callable[[Any], Any]) -> Callable[[str, Answer], Answer]:
    """Wherever it comes, changed."""
    alone = changed(EVIDENCE, change)
    along = changed(RECORD, lambda file: file | {"chain": change(file["chain"])})
    return lambda path, answer: along(path, alone(path, answer))


LIES: dict[str, Callable[[str, Answer], Answer]] = {
    "a record of another holder": changed(RECORD, holder_changed),
    "no proof": changed(RECORD, without("proof")),
    "a proof that is none": changed(RECORD, lambda file: file | {"proof": "c2sp.org/tlog-proof@v1\n"}),
    "no statement": changed(RECORD, without("statement")),
    "no code": changed(RECORD, without("qr")),
    "a list": changed(RECORD, lambda file: [file]),
    "evidence of nothing": evidence(lambda _: {}),
    "evidence without headers": evidence(without("headers")),
    "an unsealed header": evidence(later),
    "a page": told(200, b"<!doctype html><title>Welcome</title>"),
    "deep": told(200, b"[" * 100_000),
    "away": told(503, b""),
    "busy": told(429, b"{}"),
    "elsewhere": told(302, b""),
}


@pytest.mark.parametrize("lie", LIES)
def test_nothing_is_learnt_from_a_server_that_lies(demonstration: Demonstration, url: str, lie: str) -> None:
    """It makes no certificate genuine, and none forged."""
    with lying(url, LIES[lie]) as server:
        code = asked(demonstration, demonstration.file("png"), server)
        number = asked(demonstration, demonstration.numbers[0], server)
        short = asked(demonstration, short_of(demonstration), server)
        file = asked(demonstration, demonstration.file("json"), server)
    for said in (code, number, short, file):
        assert said.code == 3 or set(outcomes(said).values()) == {"VALID"}, (lie, said.out)
        assert said.json["authentic"] != "forged", lie
    assert "ERROR" in {*outcomes(code).values(), *outcomes(number).values()}, lie


def test_another_certificates_file_and_evidence_are_not_taken(demonstration: Demonstration, url: str) -> None:
    one, other = demonstration.numbers[:2]

    def swapped(path: str, answer: Answer) -> Answer:
        return fetched(url + path.replace(one, other)) if RECORD in path else answer

    with lying(url, swapped) as server:
        said = asked(demonstration, one, server)
        assert (said.code, said.json["authentic"]) == (3, "undetermined"), said.out
        assert "ERROR" in outcomes(said).values()


def test_a_server_that_is_not_there(demonstration: Demonstration) -> None:
    said = asked(demonstration, demonstration.file("pdf"), "http://127.0.0.1:9")
    assert (said.code, said.json["authentic"]) == (3, "undetermined")
    assert {item["code"] for item in said.json["obligations"] if item["outcome"] == "ERROR"} == {
        "ledger-unreachable"
    }
    allowed = asked(demonstration, demonstration.file("pdf"), "http://127.0.0.1:9", "--allow-attached")
    assert (allowed.code, allowed.json["authentic"]) == (0, "genuine")

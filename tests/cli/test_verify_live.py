"""`yinzheng verify` with a ledger to ask: a state folder, our node over HTTP, and nodes that are none."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import Said, contents, refused, run
from tests.cli.conftest import Demonstration
from tests.cli.processes import ask, node
from tests.listening import Quiet, listening


def outcomes(said: Said) -> dict[int, str]:
    return {item["number"]: item["outcome"] for item in said.json["obligations"]}


def with_state(demonstration: Demonstration, target: object, *options: object) -> Said:
    return run("verify", target, "--trust", demonstration.trust, "--state", demonstration.state, *options)


@pytest.mark.parametrize("suffix", ["pdf", "png", "json", None])
def test_a_state_folder_settles_every_form(demonstration: Demonstration, suffix: str | None) -> None:
    target = demonstration.numbers[1] if suffix is None else demonstration.file(suffix, 1)
    before = contents(demonstration.state)
    said = with_state(demonstration, target, "--json")
    assert said.code == 0, said
    assert set(outcomes(said).values()) == {"VALID"}
    assert contents(demonstration.state) == before, "reading writes nothing"


def test_the_chain_proves_that_a_number_was_never_registered(demonstration: Demonstration) -> None:
    said = with_state(demonstration, "SJ4412026119999", "--json")
    assert (said.code, said.json["authentic"]) == (3, "not_ours")
    assert (said.json["verdict"]["word"], said.json["verdict"]["exit_code"]) == ("not_ours", 3)
    absent = said.json["obligations"][8]
    assert (absent["outcome"], absent["code"]) == ("INVALID", "record-absent")
    for language, headline in (
        ("en", "Not registered: "),
        ("zh", "没有登记"),
    ):  # nothing was shown to be forged
        assert with_state(demonstration, "SJ4412026119999", "--lang", language).out.startswith(headline)


def test_as_of_a_time_with_an_archive(demonstration: Demonstration) -> None:
    record = json.loads(demonstration.file("json").read_text(encoding="utf-8"))["record"]
    before = record["registered_at"] - 3600
    early = with_state(demonstration, demonstration.file("png"), "--json", "--at", before)
    assert (early.code, early.json["status"]) == (1, "not_yet"), early.out
    future = with_state(demonstration, demonstration.file("png"), "--json", "--at", "2090-01-01")
    assert (future.code, future.error["code"]) == (2, "time-future")


def test_two_instants_side_by_side(demonstration: Demonstration) -> None:
    """What was registered then, what has changed since, and by which blocks; the worst decides the code."""
    target = demonstration.file("json")
    record = json.loads(target.read_text(encoding="utf-8"))["record"]
    times = (record["registered_at"] - 3600, int(time.time()) - 1)
    asked = [option for at in times for option in ("--at", at)]
    said = with_state(demonstration, target, "--json", *asked)
    assert (said.code, said.json["exit_code"]) == (1, 1), said.out
    assert [one["status"] for one in said.json["reports"]] == ["not_yet", "in_force"]
    view = said.json["as_of"]
    assert [one["why"] for one in view["instants"]] == ["ok"] * 3
    assert view["instants"][0]["block"]["number"] < view["instants"][1]["block"]["number"]
    rows = {row["what"]: row for row in view["rows"]}
    assert rows["status"]["cells"] == ["not_yet", "in_force", "in_force"]
    assert rows["status"]["changed"] == [False, True, False]
    assert rows["holds"]["same"] is True
    printed = with_state(demonstration, target, "--lang", "en", *asked).out
    assert "≠ Status: not yet registered at that time → in force → in force" in printed
    assert "= Open objections: none" in printed

    one = with_state(demonstration, target, "--json", "--at", times[1])
    assert (one.code, one.json["status"]) == (0, "in_force")
    assert [row["same"] for row in one.json["as_of"]["rows"] if row["what"] == "status"] == [True]
    for many, code in ((["--at", times[0]] * 9, "usage-instants"), (["--at", "soon"], "instant")):
        assert with_state(demonstration, target, "--json", *many).error["code"] == code


def test_state_folders_that_are_none(demonstration: Demonstration, tmp_path: Path) -> None:
    common = ("verify", demonstration.file("png"), "--trust", demonstration.trust, "--state")
    refused(*common, tmp_path / "nowhere", code="state-missing", exit_code=2)
    refused(*common, tmp_path, code="state-missing", exit_code=2)


def test_a_state_folder_of_another_chain(demonstration: Demonstration, tmp_path: Path) -> None:
    """Another registry's folder cannot vouch for ours, and does not make our certificate a forgery."""
    policy = json.loads(demonstration.trust.read_text(encoding="utf-8"))
    policy["chain"]["validators"][0]["addresses"] = ["11" * 20]
    other = tmp_path / "trust.json"
    other.write_text(json.dumps(policy), encoding="utf-8")
    said = run(
        "verify", demonstration.file("png"), "--trust", other, "--state", demonstration.state, "--json"
    )
    assert said.code == 3
    assert said.json["authentic"] == "undetermined"


# ---------------------------------------------------------------- nodes


@pytest.fixture(scope="module")
def url(demonstration: Demonstration, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    state = tmp_path_factory.mktemp("node") / "state"
    shutil.copytree(demonstration.state, state)
    with node(state) as found:
        yield found


def with_rpc(demonstration: Demonstration, target: object, url: str, *options: object) -> Said:
    return run("verify", target, "--trust", demonstration.trust, "--rpc", url, "--json", *options)


def test_our_node_answers_for_files(demonstration: Demonstration, url: str) -> None:
    head = int(ask(url, "eth_blockNumber"), 16)
    for suffix in ("pdf", "json"):
        said = with_rpc(demonstration, demonstration.file(suffix), url)
        assert (said.code, set(outcomes(said).values())) == (0, {"VALID"}), said.out
        assert said.json["block"]["number"] == head, "the node's latest block, not the one in the file"


def test_a_node_alone_settles_a_code_with_the_whole_body(demonstration: Demonstration, url: str) -> None:
    """The chain holds the leaf that follows from the body (S3.4, S9.2), though the node keeps no records."""
    said = with_rpc(demonstration, demonstration.file("png"), url)
    found = outcomes(said)
    assert [n for n, outcome in found.items() if outcome == "SKIPPED"] == [4, 5, 6, 7]
    assert (said.code, found[9]) == (0, "VALID"), said.out
    assert with_rpc(demonstration, demonstration.numbers[0], url).code == 3


@contextmanager
def answering(make: Any) -> Iterator[str]:
    """An HTTP server that answers each call's method with what `make` gives: bytes, or a JSON value."""

    class Handler(Quiet):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answer = make(asked["method"])
            self.answer(200, answer if isinstance(answer, bytes) else json.dumps(answer).encode())

    with listening(Handler) as url:
        yield url


def result(value: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "result": value}


def _number_of_blocks(genesis: str, head: Any) -> Any:
    answers = {"eth_getBlockByNumber": {"hash": "0x" + genesis}, "eth_blockNumber": head}
    return lambda method: result(answers.get(method))


def test_nodes_that_cannot_answer(demonstration: Demonstration) -> None:
    """Nothing is learnt from them; the PDF's own evidence stands in where the reader allows it."""
    genesis = json.loads(demonstration.trust.read_text(encoding="utf-8"))["chain"]["genesis"]
    nodes = {
        "other chain": lambda _: result({"hash": "0x" + "77" * 32}),
        "no json": lambda _: b"<html>Bad gateway</html>",
        "a list": lambda _: [],
        "an error": lambda _: {"jsonrpc": "2.0", "id": 1, "error": {"code": -32601, "message": "no"}},
        "nothing": lambda _: result(None),
        "a text": lambda _: result("0x"),
        "deep": lambda _: b"[" * 100_000,
        "head": _number_of_blocks(genesis, 7),
        "head text": _number_of_blocks(genesis, "seven"),
        "huge head": _number_of_blocks(genesis, "0x" + "f" * 400),
        "no block": _number_of_blocks(genesis, "0x3"),
    }
    for name, make in nodes.items():
        with answering(make) as url:
            picture = with_rpc(demonstration, demonstration.file("png"), url)
            pdf = with_rpc(demonstration, demonstration.file("pdf"), url)
            allowed = with_rpc(demonstration, demonstration.file("pdf"), url, "--allow-attached")
        assert (picture.code, picture.json["authentic"]) == (3, "undetermined"), name
        assert "ERROR" in outcomes(picture).values(), name
        assert (pdf.code, pdf.json["authentic"]) == (3, "undetermined"), name
        assert (allowed.code, allowed.json["authentic"]) == (0, "genuine"), name
        assert "attached-used" in {note["code"] for note in allowed.json["notes"]}
        assert "; the ledger asked gave no answer that counts, and" in allowed.json["verdict"]["en"], name


def test_a_node_that_is_not_there(demonstration: Demonstration) -> None:
    for url in ("http://127.0.0.1:9", "http://node.invalid:8545"):
        said = with_rpc(demonstration, demonstration.file("png"), url)
        assert (said.code, said.json["authentic"]) == (3, "undetermined")
        errors = [item for item in said.json["obligations"] if item["outcome"] == "ERROR"]
        assert {item["code"] for item in errors} == {"node-unreachable"}


@pytest.mark.parametrize(
    "url",
    [
        *(
            "file:///etc/passwd",
            "ftp://host/",
            "localhost:8545",
            "",
            "http://[bad",
            "http://h:port",
            "http://",
        ),
        *("http://a b", "http://a\tb", "http://a\u3000b", "http://a\x7f", "http://a/b c", "http://a\\b"),
    ],
)
def test_addresses_that_are_none(demonstration: Demonstration, url: str) -> None:
    trust = ("--trust", demonstration.trust, f"--rpc={url}")
    refused("verify", demonstration.file("png"), *trust, code="rpc-url", exit_code=2)


def test_a_node_that_writes_needs_the_validators_key(demonstration: Demonstration, tmp_path: Path) -> None:
    state = tmp_path / "state"
    shutil.copytree(demonstration.state, state)
    (state / "keys" / "passphrase").unlink()
    refused("node", "--seal", "--state", state, "--port", "0", code="passphrase-missing", exit_code=2)


# ---------------------------------------------------------------- damaged state folders


def _overwritten(path: Path, data: bytes) -> None:
    path.chmod(0o600)
    path.write_bytes(data)


def _emptied(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            path.unlink()


def _garbled(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            _overwritten(path, b"{" * 5000)


def _cut(path: Path) -> None:
    _overwritten(path, path.read_bytes()[: path.stat().st_size // 2 + 7])


DAMAGES: dict[str, Callable[[Path], object]] = {
    "instance empty": lambda state: _overwritten(state / "instance.json", b""),
    "instance cut": lambda state: _cut(state / "instance.json"),
    "instance a list": lambda state: _overwritten(state / "instance.json", b"[]"),
    "ledger cut": lambda state: _cut(state / "ledger.sqlite"),
    "ledger empty": lambda state: _overwritten(state / "ledger.sqlite", b""),
    "ledger no database": lambda state: _overwritten(state / "ledger.sqlite", b"x" * 8192),
    "ledger gone": lambda state: (state / "ledger.sqlite").unlink(),
    "chain gone": lambda state: shutil.rmtree(state / "chain"),
    "chain emptied": lambda state: _emptied(state / "chain"),
    "chain garbled": lambda state: _garbled(state / "chain"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_state_folder_is_a_silent_ledger(
    demonstration: Demonstration, copied: Callable[[], Path], damage: str
) -> None:
    """Nothing was judged against it, and nothing about the document follows from it."""
    state = copied()
    DAMAGES[damage](state)
    before = contents(state)
    ask = ("--trust", demonstration.trust, "--state", state)
    for target in (demonstration.file("pdf"), demonstration.file("png"), demonstration.numbers[0]):
        said = run("verify", target, *ask, "--json")
        assert (said.code, said.json["authentic"]) == (3, "undetermined"), (damage, said)
        assert "ERROR" in outcomes(said).values()
    assert run("verify", demonstration.numbers[0], *ask).code == 3
    allowed = run("verify", demonstration.file("pdf"), *ask, "--allow-attached", "--json")
    assert (allowed.code, allowed.json["authentic"]) == (0, "genuine"), (damage, allowed)
    assert "attached-used" in {note["code"] for note in allowed.json["notes"]}
    assert contents(state) == before, "reading writes nothing"


def test_a_state_folder_without_its_log(demonstration: Demonstration, copied: Callable[[], Path]) -> None:
    """A folder whose log is older than its database, here gone, answers nothing: it is a silent ledger."""
    state = copied()
    shutil.rmtree(state / "log")
    for target in (demonstration.file("png"), demonstration.numbers[0], demonstration.file("pdf")):
        said = run("verify", target, "--trust", demonstration.trust, "--state", state, "--json")
        assert said.code == 3, said
    asked = ("verify", demonstration.file("pdf"), "--trust", demonstration.trust, "--state", state)
    attached = run(*asked, "--allow-attached", "--json")
    assert (attached.code, attached.json["authentic"]) == (0, "genuine"), "its own proof, and its evidence"

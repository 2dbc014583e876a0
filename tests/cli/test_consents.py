"""Officers' commands about notices and consents, on a copy of the demonstration."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.commands import refused, run
from tests.ledger.consent_world import HOSPITAL, ConsentWorld
from yinzheng.api.cli.registry.common import keys_of
from yinzheng.ledger.demonstration.certificates import MEMBER, OFFICER
from yinzheng.ledger.opening import open_registry
from yinzheng.ledger.registry import wall_clock
from yinzheng.verifier.bytes import canonical


@pytest.fixture
def clinic(state: Path) -> tuple[Path, str, list[bytes]]:
    """A hospital enrolled with a notice: the state folder, its code, and lines of a file."""
    with open_registry(state, keys_of, clock=wall_clock) as registry:
        made = ConsentWorld(registry)
        lines = [canonical.dumps(made.body(number)) + b"\n" for number in range(3)]
    return state, HOSPITAL, lines


def test_import_count_notices_and_a_receipt(clinic: tuple[Path, str, list[bytes]], tmp_path: Path) -> None:
    state, code, lines = clinic
    file = tmp_path / "in.ndjson"
    file.write_bytes(b"".join(lines) + b"nothing\n")
    rejects = tmp_path / "rejects"
    before = run("consents", "count", "--state", state, "--json").json["consents"]
    command = ("consents", "import", file, "--controller", code, "--as", OFFICER, "--state", state)
    ended = run(*command, "--rejects", rejects, "--json")
    done = ended.json
    assert (ended.code, done["recorded"], done["rejected"], done["already"], done["now"]) == (1, 3, 1, 0, 4)
    assert [(one["line"], one["code"]) for one in done["refused"]] == [(4, "json-malformed")]
    answers = [json.loads(line) for line in (tmp_path / "in.ndjson.results").read_text().splitlines()]
    assert [one.get("error") for one in answers] == [None, None, None, "json-malformed"]
    assert rejects.read_bytes() == b"nothing\n"
    again = run(*command)
    assert (again.code, "imported before" in again.out) == (1, True)
    # Corrected, the whole file may come again: what is recorded stays once.
    file.write_bytes(b"\xef\xbb\xbf" + b"\r\n".join(line.strip() for line in lines) + b"\r\n\r\n")
    whole = run(*command)
    assert (whole.code, "此前已登记 3" in whole.out) == (0, True)
    file.write_bytes("医院很多".encode("gbk") + b"\n" + lines[0])
    refused(*command, code="import-encoding", exit_code=1)
    assert run("consents", "count", "--state", state, "--json").json["consents"] == before + 3
    assert "consents" in run("consents", "count", "--state", state).out
    listed = run("notices", "--state", state, "--json").json
    assert [one["withdrawals"]["pending"] for one in listed if one["controller"]["code"] == code] == ["0"]
    assert code in run("notices", "--state", state).out
    out = tmp_path / "receipt"
    receipt = ("consent", "receipt", answers[0]["subject"], "--out", out, "--as", OFFICER, "--state", state)
    assert len(run(*receipt, "--json").json["files"]) == 3
    assert (out / "receipt.json").stat().st_mode & 0o777 == 0o600
    refused(*receipt, code="file-exists", exit_code=2)


def test_wrong_requests(clinic: tuple[Path, str, list[bytes]], tmp_path: Path) -> None:
    state, code, lines = clinic
    file = tmp_path / "in.ndjson"
    file.write_bytes(lines[0])
    command = ("consents", "import", file, "--controller", code, "--state", state)
    refused(*command, "--as", MEMBER, code="officer-needed", exit_code=2)
    refused(*command, "--as", "nobody", code="person-unknown", exit_code=2)
    receipt = ("consent", "receipt", "--out", tmp_path / "r", "--as", OFFICER, "--state", state)
    refused(*receipt, "zz", code="consent-subject", exit_code=2)
    refused(*receipt, "00" * 32, code="consent-unknown", exit_code=2)

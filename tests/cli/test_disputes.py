"""Officers' commands about disputes and the access log: what they refuse, and what they say of nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.commands import contents, refused, run
from tests.cli.conftest import Demonstration
from yinzheng.ledger.demonstration.certificates import AUDITOR, OFFICER

UNKNOWN = "D-2026-999999"
PACK = ("--as", OFFICER, "--out", "never.zip")


def test_no_disputes(demonstration: Demonstration) -> None:
    said = run("disputes", "--state", demonstration.state, "--json")
    assert (said.code, said.json) == (0, [])


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("dispute", "show", UNKNOWN, "--as", OFFICER), "dispute-unknown"),
        (("dispute", "preserve", UNKNOWN, "--as", "nobody"), "person-unknown"),
        (("dispute", "show", UNKNOWN, "--as", "nobody"), "person-unknown"),
        (("dispute", "preserve", UNKNOWN, "--as", "x", "--consent", "12"), "identifier"),
        (("dispute", "preserve", UNKNOWN, "--as", "x", "--access", "yesterday"), "instant"),
        (("dispute", "preserve", UNKNOWN, "--as", "x", "--as-of", "11" * 32), "instant"),
        (("pack", UNKNOWN, *PACK), "dispute-unknown"),
        (("pack", UNKNOWN, *PACK, "--only", "all"), "pack-selection"),
        (
            ("pack", UNKNOWN, "--as", OFFICER, "--out", "never.zip", "--file", "A-2026-000001"),
            "pack-selection",
        ),
        (("accesses", "--as", OFFICER, "--since", "2000-01-01", "--until", "2000-01-02"), "auditor-needed"),
        (("accesses", "--as", AUDITOR, "--since", "long ago", "--until", "2000-01-02"), "instant"),
    ],
)
def test_refusals(
    copied: Callable[[], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: list[str], code: str
) -> None:
    monkeypatch.chdir(tmp_path)
    state = copied()
    before = contents(state)
    refused(*args, "--state", state, code=code, exit_code=2)
    assert contents(state) == before
    assert not Path("never.zip").exists()


def test_who_opened_a_dossier(copied: Callable[[], Path], tmp_path: Path) -> None:
    state = copied()
    case = run("cases", "--state", state, "--json").json[0]["case"]
    out = ("--out", tmp_path / "dossier", "--state", state, "--as", "officer-chen")
    assert run("dossier", "open", case, *out).code == 0
    log = ("accesses", "--as", AUDITOR, "--since", "0", "--until", "9999999999", "--state", state)
    found = run(*log, "--officer", "officer-chen", "--json").json
    assert [(one["person"], one["action"], one["kind"], one["object"]) for one in found][-1:] == [
        ("officer-chen", "export", "dossier", case)
    ]
    spoken = run(*log)
    assert "officer-chen (officer of the registry)  exported a dossier 导出登记材料" in spoken.out
    (own,) = run(*log, "--officer", AUDITOR, "--json").json[:1]
    assert (own["action"], own["kind"]) == ("list", "lines")

"""An organisation installs `yinzheng org` by itself: no chain, no EVM, no database, no server (ADR 27)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.installations import found, make_installation, run_installed
from tests.verifier.world import trust_json
from yinzheng.api.cli.commands_holder import HOLDER
from yinzheng.api.cli.commands_org import ORG
from yinzheng.api.cli.lazy import Command, Group

pytestmark = pytest.mark.slow

ABSENT = ("alembic", "chinese_calendar",
          "eth", "eth_abi", "eth_account", "eth_keys", "eth_utils", "fastapi", "fontTools", "jinja2",
          "lmdb", "psycopg", "rlp", "sqlalchemy", "sqlmodel", "starlette", "trie", "typst", "uvicorn",
          "web3")  # fmt: skip
CODE = "12440000MB2DEM001E"


def modules() -> tuple[str, ...]:
    """Every module that a command of an organisation is written in, and what those load when they run."""

    def of(group: Group) -> set[str]:
        return {
            name
            for entry in group.entries
            for name in (of(entry) if isinstance(entry, Group) else {entry.where.partition(":")[0]})
        }

    rooms = ("yinzheng.api.org.asking", "yinzheng.api.org.calling", "yinzheng.api.org.contracts",
             "yinzheng.api.org.exchange", "yinzheng.api.org.holding", "yinzheng.api.org.letters",
             "yinzheng.api.org.listening", "yinzheng.api.org.member", "yinzheng.api.org.uploading",
             "yinzheng.ledger.disputes.plans", "yinzheng.ledger.disputes.signing",
             "yinzheng.ledger.state.files")  # fmt: skip
    return (*sorted(f"yinzheng.api.cli.{name}" for name in of(ORG) | of(HOLDER)), *rooms)


@pytest.fixture(scope="module")
def organisation(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_installation("org", pytestconfig, tmp_path_factory)


def test_nothing_of_the_registry_is_needed(organisation: Path, tmp_path: Path) -> None:
    assert found(organisation, ABSENT, modules(), cwd=tmp_path) == []


def test_pages_of_its_own_want_more_and_say_so(organisation: Path, tmp_path: Path) -> None:
    said = run_installed(organisation, "org", "pages", "--json", cwd=tmp_path)
    assert said.returncode == 2
    assert json.loads(said.stderr)["error"]["code"] == "pages-support"


def test_who_tells_the_contracts_directly_wants_more_and_hears_what(
    organisation: Path, tmp_path: Path
) -> None:
    asked = (
        "org",
        "direct",
        "object",
        f"{1:064x}",
        "--objector",
        "x",
        "--reasons",
        "y",
        "--out",
        "kept.json",
    )
    said = run_installed(organisation, *asked, "--rpc", "http://127.0.0.1:9", "--json", cwd=tmp_path)
    error = json.loads(said.stderr)["error"]
    assert (said.returncode, error["code"]) == (2, "package-missing")
    assert "yinzheng[registry]" in error["hint"]
    assert not (tmp_path / "kept.json").exists()


def test_with_its_pages_still_nothing_of_the_registry(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    installed = make_installation("pages", pytestconfig, tmp_path_factory)
    absent = tuple(name for name in ABSENT if name not in ("jinja2", "multipart", "starlette", "uvicorn"))
    rooms = ("yinzheng.api.own.running", "yinzheng.client")
    assert found(installed, absent, (*modules(), *rooms), cwd=tmp_path) == []


def test_keys_are_made_with_a_chain_account(organisation: Path, tmp_path: Path) -> None:
    secret = {"YINZHENG_ORG_PASSPHRASE": "a passphrase of the tests"}
    made = run_installed(
        organisation, "org", "key", "new", "--code", CODE, "--name", "仲裁委员会", "--role", "forum",
        "--account", "--json", cwd=tmp_path, **secret,
    )  # fmt: skip
    assert (made.returncode, made.stderr) == (0, "")
    value = json.loads(made.stdout)
    assert len(bytes.fromhex(value["account"])) == 20
    assert (tmp_path / "org" / "enrolment.json").is_file()
    listed = run_installed(organisation, "org", "key", "list", "--json", cwd=tmp_path, **secret)
    assert value["kid"] in listed.stdout
    # It opens again, and a desk that is not there is the environment's fault.
    (tmp_path / "trust.json").write_text(json.dumps(trust_json()), encoding="utf-8")
    pinned = run_installed(organisation, "org", "trust", "trust.json", "--json", cwd=tmp_path, **secret)
    assert pinned.returncode == 0, pinned.stderr
    asked = run_installed(
        organisation,
        "org",
        "request",
        "GET",
        "/org/v1/notices",
        "--desk",
        "http://127.0.0.1:9",
        "--json",
        cwd=tmp_path,
        **secret,
    )
    assert asked.returncode == 3, asked.stderr
    assert json.loads(asked.stderr)["error"]["code"] == "desk-unreachable"


def test_every_command_has_its_help(organisation: Path, tmp_path: Path) -> None:
    """One command of each module; which modules may be loaded is shown above."""
    seen: set[str] = set()

    def walk(group: Group, before: tuple[str, ...]) -> None:
        for entry in group.entries:
            words = (*before, entry.name)
            if isinstance(entry, Group):
                walk(entry, words)
            elif isinstance(entry, Command) and (module := entry.where.partition(":")[0]) not in seen:
                seen.add(module)
                done = run_installed(organisation, *words, "--help", cwd=tmp_path)
                assert (done.returncode, done.stderr) == (0, ""), words

    walk(ORG, ("org",))
    walk(HOLDER, ("holder",))
    assert len(seen) >= 4


def test_what_is_not_there_says_so(organisation: Path, tmp_path: Path) -> None:
    shown = run_installed(organisation, "--help", cwd=tmp_path)
    assert "verify" in shown.stdout
    assert "org" in shown.stdout
    assert "apply" not in shown.stdout
    absent = run_installed(organisation, "apply", "dossier", "--json", cwd=tmp_path)
    assert absent.returncode == 2
    assert "yinzheng[registry]" in json.loads(absent.stderr)["error"]["hint"]

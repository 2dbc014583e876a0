"""The desk holds nobody's key, takes what was signed elsewhere, and knows at once who was removed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.cli.commands import refused, run
from tests.desk.calls import KEYS_OF_STATE, running_desk
from tests.ledger.world import KEEPER, OFFICER, dossier
from yinzheng.ledger.rules.profiles import DEMO

ACCEPT = {"procedure": "simplified", "reasons": "来源单一。"}


def test_a_person_decides_from_elsewhere_and_is_removed_while_the_desk_runs(
    copy_of: Callable[[Path], Path], tmp_path: Path
) -> None:
    state, trust, home = copy_of(tmp_path / "state"), tmp_path / "trust.json", tmp_path / "home"
    at = ("--state", state)
    home.mkdir(mode=0o700)
    for file in (state / "people").glob(f"{OFFICER}*"):
        file.rename(home / file.name)
    secret = home / f"{OFFICER}.demonstration-passphrase"
    mine = ("--as", OFFICER, "--trust", trust, "--key", home / f"{OFFICER}.json", "--passphrase-file", secret)
    first = tmp_path / "first.json"
    (tmp_path / "accept.json").write_text(json.dumps(ACCEPT))
    said = ("--arguments", tmp_path / "accept.json")
    run("export-trust", *at, "--out", trust)
    made = run("apply", dossier(tmp_path / "d"), "--profile", DEMO.tag, *at, "--json", env=KEYS_OF_STATE)
    case = made.json["case"]

    with running_desk(state) as desk:
        to = ("--desk", desk.url)
        assert run("decision", "new", "accept", case, *said, *mine, "--out", first).code == 0
        assert run("decision", "submit", first, *to, "--json").json == {"done": True}
        assert run("show", case, *at, "--json").json["state"] == "accepted"
        refused("decision", "submit", first, *to, code="decision-taken", exit_code=1)
        value = json.loads(first.read_text())
        assert desk.send("POST", "/people/v1/decisions", b"{}").code.startswith("field-")
        bent = json.dumps({**value, "action": "issue"}).encode()
        assert desk.send("POST", "/people/v1/decisions", bent).code == "key-differs"

        gone = run("people", "remove", OFFICER, "--as", KEEPER, *at, "--json", env=KEYS_OF_STATE)
        assert gone.json == {"name": OFFICER, "removed": True}, gone
        assert run("decision", "new", "publish", case, *mine, "--out", first).code == 0
        refused("decision", "submit", first, *to, code="person-removed", exit_code=1)
        own = ("--as", OFFICER, "--key", mine[5], "--passphrase-file", secret)
        how = ("--procedure", "simplified", "--reasons", "来源单一。")
        refused("accept", case, *how, *own, *at, code="person-removed", exit_code=2, env=KEYS_OF_STATE)
    assert run("audit", *at, env=KEYS_OF_STATE).code == 0
    assert "Traceback" not in desk.log.read_text()

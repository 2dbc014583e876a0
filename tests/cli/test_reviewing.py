"""The review at a terminal: each item by its words, what is missing said at once, or filled in an editor."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.processes import COMMAND, environment
from tests.cli.test_steps import CHEN, SIMPLE, Steps, show
from yinzheng.ledger.rules.case_types import CaseType
from yinzheng.ledger.rules.review_items import CHECKLIST, ITEMS, Item


def at_terminal(
    folder: Path, *words: object, answer: Callable[[str], str | None], **more: str
) -> tuple[int, str]:
    """Run a command at a terminal; `answer` says what to type, given what was said since it last did."""
    own, theirs = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, *map(str, words)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=folder,
        env=environment(LANG="C.UTF-8", TERM="dumb", COLUMNS="400", **more),
    ) as process:
        os.close(theirs)
        said = since = ""
        until = time.monotonic() + 120
        while time.monotonic() < until:
            if select.select([own], [], [], 0.2)[0]:
                try:
                    more_said = os.read(own, 65536).decode("utf-8", "replace")
                except OSError:  # it ended
                    break
                said, since = said + more_said, since + more_said
            elif (typed := answer(since)) is not None:
                os.write(own, typed.encode() + b"\n")
                since = ""
        os.close(own)
        return process.wait(timeout=60), said


def typed(since: str, *, no: Item | None = None) -> str | None:
    """What an officer types, by the last question; evidence only once it is asked for again."""
    if since.endswith("/ n 否: ") or "not applicable: " in since[-20:]:
        word = None if no is None else CHECKLIST[no].label.zh
        if word is not None and word in since:
            return "n"
        return "-" if "不适用" in since else "y"
    if "note 说明" in since[-20:]:
        return "已核对" if "*" in since[-5:] else ""
    if "evidence 依据" in since[-80:]:
        return "1" if "此处必填" in since else ("99" if "*:" in since else "")
    if "没有这个编号" in since:
        return ""
    return None


def accepted(state: Path, folder: Path) -> Steps:
    case = Steps(state, folder)
    case.take("accept", "--as", CHEN, *SIMPLE)
    return case


@pytest.mark.slow
def test_each_item_is_asked_by_its_words(state: Path, tmp_path: Path) -> None:
    case = accepted(state, tmp_path)
    ask = ("review", case.case, "--as", CHEN, "--state", state)
    asked: list[str] = []

    def answer(since: str) -> str | None:
        asked.append(since)
        if since.endswith("[y/N]: "):
            return "n" if "Answer y or n." in since else "maybe"
        return typed(since)

    code, said = at_terminal(tmp_path, *ask, answer=answer)
    assert code == 1, said  # not recorded: declined at the end
    assert all(CHECKLIST[item].label.zh in said for item in ITEMS[CaseType.FIRST])
    assert "[1] " in said, "the dossier's files are numbered"
    kept = tmp_path / f"{case.case}.review.json"
    assert kept.stat().st_mode & 0o077 == 0
    assert show(state, case.case)["state"] == "accepted"
    filled = json.loads(kept.read_text(encoding="utf-8"))
    assert all(one["note"] in ("", "已核对") for one in filled["answers"]), "no question is left for a note"

    # What was declined goes on in the editor; what is missing there is named, and asked for again.
    editor = tmp_path / "editor.py"
    editor.write_text(
        "import json, sys, os\n"
        "path = sys.argv[1]; v = json.load(open(path)); mark = path + '.second'\n"
        "v['answers'][1]['answer'] = 'yes' if os.path.exists(mark) else 'not_applicable'\n"
        "open(mark, 'w').close(); json.dump(v, open(path, 'w'), ensure_ascii=False)\n"
    )
    code, said = at_terminal(
        tmp_path, *ask, "--editor",
        answer=lambda since: "" if since.endswith("[Y/n]: ") else None,
        EDITOR=f"{sys.executable} {editor}",
    )  # fmt: skip
    assert code == 0, said
    named = CHECKLIST[Item(filled["answers"][1]["item"])].label
    assert f"{named.zh}（identity）：本案必答" in said
    assert f"{named.en} (identity): mandatory" in said
    assert not kept.exists()
    assert show(state, case.case)["state"] == "reviewed"


@pytest.mark.slow
def test_a_no_is_said_to_be_against(state: Path, tmp_path: Path) -> None:
    case = accepted(state, tmp_path)
    code, said = at_terminal(
        tmp_path, "review", case.case, "--as", CHEN, "--state", state,
        answer=lambda since: "y" if since.endswith("[y/N]: ") else typed(since, no=Item.IDENTITY),
    )  # fmt: skip
    assert code == 0, said
    assert "不予登记" in said
    assert show(state, case.case)["state"] != "reviewed"


def test_what_needs_evidence_is_told_with_the_template(state: Path, tmp_path: Path) -> None:
    from tests.cli.commands import run

    case = accepted(state, tmp_path)
    said = run("review", case.case, "--as", CHEN, "--template", "--state", state)
    template: Any = json.loads(said.out)
    assert {one["item"] for one in template["answers"]} == {*ITEMS[CaseType.FIRST]}
    assert "identity.txt" in said.err

"""Every refusal is said in the reader's language, and names commands that exist."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from tests.cli.commands import run
from tests.cli.processes import ROOT
from yinzheng.api.cli import main
from yinzheng.api.cli.commands import PANELS
from yinzheng.api.cli.instead import COMMANDS, commands_of
from yinzheng.api.cli.language import asked_in, surrounding
from yinzheng.api.cli.lazy import Group
from yinzheng.api.cli.list_words import GIVERS
from yinzheng.api.cli.usage_words import in_chinese as usage_in_chinese
from yinzheng.api.desk.problems import answer, problem_of
from yinzheng.api.http.chinese import by_code, in_chinese, table
from yinzheng.ledger.rules import (
    contracts,
    destruction,
    disputes,
    erasure,
    standing,
    states,
    supervision,
    withdrawal,
)
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault

SLUG: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")
CHINESE: Final = re.compile("[\u4e00-\u9fff]")

MADE: Final = frozenset(
    {
        *(f"{who}-needed" for who in ("officer", "committee", "administrator", "auditor", "staff")),
        *(f"order-{role}" for role in ("forum", "exchange")),
        *(f"{which}-forked" for which in ("log", "database", "chain")),
        *(f"{kind}-{what}" for kind in ("passphrase", "pin") for what in ("exposed", "missing")),
    }
)
"""Codes that are put together where they are raised."""

CODED: Final = frozenset({"code", "not_allowed", "wrong_capacity"})
"""How a call names the code of a refusal."""

BY_ITSELF: Final[dict[str, set[str]]] = {
    "case": {"deem_accepted", "deposit", "succeed"},
    "certificate": {"lapse"},
    "withdrawal": {"notify", "complete"},
}
"""Moves that the registry's rounds or the chain make, not a person by a command."""

MOVES: Final[dict[str, type[StrEnum]]] = {
    "case": states.Move,
    "certificate": standing.Move,
    "withdrawal": withdrawal.Move,
    "dispute": disputes.Move,
    "erasure": erasure.Move,
    "supervision": supervision.Move,
    "contract": contracts.Move,
}


@cache
def sources() -> tuple[tuple[Path, str], ...]:
    files = chain.from_iterable((ROOT / room).rglob("*.py") for room in ("verifier", "ledger", "api"))
    left_out = {ROOT / "ledger" / "demonstration", ROOT / "verifier" / "words"}
    return tuple((one, one.read_text(encoding="utf-8")) for one in files if left_out.isdisjoint(one.parents))


def codes_in(tree: ast.AST) -> Iterator[str]:
    """Codes of what a module raises: `code="…"` beside a message, a course's own, or first of what begins
    code, message; what a contract's error means names the fault's class before both.
    """
    for node in ast.walk(tree):
        match node:
            case ast.Call(args=[_, *_], keywords=keywords):
                for one in keywords:
                    if one.arg in CODED and isinstance(one.value, ast.Constant):
                        yield str(one.value.value)
        match node:
            case ast.Call(args=[ast.Constant(str(code)), message, *_]) if says(message):
                yield code
            case ast.Call(args=[ast.Name(), ast.Constant(str(code)), message, *_]) if says(message):
                yield code
            case ast.Tuple(elts=[ast.Constant(str(code)), message, *_]) if says(message):
                yield code


def says(node: ast.AST) -> bool:
    """Whether it is a sentence, and no name of a column or file."""
    texts = [one.value for one in ast.walk(node) if isinstance(one, ast.Constant)]
    return isinstance(node, ast.Constant | ast.JoinedStr) and any(" " in str(one).strip() for one in texts)


@cache
def raised() -> frozenset[str]:
    found = chain.from_iterable(codes_in(ast.parse(text)) for _, text in sources())
    return frozenset(code for code in found if SLUG.fullmatch(code)) | MADE


def test_every_code_has_chinese_words() -> None:
    without = sorted(code for code in raised() if by_code(code) is None)
    assert without == []
    assert len(raised()) > 900


def test_the_table_has_a_line_for_each_code_once_in_order_and_in_chinese() -> None:
    lines = (ROOT / "api" / "http" / "faults.zh.txt").read_text(encoding="utf-8").splitlines()
    codes = [line.split(" |")[0] for line in lines if not line.startswith("#")]
    assert codes == sorted(set(codes))
    for code, (message, _) in table().items():
        assert CHINESE.search(message), code


def test_no_line_of_the_table_is_of_a_code_that_nothing_raises() -> None:
    everything = "\n".join(text for _, text in sources())
    assert [one for one in table() if one not in MADE and f'"{one}"' not in everything] == []


def path_of(words: str) -> tuple[str, ...] | None:
    """The command that begins `words`; None where there is none."""
    entries: list[Any] = [entry for panel in PANELS for entry in panel.entries]
    path: list[str] = []
    for word in words.split():
        found = next((one for one in entries if one.name == word), None)
        if found is None:
            break
        path.append(word)
        if not isinstance(found, Group):
            return tuple(path)
        entries = [*found.entries]
    return tuple(path) or None


def named_in_table() -> Iterator[str]:
    for _, hint in table().values():
        yield from re.findall(r"yinzheng ([a-z][a-z -]*[a-z])", hint)


def named_in_source() -> Iterator[str]:
    for _, text in sources():
        yield from re.findall(r"`yinzheng ([a-z][a-z -]*[a-z])[^`]*`", text)


@pytest.mark.parametrize("named", [named_in_table, named_in_source])
def test_every_command_that_a_refusal_names_exists(named: Any) -> None:
    said = set(named())
    assert len(said) > 20
    assert [one for one in said if path_of(one) is None] == []


def test_every_move_that_is_possible_is_a_command() -> None:
    assert COMMANDS.keys() == MOVES.keys()
    for course, moves in MOVES.items():
        by_hand = {str(move) for move in moves} - BY_ITSELF.get(course, set())
        assert COMMANDS[course].keys() == by_hand, course
        for command in COMMANDS[course].values():
            assert path_of(command) == tuple(command.split()), command


def test_a_refusal_names_the_commands_instead() -> None:
    data: dict[str, Any] = {
        "course": "case",
        "possible": ["review (by registry)", "review_against (by registry)", "deposit"],
    }
    fault = UsageFault("The case is in state accepted", code="move-not-allowed", **data)
    assert [*commands_of(fault)] == ["yinzheng review (by registry)"]
    assert [*commands_of(fault, chinese=True)] == ["yinzheng review （登记机构）"]


def test_whoever_may_give_a_command_is_named_in_chinese() -> None:
    assert {str(by) for by in (*states.Capacity, *destruction.StaffRole)} - GIVERS.keys() == set()


def test_a_step_that_does_not_follow_says_so_to_an_officer_and_not_as_a_page_does() -> None:
    """A page takes objections alone, and says of this code that publicity has ended."""
    for code in ("move-not-allowed", "case-state"):
        assert "公示" not in in_chinese(UsageFault("publish does not follow accepted.", code=code))[0]


@given(st.deferred(lambda: st.sampled_from(sorted(raised()))), st.text(min_size=1))
def test_what_to_do_is_never_left_out(code: str, message: str) -> None:
    for kind in (UsageFault, DataFault, EnvironmentFault):
        said, hint = in_chinese(kind(message, code=code))
        assert CHINESE.search(said)
        assert hint


def test_the_command_line_speaks_the_language_asked_for(tmp_path: Path) -> None:
    state = str(tmp_path / "none")
    chinese = run("cases", "--state", state, "--json", env={"LC_ALL": "zh_CN.UTF-8"})
    error = json.loads(chinese.err)["error"]
    assert error["message"] == table()["state-missing"][0]
    assert error["original"]["message"] == f"there is no registry in {state}"
    english = run("cases", "--state", state, "--json", env={"LC_ALL": "C.UTF-8"})
    assert english.error["message"] == error["original"]["message"]


def test_an_option_wins_wherever_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    for words in (["--lang", "zh", "cases"], ["cases", "--lang=zh"]):
        monkeypatch.setattr("sys.argv", ["yinzheng", *words, "--state", str(tmp_path / "none")])
        with pytest.raises(SystemExit) as left:
            main()
        assert left.value.code == 2
        assert table()["state-missing"][0] in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given_words", "language"),
    [(["a", "--lang", "zh"], "zh"), (["--lang=en"], "en"), (["--lang"], None), (["--lang", "fr"], None)],
)
def test_the_option_is_found(given_words: list[str], language: str | None) -> None:
    assert asked_in(given_words) == language


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "en_GB", "LC_MESSAGES": "zh_TW"}, "zh"),
        ({"LC_ALL": "", "LANG": "zh"}, "zh"),
        ({}, "en"),
    ],
)
def test_surroundings_are_read_as_posix_has_them(environ: dict[str, str], language: str) -> None:
    assert surrounding(environ) == language


@pytest.mark.parametrize(
    ("said", "chinese"),
    [
        ("Missing option '--as'.", "缺少选项 --as。"),
        ("Missing argument 'CASE'.", "缺少参数 CASE。"),
        ("No such command 'frob'.", "没有命令 frob。"),
        ("Something else.", "Something else."),
    ],
)
def test_typers_sentences(said: str, chinese: str) -> None:
    assert usage_in_chinese(said) == chinese


def test_the_desk_answers_in_the_language_that_is_asked_for() -> None:
    problem = problem_of(UsageFault("no such consent was ever given here", code="consent-unknown"))
    asked = answer(problem, Headers({"accept-language": "zh-CN,zh;q=0.9"}))
    body = json.loads(bytes(asked.body))
    assert (body["detail"], body["hint"]) == table()["consent-unknown"]
    assert body["message"] == "no such consent was ever given here"
    assert asked.headers["content-language"] == "zh-Hans"
    plain = json.loads(bytes(answer(problem, Headers()).body))
    assert plain["detail"] == plain["message"] == body["message"]


def test_the_desks_own_trouble_stays_its_own_in_both_languages() -> None:
    problem = problem_of(EnvironmentFault("/srv/state is full", code="disk-full"))
    said = bytes(answer(problem, Headers({"accept-language": "zh"})).body).decode()
    assert "/srv/state" not in said
    assert "磁盘" not in said


@pytest.mark.parametrize(
    "command",
    [
        ("org", "trade", "settle", "0" * 64, "A-2026-000001", "--contract", "FILE", "--request", "FILE"),
        ("enrol", "FILE", "--as", "chen"),
        ("order", "FILE"),
        ("signature", "FILE"),
        ("review", "A-2026-000001", "--as", "chen", "--checklist", "FILE"),
        ("holder", "contract", "show", "FILE"),
        ("verify", "SJ4412026110001", "--trust", "FILE"),
    ],
)
def test_of_a_file_that_is_wrong_the_name_is_told(tmp_path: Path, command: tuple[str, ...]) -> None:
    file = tmp_path / "wrong.json"
    file.write_text('{"format": "another"}')
    said = run(*(str(file) if word == "FILE" else word for word in command))
    assert said.code in (1, 2)
    assert said.err.startswith(f"yinzheng: {file}: "), said.err


def test_a_choice_that_there_is_not_is_told_in_plain_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["yinzheng", "cancel", "SJ4412026110001", "--ground", "foo"])
    with pytest.raises(SystemExit):
        main()
    said = capsys.readouterr().err
    assert said.startswith("yinzheng: Invalid value for '--ground': 'foo' is not one of 'asked'"), said

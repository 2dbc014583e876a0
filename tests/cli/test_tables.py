"""Work lists as tables for a spreadsheet program: `--table`, in words."""

from __future__ import annotations

import csv
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import refused, run
from tests.cli.conftest import Demonstration
from yinzheng.api.cli import list_words
from yinzheng.api.own.words import STATES
from yinzheng.ledger.rules import destruction, disputes, erasure, states, withdrawal
from yinzheng.verifier.formats.dispute import OPENINGS
from yinzheng.verifier.formats.tombstone import GROUNDS
from yinzheng.verifier.formats.webhook import KINDS

Words = Any


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (STATES, {*states.State} - {"new"}),
        (list_words.ERASURE_STATES, {*erasure.State} - {"new"}),
        (list_words.TARGETS, {*destruction.TargetKind}),
        (list_words.DESTRUCTION_GROUNDS, {*GROUNDS}),
        (list_words.METHODS, {*destruction.Method}),
        (list_words.SIGNERS, {*destruction.StaffRole, "operator"}),
        (list_words.DISPUTE_STATES, {*disputes.State} - {"new"} | {"draft"}),
        (list_words.OPENED_BY, {*OPENINGS}),
        (list_words.WITHDRAWAL_STATES, {*withdrawal.State} - {"new"}),
        (list_words.NOTICE_KINDS, {*KINDS}),
    ],
)
def test_every_value_has_its_word(words: Words, said: set[StrEnum | str]) -> None:
    assert {*words} == {str(one) for one in said}


def rows(path: Path) -> list[dict[str, str]]:
    return [*csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines())]


def test_lists_are_tables(demonstration: Demonstration, tmp_path: Path) -> None:
    state = ("--state", demonstration.state)
    listed = {}
    for name in ("cases", "disputes", "objections"):
        table = tmp_path / f"{name}.csv"
        assert run(name, *state, "--table", table, "--json").code == 0
        listed[name] = rows(table) if len(table.read_bytes().splitlines()) > 1 else []
        refused(name, *state, "--table", table, code="file-exists", exit_code=2)
    assert (run("objections", *state).out == "none 没有\n") is (not listed["objections"])
    assert {"已登记"} <= {one["状态"] for one in listed["cases"]} <= {one.zh for one in STATES.values()}
    assert {one["程序"] for one in listed["cases"]} <= {"普通程序", "简易程序"}
    for dispute in listed["disputes"]:
        assert dispute["由谁提起"] in list_words.OPENED_BY.values()
        assert dispute["状态"] in list_words.DISPUTE_STATES.values()

"""Kinds of calls: every one is in the table by which the outbox reads what an earlier process left."""

from __future__ import annotations

import ast
from importlib import import_module

import pytest
from sqlmodel import select

from tests.architecture.imports import modules
from yinzheng.ledger.chain.sender import Call
from yinzheng.ledger.flow.calls import CallKind, kind_of, table_of
from yinzheng.ledger.flow.outbox import outbox
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.opening import KINDS
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store.models import ChainCall
from yinzheng.ledger.withdrawals import calls as withdrawals
from yinzheng.verifier.errors import DataFault


def test_the_table_has_every_kind_that_is_made_anywhere() -> None:
    made = set()
    for name, path in modules().items():
        if name.startswith("ledger.") and "= CallKind(" in path.read_text(encoding="utf-8"):
            module = import_module(f"yinzheng.{name}")
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                    value = getattr(module, node.target.id, None)
                    made |= {value.name} if isinstance(value, CallKind) else set()
    assert made == set(KINDS)
    assert len(made) == 35


def test_what_goes_together_is_shown() -> None:
    together = {name for name, kind in KINDS.items() if kind.together}
    assert {kind.name for kind in withdrawals.KINDS} == set(withdrawals.FACTS)
    assert together == {*withdrawals.FACTS, "conclusion", "lapse", "anchor"}


def test_two_kinds_of_one_name_make_no_table() -> None:
    with pytest.raises(AssertionError):
        table_of(CallKind("one"), CallKind("two"), CallKind("one"))


def test_a_call_of_a_later_program_is_left_alone(registry: Registry) -> None:
    settle(registry)
    stranger = CallKind("transfer")
    with registry.store.transaction() as session:
        outbox(session, stranger, "SJ1", Call(registry.sender.address, b"", 21_000), registry.clock())
    for _ in range(2):
        with pytest.raises(DataFault) as refused:
            settle(registry)
        assert refused.value.code == "call-kind-unknown"
    with registry.store.reading() as session:
        call = session.exec(select(ChainCall).where(ChainCall.kind == "transfer")).one()
        assert (call.state, call.raw_tx, call.name) == ("pending", None, "transfer:SJ1")
        with pytest.raises(DataFault):
            kind_of(KINDS, call)

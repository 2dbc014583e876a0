"""What an exchange is told of a check, put together from parts that are written once (S20.4)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.verifier.judge.test_trade_check import BODIES, SECRET, statement_of
from yinzheng.api.desk.trades import answer_json
from yinzheng.ledger.trades.checking import Answered
from yinzheng.verifier.formats.trade import OBLIGATIONS
from yinzheng.verifier.formats.trade_check import TradeChecked, fresh_receipt, trade_receipt
from yinzheng.verifier.words import trade as words

SIGNED = (bytes(8), b"\x0a" * 64)


def expected(body: TradeChecked) -> dict[str, Any]:
    said, statement = words.ANSWERS[body.answer], statement_of(body)
    reasons = []
    for reason in body.reasons:
        told, meaning = words.said_of(reason), reason.meaning
        about = {"code": reason.code, "obligation": meaning.obligation, "rule": meaning.rule}
        reasons.append({**about, "about": reason.about, "zh": told.zh, "en": told.en})
    obligations = []
    for one in body.obligations:
        title = words.CHECKED[one.name]
        settled = {"name": one.name, "rule": OBLIGATIONS[one.name], "outcome": one.outcome}
        obligations.append({**settled, "zh": title.zh, "en": title.en})
    return {
        "check": statement.leaf_hash.hex(),
        "answer": body.answer,
        "words": {"zh": said.zh, "en": said.en},
        "reasons": reasons,
        "obligations": obligations,
        "block": body.block.to_json(),
        "checked_at": body.checked_at,
        "receipt": trade_receipt(statement, body.to_json(), SECRET, SIGNED),
    }


def told(body: TradeChecked) -> Any:
    statement = statement_of(body)
    receipt = fresh_receipt(statement, body.canonical(), SECRET, SIGNED)
    return json.loads(answer_json(Answered(statement, body, receipt)))


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_an_answer_says_all_that_was_found(body: TradeChecked) -> None:
    assert told(body) == expected(body)
    assert list(told(body)) == list(expected(body))


def test_one_answer_says_nothing_of_another() -> None:
    """Whatever differs between two answers of the same certificate is in what they are remembered by."""
    body = BODIES["allowed"]
    assert body.record is not None
    others = [
        replace(body, block=replace(body.block, number=996)),
        replace(body, block=replace(body.block, hash=bytes(32))),
        replace(body, block=replace(body.block, time=body.block.time + 1)),
        replace(body, record=replace(body.record, status="cancelled")),
        replace(body, record=replace(body.record, holds=1)),
        replace(body, record=replace(body.record, reserved_by=b"\1" * 20)),
        replace(body, exchange=replace(body.exchange, name="另一交易所（虚构）")),
        replace(body, obligations=BODIES["refused"].obligations),
        replace(body, reasons=BODIES["refused"].reasons),
    ]
    for other in (*others, body):
        assert told(other) == expected(other)

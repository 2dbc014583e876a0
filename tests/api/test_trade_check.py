"""A trade check's receipt on the page: each answer looks like what it is, only a forgery like one (S20.3)."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from yinzheng.api.web.checking import CheckedTrade
from yinzheng.api.web.look import Look
from yinzheng.api.web.trade_view import trade_view
from yinzheng.verifier.containers.target import Presented
from yinzheng.verifier.judge.trade_check.verify import verify_trade_check
from yinzheng.verifier.judge.trust import parse_trust

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "spec" / "trades.json").read_bytes())
POLICY = parse_trust(json.dumps(VECTORS["trust"]).encode())
RECEIPTS = {one["answer"]: json.dumps(one["file"], ensure_ascii=False) for one in VECTORS["receipts"]}
FORGED = RECEIPTS["refuse"].replace("买方（虚构）", "别家（虚构）")
LOOK = Look("yinzheng.api.web")


@pytest.mark.parametrize(
    ("receipt", "tone"),
    [
        (RECEIPTS["allow"], "good"),
        (RECEIPTS["needs_person"], "warn"),
        (RECEIPTS["refuse"], "no"),
        (FORGED, "bad"),
    ],
)
def test_a_genuine_no_is_no_forgery(receipt: str, tone: str) -> None:
    report = verify_trade_check(Presented("json", file=receipt.encode()), POLICY, now=VECTORS["now"])
    view = trade_view(CheckedTrade(report, POLICY), "en", own_policy=True)
    page = bytes(LOOK.page("trade_check.html", language="en", view=view).body).decode()
    (card,) = re.findall(r'<section class="card (verdict .*?)</section>', page, re.S)
    assert card.startswith(f"verdict {tone}")
    assert re.findall(r'<svg class="icon (\w+)"', card) == [tone]
    drawings[tone] = card.partition("<svg")[2].partition("</svg>")[0].partition(">")[2]
    assert len(set(drawings.values())) == len(drawings), "shapes differ, not colours alone"


drawings: dict[str, str] = {}

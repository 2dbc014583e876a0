"""The table of `docs/gas.md` is what the contracts cost, and the client's limit leaves room."""

from pathlib import Path

from tests.contracts.costs import measure, parse
from yinzheng.ledger.chain.clients.calling import CALL_GAS

PAGE = Path(__file__).parents[2] / "docs/gas.md"
TOLERANCE = 0.01
"""Signatures and hashes have a byte of zeros more or less."""


def test_the_table_is_not_stale() -> None:
    measured, told = measure(), parse(PAGE.read_text("utf-8"))
    assert list(told) == list(measured)
    stale = {
        name: (told[name], gas) for name, gas in measured.items() if abs(told[name] - gas) > TOLERANCE * gas
    }
    assert not stale
    # Limits that grow with what is named are checked where the calls are measured.
    apart = ("deploy", "assign", "consents", "preservation", "holders", "moves", "standing", "succeed")
    calls = {name: gas for name, gas in measured.items() if not name.startswith(apart)}
    assert max(calls.values()) * 2 <= CALL_GAS

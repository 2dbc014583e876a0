"""Which tests are chosen to run on PostgreSQL as well (`tests/statements.py`)."""

from __future__ import annotations

from pathlib import Path

from tests.statements import FILE, cheapest, shape_of

ROOT = Path(__file__).resolve().parents[2]


def test_no_statement_is_left_out_and_what_costs_much_for_little_is() -> None:
    sent = {"all, slowly": "abcd", "two": "ab", "one": "c", "the last": "d", "again": "a", "none": ""}
    seconds = {"all, slowly": 9.0, "two": 1.0, "one": 0.5, "the last": 0.5, "again": 0.9, "none": 0.0}
    assert cheapest(sent, seconds, 1.0) == ["one", "the last", "two"]
    assert cheapest(sent, {**seconds, "all, slowly": 1.0}, 1.0) == ["all, slowly"]
    assert cheapest(sent, {**seconds, "one": 1.5, "all, slowly": 99.0}, 1.0) == ["the last", "two"]
    assert cheapest({}, {}) == []


def test_a_statement_has_one_shape_for_any_values() -> None:
    one = "INSERT INTO meta (key, value)\n VALUES (%(key)s::VARCHAR, %(value)s::VARCHAR)"
    many = "INSERT INTO meta (key, value) VALUES (%(k0)s::VARCHAR, %(v0)s::VARCHAR), (%(k1)s, %(v1)s)"
    assert shape_of(one) == shape_of(many) == "INSERT INTO meta (key, value) VALUES (?)"
    assert shape_of(one) != shape_of(one.replace("meta", "event"))


def test_those_that_were_chosen_are_there() -> None:
    """One that is gone stops `scripts/test`; its file and function are looked for here, which is quicker."""
    for test in FILE.read_text(encoding="utf-8").splitlines():
        file, *_, name = test.partition("[")[0].split("::")
        assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8"), (
            f"{test}: run `pytest --postgresql --record tests/ledger`"
        )

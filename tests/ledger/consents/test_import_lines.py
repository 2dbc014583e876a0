"""Reading fast gives the same answer as reading in full, to whatever line; rows are those of `compose`."""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.verifier import bodies
from yinzheng.ledger.consents import import_lines as reading
from yinzheng.ledger.consents.book import KnownNotice, NoticeBook
from yinzheng.ledger.consents.import_file import identity_of, open_import
from yinzheng.ledger.consents.import_lines import LineReader
from yinzheng.ledger.consents.import_order import drawn_order_of, order_of, subjects_of
from yinzheng.ledger.consents.import_rows import Ask, LineFile, Made, Maker, Plan
from yinzheng.ledger.flow.recording import Occurrence, compose
from yinzheng.ledger.rules.consent import Terms
from yinzheng.ledger.store.sealed import SealedValue
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.consent import MAX_CONSENT, parse_consent
from yinzheng.verifier.formats.notice import SCOPES, parse_notice
from yinzheng.verifier.log.statement import Statement, verify_body

LEAF = bytes([0x11]) * 32
NOTICE = parse_notice(bodies.notice())
BOOK = NoticeBook(
    bodies.HOSPITAL, {LEAF: KnownNotice(1, LEAF, Terms.of(NOTICE), bodies.NOW + 500)}, frozenset()
)
AT = bodies.NOW + 1000
Json = dict[str, Any]
Order = Callable[[bytes, int], "array[int]"]


def value(**changes: Any) -> Json:
    notice = {"leaf": LEAF.hex(), "digest": NOTICE.digest().to_json()}
    return bodies.consent() | {"notice": notice} | changes


def answer(reader: LineReader, line: bytes) -> tuple[bytes, int] | str:
    try:
        body, known = reader.read(line)
    except DataFault as fault:
        return fault.code
    return body, known.id


def require_same(line: bytes) -> tuple[bytes, int] | str:
    """A reader that knows the parts of lawful lines answers as one that reads for the first time."""
    warm = LineReader(BOOK, AT)
    for seen in (canonical.dumps(value()), canonical.dumps(value(guardian=bodies.guardian()))):
        warm.read(seen)
    once = answer(warm, line)
    assert once == answer(LineReader(BOOK, AT), line)
    assert once == answer(warm, line)
    return once


WHOLE = canonical.dumps(value())
PERSONS = st.fixed_dictionaries(
    {
        "name": st.text(max_size=6) | st.sampled_from(["张三", '","until":1', "data:,x", "a" * 61, "\\"]),
        "reference": st.text(max_size=6) | st.sampled_from([',"recipients":', "\u202e", "{", "}"]),
        "born": st.sampled_from(["1980-02-29", "2016-01-01", "2010-01-01", "1981-02-29", "2099-01-01"]),
    }
)
TIMES = st.sampled_from([0, bodies.NOW, bodies.NOW + 1, bodies.NOW + 499, bodies.NOW + 500, AT + 1, 2**53])


@settings(max_examples=150, deadline=None)
@given(PERSONS, TIMES, TIMES | st.just(bodies.NOW + 10**9), st.booleans())
def test_other_persons_and_times(person: Json, given_at: int, until: int, guarded: bool) -> None:
    changed = value(
        person=person, given_at=given_at, until=until, guardian=bodies.guardian() if guarded else None
    )
    line = json.dumps(changed, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    require_same(line.encode("utf-8", "surrogatepass"))


PIECES = st.sampled_from(
    [
        b"",
        b'"',
        b",",
        b"{",
        b"}",
        b" ",
        b"0",
        b"-",
        b"1.5",
        b"null",
        b"\xff",
        b"\\u0041",
        b',"until":5',
        b',"person":{}',
        b',"given_at":1795000001',
        b'"x":1,',
        b',"v":1}',
        b',"guardian":null',
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(WHOLE)), st.integers(0, 30), PIECES), min_size=1, max_size=3))
def test_lines_that_were_tampered_with(edits: list[tuple[int, int, bytes]]) -> None:
    line = WHOLE
    for at, length, piece in edits:
        line = line[:at] + piece + line[at + length :]
    require_same(line)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"given_at":1', b'"given_at":01'),
        (b'"given_at":1', b'"given_at":+1'),
        (b'"given_at":1', b'"given_at": 1'),
        (b'"given_at":1', b'"given_at":-1'),
        (b'"given_at":', b'"given_at":\xd9\xa1'),
        (b'"person":{', b'"person":{ '),
        (b'"person":{"born"', b'"person":{"born":"1980-02-29","born"'),
        (b'"person":', b'"person":{},"person":'),
        (b'"guardian":null', b'"guardian":nul'),
        (b'"name":"\xe5\xbc\xa0\xe4\xb8\x89"', b'"name":"\\u5f20\\u4e09"'),
        (b',"v":1}', b',"v":1}}'),
        (b',"v":1}', b',"v":1} '),
        (b',"v":1}', b',"v":1,"x":2}'),
        (b'{"controller"', b'{"a":1,"controller"'),
        (b'"genetic":false', b'"genetic":false,"genetic":false'),
    ],
)
def test_slips_between_the_parts(old: bytes, new: bytes) -> None:
    assert old in WHOLE
    require_same(WHOLE.replace(old, new, 1))


def test_lawful_lines_are_read_fast_and_others_are_normalised() -> None:
    reader = LineReader(BOOK, AT)
    reader.read(WHOLE)
    other = value(person={"name": "李", "reference": "P-2", "born": "1970-01-01"})
    line = canonical.dumps(other)
    cut = reading._cut(line)
    assert cut is not None
    assert reader._read_alike(*cut) is not None
    assert reader.read(line)[0] == line
    assert reader.read(json.dumps(other).encode())[0] == line
    unlawful = canonical.dumps(value(scopes=dict.fromkeys(SCOPES)))
    for _ in range(2):
        assert answer(reader, unlawful) == "consent-empty"


def test_memory_for_parts_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_REMEMBERED", 2)
    reader = LineReader(BOOK, AT)
    for name in ("甲", "乙", "丙", "丁"):
        line = canonical.dumps(value(controller={"name": name, "code": bodies.HOSPITAL}))
        assert reader.read(line)[0] == line
        assert len(reader._alike) <= 2


def test_a_line_is_bounded() -> None:
    assert require_same(b" " * (MAX_CONSENT + 1) + b"x") == "json-malformed"
    assert require_same(b"[" * (2 * MAX_CONSENT + 1)) == "json-too-large"


def test_rows_are_those_of_one_recorded_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "in"
    file.write_bytes(WHOLE + b"\r\n")
    with open_import(file) as opened:
        identity = identity_of(opened)
    plan = Plan(LineFile(str(file), identity), BOOK, "GD-HEALTH/1", AT)
    subject, key = bytes(range(32)), bytes(16)
    monkeypatch.setattr("yinzheng.ledger.consents.import_rows.secrets.token_bytes", bytes)
    with Maker(plan) as make:
        (made,) = make((3600, [Ask(0, 0, file.stat().st_size, subject)]))
    assert isinstance(made, Made)
    assert made.key == key
    happened = Occurrence(
        type="consent.granted",
        profile="GD-HEALTH/1",
        subject=subject,
        at=3600,
        by="controller",
        body=parse_consent(value()).to_json(),
        prev=None,
    )
    row = compose(happened, SealedValue(key), now=AT, random=bytes).row
    opened_alone = json.loads(SealedValue(key).open(row["sealed"], row["leaf_hash"]))
    body = json.loads(SealedValue(key).open(made.sealed, made.leaf))
    assert body["body"] == opened_alone["body"] == value()
    statement, alone = Statement.from_bytes(made.statement), Statement.from_bytes(row["statement"])
    assert replace(statement, commitment=alone.commitment) == alone
    assert made.leaf == statement.leaf_hash
    verify_body(statement, WHOLE, bytes.fromhex(body["secret"]))


@pytest.mark.parametrize("of", [order_of, drawn_order_of])
@given(seed=st.binary(min_size=32, max_size=32), lines=st.integers(0, 400))
def test_an_order_is_a_permutation_and_follows_from_the_seed(of: Order, seed: bytes, lines: int) -> None:
    order = of(seed, lines)
    assert sorted(order) == list(range(lines))
    assert order == of(seed, lines)


@given(seed=st.binary(min_size=32, max_size=32), lines=st.integers(0, 400))
def test_lines_stand_in_the_order_of_their_subjects(seed: bytes, lines: int) -> None:
    subjects = list(map(subjects_of(seed), order_of(seed, lines)))
    assert subjects == sorted(set(subjects))


@pytest.mark.parametrize("of", [order_of, drawn_order_of])
def test_orders_are_even(of: Order) -> None:
    """Each of the six orders of three lines comes up as often as it should."""
    found: dict[tuple[int, ...], int] = {}
    for number in range(6000):
        order = tuple(of(number.to_bytes(32, "big"), 3))
        found[order] = found.get(order, 0) + 1
    assert len(found) == 6
    assert all(850 < count < 1150 for count in found.values())


@pytest.mark.parametrize("of", [order_of, drawn_order_of])
def test_a_long_order(of: Order) -> None:
    order = of(bytes(32), 20_000)
    assert sorted(order) == list(range(20_000))
    assert sum(abs(place - line) for place, line in enumerate(order)) / 20_000 == pytest.approx(
        6667, rel=0.05
    )

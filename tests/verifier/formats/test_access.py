"""Access lines and their batches (S19): both directions, and what a strict reader refuses."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verifier import bodies
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats import access
from yinzheng.verifier.formats.access import Batch, accesses_subject, leaf_of, parse_batch, parse_line
from yinzheng.verifier.formats.notice import SCOPES
from yinzheng.verifier.log.merkle import hash_leaf
from yinzheng.verifier.log.statement import commit_private

PAIR = {"sm3": "11" * 32, "sha256": "22" * 32}
LINE: dict[str, Any] = {
    "v": 1,
    "number": 7,
    "noted_at": 1_790_000_000,
    "at": 1_789_999_000,
    "organisation": bodies.LAB,
    "who": PAIR,
    "function": "recipient",
    "action": "use",
    "kind": "data",
    "object": "ab" * 32,
    "consent": "ab" * 32,
    "purpose": "stated",
    "scope": "third_party_research",
    "basis": "consent",
    "covered": True,
    "channel": "desk",
    "words": PAIR,
}

LINES = st.fixed_dictionaries(
    {
        **{name: st.just(value) for name, value in LINE.items()},
        "number": st.integers(1, 2**53 - 1),
        "noted_at": st.integers(0, 2**53 - 1),
        "at": st.integers(0, 2**53 - 1),
        "organisation": st.sampled_from([None, bodies.LAB, bodies.HOSPITAL]),
        "function": st.from_regex(r"\A[a-z]{1,9}([_-][a-z]{1,9}){0,2}\Z"),
        "action": st.sampled_from(access.ACTIONS),
        "kind": st.sampled_from(access.KINDS),
        "object": st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._:+-]{0,60}\Z"),
        "consent": st.none() | st.binary(min_size=32, max_size=32).map(bytes.hex),
        "purpose": st.sampled_from(access.PURPOSES),
        "channel": st.sampled_from(["command", "desk", "web", "web 192.0.2.0/24", "web 2001:db8::/32"]),
        "words": st.sampled_from([None, PAIR]),
    }
).flatmap(
    lambda line: st.one_of(
        st.builds(
            lambda scope, covered: {**line, "basis": "consent", "scope": scope, "covered": covered},
            st.sampled_from([None, *SCOPES]),
            st.booleans(),
        ),
        st.builds(
            lambda basis: {**line, "basis": basis, "scope": None, "covered": None},
            st.sampled_from([basis for basis in access.BASES if basis != "consent"]),
        ),
    )
)


@given(LINES)
def test_round_trip(value: dict[str, Any]) -> None:
    line = parse_line(value)
    assert line.to_json() == value
    assert line.canonical() == canonical.dumps(value)
    assert len(line.canonical()) <= access.MAX_ACCESS


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"number": 0}, "field-value"),
        ({"person": "officer-chen"}, "field-unknown"),
        ({"organisation": "x"}, "credit-code"),
        ({"function": "Officer Chen"}, "field-value"),
        ({"action": "read"}, "field-value"),
        ({"kind": "diary"}, "field-value"),
        ({"object": "测试甲"}, "field-value"),
        ({"object": ""}, "field-value"),
        ({"consent": "ab"}, "field-value"),
        ({"purpose": "肺结节模型研究"}, "field-value"),
        ({"basis": "habit"}, "field-value"),
        ({"covered": None}, "access-basis"),
        ({"basis": "statutory_duty"}, "access-basis"),
        ({"basis": "statutory_duty", "covered": None}, "access-basis"),
        ({"channel": "web of 192.0.2.1"}, "field-value"),
        ({"words": "11"}, "field-type"),
    ],
)
def test_what_is_refused(change: dict[str, Any], code: str) -> None:
    with pytest.raises(DataFault) as caught:
        parse_line({**LINE, **change})
    assert caught.value.code == code


def test_a_leaf_is_of_the_commitment() -> None:
    line, secret = parse_line(LINE).canonical(), bytes(range(32))
    pair = commit_private(secret, line).to_json()
    assert leaf_of(line, secret) == hash_leaf(canonical.dumps(pair))


def test_a_batch_tells_of_no_line() -> None:
    batch = Batch(first=1, count=100, since=5, until=9, root=bytes(32))
    assert parse_batch(batch.to_json()) == batch
    for change in ({"count": 0}, {"first": 0}, {"count": access.MAX_BATCH + 1}, {"root": "00"}):
        with pytest.raises(DataFault):
            parse_batch({**batch.to_json(), **change})


def test_a_registry_has_one_thread_of_batches() -> None:
    assert accesses_subject("registry.example/log") == accesses_subject("registry.example/log")
    assert accesses_subject("registry.example/log") != accesses_subject("other.example/log")

"""A certificate may name the notices whose consents are its basis (S6.1), in JSON and in its QR code."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.verifier.formats.test_certificate import HOST, payload, resigned
from tests.verifier.strategies import bodies
from tests.verifier.world import ISSUER, body_json
from yinzheng.verifier import DataFault, decode_qr, encode_qr, parse_body
from yinzheng.verifier.formats.body import MAX_NOTICES
from yinzheng.verifier.formats.certificate import statement_of
from yinzheng.verifier.judge.obligations import differences

LEAVES = [bytes([number]) * 32 for number in range(MAX_NOTICES)]
HEX = [leaf.hex() for leaf in LEAVES]


@settings(max_examples=60, deadline=None)
@given(bodies, st.sets(st.binary(min_size=32, max_size=32), min_size=1, max_size=MAX_NOTICES))
def test_what_is_written_is_read(value: dict[str, Any], leaves: set[bytes]) -> None:
    named = {**value, "notices": [leaf.hex() for leaf in sorted(leaves)]}
    body = parse_body(named)
    assert body.notices == tuple(sorted(leaves))
    assert body.to_json() == named
    core = decode_qr(encode_qr(body, ISSUER, HOST))
    assert core.body.notices == body.notices
    assert core.statement() == statement_of(body)
    assert differences(core, body) == ()


def test_a_certificate_without_any_is_written_as_ever() -> None:
    body = parse_body(body_json())
    assert body.notices == ()
    assert "notices" not in body.to_json()
    assert 18 not in payload()


def test_notices_that_differ_are_told() -> None:
    core = decode_qr(encode_qr(parse_body(body_json(notices=HEX[:2])), ISSUER, HOST))
    other = parse_body(body_json(notices=HEX[:1]))
    assert [one.path for one in differences(core, other)] == ["notices[1]"]


@pytest.mark.parametrize(
    ("notices", "code"),
    [
        (None, "field-type"),
        ([], "field-value"),
        ([*HEX, "ff" * 32], "field-value"),
        ([HEX[1], HEX[0]], "field-value"),
        ([HEX[0], HEX[0]], "field-value"),
        (["00"], "field-value"),
        ([1], "field-type"),
        ("00" * 32, "field-type"),
    ],
)
def test_a_body_is_read_strictly(notices: Any, code: str) -> None:
    with pytest.raises(DataFault) as caught:
        parse_body(body_json(notices=notices))
    assert caught.value.code == code
    assert str(caught.value.data["path"]).startswith("$.notices")


@pytest.mark.parametrize(
    "value",
    [[], None, 1, LEAVES[0], {LEAVES[0]: 1}, [HEX[0]], [1], [bytes(31)], LEAVES[1::-1], [LEAVES[0]] * 2],
)
def test_a_code_is_read_strictly_even_when_signed(value: Any) -> None:
    with pytest.raises(DataFault) as caught:
        decode_qr(resigned({**payload(), 18: value}))
    assert caught.value.code == "core-payload"
    assert decode_qr(resigned({**payload(), 18: LEAVES[:2]})).body.notices == tuple(LEAVES[:2])


def test_no_other_field_may_follow() -> None:
    for extra in ({20: b""}, {18: LEAVES[:1], 20: b""}, {17: LEAVES[0]}):
        with pytest.raises(DataFault) as caught:
            decode_qr(resigned({**payload(), **extra}))
        assert caught.value.code == "core-payload"

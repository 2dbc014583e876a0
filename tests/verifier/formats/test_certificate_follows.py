"""What a certificate comes from (R1, R2, R4, R6): its type and predecessors, in JSON and in its QR code."""

from typing import Any

import pytest
from hypothesis import given, settings

from tests.verifier.formats.test_certificate import HOST, payload, resigned
from tests.verifier.strategies import bodies
from tests.verifier.world import ISSUER, NUMBER, World, body_json, presented, trust
from yinzheng.verifier import Authentic, DataFault, decode_qr, encode_qr, parse_body, verify
from yinzheng.verifier.formats.body import MAX_PREDECESSORS, TYPES, Predecessor
from yinzheng.verifier.formats.certificate import statement_of
from yinzheng.verifier.judge.obligations import differences

BEFORE = ["SJ4412026100001", "SJ4412026100002"]
LEAF = bytes(range(32))
ONE = {"number": BEFORE[0], "leaf": LEAF.hex()}
TWO = {"number": BEFORE[1], "leaf": (b"\1" * 32).hex()}


def transfer(**changes: Any) -> dict[str, Any]:
    return body_json(**{"type": "transfer", "follows": [ONE], **changes})


@settings(max_examples=60, deadline=None)
@given(bodies)
def test_what_is_written_is_read(value: dict[str, Any]) -> None:
    body = parse_body(value)
    assert body.to_json() == value
    core = decode_qr(encode_qr(body, ISSUER, HOST))
    assert (core.body.type, core.body.follows) == (body.type, body.follows)
    assert core.statement() == statement_of(body)
    assert differences(core, body) == ()


@pytest.mark.parametrize("kind", TYPES[1:])
def test_every_type_but_the_first_names_what_it_follows(kind: str) -> None:
    body = parse_body(transfer(type=kind))
    assert body.follows == (Predecessor(BEFORE[0], LEAF),)
    assert payload(body)[2] == TYPES.index(kind) + 1
    assert payload(body)[19] == [[BEFORE[0], LEAF]]


def test_a_cancellation_makes_no_certificate() -> None:
    with pytest.raises(DataFault) as caught:
        parse_body(transfer(type="cancellation"))
    assert caught.value.code == "field-value"


def test_a_first_registration_is_written_as_ever() -> None:
    assert "follows" not in parse_body(body_json()).to_json()
    assert 19 not in payload()


MANY = [{**ONE, "number": f"SJ44120261000{at:02}"} for at in range(10, 11 + MAX_PREDECESSORS)]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (body_json(type="transfer"), "predecessor"),
        (body_json(follows=[ONE]), "predecessor"),
        (transfer(follows=[TWO, ONE]), "predecessor"),
        (transfer(follows=[ONE, ONE]), "predecessor"),
        (transfer(follows=[{**ONE, "number": NUMBER}]), "predecessor"),
        (transfer(follows=[]), "field-value"),
        (transfer(follows=MANY), "field-value"),
        (transfer(follows=[{**ONE, "number": "SJ44120261000"}]), "number-malformed"),
        (transfer(follows=[{**ONE, "leaf": "00"}]), "field-value"),
        (transfer(follows=[{"number": BEFORE[0]}]), "field-missing"),
        (transfer(follows=None), "field-type"),
        (transfer(follows=ONE), "field-type"),
        (body_json(type="second"), "field-value"),
    ],
)
def test_a_body_is_read_strictly(value: dict[str, Any], code: str) -> None:
    with pytest.raises(DataFault) as caught:
        parse_body(value)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "value",
    [
        [],
        None,
        1,
        [[BEFORE[0]]],
        [[BEFORE[0], LEAF, 1]],
        [[LEAF, BEFORE[0]]],
        [[BEFORE[0], LEAF[:31]]],
        {1: LEAF},
    ],
)
def test_a_code_is_read_strictly_even_when_signed(value: Any) -> None:
    fields = payload(parse_body(transfer()))
    with pytest.raises(DataFault) as caught:
        decode_qr(resigned({**fields, 19: value}))
    assert caught.value.code == "core-payload"
    assert decode_qr(resigned(fields)).body.follows == (Predecessor(BEFORE[0], LEAF),)


def test_predecessors_that_differ_are_told() -> None:
    """As any field where certificate and record differ (R9)."""
    core = decode_qr(encode_qr(parse_body(transfer(follows=[ONE, TWO])), ISSUER, HOST))
    other = parse_body(transfer(follows=[{**ONE, "leaf": "ff" * 32}, TWO]))
    assert [one.path for one in differences(core, other)] == ["follows[0].leaf"]


def test_two_certificates_of_one_transfer_are_genuine() -> None:
    """A transfer of a part makes one for each side; both follow the same (R4)."""
    halves = {"SJ4412026110001": ["hold", "use"], "SJ4412026110002": ["operate"]}
    for number, rights in halves.items():
        holders = [{**body_json()["holders"][0], "rights": rights}]
        world = World(body=parse_body(transfer(number=number, holders=holders)))
        report = verify(presented(world.file()), trust(), now=world.block_time + 60)
        assert report.authentic is Authentic.GENUINE
        assert report.record is not None
        assert (report.record.type, report.record.follows[0].number) == ("transfer", BEFORE[0])

"""The policy: read strictly, and answers by time and block."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.verifier.world import (
    ISSUER,
    LOG_ED,
    OUTSIDER,
    STRANGER,
    VALIDATORS,
    address_of,
    trust,
    trust_json,
)
from yinzheng.verifier import DataFault, parse_trust
from yinzheng.verifier.formats.certificate import key_id
from yinzheng.verifier.judge.trust import MAX_TRUST
from yinzheng.verifier.log.note import NoteSigner

Edit = Callable[[dict[str, Any]], object]


def test_validators_by_block() -> None:
    policy = trust()
    now = frozenset(address_of(key) for key in VALIDATORS)
    assert policy.validators_at(0) == policy.validators_at(99) == {address_of(OUTSIDER)}
    assert policy.validators_at(100) == policy.validators_at(10**9) == now
    ended = trust(lambda p: p["chain"]["validators"][1].update(to=200))
    assert ended.validators_at(200) == now
    assert ended.validators_at(201) == frozenset()
    gap = trust(lambda p: p["chain"]["validators"][1].update({"from": 110}))
    assert gap.validators_at(105) == frozenset()


def test_issuers_are_found_by_key_id() -> None:
    policy = trust()
    issuer = policy.issuers[key_id(ISSUER.public_key.point)]
    assert issuer.key == ISSUER.public_key
    assert key_id(STRANGER.public_key.point) not in policy.issuers
    assert policy.max_age == 600
    assert [operator.name for operator in policy.operators][1] == "某公证处"


def twice(items: list[Any]) -> None:
    items.append(items[0])


BAD: list[tuple[str, str, Edit]] = [
    ("format", "field-value", lambda p: p.update(format="yinzheng/trust/2")),
    ("unknown", "field-unknown", lambda p: p.update(more=1)),
    ("missing", "field-missing", lambda p: p.pop("max_age")),
    ("no issuer", "field-value", lambda p: p["issuers"].clear()),
    ("issuer twice", "trust-inconsistent", lambda p: twice(p["issuers"])),
    ("alg", "field-value", lambda p: p["issuers"][0].update(alg="ES256")),
    ("key off the curve", "sm2-key", lambda p: p["issuers"][0].update(key="04" + "11" * 64)),
    ("kid of another", "trust-inconsistent", lambda p: p["issuers"][0].update(kid="00" * 8)),
    ("ends before it begins", "trust-inconsistent", lambda p: p["issuers"][0].update(not_after=1)),
    ("prefix", "field-value", lambda p: p["issuers"][0].update(prefix="SJ44")),
    ("registry code", "credit-code", lambda p: p["issuers"][0]["registry"].update(code="x" * 18)),
    ("no log key", "field-value", lambda p: p["log"]["keys"].clear()),
    ("log key twice", "trust-inconsistent", lambda p: twice(p["log"]["keys"])),
    ("log key malformed", "note-key", lambda p: p["log"]["keys"].append("x+y+z")),
    (
        "log key of another name",
        "trust-inconsistent",
        lambda p: p["log"]["keys"].append(NoteSigner("other", LOG_ED.private_key).key.vkey),
    ),
    ("consensus", "field-value", lambda p: p["chain"].update(consensus="pow")),
    ("address", "field-value", lambda p: p["chain"]["contracts"]["anchor"].update(address="0x00")),
    ("no contract", "field-missing", lambda p: p["chain"]["contracts"].pop("rights")),
    ("validator twice", "trust-inconsistent", lambda p: twice(p["chain"]["validators"][1]["addresses"])),
    (
        "range reversed",
        "trust-inconsistent",
        lambda p: p["chain"]["validators"][0].update({"from": 5, "to": 4}),
    ),
    ("ranges overlap", "trust-inconsistent", lambda p: p["chain"]["validators"][0].update(to=100)),
    ("open range first", "trust-inconsistent", lambda p: p["chain"]["validators"][0].update(to=None)),
    ("out of order", "trust-inconsistent", lambda p: p["chain"]["validators"].reverse()),
    ("age", "field-value", lambda p: p.update(max_age=0)),
    ("operator", "credit-code", lambda p: p["operators"][0].update(code="")),
    ("operator's address", "field-value", lambda p: p["operators"][0].update(validators=["00"])),
    (
        "operator's twice",
        "trust-inconsistent",
        lambda p: p["operators"][0].update(validators=["00" * 20] * 2),
    ),
    (
        "two operators'",
        "trust-inconsistent",
        lambda p: [operator.update(validators=["00" * 20]) for operator in p["operators"]],
    ),
    ("insists on nobody", "field-value", lambda p: p.update(insisted=[])),
    (
        "insists without validators",
        "trust-inconsistent",
        lambda p: p.update(insisted=[p["operators"][0]["code"]]),
    ),
    ("insists on a stranger", "trust-inconsistent", lambda p: p.update(insisted=["12440000MB2DEM001E"])),
]


@pytest.mark.parametrize(("_case", "reason", "edit"), BAD, ids=[case for case, *_ in BAD])
def test_a_policy_is_read_strictly(_case: str, reason: str, edit: Edit) -> None:
    policy = trust_json()
    edit(policy)
    with pytest.raises(DataFault) as caught:
        parse_trust(json.dumps(policy).encode())
    assert (caught.value.code, caught.value.data["reason"]) == ("trust-malformed", reason)
    assert caught.value.hint


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"\xff", b" " * (MAX_TRUST + 1)])
def test_what_is_no_policy(data: bytes) -> None:
    with pytest.raises(DataFault) as caught:
        parse_trust(data)
    assert caught.value.code == "trust-malformed"

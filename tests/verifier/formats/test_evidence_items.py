"""Evidence items: every kind, custody without gaps, witnesses, times."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verifier import bodies
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey, digest_pair
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.evidence_items import ABOUT, KINDS, parse_item

NOW = bodies.NOW
WITNESS = Sm2PrivateKey(0x717)
ABOUTS: dict[str, dict[str, Any]] = {
    "file": {"name": "合同.pdf", "media_type": "application/pdf"},
    "certificate": {"number": "SJ4412026110001", "statements": ["11" * 32]},
    "consent": {"subject": "22" * 32, "statements": ["11" * 32, "33" * 32]},
    "notice": {"statements": ["44" * 32]},
    "access_log": {"since": NOW - 100, "until": NOW, "first": 7, "last": 7, "statements": ["55" * 32]},
    "as_of": {"subject": "22" * 32, "at": NOW - 50, "tree_size": 9, "statements": ["11" * 32]},
    "web_capture": {"url": "https://example.org/a?b=c", "status": 200, "requested_at": NOW},
}


def item(kind: str = "file") -> dict[str, Any]:
    return {
        "v": 1,
        "kind": kind,
        "title": "合作合同",
        "digest": digest_pair(b"content").to_json(),
        "size": 7,
        "about": ABOUTS[kind],
        "collector": {"name": "李公证", "code": bodies.LAB},
        "tool": "yinzheng 0.2",
        "environment": "Debian 12，新装系统",
        "captured_at": NOW,
        "provenance": "双方签署后扫描",
        "custody": [
            {"giver": "李公证", "taker": "王法务", "at": NOW + 10, "reason": "送交"},
            {"giver": "王法务", "taker": "某市人民医院", "at": NOW + 10, "reason": "归档"},
        ],
        "witnesses": [],
    }


def witnessed() -> dict[str, Any]:
    signature = WITNESS.sign(parse_item(item()).witness_message()).hex()
    return item() | {
        "witnesses": [{"name": "赵见证", "key": WITNESS.public_key.point.hex(), "signature": signature}]
    }


def code_of(value: object) -> str:
    with pytest.raises(DataFault) as caught:
        parse_item(value)
    return caught.value.code


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind(kind: str) -> None:
    assert parse_item(item(kind)).to_json() == item(kind)
    assert code_of(item(kind) | {"about": {**ABOUTS[kind], "x": 1}}) == "field-unknown"
    for name in ABOUT[kind]:
        assert code_of(item(kind) | {"about": {**ABOUTS[kind], name: None}}).startswith("field-")
    other = KINDS[KINDS.index(kind) - 1]
    assert code_of(item(kind) | {"about": ABOUTS[other]}).startswith("field-")


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("certificate", "number", "SJ4412026130001"),
        ("certificate", "statements", []),
        ("access_log", "until", NOW - 101),
        ("access_log", "first", 8),
        ("as_of", "tree_size", 0),
        ("web_capture", "url", "file:///etc/passwd"),
        ("web_capture", "url", "https://a b"),
        ("web_capture", "status", 99),
        ("file", "media_type", "PDF"),
    ],
)
def test_about_is_read_strictly(kind: str, name: str, value: Any) -> None:
    expected = ("number-malformed", "item-range", "field-value")
    assert code_of(item(kind) | {"about": {**ABOUTS[kind], name: value}}) in expected


def test_witnesses() -> None:
    assert parse_item(item()).false_witnesses() == ()
    assert parse_item(witnessed()).to_json()["witnesses"] != []
    assert parse_item(witnessed()).false_witnesses() == ()
    twice = witnessed()
    twice["witnesses"] *= 2
    assert code_of(twice) == "item-witness-twice"
    twice["witnesses"] = [witnessed()["witnesses"][0] | {"key": "04" + "01" * 64}]
    assert code_of(twice) == "sm2-key"


@pytest.mark.parametrize("name", [n for n in item() if n not in ("v", "witnesses", "kind")])
def test_a_witness_signs_every_field(name: str) -> None:
    changed = copy.deepcopy(witnessed())
    other: dict[str, Any] = {
        "digest": digest_pair(b"other").to_json(),
        "size": 8,
        "about": {"name": "附件.pdf", "media_type": "application/pdf"},
        "collector": {"name": "李公证", "code": None},
        "captured_at": NOW - 1,
        "custody": changed["custody"][:1],
    }
    changed[name] = other.get(name, "另一个")
    assert parse_item(changed).false_witnesses() == ("赵见证",)


@given(st.lists(st.sampled_from("甲乙丙"), max_size=5), st.data())
def test_custody_has_no_gap(takers: list[str], data: st.DataObject) -> None:
    hands = ["李公证", *takers]
    times = sorted(data.draw(st.lists(st.integers(NOW, NOW + 9), min_size=len(takers), max_size=len(takers))))
    custody = [
        {"giver": giver, "taker": taker, "at": at, "reason": "交接"}
        for giver, taker, at in zip(hands, takers, times, strict=False)
    ]
    parsed = parse_item(item() | {"custody": custody})
    assert parsed.holder == hands[-1]
    parsed.check_times(times[-1] if times else NOW)
    with pytest.raises(DataFault) as caught:
        parsed.check_times((times[-1] if times else NOW) - 1)
    assert caught.value.code == "item-time"
    if custody:
        index = data.draw(st.integers(0, len(custody) - 1))
        broken = copy.deepcopy(custody)
        broken[index]["giver"] = "丁"
        assert code_of(item() | {"custody": broken}) == "item-custody"
        early = copy.deepcopy(custody)
        early[index]["at"] = (times[index - 1] if index else NOW) - 1
        assert code_of(item() | {"custody": early}) == "item-custody"


def test_bounds() -> None:
    long = [{"giver": "李公证", "taker": "李公证", "at": NOW, "reason": "\U0002070e" * 200}] * 32
    large = item() | {"custody": long, "environment": "\U0002070e" * 400, "provenance": "\U0002070e" * 400}
    large["title"] = "\U0002070e" * 100
    large |= {"kind": "as_of", "about": ABOUTS["as_of"] | {"statements": ["11" * 32] * 256}}
    assert code_of(large) == "body-too-large"

"""The body, its core and its QR text: both directions, and everything a strict reader refuses."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.verifier.strategies import REVERSING, bodies
from tests.verifier.world import ISSUER, REGISTERED, World, body_json
from yinzheng.verifier import (
    DataFault,
    UsageFault,
    decode_qr,
    encode_qr,
    is_credit_code,
    is_number,
    key_id,
    parse_body,
)
from yinzheng.verifier.formats.body import LONGEST_TERM, Body, check_plain
from yinzheng.verifier.formats.certificate import decode_core, is_qr_text, statement_of
from yinzheng.verifier.formats.elision import COMFORTABLE_QR
from yinzheng.verifier.judge.obligations import differences

HOST = "yz.example.org"


def refused(code: str, text: str) -> DataFault:
    with pytest.raises(DataFault) as caught:
        decode_qr(text)
    assert caught.value.code == code
    return caught.value


def core_of(qr: str) -> bytes:
    text = qr.rsplit("/", 1)[1]
    return base64.b32decode(text + "=" * (-len(text) % 8))


def qr_of(core: bytes) -> str:
    return f"HTTPS://{HOST}/V/" + base64.b32encode(core).decode().rstrip("=")


# Numbers and codes


@pytest.mark.parametrize("number", ["SJ4412026110001", "SJ0002000019999", "SJ9992099121000"])
def test_numbers(number: str) -> None:
    assert is_number(number)


@pytest.mark.parametrize(
    "number",
    [
        "",
        "SJ4412026110000",
        "SJ4412026130001",
        "SJ4412026000001",
        "SJ4411926110001",
        "SJ44120261100011",
        "SJ441202611001",
        "sj4412026110001",
        "SJ4412026110001\n",
        "SJ441202611000１",
        "XX4412026110001",
    ],
)
def test_what_is_no_number(number: str) -> None:
    assert not is_number(number)


def test_credit_codes_of_the_standard() -> None:
    assert is_credit_code("91350100M000100Y43")
    assert not is_credit_code("91350100M000100Y4Z")
    for damaged in (
        "91350100m000100Y43",
        "91350100M000100Y4",
        " 91350100M000100Y43",
        "9135-0100M000100Y43",
        "",
    ):
        assert not is_credit_code(damaged)


# The body


BAD_BODIES: list[tuple[str, str, dict[str, Any]]] = [
    ("number", "number-malformed", {"number": "SJ1"}),
    ("number type", "number-malformed", {"number": 5}),
    ("version", "field-value", {"v": 2}),
    ("version type", "field-value", {"v": True}),
    ("type", "field-value", {"type": "cancellation"}),
    ("profile", "field-value", {"profile": "GD-HEALTH"}),
    ("no holder", "field-value", {"holders": []}),
    ("21 holders", "field-value", {"holders": body_json()["holders"] * 21}),
    ("limits", "field-value", {"limits": "限" * 401}),
    ("asset", "field-value", {"asset": "名" * 41}),
    ("empty asset", "field-value", {"asset": ""}),
    ("line break", "field-value", {"asset": "a\nb"}),
    ("right to left", "field-value", {"asset": "a\u202eb"}),
    ("class", "field-value", {"class": "secret"}),
    ("level", "field-value", {"level": {"scheme": "x", "value": 6}}),
    ("level type", "field-type", {"level": {"scheme": "x", "value": True}}),
    ("level as list", "field-type", {"level": ["x", 1]}),
    ("registry", "credit-code", {"registry": {"name": "x", "code": "91350100M000100Y4Z"}}),
    ("registry code type", "credit-code", {"registry": {"name": "x", "code": 1}}),
    ("ends before it begins", "term", {"valid_until": REGISTERED}),
    ("over five years", "term", {"valid_until": REGISTERED + LONGEST_TERM + 1}),
    ("remarks", "field-value", {"remarks": [{"kind": "other", "text": ""}] * 5}),
    ("remark kind", "field-value", {"remarks": [{"kind": "none", "text": ""}]}),
    ("prev", "field-value", {"prev": "AB" * 32}),
    ("prev null", "field-type", {"prev": None}),
    ("unknown", "field-unknown", {"owner": "x"}),
]


@pytest.mark.parametrize(("_case", "code", "changes"), BAD_BODIES, ids=[case for case, *_ in BAD_BODIES])
def test_a_body_is_read_strictly(_case: str, code: str, changes: dict[str, Any]) -> None:
    with pytest.raises(DataFault) as caught:
        parse_body(body_json(**changes))
    assert caught.value.code == code


@pytest.mark.parametrize("rights", [["use", "hold"], ["use", "use"], [], ["own"]])
def test_rights_are_listed_once_each_in_their_order(rights: list[str]) -> None:
    body = body_json()
    body["holders"][0]["rights"] = rights
    with pytest.raises(DataFault) as caught:
        parse_body(body)
    assert caught.value.code == "field-value"


@pytest.mark.parametrize("name", sorted(body_json()))
def test_no_field_of_a_body_may_be_missing(name: str) -> None:
    body = body_json()
    del body[name]
    with pytest.raises(DataFault) as caught:
        parse_body(body)
    assert (caught.value.code, caught.value.data["path"]) == ("field-missing", f"$.{name}")


def test_every_character_of_a_plain_text_is_taken_or_refused_as_the_format_says() -> None:
    plain = check_plain(1, 1)

    def taken(character: str) -> bool:
        try:
            return plain(character, "$") == character
        except DataFault:
            return False

    refused = {character for character in map(chr, range(0x110000)) if not taken(character)}
    controls = {chr(code) for code in (*range(0x20), *range(0x7F, 0xA0))}
    assert refused == controls | set(REVERSING)


def test_the_longest_term_is_allowed() -> None:
    assert parse_body(body_json(valid_until=REGISTERED + LONGEST_TERM)).valid_until


def test_a_body_has_a_size() -> None:
    holder = {**body_json()["holders"][0], "name": "🏥" * 100}
    with pytest.raises(DataFault) as caught:
        parse_body(body_json(holders=[holder] * 20))
    assert caught.value.code == "body-too-large"


# Round trips


@settings(max_examples=60, deadline=None)
@given(bodies)
def test_what_is_written_is_read(value: dict[str, Any]) -> None:
    body = parse_body(value)
    assert body.to_json() == value
    qr = encode_qr(body, ISSUER, HOST)
    core = decode_qr(qr)
    assert core.kid == key_id(ISSUER.public_key.point)
    assert ISSUER.public_key.verify(core.signed, core.signature)
    assert differences(core, body) == ()
    assert core.statement() == statement_of(body)
    assert (core.body == body) is (core.declared is None) is (not core.elided)
    assert decode_qr(qr.lower()) == core
    assert qr_of(core_of(qr)) == qr.replace(HOST.upper(), HOST)


@settings(max_examples=40, deadline=None)
@given(bodies, st.data())
def test_elision_is_as_little_as_fits(value: dict[str, Any], data: st.DataObject) -> None:
    body = parse_body(value)
    qr = encode_qr(body, ISSUER, HOST)
    core = decode_qr(qr)
    lengths = {"limits": len(body.limits.encode()), "scale": len(body.scale.encode())}
    lengths |= {f"remarks[{at}].text": len(remark.text.encode()) for at, remark in enumerate(body.remarks)}
    kept = [path for path, length in lengths.items() if length > 64 and path not in core.elided]
    if len(qr) > COMFORTABLE_QR:
        assert kept == []
    assert all(lengths[path] > 64 for path in core.elided)
    assert all(lengths[one] >= lengths[other] for one in core.elided for other in kept)


def test_texts_give_way_beyond_the_comfortable_length_alone() -> None:
    lengths = {}
    for size in range(300, 401):
        qr = encode_qr(
            parse_body(body_json(limits="x" * size, asset="名" * 40, scale="万" * 21)), ISSUER, HOST
        )
        lengths[size] = (len(qr), bool(decode_qr(qr).elided))
    whole = [length for length, elided in lengths.values() if not elided]
    assert COMFORTABLE_QR - 1 <= max(whole) <= COMFORTABLE_QR
    assert any(elided for _, elided in lengths.values())


def test_a_text_of_which_only_the_digest_is_shown_is_compared_by_it() -> None:
    body = parse_body(body_json(limits="限" * 400, remarks=[{"kind": "other", "text": "注" * 200}]))
    core = decode_qr(encode_qr(body, ISSUER, HOST))
    assert set(core.elided) == {"limits", "remarks[0].text"}
    other = parse_body(body_json(limits="限" * 399, remarks=[{"kind": "other", "text": "注" * 200}]))
    assert [(d.path, d.certificate) for d in differences(core, other)] == [("limits", "…")]
    gone = parse_body(body_json(limits="限" * 400, remarks=[]))
    assert {d.path for d in differences(core, gone)} == {"remarks[0].kind", "remarks[0].text"}


def test_scale_and_remarks_give_way_too() -> None:
    short = [{"kind": kind, "text": "约" * 21} for kind in ("agreed", "control", "seizure")]
    long = [{"kind": "other", "text": "注" * 200}, *short]
    body = parse_body(body_json(limits="", scale="万" * 60, remarks=long, asset="名" * 40))
    core = decode_qr(encode_qr(body, ISSUER, HOST))
    assert set(core.elided) == {"remarks[0].text", "scale"}
    assert [remark.text for remark in core.body.remarks] == ["…", *["约" * 21] * 3]
    assert core.body.scale == "…"
    assert differences(core, body) == ()


def test_a_whole_that_is_not_the_sum_of_its_parts() -> None:
    body = parse_body(body_json(limits="限" * 400))
    fields = cbor2.loads(cbor2.loads(core_of(encode_qr(body, ISSUER, HOST)))[2])
    fields[17] = bytes(64)
    core = decode_qr(resigned(fields))
    assert [d.path for d in differences(core, body)] == ["$"]


def test_a_host_is_checked_and_then_means_nothing() -> None:
    body = parse_body(body_json())
    for host in ("localhost:8000", "[::1]:80", "例", "a/b", "a b", ""):
        if host in ("localhost:8000", "[::1]:80"):
            assert decode_qr(encode_qr(body, ISSUER, host)).body == body
        else:
            with pytest.raises(UsageFault, match="host"):
                encode_qr(body, ISSUER, host)


def test_a_text_too_long_for_a_code_is_not_written() -> None:
    holders = [{**body_json()["holders"][0], "name": "很" * 90} for _ in range(12)]
    with pytest.raises(UsageFault) as caught:
        encode_qr(parse_body(body_json(holders=holders)), ISSUER, HOST)
    assert caught.value.code == "qr-too-long"


# The QR text


def test_forms_of_the_text() -> None:
    qr = World().qr
    path = qr[qr.index("/V/") :]
    core = decode_qr(qr)
    for text in (
        qr.lower(),
        qr.replace("YZ.EXAMPLE.ORG", "look-alike.example.net:444"),
        path,
        path.lower(),
        f"  {qr}\r\n",
        qr.replace("HTTPS", "Https"),
    ):
        assert decode_qr(text) == core
        assert is_qr_text(text)


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("qr-scheme", lambda qr: qr.replace("HTTPS", "http")),
        ("qr-scheme", lambda qr: qr.replace("HTTPS", "javascript")),
        ("qr-foreign", lambda qr: qr + "?x=1"),
        ("qr-foreign", lambda qr: qr + "#x"),
        ("qr-foreign", lambda qr: qr + "/"),
        ("qr-foreign", lambda qr: qr.replace("/V/", "/W/")),
        ("qr-foreign", lambda qr: qr.replace("HTTPS://", "HTTPS:///")),
        ("qr-foreign", lambda qr: qr.replace("ttps", "tt p s").replace("HTTPS", "HTTP S")),
        ("qr-foreign", lambda _: ""),
        ("qr-foreign", lambda _: "https://qr.alipay.com/abc"),
        ("qr-foreign", lambda _: "wxp://f2f0abc"),
        ("qr-foreign", lambda _: "WIFI:S:home;T:WPA;P:secret;;"),
        ("qr-foreign", lambda _: "BEGIN:VCARD\nEND:VCARD"),
        ("qr-alphabet", lambda qr: qr + "1"),
        ("qr-alphabet", lambda qr: qr + "===="),
        ("qr-alphabet", lambda qr: qr + "_A"),
        ("qr-alphabet", lambda _: "HTTPS://X/V/"),
        ("qr-alphabet", lambda qr: qr.replace("S", "ſ").replace("HTTPſ", "HTTPS")),
        ("qr-too-long", lambda qr: qr + "A" * 100_000),
        ("core-malformed", lambda _: "/V/AAAA"),
    ],
)
def test_other_texts_are_refused(code: str, change: Callable[[str], str]) -> None:
    refused(code, change(World().qr))


def test_truncation_and_trailing_bits_or_bytes() -> None:
    qr = World().qr
    codes = {refused_code(qr[:-cut]) for cut in range(1, 40)}
    assert codes <= {"qr-bits", "core-malformed"}
    assert refused_code(qr_of(core_of(qr) + b"\0")) == "core-malformed"
    for extra in "ABCDEFG234567":
        assert refused_code(qr + extra) in {"qr-bits", "core-malformed"}
    last = qr[-1]
    spare = len(qr.rsplit("/", 1)[1]) * 5 % 8
    assert spare  # the last character has bits to spare: every other value of them is refused
    value = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".index(last)
    for other in range(1, 1 << spare):
        assert refused_code(qr[:-1] + "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[value ^ other]) == "qr-bits"


def refused_code(text: str) -> str:
    with pytest.raises(DataFault) as caught:
        decode_qr(text)
    return caught.value.code


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_refused_in_an_orderly_way(data: bytes) -> None:
    with pytest.raises(DataFault):
        decode_core(data)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_refused_in_an_orderly_way(text: str) -> None:
    with pytest.raises(DataFault):
        decode_qr(text)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_changed_byte_is_never_another_encoding_of_the_same(at: int, mask: int) -> None:
    core = bytearray(core_of(World().qr))
    core[at % len(core)] ^= mask
    try:
        changed = decode_core(bytes(core))
    except DataFault:
        return
    assert changed != decode_core(core_of(World().qr))


# The core


def resigned(fields: Any, protected: Any = None, unprotected: Any = None) -> str:
    """A core made by the issuer itself, however odd."""
    head = {1: -70001, 4: key_id(ISSUER.public_key.point)} if protected is None else protected
    protected_bytes = cbor2.dumps(head, canonical=True)
    payload = cbor2.dumps(fields, canonical=True)
    to_sign = cbor2.dumps(["Signature1", protected_bytes, b"yinzheng/certificate/1", payload])
    core = [protected_bytes, {} if unprotected is None else unprotected, payload, ISSUER.sign(to_sign)]
    return qr_of(cbor2.dumps(core, canonical=True))


def payload(body: Body | None = None) -> dict[int, Any]:
    world = World() if body is None else World(body=body)
    fields: dict[int, Any] = cbor2.loads(cbor2.loads(core_of(world.qr))[2])
    return fields


def test_the_independent_encoding_is_ours() -> None:
    assert decode_qr(resigned(payload())).body == World().body


@pytest.mark.parametrize(
    "change",
    [
        {0: 2},
        {0: True},
        {0: 1.0},
        {1: 5},
        {2: 2},
        {2: 0},
        {2: True},
        {2: "first"},
        {4: -1},
        {4: 3},
        {5: []},
        {5: {}},
        {5: ["abc"]},
        {5: [["名", "91350100M000100Y43"]]},
        {5: [["名", "91350100M000100Y43", 0]]},
        {5: [["名", "91350100M000100Y43", 8]]},
        {5: [["名", "91350100M000100Y43", True]]},
        {6: bytes(64)},
        {6: bytes(63)},
        {6: None},
        {7: bytes(64)},
        {9: {"scheme": "x", "value": 1}},
        {9: ["x"]},
        {9: ["x", 1, 1]},
        {9: "xy"},
        {11: bytes(64)},
        {12: [1, 2]},
        {13: -1},
        {13: "1"},
        {13: 2**60},
        {15: {1: 2}},
        {15: [{1: "x", 2: "y"}]},
        {15: [[1]]},
        {15: ["ab"]},
        {15: [[6, "x"]]},
        {15: [[1, bytes(64)]]},
        {16: "ab" * 32},
        {16: bytes(31)},
        {17: bytes(64)},
        {17: None},
        {17: b""},
        {18: 1},
        {"x": 1},
    ],
    ids=str,
)
def test_a_payload_is_read_strictly_even_when_signed(change: dict[Any, Any]) -> None:
    assert refused_code(resigned({**payload(), **change})) == "core-payload"


def test_a_payload_misses_nothing_and_names_fields_by_integers_alone() -> None:
    for key in range(17):
        assert (
            refused_code(resigned({name: v for name, v in payload().items() if name != key}))
            == "core-payload"
        )
    fields: dict[Any, Any] = payload()
    fields[16.0] = fields.pop(16)
    assert refused_code(resigned(fields)) == "core-payload"
    assert refused_code(resigned([])) == "core-payload"


def test_a_body_that_is_changed_is_written_anew() -> None:
    body = decode_qr(World().qr).body
    assert body.canonical() is body.canonical()
    other = replace(body, limits="x")
    assert json.loads(other.canonical())["limits"] == "x"
    assert other.commitment() != body.commitment()


def test_digests_come_with_that_of_the_whole() -> None:
    for key in (6, 11):
        assert decode_qr(resigned({**payload(), key: bytes(64), 17: bytes(64)})).elided
    assert decode_qr(resigned({**payload(), 15: [[1, bytes(64)]], 17: bytes(64)})).elided
    assert refused_code(resigned({**payload(), 6: bytes(64), 17: bytes(63)})) == "core-payload"


@pytest.mark.parametrize(
    "core",
    [
        [],
        {},
        [b"", {}, b""],
        [b"", {}, b"", bytes(64), 1],
        [b"", {}, b"", bytes(63)],
        [b"", {}, "", bytes(64)],
        [b"", {}, b"", "x"],
        [b"", {4: b""}, b"", bytes(64)],
        [b"", [], b"", bytes(64)],
        ["", {}, b"", bytes(64)],
        [b"", {}, b"", bytes(64)],
        cbor2.CBORTag(18, [b"", {}, b"", bytes(64)]),
    ],
    ids=str,
)
def test_a_core_has_one_structure(core: Any) -> None:
    assert refused_code(qr_of(cbor2.dumps(core, canonical=True))) == "core-malformed"


@pytest.mark.parametrize(
    "protected",
    [
        {},
        {1: -7, 4: bytes(8)},
        {1: -70001, 4: bytes(7)},
        {1: -70001, 4: bytes(9)},
        {1: -70001},
        {1: -70001, 3: 0, 4: bytes(8)},
        {1: -70001, 4: bytes(8), 5: b""},
    ],
    ids=str,
)
def test_the_protected_header_is_what_it_must_be(protected: dict[int, Any]) -> None:
    assert refused_code(resigned(payload(), protected)) == "core-malformed"
    assert refused_code(resigned(payload(), None, {4: b""})) == "core-malformed"


def test_a_code_that_grows_when_it_is_written_out_is_refused_at_once() -> None:
    """Lists shared sixty times, seven deep: a code of 1,700 characters held a verifier for hours."""
    shared = b"\xd8\x1c\x98\x3c" + bytes(60)
    for level in range(6):
        shared += b"\xd8\x1c\x98\x3c" + (b"\xd8\x1d" + bytes((level,))) * 60
    core = cbor2.loads(core_of(World().qr))
    assert refused_code(qr_of(b"\x87" + shared)) == "core-malformed"
    assert refused_code(qr_of(cbor2.dumps([*core[:2], b"\xa1\x00\x87" + shared, core[3]]))) == "core-payload"


def test_other_encodings_of_the_same_are_refused() -> None:
    core = core_of(World().qr)
    protected, unprotected, body, signature = cbor2.loads(core)
    assert core[0] == 0x84
    indefinite = b"\x9f" + core[1:] + b"\xff"
    long_length = b"\x98\x04" + core[1:]
    swapped = dict(reversed(payload().items()))
    unordered = [protected, unprotected, cbor2.dumps(swapped), signature]
    with_float = [
        protected,
        unprotected,
        body.replace(b"\x00\x01", b"\x00\xfb\x3f\xf0" + bytes(6), 1),
        signature,
    ]
    for other in (indefinite, long_length, cbor2.dumps(unordered), cbor2.dumps(with_float)):
        assert refused_code(qr_of(other)) in {"core-malformed", "core-payload"}
    for deep in (b"\x81" * 3000, b"\x9f" * 500, b"\xd8\x1d\x00", b"\xc2\x41\x01", b"\xd9\x01\x03\x80"):
        with pytest.raises(DataFault):
            decode_core(deep)

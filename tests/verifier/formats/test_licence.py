"""A licence's bodies, its statement and its voucher's QR text: both directions, and what is refused."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.verifier.bodies import LAB, PAIR
from tests.verifier.licences import (
    ENDS,
    FORUM,
    GIVEN,
    LICENCE,
    LICENSEE,
    LicenceState,
    end_json,
    licence_json,
)
from tests.verifier.strategies import names
from tests.verifier.world import DAY, HOSPITAL, ISSUER, REGISTRY
from yinzheng.ledger.rules import licences as rules
from yinzheng.ledger.rules.terms import Right
from yinzheng.verifier.bytes.wording import check_words
from yinzheng.verifier.chain.layout_moves import decode_licence
from yinzheng.verifier.chain.terms import ACTS, TERRITORY
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.body import LONGEST_TERM, RIGHTS
from yinzheng.verifier.formats.elision import COMFORTABLE_QR, ELIDED
from yinzheng.verifier.formats.licence import (
    differing_terms,
    ended_statement,
    given_statement,
    is_licence_number,
    parse_licence,
    parse_licence_end,
)
from yinzheng.verifier.formats.voucher import decode_voucher, encode_voucher, is_voucher_text
from yinzheng.verifier.judge.obligations import differences
from yinzheng.verifier.words import licence as words

HOST = "yz.example.org"
LONG = "用于药物不良反应监测与真实世界研究" * 11


def _some(order: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
    return st.sets(st.sampled_from(order), min_size=1).map(lambda chosen: [n for n in order if n in chosen])


def _words(text: str) -> bool:
    try:
        check_words(1, 200)(text, "$")
    except DataFault:
        return False
    return True


parties = st.fixed_dictionaries({"name": names(1, 100), "code": st.just(HOSPITAL["code"])})
purposes = st.sampled_from([LONG, "研究"]) | st.text(st.characters(categories=["L", "Nd"]), min_size=1)
licences = st.builds(
    lambda begins, term, **changes: licence_json(
        begins=GIVEN + begins, ends=GIVEN + begins + term, **changes
    ),
    begins=st.integers(-DAY, DAY),
    term=st.integers(DAY, 4 * 365 * DAY),
    number=st.from_regex(r"L-20[0-9]{2}-[1-9][0-9]{5}", fullmatch=True),
    licensor=parties,
    licensee=parties.map(lambda party: {**party, "code": LAB}),
    rights=_some(RIGHTS),
    acts=_some(ACTS),
    territory=_some(TERRITORY),
    purposes=purposes.filter(_words),
    exclusive=st.booleans(),
)


@settings(max_examples=40)
@given(licences)
def test_bodies_and_codes_come_back(value: dict[str, Any]) -> None:
    body = parse_licence(value)
    assert body.to_json() == value
    qr = encode_voucher(body, ISSUER, HOST)
    assert is_voucher_text(qr)
    read = decode_voucher(qr)
    assert read.statement() == given_statement(body)
    assert differences(read, body) == ()
    assert (read.declared is None) == (read.body == body)


def test_purposes_give_way_to_their_digest() -> None:
    body = parse_licence(licence_json(purposes=LONG, licensor={**HOSPITAL, "name": "某" * 80}))
    qr = encode_voucher(body, ISSUER, HOST)
    read = decode_voucher(qr)
    assert len(qr) <= COMFORTABLE_QR
    assert read.body.purposes == ELIDED
    assert set(read.elided) == {"purposes"}
    assert read.commitment() == body.commitment()
    other = parse_licence({**body.to_json(), "purposes": LONG[:-1]})
    assert [one.path for one in differences(read, other)] == ["purposes"]


def test_statements_follow() -> None:
    subject = hashlib.sha256(f"yinzheng/licence/1:{LICENCE}".encode()).digest()
    given_ = given_statement(parse_licence(licence_json()))
    assert (given_.type, given_.subject, given_.at, given_.by) == (
        "licence.given",
        subject,
        GIVEN,
        "registry",
    )
    ended = ended_statement(parse_licence_end(end_json()))
    assert (ended.type, ended.subject, ended.by) == ("licence.ended", subject, "registry")
    decided = end_json(ground="document", request=None, forum=FORUM, document=PAIR)
    assert ended_statement(parse_licence_end(decided)).by == "forum"


@pytest.mark.parametrize("number", ["L-2026-000001", "L-2099-999999"])
def test_numbers(number: str) -> None:
    assert is_licence_number(number)


@pytest.mark.parametrize(
    "number",
    ["", "L-2026-000000", "L-1999-000001", "L-2026-1", "l-2026-000001", "L-2026-000001\n", "A-2026-000001"],
)
def test_what_is_no_number(number: str) -> None:
    assert not is_licence_number(number)


BAD: list[tuple[str, dict[str, Any]]] = [
    ("licence-number", {"number": "L-1"}),
    ("licence-number", {"number": 1}),
    ("field-type", {"registration": 1}),
    ("licence-registration", {"profile": "NDA-2026/1"}),
    ("number-malformed", {"certificate": {"number": "SJ1", "leaf": "11" * 32}}),
    ("licence-self", {"licensee": {**LICENSEE, "code": HOSPITAL["code"]}}),
    ("credit-code", {"licensee": {**LICENSEE, "code": "91350100M000100Y4Z"}}),
    ("name-spelling", {"licensee": {**LICENSEE, "name": " 某院"}}),
    ("field-value", {"rights": []}),
    ("field-value", {"rights": ["use", "hold"]}),
    ("field-value", {"acts": ["use", "use"]}),
    ("field-value", {"territory": ["99"]}),
    ("field-value", {"purposes": ""}),
    ("encoded-bytes", {"purposes": "data:image/png,xyz"}),
    ("licence-term", {"begins": GIVEN - DAY - 1}),
    ("licence-term", {"begins": ENDS + 1}),
    ("licence-term", {"begins": GIVEN - 9, "ends": GIVEN - 1}),
    ("licence-term", {"ends": GIVEN + LONGEST_TERM + 1}),
    ("field-unknown", {"price": 1}),
]


@pytest.mark.parametrize(("code", "changes"), BAD)
def test_licences_that_are_refused(code: str, changes: dict[str, Any]) -> None:
    with pytest.raises(DataFault) as caught:
        parse_licence(licence_json(**changes))
    assert caught.value.code == code


def test_under_the_national_profile_it_is_recorded() -> None:
    body = parse_licence(licence_json(profile="NDA-2026/1", registration=False))
    assert not body.registration


@pytest.mark.parametrize(
    "changes",
    [
        {"request": None},
        {"forum": FORUM},
        {"document": PAIR},
        {"ground": "document"},
        {"ground": "document", "forum": FORUM, "document": PAIR},
        {"ground": "document", "request": None, "document": PAIR},
    ],
)
def test_an_end_names_exactly_its_grounds(changes: dict[str, Any]) -> None:
    with pytest.raises(DataFault) as caught:
        parse_licence_end(end_json(**changes))
    assert caught.value.code == "licence-ground"


def test_names_are_those_of_the_rules() -> None:
    assert tuple(rules.Act) == ACTS
    assert tuple(words.PROVINCES) == TERRITORY
    assert tuple(words.ACTS) == ACTS
    assert tuple(Right) == RIGHTS


def test_the_chain_agrees_or_the_terms_are_named() -> None:
    body, other = parse_licence(licence_json()), bytes(31) + b"\x01"

    def differing(**changes: Any) -> tuple[str, ...]:
        found = decode_licence(LicenceState.of(body, **changes).words())
        assert found is not None
        return differing_terms(body, found)

    assert differing() == ()
    assert differing(certificate=other) == ("certificate",)
    assert differing(licensor=other, licensee=other) == ("licensor", "licensee")
    assert differing(rights=6, acts=1, territory=1) == ("rights", "acts", "territory")
    terms = {"exclusive": 1, "valid_from": GIVEN - 1, "valid_until": ENDS - 1}
    assert differing(**terms) == ("exclusive", "begins", "ends")
    assert differing(given_at=GIVEN - 1) == ("registered_at",)
    assert differing(given_at=GIVEN + DAY) == ()
    assert differing(given_at=GIVEN + DAY + 1) == ("registered_at",)


def test_an_end_comes_back() -> None:
    assert parse_licence_end(end_json()).to_json() == end_json()
    with pytest.raises(DataFault):
        parse_licence_end(end_json(ground="bored"))


# The code


def core_of(qr: str) -> bytes:
    digits = qr.rsplit("/", 1)[1]
    return base64.b32decode(digits + "=" * (-len(digits) % 8))


def changed(edit: Callable[[dict[int, Any]], object], *, purposes: str = "研究") -> str:
    """A code whose payload was edited; its signature no longer holds, but nothing looks at that here."""
    names_ = {**HOSPITAL, "name": "某" * 80}
    qr = encode_voucher(parse_licence(licence_json(purposes=purposes, licensor=names_)), ISSUER, HOST)
    protected, unprotected, payload, signature = cbor2.loads(core_of(qr))
    fields = cbor2.loads(payload)
    edit(fields)
    core = cbor2.dumps([protected, unprotected, cbor2.dumps(fields, canonical=True), signature])
    return f"HTTPS://{HOST}/L/" + base64.b32encode(core).decode().rstrip("=")


def put(key: int, value: Any) -> Callable[[dict[int, Any]], object]:
    return lambda fields: fields.__setitem__(key, value)


@pytest.mark.parametrize(
    ("edit", "purposes"),
    [
        (put(19, 1), "研究"),
        (put(18, bytes(64)), "研究"),
        (lambda fields: fields.pop(17), "研究"),
        (lambda fields: fields.pop(18), LONG),
        (put(18, bytes(63)), LONG),
        (put(10, bytes(64)), "研究"),
        (put(10, 5), "研究"),
        (put(4, "SJ4412026110001"), "研究"),
        (put(4, ["SJ4412026110001", "x"]), "研究"),
        (put(5, [HOSPITAL["name"]]), "研究"),
        (put(7, 0), "研究"),
        (put(7, True), "研究"),
        (put(8, 64), "研究"),
        (put(9, 1 << 34), "研究"),
        (put(13, 1), "研究"),
        (put(16, bytes(63)), "研究"),
        (put(17, "ab"), "研究"),
    ],
)
def test_payloads_that_are_refused(edit: Callable[[dict[int, Any]], object], purposes: str) -> None:
    with pytest.raises(DataFault) as caught:
        decode_voucher(changed(edit, purposes=purposes))
    assert caught.value.code == "core-payload"


def test_other_codes_are_refused() -> None:
    qr = encode_voucher(parse_licence(licence_json()), ISSUER, HOST)
    for text, code in (
        (qr.replace("/L/", "/V/"), "qr-foreign"),
        (qr[:-1], "qr-bits"),
        (qr.replace("HTTPS", "HTTP"), "qr-scheme"),
        (qr.rsplit("/", 1)[1], "qr-foreign"),
    ):
        with pytest.raises(DataFault) as caught:
            decode_voucher(text)
        assert caught.value.code == code
    assert decode_voucher("/l/" + qr.rsplit("/", 1)[1].lower()) == decode_voucher(qr)
    assert not is_voucher_text(qr.replace("/L/", "/V/"))


def test_no_host_and_no_length_beyond_the_bound() -> None:
    body = parse_licence(
        licence_json(
            licensor={**HOSPITAL, "name": "𠮷" * 100},
            licensee={**LICENSEE, "name": "𠮷" * 100},
            registry={**REGISTRY, "name": "𠮷" * 100},
            purposes="𠮷" * 200,
        )
    )
    assert len(encode_voucher(body, ISSUER, HOST)) <= 4096
    with pytest.raises(UsageFault):
        encode_voucher(body, ISSUER, "no host")

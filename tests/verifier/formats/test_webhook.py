"""Notices of the registry: closed data by kind, signature over every byte, whose key, for whom, when."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verifier.bodies import HOSPITAL, LAB, NOW
from tests.verifier.formats.test_bodies import PHOTO, leaves, with_
from tests.verifier.world import ISSUER, REGISTERED, STRANGER, trust
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.notice import CHANGES, SCOPED_CHANGES, SCOPES
from yinzheng.verifier.formats.webhook import (
    KINDS,
    MAX_BODY,
    MAX_EVENTS,
    MAX_UNCOVERED,
    MAX_UNCOVERED_VERSIONS,
    Webhook,
    parse_webhook,
    sign_webhook,
    verify_webhook,
)
from yinzheng.verifier.log.statement import STATEMENT_TYPES

LONGEST_TYPE = max(STATEMENT_TYPES, key=len)
A, B, C, D = (letter * 64 for letter in "abcd")
OF: dict[str, Any] = {"withdrawal": A, "consent": B, "request": C}
HELD: dict[str, Any] = {"dispute": A, "statement": B, "records": [], "cases": [], "consents": [C, D]}
DUTY: dict[str, Any] = {
    **OF,
    "duty": "destroy",
    "scopes": [],
    "parts": [
        {"scope": "base", "route": "deidentified"},
        {"scope": "insurance", "route": "identifiable"},
    ],
}
STATEMENT: dict[str, Any] = {
    "v": 1,
    "type": "dispute.opened",
    "profile": "DEMO/1",
    "subject": A,
    "at": NOW,
    "commitment": {"sm3": B, "sha256": C},
    "prev": None,
    "by": "forum",
}
DATA: dict[str, dict[str, Any]] = {
    "withdrawal.freeze": {
        **OF,
        "scopes": ["base", "insurance"],
        "recipients": sorted([HOSPITAL, LAB]),
        "deadline": NOW,
        "reminder": None,
    },
    "withdrawal.destroy": {**DUTY, "deadline": NOW, "reminder": "half"},
    "withdrawal.held": DUTY,
    "withdrawal.ethics": {**OF, "scopes": []},
    "withdrawal.concluded": {**OF, "outcome": "restricted", "statement": D, "until": NOW},
    "dispute.hold": HELD,
    "dispute.released": HELD,
    "certificate.objection": {"certificate": "SJ4412026110001", "objection": A, "due": NOW},
    "certificate.recorded": {"certificate": "SJ4412026110001", "type": "remark.entered", "statement": A},
    "notice.widened": {
        "notice": A,
        "version": 3,
        "wider": [{"change": "kinds", "scope": None}, {"change": "purpose", "scope": "base"}],
        "at_most": 4,
        "uncovered": [
            {"version": 2, "wider": [{"change": "kinds", "scope": None}], "consents": [B, C]},
            {"version": 1, "wider": [{"change": "period", "scope": None}], "consents": [D]},
        ],
        "next": f"1-{NOW}-{D}",
    },
    "certificate.events": {
        "subscription": "ab" * 16,
        "begin": 12,
        "end": 40,
        "events": [
            {
                "number": number,
                "certificates": ["SJ4412026090001"],
                "statement": STATEMENT | {"at": number},
                "block": number,
            }
            for number in (12, 39)
        ],
    },
}
WIDER = DATA["notice.widened"]["wider"]
GROUPS = DATA["notice.widened"]["uncovered"]
EVENTS = DATA["certificate.events"]["events"]
OWN = ("credit-code", "number-malformed")
"""Codes of checks that are no plain field's."""
EACH = pytest.mark.parametrize("kind", DATA)


def webhook(kind: str = "withdrawal.destroy", to: str = LAB, at: int = REGISTERED, **data: Any) -> Webhook:
    return Webhook(bytes(range(16)), kind, to, at, {**copy.deepcopy(DATA[kind]), **data})


BODY, HEADER = sign_webhook(webhook(), ISSUER)
ISSUERS = trust().issuers


def refusal(body: bytes = BODY, header: str = HEADER, *, to: str = LAB, now: int = REGISTERED) -> str:
    with pytest.raises(DataFault) as caught:
        verify_webhook(body, header, ISSUERS, to=to, now=now)
    return caught.value.code


def test_every_kind_has_its_data() -> None:
    assert set(KINDS) == set(DATA)


@EACH
def test_round_trip(kind: str) -> None:
    sent = webhook(kind)
    body, header = sign_webhook(sent, ISSUER)
    assert len(body) < MAX_BODY
    assert verify_webhook(body, header, ISSUERS, to=LAB, now=REGISTERED).to_json() == sent.to_json()
    assert verify_webhook(body, header, ISSUER.public_key, to=LAB, now=REGISTERED) == parse_webhook(body)


def test_what_is_signed() -> None:
    kid, _, _ = HEADER.partition(".")
    assert kid in {key.hex() for key in ISSUERS}
    raw = b"yinzheng/webhook/1\n" + BODY

    class Same:
        public_key = ISSUER.public_key

        def sign(self, message: bytes) -> bytes:
            assert message == raw
            return bytes(64)

    assert sign_webhook(webhook(), Same()) == (BODY, f"{kid}.{'A' * 86}")


@EACH
def test_data_is_closed(kind: str) -> None:
    for way, member in [((), DATA[kind]), *leaves(DATA[kind])]:
        if isinstance(member, dict):
            with pytest.raises(DataFault) as caught:
                webhook(kind, **with_({"x": DATA[kind]}, ("x", *way, "name"), "张三")["x"])
            assert caught.value.code == "field-unknown"
        else:
            for other in (PHOTO, 1.5, {"x": 1}):
                with pytest.raises(DataFault) as caught:
                    webhook(kind, **with_(DATA[kind], way, other))
                assert caught.value.code.startswith("field-") or caught.value.code in OWN
    for name in DATA[kind]:
        cut = {key: value for key, value in DATA[kind].items() if key != name}
        with pytest.raises(DataFault) as caught:
            Webhook(bytes(16), kind, LAB, NOW, cut)
        assert caught.value.code == "field-missing"


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("withdrawal.destroy", {"parts": DATA["withdrawal.destroy"]["parts"][::-1]}),
        ("withdrawal.destroy", {"parts": DATA["withdrawal.destroy"]["parts"][:1] * 2}),
        ("withdrawal.held", {"parts": DUTY["parts"][::-1]}),
        ("withdrawal.concluded", {"until": None}),
        ("withdrawal.concluded", {"outcome": "completed"}),
        ("dispute.hold", {"consents": []}),
        ("dispute.released", {"consents": []}),
        ("notice.widened", {"wider": WIDER[::-1]}),
        ("notice.widened", {"wider": WIDER[:1] * 2}),
        ("notice.widened", {"wider": [{"change": "kinds", "scope": "base"}]}),
        ("notice.widened", {"wider": [{"change": "purpose", "scope": None}]}),
        ("notice.widened", {"uncovered": GROUPS[::-1]}),
        ("notice.widened", {"uncovered": GROUPS[:1] * 2}),
        ("notice.widened", {"uncovered": [{**GROUPS[0], "wider": WIDER[::-1]}]}),
        ("notice.widened", {"version": 2}),
        ("notice.widened", {"at_most": 2}),
        ("certificate.events", {"events": EVENTS[::-1]}),
        ("certificate.events", {"events": EVENTS[:1] * 2}),
        ("certificate.events", {"begin": 13}),
        ("certificate.events", {"end": 39}),
    ],
)
def test_data_that_contradicts_itself(kind: str, data: dict[str, Any]) -> None:
    with pytest.raises(DataFault) as caught:
        webhook(kind, **data)
    assert caught.value.code == "webhook-data"


def test_the_longest_notice_of_a_widened_version_is_within_bounds() -> None:
    scopes = {change: sorted(SCOPES) if change in SCOPED_CHANGES else [None] for change in CHANGES}
    wider = [{"change": change, "scope": scope} for change in CHANGES for scope in scopes[change]]
    per = MAX_UNCOVERED // MAX_UNCOVERED_VERSIONS
    subjects = [f"{number:064x}" for number in range(MAX_UNCOVERED)]
    groups: list[dict[str, Any]] = [
        {"version": 9999 - n, "wider": wider, "consents": subjects[n * per : (n + 1) * per]}
        for n in range(1, MAX_UNCOVERED_VERSIONS + 1)
    ]
    groups[-1]["consents"] = subjects[-(MAX_UNCOVERED - per * (MAX_UNCOVERED_VERSIONS - 1)) :]
    most: dict[str, Any] = {"version": 9999, "wider": wider, "at_most": 2**53 - 1, "uncovered": groups}
    assert len(webhook("notice.widened", **most).canonical()) < MAX_BODY


def test_the_longest_letter_of_events_is_within_bounds() -> None:
    numbers = [f"SJ4412026{month:02}{serial:04}" for month in (11, 12) for serial in range(1, 33)]
    most = {"at": 2**53 - 1, "by": "controller", "prev": D, "profile": "A" * 30 + "/9", "type": LONGEST_TYPE}
    event = {"certificates": numbers, "statement": STATEMENT | most, "block": 2**53 - 1}
    end = 2**53 - 1
    events = [{**event, "number": end - MAX_EVENTS + n} for n in range(MAX_EVENTS)]
    assert len(webhook("certificate.events", begin=0, end=end, events=events).canonical()) < MAX_BODY


def test_completed_has_no_end() -> None:
    webhook("withdrawal.concluded", outcome="completed", until=None)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"id": "00" * 15}, "field-value"),
        ({"kind": "withdrawal.celebrate"}, "field-value"),
        ({"to": "91350100M000100Y4Z"}, "credit-code"),
        ({"at": -1}, "field-value"),
        ({"data": []}, "field-type"),
        ({"v": 2}, "field-value"),
        ({"person": "张三"}, "field-unknown"),
    ],
)
def test_a_body_is_closed_even_if_signed(changes: dict[str, Any], code: str) -> None:
    body = dumps({**webhook().to_json(), **changes})

    class Careless:
        public_key = ISSUER.public_key

        def sign(self, message: bytes) -> bytes:
            return ISSUER.sign(b"yinzheng/webhook/1\n" + body)

    _, header = sign_webhook(webhook(), Careless())
    assert refusal(body, header) == code


def test_for_another_organisation_or_from_the_future() -> None:
    assert refusal(to=HOSPITAL) == "webhook-recipient"
    body, header = sign_webhook(webhook(at=REGISTERED + 301), ISSUER)
    assert refusal(body, header) == "webhook-future"
    assert verify_webhook(body, header, ISSUERS, to=LAB, now=REGISTERED + 1).at == REGISTERED + 301


def test_keys() -> None:
    body, header = sign_webhook(webhook(), STRANGER)
    assert refusal(body, header) == "issuer-unknown"
    with pytest.raises(DataFault) as caught:
        verify_webhook(BODY, HEADER, STRANGER.public_key, to=LAB, now=REGISTERED)
    assert caught.value.code == "issuer-unknown"
    _, signature = header.split(".")
    assert refusal(header=f"{HEADER[:16]}.{signature}") == "webhook-signature"
    assert refusal(now=REGISTERED + 2 * 86_400) == "after-key"
    assert refusal(now=REGISTERED - 2 * 86_400) == "before-key"


def test_a_stolen_key_cannot_claim_an_earlier_time() -> None:
    def stolen(policy: dict[str, Any]) -> None:
        policy["issuers"][0]["compromised_at"] = REGISTERED + 10

    issuers = trust(stolen).issuers
    verify_webhook(BODY, HEADER, issuers, to=LAB, now=REGISTERED + 9)
    with pytest.raises(DataFault) as caught:
        verify_webhook(BODY, HEADER, issuers, to=LAB, now=REGISTERED + 10)
    assert caught.value.code == "key-compromised"


@pytest.mark.parametrize(
    "header", ["", HEADER[:-1], HEADER + "A", HEADER.upper(), HEADER.replace(".", ","), HEADER[:-1] + "%"]
)
def test_malformed_headers(header: str) -> None:
    assert refusal(header=header) == "webhook-malformed"


def test_a_header_has_one_spelling() -> None:
    # 64 bytes leave four bits of the last character unused.
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = alphabet[alphabet.index(HEADER[-1]) + 1]
    assert refusal(header=HEADER[:-1] + other) == "webhook-malformed"


@given(st.data())
def test_any_byte_tampered_with(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(BODY) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda byte: byte != BODY[at]))
    assert refusal(BODY[:at] + bytes([other]) + BODY[at + 1 :]) == "webhook-signature"


def test_a_signature_for_something_else_is_none() -> None:
    class OtherPrefix:
        public_key = ISSUER.public_key

        def sign(self, message: bytes) -> bytes:
            return ISSUER.sign(message.replace(b"webhook", b"request"))

    assert refusal(*sign_webhook(webhook(), OtherPrefix())) == "webhook-signature"
    assert isinstance(ISSUER, Sm2PrivateKey)

"""Signed requests: what is signed, strict reading, every byte tampered with, time, replay."""

import base64
import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yinzheng.verifier.bytes.algorithms import DigestPair, Sm2PrivateKey, Sm2PublicKey, digest_pair
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats import request as module
from yinzheng.verifier.formats.certificate import key_id
from yinzheng.verifier.formats.request import Received, Request, check_signed, parse_request, sign_request

ORG = "91350100M000100Y43"
KEY = Sm2PrivateKey(0x5EED)
OTHER = Sm2PrivateKey(0x0DD)
NOW = 1_795_000_000
BODY = digest_pair(b'{"x":1}')
REGISTRY = module.registry_id(bytes(32), bytes(20))
REQUEST = Request(
    REGISTRY, ORG, key_id(KEY.public_key.point), "POST", "/v1/consents?batch=1", BODY, NOW, bytes(range(16))
)
TOKEN = sign_request(REQUEST, KEY)
ARRIVED = Received(REGISTRY, "POST", "/v1/consents?batch=1", BODY, NOW)


class Keyring:
    def __init__(self, *keys: Sm2PrivateKey, org: str = ORG, name: bytes | None = None) -> None:
        self.org = org
        self.keys = {name or key_id(k.public_key.point): k.public_key for k in keys}

    def find(self, org: str, key: bytes, at: int) -> Sm2PublicKey | None:
        self.asked_for = at
        return self.keys.get(key) if org == self.org else None


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def verify_request(token: str, arrived: Received = ARRIVED, ring: Keyring | None = None) -> Request:
    return check_signed(*parse_request(token), arrived, ring or Keyring(KEY))


def refused(token: str, arrived: Received = ARRIVED, ring: Keyring | None = None) -> str:
    with pytest.raises(DataFault) as caught:
        verify_request(token, arrived, ring)
    return caught.value.code


def test_what_is_signed() -> None:
    body, signature = TOKEN.split(".")
    sha256, sm3 = BODY.sha256.hex(), BODY.sm3.hex()
    message = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))

    assert message.decode() == (
        f'{{"at":1795000000,"body":{{"sha256":"{sha256}","sm3":"{sm3}"}},"key":"{REQUEST.key.hex()}",'
        f'"method":"POST","nonce":"000102030405060708090a0b0c0d0e0f","org":"{ORG}",'
        f'"path":"/v1/consents?batch=1","registry":"{REGISTRY.hex()}","v":2}}'
    )
    raw = base64.urlsafe_b64decode(signature + "==")
    assert KEY.public_key.verify(b"yinzheng/request/2\n" + message, raw)
    assert not KEY.public_key.verify(message, raw)


def test_what_was_read_was_signed_as_it_was_read_and_a_copy_by_what_it_says() -> None:
    read, _ = parse_request(TOKEN)
    assert (read, hash(read), repr(read)) == (REQUEST, hash(REQUEST), repr(REQUEST))
    assert read.message() == REQUEST.message() == module.PREFIX + dumps(REQUEST.to_json())
    changes: tuple[dict[str, Any], ...] = ({"nonce": bytes(16)}, {"path": "/"}, {"at": NOW + 1}, {"org": ORG})
    for change in changes:
        copy, made = dataclasses.replace(read, **change), dataclasses.replace(REQUEST, **change)
        assert copy.message() == made.message() == module.PREFIX + dumps(made.to_json())


@pytest.mark.parametrize(
    ("drift", "code"), [(300, ""), (-300, ""), (301, "request-stale"), (-301, "request-stale")]
)
def test_window(drift: int, code: str) -> None:
    arrived = dataclasses.replace(ARRIVED, now=NOW + drift)
    if code:
        assert refused(TOKEN, arrived) == code
    else:
        verify_request(TOKEN, arrived)


def test_the_key_must_hold_by_the_reader_s_clock() -> None:
    ring = Keyring(KEY)
    verify_request(TOKEN, dataclasses.replace(ARRIVED, now=NOW + 7), ring)
    assert ring.asked_for == NOW + 7


def test_a_nonce_is_remembered_as_long_as_its_request_is_fresh() -> None:
    assert REQUEST.until == NOW + 301
    assert refused(TOKEN, dataclasses.replace(ARRIVED, now=REQUEST.until)) == "request-stale"


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        ({"method": "PUT"}, ["method"]),
        ({"path": "/v1/consents?batch=2"}, ["path"]),
        ({"path": "/v1/consents\udcff"}, ["path"]),
        ({"body": DigestPair(BODY.sm3, bytes(32))}, ["body"]),
        ({"body": DigestPair(bytes(32), BODY.sha256)}, ["body"]),
        ({"method": "post", "path": "/"}, ["method", "path"]),
    ],
)
def test_other_than_what_was_signed(change: dict[str, Any], differs: list[str]) -> None:
    with pytest.raises(DataFault) as caught:
        verify_request(TOKEN, dataclasses.replace(ARRIVED, **change))
    assert caught.value.code == "request-mismatch"
    assert caught.value.data["differs"] == differs


def test_a_request_to_one_registry_is_none_to_another() -> None:
    for genesis, rights in ((bytes(31) + b"1", bytes(20)), (bytes(32), bytes(19) + b"1")):
        other = dataclasses.replace(ARRIVED, registry=module.registry_id(genesis, rights))
        assert refused(TOKEN, other) == "request-elsewhere"


def test_keys() -> None:
    assert refused(TOKEN, ring=Keyring(OTHER)) == "request-key-unknown"
    assert refused(TOKEN, ring=Keyring(KEY, org="91350100M000100Y99")) == "request-key-unknown"
    # A key ring that answers to the identifier with another key, even the one that signed.
    assert refused(TOKEN, ring=Keyring(OTHER, name=REQUEST.key)) == "request-signature"
    forged = dataclasses.replace(REQUEST, key=key_id(OTHER.public_key.point))
    token = f"{b64(forged.message()[len(module.PREFIX) :])}.{b64(KEY.sign(forged.message()))}"
    assert refused(token, ring=Keyring(KEY, name=forged.key)) == "request-signature"
    with pytest.raises(UsageFault):
        sign_request(REQUEST, OTHER)


@given(st.integers(0, len(TOKEN) - 1), st.sampled_from("AZaz09-_.=+/ \n"))
def test_no_character_can_change(index: int, other: str) -> None:
    token = TOKEN[:index] + other + TOKEN[index + 1 :]
    if token != TOKEN:
        refused(token)


def test_not_cut_short() -> None:
    for length in range(len(TOKEN)):
        refused(TOKEN[:length])


def test_malformed() -> None:
    body, signature = TOKEN.split(".")
    spare = signature[:-1] + chr(ord(signature[-1]) + 1)  # the last character has bits to spare
    one_too_many = "A" * (4 * 20 + 1) + "." + signature
    for token in ("", ".", TOKEN + "=", TOKEN + "\n", f"{body}.{spare}", one_too_many, "A" * 2100 + TOKEN):
        assert refused(token) == "request-malformed"


def signed(fields: dict[str, Any] | str) -> str:
    data = fields.encode() if isinstance(fields, str) else dumps(fields)
    return f"{b64(data)}.{b64(KEY.sign(module.PREFIX + data))}"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("v", 1),
        ("registry", "00"),
        ("org", "91350100M000100Y4Z"),
        ("org", 1),
        ("key", "00" * 7),
        ("method", "PATCH"),
        ("method", "post"),
        ("path", "v1"),
        ("path", ""),
        ("path", "/a b"),
        ("path", "/a#b"),
        ("path", "/é"),
        ("path", "/" * 513),
        ("body", None),
        ("at", "1"),
        ("at", -1),
        ("nonce", "00" * 15),
        ("nonce", "AA" * 16),
    ],
)
def test_fields(name: str, value: Any) -> None:
    code = refused(signed(REQUEST.to_json() | {name: value}))
    assert code.startswith("field-") or code == "credit-code"


def test_fields_are_exactly_these() -> None:
    assert refused(signed(REQUEST.to_json() | {"user": "admin"})) == "field-unknown"
    for name in REQUEST.to_json():
        assert refused(signed({k: v for k, v in REQUEST.to_json().items() if k != name})) == "field-missing"
    assert refused(signed(json.dumps(REQUEST.to_json()))) == "json-not-canonical"
    with pytest.raises(DataFault):
        dataclasses.replace(REQUEST, path="relative")


PATHS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="#"), max_size=511)


@given(st.sampled_from(module.METHODS), PATHS, st.binary(), st.binary(min_size=16, max_size=16))
def test_round_trip(method: str, path: str, body: bytes, nonce: bytes) -> None:
    request = Request(REGISTRY, ORG, REQUEST.key, method, "/" + path, digest_pair(body), NOW, nonce)
    token = sign_request(request, KEY)
    assert len(token) <= module.MAX_TOKEN
    assert parse_request(token)[0] == request


def test_the_longest_request_fits() -> None:
    longest = dataclasses.replace(REQUEST, method="DELETE", path="/" + "\\" * 511, at=2**53 - 1)
    assert parse_request(sign_request(longest, KEY))[0] == longest

"""The worked vectors of signed requests (S11): which registry, what is signed, the header's value."""

from __future__ import annotations

from typing import Any

from tests.verifier.bodies import LAB
from tests.verifier.world import NOW, trust_json
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey, digest_pair
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.bytes.sm2 import Sm2Backend
from yinzheng.verifier.formats.certificate import key_id
from yinzheng.verifier.formats.request import Request, sign_request
from yinzheng.verifier.judge.trust import parse_trust

SECRET = bytes(range(11, 43))


def requests(backend: Sm2Backend) -> dict[str, Any]:
    """S11.1, S11.2: a request with a body and one without, for the registry that `trust` pins."""
    key, trust = Sm2PrivateKey.from_bytes(SECRET, backend), trust_json()
    registry = parse_trust(dumps(trust)).registry_id
    found = []
    for number, (method, path, body) in enumerate(
        (("POST", "/org/v1/consents", b'{"v":1}'), ("GET", "/v1/trade-checks?after=00", b""))
    ):
        asked = Request(
            registry,
            LAB,
            key_id(key.public_key.point),
            method,
            path,
            digest_pair(body),
            NOW,
            bytes([number]) * 16,
        )
        found.append(
            {
                "content": body.decode(),
                "request": asked.to_json(),
                "signed": asked.message().hex(),
                "header": sign_request(asked, key),
            }
        )
    return {
        "now": NOW,
        "trust": trust,
        "registry": registry.hex(),
        "key": key.public_key.point.hex(),
        "requests": found,
    }

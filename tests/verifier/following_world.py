"""A policy, and statements of the issuer's that validators changed (S8.2)."""

from __future__ import annotations

from typing import Any

from tests.verifier.world import ISSUER, OUTSIDER, REGISTERED, VALIDATORS, address_of, trust_json
from yinzheng.verifier.formats.certificate import key_id
from yinzheng.verifier.judge.following import FORMAT, signed_bytes

Json = dict[str, Any]
FIRST, SECOND, *_ = (address_of(key).hex() for key in VALIDATORS)
NEW = address_of(OUTSIDER).hex()
COURT, NOTARY = "11990100DEM000022D", "12990100DEM000014F"


def policy(**changes: Any) -> Json:
    made = trust_json()
    made["chain"]["validators"] = [{"from": 0, "to": None, "addresses": [FIRST, SECOND]}]
    made["operators"] = [
        {"name": "法院", "code": COURT, "validators": [FIRST]},
        {"name": "公证处", "code": NOTARY, "validators": [SECOND]},
    ]
    return {**made, **changes}


def statement(key: Any = ISSUER, **changes: Any) -> Json:
    said: Json = {
        "format": FORMAT,
        "genesis": trust_json()["chain"]["genesis"],
        "consensus": "clique",
        "from": 500,
        "addresses": sorted([FIRST, NEW]),
        "operators": [
            {"name": "法院", "code": COURT, "validators": [FIRST]},
            {"name": "交易所", "code": "91990100DEM000057P", "validators": [NEW]},
        ],
        "stated_at": REGISTERED,
        "kid": key_id(key.public_key.point).hex(),
        **changes,
    }
    return {**said, "signature": key.sign(signed_bytes(said)).hex()}

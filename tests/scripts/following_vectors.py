"""The worked vectors of a network whose validators change (S8.2)."""

from __future__ import annotations

from typing import Any

from tests.verifier.following_world import policy, statement
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.judge.following import follow, signed_bytes

Json = dict[str, Any]


def changes(issuer: Sm2PrivateKey) -> Json:
    """S8.2: one set after another, each statement with what is signed and the policy that follows from it."""
    before, made = policy(), []
    gone = {"from": 640, "addresses": before["chain"]["validators"][0]["addresses"]}
    for desc, said in (
        ("another validator comes and one goes", statement(issuer)),
        ("all is as it was", statement(issuer, **gone, operators=before["operators"])),
    ):
        after = follow(dumps(before), dumps(said)).policy
        signed = signed_bytes(said).hex()
        made.append({"desc": desc, "policy": before, "statement": said, "signed": signed, "followed": after})
        before = after
    return {"changes": made}

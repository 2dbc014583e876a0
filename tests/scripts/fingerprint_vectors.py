"""The worked vectors of a policy's fingerprint (S8.3), each step from the policy to what is read out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.verifier.world import STRANGER, trust_json
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.formats.certificate import key_id
from yinzheng.verifier.judge.trust import parse_trust
from yinzheng.verifier.words.fingerprint import WORDS, covered, fingerprint


def fingerprints() -> dict[str, Any]:
    """The list of words, and policies that show what changes a fingerprint and what does not."""
    return {
        "words": [[word.zh, word.en] for word in WORDS],
        "policies": [_worked(desc, edit) for desc, edit in _POLICIES],
    }


def _worked(desc: str, edit: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    trust = trust_json()
    edit(trust)
    policy = parse_trust(dumps(trust))
    found = fingerprint(policy)
    return {
        "desc": desc,
        "trust": trust,
        "registry": policy.registry_id.hex(),
        "covered": dumps(covered(policy)).decode(),
        **found.to_json(),
    }


def _rotate(trust: dict[str, Any]) -> None:
    point, issuers = STRANGER.public_key.point, trust["issuers"]
    issuers.append({**issuers[0], "kid": key_id(point).hex(), "key": point.hex()})
    issuers.reverse()
    trust["log"]["keys"].reverse()


def _elsewhere(trust: dict[str, Any]) -> None:
    trust["chain"]["contracts"]["rights"]["address"] = "c3" * 20


_POLICIES: list[tuple[str, Callable[[dict[str, Any]], object]]] = [
    ("a policy", lambda trust: None),
    (
        "what a reader asks beyond it, and how the registry is reached, change nothing",
        lambda trust: trust.update(max_age=60, contact={"telephone": "020-0000-0000"}),
    ),
    ("another key, and lists in another order: other digits", _rotate),
    ("another contract of rights: other words", _elsewhere),
]

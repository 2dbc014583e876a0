"""A policy's fingerprint: what it covers, and what it does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.verifier.world import STRANGER, trust, trust_json
from yinzheng.verifier import parse_trust
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.formats.certificate import key_id
from yinzheng.verifier.words.fingerprint import DIGITS, WORDS, fingerprint

Edit = Callable[[dict[str, Any]], Any]


def of(edit: Edit | None = None) -> tuple[tuple[Any, ...], str]:
    found = fingerprint(trust(edit) if edit else trust())
    return found.words, found.digits


def test_the_words_are_told_apart() -> None:
    assert len(WORDS) == len({word.zh for word in WORDS}) == len({word.en for word in WORDS}) == 64
    assert all(len(word.zh) == 2 and word.en.isascii() and word.en.isalpha() for word in WORDS)


def test_it_is_read_out_in_groups() -> None:
    found = fingerprint(trust())
    assert found.grouped.replace(" ", "") == found.digits
    assert len(found.digits) == DIGITS
    assert found.digits.isdigit()
    assert found.said.zh.endswith(found.grouped)
    assert str(found) == " ".join(
        [*(word.zh for word in found.words), *(word.en for word in found.words), found.grouped]
    )
    assert found.to_json() == {"zh": found.said.zh, "en": found.said.en, "digits": found.digits}


def test_the_file_may_be_written_otherwise() -> None:
    plain = parse_trust(dumps(trust_json()))
    blanks = parse_trust(dumps(trust_json()).replace(b":", b" : "))
    assert fingerprint(plain) == fingerprint(blanks)
    assert plain.digest != blanks.digest


def _other_key(policy: dict[str, Any]) -> None:
    point = STRANGER.public_key.point
    policy["issuers"][0].update(key=point.hex(), kid=key_id(point).hex())


COVERED: list[Edit] = [
    _other_key,
    lambda p: p["issuers"][0].update(not_after=4_000_000_000),
    lambda p: p["issuers"][0].update(compromised_at=4_000_000_000),
    lambda p: p["issuers"][0].update(prefix="SJ999"),
    lambda p: p["issuers"][0]["registry"].update(name="别的登记机构"),
    lambda p: p["log"]["keys"].pop(),
    lambda p: p["chain"].update(id=7),
    lambda p: p["chain"]["validators"].pop(),
    lambda p: p["chain"]["contracts"]["anchor"].update(address="01" * 20),
    lambda p: p["chain"]["contracts"]["anchor"].update(code_hash="01" * 32),
    lambda p: p["operators"].pop(),
]


@pytest.mark.parametrize("edit", COVERED)
def test_the_digits_change_with_what_is_believed_and_the_words_stay(edit: Edit) -> None:
    words, digits = of()
    assert of(edit)[0] == words
    assert of(edit)[1] != digits


def test_another_registry_has_other_words() -> None:
    assert of(lambda p: p["chain"].update(genesis="77" * 32))[0] != of()[0]


def test_what_the_reader_asks_beyond_is_not_in_it() -> None:
    assert of(lambda p: p.update(max_age=1, time_authorities=[])) == of()

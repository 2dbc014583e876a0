"""Challenge and answer as texts: one code each, and nothing but their own form (S21.1)."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verifier.holder_world import KEY, OTHER, answered, challenge
from tests.verifier.world import HOSPITAL, NOW, NUMBER
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.challenge import (
    Challenge,
    is_challenge_text,
    new_challenge,
    parse_answer,
    parse_challenge,
)

LONGEST = "某" * 60


def refused(given: str | bytes, *, answer: bool = False) -> str:
    with pytest.raises(DataFault) as caught:
        (parse_answer if answer else parse_challenge)(given)
    return caught.value.code


@given(
    asker=st.sampled_from([None, "某银行", LONGEST]),
    nonce=st.binary(min_size=16, max_size=16),
    s=st.integers(1, 3600),
)
def test_both_read_as_they_were_written(asker: str | None, nonce: bytes, s: int) -> None:
    asked = new_challenge(NUMBER, NOW, s, lambda count: nonce[:count], asker)
    assert parse_challenge(asked.text) == parse_challenge(asked.text.lower()) == asked
    assert parse_challenge(asked.canonical()) == asked
    said = answered(asked)
    assert parse_answer(said.text) == parse_answer(said.canonical()) == said
    assert said.is_signed_by(KEY.public_key)
    assert not said.is_signed_by(OTHER.public_key)
    assert all(is_challenge_text(one.text) for one in (asked, said))


def test_each_fits_into_one_code_that_is_easily_read() -> None:
    """Alphanumeric, and no larger than a certificate's code may be (S6.4)."""
    asked = challenge(asker=LONGEST)
    assert len(asked.text) < 650
    assert len(answered(asked).text) < 1400
    assert len(answered(challenge(asker=None)).text) < 900


def test_what_is_neither() -> None:
    asked, said = challenge(), answered(challenge())
    assert refused(said.text) == refused("https://bank.example/Q/AAAA") == "challenge-foreign"
    assert refused(asked.text, answer=True) == "challenge-foreign"
    assert refused(asked.text[:-3]).startswith(("qr-", "json-"))
    assert refused(said.canonical()).startswith("field-")
    assert refused(b"{" + b" " * 5000 + b"}") == "json-too-large"
    assert not is_challenge_text("HTTPS://EXAMPLE/V/AAAA")
    for edit in ({"expires_at": NOW + 9999}, {"expires_at": NOW - 60}):
        assert refused(json.dumps({**asked.to_json(), **edit})) == "challenge-term"
    assert refused(json.dumps({**asked.to_json(), "certificate": "SJ0"})) == "number-malformed"
    assert refused(json.dumps({**asked.to_json(), "asker": "行\u202e"})) == "field-value"


@pytest.mark.parametrize("seconds", [0, 3601])
def test_a_challenge_lasts_minutes(seconds: int) -> None:
    with pytest.raises(UsageFault) as caught:
        new_challenge(NUMBER, NOW, seconds, bytes)
    assert caught.value.code == "challenge-term"


def test_what_is_signed_is_for_nothing_else() -> None:
    said = answered(challenge())
    assert said.message.startswith(b"yinzheng/answer/1\n{")
    assert HOSPITAL["code"].encode() in said.message
    other = Challenge(NUMBER, None, bytes(16), NOW, NOW + 60)
    assert answered(other).message != said.message


@pytest.mark.parametrize(
    "leave",
    [
        lambda text: text + "。",
        lambda text: f"请回答：{text}，谢谢",
        lambda text: f"See {text}; thanks",
        lambda text: "\r\n".join(text[at : at + 76] for at in range(0, len(text), 76)),
        lambda text: "\ufeff" + "\n\t".join(text[at : at + 40] for at in range(0, len(text), 40)) + ".",
        str.lower,
    ],
)
def test_as_mail_and_chat_leave_it(leave: Callable[[str], str]) -> None:
    asked = challenge()
    said = answered(asked)
    for text in (leave(asked.text), leave(asked.text).encode()):
        assert parse_challenge(text) == asked
    assert parse_answer(leave(said.text)) == said


def test_a_reply_quotes_the_question() -> None:
    asked = challenge()
    said = answered(asked)
    for text in (f"> {asked.text}\n\n{said.text}\n", f"{said.text}\n\n> 请回答：\n> {asked.text}\n"):
        assert parse_challenge(text) == asked
        assert parse_answer(text) == said

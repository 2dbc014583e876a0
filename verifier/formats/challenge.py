"""The holder's challenge (R15, S21.1): whoever is shown a certificate asks the presenter to sign a nonce.

A certificate can be copied; the holder's SM2 key cannot. The asker makes a `Challenge`, the holder's program
answers it with an `Answer`; each fits into one QR code. Both are texts without an address: a holder who scans
a stranger's code is led nowhere. What is signed begins with a prefix that nothing else signed here has, and
holds the whole challenge, so that an answer is good for that one question alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final

from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey, Sm2PublicKey
from yinzheng.verifier.bytes.canonical import dumps, hex_bytes, integer, loads, nullable
from yinzheng.verifier.bytes.cose import from_base32, to_base32
from yinzheng.verifier.bytes.shape import Shaped, read_shape
from yinzheng.verifier.bytes.wording import check_words
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.body import check_credit_code, check_number
from yinzheng.verifier.formats.certificate import key_id

CHALLENGE: Final = "yinzheng/challenge/1"
ANSWER: Final = "yinzheng/answer/1"

LONGEST: Final = 3600
"""Seconds a challenge lasts, at most: who answers is there, or on the telephone."""

NONCE_BYTES: Final = 16

MAX_TEXT: Final = 2048
"""Characters of either as a text; the fields' sizes keep both below, and each in one QR code."""

_PREFIX: Final = b"yinzheng/answer/1\n"


@dataclass(frozen=True, slots=True)
class Challenge(Shaped):
    """What is asked: about which certificate, by whom, and until when an answer counts."""

    CONSTANTS: ClassVar = {"format": CHALLENGE}

    certificate: Annotated[str, check_number]
    asker: Annotated[str | None, nullable(check_words(1, 60))]
    """Who asks, as they call themselves: what the holder is shown before it signs; None: not said."""
    nonce: Annotated[bytes, hex_bytes(NONCE_BYTES)]
    """16 fresh random bytes."""
    made_at: Annotated[int, integer()]
    expires_at: Annotated[int, integer()]
    """From then on no answer counts; at most an hour after `made_at`."""

    @property
    def text(self) -> str:
        """As a QR code holds it: upper case, and no address of anything."""
        return f"YINZHENG:Q/{to_base32(self.canonical())}"


@dataclass(frozen=True, slots=True)
class Answer(Shaped):
    """What a holder says to a challenge, signed with its SM2 key."""

    CONSTANTS: ClassVar = {"format": ANSWER}

    challenge: Annotated[Challenge, _challenge]
    """The whole of it: what the holder was asked, as it was shown to it."""
    holder: Annotated[str, check_credit_code]
    kid: Annotated[bytes, hex_bytes(8)]
    signature: Annotated[bytes, hex_bytes(64)]
    """Raw `r || s`, over `message`."""

    @property
    def message(self) -> bytes:
        """What is signed."""
        return _message(self.challenge, self.holder, self.kid)

    @property
    def text(self) -> str:
        """As a QR code holds it."""
        return f"YINZHENG:A/{to_base32(self.canonical())}"

    def is_signed_by(self, key: Sm2PublicKey) -> bool:
        """Whether this key signed it."""
        return key.verify(self.message, self.signature)


def new_challenge(
    certificate: str, now: int, seconds: int, random: Callable[[int], bytes], asker: str | None = None
) -> Challenge:
    """Ask about a certificate, for ``seconds`` from ``now`` (UTC seconds).

    Raises `UsageFault` `challenge-term`; `DataFault` as `parse_challenge`.
    """
    if not 0 < seconds <= LONGEST:
        raise UsageFault(
            "a challenge lasts from a second to an hour",
            code="challenge-term",
            hint="Ten minutes are enough for somebody who is there.",
        )
    made = Challenge(certificate, asker, random(NONCE_BYTES), now, now + seconds)
    return _challenge(made.to_json(), "$")


def answer(challenge: Challenge, holder: str, key: Sm2PrivateKey) -> Answer:
    """Answer as that organisation, with its key. Raises `DataFault` as `parse_answer`."""
    kid = key_id(key.public_key.point)
    return parse_answer(
        Answer(challenge, holder, kid, key.sign(_message(challenge, holder, kid))).canonical().decode()
    )


def parse_challenge(text: str | bytes) -> Challenge:
    """Read a challenge: its QR text, or its JSON.

    Raises `DataFault`: `challenge-foreign` (neither), `challenge-term`, `qr-…`, `json-…`, `field-…`.
    """
    return _challenge(_read(text, "Q", "challenge"), "$")


def parse_answer(text: str | bytes) -> Answer:
    """Read an answer: its QR text, or its JSON. Nothing is verified. Raises as `parse_challenge`."""
    return read_shape(Answer, _read(text, "A", "answer"))


def is_challenge_text(text: str) -> bool:
    """Whether a text has the form of a challenge's or answer's code."""
    return len(text) <= MAX_TEXT and _FORM.fullmatch(text.strip()) is not None


_FORM: Final = re.compile(r"YINZHENG:(?P<which>[QA])/(?P<digits>[A-Z2-7]+)", re.I | re.A)


def _read(given: str | bytes, which: str, what: str) -> object:
    data = given.encode("utf-8", "surrogatepass") if isinstance(given, str) else given
    if data.lstrip()[:1] == b"{":
        return loads(data, max_bytes=MAX_TEXT)
    text = data[: 2 * MAX_TEXT].decode("utf-8", "replace")
    fault = DataFault(
        f"this is no {what}",
        code="challenge-foreign",
        hint=f"Give its file, or its code or text, which begins with YINZHENG:{which}/.",
    )
    for shown in (text, re.sub(r"\s+", "", text)):  # as it stands in a sentence; as mail and chat wrap it
        for match in _FORM.finditer(shown):  # a reply has the question that it quotes, too
            if match["which"].upper() == which:
                try:
                    return loads(from_base32(match["digits"]), max_bytes=MAX_TEXT)
                except DataFault as error:
                    fault = error
    raise fault


def _challenge(value: object, path: str) -> Challenge:
    found = read_shape(Challenge, value, path)
    if not found.made_at < found.expires_at <= found.made_at + LONGEST:
        raise DataFault("a challenge lasts for at most an hour", code="challenge-term", path=path)
    return found


def _message(challenge: Challenge, holder: str, kid: bytes) -> bytes:
    said: dict[str, Any] = {"challenge": challenge.to_json(), "holder": holder, "kid": kid.hex()}
    return _PREFIX + dumps(said)

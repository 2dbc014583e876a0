"""One function makes word, headline and exit code for every face (D14, S9.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from yinzheng.verifier.judge.receipt.report import ReceiptStatus
from yinzheng.verifier.judge.report import Authentic, Finding, Note, Status
from yinzheng.verifier.words import receipt
from yinzheng.verifier.words import verdict as verdicts
from yinzheng.verifier.words.verdict import verdict

NOW = int(datetime(2026, 11, 28, 2, 50, 23, tzinfo=UTC).timestamp())  # 10:50:23 on the mainland
EARLIER = int(datetime(2026, 11, 21, 15, 59, 59, tzinfo=UTC).timestamp())


@dataclass(frozen=True)
class Found:
    """A report of any kind."""

    authentic: Authentic
    standing: str = "in_force"
    holds: bool | None = True
    speaks_of: int | None = NOW - 180
    asked_at: int | None = None
    checked_at: int = NOW
    notes: Sequence[Note] = ()
    findings: Sequence[Finding] = ()
    document: str = "certificate"


@pytest.mark.parametrize(
    ("word", "holds", "code"),
    [
        (Authentic.GENUINE, True, 0),
        (Authentic.GENUINE, False, 1),
        (Authentic.GENUINE, None, 3),
        *((Authentic.FORGED, holds, 1) for holds in (True, False, None)),
        *((Authentic.NOT_OURS, holds, 3) for holds in (True, False, None)),
        *((Authentic.UNDETERMINED, holds, 3) for holds in (True, False, None)),
    ],
)
def test_exit_codes(word: Authentic, holds: bool | None, code: int) -> None:
    assert verdict(Found(word, holds=holds)).exit_code == code


def test_each_word_has_its_headline() -> None:
    said = {word: verdict(Found(word)).headline for word in Authentic}
    assert len(set(said.values())) == len(Authentic)
    assert said[Authentic.NOT_OURS].en == "Not one of ours, or damaged"
    assert said[Authentic.UNDETERMINED].en == "Cannot be determined"
    assert said[Authentic.FORGED].en.startswith("Forged")
    assert "orged" not in said[Authentic.NOT_OURS].en + said[Authentic.UNDETERMINED].en


def test_the_headline_names_the_instant_and_the_age() -> None:
    found = verdict(Found(Authentic.GENUINE))
    assert found.headline.en == "Genuine and in force as of 10:47 today, 3 minutes ago"
    assert found.headline.zh == "真实，且有效（截至今天 10:47，3 分钟前）"
    yesterday = verdict(Found(Authentic.GENUINE, speaks_of=NOW - 86_400))
    assert yesterday.headline.en == "Genuine and in force as of 27 November 2026 10:50:23, 1 day ago"


def test_the_headline_names_the_time_asked_about() -> None:
    found = verdict(Found(Authentic.GENUINE, "expired", False, asked_at=EARLIER))
    assert found.headline.en == "Genuine, but expired as of 21 November 2026 23:59:59"
    assert found.headline.zh == "真实，但已过期（截至 2026年11月21日 23:59:59）"


def test_what_cannot_be_told_names_no_instant() -> None:
    found = verdict(Found(Authentic.GENUINE, "undetermined", None, speaks_of=None))
    assert found.headline.en == "Genuine, but status cannot be determined"
    assert found.exit_code == 3


def test_what_it_rests_on_is_said() -> None:
    said = verdict(Found(Authentic.GENUINE, notes=(Note("attached-used"),))).headline
    assert said.en.endswith(
        "; the ledger asked gave no answer that counts, and this rests on what is attached"
    )


def test_nobody_is_said_to_own_anything() -> None:
    for headlines in verdicts.GENUINE.values():
        assert not any("own" in said.en.lower().split() for said in headlines().values())


def test_json() -> None:
    assert verdict(Found(Authentic.FORGED)).to_json() == {
        "word": "forged",
        "code": "forged",
        "zh": "伪造或被篡改：有证明、签名或比对不成立",
        "en": "Forged or altered: a proof, signature or comparison failed",
        "exit_code": 1,
    }


def test_every_standing_has_a_headline() -> None:
    assert set(verdicts.GENUINE["certificate"]()) == {*Status, "attention"}
    assert set(verdicts.GENUINE["consent-receipt"]()) == {*ReceiptStatus, *receipt.PARTS}

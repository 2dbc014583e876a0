"""Which finding comes to which word: every code by itself, and together (D14, S9.2)."""

from __future__ import annotations

from functools import partial
from typing import Any, NoReturn

import pytest

from yinzheng.verifier.chain.evidence import NotGiven
from yinzheng.verifier.errors import DataFault, EnvironmentFault
from yinzheng.verifier.judge.findings import Findings
from yinzheng.verifier.judge.report import Authentic, Finding, Outcome
from yinzheng.verifier.judge.verdict import said_by, word_of

FORGED, NOT_OURS, OPEN = Authentic.FORGED, Authentic.NOT_OURS, Authentic.UNDETERMINED

UNKNOWN = NotGiven("the policy does not know who sealed", code="sealer-not-pinned")

SAID: list[tuple[int, str, Authentic]] = [
    *((1, code, NOT_OURS) for code in ("json-malformed", "field-unknown", "qr-foreign", "qr-bits")),
    *((1, code, NOT_OURS) for code in ("core-malformed", "core-payload", "pack-layout", "target-unknown")),
    (2, "issuer-unknown", NOT_OURS),
    (2, "issuer-key-unknown", OPEN),
    (2, "signature-wrong", FORGED),
    *((3, code, FORGED) for code in ("before-key", "after-key", "key-compromised")),
    *((3, code, FORGED) for code in ("registry-differs", "prefix-differs")),
    *((4, code, FORGED) for code in ("record-differs", "record-not-committed", "commitment")),
    *((4, code, FORGED) for code in ("statement-differs", "notice-differs", "thread-broken")),
    (5, "inclusion-proof", FORGED),
    (6, "note-signature", FORGED),
    *((6, code, OPEN) for code in ("note-unsigned", "checkpoint-origin", "checkpoint-signature-missing")),
    (7, "root-differs", FORGED),
    (7, "not-anchored", OPEN),
    *((n, "state-proof-wrong", FORGED) for n in (7, 9)),
    *((n, "state-proof-surplus", FORGED) for n in (7, 9)),
    *((n, code, OPEN) for n in (7, 9) for code in ("contract-absent", "code-differs", "state-proof-short")),
    *((8, code, FORGED) for code in ("seal-malformed", "headers-unlinked", "header-malformed")),
    *((8, code, FORGED) for code in ("seal-twice", "seal-of-stranger")),
    *((9, code, FORGED) for code in ("record-absent", "content-differs", "terms-differ", "record-layout")),
    *((9, code, OPEN) for code in ("record-earlier", "licence-earlier")),
    *(
        (9, code, FORGED)
        for code in ("withdrawals-uncounted", "withdrawal-absent", "withdrawal-differs", "withdrawal-layout")
    ),
]


def raises(fault: Exception) -> NoReturn:
    raise fault


def findings(failed: dict[int, Any]) -> Findings:
    found = Findings()
    for number in range(1, 11):
        fault = failed.get(number)
        if isinstance(fault, str):
            fault = DataFault("it fails", code=fault)
        found.settle(number, partial(raises, fault) if fault else lambda: None)
    return found


@pytest.mark.parametrize(("number", "code", "word"), SAID)
def test_every_code_by_itself(number: int, code: str, word: Authentic) -> None:
    assert said_by(Finding(number, Outcome.INVALID, code, "")) is word
    assert word_of(findings({number: code}), range(1, 10)) is word


def test_all_valid_is_genuine() -> None:
    assert word_of(findings({}), range(1, 10)) is Authentic.GENUINE
    assert word_of(findings({10: "answer-too-old"}), range(1, 10)) is Authentic.GENUINE


def test_what_is_missing_leaves_it_open_where_it_is_needed() -> None:
    missing = findings({4: NotGiven("not shown", code="body-not-shown")})
    assert word_of(missing, range(1, 10)) is OPEN
    assert word_of(missing, (1, 2, 3, 5, 6, 7, 8)) is Authentic.GENUINE
    silent = findings({8: EnvironmentFault("silent", code="node-unreachable")})
    assert word_of(silent, range(1, 10)) is OPEN


def test_a_number_nobody_registered_is_no_forgery() -> None:
    """Nothing was shown (ADR 101); of a certificate that was, a record that is absent is a contradiction."""
    alone = NotGiven("only a number", code="number-only")
    assert word_of(findings({1: alone, 2: alone, 9: "record-absent"}), range(1, 10)) is NOT_OURS
    assert word_of(findings({9: "record-absent"}), range(1, 10)) is FORGED


@pytest.mark.parametrize(
    "block",
    [
        {8: UNKNOWN},
        {8: EnvironmentFault("silent", code="x")},
        {10: "answer-too-old"},
        {10: NotGiven("a time was asked about", code="as-of")},
    ],
)
def test_a_number_is_not_said_to_be_unregistered_by_a_block_that_proves_nothing(
    block: dict[int, Any],
) -> None:
    alone = NotGiven("only a number", code="number-only")
    found = findings({1: alone, 2: alone, 9: "record-absent", **block})
    assert word_of(found, range(1, 10)) is OPEN
    forged = findings({1: alone, 2: alone, 7: "root-differs", 9: "record-absent", 10: "answer-too-old"})
    assert word_of(forged, range(1, 10)) is FORGED


def test_a_failure_outweighs_what_is_missing() -> None:
    assert word_of(findings({4: "commitment", 6: "note-unsigned"}), range(1, 10)) is FORGED


def test_where_nobody_vouches_for_the_block_it_shows_no_forgery() -> None:
    unsealed = NotGiven("no seal", code="unsealed")
    assert word_of(findings({7: "not-anchored", 8: unsealed, 9: "record-absent"}), range(1, 10)) is OPEN


@pytest.mark.parametrize(
    ("others", "word"),
    [
        ({6: "note-unsigned", 7: "not-anchored", 8: UNKNOWN, 9: "record-absent"}, NOT_OURS),
        ({9: "withdrawal-absent"}, NOT_OURS),
        ({9: "withdrawals-uncounted"}, NOT_OURS),
        ({9: "contract-absent"}, NOT_OURS),
        ({4: "commitment"}, FORGED),
        ({5: "inclusion-proof"}, FORGED),
        ({9: "content-differs"}, FORGED),
        ({8: NotGiven("", code="unsealed"), 9: "content-differs"}, NOT_OURS),
    ],
)
def test_of_an_unknown_issuer(others: dict[int, Any], word: Authentic) -> None:
    """It is another registry's, unless it contradicts itself, or claims another's place on the chain."""
    assert word_of(findings({2: "issuer-unknown", **others}), range(1, 10)) is word

"""Which reader takes what, and the report on what nobody can read."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.verifier.judge.test_conclusion import COMPLETED
from tests.verifier.receipt_world import ReceiptWorld
from tests.verifier.receipt_world import presented as receipt
from tests.verifier.world import NOW, World, genuine_file, presented
from yinzheng.verifier.containers.target import Presented, read_target
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.judge.kinds import KINDS, UNDECIDED, kind_of, unread
from yinzheng.verifier.judge.report import Authentic, Outcome
from yinzheng.verifier.words.verdict import GENUINE, verdict


@pytest.mark.parametrize(
    ("shown", "document"),
    [
        (presented(genuine_file()), "certificate"),
        (Presented("qr", qr=World().qr), "certificate"),
        (receipt(ReceiptWorld().file()), "consent-receipt"),
        (Presented("qr", qr=ReceiptWorld().qr), "consent-receipt"),
        (Presented("json", file=COMPLETED), "withdrawal-conclusion"),
        (Presented("json", file=b'{"format": "yinzheng/trust/1"}'), "certificate"),
        (Presented("number", number="SJ4412026110001"), "certificate"),
        (read_target("hello"), "certificate"),
    ],
)
def test_what_it_calls_itself_decides_who_reads_it(shown: Presented, document: str) -> None:
    assert kind_of(shown).document == document
    assert document in GENUINE


@pytest.mark.parametrize(
    ("name", "document"),
    [(name, kind.document) for kind in KINDS for name in sorted(kind.formats or ())],
)
@pytest.mark.parametrize(
    "spelled",
    [
        lambda name: name,
        lambda name: name.replace("/", r"\/"),
        lambda name: rf"\u0079{name[1:]}",
        lambda name: name + r'", "x": "\\',
        lambda name: name + '", "x": "' + r"\n" * 2000,
        lambda name: r"\u0079" + name[1:] + '", "x": "' + r"\n" * 2000,
        lambda name: name + '", "x": ["' + '","'.join(["yinzheng/certificate/1"] * 2000) + '"], "y": "',
    ],
)
def test_however_it_is_spelled(spelled: Callable[[str], str], name: str, document: str) -> None:
    shown = Presented("json", file=b'{"format": "%s"}' % spelled(name).encode())
    assert next(kind for kind in KINDS if kind.takes(shown)).document == document
    assert kind_of(shown).document == document


@pytest.mark.parametrize(
    ("code", "word"),
    [
        *((code, Authentic.UNDETERMINED) for code in sorted(UNDECIDED)),
        *((code, Authentic.NOT_OURS) for code in ("target-unknown", "target-empty", "pdf-malformed")),
        *((code, Authentic.NOT_OURS) for code in ("image-no-code", "image-foreign", "pdf-no-attachment")),
    ],
)
def test_what_cannot_be_read_has_a_report_too(code: str, word: Authentic) -> None:
    report = unread(DataFault("it cannot be read", code=code), now=NOW)
    assert (report.authentic, report.exit_code, report.kind) == (word, 3, "unknown")
    assert verdict(report).word is word
    assert (report.finding(1).code, report.finding(1).message) == (code, "it cannot be read")
    assert {finding.outcome for finding in report.findings[1:]} == {Outcome.SKIPPED}
    assert report.to_json()["obligations"][0]["code"] == code

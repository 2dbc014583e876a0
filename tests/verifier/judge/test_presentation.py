"""What the eye sees beside what is proved: a page of another certificate, a name that differs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.verifier.receipt_checks import Ledger
from tests.verifier.receipt_world import CREDENTIAL, ReceiptWorld, genuine_receipt, receipt_trust
from tests.verifier.receipt_world import presented as presented_receipt
from tests.verifier.world import NOW, NUMBER, genuine_file, presented, trust
from yinzheng.verifier.bytes.cose import to_base32
from yinzheng.verifier.containers.target import read_target
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.receipt import with_credential
from yinzheng.verifier.formats.shortcode import short_code
from yinzheng.verifier.judge.certificate.verify import verify
from yinzheng.verifier.judge.receipt.verify import verify_receipt
from yinzheng.verifier.judge.report import Authentic, Outcome

QR = genuine_file()["qr"]
RECEIPT = genuine_receipt()
OTHER = RECEIPT["qr"]


def codes(notes: object) -> set[str]:
    return {note.code for note in notes}  # type: ignore[attr-defined]


@pytest.mark.parametrize("shown", [(QR,), (QR.lower(),), (QR.replace("YZ.EXAMPLE.ORG", "OTHER.EXAMPLE"),)])
def test_the_same_code_on_the_page(shown: tuple[str, ...]) -> None:
    report = verify(replace(presented(genuine_file()), kind="pdf", shown=shown), trust(), now=NOW)
    assert report.in_force
    assert "page-code-agrees" in codes(report.notes)


@pytest.mark.parametrize("shown", [None, ()])
def test_a_page_that_was_not_compared(shown: tuple[str, ...] | None) -> None:
    report = verify(replace(presented(genuine_file()), kind="pdf", shown=shown), trust(), now=NOW)
    assert report.in_force
    assert "page-not-compared" in codes(report.notes)
    assert not codes(verify(presented(genuine_file()), trust(), now=NOW).notes) & {"page-not-compared"}


def test_a_binder_is_not_forged() -> None:
    bound = replace(presented(genuine_file()), kind="pdf", shown=(OTHER, QR))
    report = verify(bound, trust(), now=NOW)
    assert (report.authentic, report.exit_code) == (Authentic.UNDETERMINED, 3)
    assert (report.finding(4).outcome, report.finding(4).code) == (Outcome.SKIPPED, "page-several")


def test_pages_that_were_not_all_looked_at_are_not_praised() -> None:
    long = replace(presented(genuine_file()), kind="pdf", shown=(QR,), whole=False)
    assert "page-not-compared" in codes(verify(long, trust(), now=NOW).notes)


def test_a_page_of_another_document() -> None:
    report = verify(replace(presented(genuine_file()), kind="pdf", shown=(OTHER,)), trust(), now=NOW)
    assert (report.authentic, report.exit_code) == (Authentic.FORGED, 1)
    assert (report.finding(4).outcome, report.finding(4).code) == (Outcome.INVALID, "page-differs")
    assert not codes(report.notes) & {"page-code-agrees", "page-not-compared"}


def test_a_receipt_and_its_page() -> None:
    shown = replace(presented_receipt(RECEIPT), kind="pdf", shown=(OTHER,))
    report = verify_receipt(shown, receipt_trust(), now=NOW)
    assert report.authentic is Authentic.GENUINE
    assert "page-code-agrees" in codes(report.notes)
    report = verify_receipt(replace(shown, shown=(QR,)), receipt_trust(), now=NOW)
    assert (report.authentic, report.finding(4).code) == (Authentic.FORGED, "page-differs")


OWN = with_credential(OTHER, CREDENTIAL)
SHORT, SHORT_COPY = short_code(OWN), short_code(OTHER)
REPLACED = short_code(with_credential(OTHER, bytes(32)))
"""Of another receipt of the same consent."""
ELSEWHERE = f"HTTPS://YZ.EXAMPLE.ORG/C#{to_base32(bytes(32))}.{to_base32(CREDENTIAL)}"
"""Of another consent."""


@pytest.mark.parametrize(
    ("shown", "authentic", "code"),
    [
        ((OWN, SHORT), Authentic.GENUINE, "ok"),
        ((SHORT.lower(),), Authentic.GENUINE, "ok"),
        ((OTHER, SHORT_COPY), Authentic.GENUINE, "ok"),
        ((REPLACED,), Authentic.GENUINE, "ok"),  # what is attached tells of no credential
        ((OWN, REPLACED), Authentic.GENUINE, "page-several"),
        ((OTHER, SHORT), Authentic.GENUINE, "page-several"),
        ((OWN, SHORT, ELSEWHERE), Authentic.GENUINE, "page-several"),
        ((OWN, SHORT, QR, short_code(QR)), Authentic.GENUINE, "page-several"),
        ((ELSEWHERE,), Authentic.FORGED, "page-differs"),
        ((short_code(QR),), Authentic.FORGED, "page-differs"),
    ],
)
def test_a_receipts_page_and_its_short_code(shown: tuple[str, ...], authentic: Authentic, code: str) -> None:
    paper = replace(presented_receipt(RECEIPT), kind="pdf", shown=shown)
    report = verify_receipt(paper, receipt_trust(), now=NOW)
    assert (report.authentic, report.finding(4).code) == (authentic, code)
    assert ("page-code-agrees" in codes(report.notes)) is (code == "ok")


@pytest.mark.parametrize("short", [SHORT, SHORT_COPY])
def test_a_receipts_short_code_alone_is_refused_with_a_ledger_or_without(short: str) -> None:
    for live in (None, Ledger(ReceiptWorld())):
        with pytest.raises(UsageFault) as caught:
            verify_receipt(read_target(short), receipt_trust(), now=NOW, live=live)
        assert caught.value.code == "receipt-short"
        assert "larger code" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("name", "differs"),
    [
        (f"{NUMBER}.pdf", False),
        (f"{NUMBER.lower()} (1).PDF", False),
        ("证书.pdf", False),
        ("", False),
        ("SJ4412026110009.pdf", True),
        (f"SJ4412026110009-{NUMBER}.json", True),
    ],
)
def test_a_name_that_differs_from_the_content(name: str, differs: bool) -> None:
    report = verify(replace(presented(genuine_file()), name=name), trust(), now=NOW)
    assert report.in_force, "a name proves nothing, and disproves nothing"
    assert ("file-name-differs" in codes(report.notes)) is differs

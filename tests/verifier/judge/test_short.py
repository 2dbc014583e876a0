"""A short code verified: as the large one where a ledger has what it names, else never genuine (S6.11)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.verifier.licences import licence_json
from tests.verifier.live_world import FakeLedger
from tests.verifier.voucher_world import ASKED, VoucherLedger, VoucherWorld
from tests.verifier.voucher_world import trust as voucher_trust
from tests.verifier.world import (
    ISSUER,
    NOW,
    NUMBER,
    STRANGER,
    RecordState,
    World,
    body_json,
    genuine_file,
    presented,
    trust,
)
from yinzheng.verifier import (
    Authentic,
    Outcome,
    Presented,
    Report,
    Status,
    UsageFault,
    encode_qr,
    parse_body,
    read_target,
)
from yinzheng.verifier.formats.certificate import decode_qr
from yinzheng.verifier.formats.licence import parse_licence
from yinzheng.verifier.formats.shortcode import short_code
from yinzheng.verifier.judge.certificate.verify import certificate_issued, verify
from yinzheng.verifier.judge.kinds import kind_of
from yinzheng.verifier.judge.licence.report import VoucherReport
from yinzheng.verifier.judge.licence.verify import verify_voucher
from yinzheng.verifier.words.verdict import verdict

QR = World().qr
OTHER = encode_qr(parse_body(body_json(asset="另一数据集")), ISSUER, "yz.example.org")
"""Another certificate under the same number, as whoever holds the issuer's key could write it."""


def ledger(world: World | None = None, qr: str | None = QR, **more: Any) -> FakeLedger:
    """One that keeps the certificate whose code that is: each signature is another."""
    return FakeLedger(world or World(), edit_record=lambda record: replace(record, qr=qr), **more)


def short(qr: str = QR) -> Presented:
    return read_target(short_code(qr))


def ask(shown: Presented, live: Any = None) -> Report:
    return verify(shown, trust(), now=NOW, live=live)


def codes(report: Report | VoucherReport) -> list[str]:
    return [finding.code for finding in report.findings]


def test_it_is_judged_as_the_large_one() -> None:
    by_large, by_short = ask(read_target(QR), ledger()), ask(short(), ledger())
    assert by_short.in_force
    assert by_short.to_json() == by_large.to_json()


def test_however_it_stands() -> None:
    world = World(record=RecordState(content=World().statement.leaf_hash, status=3))
    report = ask(short(), ledger(world))
    assert (report.authentic, report.status, report.exit_code) == (Authentic.GENUINE, Status.CANCELLED, 1)


def test_without_a_ledger_it_is_refused() -> None:
    licence = short(VoucherWorld().qr)
    for shown, check, policy in ((short(), verify, trust()), (licence, verify_voucher, voucher_trust())):
        with pytest.raises(UsageFault) as caught:
            check(shown, policy, now=NOW)
        assert caught.value.code == "short-needs-ledger"
        assert "larger code" in (caught.value.hint or "")
    assert not certificate_issued(short(), trust())


def test_another_document_is_registered_under_its_number() -> None:
    report = ask(short(OTHER), ledger())
    assert (report.authentic, report.status, report.exit_code) == (Authentic.FORGED, Status.UNDETERMINED, 1)
    assert (report.finding(4).outcome, report.finding(4).code) == (Outcome.INVALID, "short-differs")
    assert report.finding(4).data == {"number": NUMBER}
    assert (report.core, report.record, report.differences) == (None, None, ())
    assert "not the document that is registered" in verdict(report).headline.en
    json.dumps(report.to_json())


@pytest.mark.parametrize(
    "live",
    [
        ledger(World(record=RecordState(content=decode_qr(OTHER).statement().leaf_hash))),
        ledger(World(absent=True)),
        ledger(unreachable=("chain",)),
        ledger(World(sealers=(None, None))),
    ],
    ids=["another", "none", "silent", "nobody vouches"],
)
def test_what_the_chain_does_not_have_contradicts_no_paper(live: FakeLedger) -> None:
    """A deposit that the chain refused stays in the log, and its number is given again: an older copy of the
    ledger has another core, signed and logged, than the certificate that was registered (R9).
    """
    for shown in (short(OTHER), read_target(OTHER)):
        report = ask(shown, live)
        assert report.authentic in (Authentic.UNDETERMINED, Authentic.NOT_OURS)
        assert report.finding(4).code == ("no-record" if shown.short else "live-refused")


def test_what_the_chain_has_makes_a_large_code_of_another_forged() -> None:
    """As whoever stole the issuer's key could sign it."""
    report = ask(read_target(OTHER), ledger())
    assert (report.authentic, report.finding(4).code) == (Authentic.FORGED, "record-differs")


def test_a_guess_while_the_chain_is_silent_learns_nothing() -> None:
    known = ledger(unreachable=("chain",))
    unknown = ledger(records=False, unreachable=("chain",))
    assert codes(ask(short(OTHER), known)) == codes(ask(short(OTHER), unknown))


def test_a_ledger_that_invents_a_certificate_makes_no_forgery() -> None:
    """What it tells must be signed by a pinned issuer before it may contradict a paper."""
    invented = encode_qr(parse_body(body_json()), STRANGER, "yz.example.org")
    report = ask(short(), ledger(qr=invented))
    assert report.authentic is Authentic.UNDETERMINED
    assert (report.finding(4).outcome, report.finding(4).code) == (Outcome.ERROR, "live-refused")


def test_a_number_that_nobody_registered() -> None:
    report = ask(short(), ledger(World(absent=True), records=False))
    assert (report.authentic, report.exit_code) == (Authentic.NOT_OURS, 3)
    assert verdict(report).headline.en.startswith("Not registered")


def test_a_ledger_without_records_or_codes_tells_nothing() -> None:
    for live in (ledger(records=False), ledger(qr=None)):
        report = ask(short(), live)
        assert (report.authentic, report.exit_code) == (Authentic.UNDETERMINED, 3)
        assert report.core is None


def test_a_silent_ledger_says_nothing_against_it() -> None:
    report = ask(short(), ledger(unreachable=("record", "chain")))
    assert (report.authentic, report.exit_code) == (Authentic.UNDETERMINED, 3)
    assert Outcome.ERROR in {finding.outcome for finding in report.findings}


# On the page of a PDF


def page(*shown: str) -> Report:
    return verify(replace(presented(genuine_file()), kind="pdf", shown=shown), trust(), now=NOW)


def test_both_codes_on_the_page() -> None:
    qr = genuine_file()["qr"]
    for shown in ((qr, short_code(qr)), (short_code(qr).lower(),)):
        report = page(*shown)
        assert report.in_force
        assert "page-code-agrees" in {note.code for note in report.notes}


@pytest.mark.parametrize("own", [True, False])
def test_a_short_code_of_another_core_on_the_page(own: bool) -> None:
    qr = genuine_file()["qr"]
    report = page(*[qr] * own, short_code(OTHER))
    assert (report.authentic, report.finding(4).code) == (Authentic.FORGED, "page-differs")


def test_a_binder_has_short_codes_of_several_numbers() -> None:
    qr = genuine_file()["qr"]
    next_one = encode_qr(parse_body(body_json(number="SJ4412026110002")), ISSUER, "yz.example.org")
    report = page(qr, short_code(qr), next_one, short_code(next_one))
    assert (report.authentic, report.finding(4).code) == (Authentic.UNDETERMINED, "page-several")
    damaged = page(qr, short_code(qr)[:-1])
    assert (damaged.authentic, damaged.finding(4).code) == (Authentic.UNDETERMINED, "page-several")


def test_a_scan_of_the_short_code_alone() -> None:
    shown = replace(short(), kind="pdf", shown=(short_code(QR),))
    report = ask(shown, ledger())
    assert report.in_force
    assert "page-code-agrees" in {note.code for note in report.notes}


# Vouchers


VOUCHER = VoucherWorld().qr
ANOTHERS = VoucherWorld(licence=parse_licence(licence_json(number="L-2026-000999")))


def keeping(qr: str | None = VOUCHER, **more: Any) -> VoucherLedger:
    world = VoucherWorld()
    live = VoucherLedger(world, **more)
    live.vouchers = {} if qr is None else {world.licence.number: qr}
    return live


def voucher(live: VoucherLedger) -> VoucherReport:
    shown = short(VOUCHER)
    found = kind_of(shown).verify(shown, voucher_trust(), now=ASKED, live=live)  # type: ignore[arg-type]
    assert isinstance(found, VoucherReport)
    return found


def test_a_vouchers_is_judged_as_its_large_one() -> None:
    large = verify_voucher(read_target(VOUCHER), voucher_trust(), now=ASKED, live=keeping())
    found = voucher(keeping())
    assert (found.standing, found.exit_code) == ("in_force", 0)
    assert found.to_json() == large.to_json()


def test_another_voucher_is_registered_under_its_number() -> None:
    found = voucher(keeping(VoucherWorld().qr))
    assert (found.authentic, found.exit_code) == (Authentic.FORGED, 1)
    assert (found.finding(4).outcome, found.finding(4).code) == (Outcome.INVALID, "short-differs")
    assert (found.core, found.record) == (None, None)
    assert "not the document that is registered" in verdict(found).headline.en


@pytest.mark.parametrize(
    "live",
    [VoucherLedger(VoucherWorld(no_licence=True)), keeping(VoucherWorld().qr, unreachable=("storage",))],
)
def test_a_voucher_that_the_chain_does_not_have_contradicts_none(live: VoucherLedger) -> None:
    found = voucher(live)
    assert (found.authentic, found.exit_code) == (Authentic.UNDETERMINED, 3)
    assert found.finding(4).code == "no-record"


def test_a_ledger_that_keeps_no_such_voucher() -> None:
    found = voucher(keeping(None))
    assert (found.authentic, found.exit_code) == (Authentic.UNDETERMINED, 3)
    assert {"number-only", "no-record"} <= set(codes(found))


@pytest.mark.parametrize(
    ("live", "code"),
    [
        (keeping(unreachable=("voucher",)), "node-unreachable"),
        (keeping(logged=False), "live-refused"),
        (keeping(ANOTHERS.qr), "live-refused"),
        (keeping(VoucherWorld(signer=STRANGER).qr), "live-refused"),
        (keeping("nonsense"), "live-refused"),
    ],
)
def test_a_ledgers_voucher_that_does_not_prove_itself(live: VoucherLedger, code: str) -> None:
    found = voucher(live)
    assert (found.authentic, found.exit_code) == (Authentic.UNDETERMINED, 3)
    assert found.finding(4).code == code


def test_a_vouchers_is_no_certificates() -> None:
    report = ask(short(VOUCHER), ledger())
    assert (report.authentic, report.finding(1).code) == (Authentic.NOT_OURS, "qr-foreign")

"""Verification against a live ledger: what it adds, and that its silence or lies never make a forgery."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.verifier.live_world import FakeLedger
from tests.verifier.world import (
    BLOCK_TIME,
    DAY,
    DEPOSITED,
    NOW,
    NUMBER,
    OUTSIDER,
    REGISTERED,
    RecordState,
    World,
    body_json,
    genuine_file,
    presented,
    trust,
)
from yinzheng.verifier import (
    Authentic,
    DataFault,
    LiveRecord,
    Outcome,
    Presented,
    Report,
    Status,
    UsageFault,
    parse_body,
)
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey
from yinzheng.verifier.chain.evidence import NotGiven
from yinzheng.verifier.formats.certificate import statement_of
from yinzheng.verifier.judge.certificate.exhibits import CertificateExhibits
from yinzheng.verifier.judge.certificate.verify import verify
from yinzheng.verifier.words.verdict import verdict


def outcomes(report: Report) -> str:
    return "".join(finding.outcome[0] for finding in report.findings)


def ask(
    target: Presented, live: FakeLedger | None = None, *, now: int = NOW, allow_attached: bool = False
) -> Report:
    return verify(target, trust(), now=now, live=live, allow_attached=allow_attached)


def qr() -> Presented:
    return Presented("qr", qr=World().qr)


def number(value: str = NUMBER) -> Presented:
    return Presented("number", number=value)


def test_a_qr_alone_offline_decides_the_first_three() -> None:
    report = ask(qr())
    assert outcomes(report) == "VVVSSSSSSS"
    assert {finding.code for finding in report.findings[3:]} == {"offline"}
    assert (report.authentic, report.status, report.exit_code) == (
        Authentic.UNDETERMINED,
        Status.UNDETERMINED,
        3,
    )
    assert report.number == NUMBER


def test_a_qr_and_a_live_ledger_decide_all() -> None:
    ledger = FakeLedger(World())
    report = ask(qr(), ledger)
    assert outcomes(report) == "V" * 10
    assert report.in_force
    assert [call[0] for call in ledger.asked] == ["record", "chain"]
    assert ledger.asked[1][2] == 6  # the checkpoint's size


def test_a_qr_and_a_node_without_records() -> None:
    report = ask(qr(), FakeLedger(World(), records=False))
    assert outcomes(report) == "VVVSSSSVVV"
    assert report.finding(4).code == "no-record"
    assert (report.authentic, report.status, report.exit_code) == (Authentic.GENUINE, Status.IN_FORCE, 0)


def test_a_qr_whose_texts_gave_way_to_digests_still_gives_its_statement() -> None:
    long = parse_body(body_json(limits="限" * 400))
    world = World(body=long)
    report = ask(Presented("qr", qr=world.qr), FakeLedger(world))
    assert report.core is not None
    assert set(report.core.elided) == {"limits"}
    assert report.in_force
    # Without the record nobody knows whether the fields shown are those the declared digest is of.
    alone = ask(Presented("qr", qr=world.qr), FakeLedger(world, records=False))
    assert outcomes(alone) == "VVVSSSSVVV"
    assert (alone.authentic, alone.exit_code) == (Authentic.UNDETERMINED, 3)


def test_a_certificate_the_chain_does_not_have() -> None:
    late = World(absent=True, block_time=REGISTERED + DAY)
    report = ask(qr(), FakeLedger(late, records=False), now=REGISTERED + DAY)
    assert outcomes(report) == "VVVSSSSVIV"
    assert report.finding(9).code == "record-absent"
    assert (report.authentic, report.exit_code) == (Authentic.FORGED, 1)


@pytest.mark.parametrize("time", [REGISTERED - 1, DEPOSITED - 1, REGISTERED + DAY - 1])
def test_a_block_from_before_the_latest_deposit_says_nothing_about_it(time: int) -> None:
    early = World(absent=True, block_time=time)
    report = ask(qr(), FakeLedger(early, records=False), now=time)
    assert outcomes(report) == "VVVSSSSVSV"
    assert report.finding(9).code == "block-too-early"
    assert (report.authentic, report.exit_code) == (Authentic.UNDETERMINED, 3)


def test_a_node_that_lags_makes_no_forgery() -> None:
    lagging = World(absent=True, anchored_root=bytes(32), block_time=DEPOSITED - 1)
    for target in (presented({**genuine_file(), "chain": None}), qr()):
        report = ask(target, FakeLedger(lagging), now=DEPOSITED + 5)
        assert (report.finding(7).code, report.finding(9).code) == ("not-anchored", "block-too-early")
        assert (report.authentic, report.exit_code) == (Authentic.UNDETERMINED, 3)


def test_a_ledger_that_lags_behind_what_is_attached_adds_nothing() -> None:
    newer = World(record=RecordState(content=World().statement.leaf_hash, status=3), block_number=2000)
    report = ask(presented(newer.file()), FakeLedger(World()))
    assert (report.authentic, report.status) == (Authentic.GENUINE, Status.CANCELLED)
    # Nobody vouches for a later block that strangers have sealed.
    invented = World(sealers=(OUTSIDER, OUTSIDER), block_number=2000)
    report = ask(presented(invented.file()), FakeLedger(World()))
    assert outcomes(report) == "V" * 10


def test_a_number_needs_a_ledger() -> None:
    with pytest.raises(UsageFault) as caught:
        ask(number())
    assert caught.value.code == "number-needs-ledger"


def test_a_number_is_no_form() -> None:
    with pytest.raises(NotGiven) as caught:
        CertificateExhibits(presented=number(), trust=trust()).read()
    assert caught.value.code == "number-only"


def test_a_number_is_looked_up_with_its_certificate() -> None:
    report = ask(number(), FakeLedger(World()))
    assert outcomes(report) == "V" * 10
    assert report.in_force
    assert report.kind == "number"


def test_a_number_whose_certificate_is_not_kept() -> None:
    ledger = FakeLedger(World(), edit_record=lambda record: replace(record, qr=None))
    report = ask(number(), ledger)
    assert outcomes(report) == "SSSSVVVVVV"
    assert report.authentic is Authentic.UNDETERMINED
    assert report.body is not None


def test_a_number_the_chain_knows_and_the_ledger_keeps_nothing_of() -> None:
    report = ask(number(), FakeLedger(World(), records=False))
    assert outcomes(report) == "SSSSSSSVSV"
    assert report.authentic is Authentic.UNDETERMINED


def test_a_number_that_nobody_registered() -> None:
    report = ask(number(), FakeLedger(World(absent=True), records=False))
    assert outcomes(report) == "SSSSSSSVIV"
    assert (report.authentic, report.exit_code) == (Authentic.NOT_OURS, 3)
    assert report.body is None


def test_a_node_that_proves_nothing_makes_no_number_unregistered() -> None:
    """A registered number too: the seals left out, or a block from before its registration."""
    unsealed = ask(number(), FakeLedger(World(absent=True, sealers=(None, None)), records=False))
    assert outcomes(unsealed) == "SSSSSSSSIV"
    old = ask(number(), FakeLedger(World(absent=True), records=False), now=NOW + 30 * DAY)
    assert outcomes(old) == "SSSSSSSVII"
    for report in (unsealed, old):
        assert (report.authentic, report.exit_code) == (Authentic.UNDETERMINED, 3)
        assert verdict(report).headline.en == "Cannot be determined"


def test_a_file_prefers_the_live_chain() -> None:
    later = World(
        record=RecordState(content=World().statement.leaf_hash, status=3), block_time=BLOCK_TIME + 10**6
    )
    report = ask(presented(genuine_file()), FakeLedger(later), now=BLOCK_TIME + 10**6)
    assert (report.authentic, report.status) == (Authentic.GENUINE, Status.CANCELLED)
    assert report.notes == ()


def test_asked_and_not_answered_leaves_it_open_whatever_is_attached() -> None:
    report = ask(presented(genuine_file()), FakeLedger(World(), unreachable=("chain",)))
    assert outcomes(report) == "VVVVVVEEEE"
    assert (report.authentic, report.exit_code) == (Authentic.UNDETERMINED, 3)
    assert report.block is None
    assert report.notes == ()


def test_a_silent_node_leaves_the_attached_evidence_if_the_reader_allows_it() -> None:
    silent = FakeLedger(World(), unreachable=("chain",))
    report = ask(presented(genuine_file()), silent, allow_attached=True)
    assert report.in_force
    assert [(note.code, note.data["reason"]) for note in report.notes] == [
        ("attached-used", "node-unreachable")
    ]


def test_a_silent_ledger_is_an_error_and_no_forgery() -> None:
    report = ask(qr(), FakeLedger(World(), unreachable=("record", "chain")))
    assert outcomes(report) == "VVVEEEEEEE"
    assert report.finding(4).code == "ledger-locked"
    assert report.finding(9).code == "node-unreachable"
    assert (report.authentic, report.exit_code) == (Authentic.UNDETERMINED, 3)
    without = ask(presented({**genuine_file(), "chain": None}), FakeLedger(World(), unreachable=("chain",)))
    assert outcomes(without) == "VVVVVVEEEE"
    assert without.authentic is Authentic.UNDETERMINED


OTHER = parse_body(body_json(asset="别的数据"))
STRANGER = Sm2PrivateKey(0xBAD)

LYING_RECORDS: list[Callable[[LiveRecord], LiveRecord]] = [
    lambda record: replace(record, record=OTHER.to_json()),
    lambda record: replace(record, record=OTHER.to_json(), statement=statement_of(OTHER).to_json()),
    lambda record: replace(record, record={}),
    lambda record: replace(record, statement={}),
    lambda record: replace(record, proof="nonsense"),
    lambda record: replace(record, proof=World(origin="other.example.org").proof.text),
    lambda record: replace(record, qr="HTTPS://X/V/AAAA"),
    lambda record: replace(record, qr=World(shown=parse_body(body_json(number="SJ4412026110002"))).qr),
]


@pytest.mark.parametrize("lie", LYING_RECORDS)
def test_a_record_that_does_not_prove_itself_is_not_believed(lie: Callable[[LiveRecord], LiveRecord]) -> None:
    report = ask(qr(), FakeLedger(World(), edit_record=lie))
    assert outcomes(report) == "VVVEEEEVVV"
    assert report.finding(4).code == "live-refused"
    assert report.authentic is Authentic.UNDETERMINED


def spoilt(code: str) -> str:
    """A code's text whose signature is another."""
    at = len(code) - 9
    return code[:at] + ("B" if code[at] == "A" else "A") + code[at + 1 :]


@pytest.mark.parametrize("lie", [spoilt(World().qr), World(shown=OTHER, signer=STRANGER).qr])
def test_a_code_that_nobody_but_the_ledger_showed_makes_no_forgery_of_a_number(lie: str) -> None:
    """One that the registry signed does, where its record is another."""
    report = ask(number(), FakeLedger(World(), edit_record=lambda record: replace(record, qr=lie)))
    assert outcomes(report) == "SSSEEEEVSV"
    assert report.finding(4).code == "live-refused"
    assert (report.authentic, report.exit_code) == (Authentic.UNDETERMINED, 3)
    signed = World(shown=OTHER).qr
    other = ask(number(), FakeLedger(World(), edit_record=lambda record: replace(record, qr=signed)))
    assert other.finding(4).code == "record-differs"
    assert other.authentic is Authentic.FORGED


def contradiction(_answer: Any) -> Any:
    raise DataFault("a block is not the child of the one before", code="node-inconsistent")


def test_a_reader_that_finds_its_node_contradicting_itself() -> None:
    report = ask(qr(), FakeLedger(World(), edit_record=contradiction, edit_chain=contradiction))
    assert outcomes(report) == "VVVEEEEEEE"
    assert report.finding(9).data == {"reason": "node-inconsistent"}
    assert report.authentic is Authentic.UNDETERMINED


def drop_hash(chain: dict[str, Any]) -> object:
    chain["accounts"][1]["storage"][0]["proof"].pop()
    return chain


def drop_slot(chain: dict[str, Any]) -> object:
    chain["accounts"][0]["storage"].pop()
    return chain


@pytest.mark.parametrize(
    "world",
    [
        World(sealers=(OUTSIDER, OUTSIDER)),
        World(rights_code=bytes(32)),
        World(anchor_code=bytes(32)),
    ],
)
def test_a_chain_the_policy_does_not_pin_says_nothing(world: World) -> None:
    report = ask(qr(), FakeLedger(world))
    assert outcomes(report) == "VVVVVVEEEE"
    assert report.finding(8).code == "live-refused"
    assert report.authentic is Authentic.UNDETERMINED
    assert ask(presented(genuine_file()), FakeLedger(world)).authentic is Authentic.UNDETERMINED
    attached = ask(presented(genuine_file()), FakeLedger(world), allow_attached=True)
    assert attached.in_force
    assert attached.notes[0].code == "attached-used"


@pytest.mark.parametrize("lie", [drop_hash, drop_slot, lambda _chain: {}, lambda _chain: None])
def test_evidence_that_does_not_prove_itself_says_nothing(lie: Callable[[dict[str, Any]], object]) -> None:
    report = ask(qr(), FakeLedger(World(), edit_chain=lie))
    assert outcomes(report) == "VVVVVVEEEE"
    assert report.authentic is Authentic.UNDETERMINED


def test_a_chain_without_seals_is_taken_for_what_it_is() -> None:
    report = ask(qr(), FakeLedger(World(sealers=(None, None))))
    assert outcomes(report) == "VVVVVVVSVV"
    assert report.authentic is Authentic.UNDETERMINED
    assert report.status is Status.IN_FORCE


def test_a_copied_code_with_another_certificates_file() -> None:
    file = {**genuine_file(), "qr": World(body=parse_body(body_json(number="SJ4412026110002"))).qr}
    report = ask(presented(file), FakeLedger(World()))
    assert report.finding(4).outcome is Outcome.INVALID
    assert report.authentic is Authentic.FORGED


def test_who_operates_the_chain_is_told() -> None:
    hospital = {"name": "广州市示范医院", "code": "91110000600037341L"}

    def alone(policy: dict[str, Any]) -> None:
        policy["operators"] = [hospital]

    report = verify(presented(genuine_file()), trust(alone), now=NOW)
    assert [note.code for note in report.notes] == ["single-operator", "operator-is-party"]
    assert report.notes[1].data == {"operators": [hospital["name"]]}
    assert report.in_force

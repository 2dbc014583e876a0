"""The leaks this registry is asked about (R30, R47): each is stopped, or provable to whom it concerns."""

from __future__ import annotations

import pytest

from tests.ledger.access_lines import lines_of
from tests.ledger.consent_world import HOSPITAL, INSURER, KEYS, LAB, ConsentWorld
from tests.ledger.world import AUDITOR, OFFICER, World, actor_of
from tests.verifier import bodies
from yinzheng.ledger.accesses import batching
from yinzheng.ledger.accesses.listing import Question, list_lines
from yinzheng.ledger.accesses.reader import Reader
from yinzheng.ledger.consents import handover
from yinzheng.ledger.consents.granting import grant
from yinzheng.ledger.consents.receipts import Receipt, make_receipt
from yinzheng.ledger.consents.uses import Told, record_use
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.openings import FREE, FRESH
from yinzheng.ledger.state.policy import trust_policy
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.cose import key_id
from yinzheng.verifier.containers.target import read_target
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.judge.receipt.report import ReceiptReport
from yinzheng.verifier.judge.receipt.verify import verify_receipt
from yinzheng.verifier.judge.trust import parse_trust


def machine(code: str) -> Reader:
    return Reader.of_organisation(code, key_id(KEYS[code].public_key.point))


def used(subject: bytes, at: int, scope: str) -> Told:
    return Told(subject, at, "核保", "核保部", scope, "consent", None)


def patient_reads(registry: Registry, subject: bytes) -> ReceiptReport:
    """What the patient's own verifier finds in a fresh receipt file, with nothing else."""
    batching.commit(registry, everything=True)
    settle(registry)
    trust = parse_trust(canonical.dumps(trust_policy(registry.instance)))
    return verify_receipt(read_target(make_receipt(registry, subject).file), trust, now=registry.clock())


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Receipts that cost nothing to make; gives whose were made."""
    made: list[bytes] = []

    def make(_registry: Registry, subject: bytes) -> Receipt:
        made.append(subject)
        return Receipt(subject, "", b"")

    monkeypatch.setattr(handover, "make_receipt", make)
    return made


@pytest.mark.parametrize("with_a_key", [False, True], ids=["at the registry", "with her hospital's key"])
def test_a_nurse_who_exports_500_records(
    clinic: ConsentWorld, world: World, cheap: list[bytes], with_a_key: bool
) -> None:
    """Stopped at the eleventh; the ten are lines that name her, or the key she used."""
    registry = clinic.registry
    patients = [one.subject for one in grant(registry, [clinic.body(n) for n in range(30)], HOSPITAL)]
    world.clock.advance(FRESH + 1)
    nurse = machine(HOSPITAL) if with_a_key else actor_of(registry, OFFICER)
    with pytest.raises(UsageFault) as caught:
        for subject in patients * 17:
            handover.copy_receipt(registry, subject, nurse)
    assert caught.value.code == "bulk-approval"
    assert cheap == patients[:FREE]
    assert [line.consent for line in lines_of(registry)] == patients[:FREE]
    found = list_lines(registry, Question(0, registry.clock()), actor_of(registry, AUDITOR))
    who = key_id(KEYS[HOSPITAL].public_key.point).hex() if with_a_key else OFFICER
    assert {one.opened.who.person for one in found} == {who}


def test_a_counter_hands_out_what_it_just_took_in(clinic: ConsentWorld, cheap: list[bytes]) -> None:
    """A hospital with fifty counters is no bulk opening: it is shown nothing that it did not just send."""
    registry = clinic.registry
    patients = [one.subject for one in grant(registry, [clinic.body(n) for n in range(40)], HOSPITAL)]
    for subject in patients:
        handover.copy_receipt(registry, subject, machine(HOSPITAL))
    assert len(cheap) == 40
    with pytest.raises(UsageFault):  # an officer sent nothing
        for subject in patients:
            handover.copy_receipt(registry, subject, actor_of(registry, OFFICER))


def test_an_app_that_reports_nothing_it_was_allowed(clinic: ConsentWorld) -> None:
    """Provable: what it asked for here. Not stopped: what it does on its own machines."""
    registry = clinic.registry
    subject = clinic.grant().subject
    with pytest.raises(UsageFault) as caught:  # it is handed nobody's receipt
        handover.copy_receipt(registry, subject, machine(LAB))
    assert caught.value.code == "consent-unknown"
    found = list_lines(registry, Question(0, registry.clock(), organisation=LAB), actor_of(registry, AUDITOR))
    assert found == [], "a silence is no proof of silence"
    assert patient_reads(registry, subject).to_json()["accesses"]["lines"] == []


def test_an_insurer_without_a_consent(clinic: ConsentWorld) -> None:
    """Stopped where the consent does not name it; where it was told no, its use is proved to the patient."""
    registry = clinic.registry
    unnamed = clinic.grant(1).subject
    with pytest.raises(UsageFault) as caught:
        record_use(registry, used(unnamed, registry.clock(), "insurance"), machine(INSURER))
    assert caught.value.code == "consent-unknown"
    refused = {**bodies.recipient(), "answer": False}
    answers = {**clinic.body()["scopes"], "third_party_research": None}
    subject = clinic.grant(2, scopes=answers, recipients=[refused]).subject
    noted = record_use(registry, used(subject, registry.clock(), "third_party_research"), machine(LAB))
    assert noted.covered is False
    report = patient_reads(registry, subject)
    assert report.authentic == "genuine"
    assert report.to_json()["accesses"]["outside_consent"] == [noted.number]
    outside = Question(0, registry.clock(), outside=True)
    found = list_lines(registry, outside, actor_of(registry, AUDITOR))
    assert [one.opened.line.number for one in found] == [noted.number]

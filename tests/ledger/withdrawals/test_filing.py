"""Who may withdraw what (R31): by receipt, guardian, counter and controller, and everyone who may not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.ledger.withdrawals.clinic import DAY, HOSPITAL, HOUR, INSURER, LAB, Clinic
from tests.ledger.world import MEMBER, OFFICER, unchanged
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.rules.consent import Scope
from yinzheng.ledger.rules.extent import EVERYTHING, Extent, Way
from yinzheng.ledger.withdrawals.claims import LOCKED, WRONG_ANSWERS, Claim, DocumentClaim, ReceiptClaim
from yinzheng.ledger.withdrawals.progress import progress
from yinzheng.verifier.errors import UsageFault

CARD = DocumentClaim("identity_card")


def refused(clinic: Clinic, subject: bytes, extent: Extent = EVERYTHING, **options: Any) -> str:
    """The code with which a filing is refused; nothing but a count of wrong answers is left behind."""
    with pytest.raises(UsageFault) as caught:
        clinic.file(subject, extent, **options)
    return caught.value.code


@pytest.mark.parametrize(
    ("channel", "claim", "actor", "by"),
    [
        (Way.RECEIPT, None, None, "subject"),
        (Way.COUNTER, CARD, OFFICER, "registry"),
        (Way.COUNTER, DocumentClaim("passport", guardian=True), OFFICER, "registry"),
        (Way.CONTROLLER, CARD, HOSPITAL, "controller"),
    ],
)
def test_every_intake_point_files_one(
    clinic: Clinic, channel: Way, claim: Claim | None, actor: str | None, by: str
) -> None:
    guarded = isinstance(claim, DocumentClaim) and claim.guardian
    subject = clinic.grant(born="2015-01-01") if guarded else clinic.grant()
    clinic.file(subject, channel=channel, claim=claim, actor=actor)
    assert clinic.thread(subject)[1].by == by


def test_a_guardian_files_for_a_child_until_it_is_of_age(clinic: Clinic) -> None:
    child, adult = clinic.grant(born="2015-01-01"), clinic.grant()
    clinic.file(child, channel=Way.GUARDIAN)
    assert clinic.thread(child)[1].by == "subject"  # not told apart (S3.1)
    assert refused(clinic, adult, channel=Way.GUARDIAN) == "withdrawal-guardian"


def test_what_was_never_given(clinic: Clinic) -> None:
    claim = clinic.claim(clinic.grant())
    with unchanged(clinic.registry):
        assert refused(clinic, b"\7" * 32, claim=claim) == "receipt-refused"
        assert (
            refused(clinic, b"\7" * 32, channel=Way.COUNTER, claim=CARD, actor=OFFICER) == "consent-unknown"
        )


def test_a_stranger_and_anothers_receipt(clinic: Clinic) -> None:
    subject, other = clinic.grant(), clinic.grant()
    right, others = clinic.claim(subject), clinic.claim(other)
    with unchanged(clinic.registry):
        for credential in (bytes(32), b"", others.code.credential):
            wrong = replace(right, code=replace(right.code, credential=credential))
            assert refused(clinic, subject, claim=wrong) == "receipt-refused"
        proof = replace(right, code=replace(right.code, credential=None))
        assert refused(clinic, subject, claim=proof) == "receipt-proof"
        assert refused(clinic, subject, claim=others) == "receipt-refused"
        for org in (LAB, "91110105MA01A2B34X"):
            assert (
                refused(clinic, subject, channel=Way.CONTROLLER, claim=CARD, actor=org) == "consent-unknown"
            )
        assert refused(clinic, subject, channel=Way.COUNTER, claim=CARD, actor="nobody") == "person-unknown"
        assert refused(clinic, subject, channel=Way.COUNTER, claim=CARD, actor=MEMBER) == "officer-needed"
        assert refused(clinic, subject, channel=Way.COUNTER, claim=right, actor=OFFICER) == "withdrawal-claim"
        assert refused(clinic, subject, channel=Way.RECEIPT, claim=CARD) == "withdrawal-claim"
        selfie = DocumentClaim("selfie")
        assert refused(clinic, subject, channel=Way.COUNTER, claim=selfie, actor=OFFICER) == (
            "withdrawal-identity"
        )


def test_who_guesses_the_date_of_birth_is_stopped(clinic: Clinic) -> None:
    subject = clinic.grant()
    right = clinic.claim(subject)
    wrong = replace(right, born="1980-03-01")
    for _ in range(WRONG_ANSWERS):
        assert refused(clinic, subject, claim=wrong) == "receipt-refused"
    assert refused(clinic, subject, claim=right) == "receipt-refused"
    assert clinic.file(subject, channel=Way.COUNTER, claim=CARD, actor=OFFICER) == subject
    assert clinic.handled() == [(OFFICER, subject.hex())]
    clinic.world.clock.advance(LOCKED - 1)
    assert refused(clinic, subject, claim=right) == "receipt-refused"
    clinic.world.clock.advance(1)
    assert refused(clinic, subject, claim=right) == "withdrawal-not-in-force"


def test_a_stranger_locks_nobody_out(clinic: Clinic) -> None:
    subject = clinic.grant()
    right = clinic.claim(subject)
    stranger = ReceiptClaim(replace(right.code, credential=b"\1" * 32), "1980-03-01")
    for _ in range(WRONG_ANSWERS + 1):
        assert refused(clinic, subject, claim=stranger) == "receipt-refused"
    assert clinic.file(subject) == subject


def test_a_right_answer_takes_the_wrong_ones_back(clinic: Clinic) -> None:
    subject = clinic.grant()
    right = clinic.claim(subject)
    for extent in (Extent(recipients=frozenset({LAB})), Extent(recipients=frozenset({INSURER}))):
        for _ in range(WRONG_ANSWERS - 1):
            assert refused(clinic, subject, claim=replace(right, born="")) == "receipt-refused"
        clinic.file(subject, extent, claim=right)


def test_twice_and_nothing_left(clinic: Clinic) -> None:
    subject = clinic.grant()
    lab = Extent(recipients=frozenset({LAB}))
    clinic.file(subject, lab)
    assert refused(clinic, subject, lab) == "withdrawal-not-in-force"
    assert refused(clinic, subject, Extent()) == "withdrawal-empty"
    assert refused(clinic, subject, Extent(scopes=frozenset({Scope.INSURANCE}))) == "withdrawal-not-in-force"
    clinic.file(subject)
    assert refused(clinic, subject) == "withdrawal-not-in-force"


def test_a_consent_that_ended_by_itself(clinic: Clinic) -> None:
    subject = clinic.grant()
    clinic.world.clock.advance(365 * DAY)
    assert refused(clinic, subject) == "consent-expired"


def test_the_clock_starts_at_receipt_and_not_when_it_was_typed_in(clinic: Clinic) -> None:
    clinic.world.clock.advance(DAY + 600)
    came = clinic.world.clock() - 20 * HOUR
    subject = clinic.grant()
    options: dict[str, Any] = {"channel": Way.CONTROLLER, "claim": CARD, "actor": HOSPITAL}
    for wrong in (came - 3 * HOUR, clinic.world.clock() + 1):
        assert refused(clinic, subject, received_at=wrong, **options) == "withdrawal-received"
    id_ = clinic.file(subject, received_at=came, **options)
    settle(clinic.registry)
    chain = clinic.registry.client.withdrawal(id_)
    assert chain is not None
    assert chain.received_at == came // HOUR * HOUR == clinic.row(id_).received_at
    assert progress(clinic.registry, id_).received_at == came

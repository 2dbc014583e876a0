"""A guardian proves identity and guardianship before anyone is told; the clocks run all the same (R33)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.ledger import consent_world as cw
from tests.ledger.access_lines import said
from tests.ledger.withdrawals.clinic import DAY, HOSPITAL, HOUR, INSURER, LAB, Clinic, Template
from tests.ledger.world import MEMBER, OFFICER, unchanged
from yinzheng.ledger.chain.records import WithdrawalState
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.rules.extent import Extent, Way
from yinzheng.ledger.state.faults import InjectedFault, RaiseAt
from yinzheng.ledger.withdrawals.claims import Claim, DocumentClaim
from yinzheng.ledger.withdrawals.ending import Ticked
from yinzheng.ledger.withdrawals.progress import listed, progress
from yinzheng.ledger.withdrawals.reach import Silence
from yinzheng.verifier.errors import UsageFault

CHILD, YOUTH = "2015-06-01", "2010-06-01"


def code_of(clinic: Clinic, id_: bytes, by: str = HOSPITAL, **changes: Any) -> str:
    with pytest.raises(UsageFault) as caught:
        clinic.prove_guardian(id_, by, **changes)
    return caught.value.code


@pytest.mark.parametrize(
    ("born", "channel", "claim", "waits"),
    [
        (CHILD, Way.GUARDIAN, None, True),
        (CHILD, Way.RECEIPT, None, True),  # whoever holds it: a child of ten does not act alone
        (YOUTH, Way.GUARDIAN, None, True),
        (YOUTH, Way.RECEIPT, None, False),
        (CHILD, Way.COUNTER, DocumentClaim("identity_card", guardian=True), True),
        (CHILD, Way.CONTROLLER, DocumentClaim("identity_card", guardian=True), True),
        (CHILD, Way.COUNTER, DocumentClaim("identity_card"), True),  # nor with a document of its own
        (CHILD, Way.CONTROLLER, DocumentClaim("identity_card"), True),
        (YOUTH, Way.CONTROLLER, DocumentClaim("identity_card"), False),
    ],
)
def test_a_guardians_withdrawal_is_received_at_once_and_waits_for_the_proof(
    clinic: Clinic, born: str, channel: Way, claim: Claim | None, waits: bool
) -> None:
    actor = {Way.COUNTER: OFFICER, Way.CONTROLLER: HOSPITAL}.get(channel)
    id_ = clinic.file(clinic.grant(born=born), channel=channel, claim=claim, actor=actor)
    shown = progress(clinic.registry, id_)
    assert (shown.state.value, shown.awaits_guardian) == (("requested" if waits else "notified"), waits)
    assert bool(clinic.told(id_)) != waits
    settle(clinic.registry)
    chain = clinic.registry.client.withdrawal(id_)
    assert chain is not None
    assert (chain.state, chain.received_at) == (WithdrawalState.REQUESTED, clinic.row(id_).received_at)


def test_who_says_to_be_the_guardian_and_proves_nothing_keeps_no_youth_from_withdrawing(
    clinic: Clinic,
) -> None:
    """A relative with the receipt; the youth's own word, with it or at a counter, tells everyone."""
    document = DocumentClaim("identity_card")
    for channel, claim, actor in ((Way.RECEIPT, None, None), (Way.COUNTER, document, OFFICER)):
        subject = clinic.grant(born=YOUTH)
        id_ = clinic.file(subject, channel=Way.GUARDIAN)
        assert clinic.file(subject, channel=channel, claim=claim, actor=actor) == id_
        assert set(clinic.told(id_).values()) == {1}
        assert clinic.types(subject) == ["requested", "verified", "notified"]
        assert code_of(clinic, id_) == "move-not-allowed"
    settle(clinic.registry)
    clinic.complete(id_)


def test_a_youth_withdraws_more_than_what_waits_for_a_guardian(clinic: Clinic) -> None:
    subject = clinic.grant(born=YOUTH)
    part = clinic.file(subject, Extent(False, frozenset(), frozenset({LAB})), channel=Way.GUARDIAN)
    other = Extent(False, frozenset(), frozenset({INSURER}))
    clinic.file(subject, other)
    assert not clinic.told(part), "the youth said nothing of it"
    rest = clinic.file(subject)
    assert rest != part
    assert clinic.told(part)
    assert clinic.told(rest)
    settle(clinic.registry)


@pytest.mark.parametrize("channel", [Way.COUNTER, Way.CONTROLLER])
def test_nobody_waits_for_the_guardian_of_an_adult(clinic: Clinic, channel: Way) -> None:
    """Or a controller could take in what nobody is ever told of."""
    subject = clinic.grant()
    claim = DocumentClaim("identity_card", guardian=True)
    actor = OFFICER if channel is Way.COUNTER else HOSPITAL
    with pytest.raises(UsageFault) as caught:
        clinic.file(subject, channel=channel, claim=claim, actor=actor)
    assert caught.value.code == "withdrawal-guardian"


def test_the_clocks_run_from_receipt_and_everyone_is_told_with_the_proof(clinic: Clinic) -> None:
    subject = clinic.grant(born=CHILD)
    id_ = clinic.file(subject, channel=Way.GUARDIAN)
    received = clinic.row(id_).received_at
    (line,) = listed(clinic.registry)
    assert {one.silence for one in line.not_told} == {Silence.NOT_VERIFIED}
    clinic.world.clock.now = received + 30 * HOUR
    assert clinic.tick() == Ticked(), "nobody is reminded of what nobody was told"
    clinic.prove_guardian(id_)
    assert clinic.types(subject) == ["requested", "verified", "notified"]
    assert {code for kind, code in clinic.told(id_) if kind == "destroy"} == {HOSPITAL, LAB, INSURER}
    (freeze,) = clinic.notices(id_, "withdrawal.freeze")
    assert freeze["deadline"] == received + 48 * HOUR
    assert progress(clinic.registry, id_).destroy_by == received + 72 * HOUR
    clinic.complete(id_)
    settle(clinic.registry)
    assert clinic.row(id_).state == "completed"


def test_the_same_proof_again_changes_nothing_and_another_comes_too_late(clinic: Clinic) -> None:
    id_ = clinic.file(clinic.grant(born=CHILD), channel=Way.GUARDIAN)
    clinic.prove_guardian(id_, OFFICER)
    line = (OFFICER, "process", "withdrawal", id_.hex())
    assert said(clinic.registry).count(line) == 1
    clinic.prove_guardian(id_)
    assert said(clinic.registry).count(line) == 1
    assert code_of(clinic, id_, relation="relative") == "move-not-allowed"
    assert set(clinic.told(id_).values()) == {1}


def test_who_may_look_at_it_and_when(clinic: Clinic) -> None:
    id_ = clinic.file(clinic.grant(born=CHILD), channel=Way.GUARDIAN)
    now = clinic.registry.clock()
    with unchanged(clinic.registry):
        assert code_of(clinic, id_, LAB) == "withdrawal-actor"
        assert code_of(clinic, id_, MEMBER) == "officer-needed"
        for name in ("identity", "live_face", "guardianship"):
            for at in (now + 1, now - DAY - HOUR):
                part: Any = {name: {**cw.guardian(now)[name], "checked_at": at}}
                assert code_of(clinic, id_, **part) == "guardian-proof-time"
    adult = clinic.file(clinic.grant())
    assert code_of(clinic, adult) == "move-not-allowed"


@pytest.mark.parametrize("point", ["store.commit.before", "store.commit.after"])
def test_verified_and_told_are_one_write(clinic_template: Template, tmp_path: Path, point: str) -> None:
    world = clinic_template.world.copy(tmp_path / "state")
    notice, digest = clinic_template.notice, clinic_template.digest
    with world.open() as registry:
        clinic = Clinic(world, registry, notice, digest)
        subject = clinic.grant(born=CHILD)
        id_ = clinic.file(subject, channel=Way.GUARDIAN)
    with pytest.raises(InjectedFault), world.open(RaiseAt(point, 1), settle=False) as registry:
        Clinic(world, registry, notice, digest).prove_guardian(id_)
    with world.open() as registry:
        clinic = Clinic(world, registry, notice, digest)
        told = bool(clinic.told(id_))
        assert ("verified" in clinic.types(subject)) == told == (point == "store.commit.after")
        clinic.prove_guardian(id_)
        assert set(clinic.told(id_).values()) == {1}
    assert world.audit() == []

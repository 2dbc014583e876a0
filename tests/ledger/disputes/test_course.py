"""Disputes from draft to release, through log and chain (R37 to R39)."""

from __future__ import annotations

import pytest

from tests.ledger import world as w
from tests.ledger.disputes.court import (
    APPLICANT,
    COURT,
    DEAL,
    FIRST,
    FORUM,
    JUDGMENT,
    OPENER,
    SECOND,
    Court,
    address,
)
from tests.ledger.withdrawals.clinic import HOSPITAL, HOUR, LAB
from tests.ledger.world import MEMBER, OFFICER, actor_of
from yinzheng.ledger.cases import issuing
from yinzheng.ledger.chain.records import DisputeState, OpeningKind, WithdrawalState
from yinzheng.ledger.disputes import opening, release
from yinzheng.ledger.disputes.showing import listed
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.store import repository
from yinzheng.ledger.withdrawals.course import tick
from yinzheng.ledger.withdrawals.progress import progress
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.dispute import Resumption, evidence_root


def test_a_party_opens_with_evidence_and_all_settle(court: Court) -> None:
    id_ = court.open()
    shown, chain = court.show(id_), court.chain(id_)
    assert (shown.state, shown.kind, shown.opener, shown.forum.code) == ("open", "party", OPENER, COURT)
    assert [(item.number, item.item.title) for item in shown.items] == [(1, "合同")]
    assert (chain.state, chain.kind, chain.parties, chain.subjects) == (
        DisputeState.OPEN, OpeningKind.PARTY, 2, 3,
    )  # fmt: skip
    assert (chain.opened_by, chain.statement) == (address(FIRST), shown.opening)
    assert chain.root == evidence_root([item.leaf for item in shown.items if item.leaf])
    assert (court.record_holds(), court.case_holds(), court.consent_holds()) == (1, 1, 1)
    assert court.told("dispute.hold") == {
        (APPLICANT, "records"): 1,
        (APPLICANT, "cases"): 1,
        (HOSPITAL, "consents"): 1,
    }

    court.world.clock.advance(HOUR)
    resumed = court.settle_dispute(id_)
    shown, chain = court.show(id_), court.chain(id_)
    assert (shown.state, chain.state) == ("released", DisputeState.RELEASED)
    assert shown.release is not None
    assert (shown.release.kind, shown.release.document) == ("settlement", DEAL)
    assert shown.release.signers == tuple(sorted((address(FIRST), address(SECOND))))
    assert shown.release.resumed == resumed
    assert {one.what for one in resumed} == {"amendment", "deposit"}
    assert (court.record_holds(), court.case_holds(), court.consent_holds()) == (0, 0, 0)
    assert court.told("dispute.released") == court.told("dispute.hold")
    with court.registry.store.reading() as session:
        (line,) = listed(session)
    assert (line.id, line.state, line.subjects, line.items) == (id_, "released", 3, 1)
    with pytest.raises(UsageFault, match="state released"):
        court.add(id_, court.offer(b"too late"))


def test_a_forum_opens_without_evidence_and_its_document_ends_it(court: Court) -> None:
    id_ = court.open("forum")
    assert court.chain(id_).root == bytes(32)
    first = court.add(id_, court.offer(b"one"), court.offer(b"two"))
    assert court.chain(id_).root == evidence_root(first)
    later = court.add(id_, court.offer(b"three"))
    chain = court.chain(id_)
    assert (chain.root, chain.roots) == (evidence_root([*first, *later]), 2)
    kept = court.registry.client.evidence(court.show(id_).subject, evidence_root(first))
    assert kept is not None  # what was there is not touched
    court.execute(id_)
    ended, chain = court.show(id_).release, court.chain(id_)
    assert ended is not None
    assert (ended.kind, ended.document, ended.signers) == ("document", JUDGMENT, (address(FORUM),))
    assert chain.released_by == address(FORUM)


def test_parties_cannot_undo_what_the_forum_prepared(court: Court) -> None:
    id_ = court.open("forum")
    decision = release.prepare_release(court.registry, id_, "document", JUDGMENT, "判决", [address(FORUM)])
    court.prepare_settlement(id_)
    release.release(court.registry, id_, "document", [court.sign(decision, FORUM)])
    assert court.show(id_).state == "released"


def test_a_draft_is_nobodys_hold_and_can_be_discarded(court: Court) -> None:
    files = w.files(court.registry.paths.blobs)
    id_ = opening.draft(court.registry, OPENER, court.plan())
    opening.add_to_draft(court.registry, id_, [court.offer()])
    settle(court.registry)
    assert (court.show(id_).state, len(court.show(id_).items)) == ("draft", 1)
    assert (court.record_holds(), court.case_holds(), court.consent_holds()) == (0, 0, 0)
    opening.discard(court.registry, id_)
    assert w.files(court.registry.paths.blobs) == files
    with pytest.raises(UsageFault) as refused:
        court.show(id_)
    assert refused.value.code == "dispute-unknown"


def test_every_statement_is_in_one_thread_and_the_audit_finds_nothing(court: Court) -> None:
    id_ = court.open("party", [court.offer(b"a"), court.offer(b"b")])
    court.add(id_, court.offer(b"c"))
    court.settle_dispute(id_)
    assert court.audit() == set()


def test_a_case_is_not_deposited_while_it_is_held(court: Court) -> None:
    id_ = court.open("forum")
    case = court.made.published
    w.past_publicity(court.registry, court.world.clock, case)
    with w.unchanged(court.registry), pytest.raises(UsageFault) as refused:
        issuing.issue(court.registry, case, actor_of(court.registry, OFFICER))
    assert refused.value.code == "held-waits"
    with court.registry.store.reading() as session:
        subject = repository.find_case(session, case).subject
    resumed = court.execute(id_)
    assert Resumption(subject, "deposit") in resumed
    if issuing.issue(court.registry, case, actor_of(court.registry, OFFICER)).missing:
        issuing.issue(court.registry, case, actor_of(court.registry, MEMBER))
    settle(court.registry)
    assert w.state_of(court.registry, case) == "deposited"


def test_a_withdrawal_is_accepted_and_only_destruction_waits(court: Court) -> None:
    id_ = court.open("forum")
    bench, consent = court.clinic, court.made.consent
    withdrawal = bench.file(consent)
    bench.freeze(withdrawal)
    settle(court.registry)
    on_chain = court.registry.client.withdrawal(withdrawal)
    assert on_chain is not None
    assert (on_chain.state, on_chain.holds) == (WithdrawalState.RESTRICTED, 1)
    assert progress(court.registry, withdrawal).held
    bench.confirm(withdrawal, LAB, HOSPITAL)
    settle(court.registry)
    assert bench.row(withdrawal).state == "restricted"  # everyone answered, and still it is not completed
    resumed = court.execute(id_)
    assert Resumption(consent, "destruction") in resumed
    assert bench.row(withdrawal).restricted_until < court.now + 3 * HOUR
    court.world.clock.advance(3 * HOUR)
    tick(court.registry)
    settle(court.registry)
    assert bench.row(withdrawal).state == "completed"
    assert court.audit() == set()


def test_what_another_dispute_holds_goes_on_waiting(court: Court) -> None:
    first, second = court.open("forum"), court.open("party")
    assert (court.record_holds(), court.case_holds(), court.consent_holds()) == (2, 2, 2)
    assert court.execute(first) == ()
    assert (court.record_holds(), court.case_holds(), court.consent_holds()) == (1, 1, 1)
    assert court.execute(second) != ()
    assert court.record_holds() == 0


def test_the_registry_adds_items_and_nobody_adds_none(court: Court) -> None:
    id_ = court.open("forum")
    court.add(id_, court.offer(b"kept by the registry"), by=Capacity.REGISTRY)
    with pytest.raises(UsageFault, match="no item"):
        court.add(id_)

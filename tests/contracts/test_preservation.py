"""Preservation: opening with its holds, evidence, and release (S5.13 to S5.15); `test_holds`: what waits."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from eth_account.signers.local import LocalAccount

from tests.contracts.disputes import (
    CASE,
    CONSENT,
    DISPUTE,
    FORUM,
    GROUND,
    ONE,
    OTHER_FORUM,
    OUTCOME,
    PARTIES,
    ROOT,
    STATEMENT,
    TWO,
    Court,
    case_holds,
    consent_holds,
    like,
    record,
)
from tests.contracts.world import OFFICERS, STRANGER, address, b32
from tests.wallet import sign
from yinzheng.ledger.chain.approvals import Release
from yinzheng.ledger.chain.contracts import FORUM as FORUM_ROLE
from yinzheng.ledger.chain.records import (
    Dispute,
    DisputeState,
    Evidence,
    OpeningKind,
    Status,
    Subjects,
)
from yinzheng.ledger.chain.sender import Sender

# ---------------------------------------------------------------- opening


def test_opening_holds_at_once_and_says_everything(held: Court) -> None:
    assert held.client.dispute(DISPUTE) == Dispute(
        case_id=DISPUTE,
        state=DisputeState.OPEN,
        kind=OpeningKind.FORUM,
        parties=2,
        subjects=3,
        roots=1,
        opened_at=held.now,
        released_at=0,
        changed_at=held.now,
        statement=STATEMENT,
        root=ROOT,
        outcome=bytes(32),
        opened_by=address(FORUM),
        released_by=bytes(20),
    )
    assert (record(held).holds, case_holds(held), consent_holds(held)) == (1, 1, 1)
    assert record(held, TWO).holds == 0
    assert held.client.parties(DISPUTE) == tuple(address(party) for party in PARTIES)
    assert held.client.subjects(DISPUTE) == Subjects((ONE,), (CASE,), (CONSENT,))
    assert held.client.evidence(DISPUTE, ROOT) == Evidence(held.now, 0, STATEMENT)
    assert held.refused(held.open(held.opening())) == "dispute-state"


def test_a_party_opens_with_evidence_only(court: Court) -> None:
    decision = court.opening(kind=OpeningKind.PARTY)
    assert court.refused(court.open(replace(decision, root=bytes(32)), PARTIES[1])) == "identifier-zero"
    for nobody in (FORUM, STRANGER, OFFICERS[0]):
        assert court.refused(court.open(decision, nobody)) == "signer-not-party"
    court.send(court.open(decision, PARTIES[1]))
    found = court.client.dispute(DISPUTE)
    assert found is not None
    assert (found.kind, found.opened_by) == (OpeningKind.PARTY, address(PARTIES[1]))


def test_a_forum_may_open_without_evidence_but_not_in_its_own_case(court: Court) -> None:
    for nobody in (PARTIES[0], STRANGER, OFFICERS[0]):
        assert court.refused(court.open(court.opening(), nobody)) == "approver-not-entitled"
    own = tuple(sorted((address(FORUM), address(PARTIES[0]))))
    assert court.refused(court.open(court.opening(parties=own))) == "forum-is-party"
    court.send(court.open(court.opening(root=bytes(32))))
    found = court.client.dispute(DISPUTE)
    assert found is not None
    assert (found.roots, found.root) == (0, bytes(32))


def many(count: int, first: int = 1) -> tuple[bytes, ...]:
    return tuple(b32(n) for n in range(first, first + count))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"case_id": bytes(32)}, "identifier-zero"),
        ({"statement": bytes(32)}, "identifier-zero"),
        ({"kind": OpeningKind.NONE}, "dispute-kind"),
        ({"parties": ()}, "party-count"),
        ({"parties": (address(PARTIES[0]),)}, "party-count"),
        ({"parties": tuple(n.to_bytes(20, "big") for n in range(1, 18))}, "party-count"),
        ({"parties": tuple(address(p) for p in reversed(PARTIES))}, "list-order"),
        ({"parties": (address(PARTIES[0]),) * 2}, "list-order"),
        ({"parties": (bytes(20), address(PARTIES[0]))}, "list-order"),
        ({"consents": ()}, "subject-count"),
        ({"consents": many(65)}, "subject-count"),
        ({"consents": many(33), "records": many(16), "cases": many(16)}, "subject-count"),
        ({"consents": (CONSENT, CONSENT)}, "list-order"),
        ({"consents": (bytes(32),)}, "list-order"),
        ({"records": (TWO, ONE)}, "list-order"),
        ({"cases": (CASE, CASE)}, "list-order"),
        ({"records": (b32(404),)}, "record-state"),
        ({"cases": (b32(404),)}, "case-state"),
    ],
)
def test_what_a_dispute_cannot_be(court: Court, changes: dict[str, Any], code: str) -> None:
    """Nothing is held when one subject cannot be: all or nothing."""
    assert court.refused(court.open(court.opening(**changes))) == code
    assert court.client.dispute(DISPUTE) is None
    assert consent_holds(court) == 0


def test_a_record_that_is_over_and_a_case_that_is_deposited_take_no_hold(
    court: Court, module: Sender
) -> None:
    court.deposited(ONE)
    assert court.refused(court.open(court.opening(cases=(record(court).case_id,)))) == "case-state"
    cancelled = like(record(court), status=Status.CANCELLED)
    court.send(court.client.amend_unheld(ONE, cancelled, GROUND), module)
    assert court.refused(court.open(court.opening(records=(ONE,)))) == "record-state"


def test_sixty_four_subjects_are_held_and_released(court: Court) -> None:
    records = tuple(court.deposited(id_) for id_ in many(6, 1000))
    cases = tuple(court.published(id_) for id_ in many(4, 2000))
    consents = many(54, 3000)
    court.send(court.open(court.opening(records=records, cases=cases, consents=consents)))
    assert all(record(court, id_).holds == 1 for id_ in records)
    assert all(case_holds(court, id_) == 1 for id_ in cases)
    assert all(consent_holds(court, id_) == 1 for id_ in consents)
    court.send(court.release(*PARTIES))
    assert not any(record(court, id_).holds for id_ in records)
    assert not any(case_holds(court, id_) for id_ in cases)
    assert not any(consent_holds(court, id_) for id_ in consents)


@pytest.mark.parametrize(
    "name", ["root", "statement", "case_id", "parties", "records", "cases", "consents", "kind"]
)
def test_a_signature_binds_every_field_of_the_opening(held: Court, name: str) -> None:
    third = tuple(sorted(address(p) for p in (*PARTIES, STRANGER)))
    signed = held.opening(case_id=b32(300), kind=OpeningKind.PARTY)
    other: dict[str, Any] = {
        "root": b32(301),
        "statement": b32(301),
        "case_id": b32(301),
        "parties": third,
        "records": (TWO,),
        "cases": (CASE,),
        "consents": (b32(301),),
        "kind": OpeningKind.FORUM,
    }
    approval = sign(signed, held.client.preservation_domain, PARTIES[0])
    sent = replace(signed, **{name: other[name]})
    assert held.refused(held.client.open_dispute(sent, approval)) in (
        "signer-not-party",
        "approver-not-entitled",
    )
    held.send(held.client.open_dispute(signed, approval))


def test_a_signature_holds_for_this_contract_alone(court: Court) -> None:
    decision = court.opening()
    for domain in (
        court.client.domain,
        replace(court.client.preservation_domain, chain_id=1),
        replace(court.client.preservation_domain, registry=bytes(20)),
    ):
        approval = sign(decision, domain, FORUM)
        assert court.refused(court.client.open_dispute(decision, approval)) == "approver-not-entitled"
    for bad in (b"", bytes(64), bytes(65), b"\xff" * 65):
        assert court.refused(court.client.open_dispute(decision, bad)) == "approval-malformed"


# ---------------------------------------------------------------- evidence


def test_evidence_is_added_and_never_altered(held: Court) -> None:
    first = held.client.evidence(DISPUTE, ROOT)
    held.send(held.client.add_evidence(DISPUTE, b32(301), b32(302)))
    added = held.now
    held.send(held.client.add_evidence(DISPUTE, b32(303), b32(304)))
    assert held.client.evidence(DISPUTE, ROOT) == first
    assert held.client.evidence(DISPUTE, b32(301)) == Evidence(added, 1, b32(302))
    found = held.client.dispute(DISPUTE)
    assert found is not None
    assert (found.roots, found.root, found.changed_at) == (3, b32(303), held.now)
    for root in (ROOT, b32(301)):
        assert held.refused(held.client.add_evidence(DISPUTE, root, b32(305))) == "evidence-known"
    for root, statement in ((bytes(32), b32(1)), (b32(306), bytes(32))):
        assert held.refused(held.client.add_evidence(DISPUTE, root, statement)) == "identifier-zero"
    assert held.refused(held.client.add_evidence(b32(404), b32(306), b32(1))) == "dispute-state"
    held.send(held.release(FORUM))
    assert held.refused(held.client.add_evidence(DISPUTE, b32(306), b32(1))) == "dispute-state"
    assert held.client.evidence(DISPUTE, b32(306)) is None


# ---------------------------------------------------------------- release


@pytest.mark.parametrize("people", [(FORUM,), (OTHER_FORUM,), PARTIES])
def test_release_by_a_forum_or_by_all_parties(held: Court, people: Sequence[LocalAccount]) -> None:
    held.send(held.release(*people))
    assert (record(held).holds, case_holds(held), consent_holds(held)) == (0, 0, 0)
    found = held.client.dispute(DISPUTE)
    assert found is not None
    assert (found.state, found.outcome, found.released_at) == (DisputeState.RELEASED, OUTCOME, held.now)
    assert found.released_by == (address(people[0]) if len(people) == 1 else bytes(20))
    assert held.refused(held.release(*people)) == "dispute-state"


@pytest.mark.parametrize(
    ("people", "code"),
    [
        ((), "approval-count"),
        ((PARTIES[0],), "approver-not-entitled"),
        ((PARTIES[1],), "approver-not-entitled"),
        ((OFFICERS[0],), "approver-not-entitled"),
        ((STRANGER,), "approver-not-entitled"),
        ((PARTIES[0], PARTIES[0]), "signer-not-party"),
        ((PARTIES[1], PARTIES[0]), "signer-not-party"),
        ((PARTIES[0], STRANGER), "signer-not-party"),
        ((PARTIES[0], FORUM), "signer-not-party"),
        ((FORUM, OTHER_FORUM), "signer-not-party"),
        ((*PARTIES, FORUM), "approval-count"),
    ],
)
def test_nobody_else_releases(held: Court, people: Sequence[LocalAccount], code: str) -> None:
    assert held.refused(held.release(*people)) == code
    assert (record(held).holds, case_holds(held), consent_holds(held)) == (1, 1, 1)


def test_a_release_is_of_one_dispute_with_one_outcome(held: Court) -> None:
    assert held.refused(held.release(FORUM, case_id=b32(404))) == "dispute-state"
    assert held.refused(held.release(FORUM, outcome=bytes(32))) == "identifier-zero"
    approval = sign(Release(DISPUTE, b32(301)), held.client.preservation_domain, FORUM)
    assert (
        held.refused(held.client.release(Release(DISPUTE, OUTCOME), [approval], 3)) == "approver-not-entitled"
    )


def test_a_forum_that_lost_its_role_or_is_a_party_does_not_release(court: Court) -> None:
    decision = court.opening(parties=tuple(sorted((address(OTHER_FORUM), address(PARTIES[0])))))
    court.send(court.open(decision))
    assert court.refused(court.release(OTHER_FORUM)) == "forum-is-party"
    court.send(court.client.revoke_role(FORUM_ROLE, address(FORUM)), court.world.admin)
    assert court.refused(court.release(FORUM)) == "approver-not-entitled"


def test_each_dispute_releases_its_own_holds_alone(held: Court) -> None:
    second = held.opening(case_id=b32(300), records=(ONE, TWO), cases=(CASE,))
    held.send(held.open(second))
    assert (record(held).holds, record(held, TWO).holds, case_holds(held), consent_holds(held)) == (
        2,
        1,
        2,
        2,
    )
    held.send(held.release(*PARTIES))
    assert (record(held).holds, record(held, TWO).holds, case_holds(held), consent_holds(held)) == (
        1,
        1,
        1,
        1,
    )
    held.send(held.release(*PARTIES, case_id=b32(300)))
    assert (record(held).holds, record(held, TWO).holds, case_holds(held), consent_holds(held)) == (
        0,
        0,
        0,
        0,
    )

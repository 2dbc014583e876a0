"""Who signs an order, when, and what may not be destroyed (R39, R42, R43)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.ledger.consent_world import HOSPITAL
from tests.ledger.erasure import ward as w
from tests.ledger.erasure.conftest import Approved
from tests.ledger.erasure.ward import Ward
from tests.ledger.world import AUDITOR, KEEPER, MEMBER, OFFICER, SECOND_OFFICER, actor_of
from yinzheng.ledger.erasure import proposing
from yinzheng.ledger.erasure.carrying_out import erase
from yinzheng.ledger.erasure.order import Order, digest, signer
from yinzheng.ledger.erasure.overview import Destructible, destructible, erasures
from yinzheng.ledger.people.acting import admit
from yinzheng.ledger.people.enrolling import enrol_person, remove_person
from yinzheng.ledger.registry import Registry, silent
from yinzheng.ledger.rules.destruction import Method, StaffRole, TargetKind
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.state.backup import make_backup
from yinzheng.ledger.state.faults import InjectedFault, RaiseAt
from yinzheng.ledger.state.record_keys import NAME, read_keys
from yinzheng.ledger.store.models import Dossier
from yinzheng.ledger.store.models_consents import Consent
from yinzheng.ledger.store.models_disputes import Dispute, DisputeSubject, Erasure, ErasureSignature
from yinzheng.verifier.errors import DataFault, UsageFault


def refused(act: Callable[[], object]) -> str:
    with pytest.raises((UsageFault, DataFault)) as caught:
        act()
    return caught.value.code


def test_signatures_come_in_order_and_each_from_another_person(ward: Ward) -> None:
    with ward.open() as registry:
        id_ = w.propose(registry, ward.withdrawn)
        proposer = actor_of(registry, OFFICER)
        assert refused(lambda: proposing.approve(registry, id_, proposer)) == "destruction-person"
        for early in ("head-he", "witness-wu", SECOND_OFFICER, MEMBER):
            assert (
                refused(partial(proposing.approve, registry, id_, actor_of(registry, early)))
                == "destruction-order"
            )
        assert (
            refused(lambda: proposing.approve(registry, id_, actor_of(registry, "nobody")))
            == "person-unknown"
        )
        assert proposing.approve(registry, id_, actor_of(registry, "manager-ma")) == {"department_head"}
        assert (
            refused(lambda: proposing.approve(registry, id_, actor_of(registry, "manager-ma")))
            == "destruction-person"
        )
        assert proposing.approve(registry, id_, actor_of(registry, "head-he")) == {"legal", "security"}
        assert proposing.approve(registry, id_, actor_of(registry, "guard-gu")) == {"ethics"}
        assert (
            refused(lambda: proposing.approve(registry, id_, actor_of(registry, "lawyer-liu")))
            == "destruction-order"
        )
        assert proposing.approve(registry, id_, actor_of(registry, "ethics-er")) == {"witness"}
        assert (
            refused(lambda: proposing.approve(registry, id_, actor_of(registry, "witness-wu")))
            == "destruction-order"
        )
        assert proposing.witness(registry, id_, actor_of(registry, "witness-wu")) == {"witness"}
        assert refused(lambda: erase(registry, id_, actor_of(registry, OFFICER))) == "erasure-state"
        assert (
            refused(lambda: proposing.witness(registry, id_, actor_of(registry, "witness-wu")))
            == "destruction-person"
        )
        assert proposing.witness(registry, id_, actor_of(registry, "witness-xu")) == set()
        assert w.state_of(registry, id_) == "approved"
        assert (
            refused(lambda: proposing.approve(registry, id_, actor_of(registry, "lawyer-liu")))
            == "erasure-state"
        )
        everyone = ("manager-ma", "head-he", "guard-gu", "ethics-er", "witness-wu", "witness-xu")
        for involved in (OFFICER, *everyone):  # who proposed it too
            assert (
                refused(partial(erase, registry, id_, actor_of(registry, involved))) == "destruction-person"
            )
        assert refused(lambda: erase(registry, id_, actor_of(registry, "nobody"))) == "person-unknown"
        erase(registry, id_, actor_of(registry, SECOND_OFFICER))
        with registry.store.reading() as session:
            (listed,) = erasures(session)
    assert listed["state"] == "destroyed"
    roles = [one["role"] for one in listed["signatures"]]  # type: ignore[index, union-attr, call-overload]
    assert roles == [
        "data_manager",
        "department_head",
        "security",
        "ethics",
        "witness",
        "witness",
        "operator",
    ]


def test_without_medical_data_ethics_is_not_asked(ward: Ward) -> None:
    with ward.open() as registry:
        id_ = proposing.propose(
            registry,
            TargetKind.CONSENT,
            ward.withdrawn.hex(),
            "withdrawal",
            Method.OVERWRITE,
            actor_of(registry, OFFICER),
            medical=False,
        )
        for name in w.APPROVERS[:3]:
            missing = proposing.approve(registry, id_, actor_of(registry, name))
    assert missing == {"witness"}


def test_what_may_not_be_destroyed(ward: Ward) -> None:
    with ward.open() as registry:

        def propose(subject: bytes | str, ground: str, method: Method = Method.OVERWRITE) -> str:
            name = subject if isinstance(subject, str) else subject.hex()
            return refused(
                lambda: proposing.propose(
                    registry, TargetKind.CONSENT, name, ground, method, actor_of(registry, OFFICER)
                )
            )

        assert propose(ward.standing, "withdrawal") == "erasure-ground"
        assert propose(ward.standing, "retention_ended") == "erasure-ground"
        assert propose(ward.standing, "because") == "erasure-ground"
        assert propose(ward.withdrawn, "withdrawal", Method.LOGICAL) == "erasure-method"
        assert propose(ward.withdrawn, "withdrawal", Method.PHYSICAL) == "erasure-method"
        assert propose(bytes(32), "court") == "consent-unknown"
        assert propose("abc", "court") == "subject-malformed"
        w.propose(registry, ward.withdrawn)
        assert propose(ward.withdrawn, "withdrawal") == "erasure-proposed"
        by_staff = lambda: proposing.propose(  # noqa: E731
            registry,
            TargetKind.CONSENT,
            ward.standing.hex(),
            "court",
            Method.OVERWRITE,
            actor_of(registry, "manager-ma"),
        )
        assert refused(by_staff) == "person-no-officer"
        ward.world.clock.advance(366 * 86_400)
        w.propose(registry, ward.standing, "retention_ended")


def _hold(registry: Registry, subject: bytes) -> None:
    """An open dispute about it, as its rows say."""
    with registry.store.transaction() as session:
        session.add(Dossier(id=bytes(16), wrapped_key=None, created_at=0))
        session.flush()
        session.add(
            Dispute(
                id="D-2026-000009",
                subject=bytes(32),
                state="open",
                kind="forum",
                opener=HOSPITAL,
                dossier_id=bytes(16),
                created_at=0,
            )
        )
        session.flush()
        session.add(DisputeSubject(dispute_id="D-2026-000009", kind="consent", subject=subject))


def test_a_hold_that_comes_after_the_signatures_stops_it(approved: Approved) -> None:
    with approved.ward.open() as registry:
        _hold(registry, approved.ward.withdrawn)
        assert (
            refused(lambda: erase(registry, approved.id, actor_of(registry, w.OPERATOR)))
            == "destruction-blocked"
        )
        assert refused(lambda: w.propose(registry, approved.ward.withdrawn)) == "destruction-blocked"
        with registry.store.reading() as session:
            assert session.get_one(Consent, approved.ward.withdrawn).wrapped_key is not None


def test_no_signature_serves_another_order(approved: Approved) -> None:
    with approved.ward.open() as registry:
        with registry.store.transaction() as session:
            row = session.get_one(Erasure, approved.id)
            other = Order.parse(row.wording)
            signature = session.get_one(ErasureSignature, (approved.id, "manager-ma")).signature
            address = signer(row.wording, signature)
            row.wording = row.wording.replace(b'"medical":true', b'"medical":false')
            row.wording = row.wording.replace(b'"ground":"withdrawal"', b'"ground":"court"')
            assert signer(row.wording, signature) != address
            assert digest(row.wording) != digest(other.canonical())
        assert (
            refused(lambda: erase(registry, approved.id, actor_of(registry, w.OPERATOR))) == "erasure-altered"
        )
    assert "erasure-altered" in approved.ward.world.codes()


def test_the_audit_names_a_key_that_is_gone_without_proof(ward: Ward) -> None:
    with ward.open() as registry, registry.store.transaction() as session:
        session.get_one(Consent, ward.withdrawn).wrapped_key = None
    assert "erasure-unproved" in ward.world.codes()


def test_the_audit_names_an_erasure_nobody_witnessed(approved: Approved) -> None:
    with approved.ward.open() as registry, registry.store.transaction() as session:
        session.delete(session.get_one(ErasureSignature, (approved.id, "witness-wu")))
    assert approved.ward.world.codes() == {"erasure-unsigned"}


def test_what_is_dropped_is_signed_and_carried_out_by_nobody(approved: Approved, tmp_path: Path) -> None:
    ward, id_ = approved.ward, approved.id
    key_file = tmp_path / "keys" / NAME
    with ward.open() as registry:
        make_backup(registry, tmp_path / "backup", tmp_path / "keys", silent)
    before = set(read_keys(key_file))
    # Carrying out breaks off when the key is gone from the key file, and from nothing else.
    with ward.open(RaiseAt("keyfile.write.after")) as registry, pytest.raises(InjectedFault):
        erase(registry, id_, actor_of(registry, w.OPERATOR))
    assert before - set(read_keys(key_file))
    with ward.open() as registry:
        assert (
            refused(lambda: proposing.drop(registry, id_, actor_of(registry, "manager-ma")))
            == "person-no-officer"
        )
        assert (
            refused(lambda: proposing.drop(registry, "E-2026-999999", actor_of(registry, OFFICER)))
            == "erasure-unknown"
        )
        proposing.drop(registry, id_, actor_of(registry, OFFICER))
        assert set(read_keys(key_file)) == before
        assert w.state_of(registry, id_) == "dropped"
        assert refused(lambda: proposing.drop(registry, id_, actor_of(registry, OFFICER))) == "erasure-state"
        assert refused(lambda: erase(registry, id_, actor_of(registry, w.OPERATOR))) == "erasure-state"
        assert (
            refused(lambda: proposing.approve(registry, id_, actor_of(registry, "lawyer-liu")))
            == "erasure-state"
        )
        with registry.store.reading() as session:
            assert [one["next"] for one in erasures(session)] == [[]]
        again = w.propose(registry, ward.withdrawn)
        proposing.drop(registry, again, actor_of(registry, OFFICER))
        w.destroy(registry, ward.withdrawn)
    assert ward.world.codes() == set()


def test_staff_holds_nothing_else(ward: Ward) -> None:
    assert ward.world.codes() == set()
    with ward.open() as registry:

        def add(name: str, by: str = KEEPER) -> None:
            enrol_person(registry, name, StaffRole.LEGAL, bytes(19) + b"\7", actor_of(registry, by))

        assert refused(lambda: add("manager-ma")) == "person-exists"
        assert refused(lambda: add("Not A Name")) == "key-name"
        for other in ("manager-ma", OFFICER, MEMBER, AUDITOR):
            assert refused(partial(add, "lawyer-lu", other)) == "administrator-needed"
        remove_person(registry, "manager-ma", actor_of(registry, KEEPER))
        id_ = w.propose(registry, ward.withdrawn)
        assert (
            refused(lambda: proposing.approve(registry, id_, actor_of(registry, "manager-ma")))
            == "person-removed"
        )
        add("manager-mu")
        with registry.store.reading() as session:
            lawyer = actor_of(registry, "lawyer-liu")
            assert refused(lambda: admit(session, lawyer, Capacity.REGISTRY)) == "person-no-officer"
    assert ward.world.codes() == set()


def test_what_may_be_destroyed_is_listed(ward: Ward) -> None:
    with ward.open() as registry:
        found = list(destructible(registry, terms=True))
        assert found == [Destructible(TargetKind.CONSENT, ward.withdrawn.hex(), "withdrawal")]
        w.destroy(registry, ward.withdrawn)
        assert list(destructible(registry)) == []
        ward.world.clock.advance(366 * 86_400)
        ended = [Destructible(TargetKind.CONSENT, ward.standing.hex(), "retention_ended")]
        assert list(destructible(registry, terms=True)) == ended

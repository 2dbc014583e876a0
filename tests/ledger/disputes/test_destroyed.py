"""Evidence and erasure: what a dispute holds waits, and its own evidence may go in the end (R39, R43)."""

from __future__ import annotations

import pytest

from tests.ledger.disputes.court import Court
from tests.ledger.erasure import ward as w
from tests.ledger.world import OFFICER, actor_of
from yinzheng.ledger.disputes.collecting import consent_item
from yinzheng.ledger.erasure import proposing
from yinzheng.ledger.erasure.burial import MOST, split
from yinzheng.ledger.erasure.carrying_out import erase
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.flow.threads import find_dispute
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.destruction import Method, TargetKind
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Dossier
from yinzheng.ledger.store.models_consents import Consent
from yinzheng.verifier.errors import UsageFault


def _refused(registry: Registry, kind: TargetKind, reference: str, ground: str) -> str:
    with pytest.raises(UsageFault) as refused:
        proposing.propose(registry, kind, reference, ground, Method.OVERWRITE, actor_of(registry, OFFICER))
    return refused.value.code


def test_evidence_keeps_a_consent_until_it_is_destroyed_itself(court: Court) -> None:
    registry, consent = court.registry, court.made.consent
    w.enrol_staff(registry)
    id_ = court.open()
    court.add(id_, consent_item(registry, consent), by=Capacity.REGISTRY)
    assert _refused(registry, TargetKind.CONSENT, consent.hex(), "court") == "destruction-blocked"
    assert _refused(registry, TargetKind.CASE, court.made.case, "court") == "destruction-blocked"
    assert _refused(registry, TargetKind.DISPUTE, id_, "court") == "erasure-running"
    court.settle_dispute(id_)
    assert _refused(registry, TargetKind.CONSENT, consent.hex(), "court") == "erasure-evidence"
    assert _refused(registry, TargetKind.DISPUTE, id_, "retention_ended") == "destruction-blocked"

    with registry.store.reading() as session:
        row = find_dispute(session, id_)
        wrapped = session.get_one(Dossier, row.dossier_id).wrapped_key or b""
        blobs = {file.blob for file in repository.files_of(session, row.dossier_id)}
        opened = session.get_one(Consent, consent).wrapped_key or b""
    assert len(blobs) == 2
    order = proposing.propose(
        registry, TargetKind.DISPUTE, id_, "court", Method.OVERWRITE, actor_of(registry, OFFICER)
    )
    w.sign_all(registry, order)
    erase(registry, order, actor_of(registry, w.OPERATOR))
    settle(registry)
    assert not blobs & set(registry.blobs.names())
    assert w.holding(court.world.root, {"key": wrapped}) == set()
    # Only now nothing holds what the consent says, and it may go too.
    w.destroy(registry, consent, "court")
    settle(registry)
    assert w.holding(court.world.root, {"key": opened}) == set()
    assert court.audit() == set()


def test_a_thousand_statements_take_several_tombstones() -> None:
    leaves = [number.to_bytes(32, "big") for number in range(1000)]
    portions = list(split(leaves))
    assert [len(portion) for portion in portions] == [MOST, MOST, MOST, 1000 - 3 * MOST]
    assert [leaf for portion in portions for leaf in portion] == leaves

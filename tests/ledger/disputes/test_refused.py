"""What a dispute refuses, and that nothing changes then (R37 to R39)."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from tests.contracts.world import BY_LAW
from tests.ledger import consent_world as cw
from tests.ledger import world as w
from tests.ledger.disputes.court import (
    COURT,
    FIRST,
    FORUM,
    JUDGMENT,
    OPENER,
    PATIENT_KEY,
    SECOND,
    STRANGER,
    Court,
    address,
    claim,
)
from tests.ledger.world import actor_of
from yinzheng.ledger.chain.approvals import Deposit
from yinzheng.ledger.chain.contracts import MODULE
from yinzheng.ledger.chain.records import Amendment, Status
from yinzheng.ledger.chain.sender import Sender
from yinzheng.ledger.disputes import evidence, opening, release
from yinzheng.ledger.disputes.opening import MAX_DRAFTS, SIGN_WITHIN
from yinzheng.ledger.disputes.plans import Concerned, parse_plan
from yinzheng.ledger.disputes.showing import standing
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.flow.threads import find_dispute
from yinzheng.ledger.organisations.enrolment import dismiss
from yinzheng.ledger.organisations.keys import keys_of
from yinzheng.ledger.rules.consent import Scope
from yinzheng.ledger.rules.extent import Extent
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.store.models import Certificate, Dossier
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey, digest_pair
from yinzheng.verifier.errors import YinzhengError
from yinzheng.verifier.formats.body import Party
from yinzheng.verifier.formats.certificate import key_id
from yinzheng.verifier.formats.dispute import Disputant
from yinzheng.verifier.formats.evidence_items import parse_item

RESEARCH = Extent(scopes=frozenset({Scope.THIRD_PARTY_RESEARCH}))
COMMERCIAL = Extent(scopes=frozenset({Scope.COMMERCIAL_USE}))


def module_of(court: Court) -> bytes:
    """An account that may amend records through the contract of disputes, as a later module will."""
    client, holder = court.registry.client, address(STRANGER)
    key = actor_of(court.registry, w.KEEPER).key
    Sender(court.registry.w3, key.account(), time.sleep).send(client.grant_role(MODULE, holder), 5)
    return holder


def refused(court: Court, act: Callable[[], object]) -> str:
    """The code of a refusal that leaves everything as it was."""
    with w.unchanged(court.registry), pytest.raises(YinzhengError) as caught:
        act()
    return caught.value.code


FORUM_AS_PARTY = (
    Disputant("某市中级人民法院", COURT, address(FIRST), None),
    Disputant("某诊所", OPENER, address(SECOND), None),
)


@pytest.mark.parametrize(
    ("opener", "changes", "code"),
    [
        (OPENER, {"concerned": Concerned(("SJ44120269999999",))}, "dispute-subject-unknown"),
        (OPENER, {"concerned": Concerned((), ("A-2026-999999",))}, "dispute-subject-unknown"),
        (OPENER, {"concerned": Concerned((), (), (bytes(32),))}, "dispute-subject-unknown"),
        (OPENER, {"concerned": Concerned()}, "dispute-subjects"),
        (OPENER, {"number": " "}, "dispute-case"),
        (OPENER, {"parties": FORUM_AS_PARTY}, "dispute-forum-is-party"),
        (OPENER, {"kind": "forum"}, "organisation-role"),
        (COURT, {"kind": "party"}, "organisation-role"),
        (COURT, {"kind": "forum", "forum": Party("别的法院", cw.LAB)}, "dispute-opener"),
        (cw.LAB, {}, "organisation-role"),
        ("91310000132200821X", {}, "organisation-unknown"),
    ],
)
def test_plans(court: Court, opener: str, changes: dict[str, Any], code: str) -> None:
    plan = replace(court.plan(), **changes)
    assert refused(court, lambda: opening.draft(court.registry, opener, plan)) == code


def test_a_party_opens_for_itself_alone(court: Court) -> None:
    other = tuple(replace(party, code=None) for party in court.plan().parties)
    plan = court.plan(parties=other)
    assert refused(court, lambda: opening.draft(court.registry, OPENER, plan)) == "dispute-opener"


def test_a_case_before_publicity_cannot_be_held(court: Court, tmp_path: Any) -> None:
    case = w.apply(court.registry, tmp_path / "early")
    plan = court.plan(concerned=Concerned((), (case,)))
    assert refused(court, lambda: opening.draft(court.registry, OPENER, plan)) == "dispute-subject-unknown"


def test_plans_as_people_write_them(court: Court) -> None:
    plan = court.plan()
    assert parse_plan(plan.to_json()) == plan
    for name in plan.to_json():
        with pytest.raises(YinzhengError):
            parse_plan({key: value for key, value in plan.to_json().items() if key != name})
    with pytest.raises(YinzhengError):
        parse_plan({**plan.to_json(), "more": 1})


def test_drafts_are_few(court: Court) -> None:
    for _ in range(MAX_DRAFTS):
        opening.draft(court.registry, OPENER, court.plan())
    assert refused(court, lambda: opening.draft(court.registry, OPENER, court.plan())) == "drafts-too-many"


# ---------------------------------------------------------------- opening


def test_opening_by_the_wrong_people(court: Court) -> None:
    registry = court.registry
    id_ = opening.draft(registry, OPENER, court.plan())
    assert refused(court, lambda: opening.prepare(registry, id_, address(FIRST))) == "dispute-evidence"
    assert refused(court, lambda: opening.open_dispute(registry, id_, bytes(65))) == "dispute-unprepared"
    opening.add_to_draft(registry, id_, [court.offer()])
    for account in (STRANGER, FORUM):
        assert refused(court, partial(opening.prepare, registry, id_, address(account))) == "dispute-opener"
    decision = opening.prepare(registry, id_, address(FIRST))
    for signer in (SECOND, STRANGER, FORUM):
        signature = court.sign(decision, signer)
        assert refused(court, partial(opening.open_dispute, registry, id_, signature)) == "dispute-opener"
    assert refused(court, lambda: opening.open_dispute(registry, id_, bytes(64))) == "approval-malformed"

    id_ = opening.draft(registry, COURT, court.plan("forum"))
    for account in (STRANGER, FIRST):  # no forum on the chain; a party
        assert refused(court, partial(opening.prepare, registry, id_, address(account))) == "dispute-opener"


def test_what_was_signed_must_still_be_so(court: Court) -> None:
    registry = court.registry
    id_ = opening.draft(registry, OPENER, court.plan())
    opening.add_to_draft(registry, id_, [court.offer()])
    signature = court.sign(opening.prepare(registry, id_, address(FIRST)), FIRST)
    court.world.clock.advance(SIGN_WITHIN + 1)
    assert refused(court, lambda: opening.open_dispute(registry, id_, signature)) == "dispute-stale"
    signature = court.sign(opening.prepare(registry, id_, address(FIRST)), FIRST)
    opening.add_to_draft(registry, id_, [court.offer(b"more")])
    assert refused(court, lambda: opening.open_dispute(registry, id_, signature)) == "dispute-unprepared"
    # A second withdrawal of the consent has a name of its own on the chain, which the signer did not see.
    court.clinic.file(court.made.consent, RESEARCH)
    signature = court.sign(opening.prepare(registry, id_, address(FIRST)), FIRST)
    court.clinic.file(court.made.consent, COMMERCIAL)
    assert refused(court, lambda: opening.open_dispute(registry, id_, signature)) == "dispute-moved"
    settle(registry)
    signature = court.sign(opening.prepare(registry, id_, address(FIRST)), FIRST)
    opening.open_dispute(registry, id_, signature)
    settle(registry)
    assert refused(court, lambda: opening.open_dispute(registry, id_, signature)) == "dispute-opened"
    assert refused(court, lambda: opening.discard(registry, id_)) == "dispute-opened"


def test_what_the_chain_would_refuse_is_not_recorded(court: Court) -> None:
    """The forum lost its role after it prepared: the log must not say that anything is held."""
    id_ = opening.draft(court.registry, COURT, court.plan("forum"))
    signature = court.sign(opening.prepare(court.registry, id_, address(FORUM)), FORUM)
    dismiss(court.registry, COURT, actor_of(court.registry, w.KEEPER))
    settle(court.registry)
    code = refused(court, lambda: opening.open_dispute(court.registry, id_, signature))
    assert code not in ("internal", "revert-unknown"), code
    assert court.show(id_).state == "draft"


# ---------------------------------------------------------------- evidence


def test_items(court: Court, monkeypatch: pytest.MonkeyPatch) -> None:
    id_, now = court.open("forum"), court.now

    def add(content: bytes = b"x", **changes: Any) -> Callable[[], object]:
        return lambda: court.add(id_, court.offer(content, **changes))

    assert refused(court, add(size=2)) == "item-digest"
    assert refused(court, add(digest={**digest_pair(b"y").to_json()})) == "item-digest"
    assert refused(court, add(captured_at=now + 1)) == "item-time"
    assert refused(court, add(kind="gossip")) == "field-value"
    gap = [{"giver": "别人", "taker": "某诊所", "at": now, "reason": "移交"}]
    assert refused(court, add(custody=gap)) == "item-custody"
    witness = {"name": "见证人", "key": PATIENT_KEY.public_key.point.hex(), "signature": "11" * 64}
    assert refused(court, add(witnesses=[witness])) == "item-witness"
    monkeypatch.setattr(evidence, "MAX_BYTES", 8)
    assert refused(court, add(b"123456789")) == "item-too-large"
    court.add(id_, court.offer(b"12345678"))
    monkeypatch.setattr(evidence, "MAX_ITEMS", 1)
    assert refused(court, add()) == "items-too-many"


def test_a_witness_signs_the_item_as_it_is_deposited(court: Court) -> None:
    id_ = court.open("forum")
    offered = claim(court.now)
    measured = {**offered, "digest": {**digest_pair(b"seen").to_json()}, "size": 4}
    signature = PATIENT_KEY.sign(parse_item(measured).witness_message())
    point = PATIENT_KEY.public_key.point.hex()
    witnesses = [{"name": "见证人", "key": point, "signature": signature.hex()}]
    court.add(id_, court.offer(b"seen", witnesses=witnesses))
    assert court.show(id_).items[0].item.witnesses[0].name == "见证人"


def test_an_archive_is_opaque_bytes(court: Court) -> None:
    """Nothing is ever unpacked: an archive that grows a thousandfold is an item of its own size."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb", bytes(8 * 1024 * 1024))
        archive.writestr("../../escape", b"x")
    id_ = court.open("forum")
    about = {"name": "bomb.zip", "media_type": "application/zip"}
    court.add(id_, court.offer(packed.getvalue(), about=about))
    assert court.show(id_).items[0].item.size == len(packed.getvalue()) < 20_000


def test_an_item_in_between(court: Court) -> None:
    """Another item came while this one's bytes were read: it is refused, and its bytes are not kept."""
    id_ = court.open("forum")

    def slow() -> Any:
        yield b"first half"
        court.add(id_, court.offer(b"quick"))
        yield b"second half"

    with pytest.raises(YinzhengError) as caught:
        court.add(id_, evidence.Offered(claim(court.now), slow()))
    assert caught.value.code == "dispute-moved"
    assert len(court.show(id_).items) == 1


# ---------------------------------------------------------------- standing


def test_who_has_a_part_in_it(court: Court) -> None:
    registry = court.registry

    def kid(key: Sm2PrivateKey) -> bytes:
        return key_id(key.public_key.point)

    def of(code: str, id_: str) -> tuple[bool, bool, bool]:
        with registry.store.reading() as session:
            current = keys_of(session, code)[-1].kid
        found = standing(registry, id_, code, current)
        return found.opener, found.party, found.forum

    draft = opening.draft(registry, OPENER, court.plan())
    assert of(OPENER, draft) == (True, True, False)
    assert refused(court, lambda: of(COURT, draft)) == "dispute-unknown"
    by_key = Disputant("测试患者", None, address(SECOND), cw.KEYS[cw.INSURER].public_key.point)
    id_ = court.open("party", parties=(court.plan().parties[0], by_key))
    assert of(OPENER, id_) == (True, True, False)
    assert of(COURT, id_) == (False, False, True)
    assert of(cw.INSURER, id_) == (False, True, False)
    assert refused(court, lambda: of(cw.LAB, id_)) == "dispute-unknown"
    assert refused(court, lambda: of(cw.LAB, "D-2026-999999")) == "dispute-unknown"
    with registry.store.reading() as session:
        forum = standing(registry, id_, COURT, keys_of(session, COURT)[-1].kid)
    forum.require(Capacity.FORUM)
    for capacity in (Capacity.PARTY, Capacity.REGISTRY):
        with pytest.raises(YinzhengError) as caught:
            forum.require(capacity)
        assert caught.value.code == "dispute-standing"


def test_what_was_destroyed_is_unknown_to_all_but_its_opener(court: Court) -> None:
    id_ = court.open()
    with court.registry.store.transaction() as session:
        dossier = session.get_one(Dossier, find_dispute(session, id_).dossier_id)
        dossier.wrapped_key = None
        session.add(dossier)
        kids = {code: keys_of(session, code)[-1].kid for code in (OPENER, COURT, cw.LAB)}
    codes = {
        code: refused(court, partial(standing, court.registry, id_, code, kid)) for code, kid in kids.items()
    }
    assert codes == {OPENER: "dossier-destroyed", COURT: "dispute-unknown", cw.LAB: "dispute-unknown"}


# ---------------------------------------------------------------- release


def test_release_by_the_wrong_people(court: Court) -> None:
    registry, id_ = court.registry, court.open()

    def prepare(kind: str, *signers: Any) -> Callable[[], object]:
        accounts = [address(signer) for signer in signers]
        return lambda: release.prepare_release(registry, id_, kind, JUDGMENT, "判决", accounts)

    assert refused(court, prepare("settlement", FIRST)) == "release-one-party"
    assert refused(court, prepare("settlement", FIRST, SECOND, STRANGER)) == "release-stranger"
    assert refused(court, prepare("document", FIRST)) == "release-forum-is-party"
    assert refused(court, prepare("document", STRANGER)) == "release-forum"
    assert refused(court, prepare("document", FORUM, STRANGER)) == "release-forum"
    assert refused(court, lambda: release.release(registry, id_, "document", [])) == "dispute-no-draft"

    decision = court.prepare_settlement(id_)

    def by(*signers: Any) -> str:
        signatures = [court.sign(decision, signer) for signer in signers]
        return refused(court, lambda: release.release(registry, id_, "settlement", signatures))

    assert by(FIRST) == "release-one-party"
    assert by(FIRST, FIRST) == "release-one-party"
    assert by(FIRST, STRANGER) == "release-stranger"
    assert by(FORUM) == "release-stranger"
    code = refused(court, lambda: release.release(registry, id_, "settlement", [b"\x00" * 65]))
    assert code == "approval-malformed"
    assert court.record_holds() == 1


def test_a_release_of_an_earlier_state(court: Court) -> None:
    id_ = court.open()
    decision = court.prepare_settlement(id_)
    court.add(id_, court.offer(b"surprise"))
    signatures = [court.sign(decision, signer) for signer in (FIRST, SECOND)]
    code = refused(court, lambda: release.release(court.registry, id_, "settlement", signatures))
    assert code == "dispute-moved"


# ---------------------------------------------------------------- holds on chain


def test_the_contract_refuses_to_transfer_or_amend_what_is_held(court: Court) -> None:
    client, registry = court.registry.client, court.registry
    with registry.store.reading() as session:
        subject = session.get_one(Certificate, court.made.number).subject
    court.open("forum")
    record = client.record(subject)
    assert record is not None
    still = Amendment(record.status, record.remarks, record.holds, record.objections)
    moved = {
        "cancelled": replace(still, status=Status.CANCELLED, ending=BY_LAW),
        "reserved": replace(still, reserved_until=court.now + 600, reserved_by=b"\1" * 20),
    }
    module = module_of(court)
    for name, wanted in moved.items():
        with pytest.raises(YinzhengError) as caught:
            client.simulate(client.amend_unheld(subject, wanted, b"\2" * 32), module)
        assert caught.value.code == "record-held", name
    following = Deposit(b"\1" * 32, b"\3" * 32, b"\4" * 32, court.now, record.valid_until, record.holdings)
    transferred = client.unheld(client.succeed(subject, [following], b"\2" * 32, published=False))
    with pytest.raises(YinzhengError) as caught:
        client.simulate(transferred, module)
    assert caught.value.code == "record-held"
    client.simulate(client.amend_unheld(subject, replace(still, remarks=1), b"\2" * 32), module)

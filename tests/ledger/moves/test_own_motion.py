"""The registry cancels on its own motion: grounds, evidence, publicity, who is told, what bars it (R7)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from tests.faults.turns import Armed
from tests.ledger.moves.parties import HOSPITAL, Parties, parties_of
from tests.ledger.moves.test_transfers import refused
from tests.ledger.world import (
    MEMBER,
    OFFICER,
    World,
    actor_of,
    object_to,
    state_of,
    unchanged,
)
from yinzheng.ledger.cases import deciding, issuing, objections, publicity, requesting
from yinzheng.ledger.cases.asked import request_of
from yinzheng.ledger.cases.files import FilePart
from yinzheng.ledger.cases.work import work_on
from yinzheng.ledger.certificates import own_motion, remarks
from yinzheng.ledger.certificates.remarks import Grounds
from yinzheng.ledger.chain.records import Status
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.registry import Registry, silent
from yinzheng.ledger.rules.moves import Ground
from yinzheng.ledger.rules.terms import RemarkKind
from yinzheng.ledger.state.faults import Faults, InjectedFault, RaiseAt, Recorder
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Case, Event
from yinzheng.ledger.store.models_consents import Delivery
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.algorithms import digest_pair
from yinzheng.verifier.formats.move_request import require_signed
from yinzheng.verifier.formats.standing import parse_cancellation
from yinzheng.verifier.formats.webhook import parse_webhook
from yinzheng.verifier.log.statement import Statement, certificate_subject

LETTER = "整改通知书及送达回证（虚构）".encode()


def evidence(*names: str) -> Sequence[FilePart]:
    return [FilePart(one, "other", one, lambda: [LETTER]) for one in names or ("letter.txt",)]


def motion(ground: Ground = Ground.RECTIFICATION_REFUSED, **changes: Any) -> own_motion.Motion:
    made = own_motion.Motion(ground, "逾期拒不改正，依职权注销。", "两次书面催告无果。", evidence())
    return replace(made, **changes)


def begun(parties: Parties, said: own_motion.Motion | None = None) -> str:
    officer = actor_of(parties.registry, OFFICER)
    return own_motion.move(parties.registry, parties.number, said or motion(), officer, silent)


def decided(parties: Parties, said: own_motion.Motion | None = None) -> str:
    case = begun(parties, said)
    parties.review(case)
    deciding.decide(parties.registry, case, actor_of(parties.registry, MEMBER))
    return case


def published(parties: Parties) -> str:
    case = decided(parties)
    parties.publish(case)
    return case


def signed(parties: Parties, case: str) -> None:
    """By registry and committee, and nobody else."""
    for name in (OFFICER, MEMBER):
        issuing.issue(parties.registry, case, actor_of(parties.registry, name))


def told(parties: Parties) -> list[str]:
    """What the hospital is told, in order."""
    with parties.registry.store.reading() as session:
        rows = session.exec(select(Delivery).where(Delivery.code == HOSPITAL)).all()
        found = sorted((parse_webhook(row.body) for row in rows), key=lambda one: one.at)
    notices = [one for one in found if one.kind == "certificate.recorded"]
    assert all(one.data["certificate"] == parties.number for one in notices)
    return [str(one.data["type"]) for one in notices]


def types_of(registry: Registry, case: str) -> list[str]:
    with registry.store.reading() as session:
        return [event.type for event in repository.events_of_case(session, case)]


def test_from_motion_to_the_end(world: World) -> None:
    with world.open() as registry:
        parties = parties_of(world, registry)
        case = begun(parties)
        assert state_of(registry, case) == "accepted"
        with work_on(registry, case) as work:
            joint = request_of(work)
            first = next(iter(repository.events_of_case(work.session, case)))
            assert Statement.from_bytes(first.statement).by == "registry"
            assert work.bodies("application.accepted")[0]["person"] == OFFICER
        require_signed(joint)
        assert joint.signatures[0].key == registry.keys.sm2("issuer").public_key.point
        assert joint.request.documents[0].digest.matches(digest_pair(LETTER))
        parties.review(case)
        deciding.decide(registry, case, actor_of(registry, MEMBER))
        assert told(parties) == []
        parties.publish(case)
        assert told(parties) == ["publicity.opened"]
        assert refused(parties, lambda: parties.sign(case, HOSPITAL, joint)) == "nothing-prepared"
        issued = issuing.issue(registry, case, actor_of(registry, OFFICER))
        assert issued.missing == ("committee",), "no holder signs"
        issued = issuing.issue(registry, case, actor_of(registry, MEMBER))
        assert (issued.missing, issued.by_letter) == ((), ())
        settle(registry)
        assert told(parties) == ["publicity.opened", "certificate.cancelled"]
        assert state_of(registry, case) == "recorded"
        record = registry.client.record(certificate_subject(parties.number))
        assert record is not None
        assert record.status is Status.CANCELLED
        with registry.store.reading() as session:
            event = session.exec(select(Event).where(Event.type == "certificate.cancelled")).one()
        body = parse_cancellation(canonical.loads(event.public or b"", max_bytes=8192))
        assert (body.initiator, body.ground) == ("registry", "rectification_refused")
        assert body.document is not None
        assert body.document.matches(joint.request.digest)
        assert refused(parties, lambda: begun(parties)) == "move-barred"
        assert refused(parties, lambda: parties.receive(parties.transfer("use"))) == "move-barred"
    assert world.audit() == []
    assert world.verify(parties.number).status.value == "cancelled"


@pytest.mark.parametrize("ground", sorted(set(Ground) - {Ground.DOCUMENT}))
def test_every_ground_reaches_the_chain(world: World, ground: Ground) -> None:
    with world.open() as registry:
        parties = parties_of(world, registry)
        case = decided(parties, motion(ground))
        parties.publish(case)
        signed(parties, case)
        settle(registry)
        assert state_of(registry, case) == "recorded"
        assert registry.client.cancellation(certificate_subject(parties.number)) is not None
        assert registry.client.cancellation(certificate_subject("SJ4412026110000")) is None


def test_what_a_motion_lacks_or_may_not(world: World) -> None:
    with world.open() as registry:
        parties = parties_of(world, registry)

        def code(**changes: Any) -> str:
            return refused(parties, lambda: begun(parties, motion(**changes)))

        with unchanged(registry):
            assert code(ground=Ground.DOCUMENT) == "cancellation-ground", "that is a forum's"
            assert code(evidence=()) == "cancellation-evidence"
            assert code(evidence=evidence(*(f"{n}.txt" for n in range(21)))) == "cancellation-evidence"
            assert code(evidence=evidence("a.txt", "a.txt")) == "field-value"
            assert code(reasons=" ") == "text-missing"
            assert code(summary="") == "field-value"
            nobody = replace(parties, number="SJ4412026119999")
            assert refused(parties, lambda: begun(nobody)) == "certificate-unknown"
            member = actor_of(registry, MEMBER)
            mine = lambda: own_motion.move(registry, parties.number, motion(), member, silent)  # noqa: E731
            assert refused(parties, mine) == "officer-needed"


def test_nobody_hands_the_registrys_own_motion_in(world: World) -> None:
    with world.open() as registry:
        parties = parties_of(world, registry)
        case = begun(parties)
        with work_on(registry, case) as work:
            joint = request_of(work)
        part = FilePart("letter.txt", "other", "letter.txt", lambda: [LETTER])
        assert refused(parties, lambda: requesting.receive(registry, joint, [part], silent)) == (
            "request-own-motion"
        )


def test_it_takes_the_whole_way(world: World) -> None:
    """No supplement from nobody, no waived publicity, no other procedure, no step before its time."""
    with world.open() as registry:
        parties = parties_of(world, registry)
        officer, member = actor_of(registry, OFFICER), actor_of(registry, MEMBER)
        case = begun(parties)
        with registry.store.reading() as session:
            assert session.get_one(Case, case).procedure == "ordinary", "as the contract asks for"
        ask = lambda: deciding.request_supplement(registry, case, officer, ["样例"])  # noqa: E731
        assert refused(parties, ask) == "move-own-motion"
        parties.review(case)
        assert refused(parties, lambda: publicity.publish(registry, case, officer)) == "move-procedure"
        deciding.decide(registry, case, member)
        waive = lambda: publicity.publish(registry, case, officer, waived_by=member, reason="急")  # noqa: E731
        assert refused(parties, waive) == "move-own-motion"
        publicity.publish(registry, case, officer)
        settle(registry)
        assert refused(parties, lambda: issuing.issue(registry, case, officer)) == "move-publicity-running"


def test_the_holder_objects_while_it_is_public(world: World, tmp_path: Path) -> None:
    with world.open() as registry:
        parties = parties_of(world, registry)
        case = published(parties)
        (proof := tmp_path / "proof.txt").write_text("已整改")
        name = object_to(registry, case, "云汐测试医院（虚构）", "已经整改。", (proof,))
        settle(registry)
        officer = actor_of(registry, OFFICER)
        assert refused(parties, lambda: issuing.issue(registry, case, officer)) == "move-objection-open"
        objections.resolve(registry, case, name, officer, upheld=True, reasons="整改属实。")
        settle(registry)
        assert state_of(registry, case) == "closed"
        record = registry.client.record(certificate_subject(parties.number))
        assert record is not None
        assert record.status is Status.IN_FORCE
    assert world.audit() == []


def test_a_seizure_bars_it(world: World) -> None:
    """What bars the holders bars the registry: only a forum passes (R16, R38, R46)."""
    with world.open() as registry:
        parties = parties_of(world, registry)
        case = published(parties)
        ordered = Grounds("查封", digest_pair(b"order"), "(2026)粤01执1号")
        remarks.enter(registry, parties.number, RemarkKind.SEIZURE, ordered, actor_of(registry, OFFICER))
        settle(registry)
        officer = actor_of(registry, OFFICER)
        assert refused(parties, lambda: issuing.issue(registry, case, officer)) == "move-barred"
        assert refused(parties, lambda: begun(parties)) == "move-barred"
        remarks.lift(registry, parties.number, "seizure", ordered, officer)
        settle(registry)
        signed(parties, case)
        settle(registry)
        assert state_of(registry, case) == "recorded"
    assert world.audit() == []


# ---------------------------------------------------------------- crashes


@dataclass
class Scene:
    """A motion published and past its publicity, signed by the registry and not by its committee."""

    world: World
    parties: Parties
    case: str
    points: list[str]
    opening: list[str]

    def of(self, world: World, registry: Registry) -> Parties:
        return replace(self.parties, world=world, registry=registry)


def cosigned(scene: Scene, registry: Registry) -> None:
    issuing.issue(registry, scene.case, actor_of(registry, MEMBER))


@pytest.fixture(scope="module")
def scene(parties_template: World, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    folder = tmp_path_factory.mktemp("motion")
    world = parties_template.copy(folder / "state")
    with world.open() as registry:
        parties = parties_of(world, registry)
    opened = world.copy(folder / "opened")
    recorder = Recorder()
    with opened.open(recorder, settle=False) as registry:
        recorder.seen.clear()
        begun(replace(parties, world=opened, registry=registry))
        settle(registry)
    opening = recorder.seen
    with world.open() as registry:
        case = published(replace(parties, world=world, registry=registry))
        issuing.issue(registry, case, actor_of(registry, OFFICER))
    found = Scene(world, parties, case, [], opening)
    recorder = Recorder()
    tried = world.copy(folder / "tried")
    with tried.open(recorder, settle=False) as registry:
        recorder.seen.clear()
        cosigned(found, registry)
        settle(registry)
    found.points = recorder.seen
    return found


def require_whole(scene: Scene, world: World) -> None:
    """Cancelled once, told once, and nothing else."""
    with world.open() as registry:
        parties = scene.of(world, registry)
        assert state_of(registry, scene.case) == "recorded"
        assert types_of(registry, scene.case).count("certificate.cancelled") == 1
        assert told(parties) == ["publicity.opened", "certificate.cancelled"]
        record = registry.client.record(certificate_subject(parties.number))
        assert record is not None
        assert record.status is Status.CANCELLED
    assert world.audit() == []


def strike(scene: Scene, world: World, fault: Faults) -> None:
    armed, acknowledged = Armed(), False
    with pytest.raises(InjectedFault), world.open(armed, settle=False) as registry:
        armed.inner = fault
        cosigned(scene, registry)
        acknowledged = True
        settle(registry)
    with world.open() as registry:
        done = state_of(registry, scene.case) == "recorded"
        assert done or not acknowledged
        if not done:
            cosigned(scene, registry)
            settle(registry)
    require_whole(scene, world)


@pytest.mark.parametrize("point", ["store.commit.before", "store.commit.after", "chain.send.after"])
def test_a_crash_leaves_it_whole_or_undone(scene: Scene, point: str, tmp_path: Path) -> None:
    strike(scene, scene.world.copy(tmp_path / "state"), RaiseAt(point, 1))


@pytest.mark.slow
def test_every_write_of_the_decision_may_fail(scene: Scene, tmp_path: Path) -> None:
    seen, own = Counter[str](), scene.points.index("store.commit.after") + 1
    for number, point in enumerate(scene.points):
        seen[point] += 1
        if number >= own and number % 7:
            continue
        try:
            strike(scene, scene.world.copy(tmp_path / str(number)), RaiseAt(point, seen[point]))
        except BaseException as error:
            error.add_note(f"{point}, occurrence {seen[point]}")
            raise


def test_a_motion_is_begun_whole_or_not_at_all(parties_template: World, tmp_path: Path) -> None:
    base = parties_template.copy(tmp_path / "state")
    with base.open() as registry:
        parties = parties_of(base, registry)
    for number, point in enumerate(("blob.rename.after", "store.commit.before", "store.commit.after")):
        world = base.copy(tmp_path / str(number))
        with pytest.raises(InjectedFault), world.open(RaiseAt(point, 1), settle=False) as registry:
            begun(replace(parties, world=world, registry=registry))
            settle(registry)
        with world.open() as registry:
            with registry.store.reading() as session:
                cases = session.exec(select(Case).where(Case.type == "cancellation")).all()
            if not cases:
                begun(replace(parties, world=world, registry=registry))
                settle(registry)
            with registry.store.reading() as session:
                (case,) = session.exec(select(Case.id).where(Case.type == "cancellation")).all()
            assert types_of(registry, case) == ["application.received", "application.accepted"]
        assert world.codes() == set(), point

"""Every lawful way of a case through the service, to its certificate or its end (R8, R11, R20–R24)."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from sqlmodel import select

from tests.ledger import world as w
from tests.ledger.world import MEMBER, OFFICER, SECOND_OFFICER, World, actor_of
from yinzheng.ledger.cases import asked, deciding, intake, issuing, objections, publicity
from yinzheng.ledger.cases.issuing import DRAFT_SECONDS
from yinzheng.ledger.cases.work import work_on
from yinzheng.ledger.chain.records import CaseState, Status
from yinzheng.ledger.demonstration.material import favourable_review
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.reading import open_reader
from yinzheng.ledger.registry import Registry, silent
from yinzheng.ledger.rules.profiles import GD_HEALTH, NDA_2026
from yinzheng.ledger.rules.refusals import Ground
from yinzheng.ledger.rules.review import Answer, ItemAnswer
from yinzheng.ledger.rules.review_items import Item
from yinzheng.ledger.rules.states import Capacity, Move
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Case, Certificate
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.log.statement import certificate_subject


def history(registry: Registry, case: str) -> list[str]:
    """Types of the case's statements, oldest first."""
    with registry.store.reading() as session:
        return [event.type for event in repository.events_of_case(session, case)]


def certificate_of(registry: Registry, case: str) -> Certificate:
    with registry.store.reading() as session:
        return session.exec(select(Certificate).where(Certificate.case_id == case)).one()


def on_chain(registry: Registry, case: str) -> CaseState:
    with registry.store.reading() as session:
        subject = session.get_one(Case, case).subject
    found = registry.client.case(subject)
    assert found is not None
    return found.state


def require_genuine(world: World, number: str) -> None:
    report = world.verify(number)
    assert (report.authentic.value, report.status.value) == ("genuine", "in_force")


SIMPLIFIED = [
    "application.received",
    "application.accepted",
    "review.recorded",
    "publicity.opened",
    "certificate.deposited",
]
ORDINARY = [*SIMPLIFIED[:3], "committee.decided", *SIMPLIFIED[3:]]


@pytest.mark.parametrize(
    ("source", "public_data", "types"),
    [("collected", True, ORDINARY), ("agreement", False, SIMPLIFIED), ("open", False, SIMPLIFIED)],
)
def test_from_application_to_certificate(
    world: World, tmp_path: Path, source: str, public_data: bool, types: list[str]
) -> None:
    with world.open() as registry:
        case, number = w.to_deposited(
            registry, world.clock, tmp_path / "dossier", source=source, public_data=public_data
        )
        assert history(registry, case) == types
        record = registry.client.record(certificate_subject(number))
        assert record is not None
        assert record.status is Status.IN_FORCE
        assert on_chain(registry, case) is CaseState.DEPOSITED
    assert world.audit() == []
    require_genuine(world, number)


def test_the_history_of_a_case_can_be_proved_line_by_line(world: World, tmp_path: Path) -> None:
    with world.open() as registry:
        case, _ = w.to_deposited(registry, world.clock, tmp_path / "dossier", public_data=True)
    with open_reader(world.root, world.clock) as reader:
        lines = reader.history(case, proofs=True)
    assert [line.type for line in lines] == ORDINARY
    assert [line.index for line in lines] == list(range(len(lines)))
    assert all(line.proof and line.anchored_block for line in lines)
    assert [line.statement["prev"] for line in lines] == [None, *(line.leaf for line in lines[:-1])]


@pytest.mark.parametrize("profile", [GD_HEALTH.tag, NDA_2026.tag])
def test_five_working_days_with_a_make_up_day(world: World, tmp_path: Path, profile: str) -> None:
    """Published on Wednesday 30 September 2026: 1–7 October are off, Saturday the 10th is worked (R24)."""
    world.clock.now = w.instant("2026-09-30 10:00")
    with world.open() as registry:
        case = w.to_publicity(registry, tmp_path / "dossier", profile)
        assert w.publicity_end(registry, case) == w.instant("2026-10-14 00:00")
        world.clock.now = w.instant("2026-10-13 23:59")
        with w.unchanged(registry), pytest.raises(UsageFault, match="publicity is not over"):
            issuing.issue(registry, case, actor_of(registry, OFFICER))
        world.clock.now = w.instant("2026-10-14 00:00")
        number = issuing.issue(registry, case, actor_of(registry, OFFICER)).number
        settle(registry)
    assert world.audit() == []
    require_genuine(world, number)


@pytest.mark.parametrize("accepted", [False, True], ids=["before acceptance", "after acceptance"])
def test_a_supplement(registry: Registry, world: World, tmp_path: Path, accepted: bool) -> None:
    case = w.apply(registry, tmp_path / "first", limits="旧限制")
    if accepted:
        w.accept(registry, case)
    deciding.request_supplement(registry, case, actor_of(registry, OFFICER), ["来源证明不清晰", "缺少样例"])
    intake.supplement(registry, case, w.dossier(tmp_path / "second", limits="新限制"), silent)
    if not accepted:
        w.accept(registry, case)
    w.favourable(registry, case)
    publicity.publish(registry, case, actor_of(registry, OFFICER))
    settle(registry)
    w.past_publicity(registry, world.clock, case)
    issuing.issue(registry, case, actor_of(registry, OFFICER))
    settle(registry)
    body = canonical.loads(certificate_of(registry, case).body, max_bytes=8192)
    assert isinstance(body, dict)
    assert body["limits"] == "新限制"
    assert Counter(history(registry, case))["supplement.given"] == 1
    with registry.store.reading() as session:
        dossier = session.get_one(Case, case).dossier_id
        assert len(repository.files_of(session, dossier)) == 8  # the first dossier stays on record


@pytest.mark.parametrize("public_data", [False, True])
def test_waived_publicity_shows_on_the_certificate(
    registry: Registry, world: World, tmp_path: Path, public_data: bool
) -> None:
    case = w.to_reviewed(registry, tmp_path / "dossier", GD_HEALTH.tag, public_data=public_data)
    if public_data:
        deciding.decide(registry, case, actor_of(registry, MEMBER))
    publicity.publish(
        registry,
        case,
        actor_of(registry, OFFICER),
        waived_by=actor_of(registry, MEMBER),
        reason="涉及商业秘密，经申请免除公示。",
    )
    settle(registry)
    issued = issuing.issue(registry, case, actor_of(registry, OFFICER))
    if public_data:
        assert issued.missing == (Capacity.COMMITTEE,)
        issuing.issue(registry, case, actor_of(registry, MEMBER))
    settle(registry)
    body = canonical.loads(certificate_of(registry, case).body, max_bytes=8192)
    assert isinstance(body, dict)
    assert [remark["kind"] for remark in body["remarks"]] == ["other"]  # type: ignore[union-attr,index,call-overload]
    record = registry.client.record(certificate_subject(issued.number))
    assert record is not None
    assert record.remarks == 8


def objection(registry: Registry, case: str) -> str:
    material = registry.paths.instance
    return w.object_to(registry, case, "异议人", "来源存疑。", [material])


def test_an_objection_dismissed(world: World, tmp_path: Path) -> None:
    with world.open() as registry:
        case = w.to_publicity(registry, tmp_path / "dossier")
        first, second = objection(registry, case), objection(registry, case)
        settle(registry)
        for name in (first, second[:8]):
            objections.resolve(
                registry, case, name, actor_of(registry, OFFICER), upheld=False, reasons="不成立。"
            )
            settle(registry)
        w.past_publicity(registry, world.clock, case)
        number = issuing.issue(registry, case, actor_of(registry, OFFICER)).number
        settle(registry)
        assert Counter(history(registry, case))["objection.concluded"] == 2
    assert world.audit() == []
    require_genuine(world, number)


def test_an_objection_upheld_ends_the_case(world: World, tmp_path: Path) -> None:
    with world.open() as registry:
        case = w.to_publicity(registry, tmp_path / "dossier")
        name = objection(registry, case)
        settle(registry)
        objections.resolve(
            registry, case, name, actor_of(registry, SECOND_OFFICER), upheld=True, reasons="异议成立。"
        )
        settle(registry)
        assert w.state_of(registry, case) == "closed"
        assert on_chain(registry, case) is CaseState.CLOSED
    assert world.audit() == []


@pytest.mark.parametrize("stage", ["applied", "accepted", "reviewed", "decided", "against", "publicity"])
def test_a_refusal(world: World, tmp_path: Path, stage: str) -> None:
    public_data = stage in ("decided", "against")
    with world.open() as registry:
        if stage in ("applied", "accepted"):
            case = w.apply(registry, tmp_path / "dossier")
            if stage == "accepted":
                w.accept(registry, case)
        elif stage == "publicity":
            case = w.to_publicity(registry, tmp_path / "dossier")
        else:
            case = w.to_reviewed(registry, tmp_path / "dossier", public_data=public_data)
        if public_data:
            against = stage == "against"
            deciding.decide(
                registry,
                case,
                actor_of(registry, MEMBER),
                against=against,
                reasons="不同意。" if against else "",
            )
        deciding.refuse(registry, case, actor_of(registry, OFFICER), Ground.DISPUTE, "权属争议尚未解决。")
        settle(registry)
        assert w.state_of(registry, case) == "refused"
        assert history(registry, case)[-1] == "application.refused"
        if stage == "publicity":
            assert on_chain(registry, case) is CaseState.CLOSED
        with registry.store.reading() as session:
            assert session.get_one(Case, case).refusal == Ground.DISPUTE.value
    assert world.audit() == []


def test_a_review_against_leaves_only_refusal(registry: Registry, tmp_path: Path) -> None:
    case = w.apply(registry, tmp_path / "dossier")
    w.accept(registry, case)
    with work_on(registry, case) as work:
        answers, flags = favourable_review(asked.application_of(work).facts, ("sample.txt",))
    answers = tuple(
        ItemAnswer(a.item, Answer.NO, "存在争议", a.evidence) if a.item is Item.NO_DISPUTE else a
        for a in answers
    )
    assert deciding.review(registry, case, actor_of(registry, OFFICER), answers, flags) is Move.REVIEW_AGAINST
    assert w.state_of(registry, case) == "refusal_due"
    deciding.refuse(registry, case, actor_of(registry, OFFICER), Ground.DISPUTE, "权属争议尚未解决。")
    settle(registry)
    assert history(registry, case)[-2:] == ["review.recorded", "application.refused"]


def test_a_draft_made_anew_after_a_day_keeps_its_number(world: World, tmp_path: Path) -> None:
    with world.open() as registry:
        case = w.to_publicity(registry, tmp_path / "dossier", public_data=True)
        w.past_publicity(registry, world.clock, case)
        first = issuing.issue(registry, case, actor_of(registry, OFFICER))
        world.clock.advance(DRAFT_SECONDS + 1)
        with w.unchanged(registry), pytest.raises(UsageFault, match="registry"):
            issuing.issue(
                registry, case, actor_of(registry, MEMBER)
            )  # the draft is too old for the committee to sign
        second = issuing.issue(registry, case, actor_of(registry, SECOND_OFFICER))
        assert second == first
        assert issuing.issue(registry, case, actor_of(registry, MEMBER)).missing == ()
        settle(registry)
        assert certificate_of(registry, case).registered_at == world.clock.now
    assert world.audit() == []
    require_genuine(world, first.number)


def test_an_objection_after_drafting_makes_issuing_begin_anew(world: World, tmp_path: Path) -> None:
    with world.open() as registry:
        case = w.to_publicity(registry, tmp_path / "dossier", public_data=True)
        w.past_publicity(registry, world.clock, case)
        number = issuing.issue(registry, case, actor_of(registry, OFFICER)).number
        name = objection(registry, case)
        settle(registry)
        for person in (OFFICER, MEMBER):
            with w.unchanged(registry), pytest.raises(UsageFault, match=r"objection is open|registry"):
                issuing.issue(registry, case, actor_of(registry, person))
        objections.resolve(
            registry, case, name, actor_of(registry, OFFICER), upheld=False, reasons="不成立。"
        )
        settle(registry)
        assert issuing.issue(registry, case, actor_of(registry, OFFICER)).number == number
        issuing.issue(registry, case, actor_of(registry, MEMBER))
        settle(registry)
    assert world.audit() == []
    require_genuine(world, number)


@pytest.mark.parametrize("public_data", [False, True])
def test_a_deposit_the_chain_could_not_take_for_a_day(
    world: World, tmp_path: Path, public_data: bool
) -> None:
    """The contract refuses a date a day old (S5.8): the certificate is issued anew, nothing is stuck."""
    with world.open() as registry:
        case = w.to_publicity(registry, tmp_path / "dossier", public_data=public_data)
        w.past_publicity(registry, world.clock, case)
        number = issuing.issue(registry, case, actor_of(registry, OFFICER)).number
        if public_data:
            issuing.issue(registry, case, actor_of(registry, MEMBER))
        # Nobody settles: the chain is out of reach over a week-end.
    world.clock.advance(3 * 86_400)
    with pytest.raises(UsageFault) as told, world.open():
        pass
    assert told.value.code == "deposit-refused"
    assert told.value.data["reason"] == "registration-time"
    with world.open() as registry:
        assert w.state_of(registry, case) == "publicity"
    assert world.audit() == []
    with world.open() as registry:
        assert issuing.issue(registry, case, actor_of(registry, OFFICER)).number == number
        if public_data:
            issuing.issue(registry, case, actor_of(registry, MEMBER))
        settle(registry)
        assert w.state_of(registry, case) == "deposited"
        assert Counter(history(registry, case))["certificate.deposited"] == 2
    assert world.audit() == []
    require_genuine(world, number)


def test_a_clock_set_back_a_little_delays_nothing(world: World, tmp_path: Path) -> None:
    with world.open() as registry:
        case = w.to_publicity(registry, tmp_path / "dossier")
        w.past_publicity(registry, world.clock, case)
        issuing.issue(registry, case, actor_of(registry, OFFICER))
        world.clock.advance(-2)  # the ledger's own does not go back
        settle(registry)
    assert world.audit() == []

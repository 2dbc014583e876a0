"""The guide's words in a case: procedure, public data, levels, important and core data (R8, R18–R23)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.ledger import world as w
from tests.ledger.world import MEMBER, OFFICER, World, actor_of
from yinzheng.ledger.cases import asked, deciding, intake, issuing, publicity
from yinzheng.ledger.cases.dossier_opening import open_dossier_to
from yinzheng.ledger.cases.inspecting import Inspection, inspect
from yinzheng.ledger.cases.work import work_on
from yinzheng.ledger.demonstration.material import favourable_review
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.reading import open_reader
from yinzheng.ledger.registry import Registry, silent
from yinzheng.ledger.rules.inspections import InspectionKind, Outcome
from yinzheng.ledger.rules.refusals import Ground
from yinzheng.ledger.rules.states import Move
from yinzheng.ledger.rules.terms import Procedure
from yinzheng.ledger.rules.volume import Flag, FlagDecision
from yinzheng.ledger.store.models import Case
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.errors import YinzhengError

RISK = {"path": "risk.txt", "role": "risk", "title": "重要数据风险评估"}
FILES = [*w.application()["files"], RISK]
WHY = "经核对来源材料"


def refused(registry: Registry, act: Callable[[], object], code: str) -> YinzhengError:
    with w.unchanged(registry), pytest.raises(YinzhengError) as caught:
        act()
    assert caught.value.code == code
    return caught.value


def procedure_of(registry: Registry, case: str) -> str:
    with registry.store.reading() as session:
        return session.get_one(Case, case).procedure


def accept(registry: Registry, case: str, procedure: Procedure, reasons: str = WHY) -> None:
    deciding.accept(registry, case, actor_of(registry, OFFICER), procedure, reasons)


def test_the_officer_decides_the_procedure_with_a_reason(registry: Registry, tmp_path: Path) -> None:
    stated = w.apply(registry, tmp_path / "one", public_data=True, procedure="simplified")
    assert procedure_of(registry, stated) == "simplified", "as stated, until it is decided"
    refused(registry, lambda: accept(registry, stated, Procedure.SIMPLIFIED), "procedure-public-data")
    refused(registry, lambda: accept(registry, stated, Procedure.ORDINARY, " "), "text-missing")
    accept(registry, stated, Procedure.ORDINARY)
    assert procedure_of(registry, stated) == "ordinary"
    with work_on(registry, stated) as work:
        (body,) = work.bodies("application.accepted")
    assert (body["procedure"], body["stated"], body["reasons"]) == ("ordinary", "simplified", WHY)

    modest = w.apply(registry, tmp_path / "two", source="open", procedure="ordinary")
    accept(registry, modest, Procedure.SIMPLIFIED)
    assert procedure_of(registry, modest) == "simplified", "openly accessible data is not public data"


def test_it_moves_to_the_ordinary_procedure_and_never_back(world: World, tmp_path: Path) -> None:
    with world.open() as registry:
        officer = actor_of(registry, OFFICER)
        case = w.apply(registry, tmp_path / "dossier")
        refused(registry, lambda: deciding.to_ordinary(registry, case, officer, WHY), "move-not-allowed")
        w.accept(registry, case)
        w.favourable(registry, case)
        member = actor_of(registry, MEMBER)
        refused(registry, lambda: deciding.to_ordinary(registry, case, member, WHY), "move-wrong-capacity")
        refused(registry, lambda: deciding.to_ordinary(registry, case, officer, ""), "text-missing")
        deciding.to_ordinary(registry, case, officer, WHY)
        assert procedure_of(registry, case) == "ordinary"
        assert w.state_of(registry, case) == "reviewed"
        refused(registry, lambda: deciding.to_ordinary(registry, case, officer, WHY), "move-procedure")
        refused(registry, lambda: publicity.publish(registry, case, officer), "move-procedure")
        deciding.decide(registry, case, member)
        publicity.publish(registry, case, officer)
        settle(registry)
        w.past_publicity(registry, world.clock, case)
        assert issuing.issue(registry, case, officer).missing == ("committee",)
        number = issuing.issue(registry, case, member).number
        settle(registry)
    assert world.audit() == []
    report = world.verify(number)
    assert report.body is not None
    assert report.body.procedure == "ordinary"


def test_a_supplement_may_restate_before_acceptance_and_tell_of_public_data_after(
    registry: Registry, tmp_path: Path
) -> None:
    officer = actor_of(registry, OFFICER)
    case = w.apply(registry, tmp_path / "one")
    deciding.request_supplement(registry, case, officer, ["程序"])
    intake.supplement(registry, case, w.dossier(tmp_path / "two", procedure="ordinary"), silent)
    assert procedure_of(registry, case) == "ordinary"
    accept(registry, case, Procedure.SIMPLIFIED)
    deciding.request_supplement(registry, case, officer, ["是否涉及公共数据"])
    intake.supplement(registry, case, w.dossier(tmp_path / "three", public_data=True), silent)
    assert procedure_of(registry, case) == "simplified", "the officer's decision stands until it is changed"
    refused(registry, lambda: w.favourable(registry, case), "procedure-public-data")
    deciding.to_ordinary(registry, case, officer, WHY)
    w.favourable(registry, case)
    assert w.state_of(registry, case) == "reviewed"


def test_levels_are_of_a_scheme_the_profile_takes(registry: Registry, tmp_path: Path) -> None:
    def tried(name: str, scheme: str, profile: str) -> str:
        level = {"scheme": scheme, "value": 3}
        return w.apply(registry, tmp_path / name, profile, level=level)

    fault = refused(registry, lambda: tried("one", "五级分级指引", "GD-HEALTH/1"), "level-scheme")
    assert "GB/T 43697-2024" in fault.hint
    assert tried("two", "GB/T 43697-2024", "GD-HEALTH/1")
    assert tried("three", "五级分级指引", "NDA-2026/1")


@pytest.mark.parametrize(
    "fields", [["医生姓名", "高值耗材名称", "耗材使用量"], ["医生姓名", "药品名称", "用量"]], ids="·".join
)
def test_prescriber_statistics_are_refused_at_the_door(
    registry: Registry, tmp_path: Path, fields: list[str]
) -> None:
    """Drugs or consumables by doctor, in the plainest words (R20)."""
    sample = ["随访日期", "年龄段", "收缩压", "用药依从性", *fields]
    fault = refused(
        registry,
        lambda: w.apply(registry, tmp_path / "dossier", sample_fields=sample),
        "registration-refused",
    )
    assert fault.data["grounds"] == ["prescriber_statistics"]
    assert all(field in fault.message for field in fields)


LARGE = {"persons": 1_200_000, "sensitive_persons": 0, "nationwide": False, "kinds": []}
IMPORTANT = FlagDecision(Flag.IMPORTANT_DATA, True, "规模达到重要数据识别条件", "risk.txt")


def reviewed(registry: Registry, case: str, *decisions: FlagDecision) -> Move:
    with work_on(registry, case) as work:
        facts = asked.application_of(work).facts
    answers, _ = favourable_review(facts, ("risk.txt",))
    return deciding.review(registry, case, actor_of(registry, OFFICER), answers, decisions)


def test_important_data_stands_on_notice_and_certificate(world: World, tmp_path: Path) -> None:
    with world.open() as registry:
        officer = actor_of(registry, OFFICER)
        refused(registry, lambda: w.apply(registry, tmp_path / "bare", volume=LARGE), "application-invalid")
        case = w.apply(registry, tmp_path / "dossier", volume=LARGE, files=FILES)
        w.accept(registry, case)
        loose = FlagDecision(Flag.IMPORTANT_DATA, True, "属于", "另有评估")
        refused(registry, lambda: reviewed(registry, case, loose), "review-incomplete")
        assert reviewed(registry, case, IMPORTANT) is Move.REVIEW
        publicity.publish(registry, case, officer)
        settle(registry)
        w.past_publicity(registry, world.clock, case)
        number = issuing.issue(registry, case, officer).number
        settle(registry)
    with open_reader(world.root, world.clock) as reader:
        (notice,) = reader.notices()
        document = reader.certificate_file(number)
    assert notice.importance == "important"
    assert document is not None
    file = canonical.loads(document, max_bytes=1 << 20)
    assert isinstance(file, dict)
    assert isinstance(file["record"], dict)
    assert file["record"]["importance"] == "important"
    report = world.verify(number)
    assert report.core is not None
    assert report.core.body.importance == "important", "the QR code says it too"
    assert world.audit() == []


def test_core_data_is_refused(registry: Registry, tmp_path: Path) -> None:
    volume = {**LARGE, "persons": 10_000_000}
    case = w.apply(registry, tmp_path / "dossier", volume=volume, files=FILES)
    w.accept(registry, case)
    core = FlagDecision(Flag.CORE_DATA, True, "关系国民健康重大利益", "risk.txt")
    assert reviewed(registry, case, IMPORTANT, core) is Move.REVIEW_AGAINST
    assert w.state_of(registry, case) == "refusal_due"
    with work_on(registry, case) as work:
        (body,) = work.bodies("review.recorded")
    assert (body["importance"], body["grounds"]) == ("core", ["core_data"])
    deciding.refuse(registry, case, actor_of(registry, OFFICER), Ground.CORE_DATA, "核心数据不予登记")
    assert w.state_of(registry, case) == "refused"


def test_inspections_and_enquiries_are_steps_with_findings(world: World, tmp_path: Path) -> None:
    with world.open() as registry:
        officer = actor_of(registry, OFFICER)
        case = w.apply(registry, tmp_path / "dossier")
        now = registry.clock()

        def looked(**changes: Any) -> Callable[[], None]:
            given: dict[str, Any] = {
                "kind": InspectionKind.ON_SITE,
                "held_at": now,
                "place": "云汐市数据中心机房",
                "present": ["张工"],
                "findings": "抽查 50 条记录，与申报一致",
                "outcome": Outcome.AS_STATED,
            }
            return lambda: inspect(registry, case, officer, Inspection(**{**given, **changes}))

        refused(registry, looked(), "move-not-allowed")
        w.accept(registry, case)
        refused(registry, looked(held_at=now + 1), "inspection-time")
        refused(registry, looked(held_at=now - 86_400), "inspection-time")
        refused(registry, looked(present=[]), "inspection-present")
        refused(registry, looked(present=[" "]), "inspection-present")
        refused(registry, looked(findings=" "), "text-missing")
        looked()()
        looked(kind=InspectionKind.ENQUIRY, findings="电话询问来源协议的期限", outcome=Outcome.OPEN)()
        member = actor_of(registry, MEMBER)
        done = Inspection(InspectionKind.TECHNICAL, now, "x", ["y"], "z", Outcome.DIFFERS)
        refused(registry, lambda: inspect(registry, case, member, done), "move-wrong-capacity")
        assert w.state_of(registry, case) == "accepted"
        written = open_dossier_to(registry, case, tmp_path / "review", silent, officer)
        w.favourable(registry, case)
        settle(registry)
    (found,) = (path for path in written if path.name == "inspections.json")
    told = json.loads(found.read_text(encoding="utf-8"))
    assert [(one["kind"], one["outcome"], one["person"]) for one in told] == [
        ("on_site", "as_stated", OFFICER),
        ("enquiry", "open", OFFICER),
    ]
    assert world.audit() == []

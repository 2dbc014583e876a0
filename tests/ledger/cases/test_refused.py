"""Every refused move: a typed fault, and the state folder as it was (R8, R11, R14, R20–R24)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.ledger import world as w
from tests.ledger.world import MEMBER, OFFICER, SECOND_OFFICER, World, actor_of
from yinzheng.ledger.cases import asked, deciding, intake, issuing, objections, publicity
from yinzheng.ledger.cases.work import work_on
from yinzheng.ledger.demonstration.material import favourable_review
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.registry import Registry, silent
from yinzheng.ledger.rules.profiles import DEMO, GD_HEALTH
from yinzheng.ledger.rules.refusals import Ground
from yinzheng.ledger.rules.review import Answer, ItemAnswer
from yinzheng.ledger.rules.review_items import Item
from yinzheng.ledger.rules.terms import InformationRoute
from yinzheng.ledger.store.models import Case, Person
from yinzheng.verifier.errors import DataFault, UsageFault, YinzhengError


def refused(registry: Registry, act: Callable[[], object], code: str) -> YinzhengError:
    """`act` is refused with `code` and a sentence, and nothing differs after it."""
    with w.unchanged(registry), pytest.raises(YinzhengError) as caught:
        act()
    assert caught.value.code == code
    assert caught.value.message
    return caught.value


def accept_all(registry: Registry, case: str, person: str) -> None:
    """Review favourably as `person`."""
    with work_on(registry, case) as work:
        facts = asked.application_of(work).facts
    deciding.review(registry, case, actor_of(registry, person), *favourable_review(facts, ("sample.txt",)))


ACTS: dict[str, Callable[[Registry, str], object]] = {
    "accept": lambda r, c: w.accept(r, c),
    "request": lambda r, c: deciding.request_supplement(r, c, actor_of(r, OFFICER), ["缺少样例"]),
    "review": lambda r, c: w.favourable(r, c),
    "decide": lambda r, c: deciding.decide(r, c, actor_of(r, MEMBER)),
    "publish": lambda r, c: publicity.publish(r, c, actor_of(r, OFFICER)),
    "waive": lambda r, c: publicity.publish(
        r, c, actor_of(r, OFFICER), waived_by=actor_of(r, MEMBER), reason="商业秘密"
    ),
    "object": lambda r, c: w.object_to(r, c, "异议人", "存疑", [r.paths.instance]),
    "resolve": lambda r, c: objections.resolve(
        r, c, "00", actor_of(r, OFFICER), upheld=False, reasons="不成立"
    ),
    "issue": lambda r, c: issuing.issue(r, c, actor_of(r, OFFICER)),
    "refuse": lambda r, c: deciding.refuse(r, c, actor_of(r, OFFICER), Ground.LAW, "不符合规定"),
}
"""What an officer may try, each by the right person."""

Reach = Callable[[Registry, World, Path], str]
STAGES: dict[str, tuple[Reach, dict[str, str]]] = {}
"""Stage → how a case gets there, and the acts refused at it with their codes."""


def stage(name: str, **codes: str) -> Callable[[Reach], Reach]:
    def note(reach: Reach) -> Reach:
        STAGES[name] = (reach, codes)
        return reach

    return note


NO = "move-not-allowed"


@stage(
    "applied", review=NO, decide=NO, publish=NO, waive=NO, object=NO, resolve=NO, issue=NO
)  # fmt: skip
def _applied(registry: Registry, _world: World, folder: Path) -> str:
    return w.apply(registry, folder / "dossier")


@stage("supplement", accept=NO, request=NO, review=NO, decide=NO, publish=NO, object=NO, issue=NO)
def _supplement(registry: Registry, _world: World, folder: Path) -> str:
    case = w.apply(registry, folder / "dossier")
    deciding.request_supplement(registry, case, actor_of(registry, OFFICER), ["缺少样例"])
    return case


@stage("accepted", accept=NO, decide=NO, publish=NO, waive=NO, object=NO, resolve=NO, issue=NO)
def _accepted(registry: Registry, _world: World, folder: Path) -> str:
    case = w.apply(registry, folder / "dossier")
    w.accept(registry, case)
    return case


@stage("reviewed", accept=NO, request=NO, review=NO, decide="move-procedure", object=NO, resolve=NO, issue=NO)
def _reviewed(registry: Registry, _world: World, folder: Path) -> str:
    return w.to_reviewed(registry, folder / "dossier")


@stage("reviewed, ordinary", accept=NO, review=NO, publish="move-procedure", waive="move-procedure", issue=NO)
def _reviewed_ordinary(registry: Registry, _world: World, folder: Path) -> str:
    return w.to_reviewed(registry, folder / "dossier", public_data=True)


@stage("committee against", accept=NO, review=NO, decide=NO, publish=NO, waive=NO, object=NO, issue=NO)
def _against(registry: Registry, _world: World, folder: Path) -> str:
    case = w.to_reviewed(registry, folder / "dossier", public_data=True)
    deciding.decide(registry, case, actor_of(registry, MEMBER), against=True, reasons="不同意。")
    return case


@stage(
    "publicity", accept=NO, request=NO, review=NO, decide=NO, publish=NO, waive=NO,
    resolve="move-no-objection", issue="move-publicity-running",
)  # fmt: skip
def _publicity(registry: Registry, _world: World, folder: Path) -> str:
    return w.to_publicity(registry, folder / "dossier")


@stage(
    "objection open",
    accept=NO,
    review=NO,
    publish=NO,
    resolve="objection-unknown",
    issue="move-objection-open",
)
def _objected(registry: Registry, world: World, folder: Path) -> str:
    case = w.to_publicity(registry, folder / "dossier")
    w.object_to(registry, case, "异议人", "存疑", [registry.paths.instance])
    settle(registry)
    w.past_publicity(registry, world.clock, case)
    return case


@stage("issuing", accept=NO, review=NO, decide=NO, publish=NO, resolve=NO, issue="approval-twice")
def _issuing(registry: Registry, world: World, folder: Path) -> str:
    case = w.to_publicity(registry, folder / "dossier", public_data=True)
    w.past_publicity(registry, world.clock, case)
    issuing.issue(registry, case, actor_of(registry, OFFICER))
    return case


@stage("deposited", **dict.fromkeys(ACTS, NO))
def _deposited(registry: Registry, world: World, folder: Path) -> str:
    return w.to_deposited(registry, world.clock, folder / "dossier")[0]


@stage("refused", **dict.fromkeys(ACTS, NO))
def _refused(registry: Registry, _world: World, folder: Path) -> str:
    case = w.apply(registry, folder / "dossier")
    deciding.refuse(registry, case, actor_of(registry, OFFICER), Ground.LAW, "不符合规定")
    return case


@pytest.mark.parametrize("name", STAGES)
def test_a_move_the_state_does_not_allow(registry: Registry, world: World, tmp_path: Path, name: str) -> None:
    reach, codes = STAGES[name]
    case = reach(registry, world, tmp_path)
    settle(registry)
    for act, code in codes.items():
        fault = refused(registry, lambda act=act: ACTS[act](registry, case), code)  # type: ignore[misc]
        assert fault.hint


def test_the_wrong_role(registry: Registry, world: World, tmp_path: Path) -> None:
    wrong = "move-wrong-capacity"
    case = w.apply(registry, tmp_path / "one", public_data=True)
    refused(registry, lambda: w.accept(registry, case, MEMBER), wrong)
    refused(
        registry,
        lambda: deciding.request_supplement(registry, case, actor_of(registry, MEMBER), ["x"]),
        wrong,
    )
    refused(
        registry, lambda: deciding.refuse(registry, case, actor_of(registry, MEMBER), Ground.LAW, "x"), wrong
    )
    w.accept(registry, case)
    refused(registry, lambda: accept_all(registry, case, MEMBER), wrong)
    accept_all(registry, case, OFFICER)
    refused(registry, lambda: deciding.decide(registry, case, actor_of(registry, OFFICER)), wrong)
    deciding.decide(registry, case, actor_of(registry, MEMBER))
    refused(registry, lambda: publicity.publish(registry, case, actor_of(registry, MEMBER)), wrong)
    refused(
        registry,
        lambda: publicity.publish(
            registry,
            case,
            actor_of(registry, OFFICER),
            waived_by=actor_of(registry, SECOND_OFFICER),
            reason="x",
        ),
        "approval-wrong-capacity",
    )
    publicity.publish(registry, case, actor_of(registry, OFFICER))
    settle(registry)
    w.past_publicity(registry, world.clock, case)
    refused(registry, lambda: issuing.issue(registry, case, actor_of(registry, MEMBER)), wrong)
    name = w.object_to(registry, case, "异议人", "存疑", [registry.paths.instance])
    settle(registry)
    for upheld in (False, True):
        refused(
            registry,
            lambda u=upheld: objections.resolve(
                registry, case, name, actor_of(registry, MEMBER), upheld=u, reasons="x"
            ),  # type: ignore[misc]
            wrong,
        )


def test_the_same_person_or_capacity_twice(registry: Registry, world: World, tmp_path: Path) -> None:
    """A second officer's approval would bar the committee's: the contract takes one of each (S5.6)."""
    case = _issuing(registry, world, tmp_path)
    refused(registry, lambda: issuing.issue(registry, case, actor_of(registry, OFFICER)), "approval-twice")
    refused(
        registry, lambda: issuing.issue(registry, case, actor_of(registry, SECOND_OFFICER)), "approval-twice"
    )
    assert issuing.issue(registry, case, actor_of(registry, MEMBER)).missing == ()
    refused(registry, lambda: issuing.issue(registry, case, actor_of(registry, MEMBER)), NO)


def test_unknown_and_removed_people(registry: Registry, tmp_path: Path) -> None:
    case = w.apply(registry, tmp_path / "dossier")
    refused(registry, lambda: w.accept(registry, case, "nobody"), "person-unknown")
    with registry.store.transaction() as session:
        session.get_one(Person, OFFICER).removed_at = registry.clock()
    refused(registry, lambda: w.accept(registry, case), "person-removed")
    w.accept(registry, case, SECOND_OFFICER)


@pytest.mark.parametrize("act", ACTS)
def test_an_unknown_case(registry: Registry, act: str) -> None:
    refused(registry, lambda: ACTS[act](registry, "A-2026-999999"), "case-unknown")


def test_profiles(production_template: World, tmp_path: Path) -> None:
    world = production_template.copy(tmp_path / "state")
    with world.open() as registry:
        refused(registry, lambda: w.apply(registry, tmp_path / "a", DEMO.tag), "profile-demonstration")
        refused(registry, lambda: w.apply(registry, tmp_path / "b", "GD-HEALTH/2"), "profile-unknown")
        refused(registry, lambda: w.apply(registry, tmp_path / "c", ""), "profile-unknown")
        case = w.apply(registry, tmp_path / "d", GD_HEALTH.tag)
        with registry.store.reading() as session:
            assert session.get_one(Case, case).profile == GD_HEALTH.tag
    assert world.audit() == []


def declaring(**yes: bool) -> dict[str, Any]:
    return {"declarations": {**w.application()["declarations"], **yes}}


@pytest.mark.parametrize(
    "changes",
    [
        declaring(state_secrets=True),
        declaring(public_security=True),
        declaring(prescriber_statistics=True),
        {
            "applicant": {"name": "测试登记中心（虚构）", "code": "12440000MB2DEM001E", "contact": None},
            "holders": [
                {
                    "name": "测试登记中心（虚构）",
                    "code": "12440000MB2DEM001E",
                    "rights": ["hold", "use", "operate"],
                }
            ],
        },
    ],
    ids=["state secrets", "security", "prescriber statistics", "the registry's own data"],
)
def test_hard_refusals(registry: Registry, tmp_path: Path, changes: dict[str, Any]) -> None:
    refused(registry, lambda: w.apply(registry, tmp_path / "dossier", **changes), "registration-refused")
    case = w.apply(registry, tmp_path / "good")
    deciding.request_supplement(registry, case, actor_of(registry, OFFICER), ["缺少样例"])
    worse = w.dossier(tmp_path / "worse", **changes)
    refused(registry, lambda: intake.supplement(registry, case, worse, silent), "registration-refused")


def test_a_character_the_certificate_cannot_print(registry: Registry, tmp_path: Path) -> None:
    refused(
        registry,
        lambda: w.apply(registry, tmp_path / "dossier", limits="\U0001f9ec"),
        "font-missing-character",
    )


def test_supplements(registry: Registry, tmp_path: Path) -> None:
    case = w.apply(registry, tmp_path / "dossier")
    other = w.dossier(tmp_path / "other", public_data=True)
    refused(registry, lambda: intake.supplement(registry, case, other, silent), NO)
    refused(
        registry,
        lambda: deciding.request_supplement(registry, case, actor_of(registry, OFFICER), []),
        "text-missing",
    )
    refused(
        registry,
        lambda: deciding.request_supplement(registry, case, actor_of(registry, OFFICER), [" "]),
        "text-missing",
    )
    deciding.request_supplement(registry, case, actor_of(registry, OFFICER), ["缺少样例"])
    refused(registry, lambda: intake.supplement(registry, "A-1", other, silent), "case-unknown")
    (other / "extra").write_text("x")
    refused(registry, lambda: intake.supplement(registry, case, other, silent), "dossier-undeclared")


def test_reviews(registry: Registry, tmp_path: Path) -> None:
    case = w.apply(registry, tmp_path / "dossier")
    w.accept(registry, case)
    with work_on(registry, case) as work:
        facts = asked.application_of(work).facts
    assert facts.route is InformationRoute.ANONYMISED
    answers, flags = favourable_review(facts, ("sample.txt",))
    refused(
        registry,
        lambda: deciding.review(registry, case, actor_of(registry, OFFICER), ()),
        "review-incomplete",
    )
    refused(
        registry,
        lambda: deciding.review(registry, case, actor_of(registry, OFFICER), answers[1:], flags),
        "review-incomplete",
    )
    unsure = tuple(
        ItemAnswer(a.item, Answer.NOT_APPLICABLE, "无") if a.item is Item.TRUTHFUL else a for a in answers
    )
    refused(
        registry,
        lambda: deciding.review(registry, case, actor_of(registry, OFFICER), unsure, flags),
        "review-incomplete",
    )


def test_texts(registry: Registry, world: World, tmp_path: Path) -> None:
    long = "长" * 4001
    case = w.to_reviewed(registry, tmp_path / "dossier", public_data=True)
    officer, member = actor_of(registry, OFFICER), actor_of(registry, MEMBER)
    for reasons, code in (("", "text-missing"), ("  ", "text-missing"), (long, "text-too-long")):
        for act in (
            partial(deciding.decide, registry, case, member, against=True, reasons=reasons),
            partial(deciding.refuse, registry, case, officer, Ground.LAW, reasons),
        ):
            refused(registry, act, code)
    refused(
        registry,
        lambda: deciding.decide(registry, case, actor_of(registry, MEMBER), reasons=long),
        "text-too-long",
    )
    deciding.decide(registry, case, actor_of(registry, MEMBER))
    for reason in ("", " ", long):
        refused(
            registry,
            lambda r=reason: publicity.publish(
                registry, case, actor_of(registry, OFFICER), waived_by=actor_of(registry, MEMBER), reason=r
            ),  # type: ignore[misc]
            "waiver-reason",
        )


def test_objections(registry: Registry, tmp_path: Path) -> None:
    case = w.to_publicity(registry, tmp_path / "dossier")
    file = registry.paths.instance

    def objecting(reasons: str, *material: Path) -> Callable[[], str]:
        return lambda: w.object_to(registry, case, "异议人", reasons, material)

    refused(registry, objecting("", file), "objection-empty")
    refused(registry, objecting("存疑"), "objection-empty")
    refused(registry, objecting("存疑", tmp_path / "nothing"), "material-missing")
    refused(registry, objecting("存疑", tmp_path), "material-missing")
    refused(registry, objecting("存疑", Path("/dev/zero")), "material-missing")
    refused(registry, objecting("存疑", *[file] * 21), "objection-material")
    refused(registry, lambda: w.object_to(registry, case, " ", "存疑", [file]), "text-missing")
    name = w.object_to(registry, case, "异议人", "存疑", [file])
    settle(registry)
    for given in ("", "zz", name[:-1] + "g"):
        refused(
            registry,
            lambda g=given: objections.resolve(
                registry, case, g, actor_of(registry, OFFICER), upheld=False, reasons="x"
            ),  # type: ignore[misc]
            "objection-unknown",
        )


def test_before_the_chain_has_heard_of_it(registry: Registry, world: World, tmp_path: Path) -> None:
    """Decisions that need the chain's word wait for it: nothing piles up that it might refuse."""
    case = w.to_reviewed(registry, tmp_path / "dossier")
    publicity.publish(registry, case, actor_of(registry, OFFICER))
    world.clock.advance(60)
    refused(
        registry, lambda: issuing.issue(registry, case, actor_of(registry, OFFICER)), "move-publicity-running"
    )
    refused(registry, lambda: ACTS["object"](registry, case), "case-state")
    refused(registry, lambda: ACTS["refuse"](registry, case), "case-state")


def test_faults_are_of_the_right_kind(registry: Registry, tmp_path: Path) -> None:
    assert isinstance(
        refused(registry, lambda: w.accept(registry, "A"), "case-unknown"),
        UsageFault,
    )
    assert isinstance(
        refused(
            registry, lambda: w.apply(registry, tmp_path / "d", overview="长" * 401), "application-invalid"
        ),
        DataFault,
    )

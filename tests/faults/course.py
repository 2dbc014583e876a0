"""One case from application to certificate, in steps that a caller repeats after a fault.

The caller does what an officer does who saw an error: look where the case stands, and do what comes next.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from sqlmodel import select

from tests.ledger import world as w
from tests.ledger.world import World, actor_of
from yinzheng.ledger.cases import deciding, issuing, objections, publicity
from yinzheng.ledger.cases.work import work_on
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Case, Certificate

EVENTS = {
    "apply": "application.received",
    "accept": "application.accepted",
    "review": "review.recorded",
    "decide": "committee.decided",
    "publish": "publicity.opened",
    "object": "objection.raised",
    "resolve": "objection.concluded",
    "issue": None,
    "deposit": "certificate.deposited",
}
"""Step → the statement it writes; `issue` is the first of the two approvals and writes none."""


def only_case(registry: Registry) -> str | None:
    """The one case there is; None before it. More than one is a failure in itself."""
    with registry.store.reading() as session:
        found = session.exec(select(Case.id)).all()
    assert len(found) <= 1, found
    return found[0] if found else None


def next_step(registry: Registry, *, objecting: bool = False) -> str | None:
    """What a caller who looks at the case does next; None once the certificate is deposited.

    With `objecting` someone objects while that has not happened.
    """
    case = only_case(registry)
    if case is None:
        return "apply"
    with work_on(registry, case) as work:
        state = work.situation.state.value
        still_open = work.situation.open_objections
        raised = bool(work.bodies("objection.raised"))
    if state == "publicity":
        return "resolve" if still_open else "object" if objecting and not raised else "issue"
    return {
        "applied": "accept",
        "accepted": "review",
        "reviewed": "decide",
        "committee_decided": "publish",
        "issuing": "deposit",
        "deposited": None,
    }[state]


def take(world: World, registry: Registry, step: str) -> None:
    """Take one step; it is acknowledged when this returns."""
    _STEPS[step](world, registry)


def _apply(world: World, registry: Registry) -> None:
    folder = Path(tempfile.mkdtemp(dir=world.root.parent))
    try:
        w.apply(registry, folder / "dossier", public_data=True)
    finally:
        shutil.rmtree(folder)


def _object(world: World, registry: Registry) -> None:
    case = _case(registry)
    w.object_to(registry, case, "异议人", "请核实来源。", [world.paths.instance])


def _resolve(_world: World, registry: Registry) -> None:
    case = _case(registry)
    with work_on(registry, case) as work:
        name = next(iter(work.situation.open_objections))
    objections.resolve(
        registry, case, name, actor_of(registry, w.OFFICER), upheld=False, reasons="异议不成立。"
    )


def _issue(world: World, registry: Registry) -> None:
    case = _case(registry)
    w.past_publicity(registry, world.clock, case)
    issuing.issue(registry, case, actor_of(registry, w.OFFICER))


def _case(registry: Registry) -> str:
    case = only_case(registry)
    assert case is not None
    return case


_STEPS: Mapping[str, Callable[[World, Registry], object]] = MappingProxyType(
    {
        "apply": _apply,
        "accept": lambda _w, r: w.accept(r, _case(r)),
        "review": lambda _w, r: w.favourable(r, _case(r)),
        "decide": lambda _w, r: deciding.decide(r, _case(r), actor_of(r, w.MEMBER)),
        "publish": lambda _w, r: publicity.publish(r, _case(r), actor_of(r, w.OFFICER)),
        "object": _object,
        "resolve": _resolve,
        "issue": _issue,
        "deposit": lambda _w, r: issuing.issue(r, _case(r), actor_of(r, w.MEMBER)),
    }
)


def finish(world: World, registry: Registry) -> None:
    """Go on until the certificate is deposited."""
    for _ in range(2 * len(EVENTS)):
        step = next_step(registry)
        if step is None:
            break
        take(world, registry, step)
        if step in ("publish", "object", "resolve", "deposit"):
            settle(registry)
    assert next_step(registry) is None


def happened(registry: Registry) -> Counter[str]:
    """How often each type of statement is there."""
    case = only_case(registry)
    if case is None:
        return Counter()
    with registry.store.reading() as session:
        return Counter(event.type for event in repository.events_of_case(session, case))


def require_whole(world: World) -> None:
    """Every statement once, the audit silent, the certificate genuine and in force."""
    with world.open() as registry:
        counts = happened(registry)
        objection = {EVENTS["object"], EVENTS["resolve"]}
        assert counts == Counter(n for n in EVENTS.values() if n and (n not in objection or n in counts))
        assert len(objection & counts.keys()) in (0, 2)
        with registry.store.reading() as session:
            (certificate,) = session.exec(select(Certificate)).all()
            size = repository.sequenced(session)
        assert certificate.state == "deposited"
        head = registry.client.latest_anchor()
        assert head is not None
        assert head.size == size == registry.log.size == counts.total()
    assert world.audit() == []
    report = world.verify(certificate.number)
    assert (report.authentic.value, report.status.value) == ("genuine", "in_force")

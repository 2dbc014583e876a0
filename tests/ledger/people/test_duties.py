"""Role × action (R47): every use case that takes a person, by everyone there is, cell by cell.

The rows come from the code: a use case that is not here fails. Each is tried on something that is not there,
so that whoever may do it is refused later, for that, and nothing changes.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from tests.architecture.imports import modules
from tests.architecture.test_reached import Name, referred
from tests.architecture.test_reached import modules as sources
from tests.ledger import world as w
from tests.ledger.consent_world import HOSPITAL
from tests.ledger.erasure import ward as wards
from tests.ledger.erasure.ward import Ward
from tests.ledger.organisations.enrolling import Member
from tests.ledger.world import AUDITOR, KEEPER, MEMBER, OFFICER, actor_of
from yinzheng.ledger.accesses.approving import approve_bulk
from yinzheng.ledger.accesses.listing import Question, list_lines
from yinzheng.ledger.cases.dossier_opening import open_dossier_to
from yinzheng.ledger.consents import handover
from yinzheng.ledger.disputes.packing import build_pack
from yinzheng.ledger.disputes.preserving import Wanted, preserve
from yinzheng.ledger.disputes.showing import show
from yinzheng.ledger.erasure import proposing
from yinzheng.ledger.erasure.periods import set_periods
from yinzheng.ledger.flow.working_days import add_year
from yinzheng.ledger.organisations import enrolment
from yinzheng.ledger.people.acting import Actor
from yinzheng.ledger.people.enrolling import enrol_person, enrol_with_key, remove_person
from yinzheng.ledger.registry import Registry, silent
from yinzheng.ledger.rules.destruction import Method, StaffRole, TargetKind
from yinzheng.ledger.rules.extent import Extent, Way
from yinzheng.ledger.rules.offices import ROLES, Office, Role
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.state.backup import forget_place
from yinzheng.ledger.withdrawals import filing, looking, uploads
from yinzheng.ledger.withdrawals.claims import DocumentClaim
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey
from yinzheng.verifier.errors import YinzhengError

LEFT: Final = "lawyer-liu"
NOWHERE: Final = Path("/nowhere")
OFFICERS: Final = (Capacity.REGISTRY,)
KEEPERS: Final = (Office.ADMINISTRATOR,)

Try = Callable[[Registry, Ward, Actor], object]


def _file(registry: Registry, ward: Ward, by: Actor) -> None:
    claim = DocumentClaim("identity_card")
    filing.file(registry, ward.standing, Extent(), channel=Way.COUNTER, claim=claim, officer=by)


def _filed(registry: Registry, ward: Ward, by: Actor) -> None:
    claim = DocumentClaim("identity_card")
    with filing.filed(registry, ward.standing, Extent(), channel=Way.COUNTER, claim=claim, officer=by):
        pass


TABLE: Final[dict[str, tuple[tuple[Role, ...], str, Try]]] = {
    "accesses.approving.approve_bulk": (
        (Capacity.REGISTRY, Office.AUDITOR),
        "bulk-terms",
        lambda r, _, by: approve_bulk(r, "nobody", "x", 0, 0, by),
    ),
    "accesses.listing.list_lines": (
        (Office.AUDITOR,),
        "done",
        lambda r, _, by: list_lines(r, Question(0, 1), by),
    ),
    "cases.dossier_opening.open_dossier_to": (
        (Capacity.REGISTRY, Capacity.COMMITTEE),
        "case-unknown",
        lambda r, _, by: open_dossier_to(r, "A-2026-999999", NOWHERE, silent, by),
    ),
    "consents.handover.issue_receipt": (
        OFFICERS,
        "consent-unknown",
        lambda r, _, by: handover.issue_receipt(r, bytes(32), by),
    ),
    "consents.handover.replace_receipt": (
        OFFICERS,
        "consent-unknown",
        lambda r, _, by: handover.replace_receipt(r, bytes(32), by, handover.Seen("identity_card")),
    ),
    "consents.handover.copy_receipt": (
        OFFICERS,
        "consent-unknown",
        lambda r, _, by: handover.copy_receipt(r, bytes(32), by),
    ),
    "disputes.packing.build_pack": (
        OFFICERS,
        "dispute-unknown",
        lambda r, _, by: build_pack(r, "D-2026-999999", NOWHERE, by=by, progress=silent),
    ),
    "disputes.preserving.preserve": (
        OFFICERS,
        "dispute-unknown",
        lambda r, _, by: preserve(r, "D-2026-999999", Wanted(), by),
    ),
    "disputes.showing.show": (OFFICERS, "dispute-unknown", lambda r, _, by: show(r, "D-2026-999999", by)),
    "erasure.proposing.propose": (
        OFFICERS,
        "case-unknown",
        lambda r, _, by: proposing.propose(
            r, TargetKind.CASE, "A-2026-999999", "court", Method.OVERWRITE, by
        ),
    ),
    "erasure.proposing.drop": (
        OFFICERS,
        "erasure-unknown",
        lambda r, _, by: proposing.drop(r, "E-2026-999999", by),
    ),
    "erasure.periods.set_periods": (
        KEEPERS,
        "retention-missing",
        lambda r, _, by: set_periods(r, NOWHERE, by),
    ),
    "flow.working_days.add_year": (KEEPERS, "calendar-missing", lambda r, _, by: add_year(r, NOWHERE, by)),
    "organisations.enrolment.enrol": (
        OFFICERS,
        "organisation-enrolled",
        lambda r, _, by: enrolment.enrol(r, Member(HOSPITAL).enrolment(r.clock()), by),
    ),
    "organisations.enrolment.rotate": (
        OFFICERS,
        "organisation-unknown",
        lambda r, _, by: enrolment.rotate(
            r, Member(w.APPLICANT["code"] or "").rotation(Sm2PrivateKey.generate(), r.clock()), by
        ),
    ),
    "organisations.enrolment.revoke": (
        OFFICERS,
        "organisation-unknown",
        lambda r, _, by: enrolment.revoke(
            r, Member(w.APPLICANT["code"] or "").revocation("lost", r.clock()), by
        ),
    ),
    "organisations.enrolment.dismiss_forum": (
        KEEPERS,
        "organisation-unknown",
        lambda r, _, by: enrolment.dismiss_forum(r, "X", by),
    ),
    "organisations.enrolment.change_webhook": (
        OFFICERS,
        "organisation-unknown",
        lambda r, _, by: enrolment.change_webhook(r, "X", None, by),
    ),
    "people.enrolling.enrol_person": (
        KEEPERS,
        "person-exists",
        lambda r, _, by: enrol_person(r, MEMBER, StaffRole.LEGAL, bytes(20), by),
    ),
    "people.enrolling.enrol_with_key": (
        KEEPERS,
        "person-exists",
        lambda r, _, by: enrol_with_key(r, MEMBER, StaffRole.LEGAL, b"", by),
    ),
    "people.enrolling.remove_person": (
        KEEPERS,
        "person-unknown",
        lambda r, _, by: remove_person(r, "nobody-here", by),
    ),
    "state.backup.forget_place": (OFFICERS, "backup-unknown", lambda r, _, by: forget_place(r, NOWHERE, by)),
    "withdrawals.looking.look_at": (
        OFFICERS,
        "withdrawal-unknown",
        lambda r, _, by: looking.look_at(r, bytes(32), by),
    ),
    "withdrawals.looking.conclude_to": (
        OFFICERS,
        "withdrawal-unknown",
        lambda r, _, by: looking.conclude_to(r, bytes(32), by),
    ),
    "withdrawals.uploads.hand_out": (
        OFFICERS,
        "withdrawal-unknown",
        lambda r, _, by: uploads.hand_out(r, bytes(32), by),
    ),
    "withdrawals.filing.file": (OFFICERS, "withdrawal-empty", _file),
    "withdrawals.filing.filed": (OFFICERS, "withdrawal-empty", _filed),
}

BY_COURSE: Final = {
    *(
        f"cases.deciding.{name}"
        for name in ("accept", "to_ordinary", "request_supplement", "review", "decide", "refuse")
    ),
    "cases.inspecting.inspect",
    "cases.issuing.issue",
    "cases.objections.resolve",
    "cases.publicity.publish",
    "erasure.carrying_out.erase",
    "erasure.proposing.approve",
    "erasure.proposing.witness",
    "withdrawals.ending.restrict",
    "withdrawals.verifying.verify_guardian",
}
"""Steps of a course: their tables say who may (`tests/ledger/rules`), `test_acting.py` tries each."""

ON_FOLDERS: Final = {"state.restore.restore", "state.rewrapping.rewrap_registry"}
"""On a folder that is no open registry: `test_backups.py` and `test_pkcs11_registry.py` try who may."""

PARTS: Final = {
    "accesses.noting.acted", "accesses.noting.opening", "accesses.reader.of_actor", "cases.work.approve",
    "disputes.disclosing.note_pack", "disputes.work.allow",
    "erasure.proposing.allow", "erasure.proposing.add_signature", "flow.threads.allow",
    "flow.threads.capacity", "withdrawals.work.move", "people.acting.admit", "people.acting.key_of",
    "people.acting.require", "people.acting.require_two",
}  # fmt: skip
"""What use cases are made of."""


def use_cases() -> set[str]:
    """Every public function of the ledger with a parameter that is an actor, by its name."""
    found = set()
    for name, path in modules().items():
        if not name.startswith("ledger.") or name.startswith("ledger.demonstration"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.FunctionDef) or node.name.startswith("_"):
                continue
            arguments = [*node.args.args, *node.args.kwonlyargs]
            said = [ast.unparse(one.annotation) for one in arguments if one.annotation]
            if any("Actor" in one or one == "By" for one in said):
                found.add(f"{name.removeprefix('ledger.')}.{node.name}")
    return found


def test_every_use_case_has_its_row() -> None:
    assert use_cases() == {*TABLE, *BY_COURSE, *ON_FOLDERS, *PARTS}


TRACES: Final = {
    Name("ledger.accesses.noting", "note_many"),
    Name("ledger.flow.recording", "compose"),
    Name("ledger.flow.outbox", "outbox_signed"),
    Name("ledger.chain.configuration", "configure"),
}
"""An access line, a statement, or a call on chain that whoever acts signed with their own key."""


def test_nobody_acts_without_a_trace() -> None:
    """Of each use case, through whatever it calls: what it does is told of by a line, or by what it makes."""
    silent = {name for name in {*TABLE, *BY_COURSE, *ON_FOLDERS} if not leads_to(f"ledger.{name}", TRACES)}
    assert silent == set()
    assert not leads_to("ledger.people.acting.require", TRACES), "the search sees who leaves none"


def leads_to(function: str, wanted: set[Name]) -> bool:
    """Whether a function refers to one of these, at any depth."""
    seen: set[Name] = set()
    waiting = [Name(*function.rsplit(".", 1))]
    while waiting:
        name = waiting.pop()
        if name in wanted:
            return True
        module = sources()[name.module]
        if name not in seen and (node := module.defined.get(name.name)) is not None:
            waiting.extend(referred(module, node))
        seen.add(name)
    return False


def everyone(registry: Registry) -> dict[Role, Actor]:
    """One of every capacity."""
    names: dict[Role, str] = {
        Capacity.REGISTRY: OFFICER, Capacity.COMMITTEE: MEMBER,
        Office.ADMINISTRATOR: KEEPER, Office.AUDITOR: AUDITOR,
        **{role: name for name, role in wards.STAFF.items() if name != LEFT},
    }  # fmt: skip
    if StaffRole.LEGAL not in names:
        w.enrol_staff(registry, "lawyer-lu", StaffRole.LEGAL)
        names[StaffRole.LEGAL] = "lawyer-lu"
    assert set(names) == set(ROLES)
    return {role: actor_of(registry, name) for role, name in names.items()}


def outcome(act: Callable[[], Any]) -> str:
    try:
        act()
    except YinzhengError as fault:
        return fault.code
    return "done"


REFUSALS: Final = {
    "officer-needed", "committee-needed", "administrator-needed", "auditor-needed", "staff-needed",
    "person-no-officer",
}  # fmt: skip


def test_role_by_action(ward: Ward) -> None:
    with ward.open() as registry:
        remove_person(registry, LEFT, actor_of(registry, KEEPER))
        people = everyone(registry)
        officer = people[Capacity.REGISTRY]
        strangers = {
            "person-unknown": replace(officer, person="nobody"),
            "person-removed": replace(officer, person=LEFT),
            "person-capacity": replace(people[Capacity.COMMITTEE], capacity=Capacity.REGISTRY),
            "key-differs": replace(people[Capacity.COMMITTEE], person=OFFICER, capacity=Capacity.REGISTRY),
        }
        wrong = {}
        for name, (allowed, late, act) in TABLE.items():
            for role, by in people.items():
                code = outcome(lambda act=act, by=by: act(registry, ward, by))  # type: ignore[misc]
                if (code == late) is not (role in allowed) or (role not in allowed and code not in REFUSALS):
                    wrong[name, role.value] = code
            for expected, by in strangers.items():
                code = outcome(lambda act=act, by=by: act(registry, ward, by))  # type: ignore[misc]
                if code != expected:
                    wrong[name, expected] = code
        assert wrong == {}

"""What people of the registry do: each use case, tried in transactions that are undone in the end.

Whoever may does it, or is refused later, for something that is not there: so nothing changes, and the next
may be tried.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from sqlmodel import select

from tests.ledger import consent_world as cw
from tests.ledger import world as w
from tests.ledger.consent_world import HOSPITAL
from tests.ledger.disputes.court import FORUM, address
from tests.ledger.erasure import ward as wards
from tests.ledger.erasure.ward import Ward
from tests.ledger.organisations.enrolling import Member
from tests.ledger.world import MEMBER, OFFICER, SECOND_OFFICER, actor_of
from yinzheng.ledger.accesses.approving import approve_bulk
from yinzheng.ledger.accesses.listing import Question, list_lines
from yinzheng.ledger.cases import deciding, inspecting, issuing, objections, publicity
from yinzheng.ledger.cases.dossier_opening import open_dossier_to
from yinzheng.ledger.cases.files import FilePart
from yinzheng.ledger.cases.protests import Protest, material_of
from yinzheng.ledger.certificates import objecting, own_motion, remarks
from yinzheng.ledger.consents import handover
from yinzheng.ledger.disputes.packing import build_pack
from yinzheng.ledger.disputes.preserving import Wanted, preserve
from yinzheng.ledger.disputes.showing import show
from yinzheng.ledger.erasure import proposing
from yinzheng.ledger.erasure.carrying_out import erase
from yinzheng.ledger.erasure.periods import set_periods
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.flow.working_days import add_year, correct_year
from yinzheng.ledger.organisations import enrolment
from yinzheng.ledger.people.acting import Actor, require
from yinzheng.ledger.people.enrolling import enrol_person, enrol_with_key, remove_person
from yinzheng.ledger.registry import Registry, silent
from yinzheng.ledger.rules.destruction import Method, StaffRole, TargetKind
from yinzheng.ledger.rules.extent import EVERYTHING, Extent, Way
from yinzheng.ledger.rules.inspections import InspectionKind, Outcome
from yinzheng.ledger.rules.moves import Ground as MoveGround
from yinzheng.ledger.rules.offices import Office
from yinzheng.ledger.rules.refusals import Ground
from yinzheng.ledger.rules.supervision import Measure
from yinzheng.ledger.rules.supervision import Outcome as SupervisionOutcome
from yinzheng.ledger.rules.terms import Procedure, RemarkKind
from yinzheng.ledger.state.backup import forget_place
from yinzheng.ledger.state.reaching import change_contact
from yinzheng.ledger.state.restore import RESTORERS
from yinzheng.ledger.store.models_consents import Withdrawal
from yinzheng.ledger.store.models_disputes import Backup
from yinzheng.ledger.supervision import showing, steps
from yinzheng.ledger.withdrawals import course, filing, looking, uploads
from yinzheng.ledger.withdrawals.claims import DocumentClaim
from yinzheng.ledger.withdrawals.verifying import verify_guardian
from yinzheng.ledger.withdrawals.work import work_on
from yinzheng.ledger.witnesses.known import add_witness, remove_witness, set_quorum
from yinzheng.verifier.bytes.algorithms import Ed25519PrivateKey, Sm2PrivateKey
from yinzheng.verifier.formats.withdrawal_steps import Kept, check_proof
from yinzheng.verifier.log.cosignature import CosignerKey

NOWHERE: Final = Path("/nowhere")
NOBODY: Final = w.APPLICANT["code"] or ""
"""Of an organisation that is not enrolled."""
COUNTER: Final[dict[str, Any]] = {"channel": Way.COUNTER, "claim": DocumentClaim("identity_card")}


@dataclass
class Bureau:
    """An open registry, and what the steps of its courses are about."""

    registry: Registry
    ward: Ward
    folder: Path
    kept: dict[str, Any] = field(default_factory=dict)

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """What a row is about, made when it is first tried."""
        if name not in self.kept:
            self.kept[name] = make()
        return self.kept[name]

    # ---------------------------------------------------------------- cases

    @property
    def case(self) -> str:
        """In the ordinary procedure; taken through all its steps, one row after the other."""
        made: str = self.once("case", lambda: w.apply(self.registry, self.folder / "a", public_data=True))
        return made

    @property
    def simple(self) -> str:
        """In the simplified procedure, accepted."""

        def make() -> str:
            case = w.apply(self.registry, self.folder / "b")
            w.accept(self.registry, case)
            return case

        made: str = self.once("simple", make)
        return made

    def accepted(self) -> str:
        self.once("accepted", lambda: w.accept(self.registry, self.case))
        return self.case

    def reviewed(self) -> str:
        self.once("reviewed", lambda: w.favourable(self.registry, self.accepted()))
        return self.case

    def decided(self) -> str:
        def make() -> None:
            deciding.decide(self.registry, self.reviewed(), actor_of(self.registry, MEMBER))

        self.once("decided", make)
        return self.case

    def objection(self) -> str:
        """The name of the one that is open; publicity has begun."""

        def make() -> str:
            publicity.publish(self.registry, self.decided(), actor_of(self.registry, SECOND_OFFICER))
            settle(self.registry)
            material = [self.registry.paths.instance]
            name = w.object_to(self.registry, self.case, "异议人", "存疑", material)
            settle(self.registry)
            return name

        made: str = self.once("objection", make)
        return made

    def past_publicity(self) -> str:
        """The objection was dismissed, and the time is over."""

        def make() -> None:
            by, name = actor_of(self.registry, SECOND_OFFICER), self.objection()
            objections.resolve(self.registry, self.case, name, by, upheld=False, reasons=_REASONS)
            settle(self.registry)
            w.past_publicity(self.registry, self.ward.world.clock, self.case)

        self.once("past publicity", make)
        return self.case

    def half_issued(self) -> str:
        """The officer has approved the certificate."""

        def make() -> None:
            issuing.issue(self.registry, self.past_publicity(), actor_of(self.registry, OFFICER))

        self.once("half issued", make)
        return self.case

    @property
    def certificate(self) -> str:
        """Registered, with a remark on it."""

        def make() -> str:
            number = w.to_deposited(self.registry, self.ward.world.clock, self.folder / "c")[1]
            officer = actor_of(self.registry, SECOND_OFFICER)
            remarks.enter(self.registry, number, RemarkKind.CONTROL, remarks.Grounds(_REASONS), officer)
            settle(self.registry)
            return number

        made: str = self.once("certificate", make)
        return made

    @property
    def later_objection(self) -> str:
        """To that certificate, by its name."""

        def make() -> str:
            protest = Protest("异议人", "存疑", material_of([self.registry.paths.instance]))
            name = objecting.object_to_certificate(self.registry, self.certificate, protest).name
            settle(self.registry)
            return name

        made: str = self.once("later objection", make)
        return made

    # ---------------------------------------------------------------- supervision

    @property
    def supervision(self) -> str:
        """A suspicion against the holder of that certificate."""

        def make() -> str:
            return _suspected(self, self.registry, actor_of(self.registry, SECOND_OFFICER))

        made: str = self.once("supervision", make)
        return made

    @property
    def measured(self) -> str:
        def make() -> str:
            by = actor_of(self.registry, SECOND_OFFICER)
            made = _suspected(self, self.registry, by)
            steps.measure(self.registry, made, steps.Taken(Measure.TALK, _REASONS), by, silent)
            return made

        made: str = self.once("measured", make)
        return made

    @property
    def reported(self) -> str:
        def make() -> None:
            by, told = actor_of(self.registry, SECOND_OFFICER), steps.Report("1", _REASONS, _FILES, "某局")
            steps.report(self.registry, self.measured, told, by, silent)

        self.once("reported", make)
        return self.measured

    # ---------------------------------------------------------------- withdrawals and erasures

    @property
    def withdrawal(self) -> bytes:
        with self.registry.store.reading() as session:
            row = session.exec(select(Withdrawal).where(Withdrawal.consent == self.ward.withdrawn)).one()
        return row.id

    @property
    def frozen(self) -> bytes:
        """A withdrawal whose data waits to be destroyed."""

        def make() -> bytes:
            by = actor_of(self.registry, SECOND_OFFICER)
            id_ = filing.file(self.registry, self.ward.standing, EVERYTHING, officer=by, **COUNTER)
            with work_on(self.registry, id_) as work:
                course.freeze(work, HOSPITAL)
            return id_

        made: bytes = self.once("frozen", make)
        return made

    def order(self, signed: int) -> str:
        """The one erasure, with that many signatures: of the approvers, then of the witnesses."""

        def propose() -> str:
            return proposing.propose(
                self.registry,
                TargetKind.CONSENT,
                self.ward.withdrawn.hex(),
                "withdrawal",
                Method.KEY_DESTRUCTION,
                actor_of(self.registry, SECOND_OFFICER),
            )

        id_: str = self.once("order", propose)
        for number, name in enumerate([*wards.APPROVERS, *wards.WITNESSES][:signed]):
            act = proposing.approve if number < len(wards.APPROVERS) else proposing.witness
            self.once(f"signed by {name}", partial(act, self.registry, id_, actor_of(self.registry, name)))
        return id_

    def approved(self) -> str:
        """The erasure with every signature. A place of record keys is out of reach: nothing is destroyed."""

        def lose() -> None:
            with self.registry.store.transaction() as session:
                session.add(Backup(place=str(NOWHERE), made_at=self.registry.clock()))

        self.once("a place out of reach", lose)
        return self.order(len(wards.APPROVERS) + len(wards.WITNESSES))


Act = Callable[[Bureau, Registry, Actor], object]


WITNESS: Final = CosignerKey("w.example/1", Ed25519PrivateKey(bytes([8]) * 32).public_key).vkey


@dataclass(frozen=True)
class Tried:
    """One use case; `late` is what whoever may is told in the end, empty where it is done."""

    act: Act
    late: str = ""


def _filed(_: Bureau, registry: Registry, by: Actor) -> None:
    subject = bytes(32)
    with filing.filed(registry, subject, Extent(), officer=by, **COUNTER):
        pass


def _proved(office: Bureau, registry: Registry, by: Actor) -> None:
    """Checked long before the withdrawal."""
    shown = cw.guardian(registry.clock() - 40 * 86_400)
    del shown["name"]
    with work_on(registry, office.withdrawal) as work:
        verify_guardian(work, check_proof(shown, "$"), officer=by)


def _restricted(office: Bureau, registry: Registry, by: Actor) -> None:
    until = registry.clock() + 86_400
    course.restrict(registry, office.frozen, law="某法", until=until, kept=[Kept("病历", "法定保存")], by=by)


def _inspected(office: Bureau, registry: Registry, by: Actor) -> None:
    now = registry.clock()
    kind, outcome = next(iter(InspectionKind)), next(iter(Outcome))
    done = inspecting.Inspection(kind, now, "登记机构", ["申请人"], "相符", outcome)
    inspecting.inspect(registry, office.accepted(), by, done)


def _moved(office: Bureau, registry: Registry, by: Actor) -> None:
    motion = own_motion.Motion(MoveGround.LAW, "依法注销", _REASONS, _FILES)
    own_motion.move(registry, office.certificate, motion, by, silent)


def _suspected(office: Bureau, registry: Registry, by: Actor) -> str:
    said = steps.Suspicion(str(w.APPLICANT["code"]), [office.certificate], _REASONS, "某法", _FILES)
    return steps.suspect(registry, said, by, silent)


def _forum(registry: Registry, by: Actor) -> None:
    member = Member("11440100MB2DEMC01T", ("forum",), account=address(FORUM))
    officer = actor_of(registry, SECOND_OFFICER)
    enrolment.enrol(registry, member.enrolment(registry.clock()), officer, administrator=by)


def _waived(office: Bureau, registry: Registry, by: Actor) -> None:
    case = office.simple
    office.once("simple reviewed", lambda: w.favourable(office.registry, case))
    officer = actor_of(registry, SECOND_OFFICER)
    publicity.publish(registry, case, officer, waived_by=by, reason="数据已公开多年")


def _step(number: int) -> Act:
    act = proposing.approve if number < len(wards.APPROVERS) else proposing.witness
    return lambda office, registry, by: act(registry, office.order(number), by)


_REASONS: Final = "经核对"
_FILES: Final = [FilePart("e.txt", "other", "证据", lambda: [b"evidence"])]

ROWS: Final[Mapping[str, Tried]] = {
    "accesses.approving.approve_bulk": Tried(
        lambda _, r, by: approve_bulk(r, "nobody", "x", 0, 0, by), "bulk-terms"
    ),
    "accesses.listing.list_lines": Tried(lambda _, r, by: list_lines(r, Question(0, 1), by)),
    "cases.dossier_opening.open_dossier_to": Tried(
        lambda _, r, by: open_dossier_to(r, "A-2026-999999", NOWHERE, silent, by), "case-unknown"
    ),
    "consents.handover.issue_receipt": Tried(
        lambda _, r, by: handover.issue_receipt(r, bytes(32), by), "consent-unknown"
    ),
    "consents.handover.replace_receipt": Tried(
        lambda _, r, by: handover.replace_receipt(r, bytes(32), by, handover.Seen("identity_card")),
        "consent-unknown",
    ),
    "consents.handover.copy_receipt": Tried(
        lambda o, r, by: handover.copy_receipt(r, o.ward.standing, by),
    ),
    "disputes.packing.build_pack": Tried(
        lambda _, r, by: build_pack(r, "D-2026-999999", NOWHERE, by=by, progress=silent), "dispute-unknown"
    ),
    "disputes.preserving.preserve": Tried(
        lambda _, r, by: preserve(r, "D-2026-999999", Wanted(), by), "dispute-unknown"
    ),
    "disputes.showing.show": Tried(lambda _, r, by: show(r, "D-2026-999999", by), "dispute-unknown"),
    "erasure.proposing.propose": Tried(
        lambda o, r, by: proposing.propose(
            r, TargetKind.CONSENT, o.ward.withdrawn.hex(), "withdrawal", Method.OVERWRITE, by
        )
    ),
    "erasure.proposing.drop": Tried(lambda o, r, by: proposing.drop(r, o.order(0), by)),
    "erasure.periods.set_periods": Tried(lambda _, r, by: set_periods(r, NOWHERE, by), "retention-missing"),
    "witnesses.known.add_witness": Tried(
        lambda _, r, by: add_witness(r, "见证", "https://w.example", [WITNESS], by)
    ),
    "witnesses.known.remove_witness": Tried(lambda _, r, by: remove_witness(r, "无", by), "witness-unknown"),
    "witnesses.known.set_quorum": Tried(lambda _, r, by: set_quorum(r, 16, by), "witness-quorum"),
    "state.reaching.change_contact": Tried(
        lambda _, r, by: change_contact(r, {"telephone": "020-8888 0000"}, (), by)
    ),
    "flow.working_days.add_year": Tried(lambda _, r, by: add_year(r, b"{}", by), "calendar-file"),
    "flow.working_days.correct_year": Tried(lambda _, r, by: correct_year(r, b"{}", by), "calendar-file"),
    "organisations.enrolment.enrol": Tried(
        lambda _, r, by: enrolment.enrol(r, Member(NOBODY).enrolment(r.clock()), by)
    ),
    "organisations.enrolment.enrol (gives a forum its role)": Tried(lambda _, r, by: _forum(r, by)),
    "organisations.enrolment.rotate": Tried(
        lambda _, r, by: enrolment.rotate(
            r, Member(NOBODY).rotation(Sm2PrivateKey.generate(), r.clock()), by
        ),
        "organisation-unknown",
    ),
    "organisations.enrolment.revoke": Tried(
        lambda _, r, by: enrolment.revoke(r, Member(NOBODY).revocation("lost", r.clock()), by),
        "organisation-unknown",
    ),
    "organisations.enrolment.dismiss": Tried(
        lambda _, r, by: enrolment.dismiss(r, HOSPITAL, by), "role-none"
    ),
    "organisations.enrolment.appoint": Tried(
        lambda _, r, by: enrolment.appoint(r, HOSPITAL, by, administrator=actor_of(r, w.KEEPER)), "role-none"
    ),
    "organisations.enrolment.appoint (gives the role)": Tried(
        lambda _, r, by: enrolment.appoint(r, HOSPITAL, actor_of(r, SECOND_OFFICER), administrator=by),
        "role-none",
    ),
    "organisations.enrolment.change_webhook": Tried(
        lambda _, r, by: enrolment.change_webhook(r, HOSPITAL, "https://hospital.example/", by)
    ),
    "people.enrolling.enrol_person": Tried(
        lambda _, r, by: enrol_person(r, "new-one", StaffRole.LEGAL, bytes(range(20)), by)
    ),
    "people.enrolling.enrol_with_key": Tried(
        lambda _, r, by: enrol_with_key(r, MEMBER, StaffRole.LEGAL, b"", by), "person-exists"
    ),
    "people.enrolling.remove_person": Tried(lambda _, r, by: remove_person(r, OFFICER, by)),
    "state.restore.restore": Tried(lambda _, r, by: require(r, by, *RESTORERS)),
    "state.rewrapping.rewrap_registry": Tried(lambda _, r, by: require(r, by, Office.ADMINISTRATOR)),
    "state.backup.forget_place": Tried(lambda _, r, by: forget_place(r, NOWHERE, by), "backup-unknown"),
    "withdrawals.looking.look_at": Tried(lambda o, r, by: looking.look_at(r, o.withdrawal, by)),
    "withdrawals.looking.conclude_to": Tried(lambda o, r, by: looking.conclude_to(r, o.withdrawal, by)),
    "withdrawals.uploads.hand_out": Tried(
        lambda _, r, by: uploads.hand_out(r, bytes(32), by), "withdrawal-unknown"
    ),
    "withdrawals.filing.file": Tried(
        lambda o, r, by: filing.file(r, o.ward.standing, EVERYTHING, officer=by, **COUNTER)
    ),
    "withdrawals.filing.filed": Tried(_filed, "consent-unknown"),
    "withdrawals.verifying.verify_guardian": Tried(_proved, "guardian-proof-time"),
    "withdrawals.ending.restrict": Tried(_restricted),
    "certificates.own_motion.move": Tried(_moved),
    "cases.deciding.request_supplement": Tried(
        lambda o, r, by: deciding.request_supplement(r, o.case, by, ["样例"])
    ),
    "cases.deciding.refuse": Tried(lambda o, r, by: deciding.refuse(r, o.case, by, Ground.LAW, _REASONS)),
    "cases.deciding.accept": Tried(
        lambda o, r, by: deciding.accept(r, o.case, by, Procedure.ORDINARY, _REASONS)
    ),
    "cases.deciding.to_ordinary": Tried(lambda o, r, by: deciding.to_ordinary(r, o.simple, by, _REASONS)),
    "cases.inspecting.inspect": Tried(_inspected),
    "cases.deciding.review": Tried(
        lambda o, r, by: deciding.review(r, o.accepted(), by, ()), "review-incomplete"
    ),
    "cases.deciding.decide": Tried(lambda o, r, by: deciding.decide(r, o.reviewed(), by)),
    "cases.publicity.publish": Tried(lambda o, r, by: publicity.publish(r, o.decided(), by)),
    "cases.publicity.publish (waives publicity)": Tried(_waived),
    "cases.objections.resolve": Tried(
        lambda o, r, by: objections.resolve(r, o.case, o.objection(), by, upheld=False, reasons=_REASONS)
    ),
    "cases.issuing.issue": Tried(lambda o, r, by: issuing.issue(r, o.past_publicity(), by)),
    "cases.issuing.issue (approved by the officer)": Tried(
        lambda o, r, by: issuing.issue(r, o.half_issued(), by)
    ),
    "certificates.objecting.tell": Tried(
        lambda o, r, by: objecting.tell(r, o.certificate, o.later_objection, by, "挂号信")
    ),
    "certificates.objecting.answer": Tried(
        lambda o, r, by: objecting.answer(
            r, o.certificate, o.later_objection, by, agrees=True, explanation=_REASONS
        )
    ),
    "certificates.objecting.conclude": Tried(
        lambda o, r, by: objecting.conclude(
            r, o.certificate, o.later_objection, by, upheld=False, reasons=_REASONS
        ),
        "objection-unheard",
    ),
    "certificates.remarks.enter": Tried(
        lambda o, r, by: remarks.enter(r, o.certificate, RemarkKind.OTHER, remarks.Grounds(_REASONS), by)
    ),
    "certificates.remarks.lift": Tried(
        lambda o, r, by: remarks.lift(r, o.certificate, "control", remarks.Grounds(_REASONS), by)
    ),
    "supervision.steps.suspect": Tried(_suspected),
    "supervision.showing.show": Tried(lambda o, r, by: showing.show(r, o.supervision, by)),
    "supervision.steps.measure": Tried(
        lambda o, r, by: steps.measure(r, o.supervision, steps.Taken(Measure.TALK, _REASONS), by, silent)
    ),
    "supervision.steps.report": Tried(
        lambda o, r, by: steps.report(r, o.measured, steps.Report("1", _REASONS, _FILES, "某局"), by, silent)
    ),
    "supervision.steps.close": Tried(
        lambda o, r, by: steps.close(r, o.reported, SupervisionOutcome.CONFIRMED, _REASONS, by)
    ),
    "erasure.proposing.approve (first)": Tried(_step(0)),
    "erasure.proposing.approve (second)": Tried(_step(1)),
    "erasure.proposing.approve (third)": Tried(_step(2)),
    "erasure.proposing.approve (fourth, of medical data)": Tried(_step(3)),
    "erasure.proposing.witness": Tried(_step(4)),
    "erasure.carrying_out.erase": Tried(lambda o, r, by: erase(r, o.approved(), by), "backup-unreachable"),
}
"""By the row of the table, in the order in which they are tried."""

"""How a withdrawal stands, for the patient's page (R33, R35): who answered, what is due when, what remains.

Everything private here is for the receipt's holder, the controller and the registry. The public and exchanges
see counts alone (`ledger/consents/basis.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from sqlmodel import Session, col, select

from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.extent import EXEMPT_REASON
from yinzheng.ledger.rules.terms import Label
from yinzheng.ledger.rules.withdrawal import Ground, State
from yinzheng.ledger.store.models import ChainCall
from yinzheng.ledger.store.models_consents import GuardianUpload, Organisation, Withdrawal
from yinzheng.ledger.withdrawals.calls import FACTS
from yinzheng.ledger.withdrawals.overview import Overview, overview
from yinzheng.ledger.withdrawals.reach import Silence, silence_of
from yinzheng.ledger.withdrawals.work import EXEMPT, ConsentThread, open_work
from yinzheng.verifier.formats.withdrawal import Portion
from yinzheng.verifier.formats.withdrawal_steps import Completed, Frozen, Kept, Notified, Restricted

STATES: dict[State, Label] = {
    State.REQUESTED: Label(
        "已收到，期限已起算；等待监护人证明身份和监护关系",
        "received, and its clocks run; the guardian has to prove identity and guardianship",
    ),
    State.NOTIFIED: Label(
        "已受理并向各方发出通知，等待数据处理者冻结",
        "received, notices to everyone sent; the controller has to freeze",
    ),
    State.FROZEN: Label("已冻结，等待销毁回执", "frozen; receipts awaited"),
    State.RESTRICTED: Label("仅存储和保护，暂不销毁", "stored and protected only; not destroyed yet"),
    State.COMPLETED: Label("已完成", "completed"),
}
"""The states a withdrawal rests in; the others pass within one step."""

GROUNDS: dict[str, Label] = {
    Ground.RETENTION.value: Label("法定保存期限", "a statutory retention"),
    Ground.HOLD.value: Label("争议保全", "a dispute"),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """One organisation: what it owes, since when it knows, what it answered."""

    code: str
    name: str
    duty: str
    """Of `verifier.withdrawal.DUTIES`."""
    told_at: int | None
    """When it first took or fetched our notice, or answered; None while it was never reached."""
    silence: Silence | None
    """Why it was never reached: whom to telephone, and that it is not refusing (R35)."""
    given_at: int | None
    late: bool
    exempt: Label | None
    """Why it owes nothing (R32)."""


@dataclass(frozen=True, slots=True)
class Restriction:
    """Why data is kept instead of destroyed, and until when (P47)."""

    ground: Label
    law: str
    reference: str | None
    kept: tuple[Kept, ...]
    until: int
    in_force: bool


@dataclass(frozen=True, slots=True)
class Fact:
    """One call to the chain: what for, and where it is. `block` None: acknowledged, not mined yet."""

    what: str
    block: int | None
    transaction: bytes | None


@dataclass(frozen=True, slots=True)
class Progress:
    """Everything that may be shown of one withdrawal to who may see it. Times are UTC seconds."""

    id: bytes
    consent: bytes
    serial: int
    state: State
    words: Label
    received_at: int
    """Exactly; on chain it is the full hour before."""
    destroy_by: int
    freeze_by: int | None
    """For minors; None for others."""
    frozen_at: int | None
    overdue_since: int | None
    """The deadline that has passed with its duty open."""
    awaits_guardian: bool
    """Whether it is verified once a guardian has proved identity and guardianship (R33)."""
    uploaded_at: int | None
    """When documents came that nobody has looked at yet."""
    held: bool
    """Whether a dispute stands in the way of destruction."""
    minor: bool
    genetic: bool
    ethics_at: int | None
    answers: tuple[Answer, ...]
    taken: Portion
    remains: Portion
    """What stays in force."""
    restriction: Restriction | None
    """The latest one."""
    completed_at: int | None
    late: bool
    """Of a completed one: whether a duty was overdue on the way."""
    contract: bytes
    facts: tuple[Fact, ...]


def progress(registry: Registry, id_: bytes) -> Progress:
    """How the withdrawal of that identifier stands now; a consent's subject names its first one.

    Raises `UsageFault`: `withdrawal-unknown`, `consent-erased`.
    """
    with registry.store.reading() as session:
        return progress_of(open_work(registry, session, id_))


def withdrawals_in(thread: ConsentThread) -> tuple[Progress, ...]:
    """All withdrawals of an opened consent, in order; empty if nothing was taken back."""
    query = select(Withdrawal).where(Withdrawal.consent == thread.subject).order_by(col(Withdrawal.serial))
    return tuple(progress_of(thread.about(row)) for row in thread.session.exec(query).all())


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an officer's list: nothing about the person."""

    id: bytes
    controller: str
    state: State
    received_at: int
    destroy_by: int
    overdue_since: int | None
    owing: int
    """How many know of it and have not answered."""
    not_told: tuple[Untold, ...]
    """Who owes something and was never reached: whom to telephone."""


@dataclass(frozen=True, slots=True)
class Untold:
    """One that was never reached. `name` is None where it is not enrolled: the withdrawal itself has it."""

    code: str
    name: str | None
    silence: Silence


def listed(
    registry: Registry, *, overdue: bool = False, not_told: bool = False, most: int = 1000
) -> list[Line]:
    """Withdrawals that are not completed, oldest first; with `overdue` those alone with a duty overdue.

    With `not_told` those alone of which someone who owes was never reached.
    """
    now = registry.clock()
    with registry.store.reading() as session:
        wanted = (
            one
            for one in overview(session)
            if (not overdue or one.situation.overdue_since(now) is not None) and (not not_told or one.untold)
        )
        return [_line(session, one, now) for one in islice(wanted, most)]


def _line(session: Session, one: Overview, now: int) -> Line:
    situation = one.situation
    untold = []
    for code in sorted(one.untold):
        known = session.get(Organisation, code)
        name = None if known is None else known.name
        untold.append(Untold(code, name, silence_of(session, one.id, code)))
    return Line(
        id=one.id,
        controller=situation.controller,
        state=situation.state,
        received_at=situation.received_at,
        destroy_by=situation.destroy_by,
        overdue_since=situation.overdue_since(now),
        owing=len(situation.owing - one.untold),
        not_told=tuple(untold),
    )


def progress_of(work: ConsentThread) -> Progress:
    """How an opened withdrawal stands now."""
    row, situation, (_, request) = work.row, work.situation, work.request
    said = [one.body for one in work.said]
    frozen = next((body.frozen_at for body in said if isinstance(body, Frozen)), None)
    ethics = next((body.ethics_at for body in said if isinstance(body, Notified)), None)
    uploaded = work.session.get(GuardianUpload, row.id)
    completed = next((body for body in said if isinstance(body, Completed)), None)
    return Progress(
        id=row.id,
        consent=row.consent,
        serial=row.serial,
        state=situation.state,
        words=STATES[situation.state],
        received_at=request.received_at,
        destroy_by=situation.destroy_by,
        freeze_by=situation.freeze_by,
        frozen_at=frozen,
        overdue_since=situation.overdue_since(work.now),
        awaits_guardian=situation.state is State.REQUESTED,
        uploaded_at=None if uploaded is None else uploaded.at,
        held=bool(situation.holds),
        minor=row.minor,
        genetic=row.genetic,
        ethics_at=ethics,
        answers=_answers(work),
        taken=request.taken,
        remains=request.remains,
        restriction=_restriction(work),
        completed_at=row.ended_at,
        late=completed is not None and completed.late,
        contract=work.registry.instance.modules.consents,
        facts=_facts(work.session, row.id),
    )


def _answers(work: ConsentThread) -> tuple[Answer, ...]:
    _, request = work.request
    found = []
    for duty in request.recipients:
        row = work.recipients[duty.code]
        silence = None if row.told_at is not None else silence_of(work.session, work.row.id, duty.code)
        exempt = EXEMPT_REASON if duty.duty == EXEMPT else None
        found.append(
            Answer(duty.code, duty.name, duty.duty, row.told_at, silence, row.given_at, row.late, exempt)
        )
    return tuple(found)


def _restriction(work: ConsentThread) -> Restriction | None:
    bodies = [one.body for one in work.said if isinstance(one.body, Restricted)]
    if not bodies:
        return None
    last = bodies[-1]
    in_force = work.row.state == State.RESTRICTED.value and work.now < last.until
    return Restriction(GROUNDS[last.ground], last.law, last.reference, last.kept, last.until, in_force)


def _facts(session: Session, id_: bytes) -> tuple[Fact, ...]:
    of_it = col(ChainCall.kind).in_(FACTS), ChainCall.about == id_.hex()
    calls = session.exec(select(ChainCall).where(*of_it).order_by(col(ChainCall.id)))
    return tuple(Fact(FACTS[call.kind], call.block_number, call.tx_hash) for call in calls)

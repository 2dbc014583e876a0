"""What an office does, one thing a round of the campaign, and what it acknowledges of it."""

from __future__ import annotations

import contextlib
import json
import random
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from sqlmodel import col, select

from tests.ledger import consent_world as cw
from tests.ledger import world as w
from tests.ledger.disputes.court import Court
from tests.ledger.erasure import ward
from tests.ledger.withdrawals.clinic import LAB, Clinic
from tests.ledger.world import OFFICER, actor_of
from yinzheng.ledger.accesses.reader import Reader
from yinzheng.ledger.cases import deciding, issuing, objections, publicity
from yinzheng.ledger.cases.work import work_on
from yinzheng.ledger.consents.granting import grant
from yinzheng.ledger.consents.importing import import_consents
from yinzheng.ledger.consents.uses import Told, record_use
from yinzheng.ledger.disputes.plans import Concerned
from yinzheng.ledger.erasure.carrying_out import erase
from yinzheng.ledger.flow import pool
from yinzheng.ledger.flow.heartbeat import beat
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.people.acting import Actor
from yinzheng.ledger.registry import Registry, silent
from yinzheng.ledger.state.backup import make_backup
from yinzheng.ledger.store.models import Case
from yinzheng.ledger.store.models_consents import Consent, Notice, Withdrawal, WithdrawalRecipient
from yinzheng.ledger.store.models_disputes import Dispute, Erasure
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.errors import YinzhengError


@dataclass
class Bench:
    """The registry open in a child, and what the round may use."""

    court: Court
    chance: random.Random
    folder: Path
    tell: Callable[[str, str], None]
    """Acknowledge: kind and name."""

    @property
    def registry(self) -> Registry:
        return self.court.registry

    @property
    def clinic(self) -> Clinic:
        return self.court.clinic

    @property
    def officer(self) -> Actor:
        return actor_of(self.registry, OFFICER)

    @property
    def member(self) -> Actor:
        return actor_of(self.registry, w.MEMBER)

    def pick(self, query: Any) -> Any | None:
        with self.registry.store.reading() as session:
            found = session.exec(query).all()
        return self.chance.choice(sorted(found)) if found else None


def _apply(bench: Bench) -> None:
    case = w.apply(bench.registry, bench.folder / secrets.token_hex(4), source=bench.chance.choice(SOURCES))
    bench.tell("case", case)


SOURCES: Final = ("collected", "public")


def _case_step(bench: Bench) -> None:
    registry = bench.registry
    case = bench.pick(select(Case.id).where(col(Case.state).in_(list(_CASE_STEPS))))
    if case is None:
        return _apply(bench)
    with registry.store.reading() as session:
        state = session.get_one(Case, case).state
    with work_on(registry, case) as work:
        still_open = sorted(work.situation.open_objections)
    if still_open:
        objections.resolve(registry, case, still_open[0], bench.officer, upheld=False, reasons="不成立。")
        return None
    _CASE_STEPS[state](bench, case)
    bench.tell("state", f"{case} {state}")
    return None


def _publish(bench: Bench, case: str) -> None:
    registry = bench.registry
    with registry.store.reading() as session:
        row = session.get_one(Case, case)
    if row.procedure == "ordinary" and row.state == "reviewed":
        deciding.decide(registry, case, bench.member)
    else:
        publicity.publish(registry, case, bench.officer)


def _issue(bench: Bench, case: str) -> None:
    registry = bench.registry
    settle(registry)
    w.past_publicity(registry, bench.court.world.clock, case)
    issuing.issue(registry, case, bench.officer)


_CASE_STEPS: Final[Mapping[str, Callable[[Bench, str], object]]] = MappingProxyType(
    {
        "applied": lambda bench, case: w.accept(bench.registry, case),
        "accepted": lambda bench, case: w.favourable(bench.registry, case),
        "reviewed": _publish,
        "committee_decided": _publish,
        "publicity": _issue,
        "issuing": lambda bench, case: issuing.issue(
            bench.registry, case, actor_of(bench.registry, w.MEMBER)
        ),
    }
)


def _object(bench: Bench) -> None:
    case = bench.pick(select(Case.id).where(Case.state == "publicity"))
    if case is not None:
        name = w.object_to(bench.registry, case, "异议人", "请核实来源。", [bench.registry.paths.instance])
        bench.tell("objection", name)


def _grant(bench: Bench) -> None:
    numbers = [bench.chance.randrange(10**6) for _ in range(bench.chance.randint(1, 4))]
    given = grant(bench.registry, [bench.clinic.body(number) for number in numbers], cw.HOSPITAL)
    for one in given:
        bench.tell("consent", one.subject.hex())


def _import(bench: Bench) -> None:
    """A file is imported again until it is through; each of its lines is there once."""
    waiting = sorted(bench.folder.glob("*.ndjson"))
    if waiting:
        file = waiting[0]
    else:
        file = bench.folder / f"{secrets.token_hex(4)}.ndjson"
        lines = [bench.clinic.body(bench.chance.randrange(10**6, 10**7)) for _ in range(12)]
        written = file.with_suffix(".tmp")
        written.write_bytes(b"".join(canonical.dumps(line) + b"\n" for line in lines))
        written.rename(file)
    results, batch = file.with_suffix(".results"), bench.chance.choice((3, 50))
    import_consents(
        bench.registry,
        file,
        cw.HOSPITAL,
        progress=silent,
        results=results,
        workers=0,
        batch=batch,
    )
    for line in results.read_bytes().splitlines():
        said = json.loads(line)
        if said.get("subject"):
            bench.tell("consent", said["subject"])
    file.rename(file.with_suffix(".done"))


def _use(bench: Bench) -> None:
    """Told by the hospital: a line of the accesses, in the transaction that grants it."""
    pool.flush(bench.registry, force=True)
    subject = bench.pick(select(Consent.subject).where(col(Consent.wrapped_key).is_not(None)))
    if subject is not None:
        now = bench.registry.clock()
        told = Told(subject, now, "随访研究", "信息科", "base", "consent", None)
        noted = record_use(bench.registry, told, Reader.of_organisation(cw.HOSPITAL, bytes(8)))
        bench.tell("line", str(noted.number))


def _widen(bench: Bench) -> None:
    """Another notice of the hospital's, each version with a kind of data more than the one before."""
    registry = bench.registry
    with registry.store.reading() as session:
        other = select(Notice).where(Notice.subject != bench.clinic.notice.subject)
        before = session.exec(other.order_by(col(Notice.version).desc())).first()
    version = 1 if before is None else before.version + 1
    kinds = [f"第{number}种" for number in range(1, version + 1)]
    replaces = None if before is None else before.leaf.hex()
    made = cw.publish(registry, version=version, replaces=replaces, kinds=kinds)
    bench.tell("notice", made.leaf.hex())


def _withdraw(bench: Bench) -> None:
    pool.flush(bench.registry, force=True)
    taken = select(Withdrawal.consent)
    subject = bench.pick(
        select(Consent.subject).where(
            col(Consent.wrapped_key).is_not(None), col(Consent.subject).not_in(taken)
        )
    )
    if subject is not None:
        bench.tell("withdrawal", bench.clinic.file(subject).hex())


def _answer(bench: Bench) -> None:
    """The controller freezes, or the next who owes confirms."""
    id_ = bench.pick(
        select(Withdrawal.id).where(col(Withdrawal.state).in_(["verified", "notified", "frozen"]))
    )
    if id_ is None:
        return _withdraw(bench)
    settle(bench.registry)
    if "frozen" not in bench.clinic.types(bench.clinic.row(id_).consent):
        bench.clinic.freeze(id_)
        return None
    with bench.registry.store.reading() as session:
        owing = session.exec(
            select(WithdrawalRecipient.code).where(
                WithdrawalRecipient.withdrawal_id == id_,
                col(WithdrawalRecipient.receipt).is_(None),
                WithdrawalRecipient.duty != "exempt",
            )
        ).all()
    for code in sorted(owing, key=lambda code: code != LAB)[:1]:
        bench.clinic.confirm(id_, code)
        bench.tell("receipt", f"{id_.hex()} {code}")
    return None


def _dispute(bench: Bench) -> None:
    """Opened by a party, added to, settled by all parties."""
    id_ = bench.pick(select(Dispute.id).where(Dispute.state == "open"))
    if id_ is None:
        made = bench.court.made  # the case in publicity may be deposited by now
        concerned = Concerned((made.number,), (), (made.consent,))
        bench.tell("dispute", bench.court.open(settle=False, concerned=concerned))
    elif bench.chance.random() < 0.5:
        bench.court.add(id_, bench.court.offer(secrets.token_bytes(40)))
    else:
        bench.court.settle_dispute(id_)
        bench.tell("released", id_)


def _backup(bench: Bench) -> None:
    target = bench.folder / "backups" / secrets.token_hex(4)
    target.parent.mkdir(exist_ok=True)
    make_backup(bench.registry, target, bench.folder / "record-keys", silent)
    bench.tell("backup", target.name)


def _erase(bench: Bench) -> None:
    """What was withdrawn and completed is erased, in the steps in which people do it."""
    registry = bench.registry
    id_ = bench.pick(select(Erasure.id).where(Erasure.state == "proposed"))
    if id_ is None:
        erased = select(Erasure.subject)
        subject = bench.pick(
            select(Withdrawal.consent).where(
                Withdrawal.state == "completed", col(Withdrawal.consent).not_in(erased)
            )
        )
        if subject is None:
            return _answer(bench)
        bench.tell("erasure", ward.propose(registry, subject))
        return None
    with contextlib.suppress(YinzhengError):  # signed before the kill
        ward.sign_all(registry, id_)
    erase(registry, id_, actor_of(registry, ward.OPERATOR))
    bench.tell("erased", id_)
    return None


def _settle(bench: Bench) -> None:
    pool.flush(bench.registry, force=True)
    bench.clinic.tick()
    settle(bench.registry)
    beat(bench.registry, older_than=0)


OPERATIONS: Final[Mapping[str, tuple[int, Callable[[Bench], None]]]] = MappingProxyType(
    {
        "apply": (1, _apply),
        "case": (5, _case_step),
        "object": (1, _object),
        "grant": (3, _grant),
        "import": (2, _import),
        "use": (3, _use),
        "widen": (1, _widen),
        "withdraw": (2, _withdraw),
        "answer": (4, _answer),
        "dispute": (2, _dispute),
        "backup": (2, _backup),
        "erase": (3, _erase),
        "settle": (2, _settle),
    }
)
"""What is done, how often of the sum, and how."""

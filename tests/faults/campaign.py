"""A campaign of kills over every write: `scripts/campaign` runs thousands, the suite a short one (D9).

One round: a child process opens the registry and does one thing an office does; somewhere on the way it is
killed as by `kill -9`, or a write of it fails, or a timer ends it. Before it dies it has told what was
acknowledged. Then the registry is opened again, which rolls it forward, and looked at: what was acknowledged
is there once, log, database and chain agree, no backup holds a record's key, and every so often the whole
audit is silent. The same seed takes the same rounds.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import secrets
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import create_engine, text
from sqlmodel import col, func, select

from tests.ledger import consent_world as cw
from tests.ledger import world as w
from tests.ledger.disputes.court import Court, Template
from tests.ledger.erasure import ward
from tests.ledger.withdrawals.clinic import LAB, Clinic
from tests.ledger.world import OFFICER, Clock, World, actor_of, secret_of
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
from yinzheng.ledger.state.creation import create_registry
from yinzheng.ledger.state.faults import Faults, InjectedFault
from yinzheng.ledger.state.instance import read_instance
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Case, Event, Objection
from yinzheng.ledger.store.models_accesses import AccessRow
from yinzheng.ledger.store.models_consents import Consent, Pooled, Withdrawal, WithdrawalRecipient
from yinzheng.ledger.store.models_disputes import Dispute, Erasure
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.errors import YinzhengError

FRESH: Final = 60
"""Rounds on one state folder, before the next begins from the template."""

AUDITED: Final = 15
"""Every so many rounds the whole audit runs."""

MOST_POINTS: Final = 30
"""A round strikes within so many passed fault points; one that ends earlier is unharmed and counts apart."""


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


# ---------------------------------------------------------------- what an office does


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
        "withdraw": (2, _withdraw),
        "answer": (4, _answer),
        "dispute": (2, _dispute),
        "backup": (2, _backup),
        "erase": (3, _erase),
        "settle": (2, _settle),
    }
)
"""What is done, how often of the sum, and how."""


# ---------------------------------------------------------------- what strikes


class Strike(Faults):
    """Kills the process, or fails the write, at the so-manieth fault point passed, whichever it is."""

    def __init__(self, after: int, *, kill: bool) -> None:
        self._left, self._kill = after, kill
        self.point = ""

    def hit(self, point: str) -> None:
        """Strike when its turn has come."""
        super().hit(point)
        self._left -= 1
        if self._left == 0:
            self.point = point
            if self._kill:
                os.kill(os.getpid(), signal.SIGKILL)
            raise InjectedFault(point)


def _in_child(state: World, folder: Path, made: Template, seed: int, way: str, acks: int) -> None:
    """Do one thing; never returns to the caller's code."""
    chance = random.Random(seed)
    names, weights = zip(*((name, weight) for name, (weight, _) in OPERATIONS.items()), strict=True)
    (operation,) = chance.choices(names, weights)
    strike = Strike(chance.randint(1, MOST_POINTS), kill=way == "kill") if way != "timer" else Faults()

    def tell(kind: str, name: str) -> None:
        os.write(acks, json.dumps([kind, name]).encode() + b"\n")

    tell("began", operation)
    try:
        with state.open(strike) as registry:
            court = Court(state, registry, made)
            OPERATIONS[operation][1](Bench(court, chance, folder, tell))
            settle(registry)
    except InjectedFault:
        tell("failed", operation)
    except YinzhengError as refused:
        tell("refused", f"{operation} {refused.code}")
    tell("ended", operation)


@dataclass
class Tally:
    """What happened in a campaign."""

    rounds: Counter[str] = field(default_factory=Counter)
    """`kill`, `raise`, `timer`, and `unharmed` for those that ended before they were struck."""
    operations: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    acknowledged: Counter[str] = field(default_factory=Counter)
    audits: int = 0

    def to_json(self) -> dict[str, Any]:
        """For the report."""
        struck = self.rounds["kill"] + self.rounds["raise"] + self.rounds["timer"]
        return {
            "struck": struck,
            "rounds": dict(self.rounds),
            "operations": dict(self.operations),
            "refused": dict(self.refused),
            "acknowledged": dict(self.acknowledged),
            "audits": self.audits,
        }


def one_round(state: World, folder: Path, made: Template, seed: int, tally: Tally) -> list[tuple[str, str]]:
    """A child does something and is struck; gives what it had acknowledged."""
    chance = random.Random(seed ^ 0x5EED)
    way = chance.choices(("kill", "raise", "timer"), (6, 3, 1))[0]
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        try:
            _in_child(state, folder, made, seed, way, writing)
        except BaseException as error:
            os.write(writing, json.dumps(["broke", repr(error)[:400]]).encode() + b"\n")
        finally:
            os._exit(0)
    os.close(writing)
    if way == "timer":
        time.sleep(chance.uniform(0.05, 1.0))
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    with open(reading, "rb") as pipe:
        told = [tuple(json.loads(line)) for line in pipe.read().split(b"\n") if line.endswith(b"]")]
    _, status = os.waitpid(pid, 0)
    broke = [said for kind, said in told if kind == "broke"]
    assert not broke, broke
    killed = os.WIFSIGNALED(status)
    tally.rounds[way if killed or any(kind == "failed" for kind, _ in told) else "unharmed"] += 1
    for kind, name in told:
        if kind == "began":
            tally.operations[name] += 1
        elif kind == "refused":
            tally.refused[name] += 1
    return [(kind, name) for kind, name in told if kind not in ("began", "ended", "failed", "refused")]


# ---------------------------------------------------------------- what must hold


def require_acknowledged(registry: Registry, told: list[tuple[str, str]]) -> None:
    """What was acknowledged is there, once."""
    with registry.store.reading() as session:
        for kind, name in told:
            there: Any = True
            if kind == "case":
                there = session.get(Case, name)
            elif kind == "state":
                case, state = name.split()
                there = session.get_one(Case, case).state != state
            elif kind == "objection":
                there = session.exec(select(Objection).where(Objection.leaf == bytes.fromhex(name))).first()
            elif kind == "consent":
                subject = bytes.fromhex(name)
                there = session.get(Consent, subject)
                events = select(func.count()).where(Event.subject == subject, Event.type == "consent.granted")
                waits = select(func.count()).where(Pooled.subject == subject)
                assert session.exec(events).one() + session.exec(waits).one() == 1, (kind, name)
            elif kind == "line":
                there = session.get(AccessRow, int(name))
            elif kind == "withdrawal":
                there = session.get(Withdrawal, bytes.fromhex(name))
            elif kind == "receipt":
                id_, code = name.split()
                there = session.get_one(WithdrawalRecipient, (bytes.fromhex(id_), code)).receipt
            elif kind in ("dispute", "released"):
                row = session.get_one(Dispute, name)
                there = row.released_at if kind == "released" else row.opened_at
            elif kind == "erasure":
                there = session.get(Erasure, name)
            elif kind == "erased":
                there = session.get_one(Erasure, name).erased_at
            assert there, f"acknowledged and not there: {kind} {name}"


def require_agreement(registry: Registry) -> None:
    """Log, database and chain have come equally far."""
    head = registry.client.latest_anchor()
    assert head is not None
    with registry.store.reading() as session:
        assert head.size == registry.log.size == repository.sequenced(session)
        imported = session.exec(select(Event.leaf_hash)).all()
    assert len(set(imported)) == len(imported)
    assert head.root == registry.log.root()


def require_no_record_keys(registry: Registry, folder: Path) -> None:
    """No wrapped key of a record lies anywhere on the disk of the backups (R44)."""
    disk = folder / "backups"
    if not disk.exists():
        return
    with registry.store.reading() as session:
        keys = [key for key in session.exec(select(Consent.wrapped_key)) if key]
    held = b"".join(path.read_bytes() for path in sorted(disk.rglob("*")) if path.is_file())
    found = [key.hex() for key in keys if key in held]
    assert not found, f"{len(found)} record keys on the backups' disk"


def campaign(
    template: Template, folder: Path, rounds: int, seed: int, progress: Callable[[str], None], tally: Tally
) -> None:
    """So many rounds, on copies of the template (or on the template itself, where it lies on a server)."""
    with template.world.open() as registry:
        on_server = registry.store.dialect != "sqlite"
    fresh = rounds if on_server else FRESH
    for first in range(0, rounds, fresh):
        work = folder / f"work{first}"
        work.mkdir(parents=True)
        state = template.world if on_server else template.world.copy(work / "state")
        told: list[tuple[str, str]] = []
        for number in range(first, min(first + fresh, rounds)):
            try:
                told += _round_and_look(state, work, template, seed + number, tally, told)
            except BaseException as error:
                error.add_note(f"round {number} of seed {seed}, in {work}")
                raise
            if (number + 1) % AUDITED == 0 or number + 1 == rounds:
                found = state.audit()
                assert found == [], found
                tally.audits += 1
                progress(f"{number + 1} of {rounds}: {dict(tally.rounds)}")
        shutil.rmtree(work)


def _catch_up(state: World) -> None:
    """The clock of a new process is where the one before it had come."""
    address = read_instance(state.root)[1].database_url
    if address is None:
        state.resume()
    else:
        engine = create_engine(address)
        with engine.connect() as connection:
            latest = connection.execute(
                text('SELECT greatest((SELECT max(at) FROM event), (SELECT max(publicity_end) FROM "case"))')
            ).scalar_one()
        engine.dispose()
        state.clock.now = max(state.clock.now, latest)
    state.clock.advance(2)


def _round_and_look(
    state: World, work: Path, made: Template, seed: int, tally: Tally, before: list[tuple[str, str]]
) -> list[tuple[str, str]]:
    told = one_round(state, work, made, seed, tally)
    _catch_up(state)
    with state.open() as registry:
        require_acknowledged(registry, told + random.Random(seed).sample(before, min(20, len(before))))
        require_agreement(registry)
        require_no_record_keys(registry, work)
    tally.acknowledged.update(kind for kind, _ in told)
    # A state is acknowledged until the next one follows it.
    return [(kind, name) for kind, name in told if kind != "state"]


@contextlib.contextmanager
def made_world(folder: Path, database: str | None = None) -> Iterator[Template]:
    """A registry with a deposited and a published case, a consent, a dispute's parties, and staff.

    `database` is the address of an empty one on a server.
    """
    clock, root = Clock(), folder / "template"
    planned = replace(w.plan(), database_url=database)
    create_registry(root, planned, lambda _folder: w.PASSPHRASE, secret_of, clock, silent)
    world = World(root, clock)
    template = Template.create(world, folder / "dossiers")
    with world.open() as registry:
        ward.enrol_staff(registry)
    yield template


def _tell(line: str) -> None:
    sys.stderr.write(line + "\n")


def main() -> None:
    """`scripts/campaign`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2400, help="rounds; some end before they are struck")
    parser.add_argument("--seed", type=int, default=20_261_128)
    parser.add_argument("--database", help="address of an empty database on a server; else files")
    parser.add_argument("--json", type=Path, help="write what happened there")
    asked = parser.parse_args()
    tally, began = Tally(), time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="campaign-") as place,
        made_world(Path(place), asked.database) as template,
    ):
        campaign(template, Path(place), asked.rounds, asked.seed, _tell, tally)
    report = {"seed": asked.seed, "seconds": round(time.monotonic() - began), **tally.to_json()}
    if asked.json:
        asked.json.write_text(json.dumps(report, indent=1) + "\n")
    json.dump(report, sys.stdout, indent=1)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()

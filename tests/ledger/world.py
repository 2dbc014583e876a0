"""A registry to work with: made once, copied for each test, its time set by the test.

The clock drives registry and embedded chain alike, so that five working days pass in an instant; the key
files' scrypt is cheap. Nothing here describes a real person or body.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from sqlmodel import select

from tests.on_postgresql import install_in_child
from yinzheng.ledger.audit import Finding, audit_registry
from yinzheng.ledger.cases import asked, deciding, intake, issuing, objections, publicity
from yinzheng.ledger.cases.protests import Protest, material_of
from yinzheng.ledger.cases.work import work_on
from yinzheng.ledger.demonstration.material import favourable_review
from yinzheng.ledger.demonstration.people import acting_as
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.keys.keystore import Keystore
from yinzheng.ledger.keys.personal import open_key
from yinzheng.ledger.opening import open_registry
from yinzheng.ledger.people.acting import Actor, authenticate
from yinzheng.ledger.people.enrolling import enrol_with_key
from yinzheng.ledger.people.keyring import key_file, make_demonstration_passphrase
from yinzheng.ledger.reading import open_reader
from yinzheng.ledger.registry import Registry, silent
from yinzheng.ledger.rules.offices import Role
from yinzheng.ledger.rules.profiles import DEMO
from yinzheng.ledger.state.creation import Plan, create_registry
from yinzheng.ledger.state.faults import NO_FAULTS, Faults
from yinzheng.ledger.state.instance import Paths
from yinzheng.ledger.state.policy import trust_policy
from yinzheng.ledger.store.database import Store
from yinzheng.ledger.store.models import Base, Case
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.containers.target import read_target
from yinzheng.verifier.judge.certificate.verify import verify
from yinzheng.verifier.judge.report import Report
from yinzheng.verifier.judge.trust import parse_trust

CHINA = timezone(timedelta(hours=8))
OFFICER, SECOND_OFFICER, MEMBER = "officer-chen", "officer-wang", "committee-lin"
KEEPER, AUDITOR = "keeper-wu", "auditor-he"
PASSPHRASE = b"a passphrase of the tests"
APPLICANT = {"name": "云汐测试医院（虚构）", "code": "12990100DEM0000492", "contact": None}


def instant(text: str) -> int:
    """UTC seconds of a time at +08:00, such as `2026-09-30 10:00`."""
    return int(datetime.fromisoformat(text).replace(tzinfo=CHINA).timestamp())


START = instant("2026-09-21 10:00") + 17 * 60 + 23
"""A Monday, and no full hour, so that what rounds shows. The Sunday before and Saturday 10 October are
make-up days, 25 September and 1–7 October off.
"""


install_in_child()


class Clock:
    """A clock that the test sets. UTC seconds."""

    def __init__(self, now: int = START) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now

    def advance(self, seconds: int) -> None:
        self.now += seconds


def plan(*, demonstration: bool = True) -> Plan:
    return Plan(
        registry_name="测试登记中心（虚构）",
        registry_code="12440000MB2DEM001E",
        prefix="SJ441",
        host="registry.example",
        people={
            OFFICER: "registry",
            SECOND_OFFICER: "registry",
            MEMBER: "committee",
            KEEPER: "administrator",
            AUDITOR: "auditor",
        },
        demonstration=demonstration,
        scrypt_n=2,
    )


def create(root: Path, clock: Clock, *, demonstration: bool = True) -> Path:
    create_registry(
        root,
        plan(demonstration=demonstration),
        lambda _folder: PASSPHRASE,
        secret_of,
        clock,
        silent,
    )
    return root


def secret_of(paths: Paths, name: str) -> bytes:
    """Somebody's passphrase, which in these worlds lies beside their key."""
    return make_demonstration_passphrase(paths, name)


def actor_of(registry: Registry, name: str) -> Actor:
    """Somebody who acts, with their own key; everyone's passphrase lies beside it."""
    return acting_as(registry, name)


def someone_of(paths: Paths, name: str = OFFICER) -> Callable[[Store, Paths], Actor]:
    """Who restores, or wraps keys anew: their key and passphrase lie in the state folder `paths`."""

    def by(store: Store, _draft: Paths) -> Actor:
        secret = make_demonstration_passphrase(paths, name)
        return authenticate(store, name, open_key(key_file(paths, name), lambda: secret))

    return by


def enrol_staff(registry: Registry, name: str, role: Role) -> None:
    """Enrol somebody as an administrator does, with a cheap key file."""
    secret = make_demonstration_passphrase(registry.paths, name)
    enrol_with_key(registry, name, role, secret, actor_of(registry, KEEPER), scrypt_n=2)


def open_keys(paths: Paths) -> Keystore:
    return Keystore(paths.keys, PASSPHRASE, scrypt_n=2)


@dataclass
class World:
    """A state folder and its clock."""

    root: Path
    clock: Clock

    @property
    def paths(self) -> Paths:
        return Paths(self.root)

    @contextmanager
    def open(self, faults: Faults = NO_FAULTS, *, settle: bool = True) -> Iterator[Registry]:
        with open_registry(
            self.root,
            open_keys,
            clock=self.clock,
            faults=faults,
            settle=settle,
            lock_seconds=0.2,
            leap=None,  # the tests' clock is right, however far it is advanced
        ) as registry:
            yield registry

    def resume(self) -> World:
        """Set a new process's clock to where the one before it had come."""
        with closing(sqlite3.connect(self.paths.database)) as connection:
            (latest,) = connection.execute(
                "SELECT max(coalesce((SELECT max(at) FROM event), 0), coalesce(max(publicity_end), 0))"
                ' FROM "case"'
            ).fetchone()
        self.clock.now = max(self.clock.now, latest)
        return self

    def copy(self, target: Path) -> World:
        shutil.copytree(self.root, target)
        return World(target, Clock(self.clock.now))

    def audit(self, keys: Callable[[Paths], Keystore] = open_keys, jobs: int = 1) -> list[Finding]:
        return audit_registry(self.root, keys, clock=self.clock, progress=silent, jobs=jobs)

    def codes(self, keys: Callable[[Paths], Keystore] = open_keys) -> set[str]:
        """Codes of what the audit finds."""
        return {finding.code for finding in self.audit(keys)}

    def verify(self, number: str) -> Report:
        """What the verifier, trusting the exported policy alone, makes of a certificate's file."""
        with open_reader(self.root, self.clock) as reader:
            data = reader.certificate_file(number)
            policy = parse_trust(canonical.dumps(trust_policy(reader.instance)))
        assert data is not None
        return verify(read_target(data), policy, now=self.clock.now)


# ---------------------------------------------------------------- dossiers


def application(**changes: Any) -> dict[str, Any]:
    """A complete application in the simplified procedure; `changes` replace whole fields."""
    name = APPLICANT["name"]
    files = [
        {"path": f"{role}.txt", "role": role, "title": title}
        for role, title in (
            ("identity", "主体身份证明"),
            ("source", "数据来源说明"),
            ("assessment", "第三方评估报告"),
            ("sample", "样例"),
        )
    ]
    return {
        "format": "yinzheng/application/1",
        "applicant": APPLICANT,
        "asset": {
            "name": "2025年云汐市医疗随访数据集",
            "time": "2025年",
            "region": "云汐市",
            "trade": "医疗",
            "content": "随访",
            "type": "数据集",
        },
        "overview": "匿名化的随访汇总数据。",
        "source": "collected",
        "public_data": False,
        "procedure": "simplified",
        "rights": ["hold", "use", "operate"],
        "holders": [{"name": name, "code": APPLICANT["code"], "rights": ["hold", "use", "operate"]}],
        "class": "health",
        "level": {"scheme": "GB/T 39725-2020", "value": 2},
        "use": "医学研究。",
        "sample_fields": ["年份", "区县", "人次"],
        "scale": "1200条",
        "time_span": {"from": "2025-01-01", "to": "2025-12-31"},
        "update_frequency": "每年更新一次",
        "form": "CSV 文件",
        "limits": "仅限医学研究使用",
        "volume": {"persons": 1200, "sensitive_persons": 0, "nationwide": False, "kinds": []},
        "personal_information": {"route": "anonymised", "basis": None, "ground": "", "retrospective": False},
        "processing": [],
        "declarations": {
            "state_secrets": False,
            "public_security": False,
            "prescriber_statistics": False,
        },
        "validity_years": 3,
        "files": files,
        **changes,
    }


def dossier(folder: Path, **changes: Any) -> Path:
    """Write a tiny dossier; `public_data=True` states the ordinary procedure too (R8)."""
    if changes.get("public_data"):
        changes.setdefault("procedure", "ordinary")
    folder.mkdir(parents=True)
    document = application(**changes)
    (folder / "application.json").write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    for file in document["files"]:
        (folder / file["path"]).write_text(f"{folder.name}: {file['title']}（虚构）", encoding="utf-8")
    return folder


# ---------------------------------------------------------------- steps of a case


def accept(registry: Registry, case: str, by: str = OFFICER) -> None:
    """Accept, in the procedure that the applicant stated."""
    with work_on(registry, case) as work:
        stated = asked.stated_procedure(work)
    deciding.accept(registry, case, actor_of(registry, by), stated, "经核对，同意所申请的程序")


def favourable(registry: Registry, case: str) -> None:
    """Review with nothing against registration."""
    with work_on(registry, case) as work:
        facts = asked.facts_of(work)
    deciding.review(registry, case, actor_of(registry, OFFICER), *favourable_review(facts, ("identity.txt",)))


def state_of(registry: Registry, case: str) -> str:
    with registry.store.reading() as session:
        return session.get_one(Case, case).state


def publicity_end(registry: Registry, case: str) -> int:
    with registry.store.reading() as session:
        end = session.get_one(Case, case).publicity_end
    assert end is not None
    return end


def apply(registry: Registry, folder: Path, profile: str = DEMO.tag, **changes: Any) -> str:
    return intake.apply(registry, dossier(folder, **changes), profile, silent)


def to_reviewed(registry: Registry, folder: Path, profile: str = DEMO.tag, **changes: Any) -> str:
    case = apply(registry, folder, profile, **changes)
    accept(registry, case)
    favourable(registry, case)
    return case


def to_publicity(registry: Registry, folder: Path, profile: str = DEMO.tag, **changes: Any) -> str:
    """Up to open publicity, through the committee where the procedure has it; settled."""
    case = to_reviewed(registry, folder, profile, **changes)
    with registry.store.reading() as session:
        ordinary = session.get_one(Case, case).procedure == "ordinary"
    if ordinary:
        deciding.decide(registry, case, actor_of(registry, MEMBER))
    publicity.publish(registry, case, actor_of(registry, OFFICER))
    settle(registry)
    return case


def past_publicity(registry: Registry, clock: Clock, case: str) -> None:
    clock.now = max(clock.now, publicity_end(registry, case))


def object_to(registry: Registry, case: str, objector: str, reasons: str, material: Sequence[Path]) -> str:
    """Object with files; returns the objection's name."""
    protest = Protest(objector, reasons, material_of(material))
    return objections.object_to(registry, case, protest).name


def to_deposited(
    registry: Registry, clock: Clock, folder: Path, profile: str = DEMO.tag, **changes: Any
) -> tuple[str, str]:
    """The whole way; returns the case and the certificate's number."""
    case = to_publicity(registry, folder, profile, **changes)
    past_publicity(registry, clock, case)
    issued = issuing.issue(registry, case, actor_of(registry, OFFICER))
    if issued.missing:
        issued = issuing.issue(registry, case, actor_of(registry, MEMBER))
    settle(registry)
    assert state_of(registry, case) == "deposited"
    return case, issued.number


# ---------------------------------------------------------------- what a refusal must leave alone


def rows(registry: Registry) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    with registry.store.reading() as session:
        return {
            table.name: [tuple(row) for row in session.connection().execute(select(*table.columns))]
            for table in Base.metadata.sorted_tables
        }


def files(folder: Path) -> Mapping[str, str]:
    """Path → SHA-256 of every file under `folder`."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@contextmanager
def unchanged(registry: Registry) -> Iterator[None]:
    """Nothing of database, log, dossiers and chain differs after the block."""

    def snapshot() -> tuple[object, ...]:
        paths = registry.paths
        head = bytes(registry.w3.eth.get_block("latest")["hash"])
        return rows(registry), files(paths.log), files(paths.blobs), head

    before = snapshot()
    yield
    assert snapshot() == before

"""A registry with consents, withdrawals and a dispute, and a desk that runs: where bad input is tried.

Made five days ago, so that one withdrawal is overdue by now.
"""

from __future__ import annotations

import base64
import copy
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlmodel import col, func, select

from tests.cli.commands import run
from tests.desk.calls import KEYS_OF_STATE, DeskProcess, Got, running_desk
from tests.ledger.consent_world import CLINIC, Json, consent_body, enrol_one
from tests.ledger.consent_world import ConsentWorld as Registered
from tests.ledger.disputes.court import COURT, FIRST, FORUM, SECOND, Court, Template, address
from tests.ledger.organisations.enrolling import Member
from tests.ledger.withdrawals.clinic import NOTICE, Clinic
from tests.ledger.world import KEEPER, OFFICER, Clock, World, actor_of, create
from yinzheng.ledger.disputes.plans import Concerned
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.organisations import enrolment
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.state.address import sqlite_url
from yinzheng.ledger.state.instance import Paths, read_instance
from yinzheng.ledger.state.policy import trust_policy
from yinzheng.ledger.store import models, models_consents, models_disputes
from yinzheng.ledger.store.database import open_store_read_only
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.algorithms import DigestPair

DISPUTES = "/org/v1/disputes"
FRONT = "11440100MB2DEMC02X"
"""An organisation that works by command line: controller, recipient and party."""
SECRETS = {"YINZHENG_ORG_PASSPHRASE": "a passphrase of an organisation"}
BORN = "1980-02-29"
PRIVATE = ("测试甲", "测试童", "测试母", "P-000", "M-000", BORN, "2019-05-01", "1980-03-01")
"""Names, references and dates of birth of everyone in these tests."""

TEMPLATE = base64.b64encode(bytes(range(1, 33))).decode()
"""32 bytes, as a face recogniser gives them."""
PHOTO = base64.b64encode(b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(range(256)) * 12).decode()
FACES = (TEMPLATE, PHOTO, f"data:image/jpeg;base64,{PHOTO[:64]}", f"照片 {TEMPLATE}")
"""Raw biometrics as somebody might send them."""

_KEPT = (
    models.Event, models_consents.Organisation, models_consents.Notice, models_consents.Consent,
    models_consents.Pooled, models_consents.Job, models_consents.Withdrawal,
    models_consents.Answer, models_disputes.Dispute, models_disputes.DisputeSubject,
    models_disputes.EvidenceItem, models_disputes.Signature, models_disputes.Erasure, models.DossierFile,
)  # fmt: skip
"""What holds decisions. Nonces, access lines and wrong answers are kept of refused requests too."""


@dataclass
class Scene:
    """The running desk and what is there."""

    desk: DeskProcess
    folder: Path
    notice: Any
    digest: DigestPair
    receipts: dict[str, str]
    """QR text by what became of the consent: `kept`, `other`, `late`, `held`."""
    subjects: dict[str, str]
    request: str
    """Leaf hash of the request of the overdue withdrawal of `late`."""
    dispute: str
    quiet: list[str] = field(default_factory=list)
    """Everything that was answered; nothing private is in it."""

    # ---------------------------------------------------------------- what is there

    def consent(self, number: int = 1, **changes: object) -> Json:
        """A lawful consent to the hospital's notice."""
        return consent_body(self.notice, self.digest, int(time.time()) - 5, number, **changes)

    def kept(self) -> dict[str, int]:
        """Size of the log and number of rows: what was recorded."""
        url = sqlite_url(Paths(self.desk.state).database)
        with closing(open_store_read_only(url)) as store, store.reading() as session:
            found = {
                table.__name__: session.exec(select(func.count()).select_from(table)).one() for table in _KEPT
            }
            last = select(func.max(col(models.Event.log_index)))
            found["log"] = session.exec(last).one() or 0
            answered = select(func.count()).where(
                col(models_consents.WithdrawalRecipient.given_at).is_not(None)
            )
            found["answered"] = session.exec(answered).one()
        blobs = Paths(self.desk.state).blobs
        found["blobs"] = sum(path.is_file() for path in blobs.rglob("*"))
        found["incoming"] = sum(path.is_file() for path in (self.desk.state / "incoming").rglob("*"))
        return found

    @contextmanager
    def nothing_recorded(self) -> Iterator[None]:
        """Whatever happens inside leaves log and tables as they were."""
        before = self.kept()
        yield
        assert self.kept() == before

    # ---------------------------------------------------------------- refusals

    def refuses(self, got: Got, status: int, code: str) -> Json:
        """The answer is this refusal, in words, and says nothing that is private."""
        assert (got.status, got.code) == (status, code), got.body
        problem: Json = got.json
        said_well(problem["message"], problem["hint"])
        self.quiet.append(got.body.decode())
        require_quiet(got.body.decode())
        return problem

    def trust(self) -> Path:
        """The registry's policy, as a file."""
        path = self.folder / "trust.json"
        path.write_bytes(canonical.dumps(trust_policy(read_instance(self.desk.state)[1])))
        return path


def said_well(message: str, hint: str) -> None:
    """One sentence on what is wrong, and what to do."""
    assert message
    assert hint, message
    for text in (message, hint):
        assert "\n" not in text
        assert len(text) <= 360, text
        for spoken in ("Traceback", "Error(", "Fault(", "sqlite", 'File "', "None"):
            assert spoken not in text, text


def require_quiet(text: str) -> None:
    """Nobody's data and no picture is in it."""
    for one in (*PRIVATE, TEMPLATE, PHOTO[:64]):
        assert one not in text, text


def org(rights: Scene, *args: object, code: str, exit_code: int) -> Json:
    """`yinzheng org` refuses: in words, and as JSON."""
    at = ("--org", rights.folder / "front", "--desk", rights.desk.url)
    return refused(rights, "org", *args, *at, code=code, exit_code=exit_code, env=SECRETS)


def officer(rights: Scene, *args: object, code: str, exit_code: int) -> Json:
    """An officer's command refuses, while the desk runs."""
    at = ("--state", rights.desk.state)
    return refused(rights, *args, *at, code=code, exit_code=exit_code, env=KEYS_OF_STATE)


def refused(rights: Scene, *args: object, code: str, exit_code: int, env: dict[str, str]) -> Json:
    spoken = run(*args, env=env)
    assert (spoken.code, spoken.out) == (exit_code, ""), spoken
    assert spoken.err.startswith("yinzheng: ")
    said = run(*args, "--json", env=env)
    assert (said.code, said.error["code"]) == (exit_code, code), said.err
    said_well(said.error["message"], said.error["hint"])
    require_quiet(spoken.err + said.err)
    return said.error


def texts_of(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where texts stand in a JSON value."""
    if isinstance(value, str):
        yield path
    children = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for name, child in children:
        yield from texts_of(child, (*path, name))


def with_text(value: Any, path: tuple[Any, ...], text: str) -> Any:
    """The value with one text replaced."""
    made = copy.deepcopy(value)
    at = made
    for name in path[:-1]:
        at = at[name]
    at[path[-1]] = text
    return made


def _filled(registry: Registry, world: World) -> dict[str, Any]:
    made = Registered(registry, **NOTICE)
    clinic = Clinic(world, registry, made.notice, made.digest)
    enrol_one(registry, CLINIC, "party", "recipient")
    forum = Member(COURT, ("forum",), "某市中级人民法院", address(FORUM))
    enrolment.enrol(
        registry,
        forum.enrolment(registry.clock()),
        actor_of(registry, OFFICER),
        administrator=actor_of(registry, KEEPER),
    )
    granted = {name: clinic.grant(settle=False) for name in ("kept", "other", "late", "held")}
    settle(registry)
    late = granted["late"]
    clinic.freeze(clinic.file(late))
    template = Template(world, "", "", "", granted["held"], made.notice, made.digest)
    court = Court(world, registry, template)
    about = Concerned((), (), (granted["held"],))
    dispute = court.open(concerned=about)
    settle(registry)
    return {
        "notice": made.notice,
        "digest": made.digest,
        "subjects": {name: subject.hex() for name, subject in granted.items()},
        "receipts": {name: clinic.own(subject) for name, subject in granted.items()},
        "request": clinic.request_leaf(late).hex(),
        "dispute": dispute,
    }


def plan(**changes: Any) -> Json:
    """A dispute as a party plans it."""
    parties = [
        {"name": "某诊所", "code": CLINIC, "account": address(FIRST).hex(), "key": None},
        {"name": "某机构", "code": FRONT, "account": address(SECOND).hex(), "key": None},
    ]
    return {
        "kind": "party", "forum": {"name": "某市中级人民法院", "code": COURT}, "number": "(2026)粤01民初2号",
        "parties": parties, "certificates": [], "cases": [], "consents": [], **changes,
    }  # fmt: skip


def item_path(rights: Scene, number: int = 2) -> str:
    """Where an item of the open dispute goes."""
    return f"{DISPUTES}/{rights.dispute}/items/{number}"


def enrol_front(folder: Path, state: Path) -> None:
    """`yinzheng org key new`, and an officer's `yinzheng enrol`."""
    roles = ("--role", "controller", "--role", "recipient", "--role", "party")
    args = ("--code", FRONT, "--name", "某机构", *roles, "--account", "--out", folder)
    policy = folder.with_suffix(".trust.json")
    assert run("export-trust", "--state", state, "--out", policy).code == 0
    made = run("org", "key", "new", *args, "--registry", policy, "--json", env=SECRETS)
    assert made.code == 0, made.err
    enrolled = run("enrol", made.json["enrolment"], "--as", OFFICER, "--state", state, env=KEYS_OF_STATE)
    assert enrolled.code == 0, enrolled.err


@contextmanager
def scene(folder: Path) -> Iterator[Scene]:
    """Everything above, with the desk running."""
    clock = Clock(int(time.time()) - 5 * 86_400)
    world = World(create(folder / "state", clock), clock)
    with world.open() as registry:
        found = _filled(registry, world)
    enrol_front(folder / "front", world.root)
    with running_desk(world.root) as desk:
        yield Scene(desk=desk, folder=folder, **found)

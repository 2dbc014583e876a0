"""The demonstration: each example dossier from application to certificate, under the labelled `DEMO` profile;
then consents and a dispute (`demo_rights`).

It may be interrupted anywhere: each case continues from the state it is in.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from yinzheng.ledger.accesses.batching import commit
from yinzheng.ledger.cases import intake, objections
from yinzheng.ledger.cases.protests import Protest, material_of
from yinzheng.ledger.cases.work import work_on
from yinzheng.ledger.demonstration.life import EXAMPLE as LIFE
from yinzheng.ledger.demonstration.life import Lived, demonstrate_life
from yinzheng.ledger.demonstration.material import prepare_dossier
from yinzheng.ledger.demonstration.people import acting_as
from yinzheng.ledger.demonstration.rights import Shown, demonstrate_rights
from yinzheng.ledger.demonstration.steps import Officers
from yinzheng.ledger.document.forms import write_documents
from yinzheng.ledger.flow.heartbeat import beat
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.keys.keystore import Keystore
from yinzheng.ledger.keys.passphrase import PASSPHRASE, create_passphrase_file
from yinzheng.ledger.opening import open_registry
from yinzheng.ledger.people.keyring import make_demonstration_passphrase
from yinzheng.ledger.reading import open_reader
from yinzheng.ledger.registry import Clock, Progress, Registry
from yinzheng.ledger.rules.profiles import DEMO
from yinzheng.ledger.rules.states import State
from yinzheng.ledger.state.creation import Plan, create_registry
from yinzheng.ledger.state.files import write_durably
from yinzheng.ledger.state.instance import Paths, read_instance
from yinzheng.ledger.state.policy import trust_policy
from yinzheng.ledger.store import repository
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.contact import Contact

OFFICER, MEMBER, ADMINISTRATOR, AUDITOR = "officer-chen", "committee-lin", "keeper-wu", "auditor-he"
PLAN = Plan(
    registry_name="岭南健康数据登记中心（演示）",
    registry_code="12440000MB2DEM001E",
    prefix="SJ441",
    host="localhost:8000",
    people={
        OFFICER: "registry",
        MEMBER: "committee",
        ADMINISTRATOR: "administrator",
        AUDITOR: "auditor",
    },
    demonstration=True,
    authority="岭南数据管理局（虚构）",
    contact=Contact(
        telephone="020-0000-0000（虚构）",
        email="registry@example.org",
        address="广东省广州市示例路1号（虚构）",
        complaints="岭南数据管理局（虚构），020-0000-0001",
    ),
)
_OBJECTED = 1
"""Which dossier, counted from 0, someone objects to."""


@dataclass(frozen=True, slots=True)
class Demonstration:
    """What was shown: numbers of certificates, and what else there is to look at."""

    numbers: list[str]
    shown: Shown | None
    lived: Lived | None = None


def demonstration_keys(paths: Paths) -> Keystore:
    """The demonstration's keystore: its passphrase was made up at random and lies beside the keys."""
    return Keystore(paths.keys, create_passphrase_file(paths.keys / PASSPHRASE))


def demonstrate(
    state: Path,
    out: Path,
    dossiers: Path,
    *,
    clock: Clock,
    progress: Progress,
    keys: Callable[[Paths], Keystore] = demonstration_keys,
    consents: Path | None = None,
    life: Path | None = None,
    plan: Plan = PLAN,
) -> Demonstration:
    """Register every dossier under `dossiers` that is not registered yet, and write all documents to `out`.

    A new registry is made by `plan`.

    With `consents` and `life`, the folders of the further parts' examples, also show those.

    Raises `UsageFault` (`demo-not-here`) for a registry that is not a demonstration's, `demo-no-dossiers`.
    """
    examples = sorted(path for path in dossiers.iterdir() if (path / "application.json").is_file())
    if not examples:
        raise UsageFault(f"there is no dossier under {dossiers}", code="demo-no-dossiers")
    if not (state / "instance.json").exists():
        create_registry(
            state,
            plan,
            lambda f: create_passphrase_file(f / PASSPHRASE),
            make_demonstration_passphrase,
            clock,
            progress,
        )
    if not read_instance(state)[1].demonstration:
        # Asked first: `demonstration_keys` would leave a passphrase beside a real registry's keys.
        raise UsageFault(
            "this registry is not a demonstration's",
            code="demo-not-here",
            hint="Name a new folder with --state.",
        )
    with open_registry(state, keys, clock=clock, progress=progress) as registry:
        # All of them are published before the first is waited for.
        published = [
            _publish(registry, example, progress, objected=index == _OBJECTED)
            for index, example in enumerate(examples)
        ]
        numbers = [
            _issue(officers, example, progress) for officers, example in zip(published, examples, strict=True)
        ]
        shown = None
        if consents is not None:
            own = keys(registry.paths)
            shown = demonstrate_rights(
                registry, own, (OFFICER, ADMINISTRATOR), consents, out, numbers[0], progress
            )
        lived = None
        if life is not None:
            sold = json.loads((life / LIFE).read_text(encoding="utf-8"))["dossier"]
            by_name = dict(zip((example.name for example in examples), numbers, strict=True))
            others = [number for name, number in by_name.items() if name != sold]
            if sold in by_name and others:  # with other dossiers there is no such life
                chosen, everyone = (by_name[sold], others[-2:][0]), (OFFICER, ADMINISTRATOR, MEMBER)
                lived = demonstrate_life(
                    registry, keys(registry.paths), everyone, life, chosen, out, progress
                )
        commit(registry, everything=True)  # nobody may come after to do it
        settle(registry)
        beat(registry)
        policy = trust_policy(registry.instance)
    with open_reader(state, clock) as reader:
        followed = [] if lived is None else [lived.successor, lived.remainder]
        for number in [*numbers, *followed]:
            progress(f"writing {number}.pdf, .png and .json")
            write_documents(reader, number, out)
    text = json.dumps(policy, ensure_ascii=False, indent=1) + "\n"
    write_durably(out / "trust.json", text.encode(), for_all=True)
    return Demonstration(numbers, shown, lived)


def _publish(registry: Registry, example: Path, progress: Progress, *, objected: bool) -> Officers:
    """Take one dossier into its publicity, and through an objection; one that was further stays there."""
    officers = Officers(registry, _case_of(registry, example, progress), OFFICER, MEMBER)
    state = officers.carry(lambda state: progress(f"{example.name}: {state.value}"), until=State.PUBLICITY)
    if objected and state is State.PUBLICITY:
        _object(officers, example)
    return officers


def _issue(officers: Officers, example: Path, progress: Progress) -> str:
    """Take what was published all the way; returns its certificate's number."""
    officers.carry(lambda state: progress(f"{example.name}: {state.value}"))
    with officers.registry.store.reading() as session:
        numbers = [one.number for one in repository.certificates_of_case(session, officers.case)]
    if not numbers:
        raise UsageFault(f"case {officers.case} has no certificate", code="demo-unfinished")
    return numbers[0]  # a first registration makes one


def _case_of(registry: Registry, example: Path, progress: Progress) -> str:
    """The case of an example, applying for it where that was not done yet."""
    key = f"demo:{example.name}"
    with registry.store.reading() as session:
        known = repository.read_meta(session).get(key)
    if known is not None:
        return known
    with tempfile.TemporaryDirectory() as folder:
        dossier = prepare_dossier(example, Path(folder) / example.name)
        case_id = intake.apply(registry, dossier, DEMO.tag, progress)
    with registry.store.transaction() as session:
        repository.write_meta(session, {key: case_id})
    return case_id


def _object(officers: Officers, example: Path) -> None:
    """Somebody objects, and the officer finds the objection unfounded; what was done before stays so."""
    registry, case_id = officers.registry, officers.case
    with work_on(registry, case_id) as work:
        raised = bool(work.bodies("objection.raised"))
    if not raised:
        objections.object_to(
            registry,
            case_id,
            Protest(
                "演示异议人",
                "请核实数据来源协议的覆盖时段。",
                material_of([example / "application.json"]),
            ),
        )
        settle(registry)
    with work_on(registry, case_id) as work:
        still_open = sorted(work.situation.open_objections)
    for one in still_open:
        objections.resolve(
            registry,
            case_id,
            one,
            acting_as(registry, OFFICER),
            upheld=False,
            reasons="经核查，来源证明完整，异议不成立。",
        )

"""A hospital with staff, a consent that was withdrawn as a whole, and one that was not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.ledger import consent_world as cw
from tests.ledger import world as w
from tests.ledger.withdrawals.clinic import Clinic, Template
from tests.ledger.world import OFFICER, World, actor_of
from yinzheng.ledger.consents.granting import grant
from yinzheng.ledger.consents.reading import open_consent
from yinzheng.ledger.erasure import proposing
from yinzheng.ledger.erasure.carrying_out import erase
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.destruction import Method, StaffRole, TargetKind
from yinzheng.ledger.state.faults import NO_FAULTS, Faults
from yinzheng.ledger.store.models_consents import Consent
from yinzheng.ledger.store.models_disputes import Erasure
from yinzheng.verifier.bytes import canonical

STAFF = {
    "manager-ma": StaffRole.DATA_MANAGER,
    "head-he": StaffRole.DEPARTMENT_HEAD,
    "lawyer-liu": StaffRole.LEGAL,
    "guard-gu": StaffRole.SECURITY,
    "ethics-er": StaffRole.ETHICS,
    "witness-wu": StaffRole.WITNESS,
    "witness-xu": StaffRole.WITNESS,
}
APPROVERS = ("manager-ma", "head-he", "lawyer-liu", "ethics-er")
WITNESSES = ("witness-wu", "witness-xu")
OPERATOR = "guard-gu"


@dataclass
class Ward:
    """The world, and the subjects of the two consents."""

    world: World
    withdrawn: bytes
    standing: bytes

    @classmethod
    def create(cls, world: World) -> Ward:
        made = Template.create(world)
        with world.open() as registry:
            clinic = Clinic(world, registry, made.notice, made.digest)
            withdrawn, standing = (_grant(clinic, number) for number in (4711, 4712))
            clinic.complete(clinic.file(withdrawn))
            settle(registry)
            enrol_staff(registry)
        return cls(world, withdrawn, standing)

    def copy(self, target: Path) -> Ward:
        return Ward(self.world.copy(target), self.withdrawn, self.standing)

    @contextmanager
    def open(self, faults: Faults = NO_FAULTS) -> Iterator[Registry]:
        with self.world.open(faults) as registry:
            yield registry

    def secrets(self, subject: bytes) -> dict[str, bytes]:
        """Everything that must be nowhere once the consent is erased, by what it is."""
        with self.open() as registry, registry.store.reading() as session:
            opened = open_consent(registry, session, subject)
            wrapped = session.get_one(Consent, subject).wrapped_key or b""
            found = {
                "name": opened.consent.person.name.encode(),
                "reference": opened.consent.person.reference.encode(),
                "record key": registry.keys.wrapper().unwrap(wrapped, subject),
                "wrapped key": wrapped,
                "digest": session.get_one(Consent, subject).digest or b"",
            }
            for number, one in enumerate(opened.events):
                assert one.secret is not None
                found |= {
                    f"secret {number}": one.secret,
                    f"secret {number} in hex": one.secret.hex().encode(),
                    f"preimage {number}": canonical.dumps(one.body),
                    f"sealed {number}": one.event.sealed[:48],
                }
            return found


def _grant(clinic: Clinic, number: int) -> bytes:
    body = clinic.body(number)
    body["person"] |= {"name": f"撤回测试甲乙丙{number}", "reference": f"MRN-{number}-{number}"}
    (granted,) = grant(clinic.registry, [body], cw.HOSPITAL)
    settle(clinic.registry)
    assert granted.subject is not None
    return granted.subject


def enrol_staff(registry: Registry) -> None:
    for name, role in STAFF.items():
        w.enrol_staff(registry, name, role)


def propose(registry: Registry, subject: bytes, ground: str = "withdrawal") -> str:
    return proposing.propose(
        registry,
        TargetKind.CONSENT,
        subject.hex(),
        ground,
        Method.KEY_DESTRUCTION,
        actor_of(registry, OFFICER),
    )


def sign_all(registry: Registry, id_: str) -> None:
    for name in APPROVERS:
        proposing.approve(registry, id_, actor_of(registry, name))
    for name in WITNESSES:
        proposing.witness(registry, id_, actor_of(registry, name))


def destroy(registry: Registry, subject: bytes, ground: str = "withdrawal") -> bytes:
    """The whole way; gives the tombstone."""
    id_ = propose(registry, subject, ground)
    sign_all(registry, id_)
    return erase(registry, id_, actor_of(registry, OPERATOR))


def state_of(registry: Registry, id_: str) -> str:
    with registry.store.reading() as session:
        return session.get_one(Erasure, id_).state


def holding(folder: Path, needles: dict[str, bytes]) -> set[tuple[str, str]]:
    """Which needle is in which file under `folder`, to the last byte of each."""
    found = set()
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            found |= {
                (name, str(path.relative_to(folder))) for name, value in needles.items() if value in content
            }
    return found

"""Objections (R24): anyone protests, with reasons and material; the registry investigates and concludes.

The material is kept, sealed with the dossier. Whoever objects through the form on a notice gets a number and
a secret, and follows with them what becomes of it; the ledger keeps a hash of the secret alone.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from sqlmodel import Session, col, func, select

from yinzheng.ledger.accesses.noting import Access, note
from yinzheng.ledger.accesses.reader import Reader
from yinzheng.ledger.cases.calls import CONCLUSION, OBJECTION
from yinzheng.ledger.cases.deciding import checked_text
from yinzheng.ledger.cases.deeming import deadlines_of
from yinzheng.ledger.cases.files import FilePart, add_files, seal_parts, undone_together
from yinzheng.ledger.cases.work import approve, case_thread, content_of, dossier_key, work_on
from yinzheng.ledger.chain.approvals import Conclusion
from yinzheng.ledger.people.acting import Actor
from yinzheng.ledger.registry import Registry, silent
from yinzheng.ledger.rules.publicity import check_objection
from yinzheng.ledger.rules.states import Capacity, Move
from yinzheng.ledger.state.files import disk_faults
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Case, Objection
from yinzheng.ledger.store.sealed import SealedValue
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.algorithms import PairHasher
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.bytes.naming import spell
from yinzheng.verifier.bytes.wording import check_name, check_words
from yinzheng.verifier.errors import DataFault, UsageFault

MAX_MATERIAL: Final = 20
MAX_BODY: Final = 256 * 1024
"""Bytes of an objection's own body, without its files."""

MAX_OPEN: Final = 100
"""Open objections of one case that come through the form; whoever comes then is asked to the counter."""

SECRET_BYTES: Final = 16
NUMBER_DIGITS: Final = 12
"""Hex digits of an objection's name that people are given as its number."""

_CHUNK = 1 << 20
_OBJECTOR = check_name(1, 400)
_FILE_NAME = check_words(1, 200)
_CONTACT = check_words(0, 200)


@dataclass(frozen=True, slots=True)
class Material:
    """One file that supports an objection. `content` gives its bytes, in pieces of any size."""

    name: str
    content: Callable[[], Iterable[bytes]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Protest:
    """What someone has to say. `contact` is how to reach them, and may be empty."""

    objector: str
    reasons: str
    material: Sequence[Material] = field(repr=False)
    contact: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Raised:
    """An objection that was recorded: its name, 64 hex, and when, UTC seconds."""

    name: str
    at: int

    @property
    def number(self) -> str:
        """What people are given."""
        return self.name[:NUMBER_DIGITS]


@dataclass(frozen=True, slots=True)
class Standing:
    """How an objection stands, for whoever raised it. Times are UTC seconds.

    `due` is when its investigation ends at the latest (R24), None once it has ended or where the calendar
    does not reach that far. `reasons` are the registry's, empty before it has concluded.
    """

    number: str
    case: str
    raised_at: int
    due: int | None
    concluded_at: int | None
    upheld: bool | None
    reasons: str


def material_of(paths: Sequence[Path]) -> list[Material]:
    """Files on this machine. Raises `UsageFault` `material-missing`."""
    for path in paths:
        if not path.is_file():  # a pipe or device might never end
            raise UsageFault(f"there is no file {path.name}", code="material-missing")
    return [Material(path.name, lambda path=path: _read(path)) for path in paths]  # type: ignore[misc]


def object_to(registry: Registry, case_id: str, protest: Protest, *, secret: bytes | None = None) -> Raised:
    """Record anyone's reasoned objection and keep its material (R24).

    `secret`, 16 random bytes of whoever objects through the form, lets them follow it (`follow`), and makes
    the same form sent twice one objection. Raises `UsageFault`: `objection-…` (`objection-other`: another
    was sent with that secret), `text-…`, `material-…`, `move-…` once nobody can object any more;
    `DataFault` (`encoded-bytes`, `field-…`).
    """
    protest = replace(protest, objector=spell(protest.objector))
    _check(protest)
    known = None if secret is None else _digest(secret)
    with registry.store.reading() as session:
        case = repository.find_case(session, case_id)
        if known is not None:
            before = session.exec(select(Objection).where(Objection.secret == known)).first()
            if before is not None:
                _require_same(registry, session, before, case_id, protest)
                return Raised(before.leaf.hex(), before.raised_at)
            _require_room(session, case_id)
        key = dossier_key(registry, session, case.dossier_id)
        thread = case_thread(registry, session, case, SealedValue(key), registry.clock())
        thread.allow(Move.OBJECT, Capacity.PUBLIC)  # before anything is sealed
        first = len(repository.files_of(session, case.dossier_id))
    parts = [FilePart(one.name, "objection", one.name, one.content) for one in protest.material]
    sealed = seal_parts(registry, parts, key, case.dossier_id, first, silent)
    with work_on(registry, case_id) as work, undone_together(registry, sealed):
        rule = work.allow(Move.OBJECT, Capacity.PUBLIC)
        body: dict[str, JSON] = {
            "v": 2,
            "objector": protest.objector,
            "contact": protest.contact,
            "reasons": protest.reasons,
            "files": [manifest for manifest, _ in sealed],
        }
        add_files(work.session, work.seal, case.dossier_id, first, sealed)
        recorded = work.compose(rule, body)
        call = registry.client.raise_objection(work.case.subject, recorded.leaf_hash)
        work.call(OBJECTION, recorded.leaf_hash.hex(), call)
        work.session.add(
            Objection(
                case_id=case_id,
                leaf=recorded.leaf_hash,
                raised_at=work.now,
                secret=known,
                sealed=work.seal.seal(canonical.dumps(body), recorded.leaf_hash),
            )
        )
        work.write(rule, recorded)
        return Raised(recorded.leaf_hash.hex(), work.now)


def resolve(
    registry: Registry, case_id: str, objection: str, by: Actor, *, upheld: bool, reasons: str
) -> None:
    """Conclude an objection after investigation (R24); one that is upheld ends the case.

    `objection` is its name, or the first characters of it when they are unmistakable.
    """
    with work_on(registry, case_id) as work:
        rule = work.allow(Move.UPHOLD if upheld else Move.DISMISS, by)
        leaf = _named(work.situation.open_objections, objection)
        body: dict[str, JSON] = {
            "v": 1,
            "person": by.person,
            "objection": leaf.hex(),
            "upheld": upheld,
            "reasons": checked_text(reasons),
        }
        recorded = work.compose(rule, body)
        decision = Conclusion(work.case.subject, leaf, recorded.leaf_hash, upheld)
        signature = approve(work, decision, "conclusion", by, Capacity.REGISTRY, content_of(work, recorded))
        call = registry.client.conclude_objection(decision, [signature])
        work.call(CONCLUSION, recorded.leaf_hash.hex(), call)
        row = work.session.exec(select(Objection).where(Objection.leaf == leaf)).one()
        row.concluded_at, row.upheld = work.now, upheld
        work.write(rule, recorded)


def follow(registry: Registry, number: str, secret: bytes) -> Standing:
    """How the objection of that number stands, for whoever has its secret.

    That they looked is written down (R47). Raises `UsageFault` `objection-secret`: an unknown number and a
    wrong secret are answered alike.
    """
    with registry.store.transaction() as session:
        row = session.exec(select(Objection).where(Objection.secret == _digest(secret))).first()
        if row is None or not hmac.compare_digest(
            row.leaf.hex()[:NUMBER_DIGITS].encode(), number.encode("utf-8", "replace")
        ):
            raise UsageFault(
                "number and secret do not belong together",
                code="objection-secret",
                hint="Both stand on the receipt of the objection.",
            )
        access = Access("see", "objection", number, "own", basis="own")
        note(registry, session, Reader.of_bearer(), access)
        case = session.get_one(Case, row.case_id)
        due = deadlines_of(session, case, registry.calendar, registry.clock())
        return Standing(
            number=number,
            case=case.id,
            raised_at=row.raised_at,
            due=dict(due.objections_due).get(row.leaf.hex()),
            concluded_at=row.concluded_at,
            upheld=row.upheld,
            reasons="" if row.concluded_at is None else _reasons(registry, session, case, row.leaf),
        )


def _reasons(registry: Registry, session: Session, case: Case, leaf: bytes) -> str:
    try:
        seal = SealedValue(dossier_key(registry, session, case.dossier_id))
    except DataFault as fault:
        if fault.code != "dossier-destroyed":
            raise
        return ""  # erased with the dossier (R44)
    thread = case_thread(registry, session, case, seal, registry.clock())
    found = [body for body in thread.bodies("objection.concluded") if body["objection"] == leaf.hex()]
    return str(found[-1]["reasons"]) if found else ""


def _check(protest: Protest) -> None:
    check_objection(protest.reasons, len(protest.material))
    if len(protest.material) > MAX_MATERIAL:
        raise UsageFault(f"an objection has at most {MAX_MATERIAL} files", code="objection-material")
    _OBJECTOR(checked_text(protest.objector), "$.objector")
    checked_text(protest.reasons)
    _CONTACT(protest.contact, "$.contact")
    for one in protest.material:
        _FILE_NAME(one.name, "$.files")
        if "/" in one.name or "\\" in one.name:
            raise UsageFault("the name of a file is no path", code="material-name", hint="Rename the file.")


def _require_same(
    registry: Registry, session: Session, before: Objection, case_id: str, protest: Protest
) -> None:
    """Nobody is told that something was received which was not: what is sent again is what was sent."""
    if before.case_id == case_id:
        case = session.get_one(Case, case_id)
        seal = SealedValue(dossier_key(registry, session, case.dossier_id))
        body = canonical.loads(seal.open(before.sealed, before.leaf), max_bytes=MAX_BODY)
        if isinstance(body, dict) and _said(body) == _saying(protest):
            return
    raise UsageFault(
        "another objection was sent with this form",
        code="objection-other",
        hint="It was received as it was sent first. To say more, open the notice anew and object once more.",
    )


def _said(body: dict[str, Any]) -> tuple[Any, ...]:
    files = [(file["path"], file["digest"]) for file in body["files"]]
    return body["objector"], body["contact"], body["reasons"], files


def _saying(protest: Protest) -> tuple[Any, ...]:
    files = []
    for one in protest.material:
        hasher = PairHasher()
        for piece in one.content():
            hasher.update(piece)
        files.append((one.name, dict(hasher.digest().to_json())))
    return protest.objector, protest.contact, protest.reasons, files


def _require_room(session: Session, case_id: str) -> None:
    query = select(func.count()).where(Objection.case_id == case_id, col(Objection.concluded_at).is_(None))
    if session.exec(query).one() >= MAX_OPEN:
        raise UsageFault(
            "more objections are open against this case than the form takes",
            code="objections-many",
            hint="Object at a counter of the registry, or by letter.",
        )


def _named(known: frozenset[str], given: str) -> bytes:
    fitting = [name for name in known if given and name.startswith(given.lower())]
    if len(fitting) != 1:
        raise UsageFault(
            "no open objection of this case has that name",
            code="objection-unknown",
            hint=f"Open: {', '.join(sorted(name[:12] for name in known)) or 'none'}.",
        )
    return bytes.fromhex(fitting[0])


def _digest(secret: bytes) -> bytes:
    return sha256(b"yinzheng/objection/1:" + secret).digest()


def _read(path: Path) -> Iterable[bytes]:
    with disk_faults(path), path.open("rb") as file:
        while piece := file.read(_CHUNK):
            yield piece

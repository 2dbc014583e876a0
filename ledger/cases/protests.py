"""What anyone protests, with reasons and material (R24, R25), whatever it is against.

Whoever protests through a form brings a secret, by which the same form sent twice is one objection and by
which they follow it; the ledger keeps a hash of the secret alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from sqlmodel import Session, col, func, select

from yinzheng.ledger.cases.deciding import checked_text
from yinzheng.ledger.cases.files import FilePart, Sealed
from yinzheng.ledger.rules.publicity import check_objection
from yinzheng.ledger.state.files import disk_faults
from yinzheng.ledger.store.models import Objection
from yinzheng.ledger.store.sealed import SealedValue
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.algorithms import PairHasher
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.bytes.naming import spell
from yinzheng.verifier.bytes.wording import check_name, check_words
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats import objection_paper
from yinzheng.verifier.formats.objection_paper import ObjectionPaper

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


def material_of(paths: Sequence[Path]) -> list[Material]:
    """Files on this machine. Raises `UsageFault` `material-missing`."""
    for path in paths:
        if not path.is_file():  # a pipe or device might never end
            raise UsageFault(f"there is no file {path.name}", code="material-missing")
    return [Material(path.name, lambda path=path: _read(path)) for path in paths]  # type: ignore[misc]


def checked(protest: Protest) -> Protest:
    """A protest as it is kept: its objector in the one spelling.

    Raises `UsageFault`: `objection-…`, `text-…`, `material-…`; `DataFault`: `encoded-bytes`, `field-…`.
    """
    protest = replace(protest, objector=spell(protest.objector))
    _check(protest)
    return protest


def parts_of(protest: Protest) -> list[FilePart]:
    """Its files, to be sealed."""
    return [FilePart(one.name, "objection", one.name, one.content) for one in protest.material]


def body_of(protest: Protest, sealed: Sequence[Sealed]) -> dict[str, JSON]:
    """The private body of the statement that it becomes."""
    return {
        "v": 2,
        "objector": protest.objector,
        "contact": protest.contact,
        "reasons": protest.reasons,
        "files": [manifest for manifest, _ in sealed],
    }


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


def sent_before(session: Session, secret: bytes | None) -> Objection | None:
    """The objection that came with the same form, if it was sent already."""
    if secret is None:
        return None
    return session.exec(select(Objection).where(Objection.secret == digest_of(secret))).first()


def require_same(before: Objection, seal: SealedValue | None, protest: Protest) -> Raised:
    """Nobody is told that something was received which was not: what is sent again is what was sent.

    `seal` opens it; None where it was sent against something else. Raises `UsageFault` `objection-other`.
    """
    if seal is not None:
        body = canonical.loads(seal.open(before.sealed, before.leaf), max_bytes=MAX_BODY)
        if isinstance(body, dict) and _said(body) == _saying(protest):
            return Raised(before.leaf.hex(), before.raised_at)
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


def against_case(case_id: str) -> tuple[Any, Any]:
    """Which objections are against a case under publicity, and not what came of it."""
    return col(Objection.case_id) == case_id, col(Objection.certificate).is_(None)


def require_room(session: Session, *against: Any) -> None:
    """Raise `UsageFault` `objections-many` where too many of these that came through the form are open.

    Those that others raised on the chain itself are not counted: they would close the form to everyone.
    """
    still_open = (col(Objection.secret).is_not(None), col(Objection.concluded_at).is_(None))
    query = select(func.count()).where(*against, *still_open)
    if session.exec(query).one() >= MAX_OPEN:
        raise UsageFault(
            "more objections are open against this than the form takes",
            code="objections-many",
            hint="Object at a counter of the registry, or by letter.",
        )


def named(known: frozenset[str], given: str) -> bytes:
    """The leaf of the open objection that people mean. Raises `UsageFault` `objection-unknown`."""
    fitting = [name for name in known if given and name.startswith(given.lower())]
    if len(fitting) != 1:
        raise UsageFault(
            "no open objection has that name here",
            code="objection-unknown",
            hint=f"Open: {', '.join(sorted(name[:12] for name in known)) or 'none'}.",
        )
    return bytes.fromhex(fitting[0])


def meant(row: Objection, seal: SealedValue) -> ObjectionPaper | None:
    """What an objection raised on the chain says; None of others, and until somebody has handed it in.

    Raises `DataFault` as `parse_objection_paper`, `objection-altered` (it is another's).
    """
    if not row.sealed:
        return None
    kept = canonical.loads(seal.open(row.sealed, row.leaf), max_bytes=MAX_BODY)
    if not isinstance(kept, dict) or kept.get("format") != objection_paper.FORMAT:
        return None
    paper = objection_paper.parse_objection_paper(kept)
    if paper.name != row.leaf:
        raise DataFault("what an objector is said to have meant is another's", code="objection-altered")
    return paper


def digest_of(secret: bytes) -> bytes:
    """What is kept of a form's secret."""
    return sha256(b"yinzheng/objection/1:" + secret).digest()


def _read(path: Path) -> Iterable[bytes]:
    with disk_faults(path), path.open("rb") as file:
        while piece := file.read(_CHUNK):
            yield piece

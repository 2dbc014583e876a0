"""The application: what `application.json` of a dossier says, read strictly (R18).

Every fault is reported at once, so that the applicant gets one complete list (R11). Grounds of refusal
(R20, R21) are not faults of form; ask `Application.refusals`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from yinzheng.ledger.dossiers.crosschecks import cross_checks, holders_of, volume_of
from yinzheng.ledger.dossiers.fields import (
    MISSING,
    ListOf,
    Problem,
    Schema,
    all_faults,
    is_whole,
    prose,
    read,
)
from yinzheng.ledger.rules.credit_code import check_credit_code
from yinzheng.ledger.rules.holders import MAX_HOLDERS, Holder, in_order
from yinzheng.ledger.rules.refusals import Ground, Refusal, refusals
from yinzheng.ledger.rules.review import CaseFacts
from yinzheng.ledger.rules.terms import (
    DataClass,
    FileRole,
    InformationRoute,
    LawfulBasis,
    Procedure,
    Processing,
    Right,
    SourceKind,
)
from yinzheng.ledger.rules.volume import SpecialKind, Volume
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.naming import check_spelled, spell_names
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.body import check_notices

FORMAT = "yinzheng/application/1"
MAX_BYTES = 256 * 1024
MAX_FILES = 1000
MAX_PATH = 200


@dataclass(frozen=True, slots=True)
class Party:
    """The applicant. `contact` is for the officer alone: it stays out of `repr`, logs and public bodies."""

    name: str
    code: str
    contact: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Asset:
    """The data asset: its name, and the five parts the name is made of (R18)."""

    name: str
    time: str
    region: str
    trade: str
    content: str
    type: str


@dataclass(frozen=True, slots=True)
class DeclaredFile:
    """One file the application names: path within the dossier with `/`, what it proves, and its title."""

    path: str
    role: FileRole
    title: str


@dataclass(frozen=True, slots=True)
class Application:
    """An application for first registration (R18). Sizes are checked; `time_span` is inclusive."""

    applicant: Party
    asset: Asset
    overview: str
    source: SourceKind
    public_data: bool
    """Whether public data 公共数据 is involved (R8, R18); `source` does not tell."""
    procedure: Procedure
    """As the applicant states it; the officer decides at acceptance (R8)."""
    rights: tuple[Right, ...]
    holders: tuple[Holder, ...]
    data_class: DataClass
    level_scheme: str
    level: int
    use: str
    sample_fields: tuple[str, ...]
    scale: str
    time_span: tuple[date, date]
    update_frequency: str
    form: str
    limits: str
    volume: Volume
    route: InformationRoute
    basis: LawfulBasis | None
    ground: str
    """The law, order or approval that a basis other than consent rests on (R27); else empty."""
    processing: frozenset[Processing]
    declared_grounds: frozenset[Ground]
    validity_years: int
    files: tuple[DeclaredFile, ...]
    notices: tuple[bytes, ...]
    """Leaf hashes of the notice versions whose consents are the basis; empty where none is named."""
    document: Mapping[str, Any] = field(repr=False)
    """The JSON document itself, for the private commitment of `application.received` (S2.3)."""

    @property
    def facts(self) -> CaseFacts:
        """What the reviewer's checklist depends on (R19, R23)."""
        reports = frozenset(file.path for file in self.files if file.role is FileRole.RISK)
        return CaseFacts(self.route, self.processing, self.volume, reports)

    def refusals(self, registry_code: str) -> tuple[Refusal, ...]:
        """List the grounds of refusal the application shows by itself (R20, R21)."""
        codes = [self.applicant.code, *(holder.code for holder in self.holders)]
        return refusals(self.declared_grounds, self.sample_fields, codes, registry_code)


def _credit_code(value: object, path: str) -> str:
    code = canonical.text(1, 40)(value, path)
    try:
        return check_credit_code(code)
    except DataFault as fault:
        raise DataFault(f"{path}: {fault.message} {fault.hint}", code=fault.code) from None


def _date(value: object, path: str) -> date:
    text = canonical.text(10, 10, r"[0-9]{4}-[0-9]{2}-[0-9]{2}")(value, path)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise DataFault(f"{path} is no date", code="field-value") from None


def _path(value: object, path: str) -> str:
    """Check a relative path: no empty, `.` or `..` part, no backslash, no drive, at most MAX_PATH."""
    text = prose(1, MAX_PATH)(value, path)
    parts = text.split("/")
    if any(part in ("", ".", "..") or len(part.encode()) > 255 for part in parts) or "\\" in text:
        raise DataFault(f"{path} is not a path inside the dossier", code="dossier-path")
    return text


_NAME = check_spelled(prose(1, 100))
_RIGHTS = ListOf(canonical.one_of(*Right), 1, len(Right))
_LEVEL: Schema = {"scheme": prose(1, 40), "value": canonical.integer(1, 5)}
_VOLUME: Schema = {
    "persons": canonical.integer(0, 10**10),
    "sensitive_persons": canonical.integer(0, 10**10),
    "nationwide": canonical.boolean,
    "kinds": ListOf(canonical.one_of(*SpecialKind), 0, len(SpecialKind)),
}
_SCHEMA: Mapping[str, Schema] = {
    "format": canonical.constant(FORMAT),
    "applicant": {
        "name": _NAME,
        "code": _credit_code,
        "contact": canonical.nullable(prose(1, 200)),
    },
    "asset": {
        "name": prose(1, 40),
        "time": prose(1, 40),
        "region": prose(1, 40),
        "trade": prose(1, 40),
        "content": prose(1, 40),
        "type": prose(1, 40),
    },
    "overview": prose(1, 400),
    "source": canonical.one_of(*SourceKind),
    "public_data": canonical.boolean,
    "procedure": canonical.one_of(*Procedure),
    "rights": _RIGHTS,
    "holders": ListOf({"name": _NAME, "code": _credit_code, "rights": _RIGHTS}, 1, MAX_HOLDERS),
    "class": canonical.one_of(*DataClass),
    "level": _LEVEL,
    "use": prose(1, 400),
    "sample_fields": ListOf(prose(1, 60), 1, 200),
    "scale": prose(1, 60),
    "time_span": {"from": _date, "to": _date},
    "update_frequency": prose(1, 60),
    "form": prose(1, 100),
    "limits": prose(0, 400),
    "volume": _VOLUME,
    "personal_information": {
        "route": canonical.one_of(*InformationRoute),
        "basis": canonical.nullable(canonical.one_of(*LawfulBasis)),
        "ground": prose(0, 200),
        "retrospective": canonical.boolean,
    },
    "processing": ListOf(canonical.one_of(*Processing), 0, len(Processing)),
    "declarations": {
        "state_secrets": canonical.boolean,
        "public_security": canonical.boolean,
        "prescriber_statistics": canonical.boolean,
    },
    "validity_years": canonical.integer(1, 5),
    "files": ListOf(
        {"path": _path, "role": canonical.one_of(*FileRole), "title": prose(1, 100)}, 1, MAX_FILES
    ),
}


@dataclass(frozen=True, slots=True)
class Examined:
    """What could be made of an application: all of it, or every fault and, if readable, its files."""

    application: Application | None
    files: tuple[DeclaredFile, ...] | None
    problems: tuple[Problem, ...]


def examine(data: bytes) -> Examined:
    """Read `application.json`, UTF-8 of at most `MAX_BYTES`, and list its faults.

    Raises:
        DataFault: `json-…` when it is no JSON of ours.
    """
    return _examined(canonical.loads(canonical.saved(data), max_bytes=MAX_BYTES))


def _examined(value: canonical.JSON) -> Examined:
    document = _with_names_spelled(value)
    problems: list[Problem] = []
    notices, rest = _take_notices(document, problems)
    fields = read(rest, _SCHEMA, problems)
    if fields is not MISSING:
        cross_checks(fields, notices, problems)
    files = None
    if fields is not MISSING and is_whole(fields["files"]):
        files = tuple(DeclaredFile(f["path"], FileRole(f["role"]), f["title"]) for f in fields["files"])
    if problems:
        return Examined(None, files, tuple(problems))
    assert isinstance(document, dict)
    return Examined(_build(fields, notices, document), files, ())


def _with_names_spelled(document: canonical.JSON) -> canonical.JSON:
    """The document with its parties' names in their one spelling; the rest as it stands."""
    if not isinstance(document, dict):
        return document
    return {
        key: spell_names(value) if key in ("applicant", "holders") else value
        for key, value in document.items()
    }


def _take_notices(
    document: canonical.JSON, problems: list[Problem]
) -> tuple[tuple[bytes, ...], canonical.JSON]:
    """Read the one field that may be absent, and give the document without it."""
    if not isinstance(document, dict) or "notices" not in document:
        return (), document
    rest = {name: value for name, value in document.items() if name != "notices"}
    try:
        return check_notices(document["notices"], "$.notices"), rest
    except DataFault as fault:
        path = str(fault.data["path"])
        problems.append(Problem(path, fault.message.removeprefix(path).strip(), fault.code))
        return (), rest


def read_application(document: canonical.JSON) -> Application:
    """Read the document of an application.

    Raises `DataFault` `application-invalid`, with every fault in `problems`, each a path and what is wrong,
    and their `codes`.
    """
    examined = _examined(document)
    if examined.application is None:
        raise all_faults("application.json", examined.problems, "application-invalid")
    return examined.application


def read_procedure(document: canonical.JSON) -> tuple[Procedure, bool]:
    """Which procedure an application states, and whether it concerns public data; nothing else is looked at.

    For those that were read whole before they were recorded. Raises `DataFault` `application-invalid`.
    """
    problems: list[Problem] = []
    stated = {name: document.get(name) for name in _STATED} if isinstance(document, dict) else document
    fields = read(stated, {name: _SCHEMA[name] for name in _STATED}, problems)
    if problems:
        raise all_faults("application.json", problems, "application-invalid")
    return Procedure(fields["procedure"]), fields["public_data"]


_STATED: Final = ("procedure", "public_data")
"""The fields that decide which procedure a case takes (R8)."""


def _build(fields: dict[str, Any], notices: tuple[bytes, ...], document: Mapping[str, Any]) -> Application:
    information = fields["personal_information"]
    basis = information["basis"]
    return Application(
        applicant=Party(**fields["applicant"]),
        asset=Asset(**fields["asset"]),
        overview=fields["overview"],
        source=SourceKind(fields["source"]),
        public_data=fields["public_data"],
        procedure=Procedure(fields["procedure"]),
        rights=in_order(map(Right, fields["rights"])),
        holders=holders_of(fields["holders"]),
        data_class=DataClass(fields["class"]),
        level_scheme=fields["level"]["scheme"],
        level=fields["level"]["value"],
        use=fields["use"],
        sample_fields=tuple(fields["sample_fields"]),
        scale=fields["scale"],
        time_span=(fields["time_span"]["from"], fields["time_span"]["to"]),
        update_frequency=fields["update_frequency"],
        form=fields["form"],
        limits=fields["limits"],
        volume=volume_of(fields["volume"]),
        route=InformationRoute(information["route"]),
        basis=None if basis is None else LawfulBasis(basis),
        ground=information["ground"],
        processing=frozenset(map(Processing, fields["processing"])),
        declared_grounds=frozenset(Ground(name) for name, yes in fields["declarations"].items() if yes),
        validity_years=fields["validity_years"],
        files=tuple(DeclaredFile(f["path"], FileRole(f["role"]), f["title"]) for f in fields["files"]),
        notices=notices,
        document=document,
    )

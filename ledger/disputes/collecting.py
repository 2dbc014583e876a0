"""Evidence the registry itself preserves (R37): what the ledger says of a certificate, a consent, a notice, a
time, and who looked at what.

Each becomes one item whose bytes are canonical JSON: statements with what opens their commitments, as they
stand at the moment of capture. Later changes of the ledger do not touch it.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sqlalchemy import and_, or_
from sqlmodel import Session, col, select

from yinzheng.ledger.accesses.committed import seals
from yinzheng.ledger.accesses.ranges import range_between
from yinzheng.ledger.cases.work import dossier_key
from yinzheng.ledger.disputes.evidence import Offered
from yinzheng.ledger.flow.recording import open_event
from yinzheng.ledger.flow.threads import thread
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.state.files import disk_faults
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Case, Certificate, Checkpoint, Event
from yinzheng.ledger.store.models_consents import Consent, Notice, Organisation
from yinzheng.ledger.store.models_disputes import Dispute
from yinzheng.ledger.store.models_moves import Licence
from yinzheng.ledger.store.sealed import SealedValue
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.access_range import format_range
from yinzheng.verifier.formats.dossier import committed_form
from yinzheng.verifier.formats.evidence_items import ACCESS_LOG
from yinzheng.verifier.formats.notice import MAX_NOTICE
from yinzheng.verifier.log.statement import LICENCE_ENDED, MAX_STATEMENT_BYTES

MAX_STATEMENTS = 256
"""Of one item (S10.7)."""

_LICENCES = 64
"""Of one certificate, the newest, whose statements leave room for its own."""

_CHUNK = 1024 * 1024

_MEDIA = {
    ".csv": "text/csv",
    ".html": "text/html",
    ".jpg": "image/jpeg",
    ".json": "application/json",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".txt": "text/plain",
    ".warc": "application/warc",
    ".zip": "application/zip",
}


def certificate_item(registry: Registry, number: str) -> Offered:
    """A certificate, its history and the licences given under it (R4), of many the newest.

    Raises `UsageFault` `certificate-unknown`, `item-empty`.
    """
    with registry.store.reading() as session:
        certificate = repository.find_certificate(session, number)
        events, seal = _of_case(registry, session, certificate.case_id)
        events = [*events, *_licences(session, number)]
        return _statements(
            registry, f"证书 {number} 及其历史", "certificate", {"number": number}, events, seal
        )


def consent_item(registry: Registry, subject: bytes) -> Offered:
    """A consent with its withdrawals; `UsageFault` `subject-unknown`."""
    with registry.store.reading() as session:
        events, seal = find_thread(registry, session, subject)
        about: dict[str, JSON] = {"subject": subject.hex()}
        return _statements(registry, "个人同意及其撤回", "consent", about, events, seal)


def notice_item(registry: Registry, leaf: bytes) -> Offered:
    """A version of a notice and the versions before it; `UsageFault` `notice-unknown`."""
    with registry.store.reading() as session:
        if session.exec(select(Notice).where(Notice.leaf == leaf)).first() is None:
            raise UsageFault("no such notice was published here", code="notice-unknown")
        return _statements(registry, "告知书及其以前的版本", "notice", {}, thread(session, leaf), None)


def as_of_item(registry: Registry, subject: bytes, at: int) -> Offered:
    """What the ledger had said of a subject by an instant (UTC seconds).

    Raises `UsageFault`: `subject-unknown`, `item-empty` (nothing by then), `as-of-future`.
    """
    now = registry.clock()
    if at > now:
        raise UsageFault("nobody knows yet what the ledger will say then", code="as-of-future")
    with registry.store.reading() as session:
        events, seal = find_thread(registry, session, subject)
        query = select(Checkpoint).where(Checkpoint.created_at <= at).order_by(col(Checkpoint.size).desc())
        checkpoint = session.exec(query.limit(1)).first()
        by_then = [event for event in events if event.at <= at]
        if checkpoint is None or not by_then:
            raise _empty()
        about: dict[str, JSON] = {"subject": subject.hex(), "at": at, "tree_size": checkpoint.size}
        return _statements(registry, "截至某时的账本陈述", "as_of", about, by_then, seal)


def access_item(registry: Registry, since: int, until: int) -> Offered:
    """All access lines of a time, each with what proves it, and the proof that they are all (S16.7).

    Raises as `ranges.range_between`.
    """
    with registry.store.reading() as session:
        found = range_between(session, registry.keys, since, until, seals(registry, session))
    leaves: list[JSON] = [batch.statement.leaf_hash.hex() for batch in found.batches]
    about: dict[str, JSON] = {
        "since": since,
        "until": found.until,
        "first": found.first,
        "last": found.last,
    }
    content = format_range(found.batches)
    return _offered(registry, "访问记录区间", ACCESS_LOG, {**about, "statements": leaves}, content)


def file_item(registry: Registry, path: Path) -> Offered:
    """A file the registry was given or made, as it is; its bytes are opaque, an archive is one item.

    Its time of capture is now: what was before is not claimed. Raises `UsageFault` `file-missing`.
    """
    if not path.is_file():
        raise UsageFault(f"there is no file {path}", code="file-missing", hint="Check the path.")
    media = _MEDIA.get(path.suffix.lower(), "application/octet-stream")
    about: dict[str, JSON] = {"name": path.name, "media_type": media}
    offered = _offered(registry, path.name[:100], "file", about, {})
    claim = {**offered.claim, "provenance": "由登记机构收存的文件 A file the registry was handed."}
    return Offered(claim, _chunks(path))


def find_thread(
    registry: Registry, session: Session, subject: bytes
) -> tuple[Sequence[Event], SealedValue | None]:
    """The statements of a subject (S2.4), and what opens their private bodies; None once destroyed.

    Raises `UsageFault` `subject-unknown`.
    """
    certificate = session.exec(select(Certificate).where(Certificate.subject == subject)).first()
    if certificate is not None:
        return _of_case(registry, session, certificate.case_id)
    case = session.exec(select(Case).where(Case.subject == subject)).first()
    if case is not None:
        return _of_case(registry, session, case.id)
    consent = session.get(Consent, subject)
    if consent is not None:
        key = consent.wrapped_key and registry.keys.wrapper().unwrap(consent.wrapped_key, subject)
        return thread(session, consent.head), SealedValue(key) if key else None
    licence = session.exec(select(Licence).where(Licence.subject == subject)).first()
    if licence is not None:
        return _told(session, [licence]), None
    dispute = session.exec(select(Dispute).where(Dispute.subject == subject)).first()
    if dispute is not None and dispute.head is not None:
        return thread(session, dispute.head), SealedValue(dossier_key(registry, session, dispute.dossier_id))
    organisation = session.exec(select(Organisation).where(Organisation.subject == subject)).first()
    if organisation is not None:
        return thread(session, organisation.head), None
    newest = select(Notice).where(Notice.subject == subject).order_by(col(Notice.version).desc())
    notice = session.exec(newest.limit(1)).first()
    if notice is not None:
        return thread(session, notice.leaf), None
    raise UsageFault("this ledger knows no such subject", code="subject-unknown")


def opened(event: Event, seal: SealedValue | None) -> tuple[JSON, bytes | None]:
    """What a statement commits to and the secret that opens it; None and None where it was erased."""
    if event.public is not None:
        return canonical.loads(event.public, max_bytes=MAX_NOTICE), None
    if seal is None or not event.sealed:
        return None, None
    body, secret = open_event(seal, event.sealed, event.leaf_hash)
    return committed_form(event.type, body), secret


def _chunks(path: Path) -> Iterator[bytes]:
    with disk_faults(path), path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _licences(session: Session, number: str) -> Sequence[Event]:
    """What gave and ended the newest licences under a certificate, whose bodies are public."""
    given = select(Licence).where(Licence.certificate == number, col(Licence.event_id).is_not(None))
    return _told(session, session.exec(given.order_by(col(Licence.event_id).desc()).limit(_LICENCES)).all())


def _told(session: Session, licences: Sequence[Licence]) -> Sequence[Event]:
    """What gave and ended licences, in its order."""
    ended = and_(
        col(Event.type) == LICENCE_ENDED, col(Event.subject).in_([licence.subject for licence in licences])
    )
    given = col(Event.id).in_([licence.event_id for licence in licences if licence.event_id is not None])
    return session.exec(select(Event).where(or_(given, ended)).order_by(col(Event.id))).all()


def _of_case(registry: Registry, session: Session, case_id: str) -> tuple[Sequence[Event], SealedValue]:
    case = repository.find_case(session, case_id)
    seal = SealedValue(dossier_key(registry, session, case.dossier_id))
    return repository.events_of_case(session, case_id), seal


def _statements(
    registry: Registry,
    title: str,
    kind: str,
    about: dict[str, JSON],
    events: Sequence[Event],
    seal: SealedValue | None,
) -> Offered:
    logged = [event for event in events if event.log_index is not None][-MAX_STATEMENTS:]
    if not logged:
        raise _empty()
    statements: list[JSON] = []
    for event in logged:
        body, secret = opened(event, seal)
        statement = canonical.loads(event.statement, max_bytes=MAX_STATEMENT_BYTES)
        statements.append({"statement": statement, "body": body, "secret": secret.hex() if secret else None})
    leaves: list[JSON] = [event.leaf_hash.hex() for event in logged]
    content: dict[str, JSON] = {"format": "yinzheng/history/1", "kind": kind, "statements": statements}
    return _offered(registry, title, kind, {**about, "statements": leaves}, content)


def _offered(
    registry: Registry, title: str, kind: str, about: dict[str, JSON], content: dict[str, JSON] | bytes
) -> Offered:
    instance = registry.instance
    claim: dict[str, Any] = {
        "v": 1,
        "kind": kind,
        "title": title,
        "about": about,
        "collector": {"name": instance.registry_name, "code": instance.registry_code},
        "tool": f"yinzheng {version('yinzheng')}",
        "environment": f"log {instance.origin}, chain {instance.chain_id}, {platform.system()}",
        "captured_at": registry.clock(),
        "provenance": "由登记机构从自己的账本提取 Taken by the registry from its own ledger.",
        "custody": [],
        "witnesses": [],
    }
    return Offered(claim, [content if isinstance(content, bytes) else canonical.dumps(content)])


def _empty() -> UsageFault:
    return UsageFault(
        "the ledger has nothing of it yet",
        code="item-empty",
        hint="What waits enters the log with `yinzheng settle`.",
    )

"""What a guardian sent in to be looked at (R33): sealed under the consent's key, and gone once it was.

Documents alone are asked for, no face. What is kept for good are digests, in the statement that verifies it.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import delete
from sqlmodel import col

from yinzheng.ledger.accesses.noting import Access, note
from yinzheng.ledger.accesses.reader import Reader
from yinzheng.ledger.people.acting import Actor, admit
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.rules.withdrawal import State
from yinzheng.ledger.store.models_consents import GuardianUpload
from yinzheng.ledger.withdrawals.work import ConsentThread, work_on
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.errors import DataFault, UsageFault

MAX_FILE: Final = 2 * 1024 * 1024
MAX_SEALED: Final = 8 * 1024 * 1024

_KINDS: Final = {b"%PDF-": ".pdf", b"\xff\xd8\xff": ".jpg", b"\x89PNG\r\n\x1a\n": ".png"}


@dataclass(frozen=True, slots=True)
class Upload:
    """One document: which (`identity` or `guardianship`), and its bytes. None of it is in `repr`."""

    which: str
    content: bytes = field(repr=False)

    @property
    def suffix(self) -> str:
        """What its name ends with, by its first bytes. Raises `DataFault` `guardian-upload`."""
        for start, suffix in _KINDS.items():
            if self.content.startswith(start):
                return suffix
        raise DataFault(
            "the document is no PDF, JPEG or PNG",
            code="guardian-upload",
            hint="Take a photograph of it, or go to a counter.",
        )


def keep(work: ConsentThread, uploads: Sequence[Upload]) -> None:
    """Keep what a guardian sent in for a withdrawal that waits for it; what came before is replaced.

    Raises `UsageFault`: `guardian-not-awaited`; `DataFault` `guardian-upload` (another kind, or too large).
    """
    if work.situation.state is not State.REQUESTED:
        raise UsageFault(
            "This withdrawal waits for no guardian.",
            code="guardian-not-awaited",
            hint="Its progress tells how it stands.",
        )
    values: list[JSON] = []
    for one in uploads:
        if not one.suffix or len(one.content) > MAX_FILE:
            raise DataFault(
                f"a document has at most {MAX_FILE // 1024 // 1024} MiB",
                code="guardian-upload",
                hint="Take a smaller photograph of it, or go to a counter.",
            )
        values.append({"which": one.which, "content": base64.b64encode(one.content).decode()})
    sealed = work.seal.seal(canonical.dumps(values), work.row.id)
    forget(work)
    work.session.add(GuardianUpload(withdrawal_id=work.row.id, sealed=sealed, at=work.now))


def hand_out(registry: Registry, id_: bytes, officer: Actor) -> tuple[Upload, ...]:
    """What a guardian sent in, handed to an officer who is to look at it; an access line tells so (R47).

    Raises `UsageFault`: `withdrawal-unknown`, `person-…`, `guardian-nothing`; `DataFault` `seal-broken`.
    """
    with registry.store.reading() as session:
        admit(session, officer, Capacity.REGISTRY)
    with work_on(registry, id_) as work:
        admit(work.session, officer, Capacity.REGISTRY)
        row = work.session.get(GuardianUpload, id_)
        if row is None:
            raise UsageFault(
                "No guardian sent documents for this withdrawal.",
                code="guardian-nothing",
                hint="They may be shown at a counter: `yinzheng verify-guardian`.",
            )
        access = Access("export", "withdrawal", id_.hex(), "withdrawal", consent=work.subject)
        note(registry, work.session, Reader.of_actor(registry, officer), access)
        values = canonical.loads(work.seal.open(row.sealed, id_), max_bytes=MAX_SEALED)
    assert isinstance(values, list)  # `keep` wrote it
    return tuple(
        Upload(str(one["which"]), base64.b64decode(str(one["content"])))
        for one in values
        if isinstance(one, dict)
    )


def forget(work: ConsentThread) -> None:
    """Let what was sent in go: it was looked at, or something else came."""
    work.session.flush()
    work.session.execute(delete(GuardianUpload).where(col(GuardianUpload.withdrawal_id) == work.row.id))

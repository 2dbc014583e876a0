"""The witnesses that the registry feeds, as they lie in its database (D18)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlmodel import Session

from yinzheng.ledger.store import repository
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.canonical import Check, list_of, object_of, read_object, text
from yinzheng.verifier.judge.witnesses import (
    MAX_WITNESSES,
    NO_WITNESSES,
    QUORUM,
    WITNESS,
    Witness,
    Witnesses,
    read_witnesses,
)

MAX_URL: Final = 255
MAX_BYTES: Final = 64 * 1024
META: Final = "witnesses"
"""Of the fact that says who they are."""

_FIELDS: Final[dict[str, Check[Any]]] = {
    "witnesses": list_of(object_of({**WITNESS, "url": text(1, MAX_URL)}), 0, MAX_WITNESSES),
    "quorum": QUORUM,
}


@dataclass(frozen=True, slots=True)
class Fed:
    """The witnesses that are fed, and where each takes checkpoints."""

    trusted: Witnesses = NO_WITNESSES
    urls: tuple[str, ...] = ()
    """Of each, in their order: the submission prefix of C2SP tlog-witness."""

    def each(self) -> list[tuple[Witness, str]]:
        """The witnesses with their addresses."""
        return list(zip(self.trusted.known, self.urls, strict=True))

    def to_json(self) -> dict[str, Any]:
        """As it is stored."""
        each = [{**one.to_json(), "url": url} for one, url in self.each()]
        return {"witnesses": each, "quorum": self.trusted.quorum}


def fed_in(session: Session) -> Fed:
    """The witnesses of this registry. Raises `DataFault` (`json-…`, `field-…`, `trust-inconsistent`)."""
    said = repository.meta_of(session, META)
    if said is None:
        return Fed()
    fields = read_object(canonical.loads(said.encode(), max_bytes=MAX_BYTES), _FIELDS)
    return Fed(
        read_witnesses(fields["witnesses"], fields["quorum"]), tuple(o["url"] for o in fields["witnesses"])
    )

"""What a forum told `Preservation` itself, as a paper that is handed in afterwards (S24.4).

The contracts were told a leaf hash, and a signature over it. The paper has what the hash is of: the
statement, its body, and the secret that opens its commitment. Whoever hands it in can change none of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from yinzheng.verifier.bytes.canonical import JSON, Check, constant, hex_bytes, read_object
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.dispute import Opening, Release, parse_opening, parse_release
from yinzheng.verifier.log.statement import Statement, commit_private, verify_body

FORMAT: Final = "yinzheng/dispute-paper/1"
MAX_PAPER: Final = 128 * 1024
"""Bytes of a paper, however it is written."""

OPENED: Final = "dispute.opened"
RELEASED: Final = "dispute.released"


@dataclass(frozen=True, slots=True)
class DisputePaper:
    """A paper; `parse_dispute_paper` makes one whose body is what its statement commits to."""

    statement: Statement
    body: Opening | Release
    secret: bytes
    """32 bytes; it opens the statement's commitment (S2.3)."""

    def to_json(self) -> dict[str, JSON]:
        """The object of S24.4."""
        return {
            "format": FORMAT,
            "statement": self.statement.to_json(),
            "body": self.body.to_json(),
            "secret": self.secret.hex(),
        }


def paper_of(body: Opening | Release, secret: bytes, *, profile: str, prev: bytes | None) -> DisputePaper:
    """The paper of what a forum tells; `prev` is the dispute's latest leaf hash, None for an opening."""
    opening = isinstance(body, Opening)
    statement = Statement(
        type=OPENED if opening else RELEASED,
        profile=profile,
        subject=body.dispute,
        at=_time(body),
        commitment=commit_private(secret, body.canonical()),
        prev=prev,
        by="forum",
    )
    return parse_dispute_paper(DisputePaper(statement, body, secret).to_json())


def parse_dispute_paper(value: object) -> DisputePaper:
    """Read a paper.

    Raises `DataFault`: a code of `read_object`, whatever the body's reader says, `commitment` (the body or
    the secret is another's), or `paper-malformed` (no forum's opening or document, or of another dispute or
    time).
    """
    found = read_object(value, _FIELDS)
    statement: Statement = found["statement"]
    body: Opening | Release
    if statement.type == OPENED:
        body = parse_opening(found["body"])
        sound = body.kind == "forum" and body.evidence_root is None and statement.prev is None
    elif statement.type == RELEASED:
        body = parse_release(found["body"])
        sound = body.kind == "document" and statement.prev is not None
    else:
        raise _malformed()
    verify_body(statement, body.canonical(), found["secret"])
    own = (body.dispute, _time(body), "forum")
    if not sound or own != (statement.subject, statement.at, statement.by):
        raise _malformed()
    return DisputePaper(statement, body, found["secret"])


def _time(body: Opening | Release) -> int:
    return body.opened_at if isinstance(body, Opening) else body.released_at


def _malformed() -> DataFault:
    return DataFault(
        "this is no paper of a forum's opening, or of its document that ends a dispute",
        code="paper-malformed",
        hint="Hand in the file that `yinzheng org direct` wrote, unchanged.",
    )


def _as_given(value: object, _path: str) -> object:
    """Leave the body to the reader of its type."""
    return value


_FIELDS: Final[dict[str, Check[Any]]] = {
    "format": constant(FORMAT),
    "statement": Statement.from_json,
    "body": _as_given,
    "secret": hex_bytes(32),
}

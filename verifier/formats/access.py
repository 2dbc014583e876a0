"""The access line (S19): one use of a person's data, or one opening of what is kept about them (R30, R47).

Lines are private. Each is committed under 32 fresh bytes of its own (S2.3); the commitments of a minute or a
hundred lines are the leaves of a Merkle tree (RFC 6962) whose root a public statement `accesses.noted` puts
into the log. So a line is proved by its secret, a path and that statement, and nobody reads anything else.

What a line says names the organisation that acted and in what function, and never the person it is about:
its object is a reference or a random subject. Who acted there is committed to apart (`Who`), so that a
patient is shown the line without a name; and so are free words, which could name someone (`Words`): they can
be destroyed with the record they speak of while the line stays.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Final

from yinzheng.verifier.bytes.algorithms import DigestPair, sha256
from yinzheng.verifier.bytes.canonical import (
    boolean,
    hex_bytes,
    integer,
    nullable,
    one_of,
    text,
)
from yinzheng.verifier.bytes.shape import Versioned, read_shape
from yinzheng.verifier.bytes.wording import check_words
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.body import check_credit_code
from yinzheng.verifier.formats.notice import SCOPES
from yinzheng.verifier.log.merkle import hash_leaf
from yinzheng.verifier.log.statement import commit_private

NOTED: Final = "accesses.noted"
"""Type of the statement about a batch."""

MAX_ACCESS: Final = 2048
"""Canonical bytes of a line, and of its words."""

MAX_BATCH: Final = 1 << 20
"""Lines of one batch."""

BEARER: Final = "receipt"
"""The person of a line about whoever showed a receipt: the line names no data subject."""

ITSELF: Final = "registry"
"""The person, and the function, of a line about what the registry does by itself when its time has come."""

ACTIONS: Final = ("act", "export", "list", "process", "see", "use")
"""`use` of the data, told by an organisation; of what is kept here: `see`n, handed out as a file (`export`),
`list`ed, opened in the course of a decision (`process`); and an `act` on the registry itself."""

KINDS: Final = (
    "approval",
    "audit",
    "backup",
    "certificate",
    "conclusion",
    "consent",
    "contact",
    "data",
    "dispute",
    "dossier",
    "erasure",
    "evidence",
    "import",
    "keys",
    "lines",
    "notices",
    "objection",
    "organisation",
    "pack",
    "person",
    "receipt",
    "retention",
    "supervision",
    "withdrawal",
    "witnesses",
    "work_list",
)
"""What was used, opened or acted on; `lines` are lines such as these, `keys` the registry's own."""

PURPOSES: Final = (
    "audit",
    "dispute",
    "erasure",
    "handover",
    "import",
    "keeping",
    "own",
    "registration",
    "stated",
    "supervision",
    "withdrawal",
    "work",
)
"""What for: `handover` to whom it belongs, `keeping` (backups, people, keys), `own` (by whom it is about),
`work` (what is due), `stated` (in the line's words), and the procedures of the registry."""

BASES: Final = (
    "consent",
    "ethics_waiver",
    "life_or_property_emergency",
    "own",
    "public_health_emergency",
    "registration",
    "statutory_duty",
)
"""What it rests on: a consent, one of the other bases of R27, the data subject's own right (R30), or the duty
to register, preserve and keep (the registry's own procedures)."""


@dataclass(frozen=True, slots=True)
class Words(Versioned):
    """What an organisation, or whoever opened something, said in words of their own."""

    purpose: Annotated[str, check_words(1, 200)] = field(repr=False)
    operator: Annotated[str | None, nullable(check_words(1, 100))] = field(repr=False)
    """Who used the data there, as the organisation calls them; None: nobody besides the line's person."""
    ground: Annotated[str | None, nullable(check_words(1, 200))] = field(repr=False)
    """The law, order or approval of a basis other than consent (R27)."""


@dataclass(frozen=True, slots=True)
class Who(Versioned):
    """Who acted, authenticated. Committed to apart: a patient is shown a line without it (R30)."""

    person: Annotated[str, text(1, 64, r"[a-z0-9][a-z0-9-]*")]
    """Short name, key id (16 hex) of a signed request, `BEARER` or `ITSELF`."""


@dataclass(frozen=True, slots=True)
class AccessLine(Versioned):
    """One line (S19.1). `parse_line` makes one that is well formed."""

    number: Annotated[int, integer(1)]
    """Of this registry, from 1, without gaps."""
    noted_at: Annotated[int, integer()]
    """When it was written, UTC seconds."""
    at: Annotated[int, integer()]
    """When it happened: of a use what the organisation told, else `noted_at`."""
    organisation: Annotated[str | None, nullable(check_credit_code)]
    """Of whoever acted; the registry's own for its staff; None for the holder of a receipt."""
    who: Annotated[DigestPair, DigestPair.from_json]
    """Commitment (S2.3) to `Who` under a secret of its own: whom the line is about sees the function, an
    auditor and a court the name too.
    """
    function: Annotated[str, text(1, 40, r"[a-z]+(?:[_-][a-z]+)*")]
    """In what capacity, such as `registry`, `committee`, `controller`, `recipient`, `holder`."""
    action: Annotated[str, one_of(*ACTIONS)]
    kind: Annotated[str, one_of(*KINDS)]
    object: Annotated[str, text(1, 100, r"[A-Za-z0-9][A-Za-z0-9._:+-]*")]
    """A reference, or the hex of a subject or leaf hash; how many there were, of a list."""
    consent: Annotated[bytes | None, nullable(hex_bytes(32))]
    """Subject of the consent whose person it is about; None: of no consent's, or of many."""
    purpose: Annotated[str, one_of(*PURPOSES)]
    scope: Annotated[str | None, nullable(one_of(*SCOPES))]
    """The scope of the consent it was said to rest on."""
    basis: Annotated[str, one_of(*BASES)]
    covered: Annotated[bool | None, nullable(boolean)]
    """Whether an answer in force at `at` covers it; None where `basis` is not consent."""
    channel: Annotated[str, text(1, 60, r"(?:command|desk|web)(?: [0-9a-f.:]+/[0-9]+)?")]
    """By which door, and from which network where that is known."""
    words: Annotated[DigestPair | None, nullable(DigestPair.from_json)]
    """Commitment (S2.3) to `Words` under a secret of their own."""

    def canonical(self) -> bytes:
        """The canonical bytes of a line that `parse_line` would take.

        Names are in order and no value needs escaping, so that this is `dumps(self.to_json())` in a tenth of
        its time: every opening writes a line.
        """
        covered = "null" if self.covered is None else "true" if self.covered else "false"
        return (
            f'{{"action":"{self.action}","at":{self.at},"basis":"{self.basis}","channel":"{self.channel}",'
            f'"consent":{_quoted(self.consent and self.consent.hex())},"covered":{covered},'
            f'"function":"{self.function}","kind":"{self.kind}","noted_at":{self.noted_at},'
            f'"number":{self.number},"object":"{self.object}","organisation":{_quoted(self.organisation)},'
            f'"purpose":"{self.purpose}","scope":{_quoted(self.scope)},"v":1,"who":{_pair(self.who)},'
            f'"words":{"null" if self.words is None else _pair(self.words)}}}'
        ).encode()


@dataclass(frozen=True, slots=True)
class Batch(Versioned):
    """Body of `accesses.noted` (S19.3): lines `first` … `first + count - 1`, and nothing about them."""

    first: Annotated[int, integer(1)]
    count: Annotated[int, integer(1, MAX_BATCH)]
    since: Annotated[int, integer()]
    """`noted_at` of the first line, UTC seconds."""
    until: Annotated[int, integer()]
    """`noted_at` of the last."""
    root: Annotated[bytes, hex_bytes(32)]
    """RFC 6962 root over the lines' leaf hashes (`leaf_of`)."""


def _quoted(value: object) -> str:
    return "null" if value is None else f'"{value}"'


def _pair(pair: DigestPair) -> str:
    return f'{{"sha256":"{pair.sha256.hex()}","sm3":"{pair.sm3.hex()}"}}'


def parse_line(value: object) -> AccessLine:
    """Read a line. Raises `DataFault`: a code of `canonical.read_object`, `credit-code`, `access-basis`."""
    line = read_shape(AccessLine, value)
    if (line.covered is not None) is not (line.basis == "consent") or (line.scope and line.covered is None):
        raise DataFault("a line rests on a consent's scope, or on another basis", code="access-basis")
    return line


def parse_batch(value: object) -> Batch:
    """Read the body of `accesses.noted`. Raises `DataFault`: a code of `canonical.read_object`."""
    return read_shape(Batch, value)


def leaf_of(line: bytes, secret: bytes) -> bytes:
    """Leaf hash of a line, given in canonical bytes, in its batch's tree (S19.2).

    `SHA-256(0x00 || JCS(commitment))`, the commitment being S2.3's under the line's secret, 32 bytes.
    """
    return hash_leaf(_pair(commit_private(secret, line)).encode())


def accesses_subject(origin: str) -> bytes:
    """Subject of the one thread of `accesses.noted` of a registry, 32 bytes (S2.4), by its log's origin."""
    return sha256(b"yinzheng/accesses/1:" + origin.encode())

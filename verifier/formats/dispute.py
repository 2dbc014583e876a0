"""Private bodies of a dispute's opening and end (S10.6b), and the root of its evidence (S10.7).

Its evidence items are in `items`. Parties and subjects are what the contract was told (S5.13): lists in
ascending order, each entry once.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from yinzheng.verifier.bytes.algorithms import DigestPair, Sm2PublicKey
from yinzheng.verifier.bytes.canonical import Check, hex_bytes, integer, nullable, one_of, tuple_of
from yinzheng.verifier.bytes.shape import Shaped, Versioned, read_shape, shape
from yinzheng.verifier.bytes.wording import PARTY, check_name, check_words, set_of
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.body import Party, check_credit_code
from yinzheng.verifier.log.merkle import Growing, root_from_leaves

MAX_OPENING: Final = 32_768
"""Canonical bytes of `dispute.opened`; bounded by its fields."""

MAX_RELEASE: Final = 32_768
"""Canonical bytes of `dispute.released`; bounded by its fields."""

OPENINGS: Final = ("forum", "party")
"""Who opened a dispute; on chain 1 and 2 (S5.13)."""

RELEASES: Final = ("document", "settlement")
"""What ends a dispute: an effective document of a forum, or all parties' settlement (R39)."""

WAITING: Final = ("amendment", "deposit", "destruction", "retention")
"""What waits while a dispute is open (R38, R39): amendment is change, transfer, licence or cancellation of a
certificate, deposit that of a case, destruction that of a withdrawn consent, retention the end of a term."""

MAX_PARTIES: Final = 16
MAX_SUBJECTS: Final = 64


def _point(value: object, path: str) -> bytes:
    return Sm2PublicKey(hex_bytes(65)(value, path)).point


_HELD: Final = set_of(hex_bytes(32), 0, MAX_SUBJECTS)


@dataclass(frozen=True, slots=True)
class Disputant(Shaped):
    """A party: its account of this dispute alone, and the SM2 key of its requests, if it is enrolled."""

    name: Annotated[str, check_name(1, 100)]
    code: Annotated[str | None, nullable(check_credit_code)]
    """None for a natural person."""
    account: Annotated[bytes, hex_bytes(20)]
    """20 bytes."""
    key: Annotated[bytes | None, nullable(_point)]
    """65 bytes, `04 || x || y`."""


DISPUTANTS: Final[Check[tuple[Disputant, ...]]] = tuple_of(shape(Disputant), 2, MAX_PARTIES)
"""Check for the parties of a dispute, two at least."""


@dataclass(frozen=True, slots=True)
class Subjects(Shaped):
    """What a dispute holds: subjects (S2.4) of certificates, of cases before deposit, and of consents."""

    records: Annotated[tuple[bytes, ...], _HELD]
    cases: Annotated[tuple[bytes, ...], _HELD]
    consents: Annotated[tuple[bytes, ...], _HELD]

    def __len__(self) -> int:
        return len(self.records) + len(self.cases) + len(self.consents)


@dataclass(frozen=True, slots=True)
class Opening(Versioned):
    """Body of `dispute.opened` (S10.6b). `parse_opening` makes one that is known to be well formed."""

    dispute: Annotated[bytes, hex_bytes(32)]
    """32 bytes: the dispute's subject, and its identifier on chain."""
    forum: Annotated[Party, PARTY]
    number: Annotated[str, check_words(1, 100)]
    """The forum's own case number."""
    kind: Annotated[str, one_of(*OPENINGS)]
    opened_by: Annotated[bytes, hex_bytes(20)]
    """20 bytes: the account that signed the opening, a party's where a party opened."""
    parties: Annotated[tuple[Disputant, ...], DISPUTANTS]
    """By ascending account."""
    subjects: Subjects
    opened_at: Annotated[int, integer()]
    evidence_root: Annotated[bytes | None, nullable(hex_bytes(32))]
    """Root over the items that came with the opening, whose statements precede it; None without any."""


@dataclass(frozen=True, slots=True)
class Resumption(Shaped):
    """What had waited for a subject and goes on now."""

    subject: Annotated[bytes, hex_bytes(32)]
    what: Annotated[str, one_of(*WAITING)]


@dataclass(frozen=True, slots=True)
class Release(Versioned):
    """Body of `dispute.released` (S10.6b). `parse_release` makes one that is known to be well formed."""

    dispute: Annotated[bytes, hex_bytes(32)]
    kind: Annotated[str, one_of(*RELEASES)]
    document: Annotated[DigestPair, DigestPair.from_json]
    """Of the settlement's or the effective document's bytes."""
    reference: Annotated[str, check_words(1, 200)]
    """How the document is cited: its number, court and date."""
    signers: Annotated[tuple[bytes, ...], set_of(hex_bytes(20), 1, MAX_PARTIES)]
    """20 bytes each, ascending: the forum's account, or those of all parties."""
    released_at: Annotated[int, integer()]
    resumed: Annotated[tuple[Resumption, ...], tuple_of(shape(Resumption), 0, MAX_SUBJECTS * len(WAITING))]
    """By ascending subject, then by what; empty where nothing had waited."""


def parse_opening(value: object) -> Opening:
    """Read an opening.

    Raises `DataFault`: a code of `canonical.read_object`, `credit-code`, `encoded-bytes`, `sm2-key`,
    `dispute-parties` (not ascending by account), `dispute-subjects` (none, too many), `dispute-opener` (a
    party opened and is none, or a forum opened and is a party) or `dispute-root` (a party opened without
    evidence).
    """
    opening = read_shape(Opening, value)
    accounts = [party.account for party in opening.parties]
    if accounts != sorted(set(accounts)):
        raise DataFault(
            "$.parties is not in ascending order of accounts, each once",
            code="dispute-parties",
            path="$.parties",
        )
    if not 1 <= len(opening.subjects) <= MAX_SUBJECTS:
        raise DataFault(
            f"a dispute has 1 to {MAX_SUBJECTS} subjects", code="dispute-subjects", path="$.subjects"
        )
    if (opening.opened_by in accounts) != (opening.kind == "party"):
        raise DataFault(
            "a party opens as a party, and a forum that is a party opens nothing",
            code="dispute-opener",
            path="$.opened_by",
        )
    if opening.kind == "party" and opening.evidence_root is None:
        raise DataFault("a party opens with evidence", code="dispute-root", path="$.evidence_root")
    return opening


def parse_release(value: object) -> Release:
    """Read a release.

    Raises `DataFault`: a code of `canonical.read_object`, `encoded-bytes`, `release-signers` (not one forum,
    or fewer than two parties) or `release-resumed` (not ascending).
    """
    release = read_shape(Release, value)
    if (len(release.signers) == 1) != (release.kind == "document"):
        raise DataFault(
            "one forum signs for a document, all parties for a settlement",
            code="release-signers",
            path="$.signers",
        )
    order = [(resumption.subject, resumption.what) for resumption in release.resumed]
    if order != sorted(set(order)):
        raise DataFault(
            "$.resumed is not in ascending order, each once", code="release-resumed", path="$.resumed"
        )
    return release


def evidence_root(leaves: Sequence[bytes]) -> bytes:
    """Root of a dispute's evidence (S10.7): RFC 6962 over the leaf hashes of `dispute.evidence` statements.

    Each later item appends, so that a later root extends every earlier one. Raises `DataFault`
    (`evidence-empty`) without any: the contract takes no root of nothing.
    """
    if not leaves:
        raise DataFault("there is no root of no evidence", code="evidence-empty")
    return root_from_leaves(leaves)


def evidence_roots(leaves: Iterable[bytes]) -> Iterator[bytes]:
    """Give the root after each item, in time that grows with their number, not with its square."""
    tree = Growing()
    for leaf in leaves:
        tree.add(leaf)
        yield tree.root()

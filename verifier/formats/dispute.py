"""Private bodies of a dispute's opening and end (S10.6b), and the root of its evidence (S10.7).

Its evidence items are in `items`. Parties and subjects are what the contract was told (S5.13): lists in
ascending order, each entry once.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from yinzheng.verifier.bytes.algorithms import DigestPair, Sm2PublicKey
from yinzheng.verifier.bytes.canonical import (
    JSON,
    Check,
    constant,
    hex_bytes,
    integer,
    list_of,
    made_of,
    nullable,
    one_of,
    read_object,
    tuple_of,
)
from yinzheng.verifier.bytes.wording import PARTY, check_words
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.body import Party, check_credit_code
from yinzheng.verifier.log.merkle import hash_node, root_from_leaves

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

T = TypeVar("T", bytes, str)


@dataclass(frozen=True, slots=True)
class Disputant:
    """A party: its account of this dispute alone, and the SM2 key of its requests, if it is enrolled."""

    name: str
    code: str | None
    """None for a natural person."""
    account: bytes
    """20 bytes."""
    key: bytes | None
    """65 bytes, `04 || x || y`."""

    def to_json(self) -> dict[str, JSON]:
        """As in S10.6b."""
        return {
            "name": self.name,
            "code": self.code,
            "account": self.account.hex(),
            "key": None if self.key is None else self.key.hex(),
        }


@dataclass(frozen=True, slots=True)
class Subjects:
    """What a dispute holds: subjects (S2.4) of certificates, of cases before deposit, and of consents."""

    records: tuple[bytes, ...]
    cases: tuple[bytes, ...]
    consents: tuple[bytes, ...]

    def __len__(self) -> int:
        return len(self.records) + len(self.cases) + len(self.consents)

    def to_json(self) -> dict[str, JSON]:
        """As in S10.6b."""
        return {
            "records": [subject.hex() for subject in self.records],
            "cases": [subject.hex() for subject in self.cases],
            "consents": [subject.hex() for subject in self.consents],
        }


@dataclass(frozen=True, slots=True)
class Opening:
    """Body of `dispute.opened`. `parse_opening` makes one that is known to be well formed."""

    dispute: bytes
    """32 bytes: the dispute's subject, and its identifier on chain."""
    forum: Party
    number: str
    """The forum's own case number."""
    kind: str
    opened_by: bytes
    """20 bytes: the account that signed the opening, a party's where a party opened."""
    parties: tuple[Disputant, ...]
    """By ascending account."""
    subjects: Subjects
    opened_at: int
    evidence_root: bytes | None
    """Root over the items that came with the opening, whose statements precede it; None without any."""

    def to_json(self) -> dict[str, JSON]:
        """The object of S10.6b."""
        return {
            "v": 1,
            "dispute": self.dispute.hex(),
            "forum": self.forum.to_json(),
            "number": self.number,
            "kind": self.kind,
            "opened_by": self.opened_by.hex(),
            "parties": [party.to_json() for party in self.parties],
            "subjects": self.subjects.to_json(),
            "opened_at": self.opened_at,
            "evidence_root": None if self.evidence_root is None else self.evidence_root.hex(),
        }


@dataclass(frozen=True, slots=True)
class Resumption:
    """What had waited for a subject and goes on now."""

    subject: bytes
    what: str

    def to_json(self) -> dict[str, JSON]:
        """As in S10.6b."""
        return {"subject": self.subject.hex(), "what": self.what}


@dataclass(frozen=True, slots=True)
class Release:
    """Body of `dispute.released`. `parse_release` makes one that is known to be well formed."""

    dispute: bytes
    kind: str
    document: DigestPair
    """Of the settlement's or the effective document's bytes."""
    reference: str
    """How the document is cited: its number, court and date."""
    signers: tuple[bytes, ...]
    """20 bytes each, ascending: the forum's account, or those of all parties."""
    released_at: int
    resumed: tuple[Resumption, ...]
    """By ascending subject, then by what; empty where nothing had waited."""

    def to_json(self) -> dict[str, JSON]:
        """The object of S10.6b."""
        return {
            "v": 1,
            "dispute": self.dispute.hex(),
            "kind": self.kind,
            "document": {**self.document.to_json()},
            "reference": self.reference,
            "signers": [signer.hex() for signer in self.signers],
            "released_at": self.released_at,
            "resumed": [resumption.to_json() for resumption in self.resumed],
        }


def parse_opening(value: object) -> Opening:
    """Read an opening.

    Raises `DataFault`: a code of `canonical.read_object`, `credit-code`, `encoded-bytes`, `sm2-key`,
    `dispute-parties` (not ascending by account), `dispute-subjects` (none, too many), `dispute-opener` (a
    party opened and is none, or a forum opened and is a party) or `dispute-root` (a party opened without
    evidence).
    """
    fields = read_object(value, _OPENING)
    del fields["v"]
    opening = Opening(**fields)
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
    fields = read_object(value, _RELEASE)
    del fields["v"]
    release = Release(**fields)
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
    complete: list[tuple[int, bytes]] = []  # subtrees from the left, by height, each lower than the last
    for leaf in leaves:
        height, node = 0, leaf
        while complete and complete[-1][0] == height:
            node = hash_node(complete.pop()[1], node)
            height += 1
        complete.append((height, node))
        root = node
        for _, left in complete[-2::-1]:
            root = hash_node(left, root)
        yield root


def _ascending(item: Check[T], low: int, high: int) -> Check[tuple[T, ...]]:
    check = list_of(item, low, high)

    def sorted_once(value: object, path: str) -> tuple[T, ...]:
        members = check(value, path)
        if members != sorted(set(members)):
            raise DataFault(f"{path} is not in ascending order, each once", code="field-value", path=path)
        return tuple(members)

    return sorted_once


def _point(value: object, path: str) -> bytes:
    return Sm2PublicKey(hex_bytes(65)(value, path)).point


_HELD: Final = _ascending(hex_bytes(32), 0, MAX_SUBJECTS)
DISPUTANTS: Final[Check[tuple[Disputant, ...]]] = tuple_of(
    made_of(
        Disputant,
        {
            "name": check_words(1, 100),
            "code": nullable(check_credit_code),
            "account": hex_bytes(20),
            "key": nullable(_point),
        },
    ),
    2,
    MAX_PARTIES,
)
"""Check for the parties of a dispute, two at least."""

_OPENING: Final[dict[str, Check[Any]]] = {
    "v": constant(1),
    "dispute": hex_bytes(32),
    "forum": PARTY,
    "number": check_words(1, 100),
    "kind": one_of(*OPENINGS),
    "opened_by": hex_bytes(20),
    "parties": DISPUTANTS,
    "subjects": made_of(Subjects, {"records": _HELD, "cases": _HELD, "consents": _HELD}),
    "opened_at": integer(),
    "evidence_root": nullable(hex_bytes(32)),
}
_RELEASE: Final[dict[str, Check[Any]]] = {
    "v": constant(1),
    "dispute": hex_bytes(32),
    "kind": one_of(*RELEASES),
    "document": DigestPair.from_json,
    "reference": check_words(1, 200),
    "signers": _ascending(hex_bytes(20), 1, MAX_PARTIES),
    "released_at": integer(),
    "resumed": tuple_of(
        made_of(Resumption, {"subject": hex_bytes(32), "what": one_of(*WAITING)}),
        0,
        MAX_SUBJECTS * len(WAITING),
    ),
}

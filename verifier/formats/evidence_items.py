"""Evidence items of a dispute (S10.7): what was preserved, by whom, how, when, and whose hands it passed.

The time of capture is the collector's claim and apart from the time on the ledger (R37). An item's bytes lie
beside it, named by digest pair and size. Witnesses sign the item as it stands without their signatures.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import Annotated, Any, Final

from yinzheng.verifier.bytes.algorithms import DigestPair, Sm2PublicKey
from yinzheng.verifier.bytes.canonical import (
    JSON,
    Check,
    dumps,
    hex_bytes,
    integer,
    list_of,
    nullable,
    one_of,
    read_object,
    text,
    tuple_of,
)
from yinzheng.verifier.bytes.shape import Codec, Shaped, Versioned, read_shape, shape
from yinzheng.verifier.bytes.wording import check_name, check_words
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.body import check_credit_code, check_plain, is_number

MAX_ITEM: Final = 32_768
"""Canonical bytes of an item, its content not counted."""

ACCESS_LOG: Final = "access_log"
"""The kind of a range of access lines (S16.6), whose bytes a reader of a pack looks into."""

_WITNESS: Final = b"yinzheng/evidence-witness/1\n"


def _number(value: object, path: str) -> str:
    number = text(15, 15)(value, path)
    if not is_number(number):
        raise DataFault(f"{path} is not a certificate number", code="number-malformed", path=path)
    return number


def _as_read(value: object, path: str) -> object:
    """Check nothing yet: what the kind adds is read once the kind is known."""
    return value


_LEAVES: Final = list_of(hex_bytes(32), 1, 256)
_NAME: Final = check_name(1, 100)

ABOUT: Final[Mapping[str, Mapping[str, Check[Any]]]] = MappingProxyType(
    {
        "file": {"name": check_plain(1, 200), "media_type": text(3, 100, r"[a-z0-9.+-]+/[a-z0-9.+-]+")},
        "certificate": {"number": _number, "statements": _LEAVES},
        "consent": {"subject": hex_bytes(32), "statements": _LEAVES},
        "notice": {"statements": _LEAVES},
        ACCESS_LOG: {
            "since": integer(),
            "until": integer(),
            "first": integer(1),
            "last": integer(1),
            "statements": _LEAVES,
        },
        "as_of": {"subject": hex_bytes(32), "at": integer(), "tree_size": integer(1), "statements": _LEAVES},
        "web_capture": {
            "url": text(8, 2000, r"https?://[!-~]+"),
            "status": integer(100, 599),
            "requested_at": integer(),
        },
    }
)
"""The kinds of items (R37), and what each says about its bytes."""

KINDS: Final = tuple(ABOUT)


@dataclass(frozen=True, slots=True)
class Collector(Shaped):
    """Who captured it; `code` is None for a natural person."""

    name: Annotated[str, _NAME]
    code: Annotated[str | None, nullable(check_credit_code)]


@dataclass(frozen=True, slots=True)
class Handover(Shaped):
    """One link of the chain of custody."""

    giver: Annotated[str, _NAME]
    taker: Annotated[str, _NAME]
    at: Annotated[int, integer()]
    reason: Annotated[str, check_words(1, 200)]


@dataclass(frozen=True, slots=True)
class Witness(Shaped):
    """A witness: name, SM2 public key `04 || x || y`, and signature, raw `r || s`."""

    name: Annotated[str, _NAME]
    key: Annotated[bytes, hex_bytes(65)]
    signature: Annotated[bytes, hex_bytes(64)]


@dataclass(frozen=True, slots=True)
class Item(Versioned):
    """One evidence item (S10.7). `parse_item` makes one that is well formed and whose custody has no gap."""

    kind: Annotated[str, one_of(*KINDS)]
    title: Annotated[str, check_words(1, 100)]
    digest: Annotated[DigestPair, DigestPair.from_json]
    """Of the item's bytes."""
    size: Annotated[int, integer()]
    about: Annotated[Mapping[str, JSON], Codec(_as_read, dict)]
    """What the kind adds, exactly as read."""
    collector: Collector
    tool: Annotated[str, check_plain(1, 200)]
    environment: Annotated[str, check_plain(1, 400)]
    captured_at: Annotated[int, integer()]
    provenance: Annotated[str, check_words(0, 400)]
    """What the collector says of how it came about before it was captured: a claim, shown as one (C18)."""
    custody: Annotated[tuple[Handover, ...], tuple_of(shape(Handover), 0, 32)]
    witnesses: Annotated[tuple[Witness, ...], tuple_of(shape(Witness), 0, 8)]

    def witness_message(self) -> bytes:
        """What a witness signs: the item without any witness, so that all sign the same."""
        return _WITNESS + dumps({**self.to_json(), "witnesses": []})

    def false_witnesses(self) -> tuple[str, ...]:
        """Give the names of witnesses whose signature does not hold, in order; empty when all do."""
        pairs = zip(self.witnesses, self.witnesses_hold(), strict=True)
        return tuple(witness.name for witness, holds in pairs if not holds)

    def witnesses_hold(self) -> tuple[bool, ...]:
        """Whether the signature of each witness holds, in order."""
        message = self.witness_message()
        return tuple(Sm2PublicKey(w.key).verify(message, w.signature) for w in self.witnesses)

    @property
    def holder(self) -> str:
        """Who had it last, and so deposited it."""
        return self.custody[-1].taker if self.custody else self.collector.name

    def check_times(self, deposited_at: int) -> None:
        """Check that capture and custody lie before the deposit on the ledger (UTC seconds).

        Raises `DataFault` (`item-time`).
        """
        last = self.custody[-1].at if self.custody else self.captured_at
        if last > deposited_at:
            raise DataFault("an item was captured or handed over after its deposit", code="item-time")


def parse_item(value: object) -> Item:
    """Read an item.

    Raises `DataFault`: a code of `canonical.read_object`, `number-malformed`, `credit-code`, `sm2-key`,
    `encoded-bytes`, `item-range` (a range ends before it begins), `item-custody` (a gap, or times out of
    order), `item-witness-twice` or `body-too-large`.
    """
    item = read_shape(Item, value)
    about = read_object(item.about, ABOUT[item.kind], "$.about")
    if item.kind == ACCESS_LOG and (about["since"] > about["until"] or about["first"] > about["last"]):
        raise DataFault("$.about ends before it begins", code="item-range", path="$.about")
    _check_custody(item)
    keys = [Sm2PublicKey(witness.key) for witness in item.witnesses]
    if len(set(keys)) < len(keys):
        raise DataFault("a witness signs once", code="item-witness-twice", path="$.witnesses")
    if len(dumps(item.to_json())) > MAX_ITEM:
        raise DataFault(f"an item has more than {MAX_ITEM} bytes", code="body-too-large")
    return item


def _check_custody(item: Item) -> None:
    hands = [item.collector.name, *(handover.taker for handover in item.custody)]
    times = [item.captured_at, *(handover.at for handover in item.custody)]
    if [handover.giver for handover in item.custody] != hands[:-1]:
        raise DataFault(
            "the chain of custody has a gap",
            code="item-custody",
            hint="Each hand-over begins with whoever had it: first the collector, then the last taker.",
            path="$.custody",
        )
    if any(later < earlier for earlier, later in pairwise(times)):
        raise DataFault("the chain of custody is not in order of time", code="item-custody", path="$.custody")

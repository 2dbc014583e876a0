"""Licences, remarks and holders' accounts, as the contracts of moves keep them (S5.18, S5.21–S5.24).

All is pure: slots to ask for, and words read back. Identifiers are 32 bytes, times UTC seconds of block time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from yinzheng.verifier.bytes.algorithms import keccak256
from yinzheng.verifier.chain.layout import (
    HOLDERS_ORGANISATIONS,
    MOVES_GIVEN,
    MOVES_LICENCES,
    MOVES_LINES,
    REMARK_BITS,
    STANDING_MARKS,
    STANDING_REMARKS,
    mapping_slot,
    nested_slot,
    slots_from,
    unpack_word,
)
from yinzheng.verifier.errors import DataFault

LICENCE_SLOTS: Final = 7
LINE_SLOTS: Final = 2
REMARK_SLOTS: Final = 4
ORGANISATION_SLOTS: Final = 6

GIVEN, ENDED = 1, 2
"""Values of a licence's `state` (S5.21); one that has run out stays `GIVEN`."""

ENDINGS: Final = (None, "agreed", "document")
"""Of a licence's `ending` (S5.21): not ended, by both parties, by a forum; as S6.7 names the grounds."""

CURRENT, LOST, COMPROMISED = 1, 2, 3
"""Values of an account's `state` (S5.18)."""

_NO_ADDRESS: Final = bytes(20)


@dataclass(frozen=True, slots=True)
class ChainLicence:
    """A licence on the chain (S5.21). Both ends of its term are included."""

    certificate: bytes
    licensor: bytes
    licensee: bytes
    state: int
    exclusive: bool
    rights: int
    acts: int
    territory: int
    valid_from: int
    valid_until: int
    statement: bytes
    """Leaf hash of what gave it."""
    outcome: bytes | None
    """Leaf hash of what ended it."""
    given_at: int
    ended_at: int
    ending: str | None
    """`agreed` where both parties ended it, `document` where a forum did (S6.7)."""

    def in_force_at(self, at: int) -> bool:
        """Whether it was given by then, within its term, and not ended."""
        if self.state == ENDED and self.ended_at <= at:
            return False
        return self.given_at <= at and self.valid_from <= at <= self.valid_until


@dataclass(frozen=True, slots=True)
class ChainRemark:
    """A remark entered after the deposit, or the lifting of one that came with the certificate (S5.24)."""

    certificate: bytes
    document: bytes | None
    """Digest of the document it rests on."""
    kind: str
    by_forum: bool
    set_at: int
    lifted_at: int
    """0 while it stands."""
    lifted_by_forum: bool
    lifting: bytes | None
    """Leaf hash of what lifted it."""

    @property
    def came(self) -> bool:
        """Whether it came with the certificate: this keeps its lifting alone, with the lifting's document."""
        return not self.set_at


@dataclass(frozen=True, slots=True)
class ChainMarks:
    """Why one kind of remark stands on a certificate (S5.24)."""

    entered: int
    """How many that were entered stand."""
    deposited: bool
    """One came with the certificate, and stands."""
    known: bool
    """Something was entered or lifted; else the record's bit is what came with the certificate."""


@dataclass(frozen=True, slots=True)
class ChainLine:
    """Where a certificate's rights come from (S5.22); both None: from itself."""

    root: bytes | None
    """The first registration."""
    holder: bytes | None
    """The organisation that held them there, of what passed from one."""

    def of(self, certificate: bytes, organisation: bytes) -> bytes:
        """The line, 32 bytes, of an organisation's rights under the certificate."""
        return keccak256((self.root or certificate) + (self.holder or organisation))


@dataclass(frozen=True, slots=True)
class ChainAccount:
    """Which account signs for an organisation (S5.18)."""

    account: bytes
    state: int
    contested: bool
    serial: int
    next: bytes | None
    next_from: int
    key: bytes
    """SHA-256 of the SM2 key."""
    next_key: bytes | None
    since: int
    ended_at: int
    lost_at: int
    changed_at: int
    statement: bytes

    def signs_at(self, at: int) -> bytes | None:
        """The account that signs at ``at``, not before ``changed_at``; None if nobody does."""
        if self.next is not None and self.next_from <= at:
            return self.next
        return self.account if self.state == CURRENT else None

    def key_at(self, at: int) -> bytes | None:
        """The digest of the SM2 key beside the account that signs at ``at``; None if nobody does."""
        if self.next is not None and self.next_from <= at:
            return self.next_key
        return self.key if self.state == CURRENT else None


# ---------------------------------------------------------------- slots


def licence_slots(licence: bytes) -> list[bytes]:
    """The seven slots of a licence."""
    return slots_from(mapping_slot(licence, MOVES_LICENCES), LICENCE_SLOTS)


def given_slot(certificate: bytes) -> bytes:
    """The slot that counts the licences given under a certificate."""
    return mapping_slot(certificate, MOVES_GIVEN).to_bytes(32, "big")


def given_slots(certificate: bytes, first: int, count: int) -> list[bytes]:
    """The slots of `count` identifiers of licences given under a certificate, from number ``first`` on."""
    start = int.from_bytes(keccak256(given_slot(certificate)), "big")
    return slots_from(start + first, count)


def line_slots(certificate: bytes) -> list[bytes]:
    """The two slots that say where a certificate's rights come from."""
    return slots_from(mapping_slot(certificate, MOVES_LINES), LINE_SLOTS)


def remark_slots(statement: bytes) -> list[bytes]:
    """The four slots of the remark entered on a statement's leaf hash."""
    return slots_from(mapping_slot(statement, STANDING_REMARKS), REMARK_SLOTS)


def marks_slot(certificate: bytes, kind: str) -> bytes:
    """The slot that says why remarks of a kind stand on a certificate."""
    bit = REMARK_BITS[kind].to_bytes(32, "big")
    return nested_slot(certificate, bit, STANDING_MARKS).to_bytes(32, "big")


def account_slots(organisation: bytes) -> list[bytes]:
    """The six slots of an organisation's account."""
    return slots_from(mapping_slot(organisation, HOLDERS_ORGANISATIONS), ORGANISATION_SLOTS)


# ---------------------------------------------------------------- words


def decode_licence(words: Sequence[int]) -> ChainLicence | None:
    """Read a licence from its seven words; None when there is none.

    Raises `DataFault` `licence-layout` for words that the pinned contract cannot have written,
    `licence-earlier` for an end of which a contract of before ADR 56 kept no reason.
    """
    certificate, licensor, licensee, packed, statement, outcome, times = words
    state, exclusive, rights, acts, territory, begins, ends, ending, more = unpack_word(
        packed, 1, 1, 1, 1, 5, 8, 8, 1, 6
    )
    given_at, ended_at, rest = unpack_word(times, 8, 8, 16)
    if not state:
        _absent(words, "licence-layout")
        return None
    known = state <= ENDED and exclusive <= 1 and 0 < rights <= 7 and 0 < acts <= 63
    if not known or not 0 < territory < 1 << 34 or more or rest:
        raise _impossible("licence-layout")
    over = state == ENDED
    if over and ended_at and outcome and statement and not ending:
        raise DataFault(
            "an earlier version of the contract ended the licence, and kept no reason of it",
            code="licence-earlier",
        )
    if {bool(ended_at), bool(outcome), bool(ending)} != {over} or ending >= len(ENDINGS) or not statement:
        raise _impossible("licence-layout")
    return ChainLicence(
        certificate=_word(certificate),
        licensor=_word(licensor),
        licensee=_word(licensee),
        state=state,
        exclusive=bool(exclusive),
        rights=rights,
        acts=acts,
        territory=territory,
        valid_from=begins,
        valid_until=ends,
        statement=_word(statement),
        outcome=_or_none(outcome),
        given_at=given_at,
        ended_at=ended_at,
        ending=ENDINGS[ending],
    )


def decode_given(words: Sequence[int]) -> tuple[bytes, ...]:
    """Read identifiers of licences. Raises `DataFault` `licence-layout` where one is missing."""
    if not all(words):
        raise _impossible("licence-layout")
    return tuple(_word(word) for word in words)


def decode_line(words: Sequence[int]) -> ChainLine:
    """Read a line from its two words."""
    root, holder = words
    return ChainLine(_or_none(root), _or_none(holder))


def decode_remark(words: Sequence[int]) -> ChainRemark | None:
    """Read a remark from its four words; None when there is none. Raises `DataFault` `remark-layout`."""
    certificate, document, packed, lifting = words
    kind, by_forum, set_at, lifted_at, lifted_by_forum, rest = unpack_word(packed, 1, 1, 8, 8, 1, 13)
    if not kind:
        _absent(words, "remark-layout")
        return None
    names = {bit: name for name, bit in REMARK_BITS.items()}
    lifted = bool(lifted_at)
    if kind not in names or max(by_forum, lifted_by_forum) > 1 or rest or lifted != bool(lifting):
        raise _impossible("remark-layout")
    if (lifted_by_forum and not lifted) or (not set_at and (by_forum or not lifted)):
        raise _impossible("remark-layout")
    return ChainRemark(
        certificate=_word(certificate),
        document=_or_none(document),
        kind=names[kind],
        by_forum=bool(by_forum),
        set_at=set_at,
        lifted_at=lifted_at,
        lifted_by_forum=bool(lifted_by_forum),
        lifting=_or_none(lifting),
    )


def decode_marks(word: int) -> ChainMarks:
    """Read why a kind of remark stands. Raises `DataFault` `remark-layout`."""
    entered, deposited, known, rest = unpack_word(word, 2, 1, 1, 28)
    if deposited > 1 or known > 1 or rest or (word and not known):
        raise _impossible("remark-layout")
    return ChainMarks(entered, bool(deposited), bool(known))


def decode_account(words: Sequence[int]) -> ChainAccount | None:
    """Read an organisation's account from its six words; None when it has none.

    Raises `DataFault` `account-layout`.
    """
    first, second, key, next_key, times, statement = words
    account, state, contested, serial, rest = unpack_word(first, 20, 1, 1, 4, 6)
    next_, next_from, more = unpack_word(second, 20, 8, 4)
    if not state:
        _absent(words, "account-layout")
        return None
    if state > COMPROMISED or contested > 1 or rest or more or not serial or bool(next_) != bool(next_from):
        raise _impossible("account-layout")
    since, ended_at, lost_at, changed_at = unpack_word(times, 8, 8, 8, 8)
    following = next_.to_bytes(20, "big")
    return ChainAccount(
        account=account.to_bytes(20, "big"),
        state=state,
        contested=bool(contested),
        serial=serial,
        next=None if following == _NO_ADDRESS else following,
        next_from=next_from,
        key=_word(key),
        next_key=_or_none(next_key),
        since=since,
        ended_at=ended_at,
        lost_at=lost_at,
        changed_at=changed_at,
        statement=_word(statement),
    )


def _word(word: int) -> bytes:
    return word.to_bytes(32, "big")


def _or_none(word: int) -> bytes | None:
    return _word(word) if word else None


def _absent(words: Sequence[int], code: str) -> None:
    if any(words):
        raise _impossible(code)


def _impossible(code: str) -> DataFault:
    return DataFault("the chain holds words that the pinned contract cannot have written", code=code)

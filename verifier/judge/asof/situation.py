"""How a certificate stands in one block: record, licences, remarks, reservation, accounts (S9.3a).

Each word is proved against that block's state. What the policy pins no contract for is unknown, not absent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Protocol

from yinzheng.verifier.bytes.canonical import JSON, dumps
from yinzheng.verifier.chain.evidence import Contract, Evidence, NotGiven, parse_evidence
from yinzheng.verifier.chain.header import Header
from yinzheng.verifier.chain.layout import CANCELLED, REMARK_BITS, ChainRecord, decode_record, record_slots
from yinzheng.verifier.chain.layout_moves import (
    LICENCE_SLOTS,
    ORGANISATION_SLOTS,
    ChainLicence,
    ChainMarks,
    account_slots,
    decode_account,
    decode_given,
    decode_licence,
    decode_marks,
    given_slot,
    given_slots,
    licence_slots,
    marks_slot,
)
from yinzheng.verifier.errors import DataFault, EnvironmentFault
from yinzheng.verifier.judge.certificate.status import is_last, status_at
from yinzheng.verifier.judge.line import ends_of, line_of
from yinzheng.verifier.judge.live import refused
from yinzheng.verifier.judge.report import Block, Status
from yinzheng.verifier.judge.seals import block_of, sealed, sealed_or_seal_less
from yinzheng.verifier.judge.trust import TrustPolicy
from yinzheng.verifier.log.statement import Body as BodyKind
from yinzheng.verifier.log.statement import Statement, organisation_subject, verify_body

MAX_LICENCES: Final = 256
"""Licences of one certificate that are read, the latest; how many there are is always proved."""

_PAGE: Final = 24
"""Licences asked for at once: 7 slots of each lie within what evidence may hold of an account (S7.3)."""

Wanted = Mapping[bytes, Sequence[bytes]]
"""Slots (32 bytes) by address of their contract (20 bytes)."""


@dataclass(frozen=True, slots=True)
class LiveStatement:
    """A statement as a ledger hands it out, with its body where that is public; JSON values, unchecked."""

    statement: JSON
    body: JSON


class HistoryReader(Protocol):
    """A ledger that can be asked for the history of a right."""

    def right_history(self, number: str) -> bytes | None:
        """The file of S23 about the right under that certificate, in the newest block; None if the ledger
        keeps no such certificate. Raises as `StorageReader`, and `NotGiven` where it has no moves.
        """


class StorageReader(Protocol):
    """A ledger that can be asked for words on chain. Raises `EnvironmentFault` as `LiveReader` does."""

    def storage(self, wanted: Wanted, *, at: int | None, block: int | None) -> object:
        """Evidence (JSON of S7.3) for these slots after block ``block`` or, where that is None, after the
        last one not after ``at`` (UTC seconds), or the latest that is final; headers as `LiveReader.chain`.
        """

    def said(self, leaf: bytes) -> LiveStatement | None:
        """The statement with that leaf hash (32 bytes); None if the ledger keeps no log, or not this one."""

    def number_of(self, subject: bytes) -> str | None:
        """The number of the certificate of that subject (32 bytes); None if the ledger does not know it."""


@dataclass(frozen=True, slots=True)
class Given:
    """A licence given under the certificate, and what its statement says of it, if that was to be had."""

    id: bytes
    licence: ChainLicence
    body: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Situation:
    """How a certificate stood at ``at``, by one block. What is None, the policy or the ledger left open."""

    at: int
    block: Block
    record: ChainRecord | None
    """None before its deposit."""
    status: Status
    cancelled: bool | None
    """Whether it, or a certificate that came from it by then, was cancelled: what was licensed under it is in
    doubt then (S9.7). None where more came from it than are followed.
    """
    licences: tuple[Given, ...] | None
    """The latest `MAX_LICENCES` that were given under it, oldest first."""
    given: int | None
    """How many were given under it."""
    marks: Mapping[str, ChainMarks] | None
    """Why remarks stand, by kind."""
    accounts: Mapping[str, bytes | None] | None
    """The account that signs for each holder, by credit code; None: nobody does."""


def read_situation(
    subject: bytes,
    codes: Sequence[str],
    ledger: StorageReader,
    trust: TrustPolicy,
    *,
    now: int,
    at: int | None,
    vouched: bool,
) -> Situation:
    """Ask how the certificate of ``subject`` (32 bytes), of holders with those credit codes, stands.

    ``now`` is the time of asking, ``at`` the time asked about (UTC seconds; None: now). ``vouched``: pinned
    validators must have sealed the block. Raises `EnvironmentFault`: the reader's own, or `live-refused`;
    `DataFault`: `archive-gap`, or one of `seals.sealed` and the layouts; `NotGiven` as `seals.sealed`.
    """
    return _Reading(subject, ledger, trust, at, vouched=vouched).read(codes, now)


class _Reading:
    def __init__(
        self, subject: bytes, ledger: StorageReader, trust: TrustPolicy, at: int | None, *, vouched: bool
    ) -> None:
        self._subject, self._ledger, self._trust, self._at = subject, ledger, trust, at
        self._seal = sealed if vouched else sealed_or_seal_less
        self._block: Evidence | None = None

    def read(self, codes: Sequence[str], now: int) -> Situation:
        trust, subject = self._trust, self._subject
        kinds = tuple(REMARK_BITS)
        accounts = [slot for code in codes for slot in account_slots(organisation_subject(code))]
        record, count, marks, held = self._words(
            (trust.rights, record_slots(subject)),
            (trust.moves, [given_slot(subject)]),
            (trust.standing, [marks_slot(subject, kind) for kind in kinds]),
            (trust.holders, accounts),
        )
        assert record is not None
        assert self._block is not None
        found = decode_record(record)
        block = block_of(self._block, trust, now)
        assert block is not None
        time = max(now, block.time) if self._at is None else self._at
        given = None if count is None else count[0]
        return Situation(
            at=time,
            block=block,
            record=found,
            status=Status.NOT_YET if found is None else status_at(found, time),
            cancelled=False if found is None else self._cancelled(found),
            licences=None if given is None else self._licences(given),
            given=given,
            marks=None if marks is None else _marks(kinds, marks),
            accounts=None if held is None else _signers(codes, held, time),
        )

    def _cancelled(self, record: ChainRecord) -> bool | None:
        def read(subject: bytes) -> ChainRecord | None:
            (words,) = self._words((self._trust.rights, record_slots(subject)))
            assert words is not None
            return decode_record(words)

        try:
            line = line_of(self._subject, record, read)
        except NotGiven:
            return None
        return any(one.record.status == CANCELLED for one in ends_of(line))

    def _licences(self, count: int) -> tuple[Given, ...]:
        found: list[Given] = []
        for first in range(max(0, count - MAX_LICENCES), count, _PAGE):
            most = min(_PAGE, count - first)
            (ids,) = self._words((self._trust.moves, given_slots(self._subject, first, most)))
            assert ids is not None
            found += self._page(decode_given(ids))
        return tuple(found)

    def _page(self, ids: Sequence[bytes]) -> list[Given]:
        (words,) = self._words((self._trust.moves, [slot for id_ in ids for slot in licence_slots(id_)]))
        assert words is not None
        found = []
        for at, id_ in enumerate(ids):
            licence = decode_licence(words[at * LICENCE_SLOTS : (at + 1) * LICENCE_SLOTS])
            if licence is None or licence.certificate != self._subject:
                raise DataFault("a licence listed under a certificate is of another", code="licence-layout")
            found.append(Given(id_, licence, public_body(self._ledger, licence.statement)))
        return found

    def _words(self, *asked: tuple[Contract | None, Sequence[bytes]]) -> list[list[int] | None]:
        """The words in those slots of each contract, all of one block; None where none is pinned."""
        wanted = {contract.address: slots for contract, slots in asked if contract is not None and slots}
        block = None if self._block is None else self._block.block.number
        answer = self._ledger.storage(wanted, at=self._at, block=block)
        evidence = refused(lambda: self._same(parse_evidence(answer)))
        if self._block is None:
            self._last(evidence)
            self._block = evidence
        return [
            None if contract is None else refused(partial(self._read, evidence, contract, slots))
            for contract, slots in asked
        ]

    def _read(self, evidence: Evidence, contract: Contract, slots: Sequence[bytes]) -> list[int]:
        try:
            return evidence.words(contract, slots)
        except DataFault as fault:
            # Before the contract was there it held nothing, and that is proved.
            if self._at is None or fault.code != "contract-absent":
                raise
            return [0] * len(slots)

    def _same(self, evidence: Evidence) -> Evidence:
        """Sealed, and of the one block that all is read from."""
        if not self._precedes(evidence.block):
            self._seal(evidence, self._trust)
        named = self._trust.consensus.block_hash
        if self._block is not None and named(evidence.block) != named(self._block.block):
            raise DataFault("the ledger answers of another block than was asked about", code="block-differs")
        return evidence

    def _precedes(self, block: Header) -> bool:
        """Whether the time asked about is before the pinned first block, which nobody seals: there was
        nothing.
        """
        first = block.number == 0 and self._trust.consensus.block_hash(block) == self._trust.genesis
        return first and self._at is not None and self._at < block.time

    def _last(self, evidence: Evidence) -> None:
        at = self._at
        if at is None or self._precedes(evidence.block):
            return
        if evidence.block.time > at or not is_last(evidence, at, self._trust):
            raise DataFault(
                "the ledger gave another block than the last before the time asked", code="archive-gap"
            )


def _marks(kinds: Sequence[str], words: Sequence[int]) -> dict[str, ChainMarks]:
    return {kind: decode_marks(word) for kind, word in zip(kinds, words, strict=True)}


def _signers(codes: Sequence[str], words: Sequence[int], time: int) -> dict[str, bytes | None]:
    found: dict[str, bytes | None] = {}
    for at, code in enumerate(codes):
        account = decode_account(words[at * ORGANISATION_SLOTS : (at + 1) * ORGANISATION_SLOTS])
        found[code] = None if account is None else account.signs_at(time)
    return found


def public_body(ledger: StorageReader, leaf: bytes) -> Mapping[str, Any] | None:
    """What the statement that the chain names says; None where it is not to be had, or says nothing public.

    The chain names its leaf hash, so no log need vouch for it. A ledger that hands out another one has
    handed out none.
    """
    try:
        answer = ledger.said(leaf)
        if answer is None or answer.body is None:
            return None
        statement = Statement.from_json(answer.statement)
        if statement.leaf_hash != leaf or statement.body_kind is not BodyKind.PUBLIC:
            return None
        verify_body(statement, dumps(answer.body))
    except (DataFault, NotGiven, EnvironmentFault):
        return None
    return answer.body if isinstance(answer.body, dict) else None

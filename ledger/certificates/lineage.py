"""The history of a right across its certificates, put together as one file (S23)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlmodel import Session, col, select

from yinzheng.ledger.log.tilelog import TileLog
from yinzheng.ledger.store.models import Certificate, Event
from yinzheng.ledger.store.models_watch import CertificateEvent
from yinzheng.ledger.witnesses.heads import ShownHead, head_to_show
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.chain.evidence import parse_evidence
from yinzheng.verifier.chain.layout import record_slots, root_slot
from yinzheng.verifier.chain.layout_disputes import subject_slots
from yinzheng.verifier.chain.layout_moves import given_slot, given_slots
from yinzheng.verifier.formats.body import MAX_BODY, Body, parse_body
from yinzheng.verifier.formats.right_history import (
    MAX_CERTIFICATES,
    MAX_SLOTS,
    MAX_STATEMENTS,
    Registered,
    Told,
    format_history,
)
from yinzheng.verifier.judge.asof.situation import StorageReader, Wanted
from yinzheng.verifier.judge.history.chain import (
    DISPUTE_OPENED,
    REMARK_ENTERED,
    REMARK_LIFTED,
    ChainWords,
    Listed,
    licences_listed,
    slots_of,
)
from yinzheng.verifier.judge.trust import TrustPolicy
from yinzheng.verifier.log.statement import (
    CERTIFICATE_DEPOSITED,
    LICENCE_ENDED,
    LICENCE_GIVEN,
    Statement,
)

MAX_PUBLIC = 65_536
"""Canonical bytes of the longest public body there is, a notice's (S10.2)."""


@dataclass
class Gathering:
    """What is gathered in one block, with what is read of it on the way."""

    session: Session
    log: TileLog
    ledger: StorageReader
    trust: TrustPolicy
    block: int
    rows: dict[bytes, Certificate] = field(default_factory=dict)
    """Certificates by subject, each after those it follows."""
    listed: dict[bytes, Listed] = field(default_factory=dict)

    def file(self, number: str) -> bytes | None:
        """The history of the right under a certificate; None where no such one is deposited and anchored.

        Raises `NotGiven` `moves-not-pinned` for a registry without the contracts of moves.
        """
        first = self.session.get(Certificate, number)
        checkpoint = self._head(first)
        if first is None or checkpoint is None or not self._is_logged(first, checkpoint):
            return None
        self._walk(first, checkpoint)
        told = [self._told(event, checkpoint) for event in self._events(checkpoint)]
        chain = self._chain(told, checkpoint)
        registered = [Registered(row.qr or "", _record(row)) for row in self.rows.values()]
        return format_history(number, registered, told, checkpoint.note, chain)

    def _head(self, asked: Certificate | None) -> ShownHead | None:
        event = None if asked is None or asked.event_id is None else self.session.get(Event, asked.event_id)
        return (
            None if event is None or event.log_index is None else head_to_show(self.session, event.log_index)
        )

    # ---------------------------------------------------------------- certificates

    def _walk(self, asked: Certificate, checkpoint: ShownHead) -> None:
        """The certificates it came from, itself, and those that came from it, as the chain names them."""
        before = [asked]
        while len(before) < MAX_CERTIFICATES and (row := self._logged(self._ends(before[-1])[0], checkpoint)):
            before.append(row)
        for row in reversed(before):
            self.rows[row.subject] = row
        waiting = [asked]
        while waiting:
            for subject in self._ends(waiting.pop(0))[1:]:
                row_ = self._logged(subject, checkpoint)
                if row_ is not None and row_.subject not in self.rows and len(self.rows) < MAX_CERTIFICATES:
                    self.rows[row_.subject] = row_
                    waiting.append(row_)
        self.listed = {subject: self._listed(subject) for subject in self.rows}

    def _ends(self, row: Certificate) -> tuple[bytes | None, ...]:
        """Predecessor, successor, remainder."""
        record = self._words({self.trust.rights.address: record_slots(row.subject)}).record(row.subject)
        return (None,) * 3 if record is None else (record.predecessor, record.successor, record.remainder)

    def _logged(self, subject: bytes | None, checkpoint: ShownHead) -> Certificate | None:
        if subject is None:
            return None
        row = self.session.exec(select(Certificate).where(Certificate.subject == subject)).first()
        return row if row is not None and self._is_logged(row, checkpoint) else None

    def _is_logged(self, row: Certificate, checkpoint: ShownHead) -> bool:
        event = None if row.event_id is None else self.session.get(Event, row.event_id)
        return event is not None and event.log_index is not None and event.log_index < checkpoint.size

    def _listed(self, subject: bytes) -> Listed:
        assert self.trust.moves is not None  # asked for already
        moves = self.trust.moves.address
        slots = [given_slot(subject)]
        count = parse_evidence(self._ask({moves: slots})).words(self.trust.moves, slots)[0]
        slots += given_slots(subject, *licences_listed(count))
        return self._words({moves: slots}).listed(subject)

    # ---------------------------------------------------------------- statements

    def _events(self, checkpoint: ShownHead) -> Sequence[Event]:
        """Statements about them, in the order of the log; of too many the latest, and every deposit."""
        query = (
            select(Event)
            .join(CertificateEvent, col(CertificateEvent.number) == col(Event.log_index))
            .where(col(CertificateEvent.certificate).in_(list(self.rows)))
            .where(col(Event.log_index) < checkpoint.size)
            .distinct()
            .order_by(col(Event.log_index).desc())
        )
        shown = {licence for found in self.listed.values() for licence in found.ids}
        deposits = {row.event_id for row in self.rows.values()}
        kept: dict[int, Event] = {}
        for id_ in deposits:
            event = self.session.get_one(Event, id_)
            kept[event.log_index or 0] = event
        for event in self.session.exec(query):
            if len(kept) >= MAX_STATEMENTS:
                break
            if event.type == CERTIFICATE_DEPOSITED:
                continue
            if event.type not in (LICENCE_GIVEN, LICENCE_ENDED) or event.subject in shown:
                kept[event.log_index or 0] = event
        return [kept[index] for index in sorted(kept)]

    def _told(self, event: Event, checkpoint: ShownHead) -> Told:
        assert event.log_index is not None
        statement = Statement.from_bytes(event.statement)
        body: Mapping[str, JSON] | None = None
        if event.public is not None and event.type != CERTIFICATE_DEPOSITED:
            value = canonical.loads(event.public, max_bytes=MAX_PUBLIC)
            assert isinstance(value, dict)
            body = value
        proof = self.log.tlog_proof(event.log_index, checkpoint.note)
        return Told(statement, body, event.log_index, proof.hashes)

    # ---------------------------------------------------------------- the chain

    def _chain(self, told: Sequence[Told], checkpoint: ShownHead) -> JSON:
        remarks = [one.statement.leaf_hash for one in told if _has_slots(one)]
        ids = {one.statement.subject for one in told if one.statement.type == DISPUTE_OPENED}
        wanted = slots_of(self.trust, self.listed, remarks, {id_: self._held(id_) for id_ in sorted(ids)})
        wanted[self.trust.anchor.address] = [root_slot(checkpoint.size)]
        return self._ask(wanted)  # type: ignore[return-value]  # JSON, as the prover writes it

    def _held(self, id_: bytes) -> int:
        assert self.trust.preservation is not None  # a dispute was opened with it
        slots = subject_slots(id_, "records", 0)
        evidence = parse_evidence(self._ask({self.trust.preservation.address: slots}))
        return evidence.words(self.trust.preservation, slots)[0]

    def _words(self, wanted: Wanted) -> ChainWords:
        return ChainWords(parse_evidence(self._ask(wanted), slots=MAX_SLOTS), self.trust)

    def _ask(self, wanted: Wanted) -> object:
        return self.ledger.storage(wanted, at=None, block=self.block)


def _has_slots(told: Told) -> bool:
    """Whether it entered a remark, or lifted one that came with its certificate (S5.24)."""
    kind, body = told.statement.type, told.body or {}
    return kind == REMARK_ENTERED or (kind == REMARK_LIFTED and body.get("remark") is None)


def _record(row: Certificate) -> Body:
    return parse_body(canonical.loads(row.body, max_bytes=MAX_BODY))

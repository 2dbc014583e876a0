"""The registry opened for reading only: what the web server and the verifier's live look-ups use.

No key is loaded and nothing can be written through it (docs/adr/0003). A reader runs beside a writer and sees
what is committed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from sqlmodel import Session, col, select
from web3 import Web3

from yinzheng.ledger.answers import Answers
from yinzheng.ledger.cases.board import BOARD, HistoryLine, Notice, board_page, notice_of
from yinzheng.ledger.cases.calls import DEPOSIT, LICENCE
from yinzheng.ledger.cases.deeming import deadlines_of
from yinzheng.ledger.certificates.work import statements_of
from yinzheng.ledger.chain.client import ContractsClient
from yinzheng.ledger.chain.connect import open_chain
from yinzheng.ledger.chain.reverts import translated
from yinzheng.ledger.chain.sender import Carrier, count_of
from yinzheng.ledger.consents.basis import Basis, basis_of
from yinzheng.ledger.flow.histories import known_of, relay_in, require_head, require_one_history
from yinzheng.ledger.flow.network import pace_at
from yinzheng.ledger.flow.working_days import calendar_of
from yinzheng.ledger.log.tilelog import TileLog
from yinzheng.ledger.measures import Measure, measures
from yinzheng.ledger.organisations.showing import holder_file
from yinzheng.ledger.rules.calendar import WorkingCalendar
from yinzheng.ledger.rules.deadlines import Deadlines
from yinzheng.ledger.rules.states import State
from yinzheng.ledger.state.contact import contact_in
from yinzheng.ledger.state.instance import Instance, Paths, read_instance
from yinzheng.ledger.state.policy import fingerprint_of
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.database import Store, open_store_read_only
from yinzheng.ledger.store.models import Case, Certificate, Event
from yinzheng.ledger.store.models_moves import Licence
from yinzheng.ledger.store.paging import PAGE
from yinzheng.ledger.store.register import search
from yinzheng.ledger.supervision.figures import Year, figures
from yinzheng.ledger.watch.events import Period
from yinzheng.ledger.watch.exporting import Source, about, export
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.chain.evidence import parse_evidence
from yinzheng.verifier.chain.layout import decode_record, record_slots
from yinzheng.verifier.containers.certfile import format_file
from yinzheng.verifier.containers.voucherfile import format_voucher_file
from yinzheng.verifier.formats.body import MAX_BODY, Body, parse_body
from yinzheng.verifier.formats.licence import Licence as LicenceBody
from yinzheng.verifier.formats.licence import LicenceEnd, parse_licence, parse_licence_end
from yinzheng.verifier.judge.asof.situation import Wanted
from yinzheng.verifier.judge.certificate.status import status_at
from yinzheng.verifier.judge.licence.exhibits import collected
from yinzheng.verifier.judge.report import Status
from yinzheng.verifier.log.note import peek_checkpoint
from yinzheng.verifier.log.statement import MAX_STATEMENT_BYTES, Statement, certificate_subject
from yinzheng.verifier.log.tlogproof import TlogProof
from yinzheng.verifier.words.speaker import in_one_line


@dataclass(frozen=True, slots=True)
class RegisterLine:
    """A registration that was searched for, and how it stands on chain."""

    body: Body
    status: Status


@dataclass(frozen=True, slots=True)
class Registered:
    """What a search of the register found, the latest first, and whether there is more."""

    lines: Sequence[RegisterLine]
    more: bool


class Reader(Answers):
    """One registry, read-only. Safe to share between threads."""

    # ---------------------------------------------------------------- documents and lists

    def holder_file(self, code: str) -> bytes | None:
        """What proves whose a holder's key is (S21.2), with fresh evidence; None if there is no such one."""
        return holder_file(self.organisation(code), code, self.account)

    def events(self, numbers: Sequence[str] | None, since: int, until: int) -> Iterator[bytes]:
        """Events of these certificates, or of all, decided from `since` to before `until`, as lines (S22.5).

        Raises `UsageFault` `certificate-unknown`.
        """
        with self._store.reading() as session:
            found = [repository.find_certificate(session, one).subject for one in numbers or ()]
        log = TileLog(self.paths.log, self.instance.origin)
        source = Source(self._store, log, self._prover, self.instance.deployment.anchor)
        return export(source, about(found or None), Period(since, until))

    def certificate_file(self, number: str) -> bytes | None:
        """The certificate's file with fresh evidence (S6.5); None if no such one is anchored."""
        answer = self.record(number)
        if answer is None or answer.qr is None:
            return None
        proof = TlogProof.from_text(answer.proof)
        chain = self.chain(certificate_subject(number), peek_checkpoint(proof.checkpoint).size, None)
        return format_file(
            answer.qr,
            parse_body(answer.record),
            Statement.from_json(answer.statement),
            proof,
            cast("canonical.JSON", chain),
        )

    def voucher_file(self, number: str) -> bytes | None:
        """The file of a licence's voucher with fresh evidence (S6.9); None if no such one is anchored."""
        with self._store.reading() as session:
            row = session.get(Licence, number)
            if row is None or row.event_id is None or row.qr is None:
                return None
            event = session.get_one(Event, row.event_id)
            statement = Statement.from_bytes(event.statement)
            proof = self._proof(session, event)
        if proof is None:
            return None
        body = parse_licence(canonical.loads(row.body, max_bytes=MAX_BODY))
        known = TlogProof.from_text(proof)
        size = peek_checkpoint(known.checkpoint).size

        def ask(wanted: Wanted, block: int | None) -> object:
            return self.storage(wanted, at=None, block=block)

        chain = cast("canonical.JSON", collected(ask, body, size, self._pinned))
        return format_voucher_file(row.qr, body, statement, known, chain, self._ended(body))

    def _ended(self, body: LicenceBody) -> LicenceEnd | None:
        """What ended a licence, as the chain names it; None while it is not ended."""
        on_chain = self._client.licence(body.subject)
        told = None if on_chain is None else self.said(on_chain.outcome)
        return None if told is None else parse_licence_end(told.body)

    def numbers(self) -> list[str]:
        """Numbers of all deposited certificates, for the operator; never shown to the public (R50)."""
        with self._store.reading() as session:
            deposited = col(Certificate.event_id).is_not(None)
            return list(
                session.exec(select(Certificate.number).where(deposited).order_by(Certificate.number))
            )

    def calendar(self) -> WorkingCalendar:
        """The working days this registry knows (R11). Raises as `calendar_of`."""
        return calendar_of(self.paths)

    def notices(self) -> list[Notice]:
        """The whole notice board, the latest first."""
        return self.board(None, BOARD)[0]

    def board(self, after: str | None, most: int = PAGE) -> tuple[list[Notice], str | None]:
        """A page of it, as `board_page`."""
        with self._store.reading() as session:
            return board_page(session, after, most)

    def notice(self, leaf: str) -> Notice | None:
        """The notice of that leaf hash, 64 hex, however long ago it ended; None if there is none (R24)."""
        try:
            name = bytes.fromhex(leaf)
        except ValueError:
            return None
        with self._store.reading() as session:
            event = repository.event_by_leaf(session, name)
            if event is None or event.type != "publicity.opened":
                return None
            case = session.get_one(Case, event.case_id)
            made = repository.certificates_of_case(session, case.id)
            over = case.state == State.DEPOSITED and all(one.ended is not None for one in made)
            return replace(notice_of(session, event, case), over=over)

    def history(self, number_or_case: str, *, proofs: bool = False) -> list[HistoryLine]:
        """Every event of a certificate's case and, of a certificate's number, what was recorded about it
        since; oldest first, empty if there is none of that name.

        With `proofs` each line that is under an anchored head comes with its tlog-proof.
        """
        with self._store.reading() as session:
            case = self._case_of(session, number_or_case)
            if case is None:
                return []
            events = [*repository.events_of_case(session, case.id)]
            certificate = session.get(Certificate, number_or_case)
            if certificate is not None:
                events += statements_of(session, certificate)
            return [self._history_line(session, event, proofs) for event in events]

    def case(self, number_or_case: str) -> Case | None:
        """The case by its reference or its certificate's number."""
        with self._store.reading() as session:
            return self._case_of(session, number_or_case)

    def deadlines(self, case: Case, now: int) -> Deadlines:
        """What is due in a case (R11, R24); None where the calendar does not reach that far."""
        with self._store.reading() as session:
            return deadlines_of(session, case, calendar_of(self.paths), now)

    def cases(self) -> list[Case]:
        """All cases, latest first."""
        with self._store.reading() as session:
            return list(session.exec(select(Case).order_by(col(Case.created_at).desc(), col(Case.id).desc())))

    def certificates_of(self, case_id: str) -> Sequence[Certificate]:
        """The certificates, and drafts, that came of a case, by number."""
        with self._store.reading() as session:
            return repository.certificates_of_case(session, case_id)

    def facts(self, number: str) -> dict[str, Any]:
        """Where a certificate was deposited, for the second page of its PDF."""
        with self._store.reading() as session:
            certificate = repository.find_certificate(session, number)
            event = session.get_one(Event, certificate.event_id)
            call = repository.find_call(session, DEPOSIT.name, number)
            contact = in_one_line(contact_in(session, self.instance))
        return {
            "leaf": event.leaf_hash.hex(),
            "log": self.instance.origin,
            "index": event.log_index,
            "chain": self.instance.chain_id,
            "block": None if call is None else call.block_number,
            "contract": self.instance.deployment.rights.hex(),
            "policy": str(fingerprint_of(self.instance)),
            "contact": contact,
        }

    def voucher_facts(self, number: str) -> dict[str, Any]:
        """Where a licence was recorded, for the second page of its PDF."""
        with self._store.reading() as session:
            row = session.get_one(Licence, number)
            event = session.get_one(Event, row.event_id)
            call = repository.find_call(session, LICENCE.name, row.subject.hex(), event.leaf_hash.hex())
            contact = in_one_line(contact_in(session, self.instance))
        return {
            "leaf": event.leaf_hash.hex(),
            "log": self.instance.origin,
            "index": event.log_index,
            "chain": self.instance.chain_id,
            "block": None if call is None else call.block_number,
            "contract": self.instance.modules.moves.hex(),
            "policy": str(fingerprint_of(self.instance)),
            "contact": contact,
        }

    def consent_basis(self, number: str, now: int) -> tuple[Basis, ...]:
        """The notices a deposited certificate names and what became of consents to them, as of `now`.

        Empty where it names none, or is not deposited. Small numbers are hidden.
        """
        with self._store.reading() as session:
            certificate = session.get(Certificate, number)
            if certificate is None or certificate.event_id is None:
                return ()
            body = parse_body(canonical.loads(certificate.body, max_bytes=MAX_BODY))
            return basis_of(session, body.notices, now)

    def register(self, asked: str, now: int) -> Registered:
        """What the register has of a number, an organisation or an asset, and how each stands at `now`.

        Raises `UsageFault` `register-short`, `register-long`.
        """
        with self._store.reading() as session:
            found = search(session, asked)
        return Registered([RegisterLine(body, self._status(body, now)) for body in found.bodies], found.more)

    def supervision(self, now: int) -> tuple[Year, ...]:
        """The yearly figure of supervision (R52), the latest year first."""
        with self._store.reading() as session:
            return figures(session, now)

    def _status(self, body: Body, now: int) -> Status:
        subject, trust = certificate_subject(body.number), self.trust()
        evidence = parse_evidence(self.chain(subject, None, None))
        record = decode_record(evidence.words(trust.rights, record_slots(subject)))
        return Status.UNDETERMINED if record is None else status_at(record, max(now, evidence.block.time))

    def health(self) -> dict[str, Any]:
        """How far database, log and chain have come."""
        log = TileLog(self.paths.log, self.instance.origin)
        with translated():
            head = self._w3.eth.get_block("latest")
        anchored = self._client.latest_anchor()
        return {
            "log_size": log.size,
            "anchored_size": 0 if anchored is None else anchored.size,
            "block": head["number"],
            "block_time": head["timestamp"],
            "chain_id": self.instance.chain_id,
            "demonstration": self.instance.demonstration,
        }

    def measures(self, now: int) -> list[Measure]:
        """What an operator watches, as of `now` (UTC seconds)."""
        health = self.health()
        if self.instance.foreign:
            health["period"] = pace_at(self._w3, health["block"])
        with self._store.reading() as session:
            return list(measures(session, health, now))

    # ---------------------------------------------------------------- plumbing

    def _history_line(self, session: Session, event: Event, proofs: bool) -> HistoryLine:
        statement = canonical.loads(event.statement, max_bytes=MAX_STATEMENT_BYTES)
        assert isinstance(statement, dict)
        block = None
        if event.log_index is not None:
            block = repository.anchoring_block(session, event.log_index)
        return HistoryLine(
            at=event.at,
            type=event.type,
            statement=statement,
            leaf=event.leaf_hash.hex(),
            index=event.log_index,
            anchored_block=block,
            proof=self._proof(session, event) if proofs else None,
        )

    def _case_of(self, session: Session, name: str) -> Case | None:
        certificate = session.get(Certificate, name)
        return session.get(Case, certificate.case_id if certificate is not None else name)


@contextmanager
def open_reader(root: Path, clock: Callable[[], int]) -> Iterator[Reader]:
    """Open the state folder `root` for reading.

    Raises `UsageFault` (`state-missing`), `EnvironmentFault` (`store-…`, `chain-…`), `DataFault`
    (`store-empty`, `note-…`, and where one of the three is older than the others: `require_one_history`).
    """
    paths, instance = read_instance(root)
    with ExitStack() as stack:
        store = open_store_read_only(instance.store_url(paths))
        stack.callback(store.close)
        w3 = stack.enter_context(open_chain(paths, instance, None, clock=clock))
        _require_one_history(paths, instance, store, w3)
        yield Reader(paths, instance, store, w3)


def _require_one_history(paths: Paths, instance: Instance, store: Store, w3: Web3) -> None:
    """As whoever writes opens it, but that the relay's key is not there: its account is in what it signed."""
    require_head(TileLog(paths.log, instance.origin))
    with store.reading() as session:
        known, relay = known_of(session), relay_in(session)
    require_one_history(
        known,
        store,
        TileLog(paths.log, instance.origin),  # whose size is read only now
        ContractsClient(w3, instance.deployment, instance.modules),
        Carrier(w3, time.sleep),
        sent=known.signed if relay is None else count_of(w3, relay),
        foreign=instance.foreign,
    )

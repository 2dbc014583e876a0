"""The registry opened for reading only: what the web server and the verifier's live look-ups use.

No key is loaded and nothing can be written through it (docs/adr/0003). A reader runs beside a writer and sees
what is committed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from sqlmodel import Session, col, select
from web3 import Web3

from yinzheng.ledger.cases.board import HistoryLine, Notice
from yinzheng.ledger.cases.calls import DEPOSIT
from yinzheng.ledger.cases.deeming import deadlines_of
from yinzheng.ledger.certificates.work import statements_of
from yinzheng.ledger.chain.client import ContractsClient
from yinzheng.ledger.chain.connect import open_chain, prover
from yinzheng.ledger.chain.evidence import Wanted
from yinzheng.ledger.chain.reverts import translated
from yinzheng.ledger.chain.sender import Carrier, count_of
from yinzheng.ledger.consents.basis import Basis, basis_of
from yinzheng.ledger.erasure.tombstones import tombstone_of
from yinzheng.ledger.flow.histories import known_of, relay_in, require_head, require_one_history
from yinzheng.ledger.flow.working_days import calendar_of
from yinzheng.ledger.log.tilelog import TileLog
from yinzheng.ledger.organisations.showing import holder_file, told_of
from yinzheng.ledger.rules.deadlines import Deadlines
from yinzheng.ledger.rules.publicity import NoticeBody
from yinzheng.ledger.state.instance import Instance, Paths, read_instance
from yinzheng.ledger.state.policy import trust_policy
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.database import Store, open_store_read_only, sqlite_url
from yinzheng.ledger.store.models import Case, Certificate, Event, Objection
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.chain.layout import record_slots, root_slot
from yinzheng.verifier.chain.layout_consents import consent_slots
from yinzheng.verifier.chain.layout_moves import account_slots
from yinzheng.verifier.containers.certfile import format_file
from yinzheng.verifier.formats.body import MAX_BODY, parse_body
from yinzheng.verifier.formats.tombstone import MAX_TOMBSTONE
from yinzheng.verifier.judge.holder import LiveOrganisation
from yinzheng.verifier.judge.live import LiveRecord
from yinzheng.verifier.judge.receipt.erasure import LiveTombstone
from yinzheng.verifier.judge.trust import TrustPolicy, parse_trust
from yinzheng.verifier.log.note import peek_checkpoint
from yinzheng.verifier.log.statement import MAX_STATEMENT_BYTES, Statement, certificate_subject
from yinzheng.verifier.log.tlogproof import TlogProof

EVIDENCE_KEPT = 1024
"""Evidence of the newest block kept in memory, some 10 kB each."""


class Reader:
    """One registry, read-only. Safe to share between threads."""

    def __init__(self, paths: Paths, instance: Instance, store: Store, w3: Web3) -> None:
        self.paths = paths
        self.instance = instance
        self.log_root = paths.log
        self._store = store
        self._w3 = w3
        self._prover = prover(w3, instance)
        self._client = ContractsClient(w3, instance.deployment, instance.modules)
        self._newest = lru_cache(maxsize=EVIDENCE_KEPT)(self._evidence)

    def trust(self) -> TrustPolicy:
        """The registry's own policy, as it exports it."""
        return parse_trust(self.trust_file())

    def trust_file(self) -> bytes:
        """The same as a file (S8)."""
        return canonical.dumps(trust_policy(self.instance))

    def live(self) -> Reader:
        """Itself: it answers as a `LiveReader`."""
        return self

    # ---------------------------------------------------------------- LiveReader

    def record(self, number: str) -> LiveRecord | None:
        """What is kept of a deposited certificate; None if there is none, or it is not anchored yet."""
        with self._store.reading() as session:
            certificate = session.get(Certificate, number)
            if certificate is None or certificate.event_id is None:
                return None
            event = session.get_one(Event, certificate.event_id)
            proof = self._proof(session, event)
        if proof is None:
            return None
        return LiveRecord(
            record=canonical.loads(certificate.body, max_bytes=MAX_BODY),
            statement=canonical.loads(event.statement, max_bytes=MAX_STATEMENT_BYTES),
            proof=proof,
            qr=certificate.qr,
        )

    def chain(self, subject: bytes, size: int | None, at: int | None) -> object:
        """Evidence for a record, and the anchored root of `size`, at the last block not after `at`."""
        block = self._prover.last_final(at)
        # What the newest block proves stays as it is until there is a newer one; many ask for the same.
        return self._newest(block, subject, size) if at is None else self._evidence(block, subject, size)

    def _evidence(self, block: int, subject: bytes, size: int | None) -> object:
        rights = self.instance.deployment.rights
        return self._prover.collect(block, self._with_root(rights, record_slots(subject), size))

    def _with_root(self, contract: bytes, slots: Sequence[bytes], size: int | None) -> Wanted:
        root = [] if size is None else [(self.instance.deployment.anchor, [root_slot(size)])]
        return [(contract, slots), *root]

    # ---------------------------------------------------------------- ReceiptReader

    def statement_proof(self, leaf: bytes) -> str | None:
        """`tlog-proof` of the statement with that leaf hash; None if it is unknown or not anchored yet."""
        with self._store.reading() as session:
            event = repository.event_by_leaf(session, leaf)
            return None if event is None else self._proof(session, event)

    def withdrawals(self, ids: Sequence[bytes], size: int | None, at: int | None) -> object:
        """Evidence for withdrawals, and the anchored root of `size`, at the last block not after `at`."""
        return self._prover.newest(
            self._with_root(self.instance.modules.consents, consent_slots(ids), size), at
        )

    def tombstone(self, leaf: bytes) -> LiveTombstone | None:
        """The tombstone of the consent with that statement; None if none is under an anchored head."""
        with self._store.reading() as session:
            event = tombstone_of(session, leaf)
            proof = None if event is None else self._proof(session, event)
            if event is None or proof is None:
                return None
            return LiveTombstone(
                statement=canonical.loads(event.statement, max_bytes=MAX_STATEMENT_BYTES),
                body=canonical.loads(event.public or b"", max_bytes=MAX_TOMBSTONE),
                proof=proof,
            )

    def organisation(self, code: str) -> LiveOrganisation | None:
        """All statements about an organisation; None if there are none, or not all are anchored yet."""
        with self._store.reading() as session:
            return told_of(session, code, lambda event: self._proof(session, event))

    def account(self, organisation: bytes, size: int | None, at: int | None) -> object:
        """Evidence for an organisation's account, and the anchored root of `size`."""
        wanted = self._with_root(self.instance.modules.holders, account_slots(organisation), size)
        return self._prover.newest(wanted, at)

    # ---------------------------------------------------------------- documents and lists

    def holder_file(self, code: str) -> bytes | None:
        """What proves whose a holder's key is (S21.2), with fresh evidence; None if there is no such one."""
        return holder_file(self.organisation(code), code, self.account)

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

    def numbers(self) -> list[str]:
        """Numbers of all deposited certificates, for the operator; never shown to the public (R50)."""
        with self._store.reading() as session:
            deposited = col(Certificate.event_id).is_not(None)
            return list(
                session.exec(select(Certificate.number).where(deposited).order_by(Certificate.number))
            )

    def notices(self) -> list[Notice]:
        """The notice board: cases under publicity or past it, latest first (R24)."""
        with self._store.reading() as session:
            query = select(Event, Case).where(Event.case_id == Case.id, Event.type == "publicity.opened")
            return [
                self._notice(session, event, case)
                for event, case in session.exec(query.order_by(col(Event.id).desc()).limit(500))
            ]

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
            return self._notice(session, event, session.get_one(Case, event.case_id))

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
        return {
            "leaf": event.leaf_hash.hex(),
            "log": self.instance.origin,
            "index": event.log_index,
            "chain": self.instance.chain_id,
            "block": None if call is None else call.block_number,
            "contract": self.instance.deployment.rights.hex(),
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

    # ---------------------------------------------------------------- plumbing

    def _proof(self, session: Session, event: Event) -> str | None:
        checkpoint = repository.latest_checkpoint(session, anchored=True)
        if checkpoint is None or event.log_index is None or event.log_index >= checkpoint.size:
            return None
        log = TileLog(self.paths.log, self.instance.origin)
        return log.tlog_proof(event.log_index, checkpoint.note).text

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

    def _notice(self, session: Session, event: Event, case: Case) -> Notice:
        body = cast("NoticeBody", canonical.loads(event.public or b"{}", max_bytes=65536))
        still_open = select(Objection).where(
            Objection.case_id == case.id, col(Objection.concluded_at).is_(None)
        )
        return Notice(
            case=case.id,
            applicant=body["applicant"],
            asset=body["asset"],
            overview=body["overview"],
            limits=body["limits"],
            importance=body["importance"],
            profile=body["profile"],
            procedure=body["procedure"],
            opened_at=body["opened_at"],
            ends_at=case.publicity_end,
            waived=body["waived"],
            reason=body["reason"],
            leaf=event.leaf_hash.hex(),
            open_objections=len(session.exec(still_open).all()),
            demonstration=body["profile"].startswith("DEMO/"),
            state=case.state,
            changed_at=case.changed_at,
        )


@contextmanager
def open_reader(root: Path, clock: Callable[[], int]) -> Iterator[Reader]:
    """Open the state folder `root` for reading.

    Raises `UsageFault` (`state-missing`), `EnvironmentFault` (`store-…`, `chain-…`), `DataFault`
    (`store-empty`, `note-…`, and where one of the three is older than the others: `require_one_history`).
    """
    paths, instance = read_instance(root)
    with ExitStack() as stack:
        store = open_store_read_only(instance.database_url or sqlite_url(paths.database))
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
        foreign=instance.chain_url is not None,
    )

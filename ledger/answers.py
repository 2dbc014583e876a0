"""What a verifier may ask of a registry: records, proofs, words on chain and statements, read-only (S9).

`Reader` is one, and lists and documents besides.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import lru_cache

from sqlmodel import Session, select
from web3 import Web3

from yinzheng.ledger.certificates.lineage import MAX_PUBLIC, Gathering
from yinzheng.ledger.chain.client import ContractsClient
from yinzheng.ledger.chain.connect import prover
from yinzheng.ledger.chain.evidence import Wanted as Accounts
from yinzheng.ledger.chain.evidence import collect_certificate
from yinzheng.ledger.erasure.tombstones import tombstone_of
from yinzheng.ledger.log.tilelog import TileLog
from yinzheng.ledger.organisations.showing import told_of
from yinzheng.ledger.state.handed_out import policy_in
from yinzheng.ledger.state.instance import Instance, Paths
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.database import Store
from yinzheng.ledger.store.kept import Kept
from yinzheng.ledger.store.models import Certificate, Event
from yinzheng.ledger.store.models_moves import Licence
from yinzheng.ledger.witnesses.heads import ShownHead, head_to_show
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.chain.layout import root_slot
from yinzheng.verifier.chain.layout_consents import consent_slots
from yinzheng.verifier.chain.layout_moves import account_slots
from yinzheng.verifier.formats.body import MAX_BODY
from yinzheng.verifier.formats.tombstone import MAX_TOMBSTONE
from yinzheng.verifier.judge.asof.situation import LiveStatement, Wanted
from yinzheng.verifier.judge.holder import LiveOrganisation
from yinzheng.verifier.judge.live import LiveRecord
from yinzheng.verifier.judge.receipt.erasure import LiveTombstone
from yinzheng.verifier.judge.trust import TrustPolicy, parse_trust
from yinzheng.verifier.log.statement import MAX_STATEMENT_BYTES

RECORDS_KEPT = 1024
"""Records with their proofs kept in memory, some 5 kB each."""
EVIDENCE_KEPT = 1024
"""Evidence of the newest block kept in memory, some 10 kB each."""


class Answers:
    """One registry as a verifier asks it. Safe to share between threads."""

    def __init__(self, paths: Paths, instance: Instance, store: Store, w3: Web3) -> None:
        self.paths = paths
        self.instance = instance
        self.log_root = paths.log
        self._store = store
        self._w3 = w3
        self._prover = prover(w3, instance)
        self._client = ContractsClient(w3, instance.deployment, instance.modules)
        self._policies = Kept(1)
        self._pinned = self.trust()
        """For its contracts, which never change."""
        self._newest = lru_cache(maxsize=EVIDENCE_KEPT)(self._newest_evidence)
        self._newest_headers = lru_cache(maxsize=1)(self._prover.from_block)
        # Of one moment: what was erased since is not kept.
        self._records = Kept(RECORDS_KEPT)
        self._heads = Kept(1)

    def moment(self) -> Hashable:
        """What every answer about now rests on: equals an earlier one only if nothing was written in between
        and no block has become final.
        """
        return self._store.moment(), self._prover.last_final()

    def trust(self) -> TrustPolicy:
        """The registry's own policy, as it exports it."""
        return self._policies.answer(self._store.moment(), None, lambda: parse_trust(self.trust_file()))

    def trust_file(self) -> bytes:
        """The same as a file (S8)."""
        with self._store.reading() as session:
            return canonical.dumps(policy_in(session, self.instance))

    def live(self) -> Answers:
        """Itself: it answers as a `LiveReader`."""
        return self

    # ---------------------------------------------------------------- LiveReader

    def record(self, number: str) -> LiveRecord | None:
        """What is kept of a deposited certificate; None if there is none, or it is not anchored yet."""
        moment = self._store.moment()
        return self._records.answer(moment, number, lambda: self._record(number, moment))

    def _record(self, number: str, moment: Hashable) -> LiveRecord | None:
        with self._store.glance() as session:
            certificate = session.get(Certificate, number)
            if certificate is None or certificate.event_id is None:
                return None
            event = session.get_one(Event, certificate.event_id)
            # The view was opened after that moment: what it sees is of it, or of one that has passed it.
            newest = self._heads.answer(moment, None, lambda: head_to_show(session))
            head = self._head(session, event, newest)
        if head is None:
            return None
        return LiveRecord(
            record=canonical.loads(certificate.body, max_bytes=MAX_BODY),
            statement=canonical.loads(event.statement, max_bytes=MAX_STATEMENT_BYTES),
            proof=self._proven_by(head, event),
            qr=certificate.qr,
        )

    def chain(self, subject: bytes, size: int | None, at: int | None) -> object:
        """Evidence for a record, what became of it, and the anchored root of `size`, at the last block not
        after `at`.
        """
        block = self._prover.last_final(at)
        # What the newest block proves stays as it is until there is a newer one; many ask for the same.
        return self._newest(block, subject, size) if at is None else self._evidence(block, subject, size)

    def _newest_evidence(self, block: int, subject: bytes, size: int | None) -> object:
        headers = self._newest_headers(block)
        return collect_certificate(self._prover, block, subject, size, self._pinned, headers)

    def _evidence(self, block: int, subject: bytes, size: int | None) -> object:
        return collect_certificate(self._prover, block, subject, size, self._pinned)

    def _with_root(self, contract: bytes, slots: Sequence[bytes], size: int | None) -> Accounts:
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

    def storage(self, wanted: Wanted, *, at: int | None, block: int | None) -> object:
        """Evidence for slots of any contract after `block`, or the last not after `at`, or the newest."""
        last = self._prover.last_final(at) if block is None else block
        return self._prover.collect(last, list(wanted.items()))

    def said(self, leaf: bytes) -> LiveStatement | None:
        """The statement of that leaf hash, and its body where that is public; None if it is unknown."""
        with self._store.reading() as session:
            event = repository.event_by_leaf(session, leaf)
            if event is None:
                return None
            return LiveStatement(
                statement=canonical.loads(event.statement, max_bytes=MAX_STATEMENT_BYTES),
                body=None if event.public is None else canonical.loads(event.public, max_bytes=MAX_PUBLIC),
            )

    def voucher(self, number: str) -> str | None:
        """The QR text of the voucher of that licence, as issued; None if there is none, or it is not anchored
        yet.
        """
        with self._store.reading() as session:
            row = session.get(Licence, number)
            if row is None or row.event_id is None:
                return None
            proof = self._proof(session, session.get_one(Event, row.event_id))
            return None if proof is None else row.qr

    def number_of(self, subject: bytes) -> str | None:
        """The number of the deposited certificate of that subject; None if there is none."""
        with self._store.reading() as session:
            found = session.exec(select(Certificate).where(Certificate.subject == subject)).first()
            return None if found is None or found.event_id is None else found.number

    def right_history(self, number: str) -> bytes | None:
        """The history of the right under a certificate (S23); None where no such one is anchored."""
        block = self._prover.last_final(None)
        with self._store.reading() as session:
            log = TileLog(self.paths.log, self.instance.origin)
            return Gathering(session, log, self, self.trust(), block).file(number)

    # ---------------------------------------------------------------- plumbing

    def _proof(self, session: Session, event: Event) -> str | None:
        head = self._head(session, event)
        return None if head is None else self._proven_by(head, event)

    def _head(self, session: Session, event: Event, newest: ShownHead | None = None) -> ShownHead | None:
        """A head that has the event's entry; None until one is anchored. ``newest``: the one that is shown
        where any will do; another is looked for unless it has the entry.
        """
        if event.log_index is None:
            return None
        has_it = newest is not None and newest.size > event.log_index
        return newest if has_it else head_to_show(session, event.log_index)

    def _proven_by(self, head: ShownHead, event: Event) -> str:
        """`tlog-proof` of an event's entry, to a head that has it."""
        assert event.log_index is not None
        return TileLog(self.paths.log, self.instance.origin).tlog_proof(event.log_index, head.note).text

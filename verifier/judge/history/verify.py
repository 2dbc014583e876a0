"""Verification of a right's history (S23): its rules, and the timeline that follows from what was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.chain.evidence import Evidence, NotGiven, parse_evidence
from yinzheng.verifier.chain.layout import ChainRecord
from yinzheng.verifier.containers.target import Presented
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.certificate import Core, decode_qr, statement_of
from yinzheng.verifier.formats.right_history import MAX_SLOTS, RightHistory, Told, parse_history
from yinzheng.verifier.judge import obligations
from yinzheng.verifier.judge.asof.situation import StorageReader
from yinzheng.verifier.judge.certificate.status import status_at
from yinzheng.verifier.judge.certificate.verify import operator_notes
from yinzheng.verifier.judge.exhibits import FileExhibits
from yinzheng.verifier.judge.findings import Findings
from yinzheng.verifier.judge.history.chain import ChainWords
from yinzheng.verifier.judge.history.report import HistoryReport, Holding, Line, Whole
from yinzheng.verifier.judge.history.threads import Threads
from yinzheng.verifier.judge.judge import Rules, authentic, judge
from yinzheng.verifier.judge.live import refused, sealed_evidence
from yinzheng.verifier.judge.obligations import Signed
from yinzheng.verifier.judge.report import Authentic, Outcome
from yinzheng.verifier.judge.seals import block_of
from yinzheng.verifier.judge.trust import TrustPolicy
from yinzheng.verifier.log.statement import (
    CERTIFICATE_DEPOSITED,
    Statement,
    certificate_subject,
    verify_body,
)
from yinzheng.verifier.log.statement import Body as BodyKind
from yinzheng.verifier.log.tlogproof import TlogProof


@dataclass(kw_only=True)
class HistoryExhibits(FileExhibits[RightHistory]):
    """Everything at hand; `read` fills it in."""

    live: StorageReader | None = None
    cores: Mapping[str, Core] = field(default_factory=dict)
    """The certificates' codes, by number."""
    threads: Threads | None = None
    """What the chain says of it, once obligation 9 holds."""

    def read(self) -> None:
        """(1) Read the file and its codes; a ledger, if there is one, is asked for the same words, newer."""
        history = parse_history(self.presented.file or b"")
        self.cores = {one.record.number: decode_qr(one.qr) for one in history.certificates}
        if any(core.body.number != number for number, core in self.cores.items()):
            raise DataFault("a code is of another certificate than its record", code="history-form")
        self.file, self.evidence = history, history.chain
        self.proof = history.proof_of(history.deposit_of(history.asked.record))
        live = self.live
        if live is not None:
            self.ask_chain(lambda _size: refused(lambda: self._newer(live, history.chain)), self.trust)

    def _newer(self, live: StorageReader, attached: Evidence) -> Evidence:
        wanted = {address: list(proof.storage) for address, proof in attached.accounts.items()}

        def read(at: int | None) -> Evidence:
            return parse_evidence(live.storage(wanted, at=at, block=None), slots=MAX_SLOTS)

        return sealed_evidence(read, self.trust, None, None)


def verify_history(
    presented: Presented,
    trust: TrustPolicy,
    *,
    now: int,
    at: int | None = None,
    live: StorageReader | None = None,
    allow_attached: bool = False,
) -> HistoryReport:
    """Verify a history that `read_target` found, under the reader's own policy.

    ``now``, ``live`` and ``allow_attached`` as in `verify`. Bad data and a silent ledger end up in the
    report. Raises `UsageFault` `history-at` for a time to be asked about: it tells of all times.
    """
    if at is not None:
        raise UsageFault(
            "a history tells of all times at once",
            code="history-at",
            hint="Leave --at out, or ask about one of its certificates.",
        )
    found = HistoryExhibits(presented=presented, trust=trust, live=live, allow_attached=allow_attached)
    findings = judge(HISTORY, found, trust, now)
    word = authentic(HISTORY, found, findings)
    standing, code = _standing(findings, found)
    genuine = word is Authentic.GENUINE and found.threads is not None
    return HistoryReport(
        kind=presented.kind,
        findings=findings.in_order(),
        authentic=word,
        standing=standing,
        standing_code=code,
        history=found.file,
        lines=_lines(found.shown, found.threads) if genuine and found.threads else (),
        holdings=_holdings(found) if found.threads and found.evidence else (),
        block=block_of(found.evidence, trust, now),
        checked_at=now,
        asked_at=None,
        notes=(*found.notes, *operator_notes(trust, set())),
    )


def _signed(found: HistoryExhibits) -> Signed:
    core = found.cores[found.shown.number]
    body = core.body
    return Signed(core.kid, core.signed, core.signature, body.registered_at, body.registry, body.number)


def _opens(found: HistoryExhibits) -> None:
    """(4) Each record is what its code and its statement say; each public body what its statement says."""
    history = found.shown
    for one in history.certificates:
        follows = statement_of(one.record)
        told = history.deposit_of(one.record).statement
        obligations.record_equals(found.cores[one.record.number], one.record, follows, told)
    for told_ in history.statements:
        _opened(told_)


def _opened(told: Told) -> None:
    public = told.statement.body_kind is BodyKind.PUBLIC
    if (told.body is not None) != (public and told.statement.type != CERTIFICATE_DEPOSITED):
        raise DataFault("a statement's public body is missing, or one is shown of another", code="commitment")
    if told.body is not None:
        verify_body(told.statement, dumps(dict(told.body)))


def _deposit(found: HistoryExhibits) -> Statement:
    return found.shown.deposit_of(found.shown.asked.record).statement


def _also_logged(found: HistoryExhibits, proof: TlogProof) -> None:
    """(5) Every other statement is in the same log."""
    del proof
    history = found.shown
    for told in history.statements:
        obligations.in_log(told.statement, history.proof_of(told))


def _on_chain(found: HistoryExhibits, trust: TrustPolicy) -> None:
    """(9) The contracts hold each certificate, licence, remark and dispute as told, and list no others."""
    evidence, history = found.need_evidence(), found.shown
    records: dict[bytes, ChainRecord] = {}
    for one in history.certificates:
        number = one.record.number
        told = history.deposit_of(one.record).statement
        records[certificate_subject(number)] = obligations.chain_record(
            evidence, trust, number, one.record, told
        )
    threads = Threads(history, ChainWords(evidence, trust), records)
    threads.check()
    found.threads = threads


def _age(found: HistoryExhibits, trust: TrustPolicy, now: int, at: int | None) -> None:
    """(10) A history is of its block, and says so; but no block is from the future."""
    del trust, at
    obligations.not_from_future(found.need_evidence(), now)
    raise NotGiven("a history is as of its block", code="history-of-block")


HISTORY: Final = Rules(
    form=HistoryExhibits.read,
    signed=_signed,
    opens=_opens,
    statement=_deposit,
    rests_on=_on_chain,
    needs=lambda _found, _findings: range(1, 10),
    age=_age,
    also_logged=_also_logged,
)
"""Nobody signs a history: the issuer's signature is that of the certificate asked about."""


def _standing(findings: Findings, found: HistoryExhibits) -> tuple[Whole, str]:
    for number in (8, 9):
        if findings.outcome(number) is not Outcome.VALID:
            return Whole.UNDETERMINED, findings.found(number).code
    if findings.found(10).code == "block-from-future" or found.threads is None:
        return Whole.UNDETERMINED, findings.found(10).code
    return (Whole.WHOLE if found.threads.whole else Whole.GOES_ON), "ok"


def _lines(history: RightHistory, threads: Threads) -> tuple[Line, ...]:
    return tuple(
        Line(
            at=told.statement.at,
            on_chain_at=threads.on_chain_at(told),
            type=told.statement.type,
            certificate=threads.number_of(told),
            by=told.statement.by,
            leaf=told.statement.leaf_hash,
            index=told.index,
            body=threads.body_of(told),
        )
        for told in history.statements
    )


def _holdings(found: HistoryExhibits) -> tuple[Holding, ...]:
    assert found.threads is not None
    assert found.evidence is not None  # the threads are read from it
    threads, of = found.threads, found.evidence.block.time
    made = []
    for one in found.shown.certificates:
        subject = certificate_subject(one.record.number)
        record = threads.records[subject]
        made.append(
            Holding(
                one.record.number,
                record.deposited_at,
                record.status,
                status_at(record, of),
                threads.successors(record),
                threads.listed[subject].count,
            )
        )
    return tuple(made)

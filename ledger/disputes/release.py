"""The end of a dispute (R39): a settlement all parties signed, or a forum's effective document.

As with the opening, the statement is composed first, and what is signed names its leaf hash. What had waited
is listed in it and goes on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlmodel import Session, col, select

from yinzheng.ledger.chain.approvals import Release as Decision
from yinzheng.ledger.chain.approvals import recover
from yinzheng.ledger.chain.contracts import FORUM
from yinzheng.ledger.disputes.calls import RELEASE, by_statement
from yinzheng.ledger.disputes.hold_notices import RELEASED, tell
from yinzheng.ledger.disputes.work import (
    DisputeThread,
    from_json,
    holds_on,
    to_json,
    work_on,
)
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.disputes import Move, Party, check_release
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.store.models import Case, Certificate
from yinzheng.ledger.store.models_consents import Withdrawal
from yinzheng.ledger.store.models_disputes import DisputeSubject, Erasure
from yinzheng.ledger.withdrawals.ending import resume
from yinzheng.verifier.bytes.algorithms import DigestPair
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.dispute import Release, Resumption, parse_release
from yinzheng.verifier.log.statement import Statement

_MOVES = {"settlement": (Move.SETTLE, Capacity.PARTY), "document": (Move.EXECUTE, Capacity.FORUM)}


def prepare_release(
    registry: Registry,
    dispute_id: str,
    kind: str,
    document: DigestPair,
    reference: str,
    signers: Sequence[bytes],
) -> Decision:
    """Compose the end of a dispute that `signers` (addresses of 20 bytes) are to sign.

    `kind`: `settlement` (every party of the opening signs) or `document` (one forum that is no party).
    `document` are the digests of its bytes, `reference` how it is cited.

    Raises `UsageFault`: `move-…`, `release-…`.
    """
    move, by = _MOVES[kind]
    with work_on(registry, dispute_id) as work:
        rule = work.allow(move, by)
        parties = registry.client.parties(work.dispute.subject)
        _check(registry, move, parties, signers, document)
        release = Release(
            dispute=work.dispute.subject,
            kind=kind,
            document=document,
            reference=reference,
            signers=tuple(sorted(set(signers))),
            released_at=work.now,
            resumed=_waiting(work),
        )
        parse_release(release.to_json())
        recorded = work.compose(rule, release.to_json())
        # One of each kind is kept: parties who prepare a settlement do not undo what the forum prepared.
        kept = {} if work.dispute.draft is None else work.read_draft()
        prepared: dict[str, JSON] = {"release": release.to_json(), "row": to_json(recorded)}
        work.keep_draft({**kept, kind: prepared})
        return Decision(work.dispute.subject, recorded.leaf_hash)


def release(
    registry: Registry, dispute_id: str, kind: str, signatures: Sequence[bytes]
) -> tuple[Resumption, ...]:
    """Record the release of that kind that was prepared, with signatures (65 bytes) in any order.

    Gives what had waited and goes on now; of consents, each withdrawal says so itself in its own thread.

    Raises `UsageFault`: `dispute-no-draft`, `dispute-moved` (something was recorded since: prepare anew),
    `release-one-party`, `release-stranger`, `release-forum…`; `DataFault` `approval-malformed`.
    """
    with work_on(registry, dispute_id) as work:
        value = work.read_draft().get(kind)
        if value is None:
            raise UsageFault(
                "no such release waits for a signature", code="dispute-no-draft", hint="Prepare it first."
            )
        ended = parse_release(value["release"])
        move, by = _MOVES[ended.kind]
        rule = work.allow(move, by)
        recorded = from_json(value["row"], work.dispute.subject, work.now)
        decision = Decision(work.dispute.subject, recorded.leaf_hash)
        _require_next(work, recorded.statement)
        domain = registry.client.preservation_domain
        signed = {recover(decision, domain, signature): signature for signature in signatures}
        parties = registry.client.parties(work.dispute.subject)
        _check(registry, move, parties, list(signed), ended.document)
        if tuple(sorted(signed)) != ended.signers:
            raise UsageFault(
                "it was prepared for other signers", code="release-stranger", hint="Prepare it anew."
            )
        work.write(rule, recorded)
        work.dispute.released_at = ended.released_at
        work.keep_draft(None)
        order = _in_order(signed, parties)
        call = registry.client.release(decision, order, len(_subjects(work)))
        part = by_statement(work.dispute.subject, recorded.leaf_hash)
        work.call(RELEASE, work.dispute.id, call, part=part, tried=False)
        tell(work, RELEASED, recorded.leaf_hash)
    # After a crash in between, the next round of withdrawals finds them (`ending.tick`).
    resume(registry, dispute_id)
    return ended.resumed


def _require_next(work: DisputeThread, statement: Statement) -> None:
    if statement.prev != work.dispute.head:
        raise UsageFault(
            "evidence was added after the release was prepared",
            code="dispute-moved",
            hint="Prepare the release anew and have it signed again.",
        )


def _check(
    registry: Registry, move: Move, parties: Sequence[bytes], signers: Sequence[bytes], document: DigestPair
) -> None:
    named = [Party("", party.hex()) for party in parties]
    check_release(move, named, [signer.hex() for signer in signers], document)
    if move is Move.EXECUTE and not registry.client.has_role(FORUM, signers[0]):
        raise UsageFault(
            "this account is no forum on the chain",
            code="release-forum",
            hint="An officer enrols a forum with its account.",
        )


def _in_order(signed: Mapping[bytes, bytes], parties: Sequence[bytes]) -> list[bytes]:
    return [signed[party] for party in parties if party in signed] or list(signed.values())


def _subjects(work: DisputeThread) -> list[DisputeSubject]:
    query = select(DisputeSubject).where(DisputeSubject.dispute_id == work.dispute.id)
    return list(work.session.exec(query).all())


def _waiting(work: DisputeThread) -> tuple[Resumption, ...]:
    """What waits for this dispute alone, and so goes on when it ends."""
    found = {
        Resumption(entry.subject, what)
        for entry in _subjects(work)
        if holds_on(work.session, entry.subject) == 1
        for what in _what_waits(work.session, entry)
    }
    return tuple(sorted(found, key=lambda one: (one.subject, one.what)))


def _what_waits(session: Session, entry: DisputeSubject) -> list[str]:
    named = [entry.subject]
    if entry.kind == "record":
        # A certificate's dossier is that of its case, and is destroyed under the case's name.
        of = select(Case.subject).join(Certificate).where(Certificate.subject == entry.subject)
        named += session.exec(of).all()
    proposed = select(Erasure.id).where(col(Erasure.subject).in_(named), Erasure.state != "destroyed")
    waits = ["retention"] if session.exec(proposed).first() else []
    match entry.kind:
        case "record":
            waits.append("amendment")
        case "case":
            open_ = select(Case.id).where(
                Case.subject == entry.subject, col(Case.state).in_(("publicity", "issuing"))
            )
            waits += ["deposit"] if session.exec(open_).first() else []
        case _:
            # Withdrawals filed while it was held have identifiers of their own; the consent tells of them.
            withdrawn = select(Withdrawal.id).where(
                (Withdrawal.id == entry.subject) | (Withdrawal.consent == entry.subject),
                col(Withdrawal.ended_at).is_(None),
            )
            waits += ["destruction"] if session.exec(withdrawn).first() else []
    return waits

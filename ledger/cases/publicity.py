"""Publicity (R24): the public notice of what is about to be registered."""

from __future__ import annotations

from yinzheng.ledger.cases.asked import predecessor_of, shown_of
from yinzheng.ledger.cases.calls import PUBLICITY
from yinzheng.ledger.cases.work import approve, content_of, work_on
from yinzheng.ledger.chain.approvals import Publication
from yinzheng.ledger.chain.records import Procedure as ChainProcedure
from yinzheng.ledger.notify.queue import queue_recorded
from yinzheng.ledger.people.acting import Actor, require_two
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.publicity import Notice, check_waiver, publicity_end
from yinzheng.ledger.rules.states import Capacity, Move
from yinzheng.ledger.rules.terms import Procedure

CHAIN_PROCEDURE = {
    Procedure.ORDINARY: ChainProcedure.ORDINARY,
    Procedure.SIMPLIFIED: ChainProcedure.SIMPLIFIED,
}


def publish(
    registry: Registry, case_id: str, by: Actor, *, waived_by: Actor | None = None, reason: str = ""
) -> tuple[str, ...]:
    """Open publicity (R24). With `waived_by`, a member of the committee, it ends at once and says so.

    Gives the credit codes of holders to be told of it otherwise: the registry moves itself, and they are not
    enrolled (R7).
    """
    if waived_by is not None:
        require_two(by, waived_by)
    with work_on(registry, case_id) as work:
        waived = waived_by is not None
        rule = work.allow(Move.PUBLISH_WAIVED if waived else Move.PUBLISH, by)
        shown = shown_of(work)
        notice = Notice(
            type=work.kind,
            certificate=work.case.certificate,
            profile=work.case.profile,
            procedure=work.case.procedure,
            applicant=shown.applicant,
            asset=shown.asset,
            overview=shown.overview,
            limits=shown.limits,
            opened_at=work.now,
            ends_at=publicity_end(registry.calendar, work.rules, work.now, waived=waived),
            waived=waived,
            reason=check_waiver(reason) if waived else "",
            importance=shown.importance,
        )
        recorded = work.compose(rule, dict(notice.body()))  # type: ignore[arg-type]  # a TypedDict of plain values
        decision = Publication(
            case_id=work.case.subject,
            profile=work.case.profile,
            procedure=CHAIN_PROCEDURE[Procedure(work.case.procedure)],
            notice=recorded.leaf_hash,
            waived=waived,
        )
        told = content_of(work, recorded)
        signatures = [approve(work, decision, "publication", by, Capacity.REGISTRY, told)]
        if waived_by is not None:
            signatures.append(approve(work, decision, "publication", waived_by, Capacity.COMMITTEE, told))
        call = registry.client.open_publicity(decision, signatures)
        work.call(PUBLICITY, case_id, call)
        work.write(rule, recorded)
        if not work.situation.own_motion:
            return ()
        before = predecessor_of(work)  # its holders hear of it while they may object (R7, R24)
        codes = [one.code for one in before.holders]
        return queue_recorded(work.session, codes, before.number, recorded, work.now)

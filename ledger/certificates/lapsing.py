"""Lapse (R10): a certificate whose validity has ended lapses by itself; the registry's rounds write it down.

Whoever verifies it knows before: what is expired follows from its own term.
"""

from __future__ import annotations

from sqlmodel import col, select

from yinzheng.ledger.certificates.calls import LAPSE
from yinzheng.ledger.certificates.telling import tell_holders
from yinzheng.ledger.certificates.work import work_on
from yinzheng.ledger.chain.refusals import WrongState
from yinzheng.ledger.disputes.work import holds_on
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.standing import Move, Over
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.store.models import Certificate
from yinzheng.verifier.formats.standing import Lapse, parse_lapse


def lapse_expired(registry: Registry) -> list[str]:
    """Record that certificates lapsed whose validity is past; gives their numbers.

    What a dispute holds waits for its end (R38); what the contracts do not let lapse now waits for the next
    round.
    """
    now = registry.clock()
    with registry.store.reading() as session:
        expired = select(Certificate).where(
            col(Certificate.ended).is_(None), Certificate.state == "deposited", Certificate.valid_until < now
        )
        numbers = [row.number for row in session.exec(expired) if not holds_on(session, row.subject)]
    return [number for number in numbers if _lapse(registry, number)]


def _lapse(registry: Registry, number: str) -> bool:
    try:
        with work_on(registry, number) as work:
            rule = work.allow(Move.LAPSE, Capacity.REGISTRY)
            body = parse_lapse(Lapse(number, work.certificate.valid_until, work.now).to_json())
            recorded = work.compose(rule, body.to_json())
            call = registry.client.record_lapse(work.subject, recorded.leaf_hash)
            work.call(LAPSE, recorded.leaf_hash.hex(), call, binds=work.subject)
            work.end(Over.LAPSED)
            work.write(rule, recorded)
            tell_holders(work, recorded)
    except WrongState:
        # By the chain's clock it is valid still. Or a forum told the contracts alone that it is over, or held
        # (S24): an audit says so, and whoever opens the registry, perhaps to take that in, is not kept out.
        return False
    return True

"""Are the access lines all there, those that were written, and does what they tell of stand (R30, R47)?"""

from __future__ import annotations

from yinzheng.ledger.accesses.checking import faults_of
from yinzheng.ledger.audit.finding import Audit
from yinzheng.ledger.audit.people import Told, compare_approvals, compare_people
from yinzheng.ledger.erasure.periods import stands
from yinzheng.ledger.state import contact
from yinzheng.ledger.witnesses import known


def check_accesses(audit: Audit) -> None:
    """Name every line that was deleted, added or changed, and every batch that is not what the log holds.

    So are people, approvals, periods of retention, witnesses and contact that are other than the lines tell.
    """
    told = Told(audit.instance.registry_code)
    with audit.store.reading() as session:
        for fault in faults_of(session, audit.keys, audit.instance.origin, told.take):
            audit.found(fault.code, fault.message, **fault.data)
    compare_people(audit, told)
    compare_approvals(audit, told)
    _compare_settings(audit, told)


def _compare_settings(audit: Audit, told: Told) -> None:
    """Whether what an administrator set stands (`retention-…`, `witnesses-…`, `contact-altered`)."""
    with audit.store.reading() as session:
        stored, witnesses, reached = stands(session), known.stands(session), contact.stands(session)
    if stored != told.periods:
        audit.found("retention-altered", "how long records are kept is not what an administrator set")
    if witnesses != told.witnesses:
        audit.found("witnesses-altered", "the witnesses of the log are not those an administrator named")
    if reached != told.contact:
        audit.found("contact-altered", "how the registry is reached is not what an administrator set")

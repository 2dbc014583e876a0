"""Are the access lines all there, and those that were written (R30, R47)?"""

from __future__ import annotations

from yinzheng.ledger.accesses.checking import faults_of
from yinzheng.ledger.audit.finding import Audit


def check_accesses(audit: Audit) -> None:
    """Name every line that was deleted, added or changed, and every batch that is not what the log holds."""
    with audit.store.reading() as session:
        for fault in faults_of(session, audit.keys, audit.instance.origin):
            audit.found(fault.code, fault.message, **fault.data)

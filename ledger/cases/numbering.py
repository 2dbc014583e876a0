"""Numbers of what a case makes (R14): allocated with its first draft, and kept by every later one."""

from __future__ import annotations

from datetime import datetime

from yinzheng.ledger.cases.work import CaseThread
from yinzheng.ledger.rules.numbers import month_of, next_number
from yinzheng.ledger.store import repository
from yinzheng.verifier.bytes.china_time import CHINA


def certificates(work: CaseThread, count: int) -> list[str]:
    """The numbers of the certificates that the case makes, ascending."""
    standing = [one.number for one in repository.certificates_of_case(work.session, work.case.id)]
    assert len(standing) in (0, count)  # what a case makes follows from what it asks for
    return standing or [_allocate(work) for _ in range(count)]


def licence_number(work: CaseThread) -> str:
    """The number of the licence that the case makes."""
    standing = repository.licence_of_case(work.session, work.case.id)
    if standing is not None:
        return standing.number
    year = datetime.fromtimestamp(work.now, CHINA).year
    serial = repository.next_serial(work.session, f"licence:{year}", most=999_999)
    return f"L-{year}-{serial:06d}"


def running_out(work: CaseThread) -> bool:
    """Whether the month is about to run out of certificate numbers (R14)."""
    month = month_of(work.now)
    used = repository.serials_used(work.session, month)
    return used > 0 and next_number(work.registry.instance.prefix, month, used - 1).running_out


def _allocate(work: CaseThread) -> str:
    month = month_of(work.now)
    serial = repository.next_certificate_serial(work.session, month)
    return str(next_number(work.registry.instance.prefix, month, serial - 1).number)

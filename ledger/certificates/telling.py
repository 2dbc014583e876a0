"""The holders of a certificate are told what others had recorded about it (R7, R25; S11.4).

What they are told names the certificate and the statement, which anyone may read, and nothing private.
"""

from __future__ import annotations

from typing import Final

from yinzheng.ledger.certificates.work import CertificateThread
from yinzheng.ledger.flow.recording import Recorded
from yinzheng.ledger.notify.queue import queue
from yinzheng.ledger.store.models import Certificate
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.formats.body import MAX_BODY, Body, parse_body

RECORDED: Final = "certificate.recorded"


def tell_holders(work: CertificateThread, recorded: Recorded) -> None:
    """Queue a notice to every holder that is enrolled, in the transaction of what it tells of."""
    data = {
        "certificate": work.certificate.number,
        "type": recorded.statement.type,
        "statement": recorded.leaf_hash.hex(),
    }
    for holder in body_of(work.certificate).holders:
        queue(work.session, holder.code, RECORDED, data, work.now)


def body_of(certificate: Certificate) -> Body:
    """What a certificate says (S6.1)."""
    return parse_body(canonical.loads(certificate.body, max_bytes=MAX_BODY))

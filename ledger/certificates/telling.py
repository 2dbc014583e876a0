"""The holders of a certificate are told what others had recorded about it (R7, R25; S11.4).

What they are told names the certificate and the statement, which anyone may read, and nothing private.
"""

from __future__ import annotations

from typing import Final

from sqlmodel import Session, select

from yinzheng.ledger.certificates.work import CertificateThread
from yinzheng.ledger.flow.recording import Recorded
from yinzheng.ledger.notify.queue import queue, queue_recorded
from yinzheng.ledger.store.models import Certificate
from yinzheng.ledger.store.models_consents import Delivery
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.formats.body import MAX_BODY, Body, parse_body

OBJECTED: Final = "certificate.objection"


def tell_holders(work: CertificateThread, recorded: Recorded) -> None:
    """Queue a notice to every holder that is enrolled, in the transaction of what it tells of."""
    codes = [holder.code for holder in body_of(work.certificate).holders]
    queue_recorded(work.session, codes, work.certificate.number, recorded, work.now)


def tell_of_objection(work: CertificateThread, leaf: bytes, due: int | None) -> None:
    """Let the enrolled holders know that somebody objects; what is said they ask for (R25)."""
    data: dict[str, JSON] = {"certificate": work.certificate.number, "objection": leaf.hex(), "due": due}
    for holder in body_of(work.certificate).holders:
        queue(work.session, holder.code, OBJECTED, data, work.now)


def reached(session: Session, certificate: Certificate, leaf: bytes) -> int | None:
    """When the last of the holders took or fetched the notice of an objection; None while one has not."""
    named = f'"objection":"{leaf.hex()}"'.encode()
    times = []
    for holder in body_of(certificate).holders:
        sent = select(Delivery).where(Delivery.code == holder.code, Delivery.kind == OBJECTED)
        own = [row.delivered_at for row in session.exec(sent) if named in row.body]
        if not own or own[0] is None:
            return None
        times.append(own[0])
    return max(times)


def body_of(certificate: Certificate) -> Body:
    """What a certificate says (S6.1)."""
    return parse_body(canonical.loads(certificate.body, max_bytes=MAX_BODY))

"""The rows of what a case makes: drafts while it is approved, stated once it is decided."""

from __future__ import annotations

from yinzheng.ledger.cases.deciders import Prepared
from yinzheng.ledger.cases.work import CaseThread
from yinzheng.ledger.rules.case_types import CaseType
from yinzheng.ledger.rules.standing import Over
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Certificate
from yinzheng.ledger.store.models_moves import Licence
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.formats.body import Body
from yinzheng.verifier.formats.certificate import encode_qr
from yinzheng.verifier.formats.licence import Licence as LicenceBody
from yinzheng.verifier.formats.voucher import encode_voucher


def keep_drafts(work: CaseThread, prepared: Prepared) -> None:
    """Keep the certificates and the licence that are prepared, as drafts under their numbers."""
    for one in prepared.stated:
        data, subject = canonical.dumps(one.body.to_json()), one.statement.subject
        if isinstance(one.body, Body):
            body = one.body
            row = work.session.get(Certificate, body.number) or Certificate(
                number=body.number,
                subject=subject,
                case_id=work.case.id,
                body=b"",
                state="draft",
                registered_at=0,
                valid_until=0,
            )
            row.body, row.registered_at, row.valid_until = data, body.registered_at, body.valid_until
            work.session.add(row)
        elif isinstance(one.body, LicenceBody):
            licence = work.session.get(Licence, one.body.number) or Licence(
                number=one.body.number,
                subject=subject,
                case_id=work.case.id,
                certificate=one.body.certificate.number,
                body=b"",
                state="draft",
                registered_at=0,
            )
            licence.body, licence.registered_at = data, one.body.registered_at
            work.session.add(licence)
    work.session.flush()


def state_drafts(work: CaseThread, prepared: Prepared) -> None:
    """Let the rows name the statements that were written, and the certificate that ends by them be over."""
    registry = work.registry
    for one in prepared.stated:
        event = repository.event_by_leaf(work.session, one.statement.leaf_hash)
        assert event is not None  # written just before
        if isinstance(one.body, Body):
            row = work.session.get_one(Certificate, one.body.number)
            row.event_id = event.id
            row.qr = encode_qr(one.body, registry.keys.sm2("issuer"), registry.instance.host)
        elif isinstance(one.body, LicenceBody):
            licence = work.session.get_one(Licence, one.body.number)
            licence.event_id = event.id
            licence.qr = encode_voucher(one.body, registry.keys.sm2("issuer"), registry.instance.host)
    if work.case.certificate is None:
        return
    before = repository.find_certificate(work.session, work.case.certificate)
    if work.kind is CaseType.CANCELLATION:
        before.ended = Over.CANCELLED.value
    elif any(isinstance(one.body, Body) for one in prepared.stated):
        before.ended = Over.SUPERSEDED.value

"""Which certificate an exchange means: one of ours, another registry's, or none (R14, R45)."""

from __future__ import annotations

from typing import Final, NamedTuple

from sqlalchemy import bindparam, select
from sqlmodel import Session

from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.trade import Known
from yinzheng.ledger.store.models import Certificate, Event, table_of
from yinzheng.ledger.store.prepared import Prepared
from yinzheng.verifier.bytes.algorithms import Sm2PublicKey
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.body import is_number
from yinzheng.verifier.formats.certificate import Core, decode_qr, key_id
from yinzheng.verifier.formats.shortcode import ShortCode, decode_short, is_short_text

_ROWS: Final = table_of(Certificate)


class Registered(NamedTuple):
    """What there is of a certificate of ours, as its row has it."""

    number: str
    subject: bytes
    body: bytes
    event_id: int


_OURS: Final = Prepared(
    select(_ROWS.c.number, _ROWS.c.subject, _ROWS.c.body, _ROWS.c.event_id).where(
        _ROWS.c.number == bindparam("named"), _ROWS.c.state == "deposited"
    )
)


def recognise(registry: Registry, session: Session, shown: str) -> tuple[Known, Registered | None]:
    """Tell what is known of a certificate by its QR text, short or large, or its number; with its row exactly
    if it is ours.

    What a code says is compared with what was deposited by the leaf hash that follows from it (S3.4), a short
    one with the code that was issued (S6.11).

    Raises `DataFault`: `certificate-malformed`, none of them; and as `decode_qr`, `decode_short`.
    """
    core = require_form(shown)
    if isinstance(core, ShortCode):
        return _of_short(registry, session, core)
    if core is None:
        return _of_number(registry, session, shown)
    issuer = next((one for one in registry.instance.issuers if key_id(one.key) == core.kid), None)
    if issuer is None:
        return Known.FOREIGN, None
    known, row = _of_number(registry, session, core.body.number)
    if known is not Known.OURS or row is None:
        return known, row
    if not Sm2PublicKey(issuer.key).verify(core.signed, core.signature) or not _same(session, row, core):
        return Known.ALTERED, None
    return known, row


def require_form(shown: str) -> Core | ShortCode | None:
    """Give what a QR text says; None for a number. Raises as `recognise`."""
    if is_number(shown):
        return None
    if is_short_text(shown) and is_number((short := decode_short(shown)).number):
        return short
    if "/" not in shown:
        raise DataFault(
            "this is neither a certificate's number nor the text of its QR code",
            code="certificate-malformed",
            hint="A number begins with SJ and has 15 characters; a QR text begins with HTTPS://.",
            path="$.certificate",
        )
    return decode_qr(shown)


def _of_number(registry: Registry, session: Session, number: str) -> tuple[Known, Registered | None]:
    if not number.startswith(registry.instance.prefix):
        return Known.FOREIGN, None
    row = _OURS.first(session, named=number)
    return (Known.UNKNOWN, None) if row is None else (Known.OURS, Registered(*row))


def _of_short(registry: Registry, session: Session, short: ShortCode) -> tuple[Known, Registered | None]:
    known, row = _of_number(registry, session, short.number)
    if row is None or short.names(session.get_one(Certificate, row.number).qr or ""):
        return known, row
    return Known.ALTERED, None


def _same(session: Session, row: Registered, core: Core) -> bool:
    return session.get_one(Event, row.event_id).leaf_hash == core.statement().leaf_hash

"""The use log of a consent: when the data was used, for which purpose, by which operator (R30).

Each line is sealed under the consent's key: the subject sees it with the receipt, and once the key is
destroyed nobody does.
"""

from __future__ import annotations

from typing import Any, Final

from sqlmodel import Session, col, select

from yinzheng.ledger.consents.reading import open_consent
from yinzheng.ledger.organisations.keys import require
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.consent import Use
from yinzheng.ledger.rules.organisations import Role
from yinzheng.ledger.store.models_consents import Use as UseRow
from yinzheng.ledger.store.sealed import SealedValue
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.canonical import Check, integer, read_object
from yinzheng.verifier.bytes.wording import check_words
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.body import check_credit_code

MAX_USE: Final = 4096
"""Canonical bytes of a line."""

_FIELDS: Final[dict[str, Check[Any]]] = {
    "at": integer(),
    "purpose": check_words(1, 200),
    "operator": check_words(1, 100),
    "by": check_credit_code,
}


def record_use(
    registry: Registry, subject: bytes, at: int, purpose: str, operator: str, by_code: str
) -> None:
    """Note that the data of the consent `subject` was used at `at` (UTC seconds), told by `by_code`.

    The controller tells its own uses, a recipient that was answered yes tells its own. What was used outside
    the consent's term or after a withdrawal is noted all the same: a log that hid it would be none. Raises
    `UsageFault` (`consent-unknown`, `consent-erased`, `use-stranger`, `organisation-…`), `DataFault`
    (`field-…`, `encoded-bytes`, `use-future`, `use-early`).
    """
    line = read_object({"at": at, "purpose": purpose, "operator": operator, "by": by_code}, _FIELDS)
    if at > registry.clock():
        raise DataFault(
            "the use would lie in the future", code="use-future", hint="Set the clock; note a use afterwards."
        )
    with registry.store.transaction() as session:
        opened = open_consent(registry, session, subject)
        consent = opened.consent
        if by_code == consent.controller.code:
            require(session, by_code, Role.CONTROLLER)
        elif any(one.code == by_code and one.answer is True for one in consent.recipients):
            require(session, by_code, Role.RECIPIENT)
        else:
            raise UsageFault(
                "this organisation is neither controller nor recipient of the consent",
                code="use-stranger",
                hint="Who uses data without being named in the consent has no consent to use it.",
            )
        if at < consent.given_at:
            raise DataFault(
                "the use lies before the consent was given",
                code="use-early",
                hint="Check the consent's subject and the time of the use.",
            )
        sealed = opened.seal.seal(canonical.dumps(line), _associated(subject))
        session.add(UseRow(consent=subject, sealed=sealed))


def uses_of(session: Session, seal: SealedValue, subject: bytes) -> list[Use]:
    """List the uses of a consent's data, oldest first; `seal` is the consent's own (`reading`).

    Raises `DataFault` (`seal-broken`).
    """
    rows = session.exec(select(UseRow).where(UseRow.consent == subject).order_by(col(UseRow.id)))
    return [open_use(seal, row) for row in rows]


def open_use(seal: SealedValue, row: UseRow) -> Use:
    """Open one line, under its consent's seal. Raises `DataFault` (`seal-broken`)."""
    value = canonical.loads(seal.open(row.sealed, _associated(row.consent)), max_bytes=MAX_USE)
    line = read_object(value, _FIELDS)
    return Use(line["at"], line["purpose"], line["operator"])


def _associated(subject: bytes) -> bytes:
    return b"yinzheng/use/1:" + subject

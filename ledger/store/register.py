"""The public register: found by a whole number, an organisation, or part of an asset's name (R50).

There is no list, no next page and nothing about a person. A search gives the latest few and says whether
there are more; whoever wants another one has to know more of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import desc
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from yinzheng.ledger.store.models import Certificate
from yinzheng.ledger.store.models_register import RegisterEntry, RegisterHolder
from yinzheng.ledger.store.register_names import named
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.body import MAX_BODY, Body, is_number, parse_body
from yinzheng.verifier.formats.creditcode import is_credit_code

MOST: Final = 10
"""Certificates that a search gives."""

SHORTEST: Final = 4
"""Characters of an asset's name, at least."""

LONGEST: Final = 100


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found, the latest first, and whether there is more."""

    bodies: Sequence[Body]
    more: bool


def enter(session: Session, certificate: Certificate) -> None:
    """Enter a deposited certificate, in the transaction that tells its event apart; again changes nothing."""
    body = parse_body(canonical.loads(certificate.body, max_bytes=MAX_BODY))
    session.merge(RegisterEntry(number=body.number, asset=body.asset))
    for holder in body.holders:
        session.merge(RegisterHolder(number=body.number, code=holder.code, name=holder.name))


def search(session: Session, asked: str) -> Found:
    """Find by a certificate's number, an organisation's credit code or whole name, or at least four
    characters of an asset's name.

    Raises `UsageFault` `register-short`, or `register-long`.
    """
    # SQLite's `LIKE` ends at a NUL: every name would have four of them. None has what cannot be seen.
    words = " ".join("".join(one if one.isprintable() else " " for one in asked).split())
    if len(words) > LONGEST:
        raise UsageFault("that is too long to be searched for", code="register-long")
    found = {number for query in _queries(session, words) for number in session.exec(query)}
    numbers = sorted(found, reverse=True)
    return Found([_body(session, number) for number in numbers[:MOST]], more=len(numbers) > MOST)


def _queries(session: Session, words: str) -> tuple[SelectOfScalar[str], ...]:
    """Which together find the latest numbers: each goes along an index, but for what is part of a name on
    PostgreSQL.
    """
    upper, of = words.upper(), select(RegisterHolder.number)
    entries = select(RegisterEntry.number)
    if is_number(upper):
        return (_latest(entries.where(RegisterEntry.number == upper)),)
    if is_credit_code(upper):
        return (_latest(of.where(RegisterHolder.code == upper)),)
    if len(words) < SHORTEST:
        raise UsageFault(
            f"at least {SHORTEST} characters of an asset's name are searched for",
            code="register-short",
            hint="Or give a whole number, or an organisation's whole name or credit code.",
        )
    if session.get_bind().dialect.name == "sqlite":
        assets = named(words, MOST + 1)
    else:
        assets = _latest(entries.where(col(RegisterEntry.asset).icontains(words, autoescape=True)))
    return _latest(of.where(RegisterHolder.name == words)), assets


def _latest(query: SelectOfScalar[str]) -> SelectOfScalar[str]:
    return query.distinct().order_by(desc("number")).limit(MOST + 1)


def _body(session: Session, number: str) -> Body:
    row = session.get_one(Certificate, number)
    return parse_body(canonical.loads(row.body, max_bytes=MAX_BODY))

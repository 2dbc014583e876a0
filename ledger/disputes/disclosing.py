"""Writing down who got the pack of a dispute, and whose consents it discloses (R47)."""

from __future__ import annotations

from sqlmodel import col, select

from yinzheng.ledger.accesses.noting import Access, note_many
from yinzheng.ledger.accesses.reader import Reader
from yinzheng.ledger.people.acting import Actor, admit
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.store.models import Case
from yinzheng.ledger.store.models_consents import Consent
from yinzheng.verifier.pack.writer import PackPlan


def note_pack(registry: Registry, plan: PackPlan, by: Reader, officer: Actor | None = None) -> None:
    """One line for the pack, and one for each consent and dossier of which it discloses a body or file.

    `officer`, where one makes it, is admitted in the same transaction. Raises as `admit`; `UsageFault`
    `bulk-approval`.
    """
    shown = [one.statement.subject for one in plan.statements if one.secret is not None]
    with registry.store.transaction() as session:
        if officer is not None:
            admit(session, officer, Capacity.REGISTRY)
        consents = [one for one in dict.fromkeys(shown) if session.get(Consent, one) is not None]
        cases = session.exec(select(Case.id).where(col(Case.subject).in_(shown)).order_by(Case.id)).all()
        accesses = [Access("export", "pack", plan.reference, "dispute")]
        accesses += [
            Access("export", "consent", plan.reference, "dispute", consent=consent) for consent in consents
        ]
        accesses += [Access("export", "dossier", case, "dispute") for case in cases]
        note_many(registry, session, by, accesses)

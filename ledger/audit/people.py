"""Do the people who may act, and the approvals of bulk openings, stand on what was decided (R47)?

Both are rows that the registry asks before it opens something; the access lines tell what they should be.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from sqlmodel import select

from yinzheng.ledger.accesses.bulk import actor_of_line, approval_digest, persons_in
from yinzheng.ledger.accesses.opening import OpenedLine
from yinzheng.ledger.audit.finding import Audit
from yinzheng.ledger.keys.provider import ISSUER
from yinzheng.ledger.people import roster
from yinzheng.ledger.rules.openings import FREE, WINDOW
from yinzheng.ledger.store.models import Person
from yinzheng.ledger.store.models_accesses import BulkApproval
from yinzheng.verifier.bytes.algorithms import recover_address
from yinzheng.verifier.bytes.counting import counted
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.access import BEARER, ITSELF


@dataclass
class Told:
    """What the access lines tell of people and bulk openings, taken up in their order."""

    own: str
    """Credit code of the registry."""
    people: dict[str, str] = field(default_factory=dict)
    """By name, what the last line about a person says (`roster`)."""
    approvals: set[str] = field(default_factory=set)
    periods: str | None = None
    """What the last line about the periods of retention says (`erasure.periods.stands`)."""
    witnesses: str | None = None
    """What the last line about witnesses says (`witnesses.known.stands`)."""
    contact: str | None = None
    """What the last line about the registry's contact says (`state.contact.stands`)."""
    beyond: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    """By actor and purpose, how many persons at least were opened beyond what is free (R47)."""
    _recent: dict[str, dict[bytes, int]] = field(default_factory=lambda: defaultdict(dict))

    def take(self, opened: OpenedLine) -> None:
        """Take up one more line."""
        line = opened.line
        if (line.action, line.kind) == ("act", "person"):
            self.people[line.object.partition(":")[0]] = line.object
        elif (line.action, line.kind) == ("act", "approval"):
            self.approvals.add(line.object)
        elif (line.action, line.kind) == ("act", "retention"):
            self.periods = line.object
        elif (line.action, line.kind) == ("act", "witnesses"):
            self.witnesses = line.object
        elif (line.action, line.kind) == ("act", "contact"):
            self.contact = line.object
        elif opened.who.person not in (BEARER, ITSELF):
            self._count(opened)

    def _count(self, opened: OpenedLine) -> None:
        """As `bulk.count_openings`, person by person: never more than what was charged for together."""
        line = opened.line
        shown = persons_in(line.action, line.kind, line.object, line.consent)
        maybe_fresh = line.organisation != self.own and (line.action, line.kind) == ("export", "receipt")
        if shown is None or maybe_fresh:
            return
        actor = actor_of_line(line.organisation, opened.who.person, self.own)
        recent = {one: at for one, at in self._recent[actor].items() if at > line.noted_at - WINDOW}
        if shown not in recent and len(recent) >= FREE:
            self.beyond[actor, line.purpose] += 1
        recent[shown] = line.noted_at
        self._recent[actor] = recent


def compare_people(audit: Audit, told: Told) -> None:
    """Name every person whose row says other than roster and lines (`person-altered`)."""
    with audit.store.reading() as session, audit.finding(table="meta"):
        known = roster.first(session, audit.keys.sm2(ISSUER).public_key) | told.people
        rows = {row.name: roster.stands(row) for row in session.exec(select(Person))}
        for name in sorted(known.keys() | rows.keys()):
            if known.get(name) != rows.get(name):
                audit.found(
                    "person-altered", f"{name} is not who was enrolled, or as whom, or left", person=name
                )


def compare_approvals(audit: Audit, told: Told) -> None:
    """Name every approval that nobody gave (`bulk-altered`), and who opened more than was approved."""
    used: dict[tuple[str, str], int] = defaultdict(int)
    with audit.store.reading() as session:
        addresses = {row.name: row.address for row in session.exec(select(Person))}
        for row in session.exec(select(BulkApproval)):
            used[row.actor, row.purpose] += row.used
            with audit.finding(approval=row.id):
                digest = approval_digest(row.actor, row.purpose, row.persons, row.since, row.until)
                noted = f"{row.id}:{row.actor}:{row.persons}" in told.approvals
                if not noted or recover_address(digest, row.signature) != addresses.get(row.by):
                    raise DataFault(
                        "an approval of bulk openings is not what its approver signed", code="bulk-altered"
                    )
                if not 0 <= row.used <= row.persons:
                    raise DataFault("an approval was used for more than it says", code="bulk-altered")
    for (actor, purpose), persons in sorted(told.beyond.items()):
        if persons > used[actor, purpose]:
            audit.found(
                "bulk-unapproved",
                f"{actor} opened {counted(persons, 'person')} beyond what is free; "
                f"{used[actor, purpose]} were approved",
                actor=actor,
            )

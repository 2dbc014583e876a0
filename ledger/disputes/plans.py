"""A dispute as it is to be opened: what its opener says of forum, parties and subjects (R37, S16.2).

A plan is what people write; certificates and cases are named by their numbers. The identifiers on chain are
found when the opening is prepared.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from yinzheng.verifier.bytes.canonical import (
    JSON,
    Check,
    hex_bytes,
    list_of,
    one_of,
    read_object,
    text,
)
from yinzheng.verifier.bytes.wording import PARTY, check_words
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.body import Party
from yinzheng.verifier.formats.dispute import DISPUTANTS, MAX_SUBJECTS, OPENINGS, Disputant

MAX_PLAN: Final = 64 * 1024
"""Bytes of a plan, however it is written."""


@dataclass(frozen=True, slots=True)
class Concerned:
    """What a dispute is about, as people name it: certificate numbers, cases, subjects of consents.

    Cases by their references, or, of a dispute that is opened on the chain itself, their identifiers there.
    """

    certificates: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    consents: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """A dispute to be opened. `kind`: `forum` or `party`; parties in any order."""

    kind: str
    forum: Party
    number: str
    parties: tuple[Disputant, ...]
    concerned: Concerned

    def to_json(self) -> dict[str, JSON]:
        """The object of S16.2."""
        return {
            "kind": self.kind,
            "forum": self.forum.to_json(),
            "number": self.number,
            "parties": [party.to_json() for party in self.parties],
            "certificates": list(self.concerned.certificates),
            "cases": list(self.concerned.cases),
            "consents": [subject.hex() for subject in self.concerned.consents],
        }


def parse_plan(value: object) -> Plan:
    """Read a plan. Raises `DataFault`: a code of `canonical.read_object`, `credit-code`, `sm2-key`."""
    fields = read_object(value, _PLAN)
    concerned = Concerned(
        tuple(fields["certificates"]), tuple(fields["cases"]), tuple(map(bytes, fields["consents"]))
    )
    return Plan(fields["kind"], fields["forum"], fields["number"], fields["parties"], concerned)


def require_impartial(plan: Plan, opener: str) -> None:
    """Check that nobody judges its own cause, and that no forum opens in another's name.

    Raises `UsageFault`: `dispute-forum-is-party`, `dispute-opener`.
    """
    codes = {party.code for party in plan.parties}
    if plan.forum.code in codes:
        raise UsageFault(
            "Nobody is a forum in its own cause.",
            code="dispute-forum-is-party",
            hint="Name a forum that is none of the parties.",
        )
    if plan.kind == "forum" and plan.forum.code != opener:
        raise UsageFault(
            "a forum opens only its own cases",
            code="dispute-opener",
            hint="The forum named in the plan opens it.",
        )
    if plan.kind == "party" and opener not in codes:
        raise UsageFault(
            "who opens as a party is named as one",
            code="dispute-opener",
            hint="Give its credit code among the parties.",
        )


_PLAN: Final[dict[str, Check[Any]]] = {
    "kind": one_of(*OPENINGS),
    "forum": PARTY,
    "number": check_words(1, 100),
    "parties": DISPUTANTS,
    "certificates": list_of(text(1, 32), 0, MAX_SUBJECTS),
    "cases": list_of(text(1, 64), 0, MAX_SUBJECTS),
    "consents": list_of(hex_bytes(32), 0, MAX_SUBJECTS),
}

"""Who used or opened what of a consent, as its receipt file tells it, and what is proved (S13.8, R30).

Every line told is proved one by one. That a line is *not* told proves nothing by itself: numbers run over all
consents. What is signed with the receipt is how many the registry knew of and up to which number; a receipt
kept from before, with a line that a later one lacks, convicts it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.containers.receipt_lines import (
    MAX_LINES,
    NO_LINES,
    ProvedLine,
    ToldLines,
    failing_lines,
)
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.access import AccessLine
from yinzheng.verifier.formats.body import Party
from yinzheng.verifier.formats.consent import Consent
from yinzheng.verifier.formats.withdrawal import Portion, Requested, remaining
from yinzheng.verifier.log.tlogproof import TlogProof

CONSENT = "consent"
"""The basis of a line that rests on an answer of the data subject."""

_LEAF: Final = re.compile("[0-9a-f]{64}")

BY_NAME_ALONE: Final = frozenset({"commercial_use", "insurance", "third_party_research"})
"""Scopes that mean nothing without a recipient (R26)."""


def lines_hold(told: ToldLines, signed: bytes | None, secret: bytes, consent: bytes) -> None:
    """(4) The file lists the lines that were signed for, each proved, of this consent, by ascending number.

    ``signed`` is key 9 of the core, ``secret`` what opens the consent's commitment. Raises `DataFault`:
    `access-line` with `lines`, which names each that fails and why; `accesses-cut`.
    """
    numbers, wrong = told.numbers, failing_lines(told, consent)
    if wrong:
        named = ", ".join(f"{number} ({code})" for number, code in wrong)
        raise DataFault(
            f"of the access lines these do not prove themselves: {named}",
            code="access-line",
            lines=[{"number": number, "code": code} for number, code in wrong],
        )
    whole = len(numbers) == min(told.count, MAX_LINES) and told.count <= told.last
    ordered = list(numbers) == sorted(set(numbers)) and all(number <= told.last for number in numbers)
    known = signed == told.digest(secret) or (signed is None and told == NO_LINES)
    if not (whole and ordered and known):
        raise DataFault(
            "the receipt was signed for other access lines than the file tells: "
            f"{', '.join(map(str, numbers)) or 'none'}, of {told.count}",
            code="accesses-cut",
            told=[*numbers],
        )


def batches_in_log(told: ToldLines, proof: TlogProof) -> None:
    """(5) The statement of every batch is in the log that ``proof`` is to.

    Raises `DataFault` `access-not-in-log` with `lines`, the numbers that rest on those that are not.
    """
    missing = set()
    for place, batch in enumerate(told.batches):
        try:
            TlogProof(batch.index, batch.hashes, proof.checkpoint).verify_inclusion(batch.statement.leaf_hash)
        except DataFault:
            missing.add(place)
    if missing:
        numbers = [proved.line.number for proved in told.lines if proved.batch in missing]
        raise DataFault(
            f"the batches of these access lines are not in the log: {', '.join(map(str, numbers))}",
            code="access-not-in-log",
            lines=numbers,
        )


def covered(
    consent: Consent, requests: Iterable[Requested], organisation: str | None, scope: str | None, at: int
) -> bool:
    """Whether an answer in force at `at` lets this organisation use the data for `scope`.

    The controller needs the scope's yes, a recipient one of its own in that scope; what goes to recipients by
    name alone covers nobody else (R26). ``requests`` are all withdrawals, in order. Raises `DataFault`
    `withdrawal-course`.
    """
    if scope is None or organisation is None or not consent.given_at <= at < consent.until:
        return False
    left: Portion = remaining(consent, (one for one in requests if one.received_at <= at))
    if any((grant.code, grant.scope) == (organisation, scope) for grant in left.grants):
        return scope in left.scopes
    return organisation == consent.controller.code and scope in left.scopes and scope not in BY_NAME_ALONE


@dataclass(frozen=True, slots=True)
class AccessTold:
    """A line that proved itself, and what its reader finds of the consent it was said to rest on."""

    proved: ProvedLine
    organisation: str | None
    """Name, where consent or registry tell it."""
    covered: bool | None
    """Whether the consent covers it, as this file tells; None where it rests on something else."""
    under: str | None = None
    """Leaf hash of the version of the notice a use was made under, hex; None for the one consented to."""

    @property
    def outside(self) -> bool:
        """Whether it was said to rest on consent, and none covers it."""
        return self.covered is False

    def to_json(self) -> dict[str, JSON]:
        """For a report; the secrets are in the file."""
        line, said = self.proved.line, self.proved.words
        return {
            "number": line.number,
            "at": line.at,
            "noted_at": line.noted_at,
            "organisation": {"code": line.organisation, "name": self.organisation},
            "function": line.function,
            "action": line.action,
            "kind": line.kind,
            "object": line.object,
            "purpose": line.purpose,
            "said": None if said is None else said.words.to_json(),
            "scope": line.scope,
            "basis": line.basis,
            "covered": self.covered,
            "told_covered": line.covered,
            "under": self.under,
            "channel": line.channel,
        }


def accesses_told(
    told: ToldLines, consent: Consent, requests: Sequence[Requested], registry: Party
) -> tuple[AccessTold, ...]:
    """The lines for a reader, oldest first; ``registry`` signed the receipt."""
    names = {registry.code: registry.name, **{one.code: one.name for one in consent.recipients}}
    names[consent.controller.code] = consent.controller.name
    found = []
    for proved in told.lines:
        line = proved.line
        under = _made_under(line, consent)
        holds = None
        if line.basis == CONSENT:
            answered = covered(consent, requests, line.organisation, line.scope, line.at)
            holds = answered and (line.covered is True or (under is None and line.covered is None))
        name = names.get(line.organisation) if line.organisation else None
        found.append(AccessTold(proved, name, holds, under))
    return tuple(found)


def _made_under(line: AccessLine, consent: Consent) -> str | None:
    """The other version of the notice a use was made under, which this file does not show (R28).

    Whether what was agreed covers that version, the registry alone has said.
    """
    own = ((line.consent or b"").hex(), consent.notice.leaf.hex())
    named = line.action == "use" and _LEAF.fullmatch(line.object) is not None
    return line.object if named and line.object not in own else None

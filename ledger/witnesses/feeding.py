"""Feeding every signed head to every witness, and keeping what they cosign (D18).

Witnesses are asked at once, each for a bounded time: one that hangs, lies or is down stops no other, and is
named. Whatever they say is kept beside the head, database first, then in the published checkpoint. What a
policy asks for k of them waits (`WitnessesMissing`); everything else goes on.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Thread
from typing import Final

from sqlmodel import Session, func, select

from yinzheng.ledger.registry import Progress, Registry, silent
from yinzheng.ledger.store.models_witnesses import Cosignature, WitnessFailure
from yinzheng.ledger.witnesses.asking import PATIENCE, CosignedLine, WitnessFault, ask
from yinzheng.ledger.witnesses.heads import cosigned_note, latest_head
from yinzheng.ledger.witnesses.kept import Fed, fed_in
from yinzheng.verifier.bytes.counting import counted
from yinzheng.verifier.errors import EnvironmentFault, YinzhengError
from yinzheng.verifier.judge.witnesses import Witness

REST: Final = 60
"""Seconds for which one that kept us waiting in vain is not asked again, and after which one that failed is
asked without anybody's doing."""

HASTE: Final = 1.0
"""Seconds within which one has to fail, or it is taken for one that keeps us waiting."""

ALARMS: Final = frozenset({"witness-ahead", "witness-fork"})
"""Failures that say something about this log and not about the witness."""

_RESTING: Final = frozenset({"witness-silent", "witness-slow"}) | ALARMS
"""Who says these is not asked again at once, or it would hold up every settling."""


class WitnessesMissing(EnvironmentFault):
    """What is to be issued waits for cosignatures; everything else is done."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a head stands with the witnesses."""

    fed: Fed
    size: int
    found: Sequence[str]
    """Names of those that cosigned it."""
    failures: Mapping[str, WitnessFailure]

    @property
    def enough(self) -> bool:
        """Whether as many cosigned as the registry asks for."""
        return len(self.found) >= self.fed.trusted.quorum

    def fault(self) -> WitnessesMissing:
        """What is told of something that waits for them."""
        lacking = [one.name for one in self.fed.trusted.known if one.name not in self.found]
        named = "; ".join(
            f"{name}: {self.failures[name].message}" if name in self.failures else name for name in lacking
        )
        return WitnessesMissing(
            f"what is to be issued is recorded and waits for witnesses of the log: {len(self.found)} of the"
            f" {self.fed.trusted.quorum} asked for have cosigned its head ({named})",
            code="witnesses-missing",
            hint="Nothing is half done and nothing needs to be done again: it goes on with the next command,"
            " or with `yinzheng settle`, once they cosign. `yinzheng witness list` says how each stands.",
            missing=lacking,
        )


def feed(registry: Registry, progress: Progress = silent) -> Standing:
    """Ask every witness that has not cosigned the newest head, and keep what they say; safe to repeat.

    Raises nothing of theirs: what failed is in the standing, and told to `progress`.
    """
    with registry.store.reading() as session:
        standing = standing_in(session)
        head = latest_head(session)
        sizes = {one.name: _largest(session, one.name) for one in standing.fed.trusted.known}
    if head is None or not standing.fed.urls:
        return standing
    note, now = head[0].note, registry.clock()
    asked = [
        (one, url)
        for one, url in standing.fed.each()
        if one.name not in standing.found and not _rests(standing.failures.get(one.name), now)
    ]
    if asked:
        told = _ask_all(registry, asked, note, sizes)
        _keep(registry, head[0].size, told, now)
        for name, said in told.items():
            if isinstance(said, CosignedLine):
                progress(f"{name} cosigned {counted(head[0].size, 'statement')}")
            else:
                progress(f"witness {name}: {said.message}")
    with registry.store.reading() as session:
        whole = cosigned_note(session, head[0])
        standing = standing_in(session)
    registry.log.publish_cosigned(whole)
    return standing


def _largest(session: Session, witness: str) -> int:
    """Size of the largest head that it cosigned; 0 before the first."""
    return session.exec(select(func.max(Cosignature.size)).where(Cosignature.witness == witness)).one() or 0


def ahead_of(registry: Registry) -> tuple[list[str], list[str]]:
    """Names of witnesses that cosigned what the published head does not cover, and of those that say nothing.

    Each is shown the published head. Nothing is kept.
    """
    note = registry.log.note()
    with registry.store.reading() as session:
        fed = fed_in(session)
    if note is None or not fed.urls:
        return [], []
    told = _ask_all(registry, list(fed.each()), note, {})
    ahead = [name for name, said in told.items() if isinstance(said, WitnessFault) and said.code in ALARMS]
    deaf = [name for name, said in told.items() if name not in ahead and not isinstance(said, CosignedLine)]
    return ahead, deaf


def standing_in(session: Session) -> Standing:
    """How the newest head stands with the witnesses, as far as the database knows."""
    fed, head = fed_in(session), latest_head(session)
    known = [one.name for one in fed.trusted.known]
    found = [] if head is None else [name for name in known if name in head[1]]
    failures = {row.witness: row for row in session.exec(select(WitnessFailure)) if row.witness in known}
    return Standing(fed, 0 if head is None else head[0].size, found, failures)


def is_due(session: Session, now: int) -> bool:
    """Whether the newest head lacks a witness that was not asked in vain just now."""
    if not fed_in(session).trusted.known:
        return False
    standing = standing_in(session)
    if not standing.size:
        return False
    lacking = [one.name for one in standing.fed.trusted.known if one.name not in standing.found]
    failed = [standing.failures.get(name) for name in lacking]
    return any(one is None or not 0 <= now - one.at < REST for one in failed)


def _rests(failure: WitnessFailure | None, now: int) -> bool:
    return failure is not None and failure.code in _RESTING and 0 <= now - failure.at < REST


def _ask_all(
    registry: Registry, asked: Sequence[tuple[Witness, str]], note: str, sizes: Mapping[str, int]
) -> dict[str, CosignedLine | YinzhengError]:
    told: dict[str, CosignedLine | YinzhengError] = {}

    def one(witness: Witness, url: str) -> None:
        old, begun = sizes.get(witness.name, 0), time.monotonic()
        try:
            told[witness.name] = ask(witness, url, note, old, registry.log.consistency, registry.clock)
        except YinzhengError as fault:
            slow = time.monotonic() - begun > HASTE and fault.code not in _RESTING
            told[witness.name] = (
                WitnessFault(f"{fault.message}, late", code="witness-slow") if slow else fault
            )

    # No pool: a look-up of a name that hangs in the system must not keep the program from ending.
    threads = [Thread(target=one, args=pair, daemon=True) for pair in asked]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE + 1)
    silent_ = WitnessFault(f"it does not answer within {PATIENCE:.0f} seconds", code="witness-silent")
    said = dict(told)  # one that comes later than this is not heard
    return {witness.name: said.get(witness.name, silent_) for witness, _ in asked}


def _keep(registry: Registry, size: int, told: Mapping[str, CosignedLine | YinzhengError], now: int) -> None:
    with registry.store.transaction() as session:
        for name, said in told.items():
            failure = session.get(WitnessFailure, name)
            if isinstance(said, CosignedLine):
                session.add(Cosignature(size=size, witness=name, line=said.line, at=said.at))
                if failure is not None:
                    session.delete(failure)
                continue
            row = failure or WitnessFailure(witness=name, code="", message="", since=now, at=now)
            row.code, row.message, row.at = said.code, said.message, now
            session.add(row)

"""Consents from a file: until durable, until anchored, and what a registry of many of them is like."""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

from sqlmodel import col, select

from scripts.bench_parts.bulk import bytes_under, database_bytes
from scripts.bench_parts.consents_floor import Floor
from scripts.bench_parts.measure import Figure, Say, at_least, seconds
from scripts.bench_parts.rights import Rights, claim_of, found_rights
from scripts.bench_parts.site import Site, make_site, opened
from yinzheng.ledger.audit import audit_registry
from yinzheng.ledger.consents.listing import count_consents, list_notices
from yinzheng.ledger.consents.receipts import make_receipt
from yinzheng.ledger.demonstration.certificates import demonstration_keys
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.registry import Registry, silent, wall_clock
from yinzheng.ledger.rules.extent import EVERYTHING, Way
from yinzheng.ledger.store.models_consents import Consent
from yinzheng.ledger.withdrawals.filing import file
from yinzheng.verifier.bytes import canonical

RECEIPTS = 20
WITHDRAWALS = 20
FLOOR_LINES = 100_000
GOAL = 18_000
"""At most so many lines are done at the floor; it does not grow with the registry."""

_FLOOR = "parse, canonicalise, two HMACs, SHA-256, SM4-GCM in as many processes; insert into bare SQLite"


def measure_consents(folder: Path, sizes: tuple[int, ...], say: Say) -> list[Figure]:
    """Import a file of each size into a registry of its own."""
    figures: list[Figure] = []
    for size in sizes:
        place = folder / str(size)
        place.mkdir()
        figures += _measure(place, size, say)
        shutil.rmtree(place)
    return figures


def _measure(folder: Path, size: int, say: Say) -> list[Figure]:
    site, lines = make_site(folder), folder / "consents.ndjson"
    with opened(site) as registry:
        rights = found_rights(registry)
    say(f"writing {size} consents")
    _write_lines(lines, rights, size)
    say(f"importing {size} consents")
    with Floor(folder / "floor.sqlite", lines) as floor:
        # Half before and half after, so that a change in the machine's load meets both.
        half = min(size, FLOOR_LINES) // 2
        taken = seconds(lambda: floor.record(0, half))
        found = _imported(site, lines, rights.controller, size)
        taken += seconds(lambda: floor.record(half, 2 * half))
    figures = _rates(found, size, 2 * half / taken)
    lines.unlink()
    say(f"looking at {size} consents")
    with opened(site) as registry:
        figures += _looked_at(registry, site, size)
    say(f"auditing {size} consents")
    return [*figures, _audit_figure(site, size, f"consents among {size:,} opened, re-hashed and compared")]


def _write_lines(path: Path, rights: Rights, size: int) -> None:
    now = wall_clock()
    with path.open("wb") as out:
        for number in range(size):
            out.write(canonical.dumps(rights.consent(number, now)) + b"\n")


def _imported(site: Site, lines: Path, code: str, size: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "scripts.bench_parts.importing", str(site.state), str(lines), code]
    found: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    if (found["recorded"], found["rejected"]) != (size, 0):
        raise SystemExit(f"bench: of {size} consents {found['recorded']} were recorded")
    return found


def _rates(found: dict[str, Any], size: int, floor: float) -> list[Figure]:
    part = f"consents from a file of {size:,}"
    whole = found["main"] + sum(found["workers"])
    rates = {"durable": size / found["durable"], "anchored": size / found["anchored"]}
    return [
        *(
            Figure(
                part,
                f"until {which}",
                rate,
                "1/s",
                _FLOOR,
                floor,
                rate / floor,
                **at_least(GOAL, rate),
            )
            for which, rate in rates.items()
        ),
        Figure(
            part,
            "memory at its peak, the importing process",
            found["main"],
            "MiB",
            goal="< 300 MiB",
            met=found["main"] < 300,
        ),
        Figure(part, f"memory at its peak, that and {len(found['workers'])} workers", whole, "MiB"),
    ]


# ---------------------------------------------------------------- a registry with many


def _looked_at(registry: Registry, site: Site, size: int) -> list[Figure]:
    part = f"at {size:,} consents"
    subjects = [_anyone(registry) for _ in range(RECEIPTS + WITHDRAWALS)]
    made = [seconds(lambda: make_receipt(registry, one)) for one in subjects[:RECEIPTS]]  # noqa: B023
    filed = [
        seconds(
            lambda: file(registry, one, EVERYTHING, channel=Way.RECEIPT, claim=claim)  # noqa: B023
        )
        for one in dict.fromkeys(subjects[RECEIPTS:])
        for claim in [claim_of(registry, one)]
    ]
    settle(registry)
    notices = seconds(lambda: list_notices(site.state, wall_clock()))
    totals = seconds(lambda: count_consents(site.state))
    figures = [
        Figure(part, "making a patient's receipt", median(made) * 1e3, "ms"),
        Figure(part, "filing a withdrawal, until durable", median(filed) * 1e3, "ms"),
        Figure(part, "notices with the counts of their withdrawals", notices * 1e3, "ms"),
        Figure(part, "counting the consents", totals * 1e3, "ms"),
    ]
    # The rows of organisations, notice and withdrawals are among them; they are few.
    stored = {"database": database_bytes(registry), "tiles and entries": bytes_under(registry.paths.log)}
    return figures + [Figure(part, name, held / size, "bytes a consent") for name, held in stored.items()]


def _anyone(registry: Registry) -> bytes:
    """The subject of a consent drawn at random."""
    with registry.store.reading() as session:
        query = select(Consent.subject).order_by(col(Consent.subject)).limit(1)
        found = session.exec(query.where(col(Consent.subject) >= secrets.token_bytes(32))).first()
        return found or session.exec(query).one()  # after the last comes the first


def _audit_figure(site: Site, size: int, name: str) -> Figure:
    """Audit the whole registry, which must be in order; the rate is that of `size` of something in it."""
    found: list[object] = []

    def audit() -> None:
        found.extend(audit_registry(site.state, demonstration_keys, clock=wall_clock, progress=silent))

    taken = seconds(audit)
    if found:
        raise SystemExit(f"bench: the audit finds {found[:3]}")
    return Figure("audit", name, size / taken, "1/s")

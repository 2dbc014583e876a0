"""`--at`: how a certificate stood at one instant or more, and what has changed since (S9.3a)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.chain.evidence import NotGiven
from yinzheng.verifier.containers.target import Presented
from yinzheng.verifier.errors import DataFault, EnvironmentFault
from yinzheng.verifier.formats.body import Body
from yinzheng.verifier.judge.asof.situation import Situation, StorageReader, read_situation
from yinzheng.verifier.judge.asof.table import Column, Row, Value, licences_in, rows_of
from yinzheng.verifier.judge.certificate.verify import verify
from yinzheng.verifier.judge.live import LiveReader
from yinzheng.verifier.judge.report import Authentic, Outcome, Report, Status, block_json
from yinzheng.verifier.judge.trust import TrustPolicy
from yinzheng.verifier.log.statement import certificate_subject

MOST_INSTANTS: Final = 8
"""Asked about together."""


class AsOfReader(LiveReader, StorageReader, Protocol):
    """A ledger that can be asked about a certificate and about words on chain."""


@dataclass(frozen=True, slots=True)
class AsOf:
    """A certificate at the instants asked about, the earliest first, and now."""

    reports: tuple[Report, ...]
    """Of each instant asked about."""
    columns: tuple[Column, ...]
    """The same, and now; none where nothing genuine was shown."""
    rows: tuple[Row, ...]
    attached: bool
    """No ledger was asked: all is from what was attached."""

    @property
    def exit_code(self) -> int:
        """S9.4 of all instants: 1 if one is forged or not in force, else 3 if one cannot be told, else 0."""
        codes = {report.exit_code for report in self.reports}
        if any(report.authentic is Authentic.FORGED for report in self.reports):
            return 1
        return next(code for code in (3, 1, 0) if code in codes)

    def to_json(self) -> dict[str, Any]:
        """JSON values."""
        licences = licences_in(self.columns)
        return {
            "attached": self.attached,
            "instants": [_column(column) for column in self.columns],
            "rows": [
                {
                    "what": row.what,
                    "of": row.of,
                    "same": row.same,
                    "cells": [_cell(value) for value in row.cells],
                    "changed": list(row.changes),
                }
                for row in self.rows
            ],
            "licences": {
                id_.hex(): {
                    "statement": given.licence.statement.hex(),
                    "licensor": given.licence.licensor.hex(),
                    "licensee": given.licence.licensee.hex(),
                    "exclusive": given.licence.exclusive,
                    "valid_from": given.licence.valid_from,
                    "valid_until": given.licence.valid_until,
                    "given_at": given.licence.given_at,
                    "ended_at": given.licence.ended_at or None,
                    "ending": given.licence.ending,
                    "body": given.body,
                }
                for id_, given in licences.items()
            },
        }


def as_of(
    presented: Presented,
    trust: TrustPolicy,
    *,
    now: int,
    instants: Sequence[int],
    live: AsOfReader | None = None,
    allow_attached: bool = False,
) -> AsOf:
    """Verify a certificate as of each of ``instants`` (UTC seconds), and put them beside each other and now.

    The rest as `verify`, which raises.
    """
    asked = [
        verify(presented, trust, now=now, at=at, live=live, allow_attached=allow_attached)
        for at in sorted(set(instants))
    ]
    newest = verify(presented, trust, now=now, live=live, allow_attached=allow_attached)
    if newest.authentic is not Authentic.GENUINE or newest.body is None:
        return AsOf(tuple(asked), (), (), attached=live is None)
    names = _Names(live)
    columns = tuple(_looked(report, newest, newest.body, live, trust) for report in (*asked, newest))
    rows = rows_of(columns, newest.body, names.number)
    return AsOf(tuple(asked), columns, rows, attached=live is None)


def _looked(
    report: Report, newest: Report, body: Body, live: StorageReader | None, trust: TrustPolicy
) -> Column:
    at = report.checked_at if report.asked_at is None else report.asked_at
    now = report.asked_at is None
    if live is None:
        found = _attached(newest, at)
        why = "ok" if found else "as-of-needs-archive"
        return Column(at, now, report.status, found, why)
    try:
        situation = read_situation(
            certificate_subject(body.number),
            [holder.code for holder in body.holders],
            live,
            trust,
            now=report.checked_at,
            at=report.asked_at,
            vouched=newest.finding(8).outcome is Outcome.VALID,
        )
        _same_certificate(situation, newest)
    except (DataFault, EnvironmentFault, NotGiven) as fault:
        return Column(at, now, report.status, None, fault.code)
    return Column(at, now, report.status, situation, "ok")


def _same_certificate(situation: Situation, newest: Report) -> None:
    record, known = situation.record, newest.chain
    if record is not None and known is not None and record.content != known.content:
        raise DataFault("the ledger's past contradicts its present", code="archive-gap")


def _attached(newest: Report, at: int) -> Situation | None:
    """What an attached record tells about ``at``: all it says, if it has not changed since (S9.3)."""
    record, block = newest.chain, newest.block
    if record is None or block is None or not record.changed_at <= at <= max(block.time, newest.checked_at):
        return None
    if at > block.time and newest.status is Status.UNDETERMINED:
        return None
    return Situation(at, block, record, newest.status, None, None, None, None, None)


class _Names:
    """Numbers of certificates by their subjects, which follow from them (S2.4): a wrong one is none."""

    def __init__(self, live: StorageReader | None) -> None:
        self._live = live
        self._known: dict[bytes, str] = {}

    def number(self, subject: bytes) -> str:
        """The number, or the subject in hex where nobody knows it."""
        if subject not in self._known:
            self._known[subject] = self._asked(subject) or subject.hex()
        return self._known[subject]

    def _asked(self, subject: bytes) -> str | None:
        if self._live is None:
            return None
        try:
            number = self._live.number_of(subject)
            return number if number and certificate_subject(number) == subject else None
        except (DataFault, EnvironmentFault):
            return None


def _column(column: Column) -> dict[str, Any]:
    return {
        "at": column.at,
        "now": column.now,
        "status": str(column.status),
        "why": column.why,
        "block": None if column.block is None else block_json(column.block),
        "given": column.situation and column.situation.given,
    }


def _cell(value: Value) -> JSON:
    return list(value) if isinstance(value, tuple) else value

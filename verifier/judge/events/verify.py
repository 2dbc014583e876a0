"""Verification of exported events, line by line under the reader's own policy; nobody is asked (S22.6).

What is proved: that these statements are in the log the policy pins, what their public bodies say, and by
which block the chain held a head of the log that covers them. That none is left out is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from yinzheng.verifier.bytes.canonical import dumps, saved
from yinzheng.verifier.chain.evidence import NotGiven
from yinzheng.verifier.containers.eventsfile import Asked, End, Head, Line, Told, read_line
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.watched import named_by
from yinzheng.verifier.judge import obligations
from yinzheng.verifier.judge.events.report import FOREIGN, PRIVATE, EventReport, EventsReport
from yinzheng.verifier.judge.findings import Findings
from yinzheng.verifier.judge.report import Outcome
from yinzheng.verifier.judge.seals import sealed
from yinzheng.verifier.judge.trust import TrustPolicy
from yinzheng.verifier.log.statement import Body, certificate_subject, verify_body
from yinzheng.verifier.log.tlogproof import TlogProof

ON_HEAD: Final = (6, 7, 8)
"""Obligations of a head, settled once for all events under it."""


@dataclass
class EventsJudge:
    """Judges lines in their order."""

    trust: TrustPolicy
    _asked: Asked | None = None
    _head: Head | None = None
    _on_head: Findings = field(default_factory=Findings)
    _line: int = 0
    _last: int = -1
    _counts: dict[Outcome, int] = field(default_factory=lambda: dict.fromkeys(Outcome, 0))
    _end: End | None = None

    def judge(self, lines: Iterable[bytes]) -> Iterator[EventReport]:
        """The report of each event, and of each line that is none of such a file, as they come."""
        for line in lines:
            self._line += 1
            if self._line == 1:
                line = saved(line)
            if not line.strip():
                continue  # an editor puts it there
            report = self._judged(line)
            if report is not None:
                self._counts[report.outcome] += 1
                yield report

    def whole(self) -> EventsReport:
        """All of it, once every line was judged."""
        told = sum(self._counts.values())
        return EventsReport(
            proved=self._counts[Outcome.VALID],
            failed=self._counts[Outcome.INVALID],
            undetermined=self._counts[Outcome.SKIPPED],
            ours=self._asked is not None,
            whole=self._asked is not None and self._end is not None and self._end.events == told,
        )

    def _judged(self, data: bytes) -> EventReport | None:
        findings = Findings()
        # (1): the line has its form, and its place.
        line = findings.settle(1, lambda: self._read(data))
        if isinstance(line, Told):
            return self._event(line, findings)
        if isinstance(line, Head):
            self._take(line)
        return None if line is not None else EventReport(self._line, findings.in_order())

    def _read(self, data: bytes) -> Line:
        begun = self._asked is not None
        try:
            line = read_line(data)
        except DataFault:
            if begun:
                raise
            line = None
        if not begun and not isinstance(line, Asked):
            raise DataFault("a file of events begins otherwise", code=FOREIGN)
        assert line is not None
        if (begun and isinstance(line, Asked)) or self._end is not None:
            raise DataFault("a line is out of its place", code="line-place")
        if isinstance(line, Asked):
            self._asked = line
        elif isinstance(line, End):
            self._end = line
        elif isinstance(line, Told):
            self._placed(line)
        return line

    def _placed(self, told: Told) -> None:
        asked, number, at = self._asked, told.event.number, told.event.statement.at
        assert asked is not None  # the first line
        if number <= self._last or self._head is None:
            raise DataFault("an event is out of its place", code="line-place", number=number)
        if not asked.since <= at < asked.until:
            raise DataFault("an event is of another time", code="event-period", number=number)
        self._last = number

    def _take(self, head: Head) -> None:
        self._head, self._on_head = head, Findings()
        proof = TlogProof(0, (), head.checkpoint)
        # (6): every pinned key of the log has signed its head.
        self._on_head.settle(6, lambda: obligations.checkpoint_signed(proof, self.trust))
        # (7): that head is anchored on the chain.
        self._on_head.settle(7, lambda: obligations.anchored(proof, head.chain, self.trust))
        # (8): the block is sealed by pinned validators, and final.
        self._on_head.settle(8, lambda: sealed(head.chain, self.trust))

    def _event(self, told: Told, findings: Findings) -> EventReport:
        head, statement = self._head, told.event.statement
        assert head is not None  # or it is out of its place
        # (4): the body is the one its statement commits to.
        findings.settle(4, partial(_opens, told))
        # (5): the statement is in the log.
        proof = partial(TlogProof, told.event.number, told.path, head.checkpoint)
        findings.settle(5, lambda: obligations.in_log(statement, proof()))
        found = {one.number: one for one in (*findings.in_order(), *self._on_head.in_order())}
        return EventReport(
            self._line,
            tuple(found[number] for number in sorted(found)),
            told.event,
            _claimed(told),
            head.chain.block.number,
            head.chain.block.time,
        )


def _opens(told: Told) -> None:
    """(4) Raises `NotGiven` `body-private`, `body-absent`; `DataFault` `commitment`, `body-superfluous`."""
    statement = told.event.statement
    if statement.body_kind is Body.PRIVATE:
        if told.body is not None:
            raise DataFault("a private body stands where nothing opens it", code="body-superfluous")
        raise NotGiven("the body is private", code=PRIVATE)
    if told.body is None:
        raise NotGiven("the public body is missing", code="body-absent")
    verify_body(statement, dumps(told.body))


def _claimed(told: Told) -> tuple[str, ...]:
    statement = told.event.statement
    named = set(named_by(statement.type, told.body))
    return tuple(
        number
        for number in told.event.certificates
        if certificate_subject(number) != statement.subject and number not in named
    )

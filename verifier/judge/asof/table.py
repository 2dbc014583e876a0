"""Instants side by side: what was the same, what changed, and by which block each is known (S9.3a)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import Any, Final, TypeAlias

from yinzheng.verifier.chain.layout import REMARK_BITS
from yinzheng.verifier.chain.layout_moves import ENDED
from yinzheng.verifier.formats.body import Body
from yinzheng.verifier.judge.asof.situation import Given, Situation
from yinzheng.verifier.judge.report import Block, Status

UNKNOWN: Final = "unknown"
"""What a cell says that cannot be determined."""

Value: TypeAlias = "str | int | tuple[str, ...]"


@dataclass(frozen=True, slots=True)
class Column:
    """One instant: what was found about it, or why not all could be."""

    at: int
    """UTC seconds."""
    now: bool
    """Whether it is the time of asking."""
    status: Status
    situation: Situation | None
    why: str
    """Code of what stood in the way; `ok` if nothing did."""

    @property
    def block(self) -> Block | None:
        """The block that proves it."""
        return None if self.situation is None else self.situation.block


@dataclass(frozen=True, slots=True)
class Row:
    """One question, answered for each column."""

    what: str
    """`status`, `ending`, `holder`, `holds`, `objections`, `reservation`, `successors`, `remark`, `licence`
    or `account`."""
    of: str
    """Which: a kind of remark, a licence's identifier, a credit code; else empty."""
    cells: tuple[Value, ...]

    @property
    def changes(self) -> tuple[bool, ...]:
        """For each cell whether it is known to differ from the one before."""
        known = (UNKNOWN not in pair and pair[0] != pair[1] for pair in pairwise(self.cells))
        return (False, *known)

    @property
    def same(self) -> bool | None:
        """Whether all cells are the same; None where one is unknown and no other differs."""
        if any(self.changes):
            return False
        return None if UNKNOWN in self.cells else True


def rows_of(columns: Sequence[Column], body: Body, names: Callable[[bytes], str]) -> tuple[Row, ...]:
    """The table. ``names`` gives a certificate's number by its subject, where it is known."""
    return tuple(_rows(columns, body, names))


def _rows(columns: Sequence[Column], body: Body, names: Callable[[bytes], str]) -> Iterable[Row]:
    yield Row("status", "", tuple(_status(one) for one in columns))
    ending = _row(columns, "ending", "", lambda one: (one.record and one.record.ending) or ())
    if any(cell not in ((), UNKNOWN) for cell in ending.cells):
        yield ending
    for holder in body.holders:
        rights = tuple(holder.rights)
        yield Row("holder", holder.code, tuple(_holding(one, rights) for one in columns))
    yield _row(columns, "holds", "", lambda one: one.record.holds if one.record else 0)
    yield _row(columns, "objections", "", lambda one: one.record.objections if one.record else 0)
    yield _row(columns, "reservation", "", _reservation)
    yield _row(columns, "successors", "", lambda one: _successors(one, names))
    for kind in REMARK_BITS:
        remarks = _row(columns, "remark", kind, partial(_remark, kind))
        if any(cell not in ((), UNKNOWN) for cell in remarks.cells):
            yield remarks
    for id_ in licences_in(columns):
        yield _row(columns, "licence", id_.hex(), partial(_licence, id_))
    for holder in body.holders:
        yield _row(columns, "account", holder.code, partial(_account, holder.code))


def licences_in(columns: Sequence[Column]) -> dict[bytes, Given]:
    """Every licence that some column knows, as the latest does, by its identifier, in the order given."""
    found: dict[bytes, Given] = {}
    for column in columns:
        for given in (column.situation and column.situation.licences) or ():
            known = found.get(given.id)
            found[given.id] = given if known is None or given.body else replace(given, body=known.body)
    return found


def _row(columns: Sequence[Column], what: str, of: str, cell: Callable[[Situation], Any]) -> Row:
    found = tuple(UNKNOWN if one.situation is None else cell(one.situation) for one in columns)
    return Row(what, of, found)


def _status(column: Column) -> Value:
    return UNKNOWN if column.status is Status.UNDETERMINED else str(column.status)


def _holding(column: Column, rights: tuple[str, ...]) -> Value:
    """To whom it was registered: as the body says, from the deposit on, for ever (S5.9)."""
    if column.status is Status.UNDETERMINED and column.situation is None:
        return UNKNOWN
    return () if column.status is Status.NOT_YET else rights


def _reservation(one: Situation) -> Value:
    record = one.record
    if record is None or record.reserved_until <= one.at:
        return ()
    return (str(record.reserved_until), record.reserved_by.hex())


def _successors(one: Situation, names: Callable[[bytes], str]) -> Value:
    record = one.record
    after = () if record is None else (record.successor, record.remainder)
    return tuple(names(subject) for subject in after if subject is not None)


def _remark(kind: str, one: Situation) -> Value:
    """Why it stands: how many were entered, and whether one came with the certificate; empty: it does not."""
    if one.record is None or kind not in one.record.remarks:
        return ()
    marks = one.marks and one.marks[kind]
    if not marks:
        return ("stands",)
    came = marks.deposited or not marks.known
    return (*(["deposited"] if came else []), *([str(marks.entered)] if marks.entered else []))


def _licence(id_: bytes, one: Situation) -> Value:
    if one.licences is None:
        return UNKNOWN
    found = next((given.licence for given in one.licences if given.id == id_), None)
    if found is None:
        # Of more than are read only the latest are: an earlier block does not list what came later.
        return "not_given" if one.given == len(one.licences) else UNKNOWN
    if found.state == ENDED:
        return f"ended_{found.ending}"
    if one.at > found.valid_until:
        return "run_out"
    if one.cancelled is not False:
        return UNKNOWN if one.cancelled is None else "certificate_cancelled"
    return "to_come" if one.at < found.valid_from else "in_force"


def _account(code: str, one: Situation) -> Value:
    if one.accounts is None:
        return UNKNOWN
    account = one.accounts[code]
    return "" if account is None else account.hex()

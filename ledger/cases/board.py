"""What anyone may see of cases: lines of the notice board, and of a case's history."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final, cast

from sqlmodel import Session, col, select

from yinzheng.ledger.cases.protests import against_case
from yinzheng.ledger.rules.publicity import NoticeBody
from yinzheng.ledger.store.models import Case, Event, Objection
from yinzheng.ledger.store.paging import page_of
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.errors import UsageFault

BOARD: Final = 500
"""Notices that the board has, the latest."""

_LEAF: Final = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Notice:
    """One line of the public notice board (R24). Times are UTC seconds; `ends_at` as the chain has it."""

    case: str
    type: str
    """What is asked for (R1)."""
    certificate: str | None
    """Of a move the certificate it is about."""
    applicant: str
    asset: str
    overview: str
    limits: str
    importance: str
    """`important` or `core` where the data was decided to be such (R23); else empty."""
    profile: str
    procedure: str
    opened_at: int
    ends_at: int | None
    waived: bool
    reason: str
    """Why publicity was waived; else empty."""
    leaf: str
    open_objections: int
    demonstration: bool
    state: str
    """Of the case now (`ledger.rules.states`)."""
    changed_at: int
    over: bool = False
    """Whether what was registered upon it is over by now: nobody objects to that (R12, R25). A page of the
    board leaves it out."""


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One event of a case and where it lies; `proof`, if asked for, is a tlog-proof to an anchored head."""

    at: int
    type: str
    statement: dict[str, Any]
    leaf: str
    index: int | None
    anchored_block: int | None
    proof: str | None


def board_page(session: Session, after: str | None, most: int) -> tuple[list[Notice], str | None]:
    """A page of the notice board: cases under publicity or past it, latest first (R24); those before the
    notice of the leaf hash `after`. With the one to go on after, or None at the end.

    It reaches back over the last 500: who walks it meets no more of the register (R50). Raises
    `UsageFault` `query` where `after` is none of them.
    """
    opened = select(Event).where(Event.type == "publicity.opened")
    oldest = opened.order_by(col(Event.id).desc()).offset(BOARD - 1).limit(1)
    first = session.exec(oldest).first()
    if first is not None:
        opened = opened.where(col(Event.id) >= first.id)
    behind = None
    if after is not None:
        named = bytes.fromhex(after) if _LEAF.fullmatch(after) else b""
        last = session.exec(opened.where(Event.leaf_hash == named)).first()
        if last is None:
            raise UsageFault(
                "there is no such place on the notice board",
                code="query",
                hint="Begin anew: it has the last 500 notices.",
            )
        behind = (last.id,)
    events, more = page_of(session, opened, (col(Event.id),), behind, most=most)
    found = [notice_of(session, event, session.get_one(Case, event.case_id)) for event in events]
    return found, None if more is None else more.leaf_hash.hex()


def notice_of(session: Session, event: Event, case: Case) -> Notice:
    """The line of the board that an event opened."""
    body = cast("NoticeBody", canonical.loads(event.public or b"{}", max_bytes=65536))
    still_open = select(Objection).where(*against_case(case.id), col(Objection.concluded_at).is_(None))
    return Notice(
        case=case.id,
        type=case.type,
        certificate=case.certificate,
        applicant=body["applicant"],
        asset=body["asset"],
        overview=body["overview"],
        limits=body["limits"],
        importance=body["importance"],
        profile=body["profile"],
        procedure=body["procedure"],
        opened_at=body["opened_at"],
        ends_at=case.publicity_end,
        waived=body["waived"],
        reason=body["reason"],
        leaf=event.leaf_hash.hex(),
        open_objections=len(session.exec(still_open).all()),
        demonstration=body["profile"].startswith("DEMO/"),
        state=case.state,
        changed_at=case.changed_at,
    )

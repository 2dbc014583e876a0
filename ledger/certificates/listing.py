"""How a registered certificate stands, read without keys and without the writer's lock."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import Session

from yinzheng.ledger.certificates.remarks import Entered, remarks_of
from yinzheng.ledger.certificates.work import deposit_leaf, registered, statements_of
from yinzheng.ledger.state.instance import read_instance
from yinzheng.ledger.store.database import open_store_read_only
from yinzheng.ledger.store.models import Case
from yinzheng.verifier.bytes.canonical import JSON


@dataclass(frozen=True, slots=True)
class Standing:
    """A certificate since its deposit."""

    number: str
    profile: str
    ended: str | None
    """`superseded`, `cancelled` or `lapsed`; None: in force, as far as the registry has decided."""
    head: bytes
    """Leaf hash of the latest statement about it: what the next one names as `prev`."""
    remarks: tuple[Entered, ...]

    def to_json(self) -> dict[str, JSON]:
        """As the desk and the command line show it (S15.8)."""
        return {
            "certificate": self.number,
            "profile": self.profile,
            "ended": self.ended,
            "head": self.head.hex(),
            "remarks": [
                {
                    "remark": None if one.leaf is None else one.leaf.hex(),
                    "kind": one.kind.value,
                    "text": one.text,
                    "reference": one.reference,
                    "by_forum": one.by_forum,
                    "entered_at": one.entered_at,
                    "lifted_at": one.lifted_at,
                }
                for one in self.remarks
            ],
        }


def standing_of(session: Session, number: str) -> Standing:
    """How it stands. Raises `UsageFault`: `certificate-unknown`, `certificate-draft`."""
    row = registered(session, number)
    return Standing(
        number=number,
        profile=session.get_one(Case, row.case_id).profile,
        ended=row.ended,
        head=row.head or deposit_leaf(session, row),
        remarks=tuple(remarks_of(row, statements_of(session, row))),
    )


def standing_at(root: Path, number: str) -> Standing:
    """The same of a state folder. Raises as `standing_of`, `read_instance` and `open_store_read_only`."""
    paths, instance = read_instance(root)
    with closing(open_store_read_only(instance.store_url(paths))) as store, store.reading() as session:
        return standing_of(session, number)

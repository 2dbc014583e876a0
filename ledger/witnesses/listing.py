"""How each witness stands: what it cosigned last, and why it did not since."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from yinzheng.ledger.store.models_witnesses import Cosignature, WitnessFailure
from yinzheng.ledger.witnesses.feeding import standing_in
from yinzheng.verifier.judge.witnesses import Witness


@dataclass(frozen=True, slots=True)
class Stand:
    """One witness."""

    witness: Witness
    url: str
    newest: bool
    """Whether it cosigned the log's newest head."""
    size: int | None
    """Of the newest head that it cosigned; None: none yet."""
    at: int | None
    """When it did, by its own clock, UTC seconds."""
    code: str | None
    """Why it did not when it was asked last; None where it did."""
    message: str | None
    since: int | None
    """When it failed first, UTC seconds."""

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        failure = {"code": self.code, "message": self.message, "since": self.since}
        return {
            **self.witness.to_json(),
            "url": self.url,
            "newest": self.newest,
            "size": self.size,
            "at": self.at,
            "failure": None if self.code is None else failure,
        }


def stands_of(session: Session) -> tuple[int, list[Stand]]:
    """How many witnesses are asked for, and each, in their order."""
    standing = standing_in(session)
    return standing.fed.trusted.quorum, [
        _stand(session, one, url, newest=one.name in standing.found) for one, url in standing.fed.each()
    ]


def _stand(session: Session, witness: Witness, url: str, *, newest: bool) -> Stand:
    query = select(Cosignature).where(Cosignature.witness == witness.name)
    last = session.exec(query.order_by(col(Cosignature.size).desc()).limit(1)).first()
    failure = session.get(WitnessFailure, witness.name)
    said = (None, None, None) if failure is None else (failure.code, failure.message, failure.since)
    size, at = (None, None) if last is None else (last.size, last.at)
    return Stand(witness, url, newest, size, at, *said)

"""What is shown of a holder, so that anyone can tell whose a signature is (S21.2): what is public."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from sqlmodel import Session

from yinzheng.ledger.flow.threads import thread
from yinzheng.ledger.rules.organisations import Role
from yinzheng.ledger.store.models import Event
from yinzheng.ledger.store.models_consents import Organisation
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.containers.holderfile import Told, format_holder_file
from yinzheng.verifier.judge.holder import LiveOrganisation
from yinzheng.verifier.log.note import peek_checkpoint
from yinzheng.verifier.log.statement import MAX_STATEMENT_BYTES, Statement, organisation_subject
from yinzheng.verifier.log.tlogproof import TlogProof

_MAX_BODY = 8192


def told_of(session: Session, code: str, proof_of: Callable[[Event], str | None]) -> LiveOrganisation | None:
    """All statements about a holder, as a reader takes them; None where the last has no proof yet.

    None too of who holds no rights: whom else the registry enrolled is nobody's business but its own.
    """
    found = session.get(Organisation, code)
    if found is None or Role.HOLDER not in found.roles.split():
        return None
    events = thread(session, found.head)
    proof = proof_of(events[-1])
    if proof is None:
        return None
    told = (
        (
            canonical.loads(event.statement, max_bytes=MAX_STATEMENT_BYTES),
            canonical.loads(event.public or b"", max_bytes=_MAX_BODY),
        )
        for event in events
    )
    return LiveOrganisation(tuple(told), proof)


def holder_file(
    told: LiveOrganisation | None, code: str, evidence: Callable[[bytes, int | None, int | None], object]
) -> bytes | None:
    """The holder file, with evidence of now, if anything is told. Raises as `format_holder_file`."""
    if told is None:
        return None
    proof = TlogProof.from_text(told.proof)
    chain = evidence(organisation_subject(code), peek_checkpoint(proof.checkpoint).size, None)
    events = [Told(Statement.from_json(one), cast("dict[str, object]", body)) for one, body in told.events]
    return format_holder_file(events, proof, cast("canonical.JSON", chain))

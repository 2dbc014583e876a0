"""Does the log have a statement of everything that anybody told the contracts (D17, S24)?"""

from __future__ import annotations

from sqlmodel import Session, select

from yinzheng.ledger.audit.finding import Audit
from yinzheng.ledger.chain.announced import Announced, announced
from yinzheng.ledger.chain.connect import prover
from yinzheng.ledger.chain.events import SPAN
from yinzheng.ledger.inlets.finding import is_own
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models_inlets import Inlet
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.inlet import FOUND, MAX_FOUND, parse_found
from yinzheng.verifier.log.statement import Statement, verify_body


def check_inlets(audit: Audit) -> None:
    """Every event of final blocks is the registry's own, or was found and recorded as it is; no others."""
    last = prover(audit.w3, audit.instance).last_final()
    seen: set[tuple[int, int]] = set()
    with audit.store.reading() as session:
        for first in range(audit.instance.deployment.block, last + 1, SPAN):
            for one in announced(audit.w3, audit.client.addresses, first, min(first + SPAN - 1, last)):
                seen.add((one.block, one.log))
                if not is_own(session, one):
                    with audit.finding(block=one.block, log=one.log):
                        _check(audit, session, one)
        for row in session.exec(select(Inlet)):
            if (row.block, row.log) not in seen:
                audit.found("inlet-invented", "what was found on the chain is not there", leaf=row.leaf.hex())


def _check(audit: Audit, session: Session, one: Announced) -> None:
    row = session.get(Inlet, (one.block, one.log))
    event = None if row is None else repository.event_by_leaf(session, row.leaf)
    if event is None:
        audit.found(
            "inlet-unrecorded",
            f"the chain has a {one.inlet} that nothing here says anything about",
            about=one.about.hex(),
            name=one.name.hex(),
            block=one.block,
        )
        return
    statement = Statement.from_bytes(event.statement)
    if statement.type != FOUND:
        raise DataFault("what was found on the chain was recorded as something else", code="inlet-differs")
    verify_body(statement, event.public or b"")
    body = parse_found(canonical.loads(event.public or b"", max_bytes=MAX_FOUND))
    told = (body.inlet, body.about, body.name, body.transaction, body.block.hash, body.log)
    if told != (
        one.inlet,
        one.about,
        one.name,
        one.transaction,
        one.block_hash,
        one.log,
    ):
        audit.found("inlet-differs", "what was found on the chain was recorded otherwise", block=one.block)

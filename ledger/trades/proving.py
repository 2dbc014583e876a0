"""A contract about data with its proofs (S21.11), for those who have a part in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from sqlmodel import Session

from yinzheng.ledger.accesses.keys import month_of, open_key
from yinzheng.ledger.chain.connect import prover
from yinzheng.ledger.flow.recording import open_event
from yinzheng.ledger.flow.threads import find_organisation, thread
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store.models import Event
from yinzheng.ledger.trades.checking import KEYS
from yinzheng.ledger.trades.contracts import require_part
from yinzheng.ledger.witnesses.heads import ShownHead, head_to_show
from yinzheng.verifier.bytes.canonical import JSON, loads
from yinzheng.verifier.chain.layout import record_slots, root_slot
from yinzheng.verifier.containers.contractfile import PartyKeys, format_contract_proof
from yinzheng.verifier.containers.holderfile import Told
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.log.note import peek_checkpoint
from yinzheng.verifier.log.statement import Statement, certificate_subject
from yinzheng.verifier.log.tlogproof import TlogProof

_MAX_BODY = 8192


def proof_of(registry: Registry, subject: bytes, by: str) -> bytes:
    """Give a contract with what proves it as a file, from the newest final block.

    It tells each party which keys the other has had: both are named in it already. Raises `UsageFault`:
    `contract-unknown` (also to who has no part in it), `contract-unanchored` (recorded, and not all of it
    under an anchored head yet); `EnvironmentFault` where the node does not answer.
    """
    with registry.store.reading() as session:
        row = require_part(session, subject, by)
        first = thread(session, row.head)[0]
        key = open_key(session, registry.keys, month_of(first.at, KEYS))
        body, secret = open_event(key.seal, first.sealed, first.leaf_hash)
        assert secret is not None  # contracts are private (S3.2)
        signatures: Any = cast("dict[str, Any]", body)["signatures"]
        threads = [thread(session, find_organisation(session, one["code"]).head) for one in signatures]
        head = _head(session, [first, *(events[-1] for events in threads)])
        proof = _proof(registry, head, first)
        parties = [PartyKeys(_told(events), _proof(registry, head, events[-1])) for events in threads]
        number, statement = row.number, Statement.from_bytes(first.statement)
    chain = _evidence(registry, number, peek_checkpoint(proof.checkpoint).size)
    return format_contract_proof(statement, body, secret, parties, proof, chain)


def _told(events: Sequence[Event]) -> tuple[Told, ...]:
    return tuple(
        Told(
            Statement.from_bytes(event.statement),
            cast("dict[str, Any]", loads(event.public or b"", max_bytes=_MAX_BODY)),
        )
        for event in events
    )


def _head(session: Session, events: Sequence[Event]) -> ShownHead:
    """The one head that all of these are under."""
    places = [event.log_index for event in events if event.log_index is not None]
    head = head_to_show(session, max(places)) if len(places) == len(events) else None
    if head is None:
        raise UsageFault(
            "this contract is recorded and not yet anchored",
            code="contract-unanchored",
            hint="Ask again in a moment.",
        )
    return head


def _proof(registry: Registry, head: ShownHead, event: Event) -> TlogProof:
    assert event.log_index is not None  # `_head` saw to it
    return registry.log.tlog_proof(event.log_index, head.note)


def _evidence(registry: Registry, number: str, size: int) -> JSON:
    deployment = registry.instance.deployment
    wanted = [
        (deployment.anchor, [root_slot(size)]),
        (deployment.rights, record_slots(certificate_subject(number))),
    ]
    return cast("JSON", prover(registry.w3, registry.instance).newest(wanted))

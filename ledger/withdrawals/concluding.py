"""The signed end document of a withdrawal (S10.9, R35): what a patient keeps, and anyone can check."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from sqlmodel import Session

from yinzheng.ledger.chain.connect import prover
from yinzheng.ledger.keys.provider import ISSUER
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store.models import Event
from yinzheng.ledger.withdrawals.work import ConsentThread, open_work
from yinzheng.ledger.witnesses.heads import head_to_show
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.chain.layout import root_slot
from yinzheng.verifier.chain.layout_consents import withdrawal_slots
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.conclusion import format_conclusion
from yinzheng.verifier.formats.withdrawal_steps import Completed, Restricted
from yinzheng.verifier.log.note import peek_checkpoint
from yinzheng.verifier.log.tlogproof import TlogProof


def conclusion(registry: Registry, id_: bytes) -> bytes:
    """The end of a withdrawal as one signed document: its completion or, until then, its latest restriction.

    Each time it is signed anew and proved from the newest final block; what it says stays the same.

    Raises `UsageFault`: `withdrawal-unknown`, `withdrawal-open` (it has no end yet), `withdrawal-unanchored`
    (its end is acknowledged and not on the chain yet); `EnvironmentFault` where the node does not answer.
    """
    with registry.store.reading() as session:
        work = open_work(registry, session, id_)
        ends = [one for one in work.said if isinstance(one.body, Completed | Restricted)]
        if not ends:
            raise UsageFault(
                "This withdrawal has no end yet.",
                code="withdrawal-open",
                hint="Its progress tells who has not answered, and until when they must.",
            )
        end = ends[-1]
        secret, event = _opened(work, end.leaf)
        proof = _proof(registry, session, event)
    assert isinstance(end.body, Completed | Restricted)
    size = peek_checkpoint(proof.checkpoint).size
    return format_conclusion(
        end.statement,
        end.body,
        secret,
        registry.keys.sm2(ISSUER),
        signed_at=registry.clock(),
        proof=proof,
        chain=_evidence(registry, id_, size),
    )


def _opened(work: ConsentThread, leaf: bytes) -> tuple[bytes, Event]:
    for one in work.opened.events:
        if one.event.leaf_hash == leaf:
            assert one.secret is not None  # withdrawals are private (S3.2)
            return one.secret, one.event
    raise AssertionError("a statement of the thread is not among its events")


def _proof(registry: Registry, session: Session, event: Event) -> TlogProof:
    checkpoint = None if event.log_index is None else head_to_show(session, event.log_index)
    if checkpoint is None or event.log_index is None:
        raise UsageFault(
            "The end of this withdrawal is recorded and not yet anchored.",
            code="withdrawal-unanchored",
            hint="Ask again in a moment.",
        )
    return registry.log.tlog_proof(event.log_index, checkpoint.note)


def _evidence(registry: Registry, id_: bytes, size: int) -> JSON:
    instance = registry.instance
    wanted: list[tuple[bytes, Sequence[bytes]]] = [
        (instance.modules.consents, withdrawal_slots(id_)),
        (instance.deployment.anchor, [root_slot(size)]),
    ]
    return cast("JSON", prover(registry.w3, instance).newest(wanted))

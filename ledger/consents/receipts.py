"""The patient's receipt (S13): what proves a consent, made from the store for the one it belongs to.

It is made anew whenever it is asked for, with fresh evidence and every withdrawal so far. What is made is a
proof copy, with which nobody acts; the patient's own bears a credential besides (`credentials`), which is
handed out (`handover`) once, and again in place of a lost one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from yinzheng.ledger.accesses.proving import lines_of_consent
from yinzheng.ledger.chain.connect import prover
from yinzheng.ledger.consents.reading import OpenedConsent, open_consent
from yinzheng.ledger.document.qr import qr_png, qr_svg
from yinzheng.ledger.document.receipt_pdf import render_receipt
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.state.contact import reached
from yinzheng.ledger.state.instance import Instance
from yinzheng.ledger.state.policy import fingerprint_of
from yinzheng.ledger.witnesses.heads import head_to_show
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.chain.layout import root_slot
from yinzheng.verifier.chain.layout_consents import consent_slots
from yinzheng.verifier.containers.receipt_lines import ToldLines
from yinzheng.verifier.containers.receiptfile import Place, ReceiptEvent, format_receipt_file
from yinzheng.verifier.errors import DataFault, EnvironmentFault
from yinzheng.verifier.formats.body import Party
from yinzheng.verifier.formats.receipt import encode_receipt, with_credential
from yinzheng.verifier.formats.withdrawal import parse_requested
from yinzheng.verifier.judge.receipt.events import REQUESTED_TYPE
from yinzheng.verifier.log.note import peek_checkpoint
from yinzheng.verifier.log.tlogproof import TlogProof
from yinzheng.verifier.words.speaker import in_one_line


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt in every form it is handed out in. All of them are private, the code above all."""

    subject: bytes
    qr: str = field(repr=False)
    """With the credential, on the patient's own."""
    file: bytes = field(repr=False)
    """`receipt.json` (S13.3); without a credential, always."""
    policy: str = ""
    """Fingerprint of the registry's trust policy (S8.3)."""
    contact: str = ""
    """How the registry is reached, in one line."""

    def owned(self, credential: bytes) -> Receipt:
        """The patient's own: its code and page, not its file, bear the credential, 32 bytes."""
        return replace(self, qr=with_credential(self.qr, credential))

    def pdf(self) -> bytes:
        """The file as a PDF that proves itself. Raises as `render_receipt`."""
        return render_receipt(self.file, self.qr, self.policy, self.contact)

    def png(self) -> bytes:
        """The QR code as a picture."""
        return qr_png(self.qr)

    def svg(self) -> str:
        """The QR code as a drawing."""
        return qr_svg(self.qr)


def make_receipt(registry: Registry, subject: bytes) -> Receipt:
    """A proof copy of the receipt of the consent of that subject, 32 bytes, with evidence of now.

    Raises `UsageFault` (`consent-unknown`, `consent-erased`), `EnvironmentFault` (`receipt-not-anchored`
    while the consent waits in the pool, or anything that happened to it for its anchor; `node-…`),
    `DataFault` for a store that contradicts itself.
    """
    with registry.store.reading() as session:
        opened = open_consent(registry, session, subject)
        last = opened.events[-1].event.log_index
        checkpoint = None if last is None else head_to_show(session, last)
        if checkpoint is None or last is None:
            raise _not_anchored()
        instance = reached(session, registry.instance)
        told = lines_of_consent(registry, session, subject, opened.seal, checkpoint)
    first = opened.events[0].event.log_index
    if first is None:
        raise _not_anchored()
    followed = len(opened.events) > 1
    proof = registry.log.tlog_proof(first, checkpoint.note)
    place = Place(last, registry.log.tlog_proof(last, checkpoint.note).hashes) if followed else None
    made = assemble(
        opened,
        proof,
        last=place,
        accesses=told,
        qr=sign_code(registry, opened, told.digest(opened.secret)),
        chain=_evidence(registry, opened, proof),
    )
    return replace(made, policy=str(fingerprint_of(instance)), contact=in_one_line(instance.contact))


def sign_code(registry: Registry, opened: OpenedConsent, lines: bytes | None = None) -> str:
    """The QR text of an opened consent's proof copy, signed now (S13.2); asks neither log nor chain.

    ``lines``: the digest of what the file tells of accesses.
    """
    instance = registry.instance
    return encode_receipt(
        opened.granted.statement,
        registry=Party(instance.registry_name, instance.registry_code),
        notice=opened.notice_leaf,
        issued_at=registry.clock(),
        head=opened.events[-1].statement.leaf_hash if len(opened.events) > 1 else None,
        lines=lines,
        signer=registry.keys.sm2("issuer"),
        host=instance.host,
    )


def _not_anchored() -> EnvironmentFault:
    return EnvironmentFault(
        "this consent, or its withdrawal, is recorded and not anchored yet",
        code="receipt-not-anchored",
        hint="Consents are sequenced together so that nobody can join them; ask again in a while.",
    )


def assemble(
    opened: OpenedConsent,
    proof: TlogProof,
    *,
    last: Place | None,
    accesses: ToldLines,
    qr: str,
    chain: JSON,
) -> Receipt:
    """Put an opened consent, its proofs, code and evidence (S7.3, or None) together; asks nobody."""
    file = format_receipt_file(
        qr,
        opened.secret,
        opened.consent,
        opened.notice,
        opened.granted.statement,
        proof,
        events=withdrawals_of(opened),
        last=last,
        accesses=accesses,
        chain=chain,
    )
    return Receipt(opened.row.subject, qr, file)


def withdrawals_of(opened: OpenedConsent) -> list[ReceiptEvent]:
    """What happened to the consent since, as the file discloses it."""
    found = []
    for event in opened.events[1:]:
        if event.secret is None or not isinstance(event.body, dict):
            raise DataFault("a withdrawal's body is not private", code="thread-broken")
        found.append(ReceiptEvent(event.statement, event.body, event.secret))
    return found


def ids_of(opened: OpenedConsent) -> list[bytes]:
    """Identifiers on chain: the consent's subject, which is that of its first withdrawal, and later ones."""
    later = (
        parse_requested(event.body).withdrawal
        for event in opened.events
        if event.statement.type == REQUESTED_TYPE
    )
    return list(dict.fromkeys((opened.row.subject, *later)))


def withdrawal_slots_wanted(
    instance: Instance, ids: Sequence[bytes], size: int | None
) -> list[tuple[bytes, Sequence[bytes]]]:
    """What evidence of these withdrawals is about, and the anchored root of ``size``, for `collect`."""
    wanted: list[tuple[bytes, Sequence[bytes]]] = [(instance.modules.consents, consent_slots(ids))]
    if size is not None:
        wanted.append((instance.deployment.anchor, [root_slot(size)]))
    return wanted


def _evidence(registry: Registry, opened: OpenedConsent, proof: TlogProof) -> JSON:
    size, ids = peek_checkpoint(proof.checkpoint).size, ids_of(opened)
    asked = prover(registry.w3, registry.instance)
    block = asked.last_final()
    told = sum(event.statement.type == REQUESTED_TYPE for event in opened.events)
    if registry.client.withdrawals_opened(opened.row.subject, block) != told:
        raise _not_anchored()  # filed a moment ago, or by someone else since
    return cast("JSON", asked.collect(block, withdrawal_slots_wanted(registry.instance, ids, size)))

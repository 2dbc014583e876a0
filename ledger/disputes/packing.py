"""The evidence pack of a dispute (D7, S14): everything a court checks without us, in one file.

The same state of a dispute gives the same bytes, whoever asks and whenever: the pack stands on the first
anchored head that covers it and on the block by which all its calls were mined, takes its time from that
block, and its one random part, the issuer's signature, is made once and kept.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, cast

from sqlmodel import Session, col, select

from yinzheng.ledger.accesses.reader import Reader
from yinzheng.ledger.cases.work import dossier_key
from yinzheng.ledger.chain.connect import prover
from yinzheng.ledger.disputes.calls import KINDS
from yinzheng.ledger.disputes.collecting import find_thread, opened
from yinzheng.ledger.disputes.disclosing import note_pack
from yinzheng.ledger.disputes.stamps import stamps_for
from yinzheng.ledger.disputes.work import DRAFT, opening_in
from yinzheng.ledger.document.court_pdf import render_court
from yinzheng.ledger.flow.recording import open_event
from yinzheng.ledger.flow.threads import find_dispute, thread
from yinzheng.ledger.keys.provider import ISSUER
from yinzheng.ledger.people.acting import Actor, require
from yinzheng.ledger.registry import Progress, Registry
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.state.files import disk_faults, temporary_beside
from yinzheng.ledger.state.handed_out import policy_in
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Case, ChainCall, DossierFile, Event
from yinzheng.ledger.store.models_disputes import Dispute, EvidenceItem, Signature
from yinzheng.ledger.store.sealed import SealedValue, open_file
from yinzheng.ledger.witnesses.heads import ShownHead, head_to_show
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.chain.layout import RIGHTS_CASES, mapping_slot, record_slots, root_slot, slots_from
from yinzheng.verifier.chain.layout_consents import withdrawal_slots
from yinzheng.verifier.chain.layout_disputes import (
    SUBJECT_KINDS,
    dispute_slots,
    evidence_slots,
    party_slots,
    subject_slots,
)
from yinzheng.verifier.errors import EnvironmentFault, UsageFault
from yinzheng.verifier.formats.body import Party
from yinzheng.verifier.formats.certificate import key_id
from yinzheng.verifier.formats.dispute import Opening, evidence_roots, parse_opening
from yinzheng.verifier.formats.dossier import disclose
from yinzheng.verifier.judge.pack.licences import ABOUT_LICENCES, MOST_LICENCES
from yinzheng.verifier.log.statement import Statement
from yinzheng.verifier.pack.chain_slots import moves_slots
from yinzheng.verifier.pack.contents import DossierFile as DossierProof
from yinzheng.verifier.pack.contents import PackedStatement
from yinzheng.verifier.pack.manifest import ListedRoot
from yinzheng.verifier.pack.writer import Chunks, PackDossierFile, PackItem, PackPlan, WrittenPack, write_pack
from yinzheng.verifier.words.court.html import render_html
from yinzheng.verifier.words.court.planned import report_on

_EVIDENCE = "dispute.evidence"
_DOSSIERS = ("application.received", "supplement.given")


@dataclass(frozen=True, slots=True)
class Selection:
    """What a pack discloses. `items`: numbers from 1, None for all; `files`: of dossiers, each alone."""

    items: frozenset[int] | None = None
    files: tuple[tuple[str, str], ...] = ()
    """Case or certificate number, and path of the file in its dossier."""

    def shows(self, number: int) -> bool:
        """Whether item `number` (from 1) is disclosed."""
        return self.items is None or number in self.items


EVERYTHING = Selection()


@dataclass
class _Gathered:
    """What a pack is made of, as found in one view of the database."""

    dispute: Dispute
    key: bytes
    checkpoint: ShownHead
    block: int
    opening: Opening
    items: list[EvidenceItem]
    events: dict[bytes, Event]
    """Every statement the pack shows, by leaf hash."""
    seals: dict[bytes, SealedValue | None] = field(default_factory=dict)
    """What opens each, by leaf hash; absent: it is shown without its body."""


def build_pack(
    registry: Registry,
    dispute_id: str,
    target: Path,
    *,
    selection: Selection = EVERYTHING,
    by: Actor,
    progress: Progress,
) -> WrittenPack:
    """Write the pack of a dispute to the new file `target`. That `by`, an officer, got it is written down.

    Raises `UsageFault`: `dispute-unknown`, `dispute-draft`, `pack-exists`, `pack-unsettled` (something of it
    is not on the chain yet), `pack-selection`, `pack-foreign` (a file of a case that this dispute is not
    about); `DataFault` where what is stored is not what was recorded;
    `EnvironmentFault` (node, disk). `target` is then not there.
    """
    require(registry, by, Capacity.REGISTRY)
    if target.exists():
        raise UsageFault(f"{target} exists already", code="pack-exists", hint="Name a new file.")
    progress("gathering statements and proofs")
    plan = plan_pack(registry, dispute_id, selection)
    note_pack(registry, plan, Reader.of_actor(registry, by), by)
    plan = with_report(plan)
    draft = temporary_beside(target)
    try:
        with disk_faults(target), draft.open("xb+") as out:
            progress("writing the pack")
            written = write_out(out, plan, lambda message: sign_once(registry, message))
            out.flush()
        draft.rename(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return written


def with_report(plan: PackPlan) -> PackPlan:
    """The plan with its report as HTML and PDF, which say what a reader of the pack will find (S14.6).

    Contents are not read for it: they are compared while they are written, and a pack in which one differs is
    not finished. Raises `DataFault` as `report_on`, and `document-failed`.
    """
    report = report_on(plan)
    return replace(plan, report_html=render_html(report).encode(), report_pdf=render_court(report))


def write_out(out: BinaryIO, plan: PackPlan, sign: Callable[[bytes], bytes]) -> WrittenPack:
    """Write a planned pack; needs the registry no more but for `sign`, so that long packs hold up nobody.

    `sign` is `sign_once` of whoever has the registry. Raises as `write_pack`.
    """
    return write_pack(out, plan, sign)


def plan_pack(registry: Registry, dispute_id: str, selection: Selection = EVERYTHING) -> PackPlan:
    """Everything that goes into a pack but its report. Raises as `build_pack`."""
    instance = registry.instance
    with registry.store.reading() as session:
        found = _gather(registry, session, dispute_id, selection)
        files = [_dossier_file(registry, session, found, name, path) for name, path in selection.files]
        statements = _packed(registry, found)
        items = _items(registry, session, found, selection)
        indices = [event.log_index for event in found.events.values() if event.log_index is not None]
        stamps = stamps_for(registry, session, found.checkpoint, indices)
        policy = policy_in(session, instance)
    roots = _roots(found.items)
    chain = _chain(registry, found, roots)
    made_at = int(cast("Any", registry.w3.eth.get_block(found.block))["timestamp"])
    return PackPlan(
        dispute=found.dispute.subject,
        reference=found.dispute.id,
        registry=Party(instance.registry_name, instance.registry_code),
        signer=key_id(registry.keys.sm2(ISSUER).public_key.point),
        made_at=made_at,
        items=items,
        roots=roots,
        statements=statements,
        chain=chain,
        trust=canonical.dumps(policy),
        dossier_files=files,
        timestamps=stamps,
    )


def _gather(registry: Registry, session: Session, dispute_id: str, selection: Selection) -> _Gathered:
    dispute = find_dispute(session, dispute_id)
    if dispute.state == DRAFT or dispute.head is None:
        raise UsageFault("a draft has no pack", code="dispute-draft", hint="Open the dispute first.")
    key = dossier_key(registry, session, dispute.dossier_id)
    seal = SealedValue(key)
    own = thread(session, dispute.head)
    query = select(EvidenceItem).where(EvidenceItem.dispute_id == dispute_id)
    items = list(session.exec(query.order_by(col(EvidenceItem.number))).all())
    _require_items(selection, len(items))
    events = {event.leaf_hash: event for event in own}
    withheld = {item.leaf for item in items if not selection.shows(item.number + 1)}
    seals: dict[bytes, SealedValue | None] = {leaf: seal for leaf in events if leaf not in withheld}
    for leaf in _referred(own, seal, withheld):
        event = repository.event_by_leaf(session, leaf)
        if event is not None and leaf not in events:
            events[leaf] = event
            seals[leaf] = find_thread(registry, session, event.subject)[1] if event.public is None else None
    opened_with = opening_in(own)
    opening = parse_opening(open_event(seal, opened_with.sealed, opened_with.leaf_hash)[0])
    for name, _ in selection.files:
        _require_own(session, opening, name)
        for event in _submissions(session, name):
            events[event.leaf_hash] = event
            seals[event.leaf_hash] = SealedValue(
                dossier_key(registry, session, _case(session, name).dossier_id)
            )
    checkpoint, block = _settled(session, dispute, list(events.values()))
    return _Gathered(dispute, key, checkpoint, block, opening, items, events, seals)


def _require_own(session: Session, opening: Opening, name: str) -> None:
    """Refuse a dossier of a case that is none of the dispute's, and that no certificate of it came of."""
    case = _case(session, name)
    certificates = {one.subject for one in repository.certificates_of_case(session, case.id)}
    if case.subject not in opening.subjects.cases and not certificates & set(opening.subjects.records):
        raise UsageFault(
            f"this dispute is not about {name}",
            code="pack-foreign",
            hint="A pack shows files of the cases and certificates that the dispute names as its subjects.",
        )


def _require_items(selection: Selection, there: int) -> None:
    odd = sorted(number for number in selection.items or () if not 1 <= number <= there)
    if odd:
        raise UsageFault(
            f"there is no item {odd[0]}", code="pack-selection", hint=f"Items are numbered from 1 to {there}."
        )


def _referred(own: Iterable[Event], seal: SealedValue, withheld: Collection[bytes]) -> Iterator[bytes]:
    """Leaf hashes of the statements that the disclosed items are about."""
    for event in own:
        if event.type == _EVIDENCE and event.leaf_hash not in withheld:
            body, _ = open_event(seal, event.sealed, event.leaf_hash)
            assert isinstance(body, dict)  # an item, as it was recorded
            about = cast("dict[str, Any]", body["about"])
            yield from (bytes.fromhex(leaf) for leaf in about.get("statements", ()))


def _settled(session: Session, dispute: Dispute, events: Sequence[Event]) -> tuple[ShownHead, int]:
    """The first anchored head that covers all statements, and the block by which everything was mined."""
    indices = [event.log_index for event in events]
    if None in indices:
        raise _unsettled()
    needed = max(index for index in indices if index is not None)
    checkpoint = head_to_show(session, needed, first=True)
    kinds = [kind.name for kind in KINDS]
    of_it = select(ChainCall).where(col(ChainCall.kind).in_(kinds), ChainCall.about == dispute.id)
    calls = session.exec(of_it).all()
    blocks = [
        call.block_number for call in calls if call.state == "confirmed" and call.block_number is not None
    ]
    if checkpoint is None or len(blocks) < len(calls):
        raise _unsettled()
    return checkpoint, max(checkpoint.anchored_block, *blocks)


def _unsettled() -> UsageFault:
    return UsageFault(
        "something of this dispute is not on the chain yet",
        code="pack-unsettled",
        hint="Run `yinzheng settle`, then pack again.",
    )


def _packed(registry: Registry, found: _Gathered) -> list[PackedStatement]:
    packed = []
    for leaf, event in found.events.items():
        assert event.log_index is not None  # `_settled` saw to it
        body, secret = opened(event, found.seals[leaf]) if leaf in found.seals else (None, None)
        proof = registry.log.tlog_proof(event.log_index, found.checkpoint.note)
        shown = None if event.type == _EVIDENCE else body
        packed.append(PackedStatement(Statement.from_bytes(event.statement), shown, secret, proof))
    return packed


def _items(registry: Registry, session: Session, found: _Gathered, selection: Selection) -> list[PackItem]:
    files = {row.number: row for row in repository.files_of(session, found.dispute.dossier_id)}
    packed = []
    for item in found.items:
        if not selection.shows(item.number + 1):
            packed.append(PackItem(item.leaf))
            continue
        event = found.events[item.leaf]
        body, _ = open_event(SealedValue(found.key), event.sealed, event.leaf_hash)
        content = _content(registry, found.key, files[item.number])
        packed.append(PackItem(item.leaf, canonical.dumps(body), content))
    return packed


def _content(registry: Registry, key: bytes, row: DossierFile) -> Chunks:
    return lambda: open_file(registry.blobs, key, row.dossier_id, row.number, row.blob)


def _roots(items: Sequence[EvidenceItem]) -> list[ListedRoot]:
    """The roots that went to the chain: one after each batch of items."""
    grown = list(evidence_roots(item.leaf for item in items))
    ends = {item.batch: item.number + 1 for item in items}
    return [ListedRoot(size, grown[size - 1]) for _, size in sorted(ends.items())]


def _chain(registry: Registry, found: _Gathered, roots: Sequence[ListedRoot]) -> JSON:
    """Evidence at the pack's block of the dispute, what it holds, and the head it stands on (S7.3)."""
    deployment, modules = registry.instance.deployment, registry.instance.modules
    case_id, subjects = found.dispute.subject, found.opening.subjects
    disputes = [*dispute_slots(case_id), *party_slots(case_id, len(found.opening.parties))]
    for kind in SUBJECT_KINDS:
        disputes += subject_slots(case_id, kind, len(getattr(subjects, kind)))
    for root in roots:
        disputes += evidence_slots(case_id, root.root)
    rights = [slot for subject in subjects.records for slot in record_slots(subject)]
    rights += [slots_from(mapping_slot(subject, RIGHTS_CASES), 1)[0] for subject in subjects.cases]
    consents = [slot for subject in subjects.consents for slot in withdrawal_slots(subject)]
    wanted: list[tuple[bytes, Sequence[bytes]]] = [
        (deployment.anchor, [root_slot(found.checkpoint.size)]),
        (modules.preservation, disputes),
    ]
    wanted += [(deployment.rights, rights)] if rights else []
    wanted += [(modules.consents, consents)] if consents else []
    told = dict.fromkeys(
        event.subject
        for event in sorted(found.events.values(), key=lambda one: one.log_index or 0)
        if event.type in ABOUT_LICENCES
    )
    wanted += [(modules.moves, moves_slots([*told][-MOST_LICENCES:]))] if told else []
    proving = prover(registry.w3, registry.instance)
    evidence = proving.collect(found.block, wanted)
    if len(evidence["headers"]) < proving.whole:
        raise EnvironmentFault(
            "the block this pack stands on is not final yet for every reader",
            code="pack-not-final",
            hint="Pack again when a few more blocks are sealed.",
        )
    # As many headers every time: with later ones the same pack would come out differently.
    return cast("JSON", {**evidence, "headers": evidence["headers"][: proving.whole]})


def _case(session: Session, name: str) -> Case:
    certificate = repository.find_certificate(session, name) if name.startswith("SJ") else None
    return repository.find_case(session, name if certificate is None else certificate.case_id)


def _submissions(session: Session, name: str) -> list[Event]:
    events = repository.events_of_case(session, _case(session, name).id)
    return [event for event in events if event.type in _DOSSIERS]


def _dossier_file(
    registry: Registry, session: Session, found: _Gathered, name: str, path: str
) -> PackDossierFile:
    """One file of a dossier with the proof that it belongs; of several submissions the latest that has it."""
    dossier = _case(session, name).dossier_id
    key = dossier_key(registry, session, dossier)
    rows = iter(repository.files_of(session, dossier))
    chosen: PackDossierFile | None = None
    for event in _submissions(session, name):
        body, _ = open_event(SealedValue(key), event.sealed, event.leaf_hash)
        assert isinstance(body, dict)  # as intake wrote it, authenticated
        for index, entry in enumerate(cast("list[dict[str, Any]]", body["files"])):
            row = next(rows)
            if entry["path"] == path:
                proof = DossierProof(event.leaf_hash, disclose(body, index))
                chosen = PackDossierFile(proof, _content(registry, key, row))
    if chosen is None:
        raise UsageFault(
            f"the dossier of {name} has no file {path}",
            code="pack-selection",
            hint="`yinzheng show` lists the files of a dossier.",
        )
    return chosen


def sign_once(registry: Registry, message: bytes) -> bytes:
    """The issuer's signature of `message`, the same each time it is asked for."""
    digest = sha256(message).digest()
    with registry.store.reading() as session:
        kept = session.get(Signature, digest)
    if kept is not None:
        return kept.signature
    key: Sm2PrivateKey = registry.keys.sm2(ISSUER)
    signature = key.sign(message)
    with registry.store.transaction() as session:
        session.add(Signature(digest=digest, signature=signature, created_at=registry.clock()))
    return signature

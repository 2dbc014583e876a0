"""The registry has a certificate cancelled on its own motion (R7, N37; ADR 47).

Nobody asks it to, so it states in a request of its own what holders state in theirs (S10.12): the ground, its
evidence, what the public is told; under its issuer's key, and accepted by the officer who begins it. From
there the case takes the course of every cancellation, always with the committee, and never without publicity.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from yinzheng.ledger.cases.bearing import require_grantable
from yinzheng.ledger.cases.deciding import checked_text, take_up
from yinzheng.ledger.cases.files import FilePart
from yinzheng.ledger.cases.intake import DOSSIER_ID_BYTES, DOSSIER_KEY_BYTES, Begun, begin
from yinzheng.ledger.cases.requesting import name_of, seal_documents
from yinzheng.ledger.cases.work import CaseThread
from yinzheng.ledger.certificates.work import deposit_leaf, registered
from yinzheng.ledger.keys.provider import ISSUER
from yinzheng.ledger.people.acting import Actor, require
from yinzheng.ledger.registry import Progress, Registry
from yinzheng.ledger.rules.case_types import CaseType, require_available
from yinzheng.ledger.rules.moves import Ground, Initiator, check_ground
from yinzheng.ledger.rules.profiles import profile_for
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.rules.terms import Procedure
from yinzheng.ledger.store.models import Case
from yinzheng.verifier.bytes.algorithms import PairHasher
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.move_request import MAX_DOCUMENTS, JointRequest, MoveRequest, read_request


@dataclass(frozen=True, slots=True)
class Motion:
    """Why a certificate is to be cancelled: all of it mandatory (R7)."""

    ground: Ground
    summary: str
    """What the public is told, 1 to 400 characters."""
    reasons: str
    """Why this procedure and no milder step, for the file."""
    evidence: Sequence[FilePart]


def move(registry: Registry, number: str, motion: Motion, by: Actor, progress: Progress) -> str:
    """Begin the case, for an officer; gives its reference.

    Raises `UsageFault`: `officer-needed`, `person-…`, `cancellation-ground`, `cancellation-evidence`,
    `text-…`, `certificate-…`, `type-unavailable`, `move-barred`; `DataFault`: `field-…`.
    """
    require(registry, by, Capacity.REGISTRY)
    check_ground(motion.ground, Initiator.REGISTRY)
    reasons = checked_text(motion.reasons)
    if not 1 <= len(motion.evidence) <= MAX_DOCUMENTS:
        raise UsageFault(
            f"a cancellation rests on evidence: 1 to {MAX_DOCUMENTS} files (R7)",
            code="cancellation-evidence",
            hint="Give each with --evidence.",
        )
    now = registry.clock()
    with registry.store.reading() as session:
        certificate = registered(session, number)
        profile = session.get_one(Case, certificate.case_id).profile
        require_available(CaseType.CANCELLATION, profile_for(profile))
        request = _stated(registry, number, deposit_leaf(session, certificate), motion, now)
        require_grantable(session, registry.client, request, now)
    joint = JointRequest(request, (), ()).signed_by(
        registry.instance.registry_code, registry.keys.sm2(ISSUER)
    )
    dossier_id, key = secrets.token_bytes(DOSSIER_ID_BYTES), secrets.token_bytes(DOSSIER_KEY_BYTES)
    sealed = seal_documents(registry, request, motion.evidence, key, dossier_id, 0, progress)
    begun = Begun(
        kind=CaseType.CANCELLATION,
        profile=profile,
        procedure=Procedure.ORDINARY.value,
        certificate=number,
        request=name_of(request),
    )

    def accepted(work: CaseThread) -> None:
        take_up(work, by, Procedure.ORDINARY, reasons)

    return begin(registry, begun, joint.to_json(), sealed, key, dossier_id, accepted, by=by)


def _stated(registry: Registry, number: str, leaf: bytes, motion: Motion, now: int) -> MoveRequest:
    instance = registry.instance
    me: dict[str, JSON] = {"name": instance.registry_name, "code": instance.registry_code, "role": "registry"}
    return read_request(
        {
            "v": 1,
            "registry": instance.registry_code,
            "type": CaseType.CANCELLATION.value,
            "certificate": {"number": number, "leaf": leaf.hex()},
            "parties": [me],
            "terms": {"ground": motion.ground.value, "summary": motion.summary},
            "documents": [_entry(one) for one in motion.evidence],
            "made_at": now,
            "nonce": secrets.token_hex(16),
        }
    )


def _entry(part: FilePart) -> dict[str, JSON]:
    hasher, size = PairHasher(), 0
    for piece in part.content():
        hasher.update(piece)
        size += len(piece)
    digest: JSON = {**hasher.digest().to_json()}
    return {"path": part.path, "role": part.role, "title": part.title, "size": size, "digest": digest}

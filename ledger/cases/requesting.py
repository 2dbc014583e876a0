"""A joint request comes in (R5, S10.12): its signers are checked, its documents sealed, a case begins."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from sqlmodel import Session, col, select

from yinzheng.ledger.cases.asked import body_of
from yinzheng.ledger.cases.bearing import require_grantable
from yinzheng.ledger.cases.files import FilePart, Sealed, seal_parts
from yinzheng.ledger.cases.intake import DOSSIER_ID_BYTES, DOSSIER_KEY_BYTES, Begun, begin, go_on
from yinzheng.ledger.cases.work import dossier_key
from yinzheng.ledger.chain.client import ContractsClient
from yinzheng.ledger.chain.contracts import FORUM
from yinzheng.ledger.flow.threads import find_organisation
from yinzheng.ledger.organisations.keys import find_key
from yinzheng.ledger.registry import Progress, Registry
from yinzheng.ledger.rules.case_types import CaseType, require_available
from yinzheng.ledger.rules.organisations import Role, require_role
from yinzheng.ledger.rules.profiles import profile_for
from yinzheng.ledger.rules.states import FINAL, State
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Case
from yinzheng.ledger.store.models_moves import MoveParty, ReplacedRequest
from yinzheng.verifier.bytes.algorithms import DigestPair, sha256
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.certificate import key_id
from yinzheng.verifier.formats.move_request import Asker, JointRequest, MoveRequest, require_signed
from yinzheng.verifier.log.statement import organisation_subject

AHEAD = 300
"""Seconds that the clock of whoever made a request may be fast."""


def receive(
    registry: Registry, joint: JointRequest, documents: Sequence[FilePart], progress: Progress
) -> str:
    """Take in a joint request with the documents it names, in its order; returns the case's reference.

    Everything is checked before anything is stored, and again when it is decided.

    Raises `DataFault`: as `require_signed`, `request-registry`, `request-own-motion`, `joint-dated`,
    `request-key`, `document-differs`; `UsageFault`: `request-taken`, `request-under-way`, `request-name`,
    `organisation-…`, `holder-not-entered`, `forum-not-appointed`, `type-unavailable`, and as
    `require_grantable`.
    """
    now = registry.clock()
    with registry.store.reading() as session:
        _require_sound(registry, session, joint, now)
        _require_none_under_way(session, joint.request)
        profile = _certificate(session, joint.request).profile
        procedure = body_of(session, joint.request.certificate.number).procedure
    dossier_id, key = secrets.token_bytes(DOSSIER_ID_BYTES), secrets.token_bytes(DOSSIER_KEY_BYTES)
    sealed = seal_documents(registry, joint.request, documents, key, dossier_id, 0, progress)
    begun = Begun(
        kind=CaseType(joint.request.type),
        profile=profile,
        procedure=procedure,
        certificate=joint.request.certificate.number,
        request=name_of(joint.request),
    )
    return begin(
        registry,
        begun,
        joint.to_json(),
        sealed,
        key,
        dossier_id,
        lambda work: _list_parties(work.session, work.case.id, joint.request),
    )


NOT_BESIDE: Final[Mapping[CaseType, frozenset[CaseType]]] = MappingProxyType(
    {
        CaseType.CHANGE: frozenset({CaseType.CHANGE, CaseType.RENEWAL}),
        CaseType.RENEWAL: frozenset({CaseType.RENEWAL}),
    }
)
"""What is not taken in while which others are under way: it would be about a certificate that they replace. A
renewal is taken in beside a change all the same, for its window ends (R10), and a change may wait long.
Transfers of parts, licences and cancellations may be asked for side by side: the first that is decided bars
what it must, so that none can hold up another until its term ends."""


def _require_none_under_way(session: Session, request: MoveRequest) -> None:
    if not (others := NOT_BESIDE.get(CaseType(request.type), frozenset())):
        return
    kinds = [kind.value for kind in others]
    asked = select(Case).where(Case.certificate == request.certificate.number, col(Case.type).in_(kinds))
    over = {State.DEPOSITED, State.RECORDED, *FINAL}
    if (open_ := next((one for one in session.exec(asked) if one.state not in over), None)) is not None:
        raise UsageFault(
            f"a {open_.type} of this certificate is under way as {open_.id}",
            code="request-under-way",
            hint="Have that one supplemented, or wait until it is decided and ask about the new certificate.",
        )


def supplement(
    registry: Registry,
    case_id: str,
    joint: JointRequest,
    documents: Sequence[FilePart],
    progress: Progress,
) -> None:
    """Take in the request made anew in answer to what was missing (R11): of the same type and parties.

    Raises as `receive`, and `UsageFault` `request-other`.
    """
    with registry.store.reading() as session:
        case = repository.find_case(session, case_id)
        _require_sound(registry, session, joint, registry.clock())
        _require_same(session, case, joint.request)
        key = dossier_key(registry, session, case.dossier_id)
        first = len(repository.files_of(session, case.dossier_id))
    sealed = seal_documents(registry, joint.request, documents, key, case.dossier_id, first, progress)

    def renamed(session: Session, found: Case) -> None:
        assert found.request is not None  # it began with one
        session.add(ReplacedRequest(digest=found.request, case_id=found.id))
        found.request = name_of(joint.request)

    go_on(registry, case_id, joint.to_json(), sealed, first, renamed)


def _certificate(session: Session, request: MoveRequest) -> Case:
    """The case that the certificate came of; its rules stay (R1)."""
    row = repository.find_certificate(session, request.certificate.number)
    return session.get_one(Case, row.case_id)


def _require_sound(registry: Registry, session: Session, joint: JointRequest, now: int) -> None:
    request = joint.request
    if request.registry != registry.instance.registry_code:
        raise DataFault(
            "this request is made to another registry", code="request-registry", hint="Hand it in there."
        )
    if request.parties[0].role == "registry":
        raise DataFault(
            "the registry's own motion is begun by an officer, and not handed in",
            code="request-own-motion",
            hint="`yinzheng cancel`, with the evidence.",
        )
    if request.made_at > now + AHEAD:
        raise DataFault(
            "the request is dated ahead of our clock", code="joint-dated", hint="Set the clock, sign anew."
        )
    require_signed(joint)
    _require_authorised(joint, now)
    if _taken_before(session, name_of(request)):
        raise UsageFault(
            "this very request was taken in before",
            code="request-taken",
            hint="A request is good once; make another, with a nonce of its own.",
        )
    require_available(CaseType(request.type), profile_for(_certificate(session, request).profile))
    names = {holder.code: holder.name for holder in body_of(session, request.certificate.number).holders}
    for party in request.parties:
        _require_party(session, registry.client, party, names)
    signed = [(one.code, one.key) for one in joint.signatures]
    signed += [(one.authorisation.principal, one.key) for one in joint.authorisations]
    for code, key in signed:
        _require_key(session, code, key, now)
    require_grantable(session, registry.client, request, now)


def _taken_before(session: Session, name: bytes) -> bool:
    """Whether this very request was taken in, also where a supplement came in its place."""
    latest = session.exec(select(Case.id).where(Case.request == name)).first()
    return latest is not None or session.get(ReplacedRequest, name) is not None


def _require_authorised(joint: JointRequest, now: int) -> None:
    """An authorisation counts until it ends by our clock: the request's own date is its maker's word."""
    for one in joint.authorisations:
        if one.authorisation.until < now:
            raise DataFault(
                f"the authorisation of {one.authorisation.principal} is over",
                code="joint-authorisation",
                hint="Have it given anew, or have that party sign the request itself.",
            )


def _require_party(
    session: Session, client: ContractsClient, party: Asker, registered: dict[str, str]
) -> None:
    """Each is enrolled, under this name or as the certificate has it, with an account that can sign last."""
    found = find_organisation(session, party.code)
    forum = party.role == "forum"
    require_role(found.roles.split(), Role.FORUM if forum else Role.HOLDER)
    if party.name not in (found.name, registered.get(party.code)):
        raise UsageFault(
            f"{party.code} is enrolled under another name",
            code="request-name",
            hint="Write it as in its enrolment, or as in the certificate.",
        )
    if not forum and client.holder(organisation_subject(party.code)) is None:
        raise UsageFault(
            f"the chain has no account of {party.code}",
            code="holder-not-entered",
            hint="It enrols as a holder first: `yinzheng holder key new`.",
        )
    if forum and (found.account is None or not client.has_role(FORUM, found.account)):
        raise UsageFault(
            f"the chain knows no account of {party.code} as a forum's, so that it could not sign",
            code="forum-not-appointed",
            hint="An administrator gives the role: `yinzheng appoint`; just enrolled: `yinzheng settle`.",
        )


def _require_key(session: Session, code: str, key: bytes, now: int) -> None:
    held = find_key(session, code, key_id(key), now)
    if held is None or held.grant.key != key:
        raise DataFault(
            f"the key that signed for {code} is not its own, or no longer holds (R41)",
            code="request-key",
            hint="Sign with the key that is enrolled now.",
        )


def _require_same(session: Session, case: Case, request: MoveRequest) -> None:
    listed = select(MoveParty.organisation).where(MoveParty.case_id == case.id)
    same = (case.type, case.certificate) == (request.type, request.certificate.number)
    if not same or set(session.exec(listed).all()) != {one.code for one in request.parties}:
        raise UsageFault(
            "this request is about something else, or others make it",
            code="request-other",
            hint="Hand it in as a request of its own.",
        )


def seal_documents(
    registry: Registry,
    request: MoveRequest,
    documents: Sequence[FilePart],
    key: bytes,
    dossier_id: bytes,
    first: int,
    progress: Progress,
) -> list[Sealed]:
    """Seal the documents, and keep none unless each is what the request names.

    The dossier's files are counted from 0; `first` is the number of the first of these.

    Raises `DataFault` `document-differs`.
    """
    if [one.path for one in documents] != [one.path for one in request.documents]:
        raise _differs("the documents handed in are not those that the request names")
    sealed = seal_parts(registry, documents, key, dossier_id, first, progress)
    for (manifest, _), named in zip(sealed, request.documents, strict=True):
        digest = DigestPair.from_json(manifest["digest"], "$.digest")
        if manifest["size"] != named.size or not digest.matches(named.digest):
            for _, file in sealed:
                registry.blobs.delete(file.blob)
            raise _differs(f"{named.path} is not the document that was signed")
    return sealed


def _differs(message: str) -> DataFault:
    return DataFault(message, code="document-differs", hint="Hand in the very files, byte for byte.")


def _list_parties(session: Session, case_id: str, request: MoveRequest) -> None:
    for party in request.parties:
        session.add(MoveParty(organisation=party.code, case_id=case_id))


def name_of(request: MoveRequest) -> bytes:
    """By what a case keeps its request, which is taken in once: SHA-256."""
    return sha256(request.canonical())

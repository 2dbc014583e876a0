"""The joint request for a move of a right (S10.12, R4–R7, R10): what its parties ask for together, signed.

Made offline and good for ever: each party signs the whole request with its SM2 key, or another party signs
for it on its signed authorisation (R5). Keys stand beside the signatures, so that the request is verified
from itself; whose they were at that time, the log says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, Final

from yinzheng.verifier.bytes.algorithms import DigestPair, Sm2PrivateKey, Sm2PublicKey, digest_pair
from yinzheng.verifier.bytes.canonical import (
    dumps,
    hex_bytes,
    integer,
    loads,
    nullable,
    one_of,
    tuple_of,
)
from yinzheng.verifier.bytes.shape import Codec, Shaped, Versioned, read_shape, shape, written
from yinzheng.verifier.bytes.wording import check_name
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.body import (
    Party,
    check_credit_code,
)
from yinzheng.verifier.formats.dossier import FileEntry
from yinzheng.verifier.formats.move_terms import HOLDERS_GROUNDS, TERMS
from yinzheng.verifier.formats.moves import Deposited

FORMAT: Final = "yinzheng/joint-request/1"
MAX_BYTES: Final = 256 * 1024
MAX_PARTIES: Final = 20
MAX_DOCUMENTS: Final = 20

ROLES: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = MappingProxyType(
    {
        "licence": (("licensor", "licensee"),),
        "licence_end": (("licensor", "licensee"), ("forum",)),
        "transfer": (("transferor", "transferee"),),
        "change": (("holder",),),
        "renewal": (("holder",),),
        "cancellation": (("holder",), ("registry",)),
    }
)
"""Who asks, by the type of move; `holder` is every holder, once each, `registry` on its own motion (R7)."""

_ROLES: Final = ("licensor", "licensee", "transferor", "transferee", "holder", "forum", "registry")

_REQUEST: Final = b"yinzheng/move-request/1\n"
_AUTHORISATION: Final = b"yinzheng/move-authorisation/1\n"


@dataclass(frozen=True, slots=True)
class Asker(Shaped):
    """A party of the request and what it is in it."""

    name: Annotated[str, check_name(1, 100)]
    code: Annotated[str, check_credit_code]
    role: Annotated[str, one_of(*_ROLES)]

    @property
    def party(self) -> Party:
        """The legal person."""
        return Party(self.name, self.code)


def _terms(value: object, path: str) -> Any:
    """Left to `parse_request`, which knows the type."""
    if type(value) is not dict:
        raise DataFault(f"{path} is not an object", code="field-type", path=path)
    return value


@dataclass(frozen=True, slots=True)
class MoveRequest(Versioned):
    """What the parties ask for (S10.12). `parse_request` makes one that is well formed."""

    registry: Annotated[str, check_credit_code]
    """Credit code of the registry it is made to."""
    type: Annotated[str, one_of(*TERMS)]
    certificate: Deposited
    parties: Annotated[tuple[Asker, ...], tuple_of(shape(Asker), 1, MAX_PARTIES)]
    """In the order of `ROLES`; holders ascending by code."""
    terms: Annotated[Any, Codec(_terms, written)]
    documents: Annotated[tuple[FileEntry, ...], tuple_of(shape(FileEntry), 1, MAX_DOCUMENTS)]
    made_at: Annotated[int, integer()]
    nonce: Annotated[bytes, hex_bytes(16)]

    def message(self) -> bytes:
        """What each party's SM2 key signs."""
        return _REQUEST + self.canonical()

    @property
    def digest(self) -> DigestPair:
        """By which statements and documents name the request (S2.1)."""
        return digest_pair(self.canonical())

    @property
    def initiator(self) -> str:
        """Who has a certificate cancelled (S10.11): the `registry` on its own motion, or its `holders`."""
        return "registry" if self.parties[0].role == "registry" else "holders"

    def party(self, role: str) -> Party:
        """The one party of that role."""
        (found,) = (one for one in self.parties if one.role == role)
        return found.party


def _request(value: object, path: str) -> MoveRequest:
    return read_request(value, path)


@dataclass(frozen=True, slots=True)
class Signature(Shaped):
    """A party's signature of the request, with its key."""

    code: Annotated[str, check_credit_code]
    key: Annotated[bytes, hex_bytes(65)]
    """65 bytes, `04 || x || y`."""
    signature: Annotated[bytes, hex_bytes(64)]
    """Raw `r || s`."""


@dataclass(frozen=True, slots=True)
class Authorisation(Versioned):
    """What one party lets another ask for in its name (R5)."""

    registry: Annotated[str, check_credit_code]
    principal: Annotated[str, check_credit_code]
    agent: Annotated[str, check_credit_code]
    """A party of the request, which signs it itself."""
    type: Annotated[str, one_of(*TERMS)]
    certificate: Deposited
    terms: Annotated[DigestPair | None, nullable(DigestPair.from_json)]
    """Digest pair of the JCS of the request's `terms`; None: any."""
    until: Annotated[int, integer()]
    """The last second at which the request may be made, UTC."""

    def message(self) -> bytes:
        """What the principal's SM2 key signs."""
        return _AUTHORISATION + self.canonical()


@dataclass(frozen=True, slots=True)
class SignedAuthorisation(Shaped):
    """An authorisation with its principal's key and signature."""

    authorisation: Authorisation
    key: Annotated[bytes, hex_bytes(65)]
    signature: Annotated[bytes, hex_bytes(64)]


@dataclass(frozen=True, slots=True)
class JointRequest(Shaped):
    """A request with what its parties signed so far; `require_signed` tells whether it is all."""

    CONSTANTS = MappingProxyType({"format": FORMAT})

    request: Annotated[MoveRequest, Codec(_request, written)]
    signatures: Annotated[tuple[Signature, ...], tuple_of(shape(Signature), 0, MAX_PARTIES)]
    authorisations: Annotated[
        tuple[SignedAuthorisation, ...], tuple_of(shape(SignedAuthorisation), 0, MAX_PARTIES)
    ]

    def signed_by(self, code: str, key: Sm2PrivateKey) -> JointRequest:
        """The same with the signature of a party; it replaces an earlier one of the same party."""
        made = Signature(code, key.public_key.point, key.sign(self.request.message()))
        kept = (one for one in self.signatures if one.code != code)
        signatures = tuple(sorted((*kept, made), key=lambda one: one.code))
        return JointRequest(self.request, signatures, self.authorisations)


def parse_joint_request(data: bytes) -> JointRequest:
    """Read a file of at most `MAX_BYTES`; signatures are not checked yet.

    Raises `DataFault`: `json-…`, and as `read_joint_request`.
    """
    return read_joint_request(loads(data, max_bytes=MAX_BYTES))


def read_joint_request(value: object) -> JointRequest:
    """Read a joint request; signatures are not checked yet.

    Raises `DataFault`: `field-…`, `credit-code`, `encoded-bytes`, `number-malformed`, `request-parties`,
    `same-organisation`.
    """
    return read_shape(JointRequest, value)


def read_request(value: object, path: str = "$") -> MoveRequest:
    """Read the request alone. Raises as `read_joint_request`."""
    found = read_shape(MoveRequest, value, path)
    terms = read_shape(TERMS[found.type], found.terms, f"{path}.terms")
    made = MoveRequest(
        found.registry,
        found.type,
        found.certificate,
        found.parties,
        terms,
        found.documents,
        found.made_at,
        found.nonce,
    )
    _check_parties(made, f"{path}.parties")
    if made.type == "cancellation":
        _check_initiator(made, path)
    _check_documents(made, f"{path}.documents")
    return made


def require_signed(joint: JointRequest) -> None:
    """Check that every party signed, or another party signed and has its signed authorisation.

    Says nothing about whose the keys are. Raises `DataFault`: `joint-stranger` (signed by, or authorised by,
    who is no party), `joint-signature` (over other bytes, or another key's), `joint-authorisation` (for
    something else, or not for a party that signed), `joint-unsigned` (`missing` lists credit codes).
    """
    request = joint.request
    parties = {one.code for one in request.parties}
    signed = {one.code for one in joint.signatures}
    given = {one.authorisation.principal for one in joint.authorisations}
    if stray := sorted((signed | given) - parties):
        raise DataFault(
            f"{', '.join(stray)} is no party of the request", code="joint-stranger", hint="Take it out."
        )
    if len(signed) < len(joint.signatures) or len(given) < len(joint.authorisations) or signed & given:
        raise DataFault(
            "a party signed twice, or signed and authorised another too",
            code="joint-signature",
            hint="One signature, or one authorisation, for each party.",
        )
    for one in joint.signatures:
        _require(one.key, request.message(), one.signature, one.code, "joint-signature")
    for other in joint.authorisations:
        _require_authorised(request, other, signed)
    if missing := sorted(parties - signed - given):
        raise DataFault(
            f"not signed by {', '.join(missing)}",
            code="joint-unsigned",
            hint="Each party signs: `yinzheng holder sign request.json`; or gives its authorisation.",
            missing=missing,
        )


def _require(key: bytes, message: bytes, signature: bytes, code: str, fault: str) -> None:
    if not Sm2PublicKey(key).verify(message, signature):
        raise DataFault(
            f"what {code} signed is not this, or was signed with another key",
            code=fault,
            hint="Have it signed again; not a character may differ.",
        )


def _require_authorised(request: MoveRequest, given: SignedAuthorisation, signed: set[str]) -> None:
    said = given.authorisation
    _require(given.key, said.message(), given.signature, said.principal, "joint-authorisation")
    same = (said.registry, said.type, said.certificate) == (
        request.registry,
        request.type,
        request.certificate,
    )
    terms = said.terms is None or said.terms.matches(digest_pair(dumps(request.terms.to_json())))
    if not same or not terms or request.made_at > said.until or said.agent not in signed:
        raise DataFault(
            f"the authorisation of {said.principal} is for something else, over, or for who did not sign",
            code="joint-authorisation",
            hint="It names registry, certificate, type and perhaps terms; its agent signs the request.",
        )


def _check_parties(request: MoveRequest, path: str) -> None:
    roles = tuple(one.role for one in request.parties)
    codes = [one.code for one in request.parties]
    allowed = ROLES[request.type]
    holders = ("holder",) in allowed and "registry" not in roles
    if not holders and len(set(codes)) < len(codes):
        raise DataFault(
            "nobody licenses or transfers to itself (R5)",
            code="same-organisation",
            hint="Name another.",
            path=path,
        )
    fits = set(roles) == {"holder"} and codes == sorted(set(codes)) if holders else roles in allowed
    if not fits:
        raise DataFault(
            f"{path} are not the parties of a {request.type}, each once",
            code="request-parties",
            hint=f"Needed: {' or '.join(', '.join(one) for one in allowed)}; holders ascending by code.",
            path=path,
        )


def _check_initiator(request: MoveRequest, path: str) -> None:
    """The registry asks in its own name alone, and each names the grounds that are its own (R7)."""
    registry = request.initiator == "registry"
    if registry and request.parties[0].code != request.registry:
        raise DataFault(
            f"{path}.parties name another registry than the one asked",
            code="request-parties",
            hint="A registry moves on its own motion, about its own certificates.",
            path=f"{path}.parties",
        )
    if not registry and request.terms.ground not in HOLDERS_GROUNDS:
        raise DataFault(
            f"holders do not cancel on the ground {request.terms.ground}",
            code="cancellation-ground",
            hint=f"Possible: {', '.join(HOLDERS_GROUNDS)}.",
            path=f"{path}.terms.ground",
        )


def _check_documents(request: MoveRequest, path: str) -> None:
    names = [one.path for one in request.documents]
    if len(set(names)) < len(names):
        raise DataFault(f"{path} name a file twice", code="field-value", path=path)

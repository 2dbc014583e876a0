"""Making and signing joint requests, and signing what a registry prepared of them, by a holder (D16).

A request lies in a folder of its own with its documents, which goes to the other party and then to the
registry as it is: FOLDER/request.json and beside it the files that it names.
"""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from yinzheng.api.org.good_once import require_first
from yinzheng.api.org.member import Member, Profile
from yinzheng.ledger.cases.prepared import (
    FORMAT,
    MAX_BYTES,
    PreparedFile,
    is_cancellation,
    read_prepared,
    require_shown,
)
from yinzheng.ledger.chain.approvals import Domain, sign
from yinzheng.ledger.chain.approvals_moves import MOVES_NAME, STANDING_NAME
from yinzheng.ledger.organisations.accounts import require_signed
from yinzheng.ledger.rules.changes import check_changes
from yinzheng.ledger.rules.moves import require_window
from yinzheng.ledger.rules.profiles import profile_for
from yinzheng.ledger.state.files import make_folder, write_durably
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.algorithms import DigestPair, digest_pair
from yinzheng.verifier.bytes.canonical import JSON, constant, hex_bytes, read_object, text
from yinzheng.verifier.errors import DataFault, UsageFault, found_in
from yinzheng.verifier.formats.body import Body, check_credit_code
from yinzheng.verifier.formats.certificate import key_id
from yinzheng.verifier.formats.move_request import (
    Authorisation,
    JointRequest,
    MoveRequest,
    SignedAuthorisation,
    parse_joint_request,
)
from yinzheng.verifier.formats.move_request import require_signed as require_all_signed
from yinzheng.verifier.judge.trust import TrustPolicy

REQUEST: Final = "request.json"
SIGNATURE: Final = "yinzheng/move-signature/1"
MAX_DOCUMENT: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Document:
    """A file that a request names."""

    path: Path
    role: str
    title: str

    def entry(self) -> dict[str, JSON]:
        """As the request has it (S10.8). Raises `UsageFault`: `file-missing`, `file-large`."""
        if not self.path.is_file():
            raise UsageFault(f"there is no file {self.path}", code="file-missing", hint="Check the path.")
        if self.path.stat().st_size > MAX_DOCUMENT:
            raise UsageFault(f"{self.path} is larger than {MAX_DOCUMENT} bytes", code="file-large")
        data = self.path.read_bytes()
        digest: DigestPair = digest_pair(data)
        return {
            "path": self.path.name,
            "role": self.role,
            "title": self.title,
            "size": len(data),
            "digest": {**digest.to_json()},
        }


def require_drawn(request: MoveRequest, body: Body, now: int) -> MoveRequest:
    """Give it back where the certificate in hand does not tell already that no officer may grant it.

    Raises `UsageFault`: `licence-term`, `rights-not-held`, `request-holders`, `renewal-outside`, and as
    `check_changes`.
    """
    first, ends = request.parties[0], getattr(request.terms, "ends", None)
    held = {right for one in body.holders if one.code == first.code for right in one.rights}
    if lacking := sorted(set(getattr(request.terms, "rights", ())) - held):
        raise UsageFault(
            f"these rights are not ours under the certificate: {', '.join(lacking)}",
            code="rights-not-held",
            hint="Nobody licenses or transfers what it does not hold (R4).",
        )
    asking = [one.code for one in request.parties]
    if first.role == "holder" and asking != sorted(one.code for one in body.holders):
        raise UsageFault(
            "every holder of the certificate asks for this, and nobody else (R5)",
            code="request-holders",
            hint="Name each of the others by --with CODE:NAME; then all of them sign.",
        )
    if ends is not None and not now < ends <= body.valid_until:
        raise UsageFault(
            "the licence would be over already, or last longer than its certificate",
            code="licence-term",
            hint="Name an end that is ahead, and no later than the certificate's own (--ends).",
        )
    if request.type == "renewal":
        require_window(body.valid_until, now)
    if request.type == "change":
        check_changes(profile_for(body.profile), body, request.terms.changes)
    return request


def require_ours(body: Body, policy: TrustPolicy) -> None:
    """Raises `UsageFault` `certificate-elsewhere` unless the registry that is pinned issued it."""
    known = {one.registry.code: one.registry.name for one in policy.issuers.values()}
    if body.registry.code not in known:
        raise UsageFault(
            f"the certificate is of {body.registry.name} ({body.registry.code}), and this folder is enrolled "
            f"with {', '.join(known.values())}",
            code="certificate-elsewhere",
            hint="Ask the registry that the certificate names, with keys that are enrolled there (--org).",
        )


def write_request(folder: Path, request: MoveRequest, documents: Sequence[Document]) -> Path:
    """Make the folder of a request, unsigned; gives its file. Raises `UsageFault` `folder-exists`."""
    if folder.exists():
        raise UsageFault(f"{folder} exists already", code="folder-exists", hint="Name a new folder.")
    make_folder(folder, mode=0o700)
    for document in documents:
        shutil.copyfile(document.path, folder / document.path.name)
    file = folder / REQUEST
    keep(file, JointRequest(request, (), ()).to_json())
    return file


def keep(file: Path, value: Mapping[str, JSON]) -> None:
    """Write JSON for people, durably."""
    write_durably(file, json.dumps(value, ensure_ascii=False, indent=1).encode() + b"\n")


def read_request_file(file: Path) -> JointRequest:
    """The request in a file, or in a folder. Raises `UsageFault` `file-missing`, `DataFault`."""
    place = file / REQUEST if file.is_dir() else file
    try:
        with place.open("rb") as opened:
            data = opened.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise UsageFault(f"there is no file {place}", code="file-missing", hint="Check the path.") from None
    with found_in(place):
        return parse_joint_request(canonical.saved(data))


def sign_request(file: Path, member: Member, now: int) -> JointRequest:
    """Sign a request with the organisation's SM2 key, having compared its documents.

    Raises `UsageFault` `request-party` (it is no party), `org-key-none`, `request-unnamed` (it is what the
    registry prepared); `DataFault` `document-differs`.
    """
    if _is_prepared(file):
        raise UsageFault(
            f"{file} is what the registry prepared, and is compared with the request that we signed",
            code="request-unnamed",
            hint="Give --request with the request's folder, and --out for the signature.",
        )
    joint = read_request_file(file)
    _require_party(joint, member)
    for document in joint.request.documents:
        place = (file if file.is_dir() else file.parent) / document.path
        if place.is_file() and not digest_pair(place.read_bytes()).matches(document.digest):
            raise DataFault(
                f"{document.path} is not the document that the request names",
                code="document-differs",
                hint="Sign nothing; get the very file from whoever made the request.",
            )
    _, key = member.current(now)
    signed = joint.signed_by(member.profile.code, key)
    keep(file / REQUEST if file.is_dir() else file, signed.to_json())
    return signed


def authorise(
    file: Path, member: Member, agent: str, until: int, *, any_terms: bool, now: int
) -> JointRequest:
    """Let another party of a request sign it in our name (R5).

    Raises `UsageFault` `request-party`, `org-key-none`.
    """
    joint = read_request_file(file)
    _require_party(joint, member)
    request = joint.request
    if agent not in {one.code for one in request.parties} - {member.profile.code}:
        raise UsageFault(
            f"{agent} is no other party of the request", code="request-party", hint="Authorise the other one."
        )
    _, key = member.current(now)
    said = Authorisation(
        registry=request.registry,
        principal=member.profile.code,
        agent=agent,
        type=request.type,
        certificate=request.certificate,
        terms=None if any_terms else digest_pair(canonical.dumps(request.terms.to_json())),
        until=until,
    )
    given = SignedAuthorisation(said, key.public_key.point, key.sign(said.message()))
    made = replace(joint, authorisations=(*joint.authorisations, given))
    keep(file / REQUEST if file.is_dir() else file, made.to_json())
    return made


def to_send(folder: Path) -> bytes:
    """The body by which a request's folder goes to a desk (S15.9). Raises `UsageFault` `file-missing`."""
    joint = read_request_file(folder)
    places = [folder / named.path for named in joint.request.documents]
    return handed_in(joint, {place.name: place.read_bytes() for place in places if place.is_file()})


def handed_in(joint: JointRequest, contents: Mapping[str, bytes]) -> bytes:
    """The same of a request and files by name. Raises `UsageFault` `file-missing`."""
    documents: list[JSON] = []
    for named in joint.request.documents:
        if named.path not in contents:
            raise UsageFault(
                f"there is no file {named.path}",
                code="file-missing",
                hint="Put it beside the request.",
                file=named.path,
            )
        content = base64.b64encode(contents[named.path]).decode()
        documents.append({"path": named.path, "content": content})
    return canonical.dumps({"request": joint.to_json(), "documents": documents})


def domain_of(policy: TrustPolicy, *, cancels: bool) -> Domain:
    """Where accounts sign moves for the registry of this policy. Raises `UsageFault` `moves-not-pinned`."""
    pinned = policy.standing if cancels else policy.moves
    if pinned is None:
        raise UsageFault(
            "this policy names no contract by which rights move",
            code="moves-not-pinned",
            hint="Get the registry's present trust.json from its officer.",
        )
    return Domain(policy.chain_id, pinned.address, STANDING_NAME if cancels else MOVES_NAME)


def compare(prepared: object, joint: JointRequest, profile: Profile, policy: TrustPolicy) -> None:
    """Compare what a registry prepared (S16.9, as JSON) with the request, which has to be one we signed.

    Needs no key: whoever shows both may be the registry's desk, which could have made up either.

    Raises `DataFault`: `request-not-ours`, and as `read_prepared`, `require_shown`,
    `move_request.require_signed`; `UsageFault` `moves-not-pinned`.
    """
    require_all_signed(joint)
    given = [(one.code, one.key) for one in joint.signatures]
    given += [(one.authorisation.principal, one.key) for one in joint.authorisations]
    kids = {own.kid for own in profile.keys}
    if not any(code == profile.code and key_id(key) in kids for code, key in given):
        raise DataFault(
            "the request that is shown is none that this organisation signed",
            code="request-not-ours",
            hint="Sign nothing; compare with the request's folder, and ask the registry.",
        )
    found = read_prepared(prepared)
    require_shown(found, domain_of(policy, cancels=is_cancellation(found)), joint.request)


def require_signature(file: Path) -> None:
    """Refuse to hand in what is still to be signed. Raises `UsageFault` `prepared-unsigned`."""
    if _is_prepared(file):
        raise UsageFault(
            f"{file} is what the registry prepared, and bears no signature of ours",
            code="prepared-unsigned",
            hint=f"Sign it first: yinzheng holder sign {file} --request FOLDER --out FILE",
        )


def _is_prepared(file: Path) -> bool:
    """Whether a file is what a registry prepared, whatever else is wrong with it."""
    if not file.is_file() or file.stat().st_size > MAX_BYTES:
        return False
    try:
        value = canonical.loads(file.read_bytes(), max_bytes=MAX_BYTES)
    except DataFault:
        return False
    return isinstance(value, dict) and value.get("format") == FORMAT


def sign_prepared(
    prepared: PreparedFile,
    request: JointRequest,
    member: Member,
    policy: TrustPolicy,
    elsewhere: bytes | None = None,
) -> dict[str, JSON]:
    """Sign what a registry prepared, once it is exactly what the request asks for; the file to hand in.

    `elsewhere`: the signature of an account whose key is not here, which is checked instead.

    Raises `DataFault`: as `require_shown`, `account-possession`, `request-again` (of another case before);
    `UsageFault`: `request-party`, `moves-not-pinned`, `account-elsewhere`.
    """
    _require_party(request, member)
    domain = domain_of(policy, cancels=is_cancellation(prepared))
    message = require_shown(prepared, domain, request.request)
    require_first(member.folder, request.request, prepared.case)
    if elsewhere is None:
        made = sign(message, domain, member.account_key())
    else:
        assert member.profile.account is not None  # a holder has one
        require_signed(message, domain, elsewhere, member.profile.account)
        made = elsewhere
    return {
        "format": SIGNATURE,
        "case": prepared.case,
        "organisation": member.profile.code,
        "signature": made.hex(),
    }


def sign_settlement(
    prepared: PreparedFile, request: JointRequest, member: Member, policy: TrustPolicy
) -> bytes:
    """Sign as the exchange whose reservation a move settles, once it is what its parties asked for.

    Raises `DataFault`: as `require_shown`; `UsageFault`: `settlement-prepared` (it names no exchange, or
    another), `moves-not-pinned`, `account-elsewhere`.
    """
    domain, key = domain_of(policy, cancels=False), member.account_key()
    message = require_shown(prepared, domain, request.request)
    if getattr(message, "exchange", None) != key.address:
        raise UsageFault(
            "what is prepared waits for no exchange, or for another",
            code="settlement-prepared",
            hint="Have the registry prepare it anew, now that the certificate is reserved.",
        )
    return sign(message, domain, key)


def parse_signature(data: bytes) -> tuple[str, str, bytes]:
    """Case, organisation and signature of a file of `sign_prepared`. Raises `DataFault`."""
    found: dict[str, Any] = read_object(canonical.loads(data, max_bytes=4096), _SIGNATURE, "signature")
    return found["case"], found["organisation"], found["signature"]


_SIGNATURE: Final[dict[str, Any]] = {
    "format": constant(SIGNATURE),
    "case": text(13, 13, r"A-[0-9]{4}-[0-9]{6}"),  # it becomes part of an address
    "organisation": check_credit_code,
    "signature": hex_bytes(65),
}


def _require_party(joint: JointRequest, member: Member) -> None:
    if member.profile.code not in {one.code for one in joint.request.parties}:
        raise UsageFault(
            "this organisation is no party of the request",
            code="request-party",
            hint="Name its folder with --org, or the right request.",
        )

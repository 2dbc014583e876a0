"""Approving what one was shown (S18.4): the message is made again from the content, and that is signed.

Whoever decides elsewhere gets, with the message to approve, the statement that it names by its leaf hash, its
body, and what opens its commitment. Nothing the registry says of them is believed: a text that is shown, and
another that is signed, do not pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from yinzheng.ledger.cases.prepared import read_prepared, require_shown
from yinzheng.ledger.cases.preparing import deposit_of
from yinzheng.ledger.cases.publicity import CHAIN_PROCEDURE
from yinzheng.ledger.certificates.messages import entry, lifting
from yinzheng.ledger.chain.approvals import (
    RIGHTS_NAME,
    Closure,
    Conclusion,
    Domain,
    Publication,
    plain,
    sign,
    typed_data,
)
from yinzheng.ledger.chain.approvals_moves import MOVES_NAME, STANDING_NAME, LaterConclusion
from yinzheng.ledger.chain.messages import Message
from yinzheng.ledger.keys.provider import EthereumKey
from yinzheng.ledger.people.decisions import MESSAGES, Content, SignedDecision
from yinzheng.ledger.rules.terms import Procedure
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.errors import DataFault, YinzhengError
from yinzheng.verifier.formats.body import Party, is_number, parse_body
from yinzheng.verifier.formats.certificate import statement_of
from yinzheng.verifier.formats.move_request import JointRequest, read_joint_request, require_signed
from yinzheng.verifier.formats.standing import parse_lifting, parse_remark
from yinzheng.verifier.judge.trust import Issuer, TrustPolicy
from yinzheng.verifier.log.statement import certificate_subject, verify_body


@dataclass(frozen=True, slots=True)
class Pinned:
    """What the signer pinned of a registry: its contracts (20 bytes each), and its issuers' keys."""

    rights: bytes
    moves: bytes | None = None
    standing: bytes | None = None
    issuers: tuple[Issuer, ...] = ()

    @classmethod
    def of(cls, policy: TrustPolicy) -> Self:
        """As a policy has it."""
        return cls(
            rights=policy.rights.address,
            moves=None if policy.moves is None else policy.moves.address,
            standing=None if policy.standing is None else policy.standing.address,
            issuers=tuple(policy.issuers.values()),
        )

    def signs(self, key: bytes, made_at: int, now: int) -> bool:
        """Whether an issuer's key (65 bytes) was to sign then, and is not known to be compromised now (R41):
        whoever has such a one dates what it signs as they please.
        """
        return any(
            one.key.point == key
            and one.entitled_at(made_at, one.registry) is None
            and (one.compromised_at is None or now < one.compromised_at)
            for one in self.issuers
        )

    def speaks(self, party: Party) -> bool:
        """Whether a body that a registry writes names one of those pinned."""
        return any(one.registry.code == party.code for one in self.issuers)

    def domain(self, chain: int, decides: str) -> Domain:
        """Where a statement of type `decides` is approved. Raises `DataFault` `approval-message`."""
        if decides in _OF_STANDING:
            pinned, name = self.standing, STANDING_NAME
        elif decides in _OF_MOVES:
            pinned, name = self.moves, MOVES_NAME
        else:
            pinned, name = self.rights, RIGHTS_NAME
        if pinned is None:
            raise _another()
        return Domain(chain, pinned, name)


_OF_STANDING: Final = frozenset(
    {"certificate.cancelled", "certificate.objection-concluded", "remark.entered", "remark.lifted"}
)
_OF_MOVES: Final = frozenset(
    {"licence.given", "licence.ended", "right.transferred", "certificate.changed", "certificate.renewed"}
)


def sign_shown(
    message: Any, content: Content, decision: SignedDecision, pinned: Pinned, key: EthereumKey
) -> bytes:
    """Approve what a registry prepared for one's own decision: 65 bytes, v 27 or 28.

    Only the approval that the decision needs is signed, for the registry's own contract on its chain.

    Raises `DataFault`: `approval-message` (it is another one, another registry's, or the opposite of what was
    decided), `approval-content` (what is shown is not what would be signed); of a move also
    `approval-request` (it is not what its parties asked for), and as `require_signed` (they did not ask).
    """
    domain = pinned.domain(decision.chain, content.statement.type)
    try:
        if message["primaryType"] not in MESSAGES[decision.action]:
            raise _another()
        if content.move is not None and decision.action != "issue":
            raise _not_shown()  # it would be shown beside what is signed, and is no part of it
        due = _DUE[decision.action](content, decision, message["message"], pinned)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _another() from None
    expected = plain(typed_data(due, domain))
    assert isinstance(expected, dict)
    if {**expected, "message": None} != {**message, "message": None}:
        raise _another()
    if expected["message"] != message["message"]:
        raise _not_shown()
    return sign(due, domain, key)


def _publication(
    content: Content, decision: SignedDecision, _: Mapping[str, Any], _pinned: Pinned
) -> Message:
    body = _opened(content, "publicity.opened")
    if body["waived"] is not False or body["profile"] != content.statement.profile:
        raise _another()
    procedure = CHAIN_PROCEDURE[Procedure(body["procedure"])]
    statement = content.statement
    return Publication(statement.subject, statement.profile, procedure, statement.leaf_hash, waived=False)


def _conclusion(content: Content, decision: SignedDecision, _: Mapping[str, Any], _pinned: Pinned) -> Message:
    later, statement = is_number(decision.case), content.statement
    body = _opened(content, "certificate.objection-concluded" if later else "objection.concluded")
    _require_own(body, decision, "upheld", "reasons")
    if later and statement.subject != certificate_subject(decision.case):
        raise _not_shown()
    if not str(body["objection"]).startswith(str(decision.arguments["objection"])):
        raise _another()
    made = LaterConclusion if later else Conclusion
    return made(statement.subject, bytes.fromhex(body["objection"]), statement.leaf_hash, body["upheld"])


def _closure(content: Content, decision: SignedDecision, _: Mapping[str, Any], _pinned: Pinned) -> Message:
    _require_own(_opened(content, "application.refused"), decision, "ground", "reasons")
    return Closure(content.statement.subject, content.statement.leaf_hash)


def _issue(content: Content, decision: SignedDecision, asked: Mapping[str, Any], pinned: Pinned) -> Message:
    if content.move is None:
        return _deposit(content, asked)
    return _move(content, content.move, decision, pinned)


def _move(content: Content, move: Mapping[str, Any], decision: SignedDecision, pinned: Pinned) -> Message:
    """Of a move: as its parties' programs make it, from the statements and the request that they signed."""
    prepared, joint = read_prepared(move["prepared"]), read_joint_request(move["request"])
    _require_asked(joint, pinned, decision.at)
    decides = prepared.stated[-1]
    shown = (decision.case, content.statement, content.body)
    if (prepared.case, decides.statement, decides.body.to_json()) != shown:
        raise _not_shown()
    return require_shown(prepared, pinned.domain(decision.chain, decides.statement.type), joint.request)


def _require_asked(joint: JointRequest, pinned: Pinned, now: int) -> None:
    """Each party signed; what the registry asks on its own motion, it signed with its issuer's key (R7)."""
    require_signed(joint)
    asked = joint.request
    if asked.initiator == "registry" and not all(
        pinned.signs(one.key, asked.made_at, now) for one in joint.signatures
    ):
        raise _not_shown()


def _remark(content: Content, decision: SignedDecision, _: Mapping[str, Any], pinned: Pinned) -> Message:
    body = parse_remark(_opened(content, "remark.entered"))
    _require_by_registry(content, body.by, body.at, pinned)
    _require_said(content, body.certificate, decision, "kind", "text", "document", "reference")
    return entry(body, content.statement.leaf_hash)


def _lifting(content: Content, decision: SignedDecision, _: Mapping[str, Any], pinned: Pinned) -> Message:
    body, named = parse_lifting(_opened(content, "remark.lifted")), str(decision.arguments["remark"])
    _require_by_registry(content, body.by, body.at, pinned)
    _require_said(content, body.certificate, decision, "text", "document", "reference")
    if named != body.kind and not (body.remark is not None and body.remark.hex().startswith(named)):
        raise _another()
    return lifting(body, content.statement.leaf_hash)


def _require_by_registry(content: Content, by: Party, at: int, pinned: Pinned) -> None:
    """It is said in the registry's name, at its statement's time: what a forum orders it signs itself."""
    statement = content.statement
    if not pinned.speaks(by) or (statement.by, statement.at) != ("registry", at):
        raise _not_shown()


def _require_said(content: Content, certificate: str, decision: SignedDecision, *names: str) -> None:
    """It is about the certificate that was decided about, and in these words."""
    if content.statement.subject != certificate_subject(certificate):
        raise _not_shown()
    if certificate != decision.case or any(content.body[one] != decision.arguments[one] for one in names):
        raise _another()


def _deposit(content: Content, asked: Mapping[str, Any]) -> Message:
    try:
        body = parse_body(_opened(content, "certificate.deposited"))
        follows = statement_of(body) == content.statement
    except YinzhengError:
        follows = False
    if not follows:
        raise _not_shown()
    return deposit_of(bytes.fromhex(asked["caseId"].removeprefix("0x")), body)


_DUE: Final[Mapping[str, Callable[[Content, SignedDecision, Mapping[str, Any], Pinned], Message]]] = {
    "publish": _publication,
    "resolve": _conclusion,
    "refuse": _closure,
    "issue": _issue,
    "remark": _remark,
    "lift": _lifting,
}
"""By what was decided, the approval that follows from the content shown."""


def _opened(content: Content, kind: str) -> dict[str, Any]:
    """The body, which is what the statement commits to; of this type of statement alone."""
    try:
        verify_body(content.statement, canonical.dumps(content.body), content.secret)
    except YinzhengError:
        raise _not_shown() from None
    if content.statement.type != kind:
        raise _another()
    return content.body


def _require_own(body: Mapping[str, Any], decision: SignedDecision, *names: str) -> None:
    """What stands in the statement is what its person decided, in these words, under their name."""
    if body["person"] != decision.person or any(body[one] != decision.arguments[one] for one in names):
        raise _another()


def _another() -> DataFault:
    return DataFault(
        "this is no approval that the decision needs, or for another registry",
        code="approval-message",
        hint="Sign nothing; ask the registry.",
    )


def _not_shown() -> DataFault:
    return DataFault(
        "what is shown is not what would be approved",
        code="approval-content",
        hint="Sign nothing; ask the registry, and keep this file: it shows that it lied.",
    )

"""Approving what one was shown (S18.4): the message is made again from the content, and that is signed.

Whoever decides elsewhere gets, with the message to approve, the statement that it names by its leaf hash, its
body, and what opens its commitment. Nothing the registry says of them is believed: a text that is shown, and
another that is signed, do not pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from yinzheng.ledger.cases.preparing import deposit_of
from yinzheng.ledger.cases.publicity import CHAIN_PROCEDURE
from yinzheng.ledger.chain.approvals import (
    Closure,
    Conclusion,
    Domain,
    Publication,
    plain,
    sign,
    typed_data,
)
from yinzheng.ledger.chain.messages import Message
from yinzheng.ledger.keys.provider import EthereumKey
from yinzheng.ledger.people.decisions import MESSAGES, Content, SignedDecision
from yinzheng.ledger.rules.terms import Procedure
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.errors import DataFault, YinzhengError
from yinzheng.verifier.formats.body import parse_body
from yinzheng.verifier.formats.certificate import statement_of
from yinzheng.verifier.log.statement import verify_body


def sign_shown(
    message: Any, content: Content, decision: SignedDecision, rights: bytes, key: EthereumKey
) -> bytes:
    """Approve what a registry prepared for one's own decision: 65 bytes, v 27 or 28.

    Only the approval that the decision needs is signed, for the registry's own contract `rights` on its
    chain. Raises `DataFault`: `approval-message` (it is another one, another registry's, or the opposite of
    what was decided), `approval-content` (what is shown is not what would be signed).
    """
    domain = Domain(decision.chain, rights)
    try:
        if message["primaryType"] != MESSAGES[decision.action]:
            raise _another()
        due = _DUE[decision.action](content, decision, message["message"])
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _another() from None
    expected = plain(typed_data(due, domain))
    assert isinstance(expected, dict)
    if {**expected, "message": None} != {**message, "message": None}:
        raise _another()
    if expected["message"] != message["message"]:
        raise _not_shown()
    return sign(due, domain, key)


def _publication(content: Content, decision: SignedDecision, _: Mapping[str, Any]) -> Message:
    body = _opened(content, "publicity.opened")
    if body["waived"] is not False or body["profile"] != content.statement.profile:
        raise _another()
    procedure = CHAIN_PROCEDURE[Procedure(body["procedure"])]
    statement = content.statement
    return Publication(statement.subject, statement.profile, procedure, statement.leaf_hash, waived=False)


def _conclusion(content: Content, decision: SignedDecision, _: Mapping[str, Any]) -> Message:
    body, said = _opened(content, "objection.concluded"), decision.arguments
    _require_own(body, decision, "upheld", "reasons")
    if not str(body["objection"]).startswith(str(said["objection"])):
        raise _another()
    objection, statement = bytes.fromhex(body["objection"]), content.statement
    return Conclusion(statement.subject, objection, statement.leaf_hash, body["upheld"])


def _closure(content: Content, decision: SignedDecision, _: Mapping[str, Any]) -> Message:
    _require_own(_opened(content, "application.refused"), decision, "ground", "reasons")
    return Closure(content.statement.subject, content.statement.leaf_hash)


def _deposit(content: Content, _: SignedDecision, asked: Mapping[str, Any]) -> Message:
    try:
        body = parse_body(_opened(content, "certificate.deposited"))
        follows = statement_of(body) == content.statement
    except YinzhengError:
        follows = False
    if not follows:
        raise _not_shown()
    return deposit_of(bytes.fromhex(asked["caseId"].removeprefix("0x")), body)


_DUE: Final[Mapping[str, Callable[[Content, SignedDecision, Mapping[str, Any]], Message]]] = {
    "publish": _publication,
    "resolve": _conclusion,
    "refuse": _closure,
    "issue": _deposit,
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

"""What a holder's account signs about itself (S5.19, S10.4a); needs neither chain nor database."""

from __future__ import annotations

from yinzheng.ledger.chain import approvals_holders as messages
from yinzheng.ledger.chain.approvals import Domain, recover
from yinzheng.ledger.chain.messages import Message
from yinzheng.verifier.bytes.algorithms import constant_time_equal, sha256
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.organisation import Enrolment, Rotation
from yinzheng.verifier.judge.trust import TrustPolicy
from yinzheng.verifier.log.statement import organisation_subject


def domain_of(policy: TrustPolicy) -> Domain:
    """Where accounts sign for the registry of this policy. Raises `UsageFault` `holders-not-pinned`."""
    if policy.holders is None:
        raise UsageFault(
            "this policy names no contract in which holders have accounts",
            code="holders-not-pinned",
            hint="Get the registry's present trust.json from its officer.",
        )
    return Domain(policy.chain_id, policy.holders.address, messages.HOLDERS_NAME)


def entering(enrolment: Enrolment) -> messages.Enrolment:
    """The message by which a holder's account enters; its first change, so that it counts once."""
    assert enrolment.account is not None  # a holder has one
    return messages.Enrolment(
        organisation=organisation_subject(enrolment.organisation.code),
        serial=1,
        account=enrolment.account,
        key=sha256(enrolment.grant.key),
        statement=enrolment.declared,
    )


def handing_over(rotation: Rotation) -> messages.Rotation | messages.Replacement:
    """The message by which a holder goes on with another key or account; without the account of before, one
    that the chain lets wait.
    """
    binding = rotation.binding
    assert binding is not None  # a holder's rotation has one
    kind = messages.Replacement if binding.current is None else messages.Rotation
    return kind(
        organisation=organisation_subject(rotation.grant.code),
        serial=binding.serial,
        account=binding.account,
        key=sha256(rotation.grant.key),
        statement=rotation.declared,
    )


def require_signed(message: Message, domain: Domain, signature: bytes, account: bytes) -> None:
    """Raise unless `account` (20 bytes) signed exactly this message for this contract.

    Raises `DataFault`: `account-possession`, `approval-malformed`.
    """
    if not constant_time_equal(recover(message, domain, signature), account):
        raise DataFault(
            "the account did not sign this, or signed it for another registry",
            code="account-possession",
            hint="Pin this registry's own trust.json and sign with the account's key.",
        )

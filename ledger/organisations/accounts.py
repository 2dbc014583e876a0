"""What a holder's account signs about itself (S5.19, S10.4a); needs neither chain nor database."""

from __future__ import annotations

from yinzheng.ledger.chain import approvals_holders as messages
from yinzheng.ledger.chain.approvals import Domain, recover
from yinzheng.ledger.chain.messages import Message
from yinzheng.verifier.bytes.algorithms import constant_time_equal, keccak256, sha256
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.organisation import Enrolment, Rotation
from yinzheng.verifier.formats.veto import VetoFile
from yinzheng.verifier.judge.trust import TrustPolicy
from yinzheng.verifier.log.statement import organisation_subject

_VETO = b"veto(bytes32,uint32,bytes32,bytes[])"


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


def refusing(veto: VetoFile) -> messages.Veto:
    """The message by which an old account refuses the replacement that was announced."""
    return messages.Veto(organisation_subject(veto.code), veto.serial, veto.declared)


def data_of(veto: VetoFile) -> bytes:
    """What a transaction to `Holders` carries that brings a veto to the chain, whoever sends it.

    `veto(bytes32,uint32,bytes32,bytes[])` with its one signature, as the ABI has it.
    """
    message = refusing(veto)
    words = (message.organisation, _word(message.serial), message.statement, _word(4 * 32))
    array = (_word(1), _word(32), _word(len(veto.signature)), veto.signature.ljust(3 * 32, b"\0"))
    return keccak256(_VETO)[:4] + b"".join((*words, *array))


def _word(number: int) -> bytes:
    return number.to_bytes(32, "big")


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

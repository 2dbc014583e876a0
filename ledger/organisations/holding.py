"""What becomes of a holder's account on chain, with the statement that tells of it (D16, S5.19).

Each call is tried before anything is written, so that no statement says what the contract refuses, and goes
out through the outbox. One change of an organisation is on its way at a time: they are numbered.
"""

from __future__ import annotations

from sqlmodel import Session, col, select

from yinzheng.ledger.chain.approvals import recover, sign
from yinzheng.ledger.chain.approvals_holders import Replacement
from yinzheng.ledger.chain.approvals_holders import Revocation as AccountLoss
from yinzheng.ledger.chain.records_holders import AccountState, HolderOnChain
from yinzheng.ledger.chain.refusals import ContractRefused
from yinzheng.ledger.chain.sender import Call
from yinzheng.ledger.flow.outbox import outbox, send_anew
from yinzheng.ledger.flow.threads import find_organisation
from yinzheng.ledger.organisations.accounts import entering, handing_over, refusing, require_signed
from yinzheng.ledger.organisations.appointing import require_appointed
from yinzheng.ledger.organisations.calls import HOLDER, VETO
from yinzheng.ledger.people.acting import Actor, key_of
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.organisations import Role
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import ChainCall
from yinzheng.ledger.store.models_consents import Organisation
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.organisation import AccountRevocation, Enrolment, Revocation, Rotation
from yinzheng.verifier.formats.veto import VetoFile
from yinzheng.verifier.log.statement import organisation_subject

_STATES = {"lost": AccountState.LOST, "compromised": AccountState.COMPROMISED}


def enter(registry: Registry, session: Session, body: Enrolment, officer: Actor) -> None:
    """Enter a holder's account, by its own signature and the officer's.

    Raises `DataFault`: `account-possession`, `approval-malformed`; and what `Holders` says.
    """
    assert body.binding is not None
    message, domain = entering(body), registry.client.holders_domain
    require_signed(message, domain, body.binding.account, message.account)
    approvals = [body.binding.account, sign(message, domain, key_of(session, officer))]
    call = registry.client.enrol(message, approvals)
    _send(registry, session, message.organisation, message.serial, call, body.enrolled_at)


def hand_over(
    registry: Registry, session: Session, found: Organisation, body: Rotation, officer: Actor | None
) -> None:
    """Let the chain follow a holder's rotation: at once with the account of before, or by a forum's decision;
    else after its delay.

    Raises `DataFault`: `holder-binding`, `account-possession`, `approval-malformed`; `UsageFault`:
    `officer-needed`, `order-forum`, `holder-under-way`, `holder-not-entered`; and what `Holders` says.
    """
    holds = Role.HOLDER in found.roles.split()
    if holds is (body.binding is None):
        raise DataFault(
            "a holder's rotation, and nobody else's, says what becomes of its account",
            code="holder-binding",
            hint="Make it with `yinzheng holder key rotate`.",
        )
    if body.binding is None:
        return
    by = _officer(officer)
    current = _on_chain(registry, session, found)
    message, domain = handing_over(body), registry.client.holders_domain
    require_signed(message, domain, body.binding.new, message.account)
    own = sign(message, domain, key_of(session, by))
    before = current.account_at(body.rotated_at) or current.account
    if isinstance(message, Replacement):
        approvals = [body.binding.new, own]
        if body.decision is not None:
            signer = recover(message, domain, body.decision.signature)
            require_appointed(registry, session, Role.FORUM, signer, body.decision.forum)
            approvals.append(body.decision.signature)
        call = registry.client.replace_account(message, approvals)
        found.account = before if body.decision is None else message.account
    else:
        assert body.binding.current is not None
        require_signed(message, domain, body.binding.current, before)
        call = registry.client.rotate(message, [body.binding.new, body.binding.current, own])
        found.account = message.account
    _send(registry, session, found.subject, message.serial, call, body.rotated_at)


def end(
    registry: Registry,
    session: Session,
    found: Organisation,
    body: Revocation,
    leaf: bytes,
    officer: Actor | None,
) -> None:
    """Have the chain take nothing more from an account that was lost or compromised; what it signed stands.

    Raises `UsageFault`: `holder-none`, `account-other`, `officer-needed`, `holder-under-way`,
    `holder-not-entered`; and what `Holders` says.
    """
    if not isinstance(body, AccountRevocation):
        return
    if Role.HOLDER not in found.roles.split():
        raise UsageFault(
            "this organisation holds nothing with an account",
            code="holder-none",
            hint="Revoke its key alone.",
        )
    by = _officer(officer)
    current = _on_chain(registry, session, found)
    account = current.account_at(body.told_at) or current.account
    if body.account != account:
        raise UsageFault(
            "this is not the holder's account now",
            code="account-other",
            hint="Read `yinzheng organisations`.",
        )
    since = max(body.since, current.next_from if account == current.next else current.since)
    message = AccountLoss(found.subject, current.serial + 1, body.account, _STATES[body.reason], since, leaf)
    approval = sign(message, registry.client.holders_domain, key_of(session, by))
    call = registry.client.revoke_account(message, approval)
    found.account = account  # an announced one has taken over by itself, and the chain writes it down now
    _send(registry, session, found.subject, message.serial, call, body.told_at)


def veto(registry: Registry, said: VetoFile) -> None:
    """Bring a holder's veto of an announced replacement to the chain (ADR 45); whoever hands it in.

    There is no statement of it: the chain counts it among the holder's changes. The same veto again is what
    it was; one that the chain refused is tried once more, and says why.

    Raises `UsageFault`: `organisation-unknown`, `holder-none`, `holder-not-entered`; `DataFault`:
    `account-possession` (not the account that is to be replaced), `approval-malformed`; and what `Holders`
    says: `nothing-announced`, ….
    """
    now = registry.clock()
    with registry.store.transaction() as session:
        found = find_organisation(session, said.code)
        current = _entered(registry, found.subject)
        message = refusing(said)
        require_signed(message, registry.client.holders_domain, said.signature, current.account)
        about, part = found.subject.hex(), str(said.serial)
        earlier = repository.find_call(session, VETO.name, about, part)
        if earlier is not None and earlier.state != "failed":
            return
        call = registry.client.veto(message, said.signature)
        try:
            registry.client.simulate(call, registry.sender.address)
        except ContractRefused:
            if not VETO.done(registry.client, about, part):
                raise
        if earlier is None:
            outbox(session, VETO, about, call, now, part=part)
        else:
            send_anew(session, earlier, call)


def account_now(registry: Registry, code: str, now: int) -> bytes:
    """The account (20 bytes) that the chain has for a holder. Raises `UsageFault` `holder-not-entered`."""
    found = _entered(registry, organisation_subject(code))
    return found.account_at(now) or found.account


def _officer(officer: Actor | None) -> Actor:
    if officer is None:
        raise UsageFault(
            "the registry's signature stands beside a holder's",
            code="officer-needed",
            hint="Write it to a file with --out, and hand that to an officer of the registry.",
        )
    return officer


def _on_chain(registry: Registry, session: Session, found: Organisation) -> HolderOnChain:
    open_ = select(ChainCall.id).where(
        ChainCall.kind == HOLDER.name,
        ChainCall.about == found.subject.hex(),
        col(ChainCall.state).in_(("pending", "sent")),
    )
    if session.exec(open_).first() is not None:
        raise UsageFault(
            "an earlier change of this holder is on its way to the chain",
            code="holder-under-way",
            hint="Try again when `yinzheng settle` is through.",
        )
    return _entered(registry, found.subject)


def _entered(registry: Registry, subject: bytes) -> HolderOnChain:
    entered = registry.client.holder(subject)
    if entered is None:
        raise UsageFault(
            "the chain has no account of this organisation",
            code="holder-not-entered",
            hint="A holder is enrolled with its account: `yinzheng enrol`.",
        )
    return entered


def _send(registry: Registry, session: Session, subject: bytes, serial: int, call: Call, now: int) -> None:
    registry.client.simulate(call, registry.sender.address)
    outbox(session, HOLDER, subject.hex(), call, now, part=str(serial))

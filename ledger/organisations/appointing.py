"""What a forum or an exchange may do on chain: its role, given and taken by an administrator (R41, D16).

An exchange is no holder and no forum. Whoever answers whether others may trade trades nothing here itself;
`Holders` refuses accounts with roles for the same reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlmodel import Session, col, func, select

from yinzheng.ledger.chain import contracts, grants
from yinzheng.ledger.chain.sender import Call
from yinzheng.ledger.flow.calls import CallKind
from yinzheng.ledger.flow.outbox import outbox_signed
from yinzheng.ledger.organisations import calls
from yinzheng.ledger.organisations.whose import accounts_of
from yinzheng.ledger.people.acting import Actor, admit, key_of, require_two
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.offices import Office
from yinzheng.ledger.rules.organisations import Role
from yinzheng.ledger.store.models import ChainCall
from yinzheng.ledger.store.models_consents import Organisation
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.body import Party
from yinzheng.verifier.formats.organisation import Enrolment


@dataclass(frozen=True, slots=True)
class Appointment:
    """The role on chain that an enrolled role brings, and the calls that give and take it."""

    role: int
    given: CallKind
    taken: CallKind


APPOINTMENTS: Final[Mapping[Role, Appointment]] = {
    Role.FORUM: Appointment(contracts.FORUM, calls.FORUM, calls.FORUM_END),
    Role.EXCHANGE: Appointment(contracts.EXCHANGE, calls.EXCHANGE, calls.EXCHANGE_END),
}


def appoint(
    registry: Registry,
    session: Session,
    body: Enrolment,
    leaf: bytes,
    officer: Actor,
    administrator: Actor | None,
) -> None:
    """Give the account of a forum or exchange its role; nothing where an exchange has no account.

    Raises `UsageFault`: `account-needed`, `administrator-needed`, `roles-overlap`, `person-…`.
    """
    if Role.FORUM in body.roles and body.account is None:
        raise UsageFault(
            "a forum without an account could open, seize, end and cancel nothing",
            code="account-needed",
            hint="Have it make its keys anew, with an account: `yinzheng org key new --role forum`.",
        )
    found = appointment_of(body.roles)
    if found is None or body.account is None:
        return
    giver = _administrator(session, officer, administrator)
    call = grants.grant(registry.client, found.role, body.account)
    _sign(registry, session, found.given, leaf, call, giver)


def appoint_again(
    registry: Registry, session: Session, found: Organisation, account: bytes, administrator: Actor
) -> None:
    """Give the account (20 bytes) that a forum or exchange was enrolled with its role once more.

    Both persons were admitted. Raises `UsageFault`: `role-none`, `role-held`, `roles-overlap`.
    """
    appointed = appointment_of(found.roles.split())
    if appointed is None:
        raise _no_role()
    changes = (
        registry.client.grant_role(appointed.role, account),
        grants.revoke(registry.client, appointed.role, account),
    )
    if registry.client.has_role(appointed.role, account) or any(_on_its_way(session, one) for one in changes):
        raise UsageFault(
            "this organisation acts on the chain already, or its dismissal is still on its way",
            code="role-held",
            hint="Run `yinzheng settle`, then look again.",
        )
    call = grants.grant(registry.client, appointed.role, account)
    _sign(registry, session, appointed.given, found.head, call, administrator)
    found.account = account
    session.add(found)


def move(
    registry: Registry,
    session: Session,
    found: Organisation,
    account: bytes,
    officer: Actor,
    administrator: Actor | None,
) -> None:
    """Let an organisation that is no holder act by another account (20 bytes) from now on, or by its first.

    A forum's or exchange's role on chain is taken from the one before and given to this one, by an
    administrator who is another person than the officer; what the one before decided stands.
    The statement is the organisation's latest. Raises `UsageFault`: `administrator-needed`, `roles-overlap`,
    `person-…`; and what the contracts say: `account-has-role`, ….
    """
    if found.account == account:
        return
    appointed = appointment_of(found.roles.split())
    if appointed is not None:
        giver = _administrator(session, officer, administrator)
        if _acting(registry, session, found, appointed):
            end(registry, session, found, found.head, giver)
        _sign(
            registry,
            session,
            appointed.given,
            found.head,
            grants.grant(registry.client, appointed.role, account),
            giver,
        )
    found.account = account
    session.add(found)


def _administrator(session: Session, officer: Actor, administrator: Actor | None) -> Actor:
    """Who gives a role. Raises `UsageFault`: `administrator-needed`, `person-…`."""
    if administrator is None:
        raise UsageFault(
            "an administrator gives a forum or exchange its role on chain",
            code="administrator-needed",
            hint="Both act together: the officer with --as, the administrator with --administrator.",
        )
    admit(session, administrator, Office.ADMINISTRATOR)
    require_two(officer, administrator)
    return administrator


def end(
    registry: Registry, session: Session, found: Organisation, about: bytes, administrator: Actor
) -> None:
    """Take the role from the accounts of a forum or exchange, for an administrator who was admitted.

    `about`: leaf hash of what it rests on. Raises `UsageFault` `role-none`.
    """
    appointed = appointment_of(found.roles.split())
    accounts = [] if appointed is None else _acting(registry, session, found, appointed)
    if appointed is None or not accounts:
        raise _no_role()
    for account in accounts:
        call = grants.revoke(registry.client, appointed.role, account)
        _sign(registry, session, appointed.taken, about, call, administrator)
    found.account = None
    session.add(found)


def _acting(registry: Registry, session: Session, found: Organisation, appointed: Appointment) -> list[bytes]:
    """The accounts from which its role is to be taken: the one it has, and those of before that hold it yet,
    for what should have taken it from them failed.
    """
    before = [
        one
        for one in accounts_of(session, found)
        if one != found.account
        and registry.client.has_role(appointed.role, one)
        and not _on_its_way(session, grants.revoke(registry.client, appointed.role, one))
    ]
    return before if found.account is None else [found.account, *before]


def _on_its_way(session: Session, call: Call) -> bool:
    """Whether the very same is asked of the chain already."""
    open_ = select(ChainCall.id).where(
        col(ChainCall.state).in_(("pending", "sent")),
        ChainCall.target == call.to,
        ChainCall.data == call.data,
    )
    return session.exec(open_).first() is not None


def _sign(
    registry: Registry, session: Session, kind: CallKind, about: bytes, call: Call, administrator: Actor
) -> None:
    """Put the call into the outbox, signed by the administrator; its part counts those before it."""
    before = select(func.count(col(ChainCall.id)))
    count = session.exec(before.where(ChainCall.kind == kind.name, ChainCall.about == about.hex())).one()
    outbox_signed(
        registry,
        session,
        kind,
        about.hex(),
        call,
        registry.clock(),
        person=administrator.person,
        key=key_of(session, administrator),
        part=str(count) if count else "",
    )


def _no_role() -> UsageFault:
    return UsageFault(
        "this organisation has no role on chain",
        code="role-none",
        hint="`yinzheng organisations` shows who is enrolled as what.",
    )


def appointment_of(roles: list[str] | tuple[str, ...]) -> Appointment | None:
    """What these enrolled roles bring on chain; at most one, for forum and exchange exclude each other."""
    return next((made for role, made in APPOINTMENTS.items() if role in roles), None)


def require_appointed(registry: Registry, session: Session, role: Role, signer: bytes, named: Party) -> None:
    """Raise `UsageFault` `order-forum` or `order-exchange` unless `signer` (20 bytes) is the account of the
    one that is named, enrolled in that role and appointed on chain.
    """
    found = session.exec(select(Organisation).where(Organisation.account == signer)).first()
    enrolled = found is not None and role in found.roles.split()
    if not enrolled or not registry.client.has_role(APPOINTMENTS[role].role, signer):
        raise UsageFault(
            f"who signed this is no {role} here, or signed something else",
            code=f"order-{role}",
            hint=f"A {role} is enrolled with its account, and an administrator gives it its role.",
        )
    assert found is not None
    if (found.name, found.code) != (named.name, named.code):
        raise UsageFault(
            f"another {role} is named than the one that signed",
            code=f"order-{role}",
            hint=f"Have the {role} make it anew.",
        )

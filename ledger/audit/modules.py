"""Does the chain hold the database's withdrawals, disputes and holders, and no others; who may act there?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy import func
from sqlmodel import Session, col, select

from yinzheng.ledger.audit.chain import under_way
from yinzheng.ledger.audit.finding import Audit
from yinzheng.ledger.chain.contracts import COMMITTEE, MODULE, MOVES, REGISTRY, RELAY
from yinzheng.ledger.chain.events import told
from yinzheng.ledger.chain.records import DisputeState, WithdrawalState
from yinzheng.ledger.chain.records_holders import HolderOnChain
from yinzheng.ledger.inlets.finding import unfollowed
from yinzheng.ledger.keys.provider import RELAY as RELAY_KEY
from yinzheng.ledger.organisations.appointing import APPOINTMENTS
from yinzheng.ledger.organisations.keys import keys_at
from yinzheng.ledger.organisations.whose import whose
from yinzheng.ledger.rules.disputes import State as DisputeCourse
from yinzheng.ledger.rules.organisations import Role
from yinzheng.ledger.rules.withdrawal import State
from yinzheng.ledger.store.models import Person
from yinzheng.ledger.store.models_consents import Organisation, Withdrawal, WithdrawalRecipient
from yinzheng.ledger.store.models_disputes import Dispute, DisputeSubject
from yinzheng.verifier.bytes.algorithms import sha256
from yinzheng.verifier.formats.key_history import End

_STATES: Mapping[str, WithdrawalState] = {
    State.REQUESTED: WithdrawalState.REQUESTED,
    State.VERIFIED: WithdrawalState.REQUESTED,
    State.NOTIFIED: WithdrawalState.REQUESTED,
    State.FROZEN: WithdrawalState.FROZEN,
    State.RESTRICTED: WithdrawalState.RESTRICTED,
    State.COMPLETED: WithdrawalState.COMPLETED,
}
"""The chain knows neither checks nor notices."""

_DISPUTES: Mapping[str, DisputeState] = {
    DisputeCourse.OPEN: DisputeState.OPEN,
    DisputeCourse.RELEASED: DisputeState.RELEASED,
}


_GONE = frozenset({End.LEFT, End.LOST, End.COMPROMISED})
"""Ends of a key after which an administrator takes the role of its organisation too."""


def check_modules(audit: Audit) -> None:
    """Compare withdrawals, disputes and roles; what is on its way is not different."""
    with audit.store.reading() as session:
        withdrawals = _withdrawals(audit, session)
        disputes = _disputes(audit, session)
        holders = _holders(audit, session)
        _roles(audit, session)
    for event, argument, known, where in (
        ("WithdrawalOpened", "id", withdrawals, "consents"),
        ("DisputeOpened", "caseId", disputes, "preservation"),
        ("HolderEnrolled", "organisation", holders, "holders"),
    ):
        for arguments in told(audit.w3, audit.client.addresses[where], where, event):
            id_ = bytes(arguments[argument])
            if id_ not in known and not (event == "DisputeOpened" and _is_left(audit, id_)):
                audit.found(
                    "module-unknown", f"the chain announced a {event} the database lacks", id=id_.hex()
                )


def _withdrawals(audit: Audit, session: Session) -> set[bytes]:
    known = set()
    for row in session.exec(select(Withdrawal)):
        known.add(row.id)
        found = audit.client.withdrawal(row.id)
        if found is None or found.state is not _STATES[row.state]:
            if not under_way(session):
                audit.found(
                    "withdrawal-differs", "the chain has a withdrawal in another state", id=row.id.hex()
                )
            continue
        owed = session.exec(
            select(WithdrawalRecipient).where(WithdrawalRecipient.withdrawal_id == row.id)
        ).all()
        given = sum(1 for one in owed if one.receipt is not None)
        if found.minor is not row.minor or (found.receipts != given and not under_way(session)):
            audit.found("withdrawal-altered", "a withdrawal's row is not the chain's", id=row.id.hex())
    _counts(audit, session)
    return known


def _counts(audit: Audit, session: Session) -> None:
    """Of each consent ever withdrawn the chain counts as many withdrawals as there are rows (D15).

    A consent that was not has no count: whatever the chain opened is announced, and named if unknown.
    """
    counted = select(Withdrawal.consent, func.count()).group_by(col(Withdrawal.consent))
    for consent, rows in session.exec(counted):
        opened = audit.client.withdrawals_opened(consent)
        if opened != rows and not under_way(session):
            audit.found(
                "withdrawal-count",
                f"the chain counts {opened} withdrawals of a consent, the database {rows}",
                consent=consent.hex(),
            )


def _disputes(audit: Audit, session: Session) -> set[bytes]:
    known = set()
    for row in session.exec(select(Dispute)):
        if row.state not in _DISPUTES:
            continue
        known.add(row.subject)
        found = audit.client.dispute(row.subject)
        if found is None or found.state is not _DISPUTES[row.state]:
            if not under_way(session):
                audit.found("dispute-differs", f"the chain has {row.id} in another state", dispute=row.id)
            continue
        held = audit.client.subjects(row.subject)
        ours = set(
            session.exec(select(DisputeSubject.subject).where(DisputeSubject.dispute_id == row.id)).all()
        )
        if {*held.records, *held.cases, *held.consents} != ours:
            audit.found("dispute-altered", f"{row.id} holds other subjects on the chain", dispute=row.id)
    return known


def _is_left(audit: Audit, id_: bytes) -> bool:
    """Whether a dispute was found on the chain and could not be taken up here; says what to do about it.

    One that was released holds nothing any more.
    """
    with audit.store.reading() as session:
        if id_ not in {one.about for one in unfollowed(session)}:
            return False
        found = audit.client.dispute(id_)
        if found is None or found.state is not DisputeState.OPEN:
            return found is not None
        enrolled = whose(session, found.opened_by) is not None
    again = "ask that forum to release it, and to open it anew without evidence and by its own statement"
    enrol = "enrol whose account that is (`yinzheng enrol`), and it is taken up; or ask for its release"
    audit.found(
        "dispute-unfollowed",
        f"0x{found.opened_by.hex()} opened a dispute on the chain that cannot be worked on here: it holds"
        f" what it is about until its release; {again if enrolled else enrol}",
        dispute=id_.hex(),
        account=found.opened_by.hex(),
    )
    return True


def _same_key(found: HolderOnChain, session: Session, row: Organisation) -> bool:
    """Whether the chain has the SM2 key that the log has last.

    What was announced counts: the holder has signed it, and it takes effect by itself. Where it was vetoed,
    the log has last what was refused, and the chain a key from before it (ADR 45).
    """
    *before, last = (sha256(one.grant.key) for one in keys_at(session, row.head))
    return found.key in before if found.contested else last in (found.key, found.next_key)


def _holders(audit: Audit, session: Session) -> set[bytes]:
    """A holder's account and SM2 key on chain are those of the log."""
    known = set()
    for row in session.exec(select(Organisation)):
        if Role.HOLDER not in row.roles.split():
            continue
        known.add(row.subject)
        found = audit.client.holder(row.subject)
        if found is not None and not _same_key(found, session, row) and not under_way(session):
            audit.found("holder-differs", "the chain has another SM2 key of a holder", organisation=row.code)
        if (found is None or found.account != row.account) and not under_way(session):
            audit.found("holder-differs", "the chain has another account of a holder", organisation=row.code)
    return known


def _roles(audit: Audit, session: Session) -> None:
    """Every account that was ever granted a role and still holds it is one that should."""
    relay = audit.keys.ethereum(RELAY_KEY).address
    people = session.exec(select(Person)).all()
    expected: dict[int, set[bytes]] = {
        RELAY: {relay},
        REGISTRY: {person.address for person in people if person.role == "registry"},
        COMMITTEE: {person.address for person in people if person.role == "committee"},
        MOVES: {audit.instance.modules.preservation},
        MODULE: {audit.instance.modules.moves, audit.instance.modules.standing},
        **_appointed(audit, session),
    }
    if not audit.client.has_role(RELAY, relay):
        del expected[RELAY]  # the key at hand is not the relay's, as `check_keys` says: nobody knows who is
    for role, account in set(_granted(audit)):
        allowed = expected.get(role)
        if allowed is not None and account not in allowed and audit.client.has_role(role, account):
            _unexpected(audit, session, role, account)


def _unexpected(audit: Audit, session: Session, role: int, account: bytes) -> None:
    """Name an account that holds a role it should not: an organisation's of before, or nobody's."""
    before = whose(session, account) if role in {made.role for made in APPOINTMENTS.values()} else None
    if before is None:
        audit.found(
            "role-stranger", "an account holds a role nobody here has", role=role, account=account.hex()
        )
    elif not under_way(session):  # else what takes it may be among that
        audit.found(
            "role-outlives-account",
            "an account that an organisation had may still act on chain: `yinzheng dismiss`, and"
            " `yinzheng appoint` for the one it has now",
            organisation=before.code,
            account=account.hex(),
        )


def _appointed(audit: Audit, session: Session) -> dict[int, set[bytes]]:
    """Accounts of forums and exchanges by their role; each holds it, while its organisation has a key."""
    expected: dict[int, set[bytes]] = {made.role: set() for made in APPOINTMENTS.values()}
    for row in session.exec(select(Organisation)):
        for role, made in APPOINTMENTS.items():
            if row.account is None or role not in row.roles.split():
                continue
            expected[made.role].add(row.account)
            held = audit.client.has_role(made.role, row.account)
            if not held and not under_way(session):
                audit.found("role-missing", f"the chain does not know a {role}", organisation=row.code)
            if held and keys_at(session, row.head)[-1].end in _GONE:
                audit.found(
                    "role-outlives-key",
                    f"a {role} whose key was revoked may still act on chain: `yinzheng dismiss`",
                    organisation=row.code,
                )
    return expected


def _granted(audit: Audit) -> Iterator[tuple[int, bytes]]:
    for arguments in told(audit.w3, audit.instance.deployment.manager, "manager", "RoleGranted"):
        yield int(arguments["roleId"]), bytes.fromhex(arguments["account"][2:])

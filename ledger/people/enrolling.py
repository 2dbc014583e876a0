"""Who acts for the registry: enrolled and removed by an administrator, each with a key of their own (R47).

Roles of officers, the committee and administrators lie on the chain too, where the administrator's own key
gives and takes them; staff (R43) and auditors hold none there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sqlmodel import Session, col, select

from yinzheng.ledger.accesses.noting import acted
from yinzheng.ledger.chain import contracts
from yinzheng.ledger.chain.grants import ADMINISTRATOR
from yinzheng.ledger.chain.reverts import translated
from yinzheng.ledger.chain.sender import Call, checksummed
from yinzheng.ledger.flow.calls import CallKind
from yinzheng.ledger.flow.outbox import outbox_signed
from yinzheng.ledger.keys.keystore import SCRYPT_N
from yinzheng.ledger.keys.personal import check_name
from yinzheng.ledger.people import keyring, roster
from yinzheng.ledger.people.acting import Actor, admit, enrolled, key_of
from yinzheng.ledger.people.calls import ROLE, ROLE_END
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.offices import Office, Role, role_of
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Person
from yinzheng.verifier.errors import UsageFault

CHAIN_ROLES: Final[Mapping[Role, Mapping[str, int]]] = {
    Capacity.REGISTRY: {"registry": contracts.REGISTRY},
    Capacity.COMMITTEE: {"committee": contracts.COMMITTEE},
    Office.ADMINISTRATOR: {"calendar": contracts.CALENDAR, "administrator": ADMINISTRATOR},
}
"""What a capacity holds on chain, by the part its call bears."""
_TRANSFER_GAS: Final = 21_000


def enrol_person(
    registry: Registry, name: str, role: Role, address: bytes, by: Actor, *, known: bool = False
) -> None:
    """Enrol someone whose key has `address`, 20 bytes, on the word of an administrator.

    Officers, members of the committee and administrators receive their roles on chain when the registry
    settles. The same again, where a call for them failed, signs that anew; where none did, that is an error
    unless they may be `known`.

    Raises `UsageFault`: `person-exists`, `key-name`, `person-address` (another person's key, or the
    registry's own), and as `admit`; what the chain says.
    """
    check_name(name)
    with registry.store.transaction() as session:
        admit(session, by, Office.ADMINISTRATOR)
        now = registry.clock()
        before = session.get(Person, name)
        if before is not None:
            same = (role.value, address, None) == (before.role, before.address, before.removed_at)
            if same:
                calls = _given(registry, role, address)
                if _again(registry, session, ROLE, name, calls, now, by) or known:
                    return
            raise UsageFault(
                f"there is a {name} already",
                code="person-exists",
                hint="A name is given once, also after its bearer has left.",
            )
        _require_own_key(registry, session, address)
        session.add(Person(name=name, role=role.value, address=address, added_at=now))
        session.flush()
        for part, call in _given(registry, role, address).items():
            _sign(registry, session, ROLE, name, part, call, now, by)
        if role is Office.ADMINISTRATOR:
            _fund(registry, session, name, address, now, by)
        acted(registry, session, by, "person", roster.came(name, role.value, address), "keeping")


def _fund(registry: Registry, session: Session, name: str, address: bytes, now: int, by: Actor) -> None:
    """Share the account's balance with a new administrator, where the chain asks fees of who sends."""
    with translated():
        balance = registry.w3.eth.get_balance(checksummed(by.address))
    if balance:
        call = Call(address, b"", _TRANSFER_GAS, value=balance // 2)
        _sign(registry, session, ROLE, name, "funds", call, now, by)


def _given(registry: Registry, role: Role, address: bytes) -> dict[str, Call]:
    """The calls that give a role on chain, by their parts."""
    held = CHAIN_ROLES.get(role, {})
    return {part: registry.client.grant_role(one, address) for part, one in held.items()}


def _taken(registry: Registry, role: Role, address: bytes) -> dict[str, Call]:
    """The calls that take it."""
    held = CHAIN_ROLES.get(role, {})
    return {part: registry.client.revoke_role(one, address) for part, one in held.items()}


def _sign(
    registry: Registry,
    session: Session,
    kind: CallKind,
    name: str,
    part: str,
    call: Call,
    now: int,
    by: Actor,
) -> None:
    key = key_of(session, by)
    outbox_signed(registry, session, kind, name, call, now, person=by.person, key=key, part=part)


def _again(
    registry: Registry,
    session: Session,
    kind: CallKind,
    name: str,
    calls: Mapping[str, Call],
    now: int,
    by: Actor,
) -> bool:
    """Sign anew those that failed, which nobody here can do without a key; tells whether there were any."""
    found = {part: repository.find_call(session, kind.name, name, part) for part in calls}
    failed = [part for part, call in found.items() if call is not None and call.state == "failed"]
    for part in failed:
        _sign(registry, session, kind, name, part, calls[part], now, by)
    return bool(failed)


def enrol_with_key(
    registry: Registry, name: str, role: Role, passphrase: bytes, by: Actor, *, scrypt_n: int = SCRYPT_N
) -> bytes:
    """Enrol someone and make their key in the state folder, under their own passphrase; gives its address.

    Raises as `enrol_person` and `keyring.make_key`.
    """
    with registry.store.reading() as session:
        admit(session, by, Office.ADMINISTRATOR)
        before = session.get(Person, check_name(name))
    known = before is not None
    file = keyring.key_file(registry.paths, name)
    if not known:
        file.unlink(missing_ok=True)  # a crash came between a key and its row: it is nobody's
    if before is not None:
        address = before.address
    else:
        address = keyring.make_key(registry.paths, name, passphrase, scrypt_n=scrypt_n).address
    try:
        enrol_person(registry, name, role, address, by)
    except BaseException:
        if not known:
            file.unlink(missing_ok=True)
        raise
    return address


def _require_own_key(registry: Registry, session: Session, address: bytes) -> None:
    """One person, one key: also who left had that one alone."""
    taken = session.exec(select(Person.name).where(Person.address == address)).first()
    if taken is not None or address == registry.sender.address:
        raise UsageFault(
            "this key is another's already",
            code="person-address",
            hint="One person, one key: have a fresh one made (R47).",
        )


def remove_person(registry: Registry, name: str, by: Actor) -> None:
    """End a person at once, on the word of an administrator; what was signed stands (R47).

    From this transaction on nothing is done for them here, by any process; their roles on chain are taken
    when the registry settles. The same again, where a call for that failed, signs it anew.

    Raises `UsageFault`: `person-unknown`, `person-removed`, `person-last` (no administrator would remain),
    and as `admit`; what the chain says.
    """
    with registry.store.transaction() as session:
        admit(session, by, Office.ADMINISTRATOR)
        now = registry.clock()
        left = session.get(Person, name)
        if left is not None and left.removed_at is not None:
            taken = _taken(registry, role_of(left.role), left.address)
            if _again(registry, session, ROLE_END, name, taken, now, by):
                return
        person = enrolled(session, name)
        role = role_of(person.role)
        if role is Office.ADMINISTRATOR:
            _require_another(session, name)
        for part, call in _taken(registry, role, person.address).items():
            _sign(registry, session, ROLE_END, name, part, call, now, by)
        person.removed_at = now
        session.add(person)
        acted(registry, session, by, "person", roster.left(name), "keeping")


def role_to_take(
    registry: Registry, leaver: str, name: str, address: bytes | None
) -> tuple[Role, bytes | None]:
    """The role of who leaves; and the address of who comes, where a replacement that was interrupted had
    enrolled them already. `address`: of the key they are said to carry.

    Raises `UsageFault`: `person-unknown`, `person-removed`, `person-exists` (in another role, with another
    key, or gone).
    """
    with registry.store.reading() as session:
        role, comes = role_of(enrolled(session, leaver).role), session.get(Person, check_name(name))
        if comes is None:
            return role, None
        same = (comes.role, comes.removed_at, address or comes.address) == (role.value, None, comes.address)
        if not same or name == leaver:
            raise UsageFault(
                f"there is a {name} already",
                code="person-exists",
                hint="A name is given once, also after its bearer has left.",
            )
        return role, comes.address


def _require_another(session: Session, name: str) -> None:
    others = select(Person.name).where(
        Person.role == Office.ADMINISTRATOR.value,
        Person.name != name,
        col(Person.removed_at).is_(None),
    )
    if session.exec(others).first() is None:
        raise UsageFault(
            f"{name} is the last administrator",
            code="person-last",
            hint="Enrol another one first: without any, nobody could be enrolled or removed.",
        )


def everyone(session: Session) -> Sequence[Person]:
    """Everyone who acts for the registry, also who left, by name."""
    return session.exec(select(Person).order_by(col(Person.name))).all()

"""Who decides as a forum: an enrolled court or arbitral body whose account has its role on the chain."""

from __future__ import annotations

from sqlmodel import Session, select

from yinzheng.ledger.chain.contracts import FORUM
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.organisations import Role
from yinzheng.ledger.store.models_consents import Organisation
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.body import Party


def require_forum(registry: Registry, session: Session, signer: bytes, named: Party) -> None:
    """Raise `UsageFault` `order-forum` unless the account that signed (20 bytes) is that forum's."""
    found = session.exec(select(Organisation).where(Organisation.account == signer)).first()
    decides = found is not None and Role.FORUM in found.roles.split()
    if not decides or not registry.client.has_role(FORUM, signer):
        raise UsageFault(
            "who signed this decides nothing here, or signed something else",
            code="order-forum",
            hint="A forum is enrolled with its account, and an administrator gives it its role.",
        )
    assert found is not None
    if (found.name, found.code) != (named.name, named.code):
        raise UsageFault(
            "another forum is named than the one that signed",
            code="order-forum",
            hint="Have the forum make it anew.",
        )

"""The policy that a registry hands out now (S8), with what only its database knows."""

from __future__ import annotations

from typing import Any

from sqlmodel import Session

from yinzheng.ledger.state.contact import reached
from yinzheng.ledger.state.instance import Instance
from yinzheng.ledger.state.policy import trust_policy
from yinzheng.ledger.witnesses.kept import fed_in


def policy_in(session: Session, instance: Instance, **beyond: Any) -> dict[str, Any]:
    """The policy with the witnesses and the contact that its database names; `beyond` as `trust_policy`."""
    return trust_policy(reached(session, instance), fed_in(session).trusted, **beyond)

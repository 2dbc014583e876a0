"""What an organisation may be here, and who may act as it."""

from collections.abc import Sequence
from enum import StrEnum

from yinzheng.verifier.errors import UsageFault


class Role(StrEnum):
    """What an organisation may be here; it may be several."""

    CONTROLLER = "controller"
    EXCHANGE = "exchange"
    FORUM = "forum"
    HOLDER = "holder"
    PARTY = "party"
    RECIPIENT = "recipient"


def require_role(roles: Sequence[str], needed: Role) -> None:
    """Raise unless the organisation is enrolled in this role.

    Raises:
        UsageFault: `organisation-role`.
    """
    if needed not in roles:
        raise UsageFault(
            f"This organisation is not enrolled as {needed}.",
            code="organisation-role",
            hint="An officer of the registry enrols it in that role.",
        )

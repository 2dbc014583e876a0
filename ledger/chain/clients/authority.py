"""Who holds which role on chain (S5.6)."""

from yinzheng.ledger.chain.clients.calling import Block, Calling
from yinzheng.ledger.chain.sender import Call, checksummed


class AuthorityCalls(Calling):
    """What is asked of the authority, `AccessManager`."""

    def has_role(self, role: int, account: bytes, block: Block = "latest") -> bool:
        """Read whether `account` holds `role`."""
        member, _ = self._read("manager", "hasRole", [role, checksummed(account)], block)
        return bool(member)

    def grant_role(self, role: int, account: bytes) -> Call:
        """Give `account` a role, at once; the administrator's."""
        return self._call("manager", "grantRole", [role, checksummed(account), 0])

    def revoke_role(self, role: int, account: bytes) -> Call:
        """Take a role from `account`, at once; the administrator's."""
        return self._call("manager", "revokeRole", [role, checksummed(account)])

"""Organisations' accounts on chain (S5.18, S5.19)."""

from collections.abc import Sequence

from yinzheng.ledger.chain.approvals_holders import Enrolment, Replacement, Revocation, Rotation, Veto
from yinzheng.ledger.chain.clients.calling import Block, Calling
from yinzheng.ledger.chain.records_holders import AccountState, HolderOnChain
from yinzheng.ledger.chain.sender import Call, checksummed


class HolderCalls(Calling):
    """What is asked of `Holders`. Organisations are 32 bytes (S2.4); anyone may send the calls."""

    def holder(self, organisation: bytes, block: Block = "latest") -> HolderOnChain | None:
        """Read an organisation, None if it was never entered."""
        (values,) = self._read("holders", "organisationOf", [organisation], block)
        account, state, contested, serial, following, *rest = values
        if not state:
            return None
        people = (bytes.fromhex(who[2:]) for who in (account, following))
        current, next_ = people
        return HolderOnChain(organisation, current, AccountState(state), contested, serial, next_, *rest)

    def account_of(self, organisation: bytes, block: Block = "latest") -> bytes | None:
        """Read which account, 20 bytes, signs for an organisation in a block; None if none does."""
        (account,) = self._read("holders", "accountOf", [organisation], block)
        found = bytes.fromhex(account[2:])
        return found if any(found) else None

    def owner_of(self, account: bytes, block: Block = "latest") -> bytes | None:
        """Read the organisation an account is, was or is announced to be of."""
        (owner,) = self._read("holders", "ownerOf", [checksummed(account)], block)
        return owner if any(owner) else None

    def enrol(self, decision: Enrolment, approvals: Sequence[bytes]) -> Call:
        """Enter an organisation. `approvals`: the account, registry."""
        return self._call("holders", "enrol", [decision.values(), list(approvals)])

    def rotate(self, decision: Rotation, approvals: Sequence[bytes]) -> Call:
        """Exchange account or key. `approvals`: the new account, the current one, registry."""
        return self._call("holders", "rotate", [decision.values(), list(approvals)])

    def replace_account(self, decision: Replacement, approvals: Sequence[bytes]) -> Call:
        """Announce another account, or with a forum's signature put it in force.

        `approvals`: the new account, registry, perhaps a forum.
        """
        return self._call("holders", "replace", [decision.values(), list(approvals)])

    def veto(self, decision: Veto, approval: bytes) -> Call:
        """Refuse what was announced. `approval`: the account that is to be replaced."""
        return self._call("holders", "veto", [*decision.values(), [approval]])

    def revoke_account(self, decision: Revocation, approval: bytes) -> Call:
        """Report an account lost or compromised. `approval`: its own, or the registry's."""
        return self._call("holders", "revoke", [decision.values(), [approval]])

"""Organisations and their accounts as `Holders` keeps them (S5.18)."""

from dataclasses import dataclass

from yinzheng.ledger.chain.records import Told


class AccountState(Told):
    """How an organisation's account stands; one that is not `CURRENT` signs nothing."""

    NONE = 0
    CURRENT = 1
    LOST = 2
    COMPROMISED = 3


@dataclass(frozen=True, slots=True)
class HolderOnChain:
    """An organisation (S5.18). Accounts are 20 bytes, keys' digests 32, times UTC seconds; zero: none."""

    organisation: bytes
    account: bytes
    state: AccountState
    contested: bool
    """Whether a replacement was vetoed, so that only a forum replaces."""
    serial: int
    """How many changes there were."""
    next: bytes
    """The account that takes over at `next_from`, and from then on is the current one."""
    next_from: int
    key: bytes
    next_key: bytes
    since: int
    """When the account became this organisation's."""
    ended_at: int
    """Block time since which it signs nothing more."""
    lost_at: int
    """Since when it was lost or compromised, as told."""
    changed_at: int
    statement: bytes

    def account_at(self, instant: int) -> bytes | None:
        """Give the account that signs at an instant, if nothing happens between the block and then."""
        if any(self.next) and self.next_from <= instant:
            return self.next
        return self.account if self.state is AccountState.CURRENT else None

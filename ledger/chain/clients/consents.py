"""Withdrawals of consents on chain (S5.10 to S5.12)."""

from collections.abc import Iterable

from yinzheng.ledger.chain.clients.calling import CALL_GAS, Block, Calling
from yinzheng.ledger.chain.records import Receipt, ReceiptState, Withdrawal, WithdrawalState
from yinzheng.ledger.chain.sender import Call

RECIPIENT_GAS = 60_000
"""What each recipient adds to the limit of a withdrawal's opening: twice its slot and data."""


class ConsentCalls(Calling):
    """What is asked of `ConsentRegistry`."""

    def withdrawal(self, id_: bytes, block: Block = "latest") -> Withdrawal | None:
        """Read the withdrawal of a consent, None if the chain knows nothing of it: no withdrawal, no hold."""
        (values,) = self._read("consents", "withdrawalOf", [id_], block)
        state, minor, recipients, receipts, holds, late, _, *rest = values
        if not state and not holds:
            return None
        return Withdrawal(id_, WithdrawalState(state), minor, recipients, receipts, holds, late, *rest)

    def withdrawals_opened(self, consent: bytes, block: Block = "latest") -> int:
        """Read how many withdrawals of a consent were opened."""
        return int(self._read("consents", "openedOf", [consent], block)[0])

    def receipt_of(self, id_: bytes, recipient: bytes, block: Block = "latest") -> Receipt | None:
        """Read what a recipient owes or gave, None if it is no recipient of this withdrawal."""
        (values,) = self._read("consents", "receiptOf", [id_, recipient], block)
        state, late, given_at, statement = values
        return Receipt(ReceiptState(state), late, given_at, statement) if state else None

    def deadline(self, id_: bytes, block: Block = "latest") -> int:
        """Read the last second for destruction. Raises `WrongState` if nobody withdrew the consent."""
        return int(self._read("consents", "deadline", [id_], block)[0])

    def freeze_deadline(self, id_: bytes, block: Block = "latest") -> int | None:
        """Read the last second for freezing, None for a person of age. Raises `WrongState` as `deadline`."""
        return int(self._read("consents", "freezeDeadline", [id_], block)[0]) or None

    def is_overdue(self, id_: bytes, instant: int, block: Block = "latest") -> bool:
        """Ask whether a duty is overdue at `instant`, if nothing happens from the block until then.

        Raises:
            WrongState: nobody withdrew the consent.
            ValueRefused: `instant-past`, it changed after `instant`: ask at an earlier block.
        """
        return bool(self._read("consents", "isOverdue", [id_, instant], block)[0])

    def overdue_since(self, id_: bytes, block: Block = "latest") -> int | None:
        """Read the deadline that has passed by the block with its duty open, None if there is none.

        Raises `WrongState` as `deadline`.
        """
        return int(self._read("consents", "overdueSince", [id_], block)[0]) or None

    def open_withdrawal(
        self,
        id_: bytes,
        consent: bytes,
        received_at: int,
        request: bytes,
        recipients: Iterable[bytes],
        *,
        minor: bool,
    ) -> Call:
        """Withdraw `consent` by `id_`, the same for its first withdrawal and another for each later one.

        `recipients` are salted hashes, which this puts in order.
        """
        listed = sorted(recipients)
        arguments = [id_, consent, received_at, minor, request, listed]
        return self._call("consents", "open", arguments, CALL_GAS + len(listed) * RECIPIENT_GAS)

    def frozen(self, id_: bytes, statement: bytes) -> Call:
        """Record that the data interfaces are frozen."""
        return self._call("consents", "frozen", [id_, statement])

    def receipt(self, id_: bytes, recipient: bytes, statement: bytes) -> Call:
        """Record a recipient's proof of destruction, in time or late."""
        return self._call("consents", "receipt", [id_, recipient, statement])

    def announce_receipt(self, id_: bytes, digest: bytes) -> Call:
        """Announce a receipt past the registry; `digest` is of a commitment to it (S24.5)."""
        return self._call("consents", "announceReceipt", [id_, digest])

    def announced_receipt(self, id_: bytes, recipient: bytes, statement: bytes, name: bytes) -> Call:
        """Record a recipient's proof of destruction, as of the block that announced it by that name."""
        return self._call("consents", "announced", [id_, recipient, statement, name])

    def complete(self, id_: bytes, statement: bytes) -> Call:
        """Record that everything is destroyed."""
        return self._call("consents", "complete", [id_, statement])

    def restrict(self, id_: bytes, statement: bytes, until: int) -> Call:
        """Restrict the data to storage and protection until `until`, on the statement's legal ground."""
        return self._call("consents", "restrict", [id_, statement, until])

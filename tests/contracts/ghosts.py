"""What the chain should hold of withdrawals and disputes, beside which the modules' machine runs."""

from dataclasses import dataclass, field

from tests.contracts.disputes import HOUR
from yinzheng.ledger.chain.records import DisputeState, WithdrawalState

S = WithdrawalState


@dataclass
class GhostWithdrawal:
    """What the chain should hold of a withdrawal."""

    received: int
    minor: bool
    owing: set[bytes]
    state: WithdrawalState = S.REQUESTED
    given: dict[bytes, bool] = field(default_factory=dict)
    """Recipient to whether its receipt was late."""
    until: int = 0
    late: bool = False

    def due(self) -> int | None:
        """Give the first deadline whose duty is open."""
        if self.state is S.COMPLETED:
            return None
        if self.state is S.REQUESTED and self.minor:
            return self.received + 48 * HOUR
        return self.deadline

    @property
    def deadline(self) -> int:
        return (self.until or self.received) + 72 * HOUR

    def touch(self, now: int) -> None:
        due = self.due()
        self.late = self.late or (due is not None and now > due)


@dataclass
class GhostDispute:
    """What the chain should hold of a dispute."""

    subjects: tuple[bytes, ...]
    roots: list[bytes]
    state: DisputeState = DisputeState.OPEN


def reasons(conditions: dict[str, bool]) -> set[str]:
    """Give the codes whose condition holds."""
    return {code for code, holds in conditions.items() if holds}

"""Who must sign what on chain (S5.6), and that the signers are distinct persons.

The contract holds the same rule; checking it here first gives the officer a sentence instead of a revert.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from yinzheng.ledger.rules.states import Capacity, Move
from yinzheng.ledger.rules.terms import Procedure, label
from yinzheng.verifier.errors import UsageFault

_ONE = frozenset({Capacity.REGISTRY})
_BOTH = frozenset({Capacity.REGISTRY, Capacity.COMMITTEE})

_NEEDED: Mapping[Move, frozenset[Capacity]] = MappingProxyType(
    {
        Move.PUBLISH: _ONE,
        Move.PUBLISH_WAIVED: _BOTH,
        Move.DISMISS: _ONE,
        Move.UPHOLD: _ONE,
        Move.REFUSE: _ONE,
    }
)


@dataclass(frozen=True, slots=True)
class Approval:
    """One given approval: who (an account or address, compared as given) and in what capacity."""

    person: str
    capacity: Capacity


def approvals_needed(move: Move, procedure: Procedure) -> frozenset[Capacity]:
    """Tell in what capacities `move` must be signed on chain; empty for moves the chain does not hold."""
    if move is Move.DEPOSIT:
        return _BOTH if procedure is Procedure.ORDINARY else _ONE
    return _NEEDED.get(move, frozenset())


def check_approvals(move: Move, procedure: Procedure, given: Sequence[Approval]) -> None:
    """Check that exactly the needed capacities approved, each by another person (S5.6).

    Raises:
        UsageFault: `approval-wrong-capacity`, `approval-twice` (same person or same capacity again) or
            `approval-missing`.
    """
    needed = approvals_needed(move, procedure)
    capacities = [approval.capacity for approval in given]
    for capacity in capacities:
        if capacity not in needed:
            raise UsageFault(
                f"{move} in the {label(procedure).en} is not approved by the {capacity}.",
                code="approval-wrong-capacity",
                hint=f"It is approved by: {', '.join(sorted(needed)) or 'nobody'}.",
            )
    if len({approval.person for approval in given}) < len(given) or len(set(capacities)) < len(given):
        raise UsageFault(
            f"{move} was approved twice by the same person or in the same capacity.",
            code="approval-twice",
            hint="The registry's and the committee's approvals must come from two persons.",
        )
    if missing := needed - set(capacities):
        raise UsageFault(
            f"{move} still needs the approval of: {', '.join(sorted(missing))}.",
            code="approval-missing",
            hint="Nothing was deposited; have them approve, then try again.",
        )

"""The kinds of refusals that contracts and nodes give, and what a custom error means."""

from dataclasses import dataclass

from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault, YinzhengError


class ChainUnreachable(EnvironmentFault):
    """The node does not answer. Whether a transaction arrived is unknown: look it up by its hash."""

    reason = "does not answer"
    """What it does instead, in a few words."""


class NodeRefused(EnvironmentFault):
    """The node answered, but refused the request itself."""


class ContractRefused(UsageFault):
    """A contract refused a call; nothing changed. `data` holds its custom error `error` and the values."""


class NotEntitled(ContractRefused):
    """The sender or an approver does not hold the role it takes."""


class ApprovalRefused(ContractRefused):
    """Approvals are too few, too many, malformed, or twice by one person."""


class WrongState(ContractRefused):
    """The case, record, objection, withdrawal or dispute is not in the state the call expects.

    So is what others bar by an objection, a hold, a seizure or a reservation: it may last for ever.
    """


class TooEarly(ContractRefused):
    """A time must come first, or a recipient's word: it passes by itself, and the call waits for it."""


class BlockBehind(TooEarly):
    """A time lies ahead of the block's: clocks of validators differ, blocks may be late; `data` has `due`."""


class ValueRefused(ContractRefused):
    """A value lies outside what the contract accepts."""


class AlreadyAnchored(ContractRefused):
    """The latest head is already this one: nothing was left to do."""


class HeadRefused(DataFault):
    """The chain refused a head of the log that does not extend the last one: two histories."""


class CalendarShort(EnvironmentFault):
    """The calendar on the chain does not reach far enough."""


class RevertUnknown(DataFault):
    """A contract refused without a reason this version knows."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a contract's custom error is raised as; `message` is formatted with the error's arguments,
    seconds as `{…:t}`."""

    kind: type[YinzhengError]
    code: str
    message: str
    hint: str
    dated: str | None = None
    """The argument that must not be past the block's time, `latest`; where it is: `BlockBehind`."""

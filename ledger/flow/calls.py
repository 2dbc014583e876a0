"""Kinds of calls to the chain: what follows from one that was carried out, refused, or came too late (D9).

A call in the outbox names its kind and what it is about. The use case that asks for calls of a kind says here
what they mean, and hands the kind over with the call; whoever opens the registry puts all kinds into one
table, by which calls that an earlier process left behind are understood too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlmodel import Session

from yinzheng.ledger.chain.client import ContractsClient
from yinzheng.ledger.store.models import ChainCall
from yinzheng.verifier.errors import DataFault, YinzhengError

Effect = Callable[[ContractsClient, Session, ChainCall], None]
"""Writes down what a call brought about; in the transaction that confirms it."""
Refusal = Callable[[Session, ChainCall, YinzhengError], YinzhengError | None]
"""Takes back what cannot be, in the transaction that calls it failed; gives what to tell the caller: None
where nobody asked for it, and an audit alone names the call."""
Redate = Callable[[Session, ChainCall, YinzhengError, int], bool]
"""Gives a refused call a time that the chain takes now; False if its time is not at fault."""
Done = Callable[[ContractsClient, str, str], bool]
"""Whether the chain has already, by the very statement, what a call about that, of that part, asks for."""


def nothing(_client: ContractsClient, _session: Session, _call: ChainCall) -> None:
    """Write nothing down: that the call is confirmed says it all."""


def as_it_is(_session: Session, _call: ChainCall, refusal: YinzhengError) -> YinzhengError:
    """Take nothing back, and tell what the contracts said; an audit names the call."""
    return refusal


def never(_session: Session, _call: ChainCall, _refusal: YinzhengError, _now: int) -> bool:
    """Leave the call as it is: no time stands in it."""
    return False


def never_before(_client: ContractsClient, _about: str, _part: str) -> bool:
    """Say that nobody else sends such a call."""
    return False


@dataclass(frozen=True, slots=True)
class CallKind:
    """What a kind of call means."""

    name: str
    """As the outbox has it, for ever."""
    effect: Effect = nothing
    refusal: Refusal = as_it_is
    together: bool = False
    """Whether its calls share blocks, many at once and untried. One that is refused then holds up only what
    is about the same thing; every other kind goes out alone, in its turn."""
    along: bool = False
    """Whether its calls go along with the last that wait: they depend on none, and come after all."""
    redate: Redate = never
    issues: bool = False
    """Whether a document comes to be by it that others rely on: where the registry asks for witnesses, it
    waits until they have cosigned the log's head (ADR 63)."""
    binds: bool = False
    """Whether a certificate is less free by it: a call says which, for whoever checks a trade meanwhile."""
    done: Done = never_before
    """Anyone may send what is signed: one that is refused because it is done counts as carried out."""


Kinds = Mapping[str, CallKind]


def table_of(*kinds: CallKind) -> Kinds:
    """The table of these kinds, by name."""
    table = {kind.name: kind for kind in kinds}
    assert len(table) == len(kinds), "two kinds of one name"
    return table


def kind_of(kinds: Kinds, call: ChainCall) -> CallKind:
    """The kind of a call in the outbox. Raises `DataFault` `call-kind-unknown`."""
    found = kinds.get(call.kind)
    if found is None:
        raise DataFault(
            f"nobody here knows what the call {call.name} is for",
            code="call-kind-unknown",
            hint="A newer program wrote it: use that one. Nothing was sent.",
        )
    return found

"""Who may do what on the contracts: what a node says was changed, held against the authority's proved state.

Events of a node prove nothing. But the root of the authority's whole storage does: it is another one as soon
as a role is given, taken, or may do more. So a change without an event is found, and a flood of events
without a change is one alarm.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from yinzheng.api.mirror import watched
from yinzheng.api.mirror.keeping import State

MOST: Final = 32
"""Changes of one round that are cried one by one."""


class Change(NamedTuple):
    """One change that a node tells of, as it would be cried."""

    code: str
    about: str
    message: str


def changed(kind: watched.Kind, topics: Sequence[bytes], log: Mapping[str, Any], block: int) -> Change | None:
    """What an event says of the powers; None where it is about something else."""
    if kind in (watched.GRANTED, watched.REVOKED):
        role, account = int.from_bytes(topics[1], "big"), topics[2][12:].hex()
        done = "granted to" if kind is watched.GRANTED else "taken from"
        code = "role-granted" if kind is watched.GRANTED else "role-revoked"
        message = f"role {role} was {done} 0x{account} in block {block}"
        return Change(code, f"{role}:{account}:{block}", message)
    if kind not in watched.RULES:
        return None
    said = ", ".join(f"0x{one.hex().lstrip('0') or '0'}" for one in [*topics[1:], watched.word(log, 0)])
    about = f"{kind.name}:{block}:{int(log['logIndex'], 16)}"
    return Change("role-rule-changed", about, f"{kind.name} of {said} in block {block}")


def note(state: State, change: Change) -> None:
    """Keep a change until the powers' state is known; of many, the first."""
    state.changes += 1
    if len(state.changed) < MOST:
        state.changed.append(list(change))


def compared(state: State, roots: Mapping[str, str], block: int) -> Iterator[Change]:
    """What is to be cried, once the powers' storage by `block` is proved: its root by address, in hex."""
    moved = {one for one, root in roots.items() if state.powers.get(one, root) != root}
    told, count = [Change(*one) for one in state.changed], state.changes
    fresh = not state.powers.keys() & roots.keys()
    state.powers, state.changed, state.changes = dict(roots), [], 0
    if moved and not count:
        for one in sorted(moved):
            message = (
                f"the powers at 0x{one} were changed by block {block}, and the node shows no event of it"
            )
            yield Change("powers-hidden", f"{one}:{roots[one]}", message)
    elif count and not moved and not fresh:
        message = (
            f"the node tells of {count} changes of roles by block {block}, and the powers are as before: "
            f"they were undone meanwhile, or never were. The first: {told[0].message}"
        )
        yield Change("roles-unproved", str(block), message)
    else:
        yield from told
        if count > len(told):
            message = f"{count - len(told)} more changes of roles by block {block}: look at the chain"
            yield Change("roles-many", str(block), message)

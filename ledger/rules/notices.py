"""What a version of a notice takes beyond another, so that a consent to that one does not cover it (R28).

Versions are compared field by field. What is dropped, shortened, less revealing or better guarded lies within
what was agreed, and the consent covers it. Whatever is more, and whatever is other without being less (a
method, a place, the wording of a safeguard), lies beyond it: that judgement is the data subject's. So it is
an order: each version covers itself, what covers a version covers all that this one covers, and two that
cover each other take the same.

Words on withdrawing and refusing, and the names of parties that keep their credit code, change nothing of it.
"""

from collections.abc import Collection, Iterable, Iterator
from enum import StrEnum
from typing import Final, NamedTuple

from yinzheng.verifier.formats.notice import ROUTES, Notice

GENETIC: Final = "genetic"
"""Stands for genetic information among the kinds of data (R34)."""


class Change(StrEnum):
    """In which field a version goes beyond another (R28); `verifier.formats.notice.CHANGES`."""

    CONTROLLER = "controller"
    KINDS = "kinds"
    METHOD = "method"
    PERIOD = "period"
    PROTECTION = "protection"
    PURPOSE = "purpose"
    RECIPIENTS = "recipients"


class Wider(NamedTuple):
    """One thing that a version takes beyond another. Sorted by field, then scope; None comes as ""."""

    change: Change
    scope: str
    """Of the uses it is about; "" for every use."""
    words: str
    """The purpose or kind that came, recipient and use, the safeguard that went, what was and what is."""
    code: str = ""
    """Credit code of the recipient that came, or that gets more; "" for everyone."""


def wider(old: Notice, new: Notice) -> tuple[Wider, ...]:
    """Tell what `new` takes beyond `old`, sorted; empty where a consent to `old` covers all of it (R28)."""
    return tuple(
        sorted(
            {
                *_controller(old, new),
                *_purposes(old, new),
                *_kinds(old, new),
                *_recipients(old, new),
                *_periods(old, new),
                *_protection(old, new),
            }
        )
    )


def changes(found: Iterable[Wider]) -> tuple[Change, ...]:
    """In which fields, each once, sorted."""
    return tuple(sorted({one.change for one in found}))


def _controller(old: Notice, new: Notice) -> Iterator[Wider]:
    """Another controller is nobody's whom the person agreed to (R26)."""
    if old.controller.code != new.controller.code:
        yield Wider(Change.CONTROLLER, "", new.controller.code)


def _purposes(old: Notice, new: Notice) -> Iterator[Wider]:
    """A purpose that came; another method for one that stayed, or a more revealing form (R26, R28)."""
    before: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for one in old.purposes:
        before.setdefault((one.scope, one.purpose), []).append((one.method, one.route))
    for one in new.purposes:
        agreed = before.get((one.scope, one.purpose))
        if agreed is None:
            yield Wider(Change.PURPOSE, one.scope, one.purpose)
        elif not any(one.method == method and _within(one.route, route) for method, route in agreed):
            yield Wider(Change.METHOD, one.scope, one.purpose)


def _kinds(old: Notice, new: Notice) -> Iterator[Wider]:
    """A kind of data that came; genetic information is one (R28, R34)."""
    for kind in set(new.kinds) - set(old.kinds):
        yield Wider(Change.KINDS, "", kind)
    if new.genetic and not old.genetic:
        yield Wider(Change.KINDS, "", GENETIC)


def _recipients(old: Notice, new: Notice) -> Iterator[Wider]:
    """A recipient that came, or one that stayed with another use or a more revealing form (R26)."""
    before = {(one.code, one.scope): (one.use, one.route) for one in old.recipients}
    for one in new.recipients:
        use, route = before.get((one.code, one.scope), (None, ""))
        if use != one.use or not _within(one.route, route):
            yield Wider(Change.RECIPIENTS, one.scope, f"{one.name} · {one.use}", one.code)


def _periods(old: Notice, new: Notice) -> Iterator[Wider]:
    """Data kept longer, or consents that last longer (R28, R42)."""
    if new.retention_months > old.retention_months:
        yield Wider(Change.PERIOD, "", f"retention_months {old.retention_months} → {new.retention_months}")
    if new.term_months > old.term_months:
        yield Wider(Change.PERIOD, "", f"term_months {old.term_months} → {new.term_months}")


def _protection(old: Notice, new: Notice) -> Iterator[Wider]:
    """A safeguard that went, or another place: whether it is as safe there is not ours to say (R28)."""
    for gone in set(old.safeguards) - set(new.safeguards):
        yield Wider(Change.PROTECTION, "", gone)
    if old.held_at != new.held_at:
        yield Wider(Change.PROTECTION, "", new.held_at)


def _within(route: str, agreed: str) -> bool:
    """Whether data in this form reveals no more than the form agreed to."""
    return ROUTES.index(route) <= ROUTES.index(agreed)


def has_purpose(notice: Notice, scope: str, purpose: str) -> bool:
    """Tell whether a notice names this purpose, word for word, for the scope."""
    return any((one.scope, one.purpose) == (scope, purpose) for one in notice.purposes)


def scopes_of(notice: Notice, words: str, code: str) -> frozenset[str]:
    """For which scopes a notice names these words: as a purpose, or as the use of the recipient `code`."""
    purposes = {one.scope for one in notice.purposes if one.purpose == words}
    return frozenset(
        purposes | {one.scope for one in notice.recipients if (one.code, one.use) == (code, words)}
    )


def rests_on_wider(found: Collection[Wider], new: Notice, scope: str, purpose: str, code: str) -> bool:
    """Tell whether a use made under `new` rests on what that takes beyond the version consented to (R28).

    `found` is `wider` of the two; `scope`, `purpose` and `code` (the organisation's) are of the use. What is
    wider for every use covers none. Of a scope with a wider purpose, a use is within only if it is, word for
    word, for another purpose that `new` names: of other words nobody could tell.
    """
    named = has_purpose(new, scope, purpose)

    def touches(one: Wider) -> bool:
        if one.scope != scope:
            return not one.scope
        return one.code == code if one.code else one.words == purpose or not named

    return any(map(touches, found))

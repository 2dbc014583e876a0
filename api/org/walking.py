"""A desk's list, page after page: it ends, whatever the desk answers (D16)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from typing import Any, Final, TypeVar

from yinzheng.verifier.bytes.canonical import nullable, text
from yinzheng.verifier.errors import DataFault

T = TypeVar("T")

PLACE: Final = nullable(text(1, 128, r"[0-9A-Za-z-]+"))
"""`next` of a page: where the list goes on, null at its end."""
MOST: Final = 20_000
"""Pages that a list has at most: a million rows of the usual 50 a page."""


def walk(
    ask: Callable[[str | None], tuple[T, Sequence[Any], str | None]], *, sparse: bool = False
) -> Iterator[T]:
    """Every page, as it is wanted. `ask` gives the page behind a place, its rows, and the next place.

    A page that goes on has rows that no page before it had; none at all only where the list is `sparse`.
    Raises `DataFault` `list-endless` before such a page is given out.
    """
    places: set[str] = set()
    rows: set[bytes] = set()
    place: str | None = None
    for _ in range(MOST):
        page, brought, following = ask(place)
        new = {sha256(repr(row).encode()).digest() for row in brought} - rows
        if (brought and not new) or (following is not None and not (brought or sparse)):
            raise _endless()
        yield page
        if following is None:
            return
        if following in places:
            raise _endless()
        rows |= new
        places.add(following)
        place = following
    raise _endless()


def every(page: Callable[[str | None], tuple[list[T], str | None]]) -> list[T]:
    """All rows of a list, of which `page` gives those behind a place, and the next one; raises as `walk`."""

    def ask(place: str | None) -> tuple[list[T], list[T], str | None]:
        rows, following = page(place)
        return rows, rows, following

    return [one for rows in walk(ask) for one in rows]


def _endless() -> DataFault:
    return DataFault(
        "the desk's list does not end: a page of it brings nothing new",
        code="list-endless",
        hint="Ask again; if it stays so, call the registry: is that its desk?",
    )

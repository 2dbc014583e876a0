"""Numbers of things in English: `1 subject`, `2 subjects`."""

from __future__ import annotations


def counted(count: int, one: str, many: str | None = None) -> str:
    """A number with its noun: `one` of exactly one, else `many`, which is `one` with an s if not given."""
    return f"{count} {one if count == 1 else many or f'{one}s'}"

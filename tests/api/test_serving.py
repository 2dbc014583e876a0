"""What every service does once it has begun."""

from __future__ import annotations

import gc
import weakref
from typing import Any

from yinzheng.api.http.serving import begun


class Ring:
    """Something that refers to itself."""

    def __init__(self) -> None:
        self.itself = self


async def app(*_: Any) -> None:
    """Answer nobody."""


def test_what_is_there_at_the_beginning_is_not_looked_through_again() -> None:
    before = gc.get_freeze_count()
    dropped = weakref.ref(Ring())
    try:
        assert begun(lambda: app) is app
        assert gc.get_freeze_count() > before
        assert dropped() is None  # garbage is none of what stays
        later = weakref.ref(Ring())
        gc.collect()
        assert later() is None
    finally:
        gc.unfreeze()

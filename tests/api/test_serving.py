"""What every service does once it has begun."""

from __future__ import annotations

import gc
import signal
import weakref
from typing import Any

import pytest

from yinzheng.api.http.serving import begun, leave_out_what_is_there


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


class Dying(Ring):
    """Whose end is when the service is told to end."""

    def __del__(self) -> None:
        signal.raise_signal(signal.SIGTERM)


@pytest.mark.parametrize("during", [Dying, Ring])
def test_who_ends_it_meanwhile_is_heard(during: type[Ring]) -> None:
    """What a finalizer raises nobody hears, and a signal's handler may run in one."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        during()
        if during is Dying:
            with pytest.raises(KeyboardInterrupt):
                leave_out_what_is_there()
        else:
            leave_out_what_is_there()
        assert signal.getsignal(signal.SIGTERM) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGTERM, before)
        gc.unfreeze()

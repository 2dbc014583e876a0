"""Many documents under one policy, as an exchange checks its book: a report each, in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from yinzheng.verifier.containers.target import Presented
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.judge.kinds import AnyReport, kind_of, unread
from yinzheng.verifier.judge.proven import Proven
from yinzheng.verifier.judge.trust import TrustPolicy


def verify_many(
    shown: Iterable[Presented | DataFault], trust: TrustPolicy, *, now: int, at: int | None = None
) -> Iterator[AnyReport]:
    """Report on each document offline, as its kind's own `verify` does; a fault stands for what `read_target`
    got nothing out of.

    What one of them proved (a head of the log, the seals of a block) is not checked again for the next: by
    the policy's own `Proven`, or one for these. Raises `UsageFault` as `verify`.
    """
    known = trust if trust.proven is not None else trust.remembering(Proven())
    for one in shown:
        if isinstance(one, DataFault):
            yield unread(one, now=now, at=at)
        else:
            yield kind_of(one).verify(one, known, now=now, at=at)

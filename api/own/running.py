"""Serving an organisation's own pages to the browsers of its machine."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from yinzheng.api.http.serving import serve_until_ended
from yinzheng.api.org.member import Member
from yinzheng.api.org.registry import pinned
from yinzheng.api.own.app import create_app
from yinzheng.api.own.door import Door
from yinzheng.api.own.house import House

LOOPBACK: Final = "127.0.0.1"
"""Nothing else: who is on another machine is nobody's browser here (docs/adr/0054)."""


def serve(
    folder: Path, desk: str, port: int, *, clock: Callable[[], int], told: Callable[[str], None]
) -> None:
    """Serve the pages of the organisation in `folder`, whose registry's desk is at `desk`, until interrupted.

    `told` hears each address that lets one browser in: the first, and another whenever one was used, or came
    too late.

    Raises as `Member.open`, `pinned` and `House`; `UsageFault` `org-key-none` where no key of it holds now;
    `EnvironmentFault` as `cannot_listen`.
    """
    member = Member.open(folder, os.environ)
    member.current(clock())  # a wrong passphrase is told here, and not to a browser
    at: list[str] = []
    door = Door(clock, lambda entry: told(at[0] + entry))
    app = create_app(House(member, desk, pinned(folder), clock, door))

    def ready(url: str) -> None:
        at.append(url)
        told(url + door.entry)

    serve_until_ended(app, LOOPBACK, port, ready=ready)

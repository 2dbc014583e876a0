"""What the commands of an organisation share: its folder, the desk, and how they say what came of it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from yinzheng.api.org.calling import Client
    from yinzheng.api.org.member import Member

OrgFolder = Annotated[
    Path, typer.Option("--org", help="The organisation's own folder. 机构目录。", envvar="YINZHENG_ORG")
]
DeskUrl = Annotated[
    str, typer.Option("--desk", help="Address of the registry's desk. 柜台地址。", envvar="YINZHENG_DESK")
]
Body = Annotated[Path, typer.Argument(metavar="FILE", help="JSON file.")]

DEFAULT_ORG = Path("org")
DEFAULT_DESK = "http://127.0.0.1:8001"


@dataclass(frozen=True)
class Session:
    """A member and its line to a desk."""

    member: Member
    client: Client

    def post(self, path: str, body: bytes = b"") -> Any:
        """Sign and POST; the JSON answered."""
        return self.client.call("POST", path, body).json()

    def get(self, path: str) -> Any:
        """Sign and GET; the JSON answered."""
        return self.client.call("GET", path).json()

    def pages(self, path: str, name: str, *, sparse: bool = False) -> Iterator[dict[str, Any]]:
        """Every page of a list, one after the other as they are wanted; its rows are under `name`.

        Raises `DataFault` `list-endless`, as `walk`, and `answer-malformed`.
        """
        from yinzheng.api.org.answers import readable
        from yinzheng.api.org.walking import PLACE, walk

        def ask(place: str | None) -> tuple[dict[str, Any], list[Any], str | None]:
            after = "" if place is None else f"{'&' if '?' in path else '?'}after={place}"
            page = self.get(path + after)
            with readable():
                return page, [*page[name]], PLACE(page["next"], "next")

        return walk(ask, sparse=sparse)

    def every(self, path: str, name: str) -> list[dict[str, Any]]:
        """All rows of a list, under that name on each page."""
        return [row for page in self.pages(path, name) for row in page[name]]


def clock() -> int:
    """UTC seconds now."""
    return int(time.time())


def china_time(at: int) -> str:
    """An instant, UTC seconds, as lists print it: `2026-11-29 17:45:42+08:00`."""
    from datetime import datetime

    from yinzheng.verifier.bytes.china_time import CHINA

    return datetime.fromtimestamp(at, CHINA).isoformat(" ")


def session(folder: Path, desk: str) -> Session:
    """Open the folder and name the desk. Raises as `Member.open` and `Client`."""
    from yinzheng.api.cli.language import spoken
    from yinzheng.api.org.calling import Client
    from yinzheng.api.org.member import Member

    member = Member.open(folder, os.environ)
    return Session(member, Client(member, desk, clock, spoken()))

"""The folder of a mirror: the copied log, how far the chain was followed, and what was cried.

FOLDER/log/           the log as it was published, tiles, entries and checkpoint
FOLDER/heads/         every signed head that was seen, by size: what proves a fork
FOLDER/incoming/      entries on their way, which nothing vouches for yet
FOLDER/mirror.json    how far the chain was followed, and what waits to be cried
FOLDER/alarms.jsonl   what was cried, a line each
FOLDER/lock           held by the one that runs

Every file is written whole or not at all. What was done before a kill is done again, and comes out the same.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from yinzheng.ledger.log.tilelog import TileLog
from yinzheng.ledger.state.faults import NO_FAULTS, Faults
from yinzheng.ledger.state.files import disk_faults, make_folder, write_durably
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault

FORMAT: Final = "yinzheng/mirror/1"
_LATER: Final = frozenset({"powers", "changed", "changes"})
"""What an earlier program did not write down."""


@dataclass
class State:
    """How far the chain was followed; by it an interrupted round is taken up again."""

    origin: str
    format: str = FORMAT
    block: int = -1
    """Of the last block whose events were looked at."""
    began: int = -1
    """Of the last final block when the mirror first looked: what was so by then is not cried."""
    authority: dict[str, str] = field(default_factory=dict)
    """Of each contract, by its name, whose word its powers are: an address in hex."""
    status: dict[str, int] = field(default_factory=dict)
    """Of each certificate, by its subject in hex, what the events say of its status (S5.3)."""
    powers: dict[str, str] = field(default_factory=dict)
    """Of each authority, by its address, the root of its storage; both in hex."""
    changed: list[list[str]] = field(default_factory=list)
    """What events told of the powers, not compared with that yet: code, about, message of each."""
    changes: int = 0
    """How many they were."""
    waiting: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What is cried unless it mends in time, by its name."""
    seen: int = 0
    """Of how many of the log's statements certificates were taken to be compared."""
    next: int = 0
    """Which certificate is compared next, of those that no event was about."""


class Folder:
    """A mirror's folder, locked for this process."""

    def __init__(self, root: Path, origin: str, faults: Faults = NO_FAULTS) -> None:
        self.root = root
        self.log = TileLog(root / "log", origin, faults=faults)
        self._faults = faults
        self._cried = {self._key(alarm) for alarm in self.alarms()}
        self.state = self._read(origin)

    def keep(self) -> None:
        """Write down how far it came. Fault points: `mirror.state.before`, `mirror.state.after`."""
        self._faults.hit("mirror.state.before")
        write_durably(self.root / "mirror.json", json.dumps(asdict(self.state)).encode())
        self._faults.hit("mirror.state.after")

    def keep_head(self, size: int, note: bytes) -> None:
        """Keep a signed head beside those seen before; another one of that size stands beside the first."""
        folder = self.root / "heads"
        make_folder(folder)
        for number in range(16):
            path = folder / (f"{size}" if number == 0 else f"{size}-{number}")
            if not path.exists():
                write_durably(path, note)
                return
            if path.read_bytes().partition(b"\n\n")[0] == note.partition(b"\n\n")[0]:
                return

    def cry(self, alarm: dict[str, Any]) -> bool:
        """Write an alarm down, durably; False if the same was cried before.

        Fault points: `mirror.alarm.before`, `mirror.alarm.after`.
        """
        key = self._key(alarm)
        if key in self._cried:
            return False
        self._faults.hit("mirror.alarm.before")
        path = self.root / "alarms.jsonl"
        data = path.read_bytes() if path.exists() else b""
        whole = data[: data.rfind(b"\n") + 1]
        write_durably(path, whole + json.dumps(alarm, ensure_ascii=False).encode() + b"\n")
        self._faults.hit("mirror.alarm.after")
        self._cried.add(key)
        return True

    def alarms(self) -> Iterator[dict[str, Any]]:
        """What was cried so far, the oldest first."""
        path = self.root / "alarms.jsonl"
        if path.exists():
            for line in path.read_text().splitlines():
                yield json.loads(line)

    @staticmethod
    def _key(alarm: dict[str, Any]) -> tuple[str, str]:
        return alarm["code"], alarm["about"]

    def _read(self, origin: str) -> State:
        try:
            value = json.loads((self.root / "mirror.json").read_bytes())
        except FileNotFoundError:
            return State(origin)
        except ValueError:
            value = None
        names = {one.name for one in fields(State)}
        whole = isinstance(value, dict) and names - _LATER <= set(value) <= names
        if not isinstance(value, dict) or not whole or value.get("format") != FORMAT:
            raise DataFault(
                "mirror.json is not one of a mirror",
                code="mirror-malformed",
                hint="Begin anew in another folder, and keep this one: it may be evidence.",
            )
        if value["origin"] != origin:
            raise UsageFault(
                "this folder mirrors another log",
                code="mirror-other",
                hint="Give each registry a folder of its own.",
            )
        return State(**value)


@contextmanager
def opened(root: Path, origin: str, faults: Faults = NO_FAULTS) -> Iterator[Folder]:
    """The folder, for this process alone.

    Raises `EnvironmentFault` `mirror-locked`, and what the disk does; `DataFault` `mirror-malformed`;
    `UsageFault` `mirror-other`.
    """
    make_folder(root)
    with disk_faults(root):
        lock = os.open(root / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise EnvironmentFault(
                "another mirror runs in this folder", code="mirror-locked", hint="End it first."
            ) from None
        folder = Folder(root, origin, faults)
        folder.log.sweep()
        yield folder
    finally:
        os.close(lock)

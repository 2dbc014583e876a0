"""Named points at which a test may stop the program, before and after each durable write (D9).

The program takes a `Faults` as an argument and calls `hit(name)`; the default does nothing. A crash test
passes `RaiseAt` ("the write failed", or "it was done but reported as failed", by the point chosen) or
`KillAt` (the process is gone, as by `kill -9`). Every name is in `POINTS`: an unknown one is a mistake in
the program and raises at once, so that a renamed point cannot turn a crash test into one that passes idly.
"""

import os
import signal
from collections.abc import Mapping
from types import MappingProxyType

POINTS: Mapping[str, str] = MappingProxyType(
    {
        "store.commit.before": "a database transaction is complete but not committed",
        "store.commit.after": "a database transaction is durable",
        "blob.write.before": "nothing of a sealed file is written",
        "blob.upload.before": "a sealed file is durable here, the service of its bucket has none of it",
        "blob.upload.after": "a sealed file is durable at the service of its bucket",
        "blob.rename.before": "a sealed file is durable under its temporary name",
        "blob.rename.after": "a sealed file has its final name, the folder is not yet synchronised",
        "blob.put.after": "a sealed file is durable under its final name",
        "blob.destroy.before": "a sealed file is to be destroyed, it is still whole",
        "blob.destroy.after": "a sealed file is overwritten and gone",
        "keyfile.write.before": "a new key file of a backup is to be written, the old one is in place",
        "keyfile.write.after": "a new key file is in place, the old one is overwritten",
        "backup.database.after": "a backup's draft holds the database without the records' keys",
        "backup.place.before": "a place holds a key file without keys, and is not yet remembered",
        "backup.whole.before": "a backup's draft lacks its marker alone, the key file is written",
        "backup.whole.after": "a backup has its name",
        "erasure.cleared.before": "a record is destroyed, its bytes are still to be cleared from files",
        "erasure.cleared.after": "a destroyed record's bytes are gone from files, which is not yet noted",
        "calendar.corrected.before": "corrected days are on the chain, their file is not written",
        "log.file.before": "an entry bundle or tile is about to be written",
        "log.file.after": "an entry bundle or tile is durable",
        "log.checkpoint.before": "a checkpoint is signed but not published",
        "log.checkpoint.after": "a checkpoint is published",
        "log.prune.before": "superseded partial tiles are about to be deleted",
        "log.prune.after": "superseded partial tiles are deleted",
        "chain.outbid.before": "a transaction is signed anew with a dearer fee, and not kept",
        "chain.send.before": "a transaction is signed and kept, but not sent",
        "chain.send.after": "a transaction is sent, its outcome not yet written down",
        "mirror.state.before": "how far a mirror came is not written down",
        "mirror.state.after": "how far a mirror came is durable",
        "mirror.alarm.before": "a mirror's alarm is not written down",
        "mirror.alarm.after": "a mirror's alarm is durable, nobody has heard it",
        "key.write.before": "a key is made but not stored",
        "key.write.after": "a key is stored",
        "chain.commit.before": "a block is sealed in memory, nothing of it is on disk",
        "chain.commit.after": "a block and the new head are durable, its sender does not know yet",
    }
)
"""Point → what is true there. Rooms that add writers add their points here."""


class InjectedFault(Exception):  # noqa: N818 - it is a fault that a test asked for, not an error
    """What `RaiseAt` raises; no code of the program catches it by name."""


class Faults:
    """The default: `hit` checks the name and does nothing."""

    def hit(self, point: str) -> None:
        """Pass `point`, one of `POINTS`; `KeyError` for any other."""
        POINTS[point]


class Recorder(Faults):
    """Remembers which points were passed, in order, to enumerate them for a crash table."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def hit(self, point: str) -> None:
        """Record `point`."""
        super().hit(point)
        self.seen.append(point)


class RaiseAt(Faults):
    """Raises at the `nth` passing of `point` (from 1), once."""

    def __init__(self, point: str, nth: int = 1, error: Exception | None = None) -> None:
        super().hit(point)
        self._point, self._left = point, nth
        self._error = error or InjectedFault(point)

    def hit(self, point: str) -> None:
        """Raise the error given (`InjectedFault` by default) when its turn has come."""
        super().hit(point)
        if point == self._point:
            self._left -= 1
            if self._left == 0:
                raise self._error


class KillAt(Faults):
    """Kills this very process, as `kill -9` would, at the `nth` passing of `point` (from 1)."""

    def __init__(self, point: str, nth: int = 1) -> None:
        super().hit(point)
        self._point, self._left = point, nth

    def hit(self, point: str) -> None:
        """Die when its turn has come: no clean-up runs, no buffer is flushed."""
        super().hit(point)
        if point == self._point:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


NO_FAULTS = Faults()

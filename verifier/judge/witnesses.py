"""Who of the reader's witnesses cosigned a head of the log, and whether they are enough (D18, S9.9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from yinzheng.verifier.bytes.algorithms import Verified, verified
from yinzheng.verifier.bytes.canonical import Check, integer, list_of, object_of, text
from yinzheng.verifier.bytes.naming import check_spelled
from yinzheng.verifier.chain.evidence import NotGiven
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.body import check_plain
from yinzheng.verifier.log.cosignature import CosignerKey, cosignatures, parse_cosigner

MAX_WITNESSES: Final = 16
"""With the log's own lines they fit into the 32 of a note, twice over for whoever changes keys."""

MAX_KEYS: Final = 4


@dataclass(frozen=True, slots=True)
class Witness:
    """An organisation that cosigns the log, and its keys: one, or several while one replaces another."""

    name: str
    keys: tuple[CosignerKey, ...]

    def to_json(self) -> dict[str, Any]:
        """As a policy has it (S8.1)."""
        return {"name": self.name, "keys": [key.vkey for key in self.keys]}


@dataclass(frozen=True, slots=True)
class Witnesses:
    """Whom the reader takes for witnesses, and of how many a head must bear cosignatures."""

    known: tuple[Witness, ...] = ()
    quorum: int = 0

    def cosigned(self, note: str, check: Verified = verified) -> Cosigned:
        """Who cosigned a head, and when; each signature is told by `check`.

        Raises `DataFault`: `note-malformed`, `cosignature-wrong`.
        """
        found = cosignatures(note, (key for one in self.known for key in one.keys), check)
        said = {one.name: [found[key] for key in one.keys if key in found] for one in self.known}
        return Cosigned(self, tuple((name, max(times)) for name, times in said.items() if times))


NO_WITNESSES: Final = Witnesses()


@dataclass(frozen=True, slots=True)
class Cosigned:
    """The witnesses that cosigned a head, each with the time that it says."""

    of: Witnesses
    found: tuple[tuple[str, int], ...]
    """Name of the witness; UTC seconds."""

    @property
    def enough(self) -> bool:
        """Whether they are as many as the reader asks for."""
        return len(self.found) >= self.of.quorum

    @property
    def data(self) -> dict[str, Any]:
        """For a report, as JSON values; empty where the reader names no witnesses."""
        if not self.of.known:
            return {}
        names = [name for name, _ in self.found]
        return {
            "cosigned": [{"name": name, "at": at} for name, at in self.found],
            "missing": [one.name for one in self.of.known if one.name not in names],
            "quorum": self.of.quorum,
        }

    def require(self) -> None:
        """Raise `NotGiven` `witnesses-missing` where they are too few: nothing failed, something lacks."""
        if not self.enough:
            raise NotGiven(
                f"{len(self.found)} of the witnesses have cosigned the log's head, and"
                f" {self.of.quorum} are asked for",
                code="witnesses-missing",
                **self.data,
            )


def read_witnesses(entries: Sequence[dict[str, Any]] | None, quorum: int | None) -> Witnesses:
    """The witnesses of entries that passed `WITNESSES`, with the quorum beside them.

    Raises `DataFault` `trust-inconsistent`.
    """
    if (entries is None) != (quorum is None):
        raise _inconsistent("has witnesses without a quorum, or a quorum without witnesses")
    known = tuple(Witness(one["name"], tuple(one["keys"])) for one in entries or ())
    keys = [key for one in known for key in one.keys]
    if len({one.name for one in known}) != len(known):
        raise _inconsistent("names a witness twice")
    # One key under two names would be one witness that counts for two; so would an ID shared by two keys.
    if len({key.key.raw for key in keys}) != len(keys) or len({(k.name, k.key_id) for k in keys}) != len(
        keys
    ):
        raise _inconsistent("has a witness's key twice")
    if quorum is not None and quorum > len(known):
        raise _inconsistent("asks for more witnesses than it names")
    return Witnesses(known, quorum or 0)


def _inconsistent(what: str) -> DataFault:
    return DataFault(f"it {what}", code="trust-inconsistent")


def _cosigner(value: object, path: str) -> CosignerKey:
    return parse_cosigner(text(1, 512)(value, path))


NAME: Final = check_spelled(check_plain(1, 100))
WITNESS: Final[dict[str, Check[Any]]] = {"name": NAME, "keys": list_of(_cosigner, 1, MAX_KEYS)}
"""Checks for the names of a witness's entry."""
WITNESSES: Final[Check[Any]] = list_of(object_of(WITNESS), 1, MAX_WITNESSES)
"""Check for the witnesses of a policy (S8.1)."""
QUORUM: Final = integer(0, MAX_WITNESSES)

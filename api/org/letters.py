"""Letters that came to an organisation's webhook: believed, taken once, and what is missing known (S22.3)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from yinzheng.api.org import registry
from yinzheng.ledger.state.files import write_durably
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.canonical import Check, integer, list_of, read_object, text
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.watched import Place, WatchedEvent, read_event
from yinzheng.verifier.formats.webhook import verify_webhook
from yinzheng.verifier.judge.trust import TrustPolicy

PLACES: Final = "letters.json"
KIND: Final = "certificate.events"
MAX_PLACES: Final = 1 << 20

_STRETCH: Final[Check[Any]] = list_of(integer(), 2, 2)
_PLACE: Final[dict[str, Check[Any]]] = {
    "subscription": text(32, 32),
    "end": integer(),
    "missing": list_of(_STRETCH, 0, 10_000),
}


@dataclass
class Letterbox:
    """How far each subscription's letters have come, kept in the organisation's folder."""

    folder: Path
    policy: TrustPolicy
    code: str
    now: int
    places: dict[str, Place] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path, now: int) -> Letterbox:
        """Read what was kept. Raises as `registry.pinned`, and `DataFault` where it is damaged."""
        from yinzheng.api.org.member import read_profile

        return cls(folder, registry.pinned(folder), read_profile(folder).code, now, _kept(folder))

    def take(self, body: bytes, header: str, hand_on: Callable[[WatchedEvent], None]) -> None:
        """Hand on what is new in a letter, nothing of one that came before; then keep how far that is.

        Whoever is killed in between is handed the letter's events once more, and misses none.

        Raises `DataFault` as `verify_webhook`, and `letter-other` for another kind of notice.
        """
        letter = verify_webhook(body, header.strip(), self.policy.issuers, to=self.code, now=self.now)
        if letter.kind != KIND:
            raise DataFault(
                "this notice tells of no events",
                code="letter-other",
                hint="`yinzheng org notices --received` reads it.",
            )
        data: Any = letter.data
        begin, end, name = data["begin"], data["end"], data["subscription"]
        place, new = self.places.get(name, Place(begin)).take(begin, end)
        for event in [read_event(one, "$") for one in data["events"]]:
            if any(a <= event.number < b for a, b in new):
                hand_on(event)
        self.places[name] = place
        _keep(self.folder, self.places)

    def require_whole(self) -> None:
        """Raise `DataFault` `letters-missing` where letters before one that came did not come."""
        lacking = sorted(name for name, place in self.places.items() if place.missing)
        if lacking:
            raise DataFault(
                f"letters of {len(lacking)} subscriptions did not come, {lacking[0]} among them",
                code="letters-missing",
                hint="They are on their way, or dead: `yinzheng org watch dead`, `… resend --all`.",
            )


def expect(folder: Path, subscription: object, begin: object) -> None:
    """Keep where a new subscription's letters begin: that its first did not come is known by that alone.

    Raises `DataFault` (`field-…`) for what names no subscription, and where what was kept is damaged.
    """
    one = read_object({"subscription": subscription, "end": begin, "missing": []}, _PLACE, "$")
    places = _kept(folder)
    places.setdefault(one["subscription"], Place(one["end"]))
    _keep(folder, places)


def _kept(folder: Path) -> dict[str, Place]:
    try:
        data = (folder / PLACES).read_bytes()
    except FileNotFoundError:
        return {}
    listed = list_of(lambda value, path: read_object(value, _PLACE, path), 0, 1000)(
        canonical.loads(data, max_bytes=MAX_PLACES), "$"
    )
    return {
        one["subscription"]: Place(one["end"], tuple((a, b) for a, b in one["missing"])) for one in listed
    }


def _keep(folder: Path, places: Mapping[str, Place]) -> None:
    kept = [
        {"subscription": name, "end": place.end, "missing": [[*one] for one in place.missing]}
        for name, place in sorted(places.items())
    ]
    write_durably(folder / PLACES, json.dumps(kept).encode(), mode=0o600)

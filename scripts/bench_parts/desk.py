"""Consents given one at a time: signed requests over HTTP to `yinzheng desk`, until each is durable."""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path

from scripts.bench_parts.checks import raw_verification
from scripts.bench_parts.clients import Load, ask, post, serving
from scripts.bench_parts.measure import Figure, Say, Times, at_least, percentile, seconds
from scripts.bench_parts.rights import Member, Rights, found_rights
from scripts.bench_parts.site import Site, make_site, opened
from yinzheng.ledger.consents.listing import count_consents
from yinzheng.ledger.keys.passphrase import PASSPHRASE, create_passphrase_file
from yinzheng.ledger.state.instance import Paths
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.algorithms import digest_pair
from yinzheng.verifier.formats.certificate import key_id
from yinzheng.verifier.formats.request import HEADER, Request, sign_request

CLIENTS = 8
RATE = 100_000
"""Requests a second the desk grants the organisation: it would refuse more than 50 (R50)."""
ROW_BYTES = 1600
"""About what one consent takes in its rows."""
_PATH = "/org/v1/consents"
_PART = "desk"
_FLOOR = "SM2 verification + one row inserted durably into SQLite"


def measure_desk(folder: Path, requests: int, say: Say) -> list[Figure]:
    """Send `requests` over one connection, then as many over eight; half of the floor before, half after.

    The registry is no demonstration: consents wait in the pool before they enter the log, as they do in use.
    """
    site = make_site(folder, demonstration=False)
    with opened(site) as registry:
        rights = found_rights(registry)
    controller = rights.members["controller"]
    floor = _Floor(folder / "floor.sqlite", controller)
    times = Times(floor=floor.times(requests // 2))
    with serving("desk", site.state, "--rate", str(RATE), passphrase=_passphrase(site)) as port:
        say("one consent after the other, over HTTP")
        ask(port, [_requests(site, rights, 0, CLIENTS)])  # to warm up
        alone = ask(port, [_requests(site, rights, CLIENTS, requests)])
        say(f"consents over {CLIENTS} connections")
        each = requests // CLIENTS
        first = CLIENTS + requests
        together = ask(port, [_requests(site, rights, first + n * each, each) for n in range(CLIENTS)])
    _check(site, first + CLIENTS * each)
    times.ours += alone.times
    times.floor += floor.times(requests // 2)
    return [
        _rate("consents a second, one connection", alone, times, 200),
        *times.figures(_PART, "signed consent until durable, one connection", _FLOOR),
        _rate(f"consents a second, {CLIENTS} connections", together, times, 400),
        *Times(together.times, times.floor).figures(
            _PART, f"signed consent until durable, {CLIENTS} connections", _FLOOR
        ),
    ]


def _rate(name: str, load: Load, times: Times, goal: int) -> Figure:
    floor, rate = 1 / percentile(times.floor, 0.5), load.rate
    return Figure(_PART, name, rate, "1/s", _FLOOR, floor, rate / floor, **at_least(goal, rate))


def _requests(site: Site, rights: Rights, first: int, count: int) -> Sequence[bytes]:
    """Signed beforehand: what the organisation does on its own machine is not the desk's time."""
    now, registry = int(time.time()), site.registry
    member = rights.members["controller"]
    bodies = (canonical.dumps(rights.consent(number, now)) for number in range(first, first + count))
    return [post(_PATH, body, {HEADER: _signed(registry, member, body, now)}) for body in bodies]


def _signed(registry: bytes, member: Member, body: bytes, now: int) -> str:
    request = Request(
        registry=registry,
        org=member.party.code,
        key=key_id(member.key.public_key.point),
        method="POST",
        path=_PATH,
        body=digest_pair(body),
        at=now,
        nonce=secrets.token_bytes(16),
    )
    return sign_request(request, member.key)


def _passphrase(site: Site) -> bytes:
    return create_passphrase_file(Paths(site.state).keys / PASSPHRASE)


def _check(site: Site, expected: int) -> None:
    kept = count_consents(site.state).consents
    if kept != expected:
        raise SystemExit(f"bench: of {expected} consents acknowledged {kept} are kept")


class _Floor:
    """One verification and one row, for each request."""

    def __init__(self, path: Path, member: Member) -> None:
        message = secrets.token_bytes(400)
        self._verify = raw_verification(member.key.public_key.point, message, member.key.sign(message))
        self._row = secrets.token_bytes(ROW_BYTES)
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=FULL")
        self._database.execute("CREATE TABLE consent (id INTEGER PRIMARY KEY, row BLOB)")

    def times(self, count: int) -> list[float]:
        return [seconds(self._one) for _ in range(count)]

    def _one(self) -> None:
        self._verify()
        self._database.execute("INSERT INTO consent (row) VALUES (?)", (self._row,))

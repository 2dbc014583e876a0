"""Moves until they are on the chain, and exchanges racing for one certificate."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from sqlmodel import col, select

from scripts.bench_parts.clients import serving
from scripts.bench_parts.measure import Figure, Say, Times, percentile, seconds
from scripts.bench_parts.single import block, sender_of
from scripts.bench_parts.site import MEMBER, OFFICER, Site, make_site, opened
from scripts.bench_parts.trades import RATE, enrolled_exchange
from yinzheng.api.org.member import Member
from yinzheng.client import Exchange, Reservation
from yinzheng.ledger.demonstration.certificates import ADMINISTRATOR, demonstration_keys
from yinzheng.ledger.demonstration.life import EXAMPLE, Life, Move, licence_terms, move
from yinzheng.ledger.demonstration.members import Members
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.keys.passphrase import PASSPHRASE, create_passphrase_file
from yinzheng.ledger.registry import Registry, silent
from yinzheng.ledger.state.instance import Paths
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Certificate
from yinzheng.verifier.bytes.canonical import loads
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.creditcode import is_credit_code

_PART: Final = "moves"
_LIFE: Final = Path("examples/life") / EXAMPLE
_BLOCK: Final = "one block of the embedded chain with one transfer"
_TOGETHER: Final = 50
"""Licences sent to the chain at once."""
_ASKED: Final = 30
"""Checks of which the median is taken at each size."""
_DAY: Final = 86_400


def measure_moves(folder: Path, moves: int, races: int, say: Say) -> list[Figure]:
    """Take `moves` licences and as many sales to the chain, then let exchanges race."""
    site = make_site(folder, certified=True)
    return _moved(site, moves, say) + _raced(site, folder, races, say)


# ---------------------------------------------------------------- a move until on the chain


def _moved(site: Site, count: int, say: Say) -> list[Figure]:
    licences, sales = Times(), Times()
    with opened(site) as registry:
        life = life_of(registry, site)
        sender = sender_of(registry)
        number = life.number
        for turn in range(count):
            say(f"licence and sale {turn + 1} of {count}")
            seller, buyer = ("transferor", "buyer") if turn % 2 == 0 else ("buyer", "transferor")
            licence = Move(f"licence-{turn}", "licence", ((seller, "licensor"), ("licensee", "licensee")))
            sale = Move(f"sale-{turn}", "transfer", ((seller, "transferor"), (buyer, "transferee")))
            terms = licence_terms(life)
            licences.ours.append(seconds(lambda: move(life, licence, number, terms)))  # noqa: B023
            case = _timed(sales.ours, lambda: move(life, sale, number, {"rights": _ALL}))  # noqa: B023
            with registry.store.reading() as session:
                (number,) = [one.number for one in repository.certificates_of_case(session, case)]
            for times in (licences, sales):
                times.floor.append(seconds(lambda: block(sender)))
    return [
        *licences.figures(_PART, "a licence from both parties' request until on the chain", _BLOCK),
        *sales.figures(_PART, "a transfer from both parties' request until on the chain", _BLOCK),
    ]


_ALL: Final = ["hold", "use", "operate"]


def _timed(into: list[float], work: Callable[[], str]) -> str:
    begin = time.perf_counter()
    found = work()
    into.append(time.perf_counter() - begin)
    return found


def life_of(registry: Registry, site: Site) -> Life:
    """The example's organisations, its transferor being who holds the site's certificate."""
    record: Any = loads(site.certificate, max_bytes=1 << 20)
    body = record["record"]
    told = json.loads(_LIFE.read_text(encoding="utf-8"))
    holder = body["holders"][0]
    told["holders"]["transferor"] = {"name": holder["name"], "code": holder["code"]}
    members = Members(registry, demonstration_keys(registry.paths), OFFICER, ADMINISTRATOR)
    life = Life(registry, members, MEMBER, told, body["number"], body["number"], silent)
    for name in ("transferor", "licensee", "buyer"):
        members.enrol(name, life.party(name), ["holder"])
    settle(registry)
    return life


# ---------------------------------------------------------------- races


def _raced(site: Site, folder: Path, rounds: int, say: Say) -> list[Figure]:
    """Two exchanges ask the desk to keep one certificate for them at the same instant; the winner lets it go.

    Each race has exchanges of its own: who had a certificate last waits a day (S5.24).
    """
    say(f"enrolling {2 * rounds} exchanges")
    members = [enrolled_exchange(site, folder / f"exchange-{n}", lawful_code(n)) for n in range(2 * rounds)]
    passphrase = create_passphrase_file(Paths(site.state).keys / PASSPHRASE)
    with opened(site) as registry:
        number = newest(registry)
    taken: list[float] = []
    with serving("desk", site.state, "--rate", str(RATE), passphrase=passphrase) as port:
        for turn in range(rounds):
            say(f"race {turn + 1} of {rounds}")
            taken.append(_race(members[2 * turn : 2 * turn + 2], port, number))
    name = "two exchanges at once, until exactly one has the certificate on the chain"
    return [
        Figure(_PART, f"{name}, {which}", percentile(taken, share) * 1e3, "ms")
        for which, share in (("median", 0.5), ("slowest", 1.0))
    ]


def lawful_code(number: int) -> str:
    """A lawful credit code that nobody has."""
    for character in "0123456789ABCDEFGHJKLMNPQRTUWXY":
        code = f"91440101XNCH{number:05d}" + character
        if is_credit_code(code):
            return code
    raise AssertionError


def _race(members: Sequence[Member], port: int, number: str) -> float:
    won: list[tuple[Exchange, Reservation]] = []
    lost: list[str] = []
    start = threading.Barrier(len(members))

    def run(member: Member) -> None:
        exchange = Exchange(member, f"http://127.0.0.1:{port}")
        start.wait(30)
        try:
            won.append((exchange, exchange.reserve(number, hours=1)))
        except UsageFault as fault:
            lost.append(fault.code)

    threads = [threading.Thread(target=run, args=(member,)) for member in members]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    for exchange, one in won:
        while exchange.reservation(one.reservation).state == "requested":
            time.sleep(0.01)
    took = time.perf_counter() - begin
    held = [
        (exchange, one) for exchange, one in won if exchange.reservation(one.reservation).state == "reserved"
    ]
    if len(held) != 1 or len(won) + len(lost) != len(members):
        raise SystemExit(f"bench: {len(held)} exchanges hold one certificate; refused: {lost}")
    held[0][0].release(held[0][1])
    return took


def newest(registry: Registry) -> str:
    """The certificate deposited last, which is the one in force."""
    with registry.store.reading() as session:
        found = session.exec(select(Certificate.number).order_by(col(Certificate.event_id).desc())).first()
    assert found is not None
    return found

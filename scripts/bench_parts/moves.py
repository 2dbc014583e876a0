"""Moves until they are on the chain, exchanges racing for one certificate, and what grows with licences."""

from __future__ import annotations

import json
import secrets
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
from scripts.bench_parts.trades import RATE, enrolled_exchange, trade_of
from yinzheng.api.org.member import Member
from yinzheng.client import Exchange, Reservation
from yinzheng.ledger.answers import Answers
from yinzheng.ledger.cases.deciders import listed_of
from yinzheng.ledger.chain.approvals import sign
from yinzheng.ledger.chain.approvals_moves import Licence
from yinzheng.ledger.chain.records import Procedure
from yinzheng.ledger.chain.sender import Call
from yinzheng.ledger.demonstration.certificates import ADMINISTRATOR, demonstration_keys
from yinzheng.ledger.demonstration.life import EXAMPLE, Life, Move, licence_terms, move
from yinzheng.ledger.demonstration.members import Members
from yinzheng.ledger.demonstration.people import acting_as
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.keys.passphrase import PASSPHRASE, create_passphrase_file
from yinzheng.ledger.registry import Registry, silent
from yinzheng.ledger.state.instance import Paths
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Certificate
from yinzheng.ledger.trades.checking import Asked, check_trades
from yinzheng.verifier.bytes.canonical import loads
from yinzheng.verifier.chain.holdings import RIGHT_BITS
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.body import MAX_BODY, Party, parse_body
from yinzheng.verifier.formats.creditcode import is_credit_code
from yinzheng.verifier.formats.trade import parse_trade
from yinzheng.verifier.log.statement import certificate_subject, organisation_subject

_PART: Final = "moves"
_LIFE: Final = Path("examples/life") / EXAMPLE
_BLOCK: Final = "one block of the embedded chain with one transfer"
_TOGETHER: Final = 50
"""Licences sent to the chain at once."""
_ASKED: Final = 30
"""Checks of which the median is taken at each size."""
_DAY: Final = 86_400


def measure_moves(folder: Path, moves: int, races: int, sizes: tuple[int, ...], say: Say) -> list[Figure]:
    """Take `moves` licences and as many sales to the chain, let exchanges race, then grow to `sizes`."""
    site = make_site(folder, certified=True)
    figures = _moved(site, moves, say)
    figures += _raced(site, folder, races, say)
    return figures + _grown(site, sizes, say)


# ---------------------------------------------------------------- a move until on the chain


def _moved(site: Site, count: int, say: Say) -> list[Figure]:
    licences, sales = Times(), Times()
    with opened(site) as registry:
        life = _life(registry, site)
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


def _life(registry: Registry, site: Site) -> Life:
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
        number = _newest(registry)
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


def _newest(registry: Registry) -> str:
    """The certificate deposited last, which is the one in force."""
    with registry.store.reading() as session:
        found = session.exec(select(Certificate.number).order_by(col(Certificate.event_id).desc())).first()
    assert found is not None
    return found


# ---------------------------------------------------------------- growth


def _grown(site: Site, sizes: tuple[int, ...], say: Say) -> list[Figure]:
    """Give licences straight to the chain until there are as many as each of `sizes`; what is asked then."""
    figures: list[Figure] = []
    with opened(site) as registry:
        life, number, given = _life(registry, site), _newest(registry), 0
        giving = _Giving(registry, life, number)
        trade = parse_trade(trade_of(site) | {"certificate": number, "seller": giving.licensor.to_json()})
        asked = Asked(lawful_code(0), secrets.token_bytes(8), trade)
        for size in sizes:
            say(f"{size:,} licences under one right")
            giving.give(size - given)
            checks, gas = [], 0
            for _ in range(_ASKED):
                gas = giving.give(1)  # after it nothing is known of the chain
                checks.append(seconds(lambda: check_trades(registry, [asked])))
            given = size + _ASKED
            settle(registry)
            part = f"at {size:,} licences under one right"
            figures += [
                Figure(part, "a trade check after one more", percentile(checks, 0.5) * 1e3, "ms"),
                Figure(part, "gas of one more", float(gas), "gas"),
                *_proved(registry, number, part),
            ]
    return figures


class _Giving:
    """Licences of one certificate's first holder, signed as everyone would and sent many at once."""

    def __init__(self, registry: Registry, life: Life, number: str) -> None:
        with registry.store.reading() as session:
            row = session.get_one(Certificate, number)
            body = parse_body(loads(row.body, max_bytes=MAX_BODY))
            ordinary = registry.client.record(row.subject).procedure is Procedure.ORDINARY  # type: ignore[union-attr]
        self.licensor = Party(body.holders[0].name, body.holders[0].code)
        names = {life.party(one).code: one for one in ("transferor", "buyer")}
        office = [acting_as(registry, one).key for one in ((OFFICER, MEMBER) if ordinary else (OFFICER,))]
        self._keys = [*office, *map(life.members.account, (names[self.licensor.code], "licensee"))]
        self._registry, self._subject, self._listed = registry, row.subject, listed_of(body)
        self._licensee = life.party("licensee").code
        self._until = body.valid_until
        self._sender = sender_of(registry)

    def give(self, count: int) -> int:
        """Give as many; gas of the last."""
        gas = 0
        for first in range(0, count, _TOGETHER):
            calls = [self._call() for _ in range(min(_TOGETHER, count - first))]
            nonce, fees = self._sender.next_nonce(), self._sender.fees()
            signed = [self._sender.prepare(call, nonce + at, fees) for at, call in enumerate(calls)]
            self._sender.broadcast_all(signed)
            for one in signed:
                mined = self._sender.wait(one.hash, 60)
                if mined.refusal is not None:
                    raise SystemExit(f"bench: the contract refuses a licence: {mined.refusal.code}")
                gas = mined.gas_used
        return gas

    def _call(self) -> Call:
        now = self._registry.clock()
        order = Licence(
            id=secrets.token_bytes(32),
            certificate=self._subject,
            licensor=organisation_subject(self.licensor.code),
            licensee=organisation_subject(self._licensee),
            rights=RIGHT_BITS["use"],
            acts=0b111,
            territory=1,
            valid_from=now,
            valid_until=min(now + 30 * _DAY, self._until),
            exclusive=False,
            statement=secrets.token_bytes(32),
        )
        approvals = [sign(order, self._registry.client.moves_domain, key) for key in self._keys]
        return self._registry.client.license(order, self._listed, approvals)


def _proved(registry: Registry, number: str, part: str) -> list[Figure]:
    """What proves how a certificate stands: how long it takes to gather, and its size."""
    answers = Answers(registry.paths, registry.instance, registry.store, registry.w3)
    subject, size = certificate_subject(number), registry.log.size
    taken = []
    for _ in range(_ASKED):
        begin = time.perf_counter()
        # As of now, so that nothing kept of the newest block is told again.
        evidence = answers.chain(subject, size, registry.clock())
        taken.append(time.perf_counter() - begin)
    return [
        Figure(part, "gathering a certificate's state proofs", percentile(taken, 0.5) * 1e3, "ms"),
        Figure(part, "a certificate's state proofs", len(json.dumps(evidence)) / 1e3, "kB"),
    ]

"""Checks before a trade: one at a time, over eight connections, and in a batch, beside their signatures."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from scripts.bench_parts.clients import ask, post, serving
from scripts.bench_parts.measure import Figure, Say, Times, percentile, seconds
from scripts.bench_parts.site import OFFICER, Site, make_site, opened
from yinzheng.api.org.member import Member, create_member
from yinzheng.api.org.registry import pin
from yinzheng.client import Answer, Exchange
from yinzheng.ledger.demonstration.certificates import ADMINISTRATOR
from yinzheng.ledger.demonstration.people import acting_as
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.keys.passphrase import PASSPHRASE, create_passphrase_file
from yinzheng.ledger.organisations import enrolment
from yinzheng.ledger.state.instance import Paths
from yinzheng.ledger.state.policy import trust_policy
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey, digest_pair
from yinzheng.verifier.formats.request import HEADER, Request, sign_request

CODE: Final = "91440101DEM00077EF"
CLIENTS: Final = 8
RATE: Final = 100_000
GOAL_MS: Final = 20
GOAL_SHARE: Final = 0.3
WARM: Final = 20
_PART: Final = "trades"
_PATH: Final = "/v1/trade-checks"
_FLOOR: Final = "one SM2 signature + one verification"


def measure_trades(folder: Path, requests: int, lines: int, say: Say) -> list[Figure]:
    """Ask `requests` times over one connection, as often over eight, then a batch of `lines`.

    Half of the floor is taken before, half after.
    """
    site = make_site(folder, certified=True)
    member = enrolled_exchange(site, folder / "exchange", CODE)
    trade = trade_of(site)
    key = Sm2PrivateKey.generate()
    times = Times(floor=_floor(key, requests // 2))
    passphrase = create_passphrase_file(Paths(site.state).keys / PASSPHRASE)
    with serving("desk", site.state, "--rate", str(RATE), passphrase=passphrase) as port:
        say("one trade check after the other, over HTTP")
        ask(port, [_requests(site, member, trade, WARM)])
        alone = ask(port, [_requests(site, member, trade, requests)])
        say(f"trade checks over {CLIENTS} connections")
        each = requests // CLIENTS
        together = ask(port, [_requests(site, member, trade, each) for _ in range(CLIENTS)])
        say(f"a batch of {lines} checks")
        exchange = Exchange(member, f"http://127.0.0.1:{port}")
        took = _batch(exchange, trade, lines, folder)
        answers: list[object] = []
        held = seconds(lambda: answers.extend(exchange.check_all(trade for _ in range(lines))))
    if sum(isinstance(one, Answer) for one in answers) != lines:
        raise SystemExit("bench: not every line of the batch was answered")
    times.ours += alone.times
    times.floor += _floor(key, requests // 2)
    floor = 1 / percentile(times.floor, 0.5)
    slowest = percentile(times.ours, 0.99) * 1e3
    figures = times.figures(_PART, "trade check until durable and answered, one connection", _FLOOR)
    figures[1] = Figure(
        _PART,
        figures[1].name,
        slowest,
        "ms",
        _FLOOR,
        figures[1].floor_value,
        figures[1].share,
        f"≤ {GOAL_MS} ms",
        slowest <= GOAL_MS,
    )
    goal = f"≥ {GOAL_SHARE:.0%} of floor"
    rates = (
        (alone.rate, "checks a second, one connection"),
        (together.rate, f"checks a second, {CLIENTS} connections"),
        (lines / took, f"checks a second, batch of {lines}"),
        (lines / held, "the same, each answer held against its question by the exchange's program"),
    )
    return [
        *figures,
        *(
            Figure(_PART, name, rate, "1/s", _FLOOR, floor, rate / floor, goal, rate / floor >= GOAL_SHARE)
            for rate, name in rates
        ),
    ]


def _batch(exchange: Exchange, trade: dict[str, Any], lines: int, folder: Path) -> float:
    """Seconds until the desk has answered a batch of the same question to the end."""
    asked, answered = folder / "asked.ndjson", folder / "answered.ndjson"
    asked.write_bytes((canonical.dumps(trade) + b"\n") * lines)
    with answered.open("wb") as out:
        took = seconds(lambda: exchange.send_lines(asked, out))
    with answered.open("rb") as read:
        if sum(b'"answer"' in line for line in read) != lines:
            raise SystemExit("bench: not every line of the batch was answered")
    return took


def enrolled_exchange(site: Site, folder: Path, code: str) -> Member:
    """An exchange with its own folder, and its role on chain."""
    passphrase = {"YINZHENG_ORG_PASSPHRASE": secrets.token_hex(16)}
    now = int(time.time())
    with opened(site) as registry:
        member, made = create_member(
            folder,
            passphrase,
            code=code,
            name="某数据交易所（虚构）",
            roles=["exchange"],
            account=True,
            now=now,
            term=86_400 * 30,
        )
        giver = acting_as(registry, ADMINISTRATOR)
        enrolment.enrol(registry, made, acting_as(registry, OFFICER), administrator=giver)
        settle(registry)
        pin(folder, canonical.dumps(trust_policy(registry.instance)))
    return member


def trade_of(site: Site) -> dict[str, Any]:
    """A trade in the site's certificate, which is allowed."""
    value = canonical.loads(site.certificate, max_bytes=1 << 20)
    assert isinstance(value, dict)
    body: Any = value["record"]
    holder = body["holders"][0]
    return trade_about(body["number"], {"name": holder["name"], "code": holder["code"]})


def trade_about(number: str, seller: dict[str, str]) -> dict[str, Any]:
    """A trade in a certificate of the example, allowed where the seller holds it."""
    now = int(time.time())
    pair = {**digest_pair(b"contract").to_json()}
    return {
        "certificate": number,
        "seller": seller,
        "buyer": {"name": "买方（虚构）", "code": "91440101DEM00071XP"},
        "kind": "share",
        "registration": "licence",
        "rights": ["use"],
        "purpose": "慢病随访研究",
        "acts": ["store", "process", "use"],
        "term": {"begins": now, "ends": now + 86_400},
        "territory": None,
        "exclusive": False,
        "price": pair,
        "contract": pair,
        "declarations": {
            "assessment": None,
            "fields": ["年龄段", "性别", "随访次数"],
            "limits_kept": True,
            "may_sell": True,
            "route": "anonymised",
            "touches_secrets": False,
        },
        "attachments": [],
    }


def _requests(site: Site, member: Member, trade: dict[str, Any], count: int) -> Sequence[bytes]:
    """Signed beforehand: what the exchange does on its own machine is not the desk's time."""
    now, body, registry = int(time.time()), canonical.dumps(trade), site.registry
    own, key = member.current(now)
    made = []
    for _ in range(count):
        request = Request(
            registry=registry,
            org=member.profile.code,
            key=own.kid,
            method="POST",
            path=_PATH,
            body=digest_pair(body),
            at=now,
            nonce=secrets.token_bytes(16),
        )
        made.append(post(_PATH, body, {HEADER: sign_request(request, key)}))
    return made


def _floor(key: Sm2PrivateKey, count: int) -> list[float]:
    message, public = secrets.token_bytes(400), key.public_key
    return [seconds(lambda: public.verify(message, key.sign(message))) for _ in range(count)]

"""Many licences under one right: taken through every step, and then given straight to the chain."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from scripts.bench_parts.bulk import database_bytes
from scripts.bench_parts.certificates import audited
from scripts.bench_parts.measure import Figure, Say, percentile, processor_seconds
from scripts.bench_parts.moves import lawful_code, life_of, newest
from scripts.bench_parts.single import sender_of
from scripts.bench_parts.site import MEMBER, OFFICER, Site, make_site, opened
from scripts.bench_parts.trades import enrolled_exchange, trade_of
from yinzheng.ledger.answers import Answers
from yinzheng.ledger.cases.deciders import listed_of
from yinzheng.ledger.certificates.held import licences_of, rights_of
from yinzheng.ledger.chain.approvals import sign
from yinzheng.ledger.chain.approvals_moves import Licence
from yinzheng.ledger.chain.records import Procedure
from yinzheng.ledger.chain.sender import Call
from yinzheng.ledger.demonstration.life import LICENCE, Life, licence_terms, move
from yinzheng.ledger.demonstration.people import acting_as
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store.models import Certificate
from yinzheng.ledger.trades.checking import Asked, check_trades
from yinzheng.verifier.bytes.canonical import loads
from yinzheng.verifier.chain.holdings import RIGHT_BITS
from yinzheng.verifier.formats.body import MAX_BODY, Party, parse_body
from yinzheng.verifier.formats.trade import parse_trade
from yinzheng.verifier.log.statement import certificate_subject, organisation_subject

_TOGETHER: Final = 50
"""Licences sent to the chain at once."""
_ASKED: Final = 30
"""Checks of which the median is taken at each size."""
_DAY: Final = 86_400


def measure_growth(
    folder: Path, registered: tuple[int, ...], sizes: tuple[int, ...], say: Say
) -> list[Figure]:
    """Licences under one right alone: `registered` ones, through every step, then on the chain alone."""
    site = make_site(folder, certified=True)
    enrolled_exchange(site, folder / "exchange", lawful_code(0))
    return _registered(site, registered, say) + _on_chain(site, sizes, say)


def _registered(site: Site, sizes: tuple[int, ...], say: Say) -> list[Figure]:
    """Licences from both parties' request until on the chain; what lists and an audit take then."""
    figures: list[Figure] = []
    given = 0
    for size in sizes:
        part, begin = f"at {size:,} registered licences under one right", time.process_time()
        with opened(site) as registry:
            life = life_of(registry, site)
            for turn in range(given, size):
                say(f"{turn:,} of {size:,} licences registered")
                what = replace(LICENCE, name=f"licence-{turn}")
                move(life, what, life.number, licence_terms(life))
            each = (time.process_time() - begin) / (size - given) * 1e3
            settle(registry)
            licensor, licensee = life.party("transferor").code, life.party("licensee").code
            lists: dict[str, Callable[[], object]] = {
                "the holder's list of its rights": partial(rights_of, registry, licensor, None),
                "the licensee's list, 100 of its licences": partial(licences_of, registry, licensee, None),
            }
            figures += [
                Figure(part, "registering one, through every step, processor", each, "ms"),
                *(_listed(part, name, work) for name, work in lists.items()),
                Figure(part, "database a licence", database_bytes(registry) / size / 1e3, "kB"),
            ]
        given = size
        figures += audited(site, part)
    return figures


def _listed(part: str, name: str, work: Callable[[], object]) -> Figure:
    taken = [processor_seconds(work) for _ in range(5)]
    return Figure(part, f"{name}, processor", percentile(taken, 0.5) * 1e3, "ms")


def _on_chain(site: Site, sizes: tuple[int, ...], say: Say) -> list[Figure]:
    """Give licences straight to the chain until there are as many as each of `sizes`; what is asked then."""
    figures: list[Figure] = []
    with opened(site) as registry:
        life, number, given = life_of(registry, site), newest(registry), 0
        giving = _Giving(registry, life, number)
        trade = parse_trade(trade_of(site) | {"certificate": number, "seller": giving.licensor.to_json()})
        asked = Asked(lawful_code(0), secrets.token_bytes(8), trade)
        for size in sizes:
            say(f"{size:,} licences under one right")
            giving.give(size - given)
            checks, gas = [], 0
            for _ in range(_ASKED):
                gas = giving.give(1)  # after it nothing is known of the chain
                checks.append(processor_seconds(lambda: check_trades(registry, [asked])))
            given = size + _ASKED
            settle(registry)
            part = f"at {size:,} licences under one right"
            figures += [
                Figure(part, "a trade check after one more, processor", percentile(checks, 0.5) * 1e3, "ms"),
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
        begin = time.process_time()
        # As of now, so that nothing kept of the newest block is told again.
        evidence = answers.chain(subject, size, registry.clock())
        taken.append(time.process_time() - begin)
    return [
        Figure(part, "gathering a certificate's state proofs, processor", percentile(taken, 0.5) * 1e3, "ms"),
        Figure(part, "a certificate's state proofs", len(json.dumps(evidence)) / 1e3, "kB"),
    ]

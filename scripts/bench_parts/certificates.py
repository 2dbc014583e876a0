"""Many certificates: what a check, a proof and a record cost when there are few and when there are many.

A month has numbers for 9,999 certificates of one registry (R14), so that is as far as one run can go.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from sqlmodel import select

from scripts.bench_parts.bulk import bytes_under, database_bytes
from scripts.bench_parts.measure import Figure, Say, percentile, processor_seconds
from scripts.bench_parts.moves import lawful_code
from scripts.bench_parts.site import EXAMPLE, MEMBER, OFFICER, Site, make_site, opened
from scripts.bench_parts.trades import enrolled_exchange, trade_about
from yinzheng.ledger.answers import Answers
from yinzheng.ledger.audit import audit_registry
from yinzheng.ledger.cases import intake
from yinzheng.ledger.certificates.held import rights_of
from yinzheng.ledger.demonstration.certificates import demonstration_keys
from yinzheng.ledger.demonstration.steps import Officers
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.registry import Registry, silent, wall_clock
from yinzheng.ledger.rules.profiles import DEMO
from yinzheng.ledger.store.models import Certificate
from yinzheng.ledger.store.models_register import RegisterHolder
from yinzheng.ledger.store.register import search
from yinzheng.ledger.trades.checking import Asked, check_trades
from yinzheng.verifier.formats.trade import parse_trade
from yinzheng.verifier.log.statement import certificate_subject

_TOGETHER: Final = 200
"""Cases taken through a step before the chain is told."""
_ASKED: Final = 40
_EXCHANGE: Final = lawful_code(0)


def measure_certificates(folder: Path, sizes: tuple[int, ...], say: Say) -> list[Figure]:
    """Register until there are as many certificates as each of `sizes`, and ask about some of them."""
    figures: list[Figure] = []
    site = make_site(folder)
    enrolled_exchange(site, folder / "exchange", _EXCHANGE)
    registered = 0
    for size in sizes:
        part, begin = f"at {size:,} certificates", time.process_time()
        with opened(site) as registry:
            some = 0
            while registered + some < size:
                say(f"{registered + some:,} of {size:,} certificates registered")
                together = min(_TOGETHER, size - registered - some)
                register(registry, together)
                some += together
            each = (time.process_time() - begin) / some * 1e3
            figures.append(Figure(part, "registering one, through every step, processor", each, "ms"))
            figures += _asked_about(registry, part)
        registered = size
        say(f"auditing {size:,} certificates")
        figures += audited(site, part)
    return figures


def audited(site: Site, part: str) -> list[Figure]:
    """What auditing a closed registry takes of the processor."""
    begin = time.process_time()
    found = audit_registry(site.state, demonstration_keys, clock=wall_clock, progress=silent)
    if found:
        raise SystemExit(f"bench: the audit finds {found[0]}")
    return [Figure(part, "an audit of everything, processor", time.process_time() - begin, "s")]


def register(registry: Registry, count: int) -> None:
    """Take `count` applications through every step of the simplified procedure."""
    cases = [intake.apply(registry, EXAMPLE, DEMO.tag, silent) for _ in range(count)]
    officers = [Officers(registry, case, OFFICER, MEMBER) for case in cases]
    steps: Sequence[Callable[[Officers], None]] = (
        Officers.accept,
        Officers.review,
        Officers.decide,
        Officers.after_publicity,
    )
    for step in steps:
        settle(registry)
        for officer in officers:
            step(officer)
    settle(registry)


def _asked_about(registry: Registry, part: str) -> list[Figure]:
    with registry.store.reading() as session:
        numbers = list(session.exec(select(Certificate.number)))
    chosen = secrets.SystemRandom().sample(numbers, _ASKED)
    with registry.store.reading() as session:
        holder = session.exec(select(RegisterHolder.code)).first() or ""
    answers = Answers(registry.paths, registry.instance, registry.store, registry.w3)
    size, sizes = registry.log.size, list[int]()

    def prove(number: str) -> None:
        evidence = answers.chain(certificate_subject(number), size, None)
        sizes.append(len(json.dumps(evidence)))

    timed: dict[str, Callable[[str], object]] = {
        "a trade check": lambda number: _check(registry, number),
        "record, statement and its proof from the log": answers.record,
        "gathering a certificate's state proofs": prove,
        "the register's page of one organisation": lambda _: _searched(registry, holder),
        "a holder's list, 100 of its certificates": lambda _: rights_of(registry, holder, None),
    }
    figures = [
        Figure(
            part,
            f"{name}, processor",
            percentile([processor_seconds(lambda: work(one)) for one in chosen], 0.5) * 1e3,  # noqa: B023
            "ms",
        )
        for name, work in timed.items()
    ]
    settle(registry)
    return [
        *figures,
        Figure(part, "a certificate's state proofs", percentile(sizes, 0.5) / 1e3, "kB"),
        Figure(part, "database a certificate", database_bytes(registry) / len(numbers) / 1e3, "kB"),
        Figure(part, "chain a certificate", bytes_under(registry.paths.chain) / len(numbers) / 1e3, "kB"),
    ]


def _searched(registry: Registry, holder: str) -> None:
    with registry.store.reading() as session:
        found = search(session, holder)
    if not found.bodies:
        raise SystemExit("bench: the register finds nothing")


def _check(registry: Registry, number: str) -> None:
    trade: Any = trade_about(number, {"name": "卖方（虚构）", "code": lawful_code(1)})
    check_trades(registry, [Asked(_EXCHANGE, secrets.token_bytes(8), parse_trade(trade))])

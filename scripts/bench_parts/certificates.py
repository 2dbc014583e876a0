"""Many certificates: what a check, a proof and a record cost when there are few and when there are many.

Some are registered through every step, which tells what that costs; the many are made (`made.py`).
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from sqlmodel import func, select

from scripts.bench_parts.bulk import bytes_under, database_bytes
from scripts.bench_parts.clients import ask, get, serving
from scripts.bench_parts.composing import LARGE
from scripts.bench_parts.made import Calendar, Maker, months_for
from scripts.bench_parts.measure import Figure, Say, peak_mib, percentile, processor_seconds
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
from yinzheng.ledger.reading import open_reader
from yinzheng.ledger.registry import Registry, silent, wall_clock
from yinzheng.ledger.rules.profiles import DEMO
from yinzheng.ledger.state.policy import trust_policy
from yinzheng.ledger.store.models import Certificate
from yinzheng.ledger.store.register import search
from yinzheng.ledger.trades.checking import Asked, check_trades
from yinzheng.verifier.containers.target import read_target
from yinzheng.verifier.formats.trade import parse_trade
from yinzheng.verifier.judge.certificate.verify import verify
from yinzheng.verifier.judge.report import Authentic
from yinzheng.verifier.judge.trust import TrustPolicy, parse_trust
from yinzheng.verifier.log.statement import certificate_subject

_TOGETHER: Final = 200
"""Cases taken through a step before the chain is told."""
_ASKED: Final = 40
_EXCHANGE: Final = lawful_code(0)


def measure_certificates(
    folder: Path, registered: tuple[int, ...], made: tuple[int, ...], say: Say
) -> list[Figure]:
    """Register as many as each of `registered`, and make registries of as many as each of `made`."""
    figures: list[Figure] = []
    for size in made:
        figures += _made(folder / f"made-{size}", size, say)
    place = folder / "registered"
    place.mkdir()
    return _registered(make_site(place), registered, say) + figures


def _registered(site: Site, sizes: tuple[int, ...], say: Say) -> list[Figure]:
    figures: list[Figure] = []
    registered = 0
    for size in sizes:
        part, begin = f"at {size:,} registered certificates", time.process_time()
        with opened(site) as registry:
            some = 0
            while registered + some < size:
                say(f"{registered + some:,} of {size:,} certificates registered")
                together = min(_TOGETHER, size - registered - some)
                register(registry, together)
                some += together
            each = (time.process_time() - begin) / some * 1e3
        registered = size
        say(f"auditing {size:,} certificates")
        figures.append(Figure(part, "registering one, through every step, processor", each, "ms"))
        figures += audited(site, part)
    return figures


def _made(folder: Path, size: int, say: Say) -> list[Figure]:
    """A registry of so many, all but the first made; what is asked of it then."""
    folder.mkdir()
    clock, part = Calendar(months_for(size)), f"at {size:,} certificates"
    site = make_site(folder, clock=clock)
    begin = _with_workers()
    with opened(site, clock) as registry:
        maker = Maker(registry, clock, folder / "dossier")
        maker.make(size, say)
    each = (_with_workers() - begin) / size * 1e3
    figures = [
        Figure(part, "making one, processor", each, "ms"),
        *(Figure(part, f"gas of one more, its {kind}", float(gas), "gas") for kind, gas in maker.gas.items()),
    ]
    return figures + asked_of(site, folder / "exchange", part, say)


def _with_workers() -> float:
    """Seconds of the processor that this process has had, and those that it began and that have ended."""
    taken = os.times()
    return taken.user + taken.system + taken.children_user + taken.children_system


def asked_of(site: Site, exchange: Path, part: str, say: Say) -> list[Figure]:
    """What a registry of many is asked, and takes: opened, served and audited."""
    enrolled_exchange(site, exchange, _EXCHANGE)
    say(f"asking {part}")
    begin = time.process_time()
    with opened(site) as registry:
        figures = [Figure(part, "opening the registry, processor", time.process_time() - begin, "s")]
        figures += _asked_about(registry, part)
        with registry.store.reading() as session:
            codes = [qr for qr in session.exec(_in_force(Certificate.qr).limit(_ASKED)) if qr]
    figures += _served(site, codes, part)
    say(f"auditing {part}")
    command = [sys.executable, "-m", "scripts.bench_parts.auditing", str(site.state)]
    found = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return [
        *figures,
        Figure(part, "an audit of everything, processor", found["seconds"], "s"),
        Figure(part, "an audit of everything, memory at its peak", found["peak"], "MiB"),
    ]


def _served(site: Site, codes: Sequence[str], part: str) -> list[Figure]:
    """What `yinzheng serve` takes until it answers, and for each page of a code it was not asked for yet."""
    with serving("serve", site.state, "--rate", "100000") as server:
        begun = _processor_of(server.process)
        ask(server, [[get("/V/" + code.partition("/V/")[2]) for code in codes]])
        each = (_processor_of(server.process) - begun) / len(codes)
        return [
            Figure(part, "`yinzheng serve` until it answers, processor", begun, "s"),
            Figure(part, "GET /V/…, of a code not asked for before, processor", each * 1e3, "ms"),
            Figure(part, "memory of `yinzheng serve` at its peak", peak_mib(server.process), "MiB"),
        ]


def _processor_of(process: int) -> float:
    """Seconds of the processor that a running process has had (Linux)."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


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
        count = session.exec(select(func.count()).select_from(Certificate)).one()
        numbers = list(session.exec(_in_force(Certificate.number)))
    chosen = secrets.SystemRandom().sample(numbers, _ASKED)
    trust = parse_trust(json.dumps(trust_policy(registry.instance)).encode())
    with open_reader(registry.paths.root, wall_clock) as reader:
        kept = {number: reader.certificate_file(number) or b"" for number in chosen}
    answers = Answers(registry.paths, registry.instance, registry.store, registry.w3)
    size, sizes = registry.log.size, list[int]()

    def prove(number: str) -> None:
        evidence = answers.chain(certificate_subject(number), size, None)
        sizes.append(len(json.dumps(evidence)))

    timed: dict[str, Callable[[str], object]] = {
        "a trade check": lambda number: _check(registry, number),
        "record, statement and its proof from the log": answers.record,
        "gathering a certificate's state proofs": prove,
        "its file offline, all obligations": lambda number: _genuine(kept[number], trust),
        "the register by the organisation that has half": lambda _: _searched(registry, LARGE),
        "the register by a number": lambda number: _searched(registry, number),
        "the register by part of a name that nothing has": lambda _: _searched(
            registry, "没有的名称", found=False
        ),
        "a holder's list, 100 of its certificates": lambda _: rights_of(registry, LARGE, None),
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
        Figure(part, "a certificate's file", percentile([*map(len, kept.values())], 0.5) / 1e3, "kB"),
        Figure(part, "a certificate's state proofs", percentile(sizes, 0.5) / 1e3, "kB"),
        Figure(part, "database a certificate", database_bytes(registry) / count / 1e3, "kB"),
        Figure(part, "chain a certificate", bytes_under(registry.paths.chain) / count / 1e3, "kB"),
    ]


def _in_force(of: Any) -> Any:
    """That of the certificates whose term is not over: the first of very many are some years old."""
    return select(of).where(Certificate.valid_until > wall_clock())


def _searched(registry: Registry, words: str, *, found: bool = True) -> None:
    with registry.store.reading() as session:
        if bool(search(session, words).bodies) is not found:
            raise SystemExit("bench: the register does not find what it should")


def _genuine(file: bytes, trust: TrustPolicy) -> None:
    if verify(read_target(file), trust, now=wall_clock()).authentic is not Authentic.GENUINE:
        raise SystemExit("bench: a certificate's file is not genuine")


def _check(registry: Registry, number: str) -> None:
    trade: Any = trade_about(number, {"name": "卖方（虚构）", "code": lawful_code(1)})
    check_trades(registry, [Asked(_EXCHANGE, secrets.token_bytes(8), parse_trade(trade))])

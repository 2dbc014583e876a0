"""Withdrawals carried out: filed, frozen, destruction confirmed by all, each step through to the chain."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from sqlalchemy import func
from sqlmodel import col, select

from scripts.bench_parts.measure import Figure, Say, Times, at_least, seconds
from scripts.bench_parts.rights import Rights, claim_of, found_rights, grant_many
from scripts.bench_parts.site import make_site, opened
from scripts.bench_parts.transfers import transfer
from yinzheng.ledger.chain.sender import Sender
from yinzheng.ledger.demonstration.certificates import ADMINISTRATOR
from yinzheng.ledger.demonstration.people import acting_as
from yinzheng.ledger.flow.outbox import TOGETHER
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.extent import EVERYTHING, Way
from yinzheng.ledger.rules.withdrawal import State
from yinzheng.ledger.store.models import ChainCall
from yinzheng.ledger.store.models_consents import Withdrawal
from yinzheng.ledger.withdrawals import course
from yinzheng.ledger.withdrawals.claims import ReceiptClaim
from yinzheng.ledger.withdrawals.filing import file
from yinzheng.ledger.withdrawals.work import work_on
from yinzheng.verifier.formats.certificate import key_id
from yinzheng.verifier.formats.destruction import DestructionReceipt, SignedReceipt, sign_receipt

BATCH = 100
GOAL = 40
OWING = ("controller", "recipient")
"""Who owes a receipt under the notice of the bench."""
_PART = "withdrawals"


def measure_withdrawals(folder: Path, extent: tuple[int, int], say: Say) -> list[Figure]:
    """Carry out so many batches of a hundred withdrawals, then so many one at a time."""
    batches, alone = extent
    site = make_site(folder)
    with opened(site) as registry:
        say("giving the consents that will be withdrawn")
        rights = found_rights(registry)
        subjects = [one.subject for one in grant_many(registry, rights, batches * BATCH + alone)]
        bench = _Bench(registry, rights)
        say(f"withdrawals in batches of {BATCH}")
        figures = _in_batches(bench, [subjects[n * BATCH : (n + 1) * BATCH] for n in range(batches)])
        say("withdrawals one at a time")
        figures += _alone(bench, subjects[batches * BATCH :])
        _check(registry, len(subjects))
    return figures


class _Bench:
    """An open registry, and what patients and organisations do in it."""

    def __init__(self, registry: Registry, rights: Rights) -> None:
        self.registry = registry
        self._rights = rights
        self._sender = Sender(registry.w3, acting_as(registry, ADMINISTRATOR).key.account(), time.sleep)

    # What happens outside the registry: it is not measured.

    def claims(self, subjects: Sequence[bytes]) -> list[ReceiptClaim]:
        return [claim_of(self.registry, subject) for subject in subjects]

    def receipts(self, ids: Sequence[bytes]) -> list[tuple[bytes, SignedReceipt]]:
        return [(id_, self._receipt(id_, role)) for id_ in ids for role in OWING]

    def _receipt(self, id_: bytes, role: str) -> SignedReceipt:
        member = self._rights.members[role]
        with work_on(self.registry, id_) as work:
            request, _ = work.request
        receipt = DestructionReceipt(
            withdrawal=id_,
            request=request,
            recipient=member.party.code,
            kid=key_id(member.key.public_key.point),
            method="key_destruction",
            copies=1,
            operator="数据管理员",
            evidence=None,
            destroyed_at=self.registry.clock(),
        )
        return sign_receipt(receipt, member.key)

    # What the registry does.

    def file(self, subjects: Sequence[bytes], claims: Sequence[ReceiptClaim]) -> list[bytes]:
        return [
            file(self.registry, subject, EVERYTHING, channel=Way.RECEIPT, claim=claim)
            for subject, claim in zip(subjects, claims, strict=True)
        ]

    def freeze(self, ids: Sequence[bytes]) -> None:
        for id_ in ids:
            with work_on(self.registry, id_) as work:
                course.freeze(work, self._rights.controller)

    def confirm(self, receipts: Sequence[tuple[bytes, SignedReceipt]]) -> None:
        for id_, receipt in receipts:
            with work_on(self.registry, id_) as work:
                course.receipt(work, receipt)

    def settled(self, step: Callable[[], object]) -> float:
        """Seconds of a step and of carrying it to the chain."""
        return seconds(step) + seconds(lambda: settle(self.registry))

    # What stands beside it.

    def calls(self) -> int:
        """How many calls the chain was ever asked for."""
        with self.registry.store.reading() as session:
            return session.exec(select(func.count()).select_from(ChainCall)).one()

    def transfers(self, count: int) -> None:
        """Transfers through the embedded chain, as many in a block as the outbox sends together."""
        transfer(self._sender, count, TOGETHER)


def _in_batches(bench: _Bench, batches: Sequence[Sequence[bytes]]) -> list[Figure]:
    """All of a batch is filed and settled, then frozen and settled, then confirmed and settled."""
    taken = floor = 0.0
    calls = bench.calls()
    for subjects in batches:
        before, ids = bench.calls(), list[bytes]()
        claims = bench.claims(subjects)
        taken += bench.settled(lambda: ids.extend(bench.file(subjects, claims)))  # noqa: B023
        taken += bench.settled(lambda: bench.freeze(ids))  # noqa: B023
        receipts = bench.receipts(ids)
        taken += bench.settled(lambda: bench.confirm(receipts))  # noqa: B023
        made = bench.calls() - before
        floor += seconds(lambda: bench.transfers(made))  # noqa: B023
    count = sum(map(len, batches))
    each = (bench.calls() - calls) / count
    beside = f"{each:.1f} transfers each through the embedded chain, {TOGETHER} at once"
    name = f"completed a second, from filing to the chain, in batches of {BATCH}"
    rate = count / taken
    return [Figure(_PART, name, rate, "1/s", beside, count / floor, floor / taken, **at_least(GOAL, rate))]


def _alone(bench: _Bench, subjects: Sequence[bytes]) -> list[Figure]:
    """Every step of one withdrawal is on the chain before the next; the log's head goes there with each."""
    filing, whole = Times(), Times()
    for subject in subjects:
        claims, ids, before = bench.claims([subject]), list[bytes](), bench.calls()
        filing.ours.append(bench.settled(lambda: ids.extend(bench.file([subject], claims))))  # noqa: B023
        filing.floor.append(_one_by_one(bench, bench.calls() - before))
        taken = bench.settled(lambda: bench.freeze(ids))  # noqa: B023
        for receipt in bench.receipts(ids):
            taken += bench.settled(lambda: bench.confirm([receipt]))  # noqa: B023
        whole.ours.append(filing.ours[-1] + taken)
        whole.floor.append(_one_by_one(bench, bench.calls() - before))
    beside = "as many blocks of the embedded chain with one transfer"
    return [
        *filing.figures(_PART, "filing until on the chain, one at a time", beside),
        *whole.figures(_PART, "the whole course, each of its four steps on the chain", beside),
    ]


def _one_by_one(bench: _Bench, count: int) -> float:
    return sum(seconds(lambda: bench.transfers(1)) for _ in range(count))


def _check(registry: Registry, expected: int) -> None:
    with registry.store.reading() as session:
        query = select(func.count()).select_from(Withdrawal)
        completed = session.exec(query.where(col(Withdrawal.state) == State.COMPLETED.value)).one()
    if completed != expected:
        raise SystemExit(f"bench: of {expected} withdrawals {completed} are completed")

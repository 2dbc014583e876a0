"""A receipt made from the store proves each access line of its consent, offline (S13.8)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.ledger.consent_world import HOSPITAL, KEYS, LAB, ConsentWorld
from tests.ledger.world import OFFICER, World, actor_of
from yinzheng.ledger.accesses import batching
from yinzheng.ledger.accesses.noting import Access, note
from yinzheng.ledger.accesses.reader import Reader
from yinzheng.ledger.consents.receipts import Receipt, make_receipt
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.state.policy import trust_policy
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.containers.target import read_target
from yinzheng.verifier.judge.receipt.report import ReceiptReport
from yinzheng.verifier.judge.receipt.verify import verify_receipt
from yinzheng.verifier.judge.trust import parse_trust


@dataclass
class Read:
    """Two patients' consents, whose lines alternate, in three batches."""

    registry: Registry
    mine: bytes
    other: bytes
    since: int

    def receipt(self) -> Receipt:
        return make_receipt(self.registry, self.mine)

    def verify(self, file: bytes) -> ReceiptReport:
        trust = parse_trust(canonical.dumps(trust_policy(self.registry.instance)))
        return verify_receipt(read_target(file), trust, now=self.registry.clock())


@pytest.fixture(scope="module")
def made(told_template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Read]:
    world = told_template.copy(tmp_path_factory.mktemp("proving") / "state")
    with world.open() as registry:
        clinic = ConsentWorld.__new__(ConsentWorld)
        clinic.__dict__.update(_known(registry))
        mine, other = clinic.grant(1).subject, clinic.grant(2).subject
        since = registry.clock()
        for turn in range(3):
            for reader, access in (
                (_officer(registry), Access("export", "receipt", mine.hex(), "handover", consent=mine)),
                (_officer(registry), Access("export", "receipt", other.hex(), "handover", consent=other)),
                (_of(HOSPITAL), _use(mine, "base")),
                (_of(LAB), _use(mine, "base")),
            ):
                with registry.store.transaction() as session:
                    note(registry, session, reader, access)
                world.clock.advance(1)
            if turn < 2:
                batching.commit(registry, everything=True)
        batching.commit(registry, everything=True)
        settle(registry)
        yield Read(registry, mine, other, since)


def _known(registry: Registry) -> dict[str, object]:
    from tests.ledger.consent_world import digest_of, notice_body
    from yinzheng.ledger.consents.notices import publish_notice

    body = notice_body(registry)
    notice = publish_notice(registry, body, HOSPITAL)
    settle(registry)
    return {"registry": registry, "notice_body": body, "notice": notice, "digest": digest_of(body)}


def _officer(registry: Registry) -> Reader:
    return Reader.of_actor(registry, actor_of(registry, OFFICER))


def _of(code: str) -> Reader:
    return Reader.of_organisation(code, KEYS[code].public_key.point[:8], "controller")


def _use(consent: bytes, scope: str) -> Access:
    return Access("use", "data", "d", "work", consent=consent, basis="consent", scope=scope, covered=True)


def test_a_patient_proves_each_line_from_the_receipt_file_alone(made: Read) -> None:
    report = made.verify(made.receipt().file)
    assert report.authentic == "genuine", [one for one in report.findings if one.code != "ok"]
    assert [one.proved.line.number for one in report.accesses] == [1, 3, 4, 5, 7, 8, 9, 11, 12]
    assert report.lines is not None
    assert (report.lines.count, report.lines.last) == (9, 12)
    assert {one.organisation for one in report.accesses} == {
        "测试登记中心（虚构）",
        "某市人民医院",
        "某研究院",
    }
    assert [one.proved.line.number for one in report.accesses if one.outside] == [4, 8, 12]
    assert OFFICER.encode() not in made.receipt().file


def test_a_line_of_the_other_patient_put_in_is_refused(made: Read) -> None:
    file, other = json.loads(made.receipt().file), json.loads(make_receipt(made.registry, made.other).file)
    file["accesses"]["lines"][0] = other["accesses"]["lines"][0]
    report = made.verify(json.dumps(file).encode())
    assert (report.finding(4).code, report.authentic) == ("access-line", "forged")
    assert "2 (access-foreign)" in report.finding(4).message

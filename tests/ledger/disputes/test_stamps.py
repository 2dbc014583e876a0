"""A pack carries time stamps over other heads of the log than its own, with what links the two (S14.3)."""

from __future__ import annotations

import io
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.authority import Authority
from tests.ledger.disputes.court import Court, sha256
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.flow.timestamps import stamp_checkpoint
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.state.policy import trust_policy
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.judge.pack.report import Answer, PackReport
from yinzheng.verifier.judge.pack.verify import verify_pack
from yinzheng.verifier.judge.report import Outcome
from yinzheng.verifier.judge.trust import parse_trust

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the command openssl")


def stamped(court: Court, authority: Authority) -> int:
    """Size of the newest head, which is stamped."""
    size, _ = stamp_checkpoint(
        court.registry, "https://tsa.example/", post=lambda _, request: authority.reply(request)
    )
    return size


def judged(court: Court, path: Path, authority: Authority) -> PackReport:
    policy = parse_trust(canonical.dumps(trust_policy(court.registry.instance)))
    trust = replace(policy, time_authorities=authority.pinned())
    return verify_pack(io.BytesIO(path.read_bytes()), trust, now=court.now)


def test_each_statement_has_the_first_stamp_that_covers_it(court: Court, tmp_path: Path) -> None:
    authority = Authority(tmp_path / "authority")
    stamped(court, authority)  # before the dispute: covers nothing of it but the deposits it is about
    id_ = court.open()
    first = stamped(court, authority)
    court.clinic.grant()
    settle(court.registry)
    stamped(court, authority)  # the first covers all that this one does
    court.add(id_, court.offer(b"more"), by=Capacity.PARTY)
    bare = judged(court, court.pack(id_, name="bare"), authority)
    assert [stamp.size for stamp in bare.timestamps] == [first]
    assert [limit.code for limit in bare.limits if "timestamp" in limit.code] == ["timestamp-earlier"]
    court.clinic.grant()
    settle(court.registry)
    last = stamped(court, authority)  # a larger head than the pack's own
    path = court.pack(id_, name="a")
    report = judged(court, path, authority)
    assert report.verdict is Answer.CONSISTENT, report.faults()
    assert sorted(stamp.size or 0 for stamp in report.timestamps) == sorted([first, last])
    assert {stamp.finding.outcome for stamp in report.timestamps} == {Outcome.VALID}
    assert max(stamp.covered for stamp in report.timestamps) == len(report.items) + len(report.statements)
    court.clinic.grant()
    settle(court.registry)
    stamped(court, authority)
    assert sha256(court.pack(id_, name="b")) == sha256(path)

"""A history's lines against the chain: who is said to have begun or ended a dispute is who did (S23.3)."""

from __future__ import annotations

from typing import Any, cast

import pytest

from tests.verifier.world import World
from yinzheng.verifier.chain.layout import decode_record
from yinzheng.verifier.chain.layout_disputes import BY_FORUM, BY_PARTY, ChainDispute
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.right_history import RightHistory, Told
from yinzheng.verifier.judge.history.chain import ChainWords, Listed
from yinzheng.verifier.judge.history.threads import Threads
from yinzheng.verifier.log.statement import Statement, certificate_subject, commit_public

DISPUTE, FORUM = b"\x07" * 32, b"\x09" * 20


def said(kind: str, by: str) -> Told:
    statement = Statement(
        type=kind,
        profile="GD-HEALTH/1",
        subject=DISPUTE,
        at=1000,
        commitment=commit_public(b"{}"),
        prev=b"\x01" * 32,
        by=by,
    )
    return Told(statement, None, 0, ())


@pytest.mark.parametrize("kind", ["dispute.opened", "dispute.released"])
@pytest.mark.parametrize("by", ["forum", "party"])
@pytest.mark.parametrize("forum", [True, False])
def test_what_parties_did_is_not_told_as_a_courts(kind: str, by: str, forum: bool) -> None:
    world, told = World(), said(kind, by)
    subject = certificate_subject(world.body.number)
    record = decode_record(world.state_record.words())
    assert record is not None
    leaf, opened = told.statement.leaf_hash, kind == "dispute.opened"
    dispute = ChainDispute(
        state=2,
        kind=BY_FORUM if forum and opened else BY_PARTY,
        parties=2,
        subjects=1,
        roots=0,
        opened_at=900,
        released_at=1000,
        changed_at=1000,
        statement=leaf if opened else b"\x02" * 32,
        root=None,
        outcome=b"\x02" * 32 if opened else leaf,
        opened_by=FORUM,
        released_by=FORUM if forum and not opened else None,
    )

    class Chain:
        def listed(self, _: bytes) -> Listed:
            return Listed(0, ())

        def dispute(self, _: bytes) -> tuple[ChainDispute, tuple[bytes, ...]]:
            return dispute, (subject,)

        def marks(self, _: bytes) -> dict[str, Any]:
            return {}

    certificate = cast("Any", type("Registered", (), {"record": world.body, "qr": world.qr})())
    history = RightHistory(world.body.number, (certificate,), (told,), "", cast("Any", None))
    threads = Threads(history, cast("ChainWords", Chain()), {subject: record})
    if (by == "forum") == forum:
        threads.check()
        assert threads.on_chain_at(told) == (900 if opened else 1000)
        return
    with pytest.raises(DataFault) as caught:
        threads.check()
    assert caught.value.code == "history-differs"

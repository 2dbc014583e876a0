"""A policy that follows a network whose validators changed, and statements that it must not follow (S8.2)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.verifier.following_world import COURT, FIRST, NEW, NOTARY, SECOND, Json, policy, statement
from tests.verifier.world import REGISTERED
from yinzheng.verifier.bytes.sm2 import Sm2PrivateKey
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.judge.following import follow
from yinzheng.verifier.judge.trust import parse_trust


def followed(given: Json, said: Json) -> Any:
    return follow(json.dumps(given).encode(), json.dumps(said).encode())


def test_a_policy_knows_both_sets_each_for_its_blocks() -> None:
    found = followed(policy(insisted=[COURT]), statement())
    trust = parse_trust(json.dumps(found.policy).encode())
    assert [(one.first, one.last) for one in trust.validators] == [(0, 499), (500, None)]
    assert trust.validators_at(499) == {bytes.fromhex(FIRST), bytes.fromhex(SECOND)}
    assert trust.validators_at(500) == {bytes.fromhex(FIRST), bytes.fromhex(NEW)}
    assert (found.came, found.went) == ((bytes.fromhex(NEW),), (bytes.fromhex(SECOND),))
    assert [found.owners[one] for one in (*found.came, *found.went)] == ["交易所", "公证处"]
    assert trust.insisted == {COURT}
    # The next one follows on that.
    again = followed(found.policy, statement(**{"from": 501}))
    assert [one["to"] for one in again.policy["chain"]["validators"]] == [499, 500, None]


def test_a_policy_without_validators_and_one_that_ends() -> None:
    bare = policy()
    bare["chain"]["validators"] = []
    assert followed(bare, statement()).came == tuple(sorted(map(bytes.fromhex, (FIRST, NEW))))
    ended = policy()
    ended["chain"]["validators"][0]["to"] = 480
    assert [one["to"] for one in followed(ended, statement()).policy["chain"]["validators"]] == [480, None]


STRANGER = Sm2PrivateKey(0xABCDEF)


@pytest.mark.parametrize(
    ("given", "said", "code"),
    [
        (policy, lambda: statement(STRANGER), "change-signature"),
        (policy, lambda: {**statement(), "from": 600}, "change-signature"),
        (policy, lambda: {**statement(), "stated_at": REGISTERED + 1}, "change-signature"),
        (policy, lambda: statement(stated_at=1), "change-unentitled"),
        (policy, lambda: statement(genesis="ab" * 32), "change-chain"),
        (policy, lambda: statement(consensus="qbft"), "change-chain"),
        (lambda: followed(policy(), statement()).policy, lambda: statement(), "change-order"),
        (lambda: policy(insisted=[NOTARY]), lambda: statement(), "change-insisted"),
        (policy, lambda: statement(addresses=[NEW, NEW]), "change-malformed"),
        (policy, lambda: statement(addresses=[]), "change-malformed"),
        (policy, lambda: {**statement(), "more": 1}, "change-malformed"),
        (policy, dict, "change-malformed"),
        (dict, lambda: statement(), "trust-malformed"),
    ],
)
def test_what_is_not_followed(given: Callable[[], Json], said: Callable[[], Json], code: str) -> None:
    with pytest.raises(DataFault) as fault:
        followed(given(), said())
    assert fault.value.code == code

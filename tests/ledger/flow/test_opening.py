"""Opening once more, in the same process, what was found in order before."""

from __future__ import annotations

from dataclasses import replace
from unittest.mock import patch

import pytest

from tests.ledger.world import KEEPER, World, actor_of
from yinzheng.contracts import artifact
from yinzheng.ledger import opening
from yinzheng.ledger.chain import connect, placing
from yinzheng.ledger.chain.contracts import MOVES
from yinzheng.ledger.chain.sender import Sender
from yinzheng.ledger.state.instance import Paths
from yinzheng.verifier.errors import DataFault


def test_contracts_are_asked_once_until_something_differs(world: World) -> None:
    with world.open():
        pass
    with patch.object(connect, "_check", side_effect=AssertionError("asked again")), world.open() as registry:
        for changed in (
            replace(registry.instance.deployment, anchor_code_hash=bytes(32)),
            replace(registry.instance.deployment, rights=registry.instance.deployment.anchor),
        ):
            other = replace(registry.instance, deployment=changed)
            with (
                pytest.raises(AssertionError, match="asked again"),
                connect.open_chain(Paths(world.root), other, None, clock=world.clock),
            ):
                pass


def test_a_role_taken_away_between_two_openings_is_found_out(world: World) -> None:
    with world.open() as registry:
        admin = Sender(registry.w3, actor_of(registry, KEEPER).key.account(), lambda _: None)
        admin.send(registry.client.revoke_role(MOVES, registry.instance.modules.preservation), 60)
    with pytest.raises(DataFault) as caught, world.open():
        pass
    assert caught.value.code == "modules-roles"


def test_what_another_version_put_on_the_chain_is_told_before_anything_is_touched(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tables were brought up to date first, and the version that it belongs to refused them, too."""
    ours = artifact("RightsRegistry")
    monkeypatch.setattr(placing, "artifact", lambda _: replace(ours, deployed_bytecode=b"later"))
    monkeypatch.setattr(connect, "_RECOGNISED", set())
    with (
        patch.object(opening, "open_store", side_effect=AssertionError("touched")),
        pytest.raises(DataFault) as caught,
        world.open(),
    ):
        pass
    assert caught.value.code == "contracts-version"

"""What is prepared otherwise than was asked for, a holder's own program does not sign (D16, S16.9)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.ledger.moves.parties import Parties, parties_of
from tests.ledger.moves.test_successors import change
from tests.ledger.world import World
from yinzheng.ledger.cases.prepared import PreparedFile, Stated, message_of, require_shown, stated
from yinzheng.ledger.chain.approvals import plain, typed_data
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.move_request import JointRequest

LIES: list[tuple[dict[str, Any], list[str]]] = [
    ({"limits": "另有限制"}, ["limits"]),
    ({"scale": "一条"}, ["scale"]),
    ({"source": "derived"}, ["source"]),
    ({"valid_until": 1_900_000_001}, ["valid_until"]),
]


def retold(shown: PreparedFile, parties: Parties, lie: dict[str, Any]) -> PreparedFile:
    """As a registry would that has something else signed: every statement and the message follow from it."""
    made: list[Stated] = []
    for at, one in enumerate(shown.stated[:-1]):
        prev = {} if at == 0 else {"prev": made[-1].statement.leaf_hash.hex()}
        made.append(stated("certificate.deposited", {**one.body.to_json(), **lie, **prev}))
    named = [{"number": one.body.number, "leaf": one.statement.leaf_hash.hex()} for one in made]
    decision = shown.stated[-1]
    said = {**decision.body.to_json(), "successor": named[0], "prev": named[-1]["leaf"]}
    if len(named) > 1:
        said["remainder"] = named[1]
    made.append(stated(decision.statement.type, said))
    case = bytes.fromhex(shown.message["message"]["caseId"][2:])
    message: Any = plain(typed_data(message_of(made, case), parties.registry.client.moves_domain))
    return PreparedFile(shown.case, tuple(made), message, shown.before)


def refused(shown: PreparedFile, parties: Parties, request: JointRequest) -> list[str]:
    with pytest.raises(DataFault) as caught:
        require_shown(shown, parties.registry.client.moves_domain, request.request)
    assert caught.value.code == "approval-request"
    found: list[str] = caught.value.data["differs"]
    return found


def test_what_nobody_asked_for_is_not_signed(world: World) -> None:
    with world.open() as registry:
        parties = parties_of(world, registry)
        changed, moved = change(parties, asset="更正后的名称"), parties.transfer("use")
        cases = [parties.reviewed(changed), parties.reviewed(moved)]
        parties.publish(cases[0])
        for case, request in zip(cases, (changed, moved), strict=True):
            shown = parties.prepare(case)
            require_shown(shown, registry.client.moves_domain, request.request)
            for lie, differs in LIES:
                assert refused(retold(shown, parties, lie), parties, request) == differs
            # Without the certificate before, or with another one, nothing can be compared.
            assert "certificate" in refused(replace(shown, before=None), parties, request)
            assert "certificate" in refused(replace(shown, before=shown.stated[0]), parties, request)
        # A decision of another type than was asked for.
        assert refused(shown, parties, changed) == ["type"]
        renewed = parties.of_holders("renewal", {"years": 2, "summary": "续期"})
        assert refused(parties.prepared(cases[0]), parties, renewed) == ["type"]

"""An objection bars every move until it is concluded, also one that the chain has not heard of (R25, R38)."""

from __future__ import annotations

import pytest

from tests.ledger.certificates.test_objecting import protest
from tests.ledger.moves.parties import FIRM, HOSPITAL, Parties, parties_of
from tests.ledger.moves.test_successors import change
from tests.ledger.moves.test_transfers import refused
from tests.ledger.world import OFFICER, World, actor_of, state_of
from yinzheng.ledger.cases import issuing
from yinzheng.ledger.certificates import objecting
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.log.statement import certificate_subject


def objected(parties: Parties) -> str:
    return objecting.object_to_certificate(parties.registry, parties.number, protest()).name


def concluded(parties: Parties, name: str) -> None:
    registry, officer = parties.registry, actor_of(parties.registry, OFFICER)
    objecting.tell(registry, parties.number, name, officer, "电话告知")
    objecting.conclude(registry, parties.number, name, officer, upheld=False, reasons="异议不成立")
    settle(registry)


def test_nothing_moves_while_an_objection_is_open(world: World) -> None:
    with world.open() as registry:
        parties = parties_of(world, registry)
        request = parties.transfer("use")
        case = parties.reviewed(request)
        parties.prepare(case)
        parties.sign(case, FIRM, request)
        name = objected(parties)
        settle(registry)
        gone = {"ground": "data_gone", "summary": "数据已灭失"}
        for asked in (
            parties.licence(),
            parties.transfer("hold"),
            change(parties, asset="更名"),
            parties.of_holders("cancellation", gone),
        ):
            with pytest.raises(UsageFault) as caught:
                parties.receive(asked)
            assert (caught.value.code, caught.value.data["bars"]) == ("move-barred", ["objected"])
        assert refused(parties, lambda: parties.sign(case, HOSPITAL, request)) == "move-barred"
        officer = actor_of(registry, OFFICER)
        assert refused(parties, lambda: issuing.issue(registry, case, officer)) == "move-barred"
        concluded(parties, name)
        parties.sign(case, HOSPITAL, request)  # what was prepared and signed before is what it was
        settle(registry)
        assert state_of(registry, case) == "deposited"
    assert world.audit() == []


def test_one_that_the_chain_has_not_heard_of_bars_it_there(world: World) -> None:
    """Recorded between the last two signatures: the contracts are told of it first, and refuse the move."""
    with world.open() as registry:
        parties = parties_of(world, registry)
        request = parties.transfer("use")
        case = parties.reviewed(request)
        parties.prepare(case)
        parties.sign(case, FIRM, request)
        name = objected(parties)
        code = _last(parties, case, request)
        assert code in ("move-barred", "deposit-refused")
        settle(registry)
        record = registry.client.record(certificate_subject(parties.number))
        assert record is not None
        assert (record.status.name, record.objections) == ("IN_FORCE", 1)
        assert state_of(registry, case) != "deposited"
        concluded(parties, name)
        parties.prepare(case)
        for one in (FIRM, HOSPITAL):
            parties.sign(case, one, request)
        settle(registry)
        assert state_of(registry, case) == "deposited"
    assert world.audit() == []


def _last(parties: Parties, case: str, request: object) -> str:
    try:
        parties.sign(case, HOSPITAL, request)  # type: ignore[arg-type]
        settle(parties.registry)
    except UsageFault as fault:
        return fault.code
    return ""

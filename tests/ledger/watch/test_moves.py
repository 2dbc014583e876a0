"""A right's moves appear among its events by themselves, and are proved as everything else."""

from __future__ import annotations

from tests.ledger.moves.conftest import parties_template, world
from tests.ledger.moves.parties import FIRM, HOSPITAL, parties_of
from tests.ledger.moves.test_licences import licence_number
from tests.ledger.watch.test_derived import types
from tests.ledger.world import World
from yinzheng.ledger.state.policy import trust_policy
from yinzheng.ledger.watch.events import ALWAYS
from yinzheng.ledger.watch.exporting import Source, about, export
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.judge.events.verify import EventsJudge
from yinzheng.verifier.judge.trust import parse_trust
from yinzheng.verifier.log.statement import certificate_subject

__all__ = ["parties_template", "world"]


def test_a_licence_its_end_and_a_transfer(world: World) -> None:
    with world.open() as registry:
        parties = parties_of(world, registry)
        case = parties.done(parties.licence())
        number = licence_number(parties, case)
        roles = ((HOSPITAL, "licensor"), (FIRM, "licensee"))
        terms = {"licence": number, "reasons": "协商一致"}
        parties.done(parties.signed(parties.request("licence_end", terms, roles)))
        assert types(registry.store, parties.number) == [
            "certificate.deposited", "licence.given", "licence.ended",
        ]  # fmt: skip
        parties.done(parties.transfer("use"))
        moved = types(registry.store, parties.number)[3:]
        assert "right.transferred" in moved
        assert "certificate.deposited" in moved  # of what follows it
        lines = export(Source.of(registry), about([certificate_subject(parties.number)]), ALWAYS)
        judge = EventsJudge(parse_trust(canonical.dumps(trust_policy(registry.instance))))
        reports = list(judge.judge(line.rstrip(b"\n") for line in lines))
        assert judge.whole().exit_code == 0
    claimed = [one.event.statement.type for one in reports if one.event and one.claimed]
    assert claimed == ["licence.ended"]

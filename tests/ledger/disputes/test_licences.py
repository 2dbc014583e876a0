"""A certificate's licences in a pack: what gave and ended each is proved by the chain's licence (R4, R5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.ledger.disputes.court import COURT, FORUM, Court, address
from tests.ledger.moves.conftest import parties_template, world
from tests.ledger.moves.parties import FIRM, HOSPITAL, INSTITUTE, Parties, parties_of
from tests.ledger.moves.test_licences import licence_number
from tests.ledger.organisations.enrolling import Member
from tests.ledger.scanning import searched
from tests.ledger.world import KEEPER, OFFICER, World, actor_of
from yinzheng.ledger.disputes.plans import Concerned
from yinzheng.ledger.disputes.preserving import Wanted, preserve
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.organisations import enrolment
from yinzheng.verifier.judge.pack.report import Answer
from yinzheng.verifier.log.statement import licence_subject

__all__ = ["parties_template", "world"]


@dataclass
class Bench(Court):
    """A court, and the parties of a right."""

    parties: Parties = None  # type: ignore[assignment]

    def concerned(self) -> Concerned:
        return Concerned((self.parties.number,), (), ())


def test_what_ended_a_licence_is_proved(world: World) -> None:
    none: Any = None
    with world.open() as registry:
        parties = parties_of(world, registry)
        court = Bench(world, registry, none, parties=parties)
        member = Member(COURT, ("forum",), "某市中级人民法院（虚构）", address(FORUM))
        officer, keeper = actor_of(registry, OFFICER), actor_of(registry, KEEPER)
        enrolment.enrol(registry, member.enrolment(registry.clock()), officer, administrator=keeper)
        settle(registry)
        ended = licence_number(parties, parties.done(parties.licence()))
        stands = licence_number(parties, parties.done(parties.licence(licensee=INSTITUTE)))
        terms = {"licence": ended, "reasons": "双方协商"}
        asked = parties.request("licence_end", terms, ((HOSPITAL, "licensor"), (FIRM, "licensee")))
        parties.done(parties.signed(asked))
        dispute = court.open("forum")
        for wanted in (
            Wanted(certificates=(parties.number,)),
            Wanted(as_of=((licence_subject(ended), registry.clock()),)),
        ):
            with searched(registry, "event"):
                preserve(registry, dispute, wanted, officer)
        settle(registry)
        report = court.judge(court.pack(dispute).read_bytes())
    assert report.verdict is Answer.CONSISTENT
    found = {
        (one.packed.statement.type, one.packed.statement.subject): [
            (finding.number, finding.code) for finding in one.findings
        ]
        for one in report.statements
        if one.packed.statement.type.startswith("licence.")
    }
    proved = [(number, "ok") for number in (4, 5, 6, 7, 9)]
    assert found == {
        ("licence.given", licence_subject(ended)): proved,
        ("licence.ended", licence_subject(ended)): proved,
        ("licence.given", licence_subject(stands)): proved,
    }

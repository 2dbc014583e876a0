"""A licence ended by a forum's document, on the forum's signature alone (R5, R7, ADR 47)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.ledger.moves.parties import FIRM, HOSPITAL, INSTITUTE, Parties, parties_of
from tests.ledger.moves.test_licences import licence_number, voucher
from tests.ledger.moves.test_transfers import refused
from tests.ledger.organisations.enrolling import Member
from tests.ledger.world import KEEPER, OFFICER, World, actor_of, state_of
from yinzheng.ledger.chain.records_moves import LicenceState
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.keys.provider import EthereumKey
from yinzheng.ledger.organisations import enrolment
from yinzheng.verifier.formats.move_request import JointRequest
from yinzheng.verifier.log.statement import licence_subject

COURT = "11440100MB2DEMC01T"


def appointed(parties: Parties) -> None:
    """A court, enrolled as a forum with an account of its own."""
    registry, wallet = parties.registry, EthereumKey.generate()
    court = Member(COURT, ("forum",), "某市中级人民法院（虚构）", wallet.address, wallet=wallet)
    officer, keeper = actor_of(registry, OFFICER), actor_of(registry, KEEPER)
    enrolment.enrol(registry, court.enrolment(registry.clock()), officer, administrator=keeper)
    settle(registry)
    parties.members[COURT] = court


def ending(parties: Parties, licence: str, *roles: tuple[str, str]) -> JointRequest:
    terms = {"licence": licence, "reasons": "(2026)粤01民终7号判决：许可合同无效"}
    return parties.signed(parties.request("licence_end", terms, roles or ((COURT, "forum"),)))


def test_a_forum_ends_a_licence_alone(world: World, tmp_path: Path) -> None:
    with world.open() as registry:
        parties = parties_of(world, registry)
        appointed(parties)
        licence = licence_number(parties, parties.done(parties.licence(exclusive=True)))
        assert voucher(world, licence, tmp_path / "given") == ("in_force", 0, None)
        request = ending(parties, licence)
        case = parties.reviewed(request)
        shown = parties.prepare(case)
        assert [one.statement.type for one in shown.stated] == ["licence.ended"]
        # Neither of the two parties may sign in its place, nor both.
        for code in (HOSPITAL, FIRM):
            assert refused(parties, lambda code=code: parties.sign(case, code, request)) == (  # type: ignore[misc]
                "approval-stranger"
            )
        assert parties.sign(case, COURT, request).missing == ()
        settle(registry)
        assert state_of(registry, case) == "recorded"
        given = registry.client.licence(licence_subject(licence))
        assert given is not None
        assert given.state is LicenceState.ENDED
        assert voucher(world, licence, tmp_path / "ended") == ("ended", 1, "document")
        # It is over for good, and nothing of it stands in the way of another.
        assert refused(parties, lambda: parties.receive(ending(parties, licence))) == "licence-over"
        parties.done(parties.licence(licensee=INSTITUTE, exclusive=True))
    assert world.audit() == []


def test_who_is_no_forum_ends_nothing(world: World) -> None:
    with world.open() as registry:
        parties = parties_of(world, registry)
        licence = licence_number(parties, parties.done(parties.licence()))

        def code(request: JointRequest) -> str:
            return refused(parties, lambda: parties.receive(request))

        assert code(ending(parties, licence, (INSTITUTE, "forum"))) == "organisation-role"
        others = ((HOSPITAL, "licensor"), (INSTITUTE, "licensee"))
        assert code(ending(parties, licence, *others)) == "request-holders"
        appointed(parties)
        enrolment.dismiss(registry, COURT, actor_of(registry, KEEPER))
        assert code(ending(parties, licence)) == "forum-not-appointed"  # and not after review
        settle(registry)
        officer, keeper = actor_of(registry, OFFICER), actor_of(registry, KEEPER)
        enrolment.appoint(registry, COURT, officer, administrator=keeper)
        assert code(ending(parties, licence)) == "forum-not-appointed"  # it is on its way to the chain
        settle(registry)
        foreign = ending(parties, licence)
        stolen = replace(foreign, signatures=parties.signed(parties.licence(), HOSPITAL).signatures)
        assert code(stolen) == "joint-stranger"
        assert code(ending(parties, "L-2026-009999")) == "licence-unknown"
    assert world.audit() == []


@pytest.mark.parametrize("sold", [False, True])
def test_a_licence_under_what_was_sold_ends_as_well(world: World, tmp_path: Path, sold: bool) -> None:
    """Its certificate is superseded by then: the licence is named under the one it was given under."""
    with world.open() as registry:
        parties = parties_of(world, registry)
        appointed(parties)
        licence = licence_number(parties, parties.done(parties.licence(licensee=INSTITUTE)))
        if sold:
            parties.done(parties.transfer("hold", "use", "operate"))
        request = ending(parties, licence)
        case = parties.reviewed(request)
        parties.prepare(case)
        parties.sign(case, COURT, request)
        settle(registry)
    assert voucher(world, licence, tmp_path / "ended") == ("ended", 1, "document")
    assert world.audit() == []

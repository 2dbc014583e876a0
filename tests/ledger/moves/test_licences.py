"""A licence from the joint request to the chain, and its end (R4, R5, D16)."""

from __future__ import annotations

from pathlib import Path

from tests.ledger.moves.parties import FIRM, HOSPITAL, Parties, settled
from tests.ledger.world import World, state_of
from yinzheng.ledger.chain.records_moves import LicenceState
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.store.models_moves import Licence
from yinzheng.verifier.log.statement import certificate_subject, licence_subject


def licence_number(parties: Parties, case: str) -> str:
    from sqlmodel import select

    with parties.registry.store.reading() as session:
        return session.exec(select(Licence.number).where(Licence.case_id == case)).one()


def test_a_licence_is_given_and_ended_by_both(world: World, tmp_path: Path) -> None:
    with world.open() as registry:
        parties = settled(world, registry, tmp_path / "d")
        request = parties.licence()
        case = parties.reviewed(request)
        shown = parties.prepare(case)
        assert [one.statement.type for one in shown.stated] == ["licence.given"]
        assert parties.sign(case, FIRM, request).missing == (f"holder {HOSPITAL}",)
        assert parties.sign(case, HOSPITAL, request).missing == ()
        settle(registry)
        number = licence_number(parties, case)
        assert state_of(registry, case) == "recorded"
        given = registry.client.licence(licence_subject(number))
        assert given is not None
        assert given.statement == shown.stated[0].statement.leaf_hash
        assert (given.state, given.certificate) == (LicenceState.GIVEN, certificate_subject(parties.number))
        assert registry.client.record(given.certificate).status.name == "IN_FORCE"  # type: ignore[union-attr]

        roles = ((HOSPITAL, "licensor"), (FIRM, "licensee"))
        end = parties.signed(
            parties.request("licence_end", {"licence": number, "reasons": "协商一致"}, roles)
        )
        assert state_of(registry, parties.done(end)) == "recorded"
        given = registry.client.licence(licence_subject(number))
        assert given is not None
        assert given.state is LicenceState.ENDED
    assert world.audit() == []

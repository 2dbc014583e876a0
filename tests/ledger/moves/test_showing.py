"""What whoever is not concerned learns of a case: one answer, in the same words (S15.9)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.ledger.moves.parties import FIRM, HOSPITAL, INSTITUTE, parties_of
from tests.ledger.organisations.enrolling import Member
from tests.ledger.world import World
from yinzheng.api.org.asking import compare
from yinzheng.api.org.member import OwnKey, Profile
from yinzheng.ledger.cases.showing import shown_move
from yinzheng.ledger.state.policy import trust_policy
from yinzheng.ledger.store.models import Case, Dossier
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.errors import YinzhengError
from yinzheng.verifier.formats.move_request import JointRequest
from yinzheng.verifier.judge.trust import parse_trust


def test_strangers_are_told_one_thing_of_every_case(world: World) -> None:
    with world.open() as registry:
        parties = parties_of(world, registry)
        case = parties.receive(parties.transfer("use"))
        with registry.store.reading() as session:
            first = session.get_one(Case, case).id.replace("000002", "000001")
            assert session.get_one(Case, first).type == "first"

        def told(reference: str, code: str) -> tuple[str, str, str]:
            with pytest.raises(YinzhengError) as caught:
                shown_move(registry, reference, code)
            return caught.value.code, caught.value.message, caught.value.hint

        before = {told(one, INSTITUTE) for one in (case, first, "A-2026-999999")}
        assert {code for code, _, _ in before} == {"case-unknown"}
        assert shown_move(registry, case, FIRM).case == case
        with registry.store.transaction() as session:
            for reference in (case, first):
                dossier = session.get_one(Dossier, session.get_one(Case, reference).dossier_id)
                dossier.wrapped_key = None
        after = {told(one, code) for one in (case, first) for code in (INSTITUTE, HOSPITAL)}
        assert before == after
        assert len(before) == 1


def test_what_is_prepared_is_compared_with_what_we_signed_ourselves(world: World) -> None:
    """As an organisation's own pages do before they say that it may be signed (ADR 54)."""
    with world.open() as registry:
        parties = parties_of(world, registry)
        request = parties.licence()
        case = parties.reviewed(request)
        assert shown_move(registry, case, FIRM).asked == request
        parties.prepare(case)
        shown = shown_move(registry, case, FIRM)
        policy = parse_trust(dumps(trust_policy(registry.instance)))
        assert shown.prepared is not None
        assert shown.asked == request

        def told(joint: JointRequest, who: Member) -> str:
            keys = (OwnKey("sm2-1", who.kid, 0, 1),)
            profile = Profile(FIRM, who.name, ("holder",), None, bytes(32), keys)
            assert shown.prepared is not None
            try:
                compare(shown.prepared.to_json(), joint, profile, policy)
            except YinzhengError as fault:
                return fault.code
            return "same"

        firm = parties.members[FIRM]
        assert told(request, firm) == "same"
        assert told(parties.licence(purposes="别的研究"), firm) == "approval-request"
        assert told(request, parties.members[HOSPITAL]) == "request-not-ours"
        assert told(replace(request, signatures=request.signatures[:1]), firm) == "joint-unsigned"
        forged = replace(request, request=parties.licence(purposes="别的研究").request)
        assert told(forged, firm) == "joint-signature"

"""What bars a move: seizure, a lost key or account, a decision that came by somebody else (R16, R41, D16)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlmodel import select

from tests.ledger.moves.parties import FIRM, HOSPITAL, INSTITUTE, parties_of
from tests.ledger.moves.test_transfers import refused
from tests.ledger.world import OFFICER, World, actor_of, state_of
from yinzheng.ledger.cases import issuing
from yinzheng.ledger.certificates import remarks
from yinzheng.ledger.certificates.remarks import Grounds
from yinzheng.ledger.chain.sender import Call
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.organisations import enrolment
from yinzheng.ledger.rules.terms import RemarkKind
from yinzheng.ledger.store.models import ChainCall
from yinzheng.verifier.bytes.algorithms import digest_pair
from yinzheng.verifier.formats.move_request import Authorisation, SignedAuthorisation
from yinzheng.verifier.formats.organisation import AccountRevocation


def test_a_seizure_stops_whatever_is_under_way(world: World) -> None:
    with world.open() as registry:
        parties = parties_of(world, registry)
        request = parties.transfer("use")
        case = parties.reviewed(request)
        parties.prepare(case)
        parties.sign(case, FIRM, request)
        ordered = Grounds("查封", digest_pair(b"order"), "(2026)粤01执1号")
        remarks.enter(registry, parties.number, RemarkKind.SEIZURE, ordered, actor_of(registry, OFFICER))
        settle(registry)
        assert refused(parties, lambda: parties.sign(case, HOSPITAL, request)) == "move-barred"
        assert refused(parties, lambda: parties.receive(parties.licence())) == "move-barred"
        officer = actor_of(registry, OFFICER)
        assert refused(parties, lambda: issuing.issue(registry, case, officer)) == "move-barred"
    assert world.audit() == []


def test_a_lost_account_signs_nothing(world: World) -> None:
    with world.open() as registry:
        parties = parties_of(world, registry)
        request = parties.licence()
        case = parties.reviewed(request)
        parties.prepare(case)
        firm = parties.members[FIRM]
        assert firm.wallet is not None
        now = registry.clock()
        lost = AccountRevocation(FIRM, firm.kid, "compromised", now, now, firm.wallet.address)
        enrolment.revoke(registry, lost, actor_of(registry, OFFICER))
        settle(registry)
        assert refused(parties, lambda: parties.sign(case, FIRM, request)) == "approval-account"
        other = parties.licence(purposes="其他用途")
        assert refused(parties, lambda: parties.receive(other)) == "request-key"
    assert world.audit() == []


@pytest.mark.parametrize("kind", ["licence", "transfer"])
def test_what_somebody_else_sent_is_done(world: World, kind: str) -> None:
    with world.open() as registry:
        parties = parties_of(world, registry)
        request = parties.licence(licensee=INSTITUTE) if kind == "licence" else parties.transfer("use")
        case = parties.reviewed(request)
        parties.prepare(case)
        for party in request.request.parties:
            parties.sign(case, party.code, request)
        with registry.store.reading() as session:
            (call,) = session.exec(select(ChainCall).where(ChainCall.state == "pending")).all()
        registry.sender.send(Call(call.target, call.data, call.gas), 10)
        settle(registry)
        with registry.store.reading() as session:
            assert session.get_one(ChainCall, call.id).state == "confirmed"
        assert state_of(registry, case) == ("recorded" if kind == "licence" else "deposited")
    assert world.audit() == []


def test_one_signs_for_both_on_an_authorisation(world: World) -> None:
    """In the request alone: the account of each signs what is prepared (ADR 47)."""
    with world.open() as registry:
        parties = parties_of(world, registry)
        asked = parties.licence()
        said = Authorisation(
            registry=asked.request.registry,
            principal=HOSPITAL,
            agent=FIRM,
            type="licence",
            certificate=asked.request.certificate,
            terms=None,
            until=asked.request.made_at,
        )
        key = parties.members[HOSPITAL].key
        given = SignedAuthorisation(said, key.public_key.point, key.sign(said.message()))
        alone = parties.signed(replace(asked, signatures=()), FIRM)
        case = parties.done(replace(alone, authorisations=(given,)))
        assert state_of(registry, case) == "recorded"

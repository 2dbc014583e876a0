"""Two moves of one certificate, moves that the contracts refuse, and authorisations that are over."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.ledger.moves.parties import FIRM, HOSPITAL, INSTITUTE, Parties, parties_of
from tests.ledger.moves.test_transfers import bodies, refused
from tests.ledger.watch.test_derived import types
from tests.ledger.world import World
from yinzheng.ledger.certificates.listing import standing_of
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.reading import open_reader
from yinzheng.verifier.bytes.algorithms import digest_pair
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.containers.target import read_target
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.move_request import Authorisation, JointRequest, SignedAuthorisation
from yinzheng.verifier.judge.history.verify import verify_history


def test_of_two_moves_side_by_side_one_is_decided(world: World) -> None:
    """The other is refused before anything is stated of it, though the chain knows of neither yet."""
    with world.open() as registry:
        parties = parties_of(world, registry)
        first, second = parties.transfer("use"), parties.transfer("hold", to=INSTITUTE)
        cases = [parties.reviewed(one) for one in (first, second)]
        for case in cases:
            parties.prepare(case)
        parties.sign(cases[1], INSTITUTE, second)
        for code in (HOSPITAL, FIRM):
            parties.sign(cases[0], code, first)
        # Decided, and on its way: nobody has settled.
        with pytest.raises(UsageFault) as caught:
            parties.sign(cases[1], HOSPITAL, second)
        assert (caught.value.code, caught.value.data["bars"]) == ("move-barred", ["over"])
        assert refused(parties, lambda: parties.receive(parties.licence(rights=["operate"]))) == "move-barred"
        settle(registry)
        with registry.store.reading() as session:
            assert standing_of(session, parties.number).ended == "superseded"
    assert world.audit() == []


def test_a_transfer_that_the_contracts_refused_is_told_of_once(world: World) -> None:
    """Its statements stay in the log; neither who watches nor a history says that anything passed by it."""
    with world.open() as registry:
        parties = parties_of(world, registry)
        request = parties.transfer("use")
        case = parties.reviewed(request)
        parties.prepare(case)
        for code in (HOSPITAL, FIRM):
            parties.sign(case, code, request)
        world.clock.advance(2 * 86_400)
        with pytest.raises(UsageFault) as caught:
            settle(registry)
        assert caught.value.code == "deposit-refused"
        settle(registry)
        assert types(registry.store, parties.number) == ["certificate.deposited"]
        parties.prepare(case)
        for code in (HOSPITAL, FIRM):
            parties.sign(case, code, request)
        settle(registry)
        assert types(registry.store, parties.number).count("right.transferred") == 1
        passed = bodies(parties, case)[0].number
    with open_reader(world.root, world.clock) as reader:
        file = reader.right_history(passed)
        assert file is not None
        report = verify_history(read_target(file), reader.trust(), now=world.clock.now)
        assert report.exit_code == 0
        assert [line.type for line in report.lines].count("right.transferred") == 1


def test_an_authorisation_ends_by_our_clock(world: World) -> None:
    """Not by the date that its agent gives the request."""
    with world.open() as registry:
        parties = parties_of(world, registry)
        until = world.clock.now + 3600
        given = authorised(parties, until)
        world.clock.advance(3601)
        assert given.request.made_at <= until
        assert refused(parties, lambda: parties.receive(given)) == "joint-authorisation"
        parties.receive(authorised(parties, world.clock.now))


def authorised(parties: Parties, until: int) -> JointRequest:
    """A licence asked for by the licensee alone, on the hospital's authorisation."""
    joint = parties.licence()
    request, key = joint.request, parties.members[HOSPITAL].key
    terms = digest_pair(dumps(request.terms.to_json()))
    said = Authorisation(request.registry, HOSPITAL, FIRM, request.type, request.certificate, terms, until)
    given = SignedAuthorisation(said, key.public_key.point, key.sign(said.message()))
    return replace(parties.signed(JointRequest(request, (), ()), FIRM), authorisations=(given,))

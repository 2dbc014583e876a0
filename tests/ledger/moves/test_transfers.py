"""Transfer of all or some rights: what is superseded, by what, and what bars it (R4, R16, R46)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlmodel import select

from tests.ledger.moves.parties import FIRM, HOSPITAL, INSTITUTE, Parties, parties_of, settled
from tests.ledger.world import OFFICER, World, actor_of, state_of, unchanged
from yinzheng.ledger.cases import issuing
from yinzheng.ledger.chain.records import Status
from yinzheng.ledger.disputes.hold_notices import keepers
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.store.models import Certificate
from yinzheng.ledger.store.models_disputes import DisputeSubject
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.errors import YinzhengError
from yinzheng.verifier.formats.body import Body, parse_body
from yinzheng.verifier.log.statement import certificate_subject


def bodies(parties: Parties, case: str) -> list[Body]:
    with parties.registry.store.reading() as session:
        rows = session.exec(select(Certificate).where(Certificate.case_id == case)).all()
        return [parse_body(canonical.loads(row.body, max_bytes=8192)) for row in rows]


def refused(parties: Parties, act: Callable[[], object]) -> str:
    with unchanged(parties.registry), pytest.raises(YinzhengError) as caught:
        act()
    return caught.value.code


def told_of_hold(parties: Parties, kind: str, subject: bytes) -> set[str]:
    """Who is told where a dispute holds a certificate (`record`) or a case."""
    held = DisputeSubject(dispute_id="D-2026-000001", kind=kind, subject=subject)
    with parties.registry.store.reading() as session:
        work: Any = SimpleNamespace(registry=parties.registry, session=session)
        return keepers(work, held)


@pytest.mark.parametrize("procedure", ["simplified", "ordinary"])
def test_some_rights_pass_and_the_rest_stays(unsettled: World, tmp_path: Path, procedure: str) -> None:
    with unsettled.open() as registry:
        parties = settled(unsettled, registry, tmp_path / "d", public_data=procedure == "ordinary")
        case = parties.done(parties.transfer("use"))
        assert state_of(registry, case) == "deposited"
        passed, stays = bodies(parties, case)
        assert [(one.code, one.rights) for one in passed.holders] == [(FIRM, ("use",))]
        assert [(one.code, one.rights) for one in stays.holders] == [(HOSPITAL, ("hold", "operate"))]
        assert {one.type for one in (passed, stays)} == {"transfer"}
        assert {one.follows[0].number for one in (passed, stays)} == {parties.number}
        before = registry.client.record(certificate_subject(parties.number))
        assert before is not None
        assert (before.status, before.successor, before.remainder) == (
            Status.SUPERSEDED,
            certificate_subject(passed.number),
            certificate_subject(stays.number),
        )
        assert passed.valid_until == stays.valid_until == before.valid_until
        # Whoever holds is told of a dispute, and not who applied once.
        assert told_of_hold(parties, "record", certificate_subject(passed.number)) == {FIRM}
        assert told_of_hold(parties, "record", certificate_subject(stays.number)) == {HOSPITAL}
        # The transferee moves on with what it got, and the transferor with what stayed.
        whole = parties.take(passed.number)
        (last,) = bodies(parties, whole.done(whole.transfer("use", frm=FIRM, to=INSTITUTE)))
        assert last.holders[0].code == INSTITUTE
        rest = parties.take(stays.number)
        parties.done(rest.licence(rights=["operate"]))
    assert unsettled.audit() == []
    assert unsettled.verify(passed.number).status.value == "superseded"
    assert unsettled.verify(stays.number).status.value == "in_force"
    # Its verification tells what moved, and that on the chain each names the other.
    first, rest_now = unsettled.verify(parties.number).moved, unsettled.verify(stays.number).moved
    assert first is not None
    assert rest_now is not None
    named = [(one.subject, one.mutual) for one in (first.successor, first.remainder) if one is not None]
    assert named == [(certificate_subject(one.number), True) for one in (passed, stays)]
    assert rest_now.predecessor is not None
    assert (rest_now.predecessor.number, rest_now.predecessor.mutual) == (parties.number, True)
    assert (first.licences, rest_now.licences) == (0, 1)


def test_all_rights_pass_and_nothing_stays(world: World) -> None:
    with world.open() as registry:
        parties = parties_of(world, registry)
        case = parties.done(parties.transfer("hold", "use", "operate"))
        (passed,) = bodies(parties, case)
        assert passed.holders[0].code == FIRM
        # What it had is over: nothing more can be asked of it.
        assert refused(parties, lambda: parties.receive(parties.transfer("use"))) == "move-barred"
    assert world.audit() == []


def test_what_is_not_held_and_nobody_of_its_own(world: World) -> None:
    with world.open() as registry:
        parties = parties_of(world, registry)
        theirs = parties.transfer("use", frm=FIRM, to=INSTITUTE)
        assert refused(parties, lambda: parties.receive(theirs)) == "rights-not-held"
        one = parties.request(
            "transfer", {"rights": ["use"]}, ((HOSPITAL, "transferor"), (FIRM, "transferee"))
        )
        assert refused(parties, lambda: parties.receive(parties.signed(one, HOSPITAL))) == "joint-unsigned"
        assert (
            refused(parties, lambda: parties.receive(parties.transfer("use"), b"else")) == "document-differs"
        )


def test_a_signature_by_another_key_over_another_message_or_too_early(world: World) -> None:
    with world.open() as registry:
        parties = parties_of(world, registry)
        request = parties.transfer("use")
        case = parties.reviewed(request)
        assert refused(parties, lambda: issuing.sign(registry, case, FIRM, bytes(65))) == "nothing-prepared"
        parties.prepare(case)
        wallets = {code: member.wallet for code, member in parties.members.items()}
        parties.members[FIRM].wallet = wallets[INSTITUTE]
        assert refused(parties, lambda: parties.sign(case, FIRM, request)) == "signer-not-holder"
        parties.members[FIRM].wallet = wallets[FIRM]
        assert refused(parties, lambda: parties.sign(case, INSTITUTE, request)) == "approval-stranger"
        other = parties.reviewed(parties.transfer("hold"))
        parties.prepare(other)
        mixed = parties.transfer("operate")
        assert refused(parties, lambda: parties.sign(other, FIRM, mixed)) == "approval-request"
        parties.sign(case, FIRM, request)
        # A draft lasts a day: then all sign anew, under the same numbers.
        numbers = [one.number for one in bodies(parties, case)]
        world.clock.advance(86_400)
        assert refused(parties, lambda: parties.sign(case, HOSPITAL, request)) == "nothing-prepared"
        issued = issuing.issue(registry, case, actor_of(registry, OFFICER))
        assert list(issued.numbers) == numbers
        assert len(issued.missing) == 2
        for code in (HOSPITAL, FIRM):
            parties.sign(case, code, request)
        settle(registry)
        assert state_of(registry, case) == "deposited"
        # The other one rests on a certificate that is over by now.
        officer = actor_of(registry, OFFICER)
        assert refused(parties, lambda: issuing.issue(registry, other, officer)) == "move-barred"
    assert world.audit() == []

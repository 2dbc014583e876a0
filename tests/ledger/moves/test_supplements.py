"""A joint request made anew in answer to what was missing (R11), and none of those before it once more."""

from __future__ import annotations

from dataclasses import replace

from tests.ledger.moves.parties import CONTRACT, FIRM, HOSPITAL, INSTITUTE, Parties, parties_of
from tests.ledger.moves.test_transfers import bodies, refused
from tests.ledger.world import OFFICER, World, accept, actor_of, state_of
from yinzheng.ledger.cases import deciding, requesting
from yinzheng.ledger.cases.asked import facts_of
from yinzheng.ledger.cases.files import FilePart
from yinzheng.ledger.cases.work import work_on
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.registry import silent
from yinzheng.verifier.formats.move_request import JointRequest


def supplement(parties: Parties, case: str, request: JointRequest, content: bytes = CONTRACT) -> None:
    part = FilePart("contract.txt", "consideration", "合同", lambda: [content])
    requesting.supplement(parties.registry, case, request, [part], silent)


def asked_for_more(parties: Parties, case: str) -> None:
    officer = actor_of(parties.registry, OFFICER)
    deciding.request_supplement(parties.registry, case, officer, ["对价条款"])


def test_the_request_of_a_supplement_is_decided_and_no_earlier_one_comes_again(world: World) -> None:
    with world.open() as registry:
        parties = parties_of(world, registry)
        requests = [parties.transfer("use"), parties.transfer("use", "operate"), parties.transfer("hold")]
        case = parties.receive(requests[0])
        for earlier, anew in ((0, 1), (1, 2)):
            asked_for_more(parties, case)
            assert refused(parties, lambda at=earlier: supplement(parties, case, requests[at])) == (  # type: ignore[misc]
                "request-taken"
            )
            supplement(parties, case, requests[anew])
            # The one before, and any before that, begin no case of their own, and replace nothing.
            for old in requests[: anew + 1]:
                assert refused(parties, lambda old=old: parties.receive(old)) == "request-taken"  # type: ignore[misc]
        accept(registry, case)
        parties.review(case)
        parties.prepare(case)
        for code in (FIRM, HOSPITAL):
            parties.sign(case, code, requests[2])
        settle(registry)
        assert state_of(registry, case) == "deposited"
        passed, _ = bodies(parties, case)
        assert [(one.code, one.rights) for one in passed.holders] == [(FIRM, ("hold",))]
        for old in requests:
            assert refused(parties, lambda old=old: parties.receive(old)) == "request-taken"  # type: ignore[misc]
    assert world.audit() == []


def test_a_supplement_is_of_the_same_parties_about_the_same(world: World) -> None:
    with world.open() as registry:
        parties = parties_of(world, registry)
        case = parties.receive(parties.transfer("use"))
        early = parties.transfer("use")
        assert refused(parties, lambda: supplement(parties, case, early)) == "move-not-allowed"
        asked_for_more(parties, case)
        other = parties.transfer("use", to=INSTITUTE)
        assert refused(parties, lambda: supplement(parties, case, other)) == "request-other"
        assert refused(parties, lambda: supplement(parties, case, parties.licence())) == "request-other"
        anew = parties.transfer("use")
        assert refused(parties, lambda: supplement(parties, case, anew, b"another file")) == (
            "document-differs"
        )
        unsigned = replace(anew, signatures=anew.signatures[:1])
        assert refused(parties, lambda: supplement(parties, case, unsigned)) == "joint-unsigned"
        supplement(parties, case, anew)
        with work_on(registry, case) as work:
            assert facts_of(work) is not None
        assert state_of(registry, case) == "applied"
    assert world.audit() == []

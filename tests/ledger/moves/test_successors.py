"""Change, renewal and the holders' cancellation, each after publicity (R6, R7, R10)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.ledger.moves.parties import FIRM, HOSPITAL, Parties, settled
from tests.ledger.moves.test_transfers import bodies, refused, told_of_hold
from tests.ledger.world import World, application, state_of
from yinzheng.ledger.chain.records import Status
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.reading import open_reader
from yinzheng.ledger.store.models import Case
from yinzheng.verifier.formats.move_request import JointRequest
from yinzheng.verifier.log.statement import certificate_subject

JOINT = [
    {"name": "云汐测试医院（虚构）", "code": HOSPITAL, "rights": ["hold", "use"]},
    {"name": "岭南数据有限公司（虚构）", "code": FIRM, "rights": ["use", "operate"]},
]


def change(parties: Parties, *codes: str, ground: str = "entry", **changes: Any) -> JointRequest:
    terms = {"changes": changes, "ground": ground, "summary": "更正登记事项"}
    return parties.of_holders("change", terms, *codes)


def test_a_change_follows_publicity_and_takes_every_holder(unsettled: World, tmp_path: Path) -> None:
    with unsettled.open() as registry:
        parties = settled(unsettled, registry, tmp_path / "d", holders=JOINT)
        alone = change(parties, HOSPITAL, asset="更正后的名称")
        assert refused(parties, lambda: parties.receive(alone)) == "request-holders"
        names = [{"code": FIRM, "name": "岭南数据股份有限公司（虚构）"}]
        request = change(parties, HOSPITAL, FIRM, asset="更正后的名称", limits="", names=names)
        case = parties.reviewed(request)
        with registry.store.reading() as session:
            subject = session.get_one(Case, case).subject
        assert told_of_hold(parties, "case", subject) == {HOSPITAL, FIRM}
        second = change(parties, HOSPITAL, FIRM, asset="另一名称")
        assert refused(parties, lambda: parties.receive(second)) == "request-under-way"
        assert refused(parties, lambda: parties.prepare(case)) == "move-not-allowed"
        parties.publish(case)
        with open_reader(unsettled.root, unsettled.clock) as reader:
            (first,) = (one for one in reader.notices() if one.type == "first")
            assert reader.notice(first.leaf) == first, "what was registered upon it is in force"
            (notice,) = (one for one in reader.notices() if one.case == case)
            assert (notice.type, notice.certificate) == ("change", parties.number), "the public sees of what"
            assert {one.type: one.certificate for one in reader.notices()}["first"] is None
            whole, walked, place = reader.notices(), [], None
            for _ in whole:
                found, place = reader.board(place, 1)
                walked += found
            assert (walked, place) == (whole, None)
            assert refused(parties, lambda: reader.board("00" * 32)) == "query"
            assert refused(parties, lambda: reader.board("no place")) == "query"
        parties.prepare(case)
        parties.sign(case, FIRM, request)
        assert state_of(registry, case) == "issuing"
        parties.sign(case, HOSPITAL, request)
        settle(registry)
        (after,) = bodies(parties, case)
        assert (after.type, after.asset, after.limits) == ("change", "更正后的名称", "")
        assert [h.name for h in after.holders if h.code == FIRM] == [names[0]["name"]]
        before = registry.client.record(certificate_subject(parties.number))
        assert before is not None
        assert (before.status, before.successor) == (Status.SUPERSEDED, certificate_subject(after.number))
        with open_reader(unsettled.root, unsettled.clock) as reader:
            over = {one.type: reader.notice(one.leaf) for one in reader.notices()}
            assert {kind: one.over for kind, one in over.items() if one} == {"first": True, "change": False}
    assert unsettled.audit() == []
    assert unsettled.verify(after.number).status.value == "in_force"


def test_what_no_change_may_be(production_template: World, tmp_path: Path) -> None:
    unsettled = production_template.copy(tmp_path / "state")
    with unsettled.open() as registry:
        parties = settled(unsettled, registry, tmp_path / "d", profile="NDA-2026/1")

        def code(**changes: Any) -> str:
            return refused(parties, lambda: parties.receive(change(parties, **changes)))

        assert code(source="derived") == "change-refused"
        assert code(limits="另有限制") == "change-refused"
        assert code(names=[{"code": FIRM, "name": "新权利人"}]) == "change-holder"
        assert code(asset=application()["asset"]["name"]) == "change-nothing"


def test_renewal_in_its_window_alone(unsettled: World, tmp_path: Path) -> None:
    with unsettled.open() as registry:
        parties = settled(unsettled, registry, tmp_path / "d", validity_years=1)
        terms = {"years": 2, "summary": "续期两年"}

        def asked() -> JointRequest:
            return parties.of_holders("renewal", terms)

        assert refused(parties, lambda: parties.receive(asked())) == "renewal-outside"
        end = registry.client.record(certificate_subject(parties.number)).valid_until  # type: ignore[union-attr]
        unsettled.clock.now = end - 30 * 86_400
        under_way = parties.receive(change(parties, HOSPITAL, limits="更正后的限制"))
        renewal = asked()
        case = parties.reviewed(renewal)  # its window ends, and a change may wait long
        second = change(parties, HOSPITAL, limits="")
        assert refused(parties, lambda: parties.receive(second)) == "request-under-way"
        parties.publish(case)
        parties.prepare(case)
        parties.sign(case, HOSPITAL, renewal)
        settle(registry)
        assert state_of(registry, under_way) == "applied"
        (after,) = bodies(parties, case)
        assert after.type == "renewal"
        assert end < after.valid_until <= end + 2 * 366 * 86_400
        later = parties.take(after.number)
        assert (
            refused(parties, lambda: later.receive(later.of_holders("renewal", terms))) == "renewal-outside"
        )
    assert unsettled.audit() == []


def test_the_holders_cancel_for_good(unsettled: World, tmp_path: Path) -> None:
    with unsettled.open() as registry:
        parties = settled(unsettled, registry, tmp_path / "d", public_data=True)
        request = parties.of_holders("cancellation", {"ground": "data_gone", "summary": "数据已灭失"})
        case = parties.done(request)
        assert state_of(registry, case) == "recorded"
        before = registry.client.record(certificate_subject(parties.number))
        assert before is not None
        assert before.status is Status.CANCELLED
        assert refused(parties, lambda: parties.receive(parties.transfer("use"))) == "move-barred"
    assert unsettled.audit() == []
    assert unsettled.verify(parties.number).status.value == "cancelled"

"""A forum opens and ends a dispute past the registry, and the registry can work on it (S24.4)."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from sqlmodel import select

from tests.ledger import world as w
from tests.ledger.disputes.conftest import court, court_template
from tests.ledger.disputes.court import COURT, FIRST, FORUM, JUDGMENT, SECOND, Court, address
from tests.ledger.inlets.test_finding import tell
from tests.ledger.world import KEEPER, OFFICER, actor_of
from tests.wallet import sign
from yinzheng.api.org.direct import opening_paper, release_paper
from yinzheng.ledger.chain import approvals, contracts
from yinzheng.ledger.chain.records import DisputeState, OpeningKind
from yinzheng.ledger.disputes import opening, release
from yinzheng.ledger.disputes.direct import take_in
from yinzheng.ledger.disputes.preserving import Wanted, preserve
from yinzheng.ledger.disputes.showing import UNSTATED, standing
from yinzheng.ledger.disputes.work import DRAFT, holds_on
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.inlets.finding import find
from yinzheng.ledger.keys.provider import EthereumKey
from yinzheng.ledger.organisations.keys import keys_at
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models_consents import Organisation
from yinzheng.ledger.store.models_disputes import Dispute
from yinzheng.ledger.store.models_inlets import Inlet
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.dispute import Opening, Subjects
from yinzheng.verifier.formats.dispute_paper import DisputePaper, paper_of, parse_dispute_paper
from yinzheng.verifier.judge.pack.report import Answer

__all__ = ["court", "court_template"]

SENDER = EthereumKey(b"\6" * 32)
"""Whose transaction it is matters to nobody: the forum's signature counts."""


def opening_by_forum(court: Court, **changes: Any) -> DisputePaper:
    """What the forum's own program makes of a plan."""
    plan = court.plan("forum")
    with court.registry.store.reading() as session:
        case = repository.find_case(session, court.made.published).subject.hex()
    plan = replace(plan, concerned=replace(plan.concerned, cases=(case,)), **changes)
    return opening_paper(plan, address(FORUM), court.now, "GD-HEALTH/1")


def send(court: Court, paper: DisputePaper, account: LocalAccount = FORUM, root: bytes = bytes(32)) -> None:
    """Tell the contracts, from an account that is nobody's here."""
    client, leaf = court.registry.client, paper.statement.leaf_hash
    if isinstance(paper.body, Opening):
        held = paper.body.subjects
        order = approvals.Opening(
            case_id=paper.body.dispute,
            root=root,
            kind=OpeningKind.FORUM,
            parties=tuple(party.account for party in paper.body.parties),
            statement=leaf,
            records=held.records,
            cases=held.cases,
            consents=held.consents,
        )
        tell(
            court.registry,
            SENDER,
            client.open_dispute(order, sign(order, client.preservation_domain, account)),
        )
    else:
        end = approvals.Release(paper.body.dispute, leaf)
        tell(court.registry, SENDER, client.release(end, [sign(end, client.preservation_domain, account)], 3))


def found_as(court: Court) -> str:
    with court.registry.store.reading() as session:
        return session.exec(select(Dispute.id)).one()


def ended(court: Court, paper: DisputePaper, prev: bytes | None = None) -> DisputePaper:
    return release_paper(paper, JUDGMENT, "(2026)粤01民初1号判决", address(FORUM), court.now, prev)


def kid(court: Court, code: str) -> bytes:
    with court.registry.store.reading() as session:
        return keys_at(session, session.get_one(Organisation, code).head)[-1].grant.kid


# ---------------------------------------------------------------- the whole way


def test_a_dispute_opened_past_the_registry_is_preserved_for_carried_and_concluded(court: Court) -> None:
    registry, paper = court.registry, opening_by_forum(court)
    assert isinstance(paper.body, Opening)
    send(court, paper)
    assert find(registry) == 1
    assert find(registry) == 0
    id_ = found_as(court)
    shown = court.show(id_)
    assert (shown.state, shown.kind, shown.opener, shown.number) == ("open", "forum", COURT, UNSTATED)
    assert [party.account for party in shown.parties] == [one.account for one in paper.body.parties]
    assert {subject for _, subject in shown.subjects} == {
        *paper.body.subjects.records,
        *paper.body.subjects.cases,
        *paper.body.subjects.consents,
    }
    assert sum(court.told("dispute.hold").values()) == 3
    with registry.store.reading() as session:
        assert holds_on(session, court.made.consent) == 1

    by = actor_of(registry, OFFICER)
    leaves = preserve(registry, id_, Wanted(certificates=(court.made.number,)), by)
    settle(registry)
    assert court.chain(id_).roots == 1
    with pytest.raises(UsageFault) as raised:
        court.pack(id_, name="early")
    assert raised.value.code == "dispute-unstated"
    assert standing(registry, id_, COURT, kid(court, COURT)).forum

    assert take_in(registry, paper) == id_
    assert take_in(registry, paper) == id_
    settle(registry)
    shown = court.show(id_)
    assert (shown.number, shown.forum.code) == ("(2026)粤01民初1号", COURT)
    assert shown.opening == paper.statement.leaf_hash
    assert [one.leaf for one in shown.items] == leaves
    report = court.judge(court.pack(id_).read_bytes())
    assert report.verdict is Answer.CONSISTENT, report

    end = ended(court, paper, leaves[-1])
    send(court, end)
    assert find(registry) == 1
    shown = court.show(id_)
    assert (shown.state, shown.release) == ("released", None)
    assert sum(court.told("dispute.released").values()) == 3
    with registry.store.reading() as session:
        assert holds_on(session, court.made.consent) == 0
    assert take_in(registry, end) == id_
    settle(registry)
    release_shown = court.show(id_).release
    assert release_shown is not None
    assert release_shown.reference == "(2026)粤01民初1号判决"
    assert court.judge(court.pack(id_, name="b").read_bytes()).verdict is Answer.CONSISTENT
    assert court.audit() == set()


def test_the_registry_ends_what_a_forum_opened_itself(court: Court) -> None:
    paper = opening_by_forum(court)
    send(court, paper)
    find(court.registry)
    id_ = found_as(court)
    court.execute(id_)
    assert court.chain(id_).state.name == "RELEASED"
    assert court.record_holds() == 0
    assert court.audit() == set()  # nor does it need the opening's words for that


def test_what_an_account_opened_before_another_took_its_place_is_followed(court: Court) -> None:
    """Found only when the forum has another account: it holds all the same, and is that forum's."""
    registry, paper = court.registry, opening_by_forum(court)
    send(court, paper)
    with registry.store.transaction() as session:
        session.get_one(Organisation, COURT).account = b"\7" * 20
    assert find(registry) == 1
    assert court.show(found_as(court)).opener == COURT
    assert take_in(registry, paper) == found_as(court)
    with registry.store.transaction() as session:
        session.get_one(Organisation, COURT).account = address(FORUM)


def test_one_that_was_prepared_here_is_opened_by_what_its_forum_sent(court: Court) -> None:
    registry = court.registry
    id_ = opening.draft(registry, COURT, court.plan("forum"))
    opening.add_to_draft(registry, id_, [court.offer()])
    decision = opening.prepare(registry, id_, address(FORUM))
    client = registry.client
    tell(registry, SENDER, client.open_dispute(decision, court.sign(decision, FORUM)))
    assert find(registry) == 1
    settle(registry)
    shown = court.show(id_)
    assert (shown.state, len(shown.items), shown.number) == ("open", 1, "(2026)粤01民初1号")
    with registry.store.reading() as session:
        assert session.exec(select(Dispute.state)).all() == ["open"]
    assert court.audit() == set()


def test_another_draft_is_not_opened_by_it(court: Court) -> None:
    """The same identifier under another statement: the chain's stays a finding, the draft a draft."""
    registry = court.registry
    id_ = opening.draft(registry, COURT, court.plan("forum"))
    decision = opening.prepare(registry, id_, address(FORUM))
    other = replace(decision, statement=b"\x0b" * 32)
    tell(registry, SENDER, registry.client.open_dispute(other, court.sign(other, FORUM)))
    assert find(registry) == 1
    with registry.store.reading() as session:
        assert session.exec(select(Dispute.state)).all() == [DRAFT]


def test_the_parties_settle_past_the_registry(court: Court) -> None:
    id_ = court.open()
    decision = court.prepare_settlement(id_)
    signatures = [court.sign(decision, one) for one in (FIRST, SECOND)]
    order = sorted(zip((address(FIRST), address(SECOND)), signatures, strict=True))
    call = court.registry.client.release(decision, [one for _, one in order], 3)
    tell(court.registry, SENDER, call)
    assert find(court.registry) == 1
    assert court.show(id_).state == "released"
    with pytest.raises(UsageFault) as raised:
        release.release(court.registry, id_, "settlement", signatures)
    assert raised.value.code == "dispute-no-draft"
    settle(court.registry)
    assert court.audit() == set()


# ---------------------------------------------------------------- what is not followed, or not taken


def test_what_nobody_could_work_on_stays_a_finding(court: Court) -> None:
    registry = court.registry
    send(court, opening_by_forum(court), root=b"\x08" * 32)
    with registry.store.reading() as session:
        known = repository.event_by_leaf(session, _first_leaf(court))
    assert known is not None
    body = opening_by_forum(court).body
    assert isinstance(body, Opening)
    taken = replace(body, dispute=b"\x0c" * 32)
    order = approvals.Opening(
        case_id=taken.dispute,
        root=bytes(32),
        kind=OpeningKind.FORUM,
        parties=tuple(party.account for party in taken.parties),
        statement=known.leaf_hash,
        consents=taken.subjects.consents,
    )
    signature = sign(order, registry.client.preservation_domain, FORUM)
    tell(registry, SENDER, registry.client.open_dispute(order, signature))
    assert find(registry) == 2
    with registry.store.reading() as session:
        assert session.exec(select(Dispute)).all() == []
    with pytest.raises(UsageFault) as raised:
        take_in(registry, opening_by_forum(court))
    assert raised.value.code == "dispute-unknown"
    settle(registry)
    told = [one for one in court.findings() if one.code == "dispute-unfollowed"]
    assert ["without evidence" in one.message for one in told] == [True, True]


def test_a_forum_that_is_enrolled_afterwards_has_its_dispute_taken_up(court: Court) -> None:
    """The chain knows its account, which an administrator gave the role past the registry."""
    elsewhere = Account.from_key(b"\x0d" * 32)
    given = court.registry.client.grant_role(contracts.FORUM, address(elsewhere))
    tell(court.registry, actor_of(court.registry, KEEPER).key, given)
    send(court, opening_by_forum(court), elsewhere)
    assert find(court.registry) == 1
    settle(court.registry)
    (told,) = (one for one in court.findings() if one.code == "dispute-unfollowed")
    assert address(elsewhere).hex() in told.message
    assert "yinzheng enrol" in told.message
    with court.world.open() as registry:
        with registry.store.transaction() as session:
            assert session.exec(select(Dispute)).all() == []
            session.get_one(Organisation, COURT).account = address(elsewhere)
        assert find(registry) == 0
        with registry.store.reading() as session:
            dispute = session.exec(select(Dispute)).one()
            assert (dispute.opener, dispute.state) == (COURT, "open")
            assert holds_on(session, court.made.consent) == 1
        assert find(registry) == 0
        settle(registry)
    assert court.world.codes() == {"role-outlives-account"}  # the one before kept what nobody took


def _first_leaf(court: Court) -> bytes:
    with court.registry.store.reading() as session:
        return repository.events_of_case(session, court.made.case)[0].leaf_hash


def test_no_other_words_are_taken_in_than_the_chain_was_told(court: Court) -> None:
    registry, paper = court.registry, opening_by_forum(court)
    send(court, paper)
    find(registry)
    assert isinstance(paper.body, Opening)
    held = paper.body.subjects
    parties = (replace(paper.body.parties[0], name="另一人"), *paper.body.parties[1:])
    for body in (
        replace(paper.body, number="(2026)粤01民初2号"),
        replace(paper.body, parties=parties),
        replace(paper.body, subjects=Subjects(held.records, (), held.consents)),
    ):
        with pytest.raises(DataFault) as raised:
            take_in(registry, paper_of(body, paper.secret, profile="GD-HEALTH/1", prev=None))
        assert raised.value.code == "paper-differs"
    with pytest.raises(DataFault) as raised:  # it is open yet
        take_in(registry, ended(court, paper))
    assert raised.value.code == "paper-differs"
    assert take_in(registry, paper)


def test_a_release_that_overtook_evidence_holds_and_its_paper_is_not_taken(court: Court) -> None:
    registry, paper = court.registry, opening_by_forum(court)
    send(court, paper)
    find(registry)
    id_ = found_as(court)
    end = ended(court, paper)
    court.add(id_, court.offer(), by=Capacity.REGISTRY)
    send(court, end)
    find(registry)
    take_in(registry, paper)
    with pytest.raises(DataFault) as raised:
        take_in(registry, end)
    assert raised.value.code == "paper-moved"
    settle(registry)
    assert court.show(id_).state == "released"
    assert court.audit() == set()


TAMPERED = [
    (lambda value: value["body"].update(number="1"), "commitment"),
    (lambda value: value.update(secret="00" * 32), "commitment"),
    (lambda value: value["statement"].update(by="party"), "paper-malformed"),
    (lambda value: value["statement"].update(prev="11" * 32), "paper-malformed"),
    (lambda value: value["statement"].update(at=1), "paper-malformed"),
    (lambda value: value["statement"].update(type="dispute.evidence"), "paper-malformed"),
    (lambda value: value.update(more=1), "field-unknown"),
    (lambda value: value.update(format="yinzheng/order/1"), "field-value"),
]


@pytest.mark.parametrize(("change", "code"), TAMPERED)
def test_a_paper_is_whole_or_none(court: Court, change: Any, code: str) -> None:
    paper = opening_by_forum(court)
    value = canonical.loads(canonical.dumps(paper.to_json()), max_bytes=65536)
    assert parse_dispute_paper(value) == paper
    change(value)
    with pytest.raises(DataFault) as raised:
        parse_dispute_paper(value)
    assert raised.value.code == code


def test_a_plan_names_cases_by_their_identifiers(court: Court) -> None:
    with pytest.raises(UsageFault) as raised:
        opening_paper(court.plan("forum"), address(FORUM), court.now, "GD-HEALTH/1")
    assert raised.value.code == "dispute-subject-unknown"


# ---------------------------------------------------------------- faults


def test_a_fault_in_between_leaves_all_or_nothing(court: Court, monkeypatch: pytest.MonkeyPatch) -> None:
    from yinzheng.ledger.disputes import direct

    def broken(*_: object, **__: object) -> None:
        raise OSError("the disk is full")

    registry, paper = court.registry, opening_by_forum(court)

    def ending() -> None:
        if court.chain(found_as(court)).state is DisputeState.OPEN:
            send(court, ended(court, paper))
        find(registry)

    send(court, paper)
    for act in (lambda: find(registry), lambda: take_in(registry, paper), ending):
        before = w.rows(registry)
        for name in ("tell", "enter_subjects", "record"):
            monkeypatch.setattr(direct, name, broken)
        with pytest.raises(OSError, match="full"):
            act()
        monkeypatch.undo()
        assert w.rows(registry) == before
        act()
    settle(registry)
    assert court.show(found_as(court)).state == "released"
    assert court.audit() == set()


CHANGES = [
    ("UPDATE dispute SET head = X'" + "0a" * 32 + "'", "thread-broken"),
    ("DELETE FROM inlet", "inlet-unrecorded"),
    ("UPDATE dispute SET state = 'released'", "dispute-differs"),
    ("DELETE FROM dispute_subject WHERE kind = 'consent'", "dispute-altered"),
]


@pytest.mark.parametrize(("change", "code"), CHANGES)
def test_whoever_alters_what_was_followed_is_found_out(court: Court, change: str, code: str) -> None:
    send(court, opening_by_forum(court))
    find(court.registry)
    settle(court.registry)
    database: Path = court.world.paths.database
    court.opened.close()
    with closing(sqlite3.connect(database)) as connection:
        connection.execute(change)
        connection.commit()
    assert code in court.world.codes()


def test_found_rows_name_what_they_followed(court: Court) -> None:
    paper = opening_by_forum(court)
    send(court, paper)
    find(court.registry)
    with court.registry.store.reading() as session:
        (row,) = session.exec(select(Inlet))
        assert (row.inlet, row.about, row.name) == (
            "dispute-opening",
            paper.body.dispute,
            paper.statement.leaf_hash,
        )

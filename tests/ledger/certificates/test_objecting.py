"""Anyone objects to what is registered; the registrant is told and answers; the registry concludes (R25)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from tests.ledger.certificates import forum as f
from tests.ledger.certificates.test_remarks import record, refused
from tests.ledger.disputes.court import APPLICANT, COURT, Court
from tests.ledger.elsewhere.test_moves import Elsewhere
from tests.ledger.people.test_decisions import decision
from tests.ledger.world import MEMBER, OFFICER, actor_of
from yinzheng.ledger.accesses.reader import Reader
from yinzheng.ledger.cases.dossier_opening import open_dossier_to
from yinzheng.ledger.cases.protests import Material, Protest, Raised
from yinzheng.ledger.certificates import objecting
from yinzheng.ledger.certificates.following import follow_any, objections_at, objections_for
from yinzheng.ledger.certificates.work import registered, statements_of
from yinzheng.ledger.chain.records import ObjectionState
from yinzheng.ledger.elsewhere.submitting import submit
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.notify.deliveries import fetch
from yinzheng.ledger.people.decisions import Content
from yinzheng.ledger.registry import silent
from yinzheng.ledger.store.models import Event
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.errors import YinzhengError
from yinzheng.verifier.log.statement import commit_private

SECRET = b"\x0f" * 16
DAY = 86_400


def protest(reasons: str = "来源协议已终止。", files: Sequence[bytes] = (b"a letter",)) -> Protest:
    material = [Material(f"{n}.txt", lambda data=data: [data]) for n, data in enumerate(files)]  # type: ignore[misc]
    return Protest("某研究院", reasons, material)


def raised(court: Court, secret: bytes | None = None) -> Raised:
    made = objecting.object_to_certificate(court.registry, court.made.number, protest(), secret=secret)
    settle(court.registry)
    return made


def state(court: Court, one: Raised) -> ObjectionState:
    return court.registry.client.later_objection(record(court).id, bytes.fromhex(one.name))


def conclude(court: Court, one: Raised, *, upheld: bool = False, by: str = OFFICER) -> None:
    officer = actor_of(court.registry, by)
    args = (court.registry, court.made.number, one.number, officer)
    objecting.conclude(*args, upheld=upheld, reasons="经核查，异议不成立。")
    settle(court.registry)


def test_from_objection_to_conclusion(court: Court, tmp_path: Path) -> None:
    registry, number = court.registry, court.made.number
    one = raised(court, SECRET)
    assert (record(court).objections, state(court, one)) == (1, ObjectionState.OPEN)
    # Sent again it is the same; with other words it is refused.
    again = objecting.object_to_certificate(registry, number, protest(), secret=SECRET)
    assert again == one
    other = protest("另有理由。")
    refused(
        court,
        lambda: objecting.object_to_certificate(registry, number, other, secret=SECRET),
        "objection-other",
    )
    # Not before the registrant was heard, and by nobody else than an officer.
    refused(court, lambda: conclude(court, one), "objection-unheard")
    refused(court, lambda: conclude(court, one, by=MEMBER), "move-wrong-capacity")
    (line,) = objections_at(court.world.root)
    assert (line.told_at, line.tell_by) == (None, registry.calendar.add_working_days(one.at, 5))
    assert fetch(registry, APPLICANT)
    (line,) = objections_at(court.world.root)
    assert line.told_at == court.now

    # The holder, and nobody else, is shown the reasons, not who objects; and answers once.
    reader = Reader.of_organisation(APPLICANT, bytes(8))
    ((shown,), _) = objections_for(registry, number, APPLICANT, reader)
    assert shown["reasons"] == "来源协议已终止。"
    assert "某研究院" not in str(shown)
    with pytest.raises(YinzhengError) as told:
        objections_for(registry, number, COURT, reader)
    assert told.value.code == "holder-other"
    answer: dict[str, Any] = {"agrees": False, "explanation": "协议有效。"}
    refused(court, lambda: objecting.answer(registry, number, one.number, COURT, **answer), "holder-other")
    objecting.answer(registry, number, one.number, APPLICANT, **answer)
    refused(
        court,
        lambda: objecting.answer(registry, number, one.number, APPLICANT, **answer),
        "objection-answered",
    )
    conclude(court, one)
    assert (record(court).objections, state(court, one)) == (0, ObjectionState.DISMISSED)
    refused(court, lambda: conclude(court, one), "move-no-objection")
    followed = follow_any(registry, one.number, SECRET)
    assert (followed.case, followed.upheld, followed.reasons) == (number, False, "经核查，异议不成立。")
    with registry.store.reading() as session:
        row = registered(session, number)
        assert [event.type for event in statements_of(session, row)] == [
            "certificate.objected", "certificate.objection-answered", "certificate.objection-concluded"
        ]  # fmt: skip
    # Its material lies with the dossier, for who reviews it.
    written = open_dossier_to(registry, court.made.case, tmp_path / "d", silent, actor_of(registry, OFFICER))
    assert (tmp_path / "d" / "objection-1" / "1-0.txt") in written
    assert court.audit() == set()


def test_it_is_concluded_by_an_officer_elsewhere(court: Court) -> None:
    """As everything an officer decides: signed on a machine of its own, over what it is shown (S18)."""
    registry, number = court.registry, court.made.number
    one = raised(court)
    said: dict[str, Any] = {"objection": one.name[:12], "upheld": False, "reasons": "经核查，异议不成立。"}
    unheard = decision(registry, OFFICER, "resolve", number, **said)
    refused(court, lambda: submit(registry, unheard), "objection-unheard")
    objecting.answer(registry, number, one.number, APPLICANT, agrees=False, explanation="协议有效。")
    asked = Elsewhere.of(registry, OFFICER, "resolve", number, **said)
    assert asked.asked.message["primaryType"] == "LaterConclusion"
    content = asked.content
    assert content.body["reasons"] == said["reasons"]

    def lie(kind: str = "", **body: Any) -> str:
        """Another body that its statement commits to, or another statement, with the message that follows."""
        told = {**content.body, **body}
        assert content.secret is not None
        commitment = commit_private(content.secret, canonical.dumps(told))
        subject = bytes(32) if kind else content.statement.subject
        statement = replace(content.statement, commitment=commitment, subject=subject)
        values = {**asked.asked.message["message"], "conclusion": "0x" + statement.leaf_hash.hex()}
        values |= {"upheld": told["upheld"], "id": "0x" + subject.hex()}
        message = {**asked.asked.message, "message": values}
        with pytest.raises(YinzhengError) as caught:
            asked.sign(Content(statement, told, content.secret), message)
        return caught.value.code

    assert lie(upheld=True) == "approval-message"
    assert lie(reasons="别的理由。") == "approval-message"
    assert lie(objection="00" * 32) == "approval-message"
    assert lie("another certificate") == "approval-content"
    with pytest.raises(YinzhengError) as bent:
        asked.sign(replace(content, body={**content.body, "reasons": "另一个文本"}))
    assert bent.value.code == "approval-content"
    assert asked.hand_in()
    settle(registry)
    assert (record(court).objections, state(court, one)) == (0, ObjectionState.DISMISSED)
    assert court.audit() == set()


def test_the_form_of_the_notice_goes_on(court: Court) -> None:
    """What comes through the form on a notice is against what is registered, once it is."""
    with court.registry.store.reading() as session:
        opened = select(Event.leaf_hash, Event.case_id).where(Event.type == "publicity.opened")
        leaves = {case: leaf for leaf, case in session.exec(opened)}
    registry, made = court.registry, court.made
    against, later = objecting.object_to_notice(registry, leaves[made.case], protest(), SECRET)
    assert against == made.number
    assert objecting.object_to_notice(registry, leaves[made.case], protest(), SECRET) == (against, later)
    assert (
        objecting.object_to_notice(registry, leaves[made.published], protest(), b"1" * 16)[0]
        == made.published
    )
    refused(
        court, lambda: objecting.object_to_notice(registry, bytes(32), protest(), SECRET), "notice-unknown"
    )
    settle(registry)
    assert record(court).objections == 1


def test_on_paper_and_while_it_is_open(court: Court) -> None:
    registry, number, officer = court.registry, court.made.number, actor_of(court.registry, OFFICER)
    one = raised(court)
    refused(court, lambda: objecting.tell(registry, number, "ff", officer, "挂号信"), "objection-unknown")
    objecting.tell(registry, number, one.number, officer, "挂号信")
    refused(court, lambda: objecting.tell(registry, number, one.number, officer, "挂号信"), "objection-told")
    objecting.answer(registry, number, one.number, officer, agrees=True, explanation="同意变更。")
    # A forum cancels all the same; the objection is brought to its end.
    f.carry_out(court, f.cancelling(court))
    refused(court, lambda: objecting.object_to_certificate(registry, number, protest()), "certificate-over")
    conclude(court, one, upheld=True)
    assert state(court, one) is ObjectionState.UPHELD
    assert court.audit() == set()


def test_what_is_no_objection(court: Court) -> None:
    registry, number = court.registry, court.made.number
    for bad, code in ((protest(""), "objection-empty"), (protest(files=()), "objection-empty")):
        refused(court, lambda bad=bad: objecting.object_to_certificate(registry, number, bad), code)
    refused(
        court,
        lambda: objecting.object_to_certificate(registry, "SJ4412026099999", protest()),
        "certificate-unknown",
    )

"""Moves and remarks approved on one's own machine: rebuilt from what is shown alone (S18.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from tests.ledger.moves.parties import CONTRACT, FIRM, HOSPITAL, Parties, parties_of, settled
from tests.ledger.moves.test_own_motion import decided as moved
from tests.ledger.moves.test_successors import change
from tests.ledger.people.test_decisions import decision, refused
from tests.ledger.world import (
    MEMBER,
    OFFICER,
    World,
    actor_of,
    past_publicity,
    state_of,
    to_deposited,
    unchanged,
)
from yinzheng.ledger.certificates.listing import standing_at
from yinzheng.ledger.elsewhere.shown import Pinned, sign_shown
from yinzheng.ledger.elsewhere.submitting import Outcome, submit
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.people.decisions import MAX_BYTES, Content, SignedDecision
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.state.policy import trust_policy
from yinzheng.ledger.store.models import Event
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey, digest_pair
from yinzheng.verifier.formats.move_request import JointRequest, read_joint_request
from yinzheng.verifier.judge.trust import parse_trust
from yinzheng.verifier.log.statement import commit_public

GROUNDS: dict[str, Any] = {"text": "另有约定", "document": None, "reference": None}


def pinned(registry: Registry) -> Pinned:
    """What the officer's machine has of the registry: its policy, handed over in person."""
    return Pinned.of(parse_trust(canonical.dumps(trust_policy(registry.instance))))


@dataclass
class Elsewhere:
    """One decision of one person, and what comes back to be signed."""

    registry: Registry
    made: SignedDecision
    asked: Outcome

    @classmethod
    def of(cls, registry: Registry, person: str, action: str, case: str, **said: Any) -> Elsewhere:
        made = decision(registry, person, action, case, **said)
        asked = submit(registry, made)
        assert not asked.done
        return cls(registry, made, asked)

    @property
    def content(self) -> Content:
        assert self.asked.content is not None
        told = canonical.dumps(self.asked.content.to_json())
        return Content.from_json(canonical.loads(told, max_bytes=MAX_BYTES))

    def sign(self, content: Content | None = None, message: Any = None, where: Pinned | None = None) -> bytes:
        key = actor_of(self.registry, self.made.person).key
        given = where or pinned(self.registry)
        return sign_shown(message or self.asked.message, content or self.content, self.made, given, key)

    def hand_in(self) -> bool:
        return self.handed_in().done

    def handed_in(self) -> Outcome:
        key, prepared = actor_of(self.registry, self.made.person).key, self.asked.prepared
        approved = replace(self.made, prepared=prepared, approvals=(self.sign(),)).sign(key)
        return submit(self.registry, approved)

    def lie(self, **move: Any) -> str:
        """What becomes of the same with another request, or other things prepared."""
        content = self.content
        assert content.move is not None
        told = {**content.move, **move}
        return refused(lambda: self.sign(replace(content, move=told)))


def issued(parties: Parties, case: str) -> Elsewhere:
    """Approved by officer and, where it is needed, member on their own machines; gives the officer's."""
    with unchanged(parties.registry):
        first = Elsewhere.of(parties.registry, OFFICER, "issue", case)
    assert first.content.move is not None
    parties.clock.advance(20)
    assert first.hand_in()
    return first


def requested(parties: Parties, kind: str) -> tuple[JointRequest, str]:
    """A request of each type, up to where it is issued."""
    if kind == "licence":
        request = parties.licence()
    elif kind == "transfer":
        request = parties.transfer("use")
    elif kind == "change":
        request = change(parties, HOSPITAL, asset="更正后的名称")
    elif kind == "renewal":
        parties.clock.now += 340 * 86_400
        request = parties.of_holders("renewal", {"years": 2, "summary": "续期两年"})
    else:
        request = parties.of_holders("cancellation", {"ground": "data_gone", "summary": "数据已灭失"})
    case = parties.reviewed(request)
    if kind not in ("licence", "transfer"):
        parties.publish(case)
    return request, case


@pytest.mark.parametrize("kind", ["licence", "transfer", "change", "renewal", "cancellation"])
def test_a_move_is_issued_from_elsewhere(
    world: World, demonstration_template: World, tmp_path: Path, kind: str
) -> None:
    if kind == "renewal":
        world = demonstration_template.copy(tmp_path / "short")
    with world.open() as registry:
        if kind == "renewal":
            parties = settled(world, registry, tmp_path / "d", validity_years=1)
        else:
            parties = parties_of(world, registry)
        request, case = requested(parties, kind)
        issued(parties, case)
        for party in request.request.parties:
            parties.sign(case, party.code, request)
        settle(registry)
        assert state_of(registry, case) in ("recorded", "deposited")
    assert world.audit() == []


def test_the_end_of_a_licence_too(world: World) -> None:
    with world.open() as registry:
        parties = parties_of(world, registry)
        parties.done(parties.licence())
        terms = {"licence": "L-2026-000001", "reasons": "双方协商一致"}
        roles = ((HOSPITAL, "licensor"), (FIRM, "licensee"))
        request = parties.signed(parties.request("licence_end", terms, roles))
        case = parties.reviewed(request)
        issued(parties, case)
        for party in request.request.parties:
            parties.sign(case, party.code, request)
        settle(registry)
        assert state_of(registry, case) == "recorded"
    assert world.audit() == []


def test_the_registrys_own_motion_by_both_offices(world: World) -> None:
    with world.open() as registry:
        parties = parties_of(world, registry)
        case = moved(parties)
        parties.publish(case)
        first = issued(parties, case)
        content = first.content
        assert content.move is not None
        joint = read_joint_request(content.move["request"])
        forged = replace(joint, signatures=()).signed_by(joint.request.registry, Sm2PrivateKey.generate())
        assert first.lie(request=forged.to_json()) == "approval-content", "another's key, not the registry's"
        second = Elsewhere.of(registry, MEMBER, "issue", case)
        _no_longer(second, not_after=parties.clock.now - 3600 * 24 * 30)
        _no_longer(second, compromised_at=parties.clock.now - 1)
        assert (
            second.lie(prepared=_restated(content, by={"name": "某法院", "code": FIRM})) == "approval-content"
        )
        assert second.hand_in()
        settle(registry)
        assert state_of(registry, case) == "recorded"
    assert world.audit() == []


def _no_longer(mine: Elsewhere, **changes: Any) -> None:
    """The registry's motion is signed with a key whose time is over, or that somebody else has too (R41)."""
    here = pinned(mine.registry)
    then = replace(here, issuers=tuple(replace(one, **changes) for one in here.issuers))
    assert refused(lambda: mine.sign(where=then)) == "approval-content"


def test_whom_nobody_told_of_the_registrys_motion_is_named_to_who_decides(
    demonstration_template: World, tmp_path: Path
) -> None:
    world = demonstration_template.copy(tmp_path / "nobody")
    with world.open() as registry:
        _, number = to_deposited(registry, world.clock, tmp_path / "d")
        parties = Parties(world, registry, "", b"", {}).take(number)  # its holder is not enrolled
        case = moved(parties)
        told = Elsewhere.of(registry, OFFICER, "publish", case).handed_in().to_json()
        assert told == {"done": True, "by_letter": [HOSPITAL]}
        settle(registry)
        past_publicity(registry, world.clock, case)
        assert Elsewhere.of(registry, OFFICER, "issue", case).handed_in().to_json() == {"done": True}
        last = Elsewhere.of(registry, MEMBER, "issue", case).handed_in().to_json()
        assert last == {"done": True, "by_letter": [HOSPITAL]}


def _restated(content: Content, **body: Any) -> Mapping[str, Any]:
    """What is prepared with another body of the statement that decides, which agrees with itself."""
    assert content.move is not None
    prepared = content.move["prepared"]
    last = {**prepared["stated"][-1]}
    last["body"] = {**last["body"], **body}
    commitment = commit_public(canonical.dumps(last["body"]))
    last["statement"] = {**last["statement"], "commitment": commitment.to_json()}
    return {**prepared, "stated": [*prepared["stated"][:-1], last]}


def test_what_is_shown_and_was_asked_is_what_is_signed(world: World) -> None:
    with world.open() as registry:
        parties = parties_of(world, registry)
        request, case = requested(parties, "licence")
        other = parties.licence(purposes="其他用途")
        mine = Elsewhere.of(registry, OFFICER, "issue", case)
        content = mine.content
        assert mine.sign()
        # A request that its parties signed as well, and did not ask this by.
        assert mine.lie(request=other.to_json()) == "approval-request"
        # Nobody asked, or not all of them.
        assert mine.lie(request=replace(request, signatures=()).to_json()) == "joint-unsigned"
        assert mine.lie(request=replace(request, signatures=request.signatures[:1]).to_json()) == (
            "joint-unsigned"
        )
        # Other words in the body, with and without a statement that fits them.
        assert mine.lie(prepared=_restated(content, exclusive=True)) == "approval-content"
        shown = replace(content, body={**content.body, "purposes": "别的"})
        assert refused(lambda: mine.sign(shown)) == "approval-content"
        # Another case's, another contract's, none pinned.
        assert content.move is not None
        foreign = {**content.move["prepared"], "case": "A-2026-000099"}
        assert mine.lie(prepared=foreign) == "approval-content"
        here = pinned(registry)
        for where in (replace(here, moves=bytes(20)), replace(here, moves=None)):
            assert refused(lambda where=where: mine.sign(where=where)) == "approval-message"  # type: ignore[misc]
        message = {**mine.asked.message, "message": {**mine.asked.message["message"], "exclusive": True}}
        assert refused(lambda: mine.sign(message=message)) == "approval-content"
        # A deposit is none of it, and half a move is no move.
        assert refused(lambda: mine.sign(replace(content, move=None))) in (
            "approval-message",
            "approval-content",
        )
        half = {**content.to_json(), "move": {"prepared": content.move["prepared"]}}
        assert refused(lambda: Content.from_json(half)) == "field-type"


def test_whoever_has_another_licence_prepared_is_found_out(world: World) -> None:
    """A registry that prepares an exclusive licence of a request for an ordinary one."""
    with world.open() as registry:
        parties = parties_of(world, registry)
        _, case = requested(parties, "licence")
        wider = parties.licence(exclusive=True)
        second = parties.reviewed(wider)
        mine, theirs = (Elsewhere.of(registry, OFFICER, "issue", one) for one in (case, second))
        assert mine.content.move is not None
        assert theirs.content.move is not None
        lie = replace(theirs.content, move={**theirs.content.move, "request": mine.content.move["request"]})
        assert refused(lambda: theirs.sign(lie)) == "approval-request"
        assert digest_pair(CONTRACT).matches(wider.request.documents[0].digest)


# ---------------------------------------------------------------- remarks


def test_a_remark_is_entered_and_lifted_from_elsewhere(world: World) -> None:
    with world.open() as registry:
        parties = parties_of(world, registry)
        with unchanged(registry):
            entering = Elsewhere.of(registry, OFFICER, "remark", parties.number, kind="control", **GROUNDS)
        parties.clock.advance(20)
        assert entering.hand_in()
        settle(registry)
        with registry.store.reading() as session:
            event = session.exec(select(Event).where(Event.type == "remark.entered")).one()
        name = event.leaf_hash.hex()[:12]
        lifting = Elsewhere.of(registry, OFFICER, "lift", parties.number, remark=name, **GROUNDS)
        assert lifting.hand_in()
        settle(registry)
        again = decision(registry, OFFICER, "lift", parties.number, remark=name, **GROUNDS)
        assert refused(lambda: submit(registry, again)) == "remark-unknown"
        wrong = decision(registry, MEMBER, "remark", parties.number, kind="control", **GROUNDS)
        assert refused(lambda: submit(registry, wrong)) == "move-wrong-capacity"
        seizing = decision(registry, OFFICER, "remark", parties.number, kind="seizure", **GROUNDS)
        assert refused(lambda: submit(registry, seizing)) == "remark-document"
    (line,) = standing_at(world.root, parties.number).remarks
    assert line.lifted_at is not None
    assert world.audit() == []


def test_a_remark_reads_as_it_was_decided(world: World) -> None:
    document = dict(digest_pair(b"order").to_json())
    with world.open() as registry:
        parties = parties_of(world, registry)
        said = {"text": "查封", "document": document, "reference": "(2026)粤01执1号"}
        mine = Elsewhere.of(registry, OFFICER, "remark", parties.number, kind="seizure", **said)
        assert mine.sign()

        def lied(**body: Any) -> str:
            content = mine.content
            other = {**content.body, **body}
            statement = replace(content.statement, commitment=commit_public(canonical.dumps(other)))
            leaf = "0x" + statement.leaf_hash.hex()
            message = {**mine.asked.message, "message": {**mine.asked.message["message"], "statement": leaf}}
            return refused(lambda: mine.sign(replace(content, statement=statement, body=other), message))

        beside = replace(mine.content, move={"prepared": {}, "request": {}})
        assert refused(lambda: mine.sign(beside)) == "approval-content", "something else is shown too"
        assert lied(by={"name": "某法院", "code": FIRM}) == "approval-content", "in another's name"
        assert lied(at=mine.content.body["at"] - 1) == "approval-content"
        assert lied(text="解除") == "approval-message"
        assert lied(kind="control") == "approval-message"
        assert lied(reference="(2026)粤01执2号") == "approval-message"
        assert lied(document=dict(digest_pair(b"another").to_json())) == "approval-message"
        assert lied(certificate="SJ4412026110009") == "approval-content", "of another certificate"
        changed = replace(mine.content, body={**mine.content.body, "text": "解除"})
        assert refused(lambda: mine.sign(changed)) == "approval-content"
        assert mine.hand_in()
        settle(registry)
        lifting = Elsewhere.of(registry, OFFICER, "lift", parties.number, remark="seizure", **said)
        assert lifting.sign()
        other = replace(
            lifting, made=decision(registry, OFFICER, "lift", parties.number, remark="ff", **said)
        )
        assert refused(other.sign) == "approval-message"

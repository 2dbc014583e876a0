"""Decisions signed elsewhere (S18): what is signed is carried out, once, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.ledger import world as w
from tests.ledger.world import KEEPER, MEMBER, OFFICER, SECOND_OFFICER, World, actor_of
from yinzheng.ledger.elsewhere.shown import Pinned, sign_shown
from yinzheng.ledger.elsewhere.submitting import PREPARED_LASTS, Outcome, submit
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.keys.provider import EthereumKey
from yinzheng.ledger.people.decisions import LASTS, MAX_BYTES, MESSAGES, Content, SignedDecision
from yinzheng.ledger.people.enrolling import remove_person
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.refusals import Ground
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.errors import YinzhengError
from yinzheng.verifier.log.statement import commit_private, commit_public

ACCEPT = {"procedure": "simplified", "reasons": "来源单一。"}


def decision(registry: Registry, person: str, action: str, case: str, **arguments: Any) -> SignedDecision:
    """A decision as its person's own machine makes it, which has the key and no registry."""
    made = SignedDecision(
        origin=registry.instance.origin,
        chain=registry.instance.chain_id,
        person=person,
        action=action,
        case=case,
        arguments=arguments,
        at=registry.clock(),
        nonce=bytes(16),
    )
    return made.sign(actor_of(registry, person).key)


def approved(made: SignedDecision, asked: Outcome, key: EthereumKey) -> SignedDecision:
    """The same with what was asked for signed too."""
    assert asked.prepared is not None
    rights = bytes.fromhex(asked.message["domain"]["verifyingContract"][2:])
    assert asked.content is not None
    told = Content.from_json(canonical.loads(canonical.dumps(asked.content.to_json()), max_bytes=MAX_BYTES))
    signature = sign_shown(asked.message, told, made, Pinned(rights), key)
    return replace(made, prepared=asked.prepared, approvals=(signature,)).sign(key)


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(YinzhengError) as caught:
        act()
    return caught.value.code


def carried_out(
    world: World, registry: Registry, person: str, action: str, case: str, **arguments: Any
) -> None:
    """Both rounds."""
    made = decision(registry, person, action, case, **arguments)
    made = SignedDecision.from_json(canonical.loads(canonical.dumps(made.to_json()), max_bytes=MAX_BYTES))
    asked = submit(registry, made)
    if not asked.done:
        world.clock.advance(20)
        assert submit(registry, approved(made, asked, actor_of(registry, person).key)).done


def test_a_case_is_decided_wholly_elsewhere(world: World, tmp_path: Path) -> None:
    with world.open() as registry:
        case = w.apply(registry, tmp_path / "dossier")
        carried_out(world, registry, OFFICER, "accept", case, procedure="ordinary", reasons="公开数据。")
        w.favourable(registry, case)
        carried_out(world, registry, MEMBER, "approve", case, against=False, reasons="")
        carried_out(world, registry, OFFICER, "publish", case)
        settle(registry)
        w.past_publicity(registry, world.clock, case)
        carried_out(world, registry, OFFICER, "issue", case)
        carried_out(world, registry, MEMBER, "issue", case)
        settle(registry)
        assert w.state_of(registry, case) == "deposited"
    assert world.audit() == []


def test_asking_what_to_sign_changes_nothing(world: World, tmp_path: Path) -> None:
    with world.open() as registry:
        case = w.to_reviewed(registry, tmp_path / "dossier")
        made = decision(registry, OFFICER, "publish", case)
        settle(registry)
        with w.unchanged(registry):
            asked = submit(registry, made)
        assert not asked.done
        assert asked.message["primaryType"] == "Publication"


def test_it_is_taken_once_and_of_its_day(world: World, tmp_path: Path) -> None:
    with world.open() as registry:
        case = w.apply(registry, tmp_path / "dossier")
        made = decision(registry, OFFICER, "request-supplement", case, missing=["样例"])
        assert submit(registry, made).done
        assert refused(lambda: submit(registry, made)) == "decision-taken"
        late = decision(registry, OFFICER, "accept", case, **ACCEPT)
        world.clock.advance(LASTS + 1)
        assert refused(lambda: submit(registry, late)) == "decision-stale"


def test_what_was_not_signed_is_not_carried_out(world: World, tmp_path: Path) -> None:
    with world.open() as registry:
        case, other = (w.apply(registry, tmp_path / name) for name in ("one", "two"))
        settle(registry)
        made = decision(registry, OFFICER, "accept", case, **ACCEPT)
        bent = [
            replace(made, case=other),
            replace(made, person=MEMBER),
            replace(made, action="issue"),
            replace(made, arguments={"missing": []}),
            replace(made, at=made.at + 1),
        ]
        with w.unchanged(registry):
            assert {refused(lambda one=one: submit(registry, one)) for one in bent} == {"key-differs"}  # type: ignore[misc]
            foreign = replace(made, origin="elsewhere/log").sign(actor_of(registry, OFFICER).key)
            assert refused(lambda: submit(registry, foreign)) == "decision-foreign"
            wrong = decision(registry, MEMBER, "accept", case, **ACCEPT)
            assert refused(lambda: submit(registry, wrong)) == "move-wrong-capacity"
            odd = decision(registry, OFFICER, "accept", case, more=1)
            assert refused(lambda: submit(registry, odd)).startswith("field-")


def test_anothers_approval_is_asked_for_again(world: World, tmp_path: Path) -> None:
    with world.open() as registry:
        case = w.to_reviewed(registry, tmp_path / "dossier")
        made = decision(registry, OFFICER, "publish", case)
        asked = submit(registry, made)
        borrowed = approved(made, asked, actor_of(registry, MEMBER).key)
        borrowed = borrowed.sign(actor_of(registry, OFFICER).key)
        assert not submit(registry, borrowed).done
        forged = replace(borrowed, prepared=b"\1" * 60).sign(actor_of(registry, OFFICER).key)
        assert refused(lambda: submit(registry, forged)) == "decision-prepared"
        right = approved(made, asked, actor_of(registry, OFFICER).key)
        world.clock.advance(PREPARED_LASTS + 1)
        assert refused(lambda: submit(registry, right)) == "decision-stale"


def test_who_was_removed_meanwhile_decides_nothing(world: World, tmp_path: Path) -> None:
    with world.open() as registry:
        case = w.to_reviewed(registry, tmp_path / "dossier")
        made = decision(registry, OFFICER, "publish", case)
        asked = submit(registry, made)
        right = approved(made, asked, actor_of(registry, OFFICER).key)
        remove_person(registry, OFFICER, actor_of(registry, KEEPER))
        assert refused(lambda: submit(registry, right)) == "person-removed"


def test_a_stranger_does_not_learn_who_is_enrolled(world: World, tmp_path: Path) -> None:
    """Anyone may hand in a decision: an unknown name, an enrolled one and one that left answer alike."""
    with world.open() as registry:
        case = w.apply(registry, tmp_path / "dossier")
        remove_person(registry, SECOND_OFFICER, actor_of(registry, KEEPER))
        made = decision(registry, OFFICER, "accept", case, **ACCEPT)
        stranger, told = EthereumKey.generate(), set()
        for name in ("nobody", OFFICER, SECOND_OFFICER):
            with pytest.raises(YinzhengError) as caught:
                submit(registry, replace(made, person=name).sign(stranger))
            fault = caught.value
            told.add((fault.code, fault.message.replace(name, "NAME"), fault.hint))
        assert len(told) == 1, told
        assert OFFICER not in str(told)


@dataclass
class Asked:
    """Somebody's decision, and what they are asked to approve for it."""

    made: SignedDecision
    outcome: Outcome
    key: EthereumKey

    def code(self, content: Content, /, **message: Any) -> str:
        """What becomes of it with another content, and other words in the message."""
        changed = {**self.outcome.message, "message": {**self.outcome.message["message"], **message}}
        return refused(
            lambda: approved(self.made, replace(self.outcome, content=content, message=changed), self.key)
        )

    def consistent(self, body: Mapping[str, Any], /, **message: Any) -> str:
        """What becomes of a lie that agrees with itself: another body, its statement, its leaf hash."""
        told = self.outcome.content
        assert told is not None
        said, secret = canonical.dumps({**told.body, **body}), told.secret
        commitment = commit_public(said) if secret is None else commit_private(secret, said)
        statement = replace(told.statement, commitment=commitment)
        named = {
            name: "0x" + statement.leaf_hash.hex()
            for name in LEAVES
            if name in self.outcome.message["message"]
        }
        return self.code(Content(statement, {**told.body, **body}, secret), **named, **message)


LEAVES = ("notice", "conclusion", "refusal", "content")
REASONS = "经调查，异议不成立。"
REFUSED = {"ground": next(iter(Ground)).value, "reasons": "不符合条件。"}


def asked_for(registry: Registry, person: str, action: str, case: str, **arguments: Any) -> Asked:
    made = decision(registry, person, action, case, **arguments)
    return Asked(made, submit(registry, made), actor_of(registry, person).key)


def of_every_kind(world: World, registry: Registry, folder: Path) -> dict[str, Asked]:
    """What is to be approved for each action that the contracts ask something for."""
    found = {"publish": asked_for(registry, OFFICER, "publish", w.to_reviewed(registry, folder / "one"))}
    case = w.to_publicity(registry, folder / "two")
    (proof := folder / "proof.txt").write_text("合同编号不符")
    objection = w.object_to(registry, case, "某公司", "数据来源有争议。", (proof,))
    settle(registry)
    resolved = {"objection": objection, "upheld": False, "reasons": REASONS}
    found["resolve"] = asked_for(registry, OFFICER, "resolve", case, **resolved)
    carried_out(world, registry, OFFICER, "resolve", case, **resolved)
    settle(registry)
    found["refuse"] = asked_for(registry, OFFICER, "refuse", case, **REFUSED)
    w.past_publicity(registry, world.clock, case)
    found["issue"] = asked_for(registry, OFFICER, "issue", case)
    return found


def test_what_is_shown_is_what_is_signed(world: World, tmp_path: Path) -> None:
    """A desk that shows one text and has another signed, for every approval there is."""
    with world.open() as registry:
        kinds = of_every_kind(world, registry, tmp_path)
        assert set(kinds) | {"remark", "lift"} == {action for action, some in MESSAGES.items() if some}
        for action, asked in kinds.items():
            told = asked.outcome.content
            assert told is not None
            assert approved(asked.made, asked.outcome, asked.key).approvals, action
            word = next(name for name, value in told.body.items() if isinstance(value, str))
            other = {**told.body, word: "另一个文本"}
            leaf = next(name for name in LEAVES if name in asked.outcome.message["message"])
            assert asked.code(replace(told, body=other)) == "approval-content", action
            assert asked.code(told, **{leaf: "0x" + "ab" * 32}) == "approval-content", action
            later = replace(told.statement, at=told.statement.at + 1)
            assert asked.code(replace(told, statement=later)) == "approval-content", action
            for another in kinds.values():
                if another is not asked:
                    assert another.outcome.content is not None
                    assert asked.code(another.outcome.content) in ("approval-message", "approval-content")
        waived = kinds["publish"].consistent({"waived": True}, waived=True)
        upheld = kinds["resolve"].consistent({"upheld": True}, upheld=True)
        assert {waived, upheld} == {"approval-message"}, "the opposite of what was decided"
        assert kinds["publish"].code(kinds["publish"].outcome.content, waived=True) == "approval-content"  # type: ignore[arg-type]
        for action in ("resolve", "refuse"):
            assert kinds[action].consistent({"reasons": "别的理由。"}) == "approval-message"
            assert kinds[action].consistent({"person": SECOND_OFFICER}) == "approval-message"
        days = kinds["issue"].outcome.message["message"]["validUntil"] + 86_400
        assert kinds["issue"].consistent({"valid_until": days}) == "approval-content"


def test_an_approval_is_for_the_pinned_contract(world: World, tmp_path: Path) -> None:
    with world.open() as registry:
        asked = asked_for(registry, OFFICER, "publish", w.to_reviewed(registry, tmp_path / "dossier"))
        told, key = asked.outcome.content, asked.key
        assert told is not None
        rights = Pinned(registry.instance.deployment.rights)
        assert sign_shown(asked.outcome.message, told, asked.made, rights, key)
        for domain in ({"chainId": 1}, {"name": "Another"}, {"verifyingContract": "0x" + "ab" * 20}):
            bent = {**asked.outcome.message, "domain": {**asked.outcome.message["domain"], **domain}}
            assert refused(lambda bent=bent: sign_shown(bent, told, asked.made, rights, key)) == (  # type: ignore[misc]
                "approval-message"
            )
        odds: tuple[Any, ...] = ({}, {"primaryType": "Publication"}, [], None)
        for odd in odds:
            assert refused(lambda odd=odd: sign_shown(odd, told, asked.made, rights, key)) == (  # type: ignore[misc]
                "approval-message"
            )

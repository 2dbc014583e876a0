"""Decisions signed elsewhere (S18): what is signed is carried out, once, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.ledger import world as w
from tests.ledger.world import KEEPER, MEMBER, OFFICER, SECOND_OFFICER, World, actor_of
from yinzheng.ledger.cases.decided_elsewhere import PREPARED_LASTS, Outcome, submit
from yinzheng.ledger.chain.approvals import Conclusion, plain, typed_data
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.keys.provider import EthereumKey
from yinzheng.ledger.people.decisions import LASTS, MAX_BYTES, SignedDecision, sign_message
from yinzheng.ledger.people.enrolling import remove_person
from yinzheng.ledger.registry import Registry
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.errors import YinzhengError

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
    signature = sign_message(asked.message, made, rights, key)
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


def test_a_desk_that_lies_gets_no_approval_of_the_opposite(world: World, tmp_path: Path) -> None:
    with world.open() as registry:
        case = w.to_reviewed(registry, tmp_path / "dossier")
        made = decision(registry, OFFICER, "publish", case)
        asked = submit(registry, made)
        key = actor_of(registry, OFFICER).key
        asked.message["message"]["waived"] = True
        assert refused(lambda: approved(made, asked, key)) == "approval-message"
        resolved = decision(registry, OFFICER, "resolve", case, objection="a", upheld=False, reasons="")
        none, domain = bytes(32), registry.client.domain
        messages = [
            plain(typed_data(Conclusion(none, none, none, upheld), domain)) for upheld in (True, False)
        ]
        outcome = [replace(asked, message=message) for message in messages]
        assert refused(lambda: approved(resolved, outcome[0], key)) == "approval-message"
        assert approved(resolved, outcome[1], key).approvals

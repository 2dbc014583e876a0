"""What was proved before changes no finding: with and without, over every vector, forgeries among them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.scripts.test_vectors_documents import changed
from tests.scripts.vectors import load
from tests.verifier.judge.test_verify_live import LYING_RECORDS, drop_hash, drop_slot
from tests.verifier.judge.test_verify_tamper import RECORD_EDITS
from tests.verifier.live_world import FakeLedger
from tests.verifier.world import (
    ISSUER,
    NOW,
    STRANGER,
    VALID_UNTIL,
    World,
    genuine_file,
    presented,
    trust,
)
from yinzheng.verifier.bytes.algorithms import Ed25519PrivateKey, Sm2PrivateKey, keccak256
from yinzheng.verifier.chain.evidence import parse_evidence
from yinzheng.verifier.containers.target import Presented, read_target
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.judge.certificate.verify import certificate_issued, verify
from yinzheng.verifier.judge.conclusion.verify import verify_conclusion
from yinzheng.verifier.judge.kinds import kind_of
from yinzheng.verifier.judge.proven import MOST_NODES, Proven
from yinzheng.verifier.judge.trust import TrustPolicy, parse_trust


def alike(shown: Presented, policy: TrustPolicy, now: int, proven: Proven, *, check: Any = verify) -> Any:
    """The report, which is the same whether the reader remembers; asked twice, so that it does."""
    alone = check(shown, policy, now=now).to_json()
    for _ in range(2):
        assert check(shown, policy.remembering(proven), now=now).to_json() == alone
    return alone


def test_every_vector_of_a_certificate_is_found_alike_after_the_genuine_one() -> None:
    proven, issued = Proven(), set()
    cases = [{"replace": {}, "now": load("whole.json")["now"]}, *load("cases.json")]
    for case in [*cases, cases[0]]:
        whole = changed(case["replace"])
        shown = read_target(json.dumps(whole["file"], ensure_ascii=False).encode())
        policy = parse_trust(json.dumps(whole["trust"]).encode())
        found = alike(shown, policy, case["now"], proven)
        # Whether a ledger may be asked about it is told by the same two obligations.
        signed = [one["outcome"] for one in found["obligations"][1:3]] == ["VALID", "VALID"]
        assert certificate_issued(shown, policy) == signed
        issued.add(signed)
    assert len(proven)
    assert issued == {True, False}


def test_every_edit_of_a_record_and_of_every_proof_is_found_alike() -> None:
    proven, policy = Proven(), trust()
    assert alike(presented(genuine_file()), policy, NOW, proven)["authentic"] == "genuine"
    for _, edit in RECORD_EDITS:
        file = genuine_file()
        edit(file["record"])
        assert alike(presented(file), policy, NOW, proven)["authentic"] == "forged"
    for path in (("chain", "headers", 0), ("chain", "headers", 1), ("chain", "accounts", 0, "proof", 0)):
        file = genuine_file()
        *parents, last = path
        at: Any = file
        for name in parents:
            at = at[name]
        for place in range(0, len(at[last]), len(at[last]) // 16):
            kept = at[last]
            at[last] = kept[:place] + ("1" if kept[place] != "1" else "2") + kept[place + 1 :]
            assert alike(presented(file), policy, NOW, proven)["authentic"] != "genuine"
            at[last] = kept


def test_every_character_of_the_checkpoint_counts() -> None:
    proven, policy, text = Proven(), trust(), genuine_file()["proof"]
    alike(presented(genuine_file()), policy, NOW, proven)
    for at in range(text.index("\n\n"), len(text), 7):
        file = genuine_file()
        file["proof"] = text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]
        alike(presented(file), policy, NOW, proven)


def test_a_conclusion_is_found_alike() -> None:
    found, proven = load("withdrawals.json")["conclusion"], Proven()
    policy = parse_trust(json.dumps(found["trust"]).encode())
    signature = found["file"]["signature"]
    for file in (found["file"], {**found["file"], "signature": signature[:-1] + "0"}, found["file"]):
        shown = read_target(json.dumps(file, ensure_ascii=False).encode())
        alike(shown, policy, found["file"]["signed_at"], proven, check=verify_conclusion)
        assert kind_of(shown).verify is verify_conclusion


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("compromised_at", 1, "key-compromised"),
        ("not_after", 1, "after-key"),
        ("not_before", NOW, "before-key"),
    ],
)
def test_what_a_key_may_is_asked_each_time(name: str, value: int, code: str) -> None:
    proven = Proven()
    shown = presented(genuine_file())
    verify(shown, trust().remembering(proven), now=NOW)

    def revoked(policy: dict[str, Any]) -> None:
        policy["issuers"][0] |= {"not_before": 0, name: value}

    report = verify(shown, trust(revoked).remembering(proven), now=NOW)
    assert (report.finding(2).outcome, report.finding(3).code) == ("VALID", code)


def test_who_pins_others_is_told_so() -> None:
    proven = Proven()
    shown = presented(genuine_file())
    verify(shown, trust().remembering(proven), now=NOW)

    def other_validators(policy: dict[str, Any]) -> None:
        for span in policy["chain"]["validators"]:
            span["addresses"] = ["11" * 20]

    report = verify(shown, trust(other_validators).remembering(proven), now=NOW)
    assert report.finding(8).code == "sealer-not-pinned"
    assert report.authentic != "genuine"


def live_alike(ledger: FakeLedger, proven: Proven, now: int = NOW) -> dict[str, Any]:
    """The report on the code of a world by its ledger, the same whether the reader remembers."""
    shown = Presented("qr", qr=QR)
    alone = verify(shown, trust(), now=now, live=ledger).to_json()
    for _ in range(2):
        assert verify(shown, trust().remembering(proven), now=now, live=ledger).to_json() == alone
    return alone


QR = World().qr
"""One text for one code: a signature is drawn anew each time."""


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"status": 2}, "superseded"),
        ({"holds": 1}, "held"),
        ({"reserved_until": NOW + 60}, "reserved"),
    ],
)
def test_what_a_ledger_answers_since_is_told_at_once(changed: dict[str, Any], status: str) -> None:
    proven, world = Proven(), World()
    assert live_alike(FakeLedger(world), proven)["status"] == "in_force"
    world.state_record = replace(world.state_record, **changed)
    assert live_alike(FakeLedger(world), proven)["status"] == status
    world.state_record = World().state_record
    assert live_alike(FakeLedger(world), proven)["status"] == "in_force"
    assert live_alike(FakeLedger(world), proven, now=VALID_UNTIL + 1)["status"] == "expired"


@pytest.mark.parametrize("lie", LYING_RECORDS)
def test_a_ledger_that_lies_once_it_was_believed(lie: Any) -> None:
    proven = Proven()
    assert live_alike(FakeLedger(World()), proven)["authentic"] == "genuine"
    assert live_alike(FakeLedger(World(), edit_record=lie), proven)["authentic"] == "undetermined"


@pytest.mark.parametrize("lie", [drop_hash, drop_slot, lambda _chain: {}, lambda _chain: None])
def test_evidence_that_proves_nothing_once_it_did(lie: Any) -> None:
    proven = Proven()
    assert live_alike(FakeLedger(World()), proven)["authentic"] == "genuine"
    assert live_alike(FakeLedger(World(), edit_chain=lie), proven)["authentic"] == "undetermined"


def test_who_pins_another_contract_is_told_so_of_evidence_that_was_read() -> None:
    proven, ledger = Proven(), FakeLedger(World())
    shown = Presented("qr", qr=QR)
    verify(shown, trust().remembering(proven), now=NOW, live=ledger)

    def other_code(policy: dict[str, Any]) -> None:
        policy["chain"]["contracts"]["rights"]["code_hash"] = "11" * 32

    report = verify(shown, trust(other_code).remembering(proven), now=NOW, live=ledger)
    assert (report.finding(9).code, report.finding(9).data) == ("live-refused", {"reason": "code-differs"})


def test_it_is_no_part_of_a_policy() -> None:
    policy = trust()
    remembering = policy.remembering(Proven())
    assert remembering == policy
    assert "proven" not in repr(remembering).lower()
    assert replace(remembering, max_age=1).proven is remembering.proven


def _fail() -> str:
    raise DataFault("it is none", code="field-type")


class TestProven:
    def test_only_what_holds_is_kept(self) -> None:
        proven = Proven()
        signature = ISSUER.sign(b"m")
        assert not proven.verified(ISSUER.public_key, b"n", signature)
        assert not proven.verified(STRANGER.public_key, b"m", signature)
        assert len(proven) == 0
        assert proven.verified(ISSUER.public_key, b"m", signature)
        assert len(proven) == 1
        # Every part counts, and none can lend bytes to its neighbour.
        assert not proven.verified(ISSUER.public_key, b"m" + signature[:1], signature[1:])
        assert not proven.verified(STRANGER.public_key, b"m", signature)

    def test_it_asks_once(self) -> None:
        proven, asked = Proven(), []
        for _ in range(3):
            assert proven.once((b"a", b"b"), lambda: asked.append(1) or "found") == "found"  # type: ignore[func-returns-value]
        assert proven.once((b"ab", b""), lambda: None) is None
        assert len(asked) == 1

    def test_ed25519_and_sm2_are_two_things(self) -> None:
        proven, key = Proven(), Ed25519PrivateKey(bytes(32))
        assert proven.verified(key.public_key, b"m", key.sign(b"m"))
        assert not proven.verified(key.public_key, b"m", Sm2PrivateKey(7).sign(b"m"))

    def test_an_answer_is_read_once_and_any_other_for_itself(self) -> None:
        proven, asked = Proven(), []
        answers = [
            {"a": 1},
            {"a": True},
            {"a": "1"},
            {"a": [1]},
            {"a": (1,)},
            {"a": None},
            {"a": b"1"},
            {"b": 1},
            {1: "a"},
            {"a": 1, "b": {}},
            {"a": 1, "b": []},
            ["a", 1],
            "a1",
        ]
        for _ in range(2):
            for at, answer in enumerate(answers):
                assert proven.read("it", answer, lambda at=at: asked.append(at) or at + 1) == at + 1  # type: ignore[misc, func-returns-value]
        assert asked == [*range(len(answers))]
        assert proven.read("other", {"a": 1}, lambda: "other") == "other"

    def test_what_fails_is_read_again_and_what_is_not_plain_each_time(self) -> None:
        proven = Proven()
        with pytest.raises(DataFault):
            proven.read("it", 1, lambda: _fail())
        assert proven.read("it", 1, lambda: "read") == "read"
        for said in ("one", "two"):
            assert proven.read("it", {"a": proven}, lambda said=said: said) == said  # type: ignore[misc]

    def test_of_a_stranger_nothing_new_is_kept(self) -> None:
        proven = Proven()
        assert proven.read("it", 1, lambda: "one", keep=False) == "one"
        assert proven.read("it", 1, lambda: "two") == "two"
        assert proven.read("it", 1, lambda: "three", keep=False) == "two"

    def test_nodes_are_of_few_states_and_few_of_each(self) -> None:
        proven = Proven()
        for at in range(20):
            proven.keep_nodes(bytes([at]), {bytes(32): (b"", b"")})
        assert [at for at in range(20) if proven.nodes_of(bytes([at])) is not None] == [16, 17, 18, 19]
        many: Any = {at.to_bytes(32, "big"): (b"", b"") for at in range(MOST_NODES + 1)}
        proven.keep_nodes(b"many", many)
        assert proven.nodes_of(b"many") == {}

    def test_nodes_are_kept_of_blocks_that_held(self) -> None:
        proven, shown = Proven(), presented(genuine_file())
        state = parse_evidence(genuine_file()["chain"]).block.state_root

        def other_validators(policy: dict[str, Any]) -> None:
            for span in policy["chain"]["validators"]:
                span["addresses"] = ["11" * 20]

        verify(shown, trust(other_validators).remembering(proven), now=NOW)
        assert proven.nodes_of(state) is None
        verify(shown, trust().remembering(proven), now=NOW)
        kept = proven.nodes_of(state)
        assert kept
        assert all(keccak256(node) == name for name, (node, _) in kept.items())

    def test_it_stays_small_and_keeps_what_is_asked_for(self) -> None:
        proven, found = Proven(most=8), []
        for at in range(100):
            proven.once((b"often",), lambda: found.append(1) or True)  # type: ignore[func-returns-value]
            proven.once((b"once", bytes([at])), lambda: True)
            assert len(proven) <= 16
        assert len(found) == 1

    def test_a_flood_of_inventions_adds_nothing(self) -> None:
        proven, policy = Proven(), trust()
        verify(presented(genuine_file()), policy.remembering(proven), now=NOW)
        before = len(proven)
        for at in range(20):
            file = genuine_file()
            file["qr"] = World(signer=Sm2PrivateKey(at + 2)).qr
            verify(presented(file), policy.remembering(proven), now=NOW)
        assert len(proven) == before

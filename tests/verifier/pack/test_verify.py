"""Packs that are genuine, partly withheld, released, or read under another policy (S14.4, S14.5)."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.verifier.pack.pack_files import places, resigned, unpacked
from tests.verifier.pack.pack_world import (
    CONSENT,
    CONTENTS,
    COURT,
    DISPUTE,
    MADE,
    NOW,
    Dispute,
    changed,
    genuine_pack,
    pack_trust,
    release_json,
    verified,
)
from tests.verifier.pack.test_more import with_dossier
from tests.verifier.world import (
    BLOCK_TIME,
    HOSPITAL,
    ISSUER,
    STRANGER,
)
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.certificate import key_id
from yinzheng.verifier.judge.pack.report import Answer
from yinzheng.verifier.judge.pack.report_json import report_json
from yinzheng.verifier.judge.pack.verify import verify_pack
from yinzheng.verifier.judge.report import Outcome
from yinzheng.verifier.words.verdict import verdict

Edit = Callable[[Any], None]


def test_a_genuine_pack_is_consistent() -> None:
    report = verified(genuine_pack())
    assert report.verdict is Answer.CONSISTENT
    assert (report.exit_code, report.speaks_of) == (0, BLOCK_TIME)
    assert [finding.outcome for finding in report.findings] == [Outcome.VALID] * 10
    assert [question.answer for question in report.questions] == [Answer.CONSISTENT] * 4
    assert not report.faults()
    assert report.finding(9).code == "ok"
    assert report.dispute is not None
    assert report.opening is not None
    assert report.release is None
    assert [item.anchored_at for item in report.items] == [
        report.dispute.opened_at,
        report.dispute.opened_at + 1,
        report.dispute.opened_at + 1,
    ]
    assert [witness.holds for item in report.items for witness in item.witnesses] == [True] * 3
    assert [(subject.kind, subject.holds) for subject in report.subjects] == [
        ("record", 1),
        ("case", 1),
        ("consent", 1),
    ]
    assert report.registry == report.manifest.registry if report.manifest else False
    with pytest.raises(TypeError):
        bool(report)


def test_the_report_is_json() -> None:
    for pack in (genuine_pack(), Dispute(released=True, withheld=frozenset({2})).pack(), b"none"):
        report = verified(pack)
        value = json.loads(json.dumps(report_json(report)))
        assert value["answer"] == str(report.verdict)
        assert len(value["items"]) == len(report.items)


def test_it_says_how_much_was_read() -> None:
    read: list[int] = []
    verify_pack(io.BytesIO(genuine_pack()), pack_trust(), now=NOW, progress=read.append)
    files = unpacked(genuine_pack())
    assert sum(read) == sum(map(len, files.values())) - len(files["manifest.json"] + files["manifest.sig"])


def test_the_same_plan_gives_the_same_bytes() -> None:
    first, second = unpacked(Dispute().pack()), unpacked(Dispute().pack())
    assert list(first) == list(second)
    for name in ("items/0001/content", "items/0003/item.json", "HOWTO.txt", "report.pdf"):
        assert first[name] == second[name]
    dispute = Dispute()
    plan = dispute.plan()
    signature = ISSUER.sign(b"one for both")
    dispute.signer = type("Once", (), {"sign": staticmethod(lambda data: signature)})()
    assert dispute.pack(plan) == dispute.pack(plan)


# Withheld, released, without evidence


def test_a_withheld_item_shows_nothing_but_that_it_is_there() -> None:
    pack = Dispute(withheld=frozenset({2})).pack()
    assert not [name for name in unpacked(pack) if name.startswith("items/0002")]
    leaf = verified(genuine_pack()).items[1].statement
    report = verified(pack)
    assert leaf is not None
    assert leaf.statement.commitment.sha256.hex().encode() not in pack
    assert (report.verdict, report.withheld) == (Answer.CONSISTENT, 1)
    item = report.items[1]
    assert (item.disclosed, item.item, item.statement) == (False, None, None)
    assert item.anchored_at == report.items[2].anchored_at
    assert (item.unchanged, item.provenance_code) == (Answer.UNDETERMINED, "withheld")
    assert ("items/0002", "withheld") in {(reason.where, reason.code) for reason in report.limits}
    assert report.question("C19").answer is Answer.UNDETERMINED


def test_a_withheld_opening_leaves_parties_and_holds_unknown() -> None:
    report = verified(Dispute(withhold_opening=True).pack())
    assert report.verdict is Answer.UNDETERMINED
    assert report.exit_code == 3
    assert report.finding(9).code == "opening-withheld"
    assert not report.subjects
    assert report.opening is None
    codes = {reason.code for reason in report.question("C17").reasons}
    assert "parties-unknown" in codes


def test_a_released_dispute_holds_nothing_any_more() -> None:
    report = verified(Dispute(released=True, holds=(0, 0, 0)).pack())
    assert report.verdict is Answer.CONSISTENT
    assert report.release is not None
    assert report.release.to_json() == release_json()
    assert report_json(report)["chain"]["state"] == "released"


def test_a_dispute_without_evidence() -> None:
    report = verified(Dispute(contents=()).pack())
    assert (report.verdict, report.exit_code) == (Answer.UNDETERMINED, 3)
    assert [reason.code for reason in report.question("C16").reasons] == ["no-evidence"]
    assert report.question("C18").answer is Answer.UNDETERMINED


def test_a_pack_that_withholds_everything_shows_nothing() -> None:
    report = verified(Dispute(withheld=frozenset({1, 2, 3})).pack())
    assert (report.verdict, report.exit_code) == (Answer.UNDETERMINED, 3)
    assert "nothing-shown" in [reason.code for reason in report.question("C16").reasons]
    assert "no evidence was shown" in verdict(report).headline.en
    # A file of a dossier that is shown alone is something.
    dispute = with_dossier()
    dispute.withheld = frozenset({1, 2, 3})
    assert verified(dispute.pack()).verdict is Answer.CONSISTENT


def test_a_pack_without_statements_shows_nothing() -> None:
    report = verified(changed(lambda value: value.clear(), "statements.json", Dispute(contents=()).pack()))
    assert report.finding(5).code == "nothing-asked"
    assert report.verdict is Answer.UNDETERMINED


def test_evidence_added_later_only() -> None:
    assert verified(Dispute(first=0).pack()).verdict is Answer.CONSISTENT


def test_a_case_that_ended_meanwhile_needs_no_hold() -> None:
    assert verified(Dispute(case_state=3, holds=(1, 0, 1)).pack()).verdict is Answer.CONSISTENT


# The reader's policy


def test_a_pack_of_another_registry() -> None:
    report = verified(Dispute(signer=STRANGER).pack())
    assert not places(report)
    assert (report.verdict, report.exit_code) == (Answer.UNDETERMINED, 3)
    assert (report.finding(2).code, report.manifest) == ("issuer-unknown", None)
    assert verdict(report).headline.en == "Not of a registry you pinned."
    assert report.finding(2).data["kid"] == key_id(STRANGER.public_key.point).hex()
    files = unpacked(genuine_pack())
    report = verified(resigned(files, lambda manifest: manifest["registry"].update(name="别的机构")))
    assert places(report) == {("pack", 3, "registry-differs")}


def test_a_key_that_was_compromised() -> None:
    trust = pack_trust(lambda policy: policy["issuers"][0].update(compromised_at=MADE))
    assert places(verified(genuine_pack(), trust)) == {("pack", 3, "key-compromised")}


def test_a_policy_without_the_contracts() -> None:
    def drop(policy: dict[str, Any]) -> None:
        del policy["chain"]["contracts"]["preservation"]

    report = verified(genuine_pack(), pack_trust(drop))
    assert (report.verdict, report.finding(9).code) == (Answer.UNDETERMINED, "contract-not-pinned")

    def drop_consents(policy: dict[str, Any]) -> None:
        del policy["chain"]["contracts"]["consents"]

    report = verified(genuine_pack(), pack_trust(drop_consents))
    assert report.verdict is Answer.CONSISTENT
    assert ("subjects/" + CONSENT.hex(), "contract-not-pinned") in {(r.where, r.code) for r in report.limits}


def test_another_contract_than_the_pinned() -> None:
    def other(policy: dict[str, Any]) -> None:
        policy["chain"]["contracts"]["preservation"]["code_hash"] = "00" * 32

    # The policy's contract is not the one shown: nothing failed, and nothing is covered.
    report = verified(genuine_pack(), pack_trust(other))
    assert (report.finding(9).code, report.verdict) == ("code-differs", Answer.UNDETERMINED)
    assert not report.faults()


def test_an_unsealed_chain_proves_nothing_wrong() -> None:
    dispute = Dispute(sealers=(None, None), chain_dispute={2: 5}, holds=(0, 1, 1))
    report = verified(dispute.pack())
    assert report.finding(8).code == "unsealed"
    assert report.verdict is Answer.UNDETERMINED
    assert not report.faults()
    assert {reason.code for reason in report.question("C16").reasons} == {"unsealed"}


def test_operators_are_named_and_parties_flagged() -> None:
    report = verified(genuine_pack(), pack_trust(lambda policy: policy["operators"].append(dict(HOSPITAL))))
    assert [operator.is_party for operator in report.operators] == [False, False, True]
    answer = report.question("C17")
    assert answer.answer is Answer.UNDETERMINED
    assert [reason.code for reason in answer.reasons] == ["operator-is-party"]
    assert report.verdict is Answer.CONSISTENT
    report = verified(genuine_pack(), pack_trust(lambda policy: policy.update(operators=[dict(COURT)])))
    assert report.question("C17").answer is Answer.CONSISTENT
    assert [reason.code for reason in report.question("C17").reasons] == ["single-operator"]
    report = verified(genuine_pack(), pack_trust(lambda policy: policy.update(operators=[])))
    assert [reason.code for reason in report.question("C17").reasons] == ["operators-unknown"]


# Time


def test_an_old_pack_speaks_as_of_its_block() -> None:
    report = verified(genuine_pack(), now=NOW + 10 * 365 * 86_400)
    assert report.verdict is Answer.CONSISTENT
    assert report.finding(10).code == "as-of-block"


@pytest.mark.parametrize(
    ("made_at", "now", "code"),
    [(MADE, NOW - 1000, "block-from-future"), (NOW + 301, NOW, "pack-from-future")],
    ids=["block", "pack"],
)
def test_a_time_yet_to_come_may_be_the_reader_s_clock(made_at: int, now: int, code: str) -> None:
    report = verified(Dispute(made_at=made_at).pack(), now=now)
    assert report.finding(10).code == code
    assert [reason.code for reason in report.question("C17").reasons] == [code]
    assert report.finding(10).outcome is Outcome.INVALID
    assert report.question("C17").answer is Answer.UNDETERMINED
    assert report.verdict is Answer.CONSISTENT


def test_a_pack_ahead_of_its_block_is_named() -> None:
    for now in (MADE + 86_400, MADE + 10 * 365 * 86_400):
        report = verified(Dispute(made_at=MADE + 241).pack(), now=now)
        assert (report.finding(10).outcome, report.finding(10).code) == (Outcome.SKIPPED, "pack-after-block")
        assert report.question("C17").answer is Answer.UNDETERMINED
        assert ("pack", "pack-after-block") in {(r.where, r.code) for r in report.limits}
        assert report.verdict is Answer.CONSISTENT
    assert verified(Dispute(made_at=MADE + 240).pack(), now=NOW + 300).finding(10).code == "ok"


def test_no_pack_is_older_than_its_block() -> None:
    report = verified(Dispute(made_at=MADE - 361).pack())
    assert places(report) == {("pack", 3, "block-after-pack")}
    assert report.verdict is Answer.INCONSISTENT
    # Where nobody vouches for the block, its time says nothing.
    report = verified(Dispute(made_at=MADE - 361, sealers=(None, None)).pack())
    assert not report.faults()


# Before the deposit


def test_claims_alone_determine_nothing() -> None:
    report = verified(Dispute(witnessed=False).pack())
    assert report.verdict is Answer.CONSISTENT
    assert report.question("C18").answer is Answer.UNDETERMINED
    assert {reason.code for reason in report.question("C18").reasons} == {"claims-only"}


def test_a_witness_who_signed_something_else() -> None:
    dispute = Dispute(item_changes={2: {}})
    items = dispute.items()
    items[1]["witnesses"][0]["signature"] = items[0]["witnesses"][0]["signature"]
    dispute.items = lambda: items  # type: ignore[method-assign]
    report = verified(dispute.pack())
    assert places(report) == {("items/0002", None, "witness-wrong")}
    assert report.items[1].unchanged is Answer.CONSISTENT
    assert report.verdict is Answer.INCONSISTENT


def test_captured_after_the_deposit() -> None:
    late = {"captured_at": MADE, "custody": []}
    assert places(verified(Dispute(item_changes={1: late}).pack())) == {("items/0001", None, "item-time")}


def test_statements_that_an_item_is_about() -> None:
    about = {"kind": "notice", "about": {"statements": ["11" * 32]}}
    report = verified(Dispute(item_changes={1: about}).pack())
    assert report.verdict is Answer.CONSISTENT
    missing = [reason for reason in report.limits if reason.code == "statements-not-shown"]
    assert [(reason.where, reason.data["leaves"]) for reason in missing] == [("items/0001", ["11" * 32])]


# The writer


def test_the_writer_refuses_what_has_changed_in_store() -> None:
    dispute = Dispute()
    plan = dispute.plan()
    object.__setattr__(plan.items[0], "content", lambda: [CONTENTS[0][:-1] + b"!"])
    with pytest.raises(DataFault) as caught:
        dispute.pack(plan)
    assert (caught.value.code, caught.value.data["path"]) == ("content-differs", "items/0001/content")
    object.__setattr__(plan.items[0], "content", None)
    with pytest.raises(UsageFault) as usage:
        dispute.pack(plan)
    assert usage.value.code == "pack-item"


def test_the_writer_refuses_what_the_reader_would() -> None:
    dispute = Dispute()
    plan = dispute.plan()
    object.__setattr__(plan, "roots", plan.roots[:1])
    with pytest.raises(DataFault) as caught:
        dispute.pack(plan)
    assert caught.value.code == "manifest-roots"


def test_a_pack_can_have_no_report() -> None:
    dispute = Dispute()
    plan = dispute.plan()
    object.__setattr__(plan, "report_html", None)
    object.__setattr__(plan, "report_pdf", None)
    pack = dispute.pack(plan)
    assert "report.html" not in unpacked(pack)
    assert verified(pack).verdict is Answer.CONSISTENT
    assert DISPUTE.hex().encode() in dumps(json.loads(unpacked(pack)["manifest.json"]))

"""Packs that are genuine, tampered with at every step of the proof, or partly withheld (S14.4, S14.5)."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.verifier.pack.pack_world import (
    CONSENT,
    CONTENTS,
    COURT,
    DISPUTE,
    FORUM,
    MADE,
    NOW,
    PARTIES,
    SUBJECT,
    Dispute,
    changed,
    genuine_pack,
    pack_trust,
    release_json,
    resigned,
    unpacked,
    verified,
    zipped,
)
from tests.verifier.world import (
    ANCHOR,
    HOSPITAL,
    ISSUER,
    LOG_ED,
    NUMBER,
    OUTSIDER,
    RIGHTS,
    STRANGER,
    VALIDATORS,
    record_slots,
)
from verifier.canonical import dumps
from verifier.certificate import key_id
from verifier.errors import DataFault, UsageFault
from verifier.pack.archive import PackLimits
from verifier.pack.report import Answer, PackReport
from verifier.pack.report_json import report_json
from verifier.pack.verify import verify_pack
from verifier.report import Outcome

Edit = Callable[[Any], None]


def places(report: PackReport) -> set[tuple[str, int | None, str]]:
    """Every failure: where, which obligation, why."""
    return {(reason.where, reason.obligation, reason.code) for reason in report.faults()}


def test_a_genuine_pack_is_consistent() -> None:
    report = verified(genuine_pack())
    assert report.verdict is Answer.CONSISTENT
    assert report.exit_code == 0
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
        assert value["verdict"] == str(report.verdict)
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
    assert report.verdict is Answer.CONSISTENT
    assert report.question("C18").answer is Answer.UNDETERMINED


def test_a_pack_without_statements_shows_nothing() -> None:
    report = verified(changed(lambda value: value.clear(), "statements.json", Dispute(contents=()).pack()))
    assert report.finding(5).code == "nothing-asked"
    assert report.verdict is Answer.UNDETERMINED


def test_evidence_added_later_only() -> None:
    assert verified(Dispute(first=0).pack()).verdict is Answer.CONSISTENT


def test_a_case_that_ended_meanwhile_needs_no_hold() -> None:
    assert verified(Dispute(case_state=3, holds=(1, 0, 1)).pack()).verdict is Answer.CONSISTENT


# Tampering, by someone who has no key


def without_key(path: str, edit: Callable[[bytes], bytes]) -> PackReport:
    """The pack with the content of a file replaced by another of the same length, its checksum set right."""
    files = unpacked(genuine_pack())
    new = edit(files[path])
    assert len(new) == len(files[path])
    assert new != files[path]
    return verified(zipped(list({**files, path: new}.items())))


def test_a_changed_content_names_its_item() -> None:
    report = without_key("items/0003/content", lambda data: b"\xff" + data[1:])
    assert report.verdict is Answer.INCONSISTENT
    assert report.exit_code == 1
    assert places(report) == {
        ("items/0003", 4, "content-differs"),
        ("items/0003/content", 4, "file-differs"),
        ("pack", 4, "content-differs"),
    }
    assert [item.unchanged for item in report.items] == [
        Answer.CONSISTENT,
        Answer.CONSISTENT,
        Answer.INCONSISTENT,
    ]
    assert report.finding(4).data["where"] == ["items/0003", "items/0003/content"]


def test_a_changed_item_names_itself() -> None:
    report = without_key("items/0001/item.json", lambda data: data.replace(b"Debian 12", b"Debian 11"))
    assert ("items/0001", 4, "commitment") in places(report)
    assert ("items/0001/item.json", 4, "file-differs") in places(report)


def test_a_changed_statement_is_named() -> None:
    report = without_key("statements.json", lambda data: data.replace(b'"by":"forum"', b'"by":"party"', 1))
    found = places(report)
    assert ("statements.json", 4, "file-differs") in found
    assert {code for _, _, code in found} >= {"item-statement-missing"}


def test_a_broken_file_leaves_the_rest_unknown() -> None:
    report = without_key("statements.json", lambda data: b"{" + data[1:])
    assert ("statements.json", 1, "json-malformed") in places(report)
    assert report.finding(5).outcome is Outcome.SKIPPED
    report = without_key("chain.json", lambda data: b"[" + data[1:])
    assert ("chain.json", 1, "json-malformed") in places(report)
    assert [report.finding(number).code for number in (7, 8, 9, 10)] == ["evidence-not-given"] * 4
    assert report.block is None
    report = without_key("items/0001/item.json", lambda data: b"[" + data[1:])
    assert ("items/0001", 1, "item-unreadable") in places(report)
    assert report.items[0].provenance_code == "unreadable"


def test_a_changed_manifest_is_not_what_was_signed() -> None:
    report = without_key("manifest.json", lambda data: data.replace(b'"size":950', b'"size":951'))
    assert report.finding(1).code == "pack-size-differs"
    report = without_key(
        "manifest.json", lambda data: data.replace(str(MADE).encode(), str(MADE + 1).encode())
    )
    assert places(report) == {("pack", 2, "signature-wrong")}
    assert report.finding(3).code == "issuer-not-established"


def test_another_signature_is_wrong() -> None:
    files = unpacked(genuine_pack())
    strange = STRANGER.sign_der(b"yinzheng/pack/1\n" + files["manifest.json"])
    report = verified(zipped(list({**files, "manifest.sig": strange}.items())))
    assert report.finding(2).code == "signature-wrong"
    report = verified(zipped(list({**files, "manifest.sig": b"\0" * 70}.items())))
    assert report.finding(2).outcome is Outcome.INVALID


# Files too many, too few


def test_files_beside_the_manifest() -> None:
    files = unpacked(genuine_pack())
    head = [(name, files.pop(name)) for name in ("manifest.json", "manifest.sig")]
    extra = verified(zipped([*head, *sorted({**files, "zz.txt": b"extra"}.items())]))
    assert places(extra) == {("zz.txt", 1, "pack-extra-file")}
    assert (extra.manifest, extra.exit_code) == (None, 1)
    del files["items/0002/content"]
    missing = verified(zipped([*head, *sorted(files.items())]))
    assert places(missing) == {("items/0002/content", 1, "pack-missing-file")}
    assert [finding.code for finding in missing.findings[1:]] == ["form"] * 9


def test_the_reader_s_own_limits() -> None:
    limits = PackLimits(entry_bytes=100_000)
    report = verify_pack(io.BytesIO(genuine_pack()), pack_trust(), now=NOW, limits=limits)
    assert places(report) == {("items/0003/content", 1, "zip-entry-too-large")}


# A registry that lies: digests and signature are right, the rest is not


def lying(edit: Edit, path: str = "statements.json") -> PackReport:
    return verified(changed(edit, path))


def evidence_of(statements: list[dict[str, Any]], at: int = 0) -> dict[str, Any]:
    return [entry for entry in statements if entry["statement"]["type"] == "dispute.evidence"][at]


def opened_of(statements: list[dict[str, Any]]) -> dict[str, Any]:
    return next(entry for entry in statements if entry["statement"]["type"] == "dispute.opened")


def test_another_secret_does_not_open_the_commitment() -> None:
    report = lying(lambda value: evidence_of(value).update(secret="11" * 32))
    assert ("items/0001", 4, "commitment") in places(report)
    report = lying(lambda value: evidence_of(value).update(secret=None))
    assert ("items/0001", 4, "item-secret") in places(report)


def test_another_body_is_not_the_one_committed_to() -> None:
    report = lying(lambda value: opened_of(value)["body"].update(number="(2026)粤0192民初2号"))
    assert {(number, code) for _, number, code in places(report)} == {(4, "commitment")}
    assert report.opening is None


def test_a_content_exchanged_for_another() -> None:
    files = unpacked(genuine_pack())
    report = verified(resigned({**files, "items/0001/content": b"a forged record"}))
    assert places(report) == {("items/0001", 4, "content-differs"), ("pack", 4, "content-differs")}


def test_another_proof_does_not_lead_to_the_log() -> None:
    def shift(value: list[dict[str, Any]]) -> None:
        lines = value[0]["proof"].split("\n")
        lines[1] = "index 0"
        value[0]["proof"] = "\n".join(lines)

    assert {(number, code) for _, number, code in places(lying(shift))} == {(5, "inclusion-proof")}


def test_an_unsigned_head() -> None:
    dispute = Dispute()
    plan = dispute.plan()
    for packed in plan.statements:
        lines = packed.proof.checkpoint.split("\n")
        object.__setattr__(packed.proof, "checkpoint", "\n".join(lines[:5]) + "\n")
    report = verified(dispute.pack(plan))
    assert ("pack", 6, "checkpoint-signature-missing") in places(report)
    assert report.question("C17").answer is Answer.INCONSISTENT
    assert LOG_ED.key.name in plan.statements[0].proof.checkpoint


def test_a_head_that_is_not_anchored() -> None:
    class Unanchored(Dispute):
        def storage(self) -> dict[bytes, dict[bytes, int]]:
            found = super().storage()
            return found | {ANCHOR: dict.fromkeys(found[ANCHOR], 0)}

    report = verified(Unanchored().pack())
    assert ("pack", 7, "not-anchored") in places(report)


def test_strange_statements_of_evidence() -> None:
    def other_dispute(value: list[dict[str, Any]]) -> None:
        evidence_of(value)["statement"]["subject"] = "11" * 32

    assert ("statements.json", 1, "statement-no-item") in places(lying(other_dispute))


def test_items_of_another_dispute() -> None:
    files = unpacked(genuine_pack())
    report = verified(resigned(files, lambda manifest: manifest.update(dispute="11" * 32)))
    found = {(number, code) for _, number, code in places(report)}
    assert (1, "item-statement-differs") in found
    assert report.finding(9).outcome is not Outcome.VALID


def test_an_item_without_its_statement() -> None:
    report = lying(lambda value: value.remove(evidence_of(value, 1)))
    assert ("items/0002", 1, "item-statement-missing") in places(report)
    finding = next(f for f in report.items[1].findings if f.number == 5)
    assert finding.outcome is Outcome.SKIPPED


# The chain


CHAIN: list[tuple[str, Dispute, tuple[str, int, str]]] = [
    ("absent", Dispute(chain_dispute=dict.fromkeys(range(6), 0)), ("pack", 9, "dispute-absent")),
    ("another root", Dispute(chain_dispute={2: 5}), ("pack", 9, "roots-differ")),
    ("another opening", Dispute(chain_dispute={1: 5}), ("pack", 9, "opening-differs")),
    ("another opener", Dispute(chain_dispute={4: 5}), ("pack", 9, "opening-differs")),
    ("nonsense", Dispute(chain_dispute={0: 9}), ("pack", 9, "dispute-layout")),
    ("other parties", Dispute(parties=(PARTIES[0], FORUM)), ("pack", 9, "opening-differs")),
    ("another outcome", Dispute(released=True, chain_dispute={3: 7}), ("pack", 9, "release-differs")),
    ("no such root", Dispute(chain_roots={1: (0, 0)}), ("pack", 9, "root-absent")),
    ("root on another statement", Dispute(chain_roots={1: (1 | 1 << 64, 7)}), ("pack", 9, "root-misplaced")),
    ("sealed by strangers", Dispute(sealers=(OUTSIDER, OUTSIDER)), ("pack", 8, "sealer-not-pinned")),
    ("not final", Dispute(sealers=(VALIDATORS[0],)), ("pack", 8, "not-final")),
    ("no record", Dispute(no_record=True), (f"subjects/{'SUBJECT'}", 9, "record-absent")),
    ("record not held", Dispute(holds=(0, 1, 1)), (f"subjects/{'SUBJECT'}", 9, "hold-missing")),
    ("case not held", Dispute(holds=(1, 0, 1)), (f"subjects/{'ca' * 32}", 9, "hold-missing")),
    ("consent not held", Dispute(holds=(1, 1, 0)), (f"subjects/{CONSENT.hex()}", 9, "hold-missing")),
]


@pytest.mark.parametrize(("dispute", "expected"), [case[1:] for case in CHAIN], ids=[c[0] for c in CHAIN])
def test_a_chain_that_says_otherwise(dispute: Dispute, expected: tuple[str, int, str]) -> None:
    report = verified(dispute.pack())
    where = expected[0].replace("SUBJECT", SUBJECT.hex())
    assert (where, *expected[1:]) in places(report)
    assert report.verdict is Answer.INCONSISTENT


def test_a_record_of_another_certificate() -> None:
    class Other(Dispute):
        def storage(self) -> dict[bytes, dict[bytes, int]]:
            found = super().storage()
            found[RIGHTS][record_slots(NUMBER)[0]] = 77
            return found

    assert {(n, c) for _, n, c in places(verified(Other().pack()))} == {(9, "content-differs")}


def test_a_body_that_is_no_opening_though_committed_to() -> None:
    report = verified(Dispute(opening={"number": ""}).pack())
    assert places(report) >= {("pack", 9, "field-value")}


def test_evidence_that_lacks_a_slot_settles_nothing() -> None:
    def drop(value: dict[str, Any]) -> None:
        for account in value["accounts"]:
            account["storage"] = account["storage"][:1]

    report = verified(changed(drop, "chain.json"))
    assert report.verdict is Answer.UNDETERMINED
    assert report.finding(9).code == "evidence-not-given"
    assert report.items[0].unchanged is Answer.UNDETERMINED


def test_how_it_began_or_ended_must_be_shown() -> None:
    report = verified(changed(lambda value: value.remove(opened_of(value)), "statements.json"))
    assert report.finding(9).code == "root-misplaced" or report.finding(9).code == "thread-incomplete"
    released = Dispute(released=True, holds=(0, 0, 0)).pack()
    report = verified(changed(lambda value: value.pop(), "statements.json", released))
    assert report.finding(9).code == "thread-incomplete"
    assert report.verdict is Answer.UNDETERMINED


# The reader's policy


def test_a_pack_of_another_registry() -> None:
    report = verified(Dispute(signer=STRANGER).pack())
    assert ("pack", 2, "issuer-unknown") in places(report)
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

    assert ("pack", 9, "code-differs") in places(verified(genuine_pack(), pack_trust(other)))


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


@pytest.mark.parametrize(("made_at", "now"), [(MADE, NOW - 1000), (NOW + 301, NOW)], ids=["block", "pack"])
def test_a_time_yet_to_come_may_be_the_reader_s_clock(made_at: int, now: int) -> None:
    report = verified(Dispute(made_at=made_at).pack(), now=now)
    assert report.finding(10).code == "block-from-future"
    assert report.finding(10).outcome is Outcome.INVALID
    assert report.question("C17").answer is Answer.UNDETERMINED
    assert report.verdict is Answer.CONSISTENT


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

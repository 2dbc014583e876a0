"""Packs tampered with at every step of the proof, with and without the registry's key (S14.4)."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from coincurve import PrivateKey

from tests.verifier.bodies import cancellation
from tests.verifier.pack.pack_files import places, resigned, unpacked, zipped
from tests.verifier.pack.pack_world import (
    ADDED,
    CONSENT,
    FORUM,
    MADE,
    NOW,
    OPENED,
    PARTIES,
    SUBJECT,
    Dispute,
    changed,
    genuine_pack,
    pack_trust,
    verified,
    words,
)
from tests.verifier.world import (
    ANCHOR,
    LOG_ED,
    NUMBER,
    OUTSIDER,
    RIGHTS,
    STRANGER,
    VALIDATORS,
    record_slots,
)
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.judge.pack.report import Answer, PackReport
from yinzheng.verifier.judge.pack.verify import verify_pack
from yinzheng.verifier.judge.report import Outcome
from yinzheng.verifier.log.statement import Statement, commit_public
from yinzheng.verifier.pack.archive import PackLimits
from yinzheng.verifier.words import phrases
from yinzheng.verifier.words.verdict import verdict

Edit = Callable[[Any], None]


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
    assert places(report) == {("pack", 2, "signature-wrong")}
    report = without_key(
        "manifest.json", lambda data: data.replace(str(MADE).encode(), str(MADE + 1).encode())
    )
    assert places(report) == {("pack", 2, "signature-wrong")}
    assert (report.verdict, report.exit_code) == (Answer.INCONSISTENT, 1)
    assert {finding.code for finding in report.findings[2:]} == {"issuer-not-established"}
    report = without_key("manifest.json", lambda data: data[:-1] + b" ")
    assert (report.finding(1).code, report.exit_code) == ("manifest-signer", 3)


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
    assert extra.question("C17").answer is Answer.UNDETERMINED
    assert (extra.manifest, extra.exit_code) == (None, 1)
    del files["items/0002/content"]
    missing = verified(zipped([*head, *sorted(files.items())]))
    assert places(missing) == {("items/0002/content", 1, "pack-missing-file")}
    assert [finding.code for finding in missing.findings[1:]] == ["ok", *["form"] * 8]
    longer = verified(zipped([*head, *sorted({**files, "items/0002/content": b"longer"}.items())]))
    assert places(longer) == {("items/0002/content", 1, "pack-size-differs")}
    assert longer.verdict is Answer.INCONSISTENT


def test_the_reader_s_own_limits() -> None:
    limits = PackLimits(entry_bytes=100_000)
    report = verify_pack(io.BytesIO(genuine_pack()), pack_trust(), now=NOW, limits=limits)
    assert (report.finding(1).code, report.exit_code) == ("zip-entry-too-large", 3)
    assert "larger than is taken in" in verdict(report).headline.en


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


@pytest.mark.parametrize("alike", [False, True], ids=["another length", "the same length"])
def test_a_content_exchanged_for_another(alike: bool) -> None:
    files = unpacked(genuine_pack())
    genuine = files["items/0001/content"]
    forged = bytes([genuine[0] ^ 1]) + genuine[1:] if alike else b"a forged record"
    report = verified(resigned({**files, "items/0001/content": forged}))
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
    assert report.finding(6).code == "checkpoint-signature-missing"
    assert (report.question("C17").answer, report.exit_code) == (Answer.UNDETERMINED, 3)
    assert not places(report)
    assert LOG_ED.key.name in plan.statements[0].proof.checkpoint


def test_a_head_that_is_not_anchored() -> None:
    class Unanchored(Dispute):
        def storage(self) -> dict[bytes, dict[bytes, int]]:
            found = super().storage()
            return found | {ANCHOR: dict.fromkeys(found[ANCHOR], 0)}

    report = verified(Unanchored().pack())
    # Nothing it shows has failed; a head with another root has.
    assert report.finding(7).code == "not-anchored"
    assert (report.question("C16").answer, report.exit_code) == (Answer.UNDETERMINED, 3)
    assert not places(report)


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


def opened_with(roots: int) -> int:
    """The first word of the dispute, with that many roots of evidence."""
    return words((1, 1), (1, 1), (2, 1), (3, 1), (roots, 4), (OPENED, 8), (0, 8), (ADDED, 8))


def last_item() -> int:
    """Leaf hash of the statement of the last item."""
    dispute = Dispute()
    dispute.build()
    return int.from_bytes(dispute.item_statements[-1].leaf_hash, "big")


CHAIN: list[tuple[str, Dispute, tuple[str, int, str]]] = [
    ("absent", Dispute(chain_dispute=dict.fromkeys(range(6), 0)), ("pack", 9, "dispute-absent")),
    ("another root", Dispute(chain_dispute={2: 5}), ("pack", 9, "roots-differ")),
    ("a root more", Dispute(chain_dispute={0: opened_with(3)}), ("pack", 9, "roots-differ")),
    ("another opening", Dispute(chain_dispute={1: 5}), ("pack", 9, "opening-differs")),
    ("another opener", Dispute(chain_dispute={4: 5}), ("pack", 9, "opening-differs")),
    ("nonsense", Dispute(chain_dispute={0: 9}), ("pack", 9, "dispute-layout")),
    ("other parties", Dispute(parties=(PARTIES[0], FORUM)), ("pack", 9, "opening-differs")),
    ("another outcome", Dispute(released=True, chain_dispute={3: 7}), ("pack", 9, "release-differs")),
    (
        "a court's end told as a settlement",
        Dispute(released=True, chain_dispute={5: int.from_bytes(FORUM, "big")}),
        ("pack", 9, "release-differs"),
    ),
    (
        "a settlement told as a court's document",
        Dispute(released=True, release={"kind": "document", "signers": [FORUM.hex()]}),
        ("pack", 9, "release-differs"),
    ),
    (
        "a settlement by others than the parties",
        Dispute(released=True, release={"signers": sorted([PARTIES[0].hex(), "ee" * 20])}),
        ("pack", 9, "release-differs"),
    ),
    ("no such root", Dispute(chain_roots={1: (0, 0)}), ("pack", 9, "root-absent")),
    ("root on another statement", Dispute(chain_roots={1: (1 | 1 << 64, 7)}), ("pack", 9, "root-misplaced")),
    (
        "root in another place",
        Dispute(chain_roots={1: (OPENED | 2 << 64, last_item())}),
        ("pack", 9, "root-misplaced"),
    ),
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


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ({"status": 3, "ending": 0x33}, "ok"),
        ({"status": 3, "ending": 0x26}, "ending-differs"),
        ({"status": 3, "ending": 0x11}, "ending-differs"),
        ({}, "ending-differs"),
    ],
)
def test_who_had_it_cancelled_is_the_chains_to_say(record: dict[str, Any], code: str) -> None:
    """A statement in the pack says that a court did (R7)."""
    body = cancellation() | {"certificate": NUMBER}
    said = Statement(
        type="certificate.cancelled",
        profile="GD-HEALTH/1",
        subject=SUBJECT,
        at=body["at"],
        commitment=commit_public(dumps(body)),
        prev=b"\1" * 32,
        by="forum",
    )
    report = verified(Dispute(released=True, more=[(said, body, None)], record=record).pack())
    (finding,) = (one.findings[0] for one in report.subjects if one.subject == SUBJECT)
    assert (finding.number, finding.code) == (9, code)
    assert phrases.reason(finding).zh
    assert report.verdict is (Answer.INCONSISTENT if code != "ok" else Answer.CONSISTENT)


@pytest.mark.parametrize(
    ("sealers", "code"), [((OUTSIDER, OUTSIDER), "sealer-not-pinned"), ((VALIDATORS[0],), "not-final")]
)
def test_a_block_the_policy_does_not_cover(sealers: tuple[PrivateKey, ...], code: str) -> None:
    report = verified(Dispute(sealers=sealers).pack())
    assert report.finding(8).code == code
    assert report.verdict is Answer.UNDETERMINED


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

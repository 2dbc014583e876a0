"""Files of dossiers disclosed alone, time stamps, and words for what was found (S14.3, S14.5)."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.authority import Authority
from tests.verifier.pack.pack_files import resigned, unpacked, zipped
from tests.verifier.pack.pack_world import Dispute, changed, genuine_pack, pack_trust, verified
from tests.verifier.world import LOG_ED, ORIGIN
from yinzheng.verifier.bytes.algorithms import digest_pair, sha256
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.formats.dossier import committed, disclose
from yinzheng.verifier.judge.pack.report import Answer, PackReport, Reason
from yinzheng.verifier.judge.pack.report_json import report_json
from yinzheng.verifier.judge.report import Finding, Outcome
from yinzheng.verifier.judge.trust import TimeAuthority
from yinzheng.verifier.log.merkle import consistency_path, hash_leaf, root_from_leaves
from yinzheng.verifier.log.note import Checkpoint, sign_note
from yinzheng.verifier.log.statement import Statement, commit_private
from yinzheng.verifier.pack.contents import DossierFile, StampLink, format_statements
from yinzheng.verifier.pack.writer import PackDossierFile, PackPlan, PackStamp
from yinzheng.verifier.words import pack as phrases
from yinzheng.verifier.words.court.html import render_html
from yinzheng.verifier.words.pack_reasons import PACK_REASONS
from yinzheng.verifier.words.verdict import verdict

SECRET = bytes([0x77]) * 32
PAGE = b"%PDF page of a dossier"


def sealed_body() -> dict[str, Any]:
    entries = [
        {"path": f"{at}.pdf", "role": "source", "title": f"file {at}", "size": len(PAGE) + at}
        | {"digest": digest_pair(PAGE + b"x" * at).to_json()}
        for at in range(3)
    ]
    return {"v": 2, "application": {"asset": "x"}, "files": entries, "seed": "5e" * 32}


def application() -> Statement:
    return Statement(
        type="application.received",
        profile="GD-HEALTH/1",
        subject=bytes([0xCA]) * 32,
        at=1_761_000_000,
        commitment=commit_private(SECRET, dumps(committed(sealed_body()))),
        prev=None,
        by="applicant",
    )


def with_dossier(content: bytes = PAGE, leaf: bytes | None = None) -> Dispute:
    statement = application()
    proof = DossierFile(leaf or statement.leaf_hash, disclose(sealed_body(), 0))
    return Dispute(
        dossier=[PackDossierFile(proof, lambda: [content])],
        more=[(statement, committed(sealed_body()), SECRET)],
    )


def places(report: PackReport) -> set[tuple[str, int | None, str]]:
    return {(reason.where, reason.obligation, reason.code) for reason in report.faults()}


def test_one_file_of_a_dossier_alone() -> None:
    pack = with_dossier().pack()
    assert b"file 1" not in pack
    report = verified(pack)
    assert report.verdict is Answer.CONSISTENT
    (file,) = report.dossier_files
    assert file.entry is not None
    assert (file.where, file.leaf, file.entry.title) == ("dossier/0001", application().leaf_hash, "file 0")
    assert report_json(report)["dossier_files"][0]["entry"]["path"] == "0.pdf"


def edited_dossier(path: str, edit: Callable[[bytes], bytes]) -> PackReport:
    files = unpacked(with_dossier().pack())
    return verified(zipped(list({**files, path: edit(files[path])}.items())))


def test_a_file_of_a_dossier_that_was_changed() -> None:
    report = edited_dossier("dossier/0001/content", lambda data: b"!" + data[1:])
    assert ("dossier/0001", 4, "content-differs") in places(report)
    report = edited_dossier("dossier/0001/proof.json", lambda data: b"[" + data[1:])
    assert ("dossier/0001", 4, "dossier-unreadable") in places(report)
    assert report.dossier_files[0].leaf is None


def test_a_file_of_a_dossier_exchanged_by_the_registry() -> None:
    def other(value: dict[str, Any]) -> None:
        value["disclosure"]["salt"] = "11" * 32

    report = verified(changed(other, "dossier/0001/proof.json", with_dossier().pack()))
    assert ("dossier/0001", 4, "inclusion-proof") in places(report)
    files = unpacked(with_dossier().pack())
    genuine = files["dossier/0001/content"]
    for forged in (b"another page", bytes([genuine[0] ^ 1]) + genuine[1:]):
        report = verified(resigned({**files, "dossier/0001/content": forged}))
        assert places(report) == {("dossier/0001", 4, "content-differs"), ("pack", 4, "content-differs")}


def test_a_dossier_whose_statement_is_not_opened() -> None:
    report = verified(with_dossier(leaf=b"\x11" * 32).pack())
    assert ("dossier/0001", 4, "dossier-statement-missing") in places(report)


# Time stamps


def stamped(token: Callable[[bytes], bytes]) -> bytes:
    dispute = Dispute()
    plan: PackPlan = dispute.plan()
    digest = sha256(plan.statements[0].proof.checkpoint.encode())
    return dispute.pack(replace(plan, timestamps={"checkpoint-1": PackStamp(token(digest))}))


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the command openssl")
def test_a_second_clock(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    trust = replace(pack_trust(), time_authorities=authority.pinned())
    pack = stamped(authority.stamp)
    report = verified(pack, trust)
    (stamp,) = report.timestamps
    assert stamp.finding.outcome is Outcome.VALID
    assert report.verdict is Answer.CONSISTENT
    assert report_json(report)["timestamps"][0]["authority"] == "authority"
    report = verified(pack)
    assert ("timestamps/checkpoint-1.tsr", "time-authorities-none") in {
        (r.where, r.code) for r in report.limits
    }
    assert report.question("C19").answer is Answer.CONSISTENT
    assert (stamp.size, stamp.covered) == (7, 5)
    altered = verified(stamped(lambda digest: authority.stamp(digest)[:-1] + b"\0"), trust)
    assert places(altered) == {("timestamps/checkpoint-1.tsr", None, "timestamp-signature")}
    assert altered.verdict is Answer.INCONSISTENT


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the command openssl")
def test_what_no_pinned_authority_says_is_not_covered(tmp_path: Path) -> None:
    authority, other = Authority(tmp_path / "one"), Authority(tmp_path / "other")
    trust = replace(pack_trust(), time_authorities=other.pinned())
    unlinked = stamped(lambda digest: authority.stamp(b"\0" * 32))
    cases = [
        (stamped(authority.stamp), trust, "timestamp-authority"),
        (stamped(lambda digest: b"none"), trust, "timestamp-malformed"),
        (unlinked, trust, "timestamp-unlinked"),
        (unlinked, replace(trust, time_authorities=authority.pinned()), "timestamp-unlinked"),
    ]
    for pack, policy, code in cases:
        report = verified(pack, policy)
        assert (report.verdict, report.exit_code) == (Answer.CONSISTENT, 0)
        assert report.question("C19").answer is Answer.CONSISTENT
        assert said_of_stamps(report) == [code]
    malformed = replace(trust, time_authorities=(TimeAuthority("none", b"0"),))
    assert said_of_stamps(verified(stamped(authority.stamp), malformed)) == ["time-authority-malformed"]


def said_of_stamps(report: PackReport) -> list[str]:
    return [limit.code for limit in report.limits if limit.where.startswith("timestamps/")]


# Stamps over another head of the log than the pack's


def linked(
    token: Callable[[bytes], bytes],
    size: int,
    edit: Callable[[StampLink], StampLink] = lambda link: link,
    origin: str = ORIGIN,
) -> bytes:
    """A pack with a stamp over the head of `size` of the same log, which has 7 entries, then 9."""
    dispute = Dispute()
    plan = dispute.plan()
    leaves = [*dispute.leaves, hash_leaf(b"later"), hash_leaf(b"last of all")]
    head = Checkpoint(origin, size, root_from_leaves(leaves[:size]))
    sizes = sorted((size, len(dispute.leaves)))

    def read(height: int, index: int) -> bytes:
        return root_from_leaves(leaves[index << height : (index + 1) << height])

    note = sign_note(head.text, (replace(LOG_ED, name=origin),))
    link = edit(StampLink(note, tuple(consistency_path(sizes[0], sizes[1], read))))
    stamp = PackStamp(token(sha256(note.encode())), link)
    return dispute.pack(replace(plan, timestamps={"earlier": stamp}))


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the command openssl")
@pytest.mark.parametrize(("size", "covered"), [(1, 0), (4, 3), (6, 5), (7, 5), (9, 5)])
def test_a_stamp_over_another_head_is_linked_with_the_pack_s(size: int, covered: int, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    trust = replace(pack_trust(), time_authorities=authority.pinned())
    report = verified(linked(authority.stamp, size), trust)
    (stamp,) = report.timestamps
    assert (stamp.finding.outcome, stamp.size, stamp.covered) == (Outcome.VALID, size, covered)
    assert (report.verdict, report.question("C19").answer) == (Answer.CONSISTENT, Answer.CONSISTENT)
    assert said_of_stamps(report) == ([] if covered == 5 else ["timestamp-earlier"])
    assert all(
        limit.data == {"covered": covered, "of": 5} for limit in report.limits if "earlier" in limit.code
    )
    assert f"{covered} statements of this pack" in render_html(report)
    assert report_json(report)["timestamps"][0]["size"] == size


def test_a_link_that_does_not_hold() -> None:
    def other(link: StampLink) -> StampLink:
        return replace(link, consistency=(b"\1" * 32, *link.consistency[1:]))

    path = "timestamps/earlier.tsr"
    for pack in (
        linked(lambda digest: b"none", 4, other),
        linked(lambda digest: b"none", 4, lambda link: replace(link, consistency=())),
        linked(lambda digest: b"none", 4, origin="log.example.com"),
    ):
        report = verified(pack)
        assert places(report) == {(path, None, "timestamp-link")}
        assert report.verdict is Answer.INCONSISTENT
    bare = changed(lambda value: value.clear(), "statements.json", linked(lambda digest: b"none", 4))
    assert (path, None, "timestamp-link") in places(verified(bare))
    unlinked = changed(lambda value: value.clear(), "statements.json", stamped(lambda digest: b"none"))
    assert [stamp.finding.code for stamp in verified(unlinked).timestamps] == ["timestamp-unlinked"]


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the command openssl")
def test_a_token_that_stamps_another_head_than_it_is_linked_by(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    trust = replace(pack_trust(), time_authorities=authority.pinned())
    report = verified(linked(lambda digest: authority.stamp(bytes(32)), 4), trust)
    assert places(report) == {("timestamps/earlier.tsr", None, "timestamp-imprint")}


def test_a_link_without_its_stamp_and_stamps_too_many() -> None:
    files = unpacked(linked(lambda digest: b"none", 4))
    del files["timestamps/earlier.tsr"]
    assert ("pack", 1, "manifest-files") in places(verified(resigned(files)))
    many = {f"timestamps/t{at}.tsr": b"none" for at in range(65)}
    assert ("pack", 1, "manifest-files") in places(verified(resigned({**unpacked(genuine_pack()), **many})))


def test_a_token_that_is_none() -> None:
    broken = verified(stamped(lambda digest: b"none"))
    assert broken.timestamps[0].finding.outcome is Outcome.SKIPPED
    large = verified(stamped(lambda digest: bytes(70_000)))
    assert ("timestamps/checkpoint-1.tsr", 1, "pack-file-too-large") in places(large)


# Words


def test_everything_found_has_words_in_both_languages() -> None:
    reports = [
        verified(genuine_pack()),
        verified(genuine_pack()[:-1]),
        verified(Dispute(withheld=frozenset({1}), withhold_opening=True, witnessed=False).pack()),
    ]
    for report in reports:
        assert verdict(report).headline.zh
        said: list[Finding | Reason] = [*report.findings, *report.limits, *report.faults()]
        for question in report.questions:
            assert phrases.QUESTIONS[question.rule].en
            assert phrases.ANSWERS[question.answer].zh
            said.extend(question.reasons)
        for reason in said:
            phrase = phrases.reason(reason)
            assert phrase.zh != phrase.en, reason
    assert phrases.CLAIM.zh
    assert set(phrases.OBLIGATIONS) == set(range(1, 11))


def test_a_code_without_words_is_said_in_english() -> None:
    finding = replace(verified(genuine_pack()[:-1]).finding(1), code="of-tomorrow", message="it is odd")
    assert phrases.reason(finding) == ("It is odd.（of-tomorrow）", "It is odd.")
    assert "true" not in " ".join(text for pair in PACK_REASONS.values() for text in pair)


def test_statements_are_written_in_the_order_of_the_log() -> None:
    statements = Dispute().plan().statements
    assert format_statements(statements) == format_statements(statements[::-1])

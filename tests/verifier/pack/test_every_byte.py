"""No byte of a pack can change unseen: headers one by one, contents at random, and what is named (S14.1)."""

from __future__ import annotations

import io
import random
from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.verifier.pack.pack_world import NOW, Dispute, pack_trust, verified
from yinzheng.verifier.judge.pack.report import Answer, PackReport
from yinzheng.verifier.judge.pack.verify import verify_pack
from yinzheng.verifier.pack.archive import open_archive
from yinzheng.verifier.pack.layout import Entry


@cache
def small_pack() -> bytes:
    """Two items, a few kilobytes each."""
    return Dispute(contents=(b"one record\n" * 200, b"another\n" * 100), witnessed=False).pack()


@cache
def entries() -> tuple[Entry, ...]:
    return tuple(open_archive(io.BytesIO(small_pack())).entries.values())


def flipped(at: int, mask: int) -> PackReport:
    pack = bytearray(small_pack())
    pack[at] ^= mask
    return verify_pack(io.BytesIO(bytes(pack)), pack_trust(), now=NOW)


def names(report: PackReport, entry: str) -> bool:
    """Whether the report names that entry, or the item it belongs to, with an obligation."""
    wanted = {entry, entry.rsplit("/", 1)[0]}
    said = [reason for question in report.questions for reason in question.reasons]
    return any(reason.where in wanted and reason.obligation for reason in said)


def test_it_is_consistent_as_it_is() -> None:
    assert verified(small_pack()).verdict is Answer.CONSISTENT


def test_every_byte_outside_the_contents() -> None:
    random.seed(20261122)
    outside = set(range(len(small_pack())))
    for entry in entries():
        outside -= set(range(entry.content_at, entry.end))
    assert len(outside) > 1200
    for at in outside:
        report = flipped(at, 1 << random.randrange(8))
        assert (report.verdict, report.exit_code) == (Answer.UNDETERMINED, 3), at
        assert report.finding(1).code.startswith("zip-"), at


def test_the_header_of_an_item_names_it() -> None:
    entry = next(entry for entry in entries() if entry.name == "items/0002/content")
    assert names(flipped(entry.offset + 12, 1), entry.name)


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_any_byte_of_the_contents(data: st.DataObject) -> None:
    entry = data.draw(st.sampled_from([entry for entry in entries() if entry.size]))
    at = data.draw(st.integers(entry.content_at, entry.end - 1))
    report = flipped(at, data.draw(st.sampled_from([1, 2, 4, 8, 16, 32, 64, 128, 255])))
    # What is damaged in the manifest is not read; what differs from the signed manifest failed to compare.
    damaged = entry.name.startswith("manifest.")
    assert report.verdict is (Answer.UNDETERMINED if damaged else Answer.INCONSISTENT)
    assert report.exit_code == (3 if damaged else 1)
    assert names(report, entry.name)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 64))
def test_any_piece_cut_out_or_put_in(seed: int, length: int) -> None:
    at = seed % len(small_pack())
    for pack in (
        small_pack()[:at] + small_pack()[at + length :],
        small_pack()[:at] + b"\0" * length + small_pack()[at:],
        small_pack()[:at],
    ):
        report = verified(pack)
        assert (report.verdict, report.exit_code) == (Answer.UNDETERMINED, 3)
        assert not report.faults()

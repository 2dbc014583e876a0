"""The report made of a plan is what a reader finds in the pack that the plan gives."""

from __future__ import annotations

import io
import json
import zlib
from dataclasses import replace
from typing import Any

import pytest

from tests.verifier.pack.court_world import plan_of, planned, policy
from tests.verifier.pack.pack_files import unpacked
from tests.verifier.pack.pack_world import MADE, Dispute
from tests.verifier.world import VALIDATORS
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.judge.pack.report import Answer, PackReport
from yinzheng.verifier.judge.pack.report_json import report_json
from yinzheng.verifier.judge.pack.verify import verify_pack
from yinzheng.verifier.judge.trust import parse_trust
from yinzheng.verifier.pack.layout import Entry, directory, local_header
from yinzheng.verifier.pack.writer import PackItem, write_pack
from yinzheng.verifier.words.court.planned import report_on


def read(dispute: Dispute, **changes: Any) -> PackReport:
    plan = plan_of(dispute, **changes)
    out = io.BytesIO()
    write_pack(out, plan, dispute.signer.sign)
    return verify_pack(out, parse_trust(json.dumps(policy(**changes)).encode()), now=MADE)


@pytest.mark.parametrize(
    "dispute",
    [
        Dispute(),
        Dispute(released=True),
        Dispute(withheld=frozenset({2})),
        Dispute(withhold_opening=True),
        Dispute(witnessed=False),
        Dispute(no_record=True),
        Dispute(contents=(), first=0),
        Dispute(sealers=VALIDATORS[:1]),
    ],
    ids=["open", "released", "withheld", "opening withheld", "no witness", "no record", "empty", "unsealed"],
)
def test_says_what_a_reader_finds(dispute: Dispute) -> None:
    before, after = planned(dispute), read(dispute)
    assert before.written_with_pack
    assert not after.written_with_pack
    assert report_json(replace(before, written_with_pack=False)) == report_json(after)


def test_a_strange_key_is_told_before_it_signs() -> None:
    report = planned(Dispute(signer=Sm2PrivateKey(77)))
    assert report.finding(2).code == "issuer-unknown"
    assert report.verdict is Answer.UNDETERMINED


def test_reads_no_content() -> None:
    def refuse() -> Any:
        raise AssertionError("a content was read")

    plan = plan_of(Dispute())
    items = [PackItem(item.leaf, item.body, refuse) for item in plan.items]
    assert report_on(replace(plan, items=items)).verdict is Answer.CONSISTENT


def test_a_plan_that_gives_no_pack_has_no_report() -> None:
    with pytest.raises(DataFault, match="root") as caught:
        report_on(replace(plan_of(Dispute()), roots=[]))
    assert caught.value.code == "manifest-roots"


def test_a_policy_that_is_none_is_refused() -> None:
    with pytest.raises(DataFault):
        report_on(replace(plan_of(Dispute()), trust=dumps({"format": "other"})))


def test_a_checksum_of_the_zip_alone_is_told_too() -> None:
    files = unpacked(Dispute().pack(plan_of(Dispute())))
    out, entries, at = b"", [], 0
    for name, content in files.items():
        crc = zlib.crc32(content) ^ (name == "items/0001/content")
        entry = Entry(name, len(content), crc, at)
        out += local_header(entry) + content
        entries.append(entry)
        at = entry.end
    report = verify_pack(
        io.BytesIO(out + b"".join(directory(entries))), parse_trust(dumps(policy())), now=MADE
    )
    assert [(fault.where, fault.code) for fault in report.faults()][-1] == ("items/0001/content", "zip-crc")

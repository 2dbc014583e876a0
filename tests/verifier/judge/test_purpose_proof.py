"""A proof for a bank: for one reader, one purpose, a time (R55, S21.5, S21.6)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.verifier import holder_world as holders
from tests.verifier.holder_world import HolderLedger, HolderWorld
from tests.verifier.world import BLOCK_TIME, DAY, HOSPITAL, NOW, body_json
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey
from yinzheng.verifier.containers.prooffile import format_purpose_proof, is_purpose_proof
from yinzheng.verifier.containers.target import read_target
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.body import Party, parse_body
from yinzheng.verifier.formats.purpose_proof import FIELDS, Proved, PurposeProof
from yinzheng.verifier.judge.kinds import kind_of
from yinzheng.verifier.judge.purpose_proof import Asked, PurposeReport, verify_purpose_proof
from yinzheng.verifier.judge.report import Authentic
from yinzheng.verifier.words import phrases
from yinzheng.verifier.words import purpose_proof as words
from yinzheng.verifier.words.purpose_proof import value
from yinzheng.verifier.words.verdict import verdict

BANK = Party("某银行（虚构）", "91310000132200821H")
OURS = Asked(BANK.code, "financing")


@pytest.fixture(scope="module")
def world() -> HolderWorld:
    return HolderWorld()


def proof(world: HolderWorld, **changes: Any) -> PurposeProof:
    about = Proved(world.body.number, world.statement.leaf_hash)
    made = PurposeProof(
        about,
        Party(**HOSPITAL),
        BANK,
        "financing",
        "2026 年流动资金贷款",
        ("asset", "scale"),
        NOW - 60,
        NOW + DAY,
    )
    return replace(made, **changes)


def file(world: HolderWorld, key: Sm2PrivateKey = holders.KEY, **changes: Any) -> bytes:
    return format_purpose_proof(
        proof(world, **changes),
        key,
        certificate=json.dumps(world.file()).encode(),
        holder=json.dumps(world.holder_file()).encode(),
    )


def judged(data: bytes, asked: Asked = OURS, **options: Any) -> PurposeReport:
    shown = read_target(data)
    assert kind_of(shown).document == "purpose-proof"
    trust = options.pop("trust", holders.trust())
    return verify_purpose_proof(shown, trust, **{"now": NOW, "asked": asked, **options})


def said(report: PurposeReport) -> tuple[str, str, int]:
    found = verdict(report)
    assert found.exit_code == report.exit_code
    assert found.headline.zh.startswith(words.HEADLINES[report.standing].zh)
    assert words.advice(report).en
    if report.exit_code:
        assert report.disclosed() == {}
    return str(found.word), found.code, found.exit_code


def test_what_is_disclosed_is_said_and_not_dumped() -> None:
    """A bank reads dates, names and rights; nothing of it is JSON or seconds."""
    who = {"name": "某公司", "code": "91440101MA5WAA001M", "rights": ["use", "operate"]}
    said = {
        "registered_at": value("registered_at", 1_796_033_339),
        "registry": value("registry", {"name": "某登记中心", "code": "12440000MB2DEM001E"}),
        "holders": value("holders", [who, {**who, "rights": ["hold"]}]),
        "remarks": value("remarks", []),
        "seized": value("remarks", [{"kind": "seizure", "text": "（2026）执1号"}]),
        "level": value("level", {"scheme": "GB/T 39725-2020", "value": 3}),
    }
    assert said["registered_at"].en == "30 November 2026 18:08:59"
    assert said["holders"].zh.count("；") == 1
    assert "使用权、经营权" in said["holders"].zh
    assert (said["remarks"].zh, said["remarks"].en) == ("无", "none")
    assert said["seized"].en == "judicial seizure: （2026）执1号"
    assert not any(mark in one.zh + one.en for one in said.values() for mark in '{}[]"')
    assert (value("scale", "三万条").zh, value("notices", ["ab"]).en) == ("三万条", '["ab"]')


def test_its_reader_reads_it(world: HolderWorld) -> None:
    report = judged(file(world))
    assert said(report) == ("genuine", "valid", 0)
    headline = verdict(report).headline
    assert BANK.name in headline.zh
    assert "融资" in headline.zh
    assert "alone, for financing" in headline.en
    shown = report.to_json()
    assert [one["number"] for one in shown["obligations"]] == list(range(1, 17))
    assert set(shown["disclosed"]) == {
        "number", "profile", "registry", "registered_at", "valid_until", "remarks", "holders",
        "asset", "scale",
    }  # fmt: skip
    assert "limits" not in json.dumps(shown["disclosed"])
    assert report.finding(15).code == "ok"
    with pytest.raises(TypeError):
        bool(report)


def test_with_a_ledger_asked(world: HolderWorld) -> None:
    assert said(judged(file(world), live=HolderLedger(world))) == ("genuine", "valid", 0)


@pytest.mark.parametrize(
    ("asked", "now", "expected"),
    [
        (Asked(), NOW, ("genuine", "untold", 3)),
        (Asked(BANK.code), NOW, ("genuine", "untold", 3)),
        (Asked(None, "financing"), NOW, ("genuine", "untold", 3)),
        (Asked(HOSPITAL["code"], "financing"), NOW, ("genuine", "other_reader", 1)),
        (Asked(BANK.code, "pledge"), NOW, ("genuine", "other_purpose", 1)),
    ],
)
def test_it_is_for_nobody_else_and_nothing_else(
    world: HolderWorld, asked: Asked, now: int, expected: tuple[str, str, int]
) -> None:
    assert said(judged(file(world), asked, now=now)) == expected


def test_it_has_its_time(world: HolderWorld) -> None:
    assert said(judged(file(world, not_after=NOW))) == ("genuine", "over", 1)
    ahead = file(world, made_at=NOW + 400, not_after=NOW + DAY)
    assert said(judged(ahead)) == ("genuine", "early", 3)
    with pytest.raises(UsageFault) as refused:
        judged(file(world), at=NOW - 5)
    assert refused.value.code == "proof-now"


def test_who_signed_is_asked(world: HolderWorld) -> None:
    assert said(judged(file(world, holders.OTHER))) == ("genuine", "key_unknown", 1)
    data = json.loads(file(world))
    data["proof"]["reader"]["name"] = "另一家银行"
    assert said(judged(json.dumps(data).encode())) == ("forged", "signature_wrong", 1)
    lost = HolderWorld()
    lost.tell("organisation.key-revoked", holders.revocation_body(NOW - 600))
    assert said(judged(file(lost))) == ("genuine", "key_lost", 1)


def test_what_it_is_about_is_beside_it(world: HolderWorld) -> None:
    other = proof(world).certificate
    wrong = file(world, certificate=replace(other, leaf=bytes(32)))
    assert said(judged(wrong)) == ("genuine", "other_certificate", 1)
    assert (
        said(judged(file(world, certificate=replace(other, number="SJ4412026110009"))))[1]
        == "other_certificate"
    )
    joint = [{**holders.SECOND, "rights": ["hold", "use", "operate"]}]
    theirs = HolderWorld(body=parse_body(body_json(holders=joint)))
    assert said(judged(file(theirs))) == ("genuine", "not_a_holder", 1)


def test_the_certificate_counts(world: HolderWorld) -> None:
    over = HolderWorld()
    over.state_record = replace(over.state_record, status=3)
    assert said(judged(file(over))) == ("genuine", "not_in_force", 1)
    seized = HolderWorld()
    seized.state_record = replace(seized.state_record, remarks=3)
    report = judged(file(seized))
    assert said(report) == ("genuine", "valid_attention", 0)
    late = BLOCK_TIME + 3600
    old = file(world, made_at=late - 60, not_after=late + DAY)
    assert (
        said(judged(old, now=late)) == ("undetermined", "holder_open", 3)
        or judged(old, now=late).exit_code == 3
    )
    foreign = HolderWorld(signer=holders.OTHER)
    assert judged(file(foreign)).exit_code == 3


def test_other_holders_are_shown_where_disclosed() -> None:
    joint = [{**HOSPITAL, "rights": ["hold"]}, {**holders.SECOND, "rights": ["use", "operate"]}]
    world = HolderWorld(body=parse_body(body_json(holders=joint)))
    for fields, count in (((), 1), (("holders",), 2)):
        shown: Any = judged(file(world, fields=fields)).disclosed()
        assert len(shown["holders"]) == count
    assert set(FIELDS) < set(phrases.FIELDS)


def test_what_cannot_be_read(world: HolderWorld) -> None:
    edits: list[dict[str, Any]] = [
        {"more": 1}, {"certificate": []}, {"signature": "00"}, {"proof": {}}, {"holder": {}},
    ]  # fmt: skip
    for edit in edits:
        data = json.dumps({**json.loads(file(world)), **edit}).encode()
        report = judged(data)
        assert said(report) == ("not_ours", "malformed", 3)
        assert report.to_json()["proof"] is None
        assert not report.demonstration
        assert report.speaks_of is None
    garbled = json.loads(file(world))
    garbled["certificate"] = {}
    report = judged(json.dumps(garbled).encode())
    assert (report.authentic, report.exit_code) == (Authentic.NOT_OURS, 3)
    assert not is_purpose_proof(b"[]")
    assert not is_purpose_proof(b"{")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"not_after": NOW - 60}, "proof-term"),
        ({"not_after": NOW + 93 * DAY}, "proof-term"),
        ({"reader": Party(**HOSPITAL)}, "proof-self"),
        ({"fields": ("scale", "asset")}, "field-value"),
        ({"purpose": "anything"}, "field-value"),
        ({"words": ""}, "field-value"),
    ],
)
def test_what_no_proof_says(world: HolderWorld, changes: dict[str, Any], code: str) -> None:
    with pytest.raises(DataFault) as refused:
        file(world, **changes)
    assert refused.value.code == code

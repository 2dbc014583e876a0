"""A right's history across its certificates: made, verified from the file alone, and tampered (S23)."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.ledger.moved.life import SEIZURE, Life
from tests.ledger.organisations.enrolling import HOSPITAL
from tests.ledger.world import OFFICER, World, actor_of
from yinzheng.ledger.certificates import remarks
from yinzheng.ledger.certificates.remarks import Grounds
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.reading import Reader, open_reader
from yinzheng.ledger.rules.terms import RemarkKind
from yinzheng.verifier.bytes.algorithms import digest_pair
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.containers.target import read_target
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault
from yinzheng.verifier.formats.certificate import statement_of
from yinzheng.verifier.formats.right_history import is_history_file, parse_history
from yinzheng.verifier.judge.history.report import HistoryReport, Whole
from yinzheng.verifier.judge.history.verify import verify_history
from yinzheng.verifier.judge.kinds import kind_of
from yinzheng.verifier.judge.report import Authentic, Outcome
from yinzheng.verifier.log.statement import Statement, certificate_subject, commit_public
from yinzheng.verifier.words import history as words
from yinzheng.verifier.words.verdict import verdict

SEIZED = Grounds("查封至2027年", digest_pair("裁定".encode()), "(2026)粤01执12号裁定")
PLEDGED = Grounds("质押给某银行", None, "动产融资统一登记 01234567")


@dataclass
class Told:
    """A right that was licensed, seized, transferred and pledged, and the file of its life."""

    root: Path
    reader: Reader
    now: int
    first: str
    second: str
    file: bytes

    def verify(self, edit: Callable[[dict[str, Any]], object] | None = None, **options: Any) -> HistoryReport:
        value = json.loads(self.file)
        if edit is not None:
            edit(value)
        trust = options.pop("trust", self.reader.trust())
        return verify_history(read_target(dumps(value)), trust, now=self.now, **options)


@pytest.fixture(scope="module")
def told(demonstration_template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    world = demonstration_template.copy(tmp_path_factory.mktemp("told") / "state")
    with world.open() as registry:
        life = Life.begin(registry, world.clock)
        officer = actor_of(registry, OFFICER)
        first = life.register(world.root.parent / "dossier")
        life.register(world.root.parent / "another")
        life.pass_time(60)
        licence = life.licensed(first, "L-2026-000001")
        life.pass_time(60)
        remarks.enter(registry, first, RemarkKind.SEIZURE, SEIZED, officer)
        settle(registry)
        life.pass_time(60)
        remarks.lift(registry, first, "seizure", SEIZED, officer)
        settle(registry)
        life.licence_over(licence)
        life.licensed(first, "L-2026-000002", exclusive=True)
        life.pass_time(60)
        second = first[:-4] + "0009"
        life.transferred(first, second)
        remarks.enter(registry, second, RemarkKind.PLEDGE, PLEDGED, officer)
        settle(registry)
    with open_reader(world.root, world.clock) as reader:
        file = reader.right_history(second)
        assert file is not None
        yield Told(world.root, reader, world.clock.now, first, second, file)


LIFE = [
    ("certificate.deposited", 0),
    ("licence.given", 0),
    ("remark.entered", 0),
    ("remark.lifted", 0),
    ("licence.ended", 0),
    ("licence.given", 0),
    ("certificate.deposited", 1),
    ("remark.entered", 1),
]


def test_a_life_from_either_certificate(told: Told) -> None:
    numbers = (told.first, told.second)
    for number in numbers:
        file = told.reader.right_history(number)
        assert file is not None
        report = kind_of(read_target(file)).verify(read_target(file), told.reader.trust(), now=told.now)
        assert isinstance(report, HistoryReport)
        assert [finding.code for finding in report.findings] == ["ok"] * 9 + ["history-of-block"]
        assert (report.authentic, report.standing, report.exit_code) == (Authentic.GENUINE, Whole.WHOLE, 0)
        assert [(line.type, numbers.index(line.certificate)) for line in report.lines] == LIFE
        assert all(line.on_chain_at and 0 <= line.on_chain_at - line.at <= 3600 for line in report.lines)
        assert [line.index for line in report.lines] == sorted(line.index for line in report.lines)
        assert [(one.number, one.status, one.successors, one.licences) for one in report.holdings] == [
            (told.first, 2, (told.second,), 2),
            (told.second, 1, (), 0),
        ]
    assert told.reader.right_history("SJ4412026099999") is None


def test_in_words(told: Told) -> None:
    report = told.verify()
    assert verdict(report).headline.en.startswith("Genuine, and complete as of")
    said = [(words.title(line).en, words.told(line).en) for line in report.lines]
    assert said[0] == ("First registration", "云汐第一医院（虚构）")
    title, of = said[1]
    assert title == "Licence given"
    assert of.startswith("L-2026-000001 · 云汐第一医院（虚构） → 岭澜研究有限公司（虚构） · until")
    assert said[2] == ("Remark entered", "judicial seizure · 查封至2027年")
    assert said[6] == ("Transfer", "岭澜研究有限公司（虚构）")
    assert words.state(report.holdings[0]).en == f"superseded → {told.second}"
    beside = replace(report.holdings[0], successors=(told.second, "ab" * 32))
    assert words.state(beside).en == f"superseded → {told.second}, 1 more, not in this history"
    assert "ab" not in words.state(replace(beside, successors=("ab" * 32,))).zh
    assert all(words.title(line).zh and words.told(line).zh for line in report.lines)
    assert words.advice(report).zh
    value = report.to_json()
    assert [line["type"] for line in value["lines"]] == [kind for kind, _ in LIFE]
    assert HOSPITAL in json.dumps(value["lines"][0]["body"])


# ---------------------------------------------------------------- tampered


def drop(kind: str, number: int = 0) -> Callable[[dict[str, Any]], object]:
    """Leave out the statement that is the `number`-th of its type."""

    def edit(value: dict[str, Any]) -> None:
        found = [at for at, one in enumerate(value["statements"]) if one["statement"]["type"] == kind]
        del value["statements"][found[number]]

    return edit


def told_otherwise(value: dict[str, Any]) -> None:
    value["statements"][1]["body"]["purposes"] = "别的用途"


def dated_back(value: dict[str, Any]) -> None:
    value["statements"][2]["statement"]["at"] -= 1


def moved_in_the_log(value: dict[str, Any]) -> None:
    value["statements"][1]["path"], value["statements"][2]["path"] = (
        value["statements"][2]["path"],
        value["statements"][1]["path"],
    )


def private_body(value: dict[str, Any]) -> None:
    value["statements"][0]["body"] = {}


def unsaid(value: dict[str, Any]) -> None:
    value["statements"][2]["body"] = None


def codes_swapped(value: dict[str, Any]) -> None:
    first, second = value["certificates"]
    first["qr"], second["qr"] = second["qr"], first["qr"]


def holder_forged(value: dict[str, Any]) -> None:
    value["certificates"][1]["record"]["holders"][0]["name"] = "别人有限公司"


TAMPERED: list[tuple[Callable[[dict[str, Any]], object], int, str]] = [
    (drop("licence.given"), 9, "history-short"),
    (drop("licence.ended"), 9, "history-short"),
    (drop("remark.entered", 1), 9, "history-short"),
    (drop("remark.entered"), 9, "history-differs"),
    (told_otherwise, 4, "commitment"),
    (private_body, 4, "commitment"),
    (unsaid, 4, "commitment"),
    (dated_back, 5, "inclusion-proof"),
    (moved_in_the_log, 5, "inclusion-proof"),
]


@pytest.mark.parametrize(("edit", "number", "code"), TAMPERED)
def test_tampered(told: Told, edit: Callable[[dict[str, Any]], object], number: int, code: str) -> None:
    report = told.verify(edit)
    finding = report.finding(number)
    assert (finding.outcome, finding.code) == (Outcome.INVALID, code)
    assert report.authentic is Authentic.FORGED
    assert report.lines == ()
    assert words.reason(finding).zh


@pytest.mark.parametrize("edit", [holder_forged, codes_swapped, drop("certificate.deposited")])
def test_what_does_not_fit_together_is_no_history(
    told: Told, edit: Callable[[dict[str, Any]], object]
) -> None:
    report = told.verify(edit)
    assert report.finding(1).code == "history-form"
    assert (report.authentic, report.exit_code) == (Authentic.NOT_OURS, 3)


def test_another_rights_certificate_does_not_belong(told: Told) -> None:
    other = told.reader.right_history(told.first[:-4] + "0002")
    assert other is not None
    strange = json.loads(other)

    def edit(value: dict[str, Any]) -> None:
        value["certificates"] = [*strange["certificates"], *value["certificates"]]
        both = [*value["statements"], *strange["statements"]]
        value["statements"] = sorted(both, key=lambda one: one["index"])
        for account in value["chain"]["accounts"]:
            for more in strange["chain"]["accounts"]:
                if more["address"] == account["address"]:
                    known = {one["slot"] for one in account["storage"]}
                    account["storage"] += [one for one in more["storage"] if one["slot"] not in known]

    finding = told.verify(edit).finding(9)
    assert (finding.outcome, finding.code) == (Outcome.INVALID, "history-stray")


def test_a_life_cut_off_before_the_transfer_says_that_there_is_more(told: Told) -> None:
    def edit(value: dict[str, Any]) -> None:
        value["number"] = told.first
        del value["certificates"][1]
        value["statements"] = value["statements"][:6]

    report = told.verify(edit)
    assert (report.authentic, report.standing, report.exit_code) == (Authentic.GENUINE, Whole.GOES_ON, 1)
    assert report.holdings[0].successors[0] != told.second
    assert "more than is shown" in verdict(report).headline.en


COURT = {"name": "某市中级人民法院", "code": "11440100MB2DEMC01T"}


@pytest.mark.parametrize(
    ("by", "party", "paper", "outcome"),
    [
        ("registry", None, "裁定", Outcome.VALID),
        ("forum", COURT, "裁定", Outcome.INVALID),
        ("registry", COURT, "裁定", Outcome.INVALID),
        ("forum", None, "裁定", Outcome.INVALID),
        ("registry", None, "另一份裁定", Outcome.INVALID),
    ],
)
def test_a_registry_does_not_pass_its_own_seizure_off_as_a_courts(
    demonstration_template: World,
    tmp_path: Path,
    by: str,
    party: dict[str, str] | None,
    paper: str,
    outcome: Outcome,
) -> None:
    """The chain has whether a forum signed, and which document: the statement says the same, or is false."""
    world = demonstration_template.copy(tmp_path / "state")
    with world.open() as registry:
        life = Life.begin(registry, world.clock)
        number = life.register(tmp_path / "dossier")
        subject, under = certificate_subject(number), life.body_of(number)
        body: dict[str, Any] = {
            "v": 1,
            "certificate": number,
            "kind": "seizure",
            "text": "查封",
            "document": dict(digest_pair(paper.encode()).to_json()),
            "reference": "(2026)粤01执12号裁定",
            "by": party or {"name": under.registry.name, "code": under.registry.code},
            "at": world.clock(),
        }
        said = Statement(
            type="remark.entered",
            profile=under.profile,
            subject=subject,
            at=world.clock(),
            commitment=commit_public(dumps(body)),
            prev=statement_of(under).leaf_hash,
            by=by,
        )
        leaf = life.state(said, body)
        life.remark(subject, SEIZURE, statement=leaf, document=digest_pair("裁定".encode()).sha256)
    with open_reader(world.root, world.clock) as reader:
        file = reader.right_history(number)
        assert file is not None
        report = verify_history(read_target(file), reader.trust(), now=world.clock.now)
    finding = report.finding(9)
    assert (finding.outcome, finding.code) == (
        (outcome, "ok") if outcome is Outcome.VALID else (outcome, "history-differs")
    )


# ---------------------------------------------------------------- asked and not asked


def test_a_ledger_asked_gives_newer_words_or_leaves_it_open(told: Told) -> None:
    assert told.verify(live=told.reader).standing is Whole.WHOLE

    class Silent:
        def storage(self, *_: Any, **__: Any) -> object:
            raise EnvironmentFault("no answer", code="node-unreachable")

    report = told.verify(live=Silent())
    assert (report.finding(9).code, report.exit_code) == ("node-unreachable", 3)
    allowed = told.verify(live=Silent(), allow_attached=True)
    assert allowed.exit_code == 0
    assert next(note.code for note in allowed.notes) == "attached-used"


def test_a_policy_without_the_modules_cannot_tell(told: Told) -> None:
    report = told.verify(trust=replace(told.reader.trust(), moves=None))
    assert (report.finding(9).code, report.exit_code) == ("moves-not-pinned", 3)


def test_a_time_is_not_asked_about(told: Told) -> None:
    with pytest.raises(UsageFault) as raised:
        told.verify(at=told.now)
    assert raised.value.code == "history-at"


def test_the_file_is_strict(told: Told) -> None:
    assert is_history_file(told.file)
    assert not is_history_file(b"yinzheng/right-history/1")
    assert not is_history_file(b"{}")
    value = json.loads(told.file)
    schema = Path(__file__).parents[3] / "docs" / "schemas" / "right-history.json"
    Draft202012Validator(json.loads(schema.read_text(encoding="utf-8"))).validate(value)
    for name in value:
        lacking = copy.deepcopy(value)
        del lacking[name]
        with pytest.raises(DataFault):
            parse_history(dumps(lacking))
    value["statements"].reverse()
    with pytest.raises(DataFault) as raised:
        parse_history(dumps(value))
    assert raised.value.code == "history-form"

"""Events of a period, proved offline; and whatever was changed, left out, added or swapped in them shows."""

from __future__ import annotations

import codecs
import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import run
from tests.ledger.disputes.conftest import court_template
from tests.ledger.disputes.court import Court, Template
from yinzheng.ledger.chain.evidence import Prover
from yinzheng.ledger.state.policy import trust_policy
from yinzheng.ledger.watch import exporting
from yinzheng.ledger.watch.events import ALWAYS, Period
from yinzheng.ledger.watch.exporting import Source, about, export
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.errors import EnvironmentFault
from yinzheng.verifier.judge.events.report import EventReport, EventsReport
from yinzheng.verifier.judge.events.verify import EventsJudge
from yinzheng.verifier.judge.report import Outcome
from yinzheng.verifier.judge.trust import parse_trust
from yinzheng.verifier.words.events import summary

__all__ = ["court_template"]

Json = dict[str, Any]


@pytest.fixture(scope="module")
def exported(court_template: Template, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Json], Json]:
    """The lines of a life with a deposit, two holds and their ends; and the policy."""
    world = court_template.world.copy(tmp_path_factory.mktemp("exported") / "state")
    with world.open() as registry:
        court = Court(world, registry, court_template)
        for _ in range(2):
            court.settle_dispute(court.open())
        lines = [json.loads(line) for line in export(Source.of(registry), about(None), ALWAYS)]
        return lines, trust_policy(registry.instance)


@pytest.fixture
def lines(exported: tuple[list[Json], Json]) -> list[Json]:
    return copy.deepcopy(exported[0])


@pytest.fixture
def policy(exported: tuple[list[Json], Json]) -> Json:
    return copy.deepcopy(exported[1])


def judged(lines: list[Json], policy: Json) -> tuple[list[EventReport], EventsReport]:
    judge = EventsJudge(parse_trust(canonical.dumps(policy)))
    reports = list(judge.judge(canonical.dumps(line) for line in lines))
    return reports, judge.whole()


def events(lines: list[Json]) -> list[Json]:
    return [line for line in lines if "event" in line]


def heads(lines: list[Json]) -> list[Json]:
    return [line["head"] for line in lines if "head" in line]


def codes(reports: list[EventReport]) -> set[str]:
    return {one.code for report in reports for one in report.findings if one.outcome is Outcome.INVALID}


def test_all_is_proved_offline(lines: list[Json], policy: Json) -> None:
    reports, whole = judged(lines, policy)
    assert [one.event.statement.type for one in reports if one.event] == [
        "certificate.deposited", "dispute.opened", "dispute.released", "dispute.opened", "dispute.released",
    ]  # fmt: skip
    assert {one.outcome for one in reports} == {Outcome.VALID}
    assert (whole.proved, whole.whole, whole.exit_code) == (5, True, 0)
    for report in reports:  # the block of the anchoring itself
        assert report.event is not None
        assert report.block == report.event.block
    assert reports[0].claimed == ()  # its statement has the certificate's subject
    assert reports[1].claimed == reports[1].event.certificates  # type: ignore[union-attr]
    assert json.dumps([one.to_json() for one in reports])


def changed_statement(lines: list[Json]) -> None:
    events(lines)[1]["event"]["statement"]["at"] += 1


def changed_body(lines: list[Json]) -> None:
    events(lines)[0]["body"]["asset"] = "另一个"


def body_for_a_private_one(lines: list[Json]) -> None:
    events(lines)[1]["body"] = {}


def other_number(lines: list[Json]) -> None:
    events(lines)[1]["event"]["number"] -= 1


def other_path(lines: list[Json]) -> None:
    events(lines)[1]["path"][0] = "0" * 64


def swapped(lines: list[Json]) -> None:
    first, second = (at for at, line in enumerate(lines) if "event" in line and line["body"] is None
                     if line["event"]["statement"]["type"] == "dispute.opened")  # fmt: skip
    lines[first], lines[second] = lines[second], lines[first]


def head_of_another(lines: list[Json]) -> None:
    first, second = heads(lines)[:2]
    first["chain"], second["chain"] = second["chain"], first["chain"]


def note_of_nobody(lines: list[Json]) -> None:
    head = heads(lines)[0]
    body, _, signatures = head["checkpoint"].partition("\n\n")
    origin, size, root = body.split("\n")
    head["checkpoint"] = f"{origin}\n{int(size) + 1}\n{root}\n\n{signatures}"


def other_time(lines: list[Json]) -> None:
    lines[0]["until"] = lines[-2]["event"]["statement"]["at"]


def twice(lines: list[Json]) -> None:
    lines.insert(-1, lines[-2])


def after_the_end(lines: list[Json]) -> None:
    lines.append(lines[-1])


def begun_twice(lines: list[Json]) -> None:
    lines.insert(1, lines[0])


def without_a_head(lines: list[Json]) -> None:
    del lines[1]


def something_else(lines: list[Json]) -> None:
    lines.insert(2, {"person": "张三"})


@pytest.mark.parametrize(
    ("tamper", "code"),
    [
        (changed_statement, "inclusion-proof"),
        (changed_body, "commitment"),
        (body_for_a_private_one, "body-superfluous"),
        (other_number, "inclusion-proof"),
        (other_path, "inclusion-proof"),
        (swapped, "line-place"),
        (note_of_nobody, "note-signature"),
        (other_time, "event-period"),
        (twice, "line-place"),
        (after_the_end, "line-place"),
        (begun_twice, "line-place"),
        (without_a_head, "line-place"),
        (something_else, "line-unknown"),
    ],
)
def test_whatever_is_changed_shows(
    lines: list[Json], policy: Json, tamper: Callable[[list[Json]], None], code: str
) -> None:
    tamper(lines)
    reports, whole = judged(lines, policy)
    assert code in codes(reports)
    assert whole.exit_code == 1


def test_proofs_of_another_head_are_none(lines: list[Json], policy: Json) -> None:
    head_of_another(lines)
    whole = judged(lines, policy)[1]
    assert (whole.proved, whole.exit_code) == (3, 3)


def test_what_is_missing_is_undetermined(lines: list[Json], policy: Json) -> None:
    assert judged(lines[:-1], policy)[1].exit_code == 3
    assert judged([*lines[:-2], lines[-1]], policy)[1].exit_code == 3
    events(lines)[0]["body"] = None
    assert judged(lines, policy)[1].exit_code == 3
    assert judged([], policy)[1].exit_code == 3


def test_what_an_editor_leaves_in_it_means_nothing(lines: list[Json], policy: Json) -> None:
    data = [canonical.dumps(line) for line in lines]
    for saved in (
        [codecs.BOM_UTF8 + data[0], *data[1:]],
        [line + b"\r" for line in data],
        [b"", *data[:2], b" \t\r", *data[2:], b"", b""],
        [codecs.BOM_UTF8, *data],
    ):
        judge = EventsJudge(parse_trust(canonical.dumps(policy)))
        assert {one.outcome for one in judge.judge(saved)} == {Outcome.VALID}
        assert judge.whole().exit_code == 0


def test_what_is_damaged_or_something_else_is_not_called_wrong(lines: list[Json], policy: Json) -> None:
    data = [canonical.dumps(line) for line in lines]
    for damaged, ours in (
        ([*data[:-2], data[-2][:200]], True),
        ([*data[:-1], "张三".encode("gbk")], True),
        (data[1:], False),
        ([b"hello world"], False),
        ([canonical.dumps({"format": "yinzheng/certificate/1"})], False),
        (["".join(map(bytes.decode, data)).encode("utf-16")], False),
        ([], False),
    ):
        judge = EventsJudge(parse_trust(canonical.dumps(policy)))
        reports = list(judge.judge(damaged))
        assert Outcome.INVALID not in {one.outcome for one in reports}
        found = judge.whole()
        assert (found.failed, found.ours, found.whole, found.exit_code) == (0, ours, False, 3)
        said = summary(found)
        assert ("of ours" in said.en, "不是" in said.zh) == (not ours, not ours)


def test_another_registrys_events(lines: list[Json], policy: Json) -> None:
    policy["chain"]["validators"][0]["addresses"] = ["ab" * 20]
    whole = judged(lines, policy)[1]
    assert (whole.proved, whole.undetermined, whole.exit_code) == (0, 5, 3)
    policy["chain"]["genesis"] = "ab" * 32
    assert judged(lines, policy)[1].proved == 0


# ---------------------------------------------------------------- making it


def test_a_period_and_pages(court: Court, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "PAGE", 2)
    before = court.now
    court.world.clock.advance(3600)
    for _ in range(2):
        court.settle_dispute(court.open())
    source = Source.of(court.registry)
    later = [json.loads(line) for line in export(source, about(None), Period(before + 1, ALWAYS.until))]
    assert len(events(later)) == later[-1]["end"] == 4
    earlier = [json.loads(line) for line in export(source, about(None), Period(0, before + 1))]
    assert len(events(earlier)) == earlier[-1]["end"] == 1
    policy = trust_policy(court.registry.instance)
    assert judged(later, policy)[1].exit_code == judged(earlier, policy)[1].exit_code == 0


def test_a_node_without_the_state_of_then(court: Court, monkeypatch: pytest.MonkeyPatch) -> None:
    collect = Prover.collect

    def pruned(self: Prover, block: int, wanted: Any) -> Any:
        if block < self.last_final():
            raise EnvironmentFault("gone", code="node-refused")
        return collect(self, block, wanted)

    court.settle_dispute(court.open())
    monkeypatch.setattr(Prover, "collect", pruned)
    made = [json.loads(line) for line in export(Source.of(court.registry), about(None), ALWAYS)]
    reports, whole = judged(made, trust_policy(court.registry.instance))
    assert whole.exit_code == 0
    first = reports[0]
    assert first.event is not None
    assert (first.block or 0) > first.event.block


def test_commands(court: Court, tmp_path: Path) -> None:
    court.settle_dispute(court.open())
    trust = tmp_path / "trust.json"
    trust.write_bytes(canonical.dumps(trust_policy(court.registry.instance)))
    state, file, number = court.world.root, tmp_path / "events.ndjson", court.made.number
    court.opened.close()
    made = run("events", "export", "--state", state, "--certificate", number, "--out", file, "--json")
    assert (made.code, made.json["events"]) == (0, 3), made
    said = run("events", "verify", file, "--trust", trust, "--lang", "en")
    assert said.code == 0
    assert "Every event is proved: 3 proved" in said.out
    assert said.out.count(" ✓ ") == 3
    again = run("events", "export", "--state", state, "--out", file)
    assert (again.code, "exists already" in again.err) == (2, True)
    file.write_bytes(file.read_bytes().replace(b'"by":"party"', b'"by":"forum"', 1))
    spoilt = run("events", "verify", file, "--trust", trust, "--json")
    assert spoilt.code == 1
    assert spoilt.json["unproved"][0]["outcome"] == "INVALID"
    unknown = run("events", "export", "--state", state, "--certificate", "SJ4412026099999", "--out", file)
    assert unknown.code == 2

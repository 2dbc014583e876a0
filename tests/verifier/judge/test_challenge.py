"""The holder's challenge: who answered, with which key, to what (R15, S21.1–S21.4)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.verifier import holder_world as holders
from tests.verifier.holder_world import HolderLedger, HolderState, HolderWorld, answered, challenge
from tests.verifier.world import BLOCK_TIME, HOSPITAL, MAX_AGE, NOW, RecordState, body_json, presented
from yinzheng.verifier.bytes.algorithms import sha256
from yinzheng.verifier.containers.holderfile import Told, parse_holder_file
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault
from yinzheng.verifier.formats.body import parse_body
from yinzheng.verifier.formats.challenge import Answer, Challenge
from yinzheng.verifier.judge.challenge import AnswerReport, check_answer
from yinzheng.verifier.judge.holder import thread_of
from yinzheng.verifier.judge.report import Authentic
from yinzheng.verifier.words import challenge as words
from yinzheng.verifier.words.verdict import verdict

ASKED = challenge()
JOINT = [{**HOSPITAL, "rights": ["hold"]}, {**holders.SECOND, "rights": ["use", "operate"]}]


@pytest.fixture(scope="module")
def world() -> HolderWorld:
    return HolderWorld()


def judged(
    world: HolderWorld,
    given: Answer | str | None = None,
    asked: Challenge = ASKED,
    *,
    file: dict[str, Any] | None = None,
    **options: Any,
) -> AnswerReport:
    """Offline, with the files the world hands out, unless told otherwise."""
    text = given if isinstance(given, str) else (given or answered(asked)).text
    if "live" not in options:
        options["holder"] = parse_holder_file(json.dumps(file or world.holder_file()).encode())
    options.setdefault("now", NOW)
    return check_answer(
        text, asked, presented(world.file()), options.pop("trust", holders.trust()), **options
    )


def said(report: AnswerReport) -> tuple[str, str, int]:
    """Word, code and exit code, as every face says them."""
    found = verdict(report)
    assert found.exit_code == report.exit_code
    assert found.headline.zh.startswith(words.HEADLINES[report.standing].zh)
    assert words.advice(report).zh
    return str(found.word), found.code, found.exit_code


def test_the_holder_answers_offline(world: HolderWorld) -> None:
    report = judged(world)
    assert said(report) == ("genuine", "answered", 0)
    assert [one.outcome.value for one in report.findings] == ["VALID"] * 6
    assert HOSPITAL["name"] in verdict(report).headline.zh
    assert "as of" in verdict(report).headline.en
    shown = report.to_json()
    assert shown["answered_by"]["code"] == HOSPITAL["code"]
    assert [one["number"] for one in shown["obligations"]] == list(range(1, 17))


def test_the_holder_answers_with_a_ledger_asked(world: HolderWorld) -> None:
    assert said(judged(world, live=HolderLedger(world))) == ("genuine", "answered", 0)


def test_an_answer_speaks_by_name() -> None:
    with pytest.raises(TypeError):
        bool(judged(HolderWorld()))


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ("replayed", ("genuine", "replayed", 1)),
        ("late", ("genuine", "late", 1)),
        ("nonce", ("genuine", "other_challenge", 1)),
        ("asker", ("genuine", "other_challenge", 1)),
        ("prolonged", ("genuine", "other_challenge", 1)),
        ("certificate", ("genuine", "other_certificate", 1)),
        ("wrong key", ("genuine", "key_unknown", 1)),
        ("forged", ("forged", "signature_wrong", 1)),
        ("another's name", ("undetermined", "not_a_holder", 3)),
        ("no answer", ("not_ours", "malformed", 3)),
        ("clock", ("genuine", "clock", 3)),
    ],
)
def test_what_is_no_answer_to_this(world: HolderWorld, case: str, expected: tuple[str, str, int]) -> None:
    good = answered(ASKED)
    cases: dict[str, dict[str, Any]] = {
        "replayed": {"used": True},
        "late": {"now": ASKED.expires_at},
        "nonce": {"given": answered(challenge(nonce=bytes(16)))},
        "asker": {"given": answered(challenge(asker="另一家银行"))},
        "prolonged": {"given": answered(challenge(expires_at=NOW + 1000))},
        "certificate": {"given": answered(challenge(certificate="SJ4412026110002"))},
        "wrong key": {"given": answered(ASKED, holders.OTHER)},
        "forged": {"given": replace(answered(ASKED, holders.OTHER), kid=good.kid)},
        "another's name": {
            "given": answered(ASKED, code=holders.SECOND["code"]),
            "live": HolderLedger(world),
        },
        "no answer": {"given": ASKED.text},
        "clock": {
            "asked": challenge(made_at=NOW + 400, expires_at=NOW + 900),
            "trust": holders.trust(max_age=9000),
        },
    }
    given = cases[case]
    asked = given.pop("asked", ASKED)
    report = judged(world, asked=asked, **given)
    if case == "clock":  # the key holds at both times: the question's own time is what is odd
        assert report.findings[4].code == "challenge-clock"
    assert said(report) == expected


def test_words_of_another_organisation_are_not_this_ones(world: HolderWorld) -> None:
    """Somebody signs in the holder's name with a file of their own organisation."""
    other = HolderWorld(
        told=[("organisation.enrolled", holders.enrolment_body(holders.OTHER, holders.SECOND))],
        party=holders.SECOND,
        holder=HolderState(key=sha256(holders.OTHER.public_key.point)),
    )
    report = judged(world, answered(ASKED, holders.OTHER), file=other.holder_file())
    assert (report.authentic, report.standing) == (Authentic.FORGED, "holder_forged")
    assert report.findings[0].code == "holder-other"
    # In its own name it is enrolled, and no holder of this certificate; the chain shown is its own.
    report = judged(world, answered(ASKED, holders.OTHER, holders.SECOND["code"]), file=other.holder_file())
    assert said(report) == ("genuine", "not_a_holder", 1)
    assert report.findings[-1].code == "answer-not-holder"


def test_one_of_several_holders_answers() -> None:
    world = HolderWorld(body=parse_body(body_json(holders=JOINT)))
    report = judged(world)
    assert said(report) == ("genuine", "answered", 0)
    assert [one.code for one in report.others] == [holders.SECOND["code"]]
    assert "one of 2 holders" in verdict(report).headline.en


class TestKeys:
    def test_rotated(self) -> None:
        world = HolderWorld(holder=HolderState(key=sha256(holders.NEXT.public_key.point), serial=2))
        world.tell("organisation.key-rotated", holders.rotation_body(NOW - 3600))
        assert said(judged(world)) == ("genuine", "key_over", 1)
        assert said(judged(world, answered(ASKED, holders.NEXT))) == ("genuine", "answered", 0)

    def test_rotated_and_the_newer_statement_left_out(self) -> None:
        """The chain names another key than the old file's: a left-out statement shows."""
        old = HolderWorld()
        file = old.holder_file()
        old.holder = HolderState(key=sha256(holders.NEXT.public_key.point), serial=2)
        file["chain"] = old.account_evidence()
        assert said(judged(old, file=file)) == ("genuine", "key_over", 1)

    def test_announced_beside_an_account_that_is_not_in_force_yet(self) -> None:
        state = HolderState(
            next=bytes([5]) * 20, next_from=NOW + 1000, next_key=sha256(holders.NEXT.public_key.point)
        )
        world = HolderWorld(holder=state)
        world.tell("organisation.key-rotated", holders.rotation_body(NOW - 3600))
        assert said(judged(world, answered(ASKED, holders.NEXT))) == ("genuine", "answered", 0)
        state.next_from = NOW - 1000
        assert said(judged(world, answered(ASKED, holders.NEXT))) == ("genuine", "answered", 0)

    def test_compromised(self) -> None:
        world = HolderWorld()
        world.tell("organisation.key-revoked", holders.revocation_body(NOW - 600))
        assert said(judged(world)) == ("genuine", "key_lost", 1)

    @pytest.mark.parametrize("state", [2, 3])
    def test_the_account_was_lost(self, state: int) -> None:
        world = HolderWorld(holder=HolderState(state=state, ended_at=NOW - 500, lost_at=NOW - 700))
        assert said(judged(world)) == ("genuine", "key_lost", 1)

    def test_not_yet_in_force(self) -> None:
        world = HolderWorld()
        world.tell("organisation.key-rotated", holders.rotation_body(NOW + 3600))
        assert said(judged(world, answered(ASKED, holders.NEXT))) == ("genuine", "key_early", 1)

    def test_enrolled_as_something_else(self) -> None:
        world = HolderWorld(told=[("organisation.enrolled", holders.enrolment_body(roles=("controller",)))])
        assert said(judged(world)) == ("genuine", "not_enrolled", 1)

    def test_never_entered_on_chain(self) -> None:
        assert said(judged(HolderWorld(holder=None))) == ("genuine", "not_enrolled", 1)

    def test_words_no_contract_writes(self) -> None:
        for state in (HolderState(state=4), HolderState(contested=2), HolderState(serial=0)):
            report = judged(HolderWorld(holder=state))
            assert (report.authentic, report.standing) == (Authentic.FORGED, "holder_forged")
        report = judged(HolderWorld(holder=HolderState(state=0)))
        assert report.findings[1].code == "account-layout"


class TestProofs:
    """Each step of what shows whose the key is, broken."""

    def test_the_statements_are_the_logs(self, world: HolderWorld) -> None:
        file = world.holder_file()
        (told,) = file["events"]
        body = told["body"]
        changed = {**body, "organisation": {**body["organisation"], "name": "另一家医院"}}
        for edit in (
            {"events": [{**told, "body": changed}]},
            {"events": [{**told, "statement": {**told["statement"], "at": 7}}]},
            {
                "events": [
                    {**file["events"][0], "statement": {**file["events"][0]["statement"], "by": "public"}}
                ]
            },
            {"proof": world.proof.text},
        ):
            report = judged(world, file={**file, **edit})
            assert (report.authentic, report.standing) == (Authentic.FORGED, "holder_forged"), edit
            assert report.exit_code == 1

    def test_a_log_that_nobody_pins(self, world: HolderWorld) -> None:
        other = HolderWorld(origin="elsewhere.example.org")
        report = judged(world, file=other.holder_file())
        assert said(report) == ("undetermined", "holder_open", 3)

    def test_a_head_that_is_not_anchored(self) -> None:
        world = HolderWorld()
        file = world.holder_file()
        world.anchored_root = bytes(32)
        file["chain"] = world.account_evidence()
        report = judged(HolderWorld(), file=file)
        assert said(report) == ("undetermined", "holder_open", 3)

    def test_an_unsealed_block(self, world: HolderWorld) -> None:
        other = HolderWorld(sealers=(None, None))
        report = judged(world, file={**world.holder_file(), "chain": other.account_evidence()})
        assert said(report) == ("undetermined", "holder_open", 3)

    def test_nothing_is_shown(self, world: HolderWorld) -> None:
        text = answered(ASKED).text
        report = check_answer(text, ASKED, presented(world.file()), holders.trust(), now=NOW)
        assert said(report) == ("undetermined", "holder_open", 3)
        report = judged(world, file={**world.holder_file(), "chain": None})
        assert said(report) == ("undetermined", "holder_open", 3)

    def test_the_policy_pins_no_contract(self, world: HolderWorld) -> None:
        from tests.verifier.world import trust

        assert said(judged(world, trust=trust())) == ("genuine", "holder_open", 3)
        live = HolderLedger(world)
        assert said(judged(world, trust=trust(), live=live)) == ("genuine", "holder_open", 3)

    def test_a_body_of_another_under_this_ones_subject(self) -> None:
        told = [("organisation.enrolled", holders.enrolment_body(party=holders.SECOND))]
        report = judged(HolderWorld(told=told))
        assert (report.findings[0].code, report.standing) == ("holder-other", "holder_forged")

    def test_an_old_answer(self, world: HolderWorld) -> None:
        later = BLOCK_TIME + MAX_AGE + 1
        asked = challenge(made_at=later - 60, expires_at=later + 60)
        report = judged(world, asked=asked, now=later)
        assert report.standing == "holder_open"
        assert report.exit_code == 3


class TestLive:
    def test_a_ledger_that_does_not_know_the_organisation(self, world: HolderWorld) -> None:
        report = judged(world, live=HolderLedger(world, knows=False))
        assert said(report) == ("undetermined", "holder_open", 3)
        file = parse_holder_file(json.dumps(world.holder_file()).encode())
        assert said(judged(world, live=HolderLedger(world, knows=False), holder=file))[2] == 0

    def test_a_ledger_that_lies_is_not_had(self) -> None:
        world = HolderWorld()
        world.tell("organisation.key-revoked", holders.revocation_body(NOW - 600))
        live = HolderLedger(world, lies=True)
        assert said(judged(world, live=live)) == ("undetermined", "holder_open", 3)
        file = parse_holder_file(json.dumps(world.holder_file()).encode())
        report = judged(world, live=live, holder=file, allow_attached=True)
        assert said(report) == ("genuine", "key_lost", 1)

    def test_the_ledgers_statements_are_newer_than_the_file(self) -> None:
        world = HolderWorld()
        old = parse_holder_file(json.dumps(world.holder_file()).encode())
        world.tell("organisation.key-revoked", holders.revocation_body(NOW - 600))
        assert said(judged(world, live=HolderLedger(world), holder=old)) == ("genuine", "key_lost", 1)

    def test_a_silent_ledger(self, world: HolderWorld) -> None:
        class Silent(HolderLedger):
            def organisation(self, code: str) -> Any:
                raise EnvironmentFault("no answer", code="node-unreachable")

        assert said(judged(world, live=Silent(world))) == ("undetermined", "holder_open", 3)


class TestCertificate:
    def test_forged(self) -> None:
        world = HolderWorld(signer=holders.OTHER)
        report = judged(world)
        assert (report.standing, report.exit_code) == ("certificate_open", 3)
        record = RecordState(content=bytes([1]) * 32)
        assert said(judged(HolderWorld(record=record))) == ("forged", "certificate_forged", 1)

    def test_over(self) -> None:
        world = HolderWorld()
        world.state_record = replace(world.state_record, status=3)
        assert said(judged(world)) == ("genuine", "not_in_force", 1)

    def test_an_old_certificate_beside_a_fresh_answer_about_the_holder(self) -> None:
        old = HolderWorld(block_time=BLOCK_TIME - 3000)
        file = parse_holder_file(json.dumps(HolderWorld().holder_file()).encode())
        shown = presented(old.file())
        report = check_answer(answered(ASKED).text, ASKED, shown, holders.trust(), now=NOW, holder=file)
        assert said(report) == ("genuine", "certificate_open", 3)
        assert report.asked_at is None

    def test_in_force_under_seizure(self) -> None:
        world = HolderWorld()
        world.state_record = replace(world.state_record, remarks=3)
        assert said(judged(world)) == ("genuine", "answered_attention", 0)

    def test_a_number_that_cannot_be_read_is_no_holders(self, world: HolderWorld) -> None:
        from yinzheng.verifier.containers.target import read_target

        file = parse_holder_file(json.dumps(world.holder_file()).encode())
        report = check_answer(
            answered(ASKED).text, ASKED, read_target("{}"), holders.trust(), now=NOW, holder=file
        )
        assert said(report) == ("not_ours", "certificate_open", 3)

    def test_another_than_was_asked_about_is_a_slip(self, world: HolderWorld) -> None:
        asked = challenge(certificate="SJ4412026110002")
        with pytest.raises(UsageFault) as slip:
            judged(world, asked=asked)
        assert slip.value.code == "challenge-certificate"


def test_a_holders_statements_are_the_registrys_own_each_after_the_last() -> None:
    world = HolderWorld()
    world.tell("organisation.key-rotated", holders.rotation_body(NOW - 3600))
    first, last = (Told(statement, body) for statement, body in world.events)
    assert thread_of((first, last), world.subject) == last.statement
    strangers = replace(last, statement=replace(last.statement, by="holder"))
    for events in ((last,), (first, first), (first, strangers)):
        with pytest.raises(DataFault) as caught:
            thread_of(events, world.subject)
        assert caught.value.code == "holder-thread"

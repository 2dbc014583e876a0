"""A voucher's verification: genuine and in force, each step tampered with, and every way it can stand."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.verifier.bodies import PAIR
from tests.verifier.licences import ENDS, FORUM, GIVEN, LicenceState, end_json, licence_json
from tests.verifier.voucher_world import ASKED, BLOCK, VoucherLedger, VoucherWorld, trust
from tests.verifier.world import DAY, DEPOSITED, MAX_AGE, STRANGER, RecordState, presented
from yinzheng.verifier.containers.target import Presented, read_target
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.licence import ended_statement, parse_licence, parse_licence_end
from yinzheng.verifier.judge.kinds import kind_of
from yinzheng.verifier.judge.licence.report import VoucherReport
from yinzheng.verifier.judge.licence.status import LicenceStatus
from yinzheng.verifier.judge.licence.verify import verify_voucher
from yinzheng.verifier.judge.line import MOST
from yinzheng.verifier.judge.report import Authentic, Outcome
from yinzheng.verifier.words import licence as words
from yinzheng.verifier.words import phrases
from yinzheng.verifier.words.verdict import verdict

LONG = "药物不良反应监测与真实世界研究" * 10


def judged(
    world: VoucherWorld | dict[str, Any], *, now: int = ASKED, live: Any = None, **asked: Any
) -> VoucherReport:
    shown = presented(world if isinstance(world, dict) else world.file())
    report = verify_voucher(shown, trust(), now=now, live=live, **asked)
    assert report.in_force is (report.exit_code == 0)
    return report


def scanned(world: VoucherWorld, **asked: Any) -> VoucherReport:
    return verify_voucher(read_target(world.qr), trust(), now=ASKED, **asked)


def outcomes(report: VoucherReport) -> dict[int, Outcome]:
    return {finding.number: finding.outcome for finding in report.findings}


def record(**changes: Any) -> RecordState:
    """The certificate's record, changed."""
    return RecordState(VoucherWorld().certificate_leaf(), **changes)


SEVENTH, THIRD, LATER = (bytes(31) + bytes([one]) for one in (7, 9, 11))


def sold_world(
    after: RecordState,
    *,
    changed_at: int = DEPOSITED,
    remainder: bytes = bytes(32),
    more: Mapping[bytes, RecordState] | None = None,
) -> VoucherWorld:
    """Its certificate superseded by another, and perhaps by a second."""
    before = record(status=2, successor=SEVENTH, remainder=remainder, changed_at=changed_at)
    return VoucherWorld(record=before, followed={SEVENTH: after, **(more or {})})


def codes_of(report: VoucherReport) -> set[str]:
    return {note.code for note in report.notes if note.code.startswith(("certificate-", "successor-"))}


@pytest.fixture(scope="module")
def genuine() -> dict[str, Any]:
    return VoucherWorld().file()


def test_a_voucher_is_genuine_and_in_force(genuine: dict[str, Any]) -> None:
    shown = presented(genuine)
    assert kind_of(shown).document == "licence-voucher"
    report = kind_of(shown).verify(shown, trust(), now=ASKED)
    assert isinstance(report, VoucherReport)
    assert set(outcomes(report).values()) == {Outcome.VALID}
    assert (report.authentic, report.standing, report.exit_code) == (Authentic.GENUINE, "in_force", 0)
    said = verdict(report)
    assert (said.code, said.exit_code) == ("in_force", 0)
    assert said.headline.en.startswith("Genuine: the licence is in force")
    told = report.to_json()
    assert told["document"] == "licence-voucher"
    assert told["certificate"] == {
        "status": "in_force",
        "attention": [],
        "successor": None,
        "remainder": None,
        "rests": [{"subject": VoucherWorld().certificate_subject().hex(), "status": "in_force"}],
    }
    json.dumps(told)
    with pytest.raises(TypeError):
        bool(report)


# Each step: one change, one obligation that says so


def put(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def edit(file: dict[str, Any]) -> None:
        *parents, last = path.split("/")
        found: Any = file
        for name in parents:
            found = found[int(name)] if isinstance(found, list) else found[name]
        found[last] = value

    return edit


def flipped(text: str, at: int = 40) -> str:
    return text[:at] + ("0" if text[at] != "0" else "1") + text[at + 1 :]


def other_index(file: dict[str, Any]) -> None:
    file["proof"] = file["proof"].replace("index 3", "index 2")


TAMPERED: list[tuple[int, str, Callable[[], VoucherWorld | dict[str, Any]]]] = [
    (2, "issuer-key-unknown", lambda: VoucherWorld(signer=STRANGER)),
    (
        4,
        "record-not-committed",
        lambda: edited(put("record/purposes", "另一目的")),
    ),
    (
        4,
        "record-differs",
        lambda: VoucherWorld(shown_licence=parse_licence(licence_json(purposes="另一目的"))),
    ),
    (
        5,
        "inclusion-proof",
        lambda: edited(lambda f: f.update(proof=f["proof"].replace("index 3", "index 2"))),
    ),
    (7, "root-differs", lambda: VoucherWorld(anchored_root=bytes(31) + b"\x05")),
    (9, "licence-content-differs", lambda: words_on_chain(statement=bytes(31) + b"\x01")),
    (9, "licence-terms-differ", lambda: words_on_chain(exclusive=1)),
    (9, "licence-terms-differ", lambda: words_on_chain(licensee=bytes(31) + b"\x01")),
    (9, "licence-layout", lambda: words_on_chain(rights=8)),
    (9, "licence-absent", lambda: VoucherWorld(no_licence=True, block_time=GIVEN + DAY)),
    (9, "licence-certificate-differs", lambda: VoucherWorld(record=RecordState(bytes(31) + b"\x01"))),
    (9, "licence-certificate-differs", lambda: VoucherWorld(absent=True)),
]


def edited(edit: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    file = VoucherWorld().file()
    edit(file)
    return file


def words_on_chain(**changes: Any) -> VoucherWorld:
    return VoucherWorld(given=LicenceState.of(parse_licence(licence_json()), **changes))


@pytest.mark.parametrize(("number", "code", "made"), TAMPERED)
def test_each_step_names_itself(
    number: int, code: str, made: Callable[[], VoucherWorld | dict[str, Any]]
) -> None:
    report = judged(made(), now=GIVEN + DAY + 60)
    assert (report.finding(number).outcome, report.finding(number).code) == (Outcome.INVALID, code)
    assert [n for n, outcome in outcomes(report).items() if outcome is Outcome.INVALID and n != 10] == [
        number
    ]
    unknown = code == "issuer-key-unknown"
    assert report.authentic is (Authentic.UNDETERMINED if unknown else Authentic.FORGED)
    assert report.exit_code == (3 if unknown else 1)


def test_a_signature_a_proof_node_and_a_seal(genuine: dict[str, Any]) -> None:
    qr = genuine["qr"]
    broken = judged({**genuine, "qr": qr[:-20] + ("B" if qr[-20] != "B" else "C") + qr[-19:]})
    assert broken.finding(2).code == "signature-wrong"
    nodes = json.loads(json.dumps(genuine))
    nodes["chain"]["accounts"][2]["proof"][0] = flipped(nodes["chain"]["accounts"][2]["proof"][0])
    assert judged(nodes).finding(9).outcome is Outcome.INVALID
    alone = judged({**genuine, "chain": {**genuine["chain"], "headers": genuine["chain"]["headers"][:1]}})
    assert (alone.finding(8).code, alone.authentic) == ("not-final", Authentic.UNDETERMINED)
    unsigned = judged({**genuine, "proof": "".join(genuine["proof"].splitlines(keepends=True)[:-1])})
    assert unsigned.finding(6).outcome is Outcome.INVALID


def test_an_issuer_that_was_not_entitled() -> None:
    for edit, code in (
        (lambda p: p["issuers"][0].update(not_after=GIVEN - 1), "after-key"),
        (lambda p: p["issuers"][0].update(compromised_at=GIVEN), "key-compromised"),
        (lambda p: p["issuers"][0].update(prefix="SJ992"), "prefix-differs"),
    ):
        report = verify_voucher(presented(VoucherWorld().file()), trust(edit), now=ASKED)
        assert report.finding(3).code == code
        assert report.authentic is Authentic.FORGED


@pytest.mark.parametrize(
    "edit",
    [
        put("format", "yinzheng/certificate/1"),
        put("record/rights", []),
        put("end", {"v": 1}),
        lambda file: file.pop("end"),
        lambda file: file.update(price=1),
    ],
)
def test_a_file_that_is_none(edit: Callable[[dict[str, Any]], None]) -> None:
    report = judged(edited(edit))
    assert report.finding(1).outcome is Outcome.INVALID
    assert (report.authentic, report.exit_code) == (Authentic.NOT_OURS, 3)
    assert report.body is None
    assert report.to_json()["number"] is None


def test_without_the_contract_of_licences_nothing_is_determined() -> None:
    report = verify_voucher(
        presented(VoucherWorld().file()), trust(lambda p: p["chain"]["contracts"].pop("moves")), now=ASKED
    )
    assert report.finding(9).code == "moves-not-pinned"
    assert (report.authentic, report.exit_code) == (Authentic.UNDETERMINED, 3)


def test_a_block_that_is_too_early_says_nothing() -> None:
    report = judged(VoucherWorld(no_licence=True))
    assert report.finding(9).code == "block-too-early"
    assert report.authentic is Authentic.UNDETERMINED
    assert report.status is LicenceStatus.UNDETERMINED


# How it stands


def ended_world(end: dict[str, Any] | None, **changes: Any) -> VoucherWorld:
    outcome = ended_statement(parse_licence_end(end or end_json())).leaf_hash
    ending = 2 if end and end["ground"] == "document" else 1
    fields = {"state": 2, "outcome": outcome, "ended_at": BLOCK - 60, "ending": ending}
    given = LicenceState.of(parse_licence(licence_json()), **fields | changes)
    return VoucherWorld(given=given, end=end)


def test_ended_by_both_or_by_a_forum() -> None:
    agreed, document = end_json(), end_json(ground="document", request=None, forum=FORUM, document=PAIR)
    for end, said in ((agreed, "both parties"), (document, "effective document")):
        report = judged(ended_world(end))
        assert (report.standing, report.exit_code) == ("ended", 1)
        assert report.end is not None
        assert report.chain is not None
        assert report.chain.ending == end["ground"]
        assert said in words.ended(end["ground"], report.end).en
        assert said in words.ended(end["ground"], None).en
    assert judged(ended_world(None)).end is None
    other = ended_world(agreed)
    other.end = end_json(ended_at=GIVEN + 1)
    assert judged(other).end is None
    # What is over stays so, however old the answer is.
    assert judged(ended_world(agreed), now=ASKED + DAY).standing == "ended"


@pytest.mark.parametrize("ground", ["agreed", "document"])
def test_who_ended_it_is_not_the_registrys_to_say(ground: str) -> None:
    """A statement that says "by a court" of what both ended, or the other way, is found out (S9.7)."""
    document = {"ground": "document", "request": None, "forum": FORUM, "document": PAIR}
    end = end_json(**document) if ground == "document" else end_json()
    report = judged(ended_world(end, ending=1 if ground == "document" else 2))
    finding = report.finding(9)
    assert (finding.outcome, finding.code) == (Outcome.INVALID, "licence-end-differs")
    assert (report.authentic, report.end) == (Authentic.FORGED, None)
    assert phrases.reason(finding).zh


def test_run_out_and_not_begun() -> None:
    short = VoucherWorld(licence=parse_licence(licence_json(ends=BLOCK + 60)))
    report = judged(short)
    assert (report.standing, report.exit_code, report.speaks_of) == ("run_out", 1, ASKED)
    later = VoucherWorld(licence=parse_licence(licence_json(begins=GIVEN + DAY)))
    assert (judged(later).standing, judged(later).exit_code) == ("not_begun", 1)


def test_a_sale_does_not_break_it_and_a_cancellation_leaves_it_open() -> None:
    sold = judged(sold_world(RecordState(LATER)))
    assert (sold.standing, sold.exit_code) == ("in_force", 0)
    assert codes_of(sold) == {"certificate-superseded"}
    assert sold.to_json()["certificate"]["successor"] == "00" * 31 + "07"
    cancelled = judged(VoucherWorld(record=record(status=3)))
    assert (cancelled.standing, cancelled.exit_code) == ("certificate_cancelled", 3)
    assert cancelled.authentic is Authentic.GENUINE
    assert judged(ended_world(end_json())).standing == "ended"


def test_what_became_of_a_certificate_that_followed_counts() -> None:
    """Cancelled, it leaves the licence as open as its own would; of two that a part split, either does."""
    cancelled = sold_world(RecordState(LATER, status=3))
    twice = sold_world(
        RecordState(LATER, status=2, successor=THIRD), more={THIRD: RecordState(THIRD, status=3)}
    )
    half = sold_world(RecordState(LATER), remainder=THIRD, more={THIRD: RecordState(THIRD, status=3)})
    for world in (cancelled, twice, half):
        report = judged(world)
        assert (report.standing, report.exit_code) == ("certificate_cancelled", 3)
        assert report.certificate_status == "superseded"
        assert codes_of(report) == {"certificate-superseded", "successor-cancelled"}
        assert scanned(world, live=VoucherLedger(world)).standing == "certificate_cancelled"
    rests = judged(half).to_json()["certificate"]["rests"]
    assert [(one["subject"], one["status"]) for one in rests] == [
        (SEVENTH.hex(), "in_force"),
        (THIRD.hex(), "cancelled"),
    ]
    held = judged(sold_world(RecordState(LATER, holds=1, remarks=2)))
    assert (held.standing, held.attention) == ("attention", ("seizure", "held"))
    assert codes_of(held) == {"certificate-superseded", "successor-held"}
    over = judged(sold_world(RecordState(LATER, status=3)), now=ENDS + DAY)
    assert over.standing == "run_out"


def test_what_followed_and_is_not_shown_leaves_it_open() -> None:
    world = sold_world(RecordState(LATER))
    world.shown_after = ()
    hidden = judged(world)
    assert (hidden.status, hidden.status_code) == (LicenceStatus.UNDETERMINED, "successor-not-shown")
    assert hidden.attention == ()
    assert judged(world, live=VoucherLedger(world)).standing == "in_force"
    assert judged(world, now=ENDS + DAY).standing == "run_out"
    many = {bytes(30) + bytes([1, at]): at for at in range(MOST)}
    names = list(many)
    line = {
        one: RecordState(one, status=2, successor=names[at + 1]) if at + 1 < MOST else RecordState(one)
        for one, at in many.items()
    }
    long = VoucherWorld(record=record(status=2, successor=names[0]), followed=line)
    long.shown_after = ()
    for report in (judged(long, live=VoucherLedger(long)), scanned(long, live=VoucherLedger(long))):
        assert report.status_code == "successors-many"


def test_a_ledger_without_the_certificate_is_asked_for_nothing_more() -> None:
    world = VoucherWorld(absent=True)
    assert judged(world, live=VoucherLedger(world)).finding(9).code == "licence-certificate-differs"


def test_what_followed_as_of_a_time() -> None:
    """A successor that was cancelled since was in force then: an archive tells, and nothing else."""
    now = sold_world(RecordState(LATER, status=3, changed_at=BLOCK - 60), changed_at=GIVEN + 30)
    past = sold_world(RecordState(LATER), changed_at=GIVEN + 30)
    past.block_time, past.block_number = GIVEN + 60, 900
    assert judged(now, at=GIVEN + 61).status_code == "as-of-needs-archive"
    told = judged(now, at=GIVEN + 61, live=VoucherLedger(now, past=past))
    assert (told.standing, told.certificate_status) == ("in_force", "superseded")
    assert judged(now, at=BLOCK - 60).standing == "certificate_cancelled"
    steady = sold_world(RecordState(LATER), changed_at=GIVEN + 30)
    assert judged(steady, at=GIVEN + 61).standing == "in_force"


def test_what_stands_on_its_certificate_is_told() -> None:
    report = judged(VoucherWorld(record=record(remarks=2 | 4 | 16, holds=1, objections=1)))
    assert report.attention == ("seizure", "control", "pledge", "held", "objection")
    assert (report.standing, report.exit_code) == ("attention", 0)
    assert set(report.attention) <= set(words.RESTRAINTS)
    assert "certificate-held" in {note.code for note in report.notes}


def test_recorded_under_the_national_profile() -> None:
    report = judged(
        VoucherWorld(licence=parse_licence(licence_json(profile="NDA-2026/1", registration=False)))
    )
    assert report.standing == "in_force"
    assert report.body is not None
    assert not report.body.registration


def test_a_demonstration_and_an_operator_who_is_a_party() -> None:
    made = licence_json(profile="DEMO/1")
    assert judged(VoucherWorld(licence=parse_licence(made))).demonstration
    report = verify_voucher(
        presented(VoucherWorld().file()),
        trust(lambda p: p["operators"][0].update(code=made["licensor"]["code"])),
        now=ASKED,
    )
    assert {note.code for note in report.notes} >= {"operator-is-party"}


def test_old_answers_and_blocks_from_the_future() -> None:
    old = judged(VoucherWorld(), now=BLOCK + MAX_AGE + 1)
    assert (old.status, old.status_code, old.exit_code) == (LicenceStatus.UNDETERMINED, "answer-too-old", 3)
    ahead = judged(VoucherWorld(), now=BLOCK - 301)
    assert (ahead.status, ahead.status_code) == (LicenceStatus.UNDETERMINED, "block-from-future")
    assert ahead.speaks_of is None


# Of a code alone, live


def test_a_code_alone_needs_a_ledger() -> None:
    report = scanned(VoucherWorld())
    assert (report.authentic, report.exit_code) == (Authentic.UNDETERMINED, 3)
    assert report.finding(9).code == "offline"


def test_a_code_with_a_ledger() -> None:
    world = VoucherWorld()
    report = scanned(world, live=VoucherLedger(world))
    assert set(outcomes(report).values()) == {Outcome.VALID}
    assert report.record == world.licence
    assert report.exit_code == 0


def test_a_code_with_a_node_that_keeps_no_log() -> None:
    world = VoucherWorld()
    report = scanned(world, live=VoucherLedger(world, logged=False))
    assert outcomes(report)[4] is Outcome.SKIPPED
    assert report.finding(4).code == "no-record"
    assert (report.authentic, report.exit_code) == (Authentic.GENUINE, 0)
    # With a digest in the place of its purposes, nobody has told what they are.
    long = VoucherWorld(
        licence=parse_licence(
            licence_json(purposes=LONG, licensor={**licence_json()["licensor"], "name": "某" * 80})
        )
    )
    left_open = scanned(long, live=VoucherLedger(long, logged=False))
    assert left_open.authentic is Authentic.UNDETERMINED
    assert left_open.to_json()["elided"] == ["purposes"]
    assert scanned(long, live=VoucherLedger(long)).exit_code == 0


def test_a_ledger_that_lies_about_the_record_is_not_believed() -> None:
    world = VoucherWorld()
    other = licence_json(purposes="另一目的")
    for told in (other, {"v": 2}):
        ledger = VoucherLedger(world, bodies={world.statement.leaf_hash: told})
        report = scanned(world, live=ledger)
        assert report.record is None
        assert report.finding(5).code == "no-record"


def test_silent_ledgers() -> None:
    world = VoucherWorld()
    for silent in (("log",), ("said",)):
        report = scanned(world, live=VoucherLedger(world, unreachable=silent))
        assert report.finding(4).outcome is Outcome.ERROR
        assert report.authentic is Authentic.UNDETERMINED
    quiet = judged(world, live=VoucherLedger(world, unreachable=("storage",)))
    assert quiet.finding(9).outcome is Outcome.ERROR
    assert quiet.exit_code == 3
    allowed = judged(world, live=VoucherLedger(world, unreachable=("storage",)), allow_attached=True)
    assert allowed.exit_code == 0
    assert "attached-used" in {note.code for note in allowed.notes}


def test_what_ended_it_is_asked_of_the_ledger() -> None:
    end = end_json()
    leaf = ended_statement(parse_licence_end(end)).leaf_hash
    world = ended_world(None)
    world.given = ended_world(end).given
    told = judged(world, live=VoucherLedger(world, bodies={leaf: end}))
    assert told.end == parse_licence_end(end)
    for bodies in ({leaf: end_json(ended_at=GIVEN)}, {leaf: None}, {}):
        assert judged(world, live=VoucherLedger(world, bodies=bodies)).end is None
    silent = VoucherLedger(world, unreachable=("said",))
    assert judged(world, live=silent).end is None


# As of a time


def test_as_of_a_time() -> None:
    world = VoucherWorld()
    assert judged(world, at=GIVEN + 60).standing == "in_force"
    assert judged(world, at=GIVEN + 59).standing == "not_yet"
    assert judged(ended_world(end_json()), at=BLOCK - 61).standing == "in_force"
    assert judged(ended_world(end_json()), at=BLOCK - 60).standing == "ended"
    assert judged(world, at=BLOCK + world.gap - 1).standing == "in_force", "the next block is later"
    late = judged(world, now=BLOCK + 2 * DAY, at=BLOCK + DAY)
    assert (late.status, late.status_code) == (LicenceStatus.UNDETERMINED, "as-of-needs-archive")
    assert judged(world, now=ENDS + DAY, at=ENDS + 1).standing == "run_out"
    with pytest.raises(UsageFault):
        judged(world, at=ASKED + 1)


def test_what_became_of_the_certificate_since_needs_an_archive() -> None:
    cancelled = VoucherWorld(record=record(status=3, changed_at=BLOCK - 60))
    alone = judged(cancelled, at=GIVEN + 60)
    assert (alone.status, alone.status_code) == (LicenceStatus.UNDETERMINED, "as-of-needs-archive")
    past = VoucherWorld(block_time=GIVEN + 60, block_number=900)
    told = judged(cancelled, at=GIVEN + 61, live=VoucherLedger(cancelled, past=past))
    assert (told.standing, told.certificate_status) == ("in_force", "in_force")
    for wrong in (
        None,
        VoucherWorld(block_time=GIVEN + 62, block_number=900),
        VoucherWorld(block_time=GIVEN + 30, block_number=890),
        VoucherWorld(block_time=GIVEN + 60, block_number=900, absent=True),
        VoucherWorld(block_time=GIVEN + 60, block_number=900, record=RecordState(bytes(31) + b"\x01")),
        VoucherWorld(block_time=GIVEN + 60, block_number=900, sealers=()),
    ):
        left_open = judged(cancelled, at=GIVEN + 61, live=VoucherLedger(cancelled, past=wrong))
        assert left_open.status_code == "as-of-needs-archive"


# Words


def test_territory_reads_well() -> None:
    everywhere = words.territory(parse_licence(licence_json(territory=list(words.PROVINCES))).territory)
    assert everywhere.en == "everywhere"
    but = tuple(code for code in words.PROVINCES if code not in ("71", "81"))
    assert words.territory(but).en == "everywhere but Taiwan, Hong Kong"
    assert words.territory(("44", "45")).zh == "广东、广西"


def test_advice_for_every_answer() -> None:
    world = VoucherWorld()
    reports = [
        judged(world),
        judged(VoucherWorld(signer=STRANGER)),
        scanned(world),
        judged(world, live=VoucherLedger(world, unreachable=("storage",))),
    ]
    said = [words.advice(report).en for report in reports]
    assert len(set(said)) == 4
    for status in LicenceStatus:
        assert status in words.STATUSES


def test_only_a_voucher_calls_itself_one() -> None:
    assert not Presented("number", number="SJ4412026110001").is_voucher
    assert not read_target("HTTPS://YZ.EXAMPLE.ORG/V/ABC").is_voucher

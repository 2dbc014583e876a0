"""Verification of receipts: which obligation sees what, and both verdicts."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from coincurve import PrivateKey

from tests.verifier.bodies import HOSPITAL, INSURER, LAB
from tests.verifier.receipt_checks import check, codes, invalid, withdrawn
from tests.verifier.receipt_world import (
    CREDENTIAL,
    GIVEN,
    SECRET,
    SUBJECT,
    ReceiptWorld,
    WithdrawalState,
    completed,
    consent_json,
    frozen,
    genuine_receipt,
    held,
    notice_json,
    receipt_trust,
    restricted,
)
from tests.verifier.world import (
    BLOCK_TIME,
    DAY,
    DEPOSITED,
    LOG_ED,
    MAX_AGE,
    NOW,
    OUTSIDER,
    STRANGER,
    VALIDATORS,
)
from yinzheng.verifier import Authentic
from yinzheng.verifier.bytes.cose import to_base32
from yinzheng.verifier.containers.target import read_target
from yinzheng.verifier.formats.body import Party
from yinzheng.verifier.formats.consent import parse_consent
from yinzheng.verifier.formats.withdrawal import HOUR
from yinzheng.verifier.judge.receipt.verify import verify_receipt

HOURS = 3600


def test_a_receipt_proves_itself() -> None:
    report = check(genuine_receipt())
    assert codes(report) == {}
    assert (report.authentic, report.status, report.exit_code) == (Authentic.GENUINE, "in_force", 0)
    assert report.remaining is not None
    assert report.remaining.scopes == ("base", "third_party_research")
    assert [grant.code for grant in report.remaining.grants] == [LAB]
    assert report.consent is not None
    assert not report.demonstration
    with pytest.raises(TypeError):
        bool(report)


def test_json_tells_the_patients_own_file_but_never_the_secret() -> None:
    value = check(genuine_receipt()).to_json()
    text = json.dumps(value, ensure_ascii=False)
    assert "张三" in text
    assert SECRET.hex() not in text
    world = ReceiptWorld()
    shown = verify_receipt(read_target(world.qr), receipt_trust(), now=NOW)
    assert to_base32(CREDENTIAL) not in json.dumps(shown.to_json()).upper()
    assert CREDENTIAL.hex() not in json.dumps(shown.to_json())
    world.withdraw(completed())
    assert check(world).to_json()["withdrawals"][0]["state"] == "completed"
    world.chain_state[SUBJECT] = held()
    world.events.clear()
    assert check(world).to_json()["withdrawals"][0]["destroy_by"] is None
    code = verify_receipt(read_target(world.qr), receipt_trust(), now=NOW).to_json()
    assert (code["consent"], code["notice"], code["remaining"], code["block"]) == (None,) * 4
    broken = verify_receipt(read_target("{}"), receipt_trust(), now=NOW).to_json()
    assert broken["receipt"] is None


# Tampering: each change is seen by its obligation


def _set(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def edit(file: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        place: Any = file
        for name in parents:
            place = place[name]
        assert place[last] != value
        place[last] = value

    return edit


TAMPERED: list[tuple[Any, set[int]]] = [
    (_set("format", "yinzheng/consent-receipt/2"), {1}),
    (_set("qr", "HTTPS://X/C#A.B"), {1}),
    (_set("body.person.name", "李四"), {4}),
    (_set("body.person.reference", "P-1"), {4}),
    (_set("body.person.born", "1980-02-28"), {4}),
    (_set("body.scopes.insurance", True), {4}),
    (_set("body.scopes.commercial_use", False), {4}),
    (_set("body.recipients", []), {4}),
    (_set("body.method", "paper"), {4}),
    (_set("body.genetic", True), {4}),
    (_set("body.given_at", GIVEN - 1), {4}),
    (_set("body.until", GIVEN + 9000 * DAY), {4}),
    (_set("body.controller.name", "别的医院"), {4}),
    (_set("body.notice.leaf", "22" * 32), {4}),
    (_set("notice.retention_months", 999), {4}),
    (_set("notice.withdraw", "不可撤回"), {4}),
    (_set("statement.at", 1), {4}),
    (_set("statement.subject", "00" * 32), {4}),
    (_set("statement.profile", "DEMO/1"), {4}),
    (_set("statement.commitment.sm3", "00" * 32), {4}),
    (_set("statement.prev", "00" * 32), {4}),
    (_set("statement.by", "registry"), {4}),
]


@pytest.mark.parametrize(("edit", "expected"), TAMPERED)
def test_every_field_is_held_to_its_obligation(edit: Any, expected: set[int]) -> None:
    file = genuine_receipt()
    edit(file)
    report = check(file)
    assert invalid(report) == expected
    word = (Authentic.NOT_OURS, 3) if expected == {1} else (Authentic.FORGED, 1)
    assert (report.authentic, report.exit_code) == word
    assert report.consent is None
    assert report.remaining is None


def test_what_has_no_form_is_not_read_further() -> None:
    report = verify_receipt(read_target('{"format": "yinzheng/consent-receipt/1"}'), receipt_trust(), now=NOW)
    assert codes(report) == {1: "field-missing", **dict.fromkeys(range(2, 11), "form")}
    assert (report.authentic, report.status, report.core) == (Authentic.NOT_OURS, "undetermined", None)
    number = verify_receipt(read_target("SJ4412026110001"), receipt_trust(), now=NOW)
    assert codes(number)[1] == "qr-foreign"


@pytest.mark.parametrize(
    ("world", "number", "code"),
    [
        (ReceiptWorld(signer=STRANGER), 2, "issuer-key-unknown"),
        (ReceiptWorld(registry=Party("别的机构", HOSPITAL)), 3, "registry-differs"),
        (ReceiptWorld(issued_at=GIVEN), 3, "before-key"),
        (ReceiptWorld(log_signers=[LOG_ED]), 6, "checkpoint-signature-missing"),
        (ReceiptWorld(anchored_root=bytes(31) + b"1"), 7, "root-differs"),
        (ReceiptWorld(anchored_root=bytes(32)), 7, "not-anchored"),
        (ReceiptWorld(consents_code=bytes(32)), 9, "code-differs"),
        (ReceiptWorld(chain_state={SUBJECT: WithdrawalState(state=9)}), 9, "withdrawal-layout"),
    ],
)
def test_what_others_must_have_vouched_for(world: ReceiptWorld, number: int, code: str) -> None:
    report = check(world)
    assert report.finding(number).code == code
    assert invalid(report) == {number}
    assert report.authentic is _WORDS.get(code, Authentic.FORGED)


_WORDS = {
    "issuer-key-unknown": Authentic.UNDETERMINED,
    "not-anchored": Authentic.UNDETERMINED,
    "checkpoint-signature-missing": Authentic.UNDETERMINED,
    # How it stands with the consent is not known; that the registry received it is.
    "code-differs": Authentic.GENUINE,
}


@pytest.mark.parametrize(
    ("sealers", "code"), [([OUTSIDER, *VALIDATORS], "sealer-not-pinned"), (VALIDATORS[:1], "not-final")]
)
def test_a_block_the_policy_does_not_cover(sealers: list[PrivateKey], code: str) -> None:
    report = check(ReceiptWorld(sealers=sealers))
    assert report.finding(8).code == code
    assert (invalid(report), report.authentic) == (set(), Authentic.UNDETERMINED)


def test_a_wrong_signature_and_a_wrong_secret() -> None:
    world = ReceiptWorld()
    file = world.file()
    start, k = file["qr"].rsplit(".", 1)
    broken = f"{start[:-9]}{'B' if start[-9] == 'A' else 'A'}{start[-8:]}.{k}"
    assert codes(check({**file, "qr": broken})) == {2: "signature-wrong", 3: "issuer-not-established"}
    assert codes(check({**file, "secret": bytes(32).hex()})) == {4: "commitment"}


def test_another_log_position() -> None:
    world = ReceiptWorld()
    file = world.file()
    file["proof"] = file["proof"].replace("index 3", "index 2")
    assert codes(check(file)) == {5: "inclusion-proof"}


def test_notice_of_another_controller() -> None:
    notice = notice_json() | {"controller": {"name": "别的医院", "code": HOSPITAL}}
    assert codes(check(ReceiptWorld(notice=notice))) == {4: "notice-differs"}


def test_the_notice_is_the_one_the_core_names() -> None:
    body = consent_json()
    body["notice"]["leaf"] = "33" * 32
    assert codes(check(ReceiptWorld(body=parse_consent(body)))) == {4: "notice-differs"}


# Status


def status(world: ReceiptWorld, **more: Any) -> tuple[str, str]:
    report = check(world, **more)
    assert report.authentic is Authentic.GENUINE, codes(report)
    return str(report.status), report.status_code


@pytest.mark.parametrize(
    ("chain", "extent", "expected", "left"),
    [
        ({}, {}, "withdrawal_pending", ()),
        (frozen(), {}, "withdrawal_pending", ()),
        (frozen(), {"scopes": ["base"]}, "withdrawal_pending", ("third_party_research",)),
        (restricted(), {}, "restricted", ()),
        (completed(), {}, "withdrawn", ()),
        (completed(), {"scopes": ["base"]}, "in_force", ("third_party_research",)),
        (completed(), {"recipients": [LAB]}, "in_force", ("base", "third_party_research")),
    ],
)
def test_withdrawn_in_whole_or_part(chain: Any, extent: Any, expected: str, left: Any) -> None:
    world = withdrawn(chain, **extent)
    report = check(world)
    assert (report.authentic, report.status) == (Authentic.GENUINE, expected)
    assert report.remaining is not None
    assert report.remaining.scopes == left
    assert bool(report.remaining.grants) is (left == ("third_party_research",))
    assert report.exit_code == (0 if expected == "in_force" else 1)
    assert report.untold == 0


def test_overdue_is_seen_by_anyone_from_the_chain_alone() -> None:
    world = withdrawn(frozen())
    received = DEPOSITED - DEPOSITED % HOUR
    trust = receipt_trust(lambda policy: policy.update(max_age=10 * DAY))
    assert status(world, now=received + 72 * HOURS, trust=trust)[0] == "withdrawal_pending"
    assert status(world, now=received + 72 * HOURS + 1, trust=trust)[0] == "overdue"
    minor = withdrawn({"minor": 1})
    assert status(minor, now=received + 48 * HOURS + 1, trust=trust)[0] == "overdue"


def test_two_withdrawals() -> None:
    world = withdrawn(completed(), recipients=[LAB])
    world.withdraw(completed(received_at=DEPOSITED - DEPOSITED % HOUR), scopes=["base"], at=DEPOSITED + 1)
    report = check(world)
    assert (report.status, report.remaining and report.remaining.scopes) == (
        "in_force",
        ("third_party_research",),
    )
    assert len(report.withdrawals) == 2
    second = bytes([1]) * 32
    world.chain_state[second].state, world.chain_state[second].receipts = 1, 0
    world.chain_state[second].frozen_at = world.chain_state[second].completed_at = 0
    world.chain_state[second].outcome = bytes(32)
    assert check(world).status == "withdrawal_pending"


def test_ended_by_its_term() -> None:
    world = ReceiptWorld(body=parse_consent(consent_json(until=NOW)))
    report = check(world)
    assert report.status == "expired"
    assert report.speaks_of == NOW
    late = check(world, now=BLOCK_TIME + MAX_AGE + 1)
    assert (late.finding(10).code, late.status) == ("answer-too-old", "expired")
    assert report.remaining is not None
    assert report.remaining.is_empty
    assert status(ReceiptWorld(body=parse_consent(consent_json(until=NOW + 1))))[0] == "in_force"


def test_held_for_a_dispute() -> None:
    assert status(ReceiptWorld(chain_state={SUBJECT: held()}))[0] == "held"
    released = held()
    released.holds = 0
    assert status(ReceiptWorld(chain_state={SUBJECT: released}))[0] == "in_force"


def test_a_withdrawal_the_file_does_not_tell_of() -> None:
    world = ReceiptWorld(chain_state={SUBJECT: WithdrawalState(request=bytes([5]) * 32, **completed())})
    report = check(world)
    assert (report.status, report.status_code) == ("undetermined", "withdrawals-untold")
    assert (report.remaining, report.untold, report.exit_code) == (None, 1, 3)


def test_another_withdrawal_than_the_file_tells_of() -> None:
    world = withdrawn({})
    world.chain_state[SUBJECT].request = bytes([5]) * 32
    assert codes(check(world)) == {9: "withdrawal-differs"}


def test_without_evidence_or_contract_the_status_is_open() -> None:
    file = {**genuine_receipt(), "chain": None}
    report = check(file)
    assert codes(report) == dict.fromkeys((7, 8, 9, 10), "offline")
    assert (report.authentic, report.status, report.exit_code) == ("undetermined", "undetermined", 3)
    trust = receipt_trust(lambda policy: policy["chain"]["contracts"].pop("consents"))
    unpinned = check(genuine_receipt(), trust=trust)
    assert codes(unpinned) == {9: "consents-not-pinned"}
    assert (unpinned.authentic, unpinned.status) == ("genuine", "undetermined")
    assert unpinned.exit_code == 3


def test_an_old_answer_tells_no_status() -> None:
    assert status(ReceiptWorld(), now=BLOCK_TIME + MAX_AGE + 1) == ("undetermined", "answer-too-old")


# Events


def _thread(world: ReceiptWorld) -> str:
    report = check(world)
    assert invalid(report) == {4}
    assert report.status != "in_force" or report.consent is None
    return report.finding(4).code


def test_events_that_are_not_the_consents_own() -> None:
    from dataclasses import replace

    world = withdrawn({})
    (event,) = world.events
    world.events = [replace(event, statement=replace(event.statement, subject=bytes(32)))]
    assert _thread(world) == "thread-broken"
    world.events = [replace(event, statement=replace(event.statement, prev=bytes(32)))]
    assert _thread(world) == "thread-broken"
    world.events = [replace(event, secret=bytes(32))]
    assert _thread(world) == "commitment"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"consent": "00" * 32}, "thread-broken"),
        ({"withdrawal": "00" * 32}, "thread-broken"),
        ({"serial": 2}, "withdrawal-course"),
        ({"channel": "mail"}, "field-value"),
    ],
)
def test_requests_that_are_not_the_consents_own(change: dict[str, Any], code: str) -> None:
    world = ReceiptWorld()
    world.event("withdrawal.requested", world.request() | change)
    assert _thread(world) == code


def test_the_same_identifier_twice() -> None:
    world = withdrawn({}, recipients=[LAB])
    world.event("withdrawal.requested", world.request(scopes=["base"]) | {"withdrawal": SUBJECT.hex()})
    assert _thread(world) == "thread-broken"


def test_other_events_are_opened_but_say_nothing_here() -> None:
    world = withdrawn(frozen())
    world.event("withdrawal.frozen", {"any": "thing"})
    assert codes(check(world)) == {}


# As of a time


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (GIVEN - DAY, ("not_yet", "ok")),
        (DEPOSITED - DAY, ("in_force", "ok")),
        (DEPOSITED + 10, ("undetermined", "as-of-needs-archive")),
        (DEPOSITED + 600, ("withdrawn", "ok")),
        (BLOCK_TIME, ("withdrawn", "ok")),
        (BLOCK_TIME + 1, ("undetermined", "as-of-needs-archive")),
    ],
)
def test_as_of_a_time(at: int, expected: tuple[str, str]) -> None:
    report = check(withdrawn(completed()), at=at)
    assert (str(report.status), report.status_code) == expected
    assert codes(report) == {10: "as-of"}


def test_a_demonstration_is_labelled() -> None:
    assert check(ReceiptWorld(profile="DEMO/1")).demonstration


def test_a_recipient_that_was_never_granted_is_no_part_of_a_withdrawal() -> None:
    world = ReceiptWorld()
    body = world.request(recipients=[LAB])
    body["extent"]["recipients"] = [INSURER]
    world.event("withdrawal.requested", body)
    assert _thread(world) == "withdrawal-extent"


def test_the_policys_operators_are_named_where_they_are_a_party() -> None:
    assert {note.code for note in check(genuine_receipt()).notes} == {"operator-is-party"}

"""Change one thing in a genuine certificate file: the report names the obligation that thing belongs to."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.verifier.world import (
    ANCHOR,
    BLOCK_TIME,
    DAY,
    HOSPITAL,
    LOG_ED,
    LOG_SM2,
    NOW,
    NUMBER,
    REGISTERED,
    REGISTRY,
    RIGHTS,
    STRANGER,
    VALID_UNTIL,
    RecordState,
    World,
    body_json,
    genuine_file,
    holdings,
    presented,
    trust,
)
from yinzheng.verifier import Authentic, Outcome, Report, Status, parse_body
from yinzheng.verifier.bytes.algorithms import Ed25519PrivateKey
from yinzheng.verifier.containers.target import read_target
from yinzheng.verifier.formats.certificate import statement_of
from yinzheng.verifier.judge.certificate.verify import verify
from yinzheng.verifier.log.note import NoteSigner
from yinzheng.verifier.log.statement import certificate_subject
from yinzheng.verifier.words.verdict import verdict

Edit = Callable[[dict[str, Any]], None]


def invalid(report: Report) -> dict[int, str]:
    return {f.number: f.code for f in report.findings if f.outcome is Outcome.INVALID}


def check(file: dict[str, Any], *, now: int = NOW, policy: Edit | None = None) -> Report:
    return verify(presented(file), trust(policy), now=now)


def test_an_untouched_file_is_genuine_and_in_force() -> None:
    report = check(genuine_file())
    assert [f.outcome for f in report.findings] == [Outcome.VALID] * 10
    assert (report.authentic, report.status, report.exit_code) == (Authentic.GENUINE, Status.IN_FORCE, 0)
    assert report.in_force
    assert report.differences == ()
    assert report.block is not None
    assert report.block.age == NOW - BLOCK_TIME


def assert_forged(report: Report, expected: dict[int, str]) -> None:
    assert_said(report, expected, Authentic.FORGED)


def assert_said(report: Report, expected: dict[int, str], word: Authentic) -> None:
    """The findings that are INVALID, and the word they come to (D14)."""
    assert invalid(report) == expected
    assert report.authentic is word
    assert report.exit_code == (1 if word is Authentic.FORGED else 3)
    assert not report.in_force


# The record, field by field


RECORD_EDITS: list[tuple[str, Edit]] = [
    ("number", lambda b: b.update(number="SJ4412026110002")),
    ("profile", lambda b: b.update(profile="NDA-2026/1")),
    ("procedure", lambda b: b.update(procedure="ordinary")),
    ("holders[0].name", lambda b: b["holders"][0].update(name="另一家医院")),
    ("holders[0].code", lambda b: b["holders"][0].update(code="91350100M000100Y43")),
    ("holders[0].rights[1]", lambda b: b["holders"][0].update(rights=["hold", "operate"])),
    ("holders[1].name", lambda b: b["holders"].append(dict(b["holders"][0]))),
    ("limits", lambda b: b.update(limits="无限制")),
    ("asset", lambda b: b.update(asset="别的数据集")),
    ("class", lambda b: b.update({"class": "health"})),
    ("level.scheme", lambda b: b["level"].update(scheme="别的标准")),
    ("level.value", lambda b: b["level"].update(value=1)),
    ("source", lambda b: b.update(source="derived")),
    ("scale", lambda b: b.update(scale="13万条")),
    ("registry.name", lambda b: b["registry"].update(name="别的中心")),
    ("registry.code", lambda b: b["registry"].update(code="91110000600037341L")),
    ("registered_at", lambda b: b.update(registered_at=REGISTERED + 1)),
    ("valid_until", lambda b: b.update(valid_until=VALID_UNTIL - 1)),
    ("remarks[0].kind", lambda b: b["remarks"][0].update(kind="other")),
    ("remarks[0].text", lambda b: b["remarks"][0].update(text="改过")),
    ("remarks[1].kind", lambda b: b["remarks"].append({"kind": "seizure", "text": ""})),
    ("prev", lambda b: b.update(prev="ac" * 32)),
]


@pytest.mark.parametrize(("path", "edit"), RECORD_EDITS, ids=[path for path, _ in RECORD_EDITS])
def test_an_edited_record_is_not_the_one_deposited(path: str, edit: Edit) -> None:
    file = genuine_file()
    edit(file["record"])
    report = check(file)
    found = invalid(report)
    assert found.pop(4) == "record-not-committed"
    # The chain is asked about the record's terms, so an edit of those shows there too.
    terms = {"procedure", "valid_until", "holders[0].code", "holders[0].rights[1]"}
    assert found == ({9: "terms-differ"} if path in terms else {})
    assert report.authentic is Authentic.FORGED
    assert path in [difference.path for difference in report.differences]


@pytest.mark.parametrize(("path", "edit"), RECORD_EDITS, ids=[path for path, _ in RECORD_EDITS])
def test_a_certificate_signed_with_other_fields_differs_from_its_record(path: str, edit: Edit) -> None:
    shown = body_json()
    edit(shown)
    report = check({**genuine_file(), "qr": World(shown=parse_body(shown)).qr})
    found = invalid(report)
    assert found.pop(4) == "record-differs"
    assert found == ({3: "registry-differs"} if path.startswith("registry") else {})
    assert path in [difference.path for difference in report.differences]
    assert report.authentic is Authentic.FORGED
    assert report.body is not None
    assert report.body.asset == body_json()["asset"]  # the record prevails (R9)


STATEMENT_EDITS: list[tuple[str, Any]] = [
    ("type", "publicity.opened"),
    ("profile", "NDA-2026/1"),
    ("subject", "00" * 32),
    ("at", REGISTERED + 1),
    ("commitment", {"sm3": "00" * 32, "sha256": "00" * 32}),
    ("prev", None),
    ("by", "committee"),
]


@pytest.mark.parametrize(("name", "value"), STATEMENT_EDITS, ids=[name for name, _ in STATEMENT_EDITS])
def test_an_edited_statement_commits_to_nothing_the_log_has(name: str, value: Any) -> None:
    file = genuine_file()
    file["statement"][name] = value
    assert_forged(check(file), {4: "record-not-committed", 5: "inclusion-proof", 9: "content-differs"})


def test_only_one_half_of_the_commitment_matching_is_not_enough() -> None:
    for half in ("sm3", "sha256"):
        file = genuine_file()
        file["statement"]["commitment"][half] = "00" * 32
        assert 4 in invalid(check(file))


# (1)–(3)


def test_a_form_that_is_wrong_ends_the_matter() -> None:
    file = genuine_file()
    file["qr"] += "A"
    report = check(file)
    assert_said(report, {1: "qr-bits"}, Authentic.NOT_OURS)
    assert [f.outcome for f in report.findings[1:]] == [Outcome.SKIPPED] * 9
    assert report.body is None
    assert report.number is None
    assert not report.demonstration
    assert report.remarks == ()


def test_surplus_in_the_file_is_wrong_form() -> None:
    assert_said(check({**genuine_file(), "extra": 1}), {1: "field-unknown"}, Authentic.NOT_OURS)


def test_a_certificate_under_a_key_that_the_policy_lacks() -> None:
    """It names the pinned registry, and may be of a key newer than the policy: nothing shown has failed."""
    report = check({**genuine_file(), "qr": World(signer=STRANGER).qr})
    assert_said(report, {2: "issuer-key-unknown"}, Authentic.UNDETERMINED)
    assert report.finding(3).outcome is Outcome.SKIPPED
    assert verdict(report).headline.en.startswith("Cannot be determined: names a registry you pinned")
    assert verdict(report).exit_code == 3


@pytest.mark.parametrize("name", ["name", "code"])
def test_either_name_or_code_is_enough_to_name_a_registry(name: str) -> None:
    alike = parse_body({**body_json(), "registry": {**HOSPITAL, name: REGISTRY[name]}})
    report = check({**genuine_file(), "qr": World(signer=STRANGER, shown=alike).qr})
    assert_forged(report, {2: "issuer-key-unknown", 4: "record-differs"})


@pytest.mark.parametrize(
    ("changes", "open_"),
    [({}, {}), ({"log_signers": [LOG_ED]}, {6}), ({"origin": "other.example.org"}, {6})],
    ids=["all shown", "a line of the checkpoint left out", "a checkpoint of another log"],
)
def test_a_forger_is_found_out_whatever_is_left_out(changes: dict[str, Any], open_: set[int]) -> None:
    other = parse_body({**body_json(), "asset": "别的数据集"})
    file = World(signer=STRANGER, shown=other, **changes).file()
    for shown in (file, {**file, "chain": None}):
        report = check(shown)
        assert invalid(report).keys() == {2, 4, *open_}
        assert (report.authentic, report.exit_code) == (Authentic.FORGED, 1)


def test_a_forger_who_shows_the_code_alone_shows_nothing_that_failed() -> None:
    alone = verify(read_target(World(signer=STRANGER).qr), trust(), now=NOW)
    assert (alone.authentic, alone.exit_code) == (Authentic.UNDETERMINED, 3)


def test_what_a_stranger_signed_is_forged_where_it_contradicts_itself() -> None:
    file = {**genuine_file(), "qr": World(signer=STRANGER).qr}
    file["proof"] = file["proof"].replace("index 3", "index 2")
    assert_forged(check(file), {2: "issuer-key-unknown", 5: "inclusion-proof"})


def test_what_a_stranger_signed_is_forged_where_it_claims_anothers_place() -> None:
    taken = RecordState(content=bytes([1]) * 32)
    assert_forged(
        check(World(signer=STRANGER, record=taken).file()), {2: "issuer-key-unknown", 9: "content-differs"}
    )
    absent = World(signer=STRANGER, absent=True, block_time=REGISTERED + DAY)
    assert_forged(check(absent.file(), now=REGISTERED + DAY), {2: "issuer-key-unknown", 9: "record-absent"})


def test_what_another_registry_issued_is_not_forged() -> None:
    body = parse_body({**body_json(), "registry": HOSPITAL})
    elsewhere = World(
        signer=STRANGER,
        body=body,
        origin="other.example.org",
        absent=True,
        anchored_root=bytes(32),
        block_time=REGISTERED + DAY,
    )
    assert_said(
        check(elsewhere.file(), now=REGISTERED + DAY),
        {2: "issuer-unknown", 6: "note-unsigned", 7: "not-anchored", 9: "record-absent"},
        Authentic.NOT_OURS,
    )


def test_a_wrong_signature() -> None:
    file = genuine_file()
    prefix, text = file["qr"].rsplit("/", 1)
    core = bytearray(base64.b32decode(text + "=" * (-len(text) % 8)))
    core[-1] ^= 1
    file["qr"] = f"{prefix}/{base64.b32encode(core).decode().rstrip('=')}"
    assert_forged(check(file), {2: "signature-wrong"})


def test_every_byte_of_the_payload_is_signed() -> None:
    file = genuine_file()
    prefix, text = file["qr"].rsplit("/", 1)
    core = base64.b32decode(text + "=" * (-len(text) % 8))
    for at in range(0, len(core), 7):
        changed = bytearray(core)
        changed[at] ^= 0x20
        file["qr"] = f"{prefix}/{base64.b32encode(bytes(changed)).decode().rstrip('=')}"
        assert invalid(check(file)).keys() & {1, 2}


ISSUER_EDITS: list[tuple[str, dict[str, Any], dict[int, str]]] = [
    ("first second", {"not_before": REGISTERED}, {}),
    ("too early", {"not_before": REGISTERED + 1}, {3: "before-key"}),
    ("last second", {"not_after": REGISTERED}, {}),
    ("too late", {"not_after": REGISTERED - 1}, {3: "after-key"}),
    ("open end", {"not_after": None}, {}),
    ("compromised later", {"compromised_at": REGISTERED + 1}, {}),
    ("compromised then", {"compromised_at": REGISTERED}, {3: "key-compromised"}),
    ("compromised before", {"compromised_at": REGISTERED - DAY}, {3: "key-compromised"}),
    ("other prefix", {"prefix": "SJ999"}, {3: "prefix-differs"}),
    ("other registry", {"registry": {"name": "别处", "code": "91350100M000100Y43"}}, {3: "registry-differs"}),
]


@pytest.mark.parametrize(("_case", "edit", "expected"), ISSUER_EDITS, ids=[case for case, *_ in ISSUER_EDITS])
def test_the_issuer_is_entitled_only_within_its_key(
    _case: str, edit: dict[str, Any], expected: dict[int, str]
) -> None:
    report = check(genuine_file(), policy=lambda policy: policy["issuers"][0].update(edit))
    assert invalid(report) == expected
    assert report.authentic is (Authentic.FORGED if expected else Authentic.GENUINE)


# (5) and (6)


def proof_lines(file: dict[str, Any]) -> list[str]:
    return str(file["proof"]).split("\n")


def test_every_hash_of_the_log_proof_counts() -> None:
    lines = proof_lines(genuine_file())
    hashes = range(2, lines.index(""))
    assert len(hashes) == 3
    for at in hashes:
        file = genuine_file()
        changed = list(lines)
        changed[at] = base64.b64encode(bytes(32)).decode()
        file["proof"] = "\n".join(changed)
        assert_forged(check(file), {5: "inclusion-proof"})
        file["proof"] = "\n".join(lines[:at] + lines[at + 1 :])
        assert_forged(check(file), {5: "inclusion-proof"})


def test_the_index_of_the_log_proof_counts() -> None:
    file = genuine_file()
    file["proof"] = file["proof"].replace("index 3", "index 2")
    assert_forged(check(file), {5: "inclusion-proof"})


@pytest.mark.parametrize(
    ("signers", "code"),
    [
        ([LOG_ED], "checkpoint-signature-missing"),
        ([LOG_SM2], "checkpoint-signature-missing"),
        ([NoteSigner("log.example.org", Ed25519PrivateKey(bytes(32)))], "note-unsigned"),
    ],
)
def test_every_pinned_key_must_sign_the_checkpoint(signers: list[NoteSigner], code: str) -> None:
    assert_said(check(World(log_signers=signers).file()), {6: code}, Authentic.UNDETERMINED)


@pytest.mark.parametrize("line", [-3, -2])
def test_a_wrong_signature_on_the_checkpoint(line: int) -> None:
    file = genuine_file()
    lines = proof_lines(file)
    mark, name, encoded = lines[line].split(" ")
    signature = bytearray(base64.b64decode(encoded))
    signature[-1] ^= 1
    lines[line] = f"{mark} {name} {base64.b64encode(signature).decode()}"
    file["proof"] = "\n".join(lines)
    assert_forged(check(file), {6: "note-signature"})


def test_a_checkpoint_of_another_log() -> None:
    assert_said(check(World(origin="other.example.org").file()), {6: "note-unsigned"}, Authentic.UNDETERMINED)


# (7)


def test_a_root_the_chain_does_not_hold() -> None:
    # None at all: so it is too at a block from before the anchoring.
    assert_said(check(World(anchored_root=bytes(32)).file()), {7: "not-anchored"}, Authentic.UNDETERMINED)
    assert_forged(check(World(anchored_root=bytes([1]) * 32).file()), {7: "root-differs"})


def test_contracts_with_other_code() -> None:
    assert_said(check(World(anchor_code=bytes(32)).file()), {7: "code-differs"}, Authentic.UNDETERMINED)
    assert_said(check(World(rights_code=bytes(32)).file()), {9: "code-differs"}, Authentic.UNDETERMINED)


def test_contracts_that_are_not_there() -> None:
    nowhere = "ff" * 20
    file = genuine_file()
    for account in file["chain"]["accounts"]:
        account["address"] = account["address"].replace(ANCHOR.hex(), nowhere)
    found = check(file, policy=lambda p: p["chain"]["contracts"]["anchor"].update(address=nowhere))
    assert invalid(found).keys() == {7}  # a proof of one account is none of another


def test_an_account_proved_absent() -> None:
    nowhere = b"\xff" * 20
    world = World()
    file = world.file()
    account = file["chain"]["accounts"][0]
    account |= {"address": nowhere.hex(), "proof": world.state().account(nowhere, [])["proof"]}
    found = check(file, policy=lambda p: p["chain"]["contracts"]["anchor"].update(address=nowhere.hex()))
    assert invalid(found) == {7: "contract-absent"}


def nodes(chain: dict[str, Any]) -> list[tuple[int, list[str], int]]:
    """Every proof node: the obligation it belongs to, its list, its index."""
    found = []
    for account in chain["accounts"]:
        obligation = 7 if account["address"] == ANCHOR.hex() else 9
        assert obligation == 7 or account["address"] == RIGHTS.hex()
        for proof in (account["proof"], *(item["proof"] for item in account["storage"])):
            found += [(obligation, proof, at) for at in range(len(proof))]
    return found


def test_every_node_of_every_state_proof_counts() -> None:
    count = len(nodes(genuine_file()["chain"]))
    assert count > 15
    for index in range(count):
        file = genuine_file()
        obligation, proof, at = nodes(file["chain"])[index]
        raw = bytearray.fromhex(proof[at])
        raw[-1] ^= 1
        proof[at] = raw.hex()
        assert_forged(check(file), {obligation: "state-proof-wrong"})


def test_every_state_proof_must_be_whole_and_no_more() -> None:
    for index in range(len(nodes(genuine_file()["chain"]))):
        file = genuine_file()
        obligation, proof, at = nodes(file["chain"])[index]
        last = at == len(proof) - 1
        del proof[at]
        if last:  # cut short: what would have proved it is missing
            assert_said(check(file), {obligation: "state-proof-short"}, Authentic.UNDETERMINED)
        else:
            assert_forged(check(file), {obligation: "state-proof-wrong"})
        file = genuine_file()
        obligation, proof, at = nodes(file["chain"])[index]
        proof.insert(at + 1, proof[at])
        assert_forged(check(file), {obligation: "state-proof-surplus" if last else "state-proof-wrong"})


# (9)


def leaf() -> bytes:
    return statement_of(parse_body(body_json())).leaf_hash


def test_a_record_that_is_absent_or_of_another_certificate() -> None:
    late = REGISTERED + DAY
    assert_forged(check(World(absent=True, block_time=late).file(), now=late), {9: "record-absent"})
    assert_said(check(World(absent=True, block_time=late - 1).file(), now=late), {}, Authentic.UNDETERMINED)
    assert_forged(check(World(record=RecordState(content=bytes([1]) * 32)).file()), {9: "content-differs"})


@pytest.mark.parametrize(
    ("changes", "terms"),
    [
        ({"valid_until": VALID_UNTIL + 1}, ["valid_until"]),
        ({"procedure": 1}, ["procedure"]),
        ({"deposited_at": REGISTERED - 1}, ["registered_at"]),
        ({"deposited_at": REGISTERED + DAY + 1}, ["registered_at"]),
        ({"holdings": holdings((HOSPITAL["code"], 3))}, ["holders"]),
        ({"holdings": holdings((REGISTRY["code"], 7))}, ["holders"]),
        ({"predecessor": bytes([7]) * 32}, ["follows"]),
    ],
)
def test_a_record_of_other_terms(changes: dict[str, Any], terms: list[str]) -> None:
    report = check(World(record=replace(RecordState(content=leaf()), **changes)).file())
    assert_forged(report, {9: "terms-differ"})
    assert report.finding(9).data["terms"] == terms
    assert report.status is Status.UNDETERMINED


def test_what_a_certificate_follows_is_what_its_record_names() -> None:
    old, other = "SJ4412026100007", "SJ4412026100008"
    follows = [{"number": number, "leaf": "cd" * 32} for number in (old, other)]
    body = parse_body(body_json(type="transfer", follows=follows))
    content = statement_of(body).leaf_hash
    for number in (old, other):
        record = RecordState(content, predecessor=certificate_subject(number))
        assert check(World(body=body, record=record).file()).finding(9).code == "ok"
    for predecessor in (bytes(32), certificate_subject(NUMBER)):
        report = check(World(body=body, record=RecordState(content, predecessor=predecessor)).file())
        assert_forged(report, {9: "terms-differ"})


@pytest.mark.parametrize(
    "changes",
    [
        {"status": 0},
        {"status": 5},
        {"procedure": 0},
        {"procedure": 3},
        {"remarks": 32},
        {"ending": 0x26},
        {"rest": 1},
    ],
)
def test_a_record_the_contract_cannot_have_written(changes: dict[str, Any]) -> None:
    report = check(World(record=replace(RecordState(content=leaf()), **changes)).file())
    assert_forged(report, {9: "record-layout"})


# (10)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (BLOCK_TIME, {}),
        (BLOCK_TIME + 600, {}),
        (BLOCK_TIME + 601, {10: "answer-too-old"}),
        (BLOCK_TIME - 300, {}),
        (BLOCK_TIME - 301, {10: "block-from-future"}),
    ],
)
def test_an_answer_has_an_age(now: int, expected: dict[int, str]) -> None:
    report = check(genuine_file(), now=now)
    assert invalid(report) == expected
    assert report.authentic is Authentic.GENUINE
    assert (report.status, report.exit_code) == (
        (Status.UNDETERMINED, 3) if expected else (Status.IN_FORCE, 0)
    )
    assert report.status_code == expected.get(10, "ok")


# What is missing


def test_without_chain_evidence_nothing_is_concluded() -> None:
    report = check({**genuine_file(), "chain": None})
    assert [f.outcome for f in report.findings] == [Outcome.VALID] * 6 + [Outcome.SKIPPED] * 4
    assert (report.authentic, report.status) == (Authentic.UNDETERMINED, Status.UNDETERMINED)
    assert report.exit_code == 3
    assert report.block is None


@pytest.mark.parametrize(("account", "skipped"), [(0, [7]), (1, [9])])
def test_evidence_without_a_proof_leaves_its_obligation_open(account: int, skipped: list[int]) -> None:
    file = genuine_file()
    del file["chain"]["accounts"][account]
    report = check(file)
    assert [f.number for f in report.findings if f.outcome is Outcome.SKIPPED] == skipped
    assert invalid(report) == {}
    assert report.authentic is Authentic.UNDETERMINED
    file = genuine_file()
    file["chain"]["accounts"][account]["storage"].pop()
    assert check(file).authentic is Authentic.UNDETERMINED


def test_evidence_that_is_malformed_is_wrong_form() -> None:
    for path, value in [("headers", []), ("headers", ["c0"]), ("accounts", [{}])]:
        file = genuine_file()
        file["chain"][path] = value
        assert invalid(check(file)).keys() == {1}
    file = genuine_file()
    file["chain"]["accounts"].append(file["chain"]["accounts"][0])
    assert invalid(check(file)) == {1: "evidence-duplicate"}

"""The worked vectors of moves, orders, contracts and histories: held by other means, and what is refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
import rfc8785
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak

from tests.scripts.spec_vectors import FOLDER, refused_files, text_of
from tests.scripts.vectors import committed, leaf_of, load, pair_of
from yinzheng.ledger.cases.prepared import read_prepared, require_shown
from yinzheng.ledger.chain.approvals import Domain
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.bytes.sm2 import GmsslBackend, Sm2PublicKey
from yinzheng.verifier.containers.target import read_target
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.move_request import parse_joint_request, read_request, require_signed
from yinzheng.verifier.formats.moves import parse_succession
from yinzheng.verifier.formats.order import parse_order
from yinzheng.verifier.formats.receipt import decode_short_receipt
from yinzheng.verifier.formats.shortcode import decode_short
from yinzheng.verifier.formats.trade_contract import is_signed_by, parse_signed
from yinzheng.verifier.judge.contract.verify import verify_contract
from yinzheng.verifier.judge.following import follow
from yinzheng.verifier.judge.history.verify import verify_history
from yinzheng.verifier.judge.receipt.verify import verify_receipt
from yinzheng.verifier.judge.report import Outcome
from yinzheng.verifier.judge.trust import parse_trust

MOVES, ORDERS, CONTRACTS = load("moves.json"), load("orders.json"), load("contracts.json")
CHANGES, RECEIPTS = load("validators.json")["changes"], load("receipts.json")


def holds(key: str, message: bytes, signature: str) -> bool:
    """By the implementation that none of ours rests on."""
    return Sm2PublicKey(bytes.fromhex(key), GmsslBackend()).verify(message, bytes.fromhex(signature))


def digest_of(message: dict[str, Any]) -> str:
    """EIP-712 by eth-account."""
    made = encode_typed_data(full_message=message)
    return keccak(b"\x19\x01" + made.header + made.body).hex()


@pytest.mark.parametrize("item", MOVES["requests"], ids=lambda item: item["desc"])
def test_a_request_by_rfc8785_and_another_sm2(item: dict[str, Any]) -> None:
    file, message = item["file"], item["signed"].encode()
    assert message == b"yinzheng/move-request/1\n" + rfc8785.dumps(file["request"])
    assert item["digest"] == pair_of(rfc8785.dumps(file["request"]))
    assert all(holds(one["key"], message, one["signature"]) for one in file["signatures"])
    signed = {one["code"] for one in file["signatures"]}
    for given, text in zip(file["authorisations"], item["authorised"], strict=True):
        said = given["authorisation"]
        assert text.encode() == b"yinzheng/move-authorisation/1\n" + rfc8785.dumps(said)
        assert holds(given["key"], text.encode(), given["signature"])
        assert said["terms"] == pair_of(rfc8785.dumps(file["request"]["terms"]))
        signed.add(said["principal"])
    assert signed == {one["code"] for one in file["request"]["parties"]}


@pytest.mark.parametrize("item", MOVES["prepared"], ids=lambda item: item["desc"])
def test_what_accounts_sign_follows_from_what_is_shown(item: dict[str, Any]) -> None:
    file, asked = item["file"], item["request"]
    assert [leaf_of(one["statement"]) for one in file["stated"]] == item["leaves"]
    assert digest_of(file["message"]) == item["signed_digest"]
    domain, said = file["message"]["domain"], file["message"]["message"]
    assert domain == item["domain"] | {"verifyingContract": "0x" + item["domain"]["verifyingContract"]}
    assert said["statement"] == "0x" + item["leaves"][-1]
    decision = file["stated"][-1]["body"]
    assert decision.get("request", decision.get("document")) == pair_of(rfc8785.dumps(asked))
    for one in file["stated"]:
        assert one["statement"]["commitment"] == pair_of(rfc8785.dumps(one["body"]))
    *following, _ = item["leaves"]
    named = [decision.get("successor"), decision.get("remainder")]
    assert [one["leaf"] for one in named if one] == following
    if file["before"] is not None:
        assert leaf_of(file["before"]["statement"]) == asked["certificate"]["leaf"]
        subject = hashlib.sha256(f"yinzheng/certificate/1:{asked['certificate']['number']}".encode())
        assert said["predecessor"] == "0x" + subject.hexdigest()


@pytest.mark.parametrize("item", ORDERS["orders"], ids=lambda item: item["desc"])
def test_an_order_by_another_wallet(item: dict[str, Any]) -> None:
    file, message = item["file"], item["message"]
    assert leaf_of(file["statement"]) == item["leaf_hash"]
    assert file["statement"]["commitment"] == pair_of(rfc8785.dumps(file["body"]))
    assert digest_of(message) == item["signed_digest"]
    assert item["leaf_hash"] in json.dumps(message["message"])
    signable = encode_typed_data(full_message=message)
    signer = Account.recover_message(signable, signature=bytes.fromhex(file["signature"]))
    assert signer[2:].lower() == ORDERS["account"]


@pytest.mark.parametrize("item", CONTRACTS["contracts"], ids=lambda item: item["desc"])
def test_a_contract_by_rfc8785_and_another_sm2(item: dict[str, Any]) -> None:
    file = item["file"]
    canonical = rfc8785.dumps(file["contract"])
    assert item["digest"] == pair_of(canonical)
    for one in file["signatures"]:
        key = CONTRACTS["keys"][one["code"]]
        assert hashlib.sha256(bytes.fromhex(key)).hexdigest()[:16] == one["kid"]
        assert holds(key, b"yinzheng/trade-contract/1\n" + canonical, one["signature"])
    assert item["complete"] is (len(file["signatures"]) == 2)


def test_what_is_told_of_a_contract() -> None:
    concluded, *told = CONTRACTS["events"]
    share = CONTRACTS["contracts"][0]
    assert concluded["body"]["contract"] == share["file"]["contract"]
    assert concluded["body"]["digest"] == share["digest"]
    assert len({one["body"]["contract"] for one in told}) == 1
    signed = told[-1]["body"]["signed"]
    message = b"yinzheng/trade-destruction/1\n" + rfc8785.dumps(signed["receipt"])
    assert holds(CONTRACTS["keys"][signed["receipt"]["by"]], message, signed["signature"])


def test_a_contract_proves_itself() -> None:
    found = CONTRACTS["proof"]
    file, policy = found["file"], parse_trust(json.dumps(found["trust"]).encode())
    report = verify_contract(read_target(dumps(file)), policy, now=found["now"])
    assert (report.exit_code, str(report.standing)) == (0, "recorded")
    told = b"yinzheng/trade-contract/1\n" + rfc8785.dumps(file["body"]["contract"])
    for one, party in zip(file["body"]["signatures"], file["parties"], strict=True):
        enrolled = party["events"][0]
        assert enrolled["statement"]["commitment"] == pair_of(rfc8785.dumps(enrolled["body"]))
        assert hashlib.sha256(bytes.fromhex(enrolled["body"]["key"])).hexdigest()[:16] == one["kid"]
        assert holds(enrolled["body"]["key"], told, one["signature"])
    assert committed(file["secret"], file["body"]) == file["statement"]["commitment"]


def test_a_history_is_genuine_and_whole() -> None:
    found = load("histories.json")
    policy = parse_trust(json.dumps(found["trust"]).encode())
    report = verify_history(read_target(dumps(found["file"])), policy, now=found["now"])
    assert (report.exit_code, str(report.standing)) == (0, "whole")
    assert [[line.type, line.certificate] for line in report.lines] == found["lines"]


# ---------------------------------------------------------------- what is refused


def _request(found: dict[str, Any]) -> None:
    require_signed(parse_joint_request(dumps(found["value"])))


def _prepared(found: dict[str, Any]) -> None:
    named = found["domain"]
    pinned = Domain(named["chainId"], bytes.fromhex(named["verifyingContract"]), named["name"])
    require_shown(read_prepared(found["value"]), pinned, read_request(found["request"]))


def _contract(found: dict[str, Any]) -> None:
    signed = parse_signed(dumps(found["value"]))
    keys = {code: Sm2PublicKey(bytes.fromhex(key)) for code, key in found["keys"].items()}
    if not all(is_signed_by(signed, one, keys[one.code]) for one in signed.signatures):
        raise DataFault("somebody signed something else", code="contract-signature")


def _judged(verify: Callable[..., Any]) -> Callable[[dict[str, Any]], None]:
    def judge(found: dict[str, Any]) -> None:
        policy = parse_trust(json.dumps(found["trust"]).encode())
        for one in verify(read_target(dumps(found["value"])), policy, now=found["now"]).findings:
            if one.outcome is Outcome.INVALID:
                raise DataFault(one.message, code=one.code)

    return judge


READERS: Mapping[str, Callable[[dict[str, Any]], object]] = {
    "joint-request": _request,
    "move": lambda found: parse_succession(found["value"]["type"], found["value"]["body"]),
    "prepared": _prepared,
    "order": lambda found: parse_order(found["value"]),
    "trade-contract": _contract,
    "right-history": _judged(verify_history),
    "validators": lambda found: follow(dumps(found["trust"]), dumps(found["value"])),
    "consent-receipt": _judged(verify_receipt),
    "short-code": lambda found: decode_short(found["value"]),
    "short-receipt": lambda found: decode_short_receipt(found["value"]),
}
WHOLE: Sequence[tuple[str, dict[str, Any]]] = [
    *(("joint-request", {"value": one["file"]}) for one in MOVES["requests"]),
    *(("prepared", {**one, "value": one["file"]}) for one in MOVES["prepared"]),
    *(("order", {"value": one["file"]}) for one in ORDERS["orders"]),
    *(("trade-contract", {**CONTRACTS, "value": one["file"]}) for one in CONTRACTS["contracts"]),
    ("right-history", {**load("histories.json"), "value": load("histories.json")["file"]}),
    *(("validators", {"trust": one["policy"], "value": one["statement"]}) for one in CHANGES),
    *(("consent-receipt", {**RECEIPTS, "value": one["file"]}) for one in RECEIPTS["receipts"]),
    *(("short-code", {"value": one["short"]}) for one in load("certificates.json")["certificates"]),
    *(("short-code", {"value": one["short"]}) for one in load("licences.json")["licences"]),
    *(
        ("short-receipt", {"value": one[name]})
        for one in RECEIPTS["receipts"]
        for name in ("short", "short_proof_copy")
    ),
]


@pytest.mark.parametrize(("kind", "found"), WHOLE)
def test_what_is_whole_is_taken_by_the_same_readers(kind: str, found: dict[str, Any]) -> None:
    READERS[kind](found)


@pytest.mark.parametrize("item", CHANGES, ids=lambda item: item["desc"])
def test_a_change_of_validators_by_rfc8785_and_another_sm2(item: dict[str, Any]) -> None:
    said = {name: value for name, value in item["statement"].items() if name != "signature"}
    message = bytes.fromhex(item["signed"])
    assert message == b"yinzheng/validators/1\n" + rfc8785.dumps(said)
    (issuer,) = item["policy"]["issuers"]
    assert holds(issuer["key"], message, item["statement"]["signature"])
    assert follow(dumps(item["policy"]), dumps(item["statement"])).policy == item["followed"]
    last, new = item["followed"]["chain"]["validators"][-2:]
    assert (last["to"], new["from"], new["to"]) == (said["from"] - 1, said["from"], None)
    assert new["addresses"] == sorted(said["addresses"])
    assert item["followed"]["operators"] == said["operators"]


REFUSED = sorted(path.relative_to(FOLDER / "refused") for path in (FOLDER / "refused").rglob("*.json"))


@pytest.mark.parametrize("path", REFUSED, ids=str)
def test_what_is_wrong_is_refused_by_name(path: Any) -> None:
    found = load(f"refused/{path}")
    assert found["kind"] == path.parent.name
    with pytest.raises(DataFault) as caught:
        READERS[found["kind"]](found)
    assert caught.value.code == found["wantErr"], found["desc"]


def test_what_is_refused_is_what_the_script_writes() -> None:
    made = refused_files()
    assert {str(path) for path in REFUSED} == set(made)
    assert {path.parent.name for path in REFUSED} == set(READERS)
    for name, value in made.items():
        assert (FOLDER / "refused" / name).read_text(encoding="utf-8") == text_of(value), (
            "run scripts/vectors"
        )

"""The worked vectors of documents, read by other means: certificates' files, receipts, withdrawals, packs."""

from __future__ import annotations

import base64
import copy
import hashlib
import hmac
import io
import json
import zipfile
from typing import Any

import cbor2
import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from tests.scripts.vectors import (
    committed,
    keccak,
    leaf_of,
    load,
    pair_of,
    rfc9162_root,
    root_of,
    sm3,
    unbased32,
)
from yinzheng.verifier.bytes.sm2 import GmsslBackend, Sm2PublicKey
from yinzheng.verifier.containers.target import Presented, read_target
from yinzheng.verifier.judge.certificate.verify import verify
from yinzheng.verifier.judge.conclusion.verify import verify_conclusion
from yinzheng.verifier.judge.pack.verify import verify_pack
from yinzheng.verifier.judge.receipt.verify import verify_receipt
from yinzheng.verifier.judge.trade_check.verify import verify_trade_check
from yinzheng.verifier.judge.trust import parse_trust


def changed(pointers: dict[str, Any]) -> dict[str, Any]:
    """The whole with values replaced by JSON pointer (RFC 6901)."""
    whole: dict[str, Any] = copy.deepcopy(load("whole.json"))
    for pointer, value in pointers.items():
        *parents, last = pointer.removeprefix("/").split("/")
        at: Any = whole
        for name in parents:
            at = at[int(name)] if isinstance(at, list) else at[name]
        at[int(last) if isinstance(at, list) else last] = value
    return whole


def judged(whole: dict[str, Any], now: int) -> Any:
    policy = parse_trust(json.dumps(whole["trust"]).encode())
    presented = read_target(json.dumps(whole["file"], ensure_ascii=False).encode())
    return verify(presented, policy, now=now)


def test_the_whole_is_genuine_and_in_force() -> None:
    whole = changed({})
    report = judged(whole, whole["now"])
    assert [finding.outcome for finding in report.findings] == ["VALID"] * 10
    assert report.exit_code == 0


@pytest.mark.parametrize("case", load("cases.json"), ids=lambda case: case["desc"])
def test_each_change_is_noticed_at_its_obligation(case: dict[str, Any]) -> None:
    report = judged(changed(case["replace"]), case["now"])
    invalid = [finding.number for finding in report.findings if finding.outcome == "INVALID"]
    assert invalid == case["invalid"]
    assert (report.authentic, report.status) == (case["authentic"], case["status"])
    assert report.exit_code == case["exit_code"]


def test_withdrawals_by_other_means() -> None:
    found = load("withdrawals.json")
    entry, inner = bytes.fromhex(found["entry"]), bytes.fromhex(found["inner"])

    def at(key: bytes, slot: bytes | int) -> bytes:
        return keccak(key + (slot.to_bytes(32, "big") if isinstance(slot, int) else slot))

    consents = (int.from_bytes(at(entry, 6), "big") + 2).to_bytes(32, "big")
    firsts = {
        "withdrawal": at(entry, 1),
        "opened": at(entry, 3),
        "receipt": at(inner, at(entry, 2)),
        "dispute": at(entry, 3),
        "evidence": at(inner, at(entry, 4)),
        "two_parties": at(entry, 5),
        "two_consents": consents,
    }
    assert {name: slots[0] for name, slots in found["slots"].items()} == {
        name: slot.hex() for name, slot in firsts.items()
    }
    assert found["slots"]["two_consents"][1] == keccak(consents).hex()
    for item in found["withdrawals"]:
        state = int(item["words"][0][-2:], 16)
        overdue = {1: item["freeze_by"], 2: item["destroy_by"], 3: None, 4: item["destroy_by"]}[state]
        assert item["overdue_since"] == overdue, item["desc"]
        received = int(item["words"][0][32:48], 16)
        assert item["freeze_by"] in (None, received + 48 * 3600)

    request = json.loads(found["requested"]["canonical"])
    salts = {duty["code"]: duty["salt"] for duty in request["recipients"]}
    for code, salted in found["requested"]["recipients"].items():
        assert hashlib.sha256(code.encode() + bytes.fromhex(salts[code])).hexdigest() == salted

    receipt = json.loads(found["receipt"]["canonical"])
    message = b"yinzheng/destruction-receipt/1\n" + rfc8785.dumps(receipt["receipt"])
    assert message.hex() == found["receipt"]["message"]
    key = Sm2PublicKey(bytes.fromhex(found["receipt"]["public"]), GmsslBackend())
    assert key.verify(message, bytes.fromhex(receipt["signature"]))

    conclusion = found["conclusion"]
    issuer = next(iter(parse_trust(json.dumps(conclusion["trust"]).encode()).issuers.values()))
    for name in ("notice", "widened", "events"):
        kid, signature = found[name]["header"].split(".")
        assert kid == issuer.kid.hex()
        assert json.loads(found[name]["body"])["data"] == found[name]["data"]
        told = b"yinzheng/webhook/1\n" + found[name]["body"].encode()
        assert issuer.key.verify(told, base64.urlsafe_b64decode(signature + "=="))
    leaf = hashlib.sha256(b"\0" + rfc8785.dumps(conclusion["file"]["statement"])).digest()
    assert leaf.hex() == conclusion["leaf_hash"]
    signed_at = conclusion["file"]["signed_at"].to_bytes(8, "big")
    signed = b"yinzheng/withdrawal-conclusion/2\n" + leaf + signed_at
    assert issuer.key.verify(signed, bytes.fromhex(conclusion["file"]["signature"]))


def test_requests_by_hashlib_rfc8785_and_gmssl() -> None:
    found = load("requests.json")
    chain = found["trust"]["chain"]
    named = bytes.fromhex(chain["genesis"] + chain["contracts"]["rights"]["address"])
    assert hashlib.sha256(b"yinzheng/registry/1:" + named).hexdigest() == found["registry"]
    key = Sm2PublicKey(bytes.fromhex(found["key"]), GmsslBackend())
    for item in found["requests"]:
        assert item["request"]["registry"] == found["registry"]
        assert item["request"]["body"] == pair_of(item["content"].encode())
        body = rfc8785.dumps(item["request"])
        assert bytes.fromhex(item["signed"]) == b"yinzheng/request/2\n" + body
        padded = [part + "=" * (-len(part) % 4) for part in item["header"].split(".")]
        head, signature = map(base64.urlsafe_b64decode, padded)
        assert head == body
        assert key.verify(bytes.fromhex(item["signed"]), signature)


def test_receipts_of_trade_checks() -> None:
    found = load("trades.json")
    policy = parse_trust(json.dumps(found["trust"]).encode())
    issuer = next(iter(policy.issuers.values()))
    for one in found["receipts"]:
        file = one["file"]
        leaf = hashlib.sha256(b"\0" + rfc8785.dumps(file["statement"])).digest()
        assert one["signed"] == (b"yinzheng/trade-check/1\n" + leaf).hex()
        assert issuer.key.verify(bytes.fromhex(one["signed"]), bytes.fromhex(file["signature"]))
        shown = Presented("json", file=json.dumps(file).encode())
        report = verify_trade_check(shown, policy, now=found["now"])
        assert (report.standing, report.exit_code) == (one["answer"], one["exit_code"])


def test_the_conclusion_is_genuine() -> None:
    found = load("withdrawals.json")["conclusion"]
    policy = parse_trust(json.dumps(found["trust"]).encode())
    shown = Presented("json", file=json.dumps(found["file"]).encode())
    report = verify_conclusion(shown, policy, now=found["now"])
    assert (str(report.authentic), str(report.standing)) == ("genuine", "completed")


def test_receipts_by_cbor2_and_hmac() -> None:
    found = load("receipts.json")
    (issuer,) = found["trust"]["issuers"]
    for item in found["receipts"]:
        file = item["file"]
        assert (item["proof_copy"], found["k"]) == (file["qr"], file["secret"])
        core, credential = item["qr"].split("/C#")[1].split(".")
        assert item["proof_copy"].split("/C#")[1] == f"{core}.PROOF"
        named, short_end = item["short"].split("/C#")[1].split(".")
        assert (unbased32(named).hex(), short_end) == (file["statement"]["subject"], credential)
        assert item["short_proof_copy"] == item["short"].replace(credential, "PROOF")
        assert (unbased32(core).hex(), unbased32(credential).hex()) == (item["core"], found["credential"])
        protected, unprotected, payload, signature = cbor2.loads(unbased32(core))
        assert (protected.hex(), unprotected) == (item["protected"], {})
        assert (payload.hex(), signature.hex()) == (item["payload"], item["signature"])
        assert cbor2.loads(protected) == {1: -70001, 4: bytes.fromhex(issuer["kid"])}
        signed = cbor2.dumps(["Signature1", protected, b"yinzheng/consent-receipt/1", payload])
        assert signed.hex() == item["sig_structure"]
        assert Sm2PublicKey(bytes.fromhex(issuer["key"]), GmsslBackend()).verify(signed, signature)

        said, statement = cbor2.loads(payload), file["statement"]
        commitment = committed(found["k"], file["body"])
        assert statement == {
            "v": 1, "type": "consent.granted", "profile": said[2], "subject": said[1].hex(), "at": said[3],
            "commitment": commitment, "prev": None, "by": "controller",
        }  # fmt: skip
        assert said[4].hex() == commitment["sm3"] + commitment["sha256"]
        assert said[6].hex() == file["body"]["notice"]["leaf"]
        assert leaf_of(statement) == item["leaf_hash"]
        notice = rfc8785.dumps(file["notice"])
        digest = {"sm3": sm3(notice), "sha256": hashlib.sha256(notice).hexdigest()}
        assert file["body"]["notice"]["digest"] == digest
        previous = item["leaf_hash"]
        for event in file["events"]:
            assert event["statement"]["prev"] == previous
            assert event["statement"]["commitment"] == committed(event["secret"], event["body"])
            previous = leaf_of(event["statement"])
        assert said[8] == (bytes.fromhex(previous) if file["events"] else None)
        _check_lines(file, said[9])
        if file["last"] is not None:
            note = file["proof"].split("\n\n", 1)[1].splitlines()
            index, hashes = file["last"]["index"], map(bytes.fromhex, file["last"]["hashes"])
            root = rfc9162_root(bytes.fromhex(previous), index, int(note[1]), list(hashes))
            assert base64.b64encode(root).decode() == note[2]


def _check_lines(file: dict[str, Any], signed: bytes) -> None:
    """The access lines of a receipt, from secret to root, and what the core signs of them (S13.8)."""
    told = file["accesses"]
    numbers = [one["line"]["number"] for one in told["lines"]]
    said = rfc8785.dumps({"count": told["count"], "last": told["last"], "numbers": numbers})
    keyed = hmac.new(bytes.fromhex(file["secret"]), b"yinzheng/receipt-lines/1\n" + said, "sha256")
    assert keyed.digest() == signed
    for one in told["lines"]:
        body = told["batches"][one["batch"]]["body"]
        leaf = hashlib.sha256(b"\0" + rfc8785.dumps(committed(one["secret"], one["line"]))).digest()
        path, place = [bytes.fromhex(value) for value in one["path"]], one["line"]["number"] - body["first"]
        assert rfc9162_root(leaf, place, body["count"], path).hex() == body["root"]
        if one["words"] is not None:
            assert committed(one["words"]["secret"], one["words"]["words"]) == one["line"]["words"]


def test_the_receipts_are_genuine() -> None:
    found = load("receipts.json")
    policy = parse_trust(json.dumps(found["trust"]).encode())
    for item in found["receipts"]:
        target = read_target(json.dumps(item["file"]).encode())
        report = verify_receipt(target, policy, now=found["now"])
        assert (str(report.authentic), str(report.status)) == (item["authentic"], item["status"])
        assert (report.to_json()["remaining"], report.exit_code) == (item["remaining"], item["exit_code"])


def test_the_pack_by_zipfile_and_hashlib() -> None:
    found = load("packs.json")
    (issuer,) = found["trust"]["issuers"]
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(found["pack"]))) as archive:
        assert archive.testzip() is None
        infos = archive.infolist()
        files = {info.filename: archive.read(info) for info in infos}
    assert {info.compress_type for info in infos} == {zipfile.ZIP_STORED}
    names = [info.filename for info in infos]
    assert names == ["manifest.json", "manifest.sig", *sorted(names[2:])]
    manifest = json.loads(files["manifest.json"])
    assert rfc8785.dumps(manifest) == files["manifest.json"]
    r, s = decode_dss_signature(files["manifest.sig"])
    key = Sm2PublicKey(bytes.fromhex(issuer["key"]), GmsslBackend())
    signed = b"yinzheng/pack/1\n" + files["manifest.json"]
    assert key.verify(signed, r.to_bytes(32, "big") + s.to_bytes(32, "big"))
    assert [file["path"] for file in manifest["files"]] == names[2:]
    for file in manifest["files"]:
        data = files[file["path"]]
        digest = {"sm3": sm3(data), "sha256": hashlib.sha256(data).hexdigest()}
        assert (file["size"], file["digest"]) == (len(data), digest)

    item = json.loads(files["items/0001/item.json"])
    content = files["items/0001/content"]
    assert item["digest"] == {"sm3": sm3(content), "sha256": hashlib.sha256(content).hexdigest()}
    told = {leaf_of(one["statement"]): one for one in json.loads(files["statements.json"])}
    first, second = manifest["items"]
    assert (first["disclosed"], second["disclosed"]) == (True, False)
    deposited = told[first["leaf"]]
    assert deposited["statement"]["commitment"] == committed(deposited["secret"], item)
    assert second["leaf"] not in told
    leaves = [bytes.fromhex(first["leaf"]), bytes.fromhex(second["leaf"])]
    assert [root["root"] for root in manifest["roots"]] == [leaves[0].hex(), root_of(leaves).hex()]
    (witness,) = item["witnesses"]
    message = b"yinzheng/evidence-witness/1\n" + rfc8785.dumps({**item, "witnesses": []})
    assert Sm2PublicKey(bytes.fromhex(witness["key"])).verify(message, bytes.fromhex(witness["signature"]))


def test_the_pack_is_consistent_until_a_byte_changes() -> None:
    found = load("packs.json")
    pack, policy = base64.b64decode(found["pack"]), parse_trust(json.dumps(found["trust"]).encode())
    report = verify_pack(io.BytesIO(pack), policy, now=found["now"])
    assert str(report.verdict) == found["verdict"]
    assert {one.rule: str(one.answer) for one in report.questions} == found["questions"]
    for change in found["changes"]:
        data = bytearray(pack)
        data[change["offset"]] ^= 1
        report = verify_pack(io.BytesIO(bytes(data)), policy, now=found["now"])
        assert str(report.authentic) == change["word"], change["desc"]
        places = {
            (reason.where, reason.obligation)
            for question in report.questions
            for reason in question.reasons
            if reason.failed == (change["word"] == "forged")
        }
        assert (change["where"], change["obligation"]) in places, change["desc"]


def test_fingerprints_by_hashlib_and_rfc8785() -> None:
    """S8.3 as written: words by the registry's identifier, digits by what the policy is believed by."""
    found = load("fingerprints.json")
    words = found["words"]
    for one in found["policies"]:
        canonical = rfc8785.dumps(json.loads(one["covered"]))
        number = int.from_bytes(hashlib.sha256(b"yinzheng/fingerprint/1\n" + canonical).digest(), "big")
        assert one["digits"] == f"{number % 10**24:024}"
        named = hashlib.sha256(b"yinzheng/fingerprint-words/1\n" + bytes.fromhex(one["registry"])).digest()
        groups = " ".join(one["digits"][at : at + 4] for at in range(0, 24, 4))
        for language, said in enumerate((one["zh"], one["en"])):
            first, second = (words[byte % 64][language] for byte in named[:2])
            assert said == f"{first} {second} {groups}"
    plain, asked, rotated, elsewhere = found["policies"]
    assert plain["digits"] == asked["digits"] != rotated["digits"]
    assert plain["registry"] == rotated["registry"] != elsewhere["registry"]

"""The worked vectors: what is checked in is what is computed, and holds when read by other means."""

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
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import hmac as keyed
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from eth_abi.abi import encode as abi_encode
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak as eth_keccak

from tests.scripts.spec_vectors import FILES, FOLDER, text_of
from yinzheng.verifier.bytes.sm2 import GmsslBackend, Sm2PublicKey
from yinzheng.verifier.chain.layout import REMARK_BITS, decode_record
from yinzheng.verifier.containers.holderfile import parse_holder_file
from yinzheng.verifier.containers.target import Presented, read_target
from yinzheng.verifier.formats.certificate import decode_qr
from yinzheng.verifier.formats.challenge import parse_challenge
from yinzheng.verifier.judge.certificate.verify import verify
from yinzheng.verifier.judge.challenge import check_answer
from yinzheng.verifier.judge.conclusion.verify import verify_conclusion
from yinzheng.verifier.judge.licence.verify import verify_voucher
from yinzheng.verifier.judge.pack.verify import verify_pack
from yinzheng.verifier.judge.purpose_proof import Asked, verify_purpose_proof
from yinzheng.verifier.judge.receipt.verify import verify_receipt
from yinzheng.verifier.judge.trade_check.verify import verify_trade_check
from yinzheng.verifier.judge.trust import parse_trust


def load(name: str) -> Any:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


def sm3(data: bytes) -> str:
    digest = hashes.Hash(hashes.SM3())
    digest.update(data)
    return digest.finalize().hex()


@pytest.mark.parametrize("name", FILES)
def test_they_are_what_the_script_writes(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == text_of(FILES[name]()), "run scripts/vectors"


def test_there_are_no_others() -> None:
    assert {path.name for path in FOLDER.glob("*.json")} == set(FILES)


def test_statements_by_hashlib_and_rfc8785() -> None:
    found = load("statements.json")
    private = found["private_commitment"]
    body, key = private["canonical"].encode(), bytes.fromhex(private["key"])
    assert rfc8785.dumps(private["body"]) == body
    mac = keyed.HMAC(key, hashes.SM3())
    mac.update(body)
    assert private["commitment"] == {
        "sm3": mac.finalize().hex(),
        "sha256": hmac.new(key, body, hashlib.sha256).hexdigest(),
    }
    subject = found["subject"]
    text = f"yinzheng/certificate/1:{subject['number']}"
    assert hashlib.sha256(text.encode()).hexdigest() == subject["subject"]
    previous = None
    for item in found["statements"]:
        assert rfc8785.dumps(item["statement"]).decode() == item["canonical"]
        assert hashlib.sha256(b"\0" + item["canonical"].encode()).hexdigest() == item["leaf_hash"]
        assert item["statement"]["prev"] == previous
        previous = item["leaf_hash"]


def test_certificates_by_cbor2_and_both_sm2() -> None:
    found = load("certificates.json")
    point = bytes.fromhex(found["issuer"]["public"])
    assert hashlib.sha256(point).hexdigest()[:16] == found["issuer"]["kid"]
    for item in found["certificates"]:
        canonical = rfc8785.dumps(item["body"])
        assert canonical.decode() == item["canonical"]
        plain = {"sm3": sm3(canonical), "sha256": hashlib.sha256(canonical).hexdigest()}
        assert item["commitment"] == item["statement"]["commitment"] == plain
        assert rfc8785.dumps(item["statement"]).decode() == item["statement_canonical"]
        leaf = hashlib.sha256(b"\0" + item["statement_canonical"].encode()).hexdigest()
        assert leaf == item["leaf_hash"] == decode_qr(item["qr"]).statement().leaf_hash.hex()
        digits = item["qr"].rsplit("/", 1)[1]
        core = base64.b32decode(digits + "=" * (-len(digits) % 8))
        assert core.hex() == item["core"]
        protected, unprotected, payload, signature = cbor2.loads(core)
        assert (protected.hex(), unprotected) == (item["protected"], {})
        assert (payload.hex(), signature.hex()) == (item["payload"], item["signature"])
        assert cbor2.loads(protected) == {1: -70001, 4: bytes.fromhex(found["issuer"]["kid"])}
        signed = cbor2.dumps(["Signature1", protected, b"yinzheng/certificate/1", payload])
        assert signed.hex() == item["sig_structure"]
        assert Sm2PublicKey(point).verify(signed, signature)
        assert Sm2PublicKey(point, GmsslBackend()).verify(signed, signature)
        fields = cbor2.loads(payload)
        assert (17 in fields) is bool(item["elided"])
    short, elided, *halves, important = found["certificates"]
    fields = cbor2.loads(bytes.fromhex(important["payload"]))
    assert (fields[20], fields[21]) == (1, important["body"]["authority"])
    for half in halves:  # both follow the first, by its number and its deposit's leaf
        named = {"number": short["body"]["number"], "leaf": short["leaf_hash"]}
        assert (half["body"]["type"], half["body"]["follows"]) == ("transfer", [named])
        fields = cbor2.loads(bytes.fromhex(half["payload"]))
        assert (fields[2], fields[19]) == (3, [[named["number"], bytes.fromhex(named["leaf"])]])
    assert (short["elided"], elided["elided"]) == ([], ["limits"])
    text = elided["body"]["limits"].encode()
    assert (
        cbor2.loads(bytes.fromhex(elided["payload"]))[6].hex() == sm3(text) + hashlib.sha256(text).hexdigest()
    )


def test_licences_by_cbor2_and_hashlib() -> None:
    found = load("licences.json")
    point = bytes.fromhex(load("certificates.json")["issuer"]["public"])
    for item in found["licences"]:
        canonical, statement = rfc8785.dumps(item["body"]), item["statement"]
        pair = sm3(canonical) + hashlib.sha256(canonical).hexdigest()
        assert statement["commitment"]["sm3"] + statement["commitment"]["sha256"] == pair
        leaf = hashlib.sha256(b"\0" + rfc8785.dumps(statement)).hexdigest()
        subject = hashlib.sha256(f"yinzheng/licence/1:{item['body']['number']}".encode()).hexdigest()
        assert (leaf, statement["subject"]) == (item["leaf_hash"], subject)
        digits = item["qr"].rsplit("/L/", 1)[1]
        protected, _, payload, signature = cbor2.loads(base64.b32decode(digits + "=" * (-len(digits) % 8)))
        signed = cbor2.dumps(["Signature1", protected, b"yinzheng/licence/1", payload])
        assert Sm2PublicKey(point, GmsslBackend()).verify(signed, signature)
        fields = cbor2.loads(payload)
        certificate, licensor, licensee, packed, slot4, outcome, times = (
            int(word, 16) for word in item["slots"]
        )
        named = [item["body"]["certificate"]["number"], item["body"]["licensor"]["code"]]
        kinds = ("certificate", "organisation")
        assert [f"{certificate:064x}", f"{licensor:064x}"] == [
            hashlib.sha256(f"yinzheng/{kind}/1:{name}".encode()).hexdigest()
            for kind, name in zip(kinds, named, strict=True)
        ]
        assert licensee not in (0, licensor)
        assert (packed & 0xFF, packed >> 8 & 0xFF) == (1, fields[11])
        assert (packed >> 16 & 0xFF, packed >> 24 & 0xFF, packed >> 32 & (1 << 40) - 1) == (
            fields[7],
            fields[8],
            fields[9],
        )
        assert (packed >> 72 & (1 << 64) - 1, packed >> 136) == (fields[12], fields[13])
        assert (f"{slot4:064x}", outcome) == (leaf, 0)
        assert fields[15] <= times <= fields[15] + 86_400
        assert fields.get(18, b"").hex() == (pair if item["elided"] else "")
    _, everywhere, elided, recorded = found["licences"]
    assert everywhere["body"]["exclusive"]
    assert len(everywhere["body"]["territory"]) == 34
    assert elided["elided"] == ["purposes"]
    assert recorded["body"]["registration"] is False
    end = found["end"]
    assert end["body"]["given"] == found["licences"][0]["leaf_hash"]
    assert hashlib.sha256(b"\0" + rfc8785.dumps(end["statement"])).hexdigest() == end["leaf_hash"]


def test_the_voucher_is_genuine_and_in_force() -> None:
    found = load("licences.json")
    shown = Presented("json", file=json.dumps(found["file"]).encode())
    report = verify_voucher(shown, parse_trust(json.dumps(found["trust"]).encode()), now=found["now"])
    assert (report.exit_code, report.status) == (0, "in_force")


def rfc9162_root(leaf: bytes, index: int, size: int, hashes: list[bytes]) -> bytes:
    """RFC 9162 section 2.1.3.2, literally."""
    first, last, root = index, size - 1, leaf
    for one in hashes:
        if first % 2 or first == last:
            root = hashlib.sha256(b"\1" + one + root).digest()
            while not first % 2 and first:
                first, last = first >> 1, last >> 1
        else:
            root = hashlib.sha256(b"\1" + root + one).digest()
        first, last = first >> 1, last >> 1
    assert last == 0
    return root


def root_of(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, literally."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + root_of(leaves[:split]) + root_of(leaves[split:])).digest()


def test_the_log_by_cryptography() -> None:
    found = load("log.json")
    leaves = [bytes.fromhex(leaf) for leaf in found["leaves"]]
    origin, size, root, _ = found["checkpoint"].split("\n")
    assert (int(size), base64.b64decode(root)) == (len(leaves), root_of(leaves))
    assert found["note"].startswith(found["checkpoint"] + "\n")
    assert found["leaf_hash"] == found["leaves"][3]
    ed25519, sm2 = found["keys"]
    lines = found["note"].removeprefix(found["checkpoint"] + "\n").splitlines()
    for key, line in zip((ed25519, sm2), lines, strict=True):
        dash, name, encoded = line.split(" ")
        blob = base64.b64decode(encoded)
        shown_name, shown_id, encoded_key = key["vkey"].split("+", 2)
        material = base64.b64decode(encoded_key)
        assert (dash, name, shown_name) == ("—", origin, origin)
        key_id = hashlib.sha256(origin.encode() + b"\n" + material).hexdigest()[:8]
        assert key_id == shown_id == key["key_id"] == blob[:4].hex()
        if material[0] == 1:
            Ed25519PublicKey.from_public_bytes(material[1:]).verify(blob[4:], found["checkpoint"].encode())
        else:
            assert material[:20] == b"\xffyinzheng.sm2-sm3.v1"
            assert Sm2PublicKey(material[20:]).verify(found["checkpoint"].encode(), blob[4:])
    assert found["proof"].startswith("c2sp.org/tlog-proof@v1\nindex 3\n")
    assert found["proof"].endswith("\n\n" + found["note"])


def test_records_say_what_their_slots_hold() -> None:
    for item in load("records.json"):
        read = decode_record([int(slot, 16) for slot in item["slots"]])
        assert read is not None
        for name in (
            "status",
            "procedure",
            "holds",
            "objections",
            "deposited_at",
            "valid_until",
            "changed_at",
        ):
            assert getattr(read, name) == item[name], item["desc"]
        assert read.changed_at == item["changed_at"]
        assert sum(REMARK_BITS[kind] for kind in read.remarks) == item["remarks"]
        assert read.content.hex() == item["content"]
        assert (read.successor or bytes(32)).hex() == item["successor"]
        assert (read.reserved_until, read.reserved_by.hex()) == (item["reserved_until"], item["reserved_by"])
        assert read.case_id.hex() == item["case_id"]
        assert read.holdings.hex() == item["holdings"]
        assert (read.predecessor or bytes(32)).hex() == item["predecessor"]
        assert (read.remainder or bytes(32)).hex() == item["remainder"]


def test_who_holds_what_has_one_digest() -> None:
    """By another ABI coder and another hash."""
    for item in load("holdings.json"):
        bits = {"hold": 1, "use": 2, "operate": 4}
        listed = sorted(
            (
                hashlib.sha256(b"yinzheng/organisation/1:" + one["code"].encode()).digest(),
                sum(bits[r] for r in one["rights"]),
            )
            for one in item["holders"]
        )
        assert eth_keccak(abi_encode(["(bytes32,uint8)[]"], [listed])).hex() == item["digest"], item["desc"]


def test_a_holders_account_signs_what_other_wallets_sign() -> None:
    """By eth-account, hashlib and another canonical form: the declaration is the body less what proves it."""
    item = load("holders.json")
    body = item["body"]
    said = {k: v for k, v in body.items() if k not in ("possession", "binding", "enrolled_at")}
    declaration = b"yinzheng/holder-enrolment/1\n" + rfc8785.dumps(said)
    assert item["declaration"].encode() == declaration
    key = bytes.fromhex(body["key"])
    assert Sm2PublicKey(key, GmsslBackend()).verify(declaration, bytes.fromhex(body["binding"]["key"]))
    message = {
        "organisation": hashlib.sha256(
            b"yinzheng/organisation/1:" + body["organisation"]["code"].encode()
        ).digest(),
        "serial": 1,
        "account": "0x" + body["account"],
        "key": hashlib.sha256(key).digest(),
        "statement": hashlib.sha256(declaration).digest(),
    }
    kinds = {"organisation": "bytes32", "serial": "uint32", "account": "address", "key": "bytes32",
             "statement": "bytes32"}  # fmt: skip
    domain = item["domain"] | {"verifyingContract": "0x" + item["domain"]["verifyingContract"]}
    types = {"Enrolment": [{"name": name, "type": kind} for name, kind in kinds.items()]}
    signable = encode_typed_data(domain, types, message)
    signer = Account.recover_message(signable, signature=bytes.fromhex(body["binding"]["account"]))
    assert signer[2:].lower() == body["account"]

    body = item["rotation"]["body"]
    proofs = ("possession", "succession", "binding", "rotated_at")
    said = {k: v for k, v in body.items() if k not in proofs}
    said |= {name: body["binding"][name] for name in ("serial", "account")}
    declaration = b"yinzheng/holder-rotation/1\n" + rfc8785.dumps(said)
    assert item["rotation"]["declaration"].encode() == declaration
    message |= {
        "serial": body["binding"]["serial"],
        "account": "0x" + body["binding"]["account"],
        "key": hashlib.sha256(bytes.fromhex(body["key"])).digest(),
        "statement": hashlib.sha256(declaration).digest(),
    }
    signable = encode_typed_data(domain, {"Rotation": types["Enrolment"]}, message)
    accounts = {"new": body["binding"]["account"], "current": item["body"]["account"]}
    for name, account in accounts.items():
        signer = Account.recover_message(signable, signature=bytes.fromhex(body["binding"][name]))
        assert signer[2:].lower() == account


def test_an_answer_is_the_holders() -> None:
    item = load("holder-proofs.json")
    for name, letter in (("challenge", "Q"), ("answer", "A")):
        digits = item[f"{name}_text"].removeprefix(f"YINZHENG:{letter}/")
        assert base64.b32decode(digits + "=" * (-len(digits) % 8)) == rfc8785.dumps(item[name])
    said = item["answer"]
    signed = {name: said[name] for name in ("challenge", "holder", "kid")}
    message = b"yinzheng/answer/1\n" + rfc8785.dumps(signed)
    assert item["signed"].encode() == message
    key = bytes.fromhex(item["holder"]["events"][0]["body"]["key"])
    assert Sm2PublicKey(key, GmsslBackend()).verify(message, bytes.fromhex(said["signature"]))
    report = check_answer(
        item["answer_text"],
        parse_challenge(item["challenge_text"]),
        read_target(json.dumps(item["certificate"])),
        parse_trust(json.dumps(item["trust"]).encode()),
        now=item["now"],
        holder=parse_holder_file(json.dumps(item["holder"]).encode()),
    )
    assert (report.authentic, report.standing, report.exit_code) == ("genuine", "answered", 0)


def test_a_proof_is_for_its_reader() -> None:
    item = load("holder-proofs.json")
    proof = item["proof"]
    message = b"yinzheng/purpose-proof/1\n" + rfc8785.dumps(proof["proof"])
    key = bytes.fromhex(item["holder"]["events"][0]["body"]["key"])
    assert Sm2PublicKey(key, GmsslBackend()).verify(message, bytes.fromhex(proof["signature"]))
    trust = parse_trust(json.dumps(item["trust"]).encode())
    shown, reader = read_target(json.dumps(proof)), proof["proof"]["reader"]["code"]
    for asked, standing in ((Asked(reader, "financing"), "valid"), (Asked(reader, "audit"), "other_purpose")):
        report = verify_purpose_proof(shown, trust, now=item["now"], asked=asked)
        assert (report.authentic, report.standing) == ("genuine", standing)


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


def keccak(data: bytes) -> bytes:
    return bytes(eth_keccak(data))


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


def committed(secret: str, body: Any) -> dict[str, str]:
    """S2.3, by `cryptography` and `hmac`."""
    key, canonical = bytes.fromhex(secret), rfc8785.dumps(body)
    mac = keyed.HMAC(key, hashes.SM3())
    mac.update(canonical)
    return {"sm3": mac.finalize().hex(), "sha256": hmac.new(key, canonical, hashlib.sha256).hexdigest()}


def leaf_of(statement: Any) -> str:
    return hashlib.sha256(b"\0" + rfc8785.dumps(statement)).hexdigest()


def unbased32(text: str) -> bytes:
    return base64.b32decode(text + "=" * (-len(text) % 8))


def test_receipts_by_cbor2_and_hmac() -> None:
    found = load("receipts.json")
    (issuer,) = found["trust"]["issuers"]
    for item in found["receipts"]:
        file = item["file"]
        assert (item["proof_copy"], found["k"]) == (file["qr"], file["secret"])
        core, credential = item["qr"].split("/C#")[1].split(".")
        assert item["proof_copy"].split("/C#")[1] == f"{core}.PROOF"
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

"""The worked vectors: what is checked in is what is computed, and holds when read by other means."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import cbor2
import pytest
import rfc8785
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import hmac as keyed
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from eth_abi.abi import encode as abi_encode
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak as eth_keccak

from tests.scripts.spec_vectors import FILES, FOLDER, text_of
from tests.scripts.vectors import load, root_of, sm3
from yinzheng.verifier.bytes.sm2 import GmsslBackend, Sm2PublicKey
from yinzheng.verifier.chain.layout import GROUNDS, INITIATORS, REMARK_BITS, decode_record
from yinzheng.verifier.containers.holderfile import parse_holder_file
from yinzheng.verifier.containers.target import Presented, read_target
from yinzheng.verifier.formats.certificate import decode_qr
from yinzheng.verifier.formats.challenge import parse_challenge
from yinzheng.verifier.judge.challenge import check_answer
from yinzheng.verifier.judge.licence.verify import verify_voucher
from yinzheng.verifier.judge.purpose_proof import Asked, verify_purpose_proof
from yinzheng.verifier.judge.trust import parse_trust


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
        assert item["short"] == _short(item["qr"], item["body"]["number"], core)
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


def _short(qr: str, number: str, core: bytes) -> str:
    check = base64.b32encode(hashlib.sha256(core).digest()[:16]).decode().rstrip("=")
    return f"{qr.rsplit('/', 1)[0]}/{number}.{check}"


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
        core = base64.b32decode(digits + "=" * (-len(digits) % 8))
        assert item["short"] == _short(item["qr"], item["body"]["number"], core)
        protected, _, payload, signature = cbor2.loads(core)
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
    # S4.6: a third line, over the note's text with a time before it.
    assert found["cosigned"].startswith(found["note"])
    _, name, encoded = found["cosigned"].splitlines()[-1].split(" ")
    blob, material = base64.b64decode(encoded), base64.b64decode(found["witness"].split("+", 2)[2])
    assert blob[:4] == hashlib.sha256(name.encode() + b"\n" + material).digest()[:4]
    assert material[0] == 4
    message = f"cosignature/v1\ntime {int.from_bytes(blob[4:12])}\n{found['checkpoint']}"
    Ed25519PublicKey.from_public_bytes(material[1:]).verify(blob[12:], message.encode())
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
        ending = (0, 0) if read.ending is None else read.ending
        numbers = [[0, *INITIATORS].index(ending[0]), [0, *GROUNDS].index(ending[1])]
        assert [*divmod(item["ending"], 16)] == numbers


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

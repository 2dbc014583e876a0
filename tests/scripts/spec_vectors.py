"""The worked vectors of docs/spec.md (S12), computed from fixed keys and fixed signature nonces.

Every key here is public, and its nonce is used again and again, so each is worth nothing.
"""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cbor2

from tests.ledger.witnesses.witness import cosign
from tests.scripts import (
    chain_vectors,
    contract_vectors,
    fingerprint_vectors,
    following_vectors,
    history_vectors,
    holder_proof_vectors,
    holder_vectors,
    move_vectors,
    refused_vectors,
    request_vectors,
    rights_vectors,
    trade_vectors,
    withdrawal_vectors,
)
from tests.verifier import voucher_world
from tests.verifier.bodies import INSURER
from tests.verifier.licences import LicenceState, end_json, licence_json
from tests.verifier.world import (
    HOSPITAL,
    LOG_ED,
    NOW,
    NUMBER,
    ORIGIN,
    RecordState,
    World,
    body_json,
    trust_json,
)
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.algorithms import Ed25519PrivateKey, Sm2PrivateKey
from yinzheng.verifier.bytes.sm2 import GmsslBackend
from yinzheng.verifier.chain.terms import TERRITORY
from yinzheng.verifier.formats.body import Body, parse_body
from yinzheng.verifier.formats.certificate import decode_qr, encode_qr, key_id, statement_of
from yinzheng.verifier.formats.licence import (
    Licence,
    ended_statement,
    given_statement,
    parse_licence,
    parse_licence_end,
)
from yinzheng.verifier.formats.shortcode import short_code
from yinzheng.verifier.formats.voucher import decode_voucher, encode_voucher
from yinzheng.verifier.log.cosignature import CosignerKey
from yinzheng.verifier.log.note import NoteSigner
from yinzheng.verifier.log.statement import Statement, certificate_subject, commit_private

FOLDER = Path(__file__).resolve().parents[1] / "vectors" / "spec"
NONCE = 0x59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21
WITNESS = Ed25519PrivateKey(bytes(range(7, 39)))
WITNESS_KEY = CosignerKey("witness.example.org/w1", WITNESS.public_key)
FIXED = GmsslBackend(nonce=lambda: NONCE)
ISSUER = Sm2PrivateKey.from_bytes(bytes(range(1, 33)), FIXED)
ELSEWHERE = Sm2PrivateKey.from_bytes(bytes(range(5, 37)), FIXED)
LOG_SM2 = NoteSigner(ORIGIN, Sm2PrivateKey.from_bytes(bytes(range(3, 35)), FIXED))
HOST = "yz.example.org"
KEY = bytes(range(32))
LONG = "仅限科研与临床参考" * 40


def world(**changes: Any) -> World:
    """The synthetic world of the verifier's tests, signing without chance."""
    return World(signer=ISSUER, log_signers=(LOG_ED, LOG_SM2), **changes)


def statements() -> dict[str, Any]:
    """S1–S3: canonical bytes, commitments, subjects, leaf hashes."""
    private = {"applicant": "广州市示范医院", "asset": "糖尿病门诊随访数据集", "rights": ["hold", "use"]}
    body = canonical.dumps(private)
    first = Statement(
        type="application.received",
        profile="GD-HEALTH/1",
        subject=bytes(range(32, 64)),
        at=1_761_900_000,
        commitment=commit_private(KEY, body),
        prev=None,
        by="applicant",
    )
    second = replace(
        first, type="application.accepted", at=1_761_950_000, prev=first.leaf_hash, by="registry"
    )
    return {
        "private_commitment": {
            "body": private,
            "canonical": body.decode(),
            "key": KEY.hex(),
            "commitment": first.commitment.to_json(),
        },
        "subject": {"number": NUMBER, "subject": certificate_subject(NUMBER).hex()},
        "statements": [
            {"statement": s.to_json(), "canonical": s.canonical.decode(), "leaf_hash": s.leaf_hash.hex()}
            for s in (first, second)
        ],
    }


def certificates() -> dict[str, Any]:
    """S6: bodies with core and QR text; the second has a text that gives way to its digest, the next two came
    of one transfer of a part, the last is of important data, under a data authority's supervision.
    """
    first = parse_body(body_json())
    followed = {"number": first.number, "leaf": statement_of(first).leaf_hash.hex()}
    (holder,) = body_json()["holders"]
    halves = (
        body_json(
            number=number,
            type="transfer",
            holders=[{**party, "rights": rights}],
            registered_at=first.registered_at + 86_400,
            follows=[followed],
        )
        for number, party, rights in (
            ("SJ4412026110002", holder, ["hold"]),
            ("SJ4412026110003", {"name": "某保险公司", "code": INSURER}, ["use", "operate"]),
        )
    )
    return {
        "issuer": {
            "secret": ISSUER.secret_bytes().hex(),
            "public": ISSUER.public_key.point.hex(),
            "kid": key_id(ISSUER.public_key.point).hex(),
        },
        "nonce": f"{NONCE:064x}",
        "host": HOST,
        "certificates": [
            _certificate("everything fits", parse_body(body_json())),
            _certificate("limits give way to their digest", parse_body(body_json(limits=LONG))),
            *(_certificate("one side of a transfer of a part", parse_body(half)) for half in halves),
            _certificate(
                "important data, and the authority that supervises",
                parse_body(body_json(importance="important", authority="某省数据管理局（虚构）")),
            ),
        ],
    }


def _certificate(desc: str, body: Body) -> dict[str, Any]:
    qr = encode_qr(body, ISSUER, HOST)
    read = decode_qr(qr)
    statement = statement_of(body)
    return {
        "desc": desc,
        "body": body.to_json(),
        "canonical": body.canonical().decode(),
        "commitment": body.commitment().to_json(),
        "statement": statement.to_json(),
        "statement_canonical": statement.canonical.decode(),
        "leaf_hash": statement.leaf_hash.hex(),
        "elided": sorted(read.elided),
        "sig_structure": read.signed.hex(),
        **_core(qr),
        "qr": qr,
        "short": short_code(qr),
    }


def _core(qr: str) -> dict[str, str]:
    digits = qr.rsplit("/", 1)[1]
    core = base64.b32decode(digits + "=" * (-len(digits) % 8))
    protected, _, payload, signature = cbor2.loads(core)
    return {
        "protected": protected.hex(),
        "payload": payload.hex(),
        "signature": signature.hex(),
        "core": core.hex(),
    }


def licences() -> dict[str, Any]:
    """S5.21, S6.6 to S6.8: licences with statement, core, QR text and words of the chain; the end of one."""
    long = {"purposes": "药物不良反应监测与真实世界研究" * 10, "licensor": {**HOSPITAL, "name": "某" * 80}}
    bodies = {
        "two provinces": licence_json(),
        "exclusive, everywhere": licence_json(exclusive=True, territory=list(TERRITORY)),
        "purposes give way to their digest": licence_json(**long),
        "recorded under a profile without licences": licence_json(profile="NDA-2026/1", registration=False),
    }
    end = parse_licence_end(end_json())
    return {
        "host": HOST,
        "kid": key_id(ISSUER.public_key.point).hex(),
        "licences": [_licence(desc, parse_licence(body)) for desc, body in bodies.items()],
        "end": {"body": end.to_json(), **_stated(ended_statement(end))},
        "now": voucher_world.ASKED,
        "trust": voucher_world.policy(),
        "file": voucher_world.VoucherWorld(signer=ISSUER, log_signers=(LOG_ED, LOG_SM2)).file(),
    }


def _stated(statement: Statement) -> dict[str, Any]:
    return {"statement": statement.to_json(), "leaf_hash": statement.leaf_hash.hex()}


def _licence(desc: str, body: Licence) -> dict[str, Any]:
    qr = encode_voucher(body, ISSUER, HOST)
    return {
        "desc": desc,
        "body": body.to_json(),
        "subject": body.subject.hex(),
        **_stated(given_statement(body)),
        **_core(qr),
        "elided": sorted(decode_voucher(qr).elided),
        "slots": [f"{word:064x}" for word in LicenceState.of(body).words()],
        "qr": qr,
        "short": short_code(qr),
    }


def log() -> dict[str, Any]:
    """S4: keys, a checkpoint with both lines, a tlog-proof in it, and a witness that cosigned it at `NOW`."""
    shown = world()
    return {
        "keys": [
            {"vkey": signer.key.vkey, "key_id": signer.key.key_id.hex()} for signer in (LOG_ED, LOG_SM2)
        ],
        "leaves": [leaf.hex() for leaf in shown.leaves],
        "checkpoint": shown.checkpoint.text,
        "note": shown.proof.checkpoint,
        "leaf_hash": shown.statement.leaf_hash.hex(),
        "proof": shown.proof.text,
        "witness": WITNESS_KEY.vkey,
        "cosigned": shown.proof.checkpoint + _cosigned(shown.checkpoint.text),
    }


def whole() -> dict[str, Any]:
    """S6.5, S7, S8: a certificate file and the policy under which it is genuine and in force at `now`."""
    return {"now": NOW, "trust": trust_json(), "file": world().file()}


@dataclass(frozen=True)
class Case:
    """One change of the whole, by JSON pointer, and what must come of it."""

    desc: str
    replace: Mapping[str, Any]
    invalid: tuple[int, ...]
    authentic: str
    status: str
    exit_code: int
    now: int = NOW

    def to_json(self) -> dict[str, Any]:
        """As it stands in the file."""
        return {
            "desc": self.desc,
            "replace": dict(self.replace),
            "now": self.now,
            "invalid": list(self.invalid),
            "authentic": self.authentic,
            "status": self.status,
            "exit_code": self.exit_code,
        }


def _flipped(text: str, at: int) -> str:
    """A hexadecimal text with one digit changed."""
    return text[:at] + ("0" if text[at] != "0" else "1") + text[at + 1 :]


def _cosigned(text: str) -> str:
    return cosign(WITNESS_KEY.name, WITNESS, text, NOW)


def cases() -> list[dict[str, Any]]:
    """S9: changes that must be noticed, each at its obligation, and statuses that are not in force."""
    file = world().file()
    registered = file["record"]["registered_at"]
    qr, proof, chain = file["qr"], file["proof"], file["chain"]
    last = "B" if qr[-20] != "B" else "C"
    signed = proof.splitlines(keepends=True)
    other = RecordState(bytes(32)[:-1] + b"\x01")
    content = statement_of(parse_body(body_json())).leaf_hash
    cosigned = _cosigned(world().checkpoint.text)

    def witnesses(quorum: int) -> dict[str, Any]:
        known = [{"name": "见证方（示例）", "keys": [WITNESS_KEY.vkey]}]
        return {"/trust/witnesses": known, "/trust/quorum": quorum}

    def forged(desc: str, invalid: int | tuple[int, ...], status: str = "in_force", **by: Any) -> Case:
        numbers = (invalid,) if isinstance(invalid, int) else invalid
        return Case(desc, by["replace"], numbers, "forged", status, 1)

    def damaged(desc: str, replace: dict[str, Any]) -> Case:
        return Case(desc, replace, (1,), "not_ours", "undetermined", 3)

    def uncovered(desc: str, invalid: tuple[int, ...], replace: dict[str, Any], **by: Any) -> Case:
        return Case(desc, replace, invalid, "undetermined", by.get("status", "in_force"), 3)

    def with_record(desc: str, outcome: str, **fields: Any) -> Case:
        evidence = world(record=RecordState(content, **fields)).chain()
        return Case(desc, {"/file/chain": evidence}, (), "genuine", outcome, 1)

    def issuer(**changes: Any) -> dict[str, Any]:
        return {f"/trust/issuers/0/{name}": value for name, value in changes.items()}

    made = [
        damaged("QR text cut off", {"/file/qr": qr[:-8]}),
        damaged("QR text with trailing bytes", {"/file/qr": qr + "AAAAAAAA"}),
        damaged("QR text of another system", {"/file/qr": "https://example.org/"}),
        uncovered("signed with a key that the policy lacks, for a registry it pins",
                  (2,), {"/file/qr": encode_qr(world().body, ELSEWHERE, HOST)}),
        Case("signed by a registry nobody pinned",
             {"/file/qr": encode_qr(world().body, ELSEWHERE, HOST),
              "/trust/issuers/0/registry": {"name": "另一登记中心", "code": HOSPITAL["code"]}},
             (2,), "not_ours", "in_force", 3),
        forged("a digit of the signature changed", 2, replace={"/file/qr": qr[:-20] + last + qr[-19:]}),
        forged("the key's validity had ended", 3, replace=issuer(not_after=registered - 1)),
        forged("the key was compromised before", 3, replace=issuer(compromised_at=registered)),
        forged("numbers of another registry", 3, replace=issuer(prefix="SJ992")),
        forged("the record says something else", 4, replace={"/file/record/scale": "99万条"}),
        forged("another index in the log", 5, replace={"/file/proof": proof.replace("index 3", "index 2")}),
        uncovered("a pinned key did not sign", (6,), {"/file/proof": "".join(signed[:-1])}),
        Case("a witness cosigned, as asked for", {"/file/proof": proof + cosigned, **witnesses(1)},
             (), "genuine", "in_force", 0),
        Case("the witness is known and not asked for", witnesses(0), (), "genuine", "in_force", 0),
        uncovered("a witness that is asked for did not cosign", (), witnesses(1)),
        forged("a witness's line is over another head", 6,
               replace={"/file/proof": proof + _cosigned("another\n"), **witnesses(0)}),
        forged("another root is anchored", 7,
               replace={"/file/chain": world(anchored_root=bytes(31) + b"\x05").chain()}),
        forged("a node of the state proof changed", (7,),
               replace={"/file/chain/accounts/0/proof/0": _flipped(chain["accounts"][0]["proof"][0], 40)}),
        uncovered("sealed by a validator nobody pinned", (),
                  {"/trust/chain/validators/1/addresses": ["11" * 20, "22" * 20, "33" * 20]}),
        uncovered("one seal of three is not final", (), {"/file/chain/headers": chain["headers"][:1]}),
        uncovered("no validators are pinned for the block", (), {"/trust/chain/validators/1/from": 2000}),
        uncovered("a chain that nobody seals", (), {"/trust/chain/consensus": "none"}),
        uncovered("another consensus than the policy names", (), {"/trust/chain/consensus": "qbft"}),
        forged("the chain's record is of something else", 9, "undetermined",
               replace={"/file/chain": world(record=other).chain()}),
        uncovered("the block is too early to have the record", (),
                  {"/file/chain": world(absent=True).chain()}, status="undetermined"),
        uncovered("the code at the contract's address differs", (9,),
                  {"/trust/chain/contracts/rights/code_hash": "00" * 32}, status="undetermined"),
        Case("the answer is too old", {}, (10,), "genuine", "undetermined", 3, now=NOW + 10_000),
        Case("no evidence of the chain", {"/file/chain": None}, (), "undetermined", "undetermined", 3),
        with_record("held", "held", holds=1),
        with_record("cancelled", "cancelled", status=3),
        with_record("superseded", "superseded", status=2, successor=bytes(range(32))),
        with_record("lapsed", "lapsed", status=4),
        with_record("reserved", "reserved", reserved_until=NOW + 3600, reserved_by=bytes(range(20))),
    ]  # fmt: skip
    return [case.to_json() for case in made]


FILES: Mapping[str, Callable[[], Any]] = {
    "statements.json": statements,
    "certificates.json": certificates,
    "log.json": log,
    "records.json": chain_vectors.records,
    "holdings.json": chain_vectors.held,
    "licences.json": licences,
    "holders.json": lambda: holder_vectors.make(FIXED),
    "holder-proofs.json": lambda: holder_proof_vectors.make(FIXED, ISSUER, (LOG_ED, LOG_SM2)),
    "whole.json": whole,
    "cases.json": cases,
    "withdrawals.json": lambda: withdrawal_vectors.make(FIXED),
    "receipts.json": lambda: rights_vectors.receipts(FIXED),
    "packs.json": lambda: rights_vectors.packs(FIXED),
    "fingerprints.json": lambda: fingerprint_vectors.fingerprints(),
    "validators.json": lambda: following_vectors.changes(ISSUER),
    "requests.json": lambda: request_vectors.requests(FIXED),
    "trades.json": lambda: trade_vectors.trades(FIXED),
    "moves.json": lambda: move_vectors.moves(FIXED),
    "orders.json": move_vectors.orders,
    "contracts.json": lambda: contract_vectors.contracts(FIXED),
    "histories.json": lambda: history_vectors.histories(ISSUER, (LOG_ED, LOG_SM2)),
}


def refused_files() -> Mapping[str, Any]:
    """What must be refused, by file under `refused`."""
    return refused_vectors.refused(FIXED, ISSUER, (LOG_ED, LOG_SM2))


def text_of(value: Any) -> str:
    """A vector file: readable, UTF-8, sorted names."""
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def main() -> None:
    """Write all of them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, make in FILES.items():
        (FOLDER / name).write_text(text_of(make()), encoding="utf-8")
    shutil.rmtree(FOLDER / "refused", ignore_errors=True)
    for name, value in refused_files().items():
        (FOLDER / "refused" / name).parent.mkdir(parents=True, exist_ok=True)
        (FOLDER / "refused" / name).write_text(text_of(value), encoding="utf-8")


if __name__ == "__main__":
    main()

"""The receipt's core and QR text: one encoding, nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.verifier.receipt_world import CREDENTIAL, HOST, NOTICE_LEAF, SECRET, SUBJECT, ReceiptWorld
from tests.verifier.world import ISSUER, REGISTRY, World
from yinzheng.verifier import DataFault, UsageFault
from yinzheng.verifier.bytes.algorithms import DigestPair
from yinzheng.verifier.bytes.cose import from_base32, sign_core, to_base32
from yinzheng.verifier.formats.body import Party
from yinzheng.verifier.formats.receipt import (
    PROOF,
    decode_receipt_core,
    decode_receipt_qr,
    encode_receipt,
    granted_statement,
    is_receipt_text,
    with_credential,
    without_credential,
)
from yinzheng.verifier.log.statement import Statement

WORLD = ReceiptWorld()
QR = WORLD.qr
CORE, K = QR.split("#")[1].split(".")
PROOF_COPY = QR.replace(K, PROOF)
REGISTRY_PARTY = Party(**REGISTRY)


def encode(statement: Statement = WORLD.statement, **changes: Any) -> str:
    given: dict[str, Any] = {
        "registry": REGISTRY_PARTY, "notice": NOTICE_LEAF, "issued_at": 2**53 - 1,
        "signer": ISSUER, "host": HOST,
    } | changes  # fmt: skip
    return encode_receipt(statement, **given)


def test_what_is_written_is_read() -> None:
    code = decode_receipt_qr(QR)
    assert code.credential == CREDENTIAL
    assert code.core.statement() == WORLD.statement
    assert (code.core.registry, code.core.notice, code.core.subject) == (REGISTRY_PARTY, NOTICE_LEAF, SUBJECT)
    assert ISSUER.public_key.verify(code.core.signed, code.core.signature)
    assert QR.startswith("HTTPS://YZ.EXAMPLE.ORG/C#")
    assert len(QR) < 640


def test_the_core_names_nobody_and_the_secret_is_in_no_repr() -> None:
    code = decode_receipt_qr(QR)
    payload = cbor2.loads(cbor2.loads(from_base32(CORE))[2])
    assert sorted(payload) == list(range(10))
    assert "张三" not in repr(payload)
    assert "credential" not in repr(code)
    assert SECRET not in from_base32(CORE)
    assert CREDENTIAL not in from_base32(CORE)


def test_a_proof_copy_is_the_same_core_and_lets_nobody_act() -> None:
    code = decode_receipt_qr(PROOF_COPY.lower())
    assert (code.core, code.credential) == (decode_receipt_qr(QR).core, None)
    assert without_credential(QR) == without_credential(PROOF_COPY) == PROOF_COPY
    assert with_credential(PROOF_COPY, CREDENTIAL) == with_credential(f" {QR}\n", CREDENTIAL) == QR
    with pytest.raises(UsageFault) as caught:
        with_credential(QR, CREDENTIAL[1:])
    assert caught.value.code == "receipt-credential"
    with pytest.raises(DataFault) as foreign:
        without_credential("https://elsewhere.example/")
    assert foreign.value.code == "qr-foreign"


@pytest.mark.parametrize("end", range(1, len(K)))
def test_no_part_of_a_code_is_a_proof_copy_or_another_code(end: int) -> None:
    """What a camera or a clipboard cut off is read as damaged, whereever it was cut."""
    for cut in (QR[:-end], PROOF_COPY[: -min(end, 5)]):
        with pytest.raises(DataFault):
            decode_receipt_qr(cut)


@pytest.mark.parametrize(
    "text",
    [
        QR.lower(),
        QR.replace("YZ.EXAMPLE.ORG", "evil.example"),
        f" {QR}\n",
        f"/c#{CORE}.{K}",
        f"/C#{CORE}.{K.lower()}",
    ],
)
def test_case_host_and_blanks_around_mean_nothing(text: str) -> None:
    assert decode_receipt_qr(text) == decode_receipt_qr(QR)
    assert is_receipt_text(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (World().qr, "qr-foreign"),
        (QR.replace("/C#", "/C/"), "qr-foreign"),
        (QR.replace(f".{K}", K), "qr-foreign"),
        (QR + ".A", "qr-foreign"),
        (QR.replace("#", "?a#"), "qr-foreign"),
        (QR.replace("HTTPS", "HTTP"), "qr-scheme"),
        (QR + "A" * 4096, "qr-too-long"),
        (f"/C#{CORE}.", "qr-alphabet"),
        (f"/C#.{K}", "qr-alphabet"),
        (f"/C#{CORE}=.{K}", "qr-alphabet"),
        (f"/C#{CORE}.{K[:-1]}1", "qr-alphabet"),
        (f"/C#{CORE}.{K[:-1]}7", "qr-bits"),
        (f"/C#{CORE}.{K}A", "receipt-credential"),
        (f"/C#{CORE}.{to_base32(CREDENTIAL[1:])}", "receipt-credential"),
        (f"/C#{CORE}.{to_base32(CREDENTIAL + b'1')}", "receipt-credential"),
        (f"/C#{to_base32(from_base32(CORE)[:-1])}.{K}", "core-malformed"),
    ],
)  # fmt: skip
def test_texts_that_are_none(text: str, code: str) -> None:
    with pytest.raises(DataFault) as caught:
        decode_receipt_qr(text)
    assert caught.value.code == code


def test_a_certificates_core_is_no_receipt() -> None:
    core = World().qr.split("/V/")[1]
    with pytest.raises(DataFault) as caught:
        decode_receipt_core(from_base32(core))
    assert caught.value.code == "core-payload"


def fields() -> dict[int, Any]:
    value = cbor2.loads(cbor2.loads(from_base32(CORE))[2])
    assert isinstance(value, dict)
    return value


EDITS: list[Any] = [
    {0: 2}, {0: True}, {1: bytes(31)}, {1: "x" * 32}, {2: "lower/1"}, {2: 1}, {2: "X" * 40}, {3: -1},
    {3: "1"}, {3: True}, {4: bytes(63)}, {5: ["机构"]}, {5: {}}, {5: ["机构", "1"]},
    {5: [1, REGISTRY["code"]]},
    {5: ["", REGISTRY["code"]]}, {6: bytes(33)}, {6: None}, {7: 1}, {7: "1"}, {7: -1}, {7: 0}, {8: 1},
    {8: bytes(31)}, {8: WORLD.statement.leaf_hash}, {9: bytes(31)}, {9: 1}, {10: None},
]  # fmt: skip


@pytest.mark.parametrize("edit", EDITS)
def test_a_payload_is_read_strictly(edit: dict[int, Any]) -> None:
    payload = cbor2.dumps({**fields(), **edit}, canonical=True)
    core = sign_core(payload, ISSUER, b"yinzheng/consent-receipt/1")
    with pytest.raises(DataFault) as caught:
        decode_receipt_core(core)
    assert caught.value.code == "core-payload"


def test_a_payload_lacks_nothing_and_is_a_map() -> None:
    without = {key: entry for key, entry in fields().items() if key != 6}
    payloads: list[Any] = [[], without, {float(key): entry for key, entry in fields().items()}]
    for payload in payloads:
        core = sign_core(cbor2.dumps(payload, canonical=True), ISSUER, b"yinzheng/consent-receipt/1")
        with pytest.raises(DataFault):
            decode_receipt_core(core)


def test_the_signature_is_of_receipts_alone() -> None:
    core = sign_core(cbor2.dumps(fields(), canonical=True), ISSUER, b"yinzheng/certificate/1")
    read = decode_receipt_core(core)
    assert not ISSUER.public_key.verify(read.signed, read.signature)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"statement": replace(WORLD.statement, by="registry")}, "receipt-statement"),
        ({"statement": replace(WORLD.statement, prev=bytes(32))}, "receipt-statement"),
        ({"statement": replace(WORLD.statement, type="withdrawal.requested")}, "receipt-statement"),
        ({"issued_at": WORLD.statement.at - 1}, "receipt-statement"),
        ({"host": "a b"}, "qr-host"),
        ({"host": "x/y"}, "qr-host"),
    ],
)
def test_what_is_no_receipt_is_not_written(change: dict[str, Any], code: str) -> None:
    with pytest.raises(UsageFault) as caught:
        encode(**change)
    assert caught.value.code == code


def test_the_longest_is_within_bounds() -> None:
    statement = replace(WORLD.statement, profile="X" * 30 + "/1", at=2**53 - 1)
    text = encode(statement, registry=Party("数" * 100, REGISTRY["code"]), host="h" * 255)
    assert len(text) < 1500
    assert decode_receipt_qr(text).core.statement() == statement


@settings(max_examples=30, deadline=None)
@given(
    st.binary(min_size=32, max_size=32),
    st.integers(0, 2**53 - 1),
    st.binary(min_size=64, max_size=64),
    st.binary(min_size=32, max_size=32),
)
def test_every_statement_has_one_receipt(subject: bytes, at: int, pair: bytes, credential: bytes) -> None:
    commitment = DigestPair(pair[:32], pair[32:])
    statement = granted_statement(subject=subject, profile="DEMO/1", at=at, commitment=commitment)
    code = decode_receipt_qr(with_credential(encode(statement), credential))
    assert (code.core.statement(), code.credential) == (statement, credential)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(CORE) - 1), st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"))
def test_any_other_character_breaks_form_or_signature(at: int, letter: str) -> None:
    changed = CORE[:at] + letter + CORE[at + 1 :]
    if changed == CORE:
        return
    try:
        read = decode_receipt_core(from_base32(changed))
    except DataFault:
        return
    genuine = decode_receipt_qr(QR).core
    verified = read.kid == genuine.kid and ISSUER.public_key.verify(read.signed, read.signature)
    assert not verified

"""Statements: the format spelled out, strict reading, commitments."""

import dataclasses
import hashlib
import hmac
import json
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from yinzheng.verifier.bytes.algorithms import DigestPair, digest_pair
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.log import statement as module
from yinzheng.verifier.log.statement import STATEMENT_TYPES, Body, Statement

BODY = b'{"number":"SJ4412026110001"}'
KEY = b"k" * 32
DEPOSIT = module.deposit_statement(
    number="SJ4412026110001", profile="GD-HEALTH/1", registered_at=1_795_000_000, body=BODY, prev=b"p" * 32
)

HASHES = st.binary(min_size=32, max_size=32)
STATEMENTS = st.builds(
    Statement,
    type=st.sampled_from(list(STATEMENT_TYPES)),
    profile=st.sampled_from(["GD-HEALTH/1", "NDA-2026/12", "DEMO/1"]),
    subject=HASHES,
    at=st.integers(0, 2**53 - 1),
    commitment=st.builds(DigestPair, HASHES, HASHES),
    prev=st.none() | HASHES,
    by=st.sampled_from(module.CAPACITIES),
)


def test_layout() -> None:
    sha256 = hashlib.sha256(BODY).hexdigest()
    subject = hashlib.sha256(b"yinzheng/certificate/1:SJ4412026110001").hexdigest()

    assert DEPOSIT.canonical.decode() == (
        f'{{"at":1795000000,"by":"registry","commitment":{{"sha256":"{sha256}",'
        f'"sm3":"{digest_pair(BODY).sm3.hex()}"}},"prev":"{"70" * 32}","profile":"GD-HEALTH/1",'
        f'"subject":"{subject}","type":"certificate.deposited","v":1}}'
    )
    assert DEPOSIT.leaf_hash == hashlib.sha256(b"\0" + DEPOSIT.canonical).digest()


@given(STATEMENTS)
def test_round_trip(statement: Statement) -> None:
    assert Statement.from_bytes(statement.canonical) == statement
    assert Statement.from_json(statement.to_json()) == statement
    assert statement.canonical == rfc8785.dumps(statement.to_json())
    assert len(statement.canonical) <= module.MAX_STATEMENT_BYTES


def test_types_of_the_specification() -> None:
    public = {name for name, kind in STATEMENT_TYPES.items() if kind is Body.PUBLIC}

    assert public == {
        "publicity.opened",
        "certificate.deposited",
        "licence.given",
        "licence.ended",
        "right.transferred",
        "certificate.changed",
        "certificate.renewed",
        "certificate.cancelled",
        "organisation.enrolled",
        "organisation.key-rotated",
        "organisation.key-revoked",
        "notice.published",
        "erasure.tombstone",
        "accesses.noted",
        "chain.found",
        "remark.entered",
        "remark.lifted",
        "certificate.lapsed",
        "reservation.made",
        "reservation.released",
    }
    assert len(STATEMENT_TYPES) == 59
    assert DEPOSIT.body_kind is Body.PUBLIC


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("v", 2),
        ("v", True),
        ("type", "certificate.revoked"),
        ("profile", "gd-health/1"),
        ("profile", "GD-HEALTH"),
        ("profile", "GD-HEALTH/0"),
        ("profile", "A" * 31 + "/1"),
        ("subject", "00"),
        ("subject", None),
        ("at", -1),
        ("at", True),
        ("at", "1"),
        ("commitment", None),
        ("commitment", {"sm3": "00" * 32}),
        ("prev", ""),
        ("prev", "AA" * 32),
        ("by", "clerk"),
        ("by", None),
    ],
)
def test_refuses_a_wrong_field(name: str, value: Any) -> None:
    with pytest.raises(DataFault) as caught:
        Statement.from_json(DEPOSIT.to_json() | {name: value})
    assert caught.value.code.startswith("field-")
    assert caught.value.data["path"].startswith(f"$.{name}")


@pytest.mark.parametrize("name", DEPOSIT.to_json())
def test_refuses_a_missing_field(name: str) -> None:
    value = DEPOSIT.to_json()
    del value[name]
    with pytest.raises(DataFault) as caught:
        Statement.from_json(value)
    assert caught.value.data["path"] == f"$.{name}"


def test_refuses_an_unknown_field() -> None:
    with pytest.raises(DataFault):
        Statement.from_json(DEPOSIT.to_json() | {"who": "a name"})


def test_refuses_other_spellings() -> None:
    for data in (json.dumps(DEPOSIT.to_json()).encode(), DEPOSIT.canonical + b"\n", bytes(4097)):
        with pytest.raises(DataFault) as caught:
            Statement.from_bytes(data)
        assert caught.value.code.startswith("json-")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("type", "certificate.revoked"),
        ("profile", 'GD-HEALTH/1"'),
        ("subject", b"short"),
        ("at", 2**53),
        ("commitment", DigestPair(b"short", bytes(32))),
        ("commitment", DigestPair(bytes(32), bytes(33))),
        ("prev", b""),
        ("by", "clerk"),
    ],
)
def test_cannot_be_built_wrong(name: str, value: Any) -> None:
    with pytest.raises(DataFault) as caught:
        dataclasses.replace(DEPOSIT, **{name: value})
    assert caught.value.code.startswith("field-")
    assert caught.value.data["path"].startswith(f"$.{name}")


class TestCommitments:
    RECEIVED = Statement(
        type="application.received",
        profile="GD-HEALTH/1",
        subject=bytes(32),
        at=1,
        commitment=module.commit_private(KEY, BODY),
        prev=None,
        by="applicant",
    )

    def test_public_and_private_bodies(self) -> None:
        module.verify_body(DEPOSIT, BODY)
        module.verify_body(self.RECEIVED, BODY, KEY)
        assert self.RECEIVED.commitment.sha256 == hmac.digest(KEY, BODY, "sha256")

    def test_another_body_or_key_is_refused(self) -> None:
        for arguments in (
            (DEPOSIT, BODY + b" "),
            (self.RECEIVED, b"", KEY),
            (self.RECEIVED, BODY, bytes(32)),
        ):
            with pytest.raises(DataFault) as caught:
                module.verify_body(*arguments)
            assert caught.value.code == "commitment"

    def test_a_key_belongs_to_private_bodies_alone(self) -> None:
        with pytest.raises(UsageFault):
            module.verify_body(DEPOSIT, BODY, KEY)
        with pytest.raises(UsageFault):
            module.verify_body(self.RECEIVED, BODY)

    def test_keys_have_32_bytes(self) -> None:
        with pytest.raises(UsageFault):
            module.commit_private(KEY[:-1], BODY)


def test_profile_on_chain() -> None:
    assert module.profile_bytes("GD-HEALTH/1") == b"GD-HEALTH/1" + bytes(21)
    with pytest.raises(DataFault):
        module.profile_bytes("印证/1")


def test_subjects_come_from_ascii_numbers() -> None:
    with pytest.raises(DataFault):
        module.certificate_subject("SJ44１")

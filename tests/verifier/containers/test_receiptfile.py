"""The receipt file: written strictly, read strictly."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.verifier.bodies import LAB
from tests.verifier.receipt_world import CREDENTIAL, SECRET, ReceiptWorld, genuine_receipt, presented
from tests.verifier.world import NOW, World, genuine_file, trust
from yinzheng.verifier import DataFault, UsageFault
from yinzheng.verifier.bytes.cose import to_base32
from yinzheng.verifier.containers.receiptfile import (
    MAX_RECEIPT,
    ReceiptFile,
    format_receipt_file,
    is_receipt_file,
    parse_receipt_file,
)
from yinzheng.verifier.containers.target import Presented, read_target
from yinzheng.verifier.formats.notice import parse_notice
from yinzheng.verifier.formats.receipt import without_credential
from yinzheng.verifier.judge.certificate.verify import verify


def written(world: ReceiptWorld, **changes: Any) -> ReceiptFile:
    return parse_receipt_file(
        format_receipt_file(
            world.qr,
            SECRET,
            world.body,
            parse_notice(world.notice),
            world.statement,
            world.proof,
            **{"events": world.events, "last": world.last, "chain": world.chain(), **changes},
        )
    )


def test_what_is_written_is_read() -> None:
    world = ReceiptWorld()
    world.withdraw({}, recipients=[LAB])
    file = written(world)
    assert (file.body, file.statement) == (world.body, world.statement)
    assert file.notice == parse_notice(world.notice)
    assert file.events == tuple(world.events)
    assert file.chain is not None
    assert file.last == world.last
    assert written(world, events=(), last=None, chain=None).chain is None
    assert "张三" not in repr(file)
    assert file.events[0].secret.hex() not in repr(file)
    assert (file.secret, SECRET.hex() in repr(file)) == (SECRET, False)


def test_the_credential_is_neither_written_nor_taken() -> None:
    """A file is handed to courts: it proves, and nobody can act with it."""
    world = ReceiptWorld()
    patients, proof_copy = world.qr, without_credential(world.qr)
    for given in (patients, proof_copy):
        data = format_receipt_file(
            given, SECRET, world.body, parse_notice(world.notice), world.statement, world.proof
        )
        assert parse_receipt_file(data).qr == without_credential(given)
        assert to_base32(CREDENTIAL).encode() not in data
    for carried in (patients, patients.lower(), f" {patients}\n"):
        file = json.dumps(genuine_receipt() | {"qr": carried}).encode()
        with pytest.raises(DataFault) as caught:
            parse_receipt_file(file)
        assert caught.value.code == "receipt-credential"


def test_what_could_not_be_read_is_not_written() -> None:
    with pytest.raises(DataFault):
        written(ReceiptWorld(), chain={"headers": []})


@pytest.mark.parametrize("name", sorted(genuine_receipt()))
@pytest.mark.parametrize("value", [1, "", [1], {}, "x" * 5000])
def test_every_part_is_read_strictly(name: str, value: Any) -> None:
    file = genuine_receipt() | {name: value}
    with pytest.raises(DataFault):
        parse_receipt_file(json.dumps(file).encode())
    del file[name]
    with pytest.raises(DataFault) as caught:
        parse_receipt_file(json.dumps(file).encode())
    assert caught.value.code == "field-missing"


def test_events_are_read_strictly() -> None:
    world = ReceiptWorld()
    world.withdraw({})
    file = world.file()
    event = file["events"][0]
    other = {**event, "statement": {**event["statement"], "type": "erasure.tombstone"}}
    for bad, code in (
        ({**event, "secret": "00"}, "field-value"),
        ({**event, "body": []}, "field-type"),
        ({**event, "more": 1}, "field-unknown"),
        (other, "event-type"),
    ):
        with pytest.raises(DataFault) as caught:
            parse_receipt_file(json.dumps({**file, "events": [bad]}).encode())
        assert caught.value.code == code


def test_a_file_has_a_size() -> None:
    data = b" " * (MAX_RECEIPT + 1)
    with pytest.raises(DataFault) as caught:
        parse_receipt_file(data)
    assert caught.value.code == "json-too-large"
    assert not is_receipt_file(data)


def test_a_receipt_is_told_from_a_certificate() -> None:
    world = ReceiptWorld()
    assert presented(genuine_receipt()).is_receipt
    assert read_target(world.qr).is_receipt
    assert read_target(world.qr.lower().encode()).is_receipt
    assert not read_target(json.dumps(genuine_file())).is_receipt
    assert not read_target(World().qr).is_receipt
    assert not read_target("{broken").is_receipt
    assert not Presented("number", number="SJ4412026110001").is_receipt
    assert not is_receipt_file(b"[1]")


def test_a_receipt_is_never_called_a_forged_certificate() -> None:

    for given in (presented(genuine_receipt()), read_target(ReceiptWorld().qr)):
        with pytest.raises(UsageFault) as caught:
            verify(given, trust(), now=NOW)
        assert caught.value.code == "receipt-presented"

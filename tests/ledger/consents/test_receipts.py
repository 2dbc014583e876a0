"""Receipts made from the store prove themselves under the registry's own policy."""

from __future__ import annotations

import pytest

from tests.ledger.consent_world import HOSPITAL, ConsentWorld
from yinzheng.ledger.consents.granting import grant
from yinzheng.ledger.consents.receipts import make_receipt
from yinzheng.ledger.reading import Reader
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.state.policy import trust_policy
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.containers.scan import find_qr
from yinzheng.verifier.containers.target import read_target
from yinzheng.verifier.errors import EnvironmentFault
from yinzheng.verifier.judge.receipt.exhibits import ReceiptReader
from yinzheng.verifier.judge.receipt.report import ReceiptReport
from yinzheng.verifier.judge.receipt.verify import verify_receipt
from yinzheng.verifier.judge.trust import parse_trust


def checked(registry: Registry, data: bytes | str, live: ReceiptReader | None = None) -> ReceiptReport:
    trust = parse_trust(canonical.dumps(trust_policy(registry.instance)))
    return verify_receipt(read_target(data), trust, now=registry.clock(), live=live)


def test_a_receipt_proves_itself_in_every_form(clinic: ConsentWorld) -> None:
    granted = clinic.grant()
    receipt = make_receipt(clinic.registry, granted.subject)
    for data in (receipt.file, receipt.pdf()):
        report = checked(clinic.registry, data)
        assert report.in_force, [f for f in report.findings if f.code != "ok"]
        assert report.consent is not None
        assert report.consent.person.name == "测试甲1"
    assert find_qr(receipt.png()) == receipt.qr
    assert receipt.svg().startswith("<svg")
    assert checked(clinic.registry, receipt.qr).finding(2).code == "ok"
    assert receipt.qr not in repr(receipt)


def test_one_that_waits_in_the_pool_has_none_yet(clinic: ConsentWorld) -> None:
    (granted,) = grant(clinic.registry, [clinic.body()], HOSPITAL)
    with pytest.raises(EnvironmentFault) as caught:
        make_receipt(clinic.registry, granted.subject)
    assert caught.value.code == "receipt-not-anchored"


def test_the_code_alone_is_proved_genuine_by_the_ledger(clinic: ConsentWorld) -> None:
    granted, registry = clinic.grant(), clinic.registry
    receipt = make_receipt(registry, granted.subject)
    reader = Reader(registry.paths, registry.instance, registry.store, registry.w3)
    report = checked(registry, receipt.qr, reader)
    assert (report.authentic, report.status_code) == ("genuine", "term-private")
    assert checked(registry, receipt.file, reader).in_force
    assert reader.statement_proof(bytes(32)) is None

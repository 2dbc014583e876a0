"""What leaves the sealed thread of a withdrawal says nothing about anyone (R48, R49)."""

from __future__ import annotations

import base64
import logging
from dataclasses import replace

import pytest
from sqlmodel import select

from tests.ledger.withdrawals.clinic import HOSPITAL, INSURER, LAB, Clinic
from tests.ledger.world import OFFICER
from yinzheng.ledger.consents.reading import open_consent
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.rules.extent import Way
from yinzheng.ledger.store.models import ChainCall, Event
from yinzheng.ledger.store.models_consents import Delivery
from yinzheng.ledger.withdrawals.claims import DocumentClaim, ReceiptClaim
from yinzheng.verifier.bytes.cose import to_base32
from yinzheng.verifier.errors import YinzhengError


def needles(clinic: Clinic, subject: bytes) -> list[bytes]:
    """What identifies the person or opens a commitment, in every form in which it might leak."""
    claim = clinic.claim(subject)
    words = ["测试甲1", "P-0000001", claim.born]
    with clinic.registry.store.reading() as session:
        opens = open_consent(clinic.registry, session, subject).secret
    assert claim.code.credential is not None
    return [word.encode() for word in words] + [
        form
        for secret in (opens, claim.code.credential)
        for form in (secret, secret.hex().encode(), to_base32(secret).encode(), base64.b64encode(secret))
    ]


def test_no_delivery_call_statement_or_log_names_anyone(
    clinic: Clinic, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    subject = clinic.grant()
    clinic.complete(clinic.file(subject))
    settle(clinic.registry)
    with clinic.registry.store.reading() as session:
        left = [row.body for row in session.exec(select(Delivery))]
        left += [
            row.name.encode() + row.data + (row.raw_tx or b"") for row in session.exec(select(ChainCall))
        ]
        left += [row.statement for row in session.exec(select(Event))]
    left += [path.read_bytes() for path in clinic.world.paths.log.rglob("*") if path.is_file()]
    left.append(caplog.text.encode())
    for needle in needles(clinic, subject):
        assert not any(needle in one for one in left), needle


def test_the_chain_names_no_organisation(clinic: Clinic) -> None:
    """Recipients are salted anew for each withdrawal, so nothing there joins two of them (R49)."""
    first, second = (clinic.file(clinic.grant(settle=False)) for _ in range(2))
    settle(clinic.registry)
    names = [row.name for id_ in (first, second) for row in clinic.recipients(id_).values() if row.name]
    assert len(set(names)) == len(names) == 4
    with clinic.registry.store.reading() as session:
        calls = b"".join(row.data for row in session.exec(select(ChainCall)) if row.kind == "withdrawal")
    for code in (HOSPITAL, LAB, INSURER):
        assert code.encode() not in calls
    for name in names:
        assert calls.count(name) == 1


def test_errors_and_values_show_no_secret(clinic: Clinic) -> None:
    subject = clinic.grant()
    claim = clinic.claim(subject)
    shown = [repr(claim)]
    credential = claim.code.credential
    assert credential is not None
    stranger = replace(claim.code, credential=bytes(32))
    for wrong in (ReceiptClaim(stranger, claim.born), ReceiptClaim(claim.code, "1999-01-01")):
        with pytest.raises(YinzhengError) as caught:
            clinic.file(subject, claim=wrong)
        shown.append(f"{caught.value!r} {caught.value} {caught.value.hint} {caught.value.data}")
    with pytest.raises(YinzhengError) as caught:
        document = DocumentClaim("selfie")
        clinic.file(subject, channel=Way.COUNTER, claim=document, actor=OFFICER)
    shown.append(f"{caught.value} {caught.value.data}")
    for needle in (claim.born, credential.hex(), to_base32(credential), repr(credential), "测试甲"):
        assert not any(needle in one for one in shown)

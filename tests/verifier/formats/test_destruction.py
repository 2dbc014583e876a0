"""The destruction receipt: bound to one withdrawal, one request, one organisation and one key."""

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verifier import withdrawals
from tests.verifier.bodies import HOSPITAL, KEY, LAB, NEXT, NOW
from tests.verifier.formats.test_bodies import PHOTO, code_of
from yinzheng.verifier.bytes.algorithms import Sm2PublicKey
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats import destruction
from yinzheng.verifier.formats.certificate import key_id
from yinzheng.verifier.formats.destruction import Awaited, parse_receipt, sign_receipt, verify_receipt


class Keyring:
    def __init__(self, org: str, key: Sm2PublicKey) -> None:
        self.org, self.key = org, key
        self.asked_at: int | None = None

    def find(self, org: str, key: bytes, at: int) -> Sm2PublicKey | None:
        self.asked_at = at
        return self.key if org == self.org else None


AWAITED = Awaited(bytes.fromhex(withdrawals.ID), bytes.fromhex(withdrawals.REQUEST), LAB, NOW + 60)
RING = Keyring(LAB, NEXT.public_key)


def refusal(signed: destruction.SignedReceipt, awaited: Awaited = AWAITED, ring: Keyring = RING) -> str:
    with pytest.raises(DataFault) as caught:
        verify_receipt(signed, awaited, ring)
    return caught.value.code


class TestDestructionReceipt:
    def test_round_trip(self) -> None:
        signed = withdrawals.signed()
        assert parse_receipt(signed.canonical()) == signed
        ring = Keyring(LAB, NEXT.public_key)
        assert verify_receipt(signed, AWAITED, ring) == withdrawals.receipt()
        assert ring.asked_at == AWAITED.now, "the key must hold by the reader's clock"

    def test_what_is_signed(self) -> None:
        signed = withdrawals.signed()
        message = (
            b"yinzheng/destruction-receipt/1\n"
            + signed.canonical().partition(b'"receipt":')[2].rpartition(b',"signature"')[0]
        )
        assert NEXT.public_key.verify(message, signed.signature)

    @pytest.mark.parametrize(
        ("awaited", "code"),
        [
            ({"withdrawal": bytes(32)}, "receipt-withdrawal"),
            ({"request": bytes(32)}, "receipt-bytes"),
            ({"recipient": HOSPITAL}, "receipt-recipient"),
            ({"now": NOW - 301}, "receipt-time"),
        ],
    )
    def test_another_than_awaited(self, awaited: dict[str, Any], code: str) -> None:
        assert refusal(withdrawals.signed(), dataclasses.replace(AWAITED, **awaited)) == code

    def test_a_fast_clock_is_forgiven(self) -> None:
        verify_receipt(withdrawals.signed(), dataclasses.replace(AWAITED, now=NOW - 300), RING)

    def test_keys(self) -> None:
        assert refusal(withdrawals.signed(), ring=Keyring(HOSPITAL, NEXT.public_key)) == "receipt-key-unknown"
        assert refusal(withdrawals.signed(), ring=Keyring(LAB, KEY.public_key)) == "receipt-signature"
        named = withdrawals.receipt(kid=key_id(KEY.public_key.point))
        other = destruction.SignedReceipt(named, NEXT.sign(named.message()))
        assert refusal(other) == "receipt-signature", "the receipt names another key"
        with pytest.raises(UsageFault) as caught:
            sign_receipt(withdrawals.receipt(), KEY)
        assert caught.value.code == "receipt-key"

    @pytest.mark.parametrize(
        "change",
        [
            {"method": "physical"},
            {"copies": 4},
            {"operator": "数据管理员 08"},
            {"evidence": None},
            {"destroyed_at": NOW - 1},
        ],
    )
    def test_a_changed_field_is_not_signed(self, change: dict[str, Any]) -> None:
        forged = destruction.SignedReceipt(withdrawals.receipt(**change), withdrawals.signed().signature)
        assert refusal(forged) == "receipt-signature"
        resigned = sign_receipt(withdrawals.receipt(**change), NEXT)
        assert verify_receipt(resigned, AWAITED, RING) == withdrawals.receipt(**change)

    def test_signed_for_another_withdrawal_and_renamed(self) -> None:
        other = sign_receipt(withdrawals.receipt(withdrawal=bytes(32)), NEXT)
        assert refusal(destruction.SignedReceipt(withdrawals.receipt(), other.signature)) == (
            "receipt-signature"
        )

    @pytest.mark.parametrize(
        "change",
        [
            {"copies": -1},
            {"method": "burnt"},
            {"recipient": "91350100M000100Y4Z"},
            {"kid": bytes(7)},
            {"operator": PHOTO},
            {"withdrawal": bytes(31)},
        ],
    )
    def test_fields_out_of_range(self, change: dict[str, Any]) -> None:
        with pytest.raises(DataFault):
            withdrawals.receipt(**change)

    @given(st.data())
    def test_any_byte_tampered_with(self, data: st.DataObject) -> None:
        raw = withdrawals.signed().canonical()
        at = data.draw(st.integers(0, len(raw) - 1))
        other = data.draw(st.integers(0, 255).filter(lambda byte: byte != raw[at]))
        with pytest.raises(DataFault):
            verify_receipt(parse_receipt(raw[:at] + bytes([other]) + raw[at + 1 :]), AWAITED, RING)

    def test_one_form(self) -> None:
        raw = withdrawals.signed().canonical()
        assert code_of(parse_receipt, raw.replace(b",", b", ")) == "json-not-canonical"  # type: ignore[arg-type]  # bytes
        assert code_of(parse_receipt, b" " * 5000) == "json-too-large"  # type: ignore[arg-type]  # bytes

    def test_the_largest_fits(self) -> None:
        large = sign_receipt(
            withdrawals.receipt(
                operator="\U0002070e" * 100, copies=destruction.MAX_COPIES, destroyed_at=2**53 - 1
            ),
            NEXT,
        )
        assert len(large.canonical()) < destruction.MAX_RECEIPT
        assert large.signed_by(NEXT.public_key)
        assert not large.signed_by(KEY.public_key)
        assert key_id(NEXT.public_key.point) == large.receipt.kid

"""Cosignatures: those of foreign witnesses hold, and nothing else does (S4.6)."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ledger.witnesses.witness import cosign
from yinzheng.verifier.bytes.algorithms import Ed25519PrivateKey
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.log.cosignature import CosignerKey, cosignatures, parse_cosigner
from yinzheng.verifier.log.note import NoteKey, open_checkpoint, parse_vkey, split_note

VECTORS: Final = Path(__file__).parents[2] / "vectors" / "cosignature" / "foreign.json"
TEXT: Final = "log.example\n1\nAAAA\n"
PRIVATE: Final = Ed25519PrivateKey(bytes([5]) * 32)
KEY: Final = CosignerKey("w.example/1", PRIVATE.public_key)


def foreign() -> dict[str, Any]:
    value: dict[str, Any] = json.loads(VECTORS.read_text())
    return value


@pytest.mark.parametrize("one", foreign()["witnesses"], ids=lambda one: one["by"])
def test_cosignatures_of_others_hold(one: dict[str, Any]) -> None:
    found = foreign()
    keys = [parse_vkey(vkey) for vkey in found["log_keys"]]
    note, key = found["note"] + one["answer"], parse_cosigner(one["vkey"])
    assert key.vkey == one["vkey"]
    assert open_checkpoint(note, keys[0].name, keys).size == 5
    ((cosigner, at),) = cosignatures(note, [key]).items()
    assert cosigner == key
    assert at > 1_790_000_000
    other = found["note"].replace("\n5\n", "\n6\n") + one["answer"]
    with pytest.raises(DataFault) as caught:
        cosignatures(other, [key])
    assert (caught.value.code, caught.value.data["key"]) == ("cosignature-wrong", one["vkey"])


@given(
    st.integers(0, 2**63 - 1), st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=30)
)
def test_what_is_cosigned_is_read_back(at: int, text: str) -> None:
    note = f"{text}\n\n{cosign('w.example/1', PRIVATE, text + chr(10), at)}"
    assert cosignatures(note, [KEY]) == {KEY: at}
    assert parse_cosigner(KEY.vkey) == KEY


def test_the_latest_of_several_counts_and_strangers_are_ignored() -> None:
    stranger = Ed25519PrivateKey(bytes([6]) * 32)
    lines = [cosign("w.example/1", PRIVATE, TEXT, at) for at in (3, 9, 5)]
    note = f"{TEXT}\n{''.join(lines)}{cosign('w.example/1', stranger, TEXT, 99)}"
    assert cosignatures(note, [KEY]) == {KEY: 9}
    assert cosignatures(note, []) == {}


@pytest.mark.parametrize("at", range(4, 76))
def test_each_byte_counts(at: int) -> None:
    line = cosign("w.example/1", PRIVATE, TEXT, 7)
    raw = bytearray(base64.b64decode(line.split(" ")[2]))
    raw[at] ^= 1
    with pytest.raises(DataFault) as caught:
        cosignatures(f"{TEXT}\n— w.example/1 {base64.b64encode(raw).decode()}\n", [KEY])
    assert caught.value.code == "cosignature-wrong"


def test_a_time_beyond_63_bits_and_another_length_are_wrong() -> None:
    text, lines = split_note(f"{TEXT}\n{cosign('w.example/1', PRIVATE, TEXT, 2**63)}")
    with pytest.raises(DataFault):
        KEY.time_of(text, lines[0])
    raw = base64.b64decode(cosign("w.example/1", PRIVATE, TEXT, 7).split(" ")[2]) + b"\0"
    with pytest.raises(DataFault):
        cosignatures(f"{TEXT}\n— w.example/1 {base64.b64encode(raw).decode()}\n", [KEY])


def test_only_keys_of_witnesses_are_taken() -> None:
    assert KEY.key_id != NoteKey(KEY.name, KEY.key).key_id
    for vkey, code in (
        (NoteKey(KEY.name, KEY.key).vkey, "cosigner-key"),
        (KEY.vkey.replace(KEY.key_id.hex(), "00000000"), "note-key"),
    ):
        with pytest.raises(DataFault) as caught:
            parse_cosigner(vkey)
        assert caught.value.code == code
    with pytest.raises(DataFault) as caught:
        CosignerKey("with space", KEY.key)
    assert caught.value.code == "note-key"

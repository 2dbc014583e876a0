"""The holder file: written as it is read, and refused where it is malformed (S21.2)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.verifier.holder_world import HolderWorld
from yinzheng.verifier.containers.holderfile import format_holder_file, parse_holder_file
from yinzheng.verifier.errors import DataFault


def test_it_is_written_as_it_is_read() -> None:
    world = HolderWorld()
    read = parse_holder_file(json.dumps(world.holder_file()).encode())
    chain: Any = world.account_evidence()
    written = format_holder_file(read.events, read.proof, chain)
    assert parse_holder_file(written) == read


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        ({"events": []}, "field-value"),
        ({"events": [{"statement": {}, "body": {}}]}, "field-missing"),
        ({"format": "yinzheng/holder/2"}, "field-value"),
        ({"proof": "x"}, "proof-malformed"),
        ({"more": 1}, "field-unknown"),
    ],
)
def test_what_is_malformed(edit: dict[str, Any], code: str) -> None:
    with pytest.raises(DataFault) as refused:
        parse_holder_file(json.dumps({**HolderWorld().holder_file(), **edit}).encode())
    assert refused.value.code == code


def test_a_body_is_an_object() -> None:
    file = HolderWorld().holder_file()
    file["events"][0]["body"] = []
    with pytest.raises(DataFault) as refused:
        parse_holder_file(json.dumps(file).encode())
    assert refused.value.code == "field-type"

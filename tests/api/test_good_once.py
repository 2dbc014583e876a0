"""A request that was prepared in one case is refused in another (ADR 59)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from yinzheng.api.org.good_once import SEEN, require_first
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.move_request import read_joint_request

VECTORS = Path(__file__).parents[1] / "vectors" / "spec" / "moves.json"
REQUESTS = [read_joint_request(one["file"]).request for one in json.loads(VECTORS.read_bytes())["requests"]]
FIRST, LATER = "A-2026-000001", "A-2026-000002"


def test_a_request_is_its_first_cases(tmp_path: Path) -> None:
    one, other = REQUESTS[:2]
    for _ in range(2):
        require_first(tmp_path, one, FIRST)
    require_first(tmp_path, other, LATER)
    with pytest.raises(DataFault) as again:
        require_first(tmp_path, one, LATER)
    assert again.value.code == "request-again"
    assert FIRST in again.value.message
    require_first(tmp_path, one, FIRST)
    assert len(list((tmp_path / SEEN).iterdir())) == 2


def test_what_was_kept_and_is_damaged_is_no_case(tmp_path: Path) -> None:
    require_first(tmp_path, REQUESTS[0], FIRST)
    (kept,) = (tmp_path / SEEN).iterdir()
    kept.write_bytes(b"\xff" * 100)
    with pytest.raises(DataFault) as damaged:
        require_first(tmp_path, REQUESTS[0], FIRST)
    assert damaged.value.code == "request-again"

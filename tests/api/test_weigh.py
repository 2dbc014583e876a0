"""A pack is verified in a process of its own, whatever it does to its reader."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.api.conftest import Serve
from tests.api.fake import FakeReader
from tests.verifier.pack.damaged import NO_PACKS
from tests.verifier.pack.pack_world import NOW, genuine_pack, pack_trust
from yinzheng.api.web.weigh import weigh
from yinzheng.verifier.bytes.algorithms import digest_pair
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.judge.pack.verify import verify_pack
from yinzheng.verifier.judge.trust import parse_trust
from yinzheng.verifier.words.court.blocks import paper_json
from yinzheng.verifier.words.court.content import court_report
from yinzheng.verifier.words.court.html import render_html


def policy() -> bytes:
    kept: list[dict[str, Any]] = []
    pack_trust(kept.append)
    return json.dumps(kept[0]).encode()


def test_it_says_what_the_command_line_says(tmp_path: Any) -> None:
    path = tmp_path / "case.zip"
    path.write_bytes(genuine_pack())
    with path.open("rb") as file:
        digest = digest_pair(genuine_pack())
        alone = verify_pack(file, parse_trust(policy()), now=NOW, render=render_html, digest=digest)
    assert asyncio.run(weigh(genuine_pack(), policy(), NOW)).paper == json.loads(
        json.dumps(paper_json(court_report(alone)))
    )


@pytest.mark.parametrize("name", ["a PDF", "compressed", "of another registry"])
def test_what_is_none_is_not_said_to_be_changed(name: str) -> None:
    paper = asyncio.run(weigh(NO_PACKS[name][0](), policy(), NOW)).paper
    assert paper["answer"] == "undetermined"
    assert paper["verdict"][1].startswith(("Not one of ours", "Not of a registry you pinned"))


@pytest.mark.parametrize("bounds", [{"seconds": 0.01}, {"memory": 4 * 1024 * 1024}])
def test_its_bounds(bounds: dict[str, Any]) -> None:
    with pytest.raises(DataFault) as caught:
        asyncio.run(weigh(genuine_pack(), policy(), NOW, **bounds))
    assert caught.value.code == "pack-too-hard"


def test_the_page(serve: Serve, tmp_path: Any) -> None:
    client = serve(FakeReader(tmp_path / "log"), now=NOW, trust=policy())
    got = client.post("/court?lang=en", files={"pack": ("case.zip", genuine_pack())})
    assert got.status_code == 200
    assert "under a policy that its operator chose" in got.text
    assert client.post("/court", files={"pack": ("case.zip", b"")}).status_code == 400
    assert client.post("/court", json={}).status_code == 415
    assert client.head("/court").status_code == 200

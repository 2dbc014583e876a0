"""The voucher of a licence on page and JSON: its code's own address, its file, what it may ask the ledger."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import Client, Serve
from tests.api.fake import FakeReader
from tests.verifier.licences import LICENCE, LICENSEE, end_json, licence_json
from tests.verifier.voucher_world import ASKED, VoucherLedger, VoucherWorld, trust
from tests.verifier.world import STRANGER, RecordState
from yinzheng.verifier.formats.licence import parse_licence
from yinzheng.verifier.formats.shortcode import ShortCode, decode_short, short_code


class VoucherReader(FakeReader):
    """A registry whose ledger knows one licence."""

    def __init__(self, root: Path, world: VoucherWorld, **known: Any) -> None:
        super().__init__(root, policy=trust())
        self.ledger = VoucherLedger(world, **known)
        self.questions = 0

    def live(self) -> Any:
        self.questions += 1
        return self.ledger


@pytest.fixture
def world() -> VoucherWorld:
    return VoucherWorld()


@pytest.fixture
def reader(tmp_path: Path, world: VoucherWorld) -> VoucherReader:
    return VoucherReader(tmp_path / "log", world)


@pytest.fixture
def client(serve: Serve, reader: VoucherReader) -> Client:
    return serve(reader, now=ASKED)


def heading(page: str) -> str:
    found = re.search(r"<h1[^>]*>(.*?)</h1>", page, re.S)
    assert found is not None
    return html.unescape(found[1])


def test_a_code_has_its_own_address(client: Client, world: VoucherWorld) -> None:
    path = "/L/" + world.qr.rsplit("/", 1)[1]
    for address in (path, path.lower().replace("/l/", "/l/")):
        page = client.get(address)
        assert page.status_code == 200
        assert heading(page.text).startswith("Genuine: the licence is in force")
        for word in (LICENCE, LICENSEE["name"], "Guangdong, Guangxi", "store, process, use", "not exclusive"):
            assert word in html.unescape(page.text)
    chinese = client.get(path, headers={"accept-language": "zh"}).text
    assert "许可有效" in heading(chinese)
    assert "广东、广西" in chinese


def test_its_short_code_has_an_address_too(
    client: Client, world: VoucherWorld, reader: VoucherReader
) -> None:
    qr = world.qr
    reader.ledger.vouchers = {LICENCE: qr}
    short = decode_short(short_code(qr)).path
    for address in (short, short.lower()):
        assert client.get(address).text == client.get("/L/" + qr.rsplit("/", 1)[1]).text
    another = client.get(ShortCode(LICENCE, bytes(16)).path)
    assert heading(another.text).startswith("Forged or altered: not the document that is registered")
    assert LICENSEE["name"] not in html.unescape(another.text)
    codes = [client.get(ShortCode(LICENCE, bytes(16)).path).status_code for _ in range(2)]
    assert codes == [200, 429], "five look-ups each, of ten"


def test_the_json_says_the_same(client: Client, world: VoucherWorld) -> None:
    answer = client.post("/v1/verify", json={"text": world.qr}).json()
    assert answer["verdict"] | {"zh": "", "en": ""} == {
        "tone": "good",
        "word": "genuine",
        "code": "in_force",
        "zh": "",
        "en": "",
        "exit_code": 0,
    }
    assert answer["voucher"]["number"] == LICENCE
    assert answer["voucher"]["certificate"]["status"] == "in_force"
    file = json.dumps(world.file()).encode()
    uploaded = client.post("/v1/verify", files={"file": ("licence.json", file)}).json()
    assert uploaded["verdict"]["code"] == "in_force"
    page = client.post("/verify", files={"file": ("licence.json", file)}).text
    assert heading(page) == uploaded["verdict"]["en"]
    submitted = client.post("/verify", data={"text": world.qr}).text
    assert "/L/" in submitted  # the other language has the code's own address


def test_what_stands_against_it_is_said(serve: Serve, tmp_path: Path) -> None:
    recorded = licence_json(profile="NDA-2026/1", registration=False)
    record = RecordState(VoucherWorld().certificate_leaf(), remarks=2, holds=1)
    held = VoucherWorld(licence=parse_licence(recorded), record=record)
    client = serve(VoucherReader(tmp_path, held), now=ASKED)
    page = html.unescape(client.get("/L/" + held.qr.rsplit("/", 1)[1]).text)
    for words in ("none of the registration types", "judicial seizure", "held by a dispute", "mind what"):
        assert words in page
    ended = VoucherWorld()
    from tests.verifier.judge.test_verify_voucher import ended_world

    ended = ended_world(end_json())
    file = json.dumps(ended.file()).encode()
    gone = serve(VoucherReader(tmp_path, ended), now=ASKED)
    page = html.unescape(gone.post("/verify", files={"file": ("licence.json", file)}).text)
    assert "Ended 11" not in heading(page)
    assert "ended by both parties" in page


def test_a_difference_is_marked(client: Client) -> None:
    other = VoucherWorld(shown_licence=parse_licence(licence_json(purposes="另一目的")))
    page = client.post("/verify", files={"file": ("x.json", json.dumps(other.file()).encode())}).text
    assert "verdict bad" in page
    assert "<s>另一目的</s>" in page
    assert "Voucher shown" in page


def test_a_number_is_not_looked_up_by_writing_a_voucher(client: Client, reader: VoucherReader) -> None:
    """R50: of what nobody pinned has signed, the ledger is not asked."""
    forged = VoucherWorld(signer=STRANGER)
    answer = client.post("/v1/verify", json={"text": forged.qr}).json()
    assert reader.questions == 0
    assert answer["verdict"]["word"] == "undetermined"
    page = client.get("/L/" + forged.qr.rsplit("/", 1)[1])
    assert (page.status_code, reader.questions) == (200, 0)


def test_a_silent_ledger_is_no_forgery(serve: Serve, tmp_path: Path, world: VoucherWorld) -> None:
    client = serve(VoucherReader(tmp_path, world, unreachable=("storage", "log")), now=ASKED)
    page = client.get("/L/" + world.qr.rsplit("/", 1)[1]).text
    assert "verdict unknown" in page
    assert heading(page) == "Cannot be determined"

"""One answer for all who ask the same in a moment; and none that is older than its moment (issue 11).

Each of these shows a code, lets something happen, and shows it again: what was in force then is told as it
stands now.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.api.conftest import Client
from tests.api.fake import FakeReader
from tests.verifier import world as synthetic
from tests.verifier.world import NOW, VALID_UNTIL
from yinzheng.api.web import app as web_app
from yinzheng.api.web.app import create_app
from yinzheng.api.web.checking import Checker
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey
from yinzheng.verifier.formats.certificate import encode_qr


@dataclass
class Site:
    """A server whose ledger, clock and moment a test moves."""

    reader: FakeReader
    now: int = NOW

    def __post_init__(self) -> None:
        self.reader.at, made = 1, []

        class Seen(Checker):
            """Tells the test what it keeps."""

            def __init__(self, *arguments: Any) -> None:
                super().__init__(*arguments)
                made.append(self._kept)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(web_app, "Checker", Seen)
            app = create_app(self.reader, clock=lambda: self.now, monotonic=lambda: 0.0)
        self.client = Client(app)
        (self.kept,) = made
        self.qr = self.reader.world.qr  # signed once: a signature is drawn anew each time

    def status(self) -> tuple[str, str]:
        answer = self.client.post("/v1/verify", json={"text": self.qr}).json()
        return answer["verdict"]["word"], answer["verdict"]["code"]

    def page(self, language: str = "en") -> str:
        path = "/V/" + self.qr.partition("/V/")[2]
        return self.client.get(path, headers={"accept-language": language}).text

    def happens(self, **record: Any) -> None:
        """A block with another record: the moment is another."""
        self.reader.record_state = replace(self.reader.world.state_record, **record)
        assert self.reader.at is not None
        self.reader.at += 1


@pytest.fixture
def site(reader: FakeReader) -> Site:
    return Site(reader)


def test_many_who_ask_in_one_moment_are_answered_once(site: Site) -> None:
    first = site.page()
    asked = len(site.reader.asked)
    assert asked
    assert site.page() == first
    assert len(site.reader.asked) == asked
    assert site.page("zh") != first
    assert site.status() == ("genuine", "in_force")
    told = len(site.reader.asked)
    answers = site.client.together("POST", "/v1/verify", [{"json": {"text": site.qr}}] * 8)
    assert len({one.content for one in answers}) == 1
    assert len(site.reader.asked) == told


CANCELLED, SUPERSEDED, LAPSED = 3, 2, 4


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ({"status": CANCELLED, "changed_at": synthetic.BLOCK_TIME}, "cancelled"),
        ({"status": SUPERSEDED, "changed_at": synthetic.BLOCK_TIME}, "superseded"),
        ({"status": LAPSED, "changed_at": synthetic.BLOCK_TIME}, "lapsed"),
        ({"holds": 1, "changed_at": synthetic.BLOCK_TIME}, "held"),
        ({"reserved_until": NOW + 60, "changed_at": synthetic.BLOCK_TIME}, "reserved"),
    ],
)
def test_what_a_block_changed_is_told_within_the_same_second(
    site: Site, record: dict[str, Any], code: str
) -> None:
    assert site.status() == ("genuine", "in_force")
    before = site.page()
    site.happens(**record)
    assert site.status() == ("genuine", code)
    assert site.page() != before


def test_a_reservation_ends_to_the_second(site: Site) -> None:
    site.happens(reserved_until=NOW + 1)
    assert site.status() == ("genuine", "reserved")
    site.now += 1
    assert site.status() == ("genuine", "in_force")


def test_a_term_ends_to_the_second(reader: FakeReader) -> None:
    reader.world = synthetic.World(block_time=VALID_UNTIL)
    site = Site(reader, now=VALID_UNTIL)
    assert site.status() == ("genuine", "in_force")
    site.now += 1
    assert site.status() == ("genuine", "expired")


def test_an_answer_grows_too_old(site: Site) -> None:
    assert site.status() == ("genuine", "in_force")
    site.now = synthetic.BLOCK_TIME + site.reader.policy.max_age
    assert site.status() == ("genuine", "in_force")
    site.now += 1
    assert site.status()[1] != "in_force"


def test_a_compromised_key_condemns_what_was_genuine(site: Site) -> None:
    assert site.status() == ("genuine", "in_force")

    def compromised(policy: dict[str, Any]) -> None:
        policy["issuers"][0]["compromised_at"] = 1_700_000_000

    site.reader.policy = synthetic.trust(compromised)
    assert site.reader.at is not None
    site.reader.at += 1  # the registry's own policy lies in its database
    assert site.status()[0] == "forged"


def test_nothing_is_kept_while_the_ledger_cannot_be_asked(site: Site) -> None:
    assert site.status() == ("genuine", "in_force")
    site.reader.down = True
    assert site.status() == ("undetermined", "undetermined")
    site.reader.down = False
    assert site.status() == ("genuine", "in_force")


def test_another_code_of_the_number_is_another_question(site: Site) -> None:
    assert site.status() == ("genuine", "in_force")
    forged = encode_qr(site.reader.world.body, synthetic.ISSUER, "yz.example.org")[:-12] + "000000000000"
    other = encode_qr(site.reader.world.body, Sm2PrivateKey(9), "yz.example.org")
    words = [
        site.client.post("/v1/verify", json={"text": text}).json()["verdict"]["word"]
        for text in (forged, other, site.qr)
    ]
    assert words[0] != "genuine"
    assert words[1] == "undetermined"  # it names this registry, under a key that the policy lacks (ADR 77)
    assert words[2] == "genuine"


def test_a_flood_of_codes_takes_no_more_room_than_is_granted(site: Site) -> None:
    kept = site.kept
    for at in range(kept._most + 20):
        text = f"HTTPS://A/V/{'A' * (at + 2)}"
        assert site.client.post("/v1/verify", json={"text": text}, host=f"198.51.100.{at % 50}").is_success
        assert len(kept) <= kept._most
    assert site.status() == ("genuine", "in_force")


@pytest.mark.parametrize("show", ["file", "receipt"])
def test_files_and_receipts_are_not_kept(site: Site, show: str) -> None:
    if show == "file":
        data = json.dumps(site.reader.world.file()).encode()
        answer = site.client.post("/v1/verify", files={"file": ("a.json", data)})
        assert answer.json()["verdict"]["word"] == "genuine"
    else:
        site.client.post("/v1/verify", json={"text": "HTTPS://A/C#AAAA.AAAA"})
    assert len(site.kept) == 0


def test_headers_are_each_answers_own(site: Site) -> None:
    path = "/V/" + site.qr.partition("/V/")[2]
    headers = [site.client.get(path).headers.multi_items() for _ in range(3)]
    assert headers[0] == headers[1] == headers[2]

"""`yinzheng org watch`: an organisation hears of a certificate's events, and knows when it does not."""

from __future__ import annotations

import json
import secrets
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import Said, refused, run
from tests.cli.test_lying_desk import NOW, policy
from tests.desk.calls import DeskProcess, running_desk
from tests.desk.watched import make, office, shown
from tests.ledger.disputes.court import Template
from tests.ledger.withdrawals.test_deliveries import Server, serving
from tests.ledger.world import OFFICER, actor_of
from tests.verifier.bodies import LAB
from tests.verifier.formats.test_webhook import EVENTS
from tests.verifier.world import ISSUER, STRANGER
from yinzheng.api.org.letters import Letterbox, expect
from yinzheng.api.org.listening import Blocks
from yinzheng.ledger.keys.keystore import Keystore
from yinzheng.ledger.organisations import enrolment
from yinzheng.ledger.state.instance import read_instance
from yinzheng.ledger.state.policy import trust_policy
from yinzheng.ledger.store.models_consents import Delivery
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.organisation import parse_enrolment
from yinzheng.verifier.formats.watched import WatchedEvent
from yinzheng.verifier.formats.webhook import Webhook, sign_webhook

BANK = "11440100MB2DEMC02X"
SECRETS = {"YINZHENG_ORG_PASSPHRASE": "a passphrase of an organisation"}


@dataclass
class Bank:
    """A bank that watches what was pledged to it."""

    org: Path
    made: Template
    state: Path

    def says(self, *args: object, desk: DeskProcess | None = None) -> Said:
        where = () if desk is None else ("--desk", desk.url)
        return run("org", "watch", *args, "--org", self.org, *where, "--json", env=SECRETS)

    def certificate(self) -> str:
        have = shown(self.made)
        return f"{have['number']}:{have['leaf']}"

    def hears(self, said: Said) -> list[Any]:
        assert said.code == 0, said
        return [json.loads(line) for line in said.out.splitlines()]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return make(tmp_path_factory.mktemp("watched"))


@pytest.fixture
def bank(made: Template, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bank:
    monkeypatch.setattr(Keystore, "create", partial(Keystore.create, scrypt_n=2))
    state, org = tmp_path / "state", tmp_path / "org"
    shutil.copytree(made.world.root, state)
    new = ("key", "new", "--code", BANK, "--name", "某银行（虚构）", "--role", "recipient")
    assert run("org", *new, "--out", org, env=SECRETS).code == 0
    with office(made, state) as court:
        body = parse_enrolment(canonical.loads((org / "enrolment.json").read_bytes(), max_bytes=65536))
        enrolment.enrol(court.registry, body, actor_of(court.registry, OFFICER))
    (org / "registry.json").write_bytes(canonical.dumps(trust_policy(read_instance(state)[1])))
    return Bank(org, made, state)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as made:
        yield made


def types(events: list[Any]) -> list[str]:
    return [event["statement"]["type"] for event in events]


def until(condition: Any) -> None:
    end = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < end, "it does not come"
        time.sleep(0.05)


def test_an_organisation_watches(bank: Bank, server: Server, tmp_path: Path) -> None:
    with running_desk(bank.state) as desk:
        added = bank.says("add", bank.certificate(), "--webhook", server.url, desk=desk).json
        assert bank.says("list", desk=desk).json == [added]
        heard: list[Said] = []
        ear = threading.Thread(target=lambda: heard.append(bank.says("listen", "--count", 2, desk=desk)))
        ear.start()
        until((bank.org / "heard.json").exists)  # where it goes on is known before anything happens
        server.mood = 500
        with office(bank.made, bank.state) as court:
            court.settle_dispute(court.open())
        ear.join(30)
        assert types(bank.hears(heard[0])) == ["dispute.opened", "dispute.released"]
        until(lambda: server.got)
        file = tmp_path / "events.ndjson"
        assert bank.says("export", "--out", file, desk=desk).code == 0
        verified = run("events", "verify", file, "--trust", bank.org / "registry.json", "--json")
        assert (verified.code, verified.json["proved"]) == (0, 3), verified
        letter = json.loads(server.got[0][1])["id"]
        with office(bank.made, bank.state) as court, court.registry.store.transaction() as session:
            session.get_one(Delivery, bytes.fromhex(letter)).state = "dead"
        server.mood = 204
        assert [one["letter"] for one in bank.says("dead", desk=desk).json] == [letter]
        assert bank.says("resend", "--all", desk=desk).json == [letter]
        until(lambda: len(server.got) == 2)
        assert bank.says("dead", desk=desk).json == []
        assert bank.says("remove", added["subscription"], desk=desk).code == 0
        assert bank.says("list", desk=desk).json == []


def test_what_happens_before_anybody_listens_is_heard(bank: Bank) -> None:
    place = bank.org / "heard.json"
    with running_desk(bank.state) as desk:
        assert bank.says("listen", "--after", 10**14, desk=desk).error["code"] == "events-ahead"
        assert not place.exists(), "a place that is none would be gone on from, and nothing heard"
        assert bank.says("add", bank.certificate(), desk=desk).code == 0
        with office(bank.made, bank.state) as court:
            court.settle_dispute(court.open())
        heard = bank.hears(bank.says("listen", "--count", 2, desk=desk))
        assert types(heard) == ["dispute.opened", "dispute.released"]
        kept = place.read_bytes()
        assert bank.says("add", bank.certificate(), desk=desk).code == 0
        assert place.read_bytes() == kept


# ---------------------------------------------------------------- without a desk


def letter(folder: Path, begin: int, end: int, key: Sm2PrivateKey = ISSUER) -> Path:
    """A letter with an event at its begin, as files."""
    event = EVENTS[0] | {"number": begin}
    data: dict[str, Any] = {"subscription": "ab" * 16, "begin": begin, "end": end, "events": [event]}
    made = Webhook(secrets.token_bytes(16), "certificate.events", LAB, NOW, data)
    body, header = sign_webhook(made, key)
    file = folder / f"{begin}-{secrets.token_hex(4)}.json"
    file.write_bytes(body)
    file.with_suffix(".signature").write_text(header + "\n")
    return file


def test_letters_are_read_once_and_gaps_are_told(tmp_path: Path) -> None:
    (tmp_path / "trust.json").write_bytes(policy())
    new = ("key", "new", "--code", LAB, "--name", "某实验室", "--role", "recipient")
    org = tmp_path / "org"
    made = run("org", *new, "--registry", tmp_path / "trust.json", "--out", org, env=SECRETS)
    assert made.code == 0, made

    def numbers(*files: Path, code: str = "") -> list[int]:
        said = run("org", "watch", "read", *files, "--org", org, "--json")
        assert (said.error["code"] if said.code else "") == code
        return [json.loads(line)["number"] for line in said.out.splitlines()]

    first, second, third = (letter(tmp_path, n, n + 5) for n in (10, 15, 20))
    assert numbers(first) == [10]
    assert numbers(third, code="letters-missing") == [20]
    assert numbers(second, first, third) == [15]
    assert numbers(letter(tmp_path, 25, 30, STRANGER), code="issuer-unknown") == []
    third.write_bytes(third.read_bytes().replace(b'"block":', b'"block":1'))
    assert numbers(third, code="webhook-signature") == []
    (org / "letters.json").unlink()
    expect(
        org, "ab" * 16, 5
    )  # a first letter that was sent again comes behind the second, and is no repetition
    assert numbers(first, code="letters-missing") == [10]
    assert numbers(letter(tmp_path, 5, 10)) == [5]
    expect(org, "ab" * 16, 5)
    assert numbers(first) == []


def test_a_letter_counts_as_read_once_its_events_were_handed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is killed in between is told once more, and misses nothing."""
    monkeypatch.setattr(Keystore, "create", partial(Keystore.create, scrypt_n=2))
    (tmp_path / "trust.json").write_bytes(policy())
    new = ("key", "new", "--code", LAB, "--name", "某实验室", "--role", "recipient")
    org = tmp_path / "org"
    assert run("org", *new, "--registry", tmp_path / "trust.json", "--out", org, env=SECRETS).code == 0
    file = letter(tmp_path, 10, 15)
    body, header = file.read_bytes(), file.with_suffix(".signature").read_text()
    heard: list[int] = []

    def killed(_event: WatchedEvent) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Letterbox.open(org, NOW).take(body, header, killed)
    for _ in range(2):
        Letterbox.open(org, NOW).take(body, header, lambda event: heard.append(event.number))
    assert heard == [10]


def test_which_letters_must_be_said(bank: Bank) -> None:
    refused("org", "watch", "resend", "--org", bank.org, code="usage-letters", exit_code=2, env=SECRETS)


def test_what_shows_no_certificate(bank: Bank) -> None:
    assert bank.says("add", "SJ4412026110001").error["code"] == "certificate-not-shown"
    assert bank.says("add", "nothing.pdf").error["code"] == "target-missing"


@pytest.mark.parametrize("cut", [1, 3, 1000])
def test_a_stream_in_pieces(cut: int) -> None:
    stream = b"retry: 1000\nid: 4\n\n:\n\nid: 7\ndata: {}\n\n: x\n\ndata:1\n\nid: 9\ndata: half"
    blocks = Blocks()
    found: list[Any] = []
    for at in range(0, len(stream), cut):
        found += blocks.feed(stream[at : at + cut])
    assert found == [(4, None), (7, b"{}"), (None, b"1")]


@pytest.mark.parametrize("stream", [b"id: x\n\n", b"id: 1234567890123456\n\n", b"a" * 70_000])
def test_what_is_no_stream(stream: bytes) -> None:
    with pytest.raises(DataFault) as caught:
        list(Blocks().feed(stream))
    assert caught.value.code == "stream-malformed"

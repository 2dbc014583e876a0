"""A desk tells of a certificate's events: over the stream, to a webhook, across its own end (S22)."""

from __future__ import annotations

import http.client
import json
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlmodel import select

from tests.desk.calls import DeskProcess, running_desk, signed
from tests.desk.watched import make, office, shown
from tests.ledger.disputes.court import OPENER, Template
from tests.ledger.withdrawals.test_deliveries import Server, serving
from yinzheng.ledger.store.models_consents import Delivery
from yinzheng.verifier.formats.request import HEADER
from yinzheng.verifier.formats.webhook import parse_webhook

LIVE = "/org/v1/events/live"
SUBSCRIPTIONS = "/org/v1/subscriptions"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """A registry of this hour with a deposited certificate; nobody writes to it."""
    return make(tmp_path_factory.mktemp("watched"))


@pytest.fixture
def state(made: Template, tmp_path: Path) -> Path:
    shutil.copytree(made.world.root, tmp_path / "state")
    return tmp_path / "state"


class Line:
    """A stream as a client reads it."""

    def __init__(self, desk: DeskProcess, after: int | None = None, path: str = LIVE) -> None:
        parts = urlsplit(desk.url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
        headers = {HEADER: signed(desk, "GET", path, b"", org=OPENER)}
        if after is not None:
            headers["Last-Event-ID"] = str(after)
        self._connection.request("GET", path, headers=headers)
        self.answer = self._connection.getresponse()

    def heard(self) -> tuple[int, Any]:
        """The next event's id and data; data is None of the beginning."""
        block: dict[str, str] = {}
        while True:
            line = self.answer.readline().decode().rstrip("\n")
            assert line or block, "the stream has ended"
            if line:
                name, _, value = line.partition(":")
                block[name] = value.removeprefix(" ")
            elif "id" in block:
                return int(block["id"]), json.loads(block["data"]) if "data" in block else None
            else:
                block = {}

    def close(self) -> None:
        self.answer.close()
        self._connection.close()


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as made:
        yield made


def until(condition: Any) -> None:
    end = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < end, "it does not come"
        time.sleep(0.02)


def types(server: Server) -> list[str]:
    """Of all events in all letters that came, repetitions among them."""
    letters: list[Any] = [parse_webhook(body).data for _, body, _ in server.got]
    return [event["statement"]["type"] for data in letters for event in data["events"]]


def test_what_happens_is_heard_and_resumed(made: Template, state: Path, server: Server) -> None:
    with running_desk(state, end=signal.SIGKILL) as desk:
        body = {"certificates": [shown(made)], "webhook": server.url}
        seen = desk.call("POST", SUBSCRIPTIONS, body, org=OPENER)
        assert seen.status == 201, seen.body
        line = Line(desk)
        start, nothing = line.heard()
        assert (start, nothing) == (seen.json["begin"] - 1, None)
        with office(made, state) as court:
            id_ = court.open()
        number, event = line.heard()
        assert (event["number"], event["certificates"]) == (number, [made.number])
        assert event["statement"]["type"] == "dispute.opened"
        until(lambda: server.got)
        letter = parse_webhook(server.got[0][1])
        assert letter.data["events"] == [event]
        assert desk.call("GET", SUBSCRIPTIONS, org=OPENER).json["subscriptions"][0]["begin"] > number
    with office(made, state) as court:  # the desk was killed, perhaps before it noted that the letter came
        court.settle_dispute(id_)
        with court.registry.store.transaction() as session:
            for row in session.exec(select(Delivery).where(Delivery.state == "pending")):
                row.next_at = court.now  # or it would be sent again in a minute
                session.add(row)
    with running_desk(state) as desk:
        line = Line(desk, after=number)
        assert line.heard() == (number, None)
        later, event = line.heard()
        assert event["statement"]["type"] == "dispute.released"
        until(lambda: "dispute.released" in types(server))
        asked = Line(desk, path=f"{LIVE}?after={number}")
        assert [asked.heard(), asked.heard()] == [(number, None), (later, event)]
        ended = time.monotonic()
    assert time.monotonic() - ended < 9, "a stream keeps nobody from ending: it is not waited for"
    assert types(server)[-1] == "dispute.released"
    assert set(types(server)[:-1]) == {"dispute.opened"}


def test_places_and_refusals(made: Template, state: Path) -> None:
    with running_desk(state, "--deliver-within", "10.2.0.0/16") as desk:
        lines = [Line(desk) for _ in range(4)]
        full = Line(desk)
        assert (full.answer.status, json.loads(full.answer.read())["code"]) == (429, "streams-many")
        lines[0].close()
        until(lambda: Line(desk).answer.status == 200)

        have = shown(made)

        def code(body: Any) -> tuple[int, str]:
            got = desk.call("POST", SUBSCRIPTIONS, body, org=OPENER)
            return got.status, got.code if got.status >= 400 else ""

        def watching(webhook: str | None, **changes: str) -> dict[str, Any]:
            return {"certificates": [have | changes], "webhook": webhook}

        assert code(watching("https://10.3.0.9/")) == (400, "webhook-private")
        assert code(watching("https://10.2.0.9/")) == (201, "")
        assert code(watching("http://10.2.0.9/")) == (400, "webhook-address")
        assert code(watching(None, leaf="0" * 64)) == (404, "certificate-unknown")
        assert code(watching(None, number="SJ44")) == (422, "number-malformed")
        assert code({"certificates": [], "webhook": None}) == (422, "field-value")
        got = desk.call("GET", f"{LIVE}?after=x", org=OPENER)
        assert (got.status, got.code) == (400, "query")
        begin = desk.call("GET", SUBSCRIPTIONS, org=OPENER).json["subscriptions"][0]["begin"]
        for invented in (begin + 1, 10**14):  # whoever was let in behind these would never hear anything
            refused = Line(desk, after=invented)
            assert refused.answer.status == 400
            assert json.loads(refused.answer.read())["code"] == "events-ahead"
        (one,) = desk.call("GET", SUBSCRIPTIONS, org=OPENER).json["subscriptions"]
        ended = desk.call("DELETE", f"{SUBSCRIPTIONS}/{one['subscription']}", org=OPENER)
        assert (ended.status, desk.call("GET", SUBSCRIPTIONS, org=OPENER).json["subscriptions"]) == (204, [])

"""Signed notices to real servers that take, fail, hang, redirect and recover; or fetched (S11.4)."""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.ledger.withdrawals.clinic import HOSPITAL, HOUR, INSURER, LAB, Clinic
from tests.ledger.world import OFFICER, actor_of
from yinzheng.ledger.keys.provider import ISSUER
from yinzheng.ledger.notify import deliveries
from yinzheng.ledger.notify.deliveries import LONGEST_WAIT, backoff
from yinzheng.ledger.notify.sending import Courier, is_public
from yinzheng.ledger.organisations.enrolment import change_webhook
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store.models_consents import Delivery
from yinzheng.verifier.errors import EnvironmentFault, UsageFault
from yinzheng.verifier.formats.webhook import HEADER, Webhook, verify_webhook


def deliver(registry: Registry, send: deliveries.Send, now: int) -> tuple[int, int]:
    """One whole round; how many were delivered, and how many were not."""
    results = deliveries.send_all(deliveries.claim(registry, now), send)
    if results:
        deliveries.note(registry, results, registry.clock())
    failed = sum(fault is not None for _, fault in results)
    return len(results) - failed, failed


@dataclass
class Server:
    """What an organisation runs. `mood`: a status, or `hang`, `drip`, `chatter`."""

    url: str
    mood: int | str = 204
    got: list[tuple[str, bytes, str]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as made:
        yield made


@contextmanager
def serving() -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.got.append((self.path, body, self.headers[HEADER]))
            if made.mood == "hang":
                made.over.wait(10)
                return
            if made.mood == "drip":
                while not made.over.wait(0.02):
                    try:
                        self.wfile.write(b"H")
                    except OSError:
                        return
                return
            self.send_response(200 if made.mood == "chatter" else int(made.mood))
            if made.mood == 302:
                self.send_header("Location", "/elsewhere")
            self.end_headers()
            if made.mood == "chatter":
                try:
                    for _ in range(1000):
                        self.wfile.write(bytes(65536))
                except OSError:
                    return

        def log_message(self, *_: object) -> None:
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listening.daemon_threads = True
    made = Server(f"http://127.0.0.1:{listening.server_port}/notices?of=us")
    thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield made
    finally:
        made.over.set()
        listening.shutdown()
        listening.server_close()
        thread.join()


def send(server: Server, seconds: float = 5) -> None:
    Courier(loopback=True, seconds=seconds)(server.url, b"{}", "a header")


def fault(server: Server, seconds: float = 5) -> str:
    with pytest.raises(EnvironmentFault) as caught:
        send(server, seconds)
    return caught.value.code


# ---------------------------------------------------------------- one notice


def test_a_notice_arrives_as_it_was_signed(clinic: Clinic, server: Server) -> None:
    change_webhook(clinic.registry, HOSPITAL, server.url, actor_of(clinic.registry, OFFICER))
    id_ = clinic.file(clinic.grant())
    now = clinic.registry.clock()
    assert deliver(clinic.registry, Courier(loopback=True), now) == (2, 0)
    ((path, body, header),) = [one for one in server.got if b"withdrawal.freeze" in one[1]]
    issuer = clinic.registry.keys.sm2(ISSUER).public_key
    notice = verify_webhook(body, header, issuer, to=HOSPITAL, now=now)
    assert path == "/notices?of=us"
    assert (notice.kind, notice.data["withdrawal"]) == ("withdrawal.freeze", id_.hex())
    assert notice.data["deadline"] == clinic.row(id_).received_at + 72 * HOUR
    assert deliver(clinic.registry, Courier(loopback=True), now) == (0, 0)
    with clinic.registry.store.reading() as session:
        row = session.get_one(Delivery, notice.id)
    assert (row.state, row.attempts, row.delivered_at, row.last_error) == ("delivered", 1, now, None)


@pytest.mark.parametrize(
    ("mood", "code"),
    [(500, "webhook-status"), (404, "webhook-status"), (302, "webhook-redirect"), (307, "webhook-redirect")],
)
def test_an_answer_that_is_no_yes(server: Server, mood: int, code: str) -> None:
    server.mood = mood
    assert fault(server) == code
    assert len(server.got) == 1  # nobody followed


@pytest.mark.parametrize("mood", ["hang", "drip"])
def test_a_server_that_takes_its_time(server: Server, mood: str) -> None:
    server.mood = mood
    assert fault(server, 0.3) == "webhook-timeout"


def test_an_endless_answer_is_not_read(server: Server) -> None:
    server.mood = "chatter"
    send(server)


def test_nobody_there() -> None:
    with serving() as gone:
        pass
    assert fault(gone) == "webhook-unreachable"


def test_a_name_that_leads_home_is_not_followed(server: Server) -> None:
    port = server.url.split(":")[2].split("/")[0]
    courier = Courier(seconds=5, resolve=lambda _host, _port: ["127.0.0.1"])
    with pytest.raises(EnvironmentFault) as caught:
        courier(f"https://hospital.example:{port}/", b"{}", "h")
    assert caught.value.code == "webhook-private"
    assert server.got == []


# ---------------------------------------------------------------- where a notice must not go


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:10.0.0.1",
        "2002:0a00:0001::1", "64:ff9b::a00:1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "fec0::1",
    ],
)  # fmt: skip
def test_addresses_within_are_refused(address: str) -> None:
    courier = Courier(resolve=lambda _host, _port: ["93.184.216.34", address])
    with pytest.raises(EnvironmentFault) as caught:
        courier("https://hospital.example/", b"{}", "h")
    assert caught.value.code == "webhook-private"


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822"])
def test_public_addresses_pass(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    ("url", "loopback", "code"),
    [
        ("http://127.0.0.1:1/", False, "webhook-address"),
        ("http://hospital.example/", True, "webhook-address"),
        ("ftp://hospital.example/", True, "webhook-address"),
        ("https://user@hospital.example/", True, "webhook-address"),
        ("https://hospital.example/#a", True, "webhook-address"),
    ],
)
def test_addresses_of_another_kind(url: str, loopback: bool, code: str) -> None:
    with pytest.raises(EnvironmentFault) as caught:
        Courier(loopback=loopback, resolve=lambda _host, _port: ["93.184.216.34"])(url, b"{}", "h")
    assert caught.value.code == code


@pytest.mark.parametrize("found", [[], ["no address"]])
def test_a_name_without_address(found: list[str]) -> None:
    with pytest.raises(EnvironmentFault) as caught:
        Courier(resolve=lambda _host, _port: found)("https://hospital.example/", b"{}", "h")
    assert caught.value.code == "webhook-private"


def test_localhost_that_is_elsewhere(server: Server) -> None:
    port = server.url.split(":")[2].split("/")[0]
    courier = Courier(loopback=True, resolve=lambda _host, _port: ["93.184.216.34"])
    with pytest.raises(EnvironmentFault) as caught:
        courier(f"http://localhost:{port}/", b"{}", "h")
    assert caught.value.code == "webhook-private"


# ---------------------------------------------------------------- the queue


def test_what_failed_is_tried_again_later_and_then_arrives(clinic: Clinic, server: Server) -> None:
    change_webhook(clinic.registry, HOSPITAL, server.url, actor_of(clinic.registry, OFFICER))
    clinic.file(clinic.grant())
    server.mood = 503
    now, courier = clinic.registry.clock(), Courier(loopback=True)
    assert deliver(clinic.registry, courier, now) == (0, 2)
    assert deliver(clinic.registry, courier, now + 59) == (0, 0)
    assert deliver(clinic.registry, courier, now + 60) == (0, 2)
    assert deliver(clinic.registry, courier, now + 60 + 119) == (0, 0)
    server.mood = 200
    assert deliver(clinic.registry, courier, now + 60 + 120) == (2, 0)
    assert len({body for _, body, _ in server.got}) == 2  # the same notices each time


def test_waits_grow_to_six_hours() -> None:
    waits = [backoff(attempt) for attempt in range(1, 40)]
    assert waits[:4] == [60, 120, 240, 480]
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_WAIT == 6 * HOUR


def test_one_that_fails_is_asked_once_a_round_and_holds_up_nobody(clinic: Clinic, server: Server) -> None:
    with serving() as other:
        other.mood = 500
        change_webhook(clinic.registry, HOSPITAL, other.url, actor_of(clinic.registry, OFFICER))
        change_webhook(clinic.registry, LAB, server.url, actor_of(clinic.registry, OFFICER))
        for _ in range(2):
            clinic.file(clinic.grant(settle=False))
        done = deliver(clinic.registry, Courier(loopback=True), clinic.registry.clock())
        assert (done, len(other.got), len(server.got)) == ((2, 4), 1, 2)


def test_many_addresses_of_one_organisation_hold_up_nobody() -> None:
    """Whoever watches names an address for each subscription; each that hangs takes all the patience."""
    asked: list[str] = []

    def hanging(url: str, body: bytes, header: str) -> None:
        asked.append(url)
        if "hang" in url:
            raise EnvironmentFault("it took too long", code="webhook-timeout", hint="")

    def letter(number: int, to: str, url: str) -> deliveries.Outgoing:
        return deliveries.Outgoing(bytes([number]) * 16, to, url, b"", "", 1)

    many = [letter(n, LAB, f"https://hang{n}.example/") for n in range(32)]
    results = deliveries.send_all([*many, letter(99, HOSPITAL, "https://h.example/")], hanging)
    assert asked == [*(one.url for one in many[: deliveries.MOST_FAILING]), "https://h.example/"]
    assert results == [
        *((one.id, "webhook-timeout") for one in many[: deliveries.MOST_FAILING]),
        (bytes([99]) * 16, None),
    ]


def test_who_dies_between_claim_and_note_sends_again(clinic: Clinic, server: Server) -> None:
    change_webhook(clinic.registry, HOSPITAL, server.url, actor_of(clinic.registry, OFFICER))
    clinic.file(clinic.grant())
    now, courier = clinic.registry.clock(), Courier(loopback=True)
    first = deliveries.send_all(deliveries.claim(clinic.registry, now), courier)
    second = deliveries.send_all(deliveries.claim(clinic.registry, now + 60), courier)
    assert first == second
    deliveries.note(clinic.registry, second, now + 61)
    assert len(server.got) == 4
    assert deliveries.claim(clinic.registry, now + HOUR) == []


def test_what_is_not_delivered_may_be_fetched(clinic: Clinic) -> None:
    clinic.file(clinic.grant())
    (signed,) = deliveries.fetch(clinic.registry, LAB)
    issuer, now = clinic.registry.keys.sm2(ISSUER).public_key, clinic.registry.clock()
    notice: Webhook = verify_webhook(signed.body, signed.header, issuer, to=LAB, now=now)
    assert notice.data["duty"] == "destroy"
    assert deliveries.fetch(clinic.registry, LAB) == []
    assert [one.body for one in deliveries.refetch(clinic.registry, LAB, now)[0]] == [signed.body]
    (exempt,) = deliveries.fetch(clinic.registry, INSURER)
    assert b'"duty":"exempt"' in exempt.body
    with pytest.raises(UsageFault) as caught:
        deliveries.fetch(clinic.registry, "12440000MB2DEM001E")
    assert caught.value.code == "organisation-unknown"

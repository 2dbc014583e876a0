"""A desk under clients without manners: bodies nobody signed, uploads that stand still."""

from __future__ import annotations

import contextlib
import socket
import time
from typing import Any, cast

import pytest

from tests.api.flood import one_answer, status
from tests.desk.calls import DeskProcess, signed
from tests.desk.conftest import Founded
from tests.ledger.consent_world import HOSPITAL
from yinzheng.api.desk import uploads as uploading
from yinzheng.api.desk.uploads import Uploads
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.errors import EnvironmentFault, UsageFault
from yinzheng.verifier.formats.request import HEADER

PATH = "/org/v1/consents"


def head(desk: DeskProcess, token: str, length: int) -> socket.socket:
    """A request whose sender waits to be asked for the body."""
    made = socket.create_connection(("127.0.0.1", int(desk.url.rpartition(":")[2])), 10)
    made.sendall(
        f"POST {PATH} HTTP/1.1\r\nHost: a\r\n{HEADER}: {token}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {length}\r\nExpect: 100-continue\r\n\r\n".encode()
    )
    return made


def test_no_body_is_read_that_no_key_asked_for(desk: DeskProcess, founded: Founded) -> None:
    """The signature names the body's digest: it is checked, with every limit, before the first byte."""
    body = dumps(founded.consent(901))
    genuine = signed(desk, "POST", PATH, body)
    forged = genuine[:-4] + ("AAAA" if not genuine.endswith("AAAA") else "BBBB")
    for token, length, expected in ((forged, len(body), 401), (genuine, 9 << 20, 413)):
        with head(desk, token, length) as made:
            assert status(one_answer(made)) == expected
    with head(desk, genuine, len(body)) as made:
        assert status(made.recv(65536)) == 100
        made.sendall(body)
        assert status(one_answer(made)) == 201
    other = signed(desk, "POST", PATH, body)
    with head(desk, other, len(body)) as made:
        assert status(made.recv(65536)) == 100
        made.sendall(body[:-2] + b" }")
        answer = one_answer(made)
    assert status(answer) == 401
    assert b"request-mismatch" in answer


def test_bodies_that_stand_still_keep_no_one_out(desk: DeskProcess, founded: Founded) -> None:
    with contextlib.ExitStack() as held:
        for number in range(20):
            body = dumps(founded.consent(910 + number))
            made = held.enter_context(head(desk, signed(desk, "POST", PATH, body), len(body)))
            assert status(made.recv(65536)) == 100
            made.sendall(body[:-1])
        assert desk.call("POST", PATH, founded.consent(940)).status == 201
    assert desk.call("POST", PATH, founded.consent(941)).status == 201, "and none of it was recorded for them"


def test_a_stranger_keeps_nobody_from_deciding(desk: DeskProcess) -> None:
    """Decisions come unsigned by any organisation: each address has its own share of the memory."""
    port, share = int(desk.url.rpartition(":")[2]), 8 << 20
    with contextlib.ExitStack() as held:
        while share:
            count = min(250 << 10, share)
            made = socket.create_connection(("127.0.0.1", port), 10, source_address=("127.0.0.2", 0))
            held.enter_context(made)
            made.sendall(
                b"POST /people/v1/decisions HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % (count + 1)
            )
            made.sendall(b" " * count)
            share -= count
        time.sleep(0.5)  # until all of it has been read
        assert desk.send("POST", "/people/v1/decisions", b"{}" + b" " * 2000).code == "field-missing"


def test_one_organisation_never_has_all_places_for_uploads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploading, "AT_ONCE", 3)
    uploads = Uploads(cast(Any, None))
    with contextlib.ExitStack() as held:
        for _ in range(2):
            held.enter_context(uploads._place("E"))
        with pytest.raises(UsageFault) as own, uploads._place("E"):
            pass
        assert own.value.code == "rate-limited"
        held.enter_context(uploads._place(HOSPITAL))
        with pytest.raises(EnvironmentFault) as full, uploads._place(HOSPITAL):
            pass
        assert full.value.code == "server-busy"
    with uploads._place("E"):
        pass

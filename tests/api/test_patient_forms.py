"""Dates of birth as people write them; the desk's client against a server that misbehaves."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verifier.receipt_world import ReceiptWorld, json_bytes
from yinzheng.api.http.pages import FILE, make_word, read_word
from yinzheng.api.instants import birth_date
from yinzheng.api.web.desk import MAX_ANSWER, Bearer, HttpDesk
from yinzheng.api.web.patient_forms import PatientForm, read_patient_form
from yinzheng.ledger.state.instance import Paths
from yinzheng.verifier.containers.target import Presented
from yinzheng.verifier.errors import EnvironmentFault, UsageFault, YinzhengError
from yinzheng.verifier.formats.receipt import with_credential, without_credential
from yinzheng.verifier.formats.shortcode import short_code

BEARER = Bearer("HTTPS://A/C#B.C", "1980-02-29")


@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)))
def test_a_date_in_any_hand(day: date) -> None:
    wide = str.maketrans("0123456789", "０１２３４５６７８９")
    for written in (
        day.isoformat(),
        f"{day:%Y%m%d}",
        f"{day.year}/{day.month}/{day.day}",
        f"{day.year}年{day.month}月{day.day}日",
        f"{day:%Y %m %d}".translate(wide),
    ):
        assert birth_date(written) == day.isoformat()


@pytest.mark.parametrize(
    "written", ["", "1980", "1980-13-01", "19800230", "1980-2", "29.2.1980", "1" * 40, "二月"]
)
def test_what_is_no_date(written: str) -> None:
    with pytest.raises(UsageFault) as caught:
        birth_date(written)
    assert caught.value.code == "born-malformed"


@given(st.dictionaries(st.text(max_size=30), st.binary(max_size=200), max_size=20))
def test_any_form_is_read(fields: dict[str, bytes]) -> None:
    form = read_patient_form(fields)
    assert "receipt=" not in repr(form)


def test_the_code_of_an_upload_is_that_of_its_page() -> None:
    """What is attached to a receipt's PDF bears no credential: the page does, beside codes of others."""
    world, other = ReceiptWorld(), ReceiptWorld()
    own, file = world.qr, json_bytes(world.file())
    attached = json_bytes({**world.file(), "qr": without_credential(own)})
    form = PatientForm()
    shown = Presented("pdf", file=attached, shown=(other.qr, without_credential(own), own, "HTTPS://X/C#A.B"))
    assert form.with_file(shown).receipt == own
    assert form.with_file(Presented("image", qr=own)).receipt == own
    for presented in (
        Presented("json", file=file),
        Presented("pdf", file=attached, shown=(without_credential(own),)),
        Presented("pdf", file=attached, shown=(other.qr,)),
        Presented("pdf", file=attached, shown=None),
    ):
        with pytest.raises(UsageFault) as caught:
            form.with_file(presented)
        assert caught.value.code == "receipt-proof"


def test_a_short_code_is_taken_where_the_large_one_is_not_read() -> None:
    world = ReceiptWorld()
    own = world.qr
    copy = without_credential(own)
    attached = json_bytes({**world.file(), "qr": copy})
    short, replaced = short_code(own), short_code(with_credential(own, bytes(32)))
    elsewhere = short.replace("#M", "#N")

    def shown(*codes: str) -> str:
        return PatientForm().with_file(Presented("pdf", file=attached, shown=codes)).receipt

    assert shown(own, short) == own
    assert shown(short, elsewhere) == short
    assert PatientForm().with_file(Presented("image", qr=short)).receipt == short
    for codes in ((short_code(copy),), (copy, short_code(copy)), (elsewhere,), (own, replaced)):
        with pytest.raises(UsageFault) as caught:
            shown(*codes)
        assert caught.value.code == "receipt-proof"
    form = PatientForm(receipt=short, born="1980-2-29", who="patient")
    assert form.bearer().to_json() == {"receipt": short, "born": "1980-02-29"}
    with pytest.raises(UsageFault) as caught:
        replace(form, receipt=short_code(copy)).bearer()
    assert caught.value.code == "receipt-proof"


def test_a_bearer_is_in_no_log() -> None:
    assert repr(BEARER) == "Bearer(…)"


@contextmanager
def saying(answer: bytes) -> Iterator[str]:
    """A server that says the same whatever it is asked."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection, contextlib.suppress(ConnectionError):  # who has read enough hangs up
                connection.recv(65536)
                connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join(5)


def reply(status: int, body: bytes) -> bytes:
    return b"HTTP/1.1 %d X\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (status, len(body), body)


def problem(code: str, **more: int) -> bytes:
    left = "".join(f', "{name}": {value}' for name, value in more.items())
    return f'{{"code": "{code}", "detail": "said", "hint": "do"{left}}}'.encode()


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (reply(403, problem("receipt-replaced", replaced_at=2)), UsageFault, "receipt-replaced"),
        (reply(503, problem("state-locked")), EnvironmentFault, "desk-busy"),
        (reply(500, problem("internal")), EnvironmentFault, "desk-busy"),
        (reply(403, b"<html>"), EnvironmentFault, "desk-silent"),
        (reply(200, b"[]"), EnvironmentFault, "desk-silent"),
        (reply(200, b"{"), EnvironmentFault, "desk-silent"),
        (reply(200, b" " * (MAX_ANSWER + 1)), EnvironmentFault, "desk-silent"),
        (b"", EnvironmentFault, "desk-silent"),
        (b"nonsense\r\n\r\n", EnvironmentFault, "desk-silent"),
    ],
)
def test_answers_that_cannot_be_used(answer: bytes, kind: type[YinzhengError], code: str) -> None:
    with saying(answer) as url, pytest.raises(kind) as caught:
        HttpDesk(url, str, seconds=5).see(BEARER)
    assert caught.value.code == code
    if code == "receipt-replaced":
        assert caught.value.data["replaced_at"] == 2


def test_a_desk_that_says_nothing_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(EnvironmentFault) as caught:
            HttpDesk(url, str, seconds=0.2).see(BEARER)
    assert caught.value.code == "desk-silent"


CALLS: list[Callable[[HttpDesk], object]] = [
    lambda desk: desk.see(BEARER),
    lambda desk: desk.withdraw(BEARER, {"everything": True}, guardian=False),
    lambda desk: desk.receipt(BEARER, "pdf"),
    lambda desk: desk.conclusion(BEARER, "ab" * 32),
]


def test_where_no_desk_left_its_word_nothing_is_sent(tmp_path: Path) -> None:
    with saying(reply(200, b"{}")) as url:
        for content in (None, b"", b"short\n", b"\xff" * 64):
            if content is not None:
                (tmp_path / FILE).write_bytes(content)
            with pytest.raises(EnvironmentFault) as caught:
                HttpDesk(url, lambda: read_word(Paths(tmp_path)), seconds=5).see(BEARER)
            assert caught.value.code == "desk-away"
        (tmp_path / "new").mkdir()
        word = make_word(Paths(tmp_path / "new"))
        assert read_word(Paths(tmp_path / "new")) == make_word(Paths(tmp_path / "new")) == word


@pytest.mark.parametrize("call", CALLS)
def test_a_desk_that_is_away(call: Callable[[HttpDesk], object]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(EnvironmentFault) as caught:
        call(HttpDesk(url, str))
    assert caught.value.code == "desk-away"

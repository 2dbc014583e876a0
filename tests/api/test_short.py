"""A short code on pages and in JSON: as its large one for who has it, a look-up by number for who guesses."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api import samples
from tests.api.conftest import Client, Serve
from tests.api.fake import FakeReader
from tests.api.test_kept import Site
from tests.verifier.voucher_world import VoucherWorld
from tests.verifier.world import NUMBER
from yinzheng.verifier.formats.shortcode import ShortCode, decode_short, short_code

MISSING = "SJ4412026110002"


@pytest.fixture
def short(reader: FakeReader) -> str:
    reader.issued = reader.world.qr
    return short_code(reader.issued)


def invented(number: str = NUMBER) -> str:
    return "HTTPS://YZ.EXAMPLE.ORG" + ShortCode(number, bytes(16)).path


def told(client: Client, text: str, **options: Any) -> Any:
    return client.post("/v1/verify", json={"text": text}, **options).json()


def test_json_says_what_it_says_of_the_large_one(client: Client, reader: FakeReader, short: str) -> None:
    assert told(client, short) == told(client, reader.issued)
    assert told(client, short)["verdict"]["code"] == "in_force"
    picture = client.post("/v1/verify", files={"file": ("a.png", samples.picture(short))}).json()
    assert (picture["verdict"]["code"], picture["report"]["kind"]) == ("in_force", "image")


def test_its_page_is_that_of_the_large_one(client: Client, reader: FakeReader, short: str) -> None:
    path, large = short[short.index("/V/") :], "/V/" + reader.issued.partition("/V/")[2]
    for asked in (path, path.lower(), path.replace("/V/", "/v/")):
        page = client.get(asked)
        assert page.status_code == 200
        assert page.text == client.get(large).text
    assert f"{path}?lang=zh" in client.post("/verify", files={"text": (None, short)}).text


def test_one_of_another_is_forged_and_shows_nothing_of_the_registered_one(
    client: Client, reader: FakeReader, short: str
) -> None:
    page = client.get(ShortCode(NUMBER, bytes(16)).path)
    for answer in (page, client.post("/v1/verify", json={"text": invented()})):
        assert answer.status_code == 200
        assert "not the document that is registered under this number" in answer.text
        body = reader.world.body
        for secret in (body.asset, body.holders[0].name, body.holders[0].code, reader.issued):
            assert secret not in answer.text
    assert answer.json()["verdict"]["word"] == "forged"


def test_one_that_nobody_registered(client: Client) -> None:
    answer = told(client, invented(MISSING))
    assert answer["verdict"]["en"].startswith("Not registered")
    assert answer["verdict"]["word"] == "not_ours"
    page = client.get(ShortCode(MISSING, bytes(16)).path).text
    assert "nothing under the number that the code names" in page
    assert "certificate is for that registry to tell" in page
    assert "signed with a key" not in page


def test_who_has_it_is_never_counted_and_who_guesses_is(
    client: Client, short: str, reader: FakeReader
) -> None:
    for _ in range(30):
        assert told(client, short)["verdict"]["code"] == "in_force"
    path = ShortCode(MISSING, bytes(16)).path
    answers = [client.get(path).status_code for _ in range(4)]
    assert answers == [200, 200, 429, 429], "five look-ups each, of ten"
    refused = client.get(f"/V/{NUMBER}.{'A' * 26}")
    assert (refused.status_code, int(refused.headers["retry-after"]) >= 1) == (429, True)
    assert client.get(f"/v1/certificates/{NUMBER}").status_code == 429, "one account for all look-ups"
    assert told(client, reader.issued)["verdict"]["code"] == "in_force", "the large one is no look-up"
    assert told(client, short)["code"] == "rate-limited"
    assert told(client, short, host="203.0.113.8")["verdict"]["code"] == "in_force"


def test_a_guess_that_is_refused_tells_nothing(serve: Serve, short: str, reader: FakeReader) -> None:
    def after_guessing(text: str) -> Any:
        client = serve(reader)
        for _ in range(2):
            told(client, invented(MISSING))
        return told(client, text)

    assert after_guessing(invented()) == after_guessing(invented(MISSING))


def test_while_the_ledger_is_silent_nobody_guesses(client: Client, short: str, reader: FakeReader) -> None:
    reader.down = True
    for _ in range(12):
        assert told(client, short)["verdict"]["word"] == "undetermined"
    reader.down = False
    assert told(client, short)["verdict"]["code"] == "in_force"


def test_it_is_answered_once_in_a_moment_also_to_who_guesses(reader: FakeReader, short: str) -> None:
    site = Site(reader)
    path = short[short.index("/V/") :]
    first = site.client.get(path)
    asked = len(reader.asked)
    assert asked
    assert site.client.get(path).text == first.text
    assert len(reader.asked) == asked
    guess = ShortCode(NUMBER, bytes(16)).path
    codes = [site.client.get(guess).status_code for _ in range(3)]
    assert codes == [200, 200, 429], "each is counted, though found once"
    site.happens(status=3)
    assert "cancelled" in told(site.client, short, host="203.0.113.8")["verdict"]["code"]


def test_a_vouchers_page(client: Client, reader: FakeReader) -> None:
    """The ledger of these tests has no licence on its chain; that the voucher is found is what counts."""
    qr = VoucherWorld().qr
    short = decode_short(short_code(qr))
    assert "number-only" in client.post("/v1/verify", json={"text": short.path}).text
    assert [client.get(short.path).status_code for _ in range(2)] == [200, 429], "a look-up by number"
    reader.vouchers = {short.number: qr}
    page = client.get(short.path, host="203.0.113.8")
    assert page.status_code == 200


def test_what_is_no_short_code(client: Client, short: str) -> None:
    plain = short.replace("HTTPS", "HTTP")
    for text, code in ((short[:-1], "qr-bits"), (short + "A" * 8, "short-check"), (plain, "qr-scheme")):
        answer = told(client, text)
        assert answer["verdict"]["word"] == "not_ours"
        assert answer["report"]["obligations"][0]["code"] == code
    assert told(client, NUMBER)["code"] == "number-alone"

"""The pages for people: what each verdict looks like, in which language, with which headers."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from typing import Any

import pytest

from tests.api import samples
from tests.api.conftest import Client, Serve
from tests.api.fake import DEMO_NOTICE, FakeNotice, FakeReader, demo_world
from tests.ledger.rules.times import at
from tests.verifier import world as synthetic
from tests.verifier.world import NOW, NUMBER, VALID_UNTIL, RecordState, World
from yinzheng.api.http.headers import HEADERS, WITH_SCRIPT
from yinzheng.api.http.language import Language
from yinzheng.api.web.notice_view import left_words
from yinzheng.ledger.rules.calendar import WorkingCalendar, official_calendar
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.body import parse_body
from yinzheng.verifier.formats.certificate import encode_qr
from yinzheng.verifier.words.verdict import GENUINE

PAGES = ("/", "/verify", "/publicity")


def address(reader: FakeReader) -> str:
    return path_of(reader.world.qr)


def path_of(qr: str) -> str:
    return "/V/" + qr.split("/V/")[1]


def words(page: str) -> str:
    """A page's text, one space between words."""
    text = re.sub(r"<(style|svg)\b.*?</\1>", " ", page, flags=re.S)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def heading(page: str) -> str:
    match = re.search(r"<h1[^>]*>(.*?)</h1>", page, re.S)
    assert match is not None
    return html.unescape(re.sub("<[^>]+>", "", match[1]))


IN_FORCE = "Genuine and in force as of "


def state(reader: FakeReader, changes: dict[str, Any]) -> RecordState:
    return replace(reader.world.state_record, **changes)


# The certificate's own address


def test_genuine_and_in_force(client: Client, reader: FakeReader) -> None:
    page = client.get(address(reader))
    assert page.status_code == 200
    assert heading(page.text).startswith(IN_FORCE)
    text = words(page.text)
    assert f"Certificate {NUMBER}" in text
    assert "The ledger as of block 1000" in text
    assert "2 minutes ago" in text
    assert "Registered to 广州市示范医院" in text
    assert "owned by" not in text.lower()
    assert "presumptive evidence" in text
    assert "run by the registry itself" in text
    assert text.count(" valid ") >= 10
    assert "Certificate deposited: registered" in text
    assert "differs" not in text


@pytest.mark.parametrize("spell", [str.lower, str.upper, str.swapcase, lambda path: "/v/" + path[3:].title()])
def test_any_case_of_the_address(client: Client, reader: FakeReader, spell: object) -> None:
    assert callable(spell)
    page = client.get(spell(address(reader)))
    assert heading(page.text).startswith(IN_FORCE)


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"holds": 1}, "held"),
        ({"reserved_until": NOW + 60}, "reserved"),
        ({"status": 2}, "superseded"),
        ({"status": 3}, "cancelled"),
        ({"status": 4}, "lapsed"),
        ({"remarks": 2}, "attention"),
        ({"objections": 1}, "attention"),
    ],
)
def test_genuine_but(serve: Serve, reader: FakeReader, changes: dict[str, int], verdict: str) -> None:
    reader.record_state = state(reader, changes)
    page = serve(reader).get(address(reader)).text
    assert heading(page).startswith(GENUINE["certificate"]()[verdict].en)
    assert 'class="card verdict warn"' in page


def test_expired(serve: Serve, reader: FakeReader) -> None:
    world = World(block_time=VALID_UNTIL + 10)
    page = serve(replace(reader, world=world), now=VALID_UNTIL + 20).get(path_of(world.qr)).text
    assert heading(page).startswith("Genuine, but expired as of ")


def test_an_old_block_leaves_the_status_open(serve: Serve, reader: FakeReader) -> None:
    page = serve(reader, now=NOW + 10_000).get(address(reader)).text
    assert heading(page) == "Genuine, but status cannot be determined"
    assert 'class="card verdict unknown"' in page


def test_a_certificate_unlike_its_record(serve: Serve, reader: FakeReader) -> None:
    world = World(shown=parse_body(synthetic.body_json(asset="全国医疗数据", limits="")))
    page = serve(replace(reader, world=world)).get(path_of(world.qr)).text
    assert heading(page).startswith("Forged or altered: ")
    assert page.count('class="differs"') == 2
    text = words(page)
    assert "Record 2021至2025年糖尿病门诊随访数据集 Certificate shown 全国医疗数据" in text
    assert "The record prevails" in text
    assert '<h2 id="fields">The record</h2>' in page


def test_a_foreign_issuer(client: Client, reader: FakeReader) -> None:
    qr = encode_qr(reader.world.body, synthetic.STRANGER, "yz.example.org")
    page = client.get(path_of(qr)).text
    assert heading(page).startswith("Cannot be determined: names a registry you pinned")
    assert "issuer-key-unknown" in page
    other = parse_body(synthetic.body_json(registry={"name": "别的登记中心", "code": "91110000600037341L"}))
    page = client.get(path_of(encode_qr(other, synthetic.STRANGER, "yz.example.org"))).text
    assert heading(page) == "Not of a registry you pinned"


def test_a_certificate_the_chain_does_not_know(client: Client, reader: FakeReader) -> None:
    body = parse_body(synthetic.body_json(number="SJ4412026110002"))
    page = client.get(path_of(encode_qr(body, synthetic.ISSUER, "yz.example.org"))).text
    assert heading(page) == "Cannot be determined", "its block is within a day of the registration"
    assert "How it was registered" not in page


def test_a_silent_ledger_is_no_forgery(serve: Serve, reader: FakeReader) -> None:
    reader.down = True
    page = serve(reader).get(address(reader))
    assert page.status_code == 200
    assert heading(page.text) == "Cannot be determined"
    assert "neither that the certificate is genuine nor that it is forged" in page.text
    assert "/secret/" not in page.text


def test_history_that_cannot_be_read_leaves_the_verdict(
    serve: Serve, reader: FakeReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: FakeReader, number: str) -> None:
        self.down = True
        self._up()

    monkeypatch.setattr(FakeReader, "history", fail)
    page = serve(reader).get(address(reader)).text
    assert heading(page).startswith(IN_FORCE)


def test_markup_in_a_certificate_is_text(serve: Serve, reader: FakeReader) -> None:
    world = World(body=parse_body(synthetic.body_json(asset='<b id="x">粗体</b>', limits="{{ 7 * 7 }}")))
    page = serve(replace(reader, world=world)).get(path_of(world.qr)).text
    assert "&lt;b id=&#34;x&#34;&gt;" in page
    assert "{{ 7 * 7 }}" in page


# Demonstrations


def test_a_demonstration_says_so_everywhere(serve: Serve, reader: FakeReader) -> None:
    demo = replace(reader, world=demo_world(), published=(DEMO_NOTICE,))
    client = serve(demo)
    for path in (address(demo), "/publicity"):
        for language in ("zh", "en"):
            page = client.get(path, params={"lang": language}).text
            assert 'class="demo"' in page, path
            assert "演示" in page
            assert "DEMONSTRATION" in page
    assert 'class="demo"' not in client.get("/").text
    assert 'class="demo"' in serve(demo, demonstration=True).get("/").text


# Languages


@pytest.mark.parametrize("path", PAGES)
def test_both_languages(client: Client, path: str) -> None:
    for language, tag, switch in (("zh", "zh-Hans", "?lang=en"), ("en", "en", "?lang=zh")):
        page = client.get(path, params={"lang": language})
        assert f'<html lang="{tag}">' in page.text
        assert page.headers["content-language"] == tag
        assert f'href="{switch}"' in page.text
    assert client.get(path).headers["content-language"] == "en"
    plain = client.get(path, headers={"accept-language": "fr"})
    assert plain.headers["content-language"] == "zh-Hans"
    assert "accept-language" in plain.headers["vary"].lower()


def test_nothing_chinese_is_left_in_english_words(client: Client) -> None:
    for path in ("/", "/verify"):
        text = words(client.get(path).text)
        left = re.sub(rf"印证|中文|{synthetic.REGISTRY['name']}", "", text)  # names stay as they are
        assert re.search(r"[\u4e00-\u9fff]", left) is None, path


def test_the_form_answers_in_the_language_chosen(client: Client, reader: FakeReader) -> None:
    qr = reader.world.qr
    page = client.post("/verify", data={"text": qr, "lang": "zh"})
    assert heading(page.text).startswith("真实，且有效（截至")
    assert f'href="{path_of(qr)}?lang=en"' in page.text


# The form


def test_every_way_to_submit(client: Client, reader: FakeReader) -> None:
    file = json.dumps(reader.world.file(), ensure_ascii=False).encode()
    answers = [
        client.post("/verify", data={"text": reader.world.qr}),
        client.post("/verify", data={"text": f"\n {reader.world.qr} \n"}, files={"file": ("", b"")}),
        client.post("/verify", files={"file": ("a.png", samples.picture(reader.world.qr))}),
        client.post("/verify", files={"file": ("a.pdf", samples.pdf(file))}),
        client.post("/verify", files={"file": ("a.json", file)}),
        client.post("/verify", files={"file": ("a.txt", reader.world.qr.encode())}),
    ]
    assert len(answers) == 6
    assert all(heading(answer.text).startswith(IN_FORCE) for answer in answers)


def test_a_file_of_another_record(client: Client, reader: FakeReader) -> None:
    file = reader.world.file()
    file["record"]["asset"] = "另一份数据"
    page = client.post("/verify", files={"file": ("a.json", json.dumps(file).encode())}).text
    assert heading(page).startswith("Forged or altered: ")
    assert "not confirmed by the ledger" in page
    assert "Record given, not confirmed 另一份数据" in words(page)


def test_with_the_ledger_down_a_file_is_left_open(serve: Serve, reader: FakeReader) -> None:
    reader.down = True
    file = json.dumps(reader.world.file(), ensure_ascii=False).encode()
    page = serve(reader).post("/verify", files={"file": ("a.json", file)}).text
    assert heading(page) == "Cannot be determined"
    assert "/secret/" not in page


def test_the_policy_is_named(serve: Serve, reader: FakeReader) -> None:
    own = serve(reader).get(address(reader)).text
    assert "the trust policy that the registry itself exports" in own
    given = serve(reader, trust=json.dumps(synthetic.trust_json()).encode()).get(address(reader)).text
    assert "a trust policy that its operator chose" in given
    assert synthetic.ANCHOR.hex() in given


def test_a_given_policy_is_the_one_used(serve: Serve, reader: FakeReader) -> None:
    policy = synthetic.trust_json()
    policy["issuers"][0]["compromised_at"] = synthetic.REGISTERED - 1
    page = serve(reader, trust=json.dumps(policy).encode()).get(address(reader)).text
    assert heading(page).startswith("Forged or altered: ")
    assert "key-compromised" in page


# The notice board


def test_the_notice_board(client: Client, reader: FakeReader) -> None:
    page = client.get("/publicity").text
    for notice in reader.published:
        assert notice.asset in page
        assert notice.case in page
        assert notice.leaf in page
    text = words(page)
    assert "On notice" in text
    assert "Publicity waived" in text
    assert "Notice ended" in text
    assert "Open objections 2" in text


def test_the_board_is_searched(client: Client, reader: FakeReader) -> None:
    for asked in ("传染病", "a-2026-000006", "Ａ－２０２６－０００００６"):
        page = client.get("/publicity", params={"q": asked, "lang": "zh"}).text
        found = [one.case in page for one in reader.published]
        assert found == [False, True, *[False] * (len(found) - 2)], asked
        assert "找到 1 件" in words(page)
    assert "No notice fits" in words(client.get("/publicity", params={"q": "<b>没有"}).text)
    assert "&lt;b&gt;" in client.get("/publicity", params={"q": "<b>没有"}).text


def test_a_long_board_is_read_page_by_page(serve: Serve, reader: FakeReader) -> None:
    many = [FakeNotice(case=f"A-2026-{number:06}", leaf=f"{number:064x}") for number in range(120, 0, -1)]
    client = serve(replace(reader, published=many))
    found: list[str] = []
    pages: list[str] = []
    place: str | None = "/publicity?lang=zh"
    while place is not None:
        pages.append(client.get(place).text)
        found += re.findall(r"A-2026-\d{6}", words(pages[-1]))
        onward = re.search(r'rel="next" href="([^"]+)"', pages[-1])
        place = None if onward is None else html.unescape(onward[1])
    assert (found, len(pages)) == ([one.case for one in many], 3)
    assert ["到此为止" in page for page in pages] == [False, False, True]
    assert ["全部公示" in page for page in pages] == [False, True, True]
    assert f'href="/publicity?after={many[49].leaf}&amp;lang=en"' in pages[1]  # the same page in English
    sought = client.get("/publicity?lang=zh&q=a-2026").text
    assert "请再写详细些" in sought
    assert 'rel="next"' not in sought


@pytest.mark.parametrize("after", ["", "x", "cd" * 32])
def test_a_page_of_the_board_that_there_is_not(client: Client, after: str) -> None:
    answer = client.get("/publicity", params={"after": after, "lang": "zh"})
    assert (answer.status_code, answer.headers["content-type"]) == (400, "text/html; charset=utf-8")


def test_how_long_a_notice_lasts_is_said_in_working_days() -> None:
    def left(now: str, until: str, language: Language = "zh") -> str:
        return left_words(official_calendar, at(now), at(until), language)

    assert left("2026-11-27 10:00", "2026-12-05 00:00") == "还有 5 个工作日"
    assert left("2026-11-28 10:00", "2026-12-05 00:00") == "还有 5 个工作日"  # a Saturday
    assert left("2026-12-03 10:00", "2026-12-05 00:00", "en") == "1 working day left"
    assert left("2026-12-04 20:30", "2026-12-05 00:00") == "今天截止，还有 3 小时"
    assert left("2026-12-04 20:30", "2026-12-05 00:00", "en") == "ends today, 3 hours left"
    assert left("2031-12-01 10:00", "2031-12-05 00:00") == ""  # a year nobody has published


def test_a_notice_is_shown_where_the_calendar_cannot_be_read() -> None:
    def damaged() -> WorkingCalendar:
        raise DataFault("a file of it is damaged", code="calendar-file")

    assert left_words(damaged, at("2026-11-27 10:00"), at("2026-12-05 00:00"), "zh") == ""


def test_an_empty_board(serve: Serve, reader: FakeReader) -> None:
    assert "no public notice" in serve(replace(reader, published=())).get("/publicity").text


# What every answer has


def test_headers_on_every_answer(serve: Serve, reader: FakeReader) -> None:
    client = serve(reader)
    answers = [
        client.get(path) for path in (*PAGES, address(reader), "/nope", "/v1/nope", "/log/x", "/healthz")
    ]
    answers += [client.post("/verify"), client.delete("/verify"), client.post("/v1/verify", content=b"{")]
    reader.down = True
    answers += [client.get("/publicity"), client.get("/healthz")]
    for answer in answers:
        scripted = WITH_SCRIPT if answer.request.method == "GET" and answer.url.path == "/verify" else {}
        for name, value in {**HEADERS, **scripted}.items():
            assert answer.headers[name] == value
        assert "set-cookie" not in answer.headers
        assert answer.headers["cache-control"] == "no-store"


def test_static_files_may_be_kept_because_their_address_changes(client: Client) -> None:
    page = client.get("/").text
    for name, media in (("style.css", "text/css; charset=utf-8"), ("icon.svg", "image/svg+xml")):
        match = re.search(rf'href="(/static/{re.escape(name)}\?v=[0-9a-f]{{12}})"', page)
        assert match is not None
        answer = client.get(match[1])
        assert answer.status_code == 200
        assert answer.headers["content-type"] == media
        assert "immutable" in answer.headers["cache-control"]
    assert client.get("/static/other.css").status_code == 404
    assert client.get("/static/..%2fapp.py").status_code == 404
    assert client.get("/favicon.ico", follow_redirects=False).headers["location"] == "/static/icon.svg"


def test_pages_name_nothing_from_elsewhere(client: Client, reader: FakeReader) -> None:
    for path in (*PAGES, address(reader)):
        page = client.get(path).text
        assert re.findall(r'(?:href|src|action)="(?:https?:)?//', page) == []
        scripts = re.findall(r"<script[^>]*>[^<]*", page)
        assert all(
            re.fullmatch(r'<script src="/static/scan\.js\?v=[0-9a-f]{12}" defer>', one) for one in scripts
        )
        assert len(scripts) == (path == "/verify")
        assert "style=" not in page


def test_head_is_answered_like_get(client: Client, reader: FakeReader) -> None:
    for path in (*PAGES, address(reader)):
        assert client.head(path).status_code == 200


def test_a_file_name_that_differs_from_the_content_is_mentioned(client: Client, reader: FakeReader) -> None:
    file = json.dumps(reader.world.file()).encode()
    for name, said in (("SJ4412026110009.json", True), (f"{synthetic.NUMBER}.json", False)):
        page = client.post("/verify", files={"file": (name, file)}, data={"lang": "en"})
        assert ("another number than its content" in page.text) is said

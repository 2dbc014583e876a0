"""A patient's way through the pages in a real Chromium, with a desk and organisations that answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, FilePayload, Page, ViewportSize

from tests.api.browser.conftest import watch
from tests.api.browser.rights_world import ADULT_BORN, CHILD_BORN, Rights, rights_world
from tests.api.browser.test_browser import CONTRAST, STRUCTURE, with_camera
from tests.verifier.receipt_world import ReceiptWorld
from yinzheng.verifier.bytes.cose import to_base32
from yinzheng.verifier.containers.receiptfile import parse_receipt_file
from yinzheng.verifier.formats.receipt import decode_receipt_qr, short_receipt, without_credential

pytestmark = pytest.mark.browser

NARROW: ViewportSize = {"width": 320, "height": 640}
PHONE: ViewportSize = {"width": 360, "height": 740}
DESK: ViewportSize = {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def rights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rights]:
    with rights_world(tmp_path_factory.mktemp("rights")) as world:
        yield world


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(viewport=PHONE, accept_downloads=True)
    yield made
    made.close()


def looked_at(page: Page, rights: Rights) -> None:
    """What holds of every page: it fits, it can be read, and its address and the browser keep nothing."""
    assert page.locator("h1").count() + page.locator(".verdict h2").count() >= 1
    for size in (NARROW, PHONE, DESK):
        page.set_viewport_size(size)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], (page.url, size)
    page.set_viewport_size(PHONE)
    assert page.evaluate(CONTRAST) == []
    assert page.evaluate(STRUCTURE) == []
    unlabelled = "input:not([type=hidden]):not(:is(label *)):not([id])"
    assert page.locator(unlabelled).count() == 0
    assert "#" not in page.url
    credential = decode_receipt_qr(rights.adult.qr).credential
    assert credential is not None
    for private in (credential.hex(), to_base32(credential), ADULT_BORN, CHILD_BORN):
        assert private not in page.url
    assert page.context.cookies() == []
    assert page.locator("script:not([src])").count() == 0
    assert page.evaluate("document.querySelectorAll('[style],[onclick]').length") == 0


def scan(page: Page, base: str, qr: str, lang: str) -> None:
    """As a phone's camera does: open the address of the code."""
    page.goto(f"{base}/C?lang={lang}#{qr.partition('#')[2]}")
    page.wait_for_selector("html.scanned")


def enter(page: Page, born: str, *, guardian: bool = False) -> None:
    if guardian:
        page.check("input[name=who][value=guardian]")
    page.fill("#born", born)
    page.click("main form button.wide")


def test_withdraw_a_part_and_see_it_done(rights: Rights, context: BrowserContext, tmp_path: Path) -> None:
    seen = watch(context, (rights.url,))
    page = seen.page
    scan(page, rights.url, rights.adult.qr, "zh")
    assert page.inner_text(".got") == "已读取回执"
    assert not page.locator("#file").is_visible()
    looked_at(page, rights)
    enter(page, "1980年2月29日")
    assert page.inner_text("h1") == "您的同意"
    assert "测试甲1" in page.inner_text("main")
    assert "某研究院" in page.inner_text("main")
    agreed = page.inner_text("section[aria-labelledby=agreed]")
    assert "您同意的是告知书第 1 版" in agreed
    assert "您的同意不及于下列内容" in agreed
    assert "数据保存 15 年 → 20 年" in agreed
    looked_at(page, rights)

    page.click("details.part summary")
    page.get_by_label("某研究院").check()
    page.click("details.part button")
    assert page.inner_text("h1") == "确认撤回"
    confirm = page.inner_text("main")
    assert "72 小时" in confirm
    assert "48 小时" not in confirm
    looked_at(page, rights)
    page.click("button.switch")
    assert page.inner_text("h1") == "Please confirm"
    assert "某研究院" in page.inner_text("#what + ul")
    page.click("main form[action^='/c/withdraw'] button")
    assert page.inner_text("h1") == "Your withdrawal was received"
    assert "not told yet" in page.inner_text(".answers")
    looked_at(page, rights)
    # The language changes, and nothing is filed again; nor where the page is loaded again.
    page.reload()
    assert page.inner_text("h1") == "How it is going"
    assert page.locator(".course").count() == 1
    page.click("button.switch")
    assert page.inner_text("h1") == "撤回进度"
    assert page.locator(".course").count() == 1

    rights.obey(decode_receipt_qr(rights.adult.qr).core.subject.hex())
    page.click("main form[action^='/c/progress'] button")
    assert page.inner_text(".course h2") == "已办结，各方均已确认"
    assert page.locator(".answers .tag.good").count() == 2
    looked_at(page, rights)
    with page.expect_download() as download:
        page.click("button[value=conclusion]")
    download.value.save_as(tmp_path / "end.json")
    assert json.loads((tmp_path / "end.json").read_bytes())["statement"]["type"] == "withdrawal.completed"
    with page.expect_download() as download:
        page.click("button[value=json]")
    download.value.save_as(tmp_path / "receipt.json")
    file = parse_receipt_file((tmp_path / "receipt.json").read_bytes())
    assert file.events[0].statement.type == "withdrawal.requested"

    page.click("main form[action^='/c/see'] button")
    assert "同意过，已撤回或已到期" in page.inner_text("main")
    assert page.locator("input[name^='recipient.']").count() == 0
    seen.check()


def test_a_guardian_withdraws_everything_in_english(rights: Rights, context: BrowserContext) -> None:
    page = watch(context, (rights.url,)).page
    scan(page, rights.url, rights.child.qr, "en")
    enter(page, CHILD_BORN, guardian=True)
    assert page.inner_text("h1") == "The consent of your ward"
    page.click("section.calm > form button")
    assert "within 48 hours" in page.inner_text("main")
    looked_at(page, rights)
    page.click("main form[action^='/c/withdraw'] button")
    assert "Freeze by" in page.inner_text(".course")
    assert "The deadlines run from now. One step is left" in page.inner_text(".verdict")
    assert "One step is left" in page.inner_text(".course")
    looked_at(page, rights)
    for name in ("identity", "guardianship"):
        paper: FilePayload = {"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7"}
        page.set_input_files(f"input[name={name}]", files=[paper])
    page.click("form[action^='/c/guardian'] button")
    assert "Documents received" in page.inner_text("main")
    looked_at(page, rights)
    page.click("main form[action^='/c/see'] button")
    assert page.locator("#withdraw").count() == 0


def test_the_receipt_survives_the_language_switch_before_it_is_used(
    rights: Rights, context: BrowserContext
) -> None:
    page = watch(context, (rights.url,)).page
    scan(page, rights.url, rights.spare.qr, "zh")
    page.click("a.switch")
    page.wait_for_selector("html.scanned")
    assert page.inner_text("h1") == "My consent"
    assert page.input_value("#receipt").partition("#")[2] == rights.spare.qr.partition("#")[2]


def test_the_receipt_survives_the_language_switch_after_a_mistake(
    rights: Rights, context: BrowserContext
) -> None:
    page = context.new_page()
    scan(page, rights.url, rights.spare.qr, "zh")
    enter(page, "没有日期")
    page.click("button.switch")
    assert page.inner_text("h1") == "My consent"
    assert page.inner_text(".got") == "Your receipt was read"
    looked_at(page, rights)
    enter(page, ADULT_BORN)
    assert page.inner_text("h1") == "Your consent"


def test_the_short_code_leads_to_the_consent_and_stays_out_of_address_and_history(
    rights: Rights, context: BrowserContext
) -> None:
    """What a phone opens that scanned the smaller code; the form carries it, and nothing else (S13.9)."""
    seen = watch(context, (rights.url,))
    page, short, asked = seen.page, short_receipt(rights.spare.qr), []
    page.on("request", lambda request: asked.append((request.url, json.dumps(request.headers))))
    scan(page, rights.url, short, "zh")
    assert page.input_value("#receipt").partition("#")[2] == short.partition("#")[2]
    looked_at(page, rights)
    enter(page, ADULT_BORN)
    assert page.inner_text("h1") == "您的同意"
    assert "某研究院" in page.inner_text("main")
    looked_at(page, rights)
    page.go_back()
    page.wait_for_selector("#born")
    kept = page.evaluate("[location.href, document.referrer, JSON.stringify(history.state)].join(' ')")
    stored = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    for part in short.partition("#")[2].split("."):
        assert not any(part in told for one in asked for told in one)
        assert part not in kept
    assert stored == "[{},{}]"
    seen.check()


def test_a_proof_copys_short_code_says_that_nobody_acts_with_it(
    rights: Rights, context: BrowserContext
) -> None:
    page = context.new_page()
    scan(page, rights.url, short_receipt(without_credential(rights.spare.qr)), "en")
    enter(page, ADULT_BORN)
    assert "This is a proof copy" in page.inner_text("[role=alert]")


def test_a_camera_reads_the_receipt(rights: Rights, browser: Browser) -> None:
    context = with_camera(browser, "seen", rights.spare.qr)
    page = watch(context, (rights.url,)).page
    page.goto(f"{rights.url}/c?lang=zh")
    page.click("#scan button")
    page.wait_for_selector("html.scanned")
    looked_at(page, rights)
    enter(page, ADULT_BORN)
    assert page.inner_text("h1") == "您的同意"
    context.close()


def test_without_javascript_a_scanned_receipt_says_what_to_do(rights: Rights, browser: Browser) -> None:
    context = browser.new_context(viewport=PHONE, java_script_enabled=False, locale="zh-CN")
    page = context.new_page()
    page.goto(f"{rights.url}/C#{rights.spare.qr.partition('#')[2]}")
    assert "请复制地址栏的全部文字" in page.inner_text("main")
    page.click("summary")
    page.fill("#receipt", page.url.replace("http://", "https://"))
    enter(page, ADULT_BORN)
    assert page.inner_text("h1") == "您的同意"
    context.close()


def test_without_javascript_a_pdf_is_uploaded(rights: Rights, browser: Browser, tmp_path: Path) -> None:
    context = browser.new_context(viewport=PHONE, java_script_enabled=False)
    page = context.new_page()
    pdf = tmp_path / "receipt.pdf"
    pdf.write_bytes(rights.spare.pdf())
    page.goto(f"{rights.url}/c?lang=en")
    page.set_input_files("#file", pdf)
    enter(page, "19800229")
    assert page.inner_text("h1") == "Your consent"
    photo = tmp_path / "code.png"
    photo.write_bytes(rights.spare.png())
    page.goto(f"{rights.url}/c?lang=zh")
    page.set_input_files("#file", photo)
    enter(page, "19800229")
    assert page.inner_text("h1") == "您的同意"
    page.goto(f"{rights.url}/verify?lang=zh")
    page.set_input_files("#file", pdf)
    page.click("button[type=submit]")
    assert page.inner_text("h1").startswith("真实，且有效（截至")
    assert "某市人民医院" in page.inner_text("main")
    context.close()


@pytest.mark.parametrize(("lang", "wrong"), [("zh", "打不开任何内容"), ("en", "open nothing here")])
def test_wrong_dates_of_birth_close_the_receipt(
    rights: Rights, context: BrowserContext, lang: str, wrong: str
) -> None:
    """That it is closed is not told either: whoever guesses learns nothing, not even from the right date."""
    page = context.new_page()
    scan(page, rights.url, rights.unlucky.qr, lang)
    for _ in range(5):
        enter(page, "1980-03-01")
        said = page.inner_text("[role=alert]")
        assert page.locator(".got.there").is_visible()
        assert wrong in said
    looked_at(page, rights)
    enter(page, ADULT_BORN)
    assert page.inner_text("[role=alert]") == said


def test_a_foreign_receipt_and_no_receipt(rights: Rights, context: BrowserContext) -> None:
    page = context.new_page()
    scan(page, rights.url, ReceiptWorld().qr, "en")
    enter(page, ADULT_BORN)
    assert "not signed by this registry" in page.inner_text("[role=alert]")
    page.goto(f"{rights.url}/c?lang=en")
    page.click("summary")
    page.fill("#receipt", "HTTPS://EXAMPLE.ORG/V/ABC")
    enter(page, ADULT_BORN)
    assert "not a consent receipt" in page.inner_text("[role=alert]")
    page.goto(f"{rights.url}/c/withdraw")
    assert page.url.startswith(f"{rights.url}/c?")


@pytest.mark.parametrize(("lang", "words"), [("zh", "什么也没有丢失"), ("en", "Nothing was lost")])
def test_where_no_desk_answers(rights: Rights, context: BrowserContext, lang: str, words: str) -> None:
    page = context.new_page()
    scan(page, rights.without_desk, rights.spare.qr, lang)
    enter(page, ADULT_BORN)
    assert words in page.inner_text("[role=alert]")
    looked_at(page, rights)
    assert page.input_value("#born") == ADULT_BORN
    assert "URL" not in page.inner_text("main")


def test_nobody_gets_the_papers_of_another(rights: Rights, context: BrowserContext) -> None:
    """A withdrawal's identifier is on the chain for all to see; its document is its patient's alone."""
    bearer = {"receipt": rights.spare.qr, "born": ADULT_BORN}
    others = decode_receipt_qr(rights.adult.qr).core.subject.hex()
    got = rights.desk.patient("conclusion", {**bearer, "withdrawal": others})
    assert (got.status, got.code) == (404, "withdrawal-unknown")
    assert rights.desk.patient("receipt", {**bearer, "form": "html"}).status == 422
    assert rights.desk.patient("receipt", {**bearer, "form": "pdf"}).body.startswith(b"%PDF-")
    wrong = {**bearer, "born": "1981-01-01", "form": "json"}
    assert rights.desk.patient("receipt", wrong).code == "receipt-refused"


def test_headers(rights: Rights, browser: Browser) -> None:
    context = browser.new_context()
    policy = {}
    for path in ("/c", "/court", "/verify", "/"):
        got = context.request.get(rights.url + path)
        policy[path] = got.headers["content-security-policy"]
        assert got.headers["cache-control"] == "no-store"
        assert got.headers["referrer-policy"] == "no-referrer"
        assert "set-cookie" not in got.headers
    assert all("script-src 'self'" in policy[path] for path in ("/c", "/verify"))
    assert all("script-src" not in policy[path] for path in ("/court", "/"))
    assert all("unsafe" not in one for one in policy.values())
    context.close()

"""An organisation's own pages in a real browser: a holder's and an exchange's, both languages, two sizes."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.api.browser.own_world import NAMES, SECRETS, Own, Pages, own_world
from tests.api.browser.test_rights_pages import fits
from tests.cli.commands import refused, run
from tests.desk.test_trades import waited
from tests.ledger.moves.parties import FIRM, HOSPITAL
from tests.ledger.trades.market import BUYER, EXCHANGE, trade_of
from yinzheng.api.org.exchange import Exchange
from yinzheng.api.org.member import Member

LANGUAGES = ("zh", "en")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Own]:
    with own_world(tmp_path_factory.mktemp("own")) as made:
        yield made


def entered(browser: Browser, pages: Pages) -> Page:
    """A browser that opened the printed address; errors of the page fail the test."""
    page = browser.new_context().new_page()
    page.set_default_timeout(30_000)
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    page.goto(pages.address())
    page.wait_for_selector("nav")
    return page


@pytest.fixture(scope="module")
def holder(browser: Browser, own: Own) -> Iterator[Page]:
    page = entered(browser, own.holder)
    yield page
    page.context.close()


@pytest.fixture(scope="module")
def exchange(browser: Browser, own: Own) -> Iterator[Page]:
    page = entered(browser, own.exchange)
    yield page
    page.context.close()


def base(page: Page) -> str:
    found = re.match(r"http://127\.0\.0\.1:\d+/[\w-]+", page.url)
    assert found is not None
    return found[0]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_holder_sees_its_rights_and_licences(holder: Page, own: Own, lang: str) -> None:
    holder.goto(f"{base(holder)}/rights?lang={lang}")
    cards = holder.locator("section.card")
    text = cards.filter(has_text=own.second).first.inner_text()
    assert PLEDGE[lang] in text
    first = cards.filter(has_text=own.first).first.inner_text()
    assert "L-2026-000001" in first
    assert IN_FORCE[lang] in first
    fits(holder, f"own-rights-{lang}")
    holder.get_by_role("link", name=LICENCES[lang]).click()
    card = holder.locator("section.card").filter(has_text="L-2026-000001").inner_text()
    assert NAMES[FIRM] in card
    assert FIRM in card
    fits(holder, f"own-licences-{lang}")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_an_objection_is_answered(holder: Page, own: Own, lang: str) -> None:
    """In the first language it is read, in the second answered, once; the answer is on the ledger."""
    holder.goto(f"{base(holder)}/rights?lang={lang}")
    holder.locator("section.card").filter(has_text=own.disputed).get_by_role("link").click()
    main = holder.locator("main")
    assert "来源协议已终止。\n见附件。" in main.inner_text()
    assert "某研究院" not in main.inner_text(), "who objects is not told"
    fits(holder, f"own-objection-{lang}")
    if lang == "zh":
        return
    holder.get_by_label("We do not agree, and explain").check()
    holder.get_by_label("In words").fill("协议有效至2030年。")
    holder.get_by_role("button", name="Sign and send").click()
    assert "Answered" in main.inner_text()
    assert holder.get_by_role("button", name="Sign and send").count() == 0
    (line,) = run("objections", "--state", own.folder / "state", "--json").json
    assert (line["certificate"], line["agrees"]) == (own.disputed, False)
    fits(holder, "own-objection-answered")


PLEDGE = {"zh": "动产融资登记", "en": "Pledge"}
IN_FORCE = {"zh": "有效", "en": "in force"}
LICENCES = {"zh": "许可", "en": "Licences"}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_request_says_what_is_asked_and_who_signs(holder: Page, own: Own, lang: str) -> None:
    holder.goto(f"{base(holder)}/requests?lang={lang}")
    fits(holder, f"own-requests-{lang}")
    holder.goto(f"{base(holder)}/requests/{own.case}?lang={lang}")
    main = holder.locator("main").inner_text()
    assert "慢病随访研究" in main
    assert {"zh": "逐项相符", "en": "item by item"}[lang] in main
    assert holder.locator(".verdict li").count() == 2
    fits(holder, f"own-request-{lang}")


def test_what_is_signed_offline_is_handed_in(holder: Page, own: Own, tmp_path: Path) -> None:
    """By files alone: what is to be signed is fetched, signed by the command, and uploaded."""
    holder.goto(f"{base(holder)}/requests/{own.case}?lang=en")
    kept = {}
    for name in ("What is to be signed", "The request"):
        with holder.expect_download() as loading:
            holder.get_by_role("link", name=name, exact=True).click()
        kept[name] = tmp_path / loading.value.suggested_filename
        loading.value.save_as(kept[name])
    prepared, request = kept.values()
    signature = tmp_path / "signature.json"
    done = ("--request", request, "--org", own.folder / HOSPITAL, "--out")
    said = run("holder", "sign", prepared, *done, signature, env=SECRETS)
    assert said.code == 0, said.err
    # An old request that a desk has prepared anew is, field by field, what we signed: it is good once.
    again = tmp_path / "again.json"
    value = json.loads(prepared.read_bytes())
    again.write_text(json.dumps({**value, "case": "A-2026-000999"}), encoding="utf-8")
    another = (*done, tmp_path / "another.json")
    refused("holder", "sign", again, *another, code="request-again", exit_code=1, env=SECRETS)
    holder.locator("input[type=file]").set_input_files(prepared)
    holder.get_by_role("button", name="Hand in the signature").click()
    assert "neither one signature" in holder.get_by_role("alert").inner_text()
    holder.goto(f"{base(holder)}/requests/{own.case}?lang=en")
    holder.locator("input[type=file]").set_input_files(signature)
    holder.get_by_role("button", name="Hand in the signature").click()
    assert "The signature was received." in holder.get_by_role("status").inner_text()
    assert [one.inner_text() for one in holder.locator(".verdict li").all()] == [
        f"Still to sign: holder: {NAMES[FIRM]} {FIRM}"
    ]
    fits(holder, "own-request-signed")


def test_a_signed_request_is_handed_in_with_its_documents(holder: Page, own: Own) -> None:
    holder.goto(f"{base(holder)}/requests?lang=zh")
    files = [own.folder / "asked" / name for name in ("request.json", "contract.txt")]
    holder.locator("input[type=file]").set_input_files(files[:1])
    holder.get_by_role("button", name="提交", exact=True).click()
    assert "contract.txt" in holder.get_by_role("alert").inner_text()
    holder.locator("input[type=file]").set_input_files(files)
    holder.get_by_role("button", name="提交", exact=True).click()
    assert "请求已收到" in holder.get_by_role("status").inner_text()
    assert "临床决策支持" in holder.locator("main").inner_text()
    fits(holder, "own-request-received")


def fill(page: Page, own: Own, *, whole: bool) -> None:
    """A share that nothing is wrong with; or one of which nearly nothing is told."""
    page.locator("#certificate").fill(own.first)
    page.locator("#seller_name").fill(NAMES[HOSPITAL])
    page.locator("#seller_code").fill(HOSPITAL)
    page.locator("#buyer_name").fill(str(BUYER["name"]))
    page.locator("#buyer_code").fill(str(BUYER["code"]))
    if not whole:
        return
    page.locator("#registration").select_option("licence")
    page.locator("[name='right.use']").check()
    page.locator("#purpose").fill("慢病随访研究")
    for act in ("store", "process", "use"):
        page.locator(f"[name='act.{act}']").check()
    page.locator("#begins").fill(time.strftime("%Y-%m-%d", time.gmtime(time.time() + 2 * 86_400)))
    page.locator("#ends").fill(time.strftime("%Y-%m-%d", time.gmtime(time.time() + 200 * 86_400)))
    for name in ("price", "contract"):
        page.locator(f"#{name}").set_input_files(own.folder / "contract.txt")
    page.locator("#may_sell").select_option("yes")
    page.locator("#limits_kept").select_option("yes")
    page.locator("#touches_secrets").select_option("no")
    page.locator("#route").select_option("anonymised")
    page.locator("#fields").fill("年龄段\n性别\n随访次数")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_an_exchange_checks_and_reserves(exchange: Page, own: Own, lang: str) -> None:
    exchange.goto(f"{base(exchange)}/check?lang={lang}")
    fits(exchange, f"own-check-{lang}")
    fill(exchange, own, whole=False)
    exchange.locator("form button.wide").click()
    assert exchange.locator(".verdict.warn").count() == 1
    reasons = exchange.locator(".verdict li")
    assert reasons.count() >= 8
    assert all(re.search(r"[（(]R\d+[）)]$", one.inner_text()) for one in reasons.all())
    fits(exchange, f"own-answer-person-{lang}")

    exchange.goto(f"{base(exchange)}/check?lang={lang}")
    fill(exchange, own, whole=True)
    exchange.locator("form button.wide").click()
    assert exchange.locator(".verdict.good").count() == 1, exchange.locator("main").inner_text()
    assert exchange.locator(".verdict li").count() == 0
    for _ in range(50):
        if not exchange.locator("[role=status]").count():
            break
        time.sleep(0.2)
        exchange.reload()
    assert {"zh": "真实", "en": "Genuine"}[lang] in exchange.locator("h1").inner_text()
    fits(exchange, f"own-answer-{lang}")
    with exchange.expect_download() as loading:
        exchange.get_by_role("link", name={"zh": "下载回执", "en": "Download the receipt"}[lang]).click()
    said = run("verify", loading.value.path(), "--trust", own.folder / "trust.json", "--json")
    assert said.code == 0, said.out

    exchange.get_by_role("link", name={"zh": "预留此证书", "en": "Reserve the certificate"}[lang]).click()
    assert exchange.locator("#number").input_value() == own.first
    # A certificate that was let go is not kept again at once.
    exchange.locator("#number").fill(own.first if lang == "zh" else own.second)
    exchange.locator("#hours").fill("2")
    exchange.get_by_role("button", name={"zh": "预留", "en": "Reserve"}[lang], exact=True).click()
    kept = exchange.locator("ul.answers li").filter(has_text=own.first if lang == "zh" else own.second)
    release = kept.get_by_role("button", name={"zh": "提前解除", "en": "Release it now"}[lang])
    for _ in range(50):
        if release.count():
            break
        time.sleep(0.2)
        exchange.reload()
    fits(exchange, f"own-reservations-{lang}")
    assert release.count() == 1, exchange.locator("main").inner_text()
    release.click()
    assert {"zh": "已解除", "en": "released"}[lang] in kept.inner_text()
    exchange.goto(f"{base(exchange)}/receipts?lang={lang}")
    assert exchange.locator("ul.answers li").count() >= 2
    fits(exchange, f"own-receipts-{lang}")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_an_exchange_reports_a_trade(exchange: Page, own: Own, lang: str) -> None:
    """First with the request of something else, which is not signed; then it is registered."""
    exchange.goto(f"{base(exchange)}/reservations?lang={lang}")
    kept = exchange.locator("ul.answers li").filter(has_text=own.third)
    if lang == "zh":
        kept.get_by_role("link", name="报告成交").click()
        exchange.locator("#case").fill(own.sale)
        exchange.locator("#request").set_input_files(own.folder / "asked" / "request.json")
        exchange.locator("#contract").set_input_files(own.folder / "contract.txt")
        exchange.get_by_role("button", name="签署并登记").click()
        assert "备妥的内容与请求不符" in exchange.get_by_role("alert").inner_text()
        fits(exchange, "own-settle-zh")
        exchange.locator("#case").fill(own.sale)
        exchange.locator("#request").set_input_files(own.folder / "sold" / "request.json")
        exchange.locator("#contract").set_input_files(own.folder / "contract.txt")
        exchange.get_by_role("button", name="签署并登记").click()
    for _ in range(50):
        if not kept.get_by_role("link").count():
            break
        time.sleep(0.2)
        exchange.reload()
    assert {"zh": "已成交", "en": "consumed"}[lang] in kept.inner_text()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_public_pages_show_voucher_and_receipts(browser: Browser, own: Own, lang: str) -> None:
    """What anyone who is handed them sees: the voucher of the licence, and answers of both kinds."""
    member = Member.open(own.folder / EXCHANGE, SECRETS)
    asking = Exchange(member, own.desk.url)
    sound = trade_of(own.first, int(time.time()) + 86_400)
    given = {
        "voucher": own.voucher,
        "allowed": waited(asking, asking.check(sound).check),
        "refused": waited(
            asking, asking.check({**sound, "buyer": {**BUYER, "code": "1"}, "price": None}).check
        ),
    }
    page = browser.new_context().new_page()
    for name, data in given.items():
        page.goto(f"{own.public}/verify?lang={lang}")
        page.locator("input[type=file]").set_input_files(
            {"name": f"{name}.json", "mimeType": "application/json", "buffer": data}
        )
        page.locator("form button[type=submit]").first.click()
        tone = {"voucher": "good", "allowed": "good", "refused": "no"}[name]
        assert page.locator(f".verdict.{tone}").count() == 1, page.locator("main").inner_text()
        fits(page, f"public-{name}-{lang}")
    page.context.close()


def test_nothing_of_a_key_is_in_any_page(holder: Page, exchange: Page, own: Own) -> None:
    for page, code, paths in (
        (holder, HOSPITAL, ("rights", "licences", "requests", f"requests/{own.case}")),
        (exchange, EXCHANGE, ("check", "receipts", "reservations")),
    ):
        member = Member.open(own.folder / code, SECRETS)
        hidden = [member.profile.uploads.hex(), *SECRETS.values()]
        for file in (own.folder / code / "keys").iterdir():
            stored = json.loads(file.read_text())
            hidden.append(str(stored.get("sealed") or stored["crypto"]["ciphertext"]))
        for path in paths:
            page.goto(f"{base(page)}/{path}?lang=en")
            assert not [one for one in hidden if one in page.content()]
            assert page.evaluate("document.cookie") == ""


def test_an_address_lets_one_browser_in_once(browser: Browser, own: Own) -> None:
    first = browser.new_context().new_page()
    address = own.holder.address()
    first.goto(address)
    first.wait_for_selector("nav")
    inside = first.url
    second = browser.new_context().new_page()
    assert second.goto(address).status == 403  # type: ignore[union-attr]
    assert second.goto(inside).status == 403  # type: ignore[union-attr]
    assert second.locator("nav").count() == 0
    fits(second, "own-closed-en")
    first.get_by_role("button", name=re.compile("Close this browser|关闭本浏览器")).click()
    assert first.goto(inside).status == 403  # type: ignore[union-attr]
    for page in (first, second):
        page.context.close()

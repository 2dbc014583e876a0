"""Every state that a patient's page can show, and how the verify page answers to receipts (S13)."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.api import fake_desk
from tests.api.conftest import Client, Serve
from tests.api.fake import FakeBasis, FakeCounts, FakeReader
from tests.api.fake_desk import HOUR, FakeDesk
from tests.api.test_pages import address, heading, words
from tests.verifier import bodies
from tests.verifier.receipt_world import ReceiptWorld
from yinzheng.api.http.limits import Limits, Rate
from yinzheng.api.web.desk import HttpDesk
from yinzheng.verifier.bytes.china_time import CHINA
from yinzheng.verifier.errors import EnvironmentFault, UsageFault
from yinzheng.verifier.formats.receipt import short_receipt, without_credential

QR = ReceiptWorld().qr
PROOF_COPY = without_credential(QR)
SHORT = short_receipt(QR)
AT = bodies.NOW + bodies.DAY
DAY = f"{datetime.fromtimestamp(AT, CHINA):%Y-%m-%d}"
FORM = {"receipt": QR, "born": "1980-02-29", "who": "patient", "lang": "en"}


def client(
    serve: Serve, tmp_path: Path, desk: FakeDesk | None, now: int = AT + HOUR, **options: Any
) -> Client:
    return serve(FakeReader(tmp_path / "log"), now=now, desk=desk, **options)


def shown(serve: Serve, tmp_path: Path, now: int = AT + HOUR, **withdrawal: Any) -> str:
    desk = FakeDesk(fake_desk.seen(fake_desk.withdrawal(AT, **withdrawal)))
    return words(client(serve, tmp_path, desk, now).post("/c/progress", data=FORM).text)


def test_all_that_a_subject_may_see(serve: Serve, tmp_path: Path) -> None:
    got = client(serve, tmp_path, FakeDesk()).post("/c/see", data=FORM)
    text = words(got.text)
    assert got.status_code == 200
    for said in (
        "张三",
        "某市人民医院",
        "某研究院",
        "Medical research and clinical reference yes, in force",
        "Insurance pricing and claims no",
    ):
        assert said in text
    notice = bodies.notice()
    for said in (notice["held_at"], *notice["safeguards"], *notice["kinds"], notice["refusal"]):
        assert said in text
    assert notice["purposes"][0]["purpose"] in text
    assert "肺结节模型研究" in text
    assert "No use has been recorded" not in text
    # The receipt goes on in the forms and stands nowhere else.
    assert got.text.count(QR) == got.text.count(f'name="receipt" value="{QR}"') > 0
    assert "script" not in got.headers["content-security-policy"]


def test_who_used_what_on_which_answer_and_what_no_consent_covers(serve: Serve, tmp_path: Path) -> None:
    page = client(serve, tmp_path, FakeDesk()).post("/c/see", data=FORM)
    text = words(page.text)
    assert "肺结节模型研究" in text
    assert "某研究院 · 某研究院 信息科 on Research with third parties" in text
    assert "核保 no consent covers it" in text
    assert page.text.count("no consent covers it") == 1
    assert f"{bodies.INSURER}" in text, "an organisation the consent does not name is shown by its code"


LATER = {
    "notice": "5a" * 32,
    "version": 3,
    "published_at": AT - HOUR,
    "wider": [
        {"change": "kinds", "scope": None, "words": "病程记录", "code": None},
        {"change": "kinds", "scope": None, "words": "genetic", "code": None},
        {"change": "period", "scope": None, "words": "retention_months 180 → 240", "code": None},
        {"change": "purpose", "scope": "base", "words": "药物警戒研究", "code": None},
        {"change": "recipients", "scope": "insurance", "words": "某保险公司 · 核保", "code": bodies.INSURER},
    ],
}


def test_which_version_was_agreed_to_and_what_a_later_one_takes(serve: Serve, tmp_path: Path) -> None:
    """R28: the consent does not cover it, and a use made under it shows."""
    agreed = words(client(serve, tmp_path, FakeDesk()).post("/c/see", data=FORM).text)
    assert "You agreed to notice version 1" in agreed
    assert "goes beyond" not in agreed
    under = fake_desk.use(under=LATER["notice"], covered=False)
    desk = FakeDesk(fake_desk.seen() | {"beyond": [LATER], "uses": [under]})
    web = client(serve, tmp_path, desk)
    text = words(web.post("/c/see", data=FORM).text)
    assert "goes beyond what you agreed to" in text
    for said in (
        "kinds of data: 病程记录",
        "kinds of data: genetic information",
        "how long data is kept or consent lasts: data kept 15 years → 20 years",
        "purposes: Medical research and clinical reference · 药物警戒研究",
        "recipients: Insurance pricing and claims · 某保险公司 · 核保",
        "no consent covers it",
        "on Research with third parties, under notice version 3",
    ):
        assert said in text, said
    chinese = words(web.post("/c/see?lang=zh", data={**FORM, "lang": "zh"}).text)
    assert "超出了您同意的范围" in chinese
    assert "数据种类： 遗传信息" in chinese


def test_who_opened_the_record_by_function_and_never_by_name(serve: Serve, tmp_path: Path) -> None:
    text = words(client(serve, tmp_path, FakeDesk()).post("/c/see", data=FORM).text)
    assert "exported the receipt" in text
    assert "测试登记中心（虚构） · officer of the registry" in text
    assert "who holds the receipt" in text
    assert "for handing over to whom it belongs · line 3" in text
    many = [fake_desk.opening(number, logged=number < 8) for number in range(9, 0, -1)]
    desk = FakeDesk(fake_desk.seen() | {"openings": many, "uses": []})
    chinese = client(serve, tmp_path, desk).post("/c/see", data=FORM | {"lang": "zh"}).text
    assert chinese.count("导出回执") == 9
    assert chinese.count("即将写入公开日志") == 2
    assert chinese.count("<details") - chinese.count("</details") == 0
    assert chinese.count("<ol") == chinese.count("</ol>")
    assert "至今没有使用记录" in chinese


def test_a_running_withdrawal(serve: Serve, tmp_path: Path) -> None:
    text = shown(serve, tmp_path)
    assert "Frozen; everyone has to destroy their copies" in text
    assert re.search(r"[0-9]{1,2} hours left", text)
    assert "72 hours from the full hour in which it was received" in text
    assert "某市人民医院 confirmed" in text
    assert "某研究院 told; receipt awaited" in text
    assert "某保险公司 exempt anonymised" in text
    assert "withdrawal · block 77" in text
    assert "freezing · waiting for a block" in text
    assert "end document" not in text


def test_a_late_one(serve: Serve, tmp_path: Path) -> None:
    text = shown(serve, tmp_path, AT + 80 * HOUR, overdue_since=AT + 72 * HOUR)
    assert "Overdue: someone has not done its duty" in text
    assert "某研究院 overdue" in text
    assert "left" not in text


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("not_enrolled", "It is not enrolled, so the registry telephones or writes to it"),
        ("no_answer", "Its server took no notice, and the registry telephones it"),
        ("not_fetched", "It has not fetched its notice yet"),
        ("on_its_way", "The notice is on its way"),
    ],
)
def test_one_that_was_never_reached_does_not_refuse(
    serve: Serve, tmp_path: Path, reason: str, said: str
) -> None:
    answers = fake_desk.withdrawal(AT)["answers"]
    answers[1] |= {"told_at": None, "not_told": fake_desk.not_told(reason)}
    text = shown(serve, tmp_path, answers=answers, state="notified", frozen_at=None)
    assert "notices to everyone are out" in text
    assert f"某研究院 not told yet destroys its copies {said}; the deadline runs all the same." in text
    late = shown(serve, tmp_path, AT + 80 * HOUR, answers=answers, overdue_since=AT + 72 * HOUR)
    assert "Past its deadline: someone could not be told yet" in late
    assert "某研究院 past the deadline, not told yet" in late
    assert "someone has not done its duty" not in late
    assert "someone could not be told yet; the registry is calling" in late
    assert "Someone is late" not in late


def test_a_guardian_is_told_what_is_left_to_do(serve: Serve, tmp_path: Path) -> None:
    waits: Any = {"state": "requested", "frozen_at": None, "awaits_guardian": True}
    text = shown(serve, tmp_path, **waits)
    assert "Received; the guardian has to prove identity and guardianship" in text
    assert "the guardian goes to the registry, or to a counter of the hospital" in text
    assert "the deadlines run from receipt" in text


def test_a_guardian_uploads_both_documents(serve: Serve, tmp_path: Path) -> None:
    waits: Any = {"state": "requested", "frozen_at": None, "awaits_guardian": True}
    desk = FakeDesk(fake_desk.seen(fake_desk.withdrawal(AT, **waits)))
    web = client(serve, tmp_path, desk)
    files = {"identity": b"%PDF-1", "guardianship": b"%PDF-2"}
    fields = {**FORM, "withdrawal": "ab" * 32}
    got = web.post("/c/guardian?lang=en", data=fields, files=files)
    assert desk.proved == [("ab" * 32, files)]
    assert "Documents received; the registry will look at them" in words(got.text)
    half = web.post("/c/guardian?lang=en", data=fields, files={"identity": b"%PDF-1"})
    assert "Choose both files" in words(half.text)
    assert len(desk.proved) == 1


def test_a_restricted_one(serve: Serve, tmp_path: Path) -> None:
    until = AT + 3650 * bodies.DAY
    text = shown(serve, tmp_path, state="restricted", restriction=fake_desk.restriction(until))
    assert "No longer used; kept in storage by law" in text
    assert "《医疗机构病历管理规定》第二十九条" in text
    assert "Kept until" in text
    assert "Download its signed end document" in text
    over = shown(serve, tmp_path, restriction=fake_desk.restriction(until, in_force=False))
    assert "over" in over


def test_one_that_a_dispute_holds(serve: Serve, tmp_path: Path) -> None:
    assert "will be destroyed when the hold is released" in shown(serve, tmp_path, held=True)


def test_a_minors_genetic_data(serve: Serve, tmp_path: Path) -> None:
    text = shown(serve, tmp_path, minor=True, genetic=True, freeze_by=AT + 48 * HOUR, ethics_at=AT + HOUR)
    assert "Freeze by" in text
    assert "Ethics committee told" in text


def test_a_completed_one(serve: Serve, tmp_path: Path) -> None:
    text = shown(serve, tmp_path, state="completed", completed_at=AT + HOUR, late=True)
    assert "Done; everyone has confirmed" in text
    assert "late on the way" in text
    assert "Download its signed end document" in text


def test_withdrawing_asks_first_and_tells_who_must_do_what(serve: Serve, tmp_path: Path) -> None:
    desk = FakeDesk()
    web = client(serve, tmp_path, desk)
    text = words(web.post("/c/confirm", data={**FORM, "extent": "everything"}).text)
    assert "Everything is withdrawn" in text
    assert "某市人民医院 , 某研究院 must clear or destroy" in text.replace("院,", "院 ,")
    assert desk.filed == []
    part = {**FORM, "scope.base": "on", "scope.nonsense": "on", f"recipient.{bodies.LAB}": "on"}
    done = web.post("/c/withdraw", data={**part, "who": "guardian"})
    assert heading(done.text) == "Your withdrawal was received"
    extent = {"everything": False, "scopes": ["base"], "recipients": [bodies.LAB]}
    assert desk.filed == [(extent, True)]


def test_nothing_chosen(serve: Serve, tmp_path: Path) -> None:
    got = client(serve, tmp_path, FakeDesk()).post("/c/confirm", data=FORM)
    assert got.status_code == 400
    assert "Nothing was chosen" in words(got.text)


@pytest.mark.parametrize(
    ("paper", "data"),
    [("pdf", b"receipt pdf"), ("json", b"receipt json"), ("conclusion", b"ab" * 32)],
)
def test_papers(serve: Serve, tmp_path: Path, paper: str, data: bytes) -> None:
    got = client(serve, tmp_path, FakeDesk()).post(
        "/c/paper", data={**FORM, "paper": paper, "withdrawal": "ab" * 32}
    )
    assert got.content == data
    assert got.headers["content-disposition"].startswith("attachment")
    assert got.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("fault", "status", "said"),
    [
        (UsageFault("", code="receipt-refused"), 403, "open nothing here"),
        (
            UsageFault("", code="receipt-replaced", replaced_at=AT),
            403,
            f"Replaced on {DAY}",
        ),
        (UsageFault("", code="receipt-foreign"), 403, "not signed by this registry"),
        (UsageFault("secret words", code="nobody-knows"), 400, "desk is busy"),
        (EnvironmentFault("", code="desk-away"), 503, "Nothing was lost"),
        (EnvironmentFault("", code="desk-silent"), 503, "twice does no harm"),
        (EnvironmentFault("", code="desk-busy", retry_after=30), 503, "desk is busy"),
    ],
)
def test_what_can_go_wrong(
    serve: Serve, tmp_path: Path, fault: UsageFault | EnvironmentFault, status: int, said: str
) -> None:
    got = client(serve, tmp_path, FakeDesk(fault=fault)).post("/c/see", data=FORM)
    assert got.status_code == status
    assert said in words(got.text)
    assert "secret words" not in got.text
    assert QR in got.text, "the receipt is kept for another try"


def test_with_a_proof_copy_nobody_acts(serve: Serve, tmp_path: Path) -> None:
    """The page says so itself; the desk is not asked."""
    desk = FakeDesk(fault=EnvironmentFault("", code="desk-away"))
    for path in ("see", "progress", "confirm", "withdraw", "paper"):
        got = client(serve, tmp_path, desk).post(f"/c/{path}", data={**FORM, "receipt": PROOF_COPY})
        assert got.status_code == 403
        assert "nobody acts with it" in words(got.text)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"receipt": ""}, "not a consent receipt"),
        ({"receipt": QR[:-3]}, "not a consent receipt"),
        ({"receipt": "A" * 9000}, "not a consent receipt"),
        ({"born": "yesterday"}, "not a date of birth"),
        ({"who": ""}, "whether you are the patient"),
        ({"paper": "house"}, "cannot be read"),
    ],
)
def test_what_cannot_be_read(serve: Serve, tmp_path: Path, changes: dict[str, str], said: str) -> None:
    path = "/c/paper" if "paper" in changes else "/c/see"
    got = client(serve, tmp_path, FakeDesk()).post(path, data={**FORM, **changes})
    assert got.status_code == 400
    assert said in words(got.text)


def test_a_certificate_is_no_receipt(serve: Serve, tmp_path: Path) -> None:
    reader = FakeReader(tmp_path / "log")
    web = serve(reader, now=AT, desk=FakeDesk())
    got = web.post("/c/see", data=FORM, files={"file": ("a.json", b'{"format": "yinzheng/certificate/1"}')})
    assert "not a consent receipt" in words(got.text)


def test_where_there_is_no_desk(serve: Serve, tmp_path: Path) -> None:
    web = client(serve, tmp_path, None)
    assert "This site takes in no withdrawals" in words(web.get("/c").text)
    got = web.post("/c/see", data=FORM)
    assert got.status_code == 503
    assert "Go to a counter" in words(got.text)


def test_guessing_dates_of_birth_is_slow(serve: Serve, tmp_path: Path) -> None:
    web = client(serve, tmp_path, FakeDesk(), limits=Limits(patients=Rate(1, 2)))
    assert [web.post("/c/see", data=FORM).status_code for _ in range(4)] == [200, 200, 429, 429]
    assert web.post("/c/see", data=FORM, host="198.51.100.9").status_code == 200


def test_answers_have_no_address_of_their_own(serve: Serve, tmp_path: Path) -> None:
    web = client(serve, tmp_path, FakeDesk())
    for name in ("see", "progress", "confirm", "withdraw", "paper"):
        got = web.get(f"/c/{name}?lang=en")
        assert (got.status_code, got.headers["location"]) == (303, "/c?lang=en")


def test_a_desk_elsewhere_is_refused() -> None:
    for url in (
        "http://example.org:8001",
        "https://127.0.0.1:8001",
        "http://127.0.0.1:8001/x",
        "http://[",
        "8001",
    ):
        with pytest.raises(UsageFault) as caught:
            HttpDesk(url, str)
        assert caught.value.code == "desk-address"
    for url in ("http://127.0.0.1:8001", "http://localhost:8001/", "http://[::1]:8001"):
        HttpDesk(url, str)


# The verify page


def test_a_receipt_is_verified_there_too(serve: Serve, tmp_path: Path) -> None:
    web = client(serve, tmp_path, None)
    text = words(web.post("/verify", data={"text": QR}).text)
    assert "Patient’s consent receipt" in text
    assert "names nobody" in text
    got = web.post("/v1/verify", json={"text": QR}).json()
    assert got["receipt"]["document"] == "consent-receipt"
    assert QR.rpartition(".")[2] not in str(got)


def test_the_consents_a_certificate_rests_on(serve: Serve, tmp_path: Path) -> None:
    reader = FakeReader(
        tmp_path / "log",
        basis=(FakeBasis(), FakeBasis(counts=FakeCounts("12", "7"), not_counted_for=("kinds", "period"))),
    )
    text = words(serve(reader).get(address(reader)).text)
    assert "Withdrawals pending <5 · overdue 0" in text
    assert "Withdrawals pending 12 · overdue 7" in text
    assert text.count("do not count for: kinds of data, how long data is kept or consent lasts") == 1
    assert "rests on" not in words(serve(FakeReader(tmp_path / "log")).get(address(reader)).text)


def test_a_receipts_short_code_is_for_its_page_and_no_proof(serve: Serve, tmp_path: Path) -> None:
    desk = FakeDesk()
    web = client(serve, tmp_path, desk)
    for text in (SHORT, short_receipt(PROOF_COPY)):
        for language, said in (("zh", "请扫描回执上较大的二维码"), ("en", "scan the larger code on it")):
            page = web.post(f"/verify?lang={language}", data={"text": text, "lang": language})
            assert page.status_code == 400
            assert said in words(page.text)
            assert SHORT.rpartition(".")[2] not in page.text
        got = web.post("/v1/verify", json={"text": text})
        assert (got.status_code, got.json()["code"]) == (400, "receipt-short")
    by_short, by_large = (web.post("/c/see", data={**FORM, "receipt": one}).text for one in (SHORT, QR))
    assert words(by_short) == words(by_large)
    assert SHORT.partition("#")[2] in by_short, "the page's forms carry what was shown, and nothing else does"
    got = web.post("/c/see", data={**FORM, "receipt": short_receipt(PROOF_COPY)})
    assert "proof copy" in words(got.text)

"""`yinzheng verify` offline: every form a certificate comes in, every way to hand over something else."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pypdf import PdfReader, PdfWriter

from tests.cli.commands import Said, refused, run
from tests.cli.conftest import Demonstration
from tests.ledger.document.photos import opened, photographed
from tests.verifier.receipt_world import ReceiptWorld
from yinzheng.ledger.document.qr import qr_png
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey
from yinzheng.verifier.formats.certificate import key_id
from yinzheng.verifier.formats.receipt import short_receipt
from yinzheng.verifier.formats.shortcode import ShortCode, short_code

ROOT = Path(__file__).parents[2]


def qr_text(demonstration: Demonstration, at: int = 0) -> str:
    text = json.loads(demonstration.file("json", at).read_text(encoding="utf-8"))["qr"]
    assert isinstance(text, str)
    return text


def outcomes(report: Any) -> dict[int, str]:
    return {item["number"]: item["outcome"] for item in report["obligations"]}


def check(demonstration: Demonstration, target: object, *options: object, **more: Any) -> Said:
    return run("verify", target, "--trust", demonstration.trust, *options, **more)


@pytest.mark.parametrize("suffix", ["pdf", "json"])
@pytest.mark.parametrize("at", [0, 1])
def test_a_file_proves_itself(demonstration: Demonstration, suffix: str, at: int) -> None:
    said = check(demonstration, demonstration.file(suffix, at), "--json", "--offline")
    report = said.json
    assert said.code == 0, said.out
    assert (report["authentic"], report["status"], report["in_force"]) == ("genuine", "in_force", True)
    assert report["kind"] == suffix
    assert set(outcomes(report).values()) == {"VALID"}
    assert report["demonstration"] is True
    assert report["number"] == demonstration.numbers[at]
    assert (report["verdict"]["word"], report["verdict"]["exit_code"]) == ("genuine", 0)
    assert set(report) == {
        "verdict",
        "kind", "number", "authentic", "status", "status_code", "in_force", "demonstration", "checked_at",
        "asked_at", "obligations", "certificate", "elided", "record", "differences", "remarks", "chain",
        "moved", "block", "notes", "inputs",
    }  # fmt: skip
    assert (report["moved"]["licences"], report["moved"]["remarks"]) == (0, {})
    assert not said.err


def test_in_words_the_demonstration_is_labelled_first(demonstration: Demonstration) -> None:
    english = check(demonstration, demonstration.file("pdf"), "--lang", "en")
    assert english.code == 0
    assert english.out.splitlines()[0] == "Demonstration certificate, without any effect"
    assert "Genuine and in force" in english.out
    assert "Registered to" in english.out
    assert "owned" not in english.out.lower()
    chinese = check(demonstration, demonstration.file("pdf"), "--lang", "zh")
    assert "演示" in chinese.out.splitlines()[0]
    again = check(demonstration, demonstration.file("pdf"), env={"LANG": "zh_CN.UTF-8"})
    age = re.compile(r"截至.+?）|距今 \d+ 秒")
    assert age.sub("", again.out) == age.sub("", chinese.out)


def pictures(demonstration: Demonstration, folder: Path) -> list[Path]:
    code = opened(demonstration.file("png").read_bytes())
    photo = folder / "photo.jpg"
    photo.write_bytes(photographed(code))
    return [demonstration.file("png"), photo]


def test_a_picture_or_photo_shows_the_signature_but_no_status(
    demonstration: Demonstration, tmp_path: Path
) -> None:
    for picture in pictures(demonstration, tmp_path):
        said = check(demonstration, picture, "--json")
        assert said.code == 3, said
        report = said.json
        assert (report["kind"], report["authentic"], report["status"]) == (
            "image",
            "undetermined",
            "undetermined",
        )
        assert [outcomes(report)[n] for n in (1, 2, 3)] == ["VALID"] * 3
        assert [outcomes(report)[n] for n in (5, 6, 7, 8, 9, 10)] == ["SKIPPED"] * 6


def test_qr_text_as_argument_file_and_standard_input(demonstration: Demonstration, tmp_path: Path) -> None:
    text = qr_text(demonstration)
    file = tmp_path / "qr.txt"
    file.write_text(text + "\n", encoding="utf-8")
    shown = [
        check(demonstration, text, "--json"),
        check(demonstration, text.lower(), "--json"),
        check(demonstration, file, "--json"),
        check(demonstration, "-", "--json", stdin=text.encode()),
    ]
    assert [said.code for said in shown] == [3] * 4
    assert {said.json["number"] for said in shown} == {demonstration.numbers[0]}
    piped = check(demonstration, "-", "--json", stdin=demonstration.file("pdf").read_bytes())
    assert (piped.code, piped.json["kind"]) == (0, "pdf")


def test_a_certificate_file_pasted_as_argument(demonstration: Demonstration) -> None:
    said = check(demonstration, demonstration.file("json").read_text(encoding="utf-8"), "--json")
    assert (said.code, said.json["kind"]) == (0, "json")


def test_a_look_alike_host_means_nothing(demonstration: Demonstration) -> None:
    text = qr_text(demonstration).replace("LOCALHOST:8000", "EVIL.EXAMPLE")
    assert outcomes(check(demonstration, text, "--json").json)[2] == "VALID"


def test_a_number_alone_needs_a_ledger(demonstration: Demonstration) -> None:
    refused("verify", demonstration.numbers[0], "--trust", demonstration.trust,
            code="number-needs-ledger", exit_code=2)  # fmt: skip


def test_a_receipts_short_code_is_refused_with_a_ledger_too(demonstration: Demonstration) -> None:
    text = short_receipt(ReceiptWorld().qr)
    for more in ((), ("--state", demonstration.state)):
        refused("verify", text, "--trust", demonstration.trust, *more, code="receipt-short", exit_code=2)


def test_a_short_code_is_looked_up_in_a_ledger(demonstration: Demonstration) -> None:
    short = short_code(qr_text(demonstration))
    path = short[short.index("/V/") :]
    refused("verify", short, "--trust", demonstration.trust, code="short-needs-ledger", exit_code=2)
    refused("verify", path, "--trust", demonstration.trust, code="short-needs-ledger", exit_code=2)
    state = ("--state", demonstration.state)
    for text in (short, path.lower()):
        said = check(demonstration, text, *state, "--json").json
        assert (said["kind"], said["number"], said["authentic"]) == (
            "qr",
            demonstration.numbers[0],
            "genuine",
        )
        assert said["certificate"] is not None
    number, _, _ = path.removeprefix("/V/").partition(".")
    said = check(demonstration, ShortCode(number, bytes(16)).path, *state)
    assert said.code == 1
    assert "not the document that is registered under this number" in said.out


def test_a_short_code_beside_its_certificate_names_no_other(demonstration: Demonstration) -> None:
    short = short_code(qr_text(demonstration))
    trust, state = ("--trust", demonstration.trust), ("--state", demonstration.state)
    assert run("history", short, *trust, *state).code == 0
    refused("history", short, *trust, code="history-needs-ledger", exit_code=2)
    invented = ShortCode(demonstration.numbers[0], bytes(16)).path
    refused("history", invented, *trust, *state, code="history-target", exit_code=2)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda text: "https://example.org/coupon?id=77", "qr-foreign"),
        (lambda text: "WIFI:S:guest;T:WPA;P:1234;;", "qr-foreign"),
        (lambda text: text.replace("HTTPS", "HTTP"), "qr-scheme"),
        (lambda text: text[:-40], None),
        (lambda text: text + "A" * 8, None),
        (lambda text: text[:-9] + "=" + text[-9:], "qr-alphabet"),
        (lambda text: "HTTPS://HOST/V/" + "A" * 100_000, "qr-too-long"),
        (lambda text: text[:-30] + ("A" if text[-30] != "A" else "B") + text[-29:], None),
    ],
    ids=["other-system", "wifi", "http", "truncated", "trailing", "padding", "100kB", "altered"],
)
def test_texts_that_are_no_certificate_of_ours(demonstration: Demonstration, change: Any, code: Any) -> None:
    said = check(demonstration, "-", "--json", stdin=change(qr_text(demonstration)).encode())
    invalid = [item for item in said.json["obligations"] if item["outcome"] == "INVALID"]
    assert len(invalid) == 1
    assert invalid[0]["number"] in (1, 2)
    assert code is None or invalid[0]["code"] == code
    word = "forged" if invalid[0]["code"] == "signature-wrong" else "not_ours"
    assert (said.json["authentic"], said.code) == (word, 1 if word == "forged" else 3)


def test_a_hundred_kilobytes_of_base32_as_argument(demonstration: Demonstration) -> None:
    said = check(demonstration, "A" * 100_000, "--json")
    assert (said.code, said.json["authentic"]) == (3, "not_ours")
    # Longer than any file name, shorter than any limit on texts.
    assert check(demonstration, "A" * 1000, "--json").code == 3


def test_a_text_re_encoded_is_not_the_one_encoding(demonstration: Demonstration) -> None:
    head, _, core = qr_text(demonstration).rpartition("/")
    data = base64.b32decode(core + "=" * (-len(core) % 8))
    # The array's length in the longer form: the same value, another encoding.
    longer = b"\x98\x04" + data[1:]
    text = f"{head}/{base64.b32encode(longer).decode().rstrip('=')}"
    said = check(demonstration, text, "--json")
    assert (said.code, outcomes(said.json)[1]) == (3, "INVALID")


def test_an_edited_record_is_forged_and_named(demonstration: Demonstration, tmp_path: Path) -> None:
    document = json.loads(demonstration.file("json").read_text(encoding="utf-8"))
    document["record"]["scale"] = "9999999条"
    edited = tmp_path / "edited.json"
    edited.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    said = check(demonstration, edited, "--json")
    assert said.code == 1
    assert [n for n, outcome in outcomes(said.json).items() if outcome == "INVALID"] == [4]
    assert "≠ scale" in check(demonstration, edited, "--lang", "en").out


def test_files_that_hold_no_certificate(demonstration: Demonstration, tmp_path: Path) -> None:
    files = {
        "empty.pdf": (b"", "target-empty"),
        "noise.png": (b"\x89PNG\r\n\x1a\n" + bytes(200), "image-format"),
        "cut.pdf": (demonstration.file("pdf").read_bytes()[:3000], None),
        "other.pdf": (_pdf(), "pdf-no-attachment"),
        "locked.pdf": (_encrypted(demonstration.file("pdf")), "pdf-encrypted"),
        "bomb.png": (_png((12_000, 12_000)), "image-too-large"),
        "blank.png": (_png((300, 300)), "image-no-code"),
        "foreign.png": (qr_png("HTTPS://EXAMPLE.ORG/MENU"), "image-foreign"),
    }
    for name, (data, code) in files.items():
        path = tmp_path / name
        path.write_bytes(data)
        said = check(demonstration, path, "--json")
        assert said.code == 3, (name, said)
        word = "undetermined" if code in ("pdf-encrypted", "image-too-large") else "not_ours"
        assert (said.json["verdict"]["word"], said.json["authentic"]) == (word, word), name
        assert code is None or said.json["obligations"][0]["code"] == code, name
        assert not said.err


def _pdf() -> bytes:
    writer = PdfWriter()
    writer.add_blank_page(200, 200)
    stream = io.BytesIO()
    writer.write(stream)
    return stream.getvalue()


def _encrypted(path: Path) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(path))
    writer.encrypt("a password", algorithm="RC4-128")
    stream = io.BytesIO()
    writer.write(stream)
    return stream.getvalue()


def _png(size: tuple[int, int]) -> bytes:
    stream = io.BytesIO()
    Image.new("1", size, 1).save(stream, "PNG")
    return stream.getvalue()


def test_a_picture_with_two_certificates_asks_for_one(demonstration: Demonstration, tmp_path: Path) -> None:
    one, two = (opened(demonstration.file("png", at).read_bytes()) for at in (0, 1))
    page = Image.new("L", (one.width + two.width + 60, max(one.height, two.height)), 255)
    page.paste(one, (0, 0))
    page.paste(two, (one.width + 60, 0))
    both = tmp_path / "both.png"
    page.save(both)
    said = check(demonstration, both, "--json")
    assert (said.code, said.json["verdict"]["word"]) == (3, "undetermined")
    assert said.json["obligations"][0]["code"] == "image-several"
    assert "several certificates" in check(demonstration, both, "--lang", "en").out


def test_names_of_files_that_are_not_there(demonstration: Demonstration, tmp_path: Path) -> None:
    trust = ("--trust", demonstration.trust)
    for name in ("none.pdf", "none.PNG", "none.jpeg", "none.json", "some/where.webp", "none.docx", "none"):
        refused("verify", tmp_path / name, *trust, code="target-missing", exit_code=2)
    refused("verify", tmp_path, *trust, code="target-missing", exit_code=2)


def test_trust_files_that_are_none(demonstration: Demonstration, tmp_path: Path) -> None:
    pdf = demonstration.file("pdf")
    refused("verify", pdf, "--trust", tmp_path / "none.json", code="trust-missing", exit_code=2)
    refused("verify", pdf, "--trust", tmp_path, code="trust-missing", exit_code=2)
    policy = json.loads(demonstration.trust.read_text(encoding="utf-8"))
    wrong = tmp_path / "wrong.json"
    for text in (
        "",
        "{",
        "[]",
        "{}",
        json.dumps({**policy, "extra": 1}),
        json.dumps({**policy, "max_age": 0}),
    ):
        wrong.write_text(text, encoding="utf-8")
        said = run("verify", pdf, "--trust", wrong, "--json")
        assert (said.code, said.error["hint"] != "" or said.error["message"] != "") == (2, True)
    refused("verify", pdf, "--trust", demonstration.file("json"), code="trust-malformed", exit_code=2)
    refused("verify", pdf, "--trust", pdf / "x", code="trust-missing", exit_code=2)


def _other_issuer(policy: dict[str, Any]) -> None:
    policy["issuers"][0]["not_after"] = policy["issuers"][0]["not_before"]


@pytest.mark.parametrize(
    ("edit", "obligation", "exit_code"),
    [
        (_other_issuer, 3, 1),
        (lambda p: p["chain"]["contracts"]["rights"].update(code_hash="00" * 32), 9, 3),
        (lambda p: p["chain"]["validators"][0].update(addresses=["11" * 20]), 8, 3),
        (lambda p: p["chain"].update(consensus="qbft"), 8, 3),
        (lambda p: p["issuers"][0].update(prefix="SJ992"), 3, 1),
    ],
    ids=["key-expired", "other-contract", "other-validator", "qbft", "other-prefix"],
)
def test_another_policy_another_answer(
    demonstration: Demonstration, tmp_path: Path, edit: Any, obligation: int, exit_code: int
) -> None:
    policy = json.loads(demonstration.trust.read_text(encoding="utf-8"))
    edit(policy)
    mine = tmp_path / "trust.json"
    mine.write_text(json.dumps(policy), encoding="utf-8")
    said = run("verify", demonstration.file("pdf"), "--trust", mine, "--json")
    assert outcomes(said.json)[obligation] != "VALID"
    assert said.code == exit_code


def test_as_of_a_time(demonstration: Demonstration) -> None:
    body = json.loads(demonstration.file("json").read_text(encoding="utf-8"))["record"]
    block = check(demonstration, demonstration.file("pdf"), "--json").json["block"]["time"]
    # Whose end is to come, also where a midnight has come since the block or comes meanwhile.
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 600 + 8 * 3600))

    def at(moment: object) -> tuple[int, str, int]:
        said = check(demonstration, demonstration.file("pdf"), "--json", "--at", moment)
        return said.code, said.json["status"], said.json["asked_at"]

    assert at(block) == (0, "in_force", block)
    assert at(body["registered_at"] - 86_400)[:2] == (1, "not_yet")
    assert at("2020-01-01")[:2] == (1, "not_yet")
    assert at("2020-01-01T08:00") == (1, "not_yet", 1577836800)
    assert at("2020-01-01T00:00:00Z") == (1, "not_yet", 1577836800)
    assert at("2020-01-01T08:00:00+08:00")[2] == 1577836800
    assert at("2020-01-01")[2] == 1577836800 - 8 * 3600 + 86_399, "a bare date means the end of the day"
    for later in (f"{day}T23:59:59", day, "2090-01-01"):  # nothing can be said of what is yet to come
        refused("verify", demonstration.file("pdf"), "--trust", demonstration.trust, "--at", later,
                code="time-future", exit_code=2)  # fmt: skip
    past = check(demonstration, demonstration.file("pdf"), "--at", "2020-01-01", "--lang", "en")
    assert "Genuine, but not yet registered at that time as of 1 January 2020 23:59:59" in past.out
    for nonsense in ("yesterday", "2026-13-01", "20261121", "1.5", "-1", "2026-11-21T25:00"):
        refused("verify", demonstration.file("pdf"), "--trust", demonstration.trust, f"--at={nonsense}",
                code="instant", exit_code=2)  # fmt: skip


def test_options_that_contradict(demonstration: Demonstration) -> None:
    common = ("verify", demonstration.file("pdf"), "--trust", demonstration.trust)
    refused(*common, "--offline", "--state", demonstration.state, code="usage-source", exit_code=2)
    refused(*common, "--rpc", "http://127.0.0.1:9", "--offline", code="usage-source", exit_code=2)
    refused(*common, "--lang", "fr", code="usage-language", exit_code=2)
    assert run("verify", demonstration.file("pdf")).code == 2, "there is no policy by default"
    assert run("verify").code == 2


def test_a_policy_shows_its_fingerprint_and_what_changed(
    demonstration: Demonstration, tmp_path: Path
) -> None:
    shown = run("trust", "show", demonstration.trust, "--lang", "zh")
    policy = json.loads(demonstration.trust.read_bytes())
    found = run("trust", "show", demonstration.trust, "--json").json
    assert shown.code == 0
    assert shown.out.startswith(f"信任策略指纹: {found['fingerprint']['zh']}")
    assert policy["issuers"][0]["registry"]["code"] in shown.out
    assert {"what": "log", "value": policy["log"]["keys"][0]} in found["pins"]
    policy["issuers"][0]["not_after"] = policy["issuers"][0]["not_before"] + 86_400
    changed = tmp_path / "changed.json"
    changed.write_text(json.dumps(policy, ensure_ascii=False), encoding="utf-8")
    later = run("trust", "show", changed, "--against", demonstration.trust, "--json").json
    assert later["fingerprint"]["digits"] != found["fingerprint"]["digits"]
    assert [(one["sign"], one["what"]) for one in later["changes"]] == [("-", "key"), ("+", "key")]
    same = run("trust", "show", changed, "--against", changed, "--lang", "en")
    assert "Both policies pin the same." in same.out


def test_a_verdict_names_the_policy_and_the_program(demonstration: Demonstration) -> None:
    said = check(demonstration, demonstration.file("pdf"), "--lang", "en")
    found = check(demonstration, demonstration.file("pdf"), "--json").json["inputs"]
    assert f"Fingerprint of the policy: {found['fingerprint']['en']}" in said.out
    assert found["policy"]["sha256"] == hashlib.sha256(demonstration.trust.read_bytes()).hexdigest()
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert found["program"] == f"yinzheng {version}"


@pytest.mark.parametrize(
    ("registry", "headline", "advice"),
    [
        (
            {"name": "某登记中心（虚构）", "code": "91440101DEM00077EF"},
            "Not of a registry you pinned",
            "Your policy does not pin the registry that signed it",
        ),
        (
            {},
            "Cannot be determined: names a registry you pinned, "
            "signed with a key that your policy does not have",
            "Telephone the registry",
        ),
    ],
)
def test_another_registry_or_key_is_not_called_forged(
    demonstration: Demonstration, tmp_path: Path, registry: dict[str, str], headline: str, advice: str
) -> None:
    policy = json.loads(demonstration.trust.read_bytes())
    key = Sm2PrivateKey(7).public_key.point
    policy["issuers"][0].update(key=key.hex(), kid=key_id(key).hex())
    policy["issuers"][0]["registry"] |= registry
    other = tmp_path / "other.json"
    other.write_text(json.dumps(policy, ensure_ascii=False), encoding="utf-8")
    said = run("verify", demonstration.file("pdf"), "--trust", other, "--lang", "en")
    assert said.code == 3
    assert said.out.splitlines()[1] == headline
    assert advice in said.out

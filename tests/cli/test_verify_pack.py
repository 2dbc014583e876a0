"""`yinzheng verify` of an evidence pack: offline, in the order of the court's questions (S14)."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import shutil
import time
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from tests.cli.commands import Said, refused, run
from tests.cli.conftest import Demonstration
from tests.verifier.pack.damaged import NO_PACKS
from tests.verifier.pack.pack_world import Dispute, genuine_pack, pack_trust
from yinzheng.api.cli import verify_target
from yinzheng.api.web.weigh import weigh
from yinzheng.verifier.bytes.algorithms import digest_pair
from yinzheng.verifier.version import VERSION


@pytest.fixture
def trust(tmp_path: Path) -> Path:
    path = tmp_path / "trust.json"
    kept: list[object] = []
    pack_trust(kept.append)
    path.write_text(json.dumps(kept[0]), encoding="utf-8")
    return path


def check(trust: Path, pack: bytes, *options: object, name: str = "case.zip") -> Said:
    path = trust.parent / name
    path.write_bytes(pack)
    return run("verify", path, "--trust", trust, *options)


def test_a_pack_is_checked_and_explained(trust: Path) -> None:
    chinese = check(trust, genuine_pack(), "--lang", "zh")
    assert chinese.code == 0, chinese
    assert chinese.out.startswith("一致：所披露的证据自存证之时起未经改动（截至 ")
    order = [chinese.out.index(rule) for rule in ("C16", "C17", "C18", "C19")]
    assert order == sorted(order)
    for words in ("访问日志导出", "采集时间（陈述）", "王公证", "广州互联网法院", "区块 1000"):
        assert words in chinese.out
    english = check(trust, genuine_pack(), "--lang", "en", name="case")
    assert english.out.startswith("Consistent: the evidence shown is unchanged")


def test_a_named_pipe_is_no_file_and_nobody_waits_for_it(trust: Path) -> None:
    pipe = trust.with_name("pipe.zip")
    os.mkfifo(pipe)
    refused("verify", pipe, "--trust", trust, code="target-missing", exit_code=2)
    said = run("verify", pipe, pipe, "--trust", trust)
    assert {json.loads(line)["fault"]["code"] for line in said.out.splitlines()} == {"target-missing"}


def test_among_several_it_is_judged_as_alone(trust: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now)
    alone = check(trust, genuine_pack(), "--json").json
    text = trust.with_name("text.json")
    text.write_text("{}", encoding="utf-8")
    said = run("verify", trust.with_name("case.zip"), text, "--trust", trust)
    line, other = map(json.loads, said.out.splitlines())
    assert line.pop("target").endswith("case.zip")
    assert line == alone
    assert (other["authentic"], said.code) == ("not_ours", 3)


def test_a_changed_pack_names_the_item(trust: Path) -> None:
    pack = bytearray(genuine_pack())
    pack[pack.index(b"a record of access") + 3] ^= 1
    said = check(trust, bytes(pack), "--lang", "en")
    assert said.code == 1
    assert "items/0001 (4): The content is not the one that was deposited." in said.out


def test_what_cannot_be_determined(trust: Path) -> None:
    said = check(trust, Dispute(withhold_opening=True, withheld=frozenset({2})).pack(), "--lang", "en")
    assert said.code == 3
    assert "item 2  withheld" in said.out
    assert "The opening of the dispute is withheld." in said.out


def test_as_json(trust: Path) -> None:
    said = check(trust, genuine_pack(), "--json")
    value = json.loads(said.out)
    assert (said.code, value["kind"], value["answer"]) == (0, "pack", "consistent")
    assert value["verdict"]["word"] == "genuine"


@pytest.mark.parametrize("name", NO_PACKS)
def test_what_is_no_pack_is_none_of_ours_or_damaged(name: str, trust: Path) -> None:
    said = check(trust, NO_PACKS[name][0](), "--lang", "en")
    other = "a registry you pinned" if name == "of another registry" else "Not one of ours"
    assert (said.code, other in said.out.splitlines()[0]) == (3, True), said.out
    assert "nconsistent" not in said.out


def test_every_face_says_the_same(trust: Path) -> None:
    changed = bytearray(genuine_pack())
    changed[changed.index(b"a record of access") + 3] ^= 1
    packs = {
        "genuine": genuine_pack(),
        "forged": bytes(changed),
        "undetermined": Dispute(withheld=frozenset({1, 2, 3})).pack(),
        "not_ours": NO_PACKS["cut off"][0](),
    }
    for word, pack in packs.items():
        said = check(trust, pack, "--json")
        verdict = said.json["verdict"]
        assert (verdict["word"], verdict["exit_code"]) == (word, said.code)
        weighed = asyncio.run(weigh(pack, trust.read_bytes(), int(time.time())))
        assert weighed.verdict == verdict
        assert weighed.paper["verdict"] == [verdict["zh"], verdict["en"]]
        for language, key in (("zh", "zh"), ("en", "en")):
            assert check(trust, pack, "--lang", language).out.startswith(verdict[key][:20])


def test_a_name_that_differs_is_mentioned(trust: Path) -> None:
    other = check(trust, genuine_pack(), "--lang", "en", name="d-2026-000002 (1).zip")
    assert other.code == 0
    assert "pack: The file is named after another dispute" in other.out
    for name in ("D-2026-000001.zip", "case.zip"):
        assert "named after" not in check(trust, genuine_pack(), "--lang", "en", name=name).out


def test_what_is_no_pack(trust: Path) -> None:
    other = check(trust, b"PK\x03\x04\xff\xfe\x00\x80", "--lang", "en", name="archive")
    assert (other.code, "The file was cut off." in other.out) == (3, True)
    assert not verify_target.is_pack("\0")
    assert not verify_target.is_pack(str(trust))


def test_a_pack_is_known_by_its_content(
    trust: Path, demonstration: Demonstration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A certificate called `.zip` is a certificate; a pack called anything, or piped in, is a pack."""
    for suffix in ("pdf", "json", "png"):
        named = tmp_path / f"{suffix}.zip"
        shutil.copy(demonstration.file(suffix), named)
        plain, said = (
            run("verify", file, "--trust", demonstration.trust, "--json")
            for file in (demonstration.file(suffix), named)
        )
        assert (said.code, said.json["verdict"]["word"]) == (plain.code, plain.json["verdict"]["word"])
    assert check(trust, genuine_pack(), "--json", name="pack.pdf").json["answer"] == "consistent"
    piped = run("verify", "-", "--trust", trust, "--json", stdin=genuine_pack())
    assert (piped.code, piped.json["answer"]) == (0, "consistent")
    page = tmp_path / "report.html"
    assert run("verify", "-", "--trust", trust, "--report", page, stdin=genuine_pack()).code == 0
    assert page.exists()
    refused("verify", "-", "--trust", trust, "--at", "2026-11-21", code="pack-alone", exit_code=2,
            stdin=genuine_pack())  # fmt: skip
    monkeypatch.setattr(verify_target, "MAX_TARGET", 100)
    refused("verify", "-", "--trust", trust, code="target-too-large", exit_code=2, stdin=genuine_pack())


def test_a_pack_stands_alone(trust: Path) -> None:
    path = trust.parent / "case.zip"
    path.write_bytes(genuine_pack())
    refused("verify", path, "--trust", trust, "--at", "2026-11-21", code="pack-alone", exit_code=2)


def test_a_party_among_the_operators(trust: Path) -> None:
    policy = json.loads(trust.read_text(encoding="utf-8"))
    policy["operators"] = [{"name": "某研究院", "code": "91310000132200821H"}]
    trust.write_text(json.dumps(policy), encoding="utf-8")
    said = check(trust, genuine_pack(), "--lang", "en")
    assert "(91310000132200821H) ← a party" in said.out
    assert said.code == 0


def test_the_report_is_written_to_a_new_file(trust: Path) -> None:
    page = trust.parent / "report.html"
    said = check(trust, genuine_pack(), "--report", page, "--json")
    assert said.code == 0, said
    assert json.loads(said.out)["answer"] == "consistent"
    html = page.read_text(encoding="utf-8")
    assert html.startswith("<!doctype html>")
    assert "本报告由核验程序在读者的机器上" in html
    refused(
        "verify", trust.parent / "case.zip", "--trust", trust, "--report", page,
        code="report-exists", exit_code=2,
    )  # fmt: skip
    assert page.read_text(encoding="utf-8") == html


def test_a_report_for_which_there_is_no_room_is_not_left_half_written(trust: Path) -> None:
    page, most = trust.parent / "report.html", resource.getrlimit(resource.RLIMIT_FSIZE)
    (trust.parent / "case.zip").write_bytes(genuine_pack())
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, most[1]))
    try:
        said = run("verify", trust.parent / "case.zip", "--trust", trust, "--report", page)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, most)
    assert said.code == 3, said
    assert {path.name for path in trust.parent.iterdir()} == {"trust.json", "case.zip"}


def test_only_a_pack_has_a_report_to_write(trust: Path) -> None:
    page = trust.parent / "report.html"
    number = "SJ4412026110001"
    refused("verify", number, "--trust", trust, "--report", page, code="report-not-pack", exit_code=2)
    assert not page.exists()


def test_the_policy_inside_a_pack_is_warned_of(trust: Path, tmp_path: Path) -> None:
    pack = genuine_pack()
    own = check(trust, pack, "--json").json
    assert not own["policy_from_pack"]
    assert own["pack"] == digest_pair(pack).to_json()
    with zipfile.ZipFile(BytesIO(pack)) as opened:
        inside = tmp_path / "inside" / "trust.json"
        inside.parent.mkdir()
        inside.write_bytes(opened.read("trust.json"))
    page = tmp_path / "report.html"
    path = tmp_path / "case.zip"
    path.write_bytes(pack)
    said = run("verify", path, "--trust", inside, "--lang", "en", "--report", page)
    assert "Mind: the policy used is the copy inside the pack" in said.out
    written = page.read_text(encoding="utf-8")
    assert "Mind: the policy used is the copy inside the pack" in written
    for told in (" ".join(said.out.split()), written):
        # Or a forger's pack would name the number at which to ask whether it is genuine.
        assert "at a number found elsewhere and not the one that this policy names" in told
    assert digest_pair(pack).sha256.hex() in written
    assert digest_pair(inside.read_bytes()).sm3.hex() in written
    assert f"yinzheng {VERSION}" in written

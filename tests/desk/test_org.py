"""`yinzheng org`: an organisation from its first key to its last, against a desk that runs."""

from __future__ import annotations

import csv
import json
import os
import re
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import Said, refused, run
from tests.cli.processes import environment, start
from tests.desk.calls import KEYS_OF_STATE, DeskProcess
from tests.desk.conftest import Founded
from tests.ledger import consent_world
from tests.ledger.consent_world import CLINIC, LAB
from tests.ledger.world import AUDITOR, KEEPER, OFFICER
from tests.verifier import bodies
from yinzheng.api.org.member import Member
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.algorithms import Sm2PublicKey
from yinzheng.verifier.bytes.china_time import CHINA
from yinzheng.verifier.containers.receiptfile import parse_receipt_file
from yinzheng.verifier.formats.notice import parse_notice
from yinzheng.verifier.formats.webhook import verify_webhook
from yinzheng.verifier.words.receipt import SCOPES as SCOPE_WORDS

CHINESE = re.compile(r"[\u4e00-\u9fff]")
SECRET = "a passphrase of an organisation"
SECRETS = {"YINZHENG_ORG_PASSPHRASE": SECRET}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clinic") / "org"


@pytest.fixture(scope="module")
def clinic(desk: DeskProcess, folder: Path) -> Path:
    """The clinic's folder; an officer has enrolled it, with the desk running."""
    made = start(
        *("org", "key", "new", "--code", CLINIC, "--name", "某诊所", "--role", "controller"),
        *("--role", "recipient", "--out", folder, "--json"),
        env=environment(**SECRETS),
    )
    assert made.returncode == 0, made.stderr
    value = json.loads(made.stdout)
    done = run(
        *("enrol", value["enrolment"], "--as", OFFICER, "--state", desk.state, "--json"), env=KEYS_OF_STATE
    )
    assert done.json["kid"] == value["kid"]
    policy = folder / "from-the-officer.json"
    run("export-trust", "--state", desk.state, "--out", policy)
    assert run("org", "trust", policy, "--org", folder, "--json").json["issuers"]
    return folder


def org(desk: DeskProcess, clinic: Path, *args: object) -> Said:
    return run("org", *args, "--org", clinic, "--desk", desk.url, "--json", env=SECRETS)


def done(said: Said) -> Any:
    assert said.code == 0, said.err
    return said.json


@pytest.fixture(scope="module")
def notice(desk: DeskProcess, clinic: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The clinic's notice: its leaf hash and digest."""
    body = {
        **bodies.notice(),
        "controller": {"name": "某诊所", "code": CLINIC},
        "published_at": int(time.time()) - 30,
    }
    file = tmp_path_factory.mktemp("notice") / "notice.json"
    file.write_bytes(canonical.dumps(body))
    published = done(org(desk, clinic, "notice", "publish", file))
    return {"leaf": published["leaf"], "digest": parse_notice(body).digest().to_json()}


def consent(founded: Founded, notice: Any, number: int, **changes: object) -> bytes:
    controller = {"name": "某诊所", "code": CLINIC}
    return canonical.dumps({**founded.consent(number), "controller": controller, "notice": notice, **changes})


def test_consents_are_uploaded_and_their_receipts_fetched(
    desk: DeskProcess, clinic: Path, founded: Founded, notice: Any, tmp_path: Path
) -> None:
    file = tmp_path / "consents.ndjson"
    lines = [consent(founded, notice, n) for n in range(3)]
    lines.insert(1, consent(founded, notice, 9, until=7))
    file.write_bytes(b"\n".join(lines))
    first, again = (org(desk, clinic, "consents", "upload", file) for _ in range(2))
    sent = first.json
    assert (first.code, sent["granted"], sent["refused"], sent["already"]) == (1, 3, 1, 0)
    assert (again.code, again.json["granted"]) == (1, 3)
    # The same ones in another file are known again, and stay one each.
    copy = tmp_path / "copy.ndjson"
    copy.write_bytes(b"\xef\xbb\xbf" + b"\r\n".join([lines[0], b"", *lines[2:]]) + b"\r\n")
    known = done(org(desk, clinic, "consents", "upload", copy))
    assert (known["granted"], known["already"]) == (3, 3)

    out = tmp_path / "receipts"
    got = done(org(desk, clinic, "consents", "receipts", sent["granted_file"], "--out", out))
    assert (got["receipts"], got["waiting"]) == (3, 0)
    assert sorted(path.suffix for path in out.iterdir()) == [".json"] * 3 + [".pdf"] * 3
    for path in out.glob("*.json"):
        parse_receipt_file(path.read_bytes())
        assert path.stat().st_mode & 0o077 == 0


def test_uses_are_noted_from_a_table(
    desk: DeskProcess, clinic: Path, founded: Founded, notice: Any, tmp_path: Path
) -> None:
    """Each once, whatever happens; and the auditor's list is a table, too."""
    file = tmp_path / "consent.json"
    file.write_bytes(consent(founded, notice, 66))
    subject = done(org(desk, clinic, "consent", "add", file))["subject"]
    table = tmp_path / "uses.csv"
    done(org(desk, clinic, "uses", table, "--template"))
    at = f"{datetime.fromtimestamp(time.time(), CHINA):%Y/%m/%d %H:%M:%S}"
    with table.open("a", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows(
            (one, at, purpose, "信息科", SCOPE_WORDS["base"].zh, "", "", "")
            for one, purpose in ((subject, "'=统计"), ("cd" * 32, "本院研究"), (subject, "质控"))
        )
    first = org(desk, clinic, "uses", table)
    assert (first.code, first.json["recorded"]) == (1, 2), first
    assert [(one["row"], one["code"]) for one in first.json["refused"]] == [(4, "consent-unknown")]
    kept = tmp_path / "uses.csv.recorded.ndjson"
    kept.write_bytes(kept.read_bytes() + b'{"use": "cut sh')
    again = org(desk, clinic, "uses", table)
    assert (again.json["recorded"], again.json["recorded_before"]) == (0, 2), again
    assert len(kept.read_bytes().splitlines()) == 2
    kept.write_text("nonsense\n")
    refused("org", "uses", table, "--org", clinic, "--desk", desk.url, code="uses-recorded", exit_code=1,
            env=SECRETS)  # fmt: skip

    listed = tmp_path / "lines.csv"
    day = at.split(" ", maxsplit=1)[0].replace("/", "-")
    by = ("accesses", "--since", day, "--until", day, "--consent", subject, "--as", AUDITOR)
    state = ("--state", desk.state, "--table", listed)
    assert run(*by, *state, env=KEYS_OF_STATE).code == 0
    text = listed.read_bytes().decode("utf-8-sig")
    assert {"'=统计", "质控"} <= {row[9] for row in csv.reader(text.splitlines())}
    refused(*by, *state, code="file-exists", exit_code=2, env=KEYS_OF_STATE)


def test_a_receipt_is_handed_out_replaced_and_copied(
    desk: DeskProcess, clinic: Path, founded: Founded, notice: Any, tmp_path: Path
) -> None:
    """By the same words as at the registry's counter, and as PDF."""
    file = tmp_path / "consent.json"
    file.write_bytes(consent(founded, notice, 77))
    subject = done(org(desk, clinic, "consent", "add", file))["subject"]
    handed = ("consent", "receipt", subject, "--out", tmp_path / "first")
    base = ("--org", clinic, "--desk", desk.url)
    (tmp_path / "first").mkdir()
    (tmp_path / "first" / "receipt.json").write_text("somebody's")
    refused("org", *handed, *base, code="file-exists", exit_code=2, env=SECRETS)
    (tmp_path / "first" / "receipt.json").unlink()  # nothing was handed out
    got = done(org(desk, clinic, *handed))
    assert [Path(one).name for one in got["files"]] == ["receipt.pdf", "receipt.json"]
    assert (tmp_path / "first" / "receipt.pdf").read_bytes().startswith(b"%PDF-")
    parse_receipt_file((tmp_path / "first" / "receipt.json").read_bytes())
    assert all(Path(one).stat().st_mode & 0o077 == 0 for one in got["files"])

    again = ("org", "consent", "receipt", subject, *base, "--out", tmp_path / "second")
    refused(*again, code="receipt-issued", exit_code=2, env=SECRETS)
    copy = done(org(desk, clinic, "consent", "proof-copy", subject, "--out", tmp_path / "copy"))
    replace = ("consent", "replace-receipt", subject, "--document", "passport", "--out", tmp_path / "new")
    new = done(org(desk, clinic, *replace))
    papers = {Path(one["files"][0]).read_bytes() for one in (got, copy, new)}
    assert len(papers) == 3
    withdraw = ("org", "withdraw", *base, "--born", "19800229", "--recipient", LAB, "--receipt")
    refused(*withdraw, copy["files"][0], code="receipt-proof", exit_code=2, env=SECRETS)
    refused(*withdraw, got["files"][0], code="receipt-replaced", exit_code=2, env=SECRETS)
    # The new one is taken, and nobody with another date of birth.
    other = ("1980-03-01" if one == "19800229" else one for one in (*withdraw, new["files"][0]))
    refused(*other, code="receipt-refused", exit_code=2, env=SECRETS)
    refused("org", "consent", "receipt", "ab", *base, "--out", tmp_path / "x", code="consent-subject",
            exit_code=2, env=SECRETS)  # fmt: skip


def test_a_withdrawal_at_the_counter_is_carried_out(
    desk: DeskProcess, clinic: Path, founded: Founded, notice: Any, tmp_path: Path
) -> None:
    file = tmp_path / "consent.json"
    scopes = dict.fromkeys(founded.consent()["scopes"])
    file.write_bytes(consent(founded, notice, 20, recipients=[], scopes={**scopes, "base": True}))
    subject = done(org(desk, clinic, "consent", "add", file))["subject"]
    filed = done(org(desk, clinic, "withdraw", subject))
    id_ = filed["withdrawal"]

    kept = tmp_path / "notices"
    both = done(org(desk, clinic, "notices", "--out", kept))
    (told,) = [one for one in both if one["kind"] == "withdrawal.freeze"]
    assert told["data"]["withdrawal"] == id_
    body = kept / f"{told['id']}.json"
    assert len(list(kept.glob("*.json"))) == len(both) == 2
    header = body.with_suffix(".signature").read_text().strip()
    trust = run("export-trust", "--state", desk.state, "--json").json
    issuer = trust["issuers"][0]
    key = Sm2PublicKey(bytes.fromhex(issuer["key"]))
    verify_webhook(body.read_bytes(), header, key, to=CLINIC, now=int(time.time()))

    received = done(org(desk, clinic, "notices", "--received", body))
    assert received == [told]

    assert done(org(desk, clinic, "freeze", id_))["frozen_at"]
    evidence = tmp_path / "log.txt"
    evidence.write_text("索引已删除")
    said = done(
        org(
            desk,
            clinic,
            *("destroyed", id_, "--method", "logical", "--operator", "信息科"),
            *("--copies", "1", "--evidence", evidence),
        )
    )
    assert said["state"] == "completed"
    assert done(org(desk, clinic, "withdrawal", id_))["completed_at"]


def test_a_receipt_withdraws_what_it_names(
    desk: DeskProcess, clinic: Path, founded: Founded, notice: Any, tmp_path: Path
) -> None:
    file = tmp_path / "consent.json"
    file.write_bytes(consent(founded, notice, 30))
    subject = done(org(desk, clinic, "consent", "add", file))["subject"]
    handing = tmp_path / "handing.json"
    handing.write_text('{"document":null,"guardian":false}')
    path = f"/org/v1/consents/{subject}/receipt"
    qr = done(org(desk, clinic, "request", "POST", path, "--body", handing))["code"]
    shown = tmp_path / "receipt.txt"
    shown.write_text(qr)
    base = ("org", "withdraw", "--receipt", shown, "--org", clinic, "--desk", desk.url)
    refused(*base, code="withdrawal-claim", exit_code=2, env=SECRETS)
    refused(*base, "--born", "1980-03-01", code="receipt-refused", exit_code=2, env=SECRETS)
    filed = run(*base, "--born", "1980-02-29", "--recipient", LAB, "--json", env=SECRETS)
    assert done(filed)["withdrawal"] == subject


def test_a_widened_notice_tells_whom_it_no_longer_covers(
    desk: DeskProcess, clinic: Path, founded: Founded, tmp_path: Path
) -> None:
    """R28: told, fetched, listed by identifier; a use under it is outside the consent; officers see it."""

    def publish(name: str, **changes: Any) -> tuple[Any, Any]:
        said = {**bodies.notice(), "controller": {"name": "某诊所", "code": CLINIC}, **changes}
        file = tmp_path / name
        file.write_bytes(canonical.dumps(said))
        answer = done(org(desk, clinic, "notice", "publish", file))
        return answer, {"leaf": answer["leaf"], "digest": parse_notice(said).digest().to_json()}

    now = int(time.time())
    first, reference = publish("one.json", published_at=now - 30)
    assert first["changes"] == []
    file = tmp_path / "consent.json"
    file.write_bytes(consent(founded, reference, 40))
    subject = done(org(desk, clinic, "consent", "add", file))["subject"]
    done(org(desk, clinic, "notices"))
    following = {"version": 2, "replaces": first["leaf"], "published_at": now - 1}
    second, _ = publish("two.json", **following, kinds=[*bodies.notice()["kinds"], "病程记录"])
    assert second["changes"] == ["kinds"]
    (told,) = done(org(desk, clinic, "notices"))
    wider = [{"change": "kinds", "scope": None}]
    assert (told["kind"], told["data"]) == (
        "notice.widened",
        {
            "notice": second["leaf"], "version": 2, "wider": wider, "at_most": 1,
            "uncovered": [{"version": 1, "wider": wider, "consents": [subject]}], "next": None,
        },
    )  # fmt: skip
    (page,) = done(org(desk, clinic, "notice", "uncovered", second["leaf"]))
    assert [one["consents"] for one in page["uncovered"]] == [[subject]]
    assert page["uncovered"][0]["wider"][0]["words"] == "病程记录"
    text = run(
        *("org", "notice", "uncovered", second["leaf"], "--org", clinic, "--desk", desk.url), env=SECRETS
    )
    assert [line.strip() for line in text.out.splitlines()] == [
        "version 版本 1, not covering 不及于: kinds",
        subject,
        "1 consent in force does not cover it 份有效同意不及于本版",
    ]
    use = ("use", subject, "--purpose", "本院临床研究", "--operator", "信息科", "--scope", "base")
    assert done(org(desk, clinic, *use))["covered"] is True
    assert done(org(desk, clinic, *use, "--notice", second["leaf"]))["covered"] is False
    other = ("org", "notice", "uncovered", founded.notice.leaf.hex(), "--org", clinic, "--desk", desk.url)
    refused(*other, code="notice-unknown", exit_code=2, env=SECRETS)
    known = {one["leaf"]: one["uncovered"] for one in run("notices", "--state", desk.state, "--json").json}
    assert (known[first["leaf"]], known[second["leaf"]]) == (0, 1)


def test_keys_hand_over_and_are_reported(desk: DeskProcess, clinic: Path) -> None:
    before = done(run("org", "key", "list", "--org", clinic, "--json", env=SECRETS))
    rotated = done(org(desk, clinic, "key", "rotate", "--begins", str(int(time.time()) + 3)))
    # Until it begins the old key signs, afterwards the new one.
    done(org(desk, clinic, "notices"))
    time.sleep(max(0.0, rotated["begins"] - time.time()) + 1)
    done(org(desk, clinic, "notices"))
    member = Member.open(clinic, SECRETS)
    assert member.current(int(time.time()))[0].kid.hex() == rotated["kid"]

    listed = run("organisations", "--state", desk.state, "--json").json
    (mine,) = [one for one in listed if one["code"] == CLINIC]
    assert mine["kid"] == rotated["kid"]
    assert [key["end"] for key in mine["keys"]] == ["rotated", "expired"]

    # One that nobody holds any more is not accepted; the one before is over too.
    ahead = str(int(time.time()) + 60)  # told at once by a clock that is ahead of the registry's
    lost = ("org", "key", "lost", "--since", ahead, "--org", clinic, "--desk", desk.url)
    assert "yinzheng org key rotate --lost --out FILE" in run(*lost, env=SECRETS).out
    refused(
        *("org", "notices", "--org", clinic, "--desk", desk.url),
        code="org-key-none",
        exit_code=2,
        env=SECRETS,
    )
    # An officer binds the key that replaces it.
    file = clinic / "rotation.json"
    begins = int(time.time()) + 5
    made = run(
        *("org", "key", "rotate", "--lost", "--out", file, "--begins", begins, "--org", clinic, "--json"),
        env=SECRETS,
    )
    bound = run("rotate-key", file, "--state", desk.state, "--as", OFFICER, "--json", env=KEYS_OF_STATE)
    assert done(bound)["kid"] == done(made)["kid"]
    time.sleep(max(0.0, begins - time.time()) + 1)
    done(org(desk, clinic, "notices"))
    assert len(done(run("org", "key", "list", "--org", clinic, "--json", env=SECRETS))) == len(before) + 2

    # What an officer is told ends it likewise.
    run_base = ("revoke-key", CLINIC, done(made)["kid"], "--reason", "lost", "--as", OFFICER)
    done(run(*run_base, "--state", desk.state, "--json", env=KEYS_OF_STATE))  # from now on
    refused(
        *("org", "notices", "--org", clinic, "--desk", desk.url),
        code="request-key-unknown",
        exit_code=2,
        env=SECRETS,
    )


def test_what_the_command_line_refuses(desk: DeskProcess, founded: Founded, tmp_path: Path) -> None:
    new = ("org", "key", "new", "--code", CLINIC, "--name", "x", "--role", "forum", "--out", tmp_path / "o")
    refused(*new, code="passphrase-missing", exit_code=2)
    refused(*new, code="passphrase-weak", exit_code=2, env={"YINZHENG_ORG_PASSPHRASE": "short"})
    bad = ("org", "key", "new", "--code", "1" * 18, "--name", "x", "--role", "forum", "--out", tmp_path / "p")
    refused(*bad, code="credit-code", exit_code=1, env=SECRETS)
    made = run(*new, "--account", "--json", env=SECRETS)
    assert len(done(made)["account"]) == 40
    refused(*new, code="org-exists", exit_code=2, env=SECRETS)
    refused(*("org", "notices", "--org", tmp_path / "none"), code="org-missing", exit_code=2, env=SECRETS)
    unpinned = ("org", "notices", "--org", tmp_path / "o", "--desk", desk.url)
    refused(*unpinned, code="registry-not-pinned", exit_code=2, env=SECRETS)
    run("export-trust", "--state", desk.state, "--out", tmp_path / "trust.json")
    done(run("org", "trust", tmp_path / "trust.json", "--org", tmp_path / "o", "--json"))
    at = ("org", "notices", "--org", tmp_path / "o", "--desk")
    refused(*at, "http://desk.example", code="desk-address", exit_code=2, env=SECRETS)
    refused(*at, "https://desk.example/x", code="desk-address", exit_code=2, env=SECRETS)
    refused(*at, "http://127.0.0.1:1", code="desk-unreachable", exit_code=3, env=SECRETS)
    secure = desk.url.replace("http:", "https:")  # which speaks no TLS
    refused(*at, secure, code="desk-untrusted", exit_code=2, env=SECRETS)
    refused(*at, desk.url, code="request-key-unknown", exit_code=2, env=SECRETS)
    chinese = run(*at, desk.url, env={**SECRETS, "LC_ALL": "zh_CN.UTF-8"}).err.splitlines()
    assert CHINESE.search(chinese[0] + chinese[1])
    assert not CHINESE.search(chinese[2].removeprefix("  原文：")), "the desk's English words stay beside"
    wrong = {"YINZHENG_ORG_PASSPHRASE": "another passphrase"}
    refused(*at, desk.url, code="wrong-passphrase", exit_code=3, env=wrong)
    rotate = ("org", "key", "rotate", "--org", tmp_path / "o")
    refused(*rotate, "--lost", code="officer-needed", exit_code=2, env=SECRETS)
    mine = ("--org", tmp_path / "o", "--desk", desk.url)
    refused("org", "request", "PATCH", "/org/v1/x", *mine, code="request-method", exit_code=2, env=SECRETS)
    refused("org", "withdraw", *mine, code="withdrawal-subject", exit_code=2, env=SECRETS)
    refused("org", "consent", "add", tmp_path / "no", *mine, code="file-missing", exit_code=2, env=SECRETS)


def test_what_officers_are_refused(desk: DeskProcess, tmp_path: Path) -> None:
    state = ("--as", OFFICER, "--state", desk.state)
    keeper = ("--as", KEEPER, "--state", desk.state)
    refused("enrol", tmp_path / "no", *state, code="file-missing", exit_code=2, env=KEYS_OF_STATE)
    key = ("revoke-key", LAB, "00" * 8, "--since", "2026-01-01T00:00")
    refused(*key, "--reason", "bored", *state, code="key-reason", exit_code=2, env=KEYS_OF_STATE)
    refused(*key, "--reason", "lost", *state, code="key-unknown", exit_code=2, env=KEYS_OF_STATE)
    odd = ("revoke-key", LAB, "xyz", "--since", "2026-01-01T00:00", "--reason", "lost", *state)
    refused(*odd, code="kid-malformed", exit_code=2, env=KEYS_OF_STATE)
    when = ("revoke-key", LAB, "00" * 8, "--since", "yesterday", "--reason", "lost", *state)
    refused(*when, code="instant", exit_code=2, env=KEYS_OF_STATE)
    hook = ("webhook", LAB, "http://lab.example", *state)
    refused(*hook, code="webhook-address", exit_code=2, env=KEYS_OF_STATE)
    refused("dismiss", LAB, *keeper, code="role-none", exit_code=2, env=KEYS_OF_STATE)
    set_ = run("webhook", LAB, "https://lab.example/hook", *state, "--json", env=KEYS_OF_STATE)
    assert set_.json == {"code": LAB, "webhook": "https://lab.example/hook"}
    assert consent_world.NAMES[LAB] in run("organisations", "--state", desk.state).out
    assert "YINZHENG_PASSPHRASE" not in os.environ

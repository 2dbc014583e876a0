"""A dispute as a forum and two parties have it, by command line and over HTTP, against a desk that runs."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import Said, run
from tests.desk.calls import KEYS_OF_STATE, DeskProcess, running_desk
from tests.desk.conftest import Founded
from tests.ledger.consent_world import CLINIC, HOSPITAL
from tests.ledger.disputes.court import COURT, claim
from tests.ledger.world import AUDITOR, KEEPER, OFFICER
from yinzheng.ledger.state.instance import read_instance
from yinzheng.ledger.state.policy import trust_policy
from yinzheng.verifier.bytes.canonical import dumps

SECRETS = {"YINZHENG_ORG_PASSPHRASE": "a passphrase of an organisation"}
OTHER = "11440100MB2DEMC02X"
MEDIA = "application/vnd.yinzheng.item"


@dataclass
class Bench:
    """A desk, and the folders of those who quarrel."""

    desk: DeskProcess
    folder: Path
    subject: str
    """Of a consent."""

    def org(self, who: str, *args: object) -> Said:
        return run(
            *("org", *args, "--org", self.folder / who, "--desk", self.desk.url, "--json"), env=SECRETS
        )

    def done(self, who: str, *args: object) -> Any:
        said = self.org(who, *args)
        assert said.code == 0, said.err
        return said.json

    def code(self, who: str, *args: object) -> str:
        said = self.org(who, *args)
        assert said.code != 0
        return str(said.error["code"])

    def officer(self, *args: object) -> Any:
        said = run(*args, "--state", self.desk.state, "--json", env=KEYS_OF_STATE)
        assert said.code == 0, said.err
        return said.json

    def account(self, who: str) -> str:
        return str(json.loads((self.folder / who / "organisation.json").read_text())["account"])

    def item(self, name: str, content: bytes, **changes: Any) -> str:
        """An item's description and bytes, as the command line names them."""
        described = self.folder / f"{name}.json"
        described.write_bytes(dumps(claim(int(time.time()) - 10, **changes)))
        (self.folder / name).write_bytes(content)
        return f"{described}={self.folder / name}"

    def plan(self, kind: str = "party") -> Path:
        parties = [
            {"name": "某诊所", "code": CLINIC, "account": self.account("clinic"), "key": None},
            {"name": "某公司", "code": OTHER, "account": self.account("other"), "key": None},
        ]
        value = {
            "kind": kind,
            "forum": {"name": "某市中级人民法院", "code": COURT},
            "number": "(2026)粤01民初1号",
            "parties": parties,
            "certificates": [],
            "cases": [],
            "consents": [self.subject],
        }
        file = self.folder / f"plan-{kind}.json"
        file.write_bytes(dumps(value))
        return file


@pytest.fixture(scope="module")
def bench(founded: Founded, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("quarrel")
    shutil.copytree(founded.root, folder / "state")
    trust = folder / "trust.json"
    trust.write_bytes(dumps(trust_policy(read_instance(folder / "state")[1])))
    members = (("clinic", CLINIC, "party"), ("other", OTHER, "party"), ("court", COURT, "forum"))
    for who, code, role in members:
        args = ("--code", code, "--name", "某机构", "--role", role, "--account", "--out", folder / who)
        made = run("org", "key", "new", *args, "--registry", trust, "--json", env=SECRETS)
        assert made.code == 0, made.err
        enrolled = run(
            *("enrol", made.json["enrolment"], "--as", OFFICER, "--administrator", KEEPER, "--json"),
            *("--state", folder / "state"),
            env=KEYS_OF_STATE,
        )
        assert enrolled.code == 0, enrolled.err
    with running_desk(folder / "state") as desk:
        granted = desk.call("POST", "/org/v1/consents", founded.consent())
        yield Bench(desk, folder, granted.json["granted"][0]["subject"])


def settled(bench: Bench, who: str, id_: str) -> Path:
    """The pack, as soon as everything is on the chain."""
    target = bench.folder / f"{time.time_ns()}.zip"
    for _ in range(40):
        said = bench.org(who, "dispute", "pack", id_, "--out", target)
        if said.code == 0:
            return target
        assert said.error["code"] == "pack-unsettled"
        time.sleep(0.5)
    raise AssertionError("it never came to the chain")


def test_a_party_opens_and_all_settle(bench: Bench) -> None:
    witnessed = bench.folder / "witnessed.json"
    described, file = bench.item("contract.txt", b"a contract").split("=")
    signing = ("--file", file, "--name", "见证人", "--out", witnessed, "--org", bench.folder / "court")
    assert run("org", "witness", described, *signing, env=SECRETS).code == 0
    shown = bench.done("clinic", "dispute", "open", bench.plan(), "--evidence", f"{witnessed}={file}")
    id_ = shown["dispute"]
    assert (shown["state"], len(shown["subjects"]), len(shown["items"])) == ("open", 1, 1)
    assert shown["items"][0]["item"]["witnesses"][0]["name"] == "见证人"

    about = {"url": "https://example.org/", "status": 200, "requested_at": 1}
    page = bench.item("page.warc", b"W" * 3_000_000, kind="web_capture", about=about)
    assert bench.done("other", "dispute", "add", id_, "--evidence", page)[0]["number"] == 2
    assert bench.code("court", "dispute", "add", id_, "--evidence", page) == "dispute-standing"
    assert len(bench.done("court", "dispute", "show", id_)["items"]) == 2
    bench.officer("dispute", "preserve", id_, "--as", OFFICER, "--consent", bench.subject)
    assert [line["items"] for line in bench.officer("disputes")] == [3]
    assert bench.officer("dispute", "show", id_, "--as", OFFICER)["items"][2]["item"]["kind"] == "consent"

    pack = settled(bench, "other", id_)
    judged = run("verify", pack, "--trust", bench.folder / "trust.json", "--json")
    assert judged.code == 0, judged.out[:2000]
    own = bench.folder / "own.zip"
    bench.officer("pack", id_, "--out", own, "--as", OFFICER)
    assert own.read_bytes() == pack.read_bytes()

    deal, message = bench.folder / "deal.txt", bench.folder / "message.json"
    deal.write_text("和解协议")
    given = ("--document", deal, "--reference", "和解协议", "--kind", "settlement", "--out", message)
    assert bench.code("court", "dispute", "prepare-release", id_, *given) == "dispute-standing"
    bench.done("clinic", "dispute", "prepare-release", id_, *given)
    assert bench.code("other", "dispute", "sign-release", id_, message, "--document", pack) == (
        "release-document"
    )
    signatures = [
        bench.done(who, "dispute", "sign-release", id_, message, "--document", deal)["signature"]
        for who in ("clinic", "other")
    ]
    one = ("--kind", "settlement", "--signature", signatures[0])
    assert bench.code("clinic", "dispute", "release", id_, *one) == "release-one-party"
    both = (*one, "--signature", signatures[1])
    assert bench.done("clinic", "dispute", "release", id_, *both)["state"] == "released"

    seen = bench.officer("accesses", "--as", AUDITOR, "--since", "0", "--until", "9999999999")
    named = {line["person"] if line["channel"] == "command" else line["organisation"]: line for line in seen}
    assert {OTHER, OFFICER, COURT} <= set(named)
    assert {(line["action"], line["kind"]) for line in seen} >= {
        ("export", "pack"), ("process", "evidence"), ("see", "dispute"),
    }  # fmt: skip


def test_a_forum_opens_and_its_document_ends_it(bench: Bench) -> None:
    shown = bench.done("court", "dispute", "open", bench.plan("forum"))
    id_ = shown["dispute"]
    judgment, message = bench.folder / "judgment.txt", bench.folder / "judgment.json"
    judgment.write_text("判决")
    given = ("--document", judgment, "--reference", "判决", "--kind", "document", "--out", message)
    for _ in range(40):  # its opening must have come to the chain
        said = bench.org("court", "dispute", "prepare-release", id_, *given)
        if said.code == 0:
            break
        time.sleep(0.5)
    signed = bench.done("court", "dispute", "sign-release", id_, message, "--document", judgment)
    ended = ("--kind", "document", "--signature", signed["signature"])
    assert bench.code("clinic", "dispute", "release", id_, *ended) == "dispute-standing"
    assert bench.done("court", "dispute", "release", id_, *ended)["release"]["kind"] == "document"


def test_strangers_learn_nothing(bench: Bench) -> None:
    desk = bench.desk
    id_ = bench.done("clinic", "dispute", "open", bench.plan(), "--evidence", bench.item("a.txt", b"a"))
    known, unknown = id_["dispute"], "D-2026-999999"
    for method, path, body in (
        ("GET", "", None), ("GET", "/pack", None), ("DELETE", "", None),
        ("POST", "/prepare", {"account": "11" * 20}), ("POST", "/open", {"signature": "11" * 65}),
        ("POST", "/release", {"kind": "document", "signatures": ["11" * 65]}),
    ):  # fmt: skip
        answers = [desk.call(method, f"/org/v1/disputes/{name}{path}", body) for name in (known, unknown)]
        assert {(got.status, got.code) for got in answers} == {(404, "dispute-unknown")}, path
    sent = dumps(claim(1)) + b"\nx"
    got = desk.call("PUT", f"/org/v1/disputes/{known}/items/2", sent, media=MEDIA)
    assert (got.status, got.code) == (404, "dispute-unknown")
    got = desk.call("POST", "/org/v1/disputes", json.loads(bench.plan().read_text()))
    assert (got.status, got.code) == (403, "organisation-role"), HOSPITAL


def test_uploads(bench: Bench) -> None:
    from yinzheng.api.org.calling import Client
    from yinzheng.api.org.member import Member

    member = Member.open(bench.folder / "clinic", SECRETS)
    _, key = member.current(int(time.time()))
    desk, plan = bench.desk, json.loads(bench.plan().read_text())

    def call(method: str, path: str, body: object, media: str = MEDIA) -> Any:
        return desk.call(method, f"/org/v1/disputes{path}", body, org=CLINIC, key=key, media=media)

    id_ = call("POST", "", plan, "application/json").json["dispute"]
    described = dumps(claim(int(time.time()) - 5))
    first = call("PUT", f"/{id_}/items/1", described + b"\n" + b"content")
    assert (first.status, first.json["size"], first.json["leaf"]) == (201, 7, None)
    again = call("PUT", f"/{id_}/items/1", described + b"\n" + b"content")
    assert (again.status, again.json) == (200, first.json)
    for number, body, status, code in (
        (1, described + b"\nother", 409, "dispute-moved"),
        (3, described + b"\nmore", 409, "dispute-moved"),
        (0, described + b"\ncontent", 409, "dispute-moved"),
        (2, described, 422, "json-malformed"),
        (2, b"[]\nx", 422, "json-malformed"),
        (2, b"{}\nx", 422, "field-missing"),
        (2, b"x" * 40_000, 422, "body-too-large"),
    ):
        got = call("PUT", f"/{id_}/items/{number}", body)
        assert (got.status, got.code) == (status, code), (number, got.body)
    got = call("PUT", f"/{id_}/items/2", described + b"\nx", "application/json")
    assert got.code == "content-type"
    assert not any(path.is_file() for path in (desk.state / "incoming").rglob("*"))
    assert (
        Client(member, desk.url, lambda: int(time.time())).call("DELETE", f"/org/v1/disputes/{id_}").body
        == b""
    )

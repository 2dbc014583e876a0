"""A licence over HTTP: handed in by one party, prepared by the registry, signed by both (R4, D16, S15.9)."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.cli.commands import refused, run
from tests.cli.test_moves import SECRETS
from tests.desk.calls import KEYS_OF_STATE, DeskProcess, running_desk
from tests.ledger.world import APPLICANT, OFFICER, Clock, World, create, to_deposited
from yinzheng.api.desk import moves
from yinzheng.api.org import asking
from yinzheng.api.org.calling import Client
from yinzheng.api.org.holding import Holder
from yinzheng.api.org.member import Member
from yinzheng.ledger.reading import open_reader
from yinzheng.verifier.bytes.china_time import CHINA
from yinzheng.verifier.errors import DataFault, UsageFault

HOSPITAL, FIRM = str(APPLICANT["code"]), "91310000132200821H"
INSTITUTE = "91350100M000100Y43"


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[DeskProcess, Path, str]]:
    folder = tmp_path_factory.mktemp("moves")
    clock = Clock(int(time.time()) - 60)
    world = World(create(folder / "state", clock), clock)
    with world.open() as registry:
        _, number = to_deposited(registry, clock, folder / "dossier")
    with open_reader(world.root, clock) as reader:
        data = reader.certificate_file(number)
    assert data is not None
    (folder / "certificate.json").write_bytes(data)
    with running_desk(world.root) as desk:
        run("export-trust", "--state", desk.state, "--out", folder / "trust.json")
        for name, code in ((str(APPLICANT["name"]), HOSPITAL), ("数据公司", FIRM), ("研究院", INSTITUTE)):
            who = ("--code", code, "--name", name, "--registry", folder / "trust.json")
            made = done("holder", "key", "new", *who, "--out", folder / code, env=SECRETS)
            done("enrol", made["enrolment"], "--as", OFFICER, "--state", desk.state, env=KEYS_OF_STATE)
        yield desk, folder, number


def done(*args: object, env: dict[str, str]) -> Any:
    got = run(*args, "--json", env=env)
    assert got.code == 0, got.err
    return got.json


def test_a_licence_over_http(scene: tuple[DeskProcess, Path, str]) -> None:
    desk, folder, number = scene
    contract, asked = folder / "contract.txt", folder / "asked"
    contract.write_text("许可合同（虚构）", encoding="utf-8")
    at = {code: ("--org", folder / code, "--desk", desk.url) for code in (HOSPITAL, FIRM, INSTITUTE)}
    done(
        *("holder", "request", "licence", "--certificate", folder / "certificate.json"),
        *("--to", f"{FIRM}:数据公司", "--right", "use", "--act", "use", "--purposes", "医学研究"),
        *("--ends", int(time.time()) + 86_400 * 90, "--document", f"{contract}:consideration:合同"),
        *("--org", folder / HOSPITAL, "--out", asked),
        env=SECRETS,
    )
    for code in (HOSPITAL, FIRM):
        done("holder", "sign", asked, "--org", folder / code, env=SECRETS)
    submit = ("holder", "submit", asked)
    refused(*submit, *at[INSTITUTE], code="organisation-other", exit_code=2, env=SECRETS)
    case = done(*submit, *at[FIRM], env=SECRETS)["case"]
    refused(*submit, *at[FIRM], code="request-taken", exit_code=2, env=SECRETS)

    (row,) = done("holder", "requests", *at[HOSPITAL], env=SECRETS)
    assert (row["case"], row["certificate"], row["state"]) == (case, number, "applied")
    assert done("holder", "requests", *at[INSTITUTE], env=SECRETS) == []
    by = ("--as", OFFICER, "--state", desk.state)
    done("accept", case, "--procedure", "simplified", "--reasons", "材料齐全", *by, env=KEYS_OF_STATE)
    listed = folder / "list.json"
    template = run("review", case, "--template", *by, env=KEYS_OF_STATE)
    value = json.loads(template.out)
    for answer in value["answers"]:
        answer["answer"] = "yes"
    listed.write_text(json.dumps(value), encoding="utf-8")
    done("review", case, "--checklist", listed, *by, env=KEYS_OF_STATE)
    assert len(done("issue", case, *by, env=KEYS_OF_STATE)["missing"]) == 2

    stranger = ("holder", "requests", case, *at[INSTITUTE])
    refused(*stranger, code="case-unknown", exit_code=2, env=SECRETS)
    for code, left in ((FIRM, 1), (HOSPITAL, 0)):
        prepared, signature = folder / f"{code}.prepared", folder / f"{code}.signature"
        done("holder", "requests", case, "--out", prepared, *at[code], env=SECRETS)
        own = ("--request", asked, "--org", folder / code, "--out", signature)
        done("holder", "sign", prepared, *own, env=SECRETS)
        said = run("holder", "submit", signature, *at[code], env=SECRETS).out
        assert ("still to approve" if left else "L-2026-") in said
    (row,) = done("holder", "requests", *at[FIRM], env=SECRETS)
    assert row["state"] == "recorded"
    shown = done("holder", "requests", case, *at[HOSPITAL], env=SECRETS)
    assert shown["asked"] == json.loads((asked / "request.json").read_text())


def test_each_sees_its_own_rights_and_licences(scene: tuple[DeskProcess, Path, str]) -> None:
    """After the licence above."""
    desk, folder, number = scene
    hospital, firm, institute = (
        Holder(Client(Member.open(folder / code, SECRETS), desk.url, lambda: int(time.time())))
        for code in (HOSPITAL, FIRM, INSTITUTE)
    )
    ((held,), more) = hospital.rights()
    assert (held.body.number, held.status, held.objections, more) == (number, "in_force", 0, None)
    assert held.rights == held.body.holders[0].rights
    ((licence,), _) = hospital.licences()
    assert held.licences == (licence.body.number,)
    assert (licence.status, licence.ended_at) == ("in_force", None)
    assert firm.licences() == ([licence], None)
    assert firm.rights() == institute.rights() == ([], None)
    assert institute.licences() == ([], None)
    at = ("--org", folder / HOSPITAL, "--desk", desk.url)
    (row,) = done("holder", "rights", *at, env=SECRETS)["rights"]
    assert (row["certificate"], row["status"]) == (number, "in_force")
    assert number in run("holder", "rights", *at, env=SECRETS).out
    (row,) = done("holder", "licences", *at, env=SECRETS)["licences"]
    assert (row["licence"], row["licensee"]) == (licence.body.number, FIRM)
    assert FIRM in run("holder", "licences", *at, env=SECRETS).out
    assert hospital.rights(after=number) == ([], None)
    assert hospital.licences(after=licence.body.number) == ([], None)
    with pytest.raises(UsageFault) as caught:
        hospital.rights(after="L-2026-000001")
    assert caught.value.code == "query"


def test_a_renewal_outside_its_window_begins_nothing(
    scene: tuple[DeskProcess, Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It opens half a year before the end; whoever hands one in earlier is told from when on (R10)."""
    desk, folder, number = scene
    statement, asked = folder / "statement.txt", folder / "renewal"
    statement.write_text("续期说明（虚构）", encoding="utf-8")
    draft = (
        *("holder", "request", "renewal", "--certificate", folder / "certificate.json", "--years", 1),
        *("--summary", "继续持有", "--document", f"{statement}:other:说明"),
        *("--org", folder / HOSPITAL, "--out", asked),
    )
    refused(*draft, code="renewal-outside", exit_code=2, env=SECRETS)
    assert not asked.exists()
    # Another program may draft it all the same; the registry refuses it then.
    monkeypatch.setattr(asking, "require_window", lambda *_: None)
    done(*draft, env=SECRETS)
    done("holder", "sign", asked, "--org", folder / HOSPITAL, env=SECRETS)
    at = ("--org", folder / HOSPITAL, "--desk", desk.url)
    before = done("holder", "requests", *at, env=SECRETS)
    submit = ("holder", "submit", asked, *at)
    refused(*submit, code="renewal-outside", exit_code=2, env=SECRETS)
    told = run(*submit, "--json", env=SECRETS).error["message"]
    record = json.loads((folder / "certificate.json").read_text())["record"]
    last = datetime.fromtimestamp(record["valid_until"], CHINA).date()
    assert f"the day before {last}" in told
    assert done("holder", "requests", *at, env=SECRETS) == before
    assert number == record["number"]


@pytest.mark.parametrize("content", ["é", "a", "=", "AA AA"])
def test_a_document_that_is_no_base64_is_refused(content: str) -> None:
    named = SimpleNamespace(request=SimpleNamespace(documents=[SimpleNamespace(path="a.txt")]))
    with pytest.raises(DataFault) as caught:
        moves._parts(named, [{"path": "a.txt", "content": content}])  # type: ignore[arg-type]
    assert caught.value.code == "field-value"


def test_a_holder_is_told_of_an_objection_and_answers_it(scene: tuple[DeskProcess, Path, str]) -> None:
    desk, folder, number = scene
    material = folder / "material.txt"
    material.write_text("证明材料（虚构）", encoding="utf-8")
    state = ("--state", desk.state)
    words = ("--objector", "某公司", "--reasons", "登记范围有误", "--material", material)
    name = done("object", number, *words, *state, env=KEYS_OF_STATE)["objection"]
    at = {code: ("--org", folder / code, "--desk", desk.url) for code in (HOSPITAL, FIRM)}
    run("org", "trust", folder / "trust.json", "--org", folder / HOSPITAL)

    told = run("org", "notices", *at[HOSPITAL], env=SECRETS).out
    assert f"{number}, objection 异议 {name[:12]}: yinzheng holder objections {number}" in told
    assert "None" not in told
    listed = run("holder", "objections", number, *at[HOSPITAL], env=SECRETS).out
    assert name[:12] in listed
    assert "登记范围有误" in listed
    refused("holder", "objections", number, *at[FIRM], code="holder-other", exit_code=2, env=SECRETS)
    refused("holder", "objections", "7", *at[FIRM], code="number-malformed", exit_code=2, env=SECRETS)
    said = ("holder", "objection", "answer", number, name[:12], "--agrees", "--explanation", "同意更正")
    done(*said, *at[HOSPITAL], env=SECRETS)
    refused(*said, *at[HOSPITAL], code="objection-answered", exit_code=2, env=SECRETS)
    assert "已答复" in run("holder", "objections", number, *at[HOSPITAL], env=SECRETS).out
    by = ("--as", OFFICER, *state)
    upheld = run("resolve", number, name[:12], "--upheld", "--reasons", "经查成立", *by, env=KEYS_OF_STATE)
    assert "the holders have it changed or cancelled" in upheld.out
    assert "none 没有" in run("holder", "objections", number, *at[HOSPITAL], env=SECRETS).out

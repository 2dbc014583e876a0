"""A licence by command line: drafted and signed by holders, decided, signed again by account (R4, D16)."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from tests.cli.commands import refused, run
from tests.cli.conftest import Demonstration
from tests.ledger.world import OFFICER
from yinzheng.api.org.asking import require_ours
from yinzheng.api.org.registry import pinned
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.body import parse_body

FIRM = "91310000132200821H"
COURT = "11440100MB2DEMC01T"
SECRETS = {"YINZHENG_ORG_PASSPHRASE": "a passphrase of an organisation"}
DAY = 86_400


def done(*args: object, env: dict[str, str] | None = None) -> Any:
    got = run(*args, "--json", env=env)
    assert got.code == 0, got.err
    return got.json


def enrolled(state: Path, folder: Path, code: str, name: str, *more: object) -> Path:
    trust = folder.parent / "trust.json"
    run("export-trust", "--state", state, "--out", trust)
    new = ("holder", "key", "new", "--code", code, "--name", name, "--registry", trust, "--out", folder)
    made = done(*new, *more, env=SECRETS)
    if "to_sign" in made:
        return folder
    done("enrol", made["enrolment"], "--as", OFFICER, "--state", state)
    return folder


def checklist(state: Path, case: str, file: Path) -> Path:
    value = json.loads(run("review", case, "--as", OFFICER, "--template", "--state", state).out)
    for answer in value["answers"]:
        answer["answer"] = "yes"
    file.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    return file


def held(demonstration: Demonstration) -> tuple[Path, str, dict[str, Any]]:
    """A certificate's file and number, and its holder, which is not enrolled yet."""
    known = {one["code"] for one in done("organisations", "--state", demonstration.state)}
    for file in sorted(demonstration.out.glob("SJ*.json")):
        record = json.loads(file.read_text())["record"]
        holders = record["holders"]
        free = record["procedure"] == "simplified" and len(holders) == 1 and "use" in holders[0]["rights"]
        if free and holders[0]["code"] not in known:
            return file, record["number"], holders[0]
    raise AssertionError("no certificate of somebody who is not enrolled")


def test_a_licence_to_the_chain(demonstration: Demonstration, state: Path, tmp_path: Path) -> None:
    certificate, number, holder = held(demonstration)
    ours = enrolled(state, tmp_path / "hospital", holder["code"], holder["name"])
    wallet = Account.create()  # the firm's account lies in a wallet elsewhere
    account = ("--account", wallet.address)
    theirs = enrolled(state, tmp_path / "firm", FIRM, "岭南数据有限公司", *account)
    to_sign = json.loads((theirs / "to-sign.json").read_text())
    made = done("holder", "key", "finish", signed(wallet, to_sign), "--org", theirs, env=SECRETS)
    done("enrol", made["enrolment"], "--as", OFFICER, "--state", state)
    contract = tmp_path / "contract.txt"
    contract.write_text("许可合同（虚构）", encoding="utf-8")
    asked, prepared = tmp_path / "asked", tmp_path / "prepared.json"
    draft = (
        "holder", "request", "licence", "--certificate", certificate, "--to", f"{FIRM}:岭南数据有限公司",
        "--right", "use", "--act", "use", "--purposes", "医学研究", "--ends", int(time.time()) + 90 * DAY,
        "--document", f"{contract}:consideration:合同", "--org", ours, "--out", asked,
    )  # fmt: skip
    for option, wrong, code in (
        ("--ends", "2020-01-01", "licence-term"),  # over already
        ("--ends", "2099-01-01", "licence-term"),  # longer than the certificate
        ("--right", "sell", "field-value"),
        ("--to", f"{holder['code']}:自己", "same-organisation"),
    ):
        place = draft.index(option) + 1
        bent = (*draft[:place], wrong, *draft[place + 1 :])
        exit_code = 1 if code == "same-organisation" else 2
        refused(*bent, code=code, exit_code=exit_code, env=SECRETS)
    stranger = ("--certificate", certificate, "--document", f"{contract}:consideration:合同", "--org", theirs)
    public, back = ("--summary", "公示说明"), f"{holder['code']}:{holder['name']}"
    for kind, code in (
        (("transfer", "--to", back, "--right", "use"), "rights-not-held"),
        (("licence", "--to", back, *draft[7:15]), "rights-not-held"),
        (("change", "--change", "scale=十万条", "--ground", "description", *public), "request-holders"),
        (("renewal", "--years", 1, *public), "request-holders"),
        (("cancellation", "--ground", "asked", *public, "--with", back), "request-holders"),
    ):  # what the certificate tells is not left to be refused once everybody has signed
        bad = ("holder", "request", *kind, *stranger, "--out", asked)
        refused(*bad, code=code, exit_code=2, env=SECRETS)
    shown = json.loads(certificate.read_text())["record"]
    shown["registry"] = {"name": "另一登记机构", "code": "11440100MB2DEMC02X"}
    with pytest.raises(UsageFault) as elsewhere:
        require_ours(parse_body(shown), pinned(ours))
    assert elsewhere.value.code == "certificate-elsewhere"
    early = ("--certificate", certificate, "--document", f"{contract}:consideration:合同", "--org", ours)
    scale = json.loads(certificate.read_text())["record"]["scale"]
    for kind, code in (
        (("change", "--change", f"scale={scale}", "--ground", "description", *public), "change-nothing"),
        (("change", "--change", "scale=十万条", "--ground", "name", *public), "field-value"),
        (("cancellation", "--ground", "none", *public), "field-value"),
    ):
        bad = ("holder", "request", *kind, *early, "--out", asked)
        refused(*bad, code=code, exit_code=2, env=SECRETS)
    bad = ("holder", "request", "renewal", *early, "--years", 1, *public, "--out", asked)
    refused(*bad, code="renewal-outside", exit_code=2, env=SECRETS)
    alone = ("holder", "request", "licence-end", *early, "--licence", "L-2026-000001", "--reasons", "判决")
    refused(*alone, "--out", asked, code="organisation-role", exit_code=2, env=SECRETS)  # --to was forgotten
    court = tmp_path / "court"
    making = ("org", "key", "new", "--code", COURT, "--name", "某法院（虚构）", "--out", court)
    assert done(*making, "--role", "forum", env=SECRETS)["account"] is not None  # without being asked for
    sealed = ("--certificate", certificate, "--document", f"{contract}:judgment:判决", "--org", court)
    end = ("holder", "request", "licence-end", *sealed, *alone[-4:], "--out", asked)
    assert "judgment" in refused(*end, code="field-value", exit_code=2, env=SECRETS)["message"]
    refused(
        "holder",
        "request",
        *("cancellation", "--ground", "asked", *public),
        *sealed,
        "--out",
        asked,
        code="organisation-role",
        exit_code=2,
        env=SECRETS,
    )
    profile = json.loads((court / "organisation.json").read_text())
    (court / "organisation.json").write_text(json.dumps({**profile, "account": None}))
    refused(*end, code="account-needed", exit_code=2, env=SECRETS)  # as it was made before
    assert not asked.exists()
    assert done(*draft, env=SECRETS)["certificate"] == number
    refused("apply", asked, "--state", state, code="joint-unsigned", exit_code=1)
    assert done("holder", "sign", asked, "--org", ours, env=SECRETS)["missing"] == [FIRM]
    assert done("holder", "sign", asked, "--org", theirs, env=SECRETS)["missing"] == []

    case = done("apply", asked, "--state", state)["case"]
    refused("apply", asked, "--state", state, code="request-taken", exit_code=2)
    by = ("--as", OFFICER, "--state", state)
    done("accept", case, "--procedure", "simplified", "--reasons", "材料齐全", *by)
    done("review", case, "--checklist", checklist(state, case, tmp_path / "list.json"), *by)
    issued = done("issue", case, "--out", prepared, *by)
    licence, missing = issued["number"], issued["missing"]
    assert missing == [f"holder {holder['code']}", f"holder {FIRM}"]

    again = ("issue", case, "--out", prepared, *by)
    assert "prepared.json" in refused(*again, code="file-exists", exit_code=2)["message"]

    sign = ("holder", "sign", prepared, "--request", asked)
    message = json.loads(prepared.read_text())["message"]
    refused("holder", "sign", prepared, "--org", ours, code="request-unnamed", exit_code=2, env=SECRETS)
    refused("holder", "submit", prepared, "--org", ours, code="prepared-unsigned", exit_code=2, env=SECRETS)
    firm = (*sign, "--org", theirs, "--out", tmp_path / "firm.json")
    refused(*firm, code="account-elsewhere", exit_code=2, env=SECRETS)
    for strange in (signed(Account.create(), message), signed(wallet, to_sign)):
        refused(*firm, "--signature", strange, code="account-possession", exit_code=1, env=SECRETS)
    refused(*firm, "--signature", "12", code="approval-malformed", exit_code=2, env=SECRETS)
    given = {theirs: ("--signature", signed(wallet, message)), ours: ()}
    for folder, left in ((theirs, [f"holder {holder['code']}"]), (ours, [])):
        file = tmp_path / f"{folder.name}.json"
        done(*sign, *given[folder], "--org", folder, "--out", file, env=SECRETS)
        over = (*sign, *given[folder], "--org", folder, "--out", file)
        refused(*over, code="file-exists", exit_code=2, env=SECRETS)
        assert done("signature", file, "--state", state)["missing"] == left
    assert done("audit", "--state", state)["clean"]

    trust = ("--trust", demonstration.trust)
    shown = done("verify", licence.lower(), *trust, "--state", state)
    assert shown["verdict"]["code"] == "in_force"
    told = refused("verify", licence, *trust, code="number-alone", exit_code=2)
    assert "--state STATE" in told["hint"]
    node = ("--rpc", "http://127.0.0.1:1")
    told = refused("verify", licence, *trust, *node, code="number-alone", exit_code=2)
    assert "hand out its voucher" in told["message"]
    refused("verify", "L-2020-000001", *trust, "--state", state, code="licence-unknown", exit_code=2)

    altered = json.loads(prepared.read_text())
    altered["stated"][0]["body"]["exclusive"] = True
    prepared.write_text(json.dumps(altered))
    out = ("--org", ours, "--out", tmp_path / "no.json")
    refused(*sign, *out, code="approval-content", exit_code=1, env=SECRETS)


def signed(wallet: LocalAccount, message: Any) -> str:
    """As a wallet of somebody else's makes signs it: by the typed data alone."""
    return bytes(wallet.sign_typed_data(full_message=message).signature).hex()

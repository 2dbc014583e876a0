"""A contract drafted, read and signed by both parties, each on its own machine (R56)."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.commands import refused, run
from tests.verifier.contracts import BUYER, SELLER, applies, contract

SECRETS = {"YINZHENG_ORG_PASSPHRASE": "a passphrase of an organisation"}


def party(folder: Path, code: str) -> Path:
    new = ("org", "key", "new", "--code", code, "--name", "某机构", "--role", "party", "--out", folder)
    made = run(*new, env=SECRETS)
    assert made.code == 0, made.err
    return folder


def test_both_sign_offline(tmp_path: Path) -> None:
    file = tmp_path / "contract.json"
    made = run("holder", "contract", "template", "--kind", "transfer", "--out", file, "--json")
    assert (made.code, len(made.json["clauses"])) == (0, 20)
    refused("holder", "contract", "template", "--kind", "gift", code="usage-kind", exit_code=2)
    blank = run("holder", "contract", "show", file, "--json").json
    assert {"number", "certificate.leaf", "seller.name", "subject.fields"} <= {*blank["empty"]}
    assert not any(blank["clauses"].values())
    said = run("holder", "contract", "show", file).out
    assert "not filled in yet 尚未填写: number, certificate.number" in said
    assert "保密 Confidentiality: 不适用" in said
    filled = file.read_text().replace('""', '"x"').replace("[]", '["x"]')
    broken = file.with_name("broken.json")
    broken.write_text(filled)
    refused("holder", "contract", "show", broken, code="number-malformed", exit_code=1)
    drafted = {**json.loads(file.read_text()), "contract": contract()}
    file.write_text(json.dumps(drafted))
    both = {**drafted["contract"]["clauses"], "forum": {**applies("forum"), "applies": False}}
    wrong = tmp_path / "wrong.json"
    wrong.write_text(json.dumps({**drafted, "contract": contract(clauses=both)}))
    refused("holder", "contract", "show", wrong, code="clause-both", exit_code=1)

    seller, buyer = party(tmp_path / "seller", SELLER), party(tmp_path / "buyer", BUYER)
    sign = ("holder", "contract", "sign", file, "--org")
    first = run(*sign, seller, "--json", env=SECRETS)
    assert (first.code, first.json["complete"]) == (0, False), first.err
    second = run(*sign, buyer, "--json", env=SECRETS)
    assert (second.code, second.json["complete"]) == (0, True)
    stranger = party(tmp_path / "other", "91110000600007156J")
    refused(*sign, stranger, code="contract-stranger", exit_code=2, env=SECRETS)
    shown = run("holder", "contract", "show", file, "--json")
    assert shown.json["signed_by"] == sorted((SELLER, BUYER))
    assert shown.json["digest"] == second.json["digest"]
    spoken = run("holder", "contract", "show", file)
    assert "独占使用 Exclusive manners: 不适用" in spoken.out
    assert "金额（元） Amount (CNY): 1234567.89" in spoken.out

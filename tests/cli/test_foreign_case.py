"""A whole case on a foreign node: anvil seals nothing, so nobody vouches for its blocks (S9.1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.chain.test_foreign import first_line_with, packages, running
from tests.cli.commands import run
from tests.ledger.world import dossier
from yinzheng.ledger.demonstration.certificates import PLAN, demonstrate
from yinzheng.ledger.keys.passphrase import PASSPHRASE, create_passphrase_file
from yinzheng.ledger.people.keyring import make_demonstration_passphrase
from yinzheng.ledger.registry import silent, wall_clock
from yinzheng.ledger.state.creation import create_registry

__all__ = ["packages"]


@pytest.fixture(scope="module")
def anvil_url(packages: Path) -> Iterator[str]:
    """A network without fees, as permissioned ones are: accounts that hold nothing may send."""
    programs = sorted(packages.glob("@foundry-rs/anvil-*/bin/anvil"))
    assert programs, "the anvil package of this platform is not installed"
    command = [str(programs[0]), "--port", "0", "--hardfork", "london", "--chain-id", "4402",
               "--base-fee", "0", "--gas-price", "0", "--disable-min-priority-fee",]  # fmt: skip
    with running(command) as process:
        yield "http://" + first_line_with(process, "Listening on").rsplit(" ", 1)[1]


@pytest.mark.node
def test_a_case_on_anvil_is_recorded_but_not_vouched_for(anvil_url: str, tmp_path: Path) -> None:
    state, out = tmp_path / "state", tmp_path / "out"
    dossier(tmp_path / "dossiers" / "clinic")
    plan = replace(PLAN, scrypt_n=2, chain_urls=(anvil_url,), unproven=True)
    network = create_registry(
        state,
        plan,
        lambda keys: create_passphrase_file(keys / PASSPHRASE),
        make_demonstration_passphrase,
        wall_clock,
        silent,
    )
    assert (network.consensus.name, network.provable) == ("none", False)
    numbers = demonstrate(state, out, tmp_path / "dossiers", clock=wall_clock, progress=silent).numbers
    assert len(numbers) == 1
    for options in (("--state", state), ("--offline",)):
        said = run("verify", out / f"{numbers[0]}.pdf", "--trust", out / "trust.json", "--json", *options)
        assert said.code == 3, said.out
        found = {item["number"]: (item["outcome"], item["code"]) for item in said.json["obligations"]}
        assert found.pop(8) == ("SKIPPED", "consensus-unsupported")
        assert {outcome for outcome, _ in found.values()} == {"VALID"}
        assert said.json["authentic"] == "undetermined"
    assert run("audit", "--state", state, "--json").json == {"clean": True, "findings": []}
    assert run("node", "--state", state, "--json").error["code"] == "node-foreign"

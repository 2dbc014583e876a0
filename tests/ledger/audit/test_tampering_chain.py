"""The audit names what was done to chain and keys, and tells it from what is merely under way (D9)."""

from __future__ import annotations

import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from tests.ledger import world as w
from tests.ledger.audit.settled import Settled
from tests.ledger.world import PASSPHRASE, World, actor_of
from yinzheng.ledger.cases import issuing
from yinzheng.ledger.certificates import remarks
from yinzheng.ledger.certificates.remarks import Grounds
from yinzheng.ledger.chain.client import ContractsClient
from yinzheng.ledger.chain.clients.calling import Block
from yinzheng.ledger.chain.embedded import blocks
from yinzheng.ledger.chain.embedded.chain import EmbeddedChain
from yinzheng.ledger.chain.embedded.params import RpcError
from yinzheng.ledger.chain.embedded.views import Json
from yinzheng.ledger.chain.records import Record
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.keys.keystore import Keystore
from yinzheng.ledger.keys.provider import ISSUER, KEK, LOG_SM2, RELAY, VALIDATOR, Kind
from yinzheng.ledger.rules.terms import RemarkKind
from yinzheng.ledger.state.faults import RaiseAt
from yinzheng.verifier.bytes.algorithms import digest_pair
from yinzheng.verifier.errors import DataFault, YinzhengError

# ---------------------------------------------------------------- chain


def test_more_certificates_than_a_node_tells_of_at_once(
    settled: Settled, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a contract announced is asked for in as many pieces as the node likes."""
    search = blocks.find_logs

    def few(chain: EmbeddedChain, wanted: blocks.LogFilter) -> list[Json]:
        if wanted.last - wanted.first > 2:
            raise RpcError(blocks.LIMIT_EXCEEDED, "ask for a smaller range")
        return search(chain, wanted)

    with monkeypatch.context() as short:
        short.setattr(blocks, "find_logs", few)
        assert settled.world.audit() == []


def test_each_record_is_read_once(settled: Settled, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all that an audit asks the chain, records are the most."""
    asked, read = Counter[bytes](), ContractsClient.record

    def counted(client: ContractsClient, id_: bytes, block: Block = "latest") -> Record | None:
        asked[id_] += 1
        return read(client, id_, block)

    with monkeypatch.context() as counting:
        counting.setattr(ContractsClient, "record", counted)
        assert settled.world.audit() == []
    assert asked
    assert {*asked.values()} == {1}


@pytest.fixture
def earlier(demonstration_template: World, tmp_path: Path) -> World:
    """A registry whose chain folder was copied before the certificate was deposited."""
    world = demonstration_template.copy(tmp_path / "earlier")
    with world.open() as registry:
        case = w.to_publicity(registry, tmp_path / "dossier")
        w.past_publicity(registry, world.clock, case)
    shutil.copytree(world.paths.chain, tmp_path / "older-chain")
    with world.open() as registry:
        issuing.issue(registry, case, actor_of(registry, w.OFFICER))
        settle(registry)
    return world


def test_a_certificate_the_chain_lacks(earlier: World, tmp_path: Path) -> None:
    assert earlier.audit() == []
    shutil.rmtree(earlier.paths.chain)
    shutil.copytree(tmp_path / "older-chain", earlier.paths.chain)
    assert {"certificate-not-on-chain", "case-differs", "head-missing"} <= earlier.codes()


def test_what_is_under_way_hides_no_certificate_the_chain_lacks(earlier: World, tmp_path: Path) -> None:
    shutil.rmtree(earlier.paths.chain)
    shutil.copytree(tmp_path / "older-chain", earlier.paths.chain)
    with closing(sqlite3.connect(earlier.paths.database)) as connection:
        connection.execute(
            "INSERT INTO call (kind, about, target, data, state, created_at)"
            " VALUES ('objection', '0', x'', x'', 'pending', 0)"
        )
        connection.commit()
    assert {"certificate-not-on-chain", "unsettled"} <= earlier.codes()


def test_a_head_the_chain_refuses(settled: Settled, tmp_path: Path) -> None:
    """Two copies grew apart; the log and database of one lie beside the chain of the other."""
    one, two = settled.world, settled.world.copy(tmp_path / "two")
    for world in (one, two):
        with world.open() as registry:
            w.apply(registry, tmp_path / f"for-{world.root.name}")
            settle(registry)
    assert one.audit() == two.audit() == []
    shutil.rmtree(one.paths.chain)
    shutil.copytree(two.paths.chain, one.paths.chain)
    assert "head-refused" in one.codes()
    with pytest.raises(DataFault) as refused, one.open():
        pass
    assert refused.value.code == "chain-forked"


# ---------------------------------------------------------------- keys


def replace_key(world: World, name: str, kind: Kind) -> None:
    """Put a fresh key, well encrypted, in the place of another."""
    (world.paths.keys / f"{name}.json").unlink()
    Keystore(world.paths.keys, PASSPHRASE, scrypt_n=2).generate(name, kind)


@pytest.mark.parametrize(
    ("name", "kind", "code"),
    [
        (ISSUER, Kind.SM2, "key-differs"),
        (LOG_SM2, Kind.SM2, "key-differs"),
        (VALIDATOR, Kind.SECP256K1, "key-differs"),
        (RELAY, Kind.SECP256K1, "key-differs"),
        (KEK, Kind.SM4, "seal-broken"),
    ],
)
def test_a_wrong_key(settled: Settled, name: str, kind: Kind, code: str) -> None:
    replace_key(settled.world, name, kind)
    found = settled.world.audit()
    # The issuer has signed who the people of the first day are.
    assert {finding.code for finding in found} - {"person-altered" if name == ISSUER else ""} == {code}
    found = [finding for finding in found if finding.code == code]
    if code == "key-differs":
        assert [finding.data["key"] for finding in found] == [name if name != LOG_SM2 else "log"]


def test_a_missing_key(settled: Settled) -> None:
    (settled.world.paths.keys / f"{KEK}.json").unlink()
    assert "key-missing" in settled.world.codes()


# ---------------------------------------------------------------- under way


def test_what_is_under_way_is_unsettled_not_different(settled: Settled, tmp_path: Path) -> None:
    world = settled.world
    with (
        pytest.raises(YinzhengError),
        world.open(RaiseAt("chain.send.before", error=DataFault("x", code="x"))) as r,
    ):
        w.apply(r, tmp_path / "dossier")
        settle(r)
    assert world.codes() == {"unsettled"}
    with world.open():
        pass
    assert world.audit() == []


@pytest.mark.parametrize("change", ["binds = NULL", "binds = zeroblob(32)", "about = 'unheard'"])
def test_a_call_under_way_that_names_another_certificate(settled: Settled, change: str) -> None:
    """By that an exchange is told, before a trade, what the chain does not say yet (R45)."""
    with settled.world.open() as registry:
        grounds = Grounds("查封", digest_pair(b"document"), "1")
        remarks.enter(registry, settled.number, RemarkKind.SEIZURE, grounds, actor_of(registry, w.OFFICER))
    assert settled.world.codes() == {"unsettled"}
    settled.sql(f"UPDATE call SET {change} WHERE state = 'pending'")
    assert settled.world.codes() == {"unsettled", "call-altered"}

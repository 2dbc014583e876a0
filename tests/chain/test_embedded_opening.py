"""Making and opening a chain: one writer, the right folder, a whole head."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.chain.embedded_world import (
    CHAIN_ID,
    START,
    VALIDATOR_KEY,
    Clock,
    connect,
    create,
    genesis,
    transfer,
)
from yinzheng.ledger.chain.embedded.chain import EmbeddedChain
from yinzheng.ledger.chain.embedded.db import Store
from yinzheng.ledger.chain.embedded.genesis import Genesis
from yinzheng.ledger.chain.embedded.provider import EmbeddedProvider
from yinzheng.ledger.state.faults import InjectedFault, RaiseAt
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault, YinzhengError


def open_to_write(folder: Path) -> EmbeddedChain:
    return EmbeddedChain.open(folder, clock=Clock(), key=VALIDATOR_KEY)


def test_what_was_sealed_is_there_after_reopening(tmp_path: Path) -> None:
    with create(tmp_path, Clock()) as chain:
        sealed = chain.send(transfer(0))
        head = chain.head().hash
    with open_to_write(tmp_path) as chain:
        assert chain.head().hash == head
        assert chain.locate(sealed) == (1, 0)
        chain.send(transfer(1))
    with EmbeddedChain.open(tmp_path, clock=Clock(), chain_id=CHAIN_ID, genesis=chain.meta.genesis) as chain:
        assert chain.head().block_number == 2


def test_a_reader_sees_new_blocks_and_cannot_write(tmp_path: Path) -> None:
    with create(tmp_path, Clock()) as writer, EmbeddedChain.open(tmp_path, clock=Clock()) as reader:
        assert not reader.writable
        for nonce in range(3):
            writer.send(transfer(nonce))
            assert reader.head().hash == writer.head().hash
        with pytest.raises(EnvironmentFault) as fault:
            reader.send(transfer(3))
        assert fault.value.code == "chain-read-only"
        with pytest.raises(EnvironmentFault):
            EmbeddedProvider(reader).make_request("eth_sendRawTransaction", ["0x" + transfer(3).hex()])  # type: ignore[arg-type]


def test_a_second_writer_is_refused_with_a_hint(tmp_path: Path) -> None:
    with create(tmp_path, Clock()):
        with pytest.raises(EnvironmentFault) as opened:
            open_to_write(tmp_path)
        with pytest.raises(EnvironmentFault) as created:
            create(tmp_path, Clock())
        for fault in (opened.value, created.value):
            assert fault.code == "chain-locked"
            assert fault.hint
    open_to_write(tmp_path).close()


SECOND_WRITER = """
import sys
from pathlib import Path
from yinzheng.ledger.chain.embedded.chain import EmbeddedChain
from yinzheng.verifier.errors import EnvironmentFault
try:
    EmbeddedChain.open(Path(sys.argv[1]), clock=lambda: 0, key=bytes(31) + b"\\1")
except EnvironmentFault as fault:
    print(fault.code)
"""


def test_a_second_writer_in_another_process_is_refused(tmp_path: Path) -> None:
    with create(tmp_path, Clock()):
        done = subprocess.run(
            [sys.executable, "-c", SECOND_WRITER, str(tmp_path)],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    assert done.stdout == "chain-locked\n"


def fault_of(attempt: object, **expected: object) -> str:
    folder, options = attempt, expected
    assert isinstance(folder, Path)
    with pytest.raises(YinzhengError) as fault:
        EmbeddedChain.open(folder, clock=Clock(), **options)  # type: ignore[arg-type]
    return fault.value.code


def test_another_chains_folder_is_refused(tmp_path: Path) -> None:
    create(tmp_path, Clock()).close()
    assert fault_of(tmp_path, chain_id=CHAIN_ID + 1) == "chain-foreign"
    assert fault_of(tmp_path, genesis=bytes(32)) == "chain-foreign"
    assert fault_of(tmp_path, key=bytes(31) + b"\7") == "chain-wrong-key"
    assert fault_of(tmp_path, key=b"short") == "chain-wrong-key"
    open_to_write(tmp_path).close()


def test_no_chain_there(tmp_path: Path) -> None:
    assert fault_of(tmp_path) == "chain-missing"
    assert fault_of(tmp_path / "nowhere", key=VALIDATOR_KEY) == "chain-missing"
    Store(tmp_path, writable=True).close()
    assert fault_of(tmp_path) == "chain-missing"
    assert fault_of(tmp_path, key=VALIDATOR_KEY) == "chain-missing"


def test_a_chain_is_not_made_twice(tmp_path: Path) -> None:
    create(tmp_path, Clock()).close()
    with pytest.raises(UsageFault) as fault:
        create(tmp_path, Clock())
    assert fault.value.code == "chain-exists"
    with pytest.raises(UsageFault) as fault:
        EmbeddedChain.create(tmp_path / "b", genesis(), key=bytes(31) + b"\2", clock=Clock())
    assert fault.value.code == "chain-wrong-key"


@pytest.mark.parametrize(
    "given",
    [
        {"chain_id": 0},
        {"chain_id": 2**53},
        {"validator": b"short"},
        {"balances": {b"short": 1}},
        {"balances": {bytes(20): -1}},
        {"gas_limit": 1},
        {"timestamp": -1},
        {"base_fee": -1},
    ],
)
def test_an_impossible_genesis_is_refused(given: dict[str, object]) -> None:
    good: dict[str, object] = {"chain_id": 1, "validator": bytes(20), "balances": {}, "timestamp": 0}
    with pytest.raises(UsageFault) as fault:
        Genesis(**{**good, **given})  # type: ignore[arg-type]
    assert fault.value.code == "genesis-invalid"


def test_a_newer_chain_is_left_alone(tmp_path: Path) -> None:
    create(tmp_path, Clock()).close()
    store = Store(tmp_path, writable=True)
    meta = json.loads(store[b"yinzheng:chain"])
    store[b"yinzheng:chain"] = json.dumps({**meta, "v": 3}).encode()
    store.close()
    assert fault_of(tmp_path) == "chain-newer"


@pytest.mark.parametrize("part", ["state_root", "parent_hash", "receipt_root"])
def test_a_damaged_head_is_refused(tmp_path: Path, part: str) -> None:
    with create(tmp_path, Clock()) as chain:
        chain.send(transfer(0))
        chain.send(transfer(1))
        key = getattr(chain.head(), part)
        del chain.store[key]
    with pytest.raises(DataFault) as fault:
        open_to_write(tmp_path)
    assert fault.value.code == "chain-damaged"


def test_a_head_sealed_by_another_is_refused(tmp_path: Path) -> None:
    with create(tmp_path, Clock()) as chain:
        chain.send(transfer(0))
    store = Store(tmp_path, writable=True)
    meta = json.loads(store[b"yinzheng:chain"])
    store[b"yinzheng:chain"] = json.dumps({**meta, "validator": "11" * 20}).encode()
    store.close()
    assert fault_of(tmp_path) == "chain-damaged"


def test_a_failed_commit_leaves_the_chain_as_it_was(tmp_path: Path) -> None:
    with create(tmp_path, Clock(), RaiseAt("chain.commit.before", 2)) as chain:
        with pytest.raises(InjectedFault):
            chain.send(transfer(0))
        assert chain.head().block_number == 0
        chain.send(transfer(0))
        assert chain.head().block_number == 1


def test_a_commit_reported_as_failed_is_found_by_looking(tmp_path: Path) -> None:
    with create(tmp_path, Clock(), RaiseAt("chain.commit.after", 2)) as chain:
        with pytest.raises(InjectedFault):
            chain.send(transfer(0))
        assert chain.head().block_number == 1
        assert connect(chain).eth.get_transaction_count(connect(chain).eth.default_account) == 1  # type: ignore[arg-type]


def test_a_genesis_that_failed_can_be_made_again(tmp_path: Path) -> None:
    with pytest.raises(InjectedFault):
        create(tmp_path, Clock(), RaiseAt("chain.commit.before", 1))
    assert fault_of(tmp_path) == "chain-missing"
    with create(tmp_path, Clock(START)) as chain:
        assert chain.head().block_number == 0

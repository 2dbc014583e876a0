"""What is sealed, when, with which time and seal, and what is refused."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import rlp
from eth.abc import BlockAPI
from eth.chains.base import Chain
from eth.consensus.clique.clique import CliqueApplier, CliqueConsensusContext
from eth.db.atomic import AtomicDB
from eth.vm.forks.london import LondonVM
from eth_account.signers.local import LocalAccount
from eth_hash.auto import keccak
from eth_keys.datatypes import Signature
from eth_typing import BlockNumber
from hexbytes import HexBytes

from tests.chain.embedded_world import (
    CHAIN_ID,
    POOR,
    RICH,
    START,
    VALIDATOR,
    Clock,
    account,
    connect,
    create,
    deploy,
    deploy_anchor,
    genesis,
    raw_address,
    transfer,
)
from yinzheng.ledger.chain.embedded import clique
from yinzheng.ledger.chain.embedded.chain import CLOCK_TOLERANCE, EmbeddedChain
from yinzheng.ledger.chain.embedded.db import Staging
from yinzheng.ledger.chain.embedded.genesis import write_genesis
from yinzheng.ledger.chain.embedded.sealing import Refused
from yinzheng.verifier.chain.consensus import CLIQUE
from yinzheng.verifier.chain.header import parse_header
from yinzheng.verifier.errors import EnvironmentFault


def recover(encoded: bytes) -> bytes:
    """Who sealed a header, by S7.1 alone, with no code of the chain."""
    fields = rlp.decode(encoded)
    assert len(fields) == 16
    extra = fields[12]
    unsealed = [*fields[:12], extra[:-65], *fields[13:]]
    signature = Signature(signature_bytes=extra[-65:])
    key = signature.recover_public_key_from_msg_hash(keccak(rlp.encode(unsealed)))
    return bytes(key.to_canonical_address())


def nested(size: int) -> bytes:
    """RLP lists, one in the other."""
    inner = b""
    while len(inner) < size:
        inner = rlp.codec.length_prefix(len(inner), 0xC0) + inner
    return inner


def test_every_block_is_a_london_header_sealed_by_the_validator(tmp_path: Path) -> None:
    with create(tmp_path, Clock()) as chain:
        for nonce in range(3):
            chain.send(transfer(nonce))
        for number in range(1, 4):
            header = chain.header(number)
            assert header is not None
            encoded = rlp.encode(header)
            assert keccak(encoded) == header.hash
            assert recover(encoded) == raw_address(VALIDATOR)
            assert (header.nonce, header.mix_hash, header.difficulty) == (bytes(8), bytes(32), 2)
            assert header.coinbase == bytes(20)
            assert len(header.extra_data) == 32 + 65
            parsed = parse_header(encoded)
            assert (parsed.number, parsed.time, CLIQUE.block_hash(parsed)) == (number, START, header.hash)
        first = chain.header(0)
        assert first is not None
        assert first.extra_data == bytes(32) + raw_address(VALIDATOR) + bytes(65)
        assert first.hash == chain.meta.genesis


def test_the_first_block_of_an_epoch_lists_the_validators(tmp_path: Path) -> None:
    address = raw_address(VALIDATOR)
    assert clique.extra_data(30_000, address) == bytes(32) + address + bytes(65)
    assert clique.extra_data(30_001, address) == bytes(97)


def test_the_same_genesis_gives_the_same_chain(tmp_path: Path) -> None:
    with create(tmp_path / "a", Clock()) as one, create(tmp_path / "b", Clock()) as other:
        one.send(transfer(0))
        other.send(transfer(0))
        assert one.head().hash == other.head().hash


def test_block_time_follows_the_clock_and_a_burst_shares_a_second(tmp_path: Path) -> None:
    clock = Clock()
    with create(tmp_path, clock) as chain:
        times = []
        for nonce, now in enumerate(
            [START, START, START + 7, START + 7, START + 7 - CLOCK_TOLERANCE, START + 9]
        ):
            clock.time = now
            chain.send(transfer(nonce))
            times.append(chain.head().timestamp - START)
        assert times == [0, 0, 7, 7, 7, 9]


def test_nothing_is_sealed_while_the_clock_is_behind(tmp_path: Path) -> None:
    clock = Clock()
    with create(tmp_path, clock) as chain:
        clock.time = START - CLOCK_TOLERANCE - 1
        with pytest.raises(EnvironmentFault) as fault:
            chain.send(transfer(0))
        assert fault.value.code == "chain-clock"
        assert chain.head().block_number == 0
        clock.time = START
        chain.send(transfer(0))


def test_fees_go_to_the_validator(tmp_path: Path) -> None:
    with create(tmp_path, Clock()) as chain:
        w3 = connect(chain)
        chain.send(transfer(0, to=POOR.address, maxFeePerGas=10**10, maxPriorityFeePerGas=1_000))
        assert w3.eth.get_balance(VALIDATOR.address) == 21_000 * 1_000
        assert w3.eth.get_balance(POOR.address) == 1
        chain.send(transfer(1, to=POOR.address, gasPrice=10**10))
        base = chain.head().base_fee_per_gas
        assert base is not None
        assert w3.eth.get_balance(VALIDATOR.address) == 21_000 * (1_000 + 10**10 - base)


def test_several_transactions_share_a_block_and_overflow_into_the_next(tmp_path: Path) -> None:
    with create(tmp_path, Clock(), gas_limit=5 * 21_000 + 20_000) as chain:
        outcomes = chain.send_all([transfer(nonce) for nonce in range(12)])
        assert chain.head().block_number == 3
        placed = [chain.locate(one) for one in outcomes if isinstance(one, bytes)]
        assert placed == [(1 + nonce // 5, nonce % 5) for nonce in range(12)]
        for number in (1, 2, 3):
            header = chain.header(number)
            assert header is not None
            assert len(chain.receipts(header)) == len(chain.block(header).transactions)


def test_the_good_of_a_batch_are_sealed_and_the_bad_named(tmp_path: Path) -> None:
    with create(tmp_path, Clock()) as chain:
        outcomes = chain.send_all([transfer(0), b"\x02junk", transfer(5), transfer(1), transfer(1), b""])
        kinds = [isinstance(one, Refused) for one in outcomes]
        assert kinds == [False, True, True, False, True, True]
        assert "too high" in str(outcomes[2])
        assert "too low" in str(outcomes[4])
        assert chain.head().block_number == 1
        assert chain.send_all([]) == []
        assert isinstance(chain.send_all([transfer(9)])[0], Refused)
        assert chain.head().block_number == 1


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (transfer(1), "nonce too high"),
        (transfer(0, chainId=1), "chain id"),
        (transfer(0, POOR), "insufficient funds"),
        (transfer(0, value=10**30), "insufficient funds"),
        (transfer(0, gas=20_999), "intrinsic gas"),
        (transfer(0, gas=30_000_001), "gas limit"),
        (transfer(0, maxFeePerGas=1), "base fee"),
        (transfer(0, maxPriorityFeePerGas=3 * 10**9), "priority fee"),
        (transfer(0) + b"\0", "invalid transaction"),
        (transfer(0)[:-1], "invalid transaction"),
        (b"", "invalid transaction"),
        (b"\x03" + transfer(0)[1:], "invalid transaction"),
        (b"\xc0", "invalid transaction"),
        (bytes(200_000), "oversized"),
        (b"\x02" + nested(120_000), "invalid transaction"),
        (nested(120_000), "invalid transaction"),
    ],
)
def test_what_no_block_can_hold_is_refused_and_seals_nothing(tmp_path: Path, raw: bytes, reason: str) -> None:
    with create(tmp_path, Clock()) as chain:
        with pytest.raises(Refused, match=reason):
            chain.send(raw)
        assert chain.head().block_number == 0


def test_a_transaction_is_sealed_once(tmp_path: Path) -> None:
    with create(tmp_path, Clock()) as chain:
        chain.send(transfer(0))
        with pytest.raises(Refused, match="nonce too low"):
            chain.send(transfer(0))
        assert chain.head().block_number == 1


def test_malleated_signatures_are_refused(tmp_path: Path) -> None:
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    fields = rlp.decode(transfer(0)[1:])
    flipped = order - int.from_bytes(fields[11], "big")
    parity = b"" if fields[9] == b"\1" else b"\1"
    twin = b"\x02" + rlp.encode([*fields[:9], parity, fields[10], flipped.to_bytes(32, "big")])
    with create(tmp_path, Clock()) as chain, pytest.raises(Refused):
        chain.send(twin)


def test_a_reverting_transaction_is_sealed_with_its_failure(tmp_path: Path) -> None:
    with create(tmp_path, Clock()) as chain:
        w3 = connect(chain)
        contract = deploy_anchor(w3)
        data = contract.encode_abi("anchor", [0, bytes(32), []])
        sealed = chain.send(transfer(2, to=contract.address, gas=200_000, data=data))
        receipt = w3.eth.get_transaction_receipt(HexBytes(sealed))
        assert receipt["status"] == 0
        assert receipt["logs"] == []


def test_legacy_and_access_list_transactions(tmp_path: Path) -> None:
    with create(tmp_path, Clock()) as chain:
        w3 = connect(chain)
        legacy = chain.send(transfer(0, gasPrice=10**10))
        listed = chain.send(
            transfer(
                1,
                gas=40_000,
                gasPrice=10**10,
                accessList=[{"address": POOR.address, "storageKeys": ["0x" + "00" * 32]}],
            )
        )
        for sealed, kind in ((legacy, 0), (listed, 1)):
            shown = w3.eth.get_transaction(HexBytes(sealed))
            assert (shown["type"], shown["from"], shown["chainId"]) == (kind, RICH.address, chain.chain_id)


class Importer(LondonVM):
    """py-evm's own importer, strict about time; without its touch of the miner for a reward of nothing,
    which Clique has not (EIP-225) and which would leave an empty account."""

    def _assign_block_rewards(self, block: BlockAPI) -> None:
        pass


def test_py_evms_importer_accepts_every_block(tmp_path: Path) -> None:
    imported = Chain.configure(
        __name__="ImportingChain",
        vm_configuration=CliqueApplier().amend_vm_configuration(((BlockNumber(0), Importer),)),
        consensus_context_class=CliqueConsensusContext,
        chain_id=CHAIN_ID,
    )
    staged, clock = Staging(AtomicDB()), Clock()
    write_genesis(genesis(), staged)
    with create(tmp_path, clock) as chain:
        other = imported(staged)
        clock.time += 1
        chain.send_all([transfer(0), transfer(1, to=POOR.address, maxPriorityFeePerGas=7)])
        w3 = connect(chain)
        clock.time += 1
        manager = deploy(w3, "AccessManager", RICH.address)
        clock.time += 1
        deploy(w3, "CheckpointAnchor", manager.address)
        for number in range(1, 4):
            header = chain.header(number)
            assert header is not None
            result = other.import_block(chain.block(header))
            assert result.imported_block.hash == header.hash


def test_threads_may_send_and_read_at_once(tmp_path: Path) -> None:
    senders = [account(number) for number in range(30, 34)]
    with create(tmp_path, Clock()) as chain:
        chain.send_all(
            [transfer(nonce, to=sender.address, value=10**18) for nonce, sender in enumerate(senders)]
        )

        def work(sender: LocalAccount) -> list[bool]:
            seen = []
            for nonce in range(6):
                sealed = chain.send(transfer(nonce, sender, to=POOR.address))
                place = chain.locate(sealed)
                seen.append(place is not None and place[0] <= chain.head().block_number)
            return seen

        with ThreadPoolExecutor(len(senders)) as pool:
            assert all(all(seen) for seen in pool.map(work, senders))
        assert connect(chain).eth.get_balance(POOR.address) == 6 * len(senders)
        chain.check_head()


def test_another_account_starts_its_own_nonces(tmp_path: Path) -> None:
    with create(tmp_path, Clock()) as chain:
        other = account(9)
        chain.send(transfer(0, to=other.address, value=10**18))
        chain.send(transfer(0, other))
        chain.send(transfer(1))
        assert isinstance(chain, EmbeddedChain)
        assert chain.head().block_number == 3

"""Create, open, read and extend an embedded chain.

A transaction is acknowledged when `EmbeddedChain.send` returns: its block and the new head have then been
committed in one LMDB transaction. Blocks are made only when there is something to seal.
"""

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import TracebackType

from eth.abc import BlockAPI, BlockHeaderAPI, ChainDatabaseAPI, ReceiptAPI, SignedTransactionAPI
from eth.chains.base import Chain
from eth.exceptions import HeaderNotFound, PyEVMError, TransactionNotFound
from eth.vm.forks.london.headers import calculate_expected_base_fee_per_gas
from eth.vm.forks.london.receipts import LondonReceiptBuilder
from eth_keys.datatypes import PrivateKey
from eth_typing import BlockNumber, Hash32
from eth_utils.exceptions import ValidationError

from yinzheng.ledger.chain.embedded import clique, views
from yinzheng.ledger.chain.embedded.db import Staging, Store
from yinzheng.ledger.chain.embedded.genesis import Genesis, write_genesis
from yinzheng.ledger.chain.embedded.lock import WriterLock
from yinzheng.ledger.chain.embedded.nodes import Written
from yinzheng.ledger.chain.embedded.sealing import Refused, SealedBlock, build_block, decode_transaction
from yinzheng.ledger.state.faults import NO_FAULTS, Faults
from yinzheng.ledger.state.files import SHARED
from yinzheng.verifier.bytes.counting import counted
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault

CLOCK_TOLERANCE = 2
"""Seconds by which the clock may be behind the head's time. Beyond, nothing is sealed (S5.4: time on chain
is block time, and deadlines count on it)."""

_META = b"yinzheng:chain"
_LOGS = b"yinzheng:logs:"
_VERSION = 2
"""Of how a chain lies in its folder. In the first, every node of a trie lies under its hash (ADR 113)."""


@dataclass(frozen=True)
class Meta:
    """What identifies a chain, kept beside its blocks."""

    chain_id: int
    genesis: bytes
    validator: bytes

    def encode(self) -> bytes:
        """As JSON bytes."""
        genesis, validator = self.genesis.hex(), self.validator.hex()
        named = {"v": _VERSION, "chain": self.chain_id, "genesis": genesis, "validator": validator}
        return json.dumps(named).encode()

    @classmethod
    def decode(cls, raw: bytes) -> "Meta":
        """From `encode`'s bytes; `EnvironmentFault` `chain-newer` for a later version's."""
        named = json.loads(raw)
        if named.get("v") not in (1, _VERSION):
            raise EnvironmentFault(
                "This chain was written by a newer version of the program.",
                code="chain-newer",
                hint="Use that version, or a later one.",
            )
        return cls(named["chain"], bytes.fromhex(named["genesis"]), bytes.fromhex(named["validator"]))


class EmbeddedChain:
    """A chain in a folder. With its validator's key it can seal and is the one writer; without, it reads.

    Thread-safe. Readers in other processes see every block as soon as it is acknowledged. `clock` gives
    UTC seconds. Use `create` or `open`, then `close`, or `with`.
    """

    def __init__(
        self,
        store: Store,
        clock: Callable[[], int],
        key: PrivateKey | None,
        lock: WriterLock | None,
        faults: Faults,
    ) -> None:
        """A chain over `store`, which holds none yet (`begin`) or a good one; see `create` and `open`."""
        self._clock, self._key, self._lock, self._faults = clock, key, lock, faults
        self._leap: int | None = None
        self._sealing = threading.Lock()
        self._newest: tuple[BlockAPI, tuple[ReceiptAPI, ...]] | None = None
        """What was sealed last: whoever sent it asks for it next. Blocks do not change."""
        # Who sent many at once asks for the receipts one by one, and each is read from the whole block.
        self._receipt_views = lru_cache(maxsize=4)(self._read_receipt_views)
        self.store = store

    @classmethod
    def create(
        cls,
        folder: Path,
        genesis: Genesis,
        *,
        key: bytes,
        clock: Callable[[], int],
        faults: Faults = NO_FAULTS,
    ) -> "EmbeddedChain":
        """Make a new chain in `folder` and open it for writing with the validator's 32-byte `key`.

        Raises `UsageFault` `chain-exists` (a chain is there already), `chain-wrong-key` (not the
        validator's), or as `open` does. A crash leaves either no chain or the whole genesis.
        """
        signing = _private_key(key)
        folder.mkdir(parents=True, exist_ok=True, mode=SHARED)
        lock = WriterLock(folder)
        chain = None
        try:
            chain = cls(Store(folder, writable=True), clock, signing, lock, faults)
            chain.begin(genesis)
        except BaseException:
            (chain or lock).close()
            raise
        return chain

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        clock: Callable[[], int],
        key: bytes | None = None,
        chain_id: int | None = None,
        genesis: bytes | None = None,
        faults: Faults = NO_FAULTS,
        leap: int | None = None,
    ) -> "EmbeddedChain":
        """Open the chain in `folder`, to write if the validator's 32-byte `key` is given, else to read.

        `chain_id` and `genesis` (32-byte hash) are what the caller expects to find. Nothing is sealed by a
        clock more than `leap` seconds ahead of the last block; None: the caller sees to that. Raises
        `EnvironmentFault` `chain-missing`, `chain-locked`, `chain-read-only`, `chain-unreadable`,
        `chain-newer`, `chain-foreign` (another chain's folder); `UsageFault` `chain-wrong-key`; `DataFault`
        `chain-damaged` (the head does not hang together).
        """
        if not (folder / "data.mdb").is_file():
            raise _missing()
        lock = WriterLock(folder) if key is not None else None
        chain = None
        try:
            signing = _private_key(key) if key is not None else None
            chain = cls(Store(folder, writable=lock is not None), clock, signing, lock, faults)
            chain._leap = leap
            chain._adopt(chain._stored_meta(chain_id, genesis))
            chain.check_head()
        except BaseException:
            if (opened := chain or lock) is not None:
                opened.close()
            raise
        return chain

    def begin(self, genesis: Genesis) -> None:
        """Write block 0 into a store that holds no chain. Raises as `create`."""
        self._require_empty()
        staged = Staging(self.store, Written(0))
        header = write_genesis(genesis, staged)
        meta = Meta(genesis.chain_id, header.hash, genesis.validator)
        staged[_META] = meta.encode()
        self._adopt(meta)
        self._commit(staged)

    def _require_empty(self) -> None:
        if self.store.exists(_META):
            raise UsageFault(
                "A chain is there already.", code="chain-exists", hint="Open it, or use another folder."
            )

    def _stored_meta(self, chain_id: int | None, genesis: bytes | None) -> Meta:
        if not self.store.exists(_META):
            raise _missing()
        meta = Meta.decode(self.store[_META])
        if chain_id not in (None, meta.chain_id) or genesis not in (None, meta.genesis):
            raise EnvironmentFault(
                "This folder holds another chain.",
                code="chain-foreign",
                hint="The state folder and the chain belong together: check both paths.",
                chain_id=meta.chain_id,
                genesis=meta.genesis.hex(),
            )
        return meta

    def _adopt(self, meta: Meta) -> None:
        if self._key is not None and self._key.public_key.to_canonical_address() != meta.validator:
            raise UsageFault(
                "This key is not the chain's validator's.",
                code="chain-wrong-key",
                hint="Use the validator key that was made with this chain.",
            )
        self.meta = meta
        self.chain_id = meta.chain_id
        self._class = clique.chain_class(meta.chain_id)
        self._chain: Chain = self._class(self.store)

    def close(self) -> None:
        """Close the database and let the next writer in. Twice is harmless."""
        self.store.close()
        if self._lock is not None:
            self._lock.close()

    def __enter__(self) -> "EmbeddedChain":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def writable(self) -> bool:
        """Whether this one can seal."""
        return self._key is not None

    def now(self) -> int:
        """Time of a block sealed now: the clock's, but not before the head's."""
        return max(self._clock(), self.head().timestamp)

    # Reading

    @property
    def chaindb(self) -> ChainDatabaseAPI:
        """py-evm's view of the database."""
        return self._chain.chaindb

    def head(self) -> BlockHeaderAPI:
        """The latest header."""
        return self._chain.get_canonical_head()

    def base_fee_after(self, header: BlockHeaderAPI) -> int:
        """Base fee in wei of the block after `header` (EIP-1559)."""
        return calculate_expected_base_fee_per_gas(header)

    def header(self, number: int) -> BlockHeaderAPI | None:
        """The header of that number, or None."""
        try:
            return self._chain.get_canonical_block_header_by_number(BlockNumber(number))
        except HeaderNotFound:
            return None

    def header_by_hash(self, block: bytes) -> BlockHeaderAPI | None:
        """The header of that hash, or None."""
        try:
            return self._chain.get_block_header_by_hash(Hash32(block))
        except HeaderNotFound:
            return None

    def block(self, header: BlockHeaderAPI) -> BlockAPI:
        """Header with transactions."""
        if (newest := self._newest) is not None and newest[0].hash == header.hash:
            return newest[0]
        return self._chain.get_block_by_header(header)

    def receipts(self, header: BlockHeaderAPI) -> tuple[ReceiptAPI, ...]:
        """The receipts of a block, in the order of its transactions."""
        if (newest := self._newest) is not None and newest[0].hash == header.hash:
            return newest[1]
        return self._chain.chaindb.get_receipts(header, LondonReceiptBuilder)

    def receipt_views(self, header: BlockHeaderAPI) -> list[views.Json]:
        """The receipts of a block as JSON-RPC tells them, to be read alone."""
        return self._receipt_views(header)

    def _read_receipt_views(self, header: BlockHeaderAPI) -> list[views.Json]:
        return views.receipt_views(self.block(header), self.receipts(header))

    def locate(self, transaction: bytes) -> tuple[int, int] | None:
        """Block number and index of the transaction of that hash, or None."""
        try:
            return self._chain.get_canonical_transaction_index(Hash32(transaction))
        except TransactionNotFound:
            return None

    def blocks_with_logs(self, address: bytes, first: int, last: int) -> list[int]:
        """Numbers of the blocks in which `address` logged something, ascending."""
        prefix = _LOGS + address
        keys = self.store.keys_between(prefix + first.to_bytes(8, "big"), prefix + last.to_bytes(8, "big"))
        return [int.from_bytes(key[-8:], "big") for key in keys]

    def check_head(self) -> None:
        """Check that the head hangs together; `DataFault` `chain-damaged` says what does not."""
        try:
            self._check_head()
        except PyEVMError as error:
            raise _damaged(f"something of the head is missing ({type(error).__name__})") from error

    def _check_head(self) -> None:
        head = self.head()
        numbered = self.header(head.block_number)
        if numbered is None or numbered.hash != head.hash:
            raise _damaged("the head is not the block of its number")
        if not self.store.exists(head.state_root) and head.state_root != clique.EMPTY_STATE:
            raise _damaged("the head's state is missing")
        if head.block_number == 0:
            if head.hash != self.meta.genesis:
                raise _damaged("block 0 is not the genesis")
            return
        if self.header_by_hash(head.parent_hash) is None:
            raise _damaged("the head's parent is missing")
        if clique.sealer(head) != self.meta.validator:
            raise _damaged("the head is not sealed by the validator")
        if not self.store.exists(head.transaction_root) or not self.store.exists(head.receipt_root):
            raise _damaged("the head's transactions or receipts are missing")

    # Writing

    def send(self, raw: bytes) -> bytes:
        """Seal a block with this signed transaction; return its hash once block and head are durable.

        Raises `Refused` (a transaction no block can hold: nothing changed), `EnvironmentFault`
        `chain-read-only`, `chain-clock` or `chain-disk`. A transaction that reverts is sealed, as anywhere.
        """
        outcome = self.send_all([raw])[0]
        if isinstance(outcome, Refused):
            raise outcome
        return outcome

    def send_all(self, raws: Sequence[bytes]) -> list[bytes | Refused]:
        """Seal these in as few blocks as they need, in order; for each its hash or why it was refused."""
        outcomes: dict[int, bytes | Refused] = {}
        waiting: list[tuple[int, SignedTransactionAPI]] = []
        for position, raw in enumerate(raws):
            try:
                waiting.append((position, decode_transaction(raw, self.chain_id)))
            except Refused as refused:
                outcomes[position] = refused
        with self._sealing:
            while waiting:
                sealed = self._seal([transaction for _, transaction in waiting])
                for (position, transaction), refusal in zip(waiting, sealed.outcomes, strict=False):
                    outcomes[position] = refusal if refusal is not None else transaction.hash
                waiting = waiting[len(sealed.outcomes) :]
        return [outcomes[position] for position in range(len(raws))]

    def _seal(self, transactions: Sequence[SignedTransactionAPI]) -> SealedBlock:
        """Build, and if it holds anything commit, the next block from the first of `transactions`."""
        if self._key is None:
            raise EnvironmentFault(
                "This chain is open for reading only.",
                code="chain-read-only",
                hint="Open it with the validator's key, or send to the node that has it.",
            )
        parent, now = self.head(), self._clock()
        if self._leap is not None and now > parent.timestamp + self._leap:
            raise EnvironmentFault(
                f"The clock is {counted((now - parent.timestamp) // 86_400, 'day')} ahead of the last block.",
                code="chain-clock",
                hint="Set the clock right; if it is, have the registry say so first:"
                " `yinzheng heartbeat --clock-is-right`.",
            )
        if now < parent.timestamp - CLOCK_TOLERANCE:
            raise EnvironmentFault(
                f"The clock is {counted(parent.timestamp - now, 'second')} behind the last block.",
                code="chain-clock",
                hint="Set the clock right; nothing is sealed before it has caught up.",
            )
        staged = Staging(self.store, Written(parent.block_number + 1))
        sealed = build_block(self._class(staged), parent, max(now, parent.timestamp), self._key, transactions)
        if sealed.block is not None:
            for address in sealed.loggers:
                staged[_LOGS + address + sealed.block.number.to_bytes(8, "big")] = b"\1"
            if staged[_META] != (meta := self.meta.encode()):  # written as the first version has it until now
                staged[_META] = meta
            self._commit(staged)
            self._newest = sealed.block, sealed.receipts
        return sealed

    def _commit(self, staged: Staging) -> None:
        self._faults.hit("chain.commit.before")
        staged.commit_to(self.store)
        self._faults.hit("chain.commit.after")


def _private_key(key: bytes) -> PrivateKey:
    try:
        return PrivateKey(key)
    except ValidationError as error:
        raise UsageFault("A validator's key has 32 bytes.", code="chain-wrong-key") from error


def _missing() -> EnvironmentFault:
    return EnvironmentFault(
        "There is no chain in this folder.",
        code="chain-missing",
        hint="Name the folder that `yinzheng init` made, or run it.",
    )


def _damaged(reason: str) -> DataFault:
    return DataFault(
        f"The chain in this folder is damaged: {reason}.",
        code="chain-damaged",
        hint="Restore the folder from a backup; the log and the database can be audited against it.",
    )

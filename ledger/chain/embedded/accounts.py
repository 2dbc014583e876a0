"""Accounts and their storage while blocks are made and calls run: plain values, and a list of what to undo.

py-evm keeps each value as RLP in four databases one upon the other, each with a journal, and opens and closes
those of every account at each call of a contract. Here what a value is stands once, as what it is, beside a
list of what it was: a call that is undone puts that back. Tries are read where something is asked for the
first time, and written when the block is (`tries.py`). What the machine is told is py-evm's to say, and the
same: random courses of both end alike (`tests/chain/test_embedded_accounts.py`).
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple, cast

from eth.abc import AccountDatabaseAPI, AtomicDatabaseAPI, MetaWitnessAPI
from eth.constants import BLANK_ROOT_HASH, EMPTY_SHA3
from eth.db.witness import MetaWitness
from eth.typing import JournalDBCheckpoint
from eth.vm.interrupt import MissingAccountTrieNode, MissingBytecode, MissingStorageTrieNode
from eth_typing import Address, Hash32
from eth_utils.exceptions import ValidationError
from trie.exceptions import MissingTrieNode

from yinzheng.ledger.chain.embedded import coding
from yinzheng.ledger.chain.embedded.nodes import Written
from yinzheng.ledger.chain.embedded.tries import Read, Trie
from yinzheng.verifier.bytes.algorithms import keccak256
from yinzheng.verifier.chain.rlp import encode_integer

_TOP: Final = 1 << 256
_MOST_NONCE: Final = (1 << 64) - 1


class Account(NamedTuple):
    """What the state's trie says of an account."""

    nonce: int = 0
    balance: int = 0
    storage_root: bytes = BLANK_ROOT_HASH
    code_hash: bytes = EMPTY_SHA3

    def encode(self) -> bytes:
        """As the trie has it."""
        return coding.encode(
            [encode_integer(self.nonce), encode_integer(self.balance), self.storage_root, self.code_hash]
        )

    @classmethod
    def decode(cls, encoded: bytes) -> Account:
        """From `encode`'s bytes."""
        nonce, balance, storage, code = coding.decode(encoded, True, False)[0]
        return cls(int.from_bytes(nonce, "big"), int.from_bytes(balance, "big"), storage, code)


_NOTHING: Final = Account()


class _Slots:
    """The storage of an account: what was read of a trie, and what was written since."""

    __slots__ = ("read", "root", "written")

    def __init__(self, root: bytes) -> None:
        self.root = root
        self.read: dict[int, int] = {}
        self.written: dict[int, int] = {}


class _Nodes(dict[bytes, bytes]):
    """What is written, over a database that is only read."""

    def __init__(self, base: AtomicDatabaseAPI) -> None:
        super().__init__()
        self._base = base
        self.written: Written | None = getattr(base, "written", None)

    def __missing__(self, key: bytes) -> bytes:
        return self._base[key]


class Accounts(AccountDatabaseAPI):
    """The state after some block, and what is made of it. Raises as py-evm's `AccountDB`."""

    def __init__(self, db: AtomicDatabaseAPI, state_root: Hash32 = BLANK_ROOT_HASH) -> None:
        """Over `db`, which remembers as its `nodes` what was read of it, if it does."""
        self._base = db
        remembered: Read | None = getattr(db, "nodes", None)
        self._remembered = Read() if remembered is None else remembered
        self._begin(state_root)

    def _begin(self, state_root: bytes) -> None:
        self._nodes = _Nodes(self._base)
        self._trie = Trie(self._nodes, state_root, self._remembered)
        self._root = state_root
        self._read: dict[bytes, Account | None] = {}
        self._written: dict[bytes, Account | None] = {}
        self._slots: dict[bytes, _Slots] = {}
        self._codes: dict[bytes, bytes] = {}
        self._before: dict[tuple[bytes, int], int] = {}
        """Of each slot that the transaction wrote, what it was before it."""
        self._warm: dict[object, bool] = {}
        """What the transaction touched: addresses, and slots of them (EIP-2929)."""
        self._undo: list[tuple[dict[Any, Any], Any, Any]] = []
        """Where something changed, what, and what it was; `_undo` itself where it was not there."""

    def _put(self, where: dict[Any, Any], key: object, value: object) -> None:
        self._undo.append((where, key, where.get(key, self._undo)))
        where[key] = value

    @property
    def state_root(self) -> Hash32:
        """Of the state as it was when last asked to be made (`make_state_root`)."""
        return Hash32(self._root)

    @state_root.setter
    def state_root(self, value: Hash32) -> None:
        if value != self._root:
            self._begin(value)

    def has_root(self, state_root: bytes) -> bool:
        """Whether there is such a state."""
        return state_root in self._nodes or state_root in self._base

    # Storage

    def get_storage(self, address: Address, slot: int, from_journal: bool = True) -> int:
        """A word; without `from_journal`, what it was before this transaction."""
        if not from_journal and (address, slot) in self._before:
            return self._before[address, slot]
        slots = self._slots_of(address)
        if (found := slots.written.get(slot)) is not None:
            return found
        if (found := slots.read.get(slot)) is not None:
            return found
        return self._load_slot(address, slots, slot)

    def _load_slot(self, address: Address, slots: _Slots, slot: int) -> int:
        value = 0
        if slots.root != BLANK_ROOT_HASH:
            try:
                encoded = Trie(self._nodes, slots.root, self._remembered)[_slot_key(slot)]
            except MissingTrieNode as error:
                raise _missing_slot(error, slots, address) from error
            if encoded:
                value = int.from_bytes(cast("bytes", coding.decode(encoded, True, False)[0]), "big")
        slots.read[slot] = value
        return value

    def set_storage(self, address: Address, slot: int, value: int) -> None:
        """Set a word."""
        if not (0 <= value < _TOP and 0 <= slot < _TOP):
            raise ValidationError("a slot and a word of storage have 32 bytes")
        self._before.setdefault((address, slot), self.get_storage(address, slot))
        self._put(self._slots_of(address).written, slot, value)

    def delete_storage(self, address: Address) -> None:
        """Empty an account's storage."""
        self._put(self._slots, address, _Slots(BLANK_ROOT_HASH))
        self._set(address, self._get(address)._replace(storage_root=BLANK_ROOT_HASH))

    def _slots_of(self, address: Address) -> _Slots:
        if (slots := self._slots.get(address)) is None:
            slots = self._slots[address] = _Slots(self._get(address).storage_root)
        return slots

    def is_storage_warm(self, address: Address, slot: int) -> bool:
        """Whether the transaction touched that word already."""
        return (address, slot) in self._warm

    def mark_storage_warm(self, address: Address, slot: int) -> None:
        """The transaction touches that word."""
        if (address, slot) not in self._warm:
            self._put(self._warm, (address, slot), True)

    # Accounts

    def _find(self, address: bytes) -> Account | None:
        if address in self._written:
            return self._written[address]
        if address in self._read:
            return self._read[address]
        try:
            encoded = self._trie[keccak256(address)]
        except MissingTrieNode as error:
            raise MissingAccountTrieNode(*error.args) from error
        found = self._read[address] = Account.decode(encoded) if encoded else None
        return found

    def _get(self, address: bytes) -> Account:
        return self._find(address) or _NOTHING

    def _set(self, address: bytes, account: Account) -> None:
        self._put(self._written, address, account)

    def get_balance(self, address: Address) -> int:
        """In wei."""
        return self._get(address).balance

    def set_balance(self, address: Address, balance: int) -> None:
        """Set what the account holds."""
        if not 0 <= balance < _TOP:
            raise ValidationError(f"a balance is out of range: {balance}")
        self._set(address, self._get(address)._replace(balance=balance))

    def get_nonce(self, address: Address) -> int:
        """Number of the account's next transaction."""
        return self._get(address).nonce

    def set_nonce(self, address: Address, nonce: int) -> None:
        """Set the number of the account's next transaction."""
        if not 0 <= nonce <= _MOST_NONCE:
            raise ValidationError(f"a nonce is out of range: {nonce}")
        self._set(address, self._get(address)._replace(nonce=nonce))

    def increment_nonce(self, address: Address) -> None:
        """Count one transaction more."""
        self.set_nonce(address, self.get_nonce(address) + 1)

    def get_code(self, address: Address) -> bytes:
        """The account's code; b"" if it has none."""
        name = self._get(address).code_hash
        if name == EMPTY_SHA3:
            return b""
        if (code := self._codes.get(name)) is not None:
            return code
        if (code := self._remembered.codes.get(name)) is not None:
            return code
        try:
            code = self._nodes[name]
        except KeyError as error:
            raise MissingBytecode(Hash32(name)) from error
        self._remembered.keep_code(name, code)
        return code

    def set_code(self, address: Address, code: bytes) -> None:
        """Give the account its code."""
        name = keccak256(code)
        self._put(self._codes, name, code)
        self._set(address, self._get(address)._replace(code_hash=name))

    def get_code_hash(self, address: Address) -> Hash32:
        """Keccak-256 of the account's code."""
        return Hash32(self._get(address).code_hash)

    def delete_code(self, address: Address) -> None:
        """Take the account's code."""
        self._set(address, self._get(address)._replace(code_hash=EMPTY_SHA3))

    def account_has_code_or_nonce(self, address: Address) -> bool:
        """Whether the address is taken."""
        account = self._get(address)
        return account.nonce != 0 or account.code_hash != EMPTY_SHA3

    def delete_account(self, address: Address) -> None:
        """Remove the account with its storage."""
        self._put(self._slots, address, _Slots(BLANK_ROOT_HASH))
        self._put(self._written, address, None)

    def account_exists(self, address: Address) -> bool:
        """Whether there is such an account, be it empty."""
        return self._find(address) is not None

    def touch_account(self, address: Address) -> None:
        """Have an account there, be it empty."""
        if self._find(address) is None:
            self._set(address, _NOTHING)

    def account_is_empty(self, address: Address) -> bool:
        """Whether it has neither nonce, balance nor code (EIP-161)."""
        account = self._get(address)
        return account.nonce == 0 and account.balance == 0 and account.code_hash == EMPTY_SHA3

    def is_address_warm(self, address: Address) -> bool:
        """Whether the transaction touched that account already."""
        return address in self._warm

    def mark_address_warm(self, address: Address) -> None:
        """The transaction touches that account."""
        if address not in self._warm:
            self._put(self._warm, address, True)

    # Going back, and on

    def record(self) -> JournalDBCheckpoint:
        """A moment that may be gone back to."""
        return JournalDBCheckpoint(len(self._undo))

    def discard(self, checkpoint: JournalDBCheckpoint) -> None:
        """Go back to it."""
        undo = self._undo
        while len(undo) > checkpoint:
            where, key, value = undo.pop()
            if value is undo:
                del where[key]
            else:
                where[key] = value

    def commit(self, checkpoint: JournalDBCheckpoint) -> None:
        """Nobody goes back to it any more; to an earlier one perhaps."""

    def lock_changes(self) -> None:
        """A transaction begins: nobody goes back behind it."""
        self._undo.clear()
        self._before.clear()
        self._warm.clear()

    def make_state_root(self) -> Hash32:
        """Put into the tries what was written, in memory; gives the root."""
        for address, slots in self._slots.items():
            if slots.written:
                self._hash_slots(Address(address), slots)
        for address, account in self._written.items():
            if account is None:
                del self._trie[keccak256(address)]
            else:
                self._trie[keccak256(address)] = account.encode()
        self._read.update(self._written)
        self._written.clear()
        self._nodes.update(self._codes)
        self._codes.clear()
        self._undo.clear()
        self._before.clear()
        self._root = self._trie.root_hash
        return Hash32(self._root)

    def _hash_slots(self, address: Address, slots: _Slots) -> None:
        trie = Trie(self._nodes, slots.root, self._remembered)
        try:
            for slot, value in slots.written.items():
                if slots.read.get(slot) != value:
                    trie[_slot_key(slot)] = coding.encode(encode_integer(value)) if value else b""
        except MissingTrieNode as error:
            raise _missing_slot(error, slots, address) from error
        slots.root = trie.root_hash
        slots.read.update(slots.written)
        slots.written.clear()
        account = self._find(address)
        if account is not None or slots.root != BLANK_ROOT_HASH:
            self._written[address] = (account or _NOTHING)._replace(storage_root=slots.root)

    def persist(self) -> MetaWitnessAPI:
        """Make the root, and write all that leads there. What was read on the way is not told."""
        self.make_state_root()
        with self._base.atomic_batch() as batch:
            for name, encoded in self._nodes.items():
                batch[name] = encoded
        self._nodes.clear()
        return MetaWitness(set(), {})


def _slot_key(slot: int) -> bytes:
    return keccak256(slot.to_bytes(32, "big"))


def _missing_slot(error: MissingTrieNode, slots: _Slots, address: Address) -> MissingStorageTrieNode:
    return MissingStorageTrieNode(
        cast("Hash32", error.missing_node_hash),
        Hash32(slots.root),
        cast("Hash32", error.requested_key),
        error.prefix,
        address,
    )

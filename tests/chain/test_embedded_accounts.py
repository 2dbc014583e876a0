"""Accounts held as values against py-evm's own database of them: the same answers and state roots."""

from __future__ import annotations

from typing import Any, Final

import pytest
from eth.constants import BLANK_ROOT_HASH
from eth.db.account import AccountDB
from eth.db.atomic import AtomicDB
from eth.vm.interrupt import MissingAccountTrieNode, MissingBytecode, MissingStorageTrieNode
from eth_typing import Address, Hash32
from eth_utils.exceptions import ValidationError
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from yinzheng.ledger.chain.embedded.accounts import Accounts
from yinzheng.ledger.chain.embedded.db import Staging

ADDRESSES: Final = [Address(bytes([number]) * 20) for number in range(1, 5)]
SLOTS: Final = [0, 1, 2, 0xFF, 2**255, 2**256 - 1]
address = st.sampled_from(ADDRESSES)
slot = st.sampled_from(SLOTS)
word = st.one_of(st.integers(0, 3), st.integers(0, 2**256 - 1))


class Both(RuleBasedStateMachine):
    """The two, asked and told the same; transactions, calls within them, and blocks."""

    def __init__(self) -> None:
        super().__init__()
        self.theirs_in, self.ours_in = AtomicDB(), AtomicDB()
        self.theirs: Any = AccountDB(self.theirs_in)
        self.ours: Any = Accounts(self.ours_in)
        self.calls: list[tuple[Any, Any]] = []
        self.emptied: set[Address] = set()

    def both(self, do: str, *arguments: Any) -> None:
        assert getattr(self.ours, do)(*arguments) == getattr(self.theirs, do)(*arguments)

    @initialize(numbers=st.lists(st.integers(1, 2**64), min_size=4, max_size=4))
    def found(self, numbers: list[int]) -> None:
        for one, number in zip(ADDRESSES, numbers, strict=True):
            self.both("set_balance", one, number)
            self.both("set_storage", one, 0, number)
            self.both("set_code", one, number.to_bytes(9, "big"))
        self.both("make_state_root")

    @rule(of=address, to=word)
    def balance(self, of: Address, to: int) -> None:
        self.both("set_balance", of, to)

    @rule(of=address)
    def nonce(self, of: Address) -> None:
        self.both("increment_nonce", of)

    @rule(of=address, at=slot, to=word)
    def store(self, of: Address, at: int, to: int) -> None:
        self.both("set_storage", of, at, to)

    @rule(of=address, code=st.sampled_from([b"", b"\0", b"code" * 20]))
    def code(self, of: Address, code: bytes) -> None:
        self.both("set_code", of, code)

    @rule(of=address, do=st.sampled_from(["touch_account", "delete_code"]))
    def do(self, of: Address, do: str) -> None:
        self.both(do, of)

    @rule(of=address, at=slot)
    def warm(self, of: Address, at: int) -> None:
        self.both("mark_address_warm", of)
        self.both("mark_storage_warm", of, at)

    @rule(of=address, do=st.sampled_from(["delete_account", "delete_storage"]))
    def empty(self, of: Address, do: str) -> None:
        """Once in a transaction: more often an account cannot end, and theirs does not go back behind it."""
        if of not in self.emptied:
            self.both(do, of)
            self.emptied.add(of)

    @rule()
    def begin_call(self) -> None:
        self.calls.append((self.ours.record(), self.theirs.record()))

    @precondition(lambda self: self.calls)
    @rule(undone=st.booleans())
    def end_call(self, undone: bool) -> None:
        ours, theirs = self.calls.pop()
        (self.ours.discard if undone else self.ours.commit)(ours)
        (self.theirs.discard if undone else self.theirs.commit)(theirs)

    @precondition(lambda self: not self.calls)
    @rule()
    def next_transaction(self) -> None:
        self.both("lock_changes")
        self.emptied.clear()

    @precondition(lambda self: not self.calls)
    @rule()
    def root(self) -> None:
        self.both("lock_changes")
        self.both("make_state_root")
        self.emptied.clear()

    @precondition(lambda self: not self.calls)
    @rule(again=st.booleans())
    def block(self, again: bool) -> None:
        for one in (self.ours, self.theirs):
            one.lock_changes()
            one.persist()
        assert self.ours.state_root == self.theirs.state_root
        self.emptied.clear()
        if again:
            root = self.ours.state_root
            self.ours, self.theirs = Accounts(self.ours_in, root), AccountDB(self.theirs_in, root)
            assert self.ours.has_root(root)
            assert AccountDB(self.ours_in, root).get_balance(ADDRESSES[0]) == self.theirs.get_balance(
                ADDRESSES[0]
            )

    @invariant()
    def same(self) -> None:
        for one in ADDRESSES:
            for asked in (
                "get_balance",
                "get_nonce",
                "get_code",
                "get_code_hash",
                "account_exists",
                "account_is_empty",
                "account_has_code_or_nonce",
                "is_address_warm",
            ):
                self.both(asked, one)
            for at in SLOTS:
                self.both("get_storage", one, at)
                self.both("is_storage_warm", one, at)
                if one not in self.emptied:
                    self.both("get_storage", one, at, False)


def test_both_go_through_the_same_course() -> None:
    run_state_machine_as_test(Both, settings=settings(max_examples=40, stateful_step_count=30, deadline=None))


def test_what_no_account_can_hold_is_refused() -> None:
    accounts = Accounts(AtomicDB())
    for do, value in (
        (accounts.set_balance, -1),
        (accounts.set_balance, 2**256),
        (accounts.set_nonce, -1),
        (accounts.set_nonce, 2**64),
    ):
        with pytest.raises(ValidationError):
            do(ADDRESSES[0], value)
    for at, value in ((-1, 0), (2**256, 0), (0, -1), (0, 2**256)):
        with pytest.raises(ValidationError):
            accounts.set_storage(ADDRESSES[0], at, value)


def test_a_state_that_lacks_something_says_what() -> None:
    base = AtomicDB()
    accounts = Accounts(base)
    accounts.set_code(ADDRESSES[0], b"code")
    for at in range(40):
        accounts.set_storage(ADDRESSES[0], at, 2**255 + at)
    accounts.persist()
    root, storage = accounts.state_root, accounts._get(ADDRESSES[0]).storage_root
    code = bytes(accounts.get_code_hash(ADDRESSES[0]))

    def without(name: bytes) -> Accounts:
        lacking = Staging(base)
        del lacking[name]
        return Accounts(lacking, Hash32(root))

    with pytest.raises(MissingAccountTrieNode):
        without(root).get_balance(ADDRESSES[0])
    with pytest.raises(MissingBytecode):
        without(code).get_code(ADDRESSES[0])
    with pytest.raises(MissingStorageTrieNode):
        without(storage).get_storage(ADDRESSES[0], 0)
    changed = without(storage)
    changed._slots_of(ADDRESSES[0]).read[50] = 0
    changed.set_storage(ADDRESSES[0], 50, 1)
    with pytest.raises(MissingStorageTrieNode):
        changed.make_state_root()


def test_another_root_is_another_state() -> None:
    accounts = Accounts(AtomicDB())
    accounts.set_balance(ADDRESSES[0], 5)
    accounts.persist()
    root = accounts.state_root
    accounts.state_root = Hash32(BLANK_ROOT_HASH)
    assert not accounts.account_exists(ADDRESSES[0])
    accounts.state_root = root
    assert accounts.get_balance(ADDRESSES[0]) == 5

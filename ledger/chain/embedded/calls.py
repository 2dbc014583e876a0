"""Simulate a call, and estimate the gas a transaction needs. Nothing is written.

At a block given by number or hash a call sees what a transaction at the end of that block saw: its state,
time and number. At `latest` and `pending` it sees the next block: the latest state, the next number, and
the time now. So a simulation answers what sending would do now, when a publicity may have ended since the
last block, which on a chain that seals only when there is something to seal may be days old.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final, cast

from eth.abc import (
    BlockHeaderAPI,
    ComputationAPI,
    MessageAPI,
    SignedTransactionAPI,
    StateAPI,
    TransactionContextAPI,
)
from eth.constants import CREATE_CONTRACT_ADDRESS, ZERO_HASH32
from eth.exceptions import OutOfGas, Revert
from eth.vm.execution_context import ExecutionContext
from eth.vm.forks.london.transactions import LondonTransactionBuilder
from eth.vm.spoof import SpoofTransaction
from eth_typing import Address, BlockNumber, Hash32
from eth_utils.exceptions import ValidationError

from yinzheng.ledger.chain.embedded.chain import EmbeddedChain
from yinzheng.ledger.chain.embedded.clique import IN_TURN, CliqueVM
from yinzheng.ledger.chain.embedded.machine import Computation, State
from yinzheng.ledger.chain.embedded.params import RpcError
from yinzheng.ledger.chain.embedded.views import hexed

REVERTED = 3
FAILED = -32000
MAX_GAS = 10_000_000
"""Gas of one simulation at most (some 4 seconds of a core): a caller pays nothing for it. The dearest thing
we send, a deployment, takes 4 million."""

SECONDS = 10.0
"""Of a processor, for one simulation or estimate. Gas weighs what other machines do: compression and pairings
(EIP-152, EIP-197), which ours does in Python, would take a minute."""
_ROUNDS: Final = 500_000
_PAIRS: Final = 25
"""Of compression and of pairing, in one step that cannot be broken off: some three seconds each."""

_ANSWERS: dict[object, bytes] = {}
"""What calls were answered, by all that such an answer rests on, whichever chain of this process was asked:
who opens a registry again asks the same of the same state."""
_MOST_ANSWERS = 2048
_MOST_KEPT = 16 * 1024
"""Bytes of a call and its answer that are kept at most: whoever reaches a node may ask with megabytes."""
_STIPEND = 2_300
_TOLERANCE = 0.015


@dataclass(frozen=True)
class Call:
    """What is to be executed: `to` None creates a contract; `gas` None is as much as may be."""

    sender: bytes = bytes(20)
    to: bytes | None = None
    data: bytes = b""
    value: int = 0
    gas: int | None = None


class _Moment(ExecutionContext):
    """The surroundings of a call, which know whether it asked what block it is in, or when; and until when it
    may take."""

    told = False
    until = 0.0

    def go_on(self, message: MessageAPI) -> None:
        """Raise `RpcError` where there is no time for what comes next."""
        rounds = pairs = 0
        if message.code_address == _COMPRESSION:
            rounds = min(int.from_bytes(message.data_as_bytes[:4], "big"), message.gas)
        elif message.code_address == _PAIRING:
            pairs = min(len(message.data_as_bytes) // _PAIR, message.gas // _PAIR_GAS)
        if rounds > _ROUNDS or pairs > _PAIRS or time.thread_time() > self.until:
            raise RpcError(FAILED, f"execution aborted (timeout = {SECONDS:.0f}s)")

    @property
    def timestamp(self) -> int:
        self.told = True
        return super().timestamp

    @property
    def block_number(self) -> BlockNumber:
        self.told = True
        return super().block_number

    @property
    def prev_hashes(self) -> Iterable[Hash32]:
        self.told = True
        return super().prev_hashes


_PAIRING: Final = bytes(19) + b"\x08"
_COMPRESSION: Final = bytes(19) + b"\x09"
_PAIR: Final = 192
"""Bytes …"""
_PAIR_GAS: Final = 34_000
"""… and gas (EIP-1108)."""


class _Bounded(Computation):
    """What looks at the time before each message."""

    @classmethod
    def apply_message(
        cls,
        state: StateAPI,
        message: MessageAPI,
        transaction_context: TransactionContextAPI,
        parent_computation: ComputationAPI | None = None,
    ) -> ComputationAPI:
        """As py-evm's. Raises `RpcError` besides."""
        cast("Any", state).execution_context.go_on(message)
        return super().apply_message(state, message, transaction_context, parent_computation)


class _Simulated(State):
    computation_class = _Bounded


@dataclass(frozen=True)
class Context:
    """Where it is executed: the state after `header`, at `number` and `time`."""

    header: BlockHeaderAPI
    number: int
    time: int


def next_block(chain: EmbeddedChain) -> Context:
    """The block that would be sealed now."""
    head = chain.head()
    return Context(head, head.block_number + 1, max(chain.now(), head.timestamp))


def at_block(header: BlockHeaderAPI) -> Context:
    """The end of that block."""
    return Context(header, header.block_number, header.timestamp)


def call(chain: EmbeddedChain, request: Call, context: Context) -> bytes:
    """What the call returns. Raises `RpcError` 3 with the revert data, or -32000.

    What asked for nothing but the state is answered from memory as long as the state is that one: state and
    call are all that such an answer rests on.
    """
    header = context.header
    surroundings = (chain.chain_id, chain.meta.validator, header.gas_limit)
    asked = (header.state_root, surroundings, replace(request, gas=_gas(request, context)))
    known = _ANSWERS.get(asked)
    if known is not None:
        return known
    computation, _ = _run(chain, request, context, _deadline())
    if computation.is_error:
        raise _failure(computation)
    answer = bytes(computation.output)
    told = cast("_Moment", computation.state.execution_context).told
    if not told and len(request.data) + len(answer) <= _MOST_KEPT:
        if len(_ANSWERS) >= _MOST_ANSWERS:
            _ANSWERS.clear()
        _ANSWERS[asked] = answer
    return answer


def estimate_gas(chain: EmbeddedChain, request: Call, context: Context) -> int:
    """Gas with which the call succeeds, at most 1.5 % more than the least. Raises as `call` does.

    As geth: one run with all the gas tells what is used; calls pass on only 63/64 of their gas (EIP-150)
    and refunds come after, so what is used may not suffice, and a few further runs find what does.
    """
    ceiling, until = _gas(request, context), _deadline()
    computation, intrinsic = _run(chain, replace(request, gas=ceiling), context, until)
    if computation.is_error:
        raise _failure(computation)
    used = intrinsic + computation.get_gas_used()
    if _suffices(chain, request, context, used, until):
        return used
    low, high = used, min((used + _STIPEND) * 64 // 63 + 1, ceiling)
    if not _suffices(chain, request, context, high, until):
        low, high = high, ceiling
    while (high - low) / high > _TOLERANCE:
        middle = min((low + high) // 2, 2 * low)
        if _suffices(chain, request, context, middle, until):
            high = middle
        else:
            low = middle
    return high


def _suffices(chain: EmbeddedChain, request: Call, context: Context, gas: int, until: float) -> bool:
    computation, _ = _run(chain, replace(request, gas=gas), context, until)
    return not computation.is_error


def _deadline() -> float:
    return time.thread_time() + SECONDS


def _run(chain: EmbeddedChain, request: Call, context: Context, until: float) -> tuple[ComputationAPI, int]:
    """Execute free of charge, until some processor time of this thread's; return the computation and the
    intrinsic gas."""
    gas = _gas(request, context)
    state = _state(chain, context, until)
    transaction = SpoofTransaction(
        LondonTransactionBuilder.create_unsigned_transaction(
            nonce=state.get_nonce(Address(request.sender)),
            gas_price=0,
            gas=gas,
            to=Address(request.to) if request.to is not None else CREATE_CONTRACT_ADDRESS,
            value=request.value,
            data=request.data,
        ),
        from_=request.sender,
    )
    intrinsic: int = transaction.intrinsic_gas
    if gas < intrinsic:
        raise RpcError(FAILED, f"intrinsic gas too low: gas {gas}, minimum needed {intrinsic}")
    try:
        return state.apply_transaction(cast("SignedTransactionAPI", transaction)), intrinsic
    except ValidationError as error:
        raise RpcError(FAILED, "insufficient funds for transfer") from error


def _gas(request: Call, context: Context) -> int:
    """Gas given to a simulation: what is asked for, or as much as may be."""
    limit = min(context.header.gas_limit, MAX_GAS)
    return limit if request.gas is None else min(limit, request.gas)


def _state(chain: EmbeddedChain, context: Context, until: float) -> StateAPI:
    """State and surroundings of a block. The fee recipient is named here, not recovered from a seal: what
    is simulated has none."""
    header, parent = context.header, context.header
    if context.number == header.block_number and header.block_number > 0:
        parent = chain.header_by_hash(header.parent_hash) or header
    execution = _Moment(
        coinbase=Address(chain.meta.validator),
        timestamp=context.time,
        block_number=BlockNumber(context.number),
        difficulty=IN_TURN,
        mix_hash=ZERO_HASH32,
        gas_limit=header.gas_limit,
        prev_hashes=CliqueVM.get_prev_hashes(parent.hash, chain.chaindb) or (),
        chain_id=chain.chain_id,
        base_fee_per_gas=0,
    )
    execution.until = until
    return _Simulated(chain.store, execution, header.state_root)


def _failure(computation: ComputationAPI) -> RpcError:
    """The error of a failed execution, with revert data where there are some, as geth words it."""
    error = computation.error
    if isinstance(error, Revert):
        return RpcError(REVERTED, "execution reverted", hexed(bytes(computation.output)))
    if isinstance(error, OutOfGas):
        return RpcError(FAILED, "out of gas")
    return RpcError(FAILED, f"execution failed: {type(error).__name__}")

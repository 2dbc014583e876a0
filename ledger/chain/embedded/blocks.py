"""Which block a JSON-RPC parameter means (tags, numbers, EIP-1898), and the logs of a range of blocks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from eth.abc import BlockHeaderAPI, LogAPI
from eth_bloom.bloom import BloomFilter

from yinzheng.ledger.chain.embedded import params
from yinzheng.ledger.chain.embedded.chain import EmbeddedChain
from yinzheng.ledger.chain.embedded.params import RpcError
from yinzheng.ledger.chain.embedded.views import Json, receipt_views

LIMIT_EXCEEDED = -32005
MAX_LOGS = 10_000
MAX_SEARCH = 10_000
"""Blocks searched for logs of no address in particular; by address an index answers for any range."""
_NEWEST = ("latest", "pending", "safe", "finalized")
_FILTER = frozenset({"fromBlock", "toBlock", "address", "topics", "blockHash"})


def newest(value: Any) -> bool:
    """Whether the parameter means the head; so does none, and with one validator every block is final."""
    return value is None or value in _NEWEST


def find(chain: EmbeddedChain, value: Any) -> BlockHeaderAPI | None:
    """The header meant by a tag, a number, or an EIP-1898 object, or None if there is no such block."""
    if isinstance(value, dict):
        named = params.mapping(value, "block", frozenset({"blockHash", "blockNumber", "requireCanonical"}))
        if "blockHash" in named:
            return chain.header_by_hash(params.data(named["blockHash"], "blockHash", size=32))
        return chain.header(params.quantity(named.get("blockNumber"), "blockNumber", bits=63))
    if newest(value):
        return chain.head()
    if value == "earliest":
        return chain.header(0)
    if isinstance(value, str) and len(value) == 66:
        return chain.header_by_hash(params.data(value, "block", size=32))
    return chain.header(params.quantity(value, "block", bits=63))


def get(chain: EmbeddedChain, value: Any) -> BlockHeaderAPI:
    """As `find`, but an error if there is no such block."""
    header = find(chain, value)
    if header is None:
        raise RpcError(-32000, "header not found")
    return header


@dataclass(frozen=True)
class LogFilter:
    """Which logs are wanted: any of `addresses` (none: all), and for each topic any of a set (empty: all)."""

    first: int
    last: int
    addresses: tuple[bytes, ...]
    topics: tuple[frozenset[bytes], ...]

    def matches(self, log: LogAPI) -> bool:
        """Whether `log` is wanted."""
        if self.addresses and log.address not in self.addresses:
            return False
        if len(log.topics) < len(self.topics):
            return False
        found = (topic.to_bytes(32, "big") for topic in log.topics)
        return all(not wanted or topic in wanted for wanted, topic in zip(self.topics, found, strict=False))

    def may_match(self, header: BlockHeaderAPI) -> bool:
        """False if the header's bloom filter rules the block out."""
        bloom = BloomFilter(header.bloom)
        wanted = (self.addresses, *self.topics)
        return all(not anyof or any(one in bloom for one in anyof) for anyof in wanted)


def parse_filter(chain: EmbeddedChain, value: Any) -> LogFilter:
    """The filter object of `eth_getLogs`."""
    named = params.mapping(value, "filter", _FILTER)
    if named.get("blockHash") is not None:
        if "fromBlock" in named or "toBlock" in named:
            raise params.invalid("filter: either blockHash or a range")
        first = last = int(get(chain, named["blockHash"]).block_number)
    else:
        first, last = bound(chain, named.get("fromBlock")), bound(chain, named.get("toBlock"))
    address = named.get("address")
    listed = [] if address is None else [address] if isinstance(address, str) else address
    topics = named.get("topics")
    return LogFilter(
        first,
        min(last, chain.head().block_number),
        tuple(params.data(one, "address", size=20) for one in params.items(listed, "address", limit=100)),
        tuple(_topics(one) for one in params.items([] if topics is None else topics, "topics", limit=4)),
    )


def bound(chain: EmbeddedChain, value: Any) -> int:
    """A bound of a range; one beyond the head is no error."""
    if newest(value):
        return chain.head().block_number
    return 0 if value == "earliest" else params.quantity(value, "block", bits=63)


def _topics(value: Any) -> frozenset[bytes]:
    if value is None:
        return frozenset()
    listed = [value] if isinstance(value, str) else params.items(value, "topics", limit=100)
    return frozenset(params.data(one, "topic", size=32) for one in listed)


def find_logs(chain: EmbeddedChain, wanted: LogFilter) -> list[Json]:
    """The wanted logs in their order on the chain; an error if there are more than `MAX_LOGS`."""
    found: list[Json] = []
    for header in _candidates(chain, wanted):
        receipts = chain.receipts(header)
        if not any(wanted.matches(log) for receipt in receipts for log in receipt.logs):
            continue
        views = receipt_views(chain.block(header), receipts)
        for receipt, view in zip(receipts, views, strict=True):
            pairs = zip(receipt.logs, view["logs"], strict=True)
            found.extend(shown for log, shown in pairs if wanted.matches(log))
        if len(found) > MAX_LOGS:
            raise RpcError(LIMIT_EXCEEDED, f"more than {MAX_LOGS} logs: ask for a smaller range")
    return found


def _candidates(chain: EmbeddedChain, wanted: LogFilter) -> Iterator[BlockHeaderAPI]:
    """Headers of the blocks that may hold wanted logs, ascending; by index where addresses are given."""
    numbers: Sequence[int] = range(wanted.first, wanted.last + 1)
    if not wanted.addresses and len(numbers) > MAX_SEARCH:
        raise RpcError(LIMIT_EXCEEDED, f"more than {MAX_SEARCH} blocks without an address: ask for fewer")
    if wanted.addresses:
        indexed = (chain.blocks_with_logs(one, wanted.first, wanted.last) for one in wanted.addresses)
        numbers = sorted({number for some in indexed for number in some})
    for number in numbers:
        header = chain.header(number)
        if header is not None and wanted.may_match(header):
            yield header

"""What one more licence costs under a right that bears many: `python -m tests.contracts.growth 10000`."""

import sys
from collections.abc import Iterator, Sequence

from tests.contracts.disputes import Court
from tests.contracts.estate import ALL, Estate
from tests.contracts.world import World
from yinzheng.ledger.chain.clients.calling import CALL_GAS


def growth(sizes: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """Give licences until there are as many as each of `sizes`: how many, gas of the last, of a transfer."""
    estate, given = Estate.create(Court.create(World.create()), first=2**250), 0
    for size in sizes:
        used = 0
        while given < size:
            used = estate.court.send(estate.license()).gas_used
            given += 1
        snapshot = estate.court.world.ground.moment()
        moved = estate.court.send(estate.transfer(rights=ALL)).gas_used
        assert moved < CALL_GAS
        estate.court.world.ground.back_to(snapshot)
        yield size, used, moved


if __name__ == "__main__":
    most = int(sys.argv[1])
    for found in growth([10**n for n in range(1, 10) if 10**n <= most]):
        print(*found, flush=True)  # noqa: T201

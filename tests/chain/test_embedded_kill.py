"""`kill -9` at any moment loses nothing acknowledged, and the chain opens again."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import rlp

from tests.chain.embedded_world import RICH, Clock, connect, create
from yinzheng.ledger.chain.embedded.chain import EmbeddedChain
from yinzheng.verifier.chain.consensus import CLIQUE
from yinzheng.verifier.chain.header import parse_header

WRITERS = """
import os, sys
from pathlib import Path
from yinzheng.ledger.chain.embedded.chain import EmbeddedChain
from tests.chain.embedded_world import START, VALIDATOR_KEY, RICH, connect, transfer

def seal_for_ever(folder):
    chain = EmbeddedChain.open(folder, clock=lambda: START, key=VALIDATOR_KEY)
    nonce = connect(chain).eth.get_transaction_count(RICH.address)
    print("ready", os.getpid(), flush=True)
    while True:
        hashes = chain.send_all([transfer(nonce + ahead) for ahead in range(1 + nonce % 3)])
        nonce += len(hashes)
        for acknowledged in hashes:
            os.write(1, b"acknowledged %s\\n" % acknowledged.hex().encode())

for line in sys.stdin:
    writer = os.fork()
    if writer == 0:
        seal_for_ever(Path(line.strip()))
    os.waitpid(writer, 0)
    print("\\ndead", flush=True)
"""
"""Makes one writer after the other; forks them before any chain is open, to pay for imports once."""

ROUNDS = 12


def run_and_kill(writers: "subprocess.Popen[str]", folder: Path, seconds: float) -> list[bytes]:
    """Let a real process seal, kill it after some time, and return what it acknowledged."""
    assert writers.stdin is not None
    assert writers.stdout is not None
    writers.stdin.write(f"{folder}\n")
    writers.stdin.flush()
    ready, number = writers.stdout.readline().split()
    assert ready == "ready"
    killer = threading.Timer(seconds, os.kill, (int(number), signal.SIGKILL))
    killer.start()
    acknowledged = []
    while (words := writers.stdout.readline().split()) != ["dead"]:
        if len(words) == 2 and len(words[1]) == 64:  # a line cut short was not received
            acknowledged.append(bytes.fromhex(words[1]))
    killer.join()
    return acknowledged


def check_blocks(chain: EmbeddedChain, first: int) -> int:
    """Check headers and links from `first` to the head; return how many transactions they hold."""
    sealed = 0
    for number in range(first, chain.head().block_number + 1):
        header, parent = chain.header(number), chain.header(number - 1)
        assert header is not None
        assert parent is not None
        assert CLIQUE.block_hash(parse_header(rlp.encode(header))) == header.hash
        assert header.parent_hash == parent.hash
        sealed += len(chain.block(header).transactions)
    return sealed


@pytest.mark.slow
def test_killed_at_random_moments(tmp_path: Path) -> None:
    create(tmp_path, Clock()).close()
    chance = random.Random(time.time_ns())
    total = checked = sealed = 0
    with subprocess.Popen(
        [sys.executable, "-c", WRITERS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as writers:
        for _ in range(ROUNDS):
            acknowledged = run_and_kill(writers, tmp_path, chance.uniform(0.0, 0.3))
            total += len(acknowledged)
            with EmbeddedChain.open(tmp_path, clock=Clock()) as chain:
                sealed += check_blocks(chain, checked + 1)
                checked = chain.head().block_number
                nonce = connect(chain).eth.get_transaction_count(RICH.address)
                assert sealed == nonce >= total
                for one in acknowledged:
                    place = chain.locate(one)
                    assert place is not None
                    header = chain.header(place[0])
                    assert header is not None
                    assert chain.receipts(header)[place[1]].state_root == b"\1"
    assert total

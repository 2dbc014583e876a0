"""Withdrawals and disputes on the embedded chain: the slots that readers prove (S5.10, S5.13)."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import rlp
from web3 import Web3

from contracts import layout
from ledger.chain.approvals import Opening, sign
from ledger.chain.consent_client import ConsentClient
from ledger.chain.deployment import deploy
from ledger.chain.embedded.chain import EmbeddedChain
from ledger.chain.embedded.evidence import collect_evidence
from ledger.chain.embedded.provider import EmbeddedProvider
from ledger.chain.modules import deploy_modules
from ledger.chain.records import OpeningKind
from ledger.chain.sender import Sender
from tests.chain.embedded_world import VALIDATOR_KEY, Clock, account, raw_address
from tests.chain.test_foreign import ADMIN, HOLDERS, RELAY, funded, prove
from verifier.ethereum.header import parse_header
from verifier.ethereum.layout import mapping_slot

FORUM = account(31)
CONSENTS = tuple(bytes([n]) * 32 for n in range(1, 65))
RECIPIENTS = (b"\x0a" * 32, b"\x0b" * 32)
REQUEST, DISPUTE, EVIDENCE = b"\xa1" * 32, b"\xa2" * 32, b"\xa3" * 32


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsentClient]:
    folder: Path = tmp_path_factory.mktemp("modules")
    with EmbeddedChain.create(folder, funded(), key=VALIDATOR_KEY, clock=Clock()) as chain:
        w3 = Web3(EmbeddedProvider(chain))
        admin = Sender(w3, ADMIN, time.sleep)
        deployment = deploy(w3, admin, HOLDERS)
        modules = deploy_modules(w3, admin, deployment, forums=(raw_address(FORUM),))
        yield ConsentClient(w3, deployment, modules)


def slots(key: str, entry: bytes, count: int) -> list[bytes]:
    first = mapping_slot(entry, layout()[key])
    return [(first + number).to_bytes(32, "big") for number in range(count)]


def proved(w3: Web3, block: int, address: bytes, asked: list[bytes]) -> list[int]:
    """Give the words in these slots, proved against the block's state root; zero where absence is."""
    evidence = collect_evidence(w3, block, [(address, asked)])
    header = parse_header(bytes.fromhex(evidence["headers"][0]))
    found = prove(header.state_root, evidence["accounts"][0])
    values = (found[slot.hex()] for slot in asked)
    return [0 if value is None else int.from_bytes(rlp.decode(value), "big") for value in values]


def unpacked(word: int, *sizes: int) -> list[int]:
    parts = []
    for size in sizes:
        parts.append(word % 256**size)
        word //= 256**size
    assert word == 0
    return parts


def test_sixty_four_consents_held_and_one_withdrawn(client: ConsentClient) -> None:
    w3, relay = client._w3, Sender(client._w3, RELAY, time.sleep)
    parties = (b"\x01" * 20, b"\x02" * 20)
    decision = Opening(DISPUTE, EVIDENCE, OpeningKind.FORUM, parties, REQUEST, consents=CONSENTS)
    opening = client.open_dispute(decision, sign(decision, client.preservation_domain, FORUM))
    client.simulate(opening, relay.address)
    held = relay.send(opening, 20).block_number
    received = int(w3.eth.get_block("latest")["timestamp"])
    withdraw = client.open_withdrawal(CONSENTS[0], received, REQUEST, RECIPIENTS, minor=True)
    relay.send(withdraw, 20)
    block = relay.send(client.receipt(CONSENTS[0], RECIPIENTS[1], EVIDENCE), 20).block_number

    shown = client.withdrawal(CONSENTS[0])
    assert shown is not None
    asked = slots("consent.withdrawals", CONSENTS[0], 4)
    states, times, request, outcome = proved(w3, block, client.modules.consents, asked)
    assert unpacked(states, 1, 1, 1, 1, 2, 1, 1, 8, 8, 8) == [1, 1, 2, 1, 1, 0, 0, received, 0, 0]
    assert unpacked(times, 8, 8, 8, 8) == [shown.opened_at, 0, 0, shown.changed_at]
    assert (request.to_bytes(32, "big"), outcome) == (REQUEST, 0)

    dispute = client.dispute(DISPUTE)
    assert dispute is not None
    asked = slots("preservation.cases", DISPUTE, 6)
    states, statement, root, outcome, opened_by, released_by = proved(
        w3, held, client.modules.preservation, asked
    )
    opened = dispute.opened_at
    assert unpacked(states, 1, 1, 1, 1, 4, 8, 8, 8) == [1, 1, 2, 64, 1, opened, 0, opened]
    assert statement.to_bytes(32, "big") == REQUEST
    assert root.to_bytes(32, "big") == EVIDENCE
    assert (outcome, opened_by.to_bytes(20, "big"), released_by) == (0, raw_address(FORUM), 0)


def test_absence_is_proved(client: ConsentClient) -> None:
    w3 = client._w3
    block = int(w3.eth.block_number)
    asked = slots("consent.withdrawals", b"\xff" * 32, 4)
    assert proved(w3, block, client.modules.consents, asked) == [0, 0, 0, 0]

"""Withdrawals and disputes on the embedded chain: the slots that readers prove (S5.10–S5.15)."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from web3 import Web3

from tests.chain.embedded_world import VALIDATOR_KEY, Clock, account, raw_address
from tests.chain.test_foreign import ADMIN, HOLDERS, RELAY, funded
from tests.wallet import sign
from yinzheng.ledger.chain.approvals import Opening, Release
from yinzheng.ledger.chain.client import ContractsClient
from yinzheng.ledger.chain.deployment import deploy
from yinzheng.ledger.chain.embedded.chain import EmbeddedChain
from yinzheng.ledger.chain.embedded.evidence import asking
from yinzheng.ledger.chain.embedded.provider import EmbeddedProvider
from yinzheng.ledger.chain.evidence import Prover
from yinzheng.ledger.chain.modules import deploy_modules
from yinzheng.ledger.chain.records import OpeningKind
from yinzheng.ledger.chain.sender import Sender
from yinzheng.verifier.bytes.algorithms import keccak256
from yinzheng.verifier.chain.consensus import CLIQUE
from yinzheng.verifier.chain.evidence import Contract, parse_evidence
from yinzheng.verifier.chain.layout_consents import (
    ChainReceipt,
    ChainWithdrawal,
    decode_receipt,
    decode_withdrawal,
    overdue_since,
    receipt_slots,
    withdrawal_slots,
)
from yinzheng.verifier.chain.layout_disputes import (
    ChainDispute,
    ChainEvidence,
    decode_dispute,
    decode_evidence,
    decode_parties,
    decode_subjects,
    dispute_slots,
    evidence_slots,
    party_slots,
    subject_slots,
)

FORUM = account(31)
CONSENTS = tuple(bytes([n]) * 32 for n in range(1, 65))
RECIPIENTS = (b"\x0a" * 32, b"\x0b" * 32)
REQUEST, DISPUTE, EVIDENCE = b"\xa1" * 32, b"\xa2" * 32, b"\xa3" * 32


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ContractsClient]:
    folder: Path = tmp_path_factory.mktemp("modules")
    with EmbeddedChain.create(folder, funded(), key=VALIDATOR_KEY, clock=Clock()) as chain:
        w3 = Web3(EmbeddedProvider(chain))
        admin = Sender(w3, ADMIN, time.sleep)
        deployment = deploy(w3, admin, HOLDERS)
        modules = deploy_modules(w3, admin, deployment, forums=(raw_address(FORUM),))
        yield ContractsClient(w3, deployment, modules)


def proved(w3: Web3, block: int, address: bytes, asked: list[bytes]) -> list[int]:
    """Give the words in these slots, as the verifier takes them out of the chain's own proofs."""
    evidence = parse_evidence(Prover(asking(w3), CLIQUE, 1).collect(block, [(address, asked)]))
    code = w3.eth.get_code(Web3.to_checksum_address(address))
    return evidence.words(Contract(address, keccak256(code)), asked)


def test_sixty_four_consents_held_and_one_withdrawn(client: ContractsClient) -> None:
    w3, relay = client._w3, Sender(client._w3, RELAY, time.sleep)
    parties = (b"\x01" * 20, b"\x02" * 20)
    decision = Opening(DISPUTE, EVIDENCE, OpeningKind.FORUM, parties, REQUEST, consents=CONSENTS)
    opening = client.open_dispute(decision, sign(decision, client.preservation_domain, FORUM))
    client.simulate(opening, relay.address)
    held = relay.send(opening, 20).block_number
    received = int(w3.eth.get_block("latest")["timestamp"])
    withdraw = client.open_withdrawal(CONSENTS[0], CONSENTS[0], received, REQUEST, RECIPIENTS, minor=True)
    relay.send(withdraw, 20)
    block = relay.send(client.receipt(CONSENTS[0], RECIPIENTS[1], EVIDENCE), 20).block_number

    shown = client.withdrawal(CONSENTS[0])
    assert shown is not None
    contract = client.modules.consents
    withdrawal = decode_withdrawal(proved(w3, block, contract, withdrawal_slots(CONSENTS[0])))
    assert withdrawal == ChainWithdrawal(
        state=1,
        minor=True,
        recipients=2,
        receipts=1,
        holds=1,
        late=False,
        received_at=received,
        frozen_at=0,
        restricted_at=0,
        opened_at=shown.opened_at,
        restricted_until=0,
        completed_at=0,
        changed_at=shown.changed_at,
        request=REQUEST,
        outcome=None,
    )
    given = client.receipt_of(CONSENTS[0], RECIPIENTS[1])
    assert given is not None
    owed = [receipt_slots(CONSENTS[0], recipient) for recipient in (*RECIPIENTS, b"\x0c" * 32)]
    words = proved(w3, block, contract, [slot for pair in owed for slot in pair])
    assert [decode_receipt(words[at : at + 2]) for at in (0, 2, 4)] == [
        ChainReceipt(given=False, late=False, given_at=0, statement=None),
        ChainReceipt(given=True, late=False, given_at=given.given_at, statement=EVIDENCE),
        None,
    ]
    for at in (shown.changed_at, received + 48 * 3600, received + 48 * 3600 + 1, received + 72 * 3600 + 1):
        assert (overdue_since(withdrawal, at) is not None) == client.is_overdue(CONSENTS[0], at)
    only_held = decode_withdrawal(proved(w3, block, contract, withdrawal_slots(CONSENTS[1])))
    assert only_held is not None
    assert (only_held.state, only_held.holds) == (0, 1)

    contract = client.modules.preservation
    opened = client.dispute(DISPUTE)
    assert opened is not None
    dispute = decode_dispute(proved(w3, held, contract, dispute_slots(DISPUTE)))
    assert dispute == ChainDispute(
        state=1,
        kind=1,
        parties=2,
        subjects=64,
        roots=1,
        opened_at=opened.opened_at,
        released_at=0,
        changed_at=opened.opened_at,
        statement=REQUEST,
        root=EVIDENCE,
        outcome=None,
        opened_by=raw_address(FORUM),
        released_by=None,
    )
    assert decode_parties(proved(w3, held, contract, party_slots(DISPUTE, 2))) == parties
    assert decode_subjects(proved(w3, held, contract, subject_slots(DISPUTE, "consents", 64))) == CONSENTS
    for kind in ("records", "cases"):
        assert decode_subjects(proved(w3, held, contract, subject_slots(DISPUTE, kind, 0))) == ()


def test_roots_of_evidence_and_the_end(client: ContractsClient) -> None:
    w3, relay = client._w3, Sender(client._w3, RELAY, time.sleep)
    contract, later, unknown = client.modules.preservation, b"\xb1" * 32, b"\xb2" * 32
    relay.send(client.add_evidence(DISPUTE, later, REQUEST), 20)
    outcome = Release(DISPUTE, b"\xb3" * 32)
    relay.send(client.release(outcome, [sign(outcome, client.preservation_domain, FORUM)], 64), 20)
    block = int(w3.eth.block_number)
    found = [
        decode_evidence(proved(w3, block, contract, evidence_slots(DISPUTE, root)))
        for root in (EVIDENCE, later, unknown)
    ]
    added = client.evidence(DISPUTE, later)
    assert added is not None
    assert found[1:] == [ChainEvidence(1, added.added_at, REQUEST), None]
    assert found[0] is not None
    assert found[0].index == 0
    ended = decode_dispute(proved(w3, block, contract, dispute_slots(DISPUTE)))
    assert ended is not None
    assert (ended.state, ended.roots, ended.root, ended.outcome) == (2, 2, later, b"\xb3" * 32)
    assert ended.released_by == raw_address(FORUM)
    once_held = decode_withdrawal(proved(w3, block, client.modules.consents, withdrawal_slots(CONSENTS[1])))
    assert once_held is not None
    assert (once_held.state, once_held.holds) == (0, 0)


def test_a_withdrawal_to_its_end(client: ContractsClient) -> None:
    w3, relay = client._w3, Sender(client._w3, RELAY, time.sleep)
    id_, contract = b"\xc1" * 32, client.modules.consents
    received = int(w3.eth.get_block("latest")["timestamp"])
    relay.send(client.open_withdrawal(id_, id_, received, REQUEST, RECIPIENTS[:1], minor=False), 20)
    relay.send(client.frozen(id_, EVIDENCE), 20)
    frozen = decode_withdrawal(proved(w3, int(w3.eth.block_number), contract, withdrawal_slots(id_)))
    relay.send(client.receipt(id_, RECIPIENTS[0], EVIDENCE), 20)
    relay.send(client.complete(id_, DISPUTE), 20)
    ended = decode_withdrawal(proved(w3, int(w3.eth.block_number), contract, withdrawal_slots(id_)))
    assert frozen is not None
    assert ended is not None
    assert (frozen.state, frozen.outcome) == (2, None)
    assert (ended.state, ended.outcome, ended.receipts) == (3, DISPUTE, 1)
    assert overdue_since(ended, ended.changed_at + 10**9) is None


def test_absence_is_proved(client: ContractsClient) -> None:
    w3 = client._w3
    block = int(w3.eth.block_number)
    words = proved(w3, block, client.modules.consents, withdrawal_slots(b"\xff" * 32))
    assert decode_withdrawal(words) is None

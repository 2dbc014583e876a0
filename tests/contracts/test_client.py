"""Deployment, approvals, refusals as typed errors, and the sender (D9)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
import requests
from eth_abi.abi import encode
from eth_account.signers.local import LocalAccount
from hypothesis import given
from hypothesis import strategies as st
from web3 import HTTPProvider, Web3
from web3.types import RPCEndpoint, RPCResponse

from tests.contracts.world import (
    ADMIN,
    HOLDERS,
    MEMBERS,
    OFFICERS,
    RELAY,
    Crash,
    Frail,
    World,
    address,
    b32,
    person,
)
from tests.wallet import sign
from yinzheng.contracts import artifact
from yinzheng.ledger.chain import reverts
from yinzheng.ledger.chain.approvals import (
    Closure,
    Conclusion,
    Deposit,
    Domain,
    Publication,
    recover,
)
from yinzheng.ledger.chain.client import RegistryClient
from yinzheng.ledger.chain.configuration import configure, missing
from yinzheng.ledger.chain.connect import speaking
from yinzheng.ledger.chain.deployment import DEPLOY_STEPS, Deployment, RoleHolders, check_deployment, deploy
from yinzheng.ledger.chain.embedded.provider import EmbeddedProvider
from yinzheng.ledger.chain.fees import Fees
from yinzheng.ledger.chain.messages import Message
from yinzheng.ledger.chain.outcomes import Mined, Pending, Unknown
from yinzheng.ledger.chain.records import Procedure, profile_tag
from yinzheng.ledger.chain.reverts import (
    BlockBehind,
    ChainUnreachable,
    NodeRefused,
    RevertUnknown,
    TooEarly,
    ValueRefused,
    WrongState,
)
from yinzheng.ledger.chain.sender import Call, OutcomeOpen, Sender, checksummed
from yinzheng.ledger.rules.calendar import day_of, official_calendar
from yinzheng.ledger.rules.profiles import DEMO, PROFILES, Duration, Unit
from yinzheng.verifier.bytes.algorithms import keccak256
from yinzheng.verifier.chain.layout import decode_record, record_slots
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault
from yinzheng.verifier.log.statement import profile_bytes

DOMAIN = Domain(1, bytes(19) + b"\1")
DECISIONS: Sequence[Message] = (
    Publication(b32(1), "DEMO/1", Procedure.ORDINARY, b32(2), True),
    Conclusion(b32(1), b32(2), b32(3), True),
    Closure(b32(1), b32(2)),
    Deposit(b32(1), b32(2), b32(3), 4, 5, b32(7), 6),
)


# ---------------------------------------------------------------- approvals


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda d: type(d).__name__)
def test_a_signature_leads_back_to_its_signer(decision: Message) -> None:
    signature = sign(decision, DOMAIN, OFFICERS[0])
    assert len(signature) == 65
    assert sign(decision, DOMAIN, OFFICERS[0]) == signature
    assert recover(decision, DOMAIN, signature) == address(OFFICERS[0])
    assert recover(decision, replace(DOMAIN, chain_id=2), signature) != address(OFFICERS[0])


@pytest.mark.parametrize(
    "bad", [b"", bytes(64), bytes(65), bytes(64) + b"\x1b", b"\xff" * 64 + b"\x1b", bytes(66)]
)
def test_what_is_no_signature(bad: bytes) -> None:
    with pytest.raises(DataFault) as caught:
        recover(DECISIONS[2], DOMAIN, bad)
    assert caught.value.code == "approval-malformed"


def test_type_strings_are_those_of_the_specification() -> None:
    """The EIP-712 type strings of S5.5 are the ones in the contract's code."""
    code = artifact("RightsRegistry").deployed_bytecode
    for decision in DECISIONS:
        assert keccak256(f"{type(decision).__name__}({decision.FIELDS})".encode()) in code


@given(st.from_regex(r"[A-Z][A-Z0-9-]{0,24}/[1-9][0-9]{0,4}", fullmatch=True))
def test_profile_tags_survive(tag: str) -> None:
    assert profile_tag(profile_bytes(tag)) == tag


@pytest.mark.parametrize("tag", ["", "x" * 33, "规则/1"])
def test_profile_tags_that_are_none(tag: str) -> None:
    with pytest.raises(DataFault):
        profile_bytes(tag)


# ---------------------------------------------------------------- refusals


def errors_of(name: str) -> list[Any]:
    return [item for item in artifact(name).abi if item["type"] == "error"]


def sample(kind: str) -> Any:
    if kind == "address":
        return checksummed(bytes(20))
    return b"\1" * int(kind[5:] or 32) if kind.startswith("bytes") else 1


OWN = {
    item["name"]: item
    for name in ("CheckpointAnchor", "RightsRegistry")
    for item in errors_of(name)
    # Of OpenZeppelin's: what cannot come up, because our code calls nothing that raises it.
    if item["name"]
    not in {
        "AccessManagedInvalidAuthority",
        "AccessManagedRequiredDelay",
        "InvalidShortString",
        "StringTooLong",
    }
}


@pytest.mark.parametrize("name", sorted(OWN))
def test_every_custom_error_has_its_meaning(name: str) -> None:
    kinds = [i["type"] for i in OWN[name]["inputs"]]
    selector = keccak256(f"{name}({','.join(kinds)})".encode())[:4]
    error = reverts.decode_revert(selector + encode(kinds, [sample(kind) for kind in kinds]))
    assert not isinstance(error, RevertUnknown)
    assert error.data["error"] == name
    assert set(error.data) == {"error", *(i["name"] for i in OWN[name]["inputs"])}
    assert "{" not in error.message
    truncated = reverts.decode_revert(selector + b"\1")
    assert isinstance(truncated, RevertUnknown) or not kinds


@given(st.binary(max_size=200))
def test_any_bytes_decode_to_some_error(data: bytes) -> None:
    assert reverts.decode_revert(data).code


def test_reasons_of_other_kinds() -> None:
    text = keccak256(b"Error(string)")[:4] + encode(["string"], ["no luck"])
    assert "no luck" in reverts.decode_revert(text).message
    panic = keccak256(b"Panic(uint256)")[:4] + encode(["uint256"], [0x11])
    assert "0x11" in reverts.decode_revert(panic).message
    assert "without a reason" in reverts.decode_revert(b"").message


@pytest.mark.parametrize(
    ("at", "told"), [(1_796_134_360, "2026-12-01 22:12:40+08:00"), (2**64 - 1, str(2**64 - 1))]
)
def test_times_are_told_as_times(at: int, told: str) -> None:
    """And one that no calendar has, as the number it is."""
    arguments = encode(["bytes32", "address", "uint64"], [bytes(32), "0x" + "11" * 20, at])
    selector = keccak256(b"ReservationTooSoon(bytes32,address,uint64)")[:4]
    assert reverts.decode_revert(selector + arguments).message.endswith(f"possible from {told}.")


def test_states_are_named(world: World) -> None:
    world.send(world.publish(b32(1)))
    with pytest.raises(WrongState) as caught:
        world.send(world.publish(b32(1)))
    assert caught.value.message == "The case is in state publicity; none was expected."


# ---------------------------------------------------------------- reads


def test_the_verifier_reads_the_same_record_from_storage(world: World) -> None:
    world.send(world.publish(b32(1), waived=True))
    world.send(world.deposit(Deposit(b32(2), b32(1), b32(3), world.now, world.now + 1000, b32(4), 3)))
    rights = checksummed(world.client.deployment.rights)
    words = [
        int.from_bytes(world.w3.eth.get_storage_at(rights, int.from_bytes(slot, "big")), "big")
        for slot in record_slots(b32(2))
    ]
    seen, record = decode_record(words), world.client.record(b32(2))
    assert seen is not None
    assert record is not None
    for name in ("content", "status", "procedure", "deposited_at", "valid_until", "changed_at", "case_id",
                 "holdings"):  # fmt: skip
        assert getattr(seen, name) == getattr(record, name)
    assert seen.remarks == {"agreed", "seizure"}


def test_reads_of_an_earlier_block(world: World) -> None:
    before = world.w3.eth.block_number
    world.send(world.publish(b32(1)))
    assert world.client.case(b32(1), before) is None
    assert world.client.case(b32(1), before + 1) is not None


def test_an_address_without_contract_is_no_answer(world: World) -> None:
    empty = RegistryClient(world.w3, replace(world.client.deployment, rights=b"\xee" * 20))
    with pytest.raises(DataFault) as caught:
        empty.record(b32(1))
    assert caught.value.code == "contract-answer"


# ---------------------------------------------------------------- deployment


def test_deployment_file_survives(world: World) -> None:
    value = world.client.deployment.to_json()
    assert Deployment.from_json(value) == world.client.deployment
    check_deployment(world.w3, Deployment.from_json(value))


@pytest.mark.parametrize(
    "change",
    [
        {"format": "x"},
        {"chain_id": "1"},
        {"chain_id": True},
        {"block": -1},
        {"contracts": {}},
        {"contracts": []},
        {"surplus": 1},
    ],
)
def test_deployment_file_malformed(world: World, change: dict[str, Any]) -> None:
    with pytest.raises(DataFault):
        Deployment.from_json(world.client.deployment.to_json() | change)


@pytest.mark.parametrize("value", ["", "00" * 19, "0x" + "00" * 19, "GG" * 20, "AB" * 20, 5])
def test_deployment_address_malformed(world: World, value: Any) -> None:
    told = world.client.deployment.to_json()
    told["contracts"]["rights"]["address"] = value
    with pytest.raises(DataFault):
        Deployment.from_json(told)
    with pytest.raises(DataFault):
        Deployment.from_json([])


def test_other_chain_or_code_is_found_out(world: World) -> None:
    deployment = world.client.deployment
    for changed, code in (
        (replace(deployment, chain_id=1), "deployment-chain"),
        (replace(deployment, rights=deployment.anchor), "deployment-code"),
        (replace(deployment, anchor_code_hash=bytes(32)), "deployment-code"),
        (replace(deployment, anchor=bytes(20), anchor_code_hash=keccak256(b"")), "deployment-code"),
    ):
        with pytest.raises(DataFault) as caught:
            check_deployment(world.w3, changed)
        assert caught.value.code == code


@pytest.mark.parametrize("done", range(DEPLOY_STEPS + 1))
def test_an_interrupted_deployment_continues(world: World, done: int) -> None:
    frail = Frail(world.w3, ADMIN, done)
    first = frail.next_nonce()
    if done < DEPLOY_STEPS:
        with pytest.raises(Crash):
            deploy(world.w3, frail, HOLDERS, first_nonce=first)
    deployment = deploy(world.w3, world.admin, HOLDERS, first_nonce=first)
    assert world.admin.next_nonce() == first + DEPLOY_STEPS
    assert deploy(world.w3, world.admin, HOLDERS, first_nonce=first) == deployment
    assert deployment.rights != world.client.deployment.rights


def test_a_deployment_from_the_wrong_nonce(world: World) -> None:
    for first in (world.admin.next_nonce() + 1, world.admin.next_nonce() - 2):
        with pytest.raises(EnvironmentFault):
            deploy(world.w3, world.admin, HOLDERS, first_nonce=first)


@pytest.mark.parametrize(
    ("holders", "code"),
    [
        (RoleHolders(address(OFFICERS[0]), HOLDERS.registry, HOLDERS.committee), "roles-overlap"),
        (RoleHolders(HOLDERS.relay, (address(ADMIN),), HOLDERS.committee), "roles-overlap"),
        (RoleHolders(HOLDERS.relay, (), HOLDERS.committee), "roles-empty"),
        (RoleHolders(HOLDERS.relay, HOLDERS.registry, ()), "roles-empty"),
    ],
)
def test_who_sends_does_not_approve(world: World, holders: RoleHolders, code: str) -> None:
    with pytest.raises(UsageFault) as caught:
        deploy(world.w3, world.admin, holders)
    assert caught.value.code == code


def test_configuration_may_be_repeated(world: World) -> None:
    calendar = official_calendar()
    assert configure(world.client, world.admin, PROFILES.values(), calendar, day_of(world.now)) == 0
    longer = replace(DEMO, publicity=Duration(60, Unit.SECONDS))
    with pytest.raises(DataFault):
        list(missing(world.client, [longer], calendar, 0))
    newer = replace(longer, version=2)
    assert configure(world.client, world.admin, [newer], calendar, 0) == 1
    assert world.client.profile("DEMO/2") == (0, 60)


# ---------------------------------------------------------------- sender


def test_the_same_bytes_every_time_and_sent_twice_is_once(world: World) -> None:
    call, nonce, fees = world.publish(b32(1)), world.relay.next_nonce(), world.relay.fees()
    transaction = world.relay.prepare(call, nonce, fees)
    assert world.relay.prepare(call, nonce, fees) == transaction
    assert keccak256(transaction.raw) == transaction.hash
    assert world.relay.outcome(transaction.hash) == Unknown()
    world.relay.broadcast(transaction)
    world.relay.broadcast(transaction)
    mined = world.relay.wait(transaction.hash, 1)
    assert mined.refusal is None
    assert world.relay.next_nonce() == nonce + 1


def test_a_refused_transaction_says_why(world: World) -> None:
    world.send(world.publish(b32(1)))
    call = world.deposit(Deposit(b32(2), b32(1), b32(3), world.now, world.now + 9, b32(4)))
    transaction = world.relay.prepare(call, world.relay.next_nonce(), world.relay.fees())
    world.relay.broadcast(transaction)
    mined = world.relay.outcome(transaction.hash)
    assert isinstance(mined, Mined)
    assert isinstance(mined.refusal, TooEarly)


class Holding(EmbeddedProvider):
    """A node that shows transactions, and no block that holds them."""

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        answer = super().make_request(method, params)
        return answer if method != "eth_getTransactionReceipt" else {**answer, "result": None}


def test_pending_is_not_unknown(world: World) -> None:
    relay = Sender(speaking(Holding(world.ground)), RELAY, lambda _: None)
    transaction = relay.prepare(world.publish(b32(1)), relay.next_nonce(), relay.fees())
    relay.broadcast(transaction)
    assert relay.outcome(transaction.hash) == Pending()
    with pytest.raises(OutcomeOpen) as caught:
        relay.wait(transaction.hash, 0.2)
    assert caught.value.data["transaction"] == transaction.hash.hex()
    assert isinstance(world.relay.outcome(transaction.hash), Mined)


def test_a_transaction_the_node_refuses(world: World) -> None:
    poor: LocalAccount = person(9)
    sender = Sender(world.w3, poor, lambda _: None)
    transaction = sender.prepare(Call(address(RELAY), b"", 21_000, 1), 0, sender.fees())
    with pytest.raises(NodeRefused):
        sender.broadcast(transaction)


def test_legacy_fees_and_a_price_of_zero(world: World) -> None:
    call = Call(address(RELAY), b"", 21_000)
    legacy = world.relay.prepare(call, world.relay.next_nonce(), Fees(10**10, None))
    assert legacy.raw[0] >= 0xC0  # a list, not a typed envelope (EIP-2718)
    world.relay.broadcast(legacy)
    assert isinstance(world.relay.outcome(legacy.hash), Mined)
    free = world.relay.prepare(call, 0, Fees(0, 0))
    assert free.raw[0] == 2


def test_a_node_that_does_not_answer() -> None:
    w3 = Web3(
        HTTPProvider("http://127.0.0.1:9", request_kwargs={"timeout": 1}, exception_retry_configuration=None)
    )
    with pytest.raises(ChainUnreachable):
        Sender(w3, RELAY, lambda _: None)
    with pytest.raises(ChainUnreachable), reverts.translated():
        raise requests.Timeout


def test_the_committee_is_asked_on_the_chain(world: World) -> None:
    assert world.client.has_role(2, address(MEMBERS[0]))
    assert not world.client.has_role(1, address(MEMBERS[0]))


def test_a_time_ahead_of_the_block_passes_by_itself_and_one_too_old_does_not(world: World) -> None:
    """Validators' clocks differ from ours, and their blocks may be late."""
    world.send(world.publish(b32(1)))
    case = world.client.case(b32(1))
    assert case is not None
    world.next_block_at(case.publicity_end + 10)
    world.send(Call(world.relay.address, b"", 21_000))
    ahead, old = (
        world.deposit(Deposit(b32(2), b32(1), b32(3), world.now + by, world.now + 10**6, b32(4)))
        for by in (60, -(10**7))
    )
    with pytest.raises(BlockBehind) as behind:
        world.client.simulate(ahead, world.relay.address)
    assert behind.value.data["due"] > behind.value.data["latest"]
    with pytest.raises(ValueRefused):
        world.client.simulate(old, world.relay.address)

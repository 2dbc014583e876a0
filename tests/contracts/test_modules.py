"""The modules beside a deployment that stays as it is, their file, roles and refusals."""

from dataclasses import replace
from typing import Any

import pytest
from eth_abi.abi import encode

from tests.contracts.disputes import CONSENT, Court
from tests.contracts.disputes import FORUM as COURT
from tests.contracts.world import ADMIN, MEMBERS, OFFICERS, STRANGER, Crash, Frail, World, address, b32
from tests.contracts.world import RELAY as SENDING
from tests.wallet import sign
from yinzheng.contracts import artifact
from yinzheng.ledger.chain import reverts
from yinzheng.ledger.chain.approvals import Domain, Opening, Release, recover
from yinzheng.ledger.chain.client import ContractsClient
from yinzheng.ledger.chain.contracts import CONTRACTS, FORUM, MOVES, RELAY
from yinzheng.ledger.chain.deployment import check_deployment
from yinzheng.ledger.chain.messages import Message
from yinzheng.ledger.chain.modules import MODULE_STEPS, Modules, check_modules, deploy_modules
from yinzheng.ledger.chain.records import OpeningKind
from yinzheng.ledger.chain.reverts import NotEntitled, RevertUnknown
from yinzheng.ledger.chain.sender import Sender, checksummed
from yinzheng.verifier.bytes.algorithms import keccak256
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault

DOMAIN = Domain(1, bytes(19) + b"\1", "Yinzheng Preservation")
DECISIONS: tuple[Message, ...] = (
    Opening(
        b32(1), b32(2), OpeningKind.PARTY, (b"\1" * 20, b"\2" * 20), b32(3), (b32(4),), (), (b32(5), b32(6))
    ),
    Release(b32(1), b32(2)),
)


# ---------------------------------------------------------------- deployment


def test_the_registry_stays_as_it_is(world: World) -> None:
    world.send(world.publish(b32(1), waived=True))
    before = world.client.deployment
    modules = deploy_modules(world.w3, world.admin, before)
    check_deployment(world.w3, before)
    check_modules(world.w3, before, modules)
    assert world.client.case(b32(1)) is not None
    assert world.client.has_role(MOVES, modules.preservation)
    assert not world.client.has_role(MOVES, modules.consents)
    assert not world.client.has_role(FORUM, address(COURT))
    world.send(world.publish(b32(2)))


def test_the_file_of_modules_survives(court: Court) -> None:
    modules = court.client.modules
    assert Modules.from_json(modules.to_json()) == modules


@pytest.mark.parametrize(
    "change",
    [
        {"format": "x"},
        {"chain_id": "1"},
        {"chain_id": True},
        {"block": -1},
        {"contracts": {}},
        {"contracts": []},
        {"contracts": {name: {} for name in Modules.NAMES}},
        {"contracts": {"consents": {"address": "GG" * 20, "code_hash": "00" * 32}, "preservation": {}}},
        {"surplus": 1},
    ],
)
def test_the_file_of_modules_malformed(court: Court, change: dict[str, Any]) -> None:
    with pytest.raises(DataFault) as caught:
        Modules.from_json(court.client.modules.to_json() | change)
    assert caught.value.code == "modules-malformed"
    with pytest.raises(DataFault):
        Modules.from_json([])


def test_other_modules_are_found_out(court: Court) -> None:
    w3, deployment, modules = court.world.w3, court.client.deployment, court.client.modules
    others = deploy_modules(w3, court.world.admin, deployment)
    for changed, code in (
        (replace(modules, chain_id=1), "modules-chain"),
        (replace(modules, consents=deployment.rights), "modules-code"),
        (replace(modules, preservation_code_hash=bytes(32)), "modules-code"),
        (replace(modules, consents=bytes(20), consents_code_hash=keccak256(b"")), "modules-code"),
        (
            replace(modules, consents=others.consents, consents_code_hash=others.consents_code_hash),
            "modules-code",
        ),
    ):
        with pytest.raises(DataFault) as caught:
            check_modules(w3, deployment, changed)
        assert caught.value.code == code
    with pytest.raises(DataFault) as caught:
        check_modules(w3, replace(deployment, rights=deployment.anchor), modules)
    assert caught.value.code == "modules-code"


def test_roles_taken_away_are_found_out(court: Court) -> None:
    modules = court.client.modules
    court.send(court.client.revoke_role(MOVES, modules.preservation), court.world.admin)
    with pytest.raises(DataFault) as caught:
        check_modules(court.world.w3, court.client.deployment, modules)
    assert caught.value.code == "modules-roles"


@pytest.mark.parametrize("done", range(MODULE_STEPS + 1))
def test_an_interrupted_deployment_continues(world: World, done: int) -> None:
    frail = Frail(world.w3, ADMIN, done)
    first, deployment = frail.next_nonce(), world.client.deployment
    if done < MODULE_STEPS:
        with pytest.raises(Crash):
            deploy_modules(world.w3, frail, deployment, first_nonce=first)
    modules = deploy_modules(world.w3, world.admin, deployment, first_nonce=first)
    assert world.admin.next_nonce() == first + MODULE_STEPS
    assert deploy_modules(world.w3, world.admin, deployment, first_nonce=first) == modules


def test_a_deployment_from_the_wrong_nonce(world: World) -> None:
    for first in (world.admin.next_nonce() + 1, world.admin.next_nonce() - 2):
        with pytest.raises(EnvironmentFault) as caught:
            deploy_modules(world.w3, world.admin, world.client.deployment, first_nonce=first)
        assert caught.value.code == "modules-nonce"


def test_only_the_administrator_gives_roles(world: World) -> None:
    with pytest.raises(NotEntitled):
        deploy_modules(world.w3, Sender(world.w3, STRANGER, lambda _: None), world.client.deployment)


@pytest.mark.parametrize("who", [ADMIN, SENDING, OFFICERS[0], MEMBERS[0]])
def test_a_forum_is_nobody_of_the_registry(world: World, who: Any) -> None:
    before = world.admin.next_nonce()
    with pytest.raises(UsageFault) as caught:
        deploy_modules(world.w3, world.admin, world.client.deployment, forums=(address(who),))
    assert caught.value.code == "roles-overlap"
    assert world.admin.next_nonce() == before


def test_a_wrong_deployment_is_refused_before_anything_is_sent(world: World) -> None:
    before = world.admin.next_nonce()
    with pytest.raises(DataFault):
        deploy_modules(world.w3, world.admin, replace(world.client.deployment, chain_id=1))
    assert world.admin.next_nonce() == before
    assert world.client.has_role(RELAY, address(SENDING))


# ---------------------------------------------------------------- signatures and refusals


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda d: type(d).__name__)
def test_a_signature_leads_back_to_its_signer(decision: Message) -> None:
    signature = sign(decision, DOMAIN, COURT)
    assert sign(decision, DOMAIN, COURT) == signature
    assert recover(decision, DOMAIN, signature) == address(COURT)
    assert recover(decision, replace(DOMAIN, name="Yinzheng RightsRegistry"), signature) != address(COURT)


def test_type_strings_are_those_of_the_specification() -> None:
    code = artifact("Preservation").deployed_bytecode
    for decision in DECISIONS:
        assert keccak256(f"{type(decision).__name__}({decision.FIELDS})".encode()) in code


FOREIGN = {
    "AccessManagedInvalidAuthority",
    "AccessManagedRequiredDelay",
    "InvalidShortString",
    "StringTooLong",
}
"""OpenZeppelin's, of what our code does not call."""

OWN = {
    item["name"]: item
    for name in Modules.NAMES
    for item in artifact(CONTRACTS[name].artifact).abi
    if item["type"] == "error" and item["name"] not in FOREIGN
}


def sample(kind: str) -> Any:
    if kind == "address":
        return checksummed(bytes(20))
    if kind == "bool":
        return True
    return b"\1" * int(kind[5:]) if kind.startswith("bytes") else 1


@pytest.mark.parametrize("name", sorted(OWN))
def test_every_custom_error_has_its_meaning(name: str) -> None:
    kinds = [i["type"] for i in OWN[name]["inputs"]]
    selector = keccak256(f"{name}({','.join(kinds)})".encode())[:4]
    error = reverts.decode_revert(selector + encode(kinds, [sample(kind) for kind in kinds]))
    assert not isinstance(error, RevertUnknown)
    assert set(error.data) == {"error", *(i["name"] for i in OWN[name]["inputs"])}
    assert "{" not in error.message


def test_an_address_without_contract_is_no_answer(court: Court) -> None:
    elsewhere = replace(court.client.modules, consents=b"\xee" * 20)
    client = ContractsClient(court.world.w3, court.client.deployment, elsewhere)
    with pytest.raises(DataFault) as caught:
        client.withdrawal(CONSENT)
    assert caught.value.code == "contract-answer"


def test_reads_of_an_earlier_block(court: Court) -> None:
    before = court.world.w3.eth.block_number
    court.send(court.withdraw())
    court.send(court.open(court.opening()))
    assert court.client.withdrawal(CONSENT, before) is None
    assert court.client.dispute(court.opening().case_id, before) is None
    assert court.client.withdrawal(CONSENT, before + 1) is not None

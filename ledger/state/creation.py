"""Creating a registry: keys, chain, contracts, database. All of it, or nothing (D9, D12).

Everything is made in a folder beside the wanted one, which gets its name last of all: a crash half way
leaves nothing that could be taken for a registry. On others' network the keys stay in that folder, for its
accounts may have been funded: whoever tries again goes on with them, and with what they deployed.
"""

from __future__ import annotations

import json
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from web3 import Web3

from yinzheng.ledger.chain.client import RegistryClient
from yinzheng.ledger.chain.configuration import configure
from yinzheng.ledger.chain.connect import connect, connect_all, speaking
from yinzheng.ledger.chain.deployment import (
    DEPLOY_STEPS,
    Deployment,
    RoleHolders,
    check_deployment,
    deploy,
)
from yinzheng.ledger.chain.embedded.chain import EmbeddedChain
from yinzheng.ledger.chain.embedded.evidence import asking
from yinzheng.ledger.chain.embedded.genesis import FUNDS, Genesis
from yinzheng.ledger.chain.embedded.provider import EmbeddedProvider
from yinzheng.ledger.chain.endpoints import Chain
from yinzheng.ledger.chain.evidence import Prover
from yinzheng.ledger.chain.modules import Modules, check_modules, deploy_modules
from yinzheng.ledger.chain.network import Network, read_network
from yinzheng.ledger.chain.reverts import NodeRefused, translated
from yinzheng.ledger.chain.sender import OutcomeOpen, Sender, checksummed, pauses
from yinzheng.ledger.keys.keystore import SCRYPT_N, Keystore
from yinzheng.ledger.keys.making import TokenPlan, make_keys
from yinzheng.ledger.keys.personal import check_name, open_key
from yinzheng.ledger.keys.pkcs11 import Pkcs11Provider
from yinzheng.ledger.keys.provider import ISSUER, KINDS, RELAY, VALIDATOR, EthereumKey, KeyProvider
from yinzheng.ledger.keys.token_config import read_config
from yinzheng.ledger.net.buckets import BucketAddress
from yinzheng.ledger.people import keyring, roster
from yinzheng.ledger.registry import Progress
from yinzheng.ledger.rules.calendar import day_of, official_calendar
from yinzheng.ledger.rules.credit_code import check_credit_code
from yinzheng.ledger.rules.offices import ROLES, Office
from yinzheng.ledger.rules.profiles import PROFILES
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.state.address import server_url
from yinzheng.ledger.state.files import SHARED, discard, make_folder, whole_folder, write_durably
from yinzheng.ledger.state.instance import PLANNED, Instance, IssuerKey, Paths
from yinzheng.ledger.store.database import open_store
from yinzheng.ledger.store.models import Person
from yinzheng.ledger.store.objects import ObjectBlobs
from yinzheng.verifier.bytes.canonical import read_object
from yinzheng.verifier.chain.consensus import CLIQUE
from yinzheng.verifier.errors import EnvironmentFault, UsageFault
from yinzheng.verifier.formats.contact import Contact
from yinzheng.verifier.judge.trust import Operator, ValidatorRange

FINAL_SECONDS = 60
"""How long a network may take until the contracts are in final blocks."""
DEPLOYMENT_GAS = 60_000_000
"""What the deployment may use at most."""
_BEGUN = "begun.json"
"""Marks a folder whose keys are whole, by the people they were made for, until the registry is."""

MAX_CHAIN_ID = 2**31 - 1
"""Random ids stay below this: some wallets hold them in 32 bits."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to create. `people`: name → role (`rules.offices`); `chain_urls` none: the embedded chain.

    The administrator deploys, and gives the roles. `scrypt_n` is the cost of guessing at passphrases; each
    key's file keeps its own. `token` takes some of the registry's keys instead (D10).
    """

    registry_name: str
    registry_code: str
    prefix: str
    host: str
    people: Mapping[str, str]
    demonstration: bool = False
    chain_urls: Sequence[str] = ()
    """Nodes of others' network, in the order in which they are to be asked."""
    validators: Sequence[bytes] = ()
    operators: Sequence[Operator] = ()
    """Who runs the chain's nodes; none: the registry alone."""
    database_url: str | None = None
    objects_url: str | None = None
    """A bucket for sealed files; None: a folder of the state."""
    scrypt_n: int = SCRYPT_N
    token: TokenPlan | None = None
    authority: str | None = None
    """The data authority whose name stands on certificates (R13)."""
    contact: Contact | None = None
    unproven: bool = False
    """Whether a network will do whose seals no verifier can check."""


def create_registry(
    root: Path,
    plan: Plan,
    passphrase: Callable[[Path], bytes],
    of_person: Callable[[Paths, str], bytes],
    clock: Callable[[], int],
    progress: Progress,
) -> Network:
    """Create the state folder `root`; tells on what network.

    `passphrase` is asked for the keystore's, given the folder of the keys; `of_person` for that of each
    person, no two of which may be the same. Raises `UsageFault` (`state-exists`, `credit-code…`,
    `people-missing`, `key-name`, `passphrase-shared`, `validators-differ`, `chain-unproven`,
    `begun-otherwise`, `database-…`, `objects-…`), `EnvironmentFault` (node, disk; `chain-unfunded`).
    """
    check_credit_code(plan.registry_code)
    said = {"name": plan.registry_name, "code": plan.registry_code, "authority": plan.authority}
    read_object({"registry": said, "prefix": plan.prefix, "host": plan.host}, PLANNED, "instance")
    if plan.database_url is not None:
        plan = replace(plan, database_url=server_url(plan.database_url))
    if plan.objects_url is not None:
        plan = replace(plan, objects_url=str(BucketAddress.parse(plan.objects_url)))
    _check_people(plan.people)
    _require_free(root)
    root = root.absolute()
    making = partial(whole_folder, root, mode=SHARED)
    if not plan.chain_urls:
        with making() as draft:
            return _fill(Paths(draft), plan, None, passphrase, of_person, clock, progress)
    foreign = _foreign_chain(plan)  # before any key is made: a network that will not do leaves nothing
    begun = root.with_name(f".{root.name}.begun")
    with making(begun=begun, keep=lambda draft: (draft / _BEGUN).exists()) as draft:
        return _fill(Paths(draft), plan, foreign, passphrase, of_person, clock, progress)


def _operators(plan: Plan, network: Network) -> tuple[Operator, ...]:
    """Those named; else the registry alone, which runs the embedded chain itself."""
    own = () if plan.chain_urls else network.validators
    return tuple(plan.operators) or (Operator(plan.registry_name, plan.registry_code, frozenset(own)),)


def _check_people(people: Mapping[str, str]) -> None:
    for name in people:
        check_name(name)
    held = list(people.values())
    needed = (Capacity.REGISTRY.value, Capacity.COMMITTEE.value, Office.ADMINISTRATOR.value)
    if set(held) - {role.value for role in ROLES} or not all(role in held for role in needed):
        raise UsageFault(
            "a registry needs an officer, a member of the committee and an administrator at least",
            code="people-missing",
            hint="They are different persons (R47).",
        )
    if held.count(Office.ADMINISTRATOR.value) > 1:
        raise UsageFault(
            "one administrator creates a registry",
            code="people-twice",
            hint="Others are enrolled afterwards: `yinzheng people add`.",
        )


def _require_free(root: Path) -> None:
    if root.exists() and not (root.is_dir() and not any(root.iterdir())):
        raise UsageFault(
            f"{root} exists already",
            code="state-exists",
            hint="Choose a new folder; a registry is never created over another.",
        )


def _fill(
    paths: Paths,
    plan: Plan,
    foreign: tuple[Web3, Network] | None,
    passphrase: Callable[[Path], bytes],
    of_person: Callable[[Paths, str], bytes],
    clock: Callable[[], int],
    progress: Progress,
) -> Network:
    now = clock()
    progress("making keys")
    keys, people = _keys(paths, plan, passphrase, of_person)
    addresses = {name: key.address for name, key in people.items()}
    (admin,) = (people[name] for name, role in plan.people.items() if role == Office.ADMINISTRATOR)
    progress("deploying contracts")
    chain = nullcontext(foreign) if foreign else _embedded_chain(paths, keys, admin, clock)
    with chain as (w3, network):
        deployment, modules = _deploy(w3, plan, network, keys, admin, addresses, now)
    origin = f"{plan.host}/log"
    instance = Instance(
        registry_name=plan.registry_name,
        registry_code=plan.registry_code,
        authority=plan.authority,
        prefix=plan.prefix,
        host=plan.host,
        origin=origin,
        demonstration=plan.demonstration,
        chain_urls=tuple(plan.chain_urls),
        chain_id=deployment.chain_id,
        genesis=network.genesis,
        consensus=network.consensus,
        sets=((ValidatorRange(0, None, frozenset(network.validators)),) if network.validators else ()),
        operators=_operators(plan, network),
        issuers=(IssuerKey(keys.sm2(ISSUER).public_key.point, not_before=now),),
        log_keys=tuple(signer.key.vkey for signer in keys.log_signers(origin)),
        database_url=plan.database_url,
        created_at=now,
        deployment=deployment,
        modules=modules,
        objects_url=plan.objects_url,
        contact=plan.contact,
    )
    Instance.from_json(instance.to_json())  # what could not be read back must not be written
    paths.blobs.mkdir(mode=0o700)
    paths.log.mkdir()
    store = open_store(instance.store_url(paths))
    try:
        with store.transaction() as session:
            for name, role in plan.people.items():
                session.add(Person(name=name, role=role, address=addresses[name], added_at=now))
            begun = {name: roster.came(name, role, addresses[name]) for name, role in plan.people.items()}
            roster.sign_first(session, keys.sm2(ISSUER), begun)
    finally:
        store.close()
    if plan.objects_url is not None:
        ObjectBlobs.take(plan.objects_url, paths, instance)
    discard(paths.root / _BEGUN)
    write_durably(paths.instance, instance.to_json())
    return network


def _keys(
    paths: Paths,
    plan: Plan,
    passphrase: Callable[[Path], bytes],
    of_person: Callable[[Paths, str], bytes],
) -> tuple[KeyProvider, dict[str, EthereumKey]]:
    """The registry's keys and everyone's: new ones, or those that an earlier try made."""
    mark = paths.root / _BEGUN
    if mark.exists():
        return _begun_keys(paths, plan, passphrase(paths.keys), of_person)
    for path in list(paths.root.iterdir()):  # half made: nobody was told of any of it
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    make_folder(paths.keys, mode=0o700)
    own = passphrase(paths.keys)
    keys = make_keys(paths.keys, Keystore.create(paths.keys, own, scrypt_n=plan.scrypt_n), KINDS, plan.token)
    people = _make_people(paths, plan, own, of_person)
    if plan.chain_urls:
        write_durably(mark, json.dumps(dict(plan.people)).encode())
    return keys, people


def _begun_keys(
    paths: Paths, plan: Plan, own: bytes, of_person: Callable[[Paths, str], bytes]
) -> tuple[KeyProvider, dict[str, EthereumKey]]:
    if json.loads((paths.root / _BEGUN).read_bytes()) != dict(plan.people):
        raise UsageFault(
            f"keys were made for this registry already, for other people: {paths.root}",
            code="begun-otherwise",
            hint="Name the same people in the same roles, or remove that folder if its accounts are empty.",
        )
    keystore, config = Keystore(paths.keys, own, scrypt_n=plan.scrypt_n), read_config(paths.keys)
    keys: KeyProvider = keystore
    if config is not None and plan.token is not None:
        keys = Pkcs11Provider(keystore, config, plan.token.pin)
    people = {
        name: open_key(keyring.key_file(paths, name), partial(of_person, paths, name)) for name in plan.people
    }
    return keys, people


def _make_people(
    paths: Paths, plan: Plan, own: bytes, of_person: Callable[[Paths, str], bytes]
) -> dict[str, EthereumKey]:
    """Everyone's key, each under a passphrase that is neither another's nor the registry's own."""
    given = {name: of_person(paths, name) for name in plan.people}
    if len({own, *given.values()}) <= len(given):
        raise keyring.shared()
    return {name: keyring.make_key(paths, name, given[name], scrypt_n=plan.scrypt_n) for name in plan.people}


def _foreign_chain(plan: Plan) -> tuple[Web3, Network]:
    """Others' network, and what a policy pins of it. Raises `UsageFault` `chain-unproven`."""
    first = connect(plan.chain_urls[0])
    with translated():
        first.eth.get_block(0)  # what is no node, or silent, is told in the words of whoever would write
        chain_id = first.eth.chain_id
    named = plan.validators or sorted(one for operator in plan.operators for one in operator.validators)
    network = read_network(asking(first), named)
    if not network.provable and not plan.unproven:
        raise UsageFault(
            "nobody can prove who seals the blocks of this network",
            code="chain-unproven",
            hint="What is verified on it would end in “cannot be determined”. Use one of Clique or QBFT, name"
            " its validators with --operators, or accept it with --unproven.",
        )
    chain = Chain(chain_id, network.genesis, network.consensus, frozenset(network.validators))
    return connect_all(plan.chain_urls, chain), network


@contextmanager
def _embedded_chain(
    paths: Paths, keys: KeyProvider, admin: EthereumKey, clock: Callable[[], int]
) -> Iterator[tuple[Web3, Network]]:
    """A new chain of our own."""
    validator = keys.ethereum(VALIDATOR)
    genesis_block = Genesis(
        chain_id=1 + secrets.randbelow(MAX_CHAIN_ID),
        validator=validator.address,
        balances={one.address: FUNDS for one in (admin, keys.ethereum(RELAY))},
        timestamp=clock() - 1,
    )
    with EmbeddedChain.create(paths.chain, genesis_block, key=validator.secret_bytes(), clock=clock) as chain:
        network = Network(chain.meta.genesis, CLIQUE, (validator.address,))
        yield speaking(EmbeddedProvider(chain)), network


def _deploy(
    w3: Web3,
    plan: Plan,
    network: Network,
    keys: KeyProvider,
    own: EthereumKey,
    addresses: Mapping[str, bytes],
    now: int,
) -> tuple[Deployment, Modules]:
    """Deploy, or go on with it: the administrator's account is new, and sends nothing else before that."""
    admin, relay = Sender(w3, own.account(), time.sleep), keys.ethereum(RELAY).address
    _require_funds(w3, admin, relay)
    by_role = {
        role: tuple(addresses[name] for name, held in plan.people.items() if held == role)
        for role in ("registry", "committee")
    }
    holders = RoleHolders(relay, by_role["registry"], by_role["committee"])
    profiles = [p for p in PROFILES.values() if plan.demonstration or not p.demonstration]
    try:
        deployment = deploy(w3, admin, holders)
        modules = deploy_modules(w3, admin, deployment, first_nonce=DEPLOY_STEPS)
        configure(RegistryClient(w3, deployment), admin, profiles, official_calendar(), day_of(now))
        _wait_final(w3, network)
    except (NodeRefused, OutcomeOpen) as fault:
        if empty := _empty(w3, {"administrator": admin.address, "relay": relay}):
            raise _unfunded("no node takes transactions that pay nothing", empty) from fault
        raise
    check_deployment(w3, deployment)  # by blocks that stay
    check_modules(w3, deployment, modules)
    return deployment, modules


def _wait_final(w3: Web3, network: Network) -> None:
    """Wait until what is in blocks now is in final ones. Raises `OutcomeOpen`."""
    prover = Prover(asking(w3), network.consensus, len(network.validators))
    with translated():
        head = w3.eth.block_number
    for pause in pauses(FINAL_SECONDS):
        if prover.last_final() >= head:
            return
        time.sleep(pause)
    raise OutcomeOpen(
        "The contracts are in blocks that are not final yet.",
        code="chain-timeout",
        hint="Too few validators are at work. Run the same command again: it goes on with the same keys.",
    )


def _require_funds(w3: Web3, admin: Sender, relay: bytes) -> None:
    """A network that asks fees must fund our accounts first. Raises `EnvironmentFault` `chain-unfunded`."""
    with translated():
        if not w3.eth.get_block("latest").get("baseFeePerGas"):
            return  # none, perhaps: whether the nodes take what pays nothing is seen when it is sent
        needed = DEPLOYMENT_GAS * admin.fees().highest
        short = w3.eth.get_balance(checksummed(admin.address)) < needed
    begun = admin.next_nonce() > 0
    empty = _empty(w3, {"relay": relay}) | ({"administrator": admin.address} if short and not begun else {})
    if empty:
        raise _unfunded("the network asks fees", dict(sorted(empty.items())), needed)


def _empty(w3: Web3, accounts: Mapping[str, bytes]) -> dict[str, bytes]:
    """Those that hold nothing."""
    with translated():
        return {who: one for who, one in accounts.items() if not w3.eth.get_balance(checksummed(one))}


def _unfunded(why: str, accounts: Mapping[str, bytes], needed: int = 0) -> EnvironmentFault:
    named = ", ".join(f"0x{address.hex()} ({name})" for name, address in accounts.items())
    least = f", at least {-(-needed // 10**15) / 1000} ether each" if needed else ""
    return EnvironmentFault(
        f"{why}, and these accounts do not hold enough: {named}",
        code="chain-unfunded",
        hint=f"Have the network fund them{least}, then run the same command again: it keeps its keys.",
    )

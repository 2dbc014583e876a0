"""Creating a registry: keys, chain, contracts, database. All of it, or nothing (D9, D12).

Everything is made in a folder beside the wanted one, which gets its name last of all: a crash half way
leaves nothing that could be taken for a registry.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from web3 import Web3

from yinzheng.ledger.chain.client import RegistryClient
from yinzheng.ledger.chain.configuration import configure
from yinzheng.ledger.chain.connect import connect, speaking
from yinzheng.ledger.chain.deployment import Deployment, RoleHolders, deploy
from yinzheng.ledger.chain.embedded.chain import EmbeddedChain
from yinzheng.ledger.chain.embedded.evidence import asking
from yinzheng.ledger.chain.embedded.genesis import FUNDS, Genesis
from yinzheng.ledger.chain.embedded.provider import EmbeddedProvider
from yinzheng.ledger.chain.modules import Modules, deploy_modules
from yinzheng.ledger.chain.network import Network, read_network
from yinzheng.ledger.chain.reverts import translated
from yinzheng.ledger.chain.sender import Sender
from yinzheng.ledger.keys.keystore import SCRYPT_N, Keystore
from yinzheng.ledger.keys.making import TokenPlan, make_keys
from yinzheng.ledger.keys.provider import ISSUER, KINDS, RELAY, VALIDATOR, EthereumKey, KeyProvider
from yinzheng.ledger.people import keyring, roster
from yinzheng.ledger.registry import Progress
from yinzheng.ledger.rules.calendar import day_of, official_calendar
from yinzheng.ledger.rules.credit_code import check_credit_code
from yinzheng.ledger.rules.offices import ROLES, Office
from yinzheng.ledger.rules.profiles import PROFILES
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.state.files import make_folder, whole_folder, write_durably
from yinzheng.ledger.state.instance import Instance, IssuerKey, Paths
from yinzheng.ledger.store.database import open_store, sqlite_url
from yinzheng.ledger.store.models import Person
from yinzheng.verifier.chain.consensus import CLIQUE
from yinzheng.verifier.errors import EnvironmentFault, UsageFault
from yinzheng.verifier.judge.trust import Operator

MAX_CHAIN_ID = 2**31 - 1
"""Random ids stay below this: some wallets hold them in 32 bits."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to create. `people`: name → role (`rules.offices`); `chain_url` None: the embedded chain.

    The administrator deploys, and gives the roles. `scrypt_n` is the cost of guessing at passphrases; each
    key's file keeps its own. `token` takes some of the registry's keys instead (D10).
    """

    registry_name: str
    registry_code: str
    prefix: str
    host: str
    people: Mapping[str, str]
    demonstration: bool = False
    chain_url: str | None = None
    validators: Sequence[bytes] = ()
    operators: Sequence[Operator] = ()
    """Who runs the chain's nodes; none: the registry alone."""
    database_url: str | None = None
    scrypt_n: int = SCRYPT_N
    token: TokenPlan | None = None
    authority: str | None = None
    """The data authority whose name stands on certificates (R13)."""


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
    `people-missing`, `key-name`, `passphrase-shared`, `validators-differ`), `EnvironmentFault` (node, disk).
    """
    check_credit_code(plan.registry_code)
    _check_people(plan.people)
    _require_free(root)
    root = root.absolute()
    with whole_folder(root) as draft:
        return _fill(Paths(draft), plan, passphrase, of_person, clock, progress)


def _operators(plan: Plan, network: Network) -> tuple[Operator, ...]:
    """Those named; else the registry alone, which runs the embedded chain itself."""
    own = network.validators if plan.chain_url is None else ()
    return tuple(plan.operators) or (Operator(plan.registry_name, plan.registry_code, frozenset(own)),)


def _check_people(people: Mapping[str, str]) -> None:
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
    if root.is_dir() and not any(root.iterdir()):
        return
    if root.exists():
        raise UsageFault(
            f"{root} exists already",
            code="state-exists",
            hint="Choose a new folder; a registry is never created over another.",
        )


def _fill(
    paths: Paths,
    plan: Plan,
    passphrase: Callable[[Path], bytes],
    of_person: Callable[[Paths, str], bytes],
    clock: Callable[[], int],
    progress: Progress,
) -> Network:
    now = clock()
    progress("making keys")
    make_folder(paths.keys, mode=0o700)
    own = passphrase(paths.keys)
    keystore = Keystore.create(paths.keys, own, scrypt_n=plan.scrypt_n)
    keys = make_keys(paths.keys, keystore, KINDS, plan.token)
    people = _make_people(paths, plan, own, of_person)
    addresses = {name: key.address for name, key in people.items()}
    (admin,) = (people[name] for name, role in plan.people.items() if role == Office.ADMINISTRATOR)
    progress("deploying contracts")
    with _new_chain(paths, plan, keys, admin, clock) as (w3, network):
        deployment, modules = _deploy(w3, plan, keys, admin, addresses, now)
    origin = f"{plan.host}/log"
    instance = Instance(
        registry_name=plan.registry_name,
        registry_code=plan.registry_code,
        authority=plan.authority,
        prefix=plan.prefix,
        host=plan.host,
        origin=origin,
        demonstration=plan.demonstration,
        chain_url=plan.chain_url,
        chain_id=deployment.chain_id,
        genesis=network.genesis,
        consensus=network.consensus,
        validators=network.validators,
        operators=_operators(plan, network),
        issuers=(IssuerKey(keys.sm2(ISSUER).public_key.point, not_before=now),),
        log_keys=tuple(signer.key.vkey for signer in keys.log_signers(origin)),
        database_url=plan.database_url,
        created_at=now,
        deployment=deployment,
        modules=modules,
    )
    Instance.from_json(instance.to_json())  # what could not be read back must not be written
    paths.blobs.mkdir()
    paths.log.mkdir()
    store = open_store(plan.database_url or sqlite_url(paths.database))
    try:
        with store.transaction() as session:
            for name, role in plan.people.items():
                session.add(Person(name=name, role=role, address=addresses[name], added_at=now))
            begun = {name: roster.came(name, role, addresses[name]) for name, role in plan.people.items()}
            roster.sign_first(session, keys.sm2(ISSUER), begun)
    finally:
        store.close()
    write_durably(paths.instance, instance.to_json())
    return network


def _make_people(
    paths: Paths, plan: Plan, own: bytes, of_person: Callable[[Paths, str], bytes]
) -> dict[str, EthereumKey]:
    """Everyone's key, each under a passphrase that is neither another's nor the registry's own."""
    given = {name: of_person(paths, name) for name in plan.people}
    if len({own, *given.values()}) <= len(given):
        raise keyring.shared()
    return {name: keyring.make_key(paths, name, given[name], scrypt_n=plan.scrypt_n) for name in plan.people}


@contextmanager
def _new_chain(
    paths: Paths, plan: Plan, keys: KeyProvider, admin: EthereumKey, clock: Callable[[], int]
) -> Iterator[tuple[Web3, Network]]:
    """The chain to deploy on, and what a policy pins of it."""
    if plan.chain_url is not None:
        w3 = connect(plan.chain_url)
        with translated():
            w3.eth.get_block(0)  # what is no node, or silent, is told in the words of whoever would write
        named = plan.validators or sorted(one for operator in plan.operators for one in operator.validators)
        yield w3, read_network(asking(w3), named)
        return
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
    w3: Web3, plan: Plan, keys: KeyProvider, own: EthereumKey, addresses: Mapping[str, bytes], now: int
) -> tuple[Deployment, Modules]:
    admin = Sender(w3, own.account(), time.sleep)
    if plan.chain_url is not None:
        _require_funds(w3, {"administrator": admin.address, "relay": keys.ethereum(RELAY).address})
    by_role = {
        role: tuple(addresses[name] for name, held in plan.people.items() if held == role)
        for role in ("registry", "committee")
    }
    holders = RoleHolders(keys.ethereum(RELAY).address, by_role["registry"], by_role["committee"])
    deployment = deploy(w3, admin, holders, first_nonce=admin.next_nonce())
    profiles = [p for p in PROFILES.values() if plan.demonstration or not p.demonstration]
    configure(RegistryClient(w3, deployment), admin, profiles, official_calendar(), day_of(now))
    return deployment, deploy_modules(w3, admin, deployment)


def _require_funds(w3: Web3, accounts: Mapping[str, bytes]) -> None:
    """A permissioned network may ask no fees at all; one that does must fund our accounts first."""
    with translated():
        if not w3.eth.get_block("latest").get("baseFeePerGas") and not w3.eth.gas_price:
            return
        empty = [
            name
            for name, address in accounts.items()
            if not w3.eth.get_balance(Web3.to_checksum_address(address))
        ]
    if empty:
        raise EnvironmentFault(
            f"the node asks fees, and these accounts hold nothing: {', '.join(empty)}",
            code="chain-unfunded",
            hint="Create the registry on a network without fees, or fund: "
            + ", ".join(f"0x{accounts[name].hex()}" for name in empty),
        )

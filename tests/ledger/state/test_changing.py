"""Nodes and validators that a registry is told of: what is bad is refused, and nothing half written."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from tests.chain.test_endpoints import CHAIN, Node, block, serving
from tests.ledger import consent_world as cw
from tests.ledger.disputes.court import COURT
from tests.ledger.world import World, open_keys
from tests.verifier.world import VALIDATORS, address_of
from yinzheng.ledger.state.changing import take_up
from yinzheng.ledger.state.endpoints import change_endpoints
from yinzheng.ledger.state.instance import Instance, read_instance
from yinzheng.ledger.state.policy import trust_policy
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.errors import DataFault, EnvironmentFault, YinzhengError
from yinzheng.verifier.judge.following import follow
from yinzheng.verifier.judge.trust import Operator, ValidatorRange

SEALERS = frozenset(map(address_of, VALIDATORS))
NEWCOMER = b"\7" * 20
SINCE = 61
"""The first block that the newcomer might seal."""
OPERATORS = (
    Operator("省登记中心", cw.HOSPITAL, SEALERS),
    Operator("某市公证处", COURT, frozenset((NEWCOMER,))),
)


@dataclass
class Voting(Node):
    """A node of a network that took somebody in."""

    since: dict[int, frozenset[bytes]] = field(
        default_factory=lambda: {0: SEALERS, SINCE: SEALERS | {NEWCOMER}}
    )
    """Who might seal, from which block on."""
    tells: Any = True
    """Whether it knows who might seal older blocks, or what it says instead."""

    def answer(self, body: Any) -> bytes:
        if isinstance(body, dict) and body["method"] == "clique_getSigners":
            next_ = int(body["params"][0], 16) + 1 if body["params"] else 10**9
            found = sorted(self.since[max(one for one in self.since if one <= next_)])
            told: dict[str, Any] = {"result": ["0x" + one.hex() for one in found]}
            if body["params"] and self.tells is not True:
                told = self.tells
            return json.dumps({"jsonrpc": "2.0", "id": body["id"], **told}).encode()
        return super().answer(body)


@dataclass
class Folder:
    """A state folder whose registry is on such a network; its keys are real, its database is not asked."""

    root: Path
    own: Voting

    @property
    def instance(self) -> Instance:
        return read_instance(self.root)[1]

    def refused(self, act: Callable[[], object]) -> str:
        """The code of what is said; nothing is changed, and nothing is left."""
        before = self.whole()
        with pytest.raises(YinzhengError) as told:
            act()
        assert self.whole() == before
        return told.value.code

    def whole(self) -> tuple[bytes, Sequence[str]]:
        return (self.root / "instance.json").read_bytes(), sorted(
            one.name for one in self.root.glob("*.part")
        )

    def take_up(self, *operators: Operator) -> Instance:
        return take_up(self.root, operators or OPERATORS, open_keys, lambda: 1_790_000_000)


@pytest.fixture
def servers() -> Any:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def folder(demonstration_template: World, tmp_path: Path, servers: ExitStack) -> Folder:
    world = demonstration_template.copy(tmp_path / "state")
    paths, instance = read_instance(world.root)
    own = Voting()
    servers.enter_context(serving(own))
    foreign = replace(
        instance,
        chain_urls=(own.url,),
        chain_id=CHAIN.chain_id,
        genesis=CHAIN.genesis,
        sets=(ValidatorRange(0, None, SEALERS),),
        operators=OPERATORS[:1],
    )
    paths.instance.write_bytes(foreign.to_json())
    return Folder(world.root, own)


# ---------------------------------------------------------------- nodes


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (Node(status=503), "chain-unreachable"),
        (Node(html=True), "chain-unreachable"),
        (Node(first=block(0, by=1)), "other-chain"),
    ],
    ids=["503", "html", "another chain"],
)
def test_a_bad_node_is_not_taken_in(folder: Folder, servers: ExitStack, bad: Node, code: str) -> None:
    url = servers.enter_context(serving(bad))
    assert folder.refused(lambda: change_endpoints(folder.root, add=[url])) == code
    secret = url.replace("http://", "http://name:word@")
    with pytest.raises(EnvironmentFault) as told:
        change_endpoints(folder.root, add=[secret])
    assert "word" not in f"{told.value.message} {told.value.hint}"


def test_nodes_are_added_put_first_and_left(folder: Folder, servers: ExitStack) -> None:
    url, own = servers.enter_context(serving(Node())), folder.own.url

    def change(**options: Any) -> Callable[[], Instance]:
        return lambda: change_endpoints(folder.root, **options)

    assert change(add=[url])().chain_urls == (own, url)
    assert folder.refused(change(add=[url])) == "endpoint-twice"
    assert folder.refused(change(remove=["http://127.0.0.1:1"])) == "endpoint-unknown"
    assert folder.refused(change(remove=[url], first=url)) == "endpoint-unknown"
    assert folder.refused(change(remove=[own, url])) == "endpoints-none"
    assert folder.refused(change(add=[f"{url}/{number}" for number in range(15)])) == "endpoints-many"
    assert change(first=url)().chain_urls == (url, own)
    changed = change(remove=[own], fee_limit=5)()
    assert (changed.chain_urls, changed.fee_limit) == ((url,), 5)
    assert folder.instance == changed


def test_a_full_disk_leaves_the_nodes_as_they_were(
    folder: Folder, servers: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = servers.enter_context(serving(Node()))
    with monkeypatch.context() as patched:
        full(patched)
        assert folder.refused(lambda: change_endpoints(folder.root, add=[url])) == "disk-full"
    assert change_endpoints(folder.root, add=[url]).chain_urls == (folder.own.url, url)


def full(patched: pytest.MonkeyPatch) -> None:
    def replace_(_self: Path, _target: Path) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    patched.setattr(Path, "replace", replace_)


# ---------------------------------------------------------------- validators


def test_who_was_voted_in_is_taken_up_from_its_block(folder: Folder) -> None:
    assert folder.refused(lambda: folder.take_up(OPERATORS[0])) == "validators-differ"
    twice = replace(OPERATORS[1], validators=frozenset((NEWCOMER, min(SEALERS))))
    assert folder.refused(lambda: folder.take_up(OPERATORS[0], twice)) == "validators-differ"
    changed = folder.take_up()
    assert [(one.first, one.last) for one in changed.sets] == [(0, SINCE - 1), (SINCE, None)]
    (statement,) = changed.changes
    assert (statement["from"], NEWCOMER.hex() in statement["addresses"]) == (SINCE, True)
    assert folder.instance.sets == changed.sets
    assert folder.refused(folder.take_up) == "validators-same"


GUEST = b"\x08" * 20


def test_a_set_that_came_and_went_between_two_statements_is_stated_too(folder: Folder) -> None:
    """Its blocks are of no set else, and what they prove nobody could determine."""
    sets = {0: SEALERS, 40: SEALERS | {GUEST}, 55: SEALERS | {GUEST, NEWCOMER}, SINCE: SEALERS | {NEWCOMER}}
    folder.own.since = sets
    with pytest.raises(YinzhengError, match="sealed since the last statement: 0x" + GUEST.hex()) as told:
        folder.take_up()
    assert told.value.code == "validators-differ"
    guest = Operator("某交易所", cw.LAB, frozenset((GUEST,)))
    before = dumps(trust_policy(folder.instance))
    changed = folder.take_up(*OPERATORS, guest)
    assert [(one.first, one.last, one.addresses) for one in changed.sets] == [
        (0, 39, SEALERS),
        (40, 54, sets[40]),
        (55, SINCE - 1, sets[55]),
        (SINCE, None, sets[SINCE]),
    ]
    assert changed.operators == OPERATORS
    assert [len(one["operators"]) for one in changed.changes] == [2, 3, 2]
    followed = before
    for statement in changed.changes:
        followed = dumps(follow(followed, dumps(statement)).policy)
    assert followed == dumps(trust_policy(changed)), "a reader who takes them in order has what is handed out"
    with pytest.raises(DataFault) as fault:
        follow(followed, dumps(changed.changes[0]))
    assert fault.value.code == "change-order"
    assert folder.refused(lambda: folder.take_up(*OPERATORS, guest)) == "validators-same"


@pytest.mark.parametrize("between", [2, 3, 17, SINCE - 1])
def test_one_block_of_another_set_is_found(folder: Folder, between: int) -> None:
    folder.own.since = {0: SEALERS, between: SEALERS | {GUEST}, SINCE: SEALERS | {NEWCOMER}}
    guest = Operator("某交易所", cw.LAB, frozenset((GUEST,)))
    assert [one.first for one in folder.take_up(*OPERATORS, guest).sets] == [0, between, SINCE]


@pytest.mark.parametrize("blocks", [(40, 41), (2, 3), (7, 55)])
def test_a_set_between_two_that_are_the_same_is_stated_and_so_is_its_end(
    folder: Folder, blocks: tuple[int, int]
) -> None:
    """The search went by halves from the newest back: it read "the same", and those blocks were nobody's."""
    came, went = blocks
    folder.own.since = {0: SEALERS, came: SEALERS | {GUEST}, went: SEALERS}
    guest = Operator("某交易所", cw.LAB, frozenset((GUEST,)))
    assert folder.refused(lambda: folder.take_up(OPERATORS[0])) == "validators-differ"
    changed = folder.take_up(OPERATORS[0], guest)
    assert [(one.first, one.last, one.addresses) for one in changed.sets] == [
        (0, came - 1, SEALERS),
        (came, went - 1, SEALERS | {GUEST}),
        (went, None, SEALERS),
    ]
    assert changed.operators == OPERATORS[:1]
    assert folder.refused(lambda: folder.take_up(OPERATORS[0])) == "validators-same"


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ({"status": 503}, "node-unreachable"),
        ({"html": True}, "node-unreachable"),
        ({"tells": {"error": {"code": -32000, "message": "unknown block"}}}, "node-refused"),
        ({"tells": {"result": []}}, "node-refused"),
        ({"first": block(0, by=1)}, "node-unreachable"),
    ],
    ids=["503", "html", "pruned", "silent", "another chain"],
)
def test_a_node_that_cannot_tell_states_nothing(folder: Folder, bad: dict[str, Any], code: str) -> None:
    """A set that began at a block which nobody knows would leave others' blocks to no one."""
    kept = {name: getattr(folder.own, name) for name in bad}
    for name, value in bad.items():
        setattr(folder.own, name, value)
    assert folder.refused(folder.take_up) == code
    for name, value in kept.items():
        setattr(folder.own, name, value)
    assert folder.take_up().sets[-1].first == SINCE


def test_a_full_disk_leaves_neither_set_nor_statement(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        full(patched)
        assert folder.refused(folder.take_up) == "disk-full"
    assert len(folder.take_up().changes) == 1

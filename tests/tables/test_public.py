"""What anyone asks of desk, pages and node, in no name or in one that a signature proves, cell by cell."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any, Final

from eth_account import Account

from tests.ledger import world as w
from tests.ledger.world import KEEPER, MEMBER, OFFICER, SECOND_OFFICER, actor_of
from tests.tables.asking import FROM_PAGES
from tests.tables.grid import YES, sections
from tests.tables.known import routes_of
from tests.tables.public_rows import AT_THE_DESK, CALLS, ON_THE_PAGES
from tests.tables.scene import Scene, in_words, traced
from yinzheng.api import node
from yinzheng.api.http.methods import METHODS, SIGNED
from yinzheng.ledger.keys.provider import EthereumKey
from yinzheng.ledger.people.decisions import SignedDecision
from yinzheng.ledger.people.enrolling import remove_person
from yinzheng.ledger.rules.destruction import StaffRole
from yinzheng.verifier.bytes.canonical import dumps

ALL = sections()
DESK, PAGES, DECISIONS, NODE = (ALL[name] for name in ("public", "visitors", "decisions", "node"))
ELSEWHERE: Final = "203.0.113.7"
DECIDE: Final = "POST /people/v1/decisions"
ENGLISH: Final = {"Accept-Language": "en"}


def test_every_cell_of_the_desk(scene: Scene) -> None:
    assert {row.name for row in DESK.rows} == set(AT_THE_DESK)
    wrong = []
    for row in DESK.rows:
        for who in DESK.columns:
            asked = AT_THE_DESK[row.name](scene)
            host = ELSEWHERE if who == "remote" else "127.0.0.1"
            method = row.name.split()[0]
            headers = {**asked.headers} | ({} if who == "wordless" else FROM_PAGES)
            with traced(scene.registry) as trace:
                got = scene.ask(scene.desk, method, asked.path, asked.body, headers, host=host)
            written = trace - (set() if method == "GET" or got.status >= 400 else trace.tables | trace.files)
            if got.cell != DESK.cell(row, who) or written:
                wrong.append(f"{row.name} by {who}: {got.cell}, {written}: {got.body[:200]!r}")
        scene.settle()
    assert not wrong, "\n".join(wrong)


def test_every_cell_of_the_pages(scene: Scene) -> None:
    """What is read leaves nothing behind: the pages write nothing at all, but what forms have the desk do."""
    assert {row.name for row in PAGES.rows} == set(ON_THE_PAGES)
    wrong = []
    for row in PAGES.rows:
        asked = ON_THE_PAGES[row.name](scene)
        scene.settle()
        method = row.name.split()[0]
        with traced(scene.registry) as trace:
            got = scene.ask(
                scene.pages, method, asked.path, asked.body, {**ENGLISH, **asked.headers}, host=ELSEWHERE
            )
        got = got if got.code else in_words(got)
        handed_on = row.name in ("POST /publicity/{leaf}", "POST /objection")
        written = set() if handed_on else trace - set()
        cell, code = PAGES.cell(row, "anyone")
        if got.cell[0] != cell or (code and got.code != code) or written:
            wrong.append(f"{row.name}: {got.cell} instead of {(cell, code)}, {written}: {got.body[:200]!r}")
    assert not wrong, "\n".join(wrong)


def test_no_other_method_opens_an_address(scene: Scene) -> None:
    """Of every address, also those of the other tables; HEAD stands in for GET, but where it is signed."""
    wrong = []
    for app in (scene.desk, scene.pages):
        known: dict[str, set[str]] = {}
        for method, _, path in (one.partition(" ") for one in routes_of(app)):
            known.setdefault(path, set()).add(method)
        for path, methods in known.items():
            if "GET" in methods and not path.startswith(SIGNED):
                methods.add("HEAD")
            for method in set(METHODS) - methods:
                with traced(scene.registry) as trace:
                    got = scene.ask(app, method, path.replace("{core:path}", "X").replace("{", "%7B"))
                if got.status != 405 or trace - set():
                    wrong.append(f"{method} {path}: {got.status} {trace}")
    assert not wrong, "\n".join(wrong)


# ---------------------------------------------------------------- decisions signed elsewhere


def test_every_cell_of_decisions(scene: Scene) -> None:
    registry = scene.registry
    case = w.apply(registry, scene.dossiers / "applied")
    w.enrol_staff(registry, "clerk-ke", StaffRole.LEGAL)
    former = actor_of(registry, SECOND_OFFICER).key
    remove_person(registry, SECOND_OFFICER, actor_of(registry, KEEPER))
    scene.settle()
    own = {name: actor_of(registry, name).key for name in (OFFICER, MEMBER, "clerk-ke")}
    signers = {
        "stranger": ("nobody", EthereumKey.generate()),
        "pretender": (OFFICER, own[MEMBER]),
        "removed": (SECOND_OFFICER, former),
        "staff": ("clerk-ke", own["clerk-ke"]),
        "committee": (MEMBER, own[MEMBER]),
        "officer": (OFFICER, own[OFFICER]),
    }
    accept = SignedDecision(
        origin=registry.instance.origin,
        chain=registry.instance.chain_id,
        person="",
        action="accept",
        case=case,
        arguments={"procedure": "simplified", "reasons": "来源单一。"},
        at=registry.clock(),
        nonce=bytes(16),
    )
    wrong, row = [], DECISIONS.row(DECIDE)
    for who in sorted(DECISIONS.columns, key=lambda one: row.cells[one] == YES):
        name, key = signers[who]
        body = dumps(replace(accept, person=name).sign(key).to_json())
        with traced(registry) as trace:
            got = scene.ask(scene.desk, "POST", DECIDE.split()[1], body, host=ELSEWHERE)
        if got.cell != DECISIONS.cell(row, who) or (got.status >= 400 and trace - set()):
            wrong.append(f"{who}: {got.cell}, {trace}: {got.body[:200]!r}")
    assert not wrong, "\n".join(wrong)


# ---------------------------------------------------------------- the node


@dataclass
class Chain:
    """What calls of the node name."""

    block: str
    unfunded: str
    zero: str = "0x" + "00" * 20


def test_every_cell_of_the_node(scene: Scene) -> None:
    registry = scene.registry
    chain: Any = registry.w3.provider
    app = node.create_app(chain.chain)
    poor = Account.from_key(b"\x07" * 32)
    sent = poor.sign_transaction(
        {"to": "0x" + "11" * 20, "value": 1, "gas": 21_000, "gasPrice": 10**9, "nonce": 0,
         "chainId": registry.instance.chain_id}
    )  # fmt: skip
    known = Chain(registry.w3.eth.get_block("latest")["hash"].to_0x_hex(), sent.raw_transaction.to_0x_hex())
    wrong = []
    for row in NODE.rows:
        call = {"jsonrpc": "2.0", "id": 1, "method": row.name}
        body = dumps({**call, "params": CALLS.get(row.name, lambda _: [])(known)})
        for who in NODE.columns:
            media = "text/plain" if who == "page" else "application/json"
            host = "rebound.example" if who == "rebound" else "127.0.0.1"
            with traced(registry) as trace:
                got = scene.ask(app, "POST", "/", body, {"Content-Type": media, "Host": host})
            answer = json.loads(got.body) if got.status == 200 else {"error": {"code": got.status}}
            found = (YES, "") if "error" not in answer else ("–", str(answer["error"]["code"]))
            if found != NODE.cell(row, who) or trace - set():
                wrong.append(f"{row.name} by {who}: {found}, {trace}: {got.body[:200]!r}")
    assert not wrong, "\n".join(wrong)


def test_the_node_has_no_other_methods(scene: Scene) -> None:
    chain: Any = scene.registry.w3.provider
    app = node.create_app(chain.chain)
    for name in (
        "personal_sign",
        "eth_sign",
        "eth_sendTransaction",
        "debug_setHead",
        "admin_peers",
        "miner_start",
    ):
        body = dumps({"jsonrpc": "2.0", "id": 1, "method": name, "params": []})
        got = scene.ask(app, "POST", "/", body, {"Content-Type": "application/json"})
        assert got.json["error"]["code"] == -32601, name

"""Arrows inside the rooms point down (H10): one table a room, and what still points up by name.

A row may import from the rows above it, and from itself; names in one row do not know each other. The longest
name that fits a module counts, so that a module may stand apart from its folder.
"""

from __future__ import annotations

from typing import Final

import pytest

from tests.architecture.imports import imports

ORDER: Final[dict[str, tuple[str, ...]]] = {
    "verifier": (
        "errors version",
        "bytes",
        "log",
        "chain",
        "formats",
        "containers",
        "pack",
        "judge",
        "words",
    ),
    "ledger": (
        "rules net",
        "state.address state.earlier state.faults state.files",
        "dossiers chain",
        "state.instance",
        "state.lock",
        "state.policy keys log",
        "store chain.connect",
        "state.drafts keys.rewrap",
        "state.record_keys flow.calls",
        "registry",
        "people.decisions",
        "people.acting flow.recording",
        "witnesses.kept state.contact",
        "witnesses.heads state.handed_out",
        "accesses",
        "people",
        "witnesses",
        # What every decision goes through, then the decisions.
        "flow document",
        "people.enrolling organisations notify.queue",
        "consents",
        "cases",
        "state.backup",
        "withdrawals",
        "disputes",
        "certificates watch",
        "trades supervision elsewhere inlets",
        "erasure notify",
        # What looks at all of them.
        "answers measures",
        "reading state audit",
        "document.forms opening",
        "demonstration",
    ),
    "api": (
        "forks",
        "http rpc log_source org extraction instants receipt_shown",
        "served_ledger",
        "web desk node mirror",
        "own",
        "cli",
    ),
}

UPWARD: Final = {
    ("verifier.bytes.wording", "verifier.formats.body"),
    ("verifier.formats.webhook", "verifier.judge.trust"),
    ("verifier.pack.chain_slots", "verifier.judge"),
    ("verifier.pack.howto", "verifier.words.phrases"),
    ("verifier.pack.reading", "verifier.judge"),
    ("ledger.cases.issuing", "ledger.disputes.work"),
    ("api.http.problems", "api.web.words"),
}
"""Who still imports what against the order. What is gone leaves this set too; nothing comes in."""


def _place(room: str, module: str) -> tuple[int, str] | None:
    """The row of a module and the name it stands under; None for the room's own `__init__`."""
    if module == room:
        return None
    own = module.removeprefix(f"{room}.")
    named = [
        (row, name)
        for row, names in enumerate(ORDER[room])
        for name in names.split()
        if own == name or own.startswith(f"{name}.")
    ]
    assert named, f"{module} has no place in the order of {room}"
    return max(named, key=lambda found: len(found[1]))


USE_CASES: Final = [
    "audit",
    "cases",
    "consents",
    "demonstration",
    "disputes",
    "erasure",
    "notify",
    "opening",
    "organisations",
    "reading",
    "supervision",
    "watch",
    "withdrawals",
]


def test_the_flow_and_the_handle_know_no_use_case() -> None:
    """Neither by themselves nor through what they import: use cases hand their kinds of calls over (H4)."""
    graph = imports()
    reached, ahead = set(), {"ledger.registry", *(name for name in graph if name.startswith("ledger.flow."))}
    while ahead:
        reached |= ahead
        ahead = {other for name in ahead for other in graph[name]} - reached
    assert {name.split(".")[1] for name in reached if name.startswith("ledger.")}.isdisjoint(USE_CASES)
    assert all(any(name.split(".")[1:2] == [case] for name in graph) for case in USE_CASES)


@pytest.mark.parametrize("room", ORDER)
def test_arrows_inside_a_room_point_down(room: str) -> None:
    used, upward = set(), set()
    for module, others in imports().items():
        if module.split(".")[0] != room or (here := _place(room, module)) is None:
            continue
        for other in others:
            if other.split(".")[0] != room or (there := _place(room, other)) is None:
                continue
            if here == there or there[0] < here[0]:
                continue
            known = {(one, to) for one, to in UPWARD if module == one and f"{other}.".startswith(f"{to}.")}
            used |= known
            upward |= set() if known else {(module, other)}
    assert upward == set(), "points up"
    gone = {arrow for arrow in UPWARD if arrow[0].split(".")[0] == room} - used
    assert gone == set(), "points up no longer: strike it from the list"

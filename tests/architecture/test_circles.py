"""No module imports another that, by whatever way, imports it again (H9): not at run time, not for types."""

from __future__ import annotations

from tests.architecture.imports import Graph, circles, imports


def _graph(**edges: str) -> Graph:
    return {name: frozenset(others.split()) for name, others in edges.items()}


def test_no_circle() -> None:
    assert circles(imports()) == []


def test_the_graph_is_the_code() -> None:
    """What the test above rests on: imports at the top, for types alone, and in functions are all seen."""
    graph = imports()
    assert len(graph) > 300
    assert "ledger.chain.embedded.chain" in graph["ledger.state.creation"]
    assert "ledger.store.repository" in graph["ledger.flow.recording"], "an import in a function"
    assert "api.http.limits" in graph["api.web"], "an import for types"
    assert "ledger.flow.pipeline" in graph["ledger.opening"], "`from package import module`"
    assert "ledger.audit" in graph["api.cli.registry.operate"], "`from package import name`"


def test_circles_are_found() -> None:
    assert circles(_graph(a="b c", b="c", c="")) == []
    assert circles(_graph(a="b", b="a", c="a")) == [["a", "b"]]
    assert circles(_graph(a="b", b="c", c="a d", d="e", e="d")) == [["d", "e"], ["a", "b", "c"]]

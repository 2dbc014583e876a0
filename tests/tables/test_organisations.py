"""Every address of the desk for organisations, tried as each kind of caller, cell by cell."""

from __future__ import annotations

from tests.tables.desk_rows import ROWS
from tests.tables.grid import YES, sections
from tests.tables.scene import Scene, traced

SECTION = sections()["organisations"]


def test_every_cell(scene: Scene) -> None:
    """Whoever may not is tried first, and leaves nothing but the number of the request; then whoever may."""
    assert {row.name for row in SECTION.rows} == set(ROWS)
    wrong = []
    for name, asking in ROWS.items():
        row = SECTION.row(name)
        method = name.partition(" ")[0]
        if "/disputes/" in name or "/orders" in name or name.endswith("/receipt"):  # they ask the chain
            scene.settle()
        for who in sorted(SECTION.columns, key=lambda one: row.cells[one] == YES):
            asked = asking(scene, who)
            with traced(scene.registry) as trace:
                got = scene.signed(who, method, asked.path, asked.body, asked.media)
            expected = SECTION.cell(row, who)
            if got.cell != expected:
                wrong.append(f"{name} by {who}: {got.cell} instead of {expected}: {got.body[:200]!r}")
            elif got.cell[0] == YES:
                scene.took(name, who)
            elif left := trace - ({"nonce"} if who in scene.members else set()):
                wrong.append(f"{name} by {who}: refused, and changed {left}")
    assert not wrong, "\n".join(wrong)

"""docs/who-may-what.md: the tables of `tests/tables`, and beside them what the courses' own tables say."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from tests.tables.grid import Section, sections
from yinzheng.ledger.rules import disputes, erasure, offices, states, withdrawal
from yinzheng.ledger.rules.course import Course
from yinzheng.verifier.formats.organisation import ROLES

DOCUMENT: Final = Path(__file__).resolve().parents[2] / "docs" / "who-may-what.md"

COURSES: Final[tuple[tuple[str, Course[Any, Any]], ...]] = (
    ("A registration", states.COURSE),
    ("A withdrawal", withdrawal.COURSE),
    ("A dispute", disputes.COURSE),
    ("An erasure", erasure.COURSE),
)

HEAD: Final = (
    "# Who may what",
    "Written by `scripts/who-may-what` from the code and `tests/tables/who_may_what.txt`; nobody edits it. "
    "Every cell is tried on a running registry in `tests/tables`, whoever may not before whoever may. A use "
    "case, command, address or method of the node without a row fails at once; so does a refusal that leaves "
    "anything behind but the number of a signed request, or a wrong date of birth that is counted.",
    "A person of the registry holds one office: {people}. An organisation is enrolled in one or several of "
    "{roles}. Exchanges, and whoever else reads, ask in no name. An intake point of withdrawals is whatever "
    "organisation passes on a patient's receipt, or the controller at its counter (R31). ✓: done, or shown; "
    "a number is the HTTP status of a refusal (S15.2), whose code stands in its row, or below its column.",
)


def document() -> str:
    """The whole document."""
    people = ", ".join(role.value.replace("_", " ") for role in offices.ROLES)
    parts = [f"{one.format(people=people, roles=', '.join(ROLES))}\n" for one in HEAD]
    parts += ["\n".join(_section(one)) for one in sections().values()]
    parts.append("\n".join(_courses()))
    return "\n".join(parts)


def _section(section: Section) -> Iterator[str]:
    yield f"## {section.title}"
    yield from (f"{line}\n" for line in section.words)
    last = "why" if not section.columns else "refused as"
    if last == "why" or any(row.codes for row in section.rows):
        yield _line("", *section.columns, last)
        yield _line("---", *(":-:" for _ in section.columns), "---")
    else:
        yield _line("", *section.columns)
        yield _line("---", *(":-:" for _ in section.columns))
    if section.says:
        yield _line("*refused as*", *(_code(section.says.get(one, "")) for one in section.columns), "")
    for row in section.rows:
        said = ", ".join(row.codes if last == "why" else (_code(one) for one in row.codes))
        cells = (row.cells[one] for one in section.columns)
        yield _line(_name(row.name), *cells, *([said] if last == "why" or _has_codes(section) else []))
    yield ""


def _has_codes(section: Section) -> bool:
    return any(row.codes for row in section.rows)


def _courses() -> Iterator[str]:
    yield "## Steps of each course"
    yield (
        "As the tables in `ledger/rules` have them; `tests/ledger/rules` tries every state, step and office. "
        "Whoever else tries one is refused, with what is possible instead.\n"
    )
    for title, course in COURSES:
        yield _line(title, "from", "by", "refused where")
        yield _line("---", "---", "---", "---")
        steps: dict[StrEnum, list[Any]] = {}
        for rule in course.rules:
            steps.setdefault(rule.move, []).append(rule)
        for move, rules in steps.items():
            yield _line(
                move.value,
                ", ".join(dict.fromkeys(rule.state.value for rule in rules)),
                ", ".join(dict.fromkeys(rule.by.value for rule in rules)),
                "; ".join(dict.fromkeys(course.unmet[g][1] for rule in rules for g in sorted(rule.guards))),
            )
        yield ""


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _code(code: str) -> str:
    """`403 this-code` with the code set as one; nothing for nothing."""
    status, _, slug = code.rpartition(" ")
    return f"{status} `{slug}`".strip() if slug else ""


def _name(name: str) -> str:
    """What a row is about, as code; in brackets which of its kind."""
    thing, bracket, rest = name.partition(" (")
    return f"`{thing}`" + (f" ({rest}" if bracket else "")


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")

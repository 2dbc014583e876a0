"""What a patient may do, at the desk and on the pages, by whatever receipt is shown, cell by cell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import pytest

from tests.tables.asking import FROM_PAGES, JSON_MEDIA, Got
from tests.tables.grid import YES, Section, sections
from tests.tables.patient_rows import AT_THE_DESK, ON_THE_PAGES, papers
from tests.tables.scene import Scene, in_words, traced
from yinzheng.api.desk import patients
from yinzheng.verifier.bytes.canonical import dumps

DESK, PAGES = sections()["patients"], sections()["pages"]
FORM: Final = "application/x-www-form-urlencoded"
UPLOAD: Final = "multipart/form-data; boundary=limit"
MEANT: Final = {"birthday": {"attempt"}}
"""What a refusal leaves: a wrong date of birth is counted."""


@pytest.fixture(scope="module", autouse=True)
def at_once() -> Iterator[None]:
    """Refusals leave at once, or the table would take minutes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(patients, "REFUSED_AFTER", 1e-6)
        yield


def at_the_desk(scene: Scene, who: str, name: str) -> Got:
    body = dumps(AT_THE_DESK[name](scene, who))
    headers = {"Content-Type": JSON_MEDIA}
    headers |= {} if who == "wordless" else FROM_PAGES
    headers |= {"X-Forwarded-For": "203.0.113.7"} if who == "proxied" else {}
    host = "203.0.113.7" if who == "remote" else "127.0.0.1"
    with traced(scene.registry) as trace:
        got = scene.ask(scene.desk, "POST", name.split()[1], body, headers, host=host)
    return left(got, trace - MEANT.get(who, set()))


def on_the_pages(scene: Scene, who: str, name: str) -> Got:
    body = ON_THE_PAGES[name](scene, who)
    headers = {"Content-Type": UPLOAD if body.startswith(b"--") else FORM, "Accept-Language": "en"}
    with traced(scene.registry) as trace:
        got = scene.ask(scene.pages, "POST", name.split()[1], body, headers, host="203.0.113.7")
    return left(in_words(got), trace - MEANT.get(who, set()))


def left(got: Got, written: set[str]) -> Got:
    """The answer; one that refuses, and has left something behind, says what."""
    return got if got.status < 400 or not written else Got(got.status, got.body, f"left {sorted(written)}")


def wrong(scene: Scene, section: Section, attempt: Callable[[Scene, str, str], Got]) -> list[str]:
    """What is not as the table has it, in words. Whoever may is tried last."""
    found = []
    for row in section.rows:
        for who in sorted(section.columns, key=lambda one: row.cells[one] == YES):
            got, expected = attempt(scene, who, row.name), section.cell(row, who)
            if got.cell != expected:
                found.append(f"{row.name} by {who}: {got.cell} instead of {expected}: {got.body[:300]!r}")
            elif who == "neighbour" and any(one.hex().encode() in got.body for one in theirs(scene)):
                found.append(f"{row.name}: a neighbour sees another's consent")
    return found


def theirs(scene: Scene) -> list[bytes]:
    """The subjects of the patients whom the rows are about."""
    names = ("reads", "withdraws", "withdraws on a page", "child", "concluded")
    return [papers(scene, name).subject for name in names if name in scene.kept]


def test_every_cell_at_the_desk(scene: Scene) -> None:
    assert {row.name for row in DESK.rows} == set(AT_THE_DESK)
    found = wrong(scene, DESK, at_the_desk)
    assert not found, "\n".join(found)


def test_every_cell_on_the_pages(scene: Scene) -> None:
    assert {row.name for row in PAGES.rows} == set(ON_THE_PAGES)
    found = wrong(scene, PAGES, on_the_pages)
    assert not found, "\n".join(found)

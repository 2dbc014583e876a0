"""What the guides say is so: commands exist, quoted words are the interface's, pictures are taken."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from tests.cli.commands import run
from tests.cli.processes import ROOT
from tests.scripts import glossary
from tests.scripts.pictures import IMAGES, PICTURES
from yinzheng.api.cli.commands import PANELS
from yinzheng.api.cli.lazy import Command, Group, Unloaded

GUIDES: Final = sorted((ROOT / "docs" / "guide").glob("*.md"))
READMES: Final = (ROOT / "README.md", ROOT / "README.zh-CN.md")
READERS: Final = ("officer", "operations", "hospital", "exchange", "court", "patient")
SCREENS: Final = 4 * 45
"""Lines of four screens."""

QUOTED: Final = {"zh": "「([^」]+)」", "en": "“([^”]+)”"}
"""How a guide quotes the interface, by its language."""


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def said_in(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def interface() -> str:
    """All that the interface can say, without white space, and without the breaks of lines on paper."""
    rooms = [ROOT / "api", ROOT / "verifier" / "words", ROOT / "ledger"]
    files = [one for room in rooms for end in ("py", "html", "typ") for one in room.rglob(f"*.{end}")]
    return re.sub(r"\\?\s", "", "".join(one.read_text(encoding="utf-8") for one in files))


def commands_of(path: Path) -> Iterator[list[str]]:
    """The words of each command in the blocks that are shown and not run."""
    for block in re.findall(r"```sh\n(.*?)```", said_in(path), re.S):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line.replace(".venv/bin/yinzheng", "yinzheng"), comments=True)
            if words and words[0] == "yinzheng":
                yield words[1:]


@cache
def help_of(path: tuple[str, ...]) -> str:
    return run(*path, "--help", env={"COLUMNS": "200"}).out


def found_in(words: list[str]) -> tuple[Command, list[str]]:
    """The command at the head of `words`, and what is given to it."""
    entries = [entry for panel in PANELS for entry in panel.entries]
    for place, word in enumerate(words):
        found = next((one for one in entries if one.name == word), None)
        assert found is not None, f"there is no command {' '.join(words[: place + 1])}"
        if isinstance(found, Command):
            return found, words[place + 1 :]
        assert isinstance(found, Group)
        entries = [*found.entries]
    raise AssertionError(f"{' '.join(words)} names a group only")


def command_in(words: list[str]) -> tuple[str, ...]:
    """The name of a command at the head of `words`."""
    _, given = found_in(words)
    return tuple(words[: len(words) - len(given)])


def test_there_is_a_guide_for_each_reader_in_both_languages() -> None:
    names = {path.name for path in GUIDES}
    assert names == {"README.md", "glossary.md"} | {
        f"{reader}{end}" for reader in READERS for end in (".md", ".en.md")
    }
    for path in GUIDES:
        if path.name != "glossary.md":
            assert len(said_in(path).splitlines()) <= SCREENS, path.name


@pytest.mark.parametrize("path", [*GUIDES, *READMES], ids=name_of)
def test_every_command_that_is_shown_exists(path: Path) -> None:
    for words in commands_of(path):
        command = command_in(words)
        for option in (word for word in words if word.startswith("--")):
            assert re.search(rf"{option.partition('=')[0]}\b", help_of(command)), (command, option)


@pytest.mark.parametrize("path", GUIDES, ids=name_of)
def test_every_command_of_a_guide_is_whole(path: Path) -> None:
    """Nothing that a command needs is left out of what is shown of it."""
    for words in commands_of(path):
        if "--help" in words:
            continue
        entry, rest = found_in(words)
        rest = rest[: rest.index(">")] if ">" in rest else rest
        Unloaded(entry, None).load().make_context(entry.name, rest)


@pytest.mark.parametrize("path", GUIDES, ids=name_of)
def test_the_words_quoted_are_the_interfaces(path: Path) -> None:
    language = "en" if path.name.endswith(".en.md") else "zh"
    for quoted in re.findall(QUOTED[language], said_in(path)):
        for part in quoted.split("…"):
            assert re.sub(r"\s", "", part) in interface(), quoted


@pytest.mark.parametrize("path", [*GUIDES, *READMES], ids=name_of)
def test_links_and_pictures_lead_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)|<img src=\"([^\"]+)\"", said_in(path))
    for target in (one or other for one, other in targets):
        assert target.startswith("https://") or (path.parent / target).exists(), target


def test_every_picture_is_taken_by_the_script_and_shown() -> None:
    taken = {one.stem for one in IMAGES.glob("*.png")}
    assert taken == set(PICTURES)
    shown = "".join(said_in(path) for path in (*GUIDES, *READMES))
    assert all(f"images/{name}.png" in shown for name in PICTURES)


def test_the_glossary_is_what_the_program_says() -> None:
    assert said_in(glossary.DOCUMENT) == glossary.document(), "run scripts/glossary"
    for _, chinese, _, _ in glossary.ROLES:
        assert chinese in interface(), chinese

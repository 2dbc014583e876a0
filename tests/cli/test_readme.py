"""The transcripts of README.md, of its Chinese twin and of the guides say what the commands print.

A ```console block is a session: `$ yinzheng …` runs, `$ export NAME=value` holds from there on, `$ echo $?`
is the exit code before it, and a line `…` stands for one line or more that README leaves out.
"""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from typing import Final

import pytest

from tests.cli.commands import demonstrate_in, run
from tests.cli.processes import ROOT

DOCUMENTS: Final = (
    ROOT / "README.md",
    ROOT / "README.zh-CN.md",
    *sorted((ROOT / "docs" / "guide").glob("*.md")),
)
"""What has transcripts; each is a session of its own, in one demonstration."""
EXAMPLES = ROOT / "examples"
DOSSIER = "chronic-follow-up"
"""The example whose certificate README shows."""

VOLATILE: Final = (
    (r"as of .+", "as of WHEN"),
    (r"截至[^）]+", "截至WHEN"),
    (r"\d{4}年\d+月\d+日( \d\d:\d\d:\d\d)?", "TIME"),
    (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?(\+08:00)?", "TIME"),
    (r"\d{4}-\d\d-\d\d", "DATE"),
    (r"\bSJ441\d{10}\b", "CERTIFICATE"),
    (r"\bD-\d{4}-\d{6}\b", "DISPUTE"),
    (r"\bA-\d{4}-\d{6}\b", "CASE"),
    (r"\bkey [0-9a-f]{16}\b", "key KEY"),
)
"""What differs from run to run, and what stands for it when README and output are compared."""


@dataclass(frozen=True)
class Step:
    """One command of a session, and the lines that are shown below it."""

    command: str
    shown: tuple[str, ...]


def sessions(document: Path) -> list[list[Step]]:
    """The transcripts of a document."""
    blocks = re.findall(r"```console\n(.*?)```", document.read_text(encoding="utf-8"), re.S)
    return [list(steps(block)) for block in blocks]


def steps(block: str) -> Iterator[Step]:
    """One transcript, taken apart."""
    first, *parts = re.split(r"^\$ ", block, flags=re.M)
    assert not first, "a transcript begins with a command"
    for part in parts:
        command, *shown = part.rstrip("\n").split("\n")
        yield Step(command, tuple(shown))


def masked(text: str) -> str:
    """A text without what differs from run to run."""
    for pattern, name in VOLATILE:
        text = re.sub(pattern, name, text)
    return text


def differs(shown: tuple[str, ...], printed: str) -> str:
    """How README differs from what was printed; empty where it says the truth."""
    lines = [masked(line) for line in shown]
    pattern = "".join(r"(?:.*\n)+?" if line == "…" else re.escape(line) + r"\n" for line in lines)
    if re.fullmatch(pattern, masked(printed)):
        return ""
    return "\n".join(unified_diff(masked(printed).splitlines(), lines, "printed", "README.md", lineterm=""))


CASE: Final = re.compile(r"\bA-\d{4}-\d{6}\b")


def words_of(command: str, cases: Mapping[str, str]) -> list[str]:
    """A command's words; where a file of the demonstration is named, this demonstration's of its kind.

    `cases` are the cases that a document speaks of, by the number it gives them.
    """
    made = {masked(path.as_posix()): path.as_posix() for path in sorted(Path("out").iterdir())}
    words = [made.get(masked(word), word) for word in shlex.split(command)]
    return [CASE.sub(lambda found: cases.get(found[0], found[0]), word) for word in words]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demonstration with consents and a dispute, and a passphrase for an organisation's keys."""
    folder = tmp_path_factory.mktemp("readme")
    dossiers = folder / "examples" / "dossiers"  # where a clone has them
    shutil.copytree(EXAMPLES / "dossiers" / DOSSIER, dossiers / DOSSIER)
    demonstrate_in(folder, dossiers, EXAMPLES / "consents")
    (folder / "passphrase").write_text("a passphrase of an organisation")
    (folder / "passphrase").chmod(0o600)
    return folder


def test_the_transcripts_are_what_is_printed(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(whole)
    ran, there = list[str](), {*whole.iterdir()}
    for document in DOCUMENTS:
        ran += played(document)
        for made in {*whole.iterdir()} - there:  # the next one begins as this one did
            shutil.rmtree(made) if made.is_dir() else made.unlink()
    assert ran.count("verify") >= 11
    assert {"org", "apply", "accept", "dossier", "enrol", "backup", "audit"} <= {*ran}


def played(document: Path) -> list[str]:
    """Which commands of a document were run; each printed what is shown."""
    env = {"LANG": "C.UTF-8"}
    ran: list[str] = []
    cases: dict[str, str] = {}
    for session in sessions(document):
        code = 0
        for step in session:
            program, *words = words_of(step.command, cases)
            if program == "export":
                name, _, value = words[0].partition("=")
                env[name] = value
                printed = ""
            elif program == "echo":
                assert words == ["$?"]
                printed = f"{code}\n"
            else:
                assert program == "yinzheng", step.command
                said = run(*words, env=env)
                code, printed = said.code, said.out + said.err
                ran.append(words[0])
            assert not (found := differs(step.shown, printed)), f"{document.name}: $ {step.command}\n{found}"
            if words[:1] == ["apply"]:
                cases.update(zip(CASE.findall("\n".join(step.shown)), CASE.findall(printed), strict=True))
    return ran


def test_a_transcript_that_says_something_else_is_found() -> None:
    printed = "Genuine as of 06:10 today\n\n SJ4412026110001\n ✓  1 Form\n ✗  2 Signature\n"
    assert not differs(("Genuine as of noon", "…", " SJ4412027120009", " ✓  1 Form", "…"), printed)
    for shown in (
        (),
        ("Genuine as of noon",),  # says that nothing else was printed
        ("Forged as of noon", "…"),
        ("Genuine as of noon", "", " SJ4412026110001", " ✓  1 Form", " ✓  2 Signature"),
        ("Genuine as of noon", "…", " ✓  1 Form", " ✗  2 Signature", "…"),  # nothing is left out there
        ("Genuine as of noon", " ✗  2 Signature"),
    ):
        assert differs(shown, printed), shown

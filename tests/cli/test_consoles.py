"""Any console: in every encoding a report prints, the exit code is the verdict's, nothing else speaks."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Demonstration
from tests.cli.processes import COMMAND, environment
from yinzheng.api.cli import main
from yinzheng.api.cli.console import UnheardConsole, json_text
from yinzheng.api.cli.registry import decision

ENCODINGS = ("gbk", "cp936", "ascii", "latin-1", "utf-8")
ASCII_LOCALE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
"""The C locale as it was before Python took it for UTF-8."""

Printed = tuple[int, str, str]
Console = Callable[..., Printed]


@pytest.fixture(params=ENCODINGS)
def console(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> tuple[str, Console]:
    """A console of this encoding, in this process: the exit code, and what it shows on both streams."""
    encoding: str = request.param

    def run(*arguments: object) -> Printed:
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding) for _ in range(2))
        with monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["yinzheng", *map(str, arguments)])
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            patch.setenv("LANG", "zh_CN.UTF-8")
            with pytest.raises(SystemExit) as ended:
                main()
        shown = []
        for stream in (out, err):
            stream.flush()
            assert isinstance(stream.buffer, io.BytesIO)
            shown.append(stream.buffer.getvalue().decode(encoding))
        assert isinstance(ended.value.code, int)
        assert "Traceback" not in shown[1]
        assert "unexpected" not in shown[1]
        return ended.value.code, shown[0], shown[1]

    return encoding, run


@pytest.fixture(scope="module")
def altered(demonstration: Demonstration, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate's file whose holder was changed to another name in Chinese."""
    document = json.loads(demonstration.file("json").read_text(encoding="utf-8"))
    document["record"]["holders"][0]["name"] = "另一家医院"
    file = tmp_path_factory.mktemp("altered") / "证书.json"
    file.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return file


def test_each_of_many_is_a_line_of_json(
    demonstration: Demonstration, tmp_path: Path, console: tuple[str, Console]
) -> None:
    """Whatever its name, whose bytes need be no text."""
    _, run = console
    files = [tmp_path / name for name in ("证书.json", "\udcff.json", "\u202e.json")]
    for file in files:
        shutil.copy(demonstration.file("json"), file)
    found, said, trouble = run("verify", *files, "--trust", demonstration.trust)
    assert (found, trouble) == (0, "")
    told = [json.loads(line) for line in said.split("\n")[:-1]]
    assert [one["target"] for one in told] == [str(file) for file in files]
    assert all("真实" in one["verdict"]["zh"] for one in told)
    assert "\u202e" not in said


def test_a_verdict_prints(demonstration: Demonstration, altered: Path, console: tuple[str, Console]) -> None:
    encoding, run = console
    met = {"utf-8": "✓", "gbk": "√", "cp936": "√"}.get(encoding, "+")
    for file, code in ((demonstration.file("json"), 0), (altered, 1)):
        for language in ((), ("--lang", "zh"), ("--lang", "en")):
            found, said, trouble = run("verify", file, "--trust", demonstration.trust, *language)
            assert (found, trouble) == (code, "")
            marks = re.findall(r"^ (\S) +([0-9]{1,2}) ", said, re.M)
            assert len(marks) == 10
            assert (sum(mark == met for mark, _ in marks) == 10) == (code == 0)
            if not language:
                # A console that has no Chinese is spoken to in English.
                english = re.search(r"[a-z]{4}.*\n", said)
                assert (english is not None) if encoding in ("ascii", "latin-1") else "证书" in said


def test_json_loses_nothing(
    altered: Path, demonstration: Demonstration, console: tuple[str, Console]
) -> None:
    _, run = console
    code, said, trouble = run("verify", altered, "--trust", demonstration.trust, "--json")
    assert (code, trouble) == (1, "")
    assert "另一家医院" in str(json.loads(said))
    _, _, trouble = run("verify", altered.with_name("没有.pdf"), "--trust", demonstration.trust, "--json")
    error = json.loads(trouble)["error"]
    assert "没有.pdf" in error.get("original", error)["message"]


@pytest.mark.parametrize("hidden", ["\x1b[2K\x1b]0;", "\x9b2K", "\u202e", "\u200b", "\x7f", "\U000e0041"])
def test_what_others_wrote_is_shown_and_not_obeyed(
    demonstration: Demonstration, console: tuple[str, Console], tmp_path: Path, hidden: str
) -> None:
    """No file, desk or registry erases a line, turns one around, or has a person approve what is not seen."""
    shown = io.StringIO()
    UnheardConsole(file=shown, soft_wrap=True).print(f"通过 {hidden}✓", markup=False)
    assert shown.getvalue().rstrip("\n").isprintable()
    stream = io.TextIOWrapper(io.BytesIO(), "utf-8")
    text = json_text({"name": hidden}, stream)
    assert text.isprintable()
    assert json.loads(text) == {"name": hidden}
    missing = tmp_path / f"证书{hidden}\n✓ genuine.pdf"
    encoding, run = console
    _, _, trouble = run("verify", missing, "--trust", demonstration.trust)
    assert trouble.replace("\n", "").isprintable()
    lines = 2 if encoding in ("ascii", "latin-1") else 3
    assert len(trouble.splitlines()) == lines, "what is wrong, what to do, and in Chinese the English of it"


def test_a_text_that_is_approved_begins_no_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    for parting in ("\u2028", "\x85", "\x1c", "\v", "\r", "\n"):
        decision._lines({"text": f'质押{parting} "kind": "agreed"'})
        shown = capsys.readouterr().err
        assert len(shown.splitlines()) == 3, repr(shown)


def test_every_kind_of_command_prints(
    demonstration: Demonstration, console: tuple[str, Console], tmp_path: Path
) -> None:
    state = ("--state", demonstration.state)
    for arguments, code in (
        (("--help",), 0),
        (("org", "key", "new", "--help"), 0),
        (("cases", *state), 0),
        (("show", demonstration.numbers[0], *state), 0),
        (("keys", "list", *state), 0),
        (("show", "没有此号", *state), 2),
        (("没有此命令",), 2),
        (("verify", tmp_path / "缺失.pdf", "--trust", demonstration.trust), 2),
        (("verify", demonstration.file("pdf"), "--trust", tmp_path / "没有"), 2),
    ):
        found, said, trouble = console[1](*arguments)
        assert found == code, (arguments, trouble)
        assert (said + trouble).strip()


def start(
    changes: dict[str, str], *arguments: object, options: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[bytes]:
    """One command in a process of its own, under a console's settings."""
    kept = {name: value for name, value in environment().items() if not name.startswith(("LC_", "LANG"))}
    python, *rest = COMMAND
    return subprocess.run(
        [python, *options, *rest, *(os.fsencode(str(one)) for one in arguments)],
        capture_output=True,
        check=False,
        timeout=120,
        env={**kept, **changes},
    )


@pytest.mark.parametrize(
    ("changes", "encoding"),
    [
        ({"PYTHONIOENCODING": "gbk", "LANG": "zh_CN.GBK"}, "gbk"),
        (ASCII_LOCALE, "ascii"),
        ({**ASCII_LOCALE, "LC_ALL": "POSIX"}, "ascii"),
        ({"LC_ALL": "zh_CN.GBK", "LOCPATH": "/nonexistent"}, "utf-8"),
    ],
    ids=["GBK", "C", "POSIX", "a locale that is missing"],
)
def test_in_a_process(
    altered: Path, demonstration: Demonstration, changes: dict[str, str], encoding: str
) -> None:
    done = start(changes, "verify", altered, "--trust", demonstration.trust)
    assert (done.returncode, done.stderr) == (1, b"")
    assert re.search(r"^ \S +1 ", done.stdout.decode(encoding), re.M)


def test_a_locale_of_gbk(demonstration: Demonstration, tmp_path: Path) -> None:
    """The real thing where the C library can make it, else the C locale: names of files are GBK as well."""
    if shutil.which("localedef"):
        command = ["localedef", "-i", "zh_CN", "-f", "GBK", str(tmp_path / "zh_CN.GBK")]
        subprocess.run(command, capture_output=True, check=False)
    changes, made = ASCII_LOCALE, (tmp_path / "zh_CN.GBK").exists()
    if made:
        changes = {"LC_ALL": "zh_CN.GBK", "LANG": "zh_CN.GBK", "LOCPATH": str(tmp_path)}
    name = os.fsencode(tmp_path) + b"/" + "证书.pdf".encode("gbk")
    shutil.copy(os.fsencode(demonstration.file("pdf")), name)
    done = start(changes, "verify", os.fsdecode(name), "--trust", demonstration.trust)
    assert (done.returncode, done.stderr) == (0, b"")
    if made:
        assert "证书" in done.stdout.decode("gbk")


@pytest.mark.parametrize("changes", [{}, ASCII_LOCALE], ids=["UTF-8", "C"])
def test_names_that_are_no_text(
    demonstration: Demonstration, tmp_path: Path, changes: dict[str, str]
) -> None:
    """A name of bytes that no encoding explains: the file is read; a missing one is named by its bytes."""
    name = os.fsencode(tmp_path) + b"/\xff\xfe.pdf"
    shutil.copy(os.fsencode(demonstration.file("pdf")), name)
    trust = ("--trust", demonstration.trust)
    assert start(changes, "verify", os.fsdecode(name), *trust).returncode == 0
    missing = os.fsdecode(name.replace(b"\xfe", b"\xfd"))
    gone = start(changes, "verify", missing, *trust)
    assert (gone.returncode, gone.stdout) == (2, b"")
    assert rb"\xff" in gone.stderr
    told = start(changes, "verify", missing, *trust, "--json")
    assert json.loads(told.stderr)["error"]["exit_code"] == told.returncode == 2


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "cut short": lambda data: data[: len(data) * 2 // 3],
    "no cross-reference": lambda data: data.replace(b"startxref", b"startxxxx"),
    "wrong offsets": lambda data: data[:9] + b"%%%% shifted\n" + data[9:],
    "an object gone": lambda data: data.replace(b"endobj", b"endxxx", 3),
}

QUIET = """
import io, sys
from contextlib import redirect_stdout
from yinzheng.api.cli import main
from yinzheng.api.cli.console import UnheardConsole, json_text

trust, *files = sys.argv[1:]
for file in files:
    sys.argv = ["yinzheng", "verify", file, "--trust", trust]
    with redirect_stdout(io.StringIO()):
        try:
            main()
        except SystemExit as end:
            assert end.code in (0, 1, 3), (file, end.code)
"""


@pytest.mark.parametrize("options", [("-W", "default"), ("-X", "dev")], ids=str)
def test_no_library_speaks(demonstration: Demonstration, tmp_path: Path, options: tuple[str, ...]) -> None:
    """Damaged PDFs and pictures, which pypdf and Pillow warn of and log: only our report is heard."""
    files = [demonstration.file("pdf"), demonstration.file("png")]
    for suffix in ("pdf", "png"):
        for name, damage in DAMAGE.items():
            files.append(tmp_path / f"{name}.{suffix}")
            files[-1].write_bytes(damage(demonstration.file(suffix).read_bytes()))
    done = subprocess.run(
        [sys.executable, *options, "-c", QUIET, str(demonstration.trust), *map(str, files)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=environment(),
    )
    assert done.returncode == 0, done.stderr
    ours = ("yinzheng: ", "  → ")
    assert not [line for line in done.stderr.splitlines() if not line.startswith(ours)]


@pytest.mark.parametrize("arguments", [("org", "--help"), ("nonsense",)])
def test_nobody_listens(arguments: tuple[str, ...]) -> None:
    """A pipe that is closed already: no trace, and an exit code that is no verdict."""
    with subprocess.Popen(
        [*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment()
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(timeout=60) == 141


@pytest.mark.parametrize("closed", [(1,), (2,), (0, 1, 2)], ids=["output", "trouble", "all"])
@pytest.mark.parametrize("arguments", [("org", "--help"), ("nonsense",), ("verify",)])
def test_streams_that_were_closed_before(
    altered: Path, demonstration: Demonstration, arguments: tuple[str, ...], closed: tuple[int, ...]
) -> None:
    """`>&-`, as some daemons begin what they run: the exit code is the same, and no trace is left."""
    code = {"nonsense": 2, "verify": 1}.get(arguments[0], 0)
    if arguments == ("verify",):
        arguments = ("verify", str(altered), "--trust", str(demonstration.trust))
    shell = 'exec "$@" ' + " ".join(f"{number}{'<' if number == 0 else '>'}&-" for number in closed)
    done = subprocess.run(
        ["/bin/sh", "-c", shell, "sh", *COMMAND, *arguments],
        capture_output=True,
        check=False,
        timeout=120,
        env=environment(),
    )
    assert done.returncode == code, done.stderr
    assert b"Traceback" not in done.stderr
    assert b"unexpected" not in done.stderr


def test_what_is_opened_first_is_not_printed_into(tmp_path: Path) -> None:
    """A file opened after make_ready has no number of a stream that was closed."""
    written = tmp_path / "written"
    program = (
        "import sys; from yinzheng.api.cli.console import make_ready; make_ready();"
        "file = open(sys.argv[1], 'wb'); assert file.fileno() > 2; print('said')"
    )
    command = [sys.executable, "-c", program, str(written)]
    done = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" <&- >&-', "sh", *command], check=False, env=environment(), timeout=60
    )
    assert done.returncode == 0
    assert written.read_bytes() == b""


def test_what_a_process_that_we_begin_opens_first_is_not_printed_into(tmp_path: Path) -> None:
    """As the processes of `serve --workers`, which make nothing ready themselves."""
    written = tmp_path / "written"
    opening = "import sys; file = open(sys.argv[1], 'wb'); assert file.fileno() > 2; print('said')"
    program = (
        "import subprocess, sys; from yinzheng.api.cli.console import make_ready; make_ready();"
        f"sys.exit(subprocess.run([sys.executable, '-c', {opening!r}, sys.argv[1]]).returncode)"
    )
    command = [sys.executable, "-c", program, str(written)]
    done = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *command],
        check=False,
        env=environment(),
        timeout=60,
    )
    assert done.returncode == 0
    assert written.read_bytes() == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("arguments", [("--help",), ("verify",), ("verify", "--json")])
def test_a_disk_that_is_full(altered: Path, demonstration: Demonstration, arguments: tuple[str, ...]) -> None:
    """What cannot be printed is said on the other stream; a trouble that cannot leaves its exit code."""
    given, json_ = [*COMMAND, *arguments], [one for one in arguments if one == "--json"]
    if arguments[0] == "verify":
        given += [str(altered), "--trust", str(demonstration.trust)]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            given, stdout=full, stderr=subprocess.PIPE, check=False, env=environment(), timeout=120
        )
        missing = subprocess.run(
            [*COMMAND, "verify", "missing.pdf", "--trust", str(demonstration.trust), *json_],
            stdout=full, stderr=full, check=False, env=environment(), timeout=120,
        )  # fmt: skip
    assert (done.returncode, missing.returncode) == (3, 2)
    assert b"No space left" in done.stderr
    assert b"unexpected" not in done.stderr


@pytest.mark.parametrize("columns", ["0", "00", "", "-5", "none"])
def test_a_terminal_that_does_not_know_its_width(
    altered: Path, demonstration: Demonstration, columns: str
) -> None:
    changes = {"COLUMNS": columns}
    done = start(changes, "verify", altered, "--trust", demonstration.trust)
    assert (done.returncode, done.stderr) == (1, b"")
    assert re.search(rb"^ \S+ +1 ", done.stdout, re.M)
    assert b"nonsense" in start(changes, "nonsense").stderr
    assert b"verify" in start(changes, "--help").stdout

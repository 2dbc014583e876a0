"""A dossier's folder is someone else's: odd files, links and swaps are found and named (R18)."""

import errno
import hashlib
import json
import os
import re
import shutil
import socket
import stat
import struct
import subprocess
import sys
import time
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from yinzheng.ledger.demonstration.material import (
    LARGE_FILE,
    favourable_review,
    make_large_attachment,
    prepare_dossier,
)
from yinzheng.ledger.dossiers.dossier import Dossier, open_dossier
from yinzheng.ledger.dossiers.folder import FolderLimits
from yinzheng.ledger.rules.review import require_complete
from yinzheng.ledger.rules.terms import FileRole
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault

ROOT = Path(__file__).parents[3]
EXAMPLES = sorted(path.parent for path in (ROOT / "examples" / "dossiers").glob("*/application.json"))
SAMPLE = "样例/随访记录样例.csv"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A good dossier to spoil."""
    return prepare_dossier(ROOT / "examples" / "dossiers" / "chronic-follow-up", tmp_path / "dossier")


def fault_of(folder: Path, limits: FolderLimits | None = None, *, tidy: bool = False) -> DataFault:
    with pytest.raises(DataFault) as refused:
        open_dossier(folder, limits, tidy=tidy)
    assert refused.value.hint
    return refused.value


def read_all(dossier: Dossier) -> dict[str, bytes]:
    return {entry.path: b"".join(dossier.chunks(entry)) for entry in dossier.entries}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_the_examples_are_whole(example: Path, tmp_path: Path) -> None:
    with open_dossier(prepare_dossier(example, tmp_path / "d")) as dossier:
        application = dossier.application
        contents = read_all(dossier)
        assert [entry.path for entry in dossier.entries] == [file.path for file in application.files]
        assert all(len(contents[entry.path]) == entry.size > 0 for entry in dossier.entries)
        assert any(data.startswith(b"%PDF-1") for data in contents.values())
        assert any(data.startswith(b"\x89PNG") for data in contents.values())
        tables = [data.decode() for path, data in contents.items() if path.endswith(".csv")]
        assert tables
        assert all(text.splitlines()[0] == ",".join(application.sample_fields) for text in tables)
        assert application.refusals("91350100M000100Y43") == ()
        require_complete(application.facts, *favourable_review(application.facts, ("02-数据来源说明.pdf",)))
        assert json.loads(dossier.application_bytes) == application.document
    committed = sum(path.stat().st_size for path in example.rglob("*") if path.is_file())
    assert committed < 300_000


def test_the_examples_differ() -> None:
    documents = [json.loads((path / "application.json").read_text(encoding="utf-8")) for path in EXAMPLES]
    assert len(documents) >= 4
    assert {d["source"] for d in documents} == {"collected", "agreement", "open", "derived"}
    assert {d["public_data"] for d in documents} == {True, False}
    assert len({d["class"] for d in documents}) == len({d["level"]["value"] for d in documents}) == 4
    assert all("虚构" in d["applicant"]["name"] for d in documents)
    assert sum(LARGE_FILE in str(d["files"]) for d in documents) == 1


def test_the_attachments_can_be_made_again(tmp_path: Path) -> None:
    """The script that made them still runs and gives the same tables; PDF and PNG depend on versions."""
    for part in ("examples", "scripts"):
        shutil.copytree(ROOT / part, tmp_path / part)
    (tmp_path / "ledger" / "document").mkdir(parents=True)
    (tmp_path / "ledger" / "document" / "fonts").symlink_to(ROOT / "ledger" / "document" / "fonts")
    for old in (tmp_path / "examples").rglob("*.*"):
        if old.suffix in (".pdf", ".png", ".csv"):
            old.unlink()
    subprocess.run([sys.executable, tmp_path / "scripts" / "make_examples"], check=True, timeout=120)
    for path in (ROOT / "examples").rglob("*.*"):
        made = tmp_path / path.relative_to(ROOT)
        assert made.is_file()
        if path.suffix == ".csv":
            assert made.read_bytes() == path.read_bytes()


def test_the_large_attachment(tmp_path: Path) -> None:
    first, second, other = tmp_path / "a", tmp_path / "b", tmp_path / "c"
    make_large_attachment(first, 3_000_000, 7)
    make_large_attachment(second, 3_000_000, 7)
    make_large_attachment(other, 3_000_000, 8)
    data = first.read_bytes()
    assert data == second.read_bytes() != other.read_bytes()
    assert 3_000_000 <= len(data) < 3_000_000 + 2 * 256 * 256
    assert struct.unpack_from("<i", data)[0] == 348
    assert data[344:348] == b"n+1\0"
    dimensions = struct.unpack_from("<8h", data, 40)
    assert 352 + 2 * dimensions[1] * dimensions[2] * dimensions[3] == len(data)


def test_entries_say_what_they_prove(folder: Path) -> None:
    with open_dossier(folder) as dossier:
        sample = next(entry for entry in dossier.entries if entry.path == SAMPLE)
        assert sample.role is FileRole.SAMPLE
        assert "样例" in sample.title
        assert {len(piece) for piece in dossier.chunks(sample, 100)} == {100, sample.size % 100}
        with dossier.open(sample) as stream:
            assert hashlib.file_digest(stream, "sha256").digest()


def test_no_descriptor_is_left_open(folder: Path) -> None:
    before = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0
    with open_dossier(folder) as dossier:
        read_all(dossier)
    (folder / "x").symlink_to("/")
    fault_of(folder)
    if before:
        assert len(os.listdir("/proc/self/fd")) == before


def put_link(path: Path) -> None:
    path.symlink_to("/etc/hostname")


def put_folder_link(path: Path) -> None:
    path.symlink_to("/etc")


def put_dangling_link(path: Path) -> None:
    path.symlink_to("nowhere")


def put_socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # the name of a socket is limited to about a hundred bytes
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path.name)
    finally:
        os.chdir(here)


def put_device(path: Path) -> None:
    try:
        os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 3))
    except PermissionError:
        os.mkfifo(path)


@pytest.mark.parametrize(
    ("put", "code"),
    [
        (put_link, "dossier-symlink"),
        (put_folder_link, "dossier-symlink"),
        (put_dangling_link, "dossier-symlink"),
        (os.mkfifo, "dossier-special"),
        (put_socket, "dossier-special"),
        (put_device, "dossier-special"),
        (Path.touch, "dossier-empty-file"),
        (lambda path: path.write_text("x"), "dossier-undeclared"),
    ],
)
@pytest.mark.parametrize("name", ["extra", "样例/extra"])
def test_what_does_not_belong(folder: Path, name: str, put: Callable[[Path], None], code: str) -> None:
    put(folder / name)
    fault = fault_of(folder)
    assert fault.code == code
    assert fault.data["problems"][0].startswith(name)


@pytest.mark.parametrize(
    "name", [".DS_Store", "样例/Thumbs.db", "~$申请.docx", "样例/._a.pdf", ".~lock.a.odt#"]
)
def test_what_systems_leave_is_named_and_left_out_on_request(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"")
    fault = fault_of(folder)
    assert fault.code == "dossier-clutter"
    assert "--tidy" in fault.data["problems"][0]
    with open_dossier(folder, tidy=True) as opened:
        assert name not in {entry.path for entry in opened.entries}


def test_a_folder_of_clutter_without_end_is_not_listed_without_end(folder: Path) -> None:
    for number in range(1001):
        (folder / f"._{number}").touch()
    assert fault_of(folder, tidy=True).code == "dossier-too-many"


@pytest.mark.parametrize("put", [put_link, os.mkfifo, Path.touch])
def test_a_declared_file_that_is_none_is_named_once(folder: Path, put: Callable[[Path], None]) -> None:
    (folder / SAMPLE).unlink()
    put(folder / SAMPLE)
    assert len(fault_of(folder).data["problems"]) == 1


def test_a_declared_file_that_is_missing_or_a_folder(folder: Path) -> None:
    (folder / SAMPLE).unlink()
    assert fault_of(folder).code == "dossier-missing"
    (folder / SAMPLE).mkdir()
    fault = fault_of(folder)
    assert fault.data["problems"] == [f"{SAMPLE} is an empty folder; take it out"]
    (folder / SAMPLE / "inner.csv").write_text("x")
    fault = fault_of(folder)
    assert set(fault.data["codes"]) == {"dossier-missing", "dossier-undeclared"}


def test_names_that_some_system_takes_for_the_same(folder: Path) -> None:
    original = folder / "01-主体身份证明.pdf"
    original.with_name("01-主体身份证明.PDF").write_text("x")
    fault = fault_of(folder)
    assert fault.code == "dossier-invalid"
    assert "dossier-duplicate" in fault.data["codes"]


def test_decomposed_names_of_some_systems_are_found(folder: Path) -> None:
    document = json.loads((folder / "application.json").read_text(encoding="utf-8"))
    document["files"][3]["path"] = "样例/café.csv"
    (folder / "application.json").write_text(json.dumps(document), encoding="utf-8")
    (folder / SAMPLE).rename(folder / unicodedata.normalize("NFD", "样例/café.csv"))
    with open_dossier(folder) as dossier:
        assert b"".join(dossier.chunks(dossier.entries[3]))
    (folder / "样例/café.csv").write_text("x")
    assert "dossier-duplicate" in fault_of(folder).data["codes"]


@pytest.mark.parametrize("name", [b"a\\b", b"a\nb", b"\xff\xfe", "a\u202eb".encode(), b"x" * 240])
def test_names_that_cannot_be(folder: Path, name: bytes) -> None:
    Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_text("x")
    fault = fault_of(folder)
    assert fault.code == "dossier-name"
    fault.message.encode()
    assert fault.message.isprintable()


def test_limits(folder: Path) -> None:
    assert fault_of(folder, FolderLimits(files=5)).code == "dossier-too-many"
    assert fault_of(folder, FolderLimits(total_bytes=1000)).code == "dossier-too-large"
    deep = folder / "a/b/c"
    deep.mkdir(parents=True)
    (deep / "x").write_text("x")
    assert fault_of(folder, FolderLimits(depth=3)).code == "dossier-name"


def test_a_folder_of_very_many_files(folder: Path) -> None:
    for n in range(1100):
        (folder / f"f{n}").write_bytes(b"x")
    fault = fault_of(folder)
    assert fault.data["problems"] == [". holds more than 1000 files"]


def test_a_maze_of_empty_folders_ends(folder: Path) -> None:
    for n in range(40):
        (folder / f"{n}" / "a" / "b").mkdir(parents=True)
    fault = fault_of(folder, FolderLimits(files=20))
    assert len(fault.data["problems"]) <= 22
    assert {"dossier-empty-folder", "dossier-too-many"} <= set(fault.data["codes"])


def test_fields_and_files_are_reported_together(folder: Path) -> None:
    document = json.loads((folder / "application.json").read_text(encoding="utf-8"))
    document["overview"] = ""
    document["files"].append(document["files"][0])
    (folder / "application.json").write_text(json.dumps(document), encoding="utf-8")
    (folder / SAMPLE).unlink()
    put_link(folder / "link")
    fault = fault_of(folder)
    assert fault.code == "dossier-invalid"
    assert set(fault.data["codes"]) == {
        "field-value",
        "dossier-symlink",
        "dossier-duplicate",
        "dossier-missing",
    }


def test_the_application_does_not_declare_itself(folder: Path) -> None:
    document = json.loads((folder / "application.json").read_text(encoding="utf-8"))
    document["files"].append({"path": "application.json", "role": "other", "title": "x"})
    (folder / "application.json").write_text(json.dumps(document), encoding="utf-8")
    assert fault_of(folder).code == "dossier-undeclared"


def test_only_fields_wrong(folder: Path) -> None:
    document = json.loads((folder / "application.json").read_text(encoding="utf-8"))
    document["overview"] = ""
    (folder / "application.json").write_text(json.dumps(document), encoding="utf-8")
    assert fault_of(folder).code == "application-invalid"


def test_the_application_itself_is_no_usable_file(folder: Path) -> None:
    application = folder / "application.json"
    application.write_bytes(b" " * 300_000)
    assert fault_of(folder).code == "json-too-large"
    for put in (put_link, os.mkfifo, Path.touch):
        application.unlink()
        put(application)
        assert fault_of(folder).code == "application-missing"
    application.unlink()
    assert fault_of(folder).code == "application-missing"


@pytest.mark.parametrize("name", ["nowhere", "dossier/application.json"])
def test_no_folder(folder: Path, name: str) -> None:
    with pytest.raises(UsageFault) as refused:
        open_dossier(folder.parent / name)
    assert refused.value.code == "dossier-not-folder"


def swap_for_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/hostname")


def swap_for_hard_link(path: Path) -> None:
    (path.parent / "other").write_bytes(path.read_bytes())
    (path.parent / "other").replace(path)


def swap_for_fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def swap_parent(path: Path) -> None:
    """The parent becomes a link to a folder with the very same file in it."""
    elsewhere = path.parent.parent.parent / "elsewhere"
    path.parent.rename(elsewhere)
    path.parent.symlink_to(elsewhere)


def let_the_clock_tick() -> None:
    """File systems stamp times by the kernel's tick; a change within one tick shows in the digests alone."""
    time.sleep(0.03)


def rewrite_same_length(path: Path) -> None:
    let_the_clock_tick()
    status = path.stat()
    data = bytearray(path.read_bytes())
    data[0] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


@pytest.mark.parametrize(
    "swap", [swap_for_link, swap_for_hard_link, swap_for_fifo, swap_parent, rewrite_same_length, Path.unlink]
)
def test_a_swap_between_check_and_use(folder: Path, swap: Callable[[Path], None]) -> None:
    with open_dossier(folder) as dossier:
        swap(folder / SAMPLE)
        with pytest.raises(DataFault, match=re.escape(SAMPLE)) as refused:
            read_all(dossier)
        assert refused.value.code == "dossier-changed"


@pytest.mark.parametrize("change", ["append", "truncate", "overwrite"])
def test_a_change_while_reading(folder: Path, change: str) -> None:
    path = folder / SAMPLE
    path.write_bytes(b"x" * 300_000)
    with open_dossier(folder) as dossier:
        pieces = dossier.chunks(next(e for e in dossier.entries if e.path == SAMPLE), 100_000)
        next(pieces)
        let_the_clock_tick()
        with path.open("r+b") as file:
            if change == "append":
                file.seek(0, os.SEEK_END)
                file.write(b"more")
            elif change == "truncate":
                file.truncate(150_000)
            else:
                file.write(b"y")
        with pytest.raises(DataFault) as refused:
            list(pieces)
        assert refused.value.code == "dossier-changed"


def refuse(error: int) -> Callable[..., int]:
    def fail(*_args: object, **_keywords: object) -> int:
        raise OSError(error, os.strerror(error))

    return fail


@pytest.mark.parametrize("call", ["open", "scandir", "stat"])
def test_a_folder_that_cannot_be_read(folder: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(f"yinzheng.ledger.dossiers.folder.os.{call}", refuse(errno.EACCES))
        with pytest.raises(EnvironmentFault) as refused:
            open_dossier(folder)
    assert refused.value.code == "dossier-unreadable"
    assert str(folder) not in refused.value.message


@pytest.mark.parametrize(("call", "error"), [("open", errno.EACCES), ("readv", errno.EIO)])
def test_a_file_that_cannot_be_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch, call: str, error: int
) -> None:
    with open_dossier(folder) as dossier, monkeypatch.context() as patch:
        patch.setattr(f"yinzheng.ledger.dossiers.folder.os.{call}", refuse(error))
        with pytest.raises(EnvironmentFault) as refused:
            read_all(dossier)
    assert refused.value.code == "dossier-unreadable"
    assert refused.value.message.startswith("01-主体身份证明.pdf")


def test_the_folder_may_be_renamed_meanwhile(folder: Path) -> None:
    with open_dossier(folder) as dossier:
        folder.rename(folder.with_name("renamed"))
        folder.mkdir()
        assert read_all(dossier)

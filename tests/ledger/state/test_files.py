"""Files that are there whole or not at all: on media that know no second name of a file, too."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from yinzheng.ledger.state.files import create_durably, write_durably
from yinzheng.verifier.errors import EnvironmentFault


@pytest.fixture(params=["links", "no links"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on a disk, or on a stick, as FAT answers."""
    if request.param == "no links":

        def refuse(*_: object) -> None:
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

        monkeypatch.setattr(os, "link", refuse)
    return tmp_path


def test_made_once_and_never_replaced(folder: Path) -> None:
    file = folder / "key.json"
    create_durably(file, b"first")
    with pytest.raises(FileExistsError):
        create_durably(file, b"second")
    assert file.read_bytes() == b"first"
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in folder.iterdir()] == ["key.json"], "nothing is left over"


def test_a_name_that_is_lost_is_given_back(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stick is pulled out between its name and its content: nothing that looks like a key stays."""

    def fails(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(PermissionError(errno.EPERM, "no")))
    monkeypatch.setattr(Path, "replace", fails)
    with pytest.raises(EnvironmentFault):
        create_durably(folder / "key.json", b"first")
    assert list(folder.iterdir()) == []


def test_what_is_no_file_is_written_to_and_stays(tmp_path: Path) -> None:
    """Root's `--out /dev/null` or `/dev/stdout` would put a file in its place for the whole machine."""
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        for place in (pipe, link):
            write_durably(place, b"said")
            assert os.read(reading, 100) == b"said"
    finally:
        os.close(reading)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert link.is_symlink()
    assert {path.name for path in tmp_path.iterdir()} == {"pipe", "link"}


def test_what_is_open_is_written_to_also_where_it_is_a_file(tmp_path: Path) -> None:
    with (tmp_path / "said").open("wb") as said:
        name = Path(f"/proc/self/fd/{said.fileno()}")
        write_durably(name, b"said")
        assert name.readlink() == tmp_path / "said"
    assert (tmp_path / "said").read_bytes() == b"said"

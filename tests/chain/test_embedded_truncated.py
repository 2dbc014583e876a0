"""A chain's file that was cut short is refused by name: to read where it ends would end the process."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from yinzheng.ledger.chain.embedded.db import Store
from yinzheng.verifier.errors import EnvironmentFault


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    store = Store(folder, writable=True)
    for number in range(20):
        store.commit({b"%d-%d" % (number, key): os.urandom(3000) for key in range(40)})
    store.close()
    return folder


def code_of(folder: Path, *, writable: bool) -> str:
    """In another process, which may die of it."""
    program = (
        "import sys; from pathlib import Path; from yinzheng.ledger.chain.embedded.db import Store;"
        "from yinzheng.verifier.errors import EnvironmentFault\n"
        "try:\n store = Store(Path(sys.argv[1]), writable=sys.argv[2] == 'True')\n"
        " len(store.keys_between(b'0', b'9')); [store[b'%d-0' % n] for n in range(20)]; print('whole')\n"
        "except EnvironmentFault as fault: print(fault.code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, folder, str(writable)], capture_output=True, check=False, text=True
    )
    assert done.returncode == 0, done
    return done.stdout.strip()


@pytest.mark.parametrize(("left", "writable"), [(0.9, False), (0.5, True), (0.02, False)])
def test_one_cut_short_is_refused(whole: Path, tmp_path: Path, left: float, writable: bool) -> None:
    shutil.copy(whole / "data.mdb", tmp_path / "data.mdb")
    size = int((tmp_path / "data.mdb").stat().st_size * left) // 4096 * 4096
    os.truncate(tmp_path / "data.mdb", size)
    assert code_of(tmp_path, writable=writable) == "chain-truncated"


def test_what_is_whole_opens(whole: Path, tmp_path: Path) -> None:
    shutil.copy(whole / "data.mdb", tmp_path / "data.mdb")
    assert code_of(tmp_path, writable=False) == "whole"


@pytest.mark.parametrize("size", [0, 100, 4096, 5000])
def test_a_beginning_alone_is_no_chain(whole: Path, tmp_path: Path, size: int) -> None:
    (tmp_path / "data.mdb").write_bytes((whole / "data.mdb").read_bytes()[:size])
    with pytest.raises(EnvironmentFault) as fault:
        Store(tmp_path)
    assert fault.value.code in ("chain-truncated", "chain-unreadable")

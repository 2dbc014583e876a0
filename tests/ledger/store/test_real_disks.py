"""A disk that is really full, then really read-only: a small one in a mount namespace of our own."""

import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

_PROGRAM = """
    import subprocess, sys
    from pathlib import Path
    from yinzheng.ledger.keys.keystore import Keystore
    from yinzheng.ledger.keys.provider import Kind
    from yinzheng.ledger.log.tilelog import TileLog
    from yinzheng.ledger.state.address import sqlite_url
    from yinzheng.ledger.store.database import open_store, open_store_read_only
    from yinzheng.ledger.store.repository import read_meta, write_meta
    from yinzheng.ledger.store.sealed import FolderBlobs, seal_file
    from yinzheng.verifier.errors import EnvironmentFault

    disk = Path(sys.argv[1])
    url = sqlite_url(disk / "ledger.sqlite")

    def mount(*options):
        subprocess.run(["mount", *options, str(disk)], check=True)

    def refused(action):
        try:
            action()
        except EnvironmentFault as fault:
            return fault.code
        raise SystemExit("it was not refused")

    def write(value):
        with store.transaction() as session:
            write_meta(session, {"fact": value})

    def read():
        reader = open_store_read_only(url)
        with reader.reading() as session:
            facts = read_meta(session)
        reader.close()
        return facts

    mount("-t", "tmpfs", "-o", "size=1700k", "tmpfs")
    store, blobs = open_store(url), FolderBlobs(disk / "blobs")
    log = TileLog(disk / "log", "registry.example/log")
    keys = Keystore.create(disk / "keys", b"p" * 12, scrypt_n=16)
    write("before")
    entries = [b"%05d" % n + bytes(4000) for n in range(600)]
    assert refused(lambda: write("x" * 2_000_000)) == "disk-full"
    assert refused(lambda: seal_file(blobs, b"k" * 16, b"d" * 16, 0, [bytes(1 << 20)] * 3)) == "disk-full"
    assert refused(lambda: log.append(entries)) == "disk-full"
    assert not list(disk.rglob("*.part")) and log.size == 0 and not list(blobs.names())
    write("after")
    store.check_integrity()
    store.close()

    mount("-o", "remount,ro")
    assert read() == {"fact": "after"}
    actions = (lambda: open_store(url), lambda: blobs.put([b"x"]), lambda: log.append([b"x"]),
               lambda: keys.generate("issuer", Kind.SM2))
    assert {refused(action) for action in actions} == {"disk-read-only"}
    print("done")
"""


def test_full_then_read_only(tmp_path: Path) -> None:
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("there is no unshare command")
    alone = [unshare, "--mount", "--map-root-user"]
    if subprocess.run([*alone, "mount", "-t", "tmpfs", "tmpfs", tmp_path], capture_output=True).returncode:
        pytest.skip("this user may not mount, even in a namespace of its own")
    program = [sys.executable, "-c", textwrap.dedent(_PROGRAM), str(tmp_path)]
    done = subprocess.run([*alone, *program], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout == "done\n", done.stderr
    assert list(tmp_path.iterdir()) == []

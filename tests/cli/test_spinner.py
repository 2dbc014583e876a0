"""At a real terminal: what a spinner paints wipes no question away."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys

ASKS = """
from yinzheng.api.cli.registry.common import progress_line
from yinzheng.api.cli.registry.persons import new_passphrase
with progress_line(False) as progress:
    progress("making keys")
    print("HAD", new_passphrase("chen", None) == b"a passphrase of chen")
"""


def _until_quiet(terminal: int, seconds: float) -> str:
    """What is printed until nothing is for so long."""
    found = b""
    while select.select([terminal], [], [], seconds)[0]:
        try:
            piece = os.read(terminal, 4096)
        except OSError:  # its other end is closed
            break
        found += piece
    return found.decode()


def test_whoever_types_a_passphrase_while_keys_are_made_sees_the_question() -> None:
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "LANG": "C.UTF-8"}
    with subprocess.Popen(
        [sys.executable, "-c", ASKS], stdin=theirs, stdout=theirs, stderr=theirs, env=environment
    ) as child:
        os.close(theirs)
        for question in ("new passphrase of chen", "once more"):
            assert select.select([ours], [], [], 60)[0]
            shown = _until_quiet(ours, 1.0)  # a spinner paints twelve times a second, for ever
            assert question in shown.rpartition("\x1b[2K")[2]
            os.write(ours, b"a passphrase of chen\n")
        assert "HAD True" in _until_quiet(ours, 5.0)
        assert child.wait(30) == 0
    os.close(ours)

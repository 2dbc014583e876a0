"""Whatever a command writes is its owner's alone, unless the operator says otherwise (docs/adr/0083)."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Final

from yinzheng.verifier.errors import UsageFault

VARIABLE: Final = "YINZHENG_UMASK"
CLOSED: Final = 0o077
"""Nothing for the group, nothing for others."""


def close_files(environment: Mapping[str, str]) -> None:
    """Set this process's umask: what the caller's takes away and `CLOSED`, or what `YINZHENG_UMASK` says.

    Processes that a command starts have it too. Raises `UsageFault` `umask` for what is no umask that leaves
    the owner everything.
    """
    said = environment.get(VARIABLE, "").strip()
    if not said:
        os.umask(os.umask(CLOSED) | CLOSED)
    elif re.fullmatch("0{0,2}[0-7]{2}", said):
        os.umask(int(said, 8))
    else:
        raise UsageFault(
            f"{VARIABLE} is no umask that leaves a file's owner everything",
            code="umask",
            hint="077 is what goes without it; 027 has the group read, such as pages of another account.",
        )

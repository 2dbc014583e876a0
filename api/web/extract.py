"""Getting a certificate out of an uploaded file in a process of its own.

Pictures and PDF files are taken apart by large libraries, partly native, that were not written for enemies.
The process that does it has nothing else in it, a bounded memory and a bounded time, and is gone afterwards:
whatever it runs into, the server and everyone else's verification go on.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from typing import Any, Final, cast

from yinzheng.verifier.containers.certfile import MAX_FILE
from yinzheng.verifier.containers.target import Kind, Presented, read_target
from yinzheng.verifier.errors import DataFault, UsageFault, YinzhengError

MEMORY: Final = 2 * 1024**3
"""Bytes of address space. A picture of the most pixels allowed, with transparency, needs some 1.3 GiB."""

SECONDS: Final = 30
"""How long reading a file may take; a photo of 60 megapixels takes about two."""

_FAULTS: Final = {kind.__name__: kind for kind in (DataFault, UsageFault)}


def extract(data: bytes, *, seconds: float = SECONDS, memory: int = MEMORY) -> Presented:
    """As `read_target`, for bytes that nobody vouches for.

    Raises also `DataFault` `target-too-hard`, where reading it takes too long or too much memory.
    """
    if data.lstrip()[:1] == b"{" and b"%PDF-" not in data[:1024]:
        return read_target(data)  # a certificate file: nothing to take apart
    try:
        done = subprocess.run(  # noqa: S603 - ourselves, with a number
            [sys.executable, "-I", "-m", __name__, str(memory)],
            input=data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            env={"PATH": os.defpath, "LANG": "C.UTF-8"},
            check=True,
        )
        head, _, file = done.stdout.partition(b"\n")
        answer: dict[str, Any] = json.loads(head)
    except (subprocess.SubprocessError, ValueError) as error:
        raise DataFault(
            "the file is too hard to read",
            code="target-too-hard",
            hint="Send the certificate's PDF or JSON file as issued, or a photo of its code.",
        ) from error
    if "fault" in answer:
        raise _FAULTS[answer["fault"]](answer["message"], code=answer["code"], hint=answer["hint"])
    kind = cast(Kind, answer["kind"])
    return Presented(kind, file or None, answer["qr"], answer["number"])


def main() -> None:
    """Read a file from the standard input; write a line of JSON, then the certificate file if any."""
    memory = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    data = sys.stdin.buffer.read()
    file = b""
    try:
        found = read_target(data)
        # One byte more than the format allows is enough for the verifier to refuse it.
        file = (found.file or b"")[: MAX_FILE + 1]
        answer = {"kind": found.kind, "qr": found.qr, "number": found.number}
    except YinzhengError as error:
        answer = {
            "fault": type(error).__name__,
            "message": error.message,
            "code": error.code,
            "hint": error.hint,
        }
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + file)


if __name__ == "__main__":
    main()

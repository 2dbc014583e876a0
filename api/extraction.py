"""Getting a certificate out of a file in a process of its own: for the command line as for uploads.

Pictures and PDF files are taken apart by large libraries, partly native, that were not written for enemies.
The process that does it has nothing else in it, a bounded memory and a bounded time, and is gone afterwards:
whatever it runs into, the server and everyone else's verification go on, and a reader's machine stays usable.
Where it can be, it is a fork of one that has imported these libraries and read nothing (`api.forks`).
"""

from __future__ import annotations

import importlib
import json
import math
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final, cast

from yinzheng.api import forks
from yinzheng.verifier.containers.declared import check_pixels
from yinzheng.verifier.containers.target import Kind, Presented, needs_taking_apart, read_target
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault, YinzhengError

MEMORY: Final = 256 * 1024**2
"""Bytes of data; the largest picture that is decoded takes some 200 MiB."""

PROCESSOR: Final = 3
"""Seconds of processor time that reading may take; a photo of 60 megapixels takes about one. What takes more
is the file's own doing, however busy the machine is."""

SECONDS: Final = 30
"""How long a process that gets no turn is waited for: then the machine is busy, and nothing is said of the
file. A certificate takes half a second of a processor, and eight on one that 14 others want."""

LESS_URGENT: Final = 5
"""How far a server's process stands back: it goes on answering others while it works."""

_ENVIRONMENT: Final = {"PATH": os.defpath, "LANG": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1"}
"""All of it; numpy, which `zxingcpp` wants, would begin a thread a processor and keep memory for each."""

_PDF: Final = "pdf"
_FOR_PDF: Final = ("pypdf", "pypdf.filters", "pypdfium2")
_FOR_CODES: Final = ("PIL.PngImagePlugin", "PIL.JpegImagePlugin", "PIL.WebPImagePlugin", "zxingcpp", "numpy")
_MODULE: Final = "yinzheng.api.extraction"
_READERS: Final = forks.Forks(_MODULE, _ENVIRONMENT)
_FAULTS: Final = {kind.__name__: kind for kind in (DataFault, UsageFault)}


def extract(
    data: bytes, *, name: str = "", seconds: float = SECONDS, processor: int = PROCESSOR, memory: int = MEMORY
) -> Presented:
    """As `read_target`, for bytes that nobody vouches for.

    Raises also `DataFault` `target-too-hard`, where reading it takes too much work or memory, and
    `image-too-large` before anything is begun, where it declares more pixels than are read;
    `EnvironmentFault` `server-busy`, where the machine gave it too little time, or no process at all.
    """
    if not needs_taking_apart(data):
        return read_target(data, name=name)
    check_pixels(data)
    arguments = _arguments(data, memory, processor, 0)
    try:
        if forks.AVAILABLE:
            with _READERS.begin(arguments) as fork:
                said = fork.answer(data, seconds)
        else:
            said = subprocess.run(  # noqa: S603 - ourselves, with a number
                _command(arguments),
                input=data,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=seconds,
                env=_ENVIRONMENT,
                check=True,
            ).stdout
    except (TimeoutError, forks.LostError, subprocess.TimeoutExpired) as error:
        raise _busy() from error
    except subprocess.SubprocessError as error:
        raise _too_hard() from error
    return _answer(said, name)


async def extract_while_waited_for(data: bytes, *, name: str = "") -> Presented:
    """As `extract`, for servers: whoever is cancelled meanwhile ends the process."""
    if not needs_taking_apart(data):
        from asyncio import to_thread

        return await to_thread(read_target, data, name=name)
    arguments = _arguments(data, MEMORY, PROCESSOR, LESS_URGENT)
    try:
        if forks.AVAILABLE:
            with _READERS.begin(arguments) as fork:
                said = await fork.answer_while_waited_for(data, SECONDS)
        else:
            said = await answer_of(_command(arguments), data, SECONDS)
    except (TimeoutError, forks.LostError) as error:
        raise _busy() from error
    return _answer(said, name)


async def answer_of(command: Sequence[str], data: bytes, seconds: float) -> bytes | None:
    """What a process of ours says to `data`; None where it fails; `TimeoutError` where it takes longer.

    It ends with whoever waits for it: when that is cancelled, it is killed.
    """
    import asyncio  # only for who waits so: the process of its own begins a sixth sooner without it

    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_ENVIRONMENT,
    )
    try:
        async with asyncio.timeout(seconds):
            said, _ = await process.communicate(data)
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    return None if process.returncode else said


def _arguments(data: bytes, memory: int, processor: int, niceness: int) -> list[str]:
    return [str(memory), str(processor), str(niceness), _PDF if b"%PDF-" in data[:1024] else "picture"]


def _command(arguments: Sequence[str]) -> list[str]:
    return [sys.executable, "-I", "-m", _MODULE, *arguments]


def _answer(said: bytes | None, name: str) -> Presented:
    if said is None:
        raise _too_hard()
    head, _, file = said.partition(b"\n")
    try:
        answer: dict[str, Any] = json.loads(head)
    except ValueError as error:
        raise _too_hard() from error
    if "fault" in answer:
        raise _FAULTS[answer["fault"]](answer["message"], code=answer["code"], hint=answer["hint"])
    shown = None if answer["shown"] is None else tuple(answer["shown"])
    check = None if answer["check"] is None else bytes.fromhex(answer["check"])
    kind, number, whole = cast(Kind, answer["kind"]), answer["number"], answer["whole"]
    return Presented(kind, file or None, answer["qr"], number, shown, whole, name, check)


def _too_hard() -> DataFault:
    return DataFault(
        "the file is too hard to read",
        code="target-too-hard",
        hint="Send the certificate's PDF or JSON file as issued, or a photo of its code.",
    )


def _busy() -> EnvironmentFault:
    return EnvironmentFault(
        "this machine is too busy to read the file just now",
        code="server-busy",
        hint="Try again in a minute. This says nothing about the file.",
        retry_after=30,
    )


def main() -> None:
    """Read a file from the standard input; write a line of JSON, then the certificate file if any."""
    data = sys.stdin.buffer.read()
    load(*sys.argv[1:])
    _bound(*map(int, sys.argv[1:4]))
    file = b""
    try:
        found = read_target(data)
        file = found.file or b""
        answer = {
            "kind": found.kind,
            "qr": found.qr,
            "number": found.number,
            "shown": found.shown,
            "whole": found.whole,
            "check": None if found.check is None else found.check.hex(),
        }
    except YinzhengError as error:
        answer = {
            "fault": type(error).__name__,
            "message": error.message,
            "code": error.code,
            "hint": error.hint,
        }
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + file)


def load(_memory: str, _processor: str, _niceness: str, kind: str) -> None:
    """Import what reading it takes. Where that was never compiled, it takes longer than any file may."""
    for name in (*_FOR_CODES, *(_FOR_PDF if kind == _PDF else ())):
        with suppress(ImportError):  # whoever wants it says that it is not installed
            importlib.import_module(name)


def _bound(memory: int, processor: int, niceness: int) -> None:
    """Bound this process; where the system knows no such bounds, the time it is waited for must do."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    spent = resource.getrusage(resource.RUSAGE_SELF)
    until = math.ceil(spent.ru_utime + spent.ru_stime) + processor
    resource.setrlimit(resource.RLIMIT_CPU, (until, until + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(niceness)


if __name__ == "__main__":
    main()

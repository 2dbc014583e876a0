"""Verifying an uploaded evidence pack in a process of its own: bounded memory, bounded time, then gone.

As with `api.extraction`: whatever a pack was made to do to its reader, the server goes on.
"""

from __future__ import annotations

import json
import resource
import sys
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any, Final

from yinzheng.api.extraction import answer_of
from yinzheng.verifier.bytes.algorithms import digest_pair
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.judge.pack.verify import verify_pack
from yinzheng.verifier.judge.trust import parse_trust
from yinzheng.verifier.words.court.blocks import paper_json
from yinzheng.verifier.words.court.content import court_report
from yinzheng.verifier.words.court.html import render_html
from yinzheng.verifier.words.verdict import verdict

MEMORY: Final = 1024**3
"""Bytes of address space; a pack of 64 MiB is read in pieces out of memory."""

SECONDS: Final = 60
MAX_PAPER: Final = 16 * 1024 * 1024
"""Bytes of a report."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """A pack's report, as the command line gives it (S14.4)."""

    paper: dict[str, Any]
    """`verifier.words.court.blocks.paper_json` of it."""
    verdict: dict[str, Any]
    """Word, code, headline and exit code, as every face gives them."""


async def weigh(
    pack: bytes, trust: bytes, now: int, *, name: str = "", seconds: float = SECONDS, memory: int = MEMORY
) -> Weighed:
    """Verify a pack under a policy file, as of `now` (UTC seconds); `name` is its file's, if it had one.

    In a process that ends when whoever waits for it is cancelled.

    Raises `DataFault` `pack-too-hard`, where it takes too long, too much memory, or says too much.
    """
    command = [sys.executable, "-I", "-m", __name__, str(memory), str(now), str(len(trust)), _printable(name)]
    try:
        said = await answer_of(command, trust + pack, seconds)
        # A report that is too long is cut off, and then is no JSON.
        weighed: dict[str, Any] = json.loads((said or b"")[:MAX_PAPER])
    except (ValueError, TimeoutError) as error:
        raise DataFault(
            "the file is too large or too odd to be checked here",
            code="pack-too-hard",
            hint="Run `yinzheng verify` on your own computer.",
        ) from error
    return Weighed(weighed["paper"], weighed["verdict"])


def _printable(name: str) -> str:
    """A name as an argument can carry it."""
    return "".join(char for char in name[:255] if char.isprintable())


def main() -> None:
    """Read policy and pack from the standard input; write the report as JSON."""
    memory, now, length = (int(argument) for argument in sys.argv[1:4])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    trust = parse_trust(sys.stdin.buffer.read(length))
    pack = sys.stdin.buffer.read()
    report = verify_pack(
        BytesIO(pack), trust, now=now, name=sys.argv[4], render=render_html, digest=digest_pair(pack)
    )
    # The page says whose policy it is; a registry's own is in the packs that it made.
    report = replace(report, inputs=replace(report.inputs, from_pack=False))
    said = {"paper": paper_json(court_report(report)), "verdict": verdict(report).to_json()}
    sys.stdout.write(json.dumps(said))


if __name__ == "__main__":
    main()

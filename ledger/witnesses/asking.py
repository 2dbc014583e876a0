"""Asking a witness for its cosignature (C2SP tlog-witness, `add-checkpoint`).

Whatever comes back is a stranger's: bounded in bytes and time, read strictly, and a cosignature is taken only
if it is one by a key that this registry knows as the witness's.
"""

from __future__ import annotations

import base64
import os
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from yinzheng.ledger.net.client import Client
from yinzheng.ledger.net.exchange import Answer, Bounds, NoAnswer, Sent, TooLate, TooLong, Untrusted
from yinzheng.verifier.bytes.counting import counted
from yinzheng.verifier.errors import DataFault, EnvironmentFault
from yinzheng.verifier.judge.obligations import CLOCK_SKEW
from yinzheng.verifier.judge.witnesses import Witness
from yinzheng.verifier.log.note import peek_checkpoint, split_note

PATIENCE: Final = 5.0
"""Seconds for all that is asked of one witness about one head."""
MAX_ANSWER: Final = 64 * 1024
TRIES: Final = 3
"""A witness that names its size is fed again from there; one that keeps naming others is left."""

_SIZE: Final = re.compile(rb"(0|[1-9][0-9]{0,18})\n?")

Consistency = Callable[[int, int], Sequence[bytes]]
"""`(old size, new size)` → the hashes of the consistency proof between the two."""


class WitnessFault(EnvironmentFault):
    """Why a witness did not cosign; its code says which."""


@dataclass(frozen=True, slots=True)
class CosignedLine:
    """A signature line, with its newline, and the time that it says."""

    line: str
    at: int


def ask(
    witness: Witness, url: str, note: str, old: int, consistency: Consistency, now: Callable[[], int]
) -> CosignedLine:
    """Have a witness cosign the head `note`, of which it is thought to know the first `old` entries.

    Raises `WitnessFault`: `witness-unreachable`, `witness-silent`, `witness-untrusted`, `witness-nonsense`,
    `witness-log-unknown`, `witness-refuses`, `witness-clock`; `witness-ahead` where it has cosigned more than
    this log holds, and `witness-fork` where it has cosigned something else: either is an alarm.
    """
    head = peek_checkpoint(note)
    until = time.monotonic() + PATIENCE
    with Client(os.environ, keep=True) as client:
        for _ in range(TRIES):
            proof = consistency(old, head.size) if 0 < old < head.size else []
            lines = "".join(f"{base64.b64encode(one).decode()}\n" for one in proof)
            body = f"old {old}\n{lines}\n{note}".encode()
            answer = _sent(client, f"{url}/add-checkpoint", body, until - time.monotonic())
            if answer.status != 409:
                return _taken(answer, witness, note, now())
            known = _size_in(answer)
            if known > head.size:
                raise WitnessFault(
                    f"it has cosigned {counted(known, 'statement')} of this log, which holds {head.size}",
                    code="witness-ahead",
                    hint="Log and database may be older than what was published: run the audit.",
                    size=known,
                )
            if known == old:
                raise _forked(old) if old == head.size else _nonsense("it names the size that it refuses")
            old = known
    raise _nonsense("it keeps naming other sizes")


def _sent(client: Client, url: str, body: bytes, seconds: float) -> Answer:
    if seconds <= 0:
        raise _silent()
    bounds = Bounds(MAX_ANSWER, total=seconds, each=seconds, connect=seconds)
    try:
        return client.send(Sent("POST", url, body, {"Content-Type": "text/plain; charset=utf-8"}), bounds)
    except TooLong:
        raise _nonsense("its answer is too long") from None
    except TooLate:
        raise _silent() from None
    except Untrusted:
        raise WitnessFault("its server is not who it says (TLS)", code="witness-untrusted") from None
    except NoAnswer:
        raise WitnessFault("it cannot be reached", code="witness-unreachable") from None


def _size_in(answer: Answer) -> int:
    found = _SIZE.fullmatch(answer.body)
    if answer.media != "text/x.tlog.size" or found is None:
        raise _nonsense("it refuses a size and does not say which it knows")
    return int(found[1])


_REFUSALS: Final = {
    403: ("witness-refuses", "it does not take the signature of this log's key"),
    404: ("witness-log-unknown", "it does not know this log"),
    422: ("witness-fork", "it says that this head does not follow from the one it cosigned"),
}


def _taken(answer: Answer, witness: Witness, note: str, now: int) -> CosignedLine:
    if answer.status in _REFUSALS:
        code, message = _REFUSALS[answer.status]
        raise WitnessFault(message, code=code)
    if answer.status != 200:
        raise WitnessFault(f"it answers {answer.status}", code="witness-refuses")
    text, _ = split_note(note)
    try:
        _, lines = split_note(text + "\n" + answer.body.decode())
        found = [(key.time_of(text, one), one) for one in lines for key in witness.keys if key.is_of(one)]
    except (DataFault, UnicodeDecodeError):
        raise _nonsense("what it answers is no cosignature of this head") from None
    if not found:
        raise _nonsense("none of its keys that are known here has signed")
    at, line = max(found, key=lambda one: one[0])
    if at > now + CLOCK_SKEW:
        raise WitnessFault("it dates its cosignature into the future", code="witness-clock", at=at)
    return CosignedLine(line.text, at)


def _silent() -> WitnessFault:
    return WitnessFault(f"it does not answer within {PATIENCE:.0f} seconds", code="witness-silent")


def _nonsense(what: str) -> WitnessFault:
    return WitnessFault(what, code="witness-nonsense")


def _forked(size: int) -> WitnessFault:
    return WitnessFault(
        f"it has cosigned another head of {counted(size, 'statement')}",
        code="witness-fork",
        hint="Two histories of this log are about: run the audit, and ask the witness what it holds.",
        size=size,
    )

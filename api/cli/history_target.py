"""What `yinzheng history` does: a file, or what a registry has of a certificate (S23)."""

from __future__ import annotations

import time
from pathlib import Path
from typing import NoReturn

import typer

from yinzheng.api.cli.files import write_new
from yinzheng.api.cli.output import tell
from yinzheng.api.cli.policy import language_in, read_policy
from yinzheng.api.cli.verify_history import print_history
from yinzheng.api.cli.verify_state import open_state
from yinzheng.api.cli.verify_target import read_argument
from yinzheng.verifier.containers.target import Presented, read_target
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.right_history import is_history_file
from yinzheng.verifier.judge.certificate.verify import verify
from yinzheng.verifier.judge.history.verify import verify_history
from yinzheng.verifier.judge.live import LiveReader
from yinzheng.verifier.judge.trust import TrustPolicy
from yinzheng.verifier.words.verdict import verdict


def tell_history(
    *, target: str, trust: Path, state: Path | None, out_: Path | None, lang: str, json_: bool
) -> NoReturn:
    """What `yinzheng history` does with its options; it ends in `typer.Exit` with the verdict's code."""
    language = language_in(lang)
    policy = read_policy(trust)
    if out_ is not None and out_.exists():
        raise UsageFault(f"{out_} exists already", code="file-exists", hint="Name a new file.")
    presented = _history(read_argument(target), policy, state)
    report = verify_history(presented, policy, now=int(time.time()))
    if out_ is not None:
        write_new(out_, presented.file or b"")
    value = {"verdict": verdict(report).to_json(), **report.to_json()}
    tell(json_, value, lambda: print_history(report, language))
    raise typer.Exit(report.exit_code)


def _history(presented: Presented, policy: TrustPolicy, state: Path | None) -> Presented:
    """The history that was handed over, or the one that a registry has of the certificate handed over."""
    if presented.file is not None and is_history_file(presented.file):
        return presented
    now = int(time.time())
    number = None if presented.short else _number(presented, policy, now)
    if state is None:
        raise UsageFault(
            "a history is put together by a registry",
            code="history-needs-ledger",
            hint="Name its folder with --state, or fetch /v1/certificates/NUMBER/history from its pages.",
        )
    with open_state(state, policy, lambda: now) as reader:
        number = number or _number(presented, policy, now, reader)
        file = reader.right_history(number)
    if file is None:
        raise UsageFault(f"the registry keeps no certificate {number}", code="certificate-unknown")
    return read_target(file)


def _number(presented: Presented, policy: TrustPolicy, now: int, live: LiveReader | None = None) -> str:
    """Of the certificate handed over; a short code's, where the registry has what it names."""
    number = None if presented.short else presented.number
    number = number or verify(presented, policy, now=now, live=live).number
    if number is None:
        raise UsageFault("no certificate can be read from it", code="history-target")
    return number

"""What `yinzheng verify` does: it needs the verifier alone, and trusts only the policy it is given (S9)."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, NoReturn

import typer

from yinzheng.api.cli.findings import china_time, print_findings
from yinzheng.api.cli.output import (
    EXIT_NOT,
    EXIT_OK,
    out,
    tell,
)
from yinzheng.api.cli.policy import language_in, naming_inputs, read_policy
from yinzheng.api.extraction import extract
from yinzheng.api.instants import Day, parse_instant
from yinzheng.verifier.containers.target import Presented, read_target
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.licence import is_licence_number
from yinzheng.verifier.judge.asof.look import MOST_INSTANTS
from yinzheng.verifier.judge.conclusion.report import ConclusionReport
from yinzheng.verifier.judge.history.report import HistoryReport
from yinzheng.verifier.judge.kinds import AnyReader, AnyReport, kind_of, unread
from yinzheng.verifier.judge.licence.report import VoucherReport
from yinzheng.verifier.judge.purpose_proof import UNTOLD, Asked, PurposeReport, verify_purpose_proof
from yinzheng.verifier.judge.receipt.report import ReceiptReport
from yinzheng.verifier.judge.report import Report
from yinzheng.verifier.judge.trade_check.report import TradeCheckReport
from yinzheng.verifier.judge.trust import TrustPolicy
from yinzheng.verifier.pack.archive import is_zip
from yinzheng.verifier.words import moved, phrases
from yinzheng.verifier.words.levels import level_words
from yinzheng.verifier.words.phrases import Language
from yinzheng.verifier.words.verdict import verdict

MAX_TARGET = 64 * 1024 * 1024
MAX_TEXT_ARGUMENT = 8192
PROOF: Final = "purpose-proof"


def verify(*, against: Path | None, log: str | None, **given: Any) -> None:
    """What `yinzheng verify` does with its options; it ends in `typer.Exit` with the verdict's code.

    What only some documents and options need is loaded once one of them is there: all of it takes longer than
    to verify a certificate.
    """
    if against is None and log is None:
        _verify(**given)
        return
    from yinzheng.api.cli.verify_against import comparing

    compared: Callable[..., None] = comparing(read_policy, language_in)(_without_log)
    compared(against=against, log=log, **given)


def _without_log(*, against: Path | None, log: str | None, **given: Any) -> None:
    del against, log  # `comparing` has seen to them
    _verify(**given)


def _verify(
    *,
    target: str,
    trust: Path,
    offline: bool,
    state: Path | None,
    ledger: str | None,
    rpc: str | None,
    at: list[str],
    report: Path | None,
    allow_attached: bool,
    reader: str | None,
    purpose: str | None,
    lang: str,
    json_: bool,
) -> None:
    source = Source.of(offline=offline, state=state, ledger=ledger, rpc=rpc)
    language = language_in(lang)
    policy = read_policy(trust)
    asked = _instants(at)
    piped = sys.stdin.buffer.read(MAX_TARGET + 1) if target == "-" else None
    with naming_inputs(policy, language, as_json=json_):
        if is_pack(target) if piped is None else is_zip(piped):
            if source != NOBODY or asked:
                raise UsageFault("an evidence pack is checked by itself, as of its block", code="pack-alone")
            from yinzheng.api.cli.verify_pack import check_pack

            raise typer.Exit(check_pack(_pack(target, piped), policy, language, as_json=json_, html=report))
        if report is not None:
            raise UsageFault("only an evidence pack has a report to write", code="report-not-pack")
        _verified(
            target if piped is None else piped, policy, asked, source, language,
            allow_attached=allow_attached, as_json=json_, by=Asked(reader, purpose),
        )  # fmt: skip


def is_pack(target: str) -> bool:
    """Whether the target is a file that begins as a zip does, whatever its name; every other is no pack."""
    path = Path(target)
    try:
        if not path.is_file():
            return False  # what is read once from a pipe is gone
        with path.open("rb") as file:
            return is_zip(file.read(4))
    except (OSError, ValueError):
        return False


def _instants(written: list[str]) -> list[int]:
    if len(written) > MOST_INSTANTS:
        raise UsageFault(f"at most {MOST_INSTANTS} times are compared", code="usage-instants")
    return [parse_instant(one, Day.ENDS) for one in written]


def _pack(target: str, piped: bytes | None) -> str | bytes:
    if piped is not None and len(piped) > MAX_TARGET:
        raise UsageFault(
            "a pack of more than 64 MiB cannot be piped",
            code="target-too-large",
            hint="Save it, and name the file: a pack in a file may be of any size.",
        )
    return target if piped is None else piped


def _verified(
    target: str | bytes,
    policy: TrustPolicy,
    asked: list[int],
    source: Source,
    language: Language,
    *,
    allow_attached: bool,
    as_json: bool,
    by: Asked,
) -> NoReturn:
    """Report on a target of whichever kind; what cannot be read has a report too."""
    now, at = int(time.time()), asked[-1] if asked else None
    if isinstance(target, str) and is_licence_number(target.strip().upper()) and not Path(target).is_file():
        from yinzheng.api.cli.verify_state import voucher_of

        target = voucher_of(source.state, source.ledger or source.rpc, target.strip().upper(), lambda: now)
    try:
        presented = read_argument(target)
    except DataFault as fault:
        _tell(unread(fault, now=now, at=at), language, as_json=as_json)
    kind = kind_of(presented)
    source.require_able(kind.document, asked)
    with source.opened(policy) as live:
        if asked and kind.document == "certificate":
            from yinzheng.api.cli.verify_asof import check_as_of

            check_as_of(
                presented, policy, asked, live, language, _print,
                allow_attached=allow_attached, as_json=as_json,
            )  # fmt: skip
        if len(asked) > 1:
            raise UsageFault("only certificates are compared at several times", code="usage-instants")
        check = partial(verify_purpose_proof, asked=by) if kind.document == PROOF else kind.verify
        if kind.document != PROOF and by != UNTOLD:
            raise UsageFault("only a proof for one reader is asked so", code="reader-not-proof")
        found = check(presented, policy, now=now, at=at, live=live, allow_attached=allow_attached)
    _tell(found, language, as_json=as_json)


def _tell(found: AnyReport, language: Language, *, as_json: bool) -> NoReturn:
    value = {"verdict": verdict(found).to_json(), **found.to_json()}
    tell(as_json, value, lambda: _print_any(found, language))
    raise typer.Exit(found.exit_code)


def _print_any(report: AnyReport, language: Language) -> None:
    if isinstance(report, Report):
        _print(report, language)
    elif isinstance(report, ReceiptReport):
        from yinzheng.api.cli.verify_receipt import print_receipt

        print_receipt(report, language)
    elif isinstance(report, VoucherReport):
        from yinzheng.api.cli.verify_voucher import print_voucher

        print_voucher(report, language)
    elif isinstance(report, TradeCheckReport):
        from yinzheng.api.cli.verify_trade_check import print_trade_check

        print_trade_check(report, language)
    elif isinstance(report, ConclusionReport):
        from yinzheng.api.cli.verify_conclusion import print_conclusion

        print_conclusion(report, language)
    elif isinstance(report, PurposeReport):
        from yinzheng.api.cli.verify_purpose import print_purpose

        print_purpose(report, language)
    elif isinstance(report, HistoryReport):
        from yinzheng.api.cli.verify_history import print_history

        print_history(report, language)
    else:
        from yinzheng.api.cli.verify_contract import print_contract

        print_contract(report, language)


def read_argument(target: str | bytes) -> Presented:
    """Take the target as a file if there is one of that name, else as a text; bytes as what was piped in."""
    if isinstance(target, bytes):
        return extract(target)
    if _names_a_file(target):
        if Path(target).stat().st_size > MAX_TARGET:
            raise DataFault("the file is larger than 64 MiB", code="target-too-large")
        return extract(Path(target).read_bytes(), name=Path(target).name)
    return read_target(target)


def _names_a_file(target: str) -> bool:
    """Whether the target is a file; `UsageFault` (`target-missing`) where it can only be meant as one."""
    try:
        path = Path(target)
        if path.is_file():
            return True
        there = path.exists()
    except (OSError, ValueError):
        return False  # no name of a file: too long, or with a null byte
    if there or not _TEXT.search(target):
        raise UsageFault(
            f"there is no file {target}",
            code="target-missing",
            hint="Check the path. A QR code's text begins with HTTPS://, a certificate's number with SJ.",
        )
    return False


_TEXT: Final = re.compile(r"://|^\s*\{|^\s*SJ[0-9]{13}\s*$|^\s*/?[VCL][/#][A-Z0-9.\s-]+$", re.I)
"""What is handed over as a text rather than as the name of a file: a QR text, a JSON file, a number."""


@dataclass(frozen=True, slots=True)
class Source:
    """Which ledger is asked, if any."""

    state: Path | None = None
    ledger: str | None = None
    rpc: str | None = None

    @classmethod
    def of(cls, *, offline: bool, **named: Any) -> Source:
        """As the options name it. Raises `UsageFault` `usage-source` for more than one; a registry's web
        server and a node go together.
        """
        source = cls(**named)
        if offline + (source.state is not None) + (source.ledger is not None or source.rpc is not None) > 1:
            raise UsageFault(
                "choose one of --offline, --state, and --ledger or --rpc or both", code="usage-source"
            )
        return source

    def require_able(self, document: str, asked: list[int]) -> None:
        """Refuse to ask a web server alone what it never tells: `UsageFault` `ledger-now-alone`."""
        if self.ledger is None or self.rpc is not None or (document == "certificate" and not asked):
            return
        raise UsageFault(
            "a registry's web server tells how certificates stand now, and nothing else of the chain",
            code="ledger-now-alone",
            hint="Name a node of the chain besides, --rpc, or check this without --ledger.",
        )

    def opened(self, policy: TrustPolicy) -> AbstractContextManager[AnyReader | None]:
        """The ledger that is asked, if one is."""
        if self.state is not None:
            from yinzheng.api.cli.verify_state import open_state

            return open_state(self.state, policy, lambda: int(time.time()))
        if self.ledger is not None:
            from yinzheng.api.served_ledger import ServedLedger

            return nullcontext(ServedLedger(self.ledger, policy, node=self.rpc))
        if self.rpc is not None:
            from yinzheng.api.rpc import RpcReader

            return nullcontext(RpcReader(self.rpc, policy))
        return nullcontext(None)


NOBODY: Final = Source()


def _print(report: Report, language: Language) -> None:
    colour = {EXIT_OK: "bold green", EXIT_NOT: "bold red"}.get(report.exit_code, "bold yellow")
    if report.demonstration:
        out.print(phrases.DEMONSTRATION.said(language), style="bold magenta", markup=False)
    out.print(verdict(report).headline.said(language), style=colour, markup=False)
    out.print(phrases.advice(report).said(language), markup=False)
    _print_fields(report, language)
    out.print()
    print_findings(report.findings, phrases.OBLIGATIONS, phrases.reason, language)
    if report.block is not None:
        block = report.block
        when = china_time(block.time).isoformat(" ")
        said = ("区块", "时间", "距今", "秒") if language == "zh" else ("block", "time", "age", "s")
        out.print(
            f"\n {said[0]} {block.number} · {said[1]} {when} · {said[2]} {block.age} {said[3]}", markup=False
        )
    for note in report.notes:
        out.print(f" · {phrases.NOTES[note.code].said(language)}", markup=False)


def _print_fields(report: Report, language: Language) -> None:
    body = report.body
    if body is None:
        return
    out.print()
    out.print(f" {body.number}  {body.asset}", style="bold", markup=False)
    for holder in body.holders:
        rights = " ".join(phrases.RIGHTS[right].said(language) for right in holder.rights)
        out.print(
            f" {phrases.FIELDS['holders'].said(language)} {holder.name} ({holder.code}): {rights}",
            markup=False,
        )
    start, end = (china_time(at).date() for at in (body.registered_at, body.valid_until))
    out.print(f" {start} – {end}  {body.registry.name}  {body.profile}", markup=False)
    if body.follows:
        before = ", ".join(one.number for one in body.follows)
        kind = phrases.TYPES[body.type].said(language)
        out.print(f" {kind} · {phrases.FIELDS['follows'].said(language)} {before}", markup=False)
    level = body.level
    words = level_words(level.scheme, level.value).said(language)
    line = f" {phrases.FIELDS['level'].said(language)} {level.value} ({level.scheme})"
    out.print(f"{line}: {words}" if words else line, markup=False)
    if body.importance:
        said = phrases.IMPORTANCES[body.importance].said(language)
        out.print(f" {phrases.FIELDS['importance'].said(language)}: {said}", style="yellow", markup=False)
    if body.authority:
        out.print(f" {phrases.supervised(body.authority).said(language)}", markup=False)
    if body.limits:
        out.print(f" {phrases.FIELDS['limits'].said(language)}: {body.limits}", markup=False)
    for became in moved.lines(report):
        out.print(f" {became.said(language)}", markup=False)
    for difference in report.differences:
        shown, held = difference.certificate, difference.record
        out.print(f" ≠ {difference.path}: {shown!r} → {held!r}", style="red", markup=False)
